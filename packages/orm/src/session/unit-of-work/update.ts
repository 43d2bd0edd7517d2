/**
 * UPDATEs of a flush: only columns that differ, objects with the same change in one statement with many parameter sets.
 * A row count below the expected means that somebody else was faster. Source: SQLAlchemy "Working with the unit of work".
 */
import {
  bindStatement,
  converted,
  Expression,
  NamedBind,
  type Table,
  type TableColumn,
  UpdateStatement,
} from "@athanor/core";
import { StaleDataError } from "../../errors.js";
import { describeInstance } from "../../mapping/collection.js";
import { type MappedColumn, type Mapper, mapperOfInstance } from "../../mapping/mapper.js";
import { isChanged, type Managed, UNLOADED } from "../../mapping/state.js";
import type { FlushHost } from "./host.js";
import { keyOf, readBack } from "./read-back.js";
import { InstanceRows } from "./slots.js";
import { assignColumn, changedColumns, committedValue, sameInColumn } from "./values.js";

export type ChangedColumn = { readonly attribute: MappedColumn; readonly column: TableColumn };
/** Which attributes change: objects of one mapper that change the same share one of these. */
interface Shape {
  readonly mapper: Mapper;
  readonly attributes: readonly MappedColumn[];
  /** `onUpdate` defaults that apply, unless their column is written anyway. */
  readonly onUpdate: readonly MappedColumn[];
  /** A column of the primary key is among them. */
  readonly rekeys: boolean;
  /** The columns by table, filled as tables are asked for. */
  readonly byTable: Map<Table, readonly ChangedColumn[]>;
}
/** Objects that change, and how; two lists side by side. */
export interface Prepared {
  readonly instances: Managed[];
  readonly shapes: Shape[];
}
/** Objects with the same change in one table. */
interface Group {
  readonly mapper: Mapper;
  readonly columns: readonly ChangedColumn[];
  readonly instances: Managed[];
  /** Version counters before, one per object; undefined where there are none. */
  readonly versions: unknown[] | undefined;
}

const SHAPES = Symbol("update shapes");
/** By mask of changed columns, or by their indexes where a mask does not hold them. */
function shapeWith(mapper: Mapper, key: number | string, attributes: () => MappedColumn[]): Shape {
  let all = mapper.memo.get(SHAPES) as Map<number | string, Shape> | undefined;
  if (all === undefined) mapper.memo.set(SHAPES, (all = new Map()));
  let shape = all.get(key);
  if (shape === undefined) {
    const list = attributes();
    const tables = new Set(list.flatMap((a) => a.columns.map((c) => c.table)));
    const onUpdate = mapper.attributes.filter(
      (a) => a.column.fields.onUpdate !== undefined && tables.has(a.column.table) && !list.includes(a),
    );
    shape = {
      mapper,
      attributes: list,
      onUpdate,
      rekeys: list.some((a) => mapper.primaryKey.includes(a)),
      byTable: new Map(),
    };
    if (all.size > 1000) all.clear();
    all.set(key, shape);
  }
  return shape;
}
/** What really changes in an object; undefined: nothing. */
function shapeOf(instance: Managed): Shape | undefined {
  const old = instance.$$o;
  if (old === null) return undefined;
  const mapper = mapperOfInstance(instance);
  const { attributes } = mapper;
  if (instance.$$n === 0) {
    let mask = 0;
    for (let i = 0; i < old.length; i += 2) {
      const index = old[i] as number;
      if (index < 0) continue;
      const { slot, column } = attributes[index] as MappedColumn;
      if (!sameInColumn(column, old[i + 1], instance[slot]) && column.fields.computed === undefined) mask |= 1 << index;
    }
    if (mask === 0) return undefined;
    return shapeWith(mapper, mask, () => attributes.filter((a) => a.index < 31 && (mask & (1 << a.index)) !== 0));
  }
  const changed = changedColumns(instance, mapper).filter((a) => a.column.fields.computed === undefined);
  return changed.length === 0 ? undefined : shapeWith(mapper, changed.map((a) => a.index).join(), () => changed);
}
function columnsIn(shape: Shape, table: Table): readonly ChangedColumn[] {
  let found = shape.byTable.get(table);
  if (found === undefined) {
    found = shape.attributes.flatMap((attribute) => {
      const column = attribute.columns.find((c) => c.table === table);
      return column === undefined ? [] : [{ attribute, column }];
    });
    shape.byTable.set(table, found);
  }
  return found;
}

