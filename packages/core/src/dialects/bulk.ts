/** What the bulk strategies of the dialects share. */
import { translatedSchema } from "../compile/schema-map.js";
import { InternalError } from "../errors/errors.js";
import type { Table, TableColumn } from "../schema/table.js";
import type { BulkConnection, BulkInsert, BulkProcess, BulkRows } from "./bulk-strategy.js";
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
/**
 * Puts the rows that one INSERT gave back in the order in which their keys were made, which is that of the rows sent, and
 * turns the keys into values of the program.
 *
 * @throws InternalError when rows are missing: which are there cannot be told
 */
export function sortByMadeKey(
  dialect: Dialect,
  { table, returning }: BulkInsert,
  keyAt: number,
  sent: number,
  back: unknown[][],
  statement: string,
): void {
  if (back.length !== sent) {
    throw new InternalError(
      `INSERT of ${sent} rows into '${table.fullName}' gave ${back.length} back: a trigger or a rule leaves rows out, so keys cannot be told. Insert these objects one by one (flush after each).`,
      { statement },
    );
  }
  const convert = dialect.resultProcessor((returning[keyAt] as TableColumn).type);
  if (convert !== null) for (const row of back) row[keyAt] = convert(row[keyAt]);
  // In most cases they are in order already, which costs one comparison each.
  back.sort((a, b) => ((a[keyAt] as number) < (b[keyAt] as number) ? -1 : 1));
}
/** Hands sorted rows to the objects they belong to, page after page. */
export function takeReturned(
  dialect: Dialect,
  { returning }: BulkInsert,
  keyAt: number,
  pages: readonly unknown[][][],
  rows: BulkRows,
): void {
  const processes = returning.map((c, i) => (i === keyAt ? null : dialect.resultProcessor(c.type)));
  let r = 0;
  for (const page of pages) {
    for (const row of page) {
      for (let i = 0; i < row.length; i++) {
        const value = row[i];
        const process = processes[i] ?? null;
        rows.take(r, i, value === null || process === null ? value : process(value));
      }
      r++;
    }
  }
}
/** Gives generated whole numbers their declared type. */
export function keyConverter(dialect: Dialect, column: TableColumn): (id: bigint) => unknown {
  if (dialect.plainType(column.type).kind !== "bigInteger") return Number;
  const convert = dialect.resultProcessor(column.type);
  return convert === null ? (id) => id : convert;
}
