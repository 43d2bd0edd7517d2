/**
 * Finds FROM clauses that nothing connects: `FROM a, b` without a comparison between them multiplies rows, which is
 * nearly always a forgotten join. Source: SQLAlchemy "Using from_linting".
 */

import type { Element } from "../sql/element.js";
import { Between, Binary, type Expression, InList } from "../sql/expression.js";
import { type FromClause, Join, Subquery, TableFunction } from "../sql/from.js";
import { children, referencedFroms } from "../sql/traverse.js";

/** A sentence that names the unconnected clauses, or undefined when all hang together. `nameOf`: how each is called. */
export function cartesianWarning(
  froms: readonly FromClause[],
  criteria: readonly Expression[],
  nameOf: (from: FromClause) => string,
): string | undefined {
  if (froms.length < 2) return undefined;
  const group = new Map<FromClause, FromClause>();
  const root = (from: FromClause): FromClause => {
    let at = from;
    while (group.get(at) !== undefined && group.get(at) !== at) at = group.get(at) as FromClause;
    return at;
  };
  const link = (members: readonly FromClause[]): void => {
    const known = members.filter((m) => group.has(m));
    for (const member of known.slice(1)) group.set(root(member), root(known[0] as FromClause));
  };
  for (const from of froms) for (const leaf of [from, ...from.leaves]) group.set(leaf, leaf);
  for (const from of froms) {
    // A JOIN says what connects its sides, whatever its condition.
    if (from instanceof Join) link([from, ...from.leaves]);
    // What looks at the clauses beside it is connected by that.
    if ((from instanceof Subquery && from.isLateral) || from instanceof TableFunction) link([from, ...froms]);
  }
  const visit = (node: Element): void => {
    if (node instanceof Binary || node instanceof Between || node instanceof InList) link([...referencedFroms(node)]);
    else for (const child of children(node)) visit(child);
  };
  criteria.forEach(visit);
  const first = root(froms[0] as FromClause);
  const apart = froms.filter((from) => root(from) !== first);
  if (apart.length === 0) return undefined;
  const names = (list: readonly FromClause[]) => list.flatMap((f) => f.leaves.map((l) => `'${nameOf(l)}'`)).join(", ");
  return (
    `The SELECT multiplies rows: ${names(apart)} ${apart.length === 1 ? "is" : "are"} connected by no condition with ` +
    `${names(froms.filter((f) => !apart.includes(f)))}. Join them or compare their columns; for every combination on purpose, join(target, true_).`
  );
}
