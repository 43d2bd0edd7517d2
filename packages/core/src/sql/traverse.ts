/** Walking and rewriting trees of nodes by reflection: nodes keep their children in plain properties. */
import { Element } from "./element.js";
import { Alias, ColumnReference, Cte, FromClause, Join, Subquery } from "./from.js";
import { Exists, ScalarSubquery } from "./functions.js";
import { KeyWriter } from "./key.js";
import { QueryStatement } from "./select.js";

/** The direct children of a node. Columns, tables, aliases and subqueries are leaves: they are names, not content. */
export function* children(node: Element): Iterable<Element> {
  if (node instanceof ColumnReference || (node instanceof FromClause && !(node instanceof Join))) return;
  for (const value of Object.values(node)) yield* elementsIn(value);
}
function* elementsIn(value: unknown): Iterable<Element> {
  if (value instanceof Element) yield value;
  else if (Array.isArray(value)) for (const v of value) yield* elementsIn(v);
}

function* within(value: unknown): Iterable<Element> {
  if (value instanceof Element) yield value;
  else if (Array.isArray(value)) for (const v of value) yield* within(v);
  else if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    for (const v of Object.values(value)) yield* within(v);
}
/**
 * A node and everything below it, outside first, each once; subqueries, CTEs and aliases are entered, tables and their
 * columns are leaves. Source: SQLAlchemy "visitors.iterate".
 */
export function* iterate(node: Element): Iterable<Element> {
  const seen = new Set<Element>([node]);
  const waiting: Element[] = [node];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    yield next;
    // Columns lead to what they are read from; that one stands in the statement too, or is added here.
    const below = next instanceof ColumnReference ? [next.from] : next.kind === "table" ? [] : Object.values(next);
    for (const value of below) {
      for (const child of within(value)) {
        if (seen.has(child)) continue;
        seen.add(child);
        waiting.push(child);
      }
    }
  }
}
/** Calls the visitor of each node's kind, outside first. Source: SQLAlchemy "visitors.traverse". */
export function traverse(node: Element, visitors: { readonly [kind: string]: (node: never) => void }): void {
  for (const each of iterate(node)) if (Object.hasOwn(visitors, each.kind)) visitors[each.kind]?.(each as never);
}
/**
 * A copy in which each node of a visited kind is a copy of its own that the visitor may write to; the original stays as
 * it was. Source: SQLAlchemy "visitors.cloned_traverse".
 */
export function clonedTraverse<T extends Element>(
  node: T,
  visitors: { readonly [kind: string]: (copy: never) => void },
): T {
  return replace(node, (each, copied) => {
    const visit = Object.hasOwn(visitors, each.kind) ? visitors[each.kind] : undefined;
    if (visit === undefined) return undefined;
    const below = copied(each);
    const own = below === each ? Object.assign(Object.create(Object.getPrototypeOf(each)), each) : below;
    visit(own as never);
    return own;
  });
}
/** Whether two nodes say the same: equal structure and equal values. Source: SQLAlchemy "ClauseElement.compare". */
export function compare(a: Element, b: Element): boolean {
  if (a === b) return true;
  const [one, other] = [a, b].map((x) => {
    const key = new KeyWriter().reset();
    key.nodesOnly = true;
    x.walk(key);
    return key;
  }) as [KeyWriter, KeyWriter];
  if (!one.cacheable || !other.cacheable) return false;
  if (one.n !== other.n || one.texts.length !== other.texts.length || one.params.length !== other.params.length)
    return false;
  for (let i = 0; i < one.n; i++) if (one.ids[i] !== other.ids[i]) return false;
  return one.texts.every((t, i) => t === other.texts[i]) && one.params.every((p, i) => equalValues(p, other.params[i]));
}
function equalValues(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return a.getTime() === (b as Date).getTime();
  if (a instanceof Element) return compare(a, b as Element);
  const [one, other] = [a, b] as { readonly [key: string]: unknown }[];
  const keys = Object.keys(one as object);
  return keys.length === Object.keys(other as object).length && keys.every((k) => equalValues(one?.[k], other?.[k]));
}

/** The FROM clauses whose columns an element reads, in order; those of nested queries are theirs alone. */
export function referencedFroms(node: Element, into: Set<FromClause> = new Set()): Set<FromClause> {
  if (node instanceof ColumnReference) into.add(node.from);
  else if (node instanceof Join) for (const leaf of node.leaves) into.add(leaf);
  else if (node instanceof FromClause) into.add(node);
  else if (!(node instanceof QueryStatement || node instanceof ScalarSubquery || node instanceof Exists)) {
    for (const child of children(node)) referencedFroms(child, into);
  }
  return into;
}

/**
 * A copy in which `change` has replaced nodes; where it gives undefined the node is copied only if something below it
 * changed. Aliases and subqueries are replaced as wholes, never entered.
 */
export function replace<T extends Element>(
  node: T,
  change: (node: Element, copied: (node: Element) => Element) => Element | undefined,
): T {
  const done = new Map<Element, Element>();
  const visit = (n: Element): Element => {
    const known = done.get(n);
    if (known !== undefined) return known;
    const direct = change(n, copy);
    const result = direct ?? copy(n);
    done.set(n, result);
    return result;
  };
  const copyValue = (value: unknown): unknown => {
    if (value instanceof Element) return visit(value);
    if (!Array.isArray(value)) return value;
    let changed = false;
    const list = value.map((v) => {
      const w = copyValue(v);
      changed ||= w !== v;
      return w;
    });
    return changed ? list : value;
  };
  const copy = (n: Element): Element => {
    if (n instanceof ColumnReference || n instanceof Alias || n instanceof Subquery || n instanceof Cte) return n;
    if (n instanceof FromClause && !(n instanceof Join)) return n;
    let changed: Record<string, unknown> | undefined;
    for (const [field, value] of Object.entries(n)) {
      const w = isRecordList(value) ? copyRecords(value, copyValue) : copyValue(value);
      if (w !== value) (changed ??= {})[field] = w;
    }
    if (changed === undefined) return n;
    return Object.assign(Object.create(Object.getPrototypeOf(n)), n, changed);
  };
  return visit(node) as T;
}
function isRecordList(value: unknown): value is readonly Record<string, unknown>[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    typeof value[0] === "object" &&
    value[0] !== null &&
    Object.getPrototypeOf(value[0]) === Object.prototype
  );
}
function copyRecords(list: readonly Record<string, unknown>[], copyValue: (v: unknown) => unknown): unknown {
  let changed = false;
  const out = list.map((record) => {
    const copy: Record<string, unknown> = {};
    for (const [k, v] of Object.entries(record)) {
      copy[k] = copyValue(v);
      changed ||= copy[k] !== v;
    }
    return copy;
  });
  return changed ? out : list;
}
