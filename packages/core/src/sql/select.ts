/** SELECT and set operations. Every method gives a new statement. Source: SQLAlchemy "Using SELECT Statements". */

import { ArgumentError, showParameter } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import { CreateTableAs, type CreateTableAsOptions } from "../schema/ddl.js";
import { INTEGER, NULL_TYPE, type SqlType } from "../types/sql-type.js";
import { Element, entityElement, innerStatement, joinSteps } from "./element.js";
import { Bind, columnOperand, conjunction, criterion, Expression, type Ordering, operand } from "./expression.js";
import { EXTENSION_POINTS, SyntaxExtension } from "./extension.js";
import { type ForUpdate, type ForUpdateOptions, forUpdateOf } from "./for-update.js";
import {
  asEntity,
  asFrom,
  ColumnReference,
  type Cte,
  type CteOptions,
  cteOf,
  type FromClause,
  forDialect,
  ItemElement,
  Join,
  type JoinKind,
  type JoinSteps,
  rawWords,
  requireFrom,
  rowsOf,
  Subquery,
  type Subselectable,
  TableItem,
} from "./from.js";
import { Exists, ordering, ScalarSubquery } from "./functions.js";
import { type KeyWriter, OP } from "./key.js";
import { requireSelectable } from "./no-value.js";
import { and } from "./operators.js";
import {
  type ColumnDescription,
  columnNamed,
  describeItems,
  exportedColumnsOf,
  LABEL_STYLES,
  type LabelStyle,
  orderedColumn,
  type SelectItem,
} from "./select-list.js";
import { Statement } from "./statement.js";

export type { ForUpdate } from "./for-update.js";

/** A join as written: where it attaches is decided when the statement is compiled. */
export interface JoinSpec {
  readonly target: FromClause;
  readonly on: Expression | undefined;
  readonly kind: JoinKind;
  /** The clause a relationship starts from. */
  readonly source: FromClause | undefined;
  /** Which rows of the target belong to the entity that is joined; a part of ON. */
  readonly narrow?: Expression | undefined;
}

/** SQL words the program vouches for, at a fixed place of a SELECT. */
export interface StatementWords {
  readonly place: "prefix" | "suffix" | "hint";
  readonly words: Element;
  readonly dialect: string | undefined;
  /** For hints on a table. */
  readonly on: FromClause | undefined;
}
export interface FetchClause {
  readonly withTies: boolean;
  readonly percent: boolean;
}

const EMPTY: readonly never[] = [];

export function selectItem(value: unknown): SelectItem {
  if (value instanceof Expression || value instanceof ItemElement) return value;
  const entity = asEntity(value);
  if (entity !== undefined) return entity;
  const from = asFrom(value);
  if (from !== undefined) return new TableItem(from);
  requireSelectable(value);
  return columnOperand(value, "select and returning");
}

/** What SELECT and UNION share: ordering, limits, and being a subquery. */
export abstract class QueryStatement extends Statement implements Subselectable {
  readonly orderByList: readonly Ordering[] = EMPTY;
  readonly limitValue: Expression | undefined = undefined;
  readonly offsetValue: Expression | undefined = undefined;
  /** `limitValue` is written as FETCH FIRST. */
  readonly fetchClause: FetchClause | undefined = undefined;
  readonly ctes: readonly Cte[] = EMPTY;
  abstract readonly selected: readonly SelectItem[];

