/**
 * PostgreSQL: one array parameter per column, unnested in order. The sequence advances in that order; the order of
 * RETURNING is not promised, so the rows are sorted by the generated key. Source: speed-techniques, section 3.
 */

import { isWrapped } from "../../compile/type-wrapping.js";
import type { TableColumn } from "../../schema/table.js";
import { ArrayType } from "../../types/sql-type.js";
import { BULK_HINT, BULK_WRITE_HINT, bulkTableName, sortByMadeKey, takeReturned } from "../bulk.js";
import type { BulkConnection, BulkInsert, BulkProcess, BulkRows, BulkStrategy, BulkUpdate } from "../bulk-strategy.js";
import type { Dialect } from "../dialect.js";

const PAGE = 10_000;

export function postgresqlBulk(dialect: Dialect): BulkStrategy {
  /** The array parameter of one column. */
  const arrayOf = (column: TableColumn, rows: BulkRows, at: number, from: number, to: number) => {
    const whole = dialect.bindProcessor(new ArrayType(column.type));
    if (whole !== null) return whole(rows.column(at, null, from, to));
    return rows.column(at, dialect.bindProcessor(column.type) as BulkProcess, from, to);
  };
  const cast = (column: TableColumn) => dialect.castType(new ArrayType(column.type));
  /** unnest() takes nested arrays apart. */
  const flat = (columns: readonly TableColumn[]) =>
    columns.every(
      (c) => dialect.plainType(c.type).family !== "array" && c.type.kind !== "decorated" && !isWrapped(dialect, c.type),
    );
  return {
    async insertRows(connection: BulkConnection, insert: BulkInsert, rows: BulkRows) {
      const { table, columns, returning } = insert;
      const auto = table.autoincrementColumn;
      const keyAt = auto === undefined ? -1 : returning.indexOf(auto);
      if (keyAt < 0 || columns.length === 0 || !flat(columns)) return false;
      const names = columns.map((_, i) => `c${i}`);
      const sql =
        `INSERT INTO ${bulkTableName(dialect, table, connection)} (${columns.map((c) => dialect.quote(c.columnName)).join(", ")}) ` +
        `SELECT ${names.map((n) => `p.${n}`).join(", ")} FROM unnest(${columns.map((c, i) => `$${i + 1}::${cast(c)}`).join(", ")}) WITH ORDINALITY AS p(${names.join(", ")}, n) ` +
        `ORDER BY p.n RETURNING ${returning.map((c) => dialect.quote(c.columnName)).join(", ")}`;
      const pages: unknown[][][] = [];
      for (let from = 0; from < rows.length; from += PAGE) {
        const to = Math.min(from + PAGE, rows.length);
        const raw = await connection.send(
          sql,
          columns.map((c, i) => arrayOf(c, rows, i, from, to)),
          BULK_HINT,
        );
        sortByMadeKey(dialect, insert, keyAt, to - from, raw.rows, sql);
        pages.push(raw.rows);
      }
      takeReturned(dialect, insert, keyAt, pages, rows);
      return true;
    },
    async updateRows(connection: BulkConnection, { table, set, key }: BulkUpdate, rows: BulkRows) {
      const columns = [...set, ...key];
      if (rows.length < 2 || !flat(columns)) return undefined;
      const name = bulkTableName(dialect, table, connection);
      const names = columns.map((_, i) => `c${i}`);
      const sql =
        `UPDATE ${name} SET ${set.map((c, i) => `${dialect.quote(c.columnName)} = p.c${i}`).join(", ")} ` +
        `FROM unnest(${columns.map((c, i) => `$${i + 1}::${cast(c)}`).join(", ")}) AS p(${names.join(", ")}) ` +
        `WHERE ${key.map((c, i) => `${name}.${dialect.quote(c.columnName)} = p.c${set.length + i}`).join(" AND ")}`;
      let matched = 0;
      for (let from = 0; from < rows.length; from += PAGE) {
        const to = Math.min(from + PAGE, rows.length);
        const raw = await connection.send(
          sql,
          columns.map((c, i) => arrayOf(c, rows, i, from, to)),
          BULK_WRITE_HINT,
        );
        matched += raw.rowCount;
      }
      return matched;
    },
  };
}
