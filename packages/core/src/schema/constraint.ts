/** Constraints and indexes as data. They refer to columns through faces so that tables can import them. */
import type { Element } from "../sql/element.js";
import type { Expression } from "../sql/expression.js";
import type { SqlType } from "../types/sql-type.js";
import type { ReferenceAction, ReferenceOptions } from "./definition.js";
import type { NamingConvention } from "./naming.js";

/** What a table needs to know of the MetaData it is registered in. */
export interface MetaDataFace {
  readonly schema: string | undefined;
  readonly namingConvention: NamingConvention;
  /** The table with this full name, its thunk called if need be. */
  findTable(fullName: string): TableFace | undefined;
  /** For "did you mean". */
  readonly tableNames: readonly string[];
}
/** A table by name: what ALTER and DROP need. */
export interface NamedTable {
  readonly tableName: string;
  readonly schema?: string | undefined;
}
/** What a constraint needs to know of a table and of a column; `Table` and `TableColumn` are these. */
export interface TableFace extends NamedTable {
  readonly schema: string | undefined;
  readonly fullName: string;
  readonly columns: readonly ColumnFace[];
  readonly metadata: MetaDataFace | undefined;
}
export interface ColumnFace extends Expression {
  readonly key: string;
  readonly columnName: string;
  readonly type: SqlType;
  readonly table: TableFace;
}

/** One column's reference, resolved. */
export interface ForeignKey {
  readonly parent: ColumnFace;
  readonly column: ColumnFace;
  readonly constraint: ForeignKeyConstraint;
}

interface Named {
  /** A string is final; undefined lets the naming convention decide; `null` asks for no name. */
  readonly name: string | null | undefined;
  /** The name came from a naming convention: when it is too long it is cut and gets a hash, never refused. */
  readonly nameIsGenerated?: boolean | undefined;
  readonly comment?: string | undefined;
  readonly dialectOptions?: { readonly [dialect: string]: { readonly [option: string]: unknown } } | undefined;
}
export interface PrimaryKeyConstraint extends Named {
  readonly kind: "primaryKey";
  readonly columns: readonly ColumnFace[];
}
export interface UniqueConstraint extends Named {
  readonly kind: "unique";
  readonly columns: readonly ColumnFace[];
  readonly nullsNotDistinct?: boolean | undefined;
  readonly deferrable?: boolean | undefined;
  readonly initially?: "DEFERRED" | "IMMEDIATE" | undefined;
}
export interface CheckConstraint extends Named {
  readonly kind: "check";
  /** SQL text or an expression over the table's columns. */
  readonly sql: string | Element;
  /** The column it was written on, if any: it is rendered beside the column. */
  readonly column: ColumnFace | undefined;
}
export interface ForeignKeyConstraint extends Named {
  readonly kind: "foreignKey";
  readonly table: TableFace;
  readonly columns: readonly ColumnFace[];
  /** Database names, resolved late: `["user.id"]` or `["schema.user.id"]`. */
  readonly targets: readonly string[];
  readonly options: ReferenceOptions;
  /** Resolved at first use and when the MetaData is configured; throws when there is no such table or column. */
  readonly referredTable: TableFace;
  readonly referredColumns: readonly ColumnFace[];
}
export interface ExcludeConstraint extends Named {
  readonly kind: "exclude";
  readonly using: string;
  readonly elements: readonly { readonly expression: Element; readonly operator: string }[];
  readonly where: Element | undefined;
  readonly deferrable?: boolean | undefined;
  readonly initially?: "DEFERRED" | "IMMEDIATE" | undefined;
}
export type Constraint =
  | PrimaryKeyConstraint
  | UniqueConstraint
  | CheckConstraint
  | ForeignKeyConstraint
  | ExcludeConstraint;

export interface Index {
  readonly kind: "index";
  readonly name: string | null | undefined;
  readonly nameIsGenerated?: boolean | undefined;
  readonly table: TableFace;
  /** Columns, expressions or orderings (`User.c.id.desc()`). */
  readonly expressions: readonly Element[];
  readonly unique: boolean;
  /** Partial index. */
  readonly where?: Element | undefined;
  readonly dialectOptions: { readonly [dialect: string]: { readonly [option: string]: unknown } };
}
export type { ReferenceAction };
