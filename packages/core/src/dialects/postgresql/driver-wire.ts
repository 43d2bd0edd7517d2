/**
 * The bytes between us and the package `pg`: messages of a query written into one buffer, and the stream of answers
 * split so that rows go to their query's own reader. Everything else (login, TLS, notices, errors, order of queries)
 * stays with `pg`. Where `pg` is not as expected, `tapConnection` says so and its own way is used.
 */
import { EventEmitter } from "node:events";
import type pg from "pg";
import { ArgumentError } from "../../errors/errors.js";
import type { Bytes } from "./driver-readers.js";

/** The query that answers now belong to. */
export interface WireQuery {
  /** The server took its Parse. */
  parsed(): void;
  /** A DataRow; its columns begin at `at`. */
  dataRow(bytes: Bytes, at: number): void;
  /** A CommandComplete; its text is between the two. */
  complete(bytes: Bytes, from: number, to: number): void;
}
/** What is used of pg's client beyond its documentation. */
interface Inside {
  readonly connection?: {
    attachListeners?(stream: EventEmitter): unknown;
    readonly stream?: { write?(bytes: Buffer): boolean; readonly writable?: boolean };
    readonly parsedStatements?: { readonly [name: string]: unknown };
  };
  _getActiveQuery?(): unknown;
}
const PARSE_COMPLETE = 49;
const BIND_COMPLETE = 50;
const COMMAND_COMPLETE = 67;
const DATA_ROW = 68;
const HEADER = 5;

/**
 * Puts our reader of the stream in front of pg's, before connecting. `isOurs` knows the queries that read themselves.
 * false: this version of `pg` is put together otherwise.
 */
export function tapConnection(client: pg.Client, isOurs: (query: unknown) => query is WireQuery): boolean {
  const inside = client as unknown as Inside;
  const { connection } = inside;
  const attach = connection?.attachListeners;
  if (connection === undefined || typeof attach !== "function" || typeof inside._getActiveQuery !== "function")
    return false;
  if (typeof connection.parsedStatements !== "object") return false;
  // Called for the plain socket, or later for the TLS stream.
  connection.attachListeners = (stream: EventEmitter) => {
    const feed = new EventEmitter();
    stream.once("end", () => feed.emit("end"));
    stream.on(
      "data",
      splitter(
        (part) => feed.emit("data", part),
        () => {
          const query = inside._getActiveQuery?.();
          return isOurs(query) ? query : undefined;
        },
      ),
    );
    return attach.call(connection, feed);
  };
  return true;
}

/** Cuts chunks into messages, in order: rows to the active query, runs of everything else to `pass`. */
export function splitter(pass: (part: Buffer) => void, active: () => WireQuery | undefined): (chunk: Buffer) => void {
  /** Pieces of a message that has not arrived in full. */
  let parts: Buffer[] = [];
  let have = 0;
  /** Its length, once the header is there. */
  let need = 0;
  const message = (bytes: Buffer, at: number, end: number, before: () => void): boolean => {
    const code = bytes[at];
    if (code !== DATA_ROW && code !== BIND_COMPLETE && code !== PARSE_COMPLETE && code !== COMMAND_COMPLETE)
      return false;
    // What stands before may change which query is active.
    before();
    const query = active();
    if (query === undefined) return false;
    if (code === DATA_ROW) query.dataRow(bytes as Bytes, at + HEADER);
    else if (code === COMMAND_COMPLETE) query.complete(bytes as Bytes, at + HEADER, end - 1);
    else if (code === PARSE_COMPLETE) query.parsed();
    return true;
  };
  return (chunk) => {
    let at = 0;
    if (have > 0) {
      // The rest of the message begun earlier; only that is copied, never the whole chunk.
      if (have < HEADER) {
        const some = chunk.subarray(0, HEADER - have);
        parts.push(some);
        have += some.length;
        at = some.length;
        if (have < HEADER) return;
      }
      if (need === 0) {
        const head = Buffer.concat(parts);
        parts = [head];
        need = 1 + head.readInt32BE(1);
      }
      const more = chunk.subarray(at, at + need - have);
      if (more.length > 0) parts.push(more);
      have += more.length;
      at += more.length;
      if (have < need) return;
      const whole = Buffer.concat(parts);
      parts = [];
      have = need = 0;
      if (!message(whole, 0, whole.length, () => {})) pass(whole);
    }
    let run = at;
    const before = (): void => {
      if (run < at) pass(chunk.subarray(run, at));
      run = at;
    };
    while (at + HEADER <= chunk.length) {
      const end = at + 1 + chunk.readInt32BE(at + 1);
      if (end > chunk.length) break;
      if (message(chunk, at, end, before)) run = end;
      at = end;
    }
    before();
    if (at < chunk.length) {
      parts = [chunk.subarray(at)];
      have = chunk.length - at;
    }
  };
}