  orderBy(...by: unknown[]): this {
    if (by.length === 1 && by[0] === null) return this.with({ orderByList: EMPTY });
    return this.with({ orderByList: [...this.orderByList, ...by.map((b) => ordering(b))] });
  }
  limit(n: unknown): this {
    return this.with({ limitValue: rowCount("limit", n), fetchClause: undefined });
  }
  offset(n: unknown): this {
    return this.with({ offsetValue: rowCount("offset", n) });
  }
  addCte(...ctes: Cte[]): this {
    return this.with({ ctes: [...this.ctes, ...ctes] });
  }
  union(...others: unknown[]): CompoundStatement {
    return compound("UNION", this, others);
  }
  unionAll(...others: unknown[]): CompoundStatement {
    return compound("UNION ALL", this, others);
  }
  intersect(...others: unknown[]): CompoundStatement {
    return compound("INTERSECT", this, others);
  }
  intersectAll(...others: unknown[]): CompoundStatement {
    return compound("INTERSECT ALL", this, others);
  }
  except(...others: unknown[]): CompoundStatement {
    return compound("EXCEPT", this, others);
  }
  exceptAll(...others: unknown[]): CompoundStatement {
    return compound("EXCEPT ALL", this, others);
  }
  /** `FETCH FIRST n ROWS ONLY`, with ties or percent where the database has them. Takes the place of `limit()`. */
  fetch(n: unknown, options: { readonly withTies?: boolean; readonly percent?: boolean } = {}): this {
    requireKnownOptions(options, ["withTies", "percent"], "fetch()", "select.option");
    const fetchValue: FetchClause | undefined =
      n === null ? undefined : { withTies: options.withTies ?? false, percent: options.percent ?? false };
    return this.with({ limitValue: rowCount("fetch", n), fetchClause: fetchValue });
  }
  /** Rows `from` to `to` of the result, counted within what `limit` and `offset` leave; `to` is not included. */
  slice(from: number, to: number): this {
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to < from) {
      throw new ArgumentError(
        `slice(): whole numbers with 0 <= from <= to are needed, not ${String(from)} and ${String(to)}.`,
      );
    }
    return this.with({
      limitValue: rowCount("slice", to - from),
      offsetValue: from === 0 ? undefined : rowCount("slice", from),
      fetchClause: undefined,
    });
  }
  subquery(name?: string): Subquery {
    return new Subquery(this, name);
  }
  lateral(name?: string): Subquery {
    return new Subquery(this, name, true);
  }
  cte(name: string, options: CteOptions = {}): Cte {
    return cteOf(this, name, options);
  }
  scalar(): Expression {
    return this.asScalar();
  }
  asScalar(): Expression {
    return new ScalarSubquery(this, this.exportedColumns[0]?.expression.type ?? NULL_TYPE);
  }
  exists(): Expression {
    return new Exists(this);
  }
  /** CREATE TABLE of the rows. Its `table` is for FROM once it has run. */
  into(name: string, options?: CreateTableAsOptions): CreateTableAs {
    return new CreateTableAs(name, this, options);
  }
  abstract get exportedColumns(): Subselectable["exportedColumns"];
  /** What each position of a row is. */
  get columnDescriptions(): readonly ColumnDescription[] {
    return describeItems(this.selected, this.exportedColumns);
  }
  protected walkShared(key: KeyWriter): void {
    key.id(this.orderByList.length);
    for (const o of this.orderByList) o.walk(key);
    const fetch = this.fetchClause;
    key.id(
      (this.limitValue ? 1 : 0) +
        (this.offsetValue ? 2 : 0) +
        (fetch ? 4 + (fetch.withTies ? 8 : 0) + (fetch.percent ? 16 : 0) : 0),
    );
    this.limitValue?.walk(key);
    this.offsetValue?.walk(key);
    key.id(this.ctes.length);
    for (const c of this.ctes) c.walk(key);
  }
}

export function rowCount(what: string, n: unknown): Expression | undefined {
  if (n === null) return undefined;
  if (n instanceof Element) return operand(n);
  if (typeof n !== "number" || !Number.isSafeInteger(n) || n < 0) {
    throw new ArgumentError(`${what}(): a whole number of 0 or more is needed, not ${showParameter(n)}.`);
  }
  return new Bind(n, INTEGER);
}

export class SelectStatement extends QueryStatement {
  readonly kind = "select";
  readonly selected: readonly SelectItem[];
  readonly froms: readonly FromClause[] = EMPTY;
  readonly joins: readonly JoinSpec[] = EMPTY;
  readonly criteria: readonly Expression[] = EMPTY;
  readonly groupByList: readonly Expression[] = EMPTY;
  readonly havingList: readonly Expression[] = EMPTY;
  readonly distinctValue: boolean | readonly Expression[] = false;
  readonly forUpdate: ForUpdate | undefined = undefined;
  /** undefined: automatic; a list: only these are taken from the enclosing statement. */
  readonly correlated: readonly FromClause[] | undefined = undefined;
  readonly uncorrelated: readonly FromClause[] | undefined = undefined;
  readonly optionList: readonly Element[] = EMPTY;
  /** Words after SELECT, after the statement, and hints; `dialect` undefined means everywhere. */
  readonly words: readonly StatementWords[] = EMPTY;
  readonly labelStyle: LabelStyle = "disambiguateOnly";
  /** Tables read without those that inherit from them. */
  readonly onlyFroms: readonly FromClause[] = EMPTY;
  readonly extensions: readonly SyntaxExtension[] = EMPTY;

