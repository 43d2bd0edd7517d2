/** What `createAll` and `dropAll` execute, in order. Source: SQLAlchemy `SchemaGenerator` and `SchemaDropper`. */
import { translatedSchema } from "../compile/schema-map.js";
import type { Dialect } from "../dialects/dialect.js";
import { CircularDependencyError } from "../errors/errors.js";
import { ArrayType, EnumType } from "../types/sql-type.js";
import { queryOn, reflectorOf, type SchemaConnection, schemaMapOf } from "./bind.js";
import type { ForeignKeyConstraint } from "./constraint.js";
import {
  AddConstraint,
  CreateIndex,
  CreateSequence,
  CreateTable,
  CreateType,
  DeferForeignKeys,
  DropConstraint,
  DropSequence,
  DropTable,
  DropType,
} from "./ddl.js";
import { NextValue, type Sequence } from "./sequence.js";
import { sortTables } from "./sort-tables.js";
import { CreateStoredObject, DropStoredObject, StoredObject } from "./stored-object.js";
import type { Table } from "./table.js";

export interface CreateScope {
  readonly tables: readonly Table[];
  readonly sequences: readonly Sequence[];
  readonly objects: readonly StoredObject[];
  /** The whole MetaData: then types go with it when it is dropped. */
  readonly every: boolean;
  readonly checkFirst: boolean;
}
type Fire = (
  event: "beforeCreate" | "afterCreate" | "beforeDrop" | "afterDrop",
  tables: readonly Table[],
  table?: Table,
) => Promise<void>;

interface NativeEnum {
  readonly type: EnumType;
  readonly schema: string | undefined;
}
/** The enumerations that are types of their own, each once by name. */
function nativeEnums(dialect: Dialect, tables: readonly Table[]): readonly NativeEnum[] {
  const found = new Map<string, NativeEnum>();
  for (const table of tables) {
    for (const column of table.columns) {
      let type = dialect.plainType(column.type);
      while (type instanceof ArrayType) type = dialect.plainType(type.element);
      if (!(type instanceof EnumType) || !type.native || type.name === undefined) continue;
      const key = JSON.stringify([table.schema ?? null, type.name]);
      if (!found.has(key)) found.set(key, { type, schema: table.schema });
    }
  }
  return [...found.values()];
}

/** Those of the MetaData, and those the columns of these tables draw their defaults from; each once. */
function sequencesOf(scope: CreateScope, tables: readonly Table[]): readonly Sequence[] {
  const found = new Map<string, Sequence>();
  const add = (s: Sequence) => found.set(JSON.stringify([s.schema ?? null, s.name]), s);
  for (const sequence of scope.sequences) add(sequence);
  for (const { default: client, serverDefault } of tables.flatMap((t) => t.columns.map((c) => c.fields))) {
    const made = client !== undefined && "expression" in client ? client.expression : undefined;
    for (const value of [made, serverDefault]) if (value instanceof NextValue) add(value.sequence);
  }
  return [...found.values()];
}

/** Views share the names of tables; functions that differ in their parameters only are taken for one. */
const keyOf = ({ kind, isView, name, table }: StoredObject): string =>
  JSON.stringify([isView ? "view" : kind, name, table ?? null]);

