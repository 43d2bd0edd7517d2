/**
 * MySQL and MariaDB: a multi-row INSERT of VALUES gets consecutive AUTO_INCREMENT numbers (a "simple insert" in every
 * lock mode); the first is reported. Triggers cannot touch the table they fire on here.
 */

import { isWrapped } from "../../compile/type-wrapping.js";
import { InternalError } from "../../errors/errors.js";
import type { TableColumn } from "../../schema/table.js";
import {
  BULK_HINT,
  BULK_WRITE_HINT,
  bulkProcesses,
  bulkTableName,
  keyConverter,
  sortByMadeKey,
  takeReturned,
} from "../bulk.js";
import type { BulkConnection, BulkInsert, BulkRows, BulkStrategy, BulkUpdate } from "../bulk-strategy.js";
import type { Dialect } from "../dialect.js";
import type { StatementHint } from "../driver.js";

const PAGE = 1000;
const MOST_PARAMETERS = 60_000;
/** The server looks for a row's new value from the first on. */
const UPDATE_PAGE = 100;
const TEXT_WRITE_HINT: StatementHint = { ...BULK_WRITE_HINT, prepare: false };
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
  const names = (columns: readonly TableColumn[]) => columns.map((c) => dialect.quote(c.columnName)).join(", ");
  const texts = ({ table, columns }: BulkInsert, connection: BulkConnection) => ({
    head: `INSERT INTO ${bulkTableName(dialect, table, connection)} (${names(columns)}) VALUES `,
    group: `(${columns.map(() => "?").join(", ")})`,
  });
  /** With more than the key: the keys ascend in the order of the rows, in whichever order RETURNING lists them. */
  const insertReturning = async (
    connection: BulkConnection,
    insert: BulkInsert,
    keyAt: number,
    rows: BulkRows,
  ): Promise<true> => {
    const { columns, returning } = insert;
    const { head, group } = texts(insert, connection);
    const page = Math.max(1, Math.min(PAGE, Math.floor(MOST_PARAMETERS / columns.length)));
    const processes = bulkProcesses(dialect, columns);
    const pages: unknown[][][] = [];
    for (let from = 0; from < rows.length; from += page) {
      const to = Math.min(from + page, rows.length);
      const sql = `${head}${new Array(to - from).fill(group).join(", ")} RETURNING ${names(returning)}`;
      const hint = { ...BULK_HINT, prepare: to - from === page };
      const raw = await connection.send(sql, rows.flat(processes, from, to), hint);
      sortByMadeKey(dialect, insert, keyAt, to - from, raw.rows, sql);
      pages.push(raw.rows);
    }
    takeReturned(dialect, insert, keyAt, pages, rows);
    return true;
  };
  return {
    keyStep: step,
    async insertRows(connection: BulkConnection, insert: BulkInsert, rows: BulkRows) {
      const { table, columns, returning } = insert;
      const only = table.autoincrementColumn;
      const keyAt = only === undefined ? -1 : returning.indexOf(only);
      if (
        only === undefined ||
        keyAt < 0 ||
        (returning.length > 1 && !dialect.capabilities.returning.insert) ||
        columns.length === 0 ||
        columns.some((c) => isWrapped(dialect, c.type))
      )
        return false;
      if (returning.length > 1) return await insertReturning(connection, insert, keyAt, rows);
      const by = await step(connection);
      const { head, group } = texts(insert, connection);
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
    /**
     * `SET a = CASE WHEN id = ? THEN ? … END WHERE id IN (…)`: each value and each key is compared and assigned as in a
     * statement of its own. Values joined to the table would be columns of another type and collation than the table's.
     */
    async updateRows(connection: BulkConnection, { table, set, key }: BulkUpdate, rows: BulkRows) {
      const columns = [...set, ...key];
      // SET goes from left to right: a key that is changed would be compared with its new value.
      const rekeys = set.some((c) => key.includes(c));
      if (rows.length < 4 || rekeys || columns.some((c) => isWrapped(dialect, c.type))) return undefined;
      const [values, keys] = [set.length, key.length];
      const page = Math.max(1, Math.min(UPDATE_PAGE, Math.floor(MOST_PARAMETERS / ((keys + 1) * values + keys))));
      const names = key.map((c) => dialect.quote(c.columnName));
      const same = names.map((name) => `${name} = ?`).join(" AND ");
      const text = (count: number): string => {
        const cases = new Array(count).fill(`WHEN ${same} THEN ?`).join(" ");
        const sets = set.map((c) => `${dialect.quote(c.columnName)} = CASE ${cases} END`).join(", ");
        const where =
          keys === 1
            ? `${names[0]} IN (${new Array(count).fill("?").join(", ")})`
            : new Array(count).fill(`(${same})`).join(" OR ");
        return `UPDATE ${bulkTableName(dialect, table, connection)} SET ${sets} WHERE ${where}`;
      };
      const processes = bulkProcesses(dialect, columns);
      const full = rows.length >= page ? text(page) : "";
      let matched = 0;
      for (let from = 0; from < rows.length; from += page) {
        const to = Math.min(from + page, rows.length);
        const flat = rows.flat(processes, from, to);
        const params: unknown[] = [];
        for (let v = 0; v < values; v++) {
          for (let at = 0; at < flat.length; at += values + keys) {
            for (let k = 0; k < keys; k++) params.push(flat[at + values + k]);
            params.push(flat[at + v]);
          }
        }
        for (let at = 0; at < flat.length; at += values + keys)
          for (let k = 0; k < keys; k++) params.push(flat[at + values + k]);
        const sql = to - from === page ? full : text(to - from);
        // As text: prepared, a value that comes first would decide the type of all.
        matched += (await connection.send(sql, params, TEXT_WRITE_HINT)).rowCount;
      }
      return matched;
    },
  };
}
