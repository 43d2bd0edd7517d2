/**
 * Constraints and indexes as they are written: `index("ix_cars_make", t.c.make).unique()`. Each is complete in itself
 * and learns its table when the table is finished. Source: SQLAlchemy "Defining Constraints and Indexes".
 */
import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError, InvalidRequestError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import { Element } from "../sql/element.js";
import type { Expression, Label, Ordering } from "../sql/expression.js";
import { ColumnReference, FromClause } from "../sql/from.js";
import { text } from "../sql/text.js";
import type {
  CheckConstraint,
  ColumnFace,
  ExcludeConstraint,
  ForeignKey,
  ForeignKeyConstraint,
  Index,
  PrimaryKeyConstraint,
  TableFace,
  UniqueConstraint,
} from "./constraint.js";
import {
  ConventionalName,
  conventionalName,
  DEFAULT_NAMING_CONVENTION,
  type GivenName,
  type NamedKind,
  type NameSubject,
} from "./naming.js";
import { checkReferenceOptions, type ReferenceOptions } from "./reference-options.js";

export type DialectOptions = { readonly [dialect: string]: { readonly [option: string]: unknown } };

/** What all of them share: a name that may come from the convention of the table's MetaData. */
abstract class TableItem {
  protected abstract readonly namedKind: NamedKind;
  readonly givenName: GivenName;
  comment: string | undefined;
  #dialectOptions: DialectOptions = {};
  #table: TableFace | undefined;
  #name: ReturnType<typeof conventionalName> | undefined;
  constructor(name: GivenName) {
    this.givenName = name;
  }
  get table(): TableFace {
    if (this.#table !== undefined) return this.#table;
    throw new InvalidRequestError(
      "This constraint or index belongs to no table yet: give it to table(…, { constraints: (t) => […] }).",
      "schema.unattached",
    );
  }
  /** Options by dialect. */
  get dialectOptions(): DialectOptions {
    return this.#dialectOptions;
  }
  /**
   * Adds options of one dialect: `unique(t.c.a).with("sqlite", { onConflict: "IGNORE" })`,
   * `check("a > 0", "ck").with("postgresql", { notValid: true })`.
   */
  with(dialect: string, options: { readonly [option: string]: unknown }): this {
    this.#dialectOptions = { ...this.#dialectOptions, [dialect]: { ...this.#dialectOptions[dialect], ...options } };
    return this;
  }
  /** The options of another one like it. */
  protected like(other: TableItem): this {
    this.#dialectOptions = other.#dialectOptions;
    return this;
  }
  get isAttached(): boolean {
    return this.#table !== undefined;
  }
  /** Called once, by the table. */
  attach(table: TableFace): void {
    if (this.#table !== undefined && this.#table !== table) {
      throw new InvalidRequestError(
        `A constraint of table '${this.#table.fullName}' cannot also belong to '${table.fullName}': build another one.`,
        "schema.attached-twice",
      );
    }
    this.#table = table;
  }
  protected subject(): NameSubject {
    return { table: this.table, columns: this.namedColumns() };
  }
  protected abstract namedColumns(): readonly ColumnFace[];
  #resolvedName(): ReturnType<typeof conventionalName> {
    const convention = this.table.metadata?.namingConvention ?? DEFAULT_NAMING_CONVENTION;
    return (this.#name ??= conventionalName(this.namedKind, this.givenName, this.subject(), convention));
  }
  /** The name in the database, or nothing: then the database chooses one. */
  get name(): string | null | undefined {
    return this.#resolvedName().name;
  }
  get nameIsGenerated(): boolean {
    return this.#resolvedName().generated;
  }
}

/** The table's column for what was given: a column of the table, or its key or name. */
function columnOf(table: TableFace, given: ColumnFace | string, what: string): ColumnFace {
  if (typeof given !== "string") {
    if (given.table === table) return given;
    throw new ArgumentError(`${what} of table '${table.fullName}' names ${given}, a column of another table.`);
  }
  const found = table.columns.find((c) => c.key === given) ?? table.columns.find((c) => c.columnName === given);
  if (found !== undefined) return found;
  throw new ArgumentError(
    `${what} of table '${table.fullName}' names '${given}', which is no column.${didYouMean(
      given,
      table.columns.map((c) => c.key),
    )}`,
    "column.unknown",
  );
}

abstract class ColumnsItem extends TableItem {
  readonly #given: readonly (ColumnFace | string)[];
  #columns: readonly ColumnFace[] | undefined;
  protected abstract readonly title: string;
  constructor(name: GivenName, given: readonly (ColumnFace | string)[]) {
    super(name);
    this.#given = given;
  }
  get columns(): readonly ColumnFace[] {
    this.#columns ??= this.#given.map((c) => columnOf(this.table, c, this.title));
    return this.#columns;
  }
  override attach(table: TableFace): void {
    super.attach(table);
    if (this.columns.length === 0)
      throw new ArgumentError(`${this.title} of table '${table.fullName}' has no columns.`);
  }
  protected override namedColumns(): readonly ColumnFace[] {
    return this.columns;
  }
  protected get givenColumns(): readonly (ColumnFace | string)[] {
    return this.#given;
  }
}

export class TablePrimaryKey extends ColumnsItem implements PrimaryKeyConstraint {
  readonly kind = "primaryKey";
  protected readonly namedKind = "pk";
  protected readonly title = "The primary key";
}

const DEFERRING = ["deferrable", "initially"] as const;
export interface UniqueOptions {
  /** Two NULLs are equal (PostgreSQL 15 and newer). */
  readonly nullsNotDistinct?: boolean | undefined;
  readonly deferrable?: boolean | undefined;
  readonly initially?: "DEFERRED" | "IMMEDIATE" | undefined;
}
export class TableUnique extends ColumnsItem implements UniqueConstraint {
  readonly kind = "unique";
  protected readonly namedKind = "uq";
  protected readonly title = "A unique constraint";
  readonly nullsNotDistinct: boolean | undefined;
  readonly deferrable: boolean | undefined;
  readonly initially: "DEFERRED" | "IMMEDIATE" | undefined;
  constructor(name: GivenName, given: readonly (ColumnFace | string)[], options: UniqueOptions = {}) {
    super(name, given);
    requireKnownOptions(options, ["nullsNotDistinct", ...DEFERRING], "unique()", "constraint.option");
    this.nullsNotDistinct = options.nullsNotDistinct;
    this.deferrable = options.deferrable;
    this.initially = options.initially;
  }
  named(name: GivenName): TableUnique {
    const { nullsNotDistinct, deferrable, initially } = this;
    return new TableUnique(name, this.givenColumns, { nullsNotDistinct, deferrable, initially }).like(this);
  }
  /** Equal NULLs: `UNIQUE NULLS NOT DISTINCT`. */
  withNullsNotDistinct(): TableUnique {
    return new TableUnique(this.givenName, this.givenColumns, {
      nullsNotDistinct: true,
      deferrable: this.deferrable,
      initially: this.initially,
    }).like(this);
  }
  deferred(initially: "DEFERRED" | "IMMEDIATE" = "DEFERRED"): TableUnique {
    return new TableUnique(this.givenName, this.givenColumns, {
      nullsNotDistinct: this.nullsNotDistinct,
      deferrable: true,
      initially,
    }).like(this);
  }
}

/**
 * The check of a type the database does not have: `flag IN (0, 1)`, `kind IN ('a', 'b')`. Databases with the type leave
 * it out, which is for their DDL compiler to say.
 */
export class TypeCheck extends Element {
  readonly kind = "typeCheck";
  readonly column: ColumnFace;
  readonly of: "boolean" | "enum";
  /** undefined for booleans. */
  readonly values: readonly string[] | undefined;
  /** An enumeration that is a type of the database's own where there are such types. */
  readonly native: boolean;
  constructor(column: ColumnFace, of: "boolean" | "enum", values: readonly string[] | undefined, native: boolean) {
    super();
    this.native = native;
    this.column = column;
    this.of = of;
    this.values = values;
  }
  walk(key: { cacheable: boolean }): void {
    key.cacheable = false;
  }
}

export class TableCheck extends TableItem implements CheckConstraint {
  readonly kind = "check";
  protected readonly namedKind = "ck";
  readonly sql: string | Element;
  readonly column: ColumnFace | undefined;
  constructor(name: GivenName, sql: string | Element, column?: ColumnFace) {
    super(name === undefined && sql instanceof TypeCheck ? null : name);
    this.sql = sql;
    this.column = column;
  }
  protected override namedColumns(): readonly ColumnFace[] {
    return this.column !== undefined ? [this.column] : columnsIn(this.sql, this.table);
  }
}

/** `"schema.table.column"` taken apart; the column is after the last dot. */
function targetParts(target: string): { readonly table: string; readonly column: string } {
  const dot = target.lastIndexOf(".");
  return { table: target.slice(0, dot), column: target.slice(dot + 1) };
}

export class TableForeignKey extends ColumnsItem implements ForeignKeyConstraint {
  readonly kind = "foreignKey";
  protected readonly namedKind = "fk";
  protected readonly title = "A foreign key";
  readonly targets: readonly string[];
  readonly options: ReferenceOptions;
  #referred: readonly ColumnFace[] | undefined;
  constructor(
    name: GivenName,
    given: readonly (ColumnFace | string)[],
    targets: readonly string[],
    options: ReferenceOptions = {},
  ) {
    super(name ?? options.name, given);
    checkReferenceOptions(options, "foreignKey()");
    this.targets = targets;
    this.options = options;
    for (const target of targets) {
      if (typeof target !== "string" || target.split(".").length < 2) {
        throw new ArgumentError(`foreignKey(): "table.column" is needed, not ${JSON.stringify(target)}.`);
      }
    }
    if (new Set(targets.map((t) => targetParts(t).table)).size > 1) {
      throw new ArgumentError(`foreignKey(): all columns refer to one table, but ${targets.join(", ")} were given.`);
    }
  }
  override attach(table: TableFace): void {
    super.attach(table);
    if (this.columns.length !== this.targets.length) {
      throw new ArgumentError(
        `A foreign key of table '${table.fullName}' has ${this.columns.length} column(s) and ${this.targets.length} target(s).`,
      );
    }
  }
  get referredColumns(): readonly ColumnFace[] {
    // A column may have been said anew since, with extendExisting.
    if (this.#referred === undefined || this.#referred.some((c) => !c.table.columns.includes(c)))
      this.#referred = this.#resolve();
    return this.#referred;
  }
  get referredTable(): TableFace {
    return (this.referredColumns[0] as ColumnFace).table;
  }
  /** The name of the table referred to, without looking it up. */
  get referredName(): string {
    return targetParts(this.targets[0] as string).table;
  }
  #resolve(): readonly ColumnFace[] {
    const { table } = this;
    const from = `${table.fullName}.${this.columns.map((c) => c.columnName).join(", ")}`;
    const wanted = this.referredName;
    const { metadata } = table;
    if (metadata === undefined && wanted !== table.fullName) {
      throw new InvalidRequestError(
        `'${from}' refers to '${wanted}', but table '${table.fullName}' is in no MetaData.`,
      );
    }
    // A bare name means a table of the MetaData's schema, else one without a schema, else a neighbour of this table.
    const bare = !wanted.includes(".");
    const target =
      wanted === table.fullName
        ? table
        : ((bare && metadata?.schema !== undefined ? metadata.findTable(`${metadata.schema}.${wanted}`) : undefined) ??
          metadata?.findTable(wanted) ??
          (bare && table.schema !== undefined ? metadata?.findTable(`${table.schema}.${wanted}`) : undefined));
    if (target === undefined) {
      throw new InvalidRequestError(
        `Foreign key of '${from}': there is no table '${wanted}'.${didYouMean(wanted, metadata?.tableNames ?? [])} Is the file that declares it imported?`,
        "schema.unknown-table",
      );
    }
    return this.targets.map((t) => {
      const { column } = targetParts(t);
      const found = target.columns.find((c) => c.columnName === column);
      if (found !== undefined) return found;
      throw new InvalidRequestError(
        `Foreign key of '${from}': table '${target.fullName}' has no column '${column}'.${didYouMean(
          column,
          target.columns.map((c) => c.columnName),
        )}`,
        "schema.unknown-column",
      );
    });
  }
  protected override subject(): NameSubject {
    const { table } = targetParts(this.targets[0] as string);
    return {
      table: this.table,
      columns: this.columns,
      referredTable: table.slice(table.lastIndexOf(".") + 1),
      referredColumns: this.targets.map((t) => targetParts(t).column),
    };
  }
  /** One per column; the column referred to is looked up when it is read. */
  foreignKeys(): readonly ForeignKey[] {
    return this.columns.map((parent, i) => {
      const constraint = this;
      return {
        parent,
        constraint,
        get column(): ColumnFace {
          return constraint.referredColumns[i] as ColumnFace;
        },
      };
    });
  }
}

export interface ExcludeOptions {
  /** The kind of index behind it. Default: "gist". */
  readonly using?: string | undefined;
  /** Only rows for which this holds. */
  readonly where?: Element | string | undefined;
  readonly deferrable?: boolean | undefined;
  readonly initially?: "DEFERRED" | "IMMEDIATE" | undefined;
}
/** No two rows for which all the operators hold between their values. Source: PostgreSQL, "EXCLUDE". */
export class TableExclude extends TableItem implements ExcludeConstraint {
  readonly kind = "exclude";
  protected readonly namedKind = "ex";
  readonly #given: readonly (readonly [Element | string, string])[];
  readonly using: string;
  readonly where: Element | undefined;
  readonly deferrable: boolean | undefined;
  readonly initially: "DEFERRED" | "IMMEDIATE" | undefined;
  constructor(
    name: GivenName,
    elements: readonly (readonly [Element | string, string])[],
    options: ExcludeOptions = {},
  ) {
    super(name);
    requireKnownOptions(options, ["using", "where", ...DEFERRING], "exclude()", "constraint.option");
    for (const [, operator] of elements) {
      if (!/^[-+*/<>=~!@#%^&|`?]+$/.test(operator))
        throw new ArgumentError(`exclude(): '${operator}' is no operator such as = or &&.`, "ddl.operator");
    }
    this.#given = elements;
    this.using = options.using ?? "gist";
    this.where = typeof options.where === "string" ? text(options.where) : options.where;
    this.deferrable = options.deferrable;
    this.initially = options.initially;
  }
  get elements(): readonly { readonly expression: Element; readonly operator: string }[] {
    return this.#given.map(([e, operator]) => ({
      expression: typeof e === "string" ? columnOf(this.table, e, "An exclusion") : e,
      operator,
    }));
  }
  override attach(table: TableFace): void {
    super.attach(table);
    if (this.elements.length === 0)
      throw new ArgumentError(`An exclusion constraint of table '${table.fullName}' excludes nothing.`);
  }
  protected override namedColumns(): readonly ColumnFace[] {
    return columnsIn(
      this.elements.map((e) => e.expression),
      this.table,
    );
  }
}

