/**
 * INSERTs of a flush: consecutive objects of one shape go in one statement, and every generated key comes back to the
 * object it belongs to. See `spec/speed-techniques.md`, section 3. Source: SQLAlchemy "insertmanyvalues".
 */
import {
  type Connection,
  converted,
  type Dialect,
  type Engine,
  Expression,
  InsertStatement,
  type RawResult,
  SelectStatement,
  type Table,
  type TableColumn,
} from "@athanor/core";
import { FlushError } from "../../errors.js";
import { describeInstance } from "../../mapping/collection.js";
import { type MappedColumn, type Mapper, mapperOfInstance } from "../../mapping/mapper.js";
import { type Managed, UNLOADED, VIEWS } from "../../mapping/state.js";
import { KeyedOwners } from "../../query/keys.js";
import { keepShapeOf } from "../../query/shapes.js";
import type { WriteHost } from "./host.js";
import { keyOf, readBack } from "./read-back.js";
import { InstanceRows, type Scan, scanOf } from "./slots.js";
import { applyDefault, isGenerated } from "./values.js";

/** One column of a mapper in one table. */
interface Target {
  readonly attribute: MappedColumn;
  readonly column: TableColumn;
  readonly generated: boolean;
}
interface Targets {
  readonly list: readonly Target[];
  /** Which columns an object leaves out; undefined for over 31 columns. */
  readonly scan: Scan | undefined;
  /** Such an object is looked at closely: a default to be called, a key without a value. */
  readonly close: number;
  /** A key column the database makes, where null means the same as nothing. */
  readonly key: Target | undefined;
  /** Shapes met, by the columns sent: as bits while they fit into a number. */
  readonly shapes: Map<number | string, Shape>;
  /** The same by what `scan` says. */
  readonly known: Map<number, Shape>;
}
const TARGETS = Symbol("insert targets");
function targetsOf(mapper: Mapper, table: Table): Targets {
  let all = mapper.memo.get(TARGETS) as Map<Table, Targets> | undefined;
  if (all === undefined) mapper.memo.set(TARGETS, (all = new Map()));
  let found = all.get(table);
  if (found === undefined) {
    const list = table.columns.flatMap((column): Target[] => {
      const attribute = mapper.attributeOf(column);
      return attribute === undefined ? [] : [{ attribute, column, generated: isGenerated(column) }];
    });
    let close = 0;
    list.forEach(({ column, generated }, i) => {
      if (
        column.fields.default !== undefined ||
        column.fields.computed !== undefined ||
        (column.primaryKey && !generated)
      )
        close |= 1 << (i & 31);
    });
    const keys = list.filter((t) => t.generated && t.column.primaryKey);
    const simple = list.length <= 31 && keys.length < 2 && !list.some((t) => t.column.fields.computed !== undefined);
    found = {
      list,
      shapes: new Map(),
      known: new Map(),
      scan: simple ? scanOf(list.map((t) => t.attribute.slot)) : undefined,
      close,
      key: keys[0],
    };
    all.set(table, found);
  }
  return found;
}

