/**
 * Text that is known to be safe HTML. A `Markup` is never escaped again; whatever is mixed into it is escaped first.
 * It carries `isEscaped`, so Hono's `html` and JSX accept it as it is. Source: MarkupSafe (semantics), Hono "html helper".
 */
import { TemplateRuntimeError } from "./errors.js";
import { braceFormat, type FormatHooks, percentFormat } from "./formatting.js";

const SPECIAL = /[&<>'"]/;

function escapeText(text: string): string {
  let at = text.search(SPECIAL);
  if (at < 0) return text;
  let out = "";
  let from = 0;
  for (; at < text.length; at++) {
    let to: string;
    switch (text.charCodeAt(at)) {
      case 38:
        to = "&amp;";
        break;
      case 60:
        to = "&lt;";
        break;
      case 62:
        to = "&gt;";
        break;
      case 39:
        to = "&#39;";
        break;
      case 34:
        to = "&#34;";
        break;
      default:
        continue;
    }
    out += text.slice(from, at) + to;
    from = at + 1;
  }
  return out + text.slice(from);
}

/** Anything that says of itself that its text is safe HTML: `Markup`, Hono's `raw`/`html` results, JSX nodes, fields. */
export interface HtmlLike {
  readonly isEscaped: true;
  toString(): string;
}

/** Whether a value's text is safe HTML: it has `isEscaped === true` or a method `__html__`. */
export function isHtml(value: unknown): value is HtmlLike {
  if (value instanceof Markup) return true;
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return false;
  const v = value as { isEscaped?: unknown; __html__?: unknown };
  return v.isEscaped === true || typeof v.__html__ === "function";
}

/** The HTML of an `HtmlLike`; a string, or a promise of one where an asynchronous component stands behind it. */
export function htmlText(value: unknown): string | Promise<string> {
  if (value instanceof Markup) return value.value;
  const v = value as { __html__?: unknown; toString(): unknown };
  const text: unknown = typeof v.__html__ === "function" ? v.__html__() : v.toString();
  if (typeof text === "string") return text;
  return Promise.resolve(text).then(String);
}

function htmlNow(value: unknown): string {
  const text = htmlText(value);
  if (typeof text === "string") return text;
  throw new TemplateRuntimeError(
    "This HTML value is still a promise; await it before mixing it into other HTML.",
    "template.pending-html",
  );
}

const plain: FormatHooks = {
  text: (value) => (isHtml(value) ? htmlNow(value) : escapeText(String(value ?? ""))),
  repr: (value) => escapeText(typeof value === "string" ? JSON.stringify(value) : String(value)),
  attribute: (value, name) => {
    if ((typeof value === "object" || typeof value === "function") && value !== null && Object.hasOwn(value, name)) {
      return (value as Record<string, unknown>)[name];
    }
    throw new TemplateRuntimeError(`format: there is no own member '${name}'.`);
  },
};

/**
 * Safe HTML.
 * @example new Markup("<b>").concat("<i>")   // <b>&lt;i&gt;
 */
export class Markup implements HtmlLike {
  readonly value: string;
  /** Read by Hono's `html` helper and JSX. */
  get isEscaped(): true {
    return true;
  }

  constructor(value: string) {
    this.value = value;
  }

  /** Escapes what is not yet safe; `null` and `undefined` become empty. */
  static escape(value: unknown): Markup {
    return escape(value);
  }

  get length(): number {
    return this.value.length;
  }
  toString(): string {
    return this.value;
  }
  valueOf(): string {
    return this.value;
  }
  toJSON(): string {
    return this.value;
  }
  [Symbol.iterator](): IterableIterator<string> {
    return this.value[Symbol.iterator]();
  }
  /** Another HTML text behind this one; plain values are escaped. */
  concat(...others: readonly unknown[]): Markup {
    return new Markup(others.reduce<string>((text, other) => text + escape(other).value, this.value));
  }
  /** This HTML between the escaped items. */
  join(items: Iterable<unknown>): Markup {
    return new Markup(Array.from(items, (item) => escape(item).value).join(this.value));
  }
  upper(): Markup {
    return new Markup(this.value.toUpperCase());
  }
  lower(): Markup {
    return new Markup(this.value.toLowerCase());
  }
  toUpperCase(): Markup {
    return this.upper();
  }
  toLowerCase(): Markup {
    return this.lower();
  }
  /** Replaces all (or the first `count`) occurrences of a text; what is searched and what replaces it are escaped. */
  replace(search: unknown, replacement: unknown, count = -1): Markup {
    return new Markup(
      replaceText(
        this.value,
        search instanceof Markup ? search.value : String(search),
        escape(replacement).value,
        count,
      ),
    );
  }
  replaceAll(search: unknown, replacement: unknown): Markup {
    return this.replace(search, replacement);
  }
  repeat(times: number): Markup {
    return new Markup(this.value.repeat(Math.max(0, times)));
  }
  slice(start?: number, end?: number): Markup {
    return new Markup(this.value.slice(start, end));
  }
  trim(): Markup {
    return new Markup(this.value.trim());
  }
  split(separator: string): Markup[] {
    return this.value.split(separator).map((part) => new Markup(part));
  }
  /** `{}` formatting with escaped values. */
  format(...values: readonly unknown[]): Markup {
    const last = values.at(-1);
    const named = typeof last === "object" && last !== null && !isHtml(last) ? (last as Record<string, unknown>) : {};
    return new Markup(braceFormat(this.value, values, named, plain));
  }
  /** `%s` formatting with escaped values. */
  percent(...values: readonly unknown[]): Markup {
    const named = (name: string): unknown => plain.attribute(values[0], name);
    return new Markup(percentFormat(this.value, values, named, plain));
  }
  /** The text without tags and comments, white space collapsed, entities resolved. Not a sanitizer. */
  stripTags(): string {
    return unescape(stripTags(this.value).split(/\s+/).filter(Boolean).join(" "));
  }
  /** The text with entities resolved; no longer HTML. */
  unescape(): string {
    return unescape(this.value);
  }
}

/** All, or the first `count`, occurrences replaced, without regular expressions. */
export function replaceText(text: string, search: string, replacement: string, count = -1): string {
  if (count < 0) return text.split(search).join(replacement);
  const parts = text.split(search);
  let out = parts[0] ?? "";
  for (let i = 1; i < parts.length; i++) out += (i <= count ? replacement : search) + (parts[i] ?? "");
  return out;
}

/** HTML without its comments and tags, in one pass from left to right. */
export function stripTags(html: string): string {
  let text = html;
  for (let open = text.indexOf("<!--"); open >= 0; open = text.indexOf("<!--")) {
    const close = text.indexOf("-->", open);
    if (close < 0) break;
    text = text.slice(0, open) + text.slice(close + 3);
  }
  for (let open = text.indexOf("<"); open >= 0; open = text.indexOf("<")) {
    const close = text.indexOf(">", open);
    if (close < 0) break;
    text = text.slice(0, open) + text.slice(close + 1);
  }
  return text;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  copy: "©",
  hellip: "…",
  mdash: "—",
  ndash: "–",
  euro: "€",
  laquo: "«",
  raquo: "»",
};

/** Resolves numeric entities and the common named ones. */
export function unescape(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]+));/g,
    (all, dec?: string, hex?: string, name?: string) => {
      if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] as string) : all;
      const code = dec !== undefined ? Number(dec) : Number.parseInt(hex ?? "", 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
    },
  );
}

