/**
 * INSERT of rows whose keys, defaults or order are asked for. No database promises the order of RETURNING, so rows that come
 * back are matched: by values of their own, by a generated key known to ascend, or they go one by one. What cannot be
 * matched is an error; no row is ever given another's key. Source: SQLAlchemy "insertmanyvalues", "Correlating RETURNING
 * rows to parameter sets".
 */
import { rowPrototype } from "../compile/reader.js";
import { ArgumentError, InternalError, InvalidRequestError } from "../errors/errors.js";
import type { TableColumn } from "../schema/table.js";
import type { InsertStatement, RowValues } from "../sql/dml.js";
import { Expression } from "../sql/expression.js";
import type { SelectItem } from "../sql/select.js";
import { SelectStatement } from "../sql/select.js";
import { counted, foundByKey, type SelectRunner } from "./inserted-values.js";
import { sentinelKey } from "./sentinel.js";

/** What is needed of the engine. */
export interface InsertRunner extends SelectRunner {
  readonly generatedKeys: "ascending" | "numbered" | "unknown";
  /** Distance between the keys that one INSERT of rows gets, of which the server reports the first; absent: it does not. */
  readonly keyStep: (() => Promise<number>) | undefined;
  warn(text: string): void;
}
type Strategy =
  | { readonly by: "value"; readonly columns: readonly TableColumn[] }
  | { readonly by: "key"; readonly column: TableColumn; readonly numbered: boolean }
  | { readonly by: "count"; readonly step: () => Promise<number> }
  | { readonly by: "one"; readonly warning: string | undefined };

export interface InsertOutcome {
  /** Rows of RETURNING as the user asked for them, in the order of the given rows; as the driver gave them. */
  readonly rows: unknown[][];
  readonly rowCount: number;
  readonly lastInsertId: number | bigint | null;
  /** The statement as sent, with more columns returned than the user's. */
  readonly sent: InsertStatement;
  readonly userColumns: number;
  readonly params: readonly RowValues[];
  readonly keys: readonly (readonly unknown[])[];
  readonly defaults: readonly (readonly unknown[])[] | undefined;
  readonly prefetched: readonly string[];
  readonly postfetched: readonly string[];
}

/** Whether this statement cannot simply be sent. */
export function needsInsertRun(statement: InsertStatement, keysWanted: boolean): boolean {
  if (statement.source !== undefined || statement.isInline) return false;
  return (
    keysWanted || statement.returnedDefaultsOf !== undefined || (statement.isOrdered && rowsOf(statement).length > 1)
  );
}
const rowsOf = (statement: InsertStatement): readonly RowValues[] => statement.rows ?? [{}];

