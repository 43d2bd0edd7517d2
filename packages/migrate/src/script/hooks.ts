/** What is done with a new revision file: formatters, linters. Source: Alembic "Applying Post Processing". */
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { didYouMean } from "@athanor/core";
import { ScriptError } from "../errors.js";
import type { Revision } from "../graph/index.js";
import { words } from "./words.js";

interface HookArguments {
  /** A list, or one text with quotes as in a shell. `{file}` (or REVISION_SCRIPT_FILENAME) is the path, else it comes last. */
  readonly args?: string | readonly string[] | undefined;
  /** Default the working directory. */
  readonly cwd?: string | undefined;
}
/** What a registered or given function is called with. */
export type PostWriteFunction = (
  path: string,
  revision: Revision,
  options: Readonly<Record<string, unknown>>,
) => void | Promise<void>;
/**
 * One of: a program of the system; an executable of an installed package; a script run with Node; a function registered
 * under a name; a function.
 */
export type PostWriteHook =
  | (HookArguments & { readonly command: string })
  | (HookArguments & { readonly bin: string })
  | (HookArguments & { readonly module: string })
  | { readonly use: string; readonly options?: Readonly<Record<string, unknown>> | undefined }
  | PostWriteFunction;

const KINDS = ["command", "bin", "module", "use"] as const;
const registered = new Map<string, PostWriteFunction>();

/**
 * Gives a function a name that `postWriteHooks: [{ use: name }]` finds.
 * @example registerPostWriteHook("license", async (path) => { … });
 */
export function registerPostWriteHook(name: string, run: PostWriteFunction): void {
  registered.set(name, run);
}

/** Looks through hooks before anything is written. @throws ScriptError `migrate.hook` for a kind or name nobody knows */
export function assertHooks(hooks: readonly PostWriteHook[]): void {
  for (const hook of hooks) {
    if (typeof hook === "function") continue;
    const kinds = KINDS.filter((kind) => kind in hook);
    if (kinds.length !== 1) {
      const [key = ""] = Object.keys(hook);
      throw new ScriptError(
        "migrate.hook",
        `A post-write hook has ${kinds.length === 0 ? "none" : "more than one"} of ${KINDS.join(", ")}`,
        {
          hint: `It is ${JSON.stringify(hook)}.${didYouMean(key, KINDS)} Write { bin: "biome", args: "check --write" } or { use: "name" }.`,
        },
      );
    }
    if ("use" in hook && !registered.has(hook.use)) {
      throw new ScriptError("migrate.hook", `No post-write hook is registered as '${hook.use}'`, {
        hint: `${didYouMean(hook.use, [...registered.keys()])} registerPostWriteHook("${hook.use}", async (path) => { … });`.trim(),
      });
    }
  }
}

/**
 * Runs the hooks in order. The file is written already, so one that fails is told and the next one runs.
 * @example await runHooks([{ bin: "biome", args: "check --write {file}" }], path, revision, console.warn)
 */
export async function runHooks(
  hooks: readonly PostWriteHook[],
  path: string,
  revision: Revision,
  warn: (text: string) => void,
): Promise<void> {
  for (const hook of hooks) {
    const failed = (what: string, problem: string) =>
      warn(`Post-write hook '${what}' failed: ${problem}. The file stays as written.`);
    if (typeof hook === "function" || "use" in hook) {
      const name = typeof hook === "function" ? hook.name || "function" : hook.use;
      const run = typeof hook === "function" ? hook : (registered.get(hook.use) as PostWriteFunction);
      try {
        await run(path, revision, typeof hook === "function" ? {} : (hook.options ?? {}));
      } catch (error) {
        failed(name, error instanceof Error ? error.message : String(error));
      }
      continue;
    }
    const list = typeof hook.args === "string" ? words(hook.args) : (hook.args ?? []);
    const token = /\{file\}|REVISION_SCRIPT_FILENAME/g;
    const given = list.some((a) => a.search(token) >= 0)
      ? list.map((a) => a.replaceAll(token, () => path))
      : [...list, path];
    const [command, ...first] = await programOf(hook);
    const problem = await spawned(command, [...first, ...given], hook.cwd);
    if (problem !== undefined) failed([command, ...first, ...given].join(" "), problem);
  }
}
async function programOf(
  hook: Exclude<PostWriteHook, PostWriteFunction | { readonly use: string }>,
): Promise<[string, ...string[]]> {
  if ("command" in hook) return [hook.command];
  if ("module" in hook) return [process.execPath, hook.module];
  // The nearest installation counts, as npx has it.
  for (let folder = resolve(hook.cwd ?? "."); ; folder = dirname(folder)) {
    const path = join(folder, "node_modules", ".bin", hook.bin);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return [path];
    if (dirname(folder) === folder) return [hook.bin];
  }
}
function spawned(command: string, args: readonly string[], cwd: string | undefined): Promise<string | undefined> {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", (error) => done(error.message));
    child.once("close", (code, signal) =>
      done(code === 0 ? undefined : `it ended with ${signal ?? `exit code ${code}`}`),
    );
  });
}
