/** What a statement can be asked and told beyond its clauses. Rules: core-orm.md F1, F3, F9, F13, F14, F21, G4. */
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ArgumentError,
  alias,
  and,
  bindParam,
  CompileError,
  correspondingColumn,
  createEngine,
  date,
  double,
  type Engine,
  func,
  InvalidRequestError,
  insert,
  integer,
  literal,
  literalColumn,
  MetaData,
  numeric,
  StatementCache,
  select,
  sql,
  string,
  table,
  tryCast,
  update,
} from "../../src/index.js";
import { orders, tags, users, userTags } from "./corpus/tables.js";

const u = users.c,
  o = orders.c,
  t = tags.c;

describe("filterBy", () => {
  it("looks through everything the statement reads from", () => {
    const text = select(users).join(orders).filterBy({ status: "paid", email: null }).compile("postgresql").sql;
    expect(text).toMatch(/WHERE orders\.status = \$1 AND users\.email IS NULL$/);
    const named = select(func.count()).selectFrom(users).join(orders).filterBy({ qty: 1 });
    expect(named.compile("sqlite").sql).toMatch(/WHERE orders\.qty = \?$/);
    const joined = select(o.id).joinFrom(users, orders).filterBy({ age: 3 });
    expect(joined.compile("sqlite").sql).toMatch(/WHERE users\.age = \?$/);
  });
  it("refuses a name that two of them have, and names both", () => {
    expect(() => select(users).join(orders).filterBy({ id: 1 })).toThrow(/'users' and 'orders' both have 'id'/);
    const boss = alias(users, "boss");
    expect(() => select(users, boss).filterBy({ name: "x" })).toThrow(/'users' and 'boss' both have 'name'/);
    // A column of one of two is no ambiguity.
    expect(select(u.id, t.id).filterBy({ uses: 3 }).compile("sqlite").sql).toContain("tags.uses = ?");
  });
  it("refuses a name nobody has, with the nearest one", () => {
    expect(() => select(users).join(orders).filterBy({ statos: "x" })).toThrow(/status/);
  });
});

describe("label styles and descriptions", () => {
  it("say what each position of a row is", () => {
    const boss = alias(users, "boss");
    const described = select(u.id, boss.c.name, tags, func.count().as("n"), u.age.add(1)).columnDescriptions;
    expect(described.map((d) => [d.name, d.type?.kind, d.entity?.fromName, d.aliased])).toEqual([
      ["id", "integer", "users", false],
      ["name", "string", "boss", true],
      ["tags", undefined, "tags", false],
      ["n", "integer", undefined, false],
      ["anon_1", "integer", undefined, false],
    ]);
    expect(described[0]?.expression).toBe(u.id);
    expect(
      insert(tags)
        .values({ name: "x" })
        .returning(t.id, t.uses)
        .columnDescriptions.map((d) => d.name),
    ).toEqual(["id", "uses"]);
    expect(
      select(u.id)
        .union(select(o.id))
        .columnDescriptions.map((d) => d.name),
    ).toEqual(["id"]);
  });
  it("name what a set operation is ordered by, whichever object says it", () => {
    const united = select(u.id.as("q")).union(select(o.id));
    for (const by of [u.id.as("q"), u.id, united.subquery().c.q])
      expect(united.orderBy(by as never).compile("sqlite").sql).toMatch(/ ORDER BY q$/);
  });
  it("carry through subqueries", () => {
    const sub = select(u.id, o.id, o.userId)
      .where(o.userId.eq(u.id))
      .setLabelStyle("tableNamePlusColumn")
      .subquery("s");
    expect(select(sub.c.users_id, sub.c.orders_userId).compile("sqlite").sql).toMatch(
      /^SELECT s\.users_id, s\.orders_user_id FROM \(SELECT users\.id AS users_id, orders\.id AS orders_id,/,
    );
  });
  it("do not share compiled texts", () => {
    const texts = new Set(
      (["none", "tableNamePlusColumn", "disambiguateOnly"] as const).map((style) => {
        const key = select(u.id, o.id).setLabelStyle(style);
        return key.compile("sqlite").sql;
      }),
    );
    expect(texts.size).toBe(3);
    expect(() => select(u.id).setLabelStyle("nonee" as "none")).toThrow(ArgumentError);
  });
});

describeEachDatabase("rows under label styles", (target) => {
  const metadata = new MetaData();
  const a = table("a", { id: integer().primaryKey(), name: string(20) }, { metadata });
  const b = table("b", { id: integer().primaryKey(), aId: integer().references("a.id") }, { metadata });
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await metadata.createAll(engine);
    await engine.begin(async (conn) => {
      await conn.execute(insert(a).values([{ id: 1, name: "one" }]));
      await conn.execute(insert(b).values([{ id: 7, aId: 1 }]));
    });
  });
  afterAll(() => engine.dispose());
  const both = () => select(a.c.id, b.c.id).join(b);
  it("are read by the names the style gives", async () => {
    await using conn = await engine.connect();
    const one = await conn.execute(both()).one();
    expect([one.id, (one as never as { id_1: number }).id_1]).toEqual([1, 7]);
    const two = await conn.execute(both().setLabelStyle("tableNamePlusColumn")).one();
    expect([two.a_id, two.b_id]).toEqual([1, 7]);
  });
  it("a name met twice is read by position; by name it is an error, never one of the two", async () => {
    await using conn = await engine.connect();
    const row = await conn.execute(both().setLabelStyle("none")).one();
    expect([...row]).toEqual([1, 7]);
    expect(() => row.id).toThrow(InvalidRequestError);
    expect(() => row.id).toThrow(/'id'.*positions 0 and 1/);
    const raw = await conn.execute(sql`select a.id, b.id from a join b on b.a_id = a.id`).one();
    expect([...raw]).toEqual([1, 7]);
    expect(() => raw.id).toThrow(/'id'/);
  });
});

