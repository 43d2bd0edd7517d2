/**
 * Documents as JSON text, and nothing of them lost in silence: JSON.stringify leaves out what is undefined and functions,
 * makes null of NaN and {} of a Map. Each is refused with its path.
 */
import { ArgumentError, showParameter } from "../errors/errors.js";

/** @throws ArgumentError naming the place in the document of what JSON has no form for */
export function jsonText(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    // A bigint or a circle; else it comes from a toJSON() of the program's own.
    throw refused(value) ?? error;
  }
  if (text === undefined || isOdd(value)) throw refused(value) ?? noForm("The value", value);
  return text;
}

/** Whether JSON.stringify left something out or made something else of it. Without circles: it has been through. */
function isOdd(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return false;
    case "number":
      return !Number.isFinite(value);
    case "bigint":
      // Programs give bigints one.
      return !hasOwnForm(value);
    case "object":
      if (value === null) return false;
      if (Array.isArray(value)) {
        for (let i = 0; i < value.length; i++) if (isOdd(value[i])) return true;
        return false;
      }
      if (hasOwnForm(value)) return value instanceof Date ? Number.isNaN(value.getTime()) : isOdd(value.toJSON());
      if (isOpaque(value)) return true;
      for (const key of Object.keys(value)) if (isOdd((value as { readonly [key: string]: unknown })[key])) return true;
      return false;
    default:
      return true;
  }
}
function hasOwnForm<T extends object | bigint>(value: T): value is T & { toJSON(): unknown } {
  return typeof (value as unknown as { readonly toJSON?: unknown }).toJSON === "function";
}
/** Objects whose content is not in their properties, or not as one would read it back. */
function isOpaque(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return false;
  return (
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Promise ||
    value instanceof RegExp ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value)
  );
}

/** The error for the first such place; undefined when there is none. */
function refused(value: unknown, path = "$", around: readonly object[] = []): ArgumentError | undefined {
  const where = path === "$" ? "The document" : `The document's '${path}'`;
  if (typeof value !== "object" || value === null) return isOdd(value) ? noForm(where, value) : undefined;
  if (around.includes(value))
    return new ArgumentError(
      `${where} is an object it is itself a part of: a circle has no JSON form; refer to it by a key.`,
      "value.json",
    );
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const found = refused(value[i], `${path}[${i}]`, [...around, value]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (hasOwnForm(value)) {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? noForm(where, value) : undefined;
    return refused(value.toJSON(), path, [...around, value]);
  }
  if (isOpaque(value)) return noForm(where, value);
  for (const [key, member] of Object.entries(value)) {
    const step = /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `.${JSON.stringify(key)}`;
    const found = refused(member, path + step, [...around, value]);
    if (found !== undefined) return found;
  }
  return undefined;
}
function noForm(where: string, value: unknown): ArgumentError {
  const [what, instead] = described(value);
  return new ArgumentError(`${where} is ${what}, for which JSON has no form: ${instead}.`, "value.json");
}
function described(value: unknown): readonly [string, string] {
  switch (typeof value) {
    case "undefined":
      return ["undefined", "leave the key out, or give null"];
    case "bigint":
      return [`the bigint ${value}n`, "write it as a string or a number"];
    case "number":
      return [String(value), "give null, or a string"];
    case "function":
      return [`the function ${value.name}`.trimEnd(), "call it, or leave it out"];
    case "object":
      if (value instanceof Date) return ["an invalid Date", "give null, or a valid one"];
      if (value instanceof Map) return ["a Map", "give Object.fromEntries() of it"];
      if (value instanceof Set) return ["a Set", "give an array of it"];
      if (value instanceof Promise) return ["a promise", "await it first"];
      if (value instanceof RegExp) return [`the regular expression ${String(value)}`, "give its source"];
      return [`${showParameter(value)}`, "give an array of numbers, or text such as base64"];
    default:
      return [String(value), "leave it out"];
  }
}
