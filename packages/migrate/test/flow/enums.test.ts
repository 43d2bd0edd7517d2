/** Values of enumerations come, go, change their names and their order, and the rows stay. */
import { array, enumeration, integer, MetaData, string, table } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, expect, it } from "vitest";
import { AlterEnumOp, type CompareOptions, command, labelOf, produceMigrations, reversed } from "../../src/index.js";
import { AdHoc } from "./ad-hoc.js";
import { type Project, project } from "./project.js";

let a: AdHoc;
let p: Project;
afterEach(async () => {
  await a?.dispose();
  await p?.dispose();
});
type Options = Parameters<typeof enumeration>[1];
const models = (values: string[], options: Options, defaultValue = values[0]) => {
  const metadata = new MetaData();
  table(
    "person",
    { id: integer().primaryKey(), mood: enumeration(values, options).serverDefault(`'${defaultValue}'`) },
    { metadata },
  );
  return metadata;
};

describeEachDatabase("values of an enumeration", (target) => {
  const isNamed = target.name === "postgresql";
  /** From one to the other, as source, and back, with rows; both times nothing is left to do. */
  const change = async (
    from: MetaData,
    to: MetaData,
    options: CompareOptions = {},
    rows: string[] = ["INSERT INTO person (id, mood) VALUES (1, 'glad')"],
  ): Promise<{ labels: string[]; there: unknown; back: unknown }> => {
    a = await AdHoc.open(target);
    const compare = (metadata: MetaData, more = {}) => produceMigrations(a.context, [metadata], more);
    await a.runSource(await compare(from));
    expect((await compare(from)).map(labelOf)).toEqual([]);
    for (const row of rows) await a.connection.executeScript(row);
    const ops = await compare(to, options);
    await a.runSource(ops);
    expect((await compare(to)).map(labelOf)).toEqual([]);
    const there = (await a.rows("SELECT mood FROM person ORDER BY id")).flat();
    await a.runSource(reversed(ops));
    expect((await compare(from)).map(labelOf)).toEqual([]);
    const back = (await a.rows("SELECT mood FROM person ORDER BY id")).flat();
    return { labels: ops.map(labelOf), there, back };
  };

  it.each([
    ["comes at the end", ["sad", "glad"], ["sad", "glad", "mad"]],
    ["comes between", ["sad", "glad"], ["sad", "so so", "it's", "glad"]],
    ["goes", ["sad", "glad", "mad"], ["sad", "glad"]],
    ["goes, and others come, and the default changes", ["mad", "glad", "bad"], ["glad", "sad", "rad"]],
    ["stands elsewhere", ["sad", "glad", "mad"], ["mad", "sad", "glad"]],
  ])("one %s: a native type", async (_, before, after) => {
    const options = { native: true, name: "mood" };
    const { there, back } = await change(models(before, options), models(after, options));
    expect([there, back]).toEqual([["glad"], ["glad"]]);
  });

  it.each([true, false])("a check (with a name: %s) follows the values", async (named) => {
    const options = { createConstraint: true, ...(named ? { constraintName: "ck_mood" } : {}) };
    const after = models(["sad", "glad", "mad"], options);
    const { labels, back } = await change(models(["sad", "glad"], options), after);
    expect(labels.map((l) => l.split(" ")[0])).toEqual(["dropConstraint", "addConstraint"]);
    expect(back).toEqual(["glad"]);
    // And it holds: what is no value is refused.
    await expect(a.connection.executeScript("UPDATE person SET mood = 'mad'")).rejects.toMatchObject({ kind: "check" });
    await a.runSource(await produceMigrations(a.context, [after]));
    await a.connection.executeScript("UPDATE person SET mood = 'mad'");
    await expect(a.connection.executeScript("UPDATE person SET mood = 'bad'")).rejects.toMatchObject({ kind: "check" });
  });

  it("a new name that is told keeps the rows", async () => {
    if (!isNamed) return;
    const options = { native: true, name: "mood" };
    const { labels, there, back } = await change(
      models(["sad", "glad", "mad"], options),
      models(["sad", "happy", "mad"], options),
      { renames: ["mood.glad:happy"] },
    );
    expect(labels).toEqual(["alterEnum mood"]);
    expect([there, back]).toEqual([["happy"], ["glad"]]);
    await a.dispose();
    const asked: unknown[] = [];
    const again = await change(models(["sad", "glad"], options), models(["sad", "happy"], options), {
      askRename: async (added, lost) => {
        asked.push(added, lost);
        return "glad";
      },
    });
    expect(asked).toEqual([{ table: "mood", column: "happy" }, ["glad"]]);
    expect(again.there).toEqual(["happy"]);
  });
});

