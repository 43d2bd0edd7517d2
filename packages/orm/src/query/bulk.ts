/**
 * Lists of rows for `insert(Model)` and `update(Model)`: runs of equal keys become statements of many rows, in order.
 * Source: SQLAlchemy "ORM Bulk INSERT Statements", "ORM Bulk UPDATE by Primary Key".
 */
import {
  ArgumentError,
  bindStatement,
  type Connection,
  didYouMean,
  Element,
  type InsertStatement,
  InvalidRequestError,
  UpdateStatement,
} from "@athanor/core";
import { StaleDataError } from "../errors.js";
import { type MappedColumn, type Mapper, mapperOfInstance } from "../mapping/mapper.js";
import { LOAD_TOKEN, type Managed, STALE, UNLOADED } from "../mapping/state.js";
import type { SessionInternals } from "../session/internals.js";
import { insertAll } from "../session/unit-of-work/insert.js";
import { keyOf, readBack } from "../session/unit-of-work/read-back.js";
import { type ChangedColumn, updateByKey } from "../session/unit-of-work/update.js";
import { forgetChange } from "./changes.js";
import { EntityItem } from "./entity.js";
import { bulkRowsOf } from "./hybrids.js";

export type RowValues = { readonly [name: string]: unknown };

/** Rows that follow each other with the same keys, whatever their order. */
export function runsOf(rows: readonly RowValues[]): RowValues[][] {
  const runs: RowValues[][] = [];
  let shape: string | undefined;
  for (const row of rows) {
    const keys = Object.keys(row).sort().join("\u0000");
    if (keys !== shape) runs.push([]);
    shape = keys;
    (runs.at(-1) as RowValues[]).push(row);
  }
  return runs;
}

/** The mapper a statement was written for; undefined for a plain table. */
export function entityMapper(statement: { readonly entity: unknown }): Mapper | undefined {
  return statement.entity instanceof EntityItem ? statement.entity.mapper : undefined;
}

/**
 * Rows for an INSERT of a model: the discriminator of a subclass is filled in, and without `renderNulls` what is null is
 * left to the defaults of the database.
 */
export function rowsForInsert(
  mapper: Mapper | undefined,
  rows: readonly RowValues[],
  renderNulls: boolean,
): readonly RowValues[] {
  const inherited = mapper?.inheritance;
  const key = inherited?.identity === undefined ? undefined : inherited.discriminator?.key;
  const own = mapper === undefined ? rows : bulkRowsOf(mapper, rows);
  if (key === undefined && renderNulls) return own;
  return own.map((row) => {
    const given = renderNulls ? row : Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
    return key === undefined || key in given ? given : { [key]: inherited?.identity, ...given };
  });
}

/**
 * Inserts rows of a model that has several tables: base rows first, so that their keys are known to the others. Gives
 * the objects, which belong to no session yet.
 *
 * @throws ArgumentError for a name that is no column, and for undefined
 */
export async function insertSpread(
  session: SessionInternals,
  statement: InsertStatement,
  rows: readonly RowValues[],
): Promise<readonly Managed[]> {
  const mapper = entityMapper(statement) as Mapper;
  if (statement.conflict !== undefined || statement.source !== undefined)
    throw new InvalidRequestError(
      `insert(${mapper}): ${mapper} is spread over several tables; an upsert or INSERT from a SELECT can only be written for each table.`,
      "orm.several-tables",
    );
  const Model = mapper.loadClass;
  const instances = rows.map((row) => {
    const instance = new Model(LOAD_TOKEN);
    for (const key of Object.keys(row)) instance[attributeFor(mapper, key, row, "insert").slot] = row[key];
    const version = mapper.versionColumn;
    if (version !== undefined && instance[version.slot] === UNLOADED && version.column.fields.default === undefined)
      instance[version.slot] = mapper.nextVersion(null) ?? UNLOADED;
    return instance;
  });
  for (const table of mapper.tables) await insertAll(session, table, instances);
  return instances;
}
function attributeFor(mapper: Mapper, key: string, row: RowValues, what: string): MappedColumn {
  const attribute = mapper.attribute(key);
  if (attribute === undefined)
    throw new ArgumentError(
      `${what}(${mapper}): there is no column '${key}'.${didYouMean(
        key,
        mapper.attributes.map((a) => a.key),
      )}`,
      "column.unknown",
    );
  if (row[key] === undefined)
    throw new ArgumentError(
      `${what}(${mapper}): '${key}' is undefined. Pass null for SQL NULL, or leave it out.`,
      "argument.undefined",
    );
  return attribute;
}

/**
 * Updates rows by their primary keys: `session.execute(update(User), [{ id: 1, name: "x" }, …])`. Objects the session
 * has follow, unless they are stale. Rows of a model with versions say which one they know; it goes on with the update.
 * Gives the number of rows matched, or -1 where the driver does not know.
 *
 * @throws ArgumentError for a row without its key or version; InvalidRequestError for criteria, which name other rows;
 * StaleDataError when a row is gone or has another version
 */
