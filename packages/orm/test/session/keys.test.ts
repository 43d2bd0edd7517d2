/** Keys: one row is one object whatever the key's value is written as; generated keys beyond what a number holds. */
import {
  bigInteger,
  binary,
  createEngine,
  date,
  dateTime,
  type Engine,
  func,
  integer,
  numeric,
  select,
  sql,
  string,
  uuid,
} from "@athanor/core";
import { declarativeBase, manyToOne, mapperOf, oneToMany, Session, selectinLoad, statementCounter } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const Base = declarativeBase();
class ByUuid extends Base("ByUuid", { id: uuid().primaryKey(), text: string(10) }) {}
class ByMoment extends Base("ByMoment", { at: dateTime().primaryKey(), text: string(10) }) {}
class ByDay extends Base("ByDay", { day: date().primaryKey(), text: string(10) }) {}
class ByAmount extends Base("ByAmount", { amount: numeric(10, 2).primaryKey(), text: string(10) }) {}
class Pair extends Base("Pair", { a: bigInteger(), b: uuid(), text: string(10) }, { primaryKey: ["a", "b"] }) {}
class Big extends Base("Big", {
  id: bigInteger().primaryKey(),
  name: string(40),
  get small() {
    return oneToMany(Small, { backPopulates: "big" });
  },
}) {}
class Small extends Base("Small", {
  id: integer().primaryKey(),
  bigId: bigInteger().references("big.id"),
  get big() {
    return manyToOne(Big, { backPopulates: "small" });
  },
}) {}
const ByteBase = declarativeBase();
class ByBytes extends ByteBase("ByBytes", { id: binary(4).primaryKey(), text: string(10) }) {}

describe("identity keys", () => {
  it("are equal for equal bytes, and hold no objects", () => {
    const mapper = mapperOf(ByBytes);
    const bytes = (...n: number[]) => mapper.identityKey([Uint8Array.from(n)]);
    expect(bytes(1, 2, 3)).toBe(bytes(1, 2, 3));
    expect(bytes(1, 2, 3)).not.toBe(bytes(1, 2, 4));
    expect(mapper.identityKey([Buffer.from([0, 1, 2, 3]).subarray(1)])).toBe(bytes(1, 2, 3));
    expect(typeof bytes(1)).toBe("string");
  });
});

