/** The engine: a dialect, a pool, a statement cache and listeners for one database. Source: SQLAlchemy "Engine Configuration". */
import { StatementCache } from "../compile/cache.js";
import type { Compiled } from "../compile/compiled.js";
import type { Dialect, DialectInfo, DialectSettings } from "../dialects/dialect.js";
import type { Driver, DriverConnection, IsolationLevel, MaybePromise } from "../dialects/driver.js";
import { dialectFor } from "../dialects/registry.js";
import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError, isRetryable } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import { checkedExecutionOptions } from "../sql/execution-options.js";
import type { ExecutionOptions } from "../sql/statement.js";
import { Connection, type ConnectionOptions, checkConnectionOptions, type TransactionOptions } from "./connection.js";
import { connects, type TraceAttributes } from "./diagnostics.js";
import { Events, type ListenOptions } from "./events.js";
import { type Echo, type LogFunction, Logger } from "./log.js";
import { Pool, type PoolClass } from "./pool.js";
import { ALL_POOLS, type Lease, POOL_EVENTS, type PoolEvents } from "./pool-record.js";
import { RawConnection } from "./raw-connection.js";
import { ENGINE_EVENTS, type EngineEvents, type EngineServices } from "./services.js";
import { keepShapes } from "./shapes.js";
import { makeUrl, type Url } from "./url.js";

/** Takes part in the making of engines: `createEngine(url, { plugins: [audit] })`. */
export interface EnginePlugin {
  /** May answer with another URL or other options; those of the plugin before it are given. */
  readonly configure?: (
    url: Url,
    options: EngineOptions,
  ) => { readonly url?: Url; readonly options?: EngineOptions } | undefined | void;
  /** Called with the engine, before anybody has it: the place for listeners. */
  readonly created?: (engine: Engine) => void;
}
export interface EngineOptions {
  /** How connections are kept; see `PoolClass`. Default "queue". */
  readonly poolClass?: PoolClass;
  /** Connections kept open. Default 5. */
  readonly poolSize?: number;
  /** Further connections under load. Default 10; -1: no limit. */
  readonly maxOverflow?: number;
  /** Seconds to wait for a connection. Default 30 (4 for a database in memory, which has only one). */
  readonly poolTimeout?: number;
  /** Seconds after which a connection is replaced at its next use; -1: never. */
  readonly poolRecycle?: number;
  readonly poolPrePing?: boolean;
  readonly poolUseLifo?: boolean;
  readonly poolResetOnReturn?: "rollback" | "commit" | "none";
  /** Print statements: true, "debug" (rows too), or a function for the lines. */
  readonly echo?: Echo;
  /** Print what happens to connections in the pool. */
  readonly echoPool?: boolean | LogFunction;
  /** Keep parameters out of logs and errors. */
  readonly hideParameters?: boolean;
  /** A token in front of every logged line. */
  readonly loggingName?: string;
  readonly isolationLevel?: IsolationLevel;
  /** Handed to the driver, over what the URL says. */
  readonly connectArgs?: { readonly [name: string]: unknown };
  /** Compiled statements kept. Default 500; 0 keeps none. */
  readonly statementCacheSize?: number;
  readonly executionOptions?: ExecutionOptions;
  /** Called before each physical connection; gives connect arguments over the others: rotating passwords. */
  readonly connectArgsProvider?: () => MaybePromise<{ readonly [name: string]: unknown }>;
  /**
   * Opens the driver's own connections in place of Athanor, from the settings it would have used: a connected `pg.Client`,
   * a connection of `mysql2`, a database of `better-sqlite3` or `node:sqlite`.
   *
   * @example creator: async (settings) => { const c = new pg.Client({ ...settings, stream }); await c.connect(); return c; }
   */
  readonly creator?: (settings: { readonly [name: string]: unknown }) => unknown;
  readonly plugins?: readonly EnginePlugin[];
  /** The text of documents to be written, where their type has no serializer of its own. Default: JSON.stringify. */
  readonly jsonSerializer?: (value: unknown) => string;
  /** Reads the text of documents in columns declared as JSON; raw SQL reads with JSON.parse. */
  readonly jsonDeserializer?: (text: string) => unknown;
  /** Names made up for anonymous aliases are at most this long; longer ones are cut, with a hash at the end. From 12. */
  readonly labelLength?: number;
  /** The longest name this server takes, where it is another than usual; longer labels are cut, with a hash at the end. */
  readonly maxIdentifierLength?: number;
}
const OPTIONS = [
  "poolClass",
  "creator",
  "plugins",
  "echoPool",
  "poolSize",
  "maxOverflow",
  "poolTimeout",
  "poolRecycle",
  "poolPrePing",
  "poolUseLifo",
  "poolResetOnReturn",
  "echo",
  "hideParameters",
  "loggingName",
  "isolationLevel",
  "connectArgs",
  "statementCacheSize",
  "executionOptions",
  "connectArgsProvider",
  "jsonSerializer",
  "jsonDeserializer",
  "labelLength",
  "maxIdentifierLength",
] as const satisfies readonly (keyof EngineOptions)[];

