/** SELECT, set operations, subqueries. `A`: what is selected; `N`: the outer-joined tables; `L`: what is loaded. */

import type { RowItems } from "../registry.js";
import type { CreateTableAs, CreateTableAsOptions } from "../schema/ddl.js";
import type { SyntaxExtension } from "../sql/extension.js";
import type { ColumnDescription, LabelStyle } from "../sql/select.js";
import type {
  AnyExpr,
  Criterion,
  Families,
  family,
  name,
  Ordering,
  Rows,
  rows,
  SqlText,
  source,
  Typed,
} from "./expressions.js";
import type { AnyTable, Meta, type as T_ } from "./faces.js";
import type { LoadFace, Paths } from "./loads.js";
import type { row, scalar } from "./rows.js";
import type { AnyModel, AnyRelation, Columns, ColumnValues, NameOf, PropsOf, RootName, TargetName } from "./tables.js";

export type Selectable = AnyExpr | AnyTable;
/** Several columns under one name of a row; each may be null by itself. The ORM makes them. */
export declare const bundled: unique symbol;
export interface AnyBundle extends AnyTable {
  readonly [bundled]: { readonly [key: string]: unknown };
}

// ---- rows

export type Nullable<S, N> = [S & N] extends [never] ? never : null;
/** One position of a row: an expression's value, an entity, or a table's columns. */
export type Item<X, N, L> = X extends AnyExpr
  ? X[typeof T_] | Nullable<X[typeof source], N>
  : X extends AnyModel
    ? RowItems<X, N, L>["entity"] | Nullable<NameOf<X>, N>
    : X extends AnyBundle
      ? { readonly [K in keyof X[typeof bundled]]: Item<X[typeof bundled][K], N, L> }
      : X extends AnyTable
        ? ColumnValues<PropsOf<X>> | Nullable<NameOf<X>, N>
        : never;
export type Positions<A extends readonly unknown[], N, L> = { readonly [I in keyof A]: Item<A[I], N, L> };
/** One literal per column: no need to distribute, as `Exclude` would. */
type RowName<X> = X extends AnyExpr
  ? X[typeof name] extends keyof []
    ? never
    : X[typeof name]
  : X extends AnyTable
    ? NameOf<X>
    : never;
/** By position and by name. Names an array already has (`length`, `at`, `map` …) are reached by position or a label. */
export type Row<A extends readonly unknown[], N = never, L = {}> = Positions<A, N, L> & {
  readonly [X in A[number] as RowName<X>]: Item<X, N, L>;
};
export type Scalar<A extends readonly unknown[], N = never, L = {}> = Item<A[0], N, L>;

// ---- subqueries

type NamedColumn<X, N, K extends string, Q extends string> = X extends AnyExpr
  ? Families<X[typeof T_] | Nullable<X[typeof source], N>, K, Q>[X[typeof family]]
  : never;
type Named<A extends readonly unknown[], N, Q extends string> = {
  readonly [X in A[number] as X extends AnyExpr ? X[typeof name] : never]: X extends AnyExpr
    ? NamedColumn<X, N, X[typeof name], Q>
    : never;
};
export interface Subquery<Q extends string, C> extends Rows<readonly unknown[]> {
  readonly $: Meta<Q, {}, {}>;
  readonly c: C;
}
/** In FROM: `select(sub.c.n).join(sub, …)`. An entity read through a subquery: `aliased(User, sub)`. */
export type SubqueryOf<A extends readonly unknown[], N, Q extends string> = Subquery<
  Q,
  A[0] extends AnyTable ? Columns<Q, PropsOf<A[0]>> : Named<A, N, Q>
>;
/** A CTE also takes its recursive part. */
export interface RecursiveCte<S> {
  union(part: Rows<readonly unknown[]>): S;
  unionAll(part: Rows<readonly unknown[]>): S;
}

// ---- statements