/** What one object gives to an INSERT. */
interface Shape {
  readonly columns: readonly TableColumn[];
  readonly fetch: readonly Target[];
  /** SQL expressions, by column; such a row goes alone. */
  readonly inline: ReadonlyMap<TableColumn, Expression> | undefined;
}
/** Fills defaults and decides which columns are sent and which the database makes. */
function shapeOf(instance: Managed, targets: Targets): Shape {
  const unset = unsetOf(instance, targets);
  if (unset < 0) return shapeClosely(instance, targets);
  const known = targets.known.get(unset);
  if (known !== undefined) return known;
  const shape = shapeClosely(instance, targets);
  targets.known.set(unset, shape);
  return shape;
}
/** Which columns an object leaves out, where that is all there is to know of it; else -1. */
function unsetOf(instance: Managed, { scan, close, key }: Targets): number {
  if (scan === undefined) return -1;
  const unset = scan(instance);
  return unset >= 0 && (unset & close) === 0 && (key === undefined || instance[key.attribute.slot] !== null)
    ? unset
    : -1;
}
function shapeClosely(instance: Managed, { list, shapes }: Targets): Shape {
  let inline: Map<TableColumn, Expression> | undefined;
  let bits = 0;
  let text = "";
  const wide = list.length > 31;
  for (let i = 0; i < list.length; i++) {
    const { attribute, column, generated } = list[i] as Target;
    let value = instance[attribute.slot];
    if (value === UNLOADED) {
      const expression = applyDefault(instance, attribute);
      if (expression !== undefined) (inline ??= new Map()).set(column, expression);
      value = instance[attribute.slot];
    }
    if (typeof value === "object" && value instanceof Expression) (inline ??= new Map()).set(column, value);
    const given = value !== UNLOADED && column.fields.computed === undefined;
    // An unset key the database makes, an unset server default: left out. null for the key means the same.
    const left = generated && (!given || (value === null && column.primaryKey));
    if (!left && !given && inline?.has(column) !== true && column.primaryKey) {
      throw new FlushError(
        `${describeInstance(instance)} cannot be inserted: its key column '${attribute.key}' has no value, and the database makes none.`,
        "orm.no-key",
      );
    }
    if (wide) text += left ? "0" : "1";
    else if (left) bits |= 1 << i;
  }
  const key = wide ? text : bits;
  const known = inline === undefined ? shapes.get(key) : undefined;
  if (known !== undefined) return known;
  const columns: TableColumn[] = [];
  const fetch: Target[] = [];
  list.forEach((t, i) => {
    const out = wide ? text[i] === "0" : (bits & (1 << i)) !== 0;
    if (!out) columns.push(t.column);
    if (out || inline?.has(t.column)) fetch.push(t);
  });
  const shape: Shape = { columns, fetch, inline };
  if (inline === undefined) shapes.set(key, shape);
  return shape;
}

/** Inserts the rows of one table for these objects, in order, in as few statements as their shapes allow. */
export async function insertAll(host: WriteHost, table: Table, instances: readonly Managed[]): Promise<void> {
  let from = 0;
  let shape: Shape | undefined;
  let mapper: Mapper | undefined;
  let targets: Targets | undefined;
  let unset = -1;
  for (let i = 0; i < instances.length; i++) {
    const instance = instances[i] as Managed;
    const own = mapperOfInstance(instance);
    if (own === mapper) {
      // Most are of the class and the shape of the one before.
      if (unset >= 0 && unsetOf(instance, targets as Targets) === unset) continue;
    } else {
      mapper = own;
      targets = targetsOf(own, table);
    }
    unset = unsetOf(instance, targets as Targets);
    const next = shapeOf(instance, targets as Targets);
    if (shape !== undefined && (next !== shape || next.inline !== undefined)) {
      await insertRun(host, table, shape, instances.slice(from, i));
      from = i;
    }
    shape = next;
  }
  if (shape !== undefined) await insertRun(host, table, shape, from === 0 ? instances : instances.slice(from));
}