/** What `withOptions` may vary. */
export interface SiblingOptions {
  readonly isolationLevel?: IsolationLevel;
  readonly executionOptions?: ExecutionOptions;
  readonly loggingName?: string;
  readonly echo?: Echo;
}
const SIBLING_OPTIONS = [
  "isolationLevel",
  "executionOptions",
  "loggingName",
  "echo",
] as const satisfies readonly (keyof SiblingOptions)[];
export interface TransactionRetries extends TransactionOptions {
  /** Further attempts after the first. Default 3. */
  readonly retries?: number;
  /** Milliseconds before the n-th retry (from 1). Default: about 10, 40, 160 … with chance in it, at most 2000. */
  readonly backoff?: (attempt: number) => number;
}

/** A promise of a connection that also cleans up: `await using conn = await engine.connect()`. */
export interface ConnectionPromise extends Promise<Connection>, AsyncDisposable {}

/** Listeners of all engines of the process. */
const ALL_ENGINES = new Events<EngineEvents>(ENGINE_EVENTS);

/** What siblings share. */
class Core {
  readonly url: Url;
  readonly dialect: Dialect;
  readonly cache: StatementCache<Compiled>;
  readonly options: EngineOptions;
  readonly single: boolean;
  pool: Pool;
  info: DialectInfo | undefined;
  #driver: Promise<Driver> | undefined;
  #initializing: Promise<void> | undefined;
  readonly #dialectOf: Dialect;
  readonly #stub: boolean;

