/** `init`: a new migration directory. */
import { mkdir, readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { ScriptError } from "../errors.js";
import { environmentFileText, readmeText } from "./environment-file.js";
import { type Print, status } from "./status.js";
import { writeNewFile } from "./write.js";

export interface InitOptions {
  readonly directory: string;
  readonly language?: "ts" | "js" | undefined;
  /** An env file for several databases. */
  readonly databases?: boolean | undefined;
  readonly print?: Print | undefined;
}

/** Absolute paths of what was written. */
export interface InitResult {
  readonly directory: string;
  readonly versions: string;
  readonly environment: string;
}

/**
 * Writes README, environment file and `versions/` into a new or empty directory, or what is missing of them.
 * @throws ScriptError `migrate.directory-not-empty`
 * @example await initDirectory({ directory: "migrations", print: console.log })
 */
export async function initDirectory(options: InitOptions): Promise<InitResult> {
  const directory = resolve(options.directory);
  const print = options.print ?? (() => {});
  const language = options.language ?? "ts";
  const entries = await contents(directory);
  const versions = join(directory, "versions");
  const environment = join(directory, `env.${language}`);
  const readme = join(directory, "README");
  // What somebody prepared stays; anything else makes the directory one of another purpose.
  const strange = await foreign(entries ?? [], [readme, environment], versions);
  if (strange.length > 0) {
    throw new ScriptError("migrate.directory-not-empty", `Directory ${directory} already exists and is not empty`, {
      hint: "Name another directory. If this one already holds migrations, there is nothing to initialise.",
    });
  }
  if (entries === undefined) {
    await status(print, `Creating directory ${directory}`, () => mkdir(directory, { recursive: true }));
  }
  if (!entries?.includes("versions")) await status(print, `Creating directory ${versions}`, () => mkdir(versions));
  const write = async (path: string, text: string): Promise<void> => {
    if (entries?.includes(basename(path))) print(`  File ${path} already exists, skipping`);
    else await status(print, `Generating ${path}`, () => writeNewFile(path, text));
  };
  await write(readme, readmeText().replace("env.ts ", `env.${language} `));
  await write(environment, environmentFileText(language, options.databases));
  print(`  Please edit configuration/connection/logging settings in '${environment}' before proceeding.`);
  return { directory, versions, environment };
}

/** Entries that `init` did not make and does not make. A `versions` with revisions is a directory in use. */
async function foreign(entries: readonly string[], files: readonly string[], versions: string): Promise<string[]> {
  const own = new Set(["versions", ".gitkeep", ".gitignore", ...files.map((f) => basename(f))]);
  const inside = entries.includes("versions") ? ((await contents(versions)) ?? []) : [];
  return [...entries.filter((e) => !own.has(e)), ...inside.filter((e) => !/^\.git(keep|ignore)$/.test(e))];
}

/** Undefined when there is no such directory. */
async function contents(directory: string): Promise<string[] | undefined> {
  const entry = await stat(directory).catch(() => undefined);
  if (entry === undefined) return undefined;
  if (!entry.isDirectory()) {
    throw new ScriptError("migrate.directory-not-empty", `${directory} exists and is not a directory`);
  }
  return readdir(directory);
}
