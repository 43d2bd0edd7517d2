import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createEngine, type Engine } from "../../src/engine/engine.js";

describeEachDatabase("smoke", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
  });
  afterAll(() => engine.dispose());
  it("runs", async () => {
    await using conn = await engine.connect();
    await conn.executeScript("create table t (id integer primary key, name varchar(20)); insert into t values (1, 'a')");
    await conn.commit();
    const rows = await conn.execDriverSql("select id, name from t");
    expect(rows.map((r) => [...r])).toEqual([[1, "a"]]);
    expect(rows[0]?.name).toBe("a");
  });
}, { smoke: true });
