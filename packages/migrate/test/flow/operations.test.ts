/** Operations on every database: what they do, and that SQLite's rebuild loses nothing. */
import { inspect, sql } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, describe, expect, it } from "vitest";
import { command, LockError, MigrationFailedError } from "../../src/index.js";
import { type Project, project } from "./project.js";

let p: Project;
afterEach(() => p?.dispose());
const rows = async (text: string): Promise<unknown[][]> => {
  await using c = await p.engine.connect();
  return (await c.execute(sql.raw(text))).map((r) => [...r]);
};
const look = async (name: string) => {
  await using c = await p.engine.connect();
  return await inspect(c).table(name);
};

const createTodo = `await op.createTable("todo", core.integer("id").primaryKey(), core.string("title", 80));
await op.bulkInsert(core.table("todo", { id: core.integer(), title: core.string(80) }, { metadata: new core.MetaData() }), [{ id: 1, title: "one" }, { id: 2, title: "two" }]);`;

describeEachDatabase("operations", (target) => {
  const start = async () => {
    p = await project(await target.url());
  };
  it("the three-line NOT NULL recipe runs as printed, with rows present", async () => {
    await start();
    await p.revision("aaaa", null, createTodo, 'await op.dropTable("todo");');
    await p.revision(
      "bbbb",
      "aaaa",
      `await op.addColumn("todo", core.boolean("completed").nullable());
       await op.execute("UPDATE todo SET completed = False WHERE completed IS NULL;");
       await op.alterColumn("todo", "completed", { nullable: false });`,
      'await op.dropColumn("todo", "completed");',
    );
    await command.upgrade(p.config);
    expect(
      (await rows("SELECT id, title, completed FROM todo ORDER BY id")).map((r) => [
        Number(r[0]),
        r[1],
        Boolean(Number(r[2])),
      ]),
    ).toEqual([
      [1, "one", false],
      [2, "two", false],
    ]);
    expect((await look("todo")).columns.find((c) => c.name === "completed")?.nullable).toBe(false);
    await command.downgrade(p.config);
    expect((await look("todo")).columns.map((c) => c.name)).toEqual(["id", "title"]);
    expect(await rows("SELECT count(*) FROM todo")).toEqual([[expect.toSatisfy((n) => Number(n) === 2)]]);
  });

  it("a column changes type, default, nullability and name at once; the rest of it stays", async () => {
    await start();
    await p.revision(
      "aaaa",
      null,
      `await op.createTable("item", core.integer("id").primaryKey(), core.string("name", 20).serverDefault("'x'"), core.integer("n").nullable(), core.unique("uq_item_n", "n"));
       await op.createIndex("ix_item_name", "item", ["name"]);
       await op.execute("INSERT INTO item (id, name, n) VALUES (1, 'a', 7)");`,
    );
    await p.revision(
      "bbbb",
      "aaaa",
      'await op.alterColumn("item", "name", { type: core.string(50), nullable: true, newName: "label" });',
    );
    await p.revision(
      "cccc",
      "bbbb",
      'await op.alterColumn("item", "label", { serverDefault: null });\nawait op.alterColumn("item", "n", { serverDefault: "5", nullable: false });',
    );
    await command.upgrade(p.config, "bbbb");
    let item = await look("item");
    const label = item.columns.find((c) => c.name === "label");
    expect(label).toMatchObject({ nullable: true, databaseType: expect.stringMatching(/50/) });
    expect(label?.default).toMatch(/'x'/);
    expect(item.indexes.map((i) => [i.name, i.parts[0]?.column])).toContainEqual(["ix_item_name", "label"]);
    await command.upgrade(p.config);
    item = await look("item");
    expect(item.columns.find((c) => c.name === "label")?.default).toBeUndefined();
    expect(item.columns.find((c) => c.name === "n")).toMatchObject({ nullable: false, default: "5" });
    expect(item.uniqueConstraints.map((u) => u.name)).toEqual(["uq_item_n"]);
    expect((await rows("SELECT id, label, n FROM item")).map((r) => r.map(String))).toEqual([["1", "a", "7"]]);
  });

  it("constraints come and go by name, and by columns where they have none", async () => {
    await start();
    await p.revision(
      "aaaa",
      null,
      `await op.createTable("parent", core.integer("id").primaryKey());
       await op.createTable("child", core.integer("id").primaryKey(), core.integer("parent_id").references("parent.id"), core.integer("a"), core.integer("b"));`,
    );
    await p.revision(
      "bbbb",
      "aaaa",
      `await op.dropConstraint(null, "child", "foreignKey", { columns: ["parent_id"] });
       await op.createForeignKey("fk_child_parent", "child", "parent", ["parent_id"], ["id"], { onDelete: "CASCADE" });
       await op.createUniqueConstraint("uq_child", "child", ["a", "b"]);
       await op.createCheckConstraint("ck_child", "child", "a > 0");`,
      `await op.dropConstraint("ck_child", "child", "check");
       await op.dropConstraint("uq_child", "child", "unique");
       await op.dropConstraint("fk_child_parent", "child", "foreignKey");`,
    );
    await command.upgrade(p.config);
    let child = await look("child");
    expect(child.foreignKeys).toMatchObject([
      { name: "fk_child_parent", onDelete: "CASCADE", referredTable: "parent" },
    ]);
    expect(child.uniqueConstraints.map((u) => [u.name, u.columns])).toEqual([["uq_child", ["a", "b"]]]);
    expect(child.checks.map((c) => c.name)).toEqual(["ck_child"]);
    await command.downgrade(p.config);
    child = await look("child");
    expect([child.foreignKeys, child.uniqueConstraints, child.checks]).toEqual([[], [], []]);
  });

  it("a batch does its changes to one table together", async () => {
    await start();
    await p.revision("aaaa", null, createTodo);
    await p.revision(
      "bbbb",
      "aaaa",
      `await op.batchAlterTable("todo", (batch) => {
         batch.addColumn(core.string("note", 20).serverDefault("'-'"));
         batch.alterColumn("title", { nullable: true });
         batch.createUniqueConstraint("uq_title", ["title"]);
         batch.createIndex("ix_note", ["note"]);
       });`,
      `await op.batchAlterTable("todo", (batch) => {
         batch.dropIndex("ix_note");
         batch.dropConstraint("uq_title", "unique");
         batch.dropColumn("note");
       });`,
    );
    await command.upgrade(p.config);
    const todo = await look("todo");
    expect(todo.columns.map((c) => [c.name, c.nullable])).toEqual([
      ["id", false],
      ["title", true],
      ["note", false],
    ]);
    expect(todo.indexes.map((i) => i.name)).toContain("ix_note");
    expect(todo.uniqueConstraints.map((u) => u.name)).toEqual(["uq_title"]);
    expect((await rows("SELECT note FROM todo")).flat()).toEqual(["-", "-"]);
    await command.downgrade(p.config);
    expect((await look("todo")).columns.map((c) => c.name)).toEqual(["id", "title"]);
  });

  it("a failing migration leaves the version table, says what stays, and can be run again", async () => {
    await start();
    await p.revision("aaaa", null, createTodo);
    await p.revision(
      "bbbb",
      "aaaa",
      'await op.addColumn("todo", core.integer("n").nullable());\nawait op.execute("SELECT nothing FROM nowhere");',
    );
    const failure = await command.upgrade(p.config).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(failure).toBeInstanceOf(MigrationFailedError);
    const error = failure as MigrationFailedError;
    expect(error.revision).toBe("bbbb");
    p.printed.length = 0;
    await command.current(p.config);
    if (p.engine.dialect.capabilities.transactionalDdl) {
      expect(p.printed).toEqual([]);
      expect(error.hint).toContain("rolled back");
      await using c = await p.engine.connect();
      expect(await inspect(c).tableNames()).toEqual([]);
    } else {
      expect(p.printed).toEqual(["aaaa\n"]);
      expect(error.done).toEqual(["aaaa"]);
      expect(error.leftBehind).toEqual([expect.stringContaining("ADD COLUMN n")]);
      expect(error.hint).toContain("ADD COLUMN n");
    }
    await p.revision("bbbb", "aaaa", 'await op.execute("SELECT 1");');
    await command.upgrade(p.config);
    p.printed.length = 0;
    await command.current(p.config);
    expect(p.printed).toEqual(["bbbb (head)\n"]);
  });

  it("an operation that nobody awaited still counts", async () => {
    await start();
    await p.revision(
      "aaaa",
      null,
      'op.createTable("one", core.integer("id").primaryKey());\nop.createTable("two", core.integer("id").primaryKey());',
    );
    await command.upgrade(p.config);
    await using c = await p.engine.connect();
    expect((await inspect(c).tableNames()).filter((n) => !n.startsWith("athanor_version"))).toEqual(["one", "two"]);
    await c.close();
    await p.revision("bbbb", "aaaa", 'op.execute("SELECT nothing FROM nowhere");');
    await expect(command.upgrade(p.config)).rejects.toBeInstanceOf(MigrationFailedError);
  });

  it("two upgrades at once: one runs, the other finds nothing to do", async () => {
    await start();
    await p.revision("aaaa", null, `${createTodo}\nawait new Promise((r) => setTimeout(r, 300));`);
    await p.revision("bbbb", "aaaa", 'await op.addColumn("todo", core.integer("n").nullable());');
    await Promise.all([command.upgrade(p.config), command.upgrade(p.config)]);
    expect(p.logged.filter((l) => l.includes("Running upgrade"))).toHaveLength(2);
    // And who may not wait is told.
    await p.revision("cccc", "bbbb", "await new Promise((r) => setTimeout(r, 1200));");
    const slow = command.upgrade(p.config);
    await new Promise((r) => setTimeout(r, 300));
    if (target.capabilities.has("concurrentWriters")) {
      await expect(command.upgrade({ ...p.config, lockWait: 100 })).rejects.toBeInstanceOf(LockError);
    }
    await slow;
  });

  it("duplicate, missing and unknown version rows are noticed", async () => {
    await start();
    p.config = { ...p.config, versionTable: { primaryKey: false } };
    await p.revision("aaaa", null, "");
    await p.revision("bbbb", "aaaa", "");
    await command.upgrade(p.config);
    await p.engine.begin(async (c) => {
      await c.execute(sql`INSERT INTO athanor_version VALUES ('bbbb')`);
    });
    await expect(command.downgrade(p.config, "aaaa")).rejects.toMatchObject({
      message: expect.stringContaining("2 found"),
    });
    await p.engine.begin(async (c) => {
      await c.execute(sql`DELETE FROM athanor_version`);
      await c.execute(sql`INSERT INTO athanor_version VALUES ('zzzz')`);
    });
    await expect(command.upgrade(p.config)).rejects.toMatchObject({
      message: expect.stringContaining("Can't locate revision identified by 'zzzz'"),
    });
    await command.stamp(p.config, "aaaa", { purge: true });
    p.printed.length = 0;
    await command.current(p.config);
    expect(p.printed).toEqual(["aaaa\n"]);
  });

  it("merges and branches follow in the version rows", async () => {
    await start();
    await p.revision("aaaa", null, "");
    await p.revision("b1b1", "aaaa", "");
    await p.revision("b2b2", "aaaa", "");
    await expect(command.upgrade(p.config)).rejects.toMatchObject({
      message: expect.stringContaining("Multiple head revisions are present"),
    });
    await command.upgrade(p.config, "heads");
    expect((await rows("SELECT version_num FROM athanor_version ORDER BY 1")).flat()).toEqual(["b1b1", "b2b2"]);
    const merged = await command.merge(p.config);
    await command.upgrade(p.config);
    expect((await rows("SELECT version_num FROM athanor_version")).flat()).toEqual([merged.revision]);
    await command
      .downgrade(p.config, "-1")
      .catch(() => command.downgrade(p.config, `${merged.revision}-1`))
      .catch(() => command.downgrade(p.config, "b1b1"));
    expect((await rows("SELECT version_num FROM athanor_version ORDER BY 1")).flat()).toEqual(["b1b1", "b2b2"]);
  });
});

