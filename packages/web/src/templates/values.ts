/** Python's view of JavaScript values: truth, text, equality, order, arithmetic, membership, iteration. */
import { TemplateRuntimeError, UndefinedError } from "./errors.js";
import { type FormatHooks, percentFormat } from "./formatting.js";
import { escape, htmlText, isHtml, Markup } from "./markup.js";
import { isUndefined, kindOf, Undefined } from "./undefined.js";

export type Pending = PromiseLike<unknown>;

/** Whether a value has to be awaited before it can be used. */
export function pending(value: unknown): value is Pending {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** Object literals and the like: what Python would call a dict. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === null || proto === Object.prototype;
}

export const isMapping = (value: unknown): value is Map<unknown, unknown> | Record<string, unknown> =>
  value instanceof Map || isPlain(value);

/** Entries of a mapping. */
export function entriesOf(value: Map<unknown, unknown> | Record<string, unknown>): [unknown, unknown][] {
  return value instanceof Map ? [...value] : Object.entries(value);
}

/** A text as a list of code points; plain text stays a string, which indexes the same way and costs nothing. */
export function chars(text: string): string | string[] {
  return /[\ud800-\udfff]/.test(text) ? [...text] : text;
}

export const isText = (value: unknown): value is string | Markup =>
  typeof value === "string" || value instanceof Markup;

/** Empty strings, lists, maps, sets, objects, zero, null and undefined values are false. */
export function truth(value: unknown): boolean {
  switch (typeof value) {
    case "boolean":
      return value;
    case "string":
      return value !== "";
    case "number":
      return value !== 0;
    case "bigint":
      return value !== 0n;
    case "undefined":
      return false;
    case "object":
      if (value === null) return false;
      if (Array.isArray(value)) return value.length > 0;
      if (value instanceof Undefined) {
        value.use();
        return false;
      }
      if (value instanceof Markup) return value.value !== "";
      if (value instanceof Map || value instanceof Set) return value.size > 0;
      if (value instanceof String) return value.length > 0;
      if (isPlain(value)) {
        for (const key in value) if (Object.hasOwn(value, key)) return true;
        return false;
      }
      return true;
    default:
      return true;
  }
}

function quoted(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = mark;
  for (const c of text) {
    const code = c.codePointAt(0) ?? 0;
    if (c === mark || c === "\\") out += `\\${c}`;
    else if (c === "\n") out += "\\n";
    else if (c === "\r") out += "\\r";
    else if (c === "\t") out += "\\t";
    else if (code < 32 || code === 127) out += `\\x${code.toString(16).padStart(2, "0")}`;
    else out += c;
  }
  return out + mark;
}

/** How a value looks inside a printed list or object. */
export function repr(value: unknown, seen: readonly object[] = []): string {
  if (typeof value === "string") return quoted(value);
  if (value === null) return "null";
  if (value === undefined || value instanceof Undefined) return "undefined";
  if (value instanceof Markup) return quoted(value.value);
  if (typeof value === "object") {
    if (seen.includes(value)) return "...";
    const inner = [...seen, value];
    if (Array.isArray(value)) return `[${value.map((item) => repr(item, inner)).join(", ")}]`;
    if (value instanceof Set)
      return value.size === 0 ? "set()" : `{${Array.from(value, (item) => repr(item, inner)).join(", ")}}`;
    if (isMapping(value))
      return `{${entriesOf(value)
        .map(([k, v]) => `${repr(k, inner)}: ${repr(v, inner)}`)
        .join(", ")}}`;
  }
  return text(value);
}

/** How a value prints, before escaping. */
export function text(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return Object.is(value, -0) ? "0" : String(value);
    case "boolean":
    case "bigint":
      return String(value);
    case "undefined":
      return "";
    case "function": {
      if (isHtml(value)) return String(value);
      return value.toString === Function.prototype.toString ? `<function ${value.name || "anonymous"}>` : String(value);
    }
    case "object": {
      if (value === null) return "";
      if (value instanceof Markup) return value.value;
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString();
      if (Array.isArray(value) || value instanceof Set || isMapping(value)) return repr(value);
      const own = (value as { toString?: unknown }).toString;
      if (typeof own === "function" && own !== Object.prototype.toString) return String(value);
      return `<${kindOf(value).replace(/^an? /, "")}>`;
    }
    default:
      return String(value);
  }
}

