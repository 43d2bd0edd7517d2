/**
 * What a transaction or savepoint has done to objects, so that a rollback can undo it: new objects become transient
 * again, deleted ones persistent, changed ones get their values back. Source: SQLAlchemy "SessionTransaction".
 */
import { Collection } from "../mapping/collection.js";
import type { CanonicalKey } from "../mapping/identity-key.js";
import { type Mapper, mapperOfInstance, type RelationshipProperty } from "../mapping/mapper.js";
import {
  clearChanges,
  DELETED,
  DETACHED,
  DIRTY,
  forgetLoss,
  type Managed,
  ORPHANED,
  PENDING,
  PERSISTENT,
  parentOf,
  type RelationHistory,
  type SessionFace,
  STALE,
  setParent,
  TO_DELETE,
  UNLOADED,
  WAS_DELETED,
} from "../mapping/state.js";
import type { IdentityMap } from "./identity-map.js";
import { committedValue } from "./unit-of-work/values.js";

/** Changes of one object that a flush wrote, in the form they had before. */
interface Undo {
  readonly instance: Managed;
  readonly columns: readonly unknown[] | null;
  readonly histories: readonly RelationHistory[] | null;
}
interface KeySwitch {
  readonly mapper: Mapper;
  readonly instance: Managed;
  readonly before: CanonicalKey;
  readonly after: CanonicalKey;
}

interface Deed {
  readonly instance: Managed;
  readonly key: CanonicalKey;
}
/** What there is to take back. */
class Notes {
  readonly created: (readonly Managed[])[] = [];
  readonly deleted: Deed[] = [];
  readonly undo: Undo[] = [];
  readonly switches: KeySwitch[] = [];
}

const NOBODY: readonly Managed[] = [];

export class TransactionFrame {
  readonly parent: TransactionFrame | undefined;
  /** Made with the first note: most transactions only read. */
  #notes: Notes | undefined;
  constructor(parent?: TransactionFrame) {
    this.parent = parent;
  }
  get #noted(): Notes {
    this.#notes ??= new Notes();
    return this.#notes;
  }
  /** Nothing was written here. */
  get isUntouched(): boolean {
    return this.#notes === undefined;
  }
  /** Became persistent here. */
  get created(): readonly Managed[] {
    return this.#notes?.created.flat() ?? NOBODY;
  }
  /** A list is kept as it is: nobody may change it. */
  noteCreated(instances: readonly Managed[]): void {
    this.#noted.created.push(instances);
  }
  /** Deleted by a flush here. */
  get deleted(): Deed[] {
    return this.#noted.deleted;
  }
  get undo(): Undo[] {
    return this.#noted.undo;
  }
  get switches(): KeySwitch[] {
    return this.#noted.switches;
  }
  /** All that was noted is taken back. */
  forget(): void {
    this.#notes = undefined;
  }
  get nested(): boolean {
    return this.parent !== undefined;
  }
  noteFlushed(instance: Managed): void {
    if (instance.$$o !== null || instance.$$h !== null)
      this.undo.push({ instance, columns: instance.$$o, histories: instance.$$h });
  }
  /** Columns that a statement of the program's own changed: index and value before, in turn. */
  noteOverwritten(instance: Managed, columns: readonly unknown[]): void {
    this.undo.push({ instance, columns, histories: null });
  }
  /** A released savepoint: what it did belongs to the transaction around it. */
  mergeInto(outer: TransactionFrame): void {
    if (this.isUntouched) return;
    // Not as arguments: there may be more than the stack holds.
    for (const c of this.#noted.created) outer.noteCreated(c);
    for (const d of this.deleted) outer.deleted.push(d);
    for (const u of this.undo) outer.undo.push(u);
    for (const k of this.switches) outer.switches.push(k);
  }

  /** An object that its session lets go of is out of reach for a rollback. */
  forgetDeleted(instance: Managed): void {
    if (this.isUntouched) return;
    const at = this.deleted.findIndex((d) => d.instance === instance);
    if (at >= 0) this.deleted.splice(at, 1);
  }
  /**
   * Takes back what was flushed in this frame; unflushed changes are taken back before, with `revertChanges`. Objects that
   * have left the session meanwhile are left alone. `created`: those that become transient by it, here or in a frame
   * around it, keep what the program gave them, so that they can be added again.
   */
  revert(identity: IdentityMap, session: SessionFace, created: ReadonlySet<Managed>): Managed[] {
    const touched: Managed[] = [];
    if (this.isUntouched) return touched;
    // Deleted objects are on no dirty list; what was done to them since goes first.
    for (const { instance } of this.deleted)
      if ((instance.$$o !== null || instance.$$h !== null) && !created.has(instance)) revertChanges(instance);
    for (const { mapper, instance, before, after } of this.switches.toReversed()) {
      if (instance.$$s !== session || created.has(instance)) continue;
      identity.remove(mapper, after, instance);
      identity.add(mapper, before, instance);
    }
    for (const instance of this.created) {
      if (instance.$$s !== session && instance.$$s !== undefined) continue;
      const mapper = mapperOfInstance(instance);
      const key = mapper.identityKey(mapper.primaryKey.map((a) => committedValue(instance, a)));
      if (key !== undefined) identity.remove(mapper, key, instance);
      keepValues(instance);
      makeTransient(instance);
    }
    for (const { instance, key } of this.deleted.toReversed()) {
      // What was created and deleted in the same transaction is transient again.
      if (created.has(instance)) continue;
      instance.$$f = (instance.$$f & ~(DELETED | TO_DELETE | DIRTY)) | PERSISTENT;
      identity.add(mapperOfInstance(instance), key, instance);
      forgetLoss(instance);
      touched.push(instance);
    }
    for (const { instance, columns, histories } of this.undo.toReversed()) {
      if (instance.$$s !== session || created.has(instance)) continue;
      restoreColumns(instance, columns);
      restoreHistories(instance, histories);
      if ((instance.$$f & PERSISTENT) !== 0) touched.push(instance);
    }
    return touched;
  }
}

