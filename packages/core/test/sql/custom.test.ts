/** Constructs of a program's own: elements, functions, clauses, and walking through statements. Rules: core-orm.md F11, F20, G1. */
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  type AnyExpr,
  ArgumentError,
  alias,
  type Bind,
  boolean,
  type Compiled,
  CompileError,
  clonedTraverse,
  compare,
  createEngine,
  dateTime,
  deleteFrom,
  dialectNamed,
  double,
  type Element,
  type Engine,
  Expression,
  type ExtensionPoint,
  FunctionCall,
  func,
  insert,
  integer,
  iterate,
  type KeyWriter,
  literal,
  MetaData,
  numeric,
  registerCompilation,
  replace,
  SqlType,
  StatementCache,
  SyntaxExtension,
  select,
  sql,
  sqlFunction,
  string,
  table,
  text,
  traverse,
  update,
} from "../../src/index.js";
import { orders, tags, users } from "./corpus/tables.js";

const u = users.c,
  o = orders.c,
  t = tags.c;
const INTEGER = (u.id as never as Expression).type;
const undo: (() => void)[] = [];
afterEach(() => {
  for (const back of undo.splice(0)) back();
});

/** `GREATEST(a, b)`, on SQLite `MAX(a, b)`. */
class Larger extends Expression {
  readonly kind = "testLarger";
  readonly type = INTEGER;
  readonly a: Expression;
  readonly b: Expression;
  constructor(a: Expression, b: Expression) {
    super();
    this.a = a;
    this.b = b;
  }
  walk(key: KeyWriter): void {
    key.text("testLarger");
    this.a.walk(key);
    this.b.walk(key);
  }
}
const larger = (a: unknown, b: number) =>
  new Larger(a as Expression, literal(b, integer()) as never) as never as typeof u.id;

describeEachDatabase("an element of the program's own", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
  });
  afterAll(() => engine.dispose());
  it("is rendered by the rule of its database, or by the one for all, and cached by what it walks", async () => {
    const write = (name: string) => (e: Larger, c: { render(e: Element): string }) =>
      `${name}(${c.render(e.a)}, ${c.render(e.b)})`;
    undo.push(registerCompilation<Larger>("testLarger", write("GREATEST")));
    undo.push(registerCompilation<Larger>("testLarger", write("MAX"), "sqlite"));
    await using conn = await engine.connect();
    const before = engine.cache.uncacheable;
    const one = (n: number) => select(larger(literal(3, integer()), n).add(1).as("v"));
    expect([await conn.execute(one(2)).scalar(), await conn.execute(one(7)).scalar()]).toEqual([4, 8]);
    expect(engine.cache.uncacheable).toBe(before);
    const printed = one(2).compile(engine.dialect).sql;
    expect(printed).toContain(target.name === "sqlite" ? "MAX(" : "GREATEST(");
  });
  it("without a rule is an error that names it", () => {
    expect(() => select(larger(u.id, 1)).compile(engine.dialect)).toThrow(/'testLarger'/);
  });
  it("a rule for MySQL holds for MariaDB unless that has its own", () => {
    undo.push(registerCompilation<Larger>("testLarger", () => "FROM_MYSQL", "mysql"));
    expect(select(larger(u.id, 1)).compile("mariadb").sql).toContain("FROM_MYSQL");
    undo.push(registerCompilation<Larger>("testLarger", () => "FROM_MARIADB", "mariadb"));
    expect(select(larger(u.id, 1)).compile("mariadb").sql).toContain("FROM_MARIADB");
    expect(select(larger(u.id, 1)).compile("mysql").sql).toContain("FROM_MYSQL");
    expect(() => select(larger(u.id, 1)).compile("sqlite")).toThrow(CompileError);
  });
});

