/** An association proxy whose values are there once each. Source: SQLAlchemy "Association Proxy", set collections. */
import type { Awaitable, Condition } from "@athanor/core";
import type { RelationPath } from "../typing/relationships.js";
import {
  type AssociatedValue,
  type AssociationList,
  type AssociationOptions,
  associationProxy,
} from "./association.js";

/** The values of a loaded collection as a set: what is there already is not added again. */
export class AssociationSet<V> implements Iterable<V> {
  readonly #list: AssociationList<V>;
  constructor(list: AssociationList<V>) {
    this.#list = list;
  }
  get size(): number {
    return new Set(this.#list).size;
  }
  has(value: V): boolean {
    return this.#list.includes(value);
  }
  add(value: V): this {
    if (!this.has(value)) this.#list.push(value);
    return this;
  }
  /** Whether it was there; its object leaves the relationship. */
  delete(value: V): boolean {
    if (!this.has(value)) return false;
    while (this.has(value)) this.#list.remove(value);
    return true;
  }
  clear(): void {
    this.#list.replace([]);
  }
  [Symbol.iterator](): Iterator<V> {
    return new Set(this.#list)[Symbol.iterator]();
  }
  toJSON(): V[] {
    return [...this];
  }
}
/**
 * The values behind a collection as a set, for a getter of the owner's class; to be awaited while it is not loaded.
 *
 * @example
 * get tags() { return associationSet(this, Post.c.postTags, "label", { create: (label: string) => new PostTag({ label }) }); }
 * (await post.tags).add("new").delete("old");
 */
export function associationSet<T, A extends string>(
  owner: object,
  relationship: RelationPath<string, T, string, string> & { any(...criteria: never[]): Condition },
  attribute: A,
  options?: AssociationOptions<T, AssociatedValue<T, A>>,
): Awaitable<AssociationSet<AssociatedValue<T, A>>> {
  const list = associationProxy(owner, relationship as never, attribute as never, options as never) as unknown;
  const wrap = (found: unknown) => new AssociationSet(found as AssociationList<AssociatedValue<T, A>>);
  const loaded = typeof (list as { readonly then?: unknown }).then !== "function";
  return (loaded ? wrap(list) : Promise.resolve(list as PromiseLike<unknown>).then(wrap)) as never;
}
