/**
 * What tracers see: connects, statements, transactions and flushes as `node:diagnostics_channel`s, three for each kind
 * (`athanor:query:start`, `:end`, `:error`). One object goes through the channels of one operation, so that a subscriber
 * opens its span at the start and finds it again at the end. Attribute names are those of OpenTelemetry's semantic
 * conventions for databases. While nobody subscribes an operation pays three tests. Values of parameters are not published.
 */
import { type Channel, channel } from "node:diagnostics_channel";
import type { MaybePromise } from "../dialects/driver.js";

/** What every trace carries. */
export interface Trace {
  /** "postgresql", "mysql", "mariadb", "sqlite". */
  readonly "db.system.name": string;
  /** The database's name. */
  readonly "db.namespace"?: string | undefined;
  readonly "server.address"?: string | undefined;
  readonly "server.port"?: number | undefined;
  /** From the start to the end; set at the end. */
  milliseconds?: number;
  /** Set with `:error`, which comes instead of `:end`. */
  error?: unknown;
  /** The class of the error, or the code of the database. */
  "error.type"?: string;
}
export interface QueryTrace extends Trace {
  readonly "db.query.text": string;
  /** The first word: SELECT, INSERT, … */
  readonly "db.operation.name": string;
  /** Number of parameter sets, for one statement run with many. */
  readonly "db.operation.batch.size"?: number;
  /** Set at the end of a statement with rows; of a stream, nothing is known. */
  "db.response.returned_rows"?: number;
  readonly connection: object;
}
export interface ConnectTrace extends Trace {}
/** From BEGIN to COMMIT or ROLLBACK. */
export interface TransactionTrace extends Trace {
  readonly connection: object;
  /** Set at the end. */
  outcome?: "commit" | "rollback";
}

/** The three channels of one kind of operation. */
export class TraceChannels<T extends { milliseconds?: number; error?: unknown }> {
  readonly #start: Channel;
  readonly #end: Channel;
  readonly #error: Channel;
  readonly #begun = new WeakMap<object, number>();
  constructor(kind: string) {
    this.#start = channel(`athanor:${kind}:start`);
    this.#end = channel(`athanor:${kind}:end`);
    this.#error = channel(`athanor:${kind}:error`);
  }
  /** Somebody listens. */
  get on(): boolean {
    return this.#start.hasSubscribers || this.#end.hasSubscribers || this.#error.hasSubscribers;
  }
  begin(trace: T): T {
    this.#begun.set(trace, performance.now());
    this.#start.publish(trace);
    return trace;
  }
  end(trace: T): void {
    trace.milliseconds = performance.now() - (this.#begun.get(trace) ?? performance.now());
    this.#end.publish(trace);
  }
  fail(trace: T, error: unknown): void {
    trace.milliseconds = performance.now() - (this.#begun.get(trace) ?? performance.now());
    trace.error = error;
    (trace as { "error.type"?: string })["error.type"] = errorType(error);
    this.#error.publish(trace);
  }
  /** Runs an operation under a trace; `done` adds what only the outcome tells. */
  run<R>(made: T, work: () => MaybePromise<R>, done?: (trace: T, value: R) => void): MaybePromise<R> {
    const trace = this.begin(made);
    const succeeded = (value: R): R => {
      done?.(trace, value);
      this.end(trace);
      return value;
    };
    let value: MaybePromise<R>;
    try {
      value = work();
    } catch (error) {
      this.fail(trace, error);
      throw error;
    }
    if (!(value instanceof Promise)) return succeeded(value);
    return value.then(succeeded, (error: unknown) => {
      this.fail(trace, error);
      throw error;
    });
  }
}
function errorType(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code === "string") return code;
  return error instanceof Error ? error.constructor.name : "_OTHER";
}
export const queries = new TraceChannels<QueryTrace>("query");
export const connects = new TraceChannels<ConnectTrace>("connect");
export const transactions = new TraceChannels<TransactionTrace>("transaction");

/** The attributes of an engine that all its traces share. */
export type TraceAttributes = Pick<Trace, "db.system.name" | "db.namespace" | "server.address" | "server.port">;
export function queryTrace(
  shared: TraceAttributes,
  connection: object,
  sql: string,
  sets: number | undefined,
): QueryTrace {
  return {
    ...shared,
    "db.query.text": sql,
    "db.operation.name": /^[\s(]*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? "",
    ...(sets === undefined ? undefined : { "db.operation.batch.size": sets }),
    connection,
  };
}
