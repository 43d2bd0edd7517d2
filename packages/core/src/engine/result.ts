/**
 * The rows of a statement. A result is awaited, or walked with `for await`; it starts by itself in a microtask, so a
 * forgotten one runs too. Source: SQLAlchemy "Fetching Rows".
 */
import { objectMaker, rowPrototype } from "../compile/reader.js";
import type { ChunkRows, MaybePromise } from "../dialects/driver.js";
import {
  ArgumentError,
  InvalidRequestError,
  MultipleResultsFound,
  NoResultFound,
  ResourceClosedError,
} from "../errors/errors.js";
import { requireCount } from "../sql/execution-options.js";
import type { TypeOf } from "../typing/columns.js";
import type { AnyExpr } from "../typing/expressions.js";
import { Seen, sameness } from "./seen.js";

/** What came back. */
export interface Fetched {
  /** The rows, or the first `most` of them; null: the statement gives none. */
  readonly rows: ((most?: number) => unknown[]) | null;
  readonly keys: readonly string[];
  readonly rowCount: number;
  readonly lastInsertId: number | bigint | null;
  /** Of an INSERT of rows. */
  readonly inserted?: Inserted | undefined;
}
/** What is known of the rows an INSERT wrote. */
export interface Inserted {
  /** Keys of the rows, in the order of their values; throws where they were not asked for in time. */
  primaryKeys(): readonly (readonly unknown[])[];
  /** Values the database made, by column, in that order. */
  defaults(): readonly (readonly unknown[])[];
  /** The rows as sent, with what was filled in on the client. */
  readonly params: readonly { readonly [key: string]: unknown }[];
  /** Columns filled in on the client, and columns the database filled whose values are not known. */
  readonly prefetched: readonly string[];
  readonly postfetched: readonly string[];
}
/** Reads the driver's rows when they are asked for, each one once: reading changes them in place. */
export function lazyRows(raw: unknown[][], read: (raw: unknown[][]) => unknown[]): (most?: number) => unknown[] {
  let done: unknown[] | undefined;
  return (most = raw.length) => {
    if (done === undefined && most >= raw.length) return (done = read(raw));
    done ??= [];
    if (done.length < most && done.length < raw.length) {
      for (const row of read(raw.slice(done.length, most))) done.push(row);
    }
    return done.slice(0, most);
  };
}
/** Some rows of a stream, read. */
export interface Chunk {
  readonly rows: unknown[];
  readonly keys: readonly string[];
}
/** Where results come from: a connection, or the ORM's session. */
export interface ResultSource {
  /** Runs the statement and reads everything into memory. `by`: tells whether somebody has asked what comes of it. */
  run(by?: { readonly isAsked: boolean }): MaybePromise<Fetched>;
  /** Runs it with a cursor; gives rows in lists. */
  stream(chunkRows: ChunkRows): AsyncIterable<Chunk>;
  /** Before it runs: keys of new rows will be asked for. */
  expectKeys?(): void;
  /** The position of a column, given as the object the statement selects; undefined when it does not. */
  locate?(column: object): number | undefined;
  /** Results created earlier on the same connection and not yet started; shared by all of them. */
  readonly waiting: Execution[];
  /** Rows per chunk when streamed. */
  readonly chunkRows: number;
  /** The same for `for await`, where the first rows should come soon; absent: `chunkRows`. */
  readonly growing?: ChunkRows;
}

const SOON = Promise.resolve();
/** Executions of this turn, to be started at its end unless somebody has asked for them by then. */
let made: Execution[] = [];
function soon(execution: Execution): void {
  // Cheaper than queueMicrotask, which makes an async resource each time.
  if (made.push(execution) === 1) void SOON.then(startAll);
}
function startAll(): void {
  const [only] = made;
  if (made.length === 1) {
    made.pop();
    only?.start();
    return;
  }
  const all = made;
  made = [];
  for (const execution of all) execution.start();
}

/** One execution, shared by the views of its result. */
export class Execution {
  readonly source: ResultSource;
  #outcome: MaybePromise<Fetched> | undefined;
  #state: "new" | "started" | "streamed" = "new";
  #asked = false;

