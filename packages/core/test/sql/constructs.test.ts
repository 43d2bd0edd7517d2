/** Rules of single constructs that the corpus of texts does not show. Rules: core-orm.md C15, F2, F10, F14, F17, F19. */
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AmbiguousForeignKeysError,
  alias,
  array,
  bindStatement,
  type Compiled,
  CompileError,
  CreateTable,
  cast,
  createEngine,
  deleteFrom,
  dialectNamed,
  type Engine,
  exists,
  func,
  insert,
  integer,
  json,
  literal,
  MetaData,
  NoForeignKeysError,
  not,
  Sequence,
  StatementCache,
  select,
  sql,
  string,
  table,
  tableFunction,
  text,
  true_,
  update,
} from "../../src/index.js";
import { items, orders, tags, users, userTags } from "./corpus/tables.js";

const u = users.c,
  o = orders.c,
  t = tags.c;
const compiled = (statement: unknown, dialect = "postgresql"): Compiled => {
  const d = dialectNamed(dialect);
  return new StatementCache<Compiled>().lookup(statement as never, (binds) =>
    d.createCompiler(binds).compile(statement as never),
  ).value;
};

describe("correlation", () => {
  const counted = select(func.count(o.id)).where(o.userId.eq(u.id));
  it("takes the tables around a subquery for granted, but never all of several", () => {
    const text = (statement: unknown) => compiled(statement, "sqlite").sql;
    expect(text(select(u.id, counted.scalar()))).toMatch(
      /FROM orders WHERE orders.user_id = users.id\) AS \S+ FROM users/,
    );
    const joined = (count: typeof counted) => select(u.id, count.scalar()).join(orders);
    expect(() => text(joined(counted))).toThrow(
      /Every table of a subquery \(orders, users\) stands in the statement around it.*\.correlate\(/,
    );
    expect(text(joined(counted.correlate(users)))).toMatch(/FROM orders WHERE orders.user_id = users.id\) AS/);
    expect(text(joined(counted.correlateExcept(orders)))).toMatch(/FROM orders WHERE orders.user_id = users.id\) AS/);
    // A single table is asked anew.
    expect(text(select(u.id).where(u.id.eq(select(func.max(u.id)).scalar())))).toMatch(
      /\(SELECT max\(users.id\) AS \S+ FROM users\)/,
    );
  });
});

describe("joins", () => {
  const metadata = new MetaData();
  const a = table(
    "a",
    { id: integer().primaryKey(), x: integer().references("b.id"), y: integer().references("b.id") },
    { metadata },
  );
  const b = table("b", { id: integer().primaryKey() }, { metadata });
  it("without and with several foreign keys say so", () => {
    expect(() => select(u.id).join(tags).compile()).toThrow(NoForeignKeysError);
    expect(() => select(a.c.id).join(b).compile()).toThrow(AmbiguousForeignKeysError);
  });
  it("attach to the clause that is linked, not to the last one", () => {
    const text = select(t.id, u.id).selectFrom(tags, users).join(orders).compile("sqlite").sql;
    expect(text).toContain("FROM tags, users JOIN orders ON users.id = orders.user_id");
  });
});

describe("the cartesian product warning", () => {
  const warnings = (statement: unknown) => compiled(statement).warnings;
  it("names what nothing connects", () => {
    expect(warnings(select(u.id, t.id))).toEqual([
      expect.stringMatching(/'tags' is connected by no condition with 'users'/),
    ]);
    expect(warnings(select(u.id, t.id).where(u.age.gt(3), t.uses.gt(2)))).toHaveLength(1);
    expect(warnings(select(u.id, o.id, t.id).where(o.userId.eq(u.id)))).toHaveLength(1);
    expect(warnings(select(u.id).where(u.id.in(select(o.userId).where(t.id.eq(1)))))).toHaveLength(1);
  });
  it("says nothing where all hang together", () => {
    expect(warnings(select(u.id, o.id).where(o.userId.eq(u.id)))).toEqual([]);
    expect(warnings(select(u.id, t.id).where(userTags.c.userId.eq(u.id), userTags.c.tagId.eq(t.id)))).toEqual([]);
    expect(warnings(select(u.id).join(orders).join(items, items.c.orderId.eq(o.id)))).toEqual([]);
    expect(warnings(select(u.id, t.id).join(tags, true_))).toEqual([]);
    expect(warnings(select(u.id).where(exists(select(o.id).where(o.userId.eq(u.id)))))).toEqual([]);
    const each = tableFunction("json_each", { key: string() }, [u.prefs], { name: "j" });
    expect(warnings(select(u.id, each.c.key))).toEqual([]);
  });
});