type WritableBytes = Bytes & { utf8Write(text: string, at: number): number };

/** Writes messages one behind the other; the buffer is used again. */
export class MessageWriter {
  #bytes = Buffer.allocUnsafeSlow(4096) as WritableBytes;
  #at = 0;
  #begin = 0;

  #room(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + more)) as WritableBytes;
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
  #int32(n: number): void {
    this.#room(4);
    this.#bytes.writeInt32BE(n, this.#at);
    this.#at += 4;
  }
  #int16(n: number): void {
    this.#room(2);
    this.#bytes.writeUInt16BE(n, this.#at);
    this.#at += 2;
  }
  /** Text that ends with a zero byte. */
  #zeroEnded(text: string): void {
    if (text.includes("\0")) throw new ArgumentError("PostgreSQL takes no NUL character in statements.", "value.nul");
    this.#room(text.length * 3 + 1);
    this.#at += this.#bytes.utf8Write(text, this.#at);
    this.#bytes[this.#at++] = 0;
  }
  #start(code: number): void {
    this.#room(HEADER);
    this.#bytes[this.#at] = code;
    this.#begin = this.#at + 1;
    this.#at += HEADER;
  }
  #end(): void {
    this.#bytes.writeInt32BE(this.#at - this.#begin, this.#begin);
  }
  simpleQuery(sql: string): void {
    this.#start(81);
    this.#zeroEnded(sql);
    this.#end();
  }
  parse(name: string, sql: string): void {
    this.#start(80);
    this.#zeroEnded(name);
    this.#zeroEnded(sql);
    this.#int16(0);
    this.#end();
  }
  bind(name: string, values: readonly unknown[], formats: readonly (0 | 1)[]): void {
    this.#start(66);
    this.#zeroEnded("");
    this.#zeroEnded(name);
    const bytes = values.some((v) => v instanceof Uint8Array);
    if (bytes) {
      this.#int16(values.length);
      for (const value of values) this.#int16(value instanceof Uint8Array ? 1 : 0);
    } else this.#int16(0);
    this.#int16(values.length);
    for (const value of values) this.#value(value);
    this.#int16(formats.length);
    for (const format of formats) this.#int16(format);
    this.#end();
  }
  #value(value: unknown): void {
    if (value === null || value === undefined) {
      this.#int32(-1);
      return;
    }
    if (value instanceof Uint8Array) {
      this.#int32(value.length);
      this.#room(value.length);
      this.#bytes.set(value, this.#at);
      this.#at += value.length;
      return;
    }
    const text = typeof value === "string" ? value : textOf(value);
    this.#room(4 + text.length * 3);
    const written = this.#bytes.utf8Write(text, this.#at + 4);
    this.#bytes.writeInt32BE(written, this.#at);
    this.#at += 4 + written;
  }
  describePortal(): void {
    this.#start(68);
    this.#room(2);
    this.#bytes[this.#at++] = 80;
    this.#bytes[this.#at++] = 0;
    this.#end();
  }
  executeAndSync(): void {
    this.#start(69);
    this.#zeroEnded("");
    this.#int32(0);
    this.#end();
    this.#start(83);
    this.#end();
  }
  /** What was written, as a buffer of its own: a socket may keep it for a while. */
  take(): Buffer {
    const out = Buffer.allocUnsafe(this.#at);
    this.#bytes.copy(out, 0, 0, this.#at);
    this.drop();
    return out;
  }
  drop(): void {
    this.#at = 0;
    if (this.#bytes.length > 1 << 20) this.#bytes = Buffer.allocUnsafeSlow(4096) as WritableBytes;
  }
}
function textOf(value: unknown): string {
  switch (typeof value) {
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    default:
      throw new ArgumentError(
        `A parameter of type ${typeof value} reached the driver unconverted; give the parameter a type.`,
        "value.type",
      );
  }
}
