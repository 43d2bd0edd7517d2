/** Several databases under one history: a function for each in every file, a version table in each. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createEngine, type Engine, inspect, integer, MetaData, sql, string, table } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, describe, expect, it } from "vitest";
import { command, type MigrateConfig, type MigrateOp } from "../../src/index.js";
import { loadTs, type Project, project } from "./project.js";

let p: Project;
let engines: Engine[] = [];
afterEach(async () => {
  await p?.dispose();
  for (const engine of engines.splice(0)) await engine.dispose();
});

function models(names: Readonly<Record<string, readonly string[]>>): MetaData {
  const metadata = new MetaData();
  for (const [name, columns] of Object.entries(names))
    table(
      name,
      { id: integer().primaryKey(), ...Object.fromEntries(columns.map((c) => [c, string(20).nullable()])) },
      { metadata },
    );
  return metadata;
}
/** A project with the databases `main` and `users`. */
async function two(urls: readonly [string, string], options: MigrateConfig = {}): Promise<void> {
  p = await project(urls[0]);
  engines = [createEngine(urls[1])];
  p.config = {
    ...p.config,
    engine: undefined,
    databases: {
      main: { engine: p.engine, metadata: models({ todo: [] }) },
      users: { engine: engines[0] as Engine, metadata: models({ account: [] }) },
    },
    ...options,
  };
}
const tables = async (engine: Engine) => {
  await using c = await engine.connect();
  return (await inspect(c).tableNames()).filter((n) => !n.startsWith("athanor_version_")).sort();
};
const rows = async (engine: Engine) => {
  await using c = await engine.connect();
  return [...(await c.execute(sql`SELECT version_num FROM athanor_version`))].map((r) => String(r[0]));
};
const both = async <T>(work: (engine: Engine) => Promise<T>): Promise<[T, T]> => [
  await work(p.engine),
  await work(engines[0] as Engine),
];
const put = (id: string, down: string | null, rest: string) =>
  p.put(
    `${id}_.ts`,
    `import * as core from "@athanor/core";\nvoid core;\nexport const revision = "${id}", downRevision = ${JSON.stringify(down)};\n${rest}\n`,
  );

