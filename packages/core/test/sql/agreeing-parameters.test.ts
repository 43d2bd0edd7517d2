/**
 * One expression object in the select list and in GROUP BY, HAVING, ORDER BY or DISTINCT is one expression to the database,
 * whatever values it holds. PostgreSQL tells expressions apart by the numbers of their parameters.
 */
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  bindParam,
  caseOf,
  createEngine,
  type Engine,
  func,
  insert,
  integer,
  MetaData,
  select,
  string,
  table,
} from "../../src/index.js";

const metadata = new MetaData();
const sale = table("sale", { id: integer().primaryKey(), region: string(10), amount: integer() }, { metadata });
const rows = [
  { id: 1, region: "n", amount: 10 },
  { id: 2, region: "s", amount: 25 },
  { id: 3, region: "n", amount: 14 },
  { id: 4, region: "s", amount: 7 },
];

describeEachDatabase("an expression with values, grouped by", ({ url }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await url());
    await metadata.createAll(engine);
    await engine.begin((conn) => conn.execute(insert(sale).values(rows)));
  });
  afterAll(() => engine.dispose());

  it("groups and orders by the same arithmetic", async () => {
    const band = sale.c.amount.floorDiv(10);
    await using conn = await engine.connect();
    const statement = select(band, func.count()).groupBy(band).orderBy(band.desc());
    expect(await conn.execute(statement).all()).toEqual([
      [2, 1],
      [1, 2],
      [0, 1],
    ]);
  });
  it("beside a list whose length varies, and beside named parameters", async () => {
    const band = sale.c.amount.floorDiv(bindParam("width", integer()));
    await using conn = await engine.connect();
    const statement = select(band, func.sum(sale.c.amount))
      .where(sale.c.id.in([1, 2, 3]), sale.c.amount.lt(1000))
      .groupBy(band)
      .orderBy(band);
    expect(await conn.execute(statement, { width: 10 }).all()).toEqual([
      [1, 24],
      [2, 25],
    ]);
    expect(await conn.execute(statement, { width: 100 }).all()).toEqual([[0, 49]]);
  });
  it("orders a DISTINCT by what it selects", async () => {
    const name = caseOf(sale.c.region).when("n", "north").else("south");
    await using conn = await engine.connect();
    expect(await conn.execute(select(name).distinct().orderBy(name.desc())).all()).toEqual([["south"], ["north"]]);
  });
  it("takes two objects that say the same for one expression, with equal values only", async () => {
    await using conn = await engine.connect();
    const head = (n: number) => func.substr(sale.c.region.concat("orth\\"), n, 2);
    const grouped = (a: number, b: number) =>
      select(head(a).as("head"), func.count()).groupBy(head(b)).orderBy(head(b));
    expect(await conn.execute(grouped(1, 1)).all()).toEqual([
      ["no", 2],
      ["so", 2],
    ]);
    expect(await conn.execute(grouped(5, 5)).all()).toEqual([["h\\", 4]]);
    expect(await conn.execute(grouped(2, 2)).all()).toEqual([["or", 4]]);
    const band = () => sale.c.amount.floorDiv(bindParam("width", integer()));
    const banded = select(band(), func.count()).groupBy(band()).orderBy(band().desc());
    expect(await conn.execute(banded, { width: 10 }).all()).toEqual([
      [2, 1],
      [1, 2],
      [0, 1],
    ]);
    const more = () => sale.c.amount.add(1);
    expect(await conn.execute(select(more()).distinct().orderBy(more().desc()).limit(1)).all()).toEqual([[26]]);
    // MySQL takes only the whole expression for the grouped one, and MariaDB not even that in HAVING.
    if (engine.dialect.name === "mysql" || engine.dialect.name === "mariadb") return;
    const part = select(more().mul(2)).groupBy(more()).having(more().gt(8)).orderBy(more()).limit(1);
    expect(await conn.execute(part).all()).toEqual([[22]]);
  });
  it("gives two expressions of equal shape their own values, whichever comes first", async () => {
    await using conn = await engine.connect();
    const shared = sale.c.amount.add(1);
    const two = (first: typeof shared, second: typeof shared) =>
      conn.execute(select(sale.c.id, first, second).where(sale.c.id.eq(1)).groupBy(sale.c.id, sale.c.amount)).all();
    expect(await two(shared, shared)).toEqual([[1, 11, 11]]);
    expect(await two(sale.c.amount.add(1), sale.c.amount.add(2))).toEqual([[1, 11, 12]]);
    expect(await two(shared, shared)).toEqual([[1, 11, 11]]);
  });
});

describe("the numbers of parameters", () => {
  it("are shared inside a grouped query only", () => {
    const band = sale.c.amount.add(5);
    expect(select(band).groupBy(band).orderBy(band.desc()).compile("postgresql")).toMatchObject({
      sql:
        "SELECT sale.amount + $1::INTEGER AS anon_1 FROM sale GROUP BY sale.amount + $1::INTEGER " +
        "ORDER BY sale.amount + $1::INTEGER DESC",
      params: [5],
    });
    const [a, b, c] = [sale.c.amount.add(5), sale.c.amount.add(5), sale.c.amount.add(6)];
    expect(select(a, c).where(b.gt(9)).groupBy(b, c).compile("postgresql").params).toEqual([5, 6, 9]);
    const { params, sql } = select(a).groupBy(c).compile("postgresql");
    expect(params).toEqual([5, 6]);
    expect(sql).toContain("$2");
    expect(select(band).where(band.gt(0)).compile("postgresql").params).toEqual([5, 5, 0]);
  });
});
