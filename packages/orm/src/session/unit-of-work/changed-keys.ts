/**
 * What follows a changed key. `passiveUpdates` (the default): the database's ON UPDATE CASCADE changes the rows, objects in
 * memory learn of it. Without: the rows that refer to the key are loaded and updated by the flush.
 * Source: SQLAlchemy "Mutable Primary Keys / Update Cascades".
 */
import { Bind, UpdateStatement } from "@athanor/core";
import { Collection } from "../../mapping/collection.js";
import { type MappedColumn, type Mapper, mapperOfInstance, type RelationshipProperty } from "../../mapping/mapper.js";
import { historyOf, isChanged, type Managed, oldValue, PERSISTENT, UNLOADED } from "../../mapping/state.js";
import type { FlushHost } from "./host.js";
import type { SyncPlan } from "./sync.js";
import { committedValue, sameValue } from "./values.js";

type Changed = ReadonlyMap<MappedColumn, unknown>;
const ACTIVE = Symbol("relationships that follow keys by UPDATE");
const FOLLOWED = Symbol("columns that relationships refer to");

/** Relationships of a class, and those of others that lead to it, which do not leave updates to the database. */
function activeOf(mapper: Mapper): readonly RelationshipProperty[] {
  let found = mapper.memo.get(ACTIVE) as RelationshipProperty[] | undefined;
  if (found === undefined) {
    found = [...mapper.relationships, ...mapper.incoming].filter(
      (r) => !r.passiveUpdates && !r.viewOnly && (r.direction !== "manyToOne" || mapper.incoming.includes(r)),
    );
    mapper.memo.set(ACTIVE, found);
  }
  return found;
}
/** The columns of a class that loaded objects of others may hold copies of. */
export function referredColumns(mapper: Mapper): ReadonlySet<MappedColumn> {
  let found = mapper.memo.get(FOLLOWED) as Set<MappedColumn> | undefined;
  if (found === undefined) {
    found = new Set();
    for (const r of mapper.relationships)
      if (r.direction === "oneToMany" && !r.viewOnly) for (const p of r.syncPairs) found.add(p.local);
    for (const r of mapper.incoming) for (const p of r.syncPairs) found.add(p.remote);
    mapper.memo.set(FOLLOWED, found);
  }
  return found;
}
function changedOf(instance: Managed, columns: Iterable<MappedColumn>): Map<MappedColumn, unknown> {
  const changed = new Map<MappedColumn, unknown>();
  for (const a of columns) {
    if (!isChanged(instance, a.index)) continue;
    const before = committedValue(instance, a);
    const known = oldValue(instance, a.index) === UNLOADED ? before : oldValue(instance, a.index);
    if (!sameValue(known, instance[a.slot])) changed.set(a, known);
  }
  return changed;
}
const heldBy = (value: unknown): readonly Managed[] =>
  value instanceof Collection
    ? value
    : value === UNLOADED || value === null || value === undefined
      ? []
      : [value as Managed];

/** `passiveUpdates: false`: who refers to a changed key gets the new one from the flush. */
export async function referrersOfChangedKeys(
  host: FlushHost,
  dirty: readonly Managed[],
  syncs: SyncPlan,
): Promise<void> {
  for (const owner of dirty) {
    const mapper = mapperOfInstance(owner);
    const active = activeOf(mapper);
    if (active.length === 0 || (owner.$$f & PERSISTENT) === 0) continue;
    for (const property of active) {
      const outgoing = mapper.relationships.includes(property) && property.direction !== "manyToOne";
      const columns = outgoing
        ? (property.secondary?.localPairs.map((p) => p.mapped) ?? property.syncPairs.map((p) => p.local))
        : property.syncPairs.map((p) => p.remote);
      const changed = changedOf(owner, columns);
      if (changed.size === 0) continue;
      if (property.secondary !== undefined) await updateSecondary(host, property, owner, changed);
      else if (!outgoing) {
        for (const child of host.identity.instances(property.parent))
          if (child[property.slot] === owner) syncs.add(child, property, owner);
      } else {
        if (owner[property.slot] === UNLOADED) await loadByOldKey(host, owner, property, changed);
        for (const child of heldBy(owner[property.slot]))
          if ((child.$$f & PERSISTENT) !== 0 && historyOf(owner, property)?.added.has(child) !== true)
            syncs.add(child, property, owner);
      }
    }
  }
}
/** The rows still have the old key. */
async function loadByOldKey(
  host: FlushHost,
  owner: Managed,
  property: RelationshipProperty,
  changed: Changed,
): Promise<void> {
  const now = [...changed.keys()].map((a) => [a, owner[a.slot]] as const);
  for (const [a, before] of changed) owner[a.slot] = before;
  try {
    await host.loadRelation(owner, property);
  } finally {
    for (const [a, value] of now) owner[a.slot] = value;
  }
}
async function updateSecondary(
  host: FlushHost,
  property: RelationshipProperty,
  owner: Managed,
  changed: Changed,
): Promise<void> {
  const { secondary } = property;
  if (secondary === undefined) return;
  const values: Record<string, unknown> = {};
  for (const { mapped, column } of secondary.localPairs) values[column.key] = new Bind(owner[mapped.slot], column.type);
  const statement = new UpdateStatement(secondary.table)
    .set(values)
    .where(...secondary.localPairs.map((p) => p.column.eq(changed.get(p.mapped) ?? owner[p.mapped.slot])));
  const engine = host.engineFor(property.parent);
  const connection = await host.connectionFor(property.parent);
  const { value: compiled, params } = engine.cache.lookup(statement, (binds) =>
    engine.dialect.createCompiler(binds).compile(statement),
  );
  await connection.run(compiled, params);
}

