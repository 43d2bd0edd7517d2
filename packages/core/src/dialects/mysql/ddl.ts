/** DDL of MySQL and MariaDB. Source: MySQL 8 Reference Manual, "Data Definition Statements". */
import { BaseDdlCompiler, wholeNumber } from "../../compile/ddl-compiler.js";
import { CompileError } from "../../errors/errors.js";
import type { ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint } from "../../schema/constraint.js";
import type * as ddl from "../../schema/ddl.js";
import type { Table, TableColumn } from "../../schema/table.js";
import type { Element } from "../../sql/element.js";
import { Ordering } from "../../sql/expression.js";
import { ColumnReference } from "../../sql/from.js";
import { type SqlType, StringType } from "../../types/sql-type.js";
import type { MysqlCapabilities } from "./capabilities.js";
import { MysqlReflector } from "./reflection.js";
import { inDdl } from "./texts.js";

/** Spelling of the table options; values are words or numbers. */
const TABLE_OPTIONS: { readonly [option: string]: string } = {
  engine: "ENGINE",
  charset: "CHARSET",
  collate: "COLLATE",
  rowFormat: "ROW_FORMAT",
  autoIncrement: "AUTO_INCREMENT",
  keyBlockSize: "KEY_BLOCK_SIZE",
};

const CLOCK = /^(?:current_timestamp|now|localtime|localtimestamp)\s*(?:\(\s*\d?\s*\))?$/i;

export class MysqlDdlCompiler extends BaseDdlCompiler {
  createReflector(): MysqlReflector {
    return new MysqlReflector();
  }
  protected readonly optionsName: string = "mysql";
  protected readonly tableOptions: readonly string[] = [...Object.keys(TABLE_OPTIONS), "partitionBy", "partitions"];
  protected readonly indexOptions: readonly string[] = ["length", "prefix", "using", "parser"];