describe("labels", () => {
  it("longer than the server takes are cut the same way everywhere, and stay apart", () => {
    const long = "a".repeat(80),
      other = `${"a".repeat(79)}b`;
    const sub = select(u.id.as(long), u.age.as(other)).subquery("s");
    const { sql: text } = select(
      (sub.c as never as Record<string, typeof u.id>)[long]!,
      (sub.c as never as Record<string, typeof u.id>)[other]!,
    ).compile("postgresql");
    const names = [...text.matchAll(/\ba{20,}\w*/g)].map((m) => m[0]);
    expect(new Set(names).size).toBe(2);
    expect(names.every((n) => n.length === 63)).toBe(true);
    expect(names.slice(0, 2)).toEqual(names.slice(-2));
  });
  it("count in bytes, and keep characters whole", () => {
    const { sql: text } = select(u.id.as("é".repeat(50))).compile("postgresql");
    const name = /"(.*?)"/.exec(text)?.[1] as string;
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
    expect(name).toMatch(/^é+_[0-9a-f]+$/);
  });
  it("GROUP BY names a label unless a column has that name", () => {
    const low = func.lower(u.name).as("name");
    expect(select(low).groupBy(low).compile("postgresql").sql).toContain("GROUP BY lower(users.name)");
  });
});

describe("CTEs", () => {
  it("two of one name in one statement are refused, nested ones are not", () => {
    const one = select(u.id).cte("c"),
      two = select(o.id).cte("c");
    expect(() => select(one.c.id, two.c.id).compile()).toThrow(CompileError);
    const inner = select(o.id).cte("c", { nesting: true });
    const text = select(one.c.id)
      .where(one.c.id.in(select(inner.c.id)))
      .compile("postgresql").sql;
    expect(text).toBe(
      "WITH c AS (SELECT users.id FROM users) SELECT c.id FROM c WHERE c.id IN (WITH c AS (SELECT orders.id FROM orders) SELECT c.id FROM c)",
    );
  });
  it("a recursive part of another width is refused", () => {
    const base = select(u.id).cte("r", { recursive: true });
    expect(() => base.union(select(u.id, u.age) as never)).toThrow(/2 columns/);
  });
  it("MariaDB has no WITH before UPDATE: it stands inside the subquery", () => {
    const c = select(userTags.c.tagId).cte("c");
    expect(
      update(tags)
        .set({ uses: 0 })
        .where(t.id.in(select(c.c.tagId)))
        .compile("mariadb").sql,
    ).toContain("IN (WITH c AS (");
  });
});

describe("schemaTranslateMap", () => {
  const metadata = new MetaData();
  const plain = table("plain", { id: integer().primaryKey() }, { metadata });
  const own = table("own", { id: integer().primaryKey() }, { metadata, schema: "main" });
  it("renames after the cache: one compiled form serves every tenant", () => {
    const form = compiled(select(plain.c.id, own.c.id).where(plain.c.id.eq(own.c.id)));
    expect(form.sql).toBe("SELECT plain.id, main.own.id AS id_1 FROM plain, main.own WHERE plain.id = main.own.id");
    const one = form.schemas!.under({ main: "tenant-1" });
    expect(one.sql).toBe(
      'SELECT plain.id, "tenant-1".own.id AS id_1 FROM plain, "tenant-1".own WHERE plain.id = "tenant-1".own.id',
    );
    expect(form.schemas!.under({ main: "tenant-1" })).toBe(one);
    expect(form.schemas!.under({ main: null, "": "t2" }).sql).toContain("FROM t2.plain, own WHERE");
  });
  it("takes part in INSERT of rows, UPDATE, DELETE and lists", () => {
    const many = compiled(insert(own).values([{ id: 1 }, { id: 2 }])).schemas!.under({ main: "t" });
    expect(many.insert?.render(2).replaceAll("::INTEGER", "")).toBe("INSERT INTO t.own (id) VALUES ($1), ($2)");
    expect(compiled(update(own).set({ id: 3 })).schemas!.under({ main: "t" }).sql).toMatch(/^UPDATE t\.own SET/);
    expect(compiled(deleteFrom(own)).schemas!.under({ main: "t" }).sql).toBe("DELETE FROM t.own");
    const listed = compiled(select(own.c.id).where(own.c.id.in([1, 2]))).schemas!.under({ main: "t" });
    expect(bindStatement(listed, [[1, 2]])[0]?.sql.replaceAll("::INTEGER", "")).toBe(
      "SELECT t.own.id FROM t.own WHERE t.own.id IN ($1, $2)",
    );
  });
  it("takes part in the next value of a sequence, whatever the names hold, and in DDL", () => {
    const numbers = new Sequence("it's", { schema: "main" });
    const form = compiled(select(numbers.nextValue().as("n")));
    expect(form.sql).toBe(`SELECT nextval('main."it''s"') AS n`);
    expect(form.schemas!.under({ main: "o'ne" }).sql).toBe(`SELECT nextval('"o''ne"."it''s"') AS n`);
    expect(form.schemas!.under({ main: null }).sql).toBe(`SELECT nextval('"it''s"') AS n`);
    const numbered = table(
      "numbered",
      { id: integer().primaryKey(), n: integer().serverDefault(numbers.nextValue() as never) },
      { metadata: new MetaData(), schema: "main" },
    );
    const ddl = dialectNamed("postgresql").createDdlCompiler();
    ddl.under?.({ main: "t" });
    expect(ddl.statements(new CreateTable(numbered as never))[0]).toContain(`DEFAULT nextval('t."it''s"')`);
  });
  it("also without a connection", () => {
    expect(select(own.c.id).compile("postgresql", { schemaTranslateMap: { main: "t" } }).sql).toBe(
      "SELECT t.own.id FROM t.own",
    );
  });
  it("a statement without tables has no forms", () =>
    expect(compiled(select(literal(1, integer()).as("x"))).schemas).toBeUndefined());
});