async function insertRun(host: WriteHost, table: Table, shape: Shape, run: readonly Managed[]): Promise<void> {
  const [first] = run as readonly [Managed];
  const mapper = mapperOfInstance(first);
  keepShapeOf(mapper, first.constructor);
  const engine = host.engineFor(mapper);
  const connection = await host.connectionFor(mapper);
  const { dialect } = engine;
  const returns = shape.fetch.length > 0 && dialect.capabilities.returning.insert;
  const auto = shape.fetch.find((t) => t.column === table.autoincrementColumn);
  if (!returns && shape.fetch.some((t) => t !== auto)) {
    const others = shape.fetch.filter((t) => t !== auto);
    const isKey = (t: Target) => table.primaryKey.includes(t.column);
    const unknown = others.find((t) => isKey(t) && shape.inline?.has(t.column) !== true);
    if (unknown !== undefined)
      throw new FlushError(
        `${describeInstance(first)} cannot be inserted: ${dialect.name} does not say what it made for the key column '${unknown.attribute.key}'. Give the column a default() on the client.`,
        "orm.no-key",
      );
    await insertRun(host, table, { ...shape, fetch: auto === undefined ? [] : [auto] }, run);
    const left = others.filter((t) => !isKey(t));
    for (const instance of run) for (const t of left) instance[t.attribute.slot] = UNLOADED;
    // The next UPDATE needs a version; what else the database made is read when it is asked for.
    await readBack(
      host,
      table,
      mapper,
      run,
      left.filter((t) => t.attribute === mapper.versionColumn),
    );
    return;
  }
  const fetched = shape.fetch.map((t) => t.column);

  if (shape.inline !== undefined) {
    for (const instance of run) await insertInline(connection, engine, table, shape, instance, returns, auto);
    return;
  }
  if (run.length > 1 && fetched.length > 0 && dialect.bulk !== undefined) {
    const rows = new InstanceRows(
      run,
      shape.columns.map((c) => (mapper.attributeOf(c) as MappedColumn).slot),
      shape.fetch.map((t) => t.attribute.slot),
    );
    if (await dialect.bulk.insertRows(connection, { table, columns: shape.columns, returning: fetched }, rows)) return;
  }
  const { compiled, params } = compiledInsert(engine, table, shape.columns, returns ? fetched : []);
  const send = (rows: readonly Managed[]) => connection.run(compiled, withRows(compiled, params, mapper, shape, rows));
  if (fetched.length === 0 || (returns && dialect.capabilities.orderedReturning)) {
    const raw = await send(run);
    if (returns) {
      run.forEach((instance, i) => {
        takeRaw(instance, shape.fetch, compiled, raw.rows[i] as unknown[]);
      });
    }
    return;
  }
  if (returns && run.length > 1 && isKeyed(table, shape)) {
    await insertKeyed(host, engine, connection, table, mapper, shape, run);
    return;
  }
  // The order of RETURNING is not promised here: one row at a time, so that no key can go to the wrong object.
  for (const instance of run) {
    const raw = await send([instance]);
    if (returns) takeRaw(instance, shape.fetch, compiled, raw.rows[0] as unknown[]);
    else takeLastId(instance, auto, raw, dialect);
  }
}

/** Objects stand for rows: a column's key reads the attribute. */
function withRows(
  compiled: CompiledInsert,
  params: readonly unknown[],
  mapper: Mapper,
  shape: Shape,
  rows: readonly Managed[],
): unknown[] {
  const given = params.slice();
  const source = compiled.insert?.rowsSource;
  if (source !== undefined)
    given[source] = {
      rows: VIEWS in (rows[0] as Managed) ? rows.map((i) => slotsOf(mapper, shape, i)) : rows,
      columns: shape.columns,
    };
  return given;
}
/** Every row says its key, in a form that comes back as it was sent. */
function isKeyed(table: Table, shape: Shape): boolean {
  return (
    table.primaryKey.length > 0 &&
    table.primaryKey.every((c) => KEYS_AS_SENT.has(c.type.kind) && shape.columns.includes(c))
  );
}
const KEYS_AS_SENT: ReadonlySet<string> = new Set(["integer", "bigInteger", "smallInteger", "string", "uuid"]);
/** What the database made comes back with the keys that the rows have: by them it finds its object. */
async function insertKeyed(
  host: WriteHost,
  engine: Engine,
  connection: Connection,
  table: Table,
  mapper: Mapper,
  shape: Shape,
  run: readonly Managed[],
): Promise<void> {
  const key = keyOf(mapper, table);
  const keyed = new KeyedOwners(key.map((k) => k.attribute));
  const missing = new Set<Managed>();
  for (const instance of run) {
    keyed.add(instance);
    missing.add(instance);
  }
  const parts = [...key, ...shape.fetch];
  const { compiled, params } = compiledInsert(
    engine,
    table,
    shape.columns,
    parts.map((p) => p.column),
  );
  const raw = await connection.run(compiled, withRows(compiled, params, mapper, shape, run));
  if (raw.rows.length !== run.length)
    throw new FlushError(
      `INSERT of ${run.length} rows into '${table.fullName}' gave ${raw.rows.length} back: a trigger or a rule leaves rows out, so it cannot be told which objects have one. Flush such objects one by one.`,
    );
  const processes = parts.map((_, i) => compiled.columns?.[i]?.process ?? null);
  const keyAt = key.map((_, i) => i);
  for (const row of raw.rows) {
    for (let i = 0; i < parts.length; i++) row[i] = converted(row[i], processes[i] ?? null);
    const [instance, ...twins] = keyed.find(row, keyAt) ?? [];
    // A key that came back otherwise, or that two rows seem to share: such objects are asked for below.
    if (instance === undefined || twins.length > 0) continue;
    shape.fetch.forEach((t, i) => {
      instance[t.attribute.slot] = row[key.length + i];
    });
    missing.delete(instance);
  }
  await readBack(host, table, mapper, [...missing], shape.fetch);
}

