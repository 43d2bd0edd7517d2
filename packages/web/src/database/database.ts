/** `Database`: engines, models and the request's session for an app. Source: Flask-SQLAlchemy "API", class `SQLAlchemy`. */
import {
  type AnyModel,
  CompoundStatement,
  type Engine,
  type EngineOptions,
  type HasScalar,
  MetaData,
  MultipleResultsFound,
  NoResultFound,
  type ReflectOptions,
  SelectStatement,
  type Table,
  table,
} from "@athanor/core";
import {
  type Entity,
  type GetOptions,
  type Identity,
  type Mapper,
  type Query,
  Session,
  type SessionClass,
  type SessionOptions,
  type SessionScopes,
} from "@athanor/orm";
import type { MiddlewareHandler } from "hono";
import type { App } from "../app/app.js";
import { NotFound } from "../errors/http-error.js";
import { currentScope } from "../scope/scope.js";
import { BindTables } from "./binds.js";
import { Engines } from "./engines.js";
import { DatabaseSetupError } from "./errors.js";
import { type DatabaseVariables, type HonoOptions, honoMiddleware, scopedHandler } from "./hosts.js";
import { type DatabaseModel, type ModelBaseClass, Models } from "./models.js";
import { type DatabaseEventName, type DatabaseEvents, Modifications } from "./modifications.js";
import { answerNotFound } from "./not-found.js";
import { type PaginateOptions, type Pagination, paginate, querySource, selectSource } from "./pagination.js";
import { noteCaller, type RecordedQuery, recordedQueries, recordQueries } from "./recording.js";
import { type ScopedSession, scopedSessions } from "./session-scope.js";
import { CONFIG_KEYS, changedKey, configSnapshot, readSettings } from "./settings.js";
import { transactional } from "./transactional.js";

export type { SessionClass };

export interface DatabaseOptions<B extends ModelBaseClass = ModelBaseClass> {
  /**
   * For every session: `{ expireOnCommit: false }`. `class` is a subclass of Session; `scope` tells sessions apart by a
   * value of your own, such as a tenant, instead of by request, command or test.
   */
  readonly sessionOptions?: Omit<SessionOptions, "bind" | "getBind"> & {
    readonly class?: SessionClass;
    readonly scope?: () => unknown;
  };
  /** For every engine; the configuration is stronger. */
  readonly engineOptions?: EngineOptions;
  /** Of the default database; default a new one. */
  readonly metadata?: MetaData;
  /** A class whose methods and statics all models get. */
  readonly modelClass?: B;
  /** Give `db` and every model to `athanor shell`. Default true. */
  readonly addModelsToShell?: boolean;
}

/** Which databases: "all" (the default), null for the default one, a bind key, or several of them. */
export type BindChoice = "all" | string | null | readonly (string | null)[];

/** Added to the visitor's 404 page, escaped. */
export interface Or404Options {
  readonly description?: string;
}

/** Where a Database is found in `app.extensions`. */
export const DATABASE_EXTENSION = "database";

type TableFactory = typeof table;

/**
 * The database of an app, or of several.
 *
 * @example
 * const app = createApp(import.meta, { config: { DATABASE_URL: "sqlite:///app.db" } });
 * const db = new Database(app);
 * class Todo extends db.Model("Todo", { id: integer().primaryKey(), description: text() }) {}
 * app.get("/", async function index() { return render("index.html", { data: await Todo.query().all() }); });
 */
export class Database<B extends ModelBaseClass = abstract new () => {}> implements AsyncDisposable {
  /** Declares a model of this database, as the ORM's `Model` does; `{ bind: "key" }` puts it into another one. */
  readonly Model: DatabaseModel<B>;
  /** The session of the running request, command or test; see `ScopedSession`. */
  readonly session: ScopedSession;
  readonly #options: DatabaseOptions<B>;
  readonly #tables: BindTables;
  readonly #models: Models<B>;
  readonly #sessions: SessionScopes;
  readonly #engines = new Map<App, Engines>();
  /** Apps whose statements are recorded. */
  readonly #recording = new WeakSet<object>();
  readonly #modifications = new Modifications();

