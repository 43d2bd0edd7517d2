/** The row to be inserted, by whatever name the database reads it: tables called the same, subqueries, older servers. */
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MysqlDialect } from "../../src/dialects/mysql/dialect.js";
import {
  alias,
  createEngine,
  deleteFrom,
  type Engine,
  func,
  insert,
  integer,
  MetaData,
  select,
  table,
} from "../../src/index.js";

const metadata = new MetaData();
const columns = () => ({ id: integer().primaryKey().autoincrement(false), n: integer() });
const excluded = table("excluded", columns(), { metadata });
const counts = table("counts", columns(), { metadata });

describeEachDatabase("an upsert", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await metadata.createAll(engine);
  });
  afterAll(() => engine.dispose());
  beforeEach(() =>
    engine.begin(async (conn) => {
      for (const t of [excluded, counts]) {
        await conn.execute(deleteFrom(t));
        await conn.execute(insert(t).values({ id: 1, n: 2 }));
      }
    }),
  );
  const numbers = async (t: typeof counts | typeof excluded) => {
    await using conn = await engine.connect();
    return conn.scalars(select(t.c.n).orderBy(t.c.id)).all();
  };

  it("of a table named 'excluded' adds what was there and what came", async () => {
    const add = insert(excluded)
      .values({ id: 1, n: 5 })
      .onConflictDoUpdate({ target: ["id"], set: (row) => ({ n: excluded.c.n.add(row.n) }) });
    await engine.begin((conn) => conn.execute(add));
    expect(await numbers(excluded)).toEqual([7]);
    const own = insert(excluded)
      .values([
        { id: 1, n: 0 },
        { id: 2, n: 9 },
      ])
      .onConflictDoUpdate({ target: ["id"], set: { n: excluded.c.n.mul(10) } });
    await engine.begin((conn) => conn.execute(own));
    expect(await numbers(excluded)).toEqual([70, 9]);
  });
  it("of a table named 'excluded' gives its columns back", async () => {
    if (!target.capabilities.has("insertReturning")) return;
    const add = insert(excluded)
      .values({ id: 1, n: 5 })
      .onConflictDoUpdate({ target: ["id"], set: (row) => ({ n: excluded.c.n.add(row.n) }) })
      .returning(excluded.c.n, excluded.c.n.add(1).as("next"));
    const [row] = await engine.begin((conn) => conn.execute(add).all());
    expect([row?.n, row?.next]).toEqual([7, 8]);
  });
  it("of a table named 'excluded' may count it in a subquery", async () => {
    const inner = alias(excluded, "every");
    const add = insert(excluded)
      .values({ id: 1, n: 5 })
      .onConflictDoUpdate({ target: ["id"], set: { n: select(func.max(inner.c.n).add(40)).scalar() } });
    await engine.begin((conn) => conn.execute(add));
    expect(await numbers(excluded)).toEqual([42]);
  });
  it("reads the row to be inserted in a subquery, or says why not", async () => {
    const other = alias(excluded, "other");
    const upsert = insert(counts)
      .values({ id: 1, n: 5 })
      .onConflictDoUpdate({ target: ["id"], set: (row) => ({ n: select(func.max(other.c.n).add(row.n)).scalar() }) });
    const run = engine.begin((conn) => conn.execute(upsert));
    if (target.name === "mariadb") await expect(run).rejects.toThrow(/cannot be read in a subquery here \('n'\)/);
    else {
      await run;
      expect(await numbers(counts)).toEqual([7]);
    }
  });
  it("refuses what hides the row to be inserted", async () => {
    const hiding = alias(counts, "Excluded");
    const upsert = insert(counts)
      .values({ id: 1, n: 5 })
      .onConflictDoUpdate({ target: ["id"], set: (row) => ({ n: select(hiding.c.n.add(row.n)).scalar() }) });
    await expect(engine.begin((conn) => conn.execute(upsert))).rejects.toMatchObject({
      code: target.name === "mariadb" ? "upsert.subquery" : "upsert.name",
    });
    expect(await numbers(counts)).toEqual([2]);
  });
});

describe("an upsert on servers of the MySQL family", () => {
  const upsert = insert(counts)
    .values({ id: 1, n: 5 })
    .onConflictDoUpdate({ target: ["id"], set: (row) => ({ n: row.n }) });
  const told = async (version: string) => {
    const dialect = new MysqlDialect("mysql");
    const answer = { rows: [[version, "shop", ""]], fields: null, rowCount: 1, lastInsertId: null };
    await dialect.initialize({ execute: () => answer } as never);
    return dialect;
  };
  it.each([
    ["8.0.18", "VALUES(n)"],
    ["5.7.44-log", "VALUES(n)"],
    ["10.11.19-MariaDB-0+deb12u1", "VALUES(n)"],
    ["5.5.5-10.4.32-MariaDB", "VALUES(n)"],
    ["8.0.11-TiDB-v7.5.0", "VALUES(n)"],
    ["8.0.19", "excluded.n"],
    ["8.4.0", "excluded.n"],
    ["9.7.0", "excluded.n"],
  ])("%s reads the row to be inserted as %s", async (version, read) => {
    expect(upsert.compile(await told(version)).sql).toMatch(new RegExp(`UPDATE n = ${read.replace(/[()]/g, "\\$&")}$`));
  });
  it("lock what they can lock", async () => {
    const lock = select(counts.c.id).withForUpdate({ read: true, of: counts, nowait: true });
    expect(lock.compile(await told("8.0.13")).sql).toMatch(/FOR SHARE OF counts NOWAIT$/);
    expect(lock.compile(await told("10.11.4-MariaDB")).sql).toMatch(/LOCK IN SHARE MODE NOWAIT$/);
    const lateral = select(select(counts.c.n).lateral("l").c.n);
    expect(lateral.compile(await told("8.0.14")).sql).toContain("LATERAL");
    const older = await told("8.0.13");
    expect(() => lateral.compile(older)).toThrow(/no LATERAL/);
  });
});
