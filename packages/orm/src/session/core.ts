/**
 * The machinery of a session: identity map, pending and changed objects, transaction frames, the queue. `Session` is its
 * public face, instances hold it in `$$s`, the query side reaches it as `SessionInternals`.
 * Long because states, transactions and flush share the same few private fields.
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
  type Fetched,
  InvalidRequestError,
  type MaybePromise,
  PendingRollbackError,
  StatementCache,
} from "@athanor/core";
import { DetachedInstanceError, NotLoadedError } from "../errors.js";
import { flushPreparations } from "../extensions/flush-preparations.js";
import { describeInstance, forgetDeleted } from "../mapping/collection.js";
import {
  eagerDefaults,
  type MappedColumn,
  type Mapper,
  mapperOfInstance,
  type RelationshipProperty,
} from "../mapping/mapper.js";
import { eachListener, isHeard, noneHeard, type RowEventName, tellExpire } from "../mapping/model-events.js";
import { softDeletionOf, writeMark } from "../mapping/soft-deletion.js";
import {
  DELETED,
  DETACHED,
  DIRTY,
  forgetLoss,
  leaveBatch,
  type Managed,
  ORPHANED,
  PENDING,
  PERSISTENT,
  type SessionFace,
  STALE,
  setToken,
  TO_DELETE,
  tokenOf,
  UNLOADED,
  WAS_DELETED,
} from "../mapping/state.js";
import { loadColumn, loadRelationship, peekReference, refreshInstances } from "../query/execute.js";
import { ShardIdOption } from "../query/user-options.js";
import type { Binds } from "./binds.js";
import { reachable, relatedInMemory } from "./cascades.js";
import { type Bind, type JoinTransactionMode, SessionConnections } from "./connections.js";
import { SessionHooks } from "./events.js";
import { OrmExecuteState, type Terminal } from "./execute-state.js";
import { type FlushTrace, flushes } from "./flush-trace.js";
import { IdentityMap } from "./identity-map.js";
import { type RowEvents, SESSION, type SessionInternals, type StatementCall } from "./internals.js";
import { SessionQueue } from "./queue.js";
import { ReplicaChoice, type ReplicaSets, replicaOption } from "./replicas.js";
import { mergeFetched } from "./shard-merge.js";
import { type Spread, spreadOver } from "./shard-spread.js";
import { byPlace, PlaceView, type Shards, type WholeSession } from "./sharding.js";
import { makeTransient, revertChanges, TransactionFrame } from "./transaction-frame.js";
import { Flush, isOrphan } from "./unit-of-work/flush.js";
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
  readonly bind: Bind | undefined;
  readonly binds: Binds | undefined;
  readonly getBind: GetBind | undefined;
  readonly autobegin: boolean;
  readonly twoPhase: boolean;
  readonly autoflush: boolean;
  readonly expireOnCommit: boolean;
  readonly joinTransactionMode: JoinTransactionMode;
  readonly executionOptions: { readonly [name: string]: unknown };
  readonly shards: Shards | undefined;
  readonly replicas: ReplicaSets | undefined;
}

const standIns = new WeakMap<Dialect, Pick<Engine, "dialect" | "cache">>();
const planCaches = new WeakMap<object, StatementCache<unknown>>();
const LIMIT_FLUSHES = 100;

export class SessionCore implements WholeSession, SessionFace {
  readonly identity = new IdentityMap();
  readonly waiting: Execution[] = [];
  readonly hooks: SessionHooks;
  readonly options: CoreOptions;
  /** The public session, for events and `objectSession`. */
  readonly owner: object;
  readonly #queue = new SessionQueue();
  readonly #connections: SessionConnections;
  readonly #replicas: ReplicaChoice | undefined;
  #pending: Managed[] = [];
  #dirty: Managed[] = [];
  #toDelete: Set<Managed> = NO_OBJECTS;
  /** Taken away from their owners since the last flush. */
  #lost: Set<Managed> = NO_OBJECTS;
  #frame: TransactionFrame | undefined;
  #flushing = false;
  /** What the flush under way was about, while `afterFlush` looks back. */
  #flushed: { pending: readonly Managed[]; dirty: readonly Managed[]; deleted: readonly Managed[] } | undefined;
  /** Set by a failed flush: only rollback() helps. */
  #failure: unknown;
  #failed = false;
  #noAutoflush = 0;

  constructor(owner: object, options: CoreOptions, hooks: SessionHooks) {
    this.owner = owner;
    this.options = options;
    this.hooks = new SessionHooks(hooks);
    this.#connections = new SessionConnections(options.joinTransactionMode, options.twoPhase);
    this.#replicas = options.replicas === undefined ? undefined : new ReplicaChoice(options.replicas);
  }
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
  get isClosed(): boolean {
    return this.#queue.isClosed;
  }

  // ---- connections and transactions

  bindFor(mapper: Mapper | null, statement?: Element): Bind {
    const { getBind, binds, bind } = this.options;
    const found = getBind?.(mapper, statement, { flushing: this.#flushing }) ?? binds?.find(mapper, statement) ?? bind;
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
    return this.#connections.get(bind, this);
  }
  connectionAt(bind: Bind): MaybePromise<Connection> {
    this.requireHealthy();
    void this.frame;
    return this.#connections.get(bind, this);
  }

  // ---- places: shards, identity tokens

  readonly token = undefined;
  #places: Map<unknown, PlaceView> | undefined;
  at(token: unknown): SessionInternals {
    return token === undefined ? this : this.#place(token);
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
    return this.#frame ?? this.beginFrame(this.options.autobegin);
  }
  /** Begins the outermost transaction. @throws InvalidRequestError where only `begin()` may */
  beginFrame(allowed = true): TransactionFrame {
    if (!allowed)
      throw new InvalidRequestError(
        "This session was made with autobegin: false: call begin() before it is used, and again after commit() and rollback().",
        "session.autobegin",
      );
    return this.#enter(new TransactionFrame());
  }
  #enter(frame: TransactionFrame): TransactionFrame {
    this.#frame = frame;
    if (this.hooks.has("afterTransactionCreate"))
      this.hooks.emit("afterTransactionCreate", { session: this.owner, transaction: frame });
    return frame;
  }
  /** Leaves the innermost transaction. */
  #leave(): void {
    const frame = this.#frame;
    this.#frame = frame?.parent;
    if (frame !== undefined) this.#left(frame);
  }
  #left(frame: TransactionFrame): void {
    if (this.hooks.has("afterTransactionEnd"))
      this.hooks.emit("afterTransactionEnd", { session: this.owner, transaction: frame });
  }
  get inTransaction(): boolean {
    return this.#frame !== undefined;
  }
  get currentFrame(): TransactionFrame | undefined {
    return this.#frame;
  }
  requireHealthy(): void {
    if (!this.#failed) return;
    const why = this.#failure instanceof Error ? this.#failure.message : String(this.#failure);
    throw new PendingRollbackError(
      `This session's transaction was rolled back because a flush failed; call rollback() before anything else. The failure was: ${why}`,
      "session.pending-rollback",
      { cause: this.#failure },
    );
  }
  async beginNested(): Promise<TransactionFrame> {
    this.requireHealthy();
    await this.flushNow();
    const outer = this.frame;
    await this.#connections.beginNested();
    return this.#enter(new TransactionFrame(outer));
  }
  /** Ends a savepoint well; inner ones still open end with it. */
  async releaseNested(frame: TransactionFrame): Promise<void> {
    this.requireHealthy();
    await this.flushNow();
    while (this.#isOpen(frame)) {
      const inner = this.#frame as TransactionFrame;
      await this.#connections.releaseNested();
      inner.mergeInto(inner.parent as TransactionFrame);
      this.#leave();
      if (inner === frame) return;
    }
  }
  async rollbackNested(frame: TransactionFrame): Promise<void> {
    while (this.#isOpen(frame)) {
      const inner = this.#frame as TransactionFrame;
      if (!this.#failed) await this.#undoFrame(inner, true);
      this.#failed = false;
      this.#failure = undefined;
      await this.#softly(inner);
      this.#leave();
      if (inner === frame) return;
    }
  }
  async #softly(previousTransaction: TransactionFrame): Promise<void> {
    if (this.hooks.has("afterSoftRollback"))
      await this.#queue.reentrant(() =>
        this.hooks.run("afterSoftRollback", { session: this.owner, previousTransaction }),
      );
  }
  /** The first phase of a two-phase commit; only commit() and rollback() can follow. */
  async prepare(): Promise<void> {
    this.requireHealthy();
    if (!this.options.twoPhase)
      throw new InvalidRequestError(
        "prepare(): this session was not made with { twoPhase: true }.",
        "session.two-phase",
      );
    await this.#flushAll();
    while (this.#frame?.parent !== undefined) await this.releaseNested(this.#frame);
    try {
      await this.#connections.prepare();
    } catch (error) {
      await this.#afterFailure(error);
    }
  }
  /** Rolls back and throws what happened: that error says more than one of the rollback. */
  async #afterFailure(error: unknown): Promise<never> {
    try {
      await this.rollback();
    } catch {
      // See above.
    }
    throw error;
  }
  #isOpen(frame: TransactionFrame): boolean {
    for (let f = this.#frame; f !== undefined; f = f.parent) if (f === frame) return f.parent !== undefined;
    return false;
  }
  isActive(frame: TransactionFrame): boolean {
    for (let f = this.#frame; f !== undefined; f = f.parent) if (f === frame) return true;
    return false;
  }
  /** Until nothing is left: what hooks of a flush changed is flushed too. */
  async #flushAll(): Promise<void> {
    await this.flushNow();
    for (let round = 1; this.hasChanges; round++) {
      if (round === LIMIT_FLUSHES)
        throw new InvalidRequestError(
          `Over ${LIMIT_FLUSHES} flushes in one commit: does a hook always add or change something?`,
          "session.flush-limit",
        );
      await this.flushNow();
    }
  }
  async commit(): Promise<void> {
    this.requireHealthy();
    if (!this.options.autobegin) void this.frame;
    if (this.hooks.has("beforeCommit"))
      await this.#queue.reentrant(() => this.hooks.run("beforeCommit", { session: this.owner }));
    await this.#flushAll();
    while (this.#frame?.parent !== undefined) await this.releaseNested(this.#frame);
    try {
      await this.#connections.commit();
    } catch (error) {
      await this.#afterFailure(error);
    }
    const frame = this.#frame;
    this.#frame = undefined;
    const gone = new Set<Managed>();
    for (const { instance } of frame?.deleted ?? []) {
      if ((instance.$$f & DELETED) === 0) continue;
      gone.add(instance);
      instance.$$f = DETACHED | WAS_DELETED;
      instance.$$s = undefined;
      if (this.hooks.has("deletedToDetached")) this.hooks.emit("deletedToDetached", { session: this.owner, instance });
    }
    if (gone.size > 0) forgetDeleted(gone, this.identity.all());
    // The hooks come before the objects are stale, as there is no transaction any more to read them anew in.
    if (this.hooks.has("afterCommit"))
      await this.#queue.reentrant(() => this.hooks.run("afterCommit", { session: this.owner }));
    if (this.options.expireOnCommit) this.#allStale();
    if (frame !== undefined) this.#left(frame);
  }
  async rollback(): Promise<void> {
    let failure: unknown;
    const failed = this.#failed;
    this.#failed = false;
    this.#failure = undefined;
    try {
      await this.#connections.rollback();
    } catch (error) {
      failure = error;
    }
    // A failed flush has undone the innermost frame already.
    const innermost = this.#frame;
    this.#revertUnflushed();
    for (let frame = failed ? innermost?.parent : innermost; frame !== undefined; frame = frame.parent)
      this.#revertFrame(frame);
    this.#allStale();
    this.#frame = undefined;
    if (this.hooks.has("afterRollback"))
      await this.#queue.reentrant(() => this.hooks.run("afterRollback", { session: this.owner }));
    for (let frame = innermost; frame !== undefined; frame = frame.parent) {
      await this.#softly(frame);
      this.#left(frame);
    }
    if (failure !== undefined) throw failure;
  }
  #allStale(): void {
    this.identity.forEach((instance) => {
      instance.$$f |= STALE;
    });
    if (isHeard("expire")) for (const instance of [...this.identity.all()]) tellExpire(instance, undefined);
  }
  async #undoFrame(frame: TransactionFrame, nested: boolean): Promise<void> {
    const touched = this.#revertUnflushed();
    touched.push(...this.#revertFrame(frame));
    for (const instance of touched) if ((instance.$$f & PERSISTENT) !== 0) instance.$$f |= STALE;
    if (nested) await this.#connections.rollbackNested();
  }
  #revertFrame(frame: TransactionFrame): Managed[] {
    const created = this.hooks.has("persistentToTransient") ? [...frame.created] : [];
    const deleted = this.hooks.has("deletedToPersistent") ? frame.deleted.map((d) => d.instance) : [];
    const touched = frame.revert(this.identity);
    for (const instance of created) this.hooks.emit("persistentToTransient", { session: this.owner, instance });
    for (const instance of deleted)
      if ((instance.$$f & PERSISTENT) !== 0) this.hooks.emit("deletedToPersistent", { session: this.owner, instance });
    frame.created.length = frame.deleted.length = frame.undo.length = frame.switches.length = 0;
    return touched;
  }
  /** Changes no flush has seen. */
  #revertUnflushed(): Managed[] {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const instance of this.#lost) forgetLoss(instance);
    this.#lost = NO_OBJECTS;
    // Relationships first know their members again, then the new members leave.
    for (const instance of dirty) if (instance.$$s === this) revertChanges(instance);
    for (const instance of this.#pending) {
      if (instance.$$s !== this || (instance.$$f & PENDING) === 0) continue;
      makeTransient(instance);
      if (this.hooks.has("pendingToTransient"))
        this.hooks.emit("pendingToTransient", { session: this.owner, instance });
    }
    this.#pending = [];
    for (const instance of this.#toDelete) instance.$$f &= ~TO_DELETE;
    const touched = [...dirty, ...this.#toDelete];
    this.#toDelete = NO_OBJECTS;
    return touched;
  }

  // ---- flush

  get pending(): readonly Managed[] {
    if (this.#flushed !== undefined) return this.#flushed.pending;
    return this.#pending.filter((i) => i.$$s === this && (i.$$f & PENDING) !== 0);
  }
  get dirty(): readonly Managed[] {
    if (this.#flushed !== undefined) return this.#flushed.dirty;
    return this.#dirty.filter((i) => i.$$s === this && (i.$$f & (DIRTY | TO_DELETE)) === DIRTY);
  }
  get toDelete(): ReadonlySet<Managed> {
    if (this.#flushed !== undefined) return new Set(this.#flushed.deleted);
    return this.#toDelete;
  }
  get hasChanges(): boolean {
    return this.#pending.length > 0 || this.#dirty.length > 0 || this.#toDelete.size > 0;
  }
  autoflush(): Promise<void> | undefined {
    if (this.#flushing || this.#noAutoflush > 0 || !this.options.autoflush || !this.hasChanges) {
      if (this.#failed) this.requireHealthy();
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
  /** Persistent objects with changes, each once; expired and changed again, an object is on the list twice. */
  #takeDirty(): readonly Managed[] {
    if (this.#dirty.length === 0) return NOTHING;
    const dirty: Managed[] = [];
    for (const instance of this.#dirty) {
      if (instance.$$s !== this || (instance.$$f & DIRTY) === 0 || (instance.$$f & PERSISTENT) === 0) continue;
      instance.$$f &= ~DIRTY;
      dirty.push(instance);
    }
    for (const instance of dirty) instance.$$f |= DIRTY;
    return dirty;
  }
  /** Flushes, inside the session's turn. */
  async flushNow(): Promise<void> {
    this.requireHealthy();
    if (this.#flushing)
      throw new InvalidRequestError(
        "flush() inside a flush: a hook of single rows cannot flush; use beforeFlush or afterFlush.",
        "session.flushing",
      );
    if (!this.hasChanges) return;
    if (flushes.on) return flushes.run(this.#flushTrace(), () => this.#flush()) as Promise<void>;
    return this.#flush();
  }
  #flushTrace(): FlushTrace {
    const [created, changed, deleted] = [this.pending.length, this.dirty.length, this.#toDelete.size];
    return {
      session: this.owner,
      "athanor.flush.new": created,
      "athanor.flush.dirty": changed,
      "athanor.flush.deleted": deleted,
    };
  }
  async #flush(): Promise<void> {
    this.#flushing = true;
    try {
      if (this.hooks.has("beforeFlush"))
        await this.#queue.reentrant(() => this.hooks.run("beforeFlush", { session: this.owner }));
      for (const prepare of flushPreparations) await prepare(this);
      const pending = this.#pending.length > 0 ? this.pending : NOTHING;
      const dirty = this.#takeDirty();
      const deletions = this.#toDelete.size > 0 ? [...this.#toDelete] : undefined;
      void this.frame;
      // The flush itself may find objects to delete: orphans.
      if (this.#toDelete === NO_OBJECTS) this.#toDelete = new Set();
      const flush = new Flush(this, { pending, dirty, deleted: this.#toDelete });
      await flush.write();
      if (this.hooks.has("afterFlush")) {
        this.#flushed = { pending, dirty, deleted: deletions ?? NOTHING };
        await this.#queue.reentrant(() => this.hooks.run("afterFlush", { session: this.owner }));
        this.#flushed = undefined;
      }
      flush.finish();
      if (eagerDefaults.wanted) await this.#readDefaults([...pending, ...dirty]);
      this.#lost = NO_OBJECTS;
      this.#toDelete = NO_OBJECTS;
      if (this.#pending.length > 0) {
        const left = this.#pending.filter((i) => i.$$s === this && (i.$$f & PENDING) !== 0);
        const tried = new Set(left.length > 0 ? pending : undefined);
        this.#pending = left.filter((i) => !tried.has(i));
      }
      this.#dirty = this.#dirty.filter((i) => i.$$s === this && (i.$$f & DIRTY) !== 0 && (i.$$f & PERSISTENT) !== 0);
      if (this.hooks.has("pendingToPersistent"))
        for (const instance of pending)
          if ((instance.$$f & PERSISTENT) !== 0)
            this.hooks.emit("pendingToPersistent", { session: this.owner, instance });
      if (deletions !== undefined && this.hooks.has("persistentToDeleted"))
        for (const instance of deletions)
          if ((instance.$$f & DELETED) !== 0) this.hooks.emit("persistentToDeleted", { session: this.owner, instance });
      this.#flushing = false;
      if (this.hooks.has("afterFlushPostexec"))
        await this.#queue.reentrant(() => this.hooks.run("afterFlushPostexec", { session: this.owner }));
    } catch (error) {
      await this.#flushFailed(error);
      throw error;
    } finally {
      this.#flushing = false;
      this.#flushed = undefined;
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
  /** The transaction (or the savepoint alone) is rolled back at once; until rollback() nothing else is possible. */
  async #flushFailed(error: unknown): Promise<void> {
    const frame = this.frame;
    try {
      if (frame.parent !== undefined) await this.#undoFrame(frame, true);
      else {
        const touched = this.#revertUnflushed();
        touched.push(...this.#revertFrame(frame));
        this.#allStale();
        await this.#connections.rollback();
      }
    } catch {
      // The first error says more; rollback() tries again.
    }
    this.#failed = true;
    this.#failure = error;
  }

  // ---- objects in and out

  /** Everything save-update reaches, `root` included. */
  add(root: Managed): void {
    const undone = (root.$$f & TO_DELETE) !== 0;
    const arrived: Managed[] | undefined = this.#toDelete.size === 0 ? undefined : root.$$s !== this ? [root] : [];
    this.#attach(root);
    if (!hasRelated(root)) return;
    // Only the object that is named takes its deletion back, with what went along; one that merely refers to it does not.
    for (const instance of reachable(
      root,
      "saveUpdate",
      (i) => i.$$s !== this || (undone && (i.$$f & TO_DELETE) !== 0),
    )) {
      if (instance === root) continue;
      if (instance.$$s !== this) arrived?.push(instance);
      else if (!undone) continue;
      this.#attach(instance);
    }
    // Objects attached by the walk are walked through: `enter` saw them before they belonged here.
    if (arrived !== undefined) for (const instance of arrived) this.#spareMembers(instance);
  }
  /** Whom a new owner has taken in lives on, though the deletion of the old one had reached it. */
  #spareMembers(owner: Managed): void {
    for (const property of mapperOfInstance(owner).relationships) {
      if (property.viewOnly || property.direction !== "oneToMany" || !property.cascade.saveUpdate) continue;
      for (const member of relatedInMemory(owner, property)) if (member.$$s === this) this.#attach(member);
    }
  }
  #attach(instance: Managed): void {
    const session = instance.$$s;
    if (session === this) {
      if ((instance.$$f & TO_DELETE) !== 0) {
        instance.$$f &= ~TO_DELETE;
        this.#toDelete.delete(instance);
      }
      return;
    }
    if (session !== undefined) {
      throw new InvalidRequestError(
        `${describeInstance(instance)} belongs to another session: expunge() it there, or merge() it here.`,
        "session.other",
      );
    }
    if ((instance.$$f & (DELETED | WAS_DELETED)) !== 0)
      throw new InvalidRequestError(
        `${describeInstance(instance)} was deleted; make a new object instead, or makeTransient() this one.`,
        "session.deleted",
      );
    checkOwnKeys(instance);
    if (!this.options.autobegin) void this.frame;
    if (this.hooks.has("beforeAttach")) this.hooks.emit("beforeAttach", { session: this.owner, instance });
    if ((instance.$$f & DETACHED) !== 0) {
      const mapper = mapperOfInstance(instance);
      const key = mapper.keyOf(instance);
      const token = tokenOf(instance);
      const identity = token === undefined ? this.identity : this.#place(token).identity;
      const other = key === undefined ? undefined : identity.get(mapper, key);
      if (other !== undefined && other !== instance) {
        throw new InvalidRequestError(
          `The session already has another object for ${describeInstance(instance)}: merge() this one instead of adding it.`,
          "session.conflict",
        );
      }
      if (key !== undefined) identity.add(mapper, key, instance);
      instance.$$f = (instance.$$f & ~DETACHED) | PERSISTENT;
      instance.$$s = this;
      if (instance.$$o !== null || instance.$$h !== null) {
        instance.$$f |= DIRTY;
        this.#dirty.push(instance);
      }
      if (this.hooks.has("afterAttach")) this.hooks.emit("afterAttach", { session: this.owner, instance });
      if (this.hooks.has("detachedToPersistent"))
        this.hooks.emit("detachedToPersistent", { session: this.owner, instance });
      return;
    }
    instance.$$s = this;
    instance.$$f |= PENDING;
    instance.$$f &= ~DIRTY;
    this.#pending.push(instance);
    if (this.hooks.has("afterAttach")) this.hooks.emit("afterAttach", { session: this.owner, instance });
    if (this.hooks.has("transientToPending")) this.hooks.emit("transientToPending", { session: this.owner, instance });
  }
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
    if (instance.$$s !== this || (instance.$$f & PENDING) === 0) return;
    makeTransient(instance);
    this.#pending = this.#pending.filter((i) => i !== instance);
    if (this.hooks.has("pendingToTransient")) this.hooks.emit("pendingToTransient", { session: this.owner, instance });
  }
  expunge(root: Managed): void {
    if (root.$$s !== this)
      throw new InvalidRequestError(`${describeInstance(root)} is not in this session.`, "session.not-here");
    for (const instance of reachable(root, "expunge", () => true)) {
      if (instance.$$s !== this) continue;
      if ((instance.$$f & PENDING) !== 0) this.dropPending(instance);
      else this.#detach(instance);
    }
  }
  #detach(instance: Managed): void {
    const mapper = mapperOfInstance(instance);
    const key = mapper.identityKey(mapper.primaryKey.map((a) => committedValue(instance, a)));
    if (key !== undefined) this.identity.remove(mapper, key, instance);
    this.#toDelete.delete(instance);
    const was = instance.$$f;
    instance.$$s = undefined;
    instance.$$f = (was & ~(PERSISTENT | DIRTY | TO_DELETE | PENDING)) | DETACHED;
    leaveBatch(instance);
    const event = (was & DELETED) !== 0 ? "deletedToDetached" : "persistentToDetached";
    if (this.hooks.has(event)) this.hooks.emit(event, { session: this.owner, instance });
  }
  expungeAll(): void {
    const left = this.hooks.has("persistentToDetached") ? [...this.identity.all()] : NOTHING;
    this.identity.forEach(letGo);
    for (const instance of left) this.hooks.emit("persistentToDetached", { session: this.owner, instance });
    for (const instance of this.#pending) {
      if (instance.$$s !== this || (instance.$$f & PENDING) === 0) continue;
      makeTransient(instance);
      if (this.hooks.has("pendingToTransient"))
        this.hooks.emit("pendingToTransient", { session: this.owner, instance });
    }
    for (const { instance } of this.#frame?.deleted ?? []) if (instance.$$s === this) this.#detach(instance);
    this.identity.clear();
    this.#pending = [];
    this.#dirty = [];
    this.#lost = NO_OBJECTS;
    this.#toDelete = NO_OBJECTS;
  }
  overwritten(instance: Managed, attributes: readonly MappedColumn[]): void {
    this.frame.noteOverwritten(
      instance,
      attributes.flatMap((a) => [a.index, committedValue(instance, a)]),
    );
  }
  /** A DELETE by criteria took the row. */
  removed(instance: Managed): void {
    if (instance.$$s !== this) return;
    const mapper = mapperOfInstance(instance);
    const key = mapper.identityKey(mapper.primaryKey.map((a) => committedValue(instance, a)));
    this.#toDelete.delete(instance);
    this.frame.noteFlushed(instance);
    instance.$$o = null;
    instance.$$h = null;
    instance.$$m = 0;
    instance.$$f = (instance.$$f & ~(PERSISTENT | DIRTY | TO_DELETE)) | DELETED;
    if (key === undefined) return;
    this.identity.remove(mapper, key, instance);
    this.frame.deleted.push({ instance, key });
  }
  /** Marks for deletion along the delete cascade; children that are not loaded are loaded for it. */
  async markDeleted(root: Managed): Promise<void> {
    const stack = [root];
    /** Objects of classes that are marked instead (`softDelete`). */
    const marked = new Set<Managed>();
    for (let instance = stack.pop(); instance !== undefined; instance = stack.pop()) {
      if (instance.$$s !== this || this.#toDelete.has(instance)) continue;
      if ((instance.$$f & PENDING) !== 0) {
        this.dropPending(instance);
        continue;
      }
      if ((instance.$$f & PERSISTENT) === 0) continue;
      const soft = this.#flushing ? undefined : softDeletionOf(mapperOfInstance(instance));
      const marks = soft !== undefined && !soft.purged.has(instance);
      if (marks) {
        // What hangs below only goes along if it is marked too: the row it hangs on stays.
        if (marked.has(instance)) continue;
        marked.add(instance);
        writeMark(instance, soft, soft.mark());
      } else if (root !== instance && marked.size > 0) continue;
      else {
        if (this.#toDelete === NO_OBJECTS) this.#toDelete = new Set();
        this.#toDelete.add(instance);
        instance.$$f |= TO_DELETE;
      }
      for (const property of mapperOfInstance(instance).relationships) {
        if (!property.cascade.delete || property.viewOnly) continue;
        if (instance[property.slot] === UNLOADED && !property.passiveDeletes)
          await this.loadRelation(instance, property);
        stack.push(...relatedInMemory(instance, property));
        for (const h of instance.$$h ?? []) {
          if (h.relationship === property && property.cascade.deleteOrphan)
            for (const gone of h.removed) if (isOrphan(gone)) stack.push(gone);
        }
      }
    }
  }

  // ---- what instances ask

  noteDirty(instance: Managed): void {
    this.#dirty.push(instance);
  }
  noteRelated(owner: Managed, relationship: unknown, item: Managed): void {
    const { cascade, direction } = relationship as RelationshipProperty;
    if (!cascade.saveUpdate) return;
    // Taken in by an owner it is spared; what merely refers to it changes nothing about its deletion.
    if (item.$$s !== this || (direction === "oneToMany" && (item.$$f & TO_DELETE) !== 0)) this.add(item);
    void owner;
  }
  noteUnrelated(_owner: Managed, relationship: unknown, item: Managed): void {
    if (!(relationship as RelationshipProperty).cascade.deleteOrphan || !isOrphan(item)) return;
    if (item.$$s === this && (item.$$f & PENDING) !== 0) this.dropPending(item);
    else {
      item.$$f |= ORPHANED;
      if (item.$$s !== this) return;
      if (this.#lost === NO_OBJECTS) this.#lost = new Set();
      this.#lost.add(item);
    }
  }
  peekRelated(owner: Managed, relationship: unknown): Managed | null | undefined {
    return peekReference(this.#of(owner), owner, relationship as RelationshipProperty);
  }
  knownMembers(owner: Managed, relationship: unknown): readonly Managed[] {
    const { direction, target, backPopulates, pairs } = relationship as RelationshipProperty;
    if (direction !== "oneToMany" || backPopulates === undefined) return [];
    const found: Managed[] = [];
    for (const instance of this.identity.instances(target)) {
      const known = instance[backPopulates.slot];
      if (
        known === owner ||
        (known === UNLOADED && pairs.every((p) => instance[p.remote.slot] === owner[p.local.slot]))
      )
        found.push(instance);
    }
    return found;
  }
  async loadRelation(owner: Managed, property: RelationshipProperty): Promise<void> {
    if ((owner.$$f & PENDING) !== 0 && property.definition.settings.loadOnPending !== true) return;
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
      ending = invalidate ? this.#connections.invalidate() : this.#connections.close();
    } catch (error) {
      this.#forget();
      throw error;
    }
    if (ending instanceof Promise) return ending.finally(() => this.#forget());
    this.#forget();
  }
  #forget(): void {
    this.expungeAll();
    this.#replicas?.reset();
    while (this.#frame !== undefined) this.#leave();
    this.#failed = false;
    this.#failure = undefined;
  }
}

function letGo(instance: Managed): void {
  instance.$$s = undefined;
  instance.$$f = (instance.$$f & ~(PERSISTENT | DIRTY | TO_DELETE)) | DETACHED;
  // Objects loaded together no longer keep each other in memory.
  instance.$$b = null;
}
const NOTHING: readonly Managed[] = [];
/** Stands for the sets of a session that deletes nothing and loses nothing: never added to. */
const NO_OBJECTS: Set<Managed> = new Set();
const DONE = Promise.resolve();
/** Says that it was no explicit flush that failed. */
function hinting(error: unknown): never {
  if (error instanceof AthanorError)
    error.message +=
      " (raised by the autoflush before a query or a lazy load; if the objects are not ready to be written, run that in session.noAutoflush(async () => { … }))";
  throw error;
}
/** Whether any relationship holds something: most objects of a large load hold nothing. */
function hasRelated(instance: Managed): boolean {
  const { relationships } = mapperOfInstance(instance);
  if (instance.$$h !== null) return true;
  for (let i = 0; i < relationships.length; i++)
    if (instance[(relationships[i] as RelationshipProperty).slot] !== UNLOADED) return true;
  return false;
}
const checkedClasses = new WeakSet<object>();
/** A class field that hides an attribute: found at the first object of each class. */
function checkOwnKeys(instance: Managed): void {
  const model = Object.getPrototypeOf(instance) as object;
  if (checkedClasses.has(model)) return;
  for (const key of mapperOfInstance(instance).keys) {
    if (Object.hasOwn(instance, key)) {
      throw new ArgumentError(
        `${instance.$$d.name} has a class field '${key}' that hides the mapped attribute; write 'declare ${key}: …' to restate its type.`,
        "orm.shadowed",
      );
    }
  }
  checkedClasses.add(model);
}
