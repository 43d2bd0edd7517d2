/** A program that runs for weeks: nothing is kept of a statement, whatever became of it. `bench/heap.ts` does it a million times. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { integer, string } from "../../src/api/columns.js";
import { sql } from "../../src/api/expressions.js";
import { insert, select } from "../../src/api/statements.js";
import { table } from "../../src/api/tables.js";
import { createEngine } from "../../src/engine/engine.js";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;
const heap = async (): Promise<number> => {
  for (let i = 0; i < 4; i++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed / 2 ** 20;
};

describe("the heap", () => {
  it("is flat over statements: cached, never seen before, failing, streamed and left", async () => {
    const engine = createEngine("sqlite://");
    const things = table("heap_things", { id: integer().primaryKey(), name: string(40) });
    await engine.begin(async (conn) => {
      await conn.executeScript("create table heap_things (id integer primary key, name varchar(40))");
      await conn.execute(insert(things).values(Array.from({ length: 500 }, (_, i) => ({ id: i, name: `thing ${i}` }))));
    });
    let at = 0;
    const some = async (count: number): Promise<void> => {
      for (const end = at + count; at < end; ) {
        await engine.begin(async (conn) => {
          for (let i = 0; i < 100; i++, at++) {
            const kind = at % 20;
            if (kind === 0) await conn.execute(sql.raw(`select ${at} as n`)).all();
            else if (kind === 1)
              await conn
                .beginNested(() => conn.execDriverSql("select no_such_column from heap_things"))
                .catch(() => {});
            else if (kind === 2) for await (const _ of conn.execute(select(things.c.id).limit(5))) break;
            else await conn.execute(select(things.c.id, things.c.name).where(things.c.id.eq(at % 500))).one();
          }
        });
      }
    };
    // What the caches hold once they are full belongs to the start.
    await some(12_000);
    const before = await heap();
    await some(24_000);
    const grown = (await heap()) - before;
    await engine.dispose();
    // 24,000 statements that each leave an object of 100 bytes would be 2.3 MB.
    expect(grown).toBeLessThan(1.5);
  }, 120_000);
});
