/**
 * Collections that are more than arrays: sets, members found by a key, classes of one's own. They stay arrays of members,
 * so everything that works on a collection works on them. Source: SQLAlchemy "Customizing Collection Access".
 */
import { ArgumentError } from "@athanor/core";
import { Collection } from "./collection.js";
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
    const fresh = [...new Set(items)].filter((item) => !this.includes(item));
    return fresh.length === 0 ? this.length : super.push(...fresh);
  }
}
/** What `attributeKeyed()` and `keyedBy()` give. */
export class CollectionKey {
  readonly keyedBy: string | ((member: never) => unknown);
  constructor(by: string | ((member: never) => unknown)) {
    this.keyedBy = by;
  }
  of(member: Managed): unknown {
    const by = this.keyedBy;
    return typeof by === "string"
      ? (member as unknown as { readonly [key: string]: unknown })[by]
      : by(member as never);
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
    if (!this.#keys.has(member)) this.arrived(member);
    return this.#keys.get(member);
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
  /** A member with a key that is taken replaces the one that has it. */
  override push(...items: Managed[]): number {
    for (const item of items) {
      const there = this.#key === undefined ? undefined : this.get(this.#key.of(item));
      if (there === item) continue;
      if (there !== undefined) this.remove(there);
      super.push(item);
    }
    return this.length;
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
