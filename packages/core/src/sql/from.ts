/** FROM clauses: what has columns. Tables extend `FromClause` in `schema/`; here are aliases, subqueries, CTEs and joins. */

import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import type { SqlType } from "../types/sql-type.js";
import { Element, entityElement, fromClause, innerStatement } from "./element.js";
import { Expression } from "./expression.js";
import { type KeyWriter, nextId, OP } from "./key.js";

/** A column of a FROM clause. */
export abstract class ColumnReference extends Expression {
  readonly kind: string = "column";
  abstract readonly from: FromClause;
  /** The property name. */
  abstract readonly key: string;
  /** The name in the database. */
  abstract readonly columnName: string;
  override get name(): string {
    return this.key;
  }
  /** The column itself, whatever it was reached through. */
  get plain(): ColumnReference {
    return this;
  }
  /** The entity it was reached through, where that one has rows or tables of its own. */
  get viewer(): ItemElement | undefined {
    return viewers.get(this.from);
  }
}
const viewers = new WeakMap<FromClause, ItemElement>();
/** Says that whoever reads columns of this alias means the entity. */
export function viewedBy(from: FromClause, viewer: ItemElement): void {
  viewers.set(from, viewer);
}

/** Columns by key; an unknown key reads as undefined in JavaScript and is an error in TypeScript. */
export type ColumnMap = { readonly [key: string]: Expression };

export abstract class FromClause extends Element {
  /** Its identity in keys of statements. */
  readonly id: number = nextId();
  /** How columns are qualified; undefined for what has no name of its own (a join). */
  abstract readonly fromName: string | undefined;
  abstract readonly columns: readonly ColumnReference[];
  /** Writes what a column of this clause needs in a key. */
  abstract walkReference(key: KeyWriter): void;

  get c(): ColumnMap {
    const map: Record<string, Expression> = Object.create(null);
    for (const column of this.columns) map[column.key] = column;
    Object.defineProperty(this, "c", { value: map, configurable: true });
    return map;
  }
  /** The columns are others from now on: what was compiled with them before is not used again. */
  protected forgetColumns(): void {
    (this as { id: number }).id = nextId();
    delete (this as { c?: ColumnMap }).c;
  }
  /** The column with this key or name; throws with a "did you mean". */
  column(key: string): ColumnReference {
    const found = this.columns.find((c) => c.key === key) ?? this.columns.find((c) => c.columnName === key);
    if (found === undefined) {
      throw new ArgumentError(
        `'${this.fromName ?? "the FROM clause"}' has no column '${key}'.${didYouMean(
          key,
          this.columns.map((c) => c.key),
        )}`,
        "column.unknown",
      );
    }
    return found;
  }
  /** The clauses this one is made of; a table is made of itself. */
  get leaves(): readonly FromClause[] {
    return [this];
  }
  alias(name?: string): Alias {
    return new Alias(this, name);
  }
}

/** A column seen through an alias, a subquery or a CTE; `origin` is the expression behind it. */
export class DerivedColumn extends ColumnReference {
  readonly from: FromClause;
  readonly key: string;
  readonly columnName: string;
  readonly type: SqlType;
  readonly origin: Expression;
  readonly ordinal: number;
  constructor(from: FromClause, key: string, columnName: string, origin: Expression, ordinal: number) {
    super();
    this.from = from;
    this.key = key;
    this.columnName = columnName;
    this.type = origin.type;
    this.origin = origin;
    this.ordinal = ordinal;
  }
  walk(key: KeyWriter): void {
    key.id(OP.derivedColumn);
    this.from.walkReference(key);
    key.id(this.ordinal);
  }
}

/** A derived column as an entity sees it that stands for some of the rows: a SELECT of it means these. */
export class ViewedDerivedColumn extends DerivedColumn {
  readonly #plain: DerivedColumn;
  readonly #viewer: ItemElement;
  constructor(plain: DerivedColumn, viewer: ItemElement) {
    super(plain.from, plain.key, plain.columnName, plain.origin, plain.ordinal);
    this.#plain = plain;
    this.#viewer = viewer;
  }
  override get plain(): DerivedColumn {
    return this.#plain;
  }
  override get viewer(): ItemElement {
    return this.#viewer;
  }
  override walk(key: KeyWriter): void {
    key.id(OP.viewedDerivedColumn);
    this.#plain.walk(key);
    this.#viewer.walk(key);
  }
}

