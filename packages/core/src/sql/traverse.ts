/** Walking and rewriting trees of nodes by reflection: nodes keep their children in plain properties. */
import { Element } from "./element.js";
import { Alias, ColumnReference, Cte, FromClause, Join, Subquery } from "./from.js";
import { Exists, ScalarSubquery } from "./functions.js";
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
export function replace<T extends Element>(node: T, change: (node: Element) => Element | undefined): T {
  const done = new Map<Element, Element>();
  const visit = (n: Element): Element => {
    const known = done.get(n);
    if (known !== undefined) return known;
    const direct = change(n);
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
