/** The route table: finds the rule for a path, weight-sorted whatever the order of registration (Werkzeug: StateMachineMatcher). */
import { didYouMean } from "@athanor/core";
import { WebError } from "../errors/web-error.js";
import { builtinConverters, type Converter, type ConverterFactory } from "./converter.js";
import { ENCODED_SLASH, type Part, Rule, type RuleInit, type Weight } from "./rule.js";

/** What a path led to. */
export type Match =
  | { readonly kind: "found"; readonly rule: Rule; readonly args: Readonly<Record<string, unknown>> }
  | { readonly kind: "redirect"; readonly path: string }
  | { readonly kind: "wrong-method"; readonly allowed: readonly string[] }
  | { readonly kind: "none" };

interface State {
  readonly statics: Map<string, State>;
  readonly dynamics: { readonly part: Part & { kind: "dynamic" }; readonly next: State }[];
  readonly rules: Rule[];
}
const newState = (): State => ({ statics: new Map(), dynamics: [], rules: [] });

function compareLists(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
function compareWeights(a: Weight, b: Weight): number {
  return a[0] - b[0] || compareLists(a[1], b[1]) || a[2] - b[2] || compareLists(a[3], b[3]);
}

/** Decodes one segment; a broken escape stays as it was written. */
function decodeSegment(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment).replaceAll("/", ENCODED_SLASH);
  } catch {
    return segment;
  }
}

/** Signals, while descending, that the path is right but for its last slash. */
const SLASH_REQUIRED = Symbol("slash required");
type Found = { readonly rule: Rule; readonly args: Readonly<Record<string, unknown>> };

/**
 * All rules of an app.
 *
 * @example map.match("GET", "/item/3")
 */
export class UrlMap {
  readonly converters: Map<string, ConverterFactory> = new Map(builtinConverters);
  readonly rules: Rule[] = [];
  readonly #byEndpoint = new Map<string, Rule[]>();
  readonly #root = newState();
  /** States by the text of their subdomain; fixed texts are tried before patterns. */
  readonly #hosts = new Map<string, { readonly pattern: RegExp | undefined; readonly root: State }>();
  #sorted = true;

  /** Adds a converter for the rules that follow. */
  addConverter<T>(name: string, converter: Converter<T> | ((...options: never[]) => Converter<T>)): void {
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw new WebError("route", `'${name}' cannot name a converter: use letters, digits and underscores.`);
    // The map forgets T: values reach `format` from urlFor, whose arguments are untyped at run time anyway.
    const made = converter as Converter<unknown> | ((...options: unknown[]) => Converter<unknown>);
    this.converters.set(
      name,
      typeof made === "function"
        ? (o) => made(...o.positional, ...(Object.keys(o.named).length > 0 ? [o.named] : []))
        : () => made,
    );
  }

  add(init: RuleInit): Rule {
    const rule = new Rule(init, this.converters);
    this.rules.push(rule);
    const list = this.#byEndpoint.get(rule.endpoint);
    if (list === undefined) this.#byEndpoint.set(rule.endpoint, [rule]);
    else list.push(rule);
    let state = this.#rootOf(rule);
    for (const part of rule.parts) state = descend(state, part);
    state.rules.push(rule);
    this.#sorted = false;
    return rule;
  }

