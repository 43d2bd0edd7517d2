/**
 * Looking at a database: `inspect(connection)`. What is asked for is read for the whole schema at once and kept, so
 * that a loop over tables costs no more than one table. Source: SQLAlchemy "Fine Grained Reflection with Inspector".
 */
import { translatedSchema } from "../compile/schema-map.js";
import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError, NoSuchTableError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import { queryOn, reflectorOf, type SchemaConnection, schemaMapOf } from "../schema/bind.js";
import { sortGraph } from "../schema/sort.js";
import type { StoredObject } from "../schema/stored-object.js";
import type {
  ReflectedCheck,
  ReflectedColumn,
  ReflectedEnum,
  ReflectedForeignKey,
  ReflectedIndex,
  ReflectedPrimaryKey,
  ReflectedSequence,
  ReflectedTable,
  ReflectedTrigger,
  ReflectedUnique,
  ReflectedView,
  ReflectionQuery,
  Reflector,
} from "./types.js";

export interface InSchema {
  /** undefined: the connection's default schema. */
  readonly schema?: string | undefined;
}
function schemaOf(options: InSchema): string | undefined {
  requireKnownOptions(options, ["schema"], "inspect()", "inspect.option");
  return options.schema;
}

/**
 * Reads names, columns, constraints and indexes of a database. Answers are kept for the life of the inspector:
 * `clearCache()` after DDL.
 *
 * @example
 * const inspector = inspect(connection);
 * for (const name of await inspector.tableNames()) console.log(name, await inspector.columns(name));
 * @throws NoSuchTableError by every method that takes a table's name.
 */
export class Inspector {
  readonly #connection: SchemaConnection;
  readonly #reflector: Reflector;
  readonly #query: ReflectionQuery;
  readonly #kept = new Map<string, Promise<unknown>>();