describe("what an element must say to be cached", () => {
  const lookup = (cache: StatementCache<Compiled>, statement: unknown) =>
    cache.lookup(statement as never, (binds) =>
      dialectNamed("sqlite")
        .createCompiler(binds)
        .compile(statement as never),
    );
  it("nothing said: no caching, and never the text of another", () => {
    class Silent extends Expression {
      readonly kind = "testSilent";
      readonly type = INTEGER;
      readonly word: string;
      constructor(word: string) {
        super();
        this.word = word;
      }
      declare walk: (key: KeyWriter) => void;
    }
    undo.push(registerCompilation<Silent>("testSilent", (e) => e.word));
    const cache = new StatementCache<Compiled>();
    const text = (word: string) => lookup(cache, select(new Silent(word) as never)).value.sql;
    expect([text("1"), text("2")]).toEqual([expect.stringContaining("1"), expect.stringContaining("2")]);
    expect([cache.size, cache.uncacheable]).toEqual([0, 2]);
  });
  it("parameters inside one that says nothing keep their values", () => {
    class Wrapped extends Expression {
      readonly kind = "testWrapped";
      readonly type = INTEGER;
      readonly inner: Expression;
      constructor(inner: Expression) {
        super();
        this.inner = inner;
      }
      declare walk: (key: KeyWriter) => void;
    }
    undo.push(registerCompilation<Wrapped>("testWrapped", (e, c) => `(${c.render(e.inner)})`));
    const cache = new StatementCache<Compiled>();
    const slots = (n: number) =>
      lookup(cache, select(new Wrapped(literal(n, integer()) as never) as never)).value.slots.map((s) =>
        Number(s.constant),
      );
    expect([slots(1), slots(2)]).toEqual([[1], [2]]);
  });
  it("a subclass of a function that does not walk its own fields is not mistaken for another", () => {
    class Named extends FunctionCall {
      override readonly kind = "testNamed";
      readonly suffix: string;
      constructor(suffix: string) {
        super("f", [], INTEGER);
        this.suffix = suffix;
      }
    }
    undo.push(registerCompilation<Named>("testNamed", (e) => `f_${e.suffix}()`));
    const cache = new StatementCache<Compiled>();
    const text = (x: unknown) => lookup(cache, select(x as never)).value.sql;
    expect(
      [text(func.call("f", integer())), text(new Named("a")), text(new Named("b"))].map((s) => /f\w*\(\)/.exec(s)?.[0]),
    ).toEqual(["f()", "f_a()", "f_b()"]);
  });
  it("a type with fields of its own and no structure shares with no other", () => {
    class Sized extends SqlType {
      readonly kind = "testSized";
      readonly family = "plain";
      readonly size: number;
      constructor(size: number) {
        super();
        this.size = size;
      }
    }
    class Plain extends SqlType {
      readonly kind = "testPlain";
      readonly family = "plain";
    }
    const [a, b] = [new Sized(1), new Sized(2)];
    expect(a.id).toBe(a.id);
    expect(a.id).not.toBe(b.id);
    expect(new Plain().id).toBe(new Plain().id);
  });
});

describe("a function of the program's own", () => {
  const similarity = sqlFunction("similarity", { arguments: [string(), string()], returns: double() });
  it("binds values by the types of its arguments, and knows how many it takes", () => {
    expect(select(u.id).where(similarity(u.name, "ann").gt(0.4)).compile("postgresql")).toMatchObject({
      sql: expect.stringMatching(/WHERE similarity\(users\.name, \$1::VARCHAR\) > \$2::DOUBLE PRECISION$/),
      params: ["ann", 0.4],
    });
    expect(() => (similarity as (...a: unknown[]) => unknown)(u.name)).toThrow(/takes 2 arguments, not 1/);
    expect(() => (similarity as (...a: unknown[]) => unknown)(u.name, undefined)).toThrow(ArgumentError);
  });
  it("lives in a package, takes optional arguments, aggregates and windows", () => {
    const round = sqlFunction("rounding", {
      package: "pkg",
      arguments: [numeric()],
      optional: [integer()],
      returns: numeric(),
    });
    const text = select(round(u.balance).as("a"), round(u.balance, 2).over({ orderBy: u.id }).as("b")).compile(
      "sqlite",
    ).sql;
    expect(text).toBe(
      "SELECT pkg.rounding(users.balance) AS a, pkg.rounding(users.balance, ?) OVER (ORDER BY users.id) AS b FROM users",
    );
    expect(select(similarity(u.name, "x").distinct()).compile("sqlite").sql).toContain(
      "similarity(DISTINCT users.name, ?)",
    );
  });
  it("refuses a name that would carry SQL", () => {
    for (const name of ["f(", "a b", "x;", "f--", "'", ""])
      expect(() => sqlFunction(name, { returns: integer() }), name).toThrow(ArgumentError);
    expect(() => sqlFunction("f", { returns: integer(), spelled: { sqlite: "g(1);" } })).toThrow(ArgumentError);
  });
  it("two of one name do not share a text when one is spelled in another way", () => {
    const a = sqlFunction("f", { arguments: [integer()], returns: integer() });
    const b = sqlFunction("f", { arguments: [integer()], returns: integer(), spelled: { sqlite: "g" } });
    const cache = new StatementCache<string>();
    const at = (x: unknown) => cache.lookup(select(x as never) as never, () => String(select(x as never))).value;
    expect(at(a(1))).not.toBe(at(b(1)));
    expect(at(b(2))).toBe(at(b(3)));
  });
});
describeEachDatabase("a function spelled for each database", (target) => {
  it("gives the same everywhere", async () => {
    const engine = createEngine(await target.url());
    await using conn = await engine.connect();
    const years = sqlFunction("years_between", {
      arguments: [dateTime(), dateTime()],
      returns: integer(),
      spelled: {
        sqlite: (a, b) =>
          sql`CAST(STRFTIME('%Y', ${b}) AS INTEGER) - CAST(STRFTIME('%Y', ${a}) AS INTEGER)`.as(integer()),
        postgresql: (a, b) => sql`CAST(EXTRACT(year FROM ${b}) - EXTRACT(year FROM ${a}) AS INTEGER)`.as(integer()),
        mysql: (a, b) => sql`CAST(YEAR(${b}) AS SIGNED) - CAST(YEAR(${a}) AS SIGNED)`.as(integer()),
      },
    });
    const day = (y: number) => literal(new Date(Date.UTC(y, 5, 1)), dateTime());
    const rows = await conn
      .execute(select(years(day(1999), day(2024)).as("n"), years(day(2024), day(2020)).mul(2).as("m")))
      .one();
    expect([...rows]).toEqual([25, -8]);
    await engine.dispose();
  });
});

