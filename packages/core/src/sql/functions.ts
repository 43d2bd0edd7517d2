/** Function calls, CASE, CAST, windows and subqueries as expressions. */
import { ArgumentError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import {
  BOOLEAN,
  DATE,
  DATETIME,
  DOUBLE,
  INTEGER,
  NULL_TYPE,
  NUMERIC,
  type SqlType,
  STRING,
  TIME,
} from "../types/sql-type.js";
import type { Element } from "./element.js";
import { Constant, columnOperand, criterion, Expression, Ordering, operand, STAR } from "./expression.js";
import type { FromClause } from "./from.js";
import { type KeyWriter, OP } from "./key.js";

const FUNCTION_NAME = /^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)*$/;

/** `name(args)` with FILTER, WITHIN GROUP and OVER. */
export class FunctionCall extends Expression {
  readonly kind: string = "call";
  readonly functionName: string;
  readonly args: readonly Expression[];
  readonly type: SqlType;
  readonly isDistinct: boolean;
  readonly aggregateOrder: readonly Ordering[];
  constructor(
    name: string,
    args: readonly Expression[],
    type: SqlType,
    isDistinct = false,
    order: readonly Ordering[] = [],
  ) {
    super();
    if (!FUNCTION_NAME.test(name)) throw new ArgumentError(`func: '${name}' is not a function name.`);
    this.functionName = name;
    this.args = args;
    this.type = type;
    this.isDistinct = isDistinct;
    this.aggregateOrder = order;
  }
  override get name(): string {
    return this.functionName;
  }
  /** The same call with other arguments; subclasses keep what they are. */
  rebuilt(args: readonly Expression[], isDistinct: boolean, order: readonly Ordering[]): FunctionCall {
    return new FunctionCall(this.functionName, args, this.type, isDistinct, order);
  }
  distinct(): FunctionCall {
    return this.rebuilt(this.args, true, this.aggregateOrder);
  }
  /** ORDER BY inside the call: `array_agg(x ORDER BY y)`. */
  aggregateOrderBy(...by: unknown[]): FunctionCall {
    return this.rebuilt(this.args, this.isDistinct, by.map(ordering));
  }
  filter(...criteria: unknown[]): Filtered {
    return new Filtered(this, criteria.map(criterion));
  }
  withinGroup(...by: unknown[]): WithinGroup {
    return new WithinGroup(this, by.map(ordering));
  }
  over(window: WindowOptions = {}): Over {
    return new Over(this, window);
  }
  walk(key: KeyWriter): void {
    // A subclass may render in another way and add fields: it has to walk them itself to be cached.
    if (this.constructor !== FunctionCall && !Object.hasOwn(Object.getPrototypeOf(this) as object, "walk"))
      key.cacheable = false;
    key.id(this.isDistinct ? -OP.call : OP.call);
    if (this.kind !== "call") key.text(this.kind);
    key.text(this.functionName);
    key.id(this.type.id);
    key.id(this.args.length);
    for (const arg of this.args) arg.walk(key);
    key.id(this.aggregateOrder.length);
    for (const by of this.aggregateOrder) by.walk(key);
  }
}
export class Filtered extends Expression {
  readonly kind = "filtered";
  readonly call: FunctionCall | WithinGroup;
  readonly criteria: readonly Expression[];
  constructor(call: FunctionCall | WithinGroup, criteria: readonly Expression[]) {
    super();
    this.call = call;
    this.criteria = criteria;
  }
  get type(): SqlType {
    return this.call.type;
  }
  override get name(): string | undefined {
    return this.call.name;
  }
  over(window: WindowOptions = {}): Over {
    return new Over(this, window);
  }
  walk(key: KeyWriter): void {
    key.id(OP.filter);
    key.id(this.criteria.length);
    this.call.walk(key);
    for (const c of this.criteria) c.walk(key);
  }
}
export class WithinGroup extends Expression {
  readonly kind = "withinGroup";
  readonly call: FunctionCall;
  readonly by: readonly Ordering[];
  constructor(call: FunctionCall, by: readonly Ordering[]) {
    super();
    this.call = call;
    this.by = by;
  }
  get type(): SqlType {
    return this.call.type;
  }
  override get name(): string {
    return this.call.functionName;
  }
  filter(...criteria: unknown[]): Filtered {
    return new Filtered(this, criteria.map(criterion));
  }
  over(window: WindowOptions = {}): Over {
    return new Over(this, window);
  }
  walk(key: KeyWriter): void {
    key.id(OP.withinGroup);
    this.call.walk(key);
    key.id(this.by.length);
    for (const o of this.by) o.walk(key);
  }
}

