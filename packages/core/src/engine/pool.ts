/**
 * The pool of driver connections: a bounded number of slots, idle ones kept, callers waiting in line when all are taken.
 * A database in memory has a pool of one. Source: SQLAlchemy "Connection Pooling".
 */
import type { DriverConnection, MaybePromise } from "../dialects/driver.js";
import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError, DisconnectionError, InvalidRequestError, PoolTimeoutError } from "../errors/errors.js";
import { StatementAbortedError } from "../errors/stopped.js";
import { Events } from "./events.js";
import { Nursery } from "./nursery.js";
import { ALL_POOLS, Lease, POOL_EVENTS, type PoolEvents, type PoolRecord, view } from "./pool-record.js";

/**
 * How connections are kept. "queue": up to `size` of them, callers wait in line. "null": none, each is closed when given
 * back. "static": a single one for everybody, in turn. "assertion": a single one, and an error that says where it was
 * taken when somebody takes it a second time: for tests of code that must not.
 */
export type PoolClass = "queue" | "null" | "static" | "assertion";
const POOL_CLASSES: readonly PoolClass[] = ["queue", "null", "static", "assertion"];

export interface PoolOptions {
  /** Default "queue". */
  readonly poolClass?: PoolClass | undefined;
  /** Connections kept open; 0: no limit at all. Default 5. */
  readonly size?: number | undefined;
  /** Further connections under load, closed when given back. Default 10. */
  readonly maxOverflow?: number | undefined;
  /** Seconds a caller waits for a connection. Default 30. */
  readonly timeout?: number | undefined;
  /** Seconds after which a connection is replaced at its next checkout; -1 (default): never. */
  readonly recycle?: number | undefined;
  /** Ask the server for a sign of life before a connection is handed out. */
  readonly prePing?: boolean | undefined;
  /** Hand out the connection given back last, so that idle ones age out. */
  readonly useLifo?: boolean | undefined;
  /** What ends a transaction left open when a connection comes back. Default "rollback". */
  readonly resetOnReturn?: "rollback" | "commit" | "none" | undefined;
  /** Added to the message of a timeout. */
  readonly timeoutHint?: string | undefined;
}

interface Waiter {
  readonly resolve: (lease: Lease) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: ReturnType<typeof setTimeout>;
  promise: Promise<Lease> | undefined;
}
export interface PoolStatus {
  readonly size: number;
  readonly checkedOut: number;
  readonly idle: number;
  readonly overflow: number;
  readonly waiting: number;
}

/** How often a connection refused at its checkout is replaced before the caller hears of it. */
const RECONNECTS = 2;

