/**
 * SQL expressions. `T`: the JavaScript value; `K`: the name it has in a row; `S`: the tables it reads, so that an
 * outer join can make it nullable. Operators return named interfaces: an error names `NumberExpr`, not a formula.
 */
import type { ColumnLike, Family, type as T_ } from "./faces.js";
import type { row, scalar } from "./rows.js";

export declare const family: unique symbol;
export declare const name: unique symbol;
export declare const source: unique symbol;

/** What may stand on the other side of an operator: a value, or an expression of the same type. */
export type Operand<T> = T | Typed<T | null>;
/** Anything usable as a criterion. */
export type Criterion = Typed<boolean | null>;

/** The face every signature asks for. It has no methods, so that checking an argument compares four properties, not thirty. */
export interface Typed<out T = unknown, out K extends string = string, out S extends string = string> {
  readonly [T_]: T;
  readonly [name]: K;
  readonly [source]: S;
  readonly [family]: Family;
}
export type AnyExpr = Typed;

export interface Expr<out T, out K extends string = never, out S extends string = never> extends Typed<T, K, S> {
  eq(other: Operand<T>): Condition;
  ne(other: Operand<T>): Condition;
  lt(other: Operand<T>): Condition;
  le(other: Operand<T>): Condition;
  gt(other: Operand<T>): Condition;
  ge(other: Operand<T>): Condition;
  in(other: readonly Operand<T>[] | Rows<readonly [T | null]>): Condition;
  notIn(other: readonly Operand<T>[] | Rows<readonly [T | null]>): Condition;
  between(low: Operand<T>, high: Operand<T>): Condition;
  isNull(): Condition;
  isNotNull(): Condition;
  notBetween(low: Operand<T>, high: Operand<T>): Condition;
  isDistinctFrom(other: Operand<T | null>): Condition;
  isNotDistinctFrom(other: Operand<T | null>): Condition;
  /** An operator the library does not name: `c.tags.boolOp("&&", other)`. */
  boolOp(operator: string, other: unknown): Condition;
  asc(): Ordering;
  desc(): Ordering;
  nullsFirst(): Ordering;
  nullsLast(): Ordering;
  /** An operator the library does not name, giving the same type: `c.path.op("#-", other)`; `typeCoerce` it for more operators. */
  op(operator: string, other: unknown, options?: { readonly precedence?: number }): PlainExpr<T, never, S>;
  as<N extends string>(label: N): Families<T, N, S>[this[typeof family]];
}
export interface Ordering {
  readonly ordering: true;
  asc(): Ordering;
  desc(): Ordering;
  nullsFirst(): Ordering;
  nullsLast(): Ordering;
}
/** What a statement gives back, as a tuple: the common face of select, set operations and RETURNING. */
export declare const rows: unique symbol;
export interface Rows<out R extends readonly unknown[]> {
  readonly [rows]: R;
}

