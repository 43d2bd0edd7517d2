/**
 * The methods of Python's text, list and dict that templates call (`s.upper()`, `d.items()`, `xs.append(x)`), so that
 * existing Jinja templates run as they are. They come before JavaScript's own methods of the same name.
 */
import { TemplateRuntimeError } from "./errors.js";
import { braceFormat, type FormatHooks } from "./formatting.js";
import { escape, isHtml, Markup, replaceText } from "./markup.js";
import { chars, compare, entriesOf, equal, isPlain, isText, repr, text } from "./values.js";

type Method<S> = (self: S, ...args: unknown[]) => unknown;

const str = (value: unknown): string => text(value);
const setOf = (value: unknown): string | undefined => (value === undefined || value === null ? undefined : str(value));

/** Strips white space, or the given characters, from the chosen ends. */
export function strip(value: string, ends: "both" | "left" | "right", characters?: string): string {
  if (characters === undefined)
    return ends === "both" ? value.trim() : ends === "left" ? value.trimStart() : value.trimEnd();
  const set = new Set(characters);
  const list = [...value];
  let from = 0;
  let to = list.length;
  if (ends !== "right") while (from < to && set.has(list[from] as string)) from++;
  if (ends !== "left") while (to > from && set.has(list[to - 1] as string)) to--;
  return list.slice(from, to).join("");
}

/** First letter upper case, the rest lower. */
export function capitalize(value: string): string {
  const [first = "", ...rest] = value;
  return first.toUpperCase() + rest.join("").toLowerCase();
}

function split(value: string, separator: unknown, limit: unknown): string[] {
  const max = typeof limit === "number" && limit >= 0 ? limit : Number.POSITIVE_INFINITY;
  const sep = setOf(separator);
  if (sep === undefined) {
    const words: string[] = [];
    let rest = value.trimStart();
    while (rest !== "" && words.length < max) {
      const word = /^\S+/.exec(rest)?.[0] ?? "";
      words.push(word);
      rest = rest.slice(word.length).trimStart();
    }
    if (rest !== "") words.push(words.length === max ? rest.trimEnd() : rest);
    return words;
  }
  if (sep === "") throw new TemplateRuntimeError("split: the separator is empty.");
  const parts = value.split(sep);
  return parts.length <= max + 1 ? parts : [...parts.slice(0, max), parts.slice(max).join(sep)];
}

function rsplit(value: string, separator: unknown, limit: unknown): string[] {
  const max = typeof limit === "number" && limit >= 0 ? limit : Number.POSITIVE_INFINITY;
  const sep = setOf(separator);
  const parts = split(value, separator, undefined);
  if (parts.length <= max + 1) return parts;
  const keep = parts.length - max;
  if (sep === undefined) {
    let rest = value.trimEnd();
    for (let i = 0; i < max; i++) rest = rest.replace(/\S+$/, "").trimEnd();
    return [rest.trimStart(), ...parts.slice(keep)];
  }
  return [parts.slice(0, keep).join(sep), ...parts.slice(keep)];
}

const affixes = (value: unknown): string[] => (Array.isArray(value) ? value.map(str) : [str(value)]);
const isCase = (value: string, to: "upper" | "lower"): boolean => {
  const changed = to === "upper" ? value.toUpperCase() : value.toLowerCase();
  return value === changed && value.toLowerCase() !== value.toUpperCase();
};

/** Every word with one capital, words being runs of letters, as `str.title` has it. */
const title = (value: string): string => value.replace(/\p{L}+/gu, capitalize);

export function center(value: string, width: number, fill = " "): string {
  const missing = width - chars(value).length;
  if (missing <= 0) return value;
  const left = Math.floor(missing / 2) + (missing & width & 1);
  return fill.repeat(left) + value + fill.repeat(missing - left);
}