describeEachDatabase("columns looked up by their objects", (target) => {
  it("are exact where names are not, whatever the cache holds", async () => {
    const engine = createEngine(await target.url());
    const metadata = new MetaData();
    const p = table("p", { id: integer().primaryKey(), q: integer() }, { metadata });
    await using conn = await engine.connect();
    await metadata.createAll(engine);
    await conn.execute(
      insert(p).values([
        { id: 1, q: 10 },
        { id: 2, q: 20 },
      ]),
    );
    for (let i = 0; i < 2; i++) {
      // Anonymous aliases are other objects each time; the second round is served from the cache.
      const [a, b] = [alias(p), alias(p)];
      const sum = a.c.q.add(b.c.q);
      const statement = select(a.c.id, b.c.id, sum.as("sum"), p)
        .where(a.c.id.eq(1), b.c.id.eq(2), p.c.id.eq(b.c.id))
        .setLabelStyle("none");
      const result = conn.execute(statement);
      const [row] = await result;
      expect([row![result.position(b.c.id)], row![result.position(a.c.id)]]).toEqual([2, 1]);
      expect(await conn.execute(statement).scalars(b.c.id).one()).toBe(2);
      expect([...(await conn.execute(statement).columns(sum, b.c.id, 0).one())]).toEqual([30, 2, 1]);
      expect(
        await conn
          .execute(statement)
          .scalars(p as never)
          .one(),
      ).toEqual({ id: 2, q: 20 });
      expect(() => result.position(p.c.q)).toThrow(/'q'/);
      expect(() => conn.execute(statement).columns(0, 1).scalars(b.c.id)).toThrow(ArgumentError);
    }
    if (target.capabilities.has("insertReturning")) {
      const returned = conn.execute(insert(p).values({ id: 3, q: 30 }).returning(p.c.q, p.c.id));
      expect(await returned.scalars(p.c.id).one()).toBe(3);
    }
    await conn.rollback();
    await metadata.dropAll(engine);
    await engine.dispose();
  });
  it("the columns said of a text go by position", async () => {
    const engine = createEngine(await target.url());
    await using conn = await engine.connect();
    const texts = sql`select 1 as x, 2 as x, 'a' as y`.columns({ one: integer(), two: integer(), three: string() });
    const row = await conn.execute(texts).one();
    expect([row.one, row.two, row.three]).toEqual([1, 2, "a"]);
    await engine.dispose();
  });
});