/** LIMIT … BY and the like: any clause, at each of the places. */
class Clause extends SyntaxExtension {
  readonly kind = "testClause";
  readonly point: ExtensionPoint;
  readonly word: string;
  readonly value: AnyExpr | undefined;
  constructor(point: ExtensionPoint, word: string, value?: AnyExpr) {
    super();
    this.point = point;
    this.word = word;
    this.value = value;
  }
  walk(key: KeyWriter): void {
    key.text(`${this.point} ${this.word}`);
    (this.value as never as Expression | undefined)?.walk(key);
  }
}
describe("clauses of the program's own", () => {
  const on = () =>
    undo.push(
      registerCompilation<Clause>(
        "testClause",
        (e, c) => e.word + (e.value === undefined ? "" : ` ${c.render(e.value as never)}`),
      ),
    );
  it("stand at the places of a SELECT", () => {
    on();
    const statement = select(u.id)
      .distinct()
      .where(u.age.gt(1))
      .groupBy(u.id)
      .orderBy(u.id)
      .limit(3)
      .ext(new Clause("postSelect", "A"))
      .ext(new Clause("preColumns", "B"))
      .ext(new Clause("postCriteria", "C", literal(7, integer())))
      .ext(new Clause("postBody", "D"));
    expect(statement.compile("postgresql")).toMatchObject({
      sql: expect.stringMatching(
        /^SELECT A DISTINCT B users\.id FROM users WHERE users\.age > \$1\S* GROUP BY users\.id C \$2\S* ORDER BY users\.id LIMIT \$3\S* D$/,
      ),
      params: [1, 7, 3],
    });
  });
  it("stand at the places of INSERT, UPDATE and DELETE", () => {
    on();
    const put = insert(tags)
      .values([{ name: "a" }, { name: "b" }])
      .onConflictDoNothing()
      .ext(new Clause("postValues", "X"));
    expect(put.compile("sqlite").sql).toBe("INSERT INTO tags (name) VALUES (?), (?) X ON CONFLICT DO NOTHING");
    const change = update(tags).set({ uses: 1 }).where(t.id.eq(1)).ext(new Clause("postCriteria", "Y"));
    expect(change.compile("sqlite").sql).toMatch(/ WHERE tags\.id = \? Y$/);
    expect(deleteFrom(tags).where(t.id.eq(1)).ext(new Clause("postCriteria", "Z")).compile("sqlite").sql).toMatch(
      / Z$/,
    );
  });
  it("are part of the key, and refused where the place is none", () => {
    on();
    const cache = new StatementCache<number>();
    let n = 0;
    const at = (word: string) => cache.lookup(select(u.id).ext(new Clause("postBody", word)) as never, () => ++n).value;
    expect([at("A"), at("B"), at("A")]).toEqual([1, 2, 1]);
    expect(() => select(u.id).ext(new Clause("postValues", "X"))).toThrow(/postBody/);
    expect(() => select(u.id).ext({} as never)).toThrow(ArgumentError);
  });
});
describeEachDatabase("a clause the database knows", (target) => {
  it("runs", async () => {
    undo.push(registerCompilation<Clause>("testClause", (e) => e.word));
    const engine = createEngine(await target.url());
    await using conn = await engine.connect();
    const statement = select(literal(1, integer()).as("n")).ext(new Clause("postBody", "/* at the end */"));
    expect(await conn.execute(statement).scalar()).toBe(1);
    await engine.dispose();
  });
});

