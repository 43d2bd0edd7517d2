/**
 * What an attribute reads as while it is not loaded: an object bound to the instance and the relationship. `await`
 * loads it, for all siblings at once; collections take `push`, `remove` and `replace` without loading.
 * Source: SQLAlchemy "Relationship Loading Techniques", "AwaitableAttrs".
 */
import { DetachedInstanceError, NotLoadedError } from "../errors.js";
import { callSites } from "./call-site.js";
import { addToCollection, describeInstance, removeFromCollection, replaceUnloaded } from "./collection.js";
import { mapperOfInstance, type RelationshipProperty } from "./mapper.js";
import { DETACHED, historyOf, type Managed, type SessionFace } from "./state.js";

function notLoaded(owner: Managed, property: RelationshipProperty): NotLoadedError {
  const { name } = property.parent;
  const path = `${name}.c.${property.key}`;
  return new NotLoadedError(
    `${name}.${property.key} of ${describeInstance(owner)} is not loaded. Load it in the query with .options(selectinLoad(${path})) or joinedLoad(${path}), ` +
      `or with await object.${property.key}, or with await session.refresh(object, ["${property.key}"]).`,
  );
}
function sessionOf(owner: Managed, what: string): SessionFace {
  if (owner.$$s !== undefined) return owner.$$s;
  const why = (owner.$$f & DETACHED) !== 0 ? "is detached from its session" : "belongs to no session";
  throw new DetachedInstanceError(
    `${what} of ${describeInstance(owner)} cannot be loaded: the object ${why}. Load it in the query, or session.add() the object first.`,
  );
}
async function load(owner: Managed, property: RelationshipProperty): Promise<unknown> {
  if (property.lazy === "raise" && owner.$$s === undefined) throw notLoaded(owner, property);
  return sessionOf(owner, `${property}`).loadRelated(owner, property);
}
/** Settles the way `await` wants it. */
function settle(work: Promise<unknown>, fulfilled: unknown, rejected: unknown): Promise<unknown> {
  return work.then(fulfilled as (v: unknown) => unknown, rejected as (e: unknown) => unknown);
}

/** A to-one relationship that is not loaded. */
export class LazyReference {
  readonly #owner: Managed;
  readonly #property: RelationshipProperty;
  readonly #place: string | undefined;
  constructor(owner: Managed, property: RelationshipProperty) {
    this.#owner = owner;
    this.#property = property;
    this.#place = callSites.watched ? callSites.capture() : undefined;
  }
  then(fulfilled: unknown, rejected: unknown): Promise<unknown> {
    return settle(
      callSites.run(this.#place, () => load(this.#owner, this.#property)),
      fulfilled,
      rejected,
    );
  }
  toJSON(): undefined {
    return undefined;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `[${this.#property} not loaded]`;
  }
}
/** A deferred column that is not loaded. */
export class LazyColumn {
  readonly #owner: Managed;
  readonly #key: string;
  constructor(owner: Managed, key: string) {
    this.#owner = owner;
    this.#key = key;
  }
  then(fulfilled: unknown, rejected: unknown): Promise<unknown> {
    const work = (async () => sessionOf(this.#owner, this.#key).loadColumn(this.#owner, this.#key))();
    return settle(work, fulfilled, rejected);
  }
  /** Sums, comparisons and templates would go on with no value at all. @throws NotLoadedError */
  [Symbol.toPrimitive](): never {
    const { name } = mapperOfInstance(this.#owner);
    throw new NotLoadedError(
      `${name}.${this.#key} of ${describeInstance(this.#owner)} is deferred and not loaded yet: await object.${this.#key}, or select it with .options(undefer(${name}.c.${this.#key})).`,
    );
  }
  toJSON(): undefined {
    return undefined;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `[${this.#key} not loaded]`;
  }
}

/** A collection that is not loaded. */
export class LazyCollection {
  readonly #owner: Managed;
  readonly #property: RelationshipProperty;
  readonly #place: string | undefined;
  constructor(owner: Managed, property: RelationshipProperty) {
    this.#owner = owner;
    this.#property = property;
    this.#place = callSites.watched ? callSites.capture() : undefined;
  }
  then(fulfilled: unknown, rejected: unknown): Promise<unknown> {
    return settle(
      callSites.run(this.#place, () => load(this.#owner, this.#property)),
      fulfilled,
      rejected,
    );
  }
  /** Adds without loading; the change is merged when the collection is loaded, and flushed either way. */
  push(...items: Managed[]): number {
    for (const item of items) addToCollection(this.#owner, this.#property, item);
    return historyOf(this.#owner, this.#property)?.added.size ?? 0;
  }
  remove(...items: Managed[]): void {
    for (const item of items) removeFromCollection(this.#owner, this.#property, item);
  }
  /** Makes these the members. Who leaves is known when the flush has loaded the collection. */
  replace(items: Iterable<Managed>): void {
    replaceUnloaded(this.#owner, this.#property, [...items]);
  }
  toJSON(): undefined {
    return undefined;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `[${this.#property} not loaded]`;
  }
  static refuse(collection: LazyCollection): never {
    throw notLoaded(collection.#owner, collection.#property);
  }
}
// Using it as an array before it is loaded must say what is wrong, not "is not a function".
for (const name of [
  "length",
  "map",
  "filter",
  "forEach",
  "find",
  "findIndex",
  "some",
  "every",
  "at",
  "slice",
  "reduce",
  "includes",
  "indexOf",
  "flatMap",
  "entries",
  "keys",
  "values",
  "join",
  "sort",
  "toSorted",
  "concat",
  "pop",
  "shift",
  "splice",
  "unshift",
  Symbol.iterator,
] as const) {
  Object.defineProperty(LazyCollection.prototype, name, {
    get(this: LazyCollection) {
      return this === LazyCollection.prototype ? undefined : LazyCollection.refuse(this);
    },
  });
}
