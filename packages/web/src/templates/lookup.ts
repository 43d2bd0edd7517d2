/**
 * Reading members of values. A template sees what an object and its class define, and nothing of JavaScript's own
 * machinery: never `constructor`, `__proto__`, `prototype`, nor what `Object.prototype` and `Function.prototype` bring.
 */
import { acceptsKwargs, templateAttribute } from "./calls.js";
import { TemplateRuntimeError } from "./errors.js";
import { Markup } from "./markup.js";
import { pythonMethod } from "./methods.js";
import { isUndefined, noOwner, Undefined, type UndefinedMode } from "./undefined.js";
import { chars, equal, isPlain } from "./values.js";

const FORBIDDEN: ReadonlySet<string> = new Set([
  "constructor",
  "__proto__",
  "prototype",
  "__defineGetter__",
  "__defineSetter__",
  "__lookupGetter__",
  "__lookupSetter__",
  "caller",
  "callee",
  "arguments",
]);

/** Whether a template may ask for this member at all. */
export const isSafeName = (name: string): boolean => !FORBIDDEN.has(name);

export interface LookupOptions {
  readonly undefinedMode: UndefinedMode;
  /** Fall back from `user_name` to `userName`, so that templates written for Python models run. */
  readonly camelCase: boolean;
}

/** Inherited from the language, not from a class of the application. */
function fromLanguage(target: object, name: string): boolean {
  if (!(name in Object.prototype) && !(typeof target === "function" && name in Function.prototype)) return false;
  if (Object.hasOwn(target, name)) return false;
  const value: unknown = Reflect.get(target, name);
  if (typeof target === "function" && value === Reflect.get(Function.prototype, name)) return true;
  if (name === "toString" || name === "toLocaleString") return false;
  return value === Reflect.get(Object.prototype, name);
}

/** Sentinel: there is no such member. */
const missing: unique symbol = Symbol("missing");

function member(value: unknown, name: string): unknown {
  if (!isSafeName(name)) return missing;
  if (typeof value === "object" || typeof value === "function") {
    const target = value as object;
    if (!(name in target) || fromLanguage(target, name)) return missing;
    return Reflect.get(target, name);
  }
  // Primitives: the methods of String, Number, … and `length`.
  const boxed = Object(value) as object;
  if (!(name in boxed) || fromLanguage(boxed, name)) return missing;
  const found = (value as Record<string, unknown>)[name];
  return found;
}

const camel = (name: string): string => name.replace(/(?<=[^_])_+([a-z0-9])/g, (_all, c: string) => c.toUpperCase());

/** Keeps `this` for methods that are read without being called at once. */
function bind(owner: unknown, name: string, found: unknown): unknown {
  if (typeof found !== "function" || (typeof owner === "object" && owner !== null && Object.hasOwn(owner, name)))
    return found;
  if (typeof owner === "function") return found;
  const bound: unknown = found.bind(owner);
  for (const key of Object.getOwnPropertySymbols(found))
    Object.defineProperty(bound, key, { value: Reflect.get(found, key) });
  return bound;
}

export type Lookup = ReturnType<typeof makeLookup>;

