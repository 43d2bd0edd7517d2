/**
 * What databases spell in ways of their own, run on each that has it: dates and intervals, full text, arrays, rows,
 * inheritance, frames. Rules: core-orm.md F6, F8, F11, F12, F18, F19, H4.
 */
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  CompileError,
  cast,
  columnValued,
  createEngine,
  date,
  dateTime,
  deleteFrom,
  type Engine,
  fieldOf,
  func,
  insert,
  integer,
  interval,
  json,
  literal,
  MetaData,
  not,
  pgFunc,
  rowOf,
  select,
  sql,
  string,
  table,
  tableFunction,
  text,
  time,
  update,
} from "../../src/index.js";

describeEachDatabase("dates and intervals", (target) => {
  const metadata = new MetaData();
  const events = table(
    "events",
    {
      id: integer().primaryKey(),
      begins: dateTime(),
      ends: dateTime().nullable(),
      day: date(),
      at: time(),
      length: interval(),
    },
    { metadata },
  );
  const c = events.c;
  let engine: Engine;
  const begins = new Date(Date.UTC(2024, 1, 28, 22, 30, 0, 250));
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await metadata.createAll(engine);
    const ends = new Date(Date.UTC(2024, 2, 1, 1, 45, 30, 500));
    await engine.begin((conn) =>
      conn.execute(
        insert(events).values([
          { id: 1, begins, ends, day: "2024-02-28", at: "22:30:00", length: "P1DT3H15M30.25S" },
          {
            id: 2,
            begins: new Date(Date.UTC(1969, 11, 31)),
            ends: null,
            day: "1999-12-31",
            at: "00:00:00",
            length: "-PT1H",
          },
        ]),
      ),
    );
  });
  afterAll(() => engine.dispose());
  const values = async (x: unknown): Promise<unknown[]> => {
    await using conn = await engine.connect();
    return (await conn.execute(select((x as typeof c.id).as("v")).orderBy(c.id)).all()).map((r) => r[0]);
  };
  it("a timestamp moved by an interval is a timestamp", async () => {
    expect(await values(c.begins.add("P1DT2H0.5S"))).toEqual([
      new Date(Date.UTC(2024, 2, 1, 0, 30, 0, 750)),
      new Date(Date.UTC(1970, 0, 1, 2, 0, 0, 500)),
    ]);
    expect(await values(c.begins.sub("PT30M"))).toEqual([
      new Date(Date.UTC(2024, 1, 28, 22, 0, 0, 250)),
      new Date(Date.UTC(1969, 11, 30, 23, 30)),
    ]);
  });
  it("by an interval of another column, by sums of intervals, and of what is NULL", async () => {
    expect(await values(c.begins.add(c.length))).toEqual([
      new Date(Date.UTC(2024, 2, 1, 1, 45, 30, 500)),
      new Date(Date.UTC(1969, 11, 30, 23)),
    ]);
    expect(await values(c.begins.add(c.length.add("PT1H")))).toEqual([
      new Date(Date.UTC(2024, 2, 1, 2, 45, 30, 500)),
      new Date(Date.UTC(1969, 11, 31)),
    ]);
    expect(await values(c.begins.sub(c.length.sub("PT1H")))).toEqual([
      new Date(Date.UTC(2024, 1, 27, 20, 14, 30)),
      new Date(Date.UTC(1969, 11, 31, 2)),
    ]);
    expect((await values(c.ends.add("P1D")))[1]).toBeNull();
  });
  it("a day moved is a day, a time a time", async () => {
    expect(await values(c.day.add("P2D"))).toEqual(["2024-03-01", "2000-01-02"]);
    expect(await values(c.day.sub("P1D"))).toEqual(["2024-02-27", "1999-12-30"]);
    expect(await values(c.at.add("PT45M30S"))).toEqual(["23:15:30", "00:45:30"]);
  });
  it("cast to one another keep what there is in both", async () => {
    expect(await values(cast(c.begins, date()))).toEqual(["2024-02-28", expect.any(String)]);
    expect((await values(cast(c.begins, time())))[0]).toMatch(/^22:30:00\.25/);
    expect((await values(cast(c.day, dateTime())))[0]).toEqual(new Date(Date.UTC(2024, 1, 28)));
    await using conn = await engine.connect();
    const same = select(events.c.id).where(cast(c.begins, date()).eq("2024-02-28"));
    expect(await conn.scalars(same).all()).toEqual([1]);
  });
  it("the difference is an interval, whichever they are", async () => {
    expect(await values(c.ends.diff(c.begins))).toEqual(["P1DT3H15M30.25S", null]);
    expect(await values(c.begins.diff(new Date(Date.UTC(2024, 1, 28, 22)))).then((v) => v[0])).toBe("PT30M0.25S");
    expect(await values(c.day.diff("2024-02-01")).then((v) => v[0])).toBe("P27D");
    expect(await values(c.at.diff("20:00:00")).then((v) => v[0])).toBe("PT2H30M");
  });
  it("compare, in criteria and as what an UPDATE sets", async () => {
    await using conn = await engine.connect();
    const late = select(c.id).where(c.ends.diff(c.begins).gt("P1D"));
    expect((await conn.execute(late).all()).map((r) => r.id)).toEqual([1]);
    const soon = select(c.id).where(c.begins.add("P1D").gt(new Date(Date.UTC(2000, 0, 1))));
    expect((await conn.execute(soon).all()).map((r) => r.id)).toEqual([1]);
    await conn.execute(update(events).set({ begins: c.begins.add("P1D"), day: c.day.add("P1D") }));
    expect([...(await conn.execute(select(c.begins, c.day).where(c.id.eq(1))).one())]).toEqual([
      new Date(Date.UTC(2024, 1, 29, 22, 30, 0, 250)),
      "2024-02-29",
    ]);
    await conn.rollback();
  });
  it("what is no interval is refused", () => {
    expect(() => (c.begins as never as { add(x: unknown): unknown }).add(c.day)).toThrow(/a\.diff\(b\)/);
    expect(() => (c.begins as never as { mul(x: unknown): unknown }).mul(2)).toThrow(/interval/);
    expect(() => c.begins.add(undefined as never)).toThrow(/undefined/);
  });
});

