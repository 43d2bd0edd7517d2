/** From a statement object to SQL on a connection: cache, parameters, batches, DDL; and back to rows. */
import { bindStatement, type NamedValues } from "../compile/bind.js";
import type { BoundStatement, Compiled, SchemaMap } from "../compile/compiled.js";
import { type ReaderShape, rowReader } from "../compile/reader.js";
import type { ChunkRows, FieldInfo, MaybePromise, RawResult, StatementHint } from "../dialects/driver.js";
import { ArgumentError } from "../errors/errors.js";
import { InsertStatement } from "../sql/dml.js";
import { Element, innerStatement } from "../sql/element.js";
import { type ExecutionOptions, Statement } from "../sql/statement.js";
import type { Limits } from "./limits.js";
import { ageBadge } from "./log.js";
import { type Chunk, type Execution, type Fetched, lazyRows, type ResultSource } from "./result.js";
import type { EngineServices } from "./services.js";

/** What a source needs of its connection. */
export interface StatementRunner {
  send(
    sql: string,
    params: readonly unknown[],
    hint: StatementHint,
    badge?: string,
    limits?: Limits,
  ): MaybePromise<RawResult>;
  sendMany(
    sql: string,
    sets: readonly (readonly unknown[])[],
    hint: StatementHint,
    badge?: string,
    limits?: Limits,
  ): MaybePromise<RawResult>;
  openStream(
    sql: string,
    params: readonly unknown[],
    hint: StatementHint,
    chunkRows: ChunkRows,
    limits?: Limits,
  ): AsyncIterable<unknown[][]> & { readonly fields: readonly FieldInfo[] | null };
}
/** Rows buffered of a stream when nothing else is said, as in SQLAlchemy's `max_row_buffer`. */
const MAX_ROW_BUFFER = 1000;
const FIRST_ROWS = 25;
const RAW_HINT: StatementHint = { prepare: true, returnsRows: undefined, exactIntegers: true };
const DDL_HINT: StatementHint = { prepare: false, returnsRows: false, exactIntegers: false };
/** Raw SQL: what comes back, the driver says. */
const RAW: Compiled = {
  kind: "text",
  sql: "",
  pieces: undefined,
  placeholder: () => "?",
  emptyList: () => "NULL",
  insert: undefined,
  slots: [],
  columns: undefined,
  items: undefined,
  hint: RAW_HINT,
  warnings: [],
  schemas: undefined,
  hits: 0,
  generatedAt: 0,
};

interface Plan {
  readonly compiled: Compiled;
  readonly bound: readonly BoundStatement[];
  /** One text for many parameter sets. */
  readonly many: boolean;
  readonly badge: string | undefined;
}

/** The statement inside what a user hands over: a statement, DDL, or a wrapper such as the ORM's Query. */
function executable(value: unknown): Element {
  if (value instanceof Element) return value;
  if (typeof value === "object" && value !== null) {
    const inner = (value as { readonly [innerStatement]?: unknown })[innerStatement];
    if (inner instanceof Element) return inner;
  }
  if (typeof value === "string") {
    throw new ArgumentError(
      'execute() takes no plain strings: write sql`…` or text("…") for SQL of your own, or execDriverSql() for the driver\'s syntax.',
      "execute.string",
    );
  }
  throw new ArgumentError(
    `execute() needs a statement, not ${value === null ? "null" : typeof value}.`,
    "execute.argument",
  );
}
const isDdl = (element: Element): boolean => (element.constructor as { readonly isDdl?: boolean }).isDdl === true;
const isList = (params: NamedValues | readonly NamedValues[] | undefined): params is readonly NamedValues[] =>
  Array.isArray(params);

/** `timeout` and `signal` among execution options: those of the statement, then those behind it. */
export function limitsOf(own: ExecutionOptions, behind: ExecutionOptions = {}): Limits | undefined {
  const signal = (own.signal ?? behind.signal) as AbortSignal | undefined;
  const timeout = (own.timeout ?? behind.timeout) as number | undefined;
  return signal === undefined && timeout === undefined ? undefined : { signal, timeout };
}
/** The statement for another tenant's schemas, where schemas take part at all. */
export function underSchemas(compiled: Compiled, map: SchemaMap | undefined): Compiled {
  return map === undefined || compiled.schemas === undefined ? compiled : compiled.schemas.under(map);
}

