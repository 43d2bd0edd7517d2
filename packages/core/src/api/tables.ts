/** The public `table()` and its typed constraints. */

import { ArgumentError } from "../errors/errors.js";
import { createTable } from "../schema/create-table.js";
import type { MetaData } from "../schema/metadata.js";
import type { Table } from "../schema/table.js";
import type { TableArgument } from "../schema/table-constraints.js";
import { requireFrom } from "../sql/from.js";
import type { AnyTable } from "../typing/faces.js";
import type { Columns, Options, TableOf, TableOptions } from "../typing/tables.js";

interface CoreTableOptions<PK, N extends string, P> extends TableOptions<PK> {
  readonly metadata?: MetaData;
  /** `(t) => [index("ix_make", t.make), unique(t.make, t.model), check("price > 0", "positive")]`. */
  readonly constraints?: (columns: Columns<N, P>) => readonly TableArgument[];
}
/**
 * A table for the expression language alone; models have one behind them.
 *
 * @example
 * const cars = table("cars", { id: integer().primaryKey(), make: string(40), ownerId: integer().references("owner.id") });
 * @throws ArgumentError on a second table of the same name in one MetaData
 */
export function table<N extends string, P, const PK extends readonly (keyof P & string)[] = []>(
  name: N,
  props: P,
  options: CoreTableOptions<PK, N, P> = {},
): TableOf<N, P, Options<PK, never, never>> {
  const { constraints, naming: _naming, ...rest } = options;
  const made: Table = createTable(name, props as { readonly [key: string]: unknown }, {
    ...rest,
    constraints: constraints === undefined ? undefined : (t) => constraints(t.c as unknown as Columns<N, P>),
  });
  Object.defineProperty(made, "$", {
    value: { name, props, options: { primaryKey: options.primaryKey ?? [] } },
    enumerable: false,
  });
  return made as unknown as TableOf<N, P, Options<PK, never, never>>;
}
/** The run-time table behind a model, an alias's model or a typed table: for DDL, inspection, extensions. */
export function tableOf(model: AnyTable): Table {
  const from = requireFrom(model, "tableOf()");
  if (from.kind !== "table") throw new ArgumentError("tableOf(): an alias or subquery is no table.");
  return from as Table;
}