/**
 * A frame bound: null is UNBOUNDED, 0 CURRENT ROW, negative PRECEDING, positive FOLLOWING. An expression, such as an
 * interval in RANGE, says its direction.
 */
export type FrameBound = number | null | { readonly preceding: unknown } | { readonly following: unknown };
/** A bound as the compiler reads it. */
export type FrameEdge = number | null | { readonly direction: "PRECEDING" | "FOLLOWING"; readonly by: Expression };
function edge(bound: FrameBound): FrameEdge {
  if (bound === null || Number.isSafeInteger(bound)) return bound as number | null;
  if (typeof bound === "object") {
    if ("preceding" in bound) return { direction: "PRECEDING", by: operand(bound.preceding) };
    if ("following" in bound) return { direction: "FOLLOWING", by: operand(bound.following) };
  }
  throw new ArgumentError("over(): a frame bound is a whole number, null, { preceding: … } or { following: … }.");
}
const EXCLUSIONS: readonly unknown[] = ["CURRENT ROW", "GROUP", "TIES", "NO OTHERS"];
export interface WindowOptions {
  readonly partitionBy?: unknown;
  readonly orderBy?: unknown;
  readonly rows?: readonly [FrameBound, FrameBound];
  readonly range?: readonly [FrameBound, FrameBound];
  readonly groups?: readonly [FrameBound, FrameBound];
  readonly exclude?: "CURRENT ROW" | "GROUP" | "TIES" | "NO OTHERS";
}
const WINDOW = [
  "partitionBy",
  "orderBy",
  "rows",
  "range",
  "groups",
  "exclude",
] as const satisfies readonly (keyof WindowOptions)[];
export class Over extends Expression {
  readonly kind = "over";
  readonly call: Expression;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly Ordering[];
  readonly frame:
    | { readonly unit: "ROWS" | "RANGE" | "GROUPS"; readonly start: FrameEdge; readonly end: FrameEdge }
    | undefined;
  readonly exclude: WindowOptions["exclude"];
  constructor(call: Expression, window: WindowOptions) {
    super();
    requireKnownOptions(window, WINDOW, "over()", "over.option");
    this.call = call;
    this.partitionBy = list(window.partitionBy).map((e) => columnOperand(e, "partitionBy"));
    this.orderBy = list(window.orderBy).map(ordering);
    const frames = [
      ["ROWS", window.rows],
      ["RANGE", window.range],
      ["GROUPS", window.groups],
    ] as const;
    const given = frames.filter(([, bounds]) => bounds !== undefined);
    if (given.length > 1) throw new ArgumentError("over(): rows, range and groups exclude each other; give one.");
    const [unit, bounds] = given[0] ?? [];
    this.frame =
      unit === undefined || bounds === undefined ? undefined : { unit, start: edge(bounds[0]), end: edge(bounds[1]) };
    this.exclude = window.exclude;
    if (this.exclude !== undefined && !EXCLUSIONS.includes(this.exclude))
      throw new ArgumentError(`over(): exclude is one of ${EXCLUSIONS.join(", ")}.`);
    if (this.exclude !== undefined && this.frame === undefined)
      throw new ArgumentError("over(): exclude takes rows from a frame; give rows, range or groups.");
  }
  get type(): SqlType {
    return this.call.type;
  }
  override get name(): string | undefined {
    return this.call.name;
  }
  walk(key: KeyWriter): void {
    key.id(OP.over);
    this.call.walk(key);
    key.id(this.partitionBy.length);
    for (const e of this.partitionBy) e.walk(key);
    key.id(this.orderBy.length);
    for (const o of this.orderBy) o.walk(key);
    key.text(
      this.frame === undefined ? "" : `${this.frame.unit} ${edgeKey(this.frame.start)} ${edgeKey(this.frame.end)}`,
    );
    for (const bound of this.frame === undefined ? [] : [this.frame.start, this.frame.end])
      if (typeof bound === "object" && bound !== null) bound.by.walk(key);
    key.text(this.exclude ?? "");
  }
}

const edgeKey = (bound: FrameEdge): string =>
  typeof bound === "object" && bound !== null ? bound.direction : String(bound);

