/** The same revisions for every tenant: in a schema each, or in a database each. */
import { join } from "node:path";
import { createEngine, type Engine, inspect, integer, MetaData, sql, string, table } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, describe, expect, it } from "vitest";
import { command, type MigrateConfig } from "../../src/index.js";
import { type Project, project } from "./project.js";

let p: Project;
let made: string[] = [];
afterEach(async () => {
  if (p !== undefined && made.length > 0)
    await p.engine.begin(async (c) => {
      for (const name of made.splice(0))
        await c.executeScript(`DROP SCHEMA IF EXISTS ${name}${c.dialect.name === "postgresql" ? " CASCADE" : ""}`);
    });
  await p?.dispose();
});

function models(columns: readonly string[] = []): MetaData {
  const metadata = new MetaData();
  table(
    "todo",
    { id: integer().primaryKey(), ...Object.fromEntries(columns.map((c) => [c, string(20).nullable()])) },
    { metadata },
  );
  return metadata;
}
/** Tenants with schemas of random names, since MariaDB's are the server's. */
async function start(url: string, count: number, options: MigrateConfig = {}): Promise<string[]> {
  p = await project(url, models());
  const stem = `t${Math.random().toString(36).slice(2, 8)}`;
  const names = Array.from({ length: count }, (_, i) => `${stem}_${i}`);
  made = names;
  await p.engine.begin(async (c) => {
    for (const name of names) await c.executeScript(`CREATE SCHEMA ${name}`);
  });
  p.config = { ...p.config, tenants: names, ...options };
  return [...names];
}
const tables = async (schema?: string) => {
  await using c = await p.engine.connect();
  return (await inspect(c).tableNames({ schema })).filter((n) => !n.startsWith("athanor_version_")).sort();
};
const rows = async (schema: string) => {
  await using c = await p.engine.connect();
  return [...(await c.execute(sql`SELECT version_num FROM ${sql.raw(schema)}.athanor_version`))].map((r) =>
    String(r[0]),
  );
};
const create = 'await op.createTable("todo", core.integer("id").primaryKey());';