  constructor(connection: SchemaConnection) {
    this.#connection = connection;
    this.#reflector = reflectorOf(connection.dialect);
    this.#query = queryOn(connection);
  }
  get dialect(): SchemaConnection["dialect"] {
    return this.#connection.dialect;
  }
  clearCache(): void {
    this.#kept.clear();
  }
  /** Where a schema's objects are on this connection: `schemaTranslateMap` counts here too. */
  #there(schema: string | undefined): string | undefined {
    return translatedSchema(schema, schemaMapOf(this.#connection));
  }
  #keep<T>(key: readonly (string | undefined)[], read: () => Promise<T>): Promise<T> {
    const name = JSON.stringify(key.map((k) => k ?? null));
    let kept = this.#kept.get(name) as Promise<T> | undefined;
    if (kept === undefined) {
      kept = read();
      this.#kept.set(name, kept);
      // A failed look is not kept.
      kept.catch(() => this.#kept.delete(name));
    }
    return kept;
  }

  schemas(): Promise<readonly string[]> {
    return this.#keep(["schemas"], () => this.#reflector.schemas(this.#query));
  }
  defaultSchema(): Promise<string | undefined> {
    return this.#keep(["defaultSchema"], () => this.#reflector.defaultSchema(this.#query));
  }
  tableNames(options: InSchema = {}): Promise<readonly string[]> {
    const schema = schemaOf(options);
    return this.#keep(["tableNames", schema], () => this.#reflector.tableNames(this.#query, this.#there(schema)));
  }
  /** Temporary tables of this connection; none where the database does not show them (MySQL, MariaDB). */
  async tempTableNames(): Promise<readonly string[]> {
    return (await this.#temporary()).tables;
  }
  async tempViewNames(): Promise<readonly string[]> {
    return (await this.#temporary()).views;
  }
  #temporary() {
    return this.#keep(
      ["temporary"],
      async () => (await this.#reflector.temporary?.(this.#query)) ?? { tables: [], views: [] },
    );
  }
  async viewNames(options: InSchema = {}): Promise<readonly string[]> {
    return (await this.views(options)).map((v) => v.name);
  }
  views(options: InSchema = {}): Promise<readonly ReflectedView[]> {
    const schema = schemaOf(options);
    return this.#keep(["views", schema], () => this.#reflector.views(this.#query, this.#there(schema)));
  }
  /** Sequences, none on databases without them. */
  async sequences(options: InSchema = {}): Promise<readonly ReflectedSequence[]> {
    const schema = schemaOf(options);
    if (!this.dialect.capabilities.sequences) return [];
    return this.#keep(["sequences", schema], () => this.#reflector.sequences(this.#query, this.#there(schema)));
  }
  /** Enumerations that are types of their own. */
  enums(options: InSchema = {}): Promise<readonly ReflectedEnum[]> {
    const schema = schemaOf(options);
    return this.#keep(["enums", schema], () => this.#reflector.enums(this.#query, this.#there(schema)));
  }
  /** Views, functions, procedures and triggers, as the database gives them back; not those of extensions. */
  storedObjects(options: InSchema = {}): Promise<readonly StoredObject<string>[]> {
    const schema = schemaOf(options);
    return this.#keep(["storedObjects", schema], () => this.#reflector.storedObjects(this.#query, schema));
  }
  async hasTable(name: string, options: InSchema = {}): Promise<boolean> {
    return (await this.tableNames(options)).includes(name) || (await this.viewNames(options)).includes(name);
  }

  /** Everything about all tables and views of a schema, in a fixed number of queries. */
  tables(options: InSchema = {}): Promise<readonly ReflectedTable[]> {
    const schema = schemaOf(options);
    return this.#keep(["tables", schema], () =>
      this.#reflector.tables(this.#query, { schema: this.#there(schema), views: true }),
    );
  }
  /** Everything about one table or view. */
  async table(name: string, options: InSchema = {}): Promise<ReflectedTable> {
    const tables = await this.tables(options);
    const found = tables.find((t) => t.name === name);
    if (found !== undefined) return found;
    const where = options.schema === undefined ? "" : ` in schema '${options.schema}'`;
    throw new NoSuchTableError(
      `There is no table or view '${name}'${where}.${didYouMean(
        name,
        tables.map((t) => t.name),
      )}`,
      "reflection.no-such-table",
    );
  }
  async hasColumn(table: string, column: string, options: InSchema = {}): Promise<boolean> {
    return (await this.columns(table, options)).some((c) => c.name === column);
  }
  async columns(table: string, options: InSchema = {}): Promise<readonly ReflectedColumn[]> {
    return (await this.table(table, options)).columns;
  }
  async primaryKey(table: string, options: InSchema = {}): Promise<ReflectedPrimaryKey | undefined> {
    return (await this.table(table, options)).primaryKey;
  }
  async foreignKeys(table: string, options: InSchema = {}): Promise<readonly ReflectedForeignKey[]> {
    return (await this.table(table, options)).foreignKeys;
  }
  async indexes(table: string, options: InSchema = {}): Promise<readonly ReflectedIndex[]> {
    return (await this.table(table, options)).indexes;
  }
  async uniqueConstraints(table: string, options: InSchema = {}): Promise<readonly ReflectedUnique[]> {
    return (await this.table(table, options)).uniqueConstraints;
  }
  async checkConstraints(table: string, options: InSchema = {}): Promise<readonly ReflectedCheck[]> {
    return (await this.table(table, options)).checks;
  }
  async triggers(table: string, options: InSchema = {}): Promise<readonly ReflectedTrigger[]> {
    return (await this.table(table, options)).triggers;
  }
  async tableComment(table: string, options: InSchema = {}): Promise<string | undefined> {
    return (await this.table(table, options)).comment;
  }
  async tableOptions(table: string, options: InSchema = {}): Promise<ReflectedTable["options"]> {
    return (await this.table(table, options)).options;
  }

  /** Tables with those they refer to first, and the groups that refer to each other in a circle. */
  async sortedTables(
    options: InSchema = {},
  ): Promise<{ readonly order: readonly string[]; readonly cycles: readonly (readonly string[])[] }> {
    const tables = (await this.tables(options)).filter((t) => !t.isView);
    const referred = new Map(
      tables.map((t) => [
        t.name,
        t.foreignKeys.filter((k) => k.referredSchema === t.schema).map((k) => k.referredTable),
      ]),
    );
    return sortGraph(referred.keys(), (name) => referred.get(name) ?? []);
  }
}

/** An inspector for a connection. @throws ArgumentError for an engine, which has no one schema to look at */
export function inspect(connection: SchemaConnection): Inspector {
  if (typeof connection?.execute !== "function")
    throw new ArgumentError(
      "inspect(): a connection is needed: await using conn = await engine.connect(); inspect(conn).tableNames().",
      "inspect.connection",
    );
  return new Inspector(connection);
}
