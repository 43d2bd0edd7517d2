/** A lone surrogate, which slice() leaves of an emoji, has no UTF-8: databases would store something else in silence. */
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  alias,
  array,
  CompileError,
  createEngine,
  DataError,
  type Engine,
  insert,
  integer,
  json,
  literal,
  MetaData,
  select,
  sql,
  string,
  table,
  update,
} from "../../src/index.js";

const metadata = new MetaData();
const t = table(
  "halves",
  {
    id: integer().primaryKey().autoincrement(false),
    name: string(40),
    tags: array(string()).nullable(),
    doc: json().nullable(),
  },
  { metadata },
);
const whole = "smile 😀";
const half = whole.slice(0, -1);

describeEachDatabase("half of a character", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await metadata.createAll(engine);
  });
  afterAll(() => engine.dispose());

  it("is refused in values of every kind of statement, before anything is sent", async () => {
    await using conn = await engine.connect();
    const sent: string[] = [];
    engine.on("statement", (e) => void sent.push(e.sql));
    const message = /^Parameter \d+ holds half of a character \(the lone surrogate U\+D83D at position 6 of 7\)/;
    const row = (id: number, name: string) => ({ id, name });
    const many = Array.from({ length: 3000 }, (_, i) => row(i, i === 2777 ? half : whole));
    for (const run of [
      () => conn.execute(insert(t).values(row(1, half))),
      () => conn.execute(insert(t).values([row(1, whole), row(2, half)])),
      () => conn.execute(insert(t), [row(1, whole), row(2, half)]),
      () => conn.execute(update(t).set({ name: half })),
      () => conn.execute(select(t).where(t.c.name.eq(half))),
      () =>
        conn
          .scalars(select(t.c.id).where(t.c.name.like(`${half}%`)))
          .partitions(10)
          [Symbol.asyncIterator]()
          .next(),
      () => conn.execute(sql`select ${half} as v`),
      () => conn.execDriverSql("select 1 where 1 = 2", [half]),
      () => conn.execDriverSql("select 1 where 1 = 2", [[whole], [half]]),
    ]) {
      const failure = await Promise.resolve(run()).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure, String(run)).toBeInstanceOf(DataError);
      expect((failure as Error).message).toMatch(/half of a character .*toWellFormed\(\)/);
    }
    await expect(conn.execute(insert(t).values(row(1, half)))).rejects.toThrow(message);
    await conn.rollback();
    expect(sent.filter((s) => /halves|select/i.test(s))).toEqual([]);
    // Of a load of several pages nothing stays.
    await expect(engine.begin((c) => c.execute(insert(t).values(many)))).rejects.toThrow(message);
    expect(await conn.execute(select(t.c.id)).all()).toEqual([]);
  });
  it("is refused in names and in the text of statements", async () => {
    await using conn = await engine.connect();
    const named = `n${half}`;
    expect(() => select(t.c.id.as(named)).compile(engine)).toThrow(CompileError);
    expect(() => select(alias(t, named).c.id).compile(engine)).toThrow(/The name "n.*holds half of a character/);
    await expect(conn.execDriverSql(`select '${half}' as v`)).rejects.toThrow(/^The text of the statement holds half/);
    await expect(conn.execute(sql.raw(`select '${half}' as v`))).rejects.toThrow(
      /^The text of the statement holds half/,
    );
    await expect(conn.executeScript(`select '${half}'`)).rejects.toThrow(/^The text of the statement holds half/);
  });
  it("is not shown where parameters are hidden", async () => {
    await using hiding = createEngine(await target.url(), { hideParameters: true });
    await using conn = await hiding.connect();
    const failure = await conn.execute(insert(t).values({ id: 1, name: half })).then(String, String);
    expect(failure).toMatch(/half of a character/);
    expect(failure).not.toContain("smile");
  });
  it("is no matter where it is whole, or where JSON says it", async () => {
    await engine.begin(async (conn) => {
      const doc = { text: whole };
      await conn.execute(insert(t).values({ id: 1, name: half.toWellFormed(), tags: [whole], doc }));
      await conn.execute(insert(t).values({ id: 2, name: whole, tags: null, doc: null }));
      const rows = await conn.execute(select(t.c.name, t.c.tags, t.c.doc).orderBy(t.c.id)).all();
      expect(rows.map((r) => [...r])).toEqual([
        ["smile \ufffd", [whole], doc],
        [whole, null, null],
      ]);
      expect(await conn.execute(select(literal(whole, string()).as("v"))).scalar()).toBe(whole);
    });
  });
});
