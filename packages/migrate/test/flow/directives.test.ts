/** The directives of `op`, one by one: what they send, what they leave, what undoes them. */
import {
  boolean,
  enumeration,
  index,
  integer,
  MetaData,
  RECOMMENDED_NAMING_CONVENTION,
  sql,
  string,
  table,
  text,
  unique,
  update,
} from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, expect, it } from "vitest";
import {
  AddColumnOp,
  AlterColumnOp,
  type BatchOperations,
  CreateIndexOp,
  MigrateOp,
  type Operations,
  registerOperation,
  renderOps,
  reversed,
  TableCommentOp,
} from "../../src/index.js";
import { AdHoc } from "./ad-hoc.js";

let a: AdHoc;
afterEach(() => a?.dispose());

describeEachDatabase("directives", (target) => {
  const has = (what: Parameters<typeof target.capabilities.has>[0]) => target.capabilities.has(what);
  const open = async (...statements: string[]) => {
    a = await AdHoc.open(target);
    for (const one of statements) await a.connection.executeScript(one);
  };
  const names = async () => [...(await a.rows(tablesQuery))].flat().sort();
  const tablesQuery =
    target.name === "sqlite"
      ? "SELECT name FROM sqlite_master WHERE type = 'table'"
      : `SELECT table_name FROM information_schema.tables WHERE table_schema = ${target.family === "mysql" ? "database()" : "current_schema()"}`;

  it("createTable gives a table for rows, with indexes and comments; renameTable keeps them; dropTable may find nothing", async () => {
    await open();
    await a.run(async (op) => {
      const t = await op.createTable(
        "todo",
        integer("id").primaryKey(),
        string("title", 20).index().comment("what"),
        boolean("done").serverDefault("false"),
        unique("uq_title", "title"),
        { comment: "things to do", ifNotExists: true },
      );
      await op.bulkInsert(t, [
        { id: 1, title: "a", done: true },
        { id: 2, title: "it's", done: false },
      ]);
      await op.bulkInsert(t, []);
      await op.bulkInsert(
        t,
        [
          { id: 3, title: "b", done: false },
          { id: 4, title: "c", done: false },
        ],
        { multiInsert: false },
      );
      // There already, so nothing happens.
      await op.createTable("todo", integer("id").primaryKey(), { ifNotExists: true });
      await op.renameTable("todo", "task");
      await op.dropTable("todo", { ifExists: true });
    });
    expect(a.sent.filter((s) => s.startsWith("INSERT"))).toHaveLength(3);
    expect(await names()).toEqual(["task"]);
    const task = await a.look("task");
    expect(task.uniqueConstraints.map((u) => [u.name, u.columns])).toEqual([["uq_title", ["title"]]]);
    expect(task.indexes.map((i) => i.name)).toContain("ix_todo_title");
    if (has("comments")) {
      expect(task.comment).toBe("things to do");
      expect(task.columns.find((c) => c.name === "title")?.comment).toBe("what");
    }
    expect((await a.rows("SELECT title FROM task ORDER BY id")).flat()).toEqual(["a", "it's", "b", "c"]);
    await expect(a.run((op) => op.dropTable("todo"))).rejects.toThrow();
  });

  it("addColumn brings its key, unique, check, index and comment, and may find the column there", async () => {
    await open(
      "CREATE TABLE p (id INTEGER PRIMARY KEY)",
      "CREATE TABLE t (id INTEGER PRIMARY KEY)",
      "INSERT INTO p VALUES (1)",
      "INSERT INTO t VALUES (1)",
    );
    await a.run(async (op) => {
      await op.addColumn("t", integer("p_id").nullable().references("p.id", { name: "fk_t_p", onDelete: "CASCADE" }));
      await op.addColumn("t", integer("u").nullable().unique("uq_u"));
      await op.addColumn("t", string("s", 10).nullable().index().comment("indexed"));
      await op.addColumn(
        "t",
        enumeration(["x", "y"], { createConstraint: true, constraintName: "ck_e" }).named("e").nullable(),
      );
      await op.addColumn("t", integer("u").nullable(), { ifNotExists: true });
    });
    const t = await a.look("t");
    expect(t.columns.map((c) => c.name)).toEqual(["id", "p_id", "u", "s", "e"]);
    expect(t.foreignKeys).toMatchObject([{ name: "fk_t_p", referredTable: "p", onDelete: "CASCADE" }]);
    expect(t.uniqueConstraints.map((u) => u.columns)).toEqual([["u"]]);
    expect(t.indexes.map((i) => i.name)).toContain("ix_t_s");
    expect(t.checks.map((c) => c.name)).toEqual(["ck_e"]);
    if (has("comments")) expect(t.columns.find((c) => c.name === "s")?.comment).toBe("indexed");
    await expect(a.connection.executeScript("UPDATE t SET e = 'z'")).rejects.toMatchObject({ kind: "check" });
    await expect(a.run((op) => op.addColumn("t", integer("u").nullable()))).rejects.toThrow();
    // What fails leaves no column behind, where it can be undone or was refused beforehand.
    await expect(a.run((op) => op.addColumn("t", integer("n").references("nowhere.id")))).rejects.toThrow();
    if (has("transactionalDdl")) expect((await a.look("t")).columns.map((c) => c.name)).not.toContain("n");
  });

  it("dropColumn, dropIndex and dropConstraint may find nothing, and then say nothing", async () => {
    await open("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, CONSTRAINT ck_a CHECK (a > 0))");
    await a.run(async (op) => {
      await op.createIndex("ix_a", "t", ["a"]);
      await op.createIndex("ix_a", "t", ["a"], { ifNotExists: true });
      for (let i = 0; i < 2; i++) {
        await op.dropIndex("ix_a", { table: "t", ifExists: true });
        await op.dropConstraint("ck_a", "t", "check", { ifExists: true });
        await op.dropColumn("t", "a", { ifExists: true });
      }
    });
    const t = await a.look("t");
    expect([t.columns.map((c) => c.name), t.checks, t.indexes]).toEqual([["id"], [], []]);
    for (const work of [
      (op: Operations) => op.dropIndex("ix_a", { table: "t" }),
      (op: Operations) => op.dropConstraint("ck_a", "t", "check"),
      (op: Operations) => op.dropColumn("t", "a"),
    ]) {
      await expect(a.run(work)).rejects.toThrow();
    }
  });

  it("alterColumn swaps the checks of booleans and enumerations with their types, by name and without one", async () => {
    await open();
    const mood = (values: string[], named: boolean) =>
      enumeration(values, { createConstraint: true, ...(named ? { constraintName: "ck_mood" } : {}) });
    for (const named of [true, false]) {
      await a.run(async (op) => {
        await op.dropTable("t", { ifExists: true });
        await op.createTable("t", integer("id").primaryKey(), mood(["sad", "glad"], named).named("mood"));
        await op.execute("INSERT INTO t (id, mood) VALUES (1, 'sad')");
        await op.alterColumn("t", "mood", {
          type: mood(["sad", "glad", "bored"], named),
          existingType: mood(["sad", "glad"], named),
        });
        await op.execute("UPDATE t SET mood = 'bored'");
      });
      await expect(a.connection.executeScript("UPDATE t SET mood = 'rich'")).rejects.toMatchObject({ kind: "check" });
      expect((await a.look("t")).checks).toHaveLength(1);
      await a.run((op) =>
        op.alterColumn("t", "mood", { type: string(9), existingType: mood(["sad", "glad", "bored"], named) }),
      );
      expect((await a.look("t")).checks).toEqual([]);
      expect(await a.rows("SELECT mood FROM t")).toEqual([["bored"]]);
    }
  });

  it("alterColumn says what it needs, and what it cannot do", async () => {
    await open("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)");
    await expect(a.run((op) => op.alterColumn("t", "a", {}))).rejects.toMatchObject({ code: "migrate.no-change" });
    await expect(a.run((op) => op.alterColumn("t", "b", { nullable: false }))).rejects.toThrow();
    await expect(a.run((op) => op.alterColumn("t", "a", { type: "integer" as never }))).rejects.toMatchObject({
      code: "migrate.type",
    });
  });

  it("comments come, change and go, and know their way back", async () => {
    await open("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)");
    const comments = async () => {
      const t = await a.look("t");
      return [t.comment, t.columns.find((c) => c.name === "a")?.comment];
    };
    const ops = [
      new TableCommentOp("t", "it's a table"),
      new AlterColumnOp("t", "a", { comment: "a 'column'" }, { comment: null }),
      new TableCommentOp("t", "still a table", "it's a table"),
    ];
    await a.runSource(ops);
    if (has("comments")) expect(await comments()).toEqual(["still a table", "a 'column'"]);
    await a.runSource(reversed(ops));
    expect(await comments()).toEqual([undefined, undefined]);
    await a.run(async (op) => {
      await op.createTableComment("t", "x");
      await op.setColumnComment("t", "a", "y");
    });
    if (has("comments")) expect(await comments()).toEqual(["x", "y"]);
    await a.run(async (op) => {
      await op.dropTableComment("t", { existingComment: "x" });
      await op.setColumnComment("t", "a", null);
    });
    expect(await comments()).toEqual([undefined, undefined]);
    const lost = () => new TableCommentOp("t", null).reverse();
    expect(lost).toThrow(expect.objectContaining({ hint: expect.stringContaining("existingComment") }));
  });

  it("indexes take columns, expressions, orders, conditions and options, and come back as they were", async () => {
    await open("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b VARCHAR(40))");
    const metadata = new MetaData();
    table(
      "t",
      { id: integer().primaryKey(), a: integer().nullable(), b: string(40).nullable() },
      {
        metadata,
        constraints: (c) => [
          index("ix_order", c.a.desc(), c.b)
            .unique()
            .with("mysql", { length: { b: 10 } })
            .with("postgresql", { include: ["id"] }),
          ...(has("partialIndexes") ? [index("ix_part", c.b).where(c.a.gt(5))] : []),
          ...(has("expressionIndexes") ? [index("ix_lower", sql`lower(${c.b})`)] : []),
        ],
      },
    );
    const indexes = metadata.table("t").indexes;
    const ops = indexes.map((i) => new CreateIndexOp(i));
    await a.runSource(ops);
    const made = (await a.look("t")).indexes;
    expect(made.map((i) => i.name).sort()).toEqual(indexes.map((i) => i.name).sort());
    expect(made.find((i) => i.name === "ix_order")).toMatchObject({ unique: true });
    expect(
      made
        .find((i) => i.name === "ix_order")
        ?.parts.slice(0, 2)
        .map((x) => [x.column, x.descending]),
    ).toEqual([
      ["a", true],
      ["b", false],
    ]);
    const back = reversed(ops);
    await a.runSource(back);
    expect((await a.look("t")).indexes).toEqual([]);
    await a.runSource(reversed(back));
    const again = (await a.look("t")).indexes;
    expect(again.map(({ source: _, ...i }) => i)).toEqual(made.map(({ source: _, ...i }) => i));
  });

  it("keys of several columns, to other tables and to themselves", async () => {
    await open(
      "CREATE TABLE p (a INTEGER NOT NULL, b INTEGER NOT NULL)",
      "CREATE TABLE t (id INTEGER NOT NULL, a INTEGER, b INTEGER, up INTEGER)",
    );
    const deferred = has("deferrableConstraints") ? ({ deferrable: true, initially: "DEFERRED" } as const) : {};
    await a.run(async (op) => {
      await op.createPrimaryKey("pk_p", "p", ["a", "b"]);
      await op.createPrimaryKey("pk_t", "t", ["id"]);
      await op.createForeignKey("fk_ab", "t", "p", ["a", "b"], ["a", "b"], {
        onDelete: "SET NULL",
        onUpdate: "CASCADE",
        ...deferred,
      });
      await op.createForeignKey("fk_up", "t", "t", ["up"], ["id"]);
      await op.createUniqueConstraint("uq_ab", "t", ["a", "b"]);
    });
    const t = await a.look("t");
    expect(t.primaryKey?.columns).toEqual(["id"]);
    expect((await a.look("p")).primaryKey?.columns).toEqual(["a", "b"]);
    const byName = Object.fromEntries(t.foreignKeys.map((k) => [k.name, k]));
    expect(byName.fk_ab).toMatchObject({
      referredColumns: ["a", "b"],
      onDelete: "SET NULL",
      onUpdate: "CASCADE",
      ...deferred,
    });
    expect(byName.fk_up).toMatchObject({ referredTable: "t", referredColumns: ["id"] });
    await a.run(async (op) => {
      await op.dropConstraint("fk_ab", "t", "foreignKey");
      await op.dropConstraint("fk_up", "t", "foreignKey");
      await op.dropConstraint("uq_ab", "t", "unique");
      await op.dropConstraint("pk_t", "t", "primaryKey");
    });
    const bare = await a.look("t");
    expect([bare.primaryKey, bare.foreignKeys, bare.uniqueConstraints]).toEqual([undefined, [], []]);
  });

  it("execute sends strings as they are written: a colon is a colon; sql`…` binds", async () => {
    await open("CREATE TABLE t (id INTEGER PRIMARY KEY, at VARCHAR(40))");
    await a.run(async (op) => {
      await op.execute("INSERT INTO t VALUES (1, '12:30:00 :name \\:x')");
      await op.execute(sql`INSERT INTO t VALUES (2, ${":bound"})`);
      await op.execute(sql.text("INSERT INTO t VALUES (3, 'x:y')"));
      if (has("arrays")) await op.execute(sql.text("INSERT INTO t SELECT 5, (ARRAY['a', 'b', 'c'])[2\\:3]::text"));
      await op.execute(sql.text("INSERT INTO t VALUES (4, :v)").bindParams({ v: "z" }));
    });
    const kept = target.family === "mysql" ? "12:30:00 :name :x" : "12:30:00 :name \\:x";
    expect(await a.rows("SELECT at FROM t ORDER BY id")).toEqual([
      [kept],
      [":bound"],
      ["x:y"],
      ["z"],
      ...(has("arrays") ? [["{b,c}"]] : []),
    ]);
    expect(a.sent).toContain("INSERT INTO t VALUES (1, '12:30:00 :name \\:x')");
  });

  it("inlineLiteral writes a value into the statement", async () => {
    await open("CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(40))", "INSERT INTO t VALUES (1, 'x')");
    const t = table("t", { id: integer().primaryKey(), name: string(40) }, { metadata: new MetaData() });
    await a.run((op) => op.execute(update(t).set({ name: op.inlineLiteral("it's", string()) })));
    expect(a.sent.find((s) => s.startsWith("UPDATE"))).toMatch(/name\s*=\s*'it''s'/);
    expect(await a.rows("SELECT name FROM t")).toEqual([["it's"]]);
  });
});