interface IndexFields {
  readonly unique: boolean;
  readonly where: Element | undefined;
  readonly dialectOptions: DialectOptions;
}
export class TableIndex extends TableItem implements Index {
  readonly kind = "index";
  protected readonly namedKind = "ix";
  readonly #given: readonly (Element | string)[];
  readonly #fields: IndexFields;
  #expressions: readonly Element[] | undefined;
  constructor(name: GivenName, expressions: readonly (Element | string)[], fields: Partial<IndexFields> = {}) {
    super(name);
    this.#given = expressions;
    this.#fields = {
      unique: fields.unique ?? false,
      where: fields.where,
      dialectOptions: fields.dialectOptions ?? {},
    };
  }
  get expressions(): readonly Element[] {
    this.#expressions ??= this.#given.map((e) => (typeof e === "string" ? columnOf(this.table, e, "An index") : e));
    return this.#expressions;
  }
  get where(): Element | undefined {
    return this.#fields.where;
  }
  get unique(): boolean {
    return this.#fields.unique;
  }
  override get dialectOptions(): DialectOptions {
    return this.#fields.dialectOptions;
  }
  /** A copy with changes; the public chain is `IndexBuilder`. */
  changed(fields: Partial<IndexFields>): TableIndex {
    return new TableIndex(this.givenName, this.#given, { ...this.#fields, ...fields });
  }
  override attach(table: TableFace): void {
    super.attach(table);
    if (this.expressions.length === 0) throw new ArgumentError(`An index of table '${table.fullName}' has no columns.`);
    for (const c of columnsIn(this.expressions, undefined)) columnOf(table, c, "An index");
  }
  protected override namedColumns(): readonly ColumnFace[] {
    return columnsIn(this.expressions, this.table);
  }
}