describeEachDatabase(
  "a rebuild of SQLite",
  (target) => {
    it("keeps children, indexes, triggers, views, checks, collations and numbers, with foreign keys enforced", async () => {
      p = await project(await target.url());
      await p.engine.begin(async (c) => {
        for (const text of [
          "CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(20) COLLATE NOCASE CHECK (name <> ''), up INTEGER REFERENCES parent (id) ON DELETE CASCADE, total INTEGER GENERATED ALWAYS AS (id * 2) STORED, price NUMERIC DEFAULT (1 + 1))",
          "CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE)",
          "CREATE INDEX ix_lower ON parent (lower(name))",
          "CREATE UNIQUE INDEX ix_part ON parent (name) WHERE up IS NULL",
          "CREATE VIEW parents AS SELECT id, name FROM parent",
          "CREATE TABLE log (what TEXT)",
          "CREATE TRIGGER parent_insert AFTER INSERT ON parent BEGIN INSERT INTO log VALUES (new.name); END",
          "INSERT INTO parent (id, name) VALUES (1, 'a'), (9, 'gone')",
          "INSERT INTO parent (id, name, up) VALUES (2, 'b', 1)",
          "INSERT INTO child VALUES (1, 1), (2, 2)",
          "DELETE FROM parent WHERE id = 9",
        ]) {
          await c.executeScript(text);
        }
      });
      await p.revision(
        "aaaa",
        null,
        'await op.alterColumn("parent", "name", { nullable: false });\nawait op.createUniqueConstraint("uq_up", "parent", ["up", "id"]);',
      );
      await command.upgrade(p.config);
      expect(await rows("SELECT count(*) FROM child")).toEqual([[2]]);
      expect(await rows("SELECT id, name, up, total, price FROM parent ORDER BY id")).toEqual(
        [
          [1, "a", null, 2, 2],
          [2, "b", 1, 4, 2],
        ].map((r) => r.map((v) => (v === 2 || v === 1 || v === 4 ? expect.toSatisfy((x) => Number(x) === v) : v))),
      );
      expect(await rows("SELECT name FROM parents ORDER BY id")).toEqual([["a"], ["b"]]);
      const parent = await look("parent");
      expect(parent.indexes.map((i) => i.name)).toEqual(["ix_lower", "ix_part"]);
      expect(parent.triggers.map((t) => t.name)).toEqual(["parent_insert"]);
      expect(parent.foreignKeys).toMatchObject([{ columns: ["up"], referredTable: "parent", onDelete: "CASCADE" }]);
      expect(parent.columns.find((c) => c.name === "name")).toMatchObject({ nullable: false, collation: "NOCASE" });
      expect(parent.columns.find((c) => c.name === "total")?.computed).toBeDefined();
      expect((await look("child")).foreignKeys).toMatchObject([{ referredTable: "parent" }]);
      await p.engine.begin(async (c) => {
        // A number that was given out is not given out again, and keys are enforced as before.
        await c.execute(sql`INSERT INTO parent (name) VALUES ('c')`);
        expect(Number((await c.execute(sql`SELECT max(id) FROM parent`).one())[0])).toBe(10);
        await expect(c.execute(sql`INSERT INTO child VALUES (3, 99)`).all()).rejects.toMatchObject({
          kind: "foreign-key",
        });
      });
      expect((await rows("SELECT what FROM log")).at(-1)).toEqual(["c"]);
      expect(await rows("PRAGMA integrity_check")).toEqual([["ok"]]);
    });
    it("keeps STRICT and WITHOUT ROWID, and moves a column to another type with its values", async () => {
      p = await project(await target.url());
      await p.engine.begin(async (c) => {
        await c.executeScript("CREATE TABLE s (k TEXT PRIMARY KEY, n TEXT DEFAULT 'x') STRICT, WITHOUT ROWID");
        await c.executeScript("INSERT INTO s VALUES ('a', '1')");
        await c.executeScript('CREATE TABLE "Odd name" ("from" VARCHAR(5), "b c" INTEGER, CHECK ("b c" > 0))');
        await c.executeScript(`INSERT INTO "Odd name" VALUES ('12', 1)`);
      });
      await p.revision(
        "aaaa",
        null,
        `await op.alterColumn("s", "n", { nullable: false });
         await op.alterColumn("Odd name", "from", { type: core.integer(), nullable: false });
         await op.addColumn("Odd name", core.dateTime("made").serverDefault("CURRENT_TIMESTAMP"));`,
      );
      await command.upgrade(p.config);
      expect((await look("s")).options).toEqual({ sqlite: { strict: true, withoutRowid: true } });
      expect(await rows("SELECT k, n FROM s")).toEqual([["a", "1"]]);
      expect(
        (await rows('SELECT typeof("from"), "b c", made IS NULL FROM "Odd name"')).map((r) => r.map(String)),
      ).toEqual([["integer", "1", "0"]]);
      expect((await look("Odd name")).checks).toHaveLength(1);
    });
    it("refuses to commit rows that refer to nothing", async () => {
      p = await project(await target.url());
      await p.revision(
        "aaaa",
        null,
        `await op.createTable("parent", core.integer("id").primaryKey());
         await op.createTable("child", core.integer("id").primaryKey(), core.integer("parent_id").references("parent.id"));
         await op.execute("INSERT INTO child VALUES (1, 5)");`,
      );
      await expect(command.upgrade(p.config)).rejects.toMatchObject({ cause: { code: "migrate.foreign-key-check" } });
    });
  },
  { only: ["sqlite"] },
);

