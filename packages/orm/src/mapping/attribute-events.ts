/**
 * Listeners of single attributes: what is set, joins a collection or leaves it. Attributes nobody listens to cost
 * nothing: a column's accessor is replaced when its first listener comes, a relationship carries its listeners.
 * Source: SQLAlchemy "Attribute Events".
 */
import { ArgumentError, didYouMean, type ListenOptions } from "@athanor/core";
import { NotLoadedError } from "../errors.js";
import type { Declaration } from "./declaration.js";
import { DELETED, DETACHED, type Managed, PERSISTENT, UNLOADED } from "./state.js";

interface Of {
  readonly instance: object;
  readonly key: string;
}
/**
 * All are synchronous and must not start I/O; they come also where the other side of a relationship makes the change.
 * `old` is undefined where it is not known (never loaded, never set).
 */
export interface AttributeEvents {
  /** A column or a reference is set, before it is; with `retval` the answer takes the place of the value. */
  set: (event: Of & { readonly value: unknown; readonly old: unknown }) => unknown;
  /** An object joins a collection, before it does; with `retval` the answer joins instead. */
  append: (event: Of & { readonly value: unknown }) => unknown;
  /** An object leaves a collection. */
  remove: (event: Of & { readonly value: unknown }) => unknown;
  /** A whole collection is assigned; with `retval` the answer is. Then `append` and `remove` for what really changes. */
  bulkReplace: (event: Of & { readonly values: readonly unknown[] }) => unknown;
  /** A column of a new object is read that nobody set; with `retval` the answer becomes its value. */
  initScalar: (event: Of) => unknown;
  /** `flagModified()` was called. */
  modified: (event: Of) => unknown;
}
export type AttributeEventName = keyof AttributeEvents;
export interface AttributeListenOptions extends ListenOptions {
  /** What the listener returns counts. */
  readonly retval?: boolean;
  /** Also for subclasses. Default false, as in SQLAlchemy. */
  readonly propagate?: boolean;
  /**
   * `set`: the listener must be given the old value. Where that is not known the assignment is refused, since a hook
   * cannot read the database: load or refresh the attribute first.
   */
  readonly activeHistory?: boolean;
}
const OF_COLUMNS: readonly AttributeEventName[] = ["set", "initScalar", "modified"];
const OF_REFERENCES: readonly AttributeEventName[] = ["set"];
const OF_COLLECTIONS: readonly AttributeEventName[] = ["append", "remove", "bulkReplace"];
/** The events an attribute has. @throws ArgumentError for another one */
export function checkAttributeEvent(attribute: string, kind: "column" | "one" | "many", name: string): void {
  const names = kind === "column" ? OF_COLUMNS : kind === "one" ? OF_REFERENCES : OF_COLLECTIONS;
  if (names.includes(name as AttributeEventName)) return;
  throw new ArgumentError(
    `${attribute} has no event '${name}'.${didYouMean(name, names)} Known: ${names.join(", ")}.`,
    "event.unknown",
  );
}

interface Listener extends Required<Omit<AttributeListenOptions, "once" | "insert">> {
  readonly call: (event: unknown) => unknown;
  readonly of: Declaration;
}

/** The listeners of one attribute, in the class it was listened to and in others of the hierarchy. */
export class AttributeListeners {
  readonly #byName = new Map<AttributeEventName, readonly Listener[]>();

