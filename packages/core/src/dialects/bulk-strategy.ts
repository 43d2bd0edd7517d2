/**
 * Many rows in few statements, with the generated values back in the order of the rows: what a flush needs. How that is
 * done without ever giving a key to the wrong row differs by database. Source: SQLAlchemy "insertmanyvalues".
 */
import type { Table, TableColumn } from "../schema/table.js";
import type { MaybePromise, RawResult, StatementHint } from "./driver.js";

/** What is needed of a connection. */
export interface BulkConnection {
  send(sql: string, params: readonly unknown[], hint: StatementHint): MaybePromise<RawResult>;
  /** Belongs to the physical connection. */
  readonly info: Map<unknown, unknown>;
}
export interface BulkInsert {
  readonly table: Table;
  readonly columns: readonly TableColumn[];
  /** Columns whose values the database makes. */
  readonly returning: readonly TableColumn[];
}
export interface BulkUpdate {
  readonly table: Table;
  readonly set: readonly TableColumn[];
  readonly key: readonly TableColumn[];
}
export interface BulkStrategy {
  /**
   * Inserts the rows and gives the values of `returning`, row by row in the same order. undefined: this table or shape
   * needs another way.
   */
  insertRows(
    connection: BulkConnection,
    insert: BulkInsert,
    rows: readonly (readonly unknown[])[],
  ): Promise<readonly (readonly unknown[])[] | undefined>;
  /**
   * Updates rows by key; each row holds the new values, then the key. Gives the number of rows matched, or undefined
   * where single statements are the better way.
   */
  updateRows(
    connection: BulkConnection,
    update: BulkUpdate,
    rows: readonly (readonly unknown[])[],
  ): Promise<number | undefined>;
}
