/**
 * UPDATEs of a flush: only columns that differ, objects with the same change in one statement with many parameter sets.
 * A row count below the expected means that somebody else was faster. Source: SQLAlchemy "Working with the unit of work".
 */
import { bindStatement, Expression, NamedBind, type Table, type TableColumn, UpdateStatement } from "@athanor/core";
import { StaleDataError } from "../../errors.js";
import { describeInstance } from "../../mapping/collection.js";
import { type MappedColumn, type Mapper, mapperOfInstance } from "../../mapping/mapper.js";
import { type Managed, UNLOADED } from "../../mapping/state.js";
import type { FlushHost } from "./host.js";
import { assignColumn, changedColumns, committedValue } from "./values.js";

interface Change {
  readonly instance: Managed;
  readonly mapper: Mapper;
  /** Columns of this table that change. */
  readonly columns: readonly { readonly attribute: MappedColumn; readonly column: TableColumn }[];
  readonly version: { readonly old: unknown } | undefined;
}

/** The next value of a version counter. */
export function nextVersion(current: unknown): unknown {
  return typeof current === "bigint" ? current + 1n : typeof current === "number" ? current + 1 : 1;
}

/** Objects that really change, with `onUpdate` defaults and the version counter applied. */
export function prepareUpdates(instances: readonly Managed[]): Managed[] {
  const real: Managed[] = [];
  for (const instance of instances) {
    const mapper = mapperOfInstance(instance);
    const changed = changedColumns(instance, mapper).filter((a) => a.column.fields.computed === undefined);
    if (changed.length === 0) continue;
    const tables = new Set(changed.flatMap((a) => a.columns.map((c) => c.table)));
    for (const attribute of mapper.attributes) {
      const source = attribute.column.fields.onUpdate;
      if (source === undefined || !tables.has(attribute.column.table) || changed.includes(attribute)) continue;
      const value =
        "expression" in source
          ? source.expression
          : "call" in source
            ? (source.call as (row: unknown) => unknown)(instance)
            : source.value;
      assignColumn(instance, attribute, value);
    }
    real.push(instance);
  }
  return real;
}

/** Writes the changes of these objects that concern one table. */
export async function updateAll(host: FlushHost, table: Table, instances: readonly Managed[]): Promise<void> {
  const groups = new Map<string, Change[]>();
  const order: (Change[] | Change)[] = [];
  for (const instance of instances) {
    const mapper = mapperOfInstance(instance);
    if (!mapper.tables.includes(table)) continue;
    const changed = changedColumns(instance, mapper).filter((a) => a.column.fields.computed === undefined);
    const columns = changed.flatMap((attribute) => {
      const column = attribute.columns.find((c) => c.table === table);
      return column === undefined ? [] : [{ attribute, column }];
    });
    const versioned =
      mapper.versionColumn !== undefined && mapper.versionColumn.column.table === table && changed.length > 0;
    if (columns.length === 0 && !versioned) continue;
    let version: Change["version"];
    if (versioned) {
      const attribute = mapper.versionColumn as MappedColumn;
      const old = committedValue(instance, attribute);
      version = { old };
      if (!columns.some((c) => c.attribute === attribute)) {
        assignColumn(instance, attribute, nextVersion(old));
        columns.push({ attribute, column: attribute.column });
      }
    }
    const change: Change = { instance, mapper, columns, version };
    if (columns.some((c) => instance[c.attribute.slot] instanceof Expression)) {
      order.push(change);
      continue;
    }
    const key = `${mapper.id}:${columns.map((c) => c.column.columnId).join()}`;
    const group = groups.get(key);
    if (group === undefined) {
      const made = [change];
      groups.set(key, made);
      order.push(made);
    } else group.push(change);
  }
  for (const step of order) {
    if (Array.isArray(step)) await updateGroup(host, table, step);
    else await updateInline(host, table, step);
  }
}