  /**
   * @param app the app to register with at once; leave it out and call `initApp` in an app factory
   * @throws DatabaseSetupError when the app's configuration names no database
   */
  constructor(app?: App | null, options: DatabaseOptions<B> = {}) {
    this.#options = options;
    this.#tables = new BindTables(options.metadata ?? new MetaData());
    this.#sessions = scopedSessions(
      (owner) => this.#makeSession(owner ?? this.#app("db.session")),
      (scope) => {
        if (this.#recording.has(scope.owner)) noteCaller(scope);
      },
      options.sessionOptions?.scope,
    );
    this.session = this.#sessions.proxy;
    this.#models = new Models(options.modelClass, this.#tables, () => this.session);
    this.Model = this.#models.Model;
    if (app !== undefined && app !== null) this.initApp(app);
  }

  /**
   * Registers with an app and reads its configuration, once.
   *
   * @throws DatabaseSetupError "database.url-missing", "database.second-instance", "database.config"
   */
  initApp(app: App): this {
    const other = app.extensions.get(DATABASE_EXTENSION);
    if (other !== undefined) {
      throw new DatabaseSetupError(
        "database.second-instance",
        `The app '${app.name}' has ${other === this ? "this Database already" : "another Database"}. Make one Database and import it where it is needed; for further databases use DATABASE_BINDS.`,
      );
    }
    app.config.know(...CONFIG_KEYS);
    const settings = readSettings(app.config, this.#options.engineOptions ?? {});
    const read = configSnapshot(app.config);
    app.extensions.set(DATABASE_EXTENSION, this);
    if (settings.recordQueries) this.#recording.add(app);
    this.#engines.set(
      app,
      new Engines(settings, app.instancePath, (engine) => {
        if (settings.recordQueries) recordQueries(engine, app);
      }),
    );
    if (settings.trackModifications) this.#modifications.track(app, this.session);
    answerNotFound(app);
    app.onStart(() => {
      if (!settings.trackModifications && !this.#modifications.quiet)
        app.logger.warn(
          "Something listens to db.on(…), and DATABASE_TRACK_MODIFICATIONS is off: it will hear nothing of this app. Set it to true.",
        );
      const changed = changedKey(app.config, read);
      if (changed !== undefined) {
        throw new DatabaseSetupError(
          "database.late-config",
          `${changed} was changed after the Database had read it. Move that line above \`new Database(app)\` or \`db.initApp(app)\`.`,
        );
      }
    });
    if (this.#options.addModelsToShell !== false) app.shellContext(() => ({ db: this, ...this.models }));
    return this;
  }

  // ---- which app

  /** The app of the running scope, else the only one there is. */
  #app(what: string): App {
    const owner = currentScope()?.owner;
    if (owner !== undefined) {
      // Only apps were put in, so what is found under the owner is the owner.
      if (this.#engines.has(owner as App)) return owner as App;
      throw this.#notRegistered(owner);
    }
    const [only, second] = this.#engines.keys();
    if (only === undefined)
      throw new DatabaseSetupError(
        "database.not-registered",
        `${what} needs an app: call db.initApp(app), or give it to the constructor.`,
      );
    if (second !== undefined)
      throw new DatabaseSetupError(
        "database.several-apps",
        `${what}: several apps share this Database. Say which one is meant: await app.context(async () => { … }).`,
      );
    return only;
  }

  #notRegistered(owner: object): DatabaseSetupError {
    const name = "name" in owner && typeof owner.name === "string" ? ` '${owner.name}'` : "";
    const has = "extensions" in owner && owner.extensions instanceof Map && owner.extensions.has(DATABASE_EXTENSION);
    return new DatabaseSetupError(
      "database.not-registered",
      has
        ? `The running app${name} is registered with another Database than this one. Make one Database and import it everywhere.`
        : `The running app${name} is not registered with this Database. Either db.initApp(app) was never called, or a second Database was made by accident.`,
    );
  }

  #enginesOf(what: string): Engines {
    return this.#engines.get(this.#app(what)) as Engines;
  }

  #makeSession(owner: object): Session {
    const engines = this.#engines.get(owner as App);
    if (engines === undefined) throw this.#notRegistered(owner);
    const { class: Made = Session, scope: _, ...options } = this.#options.sessionOptions ?? {};
    return new Made({
      ...options,
      getBind: (mapper: Mapper | null, statement) => engines.get(this.#tables.keyOf(mapper, statement)),
    });
  }