const textMethods: Record<string, Method<string>> = {
  upper: (s) => s.toUpperCase(),
  lower: (s) => s.toLowerCase(),
  casefold: (s) => s.toLowerCase(),
  swapcase: (s) => Array.from(s, (c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())).join(""),
  capitalize,
  title,
  strip: (s, set) => strip(s, "both", setOf(set)),
  lstrip: (s, set) => strip(s, "left", setOf(set)),
  rstrip: (s, set) => strip(s, "right", setOf(set)),
  split,
  rsplit,
  splitlines: (s, keep) => {
    const lines = s.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];
    return keep ? [...lines] : lines.map((line) => line.replace(/(?:\r\n|\r|\n)$/, ""));
  },
  partition: (s, sep) => {
    const at = s.indexOf(str(sep));
    return at < 0 ? [s, "", ""] : [s.slice(0, at), str(sep), s.slice(at + str(sep).length)];
  },
  rpartition: (s, sep) => {
    const at = s.lastIndexOf(str(sep));
    return at < 0 ? ["", "", s] : [s.slice(0, at), str(sep), s.slice(at + str(sep).length)];
  },
  startswith: (s, prefix) => affixes(prefix).some((p) => s.startsWith(p)),
  endswith: (s, suffix) => affixes(suffix).some((p) => s.endsWith(p)),
  removeprefix: (s, prefix) => (s.startsWith(str(prefix)) ? s.slice(str(prefix).length) : s),
  removesuffix: (s, suffix) => (str(suffix) !== "" && s.endsWith(str(suffix)) ? s.slice(0, -str(suffix).length) : s),
  replace: (s, from, to, count) => replaceText(s, str(from), str(to), typeof count === "number" ? count : -1),
  join: (s, items) => Array.from(items as Iterable<unknown>, str).join(s),
  find: (s, needle) => s.indexOf(str(needle)),
  rfind: (s, needle) => s.lastIndexOf(str(needle)),
  index: (s, needle) => {
    const at = s.indexOf(str(needle));
    if (at < 0) throw new TemplateRuntimeError(`index: ${repr(needle)} does not occur in ${repr(s)}.`);
    return at;
  },
  count: (s, needle) => s.split(str(needle)).length - 1,
  isdigit: (s) => /^\p{Nd}+$/u.test(s),
  isnumeric: (s) => /^\p{N}+$/u.test(s),
  isdecimal: (s) => /^\p{Nd}+$/u.test(s),
  isalpha: (s) => /^\p{L}+$/u.test(s),
  isalnum: (s) => /^[\p{L}\p{N}]+$/u.test(s),
  isspace: (s) => /^\s+$/.test(s),
  isupper: (s) => isCase(s, "upper"),
  islower: (s) => isCase(s, "lower"),
  istitle: (s) => s !== "" && title(s) === s && /\p{L}/u.test(s),
  zfill: (s, width) => {
    const sign = /^[+-]/.test(s) ? s.slice(0, 1) : "";
    return sign + s.slice(sign.length).padStart(Number(width) - sign.length, "0");
  },
  center: (s, width, fill) => center(s, Number(width), setOf(fill)),
  ljust: (s, width, fill) => s + (setOf(fill) ?? " ").repeat(Math.max(0, Number(width) - chars(s).length)),
  rjust: (s, width, fill) => (setOf(fill) ?? " ").repeat(Math.max(0, Number(width) - chars(s).length)) + s,
  expandtabs: (s, size) => s.replaceAll("\t", " ".repeat(typeof size === "number" ? size : 8)),
};

const listMethods: Record<string, Method<unknown[]>> = {
  append: (list, item) => {
    list.push(item);
    return null;
  },
  extend: (list, items) => {
    for (const item of items as Iterable<unknown>) list.push(item);
    return null;
  },
  insert: (list, at, item) => {
    list.splice(Number(at), 0, item);
    return null;
  },
  remove: (list, item) => {
    const at = list.findIndex((candidate) => equal(candidate, item));
    if (at < 0) throw new TemplateRuntimeError(`remove: ${repr(item)} is not in the list.`);
    list.splice(at, 1);
    return null;
  },
  pop: (list, at) => {
    if (list.length === 0) throw new TemplateRuntimeError("pop: the list is empty.");
    return list.splice(at === undefined ? -1 : Number(at), 1)[0];
  },
  index: (list, item) => {
    const at = list.findIndex((candidate) => equal(candidate, item));
    if (at < 0) throw new TemplateRuntimeError(`index: ${repr(item)} is not in the list.`);
    return at;
  },
  count: (list, item) => list.filter((candidate) => equal(candidate, item)).length,
  sort: (list) => list.sort(compare),
  reverse: (list) => list.reverse(),
  copy: (list) => [...list],
  clear: (list) => {
    list.length = 0;
    return null;
  },
};

