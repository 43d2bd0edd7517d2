/** What stands in FROM besides tables and subqueries: lists of values, functions, samples. */

import { ArgumentError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import { snakeCaseNaming } from "../schema/naming.js";
import { type Expression, operand } from "../sql/expression.js";
import { type NamedColumn, requireFrom, TableFunction, TableSample, ValuesClause } from "../sql/from.js";
import { FunctionCall } from "../sql/functions.js";
import { NULL_TYPE } from "../types/sql-type.js";
import type { AnyTable, ColumnLike } from "../typing/faces.js";
import type { NameOf, NoOptions, PropsOf, TableOf } from "../typing/tables.js";
import { sqlTypeOf } from "./expressions.js";

type Definitions = { readonly [key: string]: ColumnLike<unknown, string> };
type ValueRow<P extends Definitions> = {
  readonly [K in keyof P]: P[K] extends ColumnLike<infer T, string> ? T : never;
};

function declared(columns: { readonly [key: string]: unknown }, where: string): NamedColumn[] {
  const list = Object.keys(columns).map((key) => ({
    key,
    columnName: snakeCaseNaming.column(key),
    type: sqlTypeOf(columns[key], where),
  }));
  if (list.length === 0) throw new ArgumentError(`${where}: name at least one column.`);
  return list;
}

/**
 * Rows as a table: `VALUES` where the database can name its columns, SELECTs elsewhere.
 *
 * @example
 * const v = values({ id: integer(), name: string() }, [{ id: 1, name: "a" }, { id: 2, name: "b" }], "v");
 * select(users.c.id, v.c.name).join(v, v.c.id.eq(users.c.id));
 * @throws ArgumentError for no rows, or a row without one of the columns
 */
export function values<const P extends Definitions, N extends string = "anonymous values">(
  columns: P,
  rows: readonly ValueRow<P>[],
  name?: N,
): TableOf<N, P, NoOptions> {
  const list = declared(columns, "values()");
  if (rows.length === 0)
    throw new ArgumentError("values(): there is no row; a query of no rows is select(…).where(false_).");
  const cells = rows.map((row, i): readonly Expression[] =>
    list.map(({ key, type }) => {
      const value = (row as { readonly [key: string]: unknown })[key];
      if (value === undefined)
        throw new ArgumentError(`values(): row ${i} has no '${key}'; give null for SQL NULL.`, "argument.undefined");
      return operand(value, type);
    }),
  );
  return new ValuesClause(list, cells, name) as unknown as TableOf<N, P, NoOptions>;
}

export interface TableFunctionSpec<N extends string> {
  readonly name?: N;
  /**
   * Writes the column names behind the alias, "typed" with their types (PostgreSQL: for functions that give records);
   * otherwise the function's own names hold.
   */
  readonly derived?: boolean | "typed";
  /** PostgreSQL: the name of an additional last column that numbers the rows (WITH ORDINALITY). */
  readonly ordinality?: string;
  /** The arguments may name clauses that stand before it. */
  readonly lateral?: boolean;
}
/**
 * A function in FROM.
 *
 * @example
 * const n = tableFunction("generate_series", { n: integer() }, [1, 10], { name: "n", derived: true });
 * select(n.c.n)
 */
export function tableFunction<const P extends Definitions, N extends string = "anonymous function">(
  name: string,
  columns: P,
  args: readonly unknown[],
  spec: TableFunctionSpec<N> = {},
): TableOf<N, P, NoOptions> {
  requireKnownOptions(spec, ["name", "derived", "ordinality", "lateral"], "tableFunction()", "function.option");
  const list = declared(columns, "tableFunction()");
  const call = new FunctionCall(
    name,
    args.map((a) => operand(a)),
    NULL_TYPE,
  );
  const last = spec.ordinality === undefined ? undefined : list.findIndex((c) => c.key === spec.ordinality);
  if (last !== undefined && last !== list.length - 1)
    throw new ArgumentError("tableFunction(): ordinality names the last of the columns.");
  const options = { derived: spec.derived ?? false, ordinality: spec.ordinality, lateral: spec.lateral ?? false };
  return new TableFunction(call, list, options, spec.name) as unknown as TableOf<N, P, NoOptions>;
}

/**
 * A random part of a table: `TABLESAMPLE bernoulli(10)`; PostgreSQL only.
 *
 * @param percent of the rows (bernoulli) or pages (system), 0 to 100
 */
export function tableSample<M extends AnyTable, N extends string = `anonymous ${NameOf<M>}`>(
  table: M,
  percent: number,
  options: { readonly method?: "bernoulli" | "system"; readonly seed?: number; readonly name?: N } = {},
): TableOf<N, PropsOf<M>, M["$"]["options"]> {
  requireKnownOptions(options, ["method", "seed", "name"], "tableSample()", "tablesample.option");
  const seed = options.seed === undefined ? undefined : operand(options.seed);
  const sample = new TableSample(
    requireFrom(table, "tableSample()"),
    options.method ?? "bernoulli",
    operand(percent),
    seed,
    options.name,
  );
  return sample as unknown as TableOf<N, PropsOf<M>, M["$"]["options"]>;
}
