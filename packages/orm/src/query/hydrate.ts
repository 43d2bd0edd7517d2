/**
 * Rows to objects: identity first, then what the row adds. What is loaded already is never overwritten unless it is
 * stale. Source: SQLAlchemy "loading.instances".
 */
import { InvalidRequestError, rowPrototype } from "@athanor/core";
import { Collection, setLoadedCollection, setLoadedReference, warnOfManyRows } from "../mapping/collection.js";
import type { CanonicalKey } from "../mapping/identity-key.js";
import { type Mapper, mapperOfInstance } from "../mapping/mapper.js";
import {
  clearChanges,
  historyOf,
  isChanged,
  LOAD_TOKEN,
  type LoadBatch,
  type Managed,
  STALE,
  UNLOADED,
} from "../mapping/state.js";
import type { SessionInternals } from "../session/internals.js";
import type { LoadTree } from "./load-tree.js";
import type { EntityPlan, ItemPlan, JoinedPlan, OrmPlan } from "./plan.js";
import type { KeyedRows } from "./relations.js";
import { SeenRows } from "./seen-rows.js";

const NOTHING_JOINED: [] = [];
/** Objects that are there are read anew; "written": as a statement of this transaction left them, so a rollback takes it back. */
export type Populate = boolean | "written";

/** One execution of a plan. */
export class Hydration {
  readonly plan: OrmPlan;
  readonly session: SessionInternals;
  readonly populateExisting: Populate;
  /** What each entity of the plan met, in order. */
  readonly batches: readonly LoadBatch[];
  readonly #collected: (Map<Managed, Set<Managed> | null> | undefined)[];
  readonly #seen: SeenRows | undefined;
  /** By entity, the objects met so far; for plans of several entities. */
  readonly #met: readonly Set<Managed>[] | undefined;
  /** With populateExisting: objects are read anew once per execution. */
  readonly #renewed: Set<Managed> | undefined;
  /** What listeners are told at the end; undefined while there are none. */
  readonly #told: { readonly instance: Managed; readonly fresh: boolean }[] | undefined;

  constructor(plan: OrmPlan, session: SessionInternals, populateExisting: Populate, trees?: readonly LoadTree[]) {
    this.plan = plan;
    this.session = session;
    this.populateExisting = populateExisting;
    const { entities } = plan;
    const batches = new Array<LoadBatch>(entities.length);
    for (let i = 0; i < entities.length; i++) {
      const e = entities[i] as EntityPlan;
      batches[i] = { instances: [], context: trees === undefined ? e.tree : trees[e.index], left: 0 };
    }
    this.batches = batches;
    this.#collected = plan.joinedCount === 0 ? NOTHING_JOINED : new Array(plan.joinedCount);
    this.#seen = plan.unique ? new SeenRows() : undefined;
    this.#met = plan.entities.length > 1 ? plan.entities.map(() => new Set()) : undefined;
    this.#renewed = populateExisting ? new Set() : undefined;
    this.#told = session.rowEvents === null || session.rowEvents === undefined ? undefined : [];
  }

