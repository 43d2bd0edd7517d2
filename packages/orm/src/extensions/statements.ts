/**
 * Watching statements: counting them in tests, telling slow and repeated ones in development. Nothing here costs anything
 * until it is switched on for an engine. For tracers there are the channels of `@athanor/core` (docs/tracing.md).
 */
import { ArgumentError, Engine } from "@athanor/core";
import { callSites } from "../mapping/call-site.js";
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
  /** The line of the program that asked: `at showPosts (file:///app/posts.ts:12:30)`. */
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
 * development: taking the place in the program costs. It is that of the call or the attribute that caused the statement,
 * on asynchronous drivers too. A session is watched from its next
 * transaction on. Gives the function that stops it.
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
      if (milliseconds >= slowMs)
        report({ kind: "slow", sql, milliseconds, times, where: callSites.current() ?? callSites.capture() });
      if (times === repeated && /^\s*(SELECT|WITH)\b/i.test(sql))
        report({ kind: "repeated", sql, milliseconds, times, where: callSites.current() ?? callSites.capture() });
    }),
    engine.on("commit", ended),
    engine.on("rollback", ended),
  ];
  if (!(on instanceof Engine)) stops.push(on.on("afterBegin", ({ connection }) => void own.add(connection)));
  stops.push(callSites.watch());
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