describe("scripts", () => {
  it("--sql writes BEGIN, the version table, the steps and COMMIT, for the dialect of the URL", async () => {
    p = await project("postgresql://nobody@127.0.0.1:1/none");
    await p.revision(
      "aaaa",
      null,
      'await op.createTable("todo", core.integer("id").primaryKey(), core.string("title", 80));',
      'await op.dropTable("todo");',
    );
    await p.revision(
      "bbbb",
      "aaaa",
      'await op.execute(core.sql`UPDATE todo SET title = ${"it\'s"}`);',
      'await op.execute("SELECT 1");',
    );
    await command.upgrade(p.config, "head", { sql: true });
    expect(p.printed.join("")).toBe(`BEGIN;

CREATE TABLE athanor_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT athanor_version_pkc PRIMARY KEY (version_num)
);

-- Running upgrade  -> aaaa

CREATE TABLE todo (
	id SERIAL NOT NULL, 
	title VARCHAR(80) NOT NULL, 
	PRIMARY KEY (id)
);

INSERT INTO athanor_version (version_num) VALUES ('aaaa');

-- Running upgrade aaaa -> bbbb

UPDATE todo SET title = 'it''s';

UPDATE athanor_version SET version_num = 'bbbb' WHERE version_num = 'aaaa';

COMMIT;

`);
    p.printed.length = 0;
    await command.downgrade(p.config, "-1", { sql: true });
    expect(p.printed.join("")).toContain("UPDATE athanor_version SET version_num = 'aaaa' WHERE version_num = 'bbbb';");
    await expect(command.downgrade(p.config, "aaaa", { sql: true })).rejects.toMatchObject({
      message: "downgrade with --sql requires <fromrev>:<torev>",
    });
    await expect(command.upgrade(p.config, "aaaa:bbbb")).rejects.toMatchObject({
      message: "Range revision not allowed",
    });
  });
});
