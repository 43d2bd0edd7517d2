/** MySQL and MariaDB: one family, with what the server can do read from its version. Source: SQLAlchemy "MySQL and MariaDB". */
import type { DatabaseError, DatabaseErrorDetails } from "../../errors/errors.js";
import type { Convert } from "../../types/adapter.js";
import { type CompilationOptions, type DatabaseUrl, Dialect, type DialectInfo } from "../dialect.js";
import type { Driver, DriverConnection } from "../driver.js";
import { unknownDriver } from "../options.js";
import { ownBytes, parseJson, readTime, toBigInt } from "../values.js";
import { mysqlBulk } from "./bulk.js";
import { capabilitiesOf, type MysqlCapabilities, versionOf } from "./capabilities.js";
import { MysqlCompiler } from "./compiler.js";
import { MysqlDdlCompiler } from "./ddl.js";
import { SHORT_WHOLE_CODE } from "./driver.js";
import { loadMysql2 } from "./driver-mysql2.js";
import { classifyMysql } from "./errors.js";
import { doubled } from "./texts.js";
import { mysqlAdapters, readTimestamp } from "./types.js";
import { MYSQL_WORDS } from "./words.js";

export class MysqlDialect extends Dialect {
  readonly name: "mysql" | "mariadb";
  readonly implName: string;
  readonly identifierQuote = "`";
  readonly reservedWords = MYSQL_WORDS;
  protected readonly adapters = mysqlAdapters(() => this.capabilities);
  #capabilities: MysqlCapabilities;

  override get names(): readonly string[] {
    return this.name === "mariadb" ? ["mariadb", "mysql"] : ["mysql"];
  }
  /** `name`: what the URL says; the server has the last word when the first connection is made. */
  constructor(name: "mysql" | "mariadb") {
    super();
    this.name = name;
    this.implName = name === "mariadb" ? "MariaDBImpl" : "MySQLImpl";
    this.#capabilities = capabilitiesOf(name === "mariadb", name === "mariadb" ? [10, 11, 0] : [8, 4, 0]);
  }
  get capabilities(): MysqlCapabilities {
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
    const { rows } = await connection.execute("select version(), database(), @@session.sql_mode", [], {
      prepare: false,
      returnsRows: true,
      exactIntegers: false,
    });
    const version = String(rows[0]?.[0] ?? "");
    const mariadb = /mariadb/i.test(version);
    const mode = String(rows[0]?.[2] ?? "");
    this.#capabilities = capabilitiesOf(mariadb, versionOf(version), mode.includes("NO_BACKSLASH_ESCAPES"));
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
  override stringLiteral(value: string): string {
    return doubled(value);
  }
}

const shortWhole: Convert = (value) => (Number.isSafeInteger(Number(value)) ? Number(value) : toBigInt(value));
