/** The public session. Source: SQLAlchemy "Using the Session". */
import {
  type AnyModel,
  type AnyRow,
  ArgumentError,
  type Connection,
  type Element,
  type Engine,
  type HasRow,
  type HasScalar,
  InvalidRequestError,
  insert,
  type ListenOptions,
  type LoadFace,
  type MaybePromise,
  type NameOf,
  type NewRow,
  NoResultFound,
  type Result,
  requireKnownOptions,
  type Select,
  type Selectable,
  select,
  update,
} from "@athanor/core";
import { ObjectDeletedError } from "../errors.js";
import { describeGiven, describeInstance } from "../mapping/collection.js";
import { mapperOf } from "../mapping/declarative.js";
import { mapperOfInstance } from "../mapping/mapper.js";
import { type Managed, managed, PENDING, PERSISTENT, tokenOf } from "../mapping/state.js";
import { entityElementOf } from "../query/entity.js";
import { executeStatement, type ParameterValues, refreshInstances } from "../query/execute.js";
import { keyValues } from "../query/key-values.js";
import { sessionQuery } from "../query/query.js";
import { upsertRows } from "../query/upsert.js";
import type { Entity, Identity } from "../typing/entities.js";
import type { LoadedRoot, Query } from "../typing/query.js";
import { checkGetOptions, namesGiven, requireManaged, requireMany } from "./arguments.js";
import { AskedValue } from "./asked-value.js";
import { getByKey } from "./by-key.js";
import { cascadeMeetsChanges, reachable } from "./cascades.js";
import type { Bind } from "./connections.js";
import { SessionCore } from "./core.js";
import { hooksOfClass, LISTENERS, type Listened, type SessionEventName, type SessionEvents } from "./events.js";
import { checkKey, expireOne } from "./expire.js";
import { type LockOptions, SESSION, type SessionInternals } from "./internals.js";
import { type MergeOptions, mergeInto } from "./merge.js";
import { forgetOpen, rememberOpen } from "./open-sessions.js";
import { coreOptions, DEFAULTS, isBind, type SessionOptions } from "./options.js";
import { keepShapes } from "./shapes.js";
import type { TransactionFrame } from "./transaction-frame.js";
import { isModified } from "./unit-of-work/values.js";

const NO_OPTIONS: SessionOptions = {};
const UPSERT_OPTIONS = ["target", "set", "shardId"];
const NO_GET_OPTIONS: GetOptions<readonly unknown[]> = {};

export interface GetOptions<P> {
  readonly options?: P;
  readonly populateExisting?: boolean;
  /** The shard or tenant whose row is meant. */
  readonly identityToken?: unknown;
  readonly withForUpdate?: boolean | LockOptions;
}

/** The transaction of a session, or a savepoint in it. */
export class SessionTransaction implements AsyncDisposable {
  readonly #core: SessionCore;
  readonly #frame: TransactionFrame;
  readonly nested: boolean;
  constructor(core: SessionCore, frame: TransactionFrame, nested: boolean) {
    this.#core = core;
    this.#frame = frame;
    this.nested = nested;
  }
  /** False once it has ended. */
  get isActive(): boolean {
    return this.#core.transactions.isActive(this.#frame);
  }
  commit(): Promise<void> {
    return this.#core.enqueueAfterResults(async () => {
      if (!this.isActive)
        throw new InvalidRequestError(
          `This ${this.nested ? "savepoint" : "transaction"} of the session has already ended.`,
          "transaction.ended",
        );
      await (this.nested ? this.#core.transactions.releaseNested(this.#frame) : this.#core.transactions.commit());
    });
  }
  rollback(): Promise<void> {
    return this.#core.enqueueAfterResults(async () => {
      if (!this.isActive) return;
      await (this.nested ? this.#core.transactions.rollbackNested(this.#frame) : this.#core.transactions.rollback());
    });
  }
  /** Rolls back what was not committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isActive) await this.rollback();
  }
}

/**
 * One conversation with the database: objects by identity, their changes, one transaction at a time. Its statements
 * run one after another, so `Promise.all` over queries and lazy attributes is safe. It begins with the first use and
 * never commits by itself.
 *
 * @example
 * await using session = new Session(engine);
 * session.add(new User({ username: "amy" }));
 * await session.commit();
 */
export class Session implements AsyncDisposable {
  readonly #core: SessionCore;
  readonly #options: SessionOptions;
  #info: Map<string, unknown> | undefined;

