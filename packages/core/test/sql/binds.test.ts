/** Parameters: order, lists, names, many sets; the same on every database. Rules: core-orm.md C11, F5, G3, G4, G7. */
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  and,
  Bind,
  bigInteger,
  bindParam,
  createEngine,
  type Engine,
  type Expression,
  func,
  InArray,
  insert,
  integer,
  literal,
  MetaData,
  type Statement,
  select,
  sql,
  string,
  table,
  tuple,
  update,
  values,
} from "../../src/index.js";
import { orders, tags, users } from "./corpus/tables.js";

const u = users.c,
  o = orders.c;
/** SQLite's driver takes whole numbers as bigint. */
const plain = (params: readonly unknown[]) => params.map((p) => (typeof p === "bigint" ? Number(p) : p));

describe("order of parameters", () => {
  it("is that of the text, with CTEs in front", () => {
    const c = select(u.id).where(u.name.eq("cte")).cte("c");
    const statement = select(c.c.id, literal("select", string()).as("l"))
      .join(orders, and(o.userId.eq(c.c.id), o.status.eq("on")))
      .where(o.qty.in([1, 2]), o.status.eq("where"), o.id.in(select(o.id).where(o.status.eq("sub"))))
      .having(func.count().gt(9))
      .groupBy(c.c.id)
      .orderBy(func.coalesce(o.status, "order"))
      .limit(5)
      .offset(6);
    const expected = ["cte", "select", "on", 1, 2, "where", "sub", 9, "order", 5, 6];
    for (const dialect of ["sqlite", "postgresql", "mysql"])
      expect(plain(statement.compile(dialect).params), dialect).toEqual(expected);
    const numbers = [...statement.compile("postgresql").sql.matchAll(/\$(\d+)/g)].map((m) => Number(m[1]));
    expect(numbers).toEqual(expected.map((_, i) => i + 1));
  });
  it("is that of the text, with an INSERT inside a CTE and one behind it", () => {
    const made = insert(tags)
      .values({ name: func.lower(literal("INNER", string())), uses: 1 })
      .returning(tags.c.id)
      .cte("made");
    const source = select(literal("x", string()).as("n"), made.c.id).where(made.c.id.gt(2));
    const outer = insert(tags)
      .fromSelect(["name", "uses"], source)
      .onConflictDoUpdate({ target: ["name"], set: { uses: 3 }, where: tags.c.uses.lt(4) })
      .returning(tags.c.uses.add(5).as("more"));
    const { sql: text, params } = outer.compile("postgresql");
    expect(params).toEqual(["INNER", 1, "x", 2, 3, 4, 5]);
    expect([...text.matchAll(/\$(\d+)/g)].map((m) => Number(m[1]))).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(text).toMatch(/^WITH made AS \(INSERT INTO tags .*\) INSERT INTO tags/);
  });
  it("each dialect writes its own placeholders, and a name of a parameter is never part of the text", () => {
    const odd = ["a b", "a:b", "x%s", "(p)", "p.q", "ü😀", "'; --"];
    for (const name of odd) {
      const statement = select(u.id)
        .where(u.age.eq(bindParam(name, integer())))
        .params({ [name]: 7 });
      for (const [dialect, place] of [
        ["sqlite", "?"],
        ["mysql", "?"],
        ["postgresql", "$1"],
      ] as const) {
        const { sql: text, params } = statement.compile(dialect);
        expect(text).toContain(`= ${place}`);
        expect(text).not.toContain(name);
        expect(plain(params)).toEqual([7]);
      }
    }
  });
  it("one value used twice is sent twice where it stands twice", () => {
    const x = literal(7, integer());
    expect(select(x.as("a")).where(u.id.eq(x)).compile("postgresql").params).toEqual([7, 7]);
  });
  it("a CTE used twice is written once", () => {
    const c = select(u.id).where(u.id.gt(1)).cte("c");
    const text = select(c.c.id)
      .where(c.c.id.in(select(c.c.id)))
      .compile("sqlite");
    expect([text.sql.match(/WITH/g)?.length, plain(text.params)]).toEqual([1, [1]]);
  });
});
describe("names", () => {
  it("a missing, an undefined and an unknown one are refused", async () => {
    const engine = createEngine("sqlite://");
    await using conn = await engine.connect();
    const statement = select(bindParam("p", integer()).as("p"));
    await expect(conn.execute(statement).all()).rejects.toThrow(":p");
    await expect(conn.execute(statement, { p: undefined as never }).all()).rejects.toThrow("undefined");
    expect([...(await conn.execute(statement, { p: null as never }).all())[0]!]).toEqual([null]);
    expect(() => sql.text("select :a").bindParams({ b: 1 })).toThrow("':b'");
    await engine.dispose();
  });
});

