/**
 * Long because the steps of one flush share its few sets.
 *
 * One flush: what changed since the last one becomes INSERT, UPDATE and DELETE, in an order the database accepts.
 * O(changed): nothing that did not change is looked at. Source: SQLAlchemy "unitofwork", "dependency".
 */
import type { Table } from "@athanor/core";
import { FlushError } from "../../errors.js";
import { Collection, describeInstance } from "../../mapping/collection.js";
import { type MappedColumn, type Mapper, mapperOfInstance, type RelationshipProperty } from "../../mapping/mapper.js";
import {
  clearChanges,
  DELETED,
  DIRTY,
  historyOf,
  isChanged,
  type LoadBatch,
  type Managed,
  ORPHANED,
  PENDING,
  PERSISTENT,
  parentOf,
  type RelationHistory,
  setParent,
  TO_DELETE,
  UNLOADED,
} from "../../mapping/state.js";
import { relatedInMemory } from "../cascades.js";
import { followChangedKey, referredColumns, referrersOfChangedKeys } from "./changed-keys.js";
import { byKey, deleteAll } from "./delete.js";
import type { FlushHost } from "./host.js";
import { insertAll } from "./insert.js";
import { deleteNeeds, orderOf, waves } from "./order.js";
import { SecondaryPlan } from "./secondary.js";
import { emptyOf, nullsInto } from "./slots.js";
import { applySync, SyncPlan } from "./sync.js";
import { prepareUpdates, updateAll } from "./update.js";
import { committedValue } from "./values.js";

export interface FlushInput {
  readonly pending: readonly Managed[];
  readonly dirty: readonly Managed[];
  /** Grows while orphans are found. */
  readonly deleted: ReadonlySet<Managed>;
}
/** Hooks that may change objects when these are written already. */
const HOOKS = ["beforeInsert", "afterInsert", "beforeUpdate", "afterUpdate", "beforeDelete", "afterDelete"] as const;
const NONE: readonly Managed[] = [];
const isPending = (i: Managed): boolean => (i.$$f & PENDING) !== 0;

/** Taken off by a relationship that deletes what it loses; with `legacyIsOrphan` by all of them. */
export function isOrphan(instance: Managed): boolean {
  const { orphanRelationships, legacyIsOrphan } = mapperOfInstance(instance);
  let lost = false;
  for (const r of orphanRelationships) {
    const parent = parentOf(instance, r);
    if (parent === null) lost = true;
    else if (legacyIsOrphan && (parent !== undefined || (instance.$$f & PERSISTENT) !== 0)) return false;
    if (lost && !legacyIsOrphan) return true;
  }
  return lost;
}

/** `flat()` visits every element; most groups have one list. */
function joined(lists: readonly Managed[][]): Managed[] {
  return lists.length === 1 ? (lists[0] as Managed[]) : ([] as Managed[]).concat(...lists);
}

export class Flush {
  readonly #host: FlushHost;
  readonly #deleted: Set<Managed>;
  readonly #input: FlushInput;
  readonly #syncs = new SyncPlan();
  readonly #secondary = new SecondaryPlan();
  readonly #inserted: Managed[] = [];
  readonly #updated = new Set<Managed>();
  #untouched = false;

  constructor(host: FlushHost, input: FlushInput) {
    this.#host = host;
    this.#input = input;
    this.#deleted = input.deleted as Set<Managed>;
  }

