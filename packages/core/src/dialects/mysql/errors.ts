/** What the errors of MySQL and MariaDB mean, by number. */
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

interface MysqlErrorLike {
  readonly message: string;
  readonly sqlMessage?: string;
  readonly code?: string;
  readonly errno?: number;
  readonly sqlState?: string;
  readonly fatal?: boolean;
  readonly address?: string;
  readonly port?: number;
  readonly errors?: readonly MysqlErrorLike[];
}
const UNIQUE = new Set([1022, 1062, 1169, 1586]);
const FOREIGN_KEY = new Set([1215, 1216, 1217, 1451, 1452, 1557, 1761, 1762]);
const NOT_NULL = new Set([1048, 1121, 1171, 1263, 1364, 1566]);
const CHECK = new Set([3819, 4025]);
const DATA = new Set([
  1264, 1265, 1292, 1365, 1366, 1367, 1406, 1411, 1416, 1425, 1427, 1690, 1441, 3140, 3141, 3156, 4038,
]);
/** Deadlock, lock wait timeout, snapshot changed, NOWAIT, and Galera's "try again". */
const RETRYABLE = new Set([1213, 1205, 1020, 3572, 1047, 1180]);
const GONE = new Set([1053, 1077, 1079, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 2014, 2045, 2055, 4031]);
const OPERATIONAL = new Set([
  1021, 1037, 1038, 1040, 1041, 1042, 1043, 1114, 1129, 1130, 1135, 1203, 1226, 1290, 1317, 1792, 1836,
]);
const SOCKET =
  /^(ECONNRESET|EPIPE|ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ENOENT|EACCES|PROTOCOL_CONNECTION_LOST|PROTOCOL_SEQUENCE_TIMEOUT)$/;

export function classifyMysql(error: unknown, details: DatabaseErrorDetails): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const e = (error ?? {}) as MysqlErrorLike;
  const message = e.sqlMessage ?? (e.message || e.errors?.[0]?.message || String(error));
  if (error instanceof AthanorError) return new InterfaceError(message, { cause: error, ...details });
  const code = e.code ?? e.errors?.[0]?.code;
  const { errno } = e;
  const known: DatabaseErrorDetails = {
    cause: error,
    ...details,
    driverCode: errno === undefined || errno < 0 ? code : String(errno),
  };
  if (code !== undefined && SOCKET.test(code)) return connectionError(e, code, message, known);
  if (errno === undefined || errno < 1000) {
    if (/closed state|connection is closed|Connection lost|after fatal error|after being destroyed/i.test(message)) {
      return new OperationalError(`The connection to the server was lost (${message}).`, {
        ...known,
        disconnect: true,
        retryable: true,
      });
    }
    return new InterfaceError(message, known);
  }
  // Of MariaDB and of MySQL.
  if (errno === 1969 || errno === 3024) return new StatementTimeoutError(message, known);
  if (GONE.has(errno)) return new OperationalError(message, { ...known, disconnect: true, retryable: true });
  if (RETRYABLE.has(errno)) return new OperationalError(message, { ...known, retryable: true });
  if (UNIQUE.has(errno)) return new IntegrityError(message, { ...known, ...uniqueKey(message) }, "unique");
  if (FOREIGN_KEY.has(errno)) return new IntegrityError(message, { ...known, ...foreignKey(message) }, "foreign-key");
  if (NOT_NULL.has(errno)) {
    const column = /(?:Column|Field) '([^']*)'/.exec(message)?.[1];
    return new IntegrityError(message, { ...known, columns: column === undefined ? [] : [column] }, "not-null");
  }
  if (CHECK.has(errno)) {
    const constraint = /(?:constraint|CONSTRAINT) [`']([^`']*)[`']/.exec(message)?.[1];
    const table = /for `[^`]*`\.`([^`]*)`/.exec(message)?.[1];
    return new IntegrityError(message, { ...known, constraint, table }, "check");
  }
  if (DATA.has(errno)) return new DataError(message, known);
  if (errno === 1045 || errno === 1698) {
    const user = /user '([^']*)'/.exec(message)?.[1];
    return new OperationalError(
      `The server refused user '${user ?? "?"}': the password or the host is not right.`,
      known,
    );
  }
  if (errno === 1044) return new OperationalError(message, known);
  if (errno === 1049) return new OperationalError(`${message}; create it, or correct the name in the URL.`, known);
  if (OPERATIONAL.has(errno)) return new OperationalError(message, known);
  if (errno === 1235 || errno === 1295) return new NotSupportedError(message, known);
  if (errno === 1105 || errno === 1815) return new InternalError(message, known);
  return new ProgrammingError(message, known);
}
function connectionError(
  e: MysqlErrorLike,
  code: string,
  message: string,
  known: DatabaseErrorDetails,
): OperationalError {
  const gone = { ...known, disconnect: true, retryable: true };
  const host = e.address ?? e.errors?.[0]?.address;
  const port = e.port ?? e.errors?.[0]?.port;
  const place = host === undefined ? "the address in the URL" : `${host}${port === undefined ? "" : `:${port}`}`;
  if (code === "ECONNREFUSED" || code === "ENOENT")
    return new OperationalError(`No MySQL or MariaDB server answers at ${place}.`, gone);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return new OperationalError(`The host of the database URL is not known (${message}).`, gone);
  return new OperationalError(`The connection to the server was lost (${message}).`, gone);
}
/** `Duplicate entry 'x' for key 'users.email'`, on MariaDB without the table. */
function uniqueKey(message: string): { constraint?: string; table?: string } {
  // The last one: the value in front of it may hold anything.
  const at = message.lastIndexOf("' for key '");
  if (at < 0) return {};
  const key = message.slice(at + "' for key '".length, -1);
  const dot = key.indexOf(".");
  return dot < 0 ? { constraint: key } : { table: key.slice(0, dot), constraint: key.slice(dot + 1) };
}
function foreignKey(message: string): { constraint?: string; table?: string; columns?: readonly string[] } {
  const m = /\(`[^`]*`\.`([^`]*)`, CONSTRAINT `([^`]*)` FOREIGN KEY \(([^)]*)\)/.exec(message);
  if (m === null) return {};
  return {
    table: m[1] as string,
    constraint: m[2] as string,
    columns: (m[3] as string).split(", ").map((c) => c.replaceAll("`", "")),
  };
}