describeEachDatabase("full text", (target) => {
  it("match() finds words where there is an index for them", async () => {
    const engine = createEngine(await target.url());
    const metadata = new MetaData();
    const texts = table("texts", { id: integer().primaryKey(), body: text() }, { metadata });
    await using conn = await engine.connect();
    if (target.name === "sqlite") await conn.execDriverSql("create virtual table texts using fts5(id unindexed, body)");
    else await conn.execute(sql`create table texts (id integer primary key, body text)`);
    if (target.family === "mysql") await conn.execDriverSql("create fulltext index texts_body on texts (body)");
    await conn.execute(
      insert(texts).values([
        { id: 1, body: "The quick brown fox" },
        { id: 2, body: "A lazy dog sleeps" },
        { id: 3, body: "quick silver runs" },
      ]),
    );
    // InnoDB's full text sees only what is committed.
    await conn.commit();
    const ids = async (x: ReturnType<typeof texts.c.body.match>) =>
      (await conn.execute(select(texts.c.id).where(x)).all()).map((r) => Number(r.id)).sort();
    expect(await ids(texts.c.body.match("quick"))).toEqual([1, 3]);
    if (target.name !== "sqlite") expect(await ids(not(texts.c.body.match("quick")))).toEqual([2]);
    expect(await ids(texts.c.body.match("zebra"))).toEqual([]);
    await conn.rollback();
    await conn.execDriverSql("drop table texts");
    await conn.commit();
    await conn.close();
    await engine.dispose();
  });
  it("the affixes that ignore case find both", async () => {
    const engine = createEngine(await target.url());
    await using conn = await engine.connect();
    const word = literal("Straße 50%_x", string());
    const row = await conn
      .execute(
        select(
          word.iStartsWith("STRA").as("a"),
          word.iEndsWith("_X").as("b"),
          word.iContains("50%", { autoescape: true }).as("c"),
          word.iContains("51%", { autoescape: true }).as("d"),
          word.iContains("E 5").not().as("e"),
        ),
      )
      .one();
    expect([...row]).toEqual([true, true, true, false, false]);
    await engine.dispose();
  });
});