  constructor(items: readonly SelectItem[]) {
    super();
    this.selected = items;
  }
  where(...criteria: unknown[]): this {
    return this.with({ criteria: [...this.criteria, ...criteria.map(criterion)] });
  }
  filter(...criteria: unknown[]): this {
    return this.where(...criteria);
  }
  /**
   * Equality by name, looked for in everything the statement reads from.
   *
   * @throws ArgumentError for a name that nothing or more than one of them has
   */
  filterBy(values: { readonly [key: string]: unknown }): this {
    const entities = this.entities();
    if (entities.length === 0) throw new ArgumentError("filterBy(): the statement selects from nothing yet.");
    if (typeof values !== "object" || values === null)
      throw new ArgumentError(
        'filterBy(): values by column are needed, such as { name: "Ann" }.',
        "argument.undefined",
      );
    const criteria = Object.keys(values).map((key) => {
      const value = values[key];
      if (value === undefined) throw new ArgumentError(`filterBy(): '${key}' is undefined.`, "argument.undefined");
      return columnNamed(entities, key).eq(value);
    });
    return this.with({ criteria: [...this.criteria, ...criteria] });
  }
  /** What the rows are read from, as far as it is said: selected, named by selectFrom() and joined. */
  protected entities(): readonly FromClause[] {
    const found: FromClause[] = [];
    const add = (from: FromClause) => {
      if (from instanceof Join) from.leaves.forEach(add);
      else if (!found.includes(from)) found.push(from);
    };
    for (const item of this.selected) {
      if (item instanceof ItemElement) {
        if (!found.includes(item.itemFrom)) found.push(item.itemFrom);
      } else if (item instanceof ColumnReference) {
        const { viewer } = item;
        if (viewer === undefined) add(item.from);
        else if (!found.includes(viewer.itemFrom)) found.push(viewer.itemFrom);
      }
    }
    for (const from of this.froms) if (!found.some((f) => f.leaves.includes(from))) add(from);
    for (const join of this.joins) {
      if (join.source !== undefined && !found.some((f) => f.leaves.includes(join.source as FromClause)))
        add(join.source);
      add(join.target);
    }
    return found;
  }
  having(...criteria: unknown[]): this {
    return this.with({ havingList: [...this.havingList, ...criteria.map(criterion)] });
  }
  groupBy(...by: unknown[]): this {
    return this.with({ groupByList: [...this.groupByList, ...by.map((e) => columnOperand(e, "groupBy"))] });
  }
  distinct(...on: unknown[]): this {
    return this.with({ distinctValue: on.length === 0 ? true : on.map((e) => columnOperand(e, "distinct")) });
  }
  selectFrom(...froms: unknown[]): this {
    return this.with({
      froms: [...this.froms, ...froms.map((f) => requireFrom(f, "selectFrom()"))],
      criteria: this.withRowsOf(froms),
    });
  }
  /** The criteria, and which rows belong to entities that are read from. */
  protected withRowsOf(entities: readonly unknown[]): readonly Expression[] {
    let { criteria } = this;
    for (const entity of entities)
      for (const own of rowsOf(entity)) if (!criteria.includes(own)) criteria = [...criteria, own];
    return criteria;
  }
  join(target: unknown, on?: unknown): this {
    return this.joinTo(target, on, "inner");
  }
  outerJoin(target: unknown, on?: unknown): this {
    return this.joinTo(target, on, "left");
  }
  leftJoin(target: unknown, on?: unknown): this {
    return this.joinTo(target, on, "left");
  }
  fullJoin(target: unknown, on?: unknown): this {
    return this.joinTo(target, on, "full");
  }
  /** With the left side named. */
  joinFrom(left: unknown, target: unknown, on?: unknown): this {
    const from = requireFrom(left, "joinFrom()");
    const base = this.froms.includes(from) ? this.with({ criteria: this.withRowsOf([left]) }) : this.selectFrom(left);
    return base.joinTo(target, on, "inner", from);
  }
  /** Not a private method: copies made by `with()` have none. */
  protected joinTo(target: unknown, on: unknown, kind: JoinKind, source?: FromClause): this {
    const relation =
      typeof target === "object" && target !== null
        ? (target as { readonly [joinSteps]?: JoinSteps })[joinSteps]
        : undefined;
    if (relation !== undefined) {
      const extra = on === undefined ? undefined : criterion(on);
      const specs = relation.steps.map((step, i): JoinSpec => {
        const last = i === relation.steps.length - 1;
        return {
          target: step.target,
          on: last && extra ? step.on.and(extra) : step.on,
          kind,
          source: i === 0 ? relation.source : undefined,
          narrow: step.narrow,
        };
      });
      return this.with({ joins: [...this.joins, ...specs] });
    }
    const from = requireFrom(target, "join()");
    const given = on === undefined ? undefined : criterion(on);
    const rows = rowsOf(target);
    const narrow = rows.length > 1 ? conjunction(and, rows) : rows[0];
    const spec: JoinSpec = { target: from, on: given, kind, source, narrow };
    return this.with({ joins: [...this.joins, spec] });
  }
  /** As `joinFrom`, with an outer join. */
  outerJoinFrom(left: unknown, target: unknown, on?: unknown): this {
    const from = requireFrom(left, "outerJoinFrom()");
    const base = this.froms.includes(from) ? this.with({ criteria: this.withRowsOf([left]) }) : this.selectFrom(left);
    return base.joinTo(target, on, "left", from);
  }
  /** Words after SELECT, such as sql`SQL_NO_CACHE`; with a dialect's name for that one only. */
  prefixWith(words: unknown, options: { readonly dialect?: string } = {}): this {
    return this.addWords("prefix", words, forDialect(options, "prefixWith()"));
  }
  /** Words at the end of the statement. */
  suffixWith(words: unknown, options: { readonly dialect?: string } = {}): this {
    return this.addWords("suffix", words, forDialect(options, "suffixWith()"));
  }
  /** Words behind a table in FROM, such as sql`USE INDEX (ix)`. */
  withHint(table: unknown, words: unknown, options: { readonly dialect?: string } = {}): this {
    return this.addWords("hint", words, forDialect(options, "withHint()"), requireFrom(table, "withHint()"));
  }
  /** A hint for the whole statement: a comment behind SELECT where the database reads it there, sql`/*+ NO_ICP(t) *\/`. */
  withStatementHint(words: unknown, options: { readonly dialect?: string } = {}): this {
    return this.addWords("prefix", words, forDialect(options, "withStatementHint()"));
  }
  protected addWords(
    place: StatementWords["place"],
    words: unknown,
    dialect: string | undefined,
    on?: FromClause,
  ): this {
    const entry: StatementWords = { place, words: rawWords(words, "Words for a statement"), dialect, on };
    return this.with({ words: [...this.words, entry] });
  }
  /** How columns are called in a row and in SQL. */
  setLabelStyle(style: LabelStyle): this {
    if (!LABEL_STYLES.includes(style))
      throw new ArgumentError(`setLabelStyle(): '${style}' is not one of ${LABEL_STYLES.join(", ")}.`);
    return this.with({ labelStyle: style });
  }
  /** PostgreSQL: rows of these tables alone, without those of tables that inherit from them. */
  only(...tables: unknown[]): this {
    return this.with({ onlyFroms: [...this.onlyFroms, ...tables.map((t) => requireFrom(t, "only()"))] });
  }
  /** A clause of the program's own at the place it names. */
  ext(extension: SyntaxExtension): this {
    return this.with({ extensions: [...this.extensions, checkedExtension(extension, this.kind)] });
  }
  withOnlyColumns(...items: unknown[]): this {
    return this.with({ selected: items.map(selectItem) });
  }
  addColumns(...items: unknown[]): this {
    return this.with({ selected: [...this.selected, ...items.map(selectItem)] });
  }
  correlate(...froms: unknown[]): this {
    return this.with({ correlated: froms[0] === null ? EMPTY : froms.map((f) => requireFrom(f, "correlate()")) });
  }
  correlateExcept(...froms: unknown[]): this {
    return this.with({ uncorrelated: froms.map((f) => requireFrom(f, "correlateExcept()")) });
  }
  withForUpdate(options: ForUpdateOptions = {}): this {
    return this.with({ forUpdate: forUpdateOf(options) });
  }
  /**
   * The rows of another statement, read as what this one selects: SQL text, a select, or a statement with RETURNING.
   * Columns are found by what they stand for, else by name. For sessions; a connection gives the rows as they are.
   */
  fromStatement(source: unknown): FromStatement {
    return new FromStatement(this, source);
  }
  /** Loader options of the ORM and other elements that know what to do with a statement. */
  options(...options: unknown[]): this {
    const elements = options.map((o) => {
      if (o instanceof Element) return o;
      throw new ArgumentError("options(): a loader option such as joinedLoad(User.c.posts) is needed.");
    });
    return this.with({ optionList: [...this.optionList, ...elements] });
  }
  get exportedColumns(): Subselectable["exportedColumns"] {
    const columns = exportedColumnsOf(this.selected, this.labelStyle);
    Object.defineProperty(this, "exportedColumns", { value: columns, enumerable: false });
    return columns;
  }
  walk(key: KeyWriter): void {
    key.id(OP.select);
    key.id(this.selected.length);
    for (const item of this.selected) item.walk(key);
    key.id(this.froms.length);
    for (const f of this.froms) f.walk(key);
    key.id(this.joins.length);
    for (const j of this.joins) {
      key.id(
        (j.kind === "inner" ? 1 : j.kind === "left" ? 2 : 3) +
          (j.on === undefined ? 4 : 0) +
          (j.source === undefined ? 8 : 0) +
          (j.narrow === undefined ? 0 : 16),
      );
      j.source?.walkReference(key);
      j.target.walk(key);
      j.on?.walk(key);
      j.narrow?.walk(key);
    }
    key.id(this.criteria.length);
    for (const c of this.criteria) c.walk(key);
    const distinct = this.distinctValue;
    key.id(distinct === false ? 0 : distinct === true ? 1 : 1 + distinct.length);
    if (typeof distinct !== "boolean") for (const d of distinct) d.walk(key);
    key.id(this.groupByList.length);
    for (const g of this.groupByList) g.walk(key);
    if (this.groupByList.length > 0 || distinct !== false) key.agrees = true;
    key.id(this.havingList.length);
    for (const h of this.havingList) h.walk(key);
    const lock = this.forUpdate;
    key.id(lock === undefined ? -1 : lock.of.length);
    if (lock !== undefined) {
      key.id((lock.read ? 1 : 0) + (lock.keyShare ? 2 : 0) + (lock.nowait ? 4 : 0) + (lock.skipLocked ? 8 : 0) + 16);
      for (const f of lock.of) f.walkReference(key);
    }
    key.id(this.correlated === undefined ? -1 : this.correlated.length);
    if (this.correlated !== undefined) for (const f of this.correlated) f.walkReference(key);
    key.id(this.uncorrelated === undefined ? -1 : this.uncorrelated.length);
    if (this.uncorrelated !== undefined) for (const f of this.uncorrelated) f.walkReference(key);
    key.id(this.words.length);
    for (const w of this.words) {
      key.id(w.place === "prefix" ? 1 : w.place === "suffix" ? 2 : 3);
      w.words.walk(key);
      key.text(w.dialect ?? "");
      w.on?.walkReference(key);
    }
    this.walkShared(key);
    key.id(LABEL_STYLES.indexOf(this.labelStyle) + 4 * this.onlyFroms.length);
    for (const f of this.onlyFroms) f.walkReference(key);
    walkExtensions(this.extensions, key);
    key.id(this.optionList.length);
    for (const o of this.optionList) o.walk(key);
    key.id(OP.end);
  }
}

