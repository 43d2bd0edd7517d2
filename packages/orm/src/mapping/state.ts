/**
 * What an instance carries besides its values: one hidden class per model, the state in private fields behind accessors
 * (`instrument.ts`), the values in slots. Nothing here knows mappers or sessions; they are seen through small faces, so
 * that everything else may import this file.
 *
 * In this order: `$$s` session, `$$f` flags, `$$m`/`$$n` masks of changed columns (0-30, 31 and up), `$$o` old
 * values as `[index, old, …]`, `$$h` relationship histories, `$$p` parents as `[relationship, parent or null, …]`,
 * `$$b` the batch it was loaded with, then `$` + key per attribute. Source: SQLAlchemy "InstanceState".
 */

/** Bits of `$$f`. */
export const PERSISTENT = 1;
/** Deleted by a flush, not committed yet. */
export const DELETED = 2;
export const DETACHED = 4;
/** Values are the last known ones; the next row overwrites them. */
export const STALE = 8;
/** Added, not flushed. */
export const PENDING = 16;
/** In the session's dirty list. */
export const DIRTY = 32;
/** `session.delete()` was called; the next flush deletes. */
export const TO_DELETE = 64;
/** A pending orphan was taken off its parent outside of any session: a flush leaves it out. */
export const ORPHANED = 128;
/** A commit made its deletion final. */
export const WAS_DELETED = 256;
/** In a slot: no value is known. */
/** On prototypes whose accessors give views of values: the driver wants what is in the slots. */
export const VIEWS: unique symbol = Symbol("athanor.views");
export const UNLOADED: unique symbol = Symbol("athanor.unloaded");
/**
 * First constructor argument when a row is loaded. `new UserClass(LOAD_TOKEN)` leaves every attribute UNLOADED and the
 * flags 0; `new UserClass(LOAD_TOKEN, row, offset, session, batch)` also reads all columns that are not deferred from
 * `row[offset]` on in attribute order, and makes the object persistent in the session.
 */
export const LOAD_TOKEN: unique symbol = Symbol("athanor.load");

/** What instances see of their session. */
export interface SessionFace {
  /** The first change since the last flush. */
  noteDirty(instance: Managed): void;
  /** An object was put into a relationship of `owner`: save-update cascade. */
  noteRelated(owner: Managed, relationship: unknown, item: Managed): void;
  /** An object left a relationship of `owner`: pending orphans leave the session. */
  noteUnrelated(owner: Managed, relationship: unknown, item: Managed): void;
  /** The object a to-one relationship refers to, if it is in the identity map; no SQL. */
  peekRelated(owner: Managed, relationship: unknown): Managed | null | undefined;
  /** Objects in memory that refer to `owner` from the other side of a one-to-many relationship. */
  knownMembers(owner: Managed, relationship: unknown): readonly Managed[];
  /** Loads a relationship, for all siblings in the batch. */
  loadRelated(owner: Managed, relationship: unknown): Promise<unknown>;
  /** Loads a deferred column. */
  loadColumn(owner: Managed, key: string): Promise<unknown>;
}

/** All instances that one result brought: what `await user.posts` loads for, in one query. */
export interface LoadBatch {
  readonly instances: Managed[];
  /** Options of the statement, for the loads that follow; owned by `query/`. */
  context?: unknown;
  /** Instances that have left the session since the last sweep. */
  left: number;
}
/** An object leaves its session: its siblings must not keep it. Swept when half of a batch has gone. */
export function leaveBatch(instance: Managed): void {
  const batch = instance.$$b;
  if (batch === null) return;
  instance.$$b = null;
  batch.left++;
  const { instances } = batch;
  if (batch.left * 2 < instances.length) return;
  batch.left = 0;
  let kept = 0;
  for (const one of instances) if (one.$$b === batch) instances[kept++] = one;
  instances.length = kept;
}

/** The change of one relationship since the last flush. */
export interface RelationHistory {
  readonly relationship: unknown;
  /** To-one: the value before; UNLOADED when it was not known. */
  old: unknown;
  /** Collections: members before, or undefined for one that is not loaded. */
  base: readonly Managed[] | undefined;
  readonly added: Set<Managed>;
  readonly removed: Set<Managed>;
  /** `replace()` on a collection that is not loaded: resolved by the flush. */
  replaceWith: readonly Managed[] | undefined;
  /** Pushed to a collection that is not loaded, and taking the place of whoever has it there: found out by the flush. */
  taking: Set<Managed> | undefined;
}

/** What a declaration shows to instances; `declarative.ts` has the class. */
export interface DeclarationFace {
  readonly name: string;
  /** Configures on first use. */
  readonly mapper: unknown;
}

/** An instance as the library sees it. */
export interface Managed {
  readonly $$d: DeclarationFace;
  $$s: SessionFace | undefined;
  $$f: number;
  $$m: number;
  $$n: number;
  $$o: unknown[] | null;
  $$h: RelationHistory[] | null;
  $$p: unknown[] | null;
  $$b: LoadBatch | null;
  /** Attribute slots. */
  [slot: `$${string}`]: unknown;
}

