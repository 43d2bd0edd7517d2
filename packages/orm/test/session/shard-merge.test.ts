/**
 * What is asked of several shards is answered as one database would: the same rows are kept in one database beside the
 * shards, and every statement is sent to both. What cannot be put together is refused.
 */
import {
  bigInteger,
  boolean,
  createEngine,
  dateTime,
  type Element,
  type Engine,
  enumeration,
  exists,
  func,
  insert,
  integer,
  json,
  literal,
  numeric,
  select,
  sql,
  string,
  update,
} from "@athanor/core";
import {
  containsEager,
  declarativeBase,
  joinedLoad,
  manyToOne,
  oneToMany,
  Session,
  selectinLoad,
  setShardId,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const Base = declarativeBase();
class City extends Base("City", {
  id: integer().primaryKey(),
  name: string(40).nullable(),
  people: integer().nullable(),
  area: numeric(20, 4).nullable(),
  big: bigInteger().nullable(),
  founded: dateTime().nullable(),
  coastal: boolean(),
  kind: enumeration("town", "city", "capital"),
  extra: json().nullable(),
  get streets() {
    return oneToMany(Street, { backPopulates: "city" });
  },
}) {}
class Street extends Base("Street", {
  id: integer().primaryKey(),
  name: string(40),
  cityId: integer().references("city.id"),
  get city() {
    return manyToOne(City, { backPopulates: "streets" });
  },
}) {}

class Word extends Base("Word", { id: integer().primaryKey(), text: string(40) }) {}

const NAMES = [
  "Oslo",
  "oslo",
  "Ålesund",
  "zwolle",
  "Zagreb",
  "aachen",
  "B",
  "b",
  "10",
  "9",
  "écija",
  "Écija",
  "e",
  null,
];
const cities = Array.from({ length: 70 }, (_, i) => ({
  id: i + 1,
  name: NAMES[(i * 5) % NAMES.length] as string | null,
  people: i % 9 === 0 ? null : (i * 37) % 23,
  area: i % 7 === 0 ? null : `${((i * 61) % 40) - 20}.${String((i * 7919) % 10000).padStart(4, "0")}`,
  big: i % 8 === 0 ? null : 9007199254740993n + BigInt((i * 13) % 17),
  founded: i % 6 === 0 ? null : new Date(Date.UTC(1900 + ((i * 31) % 90), i % 12, 1, 12, 0, 0, i)),
  coastal: i % 3 === 0,
  kind: (["town", "city", "capital"] as const)[i % 3] as "town" | "city" | "capital",
  extra: null,
}));
const streets = cities.flatMap((c) =>
  Array.from({ length: c.id % 3 }, (_, k) => ({ id: c.id * 10 + k, name: `s${k}`, cityId: c.id })),
);

const words = Array.from({ length: 900 }, (_, i) => {
  const text = ((i * 7919) % 450).toString(36);
  return { id: i + 1, text: i % 2 === 0 ? text : `${text[0]?.toUpperCase()}${text.slice(1)}` };
});

describeEachDatabase("answers of several shards", (target) => {
  let whole: Engine;
  const shards: Engine[] = [];
  const sent: string[] = [];
  beforeAll(async () => {
    whole = createEngine(await target.url());
    for (let i = 0; i < 3; i++) shards.push(createEngine(await target.url()));
    for (const engine of [whole, ...shards]) await Base.metadata.createAll(engine);
    const fill = async (engine: Engine, mine: (cityId: number) => boolean) => {
      await using conn = await engine.connect();
      await conn.execute(insert(City), cities.filter((c) => mine(c.id)) as never);
      await conn.execute(insert(Street), streets.filter((s) => mine(s.cityId)) as never);
      await conn.execute(insert(Word), words.filter((w) => mine(w.id)) as never);
      await conn.commit();
    };
    await fill(whole, () => true);
    // The third shard is left empty.
    await fill(shards[0] as Engine, (id) => id % 5 < 2);
    await fill(shards[1] as Engine, (id) => id % 5 >= 2);
    for (const engine of shards) engine.on("statement", ({ sql }) => void sent.push(sql));
  });
  afterAll(async () => {
    for (const engine of [whole, ...shards]) {
      await Base.metadata.dropAll(engine);
      await engine.dispose();
    }
  });
  const open = () =>
    new Session({
      sharding: {
        shards: new Map(shards.map((engine, i) => [`s${i}`, engine])),
        shardChooser: () => "s0",
        identityChooser: () => ["s0", "s1", "s2"],
      },
    });
  /** The answer of the shards is that of the database that has all rows. */
  async function same(statement: Element): Promise<readonly unknown[]> {
    await using session = open();
    await using one = new Session(whole);
    const [found, wanted] = [await session.execute(statement).all(), await one.execute(statement).all()];
    const [a, b] = [found, wanted].map((rows) => rows.map((row) => [...(row as unknown as unknown[])]));
    expect(a).toEqual(b);
    expect(found.map((row) => (row as unknown as { toObject(): object }).toObject()).map(Object.keys)).toEqual(
      wanted.map((row) => (row as unknown as { toObject(): object }).toObject()).map(Object.keys),
    );
    return a as readonly unknown[];
  }

  const { c } = City;
  it("ORDER BY of every kind of value, NULL and texts under the column's collation included, with and without limits", async () => {
    for (const by of [c.people, c.area, c.big, c.founded, c.coastal, c.name, func.lower(c.name), c.kind]) {
      for (const [limit, offset] of [
        [null, 0],
        [7, 0],
        [10, 25],
        [500, 60],
        [0, 3],
      ] as const) {
        for (const descends of [false, true]) {
          let query = select(c.id, c.people).orderBy(descends ? by.desc() : by.asc(), c.id);
          if (limit !== null) query = query.limit(limit);
          if (offset > 0) query = query.offset(offset);
          if (offset > 0 && limit === null) continue;
          await same(query as never);
        }
      }
    }
  });
  it("NULLS FIRST and LAST, expressions, labels, several keys of other directions", async () => {
    const double = c.people.add(c.people).as("twice");
    await same(select(c.id).orderBy(c.people.desc().nullsLast(), c.name.asc().nullsFirst(), c.id.desc()) as never);
    await same(select(c.id).orderBy(c.name.desc().nullsFirst(), c.area, c.id).limit(20) as never);
    await same(select(double, c.id).orderBy(double, c.id).limit(30) as never);
    await same(select(c.name).orderBy(c.name, c.id).limit(12) as never);
    await same(select(c.id, c.id.as("id")).orderBy(c.people, c.id).limit(12) as never);
  });
  it("more texts than one statement puts in order are merged in rounds", async () => {
    await same(select(Word.c.text, Word.c.id).orderBy(Word.c.text, Word.c.id) as never);
    await same(select(Word.c.id).orderBy(Word.c.text.desc(), Word.c.id).limit(300).offset(310) as never);
  });
  it("entities with their eager loads come in order, from the identity map too", async () => {
    await using session = open();
    const query = select(City).orderBy(c.name.desc(), c.id).limit(9).offset(4);
    await using one = new Session(whole);
    const wanted = (await one.scalars(query).all()).map((x) => x.id);
    const [first] = await session.scalars(select(City).where(c.id.eq(wanted[3] as number))).all();
    // What the session holds unflushed does not move a row.
    await session.noAutoflush(async () => {
      (first as City).name = "changed";
      for (const options of [[], [selectinLoad(c.streets)], [joinedLoad(c.streets)]]) {
        const found = await session.scalars(query.options(...(options as []))).all();
        expect(found.map((x) => x.id)).toEqual(wanted);
        expect(found[3]).toBe(first);
        if (options.length > 0)
          expect(found.map((x) => (x as unknown as { streets: { length: number } }).streets.length)).toEqual(
            found.map((x) => x.id % 3),
          );
      }
    });
  });
  it("each shard is asked for no more rows than may be needed; numbers need no further statement, texts one", async () => {
    await using session = open();
    sent.length = 0;
    await session.scalars(select(City).orderBy(c.id).limit(5).offset(2)).all();
    const selects = () => sent.splice(0).filter((s) => /^\s*SELECT/i.test(s));
    const one = selects();
    expect(one).toHaveLength(3);
    expect(one.every((s) => /LIMIT/.test(s) && !/OFFSET/.test(s))).toBe(true);
    await session.scalars(select(City).orderBy(c.name).limit(5)).all();
    expect(selects()).toHaveLength(4);
    await session.scalars(select(City).orderBy(c.name).limit(5).options(setShardId("s1"))).all();
    expect(selects()).toHaveLength(1);
  });
  it("count, sum, min, max and exists are those of all rows", async () => {
    expect(await same(select(func.count()).selectFrom(City) as never)).toEqual([[70]]);
    await same(
      select(
        func.count(c.people).as("n"),
        func.sum(c.people),
        func.sum(c.area).as("areas"),
        func.min(c.name),
        func.max(c.name),
        func.min(c.area),
        func.max(c.founded),
        func.max(c.big),
        func.count().filter(c.coastal),
      ) as never,
    );
    expect(await same(select(func.count(c.id), func.max(c.people)).where(c.id.lt(0)) as never)).toEqual([[0, null]]);
    await using session = open();
    for (const [id, there] of [
      [6, true],
      [7, true],
      [99, false],
    ] as const)
      expect(await session.scalar(select(exists(select(c.id).where(c.id.eq(id)))))).toBe(there);
    expect(await session.query(City).where(c.people.isNull()).count()).toBe(8);
    expect((await session.query(City).orderBy(c.id.desc()).first())?.id).toBe(70);
    expect(await session.query(City).where(City.c.streets.any()).count()).toBe(cities.filter((x) => x.id % 3).length);
  });
  it("queries tied to a row, relationships and UNION ALL are right on every shard", async () => {
    const many = select(func.count()).selectFrom(Street).where(Street.c.cityId.eq(c.id)).scalar();
    await same(select(c.id, many.as("streets")).orderBy(many.desc(), c.id).limit(11) as never);
    await same(select(c.id).where(c.streets.any()).orderBy(c.id) as never);
    const both = select(c.id).where(c.id.lt(4)).unionAll(select(Street.c.id)).subquery("ids");
    await same(select(both.c.id).orderBy(both.c.id).limit(20) as never);
    await using session = open();
    expect(await session.execute(select(c.id).unionAll(select(c.id))).all()).toHaveLength(140);
  });

  describe("what the answers of single shards do not give", () => {
    const refused: readonly (readonly [string, RegExp, () => unknown])[] = [
      ["GROUP BY", /GROUP BY/, () => select(c.coastal, func.count()).groupBy(c.coastal)],
      ["DISTINCT", /DISTINCT compares/, () => select(c.coastal).distinct()],
      ["HAVING", /HAVING/, () => select(func.count()).selectFrom(City).having(func.count().gt(1))],
      ["avg", /a sum\(\) beside a count\(\)/, () => select(func.avg(c.people))],
      ["an expression of totals", /each as an item of its own/, () => select(func.max(c.people).add(1))],
      ["a total beside a column", /each as an item of its own/, () => select(c.id, func.count())],
      ["count(distinct)", /count\(DISTINCT/, () => select(func.count(c.people).distinct())],
      ["a window", /window function/, () => select(c.id, func.rowNumber().over({ orderBy: c.id }))],
      [
        "an unknown function alone",
        /my_total\(\) is a function over many rows/,
        () => select(func.call("my_total", integer(), c.id)),
      ],
      ["SQL text", /SQL text/, () => sql`SELECT count(*) FROM city`],
      ["SQL text in a select list", /SQL text/, () => select(sql`count(*)`.as(integer())).selectFrom(City)],
      ["SQL text in ORDER BY", /SQL text/, () => select(c.id).orderBy(sql`2`.as(integer())).selectFrom(City)],
      ["a select without a table", /reads no table/, () => select(literal(1, integer()))],
      ["UNION", /UNION compares/, () => select(c.id).union(select(Street.c.id))],
      ["a sorted UNION ALL", /subquery\(\) instead/, () => select(c.id).unionAll(select(c.id)).limit(3)],
      ["ORDER BY documents", /values of the type json/, () => select(c.id).orderBy(c.extra)],
      [
        "a total in a criterion",
        /inside of it an aggregate/,
        () => select(c.id).where(c.people.eq(select(func.max(c.people)).scalar())),
      ],
      [
        "a limited subquery",
        /LIMIT and OFFSET/,
        () => {
          const some = select(c.id).limit(3).subquery("some");
          return select(some.c.id);
        },
      ],
      [
        "count() of DISTINCT rows",
        /DISTINCT compares/,
        () => {
          const some = select(c.coastal).distinct().subquery("some");
          return select(func.count()).selectFrom(some);
        },
      ],
      [
        "containsEager() of a collection under LIMIT",
        /containsEager/,
        () => select(City).join(c.streets).options(containsEager(c.streets)).orderBy(c.id).limit(3),
      ],
      [
        "an UPDATE with a total",
        /inside of it an aggregate/,
        () =>
          update(City)
            .set({ people: 1 })
            .where(c.people.eq(select(func.max(Street.c.id)).scalar())),
      ],
    ];
    for (const [name, message, make] of refused)
      it(name, async () => {
        await using session = open();
        const statement = make() as Element;
        await expect(session.execute(statement).all()).rejects.toThrow(message);
        await expect(session.execute(statement).all()).rejects.toThrow(/3 shards \(s0, s1, s2\).*eachShard/);
      });
  });
  it("one shard answers anything; each for itself when that is said", async () => {
    await using session = open();
    const grouped = select(c.coastal, func.count()).groupBy(c.coastal);
    expect(await session.execute(grouped.executionOptions({ shardId: "s0" })).all()).toHaveLength(2);
    expect(await session.execute(grouped.options(setShardId("s1"))).all()).toHaveLength(2);
    expect(await session.execute(grouped.executionOptions({ eachShard: true })).all()).toHaveLength(4);
    expect(
      await session.execute(sql`SELECT count(*) FROM city`.executionOptions({ shardId: "s2" })).all(),
    ).toHaveLength(1);
    const counts = await session.scalars(sql`SELECT count(*) FROM city`.executionOptions({ eachShard: true })).all();
    expect(counts.map(Number)).toEqual([28, 42, 0]);
    await expect(session.execute(grouped.executionOptions({ shardId: "mars" })).all()).rejects.toThrow(
      /no shard "mars"/,
    );
  });
});
