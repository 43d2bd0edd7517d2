// Enumerations, serialised values, documents with their three nulls, SQLite's own: what is stored and what is read.
import { describeEachDatabase } from "@athanor/test-support";
import { describe, expect, it } from "vitest";
import {
  bigInteger,
  createEngine,
  dateTime,
  dialectNamed,
  type Engine,
  enumeration,
  enumOf,
  func,
  insert,
  inspect,
  integer,
  json,
  jsonNull,
  MetaData,
  numeric,
  pg,
  select,
  serialized,
  sqlite,
  string,
  table,
  tableOf,
  uuid,
} from "../../src/index.js";

const Size = { small: 1, large: Symbol.for("large") } as const;
// What a numeric enum of TypeScript is at run time: names to numbers, and back.
const Level = { low: 1, high: 2, 1: "low", 2: "high" } as const;

describeEachDatabase("values of one's own", (target) => {
  const run = async (metadata: MetaData, work: (engine: Engine) => Promise<void>) => {
    const engine = createEngine(await target.url());
    try {
      await metadata.createAll(engine);
      await work(engine);
    } finally {
      await engine.dispose();
    }
  };
  it("stores members by name and reads their values; an unknown name is an error that names it", async () => {
    const metadata = new MetaData();
    const t = table(
      "t",
      {
        id: integer().primaryKey(),
        size: enumOf(Size).nullable(),
        level: enumOf(Level as { low: 1; high: 2 }).nullable(),
      },
      { metadata },
    );
    await run(metadata, async (engine) => {
      await engine.begin(async (c) => {
        await c.execute(
          insert(t).values([
            { id: 1, size: Size.large, level: Level.high },
            { id: 2, size: null, level: 1 },
          ]),
        );
        expect(
          (await c.execDriverSql("select size, level from t order by id").all()).map((r) => [
            ...(r as never as unknown[]),
          ]),
        ).toEqual([
          ["large", "high"],
          [null, "low"],
        ]);
        expect((await c.execute(select(t.c.size).orderBy(t.c.id)).all()).map((r) => r[0])).toEqual([Size.large, null]);
        expect((await c.execute(select(t.c.id).where(t.c.level.eq(2))).one())[0]).toBe(1);
      });
      await expect(engine.begin((c) => c.execute(insert(t).values({ id: 3, size: "large" as never })))).rejects.toThrow(
        /"large" is not the value of one of the members small, large/,
      );
      await engine.begin((c) => c.executeScript("insert into t (id, size) values (9, 'huge')"));
      await expect(engine.begin((c) => c.execute(select(t.c.size).where(t.c.id.eq(9))).all())).rejects.toThrow(
        /holds "huge", which is not among the values of the enum small, large/,
      );
    });
  });
  it("reads an unknown value of a list of strings as an error too", async () => {
    const metadata = new MetaData();
    const t = table("t", { id: integer().primaryKey(), kind: enumeration(["a", "b"], { length: 10 }) }, { metadata });
    await run(metadata, async (engine) => {
      await engine.begin((c) => c.executeScript("insert into t (id, kind) values (1, 'zzz')"));
      await expect(engine.begin((c) => c.execute(select(t.c.kind)).all())).rejects.toThrow(/"zzz", which is not among/);
    });
    expect(() => enumeration(["abc"], { length: 2 })).toThrow(/longer than the length 2/);
  });
  it("keeps any value as bytes", async () => {
    const metadata = new MetaData();
    const value: Map<string, unknown> = new Map<string, unknown>([
      ["d", new Date(5)],
      ["s", new Set([1n])],
      ["u", new Uint8Array([1, 2])],
    ]);
    value.set("self", value);
    const t = table(
      "t",
      { id: integer().primaryKey(), v: serialized<Map<string, unknown>>().nullable() },
      { metadata },
    );
    await run(metadata, async (engine) => {
      await engine.begin(async (c) => {
        await c.execute(
          insert(t).values([
            { id: 1, v: value },
            { id: 2, v: null },
          ]),
        );
        const [read, none] = (await c.execute(select(t.c.v).orderBy(t.c.id)).all()).map((r) => r[0]);
        expect(read?.get("self")).toBe(read);
        expect([read?.get("d"), read?.get("s")]).toEqual([new Date(5), new Set([1n])]);
        expect(none).toBeNull();
      });
    });
  });
  // SQLAlchemy: none_as_null, JSON.NULL, null(); json_serializer and json_deserializer.
  it("tells three nulls apart, and writes documents the way it is told", async () => {
    const metadata = new MetaData();
    const revive = (text: string) =>
      JSON.parse(text, (_, v) => (typeof v === "string" && /^\d+n$/.test(v) ? BigInt(v.slice(0, -1)) : v)) as unknown;
    const t = table(
      "t",
      {
        id: integer().primaryKey(),
        plain: json<unknown>().nullable(),
        asJson: json<unknown>({ nullAs: "json" }).nullable(),
        big: json<unknown>({
          serializer: (v) => JSON.stringify(v, (_, x) => (typeof x === "bigint" ? `${x}n` : x)),
          deserializer: revive,
        }).nullable(),
      },
      { metadata },
    );
    await run(metadata, async (engine) => {
      await engine.begin(async (c) => {
        await c.execute(
          insert(t).values([
            { id: 1, plain: null, asJson: null, big: { n: 2n ** 60n } },
            { id: 2, plain: jsonNull, asJson: { a: 1 }, big: jsonNull },
          ]),
        );
        await c.execute(insert(t).values({ id: 3 }));
        const isNull = async (column: string) =>
          (await c.execDriverSql(`select id from t where ${column} is null order by id`).all()).map((r) =>
            Number(r[0]),
          );
        expect(await isNull("plain")).toEqual([1, 3]);
        expect(await isNull("as_json")).toEqual([3]);
        expect((await c.execute(select(t.c.plain).orderBy(t.c.id)).all()).map((r) => r[0])).toEqual([null, null, null]);
        expect((await c.execute(select(t.c.big).orderBy(t.c.id)).all()).map((r) => r[0])).toEqual([
          { n: 2n ** 60n },
          null,
          null,
        ]);
      });
    });
  });
});