export class Pool {
  readonly events = new Events<PoolEvents>(POOL_EVENTS, ALL_POOLS);
  readonly poolClass: PoolClass;
  readonly size: number;
  readonly maxOverflow: number;
  readonly timeout: number;
  readonly #limit: number;
  readonly #recycle: number;
  readonly #prePing: boolean;
  readonly #lifo: boolean;
  readonly #reset: "rollback" | "commit" | "none";
  readonly #hint: string;
  readonly #connect: () => Promise<DriverConnection>;
  readonly #idle: PoolRecord[] = [];
  readonly #waiters: Waiter[] = [];
  /** Connections open or being opened. */
  #total = 0;
  /** What was noted of places whose connection is gone, for those opened next. */
  readonly #vacant: Map<unknown, unknown>[] = [];
  /** Those opened before a disconnect or `dispose()` carry a lower number and are replaced when next asked for. */
  #generation = 0;
  #opened = false;
  /** For "assertion": where the connection on loan was taken. */
  #takenAt: string | undefined;
  readonly #leaks = new FinalizationRegistry<Lease>((lease) => this.#reclaim(lease));
  readonly #young = new Nursery<Lease>((lease) => {
    this.#leaks.register(lease.holder as object, lease, lease);
    lease.holder = undefined;
  });

  /** `connect` opens one connection; it is called without waiting for calls before it. */
  constructor(connect: () => Promise<DriverConnection>, options: PoolOptions = {}) {
    this.#connect = connect;
    this.poolClass = options.poolClass ?? "queue";
    if (!POOL_CLASSES.includes(this.poolClass)) {
      throw new ArgumentError(
        `There is no pool class '${this.poolClass}'.${didYouMean(this.poolClass, POOL_CLASSES)} Known: ${POOL_CLASSES.join(", ")}.`,
        "pool.class",
      );
    }
    const single = this.poolClass === "static" || this.poolClass === "assertion";
    this.size = single ? 1 : wholeNumber("poolSize", options.size ?? 5, 0);
    this.maxOverflow = single ? 0 : wholeNumber("maxOverflow", options.maxOverflow ?? 10, -1);
    this.timeout = options.timeout ?? 30;
    if (!(this.timeout >= 0))
      throw new ArgumentError(`poolTimeout is a number of seconds from 0, not ${this.timeout}.`);
    const unlimited = this.poolClass === "null" || this.size === 0 || this.maxOverflow < 0;
    this.#limit = unlimited ? Number.POSITIVE_INFINITY : this.size + this.maxOverflow;
    this.#recycle = (options.recycle ?? -1) * 1000;
    this.#prePing = options.prePing ?? false;
    this.#lifo = options.useLifo ?? false;
    this.#reset = options.resetOnReturn ?? "rollback";
    this.#hint = options.timeoutHint ?? "";
  }

  /**
   * A connection on loan, at once when an idle one is there.
   * @throws PoolTimeoutError after `timeout` seconds; StatementAbortedError when the signal ends the wait
   */
  acquire(signal?: AbortSignal): MaybePromise<Lease> {
    if (signal?.aborted) throw aborted(signal);
    if (this.poolClass === "assertion") this.#assertFree();
    while (this.#idle.length > 0) {
      const record = (this.#lifo ? this.#idle.pop() : this.#idle.shift()) as PoolRecord;
      if (this.#outlived(record)) {
        this.#discard(record);
        continue;
      }
      record.connection.setIdle?.(false);
      const lease = this.#prePing ? this.#checked(record) : this.#lend(record);
      return signal !== undefined && lease instanceof Promise ? this.#unless(signal, lease) : lease;
    }
    const lease = this.#total < this.#limit ? this.#open() : this.#wait();
    return signal === undefined ? lease : this.#unless(signal, lease);
  }
  /** Whoever gave up waiting gets nothing; a connection that comes for them after all goes back. */
  #unless(signal: AbortSignal, lease: Promise<Lease>): Promise<Lease> {
    return new Promise((resolve, reject) => {
      let gone = false;
      const stop = (): void => {
        gone = true;
        const waiting = this.#waiters.findIndex((w) => w.promise === lease);
        if (waiting >= 0) for (const waiter of this.#waiters.splice(waiting, 1)) clearTimeout(waiter.timer);
        reject(aborted(signal));
      };
      signal.addEventListener("abort", stop, { once: true });
      lease.then(
        (made) => {
          signal.removeEventListener("abort", stop);
          if (gone) void this.release(made, true);
          else resolve(made);
        },
        (error) => {
          signal.removeEventListener("abort", stop);
          reject(error);
        },
      );
    });
  }

  /**
   * Takes a connection back. `clean`: its transaction has ended, so nothing needs resetting. Answers at once unless the
   * driver's rollback takes time; the slot stays taken until then.
   */
  release(lease: Lease, clean: boolean, abandoned = false): MaybePromise<void> {
    if (!lease.active) return;
    lease.active = false;
    this.#unwatch(lease);
    this.#takenAt = undefined;
    const { record } = lease;
    if (clean && !lease.detached && record.connection.alive && !this.events.has("reset")) return this.#store(record);
    if (!record.connection.alive) return lease.detached ? this.#part(record) : this.#drop(record);
    const back = lease.detached ? () => this.#part(record) : () => this.#store(record);
    const failed = (error: unknown) => (lease.detached ? this.#part(record) : this.#fail(record, error));
    try {
      const ended = this.#end(record, clean, abandoned);
      if (ended instanceof Promise) return ended.then(back, failed);
    } catch (error) {
      return failed(error);
    }
    back();
  }
  /** Tells listeners, and ends what was left open. */
  #end(record: PoolRecord, clean: boolean, abandoned: boolean): MaybePromise<void> {
    let told: Promise<unknown> | undefined;
    if (this.events.has("reset")) {
      const answers = this.events
        .of("reset")
        .map((listener) => listener({ ...view(record), abandoned, clean }))
        .filter((answer) => answer instanceof Promise);
      if (answers.length > 0) told = Promise.all(answers);
    }
    if (clean || this.#reset === "none") return told?.then(() => {});
    const end = () => (this.#reset === "commit" ? record.connection.commit() : record.connection.rollback());
    return told === undefined ? end() : told.then(end);
  }

  /** Ends the lent connection at once; with `all` every other one is replaced at its next checkout. */
  invalidate(
    lease: Lease,
    options: { readonly all?: boolean; readonly soft?: boolean; readonly error?: unknown } = {},
  ): void {
    if (options.all) this.#generation++;
    if (!lease.active) return;
    if (this.events.has("invalidate")) {
      this.events.emit("invalidate", { ...view(lease.record), soft: options.soft ?? false, error: options.error });
    }
    if (options.soft) {
      lease.record.stale = true;
      return;
    }
    lease.active = false;
    this.#unwatch(lease);
    this.#takenAt = undefined;
    if (lease.detached) this.#part(lease.record);
    else this.#drop(lease.record);
  }
  /** Takes a connection out of the pool for good: its slot is free at once, and giving it back closes it. */
  detach(lease: Lease): void {
    if (!lease.active || lease.detached) return;
    lease.detached = true;
    this.#takenAt = undefined;
    this.#vacate(lease.record.recordInfo);
    this.events.emit("detach", view(lease.record));
    this.#wake();
  }
  /** Reclaims the connection when `holder` is garbage collected without having closed it. */
  watch(holder: object, lease: Lease): void {
    lease.holder = holder;
    this.#young.add(lease);
  }
  #unwatch(lease: Lease): void {
    if (!this.#young.remove(lease)) this.#leaks.unregister(lease);
    lease.holder = undefined;
  }
  /** Closes idle connections; those on loan close when they come back. The pool stays usable. */
  async dispose(): Promise<void> {
    this.#generation++;
    this.#vacant.length = 0;
    const idle = this.#idle.splice(0);
    await Promise.all(
      idle.map(async (record) => {
        this.#total--;
        record.connection.setIdle?.(false);
        this.events.emit("close", view(record));
        try {
          await record.connection.close();
        } catch {
          record.connection.terminate();
        }
      }),
    );
    this.#wake();
  }
  status(): PoolStatus {
    return {
      size: this.size,
      checkedOut: this.#total - this.#idle.length,
      idle: this.#idle.length,
      overflow: Math.max(0, this.#total - this.size),
      waiting: this.#waiters.length,
    };
  }

  #outlived(record: PoolRecord): boolean {
    return (
      record.generation !== this.#generation ||
      record.stale ||
      !record.connection.alive ||
      (this.#recycle >= 0 && performance.now() - record.createdAt > this.#recycle)
    );
  }
  /** Hands a connection out, unless a listener refuses it. */
  #lend(record: PoolRecord, tries = RECONNECTS): MaybePromise<Lease> {
    if (this.events.has("checkout")) {
      try {
        this.events.emit("checkout", view(record));
      } catch (error) {
        if (error instanceof DisconnectionError) return this.#refused(record, error, tries);
        this.#store(record);
        throw error;
      }
    }
    if (this.poolClass === "assertion") this.#takenAt = new Error("taken").stack;
    return new Lease(record);
  }
  async #refused(record: PoolRecord, error: DisconnectionError, tries: number): Promise<Lease> {
    if (error.invalidatePool) this.#generation++;
    this.#fail(record, error);
    if (tries > 0) return this.#open(tries - 1);
    throw new InvalidRequestError(
      `A listener of "checkout" refused the connection and the ${RECONNECTS} opened in its place (${error.message}).`,
      "pool.refused",
      { cause: error },
    );
  }
  /** Lends after a ping; a dead connection says that the others are suspect too. */
  async #checked(record: PoolRecord): Promise<Lease> {
    try {
      await record.connection.ping();
    } catch (error) {
      this.#generation++;
      if (this.events.has("invalidate")) this.events.emit("invalidate", { ...view(record), soft: false, error });
      this.#close(record);
      this.#vacate(record.recordInfo);
      return this.#open(RECONNECTS - 1);
    }
    return this.#lend(record);
  }
  /** Opens a connection in a slot taken at once, so that callers beside it see it as taken. */
  async #open(tries = RECONNECTS): Promise<Lease> {
    this.#total++;
    const recordInfo = this.#vacant.pop() ?? new Map<unknown, unknown>();
    let record: PoolRecord;
    try {
      const generation = this.#generation;
      const connection = await this.#connect();
      record = {
        connection,
        createdAt: performance.now(),
        generation,
        stale: false,
        fresh: true,
        info: new Map(),
        recordInfo,
      };
      try {
        if (!this.#opened) {
          this.#opened = true;
          for (const listener of this.events.of("firstConnect")) await listener(view(record));
        }
        for (const listener of this.events.of("connect")) await listener(view(record));
      } catch (error) {
        connection.terminate();
        throw error;
      }
    } catch (error) {
      this.#vacate(recordInfo);
      this.#wake();
      throw error;
    }
    return this.#lend(record, tries);
  }
  /** @throws InvalidRequestError saying where the connection was taken */
  #assertFree(): void {
    if (this.#total - this.#idle.length === 0) return;
    const where = this.#takenAt?.split("\n").slice(1).join("\n");
    throw new InvalidRequestError(
      `The only connection of this pool is in use already${where === undefined ? "." : `; it was taken\n${where}`}`,
      "pool.assertion",
    );
  }
  #wait(): Promise<Lease> {
    let added: Waiter | undefined;
    const promise = new Promise<Lease>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        const most = this.#limit === 1 ? "the only connection is" : `all ${this.#limit} connections are`;
        reject(
          new PoolTimeoutError(
            `No database connection became free within ${this.timeout} s: ${most} in use. ${
              this.#hint || "Close connections and sessions when done, or raise poolSize or maxOverflow."
            }`,
          ),
        );
      }, this.timeout * 1000);
      const waiter: Waiter = { resolve, reject, timer, promise: undefined };
      added = waiter;
      this.#waiters.push(waiter);
    });
    (added as unknown as Waiter).promise = promise;
    return promise;
  }
  /** A slot may be free: the next in line opens a connection in it. */
  #wake(): void {
    while (this.#waiters.length > 0 && this.#total < this.#limit) {
      const waiter = this.#waiters.shift() as Waiter;
      clearTimeout(waiter.timer);
      this.#open().then(waiter.resolve, waiter.reject);
    }
  }
  /** A connection is back and in order. */
  #store(record: PoolRecord): void {
    if (this.events.has("checkin")) this.events.emit("checkin", view(record));
    record.fresh = false;
    if (this.#outlived(record)) {
      this.#discard(record);
      this.#wake();
      return;
    }
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      clearTimeout(waiter.timer);
      if (this.#prePing) this.#checked(record).then(waiter.resolve, waiter.reject);
      else this.#serve(waiter, record);
      return;
    }
    if (this.poolClass === "null" || (this.size > 0 && this.#total > this.size)) {
      this.#discard(record);
      return;
    }
    record.connection.setIdle?.(true);
    this.#idle.push(record);
  }
  /** A caller in line gets the connection, or the error of a listener. */
  #serve(waiter: Waiter, record: PoolRecord): void {
    try {
      const lease = this.#lend(record);
      if (lease instanceof Promise) lease.then(waiter.resolve, waiter.reject);
      else waiter.resolve(lease);
    } catch (error) {
      waiter.reject(error);
    }
  }
  /** The end of a connection the pool had forgotten. */
  #part(record: PoolRecord): void {
    this.events.emit("closeDetached", view(record));
    this.#shut(record);
  }
  #fail(record: PoolRecord, error: unknown): void {
    if (this.events.has("invalidate")) this.events.emit("invalidate", { ...view(record), soft: false, error });
    this.#drop(record);
  }
  #drop(record: PoolRecord): void {
    this.#vacate(record.recordInfo);
    this.events.emit("close", view(record));
    record.connection.terminate();
    this.#wake();
  }
  /** Closes a connection in order, without waiting for it. */
  #discard(record: PoolRecord): void {
    this.#vacate(record.recordInfo);
    this.#close(record);
  }
  /** A place is free. Its notes wait for the next connection in it, unless the place was one of overflow and goes too. */
  #vacate(recordInfo: Map<unknown, unknown>): void {
    if (this.poolClass !== "null" && (this.size === 0 || this.#total <= this.size)) this.#vacant.push(recordInfo);
    this.#total--;
  }
  #close(record: PoolRecord): void {
    this.events.emit("close", view(record));
    this.#shut(record);
  }
  #shut(record: PoolRecord): void {
    try {
      const closed = record.connection.close();
      if (closed instanceof Promise) closed.catch(() => record.connection.terminate());
    } catch {
      record.connection.terminate();
    }
  }
  #reclaim(lease: Lease): void {
    if (!lease.active) return;
    process.emitWarning(
      "A database connection was garbage collected without having been closed; its transaction was rolled back. " +
        "Write `await using conn = await engine.connect()`, or call close().",
      { type: "AthanorLeakWarning", code: "ATHANOR_CONNECTION_LEAK" },
    );
    const done = this.release(lease, false, true);
    if (done instanceof Promise) done.catch(() => {});
  }
}

function aborted(signal: AbortSignal): StatementAbortedError {
  return new StatementAbortedError("Waiting for a database connection was stopped by its AbortSignal.", {
    cause: signal.reason,
  });
}
function wholeNumber(name: string, value: number, least: number): number {
  if (!Number.isInteger(value) || value < least) {
    throw new ArgumentError(`${name} is a whole number from ${least}, not ${String(value)}.`);
  }
  return value;
}
