/**
 * DDL to SQL, as far as databases agree; each dialect's `ddl.ts` overrides single methods. One element gives a list of
 * statements: none where a database has no such thing, several where it needs them.
 * The layout of CREATE TABLE is SQLAlchemy's, so that the two can be compared. Source: SQLAlchemy "Customizing DDL".
 *
 * Above 300 lines: one visitor, whose methods call one another.
 */
import type { DdlCompiler, Dialect } from "../dialects/dialect.js";
import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError, CompileError } from "../errors/errors.js";
import type { Reflector } from "../reflection/types.js";
import type {
  CheckConstraint,
  Constraint,
  ExcludeConstraint,
  ForeignKeyConstraint,
  Index,
  NamedTable,
  PrimaryKeyConstraint,
  UniqueConstraint,
} from "../schema/constraint.js";
import { DatabaseType } from "../schema/database-type.js";
import type * as ddl from "../schema/ddl.js";
import type { ColumnFields, IdentityOptions } from "../schema/definition.js";
import { truncatedName } from "../schema/naming.js";
import type { CreateStoredObject, DropStoredObject, StoredObject } from "../schema/stored-object.js";
import type { Table, TableColumn } from "../schema/table.js";
import { TypeCheck } from "../schema/table-constraints.js";
import type { Element } from "../sql/element.js";
import { Constant, Expression, Ordering } from "../sql/expression.js";
import { ColumnReference } from "../sql/from.js";
import { FunctionCall, IndexedSql } from "../sql/functions.js";
import type { SqlType } from "../types/sql-type.js";
import type { SchemaMap } from "./compiled.js";
import { translatedSchema } from "./schema-map.js";

/** What a DDL compiler needs of the statement compiler: a fragment with values in the text. */
interface InlineRenderer {
  renderInline(element: Element, schemas: SchemaMap | undefined): string;
}
const IN_TABLE = { literalBinds: true, unqualified: true } as const;
const LITERAL = { literalBinds: true } as const;

/** A default that is a literal or a word: valid everywhere without parentheses. */
const SIMPLE_DEFAULT =
  /^(?:[+-]?[\d.]+(?:e[+-]?\d+)?|'(?:[^']|'')*'|x'[\da-f]*'|null|true|false|current_(?:timestamp|date|time))$/is;

export abstract class BaseDdlCompiler implements DdlCompiler {
  readonly dialect: Dialect;
  /** The options a table may have for this dialect, in `dialectOptions[<name>]`. */
  protected abstract readonly tableOptions: readonly string[];
  protected abstract readonly indexOptions: readonly string[];
  /** Under which name options are given: PGlite reads PostgreSQL's. */
  protected abstract readonly optionsName: string;