describeEachDatabase("frames", (target) => {
  it("by groups, with what they exclude, and by intervals", async () => {
    const engine = createEngine(await target.url());
    await using conn = await engine.connect();
    const metadata = new MetaData();
    const n = table("n", { id: integer().primaryKey(), g: integer(), v: integer(), d: dateTime() }, { metadata });
    await metadata.createAll(engine);
    const day = (d: number) => new Date(Date.UTC(2024, 0, d));
    await conn.execute(
      insert(n).values([
        { id: 1, g: 1, v: 1, d: day(1) },
        { id: 2, g: 1, v: 2, d: day(3) },
        { id: 3, g: 2, v: 4, d: day(4) },
        { id: 4, g: 3, v: 8, d: day(20) },
      ]),
    );
    const run = async (window: Parameters<ReturnType<typeof func.sum<typeof n.c.v>>["over"]>[0]) =>
      (await conn.execute(select(func.sum(n.c.v).over(window).as("s")).orderBy(n.c.id)).all()).map((r) => Number(r.s));
    expect(await run({ orderBy: n.c.id, rows: [-1, 0] })).toEqual([1, 3, 6, 12]);
    if (target.family === "mysql") {
      await expect(run({ orderBy: n.c.g, groups: [-1, 0] })).rejects.toThrow(CompileError);
      await expect(run({ orderBy: n.c.g, rows: [null, null], exclude: "TIES" })).rejects.toThrow(CompileError);
    } else {
      expect(await run({ orderBy: n.c.g, groups: [-1, 0] })).toEqual([3, 3, 7, 12]);
      expect(await run({ orderBy: n.c.g, groups: [null, 0], exclude: "GROUP" })).toEqual([0, 0, 3, 7]);
      expect(await run({ orderBy: n.c.g, groups: [0, 0], exclude: "TIES" })).toEqual([1, 2, 4, 8]);
      expect(await run({ orderBy: n.c.g, rows: [null, null], exclude: "CURRENT ROW" })).toEqual([14, 13, 11, 7]);
    }
    if (target.capabilities.has("arrays"))
      expect(await run({ orderBy: n.c.d, range: [{ preceding: literal("P3D", interval()) }, 0] })).toEqual([
        1, 3, 7, 8,
      ]);
    expect(() => func.sum(n.c.v).over({ orderBy: n.c.id, exclude: "TIES" })).toThrow(/frame/);
    expect(() => func.sum(n.c.v).over({ orderBy: n.c.id, rows: [0.5 as never, 0] })).toThrow(/frame bound/);
    await conn.rollback();
    await metadata.dropAll(engine);
    await engine.dispose();
  });
});

