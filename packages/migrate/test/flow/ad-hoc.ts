/** Operations at once, on a database of the test's own: for what needs no revision files. */
import * as core from "@athanor/core";
import { type Connection, createEngine, type Engine, inspect, type ReflectedTable, sql } from "@athanor/core";
import type { Target } from "@athanor/test-support";
import {
  type MigrateOp,
  MigrationContext,
  type MigrationContextOptions,
  type Operations,
  renderOps,
} from "../../src/index.js";

export class AdHoc {
  readonly core = core;
  readonly engine: Engine;
  readonly connection: Connection;
  /** Every statement since the list was last emptied. */
  readonly sent: string[] = [];
  context: MigrationContext;

  private constructor(engine: Engine, connection: Connection, options: MigrationContextOptions) {
    this.engine = engine;
    this.connection = connection;
    this.context = MigrationContext.online(connection, options);
    engine.on("statement", (event) => void this.sent.push(event.sql));
  }
  static async open(target: Target, options: MigrationContextOptions = {}): Promise<AdHoc> {
    const engine = createEngine(await target.url());
    return new AdHoc(engine, await engine.connect({ isolationLevel: "AUTOCOMMIT" }), options);
  }
  /** Runs operations as a run does: foreign keys off and a transaction around them. */
  async run(work: (op: Operations) => unknown): Promise<void> {
    const { context, connection } = this;
    this.sent.length = 0;
    await context.impl.open(connection, undefined);
    await context.impl.begin(connection, { timeouts: {} });
    try {
      const op = context.operations();
      // The transaction is this method's to end and to begin anew.
      op.autocommitBlock = async (block) => {
        await context.impl.commit(connection);
        await block();
        await context.impl.begin(connection, { timeouts: {} });
      };
      await work(op);
      await op.finish();
      await context.impl.beforeCommit(connection);
      await context.impl.commit(connection);
    } catch (error) {
      await context.impl.rollback(connection);
      throw error;
    } finally {
      await context.impl.close(connection);
    }
  }
  /** The operations as a file has them, run from there. */
  runSource(ops: readonly MigrateOp[]): Promise<void> {
    const { text, imports } = renderOps(ops, { dialect: this.context.dialect });
    const names = imports.flatMap((i) => i.names);
    const work = new Function("op", ...names, `return (async () => {${text}\n})();`);
    return this.run((op) => work(op, ...names.map((n) => (core as unknown as Record<string, unknown>)[n])));
  }
  async rows(text: string): Promise<unknown[][]> {
    return [...(await this.connection.execute(sql.raw(text)))].map((r) => [...r]);
  }
  look(name: string, schema?: string): Promise<ReflectedTable> {
    return inspect(this.connection).table(name, { schema });
  }
  async dispose(): Promise<void> {
    await this.connection.close();
    await this.engine.dispose();
  }
}