  // ---- engines, tables, models

  /** The engine of the default database, of the running app or the only one. @throws DatabaseSetupError */
  get engine(): Engine {
    return this.#enginesOf("db.engine").get(null);
  }
  /** Engines by bind key; null is the default database. */
  get engines(): ReadonlyMap<string | null, Engine> {
    return this.#enginesOf("db.engines").all();
  }
  /** Keys of the databases an app has configured; null is the default one. @throws DatabaseSetupError */
  bindKeys(app: App): readonly (string | null)[] {
    const engines = this.#engines.get(app);
    if (engines === undefined) throw this.#notRegistered(app);
    return engines.keys;
  }
  /** The tables of the default database. */
  get metadata(): MetaData {
    return this.#tables.metadata(null);
  }
  /** Tables by bind key, of binds that models or tables have named. */
  get metadatas(): ReadonlyMap<string | null, MetaData> {
    return this.#tables.all();
  }
  /** Every model by name; configures them. */
  get models(): Readonly<Record<string, Function>> {
    return this.#models.byName();
  }

  /** A table of this database for the expression language, as the core's `table`; `metadata` chooses another bind's. */
  readonly table: TableFactory = (name, props, options) => table(name, props, { metadata: this.metadata, ...options });

  /** The tables of a bind, for `db.table(…, { metadata: db.bind("auth") })`. */
  bind(key: string | null): MetaData {
    return this.#tables.metadata(key);
  }

