/**
 * Documents whose changes in place are noticed: a proxy stands between the program and the value of a declared column,
 * at any depth. The slot, and so the driver, holds the plain value. Source: SQLAlchemy "Mutation Tracking" (which stops
 * at the first level).
 */
import { type AnyModel, ArgumentError, didYouMean, type PropsOf } from "@athanor/core";
import { declarationOf } from "../mapping/declaration.js";
import { type MappedColumn, mapperOfInstance } from "../mapping/mapper.js";
import { DETACHED, isChanged, type Managed, PERSISTENT, recordWrite, UNLOADED } from "../mapping/state.js";

/** A proxy answers to this with the plain value. */
const PLAIN: unique symbol = Symbol("athanor.plain");
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
  // On the generated class: the user's own may not define what is mapped.
  const prototype = declaration.generated.prototype as object;
  for (const key of keys) {
    if (!known.includes(key))
      throw new ArgumentError(
        `trackJson(${declaration}): there is no column '${key}'.${didYouMean(key, known)}`,
        "orm.unknown-attribute",
      );
    const plain = accessorOf(prototype, key);
    Object.defineProperty(prototype, key, {
      configurable: true,
      get(this: Managed): unknown {
        const value = plain.get?.call(this) as unknown;
        return isDocument(value) && value === this[`$${key}`] ? viewOf(this, key, value) : value;
      },
      set(this: Managed, value: unknown) {
        plain.set?.call(this, unwrap(value));
      },
    });
  }
}
/** The plain value behind a tracked document; anything else as it is. */
export function unwrap<T>(value: T): T {
  return (isObject(value) && (value as { readonly [PLAIN]?: T })[PLAIN]) || value;
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
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
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
  const view = new Proxy(value, {
    get(target, name, receiver) {
      if (name === PLAIN) return target;
      const found: unknown = Reflect.get(target, name, receiver);
      return isDocument(found) ? watch(owner, key, root, found, made) : found;
    },
    set(target, name, given) {
      const next: unknown = unwrap(given);
      const before: unknown = Reflect.get(target, name);
      if (!Object.is(before, next) || !Object.hasOwn(target, name)) aboutToChange(owner, key, root);
      return Reflect.set(target, name, next);
    },
    defineProperty(target, name, descriptor) {
      aboutToChange(owner, key, root);
      return Reflect.defineProperty(
        target,
        name,
        "value" in descriptor ? { ...descriptor, value: unwrap(descriptor.value) } : descriptor,
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