  /** Writes everything; `finish()` follows when nobody needs to know any more what it was. */
  async write(): Promise<void> {
    const { pending, dirty } = this.#input;
    // Objects without a word about relationships only need to be written: most of a large flush.
    const linked = pending.filter(isLinked);
    // Then they go to the first INSERT as they are: nothing is awaited before it.
    this.#untouched = dirty.length === 0 && linked.length === 0 && this.#deleted.size === 0;
    const relinked = dirty.filter((d) => d.$$h !== null || d.$$p !== null);
    if (relinked.length > 0) await this.#resolveUnloaded(relinked);
    if (linked.length > 0) await this.#findOrphans(linked);
    if (relinked.length > 0) await this.#findOrphans(relinked);
    if (this.#deleted.size > 0) await this.#collectDeletes();
    for (const p of linked) if (this.#alive(p)) this.#collectPending(p);
    for (const d of relinked) this.#collectDirty(d);
    if (dirty.length > 0) await referrersOfChangedKeys(this.#host, dirty, this.#syncs);

    const groups = this.#group(this.#saves(pending, dirty), this.#deleted);
    for (const { cyclic, items } of groups.saves) {
      const steps = cyclic ? waves(items, this.#saveNeeds(items)) : [items];
      for (const wave of steps) await this.#save(wave);
    }
    if (this.#syncs.postponed.size > 0) await this.#postUpdates();
    if (!this.#secondary.isEmpty) {
      // Collections keep what an earlier flush deleted until the commit; its rows went with it.
      const isDeleted = (i: Managed) => this.#deleted.has(i) || (i.$$f & DELETED) !== 0;
      if (!this.#host.spreads) await this.#secondary.run(this.#host, isDeleted);
      else
        for (const [host, owners] of this.#host.split(this.#secondary.owners)) {
          const here = new Set(owners);
          await this.#secondary.run(host, isDeleted, (owner) => here.has(owner));
        }
    }
    if (this.#deleted.size > 0) {
      await this.#clearPostponed();
      for (const { cyclic, items } of groups.deletes()) {
        const steps = cyclic ? waves(items, deleteNeeds(items)) : [items];
        for (const wave of steps) await this.#delete(wave);
      }
    }
  }
  /** Everything to be written; a list while nothing can be in it twice. */
  #saves(pending: readonly Managed[], dirty: readonly Managed[]): Iterable<Managed> {
    if (this.#untouched) return pending;
    const fresh = pending.filter((p) => this.#alive(p) && isPending(p));
    if (this.#syncs.byChild.size === 0) {
      if (dirty.length === 0) return fresh;
      const changed = dirty.filter((d) => !this.#deleted.has(d) && (d.$$f & PERSISTENT) !== 0);
      // An object is pending or persistent, and is on each list once.
      return fresh.length === 0 ? changed : fresh.concat(changed);
    }
    const saves = new Set<Managed>(fresh);
    for (const d of dirty) if (!this.#deleted.has(d) && (d.$$f & PERSISTENT) !== 0) saves.add(d);
    for (const child of this.#syncs.byChild.keys()) if (!this.#deleted.has(child)) saves.add(child);
    return saves;
  }
  #alive(instance: Managed): boolean {
    return instance.$$s === this.#host.face && !this.#deleted.has(instance);
  }

  // ---- what has to be known first

  /** `replace()` on a collection nobody loaded, members pushed to one where they take others' places, a one-to-one whose old object nobody loaded. */
  async #resolveUnloaded(dirty: readonly Managed[]): Promise<void> {
    for (const instance of dirty) {
      if (instance.$$h === null) continue;
      for (const history of [...instance.$$h]) {
        const property = history.relationship as RelationshipProperty;
        if (history.replaceWith !== undefined || history.taking !== undefined)
          await this.#host.loadRelation(instance, property);
        const wantsOld =
          !property.uselist &&
          history.old === UNLOADED &&
          (property.direction === "oneToMany" || property.cascade.deleteOrphan);
        if (!wantsOld) continue;
        const value = instance[property.slot];
        instance[property.slot] = UNLOADED;
        await this.#host.loadRelation(instance, property);
        instance[property.slot] = value;
        if (history.old === value) history.removed.delete(value as Managed);
        for (const old of history.removed) if (parentOf(old, property) === undefined) setParent(old, property, null);
      }
    }
  }
  async #findOrphans(instances: readonly Managed[]): Promise<void> {
    const check = async (instance: Managed): Promise<void> => {
      if (instance.$$s !== this.#host.face || this.#deleted.has(instance) || !isOrphan(instance)) return;
      if (isPending(instance)) {
        if ((instance.$$f & ORPHANED) !== 0) this.#host.dropPending(instance);
      } else if ((instance.$$f & PERSISTENT) !== 0) await this.#host.markDeleted(instance);
    };
    for (const instance of instances) {
      if (instance.$$h === null && instance.$$p === null) continue;
      await check(instance);
      for (const history of instance.$$h ?? []) {
        const property = history.relationship as RelationshipProperty;
        if (property.cascade.deleteOrphan) for (const gone of history.removed) await check(gone);
      }
    }
  }
  /** What depends on deleted rows: keys that become NULL, rows of secondary tables. */
  async #collectDeletes(): Promise<void> {
    // A Set visits what is added while it is walked: children found here are walked too.
    for (const owner of this.#deleted) {
      for (const property of mapperOfInstance(owner).relationships) {
        if (property.viewOnly) continue;
        if (property.direction === "manyToMany") {
          if (!property.passiveDeletes) this.#secondary.clear(property, owner);
          continue;
        }
        if (property.direction !== "oneToMany" || property.passiveDeletes === "all") continue;
        if (owner[property.slot] === UNLOADED && !property.passiveDeletes)
          await this.#host.loadRelation(owner, property);
        const value = owner[property.slot];
        const members =
          value instanceof Collection ? [...value] : value === UNLOADED || value === null ? [] : [value as Managed];
        for (const gone of historyOf(owner, property)?.removed ?? []) members.push(gone);
        for (const child of members) {
          if (this.#deleted.has(child) || child.$$s !== this.#host.face) continue;
          const parent = parentOf(child, property);
          if (parent !== undefined && parent !== null && parent !== owner && parent.$$s === this.#host.face) continue;
          if (isPending(child)) continue;
          if (property.cascade.delete && parent !== null) await this.#host.markDeleted(child);
          else this.#syncs.add(child, property, null);
        }
      }
    }
  }

  // ---- who gets a key from whom

  #inSession(instance: Managed, property: RelationshipProperty): boolean {
    if (instance.$$s === this.#host.face && (instance.$$f & (PENDING | PERSISTENT)) !== 0) return true;
    process.emitWarning(
      `${describeInstance(instance)} is in ${property} but not in the session, so it is left out of the flush. session.add() it.`,
      { code: "ATHANOR_NOT_IN_SESSION" },
    );
    return false;
  }
  #link(child: Managed, property: RelationshipProperty, parent: Managed | null): void {
    if (this.#deleted.has(child)) return;
    if (!this.#inSession(child, property) || (parent !== null && !this.#inSession(parent, property))) return;
    // Whose owner goes in this very flush has none, as if it had been written before.
    this.#syncs.add(child, property, parent !== null && this.#deleted.has(parent) ? null : parent);
  }
  #collectPending(instance: Managed): void {
    for (const property of mapperOfInstance(instance).relationships) {
      if (property.viewOnly) continue;
      const value = instance[property.slot];
      if (property.direction === "manyToOne") {
        if (value !== UNLOADED) this.#link(instance, property, value as Managed | null);
        continue;
      }
      // Collections that are queries hold their new members in the history only.
      if (value === UNLOADED && instance.$$h === null) continue;
      for (const member of relatedInMemory(instance, property)) {
        if (property.direction === "oneToMany") this.#link(member, property, instance);
        else if (this.#inSession(member, property)) this.#secondary.add(property, instance, member);
      }
    }
  }
  #collectDirty(instance: Managed): void {
    const gone = this.#deleted.has(instance);
    for (const history of instance.$$h ?? []) {
      const property = history.relationship as RelationshipProperty;
      if (!gone) refuseUntracked(instance, property, history);
      if (property.direction === "manyToOne") {
        const value = instance[property.slot];
        if (!gone && value !== UNLOADED && (history.old === UNLOADED || value !== history.old))
          this.#link(instance, property, value as Managed | null);
        continue;
      }
      if (property.direction === "manyToMany") {
        if (gone) continue;
        for (const item of history.removed) this.#secondary.remove(property, instance, item);
        for (const item of history.added)
          if (this.#inSession(item, property)) this.#secondary.add(property, instance, item);
        continue;
      }
      for (const item of history.removed) {
        if (
          !this.#deleted.has(item) &&
          item.$$s === this.#host.face &&
          !isPending(item) &&
          (parentOf(item, property) ?? null) === null
        )
          this.#syncs.add(item, property, null);
      }
      if (!gone) for (const item of history.added) this.#link(item, property, instance);
    }
  }

  // ---- order

  #group(saves: Iterable<Managed>, deleted: ReadonlySet<Managed>) {
    const roots = new Set<Mapper>();
    const byRoot = new Map<Mapper, Managed[]>();
    let last: Mapper | undefined;
    let list: Managed[] = [];
    for (const s of saves) {
      const { root } = mapperOfInstance(s);
      if (root !== last) {
        last = root;
        roots.add(root);
        const known = byRoot.get(root);
        if (known === undefined) byRoot.set(root, (list = []));
        else list = known;
      }
      list.push(s);
    }
    for (const d of deleted) roots.add(mapperOfInstance(d).root);
    for (const root of roots) {
      if (root.abstract && root.inheritance?.strategy === "concrete")
        throw new FlushError(
          `${root} is abstract and has no table: make an object of one of its subclasses.`,
          "orm.abstract",
        );
      if (root.selectable !== undefined)
        throw new FlushError(
          `${root} is read from a subquery, so nothing can be written to it; change the objects of the tables behind it.`,
          "orm.read-only",
        );
    }
    const order = orderOf(roots);
    const savesInOrder = order
      .map((g) => ({ cyclic: g.cyclic, items: joined(g.roots.map((r) => sortSaves(byRoot.get(r) ?? []))) }))
      .filter((g) => g.items.length > 0);
    return {
      saves: savesInOrder,
      // Asked after the saves: a row switch takes its object off the list.
      deletes: () =>
        order
          .toReversed()
          .map((g) => ({
            cyclic: g.cyclic,
            items: g.roots
              .toReversed()
              .flatMap((r) => [...deleted].filter((d) => mapperOfInstance(d).root === r && (d.$$f & PERSISTENT) !== 0)),
          }))
          .filter((g) => g.items.length > 0),
    };
  }
  /** A row needs the rows its foreign keys come from, if these are new. */
  #saveNeeds(items: readonly Managed[]): Map<Managed, Set<Managed>> {
    const needs = new Map<Managed, Set<Managed>>();
    for (const item of items) {
      for (const sync of this.#syncs.byChild.get(item) ?? []) {
        const { parent } = sync;
        if (parent === null || parent === item || !isPending(parent)) continue;
        const set = needs.get(item);
        if (set === undefined) needs.set(item, new Set([parent]));
        else set.add(parent);
      }
    }
    return needs;
  }
  // ---- writing

  async #save(wave: readonly Managed[]): Promise<void> {
    if (!this.#host.spreads) return this.#saveAt(this.#host, wave);
    for (const [host, part] of this.#host.split(wave)) await this.#saveAt(host, part);
  }
  async #saveAt(host: FlushHost, wave: readonly Managed[]): Promise<void> {
    let inserts = NONE;
    const updates: Managed[] = [];
    const { byChild } = this.#syncs;
    const switches = this.#deleted.size > 0;
    const plain = this.#untouched && byChild.size === 0;
    // Once something was awaited, others may have taken part.
    this.#untouched = false;
    if (plain) {
      this.#initializeAll(wave);
      inserts = wave;
    }
    const fresh: Managed[] = [];
    for (const instance of plain ? NONE : wave) {
      if (byChild.size > 0) {
        for (const sync of byChild.get(instance) ?? []) {
          // A row that refers to itself has no key yet: an UPDATE follows its INSERT.
          if (sync.parent === instance && sync.pairs.some((p) => !hasValue(instance[p.parent.slot])))
            this.#syncs.postpone(instance, sync);
          else applySync(instance, sync);
        }
      }
      if (isPending(instance)) {
        this.#initialize(instance);
        if (switches && this.#rowSwitch(host, instance)) updates.push(instance);
        else fresh.push(instance);
      } else updates.push(instance);
    }
    if (!plain) inserts = fresh;
    if (host.hears("beforeInsert") || host.hears("beforeUpdate")) {
      // The transaction has begun when hooks of rows run.
      await host.connectionFor(mapperOfInstance(wave[0] as Managed));
      host.rowHook("beforeInsert", inserts);
      host.rowHook("beforeUpdate", updates);
    }
    const prepared = prepareUpdates(updates);
    const changed = prepared.instances;
    const tables = tablesInOrder(wave);
    for (const table of tables) {
      if (changed.length > 0) await updateAll(host, table, prepared);
      const rows = tables.length === 1 ? inserts : inserts.filter((i) => mapperOfInstance(i).tables.includes(table));
      if (rows.length > 0) {
        if (tables.length > 1) for (const i of rows) joinedKey(i, table);
        await insertAll(host, table, rows);
      }
    }
    this.#settle(host, inserts);
    for (let i = 0; i < changed.length; i++) {
      const instance = changed[i] as Managed;
      // What was on the dirty list is finished with it.
      if ((instance.$$f & DIRTY) === 0 || this.#switched.size > 0) this.#updated.add(instance);
      forgetGenerated(instance);
      if (!this.#switched.has(instance) && movesKey(instance, prepared.shapes[i]?.rekeys))
        followChangedKey(this.#host, instance);
    }
    // What hooks change from here on is no part of what was written: it waits for the next flush.
    if (HOOKS.some((name) => host.hears(name))) for (const instance of changed) this.#settleColumns(instance);
    host.rowHook("afterInsert", inserts);
    host.rowHook("afterUpdate", updates);
  }
  /** A second UPDATE follows: it writes nothing again, and counts on from the version that the first one made. */
  #settleWritten(instance: Managed): void {
    if (instance.$$o !== null && (instance.$$f & PERSISTENT) !== 0) this.#settleColumns(instance);
  }
  /** Its columns are as written; relationships are finished with the flush. */
  #settleColumns(instance: Managed): void {
    const histories = instance.$$h;
    instance.$$h = null;
    this.#host.frame.noteFlushed(instance);
    clearChanges(instance);
    instance.$$h = histories;
    this.#settled.add(instance);
  }
  readonly #settled = new Set<Managed>();
  #initializeAll(wave: readonly Managed[]): void {
    let mapper: Mapper | undefined;
    let needed = false;
    for (const instance of wave) {
      const own = mapperOfInstance(instance);
      if (own !== mapper) {
        mapper = own;
        needed = own.inheritance !== undefined || own.versionColumn !== undefined;
      }
      if (needed) this.#initialize(instance);
    }
  }
  /** Discriminator and version of a new row. */
  #initialize(instance: Managed): void {
    const mapper = mapperOfInstance(instance);
    const inherited = mapper.inheritance;
    if (
      inherited?.discriminator !== undefined &&
      inherited.identity !== undefined &&
      instance[inherited.discriminator.slot] === UNLOADED
    ) {
      instance[inherited.discriminator.slot] = inherited.identity;
    }
    const version = mapper.versionColumn;
    if (
      version !== undefined &&
      (instance[version.slot] === UNLOADED || instance[version.slot] === null) &&
      version.column.fields.default === undefined
    ) {
      const first = mapper.nextVersion(null);
      if (first !== undefined) instance[version.slot] = first;
    }
  }
  /** A new object with the key of one that is being deleted: the row stays and is updated. */
  #rowSwitch(host: FlushHost, instance: Managed): boolean {
    const mapper = mapperOfInstance(instance);
    const key = mapper.keyOf(instance);
    if (key === undefined) return false;
    const existing = host.identity.get(mapper, key);
    if (
      existing === undefined ||
      existing === instance ||
      !this.#deleted.has(existing) ||
      mapperOfInstance(existing) !== mapper
    )
      return false;
    this.#deleted.delete(existing);
    const old: unknown[] = [];
    for (const a of mapper.attributes) {
      const before = committedValue(existing, a);
      // The row goes on counting.
      if (instance[a.slot] === UNLOADED || a === mapper.versionColumn) instance[a.slot] = before;
      else {
        old.push(a.index, before);
        if (a.index < 31) instance.$$m |= 1 << a.index;
        else instance.$$n = 1;
      }
    }
    instance.$$o = old;
    const { identity, frame } = host;
    identity.remove(mapper, key, existing);
    identity.add(mapper, key, instance);
    existing.$$f = (existing.$$f & ~(PERSISTENT | TO_DELETE | DIRTY)) | DELETED;
    frame.noteFlushed(existing);
    clearChanges(existing);
    frame.deleted.push({ instance: existing, key });
    frame.noteCreated([instance]);
    instance.$$f = (instance.$$f & ~PENDING) | PERSISTENT;
    this.#switched.add(instance);
    return true;
  }
  readonly #switched = new Set<Managed>();
  /** New rows: their objects are persistent now. */
  #settle(host: FlushHost, inserts: readonly Managed[]): void {
    const { identity, frame } = host;
    if (inserts.length > 0) frame.noteCreated(inserts);
    for (let from = 0; from < inserts.length; ) {
      const mapper = mapperOfInstance(inserts[from] as Managed);
      // Columns nobody gave went in as NULL; those the database makes and did not give back stay unknown.
      const fill = nullsOf(mapper);
      let to = from;
      for (; to < inserts.length; to++) {
        const instance = inserts[to] as Managed;
        if (mapperOfInstance(instance) !== mapper) break;
        fill(instance);
        instance.$$f = (instance.$$f & ~(PENDING | ORPHANED | DIRTY)) | PERSISTENT;
        instance.$$m = 0;
        instance.$$n = 0;
        instance.$$o = null;
        instance.$$h = null;
      }
      // The database would have refused a key that is there twice.
      identity.append(mapper, from === 0 && to === inserts.length ? inserts : inserts.slice(from, to));
      if (mapper.relationships.length > 0) for (let i = from; i < to; i++) this.#inserted.push(inserts[i] as Managed);
      from = to;
    }
  }
  /** Keys of relationships marked `postUpdate`: all columns of a row in one UPDATE. */
  async #postUpdates(): Promise<void> {
    const children = [...this.#syncs.postponed].filter(
      ([child]) => !this.#deleted.has(child) && child.$$s === this.#host.face,
    );
    if (children.length === 0) return;
    for (const [child, syncs] of children) {
      this.#settleWritten(child);
      for (const sync of syncs) applySync(child, sync);
    }
    const postponed = children.map(([child]) => child);
    // What belongs to the INSERT of a row is no second version of it.
    const pending = new Set(this.#input.pending);
    const first = postponed.filter((c) => pending.has(c) && mapperOfInstance(c).versionColumn !== undefined);
    if (first.length === 0) return await this.#write(postponed);
    await this.#write(first, false);
    await this.#write(postponed.filter((c) => !first.includes(c)));
  }
  /** Before deleting: rows that are kept apart by `postUpdate` let go of each other. */
  async #clearPostponed(): Promise<void> {
    const touched = new Set<Managed>();
    for (const instance of this.#deleted) {
      if ((instance.$$f & PERSISTENT) === 0) continue;
      for (const property of mapperOfInstance(instance).relationships) {
        if (property.viewOnly || property.direction === "manyToMany") continue;
        if (!property.postUpdate && !refersToItself(instance, property)) continue;
        const children = property.direction === "manyToOne" ? [instance] : membersOf(instance, property);
        for (const child of children) {
          if (
            (child.$$f & PERSISTENT) === 0 ||
            property.syncPairs.some((p) => (property.direction === "manyToOne" ? p.local : p.remote).column.primaryKey)
          )
            continue;
          const columns = property.syncPairs.map((p) => (property.direction === "manyToOne" ? p.local : p.remote));
          if (columns.every((a) => child[a.slot] === null || child[a.slot] === UNLOADED)) continue;
          if (!touched.has(child) && !this.#deleted.has(child)) this.#settleWritten(child);
          applySync(child, {
            property,
            parent: null,
            pairs: property.syncPairs.map((p) =>
              property.direction === "manyToOne"
                ? { child: p.local, parent: p.remote }
                : { child: p.remote, parent: p.local },
            ),
          });
          touched.add(child);
        }
      }
    }
    if (touched.size > 0) await this.#write([...touched]);
  }
  async #write(instances: readonly Managed[], counts = true): Promise<void> {
    const prepared = prepareUpdates(instances.filter((i) => (i.$$f & PERSISTENT) !== 0).sort(byKey));
    const changed = prepared.instances;
    for (const [host, part] of this.#host.spreads ? this.#host.split(changed) : [[this.#host, changed] as const]) {
      const here = part === changed ? prepared : prepareUpdates(part);
      for (const table of tablesInOrder(part)) await updateAll(host, table, here, counts);
    }
    for (const instance of changed) {
      this.#updated.add(instance);
      // A second UPDATE in this flush must not write the same again.
      this.#host.frame.noteFlushed(instance);
      const histories = instance.$$h;
      clearChanges(instance);
      instance.$$h = histories;
    }
  }
  async #delete(wave: readonly Managed[]): Promise<void> {
    if (this.#host.hears("beforeDelete")) {
      await this.#host.connectionFor(mapperOfInstance(wave[0] as Managed));
      this.#host.rowHook("beforeDelete", wave);
    }
    for (const [host, part] of this.#host.spreads ? this.#host.split(wave) : [[this.#host, wave] as const]) {
      for (const table of tablesInOrder(part).toReversed()) {
        const rows = part.filter((i) => mapperOfInstance(i).tables.includes(table));
        if (rows.length > 0) await deleteAll(host, table, rows);
      }
    }
    const { identity, frame } = this.#host;
    for (const instance of wave) {
      const mapper = mapperOfInstance(instance);
      const key = mapper.identityKey(mapper.primaryKey.map((a) => committedValue(instance, a)));
      frame.noteFlushed(instance);
      clearChanges(instance);
      instance.$$f = (instance.$$f & ~(PERSISTENT | TO_DELETE)) | DELETED;
      if (key === undefined) continue;
      identity.remove(mapper, key, instance);
      frame.deleted.push({ instance, key });
    }
    this.#host.rowHook("afterDelete", wave);
  }
  /** What was written is no change any more. */
  finish(): void {
    const { dirty } = this.#input;
    const { frame, face } = this.#host;
    // Noting twice is harmless: the second time there is nothing to note.
    const finish = (instance: Managed): void => {
      if ((instance.$$f & PERSISTENT) === 0 || instance.$$s !== face) return;
      if (this.#settled.size > 0 && this.#settled.has(instance) && instance.$$o !== null) {
        // A hook changed it after it was written.
        const { $$o } = instance;
        instance.$$o = null;
        frame.noteFlushed(instance);
        instance.$$o = $$o;
        instance.$$h = null;
        return;
      }
      frame.noteFlushed(instance);
      clearChanges(instance);
    };
    for (let i = 0; i < dirty.length; i++) finish(dirty[i] as Managed);
    for (const instance of this.#updated) finish(instance);
    for (const instance of this.#syncs.byChild.keys()) finish(instance);
    // What was inserted together loads its relationships together.
    const batches = new Map<Mapper, LoadBatch>();
    for (const instance of this.#inserted) {
      const mapper = mapperOfInstance(instance);
      if (mapper.relationships.length === 0) continue;
      let batch = batches.get(mapper);
      if (batch === undefined) batches.set(mapper, (batch = { instances: [], left: 0 }));
      batch.instances.push(instance);
      instance.$$b = batch;
    }
  }
}

const hasValue = (value: unknown): boolean => value !== UNLOADED && value !== null && value !== undefined;
/** Whether an object's changes concern a column that others may hold a copy of. */
function movesKey(instance: Managed, rekeys: boolean | undefined): boolean {
  if (rekeys) return true;
  const referred = referredColumns(mapperOfInstance(instance));
  if (referred.size === 0) return false;
  for (const a of referred) if (isChanged(instance, a.index)) return true;
  return false;
}
/** Some databases delete no row that its own foreign key leads to. */
function refersToItself(instance: Managed, { direction, parent, target, syncPairs }: RelationshipProperty): boolean {
  return (
    direction === "manyToOne" &&
    parent.root === target.root &&
    syncPairs.length > 0 &&
    syncPairs.every((p) => hasValue(instance[p.local.slot]) && instance[p.local.slot] === instance[p.remote.slot])
  );
}
const GENERATED = Symbol("columns the database makes anew with every UPDATE");
/** What the database computed is unknown until it is read: an old value would be wrong. */
function forgetGenerated(instance: Managed): void {
  const mapper = mapperOfInstance(instance);
  let made = mapper.memo.get(GENERATED) as MappedColumn[] | undefined;
  if (made === undefined) {
    made = mapper.attributes.filter(
      ({ column: { fields } }) => fields.computed !== undefined || fields.serverOnUpdate !== undefined,
    );
    mapper.memo.set(GENERATED, made);
  }
  for (const a of made) if (!isChanged(instance, a.index)) instance[a.slot] = UNLOADED;
}
/** `collection[i] = x` is seen by nobody: where the collection was changed otherwise too, it comes out here. */
function refuseUntracked(owner: Managed, property: RelationshipProperty, history: RelationHistory): void {
  const value = owner[property.slot];
  if (!(value instanceof Collection) || history.base === undefined) return;
  const known = new Set<unknown>(history.base);
  for (const item of value) {
    if (known.has(item) || history.added.has(item)) continue;
    throw new FlushError(
      `${property} of ${describeInstance(owner)} holds an object that was put in by an index (collection[i] = …), which nobody sees. Use splice(), push() or replace().`,
      "orm.untracked-member",
    );
  }
}
const LINKS = Symbol("relationship slots are empty");
/** Whether an object holds or held anything in a relationship. */
function isLinked(instance: Managed): boolean {
  if (instance.$$h !== null || instance.$$p !== null) return true;
  const mapper = mapperOfInstance(instance);
  if (mapper.relationships.length === 0) return false;
  let empty = mapper.memo.get(LINKS) as ((i: Managed) => boolean) | undefined;
  if (empty === undefined) mapper.memo.set(LINKS, (empty = emptyOf(mapper.relationships.map((r) => r.slot))));
  return !empty(instance);
}
const NULLS = Symbol("columns that are NULL when nobody gave them");
function nullsOf(mapper: Mapper): (instance: Managed) => void {
  let fill = mapper.memo.get(NULLS) as ((i: Managed) => void) | undefined;
  if (fill === undefined) {
    const slots = mapper.attributes
      .filter(({ column: { fields } }) => {
        const { serverDefault, computed, identity, default: made } = fields;
        return serverDefault === undefined && computed === undefined && identity === undefined && made === undefined;
      })
      .map((a) => a.slot);
    mapper.memo.set(NULLS, (fill = nullsInto(slots)));
  }
  return fill;
}
function membersOf(owner: Managed, property: RelationshipProperty): Managed[] {
  const value = owner[property.slot];
  return value instanceof Collection ? [...value] : value === UNLOADED || value === null ? [] : [value as Managed];
}
/** Persistent objects in key order, new ones as they were added. */
function sortSaves(items: readonly Managed[]): Managed[] {
  if (items.every(isPending)) return items as Managed[];
  if (!items.some(isPending)) return inKeyOrder(items) ? (items as Managed[]) : [...items].sort(byKey);
  const persistent = items.filter((i) => !isPending(i));
  const added = items.filter(isPending);
  return persistent.length > 1 ? [...persistent.sort(byKey), ...added] : [...persistent, ...added];
}
/** What one query brought is mostly in order. */
function inKeyOrder(items: readonly Managed[]): boolean {
  for (let i = 1; i < items.length; i++) if (byKey(items[i - 1] as Managed, items[i] as Managed) > 0) return false;
  return true;
}
/** The tables of these objects, base tables before those of subclasses. */
function tablesInOrder(items: readonly Managed[]): Table[] {
  const mappers = new Set<Mapper>();
  let last: Mapper | undefined;
  for (const i of items) {
    const mapper = mapperOfInstance(i);
    if (mapper !== last) mappers.add((last = mapper));
  }
  const [only] = mappers;
  if (mappers.size === 1 && only !== undefined) return [...only.tables];
  const tables = new Set<Table>();
  const deepest = Math.max(0, ...[...mappers].map((m) => m.tables.length));
  for (let depth = 0; depth < deepest; depth++) {
    for (const m of mappers) {
      const table = m.tables[depth];
      if (table !== undefined) tables.add(table);
    }
  }
  return [...tables];
}
/** The key of a subclass's table where it has a name of its own: a copy of the base's. */
function joinedKey(instance: Managed, table: Table): void {
  const mapper = mapperOfInstance(instance);
  if (mapper.tables.length < 2 || mapper.tables[0] === table) return;
  for (const column of table.primaryKey) {
    const own = mapper.attributeOf(column);
    if (own === undefined || own.columns.length > 1) continue;
    for (const key of column.foreignKeys) {
      const base = mapper.attributeOf(key.column as never);
      if (base !== undefined && base !== own) instance[own.slot] = instance[base.slot];
    }
  }
}
