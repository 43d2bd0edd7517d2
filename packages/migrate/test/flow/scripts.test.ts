/** Offline scripts: frames of transactions, stamps, and what cannot be written without a database. */
import { integer, MetaData, sql, table } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, describe, expect, it } from "vitest";
import { command, MigrationContext } from "../../src/index.js";
import { type Project, project } from "./project.js";

let p: Project;
afterEach(() => p?.dispose());
const PG = "postgresql://nobody@127.0.0.1:1/none";
const MYSQL = "mariadb://nobody@127.0.0.1:1/none";
const SQLITE = "sqlite:///:memory:";
const statements = () =>
  p.printed
    .join("")
    .split("\n\n")
    .filter((s) => s !== "")
    .map((s) => s.replaceAll(/\s+/g, " "));

describe("a script", () => {
  it("frames each revision when asked to, and puts an autocommit block between frames", async () => {
    p = await project(PG);
    await p.revision("aaaa", null, 'await op.execute("A");');
    await p.revision(
      "bbbb",
      "aaaa",
      'await op.execute("B1");\nawait op.autocommitBlock(async () => { await op.execute("B2"); });\nawait op.execute("B3");',
    );
    await command.upgrade({ ...p.config, transactionPerMigration: true }, "aaaa:bbbb", { sql: true });
    expect(statements()).toEqual([
      "BEGIN;",
      "-- Running upgrade aaaa -> bbbb",
      "B1;",
      "COMMIT;",
      "B2;",
      "BEGIN;",
      "B3;",
      "UPDATE athanor_version SET version_num = 'bbbb' WHERE version_num = 'aaaa';",
      "COMMIT;",
    ]);
    p.printed.length = 0;
    await command.upgrade(p.config, "head", { sql: true });
    expect(statements().filter((s) => /^(BEGIN|COMMIT)/.test(s))).toEqual(["BEGIN;", "COMMIT;", "BEGIN;", "COMMIT;"]);
  });

  it("has no frames where DDL is not transactional", async () => {
    p = await project(MYSQL);
    await p.revision("aaaa", null, 'await op.createTable("t", core.integer("id").primaryKey());');
    await command.upgrade(p.config, "head", { sql: true });
    expect(statements().some((s) => /^(BEGIN|COMMIT)/.test(s))).toBe(false);
  });

  it("a stamp from one start to three heads is one UPDATE and two INSERTs", async () => {
    p = await project(PG);
    await p.revision("aaaa", null, "");
    for (const id of ["b1b1", "b2b2", "b3b3"]) await p.revision(id, "aaaa", "");
    await command.stamp(p.config, ["aaaa:b1b1", "aaaa:b2b2", "aaaa:b3b3"], { sql: true });
    expect(
      statements()
        .filter((s) => /^(INSERT|UPDATE|DELETE)/.test(s))
        .map((s) => s.split(" ", 1)[0]),
    ).toEqual(["UPDATE", "INSERT", "INSERT"]);
    await expect(command.stamp(p.config, "head", { sql: true, purge: true })).rejects.toMatchObject({
      message: "Can't use --purge with --sql mode",
    });
  });

  it("an upgrade over a range starts behind its left side; from head to base there is nothing to do", async () => {
    p = await project(PG);
    await p.revision("aaaa", null, 'await op.execute("A");', 'await op.execute("-A");');
    await p.revision("bbbb", "aaaa", 'await op.execute("B");', 'await op.execute("-B");');
    await command.upgrade(p.config, "aaaa:head", { sql: true });
    expect(statements()).not.toContain("A;");
    expect(statements()).toContain("B;");
    p.printed.length = 0;
    await command.downgrade(p.config, "bbbb:base", { sql: true });
    expect(statements()).toEqual([
      "BEGIN;",
      "-- Running downgrade bbbb -> aaaa",
      "-B;",
      "UPDATE athanor_version SET version_num = 'aaaa' WHERE version_num = 'bbbb';",
      "-- Running downgrade aaaa -> ",
      "-A;",
      "DELETE FROM athanor_version WHERE version_num = 'aaaa';",
      "COMMIT;",
    ]);
  });

  it("says what only a database could tell", async () => {
    p = await project(MYSQL);
    await p.revision("aaaa", null, 'await op.alterColumn("t", "c", { nullable: false });');
    await expect(command.upgrade(p.config, "head", { sql: true })).rejects.toMatchObject({
      message: "All MySQL CHANGE/MODIFY COLUMN operations require the existing type.",
    });
    await p.revision(
      "aaaa",
      null,
      'await op.alterColumn("t", "c", { nullable: false, existingType: core.string(20), existingServerDefault: "\'x\'" });',
    );
    p.printed.length = 0;
    await command.upgrade(p.config, "head", { sql: true });
    expect(statements()).toContain("ALTER TABLE t MODIFY c VARCHAR(20) NOT NULL DEFAULT 'x';");
    await p.revision("aaaa", null, "await op.getBind().execute(core.sql`SELECT 1`);");
    await expect(command.upgrade(p.config, "head", { sql: true })).rejects.toMatchObject({ code: "migrate.offline" });
    await p.dispose();
    p = await project(SQLITE);
    await p.revision("aaaa", null, 'await op.alterColumn("t", "c", { nullable: false });');
    await expect(command.upgrade(p.config, "head", { sql: true })).rejects.toMatchObject({ code: "ddl.needs-batch" });
  });
});

