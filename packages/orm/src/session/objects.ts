/**
 * The objects of a session: by identity, new, changed, to be deleted; how they come in and leave. What happens to them in a
 * flush is the unit of work's, what a rollback takes back is in `transaction-frame.ts`.
 * Source: SQLAlchemy "Session States", "Cascades".
 */
import { ArgumentError, InvalidRequestError } from "@athanor/core";
import { Collection, describeInstance } from "../mapping/collection.js";
import { mapperOfInstance, type RelationshipProperty } from "../mapping/mapper.js";
import { isHeard, tellExpire } from "../mapping/model-events.js";
import { softDeletionOf, writeMark } from "../mapping/soft-deletion.js";
import {
  DELETED,
  DETACHED,
  DIRTY,
  forgetLoss,
  leaveBatch,
  type Managed,
  ORPHANED,
  PENDING,
  PERSISTENT,
  type SessionFace,
  STALE,
  TO_DELETE,
  tokenOf,
  UNLOADED,
  WAS_DELETED,
} from "../mapping/state.js";
import { reachable, relatedInMemory } from "./cascades.js";
import type { SessionHooks } from "./events.js";
import { IdentityMap } from "./identity-map.js";
import { makeTransient, revertChanges, type TransactionFrame } from "./transaction-frame.js";
import { isOrphan } from "./unit-of-work/flush.js";
import { committedValue } from "./unit-of-work/values.js";

/** The session: what instances hold, and what the registry asks of it. */
export interface ObjectsHost extends SessionFace {
  readonly owner: object;
  readonly hooks: SessionHooks;
  readonly options: { readonly autobegin: boolean };
  readonly frame: TransactionFrame;
  readonly currentFrame: TransactionFrame | undefined;
  readonly isFlushing: boolean;
  /** The identity map of another place. */
  identityAt(token: unknown): IdentityMap;
  loadRelation(owner: Managed, property: RelationshipProperty): Promise<void>;
}

export class SessionObjects {
  readonly identity = new IdentityMap();
  pending: Managed[] = NONE;
  dirty: Managed[] = NONE;
  toDelete: Set<Managed> = NO_OBJECTS;
  /** Taken away from their owners since the last flush. */
  lost: Set<Managed> = NO_OBJECTS;
  readonly #host: ObjectsHost;

  constructor(host: ObjectsHost) {
    this.#host = host;
  }
  noteDirty(instance: Managed): void {
    if (this.dirty === NONE) this.dirty = [instance];
    else this.dirty.push(instance);
  }
  get hasChanges(): boolean {
    return this.pending.length > 0 || this.dirty.length > 0 || this.toDelete.size > 0;
  }

  // ---- in

