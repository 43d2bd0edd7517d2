/**
 * Runs planned statements: plan by structure, connection, rows, objects, then what is loaded by statements of its own.
 * Where the driver answers at once nothing here waits. All of it runs in the session's turn.
 */
import {
  Alias,
  CompoundStatement,
  type Connection,
  Cte,
  DeleteStatement,
  type Dialect,
  type Element,
  type Engine,
  type Fetched,
  type FromClause,
  FromStatement,
  InsertStatement,
  type MaybePromise,
  type RawResult,
  referencedFroms,
  SelectStatement,
  Statement,
  type StatementCache,
  SubqueryClause,
  Table,
  UpdateStatement,
} from "@athanor/core";
import { type Mapper, mapperOfInstance, mappersOfTable } from "../mapping/mapper.js";
import type { LoadBatch, Managed } from "../mapping/state.js";
import type { SessionInternals, StatementCall } from "../session/internals.js";
import { EntityItem } from "./entity.js";
import { fillSubclassColumns } from "./fill-columns.js";
import { Hydration, type Populate } from "./hydrate.js";
import type { LoadTree } from "./load-tree.js";
import { type OrmPlan, planSelect, treesOf } from "./plan.js";
import { planReturning } from "./plan-returning.js";
import { type KeyedRows, type LoadWork, loadRelation, type Runner } from "./relations.js";
import { keepShapeOf, keepShapes } from "./shapes.js";
import { loadForSubclasses } from "./subclass-loads.js";

export type NamedValues = { readonly [name: string]: unknown };
export type Planned = SelectStatement | InsertStatement | UpdateStatement | DeleteStatement | FromStatement;
/** One execution: its rows as they came, and what makes objects of them. */
export interface Ran {
  readonly hydration: Hydration;
  readonly raw: RawResult;
}

/** The mapper a statement is about, for routing: the first entity. */
export function mapperOf(statement: Element): Mapper | null {
  if (
    statement instanceof InsertStatement ||
    statement instanceof UpdateStatement ||
    statement instanceof DeleteStatement
  ) {
    return mappersOfTable(statement.table)[0] ?? null;
  }
  if (statement instanceof FromStatement) return mapperOf(statement.query);
  if (statement instanceof CompoundStatement) return mapperOf(statement.members[0] as Element);
  if (!(statement instanceof SelectStatement)) return null;
  for (const item of statement.selected) if (item instanceof EntityItem) return item.mapper;
  for (const from of fromsOf(statement)) {
    if (from instanceof SubqueryClause || from instanceof Cte) {
      const inner = mapperOf(from.query);
      if (inner !== null) return inner;
      continue;
    }
    // Columns and counts are routed by the first mapped table they read.
    for (const table of tablesIn(from)) {
      const mapper = mappersOfTable(table)[0];
      if (mapper !== undefined) return mapper;
    }
  }
  return null;
}
function fromsOf(statement: SelectStatement): readonly FromClause[] {
  return [
    ...statement.froms,
    ...statement.selected.flatMap((item) => [...referencedFroms(item)]),
    ...statement.joins.map((j) => j.target),
  ];
}
function* tablesIn(from: FromClause): Generator<Table> {
  for (const leaf of from.leaves) {
    const table = leaf instanceof Alias ? leaf.of : leaf;
    if (table instanceof Table) yield table;
  }
}
/** The tables a statement speaks of, in its order, those of subqueries in FROM included: what it is routed by. */
export function* tablesOf(statement: Element): Generator<Table> {
  if (
    statement instanceof InsertStatement ||
    statement instanceof UpdateStatement ||
    statement instanceof DeleteStatement
  ) {
    yield statement.table;
    return;
  }
  if (statement instanceof CompoundStatement) {
    for (const member of statement.members) yield* tablesOf(member as Element);
    return;
  }
  if (!(statement instanceof SelectStatement)) return;
  for (const from of fromsOf(statement)) {
    if (from instanceof SubqueryClause || from instanceof Cte) yield* tablesOf(from.query);
    else yield* tablesIn(from);
  }
}
function populates(session: SessionInternals, statement: Element): boolean {
  const own = statement instanceof Statement ? statement.executionOptionsValue?.populateExisting : undefined;
  return (own ?? session.executionOptions.populateExisting) === true;
}