describe("params()", () => {
  const p = () => bindParam("least", integer());
  it("fills parameters wherever they stand, and leaves the statement as it was", () => {
    const sub = select(o.userId).where(o.qty.gt(p()));
    const c = select(u.id).where(u.age.gt(p())).cte("c");
    const statement = select(c.c.id)
      .where(c.c.id.in(sub))
      .limit(bindParam("most", integer()) as never);
    const filled = statement.params({ least: 3 }).params({ most: 9 });
    expect(filled.compile("postgresql").params).toEqual([3, 3, 9]);
    expect(filled.params({ least: 4 }).compile("postgresql").params).toEqual([4, 4, 9]);
    expect(statement.compile("postgresql").params).toEqual([undefined, undefined, undefined]);
    expect(filled.compile("sqlite", { literalBinds: true }).sql).toContain("users.age > 3");
  });
  it("refuses names the statement has not, and undefined", () => {
    expect(() => select(u.id).where(u.age.gt(p())).params({ leest: 1 })).toThrow(/'leest'.*least/);
    expect(() => select(u.id).where(u.age.gt(p())).params({ least: undefined })).toThrow(/undefined/);
  });
  it("shares the compiled text with other values", () => {
    const cache = new StatementCache<number>();
    const look = (n: number) => cache.lookup(select(u.id).where(u.age.gt(p())).params({ least: n }) as never, () => 1);
    expect([look(1).params, look(2).params, cache.hits]).toEqual([[1], [2], 1]);
  });
  it("prints lists with their placeholders, or as the text they share", () => {
    const statement = select(u.id).where(u.id.in([1, 2, 3]));
    expect(statement.compile("postgresql").sql).toMatch(/IN \(\$1\S*, \$2\S*, \$3\S*\)/);
    expect(statement.compile("postgresql", { renderPostcompile: false }).sql).toContain("IN (…)");
  });
});

describeEachDatabase("parameters of every kind", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
  });
  afterAll(() => engine.dispose());
  const one = (x: unknown) => select((x as typeof u.id).as("v"));
  it("a default, NULL when not required, a callable asked at each execution", async () => {
    await using conn = await engine.connect();
    const withDefault = one(bindParam("n", integer(), { value: 5 }));
    expect(await conn.execute(withDefault).scalar()).toBe(5);
    expect(await conn.execute(withDefault, { n: 6 }).scalar()).toBe(6);
    expect(await conn.execute(withDefault.params({ n: 7 })).scalar()).toBe(7);
    expect(await conn.execute(withDefault.params({ n: 7 }), { n: 8 }).scalar()).toBe(8);
    expect(await conn.execute(one(bindParam("n", integer(), { required: false }))).scalar()).toBeNull();
    await expect(conn.execute(one(bindParam("n", integer()))).scalar()).rejects.toThrow(/':n'/);
    let calls = 0;
    const counted = one(bindParam("n", integer(), { callable: () => ++calls }));
    expect([await conn.execute(counted).scalar(), await conn.execute(counted).scalar()]).toEqual([1, 2]);
    expect(await conn.execute(counted, { n: 50 }).scalar()).toBe(50);
  });
  it("unique ones of one name are two", async () => {
    await using conn = await engine.connect();
    const [x, y] = [3, 4].map((value) => bindParam("n", integer(), { value, unique: true }));
    expect([...(await conn.execute(select(x!.as("x"), y!.as("y"))).one())]).toEqual([3, 4]);
    const same = bindParam("n", integer());
    expect([...(await conn.execute(select(same.as("x"), same.add(1).as("y")), { n: 1 }).one())]).toEqual([1, 2]);
  });
  it("an expanding one is a list; a plain one behind in() is refused when it is written", async () => {
    await using conn = await engine.connect();
    const statement = one(literal(2, integer())).where(
      literal(2, integer()).in(bindParam("list", integer(), { expanding: true })),
    );
    const found = async (list: readonly number[]) => (await conn.execute(statement, { list }).all()).length;
    expect([await found([1, 2]), await found([]), await found([3]), await found([2, 3, 4, 5])]).toEqual([1, 0, 0, 1]);
    await expect(conn.execute(statement, { list: 3 }).all()).rejects.toThrow(/not a list/);
    expect(() => u.id.in(bindParam("list", integer()) as never)).toThrow(/expanding: true/);
  });
  it("a literal-execute one is written out after the cache: one compiled text, escaped as a literal", async () => {
    const compiled = engine.cache.misses;
    await using conn = await engine.connect();
    const sent: string[] = [];
    const off = engine.on("statement", ({ sql: text }) => void sent.push(text));
    const statement = one(bindParam("w", string(), { literalExecute: true }));
    const hostile = ["a", "it's", "x' OR '1'='1", "\\'; --", 'quo"te', "?", "$1", ":w", "100%"];
    for (const w of hostile) expect(await conn.execute(statement, { w }).scalar()).toBe(w);
    off();
    expect(engine.cache.misses - compiled).toBe(1);
    expect(sent.filter((s) => s.startsWith("SELECT")).every((s) => s.includes("'"))).toBe(true);
    const listed = one(literal(2, integer())).where(
      literal(2, integer()).in(
        bindParam("list", integer(), { expanding: true, literalExecute: true } as never) as never,
      ),
    );
    expect((await conn.execute(listed, { list: [1, 2] }).all()).length).toBe(1);
    expect((await conn.execute(listed, { list: [] }).all()).length).toBe(0);
  });
  it("tryCast gives NULL where a cast would fail", async () => {
    await using conn = await engine.connect();
    const cases: readonly (readonly [string, number | null])[] = [
      ["12", 12],
      ["-7", -7],
      ["2147483647", 2147483647],
      ["2147483648", null],
      ["-2147483649", null],
      ["abc", null],
      ["", null],
      ["1.5", null],
      ["99999999999999999999", null],
    ];
    for (const [given, expected] of cases)
      expect(await conn.execute(one(tryCast(literal(given, string()), integer()))).scalar(), given).toBe(expected);
    const decimal = (x: string) => conn.execute(one(tryCast(literal(x, string()), numeric(6, 2)))).scalar();
    expect(
      [await decimal("2.5"), await decimal("-9999.99"), await decimal("12345"), await decimal("2,5")].map(
        (v) => v && Number(v),
      ),
    ).toEqual([2.5, -9999.99, null, null]);
    const real = (x: string) => conn.execute(one(tryCast(literal(x, string()), double()))).scalar();
    expect([await real("1e3"), await real("-.5"), await real("e3")]).toEqual([1000, -0.5, null]);
    expect(await conn.execute(one(tryCast(literal(5, integer()), string()))).scalar()).toBe("5");
    const day = (x: string) => conn.execute(one(tryCast(literal(x, string()), date()))).scalar();
    if (target.name !== "postgresql" || Number.parseInt(engine.info?.serverVersion ?? "", 10) >= 16)
      expect([await day("2024-02-29"), await day("2023-02-30x"), await day("soon")]).toEqual([
        "2024-02-29",
        null,
        null,
      ]);
    else await expect(day("2024-02-29")).rejects.toThrow(CompileError);
  });
});

