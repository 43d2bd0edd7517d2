/**
 * Listening to what happens to the objects of a model and to their attributes, in whatever session. Sessions have `on`:
 * `session.on`, `sessionmaker(…).on`, `Session.on`. Source: SQLAlchemy "Mapper Events", "Attribute Events".
 */
import { type AnyModel, ArgumentError, didYouMean, type PropsOf } from "@athanor/core";
import {
  type AttributeEventName,
  type AttributeEvents,
  AttributeListeners,
  type AttributeListenOptions,
  checkAttributeEvent,
  columnListeners,
} from "./attribute-events.js";
import { declarationOf } from "./declaration.js";
import type { Mapper } from "./mapper.js";
import { listenToModel, type ModelEventName, type ModelEvents, type ModelListenOptions } from "./model-events.js";

/**
 * Calls a function when something happens to objects of a model (`"init"`, `"load"`, `"refresh"`, `"expire"`, `"beforeInsert"`
 * … `"afterDelete"`), or to one of their attributes: `"set"` of columns and references, `"append"`, `"remove"` and
 * `"bulkReplace"` of collections, `"initScalar"` and `"modified"` of columns. Gives the function that stops it. All are
 * synchronous; what a hook of one object does to others is best done in a session's `beforeFlush`.
 *
 * @example
 * listen(User, "load", ({ instance }) => { … });
 * listen(User, "email", "set", ({ value }) => String(value).toLowerCase(), { retval: true });
 * @throws ArgumentError for what is no model, an unknown attribute or an event it does not have
 */
export function listen<M extends AnyModel, K extends ModelEventName>(
  model: M,
  event: K,
  listener: ModelEvents[K],
  options?: ModelListenOptions,
): () => void;
export function listen<M extends AnyModel, K extends AttributeEventName>(
  model: M,
  attribute: keyof PropsOf<M> & string,
  event: K,
  listener: AttributeEvents[K],
  options?: AttributeListenOptions,
): () => void;
export function listen(
  model: unknown,
  first: string,
  second: string | ((event: never) => void),
  third?: unknown,
  fourth?: unknown,
): () => void {
  const declaration = declarationOf(model);
  if (declaration === undefined)
    throw new ArgumentError("listen(): the first argument is a model; sessions have on().", "orm.no-model");
  if (typeof second === "function")
    return listenToModel(
      declaration,
      first as "load",
      second as ModelEvents["load"],
      third as ModelListenOptions | undefined,
    );
  const listener = third as (event: never) => unknown;
  const options = (fourth ?? {}) as AttributeListenOptions;
  const mapper = declaration.mapper as Mapper;
  const property = mapper.relationship(first);
  if (property !== undefined) {
    checkAttributeEvent(`${property}`, property.uselist ? "many" : "one", second);
    property.listeners ??= new AttributeListeners();
    return property.listeners.add(declaration, second as AttributeEventName, listener, options);
  }
  if (mapper.attribute(first) === undefined)
    throw new ArgumentError(
      `listen(): ${mapper} has no attribute '${first}'.${didYouMean(first, mapper.keys)}`,
      "orm.unknown-attribute",
    );
  checkAttributeEvent(`${mapper}.${first}`, "column", second);
  return columnListeners(declaration, first).add(declaration, second as AttributeEventName, listener, options);
}
