/**
 * Watching statements: counting them in tests, telling slow and repeated ones in development, publishing them to tracers.
 * Nothing here costs anything until it is switched on for an engine.
 */
import { channel } from "node:diagnostics_channel";
import { ArgumentError, type DatabaseError, Engine, type StatementEvent } from "@athanor/core";
import { Session } from "../session/session.js";

const TRANSACTIONAL = /^\s*(BEGIN|START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|PRAGMA)\b/i;

/** The statements an engine has sent since the counter was made or reset; BEGIN, COMMIT and savepoints are not counted. */
export class StatementCounter implements Disposable {
  readonly statements: string[] = [];
  readonly #stop: () => void;
  constructor(engine: Engine) {
    this.#stop = engine.on("statement", ({ sql }) => {
      if (!TRANSACTIONAL.test(sql)) this.statements.push(sql);
    });
  }
  get count(): number {
    return this.statements.length;
  }
  /** How many match: `counter.matching(/^SELECT/)`. */
  matching(pattern: RegExp): number {
    return this.statements.filter((s) => pattern.test(s)).length;
  }
  reset(): void {
    this.statements.length = 0;
  }
  stop(): void {
    this.#stop();
  }
  [Symbol.dispose](): void {
    this.#stop();
  }
}
/**
 * Counts statements, for tests that assert how many there are.
 *
 * @example
 * using counter = statementCounter(engine);
 * await Promise.all(users.map((u) => u.posts));
 * expect(counter.count).toBe(1);
 */
export function statementCounter(engine: Engine): StatementCounter {
  return new StatementCounter(engine);
}

export interface QueryReport {
  /** "slow": one statement took long; "repeated": the same text ran again and again in one transaction. */
  readonly kind: "slow" | "repeated";
  readonly sql: string;
  /** Of the statement that made the report. */
  readonly milliseconds: number;
  /** Executions in the transaction so far. */
  readonly times: number;
  /** Where in the program it came from, as far as the stack tells. */
  readonly where: string | undefined;
}
export interface ReportOptions {
  /** Milliseconds from which a statement is slow. Default 200; `Infinity` for never. */
  readonly slowMs?: number;
  /** Executions of one SELECT in one transaction that are too many: an N+1. Default 5. */
  readonly repeated?: number;
  /** Default: a line to `console.warn`. */
  readonly report?: (report: QueryReport) => void;
}
/**
 * Tells slow statements and SELECTs that repeat in one transaction (an N+1), once per transaction and text. For
 * development: taking the place in the program costs. Gives the function that stops it.
 *
 * @example if (development) reportQueries(engine, { slowMs: 100, repeated: 5 });
 * @throws ArgumentError for what is neither an engine nor a session of one
 */
export function reportQueries(on: Engine | Session, options: ReportOptions = {}): () => void {
  const { slowMs = 200, repeated = 5, report = warn } = options;
  const engine = engineOf(on);
  const seen = new WeakMap<object, Map<string, number>>();
  const own = new WeakSet<object>();
  const isOwn = (connection: object) => on instanceof Engine || on.bind === connection || own.has(connection);
  const ended = ({ connection }: { readonly connection: object }) => {
    seen.delete(connection);
    if (!(on instanceof Engine)) own.delete(connection);
  };
  const stops = [
    engine.on("afterExecute", ({ connection, sql, milliseconds }) => {
      if (!isOwn(connection) || TRANSACTIONAL.test(sql)) return;
      let counts = seen.get(connection);
      if (counts === undefined) seen.set(connection, (counts = new Map()));
      const times = (counts.get(sql) ?? 0) + 1;
      counts.set(sql, times);
      if (milliseconds >= slowMs) report({ kind: "slow", sql, milliseconds, times, where: place() });
      if (times === repeated && /^\s*(SELECT|WITH)\b/i.test(sql))
        report({ kind: "repeated", sql, milliseconds, times, where: place() });
    }),
    engine.on("commit", ended),
    engine.on("rollback", ended),
  ];
  if (!(on instanceof Engine)) stops.push(on.on("afterBegin", ({ connection }) => void own.add(connection)));
  return () => {
    for (const stop of stops) stop();
  };
}
function engineOf(on: Engine | Session): Engine {
  if (on instanceof Engine) return on;
  const bind = on instanceof Session ? on.bind : undefined;
  if (bind instanceof Engine) return bind;
  throw new ArgumentError(
    "reportQueries(): an engine, or a session made with one, is needed; for a session with getBind give its engines.",
    "report.engine",
  );
}
function warn({ kind, sql, milliseconds, times, where }: QueryReport): void {
  const what =
    kind === "slow"
      ? `slow statement (${milliseconds.toFixed(1)} ms)`
      : `the same SELECT ${times} times in one transaction: load it with selectinLoad() or joinedLoad(), or await the relationship on all objects at once`;
  console.warn(`athanor: ${what}\n  ${sql}${where === undefined ? "" : `\n  ${where}`}`);
}
/** The nearest frame outside of this library and of Node. */
function place(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 60;
  const { stack = "" } = new Error("place");
  Error.stackTraceLimit = limit;
  return stack
    .split("\n")
    .slice(1)
    .find((line) => !/node:|[\\/](packages|@athanor)[\\/](core|orm)[\\/](src|dist)[\\/]|node_modules/.test(line))
    ?.trim();
}

/** What the channels carry: one object per statement, the same at its start and its end, named as OpenTelemetry does. */
export interface StatementTrace {
  readonly "db.system": string;
  readonly "db.statement": string;
  readonly "db.operation.name": string;
  readonly connection: object;
  /** Number of parameter sets, for one statement run with many. */
  readonly "db.operation.batch.size"?: number;
  /** At the end. */
  milliseconds?: number;
  error?: unknown;
}
const started = channel("athanor:statement:start");
const finished = channel("athanor:statement:end");
const failed = channel("athanor:statement:error");
/**
 * Publishes the statements of an engine on the `node:diagnostics_channel`s `athanor:statement:start`, `:end` and
 * `:error`: a subscriber opens and closes a span for each. Parameters are not published. Gives the function that stops it.
 *
 * @example
 * traceStatements(engine);
 * subscribe("athanor:statement:end", (trace) => histogram.record(trace.milliseconds, { system: trace["db.system"] }));
 */
export function traceStatements(engine: Engine): () => void {
  // A connection runs one statement at a time.
  const running = new WeakMap<object, StatementTrace>();
  const begin = ({ connection, sql, sets }: StatementEvent): undefined => {
    if (!started.hasSubscribers && !finished.hasSubscribers && !failed.hasSubscribers) return undefined;
    const trace: StatementTrace = {
      "db.system": engine.dialect.name,
      "db.statement": sql,
      "db.operation.name": /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? "",
      connection,
      ...(sets === undefined ? {} : { "db.operation.batch.size": sets.length }),
    };
    running.set(connection, trace);
    started.publish(trace);
    return undefined;
  };
  const stops = [
    engine.on("beforeExecute", begin),
    engine.on("afterExecute", ({ connection, milliseconds }) => {
      const trace = running.get(connection);
      if (trace === undefined) return;
      running.delete(connection);
      trace.milliseconds = milliseconds;
      finished.publish(trace);
    }),
    engine.on("error", ({ connection, error }: { readonly connection: object; readonly error: DatabaseError }) => {
      const trace = running.get(connection);
      if (trace === undefined) return;
      running.delete(connection);
      trace.error = error;
      failed.publish(trace);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