export interface PlainExpr<out T, out K extends string = never, out S extends string = never> extends Expr<T, K, S> {
  readonly [family]: "plain";
}
export interface BooleanExpr<out T, out K extends string = never, out S extends string = never> extends Expr<T, K, S> {
  readonly [family]: "boolean";
  and(...other: Criterion[]): Condition;
  or(...other: Criterion[]): Condition;
  not(): Condition;
}
export interface Condition extends BooleanExpr<boolean | null> {}
export interface AffixOptions {
  readonly autoescape?: boolean;
  readonly escape?: string;
}
export interface TextExpr<out T, out K extends string = never, out S extends string = never> extends Expr<T, K, S> {
  readonly [family]: "text";
  like(pattern: Operand<string>, options?: { escape?: string }): Condition;
  notLike(pattern: Operand<string>, options?: { escape?: string }): Condition;
  ilike(pattern: Operand<string>, options?: { escape?: string }): Condition;
  notIlike(pattern: Operand<string>, options?: { escape?: string }): Condition;
  /** `autoescape` takes `%` and `_` in the given text literally. */
  startsWith(prefix: Operand<string>, options?: AffixOptions): Condition;
  endsWith(suffix: Operand<string>, options?: AffixOptions): Condition;
  contains(part: Operand<string>, options?: AffixOptions): Condition;
  /** The same, ignoring case. */
  iStartsWith(prefix: Operand<string>, options?: AffixOptions): Condition;
  iEndsWith(suffix: Operand<string>, options?: AffixOptions): Condition;
  iContains(part: Operand<string>, options?: AffixOptions): Condition;
  /** The pattern's syntax is the database's own. */
  regexpMatch(pattern: Operand<string>, options?: { readonly ignoreCase?: boolean }): Condition;
  regexpReplace(pattern: Operand<string>, replacement: Operand<string>): TextExpr<T, never, S>;
  /** Full-text search: MATCH … AGAINST on MySQL, `@@` on PostgreSQL. */
  match(query: Operand<string>): Condition;
  collate(name: string): TextExpr<T, never, S>;
  concat<S2 extends string = never, Z extends null = never>(
    other: string | Typed<string | Z, any, S2>,
  ): TextExpr<string | Extract<T, null> | Z, never, S | S2>;
}
export interface NumberExpr<out T, out K extends string = never, out S extends string = never> extends Expr<T, K, S> {
  readonly [family]: "number";
  add<V extends T | null, S2 extends string = never>(
    other: V | Typed<V, any, S2>,
  ): NumberExpr<T | Extract<V, null>, never, S | S2>;
  sub<V extends T | null, S2 extends string = never>(
    other: V | Typed<V, any, S2>,
  ): NumberExpr<T | Extract<V, null>, never, S | S2>;
  mul<V extends T | null, S2 extends string = never>(
    other: V | Typed<V, any, S2>,
  ): NumberExpr<T | Extract<V, null>, never, S | S2>;
  div<V extends T | null, S2 extends string = never>(
    other: V | Typed<V, any, S2>,
  ): NumberExpr<T | Extract<V, null>, never, S | S2>;
  floorDiv<V extends T | null, S2 extends string = never>(
    other: V | Typed<V, any, S2>,
  ): NumberExpr<T | Extract<V, null>, never, S | S2>;
  mod<V extends T | null, S2 extends string = never>(
    other: V | Typed<V, any, S2>,
  ): NumberExpr<T | Extract<V, null>, never, S | S2>;
  neg(): NumberExpr<T, never, S>;
  bitAnd(other: Operand<T>): NumberExpr<T, never, S>;
  bitOr(other: Operand<T>): NumberExpr<T, never, S>;
  bitXor(other: Operand<T>): NumberExpr<T, never, S>;
  bitNot(): NumberExpr<T, never, S>;
  shiftLeft(by: Operand<T>): NumberExpr<T, never, S>;
  shiftRight(by: Operand<T>): NumberExpr<T, never, S>;
}
/** A length of time; see `interval()`. */
export interface IntervalExpr<out T, out K extends string = never, out S extends string = never> extends Expr<T, K, S> {
  readonly [family]: "interval";
  add<V extends string | null>(other: V | IntervalLike<V>): IntervalExpr<T | Extract<V, null>, never, S>;
  sub<V extends string | null>(other: V | IntervalLike<V>): IntervalExpr<T | Extract<V, null>, never, S>;
}
export interface IntervalLike<out V> extends Typed<V, any, any> {
  readonly [family]: "interval";
}
export interface DateExpr<out T, out K extends string = never, out S extends string = never> extends Expr<T, K, S> {
  readonly [family]: "date";
  /** Plus an interval, `"P1DT2H"` or an expression; of the same type as before. */
  add<V extends string | null>(by: V | IntervalLike<V>): DateExpr<T | Extract<V, null>, never, S>;
  sub<V extends string | null>(by: V | IntervalLike<V>): DateExpr<T | Extract<V, null>, never, S>;
  /** The interval from `other` to this. */
  diff<V extends T | null>(other: V | Typed<V, any, any>): IntervalExpr<string | Extract<T | V, null>, never, S>;
  extract(
    field:
      | "year"
      | "month"
      | "day"
      | "hour"
      | "minute"
      | "second"
      | "dow"
      | "doy"
      | "week"
      | "quarter"
      | "epoch"
      | "millisecond"
      | "microsecond",
  ): NumberExpr<number | Extract<T, null>, never, S>;
}
export interface JsonExpr<out T, out K extends string = never, out S extends string = never> extends Expr<T, K, S> {
  readonly [family]: "json";
  /** One step into the document; a missing key reads as null. */
  get<P extends keyof NonNullable<T> & (string | number)>(key: P): JsonExpr<NonNullable<T>[P] | null, never, S>;
  asText(): TextExpr<string | null, never, S>;
  asNumber(): NumberExpr<number | null, never, S>;
  asBoolean(): BooleanExpr<boolean | null, never, S>;
}
/** `(a, b)`: compares as a whole, position by position. `V`: the values of the positions. */
export interface TupleExpr<V extends readonly unknown[]> extends Typed<V, never, never> {
  readonly [family]: "plain";
  eq(other: V | TupleExpr<V>): Condition;
  ne(other: V | TupleExpr<V>): Condition;
  lt(other: V | TupleExpr<V>): Condition;
  le(other: V | TupleExpr<V>): Condition;
  gt(other: V | TupleExpr<V>): Condition;
  ge(other: V | TupleExpr<V>): Condition;
  in(rows: readonly V[] | Rows<V>): Condition;
  notIn(rows: readonly V[] | Rows<V>): Condition;
}
export type TupleOf<A extends readonly AnyExpr[]> = TupleExpr<{ readonly [I in keyof A]: ValueOf<A[I]> | null }>;
type Element<T> = T extends readonly (infer E)[] ? E : never;
export interface ArrayExpr<out T, out K extends string = never, out S extends string = never> extends Expr<T, K, S> {
  readonly [family]: "array";
  contains(all: Operand<T>): Condition;
  overlaps(any: Operand<T>): Condition;
  has(element: Element<T>): Condition;
}
/** The type of a column expression, by family. */
export interface Families<T, K extends string, S extends string> {
  text: TextExpr<T, K, S>;
  number: NumberExpr<T, K, S>;
  boolean: BooleanExpr<T, K, S>;
  date: DateExpr<T, K, S>;
  json: JsonExpr<T, K, S>;
  array: ArrayExpr<T, K, S>;
  interval: IntervalExpr<T, K, S>;
  plain: PlainExpr<T, K, S>;
}
type ValueOf<X> = X extends Typed<infer T, any, any> ? T : never;
type SourceOf<X> = X extends Typed<any, any, infer S> ? S : never;
/** The same kind of expression with another value. */
export type Like<X extends AnyExpr, T, S extends string = SourceOf<X>> = Families<T, never, S>[X[typeof family]];