  /** The first items of the rows: what `scalars()` gives. */
  firsts(rows: readonly unknown[][]): unknown[] {
    const { items } = this.plan;
    const [item] = items as readonly [ItemPlan];
    if (items.length === 1 && item.entity !== undefined && this.#seen === undefined)
      return this.#entities(item.entity, rows);
    const { convert } = this.plan;
    const out: unknown[] = [];
    for (let r = 0; r < rows.length; r++) {
      const row = rows[r] as unknown[];
      convert?.(row);
      const made = items.map((item) => this.#item(item, row));
      if (this.#seen === undefined || this.#seen.add(made)) out.push(made[0]);
    }
    return out;
  }
  /** The entity of every row, and where the key beside it stands: for loaders. */
  keyed(rows: unknown[][]): KeyedRows {
    const [item, ...keys] = this.plan.items;
    return {
      members: this.#entities((item as ItemPlan).entity as EntityPlan, rows),
      rows,
      keyAt: keys.map((k) => k.at),
      repeats: this.#seen !== undefined,
    };
  }
  /** Rows of plain columns as they are. */
  values(rows: unknown[][]): readonly unknown[][] {
    const { convert, items } = this.plan;
    if (convert !== undefined) for (const row of rows) convert(row);
    return items.every((item, i) => item.at === i) ? rows : rows.map((row) => items.map((item) => row[item.at]));
  }
  /** Whole rows: arrays that also answer by name. */
  rows(rows: readonly unknown[][]): unknown[] {
    const { items, names, convert } = this.plan;
    const prototype = prototypeFor(this.plan, names);
    const out: unknown[] = [];
    for (let r = 0; r < rows.length; r++) {
      const row = rows[r] as unknown[];
      convert?.(row);
      const made = new Array<unknown>(items.length);
      for (let i = 0; i < items.length; i++) made[i] = this.#item(items[i] as ItemPlan, row);
      if (this.#seen !== undefined && !this.#seen.add(made)) continue;
      out.push(Object.setPrototypeOf(made, prototype));
    }
    return out;
  }
  /** Puts joined collections in place: after the last row. */
  finish(): void {
    if (this.plan.joinedCount > 0) this.#collect();
    if (this.#told !== undefined) this.#tell(this.#told);
  }
  #collect(): void {
    const visit = (entity: EntityPlan): void => {
      for (const joined of entity.joined) {
        const map = this.#collected[joined.index];
        if (map !== undefined)
          for (const [owner, members] of map)
            if (members !== null) setLoadedCollection(owner, joined.property, [...members]);
        visit(joined.entity);
      }
    };
    for (const item of this.plan.items) if (item.entity !== undefined) visit(item.entity);
  }
  #tell(told: { readonly instance: Managed; readonly fresh: boolean }[]): void {
    const { rowEvents } = this.session;
    for (const { instance, fresh } of told.splice(0)) {
      if (fresh) rowEvents?.loaded(instance);
      else rowEvents?.refreshed(instance, undefined);
    }
  }

  /** The entity of every row. */
  #entities(entity: EntityPlan, rows: readonly unknown[][]): (Managed | null)[] {
    const { plan, session } = this;
    const { convert } = plan;
    if (convert !== undefined) for (let r = 0; r < rows.length; r++) convert(rows[r] as unknown[]);
    if (plan.distinctEntities && entity.standard && !this.populateExisting && session.identity.isEmpty(entity.mapper))
      return this.#fresh(entity, rows);
    const out = new Array<Managed | null>(rows.length);
    for (let r = 0; r < rows.length; r++) out[r] = this.entity(entity, rows[r] as unknown[]);
    return out;
  }
  /** An empty identity map and distinct rows: nothing to look up. */
  #fresh(entity: EntityPlan, rows: readonly unknown[][]): Managed[] {
    const Model = entity.mapper.loadClass;
    const batch = this.batches[entity.index] as LoadBatch;
    const { session } = this;
    const face = session.face;
    const out = new Array<Managed>(rows.length);
    for (let r = 0; r < rows.length; r++)
      out[r] = new Model(LOAD_TOKEN, rows[r] as unknown[], entity.offset, face, batch);
    for (const { attribute, at } of entity.extras)
      for (let r = 0; r < rows.length; r++) (out[r] as Managed)[attribute.slot] = (rows[r] as unknown[])[at];
    if (out[0] !== undefined) refuseFieldWrites(out[0]);
    (batch as { instances: Managed[] }).instances = out;
    if (entity.empty.length > 0) for (const instance of out) this.#emptyOut(entity, instance);
    if (this.#told !== undefined) for (const instance of out) this.#told.push({ instance, fresh: true });
    session.identity.append(entity.mapper, out);
    return out.slice();
  }
  #item(item: ItemPlan, row: unknown[]): unknown {
    if (item.entity !== undefined) return this.entity(item.entity, row);
    if (item.keys === undefined) return row[item.at];
    const part: { [key: string]: unknown } = {};
    let any = item.always;
    item.keys.forEach((key, i) => {
      part[key] = row[item.at + i];
      if (part[key] !== null) any = true;
    });
    return any ? part : null;
  }

  /** The object a row stands for; null where an outer join found nothing. */
  entity(plan: EntityPlan, row: unknown[]): Managed | null {
    const key = keyIn(plan, row);
    if (key === undefined) return null;
    const { identity } = this.session;
    const batch = this.batches[plan.index] as LoadBatch;
    // Classes with tables of their own may have equal keys: there the class is a part of what a row is.
    const own = plan.discriminatorAt >= 0 && plan.mapper.isUnion ? classOf(plan, row) : plan.mapper;
    let instance = identity.get(own, key);
    if (instance === undefined) {
      const mapper = plan.discriminatorAt < 0 ? plan.mapper : classOf(plan, row);
      const Model = mapper.loadClass;
      if (plan.standard && mapper === plan.mapper)
        instance = new Model(LOAD_TOKEN, row, plan.offset, this.session.face, batch);
      else {
        instance = new Model(LOAD_TOKEN);
        for (const { attribute, at } of plan.columns) instance[attribute.slot] = row[at];
        for (const { attribute, at } of plan.bySubclass?.get(mapper) ?? NONE) instance[attribute.slot] = row[at];
        this.session.register(instance);
        instance.$$b = batch;
      }
      if (batch.instances.length === 0) refuseFieldWrites(instance);
      identity.add(own, key, instance);
      this.#told?.push({ instance, fresh: true });
      batch.instances.push(instance);
      if (plan.empty.length > 0) this.#emptyOut(plan, instance);
      if (plan.extras.length > 0) for (const { attribute, at } of plan.extras) instance[attribute.slot] = row[at];
      this.#met?.[plan.index]?.add(instance);
    } else if (this.#isFirst(plan, instance, batch)) {
      this.#refill(plan, instance, row);
      instance.$$b = batch;
      batch.instances.push(instance);
    }
    for (const joined of plan.joined) this.#join(joined, instance, row);
    return instance;
  }
  /** One object may stand at several entities of a row: then its batch alone does not say where it was met. */
  #isFirst(plan: EntityPlan, instance: Managed, batch: LoadBatch): boolean {
    const met = this.#met?.[plan.index];
    if (met === undefined) return instance.$$b !== batch;
    if (met.has(instance)) return false;
    met.add(instance);
    return true;
  }
  /** A row meets an object the session has: fills what is missing, overwrites what is stale. */
  #refill(plan: EntityPlan, instance: Managed, row: unknown[]): void {
    const renews = this.#renewed !== undefined && !this.#renewed.has(instance);
    const more = plan.bySubclass?.get(mapperOfInstance(instance)) ?? NONE;
    if (!renews && (instance.$$f & STALE) === 0) {
      for (const { attribute, at } of plan.columns)
        if (instance[attribute.slot] === UNLOADED) instance[attribute.slot] = row[at];
      for (const { attribute, at } of more)
        if (instance[attribute.slot] === UNLOADED) instance[attribute.slot] = row[at];
      for (const { attribute, at } of plan.extras)
        if (instance[attribute.slot] === UNLOADED) instance[attribute.slot] = row[at];
      return;
    }
    if (renews && this.populateExisting === "written")
      this.session.overwritten(
        instance,
        plan.columns.map((c) => c.attribute),
      );
    for (const { attribute, at } of plan.columns) {
      if (renews || !isChanged(instance, attribute.index)) instance[attribute.slot] = row[at];
    }
    for (const { attribute, at } of plan.extras) instance[attribute.slot] = row[at];
    if (renews) this.#renewed?.add(instance);
    // A row of some columns makes nothing else fresh.
    if (!plan.complete) return;
    this.#told?.push({ instance, fresh: false });
    if (renews) clearChanges(instance);
    instance.$$f &= ~STALE;
    const mapper = mapperOfInstance(instance);
    for (const attribute of mapper.attributes) {
      const elsewhere = attribute.deferred
        ? !plan.columns.some((c) => c.attribute === attribute)
        : plan.mapper.attribute(attribute.key) === undefined;
      if (elsewhere && !isChanged(instance, attribute.index)) instance[attribute.slot] = UNLOADED;
    }
    for (const { attribute, at } of more) if (instance[attribute.slot] === UNLOADED) instance[attribute.slot] = row[at];
    for (const e of mapper.expressions) if (!plan.extras.some((x) => x.attribute === e)) instance[e.slot] = UNLOADED;
    for (const property of mapper.relationships) {
      if (historyOf(instance, property) !== undefined) continue;
      const known = instance[property.slot];
      // Whoever still holds the old collection changes nothing with it.
      if (known instanceof Collection) known.detach();
      instance[property.slot] = UNLOADED;
    }
  }
  #emptyOut(plan: EntityPlan, instance: Managed): void {
    for (const property of plan.empty) {
      if (instance[property.slot] !== UNLOADED) continue;
      if (property.uselist) setLoadedCollection(instance, property, []);
      else setLoadedReference(instance, property, null);
    }
  }
  /** One object is what the relationship promises: a second row for it is worth a word, once. */
  #another({ property }: JoinedPlan, owner: Managed, member: Managed | null): void {
    if (member === null || owner[property.slot] === member || historyOf(owner, property) !== undefined) return;
    this.#warned ??= new Set();
    if (this.#warned.has(owner)) return;
    this.#warned.add(owner);
    warnOfManyRows(owner, property);
  }
  #warned: Set<Managed> | undefined;
  #join(joined: JoinedPlan, owner: Managed, row: unknown[]): void {
    const member = this.entity(joined.entity, row);
    const { property } = joined;
    if (!(property.slot in owner)) return;
    if (!property.uselist) {
      if (owner[property.slot] === UNLOADED) setLoadedReference(owner, property, member);
      else if (property.direction !== "manyToOne") this.#another(joined, owner, member);
      return;
    }
    let map = this.#collected[joined.index];
    if (map === undefined) this.#collected[joined.index] = map = new Map();
    let members = map.get(owner);
    if (members === undefined) {
      members = owner[property.slot] === UNLOADED ? new Set() : null;
      map.set(owner, members);
    }
    if (members !== null && member !== null) members.add(member);
  }
}

