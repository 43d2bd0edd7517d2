/**
 * What accessors do beyond the fast path: reading what is not loaded, setting relationships, refusing what cannot be.
 * The generated classes of `instrument.ts` call these.
 */
import { ArgumentError, didYouMean } from "@athanor/core";
import { NotLoadedError } from "../errors.js";
import {
  assignReference,
  Collection,
  describeInstance,
  emptyCollection,
  isNew,
  replaceUnloaded,
} from "./collection.js";
import { LazyCollection, LazyColumn, LazyReference } from "./lazy.js";
import { type MappedColumn, mapperOfInstance, type RelationshipProperty } from "./mapper.js";
import { DELETED, type Managed, PENDING, recordWrite, UNLOADED } from "./state.js";

/** A column slot that holds nothing. A new object has no value yet, which reads as null; else a query left it out. */
export function readUnloaded(instance: Managed, key: string): unknown {
  const mapper = mapperOfInstance(instance);
  if (isNew(instance)) {
    const inherited = mapper.inheritance;
    const tells = (inherited?.discriminator ?? inherited?.expression)?.key === key;
    return tells ? (inherited?.identity ?? null) : null;
  }
  const expression = mapper.expression(key);
  if (expression !== undefined && mapper.saysItself(expression)) return mapper.inheritance?.identity;
  if (expression?.isQuery) return null;
  const attribute = expression ?? (mapper.attribute(key) as MappedColumn);
  if (attribute.deferred && (instance.$$f & DELETED) === 0) return new LazyColumn(instance, key);
  throw new NotLoadedError(
    `${mapper.name}.${key} of ${describeInstance(instance)} is not loaded. Select it with .options(undefer(${mapper.name}.c.${key})), ` +
      `or await session.refresh(object, ["${key}"]), or leave loadOnly()/defer() out of the query that brought the object.`,
  );
}
/** The first write of a column since the last flush. */
export function writeColumn(instance: Managed, index: number, before: unknown): void {
  recordWrite(instance, index, before);
}
export function refuseExpression(instance: Managed, key: string): never {
  throw new ArgumentError(
    `${instance.$$d.name}.${key} is an SQL expression and read only: change the columns it is made of, then refresh the object.`,
    "orm.read-only",
  );
}
export function refuseUndefined(instance: Managed, key: string): never {
  throw new ArgumentError(`${instance.$$d.name}.${key} = undefined: give null for SQL NULL.`, "argument.undefined");
}

function propertyOf(instance: Managed, key: string): RelationshipProperty {
  return mapperOfInstance(instance).relationship(key) as RelationshipProperty;
}
/** A relationship slot that holds nothing. */
export function readRelationship(instance: Managed, key: string): unknown {
  const property = propertyOf(instance, key);
  if (property.uselist) {
    if (property.isQuery) return makeQueryCollection(instance, property);
    if ((isNew(instance) && !loadsOnPending(instance, property)) || property.lazy === "noload") {
      const made = emptyCollection(instance, property);
      instance[property.slot] = made;
      return made;
    }
    return new LazyCollection(instance, property);
  }
  if ((isNew(instance) && !loadsOnPending(instance, property)) || property.lazy === "noload") return null;
  return new LazyReference(instance, property);
}
function loadsOnPending(instance: Managed, property: RelationshipProperty): boolean {
  return property.definition.settings.loadOnPending === true && (instance.$$f & PENDING) !== 0;
}
export function setRelationship(instance: Managed, key: string, value: unknown): void {
  const property = propertyOf(instance, key);
  if (value === undefined)
    throw new ArgumentError(
      `${property} = undefined: give ${property.uselist ? "[] for no members" : "null for none"}.`,
      "argument.undefined",
    );
  if (!property.uselist) {
    assignReference(instance, property, value);
    return;
  }
  const current = instance[property.slot];
  if (value === current) return;
  if (typeof value !== "object" || value === null || !(Symbol.iterator in value)) {
    throw new ArgumentError(
      `${property} is a collection: give it an array of ${property.target.name}, or use push(), remove() and replace().`,
      "orm.wrong-member",
    );
  }
  if (current instanceof Collection) current.replace(value as Iterable<Managed>);
  else replaceUnloaded(instance, property, [...(value as Iterable<Managed>)]);
}

