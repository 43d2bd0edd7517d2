/**
 * Loading relationships for many objects at once: what selectin options, lazy siblings and carried options all do. One
 * statement per relationship and 500 owners. Source: SQLAlchemy "Select IN loading".
 */
import { SelectStatement } from "@athanor/core";
import { Collection, setLoadedCollection, setLoadedReference, warnOfManyRows } from "../mapping/collection.js";
import { type MappedColumn, mapperOfInstance, type RelationshipProperty } from "../mapping/mapper.js";
import { type Managed, managed, STALE, UNLOADED } from "../mapping/state.js";
import type { SessionInternals } from "../session/internals.js";
import { entityOver } from "./entity.js";
import { among, CHUNK, KeyedOwners } from "./keys.js";
import { CarriedOptions, type LoadBranch, type LoadTree } from "./load-tree.js";
import { firstMembers, membersBy } from "./members.js";
import { PolymorphicSource, wholeTarget } from "./polymorphic.js";
import { type EntitySource, mappedSource, targetSourceOf } from "./source.js";

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
/** How loaders run statements inside the session's turn; `run-plan.ts` provides it. */
export interface Runner {
  /** A select of an entity, then of key columns. */
  keyed(
    session: SessionInternals,
    statement: SelectStatement,
    populate: boolean,
    owners: readonly Managed[],
    property: RelationshipProperty,
  ): Promise<KeyedRows>;
  /** A select of columns. */
  columns(session: SessionInternals, statement: SelectStatement): Promise<readonly (readonly unknown[])[]>;
}
/** What the loads of one statement share. */
export interface LoadWork {
  readonly run: Runner;
  readonly session: SessionInternals;
  /** populateExisting: what the session has already is read anew. */
  readonly populate: boolean;
  /** What a statement loads with its rows: its loader criteria hold for objects the session has, too. */
  readonly eager: boolean;
}

/** Loads what a tree of options says for objects that are there already. */
export async function loadTree(work: LoadWork, instances: readonly Managed[], tree: LoadTree): Promise<void> {
  if (instances.length === 0) return;
  for (const [property, branch] of tree.relations) {
    const strategy = tree.strategyOf(property);
    if (strategy === "lazy" || strategy === "raise" || strategy === "noload") continue;
    await loadRelation(work, instances, property, branch);
  }
}

/**
 * Loads one relationship for all of these that lack it; for the others goes on to what is below. With a recursion depth
 * the same again for the members, level by level: the statements of all levels are one and the same.
 */
export async function loadRelation(
  work: LoadWork,
  instances: readonly Managed[],
  property: RelationshipProperty,
  branch: LoadBranch,
): Promise<void> {
  await loadLevel(work, instances, property, branch);
  if (branch.recursionDepth === 0) return;
  const seen = new Set(instances);
  let level = instances;
  for (let depth = branch.recursionDepth; depth > 0; depth--) {
    const next: Managed[] = [];
    for (const instance of level)
      for (const member of membersIn(instance[property.slot])) {
        if (seen.has(member) || !(property.slot in member)) continue;
        seen.add(member);
        next.push(member);
      }
    if (next.length === 0) return;
    await loadLevel(work, next, property, branch);
    level = next;
  }
}
function membersIn(value: unknown): readonly Managed[] {
  if (value instanceof Collection) return value as unknown as readonly Managed[];
  const member = value === UNLOADED ? undefined : managed(value);
  return member === undefined ? [] : [member];
}
async function loadLevel(
  work: LoadWork,
  instances: readonly Managed[],
  property: RelationshipProperty,
  branch: LoadBranch,
  again = false,
): Promise<void> {
  const { below } = branch;
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
  if (known.length > 0) await loadTree(work, [...new Set(known)], below);
  const size = branch.chunkSize ?? CHUNK;
  const byReference = property.direction === "manyToOne" && property.primaryJoin === undefined;
  const { direct, ownerKeys } = localKeys(property);
  for (let at = 0; at < owners.length; at += size) {
    const chunk = owners.length <= size ? owners : owners.slice(at, at + size);
    // Owners whose own key columns were left out of the query are found by a join instead.
    const lacking = direct ? chunk.filter((o) => ownerKeys.some((a) => o[a.slot] === UNLOADED)) : [];
    const ready = lacking.length === 0 ? chunk : chunk.filter((o) => !lacking.includes(o));
    if (lacking.length > 0) await loadMembers(work, lacking, property, branch, property.parent.primaryKey, false);
    if (ready.length === 0) continue;
    if (byReference) await loadReferences(work, ready, property, branch);
    else await loadMembers(work, ready, property, branch, ownerKeys, direct);
  }
  // Rows that were read may be those of stale owners, which forget what they were given just now: they are current now.
  if (again) return;
  const forgotten = owners.filter((o) => o[slot] === UNLOADED);
  if (forgotten.length > 0) await loadLevel(work, forgotten, property, branch, true);
}
/** The owner's columns that rows of the relationship are found by; without pairs, its primary key. */
function localKeys(property: RelationshipProperty): {
  readonly direct: boolean;
  readonly ownerKeys: readonly MappedColumn[];
} {
  const locals = property.secondary?.localPairs.map((p) => p.mapped) ?? property.pairs.map((p) => p.local);
  const byHand = property.primaryJoin ?? property.secondary?.toSecondary ?? property.secondary?.toTarget;
  const direct = byHand === undefined && locals.length > 0;
  return { direct, ownerKeys: direct ? locals : property.parent.primaryKey };
}
/** Where these objects are read: the class's tables, those of a subclass with them, or the alias the relationship names. */
function sourceFor(property: RelationshipProperty, { target: aimed }: LoadBranch): EntitySource {
  if (property.alias !== undefined) return targetSourceOf(property);
  if (property.target.isUnion && aimed?.isAlias !== true) return mappedSource(property.target);
  const whole = aimed instanceof PolymorphicSource ? aimed : wholeTarget(property.target, aimed);
  if (whole !== undefined) return whole;
  return mappedSource(aimed?.mapper.isA(property.target) === true ? aimed.mapper : property.target);
}