/** A plan whose only row needs nothing but its object: no joins, no further loads, nothing computed beside the columns. */
export function isLone({
  entities,
  items,
  distinctEntities,
  unique,
  joinedCount,
  followed,
  criteria,
}: OrmPlan): boolean {
  const [entity] = entities;
  const plain =
    entity?.standard === true && !entity.mapper.isUnion && entity.extras.length === 0 && entity.empty.length === 0;
  return (
    plain &&
    entities.length === 1 &&
    items.length === 1 &&
    distinctEntities &&
    !unique &&
    joinedCount === 0 &&
    !followed &&
    !criteria
  );
}
/** The object of such a row in a session that has none of its hierarchy and nobody who listens. */
export function loneEntity(plan: OrmPlan, session: SessionInternals, row: unknown[]): Managed {
  const [entity] = plan.entities as readonly [EntityPlan];
  plan.convert?.(row);
  // Of the right length at once: an empty list makes room for many at its first push.
  const instances = new Array<Managed>(1);
  const made = new entity.mapper.loadClass(LOAD_TOKEN, row, entity.offset, session.face, {
    instances,
    context: entity.tree,
    left: 0,
  });
  refuseFieldWrites(made);
  instances[0] = made;
  session.identity.append(entity.mapper, instances);
  return made;
}

