/** Filters that make HTML, URLs and JSON. */

import type { AnyFilter } from "../context.js";
import { TemplateRuntimeError } from "../errors.js";
import { escape, isHtml, Markup } from "../markup.js";
import { isUndefined, kindOf, Undefined } from "../undefined.js";
import { entriesOf, isMapping, isText, toList, truth } from "../values.js";
import { define, numberOf, textOf } from "./define.js";

const safeText = (value: unknown): Markup => escape(isHtml(value) ? value : textOf(value));

/** Percent-encodes as RFC 3986 wants; `/` stays unless the text is part of a query. */
function quoteUrl(value: unknown, forQuery: boolean): string {
  const text = textOf(value).replace(
    /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    "\ufffd",
  );
  const out = encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return forQuery ? out.replaceAll("%20", "+") : out.replaceAll("%2F", "/");
}

/** JSON as Python writes it: sorted keys, ", " and ": ", ASCII only. */
function dump(value: unknown, indent: string, level: string): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return enclose(
      "[",
      value.map((item) => dump(item, indent, level + indent)),
      "]",
      indent,
      level,
    );
  }
  if (typeof value === "object" && value !== null) {
    const keys = Object.keys(value).sort();
    if (keys.length === 0) return "{}";
    const rows = keys.map(
      (key) => `${dump(key, "", "")}: ${dump((value as Record<string, unknown>)[key], indent, level + indent)}`,
    );
    return enclose("{", rows, "}", indent, level);
  }
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
function enclose(open: string, rows: readonly string[], close: string, indent: string, level: string): string {
  if (indent === "") return open + rows.join(", ") + close;
  return `${open}\n${rows.map((row) => level + indent + row).join(",\n")}\n${level}${close}`;
}

/**
 * JSON that is safe in a script, in an attribute and between tags: `< > & '` are written as escapes.
 * Maps become objects, sets lists; a bigint beyond 2^53 becomes text, because JSON readers would round it.
 * @throws TemplateRuntimeError for values JSON cannot hold
 */
export function toJson(value: unknown, indent: number | string = 0): Markup {
  let plain: unknown;
  try {
    const json = JSON.stringify(value, (_key, v: unknown) => {
      if (typeof v === "bigint") return Number.isSafeInteger(Number(v)) ? Number(v) : String(v);
      if (v instanceof Map) return Object.fromEntries(v);
      if (v instanceof Set) return [...v];
      return v;
    });
    if (json === undefined) throw new TypeError(`${kindOf(value)} has no JSON form`);
    plain = JSON.parse(json);
  } catch (error) {
    if (error instanceof TemplateRuntimeError) throw error;
    throw new TemplateRuntimeError(`tojson: ${(error as Error).message}.`, "template.json", { cause: error });
  }
  const text = dump(plain, typeof indent === "string" ? indent : " ".repeat(indent), "");
  return new Markup(
    text.replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026").replaceAll("'", "\\u0027"),
  );
}

const HTTP = new RegExp(
  "^(?:" +
    "(?:https?://|www\\.)(?:(?:[\\w%-]+\\.)+)?(?:[a-z]{2,63}|xn--[\\w%]{2,59})" +
    "|(?:[\\w%-]{2,63}\\.)+(?:com|net|int|edu|gov|org|info|mil)" +
    "|https?://(?:\\d{1,3}(?:\\.\\d{1,3}){3}|\\[(?:[\\da-f]{0,4}:){2}(?:[\\da-f]{0,4}:?){1,6}\\])" +
    ")(?::\\d{1,5})?(?:[/?#]\\S*)?$",
  "i",
);
const EMAIL = /^\S+@\w[\w.-]*\.\w+$/;
const PAIRS = [
  ["(", ")"],
  ["<", ">"],
  ["&lt;", "&gt;"],
] as const;

interface LinkOptions {
  readonly limit: number | undefined;
  readonly rel: string;
  readonly target: string;
  readonly schemes: readonly string[];
}

const occurrences = (text: string, part: string): number => text.split(part).length - 1;