describeEachDatabase(
  "enumerations as types",
  (target) => {
    it("rows with a value that goes are told of, or replaced; lists and defaults are moved too", async () => {
      a = await AdHoc.open(target);
      for (const text of [
        "CREATE SCHEMA shop",
        "CREATE TYPE mood AS ENUM ('sad', 'glad', 'mad')",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, m mood DEFAULT 'mad', many mood[] DEFAULT '{sad}')",
        "CREATE TABLE shop.u (m mood NOT NULL)",
        "CREATE INDEX ix_m ON t (m)",
        "INSERT INTO t VALUES (1, 'mad', '{sad,mad,mad}'), (2, 'glad', NULL)",
        "INSERT INTO shop.u VALUES ('mad')",
      ]) {
        await a.connection.executeScript(text);
      }
      await expect(a.run((op) => op.alterEnum("mood", ["sad", "glad"]))).rejects.toMatchObject({
        code: "migrate.enum-value-used",
        message: "The value 'mad' of enumeration 'mood' cannot go: 1 row(s) of 't' have it in 'm'",
      });
      await a.run((op) => op.alterEnum("mood", ["glad", "sad"], { replace: { mad: "sad" } }));
      expect(await a.rows("SELECT id, m::text, many::text FROM t ORDER BY id")).toEqual([
        [1, "sad", "{sad,sad,sad}"],
        [2, "glad", null],
      ]);
      expect(await a.rows("SELECT m::text FROM shop.u")).toEqual([["sad"]]);
      await a.connection.executeScript("INSERT INTO t (id) VALUES (3)");
      expect(await a.rows("SELECT m::text, many::text FROM t WHERE id = 3")).toEqual([["sad", "{sad}"]]);
      expect(await a.rows("SELECT typname FROM pg_type WHERE typname LIKE 'mood%'")).toEqual([["mood"]]);
      await expect(a.run((op) => op.alterEnum("moood", ["x"]))).rejects.toMatchObject({ code: "migrate.no-enum" });
    });

    it("is written into a script when its columns are told", async () => {
      p = await project("postgresql://nobody@127.0.0.1:1/none");
      const body = (columns: string) =>
        `await op.alterEnum("mood", ["ok", "glad"], { existing: ["sad", "glad", "mad"], renames: { sad: "ok" }${columns} });`;
      await p.revision("aaaa", null, body(', columns: [{ table: "person", column: "mood" }], replace: { mad: "ok" }'));
      await command.upgrade(p.config, "head", { sql: true });
      const text = p.printed.join("");
      expect(
        text.slice(text.indexOf("ALTER"), text.indexOf("INSERT")),
      ).toBe(`ALTER TYPE mood RENAME VALUE 'sad' TO 'ok';

ALTER TYPE mood RENAME TO mood__old;

CREATE TYPE mood AS ENUM ('ok', 'glad');

ALTER TABLE person ALTER COLUMN mood TYPE mood USING (CASE WHEN mood::text = 'mad' THEN 'ok' ELSE mood::text END)::mood;

DROP TYPE mood__old;

`);
      await p.revision("aaaa", null, body(""));
      await expect(command.upgrade(p.config, "head", { sql: true })).rejects.toMatchObject({
        code: "migrate.enum-columns",
      });
      expect(() => new AlterEnumOp("mood", ["x"]).reverse()).toThrow(/cannot be reversed/);
    });

    it("a type goes with the last column that used it, and comes back with it", async () => {
      a = await AdHoc.open(target);
      const options = { native: true, name: "mood" } as const;
      const from = models(["sad", "glad"], options);
      const second = new MetaData();
      table("person", { id: integer().primaryKey(), mood: string(9).serverDefault("'sad'") }, { metadata: second });
      const lists = new MetaData();
      table(
        "person",
        { id: integer().primaryKey(), moods: array(enumeration(["sad", "glad"], options)).nullable() },
        { metadata: lists },
      );
      const compare = (metadata: MetaData) => produceMigrations(a.context, [metadata]);
      await a.runSource(await compare(from));
      await a.connection.executeScript("CREATE TYPE by_hand AS ENUM ('x')");
      for (const to of [second, lists, new MetaData()]) {
        const ops = await compare(to);
        await a.runSource(ops);
        expect((await compare(to)).map(labelOf)).toEqual([]);
        const left = (await a.rows("SELECT typname FROM pg_type WHERE typtype = 'e' ORDER BY 1")).flat();
        expect(left).toEqual(to === lists ? ["by_hand", "mood"] : ["by_hand"]);
        await a.runSource(reversed(ops));
        expect((await compare(from)).map(labelOf)).toEqual([]);
      }
    });
  },
  { only: ["postgresql"] },
);
