// Views, sequences, exclusion constraints, options of constraints and columns: as text where SQLAlchemy prints the same,
// and on the databases that have them.
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  alias,
  CreateStoredObject,
  CreateTable,
  check,
  createEngine,
  dialectNamed,
  type Engine,
  func,
  insert,
  inspect,
  integer,
  MetaData,
  pg,
  primaryKeyConstraint,
  Sequence,
  select,
  selectView,
  sql,
  storedFunction,
  string,
  table,
  tableOf,
  text,
  trigger,
  unique,
  update,
  view,
  viewOf,
} from "../../src/index.js";

const create = (t: unknown, dialect: string) =>
  dialectNamed(dialect)
    .createDdlCompiler()
    .statements(new CreateTable(tableOf(t as never)))[0] as string;

describe("constraints with options", () => {
  // Printed by SQLAlchemy 1.4.46 for sqlite_on_conflict, sqlite_on_conflict_not_null and sqlite_on_conflict_unique.
  it("says ON CONFLICT on SQLite, and validates the word", () => {
    const t = table(
      "t",
      {
        id: integer(),
        a: string(5).dialect("sqlite", { onConflictNotNull: "fail", onConflictUnique: "IGNORE" }).unique(),
        b: integer(),
      },
      {
        metadata: new MetaData(),
        constraints: (c) => [
          primaryKeyConstraint(c.id).with("sqlite", { onConflict: "REPLACE" }),
          unique("uq_b", c.b).with("sqlite", { onConflict: "ROLLBACK" }),
          check("b > 0", "ck_b").with("sqlite", { onConflict: "ABORT" }),
        ],
      },
    );
    expect(
      create(t, "sqlite")
        .split("\n")
        .map((l) => l.trim().replace(/,$/, "").trim()),
    ).toEqual([
      "CREATE TABLE t (",
      "id INTEGER NOT NULL",
      "a VARCHAR(5) NOT NULL ON CONFLICT FAIL",
      "b INTEGER NOT NULL",
      "PRIMARY KEY (id) ON CONFLICT REPLACE",
      "CONSTRAINT uq_b UNIQUE (b) ON CONFLICT ROLLBACK",
      "CONSTRAINT ck_b CHECK (b > 0) ON CONFLICT ABORT",
      "UNIQUE (a) ON CONFLICT IGNORE",
      ")",
    ]);
    expect(create(t, "postgresql")).not.toContain("CONFLICT");
    const odd = table(
      "t",
      { id: integer().primaryKey() },
      { metadata: new MetaData(), constraints: (c) => [unique(c.id).with("sqlite", { onConflict: "DROP TABLE t" })] },
    );
    expect(() => create(odd, "sqlite")).toThrow(/not one of ROLLBACK, ABORT, FAIL, IGNORE, REPLACE/);
    const misspelled = table(
      "t",
      { id: integer().primaryKey() },
      { metadata: new MetaData(), constraints: (c) => [unique(c.id).with("sqlite", { onConflct: "FAIL" })] },
    );
    expect(() => create(misspelled, "sqlite")).toThrow(/no option 'onConflct'. Did you mean 'onConflict'/);
  });
  it("says NOT VALID, INCLUDE and EXCLUDE on PostgreSQL, as SQLAlchemy spells them", () => {
    const t = table(
      "t",
      { id: integer().primaryKey(), room: integer(), during: pg.tsrange(), x: integer() },
      {
        metadata: new MetaData(),
        constraints: (c) => [
          unique("uq", c.room).with("postgresql", { include: ["x"] }),
          check("x > 0", "ck").with("postgresql", { notValid: true }),
          pg.exclude(
            "no_overlap",
            [
              [c.room, "="],
              [c.during, "&&"],
            ],
            {
              where: c.x.gt(1),
              deferrable: true,
              initially: "DEFERRED",
            },
          ),
        ],
      },
    );
    // EXCLUDE and NOT VALID as 1.4.46 prints them; INCLUDE of constraints came with 2.0.41.
    const sql = create(t, "postgresql");
    expect(sql).toContain("CONSTRAINT uq UNIQUE (room) INCLUDE (x)");
    expect(sql).toContain("CONSTRAINT ck CHECK (x > 0) NOT VALID");
    expect(sql).toContain(
      "CONSTRAINT no_overlap EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (x > 1) DEFERRABLE INITIALLY DEFERRED",
    );
    expect(() => create(t, "sqlite")).toThrow(/sqlite has no type|no exclusion/);
    expect(() => pg.exclude("x", [["room", "= 1); drop table t"]])).toThrow(/no operator/);
  });
});

