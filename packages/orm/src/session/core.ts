/**
 * The machinery of a session: identity map, pending and changed objects, transaction frames, the queue. `Session` is its
 * public face, instances hold it in `$$s`, the query side reaches it as `SessionInternals`.
 * Long because states, transactions and flush share the same few private fields.
 */
import {
  ArgumentError,
  type Compiled,
  type Connection,
  type Dialect,
  type Element,
  Engine,
  type Execution,
  InvalidRequestError,
  type MaybePromise,
  PendingRollbackError,
  StatementCache,
} from "@athanor/core";
import { DetachedInstanceError, NotLoadedError } from "../errors.js";
import { flushPreparations } from "../extensions/flush-preparations.js";
import { describeInstance, forgetDeleted } from "../mapping/collection.js";
import { type Mapper, mapperOfInstance, type RelationshipProperty } from "../mapping/mapper.js";
import {
  DELETED,
  DETACHED,
  DIRTY,
  type Managed,
  ORPHANED,
  PENDING,
  PERSISTENT,
  type SessionFace,
  STALE,
  TO_DELETE,
  UNLOADED,
} from "../mapping/state.js";
import { loadColumn, loadRelationship, peekReference } from "../query/execute.js";
import { reachable, relatedInMemory } from "./cascades.js";
import { type JoinTransactionMode, SessionConnections } from "./connections.js";
import { type RowEventName, SessionHooks } from "./events.js";
import { IdentityMap } from "./identity-map.js";
import { SESSION, type SessionInternals } from "./internals.js";
import { SessionQueue } from "./queue.js";
import { makeTransient, revertChanges, TransactionFrame } from "./transaction-frame.js";
import { Flush, isOrphan } from "./unit-of-work/flush.js";
import type { FlushHost } from "./unit-of-work/host.js";

export type Bind = Engine | Connection;
export interface CoreOptions {
  readonly bind: Bind | undefined;
  /** Chooses the engine for a mapper or a statement; shards, replicas. */
  readonly getBind: ((mapper: Mapper | null, statement?: Element) => Bind) | undefined;
  readonly autoflush: boolean;
  readonly expireOnCommit: boolean;
  readonly joinTransactionMode: JoinTransactionMode;
  readonly executionOptions: { readonly [name: string]: unknown };
}

const standIns = new WeakMap<Dialect, Pick<Engine, "dialect" | "cache">>();
const planCaches = new WeakMap<object, StatementCache<unknown>>();
const LIMIT_FLUSHES = 100;

export class SessionCore implements SessionInternals, SessionFace, FlushHost {
  readonly identity = new IdentityMap();
  readonly waiting: Execution[] = [];
  readonly hooks = new SessionHooks();
  readonly options: CoreOptions;
  /** The public session, for events and `objectSession`. */
  readonly owner: object;
  readonly #queue = new SessionQueue();
  readonly #connections: SessionConnections;
  #pending: Managed[] = [];
  #dirty: Managed[] = [];
  readonly #toDelete = new Set<Managed>();
  #frame: TransactionFrame | undefined;
  #flushing = false;
  /** Set by a failed flush: only rollback() helps. */
  #failure: unknown;
  #failed = false;
  #noAutoflush = 0;

