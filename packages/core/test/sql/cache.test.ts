/** Which statements share one compiled text, and that nothing else does. Rules: core-orm.md G1, G2, G4. */
import { describe, expect, it } from "vitest";
import {
  alias,
  and,
  bindParam,
  bindStatement,
  type Compiled,
  createEngine,
  dialectNamed,
  func,
  insert,
  integer,
  LookupMemo,
  literal,
  literalColumn,
  not,
  or,
  StatementCache,
  select,
  sql,
  string,
  tuple,
  update,
  values,
} from "../../src/index.js";
import { statements } from "./corpus/statements.js";
import { orders, tags, users } from "./corpus/tables.js";

const u = users.c,
  o = orders.c,
  t = tags.c;
const dialect = dialectNamed("sqlite");
function caching(capacity = 500) {
  const cache = new StatementCache<Compiled>(capacity);
  const run = (statement: unknown) => {
    const { value, params } = cache.lookup(statement as never, (binds) =>
      dialect.createCompiler(binds).compile(statement as never),
    );
    return { compiled: value, bound: bindStatement(value, params) };
  };
  return { cache, run };
}
/** Whether two statements get the same compiled form; each is checked against its own fresh compilation. */
function shared(a: () => unknown, b: () => unknown): boolean {
  const { run } = caching();
  const first = run(a()),
    second = run(b());
  expect(second.bound).toEqual(caching().run(b()).bound);
  return first.compiled === second.compiled;
}