/** `table AS name`. Without a name the compiler numbers it: table_1. */
export class Alias extends FromClause {
  readonly kind: string = "alias";
  readonly of: FromClause;
  readonly aliasName: string | undefined;
  #columns: readonly ColumnReference[] | undefined;
  constructor(of: FromClause, name?: string) {
    super();
    this.of = of instanceof Alias && !(of instanceof TableSample) ? of.of : of;
    this.aliasName = name;
  }
  get fromName(): string | undefined {
    return this.aliasName;
  }
  /** What an anonymous name is made from. */
  get nameHint(): string {
    return this.of.fromName ?? "anon";
  }
  get columns(): readonly ColumnReference[] {
    this.#columns ??= this.of.columns.map((c, i) => new DerivedColumn(this, c.key, c.columnName, c, i));
    return this.#columns;
  }
  walk(key: KeyWriter): void {
    key.id(OP.alias);
    this.walkReference(key);
  }
  walkReference(key: KeyWriter): void {
    if (!key.first(this)) return;
    if (this.aliasName !== undefined) key.text(this.aliasName);
    key.id(this.aliasName === undefined ? 0 : 1);
    this.of.walk(key);
  }
}

/** What can be put in parentheses and selected from. */
export interface Subselectable extends Element {
  /** The columns of a row: name and expression; names are unique. */
  readonly exportedColumns: readonly {
    readonly key: string;
    readonly columnName: string;
    readonly expression: Expression;
  }[];
}

