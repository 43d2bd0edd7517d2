/** Functions of the program's own, and values made of several. */
import { ArgumentError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import { ColumnValued, FieldAccess, TableValue } from "../sql/composites.js";
import { defineFunction } from "../sql/custom-function.js";
import { DmlColumn } from "../sql/dml.js";
import { type Expression, operand } from "../sql/expression.js";
import { ColumnReference, type FromClause, requireFrom, TableFunction } from "../sql/from.js";
import { FunctionCall } from "../sql/functions.js";
import { correspondingColumn as corresponding } from "../sql/lineage.js";
import { NULL_TYPE } from "../types/sql-type.js";
import type { Aggregate, AnyExpr, Families, PlainExpr, Typed } from "../typing/expressions.js";
import type { AnyTable, ColumnLike, Family } from "../typing/faces.js";
import { sqlTypeOf } from "./expressions.js";

type Definitions = readonly ColumnLike<unknown, string>[];
type ArgumentOf<D> = D extends ColumnLike<infer T, string> ? T | Typed<T | null> : never;
type Arguments<A extends Definitions> = { [I in keyof A]: ArgumentOf<A[I]> };
/** What an own function gives: of its family, with the clauses of aggregates and windows. */
export type FunctionResult<T, F extends string> = Families<T, never, never>[F & Family] &
  Aggregate<Families<T, never, never>[F & Family]>;
export interface FunctionSpec<A extends Definitions, O extends Definitions, T, F extends string> {
  readonly arguments?: A;
  /** Further arguments that may be left out. */
  readonly optional?: O;
  readonly returns: ColumnLike<T, F>;
  /** The package or schema it lives in. */
  readonly package?: string;
  /** Per database: its name there, or what is written instead of a call. */
  readonly spelled?: { readonly [dialect: string]: string | ((...args: AnyExpr[]) => AnyExpr) };
}
/**
 * A function with its types said once. Values given to it are bound by the types of its arguments.
 *
 * @example
 * const similarity = sqlFunction("similarity", { arguments: [string(), string()], returns: double() });
 * select(u.id).where(similarity(u.name, "ann").gt(0.4));
 *
 * Source: SQLAlchemy "GenericFunction".
 */
export function sqlFunction<const A extends Definitions, const O extends Definitions, T, F extends string>(
  name: string,
  spec: FunctionSpec<A, O, T, F>,
): (...args: [...Arguments<A>, ...Partial<Arguments<O>>]) => FunctionResult<T, F> {
  const [needed, optional] = [spec.arguments ?? [], spec.optional ?? []];
  const types = [...needed, ...optional].map((d) => sqlTypeOf(d, "sqlFunction()"));
  const full = spec.package === undefined ? name : `${spec.package}.${name}`;
  // Says what is wrong with the name now rather than at the first call.
  new FunctionCall(full, [], NULL_TYPE);
  for (const [dialect, own] of Object.entries(spec.spelled ?? {}))
    if (typeof own === "string") new FunctionCall(own, [], NULL_TYPE);
    else if (typeof own !== "function")
      throw new ArgumentError(`sqlFunction(): the spelling for ${dialect} is a name or a function.`);
  const call = defineFunction({
    name: full,
    arguments: types,
    optional: optional.length,
    variadic: false,
    returns: sqlTypeOf(spec.returns, "sqlFunction()"),
    spellings: (spec.spelled ?? {}) as { readonly [dialect: string]: string | ((...args: Expression[]) => unknown) },
  });
  return call as unknown as (...args: unknown[]) => FunctionResult<T, F>;
}

/**
 * A function in FROM that gives one value a row, as that value: `select(columnValued("generate_series", integer(), [1, 5],
 * "n"))` is `SELECT n FROM generate_series(1, 5) AS n`. Source: SQLAlchemy "column_valued".
 */
export function columnValued<T, F extends string, N extends string>(
  name: string,
  as: ColumnLike<T, F>,
  args: readonly unknown[],
  alias: N,
  spec: { readonly lateral?: boolean } = {},
): Families<T, N, N>[F & Family] {
  requireKnownOptions(spec, ["lateral"], "columnValued()", "function.option");
  const type = sqlTypeOf(as, "columnValued()");
  const call = new FunctionCall(
    name,
    args.map((a) => operand(a)),
    NULL_TYPE,
  );
  const options = { derived: false, ordinality: undefined, lateral: spec.lateral ?? false };
  const from = new TableFunction(call, [{ key: alias, columnName: alias, type }], options, alias);
  return new ColumnValued(from, alias, type) as unknown as Families<T, N, N>[F & Family];
}
/** One field of a row value, PostgreSQL: `(func(x)).field`. Source: SQLAlchemy "scalar_table_valued". */
export function fieldOf<T, F extends string>(
  of: AnyExpr,
  field: string,
  as: ColumnLike<T, F>,
): Families<T, never, never>[F & Family] {
  return new FieldAccess(operand(of), field, sqlTypeOf(as, "fieldOf()")) as never;
}
/** The whole row of a table as one value, PostgreSQL: `func.call("row_to_json", json(), rowOf(users))`. */
export function rowOf(table: AnyTable): PlainExpr<unknown> {
  return new TableValue(requireFrom(table, "rowOf()")) as never;
}
/**
 * In an INSERT or UPDATE: what the same statement gives another column, or that column's value where it gives none.
 *
 * @example update(items).set({ price: 5, total: fromDmlColumn(items.c.price).mul(items.c.count) })
 * Source: SQLAlchemy "from_dml_column".
 */
export function fromDmlColumn<X extends AnyExpr>(column: X): X {
  const inner = operand(column);
  if (inner instanceof ColumnReference) return new DmlColumn(inner) as unknown as X;
  throw new ArgumentError("fromDmlColumn(): a column of the table is needed.");
}
/**
 * The column of an alias, subquery, CTE or join that stands for `column`: through set operations too. undefined where none
 * does.
 */
export function correspondingColumn(from: AnyTable | FromClause, column: AnyExpr): AnyExpr | undefined {
  return corresponding(requireFrom(from, "correspondingColumn()"), operand(column)) as unknown as AnyExpr | undefined;
}