/** Where the frame of a window begins or ends. */
export type FrameBound = number | null | { readonly preceding: unknown } | { readonly following: unknown };
/** A window function's or aggregate's further clauses. */
export interface WindowSpec {
  readonly partitionBy?: AnyExpr | readonly AnyExpr[];
  readonly orderBy?: AnyExpr | Ordering | readonly (AnyExpr | Ordering)[];
  /**
   * Bounds: null is UNBOUNDED, 0 CURRENT ROW, negative PRECEDING, positive FOLLOWING; `{ preceding: "P7D" }` where RANGE goes
   * by something else than numbers.
   */
  readonly rows?: readonly [FrameBound, FrameBound];
  readonly range?: readonly [FrameBound, FrameBound];
  readonly groups?: readonly [FrameBound, FrameBound];
  readonly exclude?: "CURRENT ROW" | "GROUP" | "TIES" | "NO OTHERS";
}
/** What aggregates and window functions add to their expression. */
export interface Aggregate<X extends AnyExpr> {
  filter(...criteria: Criterion[]): X & Windowed<X>;
  over(window?: WindowSpec): X;
  distinct(): X & Aggregate<X>;
  /** ORDER BY inside the call: `func.aggregateStrings(t.c.name, ", ").aggregateOrderBy(t.c.name)`. */
  aggregateOrderBy(...by: (AnyExpr | Ordering)[]): X & Aggregate<X>;
  /** `mode() WITHIN GROUP (ORDER BY …)`. */
  withinGroup(...by: (AnyExpr | Ordering)[]): X & Windowed<X> & { filter(...criteria: Criterion[]): X & Windowed<X> };
}
export interface Windowed<X extends AnyExpr> {
  over(window?: WindowSpec): X;
}
type Agg<X extends AnyExpr> = X & Aggregate<X>;

