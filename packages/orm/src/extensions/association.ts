/**
 * Association proxies: the values behind a relationship, read and changed as if they were the attribute itself. Views
 * hold the owner, never a copy, so they stay true whatever happens to the relationship.
 * Source: SQLAlchemy "Association Proxy".
 */
import {
  type AnyTable,
  ArgumentError,
  type Awaitable,
  type Condition,
  didYouMean,
  type NeedsAwait,
  not,
  or,
} from "@athanor/core";
import { NotLoadedError } from "../errors.js";
import { Collection } from "../mapping/collection.js";
import { mapperOfInstance, type RelationshipProperty } from "../mapping/mapper.js";
import { type Managed, managed } from "../mapping/state.js";
import { RelationAttribute } from "../query/attributes.js";
import type { Instance } from "../typing/entities.js";
import type { RelationPath } from "../typing/relationships.js";

type Settled<X> = X extends NeedsAwait<unknown> ? never : X;
type ManyOf<T> = RelationPath<string, T, string, string> & { any(...criteria: never[]): Condition };
type OneOf<T> = RelationPath<string, T, string, string> & { has(...criteria: never[]): Condition };
/** What the proxied attribute of the target holds. */
export type AssociatedValue<T, A> = T extends AnyTable
  ? A extends keyof Instance<T>
    ? Settled<Instance<T>[A]>
    : never
  : never;
type KeysOf<T> = T extends AnyTable ? keyof Instance<T> & string : never;

export interface AssociationOptions<T, V> {
  /** Makes the object in between for a value: needed to add values. */
  readonly create?: (value: V) => Instance<T>;
}
/** Maybe not loaded: `await` it. Values can be added either way. */
export interface LazyAssociation<V> extends Awaitable<AssociationList<V>> {
  push(...values: V[]): number;
  remove(...values: V[]): void;
  replace(values: Iterable<V>): void;
}

interface Link {
  readonly owner: Managed;
  readonly property: RelationshipProperty;
  readonly attribute: string;
  readonly create: ((value: unknown) => unknown) | undefined;
}
const fieldOf = (member: Managed, attribute: string): unknown =>
  (member as unknown as { readonly [key: string]: unknown })[attribute];
