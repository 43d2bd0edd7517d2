/** Answers of several shards made one: rows in order and cut to the limit, totals of totals. */
import {
  Bind,
  type Dialect,
  type Element,
  type Expression,
  FALSE,
  type Fetched,
  FunctionCall,
  INTEGER,
  InvalidRequestError,
  Label,
  NumericType,
  rowPrototype,
  SelectStatement,
} from "@athanor/core";
import { isText, type SortKey, type Spread, type Total } from "./shard-spread.js";

/** Asks one of the shards. */
export type Ask = (statement: Element) => Promise<readonly (readonly unknown[])[]>;
type Row = readonly unknown[];

/** Rows of several shards, one after another. */
export function joinFetched(parts: readonly Fetched[]): Fetched {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const rows = parts.some((p) => p.rows !== null) ? parts.flatMap((p) => p.rows?.() ?? []) : null;
  return {
    rows: rows === null ? null : (most) => rows.slice(0, most),
    keys: first?.keys ?? [],
    rowCount: parts.reduce((sum, p) => (sum < 0 || p.rowCount < 0 ? -1 : sum + p.rowCount), 0),
    lastInsertId: parts.at(-1)?.lastInsertId ?? null,
  };
}
export async function mergeFetched(
  spread: Spread,
  parts: readonly Fetched[],
  dialect: Dialect,
  ask: Ask,
): Promise<Fetched> {
  const joined = joinFetched(parts);
  if (spread.kind === "rows") return joined;
  const lists = parts.map((p) => (p.rows?.() ?? []) as readonly Row[]);
  const keys = spread.kind === "sorted" ? joined.keys.slice(0, spread.width) : joined.keys;
  const rows =
    spread.kind === "sorted"
      ? narrowed(await sorted(spread, lists, dialect, ask), keys)
      : [await totalRow(spread.totals, lists, dialect, ask)];
  return {
    rows: (most) => rows.slice(0, most),
    keys,
    rowCount: rows.length,
    lastInsertId: joined.lastInsertId,
  };
}

// ---- rows in order

/** So many texts are put in order by one statement: databases limit the members of a UNION. */
const TEXTS = 400;

async function sorted(
  spread: Extract<Spread, { kind: "sorted" }>,
  lists: readonly (readonly Row[])[],
  dialect: Dialect,
  ask: Ask,
): Promise<Row[]> {
  const { keys, offset, limit } = spread;
  const wanted = limit === undefined ? Number.POSITIVE_INFINITY : offset + limit;
  const out: Row[] = [];
  const places = lists.map(() => 0);
  const left = () => lists.flatMap((list, s) => ((places[s] as number) < list.length ? [s] : []));
  const asks = keys.some((k) => isText(k.expression.type));
  for (let open = left(); open.length > 0 && out.length < wanted; open = left()) {
    const [only] = open as [number, ...number[]];
    if (open.length === 1 || keys.length === 0) {
      out.push(...(lists[only] as readonly Row[]).slice(places[only]));
      places[only] = Number.POSITIVE_INFINITY;
      continue;
    }
    const size = asks ? Math.max(2, Math.floor(TEXTS / open.length)) : Number.POSITIVE_INFINITY;
    const windows = open.map((s) => (lists[s] as readonly Row[]).slice(places[s], (places[s] as number) + size));
    const compare = await comparer(keys, windows, dialect, ask);
    for (const window of windows) checkOrder(window, compare);
    // A window that is used up may go on with rows that come before those of the others.
    const at = windows.map(() => 0);
    const usedUp = (n: number, w: number): boolean => {
      const s = open[w] as number;
      return n === windows[w]?.length && (places[s] as number) + n < (lists[s] as readonly Row[]).length;
    };
    while (out.length < wanted && !at.some(usedUp)) {
      let best = -1;
      for (let w = 0; w < windows.length; w++) {
        const row = windows[w]?.[at[w] as number];
        if (row !== undefined && (best < 0 || compare(row, windows[best]?.[at[best] as number] as Row) < 0)) best = w;
      }
      if (best < 0) break;
      out.push(windows[best]?.[at[best] as number] as Row);
      at[best] = (at[best] as number) + 1;
    }
    open.forEach((s, w) => {
      places[s] = (places[s] as number) + (at[w] as number);
    });
  }
  return out.slice(offset, wanted);
}
/** Without the values that were there to sort by. */
function narrowed(rows: Row[], names: readonly string[]): Row[] {
  const width = names.length;
  if (rows[0] === undefined || rows[0].length === width) return rows;
  const prototype = rowPrototype(names);
  return rows.map((row) => Object.setPrototypeOf(row.slice(0, width), prototype) as Row);
}
/** A shard whose order is another one than ours is told, not mixed in. */
function checkOrder(rows: readonly Row[], compare: (a: Row, b: Row) => number): void {
  for (let i = 1; i < rows.length; i++)
    if (compare(rows[i - 1] as Row, rows[i] as Row) > 0)
      throw new InvalidRequestError(
        "A shard sorts values in another way than the others or than their type says, so their rows cannot be put in one order: sort by a cast(…), or let each shard answer for itself with executionOptions({ eachShard: true }).",
        "session.shards-order",
      );
}
async function comparer(
  keys: readonly SortKey[],
  windows: readonly (readonly Row[])[],
  dialect: Dialect,
  ask: Ask,
): Promise<(a: Row, b: Row) => number> {
  const compares: ((a: unknown, b: unknown) => number)[] = [];
  for (const { expression, at } of keys)
    compares.push(
      await order(
        expression,
        windows.flatMap((rows) => rows.map((row) => row[at])),
        dialect,
        ask,
      ),
    );
  const nullLast = keys.map(({ nulls, descending }) =>
    nulls === undefined ? (dialect.capabilities.nullsSort === "last") !== descending : nulls === "LAST",
  );
  return (a, b) => {
    for (let k = 0; k < keys.length; k++) {
      const { at, descending } = keys[k] as SortKey;
      const [x, y] = [a[at], b[at]];
      if (x === null || y === null) {
        if (x === y) continue;
        return (x === null) === nullLast[k] ? 1 : -1;
      }
      const found = (compares[k] as (a: unknown, b: unknown) => number)(x, y);
      if (found !== 0) return descending ? -found : found;
    }
    return 0;
  };
}
/** How values compare; for texts a database is asked for the places of these. */
async function order(
  expression: Expression,
  values: readonly unknown[],
  dialect: Dialect,
  ask: Ask,
): Promise<(a: unknown, b: unknown) => number> {
  const { type } = expression;
  if (type instanceof NumericType && (dialect.capabilities.exactDecimals || (type.precision ?? 0) <= 15))
    return compareDecimals;
  if (!isText(type)) return compareValues;
  const texts = [...new Set(values.filter((v) => v !== null))];
  const places = new Map<unknown, number>();
  if (texts.length > 1)
    for (const [at, place] of await ask(placesOf(expression, texts))) places.set(texts[at as number], Number(place));
  return (a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0);
}
/**
 * The places of texts under the collation of an expression: as members of a UNION that its column leads, as a column's
 * collation goes before that of a value.
 */