type Mapping = Map<unknown, unknown> | Record<string, unknown>;
const has = (self: Mapping, key: unknown): boolean =>
  self instanceof Map ? self.has(key) : Object.hasOwn(self, String(key));
const read = (self: Mapping, key: unknown): unknown => (self instanceof Map ? self.get(key) : self[String(key)]);
/** Stores without ever touching a prototype. */
export function store(self: Mapping, key: unknown, value: unknown): void {
  if (self instanceof Map) self.set(key, value);
  else Object.defineProperty(self, String(key), { value, writable: true, enumerable: true, configurable: true });
}
const erase = (self: Mapping, key: unknown): void => {
  if (self instanceof Map) self.delete(key);
  else delete self[String(key)];
};

const dictMethods: Record<string, Method<Mapping>> = {
  items: (self) => entriesOf(self),
  keys: (self) => entriesOf(self).map(([key]) => key),
  values: (self) => entriesOf(self).map(([, value]) => value),
  get: (self, key, standard = null) => (has(self, key) ? read(self, key) : standard),
  pop: (self, key, standard) => {
    if (!has(self, key)) {
      if (standard === undefined) throw new TemplateRuntimeError(`pop: there is no key ${repr(key)}.`);
      return standard;
    }
    const value = read(self, key);
    erase(self, key);
    return value;
  },
  setdefault: (self, key, standard = null) => {
    if (!has(self, key)) store(self, key, standard);
    return read(self, key);
  },
  update: (self, other) => {
    if (other instanceof Map || isPlain(other)) for (const [key, value] of entriesOf(other)) store(self, key, value);
    return null;
  },
  copy: (self) => (self instanceof Map ? new Map(self) : { ...self }),
  clear: (self) => {
    for (const [key] of entriesOf(self)) erase(self, key);
    return null;
  },
};

const own = <T>(table: Record<string, T>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

const markText = (value: unknown): unknown =>
  typeof value === "string" ? new Markup(value) : Array.isArray(value) ? value.map(markText) : value;

/** Makes `format` of a text or HTML; named values come as one last object. */
function formatter(
  self: string | Markup,
  attribute: (value: unknown, name: string) => unknown,
): (...args: unknown[]) => unknown {
  const html = self instanceof Markup;
  const hooks: FormatHooks = {
    text: (v) => (html ? escape(isHtml(v) ? v : text(v)).value : text(v)),
    repr: (v) => (html ? escape(repr(v)).value : repr(v)),
    attribute,
  };
  return (...args) => {
    const named = args.at(-1) as Record<string, unknown>;
    const out = braceFormat(String(self), args.slice(0, -1), named, hooks);
    return html ? new Markup(out) : out;
  };
}

/** Names of `Markup`'s own methods that already treat HTML rightly. */
const MARKUP_OWN = new Set(["join", "replace", "upper", "lower"]);

/** What a Python method lookup finds. `named` tells the caller that keyword arguments come as a last object. */
export interface FoundMethod {
  readonly call: (...args: unknown[]) => unknown;
  readonly named: boolean;
}

/**
 * Python's method `name` of a value, bound to it, or undefined.
 * @param attribute safe attribute lookup, for `"{0.name}".format(x)`
 */
export function pythonMethod(
  value: unknown,
  name: string,
  attribute: (value: unknown, name: string) => unknown,
): FoundMethod | undefined {
  if (isText(value)) {
    if (name === "format") return { call: formatter(value, attribute), named: true };
    if (value instanceof Markup && MARKUP_OWN.has(name)) return undefined;
    const method = own(textMethods, name);
    if (method === undefined) return undefined;
    if (!(value instanceof Markup)) return { call: (...args) => method(value, ...args), named: false };
    const safe = (arg: unknown): unknown => (isText(arg) ? escape(arg).value : arg);
    return { call: (...args) => markText(method(value.value, ...args.map(safe))), named: false };
  }
  if (Array.isArray(value)) {
    const method = own(listMethods, name);
    return method && { call: (...args) => method(value as unknown[], ...args), named: false };
  }
  if (value instanceof Map || isPlain(value)) {
    const method = own(dictMethods, name);
    return method && { call: (...args) => method(value, ...args), named: false };
  }
  return undefined;
}
