/** Tools: statement counts, reports of N+1 and slow statements, rollback fixtures, factories, forks. */
import { insert, integer, select, string, text } from "@athanor/core";
import {
  declarativeBase,
  factory,
  manyToOne,
  oneToMany,
  type QueryReport,
  reportQueries,
  Session,
  statementCounter,
  withRollback,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording } from "../session/support.js";

const Base = declarativeBase();
class Shop extends Base("Shop", {
  id: integer().primaryKey(),
  name: string(20).unique(),
  motto: text().nullable(),
  get wares() {
    return oneToMany(Ware, { backPopulates: "shop" });
  },
}) {}
class Ware extends Base("Ware", {
  id: integer().primaryKey(),
  name: string(20),
  shopId: integer().nullable().references("shop.id"),
  get shop() {
    return manyToOne(Shop, { backPopulates: "wares" });
  },
}) {}
const shops = factory(Shop, (n) => ({ name: `shop${n}` }));

describeEachDatabase("tools", (target) => {
  const db = recording(target, Base.metadata);
  const seed = async () => {
    for (const name of ["a", "b", "c"]) await db.engine.begin((c) => c.execute(insert(Shop).values({ name })));
  };

  it("a counter shows that lazy loads of siblings are one statement", async () => {
    await seed();
    await using session = new Session(db.engine);
    using counter = statementCounter(db.engine);
    const all = await session.scalars(select(Shop)).all();
    await Promise.all(all.map((s) => s.wares));
    expect(counter.count).toBe(2);
    expect(counter.matching(/ware/)).toBe(1);
    counter.reset();
    await session.commit();
    expect(counter.statements).toEqual([]);
  });
  it("the reporter tells repeated and slow statements, once per transaction, of its session alone", async () => {
    await seed();
    const reports: QueryReport[] = [];
    await using session = new Session(db.engine);
    const stop = reportQueries(session, {
      slowMs: Number.POSITIVE_INFINITY,
      repeated: 3,
      report: (r) => void reports.push(r),
    });
    const read = async (s: Session, times: number) => {
      for (let i = 0; i < times; i++) await s.scalars(select(Shop.c.name).where(Shop.c.id.eq(i))).all();
    };
    await read(session, 2);
    await session.commit();
    await read(session, 2);
    expect(reports).toEqual([]);
    await session.commit();
    await session.fork((other) => read(other, 5));
    expect(reports).toEqual([]);
    await read(session, 5);
    expect(reports.map((r) => [r.kind, r.times])).toEqual([["repeated", 3]]);
    stop();
    const stopSlow = reportQueries(db.engine, { slowMs: 0, report: (r) => void reports.push(r) });
    await read(session, 1);
    stopSlow();
    expect(reports.at(-1)?.kind).toBe("slow");
    await read(session, 9);
    expect(reports.length).toBe(2);
  });
  it("withRollback undoes what the code under test commits", async () => {
    await seed();
    const given = await withRollback(db.engine, async (session) => {
      session.add(new Shop({ name: "kept?" }));
      await session.commit();
      session.add(new Shop({ name: "dropped" }));
      await session.flush();
      await session.rollback();
      session.add(new Shop({ name: "last" }));
      await session.commit();
      return session.scalars(select(Shop.c.name).orderBy(Shop.c.id)).all();
    });
    expect(given).toEqual(["a", "b", "c", "kept?", "last"]);
    await expect(
      withRollback(db.engine, async (session) => {
        await session.execute(insert(Shop).values({ name: "x" }));
        await session.commit();
        throw new RangeError("the test failed");
      }),
    ).rejects.toThrow("the test failed");
    await using session = new Session(db.engine);
    expect(await session.query(Shop).count()).toBe(3);
  });
  it("factories make objects with what a test does not care about", () =>
    withRollback(db.engine, async (session) => {
      shops.reset();
      expect(shops.build().name).toBe("shop1");
      const named = await shops.with({ motto: "m" }).create(session, { name: "mine" });
      expect([named.id > 0, named.name, named.motto]).toEqual([true, "mine", "m"]);
      const wares = factory(Ware, (n) => ({ name: `w${n}`, shop: named }));
      const made = [await wares.create(session), await wares.create(session)];
      expect(made.map((w) => [w.name, w.shopId])).toEqual([
        ["w1", named.id],
        ["w2", named.id],
      ]);
      expect(wares.buildMany(2, (n) => ({ name: `x${n}` })).map((w) => w.name)).toEqual(["x1", "x2"]);
      for (const w of session.new) session.expunge(w);
    }));
  it("forks read beside the session, on connections and with objects of their own", async () => {
    await seed();
    await using session = new Session(db.engine, { expireOnCommit: false });
    const [one] = await session.scalars(select(Shop).orderBy(Shop.c.id)).all();
    const [copy, count] = await Promise.all([
      session.fork((s) => s.get(Shop, 1)),
      session.fork((s) => s.query(Shop).count()),
    ]);
    expect([copy?.name, copy === one, count]).toEqual(["a", false, 3]);
    await using other = session.fork();
    expect(await other.scalar(select(Shop.c.name).where(Shop.c.id.eq(2)))).toBe("b");
    expect(await session.merge(copy as Shop)).toBe(one);
    await using joined = new Session(await session.connection());
    expect(() => joined.fork()).toThrow(/there is none to read beside/);
  });
});