describe("statements that share", () => {
  it.each<[string, () => unknown, () => unknown]>([
    ["other values", () => select(u.id).where(u.age.eq(5)), () => select(u.id).where(u.age.eq(6))],
    ["lists of any length", () => select(u.id).where(u.id.in([1])), () => select(u.id).where(u.id.in([1, 2, 3]))],
    ["an empty list", () => select(u.id).where(u.id.in([1])), () => select(u.id).where(u.id.in([]))],
    [
      "rows of a tuple",
      () => select(u.id).where(tuple(u.id, u.name).in([[1, "a"]])),
      () => select(u.id).where(tuple(u.id, u.name).in([])),
    ],
    ["LIMIT and OFFSET", () => select(u.id).limit(1).offset(2), () => select(u.id).limit(10).offset(20)],
    ["anonymous aliases", () => select(alias(users).c.id), () => select(alias(users).c.id)],
    ["anonymous subqueries", () => select(select(u.id).subquery().c.id), () => select(select(u.id).subquery().c.id)],
    ["named aliases", () => select(alias(users, "x").c.id), () => select(alias(users, "x").c.id)],
    [
      "CTEs",
      () => select(select(u.id).where(u.id.gt(1)).cte("c").c.id),
      () => select(select(u.id).where(u.id.gt(2)).cte("c").c.id),
    ],
    [
      "rows of an INSERT",
      () => insert(tags).values({ name: "a" }),
      () => insert(tags).values([{ name: "b" }, { name: "c" }]),
    ],
    ["SET to a value and to NULL", () => update(tags).set({ uses: 1 }), () => update(tags).set({ uses: null })],
    ["sql fragments with values", () => sql`select ${1}`, () => sql`select ${2}`],
    ["true and false", () => select(u.id).where(u.active.eq(true)), () => select(u.id).where(u.active.eq(false))],
    [
      "values()",
      () => select(values({ a: integer() }, [{ a: 1 }], "v").c.a),
      () => select(values({ a: integer() }, [{ a: 2 }], "v").c.a),
    ],
  ])("%s", (_, a, b) => expect(shared(a, b)).toBe(true));
});
describe("statements that do not share", () => {
  it.each<[string, () => unknown, () => unknown]>([
    ["a value and IS NULL", () => select(u.id).where(u.age.eq(5)), () => select(u.id).where(u.age.eq(null))],
    ["raw text", () => sql`select ${1}`, () => sql`select  ${1}`],
    ["another operator", () => select(u.id).where(u.age.lt(5)), () => select(u.id).where(u.age.le(5))],
    ["another column", () => select(u.id), () => select(u.age)],
    ["a label", () => select(u.id), () => select(u.id.as("x"))],
    ["the alias's name", () => select(alias(users, "a").c.id), () => select(alias(users, "b").c.id)],
    [
      "one alias twice and two aliases",
      () => {
        const a = alias(users);
        return select(a.c.id, a.c.age);
      },
      () => select(alias(users).c.id, alias(users).c.age),
    ],
    [
      "the order of a union by its column and by another like it",
      () => {
        const one = func.lower(u.name);
        return select(one).union(select(t.name)).orderBy(one);
      },
      () => select(func.lower(u.name)).union(select(t.name)).orderBy(func.lower(u.name)),
    ],
    ["LIMIT and none", () => select(u.id), () => select(u.id).limit(1)],
    ["LIMIT and FETCH", () => select(u.id).limit(1), () => select(u.id).fetch(1)],
    ["LIMIT and OFFSET", () => select(u.id).limit(1), () => select(u.id).offset(1)],
    ["DISTINCT", () => select(u.id), () => select(u.id).distinct()],
    ["an outer join", () => select(u.id).join(orders), () => select(u.id).outerJoin(orders)],
    ["IN and NOT IN", () => select(u.id).where(u.id.in([1])), () => select(u.id).where(u.id.notIn([1]))],
    [
      "a list and a tuple's list",
      () => select(u.id).where(u.id.in([1])),
      () => select(u.id).where(tuple(u.id).in([[1]])),
    ],
    [
      "AND and OR",
      () => select(u.id).where(and(u.id.eq(1), u.age.eq(2))),
      () => select(u.id).where(or(u.id.eq(1), u.age.eq(2))),
    ],
    [
      "a group of AND",
      () => select(u.id).where(or(and(u.id.eq(1), u.age.eq(2)), u.id.eq(3))),
      () => select(u.id).where(or(u.id.eq(1), and(u.age.eq(2), u.id.eq(3)))),
    ],
    [
      "LIKE's escape",
      () => select(u.id).where(u.name.like("a")),
      () => select(u.id).where(u.name.like("a", { escape: "/" })),
    ],
    ["UNION and UNION ALL", () => select(u.id).union(select(o.id)), () => select(u.id).unionAll(select(o.id))],
    [
      "where a LIMIT stands in a set operation",
      () => select(u.id).union(select(o.id).limit(1)),
      () => select(u.id).union(select(o.id)).limit(1),
    ],
    ["types of values", () => select(literal(1, integer()).as("x")), () => select(literal("1", string()).as("x"))],
    ["locks", () => select(u.id).withForUpdate(), () => select(u.id).withForUpdate({ nowait: true })],
    ["hints", () => select(u.id).prefixWith(sql`ALL`), () => select(u.id).suffixWith(sql`ALL`)],
    [
      "frames",
      () => select(func.sum(u.age).over({ orderBy: u.id, rows: [null, 0] })),
      () => select(func.sum(u.age).over({ orderBy: u.id, rows: [null, 1] })),
    ],
    ["JSON paths", () => select(u.prefs.get("theme")), () => select(u.prefs.get("size"))],
    ["separators", () => select(func.aggregateStrings(u.name, ",")), () => select(func.aggregateStrings(u.name, ";"))],
    ["columns of an INSERT", () => insert(tags).values({ name: "a" }), () => insert(tags).values({ uses: 1 })],
    ["what is set", () => update(tags).set({ name: "a" }), () => update(tags).set({ uses: 1 })],
    ["RETURNING", () => insert(tags).values({ name: "a" }), () => insert(tags).values({ name: "a" }).returning(t.id)],
    [
      "conflict targets",
      () => insert(tags).values({ name: "a" }).onConflictDoNothing(),
      () =>
        insert(tags)
          .values({ name: "a" })
          .onConflictDoNothing({ target: ["name"] }),
    ],
    [
      "the number of rows in values()",
      () => select(values({ a: integer() }, [{ a: 1 }], "v").c.a),
      () => select(values({ a: integer() }, [{ a: 1 }, { a: 2 }], "v").c.a),
    ],
    [
      "nesting of CTEs",
      () => select(select(u.id).cte("c").c.id),
      () => select(select(u.id).cte("c", { nesting: true }).c.id),
    ],
    [
      "UNION and UNION ALL in a recursive CTE",
      ...((["union", "unionAll"] as const).map((how) => () => {
        const base = select(u.id).where(u.id.eq(1)).cte("r", { recursive: true });
        return select(base[how](select(u.id).where(u.bossId.eq(base.c.id))).c.id);
      }) as [() => unknown, () => unknown]),
    ],
    ["NOT", () => select(u.id).where(u.active), () => select(u.id).where(not(u.active))],
    ["literal columns", () => select(literalColumn("1", integer())), () => select(literalColumn("2", integer()))],
  ])("%s", (_, a, b) => expect(shared(a, b)).toBe(false));

  it("no two statements of the corpus that compile to different texts", () => {
    const { run } = caching(10_000);
    const texts = new Map<Compiled, string>();
    for (const [id, make] of statements) {
      let own: string;
      try {
        own = make().compile(dialect).sql;
      } catch {
        continue;
      }
      const { compiled, bound } = run(make());
      const known = texts.get(compiled);
      if (known !== undefined) expect(bound[0]?.sql.length, id).toBeGreaterThan(0);
      expect(bound[0]?.sql, `${id} and ${known ?? "nothing"}`).toBe(own);
      texts.set(compiled, id);
    }
  });
});