describe("tables said twice", () => {
  it("keeps the existing one, or extends it, when told to", () => {
    const metadata = new MetaData();
    const first = table("t", { id: integer().primaryKey(), a: string(5) }, { metadata, comment: "c", info: { x: 1 } });
    expect(() => table("t", { id: integer() }, { metadata })).toThrow(/declared twice/);
    expect(table("t", { id: integer() }, { metadata, keepExisting: true })).toBe(first);
    const more = tableOf(
      table("t", { a: text().nullable(), b: integer() }, { metadata, extendExisting: true, info: { y: 2 } }),
    );
    expect(more.columns.map((c) => `${c.key} ${c.type} ${c.nullable}`)).toEqual([
      "id integer false",
      "a text true",
      "b integer false",
    ]);
    expect(more.primaryKey.map((c) => c.key)).toEqual(["id"]);
    expect([more.comment, more.info]).toEqual(["c", { x: 1, y: 2 }]);
    expect(metadata.table("t")).toBe(more);
  });
  it("an extended table stays the object it was: statements made before, foreign keys and cached texts follow it", async () => {
    const metadata = new MetaData();
    const first = table("t", { id: integer().primaryKey(), a: string(5) }, { metadata });
    const child = table("child", { id: integer().primaryKey(), a: integer().references("t.id") }, { metadata });
    const whole = select(first);
    const [own, old] = [first.c.id, first.c.a];
    await using engine = createEngine("sqlite://");
    expect(String(whole)).toBe("SELECT t.id, t.a FROM t");
    await metadata.createAll(engine);
    await engine.begin((c) => c.execute(insert(first).values({ id: 1, a: "x" })));
    expect((await engine.begin((c) => c.execute(select(first)).one()))[0]).toEqual({ id: 1, a: "x" });
    const more = table(
      "t",
      { a: text(), b: integer().default(7) },
      { metadata, extendExisting: true, constraints: (t) => [check(t.b.gt(0) as never, "b_positive")] },
    );
    expect(more as unknown).toBe(first);
    // As SQLAlchemy 1.4.46 prints them: a column said anew is another object of the same name.
    expect(String(select(first))).toBe("SELECT t.id, t.a, t.b FROM t");
    expect(first.c.id).toBe(own);
    expect(first.c.a).not.toBe(old);
    expect(String(select(old).where(more.c.b.eq(1)))).toBe("SELECT t.a FROM t WHERE t.b = ?");
    const key = tableOf(child).columns[1]?.foreignKeys[0];
    expect(key?.column).toBe(own);
    table("t", { id: integer().primaryKey().comment("said anew") }, { metadata, extendExisting: true });
    expect(key?.column).toBe(first.c.id);
    expect(key?.column).not.toBe(own);
    expect(create(first, "postgresql")).toContain("b INTEGER NOT NULL");
    expect(create(first, "postgresql")).toContain("CONSTRAINT b_positive CHECK");
    await metadata.dropAll(engine);
    await metadata.createAll(engine);
    await engine.begin(async (c) => {
      await c.execute(insert(more).values({ a: "long enough" }));
      expect((await c.execute(select(first)).one())[0]).toEqual({ id: 1, a: "long enough", b: 7 });
      // Made before, and run before.
      expect((await c.execute(whole).one())[0]).toMatchObject({ id: 1, a: "long enough" });
    });
    expect(() =>
      table(
        "t",
        { id: integer(), wrong: integer() },
        { metadata, extendExisting: true, primaryKey: ["nope" as never] },
      ),
    ).toThrow(/primaryKey names 'nope'/);
    expect(tableOf(first).columns.length).toBe(3);
  });
  it("copies tables with everything, under another schema if wanted; null is no schema at all", () => {
    const metadata = new MetaData({ schema: "s" });
    table("p", { id: integer().primaryKey().comment("key").doc("for people").info({ a: 1 }) }, { metadata });
    table("q", { id: integer().primaryKey().references("p.id") }, { metadata });
    const blank = tableOf(table("r", { id: integer().primaryKey() }, { metadata, schema: null }));
    expect(blank.fullName).toBe("r");
    const copy = new MetaData();
    metadata.toMetaData(copy, { schema: "other" });
    expect([...copy.tables.keys()]).toEqual(["other.p", "other.q", "other.r"]);
    expect(copy.table("other.p").columns[0]?.fields).toMatchObject({
      comment: "key",
      doc: "for people",
      info: { a: 1 },
    });
    expect(copy.table("other.q").columns[0]?.foreignKeys[0]?.column.table.fullName).toBe("other.p");
  });
  it("copies views, functions and triggers; a view of a select reads the copies, wherever they stand in it", () => {
    const metadata = new MetaData();
    const users = table(
      "users",
      { id: integer().primaryKey(), boss: integer().nullable(), name: text() },
      { metadata },
    );
    const adults = selectView("adults", select(users.c.id, users.c.name).where(users.c.id.gt(1)), { metadata });
    const chiefs = alias(users, "chiefs");
    const inner = select(users.c.boss).where(users.c.name.ne("x")).subquery("inner_part");
    const first = select(users.c.id).where(users.c.boss.isNull()).cte("tree", { recursive: true });
    const tree = first.unionAll(select(users.c.id).join(first, users.c.boss.eq(first.c.id)));
    const deep = select(adults.c.name, chiefs.c.name.as("chief"), tree.c.id.as("node"))
      .join(chiefs, chiefs.c.id.eq(adults.c.id))
      .join(inner, inner.c.boss.eq(chiefs.c.id))
      .join(tree, tree.c.id.eq(adults.c.id));
    selectView("deep", deep, { metadata });
    const touch = storedFunction("touch", "n integer", "RETURNS integer LANGUAGE sql AS $$ SELECT n $$", { metadata });
    view("plain", "SELECT 1 AS one", { metadata, dependsOn: [touch] });
    trigger("t", "users", "BEFORE UPDATE", "FOR EACH ROW EXECUTE FUNCTION f()", { metadata });
    const copy = new MetaData();
    metadata.toMetaData(copy, { schema: "other" });
    const made = (m: MetaData) =>
      m.objects.flatMap((o) => dialectNamed("postgresql").createDdlCompiler().statements(new CreateStoredObject(o)));
    const expected = made(metadata).map((ddl) =>
      ddl
        .replace(/(VIEW|FUNCTION|ON) (?=adults|deep|plain|touch|users)/g, "$1 other.")
        .replace(/(FROM|JOIN) (users|adults)/g, "$1 other.$2")
        .replace(/(?<![.\w])(users|adults)\./g, "other.$1."),
    );
    expect(made(copy)).toEqual(expected);
    expect(copy.objects.map((o) => o.name)).toEqual(metadata.objects.map((o) => o.name));
    expect(copy.objects.find((o) => o.name === "plain")?.dependsOn[0]).toBe(
      copy.objects.find((o) => o.name === "touch"),
    );
    metadata.toMetaData(copy, { schema: "other" });
    expect(copy.objects.length).toBe(metadata.objects.length);
  });
});