describeEachDatabase("parameters", (target) => {
  const metadata = new MetaData();
  const t = table(
    "t",
    { id: integer().primaryKey(), name: string(40).nullable(), n: integer().nullable() },
    { metadata },
  );
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await metadata.createAll(engine);
    await engine.begin((conn) =>
      conn.execute(
        insert(t).values([
          { name: "a", n: 1 },
          { name: "b", n: 2 },
          { name: null, n: null },
          { name: "d", n: 4 },
        ]),
      ),
    );
  });
  afterAll(() => engine.dispose());
  const ids = async (criterion: ReturnType<typeof t.c.id.eq>): Promise<unknown[]> => {
    await using conn = await engine.connect();
    return (await conn.execute(select(t.c.id).where(criterion).orderBy(t.c.id)).all()).map((r) => r[0]);
  };

  it("IN's truth table: empty lists and NULL in lists and subjects", async () => {
    expect(await ids(t.c.n.in([]))).toEqual([]);
    expect(await ids(t.c.n.notIn([]))).toEqual([1, 2, 3, 4]);
    expect(await ids(t.c.n.in([1, null]))).toEqual([1]);
    expect(await ids(t.c.n.notIn([1, null]))).toEqual([]);
    expect(await ids(t.c.n.in([1, 4]))).toEqual([1, 4]);
    expect(await ids(t.c.n.notIn([1]))).toEqual([2, 4]);
    expect(await ids(t.c.n.in([]).isNotNull())).toHaveLength(4);
  });
  it("tuples, with NULL among the values and an empty list", async () => {
    const pair = tuple(t.c.id, t.c.name);
    expect(
      await ids(
        pair.in([
          [1, "a"],
          [2, "x"],
          [4, "d"],
        ]),
      ),
    ).toEqual([1, 4]);
    expect(
      await ids(
        pair.in([
          [3, null],
          [1, "a"],
        ]),
      ),
    ).toEqual([1]);
    expect(await ids(pair.notIn([[1, "a"]]))).toEqual([2, 3, 4]);
    expect(await ids(pair.in([]))).toEqual([]);
    expect(await ids(pair.notIn([]))).toEqual([1, 2, 3, 4]);
    expect(await ids(tuple(t.c.n, t.c.id).gt([2, 1]))).toEqual([2, 4]);
  });
  it("a list behind IN in raw SQL is as many parameters as it has values", async () => {
    await engine.begin(async (conn) => {
      const ids = async (statement: ReturnType<typeof sql>, params?: { readonly [name: string]: unknown }) =>
        (await conn.execute(statement as never, params).all()).map((r) => Number((r as unknown as unknown[])[0]));
      await conn.executeScript("create table listed (id integer, word varchar(9))");
      await conn.executeScript("insert into listed values (1, 'a'), (2, 'b'), (3, 'c'), (4, null)");
      const head = "select id from listed where id";
      const three = [3, 1, 2];
      for (const list of [three, [2], [4, 4]]) {
        const expected = [...new Set(list)].sort();
        expect(await ids(sql`select id from listed where id in ${list} order by id`)).toEqual(expected);
        expect(await ids(sql`select id from listed where id IN (${list}) order by id`)).toEqual(expected);
        expect(await ids(sql`select id from listed where id in (${list}, ${99}) order by id`)).toEqual(expected);
        for (const text of [`${head} in :ids order by id`, `${head} in ( :ids ) order by id`]) {
          expect(await ids(sql.text(text), { ids: list })).toEqual(expected);
          expect(await ids(sql.text(text).bindParams({ ids: list }))).toEqual(expected);
        }
      }
      expect(await ids(sql`select id from listed where word not in ${["a", "b"]}`)).toEqual([3]);
      expect(await ids(sql.text(`${head} in (:a, :b) order by id`), { a: 1, b: [2, 3] })).toEqual([1, 2, 3]);
      expect(await ids(sql.text(`${head} in :a`), { a: 2 })).toEqual([2]);
      expect(await ids(sql.text(`${head} in :a and id < :most`).bindParams({ most: 3 }), { a: three })).toEqual([1, 2]);
      await conn.executeScript("drop table listed");
    });
    const none = { code: "parameter.empty-list" };
    await using conn = await engine.connect();
    await expect(conn.execute(sql`select 1 where 1 in ${[]}`)).rejects.toMatchObject(none);
    await expect(conn.execute(sql.text("select 1 where 1 in (:a)"), { a: [] })).rejects.toMatchObject(none);
    // Elsewhere a list is the document it was.
    expect(String(sql`select ${[1, 2]}`)).toBe("select ?");
    expect(
      (sql`select 1 where 2 in ${[1, "it's"]}` as unknown as Statement).compile(undefined, { literalBinds: true }).sql,
    ).toBe("select 1 where 2 in (1, 'it''s')");
  });
  it("one text serves lists of all lengths in turn", async () => {
    for (const list of [[1], [1, 2, 4], [], [4], Array.from({ length: 300 }, (_, i) => i)]) {
      expect(await ids(t.c.n.in(list))).toEqual([1, 2, 4].filter((n) => list.includes(n)));
    }
  });
  it("many parameter sets run as one statement each; a set without a name says which", async () => {
    await using conn = await engine.connect();
    const change = update(t)
      .set({ n: bindParam("n", integer()) })
      .where(t.c.id.eq(bindParam("key", integer())));
    const result = conn.execute(
      change as never,
      [
        { key: 1, n: 10 },
        { key: 2, n: 20 },
      ] as never,
    );
    await result;
    expect((await conn.execute(select(t.c.n).where(t.c.id.le(2)).orderBy(t.c.id)).all()).map((r) => r[0])).toEqual([
      10, 20,
    ]);
    await expect(
      (async () => {
        await conn.execute(change as never, [{ key: 1, n: 1 }, { key: 2 }] as never);
      })(),
    ).rejects.toThrow(/set 1.*':n'/);
    await conn.rollback();
  });
  it("a later row without a key of the first says its number", async () => {
    expect(() => insert(t).values([{ name: "a", n: 1 }, { name: "b" }])).toThrow(/'n' is missing in row 1/);
    expect(() => insert(t).values([{ name: "a" }, { name: "b", n: 2 }])).toThrow(/row 1 has 'n'/);
  });
  if (target.capabilities.has("insertReturning")) {
    // No manual promises an order of RETURNING, so whoever needs one matches rows by key, as the ORM does. What core holds:
    // pages come in turn. What all three servers do with plain new rows: they answer in the order of VALUES.
    it("RETURNING of many rows gives each row once, page after page, in the order of VALUES as observed", async () => {
      await using conn = await engine.connect();
      const rows = Array.from({ length: 2500 }, (_, i) => ({ name: `r${i}`, n: i }));
      const back = (await conn.execute(insert(t).values(rows).returning(t.c.id, t.c.n)).all()).map(
        (r) => [...r] as [number, number],
      );
      expect(back.map(([, n]) => n).sort((a, b) => a - b)).toEqual(rows.map((r) => r.n));
      expect(back.map(([, n]) => n)).toEqual(rows.map((r) => r.n));
      expect(back.every(([id], k) => k === 0 || id > (back[k - 1] as [number, number])[0])).toBe(true);
      expect(new Set(back.map(([id]) => id)).size).toBe(2500);
      await conn.rollback();
    });
  }
  it("rows of values() keep their types", async () => {
    await using conn = await engine.connect();
    const v = values(
      { id: integer(), label: string(), big: integer() },
      [
        { id: 1, label: "it's", big: 5 },
        { id: 4, label: '\\%_"', big: -5 },
      ],
      "v",
    );
    const rows = await conn
      .execute(select(t.c.name, v.c.label, v.c.big).join(v, v.c.id.eq(t.c.id)).orderBy(t.c.id))
      .all();
    expect(rows.map((r) => [...r])).toEqual([
      ["a", "it's", 5],
      ["d", '\\%_"', -5],
    ]);
  });
});