abstract class OverQuery extends FromClause {
  readonly query: Subselectable;
  readonly queryName: string | undefined;
  /** Renames columns by position: `name(a, b)`. */
  constructor(query: Subselectable, name: string | undefined) {
    super();
    this.query = query;
    this.queryName = name;
  }
  get fromName(): string | undefined {
    return this.queryName;
  }
  get nameHint(): string {
    return "anon";
  }
  get columns(): readonly ColumnReference[] {
    const columns = this.query.exportedColumns.map(
      (c, i) => new DerivedColumn(this, c.key, c.columnName, c.expression, i),
    );
    Object.defineProperty(this, "columns", { value: columns });
    return columns;
  }
}
/** `(SELECT …) AS name`. */
export class Subquery extends OverQuery {
  readonly kind: string = "subquery";
  readonly isLateral: boolean;
  constructor(query: Subselectable, name: string | undefined, isLateral = false) {
    super(query, name);
    this.isLateral = isLateral;
  }
  walk(key: KeyWriter): void {
    key.id(this.isLateral ? OP.lateral : OP.subquery);
    this.walkReference(key);
  }
  walkReference(key: KeyWriter): void {
    if (!key.first(this)) return;
    if (this.queryName !== undefined) key.text(this.queryName);
    key.id(this.queryName === undefined ? 0 : 1);
    this.query.walk(key);
  }
}
export interface CteOptions {
  readonly recursive?: boolean | undefined;
  readonly nesting?: boolean | undefined;
  readonly materialized?: boolean | undefined;
  /** Words behind the query, such as sql`SEARCH DEPTH FIRST BY id SET place`. */
  readonly suffix?: Element | undefined;
}
const CTE_OPTIONS = ["recursive", "nesting", "materialized", "suffix"] as const satisfies readonly (keyof CteOptions)[];
/** Words of SQL a program writes itself: only a `sql` fragment carries them, so that no text of a user's does by mistake. */
export function rawWords(value: unknown, where: string): Element {
  if (value instanceof Element && value.kind === "text") return value;
  throw new ArgumentError(`${where}: write words of SQL as a fragment, sql\`…\`, not as a plain text.`, "words.plain");
}
/** `cte()` of any statement. @throws ArgumentError for an option it does not know */
export function cteOf(query: Subselectable, name: string, options: CteOptions): Cte {
  requireKnownOptions(options, CTE_OPTIONS, "cte()", "cte.option");
  return new Cte(query, name, options);
}
/** The dialect that words are meant for. */
export function forDialect(options: { readonly dialect?: string }, where: string): string | undefined {
  requireKnownOptions(options, ["dialect"], where, "select.option");
  return options.dialect;
}
function subselectable(value: unknown, where: string): Subselectable {
  const inner =
    value instanceof Element
      ? value
      : (value as { readonly [innerStatement]?: Element } | null | undefined)?.[innerStatement];
  if (inner !== undefined && "exportedColumns" in inner) return inner as Subselectable;
  throw new ArgumentError(`${where}: a select is needed.`);
}
/** `WITH name AS (…)`: rendered once however often it is referenced. */
export class Cte extends OverQuery {
  readonly kind = "cte";
  readonly recursive: boolean;
  /** The recursive part, set by `union`/`unionAll` on the CTE. */
  readonly recursivePart: { readonly query: Subselectable; readonly all: boolean } | undefined;
  /** For a CTE with its recursive part: the one the part refers to. */
  readonly restates: Cte | undefined;
  /** Written inside the query that uses it rather than at the top; then its name may be used again elsewhere. */
  readonly nesting: boolean;
  /** PostgreSQL's and SQLite's hint: true MATERIALIZED, false NOT MATERIALIZED. */
  readonly materialized: boolean | undefined;
  readonly suffix: Element | undefined;
  constructor(query: Subselectable, name: string, options: CteOptions, part?: Cte["recursivePart"], restates?: Cte) {
    super(query, name);
    if (typeof name !== "string" || name === "") throw new ArgumentError("cte(): a name is needed.");
    this.recursive = options.recursive ?? false;
    this.nesting = options.nesting ?? false;
    this.materialized = options.materialized;
    this.suffix = options.suffix === undefined ? undefined : rawWords(options.suffix, "cte()");
    this.recursivePart = part;
    this.restates = restates;
  }
  /** The name and identity under which it is rendered. */
  get root(): Cte {
    return this.restates?.root ?? this;
  }
  union(query: Subselectable): Cte {
    return this.restated(query, false);
  }
  unionAll(query: Subselectable): Cte {
    return this.restated(query, true);
  }
  private restated(given: unknown, all: boolean): Cte {
    const query = subselectable(given, "union()");
    const width = this.query.exportedColumns.length;
    if (query.exportedColumns.length !== width) {
      throw new ArgumentError(
        `'${this.queryName}': the recursive part selects ${query.exportedColumns.length} columns, the first part ${width}.`,
      );
    }
    const { nesting, materialized, suffix } = this;
    const options: CteOptions = { recursive: true, nesting, materialized, suffix };
    return new Cte(this.query, this.queryName as string, options, { query, all }, this);
  }
  walk(key: KeyWriter): void {
    key.id(OP.cte);
    this.walkReference(key);
  }
  walkReference(key: KeyWriter): void {
    if (!key.first(this)) return;
    if (this.restates !== undefined && this.recursivePart !== undefined) {
      key.id(this.recursivePart.all ? 3 : 4);
      this.restates.walkReference(key);
      this.recursivePart.query.walk(key);
      return;
    }
    key.text(this.queryName as string);
    this.suffix?.walk(key);
    key.id(
      (this.recursive ? 1 : 0) +
        (this.suffix ? 2 : 0) +
        (this.nesting ? 8 : 0) +
        (this.materialized === undefined ? 0 : this.materialized ? 16 : 32),
    );
    this.query.walk(key);
  }
}
/** `table TABLESAMPLE method(percent)`. */
export class TableSample extends Alias {
  override readonly kind = "tableSample";
  readonly method: string;
  readonly sampling: Expression;
  readonly seed: Expression | undefined;
  constructor(of: FromClause, method: string, sampling: Expression, seed?: Expression, name?: string) {
    super(of, name);
    if (!/^[a-z_]+$/i.test(method)) throw new ArgumentError(`tablesample(): '${method}' is not a method name.`);
    this.method = method;
    this.sampling = sampling;
    this.seed = seed;
  }
  override walkReference(key: KeyWriter): void {
    if (!key.first(this)) return;
    key.text(this.aliasName ?? "");
    key.text(this.method);
    key.id(this.seed === undefined ? 0 : 1);
    this.of.walk(key);
    this.sampling.walk(key);
    this.seed?.walk(key);
  }
}

