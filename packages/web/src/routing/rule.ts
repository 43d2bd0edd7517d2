/** One rule of the URL map: the text "/item/<int:id>" taken apart, ready to match and to build. */
import { didYouMean } from "@athanor/core";
import { WebError } from "../errors/web-error.js";
import { type Converter, type ConverterFactory, NoMatch, parseConverterOptions } from "./converter.js";

/** A literal stretch or a parameter. */
export type Piece = { readonly text: string } | { readonly name: string; readonly converter: Converter<unknown> };

/** Sort key of a dynamic part: more literal text first, then numbers before text before paths. */
export type Weight = readonly [number, readonly number[], number, readonly number[]];

/** One step of the matcher: a literal segment, a pattern for one segment, or one for all that is left. */
export type Part =
  | { readonly kind: "static"; readonly text: string }
  | {
      readonly kind: "dynamic";
      readonly source: string;
      readonly pattern: RegExp;
      readonly final: boolean;
      readonly suffixed: boolean;
      readonly weight: Weight;
    };

/** How a rule was registered. */
export interface RuleInit {
  readonly rule: string;
  readonly endpoint: string;
  /** Upper case; undefined means any method (static building rules). */
  readonly methods: ReadonlySet<string>;
  readonly strictSlashes: boolean;
  readonly defaults: Readonly<Record<string, unknown>>;
  /** In front of SERVER_NAME: "api", "<tenant>"; undefined: the bare host. */
  readonly subdomain?: string | undefined;
}

const escapeRegex = (text: string): string =>
  text.replace(/[\\^$.*+?()[\]{}|/-]/g, (ch) => (ch === "-" ? "-" : `\\${ch}`));

/** Stands for a slash that was percent-encoded: it must not separate segments. A lone surrogate cannot come from a URL. */
export const ENCODED_SLASH = "\uD800";

function compilePattern(source: string, rule: string): RegExp {
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(`^(?:${source})$`, flags);
    } catch {
      // A custom converter's expression may not be valid in unicode mode; the plain mode is tried next.
    }
  }
  throw new WebError("route", `The rule '${rule}' uses a converter whose regular expression '${source}' is not valid.`);
}

/** A parsed rule (Werkzeug: Rule). */
export class Rule {
  readonly rule: string;
  readonly endpoint: string;
  readonly methods: ReadonlySet<string>;
  readonly strictSlashes: boolean;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly subdomain: string | undefined;
  readonly pieces: readonly Piece[];
  readonly #host: readonly Piece[];
  /** Parameter names in order, those of the subdomain first. */
  readonly names: readonly string[];
  readonly converters: readonly Converter<unknown>[];
  readonly parts: readonly Part[];
  /** Ends in "/" and so also answers, by a redirect, without it. */
  readonly isBranch: boolean;