describeEachDatabase(
  "tenants with a schema each",
  (target) => {
    it("get the same revisions, each with a version table of its own; the session is as before", async () => {
      const names = await start(await target.url(), 3);
      await command.migrate(p.config, { revId: "aaaa", message: "first" });
      const [text = ""] = [...(await p.versions()).values()];
      expect(text).toMatch(/await op\.createTable\(\s+"todo",\s+integer\("id"\)\.primaryKey\(\),\s+\);/);
      const seen: string[] = [];
      await command.upgrade({ ...p.config, onVersionApply: (e) => void seen.push(String(e.tenant)) });
      expect(seen).toEqual(names);
      expect(p.logged.filter((l) => l.includes("Migrating"))).toEqual(
        names.map((n, i) => `INFO  [athanor.env] Migrating tenant ${n} (${i + 1} of 3)`),
      );
      for (const name of names) {
        expect(await tables(name)).toEqual(["athanor_version", "todo"]);
        expect(await rows(name)).toEqual(["aaaa"]);
      }
      expect(await tables()).toEqual([]);
      await command.check(p.config);

      // A change of the models is found at the first tenant, and applied to all.
      const grown = { ...p.config, metadata: models(["title"]) };
      await command.migrate(grown, { revId: "bbbb" });
      const [first = "", second = "", third = ""] = names;
      await command.upgrade({ ...grown, only: { tenants: [second] } });
      expect([await rows(first), await rows(second)]).toEqual([["aaaa"], ["bbbb"]]);
      await command.upgrade(grown);
      expect(await Promise.all(names.map(rows))).toEqual([["bbbb"], ["bbbb"], ["bbbb"]]);
      await p.engine.begin((c) => c.executeScript(`ALTER TABLE ${third}.todo DROP COLUMN title`));
      await expect(command.check(grown)).rejects.toThrow(`tenant ${third}: addColumn todo.title`);
      p.printed.length = 0;
      await command.downgrade({ ...grown, only: { tenants: [first] } }, "base");
      expect(await tables(first)).toEqual(["athanor_version"]);
      await command.current(grown, { json: true });
      expect(JSON.parse(p.printed.join(""))).toMatchObject([
        { tenant: first, rows: [] },
        { rows: ["bbbb"] },
        { tenant: third },
      ]);
      expect(await tables()).toEqual([]);
    });

    it("may fail without stopping the others; the next run goes on where one stopped", async () => {
      const names = await start(await target.url(), 3);
      const [, second = "", third = ""] = names;
      await p.revision("aaaa", null, create);
      await p.engine.begin((c) => c.executeScript(`CREATE TABLE ${second}.todo (id INTEGER)`));
      await expect(command.upgrade(p.config)).rejects.toMatchObject({ code: "migrate.failed" });
      expect(p.logged.at(-1)).toBe(
        `WARNI [athanor.env] Failed in tenant ${second}. Done: ${names[0]}. Not begun: ${third}.`,
      );
      await expect(command.upgrade({ ...p.config, keepGoing: true })).rejects.toMatchObject({
        code: "migrate.tenants",
        message: `1 of 3 tenants failed: ${second}`,
      });
      expect(await rows(third)).toEqual(["aaaa"]);
      await p.engine.begin((c) => c.executeScript(`DROP TABLE ${second}.todo`));
      await command.upgrade(p.config);
      expect(await rows(second)).toEqual(["aaaa"]);
    });

    it("are looked up in the database; one whose schema is missing is told", async () => {
      const names = await start(await target.url(), 2);
      await p.engine.begin(async (c) => {
        await c.executeScript("CREATE TABLE tenant (name VARCHAR(40))");
        for (const name of names) await c.execute(sql`INSERT INTO tenant VALUES (${name})`);
      });
      const tenants = async (engine: Engine) => {
        await using c = await engine.connect();
        return [...(await c.execute(sql`SELECT name FROM tenant ORDER BY name`))].map((r) => String(r[0]));
      };
      await p.revision("aaaa", null, create);
      await command.upgrade({ ...p.config, tenants });
      expect(await Promise.all(names.map(rows))).toEqual([["aaaa"], ["aaaa"]]);
      await expect(command.upgrade({ ...p.config, tenants: ["nobody_here"] })).rejects.toMatchObject({
        code: "migrate.no-schema",
        hint: expect.stringContaining("CREATE SCHEMA"),
      });
      await expect(command.upgrade({ ...p.config, only: { tenants: ["nobody_here"] } })).rejects.toMatchObject({
        code: "migrate.no-tenant",
      });
      expect(await tables()).toEqual(["tenant"]);
    });

    it("are locked one by one", async () => {
      const [first = "", second = ""] = await start(await target.url(), 2);
      await p.revision("aaaa", null, `${create} await new Promise((r) => setTimeout(r, 1500));`);
      const slow = command.upgrade({ ...p.config, only: { tenants: [first] } });
      await new Promise((r) => setTimeout(r, 500));
      await expect(command.upgrade({ ...p.config, lockWait: 50, only: { tenants: [first] } })).rejects.toMatchObject({
        code: "migrate.lock-timeout",
      });
      await p.revision("aaaa", null, create);
      await command.upgrade({ ...p.config, lockWait: 50, only: { tenants: [second] } });
      await slow;
    });
  },
  { requires: ["concurrentWriters"] },
);

describe("tenants", () => {
  it("with a database each: SQLite files", async () => {
    p = await project("sqlite://", models());
    const url = (name: string) => `sqlite:///${join(p.root, `${name}.db`)}`;
    const tenants = ["acme", "umbrella"].map((name) => ({ name, url: url(name) }));
    p.config = { ...p.config, tenants };
    await command.migrate(p.config, { revId: "aaaa" });
    await command.upgrade(p.config);
    for (const { url } of tenants) {
      const engine = createEngine(url);
      await using c = await engine.connect();
      expect((await inspect(c).tableNames()).includes("todo")).toBe(true);
      await c.close();
      await engine.dispose();
    }
    await expect(command.upgrade({ ...p.config, tenants: ["acme"] })).rejects.toMatchObject({
      code: "migrate.no-schemas",
      hint: expect.stringContaining("{ name, url }"),
    });
  });
  it("have a script each, which enters the schema", async () => {
    p = await project("postgresql://nobody@127.0.0.1:1/none");
    p.config = { ...p.config, tenants: ["acme"] };
    await p.revision("aaaa", null, 'await op.execute("A");');
    await command.upgrade(p.config, "head", { sql: true });
    expect(p.printed.join("")).toMatch(/^SET search_path TO acme;\n\nBEGIN;/);
  });
});
