/** What an INSERT made, on a server that gives nothing back: keys counted from the first, the rest read by key. */
import type { RawResult } from "../dialects/driver.js";
import { InternalError } from "../errors/errors.js";
import type { Table, TableColumn } from "../schema/table.js";
import type { Element } from "../sql/element.js";
import { conjunction } from "../sql/expression.js";
import * as ops from "../sql/operators.js";
import { SelectStatement } from "../sql/select.js";
import { sentinelKey } from "./sentinel.js";

/** One statement sent for some of the rows. */
export interface SentRows {
  readonly raw: RawResult;
  /** How many rows it was sent for. */
  readonly count: number;
}
/** Runs a statement, page by page, and reads values of columns. */
export interface SelectRunner {
  readonly returning: boolean;
  send(statement: Element, pageSize?: number): AsyncIterable<SentRows>;
  resultProcessor(column: TableColumn): ((value: unknown) => unknown) | null;
}

/** The key of a row of an INSERT whose first key the server reported. */
export function counted(table: Table, first: number | bigint | null, rows: number, distance: number): number | bigint {
  if (first !== null && first > 0) {
    const key = BigInt(first) + BigInt(distance);
    return Number.isSafeInteger(Number(key)) ? Number(key) : key;
  }
  throw new InternalError(
    `The server reported no key for ${rows} new rows of '${table.fullName}': does a trigger set it? Give such rows their keys yourself.`,
    {},
  );
}

const FOUND_AT_ONCE = 500;
/** Where nothing comes back: what the database made for the rows, read by their keys. undefined: nothing is wanted. */
export async function foundByKey(
  table: Table,
  count: number,
  wanted: readonly TableColumn[],
  keyOf: (c: TableColumn, r: number) => unknown,
  runner: SelectRunner,
): Promise<((c: TableColumn, r: number) => unknown) | undefined> {
  const key = table.primaryKey;
  const columns = wanted.filter((c) => !key.includes(c));
  if (columns.length === 0 || key.length === 0) return undefined;
  const keys = Array.from({ length: count }, (_, r) => key.map((c) => keyOf(c, r)));
  if (keys.some((k) => k.includes(undefined))) return undefined;
  const all = [...key, ...columns];
  const processes = all.map((c) => runner.resultProcessor(c));
  const rows = new Map<string, unknown[]>();
  for (let from = 0; from < count; from += FOUND_AT_ONCE) {
    const some = keys.slice(from, from + FOUND_AT_ONCE);
    const criteria = some.map((k) =>
      conjunction(
        ops.and,
        key.map((c, i) => c.eq(k[i])),
      ),
    );
    const [first] = key as readonly [TableColumn];
    const where = key.length === 1 ? first.in(some.map((k) => k[0])) : conjunction(ops.or, criteria);
    for await (const { raw } of runner.send(new SelectStatement(all).where(where)))
      for (const row of raw.rows) {
        const values = row.map((v, i) => (v === null ? v : (processes[i]?.(v) ?? v)));
        rows.set(sentinelKey(values.slice(0, key.length)), values);
      }
  }
  return (c, r) => rows.get(sentinelKey(keys[r] as unknown[]))?.[all.indexOf(c)];
}