  /** `starts`: by itself, in a microtask. */
  constructor(source: ResultSource, starts = true) {
    this.source = source;
    if (!starts) return;
    source.waiting.push(this);
    soon(this);
  }
  /** Starts everything asked for earlier on this connection, then this. */
  start(): void {
    if (this.#state !== "new") return;
    this.#state = "started";
    this.#inTurn();
    try {
      this.#outcome = this.source.run(this);
    } catch (error) {
      this.#outcome = Promise.reject(error);
    }
  }
  /** Keys of new rows will be asked for: an INSERT not yet sent reads them back. */
  expectKeys(): void {
    if (this.#state === "new") this.source.expectKeys?.();
  }
  fetched(): MaybePromise<Fetched> {
    this.#asked = true;
    if (this.#state === "streamed") throw consumed();
    this.start();
    return this.#outcome as MaybePromise<Fetched>;
  }
  /** Chunks of rows: through a cursor when nothing has run yet, which this call claims at once. */
  chunks(size: ChunkRows): AsyncIterable<Chunk> {
    this.#asked = true;
    if (this.#state !== "new") return this.#buffered(typeof size === "number" ? size : size.most);
    this.#inTurn();
    this.#state = "streamed";
    return this.source.stream(size);
  }
  get isAsked(): boolean {
    return this.#asked;
  }
  /** What came of it, once started. */
  get outcome(): MaybePromise<Fetched> | undefined {
    return this.#outcome;
  }
  async *#buffered(size: number): AsyncGenerator<Chunk> {
    const { rows, keys } = requireRows(await this.fetched());
    const all = rows();
    for (let at = 0; at < all.length; at += size) yield { rows: all.slice(at, at + size), keys };
  }
  #inTurn(): void {
    const { waiting } = this.source;
    if (!waiting.includes(this)) return;
    for (let next = waiting.shift(); next !== undefined && next !== this; next = waiting.shift()) next.start();
  }
}
function consumed(): ResourceClosedError {
  return new ResourceClosedError(
    "This result was already streamed; execute the statement again to read it again.",
    "result.consumed",
  );
}
function requireRows({ rows, keys }: Fetched): { rows: (most?: number) => unknown[]; keys: readonly string[] } {
  if (rows === null) {
    throw new ResourceClosedError(
      "This statement gives no rows; add returning() or read rowCount().",
      "result.no-rows",
    );
  }
  return { rows, keys };
}

/** A view of a result: what it makes of rows, and of their columns' names. */
interface Step {
  readonly read: (rows: unknown[], keys: readonly string[]) => unknown[];
  readonly keys?: (keys: readonly string[]) => readonly string[];
  /** What it makes of a row, where that is no row any more. */
  readonly gives?: "values" | "objects";
  /** Leaves out what this says was seen before. */
  readonly unique?: (row: never) => unknown;
}

/** Rows that are there already, as a source of results. */
function sourceOf(keys: readonly string[], rows: () => MaybePromise<readonly unknown[]>): ResultSource {
  const give = (list: readonly unknown[]): Fetched => ({
    rows: (most = list.length) => list.slice(0, most),
    keys,
    rowCount: list.length,
    lastInsertId: null,
  });
  return {
    waiting: [],
    chunkRows: 1000,
    run() {
      const list = rows();
      return list instanceof Promise ? list.then(give) : give(list as readonly unknown[]);
    },
    async *stream(chunk) {
      const list = await rows();
      const size = typeof chunk === "number" ? chunk : chunk.most;
      for (let at = 0; at < list.length; at += size) yield { rows: list.slice(at, at + size), keys };
    },
  };
}
/** The rows of a result, kept: for a cache, or to be read several times. Source: SQLAlchemy `FrozenResult`. */
export class FrozenResult<out R> {
  readonly keys: readonly string[];
  readonly rows: readonly R[];
  constructor(keys: readonly string[], rows: readonly R[]) {
    this.keys = keys;
    this.rows = rows;
  }
  /** A result over the same rows, as if the statement had just run. */
  result(): Result<R> {
    return Result.of<R>(sourceOf(this.keys, () => this.rows));
  }
}

/**
 * The result of `execute()`. Await it for all rows; `for await` right away streams them.
 *
 * @example
 * const rows = await conn.execute(statement);
 * const user = await conn.execute(statement).one();
 * for await (const row of conn.execute(statement)) console.log(row.name);
 */
export class Result<out R> implements PromiseLike<R[]>, AsyncIterable<R> {
  readonly #execution: Execution;
  readonly #steps: readonly Step[];
  readonly #unique: ((row: never) => unknown) | undefined;
  /** Set by the first `fetchOne` or `fetchMany`: what has been read is gone. */
  #cursor: AsyncIterator<R> | undefined;

  /** `unique`: of what the steps make of the rows. */
  constructor(execution: Execution, steps: readonly Step[] = [], unique?: (row: never) => unknown) {
    this.#execution = execution;
    this.#steps = steps;
    this.#unique = unique;
  }
  /** A result of statements run by `source`. */
  static of<R>(source: ResultSource): Result<R> {
    return new Result<R>(new Execution(source));
  }

  /** Somebody has asked what came of it, and learns of its failure. For connections. */
  get isAwaited(): boolean {
    return this.#execution.isAsked;
  }
  /** What came of it; asks nothing. For connections. */
  get outcome(): MaybePromise<Fetched> | undefined {
    return this.#execution.outcome;
  }
  then<A = R[], B = never>(
    fulfilled?: ((rows: R[]) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.all().then(fulfilled, rejected);
  }
  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<R[] | B> {
    return this.all().catch(rejected);
  }
  finally(done?: (() => void) | null): Promise<R[]> {
    return this.all().finally(done);
  }
  /** All rows; none of a statement that gives no rows, where methods that look for one throw ResourceClosedError. */
  all(): Promise<R[]> {
    if (this.#cursor !== undefined) return this.#next(Number.POSITIVE_INFINITY);
    return this.#with((fetched) => (fetched.rows === null && this.#steps.length === 0 ? [] : this.#read(fetched)));
  }
  /** The first row, or null. */
  first(): Promise<R | null> {
    return this.#with((fetched) => this.#read(fetched, 1)[0] ?? null);
  }
  /** @throws NoResultFound, MultipleResultsFound */
  one(): Promise<R> {
    // What is there already needs no function to wait with: the most frequent call of all.
    try {
      const fetched = this.#execution.fetched();
      return fetched instanceof Promise ? this.#onlyLater(fetched) : Promise.resolve(this.#only(fetched));
    } catch (error) {
      return Promise.reject(error);
    }
  }
  async #onlyLater(fetched: Promise<Fetched>): Promise<R> {
    return this.#only(await fetched);
  }
  #only(fetched: Fetched): R {
    const rows = this.#read(fetched, 2);
    if (rows.length === 0) throw new NoResultFound("one() found no row; oneOrNone() gives null then.", "result.none");
    return single(rows, "one");
  }
  /** @throws MultipleResultsFound */
  oneOrNone(): Promise<R | null> {
    return this.#with((fetched) => {
      const rows = this.#read(fetched, 2);
      return rows.length === 0 ? null : single(rows, "oneOrNone");
    });
  }
  /** First column of the first row, or null. */
  scalar(): Promise<FirstOf<R> | null> {
    return this.scalars().first();
  }
  /** First column of the only row. @throws NoResultFound, MultipleResultsFound */
  scalarOne(): Promise<FirstOf<R>> {
    return this.scalars().one();
  }
  /** @throws MultipleResultsFound */
  scalarOneOrNone(): Promise<FirstOf<R> | null> {
    return this.scalars().oneOrNone();
  }
  /** The first column of every row, or another by position or name. */
  scalars<X extends AnyExpr>(column: X): Result<TypeOf<X>>;
  scalars<V = FirstOf<R>>(column?: number | string): Result<V>;
  scalars<V = FirstOf<R>>(column: number | string | AnyExpr = 0): Result<V> {
    const chosen = typeof column === "object" ? this.#locate(column) : column;
    return this.#view<V>({
      gives: "values",
      read: (rows, keys) => {
        const at = chosen === 0 ? 0 : place(chosen, keys);
        return rows.map((row) => (row as readonly unknown[])[at]);
      },
    });
  }
  /**
   * Where a column stands in the rows, by the object the statement selects: exact where names are not.
   *
   * @example const id = result.position(o.id); for (const row of await result) row[id];
   * @throws ArgumentError when the statement does not select it
   */
  position(column: AnyExpr): number {
    return this.#locate(column);
  }
  #locate(column: object): number {
    const at = this.#steps.length === 0 ? this.#execution.source.locate?.(column) : undefined;
    if (at !== undefined) return at;
    const name = (column as { readonly name?: string }).name ?? "the expression";
    throw new ArgumentError(
      `The rows of this result do not hold '${name}': give a column the statement selects, a name or a position.`,
      "result.column",
    );
  }
  /**
   * Rows as plain objects by column name.
   * @throws InvalidRequestError (when awaited) when two columns have one name: give them labels
   */
  mappings(): Result<{ [name: string]: unknown }> {
    return this.#view({
      gives: "objects",
      read: (rows, keys) => (rows as (readonly unknown[])[]).map(objectMaker(keys)),
    });
  }
  /**
   * Leaves out rows seen before; `by` says what makes two rows the same. Without it all their values do, of what the rows
   * are in the end: `unique().scalars()` is `scalars().unique()`.
   */
  unique(by?: (row: R) => unknown): Result<R> {
    return new Result<R>(this.#execution, this.#steps, (by ?? sameness) as (row: never) => unknown);
  }
  /** Rows in lists of `size`. Streams when nothing was read before. */
  async *partitions(size?: number): AsyncIterableIterator<R[]> {
    if (size !== undefined) requireCount(size, "partitions()");
    const seen = this.#filters ? new Seen() : undefined;
    const most = size ?? this.#execution.source.chunkRows;
    // Rows left out are made up for by those that follow.
    let list: R[] = [];
    for await (const { rows, keys } of this.#execution.chunks(most)) {
      const more = this.#finish(rows, keys, seen);
      list = list.length === 0 ? more : list.concat(more);
      for (; list.length >= most; list = list.slice(most)) yield list.length === most ? list : list.slice(0, most);
    }
    if (list.length > 0) yield list;
  }
  [Symbol.asyncIterator](): AsyncIterator<R> {
    if (this.#cursor !== undefined) return this.#cursor;
    const { chunkRows, growing = chunkRows } = this.#execution.source;
    const chunks = this.#execution.chunks(growing);
    const seen = this.#filters ? new Seen() : undefined;
    return flatten(chunks, (chunk) => this.#finish(chunk.rows, chunk.keys, seen));
  }
  /**
   * The next row, or null at the end: rows are read one after the other, through a cursor when this comes first.
   * `fetchMany`, `all` and `for await` go on from there; `close()` lets go of the rest.
   */
  async fetchOne(): Promise<R | null> {
    return (await this.#next(1))[0] ?? null;
  }
  /** The next `size` rows; fewer at the end, none after it. */
  async fetchMany(size: number = this.#execution.source.chunkRows): Promise<R[]> {
    requireCount(size, "fetchMany()");
    return this.#next(size);
  }
  /** Lets go of the rows not yet read, and of the cursor that holds them. */
  async close(): Promise<void> {
    this.#cursor ??= this[Symbol.asyncIterator]();
    await this.#cursor.return?.();
  }
  async #next(most: number): Promise<R[]> {
    const cursor = (this.#cursor ??= this[Symbol.asyncIterator]());
    const rows: R[] = [];
    while (rows.length < most) {
      const next = await cursor.next();
      if (next.done) break;
      rows.push(next.value);
    }
    return rows;
  }
  /** Other columns, or the same in another order: by position, name or column. */
  columns(...given: readonly (number | string | AnyExpr)[]): Result<AnyColumns> {
    const columns = given.map((c) => (typeof c === "object" ? this.#locate(c) : c));
    const chosen = (keys: readonly string[]) => columns.map((column) => keys[place(column, keys)] as string);
    return this.#view<AnyColumns>({
      keys: chosen,
      read: (rows, keys) => {
        const at = columns.map((column) => place(column, keys));
        const prototype = rowPrototype(chosen(keys));
        return rows.map((row) =>
          Object.setPrototypeOf(
            at.map((i) => (row as readonly unknown[])[i]),
            prototype,
          ),
        );
      },
    });
  }
  /** Reads all rows and keeps them, to be read again and again. */
  async freeze(): Promise<FrozenResult<R>> {
    return new FrozenResult(await this.keys(), await this.all());
  }
  /**
   * The rows of this result and of others after it, as one. All need the same columns.
   * @throws (when awaited) InvalidRequestError
   */
  merge(...others: readonly Result<R>[]): Result<R> {
    const all = [this, ...others] as const;
    const keys: string[] = [];
    const rows = async (): Promise<readonly R[]> => {
      const shapes = await Promise.all(all.map((result) => result.keys()));
      keys.push(...(shapes[0] as readonly string[]));
      const odd = shapes.find((shape) => shape.join("\0") !== keys.join("\0"));
      if (odd !== undefined) {
        throw new InvalidRequestError(
          `Results with the columns ${keys.join(", ")} and ${odd.join(", ")} cannot be merged.`,
          "result.merge",
        );
      }
      return (await Promise.all(all.map((result) => result.all()))).flat();
    };
    return Result.of<R>(sourceOf(keys, rows));
  }
  /** Rows matched by UPDATE or DELETE, inserted by INSERT; -1 where the driver does not know. */
  rowCount(): Promise<number> {
    return this.#with((fetched) => fetched.rowCount);
  }
  /** The key generated by a one-row INSERT where the driver reports it (SQLite, MySQL); else null. */
  lastInsertId(): Promise<number | bigint | null> {
    return this.#with((fetched) => fetched.lastInsertId);
  }
  /**
   * The primary key of the row an INSERT wrote: given, made on the client or by the database.
   *
   * @example const key = await conn.execute(insert(users).values({ name: "Ann" })).insertedPrimaryKey();   // key.id
   * @throws InvalidRequestError when the statement wrote several rows, or was sent before this was asked
   */
  async insertedPrimaryKey(): Promise<AnyInsertedRow> {
    const rows = await this.insertedPrimaryKeyRows();
    return oneInserted(rows, "insertedPrimaryKey");
  }
  /** The primary keys of all rows, in the order of `values()`. */
  insertedPrimaryKeyRows(): Promise<readonly AnyInsertedRow[]> {
    this.#execution.expectKeys();
    return this.#with((fetched) => requireInserted(fetched).primaryKeys() as readonly AnyInsertedRow[]);
  }
  /** What `returnDefaults()` asked for, of a single row. */
  async returnedDefaults(): Promise<AnyInsertedRow> {
    return oneInserted(await this.returnedDefaultsRows(), "returnedDefaults");
  }
  /** What `returnDefaults()` asked for, row by row in the order of `values()`. */
  returnedDefaultsRows(): Promise<readonly AnyInsertedRow[]> {
    return this.#with((fetched) => requireInserted(fetched).defaults() as readonly AnyInsertedRow[]);
  }
  /** The rows as sent, with what was filled in on the client. */
  lastInsertedParams(): Promise<readonly { readonly [key: string]: unknown }[]> {
    this.#execution.expectKeys();
    return this.#with((fetched) => requireInserted(fetched).params);
  }
  /** Columns of an INSERT that were filled in on the client. */
  prefetchColumns(): Promise<readonly string[]> {
    this.#execution.expectKeys();
    return this.#with((fetched) => requireInserted(fetched).prefetched);
  }
  /** Columns of an INSERT that the database filled and whose values did not come back. */
  postfetchColumns(): Promise<readonly string[]> {
    this.#execution.expectKeys();
    return this.#with((fetched) => requireInserted(fetched).postfetched);
  }
  /** Names of the columns. @throws ResourceClosedError */
  keys(): Promise<readonly string[]> {
    return this.#with((fetched) =>
      this.#steps.reduce((keys, step) => step.keys?.(keys) ?? keys, requireRows(fetched).keys),
    );
  }

  #view<V>(step: Step): Result<V> {
    const unique = this.#unique;
    const steps = [...this.#steps];
    // A function of the caller's is of the rows it was given for.
    if (unique !== undefined && unique !== sameness) steps.push({ read: (rows) => rows, unique });
    const objects = steps.findIndex((s) => s.gives !== undefined);
    if (objects < 0) steps.push(step);
    else if (steps[objects]?.gives === "values")
      throw new ArgumentError("What scalars() gives are values, not rows: choose columns before it.", "result.values");
    // Of objects, by choosing from the rows they are made of.
    else steps.splice(objects, step.gives === undefined ? 0 : 1, step);
    return new Result<V>(this.#execution, steps, unique === sameness ? unique : undefined);
  }
  /** Rows are left out. */
  get #filters(): boolean {
    return this.#unique !== undefined || this.#steps.some((step) => step.unique !== undefined);
  }
  #with<T>(use: (fetched: Fetched) => T): Promise<T> {
    try {
      const fetched = this.#execution.fetched();
      return fetched instanceof Promise ? fetched.then(use) : Promise.resolve(use(fetched));
    } catch (error) {
      return Promise.reject(error);
    }
  }
  #read(fetched: Fetched, most?: number): R[] {
    const { rows, keys } = requireRows(fetched);
    if (this.#filters) {
      const all = this.#finish(rows(), keys, new Seen());
      return most === undefined ? all : all.slice(0, most);
    }
    return this.#finish(rows(most), keys, undefined);
  }
  #finish(read: unknown[], names: readonly string[], seen: Seen | undefined): R[] {
    let rows = read;
    let keys = names;
    for (const step of this.#steps) {
      rows = step.read(rows, keys);
      if (step.keys !== undefined) keys = step.keys(keys);
      if (seen !== undefined && step.unique !== undefined) rows = seen.fresh(rows, step.unique);
    }
    if (seen !== undefined && this.#unique !== undefined) rows = seen.fresh(rows, this.#unique);
    return rows as R[];
  }
}

