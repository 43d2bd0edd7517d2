/**
 * One statement on its way through `pg`: submitted as one packet, its rows read from bytes. It stands in for pg's Query
 * (and says it is one, which pipelining asks for) without that class's events and result objects.
 */
import type pg from "pg";
import { InternalError, NotSupportedError } from "../../errors/errors.js";
import type { DeclaredColumn, FieldInfo, RawResult } from "../driver.js";
import { type Bytes, type RowBytesReader, type RowPlan, rowBytesReader, rowPlan } from "./driver-readers.js";
import { MessageWriter, type WireQuery } from "./driver-wire.js";

/** What is known of a text after it ran. */
export interface KnownStatement {
  /** Its name on the server, once it has one. */
  name: string | undefined;
  /** Parse went out on this connection and was not refused. */
  parsed: boolean;
  /** What it gives, as the server described it for the named statement: it cannot change without an error. */
  described: { readonly fields: readonly FieldInfo[] | null; readonly oids: readonly number[] } | undefined;
  /** Readers by what the columns were declared as. */
  plan:
    | { readonly columns: readonly DeclaredColumn[] | undefined; readonly plan: RowPlan; readonly read: RowBytesReader }
    | undefined;
}
type Done = (error: unknown, result: RawResult | undefined, command: string) => void;
interface Description {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}
interface Socket {
  readonly stream: { write(bytes: Buffer): boolean; readonly writable: boolean };
}
const writer = new MessageWriter();

export class WireStatement implements WireQuery {
  readonly #text: string;
  readonly #values: readonly unknown[];
  readonly #columns: readonly DeclaredColumn[] | undefined;
  readonly #known: KnownStatement | undefined;
  /** Always the extended protocol, even without parameters. */
  readonly #extended: boolean;
  /** pg wraps it when it has a timeout of its own; it looks at the name too. */
  callback: Done;
  readonly name = undefined;
  readonly text = undefined;
  #rows: unknown[][] = [];
  #fields: readonly FieldInfo[] | null = null;
  #read: RowBytesReader | undefined;
  #rowCount = -1;
  #command = "";
  #ended = false;
  #parse: "none" | "sent" | "done" = "none";
  #describes = false;
  #failure: unknown;

  constructor(
    text: string,
    values: readonly unknown[],
    known: KnownStatement | undefined,
    columns: readonly DeclaredColumn[] | undefined,
    extended: boolean,
    done: Done,
  ) {
    this.#text = text;
    this.#values = values;
    this.#known = known?.name === undefined ? undefined : known;
    this.#columns = columns;
    this.#extended = extended || values.length > 0 || this.#known !== undefined;
    this.callback = done;
  }

  // ---- what pg's client calls ----

