/** What the pool remembers of a connection, what a caller holds of it on loan, and the events told about it. */
import type { DriverConnection } from "../dialects/driver.js";
import { Events } from "./events.js";

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
  /** For users: belongs to the place in the pool, so the connection opened in place of this one has it too. */
  readonly recordInfo: Map<unknown, unknown>;
}
export interface PoolEvent {
  readonly connection: DriverConnection;
  /** Lives as long as the physical connection. */
  readonly info: Map<unknown, unknown>;
  /** Lives as long as the place in the pool: a connection that replaces another finds what was noted there. */
  readonly recordInfo: Map<unknown, unknown>;
}
export interface PoolEvents {
  /** A physical connection was opened. May return a promise: the connection waits for it. */
  connect: (event: PoolEvent) => unknown;
  firstConnect: (event: PoolEvent) => unknown;
  /**
   * A connection is about to be handed out. A listener that throws `DisconnectionError` has it replaced, twice at most;
   * any other error reaches the caller.
   */
  checkout: (event: PoolEvent) => unknown;
  checkin: (event: PoolEvent) => unknown;
  /**
   * Before the pool ends what a returned connection left open. `clean`: its transaction has ended already, so nothing is
   * rolled back; `abandoned`: nobody closed it. May return a promise: the connection waits for it, and is not used again
   * when it fails. With `poolResetOnReturn: "none"` this is the place for a way of one's own.
   */
  reset: (event: PoolEvent & { readonly abandoned: boolean; readonly clean: boolean }) => unknown;
  /** A connection is not used again: at once, or (`soft`) from its next checkout on. */
  invalidate: (event: PoolEvent & { readonly error?: unknown; readonly soft: boolean }) => unknown;
  close: (event: PoolEvent) => unknown;
  /** A connection left the pool for good; its holder closes it. */
  detach: (event: PoolEvent) => unknown;
  closeDetached: (event: PoolEvent) => unknown;
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
  "closeDetached",
];
/** Listeners of every pool of the process. */
export const ALL_POOLS = new Events<PoolEvents>(POOL_EVENTS);

/** A connection on loan. */
export class Lease {
  readonly record: PoolRecord;
  readonly connection: DriverConnection;
  /** False once given back or invalidated. */
  active = true;
  /** The pool has forgotten it: giving it back closes it. */
  detached = false;
  /** Who has it, while the loan is young; later the holder is watched for its end. */
  holder: object | undefined;
  youngAt = -1;
  constructor(record: PoolRecord) {
    this.record = record;
    this.connection = record.connection;
  }
}
/** What listeners see of a record. */
export function view(record: PoolRecord): PoolEvent {
  return { connection: record.connection, info: record.info, recordInfo: record.recordInfo };
}
