/** Changes that Alembic leaves to the reader: primary keys, computed expressions, conditions of checks, renames. */
import { check, index, integer, MetaData, primaryKeyConstraint, sql, string, table, unique } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, expect, it } from "vitest";
import { command, labelOf, type MigrateConfig, MigrationContext, produceMigrations } from "../../src/index.js";
import { type Project, project } from "./project.js";

let p: Project;
afterEach(() => p?.dispose());
const detected = () => p.logged.splice(0).flatMap((l) => /autogenerate.compare\] Detected (.*)/.exec(l)?.[1] ?? []);
const models = (declare: (metadata: MetaData) => void): MetaData => {
  const metadata = new MetaData();
  declare(metadata);
  return metadata;
};

describeEachDatabase("autogenerate sees", (target) => {
  /** From one to the other and back: told, empty afterwards, empty after the way back. */
  async function thereAndBack(
    a: MetaData,
    b: MetaData,
    rows: string[],
    options: MigrateConfig = {},
  ): Promise<string[]> {
    p = await project(await target.url(), a);
    await command.migrate(p.config);
    await command.upgrade(p.config);
    for (const row of rows) await p.engine.begin((c) => c.executeScript(row));
    detected();
    const config = { ...p.config, metadata: b };
    await command.migrate({ ...config, ...options });
    const told = detected();
    await command.upgrade(config);
    expect(await command.migrate(config)).toBeNull();
    expect(detected()).toEqual([]);
    await command.downgrade(config);
    detected();
    await using connection = await p.engine.connect({ isolationLevel: "AUTOCOMMIT" });
    expect((await produceMigrations(MigrationContext.online(connection), [a])).map(labelOf)).toEqual([]);
    await connection.close();
    await command.upgrade(config);
    return told;
  }
  const count = async (text: string) => {
    await using c = await p.engine.connect();
    return [...(await c.execute(sql`${sql.raw(text)}`))].map((r) =>
      [...r].map((v) => (typeof v === "string" ? v : Number(v))),
    );
  };

  it("another primary key, and keeps the rows", async () => {
    const key = (columns: ("a" | "b" | "c")[]) =>
      models((metadata) => {
        table(
          "t",
          { a: integer(), b: integer(), c: integer() },
          { metadata, constraints: () => [primaryKeyConstraint("t_pk", ...columns)] },
        );
      });
    const told = await thereAndBack(key(["a", "b"]), key(["a", "c"]), ["INSERT INTO t (a, b, c) VALUES (1, 2, 3)"]);
    expect(told).toEqual(["changed primary key of 't': ['a', 'b'] to ['a', 'c']"]);
    expect(await count("SELECT a, b, c FROM t")).toEqual([[1, 2, 3]]);
  });

  it("another computed expression", async () => {
    const computed = (text: string) =>
      models((metadata) => {
        table(
          "t",
          { id: integer().primaryKey(), a: integer(), total: integer().computed(text, { persisted: true }) },
          { metadata },
        );
      });
    const told = await thereAndBack(computed("a * 2"), computed("a * 3"), ["INSERT INTO t (id, a) VALUES (1, 5)"]);
    expect(told).toEqual(["changed computed expression of column 't.total'"]);
    expect(await count("SELECT a, total FROM t")).toEqual([[5, 15]]);
  });

  it("another condition of a check, and no difference in spelling", async () => {
    const checked = (...texts: string[]) =>
      models((metadata) => {
        table(
          "t",
          { id: integer().primaryKey(), a: integer(), name: string(10) },
          { metadata, constraints: () => texts.map((text, i) => check(text, `ck_t_${i}`)) },
        );
      });
    const told = await thereAndBack(
      checked("a > 0", "name IN ('x', 'y')", "a BETWEEN 1 AND 10"),
      checked("a > 1", "name IN ('x', 'y')", "a BETWEEN 1 AND 10"),
      ["INSERT INTO t (id, a, name) VALUES (1, 5, 'x')"],
    );
    expect(told).toEqual(["changed check constraint 'ck_t_0' on 't'"]);
    expect(await count("SELECT count(*) FROM t")).toEqual([[1]]);
  });

  it("renames that it is told of, of columns and tables", async () => {
    const named = (name: string, column: string) =>
      models((metadata) => {
        table(name, { id: integer().primaryKey(), [column]: string(20) }, { metadata });
      });
    const told = await thereAndBack(
      named("t", "title"),
      named("book", "heading"),
      ["INSERT INTO t (id, title) VALUES (1, 'Moby')"],
      {
        renames: ["t:book", "book.title:heading"],
      },
    );
    expect(told).toEqual(["renamed table 't' to 'book'", "renamed column 'book.title' to 'heading'"]);
    expect(await count("SELECT heading FROM book")).toEqual([["Moby"]]);
  });

  it("renames that it asks for", async () => {
    const named = (column: string) =>
      models((metadata) => {
        table("t", { id: integer().primaryKey(), [column]: string(20) }, { metadata });
      });
    const asked: unknown[] = [];
    const told = await thereAndBack(
      named("title"),
      named("heading"),
      ["INSERT INTO t (id, title) VALUES (1, 'Moby')"],
      {
        askRename: async (added, lost) => {
          asked.push([added, lost]);
          return lost[0];
        },
      },
    );
    expect(asked).toEqual([[{ table: "t", column: "heading" }, ["title"]]]);
    expect(told).toEqual(["renamed column 't.title' to 'heading'"]);
    expect(await count("SELECT heading FROM t")).toEqual([["Moby"]]);
  });

  it("nothing after upgrade for every kind of index, key, check, default and comment", async () => {
    const metadata = models((m) => {
      table(
        "everything",
        {
          id: integer().primaryKey().comment("the key"),
          a: integer().serverDefault("0"),
          b: integer().nullable().serverDefault("-1"),
          c: string(10).serverDefault("'a''b'").comment('it\'s "quoted"'),
          d: string(10).nullable(),
          e: integer().unique(),
          f: integer().index(),
        },
        {
          metadata: m,
          comment: "a table's comment",
          constraints: (t) => [
            unique("uq_ab", t.a, t.b),
            index("ix_desc", t.a.desc(), t.b),
            index("ix_unique", t.c, t.d).unique(),
            check("a >= 0", "ck_a"),
            check("a <> 3 AND (b IS NULL OR b < 100)", "ck_both"),
            check("c LIKE 'a%' OR length(c) > 1", "ck_c"),
            check("a + 1 > 0"),
            ...(target.capabilities.has("partialIndexes") ? [index("ix_partial", t.d).where(t.a.gt(1))] : []),
            ...(target.capabilities.has("expressionIndexes") ? [index("ix_lower", sql`lower(${t.d})`)] : []),
          ],
        },
      );
    });
    p = await project(await target.url(), metadata);
    await command.migrate(p.config);
    await command.upgrade(p.config);
    detected();
    expect(await command.migrate(p.config)).toBeNull();
    expect(detected()).toEqual([]);
  });
});
