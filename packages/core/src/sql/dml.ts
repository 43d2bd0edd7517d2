/** INSERT, UPDATE, DELETE as nodes. Source: SQLAlchemy "Using INSERT Statements", "UPDATE and DELETE". */
import { findOdd } from "../codegen/rows.js";
import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError, showParameter } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import type { ColumnDefinition } from "../schema/definition.js";
import { Table, type TableColumn } from "../schema/table.js";
import type { SqlType } from "../types/sql-type.js";
import { Element, innerStatement } from "./element.js";
import {
  Bind,
  criterion,
  Expression,
  type KeyedRows,
  madeLate,
  type Ordering,
  operand,
  RowsBind,
} from "./expression.js";
import type { SyntaxExtension } from "./extension.js";
import {
  Alias,
  asEntity,
  asFrom,
  type ColumnMap,
  ColumnReference,
  type Cte,
  type CteOptions,
  cteOf,
  type FromClause,
  type ItemElement,
  rawWords,
  requireFrom,
  type Subselectable,
} from "./from.js";
import { ordering } from "./functions.js";
import { type KeyWriter, OP } from "./key.js";
import { requireValue } from "./no-value.js";
import {
  type ColumnDescription,
  checkedExtension,
  describeItems,
  exportedColumnsOf,
  QueryStatement,
  rowCount,
  type SelectItem,
  selectItem,
  walkExtensions,
} from "./select.js";
import { Statement } from "./statement.js";

export type RowValues = { readonly [key: string]: unknown };

/** What a statement writes to. A model may be spread over several tables: then `table` is its own, the last. */
interface Target {
  readonly table: Table;
  readonly entity: ItemElement | undefined;
  readonly spread: readonly Table[];
}
function targetOf(value: unknown, where: string): Target {
  const from = requireFrom(value, where);
  const entity = asEntity(value);
  if (from instanceof Table) return { table: from, entity, spread: NO_TABLES };
  if (entity?.itemTable instanceof Table) {
    if (where === "insert()") return { table: entity.itemTable, entity, spread: NO_TABLES };
    throw new ArgumentError(
      `${where}: ${entity.itemName} is read from the tables of several classes; write to the table of each class instead.`,
      "dml.several-tables",
    );
  }
  const tables = from.leaves.filter((leaf): leaf is Table => leaf instanceof Table);
  const own = tables.at(-1);
  if (entity !== undefined && own !== undefined && tables.length === from.leaves.length && tables.length > 1)
    return { table: own, entity, spread: tables };
  throw new ArgumentError(`${where}: a table or model is needed, not an alias or subquery.`);
}
const NO_TABLES: readonly Table[] = [];

