/** Tables and their columns. Source: SQLAlchemy "Describing Databases with MetaData". */

import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError } from "../errors/errors.js";
import { ColumnReference, FromClause, type ItemElement } from "../sql/from.js";
import { type KeyWriter, nextId, OP } from "../sql/key.js";
import type { SqlType } from "../types/sql-type.js";
import { NULL_TYPE } from "../types/sql-type.js";
import { storedType } from "../types/wrapping.js";
import type { Constraint, ForeignKey, Index, MetaDataFace } from "./constraint.js";
import { ColumnDefinition, type ColumnFields } from "./definition.js";
import { NextValue } from "./sequence.js";
import type { TableArgument } from "./table-constraints.js";

/** A column of a table; an expression in statements. */
export class TableColumn extends ColumnReference {
  readonly from: Table;
  readonly key: string;
  readonly columnName: string;
  readonly fields: ColumnFields;
  readonly columnId: number = nextId();
  /** Position in the table. */
  readonly position: number;
  /** Filled when the table is finished; what each refers to is looked up at its first use. */
  foreignKeys: readonly ForeignKey[] = [];
  #resolvedType: SqlType | undefined;
  constructor(table: Table, key: string, columnName: string, fields: ColumnFields, position: number) {
    super();
    this.from = table;
    this.key = key;
    this.columnName = columnName;
    this.fields = fields;
    this.position = position;
  }
  get table(): Table {
    return this.from;
  }
  override get plain(): TableColumn {
    return this;
  }
  /** A column given only a foreign key takes the type of the column it refers to. */
  get type(): SqlType {
    if (this.#resolvedType !== undefined) return this.#resolvedType;
    const own = this.fields.type;
    if (own !== NULL_TYPE || this.foreignKeys.length === 0) return own;
    return (this.#resolvedType = (this.foreignKeys[0] as ForeignKey).column.type);
  }
  get primaryKey(): boolean {
    return this.table.primaryKey.includes(this);
  }
  get nullable(): boolean {
    return this.fields.nullable && !this.primaryKey;
  }
  walk(key: KeyWriter): void {
    key.id(OP.column);
    key.id(this.columnId);
  }
  override toString(): string {
    return `${this.table.fullName}.${this.columnName}`;
  }
}

/**
 * A column as an entity sees it that shares its table with others, or has more tables than the column's: a SELECT of it
 * means the rows of that entity. The same column in all other respects.
 */
export class ViewedColumn extends TableColumn {
  readonly #plain: TableColumn;
  readonly #viewer: ItemElement;
  override readonly columnId: number;
  constructor(plain: TableColumn, viewer: ItemElement) {
    super(plain.table, plain.key, plain.columnName, plain.fields, plain.position);
    this.#plain = plain;
    this.#viewer = viewer;
    this.columnId = plain.columnId;
    this.foreignKeys = plain.foreignKeys;
  }
  override get plain(): TableColumn {
    return this.#plain;
  }
  override get viewer(): ItemElement {
    return this.#viewer;
  }
  override get type(): SqlType {
    return this.#plain.type;
  }
  override get primaryKey(): boolean {
    return this.#plain.primaryKey;
  }
  override walk(key: KeyWriter): void {
    key.id(OP.viewedColumn);
    key.id(this.columnId);
    this.#viewer.walk(key);
  }
}

/** What a table is made of before it exists: columns in order, keyed by property. */
export interface TableParts {
  readonly name: string;
  readonly schema?: string | undefined;
  readonly columns: readonly {
    readonly key: string;
    readonly columnName: string;
    readonly definition: ColumnDefinition;
  }[];
  readonly primaryKey?: readonly string[] | undefined;
  /** Called with the finished table: builds table-level constraints and indexes. */
  readonly constraints?: ((table: Table) => readonly TableArgument[]) | undefined;
  readonly comment?: string | undefined;
  readonly info?: { readonly [key: string]: unknown } | undefined;
  /** `{ sqlite: { strict: true }, mysql: { engine: "InnoDB" } }`: options by dialect name. */
  readonly dialectOptions?: { readonly [dialect: string]: { readonly [option: string]: unknown } } | undefined;
  /** Where foreign keys are looked up and names come from; `MetaData.add` refuses tables of another. */
  readonly metadata?: MetaDataFace | undefined;
}

const NOTHING = {};
function primaryKeyOf(parts: TableParts, columns: readonly TableColumn[]): readonly TableColumn[] {
  if (parts.primaryKey === undefined || parts.primaryKey.length === 0)
    return columns.filter((c) => c.fields.primaryKey);
  return parts.primaryKey.map((key) => {
    const column = columns.find((c) => c.key === key);
    if (column !== undefined) return column;
    const near = didYouMean(
      key,
      columns.map((c) => c.key),
    );
    throw new ArgumentError(`Table '${parts.name}': primaryKey names '${key}', which is no column.${near}`);
  });
}
function inOrder(columns: TableParts["columns"]): TableParts["columns"] {
  const place = (c: TableParts["columns"][number]) => c.definition.fields.sortOrder ?? 0;
  return columns.some((c) => place(c) !== 0) ? [...columns].sort((a, b) => place(a) - place(b)) : columns;
}
/** A table. It is registered in a MetaData by `schema/metadata.ts`, which also resolves its foreign keys. */
export class Table extends FromClause {
  readonly kind = "table";
  readonly tableName: string;
  readonly schema: string | undefined;
  readonly metadata: MetaDataFace | undefined;
  #parts: TableParts;
  #columns: readonly TableColumn[];
  #primaryKey: readonly TableColumn[];
  /** All constraints, in order of declaration; the primary key first. Filled by `finishTable`. */
  constraints: readonly Constraint[] = [];
  indexes: readonly Index[] = [];
  constructor(parts: TableParts) {
    super();
    this.tableName = parts.name;
    this.schema = parts.schema;
    this.metadata = parts.metadata;
    this.#parts = parts;
    this.#columns = this.#columnsOf(parts, []);
    this.#primaryKey = primaryKeyOf(parts, this.#columns);
  }
  /**
   * Other parts for the table of the same name, which stays the same object: statements made before read from it, and
   * columns that are not said anew are those they were. Its constraints are the caller's to finish.
   */
  become(parts: TableParts): void {
    const columns = this.#columnsOf(parts, this.#columns);
    this.#primaryKey = primaryKeyOf(parts, columns);
    this.#parts = parts;
    this.#columns = columns;
    this.forgetColumns();
  }
  #columnsOf(parts: TableParts, before: readonly TableColumn[]): readonly TableColumn[] {
    const names = new Set<string>();
    return inOrder(parts.columns).map(({ key, columnName, definition }, i) => {
      if (names.has(columnName))
        throw new ArgumentError(`Table '${parts.name}' has two columns named '${columnName}'.`);
      names.add(columnName);
      const old = before[i];
      return old !== undefined && old.key === key && old.columnName === columnName && old.fields === definition.fields
        ? old
        : new TableColumn(this, key, columnName, definition.fields, i);
    });
  }
  /** What it is made of; copies are made of the same. */
  get parts(): TableParts {
    return this.#parts;
  }
  get columns(): readonly TableColumn[] {
    return this.#columns;
  }
  get comment(): string | undefined {
    return this.#parts.comment;
  }
  get info(): { readonly [key: string]: unknown } {
    return this.#parts.info ?? NOTHING;
  }
  get dialectOptions(): { readonly [dialect: string]: { readonly [option: string]: unknown } } {
    return this.#parts.dialectOptions ?? NOTHING;
  }
  get primaryKey(): readonly TableColumn[] {
    return this.#primaryKey;
  }
  /** For a primary key given as a constraint; only while the table is being finished. */
  setPrimaryKey(columns: readonly TableColumn[]): void {
    this.#primaryKey = columns;
  }
  get fromName(): string {
    return this.tableName;
  }
  /** `schema.table`, or the table's name alone. */
  get fullName(): string {
    return this.schema === undefined ? this.tableName : `${this.schema}.${this.tableName}`;
  }
  /**
   * The column whose value the database makes: the only integer primary key without a foreign key or default, or the
   * one that asks for it. Source: SQLAlchemy "autoincrement='auto'".
   */
  get autoincrementColumn(): TableColumn | undefined {
    const explicit = this.primaryKey.find((c) => c.fields.autoincrement === true || c.fields.identity !== undefined);
    if (explicit !== undefined) return explicit;
    const [only, ...others] = this.primaryKey;
    if (only === undefined || others.length > 0) return undefined;
    const { references, autoincrement, default: default_, serverDefault } = only.fields;
    const type = storedType(only.fields.type);
    const whole = type.kind === "integer" || type.kind === "smallInteger" || type.kind === "bigInteger";
    if (
      !whole ||
      autoincrement === false ||
      references !== undefined ||
      (default_ !== undefined && !("expression" in default_ && default_.expression instanceof NextValue)) ||
      serverDefault !== undefined
    )
      return undefined;
    return only.foreignKeys.length === 0 ? only : undefined;
  }
  walk(key: KeyWriter): void {
    key.id(OP.table);
    key.id(this.id);
  }
  walkReference(key: KeyWriter): void {
    key.id(this.id);
  }
  override toString(): string {
    return this.fullName;
  }
}
export { ColumnDefinition };