  /** By its version: a mysql: URL may lead to either. */
  get #mariadb(): boolean {
    return (this.dialect.capabilities as MysqlCapabilities).mariadb;
  }
  protected override literal(text: string): string {
    return inDdl(text, this.dialect.capabilities as MysqlCapabilities);
  }
  /** MariaDB takes no named check beside a column. */
  protected override get checksBesideColumns(): boolean {
    return !this.#mariadb;
  }

  protected override get maxNameLength(): number {
    return Math.min(64, this.dialect.maxIdentifierLength);
  }
  protected override tableSuffix(table: Table): string {
    const options = this.optionsOf(`Table '${table.fullName}'`, table.dialectOptions, this.tableOptions);
    const words = Object.entries(TABLE_OPTIONS).flatMap(([key, word]) => {
      const value = options[key];
      if (value === undefined) return [];
      if (!/^\w+$/.test(String(value)))
        throw new CompileError(`Table '${table.fullName}': '${value}' is no value for ${key}.`, "ddl.option");
      return [`${word}=${value}`];
    });
    if (table.comment !== undefined) words.push(`COMMENT=${this.literal(table.comment)}`);
    const { partitionBy, partitions } = options;
    if (partitionBy !== undefined) words.push(`PARTITION BY ${partitionBy}`);
    if (partitions !== undefined) words.push(`PARTITIONS ${wholeNumber(partitions as number)}`);
    return words.join(" ");
  }
  protected override columnSpec(column: TableColumn): string {
    const { fields } = column;
    let spec = `${this.quote(column.columnName)} ${this.typeOf(column)}`;
    if (fields.computed !== undefined) spec += ` ${this.computed(column)}`;
    // MariaDB refuses NOT NULL on a computed column; the expression decides there.
    else if (!this.isNullable(column)) spec += " NOT NULL";
    // TIMESTAMP columns are NOT NULL on older servers unless they say otherwise.
    else if (/^timestamp/i.test(this.typeOf(column))) spec += " NULL";
    if (fields.comment !== undefined) spec += ` COMMENT ${this.literal(fields.comment)}`;
    const default_ = this.#ofType(this.typeOf(column), this.defaultOf(fields));
    if (this.#isNumbered(column) && default_ === undefined) spec += " AUTO_INCREMENT";
    else if (default_ !== undefined) spec += ` DEFAULT ${default_}`;
    if (fields.serverOnUpdate !== undefined)
      spec += ` ON UPDATE ${this.#ofType(this.typeOf(column), this.inline(fields.serverOnUpdate))}`;
    return spec;
  }
  /**
   * Beside the primary key only when it is said: the key alone is numbered by itself. What CREATE TABLE does not make the
   * first of a key it cannot number: that waits for the index.
   */
  #isNumbered(column: TableColumn): boolean {
    return column.table.autoincrementColumn === column || (this.#isAsked(column) && !this.#waitsForIndex(column));
  }
  #isAsked({ fields, primaryKey }: TableColumn): boolean {
    return fields.autoincrement === true && !primaryKey && fields.serverDefault === undefined;
  }
  #waitsForIndex(column: TableColumn): boolean {
    const { constraints, indexes } = column.table;
    return (
      !constraints.some((c) => c.kind === "unique" && c.columns[0] === column) &&
      indexes.some((i) => i.expressions[0] === column)
    );
  }
  /** MySQL wants the clock with as many digits as its column has, and text for TEXT, BLOB and JSON as an expression. */
  #ofType(type: string, value: string | undefined): string | undefined {
    if (value === undefined || this.#mariadb) return value;
    if (CLOCK.test(value)) {
      const digits = /^(?:datetime|timestamp)\((\d)\)/i.exec(type)?.[1];
      return /^(?:datetime|timestamp)\b/i.test(type)
        ? `CURRENT_TIMESTAMP${digits === undefined ? "" : `(${digits})`}`
        : `(${value})`;
    }
    return value.startsWith("(") || !/^(?:(?:tiny|medium|long)?(?:text|blob)|json)\b/i.test(type)
      ? value
      : `(${value})`;
  }
  override visitAlterColumnDefault(element: ddl.AlterColumnDefault): string | readonly string[] {
    const { default: value } = element;
    if (value === null || this.#mariadb) return super.visitAlterColumnDefault(element);
    // The column's type is not known here; behind SET DEFAULT an expression is right for every type.
    const text = this.defaultSql(value);
    return this.alterColumn(element, `SET DEFAULT ${/^[\d(+-]/.test(text) ? text : `(${text})`}`);
  }
  protected override type(type: SqlType, where: string, table?: Table): string {
    const inner = this.dialect.plainType(type);
    if (inner instanceof StringType && inner.kind === "string" && inner.length === undefined) {
      throw new CompileError(
        `${this.dialect.name} needs a length for VARCHAR: string(255) or text() instead of string() for '${where}'.`,
        "ddl.string-length",
      );
    }
    return super.type(type, where, table);
  }
  protected override collation(name: string): string {
    return this.quote(name);
  }
  protected override defaultSql(value: string | Element): string {
    return this.parenthesized(value);
  }
  /** Besides literals: the clock, with a precision and an ON UPDATE behind it. */
  protected override isSimpleDefault(sql: string): boolean {
    return super.isSimpleDefault(sql) || /^(current_timestamp|now|localtime|localtimestamp)\b/i.test(sql.trim());
  }
  /** InnoDB wants the AUTO_INCREMENT column to be the first of a key. */
  protected override primaryKey(constraint: PrimaryKeyConstraint): string {
    const [first] = constraint.columns;
    const auto = first === undefined ? undefined : (first.table as Table).autoincrementColumn;
    const columns = auto === undefined ? constraint.columns : [auto, ...constraint.columns.filter((c) => c !== auto)];
    return `PRIMARY KEY (${this.names(columns)})`;
  }
  protected override unique(constraint: UniqueConstraint): string {
    if (constraint.deferrable) throw this.unsupported("deferrable constraints");
    return super.unique(constraint);
  }
  protected override foreignKey(key: ForeignKeyConstraint): string {
    if (key.options.deferrable || key.options.initially !== undefined) throw this.unsupported("deferrable constraints");
    if (key.options.match !== undefined) {
      throw this.unsupported("MATCH in foreign keys", "With it, InnoDB would silently forget ON DELETE and ON UPDATE.");
    }
    return super.foreignKey(key);
  }

  // ---- indexes

  protected override indexWords(index: Index): string {
    const { prefix } = this.#options(index);
    if (prefix !== undefined && !/^\w+$/.test(String(prefix)))
      throw new CompileError(`'${prefix}' is no kind of index.`, "ddl.option");
    return prefix === undefined ? super.indexWords(index) : `CREATE ${index.unique ? "UNIQUE " : ""}${prefix} INDEX `;
  }
  #options(index: Index): { readonly [option: string]: unknown } {
    return this.optionsOf(`Index '${index.name}'`, index.dialectOptions, this.indexOptions);
  }
  protected override indexTail(index: Index): string {
    if (index.where !== undefined) throw this.unsupported(`partial indexes ('${index.name}')`);
    const { using, parser } = this.#options(index);
    let sql = ` (${this.indexParts(index)})`;
    if (using !== undefined && !/^(btree|hash|rtree)$/i.test(String(using)))
      throw new CompileError(`'${using}' is no method of an index: BTREE, HASH or RTREE.`, "ddl.option");
    if (parser !== undefined) sql += ` WITH PARSER ${this.quote(String(parser))}`;
    if (using !== undefined) sql += ` USING ${using}`;
    return sql;
  }
  protected override indexPart(part: Element, index: Index): string {
    const { length } = this.#options(index) as { readonly length?: number | { readonly [column: string]: number } };
    const inner = part instanceof Ordering ? part.expression : part;
    if (part instanceof Ordering && part.nulls !== undefined)
      throw this.unsupported("NULLS FIRST or NULLS LAST in an index");
    if (length === undefined || !(inner instanceof ColumnReference)) return super.indexPart(part, index);
    const chars = typeof length === "number" ? length : (length[inner.key] ?? length[inner.columnName]);
    if (chars === undefined) return super.indexPart(part, index);
    if (!Number.isSafeInteger(chars) || (chars as number) < 1)
      throw new CompileError(
        `Index '${index.name}': the length of '${inner.key}' is a whole number, not ${chars}.`,
        "ddl.option",
      );
    const name = this.inline(inner);
    return `${name}(${chars})${super.indexPart(part, index).slice(name.length)}`;
  }
  protected override indexExpression(expression: Element): string {
    const sql = this.inline(expression);
    return expression instanceof ColumnReference ? sql : `(${sql})`;
  }
  override visitDropIndex(element: ddl.DropIndex): string {
    const { table } = element.index;
    if (table === undefined)
      throw new CompileError(
        `DROP INDEX on ${this.dialect.name} needs the table of index '${element.index.name}'.`,
        "ddl.index-table",
      );
    const exists = this.#ifThere(element.ifExists, "IF EXISTS", "an index");
    return `DROP INDEX ${exists}${this.requiredName(element.index, table)} ON ${this.tableName(table)}`;
  }

  // ---- ALTER

  /** `words`, where the server has them for parts of a table. */
  #ifThere(asked: boolean | undefined, words: "IF EXISTS" | "IF NOT EXISTS", what: string): string {
    if (!asked) return "";
    if (this.#mariadb) return `${words} `;
    throw this.unsupported(
      `${words} for ${what}`,
      "Look it up first, with inspect(); migrations do that by themselves, but not in --sql.",
    );
  }
  override visitDropColumn(element: ddl.DropColumn): string {
    const exists = this.#ifThere(element.ifExists, "IF EXISTS", "a column");
    return `ALTER TABLE ${this.tableName(element.table)} DROP COLUMN ${exists}${this.quote(element.columnName)}`;
  }
  override visitCreateIndex(element: ddl.CreateIndex): string | readonly string[] {
    const text = super.visitCreateIndex(element);
    this.#ifThere(element.ifNotExists, "IF NOT EXISTS", "an index");
    const { index } = element;
    const { columns, indexes } = index.table as Table;
    const first = columns.find((c) => c === index.expressions[0]);
    if (first === undefined || !this.#isAsked(first) || !this.#waitsForIndex(first)) return text;
    if (indexes.find((i) => i.expressions[0] === first) !== index) return text;
    return [text, `ALTER TABLE ${this.tableName(first.table)} MODIFY ${this.columnSpec(first)} AUTO_INCREMENT`].flat();
  }
  override visitDropConstraint(element: ddl.DropConstraint): string {
    const { constraint, table } = element;
    const exists = this.#ifThere(element.ifExists, "IF EXISTS", "a constraint");
    const alter = `ALTER TABLE ${this.tableName(table)} DROP `;
    switch (constraint.kind) {
      case "primaryKey":
        return `${alter}PRIMARY KEY`;
      case "foreignKey":
        return `${alter}FOREIGN KEY ${exists}${this.requiredName(constraint, table)}`;
      case "unique":
        return `${alter}INDEX ${exists}${this.requiredName(constraint, table)}`;
      case "exclude":
        throw this.unsupported("exclusion constraints");
      case "check":
        return `${alter}${this.#mariadb ? "CONSTRAINT" : "CHECK"} ${exists}${this.requiredName(constraint, table)}`;
    }
  }
  #restate(what: string): CompileError {
    return new CompileError(
      `${this.dialect.name} changes ${what} only by restating the whole column: use ModifyColumn (op.alterColumn with the existing type and the rest).`,
      "ddl.needs-restatement",
    );
  }
  override visitAddColumn(element: ddl.AddColumn): readonly string[] {
    const { after } = element;
    this.#ifThere(element.ifNotExists, "IF NOT EXISTS", "a column");
    const place = after === undefined ? "" : after === null ? " FIRST" : ` AFTER ${this.quote(after)}`;
    const [first = "", ...others] = [super.visitAddColumn(element)].flat();
    const added = [first + place, ...others];
    if (this.checksBesideColumns) return added;
    const checks = this.checksOf(element.column).map(
      (c) => `ALTER TABLE ${this.tableName(element.table)} ADD ${this.constraint(c)}`,
    );
    return [...added, ...checks];
  }
  override visitAlterColumnType(): string {
    throw this.#restate("a column's type");
  }
  override visitAlterColumnNullable(): string {
    throw this.#restate("a column's NOT NULL");
  }
  override visitSetColumnComment(): string {
    throw this.#restate("a column's comment");
  }
  override visitModifyColumn(element: ddl.ModifyColumn): string {
    const { column, columnName, table } = element;
    const words = column.columnName === columnName ? "MODIFY" : `CHANGE ${this.quote(columnName)}`;
    return `ALTER TABLE ${this.tableName(table)} ${words} ${this.columnSpec(column)}`;
  }
  override visitRenameTable(element: ddl.RenameTable): string {
    return `ALTER TABLE ${this.tableName(element.table)} RENAME TO ${this.qualified(element.to, element.table.schema)}`;
  }
  override visitSetTableComment(element: ddl.SetTableComment): string {
    return `ALTER TABLE ${this.tableName(element.table)} COMMENT ${this.literal(element.comment ?? "")}`;
  }
  protected override createViewWords({ options }: ddl.CreateView): string {
    if (options.temporary) throw this.unsupported("temporary views");
    return `CREATE ${options.orReplace ? "OR REPLACE " : ""}VIEW ${options.ifNotExists ? "IF NOT EXISTS " : ""}`;
  }
}