abstract class DmlStatement extends Statement {
  readonly table: Table;
  /** The model it was made for. */
  readonly entity: ItemElement | undefined;
  /** The tables of a model that has several, base first; only the ORM can run such a statement. */
  readonly spread: readonly Table[];
  readonly returningItems: readonly SelectItem[] = [];
  readonly ctes: readonly Cte[] = [];
  /** Words behind INSERT, UPDATE or DELETE; `dialect` undefined means everywhere. */
  readonly prefixes: readonly DmlPrefix[] = [];
  readonly extensions: readonly SyntaxExtension[] = [];
  abstract override readonly kind: "insert" | "update" | "delete";
  constructor({ table, entity, spread }: Target) {
    super();
    this.table = table;
    this.entity = entity;
    this.spread = spread;
  }
  /** @throws ArgumentError for a model of several tables */
  requireOneTable(): void {
    if (this.spread.length > 0)
      throw new ArgumentError(
        `${this.entity?.itemName} is spread over the tables ${this.spread.map((t) => `'${t.fullName}'`).join(", ")}: run this statement with session.execute(), which writes to each of them.`,
        "dml.several-tables",
      );
  }
  /** Rows of the affected table; entities and columns. */
  returning(...items: unknown[]): this {
    return this.with({ returningItems: [...this.returningItems, ...items.map(selectItem)] });
  }
  addCte(...ctes: Cte[]): this {
    return this.with({ ctes: [...this.ctes, ...ctes] });
  }
  /** Words behind INSERT, UPDATE or DELETE, such as sql`OR REPLACE` (SQLite) or sql`IGNORE` (MySQL). */
  prefixWith(words: unknown, options: { readonly dialect?: string } = {}): this {
    const given = rawWords(words, "prefixWith()") as Element & TextClauseFace;
    if (given.parts.length > 0) throw new ArgumentError("prefixWith(): words in front of a statement take no values.");
    const prefix: DmlPrefix = { words: given.pieces.join(""), dialect: options.dialect };
    return this.with({ prefixes: [...this.prefixes, prefix] });
  }
  /** A clause of the program's own at the place it names. */
  ext(extension: SyntaxExtension): this {
    return this.with({ extensions: [...this.extensions, checkedExtension(extension, this.kind)] });
  }
  /** What each position of a returned row is. */
  get columnDescriptions(): readonly ColumnDescription[] {
    return describeItems(this.returningItems, this.exportedColumns);
  }
  /** As a CTE: `with moved as (delete … returning …)`; its columns are those of RETURNING. */
  cte(name: string, options: Omit<CteOptions, "recursive"> = {}): Cte {
    return cteOf(this, name, options);
  }
  get exportedColumns(): Subselectable["exportedColumns"] {
    return exportedColumnsOf(this.returningItems);
  }
  protected walkReturning(key: KeyWriter): void {
    if (this.spread.length > 0) key.cacheable = false;
    key.id(this.returningItems.length);
    for (const item of this.returningItems) item.walk(key);
    key.id(this.ctes.length);
    for (const c of this.ctes) c.walk(key);
    key.id(this.prefixes.length);
    for (const p of this.prefixes) key.text(`${p.dialect ?? ""}/${p.words}`);
    walkExtensions(this.extensions, key);
    key.id(OP.end);
  }
}
/** A fragment of raw SQL as far as it is looked into here. */
interface TextClauseFace {
  readonly pieces: readonly string[];
  readonly parts: readonly unknown[];
}
export interface DmlPrefix {
  readonly words: string;
  readonly dialect: string | undefined;
}

/** UPDATE and DELETE: criteria, and MySQL's ORDER BY and LIMIT. */
abstract class CriteriaStatement extends DmlStatement {
  readonly criteria: readonly Expression[] = [];
  readonly orderByList: readonly Ordering[] = [];
  readonly limitValue: Expression | undefined = undefined;
  readonly onlyTable: boolean = false;
  /** PostgreSQL: rows of the table alone, without those of tables that inherit from it. */
  only(): this {
    return this.with({ onlyTable: true });
  }
  where(...criteria: unknown[]): this {
    return this.with({ criteria: [...this.criteria, ...criteria.map(criterion)] });
  }
  /** MySQL and MariaDB only. */
  orderBy(...by: unknown[]): this {
    return this.with({ orderByList: [...this.orderByList, ...by.map(ordering)] });
  }
  /** MySQL and MariaDB only: at most so many rows. */
  limit(n: unknown): this {
    return this.with({ limitValue: rowCount("limit", n) });
  }
  protected walkCriteria(key: KeyWriter): void {
    key.id(this.criteria.length);
    for (const c of this.criteria) c.walk(key);
    key.id(this.orderByList.length * 4 + (this.limitValue === undefined ? 0 : 1) + (this.onlyTable ? 2 : 0));
    for (const o of this.orderByList) o.walk(key);
    this.limitValue?.walk(key);
  }
}

export interface ConflictClause {
  readonly action: "nothing" | "update" | "duplicateKey";
  readonly target: readonly TableColumn[];
  readonly set: readonly { readonly column: TableColumn; readonly value: Expression }[];
  readonly where: Expression | undefined;
  /** PostgreSQL: the constraint by name instead of its columns. */
  readonly constraint: string | undefined;
  /** Of a partial unique index. */
  readonly targetWhere: Expression | undefined;
}
/** What INSERT … SELECT reads: given columns, and those whose client-side default is added to the select. */
export interface InsertSource {
  readonly columns: readonly TableColumn[];
  readonly query: Subselectable;
  readonly defaults: readonly { readonly column: TableColumn; readonly value: Expression }[];
}
interface ConflictOptions {
  readonly target?: readonly string[] | undefined;
  readonly constraint?: string | undefined;
  readonly targetWhere?: unknown;
}
const CONFLICT = ["target", "constraint", "targetWhere"] as const satisfies readonly (keyof ConflictOptions)[];

