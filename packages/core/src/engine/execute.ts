/** From a statement object to SQL on a connection: cache, parameters, batches, DDL; and back to rows. */
import { bindPlain, bindRows, bindStatement, isPlain, type NamedValues, settled } from "../compile/bind.js";
import type { LookupMemo } from "../compile/cache.js";
import type { BoundStatement, Compiled, SchemaMap } from "../compile/compiled.js";
import { type ReaderShape, rowReader } from "../compile/reader.js";
import type { ChunkRows, FieldInfo, MaybePromise, RawResult, StatementHint } from "../dialects/driver.js";
import { ArgumentError, InvalidRequestError, showParameter } from "../errors/errors.js";
import { InsertStatement } from "../sql/dml.js";
import { Element, innerStatement } from "../sql/element.js";
import { QueryStatement } from "../sql/select.js";
import { locateItem, type SelectItem } from "../sql/select-list.js";
import { type ExecutionOptions, Statement } from "../sql/statement.js";
import { needsInsertRun, runInsert } from "./insert-run.js";
import type { SentRows } from "./inserted-values.js";
import type { Limits } from "./limits.js";
import { ageBadge } from "./log.js";
import { type Chunk, type Execution, type Fetched, type Inserted, lazyRows, type ResultSource } from "./result.js";
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
  /** Belongs to the physical connection. */
  info(): Map<unknown, unknown>;
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
  repeats: false,
  maxParameters: Number.POSITIVE_INFINITY,
  columns: undefined,
  items: undefined,
  hint: RAW_HINT,
  warnings: [],
  schemas: undefined,
  hits: 0,
  generatedAt: 0,
};

/** What a statement compiles to, and its parameters in order. */
interface Found {
  readonly compiled: Compiled;
  readonly collected: readonly unknown[];
  /** For the log. */
  readonly badge: string | undefined;
}
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
      'execute() takes no plain strings: write sql`…` or sql.text("…") for SQL of your own, or execDriverSql() for the driver\'s syntax.',
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

/** @throws ArgumentError for values without names, as drivers take them */
function requireNamed(params: unknown): void {
  const wrong = Array.isArray(params) ? params.find((p) => !isRecord(p)) : isRecord(params) ? undefined : params;
  if (wrong === undefined) return;
  throw new ArgumentError(
    `execute(): parameters are given by name, { name: value } or a list of such objects, not ${showParameter(wrong)}. sql.text("… :name") takes them; for values by position there is execDriverSql().`,
    "execute.parameters",
  );
}
const isRecord = (x: unknown): boolean => typeof x === "object" && x !== null && !Array.isArray(x);

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

