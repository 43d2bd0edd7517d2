/** Views, functions and triggers for another MetaData: what a select reads is read from the copies there. */
import type { Element } from "../sql/element.js";
import {
  Alias,
  ColumnReference,
  Cte,
  DerivedColumn,
  type FromClause,
  Subquery,
  TableFunction,
  TableSample,
} from "../sql/from.js";
import { replace } from "../sql/traverse.js";
import { StoredObject, type StoredObjectHome } from "./stored-object.js";
import { Table } from "./table.js";
import { tableOfView, viewOfObject } from "./view.js";

interface ObjectHome extends StoredObjectHome {
  readonly objects: readonly StoredObject[];
}

/**
 * Copies the objects, those that others need first; one the target has already stays as it is. `tables`: the copies of
 * the tables. SQL given as text is copied as it stands, names of schemas in it included.
 */
export function copyObjects(
  objects: readonly StoredObject[],
  target: ObjectHome,
  tables: Map<FromClause, Table>,
  options: { readonly schema?: string | undefined },
): void {
  const copies = new Map<StoredObject, StoredObject>();
  for (const object of objects) {
    const schema = "schema" in options ? options.schema : object.schema;
    const same = target.objects.find(
      (o) =>
        o.isView === object.isView &&
        (o.isView || o.kind === object.kind) &&
        o.name === object.name &&
        o.schema === schema &&
        o.table === object.table,
    );
    const dependsOn = object.dependsOn.map((o) => copies.get(o) ?? o);
    const definition =
      typeof object.definition === "string" ? object.definition : overCopies(object.definition, tables);
    const copy = same ?? new StoredObject(object.kind, object.name, { ...object, dependsOn, definition }, { schema });
    copies.set(object, copy);
    const view = tableOfView(object);
    const readable = view === undefined ? undefined : (tableOfView(copy) ?? viewOfObject(copy));
    if (view !== undefined && readable !== undefined) tables.set(view, readable);
    if (same === undefined) target.addObject(copy);
  }
}

/** The same query over the copies, also where they stand inside of aliases, subqueries and CTEs. */
function overCopies<T extends Element>(query: T, tables: ReadonlyMap<FromClause, Table>): T {
  const visit = <E extends Element>(element: E): E => replace(element, change);
  const done = new Map<Element, Element>();
  const change = (node: Element, copied: (node: Element) => Element): Element | undefined => {
    const known = done.get(node);
    if (known !== undefined) return known;
    const made = changed(node, copied);
    if (made !== undefined) done.set(node, made);
    return made;
  };
  const changed = (node: Element, copied: (node: Element) => Element): Element | undefined => {
    if (node instanceof Table) return tables.get(node);
    if (node instanceof ColumnReference) {
      const from = visit(node.from);
      if (from === node.from) return undefined;
      return node instanceof DerivedColumn ? from.columns[node.ordinal] : from.column(node.key);
    }
    if (node instanceof TableSample) {
      return new TableSample(
        visit(node.of),
        node.method,
        visit(node.sampling),
        node.seed && visit(node.seed),
        node.aliasName,
      );
    }
    if (node instanceof Alias) return new Alias(visit(node.of), node.aliasName);
    if (node instanceof Subquery) return new Subquery(visit(node.query), node.queryName, node.isLateral);
    if (node instanceof Cte) {
      const { restates, recursivePart: part } = node;
      // The recursive part reads the CTE that it restates: that one's copy comes first.
      const first = restates && visit(restates);
      return new Cte(
        visit(node.query),
        node.queryName as string,
        node,
        part && { ...part, query: visit(part.query) },
        first,
      );
    }
    if (node instanceof TableFunction)
      return new TableFunction(visit(node.call), node.declared, node.options, node.fromName);
    return copied(node);
  };
  return visit(query);
}