  /** Everything save-update reaches, `root` included. */
  add(root: Managed): void {
    const undone = (root.$$f & TO_DELETE) !== 0;
    const arrived: Managed[] | undefined = this.toDelete.size === 0 ? undefined : root.$$s !== this.#host ? [root] : [];
    this.#attach(root);
    if (!hasRelated(root)) return;
    // Only the object that is named takes its deletion back, with what went along; one that merely refers to it does not.
    for (const instance of reachable(
      root,
      "saveUpdate",
      (i) => i.$$s !== this.#host || (undone && (i.$$f & TO_DELETE) !== 0),
    )) {
      if (instance === root) continue;
      if (instance.$$s !== this.#host) arrived?.push(instance);
      else if (!undone) continue;
      this.#attach(instance);
    }
    // Objects attached by the walk are walked through: `enter` saw them before they belonged here.
    if (arrived !== undefined) for (const instance of arrived) this.#spareMembers(instance);
  }
  /** Whom a new owner has taken in lives on, though the deletion of the old one had reached it. */
  #spareMembers(owner: Managed): void {
    for (const property of mapperOfInstance(owner).relationships) {
      if (property.viewOnly || property.direction !== "oneToMany" || !property.cascade.saveUpdate) continue;
      for (const member of relatedInMemory(owner, property)) if (member.$$s === this.#host) this.#attach(member);
    }
  }
  #attach(instance: Managed): void {
    const session = instance.$$s;
    if (session === this.#host) {
      if ((instance.$$f & TO_DELETE) !== 0) {
        instance.$$f &= ~TO_DELETE;
        this.toDelete.delete(instance);
      }
      return;
    }
    if (session !== undefined) {
      throw new InvalidRequestError(
        `${describeInstance(instance)} belongs to another session: expunge() it there, or merge() it here.`,
        "session.other",
      );
    }
    if ((instance.$$f & (DELETED | WAS_DELETED)) !== 0)
      throw new InvalidRequestError(
        `${describeInstance(instance)} was deleted; make a new object instead, or makeTransient() this one.`,
        "session.deleted",
      );
    checkOwnKeys(instance);
    if (!this.#host.options.autobegin) void this.#host.frame;
    if (this.#host.hooks.has("beforeAttach"))
      this.#host.hooks.emit("beforeAttach", { session: this.#host.owner, instance });
    if ((instance.$$f & DETACHED) !== 0) {
      const mapper = mapperOfInstance(instance);
      const key = mapper.keyOf(instance);
      const token = tokenOf(instance);
      const identity = token === undefined ? this.identity : this.#host.identityAt(token);
      const other = key === undefined ? undefined : identity.get(mapper, key);
      if (other !== undefined && other !== instance) {
        throw new InvalidRequestError(
          `The session already has another object for ${describeInstance(instance)}: merge() this one instead of adding it.`,
          "session.conflict",
        );
      }
      if (key !== undefined) identity.add(mapper, key, instance);
      instance.$$f = (instance.$$f & ~DETACHED) | PERSISTENT;
      instance.$$s = this.#host;
      if (instance.$$o !== null || instance.$$h !== null) {
        instance.$$f |= DIRTY;
        this.noteDirty(instance);
      }
      if (this.#host.hooks.has("afterAttach"))
        this.#host.hooks.emit("afterAttach", { session: this.#host.owner, instance });
      if (this.#host.hooks.has("detachedToPersistent"))
        this.#host.hooks.emit("detachedToPersistent", { session: this.#host.owner, instance });
      return;
    }
    instance.$$s = this.#host;
    instance.$$f |= PENDING;
    instance.$$f &= ~DIRTY;
    if (this.pending === NONE) this.pending = [instance];
    else this.pending.push(instance);
    if (this.#host.hooks.has("afterAttach"))
      this.#host.hooks.emit("afterAttach", { session: this.#host.owner, instance });
    if (this.#host.hooks.has("transientToPending"))
      this.#host.hooks.emit("transientToPending", { session: this.#host.owner, instance });
  }
  dropPending(instance: Managed): void {
    if (instance.$$s !== this.#host || (instance.$$f & PENDING) === 0) return;
    makeTransient(instance);
    this.pending = this.pending.filter((i) => i !== instance);
    if (this.#host.hooks.has("pendingToTransient"))
      this.#host.hooks.emit("pendingToTransient", { session: this.#host.owner, instance });
  }
  expunge(root: Managed): void {
    if (root.$$s !== this.#host)
      throw new InvalidRequestError(`${describeInstance(root)} is not in this session.`, "session.not-here");
    for (const instance of reachable(root, "expunge", () => true)) {
      if (instance.$$s !== this.#host) continue;
      if ((instance.$$f & PENDING) !== 0) this.dropPending(instance);
      else this.#detach(instance);
    }
  }
  #detach(instance: Managed): void {
    const mapper = mapperOfInstance(instance);
    const key = mapper.identityKey(mapper.primaryKey.map((a) => committedValue(instance, a)));
    if (key !== undefined) this.identity.remove(mapper, key, instance);
    this.toDelete.delete(instance);
    const was = instance.$$f;
    instance.$$s = undefined;
    instance.$$f = (was & ~(PERSISTENT | DIRTY | TO_DELETE | PENDING | DELETED)) | DETACHED;
    leaveBatch(instance);
    if ((was & DELETED) !== 0) {
      instance.$$f |= WAS_DELETED;
      for (let frame = this.#host.currentFrame; frame !== undefined; frame = frame.parent)
        frame.forgetDeleted(instance);
    }
    const event = (was & DELETED) !== 0 ? "deletedToDetached" : "persistentToDetached";
    if (this.#host.hooks.has(event)) this.#host.hooks.emit(event, { session: this.#host.owner, instance });
  }
  expungeAll(): void {
    const left = this.#host.hooks.has("persistentToDetached") ? [...this.identity.all()] : NOTHING;
    this.identity.forEach(letGo);
    for (const instance of left) this.#host.hooks.emit("persistentToDetached", { session: this.#host.owner, instance });
    for (const instance of this.pending) {
      if (instance.$$s !== this.#host || (instance.$$f & PENDING) === 0) continue;
      makeTransient(instance);
      if (this.#host.hooks.has("pendingToTransient"))
        this.#host.hooks.emit("pendingToTransient", { session: this.#host.owner, instance });
    }
    for (let frame = this.#host.currentFrame; frame !== undefined; frame = frame.parent)
      if (!frame.isUntouched)
        for (const { instance } of [...frame.deleted]) if (instance.$$s === this.#host) this.#detach(instance);
    this.identity.clear();
    if (this.pending.length > 0) this.pending = [];
    if (this.dirty.length > 0) this.dirty = [];
    this.lost = NO_OBJECTS;
    this.toDelete = NO_OBJECTS;
  }
  /** A DELETE by criteria took the row. */
  removed(instance: Managed): void {
    if (instance.$$s !== this.#host) return;
    const mapper = mapperOfInstance(instance);
    const key = mapper.identityKey(mapper.primaryKey.map((a) => committedValue(instance, a)));
    this.toDelete.delete(instance);
    this.#host.frame.noteFlushed(instance);
    instance.$$o = null;
    instance.$$h = null;
    instance.$$m = 0;
    instance.$$f = (instance.$$f & ~(PERSISTENT | DIRTY | TO_DELETE)) | DELETED;
    if (key === undefined) return;
    this.identity.remove(mapper, key, instance);
    this.#host.frame.deleted.push({ instance, key });
  }
  /** Marks for deletion along the delete cascade; children that are not loaded are loaded for it. */
  async markDeleted(root: Managed): Promise<void> {
    const stack = [root];
    /** Objects of classes that are marked instead (`softDelete`). */
    const marked = new Set<Managed>();
    for (let instance = stack.pop(); instance !== undefined; instance = stack.pop()) {
      if (instance.$$s !== this.#host || this.toDelete.has(instance)) continue;
      if ((instance.$$f & PENDING) !== 0) {
        this.dropPending(instance);
        continue;
      }
      if ((instance.$$f & PERSISTENT) === 0) continue;
      const soft = this.#host.isFlushing ? undefined : softDeletionOf(mapperOfInstance(instance));
      const marks = soft !== undefined && !soft.purged.has(instance);
      if (marks) {
        // What hangs below only goes along if it is marked too: the row it hangs on stays.
        if (marked.has(instance)) continue;
        marked.add(instance);
        writeMark(instance, soft, soft.mark());
      } else if (root !== instance && marked.size > 0) continue;
      else {
        this.deletions().add(instance);
        instance.$$f |= TO_DELETE;
      }
      for (const property of mapperOfInstance(instance).relationships) {
        if (!property.cascade.delete || property.viewOnly) continue;
        if (instance[property.slot] === UNLOADED && !property.passiveDeletes)
          await this.#host.loadRelation(instance, property);
        stack.push(...relatedInMemory(instance, property));
        if (property.isQuery && !this.#host.isFlushing) this.releaseQueries();
        // What it has lost already may find another owner until the flush.
        if (!this.#host.isFlushing) continue;
        for (const h of instance.$$h ?? []) {
          if (h.relationship === property && property.cascade.deleteOrphan)
            for (const gone of h.removed) if (isOrphan(gone)) stack.push(gone);
        }
      }
    }
  }
  /**
   * The members of a collection that is a query are held while a deletion or a flush looks at them, and no longer.
   *
   * @throws InvalidRequestError for one that is write only
   */
  holdQuery(owner: Managed, property: RelationshipProperty): void {
    if (property.lazy === "writeOnly")
      throw new InvalidRequestError(
        `${property} of ${describeInstance(owner)} is write only, so its members are not loaded to follow the change. Map it with passiveDeletes: true and a foreign key ON DELETE CASCADE or SET NULL, and use add() and remove() instead of replacing it as a whole.`,
        "orm.write-only",
      );
    this.#queries.push([owner, property]);
  }
  readonly #queries: [Managed, RelationshipProperty][] = [];
  releaseQueries(): void {
    for (const [owner, property] of this.#queries) {
      const value = owner[property.slot];
      if (value instanceof Collection) value.detach();
      owner[property.slot] = UNLOADED;
    }
    this.#queries.length = 0;
  }
  /** The set to which a flush adds what it finds to delete: orphans. */
  deletions(): Set<Managed> {
    if (this.toDelete === NO_OBJECTS) this.toDelete = new Set();
    return this.toDelete;
  }
  /** After a flush that took these new objects: what is left came up meanwhile. */
  settle(flushed: readonly Managed[]): void {
    this.lost = NO_OBJECTS;
    this.toDelete = NO_OBJECTS;
    if (this.pending.length > 0) {
      const left = this.pending.filter((i) => i.$$s === this.#host && (i.$$f & PENDING) !== 0);
      const tried = new Set(left.length > 0 ? flushed : undefined);
      this.pending = left.filter((i) => !tried.has(i));
    }
    this.dirty = this.dirty.filter((i) => i.$$s === this.#host && (i.$$f & DIRTY) !== 0 && (i.$$f & PERSISTENT) !== 0);
  }
  /** Persistent objects with changes, each once; expired and changed again, an object is on the list twice. */
  takeDirty(): readonly Managed[] {
    if (this.dirty.length === 0) return NOTHING;
    const dirty: Managed[] = [];
    for (const instance of this.dirty) {
      if (instance.$$s !== this.#host || (instance.$$f & DIRTY) === 0 || (instance.$$f & PERSISTENT) === 0) continue;
      instance.$$f &= ~DIRTY;
      dirty.push(instance);
    }
    for (const instance of dirty) instance.$$f |= DIRTY;
    return dirty;
  }
  /** Changes no flush has seen; objects that become transient keep theirs. */
  revertUnflushed(created: ReadonlySet<Managed>): Managed[] {
    const dirty = this.dirty;
    this.dirty = [];
    for (const instance of this.lost) forgetLoss(instance);
    this.lost = NO_OBJECTS;
    // Relationships first know their members again, then the new members leave.
    for (const instance of dirty) if (instance.$$s === this.#host && !created.has(instance)) revertChanges(instance);
    for (const instance of this.pending) {
      if (instance.$$s !== this.#host || (instance.$$f & PENDING) === 0) continue;
      makeTransient(instance);
      if (this.#host.hooks.has("pendingToTransient"))
        this.#host.hooks.emit("pendingToTransient", { session: this.#host.owner, instance });
    }
    this.pending = [];
    for (const instance of this.toDelete) instance.$$f &= ~TO_DELETE;
    const touched = [...dirty, ...this.toDelete];
    this.toDelete = NO_OBJECTS;
    return touched;
  }
  allStale(): void {
    this.identity.forEach((instance) => {
      instance.$$f |= STALE;
    });
    if (isHeard("expire")) for (const instance of [...this.identity.all()]) tellExpire(instance, undefined);
  }
  noteUnrelated(_owner: Managed, relationship: unknown, item: Managed): void {
    if (!(relationship as RelationshipProperty).cascade.deleteOrphan || !isOrphan(item)) return;
    if (item.$$s === this.#host && (item.$$f & PENDING) !== 0) this.dropPending(item);
    else {
      item.$$f |= ORPHANED;
      if (item.$$s !== this.#host) return;
      if (this.lost === NO_OBJECTS) this.lost = new Set();
      this.lost.add(item);
    }
  }
  knownMembers(owner: Managed, relationship: unknown): readonly Managed[] {
    const { direction, target, backPopulates, pairs } = relationship as RelationshipProperty;
    if (direction !== "oneToMany" || backPopulates === undefined) return [];
    const found: Managed[] = [];
    for (const instance of this.identity.instances(target)) {
      const known = instance[backPopulates.slot];
      if (
        known === owner ||
        (known === UNLOADED && pairs.every((p) => instance[p.remote.slot] === owner[p.local.slot]))
      )
        found.push(instance);
    }
    return found;
  }
}

export const NOTHING: readonly Managed[] = [];
/** A list to begin with; never pushed to. */
const NONE: Managed[] = [];
/** Stands for the sets of a session that deletes nothing and loses nothing: never added to. */
const NO_OBJECTS: Set<Managed> = new Set();
function letGo(instance: Managed): void {
  instance.$$s = undefined;
  instance.$$f = (instance.$$f & ~(PERSISTENT | DIRTY | TO_DELETE)) | DETACHED;
  // Objects loaded together no longer keep each other in memory.
  instance.$$b = null;
}
/** Whether any relationship holds something: most objects of a large load hold nothing. */
function hasRelated(instance: Managed): boolean {
  const { relationships } = mapperOfInstance(instance);
  if (instance.$$h !== null) return true;
  for (let i = 0; i < relationships.length; i++)
    if (instance[(relationships[i] as RelationshipProperty).slot] !== UNLOADED) return true;
  return false;
}
const checkedClasses = new WeakSet<object>();
/** A class field that hides an attribute: found at the first object of each class. */
function checkOwnKeys(instance: Managed): void {
  const model = Object.getPrototypeOf(instance) as object;
  if (checkedClasses.has(model)) return;
  for (const key of mapperOfInstance(instance).keys) {
    if (Object.hasOwn(instance, key)) {
      throw new ArgumentError(
        `${instance.$$d.name} has a class field '${key}' that hides the mapped attribute; write 'declare ${key}: …' to restate its type.`,
        "orm.shadowed",
      );
    }
  }
  checkedClasses.add(model);
}