/** The identity key of a row; undefined where an outer join found nothing. Numbers are their own key. */
function keyIn({ keyAt, mapper }: EntityPlan, row: readonly unknown[]): CanonicalKey | undefined {
  if (keyAt.length > 1) return mapper.identityKey(keyAt.map((at) => row[at]));
  const value = row[keyAt[0] as number];
  return typeof value === "number" ? value : mapper.identityKey([value]);
}

/** The constructor of a class wrote mapped attributes of a row: a field, compiled to an assignment. Asked of the first object. */
function refuseFieldWrites(instance: Managed): void {
  if ((instance.$$m | instance.$$n) === 0) return;
  const mapper = mapperOfInstance(instance);
  const written = mapper.attributes.filter((a) => isChanged(instance, a.index)).map((a) => `'${a.key}'`);
  throw new InvalidRequestError(
    `${mapper}: its constructor writes ${written.join(", ")} when a row is loaded, over what the row says: a class field, or an assignment. Write 'declare' before a field that restates a type, and give initial values as defaults of columns.`,
    "orm.shadowed",
  );
}
const NONE: EntityPlan["columns"] = [];
const prototypes = new WeakMap<OrmPlan, object>();
function prototypeFor(plan: OrmPlan, names: readonly string[]): object {
  let found = prototypes.get(plan);
  if (found === undefined) prototypes.set(plan, (found = rowPrototype(names)));
  return found;
}
/** The class a discriminator stands for. */
function classOf(plan: EntityPlan, row: unknown[]): Mapper {
  const value = row[plan.discriminatorAt];
  const found = plan.mapper.forIdentity(value);
  if (found === undefined) {
    const known = [...plan.mapper.root.selfAndDescendants()]
      .map((m) => m.inheritance?.identity)
      .filter((i) => i !== undefined);
    throw new InvalidRequestError(
      `A row of '${plan.mapper.table.fullName}' has the discriminator ${JSON.stringify(value)}, which no class stands for (known: ${known.join(", ")}). Import the subclass, or register() it.`,
      "orm.unknown-identity",
    );
  }
  return found;
}
