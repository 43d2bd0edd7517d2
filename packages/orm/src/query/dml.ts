/**
 * UPDATE and DELETE of models by criteria: objects in the session follow. Simple criteria are evaluated in memory;
 * otherwise the keys are read first. Stale objects are not asked for: the next row brings what is true.
 * Source: SQLAlchemy "ORM UPDATE and DELETE with Custom WHERE Criteria".
 */
import {
  ArgumentError,
  Bind,
  ColumnReference,
  DeleteStatement,
  didYouMean,
  type Element,
  type Expression,
  InsertStatement,
  InvalidRequestError,
  NULL,
  replace,
  SelectStatement,
  type Statement,
  type TableColumn,
  UpdateStatement,
} from "@athanor/core";
import { type MappedColumn, type Mapper, mapperOfInstance, mappersOfTable } from "../mapping/mapper.js";
import { type Managed, STALE, UNLOADED } from "../mapping/state.js";
import type { SessionInternals } from "../session/internals.js";
import { entityMapper } from "./bulk.js";
import { forgetChange } from "./changes.js";
import { EntityItem } from "./entity.js";
import { UNKNOWN, valueOf } from "./evaluate.js";
import { mappedSource } from "./source.js";

export type Writing = InsertStatement | UpdateStatement | DeleteStatement;

/** Whether a statement returns entities or changes rows that objects may stand for. */
export function writesEntities(statement: Element): statement is Writing {
  if (statement instanceof InsertStatement)
    return statement.entity !== undefined || statement.returningItems.some((i) => i instanceof EntityItem);
  return statement instanceof UpdateStatement || statement instanceof DeleteStatement;
}

const STRATEGIES = ["auto", "raw", "bulk", "orm"] as const;
export type DmlStrategy = (typeof STRATEGIES)[number];
/**
 * How a session runs a statement that writes: `executionOptions({ dmlStrategy })`. "raw": as Core would, the session's
 * objects left alone; "bulk": a list of rows; "orm": one statement; "auto": what was given decides.
 *
 * @throws ArgumentError for another name, and where rows are missing or too many
 */
export function dmlStrategyOf(statement: Writing, rows: boolean): DmlStrategy {
  const way = (statement as Statement).executionOptionsValue?.dmlStrategy ?? "auto";
  if (!STRATEGIES.includes(way as DmlStrategy))
    throw new ArgumentError(
      `dmlStrategy is ${STRATEGIES.map((s) => `"${s}"`).join(", ")}, not ${JSON.stringify(way)}.${didYouMean(String(way), STRATEGIES)}`,
      "orm.dml-strategy",
    );
  if (way === "bulk" && !rows)
    throw new ArgumentError(
      `dmlStrategy "bulk": execute(statement, [{ … }, …]) needs a list of rows.`,
      "orm.dml-strategy",
    );
  if (way === "orm" && rows)
    throw new ArgumentError(
      `dmlStrategy "orm" is for one statement: give the rows to values(), or leave it at "auto".`,
      "orm.dml-strategy",
    );
  return way as DmlStrategy;
}

const WAYS = ["auto", "evaluate", "fetch"];

/** The objects a statement meets, and those that lack what it asks of them: they become stale, nothing is read for it. */
export interface Concerned {
  readonly met: readonly Managed[];
  readonly perhaps: readonly Managed[];
}
/**
 * The objects whose rows a statement is about to change; asked before it runs.
 *
 * @throws ArgumentError for an unknown `synchronizeSession`; InvalidRequestError where "evaluate" cannot evaluate
 */
export async function objectsConcerned(session: SessionInternals, statement: Writing): Promise<Concerned> {
  const way = (statement as Statement).executionOptionsValue?.synchronizeSession ?? "auto";
  if (way !== false && !WAYS.includes(way as string)) {
    throw new ArgumentError(
      `synchronizeSession is "auto", "evaluate", "fetch" or false, not ${JSON.stringify(way)}.${didYouMean(String(way), WAYS)}`,
      "orm.synchronize",
    );
  }
  if (statement instanceof InsertStatement || way === false) return { met: [], perhaps: [] };
  const concerned: Managed[] = [];
  const perhaps: Managed[] = [];
  const own = entityMapper(statement);
  for (const mapper of mappersOfTable(statement.table)) {
    const held = [...session.identity.instances(mapper)].filter(
      (i) =>
        (i.$$f & STALE) === 0 &&
        mapperOfInstance(i).tables.includes(statement.table) &&
        (own === undefined || mapperOfInstance(i).isA(own)),
    );
    if (held.length === 0) continue;
    const evaluated = way === "fetch" ? undefined : evaluate(held, statement.criteria);
    if (evaluated === undefined && way === "evaluate") {
      throw new InvalidRequestError(
        `synchronizeSession: "evaluate" cannot tell in memory which objects this statement meets; leave it at "auto", or take "fetch".`,
        "orm.evaluate",
      );
    }
    if (evaluated !== undefined) perhaps.push(...evaluated.perhaps);
    concerned.push(
      ...(evaluated?.met ?? (await fetched(session, mapper, statement)).filter((i) => (i.$$f & STALE) === 0)),
    );
  }
  return { met: concerned, perhaps };
}
/** The statement has run: brings the objects in line. */
export function bringInLine(session: SessionInternals, statement: Writing, { met, perhaps }: Concerned): void {
  for (const instance of perhaps) instance.$$f |= STALE;
  for (const instance of met) {
    if (statement instanceof DeleteStatement) session.removed(instance);
    else if (statement instanceof UpdateStatement) assign(session, instance, statement);
  }
}

