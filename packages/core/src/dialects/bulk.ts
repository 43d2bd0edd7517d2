/** What the bulk strategies of the dialects share. */
import type { Table, TableColumn } from "../schema/table.js";
import type { BulkProcess } from "./bulk-strategy.js";
import type { Dialect } from "./dialect.js";
import type { StatementHint } from "./driver.js";

export const BULK_HINT: StatementHint = { prepare: true, returnsRows: true, exactIntegers: false };
export const BULK_WRITE_HINT: StatementHint = { prepare: true, returnsRows: false, exactIntegers: false };

/** Name of a table in SQL. */
export function bulkTableName(dialect: Dialect, table: Table): string {
  const name = dialect.quote(table.tableName);
  return table.schema === undefined ? name : `${dialect.quote(table.schema)}.${name}`;
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