  /** An error given back is reported by pg as the query's own. */
  submit(connection: Socket): unknown {
    // As the socket's own error would be: classified as a lost connection, which is replaced.
    if (!connection.stream.writable) return Object.assign(new Error("socket closed"), { code: "EPIPE" });
    try {
      this.#write();
      connection.stream.write(writer.take());
      return null;
    } catch (error) {
      writer.drop();
      return error;
    }
  }
  handleRowDescription({ fields }: Description): void {
    this.#next();
    this.#fields = fields.map((f) => ({ name: f.name, typeCode: f.dataTypeID }));
    const oids = fields.map((f) => f.dataTypeID);
    this.#read = rowBytesReader(rowPlan(oids, this.#columns, false));
    if (this.#known !== undefined) this.#known.described = { fields: this.#fields, oids };
  }
  /** Only when pg reads the stream itself, which it does not here. */
  handleDataRow(): void {
    this.#failure ??= new InternalError("pg read a row that was meant for its query's own reader.");
  }
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {
    this.#next();
  }
  handlePortalSuspended(): void {}
  handleCopyInResponse(connection: { sendCopyFail(reason: string): void }): void {
    connection.sendCopyFail("COPY FROM STDIN needs a stream; use the driver's connection for it.");
  }
  /** Rows of another kind, which nobody here reads: better an error than an empty result. */
  handleCopyData(): void {
    this.#failure ??= new NotSupportedError(
      "COPY TO STDOUT gives a stream; use the driver's connection for it, as pg-copy-streams does.",
      { statement: this.#text },
    );
  }
  handleError(error: unknown): void {
    const known = this.#known;
    if (known !== undefined && this.#parse === "sent") known.parsed = false;
    this.#settle(this.#failure ?? error);
  }
  handleReadyForQuery(): void {
    const known = this.#known;
    if (known !== undefined && this.#describes && known.described === undefined)
      known.described = { fields: null, oids: [] };
    this.#settle(this.#failure);
  }

  // ---- what the stream gives ----

  parsed(): void {
    this.#parse = "done";
  }
  dataRow(bytes: Bytes, at: number): void {
    if (this.#failure !== undefined) return;
    try {
      this.#rows.push((this.#read as RowBytesReader)(bytes, at));
    } catch (error) {
      this.#failure = error;
    }
  }
  complete(bytes: Bytes, from: number, to: number): void {
    if (this.#ended) this.#next();
    this.#ended = true;
    const tag = bytes.latin1Slice(from, to);
    const space = tag.lastIndexOf(" ");
    const first = tag.indexOf(" ");
    this.#command = first < 0 ? tag : tag.slice(0, first);
    const count = space < 0 ? Number.NaN : Number(tag.slice(space + 1));
    this.#rowCount = Number.isInteger(count) ? count : -1;
  }

  #write(): void {
    const known = this.#known;
    if (!this.#extended) {
      writer.simpleQuery(this.#text);
      return;
    }
    const name = known?.name ?? "";
    const described = known?.parsed === true ? known.described : undefined;
    if (known === undefined || !known.parsed) {
      writer.parse(name, this.#text);
      if (known !== undefined) {
        this.#parse = "sent";
        known.parsed = true;
        known.described = undefined;
        known.plan = undefined;
      }
    }
    if (described === undefined) {
      writer.bind(name, this.#values, []);
      writer.describePortal();
      this.#describes = true;
    } else {
      this.#fields = described.fields;
      writer.bind(name, this.#values, this.#planned(known as KnownStatement, described.oids));
    }
    writer.executeAndSync();
  }
  #planned(known: KnownStatement, oids: readonly number[]): readonly (0 | 1)[] {
    if (known.plan === undefined || known.plan.columns !== this.#columns) {
      const plan = rowPlan(oids, this.#columns, true);
      known.plan = { columns: this.#columns, plan, read: rowBytesReader(plan) };
    }
    this.#read = known.plan.read;
    return known.plan.plan.formats;
  }
  /** Several commands in one text: the last one counts. */
  #next(): void {
    if (!this.#ended) return;
    this.#ended = false;
    this.#rows = [];
    this.#fields = null;
    this.#rowCount = -1;
    this.#command = "";
  }
  #settle(error: unknown): void {
    if (error !== undefined && error !== null) {
      this.callback(error, undefined, this.#command);
      return;
    }
    const fields = this.#fields;
    this.callback(
      null,
      {
        rows: this.#rows,
        fields,
        rowCount: this.#rowCount,
        lastInsertId: null,
      },
      this.#command,
    );
  }
}
/** Gives a client's Query class as ancestor, by which `pg` knows what may share a pipeline. */
export function asPgQuery(Query: unknown): boolean {
  const ancestor = (Query as { readonly prototype?: object } | undefined)?.prototype;
  if (ancestor === undefined) return false;
  if (Object.getPrototypeOf(WireStatement.prototype) === Object.prototype)
    Object.setPrototypeOf(WireStatement.prototype, ancestor);
  return Object.getPrototypeOf(WireStatement.prototype) === ancestor;
}
export const isWireStatement = (query: unknown): query is WireStatement & pg.Submittable =>
  query instanceof WireStatement;
