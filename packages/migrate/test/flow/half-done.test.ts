/** Where DDL commits by itself: a migration that fails midway is told exactly, and goes on where it stopped. */
import { inspect, sql } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, expect, it } from "vitest";
import { command } from "../../src/index.js";
import { type Project, project } from "./project.js";

let p: Project;
afterEach(() => p?.dispose());
const CREATE = 'await op.createTable("t", core.integer("id").primaryKey(), core.string("old", 10).nullable());';
const INSERT = 'await op.execute("INSERT INTO t (id) VALUES (1)");';
const RENAME = 'await op.alterColumn("t", "old", { newName: "fresh" });';
const columns = async () => {
  await using c = await p.engine.connect();
  return (await inspect(c).columns("t")).map((x) => x.name);
};

describeEachDatabase(
  "a half done revision",
  (target) => {
    it("is named, and goes on when the migration has been corrected", async () => {
      p = await project(await target.url());
      await p.revision("aaaa", null, `${CREATE}\n${INSERT}\n${RENAME}\nawait op.execute("UPDATE nowhere SET x = 1");`);
      await expect(command.upgrade(p.config)).rejects.toMatchObject({
        code: "migrate.failed",
        hint: expect.stringContaining(
          "The upgrade of revision aaaa is half done: operations 1 to 2 are done; operation 3, statement 1 (ALTER TABLE t CHANGE old fresh",
        ),
      });
      p.logged.length = 0;
      await command.current(p.config, { json: true });
      expect(p.logged.join("\n")).toContain("operation 3");
      expect(JSON.parse(p.printed.splice(0).join(""))).toMatchObject({
        rows: [],
        halfDone: { revision: "aaaa", direction: "upgrade", operation: 3, statement: 1 },
      });
      // Something else cannot be run now.
      await p.revision("bbbb", "aaaa", "");
      // The part that is done must be the same.
      await p.revision("aaaa", null, `${CREATE}\n${RENAME}`);
      await expect(command.upgrade(p.config)).rejects.toMatchObject({ cause: { code: "migrate.half-done-changed" } });
      await p.revision(
        "aaaa",
        null,
        `${CREATE}\n${INSERT}\n${RENAME}\nawait op.addColumn("t", core.integer("n").nullable());`,
      );
      p.logged.length = 0;
      await command.upgrade(p.config);
      expect(p.logged.join("\n")).toContain("It goes on from there.");
      expect(await columns()).toEqual(["id", "fresh", "n"]);
      await using c = await p.engine.connect();
      expect((await c.execute(sql`SELECT id FROM t`)).map((r) => Number(r[0]))).toEqual([1]);
      p.printed.length = 0;
      await command.current(p.config, { json: true });
      expect(JSON.parse(p.printed.join(""))).toMatchObject({ rows: ["bbbb"], halfDone: null });
    });

    it("stands in the way of the other direction, until a stamp forgets it", async () => {
      p = await project(await target.url());
      await p.revision("aaaa", null, CREATE, 'await op.dropTable("t");');
      await p.revision("bbbb", "aaaa", `${RENAME}\nawait op.execute("UPDATE nowhere SET x = 1");`);
      await expect(command.upgrade(p.config)).rejects.toMatchObject({
        code: "migrate.failed",
        done: ["aaaa"],
        // Not what the database was at before the run.
        hint: expect.stringContaining("run 'stamp aaaa' so that it is forgotten"),
      });
      await expect(command.downgrade(p.config, "base")).rejects.toMatchObject({ code: "migrate.half-done" });
      await p.engine.begin((c) => c.executeScript("ALTER TABLE t CHANGE fresh old VARCHAR(10)"));
      await command.stamp(p.config, "aaaa");
      await command.downgrade(p.config, "base");
      await using c = await p.engine.connect();
      expect((await inspect(c).tableNames()).filter((n) => !n.startsWith("athanor_version"))).toEqual([]);
    });
  },
  { only: ["mariadb", "mysql"] },
);
