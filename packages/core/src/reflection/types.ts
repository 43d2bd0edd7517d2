/**
 * What reflection finds, as plain data: names and types by value, nothing bound to a MetaData. Autogenerate compares
 * these with tables. Source: SQLAlchemy "Reflecting Database Objects" (`ReflectedColumn` and its kin).
 */
import type { StoredObject } from "../schema/stored-object.js";
import type { TextClause } from "../sql/text.js";
import type { SqlType } from "../types/sql-type.js";

export type ReflectedAction = "CASCADE" | "SET NULL" | "SET DEFAULT" | "RESTRICT" | "NO ACTION";

/** What only one database knows: `{ sqlite: { onConflict: "IGNORE" } }`. */
export interface ReflectedOptions {
  readonly dialectOptions?: { readonly [dialect: string]: { readonly [option: string]: unknown } } | undefined;
}
export interface ReflectedIdentity {
  readonly always: boolean;
  readonly start: number;
  readonly increment: number;
}
export interface ReflectedColumn extends ReflectedOptions {
  readonly name: string;
  readonly type: SqlType;
  /** The type as the database spells it: `character varying(40)`, `tinyint(1)`. */
  readonly databaseType: string;
  readonly nullable: boolean;
  /** SQL text of the default, as the database gives it back. */
  readonly default: string | undefined;
  /** The database makes the value: rowid, AUTO_INCREMENT, SERIAL or identity. */
  readonly autoincrement: boolean;
  /** The sequence a SERIAL column owns. */
  readonly ownedSequence: string | undefined;
  readonly identity: ReflectedIdentity | undefined;
  readonly computed: { readonly sql: string; readonly persisted: boolean } | undefined;
  /** `ON UPDATE …` (MySQL). */
  readonly onUpdate: string | undefined;
  readonly collation: string | undefined;
  readonly comment: string | undefined;
}
export interface ReflectedPrimaryKey extends ReflectedOptions {
  readonly name: string | undefined;
  readonly columns: readonly string[];
  readonly comment?: string | undefined;
}
export interface ReflectedForeignKey extends ReflectedOptions {
  readonly name: string | undefined;
  readonly columns: readonly string[];
  /** undefined: the default schema. */
  readonly referredSchema: string | undefined;
  readonly referredTable: string;
  readonly referredColumns: readonly string[];
  readonly onDelete: ReflectedAction | undefined;
  readonly onUpdate: ReflectedAction | undefined;
  readonly deferrable: boolean | undefined;
  readonly initially: "DEFERRED" | "IMMEDIATE" | undefined;
  readonly match: "FULL" | "PARTIAL" | "SIMPLE" | undefined;
}
export interface ReflectedUnique extends ReflectedOptions {
  readonly name: string | undefined;
  readonly columns: readonly string[];
  /** The index reported for the same thing (MySQL: always; PostgreSQL: the index behind the constraint). */
  readonly duplicatesIndex: string | undefined;
  readonly nullsNotDistinct: boolean;
  readonly deferrable: boolean | undefined;
  readonly initially: "DEFERRED" | "IMMEDIATE" | undefined;
}
export interface ReflectedIndexPart {
  /** A column's name; undefined for an expression. */
  readonly column: string | undefined;
  /** The column's name or the expression's SQL. */
  readonly sql: string;
  readonly descending: boolean;
  readonly nulls: "FIRST" | "LAST" | undefined;
}
export interface ReflectedIndex {
  readonly name: string;
  readonly unique: boolean;
  readonly parts: readonly ReflectedIndexPart[];
  /** Condition of a partial index. */
  readonly where: string | undefined;
  /** The UNIQUE constraint this index serves. */
  readonly duplicatesConstraint: string | undefined;
  /** The server made it for this foreign key (MySQL): not something a model declares. */
  readonly impliedByForeignKey: string | undefined;
  readonly nullsNotDistinct: boolean;
  /** Options by dialect: `{ postgresql: { using: "gin", include: ["a"] } }`. */
  readonly dialectOptions: { readonly [dialect: string]: { readonly [option: string]: unknown } };
  /** The statement that made it, where the database keeps it. */
  readonly source: string | undefined;
}
/** An exclusion constraint (PostgreSQL). */
export interface ReflectedExclude {
  readonly name: string;
  readonly using: string;
  readonly elements: readonly {
    readonly column: string | undefined;
    readonly sql: string;
    readonly operator: string;
  }[];
  readonly where: string | undefined;
  readonly deferrable: boolean | undefined;
  readonly initially: "DEFERRED" | "IMMEDIATE" | undefined;
}
export interface ReflectedCheck extends ReflectedOptions {
  readonly name: string | undefined;
  readonly sql: string;
  /** The server made it for a type: `json_valid(…)` of MariaDB's JSON columns. */
  readonly impliedByType: boolean;
}
export interface ReflectedTrigger {
  readonly name: string;
  readonly table: string;
  readonly source: string;
}
export interface ReflectedView {
  readonly name: string;
  readonly schema: string | undefined;
  /** The SELECT behind it, or the whole statement on SQLite. */
  readonly definition: string;
  readonly materialized: boolean;
}
export interface ReflectedSequence {
  readonly name: string;
  readonly schema: string | undefined;
  readonly start: bigint;
  readonly increment: bigint;
  /** `table.column` when a SERIAL or identity column owns it. */
  readonly ownedBy: string | undefined;
  /** The extension it came with. */
  readonly extension?: string | undefined;
}
export interface ReflectedEnum {
  readonly name: string;
  readonly schema: string | undefined;
  readonly values: readonly string[];
  /** The extension it came with. */
  readonly extension?: string | undefined;
}
export interface ReflectedTable {
  readonly name: string;
  readonly schema: string | undefined;
  readonly isView: boolean;
  readonly columns: readonly ReflectedColumn[];
  readonly primaryKey: ReflectedPrimaryKey | undefined;
  readonly foreignKeys: readonly ReflectedForeignKey[];
  readonly uniqueConstraints: readonly ReflectedUnique[];
  readonly indexes: readonly ReflectedIndex[];
  readonly checks: readonly ReflectedCheck[];
  readonly excludes?: readonly ReflectedExclude[] | undefined;
  readonly comment: string | undefined;
  /** Options by dialect, as `table(…, { dialectOptions })` takes them: `{ sqlite: { strict: true } }`. */
  readonly options: { readonly [dialect: string]: { readonly [option: string]: unknown } };
  readonly triggers: readonly ReflectedTrigger[];
  /** The CREATE TABLE statement, where the database keeps it (SQLite). */
  readonly source: string | undefined;
  /** What it is a part of, so that it comes and goes with that: nothing that a model would have to declare. */
  readonly partOf?: PartOf | undefined;
}
/** An extension, a foreign server, or a partitioned table, with its name. */
export interface PartOf {
  readonly kind: "extension" | "server" | "table";
  readonly name: string;
}