describe("FETCH", () => {
  it("PERCENT exists on none of these, and says so", () => {
    for (const dialect of ["sqlite", "postgresql", "mysql", "mariadb"])
      expect(() => select(u.id).fetch(10, { percent: true }).compile(dialect), dialect).toThrow(CompileError);
  });
});
describeEachDatabase("FETCH … WITH TIES", (target) => {
  it("gives all rows equal to the last, or is refused", async () => {
    const engine = createEngine(await target.url());
    await using conn = await engine.connect();
    const metadata = new MetaData();
    const n = table("n", { id: integer().primaryKey(), v: integer() }, { metadata });
    await metadata.createAll(engine);
    await conn.execute(insert(n).values([1, 2, 2, 2, 3].map((v, i) => ({ id: i + 1, v }))));
    const ties = select(n.c.v).orderBy(n.c.v).fetch(2, { withTies: true });
    if (target.capabilities.has("fetchWithTies"))
      expect((await conn.execute(ties).all()).map((r) => r.v)).toEqual([1, 2, 2, 2]);
    else await expect(conn.execute(ties).all()).rejects.toThrow(CompileError);
    expect((await conn.execute(select(n.c.v).orderBy(n.c.v).offset(1).fetch(2)).all()).map((r) => r.v)).toEqual([2, 2]);
    await conn.rollback();
    await metadata.dropAll(engine);
    await engine.dispose();
  });
});

