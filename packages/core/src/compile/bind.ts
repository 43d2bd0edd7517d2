/** Fills the placeholders of a compiled statement: conversion, named values, lists, batches of rows. */
import { type FlatRows, flatRows } from "../codegen/rows.js";
import { ArgumentError, atColumn } from "../errors/errors.js";
import type { KeyedRows } from "../sql/expression.js";
import { converted as convert } from "../types/adapter.js";
import type { BindSlot, BoundStatement, Compiled, InsertColumn, InsertPlan } from "./compiled.js";
import { listInText } from "./parameter-compiler.js";

export type NamedValues = { readonly [name: string]: unknown };
const NONE: NamedValues = {};

function valueOf(slot: BindSlot, params: readonly unknown[], named: NamedValues): unknown {
  if (slot.source < 0) return slot.compute === undefined ? slot.constant : slot.compute(params);
  if (slot.name !== undefined && slot.name in named) {
    const given = named[slot.name];
    if (given !== undefined) return given;
    throw new ArgumentError(
      `The parameter ':${slot.name}' is undefined; give null for SQL NULL.`,
      "argument.undefined",
    );
  }
  const value = params[slot.source];
  if (value === undefined && slot.name !== undefined) {
    throw new ArgumentError(
      `A value is required for the parameter ':${slot.name}'; give it to execute() or bindParams().`,
      "parameter.missing",
    );
  }
  return value;
}

/**
 * The texts and parameters to send, in order. One for most statements; several for an INSERT of many rows.
 *
 * @throws ArgumentError when a named parameter has no value
 */
export function bindStatement(
  compiled: Compiled,
  params: readonly unknown[],
  named: NamedValues = NONE,
  pageSize?: number,
): readonly BoundStatement[] {
  if (compiled.insert !== undefined) return bindRows(compiled, compiled.insert, params, pageSize);
  if (compiled.pieces !== undefined) return [bindExpanding(compiled, compiled.pieces, params, named)];
  return [{ sql: compiled.sql, params: bindPlain(compiled, params, named) }];
}
/** One text, whatever the parameters are. */
export const isPlain = ({ insert, pieces }: Compiled): boolean => insert === undefined && pieces === undefined;
/** The parameters of a plain statement; see `bindStatement`. */
export function bindPlain(
  { slots }: Compiled,
  params: readonly unknown[],
  named: NamedValues = NONE,
): readonly unknown[] {
  const out = new Array<unknown>(slots.length);
  let i = 0;
  try {
    for (; i < slots.length; i++) {
      const slot = slots[i] as BindSlot;
      out[i] = convert(valueOf(slot, params, named), slot.process);
    }
  } catch (error) {
    throw atColumn(error, slots[i]?.column);
  }
  return out;
}

/** Lists of any length share one compiled form; the placeholders are written here. */
function bindExpanding(
  compiled: Compiled,
  pieces: readonly string[],
  params: readonly unknown[],
  named: NamedValues,
): BoundStatement {
  const out: unknown[] = [];
  let sql = pieces[0] as string;
  const placeholder = compiled.placeholder;
  const numbers = compiled.repeats ? new Map<BindSlot, number>() : undefined;
  compiled.slots.forEach((slot, i) => {
    const given = numbers?.get(slot);
    if (given !== undefined) {
      sql += placeholder(given) + slot.suffix + (pieces[i + 1] as string);
      return;
    }
    const value = valueOf(slot, params, named);
    const { literal } = slot;
    if (literal !== undefined) {
      if (slot.expanding && !Array.isArray(value))
        throw new ArgumentError("in(): the parameter for a list is not a list.");
      const list = slot.expanding ? (value as readonly unknown[]) : [value];
      sql += list.length === 0 ? compiled.emptyList(slot.negated, 1) : list.map(literal).join(", ");
    } else if (!slot.expanding) {
      out.push(convert(value, slot.process));
      numbers?.set(slot, out.length);
      sql += placeholder(out.length) + slot.suffix;
    } else {
      const list = (slot.inText ? listInText(value) : value) as readonly unknown[];
      if (!Array.isArray(list)) throw new ArgumentError("in(): the parameter for a list is not a list.");
      const { wrap } = slot;
      if (list.includes(undefined)) throw new ArgumentError("in(): the list holds undefined.", "argument.undefined");
      const one = (value: unknown, suffix: string): string => {
        if (value === null) return "NULL";
        out.push(value);
        const text = placeholder(out.length) + suffix;
        return wrap === undefined ? text : wrap(text);
      };
      const { tuple } = slot;
      if (list.length === 0) sql += compiled.emptyList(slot.negated, tuple?.length ?? 1);
      else if (tuple === undefined) sql += list.map((v) => one(convert(v, slot.process), slot.suffix)).join(", ");
      else
        sql +=
          slot.listPrefix +
          list
            .map(
              (row) =>
                `(${(convert(row, slot.process) as readonly unknown[]).map((v, k) => one(v, tuple[k] as string)).join(", ")})`,
            )
            .join(", ");
    }
    sql += pieces[i + 1] as string;
  });
  if (out.length > compiled.maxParameters) {
    throw new ArgumentError(
      `in(): the statement has ${out.length} parameters, the database takes ${compiled.maxParameters}. Ask in pages, join a table that holds the values, or compare with anyOf() of one array where there are arrays.`,
      "parameter.limit",
    );
  }
  return { sql, params: out };
}

