import { describeEachDatabase } from "@athanor/test-support";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  array,
  bigInteger,
  binary,
  boolean,
  date,
  dateTime,
  double,
  enumeration,
  float,
  integer,
  json,
  numeric,
  smallInteger,
  string,
  text,
  time,
  uuid,
} from "../../src/api/columns.js";
import { insert, select } from "../../src/api/statements.js";
import { table, tableOf } from "../../src/api/tables.js";
import { arrayText, parseArray } from "../../src/dialects/postgresql/arrays.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { CreateTable } from "../../src/schema/ddl.js";
import { text as sqlText } from "../../src/sql/text.js";

const things = table("things", {
  id: integer().primaryKey(),
  small: smallInteger().nullable(),
  big: bigInteger().nullable(),
  bigNumber: bigInteger({ mode: "number" }).nullable(),
  real: float().nullable(),
  dbl: double().nullable(),
  price: numeric(10, 2).nullable(),
  exact: numeric(38, 10).nullable(),
  flag: boolean().nullable(),
  name: string(200).nullable(),
  body: text().nullable(),
  key: uuid().nullable(),
  at: dateTime().nullable(),
  atZone: dateTime({ timezone: true }).nullable(),
  day: date().nullable(),
  clock: time().nullable(),
  bytes: binary().nullable(),
  doc: json<unknown>().nullable(),
  numbers: array(integer()).nullable(),
  words: array(text()).nullable(),
  bigs: array(bigInteger()).nullable(),
  days: array(dateTime()).nullable(),
  color: enumeration("red", "green").nullable(),
});

