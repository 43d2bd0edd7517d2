/**
 * Relationship values in memory: collections, references, and the other side kept in step before any flush. Nothing
 * here does SQL; what is not loaded is queued in the history and merged when the rows come.
 * Source: SQLAlchemy "Collection Customization", "backref events".
 */
import { ArgumentError } from "@athanor/core";
import { NotLoadedError } from "../errors.js";
import { mapperOfInstance, type RelationshipProperty } from "./mapper.js";
import {
  beginHistory,
  DELETED,
  DETACHED,
  historyOf,
  type Managed,
  managed,
  ORPHANED,
  PERSISTENT,
  parentOf,
  type RelationHistory,
  setParent,
  UNLOADED,
} from "./state.js";

/** How a value reads in messages: `<Post 3>`. */
export function describeInstance(instance: Managed): string {
  const mapper = mapperOfInstance(instance);
  const key = mapper.primaryKey
    .map((a) => instance[a.slot])
    .map((v) => (v === UNLOADED || v === undefined || v === null ? "new" : String(v)));
  return `<${mapper.name} ${key.join(", ")}>`;
}

/** A loaded to-many relationship: an array that tells the unit of work what joins and leaves it. */
export class Collection extends Array<Managed> {
  #owner: Managed | undefined;
  readonly #property: RelationshipProperty | undefined;
  constructor(owner?: Managed, property?: RelationshipProperty) {
    super();
    this.#owner = owner;
    this.#property = property;
  }
  /** `map`, `filter` and `slice` give plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
  /** Wraps members that are loaded, without any event. */
  static loaded(owner: Managed, property: RelationshipProperty, members: readonly Managed[]): Collection {
    const made =
      property.collectionClass === undefined ? new Collection(owner, property) : emptyCollection(owner, property);
    for (let i = 0; i < members.length; i++) made[i] = members[i] as Managed;
    if (property.collectionClass !== undefined) for (const m of members) made.arrived(m);
    return made;
  }
  /** A member is in: for kinds that keep something of it. */
  arrived(_item: Managed): void {}
  /** A member is about to come from the other side: for kinds in which it takes another one's place. */
  makeRoom(_item: Managed): void {}
  /** After a replacement by a newer load: this one no longer speaks for its owner. */
  detach(): void {
    this.#owner = undefined;
  }
  #begin(): void {
    const owner = this.#owner;
    if (owner !== undefined) begin(owner, this.#property as RelationshipProperty, this);
  }
  #joined(items: readonly unknown[]): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    for (const item of items) memberAdded(owner, this.#property as RelationshipProperty, item as Managed, undefined);
  }
  #left(items: readonly Managed[]): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    for (const item of items)
      if (!this.includes(item)) memberRemoved(owner, this.#property as RelationshipProperty, item, undefined);
  }
  #arrange(): void {
    if (this.#owner !== undefined) this.#property?.arrange?.(this.#owner, this);
  }
  override push(...given: Managed[]): number {
    const items = this.#arriving(given);
    this.#begin();
    super.push(...items);
    this.#joined(items);
    this.#arrange();
    return this.length;
  }
  override unshift(...given: Managed[]): number {
    const items = this.#arriving(given);
    this.#begin();
    super.unshift(...items);
    this.#joined(items);
    this.#arrange();
    return this.length;
  }
  override pop(): Managed | undefined {
    this.#leaving([this.at(-1)]);
    this.#begin();
    const item = super.pop();
    if (item !== undefined) this.#left([item]);
    this.#arrange();
    return item;
  }
  override shift(): Managed | undefined {
    this.#leaving([this[0]]);
    this.#begin();
    const item = super.shift();
    if (item !== undefined) this.#left([item]);
    this.#arrange();
    return item;
  }
  override splice(start: number, deleteCount: number = this.length, ...given: Managed[]): Managed[] {
    const items = this.#arriving(given);
    this.#leaving(this.slice(start, start < 0 ? undefined : start + deleteCount));
    this.#begin();
    const gone = [...super.splice(start, deleteCount, ...items)];
    this.#left(gone);
    this.#joined(items);
    this.#arrange();
    return gone;
  }
  /** Takes members out; what is no member is an error. */
  remove(...items: Managed[]): void {
    for (const item of items) {
      const at = this.indexOf(item);
      if (at < 0) {
        const what = managed(item) === undefined ? String(item) : describeInstance(item);
        throw new ArgumentError(`remove(): ${what} is not in ${this.#property}.`, "orm.not-a-member");
      }
      this.splice(at, 1);
    }
  }
  /** Makes these the members; only real arrivals and departures count. */
  replace(items: Iterable<Managed>): void {
    const before = [...this];
    const had = new Set(before);
    const wanted = this.#owner === undefined ? [...items] : replacing(this.#owner, this.#property, [...items], had);
    this.#check(wanted);
    this.#begin();
    const kept = new Set(wanted);
    this.#leaving(before.filter((m) => !kept.has(m)));
    super.splice(0, this.length, ...wanted);
    this.#left(before.filter((m) => !kept.has(m)));
    this.#joined(wanted.filter((m) => !had.has(m)));
    this.#arrange();
  }
  override fill(): this {
    throw new ArgumentError("fill(): a collection of objects cannot be filled; use replace().");
  }
  override copyWithin(): this {
    throw new ArgumentError("copyWithin(): a collection of objects cannot be copied into itself; use replace().");
  }
  /** Checked, and as listeners want them. */
  #arriving(items: readonly unknown[]): Managed[] {
    this.#check(items);
    const owner = this.#owner;
    const property = this.#property;
    if (owner === undefined || property?.listeners === undefined) return items as Managed[];
    return items.map((item) => arriving(owner, property, item as Managed));
  }
  #check(items: readonly unknown[]): void {
    const property = this.#property;
    if (property === undefined) return;
    for (const item of items) checkMember(property, item);
    if (this.#owner !== undefined && property.validators.length > 0)
      for (const item of items) validate(this.#owner, property, item, false, undefined);
  }
  #leaving(items: readonly (Managed | undefined)[]): void {
    const property = this.#property;
    if (this.#owner === undefined || property === undefined || property.validators.length === 0) return;
    for (const item of items) if (item !== undefined) validate(this.#owner, property, item, true, undefined);
  }
}

/** The other side as the member's class has it: of classes with tables of their own each has its own. */
function reverseOf({ backPopulates }: RelationshipProperty, member: Managed): RelationshipProperty | undefined {
  return backPopulates?.parent.inheritance?.strategy === "concrete"
    ? (mapperOfInstance(member).relationship(backPopulates.key) ?? backPopulates)
    : backPopulates;
}
/** A value that may stand in a relationship; throws with what was expected. */
function checkMember(property: RelationshipProperty, item: unknown): Managed {
  const instance = managed(item);
  if (instance !== undefined) {
    const mapper = mapperOfInstance(instance);
    if (mapper === property.target || mapper.isA(property.target)) return instance;
  }
  throw new ArgumentError(
    `${property} takes objects of ${property.target.name}, but ${describeGiven(item)} was given.`,
    "orm.wrong-member",
  );
}
/** What stands where an object of a model belongs, for messages. */
export function describeGiven(value: unknown): string {
  const instance = managed(value);
  if (instance !== undefined) return `a ${mapperOfInstance(instance).name}`;
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "function") return /^class\b/.test(String(value)) ? `the class ${value.name}` : "a function";
  if (typeof value !== "object")
    return `the ${typeof value} ${typeof value === "string" ? JSON.stringify(value) : String(value)}`;
  if (typeof (value as { readonly then?: unknown }).then === "function") return "a promise (await it)";
  const made = Object.getPrototypeOf(value)?.constructor?.name as string | undefined;
  return made === undefined || made === "Object" ? "a plain object" : `a ${made}`;
}