/** Objects that really change, with `onUpdate` defaults applied. */
export function prepareUpdates(instances: readonly Managed[]): Prepared {
  const prepared: Prepared = { instances: [], shapes: [] };
  for (const instance of instances) {
    let shape = shapeOf(instance);
    if (shape === undefined) continue;
    if (shape.onUpdate.length > 0) {
      for (const attribute of shape.onUpdate) assignColumn(instance, attribute, onUpdateValue(instance, attribute));
      shape = shapeOf(instance) ?? shape;
    }
    prepared.instances.push(instance);
    prepared.shapes.push(shape);
  }
  return prepared;
}
function onUpdateValue(instance: Managed, attribute: MappedColumn): unknown {
  const source = attribute.column.fields.onUpdate as NonNullable<typeof attribute.column.fields.onUpdate>;
  if ("expression" in source) return source.expression;
  return "call" in source ? (source.call as (row: unknown) => unknown)(instance) : source.value;
}

/** Writes the changes of these objects that concern one table. `counts`: versions go on, where the program counts them. */
export async function updateAll(
  host: FlushHost,
  table: Table,
  { instances, shapes }: Prepared,
  counts = true,
): Promise<void> {
  const groups = new Map<Shape, Group>();
  const order: Group[] = [];
  let last: Shape | undefined;
  let group: Group | undefined;
  for (let i = 0; i < instances.length; i++) {
    const instance = instances[i] as Managed;
    const shape = shapes[i] as Shape;
    const { mapper } = shape;
    if (shape !== last || group === undefined) {
      if (!mapper.tables.includes(table)) continue;
      group = groups.get(shape);
    }
    let columns = group === undefined ? columnsIn(shape, table) : group.columns;
    const version = mapper.versionColumn;
    const versioned = version !== undefined && version.column.table === table;
    if (columns.length === 0 && !(versioned && counts)) continue;
    let before: unknown;
    if (versioned) {
      before = committedValue(instance, version);
      if (mapper.versionGenerator === false) {
        // The database counts with the UPDATE of this table; without one there is nothing to count.
        if (columns.length === 0) continue;
      } else if (counts) {
        if (!columns.some((c) => c.attribute === version))
          columns = [...columns, { attribute: version, column: version.column }];
        if (!shape.attributes.includes(version)) assignColumn(instance, version, mapper.nextVersion(before));
      }
    }
    const inline = hasExpression(instance, columns);
    if (inline || group === undefined) {
      const made: Group = { mapper, columns, instances: [instance], versions: versioned ? [before] : undefined };
      order.push(made);
      if (!inline) {
        groups.set(shape, (group = made));
        last = shape;
      } else if (last !== shape) group = undefined;
      continue;
    }
    last = shape;
    group.instances.push(instance);
    group.versions?.push(before);
  }
  for (const step of order) {
    if (hasExpression(step.instances[0] as Managed, step.columns)) await updateInline(host, table, step);
    else await updateGroup(host, table, step);
    if (step.versions !== undefined && step.mapper.versionGenerator === false)
      await readVersions(host, table, step.mapper, step.instances);
  }
}
/** Versions that the database made: asked for, since what RETURNING gives is older than what an AFTER trigger does. */
async function readVersions(
  host: FlushHost,
  table: Table,
  mapper: Mapper,
  instances: readonly Managed[],
): Promise<void> {
  const version = mapper.versionColumn as MappedColumn;
  const asked = instances.filter((i) => !isChanged(i, version.index));
  await readBack(host, table, mapper, asked, [{ attribute: version, column: version.column }]);
}
function hasExpression(instance: Managed, columns: readonly ChangedColumn[]): boolean {
  for (const c of columns) {
    const value = instance[c.attribute.slot];
    if (typeof value === "object" && value instanceof Expression) return true;
  }
  return false;
}

