/**
 * What entities ask of a SELECT that reads their columns: the rows of a class that shares its table, the join of one that
 * has several. Source: SQLAlchemy "Single Table Inheritance", criteria of entities in the columns clause.
 */
import type { Element } from "./element.js";
import type { Expression } from "./expression.js";
import { ColumnReference, FromClause, ItemElement, Join } from "./from.js";
import { Exists, ScalarSubquery } from "./functions.js";
import { QueryStatement, type SelectStatement } from "./select.js";
import { children, referencedFroms } from "./traverse.js";

/** The columns in an element that were reached through an entity; nested queries have their own. */
function viewedIn(node: Element, into: ColumnReference[] = []): readonly ColumnReference[] {
  if (node instanceof ColumnReference) {
    if (node.viewer !== undefined) into.push(node);
  } else if (
    !(
      node instanceof FromClause ||
      node instanceof QueryStatement ||
      node instanceof ScalarSubquery ||
      node instanceof Exists
    )
  )
    for (const child of children(node)) viewedIn(child, into);
  return into;
}
function viewedColumns({ selected }: SelectStatement): readonly ColumnReference[] {
  return selected.flatMap((item) =>
    item instanceof ItemElement && item.itemCriterion !== undefined
      ? []
      : (item instanceof ItemElement ? item.itemColumns : [item]).flatMap((e) => viewedIn(e)),
  );
}

/** The criteria of a SELECT with those its entities bring, each once; what a join brings stands in its ON. */
export function withEntityRows(statement: SelectStatement): readonly Expression[] {
  const { criteria, selected, joins } = statement;
  const brought = new Set<Expression>();
  const add = (item: ItemElement | undefined) => {
    const own = item?.itemCriterion;
    if (own !== undefined && !criteria.includes(own) && !joins.some((j) => j.narrow === own)) brought.add(own);
  };
  for (const item of selected) if (item instanceof ItemElement) add(item);
  for (const column of viewedColumns(statement)) add(column.viewer);
  return brought.size === 0 ? criteria : [...criteria, ...brought];
}
/** Joins of several tables that columns alone ask for: `select(Manager.c.name)`, where the name is the base's. */
export function viewedJoins(statement: SelectStatement): readonly Join[] {
  const read = new Map<ItemElement, Set<FromClause>>();
  for (const column of viewedColumns(statement)) {
    const viewer = column.viewer as ItemElement;
    if (!(viewer.itemFrom instanceof Join)) continue;
    const leaves = read.get(viewer) ?? new Set<FromClause>();
    read.set(viewer, leaves.add(column.from));
    if (viewer.itemCriterion !== undefined) referencedFroms(viewer.itemCriterion, leaves);
  }
  if (read.size === 0) return [];
  const { criteria, orderByList, groupByList, havingList } = statement;
  for (const part of [...criteria, ...orderByList, ...groupByList, ...havingList])
    for (const column of viewedIn(part)) read.get(column.viewer as ItemElement)?.add(column.from);
  const joined = new Set<FromClause>(
    [...statement.joins.map((j) => j.target), ...statement.froms.filter((f) => f instanceof Join)].flatMap(
      (f) => f.leaves,
    ),
  );
  const found: Join[] = [];
  for (const [viewer, leaves] of read) {
    const from = viewer.itemFrom as Join;
    // A row of the last table alone stands for one of the whole.
    const last = from.leaves.at(-1);
    if ([...leaves].every((leaf) => leaf === last) || from.leaves.some((leaf) => joined.has(leaf))) continue;
    found.push(from);
    for (const leaf of from.leaves) joined.add(leaf);
  }
  return found;
}
