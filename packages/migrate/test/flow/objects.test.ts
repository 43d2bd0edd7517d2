/** Views, functions and triggers: made, compared, replaced, brought back. */
import {
  createEngine,
  func,
  integer,
  MetaData,
  materializedView,
  Sequence,
  select,
  selectView,
  sql,
  storedFunction,
  storedProcedure,
  string,
  table,
  trigger,
  view,
} from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, expect, it } from "vitest";
import { command, labelOf, produceMigrations, reversed } from "../../src/index.js";
import { AdHoc } from "./ad-hoc.js";
import { type Project, project } from "./project.js";

let a: AdHoc;
let p: Project;
afterEach(async () => {
  await a?.dispose();
  await p?.dispose();
});

describeEachDatabase("objects that are replaced as a whole", (target) => {
  const isPg = target.name === "postgresql";
  const hasFunctions = target.name !== "sqlite";
  /** A table, views on it, one on the other, and a trigger that writes into a log. */
  const models = (age: number, word = "new", more: { column?: boolean; views?: boolean } = {}) => {
    const metadata = new MetaData();
    table(
      "person",
      {
        id: integer().primaryKey(),
        name: string(40),
        age: integer(),
        ...(more.column ? { town: string(20).nullable() } : {}),
      },
      { metadata },
    );
    table("log", { id: integer().primaryKey(), what: string(60) }, { metadata });
    if (more.views === false) return metadata;
    view("adults", `SELECT id, name${more.column ? ", town" : ""} FROM person WHERE age >= ${age} -- 'and' "quotes"`, {
      metadata,
    });
    view("adult_names", "SELECT name\n  FROM adults\n WHERE name <> 'it''s'", { metadata });
    if (isPg) {
      materializedView("counts", "SELECT count(*) AS n FROM person", { metadata });
      storedFunction(
        "log_person",
        "",
        `RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log (id, what) VALUES (new.id, '${word} \`x\` ' || new.name); RETURN new; END $$`,
        { metadata },
      );
      storedFunction("plus", "n integer, by integer DEFAULT 1", "RETURNS integer LANGUAGE sql AS 'SELECT n + by'", {
        metadata,
      });
      storedProcedure("forget", "", "LANGUAGE sql AS 'DELETE FROM log'", { metadata });
    }
    if (target.family === "mysql")
      storedFunction("plus", "n INT, b INT", "RETURNS INT DETERMINISTIC RETURN n + b", { metadata });
    trigger(
      "person_log",
      "person",
      "AFTER INSERT",
      isPg
        ? "FOR EACH ROW EXECUTE FUNCTION log_person()"
        : target.family === "mysql"
          ? `FOR EACH ROW INSERT INTO log (id, what) VALUES (new.id, concat('${word} ', new.name))`
          : `FOR EACH ROW BEGIN INSERT INTO log (id, what) VALUES (new.id, '${word} ' || new.name); END`,
      { metadata },
    );
    return metadata;
  };
  const compare = (metadata: MetaData) => produceMigrations(a.context, [metadata]);
  const adults = async () => (await a.rows("SELECT name FROM adult_names ORDER BY 1")).flat();

  it("are found, changed with their tables, and brought back; equal ones in other words are none", async () => {
    a = await AdHoc.open(target);
    const first = models(18);
    const creation = await compare(first);
    await a.runSource(creation);
    expect((await compare(first)).map(labelOf)).toEqual([]);
    await a.connection.executeScript("INSERT INTO person (id, name, age) VALUES (1, 'Ann', 20), (2, 'Bo', 40)");
    expect(await adults()).toEqual(["Ann", "Bo"]);
    expect((await a.rows("SELECT what FROM log ORDER BY id")).flat()).toEqual(
      isPg ? ["new `x` Ann", "new `x` Bo"] : ["new Ann", "new Bo"],
    );
    if (hasFunctions) expect((await a.rows("SELECT plus(2, 3)")).flat()).toEqual([5]);

    // Alone, with what stands on it; and together with a change of the tables.
    const second = models(30, "late");
    const third = models(30, "late", { column: true });
    for (const next of [second, third]) {
      const ops = await compare(next);
      await a.runSource(ops);
      expect((await compare(next)).map(labelOf)).toEqual([]);
      expect(await adults()).toEqual(["Bo"]);
      await a.runSource(reversed(ops));
      expect((await compare(first)).map(labelOf)).toEqual([]);
      expect(await adults()).toEqual(["Ann", "Bo"]);
    }
    const none = await compare(models(18, "new", { views: false }));
    expect(none).toEqual([]);
  });

  it("views over selects are compared like those over text, materialized ones too", async () => {
    a = await AdHoc.open(target);
    const of = (age: number, more: { kept?: boolean; tall?: boolean } = {}) => {
      const metadata = new MetaData();
      const person = table("person", { id: integer().primaryKey(), name: string(40), age: integer() }, { metadata });
      const grown = select(person.c.id, func.upper(person.c.name).as("loud")).where(
        person.c.age.ge(age),
        person.c.name.ne("it's"),
      );
      const adults = selectView("adults", grown, { metadata, columns: ["id", "shout"] });
      selectView("few", select(adults.c.loud).where(adults.c.id.lt(10)), { metadata });
      view("fewer", "SELECT shout FROM few", { metadata });
      if (more.kept)
        selectView("kept", select(func.count().as("n")).selectFrom(adults), { metadata, materialized: isPg });
      return metadata;
    };
    const first = of(18);
    await a.runSource(await compare(first));
    expect(await compare(first)).toEqual([]);
    await a.connection.executeScript("INSERT INTO person (id, name, age) VALUES (1, 'Ann', 20), (2, 'Bo', 40)");
    const shouts = async () => (await a.rows("SELECT shout FROM fewer ORDER BY 1")).flat();
    expect(await shouts()).toEqual(["ANN", "BO"]);
    for (const next of [of(30), of(30, { kept: true })]) {
      const ops = await compare(next);
      expect(ops.map(labelOf)).toContain("createObject fewer");
      await a.runSource(ops);
      expect(await compare(next)).toEqual([]);
      expect(await shouts()).toEqual(["BO"]);
      await a.runSource(reversed(ops));
      expect(await compare(first)).toEqual([]);
      expect(await shouts()).toEqual(["ANN", "BO"]);
    }
    const added = await compare(of(18, { kept: true }));
    expect(added.map(labelOf)).toEqual(["createObject kept"]);
    await a.runSource(added);
    expect(await compare(of(18, { kept: true }))).toEqual([]);
  });

  it("are left alone where none is declared, unless it is said", async () => {
    a = await AdHoc.open(target);
    await a.runSource(await compare(models(18)));
    const bare = models(18, "new", { views: false });
    const ops = await produceMigrations(a.context, [bare], { compareObjects: true });
    expect(new Set(ops.map((o) => o.kind))).toEqual(new Set(["dropObject"]));
    await a.runSource(ops);
    expect(await produceMigrations(a.context, [bare], { compareObjects: true })).toEqual([]);
    await a.runSource(reversed(ops));
    expect((await compare(models(18))).map(labelOf)).toEqual([]);
    const filtered = await produceMigrations(a.context, [bare], {
      compareObjects: true,
      includeObject: (o) => o.kind === "trigger",
    });
    expect(filtered.map(labelOf)).toEqual(["dropObject person_log"]);
  });

  it("go when a generated revision made them and no model declares them any more; others are left alone", async () => {
    const withSequence = (metadata: MetaData) => {
      if (isPg) metadata.addSequence(new Sequence("tickets"));
      return metadata;
    };
    p = await project(await target.url(), withSequence(models(18)));
    await command.migrate(p.config, { message: "objects" });
    await command.upgrade(p.config);
    const others = ["CREATE VIEW by_hand AS SELECT name FROM person", ...(isPg ? ["CREATE SEQUENCE invoices"] : [])];
    await using connection = await p.engine.connect({ isolationLevel: "AUTOCOMMIT" });
    for (const statement of others) await connection.executeScript(statement);
    await command.check(p.config);
    // Not even the last of them is declared.
    p.config = { ...p.config, metadata: models(18, "new", { views: false }) };
    const expected = [
      "adult_names",
      "adults",
      "person_log",
      ...(isPg ? ["counts", "forget", "log_person", "plus"] : []),
    ];
    if (target.family === "mysql") expected.push("plus");
    if (isPg) expected.push("tickets");
    const dropped = (text: string | undefined) => [
      ...new Set(
        [...(text ?? "").matchAll(/drop(?:View|Function|Trigger|Sequence)\(\s*(?:\w+\(\s*)?"(\w+)"/g)].map((m) => m[1]),
      ),
    ];
    const made = await command.migrate(p.config, { message: "none" });
    const text = (await p.versions()).get(`${made?.revision}_none.ts`);
    expect(dropped(text?.split("function downgrade")[0]).sort()).toEqual(expected.sort());
    await command.upgrade(p.config);
    await command.check(p.config);
    await expect(command.check({ ...p.config, compareObjects: true })).rejects.toThrow("by_hand");
    await command.downgrade(p.config, "-1");
    expect([...(await connection.execute(sql`SELECT name FROM adult_names`))]).toEqual([]);
  });

  it("are made by createAll, left there by it, and dropped by dropAll", async () => {
    const engine = createEngine(await target.url());
    const metadata = models(18);
    await metadata.createAll(engine);
    await models(30).createAll(engine);
    a = await AdHoc.open({ ...target, url: async () => String(engine.url) } as typeof target);
    await a.connection.executeScript("INSERT INTO person (id, name, age) VALUES (1, 'Ann', 20)");
    expect(await adults()).toEqual(["Ann"]);
    await metadata.dropAll(engine);
    await metadata.dropAll(engine);
    expect(await compare(new MetaData())).toEqual([]);
    await engine.dispose();
  });

  it("come back from the revision that made them", async () => {
    p = await project(await target.url());
    const put = (id: string, down: string | null, age: number, up: string, back: string) =>
      p.put(
        `${id}_.ts`,
        `import * as core from "@athanor/core";
export const revision = "${id}", downRevision = ${JSON.stringify(down)};
export const adults = core.view("adults", "SELECT name FROM person WHERE age >= ${age}");
export async function upgrade(op: any) { ${up} }
export async function downgrade(op: any) { ${back} }
`,
      );
    await p.revision(
      "aaaa1111",
      null,
      'await op.createTable("person", core.string("name", 20), core.integer("age"));\nawait op.execute("INSERT INTO person VALUES (\'Ann\', 20), (\'Bo\', 40), (\'Cy\', 60)");',
    );
    await put("bbbb1111", "aaaa1111", 18, "await op.createView(adults);", "await op.dropView(adults);");
    const replace = (id: string) =>
      [
        `await op.replaceView(adults, { replaces: "${id}" });`,
        `await op.replaceView(adults, { replaceWith: "${id}" });`,
      ] as const;
    await put("cccc1111", "bbbb1111", 30, ...replace("bbbb.adults"));
    await put("dddd1111", "cccc1111", 50, ...replace("cccc1111.adults"));
    const seen = async () => {
      await using c = await p.engine.connect();
      const { sql } = await import("@athanor/core");
      return [...(await c.execute(sql`SELECT name FROM adults ORDER BY name`))].map((r) => r[0]);
    };
    await command.upgrade(p.config);
    expect(await seen()).toEqual(["Cy"]);
    await command.downgrade(p.config, "-1");
    expect(await seen()).toEqual(["Bo", "Cy"]);
    await command.downgrade(p.config, "-1");
    expect(await seen()).toEqual(["Ann", "Bo", "Cy"]);
    await command.downgrade(p.config, "-1");
    await expect(seen()).rejects.toThrow();
    await put("cccc1111", "bbbb1111", 30, ...replace("bbbb.adultz"));
    await expect(command.upgrade(p.config)).rejects.toMatchObject({
      message: expect.stringContaining("exports no object 'adultz'. Did you mean 'adults'?"),
    });
    await put("cccc1111", "bbbb1111", 30, ...replace("dddd1111.adults"));
    await expect(command.upgrade(p.config)).rejects.toMatchObject({
      message: expect.stringContaining("No revision 'dddd1111' comes before cccc1111"),
    });
    await put("cccc1111", "bbbb1111", 30, 'await op.createView("adults");', "");
    await expect(command.upgrade(p.config)).rejects.toMatchObject({ cause: { code: "migrate.object" } });
  });
});
