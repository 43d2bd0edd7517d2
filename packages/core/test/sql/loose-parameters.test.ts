/** One text, parameters of other types: servers that keep the types a text was first sent with must not reuse them. */
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import {
  createEngine,
  double,
  func,
  insert,
  integer,
  literal,
  MetaData,
  select,
  string,
  table,
  when,
} from "../../src/index.js";

describeEachDatabase("statements of one text", (target) => {
  it("give values of their own types, on one connection, in any order", async () => {
    const metadata = new MetaData();
    const t = table("loose", { id: integer().primaryKey().autoincrement(false) }, { metadata });
    await using engine = createEngine(await target.url(), { poolSize: 1, maxOverflow: 0 });
    await metadata.createAll(engine);
    await using conn = await engine.connect();
    await conn.execute(insert(t).values({ id: 1 }));
    const one = literal(5, integer());
    const value = async (x: unknown): Promise<unknown> =>
      conn.execute(select((x as typeof one).as("v")).selectFrom(t)).scalar();
    // MySQL made 0 of the texts that came after numbers.
    for (let round = 0; round < 2; round++) {
      expect(await value(one)).toBe(5);
      expect(await value(literal("it's", string()))).toBe("it's");
      expect(await value(literal(1.5, double()))).toBe(1.5);
      expect(Number(await value(when(t.c.id.gt(0), 1).else(0)))).toBe(1);
      expect(await value(when(t.c.id.gt(0), "old").else("young"))).toBe("old");
      expect(await value(when(t.c.id.gt(0), 2.5).else(0.5))).toBe(2.5);
      expect(Number(await value(func.coalesce(literal(1, integer()), 2)))).toBe(1);
      expect(await value(func.coalesce(literal("a", string()), "b"))).toBe("a");
    }
    const rows: unknown[] = [];
    for await (const v of conn.scalars(
      select(literal("s", string()).as("v")).selectFrom(t).executionOptions({ yieldPer: 1 }),
    ))
      rows.push(v);
    expect(rows).toEqual(["s"]);
  });
});