function slotsOf(mapper: Mapper, shape: Shape, instance: Managed): { readonly [key: string]: unknown } {
  const row: Record<string, unknown> = {};
  for (const c of shape.columns) {
    const value = instance[(mapper.attributeOf(c) as MappedColumn).slot];
    row[c.key] = value === UNLOADED ? (instance as unknown as Record<string, unknown>)[c.key] : value;
  }
  return row;
}
type CompiledInsert = ReturnType<Engine["cache"]["lookup"]>["value"];
function compiledInsert(
  engine: Engine,
  table: Table,
  columns: readonly TableColumn[],
  returning: readonly TableColumn[],
): { compiled: CompiledInsert; params: readonly unknown[] } {
  const sample: Record<string, unknown> = {};
  for (const c of columns) sample[c.key] = null;
  let statement = new InsertStatement(table);
  if (columns.length > 0) statement = statement.values(sample);
  if (returning.length > 0) statement = statement.returning(...returning);
  return lookup(engine, statement);
}
function lookup(engine: Engine, statement: InsertStatement): { compiled: CompiledInsert; params: readonly unknown[] } {
  const { value, params } = engine.cache.lookup(statement, (binds) =>
    engine.dialect.createCompiler(binds).compile(statement),
  );
  return { compiled: value, params };
}
async function insertInline(
  connection: Connection,
  engine: Engine,
  table: Table,
  shape: Shape,
  instance: Managed,
  returns: boolean,
  auto: Target | undefined,
): Promise<void> {
  const row: Record<string, unknown> = slotsOf(mapperOfInstance(instance), shape, instance);
  for (const [column, value] of shape.inline ?? []) {
    row[column.key] = value;
    if (returns || !table.primaryKey.includes(column)) continue;
    // A key that nothing gives back has to be known beforehand.
    const [key] = (await connection.execute(new SelectStatement([value])).one()) as readonly unknown[];
    const { slot } = mapperOfInstance(instance).attributeOf(column) as MappedColumn;
    row[column.key] = instance[slot] = key;
  }
  let statement = new InsertStatement(table).values(row);
  if (returns) statement = statement.returning(...shape.fetch.map((t) => t.column));
  const { compiled, params } = lookup(engine, statement);
  const raw = await connection.run(compiled, params);
  if (returns) takeRaw(instance, shape.fetch, compiled, raw.rows[0] as unknown[]);
  else {
    for (const t of shape.fetch) instance[t.attribute.slot] = UNLOADED;
    takeLastId(instance, auto, raw, engine.dialect);
  }
}
function takeRaw(instance: Managed, fetch: readonly Target[], compiled: CompiledInsert, row: unknown[]): void {
  fetch.forEach((t, i) => {
    const value = row[i];
    const process = compiled.columns?.[i]?.process ?? null;
    instance[t.attribute.slot] = converted(value, process);
  });
}
function takeLastId(instance: Managed, auto: Target | undefined, raw: RawResult, dialect: Dialect): void {
  if (auto === undefined || raw.lastInsertId === null) return;
  const { type } = auto.column;
  const process = dialect.resultProcessor(type);
  const big = dialect.plainType(type).kind === "bigInteger";
  const id = big ? raw.lastInsertId : Number(raw.lastInsertId);
  instance[auto.attribute.slot] = process === null || !big ? id : process(BigInt(id));
}
