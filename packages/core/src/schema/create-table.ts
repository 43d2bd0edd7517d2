/** The runtime of `table()`: properties and options become a registered table. Source: SQLAlchemy "Schema Definition Language". */
import { ArgumentError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import { buildTable, rebuildTable } from "./build-table.js";
import { ColumnDefinition } from "./definition.js";
import { defaultMetaData, type MetaData } from "./metadata.js";
import type { NamingStrategy } from "./naming.js";
import type { Table, TableParts } from "./table.js";
import type { TableArgument } from "./table-constraints.js";

export interface TableOptions {
  /** Keys of the columns that make a composite primary key, in order. */
  readonly primaryKey?: readonly string[] | undefined;
  /** The table's name where it differs from the first argument. */
  readonly tableName?: string | undefined;
  /** null: none, even where the MetaData has one. */
  readonly schema?: string | null | undefined;
  readonly metadata?: MetaData | undefined;
  /** Constraints and indexes over the finished columns. */
  readonly constraints?: ((t: Table) => readonly TableArgument[]) | undefined;
  /** The same as `constraints`; both may be given. */
  readonly indexes?: ((t: Table) => readonly TableArgument[]) | undefined;
  /** When the MetaData has a table of this name: that one, unchanged. */
  readonly keepExisting?: boolean | undefined;
  /**
   * When it has one: what is said here is added to it, and wins. The table stays the same object with the same other
   * columns, so that statements and relationships made before read from it.
   */
  readonly extendExisting?: boolean | undefined;
  readonly comment?: string | undefined;
  readonly info?: { readonly [key: string]: unknown } | undefined;
  /** `{ sqlite: { strict: true }, mysql: { engine: "InnoDB" } }`. */
  readonly dialectOptions?: { readonly [dialect: string]: { readonly [option: string]: unknown } } | undefined;
}
const OPTIONS = [
  "primaryKey",
  "tableName",
  "schema",
  "metadata",
  "constraints",
  "indexes",
  "comment",
  "info",
  "dialectOptions",
  "keepExisting",
  "extendExisting",
];

/** Definitions by property → columns in order. Getters are read: that is how a definition may wait for a class. */
export function columnParts(
  props: { readonly [key: string]: unknown },
  naming: NamingStrategy,
  where: string,
): TableParts["columns"] {
  return Object.keys(props).map((key) => {
    const definition = props[key];
    if (!(definition instanceof ColumnDefinition)) {
      throw new ArgumentError(`${where}: '${key}' is no column definition such as integer() or string(64).`);
    }
    return { key, columnName: definition.fields.columnName ?? naming.column(key), definition };
  });
}

/**
 * A table, registered in a MetaData; what the public `table()` calls.
 *
 * @example
 * const cars = createTable("cars", { id: integer().primaryKey(), make: string(40) }, {
 *   constraints: (t) => [index("ix_cars_make", t.c.make), check("id > 0", "positive")],
 * });
 * @throws ArgumentError for a wrong option or column, or when the MetaData already has a table of this name.
 */
export function createTable(
  name: string,
  props: { readonly [key: string]: unknown },
  options: TableOptions = {},
): Table {
  requireKnownOptions(options, OPTIONS, `table("${name}")`, "table.option");
  const metadata = options.metadata ?? defaultMetaData;
  const { constraints, indexes } = options;
  const tableName = options.tableName ?? name;
  const schema = options.schema === null ? undefined : (options.schema ?? metadata.schema);
  const existing = metadata.findTable(schema === undefined ? tableName : `${schema}.${tableName}`);
  if (options.keepExisting && existing !== undefined) return existing;
  const before = options.extendExisting ? existing?.parts : undefined;
  const columns = columnParts(props, metadata.naming, `table("${name}")`);
  const said = new Map(columns.map((c) => [c.columnName, c]));
  const parts: TableParts = {
    name: tableName,
    schema,
    columns:
      before === undefined
        ? columns
        : [
            ...before.columns.map((c) => said.get(c.columnName) ?? c),
            ...columns.filter((c) => !before.columns.some((b) => b.columnName === c.columnName)),
          ],
    primaryKey: options.primaryKey ?? before?.primaryKey,
    constraints:
      constraints === undefined && indexes === undefined && before?.constraints === undefined
        ? undefined
        : (t) => [...(before?.constraints?.(t) ?? []), ...(constraints?.(t) ?? []), ...(indexes?.(t) ?? [])],
    comment: options.comment ?? before?.comment,
    info: { ...before?.info, ...options.info },
    dialectOptions: { ...before?.dialectOptions, ...options.dialectOptions },
    metadata,
  };
  if (before === undefined) return metadata.add(buildTable(parts));
  const table = rebuildTable(existing as Table, parts);
  metadata.changed();
  return table;
}