/** What `{{ }}` writes where autoescaping is on. */
export function outEscaped(value: unknown): string | Promise<string> {
  if (typeof value === "string") return escape(value).value;
  if (value instanceof Markup) return value.value;
  if (typeof value === "number") return text(value);
  if (isHtml(value)) return htmlText(value);
  return escape(text(value)).value;
}

/** What `{{ }}` writes where autoescaping is off. */
export function outPlain(value: unknown): string | Promise<string> {
  if (typeof value === "string") return value;
  return isHtml(value) ? htmlText(value) : text(value);
}

/** `a ~ b`: text, and HTML as soon as one part is HTML and escaping is on. */
export function concat(autoescape: boolean, parts: readonly unknown[]): unknown {
  const html = autoescape && parts.some(isHtml);
  const pieces = parts.map((part) => (html ? outEscaped(part) : outPlain(part)));
  const done = (texts: readonly string[]): unknown => (html ? new Markup(texts.join("")) : texts.join(""));
  return pieces.some((piece) => typeof piece !== "string") ? Promise.all(pieces).then(done) : done(pieces as string[]);
}

const isNumeric = (value: unknown): value is number | bigint | boolean =>
  typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";

/** Equality by value: lists, sets, maps, objects and dates by content; `1 == 1n == true`, as in Python. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isUndefined(a) || isUndefined(b)) {
    if (a instanceof Undefined) a.use();
    if (b instanceof Undefined) b.use();
    return isUndefined(a) && isUndefined(b);
  }
  // biome-ignore lint/suspicious/noDoubleEquals: number, bigint and boolean compare by value here
  if (isNumeric(a) && isNumeric(b)) return a == b;
  if (isText(a) && isText(b)) return String(a) === String(b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equal(item, b[i]));
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  if (a instanceof Set && b instanceof Set) return a.size === b.size && [...a].every((item) => b.has(item));
  if (isMapping(a) && isMapping(b)) {
    const left = entriesOf(a);
    const right = new Map(entriesOf(b));
    return left.length === right.size && left.every(([k, v]) => right.has(k) && equal(v, right.get(k)));
  }
  return false;
}

/** Order of two texts by code point, as Python sorts, without a locale. */
function textOrder(a: string, b: string): number {
  if (a === b) return 0;
  if (!/[\ud800-\udfff]/.test(a) && !/[\ud800-\udfff]/.test(b)) return a < b ? -1 : 1;
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < x.length && i < y.length; i++) {
    const d = (x[i]?.codePointAt(0) ?? 0) - (y[i]?.codePointAt(0) ?? 0);
    if (d !== 0) return d;
  }
  return x.length - y.length;
}

/**
 * Order of two values; NaN when they have none (NaN itself).
 * @throws TemplateRuntimeError when the kinds cannot be ordered, UndefinedError for undefined values
 */
export function compare(a: unknown, b: unknown): number {
  if (isNumeric(a) && isNumeric(b)) return a < b ? -1 : a > b ? 1 : Number(a) === Number(b) || a >= b ? 0 : Number.NaN;
  if (isText(a) && isText(b)) return textOrder(String(a), String(b));
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < a.length && i < b.length; i++) if (!equal(a[i], b[i])) return compare(a[i], b[i]);
    return a.length - b.length;
  }
  for (const value of [a, b]) {
    if (value instanceof Undefined) value.fail();
    if (value === undefined) throw new UndefinedError("An undefined value cannot be ordered.");
  }
  throw new TemplateRuntimeError(`Cannot order ${kindOf(a)} and ${kindOf(b)}; compare values of one kind.`);
}