/** The row that could not be inserted: `excluded.email` in ON CONFLICT, `VALUES(email)` in ON DUPLICATE KEY. */
export class Excluded extends Alias {
  override readonly kind = "excluded";
}

export class InsertStatement extends DmlStatement {
  readonly kind = "insert";
  /** Rows as given; the first one's keys fix the columns. */
  readonly rows: readonly RowValues[] | undefined = undefined;
  readonly source: InsertSource | undefined = undefined;
  readonly conflict: ConflictClause | undefined = undefined;
  /** Set by `values()`: columns in table order and the parameter that carries all rows. */
  readonly layout: InsertLayout | undefined = undefined;
  readonly isInline: boolean = false;
  readonly isOrdered: boolean = false;
  /** Set while rows are written in order: their number among the parameters decides the order of generated keys. */
  readonly numbersRows: boolean = false;
  /** Set by `returnDefaults()`; an empty list means all. */
  readonly returnedDefaultsOf: readonly TableColumn[] | undefined = undefined;

  constructor(into: unknown) {
    super(targetOf(into, "insert()"));
  }
  values(rows: RowValues | readonly RowValues[]): this {
    const given: readonly RowValues[] = Array.isArray(rows) ? rows : [rows as RowValues];
    const list = this.entity === undefined ? given : this.entity.rowsFor(given);
    if (this.rows !== undefined)
      return this.with({ rows: undefined, layout: undefined }).values([...this.rows, ...list]);
    if (this.spread.length > 0) {
      for (const row of list) requireRecord(row);
      return this.with({ rows: list });
    }
    return this.with({ rows: list, layout: layoutOf(this.table, list) });
  }
  /**
   * Rows as lists of values, in the order of the named columns.
   *
   * @example insert(t).tuples(["name", "uses"], [["red", 1], ["blue", 2]])
   */
  tuples(columns: readonly string[], rows: readonly (readonly unknown[])[]): this {
    const records = rows.map((row, i) => {
      if (!Array.isArray(row) || row.length !== columns.length)
        throw new ArgumentError(`tuples(): row ${i} needs ${columns.length} values, as many as columns are named.`);
      return Object.fromEntries(columns.map((key, k) => [key, row[k]]));
    });
    return this.values(records);
  }
  /**
   * Values of new rows are left to the statement alone: no key is read back or made beforehand, so the result has no
   * `insertedPrimaryKey()`.
   */
  inline(): this {
    return this.with({ isInline: true });
  }
  /**
   * Values the database makes for the new rows are read back with them: `await result.returnedDefaults()`. Without names,
   * all columns with a default or a generated key.
   */
  returnDefaults(...columns: unknown[]): this {
    if (this.returningItems.length > 0)
      throw new ArgumentError("returnDefaults() and returning() exclude each other; name all columns in returning().");
    const keys = columns.map((c) => {
      const column = operand(c);
      if (column instanceof ColumnReference && column.from === this.table) return column.plain as TableColumn;
      throw new ArgumentError(`returnDefaults(): columns of '${this.table.fullName}' are needed.`);
    });
    return this.with({ returnedDefaultsOf: keys });
  }
  /**
   * RETURNING gives rows in the order of `values()`, on databases that promise no order too: by a generated key known to
   * ascend, by values of the rows themselves, by a sentinel column, else row by row.
   */
  sortByParameterOrder(): this {
    return this.with({ isOrdered: true });
  }
  /**
   * Rows of a query. Columns with a client-side default that are not named get it (called once, not per row), unless
   * `includeDefaults` is false.
   */
  fromSelect(columns: readonly string[], query: unknown, options: { readonly includeDefaults?: boolean } = {}): this {
    const inner =
      query instanceof QueryStatement
        ? query
        : (query as { readonly [innerStatement]?: Subselectable })?.[innerStatement];
    if (inner === undefined) throw new ArgumentError("fromSelect(): a select is needed.");
    const list = columns.map((key) => this.table.column(key) as TableColumn);
    const given = (inner as Subselectable).exportedColumns.length;
    if (given !== list.length)
      throw new ArgumentError(`fromSelect(): ${list.length} columns are named but the select gives ${given}.`);
    requireKnownOptions(options, ["includeDefaults"], "fromSelect()", "insert.option");
    const missing =
      options.includeDefaults === false
        ? []
        : this.table.columns.filter((c) => c.fields.default !== undefined && !list.includes(c));
    const defaults = missing.map((column) => ({ column, value: valueFor(column, {}, true) }));
    return this.with({ source: { columns: list, query: inner as Subselectable, defaults } });
  }
  onConflictDoNothing(options: ConflictOptions = {}): this {
    requireKnownOptions(options, CONFLICT, "onConflictDoNothing()", "insert.option");
    return this.with({ conflict: { action: "nothing", ...this.conflictTarget(options), set: [], where: undefined } });
  }
  onConflictDoUpdate(options: ConflictOptions & { readonly set: unknown; readonly where?: unknown }): this {
    requireKnownOptions(options, [...CONFLICT, "set", "where"], "onConflictDoUpdate()", "insert.option");
    const conflict: ConflictClause = {
      action: "update",
      ...this.conflictTarget(options),
      set: this.settersOf(options.set),
      where: "where" in options ? criterion(options.where) : undefined,
    };
    if (conflict.set.length === 0)
      throw new ArgumentError("onConflictDoUpdate(): set names nothing to change; use onConflictDoNothing().");
    return this.with({ conflict });
  }
  protected conflictTarget(options: ConflictOptions): Pick<ConflictClause, "target" | "constraint" | "targetWhere"> {
    if (options.target !== undefined && options.constraint !== undefined)
      throw new ArgumentError("A conflict's target is columns or a constraint, not both.");
    return {
      target: this.columnsNamed(options.target ?? []),
      constraint: options.constraint,
      targetWhere: "targetWhere" in options ? criterion(options.targetWhere) : undefined,
    };
  }
  onDuplicateKeyUpdate(set: unknown): this {
    return this.with({
      conflict: {
        action: "duplicateKey",
        target: [],
        constraint: undefined,
        targetWhere: undefined,
        set: this.settersOf(set),
        where: undefined,
      },
    });
  }
  protected columnsNamed(keys: readonly string[]): readonly TableColumn[] {
    return keys.map((key) => this.table.column(key) as TableColumn);
  }
  protected settersOf(set: unknown): ConflictClause["set"] {
    const values =
      typeof set === "function"
        ? (set as (excluded: ColumnMap) => RowValues)(new Excluded(this.table, "excluded").c)
        : (set as RowValues);
    return setters(this.table, values, this.entity);
  }
  walk(key: KeyWriter): void {
    key.id(OP.insert);
    key.id(this.table.id);
    const layout = this.layout;
    key.id(
      (layout === undefined ? 0 : 1) +
        (this.source === undefined ? 0 : 2) +
        (this.conflict === undefined ? 0 : 4) +
        (layout?.inline === undefined ? 0 : 8) +
        (this.numbersRows ? 16 : 0),
    );
    if (layout !== undefined) {
      key.id(layout.columns.length);
      for (const c of layout.columns) key.id(c.columnId);
      layout.rowsBind.walk(key);
      if (layout.inline !== undefined) {
        key.id(layout.inline.length);
        for (const row of layout.inline) for (const value of row) value.walk(key);
      }
    }
    if (this.source !== undefined) {
      key.id(this.source.columns.length);
      for (const c of this.source.columns) key.id(c.columnId);
      for (const { column, value } of this.source.defaults) {
        key.id(column.columnId);
        value.walk(key);
      }
      this.source.query.walk(key);
    }
    const conflict = this.conflict;
    if (conflict !== undefined) {
      key.id(conflict.action === "nothing" ? 1 : conflict.action === "update" ? 2 : 3);
      key.id(conflict.target.length);
      for (const c of conflict.target) key.id(c.columnId);
      key.id(conflict.constraint === undefined ? 0 : 1);
      if (conflict.constraint !== undefined) key.text(conflict.constraint);
      key.id(conflict.targetWhere === undefined ? 0 : 1);
      if (conflict.targetWhere !== undefined) {
        // Its values stand in the text: only so can the server match the index.
        key.cacheable = false;
        conflict.targetWhere.walk(key);
      }
      key.id(conflict.set.length);
      for (const { column, value } of conflict.set) {
        key.id(column.columnId);
        value.walk(key);
      }
      key.id(conflict.where === undefined ? 0 : 1);
      conflict.where?.walk(key);
    }
    this.walkReturning(key);
  }
}

