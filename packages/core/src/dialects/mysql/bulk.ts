/**
 * MySQL and MariaDB: a multi-row INSERT of VALUES gets consecutive AUTO_INCREMENT numbers (a "simple insert" in every
 * lock mode); the first is reported. Triggers cannot touch the table they fire on here.
 */

import { isWrapped } from "../../compile/type-wrapping.js";
import { InternalError } from "../../errors/errors.js";
import { BULK_HINT, BULK_WRITE_HINT, bulkProcesses, bulkTableName, keyConverter } from "../bulk.js";
import type { BulkConnection, BulkInsert, BulkRows, BulkStrategy } from "../bulk-strategy.js";
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
    async insertRows(connection: BulkConnection, { table, columns, returning }: BulkInsert, rows: BulkRows) {
      const [only] = returning;
      if (
        returning.length !== 1 ||
        only === undefined ||
        only !== table.autoincrementColumn ||
        columns.length === 0 ||
        columns.some((c) => isWrapped(dialect, c.type))
      )
        return false;
      const by = await step(connection);
      const head = `INSERT INTO ${bulkTableName(dialect, table)} (${columns.map((c) => dialect.quote(c.columnName)).join(", ")}) VALUES `;
      const group = `(${columns.map(() => "?").join(", ")})`;
      const page = Math.max(1, Math.min(PAGE, Math.floor(MOST_PARAMETERS / columns.length)));
      const processes = bulkProcesses(dialect, columns);
      const total = rows.length;
      const firsts: bigint[] = [];
      for (let from = 0; from < total; from += page) {
        const to = Math.min(from + page, total);
        const sql = head + new Array(to - from).fill(group).join(", ");
        const { lastInsertId } = await connection.send(sql, rows.flat(processes, from, to), {
          ...BULK_WRITE_HINT,
          prepare: to - from === page,
        });
        // The rows are in: inserting them another way would insert them twice.
        if (lastInsertId === null || BigInt(lastInsertId) <= 0n) {
          throw new InternalError(
            `The server reported no AUTO_INCREMENT key for ${to - from} new rows of '${table.fullName}': does a trigger set '${only.columnName}'? Give such objects their keys yourself.`,
            { statement: sql },
          );
        }
        firsts.push(BigInt(lastInsertId));
      }
      const convert = keyConverter(dialect, only);
      const big = dialect.plainType(only.type).kind === "bigInteger";
      for (let r = 0; r < total; r++) {
        const p = Math.floor(r / page);
        const id = (firsts[p] as bigint) + BigInt((r - p * page) * by);
        rows.take(r, 0, big ? convert(id) : Number(id));
      }
      return true;
    },
    async updateRows() {
      return undefined;
    },
  };
}
