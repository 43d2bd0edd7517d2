/** What operations reach through relationships. Source: SQLAlchemy "Cascades". */
import { Collection } from "../mapping/collection.js";
import { mapperOfInstance, type RelationshipProperty } from "../mapping/mapper.js";
import type { CascadeFlags } from "../mapping/relationship.js";
import { isChanged, type Managed, UNLOADED } from "../mapping/state.js";

/** What a relationship holds in memory: members, the one object, or what was queued on an unloaded collection. */
export function relatedInMemory(owner: Managed, property: RelationshipProperty): readonly Managed[] {
  const value = owner[property.slot];
  if (value instanceof Collection) return value;
  if (value !== UNLOADED) return value === null || value === undefined ? [] : [value as Managed];
  for (const history of owner.$$h ?? []) if (history.relationship === property) return [...history.added];
  return [];
}

/** Everything reachable from `root` along relationships with this cascade, `root` first. Does no loading. */
export function reachable(
  root: Managed,
  cascade: keyof CascadeFlags,
  enter: (instance: Managed) => boolean,
): Managed[] {
  const seen = new Set<Managed>([root]);
  const stack = [root];
  const out: Managed[] = [];
  for (let instance = stack.pop(); instance !== undefined; instance = stack.pop()) {
    out.push(instance);
    if (instance !== root && !enter(instance)) continue;
    const related: Managed[] = [];
    for (const property of mapperOfInstance(instance).relationships) {
      if (!property.cascade[cascade]) continue;
      for (const item of relatedInMemory(instance, property)) {
        if (seen.has(item)) continue;
        seen.add(item);
        related.push(item);
      }
    }
    for (let i = related.length - 1; i >= 0; i--) stack.push(related[i] as Managed);
  }
  return out;
}
/**
 * Whether the loads of a delete cascade would miss something that is not written yet: new rows or moved ones of the
 * classes below, the object's own new key. Then a flush comes first, as before every load.
 */
export function cascadeMeetsChanges(
  root: Managed,
  unwritten: { readonly pending: readonly Managed[]; readonly dirty: readonly Managed[] },
): boolean {
  const { relationships, primaryKey } = mapperOfInstance(root);
  const own = relationships.filter(
    (r) => r.direction === "oneToMany" && !r.viewOnly && !r.passiveDeletes && root[r.slot] === UNLOADED,
  );
  if (!own.some((r) => r.cascade.delete)) return false;
  if (primaryKey.some((a) => isChanged(root, a.index))) return true;
  const isBelow = (instance: Managed): boolean => {
    const mapper = mapperOfInstance(instance);
    return instance !== root && own.some(({ target }) => mapper === target || mapper.isA(target));
  };
  return unwritten.pending.some(isBelow) || unwritten.dirty.some(isBelow);
}