describeEachDatabase("schema objects", (target) => {
  let engine: Engine;
  const metadata = new MetaData();
  const users = table("users", { id: integer().primaryKey(), name: string(20), age: integer() }, { metadata });
  // Declared before the view it reads: the order is that of the reading.
  const kids = view("z_kids", "select name from users where age < 18");
  view("b_named", "select upper(name) as shout from z_kids", { metadata, dependsOn: [kids], columns: ["loud"] });
  metadata.addObject(kids);
  const adults = selectView("a_adults", select(users.c.id, users.c.name).where(users.c.age.ge(18)), { metadata });
  const initials = selectView("c_initials", select(func.upper(adults.c.name).as("initial")).where(adults.c.id.gt(0)), {
    metadata,
  });
  const aged = selectView("d_aged", select(adults.c.name).where(adults.c.name.ne("x")), { metadata, columns: ["who"] });
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await metadata.createAll(engine);
    await metadata.createAll(engine);
    await engine.begin((c) =>
      c.execute(
        insert(users).values([
          { name: "ada", age: 36 },
          { name: "bob", age: 12 },
        ]),
      ),
    );
  });
  afterAll(async () => {
    await metadata.dropAll(engine);
    await metadata.dropAll(engine);
    expect(await engine.begin((c) => inspect(c).viewNames())).toEqual([]);
    await engine.dispose();
  });
  const rows = (statement: unknown) =>
    engine.begin(async (c) => (await c.execute(statement as never).all()).map((r) => [...(r as unknown as unknown[])]));

  it("creates views after tables and the views they read, and reads from them with types", async () => {
    expect(await rows(select(adults.c.name))).toEqual([["ada"]]);
    expect(await rows(select(initials.c.initial))).toEqual([["ADA"]]);
    expect(await rows(sql`select loud from b_named`)).toEqual([["BOB"]]);
    expect(await rows(select(aged.c.name))).toEqual([["ada"]]);
    const names = ["a_adults", "b_named", "c_initials", "d_aged", "z_kids"];
    expect(await engine.begin((c) => inspect(c).viewNames())).toEqual(names);
    expect(metadata.objects.map((o) => o.name)).toEqual(["z_kids", "b_named", "a_adults", "c_initials", "d_aged"]);
    expect(viewOf(adults)).toBe(metadata.objects[2]);
    expect(() => viewOf(users)).toThrow(/selectView/);
    expect(() => view("a_adults", "select 1", { metadata })).toThrow(/'a_adults' is declared twice/);
    expect([...metadata.tables.keys()]).toEqual(["users"]);
  });
  it("makes a table of a query", async () => {
    const copy = select(users.c.id, users.c.name).where(users.c.name.eq("ada")).into('it\'s a "copy"');
    await engine.begin((c) => c.execute(copy));
    expect(await rows(select((copy.table as never as typeof users).c.name))).toEqual([["ada"]]);
    await engine.begin((c) => c.executeScript(`drop table ${engine.dialect.quote('it\'s a "copy"')}`));
    const temporary = select(users.c.id).into("temp_copy", { temporary: true });
    await engine.begin(async (c) => {
      await c.execute(temporary);
      expect((await c.execDriverSql("select count(*) from temp_copy").one())[0]).toBeOneOf([2, 2n]);
      const inspector = inspect(c);
      // MariaDB does not show temporary tables in its catalogue.
      expect(await inspector.tempTableNames()).toEqual(target.family === "mysql" ? [] : ["temp_copy"]);
      expect(await inspector.tempViewNames()).toEqual([]);
      await c.executeScript("drop table temp_copy");
    });
  });
  it("draws keys from a sequence where there are sequences, and from the database elsewhere", async () => {
    const own = new MetaData();
    const tickets = new Sequence("Ticket Numbers", { start: 1000, increment: 5 });
    const t = table(
      "tickets",
      { id: integer().primaryKey().default(tickets), n: integer().nullable() },
      { metadata: own },
    );
    await own.createAll(engine);
    try {
      await engine.begin((c) => c.execute(insert(t).values([{ n: 1 }, { n: 2 }])));
      const { sequences } = engine.dialect.capabilities;
      expect(await rows(select(t.c.id).orderBy(t.c.id))).toEqual(sequences ? [[1000], [1005]] : [[1], [2]]);
      if (sequences) expect(await rows(select(tickets.nextValue()))).toEqual([[1010n]]);
      else await expect(rows(select(tickets.nextValue()))).rejects.toThrow(/has no sequences/);
    } finally {
      await own.dropAll(engine);
    }
    if (!engine.dialect.capabilities.sequences) return;
    const left = await engine.begin((c) => inspect(c).sequences());
    expect(left.filter((s) => s.ownedBy === undefined)).toEqual([]);
  });
  it("calls a default once per row with what was given for it, and onUpdate only beside other columns", async () => {
    const own = new MetaData();
    const seen: unknown[] = [];
    let calls = 0;
    const t = table(
      "defaults",
      {
        id: integer().primaryKey(),
        a: integer(),
        twice: integer().default((row) => {
          seen.push(row["a"]);
          return (row["a"] as number) * 2;
        }),
        touched: integer()
          .default(0)
          .onUpdate((row) => {
            calls++;
            return ((row["a"] as number | undefined) ?? 100) + 1;
          }),
      },
      { metadata: own },
    );
    await own.createAll(engine);
    try {
      await engine.begin((c) =>
        c.execute(
          insert(t).values([
            { id: 1, a: 1 },
            { id: 2, a: 2 },
            { id: 3, a: 3 },
          ]),
        ),
      );
      expect(seen).toEqual([1, 2, 3]);
      const all = select(t.c.twice, t.c.touched).orderBy(t.c.id);
      expect(await rows(all)).toEqual([
        [2, 0],
        [4, 0],
        [6, 0],
      ]);
      await engine.begin(async (c) => {
        await c.execute(update(t).set({ a: 7 }).where(t.c.id.eq(1)));
        await c.execute(update(t).set({ a: 8, touched: 5 }).where(t.c.id.eq(2)));
      });
      expect(calls).toBe(1);
      expect((await rows(all)).map((r) => r[1])).toEqual([8, 5, 0]);
    } finally {
      await own.dropAll(engine);
    }
  });
  it("shows every reflected column to a listener, which may give it another key or type", async () => {
    const reflected = new MetaData();
    reflected.onColumnReflect((column, of) =>
      of.name === "users" ? { ...column, key: `x_${column.name}`, info: { from: of.name } } : undefined,
    );
    const [t] = await reflected.reflect(engine, { only: ["users"] });
    expect(t?.columns.map((c) => [c.key, c.columnName, c.fields.info])).toEqual([
      ["x_id", "id", { from: "users" }],
      ["x_name", "name", { from: "users" }],
      ["x_age", "age", { from: "users" }],
    ]);
    expect(t?.primaryKey.map((c) => c.key)).toEqual(["x_id"]);
  });
  it("keeps what an inspector has read until it is told to forget", async () => {
    await engine.begin(async (c) => {
      let statements = 0;
      const counted = new Proxy(c, {
        get(of, name) {
          const value = Reflect.get(of, name, of) as unknown;
          if (name === "execute") {
            return (...args: Parameters<typeof of.execute>) => {
              statements++;
              return of.execute(...args);
            };
          }
          return typeof value === "function" ? value.bind(of) : value;
        },
      });
      const inspector = inspect(counted);
      await inspector.columns("users");
      const once = statements;
      expect(once).toBeGreaterThan(0);
      await inspector.columns("users");
      await inspector.indexes("users");
      expect(statements).toBe(once);
      inspector.clearCache();
      await inspector.columns("users");
      expect(statements).toBe(2 * once);
    });
  });
});