describe("lineage", () => {
  const column = (from: unknown, name: string) => (from as { c: Record<string, unknown> }).c[name];
  it("goes through aliases and subqueries of subqueries", () => {
    const a = alias(users, "a");
    const inner = select(a.c.id, a.c.name.as("who")).subquery("i");
    const outer = select(inner.c.who, inner.c.id).subquery("o");
    expect(correspondingColumn(outer, u.name)).toBe(column(outer, "who"));
    expect(correspondingColumn(outer, a.c.id)).toBe(column(outer, "id"));
    expect(correspondingColumn(outer, inner.c.who)).toBe(column(outer, "who"));
    expect(correspondingColumn(a, u.age)).toBe(a.c.age);
    expect(correspondingColumn(outer, u.age)).toBeUndefined();
    expect(correspondingColumn(outer, t.id)).toBeUndefined();
  });
  it("goes through every member of a set operation", () => {
    const both = select(u.id, u.name)
      .union(select(o.userId, o.status) as never)
      .subquery("both");
    expect(correspondingColumn(both, u.name)).toBe(column(both, "name"));
    expect(correspondingColumn(both, o.status)).toBe(column(both, "name"));
    expect(correspondingColumn(both, o.userId)).toBe(column(both, "id"));
    const again = select((both.c as never as { name: typeof u.name }).name.as("n")).subquery("again");
    expect(correspondingColumn(again, o.status)).toBe(column(again, "n"));
  });
  it("goes through joins and recursive CTEs, and takes the nearest of several", () => {
    const base = select(u.id, u.bossId).where(u.bossId.eq(null)).cte("r", { recursive: true });
    const r = base.unionAll(select(u.id, o.qty).join(orders, and(o.userId.eq(base.c.id))) as never);
    expect(correspondingColumn(r, o.qty)).toBe(column(r, "bossId"));
    expect(correspondingColumn(r, base.c.id)).toBe(column(r, "id"));
    const a = alias(users, "a");
    const pair = select(u.id, a.c.id.as("other")).where(a.c.bossId.eq(u.id)).subquery("pair");
    // Both come from users.id: one directly, the other through the alias.
    expect(correspondingColumn(pair, u.id)).toBe(column(pair, "id"));
    expect(correspondingColumn(pair, a.c.id)).toBe(column(pair, "other"));
  });
  it("is that of labels and of the columns of an association table", () => {
    const label = u.age.as("years");
    const sub = select(label, userTags.c.tagId).subquery("s");
    expect(correspondingColumn(sub, label)).toBe(column(sub, "years"));
    expect(correspondingColumn(sub, userTags.c.tagId)).toBe(column(sub, "tagId"));
  });
});

describe("statements stay as they are", () => {
  it("whatever is made from them", () => {
    const first = select(u.id);
    const text = first.compile("postgresql").sql;
    first
      .where(u.id.gt(1))
      .orderBy(u.id)
      .setLabelStyle("none")
      .only(users)
      .prefixWith(sql`ALL`)
      .filterBy({ name: "x" });
    expect(first.compile("postgresql").sql).toBe(text);
    const change = update(tags).set({ uses: 1 });
    const before = change.compile("sqlite").sql;
    change.where(t.id.eq(1)).orderedValues(["name", "z"]).only();
    expect(change.compile("sqlite").sql).toBe(before);
  });
});

describeEachDatabase("a limit that is an expression", (target) => {
  it("is counted by the database, or refused with the way out", async () => {
    await using engine = createEngine(await target.url());
    await using conn = await engine.connect();
    await conn.executeScript("create table limited (n integer); insert into limited values (1), (2), (3), (4)");
    const rows = table("limited", { n: integer().primaryKey() }, { metadata: new MetaData() });
    const ordered = select(rows.c.n).orderBy(rows.c.n);
    const two = literal(1, integer()).add(1);
    const fewest = select(func.min(rows.c.n)).scalar();
    const asked = async (statement: typeof ordered) => conn.scalars(statement).all();
    for (const [statement, expected] of [
      [ordered.limit(two as never), [1, 2]],
      [ordered.limit(fewest as never), [1]],
      [ordered.offset(two as never), [3, 4]],
      [ordered.limit(1).offset(fewest as never), [2]],
      [ordered.fetch(two as never), [1, 2]],
    ] as const) {
      if (target.name === "mariadb" || target.name === "mysql")
        await expect(asked(statement)).rejects.toMatchObject({
          code: "limit.expression",
          message: expect.stringContaining("only a number or a parameter in LIMIT and OFFSET"),
        });
      else expect(await asked(statement)).toEqual(expected);
    }
    // A value is a number everywhere, however it is given.
    expect(await asked(ordered.limit(literal(2, integer()) as never))).toEqual([1, 2]);
    expect(await asked(ordered.limit(literalColumn("2", integer()) as never))).toEqual([1, 2]);
    // SQL as written stands as it is, and what is neither is shown as it was given.
    expect(await asked(ordered.limit(sql`2` as never).offset(sql`1` as never))).toEqual([2, 3]);
    for (const [wrong, shown] of [
      ["3", '"3"'],
      [{ n: 3 }, '{"n":3}'],
      [undefined, "undefined"],
      [-1, "-1"],
    ] as const)
      expect(() => ordered.limit(wrong as never)).toThrow(
        `limit(): a whole number of 0 or more is needed, not ${shown}.`,
      );
    const given = ordered.limit(bindParam("n", integer()) as never);
    expect(await conn.execute(given, { n: 3 }).scalars().all()).toEqual([1, 2, 3]);
    const written = ordered.limit(2).offset(1).compile(engine, { literalBinds: true }).sql;
    expect(await conn.execDriverSql(written).scalars().all()).toEqual([2, 3]);
  });
});