/** What the same INSERT or UPDATE gives another column: `fromDmlColumn(t.c.price)`. */
export class DmlColumn extends Expression {
  readonly kind = "dmlColumn";
  readonly column: Expression;
  constructor(column: Expression) {
    super();
    this.column = column;
  }
  get type(): SqlType {
    return this.column.type;
  }
  walk(key: KeyWriter): void {
    key.id(OP.dmlColumn);
    this.column.walk(key);
  }
}

/** How the rows of an INSERT are laid out. */
export interface InsertLayout {
  /** Columns that get a value: given ones and those with a client-side default, in table order. */
  readonly columns: readonly TableColumn[];
  /** Carries all rows as one parameter; the compiled form knows how to read it. */
  readonly rowsBind: RowsBind;
  /** Set when a row holds SQL expressions: every value as an expression, row by row. */
  readonly inline: readonly (readonly Expression[])[] | undefined;
}

/** @throws ArgumentError for what is no object of values by column */
function requireRecord(row: unknown): void {
  if (typeof row === "object" && row !== null && !Array.isArray(row)) return;
  const way = Array.isArray(row) ? "; rows without names go to tuples()" : "";
  throw new ArgumentError(
    `insert().values(): a row is an object of values by column, not ${showParameter(row)}${way}.`,
  );
}
function layoutOf(table: Table, rows: readonly RowValues[]): InsertLayout {
  if (rows.length === 0)
    throw new ArgumentError("insert().values([]): there is no row to insert. Leave the statement out.");
  const first = rows[0] as RowValues;
  requireRecord(first);
  const keys = Object.keys(first);
  for (const key of keys) {
    if (!table.columns.some((c) => c.key === key)) {
      throw new ArgumentError(
        `insert(): table '${table.fullName}' has no column '${key}'.${didYouMean(
          key,
          table.columns.map((c) => c.key),
        )}`,
        "column.unknown",
      );
    }
  }
  const columns = table.columns.filter((c) => c.key in first || c.fields.default !== undefined);
  let inline = false;
  // Nearly all rows pass a generated test; the others are looked at by name.
  const width = keys.length;
  const odd = findOdd(keys);
  for (let i = odd(rows, 0); i !== -1; i = odd(rows, i + 1)) {
    const row = rows[i] as RowValues;
    requireRecord(row);
    for (let k = 0; k < width; k++) {
      const value = row[keys[k] as string];
      if (value === null) continue;
      if (value === undefined) {
        const key = keys[k] as string;
        const why = key in row ? "is undefined" : "is missing";
        throw new ArgumentError(
          `insert(): '${key}' ${why} in row ${i}; the first row fixes the columns. Pass null for SQL NULL.`,
          "argument.undefined",
        );
      }
      if (
        value instanceof Expression ||
        (typeof value === "object" && asFrom(value) === undefined && standsForValue(value as object))
      )
        inline = true;
      else if (typeof value === "object" || typeof value === "function" || typeof value === "symbol") {
        const column = columns.find((c) => c.key === keys[k]);
        requireValue(value, column?.type, `insert(): '${keys[k]}' in row ${i}`);
      }
    }
    let count = 0;
    for (const _ in row) count++;
    if (count !== width) {
      const other = Object.keys(row).find((k) => !(k in first));
      if (other !== undefined)
        throw new ArgumentError(
          `insert(): row ${i} has '${other}', which the first row has not; all rows need the same keys.`,
        );
    }
  }
  if (columns.some((c) => !(c.key in first) && c.fields.default !== undefined && "expression" in c.fields.default))
    inline = true;
  const keyed: KeyedRows = { rows, columns };
  return {
    columns,
    rowsBind: new RowsBind(keyed),
    inline: inline ? rows.map((row) => columns.map((c) => valueFor(c, row))) : undefined,
  };
}
/** A query or raw SQL. */
function standsForValue(value: object): boolean {
  return innerStatement in value || (value instanceof Element && "asScalar" in value);
}
/** `late`: a function makes its value when the statement is executed, each time. */
function valueFor(column: TableColumn, row: RowValues, late = false): Expression {
  if (column.key in row) return operand(row[column.key], column.type);
  const source = column.fields.default as NonNullable<ColumnDefinition["fields"]["default"]>;
  if ("expression" in source) return source.expression;
  if (late && "call" in source) return madeLate(column.columnName, column.type, () => source.call({} as never));
  return operand("call" in source ? source.call(row as never) : source.value, column.type);
}
function setters(
  table: Table,
  given: RowValues,
  entity: ItemElement | undefined,
  spread: readonly Table[] = NO_TABLES,
): readonly { readonly column: TableColumn; readonly value: Expression }[] {
  if (typeof given !== "object" || given === null)
    throw new ArgumentError("set(): an object of new values by column is needed.", "argument.undefined");
  const values = entity === undefined ? given : entity.changesFor(given);
  return Object.keys(values).map((key) => {
    let column = table.columns.find((c) => c.key === key);
    // A key that all tables of a model share is the base's.
    for (const other of spread)
      column = other.columns.find((c) => c.key === key && (c.primaryKey || column === undefined)) ?? column;
    if (column === undefined) {
      throw new ArgumentError(
        `set(): table '${table.fullName}' has no column '${key}'.${didYouMean(
          key,
          [table, ...spread].flatMap((t) => t.columns.map((c) => c.key)),
        )}`,
        "column.unknown",
      );
    }
    if (values[key] === undefined)
      throw new ArgumentError(
        `set(): '${key}' is undefined. Pass null for SQL NULL, or leave it out.`,
        "argument.undefined",
      );
    return { column, value: values[key] === null ? new Bind(null, column.type) : operand(values[key], column.type) };
  });
}

