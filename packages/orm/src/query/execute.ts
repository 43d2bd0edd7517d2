/** What a session's `execute`, `scalars`, `get` and lazy loads do. All of it runs in the session's turn. */
import {
  type AnyRow, ArgumentError, Bind, type Chunk, type Connection, DeleteStatement, Element, type Execution, type Expression, type Fetched, innerStatement, InsertStatement, InvalidRequestError,
  type MaybePromise, NamedBind, type RawResult, Result, type ResultSource, rowReader, SelectStatement, Statement, type StatementCache, type Compiled, UpdateStatement,
} from "@athanor/core";
import { describeInstance } from "../mapping/collection.js";
import { type Mapper, mapperOfInstance, type RelationshipProperty } from "../mapping/mapper.js";
import { type LoadBatch, type Managed, UNLOADED } from "../mapping/state.js";
import { NotLoadedError } from "../errors.js";
import type { SessionInternals } from "../session/internals.js";
import { bringInLine, objectsConcerned, type Writing, writesEntities } from "./dml.js";
import { EntityItem, entityOf } from "./entity.js";
import { fillColumns, fillSubclassColumns } from "./fill-columns.js";
import { Hydration } from "./hydrate.js";
import { among, CHUNK } from "./keys.js";
import { CarriedOptions, Load, LoadTree } from "./options.js";
import { concernsEntities, type EntityPlan, type OrmPlan, planReturning, planSelect, treesOf } from "./plan.js";
import { inKeyOrder, loadRelation, loadTree } from "./relations.js";
import { mappedSource } from "./source.js";

export type ParameterValues = { readonly [name: string]: unknown } | readonly { readonly [name: string]: unknown }[];

function statementIn(value: unknown): Element {
  if (value instanceof Element) return value;
  const inner = typeof value === "object" && value !== null ? (value as { readonly [innerStatement]?: Element })[innerStatement] : undefined;
  if (inner !== undefined) return inner;
  throw new ArgumentError(
    typeof value === "string"
      ? "session.execute() takes no plain strings: write sql`…`, or use the connection's execDriverSql()."
      : `session.execute() needs a statement, not ${value === null ? "null" : typeof value}.`,
    "execute.argument",
  );
}

/** The mapper a statement is about, for routing: the first entity, or the model of a DML table. */
function mapperOf(statement: Element): Mapper | null {
  if (statement instanceof SelectStatement) {
    for (const item of statement.selected) if (item instanceof EntityItem) return item.mapper;
  }
  return null;
}

/**
 * Runs a statement for a session.
 *
 * @param mode "rows" for rows, "scalars" for the first item of each
 */
export function executeStatement<R = AnyRow>(session: SessionInternals, statement: unknown, params?: ParameterValues, mode: "rows" | "scalars" = "rows"): Result<R> {
  return Result.of<R>(new SessionSource(session, statementIn(statement), params, mode));
}

