/** What SQLite's errors mean, for better-sqlite3 (names) and node:sqlite (numbers). */
import {
  AthanorError,
  DatabaseError,
  type DatabaseErrorDetails,
  DataError,
  IntegrityError,
  InterfaceError,
  InternalError,
  OperationalError,
  ProgrammingError,
} from "../../errors/errors.js";

/** Result codes by number, as far as their meaning matters here. */
const NAMES: { readonly [code: number]: string } = {
  1: "SQLITE_ERROR",
  2: "SQLITE_INTERNAL",
  3: "SQLITE_PERM",
  4: "SQLITE_ABORT",
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  7: "SQLITE_NOMEM",
  8: "SQLITE_READONLY",
  9: "SQLITE_INTERRUPT",
  10: "SQLITE_IOERR",
  11: "SQLITE_CORRUPT",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
  17: "SQLITE_SCHEMA",
  18: "SQLITE_TOOBIG",
  19: "SQLITE_CONSTRAINT",
  20: "SQLITE_MISMATCH",
  21: "SQLITE_MISUSE",
  25: "SQLITE_RANGE",
  26: "SQLITE_NOTADB",
  261: "SQLITE_BUSY_RECOVERY",
  517: "SQLITE_BUSY_SNAPSHOT",
  275: "SQLITE_CONSTRAINT_CHECK",
  531: "SQLITE_CONSTRAINT_COMMITHOOK",
  787: "SQLITE_CONSTRAINT_FOREIGNKEY",
  1299: "SQLITE_CONSTRAINT_NOTNULL",
  1555: "SQLITE_CONSTRAINT_PRIMARYKEY",
  1811: "SQLITE_CONSTRAINT_TRIGGER",
  2067: "SQLITE_CONSTRAINT_UNIQUE",
  2579: "SQLITE_CONSTRAINT_ROWID",
  3091: "SQLITE_CONSTRAINT_DATATYPE",
};
interface SqliteErrorLike {
  readonly message: string;
  readonly code?: unknown;
  readonly errcode?: unknown;
}

/** The result code's name, whichever driver raised the error. */
export function sqliteCode(error: unknown): string | undefined {
  const { code, errcode } = (error ?? {}) as SqliteErrorLike;
  if (typeof errcode === "number") return NAMES[errcode] ?? NAMES[errcode & 0xff] ?? `SQLITE_${errcode}`;
  return typeof code === "string" && code.startsWith("SQLITE_") ? code : undefined;
}
/** Another connection holds a lock; waiting may help. A stale snapshot stays stale however long one waits. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === "SQLITE_BUSY" || code === "SQLITE_BUSY_RECOVERY" || code === "SQLITE_LOCKED";
}

export function classifySqlite(error: unknown, details: DatabaseErrorDetails): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = sqliteCode(error);
  const known: DatabaseErrorDetails = { cause: error, ...details, driverCode: code };
  if (code === undefined) {
    if (error instanceof AthanorError) return new InterfaceError(message, known);
    if (error instanceof RangeError || /Too (few|many) parameter/.test(message))
      return new ProgrammingError(message, known);
    return new InterfaceError(message, known);
  }
  if (code.startsWith("SQLITE_CONSTRAINT")) return constraint(code, message, known);
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
    const text =
      code === "SQLITE_BUSY_SNAPSHOT"
        ? "The database changed since this transaction read it, so it cannot write any more: run the transaction again."
        : "The database is locked by another connection.";
    return new OperationalError(`${text} (${message})`, { ...known, retryable: true });
  }
  if (code === "SQLITE_CANTOPEN" || code.startsWith("SQLITE_CANTOPEN_")) {
    return new OperationalError("The database file cannot be opened: its folder must exist and be readable.", known);
  }
  if (/^SQLITE_(TOOBIG|MISMATCH)/.test(code)) return new DataError(message, known);
  // node:sqlite's word for more values than places.
  if (code === "SQLITE_RANGE") return new ProgrammingError(message, known);
  if (/^SQLITE_(INTERNAL|CORRUPT|NOMEM)/.test(code)) return new InternalError(message, known);
  if (/^SQLITE_(MISUSE)/.test(code)) return new InterfaceError(message, known);
  if (code === "SQLITE_ERROR") {
    if (/interrupted|disk|out of memory/.test(message)) return new OperationalError(message, known);
    if (/integer overflow|string or blob too big/.test(message)) return new DataError(message, known);
    return new ProgrammingError(message, known);
  }
  return new OperationalError(message, known);
}

function constraint(code: string, message: string, details: DatabaseErrorDetails): IntegrityError {
  const failed = /constraint failed: (.*)$/s.exec(message)?.[1];
  const kind: IntegrityError["kind"] = code.endsWith("FOREIGNKEY")
    ? "foreign-key"
    : code.endsWith("NOTNULL")
      ? "not-null"
      : code.endsWith("CHECK")
        ? "check"
        : /(UNIQUE|PRIMARYKEY|ROWID)$/.test(code)
          ? "unique"
          : "other";
  const index = failed === undefined ? null : /^index '(.*)'$/.exec(failed);
  if (kind === "check" || index !== null) {
    return new IntegrityError(message, { ...details, constraint: index?.[1] ?? failed }, kind);
  }
  if (failed === undefined || kind === "foreign-key" || kind === "other")
    return new IntegrityError(message, details, kind);
  const names = failed.split(", ").map((name) => name.slice(name.lastIndexOf(".") + 1));
  const table = failed.includes(".") ? failed.slice(0, failed.indexOf(".")) : undefined;
  return new IntegrityError(message, { ...details, table, columns: names }, kind);
}
