/** The public `table()` and its typed constraints. */

import { ArgumentError } from "../errors/errors.js";
import { createTable } from "../schema/create-table.js";
import { defaultMetaData, type MetaData } from "../schema/metadata.js";
import type { StoredObject } from "../schema/stored-object.js";
import type { Table } from "../schema/table.js";
import type { TableArgument } from "../schema/table-constraints.js";
import { objectOfView, type SelectViewOptions, viewOfQuery } from "../schema/view.js";
import type { Element } from "../sql/element.js";
import { requireFrom } from "../sql/from.js";
import type { AnyTable } from "../typing/faces.js";
import type { Query0, SubqueryOf } from "../typing/select.js";
import type { Columns, Options, TableOf, TableOptions } from "../typing/tables.js";

interface CoreTableOptions<PK, N extends string, P> extends TableOptions<PK> {
  readonly metadata?: MetaData;
  readonly keepExisting?: boolean;
  readonly extendExisting?: boolean;
  readonly info?: { readonly [key: string]: unknown };
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
  if ("$" in made && !options.extendExisting) return made as unknown as TableOf<N, P, Options<PK, never, never>>;
  Object.defineProperty(made, "$", {
    value: { name, props, options: { primaryKey: options.primaryKey ?? [] } },
    enumerable: false,
    configurable: true,
  });
  return made as unknown as TableOf<N, P, Options<PK, never, never>>;
}
/**
 * A view as an object of the schema: `createAll` makes it after the tables and views it reads, `dropAll` drops it before
 * them, autogenerate compares it, and statements read from it with typed columns. `materialized: true` on PostgreSQL.
 * `view()` is the same over SQL text.
 *
 * @example
 * const adults = selectView("adults", select(users.c.id, users.c.name).where(users.c.age.ge(18)), { metadata });
 * await conn.execute(select(adults.c.name));
 */
export function selectView<A extends readonly unknown[], N extends string, L extends object, Q extends string>(
  name: Q,
  query: Query0<A, N, L>,
  options: SelectViewOptions = {},
): SubqueryOf<A, N, Q> {
  const made = viewOfQuery(name, query as unknown as Element, { metadata: defaultMetaData, ...options });
  if (made === undefined) throw new ArgumentError("selectView(): a select is needed; view() takes SQL text.");
  return made as unknown as SubqueryOf<A, N, Q>;
}
/** The view behind `selectView()` as an object, for `dependsOn` and `op.createView()`. @throws ArgumentError for others */
export function viewOf(view: object): StoredObject {
  const found = objectOfView(view);
  if (found === undefined) throw new ArgumentError("viewOf(): what selectView() gave is needed.");
  return found;
}
/** The run-time table behind a model, an alias's model or a typed table: for DDL, inspection, extensions. */
export function tableOf(model: AnyTable): Table {
  const from = requireFrom(model, "tableOf()");
  if (from.kind !== "table") throw new ArgumentError("tableOf(): an alias or subquery is no table.");
  return from as Table;
}
