/**
 * Joins as FROM clauses of their own: for a secondary that is more than one table, for models read from several.
 * Source: SQLAlchemy "sqlalchemy.sql.expression.join".
 */
import { type AnyTable, criterion, type FromClause, Join, joinCondition, requireFrom } from "@athanor/core";

type Side = AnyTable | FromClause;
function made(left: Side, right: Side, on: unknown, kind: "inner" | "left"): FromClause {
  const where = kind === "inner" ? "join()" : "outerJoin()";
  const [l, r] = [requireFrom(left, where), requireFrom(right, where)];
  return new Join(l, r, on === undefined ? joinCondition(l, r) : criterion(on), kind);
}
/**
 * `left JOIN right` as a clause to select from or to map; without `on` by the foreign key between them.
 *
 * @throws NoForeignKeysError, AmbiguousForeignKeysError
 */
export function join(left: Side, right: Side, on?: unknown): FromClause & AnyTable {
  return made(left, right, on, "inner") as FromClause & AnyTable;
}
/** `left LEFT OUTER JOIN right`. */
export function outerJoin(left: Side, right: Side, on?: unknown): FromClause & AnyTable {
  return made(left, right, on, "left") as FromClause & AnyTable;
}
