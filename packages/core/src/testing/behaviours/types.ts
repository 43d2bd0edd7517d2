/** Every generic type takes its values there and back, at its edges, and as null. */
import {
  array,
  bigInteger,
  binary,
  boolean,
  type Column,
  type ColumnLike,
  custom,
  date,
  dateTime,
  double,
  enumeration,
  float,
  insert,
  integer,
  json,
  type MetaData,
  numeric,
  select,
  smallInteger,
  string,
  TypeDecorator,
  table,
  text,
  time,
  update,
  uuid,
} from "../../index.js";
import { type Behaviour, type BehaviourGroup, behaviour } from "../behaviour.js";

/** A column of the type and the values it must keep. `found`: SQL finds each of them by equality, once. */
function roundTrip<T>(name: string, make: () => ColumnLike<T, string>, values: readonly T[], found = false): Behaviour {
  return behaviour(`${name}: values come back as they went, null included`, [], async ({ assert, withTables }) => {
    // The values are checked against the type above; below every type goes the same way.
    const column = make() as unknown as Column<unknown, "plain">;
    const tables = (metadata: MetaData) =>
      table("suite_value", { id: integer().primaryKey().autoincrement(false), v: column.nullable() }, { metadata });
    await withTables(tables, async (connection, t) => {
      const rows = [...values, null].map((v, id) => ({ id, v: v as unknown }));
      const expected = rows.map((r) => r.v);
      for (const row of rows) await connection.execute(insert(t).values(row));
      const all = select(t.c.v).orderBy(t.c.id);
      assert.deepEqual(await connection.scalars(all).all(), expected, "one by one");
      // Every row at once, and UPDATE, take other ways to the driver.
      await connection.execute(
        insert(t),
        rows.map((r) => ({ id: r.id + 1000, v: r.v })),
      );
      const copies = all.where(t.c.id.ge(1000));
      assert.deepEqual(await connection.scalars(copies).all(), expected, "all at once");
      await connection.execute(update(t).set({ v: null }).where(t.c.id.ge(1000)));
      for (const row of rows)
        await connection.execute(
          update(t)
            .set({ v: row.v })
            .where(t.c.id.eq(row.id + 1000)),
        );
      assert.deepEqual(await connection.scalars(copies).all(), expected, "by UPDATE");
      if (!found) return;
      for (const { id, v } of rows) {
        if (v === null) continue;
        const ids = await connection.scalars(select(t.c.id).where(t.c.v.eq(v), t.c.id.lt(1000))).all();
        assert.deepEqual(ids, [id], `found by equality: ${String(v)}`);
      }
    });
  });
}

class Celsius {
  readonly degrees: number;
  constructor(degrees: number) {
    this.degrees = degrees;
  }
}
class Temperature extends TypeDecorator<Celsius, number> {
  override readonly impl = integer();
  override toDatabase(value: Celsius) {
    return value.degrees * 10;
  }
  override fromDatabase(value: number) {
    return new Celsius(value / 10);
  }
}
const texts = [
  "",
  " ",
  "a",
  "it's",
  '"',
  "\\",
  "\\'",
  "%_",
  "?",
  "$1",
  ":name",
  "line\nbreak\r\n\t",
  "grüße",
  "日本語",
  "👩‍👩‍👧 𝒳",
  "x".repeat(200),
];
// Below 64 KB in UTF-8: the most that TEXT of MySQL holds.
const long = "0123456789abcdef ä€𝒳 ".repeat(2000);
const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);

export const types: BehaviourGroup = {
  title: "types",
  behaviours: [
    roundTrip("integer", integer, [0, 1, -1, 2147483647, -2147483648], true),
    roundTrip("smallInteger", smallInteger, [0, 32767, -32768], true),
    roundTrip(
      "bigInteger",
      () => bigInteger(),
      [0n, 1n, -1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)],
      true,
    ),
    roundTrip(
      "bigInteger read as numbers",
      () => bigInteger({ mode: "number" }),
      [0, 2 ** 53 - 1, -(2 ** 53 - 1)],
      true,
    ),
    roundTrip("float", () => float(53), [0, 1.5, -0.1, 1e300, 5e-300, Math.PI]),
    roundTrip("double", double, [0, 0.1 + 0.2, -1e-7, Number.MAX_SAFE_INTEGER, 1.7976931348623157e308]),
    roundTrip("numeric", () => numeric(10, 2), ["0.00", "0.01", "-12345678.90", "99999999.99"], true),
    roundTrip("numeric of 38 digits", () => numeric(38, 10), [
      "0.0000000000",
      "1234567890123456789012345678.0123456789",
      "-0.0000000001",
    ]),
    roundTrip("numeric as numbers", () => numeric(10, 2, { mode: "number" }), [0, 1.25, -99999.99]),
    roundTrip("boolean", () => boolean(), [true, false]),
    roundTrip("string", () => string(400), texts),
    roundTrip("text", text, [...texts, long]),
    roundTrip(
      "uuid",
      uuid,
      [
        "00000000-0000-0000-0000-000000000000",
        "c0ffee00-1234-4abc-8def-0123456789ab",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
      ],
      true,
    ),
    roundTrip("date", date, ["1970-01-01", "2024-02-29", "1000-01-01", "9999-12-31"], true),
    roundTrip("time", time, ["00:00:00", "12:34:56", "23:59:59"], true),
    roundTrip(
      "dateTime",
      () => dateTime(),
      [
        "1970-01-01T00:00:00.000Z",
        "2024-03-31T01:30:00.000Z",
        "2024-10-27T00:30:00.000Z",
        "1999-12-31T23:59:59.999Z",
        "9998-01-01T00:00:00.001Z",
      ].map((at) => new Date(at)),
      true,
    ),
    roundTrip(
      "dateTime with a time zone",
      () => dateTime({ timezone: true }),
      [new Date(0), new Date("2024-07-01T12:00:00.250Z")],
      true,
    ),
    roundTrip("binary", () => binary(), [
      new Uint8Array(0),
      everyByte,
      new Uint8Array(60_000).fill(0xff),
      new Uint8Array([0]),
    ]),
    roundTrip<unknown>("json", () => json<unknown>(), [
      {},
      [],
      { a: 1, b: [true, null, "x"], "it's": { 日本: "👋" } },
      "text",
      0,
      -1.5,
      true,
      false,
      '{"not": "parsed"}',
      [[[]]],
    ]),
    roundTrip("array of strings", () => array(string(40)), [
      [],
      ["a"],
      ["", "it's", '"', "{}", ",", "NULL", "\\", "日本"],
    ]),
    roundTrip("array of integers", () => array(integer()), [[], [1, -2, 3], [2147483647]]),
    roundTrip("enumeration", () => enumeration("draft", "it's", "über"), ["draft", "it's", "über"] as const, true),
    roundTrip(
      "native enumeration",
      () => enumeration(["small", "large"], { name: "suite_size", native: true }),
      ["small", "large"] as const,
      true,
    ),
    roundTrip("a type of one's own", () => custom(Temperature), [new Celsius(0), new Celsius(21.5), new Celsius(-40)]),
  ],
};
