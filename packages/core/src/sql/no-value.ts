/** Things that are no value in SQL, told where they are given: a driver would say it late, JSON would swallow them. */
import { ArgumentError } from "../errors/errors.js";
import type { SqlType } from "../types/sql-type.js";
import { entityElement, modelObject } from "./element.js";

interface Given {
  readonly [modelObject]?: { readonly shown: string; readonly model: string };
  readonly [entityElement]?: unknown;
  readonly name?: unknown;
  readonly then?: unknown;
}
/** For messages: what a value is that can stand for none in SQL; undefined for values. */
function asNoValue(
  value: unknown,
): { readonly what: string; readonly instead: string; readonly select: string } | undefined {
  if (typeof value === "symbol") return { what: String(value), instead: "name a value", select: "name a column" };
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  const given = value as Given;
  const object = given[modelObject];
  if (object !== undefined) {
    const { shown, model } = object;
    return {
      what: `${shown}, an object of ${model},`,
      instead: `give one of its attributes, as in ${model}.c.id.eq(object.id), compare a relationship with it, or keep a document of it, object.toJSON()`,
      select: `select its class, select(${model})`,
    };
  }
  if (typeof given.then === "function")
    return { what: "A promise", instead: "await it first", select: "await it first" };
  if (typeof value !== "function") return undefined;
  const name = String(given.name);
  if (given[entityElement] !== undefined)
    return { what: `The class ${name}`, instead: `name one of its columns, ${name}.c`, select: `select(${name})` };
  return { what: name === "" ? "A function" : `The function ${name}`, instead: "call it", select: "call it" };
}
/**
 * Types of one's own take what they like.
 *
 * @throws ArgumentError for objects of models, classes, functions, promises and symbols
 */
export function requireValue(value: unknown, type: SqlType | undefined, where?: string): void {
  if (type?.isOwn) return;
  const found = asNoValue(value);
  if (found === undefined) return;
  throw new ArgumentError(
    `${where === undefined ? "" : `${where}: `}${found.what} cannot stand for a value: ${found.instead}.`,
    "argument.no-value",
  );
}
/** The same where something is selected. */
export function requireSelectable(value: unknown): void {
  const found = asNoValue(value);
  if (found === undefined) return;
  throw new ArgumentError(`select(): ${found.what} cannot be selected: ${found.select}.`, "argument.no-value");
}