describe("NUL", () => {
  // Places of parameters and schemas are marked with NUL while a text is made: nothing of a user's may look like a mark.
  it.each<[string, () => { compile(dialect?: unknown, options?: { literalBinds?: boolean }): unknown }]>([
    ["in a value written out", () => select(literal("a\u00000\u0000", string()).as("x"))],
    ["in a list written out", () => select(u.id).where(u.name.in(["\u0000:main\u0000"]))],
    ["in a separator", () => select(func.aggregateStrings(u.name, "\u00000\u0000"))],
    ["in a label", () => select(u.id.as("\u00000\u0000"))],
    ["in an alias", () => select(alias(users, "\u0000:x\u0000").c.id)],
    ["in raw SQL", () => select(u.id).where(sql.raw("1 = 1 \u00000\u0000"))],
    ["in a key of a document", () => select(u.prefs.get("\u00000\u0000" as "theme").asText()) as never],
  ])("%s is refused or escaped", (_, make) => {
    for (const dialect of ["sqlite", "postgresql", "mysql"]) {
      let text = "";
      try {
        text = (make().compile(dialect, { literalBinds: true }) as { sql: string }).sql;
      } catch (error) {
        expect(error).toBeInstanceOf(CompileError);
      }
      expect(text).not.toContain("\0");
    }
  });
  it("as a parameter is the driver's affair", () =>
    expect(select(literal("a\0b", string()).as("x")).compile("sqlite").params).toEqual(["a\0b"]));
});

describe("inserting from a query", () => {
  const metadata = new MetaData();
  let calls = 0;
  const target = table(
    "target",
    {
      id: integer().primaryKey(),
      name: string(20),
      made: integer().default(() => ++calls),
      kind: string(10).default("plain"),
    },
    { metadata },
  );
  it("adds the client-side defaults it does not name, called once", () => {
    const statement = insert(target).fromSelect(["name"], select(u.name) as never);
    expect(statement.compile("sqlite")).toMatchObject({
      sql: "INSERT INTO target (name, made, kind) SELECT users.name, ? AS anon_1, ? AS param_1 FROM users",
      params: [1n, "plain"],
    });
    expect(calls).toBe(1);
    // For all rows of one execution; the next has its own.
    expect(statement.compile("sqlite").params).toEqual([2n, "plain"]);
    expect(
      insert(target)
        .fromSelect(["name"], select(u.name).union(select(t.name)) as never)
        .compile("sqlite").sql,
    ).toMatch(/SELECT anon_1\.name, \? AS anon_\d, \? AS param_1/);
    expect(
      insert(target)
        .fromSelect(["name"], select(u.name) as never, { includeDefaults: false })
        .compile("sqlite").sql,
    ).toBe("INSERT INTO target (name) SELECT users.name FROM users");
  });
  it("and in rows takes raw SQL for what it is, given and as a default", () => {
    const own = table(
      "own_default",
      { id: integer().primaryKey(), n: integer().default(sql`1 + 1` as never) },
      { metadata: new MetaData() },
    );
    expect(insert(own).values({ id: 1 }).compile("sqlite").sql).toBe(
      "INSERT INTO own_default (id, n) VALUES (?, (1 + 1))",
    );
    const given = insert(own).values({ id: sql`2 + 2`, n: 3 } as never);
    expect(given.compile("sqlite").sql).toBe("INSERT INTO own_default (id, n) VALUES ((2 + 2), ?)");
  });
});

