/**
 * What many rounds leave behind: no objects, no compiled statements, no more statements than the first round. After
 * SQLAlchemy's `aaa_profiling`; counts instead of times, so that a slow machine tells the same.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createEngine, type Engine, integer, select, string } from "@athanor/core";
import { declarativeBase, manyToOne, oneToMany, Session, selectinLoad, statementCounter } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
/** What only a finished job lets go is gone too. */
async function collected(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((done) => setImmediate(done));
    collect();
  }
  return process.memoryUsage().heapUsed;
}

const Base = declarativeBase();
class Parent extends Base("Parent", {
  id: integer().primaryKey(),
  name: string(40),
  get children() {
    return oneToMany(Child, { backPopulates: "parent", cascade: "all, delete-orphan" });
  },
}) {}
class Child extends Base("Child", {
  id: integer().primaryKey(),
  name: string(40),
  parentId: integer().nullable().references("parent.id"),
  get parent() {
    return manyToOne(Parent, { backPopulates: "children" });
  },
}) {}

describeEachDatabase(
  "many rounds",
  (target) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = createEngine(await target.url());
      await Base.metadata.createAll(engine);
    });
    afterAll(() => engine.dispose());

    /** A bit of everything a session does. */
    async function round(n: number): Promise<WeakRef<object>[]> {
      await using session = new Session(engine);
      const parents = Array.from(
        { length: 20 },
        (_, i) => new Parent({ name: `${n}.${i}`, children: [new Child({ name: "a" }), new Child({ name: "b" })] }),
      );
      session.addAll(parents);
      await session.commit();
      session.expungeAll();
      const found = await session.scalars(select(Parent).where(Parent.c.name.like(`${n}.%`))).all();
      await Promise.all(found.map((p) => p.children));
      for (const p of found) {
        p.name += "!";
        (await p.children).pop();
      }
      await session.beginNested(async () => {
        (found[0] as Parent).name = "nested";
      });
      await session.flush();
      await session.scalars(select(Parent).options(selectinLoad(Parent.c.children)).limit(5)).all();
      for (const p of found) await session.delete(p);
      await session.commit();
      return [session, ...parents, ...found].map((o) => new WeakRef(o));
    }

    it("leave no sessions, no objects and a heap that stays level", { timeout: 120_000 }, async () => {
      const refs: WeakRef<object>[] = [];
      for (let n = 0; n < 30; n++) refs.push(...(await round(n)));
      const before = await collected();
      for (let n = 30; n < 150; n++) refs.push(...(await round(n)));
      const after = await collected();
      // The last round may stand on a stack or in a register of the machine.
      expect(refs.slice(0, -200).filter((ref) => ref.deref() !== undefined).length).toBe(0);
      // 120 rounds of 60 objects would be megabytes; the WeakRefs of this test are a few hundred kilobytes.
      expect(after - before).toBeLessThan(1_500_000);
    });
    it("send the same statements each time, and compile none after the first", async () => {
      await round(1000);
      await round(1001);
      const counts: [number, number][] = [];
      for (let n = 1002; n < 1006; n++) {
        const misses = engine.cache.misses;
        using counter = statementCounter(engine);
        await round(n);
        counts.push([counter.count, engine.cache.misses - misses]);
      }
      expect(new Set(counts.map(String)).size).toBe(1);
      expect(counts[0]?.[1]).toBe(0);
    });
    it("expunge() lets go inside an open session; what it holds, it holds", async () => {
      await using session = new Session(engine);
      const load = async () => {
        session.add(new Parent({ name: "kept" }), new Parent({ name: "let go" }));
        await session.commit();
        const [kept, gone] = await session.scalars(select(Parent).orderBy(Parent.c.name)).all();
        session.expunge(gone as Parent);
        return [new WeakRef(kept as Parent), new WeakRef(gone as Parent)] as const;
      };
      const [kept, gone] = await load();
      await session.commit();
      await collected();
      // Clean objects are held on purpose: one row, one object, for as long as the session lives.
      expect([kept.deref()?.name, gone.deref()]).toEqual(["kept", undefined]);
      await session.rollback();
    });
  },
  { only: ["sqlite", "postgresql"] },
);
