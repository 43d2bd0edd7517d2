/** PostgreSQL and servers that speak its protocol. Source: SQLAlchemy "PostgreSQL dialect", PostgreSQL manual. */
import type { DatabaseError, DatabaseErrorDetails } from "../../errors/errors.js";
import type { Convert } from "../../types/adapter.js";
import { type Capabilities, type CompilationOptions, type DatabaseUrl, Dialect, type DialectInfo } from "../dialect.js";
import type { BeginOptions, Driver, DriverConnection } from "../driver.js";
import { unknownDriver } from "../options.js";
import { postgresqlBulk } from "./bulk.js";
import { PostgresqlCompiler } from "./compiler.js";
import { PostgresqlDdlCompiler } from "./ddl.js";
import { loadPg } from "./driver-pg.js";
import { classifyPostgres } from "./errors.js";
import { postgresqlAdapters, readerForOid } from "./types.js";
import { POSTGRESQL_WORDS } from "./words.js";

export class PostgresqlDialect extends Dialect {
  readonly name: string = "postgresql";
  readonly implName = "PostgresqlImpl";
  readonly identifierQuote = '"';
  readonly reservedWords = POSTGRESQL_WORDS;
  protected readonly adapters = postgresqlAdapters;
  #capabilities: Capabilities = {
    returning: { insert: true, update: true, delete: true },
    nativeBoolean: true,
    nativeUuid: true,
    nativeEnum: true,
    nativeArray: true,
    schemas: true,
    sequences: true,
    savepoints: true,
    transactionalDdl: true,
    alterTable: true,
    comments: true,
    isDistinctFrom: true,
    forUpdate: true,
    lateral: true,
    fullJoin: true,
    multiTableUpdate: "from",
    multiTableDelete: "using",
    cteInDml: true,
    dmlInCte: true,
    nullsOrdering: true,
    nullsSort: "last",
    exactDecimals: true,
    onConflict: "conflict",
    compoundParentheses: true,
    orderedReturning: false,
    generatedKeys: "numbered",
    // The protocol counts parameters in 16 bits.
    maxParameters: 65535,
    maxIdentifierLength: 63,
    advisoryLocks: true,
    twoPhase: true,
    isolationLevels: ["SERIALIZABLE", "REPEATABLE READ", "READ COMMITTED", "READ UNCOMMITTED"],
  };
  get capabilities(): Capabilities {
    return this.#capabilities;
  }

  /** What answers as PostgreSQL under another name (PGlite) reads its rules too. */
  override get names(): readonly string[] {
    return this.name === "postgresql" ? ["postgresql"] : [this.name, "postgresql"];
  }
  /** 15 until a server said otherwise. */
  get major(): number {
    return this.#major;
  }
  #major = 15;
  placeholder(n: number): string {
    return `$${n}`;
  }
  createCompiler(binds: ReadonlyMap<object, number>, options?: CompilationOptions): PostgresqlCompiler {
    return new PostgresqlCompiler(this, binds, options);
  }
  override readonly bulk = postgresqlBulk(this);
  createDdlCompiler(): PostgresqlDdlCompiler {
    return new PostgresqlDdlCompiler(this);
  }
  async loadDriver(url: DatabaseUrl, options: { readonly [name: string]: unknown }): Promise<Driver> {
    if (url.driver !== undefined && url.driver !== "pg") throw unknownDriver(url, ["pg"]);
    return loadPg(url, options);
  }
  async initialize(connection: DriverConnection): Promise<DialectInfo> {
    const { rows } = await connection.execute(
      "select version(), current_setting('server_version'), current_schema()",
      [],
      {
        prepare: false,
        returnsRows: true,
        exactIntegers: false,
      },
    );
    const [product, version, schema] = (rows[0] ?? []) as (string | null)[];
    this.#major = Number.parseInt(version ?? "15", 10) || 15;
    // CockroachDB takes the functions and ignores them: no lock is held.
    if (/CockroachDB|YugabyteDB/i.test(product ?? "")) {
      this.#capabilities = { ...this.#capabilities, advisoryLocks: false, twoPhase: false };
    }
    return { serverVersion: (version ?? "").split(" ")[0] ?? "", defaultSchema: schema ?? undefined };
  }
  classify(error: unknown, details: DatabaseErrorDetails, begun?: BeginOptions): DatabaseError {
    return classifyPostgres(error, details, begun);
  }
  override isCancellation(error: DatabaseError): boolean {
    return error.driverCode === "57014";
  }
  undeclaredProcessor(typeCode: number | string | null): Convert | null {
    return readerForOid(typeCode);
  }
  protected override literalOf(value: unknown): string {
    if (value instanceof Uint8Array) return `'\\x${Buffer.from(value).toString("hex")}'::bytea`;
    return super.literalOf(value);
  }
  /** Backslashes mean nothing in standard strings, but a server may be set up the old way. */
  override stringLiteral(value: string): string {
    const text = value.replaceAll("'", "''");
    return value.includes("\\") ? `E'${text.replaceAll("\\", "\\\\")}'` : `'${text}'`;
  }
}
