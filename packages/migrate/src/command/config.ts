/**
 * What commands need to know: where the migrations are, which database, which tables. Typed, without a file format and
 * without interpolation. Source: Alembic `Config`, Flask-Migrate `Migrate`.
 */

import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Connection, createEngine, type Engine, isRetryable, type MetaData } from "@athanor/core";
import type { CompareOptions } from "../autogenerate/index.js";
import { CommandError } from "../errors.js";
import {
  type LogWriter,
  MigrationContext,
  type MigrationContextOptions,
  MigrationLog,
  VERSION_ID_LENGTH,
} from "../runtime/index.js";
import {
  type EnvironmentFile,
  type EnvironmentInput,
  type EnvironmentSettings,
  loadModule,
  type ModuleLoader,
  type PostWriteHook,
  runHooks,
  ScriptDirectory,
  type ScriptDirectoryOptions,
} from "../script/index.js";

export type MigrationSettings = EnvironmentSettings<Engine, MetaData>;

export interface MigrateConfig extends Omit<MigrationContextOptions, "log">, CompareOptions {
  /** Default "migrations". */
  readonly directory?: string | undefined;
  readonly url?: string | undefined;
  /** An engine of the program's own; it is not disposed of. A function is asked when a command needs it. */
  readonly engine?: Engine | (() => Engine | Promise<Engine>) | undefined;
  readonly metadata?:
    | MetaData
    | readonly MetaData[]
    | (() => MetaData | readonly MetaData[] | Promise<MetaData | readonly MetaData[]>)
    | undefined;
  /** Used instead of the directory's env file. */
  readonly environment?: EnvironmentFile | undefined;
  /** Files: names, locations, the loader for TypeScript. */
  readonly scripts?: Omit<ScriptDirectoryOptions, "directory" | "print" | "load"> | undefined;
  /** Programs run on every new revision file. */
  readonly postWriteHooks?: readonly PostWriteHook[] | undefined;
  /** Imports `env.ts` and revision files; default the running Node's own `import`. */
  readonly load?: ModuleLoader | undefined;
  /** `-x key=value`. */
  readonly x?: Readonly<Record<string, string>> | undefined;
  /** Results. Default the process's stdout. */
  readonly stdout?: ((text: string) => void) | undefined;
  /** Progress. Default the process's stderr. */
  readonly log?: LogWriter | undefined;
  /** No results of "Generating … done" and the like. */
  readonly quiet?: boolean | undefined;
}

/** Writers and places of one command, with the defaults filled in. */
export class CommandEnvironment {
  readonly config: MigrateConfig;
  readonly directory: string;
  readonly log: MigrationLog;
  readonly #tag: string | undefined;
  readonly offline: boolean;
  #settings: Promise<MigrationSettings> | undefined;
  #made: Engine | undefined;

