/** SQLite. Source: SQLAlchemy "SQLite dialect", sqlite.org. */
import type { DatabaseError, DatabaseErrorDetails } from "../../errors/errors.js";
import { MissingDriverError } from "../../errors/errors.js";
import type { Convert } from "../../types/adapter.js";
import { type Capabilities, type CompilationOptions, type DatabaseUrl, Dialect, type DialectInfo } from "../dialect.js";
import type { Driver, DriverConnection } from "../driver.js";
import { booleanOption, numberOption, oneOfOption, unknownDriver } from "../options.js";
import { decimalText, parseDecimal, parseJson, parseTimestamp, toBigInt } from "../values.js";
import { sqliteBulk } from "./bulk.js";
import { SqliteCompiler } from "./compiler.js";
import { SqliteDdlCompiler } from "./ddl.js";
import { SqliteConnection } from "./driver.js";
import { loadBetterSqlite3 } from "./driver-better-sqlite3.js";
import { loadNodeSqlite } from "./driver-node.js";
import { classifySqlite } from "./errors.js";
import { defineFunctions } from "./functions.js";
import { type OpenSqlite, requireFile, sqliteLocation } from "./location.js";
import { sqliteAdapters } from "./types.js";
import { SQLITE_WORDS } from "./words.js";

const DRIVERS = ["better-sqlite3", "node"];

export class SqliteDialect extends Dialect {
  readonly name = "sqlite";
  readonly implName = "SQLiteImpl";
  readonly identifierQuote = '"';
  readonly reservedWords = SQLITE_WORDS;
  protected readonly adapters = sqliteAdapters;
  readonly capabilities: Capabilities = {
    returning: { insert: true, update: true, delete: true },
    nativeBoolean: false,
    nativeUuid: false,
    nativeEnum: false,
    nativeArray: false,
    schemas: false,
    sequences: false,
    savepoints: true,
    transactionalDdl: true,
    alterTable: false,
    comments: false,
    isDistinctFrom: true,
    forUpdate: false,
    lateral: false,
    fullJoin: true,
    multiTableUpdate: "from",
    multiTableDelete: false,
    cteInDml: true,
    dmlInCte: false,
    nullsOrdering: true,
    nullsSort: "first",
    exactDecimals: false,
    onConflict: "conflict",
    compoundParentheses: false,
    orderedReturning: false,
    generatedKeys: "unknown",
    maxParameters: 32766,
    maxIdentifierLength: 9999,
    advisoryLocks: false,
    twoPhase: false,
    isolationLevels: ["SERIALIZABLE", "READ UNCOMMITTED"],
  };