/**
 * The pages of an INSERT of rows. `late`: they are sent at once, so a page whose values cannot fail any more may be laid out
 * when it is read; see `settled`.
 */
export function bindRows(
  compiled: Compiled,
  plan: InsertPlan,
  params: readonly unknown[],
  pageSize: number = plan.pageSize,
  late = false,
): readonly BoundStatement[] {
  const { rows } = params[plan.rowsSource] as KeyedRows;
  const { columns } = plan;
  const width = columns.length;
  const fixed = compiled.slots.map((slot) => convert(valueOf(slot, params, NONE), slot.process));
  const most =
    width === 0 ? 1 : Math.max(1, Math.min(pageSize, Math.floor((plan.maxParameters - fixed.length) / width)));
  const pages = new Pages(rows, columns, fixed, plan.fixedFirst);
  const first = rows[0] as { readonly [key: string]: unknown };
  // What `values()` has looked at and nothing converts does not fail.
  const sound = late && columns.every((c) => c.process === null && c.key in first);
  const out: BoundStatement[] = [];
  for (let from = 0; from < rows.length; from += most) {
    const count = Math.min(most, rows.length - from);
    const sql = textFor(plan, count);
    out.push(sound ? new LatePage(sql, from, count, pages) : { sql, rows: count, params: pages.read(from, count) });
  }
  return out;
}
/** The values of an INSERT of rows. A class: V8 forgets the machine code of closures that every load makes anew. */
class Pages {
  readonly #rows: KeyedRows["rows"];
  readonly #columns: readonly InsertColumn[];
  readonly #fixed: readonly unknown[];
  readonly #fixedFirst: boolean;
  readonly #flat: FlatRows<InsertColumn>;
  constructor(
    rows: KeyedRows["rows"],
    columns: readonly InsertColumn[],
    fixed: readonly unknown[],
    fixedFirst: boolean,
  ) {
    this.#rows = rows;
    this.#columns = columns;
    this.#fixed = fixed;
    this.#fixedFirst = fixedFirst;
    this.#flat = flatRows(columns);
  }
  read(from: number, count: number): readonly unknown[] {
    const values = this.#flat(this.#rows, this.#columns, from, from + count, cell);
    const fixed = this.#fixed;
    return fixed.length === 0 ? values : this.#fixedFirst ? [...fixed, ...values] : [...values, ...fixed];
  }
}
/** A load of many pages holds the values of one of them at a time. */
class LatePage implements BoundStatement {
  readonly sql: string;
  readonly rows: number;
  readonly #from: number;
  readonly #pages: Pages;
  constructor(sql: string, from: number, count: number, pages: Pages) {
    this.sql = sql;
    this.rows = count;
    this.#from = from;
    this.#pages = pages;
  }
  get params(): readonly unknown[] {
    return this.#pages.read(this.#from, this.rows);
  }
}
/** Statements that wait for others: nothing done to the rows meanwhile can change them. */
export const settled = (bound: readonly BoundStatement[]): readonly BoundStatement[] =>
  bound.map((page) => (page instanceof LatePage ? { sql: page.sql, rows: page.rows, params: page.params } : page));
function cell(given: unknown, column: InsertColumn, row: { readonly [key: string]: unknown }): unknown {
  let value = given;
  if (value === undefined) {
    const source = column.default;
    if (source === undefined)
      throw new ArgumentError(`insert(): '${column.key}' is missing in a row.`, "argument.undefined");
    value = "call" in source ? source.call(row as never) : "value" in source ? source.value : undefined;
    if (value === undefined)
      throw new ArgumentError(
        `insert(): the default of '${column.key}' gave undefined; give null for SQL NULL.`,
        "argument.undefined",
      );
  }
  try {
    return convert(value, column.process);
  } catch (error) {
    throw atColumn(error, column.key);
  }
}
/** Texts by row count are kept: a page size and the remainders of the last loads. */
function textFor(plan: InsertPlan, count: number): string {
  let sql = plan.texts.get(count);
  if (sql === undefined) {
    if (plan.texts.size > 64) plan.texts.clear();
    plan.texts.set(count, (sql = plan.render(count)));
  }
  return sql;
}
