/**
 * A statement of a session on its way to the database, as listeners of `doOrmExecute` see it: they may look at it, put
 * another in its place, run it once or several times, or answer from elsewhere. Source: SQLAlchemy "ORMExecuteState".
 */
import {
  type AnyRow,
  ArgumentError,
  CompoundStatement,
  DeleteStatement,
  type Element,
  type Fetched,
  InsertStatement,
  type MaybePromise,
  SelectStatement,
  Statement,
  UpdateStatement,
} from "@athanor/core";
import type { Mapper, RelationshipProperty } from "../mapping/mapper.js";
import { userOptionsIn } from "../query/load-tree.js";
import { mapperOf } from "../query/run-plan.js";
import type { UserDefinedOption } from "../query/user-options.js";
import type { StatementCall } from "./internals.js";

export interface InvokeOptions {
  /** Other parameters than those the statement came with. */
  readonly params?: StatementCall["params"];
  /** Merged into the statement's own. */
  readonly executionOptions?: { readonly [name: string]: unknown };
  /** On this shard alone, whatever the choosers say. */
  readonly shardId?: unknown;
}
/** Runs a statement at the end of the way; `shardId`: the shard asked for, if one was. */
export type Terminal = (state: OrmExecuteState, statement: Element, shard: unknown) => MaybePromise<Fetched>;
type Listener = (state: OrmExecuteState) => unknown;

/** What a statement gave, or what a listener gives instead. Not awaitable, so that an async listener can return it. */
export class StatementAnswer {
  readonly #run: () => MaybePromise<Fetched>;
  #ran: MaybePromise<Fetched> | undefined;
  constructor(run: () => MaybePromise<Fetched>) {
    this.#run = run;
  }
  /** Runs it, once. */
  fetched(): MaybePromise<Fetched> {
    return (this.#ran ??= this.#run());
  }
  /** All rows. */
  async all(): Promise<readonly AnyRow[]> {
    return ((await this.fetched()).rows?.() ?? []) as AnyRow[];
  }
  /** The first item of each row. */
  async scalars(): Promise<readonly unknown[]> {
    return (await this.all()).map((row) => (row as unknown as readonly unknown[])[0]);
  }
  async keys(): Promise<readonly string[]> {
    return (await this.fetched()).keys;
  }
  /** Rows matched by UPDATE and DELETE, or inserted. */
  async rowCount(): Promise<number> {
    return (await this.fetched()).rowCount;
  }
}

export class OrmExecuteState {
  readonly session: object;
  #statement: Element;
  /** Values for the statement's named parameters. */
  parameters: StatementCall["params"];
  readonly #call: StatementCall;
  readonly #terminal: Terminal;
  readonly #remaining: readonly Listener[];

  constructor(session: object, call: StatementCall, listeners: readonly Listener[], terminal: Terminal) {
    this.session = session;
    this.#call = call;
    this.#statement = call.statement;
    this.parameters = call.params;
    this.#remaining = listeners;
    this.#terminal = terminal;
  }
  /** What will run; give it another one to change that. */
  get statement(): Element {
    return this.#statement;
  }
  set statement(statement: unknown) {
    this.#statement = this.#call.element(statement);
  }
  get isSelect(): boolean {
    return this.statement instanceof SelectStatement || this.statement instanceof CompoundStatement;
  }
  get isInsert(): boolean {
    return this.statement instanceof InsertStatement;
  }
  get isUpdate(): boolean {
    return this.statement instanceof UpdateStatement;
  }
  get isDelete(): boolean {
    return this.statement instanceof DeleteStatement;
  }
  /** It speaks of a model or of a mapped table. */
  get isOrmStatement(): boolean {
    return this.bindMapper !== null;
  }
  /** The model it is routed by: the first it speaks of. */
  get bindMapper(): Mapper | null {
    return mapperOf(this.statement);
  }
  /** Loads a relationship of objects that are there: lazily, or as `selectinLoad()` says. */
  get isRelationshipLoad(): boolean {
    return this.#call.kind === "relationship";
  }
  /** Reads columns of objects that are there: a refresh, a deferred column. */
  get isColumnLoad(): boolean {
    return this.#call.kind === "column";
  }
  /** The objects whose attributes are loaded. */
  get lazyLoadedFrom(): readonly object[] {
    return this.#call.from ?? [];
  }
  /** The relationship that is loaded. */
  get relationship(): RelationshipProperty | undefined {
    return this.#call.relationship;
  }
  /** Execution options of the statement over those of the session. */
  get executionOptions(): { readonly [name: string]: unknown } {
    const own = this.statement instanceof Statement ? this.statement.executionOptionsValue : undefined;
    return { ...this.#call.executionOptions, ...own };
  }
  /** Options of the program's own, those that came with the statement which loaded the objects included. */
  get userDefinedOptions(): readonly UserDefinedOption[] {
    return userOptionsIn(this.statement);
  }
  /** Adds loader options and options of one's own. @throws ArgumentError for a statement that takes none */
  options(...options: unknown[]): void {
    if (!(this.statement instanceof SelectStatement))
      throw new ArgumentError("doOrmExecute: only a SELECT takes options.", "session.execute-state");
    this.statement = this.statement.options(...options);
  }
  updateExecutionOptions(options: { readonly [name: string]: unknown }): void {
    if (!(this.statement instanceof Statement))
      throw new ArgumentError("doOrmExecute: this statement takes no execution options.", "session.execute-state");
    this.statement = this.statement.executionOptions(options);
  }
  /**
   * Runs the statement, or another one, through the listeners that come after this one. May be called several times.
   *
   * @example session.on("doOrmExecute", async (state) => kept.has(key) ? state.result(kept.get(key)) : state.invokeStatement());
   */
  invokeStatement(statement: unknown = this.statement, options: InvokeOptions = {}): StatementAnswer {
    return new StatementAnswer(() => {
      const next = new OrmExecuteState(
        this.session,
        { ...this.#call, statement: this.#call.element(statement), params: options.params ?? this.parameters },
        this.#remaining.slice(1),
        this.#terminal,
      );
      if (options.executionOptions !== undefined) next.updateExecutionOptions(options.executionOptions);
      return next.run(options.shardId);
    });
  }
  /** An answer from elsewhere: rows as lists of what the statement selects. */
  result(rows: readonly (readonly unknown[])[], keys: readonly string[] = []): StatementAnswer {
    const all = [...rows] as unknown[];
    return new StatementAnswer(() => ({
      rows: (most) => all.slice(0, most),
      keys,
      rowCount: all.length,
      lastInsertId: null,
    }));
  }
  /** The whole way: for the session. */
  run(shard?: unknown): MaybePromise<Fetched> {
    const [listener] = this.#remaining;
    return listener === undefined ? this.#terminal(this, this.statement, shard) : this.#heard(listener, shard);
  }
  async #heard(listener: Listener, shard: unknown): Promise<Fetched> {
    const given = await listener(this);
    if (given instanceof StatementAnswer) return given.fetched();
    if (given !== undefined && given !== null)
      throw new ArgumentError(
        "doOrmExecute: a listener answers with state.invokeStatement() or state.result(rows), or with nothing.",
        "session.execute-state",
      );
    const next = new OrmExecuteState(
      this.session,
      { ...this.#call, statement: this.statement, params: this.parameters },
      this.#remaining.slice(1),
      this.#terminal,
    );
    return next.run(shard);
  }
}