export interface Func {
  count(what?: AnyExpr): Agg<NumberExpr<number>>;
  sum<X extends AnyExpr>(what: X): Agg<Like<X, ValueOf<X> | null>>;
  avg(what: Typed<number | bigint | string | null, any, any>): Agg<NumberExpr<number | null>>;
  min<X extends AnyExpr>(what: X): Agg<Like<X, ValueOf<X> | null>>;
  max<X extends AnyExpr>(what: X): Agg<Like<X, ValueOf<X> | null>>;
  lower<T extends string | null, S extends string>(what: Typed<T, any, S>): TextExpr<T, never, S>;
  upper<T extends string | null, S extends string>(what: Typed<T, any, S>): TextExpr<T, never, S>;
  trim<T extends string | null, S extends string>(what: Typed<T, any, S>): TextExpr<T, never, S>;
  length<T extends string | null, S extends string>(
    what: Typed<T, any, S>,
  ): NumberExpr<number | Extract<T, null>, never, S>;
  abs<X extends AnyExpr>(what: X): Like<X, ValueOf<X>>;
  round<T extends number | string | null, S extends string>(
    what: Typed<T, any, S>,
    digits?: number,
  ): NumberExpr<T, never, S>;
  /** The first that is not null: not null when one of them is not, and then no outer join of the others matters. */
  coalesce<X extends AnyExpr, A extends readonly Operand<ValueOf<X> | null>[]>(
    what: X,
    ...others: A
  ): Coalesced<X, ValueOf<X>, SourceOf<X>, A>;
  nullif<X extends AnyExpr>(what: X, value: Operand<ValueOf<X>>): Like<X, ValueOf<X> | null>;
  /** One text of many; its ORDER BY through `aggregateOrderBy()`. */
  aggregateStrings(what: AnyExpr, separator: string): Agg<TextExpr<string | null>>;
  concat(...parts: (AnyExpr | string | number)[]): TextExpr<string | null>;
  replace<T extends string | null, S extends string>(
    what: Typed<T, any, S>,
    find: Operand<string>,
    by: Operand<string>,
  ): TextExpr<T, never, S>;
  substr<T extends string | null, S extends string>(
    what: Typed<T, any, S>,
    start: Operand<number>,
    length?: Operand<number>,
  ): TextExpr<T, never, S>;
  ltrim<T extends string | null, S extends string>(what: Typed<T, any, S>): TextExpr<T, never, S>;
  rtrim<T extends string | null, S extends string>(what: Typed<T, any, S>): TextExpr<T, never, S>;
  ceil<X extends AnyExpr>(what: X): Like<X, ValueOf<X>>;
  floor<X extends AnyExpr>(what: X): Like<X, ValueOf<X>>;
  sign<T extends number | string | bigint | null, S extends string>(
    what: Typed<T, any, S>,
  ): NumberExpr<number | Extract<T, null>, never, S>;
  now(): DateExpr<Date>;
  currentDate(): DateExpr<string>;
  currentTimestamp(): DateExpr<Date>;
  random(): NumberExpr<number>;
  mode(): Agg<PlainExpr<any>>;
  percentileCont(fraction: number): Agg<NumberExpr<number | null>>;
  percentileDisc(fraction: number): Agg<PlainExpr<any>>;
  rowNumber(): Windowed<NumberExpr<number>>;
  rank(): Windowed<NumberExpr<number>>;
  denseRank(): Windowed<NumberExpr<number>>;
  percentRank(): Windowed<NumberExpr<number>>;
  cumeDist(): Windowed<NumberExpr<number>>;
  ntile(buckets: number): Windowed<NumberExpr<number>>;
  lag<X extends AnyExpr>(
    what: X,
    offset?: number,
    fallback?: Operand<ValueOf<X>>,
  ): Windowed<Like<X, ValueOf<X> | null>>;
  lead<X extends AnyExpr>(
    what: X,
    offset?: number,
    fallback?: Operand<ValueOf<X>>,
  ): Windowed<Like<X, ValueOf<X> | null>>;
  nthValue<X extends AnyExpr>(what: X, n: number): Windowed<Like<X, ValueOf<X> | null>>;
  firstValue<X extends AnyExpr>(what: X): Windowed<Like<X, ValueOf<X> | null>>;
  lastValue<X extends AnyExpr>(what: X): Windowed<Like<X, ValueOf<X> | null>>;
  /** Any other function, with its type said: `func.call("similarity", float(), a, b)`. An index signature would let typos pass. */
  call<T, F extends string>(
    name: string,
    returns: ColumnLike<T, F>,
    ...args: unknown[]
  ): Agg<Families<T, never, never>[F & Family]>;
}