/**
 * Makes a value safe HTML: `& < > ' "` become `&amp; &lt; &gt; &#39; &#34;`, what is already HTML stays.
 * @throws TemplateRuntimeError when the value is HTML that is still being made (an async component)
 */
export function escape(value: unknown): Markup {
  if (value instanceof Markup) return value;
  if (typeof value === "string") return new Markup(escapeText(value));
  if (value === null || value === undefined) return new Markup("");
  if (isHtml(value)) return new Markup(htmlNow(value));
  return new Markup(escapeText(String(value)));
}

/** Escapes plain text to plain text; the fast path of generated code. */
export const escapeString: (text: string) => string = escapeText;

/**
 * Tagged template for HTML in TypeScript: the literal parts are trusted, every `${value}` is escaped. Arrays are joined;
 * `null`, `undefined` and booleans print nothing, so that `${on && html`<b>`}` reads well.
 * @example html`<h1>Item ${id}</h1>`
 * @throws TemplateRuntimeError for a promise: await it first
 */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): Markup {
  let out = strings[0] ?? "";
  for (let i = 0; i < values.length; i++) out += interpolate(values[i]) + (strings[i + 1] ?? "");
  return new Markup(out);
}

function interpolate(value: unknown): string {
  if (value === null || value === undefined || typeof value === "boolean") return "";
  if (Array.isArray(value)) return value.map(interpolate).join("");
  if (typeof value === "object" && !isHtml(value) && typeof (value as { then?: unknown }).then === "function") {
    throw new TemplateRuntimeError(
      "html`…` got a promise; await the value before putting it in.",
      "template.pending-html",
    );
  }
  return escape(value).value;
}