/** What listeners make of an object that is about to join. */
function arriving(owner: Managed, property: RelationshipProperty, item: Managed): Managed {
  const { listeners } = property;
  return listeners === undefined ? item : checkMember(property, listeners.append(owner, property.key, item));
}
/** What listeners make of the members a collection is to have; those it has already do not join. */
function replacing(
  owner: Managed,
  property: RelationshipProperty | undefined,
  items: readonly Managed[],
  had: ReadonlySet<Managed>,
): readonly Managed[] {
  if (property?.listeners === undefined) return items;
  const wanted = property.listeners.bulkReplace(owner, property.key, items);
  return wanted.map((item) => {
    const member = checkMember(property, item);
    return had.has(member) ? member : arriving(owner, property, member);
  });
}

/** `from`: the reverse side that started it. */
function validate(
  owner: Managed,
  property: RelationshipProperty,
  value: unknown,
  isRemove: boolean,
  from: RelationshipProperty | undefined,
): void {
  for (const v of property.validators)
    if ((!isRemove || v.includeRemoves) && (from === undefined || v.includeBackrefs))
      v.validate(value, { key: property.key, instance: owner, isRemove });
}
/** Nothing can be in the database for it: its collections start empty. */
export function isNew(instance: Managed): boolean {
  return (instance.$$f & (PERSISTENT | DETACHED | DELETED)) === 0;
}
function begin(
  owner: Managed,
  property: RelationshipProperty,
  members: readonly Managed[] | undefined,
): RelationHistory | undefined {
  if (property.viewOnly) return undefined;
  const found = historyOf(owner, property);
  return found ?? beginHistory(owner, property, UNLOADED, members === undefined ? undefined : [...members]);
}

