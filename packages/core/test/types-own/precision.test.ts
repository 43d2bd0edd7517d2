// Digits behind the second: how each database says them, keeps them, and gives them back.
import { describeEachDatabase } from "@athanor/test-support";
import { expect, expectTypeOf, it } from "vitest";
import {
  array,
  createEngine,
  dateTime,
  double,
  insert,
  inspect,
  integer,
  MetaData,
  select,
  sql,
  table,
  time,
  typeSource,
} from "../../src/index.js";

const fine = new Date("2024-03-01T12:30:15.678Z");

describeEachDatabase("fractions of a second", (target) => {
  it("are kept as the column says, and reflected; without a word all there are", async () => {
    const metadata = new MetaData();
    const t = table(
      "t",
      {
        id: integer().primaryKey(),
        at: dateTime(),
        at0: dateTime({ precision: 0 }),
        at3: dateTime({ precision: 3 }),
        at6: dateTime({ precision: 6, timezone: true }),
        clock: time(),
        clock0: time("clock_0", { precision: 0 }),
        list: array(dateTime({ precision: 1 })).nullable(),
      },
      { metadata },
    );
    const engine = createEngine(await target.url());
    try {
      await metadata.createAll(engine);
      await engine.begin(async (c) => {
        await c.execute(
          insert(t).values({
            id: 1,
            at: fine,
            at0: new Date("2024-03-01T12:30:15Z"),
            at3: fine,
            at6: fine,
            clock: "10:11:12.5",
            clock0: "10:11:12",
            list: [new Date("2024-03-01T12:30:15.500Z")],
          }),
        );
        const row = await c.execute(select(t.c.at, t.c.at0, t.c.at3, t.c.at6, t.c.clock, t.c.clock0, t.c.list)).one();
        expect([...(row as unknown as unknown[])]).toEqual([
          fine,
          new Date("2024-03-01T12:30:15Z"),
          fine,
          fine,
          "10:11:12.5",
          "10:11:12",
          [new Date("2024-03-01T12:30:15.500Z")],
        ]);
        // What is compared is not cut to the column's digits first.
        const found = select(t.c.id).where(t.c.at0.eq(fine));
        expect(await c.execute(found).all()).toEqual([]);
        const columns = (await inspect(c).table("t")).columns.slice(1, 7);
        const kept = columns.map(({ type }) => (type as { readonly precision?: number }).precision);
        const written = columns.map(({ type }) => typeSource(type)?.args[0]);
        switch (engine.dialect.name) {
          case "postgresql":
          case "pglite":
            expect(kept).toEqual([undefined, 0, 3, 6, undefined, 0]);
            expect(written[3]).toEqual({ timezone: true, precision: 6 });
            break;
          case "mysql":
          case "mariadb":
            // Six digits are what a column without a word has.
            expect(kept).toEqual([undefined, 0, 3, undefined, undefined, 0]);
            expect(written).toEqual([
              undefined,
              { precision: 0 },
              { precision: 3 },
              undefined,
              undefined,
              { precision: 0 },
            ]);
            break;
          default:
            // SQLite's are text with all six digits.
            expect(kept).toEqual([undefined, undefined, undefined, undefined, undefined, undefined]);
        }
      });
    } finally {
      await engine.dispose();
    }
  });
});

it("is a whole number of digits from 0 to 6", () => {
  // @ts-expect-error seven digits
  expect(() => dateTime({ precision: 7 })).toThrow(/at most 6 digits, not 7/);
  // @ts-expect-error half a digit
  expect(() => time({ precision: 0.5 })).toThrow(/time\(\): the precision is a whole number/);
  // @ts-expect-error a time of day has no zone
  expect(() => time({ timezone: true })).toThrow("time(): there is no option 'timezone'");
  expectTypeOf(dateTime({ precision: 0 })).toEqualTypeOf(dateTime());
  expectTypeOf(time("t", { precision: 3 })).toEqualTypeOf(time());
});

describeEachDatabase("doubles", (target) => {
  it("have every digit: read by statements, streamed, and in raw SQL that declares its columns", async () => {
    const metadata = new MetaData();
    const t = table("doubles", { id: integer().primaryKey().autoincrement(false), x: double() }, { metadata });
    await using engine = createEngine(await target.url());
    await metadata.createAll(engine);
    // The last digit of some was lost on MySQL or MariaDB, in which text protocol they are written with 15 to 17 digits.
    const numbers = [
      9311546772453.895,
      937.9301802441531,
      949325138314.0499,
      95492276491178.75,
      93.98258736794985,
      0.1 + 0.2,
    ];
    for (let i = 1; i <= 600; i++) numbers.push((i * Math.E * Math.PI) ** 3.7);
    await engine.begin(async (conn) => {
      await conn.execute(insert(t).values(numbers.map((x, id) => ({ id, x }))));
      const all = select(t.c.x).orderBy(t.c.id);
      expect(await conn.scalars(all).all()).toEqual(numbers);
      const streamed: number[] = [];
      for await (const x of conn.scalars(all.executionOptions({ yieldPer: 100 }))) streamed.push(x);
      expect(streamed).toEqual(numbers);
      const declared = sql.text("select x from doubles order by id").columns({ x: double() });
      expect(await conn.scalars(declared).all()).toEqual(numbers);
    });
  });
});
