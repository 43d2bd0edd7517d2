/**
 * Ordered collections: a column of the members holds their place in the array, after every change of a loaded one and
 * before every flush.
 * Source: SQLAlchemy "Ordering List".
 */
import { type AnyModel, ArgumentError, didYouMean, type PropsOf } from "@athanor/core";
import { Collection } from "../mapping/collection.js";
import { declarationOf } from "../mapping/declaration.js";
import { type Mapper, mapperOfInstance, type RelationshipProperty } from "../mapping/mapper.js";
import { beginHistory, historyOf, type Managed, managed, UNLOADED } from "../mapping/state.js";
import { flushPreparations } from "./flush-preparations.js";

export interface OrderingOptions {
  /** Position of the first member. Default 0. */
  readonly start?: number;
  /** Position for an index; instead of `start` for steps such as `(i) => i * 10`. */
  readonly position?: (index: number) => number;
}
interface Ordered {
  readonly relationship: string;
  readonly attribute: string;
  readonly position: (index: number) => number;
  checked: boolean;
}
const byDeclaration = new WeakMap<object, Ordered[]>();

/**
 * Keeps a column of a collection's members equal to their place: at once after push, splice, remove and replace, and, with
 * `reorder()`, after sorting. Read the collection in that order too: `oneToMany(Bullet, { orderBy: "position" })`. Adding to
 * one that is not loaded makes the flush load it.
 *
 * @example
 * class Slide extends Model("Slide", { …, get bullets() { return oneToMany(Bullet, { orderBy: "position" }); } }) {
 *   static { orderingList(this, "bullets", "position"); }
 * }
 * @throws ArgumentError at the first flush that meets a name which is no collection or no column of its members
 */
export function orderingList<M extends AnyModel>(
  model: M,
  relationship: keyof PropsOf<M> & string,
  attribute: string,
  options: OrderingOptions = {},
): void {
  const declaration = declarationOf(model);
  if (declaration === undefined) throw new ArgumentError("orderingList(): the first argument is a model.");
  const { start = 0, position = (index: number) => start + index } = options;
  const ordered: Ordered = { relationship, attribute, position, checked: false };
  byDeclaration.set(declaration, [...(byDeclaration.get(declaration) ?? []), ordered]);
  declaration.arrangements.set(relationship, (owner) =>
    number(owner, checked(mapperOfInstance(owner), ordered), ordered),
  );
  if (!flushPreparations.includes(numberCollections)) flushPreparations.push(numberCollections);
}
function orderedOf(instance: Managed): readonly Ordered[] {
  let found: readonly Ordered[] = [];
  for (let d = instance.$$d as { parent?: object } | undefined; d !== undefined; d = d.parent as typeof d) {
    const own = byDeclaration.get(d);
    if (own !== undefined) found = [...found, ...own];
  }
  return found;
}
const numberCollections = async (session: Parameters<(typeof flushPreparations)[number]>[0]): Promise<void> => {
  for (const owner of [...session.pending, ...session.dirty]) {
    for (const ordered of orderedOf(owner)) {
      const property = checked(mapperOfInstance(owner), ordered);
      const isNew = session.pending.includes(owner);
      if (!isNew && historyOf(owner, property) === undefined) continue;
      if (!isNew && owner[property.slot] === UNLOADED) await session.loadRelation(owner, property);
      number(owner, property, ordered);
    }
  }
};
function asNumbered(members: readonly Managed[], { attribute, position }: Ordered): readonly Managed[] {
  const indexes = new Map(members.map((_, i) => [position(i) as unknown, i]));
  const indexOf = (member: Managed) => indexes.get(member[`$${attribute}`]) ?? members.length;
  return [...members].sort((a, b) => indexOf(a) - indexOf(b));
}
function number(owner: Managed, property: RelationshipProperty, { attribute, position }: Ordered): void {
  const members = owner[property.slot];
  if (!(members instanceof Collection)) return;
  members.forEach((member, i) => {
    const fields = member as unknown as Record<string, unknown>;
    const place = position(i);
    if (member[`$${attribute}`] !== place) fields[attribute] = place;
  });
}
function checked(mapper: Mapper, ordered: Ordered): RelationshipProperty {
  const { relationship, attribute } = ordered;
  const property = mapper.relationship(relationship);
  if (ordered.checked) return property as RelationshipProperty;
  const collections = mapper.relationships.filter((r) => r.uselist).map((r) => r.key);
  if (property === undefined || !property.uselist)
    throw new ArgumentError(
      `orderingList(${mapper}): '${relationship}' is no collection.${didYouMean(relationship, collections)}`,
      "orm.ordering-list",
    );
  const columns = property.target.attributes.map((a) => a.key);
  if (!columns.includes(attribute))
    throw new ArgumentError(
      `orderingList(${property}): ${property.target} has no column '${attribute}'.${didYouMean(attribute, columns)}`,
      "orm.ordering-list",
    );
  ordered.checked = true;
  return property;
}

/**
 * Numbers the members of a loaded ordered collection at once: after sorting or swapping them in place, which no array
 * can tell.
 *
 * @example slide.bullets.sort(byText); reorder(slide, "bullets");
 * @throws ArgumentError when the relationship has no orderingList()
 */
export function reorder<E extends object>(owner: E, relationship: keyof E & string): void {
  const instance = managed(owner);
  const ordered = instance === undefined ? undefined : orderedOf(instance).find((o) => o.relationship === relationship);
  if (instance === undefined || ordered === undefined)
    throw new ArgumentError(`reorder(): '${relationship}' has no orderingList().`, "orm.ordering-list");
  const property = checked(mapperOfInstance(instance), ordered);
  const members = instance[property.slot];
  // Their positions still tell the order before, which a rollback goes back to.
  if (members instanceof Collection && historyOf(instance, property) === undefined)
    beginHistory(instance, property, UNLOADED, asNumbered(members, ordered));
  number(instance, property, ordered);
}