/** Key columns of a table, paired with the attributes that hold them. */
function keyOf(mapper: Mapper, table: Table): { readonly column: TableColumn; readonly attribute: MappedColumn }[] {
  return table.primaryKey.map((column) => ({ column, attribute: mapper.attributeOf(column) as MappedColumn }));
}
function statementFor(mapper: Mapper, table: Table, columns: Change["columns"], versioned: boolean): UpdateStatement {
  const memo = `update:${table.id}:${columns.map((c) => c.column.columnId).join()}:${versioned}`;
  let statement = mapper.memo.get(memo) as UpdateStatement | undefined;
  if (statement === undefined) {
    const values: Record<string, Expression> = {};
    for (const { column } of columns) values[column.key] = new NamedBind(`set_${column.key}`, column.type);
    statement = new UpdateStatement(table)
      .set(values)
      .where(...keyOf(mapper, table).map((k) => k.column.eq(new NamedBind(`key_${k.column.key}`, k.column.type))));
    if (versioned) {
      const { column } = mapper.versionColumn as MappedColumn;
      statement = statement.where(column.eq(new NamedBind("old_version", column.type)));
    }
    mapper.memo.set(memo, statement);
  }
  return statement;
}
function namedValues(change: Change, table: Table): Record<string, unknown> {
  const { instance, mapper } = change;
  const named: Record<string, unknown> = {};
  for (const { attribute, column } of change.columns) named[`set_${column.key}`] = instance[attribute.slot];
  for (const { column, attribute } of keyOf(mapper, table))
    named[`key_${column.key}`] = committedValue(instance, attribute);
  if (change.version !== undefined) named["old_version"] = change.version.old;
  return named;
}
async function updateGroup(host: FlushHost, table: Table, group: readonly Change[]): Promise<void> {
  const { mapper, columns, version } = group[0] as Change;
  const engine = host.engineFor(mapper);
  const connection = await host.connectionFor(mapper);
  const { bulk } = engine.dialect;
  // Keys that change hands do so one after the other, in key order.
  const rekeys = columns.some((c) => c.column.primaryKey);
  if (bulk !== undefined && version === undefined && group.length > 1 && !rekeys) {
    const key = keyOf(mapper, table);
    const rows = group.map(({ instance }) => [
      ...columns.map((c) => instance[c.attribute.slot]),
      ...key.map((k) => committedValue(instance, k.attribute)),
    ]);
    const matched = await bulk.updateRows(
      connection,
      { table, set: columns.map((c) => c.column), key: key.map((k) => k.column) },
      rows,
    );
    if (matched !== undefined) {
      checkCount(matched, group, table);
      return;
    }
  }
  const statement = statementFor(mapper, table, columns, version !== undefined);
  const { value: compiled, params } = engine.cache.lookup(statement, (binds) =>
    engine.dialect.createCompiler(binds).compile(statement),
  );
  const bound = group.flatMap((change) => bindStatement(compiled, params, namedValues(change, table)));
  const first = bound[0] as (typeof bound)[number];
  const raw =
    bound.length === 1
      ? await connection.send(first.sql, first.params, compiled.hint)
      : await connection.sendMany(
          first.sql,
          bound.map((b) => b.params),
          compiled.hint,
        );
  checkCount(raw.rowCount, group, table);
}
async function updateInline(host: FlushHost, table: Table, change: Change): Promise<void> {
  const { instance, mapper, columns, version } = change;
  const engine = host.engineFor(mapper);
  const connection = await host.connectionFor(mapper);
  const values: Record<string, unknown> = {};
  for (const { attribute, column } of columns) values[column.key] = instance[attribute.slot];
  let statement = new UpdateStatement(table)
    .set(values)
    .where(...keyOf(mapper, table).map((k) => k.column.eq(committedValue(instance, k.attribute))));
  if (version !== undefined) statement = statement.where((mapper.versionColumn as MappedColumn).column.eq(version.old));
  const computed = columns.filter((c) => instance[c.attribute.slot] instanceof Expression);
  const returns = engine.dialect.capabilities.returning.update;
  if (returns) statement = statement.returning(...computed.map((c) => c.column));
  const { value: compiled, params } = engine.cache.lookup(statement, (binds) =>
    engine.dialect.createCompiler(binds).compile(statement),
  );
  const raw = await connection.run(compiled, params);
  checkCount(returns ? raw.rows.length : raw.rowCount, [change], table);
  computed.forEach((c, i) => {
    const value = returns ? raw.rows[0]?.[i] : UNLOADED;
    const process = compiled.columns?.[i]?.process ?? null;
    instance[c.attribute.slot] = value === UNLOADED || value === null || process === null ? value : process(value);
  });
}
function checkCount(matched: number, group: readonly Change[], table: Table): void {
  if (matched < 0 || matched === group.length) return;
  const who =
    group.length === 1
      ? describeInstance((group[0] as Change).instance)
      : `${group.length} objects of ${(group[0] as Change).mapper}`;
  throw new StaleDataError(
    `UPDATE of ${who} in '${table.fullName}' matched ${matched} of ${group.length} rows: they were deleted or changed by somebody else. Roll back, load them again and repeat the change.`,
  );
}