  constructor(config: MigrateConfig, options: { readonly offline?: boolean; readonly tag?: string | undefined } = {}) {
    this.config = config;
    this.directory = resolve(config.directory ?? "migrations");
    this.offline = options.offline ?? false;
    this.#tag = options.tag;
    const write = config.log ?? ((line: string) => process.stderr.write(`${line}\n`));
    this.log = new MigrationLog(write);
  }
  /** One line of results. */
  print(line: string): void {
    this.write(`${line}\n`);
  }
  write(text: string): void {
    const write = this.config.stdout ?? ((t: string) => process.stdout.write(t));
    write(text);
  }
  /** Progress of commands that write files. */
  get status(): (line: string) => void {
    return this.config.quiet ? () => {} : (line) => this.print(line);
  }
  scripts(): Promise<ScriptDirectory> {
    return ScriptDirectory.open({
      maxIdLength: VERSION_ID_LENGTH,
      ...this.config.scripts,
      directory: this.directory,
      print: this.status,
      load: this.config.load,
      afterWrite: async (path, revision) => {
        await this.config.scripts?.afterWrite?.(path, revision);
        await runHooks(this.config.postWriteHooks ?? [], path, (text) => this.log.warn("script", text));
      },
    });
  }
  /** What the env file says, and what the program gave. */
  settings(): Promise<MigrationSettings> {
    this.#settings ??= this.#ask();
    return this.#settings;
  }
  async #ask(): Promise<MigrationSettings> {
    const { config } = this;
    const injected: { -readonly [K in keyof MigrationSettings]: MigrationSettings[K] } = {};
    if (config.engine !== undefined)
      injected.engine = typeof config.engine === "function" ? await config.engine() : config.engine;
    if (config.metadata !== undefined)
      injected.metadata = typeof config.metadata === "function" ? await config.metadata() : config.metadata;
    const input: EnvironmentInput = {
      directory: this.directory,
      url: config.url,
      x: config.x ?? {},
      tag: this.#tag,
      offline: this.offline,
      injected: injected.engine === undefined && injected.metadata === undefined ? undefined : injected,
    };
    const file = config.environment ?? (await this.#file());
    if (file === undefined) return { url: config.url, ...injected };
    // The file is the user's own code: what it answers is checked where it is used.
    const answered = (await file(input)) as MigrationSettings;
    return { ...injected, ...answered };
  }
  async #file(): Promise<EnvironmentFile | undefined> {
    for (const name of ["env.ts", "env.mts", "env.js", "env.mjs"]) {
      const path = join(this.directory, name);
      if (!(await stat(path).catch(() => undefined))?.isFile()) continue;
      const load: ModuleLoader = this.config.load ?? ((p) => import(pathToFileURL(p).href));
      const module = await loadModule(path, load);
      // CommonJS loaders wrap the default once more.
      const found = (module.default as { readonly default?: unknown } | undefined)?.default ?? module.default;
      if (typeof found !== "function") {
        throw new CommandError("migrate.env-file", `${path} has no default export that is a function`, {
          hint: "export default async (input: EnvironmentInput): Promise<EnvironmentSettings> => ({ url: …, metadata: … });",
        });
      }
      return found as EnvironmentFile;
    }
    return undefined;
  }
  /** @throws CommandError when nothing says which database */
  async engine(): Promise<Engine> {
    const { engine, url } = await this.settings();
    if (engine !== undefined) return engine;
    if (url === undefined) {
      throw new CommandError("migrate.no-database", "Nothing says which database to migrate", {
        hint: `Return url or engine from the env file in ${this.directory}, or give { url } or { engine }.`,
      });
    }
    this.#made ??= createEngine(url);
    return this.#made;
  }
  /** The tables of the models. @throws CommandError when there are none to compare with */
  async metadata(): Promise<readonly MetaData[]> {
    const { metadata } = await this.settings();
    const list = metadata === undefined ? [] : [metadata].flat();
    if (list.length === 0) {
      throw new CommandError(
        "migrate.no-metadata",
        `Can't proceed with --autogenerate option; environment script ${this.directory} does not provide a MetaData object or sequence of objects to the context.`,
        { hint: "Return metadata from the env file: { url, metadata: db.metadata }." },
      );
    }
    return list as readonly MetaData[];
  }
  async contextOptions(): Promise<MigrationContextOptions> {
    const { config } = this;
    const { metadata } = await this.settings();
    const first = metadata === undefined ? undefined : ([metadata].flat()[0] as MetaData | undefined);
    return {
      versionTable: config.versionTable,
      log: this.log,
      transactionPerMigration: config.transactionPerMigration,
      transactionalDdl: config.transactionalDdl,
      lock: config.lock,
      lockTimeout: config.lockTimeout,
      checksums: config.checksums,
      namingConvention: config.namingConvention ?? first?.namingConvention,
      onVersionApply: config.onVersionApply,
    };
  }
  /** SQLite may refuse a connection while another process opens the same new file: that passes. */
  async #connect(engine: Engine): Promise<Connection> {
    const until = performance.now() + (this.config.lockTimeout ?? 60_000);
    for (let pause = 10; ; pause = Math.min(pause * 2, 500)) {
      try {
        return await engine.connect({ isolationLevel: "AUTOCOMMIT" });
      } catch (error) {
        if (!isRetryable(error) || performance.now() >= until) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  /** Runs work with a context on a connection of its own. */
  async online<T>(
    work: (context: MigrationContext) => Promise<T>,
    options: { readonly announce?: boolean } = {},
  ): Promise<T> {
    const engine = await this.engine();
    try {
      const connection = await this.#connect(engine);
      try {
        const context = MigrationContext.online(connection, await this.contextOptions());
        if (options.announce ?? true) context.announce();
        return await work(context);
      } finally {
        await connection.close();
      }
    } finally {
      await this.dispose();
    }
  }
  async script(): Promise<MigrationContext> {
    const engine = await this.engine();
    const context = MigrationContext.offline(engine.dialect, (text) => this.write(text), await this.contextOptions());
    context.announce();
    return context;
  }
  async dispose(): Promise<void> {
    const made = this.#made;
    this.#made = undefined;
    await made?.dispose();
  }
}