/** `X`: what says the family; `T` and `S`: value and tables of what was looked at so far. */
type Coalesced<X extends AnyExpr, T, S extends string, A extends readonly unknown[]> = A extends readonly [
  infer H,
  ...infer R,
]
  ? H extends Typed<infer T2, any, infer S2>
    ? null extends T2
      ? Coalesced<X, T | (null extends T ? T2 : NonNullable<T2>), S, R>
      : Coalesced<X, NonNullable<T> | T2, S2, R>
    : null extends H
      ? Coalesced<X, T, S, R>
      : Coalesced<X, NonNullable<T> | H, never, R>
  : Like<X, T, S>;

/** A branch of a CASE: a value, or an expression with the family and the tables it has. */
export type Branch<T, F extends Family, S extends string> = T | (Typed<T, any, S> & { readonly [family]: F });
/** The family of a plain value; NULL has that of the other branches. */
export type FamilyOfValue<T> = T extends null
  ? never
  : T extends string
    ? "text"
    : T extends number | bigint
      ? "number"
      : T extends boolean
        ? "boolean"
        : T extends Date
          ? "date"
          : "plain";
type CaseResult<T, F extends Family, S extends string> = [F] extends [never]
  ? PlainExpr<T, never, S>
  : Families<T, never, S>[F];
/** `when(a, 1).when(b, 2).else(0)`; `.end()` adds null. Branches of several families have the operators they share. */
export interface Case<T, F extends Family = never, S extends string = never> {
  when<T2, F2 extends Family = FamilyOfValue<T2>, S2 extends string = never>(
    criterion: Criterion,
    then: Branch<T2, F2, S2>,
  ): Case<T | T2, F | F2, S | S2>;
  else<T2, F2 extends Family = FamilyOfValue<T2>, S2 extends string = never>(
    value: Branch<T2, F2, S2>,
  ): CaseResult<T | T2, F | F2, S | S2>;
  end(): CaseResult<T | null, F, S>;
}
/** `caseOf(x).when(value, result).else(…)`. */
export interface SimpleCase<V> {
  when<T, F extends Family = FamilyOfValue<T>, S extends string = never>(
    value: Operand<V>,
    then: Branch<T, F, S>,
  ): SimpleCaseBranches<V, T, F, S>;
}
export interface SimpleCaseBranches<V, T, F extends Family = never, S extends string = never> {
  when<T2, F2 extends Family = FamilyOfValue<T2>, S2 extends string = never>(
    value: Operand<V>,
    then: Branch<T2, F2, S2>,
  ): SimpleCaseBranches<V, T | T2, F | F2, S | S2>;
  else<T2, F2 extends Family = FamilyOfValue<T2>, S2 extends string = never>(
    value: Branch<T2, F2, S2>,
  ): CaseResult<T | T2, F | F2, S | S2>;
  end(): CaseResult<T | null, F, S>;
}
export type CastTo<X extends AnyExpr, T, F extends string> = Families<
  T | Extract<ValueOf<X>, null>,
  never,
  SourceOf<X>
>[F & Family];

/** A row of raw SQL: by position and by name, its types unknown. */
export type RawRow = readonly unknown[] & { readonly [name: string]: unknown };
/** Tagged template: every `${}` is bound. `.columns()` gives the rows a type. */
export interface SqlText extends Rows<readonly unknown[]>, Typed<boolean | null> {
  readonly [row]: RawRow;
  readonly [scalar]: unknown;
  columns<P>(types: P): TypedText<{ [K in keyof P]: P[K] extends ColumnLike<infer T, any> ? T : never }>;
  as<T, F extends string>(type: ColumnLike<T, F>): Families<T, never, never>[F & Family];
  /** Values for the `:name` parameters of `text()`. */
  bindParams(values: { readonly [name: string]: unknown }): this;
  executionOptions(options: { readonly [name: string]: unknown }): this;
}
export interface TypedText<O> extends Rows<readonly unknown[]> {
  executionOptions(options: { readonly [name: string]: unknown }): this;
  readonly [row]: readonly unknown[] & O;
  readonly [scalar]: O[keyof O];
}
