/** What `execute` and `scalars` of a session do: results that run in the session's turn, or stream. */
import {
  type AnyRow,
  ArgumentError,
  type Chunk,
  type ChunkRows,
  type Compiled,
  converted,
  Element,
  type Execution,
  type ExecutionOptions,
  type Fetched,
  FromStatement,
  innerStatement,
  type MaybePromise,
  Result,
  type ResultSource,
  SelectStatement,
  Statement,
} from "@athanor/core";
import { underCriteria } from "../extensions/loader-criteria.js";
import { callSites } from "../mapping/call-site.js";
import { connectionOptionsIn } from "../session/connection-options.js";
import type { ParameterValues, SessionInternals } from "../session/internals.js";
import { writesEntities } from "./dml.js";
import { finish, type Mode, named, runCore } from "./fetch.js";
import { planFrom, runFrom } from "./from-statement.js";
import { concernsEntities } from "./plan.js";
import { completeLoads, hydrationOf, lookUpPlan, mapperOf, runPlan } from "./run-plan.js";
import { write } from "./write.js";

export {
  loadByKey,
  loadColumn,
  loadRelationship,
  peekReference,
  refreshInstances,
} from "./loads.js";

export type { ParameterValues };

function statementIn(value: unknown): Element {
  if (value instanceof Element) return value;
  const inner =
    typeof value === "object" && value !== null
      ? (value as { readonly [innerStatement]?: Element })[innerStatement]
      : undefined;
  if (inner !== undefined) return inner;
  throw new ArgumentError(
    typeof value === "string"
      ? "session.execute() takes no plain strings: write sql`…`, or use the connection's execDriverSql()."
      : `session.execute() needs a statement, not ${value === null ? "null" : typeof value}.`,
    "execute.argument",
  );
}

/**
 * Runs a statement for a session.
 *
 * @param mode "rows" for rows, "scalars" for the first item of each
 */
export function executeStatement<R = AnyRow>(
  session: SessionInternals,
  statement: unknown,
  params?: ParameterValues,
  mode: "rows" | "scalars" = "rows",
): Result<R> {
  return Result.of<R>(new SessionSource(session, statementIn(statement), params, mode));
}

