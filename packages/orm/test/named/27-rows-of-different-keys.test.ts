/**
 * 27: six rows of different keys give four INSERTs, in order, and RETURNING gives an object for each.
 * After SQLAlchemy orm/dml BulkDMLReturningInhTest.test_heterogeneous_keys: with and without order, sentinel and shuffled
 * RETURNING. One deviation: in order, SQLite gets an INSERT for each row.
 */
import { insert, insertSentinel, integer, select, string } from "@athanor/core";
import { shuffleReturning } from "@athanor/core/testing";
import { declarativeBase, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { setUp } from "../query/blog.js";

function models(joined: boolean) {
  const Base = declarativeBase();
  class A extends Base(
    "A",
    {
      id: integer().primaryKey(),
      get type() {
        return string(10).subclasses(B);
      },
      data: string(20),
      xcol: integer().nullable(),
      y: integer().nullable(),
    },
    { polymorphicOn: "type", identity: "a" },
  ) {}
  class B extends A.subclass(
    "B",
    { bd: string(20).nullable(), z: integer().nullable() },
    joined ? { identity: "b", tableName: "b" } : { identity: "b" },
  ) {}
  return { Base, A, B };
}
const ROWS = [
  { data: "d3", xcol: 5, type: "a" },
  { data: "d4", xcol: 6, type: "a" },
  { data: "d5", type: "a" },
  { data: "d6", xcol: 8, y: 9, type: "a" },
  { data: "d7", xcol: 12, y: 12, type: "a" },
  { data: "d8", xcol: 7, type: "a" },
];
const EXPECTED = [
  ["d3", 5, null],
  ["d4", 6, null],
  ["d5", null, null],
  ["d6", 8, 9],
  ["d7", 12, 12],
  ["d8", 7, null],
];
const SHAPES = ["(type, data, xcol)", "(type, data)", "(type, data, xcol, y)", "(type, data, xcol)"];

describeEachDatabase("27: rows of different keys, asked for in order", (target) => {
  for (const sentinel of [false, true]) {
    const Base = declarativeBase();
    class A extends Base(
      "A",
      {
        id: integer().primaryKey(),
        data: string(20),
        xcol: integer().nullable(),
        y: integer().nullable(),
        ...((sentinel ? { mark: insertSentinel() } : {}) as { mark: ReturnType<typeof insertSentinel> }),
      },
      { tableName: sentinel ? "a_marked" : "a" },
    ) {}
    const at = setUp(target, Base.metadata, async () => {});
    it.skipIf(!target.capabilities.has("insertReturning"))(
      sentinel ? "with a sentinel, whatever RETURNING does" : "by the key, whatever RETURNING does",
      async () => {
        const stop = shuffleReturning(at.engine);
        await using session = new Session(at.engine);
        const rows = ROWS.map(({ type, ...row }) => row);
        const made = await session.scalars(insert(A).returning(A).sortByParameterOrder(), rows as never).all();
        stop();
        const sent = at.ran.work.filter((text) => text.startsWith("INSERT"));
        expect(made.map((a) => [a.data, a.xcol, a.y])).toEqual(EXPECTED);
        for (const a of made) expect(await session.scalar(select(A.c.data).where(A.c.id.eq(a.id)))).toBe(a.data);
        // SQLite promises no order of the keys it counts: there it goes row by row.
        expect(sent).toHaveLength(target.name === "sqlite" ? 6 : 4);
      },
    );
  }
});

for (const joined of [true, false])
  describeEachDatabase(`27: rows of different keys, ${joined ? "joined" : "single-table"}`, (target) => {
    const { Base, A, B } = models(joined);
    const at = setUp(target, Base.metadata, async () => {});
    const shapes = () => at.ran.work.map((s) => /^INSERT INTO a (\([^)]*\))/.exec(s)?.[1]);

    it("without RETURNING", async () => {
      await using session = new Session(at.engine);
      await session.execute(insert(A), ROWS as never);
      expect(shapes()).toEqual(SHAPES);
      const stored = await session.execute(select(A.c.data, A.c.xcol, A.c.y).orderBy(A.c.id)).all();
      expect(stored.map((r) => [...r])).toEqual(EXPECTED);
    });
    const withReturning = it.skipIf(!target.capabilities.has("insertReturning"));
    withReturning("with RETURNING: objects in the order of the rows, then no statement", async () => {
      await using session = new Session(at.engine);
      const made = await session.scalars(insert(A).returning(A), ROWS as never).all();
      expect(shapes()).toEqual(SHAPES);
      expect(at.ran.work.every((s) => /RETURNING .*id.*type.*data.*xcol.*y$/.test(s))).toBe(true);
      at.ran.clear();
      expect(made.map((a) => [a.data, a.xcol, a.y])).toEqual(EXPECTED);
      expect(new Set(made.map((a) => a.id)).size).toBe(6);
      expect(made.every((a) => a.type === "a" && session.contains(a))).toBe(true);
      expect(at.ran.work).toEqual([]);
      // Each key stands for its own row.
      for (const a of made) expect(await session.scalar(select(A.c.data).where(A.c.id.eq(a.id)))).toBe(a.data);
    });
    withReturning("of a subclass", async () => {
      await using session = new Session(at.engine);
      const rows = [
        { data: "d1", bd: "b1" },
        { data: "d2", bd: "b2", z: 2 },
        { data: "d3", xcol: 3 },
      ];
      const made = await session.scalars(insert(B).returning(B), rows as never).all();
      expect(made.map((b) => [b.constructor.name, b.type, b.data, b.bd, b.z, b.xcol])).toEqual([
        ["B", "b", "d1", "b1", null, null],
        ["B", "b", "d2", "b2", 2, null],
        ["B", "b", "d3", null, null, 3],
      ]);
    });
  });
