/**
 * The error hierarchy. Every error has a stable `code`; errors of the database carry the statement, its parameters and
 * the driver's error as `cause`. Source: PEP 249 names, SQLAlchemy "Core Exceptions".
 */

export interface ErrorOptionsWithCause {
  readonly cause?: unknown;
}

/** Base of everything Athanor throws on purpose. */
export class AthanorError extends Error {
  /** Stable, dotted, documented: compare this, not the message. */
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptionsWithCause) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** An argument, option or name that cannot be right. */
export class ArgumentError extends AthanorError {
  constructor(message: string, code = "argument", options?: ErrorOptionsWithCause) {
    super(code, message, options);
  }
}
/** The error of a value, with the name of the column it was for in front. */
export function atColumn(error: unknown, column: string | undefined): unknown {
  if (column === undefined || !(error instanceof ArgumentError)) return error;
  return new ArgumentError(`'${column}': ${error.message}`, error.code, { cause: error });
}
/** The call is fine but not now: a closed connection, a transaction already begun. */
export class InvalidRequestError extends AthanorError {
  constructor(message: string, code = "invalid-request", options?: ErrorOptionsWithCause) {
    super(code, message, options);
  }
}
/** A statement that cannot be rendered for this database. */
export class CompileError extends AthanorError {
  constructor(message: string, code = "compile", options?: ErrorOptionsWithCause) {
    super(code, message, options);
  }
}
export class NoSuchTableError extends InvalidRequestError {}
export class NoForeignKeysError extends ArgumentError {}
export class AmbiguousForeignKeysError extends ArgumentError {}
export class CircularDependencyError extends InvalidRequestError {}
export class ResourceClosedError extends InvalidRequestError {}
/** The transaction is broken; call `rollback()` before anything else. */
export class PendingRollbackError extends InvalidRequestError {}
/** `one()` found nothing. */
export class NoResultFound extends InvalidRequestError {}
/** `one()` or `oneOrNone()` found several rows. */
export class MultipleResultsFound extends InvalidRequestError {}
/** The pool gave no connection within its timeout. */
export class PoolTimeoutError extends AthanorError {
  constructor(message: string) {
    super("pool.timeout", message);
  }
}
/**
 * Thrown by a listener of the pool's `checkout`: this connection is no good, use another.
 *
 * @example
 * engine.on("checkout", ({ info }) => {
 *   if (info.get("pid") !== process.pid) throw new DisconnectionError("made by another process");
 * });
 */
export class DisconnectionError extends AthanorError {
  /** All connections opened so far are suspect, not only this one. */
  readonly invalidatePool: boolean;
  constructor(message: string, options: ErrorOptionsWithCause & { readonly invalidatePool?: boolean } = {}) {
    super("pool.disconnection", message, options);
    this.invalidatePool = options.invalidatePool ?? false;
  }
}
/** The driver package for a URL is not installed; the message holds the command that installs it. */
export class MissingDriverError extends AthanorError {
  constructor(message: string, options?: ErrorOptionsWithCause) {
    super("driver.missing", message, options);
  }
}

/** What the classifier of a dialect learned from a driver's error. */
export interface DatabaseErrorDetails {
  readonly statement?: string | undefined;
  readonly parameters?: readonly unknown[] | undefined;
  /** SQLSTATE or the driver's own code. */
  readonly driverCode?: string | undefined;
  readonly constraint?: string | undefined;
  readonly table?: string | undefined;
  readonly columns?: readonly string[] | undefined;
  /** The connection is gone. */
  readonly disconnect?: boolean | undefined;
  /** Running the whole transaction again may succeed: serialization failure, deadlock, failover, busy. */
  readonly retryable?: boolean | undefined;
  readonly hideParameters?: boolean | undefined;
  readonly cause?: unknown;
}

function describe(message: string, details: DatabaseErrorDetails): string {
  const lines = [message];
  if (details.statement !== undefined) lines.push(`[SQL: ${details.statement}]`);
  if (details.parameters !== undefined && details.parameters.length > 0) {
    lines.push(
      details.hideParameters
        ? `[${details.parameters.length} parameters hidden]`
        : `[parameters: ${showParameters(details.parameters)}]`,
    );
  }
  return lines.join("\n");
}

/** A short, one-line picture of parameters for logs and errors; long lists and values are cut. */
export function showParameters(parameters: readonly unknown[], most = 10): string {
  const shown = parameters.slice(0, most).map(showParameter);
  if (parameters.length > most) shown.push(`… ${parameters.length - most} more`);
  return `[${shown.join(", ")}]`;
}

/** One value, for messages. */
export function showParameter(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return String(value);
  if (value instanceof Uint8Array) return `<${value.byteLength} bytes>`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  const text = typeof value === "object" && value !== null ? safeJson(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 200 ? `${text.slice(0, 190)}… (${text.length} characters)` : text;
}

function safeJson(value: object): string {
  try {
    return JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `${v}n` : v)) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** Anything the database or its driver refused. */
export class DatabaseError extends AthanorError {
  readonly statement: string | undefined;
  readonly parameters: readonly unknown[] | undefined;
  readonly driverCode: string | undefined;
  readonly connectionInvalidated: boolean;
  readonly isRetryable: boolean;
  constructor(message: string, details: DatabaseErrorDetails = {}, code = "database") {
    super(code, describe(message, details), { cause: details.cause });
    this.statement = details.statement;
    this.parameters = details.hideParameters ? undefined : details.parameters;
    this.driverCode = details.driverCode;
    this.connectionInvalidated = details.disconnect ?? false;
    this.isRetryable = details.retryable ?? false;
  }
}
/** The driver or the connection itself failed. */
export class InterfaceError extends DatabaseError {
  constructor(message: string, details?: DatabaseErrorDetails) {
    super(message, details, "database.interface");
  }
}
/** A value the column cannot hold. */
export class DataError extends DatabaseError {
  constructor(message: string, details?: DatabaseErrorDetails) {
    super(message, details, "database.data");
  }
}
/** Outside the program's control: lost connection, wrong password, deadlock, disk full. */
export class OperationalError extends DatabaseError {
  constructor(message: string, details?: DatabaseErrorDetails) {
    super(message, details, "database.operational");
  }
}
/** A NOT NULL, UNIQUE, FOREIGN KEY or CHECK constraint was violated; `kind` says which. */
export class IntegrityError extends DatabaseError {
  readonly kind: "unique" | "foreign-key" | "not-null" | "check" | "exclusion" | "other";
  readonly constraint: string | undefined;
  readonly table: string | undefined;
  readonly columns: readonly string[];
  constructor(message: string, details: DatabaseErrorDetails = {}, kind: IntegrityError["kind"] = "other") {
    super(message, details, `database.integrity.${kind}`);
    this.kind = kind;
    this.constraint = details.constraint;
    this.table = details.table;
    this.columns = details.columns ?? [];
  }
}
export class InternalError extends DatabaseError {
  constructor(message: string, details?: DatabaseErrorDetails) {
    super(message, details, "database.internal");
  }
}
/** Wrong SQL: an unknown table or column, a syntax error. */
export class ProgrammingError extends DatabaseError {
  constructor(message: string, details?: DatabaseErrorDetails) {
    super(message, details, "database.programming");
  }
}
export class NotSupportedError extends DatabaseError {
  constructor(message: string, details?: DatabaseErrorDetails) {
    super(message, details, "database.not-supported");
  }
}
/** True for errors after which running the whole transaction again may succeed. */
export function isRetryable(error: unknown): boolean {
  return error instanceof DatabaseError && error.isRetryable;
}