/** The identity map follows a changed primary key; loaded objects that refer to it follow in memory, theirs too. */
export function followChangedKey(host: FlushHost, instance: Managed): void {
  const mapper = mapperOfInstance(instance);
  const changed = changedOf(instance, new Set([...mapper.primaryKey, ...referredColumns(mapper)]));
  if (changed.size === 0) return;
  if (mapper.primaryKey.some((a) => changed.has(a))) {
    const before = mapper.identityKey(
      mapper.primaryKey.map((a) => (changed.has(a) ? changed.get(a) : instance[a.slot])),
    );
    const after = mapper.keyOf(instance);
    if (before !== undefined && after !== undefined) move(host, mapper, instance, before, after);
  }
  follow(host, instance, mapper, changed);
}
function move(
  { identity, frame }: FlushHost,
  mapper: Mapper,
  instance: Managed,
  before: Parameters<FlushHost["identity"]["add"]>[1],
  after: typeof before,
): void {
  identity.remove(mapper, before, instance);
  identity.add(mapper, after, instance);
  frame.switches.push({ mapper, instance, before, after });
}
function follow(host: FlushHost, parent: Managed, mapper: Mapper, changed: Changed): void {
  const adopt = (
    child: Managed,
    pairs: readonly { readonly from: MappedColumn; readonly to: MappedColumn }[],
  ): void => {
    const own = mapperOfInstance(child);
    const before = own.keyOf(child);
    const moved = new Map<MappedColumn, unknown>();
    for (const { from, to } of pairs) {
      const old = child[to.slot];
      if (!changed.has(from) || isChanged(child, to.index) || old === UNLOADED || sameValue(old, parent[from.slot]))
        continue;
      host.frame.undo.push({ instance: child, columns: [to.index, old], histories: null });
      child[to.slot] = parent[from.slot];
      moved.set(to, old);
    }
    if (moved.size === 0) return;
    const after = own.keyOf(child);
    if (own.primaryKey.some((a) => moved.has(a)) && before !== undefined && after !== undefined)
      move(host, own, child, before, after);
    follow(host, child, own, moved);
  };
  for (const property of mapper.relationships) {
    if (property.direction !== "oneToMany" || property.viewOnly || !property.passiveUpdates) continue;
    const pairs = property.syncPairs.map((p) => ({ from: p.local, to: p.remote }));
    if (!pairs.some((p) => changed.has(p.from))) continue;
    for (const child of heldBy(parent[property.slot])) adopt(child, pairs);
  }
  for (const property of mapper.incoming) {
    if (!property.passiveUpdates) continue;
    const pairs = property.syncPairs.map((p) => ({ from: p.remote, to: p.local }));
    if (!pairs.some((p) => changed.has(p.from))) continue;
    const refers = (child: Managed): boolean => {
      const held = child[property.slot];
      if (held !== UNLOADED) return held === parent;
      return pairs.every((p) =>
        sameValue(child[p.to.slot], changed.has(p.from) ? changed.get(p.from) : parent[p.from.slot]),
      );
    };
    for (const child of [...host.identity.instances(property.parent)])
      if (mapperOfInstance(child).isA(property.parent) && refers(child)) adopt(child, pairs);
  }
}
