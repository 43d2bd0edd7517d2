/**
 * DDL as statements: what CREATE, ALTER and DROP act on, without a word of any database's SQL.
 * Source: SQLAlchemy "Customizing DDL"; the ALTER elements follow Alembic's operations.
 */
import type { Capabilities, Dialect } from "../dialects/dialect.js";
import { ArgumentError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import type { Element } from "../sql/element.js";
import type { KeyWriter } from "../sql/key.js";
import { Statement } from "../sql/statement.js";
import type { EnumType, SqlType } from "../types/sql-type.js";
import type { Constraint, Index, NamedTable } from "./constraint.js";
import type { IdentityOptions } from "./definition.js";
import { tableOfQuery } from "./query-table.js";
import type { Sequence } from "./sequence.js";
import type { Table, TableColumn } from "./table.js";

/** Base of all DDL. The connection asks the dialect's DDL compiler for the statements, which may be none. */
export abstract class DdlElement extends Statement {
  /** On the class for the engine, which asks before it looks at fields; on the instance for everybody else. */
  static readonly isDdl = true;
  readonly isDdl = true;
  /** DDL is never cached: every execution compiles it. */
  walk(key: KeyWriter): void {
    key.cacheable = false;
  }
}
export function isDdl(element: Element): element is DdlElement {
  return "isDdl" in element && element.isDdl === true;
}

/** CREATE TABLE with its constraints, and its comments where they are statements of their own; not its indexes. */
export class CreateTable extends DdlElement {
  readonly kind = "createTable";
  readonly table: Table;
  readonly ifNotExists: boolean;
  /** Foreign keys left out, to be added when all tables exist. */
  readonly without: ReadonlySet<Constraint>;
  constructor(table: Table, options: { ifNotExists?: boolean; without?: ReadonlySet<Constraint> } = {}) {
    super();
    requireKnownOptions(options, ["ifNotExists", "without"], "new CreateTable()", "ddl.option");
    this.table = table;
    this.ifNotExists = options.ifNotExists ?? false;
    this.without = options.without ?? new Set();
  }
}
export class DropTable extends DdlElement {
  readonly kind = "dropTable";
  readonly table: NamedTable;
  readonly ifExists: boolean;
  constructor(table: NamedTable, options: { ifExists?: boolean } = {}) {
    super();
    requireKnownOptions(options, ["ifExists"], "new DropTable()", "ddl.option");
    this.table = table;
    this.ifExists = options.ifExists ?? false;
  }
}
export class CreateIndex extends DdlElement {
  readonly kind = "createIndex";
  readonly index: Index;
  readonly ifNotExists: boolean;
  constructor(index: Index, options: { ifNotExists?: boolean } = {}) {
    super();
    requireKnownOptions(options, ["ifNotExists"], "new CreateIndex()", "ddl.option");
    this.index = index;
    this.ifNotExists = options.ifNotExists ?? false;
  }
}
export interface DroppedIndex {
  readonly name: string | null | undefined;
  readonly nameIsGenerated?: boolean | undefined;
  readonly table?: NamedTable | undefined;
}
/** By the index itself, or by its name and table (MySQL needs the table, others do not). */
export class DropIndex extends DdlElement {
  readonly kind = "dropIndex";
  readonly index: DroppedIndex;
  readonly ifExists: boolean;
  readonly concurrently: boolean;
  constructor(index: DroppedIndex, options: { ifExists?: boolean; concurrently?: boolean } = {}) {
    super();
    requireKnownOptions(options, ["ifExists", "concurrently"], "new DropIndex()", "ddl.option");
    this.index = index;
    this.ifExists = options.ifExists ?? false;
    this.concurrently = options.concurrently ?? false;
  }
}
export class AddConstraint extends DdlElement {
  readonly kind = "addConstraint";
  readonly table: NamedTable;
  readonly constraint: Constraint;
  constructor(table: NamedTable, constraint: Constraint) {
    super();
    this.table = table;
    this.constraint = constraint;
  }
}
export interface DroppedConstraint {
  readonly kind: Constraint["kind"];
  readonly name: string | null | undefined;
  readonly nameIsGenerated?: boolean | undefined;
}
export class DropConstraint extends DdlElement {
  readonly kind = "dropConstraint";
  readonly table: NamedTable;
  readonly constraint: DroppedConstraint;
  readonly ifExists: boolean;
  readonly cascade: boolean;
  constructor(
    table: NamedTable,
    constraint: DroppedConstraint,
    options: { ifExists?: boolean; cascade?: boolean } = {},
  ) {
    super();
    requireKnownOptions(options, ["ifExists", "cascade"], "new DropConstraint()", "ddl.option");
    this.table = table;
    this.constraint = constraint;
    this.ifExists = options.ifExists ?? false;
    this.cascade = options.cascade ?? false;
  }
}

/** ADD COLUMN with the column's checks, and its foreign key when `inlineReferences` asks for it. */
export class AddColumn extends DdlElement {
  readonly kind = "addColumn";
  readonly table: NamedTable;
  readonly column: TableColumn;
  readonly ifNotExists: boolean;
  readonly inlineReferences: boolean;
  /** The column it comes after, null for the first place (MySQL); undefined: the last place. */
  readonly after: string | null | undefined;
  constructor(
    table: NamedTable,
    column: TableColumn,
    options: { ifNotExists?: boolean; inlineReferences?: boolean; after?: string | null } = {},
  ) {
    super();
    requireKnownOptions(options, ["ifNotExists", "inlineReferences", "after"], "new AddColumn()", "ddl.option");
    this.after = options.after;
    this.table = table;
    this.column = column;
    this.ifNotExists = options.ifNotExists ?? false;
    this.inlineReferences = options.inlineReferences ?? false;
  }
}
export class DropColumn extends DdlElement {
  readonly kind = "dropColumn";
  readonly table: NamedTable;
  readonly columnName: string;
  readonly ifExists: boolean;
  constructor(table: NamedTable, columnName: string, options: { ifExists?: boolean } = {}) {
    super();
    requireKnownOptions(options, ["ifExists"], "new DropColumn()", "ddl.option");
    this.table = table;
    this.columnName = columnName;
    this.ifExists = options.ifExists ?? false;
  }
}
/** Base of what changes one property of a column. Databases that restate columns (MySQL) take `ModifyColumn` instead. */
export abstract class AlterColumn extends DdlElement {
  readonly table: NamedTable;
  readonly columnName: string;
  constructor(table: NamedTable, columnName: string) {
    super();
    this.table = table;
    this.columnName = columnName;
  }
}
export class AlterColumnType extends AlterColumn {
  readonly kind = "alterColumnType";
  readonly type: SqlType;
  /** How old values become new ones: SQL as written (PostgreSQL). */
  readonly using: string | undefined;
  constructor(table: NamedTable, columnName: string, type: SqlType, options: { using?: string | undefined } = {}) {
    super(table, columnName);
    requireKnownOptions(options, ["using"], "new AlterColumnType()", "ddl.option");
    this.type = type;
    this.using = options.using;
  }
}
export class AlterColumnNullable extends AlterColumn {
  readonly kind = "alterColumnNullable";
  readonly nullable: boolean;
  constructor(table: NamedTable, columnName: string, nullable: boolean) {
    super(table, columnName);
    this.nullable = nullable;
  }
}
/** `null` drops the default. */
export class AlterColumnDefault extends AlterColumn {
  readonly kind = "alterColumnDefault";
  readonly default: string | Element | null;
  constructor(table: NamedTable, columnName: string, value: string | Element | null) {
    super(table, columnName);
    this.default = value;
  }
}
/** Adds, changes or (`null`) drops GENERATED … AS IDENTITY. */
export class AlterColumnIdentity extends AlterColumn {
  readonly kind = "alterColumnIdentity";
  readonly identity: IdentityOptions | null;
  /** The column has one already: it is changed, not added. */
  readonly existing: boolean;
  constructor(table: NamedTable, columnName: string, identity: IdentityOptions | null, existing = false) {
    super(table, columnName);
    this.identity = identity;
    this.existing = existing;
  }
}
export class RenameColumn extends AlterColumn {
  readonly kind = "renameColumn";
  readonly to: string;
  constructor(table: NamedTable, columnName: string, to: string) {
    super(table, columnName);
    this.to = to;
  }
}
/** States a column anew, everything included; renames it when the column has another name (MySQL: MODIFY, CHANGE). */
export class ModifyColumn extends AlterColumn {
  readonly kind = "modifyColumn";
  readonly column: TableColumn;
  constructor(table: NamedTable, columnName: string, column: TableColumn) {
    super(table, columnName);
    this.column = column;
  }
}
export class RenameTable extends DdlElement {
  readonly kind = "renameTable";
  readonly table: NamedTable;
  readonly to: string;
  constructor(table: NamedTable, to: string) {
    super();
    this.table = table;
    this.to = to;
  }
}
/** `null` drops the comment. */
export class SetTableComment extends DdlElement {
  readonly kind = "setTableComment";
  readonly table: NamedTable;
  readonly comment: string | null;
  constructor(table: NamedTable, comment: string | null) {
    super();
    this.table = table;
    this.comment = comment;
  }
}
export class SetColumnComment extends AlterColumn {
  readonly kind = "setColumnComment";
  readonly comment: string | null;
  constructor(table: NamedTable, columnName: string, comment: string | null) {
    super(table, columnName);
    this.comment = comment;
  }
}

export class CreateSchema extends DdlElement {
  readonly kind = "createSchema";
  readonly name: string;
  readonly ifNotExists: boolean;
  constructor(name: string, options: { ifNotExists?: boolean } = {}) {
    super();
    requireKnownOptions(options, ["ifNotExists"], "new CreateSchema()", "ddl.option");
    this.name = name;
    this.ifNotExists = options.ifNotExists ?? false;
  }
}
export class DropSchema extends DdlElement {
  readonly kind = "dropSchema";
  readonly name: string;
  readonly ifExists: boolean;
  readonly cascade: boolean;
  constructor(name: string, options: { ifExists?: boolean; cascade?: boolean } = {}) {
    super();
    requireKnownOptions(options, ["ifExists", "cascade"], "new DropSchema()", "ddl.option");
    this.name = name;
    this.ifExists = options.ifExists ?? false;
    this.cascade = options.cascade ?? false;
  }
}

/**
 * Until the transaction ends, foreign keys may be violated: for databases that cannot drop a foreign key before its
 * table (SQLite). Nothing elsewhere.
 */
export class DeferForeignKeys extends DdlElement {
  readonly kind = "deferForeignKeys";
}

export { NextValue, Sequence, type SequenceOptions } from "./sequence.js";
export class CreateSequence extends DdlElement {
  readonly kind = "createSequence";
  readonly sequence: Sequence;
  readonly ifNotExists: boolean;
  constructor(sequence: Sequence, options: { ifNotExists?: boolean } = {}) {
    super();
    requireKnownOptions(options, ["ifNotExists"], "new CreateSequence()", "ddl.option");
    this.sequence = sequence;
    this.ifNotExists = options.ifNotExists ?? false;
  }
}
export class DropSequence extends DdlElement {
  readonly kind = "dropSequence";
  readonly sequence: { readonly name: string; readonly schema?: string | undefined };
  readonly ifExists: boolean;
  constructor(sequence: DropSequence["sequence"], options: { ifExists?: boolean } = {}) {
    super();
    requireKnownOptions(options, ["ifExists"], "new DropSequence()", "ddl.option");
    this.sequence = sequence;
    this.ifExists = options.ifExists ?? false;
  }
}
/** A named enumeration as a type of the database's own; no statement where enumerations have no name. */
export class CreateType extends DdlElement {
  readonly kind = "createType";
  readonly type: EnumType;
  readonly schema: string | undefined;
  constructor(type: EnumType, schema?: string) {
    super();
    this.type = type;
    this.schema = schema;
  }
}
export class DropType extends DdlElement {
  readonly kind = "dropType";
  readonly type: EnumType;
  readonly schema: string | undefined;
  readonly ifExists: boolean;
  constructor(type: EnumType, schema?: string, options: { ifExists?: boolean } = {}) {
    super();
    requireKnownOptions(options, ["ifExists"], "new DropType()", "ddl.option");
    this.type = type;
    this.schema = schema;
    this.ifExists = options.ifExists ?? false;
  }
}
/** `ALTER TYPE … ADD VALUE`. */
export class AddEnumValue extends DdlElement {
  readonly kind = "addEnumValue";
  readonly type: { readonly name: string; readonly schema?: string | undefined };
  readonly value: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  constructor(type: AddEnumValue["type"], value: string, place: { before?: string; after?: string } = {}) {
    super();
    requireKnownOptions(place, ["before", "after"], "new AddEnumValue()", "ddl.option");
    this.type = type;
    this.value = value;
    this.before = place.before;
    this.after = place.after;
  }
}

export interface ViewOptions {
  readonly schema?: string | undefined;
  readonly orReplace?: boolean | undefined;
  readonly ifNotExists?: boolean | undefined;
  readonly materialized?: boolean | undefined;
  readonly temporary?: boolean | undefined;
  /** Names of the view's columns, where they are not those of the query. */
  readonly columns?: readonly string[] | undefined;
}
const VIEW = [
  "schema",
  "orReplace",
  "ifNotExists",
  "materialized",
  "temporary",
  "columns",
] as const satisfies readonly (keyof ViewOptions)[];
/** CREATE VIEW over a select or SQL text; values in the select are written into the text. */
export class CreateView extends DdlElement {
  readonly kind = "createView";
  readonly name: string;
  readonly query: Element | string;
  readonly options: ViewOptions;
  constructor(name: string, query: Element | string, options: ViewOptions = {}) {
    super();
    requireKnownOptions(options, VIEW, "new CreateView()", "ddl.option");
    this.name = name;
    this.query = query;
    this.options = options;
  }
}
export class DropView extends DdlElement {
  readonly kind = "dropView";
  readonly name: string;
  readonly schema: string | undefined;
  readonly ifExists: boolean;
  readonly materialized: boolean;
  constructor(name: string, options: { schema?: string; ifExists?: boolean; materialized?: boolean } = {}) {
    super();
    requireKnownOptions(options, ["schema", "ifExists", "materialized"], "new DropView()", "ddl.option");
    this.name = name;
    this.schema = options.schema;
    this.ifExists = options.ifExists ?? false;
    this.materialized = options.materialized ?? false;
  }
}

export interface CreateTableAsOptions {
  readonly schema?: string | undefined;
  readonly temporary?: boolean | undefined;
  readonly ifNotExists?: boolean | undefined;
}
const TABLE_AS = ["schema", "temporary", "ifNotExists"] as const satisfies readonly (keyof CreateTableAsOptions)[];
/**
 * CREATE TABLE … AS SELECT: a table of the rows of a query; values are written into the text. `select(…).into("name")` makes
 * one too.
 *
 * @example
 * const copy = select(users).where(users.c.active.eq(true)).into("active_users", { temporary: true });
 * await conn.execute(copy);
 */
export class CreateTableAs extends DdlElement {
  readonly kind = "createTableAs";
  readonly name: string;
  readonly query: Element | string;
  readonly options: CreateTableAsOptions;
  constructor(name: string, query: Element | string, options: CreateTableAsOptions = {}) {
    super();
    requireKnownOptions(options, TABLE_AS, "new CreateTableAs()", "ddl.option");
    if (typeof name !== "string" || name === "") throw new ArgumentError("A table made of a query needs a name.");
    this.name = name;
    this.query = query;
    this.options = options;
  }
  /** The new table for FROM; undefined when the query is SQL text. */
  get table(): Table | undefined {
    return tableOfQuery(this.name, this.options.schema, this.query);
  }
}

/** What a database has to be able to do: a capability, several, or a question to the dialect. */
export type DdlCondition = keyof Capabilities | readonly (keyof Capabilities)[] | ((dialect: Dialect) => boolean);
/** SQL as written, maybe only for databases that can do something. */
export class DdlText extends DdlElement {
  readonly kind = "ddlText";
  readonly sql: string;
  readonly condition: DdlCondition | undefined;
  constructor(sql: string, condition?: DdlCondition) {
    super();
    this.sql = sql;
    this.condition = condition;
  }
  /** @example ddl("CREATE EXTENSION citext").executeIf("nativeArray") */
  executeIf(condition: DdlCondition): DdlText {
    return new DdlText(this.sql, condition);
  }
  appliesTo(dialect: Dialect): boolean {
    const { condition } = this;
    if (condition === undefined) return true;
    if (typeof condition === "function") return condition(dialect);
    const wanted = typeof condition === "string" ? [condition] : condition;
    return wanted.every((capability) => Boolean(dialect.capabilities[capability]));
  }
}
/** A DDL statement as written. */
export function ddl(sql: string): DdlText {
  return new DdlText(sql);
}
