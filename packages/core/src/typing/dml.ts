/** INSERT, UPDATE, DELETE, each with RETURNING. */
import type { Criterion, Rows, rows } from "./expressions.js";
import type { row, scalar, Executable } from "./rows.js";
import type { Positions, Printed, Row, Scalar, Selectable } from "./select.js";
import type { AnyTable, Changes, Columns, NewRow, PropsOf } from "./tables.js";

interface Returning {
  returning<A extends readonly Selectable[]>(...what: A): Returned<A>;
}
export interface Returned<A extends readonly unknown[]> {
  readonly [rows]: Positions<A, never, {}>;
  readonly [row]: Row<A>;
  readonly [scalar]: Scalar<A>;
  compile(dialect?: unknown, options?: { readonly literalBinds?: boolean }): Printed;
  executionOptions(options: { readonly [name: string]: unknown }): this;
}
/** Statements without RETURNING give no rows. */
export interface Dml extends Executable<never, never>, Returning {
  executionOptions(options: { readonly [name: string]: unknown }): this;
  compile(dialect?: unknown, options?: { readonly literalBinds?: boolean }): Printed;
  toString(): string;
}
type ColumnKey<M extends AnyTable> = keyof NewRow<M> & string;
/** `excluded`: the row that could not be inserted. */
type Setter<M extends AnyTable> = Changes<M> | ((excluded: Columns<"excluded", PropsOf<M>>) => Changes<M>);
export interface Insert<M extends AnyTable> extends Dml {
  values(rows: NewRow<M> | readonly NewRow<M>[]): InsertValues<M>;
  fromSelect<const K extends readonly ColumnKey<M>[]>(columns: K, query: Rows<{ readonly [I in keyof K]: Exclude<NewRow<M>[K[I]], undefined> }>): InsertValues<M>;
}
export interface InsertValues<M extends AnyTable> extends Dml {
  onConflictDoNothing(options?: { target: readonly ColumnKey<M>[] }): this;
  onConflictDoUpdate(options: { target: readonly ColumnKey<M>[]; set: Setter<M>; where?: Criterion }): this;
  onDuplicateKeyUpdate(set: Setter<M>): this;
}
export interface Update<M extends AnyTable> extends Dml {
  set(changes: Changes<M>): this;
  where(...criteria: Criterion[]): this;
}
export interface Delete extends Dml {
  where(...criteria: Criterion[]): this;
}
