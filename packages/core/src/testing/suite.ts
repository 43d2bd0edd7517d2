/**
 * The public dialect suite. A dialect of a third party proves itself by running it under its own test runner. Source:
 * the idea of SQLAlchemy's "dialect compliance suite" (README.dialects).
 */
import assert from "node:assert/strict";
import { type Engine, InvalidRequestError, MetaData } from "../index.js";
import type { BehaviourGroup, SuiteAssert, SuiteContext } from "./behaviour.js";
import { behaviourGroups } from "./behaviours/index.js";
import { type SuiteCapabilities, type SuiteFlag, suiteCapabilities } from "./capabilities.js";

/** What a test runner hands to a test: the way to say that it did not apply. */
export interface SuiteTestContext {
  skip?: (reason?: string) => unknown;
}
/** The runner's own functions: those of vitest, jest or mocha as they are; of node:test `before` and `after` as the last two. */
export interface SuiteRunner {
  describe(title: string, body: () => void): unknown;
  it(title: string, body: (test: SuiteTestContext) => Promise<void>): unknown;
  beforeAll(work: () => Promise<void>): unknown;
  afterAll(work: () => Promise<void>): unknown;
  /** Default `node:assert/strict`. */
  readonly assert?: SuiteAssert;
}
export interface DialectSuiteOptions {
  /** An engine on an empty database of the suite's own; it is disposed of at the end. */
  createEngine(): Engine | Promise<Engine>;
  /** What the database really can, where the dialect does not say it or says it wrongly. */
  readonly capabilities?: Partial<SuiteCapabilities>;
  /** Heading of the whole. Default "dialect suite". */
  readonly title?: string;
  /** Behaviours known to fail, by `"group: name"`, with the reason: they are skipped with it. */
  readonly known?: { readonly [behaviour: string]: string };
  /** Further behaviours of the dialect's own, run in the same way. */
  readonly more?: readonly BehaviourGroup[];
}

/**
 * Declares the suite's tests with a runner's functions.
 *
 * @example
 * import { afterAll, beforeAll, describe, it } from "vitest";
 * registerDialect("duckdb", () => new DuckDbDialect());
 * dialectSuite({ describe, it, beforeAll, afterAll }, {
 *   createEngine: () => createEngine("duckdb:///suite.db"),
 *   capabilities: { partialIndexes: false },
 * });
 * @throws InvalidRequestError when a known failure names no behaviour; ArgumentError (in the tests) for an unknown flag
 */
export function dialectSuite(runner: SuiteRunner, options: DialectSuiteOptions): void {
  const groups = [...behaviourGroups, ...(options.more ?? [])];
  const known = new Map(Object.entries(options.known ?? {}));
  const names = new Set(groups.flatMap((g) => g.behaviours.map((b) => `${g.title}: ${b.name}`)));
  for (const name of known.keys()) {
    if (names.has(name)) continue;
    throw new InvalidRequestError(`dialectSuite(): no behaviour is called '${name}'.`, "testing.behaviour");
  }
  runner.describe(options.title ?? "dialect suite", () => {
    let engine: Engine | undefined;
    let capabilities: SuiteCapabilities | undefined;
    runner.beforeAll(async () => {
      engine = await options.createEngine();
      // The first connection tells the dialect which server it speaks to.
      const connection = await engine.connect();
      await connection.close();
      capabilities = suiteCapabilities(engine.dialect, options.capabilities);
    });
    runner.afterAll(async () => {
      await engine?.dispose();
    });
    for (const { title, behaviours } of groups) {
      runner.describe(title, () => {
        for (const { name, requires, run } of behaviours) {
          runner.it(name, async (test) => {
            const skip = (reason: string) => {
              // vitest leaves the test by throwing here, node:test only takes note.
              if (typeof test?.skip === "function") test.skip(reason);
            };
            const reason = known.get(`${title}: ${name}`);
            if (reason !== undefined) return skip(reason);
            if (engine === undefined || capabilities === undefined) return skip("no engine");
            const can = capabilities;
            const missing = requires.filter((flag) => !can[flag]);
            if (missing.length > 0) return skip(`the database has no ${missing.join(", ")}`);
            await run(contextOf(engine, can, runner.assert ?? assert));
          });
        }
      });
    }
  });
}

function contextOf(engine: Engine, capabilities: SuiteCapabilities, asserts: SuiteAssert): SuiteContext {
  return {
    engine,
    assert: asserts,
    can: (flag: SuiteFlag) => capabilities[flag],
    async withTables(make, work) {
      const metadata = new MetaData();
      const tables = make(metadata);
      await metadata.createAll(engine);
      try {
        const connection = await engine.connect();
        try {
          await work(connection, tables, metadata);
        } finally {
          await connection.close();
        }
      } finally {
        await metadata.dropAll(engine);
      }
    },
    async failure(promise) {
      let value: unknown;
      try {
        value = await promise;
      } catch (error) {
        return error;
      }
      asserts.ok(false, `an error was expected, but there was ${String(value)}`);
      return undefined;
    },
  };
}
