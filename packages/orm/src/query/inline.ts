/**
 * Classes that say `polymorphicLoad: "inline"`: what they add is read in the same statement as the class above them.
 * Source: SQLAlchemy "Configuring with_polymorphic() on mappers".
 */
import { type FromClause, referencedFroms, type SelectStatement } from "@athanor/core";
import type { Mapper } from "../mapping/mapper.js";
import { EntityItem, entityOver } from "./entity.js";
import { PolymorphicSource } from "./polymorphic.js";
import { mappedSource } from "./source.js";

/** Those below a class, with the classes between. */
function inlineSubs(base: Mapper): readonly Mapper[] {
  if (base.inheritance === undefined || base.isUnion) return [];
  const all = [...base.selfAndDescendants()].slice(1);
  const wanted = new Set<Mapper>();
  for (const mapper of all)
    if (mapper.inheritance?.inline === true)
      for (let m: Mapper | undefined = mapper; m !== undefined && m !== base; m = m.inheritance?.base) wanted.add(m);
  return all.filter((m) => wanted.has(m));
}
/** A class with its inline subclasses under aliases of its own; undefined where it has none. */
export function inlineAlias(mapper: Mapper): PolymorphicSource | undefined {
  const subs = inlineSubs(mapper);
  return subs.length === 0 ? undefined : new PolymorphicSource(mapper, subs, undefined, true);
}
/**
 * The statement with each entity read together with its inline subclasses. Where the statement speaks of one of their
 * tables, or says itself where the entity's stand, it stays as it is: it would say something else.
 */
export function withInline(statement: SelectStatement): SelectStatement {
  if (!statement.selected.some((item) => item instanceof EntityItem && item.mapper.inheritance !== undefined))
    return statement;
  const placed = new Set<FromClause>(
    [...statement.froms, ...statement.joins.map((j) => j.target)].flatMap((from) => from.leaves),
  );
  const spoken = new Set(placed);
  for (const part of [...statement.selected, ...statement.criteria, ...statement.orderByList, ...statement.groupByList])
    if (!(part instanceof EntityItem)) referencedFroms(part, spoken);
  let changed = false;
  const selected = statement.selected.map((item) => {
    if (!(item instanceof EntityItem) || item.source !== mappedSource(item.mapper)) return item;
    const { source, mapper } = item;
    const subs = inlineSubs(mapper);
    if (subs.length === 0) return item;
    const more = subs.flatMap((m) => m.tables.filter((table) => !source.hasTable(table)));
    if (more.length > 0 && (more.some((t) => spoken.has(t)) || source.from.leaves.some((leaf) => placed.has(leaf))))
      return item;
    changed = true;
    return entityOver(new PolymorphicSource(mapper, subs, undefined, false));
  });
  return changed ? statement.with({ selected }) : statement;
}
