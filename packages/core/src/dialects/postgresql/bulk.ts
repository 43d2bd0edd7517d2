/**
 * PostgreSQL: one array parameter per column, unnested in order. The sequence advances in that order; the order of
 * RETURNING is not promised, so the rows are sorted by the generated key. Source: speed-techniques, section 3.
 */

import type { TableColumn } from "../../schema/table.js";
import { ArrayType } from "../../types/sql-type.js";
import { BULK_HINT, BULK_WRITE_HINT, bulkTableName, columnOf } from "../bulk.js";
import type { BulkConnection, BulkInsert, BulkStrategy, BulkUpdate } from "../bulk-strategy.js";
import type { Dialect } from "../dialect.js";

const PAGE = 10_000;

export function postgresqlBulk(dialect: Dialect): BulkStrategy {
  /** The array parameter of one column and its type. */
  const arrayOf = (column: TableColumn, rows: readonly (readonly unknown[])[], at: number) => {
    const type = new ArrayType(column.type);
    const whole = dialect.bindProcessor(type);
    const values = rows.map((row) => row[at] ?? null);
    return whole === null ? columnOf(dialect, column, rows, at) : whole(values);
  };
  const cast = (column: TableColumn) => dialect.castType(new ArrayType(column.type));
  /** unnest() takes nested arrays apart. */
  const flat = (columns: readonly TableColumn[]) =>
    columns.every((c) => c.type.family !== "array" && c.type.kind !== "decorated");
  return {
    async insertRows(connection: BulkConnection, { table, columns, returning }: BulkInsert, rows) {
      const auto = table.autoincrementColumn;
      const keyAt = auto === undefined ? -1 : returning.indexOf(auto);
      if (keyAt < 0 || columns.length === 0 || !flat(columns)) return undefined;
      const names = columns.map((_, i) => `c${i}`);
      const sql =
        `INSERT INTO ${bulkTableName(dialect, table)} (${columns.map((c) => dialect.quote(c.columnName)).join(", ")}) ` +
        `SELECT ${names.map((n) => `p.${n}`).join(", ")} FROM unnest(${columns.map((c, i) => `$${i + 1}::${cast(c)}`).join(", ")}) WITH ORDINALITY AS p(${names.join(", ")}, n) ` +
        `ORDER BY p.n RETURNING ${returning.map((c) => dialect.quote(c.columnName)).join(", ")}`;
      const processes = returning.map((c) => dialect.resultProcessor(c.type));
      const out: unknown[][] = [];
      for (let from = 0; from < rows.length; from += PAGE) {
        const page = from === 0 && rows.length <= PAGE ? rows : rows.slice(from, from + PAGE);
        const raw = await connection.send(
          sql,
          columns.map((c, i) => arrayOf(c, page, i)),
          BULK_HINT,
        );
        const made = raw.rows.map((row) =>
          row.map((v, i) => (v === null || processes[i] === null ? v : (processes[i] as (x: unknown) => unknown)(v))),
        );
        made.sort((a, b) => ((a[keyAt] as number) < (b[keyAt] as number) ? -1 : 1));
        for (const row of made) out.push(row);
      }
      return out;
    },
    async updateRows(connection: BulkConnection, { table, set, key }: BulkUpdate, rows) {
      const columns = [...set, ...key];
      if (rows.length < 2 || !flat(columns)) return undefined;
      const name = bulkTableName(dialect, table);
      const names = columns.map((_, i) => `c${i}`);
      const sql =
        `UPDATE ${name} SET ${set.map((c, i) => `${dialect.quote(c.columnName)} = p.c${i}`).join(", ")} ` +
        `FROM unnest(${columns.map((c, i) => `$${i + 1}::${cast(c)}`).join(", ")}) AS p(${names.join(", ")}) ` +
        `WHERE ${key.map((c, i) => `${name}.${dialect.quote(c.columnName)} = p.c${set.length + i}`).join(" AND ")}`;
      let matched = 0;
      for (let from = 0; from < rows.length; from += PAGE) {
        const page = from === 0 && rows.length <= PAGE ? rows : rows.slice(from, from + PAGE);
        const raw = await connection.send(
          sql,
          columns.map((c, i) => arrayOf(c, page, i)),
          BULK_WRITE_HINT,
        );
        matched += raw.rowCount;
      }
      return matched;
    },
  };
}