function placesOf(expression: Expression, texts: readonly unknown[]): SelectStatement {
  const member = (at: number, text: Expression) =>
    new SelectStatement([new Label(new Bind(at, INTEGER), "at"), new Label(text, "text")]);
  const all = member(-1, expression)
    .where(FALSE)
    .unionAll(...texts.map((text, i) => member(i, new Bind(text, expression.type))))
    .subquery("texts");
  const [at, text] = all.columns as unknown as readonly [Expression, Expression];
  return new SelectStatement([at, new FunctionCall("dense_rank", [], INTEGER).over({ orderBy: text }).as("place")]);
}
function compareDecimals(a: unknown, b: unknown): number {
  const numbers = typeof a === "string" && typeof b === "string" ? decimals(a, b) : undefined;
  return numbers === undefined ? compareValues(Number(a), Number(b)) : compareValues(numbers[0], numbers[1]);
}
function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  const [x, y] = [a, b] as [number, number];
  // Where a database has NaN, it is the greatest number.
  if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
  return x < y ? -1 : x > y ? 1 : 0;
}

// ---- totals

async function totalRow(
  totals: readonly Total[],
  lists: readonly (readonly Row[])[],
  dialect: Dialect,
  ask: Ask,
): Promise<Row> {
  const rows = lists.flatMap((list) => list.slice(0, 1));
  const values: unknown[] = [];
  for (let i = 0; i < totals.length; i++) {
    const { operation, expression } = totals[i] as Total;
    const given = rows.map((row) => row[i]).filter((v) => v !== null) as unknown[];
    if (operation === "any") values.push(given.some(Boolean));
    else if (given.length === 0) values.push(null);
    else if (operation === "sum") values.push(given.reduce(add));
    else {
      const compare = await order(expression, given, dialect, ask);
      const sign = operation === "min" ? 1 : -1;
      values.push(given.reduce((best, v) => (sign * compare(v, best) < 0 ? v : best)));
    }
  }
  return Object.setPrototypeOf(values, Object.getPrototypeOf(rows[0] ?? []) as object) as Row;
}
function add(a: unknown, b: unknown): unknown {
  if (typeof a === "bigint" && typeof b === "bigint") return a + b;
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(a) && Number.isSafeInteger(b) && !Number.isSafeInteger(sum))
      throw new InvalidRequestError(
        "The sum over all shards is beyond the whole numbers JavaScript keeps exactly: sum a bigInteger() or numeric() instead, sum(cast(…)).",
        "session.shards-sum",
      );
    return sum;
  }
  const numbers = typeof a === "string" && typeof b === "string" ? decimals(a, b) : undefined;
  if (numbers === undefined)
    throw new InvalidRequestError(
      `Sums of shards that are no numbers (${typeof a}, ${typeof b}) cannot be added: run the statement with executionOptions({ eachShard: true }).`,
      "session.shards-sum",
    );
  const [x, y, scale] = numbers;
  const sum = x + y;
  const digits = (sum < 0n ? -sum : sum).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  return `${sum < 0n ? "-" : ""}${whole}${scale === 0 ? "" : `.${digits.slice(-scale)}`}`;
}
const DECIMAL = /^(-?\d+)(?:\.(\d+))?$/;
/** Two exact decimals as whole numbers of one scale; undefined when one of them is none. */
function decimals(a: string, b: string): readonly [bigint, bigint, number] | undefined {
  const [x, y] = [DECIMAL.exec(a), DECIMAL.exec(b)];
  if (x === null || y === null) return undefined;
  const scale = Math.max(x[2]?.length ?? 0, y[2]?.length ?? 0);
  const whole = ([, integer, fraction]: RegExpExecArray) => BigInt(`${integer}${(fraction ?? "").padEnd(scale, "0")}`);
  return [whole(x), whole(y), scale];
}