/** `needle in haystack`. */
export function contains(haystack: unknown, needle: unknown): boolean {
  if (isText(haystack)) {
    if (!isText(needle))
      throw new TemplateRuntimeError(`'in' on text needs text on its left side, got ${kindOf(needle)}.`);
    return String(haystack).includes(String(needle));
  }
  if (Array.isArray(haystack)) return haystack.some((item) => equal(item, needle));
  if (haystack instanceof Set || haystack instanceof Map) {
    if (haystack.has(needle)) return true;
    for (const key of haystack.keys()) if (equal(key, needle)) return true;
    return false;
  }
  if (isPlain(haystack))
    return isText(needle) || typeof needle === "number" ? Object.hasOwn(haystack, String(needle)) : false;
  if (isUndefined(haystack)) {
    haystack?.use();
    return false;
  }
  if (typeof haystack === "object" && haystack !== null && Symbol.iterator in haystack) {
    for (const item of haystack as Iterable<unknown>) if (equal(item, needle)) return true;
    return false;
  }
  throw new TemplateRuntimeError(`'in' needs a list, a mapping or text on its right side, got ${kindOf(haystack)}.`);
}

function operand(value: unknown, op: string, other: unknown): number | bigint {
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (typeof value === "boolean") return Number(value);
  if (value instanceof Undefined) value.fail();
  if (value === undefined) throw new UndefinedError(`An undefined value cannot be used with '${op}'.`);
  throw new TemplateRuntimeError(`'${op}' does not work between ${kindOf(value)} and ${kindOf(other)}.`);
}

const exact = (value: number | bigint, op: string): bigint => {
  if (typeof value === "bigint") return value;
  if (!Number.isInteger(value))
    throw new TemplateRuntimeError(`'${op}' cannot mix a bigint with the fraction ${value}.`);
  return BigInt(value);
};

function repeat(value: unknown, times: unknown): unknown {
  if (!isNumeric(times)) return undefined;
  const n = Math.max(0, Math.trunc(Number(times)));
  if (typeof value === "string") return value.repeat(n);
  if (value instanceof Markup) return value.repeat(n);
  if (Array.isArray(value)) return Array.from({ length: n }, () => value as unknown[]).flat(1);
  return undefined;
}

const hooks: FormatHooks = {
  text,
  repr: (v) => repr(v),
  attribute: (v, name) => (isMapping(v) ? new Map(entriesOf(v)).get(name) : undefined),
};

/** `"format" % values`, which stays HTML and escapes the values where the format is HTML. */
export function formatPercent(format: string | Markup, values: unknown): unknown {
  const list = Array.isArray(values) ? (values as unknown[]) : [values];
  const named = (name: string): unknown => {
    const source = Array.isArray(values) ? values[0] : values;
    if (!isMapping(source)) throw new TemplateRuntimeError(`format: '%(${name})s' needs an object with the values.`);
    const found = entriesOf(source).find(([key]) => key === name);
    if (found === undefined) throw new TemplateRuntimeError(`format: there is no value named '${name}'.`);
    return found[1];
  };
  if (format instanceof Markup) {
    const safe: FormatHooks = {
      ...hooks,
      text: (v) => escape(isHtml(v) ? v : text(v)).value,
      repr: (v) => escape(repr(v)).value,
    };
    return new Markup(percentFormat(format.value, list, named, safe));
  }
  return percentFormat(format, list, named, hooks);
}

/**
 * The values behind the `%` operator. Python takes a tuple apart and a list as one value; here both are lists, so the
 * number of conversions decides. A format without any conversion ignores lists and mappings, as Python does.
 */
function percentValues(format: string, values: unknown): unknown {
  const conversions = (format.match(/%%|%[^%]/g) ?? []).filter((part) => part !== "%%").length;
  if (conversions === 0 && (Array.isArray(values) || isMapping(values) || isUndefined(values))) return [];
  return conversions === 1 && Array.isArray(values) && values.length !== 1 && !format.includes("*") ? [values] : values;
}

