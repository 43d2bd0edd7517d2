/**
 * SQLite: a multi-row INSERT under the write lock numbers its rows consecutively, and the last rowid is reported. That
 * arithmetic is wrong where a trigger inserts too, so tables with triggers go row by row.
 */
import { BULK_HINT, BULK_WRITE_HINT, bulkTableName, flatten } from "../bulk.js";
import type { BulkConnection, BulkInsert, BulkStrategy, BulkUpdate } from "../bulk-strategy.js";
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
    async insertRows(connection: BulkConnection, { table, columns, returning }: BulkInsert, rows) {
      const [only] = returning;
      if (returning.length !== 1 || only === undefined || only !== table.autoincrementColumn || columns.length === 0)
        return undefined;
      if (table.primaryKey.length !== 1 || table.dialectOptions["sqlite"]?.["withoutRowid"] === true) return undefined;
      const schema = table.schema === undefined ? "" : `${dialect.quote(table.schema)}.`;
      const triggers = await connection.send(
        `SELECT 1 FROM ${schema}sqlite_master WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE LIMIT 1`,
        [table.tableName],
        BULK_HINT,
      );
      if (triggers.rows.length > 0) return undefined;
      const head = `INSERT INTO ${bulkTableName(dialect, table)} (${columns.map((c) => dialect.quote(c.columnName)).join(", ")}) VALUES `;
      const page = Math.max(1, Math.min(PAGE, Math.floor(MOST_PARAMETERS / columns.length)));
      const out = new Array<readonly unknown[]>(rows.length);
      const big = only.type.kind === "bigInteger";
      const convert = big ? dialect.resultProcessor(only.type) : null;
      for (let from = 0; from < rows.length; from += page) {
        const to = Math.min(from + page, rows.length);
        const sql = keep(
          `i:${head}:${to - from}`,
          () => head + new Array(to - from).fill(group(columns.length)).join(", "),
        );
        const running = connection.send(sql, flatten(dialect, columns, rows, from, to), BULK_WRITE_HINT);
        const { lastInsertId } = running instanceof Promise ? await running : running;
        const last = Number(lastInsertId);
        // Near the end of the rowid range SQLite picks free numbers at random: nothing consecutive there.
        if (lastInsertId === null || !Number.isSafeInteger(last)) return undefined;
        for (let r = from; r < to; r++) {
          const id = last - (to - 1 - r);
          out[r] = [big ? (convert === null ? BigInt(id) : convert(BigInt(id))) : id];
        }
      }
      return out;
    },
    async updateRows(connection: BulkConnection, { table, set, key }: BulkUpdate, rows) {
      const columns = [...set, ...key];
      if (rows.length < 4) return undefined;
      const page = Math.max(1, Math.min(100, Math.floor(MOST_PARAMETERS / columns.length)));
      const name = bulkTableName(dialect, table);
      const names = columns.map((_, i) => `c${i}`);
      const assign = set.map((c, i) => `${dialect.quote(c.columnName)} = v.c${i}`).join(", ");
      const where = key.map((c, i) => `${name}.${dialect.quote(c.columnName)} = v.c${set.length + i}`).join(" AND ");
      let matched = 0;
      for (let from = 0; from < rows.length; from += page) {
        const to = Math.min(from + page, rows.length);
        const sql = keep(`u:${name}:${assign}:${where}:${to - from}`, () => {
          const values = new Array(to - from).fill(group(columns.length)).join(", ");
          return `WITH v(${names.join(", ")}) AS (VALUES ${values}) UPDATE ${name} SET ${assign} FROM v WHERE ${where}`;
        });
        const running = connection.send(sql, flatten(dialect, columns, rows, from, to), BULK_WRITE_HINT);
        const { rowCount } = running instanceof Promise ? await running : running;
        matched += rowCount;
      }
      return matched;
    },
  };
}
