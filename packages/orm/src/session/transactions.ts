/**
 * The transactions of a session: the outermost one, begun by the first use, and a frame for each savepoint in it; how they
 * end, and what a failed flush leaves behind. Source: SQLAlchemy "Managing Transactions".
 */
import { type ExecutionOptions, InvalidRequestError, type MaybePromise, PendingRollbackError } from "@athanor/core";
import { forgetDeleted } from "../mapping/collection.js";
import { DELETED, DETACHED, type Managed, PERSISTENT, type SessionFace, STALE, WAS_DELETED } from "../mapping/state.js";
import { type JoinTransactionMode, SessionConnections } from "./connections.js";
import type { SessionHooks } from "./events.js";
import type { SessionObjects } from "./objects.js";
import { TransactionFrame } from "./transaction-frame.js";

/** The session, as its transactions see it. */
export interface TransactionsHost extends SessionFace {
  readonly owner: object;
  readonly hooks: SessionHooks;
  readonly objects: SessionObjects;
  readonly options: {
    readonly autobegin: boolean;
    readonly twoPhase: boolean;
    readonly expireOnCommit: boolean;
    readonly joinTransactionMode: JoinTransactionMode;
    readonly connectionOptions: ExecutionOptions | undefined;
  };
  flushNow(): Promise<void>;
  /** Runs a hook in the middle of a piece of work. */
  reentrant<T>(hook: () => MaybePromise<T>): Promise<T>;
}
interface Forgotten {
  readonly by: { readonly isAsked: boolean };
  readonly error: unknown;
  readonly frame: TransactionFrame | undefined;
}
const LIMIT_FLUSHES = 100;
const NOTHING_FORGOTTEN: readonly Forgotten[] = [];

/** New objects of a transaction and those around it. */
function createdIn(innermost: TransactionFrame | undefined): ReadonlySet<Managed> {
  const created = new Set<Managed>();
  for (let frame = innermost; frame !== undefined; frame = frame.parent)
    for (const instance of frame.created) created.add(instance);
  return created;
}

export class SessionTransactions {
  readonly connections: SessionConnections;
  readonly #host: TransactionsHost;
  #innermost: TransactionFrame | undefined;
  /** Set by a failed flush: only rollback() helps. */
  #failure: unknown;
  failed = false;
  /** Statements that failed before anybody had awaited them. */
  #forgotten: readonly Forgotten[] = NOTHING_FORGOTTEN;

