/**
 * What commands need to know: where the migrations are, which database, which tables. Typed, without a file format and
 * without interpolation. Source: Alembic `Config`, Flask-Migrate `Migrate`.
 */

import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createEngine, type Engine, type MetaData } from "@athanor/core";
import type { CompareOptions } from "../autogenerate/index.js";
import { CommandError } from "../errors.js";
import { type LogWriter, type MigrationContextOptions, MigrationLog, VERSION_ID_LENGTH } from "../runtime/index.js";
import {
  assertHooks,
  type DatabaseScope,
  type DatabaseSettings,
  type EnvironmentFile,
  type EnvironmentInput,
  type EnvironmentSettings,
  loadModule,
  type ModuleLoader,
  type PostWriteHook,
  runHooks,
  ScriptDirectory,
  type ScriptDirectoryOptions,
  type TenantConfig,
} from "../script/index.js";
import { type DatabaseConfig, narrowed, type Only } from "./databases.js";
import { MigrationTarget } from "./target.js";

export type MigrationSettings = EnvironmentSettings;

export interface MigrateConfig
  extends Omit<MigrationContextOptions, "log" | "database" | "tenant" | "schema">,
    Omit<DatabaseConfig, "versionTable">,
    CompareOptions {
  /** Default "migrations". */
  readonly directory?: string | undefined;
  /**
   * Several databases that share the revision files, by name, the default one first. Each has its own version table;
   * `url`, `engine`, `metadata` and `tenants` then stand here.
   */
  readonly databases?:
    | Readonly<Record<string, DatabaseConfig>>
    | (() => Readonly<Record<string, DatabaseConfig>> | Promise<Readonly<Record<string, DatabaseConfig>>>)
    | undefined;
  /** Narrows the command to some databases or tenants. */
  readonly only?: Only | undefined;
  /** Several PostgreSQL databases are committed together or not at all, also when the program dies. Default false. */
  readonly twoPhase?: boolean | undefined;
  /** A tenant that fails does not stop the others; the command fails at the end. Default false. */
  readonly keepGoing?: boolean | undefined;
  /** Settings that `-n NAME` puts over these: other databases, other directories. */
  readonly environments?: Readonly<Record<string, Partial<MigrateConfig>>> | undefined;
  /** Handed to the template of new revision files as `extra`. */
  readonly templateArgs?: Readonly<Record<string, unknown>> | undefined;
  /** Ask the env file for a plain `revision` too, for its `templateArgs`. Default false. */
  readonly revisionEnvironment?: boolean | undefined;
  /** Where `--sql` puts its files when there are several databases. Default the working directory. */
  readonly scriptDirectory?: string | undefined;
  /** Used instead of the directory's env file. */
  readonly environment?: EnvironmentFile | undefined;
  /** Files: names, locations, the loader for TypeScript. */
  readonly scripts?: Omit<ScriptDirectoryOptions, "directory" | "print" | "load"> | undefined;
  /** Programs and functions run on every new revision file. */
  readonly postWriteHooks?: readonly PostWriteHook[] | undefined;
  /** Imports `env.ts` and revision files; default the running Node's own `import`. */
  readonly load?: ModuleLoader | undefined;
  /** `-x key=value`. */
  readonly x?: Readonly<Record<string, string>> | undefined;
  /** Results. Default the process's stdout. */
  readonly stdout?: ((text: string) => void) | undefined;
  /** Progress. Default the process's stderr. */
  readonly log?: LogWriter | undefined;
  /** No "Generating … done" and no progress; warnings are told. */
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
  #targets: Promise<readonly MigrationTarget[]> | undefined;
  readonly #made = new Map<string, Engine>();

  constructor(
    config: MigrateConfig,
    options: { readonly offline?: boolean | undefined; readonly tag?: string | undefined } = {},
  ) {
    this.config = config;
    this.directory = resolve(config.directory ?? "migrations");
    this.offline = options.offline ?? false;
    this.#tag = options.tag;
    const write = config.log ?? ((line: string) => process.stderr.write(`${line}\n`));
    // A writer of the program's own decides by itself what to leave out.
    this.log = new MigrationLog(write, config.quiet && config.log === undefined);
  }
  /** One line of results. */
  print(line: string): void {
    this.write(`${line}\n`);
  }
  /** Results for machines. */
  data(value: unknown): void {
    this.print(JSON.stringify(value, null, 2));
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
    const hooks = this.config.postWriteHooks ?? [];
    assertHooks(hooks);
    return ScriptDirectory.open({
      maxIdLength: VERSION_ID_LENGTH,
      ...this.config.scripts,
      directory: this.directory,
      print: this.status,
      load: this.config.load,
      afterWrite: async (path, revision) => {
        await this.config.scripts?.afterWrite?.(path, revision);
        await runHooks(hooks, path, revision, (text) => this.log.warn("script", text));
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
    const databases = await now(config.databases);
    const injected: { -readonly [K in keyof MigrationSettings]: MigrationSettings[K] } = {};
    if (config.engine !== undefined) injected.engine = await now(config.engine);
    if (config.metadata !== undefined) injected.metadata = await now(config.metadata);
    if (config.tenants !== undefined) injected.tenants = config.tenants;
    if (databases !== undefined) {
      injected.databases = Object.fromEntries(
        await Promise.all(
          Object.entries(databases).map(async ([name, one]) => [
            name,
            { ...one, engine: await now(one.engine), metadata: await now(one.metadata) },
          ]),
        ),
      );
    }
    // Tables that are given belong to the database that is given.
    if (config.url !== undefined && config.engine === undefined && Object.keys(injected).length > 0)
      injected.url = config.url;
    const input: EnvironmentInput = {
      directory: this.directory,
      url: config.url,
      x: config.x ?? {},
      tag: this.#tag,
      offline: this.offline,
      injected: Object.keys(injected).length === 0 ? undefined : injected,
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
  /** What new files are given by the environment. */
  async templateArgs(): Promise<Readonly<Record<string, unknown>>> {
    const asked = this.config.revisionEnvironment ? (await this.settings()).templateArgs : undefined;
    return { ...this.config.templateArgs, ...asked };
  }
  /** Names of the databases, the default one first; none where there is only one. */
  async databaseNames(): Promise<readonly string[]> {
    const { databases } = this.config;
    // Without a question to the env file, where the configuration itself says so.
    if (typeof databases === "object") return Object.keys(databases);
    return Object.keys((await this.settings()).databases ?? {});
  }
  /** @throws CommandError when nothing says which database */
  #engine(given: DatabaseSettings, name: string): Engine {
    const { engine, url } = given;
    if (engine !== undefined) return engine;
    if (url === undefined) {
      throw new CommandError("migrate.no-database", `Nothing says which database to migrate${name}`, {
        hint: `Return url or engine from the env file in ${this.directory}, or give { url } or { engine }.`,
      });
    }
    const made = this.#made.get(url) ?? createEngine(url);
    this.#made.set(url, made);
    return made;
  }
  /**
   * What the command is to work on: every tenant of every database, as far as it is not narrowed.
   * @throws CommandError when nothing says which database, or a name is unknown
   */
  targets(): Promise<readonly MigrationTarget[]> {
    this.#targets ??= this.#findTargets();
    return this.#targets;
  }
  async #findTargets(): Promise<readonly MigrationTarget[]> {
    const settings = await this.settings();
    const { databases, ...alone } = settings;
    const { only } = this.config;
    if (databases !== undefined && alone.tenants !== undefined) {
      throw new CommandError(
        "migrate.tenants-of",
        "Both 'databases' and 'tenants' are given: whose tenants are they?",
        {
          hint: "Put 'tenants' into the entry of the database: databases: { main: { url, tenants } }.",
        },
      );
    }
    const all = Object.entries(databases ?? {});
    const names = all.map(([name]) => name);
    const chosen = narrowed(all, only?.databases, ([name]) => name, "database");
    const targets: MigrationTarget[] = [];
    for (const [name, one] of databases === undefined ? [[undefined, alone] as const] : chosen) {
      targets.push(...(await this.#ofDatabase(one, name === undefined ? undefined : { name, all: names })));
    }
    const wanted = only?.tenants;
    const found =
      wanted === undefined || wanted.length === 0
        ? targets
        : narrowed(
            targets.filter((t) => t.tenant !== undefined),
            wanted,
            (t) => t.tenant ?? "",
            "tenant",
          );
    assertApart(found);
    return found;
  }
  async #ofDatabase(
    one: DatabaseSettings & Pick<DatabaseConfig, "versionTable">,
    scope: DatabaseScope | undefined,
  ): Promise<readonly MigrationTarget[]> {
    const name = scope === undefined ? "" : ` for '${scope.name}'`;
    const metadata = one.metadata === undefined ? [] : ([one.metadata].flat() as readonly MetaData[]);
    const base = {
      metadata,
      scope,
      options: this.#contextOptions(metadata, one.versionTable ?? this.config.versionTable),
      write: (text: string) => this.write(text),
    };
    if (one.tenants === undefined) {
      return [new MigrationTarget({ ...base, engine: this.#engine(one, name), tenant: undefined, schema: undefined })];
    }
    const listed: readonly (string | TenantConfig)[] =
      typeof one.tenants === "function" ? await one.tenants(this.#engine(one, name)) : one.tenants;
    return listed.map((given) => {
      const tenant: TenantConfig = typeof given === "string" ? { name: given } : given;
      const own = tenant.url !== undefined || tenant.engine !== undefined;
      const engine = this.#engine(own ? tenant : one, ` for the tenant '${tenant.name}'`);
      return new MigrationTarget({
        ...base,
        engine,
        tenant: tenant.name,
        schema: own ? undefined : (tenant.schema ?? tenant.name),
      });
    });
  }
  #contextOptions(metadata: readonly MetaData[], versionTable: MigrateConfig["versionTable"]): MigrationContextOptions {
    const { config } = this;
    return {
      versionTable,
      log: this.log,
      transactionPerMigration: config.transactionPerMigration,
      transactionalDdl: config.transactionalDdl,
      lock: config.lock,
      lockWait: config.lockWait,
      lockTimeout: config.lockTimeout,
      statementTimeout: config.statementTimeout,
      progressInterval: config.progressInterval,
      checksums: config.checksums,
      namingConvention: config.namingConvention ?? metadata[0]?.namingConvention,
      onVersionApply: config.onVersionApply,
    };
  }
  /** What autogenerate compares: of tenants, who are all alike, the first. @throws CommandError without tables */
  async compared(): Promise<readonly MigrationTarget[]> {
    const targets = await this.targets();
    const seen = new Set<string | undefined>();
    const first = targets.filter((t) => !seen.has(t.scope?.name) && seen.add(t.scope?.name));
    for (const target of first) this.assertMetadata(target);
    return first;
  }
  /** @throws CommandError when there are no tables to compare with */
  assertMetadata(target: MigrationTarget): void {
    if (target.metadata.length > 0) return;
    throw new CommandError(
      "migrate.no-metadata",
      `Can't proceed with --autogenerate option; environment script ${this.directory} does not provide a MetaData object or sequence of objects to the context${target.label === "" ? "" : ` of ${target.label}`}.`,
      { hint: "Return metadata from the env file: { url, metadata: db.metadata }." },
    );
  }
  /** Version rows of all targets. */
  async rows(): Promise<readonly string[]> {
    const rows = new Set<string>();
    for (const target of await this.targets())
      for (const row of await target.online((context) => context.currentHeads())) rows.add(row);
    return [...rows];
  }
  /** The only target's dialect, or the first one's. */
  async first(): Promise<MigrationTarget> {
    const [target] = await this.targets();
    if (target !== undefined) return target;
    throw new CommandError("migrate.no-tenant", "There are no tenants, so there is no database to look at");
  }
  async dispose(): Promise<void> {
    const made = [...this.#made.values()];
    this.#made.clear();
    this.#targets = undefined;
    for (const engine of made) await engine.dispose();
  }
}

/** Runs a command's work, and closes what was opened for it. */
export async function withEnvironment<T>(
  config: MigrateConfig,
  options: { readonly offline?: boolean | undefined; readonly tag?: string | undefined },
  work: (environment: CommandEnvironment) => Promise<T>,
): Promise<T> {
  const environment = new CommandEnvironment(config, options);
  try {
    return await work(environment);
  } finally {
    await environment.dispose();
  }
}

async function now<T>(value: T | (() => T | Promise<T>) | undefined): Promise<T | undefined> {
  return typeof value === "function" ? (value as () => T | Promise<T>)() : value;
}
/** Two databases of the configuration that are one, with one version table, would wait for each other for ever. */
function assertApart(targets: readonly MigrationTarget[]): void {
  const seen = new Map<string, MigrationTarget>();
  for (const target of targets) {
    if (target.tenant !== undefined || target.scope === undefined || /:memory:|^sqlite:\/\/$/.test(target.url))
      continue;
    const other = seen.get(target.url);
    if (other !== undefined) {
      throw new CommandError(
        "migrate.same-database",
        `'${other.scope?.name}' and '${target.scope.name}' are the same database: ${target.url}`,
        {
          hint: "Give their models one entry with a list of metadata: { url, metadata: [a, b] }.",
        },
      );
    }
    seen.set(target.url, target);
  }
}
