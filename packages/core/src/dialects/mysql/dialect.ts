/** MySQL and MariaDB: one family, with what the server can do read from its version. Source: SQLAlchemy "MySQL and MariaDB". */
import type { DatabaseError, DatabaseErrorDetails } from "../../errors/errors.js";
import type { Convert } from "../../types/adapter.js";
import { type Capabilities, type CompilationOptions, type DatabaseUrl, Dialect, type DialectInfo } from "../dialect.js";
import type { Driver, DriverConnection } from "../driver.js";
import { unknownDriver } from "../options.js";
import { ownBytes, parseJson, readTime, toBigInt } from "../values.js";
import { mysqlBulk } from "./bulk.js";
import { MysqlCompiler } from "./compiler.js";
import { MysqlDdlCompiler } from "./ddl.js";
import { SHORT_WHOLE_CODE } from "./driver.js";
import { loadMysql2 } from "./driver-mysql2.js";
import { classifyMysql } from "./errors.js";
import { mysqlAdapters, readTimestamp } from "./types.js";
import { MYSQL_WORDS } from "./words.js";

export class MysqlDialect extends Dialect {
  readonly name: "mysql" | "mariadb";
  readonly implName: string;
  readonly identifierQuote = "`";
  readonly reservedWords = MYSQL_WORDS;
  protected readonly adapters = mysqlAdapters(() => this.capabilities);
  #capabilities: Capabilities;

  override get names(): readonly string[] {
    return this.name === "mariadb" ? ["mariadb", "mysql"] : ["mysql"];
  }
  /** `name`: what the URL says; the server has the last word when the first connection is made. */
  constructor(name: "mysql" | "mariadb") {
    super();
    this.name = name;
    this.implName = name === "mariadb" ? "MariaDBImpl" : "MySQLImpl";
    this.#capabilities = capabilitiesOf(name === "mariadb", name === "mariadb" ? [10, 11] : [8, 0]);
  }
  get capabilities(): Capabilities {
    return this.#capabilities;
  }

  placeholder(): string {
    return "?";
  }
  createCompiler(binds: ReadonlyMap<object, number>, options?: CompilationOptions): MysqlCompiler {
    return new MysqlCompiler(this, binds, options);
  }
  override readonly bulk = mysqlBulk(this);
  createDdlCompiler(): MysqlDdlCompiler {
    return new MysqlDdlCompiler(this);
  }
  async loadDriver(url: DatabaseUrl, options: { readonly [name: string]: unknown }): Promise<Driver> {
    if (url.driver !== undefined && url.driver !== "mysql2") throw unknownDriver(url, ["mysql2"]);
    return loadMysql2(url, options);
  }
  async initialize(connection: DriverConnection): Promise<DialectInfo> {
    const { rows } = await connection.execute("select version(), database()", [], {
      prepare: false,
      returnsRows: true,
      exactIntegers: false,
    });
    const version = String(rows[0]?.[0] ?? "");
    const mariadb = /mariadb/i.test(version);
    // Old MariaDB servers put "5.5.5-" in front for clients that know only MySQL.
    const [major = 0, minor = 0] = version
      .replace(/^5\.5\.5-/, "")
      .split(/[.-]/)
      .map(Number);
    this.#capabilities = capabilitiesOf(mariadb, [major, minor]);
    return { serverVersion: version, defaultSchema: (rows[0]?.[1] as string | null) ?? undefined };
  }
  classify(error: unknown, details: DatabaseErrorDetails): DatabaseError {
    return classifyMysql(error, details);
  }
  override isCancellation(error: DatabaseError): boolean {
    return error.driverCode === "1317";
  }
  /** By the protocol's type number. */
  undeclaredProcessor(typeCode: number | string | null): Convert | null {
    switch (typeCode) {
      case 8:
        return toBigInt;
      case SHORT_WHOLE_CODE:
        return shortWhole;
      case 7:
      case 12:
        return readTimestamp;
      case 11:
        return readTime;
      case 245:
        return parseJson;
      case 16:
      case 249:
      case 250:
      case 251:
      case 252:
      case 253:
      case 254:
        return (value) => (value instanceof Uint8Array ? ownBytes(value) : value);
      default:
        return null;
    }
  }
  /**
   * Backslashes escape in strings unless a session is told otherwise, which a text cannot know: doubled, no text can end
   * the literal in either mode; with NO_BACKSLASH_ESCAPES a literal holds two. Bound values are right in both.
   */
  override stringLiteral(value: string): string {
    return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
  }
}

const shortWhole: Convert = (value) => (Number.isSafeInteger(Number(value)) ? Number(value) : toBigInt(value));

function capabilitiesOf(mariadb: boolean, [major, minor]: readonly [number, number]): Capabilities {
  const from = (wantedMajor: number, wantedMinor: number): boolean =>
    major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  return {
    returning: { insert: mariadb && from(10, 5), update: mariadb && from(13, 0), delete: mariadb },
    nativeBoolean: false,
    nativeUuid: mariadb && from(10, 7),
    nativeEnum: true,
    nativeArray: false,
    schemas: true,
    sequences: mariadb && from(10, 3),
    savepoints: true,
    transactionalDdl: false,
    alterTable: true,
    comments: true,
    isDistinctFrom: true,
    forUpdate: true,
    lateral: !mariadb && from(8, 0),
    fullJoin: false,
    multiTableUpdate: "list",
    multiTableDelete: "using",
    cteInDml: !mariadb && from(8, 0),
    dmlInCte: false,
    nullsOrdering: false,
    nullsSort: "first",
    exactDecimals: true,
    onConflict: "duplicateKey",
    compoundParentheses: mariadb ? from(10, 4) : from(8, 0),
    orderedReturning: false,
    generatedKeys: "ascending",
    maxParameters: 65535,
    maxIdentifierLength: 64,
    advisoryLocks: true,
    twoPhase: true,
    isolationLevels: ["SERIALIZABLE", "REPEATABLE READ", "READ COMMITTED", "READ UNCOMMITTED"],
  };
}
