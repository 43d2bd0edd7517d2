/**
 * PostgreSQL through the package `pg`. Statements are written and rows read by us (driver-query.ts) where pg lets us, else
 * rows come from pg as text; texts sent often become prepared statements with a name; BEGIN is on its way before the
 * first statement, without waiting for its answer, and waits for the second one where the first is a plain read.
 */
import type pg from "pg";
import { InternalError } from "../../errors/errors.js";
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
  TwoPhaseDriver,
} from "../driver.js";
import { Lru } from "../lru.js";
import { type KnownStatement, WireStatement } from "./driver-query.js";
import { rawBind } from "./types.js";

export interface PgSettings {
  /** Named prepared statements; off for poolers that hand every transaction to another server connection. */
  readonly prepare: boolean;
  readonly statements: number;
  /** Rows are read from the bytes of the stream. */
  readonly wire: boolean;
  /** Shared by the connections of an engine: set once a statement may have given a relation what reading it runs. */
  readonly reading: { changed: boolean };
  /** Asks the server, through a connection of its own, to stop what a process of it runs. */
  cancel(processId: number, secretKey: number): Promise<void>;
}

const identity = (text: unknown): unknown => text;
/** In the form that means the same whatever standard_conforming_strings says. */
const literal = (text: string): string => `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
const TEXT_ONLY = { getTypeParser: () => identity } as unknown as pg.CustomTypesConfig;
const CHANGES_SCHEMA =
  /^\s*(?:create|alter|drop|discard|deallocate|set\s+(?:session\s+|local\s+)?(?:search_path|role))\b/i;
const QUERY = /^\s*(?:select|values|table|with|\()/i;
const WRITES = /\b(?:insert|update|delete|merge)\b/i;

/** May change what a transaction is by default on this connection. */
const CHANGES_DEFAULTS = /\b(?:default_transaction_\w+|characteristics|set_config|discard|reset)\b/i;
/** May give a relation what reading it runs. */
const CHANGES_READING = /\b(?:view|rule|policy|row\s+level\s+security)\b/i;
/**
 * What reading alone would show the difference of: the level transactions have when they say none, and the relations
 * whose reading may run functions. The names of the system's own views are left out: no statement of ours is a plain read
 * of them.
 */
const READING = `select current_setting('default_transaction_isolation'), c.relname from (select) as one left join pg_class as c
  on (c.relkind = 'v' or c.relrowsecurity) and c.relnamespace not in
    (select oid from pg_namespace where nspname in ('pg_catalog', 'information_schema'))`;
/** A text that holds several commands cannot be a prepared statement. */
const SEVERAL = /;\s*\S/;
/** The internals of pg's client that have no public door; each use is guarded. */
interface ClientInternals {
  readonly connection?: {
    readonly parsedStatements?: { [name: string]: unknown };
    readonly stream?: { destroy(): void };
  };
  readonly processID?: number | null;
  readonly secretKey?: number | null;
  ref?(): void;
  unref?(): void;
}

export class PgConnection implements DriverConnection {
  readonly #client: pg.Client & ClientInternals;
  readonly #settings: PgSettings;
  readonly #names: Lru<KnownStatement>;
  #count = 0;
  #cursors = 0;
  #alive = true;
  #ending = false;
  /** BEGIN to be sent in front of the next statement. */
  #begin: string | null = null;
  #inTransaction = false;
  /** A plain read ran in the transaction whose BEGIN has yet to be sent. */
  #readBefore = false;
  /** Relations whose reading may run functions; null: every transaction has its BEGIN; undefined: not asked yet. */
  #active: ReadonlySet<string> | null | undefined;
  #changesDefaults = false;

  constructor(client: pg.Client, settings: PgSettings) {
    this.#client = client as pg.Client & ClientInternals;
    this.#settings = settings;
    this.#names = new Lru<KnownStatement>(settings.statements, (known) => this.#deallocate(known));
    // Without a listener an idle connection that dies would end the process.
    client.on("error", () => {
      this.#alive = false;
    });
    client.on("end", () => {
      this.#alive = false;
    });
  }
  get alive(): boolean {
    return this.#alive;
  }
  get raw(): unknown {
    return this.#client;
  }
  /** For the pool: an idle connection does not keep the process running. */
  setIdle(idle: boolean): void {
    if (idle) this.#client.unref?.();
    else this.#client.ref?.();
  }

  execute(sql: string, params: readonly unknown[], hint: StatementHint): Promise<RawResult> {
    const values = hint.returnsRows === undefined && params.length > 0 ? params.map(rawBind) : params;
    const known = hint.prepare && this.#settings.prepare ? this.#known(sql) : undefined;
    if (this.#begin !== null && hint.reads !== undefined && this.#readsBefore(hint.reads))
      return this.#before(sql, values, known, hint);
    const result = this.#query(sql, values, known, hint);
    if (!hint.prepare || hint.returnsRows === undefined) {
      if (known === undefined) this.#watch(sql);
      if (CHANGES_SCHEMA.test(sql)) return result.finally(() => this.#names.clear());
    }
    return known?.name === undefined ? result : result.catch((error: unknown) => this.#again(error, sql, values, hint));
  }
  async executeMany(sql: string, sets: readonly (readonly unknown[])[], hint: StatementHint): Promise<RawResult> {
    // In a transaction all sets are on the way before the first answer: the server stops at the first error by itself.
    const most = this.#inTransaction || this.#begin !== null ? 500 : 1;
    let rowCount = 0;
    const rows: unknown[][] = [];
    let last: RawResult | undefined;
    for (let from = 0; from < sets.length; from += most) {
      const page = sets.slice(from, from + most).map((set) => this.execute(sql, set, { ...hint, prepare: true }));
      for (const settled of await Promise.allSettled(page)) {
        if (settled.status === "rejected") throw settled.reason;
        last = settled.value;
        rowCount += last.rowCount;
        for (const row of last.rows) rows.push(row);
      }
    }
    return { rows, rowCount, fields: last?.fields ?? null, lastInsertId: null };
  }
  stream(sql: string, params: readonly unknown[], hint: StatementHint, chunkRows: ChunkRows): RawStream {
    const values = hint.returnsRows === undefined ? params.map(rawBind) : params;
    const cursor =
      QUERY.test(sql) &&
      !(/^\s*with\b/i.test(sql) && WRITES.test(sql)) &&
      !/\bfor\s+(update|share|no\s+key|key)\b/i.test(sql);
    let fields: readonly FieldInfo[] | null = null;
    const nextSize = chunkSizes(chunkRows);
    const plain = () => this.execute(sql, params, hint);
    const name = `athanor_cursor_${++this.#cursors}`;
    const query = (text: string, list: readonly unknown[] = []) => this.#query(text, list, undefined, hint);
    const hold = !this.#inTransaction && this.#begin === null;
    async function* chunks(): AsyncGenerator<unknown[][]> {
      if (!cursor) {
        const all = await plain();
        fields = all.fields;
        if (all.rows.length > 0) yield all.rows;
        return;
      }
      await query(`DECLARE ${name} NO SCROLL CURSOR ${hold ? "WITH HOLD " : ""}FOR ${sql}`, values);
      let failed = false;
      try {
        for (;;) {
          const size = nextSize();
          const chunk = await query(`FETCH ${size} FROM ${name}`);
          fields = chunk.fields;
          if (chunk.rows.length > 0) yield chunk.rows;
          if (chunk.rows.length < size) return;
        }
      } catch (error) {
        failed = true;
        throw error;
      } finally {
        if (!failed) await query(`CLOSE ${name}`);
      }
    }
    return {
      get fields() {
        return fields;
      },
      interleaves: true,
      [Symbol.asyncIterator]: chunks,
    };
  }
  async executeScript(sql: string): Promise<void> {
    this.#names.clear();
    this.#watch(sql);
    await this.#simple(sql);
  }
  begin(options: BeginOptions): void {
    let sql = "BEGIN";
    if (options.isolationLevel !== undefined && options.isolationLevel !== "AUTOCOMMIT")
      sql += ` ISOLATION LEVEL ${options.isolationLevel}`;
    if (options.readOnly !== undefined) sql += options.readOnly ? " READ ONLY" : " READ WRITE";
    if (options.deferrable !== undefined) sql += options.deferrable ? " DEFERRABLE" : " NOT DEFERRABLE";
    this.#begin = sql;
    this.#readBefore = sql !== "BEGIN" || options.xid !== undefined;
    if (this.#active === undefined) this.#askReading();
  }
  commit(): MaybePromise<void> {
    if (this.#begin !== null) {
      this.#begin = null;
      return;
    }
    return this.#simple("COMMIT").then((command) => {
      this.#inTransaction = false;
      if (command === "ROLLBACK") {
        throw new InternalError(
          "COMMIT was answered with ROLLBACK: a statement of this transaction had failed, so nothing was saved.",
        );
      }
    });
  }
  rollback(): MaybePromise<void> {
    if (this.#begin !== null) {
      this.#begin = null;
      return;
    }
    return this.#simple("ROLLBACK").then(() => {
      this.#inTransaction = false;
    });
  }
  readonly twoPhase: TwoPhaseDriver = {
    prepare: async (xid) => {
      const command = await this.#simple(`PREPARE TRANSACTION ${literal(xid)}`);
      this.#inTransaction = false;
      if (command === "ROLLBACK")
        throw new InternalError("PREPARE TRANSACTION rolled back: a statement of this transaction had failed.");
    },
    commit: async (xid) => void (await this.#simple(`COMMIT PREPARED ${literal(xid)}`)),
    rollback: async (xid) => void (await this.#simple(`ROLLBACK PREPARED ${literal(xid)}`)),
    recover: async () => {
      const sql = "select gid from pg_prepared_xacts where database = current_database() order by prepared";
      const { rows } = await this.execute(sql, [], { prepare: false, returnsRows: true, exactIntegers: false });
      return rows.map((row) => String(row[0]));
    },
  };
  async ping(): Promise<void> {
    await this.#simple("SELECT 1");
  }
  async cancel(): Promise<boolean> {
    const { processID, secretKey } = this.#client;
    if (typeof processID !== "number" || typeof secretKey !== "number") {
      this.terminate();
      return true;
    }
    await this.#settings.cancel(processID, secretKey);
    return true;
  }
  async close(): Promise<void> {
    this.#alive = false;
    this.#ending = true;
    await this.#client.end();
  }
  terminate(): void {
    this.#alive = false;
    if (this.#ending) return;
    this.#ending = true;
    const stream = this.#client.connection?.stream;
    if (stream !== undefined) stream.destroy();
    else void this.#client.end().catch(() => {});
  }

  /** The first statement of a transaction that need not be in it. */
  #readsBefore(tables: readonly string[]): boolean {
    const active = this.#active;
    if (this.#readBefore || active === undefined || active === null || this.#settings.reading.changed) return false;
    for (let i = 0; i < tables.length; i++) if (active.has(tables[i] as string)) return false;
    return true;
  }
  #before(
    sql: string,
    values: readonly unknown[],
    known: KnownStatement | undefined,
    hint: StatementHint,
  ): Promise<RawResult> {
    const begin = this.#begin;
    this.#readBefore = true;
    this.#begin = null;
    const result = this.#query(sql, values, known, hint);
    this.#begin = begin;
    return result.catch((error: unknown) => {
      if (known?.name !== undefined && isStale(error)) return this.#again(error, sql, values, hint);
      // An error inside a transaction makes it useless until ROLLBACK; so it is here.
      this.#sendBegin();
      if (this.#alive) this.#client.query("ROLLBACK TO SAVEPOINT athanor_failed", () => {});
      throw error;
    });
  }
  /** Once, in front of the first transaction: by then listeners have set up the connection. Nobody waits for it. */
  #askReading(): void {
    this.#active = null;
    this.#client.query({ text: READING, rowMode: "array" }, (error: unknown, answer: pg.QueryArrayResult) => {
      if (error || this.#changesDefaults || answer.rows[0]?.[0] !== "read committed") return;
      this.#active = new Set(answer.rows.map((row) => String(row[1])));
    });
  }
  #watch(sql: string): void {
    if (CHANGES_READING.test(sql)) this.#settings.reading.changed = true;
    if (!CHANGES_DEFAULTS.test(sql)) return;
    this.#changesDefaults = true;
    this.#active = null;
  }
  #query(
    sql: string,
    values: readonly unknown[],
    known: KnownStatement | undefined,
    { columns, returnsRows }: StatementHint,
  ): Promise<RawResult> {
    this.#sendBegin();
    if (!this.#settings.wire) return this.#plainQuery(sql, values, known?.name);
    return new Promise((resolve, reject) => {
      this.#client.query(
        new WireStatement(sql, values, known, columns, returnsRows !== undefined, (error, result) => {
          if (error !== null && error !== undefined) reject(error);
          else resolve(result as RawResult);
        }) as unknown as pg.Submittable,
      );
    });
  }
  /** As pg does it all by itself. */
  #plainQuery(sql: string, values: readonly unknown[], name: string | undefined): Promise<RawResult> {
    return new Promise((resolve, reject) => {
      this.#client.query(
        {
          text: sql,
          values: values as unknown[],
          rowMode: "array",
          types: TEXT_ONLY,
          ...(name === undefined ? undefined : { name }),
        },
        (error: unknown, answer: pg.QueryArrayResult | readonly pg.QueryArrayResult[]) => {
          if (error) return reject(error);
          const last = Array.isArray(answer)
            ? (answer[answer.length - 1] as pg.QueryArrayResult)
            : (answer as pg.QueryArrayResult);
          resolve(rawResult(last));
        },
      );
    });
  }
  /** A failed BEGIN also fails the statement behind it or leaves it outside a transaction: its error goes first. */
  #sendBegin(): void {
    if (this.#begin === null) return;
    const sql = this.#begin;
    this.#begin = null;
    this.#inTransaction = true;
    this.#client.query(sql, (error: unknown) => {
      if (error) this.terminate();
    });
  }
  #simple(sql: string): Promise<string | null> {
    this.#sendBegin();
    return new Promise((resolve, reject) => {
      this.#client.query(sql, (error: unknown, answer: pg.QueryResult | readonly pg.QueryResult[]) => {
        if (error) return reject(error);
        const last = Array.isArray(answer) ? (answer[answer.length - 1] as pg.QueryResult) : (answer as pg.QueryResult);
        resolve(last.command);
      });
    });
  }
  /** A text gets a name when it comes again: most of those sent once never do. */
  #known(sql: string): KnownStatement {
    const known = this.#names.get(sql);
    if (known === undefined) {
      const fresh = { name: undefined, parsed: false, described: undefined, plan: undefined };
      this.#names.set(sql, fresh);
      this.#watch(sql);
      return fresh;
    }
    if (known.name === undefined && !SEVERAL.test(sql)) known.name = `athanor_${++this.#count}`;
    return known;
  }
  /** A prepared statement outlived the table it was made for, or the server forgot it: once more, where that is possible. */
  #again(error: unknown, sql: string, values: readonly unknown[], hint: StatementHint): Promise<RawResult> {
    if (!isStale(error)) throw error;
    this.#names.delete(sql);
    if (this.#inTransaction) throw error;
    return this.#query(sql, values, this.#known(sql), hint);
  }
  #deallocate({ name, parsed }: KnownStatement): void {
    const { parsedStatements } = this.#client.connection ?? {};
    if (name === undefined || (!parsed && parsedStatements?.[name] === undefined)) return;
    delete parsedStatements?.[name];
    // In a failed transaction the server refuses this and keeps the name, which is never used again.
    if (this.#alive) this.#client.query(`DEALLOCATE ${name}`, () => {});
  }
}
function isStale(error: unknown): boolean {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  return (code === "0A000" && /cached plan/.test(message ?? "")) || code === "26000";
}
function rawResult(answer: pg.QueryArrayResult): RawResult {
  const { fields, rowCount } = answer;
  if (fields.length === 0) return { rows: [], fields: null, rowCount: rowCount ?? -1, lastInsertId: null };
  return {
    rows: answer.rows as unknown[][],
    fields: fields.map((f) => ({ name: f.name, typeCode: f.dataTypeID })),
    rowCount: rowCount ?? -1,
    lastInsertId: null,
  };
}
