/**
 * Documents whose changes in place are noticed: a proxy stands between the program and the value of a declared column,
 * at any depth. The slot, and so the driver, holds the plain value. Source: SQLAlchemy "Mutation Tracking" (which stops
 * at the first level).
 */
import {
  type AnyModel,
  ArgumentError,
  ColumnDefinition,
  type ColumnLike,
  didYouMean,
  type PropsOf,
  type SqlType,
} from "@athanor/core";
import type { ModelBase } from "../mapping/api.js";
import { declarationOf } from "../mapping/declaration.js";
import { type MappedColumn, type Mapper, mapperOfInstance } from "../mapping/mapper.js";
import type { Registry } from "../mapping/registry.js";
import { DETACHED, isChanged, type Managed, PERSISTENT, recordWrite, UNLOADED, VIEWS } from "../mapping/state.js";

/** A proxy answers to this with the plain value. */
const PLAIN: unique symbol = Symbol("athanor.plain");
/** And to this with the whole document it is a part of. */
const ROOT: unique symbol = Symbol("athanor.root");
const views = new WeakMap<Managed, Map<string, { readonly root: object; readonly view: object }>>();

/**
 * Makes changes inside the values of JSON (or array) columns count as changes of the object, however deep.
 *
 * @example
 * class Doc extends Model("Doc", { id: integer().primaryKey(), meta: json<{ tags: string[] }>() }) {
 *   static { trackJson(this, "meta"); }
 * }
 * doc.meta.tags.push("x"); await session.commit();   // written
 * @throws ArgumentError for a name that is no column
 */
export function trackJson<M extends AnyModel>(model: M, ...keys: (keyof PropsOf<M> & string)[]): void {
  const declaration = declarationOf(model);
  if (declaration === undefined) throw new ArgumentError("trackJson(): the first argument is a model.");
  const known = declaration.layout.map((c) => c.key);
  // What `new` is given goes through the accessor, too: it may be a part of another object's document.
  declaration.watch();
  // On the generated class: the user's own may not define what is mapped.
  const prototype = declaration.generated.prototype as object;
  for (const key of keys) {
    if (!known.includes(key))
      throw new ArgumentError(
        `trackJson(${declaration}): there is no column '${key}'.${didYouMean(key, known)}`,
        "orm.unknown-attribute",
      );
    const plain = accessorOf(prototype, key);
    Object.defineProperty(prototype, VIEWS, { value: true, configurable: true });
    Object.defineProperty(prototype, key, {
      configurable: true,
      get(this: Managed): unknown {
        const value = plain.get?.call(this) as unknown;
        return isDocument(value) && value === this[`$${key}`] ? viewOf(this, key, value) : value;
      },
      set(this: Managed, value: unknown) {
        const current = this[`$${key}`];
        const next = withoutViews(value, isDocument(current) ? current : undefined);
        // Its parts may live on in the new one: what is compared with is a copy.
        if (next !== value && next !== current && isDocument(current)) aboutToChange(this, key, current);
        plain.set?.call(this, next);
      },
    });
  }
}
/**
 * `trackJson` for all columns of a type, in every model of a base, those that are there and those to come.
 * Source: SQLAlchemy "Mutable.associate_with".
 *
 * @param of a column of that type, such as `json()` or `myType()`; types are told by their kind, decorated ones by what they are made of
 * @example
 * const AppModel = declarativeBase();
 * trackType(AppModel, json());
 */