/** Collections, and references whose key is on the other side. `direct`: by the owner's columns, else by a join. */
async function loadMembers(
  work: LoadWork,
  owners: readonly Managed[],
  property: RelationshipProperty,
  branch: LoadBranch,
  ownerKeys: readonly MappedColumn[],
  direct: boolean,
): Promise<void> {
  const keyed = new KeyedOwners(ownerKeys);
  for (const owner of owners) if (!keyed.add(owner)) settle(owner, property, []);
  if (keyed.keys.length === 0) return;
  const target = sourceFor(property, branch);
  let statement: SelectStatement;
  if (branch.limitPerParent === undefined) {
    const { columns, over } = membersBy(property, target, direct, false);
    statement = over(new SelectStatement([entityOver(target), ...columns])).where(among(columns, keyed.keys));
    if (branch.criteria.length > 0) statement = statement.where(...branch.criteria);
    const order = branch.order.length > 0 ? branch.order : property.orderBy(target.columns);
    if (order.length > 0) statement = statement.orderBy(...order);
  } else statement = firstMembers(property, target, direct, keyed.keys, branch);
  if (!branch.below.isEmpty) statement = statement.options(new CarriedOptions(branch.below));
  const { members, rows, keyAt, repeats } = await work.run.keyed(
    work.session,
    statement,
    work.populate,
    owners,
    property,
  );
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
/** Many-to-one: from the identity map where the key is known there, the rest in one statement. */
async function loadReferences(
  work: LoadWork,
  owners: readonly Managed[],
  property: RelationshipProperty,
  branch: LoadBranch,
): Promise<void> {
  const { session, populate } = work;
  const { below, criteria } = branch;
  const restricted = work.eager && below.restrictions.some((r) => property.target.tables.includes(r.table));
  const locals = property.pairs.map((p) => p.local);
  const waiting = new KeyedOwners(locals);
  const found: Managed[] = [];
  for (const owner of owners) {
    if (property.usesGet && criteria.length === 0 && !populate && !restricted) {
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
  if (found.length > 0 && !below.isEmpty) await loadTree(work, [...new Set(found)], below);
  if (waiting.keys.length === 0) return;
  const target = sourceFor(property, branch);
  const columns = property.pairs.map((p) => target.column(p.remote));
  let statement = new SelectStatement([entityOver(target), ...columns]).where(
    among(columns, waiting.keys),
    ...criteria,
  );
  if (!below.isEmpty) statement = statement.options(new CarriedOptions(below));
  const { members, rows, keyAt } = await work.run.keyed(session, statement, populate, owners, property);
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
  else {
    if (members.length > 1) warnOfManyRows(owner, property);
    setLoadedReference(owner, property, members[0] ?? null);
  }
}
