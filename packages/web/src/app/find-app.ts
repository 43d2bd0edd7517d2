/** Finds the app in a module, the way the command line names it: "app.ts", "shop/main:createApp('test')" (Flask: locate_app). */
import { readdirSync, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { didYouMean } from "@athanor/core";
import { WebError } from "../errors/web-error.js";
import { App } from "./app.js";

/** Imports a module by absolute path; the caller decides how (tsx, plain import, a test's object). */
export type ModuleLoader = (path: string) => Promise<Readonly<Record<string, unknown>>>;

export interface FindAppOptions {
  /** "path", "path:name" or "path:factory(args)"; default: app.*, wsgi.*, main.*, server.*, index.* in `cwd`, and in src/. */
  readonly target?: string | undefined;
  readonly cwd?: string;
  readonly load: ModuleLoader;
}

const FILES = ["app", "application", "wsgi", "main", "server", "index"];
const EXTENSIONS = [".ts", ".mts", ".js", ".mjs", ".cts", ".cjs"];
const INSTANCES = ["app", "application", "default"];
const FACTORIES = ["createApp", "makeApp", "create_app", "make_app"];

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function candidates(base: string): string[] {
  return [
    base,
    ...EXTENSIONS.map((e) => base + e),
    ...EXTENSIONS.map((e) => join(base, `index${e}`)),
    ...EXTENSIONS.map((e) => join(base, `app${e}`)),
  ];
}

/** The module's file for a target without its ":name". @throws WebError "app-not-found" */
export function findModule(name: string | undefined, cwd: string): string {
  if (name !== undefined && name !== "") {
    const base = isAbsolute(name) ? name : resolve(cwd, name);
    const found = candidates(base).find(isFile);
    if (found !== undefined) return found;
    let near: string[] = [];
    try {
      near = readdirSync(cwd);
    } catch {
      // The folder itself is missing; the message below says enough.
    }
    throw new WebError("app-not-found", `There is no module '${name}' in '${cwd}'.${didYouMean(name, near)}`);
  }
  for (const folder of [cwd, join(cwd, "src")]) {
    for (const file of FILES)
      for (const e of EXTENSIONS) if (isFile(join(folder, file + e))) return join(folder, file + e);
  }
  throw new WebError(
    "app-not-found",
    `No app was found in '${cwd}'. Name it with --app (or the variable ATHANOR_APP), as in --app server.ts or --app shop/main:createApp, or call the file app.ts.`,
  );
}

/** Splits "path:expression"; a Windows drive letter is not a separator. */
export function splitTarget(target: string): { readonly path: string; readonly expression: string | undefined } {
  const at = target.indexOf(":", /^[A-Za-z]:[\\/]/.test(target) ? 2 : 0);
  return at === -1
    ? { path: target, expression: undefined }
    : { path: target.slice(0, at), expression: target.slice(at + 1) };
}

/** Arguments of a factory: JSON values, with single quotes allowed. */
function parseArguments(text: string, expression: string): unknown[] {
  if (text.trim() === "") return [];
  const json = text.replace(/'((?:[^'\\]|\\.)*)'/g, (_, inner: string) => JSON.stringify(inner.replace(/\\'/g, "'")));
  try {
    const parsed: unknown = JSON.parse(`[${json}]`);
    if (Array.isArray(parsed)) return parsed;
  } catch {
    // Reported below.
  }
  throw new WebError(
    "app-not-found",
    `The arguments in '${expression}' cannot be read: only texts, numbers, true, false and null may be passed to a factory here.`,
  );
}

async function fromFactory(make: Function, args: unknown[], name: string): Promise<App> {
  // An error inside the factory is the user's own and is shown as itself, not wrapped.
  const made: unknown = await Reflect.apply(make, undefined, args);
  if (made instanceof App) return made;
  throw new WebError(
    "app-not-found",
    `The factory '${name}' returned ${made === undefined ? "nothing" : typeof made} instead of an app. Does it end in \`return app\`?`,
  );
}

/** Picks the app out of a loaded module. @throws WebError "app-not-found" */
export async function findAppIn(
  module: Readonly<Record<string, unknown>>,
  expression: string | undefined,
  path: string,
): Promise<App> {
  if (expression !== undefined && expression !== "") {
    const found = /^([A-Za-z_$][\w$]*)\s*(?:\(([\s\S]*)\))?$/.exec(expression.trim());
    if (found === null)
      throw new WebError("app-not-found", `'${expression}' is neither a name nor a call like createApp("test").`);
    const [, name = "", args] = found;
    const value = module[name];
    if (value instanceof App && args === undefined) return value;
    if (typeof value === "function") return fromFactory(value, parseArguments(args ?? "", expression), name);
    throw new WebError(
      "app-not-found",
      `The module '${path}' exports no app or factory '${name}'.${didYouMean(name, Object.keys(module))} It exports: ${Object.keys(module).join(", ") || "nothing"}.`,
    );
  }
  for (const name of INSTANCES) if (module[name] instanceof App) return module[name];
  const apps = Object.entries(module).filter((entry): entry is [string, App] => entry[1] instanceof App);
  if (apps.length === 1) return apps[0]![1];
  if (apps.length > 1)
    throw new WebError(
      "app-not-found",
      `The module '${path}' exports several apps: ${apps.map(([n]) => n).join(", ")}. Choose one: --app ${path}:${apps[0]![0]}.`,
    );
  for (const name of FACTORIES) {
    const make = module[name];
    // A re-exported library createApp is a factory too, but an empty app is not what was meant.
    if (typeof make === "function") return fromFactory(make, [], name);
  }
  if (typeof module.default === "function") return fromFactory(module.default, [], "default");
  throw new WebError(
    "app-not-found",
    `The module '${path}' exports no app. Export one as 'app' (export const app = createApp(import.meta)), or a factory named createApp.`,
  );
}

/**
 * Finds and loads the app of a project.
 *
 * @throws WebError "app-not-found"; errors of the module or the factory come through as they are
 * @example const app = await findApp({ target: "server.ts:createApp('test')", load: (path) => import(pathToFileURL(path).href) });
 */
export async function findApp(options: FindAppOptions): Promise<App> {
  const { path, expression } = splitTarget(options.target ?? "");
  const file = findModule(path, options.cwd ?? process.cwd());
  return findAppIn(await options.load(file), expression, file);
}
