/** The recipes of docs/migrations-recipes.md: rewriters, filters and data, each as it is printed there. */
import { buildTable, index, integer, MetaData, string, table } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, expect, it } from "vitest";
import {
  AddColumnOp,
  CreateIndexOp,
  CreateTableOp,
  command,
  DropColumnOp,
  DropIndexOp,
  DropTableOp,
  type MigrateConfig,
  Rewriter,
} from "../../src/index.js";
import { type Project, project } from "./project.js";

let p: Project;
afterEach(() => p?.dispose());
const models = (declare: (metadata: MetaData) => void): MetaData => {
  const metadata = new MetaData();
  declare(metadata);
  return metadata;
};
const newest = async (): Promise<string> => [...(await p.versions()).values()].at(-1) ?? "";
const statements = (text: string) => [...text.matchAll(/await (op\.\w+)\(/g)].map((m) => m[1]);

describeEachDatabase("rewriters", (target) => {
  const start = async (metadata: MetaData) => {
    p = await project(await target.url(), metadata);
    await command.migrate(p.config, { revId: "aaaa" });
    await command.upgrade(p.config);
  };
  const old = models((m) => {
    table("gone", { id: integer().primaryKey(), n: integer().index() }, { metadata: m });
    table("kept", { id: integer().primaryKey(), lost: integer().nullable() }, { metadata: m });
  });
  const next = models((m) => {
    table("kept", { id: integer().primaryKey(), fresh: integer().nullable().index() }, { metadata: m });
    table(
      "made",
      { zebra: integer(), name: string(20), id: integer().primaryKey() },
      {
        metadata: m,
        constraints: (c) => [index("ix_made", c.zebra)],
      },
    );
  });
  const migrate = async (rewriter: Rewriter, more: MigrateConfig = {}) =>
    command.migrate(
      { ...p.config, metadata: next, processRevisionDirectives: rewriter.process, ...more },
      { revId: "bbbb" },
    );

  it("drop no table and no column; nothing left to say writes no file", async () => {
    await start(old);
    const careful = new Rewriter().rewrites(DropTableOp, () => null).rewrites(DropColumnOp, () => null);
    await migrate(careful);
    const [up] = (await newest()).split("export async function downgrade");
    expect(statements(up as string)).toEqual(["op.createTable", "op.createIndex", "op.addColumn", "op.createIndex"]);
    const nothing = new Rewriter().rewrites(CreateTableOp, () => null);
    await command.upgrade(p.config);
    const config = {
      ...p.config,
      metadata: models((m) => {
        for (const t of next.tables.values()) void t;
        table(
          "kept",
          { id: integer().primaryKey(), fresh: integer().nullable().index(), lost: integer().nullable() },
          { metadata: m },
        );
        table("gone", { id: integer().primaryKey(), n: integer().index() }, { metadata: m });
        table(
          "made",
          { zebra: integer(), name: string(20), id: integer().primaryKey() },
          { metadata: m, constraints: (c) => [index("ix_made", c.zebra)] },
        );
        table("another", { id: integer().primaryKey() }, { metadata: m });
      }),
    };
    expect(await command.migrate({ ...config, processRevisionDirectives: nothing.process })).toBeNull();
  });

  it("say IF EXISTS and IF NOT EXISTS everywhere, and can then run twice", async () => {
    await start(old);
    const lenient = new Rewriter()
      .rewrites(CreateTableOp, (op) => new CreateTableOp(op.table, { ifNotExists: true, without: op.without }))
      .rewrites(DropTableOp, (op) => new DropTableOp(op.tableName, { ...op, ifExists: true }))
      .rewrites(
        AddColumnOp,
        (op) =>
          new AddColumnOp(
            op.tableName,
            { name: op.columnName, definition: op.definition },
            { ...op, ifNotExists: true },
          ),
      )
      .rewrites(DropColumnOp, (op) => new DropColumnOp(op.tableName, op.columnName, { ...op, ifExists: true }))
      .rewrites(CreateIndexOp, (op) => new CreateIndexOp(op.index, { ifNotExists: true }))
      .rewrites(DropIndexOp, (op) => new DropIndexOp(op.name, { ...op, ifExists: true }));
    await migrate(lenient);
    const text = await newest();
    expect(text.match(/ifNotExists: true|ifExists: true/g)?.length).toBeGreaterThanOrEqual(8);
    await command.upgrade(p.config);
    await command.stamp(p.config, "aaaa");
    await command.upgrade(p.config);
  });

  it("order the columns of new tables: keys first, then by name", async () => {
    await start(old);
    const ordered = new Rewriter().rewrites(CreateTableOp, (op) => {
      const { parts, primaryKey } = op.table;
      const isKey = (name: string) => primaryKey.some((c) => c.columnName === name);
      const columns = parts.columns.toSorted(
        (a, b) => Number(isKey(b.columnName)) - Number(isKey(a.columnName)) || (a.columnName < b.columnName ? -1 : 1),
      );
      return new CreateTableOp(buildTable({ ...parts, columns }));
    });
    await migrate(ordered);
    const text = await newest();
    const made = text.slice(text.indexOf('"made"'), text.indexOf(");", text.indexOf('"made"')));
    expect([...made.matchAll(/(?:integer|string)\("(\w+)"/g)].map((m) => m[1])).toEqual(["id", "name", "zebra"]);
    await command.upgrade(p.config);
  });

  it("leave out what the models mark as somebody else's", async () => {
    await start(old);
    const views = new Set(["made"]);
    await migrate(new Rewriter(), { includeObject: (o) => o.kind !== "table" || !views.has(o.table) });
    expect(await newest()).not.toContain('createTable(\n    "made"');
  });
});

describeEachDatabase("data in migrations", (target) => {
  it("expand, fill and contract: with tables of the migration's own, in steps that can be stopped", async () => {
    p = await project(await target.url());
    await p.revision(
      "aaaa",
      null,
      `const person = await op.createTable("person", core.integer("id").primaryKey(), core.string("name", 60));
       await op.bulkInsert(person, [{ id: 1, name: "Ada Lovelace" }, { id: 2, name: "Grace Hopper" }, { id: 3, name: "Plato" }]);`,
    );
    // Expand: the old program goes on writing.
    await p.revision(
      "bbbb",
      "aaaa",
      `await op.addColumn("person", core.string("first", 30).nullable());
       await op.addColumn("person", core.string("last", 30).nullable());`,
      `await op.dropColumn("person", "last");
       await op.dropColumn("person", "first");`,
    );
    // Fill: in portions, each its own statement; only rows that need it, so that it can be run again.
    await p.revision(
      "cccc",
      "bbbb",
      `const person = core.table("person", { id: core.integer(), name: core.string(), first: core.string().nullable(), last: core.string().nullable() }, { metadata: new core.MetaData() });
       const connection = op.getBind();
       for (;;) {
         const rows = [...(await connection.execute(core.select(person.c.id, person.c.name).where(person.c.first.isNull()).orderBy(person.c.id).limit(2)))];
         if (rows.length === 0) break;
         for (const [id, name] of rows) {
           const [first, last = ""] = name.split(" ");
           await connection.execute(core.update(person).set({ first, last }).where(person.c.id.eq(id)));
         }
       }`,
    );
    // Contract: when no program reads the old column any more.
    await p.revision(
      "dddd",
      "cccc",
      `await op.alterColumn("person", "first", { nullable: false });
       await op.alterColumn("person", "last", { nullable: false });
       await op.dropColumn("person", "name");`,
      `await op.addColumn("person", core.string("name", 60).nullable());
       await op.execute(op.dialect.name === "sqlite" || op.dialect.name === "postgresql" ? "UPDATE person SET name = trim(first || ' ' || last)" : "UPDATE person SET name = trim(concat(first, ' ', last))");
       await op.alterColumn("person", "name", { nullable: false });`,
    );
    await command.upgrade(p.config);
    const rows = async (text: string) => {
      await using c = await p.engine.connect();
      const { sql } = await import("@athanor/core");
      return [...(await c.execute(sql.raw(text)))].map((r) => [...r]);
    };
    expect(await rows("SELECT first, last FROM person ORDER BY id")).toEqual([
      ["Ada", "Lovelace"],
      ["Grace", "Hopper"],
      ["Plato", ""],
    ]);
    await command.downgrade(p.config, "aaaa");
    expect(await rows("SELECT name FROM person ORDER BY id")).toEqual([["Ada Lovelace"], ["Grace Hopper"], ["Plato"]]);
  });
});
