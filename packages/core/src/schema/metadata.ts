/**
 * The collection of all tables: registration by name, late foreign keys, creation and removal in the right order.
 * Source: SQLAlchemy "Describing Databases with MetaData", "Configuring Constraint Naming Conventions".
 */
import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import { type ColumnToBuild, partsFromReflection } from "../reflection/parts.js";
import type { ReflectedTable } from "../reflection/types.js";
import type { FromClause } from "../sql/from.js";
import { queryOn, reflectorOf, type SchemaBind, type SchemaConnection, withConnection } from "./bind.js";
import { buildTable } from "./build-table.js";
import type { MetaDataFace } from "./constraint.js";
import { copyObjects } from "./copy-objects.js";
import { createTables, dropTables } from "./create-all.js";
import type { DdlElement } from "./ddl.js";
import { DEFAULT_NAMING_CONVENTION, type NamingConvention, type NamingStrategy, snakeCaseNaming } from "./naming.js";
import type { Sequence } from "./sequence.js";
import { sortTables } from "./sort-tables.js";
import type { StoredObject } from "./stored-object.js";
import type { Table } from "./table.js";
import { sortObjects } from "./view.js";

export interface MetaDataOptions {
  /** Schema of tables that name none. */
  readonly schema?: string | undefined;
  /** Names of constraints and indexes without one of their own; added to the default, which names indexes only. */
  readonly namingConvention?: NamingConvention | undefined;
  /** Properties and model names to columns and tables; snake_case unless replaced. */
  readonly naming?: NamingStrategy | undefined;
}
export interface CreateOptions {
  /** Leave alone what exists already (create) or is gone already (drop); true unless said otherwise. */
  readonly checkFirst?: boolean | undefined;
  /** Only these tables. */
  readonly tables?: readonly Table[] | undefined;
}
export interface ReflectOptions {
  /** Names of tables, or a choice among them; a name that does not exist is an error. */
  readonly only?: readonly string[] | ((name: string) => boolean) | undefined;
  readonly views?: boolean | undefined;
  readonly schema?: string | undefined;
  /** Read a table again that is already in this MetaData; otherwise it is left as it is. */
  readonly replace?: boolean | undefined;
}

export type SchemaEvent = "beforeCreate" | "afterCreate" | "beforeDrop" | "afterDrop";
export type SchemaListener = DdlElement | ((connection: SchemaConnection, tables: readonly Table[]) => unknown);

/** Sees a reflected column; what it gives stands in its place. */
export type ColumnReflectListener = (column: ColumnToBuild, table: ReflectedTable) => ColumnToBuild | undefined;
interface Registration {
  readonly thunk: () => Table;
  readonly owner: string;
}

export class MetaData implements MetaDataFace {
  readonly schema: string | undefined;
  readonly namingConvention: NamingConvention;
  readonly naming: NamingStrategy;
  readonly #tables = new Map<string, Table>();
  readonly #owners = new Map<string, string>();
  readonly #waiting = new Map<string, Registration>();
  readonly #order: string[] = [];
  readonly #sequences: Sequence[] = [];
  readonly #objects: StoredObject[] = [];
  readonly #columnListeners: ColumnReflectListener[] = [];
  readonly #listeners: { event: SchemaEvent; listener: SchemaListener; table: Table | undefined }[] = [];
  #configured = new Set<Table>();

  constructor(options: MetaDataOptions = {}) {
    requireKnownOptions(options, ["schema", "namingConvention", "naming"], "new MetaData()", "metadata.option");
    this.schema = options.schema;
    this.namingConvention = { ...DEFAULT_NAMING_CONVENTION, ...options.namingConvention };
    this.naming = options.naming ?? snakeCaseNaming;
  }

