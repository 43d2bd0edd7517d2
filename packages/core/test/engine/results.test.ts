import { inspect } from "node:util";
import { describeEachDatabase } from "@athanor/test-support";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import {
  binary,
  createEngine,
  dateTime,
  deleteFrom,
  type Engine,
  insert,
  integer,
  literal,
  MetaData,
  select,
  string,
  table,
  update,
} from "../../src/index.js";

const metadata = new MetaData();
const numbers = table("numbers", { id: integer().primaryKey(), name: string(20) }, { metadata });

describeEachDatabase("a result", (target) => {
  let engine: Engine;
  let sent: string[];
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await engine.begin(async (conn) => {
      await metadata.createAll(conn);
      await conn.execute(
        insert(numbers).values(Array.from({ length: 300 }, (_, i) => ({ id: i + 1, name: `n${i % 7}` }))),
      );
    });
    engine.on("statement", ({ sql }) => void sent.push(sql));
  });
  beforeEach(() => {
    sent = [];
  });
  afterAll(() => engine.dispose());
  const all = select(numbers.c.id, numbers.c.name).orderBy(numbers.c.id);

  it("is read row by row, in lists and to the end, each row once", async () => {
    await using conn = await engine.connect();
    const result = conn.execute(all);
    expect((await result.fetchOne())?.id).toBe(1);
    expect((await result.fetchMany(3)).map((row) => row.id)).toEqual([2, 3, 4]);
    for await (const row of result) {
      expect(row.id).toBe(5);
      break;
    }
    expect(await result.fetchOne()).toBeNull();
    const again = conn.execute(all);
    await again.fetchMany(290);
    expect(await again.all()).toHaveLength(10);
    expect([await again.fetchOne(), await again.fetchMany(2)]).toEqual([null, []]);
  });
  it("closed midway leaves its connection free for other work", async () => {
    await using conn = await engine.connect();
    const result = conn.execute(all);
    await result.fetchOne();
    await result.close();
    expect(await result.fetchOne()).toBeNull();
    expect(await conn.execute(select(numbers.c.id).where(numbers.c.id.eq(7))).scalar()).toBe(7);
  });
  it("left half-read keeps no transaction and no savepoint from ending", async () => {
    await using conn = await engine.connect();
    const half = async () => {
      const result = conn.execute(all.executionOptions({ yieldPer: 10 }));
      expect(await result.fetchMany(3)).toHaveLength(3);
      return [result] as const; // in a list: a result is awaited where it is returned
    };
    const broken = () =>
      expect(conn.execDriverSql("selec 1").all()).rejects.toMatchObject({ name: "ProgrammingError" });
    // In a transaction that failed.
    await half();
    await broken();
    await conn.rollback();
    expect(conn.inTransaction).toBe(false);
    // In a savepoint that is rolled back, failed or not: what comes after it is kept.
    for (const fails of [false, true]) {
      await conn.begin(async () => {
        const savepoint = await conn.beginNested();
        const [inner] = await half();
        if (fails) await broken();
        await savepoint.rollback();
        if (!fails) expect(await inner.all()).toHaveLength(297);
        else if (target.family === "postgresql")
          await expect(inner.all()).rejects.toMatchObject({ name: "InternalError", driverCode: "25P02" });
        await conn.execute(insert(numbers).values({ id: fails ? 1002 : 1001, name: "kept" }));
      });
    }
    expect(await conn.execute(select(numbers.c.id).where(numbers.c.name.eq("kept"))).all()).toHaveLength(2);
    // One around it goes on.
    await conn.rollback();
    await conn.begin(async () => {
      const [outer] = await half();
      await conn
        .beginNested(() => expect(conn.execute(insert(numbers).values({ id: 1, name: "" }))).rejects.toThrow())
        .catch(() => {});
      expect((await outer.fetchOne())?.id).toBe(4);
      await conn.execute(deleteFrom(numbers).where(numbers.c.name.eq("kept")));
    });
  });
  it("gives other columns, by name and place, with names of their own", async () => {
    await using conn = await engine.connect();
    const turned = conn.execute(all).columns("name", 0);
    expect(await turned.keys()).toEqual(["name", "id"]);
    const [first] = await turned.all();
    expect([first?.[0], first?.id]).toEqual(["n0", 1]);
    expect(await conn.execute(all).columns("id").mappings().first()).toEqual({ id: 1 });
    await expect(conn.execute(all).columns("nme").all()).rejects.toMatchObject({ code: "result.column" });
    await expect(conn.execute(all).columns(2).all()).rejects.toThrow(/no column 2; it has id, name/);
  });
  it("with two columns of one name, loses neither: by position they are read, as objects they are refused", async () => {
    await using conn = await engine.connect();
    const labelled = () => conn.execute(select(numbers.c.id, numbers.c.name.as("id")).limit(1));
    expect(await labelled().mappings().all()).toEqual([{ id: 1, id_1: "n0" }]);
    const raw = () => conn.execDriverSql("select id, name as id from numbers limit 1");
    const row = await raw().one();
    expect([row[0], row[1]]).toEqual([1, "n0"]);
    expect(() => row["id"]).toThrow(/'id' at positions 0 and 1/);
    expect(() => (row as unknown as { toObject(): object }).toObject()).toThrow(/'id' at positions 0 and 1/);
    await expect(raw().mappings().all()).rejects.toMatchObject({ code: "row.ambiguous" });
    expect(inspect(row)).toBe("{ id: 1, 'id (1)': 'n0' }");
  });
  it("frozen, is read as often as one likes without another statement", async () => {
    await using conn = await engine.connect();
    const kept = await conn.execute(all.limit(3)).freeze();
    expect(await kept.result().scalars().all()).toEqual([1, 2, 3]);
    expect((await kept.result().first())?.name).toBe("n0");
    expect(await kept.result().keys()).toEqual(["id", "name"]);
    expect(sent.filter((sql) => /^select/i.test(sql))).toHaveLength(1);
  });
  it("merges with results of the same columns, and with no others", async () => {
    await using conn = await engine.connect();
    const part = (from: number) => conn.execute(all.where(numbers.c.id.ge(from)).limit(2));
    const merged = part(1).merge(part(100), part(200));
    expect((await merged.all()).map((row) => row.id)).toEqual([1, 2, 100, 101, 200, 201]);
    expect(await merged.keys()).toEqual(["id", "name"]);
    const one = conn.execute(select(numbers.c.id.as("n"), numbers.c.name)) as unknown as ReturnType<typeof part>;
    await expect(part(0).merge(one).all()).rejects.toMatchObject({ code: "result.merge" });
  });
  it("is unique by a function of the row", async () => {
    await using conn = await engine.connect();
    const names = await conn
      .execute(all)
      .unique((row) => row.name)
      .all();
    expect(names.map((row) => row.id)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    // The function is of the rows it was given for, whatever is made of them then.
    const byName = () => conn.execute(all).unique((row) => row.name);
    expect(await byName().scalars().all()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await byName().columns("id").mappings().first()).toEqual({ id: 1 });
  });
  it("that is unique stays so as values, objects and other columns, and by what values are", async () => {
    await using conn = await engine.connect();
    const few = conn.execute(all.where(numbers.c.id.in([1, 2, 8]))).unique();
    const names = () =>
      conn.execute(
        select(numbers.c.name)
          .where(numbers.c.id.in([1, 2, 8]))
          .orderBy(numbers.c.id),
      );
    expect(await few.all()).toHaveLength(3);
    expect(await few.scalars("name").all()).toEqual(["n0", "n1"]);
    expect(await few.columns("name").all()).toEqual([["n0"], ["n1"]]);
    expect(await names().unique().mappings().all()).toEqual([{ name: "n0" }, { name: "n1" }]);
    expect(await names().mappings().unique().all()).toEqual([{ name: "n0" }, { name: "n1" }]);
    const lists: unknown[] = [];
    for await (const list of names().unique().scalars().partitions(2)) lists.push(list);
    expect(lists).toEqual([["n0", "n1"]]);
    const day = new Date("2026-01-02T03:04:05Z");
    const values = select(literal(day, dateTime()), literal(Buffer.from("ab"), binary(2)));
    const twice = () => conn.execute(values.unionAll(values));
    expect(await twice().unique().all()).toHaveLength(1);
    expect(await twice().scalars().unique().all()).toEqual([day]);
    expect(await twice().scalars(1).unique().all()).toEqual([new Uint8Array([97, 98])]);
  });
  it("has no columns but its own, and no columns at all once they are values", async () => {
    await using conn = await engine.connect();
    expect(await conn.execute(all).mappings().columns("name").first()).toEqual({ name: "n0" });
    for (const at of [2, -1, 0.5])
      await expect(conn.execute(all).scalars(at).all()).rejects.toMatchObject({ code: "result.column" });
    expect(() => conn.execute(all).scalars().mappings()).toThrow(/choose columns before/);
    expect(() => conn.execute(all).scalars().columns(0)).toThrow(/choose columns before/);
    await expect(conn.execute(all).fetchMany(1.5)).rejects.toMatchObject({ code: "option.count" });
  });
  it("of a statement without rows is none to read, streamed or not", async () => {
    await using conn = await engine.connect();
    const change = () => conn.execute(update(numbers).set({ name: "n0" }).where(numbers.c.id.eq(1)));
    expect(await change()).toEqual([]);
    expect(await change().all()).toEqual([]);
    await expect(change().first()).rejects.toMatchObject({ code: "result.no-rows" });
    const rows: unknown[] = [];
    for await (const row of change()) rows.push(row);
    for await (const list of change().partitions(5)) rows.push(list);
    expect([...rows, await change().fetchOne()]).toEqual([null]);
  });
});

