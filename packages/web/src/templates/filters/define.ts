/** Shared by the built-in filters: declaring parameter names, reading attributes by path. */
import { takesAnyName } from "../apply.js";
import { acceptsKwargs } from "../calls.js";
import type { AnyFilter, FilterState } from "../context.js";
import { isUndefined, Undefined } from "../undefined.js";
import { isText, pending, text } from "../values.js";

/** Built-in filters see undefined values as they are; the application's own get plain `undefined`. */
export const seesUndefined: unique symbol = Symbol("template.seesUndefined");

/** Declares the names of a filter's arguments, so that they can be given by name. */
export function define(params: string, fn: AnyFilter): AnyFilter {
  Object.defineProperty(fn, acceptsKwargs, { value: params === "" ? [] : params.split(" ") });
  Object.defineProperty(fn, seesUndefined, { value: true });
  return fn;
}
/** A filter that takes any names; they come as one last `NamedArguments`. */
export function defineOpen(fn: AnyFilter): AnyFilter {
  Object.defineProperty(fn, takesAnyName, { value: true });
  Object.defineProperty(fn, seesUndefined, { value: true });
  return fn;
}

/** Text of an argument or piped value; a strict undefined value raises. */
export const textOf = (value: unknown): string => (value instanceof Undefined ? value.toString() : text(value));
export const numberOf = (value: unknown, standard: number): number =>
  typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : standard;

/** Reads `a.b.0` from an item; steps that are promises are awaited. */
export function attributeGetter(
  state: FilterState,
  path: unknown,
  standard?: unknown,
): (item: unknown) => Promise<unknown> {
  const steps: (string | number)[] =
    typeof path === "number"
      ? [path]
      : textOf(path)
          .split(".")
          .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const { lookup } = state.engine;
  return async (item) => {
    let value = item;
    for (const step of steps) {
      value = lookup.item(value, step);
      if (pending(value)) value = await value;
      if (isUndefined(value) && standard !== undefined && standard !== null) return standard;
    }
    return value;
  };
}

/** Case-insensitive keys: text in lower case, everything else unchanged. */
export const fold = (value: unknown): unknown => (isText(value) ? String(value).toLowerCase() : value);