describeEachDatabase(
  "an enumeration that is a type",
  (target) => {
    // SQLAlchemy: a named ENUM is created with the first table that needs it and dropped with all of them.
    it("comes with the first of its tables and goes with the last", async () => {
      const engine = createEngine(await target.url());
      try {
        const metadata = new MetaData();
        const mood = () => enumeration(["ok", "it's"], { name: "mood", native: true });
        const a = table("a", { id: integer().primaryKey(), m: mood() }, { metadata });
        table("b", { id: integer().primaryKey(), m: mood() }, { metadata });
        const names = async () => (await engine.begin((c) => inspect(c).enums())).map((e) => e.name);
        await metadata.createAll(engine, { tables: [tableOf(a)] });
        expect(await names()).toEqual(["mood"]);
        await metadata.createAll(engine);
        await metadata.dropAll(engine, { tables: [tableOf(a)] });
        expect(await names()).toEqual(["mood"]);
        await metadata.dropAll(engine);
        expect(await names()).toEqual([]);
      } finally {
        await engine.dispose();
      }
    });
    // Each of these fails on the server without its cast: "could not determine data type", or text where a number is needed.
    it("sends parameters with the casts a strict server asks for", async () => {
      const engine = createEngine(await target.url());
      try {
        const t = table(
          "t",
          { a: bigInteger(), b: numeric(10, 2), c: dateTime(), d: uuid(), e: pg.jsonb<unknown>(), f: pg.int4range() },
          { metadata: new MetaData() },
        );
        const sql = dialectNamed("postgresql")
          .createCompiler(new Map())
          .compile(
            insert(t).values({ a: 1n, b: "1", c: new Date(0), d: "0".repeat(32), e: {}, f: null as never }) as never,
          ).sql;
        expect(sql).toContain(
          "$1::BIGINT, $2::NUMERIC, $3::TIMESTAMP WITHOUT TIME ZONE, $4::UUID, $5::JSONB, $6::INT4RANGE",
        );
        const { literal } = await import("../../src/index.js");
        await engine.begin(async (c) => {
          const row = await c
            .execute(
              select(
                func.coalesce(literal(1n, bigInteger()), literal(2n, bigInteger())).as("n"),
                func.coalesce(literal("x", string()), literal("y", string())).as("s"),
                literal("1.50", numeric(10, 2)).add(literal("1", numeric())).as("d"),
              ),
            )
            .one();
          expect([...(row as never as unknown[])]).toEqual([1n, "x", "2.50"]);
        });
      } finally {
        await engine.dispose();
      }
    });
  },
  { only: ["postgresql"] },
);

