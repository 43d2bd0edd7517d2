/** INSERT, UPDATE and DELETE in a session: which way a statement takes, and what comes back. */
import {
  DeleteStatement,
  type Fetched,
  InsertStatement,
  rowPrototype,
  SelectStatement,
  UpdateStatement,
} from "@athanor/core";
import type { CanonicalKey } from "../mapping/identity-key.js";
import type { MappedColumn, Mapper } from "../mapping/mapper.js";
import { type LoadBatch, type Managed, UNLOADED } from "../mapping/state.js";
import type { ParameterValues, SessionInternals } from "../session/internals.js";
import { entityMapper, insertSpread, type RowValues, rowsForInsert, runsOf, updateRows } from "./bulk.js";
import { bringInLine, type Concerned, dmlStrategyOf, objectsConcerned, type Writing } from "./dml.js";
import { EntityItem } from "./entity.js";
import { finish, type Mode, named, runCore, taking } from "./fetch.js";
import { fillColumns } from "./fill-columns.js";
import { among } from "./keys.js";
import { LoadTree } from "./load-tree.js";
import { runner, runPlan } from "./run-plan.js";
import { mappedSource } from "./source.js";
import { deleteSpread, isSpread, keysOf, ownRows, updateSpread } from "./spread.js";

/** INSERT, UPDATE and DELETE of a model: objects in memory follow, RETURNING gives objects. */
export async function write(
  session: SessionInternals,
  statement: Writing,
  params: ParameterValues | undefined,
  mode: Mode,
): Promise<Fetched> {
  const raw = dmlStrategyOf(statement, Array.isArray(params)) === "raw";
  if (statement instanceof InsertStatement) return insert(session, statement, params, raw, mode);
  const done = await change(session, statement, params, raw, mode);
  await session.bulkDone(statement, done.rowCount);
  return done;
}
async function change(
  session: SessionInternals,
  statement: UpdateStatement | DeleteStatement,
  params: ParameterValues | undefined,
  raw: boolean,
  mode: Mode,
): Promise<Fetched> {
  const rows = Array.isArray(params) ? (params as readonly RowValues[]) : undefined;
  const returnsEntities = statement.returningItems.some((i) => i instanceof EntityItem);
  if (raw) {
    statement.requireOneTable();
    return returnsEntities
      ? finish(session, runPlan(session, statement, named(params)), mode)
      : runCore(session, statement, params, mode);
  }
  if (rows !== undefined && statement instanceof UpdateStatement && entityMapper(statement) !== undefined)
    return { rows: null, keys: [], rowCount: await updateRows(session, statement, rows), lastInsertId: null };
  const own = ownRows(statement);
  const concerned = await objectsConcerned(session, own);
  if (isSpread(own)) return writeSpread(session, own, concerned, mode);
  if (!returnsEntities) {
    const done = await runCore(session, own, params, mode);
    bringInLine(session, own, concerned);
    return done;
  }
  const ran = await runPlan(session, own, named(params));
  // Before the rows are read: what the new values do not tell is taken from them.
  bringInLine(session, own, concerned);
  return finish(session, ran, mode);
}
async function writeSpread(
  session: SessionInternals,
  statement: UpdateStatement | DeleteStatement,
  concerned: Concerned,
  mode: Mode,
): Promise<Fetched> {
  const mapper = entityMapper(statement) as Mapper;
  const returns = statement.returningItems.length > 0;
  const deletes = statement instanceof DeleteStatement;
  const keys = deletes || returns ? await keysOf(session, statement) : undefined;
  const source = mappedSource(mapper);
  const read = () =>
    finish(
      session,
      runPlan(
        session,
        new SelectStatement(statement.returningItems).selectFrom(source.from).where(
          among(
            mapper.primaryKey.map((pk) => source.column(pk)),
            keys as readonly (readonly unknown[])[],
          ),
        ),
        undefined,
        true,
      ),
      mode,
    );
  // The rows are gone afterwards, so they are read before.
  const before = deletes && returns ? await read() : undefined;
  const rowCount = deletes
    ? await deleteSpread(session, statement, keys as readonly (readonly unknown[])[])
    : await updateSpread(session, statement, keys);
  bringInLine(session, statement, concerned);
  const given = deletes ? before : returns ? await read() : undefined;
  return given === undefined ? { rows: null, keys: [], rowCount, lastInsertId: null } : { ...given, rowCount };
}
async function insert(
  session: SessionInternals,
  statement: InsertStatement,
  params: ParameterValues | undefined,
  raw: boolean,
  mode: Mode,
): Promise<Fetched> {
  const rows = Array.isArray(params) ? (params as readonly RowValues[]) : undefined;
  const mapper = raw ? undefined : entityMapper(statement);
  const renderNulls = statement.executionOptionsValue?.renderNulls !== false;
  const given = rows ?? statement.rows;
  const filled = given === undefined ? undefined : rowsForInsert(mapper, given, rows === undefined || renderNulls);
  if (mapper !== undefined && statement.spread.length > 0)
    return insertSpreadRows(session, statement, filled ?? [{}], mode);
  const returnsEntities = statement.returningItems.some((i) => i instanceof EntityItem);
  if (returnsEntities && statement.isOrdered && mapper !== undefined && filled !== undefined && filled.length > 1)
    return insertInOrder(session, statement, mapper, rows === undefined ? [filled] : runsOf(filled), mode);
  if (rows === undefined || filled === undefined) {
    const whole = filled === given || filled === undefined ? statement : withRows(statement, filled);
    return returnsEntities
      ? finish(session, runPlan(session, whole, named(params)), mode)
      : runCore(session, whole, params, mode);
  }
  const runs = raw ? [filled] : runsOf(filled);
  if (runs.length === 1 && !returnsEntities) return runCore(session, statement, filled, mode);
  const out: unknown[] = [];
  let keys: readonly string[] = [];
  let rowCount = 0;
  let lastInsertId: Fetched["lastInsertId"] = null;
  for (const run of runs) {
    const part = returnsEntities
      ? await finish(session, runPlan(session, statement.values(run)), mode)
      : await runCore(session, statement, run, mode);
    for (const row of part.rows?.() ?? []) out.push(row);
    keys = part.keys;
    rowCount += part.rowCount;
    lastInsertId = part.lastInsertId;
  }
  const returns = statement.returningItems.length > 0;
  return { rows: returns ? taking(out) : null, keys, rowCount, lastInsertId };
}
/**
 * Entities in the order of the given rows: sorted by the keys that the database counts, or one row at a time.
 */
