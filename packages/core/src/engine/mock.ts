/** An engine without a database: what it is asked to run, it hands to a function. Source: SQLAlchemy `create_mock_engine`. */
import type { Driver, DriverConnection, MaybePromise, RawResult } from "../dialects/driver.js";
import { InvalidRequestError } from "../errors/errors.js";
import { type Engine, makeEngine } from "./engine.js";
import type { Url } from "./url.js";

/** Gets each statement as it would be sent. May answer with rows; by default there are none. */
export type MockExecutor = (
  sql: string,
  params: readonly unknown[],
) => MaybePromise<{ readonly rows: readonly (readonly unknown[])[] } | undefined | void>;

const NOTHING: RawResult = { rows: [], fields: [], rowCount: 0, lastInsertId: null };

/**
 * An engine that writes instead of running: the DDL of a schema, a script for somebody else. No driver is loaded.
 *
 * @param url names the dialect; the rest of it does not matter
 * @example
 * const script: string[] = [];
 * const engine = createMockEngine("postgresql://", (sql) => void script.push(sql));
 * await metadata.createAll(engine, { checkFirst: false });
 */
export function createMockEngine(url: string | Url, receive: MockExecutor): Engine {
  const driver: Driver = { name: "mock", pooling: "queue", connect: async () => new MockConnection(receive) };
  return makeEngine(url, {}, driver);
}

class MockConnection implements DriverConnection {
  readonly #receive: MockExecutor;
  readonly alive = true;
  readonly raw = null;
  constructor(receive: MockExecutor) {
    this.#receive = receive;
  }
  async execute(sql: string, params: readonly unknown[]): Promise<RawResult> {
    const answer = await this.#receive(sql, params);
    if (answer === undefined) return NOTHING;
    return { ...NOTHING, rows: answer.rows.map((row) => [...row]), rowCount: answer.rows.length };
  }
  async executeMany(sql: string, sets: readonly (readonly unknown[])[]): Promise<RawResult> {
    for (const params of sets) await this.#receive(sql, params);
    return { ...NOTHING, rowCount: sets.length };
  }
  stream(): never {
    throw new InvalidRequestError("A mock engine has no cursors to stream from.", "mock.stream");
  }
  async executeScript(sql: string): Promise<void> {
    await this.#receive(sql, []);
  }
  begin(): void {}
  commit(): void {}
  rollback(): void {}
  ping(): void {}
  cancel(): boolean {
    return false;
  }
  close(): void {}
  terminate(): void {}
}
