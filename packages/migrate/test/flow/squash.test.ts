/** Squashing: one revision does what several did, and old databases are recognised. */
import { inspect, sql } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, expect, it } from "vitest";
import { type Project, project } from "./project.js";
import { command, createEngineFor } from "./squash-support.js";

let p: Project;
afterEach(() => p?.dispose());

async function written(): Promise<void> {
  await p.revision(
    "aaaa",
    null,
    'await op.createTable("t", core.integer("id").primaryKey(), core.string("name", 40));',
    'await op.dropTable("t");',
  );
  await p.revision(
    "bbbb",
    "aaaa",
    `await op.execute("INSERT INTO t (id, name) VALUES (1, 'it''s')");`,
    'await op.execute("DELETE FROM t");',
  );
  await p.revision(
    "cccc",
    "bbbb",
    'await op.addColumn("t", core.integer("n").nullable());\nawait op.execute(core.sql`UPDATE t SET n = ${7} WHERE id = 1`);',
    'await op.dropColumn("t", "n");',
  );
  await p.revision(
    "dddd",
    "cccc",
    'await op.createIndex("ix_t_n", "t", ["n"]);',
    'await op.dropIndex("ix_t_n", { table: "t" });',
  );
}

describeEachDatabase("squash", (target) => {
  it("a new database, one at the last replaced revision and one beyond it all get to the head; one in the middle is told", async () => {
    p = await project(await target.url());
    await written();
    const [fresh, middle, last] = [
      await createEngineFor(target),
      await createEngineFor(target),
      await createEngineFor(target),
    ];
    try {
      await command.upgrade({ ...p.config, engine: middle }, "bbbb");
      await command.upgrade({ ...p.config, engine: last }, "cccc");
      await command.upgrade(p.config, "dddd");
      const made = await command.squash(p.config, "aaaa:cccc", { revId: "ssss", message: "first year" });
      expect(made.replaces).toEqual(["aaaa", "bbbb", "cccc"]);
      expect([...(await p.versions()).keys()]).toEqual(["dddd_.ts", "ssss_first_year.ts"]);
      // A child that names the last replaced revision stands on the squash.
      await command.history(p.config);
      expect(
        p.printed
          .splice(0)
          .join("")
          .split("\n")
          .slice(-3, -1)
          .map((l) => l.replace(/ \(head\)/, "")),
      ).toEqual(["cccc -> dddd, dddd", "<base> -> ssss, first year"]);

      for (const engine of [fresh, last, p.engine]) {
        const config = { ...p.config, engine };
        await command.upgrade(config);
        await command.current(config, { checkHeads: true });
        await using c = await engine.connect();
        expect(
          (await c.execute(sql`SELECT id, name, n FROM t`)).map((r) => [Number(r[0]), r[1], Number(r[2])]),
        ).toEqual([[1, "it's", 7]]);
        expect((await inspect(c).indexes("t")).map((i) => i.name)).toEqual(["ix_t_n"]);
      }
      expect(p.logged.filter((line) => line.includes("was edited"))).toEqual([]);
      await expect(command.upgrade({ ...p.config, engine: middle })).rejects.toMatchObject({
        code: "migrate.half-squashed",
        hint: expect.stringContaining("Upgrade it to 'cccc'"),
      });
      // The way back runs all the old ones' downgrades.
      await command.downgrade({ ...p.config, engine: last }, "base");
      await using c = await last.connect();
      expect((await inspect(c).tableNames()).filter((n) => !n.startsWith("athanor_version"))).toEqual([]);
    } finally {
      for (const engine of [fresh, middle, last]) await engine.dispose();
    }
  });
});

it("refuses forks, and what cannot be read without a database; nothing is removed then", async () => {
  p = await project("sqlite://");
  await written();
  await p.revision("eeee", "bbbb", "");
  await expect(command.squash(p.config, "aaaa:cccc")).rejects.toMatchObject({
    code: "migrate.squash",
    message: expect.stringContaining("eeee stands on bbbb"),
  });
  await expect(command.squash(p.config, "dddd:dddd")).rejects.toMatchObject({ code: "migrate.squash" });
  await p.revision("ffff", "dddd", "await op.getBind();");
  await expect(command.squash(p.config, "cccc:ffff")).rejects.toMatchObject({
    message: expect.stringContaining("revision ffff cannot be read"),
  });
  expect((await p.versions()).size).toBe(6);
});

it("a file outside of a transaction stays so within the squash", async () => {
  p = await project("postgresql://nobody@127.0.0.1:1/none");
  await p.revision("aaaa", null, 'await op.execute("A");', 'await op.execute("-A");');
  await p.put(
    "bbbb_.ts",
    `export const revision = "bbbb", downRevision = "aaaa";
export const transaction = false;
export const upgrade = (op: any) => op.execute("B");
export const downgrade = (op: any) => op.execute("-B");
`,
  );
  await command.squash(p.config, "base:head", { revId: "cccc" });
  const [text = ""] = [...(await p.versions()).values()];
  expect(text).toMatch(
    /\n {2}await op\.execute\("A"\);\n[\s\S]*await op\.autocommitBlock\(async \(\) => \{\n\s*await op\.execute\("B"\);\n\s*\}\);/,
  );
});
