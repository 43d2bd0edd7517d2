/** What the bulk strategies of the dialects share. */
import type { Table, TableColumn } from "../schema/table.js";
import type { Dialect } from "./dialect.js";
import type { StatementHint } from "./driver.js";

export const BULK_HINT: StatementHint = { prepare: true, returnsRows: true, exactIntegers: false };
export const BULK_WRITE_HINT: StatementHint = { prepare: true, returnsRows: false, exactIntegers: false };

/** Name of a table in SQL. */
export function bulkTableName(dialect: Dialect, table: Table): string {
  const name = dialect.quote(table.tableName);
  return table.schema === undefined ? name : `${dialect.quote(table.schema)}.${name}`;
}
/** Values of rows in one list, in the driver's form. */
export function flatten(
  dialect: Dialect,
  columns: readonly TableColumn[],
  rows: readonly (readonly unknown[])[],
  from: number,
  to: number,
): unknown[] {
  const width = columns.length;
  const processes = columns.map((c) => dialect.bindProcessor(c.type));
  const out = new Array<unknown>((to - from) * width);
  let at = 0;
  for (let r = from; r < to; r++) {
    const row = rows[r] as readonly unknown[];
    for (let c = 0; c < width; c++) {
      const value = row[c];
      const process = processes[c] as ((v: unknown) => unknown) | null;
      out[at++] = value === null || value === undefined ? null : process === null ? value : process(value);
    }
  }
  return out;
}
/** One column of all rows, in the driver's form. */
export function columnOf(
  dialect: Dialect,
  column: TableColumn,
  rows: readonly (readonly unknown[])[],
  at: number,
): unknown[] {
  const process = dialect.bindProcessor(column.type);
  return rows.map((row) => {
    const value = row[at];
    return value === null || value === undefined ? null : process === null ? value : process(value);
  });
}
