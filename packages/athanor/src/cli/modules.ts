/** Importing the project's files: TypeScript through tsx, on Node 20 too. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { CommandError } from "./errors.js";

export type LoadedModule = Readonly<Record<string, unknown>>;

let registered: Promise<void> | undefined;

/**
 * Lets this process import TypeScript. Once; later calls wait for the first.
 *
 * @param onImport told the URL of every module that is loaded, for the reloader
 */
export function enableTypeScript(onImport?: (url: string) => void): Promise<void> {
  registered ??= (async () => {
    const { register } = await import("tsx/esm/api");
    register(onImport === undefined ? {} : { onImport });
  })();
  return registered;
}

/** A package.json above the file without "type": "module" makes a .ts file CommonJS, which has no top-level await. */
function isCommonJs(path: string): boolean {
  if (/\.(?:mts|mjs)$/.test(path)) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { type?: string }).type !== "module";
    } catch {
      if (dirname(folder) === folder) return true;
    }
  }
}

/** Imports a file by absolute path. Its own errors come through as they are. @throws CommandError "cli.module" */
export async function importFile(path: string): Promise<LoadedModule> {
  await enableTypeScript();
  let loaded: LoadedModule;
  try {
    loaded = (await import(pathToFileURL(path).href)) as LoadedModule;
  } catch (error) {
    if (error instanceof Error && /Top-level await is .*not supported|ERR_REQUIRE_ASYNC_MODULE/i.test(String(error)) && isCommonJs(path)) {
      throw new CommandError(
        "cli.module",
        `'${path}' is an ES module, but no package.json says so: add "type": "module" to the project's package.json (npm pkg set type=module).`,
        { cause: error },
      );
    }
    throw error;
  }
  // A CommonJS file arrives with its exports under `default`.
  const inner = loaded.default;
  return isCommonJs(path) && typeof inner === "object" && inner !== null && "__esModule" in inner
    ? (inner as LoadedModule)
    : loaded;
}

/**
 * Imports a package as the project sees it, else as the command does: both must share one copy, or `instanceof` fails.
 *
 * @returns undefined when it is not installed
 */
export async function importPackage(name: string, cwd: string): Promise<LoadedModule | undefined> {
  let target: string;
  try {
    target = pathToFileURL(createRequire(join(cwd, "package.json")).resolve(name)).href;
  } catch {
    target = name;
  }
  await enableTypeScript();
  try {
    return (await import(target)) as LoadedModule;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (target === name && (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") && message.includes(`'${name}'`))
      return undefined;
    throw error;
  }
}