export async function runInsert(given: InsertStatement, runner: InsertRunner): Promise<InsertOutcome> {
  const { table } = given;
  const defaults = given.returnedDefaultsOf;
  if (given.isOrdered && given.returningItems.length === 0 && defaults === undefined)
    throw new ArgumentError("sortByParameterOrder() orders what returning() gives; say what to return.");
  const rows = await filled(given, runner);
  const first = rows[0] as RowValues;
  const known = (c: TableColumn) => c.key in first && rows.every((row) => !(row[c.key] instanceof Expression));
  // ---- what has to come back besides the user's columns
  const wantedDefaults = defaults === undefined ? [] : defaults.length > 0 ? defaults : madeByDatabase(given, first);
  const unknownKeys = table.primaryKey.filter((c) => !known(c));
  const extra: TableColumn[] = [];
  const want = (c: TableColumn) => {
    if (!extra.includes(c)) extra.push(c);
  };
  for (const c of [...unknownKeys, ...wantedDefaults]) want(c);
  const strategy = rows.length === 1 ? ONE : strategyFor(given, rows, known, runner);
  const numbers = strategy.by === "value" && strategy.columns.length === 1 && !(strategy.columns[0]!.key in first);
  const sentRows = numbers ? withNumbers(strategy.columns[0] as TableColumn, rows) : rows;
  if (strategy.by === "value") strategy.columns.forEach(want);
  if (strategy.by === "key") want(strategy.column);
  const userColumns = given.exportedColumns.length;
  const fetched = runner.returning ? extra : [];
  const statement = (list: readonly RowValues[]): InsertStatement => {
    const empty = list.length === 1 && Object.keys(list[0] as RowValues).length === 0;
    const bare = given.with({ rows: undefined, layout: undefined, returnedDefaultsOf: undefined });
    const filledIn = empty && given.layout === undefined ? bare : bare.values(list);
    return filledIn.with({
      returningItems: [...given.returningItems, ...(fetched as readonly SelectItem[])],
      numbersRows: strategy.by === "key" && strategy.numbered,
    });
  };
  if (strategy.by === "one" && strategy.warning !== undefined) runner.warn(strategy.warning);
  // ---- sending
  const at = new Map(fetched.map((c, i) => [c, userColumns + i]));
  const ordered: unknown[][] = [];
  /** One for each row where keys are counted, else one for each statement. */
  const ids: (number | bigint | null)[] = [];
  const step = strategy.by === "count" ? await strategy.step() : 0;
  let rowCount = 0;
  const single = strategy.by === "one" && rows.length > 1;
  const lists = single ? sentRows.map((row) => [row]) : [sentRows];
  let from = 0;
  for (const list of lists) {
    for await (const { raw, count } of runner.send(statement(list))) {
      rowCount = rowCount < 0 || raw.rowCount < 0 ? -1 : rowCount + raw.rowCount;
      if (strategy.by !== "count") ids.push(raw.lastInsertId);
      else for (let i = 0; i < count; i++) ids.push(counted(table, raw.lastInsertId, count, i * step));
      const page = sentRows.slice(from, from + count);
      from += count;
      if (raw.fields === null) continue;
      if (raw.rows.length !== count && (count > 1 || given.conflict === undefined))
        throw lost(given, count, raw.rows.length);
      for (const row of inOrder(raw.rows, page, strategy, at, runner, given)) ordered.push(row);
    }
  }
  const own = single || strategy.by === "count";
  const keyOf = (c: TableColumn, r: number): unknown => {
    if (known(c)) return (rows[r] as RowValues)[c.key];
    const id = ids[own ? r : 0];
    if (c !== table.autoincrementColumn || id === null || id === undefined || !(own || rows.length === 1))
      return undefined;
    return c.type.kind === "bigInteger" ? BigInt(id) : Number(id);
  };
  const missing = wantedDefaults.filter((c) => !known(c) && !at.has(c));
  const found = runner.returning ? undefined : await foundByKey(table, rows.length, missing, keyOf, runner);
  // ---- taking apart
  const read = (c: TableColumn, r: number): unknown => {
    if (known(c)) return (rows[r] as RowValues)[c.key];
    const place = at.get(c);
    if (place !== undefined) {
      const value = ordered[r]?.[place] ?? null;
      const process = value === null ? null : runner.resultProcessor(c);
      return process === null ? value : process(value);
    }
    const key = keyOf(c, r);
    if (key !== undefined) return key;
    const value = found?.(c, r);
    if (value !== undefined) return value;
    throw new InvalidRequestError(
      `This database does not say what it made for '${c.key}' of '${table.fullName}'; read the row by its key.`,
      "inserted.unknown",
    );
  };
  const wrote = given.conflict === undefined || !runner.returning ? rows.length : ordered.length;
  const listed = (columns: readonly TableColumn[]): readonly (readonly unknown[])[] => {
    const prototype = rowPrototype(columns.map((c) => c.key));
    return Array.from({ length: wrote }, (_, r) =>
      Object.setPrototypeOf(
        columns.map((c) => read(c, r)),
        prototype,
      ),
    );
  };
  const keys = table.primaryKey.every((c) => known(c) || at.has(c) || c === table.autoincrementColumn)
    ? listed(table.primaryKey)
    : [];
  const made = defaults === undefined ? undefined : listed(wantedDefaults);
  for (const row of ordered) row.length = userColumns;
  const prefetched = (given.layout?.columns ?? table.columns.filter((c) => c.fields.default !== undefined))
    .filter((c) => c.key in first && !(c.key in (rowsOf(given)[0] as RowValues)))
    .map((c) => c.key);
  return {
    rows: ordered,
    rowCount,
    lastInsertId: ids.at(-1) ?? null,
    sent: statement(sentRows),
    userColumns,
    params: sentRows,
    keys,
    defaults: made,
    prefetched,
    postfetched: madeByDatabase(given, first)
      .filter(
        (c) =>
          !at.has(c) &&
          found?.(c, 0) === undefined &&
          !(c === table.autoincrementColumn && ids.some((id) => id !== null)),
      )
      .map((c) => c.key),
  };
}
const ONE: Strategy = { by: "one", warning: undefined };