/** `ROLLUP(a, b)`, `CUBE(a, b)` and `GROUPING SETS ((a), (b), ())` in GROUP BY. */
export class Grouping extends Expression {
  readonly kind = "grouping";
  readonly how: "ROLLUP" | "CUBE" | "GROUPING SETS";
  readonly sets: readonly (readonly Expression[])[];
  readonly type = NULL_TYPE;
  constructor(how: Grouping["how"], sets: readonly (readonly Expression[])[]) {
    super();
    this.how = how;
    this.sets = sets;
  }
  walk(key: KeyWriter): void {
    key.id(OP.grouping);
    key.id(this.how === "ROLLUP" ? 1 : this.how === "CUBE" ? 2 : 3);
    key.id(this.sets.length);
    for (const set of this.sets) {
      key.id(set.length);
      for (const e of set) e.walk(key);
    }
  }
}
export class Case extends Expression {
  readonly kind = "case";
  readonly subject: Expression | undefined;
  readonly branches: readonly (readonly [Expression, Expression])[];
  readonly otherwise: Expression | undefined;
  readonly type: SqlType;
  constructor(subject: Expression | undefined, branches: Case["branches"], otherwise: Expression | undefined) {
    super();
    this.subject = subject;
    this.branches = branches;
    this.otherwise = otherwise;
    const results = [...branches.map(([, result]) => result), ...(otherwise ? [otherwise] : [])];
    this.type = results.find((r) => r.type !== NULL_TYPE)?.type ?? NULL_TYPE;
  }
  when(condition: unknown, result: unknown): Case {
    const test = this.subject === undefined ? criterion(condition) : operand(condition, this.subject.type);
    return new Case(
      this.subject,
      [...this.branches, [test, operand(result, this.branches[0]?.[1].type)]],
      this.otherwise,
    );
  }
  else(result: unknown): Case {
    return new Case(this.subject, this.branches, operand(result, this.branches[0]?.[1].type));
  }
  /** Without ELSE: null where no branch fits. */
  end(): Case {
    return this;
  }
  walk(key: KeyWriter): void {
    key.id(OP.case);
    key.id(this.branches.length * 4 + (this.subject ? 1 : 0) + (this.otherwise ? 2 : 0));
    this.subject?.walk(key);
    for (const [test, result] of this.branches) {
      test.walk(key);
      result.walk(key);
    }
    this.otherwise?.walk(key);
  }
}
export class Cast extends Expression {
  readonly kind = "cast";
  readonly expression: Expression;
  readonly type: SqlType;
  /** Only the type in JavaScript changes, no CAST is rendered. */
  readonly coerceOnly: boolean;
  constructor(expression: Expression, type: SqlType, coerceOnly = false) {
    super();
    this.expression = expression;
    this.type = type;
    this.coerceOnly = coerceOnly;
  }
  override get name(): string | undefined {
    return this.expression.name;
  }
  walk(key: KeyWriter): void {
    key.id(this.coerceOnly ? OP.typeCoerce : OP.cast);
    key.id(this.type.id);
    this.expression.walk(key);
  }
}
/** A cast that gives NULL where the value has no such form. */
export class TryCast extends Expression {
  readonly kind = "tryCast";
  readonly expression: Expression;
  readonly type: SqlType;
  constructor(expression: Expression, type: SqlType) {
    super();
    this.expression = expression;
    this.type = type;
  }
  override get name(): string | undefined {
    return this.expression.name;
  }
  walk(key: KeyWriter): void {
    key.id(OP.tryCast);
    key.id(this.type.id);
    this.expression.walk(key);
  }
}
/** A query of one column as an expression. */
export class ScalarSubquery extends Expression {
  readonly kind = "scalarSubquery";
  readonly query: Element;
  readonly type: SqlType;
  constructor(query: Element, type: SqlType) {
    super();
    this.query = query;
    this.type = type;
  }
  walk(key: KeyWriter): void {
    key.id(OP.scalar);
    this.query.walk(key);
  }
}
export class Exists extends Expression {
  readonly kind = "exists";
  readonly query: Element;
  readonly type = BOOLEAN;
  constructor(query: Element) {
    super();
    this.query = query;
  }
  walk(key: KeyWriter): void {
    key.id(OP.exists);
    this.query.walk(key);
  }
}
/** NULL as a column of a type: what a member of a UNION has in the place of a column that only others have. */
export class NullOf extends Expression {
  readonly kind = "nullOf";
  readonly type: SqlType;
  constructor(type: SqlType) {
    super();
    this.type = type;
  }
  walk(key: KeyWriter): void {
    key.id(OP.nullOf);
    key.id(this.type.id);
  }
}
/** `count(*)`'s star qualified, or SQL the user vouches for: `literalColumn("1")`. */
export class LiteralColumn extends Expression {
  readonly kind = "literalColumn";
  readonly sql: string;
  readonly type: SqlType;
  constructor(sql: string, type: SqlType = NULL_TYPE) {
    super();
    this.sql = sql;
    this.type = type;
  }
  override get name(): string {
    return this.sql;
  }
  walk(key: KeyWriter): void {
    key.id(OP.raw);
    key.text(this.sql);
    key.id(this.type.id);
  }
}