export function checkedExtension(extension: unknown, kind: string): SyntaxExtension {
  const places = EXTENSION_POINTS[kind] ?? [];
  if (!(extension instanceof SyntaxExtension))
    throw new ArgumentError("ext(): an instance of a subclass of SyntaxExtension is needed.");
  if (!places.includes(extension.point))
    throw new ArgumentError(
      `ext(): '${extension.kind}' wants the place '${extension.point}', which a ${kind.toUpperCase()} has not; it has ${places.join(", ")}.`,
      "extension.point",
    );
  return extension;
}
export function walkExtensions(extensions: readonly SyntaxExtension[], key: KeyWriter): void {
  key.id(extensions.length);
  for (const extension of extensions) {
    key.id(OP.extension);
    key.text(extension.kind);
    extension.walk(key);
  }
}
/** A select whose rows another statement gives. Source: SQLAlchemy "Getting ORM Results from Textual Statements". */
export class FromStatement extends Statement {
  readonly kind = "fromStatement";
  /** What is wanted, and the loader options. */
  readonly query: SelectStatement;
  /** What is sent: SQL text, another select, or a statement with RETURNING. */
  readonly source: Element;
  constructor(query: SelectStatement, source: unknown) {
    super();
    const inner =
      source instanceof Element
        ? source
        : (source as { readonly [innerStatement]?: Element } | null | undefined)?.[innerStatement];
    if (inner === undefined)
      throw new ArgumentError(
        typeof source === "string"
          ? 'fromStatement(): write SQL as sql`…` or sql.text("…"), not as a plain string.'
          : "fromStatement(): a select, a statement with returning(), or SQL text is needed.",
      );
    this.query = query;
    this.source = inner;
  }
  /** Loader options for what comes back; those that would add joins are left to lazy loads. */
  options(...options: unknown[]): FromStatement {
    return this.with({ query: this.query.options(...options) });
  }
  walk(key: KeyWriter): void {
    key.id(-OP.select);
    this.query.walk(key);
    this.source.walk(key);
  }
}

