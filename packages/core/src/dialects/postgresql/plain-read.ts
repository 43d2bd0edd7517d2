/**
 * Which statements may run before BEGIN, as the first of a transaction at READ COMMITTED: there every statement sees a
 * moment of its own, so a lone read looks the same inside a transaction and outside, and a conversation that reads once
 * costs one round trip. See spec/speed-techniques.md, section 7.
 *
 * Only what is known to do nothing but read: columns of tables, parameters and comparisons. No functions (they may write,
 * or give the time of the transaction), no locks, no SQL of the user's. Views and tables with row policies can hide
 * functions: the driver knows their names.
 */
import { Table } from "../../schema/table.js";
import type { Element } from "../../sql/element.js";
import {
  Between,
  Binary,
  Bind,
  BooleanList,
  Constant,
  InArray,
  InList,
  Label,
  NamedBind,
  Ordering,
  Tuple,
  Unary,
} from "../../sql/expression.js";
import {
  Alias,
  ColumnReference,
  DerivedColumn,
  type FromClause,
  ItemElement,
  Join,
  TableSample,
} from "../../sql/from.js";
import * as ops from "../../sql/operators.js";
import { SelectStatement } from "../../sql/select.js";
import { referencedFroms } from "../../sql/traverse.js";

const COMPARISONS: ReadonlySet<ops.Operator> = new Set([
  ops.eq,
  ops.ne,
  ops.lt,
  ops.le,
  ops.gt,
  ops.ge,
  ops.is,
  ops.isNot,
  ops.isDistinctFrom,
  ops.isNotDistinctFrom,
  ops.like,
  ops.notLike,
  ops.ilike,
  ops.notIlike,
  ops.not,
]);
const WORDS: ReadonlySet<string> = new Set(["NULL", "TRUE", "FALSE"]);

/** The names of the tables, when the statement is such a read. */
export function tablesOfPlainRead(statement: Element): readonly string[] | undefined {
  if (!(statement instanceof SelectStatement)) return undefined;
  const { forUpdate, words, extensions, ctes, fetchClause, distinctValue, groupByList, havingList } = statement;
  const plain =
    forUpdate === undefined &&
    words.length === 0 &&
    extensions.length === 0 &&
    ctes.length === 0 &&
    fetchClause === undefined &&
    typeof distinctValue === "boolean" &&
    groupByList.length === 0 &&
    havingList.length === 0;
  if (!plain) return undefined;
  const { selected, criteria, orderByList, limitValue, offsetValue, joins, froms } = statement;
  const parts: Element[] = [...selected, ...criteria, ...orderByList];
  if (limitValue !== undefined) parts.push(limitValue);
  if (offsetValue !== undefined) parts.push(offsetValue);
  for (const { on } of joins) if (on !== undefined) parts.push(on);
  if (!parts.every(readsOnly)) return undefined;
  const sources = new Set<FromClause>([...froms, ...joins.map((j) => j.target)]);
  for (const part of parts) for (const from of fromsOf(part)) sources.add(from);
  const names: string[] = [];
  for (const source of sources) {
    if (source instanceof Join && !readsOnly(source.on)) return undefined;
    for (const leaf of source.leaves) {
      if (leaf instanceof TableSample) return undefined;
      const table = leaf instanceof Alias ? leaf.of : leaf;
      if (!(table instanceof Table)) return undefined;
      if (!names.includes(table.tableName)) names.push(table.tableName);
    }
  }
  return names.length === 0 ? undefined : names;
}
function fromsOf(part: Element): Iterable<FromClause> {
  return part instanceof ItemElement ? [part.itemFrom] : referencedFroms(part);
}
function readsOnly(node: Element): boolean {
  if (node instanceof ItemElement) return node.itemColumns.every(readsOnly);
  if (node instanceof DerivedColumn) return node.from instanceof Alias;
  if (node instanceof ColumnReference || node instanceof Bind || node instanceof NamedBind) return true;
  if (node instanceof Binary) return COMPARISONS.has(node.oper) && readsOnly(node.left) && readsOnly(node.right);
  if (node instanceof Unary) return COMPARISONS.has(node.oper) && readsOnly(node.operand);
  if (node instanceof BooleanList || node instanceof Tuple) return node.items.every(readsOnly);
  if (node instanceof Between) return readsOnly(node.subject) && readsOnly(node.low) && readsOnly(node.high);
  if (node instanceof InList) return readsOnly(node.subject) && readsOnly(node.list);
  if (node instanceof InArray) return readsOnly(node.subject);
  if (node instanceof Constant) return WORDS.has(node.constant);
  if (node instanceof Label || node instanceof Ordering) return readsOnly(node.expression);
  return false;
}
