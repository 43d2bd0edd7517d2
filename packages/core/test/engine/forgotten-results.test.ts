/** A statement whose result nobody awaited: when it fails, the block it was made in fails with it. */
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createEngine, type Engine, insert, integer, MetaData, select, table } from "../../src/index.js";

const metadata = new MetaData();
const t = table("t", { id: integer().primaryKey() }, { metadata });

describeEachDatabase("a statement nobody awaited", (target) => {
  let engine: Engine;
  let next = 0;
  const add = (id: number) => insert(t).values({ id });
  const stored = () =>
    engine.begin(async (c) =>
      c
        .execute(select(t.c.id).where(t.c.id.ge(next)).orderBy(t.c.id))
        .scalars()
        .all(),
    );
  const failing = target.name === "postgresql" ? "select nothing_of_this_name" : "select nothing_of_this_name from t";
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await metadata.createAll(engine);
  });
  afterAll(() => engine.dispose());

  it("and that fails, makes its block fail and roll back", async () => {
    next += 10;
    const made = engine.begin(async (c) => {
      await c.execute(add(next));
      c.execute(add(next));
    });
    await expect(made).rejects.toMatchObject({ code: expect.stringMatching(/integrity/) });
    expect(await stored()).toEqual([]);
    await expect(
      engine.begin(async (c) => {
        await c.execute(add(next));
        // Made last, and read by nobody.
        void c.execDriverSql(failing);
        c.execute(add(next + 1));
      }),
    ).rejects.toThrow(/nothing_of_this_name/);
    expect(await stored()).toEqual([]);
  });
  it("and that ends well, is done before the block commits", async () => {
    next += 10;
    await engine.begin((c) => {
      for (let i = 0; i < 600; i++) c.execute(add(next + i));
    });
    expect((await stored()).length).toBe(600);
    next += 600;
  });
  it("in a savepoint's block, makes that fail alone", async () => {
    next += 10;
    await engine.begin(async (c) => {
      await c.execute(add(next));
      const inner = c.beginNested(async () => {
        await c.execute(add(next + 1));
        c.execute(add(next));
      });
      await expect(inner).rejects.toMatchObject({ code: expect.stringMatching(/integrity/) });
      await c.execute(add(next + 2));
    });
    expect(await stored()).toEqual([next, next + 2]);
  });
  it("is not one whose error was caught, in whatever way", async () => {
    next += 10;
    await engine.begin(async (c) => {
      await c.execute(add(next));
      const guarded = (run: () => PromiseLike<unknown>) =>
        c.beginNested(async () => {
          await run();
        });
      const wrong = () => c.execute(add(next));
      await guarded(wrong).catch(() => {});
      // Without a savepoint an error ends PostgreSQL's transaction.
      if (target.name === "postgresql") return;
      await wrong().catch(() => {});
      await wrong().then(
        () => {},
        () => {},
      );
      try {
        await wrong();
      } catch {
        // as it should be
      }
      await Promise.allSettled([wrong(), wrong().rowCount(), wrong().all(), c.scalar(add(next))]);
      await c.execute(add(next + 1));
    });
    expect(await stored()).toEqual(target.name === "postgresql" ? [next] : [next, next + 1]);
  });
});
