/**
 * PostgreSQL: one array parameter per column, unnested in order. The sequence advances in that order; the order of
 * RETURNING is not promised, so the rows are sorted by the generated key. Source: speed-techniques, section 3.
 */

import { isWrapped } from "../../compile/type-wrapping.js";
import { InternalError } from "../../errors/errors.js";
import type { TableColumn } from "../../schema/table.js";
import { ArrayType } from "../../types/sql-type.js";
import { BULK_HINT, BULK_WRITE_HINT, bulkTableName } from "../bulk.js";
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
    async insertRows(connection: BulkConnection, { table, columns, returning }: BulkInsert, rows: BulkRows) {
      const auto = table.autoincrementColumn;
      const keyAt = auto === undefined ? -1 : returning.indexOf(auto);
      if (keyAt < 0 || columns.length === 0 || !flat(columns)) return false;
      const names = columns.map((_, i) => `c${i}`);
      const sql =
        `INSERT INTO ${bulkTableName(dialect, table, connection)} (${columns.map((c) => dialect.quote(c.columnName)).join(", ")}) ` +
        `SELECT ${names.map((n) => `p.${n}`).join(", ")} FROM unnest(${columns.map((c, i) => `$${i + 1}::${cast(c)}`).join(", ")}) WITH ORDINALITY AS p(${names.join(", ")}, n) ` +
        `ORDER BY p.n RETURNING ${returning.map((c) => dialect.quote(c.columnName)).join(", ")}`;
      const processes = returning.map((c) => dialect.resultProcessor(c.type));
      const byKey = processes[keyAt] ?? ((v: unknown) => v);
      const pages: unknown[][][] = [];
      for (let from = 0; from < rows.length; from += PAGE) {
        const to = Math.min(from + PAGE, rows.length);
        const raw = await connection.send(
          sql,
          columns.map((c, i) => arrayOf(c, rows, i, from, to)),
          BULK_HINT,
        );
        if (raw.rows.length !== to - from) {
          throw new InternalError(
            `INSERT of ${to - from} rows into '${table.fullName}' gave ${raw.rows.length} back: a trigger or a rule leaves rows out, so keys cannot be told. Insert these objects one by one (flush after each).`,
            { statement: sql },
          );
        }
        for (const row of raw.rows) row[keyAt] = byKey(row[keyAt]);
        // In most cases they are in order already, which costs one comparison each.
        raw.rows.sort((a, b) => ((a[keyAt] as number) < (b[keyAt] as number) ? -1 : 1));
        pages.push(raw.rows);
      }
      let r = 0;
      for (const page of pages) {
        for (const row of page) {
          for (let i = 0; i < row.length; i++) {
            const value = row[i];
            const process = i === keyAt ? null : (processes[i] ?? null);
            rows.take(r, i, value === null || process === null ? value : process(value));
          }
          r++;
        }
      }
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