describe("walking through statements", () => {
  const statement = () =>
    select(u.id, func.count(o.id).as("n"))
      .join(orders)
      .where(u.age.gt(3), u.id.in(select(o.userId).where(o.qty.eq(4))))
      .groupBy(u.id);
  const values = (s: unknown) =>
    [...iterate(s as Element)].flatMap((e) => (e.kind === "bind" ? [(e as Bind).value] : []));
  it("iterate gives every node once, those of subqueries too", () => {
    const nodes = [...iterate(statement() as never)];
    expect(new Set(nodes).size).toBe(nodes.length);
    expect(values(statement())).toEqual(expect.arrayContaining([3, 4]));
    expect(
      nodes
        .filter((n) => n.kind === "table")
        .map(String)
        .sort(),
    ).toEqual(["orders", "users"]);
    expect(values(update(tags).set({ uses: 5 }).where(t.id.eq(6)))).toEqual(expect.arrayContaining([5, 6]));
    const c = select(u.id).where(u.age.gt(8)).cte("c");
    expect(values(select(c.c.id))).toEqual([8]);
  });
  it("traverse calls the visitors of each kind", () => {
    const seen: unknown[] = [];
    traverse(statement() as never, {
      bind: (b: Bind) => seen.push(b.value),
      call: (c: FunctionCall) => seen.push(c.functionName),
    });
    expect(seen.map(String).sort()).toEqual(["3", "4", "count"]);
  });
  it("clonedTraverse changes a copy and leaves the original", () => {
    const first = statement();
    const text = first.compile("postgresql");
    const doubled = clonedTraverse(first as never as Element, {
      bind: (b: { value: number }) => {
        b.value *= 10;
      },
    }) as never as typeof first;
    expect(doubled.compile("postgresql").params).toEqual([30, 40]);
    expect(first.compile("postgresql")).toMatchObject({ sql: text.sql, params: [3, 4] });
  });
  it("replace puts other nodes in place", () => {
    const a = alias(users, "a");
    const moved = replace(u.age.gt(3).and(u.name.eq("x")) as never as Element, (e) =>
      (e as { from?: unknown }).from === users
        ? ((a.c as never as Record<string, Element>)[(e as { key?: string }).key ?? ""] as Element)
        : undefined,
    );
    expect(
      select(a.c.id)
        .where(moved as never)
        .compile("sqlite").sql,
    ).toBe("SELECT a.id FROM users AS a WHERE a.age > ? AND a.name = ?");
  });
  it("compare says whether two are the same, values included", () => {
    const e = (x: unknown) => x as Element;
    expect(compare(e(statement()), e(statement()))).toBe(true);
    expect(compare(e(u.age.gt(3)), e(u.age.gt(4)))).toBe(false);
    expect(compare(e(u.age.gt(3)), e(u.age.ge(3)))).toBe(false);
    const day = () => new Date(Date.UTC(2024, 1, 1));
    expect(compare(e(u.created.gt(day())), e(u.created.gt(day())))).toBe(true);
    expect(compare(e(u.id.in([1, 2])), e(u.id.in([1, 2])))).toBe(true);
    expect(compare(e(u.id.in([1, 2])), e(u.id.in([1, 3])))).toBe(false);
    expect(compare(e(insert(tags).values({ name: "a" })), e(insert(tags).values({ name: "a" })))).toBe(true);
    expect(compare(e(insert(tags).values({ name: "a" })), e(insert(tags).values({ name: "b" })))).toBe(false);
    expect(compare(e(alias(users).c.id), e(alias(users).c.id))).toBe(true);
  });
});

describeEachDatabase("what an UPDATE gives another column", (target) => {
  const metadata = new MetaData();
  const lines = table(
    "lines",
    {
      id: integer().primaryKey(),
      price: integer(),
      count: integer(),
      total: integer(),
      note: text().nullable(),
      touched: boolean().default(false),
    },
    { metadata },
  );
  it("is the new value, not the one before", async () => {
    const { fromDmlColumn } = await import("../../src/index.js");
    const engine = createEngine(await target.url());
    await metadata.createAll(engine);
    await using conn = await engine.connect();
    const c = lines.c;
    await conn.execute(
      insert(lines).values({ id: 1, price: 2, count: 3, total: fromDmlColumn(c.price).mul(fromDmlColumn(c.count)) }),
    );
    const state = async () => [...(await conn.execute(select(c.price, c.count, c.total)).one())];
    expect(await state()).toEqual([2, 3, 6]);
    await conn.execute(
      update(lines).set({ price: c.price.add(8), total: fromDmlColumn(c.price).mul(fromDmlColumn(c.count)) }),
    );
    expect(await state()).toEqual([10, 3, 30]);
    expect(() =>
      update(lines)
        .set({ price: fromDmlColumn(c.price) })
        .compile("sqlite"),
    ).toThrow(/itself/);
    expect(() => select(fromDmlColumn(c.price)).compile("sqlite")).toThrow(CompileError);
    await conn.rollback();
    await metadata.dropAll(engine);
    await engine.dispose();
  });
});
