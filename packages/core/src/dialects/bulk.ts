/** What the bulk strategies of the dialects share. */
import { translatedSchema } from "../compile/schema-map.js";
import type { Table, TableColumn } from "../schema/table.js";
import type { BulkConnection, BulkProcess } from "./bulk-strategy.js";
import type { Dialect } from "./dialect.js";
import type { StatementHint } from "./driver.js";

export const BULK_HINT: StatementHint = { prepare: true, returnsRows: true, exactIntegers: false };
export const BULK_WRITE_HINT: StatementHint = { prepare: true, returnsRows: false, exactIntegers: false };

/** Name of a table in SQL, with what stands before it: the schema and its dot. */
export function bulkTableName(dialect: Dialect, table: Table, connection: BulkConnection): string {
  return `${bulkSchema(dialect, table, connection)}${dialect.quote(table.tableName)}`;
}
/** The schema of a table with its dot, or nothing. */
export function bulkSchema(dialect: Dialect, table: Table, { schemas }: BulkConnection): string {
  const schema = translatedSchema(table.schema, schemas);
  return schema === undefined ? "" : `${dialect.quote(schema)}.`;
}
/** What turns the values of these columns into the driver's form. */
export function bulkProcesses(dialect: Dialect, columns: readonly TableColumn[]): BulkProcess[] {
  return columns.map((c) => dialect.bindProcessor(c.type) as BulkProcess);
}
/** Gives generated whole numbers their declared type. */
export function keyConverter(dialect: Dialect, column: TableColumn): (id: bigint) => unknown {
  if (dialect.plainType(column.type).kind !== "bigInteger") return Number;
  const convert = dialect.resultProcessor(column.type);
  return convert === null ? (id) => id : convert;
}