describeEachDatabase("two databases", (target) => {
  it("are compared in one revision, upgraded, checked and downgraded together; either may be chosen", async () => {
    await two([await target.url(), await target.url()]);
    await command.migrate(p.config, { message: "first", revId: "aaaa" });
    const [text = ""] = [...(await p.versions()).values()];
    expect(
      text
        .slice(text.indexOf("export const upgrade"))
        .replaceAll(/ *\/\/ ###.*\n/g, "")
        .split("\n"),
    ).toEqual([
      "export const upgrade = {",
      "  async main(op: Operations): Promise<void> {",
      ...["    await op.createTable(", '      "todo",', '      integer("id").primaryKey(),', "    );"],
      "  },",
      "  async users(op: Operations): Promise<void> {",
      ...["    await op.createTable(", '      "account",', '      integer("id").primaryKey(),', "    );"],
      "  },",
      "};",
      "",
      "export const downgrade = {",
      "  async main(op: Operations): Promise<void> {",
      '    await op.dropTable("todo");',
      "  },",
      "  async users(op: Operations): Promise<void> {",
      '    await op.dropTable("account");',
      "  },",
      "};",
      "",
    ]);
    const seen: string[] = [];
    const config = {
      ...p.config,
      onVersionApply: (e: { database: string | undefined }) => void seen.push(String(e.database)),
    };
    await command.upgrade(config);
    expect(seen).toEqual(["main", "users"]);
    expect(await both(tables)).toEqual([
      ["athanor_version", "todo"],
      ["account", "athanor_version"],
    ]);
    expect(await both(rows)).toEqual([["aaaa"], ["aaaa"]]);
    expect(p.logged.filter((l) => /Migrating|Running/.test(l))).toEqual([
      "INFO  [athanor.env] Migrating database main",
      "INFO  [athanor.runtime.migration] Running upgrade  -> aaaa, first",
      "INFO  [athanor.env] Migrating database users",
      "INFO  [athanor.runtime.migration] Running upgrade  -> aaaa, first",
    ]);
    p.printed.length = 0;
    await command.current(p.config, { checkHeads: true });
    await command.check(p.config);
    expect(p.printed.splice(0)).toEqual([
      "Current revision(s) for database main:\n",
      "aaaa (head)\n",
      "Current revision(s) for database users:\n",
      "aaaa (head)\n",
      "No new upgrade operations detected.\n",
    ]);
    await command.current(p.config, { json: true });
    expect(JSON.parse(p.printed.splice(0).join(""))).toMatchObject([
      { database: "main", rows: ["aaaa"] },
      { database: "users", rows: ["aaaa"] },
    ]);

    // Nothing in any of them: no file. Something in one: a file, with nothing to do for the other.
    expect(await command.migrate(p.config)).toBeNull();
    const grown = {
      ...p.config,
      databases: {
        ...(p.config.databases as object),
        users: { engine: engines[0] as Engine, metadata: models({ account: ["name"] }) },
      },
    };
    await expect(command.check(grown)).rejects.toThrow(/database users: addColumn account\.name/);
    const passes: string[] = [];
    const process = (ops: readonly MigrateOp[], pass: { database: string | undefined }) => {
      passes.push(`${pass.database} ${ops.length}`);
      return ops;
    };
    await command.migrate({ ...grown, processRevisionDirectives: process }, { revId: "bbbb" });
    expect(passes).toEqual(["main 0", "users 1"]);
    const second = [...(await p.versions()).entries()].find(([name]) => name.startsWith("bbbb"))?.[1] ?? "";
    expect(second).toMatch(
      /async main\(op: Operations\): Promise<void> \{\n.*commands auto generated.*\n.*end Athanor commands.*\n {2}\},\n {2}async users/,
    );
    await command.upgrade({ ...grown, only: { databases: ["users"] } });
    expect(await both(rows)).toEqual([["aaaa"], ["bbbb"]]);
    await expect(command.current(grown, { checkHeads: true })).rejects.toMatchObject({
      hint: expect.stringContaining("database main is at aaaa"),
    });
    await command.upgrade(grown);
    expect(await both(rows)).toEqual([["bbbb"], ["bbbb"]]);
    await command.downgrade(grown, "base", { json: true });
    expect(JSON.parse(p.printed.splice(0).slice(-1).join(""))).toMatchObject({
      databases: [
        {
          database: "main",
          steps: [{ direction: "downgrade", revision: "bbbb", rows: ["aaaa"] }, { revision: "aaaa" }],
        },
        { database: "users" },
      ],
    });
    expect(await both(tables)).toEqual([["athanor_version"], ["athanor_version"]]);
    await command.stamp(grown, "aaaa");
    expect(await both(rows)).toEqual([["aaaa"], ["aaaa"]]);
  });

  it("succeed or fail together where DDL is transactional, and say which is where", async () => {
    await two([await target.url(), await target.url()]);
    await put(
      "aaaa",
      null,
      'export const upgrade = { main: (op: any) => op.createTable("todo", core.integer("n")), users: (op: any) => op.execute("SELECT nothing FROM nowhere") };',
    );
    await expect(command.upgrade(p.config)).rejects.toMatchObject({
      code: "migrate.failed",
      revision: "aaaa",
      message: expect.stringContaining("Running upgrade  -> aaaa in database users failed: "),
    });
    const told = p.logged.at(-1);
    if (target.capabilities.has("transactionalDdl")) {
      expect(await both(tables)).toEqual([[], []]);
      expect(told).toBe("WARNI [athanor.env] Rolled back too: main");
    } else {
      expect(await tables(p.engine)).toEqual(["athanor_version", "todo"]);
      expect(await rows(p.engine)).toEqual(["aaaa"]);
      expect(told).toBe("WARNI [athanor.env] Migrated and kept, since DDL cannot be taken back there: main");
    }
    await put(
      "aaaa",
      null,
      'export const upgrade = { main: (op: any) => op.createTable("todo", core.integer("n")), users: async () => {} };',
    );
    await command.upgrade(p.config);
    expect(await both(rows)).toEqual([["aaaa"], ["aaaa"]]);
  });

  it("a function may ask which database it is called for; one that does not is the first one's", async () => {
    await two([await target.url(), await target.url()]);
    await put(
      "aaaa",
      null,
      'export const upgrade = (op: any) => op.createTable("old", core.integer("n")); export const downgrade = (op: any) => op.dropTable("old");',
    );
    await put(
      "bbbb",
      "aaaa",
      'export const upgrade = (op: any, database: string) => op.createTable("in_" + database, core.integer("n"));',
    );
    // A database that came later has no function in older files.
    await put(
      "cccc",
      "bbbb",
      'export const upgrade = { users: (op: any) => op.createTable("late", core.integer("n")) };',
    );
    await command.upgrade(p.config);
    expect(await both(tables)).toEqual([
      ["athanor_version", "in_main", "old"],
      ["athanor_version", "in_users", "late"],
    ]);
    // Where nothing was done there is nothing to undo.
    await command.downgrade({ ...p.config, only: { databases: ["main"] } }, "bbbb");
    await expect(command.downgrade(p.config, "aaaa")).rejects.toMatchObject({ code: "migrate.no-downgrade" });
  });
});

describeEachDatabase(
  "two-phase commit",
  (target) => {
    it("prepares all, then commits all; nothing stays prepared", async () => {
      await two([await target.url(), await target.url()], { twoPhase: true });
      await put(
        "aaaa",
        null,
        'export const upgrade = { main: (op: any) => op.createTable("todo", core.integer("n")), users: (op: any) => op.createTable("account", core.integer("n")) };',
      );
      if (!target.capabilities.has("transactionalDdl")) {
        await expect(command.upgrade(p.config)).rejects.toMatchObject({ code: "migrate.two-phase" });
        return;
      }
      await using c = await p.engine.connect();
      const on = Number((await c.execute(sql`SHOW max_prepared_transactions`).one())[0]) > 0;
      await c.rollback();
      if (on) {
        await command.upgrade(p.config);
        expect(await both(rows)).toEqual([["aaaa"], ["aaaa"]]);
        // The second cannot be prepared: the first, which was, is rolled back.
        await put(
          "bbbb",
          "aaaa",
          'export const upgrade = { main: (op: any) => op.createTable("b", core.integer("n")), users: (op: any) => op.execute("CREATE TEMPORARY TABLE x (n int)") };',
        );
        await expect(command.upgrade(p.config)).rejects.toThrow(/temporary/);
        expect(await both(rows)).toEqual([["aaaa"], ["aaaa"]]);
      } else {
        await expect(command.upgrade(p.config)).rejects.toThrow(/prepared transactions are disabled/);
        expect(await both(tables)).toEqual([[], []]);
      }
      expect(await c.recoverTwoPhase()).toEqual([]);
      await expect(command.upgrade({ ...p.config, transactionPerMigration: true })).rejects.toMatchObject({
        code: "migrate.two-phase",
      });
    });
  },
  { requires: ["twoPhaseCommit"] },
);

describe("with several databases", () => {
  const PG = "postgresql://nobody@127.0.0.1:1/none";
  it("--sql writes a script for each, in its own dialect; of one, to stdout", async () => {
    await two([PG, "mariadb://nobody@127.0.0.1:1/none"]);
    p.config = { ...p.config, scriptDirectory: p.root };
    await put(
      "aaaa",
      null,
      'export const upgrade = { main: (op: any) => op.execute("M"), users: (op: any) => op.execute("U") };',
    );
    await command.upgrade(p.config, "head", { sql: true });
    expect(p.printed).toEqual([]);
    const script = (name: string) => readFile(join(p.root, name), "utf8");
    expect(await script("main.sql")).toMatch(
      /^BEGIN;\n\nCREATE TABLE athanor_version[\s\S]*\nM;\n\nINSERT INTO athanor_version/,
    );
    expect(await script("users.sql")).toMatch(/^CREATE TABLE athanor_version[\s\S]*\nU;\n\n/);
    expect(p.logged.join("\n")).toContain(`INFO  [athanor.env] Writing output to ${join(p.root, "users.sql")}`);
    await command.upgrade({ ...p.config, only: { databases: ["users"] } }, "head", { sql: true });
    expect(p.printed.join("")).toMatch(/^CREATE TABLE athanor_version[\s\S]*\nU;\n\n/);
  });
  it("mistakes are told", async () => {
    await two(["sqlite://", "sqlite://"]);
    await put("aaaa", null, "export const upgrade = { user: () => {} };");
    await expect(command.upgrade(p.config)).rejects.toMatchObject({
      code: "migrate.databases",
      hint: expect.stringContaining("Did you mean 'users'?"),
    });
    await expect(command.upgrade({ ...p.config, databases: undefined, engine: p.engine })).rejects.toMatchObject({
      message: expect.stringContaining("the configuration names no databases"),
    });
    await expect(command.upgrade({ ...p.config, only: { databases: ["uers"] } })).rejects.toMatchObject({
      code: "migrate.no-database",
      hint: expect.stringContaining("Did you mean 'users'?"),
    });
    const url = `sqlite:///${join(p.root, "x.db")}`;
    await expect(command.current({ ...p.config, databases: { a: { url }, b: { url } } })).rejects.toMatchObject({
      code: "migrate.same-database",
    });
    await expect(command.current({ ...p.config, tenants: ["x"] })).rejects.toMatchObject({
      code: "migrate.tenants-of",
    });
    await put("aaaa", null, "export const upgrade = { users: 1 };");
    await expect(command.upgrade(p.config)).rejects.toMatchObject({ code: "migrate.no-function" });
  });
  it("empty revisions and merges have a function for each; lint and squash look at each", async () => {
    await two(["sqlite://", "sqlite://"]);
    p.config = { ...p.config, databases: { ...(p.config.databases as object), "far away": { engine: p.engine } } };
    await command.revision(p.config, { revId: "aaaa" });
    const [text = ""] = [...(await p.versions()).values()];
    expect(text).toContain(
      'export const upgrade = {\n  async main(op: Operations): Promise<void> {\n  },\n  async users(op: Operations): Promise<void> {\n  },\n  async "far away"(op: Operations): Promise<void> {\n  },\n};\n',
    );
    p.config = { ...p.config, databases: { main: { engine: p.engine }, users: { engine: engines[0] as Engine } } };
    await put(
      "aaaa",
      null,
      'export const upgrade = { main: (op: any) => op.execute("M1"), users: (op: any) => op.dropTable("u") }; export const downgrade = {};',
    );
    await put(
      "bbbb",
      "aaaa",
      'export const upgrade = { main: (op: any) => op.execute("M2") }; export const downgrade = { main: (op: any) => op.execute("-M2") };',
    );
    await expect(command.lint(p.config, { all: true, json: true })).rejects.toMatchObject({ code: "migrate.lint" });
    const { findings } = JSON.parse(p.printed.splice(0).slice(-1).join("")) as {
      findings: { rule: string; database: string }[];
    };
    expect(findings.filter((f) => f.rule === "drop-table").map((f) => f.database)).toEqual(["users"]);
    await put(
      "aaaa",
      null,
      'export const upgrade = { main: (op: any) => op.execute("M1"), users: (op: any) => op.dropTable("u") }; export const downgrade = { main: (op: any) => op.execute("-M1"), users: async () => {} };',
    );
    await command.squash(p.config, "base:head", { revId: "cccc" });
    const squashed = [...(await p.versions()).values()].join("");
    const functionOf = (name: string) => squashed.slice(squashed.indexOf(`export const ${name}`));
    expect(functionOf("upgrade")).toMatch(
      /async main[\s\S]*"M1"[\s\S]*"M2"[\s\S]*async users[\s\S]*op\.dropTable\("u"\)/,
    );
    expect(functionOf("downgrade")).toMatch(/async main[\s\S]*"-M2"[\s\S]*"-M1"/);
  });
  it("init --template multidb writes an env file that names them", async () => {
    p = await project("sqlite://");
    const directory = join(p.root, "several");
    await command.init({ ...p.config, directory }, { multidb: true });
    const env = await readFile(join(directory, "env.ts"), "utf8");
    expect(env).toMatch(/databases: \{\n {6}default: \{[\s\S]*users: \{/);
    const { default: environment } = (await loadTs(join(directory, "env.ts"))) as {
      default: (input: object) => Promise<{ databases: Record<string, { url: string }> }>;
    };
    expect(Object.keys((await environment({ x: {} })).databases)).toEqual(["default", "users"]);
  });
});
