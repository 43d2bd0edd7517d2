/**
 * Loading relationships for many objects at once: what selectin options, lazy siblings and carried options all do. One
 * statement per relationship and 500 owners. Source: SQLAlchemy "Select IN loading".
 */
import { type Expression, SelectStatement } from "@athanor/core";
import { Collection, setLoadedCollection, setLoadedReference } from "../mapping/collection.js";
import { mapperOfInstance, type RelationshipProperty } from "../mapping/mapper.js";
import { type Managed, managed, STALE, UNLOADED } from "../mapping/state.js";
import type { SessionInternals } from "../session/internals.js";
import { relationSteps } from "./attributes.js";
import { entityOf } from "./entity.js";
import { fillColumns } from "./fill-columns.js";
import { among, CHUNK, KeyedOwners } from "./keys.js";
import { CarriedOptions, type LoadTree } from "./options.js";
import { aliasedSource, mappedSource } from "./source.js";

/** The rows of a loader's statement: an entity and the key it belongs to. */
export interface KeyedRows {
  /** By row; null where there is no entity. */
  readonly members: readonly (Managed | null)[];
  readonly rows: readonly (readonly unknown[])[];
  /** Where the key stands in a row. */
  readonly keyAt: readonly number[];
  /** A member may come several times with one key. */
  readonly repeats: boolean;
}
/** How loaders run statements inside the session's turn; `execute.ts` provides it. */
export interface Runner {
  /** A select of an entity, then of key columns. */
  keyed(session: SessionInternals, statement: SelectStatement): Promise<KeyedRows>;
  /** A select of columns. */
  columns(session: SessionInternals, statement: SelectStatement): Promise<readonly (readonly unknown[])[]>;
}

/** Loads what a tree of options says for objects that are there already. */
export async function loadTree(
  run: Runner,
  session: SessionInternals,
  instances: readonly Managed[],
  tree: LoadTree,
): Promise<void> {
  if (instances.length === 0) return;
  for (const [property, branch] of tree.relations) {
    if (branch.strategy === "lazy" || branch.strategy === "raise" || branch.strategy === "noload") continue;
    await loadRelation(run, session, instances, property, branch.below, branch.criteria);
  }
}

/** Loads one relationship for all of these that lack it; for the others goes on to what is below. */
export async function loadRelation(
  run: Runner,
  session: SessionInternals,
  instances: readonly Managed[],
  property: RelationshipProperty,
  below: LoadTree,
  criteria: readonly Expression[] = [],
): Promise<void> {
  const owners: Managed[] = [];
  const known: Managed[] = [];
  const { slot } = property;
  for (const instance of instances) {
    const value = instance[slot];
    if (value === UNLOADED) owners.push(instance);
    else if (below.isEmpty || value === undefined) continue;
    else if (value instanceof Collection) for (const member of value) known.push(member);
    else {
      const member = managed(value);
      if (member !== undefined) known.push(member);
    }
  }
  if (known.length > 0) await loadTree(run, session, [...new Set(known)], below);
  const load = property.direction === "manyToOne" && property.primaryJoin === undefined ? loadReferences : loadMembers;
  for (let at = 0; at < owners.length; at += CHUNK) {
    const chunk = owners.length <= CHUNK ? owners : owners.slice(at, at + CHUNK);
    await load(run, session, chunk, property, below, criteria);
  }
}

