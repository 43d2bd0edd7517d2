/** A connection of the driver on loan from the pool. Source: SQLAlchemy "Working with the DBAPI cursor directly". */
import type { DriverConnection } from "../dialects/driver.js";
import { ResourceClosedError } from "../errors/errors.js";
import type { Pool } from "./pool.js";
import type { Lease } from "./pool-record.js";

/**
 * The driver's connection, to be used by the driver's own methods; what is left open on it is rolled back when it is
 * given back. Made by `engine.rawConnection()`.
 */
export class RawConnection implements AsyncDisposable {
  readonly #pool: Pool;
  readonly #lease: Lease;

  constructor(pool: Pool, lease: Lease) {
    this.#pool = pool;
    this.#lease = lease;
    pool.watch(this, lease);
  }
  /** False once given back or invalidated. */
  get isValid(): boolean {
    return this.#lease.active;
  }
  /** The driver's object: a `pg.Client`, a connection of `mysql2`, a database of `better-sqlite3`. */
  get driverConnection(): unknown {
    return this.connection.raw;
  }
  /** What Athanor makes of it: rows as lists, one statement at a time. */
  get connection(): DriverConnection {
    if (this.#lease.active) return this.#lease.connection;
    throw new ResourceClosedError(
      "This raw connection was given back; take another from engine.rawConnection().",
      "connection.closed",
    );
  }
  /** For users: lives as long as the physical connection. */
  get info(): Map<unknown, unknown> {
    return this.#lease.record.info;
  }
  /** For users: lives as long as the place in the pool, over every connection that is opened in it. */
  get recordInfo(): Map<unknown, unknown> {
    return this.#lease.record.recordInfo;
  }
  /** Ends the physical connection at once; with `soft`, after this use. */
  invalidate(options: { readonly soft?: boolean; readonly error?: unknown } = {}): void {
    this.#pool.invalidate(this.#lease, options);
  }
  /** Takes it out of the pool for good: its place is free at once, and `close()` closes it. */
  detach(): void {
    this.#pool.detach(this.#lease);
  }
  async close(): Promise<void> {
    await this.#pool.release(this.#lease, false);
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
