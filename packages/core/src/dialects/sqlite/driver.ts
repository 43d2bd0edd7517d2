/**
 * SQLite behind one interface for two packages. Answers at once; only a locked database makes it wait, and then without
 * blocking the event loop. BEGIN is sent by us, so that DDL and reads stand in the transaction too.
 */
import { OperationalError } from "../../errors/errors.js";
import { chunkSizes } from "../chunks.js";
import type {
  BeginOptions,
  ChunkRows,
  DriverConnection,
  FieldInfo,
  MaybePromise,
  RawResult,
  RawStream,
  StatementHint,
} from "../driver.js";
import { Lru } from "../lru.js";
import { isBusy } from "./errors.js";
import { refusesPacking } from "./packed.js";
import { rawBind } from "./types.js";

/** A prepared statement of either package. */
export interface SqliteStatement {
  /** It gives rows. */
  readonly reader: boolean;
  /** Rows as arrays; whole numbers as bigint when `exact`. */
  all(params: readonly unknown[], exact: boolean): unknown[][];
  /** The first row. */
  get(params: readonly unknown[], exact: boolean): unknown[] | undefined;
  iterate(params: readonly unknown[], exact: boolean): IterableIterator<unknown[]>;
  run(params: readonly unknown[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
  fields(): readonly FieldInfo[];
}
export interface SqliteHandle {
  prepare(sql: string): SqliteStatement;
  /** A statement without values or rows, to be run again and again: BEGIN and its like. */
  command(sql: string): () => void;
  exec(sql: string): void;
  close(): void;
  readonly open: boolean;
  readonly inTransaction: boolean;
  readonly raw: unknown;
}
export interface SqliteSettings {
  /** Milliseconds to wait for a lock. */
  readonly timeout: number;
  readonly begin: "deferred" | "immediate" | "exclusive";
  readonly statements: number;
}
interface Entry {
  readonly statement: SqliteStatement;
  readonly changesSchema: boolean;
  fields: readonly FieldInfo[] | null;
  /** A cursor is open on it: it cannot run again meanwhile. */
  open: boolean;
  /** Rows at the last time: a few come faster without packing. */
  rows: number;
}

/** From here on packing pays. */
const MANY = 30;
const BEGIN = { deferred: "BEGIN", immediate: "BEGIN IMMEDIATE", exclusive: "BEGIN EXCLUSIVE" } as const;
const NO_FIELDS: readonly FieldInfo[] = [];
const CHANGES_SCHEMA = /^\s*(?:create|alter|drop|attach|detach|vacuum|reindex|pragma)\b/i;

export class SqliteConnection implements DriverConnection {
  readonly #db: SqliteHandle;
  readonly #settings: SqliteSettings;
  readonly #statements: Lru<Entry>;
  #queryOnly = false;
  #begun = false;
  /** SQLite ended the transaction with an error: what follows would be saved one by one, so it is refused. */
  #undone = false;
  #runBegin: (() => void) | undefined;
  #runCommit: (() => void) | undefined;
  #runRollback: (() => void) | undefined;
  /** Set while a lock is waited for. */
  #stopWaiting: (() => void) | undefined;

  constructor(db: SqliteHandle, settings: SqliteSettings) {
    this.#db = db;
    this.#settings = settings;
    this.#statements = new Lru<Entry>(settings.statements);
  }
  get alive(): boolean {
    return this.#db.open;
  }
  get raw(): unknown {
    return this.#db.raw;
  }

  execute(sql: string, params: readonly unknown[], hint: StatementHint): MaybePromise<RawResult> {
    try {
      return this.#execute(sql, params, hint);
    } catch (error) {
      if (isBusy(error)) return this.#patiently(() => this.#execute(sql, params, hint), error);
      throw this.#noted(error);
    }
  }
  executeMany(sql: string, sets: readonly (readonly unknown[])[], hint: StatementHint): MaybePromise<RawResult> {
    if (sets.length === 0) return { rows: [], fields: null, rowCount: 0, lastInsertId: null };
    let done = 0;
    let rowCount = 0;
    let last: RawResult | undefined;
    const rows: unknown[][] = [];
    const work = (): RawResult => {
      for (; done < sets.length; done++) {
        last = this.#execute(sql, sets[done] as readonly unknown[], hint);
        rowCount += last.rowCount;
        for (const row of last.rows) rows.push(row);
      }
      return { rows, fields: last?.fields ?? null, rowCount, lastInsertId: last?.lastInsertId ?? null };
    };
    return this.#orWait(work);
  }
  stream(sql: string, params: readonly unknown[], hint: StatementHint, chunkRows: ChunkRows): RawStream {
    if (this.#undone) throw undone();
    const entry = this.#entry(sql, hint.prepare);
    const { statement } = entry;
    const values = hint.returnsRows === undefined ? params.map(rawBind) : params;
    const exact = hint.exactIntegers;
    const nextSize = chunkSizes(chunkRows);
    const run = () => this.execute(sql, params, hint);
    const orWait = <T>(work: () => T): MaybePromise<T> => this.#orWait(work);
    let fields: readonly FieldInfo[] | null = statement.reader ? this.#fields(entry) : null;
    async function* chunks(): AsyncGenerator<unknown[][]> {
      if (!statement.reader) {
        ({ fields } = await run());
        return;
      }
      entry.open = true;
      const rows = statement.iterate(values, exact);
      try {
        for (;;) {
          const chunk: unknown[][] = [];
          const size = nextSize();
          await orWait(() => {
            while (chunk.length < size) {
              const next = rows.next();
              if (next.done) break;
              chunk.push(next.value);
            }
          });
          if (exact) shorten(chunk);
          if (chunk.length > 0) yield chunk;
          if (chunk.length < size) return;
        }
      } finally {
        rows.return?.();
        entry.open = false;
      }
    }
    return {
      get fields() {
        return fields;
      },
      // better-sqlite3 allows nothing beside an open cursor, and with node:sqlite a cursor would see what is written meanwhile.
      interleaves: false,
      [Symbol.asyncIterator]: chunks,
    };
  }
  executeScript(sql: string): MaybePromise<void> {
    if (this.#undone) throw undone();
    this.#statements.clear();
    return this.#orWait(() => this.#db.exec(sql));
  }
  /** Isolation levels below SERIALIZABLE ask for less than SQLite always gives. */
  begin(options: BeginOptions): MaybePromise<void> {
    try {
      this.#beginNow(options);
    } catch (error) {
      if (isBusy(error)) return this.#patiently(() => this.#beginNow(options), error);
      throw this.#noted(error);
    }
  }
  #beginNow(options: BeginOptions): void {
    if (options.readOnly) {
      this.#db.exec("PRAGMA query_only = 1");
      this.#queryOnly = true;
      this.#db.exec("BEGIN");
    } else {
      this.#runBegin ??= this.#db.command(BEGIN[this.#settings.begin]);
      this.#runBegin();
    }
    this.#begun = true;
  }
  commit(): MaybePromise<void> {
    return this.#orWait(() => {
      if (!this.#db.inTransaction) {
        this.#ended();
        throw undone();
      }
      this.#runCommit ??= this.#db.command("COMMIT");
      this.#runCommit();
      this.#ended();
    });
  }
  rollback(): MaybePromise<void> {
    if (this.#db.inTransaction) {
      this.#runRollback ??= this.#db.command("ROLLBACK");
      this.#runRollback();
    }
    this.#ended();
  }
  ping(): void {
    this.#entry("SELECT 1", true).statement.all([], false);
  }
  /** Statements run to their end before anything else can ask; only waiting for a lock can be stopped. */
  cancel(): boolean {
    this.#stopWaiting?.();
    return false;
  }
  close(): void {
    this.#statements.clear();
    if (this.#db.open) this.#db.close();
  }
  terminate(): void {
    try {
      this.close();
    } catch {
      // A cursor left open keeps the handle; it goes with the cursor.
    }
  }

  #packed(sql: string, params: readonly unknown[]): RawResult | undefined {
    try {
      const [row] = this.#entry(sql, true).statement.all(params, false);
      const rows = JSON.parse((row as [string])[0]) as unknown[][];
      return { rows, fields: NO_FIELDS, rowCount: rows.length, lastInsertId: null };
    } catch (error) {
      if (refusesPacking(error)) return undefined;
      throw error;
    }
  }
  #execute(sql: string, params: readonly unknown[], hint: StatementHint): RawResult {
    if (this.#undone) throw undone();
    const entry = this.#entry(sql, hint.prepare);
    if (hint.packed !== undefined && entry.rows >= MANY) {
      const packed = this.#packed(hint.packed, params);
      if (packed !== undefined) {
        entry.rows = packed.rowCount;
        return packed;
      }
    }
    const { statement } = entry;
    const values = hint.returnsRows === undefined && params.length > 0 ? params.map(rawBind) : params;
    if (statement.reader) {
      const rows = hint.single
        ? alone(statement.get(values, hint.exactIntegers))
        : statement.all(values, hint.exactIntegers);
      if (hint.exactIntegers) shorten(rows);
      entry.rows = rows.length;
      // Declared columns need no word of the driver.
      const fields = hint.columns === undefined ? this.#fields(entry, rows[0]?.length) : NO_FIELDS;
      return { rows, fields, rowCount: rows.length, lastInsertId: null };
    }
    const { changes, lastInsertRowid } = statement.run(values);
    if (entry.changesSchema) this.#statements.clear();
    return {
      rows: [],
      fields: null,
      rowCount: Number(changes),
      lastInsertId: short(lastInsertRowid) as number | bigint,
    };
  }
  #entry(sql: string, keep: boolean): Entry {
    let entry = this.#statements.get(sql);
    if (entry === undefined || entry.open) {
      const fresh = entry === undefined;
      entry = {
        statement: this.#db.prepare(sql),
        changesSchema: CHANGES_SCHEMA.test(sql),
        fields: null,
        open: false,
        rows: MANY,
      };
      if (keep && fresh) this.#statements.set(sql, entry);
    }
    return entry;
  }
  /** A `select *` may give other columns once another connection changed the table. */
  #fields(entry: Entry, width?: number): readonly FieldInfo[] {
    if (entry.fields === null || (width !== undefined && width !== entry.fields.length))
      entry.fields = entry.statement.fields();
    return entry.fields;
  }
  #ended(): void {
    this.#begun = false;
    this.#undone = false;
    if (!this.#queryOnly) return;
    this.#queryOnly = false;
    this.#db.exec("PRAGMA query_only = 0");
  }
  #orWait<T>(work: () => T): MaybePromise<T> {
    try {
      return work();
    } catch (error) {
      if (isBusy(error)) return this.#patiently(work, error);
      throw this.#noted(error);
    }
  }
  /** An error may have ended the transaction: a full disk, ON CONFLICT ROLLBACK, RAISE(ROLLBACK). */
  #noted(error: unknown): unknown {
    if (this.#begun && this.#db.open && !this.#db.inTransaction) this.#undone = true;
    return error;
  }
  /** Tries again, with growing pauses, until the lock is free or the time is up. */
  async #patiently<T>(work: () => T, first: unknown): Promise<T> {
    const until = performance.now() + this.#settings.timeout;
    let last = first;
    let stopped = false;
    for (let pause = 1; !stopped && performance.now() + pause <= until; pause = Math.min(pause * 2, 50)) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause * (0.5 + Math.random()));
        this.#stopWaiting = () => {
          stopped = true;
          clearTimeout(timer);
          resolve();
        };
      });
      this.#stopWaiting = undefined;
      if (stopped) break;
      try {
        return work();
      } catch (error) {
        if (!isBusy(error)) throw this.#noted(error);
        last = error;
      }
    }
    throw this.#noted(last);
  }
}

function undone(): OperationalError {
  return new OperationalError(
    "SQLite had already rolled this transaction back because of an earlier error: call rollback() and run it again.",
  );
}
const alone = (row: unknown[] | undefined): unknown[][] => (row === undefined ? [] : [row]);
function short(value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  const n = Number(value);
  return Number.isSafeInteger(n) ? n : value;
}
/** Whole numbers that fit a number become one, in place. */
function shorten(rows: unknown[][]): void {
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) if (typeof row[i] === "bigint") row[i] = short(row[i]);
  }
}