/**
 * An index being written: every method gives a new one.
 *
 * @example index("ix_posts_recent", t.c.userId, t.c.createdAt.desc()).where(t.c.deletedAt.isNull())
 */
export class IndexBuilder {
  readonly index: TableIndex;
  constructor(index: TableIndex) {
    this.index = index;
  }
  unique(yes = true): IndexBuilder {
    return new IndexBuilder(this.index.changed({ unique: yes }));
  }
  /** Only rows for which this holds: a partial index (SQLite, PostgreSQL). */
  where(criterion: Element | string): IndexBuilder {
    return new IndexBuilder(this.index.changed({ where: typeof criterion === "string" ? text(criterion) : criterion }));
  }
  /** `.with("postgresql", { using: "gin", include: ["title"] })`, `.with("mysql", { length: { body: 20 } })`. */
  with(dialect: string, options: { readonly [option: string]: unknown }): IndexBuilder {
    const before = this.index.dialectOptions;
    const dialectOptions = { ...before, [dialect]: { ...before[dialect], ...options } };
    return new IndexBuilder(this.index.changed({ dialectOptions }));
  }
}

/** What `constraints: (t) => […]` may hold. */
export type TableArgument =
  | TablePrimaryKey
  | TableUnique
  | TableCheck
  | TableForeignKey
  | TableExclude
  | TableIndex
  | IndexBuilder;

