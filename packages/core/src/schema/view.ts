/** Views over selects: what they read is known, and statements read from them. */
import { requireKnownOptions } from "../errors/known-options.js";
import type { Element } from "../sql/element.js";
import { Alias } from "../sql/from.js";
import { iterate } from "../sql/traverse.js";
import { tableOfQuery } from "./query-table.js";
import { StoredObject, VIEW_OPTIONS, type ViewObjectOptions, viewParts } from "./stored-object.js";
import type { Table } from "./table.js";

export interface SelectViewOptions extends ViewObjectOptions {
  /** Its rows are kept (PostgreSQL). */
  readonly materialized?: boolean | undefined;
}
const objects = new WeakMap<object, StoredObject>();
const tables = new WeakMap<StoredObject, Table>();

/** The view of a select, for FROM; undefined where the query is none. */
export function viewOfQuery(name: string, query: Element, options: SelectViewOptions): Table | undefined {
  requireKnownOptions(options, [...VIEW_OPTIONS, "materialized"], "selectView()", "object.option");
  const schema = options.schema ?? options.metadata?.schema;
  const table = tableOfQuery(name, schema, query, options.columns);
  if (table === undefined) return undefined;
  const kind = options.materialized ? "materializedView" : "view";
  return standsFor(table, new StoredObject(kind, name, { ...viewParts(options), definition: query }, options));
}
function standsFor(table: Table, object: StoredObject): Table {
  objects.set(table, object);
  tables.set(object, table);
  return table;
}
/** What statements read from for a view of a select; undefined for views of SQL text and whatever is no view. */
export function tableOfView(object: StoredObject): Table | undefined {
  return tables.get(object);
}
/** A view for FROM over a view of a select that stands in a MetaData already. */
export function viewOfObject(object: StoredObject): Table | undefined {
  const table = tableOfQuery(object.name, object.schema, object.definition, object.columns);
  return table === undefined ? undefined : standsFor(table, object);
}
/** The object of the schema behind a view for FROM. */
export function objectOfView(table: object): StoredObject | undefined {
  return objects.get(table);
}
/** In the order they are given, but what one needs before it. */
export function sortObjects(given: readonly StoredObject[]): readonly StoredObject[] {
  const among = new Set(given);
  const order = new Set<StoredObject>();
  const seen = new Set<StoredObject>();
  const place = (object: StoredObject): void => {
    if (!among.has(object) || seen.has(object)) return;
    seen.add(object);
    for (const other of needed(object)) place(other);
    order.add(object);
  };
  for (const object of given) place(object);
  return [...order];
}
function needed({ definition, dependsOn }: StoredObject): readonly StoredObject[] {
  if (typeof definition === "string") return dependsOn;
  const found = [...dependsOn];
  for (const node of iterate(definition)) {
    const from = (node as { readonly from?: unknown }).from ?? node;
    const other = objects.get((from instanceof Alias ? from.of : from) as object);
    if (other !== undefined) found.push(other);
  }
  return found;
}