describeEachDatabase(
  "PostgreSQL's own",
  (target) => {
    const metadata = new MetaData();
    const parents = table("parents", { id: integer().primaryKey(), name: string(20) }, { metadata });
    let engine: Engine;
    beforeAll(async () => {
      engine = createEngine(await target.url());
      await metadata.createAll(engine);
      await engine.begin(async (conn) => {
        await conn.execDriverSql("create table children (extra text) inherits (parents)");
        await conn.execute(insert(parents).values({ id: 1, name: "parent" }));
        await conn.execDriverSql("insert into children values (2, 'child', 'x')");
      });
    });
    afterAll(() => engine.dispose());
    it("ONLY leaves out what inherits, in SELECT, UPDATE and DELETE", async () => {
      await using conn = await engine.connect();
      const names = async (s: unknown) => (await conn.execute(s as never).all()).map((r: readonly unknown[]) => r[0]);
      expect(await names(select(parents.c.name).orderBy(parents.c.id))).toEqual(["parent", "child"]);
      expect(await names(select(parents.c.name).only(parents))).toEqual(["parent"]);
      expect(await conn.execute(update(parents).set({ name: "p" }).only()).rowCount()).toBe(1);
      expect(await conn.execute(deleteFrom(parents).only()).rowCount()).toBe(1);
      expect(await conn.execute(deleteFrom(parents)).rowCount()).toBe(1);
      await conn.rollback();
    });
    it("full text with its configuration, ranking and headlines", async () => {
      await using conn = await engine.connect();
      const vector = pgFunc.toTsvector(literal("The quick brown foxes jumped", text()), { config: "english" });
      const row = await conn
        .execute(
          select(
            pgFunc.matches(vector, pgFunc.toTsquery("fox & jump", { config: "english" })).as("a"),
            pgFunc.matches(vector, pgFunc.plaintoTsquery("brown foxes", { config: "english" })).as("b"),
            pgFunc.matches(vector, pgFunc.phrasetoTsquery("brown quick", { config: "english" })).as("c"),
            pgFunc.matches(vector, pgFunc.websearchToTsquery("fox -dog", { config: "english" })).as("d"),
            pgFunc.tsRank(vector, pgFunc.toTsquery("fox", { config: "english" })).as("e"),
            pgFunc
              .tsHeadline("A fox ran", pgFunc.toTsquery("fox", { config: "english" }), { config: "english" })
              .as("f"),
          ),
        )
        .one();
      expect([row.a, row.b, row.c, row.d, row.e > 0, row.f]).toEqual([
        true,
        true,
        false,
        true,
        true,
        "A <b>fox</b> ran",
      ]);
    });
    it("arrays of values and of queries, ANY over them, array_agg", async () => {
      await using conn = await engine.connect();
      const row = await conn
        .execute(
          select(
            pgFunc.array([1, 2, 3]).as("a"),
            pgFunc.array(select(parents.c.name).orderBy(parents.c.id)).as("b"),
            pgFunc.array(["x"]).overlaps(["x", "y"]).as("c"),
            pgFunc.arrayLength(pgFunc.array([1, 2])).as("d"),
            select(pgFunc.arrayAgg(parents.c.id).aggregateOrderBy(parents.c.id.desc())).scalar().as("e"),
          ),
        )
        .one();
      expect([row.a, row.b, row.c, row.d, row.e]).toEqual([[1, 2, 3], ["parent", "child"], true, 2, [2, 1]]);
      expect(() => pgFunc.array([])).toThrow(/empty/);
    });
    it("rows as values, their fields, functions of records", async () => {
      await using conn = await engine.connect();
      const whole = await conn
        .execute(
          select(func.call("row_to_json", json<unknown>(), rowOf(parents)).as("j"))
            .only(parents)
            .orderBy(parents.c.id),
        )
        .one();
      expect(whole.j).toEqual({ id: 1, name: "parent" });
      const field = fieldOf(
        func.call(
          "json_populate_record",
          json<unknown>(),
          sql`null::parents` as never,
          literal({ id: 5, name: "five" }, json<unknown>()),
        ),
        "name",
        string(),
      );
      expect(await conn.execute(select(field.as("f"))).scalar()).toBe("five");
      const records = tableFunction(
        "json_to_recordset",
        { a: integer(), b: text() },
        [
          literal(
            [
              { a: 1, b: "x" },
              { a: 2, b: "y" },
            ],
            json<unknown>(),
          ),
        ],
        {
          name: "r",
          derived: "typed",
        },
      );
      expect((await conn.execute(select(records.c.b, records.c.a)).all()).map((r) => [...r])).toEqual([
        ["x", 1],
        ["y", 2],
      ]);
    });
    it("functions of one value a row, numbered rows, lateral ones", async () => {
      await using conn = await engine.connect();
      const n = columnValued("generate_series", integer(), [1, 3], "n");
      expect((await conn.execute(select(n, n.mul(10).as("m"))).all()).map((r) => [r.n, r.m])).toEqual([
        [1, 10],
        [2, 20],
        [3, 30],
      ]);
      const numbered = tableFunction("unnest", { word: text(), nr: integer() }, [pgFunc.array(["a", "b"])], {
        name: "w",
        ordinality: "nr",
      });
      expect(
        (await conn.execute(select(numbered.c.nr, numbered.c.word)).all()).map((r) => [Number(r.nr), r.word]),
      ).toEqual([
        [1, "a"],
        [2, "b"],
      ]);
      const each = columnValued("generate_series", integer(), [1, parents.c.id], "k", { lateral: true });
      const rows = await conn.execute(select(parents.c.id, each).selectFrom(parents).orderBy(parents.c.id, each)).all();
      expect(rows.map((r) => [r.id, r.k])).toEqual([
        [1, 1],
        [2, 1],
        [2, 2],
      ]);
    });
    it("read-only, deferrable transactions are so on the server", async () => {
      await using conn = await engine.connect();
      const show = async (name: string) => Object.values(await conn.execDriverSql(`show ${name}`).mappings().one())[0];
      await conn
        .begin(
          async () => {
            expect(await show("transaction_read_only")).toBe("on");
            expect(await show("transaction_deferrable")).toBe("on");
            expect(await show("transaction_isolation")).toBe("serializable");
            await expect(conn.execute(insert(parents).values({ id: 9, name: "x" }))).rejects.toThrow(/read-only/);
            throw new Error("undo");
          },
          { isolationLevel: "SERIALIZABLE", readOnly: true, deferrable: true },
        )
        .catch((error: Error) => expect(error.message).toBe("undo"));
      await conn.begin(async () => expect(await show("transaction_read_only")).toBe("off"));
    });
    it("a recursive CTE in the order of a search", async () => {
      await using conn = await engine.connect();
      const base = select(literal(1, integer()).as("n")).cte("r", {
        recursive: true,
        suffix: sql`SEARCH DEPTH FIRST BY n SET place`,
      });
      const r = base.unionAll(select(base.c.n.add(1)).where(base.c.n.lt(3)) as never);
      expect((await conn.execute(select(r.c.n).orderBy(sql`place` as never)).all()).map((x) => x[0])).toEqual([
        1, 2, 3,
      ]);
    });
  },
  { requires: ["arrays"] },
);