describeEachDatabase(
  "values",
  (target) => {
    let engine: Engine;
    let next = 0;
    beforeAll(async () => {
      engine = createEngine(await target.url());
      await engine.begin((conn) => conn.execute(new CreateTable(tableOf(things))));
    });
    afterAll(() => engine.dispose());
    /** Writes a row and reads it back, also through raw SQL. */
    async function trip(
      values: Record<string, unknown>,
    ): Promise<{ row: Record<string, unknown>; raw: Record<string, unknown> }> {
      const id = ++next;
      return engine.begin(async (conn) => {
        await conn.execute(insert(things).values({ id, ...values } as never));
        const columns = Object.keys(values).map((key) => (things.c as unknown as Record<string, never>)[key] as never);
        const row = await conn.execute(select(...(columns as never[])).where(things.c.id.eq(id)) as never).one();
        const names = Object.keys(values).map((key) => tableOf(things).column(key)?.columnName as string);
        const quoted = names.map((n) => engine.dialect.quoteAlways(n)).join(", ");
        const [one] = (await conn.execDriverSql(`select ${quoted} from things where id = ${id}`).mappings().all()) as [
          Record<string, unknown>,
        ];
        const object = Object.fromEntries(Object.keys(values).map((key, i) => [key, (row as unknown as unknown[])[i]]));
        return {
          row: object,
          raw: Object.fromEntries(Object.keys(values).map((key, i) => [key, one[names[i] as string]])),
        };
      });
    }

    it("come back as they went, NULL too", async () => {
      const values = {
        small: -32768,
        big: 9223372036854775807n,
        bigNumber: 9007199254740991,
        real: 0.1,
        dbl: 1e308,
        price: "-0.10",
        exact: "1234567890123456789012345678.0123456789",
        flag: false,
        name: "Ünïcödé 🜍 'quoted' \\ %_ \"x\" ?",
        body: "line\nline\ttab",
        key: "0b7e6c1a-52f3-4d7c-9a0e-0123456789ab",
        at: new Date("2024-02-29T23:59:59.999Z"),
        atZone: new Date("2024-07-01T12:00:00.001Z"),
        day: "2024-02-29",
        clock: "23:59:59.5",
        bytes: Uint8Array.from([0, 255, 39, 92, 10]),
        doc: { a: [1, null, "x'\\\""], b: { c: true } },
        numbers: [1, null, -3],
        words: ["a", "", "NULL", 'q"uo\\te', "{,}", " sp ", null],
        bigs: [9223372036854775807n, 1n],
        days: [new Date("2024-01-01T00:00:00.120Z")],
        color: "green",
      };
      const { row } = await trip(values);
      expect(row).toEqual(values);
      for (const key of Object.keys(values)) expect((await trip({ [key]: null })).row).toEqual({ [key]: null });
    });
    it("read by raw SQL have the types the database reports", async () => {
      const { raw } = await trip({
        small: 5,
        big: 7n,
        flag: true,
        price: "1.50",
        at: new Date("2024-01-01T10:00:00.000Z"),
        day: "2024-01-01",
        doc: { a: 1 },
        bytes: Uint8Array.from([1]),
      });
      const isMysql = target.family === "mysql";
      expect(raw).toEqual({
        small: 5,
        big: 7n,
        flag: isMysql ? 1 : true,
        price: "1.50",
        at: new Date("2024-01-01T10:00:00.000Z"),
        day: "2024-01-01",
        doc: { a: 1 },
        bytes: Uint8Array.from([1]),
      });
    });
    it("never lose digits in silence", async () => {
      for (const price of ["0.10", "99999999.99", "-0.01", "100.00"])
        expect((await trip({ price })).row).toEqual({ price });
      expect((await trip({ exact: "0.1" })).row).toEqual({ exact: "0.1000000000" });
      expect((await trip({ big: -9223372036854775808n })).row).toEqual({ big: -9223372036854775808n });
      const id = ++next;
      await engine.begin(async (conn) => {
        await conn.execute(insert(things).values({ id, big: 9007199254740993n } as never));
        await expect(conn.execute(sqlText("select big from things where id = :id"), { id }).scalar()).resolves.toBe(
          9007199254740993n,
        );
      });
      await expect(trip({ price: "abc" })).rejects.toThrow(/not a decimal/);
    });
    it("of dates do not shift", async () => {
      for (const day of ["0001-01-01", "1582-10-10", "1970-01-01", "2024-03-31", "9999-12-31"]) {
        if (target.family === "mysql" && day === "0001-01-01") continue;
        expect((await trip({ day })).row).toEqual({ day });
      }
      for (const at of [
        "1000-01-01T00:00:00.001Z",
        "1969-12-31T23:59:59.999Z",
        "2024-03-31T01:30:00.000Z",
        "9999-12-31T23:59:59.000Z",
      ]) {
        expect((await trip({ at: new Date(at), atZone: new Date(at) })).row).toEqual({
          at: new Date(at),
          atZone: new Date(at),
        });
      }
      await expect(trip({ day: new Date() })).rejects.toThrow(/calendar date/);
      await expect(trip({ at: new Date(Number.NaN) })).rejects.toThrow(/invalid Date/);
      expect((await trip({ clock: "09:30" })).row).toEqual({ clock: "09:30:00" });
    });
    it("of JSON keep every kind of value", async () => {
      for (const doc of ["text", "5", 5, 0.5, true, [], {}, [[1]], "", "null", { ключ: "é" }])
        expect((await trip({ doc })).row).toEqual({ doc });
    });
    it("outside an enum are refused with a suggestion", async () => {
      await expect(trip({ color: "gren" })).rejects.toThrow(/Did you mean 'green'/);
    });
    it("compare and add up as numbers", async () => {
      await engine.begin(async (conn) => {
        await conn.execDriverSql("delete from things");
        for (const price of ["10.50", "9.25", "-1.00"])
          await conn.execute(insert(things).values({ id: ++next, price } as never));
        expect(await conn.execute(select(things.c.price).orderBy(things.c.price)).scalars().all()).toEqual([
          "-1.00",
          "9.25",
          "10.50",
        ]);
        expect(
          await conn
            .execute(select(things.c.price).where(things.c.price.gt("9.3")))
            .scalars()
            .all(),
        ).toEqual(["10.50"]);
        expect(Number(await conn.execDriverSql("select sum(price) from things").scalar())).toBe(18.75);
      });
    });
    it("of untyped parameters arrive as what they are", async () => {
      await engine.begin(async (conn) => {
        await conn.execDriverSql("delete from things");
        await conn.execute(
          sqlText("insert into things (id, flag, at, name, dbl) values (:id, :flag, :at, :name, :dbl)"),
          [
            { id: 1, flag: true, at: new Date("2024-05-05T05:05:05.005Z"), name: "x", dbl: 0.5 },
            { id: 2, flag: false, at: null, name: null, dbl: 2 },
          ],
        );
        const rows = await conn.execute(
          select(things.c.flag, things.c.at, things.c.name, things.c.dbl).orderBy(things.c.id),
        );
        expect(rows.map((r) => [...r])).toEqual([
          [true, new Date("2024-05-05T05:05:05.005Z"), "x", 0.5],
          [false, null, null, 2],
        ]);
        await expect(conn.execute(sqlText("select :a"), {}).all()).rejects.toThrow(/':a'/);
        await expect(conn.execute(sqlText("select * from things where id = :a"), [{ a: 1 }, {}]).all()).rejects.toThrow(
          /set 1/,
        );
        await expect(conn.execute("select 1" as never).all()).rejects.toThrow(/no plain strings/);
      });
    });
  },
  { smoke: true },
);

describe("PostgreSQL's array text", () => {
  it("survives a round trip for any nesting and text", () => {
    const leaf = fc.option(fc.string({ unit: "grapheme" }), { nil: null });
    fc.assert(
      fc.property(fc.array(fc.array(leaf, { minLength: 1 }), { minLength: 1 }), (value) => {
        expect(parseArray(arrayText(value, null), null)).toEqual(value);
      }),
    );
    fc.assert(
      fc.property(fc.array(leaf), (value) => {
        expect(parseArray(arrayText(value, null), null)).toEqual(value);
      }),
    );
  });
  it("is read as the server writes it", () => {
    expect(parseArray("{1,NULL,3}", Number)).toEqual([1, null, 3]);
    expect(parseArray('[2:3]={"a,b","NULL"}', null)).toEqual(["a,b", "NULL"]);
    expect(parseArray("{{1,2},{3,4}}", Number)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(() => parseArray("{1,2", null)).toThrow(/cannot be read/);
  });
});