/** The instance behind a value, or undefined for anything that is no mapped object. */
export function managed(value: unknown): Managed | undefined {
  return typeof value === "object" && value !== null && "$$d" in value ? (value as Managed) : undefined;
}

/** Whether a column of a persistent object was changed since the last flush. Indexes from 31 on are looked up in `$$o`. */
export function isChanged(instance: Managed, index: number): boolean {
  return index < 31 ? (instance.$$m & (1 << index)) !== 0 : instance.$$n !== 0 && oldIndex(instance, index) >= 0;
}
function oldIndex(instance: Managed, index: number): number {
  const old = instance.$$o;
  if (old === null) return -1;
  for (let i = 0; i < old.length; i += 2) if (old[i] === index) return i;
  return -1;
}
/** The value to read again after a rollback. */
export function lastKnown(instance: Managed, index: number): unknown {
  const at = oldIndex(instance, -1 - index);
  return at < 0 ? oldValue(instance, index) : (instance.$$o as unknown[])[at + 1];
}
/** The value before the first change; UNLOADED when it was not known or nothing changed. */
export function oldValue(instance: Managed, index: number): unknown {
  const at = oldIndex(instance, index);
  return at < 0 ? UNLOADED : (instance.$$o as unknown[])[at + 1];
}

/**
 * Records that a column is about to change; the caller writes the slot. Generated setters call it when the bit in
 * `$$m` is not set yet. Transient and pending objects record nothing: all they hold is new.
 */
export function recordWrite(instance: Managed, index: number, before: unknown): void {
  const flags = instance.$$f;
  if ((flags & (PERSISTENT | DETACHED)) === 0) return;
  if (index < 31) {
    const bit = 1 << index;
    if ((instance.$$m & bit) !== 0) return;
    instance.$$m |= bit;
  } else {
    if (isChanged(instance, index)) return;
    instance.$$n = 1;
  }
  const list = (instance.$$o ??= []);
  if ((flags & STALE) !== 0) {
    // The row may hold something else by now: the change is always written. A rollback still finds the last known value.
    list.push(index, UNLOADED, -1 - index, before);
  } else list.push(index, before);
  markDirty(instance);
}
/** Puts the object on the dirty list without a column change. */
export function markDirty(instance: Managed): void {
  if ((instance.$$f & (DIRTY | PENDING | DELETED)) === 0 && instance.$$s !== undefined) {
    instance.$$f |= DIRTY;
    instance.$$s.noteDirty(instance);
  }
}
/** Forgets all changes: after a flush or a refresh. */
export function clearChanges(instance: Managed): void {
  instance.$$m = 0;
  instance.$$n = 0;
  instance.$$o = null;
  instance.$$h = null;
  instance.$$f &= ~DIRTY;
}

export function historyOf(instance: Managed, relationship: unknown): RelationHistory | undefined {
  const list = instance.$$h;
  if (list === null) return undefined;
  for (const h of list) if (h.relationship === relationship) return h;
  return undefined;
}
/** The history of a relationship, begun if there is none; puts the owner on the dirty list. */
export function beginHistory(
  instance: Managed,
  relationship: unknown,
  old: unknown,
  base: readonly Managed[] | undefined,
): RelationHistory {
  let found = historyOf(instance, relationship);
  if (found === undefined) {
    found = {
      relationship,
      old,
      base,
      added: new Set(),
      removed: new Set(),
      replaceWith: undefined,
      taking: undefined,
    };
    if (instance.$$h === null) instance.$$h = [found];
    else instance.$$h.push(found);
  }
  markDirty(instance);
  return found;
}

/** The parent a member has by a relationship: undefined = unknown, null = taken away. */
export function parentOf(member: Managed, relationship: unknown): Managed | null | undefined {
  const list = member.$$p;
  if (list === null) return undefined;
  for (let i = 0; i < list.length; i += 2) if (list[i] === relationship) return list[i + 1] as Managed | null;
  return undefined;
}
/** What was taken away from an owner may be there again: nothing is known. */
export function forgetLoss(member: Managed): void {
  const list = member.$$p;
  if (list !== null) for (let i = 1; i < list.length; i += 2) if (list[i] === null) list[i] = undefined;
}
export function setParent(member: Managed, relationship: unknown, parent: Managed | null | undefined): void {
  const list = member.$$p;
  if (list === null) {
    member.$$p = [relationship, parent];
    return;
  }
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] === relationship) {
      list[i + 1] = parent;
      return;
    }
  }
  list.push(relationship, parent);
}

const tokens = new WeakMap<Managed, unknown>();
/** Where the row of an object is, in sessions that keep several places apart; undefined for all others. */
export function tokenOf(instance: Managed): unknown {
  return tokens.get(instance);
}
export function setToken(instance: Managed, token: unknown): void {
  tokens.set(instance, token);
}