async function insertInOrder(
  session: SessionInternals,
  statement: InsertStatement,
  mapper: Mapper,
  runs: readonly (readonly RowValues[])[],
  mode: Mode,
): Promise<Fetched> {
  const at = statement.returningItems.findIndex((i) => i instanceof EntityItem && i.mapper === mapper);
  const { generatedKeys } = session.engineFor(mapper).dialect.capabilities;
  const auto = mapper.table.autoincrementColumn;
  const keyOf = (item: unknown) => (mode === "scalars" ? item : (item as readonly unknown[])[at]) as Managed;
  const out: unknown[] = [];
  let keys: readonly string[] = [];
  let rowCount = 0;
  let lastInsertId: Fetched["lastInsertId"] = null;
  const send = async (rows: readonly RowValues[], numbersRows: boolean): Promise<unknown[]> => {
    const part = await finish(session, runPlan(session, withRows(statement, rows).with({ numbersRows })), mode);
    keys = part.keys;
    rowCount += part.rowCount;
    lastInsertId = part.lastInsertId;
    return [...(part.rows?.() ?? [])];
  };
  for (const run of runs) {
    const first = run[0] as RowValues;
    const counted = auto !== undefined && !(auto.key in first) && generatedKeys !== "unknown";
    if (run.length > 1 && counted && at >= 0 && (mode !== "scalars" || at === 0)) {
      const { slot } = mapper.attributeOf(auto) as MappedColumn;
      const made = await send(run, generatedKeys === "numbered");
      made.sort((a, b) => ((keyOf(a)[slot] as number) < (keyOf(b)[slot] as number) ? -1 : 1));
      out.push(...made);
    } else for (const row of run) out.push(...(await send([row], false)));
  }
  return { rows: taking(out), keys, rowCount, lastInsertId };
}
/** Rows of a model with several tables; RETURNING gives the objects that were made for them. */
async function insertSpreadRows(
  session: SessionInternals,
  statement: InsertStatement,
  rows: readonly RowValues[],
  mode: Mode,
): Promise<Fetched> {
  const mapper = entityMapper(statement) as Mapper;
  const made = await insertSpread(session, statement, rows);
  const rowCount = made.length;
  const { returningItems } = statement;
  if (returningItems.length === 0) return { rows: null, keys: [], rowCount, lastInsertId: null };
  if (returningItems.length === 1 && returningItems[0] instanceof EntityItem && returningItems[0].mapper === mapper) {
    const batch: LoadBatch = { instances: [...made], context: new LoadTree(), left: 0 };
    for (const instance of made) {
      session.register(instance);
      session.identity.add(mapper, mapper.keyOf(instance) as CanonicalKey, instance);
      instance.$$b = batch;
    }
    // What the database made, it is asked for.
    const lacking = mapper.attributes.filter((a) => !a.deferred && made.some((i) => i[a.slot] === UNLOADED));
    if (lacking.length > 0) await fillColumns(runner.columns, session, mapper, made, lacking);
    const names = [returningItems[0].itemName];
    const items: unknown[] = mode === "scalars" ? [...made] : rowsOf(made, names);
    return { rows: taking(items), keys: names, rowCount, lastInsertId: null };
  }
  const source = mappedSource(mapper);
  const columns = mapper.primaryKey.map((pk) => source.column(pk));
  const keys = made.map((i) => mapper.primaryKey.map((pk) => i[pk.slot]));
  const ran = await runPlan(
    session,
    new SelectStatement([...returningItems, ...columns]).selectFrom(source.from).where(among(columns, keys)),
  );
  // In the order of the rows given.
  const place = new Map(keys.map((k, i) => [JSON.stringify(mapper.identityKey(k), bigints), i]));
  const width = returningItems.length;
  const found = (ran.hydration.rows(ran.raw.rows) as unknown[][]).sort((a, b) => {
    const at = (row: unknown[]) => place.get(JSON.stringify(mapper.identityKey(row.slice(width)), bigints)) ?? 0;
    return at(a) - at(b);
  });
  const names = ran.hydration.plan.names.slice(0, width);
  const cut = found.map((row) => row.slice(0, width));
  const items = mode === "scalars" ? cut.map((row) => row[0]) : rowsOf(cut, names);
  return { rows: taking(items), keys: names, rowCount, lastInsertId: null };
}
function withRows(statement: InsertStatement, rows: readonly RowValues[]): InsertStatement {
  return statement.with({ rows: undefined, layout: undefined }).values(rows);
}
/** Rows by position and by name. */
function rowsOf(items: readonly unknown[], names: readonly string[]): unknown[] {
  const prototype = rowPrototype(names);
  return items.map((item) => Object.setPrototypeOf(Array.isArray(item) ? item : [item], prototype));
}
function bigints(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