export function trackType(base: Pick<ModelBase, "registry">, of: ColumnLike<unknown, string>): void {
  if (!(of instanceof ColumnDefinition))
    throw new ArgumentError("trackType(): the second argument is a column of the type, such as json().");
  const { type } = of.fields;
  const same = (other: SqlType) => other.id === type.id || (!type.isOwn && !other.isOwn && other.kind === type.kind);
  const registry = base.registry as unknown as Registry;
  const track = (model: Function, mapper: Mapper) => {
    // Inherited ones are tracked where they are declared.
    const above = mapper.inheritance?.base;
    const own = mapper.attributes.filter((a) => same(a.column.type) && above?.attribute(a.key) === undefined);
    trackJson(model as never, ...(own.map((a) => a.key) as never[]));
  };
  for (const mapper of registry.mappers) track(mapper.model, mapper);
  registry.on("mapperConfigured", ({ model, mapper }) => track(model, mapper));
}
/** The plain value behind a tracked document; anything else as it is. */
export function unwrap<T>(value: T): T {
  return (isObject(value) && (value as { readonly [PLAIN]?: T })[PLAIN]) || value;
}

/**
 * A value as it is kept: parts of the same document as they are, parts of others copied, so that no two objects share
 * what can be changed.
 */
function withoutViews(value: unknown, root: object | undefined): unknown {
  return holdsViews(value, new Set()) ? copied(value, root, new Map()) : value;
}
function holdsViews(value: unknown, seen: Set<object>): boolean {
  if (!isDocument(value)) return false;
  if (unwrap(value) !== value) return true;
  if (seen.has(value)) return false;
  seen.add(value);
  return partsOf(value).some((part) => holdsViews(part, seen));
}
function partsOf(value: object): readonly unknown[] {
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  return value instanceof Set ? [...value] : Object.values(value);
}
function copied(value: unknown, root: object | undefined, seen: Map<object, object>): unknown {
  if (!isDocument(value)) return value;
  const plain = unwrap(value);
  if (plain !== value && (value as { readonly [ROOT]?: object })[ROOT] === root) return plain;
  const known = seen.get(plain);
  if (known !== undefined) return known;
  const copy = (part: unknown) => copied(part, root, seen);
  if (plain instanceof Set) {
    const made = new Set<unknown>();
    seen.set(plain, made);
    for (const member of plain) made.add(copy(member));
    return made;
  }
  if (plain instanceof Map) {
    const made = new Map<unknown, unknown>();
    seen.set(plain, made);
    for (const [k, v] of plain) made.set(copy(k), copy(v));
    return made;
  }
  const made = (Array.isArray(plain) ? [] : Object.create(Object.getPrototypeOf(plain) as object | null)) as object;
  seen.set(plain, made);
  for (const [k, v] of Object.entries(plain))
    Object.defineProperty(made, k, { value: copy(v), writable: true, enumerable: true, configurable: true });
  return made;
}
function accessorOf(prototype: object, key: string): PropertyDescriptor {
  for (let up: object | null = prototype; up !== null; up = Object.getPrototypeOf(up) as object | null) {
    const found = Object.getOwnPropertyDescriptor(up, key);
    if (found !== undefined) return found;
  }
  throw new ArgumentError(`trackJson(): '${key}' has no accessor.`, "orm.unknown-attribute");
}
function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
/** Plain objects and arrays; dates, bytes and loads to be awaited are left alone. */
function isDocument(value: unknown): value is object {
  if (!isObject(value)) return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  return (
    Array.isArray(value) ||
    value instanceof Set ||
    value instanceof Map ||
    prototype === Object.prototype ||
    prototype === null
  );
}
function viewOf(owner: Managed, key: string, root: object): object {
  let byKey = views.get(owner);
  if (byKey === undefined) views.set(owner, (byKey = new Map()));
  const known = byKey.get(key);
  if (known?.root === root) return known.view;
  const view = watch(owner, key, root, root, new WeakMap());
  byKey.set(key, { root, view });
  return view;
}
/** One proxy per object of the document, so that `doc.meta.tags === doc.meta.tags`. */
function watch(owner: Managed, key: string, root: object, value: object, made: WeakMap<object, object>): object {
  const known = made.get(value);
  if (known !== undefined) return known;
  const watchIn = (found: unknown): unknown => (isDocument(found) ? watch(owner, key, root, found, made) : found);
  const changes = () => aboutToChange(owner, key, root);
  const view: object = new Proxy(value, {
    get(target, name, receiver) {
      if (name === PLAIN) return target;
      if (name === ROOT) return root;
      if (target instanceof Set || target instanceof Map) return memberOf(target, name, view, root, watchIn, changes);
      const found: unknown = Reflect.get(target, name, receiver);
      return isDocument(found) ? watch(owner, key, root, found, made) : found;
    },
    set(target, name, given) {
      const next = withoutViews(given, root);
      const before: unknown = Reflect.get(target, name);
      if (!Object.is(before, next) || !Object.hasOwn(target, name)) aboutToChange(owner, key, root);
      return Reflect.set(target, name, next);
    },
    defineProperty(target, name, descriptor) {
      aboutToChange(owner, key, root);
      return Reflect.defineProperty(
        target,
        name,
        "value" in descriptor ? { ...descriptor, value: withoutViews(descriptor.value, root) } : descriptor,
      );
    },
    deleteProperty(target, name) {
      if (Object.hasOwn(target, name)) aboutToChange(owner, key, root);
      return Reflect.deleteProperty(target, name);
    },
  });
  made.set(value, view);
  return view;
}
/** A member of a set or a map, whose methods work on the thing itself and on no proxy of it. */
function memberOf(
  target: Set<unknown> | Map<unknown, unknown>,
  name: string | symbol,
  view: object,
  root: object,
  watchIn: (found: unknown) => unknown,
  changes: () => void,
): unknown {
  const found: unknown = Reflect.get(target, name, target);
  if (typeof found !== "function") return found;
  switch (name) {
    case "add":
      return (member: unknown) => {
        const plain = withoutViews(member, root);
        if (!target.has(plain)) changes();
        (target as Set<unknown>).add(plain);
        return view;
      };
    case "set":
      return (key: unknown, value: unknown) => {
        const [k, v] = [unwrap(key), withoutViews(value, root)];
        const map = target as Map<unknown, unknown>;
        if (!map.has(k) || !Object.is(map.get(k), v)) changes();
        map.set(k, v);
        return view;
      };
    case "delete":
      return (key: unknown) => {
        const plain = unwrap(key);
        if (target.has(plain)) changes();
        return target.delete(plain);
      };
    case "clear":
      return () => {
        if (target.size > 0) changes();
        target.clear();
      };
    case "has":
      return (key: unknown) => target.has(unwrap(key));
    case "get":
      return (key: unknown) => watchIn((target as Map<unknown, unknown>).get(unwrap(key)));
    case "forEach":
      return (each: (value: unknown, key: unknown, of: unknown) => void) => {
        target.forEach((value, key) => {
          each(watchIn(value), watchIn(key), view);
        });
      };
    case "keys":
    case "values":
    case "entries":
    case Symbol.iterator:
      return function* () {
        for (const item of found.call(target) as Iterable<unknown>)
          yield Array.isArray(item) &&
          (name === "entries" || target instanceof Map) &&
          name !== "values" &&
          name !== "keys"
            ? item.map(watchIn)
            : watchIn(item);
      };
    default:
      return found.bind(target) as unknown;
  }
}
/** Keeps a copy of the document as it was: the flush compares with it, a rollback goes back to it. */
function aboutToChange(owner: Managed, key: string, root: object): void {
  // A document the object has let go of changes nothing.
  if (owner[`$${key}`] !== root || (owner.$$f & (PERSISTENT | DETACHED)) === 0) return;
  const { index } = mapperOfInstance(owner).attribute(key) as MappedColumn;
  if (isChanged(owner, index)) return;
  let before: unknown = UNLOADED;
  try {
    before = structuredClone(root);
  } catch {
    // Something in it cannot be copied: the old value counts as unknown, the column is written.
  }
  recordWrite(owner, index, before);
}
