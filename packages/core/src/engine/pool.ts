/**
 * The pool of driver connections: a bounded number of slots, idle ones kept, callers waiting in line when all are taken.
 * A database in memory has a pool of one. Source: SQLAlchemy "Connection Pooling".
 */
import type { DriverConnection, MaybePromise } from "../dialects/driver.js";
import { ArgumentError, PoolTimeoutError } from "../errors/errors.js";
import { StatementAbortedError } from "../errors/stopped.js";
import { Events } from "./events.js";

export interface PoolOptions {
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

/** One physical connection and what the pool remembers of it. */
export interface PoolRecord {
  readonly connection: DriverConnection;
  /** Milliseconds of `performance.now()`. */
  readonly createdAt: number;
  readonly generation: number;
  /** Replace it at its next checkout. */
  stale: boolean;
  /** Opened for this checkout: needs no ping. */
  fresh: boolean;
  /** For users: lives as long as the physical connection. */
  readonly info: Map<unknown, unknown>;
}
export interface PoolEvents {
  /** A physical connection was opened. May return a promise: the connection waits for it. */
  connect: (event: PoolEvent) => unknown;
  firstConnect: (event: PoolEvent) => unknown;
  checkout: (event: PoolEvent) => unknown;
  checkin: (event: PoolEvent) => unknown;
  /** Before the pool ends what a returned connection left open; `abandoned`: nobody closed it. */
  reset: (event: PoolEvent & { readonly abandoned: boolean }) => unknown;
  invalidate: (event: PoolEvent & { readonly error?: unknown; readonly soft: boolean }) => unknown;
  close: (event: PoolEvent) => unknown;
  detach: (event: PoolEvent) => unknown;
}
export interface PoolEvent {
  readonly connection: DriverConnection;
  readonly info: Map<unknown, unknown>;
}
export const POOL_EVENTS: readonly (keyof PoolEvents)[] = [
  "connect",
  "firstConnect",
  "checkout",
  "checkin",
  "reset",
  "invalidate",
  "close",
  "detach",
];
/** A connection on loan. */
export class Lease {
  readonly record: PoolRecord;
  readonly connection: DriverConnection;
  /** False once given back, detached or invalidated. */
  active = true;
  constructor(record: PoolRecord) {
    this.record = record;
    this.connection = record.connection;
  }
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

export class Pool {
  readonly events = new Events<PoolEvents>(POOL_EVENTS);
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
  /** Those opened before a disconnect or `dispose()` carry a lower number and are replaced when next asked for. */
  #generation = 0;
  #opened = false;
  readonly #leaks = new FinalizationRegistry<Lease>((lease) => this.#reclaim(lease));

  /** `connect` opens one connection; it is called without waiting for calls before it. */
  constructor(connect: () => Promise<DriverConnection>, options: PoolOptions = {}) {
    this.#connect = connect;
    this.size = wholeNumber("poolSize", options.size ?? 5, 0);
    this.maxOverflow = wholeNumber("maxOverflow", options.maxOverflow ?? 10, -1);
    this.timeout = options.timeout ?? 30;
    if (!(this.timeout >= 0))
      throw new ArgumentError(`poolTimeout is a number of seconds from 0, not ${this.timeout}.`);
    this.#limit = this.size === 0 || this.maxOverflow < 0 ? Number.POSITIVE_INFINITY : this.size + this.maxOverflow;
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
    while (this.#idle.length > 0) {
      const record = (this.#lifo ? this.#idle.pop() : this.#idle.shift()) as PoolRecord;
      if (this.#outlived(record)) {
        this.#discard(record);
        continue;
      }
      record.connection.setIdle?.(false);
      return this.#prePing ? this.#checked(record) : this.#lend(record);
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
    this.#leaks.unregister(lease);
    const { record } = lease;
    if (!record.connection.alive) return this.#drop(record);
    if (this.events.has("reset")) this.events.emit("reset", { ...view(record), abandoned });
    if (!clean && this.#reset !== "none") {
      try {
        const ended = this.#reset === "commit" ? record.connection.commit() : record.connection.rollback();
        if (ended instanceof Promise) {
          return ended.then(
            () => this.#store(record),
            (error) => this.#fail(record, error),
          );
        }
      } catch (error) {
        return this.#fail(record, error);
      }
    }
    this.#store(record);
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
    this.#leaks.unregister(lease);
    this.#drop(lease.record);
  }
  /** Takes a connection out of the pool for good: its slot is free, closing it is the caller's business. */
  detach(lease: Lease): void {
    if (!lease.active) return;
    lease.active = false;
    this.#leaks.unregister(lease);
    this.#total--;
    this.events.emit("detach", view(lease.record));
    this.#wake();
  }
  /** Reclaims the connection when `holder` is garbage collected without having closed it. */
  watch(holder: object, lease: Lease): void {
    this.#leaks.register(holder, lease, lease);
  }
  /** Closes idle connections; those on loan close when they come back. The pool stays usable. */
  async dispose(): Promise<void> {
    this.#generation++;
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
  #lend(record: PoolRecord): Lease {
    if (this.events.has("checkout")) this.events.emit("checkout", view(record));
    return new Lease(record);
  }
  /** Lends after a ping; a dead connection says that the others are suspect too. */
  async #checked(record: PoolRecord): Promise<Lease> {
    try {
      await record.connection.ping();
    } catch (error) {
      this.#generation++;
      if (this.events.has("invalidate")) this.events.emit("invalidate", { ...view(record), soft: false, error });
      this.#close(record);
      this.#total--;
      return this.#open();
    }
    return this.#lend(record);
  }
  /** Opens a connection in a slot taken at once, so that callers beside it see it as taken. */
  async #open(): Promise<Lease> {
    this.#total++;
    try {
      const generation = this.#generation;
      const connection = await this.#connect();
      const record: PoolRecord = {
        connection,
        createdAt: performance.now(),
        generation,
        stale: false,
        fresh: true,
        info: new Map(),
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
      return this.#lend(record);
    } catch (error) {
      this.#total--;
      this.#wake();
      throw error;
    }
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
      else waiter.resolve(this.#lend(record));
      return;
    }
    if (this.size > 0 && this.#total > this.size) {
      this.#discard(record);
      return;
    }
    record.connection.setIdle?.(true);
    this.#idle.push(record);
  }
  #fail(record: PoolRecord, error: unknown): void {
    if (this.events.has("invalidate")) this.events.emit("invalidate", { ...view(record), soft: false, error });
    this.#drop(record);
  }
  #drop(record: PoolRecord): void {
    this.#total--;
    this.events.emit("close", view(record));
    record.connection.terminate();
    this.#wake();
  }
  /** Closes a connection in order, without waiting for it. */
  #discard(record: PoolRecord): void {
    this.#total--;
    this.#close(record);
  }
  #close(record: PoolRecord): void {
    this.events.emit("close", view(record));
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
function view(record: PoolRecord): PoolEvent {
  return { connection: record.connection, info: record.info };
}
function wholeNumber(name: string, value: number, least: number): number {
  if (!Number.isInteger(value) || value < least) {
    throw new ArgumentError(`${name} is a whole number from ${least}, not ${String(value)}.`);
  }
  return value;
}
