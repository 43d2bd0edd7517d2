/** What a Query needs of the statement it is made of. */
import { type ColumnReference, type Element, type FromClause, requireFrom, type SelectStatement } from "@athanor/core";
import { RelationAttribute } from "./attributes.js";
import { type EntityItem, entityElementOf } from "./entity.js";
import { type EntitySource, targetSourceOf } from "./source.js";

/** Where the columns of something that was joined are read. */
export function placeOf(target: unknown): EntitySource | FromClause {
  if (target instanceof RelationAttribute) return target.targetSource ?? targetSourceOf(target.property);
  return entityElementOf(target)?.source ?? requireFrom(target, "join()");
}
/** A statement that says of itself what it reads, whatever it selects. */
export function readingFrom(statement: SelectStatement, entity: EntityItem): SelectStatement {
  const from = statement.froms.length > 0 ? statement : statement.selectFrom(entity.itemFrom);
  const own = entity.source.criterion;
  return own === undefined || statement.criteria.includes(own) ? from : from.where(own);
}
export function plainColumns(statement: SelectStatement, entity: EntityItem): SelectStatement {
  const columns: readonly (ColumnReference | Element)[] = entity.itemColumns;
  const base =
    statement.froms.length > 0 || entity.itemFrom.leaves.length === 1
      ? statement
      : statement.selectFrom(entity.itemFrom);
  const own = entity.source.criterion;
  return (own === undefined || base.criteria.includes(own) ? base : base.where(own)).withOnlyColumns(...columns);
}