/** A column that a VALUES list or a table function is said to have. */
export interface NamedColumn {
  readonly key: string;
  readonly columnName: string;
  readonly type: SqlType;
}
/** What `DerivedColumn` looks through to when there is nothing behind a column but its type. */
class DeclaredColumn extends Expression {
  readonly kind = "declaredColumn";
  readonly type: SqlType;
  constructor(type: SqlType) {
    super();
    this.type = type;
  }
  walk(key: KeyWriter): void {
    key.id(this.type.id);
  }
}
abstract class Declared extends FromClause {
  readonly declared: readonly NamedColumn[];
  readonly columns: readonly ColumnReference[];
  readonly fromName: string | undefined;
  constructor(declared: readonly NamedColumn[], name: string | undefined) {
    super();
    this.declared = declared;
    this.fromName = name;
    this.columns = declared.map((c, i) => new DerivedColumn(this, c.key, c.columnName, new DeclaredColumn(c.type), i));
  }
  get nameHint(): string {
    return "anon";
  }
  walk(key: KeyWriter): void {
    this.walkReference(key);
  }
  walkReference(key: KeyWriter): void {
    if (!key.first(this)) return;
    this.walkContent(key);
    key.text(this.fromName ?? "");
    key.id(this.declared.length);
    for (const c of this.declared) {
      key.text(c.columnName);
      key.id(c.type.id);
    }
  }
  protected abstract walkContent(key: KeyWriter): void;
}
/** `(VALUES (1, 'a'), (2, 'b')) AS name (id, label)`. */
export class ValuesClause extends Declared {
  readonly kind = "values";
  readonly rows: readonly (readonly Expression[])[];
  constructor(columns: readonly NamedColumn[], rows: readonly (readonly Expression[])[], name?: string) {
    super(columns, name);
    this.rows = rows;
  }
  override alias(name?: string): Alias {
    // A VALUES list cannot be named twice: another name is another clause.
    return new ValuesClause(this.declared, this.rows, name) as FromClause as Alias;
  }
  protected walkContent(key: KeyWriter): void {
    key.id(OP.rows);
    key.id(this.rows.length);
    for (const row of this.rows) for (const value of row) value.walk(key);
  }
}
export interface TableFunctionOptions {
  /** Writes the column names behind the alias: `AS f(a, b)`; "typed" with their types, `AS f(a INTEGER, b TEXT)`. */
  readonly derived: boolean | "typed";
  /** The name of the last column that numbers the rows. */
  readonly ordinality: string | undefined;
  readonly lateral: boolean;
}
/** A function in FROM: `generate_series(1, 10) AS n`, `json_each(doc)`. */
export class TableFunction extends Declared {
  readonly kind = "tableFunction";
  readonly call: Expression;
  readonly options: TableFunctionOptions;
  constructor(call: Expression, columns: readonly NamedColumn[], options: TableFunctionOptions, name?: string) {
    super(columns, name);
    this.call = call;
    this.options = options;
  }
  protected walkContent(key: KeyWriter): void {
    key.id(OP.tableFunction);
    key.id(
      (this.options.derived === "typed" ? 8 : this.options.derived ? 1 : 0) +
        (this.options.lateral ? 2 : 0) +
        (this.options.ordinality === undefined ? 0 : 4),
    );
    this.call.walk(key);
  }
}

export type JoinKind = "inner" | "left" | "full";
const NO_ROWS: readonly Expression[] = [];