function linkWord(word: string, options: LinkOptions): string {
  const head = /^(?:[(<]|&lt;)+/.exec(word)?.[0] ?? "";
  let middle = word.slice(head.length);
  let tail = /(?:[)>.,\n]|&gt;)+$/.exec(middle)?.[0] ?? "";
  if (tail !== "") middle = middle.slice(0, -tail.length);
  // Closing marks whose opening one is inside the address belong to the address.
  for (const [open, close] of PAIRS) {
    const opened = occurrences(middle, open);
    if (opened <= occurrences(middle, close)) continue;
    for (let n = Math.min(opened, occurrences(tail, close)); n > 0; n--) {
      const end = tail.indexOf(close) + close.length;
      middle += tail.slice(0, end);
      tail = tail.slice(end);
    }
  }
  const shown = (text: string): string =>
    options.limit !== undefined && text.length > options.limit ? `${text.slice(0, options.limit)}...` : text;
  if (HTTP.test(middle)) {
    const href = /^https?:\/\//.test(middle) ? middle : `https://${middle}`;
    middle = `<a href="${href}"${options.rel}${options.target}>${shown(middle)}</a>`;
  } else if (middle.startsWith("mailto:") && EMAIL.test(middle.slice(7))) {
    middle = `<a href="${middle}">${middle.slice(7)}</a>`;
  } else if (middle.includes("@") && !middle.startsWith("www.") && !middle.includes(":") && EMAIL.test(middle)) {
    middle = `<a href="mailto:${middle}">${middle}</a>`;
  } else {
    const scheme = options.schemes.find((s) => middle !== s && middle.startsWith(s));
    if (scheme !== undefined) middle = `<a href="${middle}"${options.rel}${options.target}>${middle}</a>`;
  }
  return head + middle + tail;
}

export const htmlFilters: Record<string, AnyFilter> = {
  escape: define("", (value) => (isHtml(value) ? value : escape(textOf(value)))),
  forceescape: define("", (value) => escape(textOf(value))),
  safe: define("", (value) => (value instanceof Markup ? value : new Markup(textOf(value)))),
  tojson: define("indent", (value, indent) => {
    if (value instanceof Undefined) value.fail();
    return toJson(value === undefined ? null : value, isText(indent) ? String(indent) : numberOf(indent, 0));
  }),
  urlencode: define("", async (value) => {
    if (
      isText(value) ||
      !(isMapping(value) || (typeof value === "object" && value !== null && Symbol.iterator in value))
    )
      return quoteUrl(value, false);
    const pairs = isMapping(value) ? entriesOf(value) : ((await toList(value)) as [unknown, unknown][]);
    return pairs.map(([k, v]) => `${quoteUrl(k, true)}=${quoteUrl(v, true)}`).join("&");
  }),
  urlize: define(
    "trim_url_limit nofollow target rel extra_schemes",
    function (value, limit, nofollow = false, target, rel, schemes) {
      const rels = new Set(
        [...textOf(rel ?? "").split(/\s+/), "noopener", ...(truth(nofollow) ? ["nofollow"] : [])].filter(Boolean),
      );
      const extra = Array.isArray(schemes) ? schemes.map(textOf) : [];
      for (const scheme of extra) {
        if (!/^[\w.+-]{2,}:\/{0,2}$/.test(scheme))
          throw new TemplateRuntimeError(`urlize: '${scheme}' is not the beginning of a URL, such as 'tel:'.`);
      }
      const options: LinkOptions = {
        limit: typeof limit === "number" ? limit : undefined,
        rel: ` rel="${escape([...rels].sort().join(" ")).value}"`,
        target: target === undefined || target === null ? "" : ` target="${safeText(target).value}"`,
        schemes: extra,
      };
      const words = safeText(value).value.split(/(\s+)/);
      const html = words.map((word, i) => (i % 2 === 1 ? word : linkWord(word, options))).join("");
      return this.autoescape ? new Markup(html) : html;
    },
  ),
  xmlattr: define("autospace", function (value, autospace = true) {
    if (!isMapping(value)) throw new TemplateRuntimeError(`xmlattr needs an object or a Map, got ${kindOf(value)}.`);
    const parts: string[] = [];
    for (const [key, v] of entriesOf(value)) {
      if (v === null || isUndefined(v)) continue;
      const name = textOf(key);
      if (/[\s/>=]/.test(name))
        throw new TemplateRuntimeError(`xmlattr: '${name}' cannot be the name of an attribute.`);
      parts.push(`${escape(name).value}="${safeText(v).value}"`);
    }
    const text = (parts.length > 0 && truth(autospace) ? " " : "") + parts.join(" ");
    return this.autoescape ? new Markup(text) : text;
  }),
};