export async function updateRows(
  session: SessionInternals,
  statement: UpdateStatement,
  given: readonly RowValues[],
): Promise<number> {
  const mapper = entityMapper(statement) as Mapper;
  const rows = bulkRowsOf(mapper, given);
  if (statement.criteria.length > 0 || statement.assignments.length > 0 || statement.returningItems.length > 0)
    throw new InvalidRequestError(
      `update(${mapper}) with a list of rows updates them by primary key and takes no set(), where() or returning(); for one statement with many parameter sets use the connection: (await session.connection()).execute(…).`,
      "orm.bulk-update",
    );
  const synchronize = statement.executionOptionsValue?.synchronizeSession !== false;
  const connection = await session.connectionFor(mapper, statement);
  const version = mapper.versionColumn;
  let matched = 0;
  for (const run of runsOf(rows)) {
    const attributes = Object.keys(run[0] as RowValues).map((key) =>
      attributeFor(mapper, key, run[0] as RowValues, "update"),
    );
    for (const pk of mapper.primaryKey)
      if (!attributes.includes(pk))
        throw new ArgumentError(
          `update(${mapper}): row ${rows.indexOf(run[0] as RowValues)} has no '${pk.key}'; a list of rows is updated by primary key.`,
          "orm.no-key",
        );
    if (version !== undefined && !attributes.includes(version))
      throw new ArgumentError(
        `update(${mapper}): row ${rows.indexOf(run[0] as RowValues)} has no '${version.key}', the version of the row to be changed. Give the one that was read, or use update(${mapper}).set(…).where(…), which does not look at versions.`,
        "orm.no-version",
      );
    for (const row of run) for (const { key } of attributes) attributeFor(mapper, key, row, "update");
    const changed = attributes.filter((a) => !mapper.primaryKey.includes(a));
    const next = version === undefined ? run : run.map((row) => ({ ...row, ...nextVersion(mapper, version, row) }));
    const counts: number[] = [];
    for (const table of mapper.tables) {
      const columns = changed.flatMap((attribute): ChangedColumn[] => {
        const column = attribute.columns.find((c) => c.table === table);
        return column === undefined ? [] : [{ attribute, column }];
      });
      if (columns.length > 0) counts.push(await updateTable(session, connection, mapper, table, columns, run, next));
    }
    const count = counts.includes(-1) ? -1 : Math.max(0, ...counts);
    matched = matched < 0 || count < 0 ? -1 : matched + count;
    if (!synchronize) continue;
    const followed = next.flatMap((row) => follow(session, mapper, row, changed) ?? []);
    if (version !== undefined && mapper.versionGenerator === false)
      await readBack(session, version.column.table, mapper, followed, [{ attribute: version, column: version.column }]);
  }
  return matched;
}
/** Where the database counts, the row keeps its version in the statement, which makes it count. */
function nextVersion(mapper: Mapper, version: MappedColumn, row: RowValues): RowValues {
  return mapper.versionGenerator === false ? {} : { [version.key]: mapper.nextVersion(row[version.key]) };
}
/** `next`: the rows with their new versions. */
async function updateTable(
  session: SessionInternals,
  connection: Connection,
  mapper: Mapper,
  table: Mapper["table"],
  columns: readonly ChangedColumn[],
  run: readonly RowValues[],
  next: readonly RowValues[],
): Promise<number> {
  const engine = session.engineFor(mapper);
  const key = keyOf(mapper, table);
  const version = columns.find((c) => c.attribute === mapper.versionColumn);
  const names = (at: number): RowValues => {
    const [row, to] = [run[at] as RowValues, next[at] as RowValues];
    const named: Record<string, unknown> = {};
    for (const { attribute, column } of columns) named[`set_${column.key}`] = to[attribute.key];
    for (const { attribute, column } of key) named[`key_${column.key}`] = row[attribute.key];
    if (version !== undefined) named.old_version = row[version.attribute.key];
    return named;
  };
  const plain: number[] = [];
  const computed: number[] = [];
  run.forEach((row, at) => {
    (columns.some((c) => row[c.attribute.key] instanceof Element) ? computed : plain).push(at);
  });
  let matched = 0;
  const add = (count: number) => {
    matched = matched < 0 || count < 0 ? -1 : matched + count;
  };
  if (plain.length > 0) {
    const update = updateByKey(mapper, table, columns, version !== undefined);
    const { value, params } = engine.cache.lookup(update, (binds) =>
      engine.dialect.createCompiler(binds).compile(update),
    );
    const compiled = connection.underSchemas(value);
    const bound = plain.flatMap((at) => bindStatement(compiled, params, names(at)));
    const first = bound[0] as (typeof bound)[number];
    const raw =
      bound.length === 1
        ? await connection.send(first.sql, first.params, compiled.hint)
        : await connection.sendMany(
            first.sql,
            bound.map((b) => b.params),
            compiled.hint,
          );
    add(raw.rowCount);
  }
  for (const at of computed) {
    const [row, to] = [run[at] as RowValues, next[at] as RowValues];
    let one = new UpdateStatement(table)
      .set(Object.fromEntries(columns.map((c) => [c.column.key, to[c.attribute.key]])))
      .where(...key.map((k) => k.column.eq(row[k.attribute.key])));
    if (version !== undefined) one = one.where(version.column.eq(row[version.attribute.key]));
    add(await connection.execute(one).rowCount());
  }
  // Of several shards each has some of the rows.
  if (matched >= 0 && matched < run.length && session.token === undefined)
    throw new StaleDataError(
      `update(${mapper}): ${matched} of ${run.length} rows were matched in '${table.fullName}': there are no others with these keys${version === undefined ? "" : " and versions"}. Roll back, and give rows that are there.`,
    );
  return matched;
}
/** An object the session has takes the values of its row; gives it. */
function follow(
  session: SessionInternals,
  mapper: Mapper,
  row: RowValues,
  changed: readonly MappedColumn[],
): Managed | undefined {
  const key = mapper.identityKey(mapper.primaryKey.map((pk) => row[pk.key]));
  const instance = key === undefined ? undefined : session.identity.get(mapper, key);
  if (instance === undefined || (instance.$$f & STALE) !== 0 || !mapperOfInstance(instance).isA(mapper))
    return undefined;
  session.overwritten(instance, changed);
  for (const attribute of changed) {
    const value = row[attribute.key];
    instance[attribute.slot] = value instanceof Element ? UNLOADED : value;
    forgetChange(instance, attribute.index);
  }
  return instance;
}