type PlanBuilder = (statement: Planned, dialect: Dialect, binds: ReadonlyMap<object, number>) => OrmPlan;
function planOf(statement: Planned, dialect: Dialect, binds: ReadonlyMap<object, number>): OrmPlan {
  return statement instanceof SelectStatement
    ? planSelect(statement, dialect, binds)
    : planReturning(statement as Exclude<typeof statement, FromStatement>, dialect, binds);
}
/** The plan of a statement and its parameters. */
export function lookUpPlan(
  session: SessionInternals,
  engine: Engine,
  statement: Planned,
  build: PlanBuilder = planOf,
): { readonly value: OrmPlan; readonly params: readonly unknown[] } {
  const cache = session.planCache(engine) as StatementCache<OrmPlan>;
  return cache.lookup(statement, (binds) => {
    const plan = build(statement, engine.dialect, binds);
    keepShapes(plan);
    for (const entity of plan.entities) keepShapeOf(entity.mapper);
    return plan;
  });
}
export function hydrationOf(
  session: SessionInternals,
  plan: OrmPlan,
  statement: Planned,
  populate?: Populate,
): Hydration {
  const query = statement instanceof FromStatement ? statement.query : (statement as SelectStatement);
  const trees = plan.criteria ? treesOf(plan, query) : undefined;
  const renews = populate ?? populates(session, statement);
  const writes = !(statement instanceof SelectStatement || statement instanceof FromStatement);
  return new Hydration(plan, session, renews === true && writes ? "written" : renews, trees);
}
export function runPlan(
  session: SessionInternals,
  statement: Planned,
  named?: NamedValues,
  populate?: Populate,
  build?: PlanBuilder,
): MaybePromise<Ran> {
  const mapper = mapperOf(statement);
  const { value: plan, params } = lookUpPlan(session, session.engineFor(mapper, statement), statement, build);
  return sendPlan(session, mapper, plan, statement, params, named, populate);
}
export function sendPlan(
  session: SessionInternals,
  mapper: Mapper | null,
  plan: OrmPlan,
  statement: Planned,
  params: readonly unknown[],
  named: NamedValues | undefined,
  populate: Populate | undefined,
  there?: RawResult,
): MaybePromise<Ran> {
  if (there !== undefined) return { hydration: hydrationOf(session, plan, statement, populate), raw: there };
  const send = (connection: Connection): MaybePromise<RawResult> => connection.run(plan.compiled, params, named);
  const ready = session.connectionFor(mapper, statement);
  return after(ready instanceof Promise ? ready.then(send) : send(ready), (raw) => ({
    hydration: hydrationOf(session, plan, statement, populate),
    raw,
  }));
}
/** Goes on at once where there is nothing to wait for. */
export function after<A, B>(value: MaybePromise<A>, next: (value: A) => MaybePromise<B>): MaybePromise<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Collections in place, then what is loaded by statements of its own; gives `value`. */
export function completeLoads<T>(session: SessionInternals, hydration: Hydration, value: T): MaybePromise<T> {
  hydration.finish();
  return hydration.plan.followed ? followUp(session, hydration).then(() => value) : value;
}
async function followUp(session: SessionInternals, hydration: Hydration): Promise<void> {
  for (const entity of hydration.plan.entities) {
    const { instances, context } = hydration.batches[entity.index] as LoadBatch;
    if (instances.length === 0) continue;
    const severalClasses = entity.discriminatorAt >= 0;
    if (severalClasses)
      await fillSubclassColumns(runner.columns, session, entity.mapper, instances, entity.tree.columns);
    else if (entity.after.length === 0) continue;
    const work: LoadWork = { run: runner, session, populate: hydration.populateExisting !== false, eager: true };
    for (const property of entity.after) {
      const branch = (context as LoadTree).branch(property);
      if (!entity.mapper.isUnion) await loadRelation(work, instances, property, branch);
      else
        for (const mapper of new Set(instances.map(mapperOfInstance))) {
          const own = instances.filter((i) => mapperOfInstance(i) === mapper);
          await loadRelation(work, own, mapper.relationship(property.key) ?? property, branch);
        }
    }
    if (severalClasses) await loadForSubclasses(work, entity, instances, context as LoadTree);
  }
}

/** Whole rows of a planned statement, everything loaded: how a statement that goes the long way ends. */
export function fetchRows(
  session: SessionInternals,
  statement: Planned,
  named?: NamedValues,
  populate?: boolean,
): MaybePromise<Fetched> {
  return after(runPlan(session, statement, named, populate), ({ hydration, raw }) => {
    const rows = hydration.rows(raw.rows);
    return completeLoads(session, hydration, {
      rows: (most?: number) => (most === undefined || most >= rows.length ? rows : rows.slice(0, most)),
      keys: hydration.plan.names,
      rowCount: raw.rowCount,
      lastInsertId: raw.lastInsertId,
    });
  });
}
/** A load of attributes through listeners and shards: whole rows. */
async function loadedRows(
  session: SessionInternals,
  statement: SelectStatement,
  call: Pick<StatementCall, "kind" | "from" | "relationship">,
  populate = false,
): Promise<readonly (readonly unknown[])[]> {
  const fetched = await session.intercept({
    ...call,
    statement,
    params: undefined,
    executionOptions: session.executionOptions,
    element: (given) => given as SelectStatement,
    run: (at, final) => fetchRows(at, final as SelectStatement, undefined, populate),
  });
  return (fetched.rows?.() ?? []) as (readonly unknown[])[];
}
/** The first items of the rows of a statement that reads columns of objects, or an object by its key. */
export async function loadedFirsts(
  session: SessionInternals,
  statement: SelectStatement,
  call: Pick<StatementCall, "kind" | "from">,
  populate?: boolean,
): Promise<readonly unknown[]> {
  return (await loadedRows(session, statement, call, populate)).map((row) => row[0]);
}

/** How loaders run their statements. */
export const runner: Runner = {
  async keyed(session, statement, populate, owners, property): Promise<KeyedRows> {
    if (session.intercepts) {
      const call = { kind: "relationship", from: owners, relationship: property } as const;
      const rows = await loadedRows(session, statement, call, populate);
      const keyAt = statement.selected.slice(1).map((_, i) => i + 1);
      return { members: rows.map((row) => row[0] as Managed | null), rows, keyAt, repeats: true };
    }
    const { hydration, raw } = await runPlan(session, statement, undefined, populate);
    return completeLoads(session, hydration, hydration.keyed(raw.rows));
  },
  async columns(session, statement) {
    if (session.intercepts) return loadedRows(session, statement, { kind: "column" });
    const { hydration, raw } = await runPlan(session, statement, undefined, false);
    return hydration.values(raw.rows);
  },
};
