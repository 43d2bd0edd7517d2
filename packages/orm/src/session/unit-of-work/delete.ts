/** DELETEs of a flush, in primary key order, many keys in one statement. */
import { bindStatement, DeleteStatement, NamedBind, type Table, type TableColumn } from "@athanor/core";
import { StaleDataError } from "../../errors.js";
import { describeInstance } from "../../mapping/collection.js";
import { type MappedColumn, type Mapper, mapperOfInstance } from "../../mapping/mapper.js";
import type { Managed } from "../../mapping/state.js";
import type { FlushHost } from "./host.js";
import { committedValue } from "./values.js";

const CHUNK = 500;

/** Objects by key: what updates and deletes are sorted by, so that two sessions lock rows in one order. */
export function byKey(a: Managed, b: Managed): number {
  for (const attribute of mapperOfInstance(a).primaryKey) {
    const x = committedValue(a, attribute) as string | number;
    const y = committedValue(b, attribute) as string | number;
    if (x < y) return -1;
    if (x > y) return 1;
  }
  return 0;
}

/** Deletes the rows of these objects from one table; all are of mappers that have it. */
export async function deleteAll(host: FlushHost, table: Table, instances: readonly Managed[]): Promise<void> {
  const groups = new Map<Mapper, Managed[]>();
  for (const instance of instances) {
    const mapper = mapperOfInstance(instance);
    const lead =
      [...groups.keys()].find(
        (m) => m.root === mapper.root && (m.versionColumn === undefined) === (mapper.versionColumn === undefined),
      ) ?? mapper;
    const group = groups.get(lead);
    if (group === undefined) groups.set(lead, [instance]);
    else group.push(instance);
  }
  for (const [mapper, group] of groups) {
    group.sort(byKey);
    const versioned = mapper.versionColumn !== undefined && mapper.versionColumn.column.table === table;
    const [only, ...more] = keysOf(mapper, table);
    if (only !== undefined && more.length === 0 && !versioned) await deleteByKey(host, table, mapper, only, group);
    else await deleteEach(host, table, mapper, group, versioned);
  }
}
/** A table without a key of its own: by what the class says. */
function keysOf(mapper: Mapper, table: Table): readonly TableColumn[] {
  return table.primaryKey.length > 0 ? table.primaryKey : mapper.primaryKey.map((a) => a.column);
}
async function deleteByKey(
  host: FlushHost,
  table: Table,
  mapper: Mapper,
  column: TableColumn,
  group: readonly Managed[],
): Promise<void> {
  const engine = host.engineFor(mapper);
  const connection = await host.connectionFor(mapper);
  for (let from = 0; from < group.length; from += CHUNK) {
    const chunk = group.slice(from, from + CHUNK);
    const keys = chunk.map((i) => committedValue(i, mapperOfInstance(i).attributeOf(column) as MappedColumn));
    const statement = new DeleteStatement(table).where(keys.length === 1 ? column.eq(keys[0]) : column.in(keys));
    const { value: compiled, params } = engine.cache.lookup(statement, (binds) =>
      engine.dialect.createCompiler(binds).compile(statement),
    );
    const raw = await connection.run(compiled, params);
    if (mapper.confirmDeletedRows) checkCount(raw.rowCount, chunk, table, false);
  }
}
async function deleteEach(
  host: FlushHost,
  table: Table,
  mapper: Mapper,
  group: readonly Managed[],
  versioned: boolean,
): Promise<void> {
  const engine = host.engineFor(mapper);
  const connection = await host.connectionFor(mapper);
  const memo = `delete:${table.id}:${versioned}`;
  let statement = mapper.memo.get(memo) as DeleteStatement | undefined;
  if (statement === undefined) {
    statement = new DeleteStatement(table).where(
      ...keysOf(mapper, table).map((c) => c.eq(new NamedBind(`key_${c.key}`, c.type))),
    );
    if (versioned) {
      const { column } = mapper.versionColumn as MappedColumn;
      statement = statement.where(column.eq(new NamedBind("old_version", column.type)));
    }
    mapper.memo.set(memo, statement);
  }
  const final = statement;
  const { value, params } = engine.cache.lookup(final, (binds) => engine.dialect.createCompiler(binds).compile(final));
  const compiled = connection.underSchemas(value);
  const bound = group.flatMap((instance) => {
    const named: Record<string, unknown> = {};
    const own = mapperOfInstance(instance);
    for (const c of keysOf(mapper, table))
      named[`key_${c.key}`] = committedValue(instance, own.attributeOf(c) as MappedColumn);
    if (versioned) named.old_version = committedValue(instance, mapper.versionColumn as MappedColumn);
    return bindStatement(compiled, params, named);
  });
  const first = bound[0] as (typeof bound)[number];
  const raw =
    bound.length === 1
      ? await connection.send(first.sql, first.params, compiled.hint)
      : await connection.sendMany(
          first.sql,
          bound.map((b) => b.params),
          compiled.hint,
        );
  if (mapper.confirmDeletedRows) checkCount(raw.rowCount, group, table, versioned);
}
/** A row that is gone already is what was wanted: a warning, unless a version was promised. */
function checkCount(matched: number, group: readonly Managed[], table: Table, versioned: boolean): void {
  if (matched < 0 || matched === group.length) return;
  const who = group.length === 1 ? describeInstance(group[0] as Managed) : `${group.length} objects`;
  const text = `DELETE of ${who} from '${table.fullName}' matched ${matched} of ${group.length} rows: they were deleted or changed by somebody else.`;
  if (versioned) throw new StaleDataError(text);
  process.emitWarning(text, { code: "ATHANOR_STALE_DELETE" });
}