describeEachDatabase("one parameter for a whole list", (target) => {
  const metadata = new MetaData();
  const keyed = table(
    "keyed",
    { id: bigInteger().primaryKey().autoincrement(false), name: string(40).nullable() },
    { metadata },
  );
  const KEYS = [1n, -5n, 2n ** 53n + 1n, 2n ** 63n - 1n];
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await metadata.createAll(engine);
    await engine.begin((conn) => conn.execute(insert(keyed).values(KEYS.map((id) => ({ id, name: `n${id}` })))));
  });
  afterAll(() => engine.dispose());
  it.each<[string, readonly bigint[]]>([
    ["none", []],
    ["one", [1n]],
    ["beyond 2^53", [2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n]],
    ["many", [...Array.from({ length: 2000 }, (_, i) => BigInt(i + 1)), -5n]],
  ])("finds keys: %s", async (_, list) => {
    await using conn = await engine.connect();
    const { id } = keyed.c as never as Record<string, Expression>;
    const found = select(keyed.c.id).where(
      new InArray(id as Expression, new Bind(list, (id as Expression).type, true)) as never,
    );
    const rows = (await conn.execute(found).all()).map((r) => r[0]);
    expect([...rows].sort()).toEqual(KEYS.filter((k) => list.includes(k)).sort());
  });
  it("finds texts", async () => {
    await using conn = await engine.connect();
    const { name } = keyed.c as never as Record<string, Expression>;
    const found = select(keyed.c.id).where(
      new InArray(name as Expression, new Bind(["n1", "it's", "n-5"], (name as Expression).type, true)) as never,
    );
    expect([...(await conn.execute(found).all())].map((r) => r[0]).sort()).toEqual([-5n, 1n].sort());
  });
});
