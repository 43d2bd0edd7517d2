/** The lock that keeps two runs apart, and how long statements may wait and take. */
import { didYouMean } from "@athanor/core";
import { LockError, OperationError } from "../errors.js";

/** Which name the lock goes by, and how long others may hold it. */
export interface LockRequest {
  /** The version table, with its schema. */
  readonly table: string;
  /** Milliseconds. */
  readonly timeout: number;
  /**
   * Who holds it: the session, over all transactions of the run; or each transaction for itself, which works behind a
   * pooler that hands a session to somebody else after COMMIT.
   */
  readonly scope: "session" | "transaction";
}
/** In milliseconds; undefined leaves what the server is set to. */
export interface Timeouts {
  /** How long a statement waits for a lock that another session holds. */
  readonly lock?: number | undefined;
  /** How long a statement may take. */
  readonly statement?: number | undefined;
}
/** What is in force during a run. */
export interface SessionRules {
  readonly lock?: LockRequest | undefined;
  readonly timeouts: Timeouts;
}
export function lockTimeout(lock: LockRequest): LockError {
  return new LockError(
    "migrate.lock-timeout",
    `Another process is migrating this database and did not finish within ${lock.timeout / 1000} seconds`,
    {
      hint:
        "Wait for it and try again, or allow more time with lockWait (--lock-wait 5min). Behind a pooler in transaction mode " +
        'a session cannot keep the lock: connect to the server itself, or set lock: "transaction".',
    },
  );
}
/** The session that held the lock is not the one that gives it back. */
export function lockLost(): string {
  return 'The lock was not held by this session any more: a pooler in transaction mode had given the session to somebody else, so nothing kept other runs out. Connect to the server itself, or set lock: "transaction".';
}
export function noSchema(schema: string, known: readonly string[]): OperationError {
  return new OperationError("migrate.no-schema", `There is no schema '${schema}' in this database`, {
    hint: `${didYouMean(schema, known).trim() || `There is ${known.join(", ") || "none"}.`} Create the schema of a new tenant first: CREATE SCHEMA.`,
  });
}
