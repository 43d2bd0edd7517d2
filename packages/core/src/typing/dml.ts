/** INSERT, UPDATE, DELETE, each with RETURNING. */
import type { SyntaxExtension } from "../sql/extension.js";
import type { ColumnDescription } from "../sql/select.js";
import type { AnyExpr, Criterion, Ordering, Rows, rows, SqlText } from "./expressions.js";
import type { AnyTable } from "./faces.js";
import type { Executable, row, scalar } from "./rows.js";
import type { Positions, Printed, PrintOptions, Row, Scalar, Selectable, SubqueryOf } from "./select.js";
import type { Changes, Columns, NameOf, NewRow, NewValues, PropsOf } from "./tables.js";

interface Returning {
  returning<A extends readonly Selectable[]>(...what: A): Returned<A>;
}
export interface Returned<A extends readonly unknown[]> {
  readonly [rows]: Positions<A, never, {}>;
  readonly [row]: Row<A>;
  readonly [scalar]: Scalar<A>;
  /** As a CTE, on databases that take DML there: `deleteFrom(t).returning(t.c.id).cte("gone")`. */
  cte<Q extends string>(name: Q): SubqueryOf<A, never, Q>;
  addCte(...ctes: AnyTable[]): this;
  compile(dialect?: unknown, options?: PrintOptions): Printed;
  executionOptions(options: { readonly [name: string]: unknown }): this;
  /** INSERT: rows come back in the order of `values()`, at the price of row by row where nothing else is sure. */
  sortByParameterOrder(): this;
  params(values: { readonly [name: string]: unknown }): this;
  readonly columnDescriptions: readonly ColumnDescription[];
}
/** Statements without RETURNING give no rows. */
export interface Dml extends Executable<never, never>, Returning {
  /** CTEs to be written in front although nothing in the statement names them. */
  addCte(...ctes: AnyTable[]): this;
  executionOptions(options: { readonly [name: string]: unknown }): this;
  /** Values for named parameters, wherever in the statement they stand. */
  params(values: { readonly [name: string]: unknown }): this;
  /** Words behind INSERT, UPDATE or DELETE, such as sql`OR REPLACE`; for one dialect if it is named. */
  prefixWith(words: SqlText, options?: { readonly dialect?: string }): this;
  /** A clause of the program's own at the place it names. */
  ext(extension: SyntaxExtension): this;
  compile(dialect?: unknown, options?: PrintOptions): Printed;
  toString(): string;
}
type ColumnKey<M extends AnyTable> = keyof NewRow<M> & string;
/** `excluded`: the row that could not be inserted. */
type Setter<M extends AnyTable> = Changes<M> | ((excluded: Columns<"excluded", PropsOf<M>>) => Changes<M>);
export interface Insert<M extends AnyTable> extends Dml, InsertOptions<M> {
  /** Rows as lists of values in the order of the named columns. */
  tuples<const K extends readonly ColumnKey<M>[]>(
    columns: K,
    rows: readonly { readonly [I in keyof K]: Exclude<NewRow<M>[K[I]], undefined> }[],
  ): InsertValues<M>;
  values(rows: NewValues<M> | readonly NewValues<M>[]): InsertValues<M>;
  fromSelect<const K extends readonly ColumnKey<M>[]>(
    columns: K,
    query: Rows<{ readonly [I in keyof K]: Exclude<NewRow<M>[K[I]], undefined> }>,
    options?: { readonly includeDefaults?: boolean },
  ): InsertValues<M>;
}
interface ConflictTarget<M extends AnyTable> {
  readonly target?: readonly ColumnKey<M>[];
  /** PostgreSQL: a constraint by name. */
  readonly constraint?: string;
  /** The condition of a partial unique index. */
  readonly targetWhere?: Criterion;
}
/** What every INSERT takes. */
interface InsertOptions<M extends AnyTable> {
  /** No key is read back or made beforehand. */
  inline(): this;
  /** Values the database makes are read back: `await result.returnedDefaults()`. Without names, all of them. */
  returnDefaults(...columns: Columns<NameOf<M>, PropsOf<M>>[keyof PropsOf<M>][]): this;
}
export interface InsertValues<M extends AnyTable> extends Dml, InsertOptions<M> {
  /** MySQL takes no target: any unique key counts. */
  onConflictDoNothing(options?: ConflictTarget<M>): this;
  /** One spelling for all: ON CONFLICT, or ON DUPLICATE KEY UPDATE where any unique key counts. */
  onConflictDoUpdate(options: ConflictTarget<M> & { readonly set: Setter<M>; readonly where?: Criterion }): this;
  onDuplicateKeyUpdate(set: Setter<M>): this;
}
export interface Update<M extends AnyTable> extends Dml {
  set(changes: Changes<M>): this;
  /** SET in this order, which counts where the database assigns from left to right (MySQL). */
  orderedValues(
    ...pairs: {
      readonly [K in keyof Changes<M>]-?: readonly [K, Exclude<Changes<M>[K], undefined>];
    }[keyof Changes<M>][]
  ): this;
  /** PostgreSQL: rows of the table alone, without those of tables that inherit from it. */
  only(): this;
  where(...criteria: Criterion[]): this;
  /** MySQL and MariaDB only. */
  orderBy(...by: (AnyExpr | Ordering)[]): this;
  /** MySQL and MariaDB only. */
  limit(n: number | null): this;
}
export interface Delete extends Dml {
  /** PostgreSQL: rows of the table alone, without those of tables that inherit from it. */
  only(): this;
  where(...criteria: Criterion[]): this;
  /** MySQL and MariaDB only. */
  orderBy(...by: (AnyExpr | Ordering)[]): this;
  /** MySQL and MariaDB only. */
  limit(n: number | null): this;
}