describeEachDatabase("names under a convention", (target) => {
  // As Alembic 1.8.1 has it: a check's name is a part of its full name unless op.f() says that it is finished.
  it.each([
    ["a part of the name", (op: Operations) => op.createCheckConstraint("pos", "t", "a > 0"), "ck_t_pos"],
    ["a finished name", (op: Operations) => op.createCheckConstraint(op.f("ck_t_pos"), "t", "a > 0"), "ck_t_pos"],
    [
      "a part of the name in a batch",
      (op: Operations) => op.batchAlterTable("t", (b) => b.createCheckConstraint("pos", "a > 0")),
      "ck_t_pos",
    ],
    [
      "a finished name in a batch",
      (op: Operations) => op.batchAlterTable("t", (b) => b.createCheckConstraint(b.f("ck_t_pos"), "a > 0")),
      "ck_t_pos",
    ],
    ["none for a unique constraint", (op: Operations) => op.createUniqueConstraint(null, "t", ["a", "b"]), "uq_t_a_b"],
    ["one of its own for a unique constraint", (op: Operations) => op.createUniqueConstraint("own", "t", ["a"]), "own"],
  ])("%s", async (_, work, name) => {
    a = await AdHoc.open(target, { namingConvention: RECOMMENDED_NAMING_CONVENTION });
    await a.connection.executeScript("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER)");
    await a.run(work);
    const t = await a.look("t");
    expect([...t.checks, ...t.uniqueConstraints].map((c) => c.name)).toEqual([name]);
    if (name !== "ck_t_pos") return;
    // By the part, by the whole, and in a batch: the same constraint goes.
    const drops: ((op: Operations) => Promise<void>)[] = [
      (op) => op.dropConstraint("pos", "t", "check"),
      (op) => op.dropConstraint(op.f("ck_t_pos"), "t", "check"),
      (op) => op.batchAlterTable("t", (b: BatchOperations) => b.dropConstraint("pos", "check")),
      (op) => op.batchAlterTable("t", (b: BatchOperations) => b.dropConstraint(b.f("ck_t_pos"), "check")),
    ];
    for (const drop of drops) {
      await a.run(drop);
      expect((await a.look("t")).checks).toEqual([]);
      await a.run(work);
    }
  });
});

