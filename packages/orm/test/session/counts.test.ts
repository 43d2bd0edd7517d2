/**
 * The suites of SQLAlchemy's `examples/performance`, told by counts instead of times: what Core and the ORM send and
 * compile for work that a driver's user would do by hand, cold and warm. Times stand in `bench/`.
 */
import { createEngine, type Engine, insert, integer, MetaData, select, string, table } from "@athanor/core";
import { declarativeBase, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";

const Base = declarativeBase();
class Customer extends Base("Customer", {
  id: integer().primaryKey(),
  name: string(64),
  description: string(128),
}) {}
const metadata = new MetaData();
const customers = table(
  "core_customer",
  { id: integer().primaryKey(), name: string(64), description: string(128) },
  { metadata },
);
const N = 1000;
const rows = (from = 1) =>
  Array.from({ length: N }, (_, i) => ({ id: from + i, name: `name ${i}`, description: `description ${i}` }));

describeEachDatabase("counts of work", (target) => {
  let engine: Engine;
  let sent = 0;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await Base.metadata.createAll(engine);
    await metadata.createAll(engine);
    engine.on("statement", ({ sql }) => {
      if (!/^(BEGIN|COMMIT|ROLLBACK)/.test(sql)) sent++;
    });
  });
  afterAll(() => engine.dispose());

  /** Statements sent and compiled by this work. */
  async function counted(work: () => Promise<unknown>): Promise<{ sent: number; compiled: number }> {
    const [before, compiled] = [sent, engine.cache.misses];
    await work();
    return { sent: sent - before, compiled: engine.cache.misses - compiled };
  }
  /** By Core and by the ORM. `most`: statements allowed; a warm run sends as many and compiles none. */
  async function compared(most: number, core: () => Promise<unknown>, orm: () => Promise<unknown>): Promise<void> {
    for (const work of [core, orm]) {
      const cold = await counted(work);
      const warm = await counted(work);
      expect(cold.sent).toBeLessThanOrEqual(most);
      expect(warm).toEqual({ sent: cold.sent, compiled: 0 });
    }
  }
  const inSession = async (work: (session: Session) => Promise<unknown>) => {
    await using session = new Session(engine);
    await work(session);
    await session.commit();
  };
  let next = 1;
  const fresh = () => {
    const from = next;
    next += N;
    return rows(from);
  };

  it("bulk inserts: pages, not rows", () =>
    compared(
      N / 50,
      () => engine.begin((c) => c.execute(insert(customers).values(fresh()))),
      () => inSession(async (session) => session.addAll(fresh().map((row) => new Customer(row)))),
    ));

  it("bulk updates: pages, not rows", async () => {
    await inSession(async (session) => session.addAll(fresh().map((row) => new Customer(row))));
    let round = 0;
    const change = () =>
      inSession(async (session) => {
        round++;
        const all = await session.scalars(select(Customer).orderBy(Customer.c.id).limit(N)).all();
        expect(all.length).toBe(N);
        for (const customer of all) customer.name = `changed ${customer.id} in round ${round}`;
      });
    const cold = await counted(change);
    expect(cold.sent).toBeLessThanOrEqual(1 + N / 50);
    expect(await counted(change)).toEqual({ sent: cold.sent, compiled: 0 });
  });

  it("large results: one statement, as rows and as entities", () =>
    compared(
      1,
      () => engine.begin((c) => c.execute(select(customers.c.id, customers.c.name)).all()),
      () => inSession((session) => session.scalars(select(Customer)).all()),
    ));

  it("short selects: one statement each, compiled once however often they are built", async () => {
    const given = fresh().slice(0, 100);
    const keys = given.map((row) => row.id);
    await engine.begin((c) => c.execute(insert(customers).values(given)));
    await inSession(async (session) => session.addAll(given.map((row) => new Customer(row))));
    const held: unknown[] = [];
    const core = () =>
      engine.begin(async (c) => {
        for (const key of keys) await c.execute(select(customers.c.name).where(customers.c.id.eq(key))).all();
      });
    const orm = () =>
      inSession(async (session) => {
        for (const key of keys) held.push(await session.get(Customer, key));
        // Asked again they come from the identity map.
        for (const key of keys) await session.get(Customer, key);
      });
    for (const work of [core, orm]) {
      const cold = await counted(work);
      expect(cold.sent).toBe(keys.length);
      expect(cold.compiled).toBeLessThanOrEqual(1);
      expect(await counted(work)).toEqual({ sent: keys.length, compiled: 0 });
    }
  });

  it("single inserts: one statement and one transaction each", () =>
    compared(
      20,
      async () => {
        for (const row of fresh().slice(0, 20)) await engine.begin((c) => c.execute(insert(customers).values(row)));
      },
      async () => {
        for (const row of fresh().slice(0, 20)) await inSession(async (session) => session.add(new Customer(row)));
      },
    ));
});
