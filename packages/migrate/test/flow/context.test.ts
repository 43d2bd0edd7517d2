/** MigrationContext under the program's own hand: embedded transactions, blocks without one, audits. */
import { inspect, sql } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, expect, it } from "vitest";
import { command, MigrationContext, type Operations, Revision, RevisionMap, upgradeSteps } from "../../src/index.js";
import { type Project, project } from "./project.js";

let p: Project;
afterEach(() => p?.dispose());

describeEachDatabase("a migration context", (target) => {
  it("in the caller's transaction neither begins nor commits", async () => {
    p = await project(await target.url());
    const map = new RevisionMap([new Revision({ revision: "aaaa" })]);
    const load = async () => ({
      revision: "aaaa",
      upgrade: (op: Operations) => op.execute("INSERT INTO t VALUES (1)"),
    });
    await p.engine.begin(async (c) => {
      await c.executeScript("CREATE TABLE t (n INTEGER)");
    });
    await using c = await p.engine.connect();
    await MigrationContext.online(c).ensureVersionTable();
    await c.begin();
    const context = MigrationContext.online(c);
    await context.run((rows) => upgradeSteps(map, rows, "head"), load);
    expect(await context.currentHeads()).toEqual(["aaaa"]);
    await c.rollback();
    expect(await context.currentHeads()).toEqual([]);
    expect(Number((await c.execute(sql`SELECT count(*) FROM t`).one())[0])).toBe(0);
    await c.rollback();
    // Without one, it makes its own.
    await context.run((rows) => upgradeSteps(map, rows, "head"), load);
    await c.rollback();
    expect(await context.currentHeads()).toEqual(["aaaa"]);
    expect(await context.currentRevision()).toBe("aaaa");
  });

  it("an autocommit block keeps what came before it, and begins anew", async () => {
    p = await project(await target.url());
    const concurrently =
      target.name === "postgresql" ? ", { dialectOptions: { postgresql: { concurrently: true } } }" : "";
    await p.revision(
      "aaaa",
      null,
      `await op.createTable("t", core.integer("n"));
       await op.autocommitBlock(async () => { await op.createIndex("ix_t", "t", ["n"]${concurrently}); });
       await op.execute("INSERT INTO t VALUES (1)");
       await op.execute("SELECT nothing FROM nowhere");`,
    );
    await expect(command.upgrade(p.config)).rejects.toMatchObject({ code: "migrate.failed" });
    await using c = await p.engine.connect();
    expect((await inspect(c).indexes("t")).map((i) => i.name)).toEqual(["ix_t"]);
    expect(Number((await c.execute(sql`SELECT count(*) FROM t`).one())[0])).toBe(0);
  });

  it("one transaction per migration keeps the good ones; onVersionApply sees every step", async () => {
    p = await project(await target.url());
    await p.revision("aaaa", null, 'await op.createTable("t", core.integer("n"));');
    await p.revision("bbbb", "aaaa", 'await op.execute("SELECT nothing FROM nowhere");');
    const seen: string[] = [];
    const config = {
      ...p.config,
      transactionPerMigration: true,
      onVersionApply: (e: { heads: readonly string[] }) => void seen.push(e.heads.join()),
    };
    await expect(command.upgrade(config)).rejects.toMatchObject({
      revision: "bbbb",
      done: ["aaaa"],
      hint: expect.stringContaining("Done and kept: aaaa."),
    });
    expect(seen).toEqual(["aaaa"]);
    p.printed.length = 0;
    await command.current(p.config);
    expect(p.printed).toEqual(["aaaa\n"]);
  });

  it("a savepoint left open is an error", async () => {
    p = await project(await target.url());
    await p.revision("aaaa", null, "await op.getBind().beginNested();");
    await expect(command.upgrade(p.config)).rejects.toMatchObject({ cause: { code: "migrate.open-transaction" } });
  });

  it("a type of another family is converted", async () => {
    p = await project(await target.url());
    await p.revision(
      "aaaa",
      null,
      'await op.createTable("t", core.integer("id").primaryKey(), core.string("n", 10));\nawait op.execute("INSERT INTO t VALUES (1, \'42\')");',
    );
    await p.revision(
      "bbbb",
      "aaaa",
      'await op.alterColumn("t", "n", { type: core.integer(), existingType: core.string(10), existingNullable: false });',
      'await op.alterColumn("t", "n", { type: core.string(10) });',
    );
    await command.upgrade(p.config);
    await using c = await p.engine.connect();
    expect(Number((await c.execute(sql`SELECT n + 1 FROM t`).one())[0])).toBe(43);
    await c.close();
    await command.downgrade(p.config);
    await using d = await p.engine.connect();
    expect((await d.execute(sql`SELECT n FROM t`).one())[0]).toBe("42");
  });
});
