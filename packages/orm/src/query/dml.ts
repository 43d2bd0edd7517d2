/**
 * UPDATE and DELETE of models by criteria: objects in the session follow. Simple criteria are evaluated in memory;
 * otherwise the keys are read first. Source: SQLAlchemy "ORM UPDATE and DELETE with Custom WHERE Criteria".
 */
import {
  Between, Binary, Bind, BooleanList, ColumnReference, DeleteStatement, type Element, type Expression, type Fetched, InList, InsertStatement, NULL, operators, originColumn, SelectStatement,
  type Statement, Tuple, Unary, UpdateStatement,
} from "@athanor/core";
import { type Mapper, mappersOfTable } from "../mapping/mapper.js";
import { type Managed, STALE, UNLOADED } from "../mapping/state.js";
import type { SessionInternals } from "../session/internals.js";
import { EntityItem } from "./entity.js";

type Writing = InsertStatement | UpdateStatement | DeleteStatement;

/** Whether a statement returns entities or changes rows that objects may stand for. */
export function writesEntities(statement: Element): statement is Writing {
  if (statement instanceof InsertStatement) return statement.returningItems.some((i) => i instanceof EntityItem);
  return statement instanceof UpdateStatement || statement instanceof DeleteStatement;
}

const UNKNOWN = Symbol("unknown");

/** Runs the statement, then brings the objects of the session in line. */
export async function synchronize(session: SessionInternals, statement: Writing, run: (final: Writing) => Promise<Fetched>): Promise<Fetched> {
  const wish = (statement as Statement).executionOptionsValue?.["synchronizeSession"] ?? "auto";
  if (statement instanceof InsertStatement || wish === false) return run(statement);
  const touched: { readonly mapper: Mapper; readonly instances: readonly Managed[] }[] = [];
  for (const mapper of mappersOfTable(statement.table)) {
    const held = [...session.identity.instances(mapper)];
    if (held.length === 0) continue;
    touched.push({ mapper, instances: (wish === "fetch" ? undefined : evaluate(held, mapper, statement.criteria)) ?? (await fetched(session, mapper, statement)) });
  }
  const result = await run(statement);
  for (const { mapper, instances } of touched) {
    for (const instance of instances) {
      if (statement instanceof DeleteStatement) session.removed(instance);
      else apply(instance, mapper, statement);
    }
  }
  return result;
}

/** The new values where they are plain; anything else is read again later. */
function apply(instance: Managed, mapper: Mapper, statement: UpdateStatement): void {
  for (const { column, value } of statement.assignments) {
    const attribute = mapper.attributeOf(column);
    if (attribute === undefined || (instance.$$f & STALE) !== 0) continue;
    if (value instanceof Bind) instance[attribute.slot] = value.value;
    else if (value === NULL) instance[attribute.slot] = null;
    else {
      const computed = valueOf(value, instance, mapper);
      instance[attribute.slot] = computed === UNKNOWN || computed === undefined ? UNLOADED : computed;
    }
  }
}

async function fetched(session: SessionInternals, mapper: Mapper, statement: UpdateStatement | DeleteStatement): Promise<readonly Managed[]> {
  const keys = new SelectStatement(mapper.primaryKey.map((pk) => pk.column)).where(...statement.criteria);
  const connection = await session.connectionFor(mapper);
  const rows = (await connection.execute(keys).all()) as readonly (readonly unknown[])[];
  return rows.flatMap((row) => {
    const key = mapper.identityKey([...row]);
    const instance = key === undefined ? undefined : session.identity.get(mapper, key);
    return instance === undefined ? [] : [instance];
  });
}

/** The objects that meet the criteria, or undefined when memory cannot tell. */
function evaluate(instances: readonly Managed[], mapper: Mapper, criteria: readonly Expression[]): readonly Managed[] | undefined {
  const out: Managed[] = [];
  for (const instance of instances) {
    if ((instance.$$f & STALE) !== 0) return undefined;
    let all: unknown = true;
    for (const criterion of criteria) {
      const value = valueOf(criterion, instance, mapper);
      if (value === UNKNOWN) return undefined;
      if (value !== true) all = false;
    }
    if (all === true) out.push(instance);
  }
  return out;
}

/** SQL's three-valued logic over one object: null is unknown to SQL, UNKNOWN to us. */
function valueOf(node: Expression, instance: Managed, mapper: Mapper): unknown {
  if (node instanceof Bind) return node.expanding ? UNKNOWN : node.value;
  if (node === NULL) return null;
  if (node instanceof ColumnReference) {
    const origin = originColumn(node);
    const attribute = origin === undefined ? undefined : mapper.attributeOf(origin);
    if (attribute === undefined) return UNKNOWN;
    const value = instance[attribute.slot];
    return value === UNLOADED || value === undefined ? UNKNOWN : comparable(value);
  }
  if (node instanceof BooleanList) {
    const values = node.items.map((i) => valueOf(i, instance, mapper));
    if (values.includes(UNKNOWN)) return UNKNOWN;
    const deciding = node.oper === operators.or;
    if (values.includes(deciding)) return deciding;
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
  if (node instanceof InList && node.list instanceof Bind && Array.isArray(node.list.value)) {
    const value = valueOf(node.subject, instance, mapper);
    if (value === UNKNOWN || value === null) return value;
    const list = node.list.value.map(comparable);
    if (list.includes(value)) return !node.negated;
    return list.includes(null) ? null : node.negated;
  }
  if (node instanceof InList || node instanceof Between || node instanceof Tuple) return UNKNOWN;
  return node instanceof Binary ? compared(node, instance, mapper) : UNKNOWN;
}
function compared(node: Binary, instance: Managed, mapper: Mapper): unknown {
  const left = valueOf(node.left, instance, mapper);
  const right = comparable(valueOf(node.right, instance, mapper));
  if (left === UNKNOWN || right === UNKNOWN) return UNKNOWN;
  if (left === null || right === null) return null;
  // Text compares by the database's collation: only equality of equal text is certain here.
  if (typeof left === "string" && node.oper !== operators.eq && node.oper !== operators.ne) return UNKNOWN;
  const [a, b] = [left as number, right as number];
  switch (node.oper) {
    case operators.eq:
      return a === b || (typeof a !== typeof b && typeof a !== "string" && typeof b !== "string" && Number(a) === Number(b));
    case operators.ne:
      return a !== b;
    case operators.lt:
      return a < b;
    case operators.le:
      return a <= b;
    case operators.gt:
      return a > b;
    case operators.ge:
      return a >= b;
    case operators.add:
      return typeof a === typeof b && typeof a === "number" ? a + b : UNKNOWN;
    case operators.sub:
      return typeof a === typeof b && typeof a === "number" ? a - b : UNKNOWN;
    default:
      return UNKNOWN;
  }
}
function comparable(value: unknown): unknown {
  return value instanceof Date ? value.getTime() : value;
}
