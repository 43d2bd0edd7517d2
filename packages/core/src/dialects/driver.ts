/**
 * The seam to database drivers. A driver may answer at once (SQLite) or with a promise; callers await once.
 * Rows travel as arrays in the order of the select list.
 */

import type { SqlType } from "../types/sql-type.js";

export type MaybePromise<T> = T | Promise<T>;

/** A column of a result as the statement declares it. */
export interface DeclaredColumn {
  readonly type: SqlType;
}

/** What the engine tells a driver about a statement. */
export interface StatementHint {
  /** Keep a prepared statement for this text. */
  readonly prepare: boolean;
  /** false: the statement gives no rows for sure; undefined: unknown (raw SQL). */
  readonly returnsRows: boolean | undefined;
  /** Read whole numbers without loss (as bigint where beyond 2^53): set where a 64-bit column or raw SQL is read. */
  readonly exactIntegers: boolean;
  /** The same statement in a form the driver reads faster; which that is, the dialect's compiler and driver agree on. */
  readonly packed?: string | undefined;
  /**
   * The names of its tables, when the statement does nothing but read their columns: as the first of a transaction it
   * may run before BEGIN, where the driver can tell that nobody would see a difference.
   */
  readonly reads?: readonly string[] | undefined;
  /** At most one row comes: the driver need not look for another. */
  readonly single?: boolean | undefined;
  /**
   * A comment that tells this statement from others of the same text whose parameters have other types, for servers that
   * keep the types a text was first sent with.
   */
  readonly kinds?: string | undefined;
  /** The declared columns of the result, for drivers that read values themselves; undefined: unknown. */
  readonly columns?: readonly DeclaredColumn[] | undefined;
}
export interface FieldInfo {
  readonly name: string;
  /** The driver's type code, for columns without a declared type: an OID, a MySQL type number, a SQLite declared type. */
  readonly typeCode: number | string | null;
}
export interface RawResult {
  readonly rows: unknown[][];
  /** null for statements without rows. */
  readonly fields: readonly FieldInfo[] | null;
  /** Rows matched by UPDATE or DELETE, inserted by INSERT; -1 where the driver does not know. */
  readonly rowCount: number;
  readonly lastInsertId: number | bigint | null;
}
/** Rows per chunk of a cursor: always as many, or growing from `first` to `most`, so that the first rows come soon. */
export type ChunkRows = number | { readonly first: number; readonly most: number };
export interface RawStream extends AsyncIterable<unknown[][]> {
  /** Known after the first chunk. */
  readonly fields: readonly FieldInfo[] | null;
  /** Other statements may run between chunks; otherwise the rest is read into memory first. */
  readonly interleaves?: boolean;
}
export interface BeginOptions {
  readonly isolationLevel?: IsolationLevel | undefined;
  readonly readOnly?: boolean | undefined;
  readonly deferrable?: boolean | undefined;
  /** The transaction's name for two-phase commit. */
  readonly xid?: string | undefined;
}
/** Two-phase commit, where the database has it. Names hold letters, digits and `_.:-` only. */
export interface TwoPhaseDriver {
  /** Ends the transaction begun with this name: it survives the connection until committed or rolled back by name. */
  prepare(xid: string): MaybePromise<void>;
  commit(xid: string): MaybePromise<void>;
  rollback(xid: string): MaybePromise<void>;
  /** Names of prepared transactions nobody ended. */
  recover(): MaybePromise<readonly string[]>;
}
export type IsolationLevel = "READ UNCOMMITTED" | "READ COMMITTED" | "REPEATABLE READ" | "SERIALIZABLE" | "AUTOCOMMIT";

/** One physical connection. Statements never overlap: the engine's Connection queues them. */
export interface DriverConnection {
  /** Sends one statement. Errors are the driver's own; the dialect classifies them. */
  execute(sql: string, params: readonly unknown[], hint: StatementHint): MaybePromise<RawResult>;
  /** One statement for many parameter sets; gives the total row count. */
  executeMany(sql: string, sets: readonly (readonly unknown[])[], hint: StatementHint): MaybePromise<RawResult>;
  /** Rows in chunks through a cursor of the server, where there is one. */
  stream(sql: string, params: readonly unknown[], hint: StatementHint, chunkRows: ChunkRows): RawStream;
  /** Several statements in one text, without parameters and results: scripts. */
  executeScript(sql: string): MaybePromise<void>;
  begin(options: BeginOptions): MaybePromise<void>;
  commit(): MaybePromise<void>;
  rollback(): MaybePromise<void>;
  ping(): MaybePromise<void>;
  /**
   * Asks the server to stop the running statement, which then fails; resolves once the server has the request. false:
   * a statement cannot be stopped here and ends by itself.
   */
  cancel(): MaybePromise<boolean>;
  /** Friendly end. */
  close(): MaybePromise<void>;
  /** Ends at once, without a word to the server. */
  terminate(): void;
  /** Drivers whose sockets keep the process alive let go of them while idle in the pool. */
  setIdle?(idle: boolean): void;
  readonly twoPhase?: TwoPhaseDriver | undefined;
  /** False once the driver saw the connection die. */
  readonly alive: boolean;
  /** The driver's own connection object, for what Athanor does not cover. */
  readonly raw: unknown;
}

/** What a dialect needs to open connections; made from the URL once per engine. */
export interface Driver {
  readonly name: string;
  connect(): Promise<DriverConnection>;
  /** The pool this driver wants: one connection shared by all (`:memory:`), or as many as the pool allows. */
  readonly pooling: "queue" | "single";
  /** Frees what the driver itself holds (a PGlite instance). */
  dispose?(): MaybePromise<void>;
}