function restoreColumns(instance: Managed, columns: readonly unknown[] | null): void {
  if (columns === null) return;
  const mapper = mapperOfInstance(instance);
  // The last known values of stale objects stand behind the unknown ones and win.
  for (let i = 0; i < columns.length; i += 2) {
    const index = columns[i] as number;
    const slot = mapper.attributes[index < 0 ? -1 - index : index]?.slot;
    if (slot !== undefined) instance[slot] = columns[i + 1];
  }
}
function restoreHistories(instance: Managed, histories: readonly RelationHistory[] | null): void {
  if (histories === null) return;
  for (const history of histories.toReversed()) {
    const property = history.relationship as RelationshipProperty;
    const value = instance[property.slot];
    if (property.uselist) {
      if (value instanceof Collection) {
        if (history.base === undefined) {
          value.detach();
          instance[property.slot] = UNLOADED;
        } else Array.prototype.splice.call(value, 0, value.length, ...history.base);
      }
    } else instance[property.slot] = history.old;
    if (property.direction !== "oneToMany" && !property.cascade.deleteOrphan) continue;
    for (const item of history.added) if (parentOf(item, property) === instance) setParent(item, property, undefined);
    for (const item of history.removed) setParent(item, property, instance);
  }
}
/** Takes back changes that no flush has written. */
export function revertChanges(instance: Managed): void {
  const { $$o, $$h } = instance;
  restoreColumns(instance, $$o);
  restoreHistories(instance, $$h);
  clearChanges(instance);
}
/** Relationships hold what they hold; only collections that are queries have their new members in the history alone. */
function keepValues(instance: Managed): void {
  if (instance.$$h === null) return;
  const kept = instance.$$h.filter(
    (h) => instance[(h.relationship as RelationshipProperty).slot] === UNLOADED && h.replaceWith === undefined,
  );
  instance.$$h = kept.length === 0 ? null : kept;
}
/** Out of the session, as if it had never been added; values stay, the primary key too. */
export function makeTransient(instance: Managed): void {
  instance.$$s = undefined;
  instance.$$f &= ~(PERSISTENT | PENDING | DETACHED | DELETED | STALE | DIRTY | TO_DELETE | ORPHANED | WAS_DELETED);
  instance.$$m = 0;
  instance.$$n = 0;
  instance.$$o = null;
  instance.$$b = null;
}
