/** The selects that bring the members of a relationship together with the key of the owner each one belongs to. */
import {
  Bind,
  type ColumnReference,
  conjunction,
  FunctionCall,
  INTEGER,
  OrderingElement,
  operators,
  SelectStatement,
} from "@athanor/core";
import type { RelationshipProperty } from "../mapping/mapper.js";
import { moveCriteria, relationSteps } from "./attributes.js";
import { entityOver } from "./entity.js";
import { among } from "./keys.js";
import type { LoadBranch } from "./load-tree.js";
import { PolymorphicSource } from "./polymorphic.js";
import { aliasedSource, type EntitySource, mappedSource } from "./source.js";

interface Members {
  /** The columns that say which owner a row belongs to. */
  readonly columns: readonly ColumnReference[];
  /** Adds what the select reads besides the target. */
  readonly over: (select: SelectStatement) => SelectStatement;
}
/**
 * `direct`: the owner's key stands in the target or the secondary table; else the owner takes part, as for joins written
 * by hand. `hidden`: under names of its own.
 */
export function membersBy(
  property: RelationshipProperty,
  target: EntitySource,
  direct: boolean,
  hidden: boolean,
): Members {
  if (!direct) {
    const owner = aliasedSource(property.parent);
    const { secondary, toSecondary, toTarget } = relationSteps(property, owner, target, true);
    return {
      columns: property.parent.primaryKey.map((a) => owner.column(a)),
      over: (select) => {
        const from = select.selectFrom(owner.from);
        return (secondary === undefined ? from : from.join(secondary, toSecondary)).join(target.from, toTarget);
      },
    };
  }
  if (property.secondary === undefined)
    return {
      columns: property.pairs.map((p) => target.column(p.remote)),
      over: (select) => (hidden ? select.selectFrom(target.from) : select),
    };
  const { table, localPairs } = property.secondary;
  const steps = relationSteps(property, mappedSource(property.parent), target, hidden);
  const secondary = steps.secondary ?? table;
  return {
    columns: localPairs.map((p) => (secondary === table ? p.column : secondary.column(p.column.key))),
    over: (select) => select.selectFrom(secondary).join(target.from, steps.toTarget),
  };
}

/**
 * The first members of each owner, in one statement: rows are numbered within their owner by a window function, and only
 * the first ones are joined to the entity.
 */
export function firstMembers(
  property: RelationshipProperty,
  target: EntitySource,
  direct: boolean,
  keys: readonly (readonly unknown[])[],
  branch: LoadBranch,
): SelectStatement {
  const { mapper } = target;
  // Criteria and order may speak of a subclass, whose table then takes part in the ranking too.
  const ranked =
    target instanceof PolymorphicSource
      ? new PolymorphicSource(mapper, target.subs, undefined, true)
      : aliasedSource(mapper);
  const written = branch.target ?? mappedSource(mapper);
  const { columns, over } = membersBy(property, ranked, direct, true);
  const order =
    branch.order.length > 0 ? moveCriteria(branch.order, written, ranked) : property.orderBy(ranked.columns);
  const key = mapper.primaryKey.map((pk) => ranked.column(pk));
  const place = new FunctionCall("row_number", [], INTEGER).over({
    partitionBy: columns,
    // The key last: which rows are the first ones never depends on chance.
    orderBy: [...order, ...key.map((k) => new OrderingElement(k, undefined))],
  });
  const own = ranked.criterion === undefined ? [] : [ranked.criterion];
  const inner = over(new SelectStatement([...columns, ...key, place.as("place")])).where(
    among(columns, keys),
    ...own,
    ...moveCriteria(branch.criteria, written, ranked),
  );
  const sub = inner.subquery();
  const at = (i: number): ColumnReference => sub.columns[i] as ColumnReference;
  const rank = at(columns.length + key.length);
  const same = mapper.primaryKey.map((pk, i) => target.column(pk).eq(at(columns.length + i)));
  return new SelectStatement([entityOver(target), ...columns.map((_, i) => at(i))])
    .selectFrom(sub)
    .join(target.from, conjunction(operators.and, same))
    .where(rank.le(new Bind(branch.limitPerParent, INTEGER)))
    .orderBy(rank);
}