/** Columns an expression mentions, in order, each once; those of `table` when it is given. */
export function columnsIn(what: unknown, table: TableFace | undefined): readonly ColumnFace[] {
  const found = new Set<ColumnFace>();
  const seen = new Set<object>();
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null || seen.has(node)) return;
    seen.add(node);
    if (node instanceof ColumnReference) {
      const column = node.plain as unknown as ColumnFace;
      if ("columnId" in node && (table === undefined || column.table === table)) found.add(column);
    } else if (Array.isArray(node)) node.forEach(visit);
    else if (node instanceof Element && !(node instanceof FromClause)) Object.values(node).forEach(visit);
  };
  visit(what);
  return [...found];
}

type Given = Expression | Ordering | Label | string;
/** A leading string, null or `conv()` is the name; what follows are columns. */
function nameAndRest(args: readonly unknown[]): { name: GivenName; rest: readonly (ColumnFace | string)[] } {
  const [first, ...rest] = args;
  const isName =
    first === null || first === undefined || typeof first === "string" || first instanceof ConventionalName;
  return isName
    ? { name: first as GivenName, rest: rest as (ColumnFace | string)[] }
    : { name: undefined, rest: args as readonly (ColumnFace | string)[] };
}

/**
 * An index: a name (or null for the convention's), then columns, orderings or expressions.
 *
 * @example index("ix_user_lower_email", func.lower(t.c.email)).unique()
 */