class SessionSource implements ResultSource {
  readonly waiting: Execution[];
  readonly chunkRows: number;
  readonly #session: SessionInternals;
  readonly #statement: Element;
  readonly #params: ParameterValues | undefined;
  readonly #mode: "rows" | "scalars";
  constructor(session: SessionInternals, statement: Element, params: ParameterValues | undefined, mode: "rows" | "scalars") {
    this.#session = session;
    this.#statement = statement;
    this.#params = params;
    this.#mode = mode;
    this.waiting = session.waiting;
    const size = statement instanceof Statement ? statement.executionOptionsValue?.["yieldPer"] : undefined;
    this.chunkRows = typeof size === "number" && size >= 1 ? Math.floor(size) : 500;
  }
  run(): Promise<Fetched> {
    return this.#session.enqueue(async () => {
      const flushing = this.#session.autoflush();
      if (flushing !== undefined) await flushing;
      return this.#fetch();
    });
  }
  async #fetch(): Promise<Fetched> {
    const statement = this.#statement;
    if (statement instanceof SelectStatement && concernsEntities(statement)) {
      const { hydration, raw } = await runPlan(this.#session, statement, this.#params, undefined);
      const rows = this.#mode === "scalars" ? hydration.firsts(raw.rows) : hydration.rows(raw.rows);
      await completeLoads(this.#session, hydration);
      return fetchedOf(rows, hydration.plan.names, raw);
    }
    if (writesEntities(statement)) return this.#write(statement);
    return this.#core(statement);
  }
  /** Statements without entities: the connection's own way, in this turn. */
  async #core(statement: Element): Promise<Fetched> {
    const connection = await this.#session.connectionFor(mapperOf(statement));
    const result = connection.execute(statement, this.#params as never);
    const rows = await (this.#mode === "scalars" && returnsRows(statement) ? result.scalars().all() : result.all());
    const keys = returnsRows(statement) || rows.length > 0 ? await result.keys().catch(() => undefined) : undefined;
    const [rowCount, lastInsertId] = [await result.rowCount(), await result.lastInsertId()];
    return { rows: keys === undefined ? null : taking(rows), keys: keys ?? [], rowCount, lastInsertId };
  }
  /** INSERT, UPDATE and DELETE of a model: objects in memory follow, RETURNING gives objects. */
  async #write(statement: Writing): Promise<Fetched> {
    const session = this.#session;
    if (statement instanceof InsertStatement && Array.isArray(this.#params)) return this.#insertRuns(statement, this.#params);
    const concerned = await objectsConcerned(session, statement);
    if (!statement.returningItems.some((i) => i instanceof EntityItem)) {
      const done = await this.#core(statement);
      bringInLine(session, statement, concerned);
      return done;
    }
    const { hydration, raw } = await runPlan(session, statement, this.#params, undefined);
    // Before the rows are read: what the new values do not tell is taken from them.
    bringInLine(session, statement, concerned);
    const rows = this.#mode === "scalars" ? hydration.firsts(raw.rows) : hydration.rows(raw.rows);
    await completeLoads(session, hydration);
    return fetchedOf(rows, hydration.plan.names, raw);
  }
  /** Rows of different keys: each run of equal keys is a statement, the objects come back in order. */
  async #insertRuns(statement: InsertStatement, rows: readonly { readonly [name: string]: unknown }[]): Promise<Fetched> {
    const out: unknown[] = [];
    let keys: readonly string[] = [];
    let rowCount = 0;
    let lastInsertId: Fetched["lastInsertId"] = null;
    for (let from = 0; from < rows.length; ) {
      const shape = keysOf(rows[from]);
      let to = from + 1;
      while (to < rows.length && keysOf(rows[to]) === shape) to++;
      const { hydration, raw } = await runPlan(this.#session, statement.values(rows.slice(from, to)), undefined, undefined);
      out.push(...(this.#mode === "scalars" ? hydration.firsts(raw.rows) : hydration.rows(raw.rows)));
      await completeLoads(this.#session, hydration);
      keys = hydration.plan.names;
      rowCount += raw.rowCount;
      lastInsertId = raw.lastInsertId;
      from = to;
    }
    return { rows: taking(out), keys, rowCount, lastInsertId };
  }
  async *stream(chunkRows: number): AsyncGenerator<Chunk> {
    const session = this.#session;
    const statement = this.#statement;
    if (!(statement instanceof SelectStatement) || !concernsEntities(statement)) {
      const fetched = await this.run();
      if (fetched.rows !== null) yield { rows: fetched.rows(), keys: fetched.keys };
      return;
    }
    // Rows of one object may be spread over chunks when collections are joined: such statements are read whole.
    const { plan, params, connection } = await session.enqueue(async () => {
      await session.autoflush();
      return preparePlan(session, statement);
    });
    if (plan.unique || plan.compiled.insert !== undefined || plan.compiled.pieces !== undefined) {
      const fetched = await this.run();
      if (fetched.rows !== null) yield { rows: fetched.rows(), keys: fetched.keys };
      return;
    }
    const bound = boundValues(plan.compiled, params, this.#params);
    const cursor = connection.openStream(plan.compiled.sql, bound, plan.compiled.hint, chunkRows);
    for await (const raw of cursor) {
      const hydration = hydrationOf(session, plan, statement);
      const rows = this.#mode === "scalars" ? hydration.firsts(raw) : hydration.rows(raw);
      await session.enqueue(() => completeLoads(session, hydration));
      yield { rows, keys: plan.names };
    }
  }
}
function keysOf(row: object | undefined): string {
  return Object.keys(row ?? {}).sort().join("\u0000");
}
/** Rows that are there already. */
function taking(rows: unknown[]): (most?: number) => unknown[] {
  return (most) => (most === undefined || most >= rows.length ? rows : rows.slice(0, most));
}
function fetchedOf(rows: unknown[], keys: readonly string[], raw: RawResult): Fetched {
  return { rows: taking(rows), keys, rowCount: raw.rowCount, lastInsertId: raw.lastInsertId };
}
function returnsRows(statement: Element): boolean {
  if (statement instanceof InsertStatement || statement instanceof UpdateStatement || statement instanceof DeleteStatement) return statement.returningItems.length > 0;
  return statement instanceof Statement && statement.kind !== "text";
}
function boundValues(compiled: Compiled, params: readonly unknown[], named: ParameterValues | undefined): readonly unknown[] {
  const values = (named ?? {}) as { readonly [name: string]: unknown };
  return compiled.slots.map((slot) => {
    const value = slot.source < 0 ? (slot.compute === undefined ? slot.constant : slot.compute()) : slot.name !== undefined && slot.name in values ? values[slot.name] : params[slot.source];
    return value === null || slot.process === null || slot.source < 0 ? value : slot.process(value);
  });
}
function populates(session: SessionInternals, statement: Element): boolean {
  const own = statement instanceof Statement ? statement.executionOptionsValue?.["populateExisting"] : undefined;
  if (statement instanceof SelectStatement && statement.forUpdate !== undefined && own === undefined) return false;
  return (own ?? session.executionOptions["populateExisting"]) === true;
}

type Planned = SelectStatement | InsertStatement | UpdateStatement | DeleteStatement;
async function preparePlan(session: SessionInternals, statement: Planned): Promise<{ plan: OrmPlan; params: unknown[]; connection: Connection }> {
  const mapper = mapperOf(statement);
  const engine = session.engineFor(mapper);
  const cache = session.planCache(engine) as StatementCache<OrmPlan>;
  const { value, params } = cache.lookup(statement, (binds) =>
    statement instanceof SelectStatement ? planSelect(statement, engine.dialect, binds) : planReturning(statement, engine.dialect, binds),
  );
  return { plan: value, params, connection: await session.connectionFor(mapper) };
}
async function runPlan(
  session: SessionInternals,
  statement: Planned,
  named: ParameterValues | undefined,
  populate: boolean | undefined,
): Promise<{ hydration: Hydration; raw: RawResult }> {
  const mapper = mapperOf(statement);
  const engine = session.engineFor(mapper);
  const cache = session.planCache(engine) as StatementCache<OrmPlan>;
  const { value: plan, params } = cache.lookup(statement, (binds) =>
    statement instanceof SelectStatement ? planSelect(statement, engine.dialect, binds) : planReturning(statement, engine.dialect, binds),
  );
  const ready = session.connectionFor(mapper);
  const connection = ready instanceof Promise ? await ready : ready;
  const running = connection.run(plan.compiled, params, named as { readonly [name: string]: unknown } | undefined);
  const raw = running instanceof Promise ? await running : running;
  return { hydration: hydrationOf(session, plan, statement, populate), raw };
}
function hydrationOf(session: SessionInternals, plan: OrmPlan, statement: Planned, populate?: boolean): Hydration {
  const trees = plan.criteria ? treesOf(plan, statement as SelectStatement) : undefined;
  return new Hydration(plan, session, populate ?? populates(session, statement), trees);
}
/** Collections in place, then what is loaded by statements of its own. */
async function completeLoads(session: SessionInternals, hydration: Hydration): Promise<void> {
  hydration.finish();
  for (const entity of hydration.plan.entities) {
    const { instances, context } = hydration.batches[entity.index] as LoadBatch;
    if (instances.length === 0) continue;
    if (entity.discriminatorAt >= 0) await fillSubclassColumns(rowsOf, session, entity.mapper, instances);
    for (const property of entity.after) {
      const branch = (context as LoadTree).relations.get(property);
      await loadRelation(rowsOf, session, instances, property, branch?.below ?? new LoadTree(), branch?.criteria);
    }
  }
}
/** Rows of an ORM statement inside the turn: for the loaders. */
async function rowsOf(session: SessionInternals, statement: SelectStatement): Promise<readonly (readonly unknown[])[]> {
  const { hydration, raw } = await runPlan(session, statement, undefined, false);
  const rows = hydration.rows(raw.rows) as (readonly unknown[])[];
  await completeLoads(session, hydration);
  return rows;
}

// ---- what the session asks for

export interface LoadByKeyOptions {
  readonly options?: readonly unknown[] | undefined;
  readonly populateExisting?: boolean | undefined;
  readonly withForUpdate?: boolean | { readonly read?: boolean; readonly nowait?: boolean; readonly skipLocked?: boolean } | undefined;
}
const BY_KEY = Symbol("byKey");

/** The object with this key, read from the database; null when there is no such row. Runs in the session's turn. */
export async function loadByKey(session: SessionInternals, mapper: Mapper, values: readonly unknown[], options: LoadByKeyOptions = {}): Promise<Managed | null> {
  let statement = mapper.memo.get(BY_KEY) as SelectStatement | undefined;
  if (statement === undefined) {
    const source = mappedSource(mapper);
    const criteria: Expression[] = mapper.primaryKey.map((pk, i) => source.column(pk).eq(new NamedBind(`pk_${i}`, pk.column.type)));
    statement = new SelectStatement([entityOf(mapper)]).where(...criteria);
    mapper.memo.set(BY_KEY, statement);
  }
  if (options.options !== undefined && options.options.length > 0) statement = statement.options(...options.options);
  const lock = options.withForUpdate;
  if (lock !== undefined && lock !== false) statement = statement.withForUpdate(lock === true ? {} : lock);
  const named: { [name: string]: unknown } = {};
  for (let i = 0; i < values.length; i++) named[`pk_${i}`] = values[i];
  const { hydration, raw } = await runPlan(session, statement, named, options.populateExisting ?? (lock !== undefined && lock !== false));
  const [found] = hydration.firsts(raw.rows) as Managed[];
  await completeLoads(session, hydration);
  return found ?? null;
}

/** Loads a relationship for an object and every sibling that came with it. Runs in the session's turn. */
export async function loadRelationship(session: SessionInternals, owner: Managed, property: RelationshipProperty): Promise<void> {
  if (owner[property.slot] !== UNLOADED) return;
  const batch = owner.$$b;
  const tree = batch?.context instanceof LoadTree ? batch.context : undefined;
  const branch = tree?.relations.get(property);
  if (branch?.strategy === "raise") {
    throw new NotLoadedError(`${property} of ${describeInstance(owner)} is not loaded and the query said raiseLoad(). Load it with selectinLoad() or joinedLoad(), or refresh the object.`);
  }
  const siblings = batch === null ? [owner] : batch.instances.filter((i) => i.$$s === session.face && i[property.slot] === UNLOADED && property.slot in i);
  if (!siblings.includes(owner)) siblings.push(owner);
  await loadRelation(rowsOf, session, siblings, property, branch?.below ?? new LoadTree(), branch?.criteria ?? []);
}

/** The object a many-to-one points to, if the session has it: no SQL. `undefined`: not known here. */
export function peekReference(session: SessionInternals, owner: Managed, property: RelationshipProperty): Managed | null | undefined {
  if (!property.usesGet || property.direction !== "manyToOne") return undefined;
  const values = property.pairs.map((p) => owner[p.local.slot]);
  if (values.some((v) => v === UNLOADED || v === undefined)) return undefined;
  if (values.some((v) => v === null)) return null;
  const key = property.target.identityKey(inKeyOrder(property, values));
  return key === undefined ? undefined : session.identity.get(property.target, key);
}

/** Loads one deferred column, for all siblings that lack it. */
export async function loadColumn(session: SessionInternals, owner: Managed, key: string): Promise<unknown> {
  const mapper = mapperOfInstance(owner);
  const attribute = mapper.attribute(key);
  if (attribute === undefined) throw new ArgumentError(`${mapper.name} has no column '${key}'.`);
  if (owner[attribute.slot] !== UNLOADED) return owner[attribute.slot];
  const batch = owner.$$b;
  const siblings = batch === null ? [owner] : batch.instances.filter((i) => i.$$s === session.face && i[attribute.slot] === UNLOADED && attribute.slot in i);
  if (!siblings.includes(owner)) siblings.push(owner);
  await refreshInstances(session, siblings, [key], false);
  return owner[attribute.slot];
}

/**
 * Reads attributes anew. Without names: all columns, and the relationships are forgotten. Gives the objects whose rows
 * are gone.
 */
export async function refreshInstances(session: SessionInternals, instances: readonly Managed[], keys?: readonly string[], overwrite = true): Promise<readonly Managed[]> {
  const gone: Managed[] = [];
  const byMapper = new Map<Mapper, Managed[]>();
  for (const instance of instances) {
    const mapper = mapperOfInstance(instance);
    const list = byMapper.get(mapper);
    if (list === undefined) byMapper.set(mapper, [instance]);
    else list.push(instance);
  }
  for (const [mapper, list] of byMapper) {
    for (let at = 0; at < list.length; at += CHUNK) {
      const chunk = list.slice(at, at + CHUNK);
      gone.push(...(await refreshChunk(session, mapper, chunk, keys, overwrite)));
    }
  }
  return gone;
}
async function refreshChunk(session: SessionInternals, mapper: Mapper, chunk: readonly Managed[], keys: readonly string[] | undefined, overwrite: boolean): Promise<readonly Managed[]> {
  const source = mappedSource(mapper);
  const columns = keys === undefined ? undefined : keys.flatMap((k) => mapper.attribute(k) ?? []);
  const relations = keys === undefined ? [] : keys.flatMap((k) => mapper.relationship(k) ?? []);
  const gone: Managed[] = [];
  if (columns === undefined || columns.length > 0) {
    const tree = new LoadTree();
    if (columns !== undefined) tree.columns = { only: columns, defer: [], undefer: columns, undeferGroups: [] };
    const statement = new SelectStatement([entityOf(mapper)])
      .where(among(mapper.primaryKey.map((pk) => source.column(pk)), chunk.map((i) => mapper.primaryKey.map((pk) => i[pk.slot]))))
      .options(new CarriedOptions(tree));
    const { hydration, raw } = await runPlan(session, statement, undefined, overwrite && columns === undefined);
    if (overwrite && columns !== undefined) for (const i of chunk) for (const c of columns) i[c.slot] = UNLOADED;
    const kept = chunk.map((i) => i.$$b);
    const found = new Set(hydration.firsts(raw.rows) as Managed[]);
    chunk.forEach((i, at) => {
      if (columns !== undefined) i.$$b = kept[at] as LoadBatch | null;
      if (!found.has(i)) gone.push(i);
    });
    await completeLoads(session, hydration);
  }
  for (const property of relations) {
    for (const i of chunk) i[property.slot] = UNLOADED;
    await loadRelation(rowsOf, session, chunk, property, new LoadTree());
  }
  return gone;
}

