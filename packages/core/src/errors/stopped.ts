/** A statement that was stopped before it was done: by the program, or because its time was up. */
import { DatabaseError, type DatabaseErrorDetails } from "./errors.js";

/** An AbortSignal stopped the statement or the transaction; its reason is the `cause`. */
export class StatementAbortedError extends DatabaseError {
  constructor(message: string, details?: DatabaseErrorDetails) {
    super(message, details, "statement.aborted");
  }
}
/** The time given for a statement or a transaction was up, here or on the server. */
export class StatementTimeoutError extends DatabaseError {
  constructor(message: string, details?: DatabaseErrorDetails) {
    super(message, details, "statement.timeout");
  }
}
