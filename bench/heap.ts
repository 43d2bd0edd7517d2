// Is the heap flat? Runs a million statements (fewer with --statements) and compares the heap after a forced collection
// along the way. `node --expose-gc --import tsx heap.ts [--database sqlite|<url>] [--statements 1000000]`
import { parseArgs } from "node:util";
import { createEngine, insert, integer, MetaData, select, sql, string, table } from "@athanor/core";

const { values: options } = parseArgs({
  options: { database: { type: "string", default: "sqlite://" }, statements: { type: "string", default: "1000000" } },
});
const { gc } = globalThis;
if (gc === undefined) {
  console.error("Run with --expose-gc.");
  process.exit(2);
}
const total = Number(options.statements);
const engine = createEngine(options.database === "sqlite" ? "sqlite://" : options.database, { maxOverflow: 0 });
const metadata = new MetaData();
const things = table("heap_things", { id: integer().primaryKey(), name: string(40) }, { metadata });
await engine.begin(async (conn) => {
  await conn.executeScript("drop table if exists heap_things");
  await conn.executeScript("create table heap_things (id integer primary key, name varchar(40))");
  await conn.execute(insert(things).values(Array.from({ length: 500 }, (_, i) => ({ id: i, name: `thing ${i}` }))));
});

/** A mix: built and cached, never seen before (the statement cache turns over), failing, streamed, many transactions. */
async function some(from: number, count: number): Promise<void> {
  for (let at = from; at < from + count; ) {
    await engine.begin(async (conn) => {
      for (let i = 0; i < 100; i++, at++) {
        const kind = at % 100;
        if (kind === 0) await conn.execute(sql.raw(`select ${at} as n`)).all();
        else if (kind === 1)
          await conn.beginNested(() => conn.execDriverSql("select no_such_column from heap_things")).catch(() => {});
        else if (kind === 2) for await (const _ of conn.execute(select(things.c.id).limit(5))) break;
        else await conn.execute(select(things.c.id, things.c.name).where(things.c.id.eq(at % 500))).one();
      }
    });
  }
}
const heap = (): number => {
  gc();
  gc();
  return process.memoryUsage().heapUsed / 2 ** 20;
};
// What caches hold in the end belongs to the start.
const warm = Math.min(100_000, Math.floor(total / 5));
await some(0, warm);
const steps = 5;
const seen = [heap()];
for (let step = 1; step <= steps; step++) {
  await some(warm * step, Math.floor((total - warm) / steps));
  seen.push(heap());
}
console.log(`MB after ${warm} statements and each fifth of the rest: ${seen.map((mb) => mb.toFixed(1)).join("  ")}`);
await engine.dispose();
const growth = (seen.at(-1) as number) - (seen[0] as number);
if (growth > 2) {
  console.error(`The heap grew by ${growth.toFixed(1)} MB.`);
  process.exitCode = 1;
}
