/**
 * 30: 21 names that are no plain words, as names of columns and of parameters, single and expanding; and NULL in an empty
 * list is false. After SQLAlchemy's testing/suite DifficultParametersTest and ExpandingBoundInTest.test_null_in_empty_set_is_false.
 * (Pairs of constructs that are equal or distinct by key: ../sql/cache.test.ts.)
 */
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  bindParam,
  type Condition,
  createEngine,
  type Engine,
  insert,
  integer,
  literal,
  MetaData,
  select,
  string,
  table,
  when,
} from "../../src/index.js";

const NAMES = [
  "boring",
  "per cent",
  "per % cent",
  "%percent",
  "par(ens)",
  "percent%(ens)yah",
  "col:ons",
  "_starts_with_underscore",
  "dot.s",
  "more :: %colons%",
  "_name",
  "___name",
  "[BracketsAndCase]",
  "42numbers",
  "percent%signs",
  "has spaces",
  "/slashes/",
  "more/slashes",
  "q?marks",
  "1param",
  "1col:on",
];

describeEachDatabase("30: difficult names of parameters", (target) => {
  const metadata = new MetaData();
  const many = table("many", { myid: integer().primaryKey(), name: string(50), desc: string(50) }, { metadata });
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await metadata.createAll(engine);
    await engine.begin((conn) =>
      conn.execute(
        insert(many).values(["a", "b", "c", "d"].map((name, i) => ({ myid: i + 1, name, desc: `${name}_desc` }))),
      ),
    );
  });
  afterAll(() => engine.dispose());

  it.each(NAMES)("%j: a column and a parameter of one name", async (name) => {
    const own = new MetaData();
    const t = table("t", { id: integer().primaryKey(), value: string(50).named(name) }, { metadata: own });
    await own.createAll(engine);
    try {
      await using conn = await engine.connect();
      await conn.execute(insert(t).values({ id: 1, value: "some name" }));
      expect(await conn.execute(select(t.c.value).where(t.c.value.eq("some name"))).scalar()).toBe("some name");
      const statement = select(t.c.value.as(name)).where(t.c.value.eq(bindParam(name, string())));
      const row = await conn.execute(statement, { [name]: "some name" } as never).one();
      expect((row as unknown as Record<string, unknown>)[name]).toBe("some name");
      const listed = select(t.c.value).where(t.c.value.in(["some name", "some other_name"]));
      expect(await conn.execute(listed).scalar()).toBe("some name");
      await conn.rollback();
    } finally {
      await own.dropAll(engine);
    }
  });
  it.each(NAMES)("%j: a parameter alone, single and expanding", async (name) => {
    await using conn = await engine.connect();
    const single = select(many.c.myid).where(many.c.name.eq(bindParam(name, string())));
    expect(await conn.execute(single, { [name]: "c" } as never).scalar()).toBe(3);
    const list = select(many.c.myid)
      .where(many.c.name.in(bindParam(name, string(), { expanding: true })))
      .orderBy(many.c.myid);
    expect(
      await conn
        .execute(list, { [name]: ["d", "a"] } as never)
        .scalars()
        .all(),
    ).toEqual([1, 4]);
  });
  it("NULL in an empty list is false, given at once and as a parameter", async () => {
    await using conn = await engine.connect();
    const none = literal(null, integer());
    const truth = (criterion: Condition, values: object = {}) =>
      conn
        .execute(select(when(criterion, literal(1, integer())).else(literal(0, integer())).as("x")), values as never)
        .scalar();
    expect(await truth(none.in([]))).toBe(0);
    expect(await truth(none.in(bindParam("foo", integer(), { expanding: true })), { foo: [] })).toBe(0);
  });
});