  #schemas: SchemaMap | undefined;

  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }
  /** Writes other schemas for those of the tables: `schemaTranslateMap`. Gives itself. */
  under(map: SchemaMap | undefined): this {
    this.#schemas = map;
    return this;
  }
  /** What reads back what this writes. */
  abstract createReflector(): Reflector;

  /** The statements for an element of DDL; may be empty. @throws CompileError for what the database cannot do. */
  statements(element: Element): readonly string[] {
    const method = (
      this as unknown as { readonly [name: string]: ((e: Element) => string | readonly string[]) | undefined }
    )[`visit${element.kind[0]?.toUpperCase()}${element.kind.slice(1)}`];
    if (method === undefined) throw this.unsupported(`a '${element.kind}'`);
    const made = method.call(this, element);
    return typeof made === "string" ? [made] : made;
  }

  protected unsupported(what: string, wayOut = ""): CompileError {
    return new CompileError(
      `${this.dialect.name} has no ${what}.${wayOut === "" ? "" : ` ${wayOut}`}`,
      "ddl.unsupported",
    );
  }
  protected quote(name: string): string {
    return this.dialect.quote(name);
  }
  protected tableName(table: NamedTable): string {
    return this.qualified(table.tableName, table.schema);
  }
  protected qualified(name: string, schema: string | undefined): string {
    return `${this.schemaPrefix(schema)}${this.quote(name)}`;
  }
  protected schemaPrefix(own: string | undefined): string {
    const schema = translatedSchema(own, this.#schemas);
    return schema === undefined ? "" : `${this.quote(schema)}.`;
  }
  protected names(columns: readonly { readonly columnName: string }[]): string {
    return columns.map((c) => this.quote(c.columnName)).join(", ");
  }
  /** An expression inside DDL: columns by their bare names, values in the text. */
  protected inline(what: string | Element): string {
    if (typeof what === "string") return what;
    const compiler = this.dialect.createCompiler(new Map(), IN_TABLE) as unknown as InlineRenderer;
    return compiler.renderInline(what, this.#schemas);
  }
  protected literal(text: string): string {
    return this.dialect.stringLiteral(text);
  }
  /** The name as it is created: generated ones are cut to the database's length, given ones are refused beyond it. */
  protected constraintName(of: {
    readonly name: string | null | undefined;
    readonly nameIsGenerated?: boolean | undefined;
  }): string | undefined {
    const { name } = of;
    if (name === null || name === undefined) return undefined;
    const longest = this.maxNameLength;
    if (of.nameIsGenerated) return this.quote(truncatedName(name, longest));
    if (name.length > longest) {
      throw new CompileError(
        `The name '${name}' is longer than the ${longest} characters ${this.dialect.name} allows.`,
        "name.too-long",
      );
    }
    return this.quote(name);
  }
  /** Longest name of a constraint or index. */
  protected get maxNameLength(): number {
    return this.dialect.maxIdentifierLength;
  }
  /** Options given for this dialect, checked against those it knows. */
  protected optionsOf(
    where: string,
    options: { readonly [dialect: string]: { readonly [option: string]: unknown } } | undefined,
    known: readonly string[],
  ): { readonly [option: string]: unknown } {
    const own = options?.[this.optionsName] ?? {};
    for (const key of Object.keys(own)) {
      if (!known.includes(key)) {
        throw new ArgumentError(
          `${where}: ${this.optionsName} has no option '${key}'.${didYouMean(key, known)}`,
          "ddl.option",
        );
      }
    }
    return own;
  }

  // ---- tables

  visitCreateTable(element: ddl.CreateTable): string | readonly string[] {
    const { table } = element;
    if (table.columns.length === 0) throw this.unsupported(`table without columns ('${table.fullName}')`);
    const lines = [
      ...table.columns.filter((c) => !c.fields.system).map((c) => this.columnLine(c)),
      ...this.tableConstraints(table, element.without),
    ];
    const head = `${this.createTableWords(table)}${element.ifNotExists ? "IF NOT EXISTS " : ""}${this.tableName(table)}`;
    return `${head} (\n\t${lines.join(", \n\t")}\n)${this.tableSuffix(table)}`;
  }
  protected createTableWords(_table: Table): string {
    return "CREATE TABLE ";
  }
  protected tableSuffix(_table: Table): string {
    return "";
  }
  /** The column with the checks that were written on it. */
  protected columnLine(column: TableColumn): string {
    const checks = this.checksOf(column).map((c) => ` ${this.constraint(c)}`);
    return this.columnSpec(column) + (this.checksBesideColumns ? checks.join("") : "");
  }
  /** Checks on a column stand beside it; otherwise with those of the table. */
  protected get checksBesideColumns(): boolean {
    return true;
  }
  protected checksOf(column: TableColumn): readonly CheckConstraint[] {
    return column.table.constraints.filter((c): c is CheckConstraint => c.kind === "check" && c.column === column);
  }
  /** Everything in a table's parentheses after the columns. */
  protected tableConstraints(table: Table, without: ReadonlySet<Constraint>): string[] {
    return table.constraints
      .filter(
        (c) =>
          !without.has(c) &&
          !(this.checksBesideColumns && c.kind === "check" && c.column !== undefined) &&
          this.keepsConstraint(c, table),
      )
      .map((c) => this.constraint(c));
  }
  /** False for what the database says elsewhere: a type's check, a primary key beside its column. */
  protected keepsConstraint(constraint: Constraint, _table: Table): boolean {
    return !(constraint.kind === "check" && constraint.sql instanceof TypeCheck && this.hasType(constraint.sql));
  }
  /** The database checks the values of this type itself. */
  protected hasType(check: TypeCheck): boolean {
    const { nativeBoolean, nativeEnum } = this.dialect.capabilities;
    return check.of === "boolean" ? nativeBoolean : check.native && nativeEnum;
  }
  visitDropTable(element: ddl.DropTable): string | readonly string[] {
    return `DROP TABLE ${element.ifExists ? "IF EXISTS " : ""}${this.tableName(element.table)}`;
  }
  visitRenameTable(element: ddl.RenameTable): string | readonly string[] {
    return `ALTER TABLE ${this.tableName(element.table)} RENAME TO ${this.quote(element.to)}`;
  }

  // ---- columns

  /** `name TYPE DEFAULT x NOT NULL`: a column as in CREATE TABLE and ADD COLUMN. */
  protected columnSpec(column: TableColumn): string {
    const { fields } = column;
    let spec = `${this.quote(column.columnName)} ${this.typeOf(column)}`;
    const default_ = this.defaultOf(fields);
    if (default_ !== undefined) spec += ` DEFAULT ${default_}`;
    if (fields.computed !== undefined) spec += ` ${this.computed(column)}`;
    if (fields.identity !== undefined && this.hasIdentity) spec += ` ${this.identity(fields.identity)}`;
    else if (!this.isNullable(column)) spec += " NOT NULL";
    return spec;
  }
  protected readonly hasIdentity: boolean = false;
  /** Computed columns say nothing about NULL of their own accord; an identity is never null. */
  protected isNullable(column: TableColumn): boolean {
    return column.nullable && column.fields.identity === undefined;
  }
  protected typeOf(column: TableColumn): string {
    const { collation } = column.fields;
    const type = this.type(column.type, String(column), column.table);
    return collation === undefined ? type : `${type} COLLATE ${this.collation(collation)}`;
  }
  protected collation(name: string): string {
    return this.dialect.quoteAlways(name);
  }
  /** `where` is for messages; `table`, where the column stands in one. */
  protected type(type: SqlType, _where: string, _table?: Table): string {
    return type instanceof DatabaseType ? type.spelling : this.dialect.ddlType(type);
  }
  /** The default's SQL, or undefined. */
  protected defaultOf(fields: Pick<ColumnFields, "serverDefault">): string | undefined {
    const { serverDefault } = fields;
    return serverDefault === undefined ? undefined : this.defaultSql(serverDefault);
  }
  protected defaultSql(value: string | Element): string {
    return this.inline(value);
  }
  /** For databases that take expressions as defaults only in parentheses. */
  protected parenthesized(value: string | Element): string {
    const sql = this.inline(value);
    if (typeof value !== "string" && value instanceof Constant) return sql;
    return this.isSimpleDefault(sql) ? sql : `(${sql})`;
  }
  protected isSimpleDefault(sql: string): boolean {
    const bare = sql.trim();
    return SIMPLE_DEFAULT.test(bare) || (bare.startsWith("(") && closesAtEnd(bare));
  }
  protected computed(column: TableColumn): string {
    const { sql, persisted } = column.fields.computed as NonNullable<ColumnFields["computed"]>;
    return `GENERATED ALWAYS AS (${this.inline(sql)})${this.computedStorage(persisted, column)}`;
  }
  protected computedStorage(persisted: boolean | undefined, _column: TableColumn): string {
    return persisted === undefined ? "" : persisted ? " STORED" : " VIRTUAL";
  }
  protected identity(options: IdentityOptions): string {
    const words: string[] = [];
    if (options.start !== undefined) words.push(`START WITH ${wholeNumber(options.start)}`);
    if (options.increment !== undefined) words.push(`INCREMENT BY ${wholeNumber(options.increment)}`);
    return `GENERATED ${options.always ? "ALWAYS" : "BY DEFAULT"} AS IDENTITY${words.length === 0 ? "" : ` (${words.join(" ")})`}`;
  }

  visitAddColumn(element: ddl.AddColumn): string | readonly string[] {
    const { column } = element;
    const exists = element.ifNotExists ? "IF NOT EXISTS " : "";
    const references = element.inlineReferences ? this.inlineReferences(column) : "";
    return `ALTER TABLE ${this.tableName(element.table)} ADD COLUMN ${exists}${this.columnLine(column)}${references}`;
  }
  protected inlineReferences(column: TableColumn): string {
    const key = column.foreignKeys.find((k) => k.constraint.columns.length === 1)?.constraint;
    if (key === undefined) return "";
    const name = this.constraintName(key);
    return `${name === undefined ? "" : ` CONSTRAINT ${name}`} REFERENCES ${this.foreignKeyTarget(key)}`;
  }
  visitDropColumn(element: ddl.DropColumn): string | readonly string[] {
    const exists = element.ifExists ? "IF EXISTS " : "";
    return `ALTER TABLE ${this.tableName(element.table)} DROP COLUMN ${exists}${this.quote(element.columnName)}`;
  }
  protected alterColumn(element: ddl.AlterColumn, words: string): string {
    return `ALTER TABLE ${this.tableName(element.table)} ALTER COLUMN ${this.quote(element.columnName)} ${words}`;
  }
  visitAlterColumnType(element: ddl.AlterColumnType): string | readonly string[] {
    const type = this.type(element.type, element.columnName);
    return this.alterColumn(element, `TYPE ${type}${element.using === undefined ? "" : ` USING ${element.using}`}`);
  }
  visitAlterColumnNullable(element: ddl.AlterColumnNullable): string | readonly string[] {
    return this.alterColumn(element, `${element.nullable ? "DROP" : "SET"} NOT NULL`);
  }
  visitAlterColumnDefault(element: ddl.AlterColumnDefault): string | readonly string[] {
    const { default: value } = element;
    return this.alterColumn(element, value === null ? "DROP DEFAULT" : `SET DEFAULT ${this.defaultSql(value)}`);
  }
  visitAlterColumnIdentity(_element: ddl.AlterColumnIdentity): string | readonly string[] {
    throw this.unsupported("identity columns");
  }
  visitRenameColumn(element: ddl.RenameColumn): string | readonly string[] {
    return `ALTER TABLE ${this.tableName(element.table)} RENAME COLUMN ${this.quote(element.columnName)} TO ${this.quote(element.to)}`;
  }
  visitModifyColumn(_element: ddl.ModifyColumn): string | readonly string[] {
    throw this.unsupported(
      "restatement of a whole column",
      "Use AlterColumnType, AlterColumnNullable and AlterColumnDefault.",
    );
  }

  // ---- constraints

  protected constraint(constraint: Constraint): string {
    return this.constraintBody(constraint) + this.constraintTail(constraint);
  }
  private constraintBody(constraint: Constraint): string {
    const name = this.constraintName(constraint);
    const head = name === undefined ? "" : `CONSTRAINT ${name} `;
    switch (constraint.kind) {
      case "primaryKey":
        return head + this.primaryKey(constraint);
      case "unique":
        return head + this.unique(constraint);
      case "check":
        return head + this.check(constraint);
      case "foreignKey":
        return head + this.foreignKey(constraint);
      case "exclude":
        return head + this.exclude(constraint);
    }
  }
  protected exclude(_constraint: ExcludeConstraint): string {
    throw this.unsupported("exclusion constraints");
  }
  /** The options a constraint may have for this dialect. */
  protected readonly constraintOptions: readonly string[] = [];
  protected optionsOfConstraint(constraint: Constraint): { readonly [option: string]: unknown } {
    if (constraint.dialectOptions === undefined) return {};
    return this.optionsOf(`Constraint '${constraint.name}'`, constraint.dialectOptions, this.constraintOptions);
  }
  /** What stands behind every kind of constraint. */
  protected constraintTail(_constraint: Constraint): string {
    return "";
  }
  protected primaryKey(constraint: PrimaryKeyConstraint): string {
    return `PRIMARY KEY (${this.names(constraint.columns)})`;
  }
  protected unique(constraint: UniqueConstraint): string {
    if (constraint.nullsNotDistinct) throw this.unsupported("UNIQUE NULLS NOT DISTINCT");
    return `UNIQUE (${this.names(constraint.columns)})${this.deferrability(constraint)}`;
  }
  protected check(constraint: CheckConstraint): string {
    const { sql } = constraint;
    return `CHECK (${sql instanceof TypeCheck ? this.typeCheck(sql) : this.inline(sql)})`;
  }
  protected typeCheck(check: TypeCheck): string {
    const values = check.values === undefined ? ["0", "1"] : check.values.map((v) => this.literal(v));
    return `${this.quote(check.column.columnName)} IN (${values.join(", ")})`;
  }
  protected foreignKey(key: ForeignKeyConstraint): string {
    return `FOREIGN KEY(${this.names(key.columns)}) REFERENCES ${this.foreignKeyTarget(key)}`;
  }
  /** `table (column) ON DELETE …`. */
  protected foreignKeyTarget(key: ForeignKeyConstraint): string {
    const { onDelete, onUpdate, match } = key.options;
    let sql = `${this.referredTable(key)} (${this.names(key.referredColumns)})`;
    if (match !== undefined) sql += ` MATCH ${oneOf(match, ["FULL", "PARTIAL", "SIMPLE"], "match")}`;
    if (onDelete !== undefined) sql += ` ON DELETE ${oneOf(onDelete, ACTIONS, "onDelete")}`;
    if (onUpdate !== undefined) sql += ` ON UPDATE ${oneOf(onUpdate, ACTIONS, "onUpdate")}`;
    return sql + this.deferrability(key.options);
  }
  protected referredTable(key: ForeignKeyConstraint): string {
    return this.tableName(key.referredTable);
  }
  protected deferrability(of: {
    readonly deferrable?: boolean | undefined;
    readonly initially?: string | undefined;
  }): string {
    let sql = "";
    if (of.deferrable !== undefined) sql += of.deferrable ? " DEFERRABLE" : " NOT DEFERRABLE";
    if (of.initially !== undefined) sql += ` INITIALLY ${oneOf(of.initially, ["DEFERRED", "IMMEDIATE"], "initially")}`;
    return sql;
  }
  visitAddConstraint(element: ddl.AddConstraint): string | readonly string[] {
    return `ALTER TABLE ${this.tableName(element.table)} ADD ${this.constraint(element.constraint)}`;
  }
  visitDropConstraint(element: ddl.DropConstraint): string | readonly string[] {
    const exists = element.ifExists ? "IF EXISTS " : "";
    const cascade = element.cascade ? " CASCADE" : "";
    return `ALTER TABLE ${this.tableName(element.table)} DROP CONSTRAINT ${exists}${this.requiredName(element.constraint, element.table)}${cascade}`;
  }
  protected requiredName(
    of: {
      readonly name: string | null | undefined;
      readonly nameIsGenerated?: boolean | undefined;
      readonly kind?: string;
    },
    table: NamedTable,
  ): string {
    const name = this.constraintName(of);
    if (name !== undefined) return name;
    throw new CompileError(
      `A constraint or index of table '${table.tableName}' has no name, so it can be neither created alone nor dropped. Name it, or give the MetaData a naming convention.`,
      "ddl.unnamed",
    );
  }

  // ---- indexes

  visitCreateIndex(element: ddl.CreateIndex): string | readonly string[] {
    const { index } = element;
    const exists = element.ifNotExists ? "IF NOT EXISTS " : "";
    return `${this.indexWords(index)}${exists}${this.requiredName(index, index.table)} ON ${this.tableName(index.table)}${this.indexTail(index)}`;
  }
  protected indexWords(index: Index): string {
    return `CREATE ${index.unique ? "UNIQUE " : ""}INDEX `;
  }
  /** Everything after the table. */
  protected indexTail(index: Index): string {
    this.optionsOf(`Index '${index.name}'`, index.dialectOptions, this.indexOptions);
    return ` (${this.indexParts(index)})${this.indexWhere(index)}`;
  }
  protected indexParts(index: Index): string {
    return index.expressions.map((e) => this.indexPart(e, index)).join(", ");
  }
  protected indexPart(part: Element, index: Index): string {
    if (!(part instanceof Ordering)) return this.indexExpression(part, index);
    const nulls = part.nulls === undefined ? "" : ` NULLS ${part.nulls}`;
    return `${this.indexExpression(part.expression, index)}${part.direction === undefined ? "" : ` ${part.direction}`}${nulls}`;
  }
  protected indexExpression(expression: Element, _index: Index): string {
    return this.inline(expression);
  }
  /** `(a + b)`, but `lower(a)` and `a` alone. */
  protected inParentheses(expression: Element): string {
    const sql = this.inline(expression);
    const bare =
      expression instanceof ColumnReference ||
      expression instanceof FunctionCall ||
      expression instanceof IndexedSql ||
      !(expression instanceof Expression);
    return bare || (sql.startsWith("(") && closesAtEnd(sql)) ? sql : `(${sql})`;
  }
  protected indexWhere(index: Index): string {
    return index.where === undefined ? "" : ` WHERE ${this.inline(index.where)}`;
  }
  visitDropIndex(element: ddl.DropIndex): string | readonly string[] {
    const name = this.requiredName(element.index, element.index.table ?? { tableName: "?" });
    return `DROP INDEX ${element.ifExists ? "IF EXISTS " : ""}${this.schemaPrefix(element.index.table?.schema)}${name}`;
  }

  // ---- comments

  visitSetTableComment(element: ddl.SetTableComment): string | readonly string[] {
    const { comment } = element;
    return `COMMENT ON TABLE ${this.tableName(element.table)} IS ${comment === null ? "NULL" : this.literal(comment)}`;
  }
  visitSetColumnComment(element: ddl.SetColumnComment): string | readonly string[] {
    const { comment } = element;
    return `COMMENT ON COLUMN ${this.tableName(element.table)}.${this.quote(element.columnName)} IS ${comment === null ? "NULL" : this.literal(comment)}`;
  }

  // ---- schemas, sequences, types, views, text

  visitCreateSchema(element: ddl.CreateSchema): string | readonly string[] {
    return `CREATE SCHEMA ${element.ifNotExists ? "IF NOT EXISTS " : ""}${this.quote(element.name)}`;
  }
  visitDropSchema(element: ddl.DropSchema): string | readonly string[] {
    return `DROP SCHEMA ${element.ifExists ? "IF EXISTS " : ""}${this.quote(element.name)}${element.cascade ? " CASCADE" : ""}`;
  }
  visitCreateSequence(element: ddl.CreateSequence): string | readonly string[] {
    if (!this.dialect.capabilities.sequences) throw this.unsupported("sequences");
    const { sequence } = element;
    const { start, increment, minValue, maxValue, cache, cycle } = sequence.options;
    const words = [
      start === undefined ? "" : ` START WITH ${wholeNumber(start)}`,
      increment === undefined ? "" : ` INCREMENT BY ${wholeNumber(increment)}`,
      minValue === undefined ? "" : ` MINVALUE ${wholeNumber(minValue)}`,
      maxValue === undefined ? "" : ` MAXVALUE ${wholeNumber(maxValue)}`,
      cache === undefined ? "" : ` CACHE ${wholeNumber(cache)}`,
      cycle ? " CYCLE" : "",
    ];
    return `CREATE SEQUENCE ${element.ifNotExists ? "IF NOT EXISTS " : ""}${this.qualified(sequence.name, sequence.schema)}${words.join("")}`;
  }
  visitDropSequence(element: ddl.DropSequence): string | readonly string[] {
    if (!this.dialect.capabilities.sequences) throw this.unsupported("sequences");
    return `DROP SEQUENCE ${element.ifExists ? "IF EXISTS " : ""}${this.qualified(element.sequence.name, element.sequence.schema)}`;
  }
  visitDeferForeignKeys(_element: ddl.DeferForeignKeys): string | readonly string[] {
    return [];
  }
  visitCreateType(_element: ddl.CreateType): string | readonly string[] {
    return [];
  }
  visitDropType(_element: ddl.DropType): string | readonly string[] {
    return [];
  }
  visitAddEnumValue(_element: ddl.AddEnumValue): string | readonly string[] {
    throw this.unsupported("enumerations as types of their own");
  }
  visitCreateView(element: ddl.CreateView): string | readonly string[] {
    const { options } = element;
    if (options.materialized) throw this.unsupported("materialized views");
    return `${this.createViewWords(element)}${this.viewNameAndQuery(element)}`;
  }
  protected createViewWords({ options }: ddl.CreateView): string {
    if (options.temporary) throw this.unsupported("temporary views");
    return `CREATE ${options.orReplace ? "OR REPLACE " : ""}VIEW ${options.ifNotExists ? "IF NOT EXISTS " : ""}`;
  }
  protected viewNameAndQuery(element: ddl.CreateView): string {
    const { options, query } = element;
    return `${this.qualified(element.name, options.schema)}${this.#viewColumns(options.columns)} AS ${this.#asText(query)}`;
  }
  #viewColumns(columns: readonly string[] | undefined): string {
    return columns === undefined ? "" : ` (${columns.map((c) => this.quote(c)).join(", ")})`;
  }
  #asText(query: Element | string): string {
    return typeof query === "string" ? query : this.queryText(query);
  }
  queryText(query: Element): string {
    const compiled = this.dialect.createCompiler(new Map(), LITERAL).compile(query);
    return (this.#schemas === undefined ? compiled : (compiled.schemas?.under(this.#schemas) ?? compiled)).sql;
  }
  visitDropView(element: ddl.DropView): string | readonly string[] {
    if (element.materialized) throw this.unsupported("materialized views");
    return `DROP VIEW ${element.ifExists ? "IF EXISTS " : ""}${this.qualified(element.name, element.schema)}`;
  }
  // ---- views, functions and triggers as a whole

  visitCreateStoredObject({ object }: CreateStoredObject): string | readonly string[] {
    const { definition, table, timing, parameters } = object;
    const words = `CREATE ${this.storedWords(object)} ${this.storedName(object)}`;
    switch (object.kind) {
      case "view":
      case "materializedView":
        return `${words}${this.#viewColumns(object.columns)} AS ${this.#asText(object.definition)}`;
      case "function":
      case "procedure":
        return `${words}(${parameters}) ${definition}`;
      case "trigger":
        return `${words} ${timing} ON ${this.triggerTable(table ?? "", object.schema)} ${definition}`;
    }
  }
  visitDropStoredObject({ object, ifExists }: DropStoredObject): string | readonly string[] {
    const exists = ifExists ? "IF EXISTS " : "";
    return `DROP ${this.storedWords(object)} ${exists}${this.storedName(object)}${this.droppedStoredTail(object)}`;
  }
  protected storedWords({ kind }: StoredObject): string {
    if (kind === "materializedView") throw this.unsupported("materialized views");
    return kind.toUpperCase();
  }
  protected storedName(object: StoredObject): string {
    return this.qualified(object.name, object.schema);
  }
  protected triggerTable(table: string, schema: string | undefined): string {
    return this.qualified(table, schema);
  }
  /** What DROP needs behind the name: parameters, a table. */
  protected droppedStoredTail(_object: StoredObject): string {
    return "";
  }
  visitCreateTableAs(element: ddl.CreateTableAs): string | readonly string[] {
    const { name, query, options } = element;
    const words = `CREATE ${options.temporary ? "TEMPORARY " : ""}TABLE ${options.ifNotExists ? "IF NOT EXISTS " : ""}`;
    return `${words}${this.qualified(name, options.schema)} AS ${this.#asText(query)}`;
  }
  visitDdlText(element: ddl.DdlText): string | readonly string[] {
    return element.appliesTo(this.dialect) ? element.sql : [];
  }
}

const ACTIONS = ["CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION"];
/** Words that go into the SQL as they are must be of the list: a program without types could pass anything. */
export function oneOf(word: string, words: readonly string[], what: string): string {
  const found = words.find((w) => w === word.toUpperCase());
  if (found !== undefined) return found;
  throw new ArgumentError(
    `${what}: '${word}' is not one of ${words.join(", ")}.${didYouMean(word, words)}`,
    "ddl.word",
  );
}
export function wholeNumber(value: number | bigint): string {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return String(value);
  throw new ArgumentError(`A whole number is needed, not ${value}.`);
}
/** The parenthesis that opens the text is the one that ends it. */
export function closesAtEnd(sql: string): boolean {
  let depth = 0;
  let quote = "";
  for (let i = 0; i < sql.length; i++) {
    const c = sql[i] as string;
    if (quote !== "") {
      if (c === quote) quote = "";
    } else if (c === "'" || c === '"' || c === "`") quote = c;
    else if (c === "(") depth++;
    else if (c === ")" && --depth === 0) return i === sql.length - 1;
  }
  return false;
}