/** The rows with what is made on the client: each default called once a row; expressions of keys run first where they must. */
async function filled(given: InsertStatement, runner: InsertRunner): Promise<readonly RowValues[]> {
  const { table } = given;
  const made = table.columns.filter((c) => c.fields.default !== undefined);
  const out: RowValues[] = [];
  for (const row of rowsOf(given)) {
    const copy: { [key: string]: unknown } = { ...row };
    for (const column of made) {
      if (column.key in row) continue;
      const source = column.fields.default as NonNullable<TableColumn["fields"]["default"]>;
      if ("expression" in source) copy[column.key] = source.expression;
      else copy[column.key] = "call" in source ? source.call(copy as never) : source.value;
      if (copy[column.key] === undefined)
        throw new ArgumentError(
          `insert(): the default of '${column.key}' gave undefined; give null for SQL NULL.`,
          "argument.undefined",
        );
    }
    // A key made by an expression has to be known where the database cannot give it back.
    if (!runner.returning)
      for (const column of table.primaryKey)
        if (copy[column.key] instanceof Expression) copy[column.key] = await madeBefore(column, copy, runner);
    out.push(copy);
  }
  return out;
}
async function madeBefore(column: TableColumn, row: RowValues, runner: InsertRunner): Promise<unknown> {
  for await (const { raw } of runner.send(new SelectStatement([row[column.key] as Expression]))) {
    const value = raw.rows[0]?.[0] ?? null;
    const process = value === null ? null : runner.resultProcessor(column);
    return process === null ? value : process(value);
  }
  return null;
}
/** Columns whose values the database makes when the row gives none. */
function madeByDatabase(given: InsertStatement, row: RowValues): readonly TableColumn[] {
  const auto = given.table.autoincrementColumn;
  return given.table.columns.filter((c) => {
    if (c.key in row) return row[c.key] instanceof Expression;
    const { serverDefault, computed, identity } = c.fields;
    return c === auto || serverDefault !== undefined || computed !== undefined || identity !== undefined;
  });
}
/** How rows that come back are told apart. */
function strategyFor(
  given: InsertStatement,
  rows: readonly RowValues[],
  known: (c: TableColumn) => boolean,
  runner: InsertRunner,
): Strategy {
  const { table } = given;
  if (given.conflict !== undefined) return ONE;
  if (!runner.returning) {
    const column = table.autoincrementColumn;
    const counts = runner.keyStep !== undefined && column !== undefined && !rows.some((row) => column.key in row);
    return counts ? { by: "count", step: runner.keyStep } : ONE;
  }
  if (rows.some((row) => Object.values(row).some((v) => v instanceof Expression))) return ONE;
  const flagged = table.columns.find((c) => c.fields.sentinel !== undefined);
  const generated = (column: TableColumn): Strategy => {
    if (runner.generatedKeys === "unknown") return ONE;
    return { by: "key", column, numbered: runner.generatedKeys === "numbered" };
  };
  if (flagged !== undefined) {
    if (known(flagged)) return { by: "value", columns: [flagged] };
    if (flagged.fields.sentinel === "monotonic" || flagged === table.autoincrementColumn) return generated(flagged);
    // Rows are numbered in a column that was made for it; another one has to have values.
    if (!/integer$/i.test(flagged.type.kind))
      throw new InvalidRequestError(
        `INSERT into '${table.fullName}' in order: '${flagged.key}' is marked as what rows are told apart by, and they give it no value. Give each row one, or the column a default().`,
        "insert.sentinel",
      );
    return { by: "value", columns: [flagged] };
  }
  if (table.primaryKey.length > 0 && table.primaryKey.every(known)) return { by: "value", columns: table.primaryKey };
  const auto = table.autoincrementColumn;
  if (auto !== undefined && !known(auto)) return generated(auto);
  return {
    by: "one",
    warning:
      `INSERT of ${rows.length} rows into '${table.fullName}' in order goes row by row: nothing tells the rows apart when ` +
      "they come back. Give the table an insertSentinel() column, or mark a column with .insertSentinel().",
  };
}
/** Numbers for a sentinel column that the rows do not give. */
function withNumbers(column: TableColumn, rows: readonly RowValues[]): readonly RowValues[] {
  return rows.map((row, i) => ({ ...row, [column.key]: i }));
}
function inOrder(
  rows: unknown[][],
  page: readonly RowValues[],
  strategy: Strategy,
  at: ReadonlyMap<TableColumn, number>,
  runner: InsertRunner,
  given: InsertStatement,
): readonly unknown[][] {
  if (strategy.by === "one" || strategy.by === "count" || rows.length < 2) {
    if (strategy.by === "value" && rows.length === 1) matched(rows, page, strategy.columns, at, runner, given);
    return rows;
  }
  if (strategy.by === "value") return matched(rows, page, strategy.columns, at, runner, given);
  const place = at.get(strategy.column) as number;
  const process = runner.resultProcessor(strategy.column);
  const value = (row: unknown[]) => (process === null || row[place] === null ? row[place] : process(row[place]));
  const keyed = rows.map((row) => ({ row, key: value(row) as number | bigint | string }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  for (let i = 1; i < keyed.length; i++)
    if (sentinelKey([keyed[i - 1]?.key]) === sentinelKey([keyed[i]?.key]))
      throw broken(given, [strategy.column], "came back twice", String(keyed[i]?.key));
  return keyed.map((k) => k.row);
}
function matched(
  rows: unknown[][],
  page: readonly RowValues[],
  columns: readonly TableColumn[],
  at: ReadonlyMap<TableColumn, number>,
  runner: InsertRunner,
  given: InsertStatement,
): readonly unknown[][] {
  const found = new Map<string, unknown[]>();
  const readers = columns.map((c) => [at.get(c) as number, runner.resultProcessor(c)] as const);
  for (const row of rows) {
    const key = sentinelKey(
      readers.map(([place, process]) =>
        process === null || row[place] === null || row[place] === undefined ? row[place] : process(row[place]),
      ),
    );
    if (found.has(key)) throw broken(given, columns, "came back twice", key);
    found.set(key, row);
  }
  const taken = new Set<string>();
  return page.map((values) => {
    const key = sentinelKey(columns.map((c) => values[c.key]));
    const row = found.get(key);
    if (taken.has(key)) throw broken(given, columns, "was given to two rows", key);
    if (row === undefined) throw broken(given, columns, "did not come back", key);
    taken.add(key);
    return row;
  });
}
function broken(given: InsertStatement, columns: readonly TableColumn[], what: string, value: string): InternalError {
  const names = columns.map((c) => `'${c.key}'`).join(", ");
  return new InternalError(
    `INSERT into '${given.table.fullName}': the value ${value} of ${names}, by which rows are told apart, ${what}. ` +
      "Does a trigger or the column's type change it? The rows are in the transaction; which is which cannot be told.",
    {},
  );
}
function lost(given: InsertStatement, sent: number, back: number): InternalError {
  return new InternalError(
    `INSERT of ${sent} rows into '${given.table.fullName}' gave ${back} back: a trigger or a rule leaves rows out, so they cannot be told apart. Insert such rows one by one.`,
    {},
  );
}
