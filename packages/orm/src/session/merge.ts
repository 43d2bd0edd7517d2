/**
 * `merge()`: the state of an object from outside, copied onto the session's object for the same row. Only attributes
 * that were set are copied; relationships follow the merge cascade. Source: SQLAlchemy "Merging".
 */
import { InvalidRequestError } from "@athanor/core";
import {
  addToCollection,
  assignReference,
  Collection,
  describeInstance,
  setLoadedReference,
} from "../mapping/collection.js";
import type { CanonicalKey } from "../mapping/identity-key.js";
import { type Mapper, mapperOfInstance, type RelationshipProperty } from "../mapping/mapper.js";
import {
  clearChanges,
  DELETED,
  historyOf,
  LOAD_TOKEN,
  type Managed,
  STALE,
  setToken,
  tokenOf,
  UNLOADED,
} from "../mapping/state.js";
import { loadByKey } from "../query/execute.js";
import type { SessionCore } from "./core.js";
import { sameInColumn } from "./unit-of-work/values.js";

export interface MergeOptions {
  /** false: take the given state for that of the row, without reading it. The object must have no changes. */
  readonly load?: boolean;
}

export async function mergeInto(
  core: SessionCore,
  given: Managed,
  options: MergeOptions,
  seen: Map<Managed, Managed>,
  byKey: Map<Mapper, Map<string, Managed>>,
  reached: Map<Managed, Set<RelationshipProperty>> = new Map(),
): Promise<Managed> {
  const done = seen.get(given);
  if (done !== undefined) return done;
  if (given.$$s === core) {
    if ((given.$$f & DELETED) !== 0)
      throw new InvalidRequestError(
        `merge(${describeInstance(given)}): this session has deleted it; make a new object instead.`,
        "session.deleted",
      );
    seen.set(given, given);
    return given;
  }
  const load = options.load ?? true;
  const mapper = mapperOfInstance(given);
  const key = mapper.keyOf(given);
  if (!load) {
    if (key === undefined)
      throw new InvalidRequestError(
        `merge(${describeInstance(given)}, { load: false }): it has no key, so there is no row it could stand for.`,
        "orm.no-key",
      );
    if (given.$$m !== 0 || given.$$n !== 0 || given.$$h !== null) {
      throw new InvalidRequestError(
        `merge(${describeInstance(given)}, { load: false }): it has changes, which would be taken for the state of the row.`,
        "session.merge-dirty",
      );
    }
  }
  const token = tokenOf(given);
  const at = core.at(token);
  let target = key === undefined ? undefined : (at.identity.get(mapper, key) ?? sameKey(byKey, mapper, key));
  // What is stale is read first: only then can be told what differs.
  const stale = target !== undefined && (target.$$f & STALE) !== 0;
  if ((target === undefined || stale) && key !== undefined && load) {
    const known = target;
    const values = mapper.primaryKey.map((a) => given[a.slot]);
    // Of no place in particular: in a session over shards, wherever such a key may be.
    const spread = core.options.shards !== undefined && token === undefined;
    target = (await (spread ? core.get(mapper, values, {}) : loadByKey(at, mapper, values))) ?? undefined;
    if (target === undefined && known !== undefined) core.removed(known);
  }
  const fresh = target === undefined;
  if (target === undefined) {
    target = new mapper.loadClass(LOAD_TOKEN);
    if (token !== undefined) setToken(target, token);
    if (load) core.objects.add(target);
    else {
      for (const a of mapper.attributes) target[a.slot] = given[a.slot];
      at.identity.add(mapper, key as CanonicalKey, target);
      core.register(target);
    }
    if (key !== undefined) remember(byKey, mapper, key, target);
  }
  seen.set(given, target);
  for (const a of mapper.attributes) {
    const value = given[a.slot];
    if (value === UNLOADED || (!fresh && mapper.primaryKey.includes(a))) continue;
    if (!load) target[a.slot] = value;
    else if (target[a.slot] === UNLOADED || !sameInColumn(a.column, target[a.slot], value))
      (target as unknown as Record<string, unknown>)[a.key] = value;
  }
  for (const property of mapper.relationships) {
    if (!property.cascade.merge) continue;
    const value = given[property.slot];
    // The other side of what led here holds whom it came from, and says nothing about the rest of the row's collection.
    if (load && property.backPopulates !== undefined && reached.get(given)?.has(property.backPopulates)) continue;
    if (property.isQuery) {
      await mergeQuery(core, given, target, property, fresh, (member) => {
        note(reached, member, property);
        return mergeInto(core, member, options, seen, byKey, reached);
      });
      continue;
    }
    if (value === UNLOADED) continue;
    if (value instanceof Collection) {
      const members: Managed[] = [];
      for (const member of value)
        if (!isDeleted(core, member)) {
          note(reached, member, property);
          members.push(await mergeInto(core, member, options, seen, byKey, reached));
        }
      if (!load) {
        target[property.slot] = Collection.loaded(target, property, members);
        continue;
      }
      if (!fresh && target[property.slot] === UNLOADED) await core.loadRelation(target, property);
      const there = target[property.slot];
      if (there instanceof Collection && sameMembers(there, members)) continue;
      (target as unknown as Record<string, unknown>)[property.key] = members;
    } else {
      if (value !== null) note(reached, value as Managed, property);
      const merged =
        value === null || isDeleted(core, value as Managed)
          ? null
          : await mergeInto(core, value as Managed, options, seen, byKey, reached);
      if (!load) {
        target[property.slot] = merged;
        continue;
      }
      // What refers to it already does not change.
      if (!fresh && target[property.slot] === UNLOADED) {
        if (property.direction === "oneToMany") await core.loadRelation(target, property);
        else if (core.peekRelated(target, property) === merged) setLoadedReference(target, property, merged);
      }
      assignReference(target, property, merged);
    }
  }
  if (!load) clearChanges(target);
  return target;
}
/** A collection that is a query has nothing but what was added to it: the members to be, or, where only written, to add. */
async function mergeQuery(
  core: SessionCore,
  given: Managed,
  target: Managed,
  property: RelationshipProperty,
  fresh: boolean,
  merge: (member: Managed) => Promise<Managed>,
): Promise<void> {
  const members: Managed[] = [];
  for (const member of historyOf(given, property)?.added ?? [])
    if (!isDeleted(core, member)) members.push(await merge(member));
  if (members.length === 0) return;
  if (fresh || property.lazy === "writeOnly") for (const member of members) addToCollection(target, property, member);
  else (target as unknown as Record<string, unknown>)[property.key] = members;
}
function note(
  reached: Map<Managed, Set<RelationshipProperty>>,
  instance: Managed,
  property: RelationshipProperty,
): void {
  const all = reached.get(instance);
  if (all === undefined) reached.set(instance, new Set([property]));
  else all.add(property);
}
function sameMembers(a: readonly Managed[], b: readonly Managed[]): boolean {
  return a.length === b.length && a.every((member, i) => member === b[i]);
}
/** What this session has deleted stays deleted, whoever still refers to it. */
function isDeleted(core: SessionCore, instance: Managed): boolean {
  return instance.$$s === core && (instance.$$f & DELETED) !== 0;
}
function keyText(key: CanonicalKey): string {
  return typeof key === "object" ? JSON.stringify(key.map(String)) : `${typeof key}:${String(key)}`;
}
function sameKey(byKey: Map<Mapper, Map<string, Managed>>, mapper: Mapper, key: CanonicalKey): Managed | undefined {
  return byKey.get(mapper.root)?.get(keyText(key));
}
function remember(
  byKey: Map<Mapper, Map<string, Managed>>,
  mapper: Mapper,
  key: CanonicalKey,
  instance: Managed,
): void {
  const map = byKey.get(mapper.root) ?? new Map<string, Managed>();
  map.set(keyText(key), instance);
  byKey.set(mapper.root, map);
}