  constructor(init: RuleInit, converters: ReadonlyMap<string, ConverterFactory>) {
    this.rule = init.rule;
    this.endpoint = init.endpoint;
    this.methods = init.methods;
    this.strictSlashes = init.strictSlashes;
    this.defaults = init.defaults;
    if (!init.rule.startsWith("/"))
      throw new WebError("route", `The rule '${init.rule}' must start with a slash, as in '/${init.rule}'.`);
    this.subdomain = init.subdomain;
    this.pieces = parseRule(init.rule, converters);
    this.#host = init.subdomain === undefined ? [] : parseRule(init.subdomain, converters);
    const named = [...this.#host, ...this.pieces].filter((p) => "name" in p);
    const twice = named.find((p, i) => named.findIndex((q) => q.name === p.name) < i);
    if (twice !== undefined)
      throw new WebError(
        "route",
        `The rule '${init.rule}' and its subdomain '${init.subdomain}' both have '${twice.name}'.`,
      );
    this.names = named.map((p) => p.name);
    this.converters = named.map((p) => p.converter);
    this.isBranch = init.rule.endsWith("/");
    this.parts = toParts(this.pieces, init.rule);
    for (const key of this.names) {
      if (key in this.defaults)
        throw new WebError(
          "route",
          `The rule '${init.rule}' has '${key}' both as a parameter and in its defaults. Keep one.`,
        );
    }
  }

  /**
   * The path for these values and the names that were left over, or a reason why it cannot be built.
   * `convert` refuses show up as reasons, so that `urlFor` can list every candidate.
   */
  build(
    values: Readonly<Record<string, unknown>>,
  ):
    | { readonly path: string; readonly subdomain: string; readonly used: ReadonlySet<string> }
    | { readonly reason: string } {
    const used = new Set<string>();
    const [host, path] = [fill(this.#host, values, used), fill(this.pieces, values, used)];
    if ("reason" in host) return host;
    if ("reason" in path) return path;
    for (const [key, value] of Object.entries(this.defaults)) {
      if (key in values) {
        if (values[key] !== value) return { reason: `'${key}' must be ${JSON.stringify(value)}` };
        used.add(key);
      }
    }
    return { path: path.text, subdomain: host.text, used };
  }

  /** Takes the subdomain apart; undefined: a fixed text, or none. */
  get hostPattern(): RegExp | undefined {
    if (!this.#host.some((p) => "name" in p)) return undefined;
    const source = this.#host
      .map((p) => ("text" in p ? escapeRegex(p.text) : `(${p.converter.regex ?? "[^/]+"})`))
      .join("");
    return compilePattern(source, this.subdomain ?? "");
  }
}

/** Texts and formatted values in a row. */
function fill(
  pieces: readonly Piece[],
  values: Readonly<Record<string, unknown>>,
  used: Set<string>,
): { readonly text: string } | { readonly reason: string } {
  let text = "";
  for (const piece of pieces) {
    if ("text" in piece) {
      text += encodePath(piece.text);
      continue;
    }
    const value = values[piece.name];
    if (value === undefined || value === null) return { reason: `'${piece.name}' is missing` };
    let shown: string;
    try {
      shown = piece.converter.format(value);
    } catch (error) {
      return {
        reason: `'${piece.name}' cannot be ${JSON.stringify(String(value))}: ${error instanceof NoMatch ? error.message : String(error)}`,
      };
    }
    if (shown === "") return { reason: `'${piece.name}' is empty` };
    text += piece.converter.multiSegment === true ? encodePath(shown) : encodeSegment(shown);
    used.add(piece.name);
  }
  return { text };
}

const KEEP = /[!$&'()*+,;=:@]/;
function encodeSegment(text: string): string {
  // "." and ".." alone would be swallowed by URL parsers, encoded or not; they stay as they are.
  return Array.from(text.replace(/[\uD800-\uDFFF]/gu, "\uFFFD"), (ch) =>
    KEEP.test(ch) ? ch : encodeURIComponent(ch),
  ).join("");
}
function encodePath(text: string): string {
  return text.split("/").map(encodeSegment).join("/");
}

const PARAMETER = /<(?:([A-Za-z_]\w*)(?:\(([^>]*)\))?:)?([A-Za-z_]\w*)>/y;

function parseRule(rule: string, converters: ReadonlyMap<string, ConverterFactory>): Piece[] {
  const pieces: Piece[] = [];
  const seen = new Set<string>();
  let at = 0;
  while (at < rule.length) {
    const open = rule.indexOf("<", at);
    const text = rule.slice(at, open === -1 ? rule.length : open);
    if (text.includes(">")) throw new WebError("route", `The rule '${rule}' has a '>' without its '<'.`);
    if (text !== "") pieces.push({ text });
    if (open === -1) break;
    PARAMETER.lastIndex = open;
    const found = PARAMETER.exec(rule);
    if (found === null)
      throw new WebError(
        "route",
        `The rule '${rule}' has a malformed parameter near '${rule.slice(open, open + 20)}'. Write <name>, <int:name> or <int(min=1):name>.`,
      );
    const [whole, converter = "default", options, name = ""] = found;
    if (seen.has(name)) throw new WebError("route", `The rule '${rule}' uses the parameter '${name}' twice.`);
    seen.add(name);
    const factory = converters.get(converter);
    if (factory === undefined) {
      throw new WebError(
        "route",
        `The rule '${rule}' uses the unknown converter '${converter}'.${didYouMean(converter, converters.keys())} Known: ${[...converters.keys()].join(", ")}. Add your own with app.converter("${converter}", ...).`,
      );
    }
    pieces.push({ name, converter: factory(parseConverterOptions(options ?? "", rule), rule) });
    at = open + whole.length;
  }
  return pieces;
}

/** Splits at slashes; everything after a parameter that may hold slashes becomes one final pattern. */
function toParts(pieces: readonly Piece[], rule: string): Part[] {
  const parts: Part[] = [];
  let source = "";
  let literal = "";
  let dynamic = false;
  let final = false;
  let statics: number[] = [];
  let weights: number[] = [];
  const flush = () => {
    if (!dynamic) parts.push({ kind: "static", text: literal });
    else {
      let suffixed = false;
      if (final && source.endsWith("\\/")) {
        source = `${source.slice(0, -2)}(?<!\\/)(\\/?)`;
        suffixed = true;
      }
      parts.push({
        kind: "dynamic",
        source,
        pattern: compilePattern(source, rule),
        final,
        suffixed,
        weight: [-statics.length, statics, -weights.length, weights],
      });
    }
    source = literal = "";
    dynamic = false;
    statics = [];
    weights = [];
  };
  for (const piece of pieces) {
    if ("name" in piece) {
      dynamic = true;
      if (piece.converter.multiSegment === true) final = true;
      source += `(${piece.converter.regex ?? "[^/]+"})`;
      weights.push(piece.converter.weight ?? 100);
      continue;
    }
    const segments = final ? [piece.text] : piece.text.split("/");
    segments.forEach((segment, i) => {
      if (i > 0) flush();
      if (segment === "") return;
      literal += segment;
      source += escapeRegex(segment);
      statics.push(statics.length, -segment.length);
    });
  }
  flush();
  return parts;
}