describeEachDatabase(
  "exclusion constraints",
  (target) => {
    it("hold, and are read back as they were made", async () => {
      const engine = createEngine(await target.url());
      try {
        const metadata = new MetaData();
        const bookings = table(
          "bookings",
          { id: integer().primaryKey(), during: pg.int4range(), open: integer() },
          { metadata, constraints: (c) => [pg.exclude("no_overlap", [[c.during, "&&"]], { where: "open > 0" })] },
        );
        await metadata.createAll(engine);
        const book = (range: unknown) =>
          engine.begin((c) => c.execDriverSql(`insert into bookings (during, open) values ('${range}', 1)`));
        await book("[1,5)");
        await expect(book("[4,6)")).rejects.toMatchObject({ constraint: "no_overlap" });
        const [there] = (await engine.begin((c) => inspect(c).tables())) ?? [];
        expect(there?.excludes).toEqual([
          {
            name: "no_overlap",
            using: "gist",
            elements: [{ column: "during", sql: "during", operator: "&&" }],
            where: "open > 0",
            deferrable: undefined,
            initially: undefined,
          },
        ]);
        const again = new MetaData();
        const [reflected] = await again.reflect(engine);
        const line = (t: unknown) =>
          create(t, target.name)
            .split("\n")
            .find((l) => l.includes("EXCLUDE"));
        expect(line(reflected)).toBe(line(bookings));
      } finally {
        await engine.dispose();
      }
    });
    it("makes materialized views with the tables", async () => {
      const engine = createEngine(await target.url());
      try {
        const metadata = new MetaData();
        const t = table("t", { id: integer().primaryKey() }, { metadata });
        selectView("kept", select(func.count().as("n")).selectFrom(t), { metadata, materialized: true });
        await metadata.createAll(engine);
        expect(await engine.begin((c) => inspect(c).views())).toMatchObject([{ name: "kept", materialized: true }]);
        await metadata.dropAll(engine);
        expect(await engine.begin((c) => inspect(c).views())).toEqual([]);
      } finally {
        await engine.dispose();
      }
    });
    it("reads system columns without creating them", async () => {
      const engine = createEngine(await target.url());
      try {
        const metadata = new MetaData();
        const t = table("t", { id: integer().primaryKey(), ctid: text().system() }, { metadata });
        expect(create(t, target.name)).not.toContain("ctid");
        await metadata.createAll(engine);
        await engine.begin(async (c) => {
          await c.execute(insert(t).values({ id: 1 }));
          expect((await c.execute(select(t.c.ctid)).one())[0]).toBe("(0,1)");
        });
      } finally {
        await engine.dispose();
      }
    });
  },
  { only: ["postgresql"] },
);
