/**
 * UPDATE and DELETE of models that are spread over several tables: rows are chosen over the joined tables, then written
 * to in each table by their keys. Source: what SQLAlchemy leaves undone in "ORM UPDATE and DELETE with Custom WHERE
 * Criteria" for joined inheritance.
 */
import {
  DeleteStatement,
  type Expression,
  InvalidRequestError,
  referencedFroms,
  SelectStatement,
  type Table,
  type TableColumn,
  UpdateStatement,
} from "@athanor/core";
import type { Mapper } from "../mapping/mapper.js";
import type { SessionInternals } from "../session/internals.js";
import { entityMapper } from "./bulk.js";
import { among, CHUNK } from "./keys.js";
import { mappedSource } from "./source.js";

type Keys = readonly (readonly unknown[])[];

/** The tables that a DELETE of a mapper's rows concerns: those of subclasses first, then its own, the base last. */
function tablesBelow(mapper: Mapper): readonly Table[] {
  const found = new Set<Table>();
  for (const m of [...mapper.selfAndDescendants()].reverse())
    if (m.inheritance?.strategy !== "concrete" || m === mapper)
      for (const table of [...m.tables].reverse()) found.add(table);
  return [...found].sort((a, b) => depthOf(mapper, b) - depthOf(mapper, a));
}
function depthOf(mapper: Mapper, table: Table): number {
  for (const m of mapper.selfAndDescendants()) if (m.tables.includes(table)) return m.tables.indexOf(table);
  return 0;
}
/** Whether a statement concerns more than the one table it names. */
export function isSpread(statement: UpdateStatement | DeleteStatement): boolean {
  if (statement.spread.length > 0) return true;
  const mapper = entityMapper(statement);
  return statement instanceof DeleteStatement && mapper !== undefined && tablesBelow(mapper).length > 1;
}
/** The statement with the criterion of a class that shares its table with others. */
export function ownRows<S extends UpdateStatement | DeleteStatement>(statement: S): S {
  const mapper = entityMapper(statement);
  const criterion = mapper === undefined ? undefined : mappedSource(mapper).criterion;
  return criterion === undefined ? statement : (statement.where(criterion) as S);
}

function keysQuery(mapper: Mapper, criteria: readonly Expression[]): SelectStatement {
  const source = mappedSource(mapper);
  return new SelectStatement(mapper.primaryKey.map((pk) => source.column(pk)))
    .selectFrom(source.from)
    .where(...criteria);
}
/** The keys of the rows a statement means, read before it changes them. */
export async function keysOf(session: SessionInternals, statement: UpdateStatement | DeleteStatement): Promise<Keys> {
  const mapper = entityMapper(statement) as Mapper;
  if (statement.limitValue !== undefined || statement.orderByList.length > 0)
    throw new InvalidRequestError(
      `${statement.kind} of ${mapper}: orderBy() and limit() are not for a model spread over several tables.`,
      "orm.several-tables",
    );
  const connection = await session.connectionFor(mapper, statement);
  return (await connection.execute(keysQuery(mapper, statement.criteria)).all()) as unknown as Keys;
}
function keyColumns(mapper: Mapper, table: Table): readonly TableColumn[] {
  // Tables of subclasses repeat the key of the base in its order.
  return mapper.primaryKey.map(
    (pk, i) => pk.columns.find((c) => c.table === table) ?? (table.primaryKey[i] as TableColumn),
  );
}

/** Runs the UPDATE; gives the number of rows. `keys`: already read. */
export async function updateSpread(
  session: SessionInternals,
  statement: UpdateStatement,
  keys: Keys | undefined,
): Promise<number> {
  const mapper = entityMapper(statement) as Mapper;
  const tables = mapper.tables.filter((t) => statement.assignments.some((a) => a.column.table === t));
  if (tables.length === 0)
    throw new InvalidRequestError(`update(${mapper}): nothing is set; call set().`, "orm.nothing-set");
  const only = tables[0] as Table;
  const part = (table: Table) => {
    const set = statement.assignments.filter((a) => a.column.table === table);
    for (const { column, value } of set)
      for (const from of referencedFroms(value))
        if (from !== table)
          throw new InvalidRequestError(
            `update(${mapper}): the new value of '${column.key}' reads another table than '${table.fullName}'; select it in a subquery.`,
            "orm.several-tables",
          );
    return new UpdateStatement(table).with({
      assignments: set,
      executionOptionsValue: statement.executionOptionsValue,
    });
  };
  const connection = await session.connectionFor(mapper, statement);
  if (tables.length === 1 && keys === undefined && mapper.primaryKey.length === 1) {
    const reads = new Set(statement.criteria.flatMap((c) => [...referencedFroms(c)]));
    if (only === mapper.table && [...reads].every((f) => f === only))
      return connection.execute(part(only).where(...statement.criteria)).rowCount();
    // Through a derived table of its own: MySQL reads no table it is writing to.
    const inner = keysQuery(mapper, statement.criteria).distinct().subquery();
    const [column] = keyColumns(mapper, only) as readonly [TableColumn];
    const within = column.in(new SelectStatement([...inner.columns]));
    return connection.execute(part(only).where(within)).rowCount();
  }
  const known = keys ?? (await keysOf(session, statement));
  for (const table of tables)
    await inChunks(known, (chunk) =>
      connection.execute(part(table).where(among(keyColumns(mapper, table), chunk))).rowCount(),
    );
  return known.length;
}
/** Deletes the rows with these keys from all tables they stand in, those of subclasses first. */
export async function deleteSpread(session: SessionInternals, statement: DeleteStatement, keys: Keys): Promise<number> {
  const mapper = entityMapper(statement) as Mapper;
  const connection = await session.connectionFor(mapper, statement);
  for (const table of tablesBelow(mapper))
    await inChunks(keys, (chunk) =>
      connection.execute(new DeleteStatement(table).where(among(keyColumns(mapper, table), chunk))).rowCount(),
    );
  return keys.length;
}
async function inChunks(keys: Keys, send: (chunk: Keys) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < keys.length; at += CHUNK) await send(keys.slice(at, at + CHUNK));
}