describeEachDatabase(
  "identities",
  (target) => {
    it("are added, changed and dropped, told of or found", async () => {
      a = await AdHoc.open(target);
      await a.connection.executeScript("CREATE TABLE t (id INTEGER NOT NULL, n INTEGER)");
      const sent = () => a.sent.filter((s) => s.startsWith("ALTER"));
      const identity = async () => (await a.look("t")).columns[0]?.identity;
      await a.run((op) => op.alterColumn("t", "id", { identity: { always: true, start: 5 } }));
      expect(sent()).toEqual(["ALTER TABLE t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (START WITH 5)"]);
      expect(await identity()).toMatchObject({ always: true, start: 5 });
      await a.run((op) => op.alterColumn("t", "id", { identity: { always: false, start: 7, increment: 2 } }));
      expect(sent()).toEqual([
        "ALTER TABLE t ALTER COLUMN id SET GENERATED BY DEFAULT SET START WITH 7 SET INCREMENT BY 2",
      ]);
      expect(await identity()).toMatchObject({ always: false, start: 7, increment: 2 });
      const op = new AlterColumnOp("t", "id", { identity: null }, { identity: { start: 7, increment: 2 } });
      await a.runSource([op]);
      expect(await identity()).toBeUndefined();
      await a.runSource([op.reverse()]);
      expect(await identity()).toMatchObject({ start: 7, increment: 2 });
    });
    it("and everything at once go in Alembic's order", async () => {
      a = await AdHoc.open(target);
      await a.connection.executeScript("CREATE TABLE t (id INTEGER NOT NULL, c VARCHAR(5))");
      await a.run((op) =>
        op.alterColumn("t", "c", { type: text(), nullable: false, serverDefault: "'x'", newName: "d", comment: "hi" }),
      );
      expect(a.sent.filter((s) => /^(ALTER|COMMENT)/.test(s))).toEqual([
        "ALTER TABLE t ALTER COLUMN c TYPE TEXT",
        "ALTER TABLE t ALTER COLUMN c SET NOT NULL",
        "ALTER TABLE t ALTER COLUMN c SET DEFAULT 'x'",
        "COMMENT ON COLUMN t.c IS 'hi'",
        "ALTER TABLE t RENAME c TO d",
      ]);
    });
    it("a new enumeration is made before the column that needs it, also in another schema", async () => {
      a = await AdHoc.open(target);
      await a.connection.executeScript("CREATE SCHEMA shop");
      await a.run(async (op) => {
        await op.createTable("t", integer("id").primaryKey(), { schema: "shop" });
        await op.addColumn("t", enumeration(["x", "y"], { name: "kind", native: true }).named("e"), { schema: "shop" });
      });
      expect((await a.look("t", "shop")).columns.find((c) => c.name === "e")?.databaseType).toMatch(/kind/);
    });
  },
  { only: ["postgresql"] },
);

