/**
 * A connection as users and the ORM hold it: begins a transaction with the first statement, queues statements, knows
 * savepoints, and keeps its head when the server goes away. Source: SQLAlchemy "Working with Engines and Connections".
 *
 * Long because transaction state, the statement path and recovery share the same few private fields.
 */
import { randomUUID } from "node:crypto";
import { bindPlain, bindStatement, isPlain, type NamedValues } from "../compile/bind.js";
import type { LookupMemo } from "../compile/cache.js";
import type { BoundStatement, Compiled, SchemaMap } from "../compile/compiled.js";
import type {
  BeginOptions,
  ChunkRows,
  DriverConnection,
  IsolationLevel,
  MaybePromise,
  RawResult,
  StatementHint,
  TwoPhaseDriver,
} from "../dialects/driver.js";
import { didYouMean } from "../errors/did-you-mean.js";
import {
  ArgumentError,
  type DatabaseError,
  InvalidRequestError,
  PendingRollbackError,
  ResourceClosedError,
} from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import type { Element } from "../sql/element.js";
import { checkedExecutionOptions } from "../sql/execution-options.js";
import type { ExecutionOptions } from "../sql/statement.js";
import type { HasRow, HasScalar } from "../typing/rows.js";
import { type QueryTrace, queries, queryTrace, type TransactionTrace, transactions } from "./diagnostics.js";
import { limitsOf, planDriverSql, type StatementRunner, StatementSource, underSchemas } from "./execute.js";
import { Deadline, isStop, type Limits, stopError, withinGrace, withinLimits } from "./limits.js";
import type { Lease } from "./pool-record.js";
import { SerialQueue } from "./queue.js";
import { type Execution, Result } from "./result.js";
import type { EngineServices, StatementEvent } from "./services.js";
import { ConnectionStream, type StreamLimits } from "./stream.js";
import { areWellFormed, halfCharacter } from "./texts.js";
import { Savepoint, Transaction, type TransactionOwner } from "./transaction.js";

export type Parameters = NamedValues | readonly NamedValues[];
/** A row when nothing more is known of the statement. */
export type AnyRow = readonly unknown[] & { readonly [name: string]: unknown };
export interface ConnectionOptions {
  /** For all transactions of this connection; "AUTOCOMMIT" sends no BEGIN at all. */
  readonly isolationLevel?: IsolationLevel | undefined;
  /** Between those of the engine and those of a statement: `yieldPer`, `schemaTranslateMap`, your own. */
  readonly executionOptions?: ExecutionOptions | undefined;
}

/** `signal` and `timeout` hold for everything in the transaction: a statement under way is stopped, none begins after. */
export interface TransactionOptions extends Omit<BeginOptions, "xid">, Limits {
  /** For two-phase commit; a string names the transaction, else a name is made. See `Transaction.prepare()`. */
  readonly twoPhase?: boolean | string | undefined;
}

const CONNECTION_OPTIONS = [
  "isolationLevel",
  "executionOptions",
] as const satisfies readonly (keyof ConnectionOptions)[];
const TRANSACTION_OPTIONS = [
  "isolationLevel",
  "readOnly",
  "deferrable",
  "twoPhase",
  "signal",
  "timeout",
] as const satisfies readonly (keyof TransactionOptions)[];

/** @throws ArgumentError for an option `connect()` does not know */
export function checkConnectionOptions(options: ConnectionOptions): void {
  requireKnownOptions(options, CONNECTION_OPTIONS, "connect()", "connect.option");
  if (options.executionOptions !== undefined) checkedExecutionOptions(options.executionOptions, "connect()");
}

const NO_BEGIN: BeginOptions = {};
/** Of raw SQL under AUTOCOMMIT: may begin a transaction that nobody ends. */
const MAY_BEGIN = /\b(?:begin|start|savepoint|autocommit)\b/i;
const NO_VALUES: readonly unknown[] = [];
const SCRIPT_HINT: StatementHint = { prepare: false, returnsRows: false, exactIntegers: false };

/**
 * A connection on loan from the engine's pool.
 *
 * @example
 * await using conn = await engine.connect();
 * await conn.execute(sql`update t set n = n + 1`);
 * await conn.commit();                                   // without it, leaving the block rolls back
 */
export class Connection implements TransactionOwner {
  /** With the options of the connection and of what has been entered. */
  #services: EngineServices;
  readonly #queue = new SerialQueue();
  /** Results created and not yet started; they come before whatever is asked for next. */
  readonly #waiting: Execution[] = [];
  #lease: Lease | null;
  #closed = false;
  #isolation: IsolationLevel | undefined;
  #transaction: Transaction | null = null;
  #begin: BeginOptions = NO_BEGIN;
  /** BEGIN went out and neither COMMIT nor ROLLBACK has. */
  #begun = false;
  /** Under AUTOCOMMIT, raw SQL may have begun a transaction: the next borrower must not find itself in it. */
  #mayBeOpen = false;
  #nested: Savepoint | null = null;
  #savepoints = 0;
  /** Of the transaction that is open, for tracers. */
  #trace: TransactionTrace | undefined;
  /** Set by a lost connection or a failed COMMIT inside a transaction: only rollback() helps. */
  #broken: "disconnect" | "commit" | null = null;
  /** The transaction of a `begin(async …)` block: once ended, the block may not begin another. */
  #scope: Transaction | null = null;
  #stream: ConnectionStream | null = null;
  /** Results given out in the innermost block, those that were awaited left out now and then. */
  #results: Result<never>[] | undefined;
  /** The first phase is done: only commit and rollback may follow. */
  #prepared: string | null = null;
  /** The transaction whose connection was lost was prepared: it outlives that. */
  #outlives: string | null = null;
  /** Limits of the transaction. */
  #inForce: Deadline | undefined;
  /** Limits of statements that bring none. */
  #limits: Limits | undefined;
  /** Options in force for a while, the innermost last, over the services as they were. */
  #entered: { readonly base: EngineServices; readonly list: ExecutionOptions[] } | undefined;