describeEachDatabase("keys of every kind", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await Base.metadata.createAll(engine);
  });
  afterAll(() => engine.dispose());

  it("name one object: UUIDs in either case, moments, days, decimals, numbers and their texts", async () => {
    await using session = new Session(engine);
    const id = "0f8fad5b-d9cb-469f-a165-70867728950e";
    const at = new Date("2024-02-29T12:34:56.000Z");
    const all = [
      new ByUuid({ id, text: "u" }),
      new ByMoment({ at, text: "m" }),
      new ByDay({ day: "2024-02-29", text: "d" }),
      new ByAmount({ amount: "10.50", text: "n" }),
      new Pair({ a: 2n ** 60n, b: id, text: "p" }),
    ] as const;
    session.addAll(all);
    await session.commit();
    session.expungeAll();
    const [u, m, d, n, p] = [
      await session.getOne(ByUuid, id.toUpperCase()),
      await session.getOne(ByMoment, new Date(at)),
      await session.getOne(ByDay, "2024-02-29"),
      await session.getOne(ByAmount, "10.5"),
      await session.getOne(Pair, { a: 2n ** 60n, b: id }),
    ];
    using counter = statementCounter(engine);
    expect(await session.get(ByUuid, id)).toBe(u);
    expect(await session.get(ByMoment, new Date(at.getTime()))).toBe(m);
    expect(await session.get(ByDay, "2024-02-29")).toBe(d);
    expect(await session.get(ByAmount, "10.500")).toBe(n);
    expect(await session.get(Pair, [String(2n ** 60n) as never, id.toUpperCase()])).toBe(p);
    expect(counter.count).toBe(0);
    for (const [model, object] of [
      [ByUuid, u],
      [ByMoment, m],
      [ByDay, d],
      [ByAmount, n],
      [Pair, p],
    ] as const)
      expect(await session.scalars(select(model as typeof ByUuid)).all()).toEqual([object]);
    expect([u.text, m.text, d.text, n.text, p.text]).toEqual(["u", "m", "d", "n", "p"]);
  });
  it("generated keys beyond 2^53 are exact, in bulk, and found again", async () => {
    const edge = 2n ** 53n - 3n;
    await using session = new Session(engine);
    session.add(new Big({ id: edge, name: "edge" }));
    await session.commit();
    if (target.name === "postgresql")
      await (await session.connection())
        .execDriverSql(`select setval(pg_get_serial_sequence('big', 'id'), ${edge})`)
        .all();
    const made = Array.from({ length: 700 }, (_, i) => new Big({ name: `n${i}`, small: [new Small()] }));
    session.addAll(made);
    await session.commit();
    const ids = new Set(made.map((b) => b.id));
    expect(ids.size).toBe(700);
    for (const id of ids) expect(typeof id).toBe("bigint");
    expect([...ids].some((id) => id > 2n ** 53n && id % 2n === 1n)).toBe(true);
    session.expungeAll();
    const found = await session.scalars(select(Big).where(Big.c.id.gt(edge)).options(selectinLoad(Big.c.small))).all();
    expect(new Map(found.map((b) => [b.name, b.id]))).toEqual(new Map(made.map((b) => [b.name, b.id])));
    for (const big of found) expect(big.small.map((s) => s.bigId)).toEqual([big.id]);
    const odd = found.find((b) => b.id > 2n ** 53n && b.id % 2n === 1n) as (typeof found)[number];
    expect(await session.get(Big, odd.id)).toBe(odd);
    expect(await session.get(Big, odd.id - 1n)).not.toBe(odd);
    odd.name = "changed";
    await session.commit();
    expect(await session.scalar(select(func.count()).selectFrom(Big).where(Big.c.name.eq("changed")))).toBe(1);
  });
  it("Promise.all over lazy attributes is one statement for each level", async () => {
    await using session = new Session(engine);
    const some = await session.scalars(select(Big).where(Big.c.name.like("n1%")).limit(20)).all();
    using counter = statementCounter(engine);
    const lists = await Promise.all(some.map((b) => b.small));
    expect(counter.count).toBe(1);
    const backs = await Promise.all(lists.flat().map((s) => s.big));
    expect(backs).toEqual(some);
    expect(counter.count).toBe(1);
  });
});

const MadeBase = declarativeBase();
class ByServer extends MadeBase("ByServer", {
  id: string(36).primaryKey().serverDefault("(uuid())"),
  text: string(10),
}) {}
class ByExpression extends MadeBase("ByExpression", {
  id: integer().primaryKey().autoincrement(false).default(sql`40 + 2`.as(integer())),
  state: string(10).serverDefault("'new'"),
}) {}
describeEachDatabase(
  "keys that nothing gives back",
  (target) => {
    it("are asked for beforehand where an expression makes them, and else refused before anything is written", async () => {
      await using engine = createEngine(await target.url());
      await MadeBase.metadata.createAll(engine);
      await using session = new Session(engine);
      const asked = new ByExpression({});
      session.add(asked);
      await session.commit();
      expect(asked.id).toBe(42);
      expect(await session.get(ByExpression, 42)).toBe(asked);
      await session.refresh(asked);
      expect(asked.state).toBe("new");
      session.add(new ByServer({ text: "a" }));
      await expect(session.flush()).rejects.toThrow(/'id'\. Give the column a default\(\) on the client/);
      await session.rollback();
      session.add(new ByServer({ id: "mine", text: "b" }));
      await session.commit();
      expect(await session.scalar(select(func.count()).selectFrom(ByServer))).toBe(1);
    });
  },
  { only: ["mysql"] },
);
