/**
 * The machinery of a session: the queue, engines and places, statements that go the long way, the flush. Its objects are in
 * `objects.ts`, its transactions in `transactions.ts`. `Session` is its public face, instances hold it in `$$s`, the query
 * side reaches it as `SessionInternals`.
 */
import {
  ArgumentError,
  AthanorError,
  type Compiled,
  type Connection,
  DeleteStatement,
  type Dialect,
  type Element,
  Engine,
  type Execution,
  type ExecutionOptions,
  type Fetched,
  InvalidRequestError,
  type MaybePromise,
  StatementCache,
} from "@athanor/core";
import { DetachedInstanceError, NotLoadedError } from "../errors.js";
import { flushPreparations } from "../extensions/flush-preparations.js";
import { describeInstance } from "../mapping/collection.js";
import {
  eagerDefaults,
  type MappedColumn,
  type Mapper,
  mapperOfInstance,
  type RelationshipProperty,
} from "../mapping/mapper.js";
import { eachListener, isHeard, noneHeard, type RowEventName } from "../mapping/model-events.js";
import {
  DELETED,
  DIRTY,
  type Managed,
  PENDING,
  PERSISTENT,
  type SessionFace,
  setToken,
  TO_DELETE,
  tokenOf,
  UNLOADED,
} from "../mapping/state.js";
import { loadColumn, loadRelationship, peekReference, refreshInstances } from "../query/execute.js";
import { ShardIdOption } from "../query/user-options.js";
import type { Binds } from "./binds.js";
import { getByKey } from "./by-key.js";
import type { Bind, JoinTransactionMode } from "./connections.js";
import { SessionHooks } from "./events.js";
import { OrmExecuteState, type Terminal } from "./execute-state.js";
import { type FlushTrace, flushes } from "./flush-trace.js";
import type { IdentityMap } from "./identity-map.js";
import { type ByKeyOptions, type RowEvents, SESSION, type SessionInternals, type StatementCall } from "./internals.js";
import { NOTHING, SessionObjects } from "./objects.js";
import { SessionQueue } from "./queue.js";
import { ReplicaChoice, type ReplicaSets, replicaOption } from "./replicas.js";
import { mergeFetched } from "./shard-merge.js";
import { type Spread, spreadOver } from "./shard-spread.js";
import { byPlace, PlaceView, type Shards, type WholeSession } from "./sharding.js";
import type { TransactionFrame } from "./transaction-frame.js";
import { SessionTransactions } from "./transactions.js";
import { Flush } from "./unit-of-work/flush.js";
import type { FlushHost } from "./unit-of-work/host.js";
import { committedValue } from "./unit-of-work/values.js";

/** What a session tells whoever chooses an engine. */
export interface BindContext {
  /** The session writes its changes: never to a read replica. */
  readonly flushing: boolean;
}
/** Chooses the engine for a mapper or a statement: replicas, tenants. undefined: what `binds` and `bind` say. */
export type GetBind = (mapper: Mapper | null, statement: Element | undefined, context: BindContext) => Bind | undefined;
export interface CoreOptions {
  readonly binds: Binds | undefined;
  readonly getBind: GetBind | undefined;
  readonly autobegin: boolean;
  readonly twoPhase: boolean;
  readonly autoflush: boolean;
  readonly expireOnCommit: boolean;
  readonly joinTransactionMode: JoinTransactionMode;
  readonly executionOptions: { readonly [name: string]: unknown };
  /** Those of them that connections work by. */
  readonly connectionOptions: ExecutionOptions | undefined;
  readonly shards: Shards | undefined;
  readonly replicas: ReplicaSets | undefined;
}

const standIns = new WeakMap<Dialect, Pick<Engine, "dialect" | "cache">>();
const planCaches = new WeakMap<object, StatementCache<unknown>>();

