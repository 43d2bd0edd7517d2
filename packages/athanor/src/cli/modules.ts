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
    const { register } = await import("tsx/esm/api");
    register({
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

/** Without "type": "module" in the nearest package.json, Node takes .ts and .js for CommonJS. */
function isCommonJs(path: string): boolean {
  if (/\.m[jt]s$/.test(path)) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { type?: string }).type !== "module";
    } catch {
      if (dirname(folder) === folder) return true;
    }
  }
}

/** `import` or `export` at the beginning of a line. */
function looksLikeModule(path: string): boolean {
  try {
    return /^(?:import\b\s*[^(.\s]|export\b)/m.test(readFileSync(path, "utf8"));
  } catch {
    return false;
  }
}

/**
 * Imports a file by absolute path. Its own errors come through as they are.
 *
 * @throws CommandError "cli.module" for an ES module that Node would take for CommonJS: it would get copies of its own
 * of our packages, or fail with an error that explains nothing
 */
export async function importFile(path: string): Promise<LoadedModule> {
  if (isCommonJs(path) && !/\.c[jt]s$/.test(path) && looksLikeModule(path)) {
    throw new CommandError(
      "cli.module",
      `'${path}' is an ES module, but no package.json says so: add "type": "module" to the project's package.json (npm pkg set type=module).`,
    );
  }
  await enableTypeScript();
  return (await import(pathToFileURL(path).href)) as LoadedModule;
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
