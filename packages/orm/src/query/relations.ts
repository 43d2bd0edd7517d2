/**
 * Loading relationships for many objects at once: what selectin options, lazy siblings and carried options all do. One
 * statement per relationship and 500 owners. Source: SQLAlchemy "Select IN loading".
 */
import { type Expression, SelectStatement } from "@athanor/core";
import { Collection, setLoadedCollection, setLoadedReference } from "../mapping/collection.js";
import type { RelationshipProperty } from "../mapping/mapper.js";
import { type Managed, managed, UNLOADED } from "../mapping/state.js";
import type { SessionInternals } from "../session/internals.js";
import { relationSteps } from "./attributes.js";
import { entityOf } from "./entity.js";
import { fillColumns } from "./fill-columns.js";
import { among, CHUNK, groupKey } from "./keys.js";
import { CarriedOptions, type LoadTree } from "./options.js";
import { aliasedSource, mappedSource } from "./source.js";

/** Runs a statement of the ORM inside the session's turn and gives its rows; `execute.ts` provides it. */
export type RowsRunner = (session: SessionInternals, statement: SelectStatement) => Promise<readonly (readonly unknown[])[]>;

/** Loads what a tree of options says for objects that are there already. */
export async function loadTree(run: RowsRunner, session: SessionInternals, instances: readonly Managed[], tree: LoadTree): Promise<void> {
  if (instances.length === 0) return;
  for (const [property, branch] of tree.relations) {
    if (branch.strategy === "lazy" || branch.strategy === "raise" || branch.strategy === "noload") continue;
    await loadRelation(run, session, instances, property, branch.below, branch.criteria);
  }
}

/** Loads one relationship for all of these that lack it; for the others goes on to what is below. */
export async function loadRelation(
  run: RowsRunner,
  session: SessionInternals,
  instances: readonly Managed[],
  property: RelationshipProperty,
  below: LoadTree,
  criteria: readonly Expression[] = [],
): Promise<void> {
  const owners: Managed[] = [];
  const known: Managed[] = [];
  for (const instance of instances) {
    if (!(property.slot in instance)) continue;
    const value = instance[property.slot];
    if (value === UNLOADED) owners.push(instance);
    else if (value instanceof Collection) known.push(...value);
    else {
      const member = managed(value);
      if (member !== undefined) known.push(member);
    }
  }
  if (known.length > 0) await loadTree(run, session, [...new Set(known)], below);
  for (let at = 0; at < owners.length; at += CHUNK) {
    const chunk = at === 0 && owners.length <= CHUNK ? owners : owners.slice(at, at + CHUNK);
    await loadChunk(run, session, chunk, property, below, criteria);
  }
}

