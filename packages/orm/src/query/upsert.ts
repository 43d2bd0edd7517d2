/**
 * Upserts that give objects: rows are inserted or updated by a unique key, and each comes back as the session's object
 * for it, read anew. Source: SQLAlchemy "ORM upsert Statements".
 */
import {
  ArgumentError,
  didYouMean,
  Expression,
  InsertStatement,
  InvalidRequestError,
  SelectStatement,
} from "@athanor/core";
import { canonicalizer } from "../mapping/identity-key.js";
import type { MappedColumn, Mapper } from "../mapping/mapper.js";
import type { Managed } from "../mapping/state.js";
import type { SessionInternals } from "../session/internals.js";
import { type RowValues, rowsForInsert, runsOf } from "./bulk.js";
import { entityOf } from "./entity.js";
import { among, CHUNK } from "./keys.js";
import { completeLoads, runPlan } from "./run-plan.js";
import { mappedSource } from "./source.js";

export interface UpsertSettings {
  /** Keys of the columns of a unique key; the primary key unless said otherwise. */
  readonly target?: readonly string[] | undefined;
  /** Keys of the columns that an existing row takes from the new one; all that are given unless said otherwise. */
  readonly set?: readonly string[] | undefined;
}

/**
 * Inserts or updates; gives an object for every row, in order. Runs in the session's turn.
 *
 * @throws ArgumentError for a row that leaves a part of the target open
 */
export async function upsertRows(
  session: SessionInternals,
  mapper: Mapper,
  rows: readonly RowValues[],
  { target, set }: UpsertSettings,
): Promise<readonly Managed[]> {
  if (mapper.tables.length > 1)
    throw new InvalidRequestError(
      `upsert(${mapper}): ${mapper} is spread over several tables; merge() its objects instead.`,
      "orm.several-tables",
    );
  const key = (target ?? mapper.primaryKey.map((pk) => pk.key)).map((name) => attributeOf(mapper, name));
  const canonical = key.map((a) => canonicalizer(a.column.type));
  const keyOf = (read: (a: MappedColumn) => unknown): string =>
    JSON.stringify(key.map((a, i) => String((canonical[i] as (v: unknown) => unknown)(read(a)))));
  rows.forEach((row, i) => {
    for (const a of key) {
      const value = row[a.key];
      if (value === undefined || value === null || value instanceof Expression)
        throw new ArgumentError(
          `upsert(${mapper}): row ${i} gives no value for '${a.key}', by which rows are recognized.`,
          "orm.upsert-key",
        );
    }
  });
  const found = new Map<string, Managed>();
  const note = (instances: readonly unknown[]) => {
    for (const instance of instances as readonly Managed[])
      found.set(
        keyOf((a) => instance[a.slot]),
        instance,
      );
  };
  const returns = session.engineFor(mapper).dialect.capabilities.returning.insert;
  for (const run of runsOf(rowsForInsert(mapper, rows, true))) {
    const changed = (set ?? Object.keys(run[0] as RowValues)).map((name) => attributeOf(mapper, name));
    const taken = changed.filter((a) => !key.includes(a) && !mapper.primaryKey.includes(a)).map((a) => a.key);
    const insert = new InsertStatement(mapper.model).values(run);
    const names = key.map((a) => a.key);
    let statement =
      taken.length === 0
        ? insert.onConflictDoNothing({ target: names })
        : insert.onConflictDoUpdate({
            target: names,
            set: (excluded: RowValues) => Object.fromEntries(taken.map((name) => [name, excluded[name]])),
          });
    if (!returns) {
      const connection = await session.connectionFor(mapper);
      await connection.execute(statement).rowCount();
      continue;
    }
    statement = statement.returning(mapper.model);
    const { hydration, raw } = await runPlan(session, statement, undefined, true);
    note(await completeLoads(session, hydration, hydration.firsts(raw.rows)));
  }
  // Rows that nothing was returned for: they were left alone, or the database returns none.
  const read = async (keys: readonly (readonly unknown[])[]) => {
    const source = mappedSource(mapper);
    const columns = key.map((a) => source.column(a));
    const statement = new SelectStatement([entityOf(mapper)]).where(among(columns, keys));
    const { hydration, raw } = await runPlan(session, statement, undefined, "written");
    return completeLoads(session, hydration, hydration.firsts(raw.rows));
  };
  const missing = rows.filter((row) => !found.has(keyOf((a) => row[a.key])));
  for (let at = 0; at < missing.length; at += CHUNK)
    note(await read(missing.slice(at, at + CHUNK).map((row) => key.map((a) => row[a.key]))));
  const out: Managed[] = [];
  for (const row of rows) {
    // The database may find equal what the program does not, "A@x" and "a@x": it is asked for the row alone.
    const instance = found.get(keyOf((a) => row[a.key])) ?? (await read([key.map((a) => row[a.key])]))[0];
    if (instance === undefined)
      throw new InvalidRequestError(`upsert(${mapper}): a row is not there after it was written: a trigger took it.`);
    out.push(instance as Managed);
  }
  // After a rollback none of them is what was read here; a new one may have no row.
  for (const instance of new Set(out)) session.overwritten(instance, NO_COLUMNS);
  return out;
}
const NO_COLUMNS: readonly MappedColumn[] = [];
function attributeOf(mapper: Mapper, name: string): MappedColumn {
  const attribute = mapper.attribute(name);
  if (attribute === undefined)
    throw new ArgumentError(
      `upsert(${mapper}): there is no column '${name}'.${didYouMean(
        name,
        mapper.attributes.map((a) => a.key),
      )}`,
      "column.unknown",
    );
  return attribute;
}
