/**
 * Joins as FROM clauses of their own: for a secondary that is more than one table, for models read from several.
 * Source: SQLAlchemy "sqlalchemy.sql.expression.join".
 */
import {
  type AnyTable,
  conjunction,
  criterion,
  type FromClause,
  Join,
  joinCondition,
  operators,
  requireFrom,
  rowsOf,
} from "@athanor/core";

type Side = AnyTable | FromClause;
function made(left: Side, right: Side, on: unknown, kind: "inner" | "left"): FromClause {
  const where = kind === "inner" ? "join()" : "outerJoin()";
  const [l, r] = [requireFrom(left, where), requireFrom(right, where)];
  const condition = on === undefined ? joinCondition(l, r) : criterion(on);
  // Rows of a class that shares its table. Those of the left side of an outer join are no matter of its ON.
  const own = [...(kind === "inner" ? rowsOf(left) : []), ...rowsOf(right)];
  const whole = own.length === 0 ? condition : conjunction(operators.and, [condition, ...own]);
  return new Join(l, r, whole, kind, kind === "inner" ? undefined : rowsOf(left));
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
