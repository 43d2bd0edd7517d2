/** What PostgreSQL's errors mean: by SQLSTATE, and by what the socket says when there is none. */
import {
  AthanorError,
  DatabaseError,
  type DatabaseErrorDetails,
  DataError,
  IntegrityError,
  InterfaceError,
  InternalError,
  NotSupportedError,
  OperationalError,
  ProgrammingError,
} from "../../errors/errors.js";
import { StatementTimeoutError } from "../../errors/stopped.js";
import type { BeginOptions } from "../driver.js";

interface PgErrorLike {
  readonly message: string;
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly constraint?: string;
  readonly table?: string;
  readonly column?: string;
  readonly severity?: string;
  readonly address?: string;
  readonly port?: number;
  readonly errors?: readonly PgErrorLike[];
}
const INTEGRITY: { readonly [state: string]: IntegrityError["kind"] } = {
  "23001": "foreign-key",
  "23502": "not-null",
  "23503": "foreign-key",
  "23505": "unique",
  "23514": "check",
  "23P01": "exclusion",
};
/** Serialization failure, deadlock, lock not available; and the states of a server that goes away or comes up. */
const RETRYABLE = new Set(["40001", "40P01", "55P03", "57P01", "57P02", "57P03"]);
/** Writing where nothing may be written: a replica, unless the program asked for it itself. */
const READ_ONLY = "25006";
const GONE = new Set(["57P01", "57P02", "57P03", "57P05", "08000", "08003", "08006", "08001", "08004", "08007"]);
const SOCKET =
  /^(ECONNRESET|EPIPE|ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ECONNABORTED|ENOENT|EACCES)$/;
const ENDED =
  /connection (terminated|ended|error)|not queryable|client (was closed|has encountered)|socket|timeout expired|SSL|server does not support/i;

export function classifyPostgres(error: unknown, details: DatabaseErrorDetails, begun?: BeginOptions): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const e = (error ?? {}) as PgErrorLike;
  const state = e.code ?? e.errors?.[0]?.code;
  const text = e.message || e.errors?.[0]?.message || String(error);
  if (error instanceof AthanorError) return new InterfaceError(text, { cause: error, ...details });
  const known: DatabaseErrorDetails = {
    cause: error,
    ...details,
    driverCode: state,
    retryable: state !== undefined && (RETRYABLE.has(state) || (state === READ_ONLY && !begun?.readOnly)),
    disconnect: state !== undefined && GONE.has(state),
  };
  if (state === undefined || !/^[0-9A-Z]{5}$/.test(state) || SOCKET.test(state))
    return connectionError(e, text, state, known);
  const message = e.hint === undefined ? text : `${text} (hint: ${e.hint})`;
  switch (state.slice(0, 2)) {
    case "23": {
      const columns = e.column !== undefined ? [e.column] : keyColumns(e.detail);
      return new IntegrityError(
        message,
        { ...known, constraint: e.constraint, table: e.table, columns },
        INTEGRITY[state] ?? "other",
      );
    }
    case "22":
    case "21":
      return new DataError(message, known);
    case "0A":
      return new NotSupportedError(message, { ...known, retryable: /cached plan/.test(text) });
    case "28":
      return new OperationalError(loginFailed(state, text), known);
    case "3D":
      return new OperationalError(`${text}; create it, or correct the name in the URL.`, known);
    case "57":
      if (state === "57014" && /statement timeout/.test(text)) return new StatementTimeoutError(message, known);
      return new OperationalError(message, known);
    case "40":
    case "53":
    case "55":
    case "58":
      return new OperationalError(message, known);
    case "08":
      return /^bind message supplies/.test(text)
        ? new ProgrammingError(message, known)
        : new OperationalError(message, known);
    case "25":
      return state === "25P02"
        ? new InternalError(
            "An earlier statement of this transaction failed: roll back, or use beginNested() around what may fail.",
            known,
          )
        : new InternalError(message, known);
    case "XX":
    case "2D":
    case "3B":
      return new InternalError(message, known);
    default:
      return new ProgrammingError(message, known);
  }
}

function loginFailed(state: string, text: string): string {
  const user = /user "([^"]*)"/.exec(text)?.[1];
  if (state === "28P01") return `PostgreSQL refused the password of user '${user ?? "?"}'.`;
  return `PostgreSQL refused the login: ${text}`;
}
function connectionError(
  e: PgErrorLike,
  text: string,
  code: string | undefined,
  known: DatabaseErrorDetails,
): DatabaseError {
  const at = e.address ?? e.errors?.[0]?.address;
  const port = e.port ?? e.errors?.[0]?.port;
  const place = at === undefined ? "the address in the URL" : `${at}${port === undefined ? "" : `:${port}`}`;
  const gone = { ...known, disconnect: true, retryable: true };
  if (code === "ECONNREFUSED" || code === "ENOENT")
    return new OperationalError(`No PostgreSQL server answers at ${place}.`, gone);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return new OperationalError(`The host of the database URL is not known (${text}).`, gone);
  if (code !== undefined && SOCKET.test(code))
    return new OperationalError(`The connection to PostgreSQL was lost (${text}).`, gone);
  if (/SASL|password must be a string|no password/i.test(text)) {
    return new OperationalError("PostgreSQL asks for a password and the URL has none.", known);
  }
  if (ENDED.test(text)) return new OperationalError(`The connection to PostgreSQL was lost (${text}).`, gone);
  return new InterfaceError(text, known);
}
/**
 * `Key (a, b)=(1, 2) already exists.` Expressions of an index are no columns, and what is still referenced are those of the
 * other table.
 */
function keyColumns(detail: string | undefined): readonly string[] {
  if (detail === undefined || / is still referenced from table /.test(detail)) return [];
  const list = /^Key \(((?:"(?:[^"]|"")*"|[^"()])+)\)=\(/.exec(detail)?.[1] ?? "";
  return [...list.matchAll(/"((?:[^"]|"")*)"|[^,\s"]+/g)].map(
    ([name, quoted]) => quoted?.replaceAll('""', '"') ?? name,
  );
}