/** A statement on a connection. */
export class StatementSource implements ResultSource {
  readonly waiting: Execution[];
  readonly chunkRows: number;
  readonly growing: ChunkRows;
  readonly #runner: StatementRunner;
  readonly #services: EngineServices;
  readonly #given: unknown;
  readonly #params: NamedValues | readonly NamedValues[] | undefined;
  readonly #schemas: SchemaMap | undefined;
  readonly #limits: Limits | undefined;

  constructor(
    runner: StatementRunner,
    services: EngineServices,
    waiting: Execution[],
    statement: unknown,
    params: NamedValues | readonly NamedValues[] | undefined,
    limits?: Limits,
  ) {
    this.#runner = runner;
    this.#services = services;
    this.#given = statement;
    this.#params = params;
    this.waiting = waiting;
    const own = (statement as { readonly executionOptionsValue?: ExecutionOptions } | null | undefined)
      ?.executionOptionsValue;
    const rows = own?.yieldPer ?? services.options.yieldPer;
    this.#schemas = (own?.schemaTranslateMap ?? services.options.schemaTranslateMap) as SchemaMap | undefined;
    this.#limits = limits ?? (own === undefined ? undefined : limitsOf(own, services.options));
    const most = own?.maxRowBuffer ?? services.options.maxRowBuffer;
    const fixed = typeof rows === "number" && rows >= 1;
    this.chunkRows = fixed ? Math.floor(rows) : typeof most === "number" && most >= 1 ? most : MAX_ROW_BUFFER;
    this.growing = fixed ? this.chunkRows : { first: FIRST_ROWS, most: this.chunkRows };
  }