describeEachDatabase("a script", (target) => {
  it("that is run by hand leaves the rows and the version that a run leaves", async () => {
    p = await project(await target.url());
    await p.revision(
      "aaaa",
      null,
      `const t = await op.createTable("t", core.integer("id").primaryKey(), core.string("name", 40), core.boolean("done"), core.date("day"));
       await op.bulkInsert(t, [{ id: 1, name: "O'Hara \\\\ 100% :x ? ;", done: true, day: "2026-11-29" }, { id: 2, name: "x", done: false, day: "2026-11-30" }]);
       await op.execute(core.sql\`UPDATE t SET name = \${"it's"} WHERE id = \${2}\`);
       if (op.isOffline) await op.execute("INSERT INTO t VALUES (3, 'offline', true, '2026-12-01')");`,
    );
    await command.upgrade(p.config, "head", { sql: true });
    await using c = await p.engine.connect({ isolationLevel: "AUTOCOMMIT" });
    await c.executeScript(p.printed.join(""));
    const rows = await c.execute(sql`SELECT id, name, day FROM t ORDER BY id`);
    expect(
      [...rows].map((r) => [Number(r[0]), r[1], r[2] instanceof Date ? r[2].toISOString().slice(0, 10) : String(r[2])]),
    ).toEqual([
      [1, "O'Hara \\ 100% :x ? ;", "2026-11-29"],
      [2, "it's", "2026-11-30"],
      [3, "offline", "2026-12-01"],
    ]);
    expect(await MigrationContext.online(c).currentHeads()).toEqual(["aaaa"]);
  });
});

describe("autogenerate refuses", () => {
  it("a database that is behind, and several heads of which one is missing", async () => {
    const metadata = new MetaData();
    table("t", { id: integer().primaryKey() }, { metadata });
    p = await project(SQLITE, metadata);
    await p.revision("aaaa", null, "");
    await expect(command.migrate(p.config)).rejects.toMatchObject({ message: "Target database is not up to date." });
    await p.revision("b1b1", "aaaa", "");
    await p.revision("b2b2", "aaaa", "");
    await command.upgrade(p.config, "b1b1");
    await expect(command.migrate(p.config)).rejects.toMatchObject({ message: "Target database is not up to date." });
    await command.upgrade(p.config, "heads");
    await expect(command.migrate(p.config)).rejects.toMatchObject({
      message: expect.stringContaining("Multiple heads are present"),
    });
    await command.migrate(p.config, { head: "b1b1" });
    expect((await p.versions()).size).toBe(4);
  });
  it("one table in two metadata", async () => {
    const [one, two] = [new MetaData(), new MetaData()];
    table("t", { id: integer().primaryKey() }, { metadata: one });
    table("t", { id: integer().primaryKey() }, { metadata: two });
    p = await project(SQLITE, undefined, { metadata: [one, two] });
    await expect(command.migrate(p.config)).rejects.toMatchObject({
      message: "Duplicate table keys across multiple MetaData objects: 't'",
    });
  });
});