/** Values by position and by property name. */
export type AnyInsertedRow = readonly unknown[] & { readonly [name: string]: unknown };
function requireInserted({ inserted }: Fetched): Inserted {
  if (inserted !== undefined) return inserted;
  throw new InvalidRequestError("Only an INSERT of values() knows keys and defaults of its rows.", "inserted.none");
}
function oneInserted(rows: readonly AnyInsertedRow[], method: string): AnyInsertedRow {
  if (rows.length === 1) return rows[0] as AnyInsertedRow;
  throw new InvalidRequestError(
    `${method}() is of one row, and ${rows.length} were written: use ${method}Rows().`,
    "inserted.several",
  );
}

/** What `scalar()` gives of a row. */
export type FirstOf<R> = R extends readonly [infer F, ...unknown[]]
  ? F
  : R extends { readonly 0: infer F }
    ? F
    : unknown;

/** Rows whose columns were chosen by name at run time. */
type AnyColumns = readonly unknown[] & { readonly [name: string]: unknown };
/** @throws ArgumentError for a column that is not there */
function place(column: number | string, keys: readonly string[]): number {
  const at = typeof column === "string" ? keys.indexOf(column) : column;
  if (typeof column === "string" && at >= 0 && keys.indexOf(column, at + 1) >= 0)
    throw new InvalidRequestError(
      `The result has several columns named '${column}': give a position.`,
      "row.ambiguous",
    );
  if (Number.isInteger(at) && at >= 0 && at < keys.length) return at;
  throw new ArgumentError(
    `The result has no column ${typeof column === "string" ? `'${column}'` : column}; it has ${keys.join(", ")}.`,
    "result.column",
  );
}
function single<T>(rows: T[], method: string): T {
  if (rows.length > 1) {
    throw new MultipleResultsFound(`${method}() found several rows where at most one was expected.`, "result.multiple");
  }
  return rows[0] as T;
}
async function* flatten<R>(chunks: AsyncIterable<Chunk>, finish: (chunk: Chunk) => R[]): AsyncGenerator<R> {
  for await (const chunk of chunks) for (const row of finish(chunk)) yield row;
}