/** `UPDATE table SET a = :set_a WHERE key = :key_id`: named parameters, made once per mapper and columns. */
export function updateByKey(
  mapper: Mapper,
  table: Table,
  columns: readonly ChangedColumn[],
  versioned: boolean,
): UpdateStatement {
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
function namedValues(group: Group, at: number, table: Table): Record<string, unknown> {
  const instance = group.instances[at] as Managed;
  const named: Record<string, unknown> = {};
  for (const { attribute, column } of group.columns) named[`set_${column.key}`] = instance[attribute.slot];
  for (const { column, attribute } of keyOf(group.mapper, table))
    named[`key_${column.key}`] = committedValue(instance, attribute);
  if (group.versions !== undefined) named.old_version = group.versions[at];
  return named;
}
async function updateGroup(host: FlushHost, table: Table, group: Group): Promise<void> {
  const { mapper, columns, versions, instances } = group;
  const engine = host.engineFor(mapper);
  const ready = host.connectionFor(mapper);
  const connection = ready instanceof Promise ? await ready : ready;
  const { bulk } = engine.dialect;
  // Keys that change hands do so one after the other, in key order.
  const rekeys = columns.some((c) => c.column.primaryKey);
  if (bulk !== undefined && versions === undefined && instances.length > 1 && !rekeys) {
    const key = keyOf(mapper, table);
    const slots = [...columns, ...key].map((c) => c.attribute.slot);
    const matched = await bulk.updateRows(
      connection,
      { table, set: columns.map((c) => c.column), key: key.map((k) => k.column) },
      new InstanceRows(instances, slots, []),
    );
    if (matched !== undefined) {
      checkCount(matched, group, table);
      return;
    }
  }
  const statement = updateByKey(mapper, table, columns, versions !== undefined);
  const { value, params } = engine.cache.lookup(statement, (binds) =>
    engine.dialect.createCompiler(binds).compile(statement),
  );
  const compiled = connection.underSchemas(value);
  const bound = instances.flatMap((_, i) => bindStatement(compiled, params, namedValues(group, i, table)));
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
async function updateInline(host: FlushHost, table: Table, group: Group): Promise<void> {
  const { mapper, columns, versions } = group;
  const instance = group.instances[0] as Managed;
  const engine = host.engineFor(mapper);
  const connection = await host.connectionFor(mapper);
  const values: Record<string, unknown> = {};
  for (const { attribute, column } of columns) values[column.key] = instance[attribute.slot];
  let statement = new UpdateStatement(table)
    .set(values)
    .where(...keyOf(mapper, table).map((k) => k.column.eq(committedValue(instance, k.attribute))));
  if (versions !== undefined)
    statement = statement.where((mapper.versionColumn as MappedColumn).column.eq(versions[0]));
  const computed = columns.filter((c) => instance[c.attribute.slot] instanceof Expression);
  const returns = engine.dialect.capabilities.returning.update;
  if (returns) statement = statement.returning(...computed.map((c) => c.column));
  const { value: compiled, params } = engine.cache.lookup(statement, (binds) =>
    engine.dialect.createCompiler(binds).compile(statement),
  );
  const raw = await connection.run(compiled, params);
  checkCount(returns ? raw.rows.length : raw.rowCount, group, table);
  computed.forEach((c, i) => {
    const value = returns ? raw.rows[0]?.[i] : UNLOADED;
    const process = compiled.columns?.[i]?.process ?? null;
    instance[c.attribute.slot] = value === UNLOADED ? value : converted(value, process);
  });
}
function checkCount(matched: number, { mapper, instances }: Group, table: Table): void {
  if (matched < 0 || matched === instances.length) return;
  const who =
    instances.length === 1 ? describeInstance(instances[0] as Managed) : `${instances.length} objects of ${mapper}`;
  throw new StaleDataError(
    `UPDATE of ${who} in '${table.fullName}' matched ${matched} of ${instances.length} rows: they were deleted or changed by somebody else. Roll back, load them again and repeat the change.`,
  );
}