/** Which tables: all of a schema, or the named ones. */
export interface ReflectionScope {
  /** undefined: the connection's default schema. */
  readonly schema?: string | undefined;
  readonly tables?: readonly string[] | undefined;
  /** Views as well, columns only. */
  readonly views?: boolean | undefined;
}
/** Runs a query and gives its rows as lists. */
export type ReflectionQuery = (statement: TextClause) => Promise<readonly (readonly unknown[])[]>;

/** How one database's schema is read. Each method is one round trip, or a fixed few, however many tables there are. */
export interface Reflector {
  schemas(query: ReflectionQuery): Promise<readonly string[]>;
  defaultSchema(query: ReflectionQuery): Promise<string | undefined>;
  tableNames(query: ReflectionQuery, schema?: string): Promise<readonly string[]>;
  views(query: ReflectionQuery, schema?: string): Promise<readonly ReflectedView[]>;
  sequences(query: ReflectionQuery, schema?: string): Promise<readonly ReflectedSequence[]>;
  /** Of this connection only; absent where the catalogue does not show them. */
  temporary?(
    query: ReflectionQuery,
  ): Promise<{ readonly tables: readonly string[]; readonly views: readonly string[] }>;
  enums(query: ReflectionQuery, schema?: string): Promise<readonly ReflectedEnum[]>;
  /** Views, functions, procedures and triggers, in the order in which they can be made. */
  storedObjects(query: ReflectionQuery, schema?: string): Promise<readonly StoredObject<string>[]>;
  /** Everything about the tables in scope, in the order of their names. */
  tables(query: ReflectionQuery, scope: ReflectionScope): Promise<readonly ReflectedTable[]>;
}
