/** Importing the project's files: TypeScript through tsx, on Node 20 too. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { CommandError } from "./errors.js";

export type LoadedModule = Readonly<Record<string, unknown>>;

let registered: Promise<void> | undefined;
const imported = new Set<string>();
let onImport: ((url: string) => void) | undefined;

/** Modules of the project, not of packages. */
function isOfProject(url: string): boolean {
  return url.startsWith("file:") && !url.includes("/node_modules/");
}

/** Lets this process import TypeScript, and keeps track of what it imports. Once; later calls wait for the first. */
export function enableTypeScript(): Promise<void> {
  registered ??= (async () => {
    const [commonJs, modules] = await Promise.all([import("tsx/cjs/api"), import("tsx/esm/api")]);
    // A .ts file of a project without "type": "module" is CommonJS to Node, whatever is written in it.
    commonJs.register();
    modules.register({
      onImport(url) {
        if (!isOfProject(url) || imported.has(url)) return;
        imported.add(url);
        onImport?.(url);
      },
    });
  })();
  return registered;
}

/** Tells the URL of every module of the project that is loaded from now on. */
export function watchImports(listener: (url: string) => void): void {
  onImport = listener;
}

/** The modules of the project that are loaded, for those who look for what they export. */
export async function importedModules(): Promise<LoadedModule[]> {
  const found: LoadedModule[] = [];
  for (const url of imported) {
    // They are loaded already: this gives their exports. One that failed fails again, and has nothing to give.
    const module = await import(url).catch(() => undefined);
    if (module !== undefined) found.push(module as LoadedModule);
  }
  return found;
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

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}

/** Imports a file by absolute path. Its own errors come through as they are. @throws CommandError "cli.module" */
export async function importFile(path: string): Promise<LoadedModule> {
  await enableTypeScript();
  let loaded: LoadedModule;
  try {
    loaded = (await import(pathToFileURL(path).href)) as LoadedModule;
  } catch (error) {
    if (
      error instanceof Error &&
      /Top-level await is .*not supported|ERR_REQUIRE_(?:ASYNC|CYCLE)_MODULE/i.test(`${String(error)} ${codeOf(error)}`) &&
      isCommonJs(path)
    ) {
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
    if (
      target === name &&
      (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") &&
      message.includes(`'${name}'`)
    )
      return undefined;
    throw error;
  }
}
