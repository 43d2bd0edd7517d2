/**
 * A collection as a dictionary: one attribute of its members is the key, another the value.
 * Source: SQLAlchemy "Proxying to Dictionary Based Collections".
 */
import { type AnyTable, ArgumentError, type Awaitable, type Condition } from "@athanor/core";
import type { Collection } from "../mapping/collection.js";
import { type Managed, managed } from "../mapping/state.js";
import { RelationAttribute } from "../query/attributes.js";
import type { Instance } from "../typing/entities.js";
import type { RelationPath } from "../typing/relationships.js";
import type { AssociatedValue } from "./association.js";

type KeysOf<T> = T extends AnyTable ? keyof Instance<T> & string : never;
export interface AssociationMapOptions<T, K extends string, V extends string> {
  readonly key: K;
  readonly value: V;
  readonly create: (key: AssociatedValue<T, K>, value: AssociatedValue<T, V>) => Instance<T>;
}

/** Works on the loaded collection; awaiting it loads. */
export class AssociationMap<K, V> implements Iterable<[K, V]> {
  readonly #members: () => Collection;
  readonly #key: string;
  readonly #value: string;
  readonly #create: (key: K, value: V) => object;
  constructor(members: () => Collection, key: string, value: string, create: (key: K, value: V) => object) {
    this.#members = members;
    this.#key = key;
    this.#value = value;
    this.#create = create;
  }
  #find(key: K): Record<string, unknown> | undefined {
    return this.#members().find((m) => field(m, this.#key) === key) as Record<string, unknown> | undefined;
  }
  get size(): number {
    return this.#members().length;
  }
  has(key: K): boolean {
    return this.#find(key) !== undefined;
  }
  get(key: K): V | undefined {
    return this.#find(key)?.[this.#value] as V | undefined;
  }
  /** Changes the member with this key, or adds one. */
  set(key: K, value: V): this {
    const found = this.#find(key);
    if (found !== undefined) found[this.#value] = value;
    else this.#members().push(this.#create(key, value) as unknown as Managed);
    return this;
  }
  delete(key: K): boolean {
    const found = this.#find(key);
    if (found === undefined) return false;
    this.#members().remove(found as unknown as Managed);
    return true;
  }
  *[Symbol.iterator](): Iterator<[K, V]> {
    for (const m of this.#members()) yield [field(m, this.#key) as K, field(m, this.#value) as V];
  }
  keys(): K[] {
    return [...this].map(([key]) => key);
  }
  values(): V[] {
    return [...this].map(([, value]) => value);
  }
  toJSON(): { [key: string]: V } {
    return Object.fromEntries([...this].map(([key, value]) => [String(key), value]));
  }
}
function field(member: object, key: string): unknown {
  return (member as { readonly [key: string]: unknown })[key];
}

/**
 * A to-many relationship as a map, for a getter of the owner's class; to be awaited while it is not loaded.
 *
 * @example
 * get notes() {
 *   return associationMap(this, Animal.c.facts, { key: "name", value: "text", create: (name, text) => new Fact({ name, text }) });
 * }
 * (await animal.notes).set("colour", "grey");
 */
export function associationMap<T, K extends KeysOf<T>, V extends KeysOf<T>>(
  owner: object,
  relationship: RelationPath<string, T, string, string> & { any(...criteria: never[]): Condition },
  options: AssociationMapOptions<T, K, V>,
): Awaitable<AssociationMap<AssociatedValue<T, K>, AssociatedValue<T, V>>> {
  const found: unknown = relationship;
  if (managed(owner) === undefined || !(found instanceof RelationAttribute) || !found.property.uselist)
    throw new ArgumentError(
      "associationMap(): an object and one of its collections such as Animal.c.facts are needed.",
      "orm.association",
    );
  const { key } = found.property;
  const members = () => field(owner, key) as Collection;
  const map = new AssociationMap(members, options.key, options.value, options.create as never);
  const now = members() as unknown as { then?: unknown };
  // Typed as awaitable in both states; a loaded one is no thenable, so that `await` gives it back as it is.
  const given: unknown =
    typeof now.then === "function" ? Promise.resolve(now as PromiseLike<unknown>).then(() => map) : map;
  return given as never;
}
