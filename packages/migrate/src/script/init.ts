/** `init`: a new migration directory. */
import { mkdir, readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ScriptError } from "../errors.js";
import { environmentFileText, readmeText } from "./environment-file.js";
import { type Print, status } from "./status.js";
import { writeNewFile } from "./write.js";

export interface InitOptions {
  readonly directory: string;
  readonly language?: "ts" | "js" | undefined;
  readonly print?: Print | undefined;
}

/** Absolute paths of what was written. */
export interface InitResult {
  readonly directory: string;
  readonly versions: string;
  readonly environment: string;
}

/**
 * Writes README, environment file and `versions/` into a new or empty directory.
 * @throws ScriptError `migrate.directory-not-empty`
 * @example await initDirectory({ directory: "migrations", print: console.log })
 */
export async function initDirectory(options: InitOptions): Promise<InitResult> {
  const directory = resolve(options.directory);
  const print = options.print ?? (() => {});
  const language = options.language ?? "ts";
  const entries = await contents(directory);
  if (entries !== undefined && entries.length > 0) {
    throw new ScriptError("migrate.directory-not-empty", `Directory ${directory} already exists and is not empty`, {
      hint: "Name another directory. If this one already holds migrations, there is nothing to initialise.",
    });
  }
  const versions = join(directory, "versions");
  const environment = join(directory, `env.${language}`);
  if (entries === undefined) {
    await status(print, `Creating directory ${directory}`, () => mkdir(directory, { recursive: true }));
  }
  await status(print, `Creating directory ${versions}`, () => mkdir(versions));
  const readme = join(directory, "README");
  await status(print, `Generating ${readme}`, () =>
    writeNewFile(readme, readmeText().replace("env.ts ", `env.${language} `)),
  );
  await status(print, `Generating ${environment}`, () => writeNewFile(environment, environmentFileText(language)));
  print(`  Please edit configuration/connection/logging settings in '${environment}' before proceeding.`);
  return { directory, versions, environment };
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