  placeholder(): string {
    return "?";
  }
  createCompiler(binds: ReadonlyMap<object, number>, options?: CompilationOptions): SqliteCompiler {
    return new SqliteCompiler(this, binds, options);
  }
  override readonly bulk = sqliteBulk(this);
  createDdlCompiler(): SqliteDdlCompiler {
    return new SqliteDdlCompiler(this);
  }
  /** A database in memory lives in its connection: there can be only one. */
  override singleConnection(url: DatabaseUrl): boolean {
    return sqliteLocation(url).memory;
  }
  async loadDriver(url: DatabaseUrl, options: { readonly [name: string]: unknown }): Promise<Driver> {
    const location = sqliteLocation(url);
    const journal =
      oneOfOption(url, "journal_mode", ["wal", "delete", "truncate", "persist", "memory", "off"]) ?? "wal";
    const synchronous = oneOfOption(url, "synchronous", ["off", "normal", "full", "extra"]);
    const foreignKeys = booleanOption(url, "foreign_keys") ?? true;
    const timeout = (numberOption(url, "timeout") ?? 5) * 1000;
    const begin = oneOfOption(url, "begin", ["deferred", "immediate", "exclusive"]) ?? "deferred";
    const open = await this.#open(url);
    const { creator, ...args } = options;
    const settings = {
      path: location.path,
      readonly: location.readOnly,
      fileMustExist: location.mustExist,
      timeout: 0,
    };
    return {
      name: "sqlite",
      pooling: location.memory ? "single" : "queue",
      async connect() {
        if (creator === undefined) requireFile(location);
        const made = typeof creator === "function" ? await creator(settings) : undefined;
        const handle = open(location, args, made);
        defineFunctions(handle.raw, options.functions);
        const connection = new SqliteConnection(handle, { timeout, begin, statements: 200 });
        try {
          await connection.executeScript(`PRAGMA foreign_keys = ${foreignKeys ? "ON" : "OFF"}`);
          if (synchronous !== undefined) await connection.executeScript(`PRAGMA synchronous = ${synchronous}`);
          if (!location.memory && !location.readOnly) {
            const now = handle.prepare("PRAGMA journal_mode").all([], false)[0]?.[0];
            if (now !== journal) await connection.executeScript(`PRAGMA journal_mode = ${journal}`);
          }
        } catch (error) {
          connection.terminate();
          throw error;
        }
        return connection;
      },
    };
  }
  async #open(url: DatabaseUrl): Promise<OpenSqlite> {
    if (url.driver === "node") return loadNodeSqlite();
    if (url.driver !== undefined && url.driver !== "better-sqlite3") throw unknownDriver(url, DRIVERS);
    try {
      return await loadBetterSqlite3();
    } catch (error) {
      if (url.driver !== undefined || !(error instanceof MissingDriverError)) throw error;
      return loadNodeSqlite().catch(() => {
        throw error;
      });
    }
  }
  async initialize(connection: DriverConnection): Promise<DialectInfo> {
    const hint = { prepare: false, returnsRows: true, exactIntegers: false };
    const { rows } = await connection.execute("select sqlite_version()", [], hint);
    return { serverVersion: String(rows[0]?.[0]), defaultSchema: undefined };
  }
  classify(error: unknown, details: DatabaseErrorDetails): DatabaseError {
    return classifySqlite(error, details);
  }
  /**
   * By the declared type of the column a value comes from. Files of other programs keep anything under any type, so a
   * value that does not look like its type stays as it is.
   */
  undeclaredProcessor(typeCode: number | string | null): Convert | null {
    if (typeof typeCode !== "string") return ownBytesOnly;
    const [, name = "", scale] = /^\s*([a-z_ ]+?)\s*(?:\(\s*\d+\s*(?:,\s*(\d+)\s*)?\))?\s*$/i.exec(typeCode) ?? [];
    switch (name.toUpperCase()) {
      case "BOOLEAN":
      case "BOOL":
        return (value) => (value === 0 ? false : value === 1 ? true : value);
      case "DATETIME":
      case "TIMESTAMP":
        return (value) =>
          typeof value === "string" && /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d/.test(value) ? parseTimestamp(value) : value;
      case "BIGINT":
        return (value) => (typeof value === "number" && Number.isInteger(value) ? toBigInt(value) : value);
      case "NUMERIC":
      case "DECIMAL":
      case "NUMERIC_TEXT":
        return (value) => {
          if (typeof value === "number" && !Number.isFinite(value)) return value;
          if (
            typeof value === "string"
              ? !/^[+-]?\d+(\.\d*)?$/.test(value)
              : typeof value !== "number" && typeof value !== "bigint"
          )
            return value;
          const digits =
            typeof value === "number" && !Number.isSafeInteger(value) ? Number(value.toPrecision(15)) : value;
          return decimalText(parseDecimal(digits), scale === undefined ? undefined : Number(scale));
        };
      case "JSON":
        return (value) => {
          try {
            return parseJson(value);
          } catch {
            return value;
          }
        };
      default:
        return ownBytesOnly;
    }
  }
}
/** Blobs as plain Uint8Array; everything else untouched. */
const ownBytesOnly: Convert = (value) => (value instanceof Uint8Array ? new Uint8Array(value) : value);
