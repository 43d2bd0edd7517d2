/**
 * What a query of a base class loads for objects of its subclasses beyond their columns: relationships that only the
 * subclass has and that its mapping, or an option, wants at once. They come by statements of their own.
 */
import { type Mapper, mapperOfInstance, type RelationshipProperty } from "../mapping/mapper.js";
import type { Managed } from "../mapping/state.js";
import type { LoadTree } from "./load-tree.js";
import { type EntityPlan, loadsAfter } from "./plan.js";
import { type LoadWork, loadRelation } from "./relations.js";

const known = new WeakMap<EntityPlan, Map<Mapper, readonly RelationshipProperty[]>>();
function loadsOf(entity: EntityPlan, mapper: Mapper): readonly RelationshipProperty[] {
  let byMapper = known.get(entity);
  if (byMapper === undefined) known.set(entity, (byMapper = new Map()));
  let found = byMapper.get(mapper);
  if (found === undefined) {
    const { tree, after, joined, above } = entity;
    const planned = new Set([...after, ...joined.map((j) => j.property)]);
    found = mapper.relationships.filter((property) => {
      if (entity.mapper.relationship(property.key) !== undefined || planned.has(property)) return false;
      const strategy = tree.strategyOf(property);
      return (loadsAfter(strategy) || strategy === "joined") && !tree.stopsAt(property, above);
    });
    byMapper.set(mapper, found);
  }
  return found;
}
/** `tree`: the options of this very execution. */
export async function loadForSubclasses(
  work: LoadWork,
  entity: EntityPlan,
  instances: readonly Managed[],
  tree: LoadTree,
): Promise<void> {
  for (const mapper of new Set(instances.map(mapperOfInstance))) {
    if (mapper === entity.mapper) continue;
    const own = loadsOf(entity, mapper);
    if (own.length === 0) continue;
    const theirs = instances.filter((i) => mapperOfInstance(i) === mapper);
    for (const property of own) await loadRelation(work, theirs, property, tree.branch(property));
  }
}