/** A part of an index as a database gives it back: with what stands behind it, so that parentheses would be wrong. */
export class IndexedSql extends LiteralColumn {}
/** A text written into the statement, quoted: for places where databases take no parameter. Part of the key. */
export class TextLiteral extends Expression {
  readonly kind = "textLiteral";
  readonly value: string;
  readonly type = STRING;
  constructor(value: string) {
    super();
    this.value = value;
  }
  walk(key: KeyWriter): void {
    key.id(-OP.raw);
    key.id(-1);
    key.text(this.value);
  }
}
/** All columns of one table: `t.*`. */
export class TableStar extends Expression {
  readonly kind = "tableStar";
  readonly from: FromClause;
  readonly type = NULL_TYPE;
  constructor(from: FromClause) {
    super();
    this.from = from;
  }
  walk(key: KeyWriter): void {
    key.id(OP.star);
    this.from.walkReference(key);
  }
}

function list(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
export function ordering(value: unknown): Ordering {
  return value instanceof Ordering ? value : new Ordering(columnOperand(value, "orderBy"), undefined);
}

const sameType = (args: readonly Expression[]): SqlType => args.find((a) => a.type !== NULL_TYPE)?.type ?? NULL_TYPE;
/** Result types of the functions known by name; `sum` of an integer stays exact because databases widen it. */
export const KNOWN_FUNCTIONS: { readonly [name: string]: (args: readonly Expression[]) => SqlType } = {
  count: () => INTEGER,
  sum: sameType,
  avg: () => DOUBLE,
  min: sameType,
  max: sameType,
  lower: () => STRING,
  upper: () => STRING,
  length: () => INTEGER,
  char_length: () => INTEGER,
  coalesce: sameType,
  nullif: sameType,
  abs: sameType,
  round: (args) => (args[0]?.type.kind === "numeric" ? NUMERIC : DOUBLE),
  now: () => DATETIME,
  current_timestamp: () => DATETIME,
  current_date: () => DATE,
  random: () => DOUBLE,
  row_number: () => INTEGER,
  rank: () => INTEGER,
  dense_rank: () => INTEGER,
  percent_rank: () => DOUBLE,
  cume_dist: () => DOUBLE,
  ntile: () => INTEGER,
  lag: sameType,
  lead: sameType,
  first_value: sameType,
  last_value: sameType,
  nth_value: sameType,
  concat: () => STRING,
  replace: () => STRING,
  trim: () => STRING,
  substr: () => STRING,
  group_concat: () => STRING,
  aggregate_strings: () => STRING,
  mode: sameType,
  percentile_cont: () => DOUBLE,
  percentile_disc: sameType,
  ceil: sameType,
  floor: sameType,
  sign: () => INTEGER,
  sqrt: () => DOUBLE,
  power: () => DOUBLE,
  greatest: sameType,
  least: sameType,
  left: () => STRING,
  right: () => STRING,
  ltrim: () => STRING,
  rtrim: () => STRING,
  reverse: () => STRING,
  lpad: () => STRING,
  rpad: () => STRING,
  position: () => INTEGER,
  current_time: () => TIME,
  stddev: () => DOUBLE,
  variance: () => DOUBLE,
  bool_and: () => BOOLEAN,
  bool_or: () => BOOLEAN,
  string_agg: () => STRING,
};
export function callFunction(name: string, args: readonly unknown[], type?: SqlType): FunctionCall {
  const expressions = args.map((a) => operand(a));
  const known = KNOWN_FUNCTIONS[name.toLowerCase()];
  return new FunctionCall(name, expressions, type ?? known?.(expressions) ?? NULL_TYPE);
}
/** `aggregate_strings(what, separator)`: string_agg, group_concat. */
export function aggregateStrings(what: unknown, separator: unknown): FunctionCall {
  if (typeof separator !== "string") throw new ArgumentError("func.aggregateStrings(): the separator is a text.");
  return new FunctionCall("aggregate_strings", [operand(what), new TextLiteral(separator)], STRING);
}
export function countOf(what?: unknown): FunctionCall {
  return new FunctionCall("count", [what === undefined ? STAR : operand(what)], INTEGER);
}
export { Constant };