describeEachDatabase(
  "a stream",
  (target) => {
    it("begins with few rows and grows up to maxRowBuffer; yieldPer keeps one size", async () => {
      // A client of the test's own, whose statements can be watched as they are sent.
      const creator = async (settings: object) => {
        const client = new pg.Client(settings);
        await client.connect();
        return client;
      };
      const engine = createEngine(await target.url(), { creator });
      try {
        await engine.begin((conn) =>
          conn.executeScript("create table n (id integer); insert into n select generate_series(1, 1000)"),
        );
        const sizes: string[] = [];
        const count = async (options: { readonly [name: string]: number }) => {
          await using conn = await engine.connect({ executionOptions: options });
          const raw = conn.driverConnection as { query(...args: unknown[]): unknown };
          const before = raw.query;
          // What the server is asked for tells the size of a chunk.
          raw.query = function (this: unknown, ...args) {
            const text = (args[0] as { readonly text?: string }).text ?? "";
            const size = /^FETCH (\d+)/.exec(text)?.[1];
            if (size !== undefined) sizes.push(size);
            return before.apply(this, args);
          };
          let rows = 0;
          for await (const _ of conn.execDriverSql("select id from n")) rows++;
          for await (const _ of conn.execute(select(n.c.id))) rows++;
          raw.query = before;
          return rows;
        };
        const n = table("n", { id: integer() });
        expect(await count({})).toBe(2000);
        expect(sizes.slice(0, sizes.length / 2)).toEqual(["25", "100", "400", "1000"]);
        sizes.length = 0;
        expect(await count({ maxRowBuffer: 200 })).toBe(2000);
        expect(sizes.slice(-7)).toEqual(["25", "100", "200", "200", "200", "200", "200"]);
        sizes.length = 0;
        expect(await count({ yieldPer: 500 })).toBe(2000);
        expect(sizes.slice(-3)).toEqual(["500", "500", "500"]);
      } finally {
        await engine.dispose();
      }
    });
  },
  { only: ["postgresql"] },
);
