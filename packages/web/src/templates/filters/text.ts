/** Filters on text and numbers. */
import { splitNamed } from "../apply.js";
import type { AnyFilter } from "../context.js";
import { TemplateRuntimeError } from "../errors.js";
import { exactFixed } from "../formatting.js";
import { escape, isHtml, Markup, replaceText, stripTags, unescape } from "../markup.js";
import { capitalize, center, strip } from "../methods.js";
import { isUndefined } from "../undefined.js";
import { arithmetic, chars, formatPercent, isText, negate, repr, truth } from "../values.js";
import { define, defineOpen, numberOf, textOf } from "./define.js";

/** Applies a change of text that keeps HTML what it is. */
const keeping = (value: unknown, change: (text: string) => string): string | Markup =>
  value instanceof Markup ? new Markup(change(value.value)) : change(textOf(value));

const wordTitle = (text: string): string =>
  text
    .split(/([-\s({[<]+)/)
    .map((part) => (part === "" ? "" : capitalize(part)))
    .join("");

/** Python's `round`: halves of exactly representable numbers go to the even neighbour. */
export function roundHalfEven(value: number, precision: number): number {
  if (!Number.isFinite(value)) return value;
  if (precision < 0) {
    const unit = 10 ** -precision;
    return roundHalfEven(value / unit, 0) * unit;
  }
  return Number(exactFixed(value, precision));
}

/** Splits a line into words, hyphenated parts and the white space between. */
function wrapChunks(line: string, hyphens: boolean): string[] {
  const words = line.match(/\s+|\S+/g) ?? [];
  if (!hyphens) return words;
  const out: string[] = [];
  for (const word of words) {
    if (/^\s/.test(word)) out.push(word);
    else out.push(...word.split(/(?<=[\p{L}\p{N}_]-)(?=\p{L}\p{L}|\p{L}-)/u));
  }
  return out;
}

function wrapLine(line: string, width: number, breakLong: boolean, hyphens: boolean): string[] {
  const chunks = wrapChunks(line, hyphens).reverse();
  const lines: string[] = [];
  while (chunks.length > 0) {
    const current: string[] = [];
    let used = 0;
    if ((chunks.at(-1) as string).trim() === "" && lines.length > 0) chunks.pop();
    while (chunks.length > 0 && used + (chunks.at(-1) as string).length <= width) {
      const chunk = chunks.pop() as string;
      current.push(chunk);
      used += chunk.length;
    }
    const long = chunks.at(-1);
    if (long !== undefined && long.length > width) {
      if (breakLong) {
        let end = Math.max(1, width - used);
        const hyphen = hyphens && long.length > end ? long.lastIndexOf("-", end - 1) : -1;
        if (hyphen > 0 && /[^-]/.test(long.slice(0, hyphen))) end = hyphen + 1;
        current.push(long.slice(0, end));
        chunks[chunks.length - 1] = long.slice(end);
      } else if (current.length === 0) current.push(chunks.pop() as string);
    }
    if (current.length > 0 && (current.at(-1) as string).trim() === "") current.pop();
    if (current.length > 0) lines.push(current.join(""));
  }
  return lines;
}

const splitLines = (value: string): string[] => {
  const lines = value.split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
};

function parseInteger(value: string, base: number): number | bigint | undefined {
  const m = /^\s*([+-]?)(0[xXoObB])?([0-9a-zA-Z]+(?:_[0-9a-zA-Z]+)*)\s*$/.exec(value);
  if (m === null) return undefined;
  const [, sign, prefix, body = ""] = m;
  const prefixBase = { x: 16, o: 8, b: 2 }[prefix?.[1]?.toLowerCase() ?? ""];
  if (prefix !== undefined && prefixBase !== base)
    return base > 10 && /^[0-9a-z]+$/i.test(prefix) ? Number.parseInt(value, base) : undefined;
  let total = 0n;
  for (const c of body.replaceAll("_", "").toLowerCase()) {
    const digit = Number.parseInt(c, 36);
    if (digit >= base) return undefined;
    total = total * BigInt(base) + BigInt(digit);
  }
  if (sign === "-") total = -total;
  const small = Number(total);
  return Number.isSafeInteger(small) ? small : total;
}

function parseFloatStrictly(value: string): number | undefined {
  const t = value.trim().replace(/(?<=\d)_(?=\d)/g, "");
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(t)) return Number(t);
  if (/^[+-]?inf(?:inity)?$/i.test(t)) return t.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^[+-]?nan$/i.test(t) ? Number.NaN : undefined;
}

function toInteger(value: unknown, standard: unknown, base: number): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? Math.trunc(value) : standard;
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return Number(value);
  if (!isText(value)) return standard;
  const whole = parseInteger(String(value), base);
  if (whole !== undefined) return whole;
  const fraction = parseFloatStrictly(String(value));
  return fraction !== undefined && Number.isFinite(fraction) ? Math.trunc(fraction) : standard;
}

function toFloat(value: unknown, standard: unknown): unknown {
  if (typeof value === "number") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return Number(value);
  return isText(value) ? (parseFloatStrictly(String(value)) ?? standard) : standard;
}

export const textFilters: Record<string, AnyFilter> = {
  abs: define("", (value) => {
    const n = arithmetic("+", value, 0);
    return typeof n === "bigint" ? (n < 0n ? -n : n) : Math.abs(n as number) === n ? n : negate(n);
  }),
  capitalize: define("", (value) => keeping(value, capitalize)),
  center: define("width", (value, width) => keeping(value, (s) => center(s, numberOf(width, 80)))),
  default: define("default_value boolean", (value, standard = "", boolean = false) =>
    isUndefined(value) || (truth(boolean) && !truth(value)) ? standard : value,
  ),
  filesizeformat: define("binary", (value, binary = false) => {
    const bytes = toFloat(value, Number.NaN) as number;
    const base = truth(binary) ? 1024 : 1000;
    const units = truth(binary)
      ? ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"]
      : ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
    if (Number.isNaN(bytes)) throw new TemplateRuntimeError(`filesizeformat needs a number, got ${repr(value)}.`);
    if (bytes === 1) return "1 Byte";
    if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
    let at = 0;
    while (at < units.length - 1 && bytes >= base ** (at + 2)) at++;
    return `${((base * bytes) / base ** (at + 2)).toFixed(1)} ${units[at]}`;
  }),
  float: define("default", (value, standard = 0) => toFloat(value, standard)),
  format: defineOpen((value, ...all) => {
    const format = value instanceof Markup ? value : textOf(value);
    const { args, kwargs } = splitNamed(all);
    const named = Object.keys(kwargs).length > 0;
    if (named && args.length > 0) throw new TemplateRuntimeError("format takes positional or named values, not both.");
    return formatPercent(format, named ? [kwargs] : args);
  }),
  indent: define("width first blank", (value, width = 4, first = false, blank = false) => {
    const space = isText(width) ? String(width) : " ".repeat(numberOf(width, 4));
    return keeping(value, (s) => {
      const lines = splitLines(`${s}\n`);
      const body = lines.map((line, i) => (i === 0 || (line === "" && !truth(blank)) ? line : space + line)).join("\n");
      return (truth(first) ? space : "") + body;
    });
  }),
  int: define("default base", (value, standard = 0, base = 10) => toInteger(value, standard, numberOf(base, 10))),
  lower: define("", (value) => keeping(value, (s) => s.toLowerCase())),
  pprint: define("", (value) => repr(value)),
  replace: define("old new count", function (value, old, next, count) {
    const times = numberOf(count, -1);
    if (!this.autoescape) return replaceText(textOf(value), textOf(old), textOf(next), times);
    const part = (v: unknown): string => escape(isHtml(v) ? v : textOf(v)).value;
    if ([value, old, next].some(isHtml)) return new Markup(replaceText(part(value), part(old), part(next), times));
    return replaceText(textOf(value), textOf(old), textOf(next), times);
  }),
  round: define("precision method", (value, precision = 0, method = "common") => {
    const n = toFloat(arithmetic("+", value, 0), 0) as number;
    const digits = numberOf(precision, 0);
    const how = textOf(method);
    if (how === "common") return roundHalfEven(n, digits);
    if (how !== "ceil" && how !== "floor")
      throw new TemplateRuntimeError(`round knows the methods 'common', 'ceil' and 'floor', not '${how}'.`);
    return Math[how](n * 10 ** digits) / 10 ** digits;
  }),
  string: define("", (value) => (isHtml(value) ? value : textOf(value))),
  striptags: define("", (value) => unescape(stripTags(textOf(value)).split(/\s+/).filter(Boolean).join(" "))),
  title: define("", (value) => wordTitle(textOf(value))),
  trim: define("chars", (value, set) =>
    keeping(value, (s) => strip(s, "both", set === undefined || set === null ? undefined : textOf(set))),
  ),
  truncate: define("length killwords end leeway", (value, length = 255, kill = false, end = "...", leeway = 5) => {
    const full = chars(isText(value) ? String(value) : textOf(value));
    const max = numberOf(length, 255);
    const tail = textOf(end);
    if (max < tail.length) throw new TemplateRuntimeError(`truncate: a length of ${max} has no room for '${tail}'.`);
    if (full.length <= max + numberOf(leeway, 5)) return value;
    const list = full.slice(0, max - chars(tail).length);
    let kept = typeof list === "string" ? list : list.join("");
    if (!truth(kill) && kept.includes(" ")) kept = kept.slice(0, kept.lastIndexOf(" "));
    return value instanceof Markup ? new Markup(kept).concat(end) : kept + tail;
  }),
  upper: define("", (value) => keeping(value, (s) => s.toUpperCase())),
  wordcount: define("", (value) => (textOf(value).match(/[\p{L}\p{N}_]+/gu) ?? []).length),
  wordwrap: define(
    "width break_long_words wrapstring break_on_hyphens",
    (value, width = 79, breakLong = true, wrap = null, hyphens = true) => {
      const mark = wrap === null || wrap === undefined ? "\n" : textOf(wrap);
      return splitLines(textOf(value))
        .map((line) => wrapLine(line, numberOf(width, 79), truth(breakLong), truth(hyphens)).join(mark))
        .join(mark);
    },
  ),
};