  /** `driver` stands in for the one the dialect would load, and knows no server. */
  constructor(url: Url, dialect: Dialect, options: EngineOptions, driver?: Driver) {
    this.url = url;
    this.#stub = driver !== undefined;
    if (driver !== undefined) this.#driver = Promise.resolve(driver);
    this.dialect = this.#dialectOf = dialect;
    this.options = options;
    this.cache = new StatementCache<Compiled>(options.statementCacheSize ?? 500);
    this.single = driver === undefined && (dialect.singleConnection?.(url) ?? false);
    this.pool = new Pool(() => this.#traced(), {
      poolClass: this.single ? "queue" : options.poolClass,
      size: this.single ? 1 : options.poolSize,
      maxOverflow: this.single ? 0 : options.maxOverflow,
      timeout: options.poolTimeout ?? (this.single ? 4 : 30),
      recycle: this.single ? -1 : options.poolRecycle,
      prePing: this.single ? false : options.poolPrePing,
      useLifo: options.poolUseLifo,
      resetOnReturn: options.poolResetOnReturn,
      timeoutHint: this.single
        ? `${dialect.name} in memory has a single connection: another session or connection holds it. Close that one first, or use a file.`
        : undefined,
    });
  }
  get trace(): TraceAttributes {
    const { database, host, port } = this.url;
    return {
      "db.system.name": this.dialect.name,
      "db.namespace": database,
      "server.address": host,
      "server.port": port,
    };
  }
  #traced(): Promise<DriverConnection> {
    return connects.on ? Promise.resolve(connects.run({ ...this.trace }, () => this.#connect())) : this.#connect();
  }
  async #connect(): Promise<DriverConnection> {
    const driver = await this.driver();
    let connection: DriverConnection;
    try {
      connection = await driver.connect();
    } catch (error) {
      throw this.#dialectOf.classify(error, { cause: error });
    }
    if (this.info === undefined && !this.#stub) {
      try {
        await (this.#initializing ??= this.#initialize(connection));
      } catch (error) {
        connection.terminate();
        throw this.#dialectOf.classify(error, { cause: error });
      }
    }
    return connection;
  }
  /** Once for all connections opened side by side; again when it failed. */
  async #initialize(connection: DriverConnection): Promise<void> {
    try {
      this.info = await this.dialect.initialize(connection);
    } finally {
      this.#initializing = undefined;
    }
  }
  driver(): Promise<Driver> {
    if (this.#driver === undefined) {
      const { connectArgs, connectArgsProvider, creator } = this.options;
      const loading = this.dialect.loadDriver(this.url, {
        ...connectArgs,
        ...(connectArgsProvider === undefined ? undefined : { connectArgsProvider }),
        ...(creator === undefined ? undefined : { creator }),
      });
      this.#driver = loading;
      loading.catch(() => {
        if (this.#driver === loading) this.#driver = undefined;
      });
    }
    return this.#driver;
  }
  async dispose(): Promise<void> {
    await this.pool.dispose();
    const driver = this.#driver;
    if (!this.#stub) this.#driver = undefined;
    if (driver !== undefined) await (await driver.catch(() => undefined))?.dispose?.();
  }
}

/**
 * The gate to one database; make one per database and program. It opens nothing before the first `connect()`.
 *
 * @example
 * const engine = createEngine("postgresql://ann@localhost/shop", { poolSize: 10 });
 * await engine.begin(async (conn) => {
 *   await conn.execute(insert(users).values({ name: "Ann" }));
 * });
 * await engine.dispose();
 */
export class Engine implements AsyncDisposable {
  readonly #core: Core;
  readonly #services: EngineServices & { readonly pool: Pool };
  readonly #events: Events<EngineEvents>;
  readonly #connectionOptions: ConnectionOptions;

  /** Made by `createEngine` and `withOptions`. */
  constructor(core: Core, options: SiblingOptions, parent: Events<EngineEvents> = ALL_ENGINES) {
    keepShapes();
    this.#core = core;
    this.#events = new Events<EngineEvents>(ENGINE_EVENTS, parent);
    const { echo } = options;
    const hideParameters = core.options.hideParameters ?? false;
    this.#connectionOptions = {};
    this.#services = {
      dialect: core.dialect,
      cache: core.cache,
      events: this.#events,
      pool: core.pool,
      logger: echo === undefined || echo === false ? undefined : new Logger(echo, hideParameters, options.loggingName),
      hideParameters,
      isolationLevel: options.isolationLevel,
      options: options.executionOptions ?? {},
      get trace(): TraceAttributes {
        return core.trace;
      },
    };
    this.#sibling = options;
  }
  readonly #sibling: SiblingOptions;

  get url(): Url {
    return this.#core.url;
  }
  get dialect(): Dialect {
    return this.#core.dialect;
  }
  /** Compiled statements by structure. */
  get cache(): StatementCache<Compiled> {
    return this.#core.cache;
  }
  get pool(): Pool {
    return this.#core.pool;
  }
  get executionOptions(): ExecutionOptions {
    return this.#services.options;
  }
  /** Server version and default schema; undefined before the first connection. */
  get info(): DialectInfo | undefined {
    return this.#core.info;
  }

  /**
   * A connection from the pool.
   * @throws OperationalError, MissingDriverError, PoolTimeoutError, ArgumentError for an unknown option
   */
  connect(options?: ConnectionOptions): ConnectionPromise {
    let opened: Promise<Connection>;
    try {
      opened = Promise.resolve(this.open(options));
    } catch (error) {
      opened = Promise.reject(error);
    }
    return Object.assign(opened, { [Symbol.asyncDispose]: async () => (await opened).close() });
  }
  /** Like `connect()`, but answers at once when an idle connection is there. */
  open(options: ConnectionOptions = this.#connectionOptions, signal?: AbortSignal): MaybePromise<Connection> {
    if (options !== this.#connectionOptions) checkConnectionOptions(options);
    const lease = this.#core.pool.acquire(signal);
    if (lease instanceof Promise) return lease.then((l) => this.#connection(l, options));
    return this.#connection(lease, options);
  }
  #connection(lease: Lease, options: ConnectionOptions): Connection {
    try {
      return new Connection(this.#services, lease, options);
    } catch (error) {
      const released = this.#core.pool.release(lease, true);
      if (released instanceof Promise) released.catch(() => {});
      throw error;
    }
  }
  /** Runs a block in a transaction of its own: commit when it ends well, rollback when it throws. */
  async begin<T>(block: (connection: Connection) => T | Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const connection = await this.open(this.#connectionOptions, options.signal);
    let value: T;
    try {
      value = await connection.begin(() => block(connection), options);
    } catch (error) {
      await connection.close().catch(() => {});
      throw error;
    }
    await connection.close();
    return value;
  }
  /**
   * Like `begin` (`timeout` counts for each attempt), and runs the whole block again on a new transaction when the database says that this may help:
   * serialization failure, deadlock, failover, a busy file. The block must not do outside work that cannot be repeated.
   *
   * @throws what the last attempt threw
   */
  async runTransaction<T>(
    block: (connection: Connection, attempt: number) => T | Promise<T>,
    options: TransactionRetries = {},
  ): Promise<T> {
    const { retries = 3, backoff = defaultBackoff, ...begin } = options;
    if (!(typeof retries === "number" && retries >= 0))
      throw new ArgumentError(`runTransaction(): retries is a number from 0, not ${String(retries)}.`, "retries");
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.begin((connection) => block(connection, attempt), begin);
      } catch (error) {
        if (attempt > retries || !isRetryable(error)) throw error;
        if (begin.signal?.aborted) throw error;
        await pause(backoff(attempt), begin.signal);
      }
    }
  }
  /** An engine with other options on the same pool, cache and listeners. */
  withOptions(options: SiblingOptions): Engine {
    requireKnownOptions(options, SIBLING_OPTIONS, "withOptions()", "engine.option");
    checkedExecutionOptions(options.executionOptions ?? {}, "withOptions()");
    return new Engine(
      this.#core,
      {
        ...this.#sibling,
        ...options,
        executionOptions: { ...this.#sibling.executionOptions, ...options.executionOptions },
      },
      this.#events,
    );
  }
  /**
   * A connection of the driver, from the pool and back to it, without Athanor's transactions: for stored procedures with
   * several result sets, COPY, and whatever else only the driver offers.
   *
   * @example
   * await using raw = await engine.rawConnection();
   * const [sets] = await (raw.driverConnection as mysql.Connection).promise().query("call report()");
   */
  async rawConnection(): Promise<RawConnection> {
    const lease = await this.#core.pool.acquire();
    return new RawConnection(this.#core.pool, lease);
  }
  /**
   * Listens to an event of every engine and pool of the process, those there already included.
   *
   * @example const stop = Engine.on("statement", ({ sql }) => lines.push(sql));
   */
  static on<K extends keyof EngineEvents>(name: K, listener: EngineEvents[K], options?: ListenOptions): () => void;
  static on<K extends keyof PoolEvents>(name: K, listener: PoolEvents[K], options?: ListenOptions): () => void;
  static on(name: string, listener: never, options?: ListenOptions): () => void {
    return listenersFor(name, ALL_ENGINES, ALL_POOLS).on(name as never, listener, options);
  }
  static off<K extends keyof EngineEvents>(name: K, listener: EngineEvents[K]): void;
  static off<K extends keyof PoolEvents>(name: K, listener: PoolEvents[K]): void;
  static off(name: string, listener: never): void {
    listenersFor(name, ALL_ENGINES, ALL_POOLS).off(name as never, listener);
  }
  /** Listens to an event of the engine or its pool; gives the function that stops it. */
  on<K extends keyof EngineEvents>(name: K, listener: EngineEvents[K], options?: ListenOptions): () => void;
  on<K extends keyof PoolEvents>(name: K, listener: PoolEvents[K], options?: ListenOptions): () => void;
  on(name: string, listener: never, options?: ListenOptions): () => void {
    return listenersFor(name, this.#events, this.#core.pool.events).on(name as never, listener, options);
  }
  off<K extends keyof EngineEvents>(name: K, listener: EngineEvents[K]): void;
  off<K extends keyof PoolEvents>(name: K, listener: PoolEvents[K]): void;
  off(name: string, listener: never): void {
    listenersFor(name, this.#events, this.#core.pool.events).off(name as never, listener);
  }
  /** Whether this listener was added to this engine or its pool. */
  listens<K extends keyof EngineEvents>(name: K, listener: EngineEvents[K]): boolean;
  listens<K extends keyof PoolEvents>(name: K, listener: PoolEvents[K]): boolean;
  listens(name: string, listener: never): boolean {
    return listenersFor(name, this.#events, this.#core.pool.events).contains(name as never, listener);
  }
  /** Closes all idle connections; those in use close when given back. The engine may be used again. */
  async dispose(): Promise<void> {
    await this.#core.dispose();
    this.#events.emit("dispose", { engine: this });
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
  toString(): string {
    return `Engine(${this.url})`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/**
 * Makes an engine from a URL; nothing is opened yet.
 *
 * @throws ArgumentError for a URL, a dialect or an option that cannot be right
 * @example createEngine("sqlite:///app.db", { echo: true })
 */
export function createEngine(url: string | Url, options: EngineOptions = {}): Engine {
  return makeEngine(url, options);
}
/** `driver` stands in for a database: nothing is loaded and no server asked. */
export function makeEngine(given: string | Url, asked: EngineOptions, driver?: Driver): Engine {
  let url = makeUrl(given);
  let options = asked;
  checkOptions(options);
  for (const plugin of asked.plugins ?? []) {
    const changed = plugin.configure?.(url, options);
    url = changed?.url ?? url;
    options = changed?.options ?? options;
  }
  if (options !== asked) checkOptions(options);
  const dialect = dialectFor(url);
  dialect.settings = settingsOf(options, dialect);
  const { isolationLevel, echoPool } = options;
  if (
    isolationLevel !== undefined &&
    isolationLevel !== "AUTOCOMMIT" &&
    !dialect.capabilities.isolationLevels.includes(isolationLevel)
  ) {
    const known = [...dialect.capabilities.isolationLevels, "AUTOCOMMIT"];
    throw new ArgumentError(
      `${dialect.name} has no isolation level '${isolationLevel}'.${didYouMean(isolationLevel, known)} Known: ${known.join(", ")}.`,
      "isolation.unknown",
    );
  }
  const core = new Core(url, dialect, options, driver);
  const engine = new Engine(core, options);
  if (echoPool !== undefined && echoPool !== false)
    echoEvents(core.pool, new Logger(echoPool, true, options.loggingName));
  for (const plugin of asked.plugins ?? []) plugin.created?.(engine);
  return engine;
}
function settingsOf(options: EngineOptions, dialect: Dialect): DialectSettings {
  const { jsonSerializer, jsonDeserializer, labelLength, maxIdentifierLength } = options;
  for (const [name, length] of Object.entries({ labelLength, maxIdentifierLength })) {
    if (length !== undefined && !(Number.isInteger(length) && length >= 12))
      throw new ArgumentError(`The option ${name} is a whole number from 12, not ${length}.`, "engine.option");
  }
  const most = maxIdentifierLength ?? dialect.capabilities.maxIdentifierLength;
  if (labelLength !== undefined && labelLength > most)
    throw new ArgumentError(
      `labelLength is ${labelLength}, but names have at most ${most} characters.`,
      "engine.option",
    );
  return { jsonSerializer, jsonDeserializer, labelLength, maxIdentifierLength };
}
function checkOptions(options: EngineOptions): void {
  requireKnownOptions(options, OPTIONS, "createEngine()", "engine.option");
  checkedExecutionOptions(options.executionOptions ?? {}, "createEngine()");
}
function echoEvents(pool: Pool, logger: Logger): void {
  for (const name of POOL_EVENTS) pool.events.on(name, () => logger.line(`Pool: ${name}, ${describe(pool)}`));
}
function describe(pool: Pool): string {
  const { checkedOut, idle } = pool.status();
  return `${checkedOut} in use, ${idle} idle`;
}
/** Where the listeners of an event live. @throws ArgumentError for a name nobody knows */
function listenersFor(name: string, engine: Events<EngineEvents>, pool: Events<PoolEvents>): Listeners {
  if ((POOL_EVENTS as readonly string[]).includes(name)) return pool as unknown as Listeners;
  if ((ENGINE_EVENTS as readonly string[]).includes(name)) return engine as unknown as Listeners;
  const known = [...ENGINE_EVENTS, ...POOL_EVENTS];
  throw new ArgumentError(
    `There is no event '${name}'.${didYouMean(name, known)} Known: ${known.join(", ")}.`,
    "event.unknown",
  );
}
/** Listeners of an event of either kind; the overloads of `on` and `off` have checked the pair. */
type Listeners = Events<{ [name: string]: (event: never) => unknown }>;

/** A signal ends the wait; the next attempt then says that it was stopped. */
function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  if (!(milliseconds >= 0 && milliseconds < 2 ** 31))
    throw new ArgumentError(
      `runTransaction(): backoff gives a number of milliseconds from 0, not ${String(milliseconds)}.`,
      "retries.backoff",
    );
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, milliseconds);
    signal?.addEventListener("abort", over);
  });
}
function defaultBackoff(attempt: number): number {
  return Math.min(2000, 10 * 4 ** (attempt - 1)) * (0.5 + Math.random());
}