  run(): MaybePromise<Fetched> {
    const statement = executable(this.#given);
    if (isDdl(statement)) return this.#ddl(statement);
    const plan = this.#plan(statement);
    const finish = (raw: RawResult): Fetched => this.#fetched(plan.compiled, raw);
    if (plan.many) {
      const sets = plan.bound.map((b) => b.params);
      const { sql } = plan.bound[0] as BoundStatement;
      const raw = this.#runner.sendMany(sql, sets, plan.compiled.hint, plan.badge, this.#limits);
      return raw instanceof Promise ? raw.then(finish) : finish(raw);
    }
    if (plan.bound.length !== 1) return this.#inTurn(plan).then(finish);
    const { sql, params } = plan.bound[0] as BoundStatement;
    const raw = this.#runner.send(sql, params, plan.compiled.hint, plan.badge, this.#limits);
    return raw instanceof Promise ? raw.then(finish) : finish(raw);
  }
  async *stream(chunkRows: ChunkRows): AsyncGenerator<Chunk> {
    const statement = executable(this.#given);
    const plan = isDdl(statement) ? undefined : this.#plan(statement);
    if (plan === undefined || plan.many || plan.bound.length !== 1) {
      const { rows, keys } = await this.run();
      if (rows !== null) yield { rows: rows(), keys };
      return;
    }
    const { compiled } = plan;
    const { sql, params } = plan.bound[0] as BoundStatement;
    const cursor = this.#runner.openStream(sql, params, compiled.hint, chunkRows, this.#limits);
    let shape: ReaderShape | undefined;
    for await (const rows of cursor) {
      shape ??= rowReader(compiled, cursor.fields, this.#services.dialect);
      yield { rows: shape.read(rows), keys: shape.keys };
    }
  }

  async #inTurn(plan: Plan): Promise<RawResult> {
    const rows: unknown[][] = [];
    let rowCount = 0;
    let last: RawResult | undefined;
    for (const { sql, params } of plan.bound) {
      last = await this.#runner.send(sql, params, plan.compiled.hint, plan.badge, this.#limits);
      for (const row of last.rows) rows.push(row);
      rowCount = rowCount < 0 || last.rowCount < 0 ? -1 : rowCount + last.rowCount;
    }
    return { rows, rowCount, fields: last?.fields ?? null, lastInsertId: last?.lastInsertId ?? null };
  }
  async #ddl(element: Element): Promise<Fetched> {
    const compiler = this.#services.dialect.createDdlCompiler();
    compiler.under?.(this.#schemas);
    for (const sql of compiler.statements(element)) {
      await this.#runner.send(sql, [], DDL_HINT, "ddl", this.#limits);
    }
    return { rows: null, keys: [], rowCount: -1, lastInsertId: null };
  }
  #plan(given: Element): Plan {
    const { dialect, cache, logger } = this.#services;
    let statement = given;
    let params = this.#params;
    if (statement instanceof InsertStatement && params !== undefined) {
      statement = statement.values(params);
      params = undefined;
    }
    const before = logger === undefined ? 0 : performance.now();
    let fresh = false;
    const { value, params: collected } = cache.lookup(statement, (binds) => {
      fresh = true;
      return dialect.createCompiler(binds).compile(statement);
    });
    if (!fresh) value.hits++;
    else if (logger !== undefined) for (const warning of value.warnings) logger.line(`Warning: ${warning}`);
    const compiled = underSchemas(value, this.#schemas);
    let badge: string | undefined;
    if (logger !== undefined) {
      const now = performance.now();
      badge = ageBadge(now, compiled.generatedAt, fresh, now - before);
    }
    if (!isList(params)) return { compiled, bound: bindStatement(compiled, collected, params), many: false, badge };
    if (!(statement instanceof Statement)) throw new ArgumentError("A list of parameters needs a statement.");
    const bound = params.flatMap((named, i) => {
      try {
        return bindStatement(compiled, collected, named);
      } catch (error) {
        if (!(error instanceof ArgumentError)) throw error;
        throw new ArgumentError(`In parameter set ${i}: ${error.message}`, error.code, { cause: error });
      }
    });
    const first = bound[0]?.sql;
    return { compiled, bound, many: bound.length > 1 && bound.every((b) => b.sql === first), badge };
  }
  #fetched(compiled: Compiled, raw: RawResult): Fetched {
    return fetched(compiled, raw, this.#services);
  }
}

/** SQL in the driver's own syntax. */
export function planDriverSql(
  runner: StatementRunner,
  services: EngineServices,
  waiting: Execution[],
  sql: string,
  params: readonly unknown[],
  limits?: Limits,
): ResultSource {
  // A list of lists is a list of parameter sets, as in SQLAlchemy; an array value goes as [[value]].
  const sets = params.length > 0 && params.every((p) => Array.isArray(p));
  return {
    waiting,
    chunkRows: MAX_ROW_BUFFER,
    growing: { first: FIRST_ROWS, most: MAX_ROW_BUFFER },
    run() {
      const raw = sets
        ? runner.sendMany(sql, params as readonly unknown[][], RAW_HINT, undefined, limits)
        : runner.send(sql, params, RAW_HINT, undefined, limits);
      return raw instanceof Promise ? raw.then((r) => fetched(RAW, r, services)) : fetched(RAW, raw, services);
    },
    async *stream(chunkRows) {
      const cursor = runner.openStream(sql, params, RAW_HINT, chunkRows, limits);
      let shape: ReaderShape | undefined;
      for await (const rows of cursor) {
        shape ??= rowReader(RAW, cursor.fields, services.dialect);
        yield { rows: shape.read(rows), keys: shape.keys };
      }
    },
  };
}
function fetched(compiled: Compiled, raw: RawResult, services: EngineServices): Fetched {
  const { fields, rowCount, lastInsertId } = raw;
  if (fields === null) return { rows: null, keys: [], rowCount, lastInsertId };
  const shape = rowReader(compiled, fields, services.dialect);
  return { rows: lazyRows(raw.rows, shape.read), keys: shape.keys, rowCount, lastInsertId };
}