describe("elsewhere they are refused when the statement is compiled", () => {
  const t = table("t", { id: integer().primaryKey(), name: string(20) }, { metadata: new MetaData() });
  it.each<[string, () => { compile(dialect: string): unknown }]>([
    ["ONLY", () => select(t.c.id).only(t)],
    ["UPDATE ONLY", () => update(t).set({ name: "x" }).only()],
    ["DELETE FROM ONLY", () => deleteFrom(t).only()],
    ["a row of a table", () => select(func.call("row_to_json", json<unknown>(), rowOf(t)))],
    ["a field of a row", () => select(fieldOf(t.c.id, "x", integer()))],
    ["ARRAY", () => select(pgFunc.array([1]))],
  ])("%s", (_, make) => {
    for (const dialect of ["sqlite", "mysql", "mariadb"])
      expect(() => make().compile(dialect), dialect).toThrow(CompileError);
  });
});

describeEachDatabase("upserts", (target) => {
  it("do not apply onUpdate defaults to what they set", async () => {
    const engine = createEngine(await target.url());
    const metadata = new MetaData();
    const things = table(
      "things",
      { id: integer().primaryKey(), name: string(20), changes: integer().default(0).onUpdate(99) },
      { metadata },
    );
    await metadata.createAll(engine);
    await using conn = await engine.connect();
    await conn.execute(insert(things).values({ id: 1, name: "a" }));
    await conn.execute(
      insert(things)
        .values({ id: 1, name: "b" })
        .onConflictDoUpdate({ target: ["id"], set: (e) => ({ name: e.name }) }),
    );
    expect([...(await conn.execute(select(things.c.name, things.c.changes)).one())]).toEqual(["b", 0]);
    await conn.execute(update(things).set({ name: "c" }));
    expect([...(await conn.execute(select(things.c.name, things.c.changes)).one())]).toEqual(["c", 99]);
    await conn.rollback();
    await metadata.dropAll(engine);
    await engine.dispose();
  });
  it("SET in the given order counts where the database assigns in turn", async () => {
    const engine = createEngine(await target.url());
    const metadata = new MetaData();
    const pair = table("pair", { id: integer().primaryKey(), a: integer(), b: integer() }, { metadata });
    await metadata.createAll(engine);
    await using conn = await engine.connect();
    await conn.execute(insert(pair).values({ id: 1, a: 1, b: 2 }));
    await conn.execute(update(pair).orderedValues(["b", pair.c.a], ["a", pair.c.b]));
    expect([...(await conn.execute(select(pair.c.a, pair.c.b)).one())]).toEqual(
      target.family === "mysql" ? [1, 1] : [2, 1],
    );
    expect(() => update(pair).orderedValues(["a", 1], ["a", 2])).toThrow(/twice/);
    await conn.rollback();
    await metadata.dropAll(engine);
    await engine.dispose();
  });
});
