/**
 * Criteria evaluated over an object in memory, with SQL's three-valued logic. Where the database could see it
 * differently (collations, precision, converted values) the answer is UNKNOWN, and somebody has to ask it.
 * Source: SQLAlchemy "ORM UPDATE and DELETE with Custom WHERE Criteria" (the evaluator).
 */
import {
  Between,
  Binary,
  Bind,
  BooleanList,
  ColumnReference,
  type Expression,
  InList,
  NULL,
  operators,
  type SqlType,
  type TableColumn,
  Tuple,
  Unary,
} from "@athanor/core";
import { type Mapper, mapperOfInstance } from "../mapping/mapper.js";
import { type Managed, UNLOADED } from "../mapping/state.js";

/** Memory cannot tell. SQL's own "unknown" is null. */
export const UNKNOWN: unique symbol = Symbol("athanor.unknown");

/** The value of an expression for one object. */
export function valueOf(node: Expression, instance: Managed, mapper: Mapper = mapperOfInstance(instance)): unknown {
  if (node instanceof Bind) return node.expanding ? UNKNOWN : node.value;
  if (node === NULL) return null;
  if (node instanceof ColumnReference) {
    // The table's own column only: through an alias it is another row.
    const attribute = mapper.attributeOf(node as TableColumn);
    if (attribute === undefined) return UNKNOWN;
    const value = instance[attribute.slot];
    return value === UNLOADED || value === undefined ? UNKNOWN : value;
  }
  if (node instanceof BooleanList) {
    const values = node.items.map((i) => valueOf(i, instance, mapper));
    const deciding = node.oper === operators.or;
    if (values.includes(deciding)) return deciding;
    if (values.includes(UNKNOWN)) return UNKNOWN;
    return values.includes(null) ? null : !deciding;
  }
  if (node instanceof Unary) {
    const value = valueOf(node.operand, instance, mapper);
    if (value === UNKNOWN) return UNKNOWN;
    if (node.oper === operators.is) return value === null;
    if (node.oper === operators.isNot) return value !== null;
    if (node.oper === operators.not) return value === null ? null : value !== true;
    return UNKNOWN;
  }
  if (node instanceof InList) return among(node, instance, mapper);
  if (node instanceof Between) {
    const [value, low, high] = [node.subject, node.low, node.high].map((e) => valueOf(e, instance, mapper));
    const { type } = node.subject;
    const inside = both(compare(operators.ge, value, low, type), compare(operators.le, value, high, type));
    return node.negated && typeof inside === "boolean" ? !inside : inside;
  }
  if (node instanceof Binary) {
    const [left, right] = [valueOf(node.left, instance, mapper), valueOf(node.right, instance, mapper)];
    return compare(node.oper, left, right, node.left instanceof ColumnReference ? node.left.type : node.right.type);
  }
  return UNKNOWN;
}
function both(a: unknown, b: unknown): unknown {
  if (a === false || b === false) return false;
  if (a === UNKNOWN || b === UNKNOWN) return UNKNOWN;
  return a === null || b === null ? null : true;
}
function among(node: InList, instance: Managed, mapper: Mapper): unknown {
  let list: readonly unknown[];
  if (node.list instanceof Bind && Array.isArray(node.list.value)) list = node.list.value;
  else if (node.list instanceof Tuple) list = node.list.items.map((i) => valueOf(i, instance, mapper));
  else return UNKNOWN;
  if (list.length === 0) return node.negated;
  const value = valueOf(node.subject, instance, mapper);
  const { type } = node.subject;
  const found = list.map((item) => compare(operators.eq, value, item, type));
  if (found.includes(true)) return !node.negated;
  if (found.includes(UNKNOWN)) return UNKNOWN;
  return found.includes(null) ? null : node.negated;
}

type Operator = (typeof operators)["eq"];
const sameLetters = new Intl.Collator(undefined, { sensitivity: "base" });

function compare(oper: Operator, left: unknown, right: unknown, type: SqlType): unknown {
  if (left === UNKNOWN || right === UNKNOWN) return UNKNOWN;
  if (left === null || right === null) return null;
  // Only the type decorator knows what the database compares.
  if (type.isOwn || type.kind === "spelled" || type.kind === "numeric") return UNKNOWN;
  if (typeof left === "string" && typeof right === "string") {
    if (oper !== operators.eq && oper !== operators.ne) return UNKNOWN;
    // Collations may ignore case, accents and trailing blanks.
    const same = left === right ? true : sameLetters.compare(left.trimEnd(), right.trimEnd()) === 0 ? UNKNOWN : false;
    return same === UNKNOWN || oper === operators.eq ? same : !same;
  }
  if (left instanceof Date && right instanceof Date) {
    // The database may keep microseconds: within one millisecond anything is possible.
    return left.getTime() === right.getTime() ? UNKNOWN : compareNumbers(oper, left.getTime(), right.getTime());
  }
  const [a, b] = [numeric(left), numeric(right)];
  if (a === undefined || b === undefined) return UNKNOWN;
  if (type.kind === "float" && !(Number.isInteger(a) && Number.isInteger(b))) return UNKNOWN;
  return compareNumbers(oper, a, b);
}
function numeric(value: unknown): number | bigint | undefined {
  if (typeof value === "number" || typeof value === "bigint") return value;
  return typeof value === "boolean" ? Number(value) : undefined;
}
function compareNumbers(oper: Operator, a: number | bigint, b: number | bigint): unknown {
  switch (oper) {
    case operators.eq:
      // biome-ignore lint/suspicious/noDoubleEquals: 1 and 1n are one number
      return a == b;
    case operators.ne:
      // biome-ignore lint/suspicious/noDoubleEquals: 1 and 1n are one number
      return a != b;
    case operators.lt:
      return a < b;
    case operators.le:
      return a <= b;
    case operators.gt:
      return a > b;
    case operators.ge:
      return a >= b;
    case operators.add:
      return typeof a === "number" && typeof b === "number" ? a + b : UNKNOWN;
    case operators.sub:
      return typeof a === "number" && typeof b === "number" ? a - b : UNKNOWN;
    default:
      return UNKNOWN;
  }
}
