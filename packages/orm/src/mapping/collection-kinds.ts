/**
 * Collections that are more than arrays: sets, members found by a key, classes of one's own. They stay arrays of members,
 * so everything that works on a collection works on them. Source: SQLAlchemy "Customizing Collection Access".
 */
import { ArgumentError } from "@athanor/core";
import { NotLoadedError } from "../errors.js";
import { Collection, describeInstance } from "./collection.js";
import { LazyColumn } from "./lazy.js";
import type { RelationshipProperty } from "./mapper.js";
import type { Managed } from "./state.js";

export class SetCollection extends Collection {
  has(member: Managed): boolean {
    return this.includes(member);
  }
  add(member: Managed): this {
    this.push(member);
    return this;
  }
  delete(member: Managed): boolean {
    if (!this.includes(member)) return false;
    this.remove(member);
    return true;
  }
  override push(...items: Managed[]): number {
    const fresh = this.#fresh(items, this);
    return fresh.length === 0 ? this.length : super.push(...fresh);
  }
  override unshift(...items: Managed[]): number {
    const fresh = this.#fresh(items, this);
    return fresh.length === 0 ? this.length : super.unshift(...fresh);
  }
  override splice(start: number, deleteCount: number = this.length, ...items: Managed[]): Managed[] {
    const gone = new Set(spliced(this, start, deleteCount));
    const kept = this.filter((member) => !gone.has(member));
    return super.splice(start, deleteCount, ...this.#fresh(items, kept));
  }
  override replace(items: Iterable<Managed>): void {
    super.replace(new Set(items));
  }
  #fresh(items: readonly Managed[], members: readonly Managed[]): Managed[] {
    return [...new Set(items)].filter((item) => !members.includes(item));
  }
}
/** What `splice()` would take out. */
function spliced(members: readonly Managed[], start: number, deleteCount: number): Managed[] {
  const from = start < 0 ? Math.max(members.length + start, 0) : start;
  return members.slice(from, from + Math.max(deleteCount, 0));
}
/** What `attributeKeyed()` and `keyedBy()` give. */
export class CollectionKey {
  readonly keyedBy: string | ((member: never) => unknown);
  constructor(by: string | ((member: never) => unknown)) {
    this.keyedBy = by;
  }
  of(member: Managed): unknown {
    const by = this.keyedBy;
    if (typeof by === "function") return by(member as never);
    const key = (member as unknown as { readonly [key: string]: unknown })[by];
    if (key instanceof LazyColumn)
      throw new NotLoadedError(
        `attributeKeyed("${by}"): '${by}' of ${describeInstance(member)} is deferred, so there is no key to find it by. Load the collection with .undefer(…) of it, or do not defer a column that is a key.`,
      );
    return key;
  }
}
export class KeyedCollection extends Collection {
  readonly #key: CollectionKey | undefined;
  /** Taken when a member comes; what changes in it later does not move it. */
  readonly #keys = new Map<Managed, unknown>();
  constructor(owner?: Managed, property?: RelationshipProperty) {
    super(owner, property);
    this.#key = property?.definition.settings.collection as CollectionKey | undefined;
  }
  override arrived(item: Managed): void {
    this.#keys.set(item, this.#key?.of(item));
  }
  #keyOf(member: Managed): unknown {
    // One that had no value for its key when it came may have one by now.
    if ((this.#keys.get(member) ?? null) === null) this.arrived(member);
    return this.#keys.get(member);
  }
  /** The key a member to come will have; undefined where it has no value yet, which is nobody's key. */
  #keyFor(item: Managed): unknown {
    return this.#key?.of(item) ?? undefined;
  }
  override makeRoom(item: Managed): void {
    const key = this.#keyFor(item);
    const there = key === undefined ? undefined : this.get(key);
    if (there !== undefined && there !== item) this.remove(there);
  }
  get(key: unknown): Managed | undefined {
    return this.find((m) => this.#keyOf(m) === key);
  }
  has(key: unknown): boolean {
    return this.get(key) !== undefined;
  }
  delete(key: unknown): boolean {
    const found = this.get(key);
    if (found !== undefined) this.remove(found);
    return found !== undefined;
  }
  keyed(): Map<unknown, Managed> {
    return new Map([...this].map((m) => [this.#keyOf(m), m]));
  }
  /** A member with a key that is taken replaces the one that has it; of several that come with one key the last stays. */
  override push(...items: Managed[]): number {
    const fresh = this.#settled(items);
    return fresh.length === 0 ? this.length : super.push(...fresh);
  }
  override unshift(...items: Managed[]): number {
    const fresh = this.#settled(items);
    return fresh.length === 0 ? this.length : super.unshift(...fresh);
  }
  override splice(start: number, deleteCount: number = this.length, ...items: Managed[]): Managed[] {
    if (items.length === 0) return super.splice(start, deleteCount);
    const from = start < 0 ? Math.max(this.length + start, 0) : Math.min(start, this.length);
    const gone = super.splice(from, deleteCount);
    const before = this.slice(0, from);
    const fresh = this.#settled(items);
    super.splice(before.filter((member) => this.includes(member)).length, 0, ...fresh);
    return gone;
  }
  override replace(items: Iterable<Managed>): void {
    super.replace(this.#last([...items]));
  }
  /** Of those with one key the last. */
  #last(items: readonly Managed[]): Managed[] {
    const byKey = new Map<unknown, Managed>();
    for (const item of items) byKey.set(this.#keyFor(item) ?? item, item);
    return [...new Set(items)].filter((item) => byKey.get(this.#keyFor(item) ?? item) === item);
  }
  /** What really joins; those whose keys are taken have left. */
  #settled(items: readonly Managed[]): Managed[] {
    const fresh = this.#last(items).filter((item) => !this.includes(item));
    for (const item of fresh) this.makeRoom(item);
    return fresh;
  }
}
type CollectionClass = new (owner?: Managed, property?: RelationshipProperty) => Collection;
/** The class behind `collection: …`. @throws ArgumentError */
export function collectionClass(given: unknown, where: string): CollectionClass {
  if (given === undefined) return Collection;
  if (given === "set") return SetCollection;
  if (given instanceof CollectionKey) return KeyedCollection;
  if (typeof given === "function" && (given === Collection || given.prototype instanceof Collection))
    return given as CollectionClass;
  throw new ArgumentError(
    `${where}: collection is "set", attributeKeyed("name"), keyedBy(function) or a class that extends CollectionBase.`,
    "orm.collection",
  );
}