/** Collections, and references whose key is on the other side. */
async function loadMembers(
  run: Runner,
  session: SessionInternals,
  owners: readonly Managed[],
  property: RelationshipProperty,
  below: LoadTree,
  criteria: readonly Expression[],
): Promise<void> {
  const { direct, ownerKeys } = localKeys(property);
  await fillColumns(run.columns, session, property.parent, owners, ownerKeys);
  const keyed = new KeyedOwners(ownerKeys);
  for (const owner of owners) if (!keyed.add(owner)) settle(owner, property, []);
  if (keyed.keys.length === 0) return;
  const target = mappedSource(property.target);
  let statement = direct ? membersByKey(property, keyed) : membersByJoin(property, keyed);
  if (criteria.length > 0) statement = statement.where(...criteria);
  const order = property.orderBy(target.columns);
  if (order.length > 0) statement = statement.orderBy(...order);
  if (!below.isEmpty) statement = statement.options(new CarriedOptions(below));
  const { members, rows, keyAt, repeats } = await run.keyed(session, statement);
  const found = new Map<Managed[], Managed[]>();
  let last: Managed[] | undefined;
  let list: Managed[] = [];
  for (let r = 0; r < rows.length; r++) {
    const member = members[r] as Managed | null;
    if (member === null) continue;
    const group = keyed.find(rows[r] as readonly unknown[], keyAt);
    if (group === undefined) continue;
    // Rows of one key mostly come one after another.
    if (group !== last) {
      last = group;
      const begun = found.get(group);
      if (begun === undefined) found.set(group, (list = []));
      else list = begun;
    }
    list.push(member);
  }
  const reverse = property.backPopulates;
  const back = reverse !== undefined && !reverse.uselist && property.direction === "oneToMany" ? reverse : undefined;
  for (const group of keyed.groups) {
    let loaded = found.get(group) ?? [];
    if (repeats) loaded = [...new Set(loaded)];
    for (const owner of group) {
      settle(owner, property, loaded);
      if (back !== undefined)
        for (const member of loaded) if (member[back.slot] === UNLOADED) setLoadedReference(member, back, owner);
    }
  }
}
/** The owner's columns that rows of the relationship are found by; without pairs, its primary key. */
function localKeys(property: RelationshipProperty) {
  const locals = property.secondary?.localPairs.map((p) => p.mapped) ?? property.pairs.map((p) => p.local);
  const direct = property.primaryJoin === undefined && locals.length > 0;
  return { direct, ownerKeys: direct ? locals : property.parent.primaryKey };
}
function membersByKey(property: RelationshipProperty, keyed: KeyedOwners): SelectStatement {
  const target = mappedSource(property.target);
  if (property.secondary === undefined) {
    const columns = property.pairs.map((p) => target.column(p.remote));
    return new SelectStatement([entityOf(property.target), ...columns]).where(among(columns, keyed.keys));
  }
  const { table, localPairs } = property.secondary;
  const columns = localPairs.map((p) => p.column);
  const { toTarget } = relationSteps(property, mappedSource(property.parent), target, false);
  return new SelectStatement([entityOf(property.target), ...columns])
    .selectFrom(table)
    .join(target.from, toTarget)
    .where(among(columns, keyed.keys));
}
/** A join written by hand: over an alias of the owner. */
function membersByJoin(property: RelationshipProperty, keyed: KeyedOwners): SelectStatement {
  const owner = aliasedSource(property.parent);
  const target = mappedSource(property.target);
  const { toTarget } = relationSteps(property, owner, target, true);
  const columns = property.parent.primaryKey.map((a) => owner.column(a));
  return new SelectStatement([entityOf(property.target), ...columns])
    .selectFrom(owner.from)
    .join(target.from, toTarget)
    .where(among(columns, keyed.keys));
}

/** Many-to-one: from the identity map where the key is known there, the rest in one statement. */
async function loadReferences(
  run: Runner,
  session: SessionInternals,
  owners: readonly Managed[],
  property: RelationshipProperty,
  below: LoadTree,
  criteria: readonly Expression[],
): Promise<void> {
  const locals = property.pairs.map((p) => p.local);
  await fillColumns(run.columns, session, property.parent, owners, locals);
  const waiting = new KeyedOwners(locals);
  const found: Managed[] = [];
  for (const owner of owners) {
    if (property.usesGet && criteria.length === 0) {
      const identity = property.target.identityKey(
        inKeyOrder(
          property,
          locals.map((a) => owner[a.slot]),
        ),
      );
      const present = identity === undefined ? undefined : session.identity.get(property.target, identity);
      if (present !== undefined && (present.$$f & STALE) === 0 && fits(present, property)) {
        setLoadedReference(owner, property, present);
        found.push(present);
        continue;
      }
    }
    if (!waiting.add(owner)) setLoadedReference(owner, property, null);
  }
  if (found.length > 0 && !below.isEmpty) await loadTree(run, session, [...new Set(found)], below);
  if (waiting.keys.length === 0) return;
  const target = mappedSource(property.target);
  const columns = property.pairs.map((p) => target.column(p.remote));
  let statement = new SelectStatement([entityOf(property.target), ...columns]).where(
    among(columns, waiting.keys),
    ...criteria,
  );
  if (!below.isEmpty) statement = statement.options(new CarriedOptions(below));
  const { members, rows, keyAt } = await run.keyed(session, statement);
  for (let r = 0; r < rows.length; r++) {
    const member = members[r] as Managed | null;
    for (const owner of (member === null ? undefined : waiting.find(rows[r] as readonly unknown[], keyAt)) ?? []) {
      if (owner[property.slot] === UNLOADED) setLoadedReference(owner, property, member);
    }
  }
  for (const group of waiting.groups)
    for (const owner of group) if (owner[property.slot] === UNLOADED) setLoadedReference(owner, property, null);
}
/** The object of this key may be of another class of the hierarchy. */
function fits(present: Managed, { target }: RelationshipProperty): boolean {
  return target.inheritance === undefined || mapperOfInstance(present).isA(target);
}
/** Values of the foreign key in the order of the target's primary key. */
export function inKeyOrder(property: RelationshipProperty, values: readonly unknown[]): unknown[] {
  return property.target.primaryKey.map((pk) => values[property.pairs.findIndex((p) => p.remote === pk)]);
}

function settle(owner: Managed, property: RelationshipProperty, members: readonly Managed[]): void {
  if (property.uselist) setLoadedCollection(owner, property, members);
  else setLoadedReference(owner, property, members[0] ?? null);
}