  #rootOf(rule: Rule): State {
    if (rule.subdomain === undefined) return this.#root;
    let host = this.#hosts.get(rule.subdomain);
    if (host === undefined) this.#hosts.set(rule.subdomain, (host = { pattern: rule.hostPattern, root: newState() }));
    return host.root;
  }

  /** Whether some rule answers at a subdomain only. */
  get hasSubdomains(): boolean {
    return this.#hosts.size > 0;
  }

  /** Where the rules of a subdomain begin, with what it stands for. */
  #startsFor(subdomain: string): readonly (readonly [State, readonly string[]])[] {
    if (subdomain === "" || this.#hosts.size === 0) return [[this.#root, []]];
    const starts: (readonly [State, readonly string[]])[] = [];
    for (const [text, { pattern, root }] of this.#hosts)
      if (pattern === undefined && text === subdomain) starts.push([root, []]);
    for (const { pattern, root } of this.#hosts.values()) {
      const found = pattern?.exec(subdomain);
      if (found) starts.push([root, found.slice(1)]);
    }
    return starts;
  }

  has(endpoint: string): boolean {
    return this.#byEndpoint.has(endpoint);
  }

  endpoints(): Iterable<string> {
    return this.#byEndpoint.keys();
  }

  rulesFor(endpoint: string): readonly Rule[] {
    return this.#byEndpoint.get(endpoint) ?? [];
  }

  /** Finds the rule for a still percent-encoded path; an escaped slash (%2F) stays inside its segment. */
  match(method: string, rawPath: string, subdomain = ""): Match {
    if (!this.#sorted) {
      for (const root of [this.#root, ...[...this.#hosts.values()].map((h) => h.root)]) sortStates(root);
      this.#sorted = true;
    }
    // As in WSGI, leading slashes count as one; a redirect to "//host" would leave the site.
    const path = rawPath.replace(/^\/{2,}/, "/");
    const attempt = this.#attempt(method, path, subdomain);
    if (attempt.kind !== "none" || !path.includes("//")) return attempt;
    const merged = path.replace(/\/{2,}/g, "/");
    const again = this.#attempt(method, merged, subdomain);
    if (again.kind === "found") return { kind: "redirect", path: merged };
    return again;
  }

  #attempt(method: string, rawPath: string, subdomain: string): Match {
    const allowed = new Set<string>();
    const parts = rawPath.split("/").map(decodeSegment);
    for (const [root, values] of this.#startsFor(subdomain)) {
      const result = this.#walk(root, parts, 0, values, method, allowed);
      if (result === SLASH_REQUIRED) return { kind: "redirect", path: `${rawPath}/` };
      if (result !== null) return { kind: "found", ...result };
    }
    return allowed.size > 0 ? { kind: "wrong-method", allowed: [...allowed].sort() } : { kind: "none" };
  }

  #walk(
    state: State,
    parts: readonly string[],
    at: number,
    values: readonly string[],
    method: string,
    allowed: Set<string>,
  ): Found | typeof SLASH_REQUIRED | null {
    if (at === parts.length) {
      for (const rule of state.rules) {
        const found = accept(rule, values);
        if (found === null) continue;
        if (rule.methods.has(method)) return found;
        for (const m of rule.methods) allowed.add(m);
      }
      for (const rule of state.statics.get("")?.rules ?? []) {
        const found = accept(rule, values);
        if (found === null || !rule.methods.has(method)) continue;
        return rule.strictSlashes ? SLASH_REQUIRED : found;
      }
      return null;
    }
    const part = parts[at]!;
    const fixed = state.statics.get(part);
    if (fixed !== undefined) {
      const found = this.#walk(fixed, parts, at + 1, values, method, allowed);
      if (found !== null) return found;
    }
    for (const { part: test, next } of state.dynamics) {
      const target = test.final ? parts.slice(at).join("/") : part;
      const groups = test.pattern.exec(target);
      if (groups === null) continue;
      let captured = groups.slice(1);
      let rest: readonly string[] = test.final ? [] : parts;
      let index = test.final ? 0 : at + 1;
      if (test.suffixed) {
        rest = captured.at(-1) === "/" ? [""] : [];
        index = 0;
        captured = captured.slice(0, -1);
      }
      const found = this.#walk(next, rest, index, [...values, ...captured], method, allowed);
      if (found !== null) return found;
    }
    if (part === "" && at === parts.length - 1) {
      for (const rule of state.rules) {
        if (rule.strictSlashes) continue;
        const found = accept(rule, values);
        if (found === null) continue;
        if (rule.methods.has(method)) return found;
        for (const m of rule.methods) allowed.add(m);
      }
    }
    return null;
  }

  /**
   * The path and the left-over values for an endpoint.
   *
   * @throws WebError "build-url" naming the candidates
   */
  build(
    endpoint: string,
    values: Readonly<Record<string, unknown>>,
    method?: string,
  ): {
    readonly path: string;
    readonly subdomain: string;
    readonly rest: Readonly<Record<string, unknown>>;
    readonly rule: Rule;
  } {
    const rules = this.rulesFor(endpoint);
    if (rules.length === 0) {
      throw new WebError(
        "build-url",
        `There is no endpoint '${endpoint}'.${didYouMean(endpoint, this.endpoints())} Known endpoints: ${[...this.endpoints()].sort().join(", ") || "none"}.`,
      );
    }
    const reasons: string[] = [];
    let best: { path: string; subdomain: string; rest: Record<string, unknown>; rule: Rule; score: number } | undefined;
    for (const rule of rules) {
      if (method !== undefined && !rule.methods.has(method.toUpperCase())) {
        reasons.push(`${rule.rule} (does not answer ${method.toUpperCase()})`);
        continue;
      }
      const built = rule.build(values);
      if ("reason" in built) {
        reasons.push(`${rule.rule} (${built.reason})`);
        continue;
      }
      const rest = Object.fromEntries(Object.entries(values).filter(([key]) => !built.used.has(key)));
      // The rule that takes up most of the values wins; of equals, the first registered.
      if (best === undefined || built.used.size > best.score)
        best = { path: built.path, subdomain: built.subdomain, rest, rule, score: built.used.size };
    }
    if (best === undefined) {
      throw new WebError(
        "build-url",
        `No URL for the endpoint '${endpoint}' with the values ${JSON.stringify(Object.keys(values))}. Candidates: ${reasons.join("; ")}.`,
      );
    }
    return best;
  }
}

function descend(state: State, part: Part): State {
  if (part.kind === "static") {
    let next = state.statics.get(part.text);
    if (next === undefined) state.statics.set(part.text, (next = newState()));
    return next;
  }
  const same = state.dynamics.find(
    (d) =>
      d.part.source === part.source && d.part.final === part.final && compareWeights(d.part.weight, part.weight) === 0,
  );
  const next = same?.next ?? newState();
  if (same === undefined) state.dynamics.push({ part, next });
  // A suffixed part leaves "" behind for its own trailing slash.
  return part.suffixed ? descend(next, { kind: "static", text: "" }) : next;
}

function sortStates(state: State): void {
  state.dynamics.sort((a, b) => compareWeights(a.part.weight, b.part.weight));
  for (const next of state.statics.values()) sortStates(next);
  for (const { next } of state.dynamics) sortStates(next);
}

/** Converts the captured texts; a converter that refuses makes the rule not match. */
function accept(rule: Rule, values: readonly string[]): Found | null {
  const args: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  Object.assign(args, rule.defaults);
  try {
    rule.names.forEach((name, i) => {
      const value = rule.converters[i]!.parse((values[i] ?? "").replaceAll(ENCODED_SLASH, "/"));
      // A promise may be dropped when another rule wins; its rejection must not end the process then.
      if (value instanceof Promise) value.catch(() => undefined);
      args[name] = value;
    });
  } catch {
    return null;
  }
  return { rule, args };
}
