/** What the parts of one comparison share: the database, the log, the filters, and the list of what was found. */
import {
  buildTable,
  type Connection,
  type Constraint,
  type Dialect,
  type Index,
  partsFromReflection,
  type ReflectedTable,
  type Table,
  type TableColumn,
  truncatedName,
} from "@athanor/core";
import { targetsOf } from "../impl/definitions.js";
import type { DialectImpl } from "../impl/index.js";
import { OpenMetaData } from "../ops/schema.js";
import type { MigrationLog } from "../runtime/index.js";
import { Plugins } from "./comparators.js";
import type { ComparedObject, CompareOptions } from "./options.js";

export class CompareScope {
  readonly connection: Connection;
  readonly impl: DialectImpl;
  readonly options: CompareOptions;
  readonly defaultSchema: string | undefined;
  readonly plugins: Plugins;
  readonly #log: MigrationLog;
  constructor(
    connection: Connection,
    impl: DialectImpl,
    log: MigrationLog,
    options: CompareOptions,
    defaultSchema: string | undefined,
  ) {
    this.connection = connection;
    this.impl = impl;
    this.#log = log;
    this.options = options;
    this.plugins = new Plugins(options.plugins);
    this.defaultSchema = defaultSchema;
  }
  get dialect(): Dialect {
    return this.connection.dialect;
  }
  detected(text: string): void {
    this.#log.info("autogenerate.compare", `Detected ${text}`);
  }
  note(text: string, channel = "autogenerate.compare"): void {
    this.#log.info(channel, text);
  }
  warn(text: string): void {
    this.#log.warn("autogenerate.compare", text);
  }
  includes(object: ComparedObject): boolean {
    return this.options.includeObject?.(object) ?? true;
  }
  /** Whether something that no model declares is the project's own, and so is to go. */
  isOurs(factory: string, name: string): boolean {
    return this.options.compareObjects ?? this.options.madeHere?.(factory, name) ?? false;
  }
  /** The column stays with its type: the model has it so, or a filter keeps it out of sight. */
  keeps(model: Table, column: string): boolean {
    const own = model.columns.find((c) => c.columnName === column);
    if (own !== undefined)
      return !this.includes({
        kind: "column",
        name: column,
        table: model.tableName,
        schema: model.schema,
        reflected: false,
        object: own,
      });
    return !this.includes({
      kind: "column",
      name: column,
      table: model.tableName,
      schema: model.schema,
      reflected: true,
      object: undefined,
    });
  }
  /** The default schema is the same whether it is spelled or not. */
  schemaOf(schema: string | undefined): string | undefined {
    return schema === this.defaultSchema ? undefined : schema;
  }
  /** The name in the database: generated names are cut there. */
  nameOf(item: Index | Constraint): string | undefined {
    const { name } = item;
    if (name === null || name === undefined) return undefined;
    return item.nameIsGenerated ? truncatedName(name, this.dialect.maxIdentifierLength) : name;
  }
  /** A table like the one in the database, for the way back. */
  tableLike(reflected: ReflectedTable): Table {
    return tableLike(reflected);
  }
}
export function tableLike(reflected: ReflectedTable): Table {
  return buildTable(partsFromReflection(reflected, new OpenMetaData().expect(targetsOf(reflected.foreignKeys))));
}
/** `['email']`, `['a', 'b']`: columns as the log shows them. */
export function listed(columns: readonly string[]): string {
  return `[${columns.map((c) => `'${c}'`).join(", ")}]`;
}
export const qualified = (schema: string | undefined, name: string): string =>
  schema === undefined ? name : `${schema}.${name}`;

/**
 * An index or unique constraint of the table serves the foreign key of this column, so that the key must be able to come
 * after it and to go before it.
 */
export function servesForeignKey(column: TableColumn): boolean {
  const { table, fields } = column;
  const isOwn = (c: Constraint) => c.kind === "unique" && c.columns.length === 1 && fields.unique !== false;
  return (
    table.indexes.some((i) => i.expressions[0] === column) ||
    table.constraints.some((c) => c.kind === "unique" && c.columns[0] === column && !isOwn(c))
  );
}
