/**
 * Many rows in few statements, with the generated values back in the order of the rows: what a flush needs. How that is
 * done without ever giving a key to the wrong row differs by database. Source: SQLAlchemy "insertmanyvalues".
 */
import type { SchemaMap } from "../compile/compiled.js";
import type { Table, TableColumn } from "../schema/table.js";
import type { MaybePromise, RawResult, StatementHint } from "./driver.js";

/** What is needed of a connection. */
export interface BulkConnection {
  send(sql: string, params: readonly unknown[], hint: StatementHint): MaybePromise<RawResult>;
  /** Belongs to the physical connection. */
  readonly info: Map<unknown, unknown>;
  /** Other names for schemas: what the strategy writes itself has to go by them. */
  readonly schemas: SchemaMap | undefined;
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
/** Rows to be written, wherever their values live: nothing is copied before the driver's own parameter list. */
export interface BulkRows {
  readonly length: number;
  /** Values of rows `from` to `to` (exclusive) in one list, row by row, in the driver's form. */
  flat(processes: readonly BulkProcess[], from: number, to: number): unknown[];
  /** One column of rows `from` to `to`, in the driver's form. */
  column(at: number, process: BulkProcess, from: number, to: number): unknown[];
  /** Takes what the database made: the value of `returning[at]` of a row. */
  take(row: number, at: number, value: unknown): void;
}
export type BulkProcess = ((value: unknown) => unknown) | null;
export interface BulkStrategy {
  /**
   * Inserts the rows and hands the values of `returning` to each. false: this table or shape needs another way, and
   * nothing was written.
   *
   * @throws DatabaseError and its kinds; values are handed out only when all rows went in
   */
  insertRows(connection: BulkConnection, insert: BulkInsert, rows: BulkRows): Promise<boolean>;
  /**
   * Where one INSERT of rows gets keys at equal distances and the server reports the first: that distance. Absent: it does
   * not.
   */
  keyStep?(connection: BulkConnection): Promise<number>;
  /**
   * Updates rows by key; each row holds the new values, then the key. Gives the number of rows matched, or undefined
   * where single statements are the better way, and then nothing was written.
   */
  updateRows(connection: BulkConnection, update: BulkUpdate, rows: BulkRows): Promise<number | undefined>;
}
