/** `undefined` is an error wherever a value, a criterion or a name belongs: never "no filter", never NULL. Rule: issue 3. */
import { describeEachDatabase } from "@athanor/test-support";
import { describe, expect, it } from "vitest";
import * as core from "../../src/index.js";
import {
  AthanorError,
  alias,
  and,
  bindParam,
  createEngine,
  deleteFrom,
  func,
  insert,
  integer,
  literal,
  MetaData,
  not,
  or,
  pgFunc,
  select,
  sql,
  string,
  table,
  tableFunction,
  tuple,
  update,
  values,
  when,
} from "../../src/index.js";
import { orders, tags, users } from "./corpus/tables.js";

const u = users.c,
  t = tags.c;
// biome-ignore lint/suspicious/noExplicitAny: undefined goes where the types refuse it
const nothing = undefined as any;
const lists = table("lists", { id: integer().primaryKey(), l: core.array(string()) }, { metadata: new MetaData() });
const one = () => insert(tags).values({ name: "a" });

const OPERATORS: readonly (readonly [string, () => unknown])[] = [
  ...(
    [
      "eq",
      "ne",
      "lt",
      "le",
      "gt",
      "ge",
      "isDistinctFrom",
      "isNotDistinctFrom",
      "add",
      "sub",
      "mul",
      "div",
      "floorDiv",
      "mod",
      "bitAnd",
      "bitOr",
      "bitXor",
      "shiftLeft",
      "shiftRight",
    ] as const
  ).map((op) => [op, () => u.age[op](nothing)] as const),
  ...(
    [
      "like",
      "notLike",
      "ilike",
      "notIlike",
      "startsWith",
      "endsWith",
      "contains",
      "iStartsWith",
      "iEndsWith",
      "iContains",
      "regexpMatch",
      "match",
      "concat",
    ] as const
  ).map((op) => [op, () => u.name[op](nothing)] as const),
  ["regexpReplace pattern", () => u.name.regexpReplace(nothing, "x")],
  ["regexpReplace replacement", () => u.name.regexpReplace("x", nothing)],
  ["in", () => u.id.in(nothing)],
  ["in list", () => u.id.in([1, nothing])],
  ["notIn list", () => u.id.notIn([nothing])],
  ["in set", () => u.id.in(new Set([1, undefined]) as never)],
  ["between low", () => u.id.between(nothing, 1)],
  ["between high", () => u.id.between(1, nothing)],
  ["notBetween", () => u.id.notBetween(1, nothing)],
  ["op", () => u.id.op("+", nothing)],
  ["boolOp", () => u.id.boolOp("@@", nothing)],
  ["and", () => u.active.and(nothing)],
  ["or", () => u.active.or(nothing)],
  ["date add", () => u.created.add(nothing)],
  ["date sub", () => u.created.sub(nothing)],
  ["date diff", () => u.created.diff(nothing)],
  ["extract", () => u.created.extract(nothing)],
  ["document get", () => u.prefs.get(nothing)],
  ["array contains", () => lists.c.l.contains(nothing)],
  ["array overlaps", () => lists.c.l.overlaps(nothing)],
  ["array has", () => lists.c.l.has(nothing)],
  ["tuple eq", () => tuple(u.id, u.age).eq([1, nothing])],
  ["tuple in", () => tuple(u.id, u.age).in([[1, nothing]])],
  ["label", () => u.id.as(nothing)],
  ["collate", () => u.name.collate(nothing)],
];
const FUNCTIONS: readonly (readonly [string, () => unknown])[] = [
  ["and()", () => and(u.id.eq(1), nothing)],
  ["or()", () => or(u.id.eq(1), nothing)],
  ["not()", () => not(nothing)],
  ["exists()", () => core.exists(nothing)],
  ["when()", () => when(nothing, 1)],
  ["when().then", () => when(u.active, nothing)],
  ["else()", () => when(u.active, 1).else(nothing)],
  ["caseOf()", () => core.caseOf(nothing)],
  ["caseOf().when", () => core.caseOf(u.id).when(nothing, 1)],
  ["cast()", () => core.cast(nothing, integer())],
  ["cast() type", () => core.cast(u.id, nothing)],
  ["tryCast()", () => core.tryCast(nothing, integer())],
  ["typeCoerce()", () => core.typeCoerce(nothing, integer())],
  ["literal()", () => literal(nothing, integer())],
  ["literal() type", () => literal(1, nothing)],
  ["bindParam() value", () => bindParam("p", integer(), { value: nothing })],
  ["bindParam() name", () => bindParam(nothing, integer())],
  ["tuple()", () => tuple(u.id, nothing)],
  ["anyOf()", () => core.anyOf(nothing)],
  ["allOf()", () => core.allOf(nothing)],
  ["func argument", () => func.lower(nothing)],
  ["func second argument", () => func.coalesce(u.email, nothing)],
  ["func.call argument", () => func.call("f", integer(), nothing)],
  ["func filter", () => func.count(u.id).filter(nothing)],
  ["func over partition", () => func.count(u.id).over({ partitionBy: [nothing] })],
  ["func over order", () => func.count(u.id).over({ orderBy: [nothing] })],
  ["withinGroup()", () => func.mode().withinGroup(nothing)],
  ["aggregateOrderBy()", () => func.aggregateStrings(u.name, ",").aggregateOrderBy(nothing)],
  ["aggregateStrings separator", () => func.aggregateStrings(u.name, nothing)],
  ["sqlFunction argument", () => core.sqlFunction("f", { arguments: [integer()], returns: integer() })(nothing)],
  ["sqlFunction type", () => core.sqlFunction("f", { returns: nothing })],
  ["rollup()", () => core.rollup(nothing)],
  ["groupingSets()", () => core.groupingSets([nothing])],
  ["pgFunc.array()", () => pgFunc.array([1, nothing])],
  ["pgFunc.toTsvector()", () => pgFunc.toTsvector(nothing)],
  ["fromDmlColumn()", () => core.fromDmlColumn(nothing)],
  ["values()", () => values({ a: integer() }, [{ a: nothing }])],
  ["tableFunction argument", () => tableFunction("f", { a: integer() }, [nothing])],
  ["columnValued argument", () => core.columnValued("f", integer(), [nothing], "n")],
  ["tableSample()", () => core.tableSample(users, nothing)],
  ["alias()", () => alias(nothing)],
  ["sql tag", () => sql`select ${undefined}`],
  ["sql.join()", () => sql.join([nothing])],
  ["sql.text().bindParams()", () => sql.text("select :a").bindParams({ a: nothing })],
];
const CLAUSES: readonly (readonly [string, () => unknown])[] = [
  ["select()", () => select(nothing)],
  ["addColumns()", () => select(u.id).addColumns(nothing)],
  ["withOnlyColumns()", () => select(u.id).withOnlyColumns(nothing)],
  ["where()", () => select(u.id).where(nothing)],
  ["where() second", () => select(u.id).where(u.id.eq(1), nothing)],
  ["filter()", () => select(u.id).filter(nothing)],
  ["filterBy()", () => select(users).filterBy({ name: nothing })],
  ["filterBy() of nothing", () => select(users).filterBy(nothing)],
  ["having()", () => select(u.id).having(nothing)],
  ["orderBy()", () => select(u.id).orderBy(nothing)],
  ["groupBy()", () => select(u.id).groupBy(nothing)],
  ["distinct()", () => select(u.id).distinct(nothing)],
  ["limit()", () => select(u.id).limit(nothing)],
  ["offset()", () => select(u.id).offset(nothing)],
  ["fetch()", () => select(u.id).fetch(nothing)],
  ["slice()", () => select(u.id).slice(nothing, 3)],
  ["selectFrom()", () => select(u.id).selectFrom(nothing)],
  ["join()", () => select(u.id).join(nothing)],
  ["outerJoin()", () => select(u.id).outerJoin(nothing)],
  ["joinFrom()", () => select(u.id).joinFrom(nothing, orders)],
  ["only()", () => select(u.id).only(nothing)],
  ["correlate()", () => select(u.id).correlate(nothing)],
  ["union()", () => select(u.id).union(nothing)],
  ["prefixWith()", () => select(u.id).prefixWith(nothing)],
  ["ext()", () => select(u.id).ext(nothing)],
  ["options()", () => select(u.id).options(nothing)],
  ["params()", () => select(bindParam("p", integer())).params({ p: nothing })],
  ["cte()", () => select(u.id).cte(nothing)],
  ["setLabelStyle()", () => select(u.id).setLabelStyle(nothing)],
];
const CHANGES: readonly (readonly [string, () => unknown])[] = [
  ["insert()", () => insert(nothing)],
  ["insert value", () => insert(tags).values({ name: nothing })],
  ["insert second row", () => insert(tags).values([{ name: "a" }, { name: nothing }])],
  ["insert rows", () => insert(tags).values(nothing)],
  ["tuples()", () => insert(tags).tuples(["name"], [[nothing]])],
  ["fromSelect()", () => insert(tags).fromSelect(["name"], nothing)],
  ["returning()", () => one().returning(nothing)],
  ["returnDefaults()", () => one().returnDefaults(nothing)],
  ["onConflictDoUpdate set", () => one().onConflictDoUpdate({ target: ["name"], set: { uses: nothing } })],
  ["onConflictDoUpdate no set", () => one().onConflictDoUpdate({ target: ["name"], set: nothing })],
  ["onConflictDoUpdate where", () => one().onConflictDoUpdate({ target: ["name"], set: { uses: 1 }, where: nothing })],
  ["onConflict targetWhere", () => one().onConflictDoNothing({ target: ["name"], targetWhere: nothing })],
  ["onDuplicateKeyUpdate()", () => one().onDuplicateKeyUpdate({ uses: nothing })],
  ["update()", () => update(nothing)],
  ["set()", () => update(tags).set({ uses: nothing })],
  ["set() nothing", () => update(tags).set(nothing)],
  ["orderedValues()", () => update(tags).orderedValues(["uses", nothing])],
  ["update where()", () => update(tags).set({ uses: 1 }).where(nothing)],
  ["update limit()", () => update(tags).set({ uses: 1 }).limit(nothing)],
  ["update orderBy()", () => update(tags).set({ uses: 1 }).orderBy(nothing)],
  ["deleteFrom()", () => deleteFrom(nothing)],
  ["delete where()", () => deleteFrom(tags).where(nothing)],
  ["default()", () => string().default(nothing)],
  ["onUpdate()", () => string().onUpdate(nothing)],
];
describe.each([
  ["operators", OPERATORS],
  ["functions", FUNCTIONS],
  ["clauses", CLAUSES],
  ["changes", CHANGES],
])("undefined in %s", (_, apis) => {
  it.each(apis)("%s", (__, make) => {
    expect(make).toThrow(AthanorError);
  });
});
describe("what is no criterion is refused as one", () => {
  it.each([[true], [false], ["1 = 1"], [1], [0], [[]], [{}], [() => true]])("%s", (x) => {
    expect(() => select(u.id).where(x as never)).toThrow(AthanorError);
    expect(() => deleteFrom(tags).where(x as never)).toThrow(AthanorError);
  });
});
describeEachDatabase("undefined at execution", (target) => {
  it("is refused, and nothing is sent", async () => {
    const engine = createEngine(await target.url());
    await using conn = await engine.connect();
    const sent: string[] = [];
    engine.on("statement", ({ sql: text }) => void sent.push(text));
    const p = select(bindParam("p", integer()).as("v"));
    await expect(conn.execute(p, { p: nothing }).all()).rejects.toThrow(AthanorError);
    await expect(conn.execute(p).all()).rejects.toThrow(AthanorError);
    await expect(
      conn
        .execute(
          select(
            literal(1, integer())
              .in(bindParam("l", integer(), { expanding: true }))
              .as("v"),
          ),
          { l: [1, nothing] },
        )
        .all(),
    ).rejects.toThrow(AthanorError);
    const list = select(bindParam("l", core.array(integer())).as("v"));
    for (const l of [[1, nothing], [[1], [nothing]], new Array(2)] as never[])
      await expect(conn.execute(list, { l }).all()).rejects.toThrow(/holds undefined/);
    await expect(conn.execute(insert(tags), { name: nothing }).all()).rejects.toThrow(AthanorError);
    await expect(conn.execute(insert(tags), [{ name: "a" }, { name: nothing }]).all()).rejects.toThrow(AthanorError);
    await expect(
      conn.execute(update(tags).set({ uses: bindParam("n", integer()) }), [{ n: 1 }, { n: nothing }]).all(),
    ).rejects.toThrow(AthanorError);
    await expect(conn.execute(nothing).all()).rejects.toThrow(AthanorError);
    expect(sent).toEqual([]);
    await engine.dispose();
  });
});
describe("a plain string or number to sort or group by", () => {
  // Bound as a value it would be the same for every row: sorted by nothing, in silence.
  it.each<[string, () => unknown]>([
    ["orderBy", () => select(users).orderBy("name" as never)],
    ["orderBy", () => select(users).orderBy(1 as never)],
    [
      "orderBy",
      () =>
        select(u.id)
          .union(select(u.id))
          .orderBy("id" as never),
    ],
    ["groupBy", () => select(u.id).groupBy("id" as never)],
    ["distinct", () => select(u.id).distinct("id" as never)],
    ["partitionBy", () => func.rowNumber().over({ partitionBy: "id" as never })],
    ["orderBy", () => func.rowNumber().over({ orderBy: "id" as never })],
  ])("%s() refuses it", (clause, build) => {
    expect(build).toThrow(`${clause}: a column such as User.c.name, a label or an expression is needed`);
  });
});
void t;
