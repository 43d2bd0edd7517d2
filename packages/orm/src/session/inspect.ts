/** What is known of an object, an attribute's history included. Source: SQLAlchemy "Runtime Inspection API". */
import { ArgumentError, didYouMean, InvalidRequestError } from "@athanor/core";
import { knownColumnListeners } from "../mapping/attribute-events.js";
import { Collection, describeInstance } from "../mapping/collection.js";
import { type Mapper, mapperOfInstance } from "../mapping/mapper.js";
import {
  DELETED,
  DETACHED,
  historyOf,
  isChanged,
  type Managed,
  managed,
  oldValue,
  PENDING,
  PERSISTENT,
  recordWrite,
  STALE,
  tokenOf,
  UNLOADED,
  WAS_DELETED,
} from "../mapping/state.js";
import { makeTransient as forgetState } from "./transaction-frame.js";
import { sameValue } from "./unit-of-work/values.js";

export type ObjectState = "transient" | "pending" | "persistent" | "deleted" | "detached";
export interface AttributeHistory {
  readonly added: readonly unknown[];
  readonly unchanged: readonly unknown[];
  readonly deleted: readonly unknown[];
}

/** Where an object stands between program and database. */
export class InstanceInspection {
  readonly #instance: Managed;
  constructor(instance: Managed) {
    this.#instance = instance;
  }
  get state(): ObjectState {
    const flags = this.#instance.$$f;
    if ((flags & DELETED) !== 0) return "deleted";
    if ((flags & DETACHED) !== 0) return "detached";
    if ((flags & PENDING) !== 0) return "pending";
    return (flags & PERSISTENT) !== 0 ? "persistent" : "transient";
  }
  get transient(): boolean {
    return this.state === "transient";
  }
  get pending(): boolean {
    return this.state === "pending";
  }
  get persistent(): boolean {
    return this.state === "persistent";
  }
  get deleted(): boolean {
    return this.state === "deleted";
  }
  get detached(): boolean {
    return this.state === "detached";
  }
  /** Values are the last known ones; the next row overwrites them. */
  get expired(): boolean {
    return (this.#instance.$$f & STALE) !== 0;
  }
  /** The session it belongs to. */
  get session(): object | null {
    return (this.#instance.$$s as { readonly owner?: object } | undefined)?.owner ?? null;
  }
  get mapper(): Mapper {
    return mapperOfInstance(this.#instance);
  }
  /** Primary key values once there is a row, else null. */
  get identity(): readonly unknown[] | null {
    if ((this.#instance.$$f & (PERSISTENT | DETACHED | DELETED)) === 0) return null;
    return this.mapper.primaryKey.map((a) => this.#instance[a.slot]);
  }
  /** The shard or tenant its row is in, in sessions that keep several apart. */
  get identityToken(): unknown {
    return tokenOf(this.#instance);
  }
  /** Keys of attributes that hold nothing. */
  get unloaded(): ReadonlySet<string> {
    return new Set(this.mapper.keys.filter((key) => this.#instance[`$${key}`] === UNLOADED));
  }
  /** Something was set since the last flush, even if to the same value. */
  get modified(): boolean {
    const { $$m, $$n, $$h } = this.#instance;
    return $$m !== 0 || $$n !== 0 || $$h !== null;
  }
  /** What a flush would see of one attribute. @throws ArgumentError for an unknown name */
  history(key: string): AttributeHistory {
    const instance = this.#instance;
    const { mapper } = this;
    const attribute = mapper.attribute(key);
    if (attribute !== undefined) {
      const value = instance[attribute.slot];
      const isNew = (instance.$$f & (PERSISTENT | DETACHED | DELETED)) === 0;
      if (isNew) return value === UNLOADED ? NOTHING : { added: [value], unchanged: [], deleted: [] };
      if (!isChanged(instance, attribute.index))
        return value === UNLOADED ? NOTHING : { added: [], unchanged: [value], deleted: [] };
      const old = oldValue(instance, attribute.index);
      if (sameValue(old, value)) return { added: [], unchanged: [value], deleted: [] };
      return { added: [value], unchanged: [], deleted: old === UNLOADED ? [] : [old] };
    }
    const property = mapper.relationship(key);
    if (property === undefined)
      throw new ArgumentError(`${mapper} has no attribute '${key}'.${didYouMean(key, mapper.keys)}`);
    const value = instance[property.slot];
    const history = historyOf(instance, property);
    if (value instanceof Collection || property.uselist) {
      const members = value instanceof Collection ? [...value] : [];
      return {
        added: [...(history?.added ?? [])],
        unchanged: members.filter((m) => !history?.added.has(m)),
        deleted: [...(history?.removed ?? [])],
      };
    }
    if (history === undefined) return value === UNLOADED ? NOTHING : { added: [], unchanged: [value], deleted: [] };
    if (history.old === value) return { added: [], unchanged: [value], deleted: [] };
    return {
      added: [value],
      unchanged: [],
      deleted: history.old === UNLOADED || history.old === null ? [] : [history.old],
    };
  }
}
const NOTHING: AttributeHistory = { added: [], unchanged: [], deleted: [] };

/**
 * Says that a value was changed in place (a document, an array, bytes), which assignments cannot tell; the next flush
 * writes the column.
 *
 * @example user.settings.theme = "dark"; flagModified(user, "settings");
 */
export function flagModified<E extends object>(entity: E, key: keyof E & string): void {
  const instance = managed(entity);
  const attribute = instance === undefined ? undefined : mapperOfInstance(instance).attribute(key);
  if (instance === undefined || attribute === undefined) {
    const known = instance === undefined ? [] : mapperOfInstance(instance).attributes.map((a) => a.key);
    throw new ArgumentError(
      `flagModified(): a mapped object and one of its columns are needed, not '${key}'.${didYouMean(key, known)}`,
    );
  }
  knownColumnListeners(instance, key)?.modified(instance, key);
  // The old value is the same object by now, so it counts as unknown.
  recordWrite(instance, attribute.index, UNLOADED);
}
/** Whether the object was deleted by a flush, committed or not. Source: SQLAlchemy "was_deleted". */
export function wasDeleted(entity: object): boolean {
  const instance = managed(entity);
  return instance !== undefined && (instance.$$f & (DELETED | WAS_DELETED)) !== 0;
}
/**
 * Says that a new object stands for a row that is there: detached, as if it had been loaded and had left its session.
 * What was not set counts as not loaded.
 *
 * @throws InvalidRequestError for an object that is not new, or has no key
 */
export function makeTransientToDetached(entity: object): void {
  const instance = managed(entity);
  if (instance === undefined)
    throw new ArgumentError("makeTransientToDetached(): a mapped object is needed.", "orm.not-mapped");
  if (new InstanceInspection(instance).state !== "transient")
    throw new InvalidRequestError(
      `makeTransientToDetached(${describeInstance(instance)}): it is not new.`,
      "session.not-transient",
    );
  if (mapperOfInstance(instance).keyOf(instance) === undefined)
    throw new InvalidRequestError(
      `makeTransientToDetached(${describeInstance(instance)}): it has no key, so there is no row it could stand for.`,
      "orm.no-key",
    );
  instance.$$h = null;
  instance.$$f |= DETACHED;
}
/** A new object again, with the values it has: outside of any session, as if it had no row. */
export function makeTransient(entity: object): void {
  const instance = managed(entity);
  if (instance === undefined) throw new ArgumentError("makeTransient(): a mapped object is needed.", "orm.not-mapped");
  const session = instance.$$s as { readonly owner?: { expunge(entity: object): void } } | undefined;
  session?.owner?.expunge(entity);
  forgetState(instance);
  instance.$$h = null;
}
