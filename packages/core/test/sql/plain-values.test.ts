/** What programs without a type checker, and newcomers from elsewhere, hand over by mistake is refused by name. */
import { describeEachDatabase } from "@athanor/test-support";
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  bigInteger,
  createEngine,
  date,
  dateTime,
  func,
  insert,
  inspect,
  integer,
  literal,
  MetaData,
  rollup,
  select,
  sql,
  string,
  table,
  time,
} from "../../src/index.js";

const metadata = new MetaData();
const day = table(
  "day",
  {
    id: integer().primaryKey(),
    name: string(20).nullable(),
    on: date().nullable(),
    at: time().nullable(),
    stamp: dateTime().nullable(),
    big: bigInteger().nullable(),
  },
  { metadata },
);
const c = day.c;
/** As plain JavaScript would. */
const js = (value: unknown) => value as never;

describe("a plain value where a column belongs", () => {
  it.each([
    [
      "orderBy()",
      () => select(c.id).orderBy(js("id")),
      'orderBy: a column such as User.c.name, a label or an expression is needed, not the string "id"',
    ],
    ["orderBy() by position", () => select(c.id).orderBy(js(1)), "not the number 1"],
    [
      "groupBy()",
      () => select(c.id).groupBy(js("id")),
      'groupBy: a column such as User.c.name, a label or an expression is needed, not the string "id"',
    ],
    ["over()", () => func.rowNumber().over({ orderBy: js("id") }), 'not the string "id"'],
    ["select()", () => select(js("id")), 'not the string "id"'],
    ["returning()", () => insert(day).values({ id: 1 }).returning(js("id")), 'not the string "id"'],
    ["select() of a list", () => select(js([c.id, c.name])), "columns are given one by one, not as a list"],
    ["select() of the columns object", () => select(js(c)), "a label or an expression is needed, not the object"],
    ["where() of the columns object", () => select(c.id).where(js(c)), "A criterion is an expression such as"],
    ["values() of null", () => insert(day).values(js(null)), "a row is an object of values by column, not null"],
    ["values() with null later", () => insert(day).values(js([{ id: 1 }, { id: 2 }, null])), "not null"],
    ["values() with a list later", () => insert(day).values(js([{ id: 1 }, [2]])), "rows without names go to tuples()"],
    ["values() of lists", () => insert(day).values(js([[1, "x"]])), "rows without names go to tuples()"],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(message);
  });
  it("an engine where a connection belongs", () => {
    expect(() => inspect(js(createEngine("sqlite://")))).toThrow("inspect(): a connection is needed");
  });
  it("an expression where a statement belongs", async () => {
    await using conn = await createEngine("sqlite://").connect();
    await expect(conn.execute(js(func.now()))).rejects.toThrow("execute select() of it");
    await expect(conn.execute(select(func.now())).scalar()).resolves.toBeInstanceOf(Date);
  });
  it("is welcome when it says that it is a value", () => {
    expect(String(select(literal(1, integer())))).toBe("SELECT ? AS param_1");
  });
});

describe("String() of an expression", () => {
  it("is its SQL, without a connection and without its values", () => {
    expect(String(c.name.eq("secret").and(c.id.in([1, 2])))).toBe("day.name = ? AND day.id IN (?)");
    expect(`${func.lower(c.name).as("lower")}`).toBe("lower(day.name)");
    // SQLite has no ROLLUP.
    expect(String(rollup(c.id))).toBe("ROLLUP(day.id)");
  });
});

describe("SQLite, which keeps whatever it is given", () => {
  it("is not given days, times and years that no database has", async () => {
    await using conn = await createEngine("sqlite://").connect();
    await metadata.createAll(conn);
    const put = (values: { on?: string; at?: string; stamp?: Date }) =>
      conn.execute(insert(day).values(values as never));
    await expect(put({ on: "2023-02-29" })).rejects.toThrow("The calendar has no 2023-02-29.");
    await expect(put({ on: "2023-13-01" })).rejects.toThrow("The calendar has no 2023-13-01.");
    await expect(put({ at: "25:00" })).rejects.toThrow("A day has no 25:00:00.");
    await expect(put({ at: "10:61" })).rejects.toThrow("A day has no 10:61:00.");
    await expect(put({ stamp: new Date(Date.UTC(-100, 0, 1)) })).rejects.toThrow("The year -100 is before");
    await put({ on: "2024-02-29", at: "24:00:00", stamp: new Date("0001-01-01T00:00:00Z") });
    await put({ on: "1900-12-31" });
    expect(await conn.execute(select(c.on)).scalars().all()).toEqual(["2024-02-29", "1900-12-31"]);
  });
});

describeEachDatabase("parameters", ({ url }) => {
  it("without names, and too many, are refused with the way out", async () => {
    const engine = createEngine(await url());
    await metadata.createAll(engine);
    {
      await using conn = await engine.connect();
      await expect(conn.execute(sql.text("select 1 where 1 = ?"), js(["x"]))).rejects.toThrow(
        'parameters are given by name, { name: value } or a list of such objects, not "x"',
      );
      await expect(conn.execute(sql.text("select 1"), js(5))).rejects.toThrow("execDriverSql()");
      await expect(conn.execute(js("select 1"))).rejects.toThrow('sql.text("…")');
      const many = Array.from({ length: 70_000 }, (_, i) => i);
      await expect(conn.execute(select(c.id).where(c.id.in(many)))).rejects.toMatchObject({ code: "parameter.limit" });
      expect(await conn.execute(select(c.id).where(c.id.in(many.slice(0, 30_000)))).all()).toEqual([]);
    }
    await engine.dispose();
  });
  it("of a 64-bit column keep every digit of a number", async () => {
    const engine = createEngine(await url());
    await metadata.createAll(engine);
    await engine.begin(async (conn) => {
      await conn.execute(insert(day).values({ id: 1, big: js(2 ** 60) }));
      expect(await conn.execute(select(c.big)).scalar()).toBe(2n ** 60n);
    });
    await engine.dispose();
  });
});

describe("what MariaDB has not of MySQL", () => {
  it("lag() and lead() with a value where there is no row", () => {
    const before = func.lag(c.id, 1, 0).over({ orderBy: c.id });
    expect(() => select(before).compile("mariadb")).toThrow("MariaDB has no third argument of lag()");
    expect(select(before).compile("mysql").sql).toContain("lag(day.id, ?, ?) OVER");
    expect(select(func.lag(c.id, 1).over({ orderBy: c.id })).compile("mariadb").sql).toContain("lag(day.id, ?) OVER");
  });
});