export class UpdateStatement extends CriteriaStatement {
  readonly kind = "update";
  readonly assignments: readonly { readonly column: TableColumn; readonly value: Expression }[] = [];
  readonly fromList: readonly FromClause[] = [];
  constructor(table: unknown) {
    super(targetOf(table, "update()"));
  }
  set(values: RowValues): this {
    return this.assign(setters(this.table, values, this.entity, this.spread));
  }
  /**
   * SET in this order, which counts where the database assigns from left to right (MySQL); an object's keys would do as
   * well unless they look like numbers.
   */
  orderedValues(...pairs: readonly (readonly [string, unknown])[]): this {
    const named = pairs.flatMap(([key, value]) => setters(this.table, { [key]: value }, this.entity, this.spread));
    const twice = named.find((a, i) => named.findIndex((b) => b.column === a.column) !== i);
    if (twice !== undefined) throw new ArgumentError(`orderedValues(): '${twice.column.key}' is set twice.`);
    return this.assign(named);
  }
  protected assign(added: UpdateStatement["assignments"]): this {
    const kept = this.assignments.filter((a) => !added.some((b) => b.column === a.column));
    return this.with({ assignments: [...kept, ...added] });
  }
  walk(key: KeyWriter): void {
    key.id(OP.update);
    key.id(this.table.id);
    key.id(this.assignments.length);
    for (const { column, value } of this.assignments) {
      key.id(column.columnId);
      value.walk(key);
    }
    this.walkCriteria(key);
    this.walkReturning(key);
  }
}

export class DeleteStatement extends CriteriaStatement {
  readonly kind = "delete";
  constructor(table: unknown) {
    super(targetOf(table, "deleteFrom()"));
  }
  walk(key: KeyWriter): void {
    key.id(OP.delete);
    key.id(this.table.id);
    this.walkCriteria(key);
    this.walkReturning(key);
  }
}
