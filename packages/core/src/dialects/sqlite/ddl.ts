/** SQLite's DDL. ALTER TABLE can add, rename and drop columns; everything else is a rebuild (`batchAlterTable`). */
import { BaseDdlCompiler, oneOf } from "../../compile/ddl-compiler.js";
import { CompileError } from "../../errors/errors.js";
import type { Constraint, ForeignKeyConstraint, Index, UniqueConstraint } from "../../schema/constraint.js";
import { DatabaseType } from "../../schema/database-type.js";
import type * as ddl from "../../schema/ddl.js";
import type { StoredObject } from "../../schema/stored-object.js";
import type { Table, TableColumn } from "../../schema/table.js";
import type { Element } from "../../sql/element.js";
import type { SqlType } from "../../types/sql-type.js";
import { SqliteReflector } from "./reflection.js";

/** The types a STRICT table knows, by our families. */
const STRICT_TYPES: { readonly [kind: string]: string } = {
  integer: "INTEGER",
  smallInteger: "INTEGER",
  bigInteger: "INTEGER",
  boolean: "INTEGER",
  float: "REAL",
  double: "REAL",
  numeric: "REAL",
  binary: "BLOB",
  "sqlite.jsonb": "BLOB",
};

const COLUMN_OPTIONS = ["onConflictNotNull", "onConflictPrimaryKey", "onConflictUnique"];