/** The empty collection of an owner. */
export function emptyCollection(owner: Managed, property: RelationshipProperty): Collection {
  const Class = (property.collectionClass ?? Collection) as typeof Collection;
  return new Class(owner, property);
}
/** Bookkeeping of one arrival; the array itself is changed by the caller. `from`: the reverse side that started it. */
function memberAdded(
  owner: Managed,
  property: RelationshipProperty,
  item: Managed,
  from: RelationshipProperty | undefined,
): void {
  if (property.viewOnly) return;
  if (property.collectionClass !== undefined) (owner[property.slot] as Collection | undefined)?.arrived?.(item);
  const history = begin(owner, property, undefined) as RelationHistory;
  if (!history.removed.delete(item)) history.added.add(item);
  if (history.replaceWith !== undefined && !history.replaceWith.includes(item))
    history.replaceWith = [...history.replaceWith, item];
  if (property.cascade.deleteOrphan) item.$$f &= ~ORPHANED;
  const reverse = reverseOf(property, item);
  if (reverse !== undefined && reverse !== from) {
    if (reverse.uselist) addToCollection(item, reverse, owner, property);
    else assignReference(item, reverse, owner, property);
  }
  if (property.direction === "oneToMany") {
    // Without a reverse attribute the old parent is told here.
    const before = parentOf(item, property);
    setParent(item, property, owner);
    if (reverse === undefined && before !== undefined && before !== null && before !== owner)
      takeOut(before, property, item);
  } else if (property.cascade.deleteOrphan) setParent(item, property, owner);
  if (from === undefined) owner.$$s?.noteRelated(owner, property, item);
}
function memberRemoved(
  owner: Managed,
  property: RelationshipProperty,
  item: Managed,
  from: RelationshipProperty | undefined,
): void {
  if (property.viewOnly) return;
  property.listeners?.remove(owner, property.key, item);
  const history = begin(owner, property, undefined) as RelationHistory;
  if (!history.added.delete(item)) history.removed.add(item);
  leaveReplacement(history, item);
  if (
    (property.direction === "oneToMany" || property.cascade.deleteOrphan) &&
    (parentOf(item, property) ?? owner) === owner
  )
    setParent(item, property, null);
  const reverse = reverseOf(property, item);
  if (reverse !== undefined && reverse !== from) {
    if (reverse.uselist) removeFromCollection(item, reverse, owner, property);
    else if (item[reverse.slot] === owner) assignReference(item, reverse, null, property);
    else if (item[reverse.slot] === UNLOADED && !isNew(item)) assignReference(item, reverse, null, property);
  }
  const session = owner.$$s ?? item.$$s;
  if (session !== undefined) session.noteUnrelated(owner, property, item);
  else if (property.cascade.deleteOrphan) item.$$f |= ORPHANED;
}
function leaveReplacement(history: RelationHistory, item: Managed): void {
  if (history.replaceWith !== undefined) history.replaceWith = history.replaceWith.filter((m) => m !== item);
}
/** A deletion is final: what was deleted leaves the loaded values of all other objects, without any event. */
export function forgetDeleted(gone: ReadonlySet<Managed>, everywhere: Iterable<Managed>): void {
  const roots = new Set([...gone].map((g) => mapperOfInstance(g).root));
  for (const instance of everywhere) {
    for (const property of mapperOfInstance(instance).relationships) {
      if (!roots.has(property.target.root)) continue;
      const value = instance[property.slot];
      if (value instanceof Collection) {
        for (let at = value.length - 1; at >= 0; at--)
          if (gone.has(value[at] as Managed)) Array.prototype.splice.call(value, at, 1);
      } else if (gone.has(value as Managed)) instance[property.slot] = null;
    }
  }
}
/** A member moved to another owner: it leaves the first one's array without further events on the member. */
function takeOut(owner: Managed, property: RelationshipProperty, item: Managed): void {
  const value = owner[property.slot];
  property.listeners?.remove(owner, property.key, item);
  if (value instanceof Collection) {
    const at = value.indexOf(item);
    if (at < 0) return;
    const history = begin(owner, property, value) as RelationHistory;
    Array.prototype.splice.call(value, at, 1);
    if (!history.added.delete(item)) history.removed.add(item);
    property.arrange?.(owner, value);
  } else {
    const history = begin(owner, property, undefined) as RelationHistory;
    if (!history.added.delete(item)) history.removed.add(item);
    leaveReplacement(history, item);
    if (!property.uselist && value === item) owner[property.slot] = null;
  }
}