  /** What results use: they are started in their turn, so nothing that waits comes before them. */
  get #runner(): StatementRunner {
    this.#madeRunner ??= new Connection.#Runner(this);
    return this.#madeRunner;
  }
  /** Made at the first use: a connection of the ORM's needs none. */
  #madeRunner: StatementRunner | undefined;
  /** A class: V8 forgets the machine code of functions that go with each connection. */
  static readonly #Runner = class implements StatementRunner {
    readonly #of: Connection;
    constructor(of: Connection) {
      this.#of = of;
    }
    send(
      sql: string,
      params: readonly unknown[],
      hint: StatementHint,
      badge?: string,
      limits?: Limits,
    ): MaybePromise<RawResult> {
      return this.#of.#dispatch(sql, params, hint, badge, limits);
    }
    sendMany(
      sql: string,
      sets: readonly (readonly unknown[])[],
      hint: StatementHint,
      badge?: string,
      limits?: Limits,
    ): MaybePromise<RawResult> {
      return this.#of.#dispatchMany(sql, sets, hint, badge, limits);
    }
    openStream(
      sql: string,
      params: readonly unknown[],
      hint: StatementHint,
      chunkRows: ChunkRows,
      limits?: Limits,
    ): ConnectionStream {
      return this.#of.#openStream(sql, params, hint, chunkRows, limits);
    }
    info(): Map<unknown, unknown> {
      return this.#of.info;
    }
  };

  /** Made by `engine.connect()`. */
  constructor(services: EngineServices, lease: Lease, options: ConnectionOptions = {}) {
    const { executionOptions } = options;
    this.#services = executionOptions === undefined ? services : withOptions(services, executionOptions);
    this.#lease = lease;
    this.#limits = limitsOf(this.#services.options);
    this.#isolation = options.isolationLevel ?? services.isolationLevel;
    if (this.#isolation !== undefined) this.#checkIsolation(this.#isolation);
    services.pool.watch(this, lease);
    if (!services.events.quiet) services.events.emit("engineConnect", { connection: this });
  }

  /** In force for statements that bring none of their own. */
  get executionOptions(): ExecutionOptions {
    return this.#services.options;
  }
  /** Other names for schemas, as the execution options say. */
  get schemas(): SchemaMap | undefined {
    return this.#services.options.schemaTranslateMap as SchemaMap | undefined;
  }
  /**
   * Puts execution options in force over those of the connection, until the function it gives is called: for layers that
   * send several statements for one, such as a session.
   */
  enter(options: ExecutionOptions): () => void {
    const entered = (this.#entered ??= { base: this.#services, list: [] });
    entered.list.push(options);
    this.#reckon(entered);
    return () => {
      const at = entered.list.lastIndexOf(options);
      if (at < 0) return;
      entered.list.splice(at, 1);
      this.#reckon(entered);
    };
  }
  #reckon({ base, list }: { readonly base: EngineServices; readonly list: readonly ExecutionOptions[] }): void {
    this.#services = list.reduce(withOptions, base);
    this.#limits = limitsOf(this.#services.options);
  }
  get dialect(): EngineServices["dialect"] {
    return this.#services.dialect;
  }
  get isClosed(): boolean {
    return this.#closed;
  }
  /** A transaction is open, begun by `begin()` or by a statement. */
  get inTransaction(): boolean {
    return this.#transaction !== null;
  }
  get inNestedTransaction(): boolean {
    return this.#nested !== null;
  }
  /** The handle of the open transaction, whoever began it. */
  getTransaction(): Transaction | null {
    return this.#transaction;
  }
  /** The handle of the innermost savepoint. */
  getNestedTransaction(): Savepoint | null {
    return this.#nested;
  }
  /** The connection to the server was lost and not yet replaced. */
  get isInvalidated(): boolean {
    return this.#lease === null && !this.#closed;
  }
  get isolationLevel(): IsolationLevel | undefined {
    return this.#isolation;
  }
  /** The driver's connection object, for what Athanor does not cover. */
  get driverConnection(): unknown {
    return this.#lease?.connection.raw;
  }
  /** Belongs to the physical connection: forgotten when that is replaced. */
  get info(): Map<unknown, unknown> {
    if (this.#lease === null) throw new ResourceClosedError("The connection is closed.", "connection.closed");
    return this.#lease.record.info;
  }

  // ---- statements ----

  /**
   * Runs a statement. `params`: values of its named parameters, values for an INSERT or, as a list, many sets of them.
   * `limits`: a signal or a time in milliseconds after which the server is asked to stop it.
   *
   * @throws (when awaited) DatabaseError and its kinds, CompileError, PendingRollbackError
   * @example await conn.execute(report, {}, { timeout: 2000, signal: request.signal })
   */
  execute<R = AnyRow>(statement: HasRow<R>, params?: Parameters, limits?: Limits): Result<R>;
  execute(statement: Element, params?: Parameters, limits?: Limits): Result<AnyRow>;
  execute(statement: unknown, params?: Parameters, limits?: Limits): Result<unknown> {
    return this.#given(
      Result.of(new StatementSource(this.#runner, this.#services, this.#waiting, statement, params, limits)),
    );
  }
  /** As `execute`, for a statement built once (`prepare()`): what it compiled to stands in `memo`. */
  executePrepared(statement: Element, memo: LookupMemo, params?: Parameters): Result<AnyRow> {
    return this.#given(
      Result.of(new StatementSource(this.#runner, this.#services, this.#waiting, statement, params, undefined, memo)),
    );
  }
  /** The first column of the first row, or null. */
  scalar<V>(statement: HasScalar<V>, params?: Parameters): Promise<V | null>;
  scalar(statement: Element, params?: Parameters): Promise<unknown>;
  scalar(statement: unknown, params?: Parameters): Promise<unknown> {
    return this.execute(statement as Element, params).scalar();
  }
  /** The first column of all rows. */
  scalars<V>(statement: HasScalar<V>, params?: Parameters): Result<V>;
  scalars(statement: Element, params?: Parameters): Result<unknown>;
  scalars(statement: unknown, params?: Parameters): Result<unknown> {
    return this.execute(statement as Element, params).scalars();
  }
  /**
   * Sends SQL in the driver's own syntax (`?` or `$1`), with values as the driver takes them; a list of lists runs it
   * for each. Values read: by the driver's type codes.
   *
   * @example await conn.execDriverSql("select * from t where id = ?", [1]).one()
   */
  execDriverSql<R = AnyRow>(sql: string, params: readonly unknown[] = [], limits?: Limits): Result<R> {
    return this.#given(Result.of<R>(planDriverSql(this.#runner, this.#services, this.#waiting, sql, params, limits)));
  }
  /** Runs several statements separated by `;`. Never give it user input. */
  async executeScript(sql: string): Promise<void> {
    if (!areWellFormed(sql, [])) throw halfCharacter(sql, [], false);
    await this.#serial(() =>
      this.#ready((driver, deadline) => {
        if (this.#isolation === "AUTOCOMMIT" && MAY_BEGIN.test(sql)) this.#mayBeOpen = true;
        this.#announce(sql, []);
        return this.#guard(() => this.#until(driver, deadline, () => driver.executeScript(sql), sql, []), sql, []);
      }),
    );
  }
  /**
   * Runs a compiled statement: the short way for the ORM. `params` as collected by the statement cache. Answers at once
   * when the driver does.
   */
  run(compiled: Compiled, params: readonly unknown[], named?: NamedValues, limits?: Limits): MaybePromise<RawResult> {
    const used = this.underSchemas(compiled);
    if (isPlain(used)) return this.send(used.sql, bindPlain(used, params, named), used.hint, undefined, limits);
    const bound = bindStatement(used, params, named);
    if (bound.length === 1) {
      const only = bound[0] as BoundStatement;
      return this.send(only.sql, only.params, compiled.hint, undefined, limits);
    }
    return this.#runAll(compiled, bound, limits);
  }
  /** A compiled statement with the schemas of the execution options: for what binds and sends it itself. */
  underSchemas(compiled: Compiled): Compiled {
    return underSchemas(compiled, this.schemas);
  }
  /** Sends one statement with driver-level values. */
  send(
    sql: string,
    params: readonly unknown[],
    hint: StatementHint,
    badge?: string,
    limits?: Limits,
  ): MaybePromise<RawResult> {
    if (this.#waiting.length > 0) this.#startWaiting();
    return this.#dispatch(sql, params, hint, badge, limits);
  }
  /** The short way makes no function: those would keep the arguments of every statement in memory of their own. */
  #dispatch(
    sql: string,
    params: readonly unknown[],
    hint: StatementHint,
    badge?: string,
    limits: Limits | undefined = this.#limits,
  ): MaybePromise<RawResult> {
    if (!areWellFormed(sql, params)) throw halfCharacter(sql, params, this.#services.hideParameters);
    if (
      this.#queue.busy ||
      limits !== undefined ||
      this.#inForce !== undefined ||
      this.#prepared !== null ||
      this.#stream !== null ||
      this.#lease === null ||
      !this.#services.events.quiet ||
      this.#services.logger !== undefined ||
      queries.on ||
      this.#broken !== null
    )
      return this.#sendInTurn(sql, params, hint, badge, limits);
    if (!this.#begun) {
      if (this.#transaction === null) this.#autobegin();
      if (this.#isolation === "AUTOCOMMIT") this.#noteRaw(sql, hint);
      else {
        const begun = this.#sendBegin(this.#lease, undefined);
        if (begun !== undefined) return this.#sendAfter(begun, sql, params, hint, badge, limits);
      }
    }
    let result: MaybePromise<RawResult>;
    try {
      result = this.#lease.connection.execute(sql, params, hint);
    } catch (error) {
      throw this.#failed(error, sql, params);
    }
    return result instanceof Promise ? this.#awaited(result, sql, params) : result;
  }
  #sendInTurn(
    sql: string,
    params: readonly unknown[],
    hint: StatementHint,
    badge: string | undefined,
    limits: Limits | undefined,
  ): MaybePromise<RawResult> {
    const work = () => this.#send(sql, params, hint, badge, limits);
    return this.#queue.busy ? this.#inTurn(work, sql, params, limits) : this.#queue.run(work);
  }
  #sendAfter(
    begun: Promise<void>,
    sql: string,
    params: readonly unknown[],
    hint: StatementHint,
    badge: string | undefined,
    limits: Limits | undefined,
  ): MaybePromise<RawResult> {
    return this.#queue.run(() => begun.then(() => this.#send(sql, params, hint, badge, limits)));
  }
  #awaited(result: Promise<RawResult>, sql: string, params: readonly unknown[]): Promise<RawResult> {
    return this.#queue.hold(
      result.catch((error) => {
        throw this.#failed(error, sql, params);
      }),
    );
  }
  /** Sends one statement for many parameter sets. */
  sendMany(
    sql: string,
    sets: readonly (readonly unknown[])[],
    hint: StatementHint,
    badge?: string,
    limits?: Limits,
  ): MaybePromise<RawResult> {
    if (this.#waiting.length > 0) this.#startWaiting();
    return this.#dispatchMany(sql, sets, hint, badge, limits);
  }
  #dispatchMany(
    sql: string,
    sets: readonly (readonly unknown[])[],
    hint: StatementHint,
    badge?: string,
    limits: Limits | undefined = this.#limits,
  ): MaybePromise<RawResult> {
    for (const set of sets) if (!areWellFormed(sql, set)) throw halfCharacter(sql, set, this.#services.hideParameters);
    const work = () =>
      this.#ready((driver, deadline) => {
        const { events, logger } = this.#services;
        const first = sets[0] ?? [];
        const sent = (text: string) => (): MaybePromise<RawResult> =>
          this.#until(driver, deadline, () => driver.executeMany(text, sets, hint), text, first);
        const work = (text: string) => this.#traced(text, sent(text), sets.length);
        if (events.quiet && logger === undefined) return this.#guard(work(sql), sql, first);
        const text = this.#hooked(() => this.#before(sql, first, sets), sql, first);
        logger?.many(text.sql, badge ?? "driver sql", sets);
        const started = performance.now();
        return chain(this.#guard(work(text.sql), text.sql, first), (result) =>
          this.#hooked(
            () => this.#after({ connection: this, sql: text.sql, params: first, sets }, result, started),
            text.sql,
            first,
          ),
        );
      }, limits);
    return this.#inTurn(work, sql, sets[0] ?? [], limits);
  }
  /** Rows of a statement through a cursor, in chunks. The connection serves other work in between. */
  openStream(
    sql: string,
    params: readonly unknown[],
    hint: StatementHint,
    chunkRows: ChunkRows,
    limits?: Limits,
  ): ConnectionStream {
    if (this.#waiting.length > 0) this.#startWaiting();
    return this.#openStream(sql, params, hint, chunkRows, limits);
  }
  #openStream(
    sql: string,
    params: readonly unknown[],
    hint: StatementHint,
    chunkRows: ChunkRows,
    limits: Limits | undefined = this.#limits,
  ): ConnectionStream {
    let limiting: StreamLimits;
    let trace: QueryTrace | undefined;
    if (!areWellFormed(sql, params)) throw halfCharacter(sql, params, this.#services.hideParameters);
    return new ConnectionStream(sql, params, async (stream) => {
      const open = () =>
        this.#ready(
          (driver, within) => {
            this.#announce(sql, params);
            if (queries.on) trace = queries.begin(queryTrace(this.#services.trace, this, sql, undefined));
            return chain(
              this.#guard(() => driver.stream(sql, params, hint, chunkRows), sql, params),
              (raw) => {
                limiting = {
                  pull: (pull) => this.#until(driver, within, pull, sql, params),
                  close: (work) => this.#closeCursor(driver, within, work),
                };
                stream.attach(raw, limiting);
                stream.savepoints = this.#savepoints;
                this.#stream = stream;
              },
            );
          },
          limits,
          true,
        );
      await this.#inTurn(open, sql, params, limits);
      return {
        next: (pull) => Promise.resolve(this.#queue.run(() => limiting.pull(pull))),
        close: async (work) => {
          await this.#queue.run(() => limiting.close(work));
        },
        failed: (error) => {
          const failure = this.#failed(error, sql, params);
          if (trace !== undefined) queries.fail(trace, failure);
          trace = undefined;
          return failure;
        },
        ended: () => {
          if (trace !== undefined) queries.end(trace);
          trace = undefined;
          if (this.#stream === stream) this.#stream = null;
        },
      };
    });
  }

  async #closeCursor(
    driver: DriverConnection,
    deadline: Deadline | undefined,
    work: () => Promise<unknown>,
  ): Promise<void> {
    if (this.#lease?.connection !== driver) return;
    // A cursor of a transaction that failed goes with it, and a lost connection shows at the next statement.
    const closing = work().catch(() => {});
    if (deadline === undefined) await closing;
    else
      await withinGrace(deadline, closing, {}).catch((error) => {
        if (this.#lease?.connection === driver) this.#lose(error, false);
      });
  }

  // ---- transactions ----

  /**
   * Begins a transaction, or runs a block in one: commit when it ends well, rollback when it throws, and also when a
   * statement failed whose result nobody has awaited. BEGIN goes to the server with the first statement.
   *
   * @throws InvalidRequestError when a transaction is open already, as it is after the first statement
   */
  begin(options?: TransactionOptions): Promise<Transaction>;
  begin<T>(block: (transaction: Transaction) => T | Promise<T>, options?: TransactionOptions): Promise<T>;
  async begin<T>(
    block?: TransactionOptions | ((transaction: Transaction) => T | Promise<T>),
    options?: TransactionOptions,
  ): Promise<Transaction | T> {
    if (typeof block !== "function") return this.#serial(() => this.#start(block ?? {}));
    const transaction = await this.#serial(() => this.#start(options ?? {}));
    this.#scope = transaction;
    try {
      const value = await this.#watched(() => block(transaction));
      if (transaction.isActive) await transaction.commit();
      return value;
    } catch (error) {
      await this.#quietly(transaction);
      throw error;
    } finally {
      this.#scope = null;
    }
  }
  /**
   * Sets a savepoint (and begins a transaction when none is open), or runs a block in one.
   *
   * @example
   * await conn.beginNested(async () => { … });      // undone alone when it throws
   */
  beginNested(): Promise<Savepoint>;
  beginNested<T>(block: (savepoint: Savepoint) => T | Promise<T>): Promise<T>;
  async beginNested<T>(block?: (savepoint: Savepoint) => T | Promise<T>): Promise<Savepoint | T> {
    const savepoint = await this.#serial(() =>
      this.#ready((_, deadline) => {
        if (this.#isolation === "AUTOCOMMIT" && !this.#mayBeOpen)
          throw new InvalidRequestError(
            "AUTOCOMMIT has no transaction that a savepoint could be in; call setIsolationLevel() or connect without it.",
            "isolation.autocommit",
          );
        const made = new Savepoint(this, ++this.#savepoints, this.#nested);
        return chain(this.#command(`SAVEPOINT ${made.name}`, deadline), () => {
          this.#nested = made;
          try {
            this.#services.events.emit("savepoint", { connection: this, name: made.name });
          } catch (error) {
            return this.#withdraw(made, deadline, error);
          }
          return made;
        });
      }, this.#limits),
    );
    if (block === undefined) return savepoint;
    try {
      const value = await this.#watched(() => block(savepoint));
      if (savepoint.isActive) await savepoint.commit();
      return value;
    } catch (error) {
      await this.#quietly(savepoint);
      throw error;
    }
  }
  /** Commits what is open; the next statement begins anew. Does nothing when nothing is open. */
  async commit(): Promise<void> {
    await this.#serial(() => this.#commit());
  }
  /** Rolls back what is open, and makes a broken connection usable again. */
  async rollback(): Promise<void> {
    await this.#serial(() => this.#rollback());
  }
  /** Names of prepared transactions that nobody ended, of all connections: after a crash between the two phases. */
  recoverTwoPhase(): Promise<readonly string[]> {
    return this.#aside((driver) => driver.recover(), "RECOVER");
  }
  /** Commits a prepared transaction by its name, whoever prepared it. */
  async commitPrepared(xid: string): Promise<void> {
    requireXid(xid, "commitPrepared()");
    await this.#aside((driver) => {
      this.#tell("commit", xid, true);
      return driver.commit(xid);
    }, "COMMIT PREPARED");
  }
  async rollbackPrepared(xid: string): Promise<void> {
    requireXid(xid, "rollbackPrepared()");
    await this.#aside((driver) => {
      this.#tell("rollback", xid, true);
      return driver.rollback(xid);
    }, "ROLLBACK PREPARED");
  }
  /**
   * Another isolation level for the transactions to come; "AUTOCOMMIT" for none.
   * @throws InvalidRequestError inside a transaction
   */
  async setIsolationLevel(level: IsolationLevel): Promise<void> {
    this.#checkIsolation(level);
    await this.#serial(() => {
      if (this.#transaction !== null) {
        throw new InvalidRequestError(
          "The isolation level cannot change inside a transaction; commit or roll back first, or set it before the first statement.",
          "isolation.in-transaction",
        );
      }
      this.#isolation = level;
    });
  }
  /**
   * Gives the connection back. Work already asked for is waited for; an open transaction is rolled back.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#waiting.length > 0) this.#startWaiting();
    this.#closed = true;
    await this.#queue.run(() =>
      chain(this.#drain(true), () => {
        // A prepared transaction would outlive the connection.
        if (this.#prepared === null || this.#lease === null) return this.#giveBack();
        return Promise.resolve(this.#rollback()).finally(() => this.#giveBack());
      }),
    );
  }
  /** Rolls back and gives the connection back, without a promise where there is nothing to wait for: for the ORM. */
  end(): MaybePromise<void> {
    if (this.#closed) return;
    if (this.#waiting.length > 0 || this.#queue.busy || this.#stream !== null) return this.#endInTurn();
    this.#closed = true;
    const undone = this.#rollback();
    return undone instanceof Promise ? this.#endLater(undone) : this.#giveBack();
  }
  #endLater(undone: Promise<void>): Promise<void> {
    return this.#queue.hold(undone.finally(() => this.#giveBack()));
  }
  async #endInTurn(): Promise<void> {
    try {
      await this.rollback();
    } finally {
      await this.close();
    }
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
  /** Ends the physical connection at once; the next statement uses another. For a connection known to be bad. */
  invalidate(error?: unknown): void {
    if (this.#lease !== null) this.#lose(error, false);
  }
  /**
   * Takes the physical connection out of the pool for good: its place is free at once, this object goes on using it, and
   * `close()` closes it. For connections whose settings are changed beyond repair.
   */
  async detach(): Promise<void> {
    await this.#serial(async () => {
      if (this.#closed) throw closed();
      if (this.#lease === null) await this.#reconnect();
      this.#services.pool.detach(this.#lease as Lease);
    });
  }
  /** Asks the server to stop the running statement, which then fails; the physical connection is not used again. */
  async cancel(): Promise<void> {
    const lease = this.#lease;
    if (lease === null) return;
    // The request may come late: another statement on this physical connection must not be hit by it.
    if (await lease.connection.cancel()) this.#services.pool.invalidate(lease, { soft: true });
  }

  // ---- for the handles ----

  commitRoot(handle: Transaction): Promise<void> {
    return this.#own(handle, () => this.#commit());
  }
  rollbackRoot(handle: Transaction): Promise<void> {
    return this.#own(handle, () => this.#rollback());
  }
  prepareRoot(handle: Transaction): Promise<void> {
    return this.#own(handle, () =>
      this.#ready(() => {
        const xid = handle.xid as string;
        this.#announce("PREPARE TRANSACTION", [], "");
        for (let s = this.#nested; s !== null; s = s.parent) s.deactivate();
        this.#nested = null;
        return chain(
          this.#guard(() => this.#twoPhase().prepare(xid), "PREPARE TRANSACTION", []),
          () => {
            this.#prepared = xid;
            this.#services.events.emit("prepareTwoPhase", { connection: this, xid });
          },
        );
      }),
    );
  }
  async releaseSavepoint(handle: Savepoint): Promise<void> {
    await this.#serial(() =>
      this.#ready((_, deadline) => {
        if (!handle.isActive) throw new InvalidRequestError("This savepoint has already ended.", "transaction.ended");
        return chain(this.#command(`RELEASE SAVEPOINT ${handle.name}`, deadline), () => {
          this.#endNested(handle);
          this.#services.events.emit("releaseSavepoint", { connection: this, name: handle.name });
        });
      }, this.#limits),
    );
  }
  async rollbackToSavepoint(handle: Savepoint): Promise<void> {
    await this.#serial(() => {
      if (!handle.isActive) return;
      if (this.#broken !== null) return this.#endNested(handle);
      // A cursor opened after the savepoint goes with what comes after it.
      const within = this.#stream !== null && this.#stream.savepoints >= handle.number;
      return chain(this.#drain(within), () =>
        this.#ready(
          (_, deadline) =>
            chain(this.#command(`ROLLBACK TO SAVEPOINT ${handle.name}`, deadline), () =>
              chain(this.#command(`RELEASE SAVEPOINT ${handle.name}`, deadline), () => {
                this.#endNested(handle);
                this.#services.events.emit("rollbackSavepoint", { connection: this, name: handle.name });
              }),
            ),
          this.#limits,
        ),
      );
    });
  }

  // ---- inside ----

  /** Remembers a result until it is awaited, for the block it was made in. */
  #given<R>(result: Result<R>): Result<R> {
    const list = this.#results;
    if (list === undefined) return result;
    const last = list.length - 1;
    // Mostly each is awaited before the next is made: the list stays short.
    if (last >= 0 && list[last]?.isAwaited) list[last] = result as Result<never>;
    else if (list.push(result as Result<never>) % 256 === 0) this.#results = list.filter((r) => !r.isAwaited);
    return result;
  }
  /** Runs a block to its end, with whatever it asked for and did not await; the first of those that failed is its failure. */
  async #watched<T>(block: () => T | Promise<T>): Promise<T> {
    const outer = this.#results;
    this.#results = [];
    try {
      const value = await block();
      if (this.#waiting.length > 0) this.#startWaiting();
      const left = this.#results.filter((r) => !r.isAwaited);
      const outcomes = await Promise.allSettled(left.map((r) => r.outcome));
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
      return value;
    } finally {
      this.#results = outer;
    }
  }

  async #own(handle: Transaction, work: () => MaybePromise<void>): Promise<void> {
    await this.#serial(() => {
      if (this.#transaction === handle) return work();
    });
  }
  /** After an error: roll back, but let the first error be the one that is seen. */
  async #quietly(handle: Transaction | Savepoint): Promise<void> {
    try {
      await handle.close();
    } catch {
      // The server ends the transaction with the connection; the caller learns of the first error.
    }
  }
  /** Work whose signal fires while others are before it is given up at once, and never begun. */
  #inTurn<T>(
    work: () => MaybePromise<T>,
    sql: string,
    params: readonly unknown[],
    limits: Limits | undefined,
  ): MaybePromise<T> {
    const signal = limits?.signal;
    const waiting =
      this.#queue.busy && (signal !== undefined || this.#inForce !== undefined)
        ? Deadline.of(this.#inForce, { signal })
        : undefined;
    if (waiting === undefined) return this.#queue.run(work);
    return new Promise<T>((resolve, reject) => {
      let given = true;
      const { hideParameters } = this.#services;
      const done = waiting.watch((stop) => {
        given = false;
        reject(stopError(stop, { statement: sql, parameters: params, hideParameters }));
      });
      const begin = (): MaybePromise<T> | undefined => {
        if (!given) return undefined;
        done();
        return work();
      };
      const turn = this.#queue.run(begin);
      if (turn instanceof Promise) turn.then((value) => resolve(value as T), reject);
      else resolve(turn as T);
    });
  }
  async #serial<T>(work: () => MaybePromise<T>): Promise<T> {
    if (this.#waiting.length > 0) this.#startWaiting();
    return this.#queue.run(work);
  }
  #noteRaw(sql: string, hint: StatementHint): void {
    if (hint.returnsRows === undefined && MAY_BEGIN.test(sql)) this.#mayBeOpen = true;
  }
  #startWaiting(): void {
    const first = this.#waiting.length;
    for (let i = 0; i < first && this.#waiting.length > 0; i++) (this.#waiting[0] as Execution).start();
  }
  #send(
    sql: string,
    params: readonly unknown[],
    hint: StatementHint,
    badge: string | undefined,
    limits: Limits | undefined,
  ): MaybePromise<RawResult> {
    return this.#ready((driver, deadline) => {
      if (this.#isolation === "AUTOCOMMIT") this.#noteRaw(sql, hint);
      const { events, logger } = this.#services;
      const sent = (text: string, values: readonly unknown[]) => (): MaybePromise<RawResult> =>
        this.#until(driver, deadline, () => driver.execute(text, values, hint), text, values);
      const work = (text: string, values: readonly unknown[]) => this.#traced(text, sent(text, values), undefined);
      if (events.quiet && logger === undefined) return this.#guard(work(sql, params), sql, params);
      const text = this.#hooked(() => this.#before(sql, params), sql, params);
      logger?.statement(text.sql, badge ?? "driver sql", text.params);
      const started = performance.now();
      return chain(this.#guard(work(text.sql, text.params), text.sql, text.params), (result) =>
        this.#hooked(
          () => this.#after({ connection: this, sql: text.sql, params: text.params }, result, started),
          text.sql,
          text.params,
        ),
      );
    }, limits);
  }
  async #runAll(compiled: Compiled, bound: readonly BoundStatement[], limits: Limits | undefined): Promise<RawResult> {
    let rows: unknown[][] = [];
    let rowCount = 0;
    let last: RawResult | undefined;
    for (const { sql, params } of bound) {
      last = await this.send(sql, params, compiled.hint, undefined, limits);
      rows = rows.length === 0 ? last.rows : rows.concat(last.rows);
      rowCount = rowCount < 0 || last.rowCount < 0 ? -1 : rowCount + last.rowCount;
    }
    return { rows, rowCount, fields: last?.fields ?? null, lastInsertId: last?.lastInsertId ?? null };
  }
  /** Under a trace, where somebody listens. */
  #traced(sql: string, work: () => MaybePromise<RawResult>, sets: number | undefined): () => MaybePromise<RawResult> {
    if (!queries.on) return work;
    return () =>
      queries.run(queryTrace(this.#services.trace, this, sql, sets), work, (trace, result) => {
        if (result.fields !== null) trace["db.response.returned_rows"] = result.rows.length;
      });
  }
  #until<T>(
    driver: DriverConnection,
    deadline: Deadline | undefined,
    work: () => MaybePromise<T>,
    sql: string,
    params: readonly unknown[],
  ): MaybePromise<T> {
    if (deadline === undefined) return work();
    const { dialect, hideParameters } = this.#services;
    const details = { statement: sql, parameters: params, hideParameters };
    const { reached } = deadline;
    if (reached !== undefined) throw stopError(reached, details);
    const running = work();
    if (!(running instanceof Promise)) return running;
    return withinLimits(
      driver,
      deadline,
      running,
      {
        confirmed: (error) => dialect.isCancellation(dialect.classify(error, details)),
        lose: (error) => {
          if (this.#lease?.connection === driver) this.#lose(error, false);
        },
      },
      details,
    );
  }
  #before(
    sql: string,
    params: readonly unknown[],
    sets?: readonly (readonly unknown[])[],
  ): { sql: string; params: readonly unknown[] } {
    const { events } = this.#services;
    let text: { readonly sql: string; readonly params: readonly unknown[] } = { sql, params };
    if (events.has("beforeExecute"))
      text = events.reduce("beforeExecute", text, (t) => ({ connection: this, ...t, sets }));
    if (events.has("statement"))
      events.emit("statement", { connection: this, sql: text.sql, params: text.params, sets });
    return { sql: text.sql, params: text.params };
  }
  /** Listeners' errors reach the caller as they are, unless they tell that the connection is lost. */
  #hooked<T>(work: () => T, sql: string, params: readonly unknown[]): T {
    try {
      return work();
    } catch (error) {
      const lost = this.#services.dialect.classify(error, { cause: error }).connectionInvalidated;
      throw lost ? this.#failed(error, sql, params) : error;
    }
  }
  #after(event: StatementEvent, result: RawResult, started: number): RawResult {
    const { events, logger } = this.#services;
    if (logger?.rows && result.fields !== null) logger.result(result.rows);
    if (events.has("afterExecute"))
      events.emit("afterExecute", { ...event, result, milliseconds: performance.now() - started });
    return result;
  }
  #announce(sql: string, params: readonly unknown[], badge = "driver sql"): void {
    const { events, logger } = this.#services;
    if (!events.quiet) events.emit("statement", { connection: this, sql, params });
    if (logger === undefined) return;
    if (params.length === 0 && badge === "") logger.line(sql);
    else logger.statement(sql, badge, params);
  }
  /**
   * Runs work once the connection is usable and inside a transaction. The clock of `limits` starts with its BEGIN; what has
   * to be read or opened before has limits of its own.
   */
  #ready<T>(
    work: (driver: DriverConnection, deadline: Deadline | undefined) => MaybePromise<T>,
    limits?: Limits,
    streaming = false,
  ): MaybePromise<T> {
    if (this.#closed && !streaming && this.#lease === null) throw closed();
    if (this.#broken !== null) throw this.#pending();
    if (this.#stream !== null) {
      const drained = this.#drain(streaming);
      if (drained instanceof Promise) return drained.then(() => this.#ready(work, limits, streaming));
    }
    if (this.#prepared !== null)
      throw new InvalidRequestError(
        "This transaction is prepared; only commit() or rollback() can follow.",
        "twophase.prepared",
      );
    const lease = this.#lease;
    if (lease === null) {
      if (this.#closed) throw closed();
      return this.#reconnect().then(() => this.#ready(work, limits, streaming));
    }
    const deadline = limits === undefined ? this.#inForce : Deadline.of(this.#inForce, limits);
    if (this.#transaction === null) this.#autobegin();
    if (this.#begun || this.#isolation === "AUTOCOMMIT") return work(lease.connection, deadline);
    return chain(this.#sendBegin(lease, deadline), () => work(lease.connection, deadline));
  }
  #autobegin(): void {
    if (this.#scope !== null && !this.#scope.isActive) {
      throw new InvalidRequestError(
        "The transaction of this begin() block has ended; nothing more can run in the block.",
        "transaction.ended",
      );
    }
    if (this.#closed && this.#lease === null) throw closed();
    if (this.#broken !== null) throw this.#pending();
    this.#begin = this.#isolation === undefined ? NO_BEGIN : { isolationLevel: this.#isolation };
    this.#savepoints = 0;
    this.#transaction = new Transaction(this);
  }
  #start(given: TransactionOptions): Transaction {
    requireKnownOptions(given, TRANSACTION_OPTIONS, "begin()", "begin.option");
    const { signal, timeout, twoPhase, ...options } = given;
    if (this.#closed && this.#lease === null) throw closed();
    if (this.#broken !== null) throw this.#pending();
    if (this.#transaction !== null) {
      throw new InvalidRequestError(
        "This connection is already in a transaction: the first statement begins one. Call begin() before it, commit or " +
          "roll back first, or use beginNested().",
        "transaction.begun",
      );
    }
    if (options.isolationLevel !== undefined) this.#checkIsolation(options.isolationLevel);
    const level = options.isolationLevel ?? this.#isolation;
    if (options.isolationLevel === "AUTOCOMMIT") {
      throw new ArgumentError('begin() cannot turn on AUTOCOMMIT; connect with { isolationLevel: "AUTOCOMMIT" }.');
    }
    const asked =
      this.#isolation === "AUTOCOMMIT" ? Object.entries(options).find(([, value]) => value !== undefined) : undefined;
    if (asked !== undefined)
      throw new InvalidRequestError(
        `begin(): ${asked[0]} has no effect under AUTOCOMMIT, which has no transactions on the server; call setIsolationLevel() or connect without it.`,
        "isolation.autocommit",
      );
    this.#inForce = Deadline.of(undefined, { signal, timeout });
    const xid = twoPhase === undefined || twoPhase === false ? undefined : this.#xid(twoPhase);
    this.#begin = { ...options, isolationLevel: level, xid };
    this.#savepoints = 0;
    return (this.#transaction = new Transaction(this, xid));
  }
  #xid(given: true | string): string {
    const { name, capabilities } = this.dialect;
    if (!capabilities.twoPhase || this.#isolation === "AUTOCOMMIT") {
      const why = capabilities.twoPhase ? "AUTOCOMMIT has no transactions." : `${name} has no two-phase commit.`;
      throw new InvalidRequestError(why, "twophase.unsupported");
    }
    return given === true ? `athanor_${randomUUID()}` : checkedXid(given);
  }
  #twoPhase(): TwoPhaseDriver {
    const twoPhase = this.#lease?.connection.twoPhase;
    if (twoPhase === undefined)
      throw new InvalidRequestError(`${this.dialect.name} has no two-phase commit.`, "twophase.unsupported");
    return twoPhase;
  }
  /** Tells listeners of the step; one with a name is a step of two-phase commit. */
  #tell(step: "begin" | "commit" | "rollback", xid: string | undefined, recovered = false): void {
    const { events } = this.#services;
    if (step === "begin") {
      if (transactions.on) this.#trace = transactions.begin({ ...this.#services.trace, connection: this });
    } else if (this.#trace !== undefined) this.#trace.outcome = step;
    if (events.quiet) return;
    if (xid === undefined) events.emit(step, { connection: this });
    else if (step === "begin") events.emit("beginTwoPhase", { connection: this, xid });
    else {
      const prepared = recovered || this.#prepared !== null;
      events.emit(step === "commit" ? "commitTwoPhase" : "rollbackTwoPhase", { connection: this, xid, prepared });
    }
  }
  /** Runs a command that concerns prepared transactions, outside of any transaction. */
  #aside<T>(work: (driver: TwoPhaseDriver) => MaybePromise<T>, what: string): Promise<T> {
    return this.#serial(async () => {
      if (this.#closed) throw closed();
      if (this.#transaction !== null)
        throw new InvalidRequestError(
          "Prepared transactions are ended outside of a transaction; commit or roll back first.",
          "transaction.begun",
        );
      if (this.#lease === null) await this.#reconnect();
      return this.#guard(() => work(this.#twoPhase()), what, []);
    });
  }
  #sendBegin(lease: Lease, deadline: Deadline | undefined): MaybePromise<void> {
    const { events, logger } = this.#services;
    if (!events.quiet) events.emit("statement", { connection: this, sql: "BEGIN", params: [] });
    logger?.line("BEGIN");
    let result: MaybePromise<void>;
    try {
      const { connection } = lease;
      result = deadline === undefined ? connection.begin(this.#begin) : this.#beginWithin(connection, deadline);
    } catch (error) {
      throw this.#beginFailed(error);
    }
    if (result instanceof Promise) return this.#beginning(lease, result);
    this.#hasBegun();
  }
  #beginWithin(connection: DriverConnection, deadline: Deadline): MaybePromise<void> {
    return this.#until(connection, deadline, () => connection.begin(this.#begin), "BEGIN", []);
  }
  async #beginning(lease: Lease, result: Promise<void>): Promise<void> {
    try {
      await result;
    } catch (error) {
      // Stopped, it may have begun all the same.
      if (isStop(error) && this.#lease === lease) await this.#undoBegin(lease);
      throw this.#beginFailed(error);
    }
    this.#hasBegun();
  }
  #hasBegun(): void {
    this.#begun = true;
    this.#tell("begin", this.#begin.xid);
  }
  async #undoBegin(lease: Lease): Promise<void> {
    try {
      await lease.connection.rollback();
    } catch (error) {
      if (this.#lease === lease) this.#lose(error, false);
    }
  }
  /** Nothing was done in the transaction yet: it is simply not there. */
  #beginFailed(error: unknown): Error {
    this.#finish();
    return this.#failed(error, "BEGIN", []);
  }
  #commit(): MaybePromise<void> {
    if (this.#broken !== null) throw this.#pending();
    if (this.#transaction === null) return;
    const lease = this.#lease;
    const reached = this.#inForce?.reached;
    if (reached !== undefined) throw stopError(reached, { statement: "COMMIT" });
    if (!this.#begun || lease === null) return this.#finish();
    return chain(this.#drain(true), () => {
      this.#tell("commit", this.#begin.xid);
      const xid = this.#prepared;
      this.#announce(xid === null ? "COMMIT" : "COMMIT PREPARED", [], "");
      return this.#settle(
        () => {
          const running = xid === null ? lease.connection.commit() : this.#twoPhase().commit(xid);
          return running instanceof Promise ? this.#ending("COMMIT", running) : running;
        },
        () => this.#finish(),
        (error) => {
          const failure = this.#failed(error, "COMMIT", []);
          if (this.#trace !== undefined) transactions.fail(this.#trace, failure);
          this.#trace = undefined;
          if (isStop(error) && this.#lease !== null) {
            this.#lose(error, false);
            this.#broken = "commit";
          }
          this.#broken ??= "commit";
          return failure;
        },
      );
    });
  }
  #rollback(): MaybePromise<void> {
    const lease = this.#lease;
    if (this.#transaction === null && this.#broken === null) return;
    if (!this.#begun || lease === null || this.#broken === "disconnect") return this.#finish();
    // The short way, for sessions that only read: nothing is allocated.
    return this.#stream === null ? this.#rollbackOn(lease) : this.#rollbackDrained(lease);
  }
  #rollbackDrained(lease: Lease): MaybePromise<void> {
    return chain(this.#drain(true), () => this.#rollbackOn(lease));
  }
  #rollbackOn(lease: Lease): MaybePromise<void> {
    this.#tell("rollback", this.#begin.xid);
    const xid = this.#prepared;
    this.#announce(xid === null ? "ROLLBACK" : "ROLLBACK PREPARED", NO_VALUES, "");
    let result: MaybePromise<void>;
    try {
      result = xid === null ? lease.connection.rollback() : this.#twoPhase().rollback(xid);
    } catch (error) {
      throw this.#rollbackFailed(error);
    }
    return result instanceof Promise ? this.#rollingBack(result) : this.#finish();
  }
  async #rollingBack(result: Promise<void>): Promise<void> {
    try {
      await this.#ending("ROLLBACK", result);
    } catch (error) {
      throw this.#rollbackFailed(error);
    }
    this.#finish();
  }
  #rollbackFailed(error: unknown): Error {
    const failure = this.#failed(error, "ROLLBACK", []);
    if (this.#trace !== undefined) transactions.fail(this.#trace, failure);
    this.#trace = undefined;
    // A connection that cannot roll back is of no use to anybody; the server rolls back when it goes.
    if (this.#lease !== null) this.#lose(error, false);
    this.#finish();
    return failure;
  }
  /** No limit takes it back; without an answer for a while after one was reached, the connection is given up. */
  #ending(what: "COMMIT" | "ROLLBACK", running: Promise<void>): Promise<void> {
    const deadline = Deadline.of(this.#inForce, this.#limits);
    if (deadline === undefined) return running;
    const more = what === "COMMIT" ? " The server did not answer: whether it has saved is not known." : "";
    return withinGrace(deadline, running, { statement: what }, more);
  }
  #settle(work: () => MaybePromise<void>, done: () => void, failed: (error: unknown) => Error): MaybePromise<void> {
    let result: MaybePromise<void>;
    try {
      result = work();
    } catch (error) {
      throw failed(error);
    }
    if (result instanceof Promise) {
      return result.then(done, (error) => {
        throw failed(error);
      });
    }
    done();
  }
  /** The transaction is over: handles know it, the next statement begins another. */
  #finish(): void {
    if (this.#trace !== undefined) {
      transactions.end(this.#trace);
      this.#trace = undefined;
    }
    this.#transaction?.deactivate();
    for (let s = this.#nested; s !== null; s = s.parent) s.deactivate();
    this.#transaction = null;
    this.#nested = null;
    this.#begun = false;
    this.#broken = null;
    this.#begin = NO_BEGIN;
    this.#inForce = undefined;
    this.#prepared = null;
    this.#outlives = null;
  }
  /** A savepoint that nobody gets a handle of, as a listener refused it. */
  async #withdraw(made: Savepoint, deadline: Deadline | undefined, error: unknown): Promise<never> {
    this.#endNested(made);
    try {
      await this.#command(`RELEASE SAVEPOINT ${made.name}`, deadline);
    } catch {
      // The listener's error is the one to be seen; left behind, the savepoint ends with what is around it.
    }
    throw error;
  }
  /** Ends a savepoint and those inside it. */
  #endNested(handle: Savepoint): void {
    let inner = this.#nested;
    while (inner !== null && inner !== handle) {
      inner.deactivate();
      inner = inner.parent;
    }
    handle.deactivate();
    if (inner === handle) this.#nested = handle.parent;
  }
  #command(sql: string, deadline: Deadline | undefined): MaybePromise<RawResult> {
    const driver = (this.#lease as Lease).connection;
    this.#announce(sql, [], "");
    return this.#guard(
      () => this.#until(driver, deadline, () => driver.execute(sql, [], SCRIPT_HINT), sql, []),
      sql,
      [],
    );
  }
  #guard<T>(work: () => MaybePromise<T>, sql: string, params: readonly unknown[]): MaybePromise<T> {
    let result: MaybePromise<T>;
    try {
      result = work();
    } catch (error) {
      throw this.#failed(error, sql, params);
    }
    if (!(result instanceof Promise)) return result;
    return result.catch((error) => {
      throw this.#failed(error, sql, params);
    });
  }
  /** The error as ours; a lost connection is taken out of service. */
  #failed(error: unknown, sql: string, params: readonly unknown[]): Error {
    const { dialect, hideParameters, events } = this.#services;
    const failure: DatabaseError = dialect.classify(
      error,
      { statement: sql, parameters: params, hideParameters, cause: error },
      this.#begin,
    );
    if ((failure.connectionInvalidated || this.#lease?.connection.alive === false) && this.#lease !== null)
      this.#lose(error, true);
    this.#services.logger?.line(`${failure.name}: ${failure.message.split("\n", 1)[0]}`);
    if (!events.has("error")) return failure;
    return events.reduce<"error", Error>("error", failure, (e) => ({ connection: this, error: e as DatabaseError }));
  }
  #lose(error: unknown, all: boolean): void {
    const lease = this.#lease as Lease;
    this.#lease = null;
    this.#services.pool.invalidate(lease, { all, error });
    this.#outlives = this.#prepared;
    this.#prepared = null;
    if (this.#transaction !== null && this.#begun) this.#broken = "disconnect";
    for (let s = this.#nested; s !== null; s = s.parent) s.deactivate();
    this.#begun = false;
    this.#stream = null;
  }
  async #reconnect(): Promise<void> {
    const lease = await this.#services.pool.acquire();
    this.#lease = lease;
    this.#services.pool.watch(this, lease);
  }
  #pending(): PendingRollbackError {
    if (this.#outlives !== null)
      return new PendingRollbackError(
        `The connection was lost after this transaction was prepared. It is not lost with it: call rollback(), which leaves it ` +
          `alone, then recoverTwoPhase() says whether '${this.#outlives}' still waits for commitPrepared() or rollbackPrepared().`,
        "twophase.outlives",
      );
    return new PendingRollbackError(
      this.#broken === "commit"
        ? "The COMMIT of this transaction failed; call rollback() before anything else."
        : "The connection was lost inside this transaction and its work with it; call rollback(), then run it again.",
      "transaction.pending-rollback",
    );
  }
  /** Reads what an open stream still has to give into memory, so that other work can use the connection. */
  #drain(ending: boolean): MaybePromise<void> {
    const stream = this.#stream;
    if (stream === null || (!ending && stream.interleaves)) return;
    this.#stream = null;
    return stream.drain((error) => {
      const { dialect, hideParameters } = this.#services;
      const { sql, params } = stream;
      const details = { statement: sql, parameters: params, hideParameters, cause: error };
      const failure = dialect.classify(error, details, this.#begin);
      return failure.connectionInvalidated ? this.#failed(error, sql, params) : failure;
    });
  }
  #giveBack(): MaybePromise<void> {
    const lease = this.#lease;
    this.#lease = null;
    const clean = !this.#begun && !this.#mayBeOpen;
    this.#mayBeOpen = false;
    if (lease !== null && !clean && !this.#services.events.quiet) {
      this.#tell("rollback", this.#begin.xid);
      this.#services.events.emit("statement", { connection: this, sql: "ROLLBACK", params: [] });
    }
    if (!clean) this.#services.logger?.line("ROLLBACK");
    this.#finish();
    if (lease !== null) return this.#services.pool.release(lease, clean);
  }
  #checkIsolation(level: IsolationLevel): void {
    const known = [...this.dialect.capabilities.isolationLevels, "AUTOCOMMIT"];
    if (known.includes(level)) return;
    throw new ArgumentError(
      `${this.dialect.name} has no isolation level '${level}'.${didYouMean(level, known)} Known: ${[...new Set(known)].join(", ")}.`,
      "isolation.unknown",
    );
  }
}

/** With execution options of the connection's own, and its token in front of what is logged. */
function withOptions(services: EngineServices, own: ExecutionOptions): EngineServices {
  const options = { ...services.options, ...own };
  const { loggingToken } = own;
  const logger = loggingToken === undefined ? services.logger : services.logger?.withToken(String(loggingToken));
  return { ...services, options, logger };
}
function checkedXid(xid: string): string {
  if (/^[\w.:-]{1,64}$/.test(xid)) return xid;
  throw new ArgumentError(
    `The name of a two-phase transaction is 1 to 64 letters, digits and _.:- characters, not '${xid}'.`,
    "twophase.xid",
  );
}
/** Of other programs too, whose names may hold anything. */
function requireXid(xid: unknown, where: string): void {
  if (typeof xid === "string" && xid !== "" && !xid.includes("\0")) return;
  throw new ArgumentError(`${where}: the name of a prepared transaction is needed, as recoverTwoPhase() gives it.`);
}
function closed(): ResourceClosedError {
  return new ResourceClosedError("The connection is closed; take another from engine.connect().", "connection.closed");
}
function chain<A, B>(value: MaybePromise<A>, next: (value: A) => MaybePromise<B>): MaybePromise<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}