/** How `dynamic` and `writeOnly` collections are made; the query side installs it, since they are queries. */
let queryCollection: ((owner: Managed, property: RelationshipProperty) => unknown) | undefined;
export function installQueryCollections(make: (owner: Managed, property: RelationshipProperty) => unknown): void {
  queryCollection = make;
}
function makeQueryCollection(owner: Managed, property: RelationshipProperty): unknown {
  if (queryCollection === undefined)
    throw new NotLoadedError(
      `${property}: lazy: "${property.lazy}" needs the query side of @athanor/orm; import from its entry.`,
    );
  return queryCollection(owner, property);
}

/** `new User({ … })`. */
export function assignInitial(instance: Managed, values: unknown, known: readonly string[]): void {
  if (typeof values !== "object" || values === null) {
    throw new ArgumentError(
      `new ${instance.$$d.name}(): an object of attributes is needed, not ${values === null ? "null" : typeof values}.`,
    );
  }
  for (const key of Object.keys(values)) {
    const value = (values as Record<string, unknown>)[key];
    if (!known.includes(key)) {
      throw new ArgumentError(
        `new ${instance.$$d.name}(): there is no attribute '${key}'.${didYouMean(key, known)}`,
        "orm.unknown-attribute",
      );
    }
    // Not given is not null: a default still applies.
    if (value !== undefined) (instance as unknown as Record<string, unknown>)[key] = value;
  }
}

/** The loaded columns as a plain object; loaded relationships too when asked for. */
export function toPlain(
  instance: object,
  options: { readonly relationships?: boolean } = {},
  seen = new Set<object>(),
): Record<string, unknown> {
  const from = instance as Managed;
  const mapper = mapperOfInstance(from);
  const plain: Record<string, unknown> = {};
  seen.add(instance);
  for (const a of mapper.attributes) {
    const value = from[a.slot];
    if (value !== UNLOADED) plain[a.key] = value;
  }
  for (const e of mapper.expressions) if (mapper.saysItself(e)) plain[e.key] = mapper.inheritance?.identity;
  if (options.relationships) {
    for (const r of mapper.relationships) {
      const value = from[r.slot];
      if (value instanceof Collection)
        plain[r.key] = value.filter((m) => !seen.has(m)).map((m) => toPlain(m, options, seen));
      else if (value === null) plain[r.key] = null;
      else if (value !== UNLOADED && !seen.has(value as object)) plain[r.key] = toPlain(value as object, options, seen);
    }
  }
  return plain;
}
/** `User { id: 1, username: 'amy', posts: [not loaded] }` for util.inspect and console.log. */
export function inspectInstance(
  instance: Managed,
  depth: number,
  options: object,
  inspect: (v: unknown, o: object) => string,
): string {
  if (depth < 0) return describeInstance(instance);
  const mapper = mapperOfInstance(instance);
  const shown: Record<string, unknown> = {};
  for (const a of mapper.attributes) {
    const value = instance[a.slot];
    shown[a.key] = value === UNLOADED ? (isNew(instance) ? null : new Shown("not loaded")) : value;
  }
  for (const r of mapper.relationships) {
    const value = instance[r.slot];
    if (value instanceof Collection) shown[r.key] = new Shown(`${value.length} × ${r.target.name}`);
    else if (value === UNLOADED) {
      if (!isNew(instance)) shown[r.key] = new Shown("not loaded");
    } else shown[r.key] = value === null ? null : new Shown(describeInstance(value as Managed));
  }
  const pending = (instance.$$f & PENDING) !== 0 ? " (pending)" : "";
  return `${mapper.name}${pending} ${inspect(shown, options)}`;
}
class Shown {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `[${this.text}]`;
  }
}