  add(
    of: Declaration,
    name: AttributeEventName,
    call: (event: never) => unknown,
    options: AttributeListenOptions,
  ): () => void {
    const { retval = false, propagate = false, activeHistory = false, once = false, insert = false } = options;
    const stop = (): void => {
      this.#byName.set(
        name,
        (this.#byName.get(name) ?? []).filter((l) => l !== listener),
      );
    };
    const plain = call as (event: unknown) => unknown;
    const listener: Listener = {
      of,
      retval,
      propagate,
      activeHistory,
      call: once
        ? (event) => {
            stop();
            return plain(event);
          }
        : plain,
    };
    const before = this.#byName.get(name) ?? [];
    this.#byName.set(name, insert ? [listener, ...before] : [...before, listener]);
    return stop;
  }
  #of(name: AttributeEventName, instance: Managed): readonly Listener[] {
    const all = this.#byName.get(name);
    if (all === undefined || all.length === 0) return NONE;
    return all.filter((l) => l.of === instance.$$d || (l.propagate && isBelow(instance.$$d as Declaration, l.of)));
  }
  /** The value to set. @throws NotLoadedError where a listener needs an old value that is not known */
  set(instance: Managed, key: string, given: unknown, before: unknown): unknown {
    let value = given;
    const old = before === UNLOADED ? undefined : before;
    for (const { call, retval, activeHistory } of this.#of("set", instance)) {
      if (activeHistory && before === UNLOADED && (instance.$$f & (PERSISTENT | DETACHED)) !== 0)
        throw new NotLoadedError(
          `${instance.$$d.name}.${key} cannot be set while its value is not loaded: a listener asked for the old one (activeHistory). Load it first, such as with await session.refresh(object, ["${key}"]).`,
        );
      const answer = call({ instance, key, value, old });
      if (retval) value = answer;
    }
    return value;
  }
  append(instance: Managed, key: string, given: unknown): unknown {
    let value = given;
    for (const { call, retval } of this.#of("append", instance)) {
      const answer = call({ instance, key, value });
      if (retval) value = answer;
    }
    return value;
  }
  remove(instance: Managed, key: string, value: unknown): void {
    for (const { call } of this.#of("remove", instance)) call({ instance, key, value });
  }
  bulkReplace(instance: Managed, key: string, given: readonly unknown[]): readonly unknown[] {
    let values = given;
    for (const { call, retval } of this.#of("bulkReplace", instance)) {
      const answer = call({ instance, key, values });
      if (retval) values = [...(answer as Iterable<unknown>)];
    }
    return values;
  }
  /** UNLOADED: nobody gave one. */
  initScalar(instance: Managed, key: string): unknown {
    let value: unknown = UNLOADED;
    for (const { call, retval } of this.#of("initScalar", instance)) {
      const answer = call({ instance, key });
      if (retval && answer !== undefined) value = answer;
    }
    return value;
  }
  modified(instance: Managed, key: string): void {
    for (const { call } of this.#of("modified", instance)) call({ instance, key });
  }
}
const NONE: readonly Listener[] = [];
function isBelow(declaration: Declaration, above: Declaration): boolean {
  for (let d: Declaration | undefined = declaration; d !== undefined; d = d.parent) if (d === above) return true;
  return false;
}

const ofColumns = new WeakMap<object, Map<string, AttributeListeners>>();
/** The listeners of a column, made with the accessor that asks them. They stand at the top of the hierarchy. */
export function columnListeners(declaration: Declaration, key: string): AttributeListeners {
  let owner = declaration;
  while (owner.parent?.keys.includes(key) === true) owner = owner.parent;
  const prototype = owner.generated.prototype as object;
  let byKey = ofColumns.get(prototype);
  if (byKey === undefined) ofColumns.set(prototype, (byKey = new Map()));
  let listeners = byKey.get(key);
  if (listeners === undefined) {
    byKey.set(key, (listeners = new AttributeListeners()));
    listenInAccessor(prototype, key, listeners);
    owner.watch();
  }
  return listeners;
}
/** The listeners of a column, if there are any. */
export function knownColumnListeners(instance: Managed, key: string): AttributeListeners | undefined {
  for (let d: Declaration | undefined = instance.$$d as Declaration; d !== undefined; d = d.parent) {
    const found = ofColumns.get(d.generated.prototype as object)?.get(key);
    if (found !== undefined) return found;
  }
  return undefined;
}
function listenInAccessor(prototype: object, key: string, listeners: AttributeListeners): void {
  const plain = Object.getOwnPropertyDescriptor(prototype, key);
  const { get, set } = plain ?? {};
  if (get === undefined || set === undefined)
    throw new ArgumentError(`'${key}' is no mapped column of this model.`, "orm.unknown-attribute");
  const slot = `$${key}` as const;
  Object.defineProperty(prototype, key, {
    configurable: true,
    get(this: Managed) {
      if (this[slot] === UNLOADED && (this.$$f & (PERSISTENT | DETACHED | DELETED)) === 0) {
        const first = listeners.initScalar(this, key);
        if (first !== UNLOADED) {
          this[slot] = first;
          return first;
        }
      }
      return get.call(this) as unknown;
    },
    set(this: Managed, value: unknown) {
      set.call(this, listeners.set(this, key, value, this[slot]));
    },
  });
}
