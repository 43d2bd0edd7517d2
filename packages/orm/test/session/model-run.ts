/**
 * The frame of tests that run random programs of a session against a model of what the tables should hold: transactions,
 * savepoints and checks are the same for every graph of objects. `ATHANOR_SEED` and `ATHANOR_RUNS` repeat and lengthen.
 */
import { type Connection, createEngine, type Engine, type MetaData } from "@athanor/core";
import { Session, type SessionTransaction } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import fc from "fast-check";
import { afterAll, beforeAll, it } from "vitest";

/** One step, and two numbers by which it picks objects and values. */
export interface Command<S extends string> {
  readonly do: S;
  readonly a: number;
  readonly b: number;
}
/** Steps that every graph has, with their weights. */
export const TRANSACTIONS = {
  savepoint: 2,
  release: 1,
  undo: 2,
  flush: 3,
  commit: 2,
  rollback: 2,
  reopen: 1,
} as const;

/** A session at work, the model beside it, and the model as it was at each savepoint and at the last commit. */
export abstract class ModelRun<Model, S extends string> {
  readonly engine: Engine;
  session: Session;
  now: Model;
  saved: Model;
  readonly savepoints: { readonly model: Model; readonly handle: SessionTransaction }[] = [];
  #names = 0;
  constructor(engine: Engine, empty: Model) {
    this.engine = engine;
    this.session = new Session(engine);
    this.now = empty;
    this.saved = this.copy(empty);
  }
  abstract copy(model: Model): Model;
  /** What only this graph has. */
  abstract step(command: Command<S>): Promise<void>;
  /** The objects by their labels, read anew. */
  abstract reload(): Promise<void>;
  /** The tables hold what the model says. */
  abstract compare(connection: Connection): Promise<void>;
  /** The model's side of a flush. */
  flushed(): void {}

  /** A label nobody has. */
  name(of: string): string {
    return `${of.slice(0, 3)}${++this.#names}`;
  }
  at<T>(map: Map<string, T>, i: number): [string, T] | undefined {
    const all = [...map];
    return all.length === 0 ? undefined : all[i % all.length];
  }
  async flush(): Promise<void> {
    await this.session.flush();
    this.flushed();
  }
  async check(): Promise<void> {
    await this.flush();
    await this.compare(await this.session.connection());
  }
  async take(command: Command<S | keyof typeof TRANSACTIONS>): Promise<void> {
    if (!(command.do in TRANSACTIONS)) return await this.step(command as Command<S>);
    if (await this.#transact(command.do as keyof typeof TRANSACTIONS)) await this.check();
  }
  /** True: the tables are to be looked at. */
  async #transact(what: keyof typeof TRANSACTIONS): Promise<boolean> {
    const { session } = this;
    switch (what) {
      case "savepoint": {
        if (this.savepoints.length === 3) return false;
        const handle = await session.beginNested();
        this.flushed();
        this.savepoints.push({ model: this.copy(this.now), handle });
        return false;
      }
      case "release":
        await this.savepoints.pop()?.handle.commit();
        return true;
      case "undo": {
        const last = this.savepoints.pop();
        if (last === undefined) return false;
        await last.handle.rollback();
        this.now = last.model;
        await this.reload();
        return true;
      }
      case "flush":
        return true;
      case "commit":
        await this.#commit();
        return true;
      case "rollback":
        this.savepoints.length = 0;
        await session.rollback();
        this.now = this.copy(this.saved);
        await this.reload();
        return true;
      case "reopen":
        await this.#commit();
        await session.close();
        this.session = new Session(this.engine);
        await this.reload();
        return true;
    }
  }
  async #commit(): Promise<void> {
    await this.session.commit();
    this.flushed();
    this.saved = this.copy(this.now);
    this.savepoints.length = 0;
  }
}

export interface ModelTest<S extends string> {
  readonly metadata: MetaData;
  /** Steps of the graph with their weights, beside `TRANSACTIONS`. */
  readonly steps: Readonly<Record<S, number>>;
  /** Programs without `ATHANOR_RUNS`: on SQLite, and on a server. */
  readonly runs: readonly [sqlite: number, server: number];
  readonly start: (engine: Engine) => ModelRun<unknown, S>;
  /** Statements that empty the tables, in an order that keeps their keys. */
  readonly clean: readonly string[];
}
/** Runs random programs on every database. The seed is printed, and again with the shortest program that fails. */
export function describeModel<S extends string>(title: string, test: ModelTest<S>): void {
  const weights = Object.entries({ ...test.steps, ...TRANSACTIONS }) as [S | keyof typeof TRANSACTIONS, number][];
  const command = fc.oneof(
    ...weights.map(([step, weight]) => ({
      weight,
      arbitrary: fc.record({ do: fc.constant(step), a: fc.nat(7), b: fc.nat(7) }),
    })),
  );
  describeEachDatabase(`a random program leaves the tables its model says, ${title}`, (target) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = createEngine(await target.url());
      await test.metadata.createAll(engine);
    });
    afterAll(() => engine.dispose());
    it("whatever it does", { timeout: 3_600_000 }, async () => {
      const seed = Number(process.env["ATHANOR_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
      const numRuns = Number(process.env["ATHANOR_RUNS"] ?? test.runs[target.name === "sqlite" ? 0 : 1]);
      console.log(`${title} on ${target.name}: ATHANOR_SEED=${seed}, ${numRuns} programs`);
      await fc.assert(
        fc.asyncProperty(fc.array(command, { maxLength: 40, size: "max" }), async (commands) => {
          const run = test.start(engine);
          try {
            for (const c of commands) await run.take(c);
            await run.take({ do: "commit", a: 0, b: 0 });
          } finally {
            await run.session.close();
            await engine.begin(async (connection) => {
              for (const sql of test.clean) await connection.execDriverSql(sql);
            });
          }
        }),
        { seed, numRuns, endOnFailure: false },
      );
    });
  });
}