export class SqliteDdlCompiler extends BaseDdlCompiler {
  createReflector(): SqliteReflector {
    return new SqliteReflector();
  }
  protected readonly optionsName: string = "sqlite";
  /** `autoincrement`: keys are never used again; `strict`; `withoutRowid`. */
  protected readonly tableOptions: readonly string[] = ["autoincrement", "strict", "withoutRowid"];
  protected readonly indexOptions: readonly string[] = [];
  protected override readonly constraintOptions: readonly string[] = ["onConflict"];
  protected override constraintTail(constraint: Constraint): string {
    const { onConflict } = this.optionsOfConstraint(constraint);
    if (constraint.kind === "foreignKey") return "";
    const [column, ...others] = constraint.kind === "check" || constraint.kind === "exclude" ? [] : constraint.columns;
    const own = column === undefined || others.length > 0 ? {} : this.#columnOptions(column as TableColumn);
    const beside = constraint.kind === "primaryKey" ? own.onConflictPrimaryKey : own.onConflictUnique;
    return this.#onConflict(onConflict ?? beside);
  }
  #onConflict(word: unknown): string {
    if (word === undefined) return "";
    return ` ON CONFLICT ${oneOf(String(word), ["ROLLBACK", "ABORT", "FAIL", "IGNORE", "REPLACE"], "onConflict")}`;
  }
  #columnOptions(column: TableColumn): { readonly [option: string]: unknown } {
    return this.optionsOf(`Column '${column}'`, column.fields.dialectOptions, COLUMN_OPTIONS);
  }

  #options(table: Table): { readonly [option: string]: unknown } {
    return this.optionsOf(`Table '${table.fullName}'`, table.dialectOptions, this.tableOptions);
  }
  protected override tableSuffix(table: Table): string {
    const { strict, withoutRowid } = this.#options(table);
    const words = [...(withoutRowid ? [" WITHOUT ROWID"] : []), ...(strict ? [" STRICT"] : [])];
    return words.length === 0 ? "" : `\n${words.join(",\n")}`;
  }
  protected override columnSpec(column: TableColumn): string {
    const { fields } = column;
    // SQLite knows columns without a type.
    let spec = `${this.quote(column.columnName)} ${this.typeOf(column)}`.trimEnd();
    const default_ = this.defaultOf(fields);
    if (default_ !== undefined) spec += ` DEFAULT ${default_}`;
    const { onConflictNotNull, onConflictPrimaryKey } = this.#columnOptions(column);
    if (!this.isNullable(column)) spec += ` NOT NULL${this.#onConflict(onConflictNotNull)}`;
    if (this.#keyBesideColumn(column.table) && column.primaryKey)
      spec += ` PRIMARY KEY${this.#onConflict(onConflictPrimaryKey)} AUTOINCREMENT`;
    if (fields.computed !== undefined) spec += ` ${this.computed(column)}`;
    return spec;
  }
  /** AUTOINCREMENT is said beside the column, and then the key cannot be said again below. */
  #keyBesideColumn(table: Table): boolean {
    if (!this.#options(table).autoincrement) return false;
    if (table.primaryKey.length === 1 && table.autoincrementColumn !== undefined) return true;
    throw new CompileError(
      `Table '${table.fullName}': SQLite has AUTOINCREMENT for a primary key of one whole number only.`,
      "ddl.autoincrement",
    );
  }
  protected override keepsConstraint(constraint: Constraint, table: Table): boolean {
    if (constraint.kind === "primaryKey" && this.#keyBesideColumn(table)) return false;
    // A foreign key cannot leave its database file.
    if (constraint.kind === "foreignKey" && constraint.referredTable.schema !== table.schema) return false;
    return super.keepsConstraint(constraint, table);
  }
  /** Only `INTEGER` makes a column the rowid, which is what gives it values. */
  protected override typeOf(column: TableColumn): string {
    if (column.table.autoincrementColumn === column && column.table.primaryKey.length === 1) return "INTEGER";
    return super.typeOf(column);
  }
  protected override type(type: SqlType, where: string, table?: Table): string {
    if (table === undefined || type instanceof DatabaseType || !this.#options(table).strict)
      return super.type(type, where, table);
    const inner = this.dialect.plainType(type);
    return STRICT_TYPES[inner.kind] ?? "TEXT";
  }
  protected override collation(name: string): string {
    return /^[A-Za-z_]\w*$/.test(name) ? name : this.quote(name);
  }
  protected override defaultSql(value: string | Element): string {
    return this.parenthesized(value);
  }
  protected override unique(constraint: UniqueConstraint): string {
    if (constraint.deferrable) throw this.unsupported("deferrable unique constraints");
    return super.unique(constraint);
  }
  protected override referredTable(key: ForeignKeyConstraint): string {
    return this.quote(key.referredTable.tableName);
  }
  override visitCreateIndex(element: ddl.CreateIndex): string {
    const { index } = element;
    const exists = element.ifNotExists ? "IF NOT EXISTS " : "";
    const prefix = this.schemaPrefix(index.table.schema);
    return `${this.indexWords(index)}${exists}${prefix}${this.requiredName(index, index.table)} ON ${this.quote(index.table.tableName)}${this.indexTail(index)}`;
  }
  protected override indexPart(part: Element, index: Index): string {
    const sql = super.indexPart(part, index);
    if (/ NULLS (FIRST|LAST)$/.test(sql)) throw this.unsupported("NULLS FIRST or NULLS LAST in an index");
    return sql;
  }

  // ---- what needs a rebuild

  #rebuild(what: string): CompileError {
    return new CompileError(
      `No support for ALTER of ${what} in SQLite. Use batch mode, which copies the table into a new one: op.batchAlterTable(…).`,
      "ddl.needs-batch",
    );
  }
  override visitAddConstraint(): string {
    throw this.#rebuild("constraints");
  }
  override visitDropConstraint(): string {
    throw this.#rebuild("constraints");
  }
  override visitAlterColumnType(): string {
    throw this.#rebuild("a column's type");
  }
  override visitAlterColumnNullable(): string {
    throw this.#rebuild("a column's NOT NULL");
  }
  override visitAlterColumnDefault(): string {
    throw this.#rebuild("a column's default");
  }
  override visitAddColumn(element: ddl.AddColumn): string | readonly string[] {
    if (element.ifNotExists) throw this.unsupported("ADD COLUMN IF NOT EXISTS");
    if (element.column.primaryKey) throw this.#rebuild("the primary key");
    return super.visitAddColumn(element);
  }
  override visitDropColumn(element: ddl.DropColumn): string | readonly string[] {
    if (element.ifExists) throw this.unsupported("DROP COLUMN IF EXISTS");
    return super.visitDropColumn(element);
  }

  // ---- what SQLite does without

  override visitSetTableComment(): readonly string[] {
    return [];
  }
  override visitSetColumnComment(): readonly string[] {
    return [];
  }
  override visitDeferForeignKeys(): string {
    return "PRAGMA defer_foreign_keys = ON";
  }
  override visitCreateSchema(): string {
    throw this.unsupported("CREATE SCHEMA", "Attach a database file: ATTACH DATABASE 'file' AS name.");
  }
  override visitDropSchema(): string {
    throw this.unsupported("DROP SCHEMA", "Use DETACH DATABASE.");
  }
  protected override storedWords(object: StoredObject): string {
    if (object.kind === "function" || object.kind === "procedure") throw this.unsupported(`stored ${object.kind}s`);
    return super.storedWords(object);
  }
  /** A trigger is in the file of its table. */
  protected override triggerTable(table: string): string {
    return this.quote(table);
  }
  protected override createViewWords({ options }: ddl.CreateView): string {
    if (options.orReplace) throw this.unsupported("CREATE OR REPLACE VIEW", "Drop the view first.");
    return `CREATE ${options.temporary ? "TEMPORARY " : ""}VIEW ${options.ifNotExists ? "IF NOT EXISTS " : ""}`;
  }
}