export function index(name: GivenName, ...expressions: Given[]): IndexBuilder {
  return new IndexBuilder(new TableIndex(name ?? undefined, expressions as (Element | string)[]));
}
/** A UNIQUE constraint over columns; a leading string is its name. */
export function unique(...args: (GivenName | Expression)[]): TableUnique {
  const { name, rest } = nameAndRest(args);
  return new TableUnique(name, rest);
}
/** A CHECK constraint: SQL as written, or an expression over the table's columns. */
export function check(sql: string | Element, name?: GivenName): TableCheck {
  return new TableCheck(name, sql);
}
/**
 * A foreign key over several columns; targets are names in the database, `"table.column"`.
 *
 * @example foreignKey([t.c.orderId, t.c.lineNo], ["order_line.order_id", "order_line.line_no"], { onDelete: "CASCADE" })
 */
export function foreignKey(
  columns: readonly (Expression | string)[],
  targets: readonly string[],
  options: ReferenceOptions = {},
): TableForeignKey {
  return new TableForeignKey(undefined, columns as readonly (ColumnFace | string)[], targets, options);
}
/** The primary key with a name of its own; a leading string is the name. */
export function primaryKeyConstraint(...args: (GivenName | Expression)[]): TablePrimaryKey {
  const { name, rest } = nameAndRest(args);
  return new TablePrimaryKey(name, rest);
}