/** The new values where memory can tell them; the others are forgotten and read again. */
export function assign(session: SessionInternals, instance: Managed, statement: UpdateStatement): void {
  const mapper = mapperOfInstance(instance);
  const assigned = new Set<TableColumn>(statement.assignments.map((a) => a.column));
  const values: [MappedColumn, unknown][] = [];
  for (const { column, value } of statement.assignments) {
    const attribute = mapper.attributeOf(column);
    if (attribute !== undefined) values.push([attribute, newValue(value, column, assigned, instance, mapper)]);
  }
  session.overwritten(
    instance,
    values.map(([attribute]) => attribute),
  );
  for (const [attribute, value] of values) {
    instance[attribute.slot] = value;
    forgetChange(instance, attribute.index);
  }
}
function newValue(
  value: Expression,
  column: TableColumn,
  assigned: ReadonlySet<TableColumn>,
  instance: Managed,
  mapper: Mapper,
): unknown {
  if (value instanceof Bind) return value.value;
  if (value === NULL) return null;
  // In some databases an assignment sees those to its left.
  for (const other of assigned) if (other !== column && reads(value, other)) return UNLOADED;
  const computed = valueOf(value, instance, mapper);
  return computed === UNKNOWN || computed === undefined || typeof computed === "boolean" ? UNLOADED : computed;
}
function reads(node: unknown, column: TableColumn): boolean {
  if (node instanceof ColumnReference && node.plain === column) return true;
  if (typeof node !== "object" || node === null || node instanceof ColumnReference || node instanceof Bind)
    return false;
  return Object.values(node).some((part) =>
    Array.isArray(part) ? part.some((p) => reads(p, column)) : "walk" in Object(part) && reads(part, column),
  );
}
async function fetched(
  session: SessionInternals,
  mapper: Mapper,
  statement: UpdateStatement | DeleteStatement,
): Promise<readonly Managed[]> {
  const own = entityMapper(statement);
  let keys = new SelectStatement(
    mapper.primaryKey.map((pk) => pk.columns.find((c) => c.table === statement.table) ?? pk.column),
  ).where(...statement.criteria);
  if (own !== undefined && statement.spread.length > 0) keys = keys.selectFrom(mappedSource(own).from);
  const connection = await session.connectionFor(mapper);
  const rows = (await connection.execute(keys).all()) as readonly (readonly unknown[])[];
  return rows.flatMap((row) => {
    const key = mapper.identityKey([...row]);
    const instance = key === undefined ? undefined : session.identity.get(mapper, key);
    return instance === undefined ? [] : [instance];
  });
}
/** The objects that meet the criteria, or undefined when memory cannot tell. */
function evaluate(instances: readonly Managed[], criteria: readonly Expression[]): Concerned | undefined {
  const met: Managed[] = [];
  const perhaps: Managed[] = [];
  let read: readonly TableColumn[] | undefined;
  for (const instance of instances) {
    let all: unknown = true;
    for (const criterion of criteria) {
      const value = valueOf(criterion, instance);
      if (value === false || value === null) {
        all = false;
        break;
      }
      if (value === UNKNOWN) all = UNKNOWN;
    }
    if (all === UNKNOWN) {
      read ??= columnsRead(criteria);
      const mapper = mapperOfInstance(instance);
      if (!read.some((c) => lacks(instance, mapper.attributeOf(c)))) return undefined;
      perhaps.push(instance);
    }
    if (all === true) met.push(instance);
  }
  return { met, perhaps };
}
function lacks(instance: Managed, attribute: MappedColumn | undefined): boolean {
  return attribute !== undefined && instance[attribute.slot] === UNLOADED;
}
function columnsRead(criteria: readonly Expression[]): readonly TableColumn[] {
  const found: TableColumn[] = [];
  for (const criterion of criteria)
    replace(criterion, (node) => {
      if (node instanceof ColumnReference) found.push(node as TableColumn);
      return undefined;
    });
  return found;
}
