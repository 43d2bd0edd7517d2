/**
 * Listeners of models: what happens to their objects, in whatever session. They hang on the declaration, so listening
 * needs no configuration and costs nothing where nobody listens. Source: SQLAlchemy "Mapper Events", "Instance Events".
 */
import { Events, type ListenOptions } from "@athanor/core";
import type { Declaration } from "./declaration.js";
import type { Managed } from "./state.js";

interface Of {
  readonly instance: object;
}
interface InSession extends Of {
  readonly session: object;
}
interface Attributes {
  /** The attributes concerned; undefined: all. */
  readonly attributes: readonly string[] | undefined;
}
/** All are synchronous and must not start I/O; `instance` is of the model or, with `propagate`, of a subclass. */
export interface ModelEvents {
  /** `new User({ … })`, after the attributes are set; not for loaded objects. */
  init: (event: Of & { readonly values: unknown }) => void;
  /** A row became an object: once per object and session. */
  load: (event: InSession) => void;
  /** A row overwrote what was known. */
  refresh: (event: InSession & Attributes) => void;
  /** Values were forgotten or are known to be old. */
  expire: (event: Of & Attributes) => void;
  beforeInsert: (event: InSession) => void;
  afterInsert: (event: InSession) => void;
  beforeUpdate: (event: InSession) => void;
  afterUpdate: (event: InSession) => void;
  beforeDelete: (event: InSession) => void;
  afterDelete: (event: InSession) => void;
}
export type ModelEventName = keyof ModelEvents;
export type RowEventName =
  | "beforeInsert"
  | "afterInsert"
  | "beforeUpdate"
  | "afterUpdate"
  | "beforeDelete"
  | "afterDelete";
const NAMES: readonly ModelEventName[] = [
  "init",
  "load",
  "refresh",
  "expire",
  "beforeInsert",
  "afterInsert",
  "beforeUpdate",
  "afterUpdate",
  "beforeDelete",
  "afterDelete",
];

export interface ModelListenOptions extends ListenOptions {
  /** Also for subclasses. Default false, as in SQLAlchemy. */
  readonly propagate?: boolean;
}

interface Heard {
  readonly own: Events<ModelEvents>;
  /** For subclasses too. */
  readonly below: Events<ModelEvents>;
}
const heard = new WeakMap<Declaration, Heard>();
/** How many listeners there are by event, over all models: the test on the way of every object. */
const counts = new Map<ModelEventName, number>();

/** Adds a listener; gives the function that removes it. @throws ArgumentError for an unknown event */
export function listenToModel<K extends ModelEventName>(
  declaration: Declaration,
  name: K,
  listener: ModelEvents[K],
  { propagate = false, ...options }: ModelListenOptions = {},
): () => void {
  let mine = heard.get(declaration);
  if (mine === undefined) heard.set(declaration, (mine = { own: new Events(NAMES), below: new Events(NAMES) }));
  const stop = (propagate ? mine.below : mine.own).on(name, listener, options);
  counts.set(name, (counts.get(name) ?? 0) + 1);
  total++;
  declaration.watch();
  let stopped = false;
  return () => {
    if (stopped) return;
    stopped = true;
    counts.set(name, (counts.get(name) ?? 1) - 1);
    total--;
    stop();
  };
}
let total = 0;
/** Nobody listens to any model: one test on the way of every query. */
export function noneHeard(): boolean {
  return total === 0;
}
/** Whether anybody listens to this event of any model. */
export function isHeard(name: ModelEventName): boolean {
  return (counts.get(name) ?? 0) > 0;
}
/** `new User({ … })` is done. */
export function tellInit(instance: Managed, values: unknown): void {
  eachListener(instance.$$d, "init", (listener) => {
    listener({ instance, values });
  });
}
/** Values of an object were forgotten. */
export function tellExpire(instance: Managed, attributes: readonly string[] | undefined): void {
  eachListener(instance.$$d, "expire", (listener) => {
    listener({ instance, attributes });
  });
}
/** Visits the listeners of an object's model: base classes' first. */
export function eachListener<K extends ModelEventName>(
  of: unknown,
  name: K,
  visit: (listener: ModelEvents[K]) => void,
): void {
  if (!isHeard(name)) return;
  const chain: Declaration[] = [];
  for (let d: Declaration | undefined = of as Declaration; d !== undefined; d = d.parent) chain.unshift(d);
  for (const d of chain) {
    const mine = heard.get(d);
    if (mine === undefined) continue;
    for (const listener of mine.below.of(name)) visit(listener);
    if (d === of) for (const listener of mine.own.of(name)) visit(listener);
  }
}