const HOSTILE = [
  "it's",
  'say "hi"',
  "back`tick",
  "a.b",
  "100%",
  "a:b",
  "x;--",
  "'; DROP TABLE t; --",
  "(paren)",
  "[br]",
  "new\nline",
  "ta\tb",
  "ünï😀",
  "select",
  "\\back\\",
  "?",
  "$1",
  "/* c */",
  `$${"{x}"}`,
  "#",
];
describeEachDatabase("hostile names and values", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
  });
  afterAll(() => engine.dispose());
  it("name tables, columns, aliases, labels and CTEs as they are", async () => {
    const names = target.family === "mysql" ? HOSTILE.filter((n) => !n.includes("😀")) : HOSTILE;
    for (const name of names) {
      const metadata = new MetaData();
      const odd = table(
        `t ${name}`,
        { id: integer().primaryKey(), value: string(60).nullable().named(name) },
        { metadata },
      );
      await metadata.createAll(engine);
      await engine.begin(async (conn) => {
        await conn.execute(
          insert(odd).values([
            { id: 1, value: name },
            { id: 2, value: null },
          ]),
        );
        const a = alias(odd, `al ${name}`);
        const c = select(a.c.id, a.c.value.as(`l ${name}`))
          .where(a.c.value.eq(name))
          .cte(`c ${name}`);
        const label = (c.c as never as Record<string, typeof a.c.value>)[`l ${name}`]!;
        const rows = await conn.execute(select(c.c.id, label.as(name)).orderBy(label)).all();
        expect(
          rows.map((r) => [...r]),
          name,
        ).toEqual([[1, name]]);
        await conn.execute(
          update(odd)
            .set({ value: `${name}${name}` })
            .where(odd.c.value.in([name])),
        );
        expect(await conn.execute(select(odd.c.value).where(odd.c.id.eq(1))).scalar(), name).toBe(`${name}${name}`);
      });
      await metadata.dropAll(engine);
    }
  });
  it("are values everywhere, also with values written into the text", async () => {
    await using conn = await engine.connect();
    for (const value of HOSTILE) {
      const statement = select(literal(value, string()).as("v"), literal(value, text()).concat("!").as("w"));
      expect([...(await conn.execute(statement).one())], value).toEqual([value, `${value}!`]);
      const { sql: written, params } = statement.compile(engine.dialect, { literalBinds: true });
      expect(params).toEqual([]);
      expect(
        [...(await conn.execDriverSql(written.replaceAll("?", "\u0001").replaceAll("\u0001", "?")))[0]!],
        value,
      ).toEqual([value, `${value}!`]);
    }
  });
  it("are text for LIKE with autoescape", async () => {
    await using conn = await engine.connect();
    for (const value of [...HOSTILE, "50%_/\\", "%", "_"]) {
      const found = select(
        literal(`<${value}>`, string()).contains(value, { autoescape: true }).as("yes"),
        literal("<>", string()).contains(value, { autoescape: true }).as("no"),
      );
      expect([...(await conn.execute(found).one())], value).toEqual([true, false]);
    }
  });
  it("that a document lacks is NULL, a null in it is not", async () => {
    const metadata = new MetaData();
    const docs = table(
      "docs",
      { id: integer().primaryKey(), doc: json<Record<string, unknown>>().nullable() },
      { metadata },
    );
    await metadata.createAll(engine);
    await using conn = await engine.connect();
    const rows = [{ a: null }, { a: 0 }, {}, null].map((doc, i) => ({ id: i + 1, doc }));
    await conn.execute(insert(docs).values(rows));
    const a = (docs.c.doc as unknown as { get(key: string): typeof docs.c.id }).get("a");
    expect(await conn.scalars(select(docs.c.id).where(a.isNull()).orderBy(docs.c.id)).all()).toEqual([3, 4]);
    expect(await conn.scalars(select(docs.c.id).where(a.isNotNull()).orderBy(docs.c.id)).all()).toEqual([1, 2]);
    await conn.rollback();
    await metadata.dropAll(engine);
  });
  it("are keys of documents", async () => {
    const metadata = new MetaData();
    const docs = table("docs", { id: integer().primaryKey(), doc: json<Record<string, unknown>>() }, { metadata });
    await metadata.createAll(engine);
    await using conn = await engine.connect();
    const doc = Object.fromEntries(HOSTILE.map((name, i) => [name, { n: i, t: name, list: [1, name] }]));
    await conn.execute(insert(docs).values({ id: 1, doc }));
    for (const [i, name] of HOSTILE.entries()) {
      const at = (docs.c.doc as never as { get(k: string): never }).get(name) as never as {
        get(k: string): typeof at;
        asText(): typeof u.name;
        asNumber(): typeof u.age;
        get(k: number): typeof at;
      };
      const row = await conn
        .execute(
          select(
            at.get("t").asText().as("t"),
            at.get("n").asNumber().as("n"),
            at.get("list").get(1).asText().as("l"),
            (at.get("list") as never as typeof u.name).as("j"),
          ),
        )
        .one();
      expect([...row], name).toEqual([name, i, name, [1, name]]);
    }
    await conn.rollback();
    await metadata.dropAll(engine);
  });
});

