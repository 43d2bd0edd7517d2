/** MySQL and MariaDB through the package `mysql2`. */
import type mysql from "mysql2";
import { OperationalError } from "../../errors/errors.js";
import { chunkSizes } from "../chunks.js";
import type {
  BeginOptions,
  ChunkRows,
  DeclaredColumn,
  DriverConnection,
  FieldInfo,
  RawResult,
  RawStream,
  StatementHint,
  TwoPhaseDriver,
} from "../driver.js";
import { unconverted } from "../values.js";
import { rawBind } from "./types.js";

/** Opens another connection to the same server: for cancelling. */
export type OpenMysql = () => Promise<mysql.Connection>;

/** JSON, also where MariaDB calls it text. */
const JSON_CODE = 245;
/** Ours: a computed whole number of few digits. */
export const SHORT_WHOLE_CODE = -8;
const UNSUPPORTED_IN_PREPARED = 1295;
/** What the server says itself of too few. */
const WRONG_COUNT = 1210;
/** Deadlock and its kin: with them the server may have rolled the whole transaction back. */
const ROLLS_BACK = new Set([1213, 1205, 1020, 1047, 1180]);
const DDL = /^(?:\s|--.*\n|#.*\n|\/\*[\s\S]*?\*\/)*(?:alter|create|drop|rename)\b/i;
type Answer = { readonly result: unknown; readonly fields: readonly mysql.FieldPacket[] | undefined };

export class MysqlConnection implements DriverConnection {
  readonly #connection: mysql.Connection;
  readonly #open: OpenMysql;
  /** Backslashes escape: values may be written into the text by the driver, whose escaping relies on it. */
  #textValues: boolean;
  #alive = true;
  /** Of an XA transaction that is open. */
  #xid: string | undefined;
  /** What began the transaction that callers believe to be open. */
  #begun: string | undefined;
  /**
   * Whether the server has ended it by itself, as DDL and deadlocks make it do: what follows would be saved at once and
   * could not be rolled back, so a new one is begun in front of it. "unsure" after an error, which does not tell.
   */
  #lapsed: boolean | "unsure" = false;
  /** The statement of the program's own that was looked at last, and how many parameters it has. */
  #counted: { readonly sql: string; readonly count: number } | undefined;
  /** With this error it may have been rolled back: then nothing may follow, since the first half is lost. */
  #undoing: unknown;

  constructor(connection: mysql.Connection, textValues: boolean, open: OpenMysql) {
    this.#connection = connection;
    this.#textValues = textValues;
    this.#open = open;
    connection.on("error", () => {
      this.#alive = false;
    });
    connection.on("end", () => {
      this.#alive = false;
    });
  }
  get alive(): boolean {
    return this.#alive;
  }
  get raw(): unknown {
    return this.#connection;
  }
  /** For the pool: an idle connection does not keep the process running. */
  setIdle(idle: boolean): void {
    const { stream } = this.#connection as unknown as { readonly stream?: { ref?(): void; unref?(): void } };
    if (idle) stream?.unref?.();
    else stream?.ref?.();
  }

  async execute(sql: string, params: readonly unknown[], hint: StatementHint): Promise<RawResult> {
    const values = params.length === 0 ? params : params.map(hint.returnsRows === undefined ? rawBind : driverValue);
    const prepared =
      (params.length > 0 ? hint.prepare || !this.#textValues : hint.prepare && hint.returnsRows !== undefined) ||
      hint.columns?.some(isDouble) === true;
    if (this.#lapsed !== false) await this.#beginAgain();
    let answer: Answer;
    try {
      if (prepared && hint.returnsRows === undefined) await this.#requireCount(sql, values.length);
      answer = await this.#send(prepared && hint.kinds !== undefined ? sql + hint.kinds : sql, values, prepared);
    } catch (error) {
      this.#noted(error);
      // Some statements exist only in the text protocol.
      if (!prepared || (error as { readonly errno?: number }).errno !== UNSUPPORTED_IN_PREPARED || !this.#textValues)
        throw error;
      answer = await this.#send(sql, values, false);
    }
    if (this.#begun !== undefined) this.#lapsed = outsideTransaction(answer.result);
    if (!prepared && DDL.test(sql)) this.#forgetPrepared();
    return rawResult(answer);
  }
  #noted(error: unknown): void {
    if (this.#begun === undefined) return;
    this.#lapsed = "unsure";
    if (ROLLS_BACK.has((error as { readonly errno?: number }).errno ?? 0)) this.#undoing = error;
  }
  /**
   * For SQL of the program's own: given too many values, the package sends them all, and the server reads the first of
   * them out of the wrong bytes. The statement prepared here is the one that runs next.
   */
  async #requireCount(sql: string, given: number): Promise<void> {
    if (this.#counted?.sql !== sql) {
      const count = await new Promise<number>((resolve, reject) =>
        this.#connection.prepare({ sql, rowsAsArray: true } as never, (error, made) =>
          error
            ? reject(error)
            : resolve((made as unknown as { readonly parameters: readonly unknown[] }).parameters.length),
        ),
      );
      this.#counted = { sql, count };
    }
    const { count } = this.#counted as { readonly count: number };
    if (count !== given)
      throw Object.assign(new RangeError(`The statement has ${count} parameters, and ${given} values were given.`), {
        errno: WRONG_COUNT,
      });
  }
  /**
   * MySQL prepares its statements anew after DDL, but with the types of the parameters found before: a column made NUMERIC
   * would go on getting its values by way of DOUBLE. Preparing them ourselves finds the types anew.
   */
  #forgetPrepared(): void {
    (this.#connection as { readonly _statements?: { clear(): void } })._statements?.clear();
  }
  async #beginAgain(): Promise<void> {
    const unsure = this.#lapsed === "unsure";
    this.#lapsed = false;
    if (this.#begun === undefined) return;
    const undoing = this.#undoing;
    this.#undoing = undefined;
    if (unsure && !outsideTransaction((await this.#send("DO 0", [], false)).result)) return;
    if (undoing !== undefined) {
      this.#undoing = undoing;
      this.#lapsed = true;
      throw new OperationalError(
        `The server had already rolled this transaction back (${(undoing as Error).message}): call rollback() and run it again.`,
        { retryable: true, cause: undoing },
      );
    }
    await this.#send(this.#begun, [], false);
  }
  async executeMany(sql: string, sets: readonly (readonly unknown[])[], hint: StatementHint): Promise<RawResult> {
    let rowCount = 0;
    const rows: unknown[][] = [];
    let last: RawResult | undefined;
    for (const set of sets) {
      last = await this.execute(sql, set, { ...hint, prepare: true });
      rowCount += last.rowCount;
      for (const row of last.rows) rows.push(row);
    }
    return { rows, rowCount, fields: last?.fields ?? null, lastInsertId: last?.lastInsertId ?? null };
  }
  stream(sql: string, params: readonly unknown[], hint: StatementHint, chunkRows: ChunkRows): RawStream {
    const values = params.map(hint.returnsRows === undefined ? rawBind : driverValue);
    const connection = this.#connection;
    const nextSize = chunkSizes(chunkRows);
    const most = typeof chunkRows === "number" ? chunkRows : chunkRows.most;
    let fields: readonly FieldInfo[] | null = null;
    const before = async () => {
      if (this.#lapsed !== false) await this.#beginAgain();
      if (values.length > 0 && hint.returnsRows === undefined) await this.#requireCount(sql, values.length);
    };
    const noted = (error: unknown) => this.#noted(error);
    async function* chunks(): AsyncGenerator<unknown[][]> {
      await before();
      const text = hint.kinds === undefined ? sql : sql + hint.kinds;
      const options = { sql: text, rowsAsArray: true, ...(values.length === 0 ? undefined : { values }) };
      // The command has no results of its own when it streams; without values the text protocol does, but for doubles.
      const asText = values.length === 0 && hint.columns?.some(isDouble) !== true;
      const command = (asText ? connection.query(options) : connection.execute(options)) as mysql.Query;
      const rows = command.stream({ highWaterMark: most, objectMode: true });
      rows.on("fields", (list: readonly mysql.FieldPacket[] | undefined) => {
        if (list !== undefined) fields = list.map(fieldInfo);
      });
      let chunk: unknown[][] = [];
      let size = nextSize();
      let finished = false;
      try {
        for await (const row of rows) {
          // Of a statement without rows mysql2 gives its outcome as if that were one.
          if (!Array.isArray(row)) continue;
          chunk.push(row);
          if (chunk.length < size) continue;
          yield chunk;
          chunk = [];
          size = nextSize();
        }
        finished = true;
      } catch (error) {
        noted(error);
        throw error;
      } finally {
        // The server sends all rows in any case: the rest has to be read before the connection can be used again.
        if (!finished) await new Promise<void>((done) => connection.query("DO 0", () => done()));
      }
      if (chunk.length > 0) yield chunk;
    }
    return {
      get fields() {
        return fields;
      },
      [Symbol.asyncIterator]: chunks,
    };
  }
  /** Statement by statement on a connection that may take several in one text. */
  async executeScript(sql: string): Promise<void> {
    if (this.#lapsed !== false) await this.#beginAgain();
    try {
      for (const statement of splitScript(sql, this.#textValues)) await this.#send(statement, [], false);
    } catch (error) {
      this.#noted(error);
      throw error;
    }
    this.#forgetPrepared();
    // The pieces of a script may begin and end transactions of their own.
    if (this.#begun !== undefined) this.#lapsed = "unsure";
  }
  async begin(options: BeginOptions): Promise<void> {
    if (options.isolationLevel !== undefined && options.isolationLevel !== "AUTOCOMMIT") {
      await this.#send(`SET TRANSACTION ISOLATION LEVEL ${options.isolationLevel}`, [], false);
    }
    if (options.xid !== undefined) {
      await this.#send(`XA START '${options.xid}'`, [], false);
      this.#xid = options.xid;
      return;
    }
    const begin = options.readOnly ? "START TRANSACTION READ ONLY" : "START TRANSACTION";
    await this.#send(begin, [], false);
    this.#begun = begin;
  }
  async commit(): Promise<void> {
    if (this.#undoing !== undefined) await this.#beginAgain();
    this.#ended();
    const xid = await this.#endNamed();
    await this.#send(xid === undefined ? "COMMIT" : `XA COMMIT '${xid}' ONE PHASE`, [], false);
  }
  async rollback(): Promise<void> {
    this.#ended();
    const xid = await this.#endNamed();
    await this.#send(xid === undefined ? "ROLLBACK" : `XA ROLLBACK '${xid}'`, [], false);
  }
  #ended(): void {
    this.#begun = undefined;
    this.#lapsed = false;
    this.#undoing = undefined;
  }
  /** A named transaction has to be ended before anything can become of it. */
  async #endNamed(): Promise<string | undefined> {
    const xid = this.#xid;
    if (xid === undefined) return undefined;
    this.#xid = undefined;
    await this.#send(`XA END '${xid}'`, [], false);
    return xid;
  }
  readonly twoPhase: TwoPhaseDriver = {
    prepare: async (xid) => {
      await this.#endNamed();
      await this.#send(`XA PREPARE '${xid}'`, [], false);
    },
    commit: async (xid) => void (await this.#send(`XA COMMIT ${named(xid)}`, [], false)),
    rollback: async (xid) => void (await this.#send(`XA ROLLBACK ${named(xid)}`, [], false)),
    recover: async () => {
      const { result } = await this.#send("XA RECOVER", [], false);
      return (result as readonly XaRow[]).map(xaName);
    },
  };
  ping(): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#connection.ping((error: unknown) => (error ? reject(error) : resolve())),
    );
  }
  async cancel(): Promise<boolean> {
    const { threadId } = this.#connection;
    const other = await this.#open();
    try {
      await new Promise<void>((resolve, reject) =>
        other.query(`KILL QUERY ${Number(threadId)}`, (error: unknown) => (error ? reject(error) : resolve())),
      );
    } finally {
      other.end();
    }
    return true;
  }
  close(): Promise<void> {
    this.#alive = false;
    return new Promise((resolve, reject) =>
      this.#connection.end((error: unknown) => (error ? reject(error) : resolve())),
    );
  }
  terminate(): void {
    this.#alive = false;
    this.#connection.destroy();
  }

  /** Answers without rows tell how texts are escaped from now on. */
  #escapes(result: unknown): void {
    const status = (result as { readonly serverStatus?: number }).serverStatus;
    if (status !== undefined) this.#textValues = (status & NO_BACKSLASHES) === 0;
  }
  #send(sql: string, values: readonly unknown[], prepared: boolean): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const done = (error: unknown, result: unknown, fields: readonly mysql.FieldPacket[] | undefined): void => {
        if (error) reject(error);
        else {
          this.#escapes(result);
          resolve({ result, fields });
        }
      };
      const options = { sql, rowsAsArray: true, ...(values.length === 0 ? undefined : { values: values as never }) };
      if (prepared) this.#connection.execute(options, done as never);
      else this.#connection.query(options, done as never);
    });
  }
}

/** As text, both servers write the last digit of some doubles wrong (one in 500 between 10 and 10^15). */
const isDouble = ({ type }: DeclaredColumn): boolean => type.kind === "double" || type.kind === "float";
/** Format, lengths of the two parts, and both parts behind each other. */
type XaRow = readonly unknown[];
/** Names that are not one part in the usual format, of other programs, keep their parts: `first,second,format`. */
function xaName(row: XaRow): string {
  const [format, first, second] = row.map(Number) as [number, number, number];
  const data = String(row[3]);
  if (second === 0 && format === 1) return data;
  return `${data.slice(0, first)},${data.slice(first, first + second)},${format}`;
}
function named(xid: string): string {
  const [, first = xid, second, format] = /^(.*),(.*),(\d+)$/s.exec(xid) ?? [];
  const hex = (part: string) => `X'${Buffer.from(part, "latin1").toString("hex")}'`;
  return second === undefined || format === undefined ? hex(first) : `${hex(first)},${hex(second)},${format}`;
}
/** SERVER_STATUS_NO_BACKSLASH_ESCAPES: the session's sql_mode says so, whoever set it. */
const NO_BACKSLASHES = 512;
/**
 * Values already converted by their types; whole numbers as text stay whole (`LIMIT ?` refuses 10.0). What no type has
 * converted is refused: of objects and lists mysql2 makes SQL of its own.
 */
function driverValue(value: unknown): unknown {
  switch (typeof value) {
    case "bigint":
      return String(value);
    case "object":
      if (value === null || Buffer.isBuffer(value)) return value;
      if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      break;
    case "undefined":
      return rawBind(value);
    case "string":
    case "number":
    case "boolean":
      return value;
  }
  throw unconverted(value);
}
function fieldInfo(field: mysql.FieldPacket): FieldInfo {
  const { columnType, columnLength, type, extendedFormat } = field as mysql.FieldPacket & {
    readonly columnType?: number;
    readonly columnLength?: number;
    readonly extendedFormat?: string;
  };
  const code = extendedFormat === "json" ? JSON_CODE : (columnType ?? type ?? null);
  // MySQL calls every computed whole number BIGINT, `select 1` too, and says with its length how long it can be; MariaDB
  // calls the short ones INT. The length of a table's column is no limit.
  if (code === 8 && columnLength !== undefined && columnLength < 10 && field.orgTable === "")
    return { name: field.name, typeCode: SHORT_WHOLE_CODE };
  return { name: field.name, typeCode: code };
}
/** The server's status flags, where an answer carries them: SERVER_STATUS_IN_TRANS is not set. */
function outsideTransaction(result: unknown): boolean {
  const status = (result as { readonly serverStatus?: number }).serverStatus;
  return status !== undefined && (status & 1) === 0;
}
function rawResult({ result, fields }: Answer): RawResult {
  if (fields !== undefined && Array.isArray(result)) {
    return { rows: result as unknown[][], fields: fields.map(fieldInfo), rowCount: result.length, lastInsertId: null };
  }
  const { affectedRows, insertId } = result as {
    readonly affectedRows?: number | string;
    readonly insertId?: number | string;
  };
  const id = insertId === undefined ? 0n : BigInt(insertId);
  const rowCount = affectedRows === undefined ? -1 : Number(affectedRows);
  const lastInsertId = id === 0n ? null : Number.isSafeInteger(Number(id)) ? Number(id) : id;
  return { rows: [], fields: null, rowCount, lastInsertId };
}

const PIECES =
  /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`|--[ \t][^\n]*|--(?=\n|$)|#[^\n]*|\/\*[\s\S]*?\*\/|;/g;
/** With NO_BACKSLASH_ESCAPES. */
const PIECES_PLAIN = /'[^']*'|"[^"]*"|`[^`]*`|--[ \t][^\n]*|--(?=\n|$)|#[^\n]*|\/\*[\s\S]*?\*\/|;/g;
/** Cuts a script at the semicolons that stand outside of strings, names and comments. */
export function splitScript(script: string, backslashesEscape = true): string[] {
  const out: string[] = [];
  let from = 0;
  for (const found of script.matchAll(backslashesEscape ? PIECES : PIECES_PLAIN)) {
    if (found[0] !== ";") continue;
    out.push(script.slice(from, found.index));
    from = found.index + 1;
  }
  out.push(script.slice(from));
  const blank = (text: string) => text.replace(/--[^\n]*|#[^\n]*|\/\*(?!!)[\s\S]*?\*\//g, "").trim() === "";
  return out.filter((text) => !blank(text));
}