/** What exists, asked once per schema and kind. */
class Existing {
  readonly #connection: SchemaConnection;
  readonly #known = new Map<string, Promise<ReadonlySet<string>>>();
  constructor(connection: SchemaConnection) {
    this.#connection = connection;
  }
  has(kind: "table" | "object" | "sequence" | "enum", own: string | undefined, name: string): Promise<boolean> {
    const schema = translatedSchema(own, schemaMapOf(this.#connection));
    const key = JSON.stringify([kind, schema ?? null]);
    let names = this.#known.get(key);
    if (names === undefined) {
      const reflector = reflectorOf(this.#connection.dialect);
      const query = queryOn(this.#connection);
      const found: Promise<readonly (string | { readonly name: string } | StoredObject)[]> =
        kind === "table"
          ? reflector.tableNames(query, schema)
          : kind === "object"
            ? reflector.storedObjects(query, schema)
            : kind === "sequence"
              ? reflector.sequences(query, schema)
              : reflector.enums(query, schema);
      names = found.then(
        (list) => new Set(list.map((x) => (typeof x === "string" ? x : x instanceof StoredObject ? keyOf(x) : x.name))),
      );
      this.#known.set(key, names);
    }
    return names.then((set) => set.has(name));
  }
}

export async function createTables(connection: SchemaConnection, scope: CreateScope, fire: Fire): Promise<void> {
  const { capabilities } = connection.dialect;
  const existing = new Existing(connection);
  const missing = async <T>(
    kind: "table" | "sequence" | "enum",
    items: readonly T[],
    of: (item: T) => readonly [string | undefined, string],
  ) => {
    if (!scope.checkFirst) return [...items];
    const left: T[] = [];
    for (const item of items) if (!(await existing.has(kind, ...of(item)))) left.push(item);
    return left;
  };
  const tables = await missing("table", scope.tables, (t) => [t.schema, t.tableName]);
  const { order, late } = sortTables(tables);
  const without = capabilities.alterTable ? late : new Set<never>();
  await fire("beforeCreate", order);
  if (capabilities.nativeEnum) {
    // Where enumerations have no names of their own the compiler has nothing to say about them.
    const types = nativeEnums(connection.dialect, tables).filter(
      ({ type, schema }) => connection.dialect.createDdlCompiler().statements(new CreateType(type, schema)).length > 0,
    );
    for (const { type, schema } of await missing("enum", types, (e) => [e.schema, e.type.name as string])) {
      await connection.execute(new CreateType(type, schema));
    }
  }
  if (capabilities.sequences) {
    for (const sequence of await missing("sequence", sequencesOf(scope, tables), (s) => [s.schema, s.name])) {
      await connection.execute(new CreateSequence(sequence));
    }
  }
  for (const table of order) {
    await fire("beforeCreate", [table], table);
    await connection.execute(new CreateTable(table, { without }));
    for (const index of table.indexes) await connection.execute(new CreateIndex(index));
    await fire("afterCreate", [table], table);
  }
  for (const key of without) await connection.execute(new AddConstraint(key.table, key));
  // What is there stays, as tables do: changing it is the business of migrations.
  for (const object of scope.objects) {
    if (!scope.checkFirst || !(await existing.has("object", object.schema, keyOf(object))))
      await connection.execute(new CreateStoredObject(object));
  }
  await fire("afterCreate", order);
}

export async function dropTables(connection: SchemaConnection, scope: CreateScope, fire: Fire): Promise<void> {
  const { capabilities } = connection.dialect;
  const existing = new Existing(connection);
  const present: Table[] = [];
  for (const table of scope.tables) {
    if (!scope.checkFirst || (await existing.has("table", table.schema, table.tableName))) present.push(table);
  }
  const { order, late } = sortTables(present);
  const reversed = [...order].reverse();
  await fire("beforeDrop", reversed);
  const there = new Set(present.map((t) => t.tableName));
  for (const object of [...scope.objects].reverse()) {
    if (object.kind === "trigger" && !there.has(object.table ?? "")) continue;
    await connection.execute(new DropStoredObject(object, { ifExists: scope.checkFirst }));
  }
  if (capabilities.alterTable) {
    const keys = scope.checkFirst ? await existingKeys(connection, [...late]) : namedKeys([...late]);
    for (const { key, name } of keys) {
      await connection.execute(
        new DropConstraint(key.table, { kind: "foreignKey", name, nameIsGenerated: key.nameIsGenerated }),
      );
    }
  } else if (late.size > 0) await connection.execute(new DeferForeignKeys());
  for (const table of reversed) {
    await fire("beforeDrop", [table], table);
    await connection.execute(new DropTable(table));
    await fire("afterDrop", [table], table);
  }
  if (scope.every && capabilities.nativeEnum) {
    for (const { type, schema } of nativeEnums(connection.dialect, scope.tables)) {
      const drop = new DropType(type, schema);
      if (connection.dialect.createDdlCompiler().statements(drop).length === 0) continue;
      if (!scope.checkFirst || (await existing.has("enum", schema, type.name as string)))
        await connection.execute(drop);
    }
  }
  if (capabilities.sequences) {
    for (const sequence of sequencesOf(scope, scope.tables)) {
      if (!scope.checkFirst || (await existing.has("sequence", sequence.schema, sequence.name))) {
        await connection.execute(new DropSequence(sequence));
      }
    }
  }
  await fire("afterDrop", reversed);
}

interface KeyToDrop {
  readonly key: ForeignKeyConstraint;
  readonly name: string;
}
/** Without looking: all of them have to have names. One that is only marked `useAlter` goes with its table anyway. */
function namedKeys(late: readonly ForeignKeyConstraint[]): readonly KeyToDrop[] {
  const stuck = late.filter((key) => typeof key.name !== "string" && !key.options.useAlter);
  const [first] = stuck;
  if (first === undefined)
    return late.flatMap((key) => (typeof key.name === "string" ? [{ key, name: key.name }] : []));
  const tables = [...new Set(stuck.flatMap((k) => [k.table.fullName, k.referredTable.fullName]))].join(", ");
  throw new CircularDependencyError(
    `Tables ${tables} refer to each other, and the foreign key of '${first.table.fullName}' (${first.columns.map((c) => c.columnName).join(", ")}) has no name by which it could be dropped first. Name it: references("…", { name: "…" }), give the MetaData a naming convention for 'fk', or let dropAll look: { checkFirst: true }.`,
    "schema.unnamed-cycle",
  );
}
/** The keys that are there, under the names they have there: also those without a name, or left out by a failed run. */
async function existingKeys(
  connection: SchemaConnection,
  late: readonly ForeignKeyConstraint[],
): Promise<readonly KeyToDrop[]> {
  const found: KeyToDrop[] = [];
  const query = queryOn(connection);
  for (const schema of new Set(late.map((key) => key.table.schema))) {
    const keys = late.filter((key) => key.table.schema === schema);
    const tables = await reflectorOf(connection.dialect).tables(query, {
      schema: translatedSchema(schema, schemaMapOf(connection)),
      tables: keys.map((k) => k.table.tableName),
    });
    for (const key of keys) {
      const columns = key.columns.map((c) => c.columnName).join();
      const name = tables
        .find((t) => t.name === key.table.tableName)
        ?.foreignKeys.find(
          (k) => k.columns.join() === columns && k.referredTable === key.referredTable.tableName,
        )?.name;
      if (name !== undefined) found.push({ key, name });
    }
  }
  return found;
}
