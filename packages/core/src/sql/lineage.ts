/**
 * Which column of a FROM clause stands for a given column: through aliases, subqueries, CTEs, joins and set operations.
 * Source: SQLAlchemy "Selectable.corresponding_column".
 */
import type { Expression } from "./expression.js";
import { Label } from "./expression.js";
import { ColumnReference, Cte, DerivedColumn, type FromClause, Subquery } from "./from.js";
import { CompoundStatement } from "./select.js";

/** The expressions a column is made from, itself first, and how many steps away each is. */
function sources(of: Expression, distance = 0, into: Map<Expression, number> = new Map()): Map<Expression, number> {
  if ((into.get(of) ?? Number.POSITIVE_INFINITY) <= distance) return into;
  into.set(of instanceof ColumnReference ? of.plain : of, distance);
  if (of instanceof Label) return sources(of.expression, distance, into);
  if (!(of instanceof DerivedColumn)) return into;
  sources(of.origin, distance + 1, into);
  const { from } = of;
  if (from instanceof Subquery || from instanceof Cte) {
    const queries = [from.query, ...(from instanceof Cte && from.recursivePart ? [from.recursivePart.query] : [])];
    for (const query of queries) {
      for (const member of query instanceof CompoundStatement ? query.members : [query]) {
        const column = member.exportedColumns[of.ordinal];
        if (column !== undefined) sources(column.expression, distance + 1, into);
      }
    }
    // The column of a recursive CTE is also that of the form it restates.
    if (from instanceof Cte && from.restates !== undefined) {
      const before = from.restates.columns[of.ordinal];
      if (before !== undefined) sources(before, distance, into);
    }
  }
  return into;
}

/**
 * The column of `from` that `column` is seen as there, or undefined. Where several are made from it, the one fewer steps
 * away; where those are equally near, the first.
 */
export function correspondingColumn(from: FromClause, column: Expression): ColumnReference | undefined {
  const inner = column instanceof Label ? column.expression : column;
  const wanted = inner instanceof ColumnReference ? inner.plain : inner;
  let best: ColumnReference | undefined;
  let steps = Number.POSITIVE_INFINITY;
  for (const candidate of from.columns) {
    const distance = sources(candidate).get(wanted);
    if (distance !== undefined && distance < steps) {
      best = candidate;
      steps = distance;
    }
  }
  return best;
}
