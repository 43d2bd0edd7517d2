/** From what came back to what a result gives: rows or first items, eager loads done. */
import {
  DeleteStatement,
  type Element,
  type Fetched,
  InsertStatement,
  type MaybePromise,
  type RawResult,
  Statement,
  UpdateStatement,
} from "@athanor/core";
import type { ParameterValues, SessionInternals } from "../session/internals.js";
import { after, completeLoads, mapperOf, type NamedValues, type Ran } from "./run-plan.js";

export type Mode = "rows" | "scalars";

export function finish(session: SessionInternals, running: MaybePromise<Ran>, mode: Mode): MaybePromise<Fetched> {
  return after(running, ({ hydration, raw }) => {
    const rows = mode === "scalars" ? hydration.firsts(raw.rows) : hydration.rows(raw.rows);
    return completeLoads(session, hydration, fetchedOf(rows, hydration.plan.names, raw));
  });
}
/** Statements without entities: the connection's own way, in this turn. */
export async function runCore(
  session: SessionInternals,
  statement: Element,
  params: ParameterValues | undefined,
  mode: Mode,
): Promise<Fetched> {
  const connection = await session.connectionFor(mapperOf(statement), statement);
  const result = connection.execute(statement, params as never);
  const rows = await (mode === "scalars" && returnsRows(statement) ? result.scalars().all() : result.all());
  const keys = returnsRows(statement) || rows.length > 0 ? await result.keys().catch(() => undefined) : undefined;
  const [rowCount, lastInsertId] = [await result.rowCount(), await result.lastInsertId()];
  return { rows: keys === undefined ? null : taking(rows), keys: keys ?? [], rowCount, lastInsertId };
}
/** Rows that are there already. */
export function taking(rows: unknown[]): (most?: number) => unknown[] {
  return (most) => (most === undefined || most >= rows.length ? rows : rows.slice(0, most));
}
function fetchedOf(rows: unknown[], keys: readonly string[], raw: RawResult): Fetched {
  return { rows: taking(rows), keys, rowCount: raw.rowCount, lastInsertId: raw.lastInsertId };
}
/** Values by name; lists of sets concern INSERT alone. */
export function named(params: ParameterValues | undefined): NamedValues | undefined {
  return params as NamedValues | undefined;
}
function returnsRows(statement: Element): boolean {
  if (
    statement instanceof InsertStatement ||
    statement instanceof UpdateStatement ||
    statement instanceof DeleteStatement
  )
    return statement.returningItems.length > 0;
  return statement instanceof Statement && statement.kind !== "text";
}