  /**
   * Takes a finished table in; `owner` says in messages who declared it.
   *
   * @throws ArgumentError when there is another table of this name.
   */
  add(table: Table, owner = `table("${table.tableName}")`): Table {
    if (table.metadata !== undefined && table.metadata !== this) {
      throw new ArgumentError(
        `Table '${table.fullName}' belongs to another MetaData: copy it with toMetaData().`,
        "schema.other-metadata",
      );
    }
    const name = table.fullName;
    if (this.#tables.get(name) === table) return table;
    this.#refuseSecond(name, owner);
    this.#order.push(name);
    this.#enter(name, table, owner);
    return table;
  }
  /**
   * Announces a table that is built when it is first needed: models refer to each other in circles.
   *
   * @throws ArgumentError when there is another table of this name.
   */
  register(fullName: string, thunk: () => Table, owner = `'${fullName}'`): void {
    this.#refuseSecond(fullName, owner);
    this.#order.push(fullName);
    this.#waiting.set(fullName, { thunk, owner });
  }
  #refuseSecond(name: string, owner: string): void {
    const first = this.#owners.get(name) ?? this.#waiting.get(name)?.owner;
    if (first === undefined) return;
    throw new ArgumentError(
      `Table '${name}' is declared twice in one MetaData: by ${first} and by ${owner}. Rename one with { tableName: … }, or give one its own MetaData.`,
      "schema.duplicate-table",
    );
  }
  #enter(name: string, table: Table, owner: string): void {
    this.#tables.set(name, table);
    this.#owners.set(name, owner);
  }
  #resolve(name: string): Table | undefined {
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) return this.#tables.get(name);
    this.#waiting.delete(name);
    let table: Table;
    try {
      table = waiting.thunk();
    } catch (error) {
      this.#waiting.set(name, waiting);
      throw error;
    }
    if (table.fullName !== name) {
      throw new ArgumentError(`${waiting.owner} was registered as table '${name}', but is table '${table.fullName}'.`);
    }
    this.#enter(name, table, waiting.owner);
    return table;
  }

  /** All tables by full name, in order of declaration; tables that were only announced are built now. */
  get tables(): ReadonlyMap<string, Table> {
    for (const name of [...this.#waiting.keys()]) this.#resolve(name);
    const tables = new Map<string, Table>();
    for (const name of this.#order) tables.set(name, this.#tables.get(name) as Table);
    return tables;
  }
  get tableNames(): readonly string[] {
    return [...this.#order];
  }
  has(fullName: string): boolean {
    return this.#tables.has(fullName) || this.#waiting.has(fullName);
  }
  findTable(fullName: string): Table | undefined {
    return this.#resolve(fullName);
  }
  /** The table with this full name. @throws ArgumentError with a "did you mean". */
  table(fullName: string): Table {
    const found = this.#resolve(fullName);
    if (found !== undefined) return found;
    throw new ArgumentError(
      `There is no table '${fullName}' in this MetaData.${didYouMean(fullName, this.#order)}`,
      "schema.unknown-table",
    );
  }
  /** After a table got other columns: foreign keys are looked up again. */
  changed(): void {
    this.#configured = new Set();
  }
  remove(table: Table): void {
    const name = table.fullName;
    if (this.#tables.get(name) !== table) return;
    this.#tables.delete(name);
    this.#owners.delete(name);
    this.#order.splice(this.#order.indexOf(name), 1);
    this.#configured = new Set();
  }
  clear(): void {
    this.#tables.clear();
    this.#owners.clear();
    this.#waiting.clear();
    this.#order.length = 0;
    this.#sequences.length = 0;
    this.#objects.length = 0;
    this.#configured = new Set();
  }

  /**
   * Builds what was announced and looks up every foreign key. Cheap when nothing is new.
   *
   * @throws InvalidRequestError for a foreign key to an unknown table or column, with a "did you mean".
   */
  configure(): void {
    for (const table of this.tables.values()) {
      if (this.#configured.has(table)) continue;
      for (const constraint of table.constraints) {
        if (constraint.kind === "foreignKey") void constraint.referredColumns;
      }
      this.#configured.add(table);
    }
  }
  /** Tables with those they refer to first; among equals by name. A circle is warned of, its tables stand together. */
  get sortedTables(): readonly Table[] {
    this.configure();
    const byName = [...this.tables.values()].sort((a, b) => (a.fullName < b.fullName ? -1 : 1));
    const { order, cycles } = sortTables(byName);
    for (const cycle of cycles) {
      const names = cycle.map((t) => t.fullName).join(", ");
      process.emitWarning(
        `Tables ${names} refer to each other in a circle, so no order suits them all. Mark a foreign key with { useAlter: true } to say which one comes last.`,
        { code: "ATHANOR_TABLE_CYCLE" },
      );
    }
    return order;
  }
  /** Groups of tables whose foreign keys go in a circle. */
  get cycles(): readonly (readonly Table[])[] {
    this.configure();
    return sortTables([...this.tables.values()]).cycles;
  }
  get sequences(): readonly Sequence[] {
    return this.#sequences;
  }
  /** A sequence that `createAll` makes and `dropAll` drops. */
  addSequence(sequence: Sequence): Sequence {
    this.#sequences.push(sequence);
    return sequence;
  }

  /** Views, functions and triggers, in the order in which they need each other: as declared, but what one needs first. */
  get objects(): readonly StoredObject[] {
    return sortObjects(this.#objects);
  }
  get views(): readonly StoredObject[] {
    return this.objects.filter((o) => o.isView);
  }
  /** A view, function or trigger that `createAll` makes after the tables and `dropAll` drops before them. */
  addObject(object: StoredObject): StoredObject {
    const isSame = (o: StoredObject) =>
      (o.kind === object.kind || (o.isView && object.isView)) &&
      o.fullName === object.fullName &&
      o.table === object.table;
    if (this.#objects.some(isSame)) {
      throw new ArgumentError(
        `The ${object.kind} '${object.fullName}' is declared twice in one MetaData.`,
        "schema.duplicate-object",
      );
    }
    this.#objects.push(object);
    return object;
  }

  /**
   * Called with every column that `reflect` reads; what it gives stands in the column's place, also with another key or
   * type. Source: SQLAlchemy "Intercepting Column Definitions".
   *
   * @example metadata.onColumnReflect((column) => ({ ...column, key: camelCase(column.name) }));
   */
  onColumnReflect(listener: ColumnReflectListener): void {
    this.#columnListeners.push(listener);
  }
  /** DDL or a function to run around `createAll` and `dropAll`; with a table, around that table only. */
  on(event: SchemaEvent, listener: SchemaListener, options: { readonly table?: Table } = {}): void {
    requireKnownOptions(options, ["table"], "on()", "metadata.option");
    this.#listeners.push({ event, listener, table: options.table });
  }
  async #fire(
    connection: SchemaConnection,
    event: SchemaEvent,
    tables: readonly Table[],
    table?: Table,
  ): Promise<void> {
    for (const entry of this.#listeners) {
      if (entry.event !== event || entry.table !== table) continue;
      if (typeof entry.listener === "function") await entry.listener(connection, tables);
      else await connection.execute(entry.listener);
    }
  }

  /**
   * Creates the tables, their indexes, types and sequences, in an order the database accepts. With an engine all of it
   * happens in one transaction, where the database can.
   *
   * @example await metadata.createAll(engine);
   */
  async createAll(bind: SchemaBind, options: CreateOptions = {}): Promise<void> {
    await withConnection(bind, async (connection) => {
      await createTables(connection, this.#scope(options, "createAll()"), (event, tables, table) =>
        this.#fire(connection, event, tables, table),
      );
    });
  }
  /** Drops them in the opposite order. @throws CircularDependencyError for an unnamed foreign key in a circle. */
  async dropAll(bind: SchemaBind, options: CreateOptions = {}): Promise<void> {
    await withConnection(bind, async (connection) => {
      await dropTables(connection, this.#scope(options, "dropAll()"), (event, tables, table) =>
        this.#fire(connection, event, tables, table),
      );
    });
  }
  #scope(options: CreateOptions, where: string) {
    requireKnownOptions(options, ["checkFirst", "tables"], where, "metadata.option");
    this.configure();
    for (const table of options.tables ?? []) {
      if (this.#tables.get(table.fullName) !== table) {
        throw new ArgumentError(`Table '${table.fullName}' is not of this MetaData.`, "schema.other-metadata");
      }
    }
    const every = options.tables === undefined;
    return {
      tables: [...(options.tables ?? this.tables.values())],
      sequences: every ? this.#sequences : [],
      objects: every ? this.objects : [],
      every,
      checkFirst: options.checkFirst ?? true,
    };
  }

  /**
   * Copies of all tables, sequences, views, functions and triggers in another MetaData; what it has already stays as it is.
   * A view of a select reads the copies; SQL given as text is copied as it stands.
   */
  toMetaData(target: MetaData, options: { readonly schema?: string | undefined } = {}): void {
    requireKnownOptions(options, ["schema"], "toMetaData()", "metadata.option");
    const copies = new Map<FromClause, Table>();
    for (const table of this.tables.values()) copies.set(table, copyTable(table, target, options));
    for (const sequence of this.#sequences) if (!target.sequences.includes(sequence)) target.addSequence(sequence);
    copyObjects(this.objects, target, copies, options);
  }

  /**
   * Builds tables from what the database has. Tables referred to come along, so that foreign keys resolve.
   *
   * @example const metadata = new MetaData(); await metadata.reflect(connection, { only: ["cars"] });
   * @throws ArgumentError when `only` names a table that does not exist.
   */
  async reflect(bind: SchemaBind, options: ReflectOptions = {}): Promise<readonly Table[]> {
    requireKnownOptions(options, ["only", "views", "schema", "replace"], "reflect()", "metadata.option");
    return withConnection(bind, async (connection) => {
      const reflector = reflectorOf(connection.dialect);
      const query = queryOn(connection);
      const schema = options.schema ?? this.schema;
      const { only } = options;
      let scope: readonly string[] | undefined;
      if (only !== undefined) {
        const names = [...(await reflector.tableNames(query, schema))];
        if (options.views) names.push(...(await reflector.views(query, schema)).map((v) => v.name));
        if (typeof only === "function") scope = names.filter(only);
        else {
          const missing = only.find((name) => !names.includes(name));
          if (missing !== undefined) {
            throw new ArgumentError(
              `reflect(): the database has no table '${missing}'.${didYouMean(missing, names)}`,
              "schema.unknown-table",
            );
          }
          scope = only;
        }
      }
      const built: Table[] = [];
      const done = new Set<string>();
      // By schema: a foreign key may lead into another one.
      const wanted: { schema: string | undefined; tables: readonly string[] | undefined }[] = [
        { schema, tables: scope },
      ];
      for (let next = wanted.shift(); next !== undefined; next = wanted.shift()) {
        if (next.tables !== undefined && next.tables.length === 0) continue;
        const found = await reflector.tables(query, { ...next, views: options.views });
        const missing = new Map<string | undefined, Set<string>>();
        for (const reflected of found) {
          done.add(fullNameOf(reflected.schema, reflected.name));
          const table = this.#takeReflected(reflected, options.replace ?? false);
          if (table !== undefined) built.push(table);
        }
        for (const reflected of found) {
          for (const key of reflected.foreignKeys) {
            const name = fullNameOf(key.referredSchema, key.referredTable);
            if (done.has(name) || this.has(name)) continue;
            const names = missing.get(key.referredSchema) ?? new Set();
            missing.set(key.referredSchema, names.add(key.referredTable));
          }
        }
        for (const [inSchema, names] of missing) {
          for (const name of names) done.add(fullNameOf(inSchema, name));
          wanted.push({ schema: inSchema, tables: [...names] });
        }
      }
      return built;
    });
  }
  #takeReflected(reflected: ReflectedTable, replace: boolean): Table | undefined {
    const name = fullNameOf(reflected.schema, reflected.name);
    const existing = this.findTable(name);
    if (existing !== undefined) {
      if (!replace) return undefined;
      this.remove(existing);
    }
    const columns: readonly ColumnToBuild[] = reflected.columns.map((column) =>
      this.#columnListeners.reduce<ColumnToBuild>((c, listener) => listener(c, reflected) ?? c, column),
    );
    return this.add(buildTable(partsFromReflection({ ...reflected, columns }, this)), "reflection");
  }
}

function fullNameOf(schema: string | undefined, name: string): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

/** A copy of a table in another MetaData, under another schema if wanted. */
export function copyTable(
  table: Table,
  target: MetaData,
  options: { readonly schema?: string | undefined } = {},
): Table {
  const schema = "schema" in options ? options.schema : table.schema;
  const existing = target.findTable(fullNameOf(schema, table.tableName));
  if (existing !== undefined) return existing;
  return target.add(buildTable({ ...table.parts, schema, metadata: target }));
}

/** The MetaData of tables and models that name none. */
export const defaultMetaData = new MetaData();