/** The lookups of one environment. */
export function makeLookup(options: LookupOptions) {
  const undefinedMember = (owner: unknown, name: string): Undefined =>
    new Undefined(options.undefinedMode, name, owner);

  /** A Python method as a function that knows whether it takes named arguments. */
  const method = (value: unknown, name: string): unknown => {
    const found = pythonMethod(value, name, (v, n) => {
      const inner = item(v, /^\d+$/.test(n) ? Number(n) : n);
      if (inner instanceof Undefined) inner.fail();
      return inner;
    });
    if (found === undefined) return missing;
    if (found.named) Object.defineProperty(found.call, acceptsKwargs, { value: true });
    return found.call;
  };

  const find = (value: unknown, name: string, bound: boolean): unknown => {
    const custom = (value as { [templateAttribute]?: (name: string) => unknown })[templateAttribute];
    if (typeof custom === "function") {
      const found = custom.call(value, name);
      return found === undefined ? missing : found;
    }
    const mapping = value instanceof Map || isPlain(value);
    // Own data of an object goes before the methods of Python's dict: `cart.items` is the cart's items.
    if (isPlain(value) && Object.hasOwn(value, name)) return isSafeName(name) ? value[name] : missing;
    if (mapping || typeof value === "string" || value instanceof Markup || Array.isArray(value)) {
      const python = method(value, name);
      if (python !== missing) return python;
    }
    const found = member(value, name);
    if (found !== missing) return bound ? bind(value, name, found) : found;
    if (value instanceof Map && value.has(name)) return value.get(name);
    if (options.camelCase && name.includes("_", 1)) {
      const other = camel(name);
      if (other !== name) {
        const renamed = member(value, other);
        if (renamed !== missing) return bound ? bind(value, other, renamed) : renamed;
      }
    }
    return missing;
  };

  /** `value.name`. @throws UndefinedError when `value` itself is undefined */
  const attribute = (value: unknown, name: string, bound = true): unknown => {
    if (isUndefined(value)) {
      if (value === undefined)
        new Undefined(options.undefinedMode, name, noOwner, `Cannot read '${name}' of an undefined value.`).member(
          name,
        );
      return value === undefined ? undefinedMember(undefined, name) : value.member(name);
    }
    if (value === null) return undefinedMember(value, name);
    const found = find(value, name, bound);
    return found === missing || found === undefined ? undefinedMember(value, name) : found;
  };

  /** `value[key]`. @throws UndefinedError when `value` itself is undefined */
  const item = (value: unknown, key: unknown): unknown => {
    if (isUndefined(value)) return attribute(value, String(key));
    if (value === null) return undefinedMember(value, String(key));
    if (key instanceof Slice) return slice(value, key);
    if (key instanceof Markup) key = key.value;
    if (typeof key === "bigint" && !(value instanceof Map)) key = Number(key);
    if (typeof key === "number" && (Array.isArray(value) || typeof value === "string" || value instanceof Markup)) {
      const list = Array.isArray(value) ? (value as unknown[]) : chars(String(value));
      const found: unknown = list[key < 0 ? list.length + key : key];
      if (found === undefined) return undefinedMember(value, String(key));
      return value instanceof Markup ? new Markup(String(found)) : found;
    }
    if (value instanceof Map) {
      if (value.has(key)) return value.get(key) ?? null;
      for (const [k, v] of value) if (equal(k, key)) return v;
    }
    if (typeof key === "number" || typeof key === "boolean") {
      const name = String(key);
      return (typeof value === "object" || typeof value === "function") && Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefinedMember(value, name);
    }
    if (typeof key !== "string") return undefinedMember(value, String(key));
    return attribute(value, key);
  };

  return { attribute, item, undefinedMember };
}

/** `a:b:c` between brackets. */
export class Slice {
  readonly start: number | undefined;
  readonly stop: number | undefined;
  readonly step: number;
  constructor(start: unknown, stop: unknown, step: unknown) {
    const bound = (value: unknown): number | undefined => {
      if (value === undefined || value === null) return undefined;
      if (value instanceof Undefined) value.fail();
      if (typeof value === "bigint") return Number(value);
      if (typeof value !== "number" || !Number.isInteger(value))
        throw new TemplateRuntimeError("The bounds of a slice are whole numbers.");
      return value;
    };
    this.start = bound(start);
    this.stop = bound(stop);
    this.step = bound(step) ?? 1;
    if (this.step === 0) throw new TemplateRuntimeError("The step of a slice cannot be zero.");
  }
}

function cut<T>(list: ArrayLike<T>, { start, stop, step }: Slice): T[] {
  const n = list.length;
  const clamp = (at: number, low: number, high: number): number => Math.min(Math.max(at < 0 ? at + n : at, low), high);
  const out: T[] = [];
  if (step > 0) {
    const to = stop === undefined ? n : clamp(stop, 0, n);
    for (let i = start === undefined ? 0 : clamp(start, 0, n); i < to; i += step) out.push(list[i] as T);
  } else {
    const to = stop === undefined ? -1 : clamp(stop, -1, n - 1);
    for (let i = start === undefined ? n - 1 : clamp(start, -1, n - 1); i > to; i += step) out.push(list[i] as T);
  }
  return out;
}

function slice(value: unknown, by: Slice): unknown {
  if (Array.isArray(value)) return cut(value as unknown[], by);
  if (typeof value === "string") return cut(chars(value), by).join("");
  if (value instanceof Markup) return new Markup(cut(chars(value.value), by).join(""));
  if (typeof value === "object" && value !== null && Symbol.iterator in value)
    return cut([...(value as Iterable<unknown>)], by);
  throw new TemplateRuntimeError("Only lists and texts can be sliced.");
}
