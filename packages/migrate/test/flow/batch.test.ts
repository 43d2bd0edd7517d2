/** Batches: what is made anew and what is not, places of columns, what a rebuild is told, and what it leaves alone. */
import { integer, MetaData, RECOMMENDED_NAMING_CONVENTION, string, text } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, describe, expect, it } from "vitest";
import { type BatchOperations, type BatchOptions, command, type Operations } from "../../src/index.js";
import { AdHoc } from "./ad-hoc.js";
import { type Project, project } from "./project.js";

let a: AdHoc;
let p: Project;
afterEach(async () => {
  await a?.dispose();
  await p?.dispose();
});

describeEachDatabase(
  "a batch on SQLite",
  (target) => {
    const start = async (...statements: string[]) => {
      a = await AdHoc.open(target);
      for (const text of statements) await a.connection.executeScript(text);
    };
    const T = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b VARCHAR(10), c INTEGER)";
    const batch = (work: (b: BatchOperations) => void, options: BatchOptions = {}, name = "t") =>
      a.run((op) => op.batchAlterTable(name, work, options));

    describe("is made anew", () => {
      const cases: [string, (b: BatchOperations) => void, boolean][] = [
        ["a nullable column", (b) => b.addColumn(integer("n").nullable()), false],
        ["a column with a plain default", (b) => b.addColumn(integer("n").serverDefault("3")), false],
        ["a column with an index", (b) => b.addColumn(integer("n").nullable().index()), false],
        ["a nullable column with a foreign key", (b) => b.addColumn(integer("n").nullable().references("t.id")), false],
        ["a virtual computed column", (b) => b.addColumn(integer("n").computed("a + 1", { persisted: false })), false],
        ["createIndex", (b) => b.createIndex("ix_a", ["a"]), false],
        ["dropIndex", (b) => b.dropIndex("ix_b"), false],
        ["a new name alone", (b) => b.alterColumn("a", { newName: "z" }), false],
        ["a comment", (b) => b.alterColumn("a", { comment: "nothing here keeps it" }), false],
        ["a column with an expression as default", (b) => b.addColumn(integer("n").serverDefault("(1 + 1)")), true],
        ["a stored computed column", (b) => b.addColumn(integer("n").computed("a + 1", { persisted: true })), true],
        ["a unique column", (b) => b.addColumn(integer("n").nullable().unique()), true],
        ["NOT NULL", (b) => b.alterColumn("a", { nullable: false }), true],
        ["a type", (b) => b.alterColumn("b", { type: text() }), true],
        ["a default", (b) => b.alterColumn("a", { serverDefault: "1" }), true],
        ["dropColumn", (b) => b.dropColumn("c"), true],
        ["a unique constraint", (b) => b.createUniqueConstraint("uq_a", ["a"]), true],
        ["a check", (b) => b.createCheckConstraint("ck_a", "a > 0"), true],
        ["a foreign key", (b) => b.createForeignKey("fk_a", "t", ["a"], ["id"]), true],
        ["a constraint that goes", (b) => b.dropConstraint("ck_c", "check"), true],
        ["a place", (b) => b.addColumn(integer("n").nullable(), { insertAfter: "id" }), true],
      ];
      it.each(cases)("%s", async (_, work, isMadeAnew) => {
        await start(
          "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b VARCHAR(10), c INTEGER, CONSTRAINT ck_c CHECK (c > 0))",
          "CREATE INDEX ix_b ON t (b)",
        );
        await batch(work);
        expect(a.sent.some((s) => s.includes("_athanor_tmp_t"))).toBe(isMadeAnew);
        // What is left behind is one table under the old name.
        expect(await a.rows("SELECT name FROM sqlite_master WHERE type = 'table'")).toEqual([["t"]]);
        if (!isMadeAnew) {
          a.sent.length = 0;
          await expect(batch(work, { recreate: "never" }).catch((e: { code: string }) => e.code)).resolves.not.toBe(
            "migrate.needs-rebuild",
          );
          return;
        }
        await expect(batch(work, { recreate: "never" })).rejects.toMatchObject({ code: "migrate.needs-rebuild" });
      });
      it.each<[string, (b: BatchOperations) => void, string]>([
        [
          "createUniqueConstraint",
          (b) => b.createUniqueConstraint("uq_a", ["a"], { deferable: true } as never),
          "deferable",
        ],
        ["createIndex", (b) => b.createIndex("ix_a", ["a"], { unqiue: true } as never), "unqiue"],
        ["alterColumn", (b) => b.alterColumn("a", { nullable: true, exitsingType: text() } as never), "exitsingType"],
        [
          "createForeignKey",
          (b) => b.createForeignKey("fk_a", "t", ["a"], ["id"], { ondelete: "CASCADE" } as never),
          "ondelete",
        ],
      ])("not by %s with an option nobody knows", async (_, work, option) => {
        await start("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)");
        await expect(batch(work)).rejects.toThrow(`there is no option '${option}'. Did you mean`);
      });
      it.each<[string, (op: Operations) => unknown, string]>([
        ["createTable", (op) => op.createTable("u", integer("n"), { ifNotExist: true } as never), "ifNotExist"],
        ["dropTable", (op) => op.dropTable("t", { shema: "other" } as never), "shema"],
        ["renameTable", (op) => op.renameTable("t", "u", { scheme: "other" } as never), "scheme"],
        ["addColumn", (op) => op.addColumn("t", integer("n"), { ifNotExist: true } as never), "ifNotExist"],
        ["dropColumn", (op) => op.dropColumn("t", "a", { ifExist: true } as never), "ifExist"],
        ["renameColumn", (op) => op.renameColumn("t", "a", "b", { shema: "other" } as never), "shema"],
        ["dropIndex", (op) => op.dropIndex("ix", { concurently: true } as never), "concurently"],
        ["createPrimaryKey", (op) => op.createPrimaryKey("pk", "t", ["a"], { shema: "x" } as never), "shema"],
        [
          "createCheckConstraint",
          (op) => op.createCheckConstraint("ck", "t", "a > 0", { shema: "x" } as never),
          "shema",
        ],
        ["dropConstraint", (op) => op.dropConstraint("ck", "t", "check", { ifExist: true } as never), "ifExist"],
        ["addEnumValue", (op) => op.addEnumValue("e", "v", { befor: "w" } as never), "befor"],
        [
          "a batch's dropColumn",
          (op) => op.batchAlterTable("t", (b) => b.dropColumn("a", { ifExist: 1 } as never)),
          "ifExist",
        ],
        [
          "a batch's addColumn",
          (op) => op.batchAlterTable("t", (b) => b.addColumn(integer("n"), { after: "a" } as never)),
          "after",
        ],
      ])("and nothing is done by %s with an option nobody knows", async (_, work, option) => {
        await start("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)");
        await expect(a.run(async (op) => void (await work(op)))).rejects.toThrow(`there is no option '${option}'.`);
        expect(await a.rows("SELECT name FROM pragma_table_info('t')")).toEqual([["id"], ["a"]]);
      });
      it('whatever is asked for with "always", and nothing else is a word', async () => {
        await start(T);
        await batch(() => {}, { recreate: "always" });
        expect(a.sent.filter((s) => s.startsWith("CREATE TABLE"))).toHaveLength(1);
        await expect(batch(() => {}, { recreate: "allways" as never })).rejects.toMatchObject({
          code: "migrate.recreate",
          message: 'recreate is "auto", "always" or "never", not "allways"',
        });
      });
    });

    describe("columns", () => {
      const names = async () => (await a.look("t")).columns.map((c) => c.name);
      it("stand before and after others; those after one column keep their order", async () => {
        await start(T);
        await batch((b) => {
          b.addColumn(integer("first").nullable(), { insertBefore: "id" });
          b.addColumn(integer("x").nullable(), { insertAfter: "a" });
          b.addColumn(integer("y").nullable(), { insertAfter: "a" });
          b.addColumn(integer("z").nullable(), { insertAfter: "x" });
          b.addColumn(integer("last").nullable());
        });
        expect(await names()).toEqual(["first", "id", "a", "x", "y", "z", "b", "c", "last"]);
        await expect(
          batch((b) => b.addColumn(integer("q").nullable(), { insertAfter: "firts" })),
        ).rejects.toMatchObject({ message: expect.stringContaining("Did you mean 'first'") });
      });
      // From Alembic 1.8.1: batch_alter_table(partial_reordering=…) on id, a, b, c.
      it.each([
        [[["c", "a"]], ["id", "b", "c", "a"]],
        [[["b", "id"]], ["a", "b", "c", "id"]],
        [[["c", "b", "a", "id"]], ["c", "b", "a", "id"]],
        [
          [
            ["c", "id"],
            ["a", "id"],
          ],
          ["a", "b", "c", "id"],
        ],
      ])("are ordered by %j", async (partialReordering, order) => {
        await start(T, "INSERT INTO t VALUES (1, 2, 'x', 3)");
        await batch(() => {}, { partialReordering });
        expect(await names()).toEqual(order);
        expect(await a.rows("SELECT id, a, b, c FROM t")).toEqual([[1, 2, "x", 3]]);
      });
      it("are not ordered by what contradicts itself, or by unknown names", async () => {
        await start(T);
        const order = (partialReordering: string[][]) => batch(() => {}, { partialReordering });
        await expect(
          order([
            ["a", "b"],
            ["b", "a"],
          ]),
        ).rejects.toMatchObject({ code: "migrate.order" });
        await expect(order([["a", "bb"]])).rejects.toMatchObject({ code: "migrate.no-column" });
        expect(await a.rows("SELECT name FROM sqlite_master")).toEqual([["t"]]);
      });
      it("of one name, dropped and added, share nothing; a renamed one leaves its name free", async () => {
        await start(T, "INSERT INTO t VALUES (1, 2, 'x', 3)");
        await batch((b) => {
          b.dropColumn("b");
          b.addColumn(string("b", 10).serverDefault("'new'"));
          b.alterColumn("a", { newName: "old_a" });
          b.addColumn(integer("a").nullable());
        });
        expect(await a.rows("SELECT id, old_a, c, b, a FROM t")).toEqual([[1, 2, 3, "new", null]]);
      });
      it("renamed feed keys, foreign keys, indexes, checks, triggers and views under the new name", async () => {
        await start(
          "CREATE TABLE p (k INTEGER, n INTEGER, up INTEGER, CONSTRAINT pk_p PRIMARY KEY (k, n), CONSTRAINT uq_n UNIQUE (n), CONSTRAINT ck_n CHECK (n > 0), CONSTRAINT fk_up FOREIGN KEY (up, n) REFERENCES p (k, n))",
          "CREATE INDEX ix_n ON p (n) WHERE n > 5",
          "CREATE VIEW v AS SELECT n FROM p",
          "CREATE TABLE child (a INTEGER, b INTEGER, FOREIGN KEY (a, b) REFERENCES p (k, n))",
          "INSERT INTO p VALUES (1, 2, 1), (7, 8, NULL)",
        );
        await batch((b) => b.alterColumn("n", { newName: "number", nullable: false }), {}, "p");
        const found = await a.look("p");
        expect(found.primaryKey).toEqual({ name: "pk_p", columns: ["k", "number"] });
        expect(found.uniqueConstraints).toMatchObject([{ name: "uq_n", columns: ["number"] }]);
        expect(found.checks).toMatchObject([{ name: "ck_n", sql: expect.stringMatching(/"?number"? > 0/) }]);
        expect(found.foreignKeys).toMatchObject([
          { name: "fk_up", columns: ["up", "number"], referredTable: "p", referredColumns: ["k", "number"] },
        ]);
        expect(found.indexes.map((i) => [i.name, i.parts[0]?.column, i.where?.replaceAll('"', "")])).toEqual([
          ["ix_n", "number", "number > 5"],
        ]);
        expect((await a.look("child")).foreignKeys).toMatchObject([
          { referredTable: "p", referredColumns: ["k", "number"] },
        ]);
        expect(await a.rows("SELECT * FROM v ORDER BY 1")).toEqual([[2], [8]]);
      });
      it("with index and unique get one index under their own table's name", async () => {
        await start(T);
        await batch((b) => {
          b.addColumn(integer("n").nullable().index());
          b.addColumn(integer("m").nullable().unique());
          b.alterColumn("a", { nullable: false });
        });
        const found = await a.look("t");
        expect(found.indexes.map((i) => [i.name, i.parts.map((x) => x.column)])).toEqual([["ix_t_n", ["n"]]]);
        expect(found.uniqueConstraints.map((u) => u.columns)).toEqual([["m"]]);
      });
      it("to JSON keep their text, to another affinity are cast, within one are not", async () => {
        await start("CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(20), b VARCHAR(20), c VARCHAR(20))");
        await a.connection.executeScript(`INSERT INTO t VALUES (1, '{"x": 1}', '12', 'abc')`);
        await a.run(async (op) => {
          await op.batchAlterTable("t", (b) => {
            b.alterColumn("a", { type: (a.core.json as unknown as (n?: string) => never)() });
            b.alterColumn("b", { type: integer() });
            b.alterColumn("c", { type: string(40) });
          });
        });
        const insert = a.sent.find((s) => s.startsWith("INSERT INTO"));
        expect(insert).toBe("INSERT INTO _athanor_tmp_t (id, a, b, c) SELECT id, a, CAST(b AS INTEGER), c FROM t");
        expect(await a.rows("SELECT CAST(a AS TEXT), typeof(b), b, c FROM t")).toEqual([
          ['{"x": 1}', "integer", 12, "abc"],
        ]);
      });
    });

    it("that fails while rows are copied leaves the old table and nothing else", async () => {
      await start(T, "INSERT INTO t VALUES (1, NULL, 'x', 3)");
      await expect(batch((b) => b.alterColumn("a", { nullable: false }))).rejects.toMatchObject({ kind: "not-null" });
      await expect(batch((b) => b.addColumn(integer("needed")))).rejects.toMatchObject({ kind: "not-null" });
      expect(await a.rows("SELECT name FROM sqlite_master")).toEqual([["t"]]);
      expect(await a.rows("SELECT * FROM t")).toEqual([[1, null, "x", 3]]);
    });

    it("drops what stands on a dropped column, and only that", async () => {
      await start(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, ab INTEGER, CONSTRAINT ck_both CHECK (a < b), CONSTRAINT ck_ab CHECK (ab <> 'a'), CHECK (b > 0), UNIQUE (a, ab), FOREIGN KEY (a) REFERENCES t (id))",
        "CREATE INDEX ix_a ON t (a)",
        "CREATE INDEX ix_ab ON t (ab)",
        "CREATE INDEX ix_where ON t (ab) WHERE a > 1",
      );
      await batch((b) => b.dropColumn("a"));
      const found = await a.look("t");
      expect(found.checks.map((c) => [c.name, c.sql])).toEqual([
        ["ck_ab", "ab <> 'a'"],
        [undefined, "b > 0"],
      ]);
      expect(found.indexes.map((i) => i.name)).toEqual(["ix_ab"]);
      expect([found.uniqueConstraints, found.foreignKeys]).toEqual([[], []]);
    });

    it("drops the key with its column; a table without a key is allowed", async () => {
      await start(T, "INSERT INTO t VALUES (1, 2, 'x', 3)");
      await batch((b) => b.dropColumn("id"));
      expect((await a.look("t")).primaryKey).toBeUndefined();
      expect(await a.rows("SELECT * FROM t")).toEqual([[2, "x", 3]]);
    });

    it("swaps the check of a boolean or an enumeration with the type", async () => {
      await start(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, flag BOOLEAN, mood VARCHAR(5), CONSTRAINT ck_flag CHECK (flag IN (0, 1)), CHECK (mood IN ('sad', 'glad')))",
        "INSERT INTO t VALUES (1, 1, 'sad')",
      );
      const { boolean, enumeration } = a.core;
      const checks = async () => (await a.look("t")).checks.map((c) => [c.name, c.sql]);
      await batch((b) => {
        b.alterColumn("flag", {
          type: integer(),
          existingType: boolean({ createConstraint: true, constraintName: "ck_flag" }),
        });
        b.alterColumn("mood", {
          type: enumeration(["sad", "glad", "mad"], { createConstraint: true }),
          existingType: enumeration(["sad", "glad"], { createConstraint: true }),
        });
      });
      expect(await checks()).toEqual([[undefined, "mood IN ('sad', 'glad', 'mad')"]]);
      await batch((b) => {
        b.alterColumn("flag", {
          type: boolean({ createConstraint: true, constraintName: "ck_flag" }),
          existingType: integer(),
        });
      });
      expect(await checks()).toContainEqual(["ck_flag", "flag IN (0, 1)"]);
    });

    it("names what has no name by the convention it is told, to drop it", async () => {
      await start("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER REFERENCES t (id), b INTEGER UNIQUE)");
      await expect(batch((b) => b.dropConstraint("uq_t_b", "unique"))).rejects.toMatchObject({
        code: "migrate.no-constraint",
        hint: expect.stringContaining("without a name"),
      });
      await batch(
        (b) => {
          b.dropConstraint("uq_t_b", "unique");
          b.dropConstraint("fk_t_a_t", "foreignKey");
        },
        { namingConvention: RECOMMENDED_NAMING_CONVENTION },
      );
      const found = await a.look("t");
      expect([found.uniqueConstraints, found.foreignKeys]).toEqual([[], []]);
    });

    it("says what does not exist", async () => {
      await start(T);
      await expect(batch((b) => b.dropConstraint("ck_x", "check"))).rejects.toMatchObject({
        message: "Table 't' has no check constraint 'ck_x'.",
      });
      await expect(batch((b) => b.alterColumn("aa", { nullable: false }))).rejects.toMatchObject({
        message: "Table 't' has no column 'aa'. Did you mean 'a'?",
      });
      await expect(batch((b) => b.dropColumn("nothing"))).rejects.toMatchObject({ code: "migrate.no-column" });
      await expect(batch((b) => b.dropIndex("ix_none"))).rejects.toThrow(/no such index: ix_none/);
      await expect(batch((b) => b.dropColumn("x"), {}, "nowhere")).rejects.toThrow(/no table or view 'nowhere'/);
      await batch((b) => b.dropColumn("nothing", { ifExists: true }));
    });

    it("takes arguments, options and columns of the new table", async () => {
      await start("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT)", "INSERT INTO t VALUES (1, '2', 'x')");
      const { check, index } = a.core;
      await batch(() => {}, {
        tableArguments: [check("a <> ''", "ck_a"), index("ix_b", "b")],
        tableOptions: { sqlite: { strict: true } },
        reflectColumns: [text("b").serverDefault("'-'")],
      });
      const found = await a.look("t");
      expect(found.checks.map((c) => c.name)).toEqual(["ck_a"]);
      expect(found.indexes.map((i) => i.name)).toEqual(["ix_b"]);
      expect(found.options).toMatchObject({ sqlite: { strict: true } });
      expect(found.columns.find((c) => c.name === "b")).toMatchObject({ nullable: false, default: "'-'" });
      await expect(batch(() => {}, { recreate: "always", reflectColumns: [string("bb")] })).rejects.toMatchObject({
        code: "migrate.no-column",
      });
    });

    it("works on a table of an attached file, in that file", async () => {
      await start("ATTACH ':memory:' AS other", "CREATE TABLE t (main INTEGER)");
      await a.connection.executeScript("CREATE TABLE other.t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER)");
      await a.connection.executeScript("CREATE INDEX other.ix_a ON t (a)");
      await a.connection.executeScript("INSERT INTO other.t VALUES (5, 6)");
      await a.run((op) => op.alterColumn("t", "a", { nullable: false, schema: "other" }));
      expect(await a.rows("SELECT * FROM other.t")).toEqual([[5, 6]]);
      expect(await a.rows("SELECT name FROM other.sqlite_master WHERE name NOT LIKE 'sqlite%'")).toEqual([
        ["t"],
        ["ix_a"],
      ]);
      expect(await a.rows("SELECT name FROM sqlite_master")).toEqual([["t"]]);
      expect(await a.rows("SELECT seq FROM other.sqlite_sequence")).toEqual([[5]]);
    });

    it("in a script needs copyFrom, and then is written out", async () => {
      const metadata = new MetaData();
      p = await project("sqlite://", metadata);
      await p.revision(
        "aaaa",
        null,
        `const t = core.table("t", { id: core.integer("id").primaryKey(), a: core.integer("a").nullable(), b: core.string("b", 10) }, { metadata: new core.MetaData(), constraints: (t) => [core.index("ix_b", t.b)] });
         await op.batchAlterTable("t", (batch) => {
           batch.alterColumn("a", { nullable: false });
           batch.addColumn(core.boolean("f", { createConstraint: true, constraintName: "ck_f" }).serverDefault("0"), { insertAfter: "a" });
         }, { copyFrom: t });`,
      );
      await command.upgrade(p.config, "head", { sql: true });
      const text = p.printed.join("");
      expect(
        text.slice(text.indexOf("-- Running"), text.indexOf("INSERT INTO athanor_version")),
      ).toBe(`-- Running upgrade  -> aaaa

CREATE TABLE _athanor_tmp_t (
	id INTEGER NOT NULL, 
	a INTEGER NOT NULL, 
	f BOOLEAN DEFAULT 0 NOT NULL, 
	b VARCHAR(10) NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT ck_f CHECK (f IN (0, 1))
);

INSERT INTO _athanor_tmp_t (id, a, b) SELECT id, a, b FROM t;

DROP TABLE t;

PRAGMA legacy_alter_table = ON;

ALTER TABLE _athanor_tmp_t RENAME TO t;

PRAGMA legacy_alter_table = OFF;

CREATE INDEX ix_b ON t (b);

`);
      await p.revision("aaaa", null, 'await op.alterColumn("t", "a", { nullable: false });');
      await expect(command.upgrade(p.config, "head", { sql: true })).rejects.toThrow(/batchAlterTable/);
      await p.revision("aaaa", null, 'await op.addColumn("t", core.integer("n").nullable().unique());');
      p.printed.length = 0;
      await expect(command.upgrade(p.config, "head", { sql: true })).rejects.toMatchObject({
        hint: expect.stringContaining("copyFrom"),
      });
      // Nothing of it was written before that was known.
      expect(p.printed.join("")).not.toContain("ADD COLUMN");
    });
  },
  { only: ["sqlite"] },
);

describeEachDatabase(
  "a batch elsewhere",
  (target) => {
    it("is ALTER TABLE, in order; places are the database's to know", async () => {
      a = await AdHoc.open(target);
      await a.connection.executeScript("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER)");
      await expect(
        a.run((op) => op.batchAlterTable("t", (b) => b.dropColumn("a"), { recreate: "always" })),
      ).rejects.toMatchObject({ code: "migrate.recreate" });
      const placed = a.run((op) =>
        op.batchAlterTable("t", (b) => {
          b.addColumn(integer("x").nullable(), { insertAfter: "id" });
          b.addColumn(integer("y").nullable(), { insertBefore: "b" });
          b.addColumn(integer("z").nullable(), { insertBefore: "id" });
        }),
      );
      if (target.family !== "mysql") {
        await expect(placed).rejects.toMatchObject({ code: "migrate.place" });
        return;
      }
      await placed;
      expect((await a.look("t")).columns.map((c) => c.name)).toEqual(["z", "id", "x", "a", "y", "b"]);
    });
  },
  { requires: ["alterColumn"] },
);