  constructor(bind: Bind | SessionOptions, options: SessionOptions = NO_OPTIONS) {
    keepShapes(Session.#sample);
    if (typeof bind !== "object" || bind === null || typeof (bind as { readonly then?: unknown }).then === "function")
      throw new ArgumentError(
        `new Session(): an engine, a connection or options are needed, not ${describeGiven(bind)}: new Session(createEngine(url)).`,
        "session.option",
      );
    const bound = isBind(bind);
    const hooks = (options as Listened)[LISTENERS] ?? (bind as Listened)[LISTENERS] ?? hooksOfClass(new.target);
    if (bound && options === NO_OPTIONS) {
      this.#options = NO_OPTIONS;
      this.#core = new SessionCore(this, bind, DEFAULTS, hooks);
      rememberOpen(this.#core);
      return;
    }
    const all: SessionOptions = bound ? { bind, ...options } : bind;
    this.#options = all;
    this.#core = new SessionCore(this, all.bind, coreOptions(all), hooks);
    rememberOpen(this.#core);
  }
  static readonly #sample = () => {
    const session = new Session(NO_OPTIONS);
    forgetOpen(session.#core);
    return { session, core: session.#core };
  };
  /** Anything; for the program's own use. */
  get info(): Map<string, unknown> {
    this.#info ??= new Map(Object.entries(this.#options.info ?? {}));
    return this.#info;
  }
  get [SESSION](): SessionInternals {
    return this.#core;
  }

  // ---- objects

  /**
   * Puts objects into the session, and what their relationships reach (save-update cascade). Written by the next flush.
   *
   * @throws InvalidRequestError for an object of another session or a deleted one
   */
  add(...entities: object[]): void {
    this.#open();
    for (const entity of entities) this.#core.objects.add(requireManaged(entity, "add"));
  }
  addAll(entities: Iterable<object>): void {
    requireMany(entities, "addAll", "add");
    this.#open();
    // A class of the program's own may do more in add().
    const plain = this.add === Session.prototype.add;
    for (const entity of entities) {
      if (plain) this.#core.objects.add(requireManaged(entity, "add"));
      else this.add(entity);
    }
  }
  /**
   * Marks for deletion, with what the delete cascade reaches; that may load collections, hence the promise.
   *
   * @throws InvalidRequestError for an object that is not persistent in this session
   */
  delete(entity: object): Promise<void> {
    return this.#core.enqueueAfterResults(async () => {
      const instance = requireManaged(entity, "delete");
      if (
        instance.$$s === undefined &&
        (instance.$$f & PENDING) === 0 &&
        mapperOfInstance(instance).keyOf(instance) !== undefined &&
        isDetached(instance)
      )
        this.#core.objects.add(instance);
      if (instance.$$s !== this.#core || (instance.$$f & PERSISTENT) === 0) {
        throw new InvalidRequestError(
          `delete(${describeInstance(instance)}): it has no row yet or is not in this session; only persistent objects can be deleted.`,
          "session.not-persistent",
        );
      }
      if (cascadeMeetsChanges(instance, this.#core)) await this.#core.autoflush();
      await this.#core.objects.markDeleted(instance);
    });
  }
  async deleteAll(entities: Iterable<object>): Promise<void> {
    requireMany(entities, "deleteAll", "delete");
    for (const entity of entities) await this.delete(entity);
  }
  /** Takes an object out of the session, with what the expunge cascade reaches; it becomes detached (or transient). */
  expunge(entity: object): void {
    this.#core.objects.expunge(requireManaged(entity, "expunge"));
  }
  expungeAll(): void {
    this.#core.objects.expungeAll();
  }
  /** Copies the state of an object from elsewhere onto this session's object for the same row, which it gives. */
  merge<E extends object>(entity: E, options: MergeOptions = {}): Promise<E> {
    return this.#core.enqueueAfterResults(async () => {
      await this.#core.autoflush();
      const merged = await mergeInto(this.#core, requireManaged(entity, "merge"), options, new Map(), new Map());
      return merged as unknown as E;
    });
  }
  async mergeAll<E extends object>(entities: Iterable<E>, options: MergeOptions = {}): Promise<E[]> {
    requireMany(entities, "mergeAll", "merge");
    const merged: E[] = [];
    for (const entity of entities) merged.push(await this.merge(entity, options));
    return merged;
  }
  /**
   * Inserts rows or updates those that are there, and gives the object of each, in order and read anew. On databases that
   * return rows one statement does it; elsewhere (MySQL) the rows are read afterwards by `target`.
   *
   * @param options.target keys of the columns of a unique key by which rows are recognized; default: the primary key
   * @param options.set keys of the columns an existing row takes over; default: all that are given
   * @param options.shardId where the rows are; default: what `shardChooser` says of an INSERT of them
   * @example const users = await session.upsert(User, [{ email: "a@x", name: "amy" }], { target: ["email"] });
   * @throws ArgumentError for a row that leaves a part of the target open
   */
  upsert<M extends AnyModel>(
    model: M,
    rows: NewRow<M> | readonly NewRow<M>[],
    options: {
      readonly target?: readonly (keyof NewRow<M> & string)[];
      readonly set?: readonly (keyof NewRow<M> & string)[];
      readonly shardId?: unknown;
    } = {},
  ): Promise<Entity<M>[]> {
    requireKnownOptions(options, UPSERT_OPTIONS, "upsert()", "session.option");
    return this.#core.enqueueAfterResults(async () => {
      await this.#core.autoflush();
      const list = (Array.isArray(rows) ? rows : [rows]) as readonly { readonly [name: string]: unknown }[];
      if (list.length === 0) return [];
      const mapper = mapperOf(model);
      const { shards } = this.#core.options;
      const at =
        options.shardId ?? shards?.forInstance(mapper, undefined, insert(model).values(list as never) as never);
      return (await upsertRows(this.#core.at(at), mapper, list, options)) as unknown as Entity<M>[];
    });
  }
  /** SQLAlchemy's name for `execute(insert(model), rows)`. Gives the number of rows. */
  bulkInsertMappings<M extends AnyModel>(model: M, rows: readonly NewRow<M>[]): Promise<number> {
    return rows.length === 0 ? Promise.resolve(0) : this.execute(insert(model), rows as never).rowCount();
  }
  /** SQLAlchemy's name for `execute(update(model), rows)`: rows by primary key. Gives the number of rows. */
  bulkUpdateMappings<M extends AnyModel>(model: M, rows: readonly Partial<NewRow<M>>[]): Promise<number> {
    return rows.length === 0 ? Promise.resolve(0) : this.execute(update(model), rows as never).rowCount();
  }
  /** Whether the object belongs to this session. */
  contains(entity: object): boolean {
    const instance = managed(entity);
    return instance !== undefined && instance.$$s === this.#core && (instance.$$f & (PENDING | PERSISTENT)) !== 0;
  }
  /** Added and not yet flushed. */
  get new(): ReadonlySet<object> {
    return new Set(this.#core.pending);
  }
  /** Persistent with changes not yet flushed; a value set back is still listed. */
  get dirty(): ReadonlySet<object> {
    return new Set(this.#core.dirty);
  }
  /** To be deleted by the next flush. */
  get deleted(): ReadonlySet<object> {
    return new Set(this.#core.toDelete);
  }
  /** All objects that have a row. */
  get identityMap(): readonly object[] {
    return [...this.#core.identity.all()];
  }
  [Symbol.iterator](): Iterator<object> {
    return [...this.#core.pending, ...this.#core.identity.all()][Symbol.iterator]();
  }
  /** Whether attributes of the object differ from its row: what was set and set back does not count. */
  isModified(entity: object): boolean {
    return isModified(requireManaged(entity, "isModified"));
  }

  // ---- reading

  /** Runs a statement; the result is awaited for all rows. @throws (when awaited) DatabaseError and its kinds */
  execute<R>(statement: HasRow<R>, params?: ParameterValues): Result<R>;
  execute(statement: Element, params?: ParameterValues): Result<AnyRow>;
  execute(statement: unknown, params?: ParameterValues): Result<unknown> {
    this.#open();
    return executeStatement(this.#core, statement, params);
  }
  /** The first item of each row: entities, or values. */
  scalars<V>(statement: HasScalar<V>, params?: ParameterValues): Result<V>;
  scalars(statement: Element, params?: ParameterValues): Result<unknown>;
  scalars(statement: unknown, params?: ParameterValues): Result<unknown> {
    this.#open();
    return executeStatement(this.#core, statement, params, "scalars");
  }
  /** The first item of the first row, or null. */
  scalar<V>(statement: HasScalar<V>, params?: ParameterValues): Promise<V | null>;
  scalar(statement: Element, params?: ParameterValues): Promise<unknown>;
  scalar(statement: unknown, params?: ParameterValues): Promise<unknown> {
    this.#open();
    return new AskedValue(executeStatement(this.#core, statement, params, "scalars"));
  }
  /**
   * The object with this key: from the identity map without SQL, else from the database; null when there is none.
   *
   * @example await session.get(OrderLine, [1, 2]);   // composite keys in declared order, or as an object
   */
  get<M extends AnyModel>(model: M, id: Identity<M>, options?: GetOptions<readonly []>): Promise<Entity<M> | null>;
  get<M extends AnyModel, const P extends readonly LoadFace<NameOf<M>, readonly string[], unknown, unknown>[]>(
    model: M,
    id: Identity<M>,
    options: GetOptions<P>,
  ): Promise<LoadedRoot<M, P[number]> | null>;
  get(model: unknown, id: unknown, options: GetOptions<readonly unknown[]> = NO_GET_OPTIONS): Promise<never> {
    if (!this.#core.isIdle) return this.#getInTurn(model, id, options);
    // The turn is here: no function is made for it.
    try {
      const found = this.#lookUp(model, id, options);
      return found instanceof Promise ? this.#core.hold(found) : Promise.resolve(found);
    } catch (error) {
      return Promise.reject(error);
    }
  }
  #getInTurn(model: unknown, id: unknown, options: GetOptions<readonly unknown[]>): Promise<never> {
    return this.#core.enqueueAfterResults(() => this.#lookUp(model, id, options));
  }
  #lookUp(model: unknown, id: unknown, options: GetOptions<readonly unknown[]>): MaybePromise<never> {
    const mapper = mapperOf(model);
    if (options !== NO_GET_OPTIONS) checkGetOptions(options);
    return getByKey(this.#core, mapper, keyValues(mapper, id), options) as MaybePromise<never>;
  }
  /** Like `get`, but no row is an error. @throws NoResultFound */
  async getOne<M extends AnyModel>(model: M, id: Identity<M>): Promise<Entity<M>> {
    const found = await this.get(model, id);
    if (found === null)
      throw new NoResultFound(`There is no ${mapperOf(model)} with the key ${JSON.stringify(id)}.`, "result.none");
    return found;
  }
  /** `query(User)` with the methods of a Query; `query(User.c.id, …)` is `select(…)`. */
  query<M extends AnyModel>(model: M): Query<M>;
  query<A extends readonly Selectable[]>(...what: A): Select<A>;
  query(...what: unknown[]): unknown {
    if (what.length === 1 && entityElementOf(what[0]) !== undefined) return sessionQuery(this, what[0]);
    return select(...(what as Selectable[]));
  }
  /**
   * Reads an object anew, or only the named attributes. A whole object takes along what the refresh-expire cascade
   * reaches: it is read anew with the next row.
   *
   * @param options.withForUpdate locks the row
   * @throws ObjectDeletedError when its row is gone
   */
  refresh<E extends object>(
    entity: E,
    attributes?: readonly (keyof E)[],
    options: { readonly withForUpdate?: boolean | LockOptions } = {},
  ): Promise<void> {
    requireKnownOptions(options, ["withForUpdate"], "refresh()", "session.option");
    const { withForUpdate: lock = false } = options;
    return this.#core.enqueueAfterResults(async () => {
      const instance = requireManaged(entity, "refresh");
      if (instance.$$s !== this.#core || (instance.$$f & PERSISTENT) === 0) {
        throw new InvalidRequestError(
          `refresh(${describeInstance(instance)}): it has no row yet or is not in this session.`,
          "session.not-persistent",
        );
      }
      await this.#core.autoflush();
      this.#core.requireHealthy();
      const keys = namesGiven(attributes, "refresh");
      for (const key of keys ?? []) checkKey(instance, key, "refresh");
      if (keys === undefined) this.#expireReached(instance);
      if (lock !== false && keys?.every((key) => mapperOfInstance(instance).relationship(key) !== undefined))
        throw new ArgumentError(
          "refresh(): withForUpdate locks the object's own row; name one of its columns, or none.",
          "session.option",
        );
      const locked = lock === true ? {} : lock === false ? undefined : lock;
      const gone = await refreshInstances(this.#core.at(tokenOf(instance)), [instance], keys, true, locked);
      if (gone.length > 0) throw new ObjectDeletedError(`refresh(${describeInstance(instance)}): its row is gone.`);
    });
  }
  /**
   * Forgets what is known: columns stay readable until the next row overwrites them, relationships load anew when
   * awaited. Named attributes are forgotten altogether.
   */
  expire<E extends object>(entity: E, attributes?: readonly (keyof E)[]): void {
    const instance = requireManaged(entity, "expire");
    if (instance.$$s !== this.#core || (instance.$$f & PERSISTENT) === 0)
      throw new InvalidRequestError(
        `expire(${describeInstance(instance)}): it is not persistent in this session.`,
        "session.not-persistent",
      );
    const mapper = mapperOfInstance(instance);
    const keys = namesGiven(attributes, "expire");
    if (keys === undefined) this.#expireReached(instance);
    expireOne(instance, keys, mapper);
  }
  /** What the cascade reaches beside the object itself; new objects have no row to be read again, so they leave. */
  #expireReached(root: Managed): void {
    for (const reached of reachable(root, "refreshExpire", () => true)) {
      if (reached === root || reached.$$s !== this.#core) continue;
      if ((reached.$$f & PENDING) !== 0) this.#core.dropPending(reached);
      else if ((reached.$$f & PERSISTENT) !== 0) expireOne(reached, undefined, mapperOfInstance(reached));
    }
  }
  expireAll(): void {
    for (const instance of [...this.#core.identity.all()]) expireOne(instance, undefined, mapperOfInstance(instance));
  }

  // ---- transactions

  /** Writes pending changes. @throws what the database says; then `rollback()` is needed */
  flush(): Promise<void> {
    return this.#core.enqueueAfterResults(() => this.#core.flushNow());
  }
  /** Flushes and commits the outermost transaction. */
  commit(): Promise<void> {
    return this.#core.enqueueAfterResults(() => this.#core.transactions.commit());
  }
  /** Takes everything back since the last commit: new objects become transient, deleted ones persistent, values as before. */
  rollback(): Promise<void> {
    return this.#core.enqueueAfterResults(() => this.#core.transactions.rollback());
  }
  /**
   * Begins a transaction, or runs a block in one: commit when it ends well, rollback when it throws.
   *
   * @throws InvalidRequestError when one has begun already, as with the first statement
   */
  begin(): Promise<SessionTransaction>;
  begin<T>(block: (session: this) => MaybePromise<T>): Promise<T>;
  async begin<T>(block?: (session: this) => MaybePromise<T>): Promise<SessionTransaction | T> {
    const transaction = await this.#core.enqueueAfterResults(() => {
      if (this.#core.inTransaction)
        throw new InvalidRequestError(
          "A transaction has begun on this session already; it begins with the first statement. Commit or roll back first.",
          "transaction.begun",
        );
      return new SessionTransaction(this.#core, this.#core.transactions.beginFrame(), false);
    });
    if (block === undefined) return transaction;
    return this.#scope(transaction, block);
  }
  /** Sets a savepoint (flushing before), or runs a block in one, which alone is undone when it throws. */
  beginNested(): Promise<SessionTransaction>;
  beginNested<T>(block: (session: this) => MaybePromise<T>): Promise<T>;
  async beginNested<T>(block?: (session: this) => MaybePromise<T>): Promise<SessionTransaction | T> {
    const nested = await this.#core.enqueueAfterResults(
      async () => new SessionTransaction(this.#core, await this.#core.transactions.beginNested(), true),
    );
    if (block === undefined) return nested;
    return this.#scope(nested, block);
  }
  async #scope<T>(transaction: SessionTransaction, block: (session: this) => MaybePromise<T>): Promise<T> {
    let value: T;
    try {
      value = await block(this);
      if (transaction.isActive) await transaction.commit();
    } catch (error) {
      try {
        await transaction.rollback();
      } catch {
        // The first error is the one to tell.
      }
      throw error;
    }
    return value;
  }
  get inTransaction(): boolean {
    return this.#core.inTransaction;
  }
  get inNestedTransaction(): boolean {
    return this.#core.currentFrame?.parent !== undefined;
  }
  /**
   * The connection the session's statements go to, in its transaction.
   *
   * @param options.shardId of which shard, in sessions that work on several
   * @throws ArgumentError where several shards could be meant
   */
  connection(model?: AnyModel | null, options: { readonly shardId?: unknown } = {}): Promise<Connection> {
    requireKnownOptions(options, ["shardId"], "connection()", "session.option");
    const mapper = model === undefined || model === null ? null : mapperOf(model);
    return this.#core.enqueueAfterResults(() => this.#core.at(options.shardId).connectionFor(mapper));
  }
  get bind(): Engine | Connection | undefined {
    return this.#core.bind;
  }
  /** Runs a block without flushing before queries. */
  noAutoflush<T>(block: () => MaybePromise<T>): Promise<T> {
    return this.#core.withoutAutoflush(block);
  }
  /** Rolls back, lets all objects go, gives connections back; the session can be used again. */
  reset(): Promise<void> {
    return this.#core.enqueueAfterResults(() => this.#core.reset());
  }
  /** Like `reset`, for good: waits for what was asked for, refuses what comes later. */
  close(): Promise<void> {
    forgetOpen(this.#core);
    return this.#core.close();
  }
  /** Like `close`, but the physical connections are ended instead of going back to the pool: for ones known to be bad. */
  invalidate(): Promise<void> {
    forgetOpen(this.#core);
    return this.#core.close(true);
  }
  /**
   * The first phase of a two-phase commit on every connection; `commit()` does it by itself. Afterwards only `commit()`
   * and `rollback()` are possible. When one of them cannot promise, all are rolled back.
   */
  prepare(): Promise<void> {
    return this.#core.enqueueAfterResults(() => this.#core.transactions.prepare());
  }
  get isClosed(): boolean {
    return this.#core.isClosed;
  }
  /**
   * Another session with the same options on a connection of its own, for reads that run beside this one's: with objects
   * of its own, in a transaction of its own, so that it sees what is committed and nothing else. With a block it is
   * closed at the end of it; `merge()` brings what it read over here.
   *
   * @example const [users, total] = await Promise.all([session.fork((s) => s.query(User).all()), session.fork((s) => s.query(Post).count())]);
   * @throws InvalidRequestError for a session that was made with a connection: there is no second one to read on
   */
  fork(options?: SessionOptions): Session;
  fork<T>(block: (session: Session) => MaybePromise<T>, options?: SessionOptions): Promise<T>;
  fork<T>(
    first?: SessionOptions | ((session: Session) => MaybePromise<T>),
    more?: SessionOptions,
  ): Session | Promise<T> {
    this.#open();
    const block = typeof first === "function" ? first : undefined;
    const own = { ...this.#options, ...(block === undefined ? (first as SessionOptions | undefined) : more) };
    const bind = own.bind ?? this.#core.bind;
    const options: SessionOptions = bind === undefined ? own : { ...own, bind };
    const binds = [options.bind, ...[...(options.binds ?? [])].map(([, bind]) => bind)];
    if (binds.some((bind) => bind !== undefined && !("connect" in bind)))
      throw new InvalidRequestError(
        "fork(): this session works on a connection it was given, so there is none to read beside it. Make it with an engine, or give one: fork({ bind: engine }).",
        "session.fork",
      );
    // Of the same class, so that its methods and listeners are there.
    const forked = new (this.constructor as new (options: SessionOptions) => Session)(options);
    if (block === undefined) return forked;
    return (async () => {
      await using session = forked;
      return await block(session);
    })();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
  /** Listens to an event of this session; gives the function that stops it. */
  on<K extends SessionEventName>(name: K, listener: SessionEvents[K], options?: ListenOptions): () => void {
    return this.#core.ownHooks.on(name, listener, options);
  }
  /** Listens to an event of all sessions of this class and of classes below it, those there are included. */
  static on<K extends SessionEventName>(name: K, listener: SessionEvents[K], options?: ListenOptions): () => void {
    return hooksOfClass(this).on(name, listener, options);
  }
  #open(): void {
    if (this.#core.isClosed)
      throw new InvalidRequestError(
        "This session is closed. Make another one; a session must not be used after the scope it belongs to has ended.",
        "session.closed",
      );
  }
}

function isDetached(instance: Managed): boolean {
  return (instance.$$f & 4) !== 0;
}
/** The session an object belongs to, or null. */
export function objectSession(entity: object): Session | null {
  return ((managed(entity)?.$$s as { readonly owner?: unknown } | undefined)?.owner as Session | undefined) ?? null;
}