/** The collection as the owner has it now: an array, or what awaits loading (whose use as an array says so). */
const membersOf = ({ owner, property }: Link): Collection => fieldOf(owner, property.key) as Collection;
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** The values of a loaded collection: reads like an array, writes through to the objects in between. */
export class AssociationList<V> implements Iterable<V> {
  readonly #link: Link;
  constructor(link: Link) {
    this.#link = link;
  }
  /** The values now, as an array of its own. */
  toArray(): V[] {
    const { attribute } = this.#link;
    return Array.from(membersOf(this.#link), (m) => fieldOf(m, attribute) as V);
  }
  get length(): number {
    return membersOf(this.#link).length;
  }
  [Symbol.iterator](): Iterator<V> {
    return this.toArray()[Symbol.iterator]();
  }
  at(index: number): V | undefined {
    return this.toArray().at(index);
  }
  includes(value: V): boolean {
    return this.toArray().includes(value);
  }
  indexOf(value: V): number {
    return this.toArray().indexOf(value);
  }
  map<R>(change: (value: V, index: number) => R): R[] {
    return this.toArray().map(change);
  }
  filter(keep: (value: V, index: number) => boolean): V[] {
    return this.toArray().filter(keep);
  }
  join(separator?: string): string {
    return this.toArray().join(separator);
  }
  /** @throws ArgumentError when the proxy was made without `create` */
  push(...values: V[]): number {
    return addValues(this.#link, values);
  }
  /** Takes the first object with each value out. @throws ArgumentError for a value that is not there */
  remove(...values: V[]): void {
    removeValues(this.#link, values);
  }
  /** Makes these the values: what stays keeps its object, the rest leaves, the new is created. */
  replace(values: Iterable<V>): void {
    replaceValues(this.#link, values);
  }
  toJSON(): V[] {
    return this.toArray();
  }
  [Symbol.for("nodejs.util.inspect.custom")](
    _depth: number,
    options: object,
    print: (v: unknown, o: object) => string,
  ) {
    return print(this.toArray(), options);
  }
}

/** A collection that is not loaded, seen through its values. */
class UnloadedAssociation {
  readonly #link: Link;
  constructor(link: Link) {
    this.#link = link;
  }
  then(fulfilled: (v: unknown) => unknown, rejected: (e: unknown) => unknown): Promise<unknown> {
    return loadValues(this.#link).then(fulfilled, rejected);
  }
  push(...values: unknown[]): number {
    return addValues(this.#link, values);
  }
  remove(): never {
    const { property, attribute } = this.#link;
    throw new NotLoadedError(
      `${property}: which object holds that '${attribute}' is known only when the collection is loaded. Await it first, or load it with selectinLoad(${property.parent.name}.c.${property.key}).`,
    );
  }
  replace(values: Iterable<unknown>): void {
    membersOf(this.#link).replace([...values].map((value) => create(this.#link, value)));
  }
  toJSON(): undefined {
    return undefined;
  }
}
async function loadValues(link: Link): Promise<AssociationList<unknown>> {
  const members = (await (membersOf(link) as unknown)) as Collection;
  // A value may itself be a relationship, or a proxy: siblings come in one statement.
  await Promise.all(
    members.map(async (m) => {
      const value = fieldOf(m, link.attribute);
      if (isThenable(value)) await value;
    }),
  );
  return new AssociationList(link);
}
function create({ property, attribute, create }: Link, value: unknown): Managed {
  if (create === undefined) {
    throw new ArgumentError(
      `The association over ${property}.${attribute} makes no objects: give { create: (value) => new ${property.target.name}({ ${attribute}: value }) }.`,
      "orm.association-create",
    );
  }
  const made = managed(create(value));
  if (made !== undefined && mapperOfInstance(made).isA(property.target)) return made;
  throw new ArgumentError(`create() of the association over ${property} must give a ${property.target.name}.`);
}
function addValues(link: Link, values: readonly unknown[]): number {
  return membersOf(link).push(...values.map((value) => create(link, value)));
}
function removeValues(link: Link, values: readonly unknown[]): void {
  for (const value of values) {
    const members = membersOf(link);
    const found = members.find((m) => fieldOf(m, link.attribute) === value);
    if (found === undefined) {
      throw new ArgumentError(
        `remove(): no ${link.property.target.name} in ${link.property} has ${link.attribute} ${String(value)}.`,
        "orm.not-a-member",
      );
    }
    members.remove(found);
  }
}
function replaceValues(link: Link, values: Iterable<unknown>): void {
  const members = membersOf(link);
  const left = [...members];
  const wanted = [...values].map((value) => {
    const at = left.findIndex((m) => fieldOf(m, link.attribute) === value);
    return at < 0 ? create(link, value) : (left.splice(at, 1)[0] as Managed);
  });
  members.replace(wanted);
}

function attributeOf(relationship: unknown, where: string): RelationAttribute {
  if (relationship instanceof RelationAttribute) return relationship;
  throw new ArgumentError(`${where}(): a relationship such as User.c.posts is needed.`, "orm.association");
}
function checkField(property: RelationshipProperty, attribute: string, where: string): void {
  const { target } = property;
  if (target.keys.includes(attribute) || attribute in (target.model.prototype as object)) return;
  throw new ArgumentError(
    `${where}(${property}): ${target} has no attribute '${attribute}'.${didYouMean(attribute, target.keys)}`,
    "orm.unknown-attribute",
  );
}
function linkOf(owner: object, relationship: unknown, attribute: string, make: unknown, where: string): Link {
  const { property } = attributeOf(relationship, where);
  const instance = managed(owner);
  if (instance === undefined || !mapperOfInstance(instance).isA(property.parent))
    throw new ArgumentError(`${where}(): the first argument is the ${property.parent} itself, mostly 'this'.`);
  checkField(property, attribute, where);
  if (property.isQuery)
    throw new ArgumentError(
      `${where}(): ${property} is mapped with lazy: "${property.lazy}": a query, whose values are not held. Ask it: select(${property.target.name}.c.${attribute}).where(withParent(object, ${property.parent.name}.c.${property.key})).`,
      "orm.association",
    );
  return { owner: instance, property, attribute, create: make as Link["create"] };
}

/**
 * The values behind a relationship, for a getter of the owner's class. Live: what is pushed is added to the
 * relationship by `create`, what is removed takes its object out. To be awaited while the relationship is not loaded.
 *
 * @example
 * class User extends Model("User", { …, get userKeywords() { return oneToMany(UserKeyword, { cascade: "all, delete-orphan" }); } }) {
 *   get keywords() {
 *     return associationProxy(this, User.c.userKeywords, "keyword", { create: (keyword: string) => new UserKeyword({ keyword }) });
 *   }
 * }
 * user.keywords.push("red"); for (const k of await user.keywords) …
 * @throws ArgumentError for an unknown attribute, or adding without `create`
 */
export function associationProxy<T, A extends KeysOf<T>>(
  owner: object,
  relationship: ManyOf<T>,
  attribute: A,
  options?: AssociationOptions<T, AssociatedValue<T, A>>,
): LazyAssociation<AssociatedValue<T, A>>;
export function associationProxy<T, A extends KeysOf<T>>(
  owner: object,
  relationship: OneOf<T>,
  attribute: A,
): AssociatedValue<T, A> | null | NeedsAwait<AssociatedValue<T, A> | null>;
export function associationProxy(
  owner: object,
  relationship: unknown,
  attribute: string,
  options: { readonly create?: unknown } = {},
): unknown {
  const link = linkOf(owner, relationship, attribute, options.create, "associationProxy");
  const value = fieldOf(link.owner, link.property.key);
  if (link.property.uselist) {
    const ready = value instanceof Collection && !value.some((m) => isThenable(fieldOf(m, attribute)));
    return ready ? new AssociationList(link) : new UnloadedAssociation(link);
  }
  if (isThenable(value))
    return Promise.resolve(value).then((target) => (target === null ? null : fieldOf(target as Managed, attribute)));
  return value === null ? null : fieldOf(value as Managed, attribute);
}

/**
 * Sets a value behind a to-one relationship: on the object that is there, or on one that `create` makes. Null leaves the
 * object in place with a null attribute.
 *
 * @example set motto(value: string | null) { setAssociation(this, User.c.profile, "motto", value, { create: (motto: string) => new Profile({ motto }) }); }
 * @throws NotLoadedError while the relationship is not loaded
 */
export function setAssociation<T, A extends KeysOf<T>>(
  owner: object,
  relationship: OneOf<T>,
  attribute: A,
  value: AssociatedValue<T, A> | null,
  options: AssociationOptions<T, NonNullable<AssociatedValue<T, A>>> & {
    /** Null takes the object in between away, instead of leaving it with a null attribute. */
    readonly cascadeScalarDeletes?: boolean;
  } = {},
): void {
  const link = linkOf(owner, relationship, attribute, options.create, "setAssociation");
  const target = fieldOf(link.owner, link.property.key);
  if (isThenable(target)) {
    throw new NotLoadedError(
      `setAssociation(${link.property}): the relationship is not loaded; await object.${link.property.key} first.`,
    );
  }
  if (value === null && options.cascadeScalarDeletes === true)
    (link.owner as unknown as Record<string, unknown>)[link.property.key] = null;
  else if (target !== null) (target as Record<string, unknown>)[attribute] = value;
  else if (value !== null) (link.owner as unknown as Record<string, unknown>)[link.property.key] = create(link, value);
}

/** The SQL side of a proxy: EXISTS over the relationship. */
export interface Association<V> {
  /** Some object in between has this value. */
  contains(value: V): Condition;
  /** The same, as it reads for a to-one relationship. Null: it holds NULL, or nothing is in between at all. */
  eq(value: V | null): Condition;
  /** Some object in between has another value; null: any value. */
  ne(value: V | null): Condition;
  any(...criteria: readonly Condition[]): Condition;
  /** The same, as it reads for a to-one relationship. */
  has(...criteria: readonly Condition[]): Condition;
}
/**
 * A proxy in criteria, for a static getter beside the one of instances.
 *
 * @example
 * static get keywords() { return association(User.c.userKeywords, "keyword"); }
 * select(User).where(User.keywords.contains("red"))
 */
export function association<T, A extends KeysOf<T>>(
  relationship: ManyOf<T> | OneOf<T>,
  attribute: A,
): Association<NonNullable<AssociatedValue<T, A>>> {
  const found = attributeOf(relationship, "association");
  const { property } = found;
  checkField(property, attribute, "association");
  const exists = (criteria: readonly unknown[]): Condition =>
    (property.uselist ? found.any(...criteria) : found.has(...criteria)) as unknown as Condition;
  const test = (value: unknown, how: "eq" | "ne" = "eq"): unknown => {
    const model = property.target.model as unknown as { readonly c: { readonly [key: string]: unknown } };
    // A proxy of the target's class, or one of its columns and relationships.
    const column = (model.c[attribute] ?? (model as unknown as { readonly [key: string]: unknown })[attribute]) as
      | { readonly [_ in "eq" | "ne"]: (value: unknown) => unknown }
      | undefined;
    if (typeof column?.[how] !== "function")
      throw new ArgumentError(
        `association(${property}): '${attribute}' is no column, relationship or static association of ${property.target}.`,
        "orm.association",
      );
    return column[how](value);
  };
  return {
    contains: (value) => exists([test(value)]),
    eq: (value) => {
      const found = exists([test(value)]);
      return value === null ? (or(found, not(exists([]))) as unknown as Condition) : found;
    },
    ne: (value) => exists([test(value, "ne")]),
    any: (...criteria) => exists(criteria),
    has: (...criteria) => exists(criteria),
  };
}