/** Adds on behalf of the reverse side, or to a collection that is not loaded. */
export function addToCollection(
  owner: Managed,
  property: RelationshipProperty,
  given: Managed,
  from?: RelationshipProperty,
): void {
  checkMember(property, given);
  if (property.validators.length > 0) validate(owner, property, given, false, from);
  let value = owner[property.slot];
  if (value === UNLOADED && isNew(owner) && !property.isQuery)
    value = owner[property.slot] = emptyCollection(owner, property);
  if (from !== undefined && value instanceof Collection && value.includes(given)) return;
  const item = arriving(owner, property, given);
  if (value instanceof Collection) {
    if (property.collectionClass !== undefined) value.makeRoom(item);
    begin(owner, property, value);
    Array.prototype.push.call(value, item);
  }
  memberAdded(owner, property, item, from);
  if (property.arrange !== undefined && value instanceof Collection) property.arrange(owner, value);
  if (value === UNLOADED && from === undefined && takesPlaces(property)) takePlace(owner, property, item);
}
/** In collections of this kind an arrival may take another member's place. */
function takesPlaces({ collectionClass, isQuery, viewOnly }: RelationshipProperty): boolean {
  if (collectionClass === undefined || isQuery || viewOnly) return false;
  return (collectionClass.prototype as Collection).makeRoom !== Collection.prototype.makeRoom;
}
function takePlace(owner: Managed, property: RelationshipProperty, item: Managed): void {
  const history = historyOf(owner, property);
  if (history === undefined) return;
  history.taking ??= new Set();
  // Of several with one key the last stays.
  history.taking.delete(item);
  history.taking.add(item);
}
export function removeFromCollection(
  owner: Managed,
  property: RelationshipProperty,
  item: Managed,
  from?: RelationshipProperty,
): void {
  const value = owner[property.slot];
  if (property.validators.length > 0) validate(owner, property, item, true, from);
  if (value instanceof Collection) {
    const at = value.indexOf(item);
    if (at < 0) return;
    begin(owner, property, value);
    Array.prototype.splice.call(value, at, 1);
    property.arrange?.(owner, value);
  } else if (isNew(owner) && historyOf(owner, property)?.added.has(item) !== true) return;
  memberRemoved(owner, property, item, from);
}
/** `replace()` on a collection that is not loaded: who leaves is known only when it is loaded, by the flush at the latest. */
export function replaceUnloaded(owner: Managed, property: RelationshipProperty, given: readonly Managed[]): void {
  for (const item of given) checkMember(property, item);
  const known = historyOf(owner, property)?.added;
  const items = replacing(owner, property, given, isNew(owner) ? new Set(given) : (known ?? NOBODY));
  if (isNew(owner) && property.isQuery) {
    for (const gone of [...(historyOf(owner, property)?.added ?? [])]) removeFromCollection(owner, property, gone);
    for (const item of items) addToCollection(owner, property, item);
    return;
  }
  if (isNew(owner)) {
    const made = emptyCollection(owner, property);
    owner[property.slot] = made;
    made.push(...items);
    return;
  }
  const history = begin(owner, property, undefined);
  if (history === undefined) return;
  const kept = new Set(items);
  // Members that are in memory leave at once, or assigning them again later would seem to change nothing.
  for (const gone of new Set([...history.added, ...(owner.$$s?.knownMembers(owner, property) ?? [])]))
    if (!kept.has(gone)) memberRemoved(owner, property, gone, undefined);
  history.removed.clear();
  history.replaceWith = [...items];
  for (const item of items) if (!history.added.has(item)) memberAdded(owner, property, item, undefined);
}