class SessionSource implements ResultSource {
  readonly waiting: Execution[];
  readonly chunkRows: number;
  readonly #session: SessionInternals;
  readonly #statement: Element;
  readonly #params: ParameterValues | undefined;
  readonly #mode: "rows" | "scalars";
  readonly #place: string | undefined;
  constructor(
    session: SessionInternals,
    statement: Element,
    params: ParameterValues | undefined,
    mode: "rows" | "scalars",
  ) {
    this.#session = session;
    this.#statement = underCriteria(session, statement);
    this.#params = params;
    this.#mode = mode;
    this.waiting = session.waiting;
    this.#place = callSites.watched ? callSites.capture() : undefined;
    const size = statement instanceof Statement ? statement.executionOptionsValue?.yieldPer : undefined;
    this.chunkRows = typeof size === "number" && size >= 1 ? Math.floor(size) : 500;
  }
  run(by: { readonly isAsked: boolean } = ASKED): Promise<Fetched> {
    return callSites.run(this.#place, () => this.#run(by));
  }
  #run(by: { readonly isAsked: boolean }): Promise<Fetched> {
    const session = this.#session;
    // Mostly somebody awaits it: that starts it.
    const watched = !by.isAsked;
    return session.enqueue(() => {
      if (watched) return this.#watched(by);
      const flushing = this.#flushes ? session.autoflush() : undefined;
      return flushing === undefined ? this.#fetch() : flushing.then(() => this.#fetch());
    });
  }
  /** Its failure is the transaction's, unless somebody asks for it yet. */
  async #watched(by: { readonly isAsked: boolean }): Promise<Fetched> {
    try {
      if (this.#flushes) await this.#session.autoflush();
      return await this.#fetch();
    } catch (error) {
      this.#session.noteFailed(by, error);
      throw error;
    }
  }
  #fetch(): MaybePromise<Fetched> {
    const own = this.#connectionOptions;
    return own === undefined ? this.#fetched() : this.#session.within(own, () => this.#fetched());
  }
  /** Limits and schemas of the statement's own: they go for what it loads besides, too. */
  get #connectionOptions(): ExecutionOptions | undefined {
    const statement = this.#statement;
    return statement instanceof Statement ? connectionOptionsIn(statement.executionOptionsValue) : undefined;
  }
  #fetched(): MaybePromise<Fetched> {
    const session = this.#session;
    if (session.intercepts || this.#token !== undefined) return this.#intercepted();
    return fetchAt(session, this.#statement, this.#params, this.#mode);
  }
  /** Through listeners and shards: always whole rows. */
  async #intercepted(): Promise<Fetched> {
    const session = this.#session;
    const token = this.#token;
    const fetched = await session.intercept({
      statement: this.#statement,
      params: this.#params,
      kind: "execute",
      executionOptions: session.executionOptions,
      element: statementIn,
      run: (at, statement, params) =>
        fetchAt(token === undefined || at.token !== undefined ? at : at.at(token), statement, params, "rows"),
    });
    const { rows } = fetched;
    if (this.#mode === "rows" || rows === null) return fetched;
    return { ...fetched, rows: (most) => rows(most).map((row) => (row as readonly unknown[])[0]) };
  }
  /** `executionOptions({ autoflush: false })` leaves the flush before a statement out. */
  get #flushes(): boolean {
    const statement = this.#statement;
    const own = statement instanceof Statement ? statement.executionOptionsValue?.autoflush : undefined;
    return own !== false;
  }
  get #token(): unknown {
    const statement = this.#statement;
    const own = statement instanceof Statement ? statement.executionOptionsValue?.identityToken : undefined;
    return own ?? this.#session.executionOptions.identityToken;
  }
  async *stream(chunkRows: ChunkRows): AsyncGenerator<Chunk> {
    const session = this.#session;
    const statement = this.#statement;
    if (
      session.intercepts ||
      this.#token !== undefined ||
      !(statement instanceof SelectStatement) ||
      !concernsEntities(statement)
    ) {
      const fetched = await this.run();
      if (fetched.rows !== null) yield { rows: fetched.rows(), keys: fetched.keys };
      return;
    }
    // Rows of one object may be spread over chunks when collections are joined: such statements are read whole.
    const own = this.#connectionOptions;
    const within = <T>(work: () => MaybePromise<T>) => (own === undefined ? work() : session.within(own, work));
    const { plan, params, connection } = await session.enqueue(async () => {
      if (this.#flushes) await session.autoflush();
      const mapper = mapperOf(statement);
      const { value, params } = lookUpPlan(session, session.engineFor(mapper, statement), statement);
      return { plan: value, params, connection: await within(() => session.connectionFor(mapper, statement)) };
    });
    if (plan.unique || plan.compiled.insert !== undefined || plan.compiled.pieces !== undefined) {
      const fetched = await this.run();
      if (fetched.rows !== null) yield { rows: fetched.rows(), keys: fetched.keys };
      return;
    }
    const bound = boundValues(plan.compiled, params, this.#params);
    // The options hold for the cursor as long as it lives, and for nothing else that runs meanwhile.
    const leave = own === undefined ? undefined : connection.enter(own);
    const { sql, hint } = connection.underSchemas(plan.compiled);
    const cursor = connection.openStream(sql, bound, hint, chunkRows);
    leave?.();
    for await (const raw of cursor) {
      const hydration = hydrationOf(session, plan, statement);
      const rows = this.#mode === "scalars" ? hydration.firsts(raw) : hydration.rows(raw);
      await session.enqueue(() => within(() => completeLoads(session, hydration, undefined)));
      yield { rows, keys: plan.names };
    }
  }
}
const ASKED = { isAsked: true };
/** Runs a statement at one place. */
function fetchAt(
  session: SessionInternals,
  statement: Element,
  params: ParameterValues | undefined,
  mode: Mode,
): MaybePromise<Fetched> {
  if (statement instanceof SelectStatement && concernsEntities(statement))
    return finish(session, runPlan(session, statement, named(params)), mode);
  if (statement instanceof FromStatement)
    return finish(
      session,
      runFrom(session, statement, named(params), (known) =>
        runPlan(session, known, named(params), undefined, (s, dialect, binds) =>
          planFrom(s as FromStatement, dialect, binds),
        ),
      ),
      mode,
    );
  if (writesEntities(statement)) return write(session, statement, params, mode);
  return runCore(session, statement, params, mode);
}
function boundValues(
  compiled: Compiled,
  params: readonly unknown[],
  named: ParameterValues | undefined,
): readonly unknown[] {
  const values = (named ?? {}) as { readonly [name: string]: unknown };
  return compiled.slots.map((slot) => {
    const value =
      slot.source < 0
        ? slot.compute === undefined
          ? slot.constant
          : slot.compute(params)
        : slot.name !== undefined && slot.name in values
          ? values[slot.name]
          : params[slot.source];
    return slot.source < 0 ? value : converted(value, slot.process);
  });
}
