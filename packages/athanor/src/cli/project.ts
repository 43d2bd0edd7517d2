/** The project the command works on: its folder, its environment, its app. */
import { isAbsolute, resolve } from "node:path";
import { createEngine, type Engine } from "@athanor/core";
import type * as Web from "@athanor/web";
import { loadEnvFiles } from "./env-files.js";
import { CommandError } from "./errors.js";
import { importFile, importPackage } from "./modules.js";

export interface ProjectOptions {
  /** --app: "path", "path:name" or "path:factory(args)". */
  readonly app?: string | undefined;
  /** -e. */
  readonly envFile?: string | undefined;
  readonly cwd?: string | undefined;
}

type WebModule = typeof Web;

/** Python's name for a file, as a course's .flaskenv has it: the module of that name is meant. */
function withoutPython(target: string | undefined): string | undefined {
  return target?.replace(/\.py(?=$|:)/, "");
}

/** Reads the environment files when it is made; imports nothing before it is asked to. */
export class Project {
  readonly cwd: string;
  readonly target: string | undefined;
  #web: Promise<WebModule | undefined> | undefined;
  #app: Promise<Web.App> | undefined;
  readonly #engines: Engine[] = [];

  /** @throws CommandError "cli.env-file" */
  constructor(options: ProjectOptions = {}) {
    this.cwd = resolve(options.cwd ?? process.cwd());
    loadEnvFiles(this.cwd, options.envFile, process.env);
    this.target = options.app ?? process.env.ATHANOR_APP ?? withoutPython(process.env.FLASK_APP);
    if (this.target === "") this.target = undefined;
  }

  /** `@athanor/web`, if it is installed. */
  findWeb(): Promise<WebModule | undefined> {
    this.#web ??= importPackage("@athanor/web", this.cwd) as Promise<WebModule | undefined>;
    return this.#web;
  }
  /** @throws CommandError "cli.no-web" */
  async web(command: string): Promise<WebModule> {
    const web = await this.findWeb();
    if (web !== undefined) return web;
    throw new CommandError(
      "cli.no-web",
      `'athanor ${command}' needs the web package, which is not installed. Run: npm install @athanor/web`,
    );
  }

  /** The app, loaded once. @throws CommandError "cli.no-web", WebError "app-not-found", what the module throws */
  app(command: string): Promise<Web.App> {
    this.#app ??= this.web(command).then((web) =>
      web.findApp({ ...(this.target === undefined ? {} : { target: this.target }), cwd: this.cwd, load: importFile }),
    );
    return this.#app;
  }
  /** Whether there is a file an app could be in; nothing is imported but the web package. */
  async hasApp(): Promise<boolean> {
    if (this.target !== undefined) return true;
    const web = await this.findWeb();
    if (web === undefined) return false;
    try {
      web.findModule(undefined, this.cwd);
      return true;
    } catch {
      return false;
    }
  }

  /** An engine of the command's own, closed with the project. */
  engine(url: string): Engine {
    const engine = createEngine(url);
    this.#engines.push(engine);
    return engine;
  }

  path(name: string): string {
    return isAbsolute(name) ? name : resolve(this.cwd, name);
  }

  /** Closes what the command and the app's extensions hold open, so that the process can end. */
  async dispose(): Promise<void> {
    for (const engine of this.#engines.splice(0)) await engine.dispose();
    const app = await this.#app?.catch(() => undefined);
    if (app === undefined) return;
    for (const extension of new Set(app.extensions.values())) {
      const dispose: unknown = (extension as Partial<AsyncDisposable> | null)?.[Symbol.asyncDispose];
      if (typeof dispose === "function") await dispose.call(extension);
    }
  }
}