  constructor(host: TransactionsHost) {
    this.#host = host;
    const { joinTransactionMode, twoPhase, connectionOptions } = host.options;
    this.connections = new SessionConnections(joinTransactionMode, twoPhase, connectionOptions);
  }
  get current(): TransactionFrame | undefined {
    return this.#innermost;
  }
  /** The innermost transaction; the first use begins one. */
  get frame(): TransactionFrame {
    return this.#innermost ?? this.beginFrame(this.#host.options.autobegin);
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
    this.#innermost = frame;
    if (this.#host.hooks.has("afterTransactionCreate"))
      this.#host.hooks.emit("afterTransactionCreate", { session: this.#host.owner, transaction: frame });
    return frame;
  }
  /** Leaves the innermost transaction. */
  leave(): void {
    const frame = this.#innermost;
    this.#innermost = frame?.parent;
    if (frame !== undefined) this.#left(frame);
  }
  #left(frame: TransactionFrame): void {
    if (this.#host.hooks.has("afterTransactionEnd"))
      this.#host.hooks.emit("afterTransactionEnd", { session: this.#host.owner, transaction: frame });
  }
  requireHealthy(): void {
    if (!this.failed) return;
    const why = this.#failure instanceof Error ? this.#failure.message : String(this.#failure);
    throw new PendingRollbackError(
      `This session's transaction was rolled back because a flush failed; call rollback() before anything else. The failure was: ${why}`,
      "session.pending-rollback",
      { cause: this.#failure },
    );
  }
  noteFailed(by: { readonly isAsked: boolean }, error: unknown): void {
    this.#forgotten = [...this.#forgotten, { by, error, frame: this.#innermost }];
  }
  /** @throws the failure of a statement that nobody has awaited: what was done beside it is not to be kept */
  #requireAwaited(): void {
    const forgotten = this.#forgotten.find((f) => !f.by.isAsked);
    this.#forgotten = NOTHING_FORGOTTEN;
    if (forgotten !== undefined) throw forgotten.error;
  }
  async #rollBackForgotten(): Promise<void> {
    try {
      this.#requireAwaited();
    } catch (error) {
      await this.#afterFailure(error);
    }
  }
  async beginNested(): Promise<TransactionFrame> {
    this.requireHealthy();
    await this.#host.flushNow();
    const outer = this.frame;
    await this.connections.beginNested();
    return this.#enter(new TransactionFrame(outer));
  }
  /** Ends a savepoint well; inner ones still open end with it. */
  async releaseNested(frame: TransactionFrame): Promise<void> {
    this.requireHealthy();
    if (this.#forgotten !== NOTHING_FORGOTTEN) this.#requireAwaited();
    await this.#host.flushNow();
    while (this.#isOpen(frame)) {
      const inner = this.#innermost as TransactionFrame;
      await this.connections.releaseNested();
      inner.mergeInto(inner.parent as TransactionFrame);
      this.leave();
      if (inner === frame) return;
    }
  }
  async rollbackNested(frame: TransactionFrame): Promise<void> {
    while (this.#isOpen(frame)) {
      const inner = this.#innermost as TransactionFrame;
      if (!this.failed) await this.#undoFrame(inner, true);
      this.failed = false;
      this.#failure = undefined;
      if (this.#forgotten !== NOTHING_FORGOTTEN) this.#forgotten = this.#forgotten.filter((f) => f.frame !== inner);
      await this.#softly(inner);
      this.leave();
      if (inner === frame) return;
    }
  }
  async #softly(previousTransaction: TransactionFrame): Promise<void> {
    if (this.#host.hooks.has("afterSoftRollback"))
      await this.#host.reentrant(() =>
        this.#host.hooks.run("afterSoftRollback", { session: this.#host.owner, previousTransaction }),
      );
  }
  /** The first phase of a two-phase commit; only commit() and rollback() can follow. */
  async prepare(): Promise<void> {
    this.requireHealthy();
    if (!this.#host.options.twoPhase)
      throw new InvalidRequestError(
        "prepare(): this session was not made with { twoPhase: true }.",
        "session.two-phase",
      );
    if (this.#forgotten !== NOTHING_FORGOTTEN) await this.#rollBackForgotten();
    await this.#flushAll();
    while (this.#innermost?.parent !== undefined) await this.releaseNested(this.#innermost);
    try {
      await this.connections.prepare();
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
    for (let f = this.#innermost; f !== undefined; f = f.parent) if (f === frame) return f.parent !== undefined;
    return false;
  }
  isActive(frame: TransactionFrame): boolean {
    for (let f = this.#innermost; f !== undefined; f = f.parent) if (f === frame) return true;
    return false;
  }
  /** Until nothing is left: what hooks of a flush changed is flushed too. */
  async #flushAll(): Promise<void> {
    await this.#host.flushNow();
    for (let round = 1; this.#host.objects.hasChanges; round++) {
      if (round === LIMIT_FLUSHES)
        throw new InvalidRequestError(
          `Over ${LIMIT_FLUSHES} flushes in one commit: does a hook always add or change something?`,
          "session.flush-limit",
        );
      await this.#host.flushNow();
    }
  }
  async commit(): Promise<void> {
    this.requireHealthy();
    if (!this.#host.options.autobegin) void this.frame;
    if (this.#forgotten !== NOTHING_FORGOTTEN) await this.#rollBackForgotten();
    if (this.#host.hooks.has("beforeCommit"))
      await this.#host.reentrant(() => this.#host.hooks.run("beforeCommit", { session: this.#host.owner }));
    await this.#flushAll();
    while (this.#innermost?.parent !== undefined) await this.releaseNested(this.#innermost);
    try {
      await this.connections.commit();
    } catch (error) {
      await this.#afterFailure(error);
    }
    const frame = this.#innermost;
    this.#innermost = undefined;
    const gone = new Set<Managed>();
    for (const { instance } of frame === undefined || frame.isUntouched ? [] : frame.deleted) {
      if ((instance.$$f & DELETED) === 0) continue;
      gone.add(instance);
      instance.$$f = DETACHED | WAS_DELETED;
      instance.$$s = undefined;
      if (this.#host.hooks.has("deletedToDetached"))
        this.#host.hooks.emit("deletedToDetached", { session: this.#host.owner, instance });
    }
    if (gone.size > 0) forgetDeleted(gone, this.#host.objects.identity.all());
    // The hooks come before the objects are stale, as there is no transaction any more to read them anew in.
    if (this.#host.hooks.has("afterCommit"))
      await this.#host.reentrant(() => this.#host.hooks.run("afterCommit", { session: this.#host.owner }));
    if (this.#host.options.expireOnCommit) this.#host.objects.allStale();
    if (frame !== undefined) this.#left(frame);
  }
  async rollback(): Promise<void> {
    let failure: unknown;
    const failed = this.failed;
    this.failed = false;
    this.#failure = undefined;
    this.#forgotten = NOTHING_FORGOTTEN;
    try {
      await this.connections.rollback();
    } catch (error) {
      failure = error;
    }
    // A failed flush has undone the innermost frame already.
    const innermost = this.#innermost;
    const created = createdIn(innermost);
    this.#host.objects.revertUnflushed(created);
    for (let frame = failed ? innermost?.parent : innermost; frame !== undefined; frame = frame.parent)
      this.#revertFrame(frame, created);
    this.#host.objects.allStale();
    this.#innermost = undefined;
    if (this.#host.hooks.has("afterRollback"))
      await this.#host.reentrant(() => this.#host.hooks.run("afterRollback", { session: this.#host.owner }));
    for (let frame = innermost; frame !== undefined; frame = frame.parent) {
      await this.#softly(frame);
      this.#left(frame);
    }
    if (failure !== undefined) throw failure;
  }
  async #undoFrame(frame: TransactionFrame, nested: boolean): Promise<void> {
    const created = new Set(frame.created);
    const touched = this.#host.objects.revertUnflushed(created);
    touched.push(...this.#revertFrame(frame, created));
    for (const instance of touched) if ((instance.$$f & PERSISTENT) !== 0) instance.$$f |= STALE;
    if (nested) await this.connections.rollbackNested();
  }
  #revertFrame(frame: TransactionFrame, all: ReadonlySet<Managed>): Managed[] {
    if (frame.isUntouched) return [];
    const created = this.#host.hooks.has("persistentToTransient") ? frame.created : [];
    const deleted = this.#host.hooks.has("deletedToPersistent") ? frame.deleted.map((d) => d.instance) : [];
    const touched = frame.revert(this.#host.objects.identity, this.#host, all);
    for (const instance of created)
      this.#host.hooks.emit("persistentToTransient", { session: this.#host.owner, instance });
    for (const instance of deleted)
      if ((instance.$$f & PERSISTENT) !== 0)
        this.#host.hooks.emit("deletedToPersistent", { session: this.#host.owner, instance });
    frame.forget();
    return touched;
  }
  /** The transaction (or the savepoint alone) is rolled back at once; until rollback() nothing else is possible. */
  async flushFailed(error: unknown): Promise<void> {
    const frame = this.frame;
    try {
      if (frame.parent !== undefined) await this.#undoFrame(frame, true);
      else {
        const created = new Set(frame.created);
        this.#host.objects.revertUnflushed(created);
        this.#revertFrame(frame, created);
        this.#host.objects.allStale();
        await this.connections.rollback();
      }
    } catch {
      // The first error says more; rollback() tries again.
    }
    this.failed = true;
    this.#failure = error;
  }
  /** The session lets everything go. */
  forget(): void {
    while (this.#innermost !== undefined) this.leave();
    this.#forgotten = NOTHING_FORGOTTEN;
    this.failed = false;
    this.#failure = undefined;
  }
}
