/** The lock that keeps two runs apart. */
import { LockError } from "../errors.js";

/** Which name the lock goes by, and how long others may hold it. */
export interface LockRequest {
  /** The version table, with its schema. */
  readonly table: string;
  /** Milliseconds. */
  readonly timeout: number;
}
export function lockTimeout(lock: LockRequest): LockError {
  return new LockError(
    "migrate.lock-timeout",
    `Another process is migrating this database and did not finish within ${lock.timeout / 1000} seconds`,
    {
      hint:
        "Wait for it and try again, or allow more time with lockTimeout. Behind a pooler in transaction mode the lock cannot " +
        "work: connect to the server itself, or set lock: false.",
    },
  );
}