type Rooted<A extends readonly unknown[]> = RootName<Extract<A[number], AnyTable>>;
export interface PrintOptions {
  /** Write values into the text instead of placeholders: for reading, never for executing user input. */
  readonly literalBinds?: boolean;
  /** false: lists are shown as `…`, as they stand in the text that all lengths share. Default true. */
  readonly renderPostcompile?: boolean;
  readonly schemaTranslateMap?: { readonly [schema: string]: string | null };
}
export interface Printed {
  readonly sql: string;
  readonly params: readonly unknown[];
}
/** What select and set operations share. */
export interface Query0<A extends readonly unknown[], N extends string, L> {
  // Properties, not `extends Rows<…>`: type arguments of a base are computed at once, a property's type when read.
  readonly [rows]: Positions<A, N, {}>;
  readonly [row]: Row<A, N, L>;
  readonly [scalar]: Scalar<A, N, L>;
  orderBy(...by: (AnyExpr | Ordering | null)[]): this;
  limit(n: number | null): this;
  offset(n: number | null): this;
  union(...others: Rows<Positions<A, N, {}>>[]): Compound<A, N>;
  unionAll(...others: Rows<Positions<A, N, {}>>[]): Compound<A, N>;
  intersect(...others: Rows<Positions<A, N, {}>>[]): Compound<A, N>;
  intersectAll(...others: Rows<Positions<A, N, {}>>[]): Compound<A, N>;
  except(...others: Rows<Positions<A, N, {}>>[]): Compound<A, N>;
  exceptAll(...others: Rows<Positions<A, N, {}>>[]): Compound<A, N>;
  /** `FETCH FIRST n ROWS ONLY` (or WITH TIES), LIMIT where that says the same. */
  fetch(n: number | null, options?: { readonly withTies?: boolean; readonly percent?: boolean }): this;
  /** Rows `from` (from 0) to `to`, which is not included. */
  slice(from: number, to: number): this;
  /** CTEs to be written although nothing in the statement names them. */
  addCte(...ctes: AnyTable[]): this;
  subquery<Q extends string = "anonymous subquery">(name?: Q): SubqueryOf<A, N, Q>;
  cte<Q extends string>(
    name: Q,
    options?: { recursive?: boolean; nesting?: boolean; materialized?: boolean; suffix?: SqlText },
  ): SubqueryOf<A, N, Q> & RecursiveCte<SubqueryOf<A, N, Q>>;
  lateral<Q extends string>(name: Q): SubqueryOf<A, N, Q>;
  /** CREATE TABLE … AS SELECT of the rows, with the values written into the text. */
  into(name: string, options?: CreateTableAsOptions): CreateTableAs;
  /** As an expression; null when there is no row. */
  scalar(): A[0] extends AnyExpr ? Families<Scalar<A, N> | null, never, never>[A[0][typeof family]] : never;
  executionOptions(options: { readonly [name: string]: unknown }): this;
  /** Values for named parameters, wherever in the statement they stand. */
  params(values: { readonly [name: string]: unknown }): this;
  /** What each position of a row is. */
  readonly columnDescriptions: readonly ColumnDescription[];
  /** SQL for a dialect (`"postgresql"`, or the engine's), without a connection. */
  compile(dialect?: unknown, options?: PrintOptions): Printed;
  toString(): string;
}
export interface Compound<A extends readonly unknown[], N extends string> extends Query0<A, N, {}> {}
export type Joinable = AnyRelation | AnyTable;
export interface Select<A extends readonly unknown[], N extends string = never, L = {}> extends Query0<A, N, L> {
  where(...criteria: Criterion[]): this;
  filter(...criteria: Criterion[]): this;
  having(...criteria: Criterion[]): this;
  groupBy(...by: AnyExpr[]): this;
  distinct(...on: AnyExpr[]): this;
  selectFrom(...from: AnyTable[]): this;
  join(target: Joinable, on?: Criterion): this;
  joinFrom(left: AnyTable, target: Joinable, on?: Criterion): this;
  outerJoinFrom<X extends Joinable>(left: AnyTable, target: X, on?: Criterion): Select<A, N | TargetName<X>, L>;
  /** Equality by property name, looked for in everything the statement reads from. */
  filterBy(values: { readonly [key: string]: unknown }): this;
  addColumns<B extends readonly Selectable[]>(...what: B): Select<[...A, ...B], N, L>;
  withOnlyColumns<B extends readonly Selectable[]>(...what: B): Select<B, N, L>;
  /** Words after SELECT, at the end, or behind a table; for one dialect if it is named. */
  prefixWith(words: SqlText, options?: { readonly dialect?: string }): this;
  suffixWith(words: SqlText, options?: { readonly dialect?: string }): this;
  withHint(table: AnyTable, words: SqlText, options?: { readonly dialect?: string }): this;
  withStatementHint(words: SqlText, options?: { readonly dialect?: string }): this;
  /** "tableNamePlusColumn": rows are read as `users_id`; "none": names met twice are read by position only. */
  setLabelStyle<L2 extends LabelStyle>(style: L2): L2 extends "tableNamePlusColumn" ? Select<Prefixed<A>, N, L> : this;
  /** PostgreSQL: rows of these tables alone, without those of tables that inherit from them. */
  only(...tables: AnyTable[]): this;
  /** A clause of the program's own at the place it names. */
  ext(extension: SyntaxExtension): this;
  /** From here on, what belongs to the target may be null. */
  outerJoin<X extends Joinable>(target: X, on?: Criterion): Select<A, N | TargetName<X>, L>;
  leftJoin<X extends Joinable>(target: X, on?: Criterion): Select<A, N | TargetName<X>, L>;
  /** Both sides may be null: every table selected so far, and the target. */
  fullJoin<X extends Joinable>(target: X, on?: Criterion): Select<A, N | TargetName<X> | Sources<A>, L>;
  /** Only for entities that are selected. */
  options<P extends readonly LoadFace<Rooted<A>, readonly string[], any, any>[]>(
    ...loads: P
  ): Select<A, N, L & Paths<P[number]>>;
  /**
   * The rows of another statement, read as what is selected here: for sessions.
   *
   * @example select(User).fromStatement(sql`select * from users where name like ${pattern}`)
   * @example select(User).fromStatement(insert(User).values(rows).returning(User))
   */
  fromStatement(source: Rows<readonly unknown[]>): FromStatement<A, N, L>;
  withForUpdate(options?: {
    read?: boolean;
    keyShare?: boolean;
    nowait?: boolean;
    skipLocked?: boolean;
    of?: AnyTable;
  }): this;
  correlate(...from: (AnyTable | null)[]): this;
  correlateExcept(...from: AnyTable[]): this;
}
/** Columns named with their tables. */
type Prefixed<A extends readonly unknown[]> = {
  [I in keyof A]: A[I] extends Typed<infer T, infer K, infer S>
    ? [K] extends [never]
      ? A[I]
      : [S] extends [never]
        ? A[I]
        : Families<T, `${S}_${K}`, S>[A[I][typeof family]]
    : A[I];
};
export interface FromStatement<A extends readonly unknown[], N extends string, L> {
  readonly [row]: Row<A, N, L>;
  readonly [scalar]: Scalar<A, N, L>;
  options<P extends readonly LoadFace<Rooted<A>, readonly string[], any, any>[]>(
    ...loads: P
  ): FromStatement<A, N, L & Paths<P[number]>>;
  executionOptions(options: { readonly [name: string]: unknown }): this;
  toString(): string;
}
type Sources<A extends readonly unknown[]> = {
  [I in keyof A]: A[I] extends AnyExpr ? A[I][typeof source] : A[I] extends AnyTable ? NameOf<A[I]> : never;
}[number];