  async #eachBind(
    choice: BindChoice,
    what: string,
    work: (engine: Engine, metadata: MetaData) => unknown,
  ): Promise<void> {
    const engines = this.#enginesOf(what);
    const keys = choice === "all" ? engines.keys : typeof choice === "string" || choice === null ? [choice] : choice;
    for (const key of keys) await work(engines.get(key), this.#tables.metadata(key));
  }
  /**
   * Creates the tables that are missing; never changes existing ones. Models must have been imported.
   *
   * @example await db.createAll();
   */
  createAll(options: { readonly bind?: BindChoice } = {}): Promise<void> {
    return this.#eachBind(options.bind ?? "all", "db.createAll()", (engine, metadata) => metadata.createAll(engine));
  }
  /** Drops the tables, with all their rows. */
  dropAll(options: { readonly bind?: BindChoice } = {}): Promise<void> {
    return this.#eachBind(options.bind ?? "all", "db.dropAll()", (engine, metadata) => metadata.dropAll(engine));
  }
  /** Reads tables from the database into the metadata. */
  async reflect(options: ReflectOptions & { readonly bind?: BindChoice } = {}): Promise<readonly Table[]> {
    const { bind = "all", ...rest } = options;
    const found: Table[] = [];
    await this.#eachBind(bind, "db.reflect()", async (engine, metadata) => {
      found.push(...(await metadata.reflect(engine, rest)));
    });
    return found;
  }

  // ---- scopes

  /**
   * Runs work in a scope of its own, with its own `db.session`: scripts, jobs, tests. Commit yourself.
   *
   * @throws what `fn` throws; DatabaseSetupError when no app or several are registered
   * @example await db.run(async () => { db.session.add(new User({ name: "Amy" })); await db.session.commit(); });
   */
  async run<T>(fn: () => T | Promise<T>): Promise<T> {
    return this.#app("db.run()").context(fn);
  }

  /**
   * A handler that is one transaction: commits when it returns, rolls back when it throws or answers 5xx.
   *
   * @example app.post("/todo", db.transactional(async function create(c) { db.session.add(new Todo({ … })); return redirect("/"); }));
   */
  transactional<A extends readonly unknown[], R>(handler: (...args: A) => R): (...args: A) => Promise<Awaited<R>> {
    return transactional(this.#sessions, handler);
  }

  /**
   * Hears what each committed transaction changed, with DATABASE_TRACK_MODIFICATIONS on: objects of the unit of work, not
   * rows that an UPDATE or DELETE of many reached. Gives the function that stops it.
   *
   * @example db.on("modelsCommitted", async ({ changes }) => { for (const { model, operation } of changes) await index(model, operation); });
   */
  on<K extends DatabaseEventName>(name: K, listener: DatabaseEvents[K]): () => void {
    return this.#modifications.on(name, listener);
  }

  /**
   * Gives a function its own scope, for frameworks that take functions: `export const GET = db.handler(…)` in Next, the
   * fetch of a Worker, a handler of Express, Fastify or node:http. The scope ends with the function's promise, not with
   * the connection; a body that is produced later has no session any more.
   *
   * @example app.get("/", db.handler(async (req, res) => { res.json(await User.query().all()); }));
   */
  handler<A extends readonly unknown[], R>(handler: (...args: A) => R): (...args: A) => Promise<Awaited<R>> {
    return scopedHandler((fn) => this.run(fn), handler);
  }

  /**
   * Middleware for a Hono app of one's own: a scope around each request, its session in `c.var.session`. Errors that Hono
   * answers itself reach the teardowns too.
   *
   * @example const app = new Hono<{ Variables: DatabaseVariables }>(); app.use(db.hono({ transactional: true }));
   */
  hono(options: HonoOptions = {}): MiddlewareHandler<{ Variables: DatabaseVariables }> {
    return honoMiddleware(
      (fn) => this.run(fn),
      () => this.session(),
      options,
    );
  }

  /** Statements of the running scope, when DATABASE_RECORD_QUERIES is on. */
  getRecordedQueries(): readonly RecordedQuery[] {
    return recordedQueries();
  }

  // ---- reading, with 404

  /** The object with this key. @throws NotFound (404) when there is none */
  async getOr404<M extends AnyModel>(
    model: M,
    id: Identity<M>,
    options: Or404Options & GetOptions<readonly []> = {},
  ): Promise<Entity<M>> {
    const { description, ...rest } = options;
    const found = await this.session.get(model, id, rest);
    if (found === null) throw notFound(description);
    return found;
  }
  /** The first item of a select. @throws NotFound (404) when there is none */
  async firstOr404<V>(statement: HasScalar<V>, options: Or404Options = {}): Promise<V> {
    const found = await this.session.scalars(statement).first();
    if (found === null) throw notFound(options.description);
    return found;
  }
  /** The only item of a select. @throws NotFound (404) for none and for several */
  async oneOr404<V>(statement: HasScalar<V>, options: Or404Options = {}): Promise<V> {
    try {
      return await this.session.scalars(statement).one();
    } catch (error) {
      if (error instanceof NoResultFound || error instanceof MultipleResultsFound)
        throw notFound(options.description, error);
      throw error;
    }
  }

  /**
   * One page of a select or of `User.query()…`. Page and size come from `?page=` and `?perPage=` unless given.
   *
   * @throws NotFound (404) for a page that cannot be, unless `errorOut` is false
   * @example const page = await db.paginate(select(Post).orderBy(desc(Post.c.timestamp)), { perPage: 10 });
   */
  paginate<V>(what: HasScalar<V>, options?: PaginateOptions): Promise<Pagination<V>> {
    const statement: unknown = what;
    if (statement instanceof SelectStatement || statement instanceof CompoundStatement)
      return paginate<V>(
        selectSource(statement, () => this.session),
        options,
      );
    // What has a scalar type and is no statement is a Query; its row type is V by the signature.
    return paginate<V>(querySource(statement as Query<never>), options);
  }

  // ---- the end

  /** Closes the connections of every app's engines. They open again when used. */
  async dispose(): Promise<void> {
    for (const engines of this.#engines.values()) await engines.dispose();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** `<Database postgresql://u:***@host/db +2 engines>`; never shows a password. */
  toString(): string {
    const [engines, second] = this.#engines.values();
    if (engines === undefined || second !== undefined)
      return engines === undefined ? "<Database>" : `<Database of ${this.#engines.size} apps>`;
    const [first, ...more] = engines.describe();
    return `<Database ${first}${more.length === 0 ? "" : ` +${more.length} engine${more.length === 1 ? "" : "s"}`}>`;
  }
  get [Symbol.toStringTag](): string {
    return "Database";
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function notFound(description: string | undefined, cause?: unknown): NotFound {
  return new NotFound({
    ...(description === undefined ? {} : { description }),
    ...(cause === undefined ? {} : { cause }),
  });
}