/** Arithmetic with Python's rules: floor division, modulo with the divisor's sign, text and list repetition. */
export function arithmetic(op: string, a: unknown, b: unknown): unknown {
  if (op === "+") {
    if (typeof a === "number" && typeof b === "number") return a + b;
    if (isHtml(a) && (isText(b) || isHtml(b))) return escape(a).concat(b);
    if (isHtml(b) && isText(a)) return escape(a).concat(b);
    if (typeof a === "string" && typeof b === "string") return a + b;
    if (Array.isArray(a) && Array.isArray(b)) return [...(a as unknown[]), ...(b as unknown[])];
  } else if (op === "*") {
    const repeated = repeat(a, b) ?? repeat(b, a);
    if (repeated !== undefined) return repeated;
  } else if (op === "%" && isText(a)) {
    return formatPercent(a, percentValues(String(a), b));
  }
  let x = operand(a, op, b);
  let y = operand(b, op, a);
  if (typeof x === "bigint" || typeof y === "bigint") {
    const fraction = (typeof x === "number" && !Number.isInteger(x)) || (typeof y === "number" && !Number.isInteger(y));
    if (!fraction && op !== "/") return big(op, exact(x, op), exact(y, op));
    x = Number(x);
    y = Number(y);
  }
  if ((op === "/" || op === "//" || op === "%") && y === 0)
    throw new TemplateRuntimeError(`Division by zero: ${text(a)} ${op} ${text(b)}.`);
  switch (op) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "/":
      return x / y;
    case "//":
      return Math.floor(x / y);
    case "%":
      return x - Math.floor(x / y) * y;
    default:
      return x ** y;
  }
}

function big(op: string, x: bigint, y: bigint): bigint | number {
  if ((op === "//" || op === "%") && y === 0n) throw new TemplateRuntimeError(`Division by zero: ${x} ${op} ${y}.`);
  switch (op) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "//":
      return x / y - (x % y !== 0n && x < 0n !== y < 0n ? 1n : 0n);
    case "%": {
      const rest = x % y;
      return rest !== 0n && rest < 0n !== y < 0n ? rest + y : rest;
    }
    default:
      return y < 0n ? Number(x) ** Number(y) : x ** y;
  }
}

export function negate(value: unknown): unknown {
  const x = operand(value, "-", value);
  return -x;
}
export function positive(value: unknown): unknown {
  return operand(value, "+", value);
}

export type Source = Iterable<unknown> | AsyncIterable<unknown>;

/**
 * What a loop walks over: items of lists, sets and generators, characters of text, keys of maps and objects (their
 * entries when `pairs` is wanted), rows of async iterables; nothing for undefined values.
 * @throws TemplateRuntimeError when the value has no items
 */
export function iterate(value: unknown, pairs = false): Source {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return [...value];
  if (value instanceof Markup) return [...value.value];
  if (isUndefined(value)) {
    value?.use();
    return [];
  }
  // Form fields are functions that can be walked: radio options, entries of a list.
  const holds = (typeof value === "object" && value !== null) || typeof value === "function";
  const walks = holds && (Symbol.iterator in value || Symbol.asyncIterator in value);
  if (walks && !(value instanceof Map)) return value as unknown as Source;
  if (isMapping(value)) return pairs ? entriesOf(value) : value instanceof Map ? [...value.keys()] : Object.keys(value);
  throw new TemplateRuntimeError(`${kindOf(value).replace(/^./, (c) => c.toUpperCase())} cannot be looped over.`);
}

/** All items in a list, promises among them awaited. */
export async function toList(value: unknown): Promise<unknown[]> {
  const source = iterate(value);
  if (Array.isArray(source) && !source.some(pending)) return source;
  const out: unknown[] = [];
  if (Symbol.iterator in source) for (const item of source) out.push(await item);
  else for await (const item of source) out.push(item);
  return out;
}

/** Number of items or characters. */
export function lengthOf(value: unknown): number | undefined {
  if (isText(value)) return chars(String(value)).length;
  if (Array.isArray(value)) return value.length;
  if (value instanceof Map || value instanceof Set) return value.size;
  if (isUndefined(value)) {
    value?.use();
    return 0;
  }
  if (isPlain(value)) return Object.keys(value).length;
  if (typeof value === "object" && value !== null) {
    const { length, size } = value as { length?: unknown; size?: unknown };
    if (typeof length === "number") return length;
    if (typeof size === "number") return size;
  }
  return undefined;
}
