/** INSERT, UPDATE, DELETE, each with RETURNING. */
import type { AnyExpr, Criterion, Ordering, Rows, rows } from "./expressions.js";
import type { AnyTable } from "./faces.js";
import type { Executable, row, scalar } from "./rows.js";
import type { Positions, Printed, Row, Scalar, Selectable, SubqueryOf } from "./select.js";
import type { Changes, Columns, NewRow, PropsOf } from "./tables.js";

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
  compile(dialect?: unknown, options?: { readonly literalBinds?: boolean }): Printed;
  executionOptions(options: { readonly [name: string]: unknown }): this;
}
/** Statements without RETURNING give no rows. */
export interface Dml extends Executable<never, never>, Returning {
  /** CTEs to be written in front although nothing in the statement names them. */
  addCte(...ctes: AnyTable[]): this;
  executionOptions(options: { readonly [name: string]: unknown }): this;
  compile(dialect?: unknown, options?: { readonly literalBinds?: boolean }): Printed;
  toString(): string;
}
type ColumnKey<M extends AnyTable> = keyof NewRow<M> & string;
/** `excluded`: the row that could not be inserted. */
type Setter<M extends AnyTable> = Changes<M> | ((excluded: Columns<"excluded", PropsOf<M>>) => Changes<M>);
export interface Insert<M extends AnyTable> extends Dml {
  values(rows: NewRow<M> | readonly NewRow<M>[]): InsertValues<M>;
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
export interface InsertValues<M extends AnyTable> extends Dml {
  /** MySQL takes no target: any unique key counts. */
  onConflictDoNothing(options?: ConflictTarget<M>): this;
  /** One spelling for all: ON CONFLICT, or ON DUPLICATE KEY UPDATE where any unique key counts. */
  onConflictDoUpdate(options: ConflictTarget<M> & { readonly set: Setter<M>; readonly where?: Criterion }): this;
  onDuplicateKeyUpdate(set: Setter<M>): this;
}
export interface Update<M extends AnyTable> extends Dml {
  set(changes: Changes<M>): this;
  where(...criteria: Criterion[]): this;
  /** MySQL and MariaDB only. */
  orderBy(...by: (AnyExpr | Ordering)[]): this;
  /** MySQL and MariaDB only. */
  limit(n: number | null): this;
}
export interface Delete extends Dml {
  where(...criteria: Criterion[]): this;
  /** MySQL and MariaDB only. */
  orderBy(...by: (AnyExpr | Ordering)[]): this;
  /** MySQL and MariaDB only. */
  limit(n: number | null): this;
}
