/** Assertions for the tests of programs: compiled SQL, sent statements, their number. */
import { AssertionError } from "node:assert";
import { createEngine, type Engine, insert, integer, MetaData, select, string, table } from "@athanor/core";
import {
  allOf,
  assertSql,
  assertStatementCount,
  assertStatements,
  normalizeSql,
  oneOf,
  recordStatements,
} from "@athanor/core/testing";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";

const metadata = new MetaData();
const things = table("things", { id: integer().primaryKey(), name: string(20) }, { metadata });

it("assertSql compares texts but for blanks, and parameters in order", () => {
  const statement = select(things.c.id).where(things.c.id.gt(3));
  assertSql(statement, "SELECT things.id\n  FROM things WHERE things.id > ?", { dialect: "sqlite", params: [3] });
  assertSql(
    statement,
    "select things.id from things where things.id > $1::INTEGER".replace(/select|from|where/g, (w) => w.toUpperCase()),
    {
      dialect: "postgresql",
    },
  );
  assertSql(statement, /things\.id > 3$/, { literalBinds: true });
  expect(() => assertSql(statement, "SELECT 1")).toThrow(AssertionError);
  expect(() => assertSql(statement, /nothing/)).toThrow(/expected: .*nothing.*\n.*actual: {3}SELECT things\.id/s);
  expect(() => assertSql(statement, /./, { params: [4] })).toThrow(AssertionError);
  expect(() => assertSql({}, "x")).toThrow(/statement is needed/);
  expect(normalizeSql(" a\n\t b ( c ) ; ")).toBe("a b (c)");
});

describeEachDatabase("assertions about statements", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await metadata.createAll(engine);
  });
  afterAll(() => engine.dispose());
  const work = () =>
    engine.begin(async (connection) => {
      await connection.execute(insert(things).values({ id: 1, name: "a" }));
      await connection.execute(select(things.c.id));
      await connection.execute(select(things.c.name).where(things.c.id.eq(1)));
      await connection.rollback().catch(() => undefined);
    });

  it("in order, in any order, one of several, with parameters", async () => {
    await assertStatements(engine, work, [
      { sql: /^INSERT INTO .?things/, params: [1, "a"] },
      allOf(/WHERE/, oneOf(/^nothing/, /^SELECT .*id.* FROM .?things.?$/)),
    ]);
    await assertStatementCount(engine, 3, work);
    expect((await recordStatements(engine, work)).map((s) => s.sql.split(" ")[0])).toEqual([
      "INSERT",
      "SELECT",
      "SELECT",
    ]);
  });
  it("says which statement differs, and shows all", async () => {
    await expect(assertStatements(engine, work, [/^INSERT/, /^UPDATE/, /^SELECT/])).rejects.toThrow(
      /statement 2 .*\/\^UPDATE\/.*3\. SELECT/s,
    );
    await expect(assertStatements(engine, work, [/^INSERT/])).rejects.toThrow(/2 more than expected/);
    await expect(assertStatements(engine, work, [/I/, /S/, /S/, "SELECT 1"])).rejects.toThrow(/sent: {5}nothing/);
    await expect(assertStatements(engine, work, [{ sql: /^INSERT/, params: [2, "a"] }, /S/, /S/])).rejects.toThrow(
      AssertionError,
    );
    await expect(assertStatements(engine, work, [/I/, allOf(/WHERE/, /WHERE/)])).rejects.toThrow(/allOf/);
    await expect(assertStatementCount(engine, 2, work)).rejects.toThrow(/3 statements were sent, not 2/);
  });
  it("an error of the block comes through, and nothing is watched afterwards", async () => {
    await expect(assertStatementCount(engine, 0, () => Promise.reject(new RangeError("mine")))).rejects.toThrow(
      RangeError,
    );
    expect(await recordStatements(engine, async () => undefined)).toEqual([]);
  });
});