/** `left JOIN right ON …` as a FROM clause of its own. */
export class Join extends FromClause {
  readonly kind = "join";
  readonly left: FromClause;
  readonly right: FromClause;
  readonly on: Expression;
  readonly joinKind: JoinKind;
  /** Which rows of its left side belong to entities: for the WHERE or ON of whoever reads from it. */
  readonly rows: readonly Expression[];
  constructor(
    left: FromClause,
    right: FromClause,
    on: Expression,
    joinKind: JoinKind,
    rows: readonly Expression[] = NO_ROWS,
  ) {
    super();
    this.left = left;
    this.right = right;
    this.on = on;
    this.joinKind = joinKind;
    this.rows = rows;
  }
  get fromName(): undefined {
    return undefined;
  }
  get columns(): readonly ColumnReference[] {
    return [...this.left.columns, ...this.right.columns];
  }
  override get leaves(): readonly FromClause[] {
    return [...this.left.leaves, ...this.right.leaves];
  }
  walk(key: KeyWriter): void {
    key.id(OP.join);
    key.id(this.joinKind === "inner" ? 1 : this.joinKind === "left" ? 2 : 3);
    this.left.walk(key);
    this.right.walk(key);
    this.on.walk(key);
  }
  walkReference(key: KeyWriter): void {
    this.walk(key);
  }
}

/** Selects whole entities or rows of a table as one position; expands to columns when no ORM reads the rows. */
export abstract class ItemElement extends Element {
  /** Name of the position in a row. */
  abstract readonly itemName: string;
  abstract readonly itemFrom: FromClause;
  abstract readonly itemColumns: readonly ColumnReference[];
  /** What SET is to hold for these values: an entity may have attributes that stand for columns. */
  changesFor(values: { readonly [key: string]: unknown }): { readonly [key: string]: unknown } {
    return values;
  }
  /** Rows of `values()`: what the entity knows beside its columns, as columns. */
  rowsFor(rows: readonly { readonly [key: string]: unknown }[]): typeof rows {
    return rows;
  }
  /** The table INSERT writes to, where `itemFrom` is none. */
  get itemTable(): FromClause | undefined {
    return undefined;
  }
  /** Which of the rows of `itemFrom` belong to the item; part of its identity, so keys need not say it. */
  get itemCriterion(): Expression | undefined {
    return undefined;
  }
}
/** `select(coreTable)`: one nested object per row. */
export class TableItem extends ItemElement {
  readonly kind = "tableItem";
  readonly itemFrom: FromClause;
  constructor(from: FromClause) {
    super();
    this.itemFrom = from;
  }
  get itemName(): string {
    return this.itemFrom.fromName ?? "row";
  }
  get itemColumns(): readonly ColumnReference[] {
    return this.itemFrom.columns;
  }
  walk(key: KeyWriter): void {
    key.id(OP.table);
    this.itemFrom.walk(key);
  }
}

/** One step towards the target of a relationship. */
export interface JoinStep {
  readonly target: FromClause;
  readonly on: Expression;
  /** Which rows of the target belong to its entity. */
  readonly narrow?: Expression | undefined;
}
/** What a relationship attribute answers when it is joined. */
export interface JoinSteps {
  readonly source: FromClause;
  readonly steps: readonly JoinStep[];
}

/** A table, alias, subquery or model class as a FROM clause; undefined for anything else. */
export function asFrom(value: unknown): FromClause | undefined {
  if (value instanceof FromClause) return value;
  if ((typeof value === "object" && value !== null) || typeof value === "function") {
    return (value as { readonly [fromClause]?: FromClause })[fromClause];
  }
  return undefined;
}
export function asEntity(value: unknown): ItemElement | undefined {
  if ((typeof value === "object" && value !== null) || typeof value === "function") {
    return (value as { readonly [entityElement]?: ItemElement })[entityElement];
  }
  return undefined;
}
/** The criteria that tell which rows belong to an entity, or to those a join has on its left. */
export function rowsOf(value: unknown): readonly Expression[] {
  if (value instanceof Join) return value.rows;
  const own = asEntity(value)?.itemCriterion;
  return own === undefined ? NO_ROWS : [own];
}
export function requireFrom(value: unknown, where: string): FromClause {
  const from = asFrom(value);
  if (from === undefined) throw new ArgumentError(`${where}: a table, model, alias or subquery is needed.`);
  return from;
}
