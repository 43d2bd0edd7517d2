/**
 * MySQL and MariaDB: a multi-row INSERT of VALUES gets consecutive AUTO_INCREMENT numbers (a "simple insert" in every
 * lock mode); the first is reported. Triggers cannot touch the table they fire on here.
 */
import { BULK_HINT, BULK_WRITE_HINT, bulkTableName, flatten } from "../bulk.js";
import type { BulkConnection, BulkInsert, BulkStrategy } from "../bulk-strategy.js";
import type { Dialect } from "../dialect.js";

const PAGE = 1000;
const MOST_PARAMETERS = 60_000;
const STEP = Symbol("auto_increment_increment");

export function mysqlBulk(dialect: Dialect): BulkStrategy {
  const step = async (connection: BulkConnection): Promise<number> => {
    const known = connection.info.get(STEP);
    if (typeof known === "number") return known;
    const raw = await connection.send("SELECT @@auto_increment_increment", [], BULK_HINT);
    const value = Number(raw.rows[0]?.[0] ?? 1);
    connection.info.set(STEP, value);
    return value;
  };
  return {
    async insertRows(connection: BulkConnection, { table, columns, returning }: BulkInsert, rows) {
      const [only] = returning;
      if (returning.length !== 1 || only === undefined || only !== table.autoincrementColumn || columns.length === 0)
        return undefined;
      const by = await step(connection);
      const head = `INSERT INTO ${bulkTableName(dialect, table)} (${columns.map((c) => dialect.quote(c.columnName)).join(", ")}) VALUES `;
      const group = `(${columns.map(() => "?").join(", ")})`;
      const page = Math.max(1, Math.min(PAGE, Math.floor(MOST_PARAMETERS / columns.length)));
      const big = only.type.kind === "bigInteger";
      const convert = big ? dialect.resultProcessor(only.type) : null;
      const out = new Array<readonly unknown[]>(rows.length);
      for (let from = 0; from < rows.length; from += page) {
        const to = Math.min(from + page, rows.length);
        const raw = await connection.send(
          head + new Array(to - from).fill(group).join(", "),
          flatten(dialect, columns, rows, from, to),
          { ...BULK_WRITE_HINT, prepare: to - from === page },
        );
        if (raw.lastInsertId === null) return undefined;
        const first = BigInt(raw.lastInsertId);
        for (let r = from; r < to; r++) {
          const id = first + BigInt((r - from) * by);
          out[r] = [big ? (convert === null ? id : convert(String(id))) : Number(id)];
        }
      }
      return out;
    },
    async updateRows() {
      return undefined;
    },
  };
}