class MarkOp extends MigrateOp {
  readonly kind = "mark";
  readonly tableName: string;
  readonly flag: boolean;
  constructor(tableName: string, flag: boolean) {
    super();
    this.tableName = tableName;
    this.flag = flag;
  }
  reverse(): MarkOp {
    return new MarkOp(this.tableName, !this.flag);
  }
}
declare module "../../src/index.js" {
  interface Operations {
    mark(table: string, flag: boolean): Promise<void>;
  }
  interface BatchOperations {
    mark(flag: boolean): void;
  }
}

describeEachDatabase("a directive of one's own", (target) => {
  it("is called, batched, run, written, reversed and replaced", async () => {
    const define = (word: string, replace: boolean) =>
      registerOperation({
        name: "mark",
        replace,
        make: (name: string, flag: boolean) => new MarkOp(name, flag),
        makeForBatch: ({ name }, flag: boolean) => new MarkOp(name, flag),
        run: async (op, operations) => {
          await operations.execute(`INSERT INTO marks VALUES ('${word} ${op.tableName} ${op.flag}')`);
        },
        render: (op) => [`await op.mark(${JSON.stringify(op.tableName)}, ${op.flag});`],
      });
    define("marked", true);
    expect(() => define("again", false)).toThrow(/already/);
    a = await AdHoc.open(target);
    await a.connection.executeScript("CREATE TABLE marks (text VARCHAR(40))");
    await a.connection.executeScript("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    await a.run(async (op) => {
      await op.mark("t", true);
      await op.invoke(new MarkOp("t", false));
      await op.batchAlterTable("t", (b) => b.mark(true));
    });
    expect((await a.rows("SELECT text FROM marks")).flat()).toEqual([
      "marked t true",
      "marked t false",
      "marked t true",
    ]);
    const ops = [new MarkOp("t", true), new AddColumnOp("t", { name: "x", definition: integer("x") as never })];
    expect(renderOps([ops[0] as MarkOp, new MarkOp("t", false)], { dialect: a.context.dialect }).text).toBe(
      'await op.mark("t", true);\nawait op.mark("t", false);',
    );
    expect(reversed(ops).map((o) => o.kind)).toEqual(["dropColumn", "mark"]);
    define("replaced", true);
    await a.run((op) => op.mark("t", true));
    expect((await a.rows("SELECT text FROM marks")).flat()).toContain("replaced t true");
    expect(() =>
      registerOperation({ name: "createTable", make: () => new MarkOp("t", true), run: async () => {} }),
    ).toThrow(/already/);
  });
});