export type SetOperator = "UNION" | "UNION ALL" | "INTERSECT" | "INTERSECT ALL" | "EXCEPT" | "EXCEPT ALL";
const SET_OPERATORS: readonly SetOperator[] = [
  "UNION",
  "UNION ALL",
  "INTERSECT",
  "INTERSECT ALL",
  "EXCEPT",
  "EXCEPT ALL",
];
export class CompoundStatement extends QueryStatement {
  readonly kind = "compound";
  readonly setOperator: SetOperator;
  readonly members: readonly QueryStatement[];
  readonly optionList: readonly Element[] = EMPTY;
  constructor(setOperator: SetOperator, members: readonly QueryStatement[]) {
    super();
    this.setOperator = setOperator;
    this.members = members;
  }
  get selected(): readonly SelectItem[] {
    return (this.members[0] as QueryStatement).selected;
  }
  get exportedColumns(): Subselectable["exportedColumns"] {
    return (this.members[0] as QueryStatement).exportedColumns;
  }
  walk(key: KeyWriter): void {
    key.id(OP.compound);
    key.id(SET_OPERATORS.indexOf(this.setOperator));
    key.id(this.members.length);
    for (const m of this.members) m.walk(key);
    this.walkShared(key);
    // Which of the columns is meant is not seen in the form alone.
    for (const o of this.orderByList) key.id(orderedColumn(this.exportedColumns, o.expression));
    key.id(OP.end);
  }
}
function compound(op: SetOperator, first: QueryStatement, others: readonly unknown[]): CompoundStatement {
  const members = others.map((o) => {
    const inner = o instanceof QueryStatement ? o : (o as { readonly [innerStatement]?: unknown })?.[innerStatement];
    if (inner instanceof QueryStatement) return inner;
    throw new ArgumentError(`${op.toLowerCase()}(): another select is needed.`);
  });
  if (members.length === 0) throw new ArgumentError(`${op.toLowerCase()}(): another select is needed.`);
  const all = [first, ...members];
  const width = first.exportedColumns.length;
  const odd = all.find((m) => m.exportedColumns.length !== width);
  if (odd !== undefined) {
    throw new ArgumentError(
      `${op.toLowerCase()}(): the members select ${width} and ${odd.exportedColumns.length} columns; they must agree.`,
    );
  }
  return new CompoundStatement(op, all);
}

export type { ColumnDescription, LabelStyle, SelectItem, SqlType };
export { describeItems, entityElement, exportedColumnsOf };