export class SessionCore implements WholeSession, SessionFace {
  // With their values at once: V8 trusts a field that never held anything else.
  readonly objects = new SessionObjects(this);
  readonly identity: IdentityMap = this.objects.identity;
  readonly transactions: SessionTransactions;
  readonly waiting: Execution[] = [];
  hooks: SessionHooks;
  readonly bind: Bind | undefined;
  readonly options: CoreOptions;
  /** The public session, for events and `objectSession`. */
  readonly owner: { close(): Promise<void> };
  youngAt = -1;
  readonly #queue = new SessionQueue();
  readonly #replicas: ReplicaChoice | undefined;
  isFlushing = false;
  /** What the flush under way was about, while `afterFlush` looks back. */
  #flushed: { pending: readonly Managed[]; dirty: readonly Managed[]; deleted: readonly Managed[] } | undefined;
  #noAutoflush = 0;

  constructor(owner: { close(): Promise<void> }, bind: Bind | undefined, options: CoreOptions, hooks: SessionHooks) {
    this.owner = owner;
    this.bind = bind;
    this.options = options;
    this.hooks = hooks;
    this.transactions = new SessionTransactions(this);
    this.#replicas = options.replicas === undefined ? undefined : new ReplicaChoice(options.replicas);
  }
  /** Listeners of this session alone; made for the first one. */
  get ownHooks(): SessionHooks {
    if (!this.#hasOwnHooks) this.hooks = new SessionHooks(this.hooks);
    this.#hasOwnHooks = true;
    return this.hooks;
  }
  #hasOwnHooks = false;
  get face(): SessionFace {
    return this;
  }
  get [SESSION](): SessionInternals {
    return this;
  }
  get executionOptions(): { readonly [name: string]: unknown } {
    return this.options.executionOptions;
  }

  // ---- the queue

  enqueue<T>(work: () => MaybePromise<T>): Promise<T> {
    return this.#queue.run(work);
  }
  /** For public methods: results asked for earlier come first. */
  enqueueAfterResults<T>(work: () => MaybePromise<T>): Promise<T> {
    while (this.waiting.length > 0) this.waiting.shift()?.start();
    return this.#queue.run(work);
  }
  /** Nothing is under way and nothing waits: work may begin at once, and `hold` what it gives to wait for. */
  get isIdle(): boolean {
    return this.waiting.length === 0 && this.#queue.isIdle;
  }
  hold<T>(running: Promise<T>): Promise<T> {
    return this.#queue.hold(running);
  }
  get isClosed(): boolean {
    return this.#queue.isClosed;
  }

  // ---- connections and transactions

  bindFor(mapper: Mapper | null, statement?: Element): Bind {
    const { getBind, binds } = this.options;
    const found =
      getBind?.(mapper, statement, { flushing: this.isFlushing }) ?? binds?.find(mapper, statement) ?? this.bind;
    if (found === undefined && this.options.shards !== undefined)
      throw new ArgumentError(
        `This session works on several shards (${this.options.shards.ids.join(", ")}): say which one is meant, such as session.connection(${mapper ?? "Model"}, { shardId: ${JSON.stringify(this.options.shards.ids[0])} }).`,
        "session.shards",
      );
    if (found === undefined)
      throw new InvalidRequestError(
        `The session has no engine${mapper === null ? "" : ` for ${mapper}`}: new Session(engine), or sessionmaker({ bind: engine }).`,
        "session.no-bind",
      );
    if (this.#replicas === undefined) return found;
    return this.#replicas.choose(found, statement, replicaOption(statement, this.executionOptions));
  }
  engineFor(mapper: Mapper | null, statement?: Element): Engine {
    return this.engineOf(this.bindFor(mapper, statement));
  }
  engineOf(bind: Bind): Engine {
    if (bind instanceof Engine) return bind;
    // Of an engine, plans and flushes need the dialect and a statement cache; connections of one dialect share theirs.
    let stand = standIns.get(bind.dialect);
    if (stand === undefined)
      standIns.set(bind.dialect, (stand = { dialect: bind.dialect, cache: new StatementCache<Compiled>() }));
    return stand as Engine;
  }
  connectionFor(mapper: Mapper | null, statement?: Element): MaybePromise<Connection> {
    this.requireHealthy();
    void this.frame;
    const bind = this.bindFor(mapper, statement);
    this.#replicas?.running(statement, replicaOption(statement, this.executionOptions));
    return this.transactions.connections.get(bind, this);
  }
  connectionAt(bind: Bind): MaybePromise<Connection> {
    this.requireHealthy();
    void this.frame;
    return this.transactions.connections.get(bind, this);
  }

  get(mapper: Mapper, values: readonly unknown[], options: ByKeyOptions): MaybePromise<Managed | null> {
    return getByKey(this, mapper, values, options);
  }
  noteFailed(by: { readonly isAsked: boolean }, error: unknown): void {
    this.transactions.noteFailed(by, error);
  }
  within<T>(options: ExecutionOptions, work: () => MaybePromise<T>): Promise<T> {
    return this.transactions.connections.within(options, work);
  }

  // ---- places: shards, identity tokens

  readonly token = undefined;
  #places: Map<unknown, PlaceView> | undefined;
  at(token: unknown): SessionInternals {
    return token === undefined ? this : this.#place(token);
  }
  identityAt(token: unknown): IdentityMap {
    return this.#place(token).identity;
  }
  #of(instance: Managed): SessionInternals {
    return this.spreads ? this.at(tokenOf(instance)) : this;
  }
  #place(token: unknown): PlaceView {
    this.#places ??= new Map();
    let view = this.#places.get(token);
    if (view === undefined)
      this.#places.set(token, (view = new PlaceView(this, token, this.options.shards?.bind(token))));
    return view;
  }
  /** Objects may belong to several places. */
  get spreads(): boolean {
    return this.options.shards !== undefined || this.#places !== undefined;
  }
  split(instances: readonly Managed[]): readonly (readonly [FlushHost, readonly Managed[]])[] {
    const { shards } = this.options;
    if (shards !== undefined)
      for (const instance of instances)
        if (tokenOf(instance) === undefined)
          setToken(instance, shards.forInstance(mapperOfInstance(instance), instance));
    return [...byPlace(instances)].map(([token, group]) => [token === undefined ? this : this.#place(token), group]);
  }

  // ---- statements that go the long way

  get listens(): boolean {
    return !this.hooks.quiet && this.hooks.has("doOrmExecute");
  }
  get intercepts(): boolean {
    return this.options.shards !== undefined || this.listens;
  }
  intercept(call: StatementCall, from: SessionInternals = this): MaybePromise<Fetched> {
    const { shards } = this.options;
    const terminal: Terminal = (state, statement, asked) => {
      const option = state.userDefinedOptions.findLast((o) => o instanceof ShardIdOption)?.payload;
      const chosen = asked ?? option ?? state.executionOptions["shardId"];
      if (chosen !== undefined) return call.run(this.#place(chosen), statement, state.parameters);
      if (shards === undefined || from.token !== undefined) return call.run(from, statement, state.parameters);
      return this.#onAll(call, state, statement, shards.forStatement(state));
    };
    const run = () => new OrmExecuteState(this.owner, call, this.hooks.of("doOrmExecute"), terminal).run();
    return this.listens ? this.#queue.reentrant(run) : run();
  }
  async #onAll(
    call: StatementCall,
    state: OrmExecuteState,
    statement: Element,
    ids: readonly unknown[],
  ): Promise<Fetched> {
    const apart = ids.length < 2 || state.isInsert || state.executionOptions["eachShard"] === true;
    const spread: Spread = apart ? { kind: "rows", statement } : spreadOver(statement, ids);
    const parts: Fetched[] = [];
    for (const id of ids) parts.push(await call.run(this.#place(id), spread.statement, state.parameters));
    const first = this.#place(ids[0]);
    return mergeFetched(spread, parts, first.engineFor(null).dialect, async (question) => {
      const { rows } = await call.run(first, question, undefined);
      return (rows?.() ?? []) as readonly (readonly unknown[])[];
    });
  }
  get rowEvents(): RowEvents | null {
    if (this.hooks.quiet && noneHeard()) return null;
    return this.hooks.has("loadedAsPersistent") || isHeard("load") || isHeard("refresh") ? this.#rowEvents : null;
  }
  #madeRowEvents: RowEvents | undefined;
  /** Made when somebody listens. */
  get #rowEvents(): RowEvents {
    if (this.#madeRowEvents !== undefined) return this.#madeRowEvents;
    const made: RowEvents = {
      loaded: (instance) => {
        const event = { session: this.owner, instance };
        eachListener(instance.$$d, "load", (listener) => {
          listener(event);
        });
        if (this.hooks.has("loadedAsPersistent")) this.hooks.emit("loadedAsPersistent", event);
      },
      refreshed: (instance, attributes) => {
        const event = { session: this.owner, instance, attributes };
        eachListener(instance.$$d, "refresh", (listener) => {
          listener(event);
        });
      },
    };
    this.#madeRowEvents = made;
    return made;
  }
  bulkDone(statement: Element, rowCount: number): MaybePromise<void> {
    const name = statement instanceof DeleteStatement ? "afterBulkDelete" : "afterBulkUpdate";
    if (!this.hooks.has(name)) return;
    return this.#queue.reentrant(() => this.hooks.run(name, { session: this.owner, statement, rowCount }));
  }
  /** For the connections: one of them is here. */
  begun(connection: Connection): MaybePromise<void> {
    if (this.hooks.has("afterBegin"))
      return this.#queue.reentrant(() => this.hooks.run("afterBegin", { session: this.owner, connection }));
  }
  planCache(engine: Engine): StatementCache<unknown> {
    const key = engine.cache ?? engine;
    let cache = planCaches.get(key);
    if (cache === undefined) planCaches.set(key, (cache = new StatementCache<unknown>()));
    return cache;
  }
  /** The innermost transaction; the first use begins one. */
  get frame(): TransactionFrame {
    return this.transactions.current ?? this.transactions.frame;
  }
  requireHealthy(): void {
    if (this.transactions.failed) this.transactions.requireHealthy();
  }
  reentrant<T>(hook: () => MaybePromise<T>): Promise<T> {
    return this.#queue.reentrant(hook);
  }
  get inTransaction(): boolean {
    return this.transactions.current !== undefined;
  }
  get currentFrame(): TransactionFrame | undefined {
    return this.transactions.current;
  }

  // ---- flush

  get pending(): readonly Managed[] {
    if (this.#flushed !== undefined) return this.#flushed.pending;
    return this.objects.pending.filter((i) => i.$$s === this && (i.$$f & PENDING) !== 0);
  }
  get dirty(): readonly Managed[] {
    if (this.#flushed !== undefined) return this.#flushed.dirty;
    return this.objects.dirty.filter((i) => i.$$s === this && (i.$$f & (DIRTY | TO_DELETE)) === DIRTY);
  }
  get toDelete(): ReadonlySet<Managed> {
    if (this.#flushed !== undefined) return new Set(this.#flushed.deleted);
    return this.objects.toDelete;
  }
  get hasChanges(): boolean {
    return this.objects.hasChanges;
  }
  autoflush(): Promise<void> | undefined {
    if (this.isFlushing || this.#noAutoflush > 0 || !this.options.autoflush || !this.hasChanges) {
      if (this.transactions.failed) this.requireHealthy();
      return undefined;
    }
    return this.flushNow().catch(hinting);
  }
  async withoutAutoflush<T>(work: () => MaybePromise<T>): Promise<T> {
    this.#noAutoflush++;
    try {
      return await work();
    } finally {
      this.#noAutoflush--;
    }
  }
  /** Flushes, inside the session's turn. */
  async flushNow(): Promise<void> {
    this.requireHealthy();
    if (this.isFlushing)
      throw new InvalidRequestError(
        "flush() inside a flush: its hooks cannot flush. What beforeFlush changes is written by this flush, what a later one changes by the next.",
        "session.flushing",
      );
    if (!this.hasChanges) return;
    if (flushes.on) return flushes.run(this.#flushTrace(), () => this.#flush()) as Promise<void>;
    return this.#flush();
  }
  #flushTrace(): FlushTrace {
    const [created, changed, deleted] = [this.pending.length, this.dirty.length, this.objects.toDelete.size];
    return {
      session: this.owner,
      "athanor.flush.new": created,
      "athanor.flush.dirty": changed,
      "athanor.flush.deleted": deleted,
    };
  }
  /** Nothing is written yet: what a listener refuses leaves the transaction as it is. */
  async #beforeFlush(): Promise<void> {
    try {
      await this.#queue.reentrant(() => this.hooks.run("beforeFlush", { session: this.owner }));
    } catch (error) {
      this.isFlushing = false;
      throw error;
    }
  }
  async #flush(): Promise<void> {
    this.isFlushing = true;
    if (this.hooks.has("beforeFlush")) await this.#beforeFlush();
    try {
      for (const prepare of flushPreparations) await prepare(this);
      const pending = this.objects.pending.length > 0 ? this.pending : NOTHING;
      const dirty = this.objects.takeDirty();
      const deletions = this.objects.toDelete.size > 0 ? [...this.objects.toDelete] : undefined;
      void this.frame;
      const flush = new Flush(this, { pending, dirty, deleted: this.objects.deletions() });
      await flush.write();
      // With the orphans, which were found on the way.
      const deleted = this.hooks.has("persistentToDeleted") ? [...this.objects.toDelete] : NOTHING;
      if (this.hooks.has("afterFlush")) {
        this.#flushed = { pending, dirty, deleted: deletions ?? NOTHING };
        await this.#queue.reentrant(() => this.hooks.run("afterFlush", { session: this.owner }));
        this.#flushed = undefined;
      }
      flush.finish();
      if (eagerDefaults.wanted) await this.#readDefaults([...pending, ...dirty]);
      this.objects.settle(pending);
      if (this.hooks.has("pendingToPersistent"))
        for (const instance of pending)
          if ((instance.$$f & PERSISTENT) !== 0)
            this.hooks.emit("pendingToPersistent", { session: this.owner, instance });
      for (const instance of deleted)
        if ((instance.$$f & DELETED) !== 0) this.hooks.emit("persistentToDeleted", { session: this.owner, instance });
      this.isFlushing = false;
      if (this.hooks.has("afterFlushPostexec"))
        await this.#queue.reentrant(() => this.hooks.run("afterFlushPostexec", { session: this.owner }));
    } catch (error) {
      await this.transactions.flushFailed(error);
      throw error;
    } finally {
      this.isFlushing = false;
      this.#flushed = undefined;
      this.objects.releaseQueries();
    }
  }
  /** What the database made for objects whose classes want it at once. */
  async #readDefaults(written: readonly Managed[]): Promise<void> {
    const lacking = new Map<string, Managed[]>();
    for (const instance of written) {
      if (instance.$$s !== this || (instance.$$f & PERSISTENT) === 0) continue;
      const mapper = mapperOfInstance(instance);
      if (!mapper.eagerDefaults) continue;
      const keys = mapper.attributes.filter((a) => !a.deferred && instance[a.slot] === UNLOADED).map((a) => a.key);
      if (keys.length === 0) continue;
      const group = JSON.stringify(keys);
      const list = lacking.get(group);
      if (list === undefined) lacking.set(group, [instance]);
      else list.push(instance);
    }
    for (const [keys, list] of lacking)
      await refreshInstances(this.#of(list[0] as Managed), list, JSON.parse(keys) as string[], false);
  }

  // ---- objects in and out

  register(instance: Managed): void {
    instance.$$s = this;
    instance.$$f |= PERSISTENT;
  }
  hears(name: RowEventName): boolean {
    return this.hooks.has(name) || isHeard(name);
  }
  rowHook(name: RowEventName, instances: readonly Managed[]): void {
    if (this.hears(name)) this.hooks.rows(name, this.owner, instances);
  }
  dropPending(instance: Managed): void {
    this.objects.dropPending(instance);
  }
  removed(instance: Managed): void {
    this.objects.removed(instance);
  }
  markDeleted(instance: Managed): Promise<void> {
    return this.objects.markDeleted(instance);
  }
  overwritten(instance: Managed, attributes: readonly MappedColumn[]): void {
    this.frame.noteOverwritten(
      instance,
      attributes.flatMap((a) => [a.index, committedValue(instance, a)]),
    );
  }

  // ---- what instances ask

  noteUnrelated(owner: Managed, relationship: unknown, item: Managed): void {
    this.objects.noteUnrelated(owner, relationship, item);
  }
  knownMembers(owner: Managed, relationship: unknown): readonly Managed[] {
    return this.objects.knownMembers(owner, relationship);
  }
  noteDirty(instance: Managed): void {
    this.objects.noteDirty(instance);
  }
  noteRelated(owner: Managed, relationship: unknown, item: Managed): void {
    const { cascade, direction } = relationship as RelationshipProperty;
    if (!cascade.saveUpdate) return;
    // Taken in by an owner it is spared; what merely refers to it changes nothing about its deletion.
    if (item.$$s !== this || (direction === "oneToMany" && (item.$$f & TO_DELETE) !== 0)) this.objects.add(item);
    void owner;
  }
  peekRelated(owner: Managed, relationship: unknown): Managed | null | undefined {
    return peekReference(this.#of(owner), owner, relationship as RelationshipProperty);
  }
  async loadRelation(owner: Managed, property: RelationshipProperty): Promise<void> {
    if ((owner.$$f & PENDING) !== 0 && property.definition.settings.loadOnPending !== true) return;
    if (property.isQuery) this.objects.holdQuery(owner, property);
    await loadRelationship(this.#of(owner), owner, property);
  }
  loadRelated(owner: Managed, relationship: unknown): Promise<unknown> {
    const property = relationship as RelationshipProperty;
    return this.enqueueAfterResults(async () => {
      const known = owner[property.slot];
      if (known !== UNLOADED) return known;
      if (owner.$$s !== this)
        throw new DetachedInstanceError(
          `${property} of ${describeInstance(owner)} cannot be loaded: the object left its session.`,
        );
      // A reference that is in the identity map needs no SQL, and so no flush.
      if (property.usesGet && this.peekRelated(owner, property) === undefined) await this.autoflush();
      else if (!property.usesGet) await this.autoflush();
      this.requireHealthy();
      await loadRelationship(this.#of(owner), owner, property, true);
      const value = owner[property.slot];
      if (value === UNLOADED)
        throw new NotLoadedError(`${property} of ${describeInstance(owner)} could not be loaded.`);
      return value;
    });
  }
  loadColumn(owner: Managed, key: string): Promise<unknown> {
    return this.enqueueAfterResults(async () => {
      this.requireHealthy();
      return loadColumn(this.#of(owner), owner, key);
    });
  }

  /** Waits for what was asked for, rolls back, gives connections back, lets all objects go. */
  close(invalidate = false): Promise<void> {
    if (this.#queue.isClosed) return DONE;
    while (this.waiting.length > 0) this.waiting.shift()?.start();
    try {
      const draining = this.#queue.close();
      return (draining === undefined ? this.reset(invalidate) : draining.then(() => this.reset(invalidate))) ?? DONE;
    } catch (error) {
      return Promise.reject(error);
    }
  }
  /** At once where the drivers answer at once. */
  reset(invalidate = false): MaybePromise<void> {
    let ending: MaybePromise<void>;
    try {
      ending = invalidate ? this.transactions.connections.invalidate() : this.transactions.connections.close();
    } catch (error) {
      this.#forget();
      throw error;
    }
    if (ending instanceof Promise) return ending.finally(() => this.#forget());
    this.#forget();
  }
  #forget(): void {
    this.objects.expungeAll();
    this.#replicas?.reset();
    this.transactions.forget();
  }
}

const DONE = Promise.resolve();
/** Says that it was no explicit flush that failed. */
function hinting(error: unknown): never {
  if (error instanceof AthanorError)
    error.message +=
      " (raised by the autoflush before a query or a lazy load; if the objects are not ready to be written, run that in session.noAutoflush(async () => { … }))";
  throw error;
}
