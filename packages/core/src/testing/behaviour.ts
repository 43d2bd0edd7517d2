/** One thing a dialect must do, said independently of any dialect and of any test runner. */
import type { Connection, Engine, MetaData } from "../index.js";
import type { SuiteFlag } from "./capabilities.js";

/** The assertions behaviours use; `node:assert/strict` fits as it is. */
export interface SuiteAssert {
  ok(value: unknown, message?: string): void;
  equal(actual: unknown, expected: unknown, message?: string): void;
  /** Deep and strict: prototypes and the kinds of numbers count. */
  deepEqual(actual: unknown, expected: unknown, message?: string): void;
}

/** What a behaviour works with. */
export interface SuiteContext {
  readonly engine: Engine;
  readonly assert: SuiteAssert;
  can(flag: SuiteFlag): boolean;
  /**
   * Makes tables, hands them and a connection to `work`, closes the connection and drops the tables, also after a
   * failure.
   */
  withTables<T>(
    make: (metadata: MetaData) => T,
    work: (connection: Connection, tables: T, metadata: MetaData) => Promise<void>,
  ): Promise<void>;
  /** The error a promise is rejected with; fails the behaviour when it is fulfilled. */
  failure(promise: PromiseLike<unknown>): Promise<unknown>;
}
export interface Behaviour {
  readonly name: string;
  /** Without all of these the behaviour is skipped, aloud. */
  readonly requires: readonly SuiteFlag[];
  run(context: SuiteContext): Promise<void>;
}
/** Behaviours under one heading, as `describe` shows them. */
export interface BehaviourGroup {
  readonly title: string;
  readonly behaviours: readonly Behaviour[];
}

/** `it("…", { requires: ["savepoints"] }, async ({ engine, assert }) => { … })` of a group. */
export function behaviour(
  name: string,
  requires: readonly SuiteFlag[],
  run: (context: SuiteContext) => Promise<void>,
): Behaviour {
  return { name, requires, run };
}
/** Rows as plain lists: a row has named accessors on top of its positions. */
export function plain(rows: readonly (readonly unknown[])[]): unknown[][] {
  return rows.map((row) => [...row]);
}
