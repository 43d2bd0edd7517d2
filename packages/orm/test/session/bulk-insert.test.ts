/** Many rows in one statement: every generated key goes to its own object, also where triggers and gaps are in the way. */
import { createEngine, type Engine, InternalError, integer, select, sql, string } from "@athanor/core";
import { declarativeBase, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";

const Base = declarativeBase();
class Thing extends Base("Thing", { id: integer().primaryKey(), name: string(40), rank: integer().nullable() }) {}

const batch = (prefix: string, n: number) => Array.from({ length: n }, (_, i) => new Thing({ name: `${prefix}${i}` }));
/** Name by key, as the table has it. */
async function stored(engine: Engine): Promise<Map<number, string>> {
  await using conn = await engine.connect();
  const rows = await conn.execute(select(Thing.c.id, Thing.c.name)).all();
  return new Map(rows.map((row) => [row.id, row.name]));
}

describeEachDatabase("bulk inserts", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await Base.metadata.createAll(engine);
  });
  afterAll(() => engine.dispose());

  async function save(things: readonly Thing[]): Promise<void> {
    await using session = new Session(engine);
    session.add(...things);
    await session.commit();
    const table = await stored(engine);
    for (const thing of things) expect(table.get(thing.id)).toBe(thing.name);
    expect(new Set(things.map((t) => t.id)).size).toBe(things.length);
  }

  it("keys return to their objects over several pages", () => save(batch("page ", 1234)));

  it("after rows were deleted and keys were given by hand", async () => {
    await using conn = await engine.connect();
    await conn.execute(sql`delete from thing where id > ${1000}`);
    await conn.commit();
    await save(batch("gap ", 300));
  });

  it("a failure on a later page leaves nothing", async () => {
    const before = (await stored(engine)).size;
    await using conn = await engine.connect();
    await conn.execute(sql`create unique index only_one on thing (name)`);
    await conn.commit();
    await using session = new Session(engine);
    const things = batch("late ", 700);
    (things[699] as Thing).name = "late 0";
    session.add(...things);
    await expect(session.commit()).rejects.toThrow(/unique|duplicate/i);
    await session.rollback();
    expect((await stored(engine)).size).toBe(before);
  });
});

describeEachDatabase(
  "bulk inserts beside SQLite's triggers and conflict clauses",
  (target) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = createEngine(await target.url());
      await Base.metadata.createAll(engine);
    });
    afterAll(() => engine.dispose());

    it("a trigger that inserts into the same table breaks the numbering, so rows go one by one", async () => {
      await using conn = await engine.connect();
      await conn.executeScript(
        "create trigger echo after insert on thing when new.name like 'loud %' begin insert into thing (name) values ('echo of ' || new.name); end",
      );
      await conn.commit();
      await using session = new Session(engine);
      const things = batch("loud ", 20);
      session.add(...things);
      await session.commit();
      const table = await stored(engine);
      for (const thing of things) expect(table.get(thing.id)).toBe(thing.name);
      expect(table.size).toBe(40);
      await conn.executeScript("drop trigger echo");
      await conn.commit();
    });

    it("rows that ON CONFLICT IGNORE leaves out are an error, not wrong keys", async () => {
      await using conn = await engine.connect();
      await conn.executeScript(
        "drop table thing; create table thing (id integer primary key, name varchar(40) not null unique on conflict ignore, rank integer)",
      );
      await conn.commit();
      await using session = new Session(engine);
      session.add(new Thing({ name: "same" }), new Thing({ name: "same" }), new Thing({ name: "other" }));
      await expect(session.commit()).rejects.toThrow(InternalError);
    });
  },
  { only: ["sqlite"] },
);