describe("SQLite's own", () => {
  it("keeps documents in its binary form", async () => {
    const engine = createEngine("sqlite://");
    const metadata = new MetaData();
    const t = table("t", { id: integer().primaryKey(), doc: sqlite.jsonb<{ a: number[] }>().nullable() }, { metadata });
    await metadata.createAll(engine);
    await engine.begin(async (c) => {
      await c.execute(
        insert(t).values([
          { id: 1, doc: { a: [1, 2] } },
          { id: 2, doc: null },
        ]),
      );
      expect((await c.execDriverSql("select typeof(doc) from t order by id").all()).map((r) => r[0])).toEqual([
        "blob",
        "null",
      ]);
      expect((await c.execute(select(t.c.doc).orderBy(t.c.id)).all()).map((r) => r[0])).toEqual([{ a: [1, 2] }, null]);
      expect((await c.execute(select(t).where(t.c.id.eq(1))).one())[0]).toEqual({ id: 1, doc: { a: [1, 2] } });
      const [reflected] = await inspect(c).tables();
      expect(String(reflected?.columns[1]?.type)).toBe("sqlite.jsonb[JSONB]");
    });
    await engine.dispose();
  });
  it("writes dates in the form another program uses", async () => {
    const engine = createEngine("sqlite://");
    const metadata = new MetaData();
    const t = table(
      "t",
      {
        id: integer().primaryKey(),
        at: sqlite.dateTime({ format: "%Y/%m/%d %H-%M-%S.%f" }),
        day: sqlite.date({ format: "%d.%m.%Y" }),
        hour: sqlite.time({ format: "%H%M%S" }),
      },
      { metadata },
    );
    await metadata.createAll(engine);
    const row = { id: 1, at: new Date("2024-02-29T01:02:03.004Z"), day: "2024-02-29", hour: "23:59:01" };
    await engine.begin(async (c) => {
      await c.execute(insert(t).values(row));
      expect([
        ...((await c.execDriverSql("select at || '', day || '', hour || '' from t").one()) as never as unknown[]),
      ]).toEqual(["2024/02/29 01-02-03.004000", "29.02.2024", "235901"]);
      expect((await c.execute(select(t)).one())[0]).toEqual(row);
      await c.executeScript("update t set day = '2024-02-29'");
      await expect(c.execute(select(t.c.day)).all()).rejects.toThrow(/has not the form '%d.%m.%Y'/);
    });
    expect(() => sqlite.date({ format: "%d.%m" })).toThrow(/would lose its %Y/);
    expect(() => sqlite.date({ format: "%Q" })).toThrow(/'%Q' in the form/);
    await engine.dispose();
  });
  it("calls functions of the program's own, also in an index", async () => {
    const engine = createEngine("sqlite://", {
      connectArgs: {
        functions: {
          slug: { call: (text: string) => text.toLowerCase().replaceAll(/\W+/g, "-"), deterministic: true },
          many: (...args: unknown[]) => args.length,
        },
      },
    });
    await engine.begin(async (c) => {
      await c.executeScript(
        "create table t (a text); insert into t values ('Héllo World!'); create index i on t (slug(a))",
      );
      expect((await c.execute(select(func.call("slug", string(), "A B"))).one())[0]).toBe("a-b");
      expect((await c.execDriverSql("select many(1, 2, 3)").one())[0]).toBe(3);
    });
    await engine.dispose();
    const broken = createEngine("sqlite://", { connectArgs: { functions: { x: 5 } } });
    await expect(broken.begin(async () => {})).rejects.toThrow(/'x' is no function/);
  });
});