  constructor(owner: object, options: CoreOptions) {
    this.owner = owner;
    this.options = options;
    this.#connections = new SessionConnections(options.joinTransactionMode);
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
    const bind = this.options.getBind?.(mapper, statement) ?? this.options.bind;
    if (bind === undefined)
      throw new InvalidRequestError(
        "The session has no engine: new Session(engine), or sessionmaker({ bind: engine }).",
        "session.no-bind",
      );
    return bind;
  }
  engineFor(mapper: Mapper | null): Engine {
    const bind = this.bindFor(mapper);
    if (bind instanceof Engine) return bind;
    // Of an engine, plans and flushes need the dialect and a statement cache; connections of one dialect share theirs.
    let stand = standIns.get(bind.dialect);
    if (stand === undefined)
      standIns.set(bind.dialect, (stand = { dialect: bind.dialect, cache: new StatementCache<Compiled>() }));
    return stand as Engine;
  }
  connectionFor(mapper: Mapper | null): MaybePromise<Connection> {
    this.requireHealthy();
    void this.frame;
    return this.#connections.get(this.bindFor(mapper), this.#begun);
  }
  readonly #begun = (connection: Connection): MaybePromise<void> => {
    if (this.hooks.has("afterBegin"))
      return this.#queue.reentrant(() => this.hooks.run("afterBegin", { session: this.owner, connection }));
  };
  planCache(engine: Engine): StatementCache<unknown> {
    const key = engine.cache ?? engine;
    let cache = planCaches.get(key);
    if (cache === undefined) planCaches.set(key, (cache = new StatementCache<unknown>()));
    return cache;
  }
  /** The innermost transaction; the first use begins one. */
  get frame(): TransactionFrame {
    this.#frame ??= new TransactionFrame();
    return this.#frame;
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
    await this.#connections.beginNested();
    this.#frame = new TransactionFrame(this.frame);
    return this.#frame;
  }
  /** Ends a savepoint well; inner ones still open end with it. */
  async releaseNested(frame: TransactionFrame): Promise<void> {
    this.requireHealthy();
    await this.flushNow();
    while (this.#isOpen(frame)) {
      const inner = this.#frame as TransactionFrame;
      await this.#connections.releaseNested();
      inner.mergeInto(inner.parent as TransactionFrame);
      this.#frame = inner.parent;
      if (inner === frame) return;
    }
  }
  async rollbackNested(frame: TransactionFrame): Promise<void> {
    while (this.#isOpen(frame)) {
      const inner = this.#frame as TransactionFrame;
      if (!this.#failed) await this.#undoFrame(inner, true);
      this.#failed = false;
      this.#failure = undefined;
      this.#frame = inner.parent;
      if (inner === frame) return;
    }
  }
  #isOpen(frame: TransactionFrame): boolean {
    for (let f = this.#frame; f !== undefined; f = f.parent) if (f === frame) return f.parent !== undefined;
    return false;
  }
  isActive(frame: TransactionFrame): boolean {
    for (let f = this.#frame; f !== undefined; f = f.parent) if (f === frame) return true;
    return false;
  }
  async commit(): Promise<void> {
    this.requireHealthy();
    if (this.hooks.has("beforeCommit"))
      await this.#queue.reentrant(() => this.hooks.run("beforeCommit", { session: this.owner }));
    await this.flushNow();
    // What hooks of the flush changed is flushed too.
    for (let round = 1; this.hasChanges; round++) {
      if (round === LIMIT_FLUSHES)
        throw new InvalidRequestError(
          `Over ${LIMIT_FLUSHES} flushes in one commit: does a hook always add or change something?`,
          "session.flush-limit",
        );
      await this.flushNow();
    }
    while (this.#frame?.parent !== undefined) await this.releaseNested(this.#frame);
    try {
      await this.#connections.commit();
    } catch (error) {
      await this.rollback();
      throw error;
    }
    const frame = this.#frame;
    this.#frame = undefined;
    const gone = new Set<Managed>();
    for (const { instance } of frame?.deleted ?? []) {
      if ((instance.$$f & DELETED) === 0) continue;
      gone.add(instance);
      instance.$$f = DETACHED;
      instance.$$s = undefined;
      if (this.hooks.has("deletedToDetached")) this.hooks.emit("deletedToDetached", { session: this.owner, instance });
    }
    if (gone.size > 0) forgetDeleted(gone, this.identity.all());
    if (this.options.expireOnCommit) this.#allStale();
    if (this.hooks.has("afterCommit"))
      await this.#queue.reentrant(() => this.hooks.run("afterCommit", { session: this.owner }));
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
    if (failed) {
      const inner = this.#frame;
      this.#frame = inner?.parent;
    }
    this.#revertUnflushed();
    for (let frame = this.#frame; frame !== undefined; frame = frame.parent) this.#revertFrame(frame);
    this.#frame = undefined;
    this.#allStale();
    if (this.hooks.has("afterRollback"))
      await this.#queue.reentrant(() => this.hooks.run("afterRollback", { session: this.owner }));
    if (failure !== undefined) throw failure;
  }
  #allStale(): void {
    this.identity.forEach((instance) => {
      instance.$$f |= STALE;
    });
  }
  async #undoFrame(frame: TransactionFrame, nested: boolean): Promise<void> {
    const touched = this.#revertUnflushed();
    touched.push(...this.#revertFrame(frame));
    for (const instance of touched) if ((instance.$$f & PERSISTENT) !== 0) instance.$$f |= STALE;
    if (nested) await this.#connections.rollbackNested();
  }
  #revertFrame(frame: TransactionFrame): Managed[] {
    const created = this.hooks.has("persistentToTransient") ? [...frame.created] : [];
    const touched = frame.revert(this.identity);
    for (const instance of created) this.hooks.emit("persistentToTransient", { session: this.owner, instance });
    frame.created.length = frame.deleted.length = frame.undo.length = frame.switches.length = 0;
    return touched;
  }
  /** Changes no flush has seen. */
  #revertUnflushed(): Managed[] {
    const dirty = this.#dirty;
    this.#dirty = [];
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
    this.#toDelete.clear();
    return touched;
  }

  // ---- flush

  get pending(): readonly Managed[] {
    return this.#pending.filter((i) => i.$$s === this && (i.$$f & PENDING) !== 0);
  }
  get dirty(): readonly Managed[] {
    return this.#dirty.filter((i) => i.$$s === this && (i.$$f & (DIRTY | TO_DELETE)) === DIRTY);
  }
  get toDelete(): ReadonlySet<Managed> {
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
    return this.flushNow();
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
    this.#flushing = true;
    try {
      if (this.hooks.has("beforeFlush"))
        await this.#queue.reentrant(() => this.hooks.run("beforeFlush", { session: this.owner }));
      for (const prepare of flushPreparations) await prepare(this);
      const pending = this.#pending.length > 0 ? this.pending : NOTHING;
      const dirty = this.#takeDirty();
      const deletions = this.#toDelete.size > 0 ? [...this.#toDelete] : undefined;
      void this.frame;
      await new Flush(this, { pending, dirty, deleted: this.#toDelete }).run();
      this.#toDelete.clear();
      if (this.#pending.length > 0) {
        const left = this.#pending.filter((i) => i.$$s === this && (i.$$f & PENDING) !== 0);
        const tried = new Set(left.length > 0 ? pending : undefined);
        this.#pending = left.filter((i) => !tried.has(i));
      }
      this.#dirty = this.#dirty.filter((i) => i.$$s === this && (i.$$f & DIRTY) !== 0 && (i.$$f & PERSISTENT) !== 0);
      if (this.hooks.has("pendingToPersistent"))
        for (const instance of pending) this.hooks.emit("pendingToPersistent", { session: this.owner, instance });
      if (deletions !== undefined && this.hooks.has("persistentToDeleted"))
        for (const instance of deletions) this.hooks.emit("persistentToDeleted", { session: this.owner, instance });
      if (this.hooks.has("afterFlush")) {
        this.#flushing = false;
        await this.#queue.reentrant(() => this.hooks.run("afterFlush", { session: this.owner }));
      }
    } catch (error) {
      await this.#flushFailed(error);
      throw error;
    } finally {
      this.#flushing = false;
    }
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
    this.#attach(root);
    if (!hasRelated(root)) return;
    for (const instance of reachable(root, "saveUpdate", (i) => i.$$s !== this || (i.$$f & TO_DELETE) !== 0)) {
      if (instance !== root) this.#attach(instance);
    }
    // Objects attached by the walk are walked through: `enter` saw them before they belonged here.
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
    if ((instance.$$f & DELETED) !== 0)
      throw new InvalidRequestError(
        `${describeInstance(instance)} was deleted; make a new object instead.`,
        "session.deleted",
      );
    checkOwnKeys(instance);
    if (this.hooks.has("beforeAttach")) this.hooks.emit("beforeAttach", { session: this.owner, instance });
    if ((instance.$$f & DETACHED) !== 0) {
      const mapper = mapperOfInstance(instance);
      const key = mapper.keyOf(instance);
      const other = key === undefined ? undefined : this.identity.get(mapper, key);
      if (other !== undefined && other !== instance) {
        throw new InvalidRequestError(
          `The session already has another object for ${describeInstance(instance)}: merge() this one instead of adding it.`,
          "session.conflict",
        );
      }
      if (key !== undefined) this.identity.add(mapper, key, instance);
      instance.$$f = (instance.$$f & ~DETACHED) | PERSISTENT;
      instance.$$s = this;
      if (instance.$$o !== null || instance.$$h !== null) {
        instance.$$f |= DIRTY;
        this.#dirty.push(instance);
      }
      return;
    }
    instance.$$s = this;
    instance.$$f |= PENDING;
    instance.$$f &= ~DIRTY;
    this.#pending.push(instance);
    if (this.hooks.has("transientToPending")) this.hooks.emit("transientToPending", { session: this.owner, instance });
  }
  register(instance: Managed): void {
    instance.$$s = this;
    instance.$$f |= PERSISTENT;
  }
  rowHook(name: RowEventName, instances: readonly Managed[]): void {
    if (!this.hooks.has(name)) return;
    for (const instance of instances) this.hooks.emit(name, { session: this.owner, instance });
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
    const key = mapper.keyOf(instance);
    if (key !== undefined) this.identity.remove(mapper, key, instance);
    this.#toDelete.delete(instance);
    instance.$$s = undefined;
    instance.$$f = (instance.$$f & ~(PERSISTENT | DIRTY | TO_DELETE | PENDING)) | DETACHED;
  }
  expungeAll(): void {
    this.identity.forEach((instance) => {
      instance.$$s = undefined;
      instance.$$f = (instance.$$f & ~(PERSISTENT | DIRTY | TO_DELETE)) | DETACHED;
    });
    for (const instance of this.#pending)
      if (instance.$$s === this && (instance.$$f & PENDING) !== 0) makeTransient(instance);
    for (const { instance } of this.#frame?.deleted ?? []) if (instance.$$s === this) this.#detach(instance);
    this.identity.clear();
    this.#pending = [];
    this.#dirty = [];
    this.#toDelete.clear();
  }
  /** A DELETE by criteria took the row. */
  removed(instance: Managed): void {
    if (instance.$$s !== this) return;
    const mapper = mapperOfInstance(instance);
    const key = mapper.keyOf(instance);
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
    for (let instance = stack.pop(); instance !== undefined; instance = stack.pop()) {
      if (instance.$$s !== this || this.#toDelete.has(instance)) continue;
      if ((instance.$$f & PENDING) !== 0) {
        this.dropPending(instance);
        continue;
      }
      if ((instance.$$f & PERSISTENT) === 0) continue;
      this.#toDelete.add(instance);
      instance.$$f |= TO_DELETE;
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
    if (!(relationship as RelationshipProperty).cascade.saveUpdate) return;
    if (item.$$s !== this || (item.$$f & TO_DELETE) !== 0) this.add(item);
    void owner;
  }
  noteUnrelated(_owner: Managed, relationship: unknown, item: Managed): void {
    if (!(relationship as RelationshipProperty).cascade.deleteOrphan || !isOrphan(item)) return;
    if (item.$$s === this && (item.$$f & PENDING) !== 0) this.dropPending(item);
    else item.$$f |= ORPHANED;
  }
  peekRelated(owner: Managed, relationship: unknown): Managed | null | undefined {
    return peekReference(this, owner, relationship as RelationshipProperty);
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
    if ((owner.$$f & PENDING) !== 0) return;
    await loadRelationship(this, owner, property);
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
      await loadRelationship(this, owner, property, true);
      const value = owner[property.slot];
      if (value === UNLOADED)
        throw new NotLoadedError(`${property} of ${describeInstance(owner)} could not be loaded.`);
      return value;
    });
  }
  loadColumn(owner: Managed, key: string): Promise<unknown> {
    return this.enqueueAfterResults(async () => {
      this.requireHealthy();
      return loadColumn(this, owner, key);
    });
  }

  /** Waits for what was asked for, rolls back, gives connections back, lets all objects go. */
  async close(): Promise<void> {
    if (this.#queue.isClosed) return;
    while (this.waiting.length > 0) this.waiting.shift()?.start();
    const draining = this.#queue.close();
    if (draining !== undefined) await draining;
    await this.reset();
  }
  async reset(): Promise<void> {
    let failure: unknown;
    try {
      if (!this.#connections.isEmpty) await this.#connections.rollback();
    } catch (error) {
      failure = error;
    }
    this.expungeAll();
    this.#frame = undefined;
    this.#failed = false;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }
}

const NOTHING: readonly Managed[] = [];
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