describeEachDatabase("arrays", (target) => {
  const metadata = new MetaData();
  const lists = table(
    "lists",
    {
      id: integer().primaryKey(),
      words: array<string>(string()).nullable(),
      numbers: array<number>(integer()).nullable(),
    },
    { metadata },
  );
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await metadata.createAll(engine);
    await engine.begin((conn) =>
      conn.execute(
        insert(lists).values([
          { id: 1, words: ["a", "b", "it's"], numbers: [1, 2, 3] },
          { id: 2, words: ["b"], numbers: [] },
          { id: 3, words: [], numbers: [10, 20] },
          { id: 4, words: null, numbers: null },
        ]),
      ),
    );
  });
  afterAll(() => engine.dispose());
  it.each<[string, () => ReturnType<typeof lists.c.id.eq>, number[]]>([
    ["has a text", () => lists.c.words.has("b"), [1, 2]],
    ["has a hostile text", () => lists.c.words.has("it's"), [1]],
    ["has a number", () => lists.c.numbers.has(2), [1]],
    ["has no part of a number", () => lists.c.numbers.has(1), [1]],
    ["contains all", () => lists.c.words.contains(["b", "a"]), [1]],
    ["contains none", () => lists.c.words.contains([]), [1, 2, 3]],
    ["contains numbers", () => lists.c.numbers.contains([20, 10]), [3]],
    ["overlaps", () => lists.c.words.overlaps(["x", "a"]), [1]],
    ["overlaps numbers", () => lists.c.numbers.overlaps([3, 20]), [1, 3]],
    ["does not overlap", () => not(lists.c.numbers.overlaps([3, 20])), [2]],
    ["does not contain", () => not(lists.c.words.contains(["b"])), [3]],
    ["does not have", () => not(lists.c.numbers.has(2)), [2, 3]],
  ])("%s", async (_, criterion, expected) => {
    await using conn = await engine.connect();
    const rows = await conn.execute(select(lists.c.id).where(criterion()).orderBy(lists.c.id)).all();
    expect(rows.map((r) => r[0])).toEqual(expected);
  });
});

describeEachDatabase("operators that databases spell differently", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
  });
  afterAll(() => engine.dispose());
  const n = (value: number) => cast(literal(value, integer()), integer());
  it.each<[string, () => unknown, number]>([
    ["xor", () => n(5).bitXor(3), 5 ^ 3],
    ["xor of xor", () => n(5).bitXor(3).bitXor(6), 5 ^ 3 ^ 6],
    ["xor with xor on the right", () => n(5).bitXor(n(3).bitXor(6)), 5 ^ (3 ^ 6)],
    ["xor of sums", () => n(5).add(1).bitXor(n(3).sub(1)), 6 ^ 2],
    ["a product of xor", () => n(3).mul(n(5).bitXor(3)), 3 * (5 ^ 3)],
    ["and in or", () => n(12).bitOr(n(10).bitAnd(6)), 12 | (10 & 6)],
    ["shifts", () => n(3).shiftLeft(4).shiftRight(2), (3 << 4) >> 2],
    ["not", () => n(5).bitNot(), ~5],
    ["not of not", () => n(5).bitNot().bitNot(), 5],
    ["whole division", () => n(7).floorDiv(2), 3],
    ["whole division of a negative", () => n(-7).floorDiv(2), -3],
    ["a quotient of a quotient", () => n(100).floorDiv(n(20).floorDiv(3)), 16],
    ["true division", () => n(7).div(2).mul(2), 7],
    ["minus of minus", () => n(5).sub(n(3).neg()).neg(), -8],
    ["rest", () => n(-7).mod(3), -1],
  ])("%s", async (_, make, expected) => {
    await using conn = await engine.connect();
    expect(Number(await conn.execute(select((make() as ReturnType<typeof n>).as("v"))).scalar())).toBe(expected);
  });
});
