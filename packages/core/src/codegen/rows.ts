/** Rows given as objects, read by generated loops: one pass to look at them, one to lay them out for the driver. */
import { GeneratedFunctions } from "./generated.js";

type Row = { readonly [key: string]: unknown };
const isPlain = (value: unknown): boolean => {
  const kind = typeof value;
  return kind === "string" || kind === "number" || value === null || kind === "boolean" || kind === "bigint";
};
const functions = new GeneratedFunctions({ P: isPlain });
const q = JSON.stringify;
/** A loop over a row of more columns is read once and too long to be optimised. */
const WIDEST = 200;
const keyOf = (keys: readonly string[]) => q(keys);

/**
 * Where the first row stands, from `from` on, that is no object or does not hold a text, a number, a boolean or null under
 * each of these keys and nothing else; -1 when there is none.
 */
export type FindOdd = (rows: readonly Row[], from: number) => number;
export function findOdd(keys: readonly string[]): FindOdd {
  const plain = (): FindOdd => (rows, from) => {
    for (let i = from; i < rows.length; i++) {
      const row = rows[i] as Row;
      if (typeof row !== "object" || row === null || Array.isArray(row)) return i;
      let count = 0;
      for (const key of keys) {
        const value = row[key];
        if (!isPlain(value)) return i;
      }
      for (const _ in row) count++;
      if (count !== keys.length) return i;
    }
    return -1;
  };
  if (keys.length > WIDEST) return plain();
  return functions.get(
    `odd${keyOf(keys)}`,
    () => `return (rows, from) => {
for (let i = from; i < rows.length; i++) { const o = rows[i]; let v, n = 0;
if (typeof o !== "object" || o === null || Array.isArray(o)) return i;
${keys.map((k) => `v = o[${q(k)}]; if (typeof v !== "string" && typeof v !== "number" && v !== null && !P(v)) return i;`).join("\n")}
for (const _ in o) n++;
if (n !== ${keys.length}) return i; }
return -1; };`,
    plain,
  );
}

export interface RowColumn {
  readonly key: string;
  /** Conversion of a value that is given; null: as it is. */
  readonly process: unknown;
}
/** Values of rows `from` to `to` (exclusive) in one list; `cell` gives those that are missing or to be converted. */
export type FlatRows<C extends RowColumn> = (
  rows: readonly Row[],
  columns: readonly C[],
  from: number,
  to: number,
  cell: (value: unknown, column: C, row: Row) => unknown,
) => unknown[];
export function flatRows<C extends RowColumn>(columns: readonly C[]): FlatRows<C> {
  const plain = (): FlatRows<C> => (rows, list, from, to, cell) => {
    const out = new Array<unknown>((to - from) * list.length);
    let at = 0;
    for (let r = from; r < to; r++) {
      const row = rows[r] as Row;
      for (let c = 0; c < list.length; c++) {
        const column = list[c] as C;
        const value = row[column.key];
        out[at++] = value !== undefined && column.process === null ? value : cell(value, column, row);
      }
    }
    return out;
  };
  if (columns.length > WIDEST) return plain();
  return functions.get(
    `flat${keyOf(columns.map((c) => `${c.process === null ? "=" : "~"}${c.key}`))}`,
    () => `return (rows, c, from, to, cell) => {
const out = new Array((to - from) * ${columns.length}); let at = 0, v;
${columns.map((_, i) => `const c${i} = c[${i}];`).join(" ")}
for (let r = from; r < to; r++) { const o = rows[r];
${columns.map(({ key, process }, i) => `v = o[${q(key)}]; out[at++] = ${process === null ? "v !== undefined ? v : " : ""}cell(v, c${i}, o);`).join("\n")}
}
return out; };`,
    plain,
  );
}
