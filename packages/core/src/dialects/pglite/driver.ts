/** The package `@electric-sql/pglite` as a driver. `pglite://` is memory, `pglite:///folder` a folder. */
import type { PGlite as PGliteClass, Results } from "@electric-sql/pglite";
import { InternalError } from "../../errors/errors.js";
import { chunkSizes } from "../chunks.js";
import type { DatabaseUrl } from "../dialect.js";
import type {
  BeginOptions,
  ChunkRows,
  Driver,
  DriverConnection,
  RawResult,
  RawStream,
  StatementHint,
} from "../driver.js";
import { checkUrlOptions, importDriver } from "../options.js";
import { rawBind } from "../postgresql/types.js";

type Package = { readonly PGlite: typeof PGliteClass };
type Codecs = { readonly [oid: number]: (value: string) => string };

const same = (value: string): string => value;

export async function loadPglite(url: DatabaseUrl, options: { readonly [name: string]: unknown }): Promise<Driver> {
  checkUrlOptions(url, []);
  const { PGlite } = await importDriver<Package>("@electric-sql/pglite", "PGlite");
  const { connectArgsProvider: _, ...args } = options;
  // Starting takes seconds: the instance outlives the connections of the pool.
  let instance: Promise<PGliteClass> | undefined;
  return {
    name: "pglite",
    pooling: "single",
    async connect() {
      instance ??= PGlite.create({ ...args, ...(url.database === undefined ? undefined : { dataDir: url.database }) });
      try {
        return new PgliteConnection(await instance);
      } catch (error) {
        instance = undefined;
        throw error;
      }
    },
    async dispose() {
      const running = instance;
      instance = undefined;
      if (running !== undefined) await (await running).close();
    },
  };
}

/** Every value travels as text, so that the readers of PostgreSQL serve here as well. */
class PgliteConnection implements DriverConnection {
  readonly #db: PGliteClass;
  readonly #codecs: Codecs;
  #open = true;

  constructor(db: PGliteClass) {
    this.#db = db;
    const known = [...Object.keys(db.parsers), ...Object.keys(db.serializers)];
    this.#codecs = Object.fromEntries(known.map((oid) => [oid, same]));
  }
  get alive(): boolean {
    return this.#open && !this.#db.closed;
  }
  get raw(): unknown {
    return this.#db;
  }
  async execute(sql: string, params: readonly unknown[], hint: StatementHint): Promise<RawResult> {
    const values = params.map((value) => asText(hint.returnsRows === undefined ? rawBind(value) : value));
    let answer: Results<unknown[]>;
    try {
      const options = { rowMode: "array", parsers: this.#codecs, serializers: this.#codecs } as const;
      answer = (await this.#db.query(sql, values, options)) as Results<unknown[]>;
    } catch (error) {
      // Hundreds of codecs hang on the error otherwise and fill the terminal when it is printed.
      if (typeof error === "object" && error !== null) delete (error as { queryOptions?: unknown }).queryOptions;
      throw error;
    }
    const { fields } = answer;
    const rowCount = fields.length > 0 ? answer.rows.length : (answer.affectedRows ?? -1);
    return {
      rows: fields.length > 0 ? (answer.rows as unknown as unknown[][]) : [],
      fields: fields.length > 0 ? fields.map((f) => ({ name: f.name, typeCode: f.dataTypeID })) : null,
      rowCount,
      lastInsertId: null,
    };
  }
  async executeMany(sql: string, sets: readonly (readonly unknown[])[], hint: StatementHint): Promise<RawResult> {
    let rowCount = 0;
    const rows: unknown[][] = [];
    let last: RawResult | undefined;
    for (const set of sets) {
      last = await this.execute(sql, set, hint);
      rowCount += last.rowCount;
      for (const row of last.rows) rows.push(row);
    }
    return { rows, rowCount, fields: last?.fields ?? null, lastInsertId: null };
  }
  /** The rows are in this process anyway: a cursor would save nothing. */
  stream(sql: string, params: readonly unknown[], hint: StatementHint, chunkRows: ChunkRows): RawStream {
    let fields: RawResult["fields"] = null;
    const nextSize = chunkSizes(chunkRows);
    const run = () => this.execute(sql, params, hint);
    async function* chunks(): AsyncGenerator<unknown[][]> {
      const all = await run();
      fields = all.fields;
      for (let at = 0; at < all.rows.length; ) {
        const size = nextSize();
        yield all.rows.slice(at, at + size);
        at += size;
      }
    }
    return {
      get fields() {
        return fields;
      },
      [Symbol.asyncIterator]: chunks,
    };
  }
  async executeScript(sql: string): Promise<void> {
    await this.#db.exec(sql);
  }
  async begin(options: BeginOptions): Promise<void> {
    const level =
      options.isolationLevel === undefined || options.isolationLevel === "AUTOCOMMIT"
        ? ""
        : ` ISOLATION LEVEL ${options.isolationLevel}`;
    await this.#db.exec(
      `BEGIN${level}${options.readOnly ? " READ ONLY" : ""}${options.deferrable ? " DEFERRABLE" : ""}`,
    );
  }
  async commit(): Promise<void> {
    // COMMIT of a failed transaction rolls back without an error: ask first.
    const failed = await this.#db.query("select 1").then(
      () => false,
      () => true,
    );
    await this.#db.exec(failed ? "ROLLBACK" : "COMMIT");
    if (failed) throw new InternalError("A statement of this transaction had failed, so COMMIT saved nothing.");
  }
  async rollback(): Promise<void> {
    await this.#db.exec("ROLLBACK");
  }
  async ping(): Promise<void> {
    await this.#db.query("select 1");
  }
  /** The database shares our thread: while it works nobody can ask it to stop. */
  cancel(): boolean {
    return false;
  }
  close(): void {
    this.#open = false;
  }
  terminate(): void {
    if (!this.#open) return;
    this.#open = false;
    // The next connection is the same session: nothing of this one may leak into it.
    void this.#db.exec("ROLLBACK").catch(() => {});
  }
}
function asText(value: unknown): unknown {
  if (value === null || typeof value === "string") return value;
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`;
  return String(value);
}