const NOBODY: ReadonlySet<Managed> = new Set();

/** Sets a to-one relationship. `from`: the reverse side that started it. */
export function assignReference(
  owner: Managed,
  property: RelationshipProperty,
  given: unknown,
  from?: RelationshipProperty,
): void {
  const known = owner[property.slot];
  const wanted =
    property.listeners === undefined ? given : property.listeners.set(owner, property.key, given ?? null, known);
  const value = wanted === null || wanted === undefined ? null : checkMember(property, wanted);
  if (known === value) return;
  if (property.validators.length > 0) validate(owner, property, value, false, from);
  if (property.viewOnly) {
    owner[property.slot] = value;
    return;
  }
  if (known === UNLOADED && property.definition.settings.activeHistory === true && !isNew(owner)) {
    throw new NotLoadedError(
      `${property} of ${describeInstance(owner)} is mapped with activeHistory, so its old value has to be known before it is set: await object.${property.key} first, or load it with selectinLoad(${property.parent.name}.c.${property.key}).`,
    );
  }
  // What was not loaded may still be at hand: then its collection loses the owner at once.
  const before = known !== UNLOADED ? known : isNew(owner) ? null : owner.$$s?.peekRelated(owner, property);
  const history =
    historyOf(owner, property) ??
    beginHistory(owner, property, known === UNLOADED ? (isNew(owner) ? null : (before ?? UNLOADED)) : known, undefined);
  owner[property.slot] = value;
  const old = managed(before);
  // The new side first: who moves is no orphan in between, so a pending object stays in its session.
  if (value !== null) {
    if (!history.removed.delete(value)) history.added.add(value);
    if (property.direction === "oneToMany" || property.cascade.deleteOrphan) setParent(value, property, owner);
    const reverse = reverseOf(property, value);
    if (reverse !== undefined && reverse !== from) {
      if (reverse.uselist) addToCollection(value, reverse, owner, property);
      else assignReference(value, reverse, owner, property);
    }
    if (from === undefined) owner.$$s?.noteRelated(owner, property, value);
  }
  if (old !== undefined && old !== value) {
    if (!history.added.delete(old)) history.removed.add(old);
    const tracks = property.direction === "oneToMany" || property.cascade.deleteOrphan;
    if (tracks && (parentOf(old, property) ?? owner) === owner) setParent(old, property, null);
    const reverse = reverseOf(property, old);
    if (reverse !== undefined && reverse !== from) {
      if (reverse.uselist) removeFromCollection(old, reverse, owner, property);
      else if (old[reverse.slot] === owner || (old[reverse.slot] === UNLOADED && !isNew(old)))
        assignReference(old, reverse, null, property);
    } else if (reverse !== undefined && value !== null) {
      // The new owner's side started it: the old one still has to let go.
      if (reverse.uselist) takeOut(old, reverse, owner);
      else if (old[reverse.slot] === owner) assignReference(old, reverse, null, property);
    }
    (owner.$$s ?? old.$$s)?.noteUnrelated(owner, property, old);
  }
}