const bindParamFree = (n: number) => literal(n, integer());

describe("the cache", () => {
  it("counts hits and misses", () => {
    const { cache, run } = caching();
    for (let n = 0; n < 5; n++) run(select(u.id).where(u.age.eq(n)));
    run(select(u.id).where(u.age.gt(1)));
    expect([cache.hits, cache.misses, cache.size]).toEqual([4, 2, 2]);
  });
  it("stays within its capacity and keeps what is used", () => {
    const { cache, run } = caching(10);
    const kept = () => run(select(u.id).where(u.age.eq(1))).compiled;
    const first = kept();
    for (let n = 0; n < 100; n++) {
      run(select(u.id.as(`l${n}`)));
      expect(kept()).toBe(first);
      expect(cache.size).toBeLessThanOrEqual(10);
    }
  });
  it("is remembered by a memo until it is cleared", () => {
    const cache = new StatementCache<number>();
    const memo = new LookupMemo();
    let built = 0;
    const ask = (of = cache) => of.lookup(select(u.id) as never, () => ++built, memo).value;
    expect([ask(), ask(), ask()]).toEqual([1, 1, 1]);
    expect(cache.remembered(memo)?.value).toBe(1);
    expect(new StatementCache<number>().remembered(memo)).toBeUndefined();
    cache.clear();
    expect(cache.remembered(memo)).toBeUndefined();
    expect([ask(), ask()]).toEqual([2, 2]);
  });
  it("is asked for another statement by a parameter's function, while it reads one", async () => {
    const engine = createEngine("sqlite://");
    await using conn = await engine.connect();
    const other = select(literal(1, integer()), literal(2, integer()), literal("x", string()));
    const asking = bindParam("n", integer(), {
      callable: () => {
        void conn.execute(other).all();
        return 7;
      },
    });
    for (let n = 0; n < 3; n++) {
      const row = await conn.execute(select(literal(n, integer()), asking, literal(n + 1, integer()))).one();
      expect([...row]).toEqual([n, 7, n + 1]);
    }
    await conn.close();
    await engine.dispose();
  });
  it("does not keep alias objects alive in keys", () => {
    const { cache, run } = caching();
    for (let n = 0; n < 50; n++) {
      const a = alias(users),
        b = select(o.userId).where(o.qty.gt(n)).subquery();
      run(select(a.c.id).join(b, b.c.userId.eq(a.c.id)));
    }
    expect([cache.size, cache.hits]).toEqual([1, 49]);
  });
  it("values of a partial index's condition are part of the text, so they are not shared", () => {
    const { cache, run } = caching();
    const make = (n: number) =>
      insert(tags)
        .values({ name: "a" })
        .onConflictDoNothing({ target: ["name"], targetWhere: t.uses.gt(n) });
    expect(run(make(1)).bound[0]?.sql).toContain("uses > 1");
    expect(run(make(2)).bound[0]?.sql).toContain("uses > 2");
    expect([cache.size, cache.uncacheable]).toEqual([0, 2]);
  });
  it("one parameter in two places does not stand for two parameters", async () => {
    const engine = createEngine("sqlite://");
    await using conn = await engine.connect();
    const one = literal(1, integer()).eq(bindParamFree(2));
    expect(await conn.execute(select(literal(0, integer()).as("n")).where(or(one, one))).all()).toEqual([]);
    const [a, b] = [literal(1, integer()).eq(bindParamFree(2)), literal(3, integer()).eq(bindParamFree(3))];
    expect(await conn.execute(select(literal(0, integer()).as("n")).where(or(a, b))).all()).toHaveLength(1);
    await engine.dispose();
  });
  it("keeps statements in which one parameter stands twice, apart from those with two", () => {
    const { cache, run } = caching();
    const grouped = (n: number) => {
      const rest = u.age.mod(n);
      return select(rest.as("rest"), func.count()).groupBy(rest);
    };
    const apart = (n: number) => select(u.age.mod(n).as("rest"), func.count()).groupBy(u.age.mod(n + 1));
    const first = run(grouped(2));
    expect(first.bound[0]?.params).toEqual([2n, 2n]);
    expect(run(grouped(3)).compiled).toBe(first.compiled);
    expect(run(grouped(3)).bound[0]?.params).toEqual([3n, 3n]);
    const other = run(apart(4));
    expect(other.compiled).not.toBe(first.compiled);
    expect(run(apart(5)).compiled).toBe(other.compiled);
    // Which two of three are the same matters.
    const [x, y] = [literal(1, integer()), literal(2, integer())];
    const three = [select(x.as("a"), x.as("b"), y.as("c")), select(x.as("a"), y.as("b"), y.as("c"))].map(run);
    expect(three[0]?.compiled).not.toBe(three[1]?.compiled);
    expect(three.map((r) => r.bound[0]?.params)).toEqual([
      [1n, 1n, 2n],
      [1n, 2n, 2n],
    ]);
    // Many parameters, only the last of them a repeated one.
    const many = (twice: boolean) => {
      const list = Array.from({ length: 30 }, (_, i) => literal(i, integer()));
      const last = list[29] as (typeof list)[number];
      return select(
        ...(list.map((l, i) => l.as(`l${i}`)) as never as [never]),
        (twice ? last : literal(29, integer())).as("z"),
      );
    };
    expect(run(many(true)).compiled).not.toBe(run(many(false)).compiled);
    expect(run(many(true)).compiled).toBe(run(many(true)).compiled);
    expect([cache.misses, cache.size, cache.uncacheable]).toEqual([6, 6, 0]);
  });
  it("takes equal values for one parameter where clauses have to agree, and tells other values apart", () => {
    const cache = new StatementCache<Compiled>();
    const server = dialectNamed("postgresql");
    const run = (a: number, b: number, distinct = false) => {
      const grown = (n: number) => func.coalesce(u.age, n).add(1);
      const statement = distinct ? select(grown(a)).distinct().orderBy(grown(b)) : select(grown(a)).groupBy(grown(b));
      const { value, params } = cache.lookup(statement as never, (binds) =>
        server.createCompiler(binds).compile(statement as never),
      );
      return bindStatement(value, params)[0]!;
    };
    const one = run(0, 0);
    expect(one.sql.match(/\$\d/g)).toEqual(["$1", "$2", "$1", "$2"]);
    expect(one.params).toEqual([0, 1]);
    expect(run(5, 5)).toMatchObject({ sql: one.sql, params: [5, 1] });
    expect(run(0, 2).params).toEqual([0, 1, 2]);
    expect(run(1, 1).params).toEqual([1]);
    expect(run(0, 0, true).sql.match(/\$\d/g)).toEqual(["$1", "$2", "$1", "$2"]);
    expect([cache.hits, cache.misses]).toEqual([1, 4]);
  });
  it("serves the values of the statement at hand, in order", async () => {
    const engine = createEngine("sqlite://");
    await using conn = await engine.connect();
    const rows = [];
    for (const n of [1, 2, 3])
      rows.push(
        ...(await conn.execute(
          select(literal(n, integer()).as("a"), literal(`x${n}`, string()).as("b")).where(literal(n, integer()).gt(1)),
        )),
      );
    expect(rows.map((r) => [...r])).toEqual([
      [2, "x2"],
      [3, "x3"],
    ]);
    await engine.dispose();
  });
});