async function loadChunk(
  run: RowsRunner,
  session: SessionInternals,
  owners: readonly Managed[],
  property: RelationshipProperty,
  below: LoadTree,
  criteria: readonly Expression[],
): Promise<void> {
  if (property.direction === "manyToOne" && property.primaryJoin === undefined) return loadReferences(run, session, owners, property, below, criteria);
  const locals = property.secondary?.localPairs.map((p) => p.mapped) ?? property.pairs.map((p) => p.local);
  const usesPairs = property.primaryJoin === undefined && locals.length > 0;
  const ownerKeys = usesPairs ? locals : property.parent.primaryKey;
  await fillColumns(run, session, property.parent, owners, ownerKeys);
  const keyOf = groupKey(ownerKeys.map((a) => a.column.type));
  const byKey = new Map<unknown, Managed[]>();
  const keys: unknown[][] = [];
  for (const owner of owners) {
    const values = ownerKeys.map((a) => owner[a.slot]);
    if (values.some((v) => v === null || v === undefined || v === UNLOADED)) {
      settle(owner, property, []);
      continue;
    }
    const key = keyOf(values);
    const same = byKey.get(key);
    if (same !== undefined) same.push(owner);
    else {
      byKey.set(key, [owner]);
      keys.push(values);
    }
  }
  if (keys.length === 0) return;
  const target = mappedSource(property.target);
  const selfJoin = property.secondary === undefined && !usesPairs;
  let statement: SelectStatement;
  let keyColumns: readonly Expression[];
  const order = property.orderBy(target.columns);
  if (property.secondary !== undefined && usesPairs) {
    const { table, localPairs } = property.secondary;
    const steps = relationSteps(property, mappedSource(property.parent), target, false);
    keyColumns = localPairs.map((p) => p.column);
    statement = new SelectStatement([entityOf(property.target), ...keyColumns]).selectFrom(table).join(target.from, steps.toTarget).where(among(keyColumns, keys));
  } else if (selfJoin) {
    const owner = aliasedSource(property.parent);
    const steps = relationSteps(property, owner, target, true);
    keyColumns = property.parent.primaryKey.map((a) => owner.column(a));
    statement = new SelectStatement([entityOf(property.target), ...keyColumns]).selectFrom(owner.from).join(target.from, steps.toTarget).where(among(keyColumns, keys));
  } else {
    keyColumns = property.pairs.map((p) => target.column(p.remote));
    statement = new SelectStatement([entityOf(property.target), ...keyColumns]).where(among(keyColumns, keys));
  }
  if (criteria.length > 0) statement = statement.where(...criteria);
  if (order.length > 0) statement = statement.orderBy(...order);
  if (!below.isEmpty) statement = statement.options(new CarriedOptions(below));
  const rows = await run(session, statement);
  const groups = new Map<unknown, Managed[]>();
  for (const row of rows) {
    const member = row[0] as Managed | null;
    if (member === null) continue;
    const key = keyOf(keyColumns.length === 1 ? [row[1]] : row.slice(1));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [member]);
    else group.push(member);
  }
  const reverse = property.backPopulates;
  const setsReverse = reverse !== undefined && !reverse.uselist && property.direction === "oneToMany" && property.secondary === undefined;
  for (const [key, same] of byKey) {
    const members = groups.get(key) ?? [];
    for (const owner of same) {
      settle(owner, property, members);
      if (setsReverse) for (const member of members) if (member[reverse.slot] === UNLOADED) setLoadedReference(member, reverse, owner);
    }
  }
}

/** Many-to-one: from the identity map where the key is known there, the rest in one statement. */
async function loadReferences(
  run: RowsRunner,
  session: SessionInternals,
  owners: readonly Managed[],
  property: RelationshipProperty,
  below: LoadTree,
  criteria: readonly Expression[],
): Promise<void> {
  const locals = property.pairs.map((p) => p.local);
  await fillColumns(run, session, property.parent, owners, locals);
  const keyOf = groupKey(property.pairs.map((p) => p.remote.column.type));
  const waiting = new Map<unknown, Managed[]>();
  const keys: unknown[][] = [];
  const found: Managed[] = [];
  for (const owner of owners) {
    const values = locals.map((a) => owner[a.slot]);
    if (values.some((v) => v === null || v === undefined || v === UNLOADED)) {
      setLoadedReference(owner, property, null);
      continue;
    }
    if (property.usesGet && criteria.length === 0) {
      const identity = property.target.identityKey(inKeyOrder(property, values));
      const present = identity === undefined ? undefined : session.identity.get(property.target, identity);
      if (present !== undefined) {
        setLoadedReference(owner, property, present);
        found.push(present);
        continue;
      }
    }
    const key = keyOf(values);
    const same = waiting.get(key);
    if (same !== undefined) same.push(owner);
    else {
      waiting.set(key, [owner]);
      keys.push(values);
    }
  }
  if (found.length > 0 && !below.isEmpty) await loadTree(run, session, [...new Set(found)], below);
  if (keys.length === 0) return;
  const target = mappedSource(property.target);
  const columns = property.pairs.map((p) => target.column(p.remote));
  let statement = new SelectStatement([entityOf(property.target), ...columns]).where(among(columns, keys), ...criteria);
  if (!below.isEmpty) statement = statement.options(new CarriedOptions(below));
  const loaded = new Map<unknown, Managed>();
  for (const row of await run(session, statement)) {
    const member = row[0] as Managed | null;
    if (member !== null) loaded.set(keyOf(row.slice(1)), member);
  }
  for (const [key, same] of waiting) for (const owner of same) setLoadedReference(owner, property, loaded.get(key) ?? null);
}
/** Values of the foreign key in the order of the target's primary key. */
export function inKeyOrder(property: RelationshipProperty, values: readonly unknown[]): unknown[] {
  return property.target.primaryKey.map((pk) => values[property.pairs.findIndex((p) => p.remote === pk)]);
}

function settle(owner: Managed, property: RelationshipProperty, members: readonly Managed[]): void {
  if (property.uselist) setLoadedCollection(owner, property, members);
  else setLoadedReference(owner, property, members[0] ?? null);
}