/**
 * A collection's rows have come: merges what was queued while it was not loaded and puts it in the slot. Rows that a
 * filtered load left out are not taken for removed.
 */
export function setLoadedCollection(
  owner: Managed,
  property: RelationshipProperty,
  rows: readonly Managed[],
): Collection {
  const before = owner[property.slot];
  if (before instanceof Collection) before.detach();
  const history = historyOf(owner, property);
  const made = Collection.loaded(owner, property, rows);
  if (property.direction === "oneToMany" && property.cascade.deleteOrphan)
    for (const row of rows) if (parentOf(row, property) === undefined) setParent(row, property, owner);
  if (history !== undefined) {
    history.base = [...rows];
    if (history.replaceWith !== undefined) {
      const wanted = history.replaceWith;
      history.replaceWith = undefined;
      for (const row of rows) if (history.added.has(row)) history.added.delete(row);
      owner[property.slot] = made;
      made.replace(wanted);
      return made;
    }
    if (history.removed.size > 0) {
      const kept = made.filter((m) => !history.removed.has(m));
      Array.prototype.splice.call(made, 0, made.length, ...kept);
    }
    for (const item of history.added) {
      if (made.includes(item)) {
        history.added.delete(item);
        // The pair has its row already, whichever side is asked.
        if (property.backPopulates?.uselist) historyOf(item, property.backPopulates)?.added.delete(owner);
      } else if (history.taking?.has(item) !== true) Array.prototype.push.call(made, item);
    }
  }
  owner[property.slot] = made;
  if (history?.taking !== undefined) takePlaces(made, history);
  return made;
}
/** Those pushed before the rows were known come in as into a loaded collection: who has their places leaves. */
function takePlaces(made: Collection, history: RelationHistory): void {
  const taking = [...(history.taking ?? [])].filter((item) => history.added.has(item));
  history.taking = undefined;
  for (const item of taking) {
    made.makeRoom(item);
    Array.prototype.push.call(made, item);
    made.arrived(item);
  }
}
/** A relationship to one object met several rows: the first is taken. */
export function warnOfManyRows(owner: Managed, property: RelationshipProperty): void {
  process.emitWarning(
    `${property} of ${describeInstance(owner)} is one object, but several rows of ${property.target} refer to it; the first is taken. Make the foreign key unique, give the relationship an orderBy, or declare it as a collection.`,
    { code: "ATHANOR_MANY_ROWS" },
  );
}
/** A to-one value has come; a change made meanwhile wins. */
export function setLoadedReference(owner: Managed, property: RelationshipProperty, value: Managed | null): void {
  const history = historyOf(owner, property);
  if (history !== undefined) {
    if (history.old === UNLOADED) {
      history.old = value;
      if (value !== null && value !== owner[property.slot]) history.removed.add(value);
    }
    return;
  }
  owner[property.slot] = value;
  if (value !== null && property.cascade.deleteOrphan && parentOf(value, property) === undefined)
    setParent(value, property, owner);
}
