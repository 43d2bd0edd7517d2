/** Tables that a query describes: views, and tables made of its rows. */
import type { Element } from "../sql/element.js";
import type { Subselectable } from "../sql/from.js";
import { ColumnDefinition } from "./definition.js";
import { Table } from "./table.js";

function isSelectable(query: unknown): query is Subselectable & Element {
  return typeof query === "object" && query !== null && "exportedColumns" in query;
}
/**
 * A table with the columns of the query, in no MetaData; undefined for SQL text, whose columns nobody knows. `names`: what
 * they are called in the database, where it is something else.
 */
export function tableOfQuery(
  name: string,
  schema: string | undefined,
  query: unknown,
  names?: readonly string[],
): Table | undefined {
  if (!isSelectable(query)) return undefined;
  const columns = query.exportedColumns.map(({ key, columnName, expression }, i) => ({
    key,
    columnName: names?.[i] ?? columnName,
    definition: ColumnDefinition.of(expression.type).nullable(),
  }));
  return new Table({ name, schema, columns });
}