function pageSizeOf(given: unknown): number {
  if (typeof given === "number" && Number.isSafeInteger(given) && given >= 1) return given;
  throw new ArgumentError(
    `The option insertmanyvaluesPageSize is a whole number from 1, not ${String(given)}.`,
    "option.page-size",
  );
}
/** What several statements gave, as of one. */
class WholeResult {
  readonly #rows: unknown[][] = [];
  #rowCount = 0;
  #last: RawResult | undefined;
  take(raw: RawResult): void {
    this.#last = raw;
    for (const row of raw.rows) this.#rows.push(row);
    this.#rowCount = this.#rowCount < 0 || raw.rowCount < 0 ? -1 : this.#rowCount + raw.rowCount;
  }
  result(): RawResult {
    const last = this.#last;
    return {
      rows: this.#rows,
      rowCount: this.#rowCount,
      fields: last?.fields ?? null,
      lastInsertId: last?.lastInsertId ?? null,
    };
  }
}
/** A statement on a connection. */
export class StatementSource implements ResultSource {
  readonly waiting: Execution[];
  readonly chunkRows: number;
  readonly #isFixed: boolean;
  readonly #runner: StatementRunner;
  readonly #services: EngineServices;
  readonly #given: unknown;
  readonly #params: NamedValues | readonly NamedValues[] | undefined;
  readonly #schemas: SchemaMap | undefined;
  readonly #limits: Limits | undefined;
  readonly #pageOption: unknown;
  readonly #memo: LookupMemo | undefined;
  /** Rows per statement of an INSERT of many; the dialect's own when undefined. */
  get #pageSize(): number | undefined {
    return this.#pageOption === undefined ? undefined : pageSizeOf(this.#pageOption);
  }

  constructor(
    runner: StatementRunner,
    services: EngineServices,
    waiting: Execution[],
    statement: unknown,
    params: NamedValues | readonly NamedValues[] | undefined,
    limits?: Limits,
    memo?: LookupMemo,
  ) {
    this.#runner = runner;
    this.#memo = memo;
    this.#services = services;
    this.#given = statement;
    this.#params = params;
    this.waiting = waiting;
    const own = (statement as { readonly executionOptionsValue?: ExecutionOptions } | null | undefined)
      ?.executionOptionsValue;
    const rows = own?.yieldPer ?? services.options.yieldPer;
    this.#schemas = (own?.schemaTranslateMap ?? services.options.schemaTranslateMap) as SchemaMap | undefined;
    this.#limits = limits ?? (own === undefined ? undefined : limitsOf(own, services.options));
    this.#pageOption = own?.insertmanyvaluesPageSize ?? services.options.insertmanyvaluesPageSize;
    const most = own?.maxRowBuffer ?? services.options.maxRowBuffer;
    const fixed = typeof rows === "number" && rows >= 1;
    this.chunkRows = fixed ? Math.floor(rows) : typeof most === "number" && most >= 1 ? most : MAX_ROW_BUFFER;
    this.#isFixed = fixed;
  }
  get growing(): ChunkRows {
    return this.#isFixed ? this.chunkRows : { first: FIRST_ROWS, most: this.chunkRows };
  }

  #keysWanted = false;
  expectKeys(): void {
    this.#keysWanted = true;
  }
  locate(column: object): number | undefined {
    const statement = executable(this.#given);
    const items =
      statement instanceof QueryStatement
        ? statement.selected
        : ((statement as { readonly returningItems?: readonly SelectItem[] }).returningItems ?? []);
    return locateItem(items, column);
  }
  run(): MaybePromise<Fetched> {
    const statement = executable(this.#given);
    if (isDdl(statement)) return this.#ddl(statement);
    if (statement instanceof InsertStatement) {
      const insert = this.#withRows(statement);
      if (needsInsertRun(insert, this.#keysWanted)) return this.#insert(insert);
      return this.#runPlan(this.#plan(statement), ASKED_LATE);
    }
    if (isList(this.#params)) return this.#runPlan(this.#plan(statement), undefined);
    const found = this.#compiled(statement);
    return isPlain(found.compiled) ? this.#runPlain(found) : this.#runPlan(this.#plan(statement, found), undefined);
  }
  #runPlan(plan: Plan, late: Inserted | undefined): MaybePromise<Fetched> {
    const finish = (raw: RawResult): Fetched => fetched(plan.compiled, raw, this.#services, late);
    if (plan.many) {
      const sets = plan.bound.map((b) => b.params);
      const { sql } = plan.bound[0] as BoundStatement;
      const raw = this.#runner.sendMany(sql, sets, plan.compiled.hint, plan.badge, this.#limits);
      return raw instanceof Promise ? raw.then(finish) : finish(raw);
    }
    if (plan.bound.length !== 1) {
      const raw = this.#inTurn(plan);
      return raw instanceof Promise ? raw.then(finish) : finish(raw);
    }
    const { sql, params } = plan.bound[0] as BoundStatement;
    const raw = this.#runner.send(sql, params, plan.compiled.hint, plan.badge, this.#limits);
    return raw instanceof Promise ? raw.then(finish) : finish(raw);
  }
  /** One text with one set of values: nearly every statement. */
  #runPlain({ compiled, collected, badge }: Found): MaybePromise<Fetched> {
    if (this.#params !== undefined) requireNamed(this.#params);
    const values = bindPlain(compiled, collected, this.#params as NamedValues | undefined);
    const raw = this.#runner.send(compiled.sql, values, compiled.hint, badge, this.#limits);
    return raw instanceof Promise ? this.#later(compiled, raw) : fetched(compiled, raw, this.#services);
  }
  async #later(compiled: Compiled, raw: Promise<RawResult>): Promise<Fetched> {
    return fetched(compiled, await raw, this.#services);
  }
  async *stream(chunkRows: ChunkRows): AsyncGenerator<Chunk> {
    const statement = executable(this.#given);
    const whole =
      isDdl(statement) || (statement instanceof InsertStatement && needsInsertRun(this.#withRows(statement), false));
    const plan = whole ? undefined : this.#plan(statement);
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

  /** The rows of an INSERT given as parameters become its values. */
  #withRows(statement: InsertStatement): InsertStatement {
    return this.#params === undefined || statement.source !== undefined || statement.rows !== undefined
      ? statement
      : statement.values(this.#params);
  }
  /** An INSERT whose keys, defaults or order are asked for. */
  async #insert(statement: InsertStatement): Promise<Fetched> {
    const { dialect, logger } = this.#services;
    const outcome = await runInsert(statement, {
      returning: dialect.capabilities.returning.insert,
      generatedKeys: dialect.capabilities.generatedKeys,
      keyStep: dialect.bulk?.keyStep?.bind(dialect.bulk, {
        send: (sql, params, hint) => this.#runner.send(sql, params, hint),
        info: this.#runner.info(),
        schemas: this.#schemas,
      }),
      resultProcessor: (column) => dialect.resultProcessor(column.type),
      warn: (text) => logger?.line(`Warning: ${text}`),
      send: (sent) => this.#pages(sent),
    });
    const { rows, rowCount, lastInsertId, keys, defaults, params, prefetched, postfetched } = outcome;
    const inserted: Inserted = {
      primaryKeys: () => keys,
      defaults: () => {
        if (defaults !== undefined) return defaults;
        throw new InvalidRequestError("returnedDefaults() is of an INSERT with returnDefaults().", "inserted.defaults");
      },
      params,
      prefetched,
      postfetched,
    };
    if (statement.returningItems.length === 0) return { rows: null, keys: [], rowCount, lastInsertId, inserted };
    const { compiled } = this.#compiled(statement.with({ isOrdered: false }));
    const shape = rowReader(compiled, null, dialect);
    return { rows: lazyRows(rows, shape.read), keys: shape.keys, rowCount, lastInsertId, inserted };
  }
  async *#pages(statement: Element): AsyncGenerator<SentRows> {
    const { compiled, collected, badge } = this.#compiled(statement);
    for (const { sql, params, rows = 1 } of bindStatement(compiled, collected, undefined, this.#pageSize)) {
      const raw = await this.#runner.send(sql, params, compiled.hint, badge, this.#limits);
      yield { raw, count: rows };
    }
  }
  /** Statements one after the other: in one go where the driver answers at once. */
  #inTurn({ compiled, bound, badge }: Plan): MaybePromise<RawResult> {
    const whole = new WholeResult();
    for (let i = 0; i < bound.length; i++) {
      const { sql, params } = bound[i] as BoundStatement;
      const raw = this.#runner.send(sql, params, compiled.hint, badge, this.#limits);
      if (raw instanceof Promise) return this.#rest(raw, settled(bound.slice(i + 1)), compiled.hint, badge, whole);
      whole.take(raw);
    }
    return whole.result();
  }
  async #rest(
    waiting: Promise<RawResult>,
    others: readonly BoundStatement[],
    hint: StatementHint,
    badge: string | undefined,
    whole: WholeResult,
  ): Promise<RawResult> {
    whole.take(await waiting);
    for (const { sql, params } of others) whole.take(await this.#runner.send(sql, params, hint, badge, this.#limits));
    return whole.result();
  }
  async #ddl(element: Element): Promise<Fetched> {
    const compiler = this.#services.dialect.createDdlCompiler();
    compiler.under?.(this.#schemas);
    for (const sql of compiler.statements(element)) {
      await this.#runner.send(sql, [], DDL_HINT, "ddl", this.#limits);
    }
    return { rows: null, keys: [], rowCount: -1, lastInsertId: null };
  }
  /** The compiled statement and its parameters; of a prepared one without looking for it. */
  #compiled(statement: Element): Found {
    const { cache, logger } = this.#services;
    const hit = this.#memo === undefined || logger !== undefined ? undefined : cache.remembered(this.#memo);
    if (hit === undefined) return this.#lookUp(statement);
    hit.value.hits++;
    return { compiled: underSchemas(hit.value, this.#schemas), collected: hit.params, badge: undefined };
  }
  #lookUp(statement: Element): Found {
    const { dialect, cache, logger } = this.#services;
    const before = logger === undefined ? 0 : performance.now();
    let fresh = false;
    const { value, params: collected } = cache.lookup(
      statement,
      (binds) => {
        fresh = true;
        return dialect.createCompiler(binds).compile(statement);
      },
      this.#memo,
    );
    if (!fresh) value.hits++;
    else if (logger !== undefined) for (const warning of value.warnings) logger.line(`Warning: ${warning}`);
    const compiled = underSchemas(value, this.#schemas);
    let badge: string | undefined;
    if (logger !== undefined) {
      const now = performance.now();
      badge = ageBadge(now, compiled.generatedAt, fresh, now - before);
    }
    return { compiled, collected, badge };
  }
  #plan(given: Element, found?: Found): Plan {
    let statement = given;
    let params = this.#params;
    if (statement instanceof InsertStatement && params !== undefined) {
      statement = this.#withRows(statement);
      params = undefined;
    }
    const { compiled, collected, badge } = found ?? this.#compiled(statement);
    if (params !== undefined) requireNamed(params);
    if (!isList(params)) {
      const bound =
        compiled.insert === undefined
          ? bindStatement(compiled, collected, params)
          : bindRows(compiled, compiled.insert, collected, this.#pageSize, true);
      return { compiled, bound, many: false, badge };
    }
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
function fetched(compiled: Compiled, raw: RawResult, services: EngineServices, inserted?: Inserted): Fetched {
  const { fields, rowCount, lastInsertId } = raw;
  if (fields === null) return { rows: null, keys: [], rowCount, lastInsertId, inserted };
  const shape = rowReader(compiled, fields, services.dialect);
  return { rows: lazyRows(raw.rows, shape.read), keys: shape.keys, rowCount, lastInsertId, inserted };
}
/** An INSERT that ran before anybody asked for the keys of its rows. */
const ASKED_LATE: Inserted = {
  primaryKeys: askedLate,
  defaults: askedLate,
  get params() {
    return askedLate();
  },
  get prefetched() {
    return askedLate();
  },
  get postfetched() {
    return askedLate();
  },
};
function askedLate(): never {
  throw new InvalidRequestError(
    "This INSERT did not ask for keys or defaults: call insertedPrimaryKey() on the result right away, before it is awaited, " +
      "or give the statement returnDefaults(). An INSERT from a query, or with inline(), has none.",
    "inserted.late",
  );
}
