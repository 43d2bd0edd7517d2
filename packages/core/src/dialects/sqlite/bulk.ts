/**
 * SQLite: one INSERT of many rows numbers them consecutively, and the last rowid is reported. That arithmetic is wrong
 * where a trigger inserts too and at the end of the rowid range, so such tables go row by row. One small query decides
 * it before the first row is written. It is asked each time, not remembered: another connection may have made a trigger,
 * a temporary trigger changes no schema version, and the largest key is needed too. It takes 1 to 5 µs.
 */

import { needsExactIntegers } from "../../compile/compiler.js";
import { isWrapped } from "../../compile/type-wrapping.js";
import { InternalError } from "../../errors/errors.js";
import {
  BULK_HINT,
  BULK_WRITE_HINT,
  bulkProcesses,
  bulkSchema,
  bulkTableName,
  keyConverter,
  sortByMadeKey,
  takeReturned,
} from "../bulk.js";
import type { BulkConnection, BulkInsert, BulkRows, BulkStrategy, BulkUpdate } from "../bulk-strategy.js";
import type { Dialect } from "../dialect.js";

const PAGE = 200;
const MOST_PARAMETERS = 32_000;

export function sqliteBulk(dialect: Dialect): BulkStrategy {
  const texts = new Map<string, string>();
  const keep = (key: string, make: () => string): string => {
    let text = texts.get(key);
    if (text === undefined) {
      if (texts.size > 500) texts.clear();
      texts.set(key, (text = make()));
    }
    return text;
  };
  const group = (width: number) => `(${new Array(width).fill("?").join(", ")})`;
  return {
    async insertRows(connection: BulkConnection, insert: BulkInsert, rows: BulkRows) {
      const { table, columns, returning } = insert;
      const only = table.autoincrementColumn;
      const keyAt = only === undefined ? -1 : returning.indexOf(only);
      if (only === undefined || keyAt < 0 || columns.length === 0 || columns.some((c) => isWrapped(dialect, c.type)))
        return false;
      if (table.primaryKey.length !== 1 || table.dialectOptions["sqlite"]?.["withoutRowid"] === true) return false;
      const name = bulkTableName(dialect, table, connection);
      const check = keep(`c:${name}`, () => {
        const schema = bulkSchema(dialect, table, connection);
        const names = [`${schema}sqlite_master`, "sqlite_temp_master"].map(
          (from) => `SELECT tbl_name FROM ${from} WHERE type = 'trigger'`,
        );
        return (
          `SELECT (SELECT count(*) FROM (${names.join(" UNION ALL ")}) WHERE tbl_name = ? COLLATE NOCASE), ` +
          `(SELECT max(${dialect.quote(only.columnName)}) FROM ${name})`
        );
      });
      const asking = connection.send(check, [table.tableName], BULK_HINT);
      const found = (asking instanceof Promise ? await asking : asking).rows[0] as readonly unknown[];
      if (Number(found[0]) > 0 || !Number.isSafeInteger(Number(found[1] ?? 0) + rows.length)) return false;

      const head = `INSERT INTO ${name} (${columns.map((c) => dialect.quote(c.columnName)).join(", ")}) VALUES `;
      const page = Math.max(1, Math.min(PAGE, Math.floor(MOST_PARAMETERS / columns.length)));
      const processes = bulkProcesses(dialect, columns);
      const total = rows.length;
      const lasts: number[] = [];
      const pages: unknown[][][] = [];
      const hint = { ...BULK_HINT, exactIntegers: returning.some((c) => needsExactIntegers(c.type.kind)) };
      // With more than the key: rows come back in no promised order, but by their keys they are in that of the statement.
      const tail =
        returning.length === 1 ? "" : ` RETURNING ${returning.map((c) => dialect.quote(c.columnName)).join(", ")}`;
      for (let from = 0; from < total; from += page) {
        const to = Math.min(from + page, total);
        const sql = keep(
          `i:${head}:${to - from}${tail}`,
          () => head + new Array(to - from).fill(group(columns.length)).join(", ") + tail,
        );
        if (tail !== "") {
          const raw = await connection.send(sql, rows.flat(processes, from, to), hint);
          sortByMadeKey(dialect, insert, keyAt, to - from, raw.rows, sql);
          pages.push(raw.rows);
          continue;
        }
        const running = connection.send(sql, rows.flat(processes, from, to), BULK_WRITE_HINT);
        const { lastInsertId, rowCount } = running instanceof Promise ? await running : running;
        if (rowCount !== to - from) {
          throw new InternalError(
            `SQLite took ${rowCount} of ${to - from} new rows of '${table.fullName}': a constraint written with ON CONFLICT IGNORE leaves rows out, so their keys cannot be told.`,
            { statement: sql },
          );
        }
        const last = Number(lastInsertId);
        if (lastInsertId === null || !Number.isSafeInteger(last)) {
          throw new InternalError(
            `SQLite numbered new rows of '${table.fullName}' up to ${lastInsertId}, which is no safe integer: their keys cannot be told. The AUTOINCREMENT counter in sqlite_sequence is probably near its end.`,
            { statement: sql },
          );
        }
        lasts.push(last);
      }
      if (tail !== "") {
        takeReturned(dialect, insert, keyAt, pages, rows);
        return true;
      }
      const convert = dialect.plainType(only.type).kind === "bigInteger" ? keyConverter(dialect, only) : null;
      for (let from = 0, p = 0; from < total; from += page, p++) {
        const to = Math.min(from + page, total);
        const first = (lasts[p] as number) - (to - from) + 1;
        for (let r = from; r < to; r++) {
          const id = first + (r - from);
          rows.take(r, 0, convert === null ? id : convert(BigInt(id)));
        }
      }
      return true;
    },
    async updateRows(connection: BulkConnection, { table, set, key }: BulkUpdate, rows: BulkRows) {
      const columns = [...set, ...key];
      if (rows.length < 4 || columns.some((c) => isWrapped(dialect, c.type))) return undefined;
      const page = Math.max(1, Math.min(100, Math.floor(MOST_PARAMETERS / columns.length)));
      const name = bulkTableName(dialect, table, connection);
      const names = columns.map((_, i) => `c${i}`);
      const assign = set.map((c, i) => `${dialect.quote(c.columnName)} = v.c${i}`).join(", ");
      const where = key.map((c, i) => `${name}.${dialect.quote(c.columnName)} = v.c${set.length + i}`).join(" AND ");
      const processes = bulkProcesses(dialect, columns);
      let matched = 0;
      for (let from = 0; from < rows.length; from += page) {
        const to = Math.min(from + page, rows.length);
        const sql = keep(`u:${name}:${assign}:${where}:${to - from}`, () => {
          const values = new Array(to - from).fill(group(columns.length)).join(", ");
          return `WITH v(${names.join(", ")}) AS (VALUES ${values}) UPDATE ${name} SET ${assign} FROM v WHERE ${where}`;
        });
        const running = connection.send(sql, rows.flat(processes, from, to), BULK_WRITE_HINT);
        const { rowCount } = running instanceof Promise ? await running : running;
        matched += rowCount;
      }
      return matched;
    },
  };
}
