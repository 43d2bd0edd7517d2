/** Many changed rows in few statements: each row gets its own values, whatever their types and whatever keys look like. */
import {
  bigInteger,
  binary,
  boolean,
  createEngine,
  date,
  dateTime,
  deleteFrom,
  double,
  type Engine,
  enumeration,
  float,
  integer,
  json,
  mysql,
  numeric,
  select,
  string,
  text,
  time,
  uuid,
} from "@athanor/core";
import { declarativeBase, Session, StaleDataError } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";

const Base = declarativeBase();
class Sample extends Base("Sample", {
  id: integer().primaryKey(),
  name: string(60).nullable(),
  whole: integer().nullable(),
  big: bigInteger({ mode: "bigint" }).nullable(),
  real: double().nullable(),
  rough: float(20).nullable(),
  exact: numeric(30, 10).nullable(),
  flag: boolean().nullable(),
  body: text().nullable(),
  bytes: binary().nullable(),
  day: date().nullable(),
  moment: dateTime().nullable(),
  clock: time().nullable(),
  ident: uuid().nullable(),
  kind: enumeration("small", "LARGE", "1").nullable(),
  document: json<unknown>().nullable(),
}) {}
class Pair extends Base(
  "Pair",
  {
    left: string(20),
    right: bigInteger({ mode: "bigint" }),
    value: integer(),
    other: string(20).nullable(),
  },
  { primaryKey: ["left", "right"] },
) {}
class Far extends Base("Far", { id: bigInteger({ mode: "bigint" }).primaryKey(), name: string(20) }) {}

const hostile = ["'", "\\", "\\'", '"', "? ?", ":x $1 %s", "", " trailing ", "é\u{1f701}", "NULL", "1e3", "0x41", "\n"];
const pick = <T>(values: readonly T[], i: number): T => values[i % values.length] as T;
/** Every third of a column's values is NULL, at another place in each. */
function values(i: number) {
  const some = <T>(column: number, value: T): T | null => ((i + column) % 3 === 0 ? null : value);
  return {
    name: some(0, `${pick(hostile, i)}${i}`),
    whole: some(1, pick([0, -1, 2147483647, -2147483648, i], i)),
    big: some(2, pick([0n, 9007199254740993n, -9223372036854775808n, 9223372036854775807n, BigInt(i)], i)),
    real: some(3, pick([0, 1, 0.1, -1.5e-300, 1.7976931348623157e308, 1e21, 1e-7, 0.30000000000000004, i / 7], i)),
    rough: some(4, pick([0, 0.5, -1024.25, 3], i)),
    exact: some(5, pick(["0.0000000000", "12345678901234567890.0123456789", "-0.0000000001"], i)),
    flag: some(6, i % 2 === 0),
    body: some(7, pick(hostile, i + 3).repeat(3)),
    bytes: some(8, Uint8Array.from([0, 255, 39, 92, i % 256])),
    day: some(9, `20${10 + (i % 80)}-02-28`),
    moment: some(10, new Date(Date.UTC(2020, i % 12, 3, 4, 5, 6, i % 1000))),
    clock: some(11, `04:05:${10 + (i % 50)}`),
    ident: some(12, `6f9619ff-8b86-4011-b42d-00c04fc9${String(i).padStart(4, "0")}`),
    kind: some(13, pick(["small", "LARGE", "1"] as const, i)),
    document: some(14, pick<unknown>([{ a: [i, null, "'\\"] }, [1.5], "text", 7, true], i)),
  };
}

describeEachDatabase("bulk updates", (target) => {
  let engine: Engine;
  const updates: string[] = [];
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await Base.metadata.createAll(engine);
    engine.on("statement", ({ sql }) => {
      if (/\bUPDATE\b/.test(sql)) updates.push(sql);
    });
  });
  afterAll(() => engine.dispose());

  it("every type keeps its values, NULL between them, and rows that did not change stay", async () => {
    const n = 260;
    await using session = new Session(engine);
    session.add(...Array.from({ length: n + 1 }, (_, i) => new Sample({ id: i + 1, ...values(i + 1) })));
    await session.commit();
    const samples = await session.scalars(select(Sample).orderBy(Sample.c.id)).all();
    for (const sample of samples.slice(0, n)) Object.assign(sample, values(sample.id + 7000));
    updates.length = 0;
    await session.commit();
    // Columns whose new value is the old one are left out, so several shapes of row are updated.
    expect(updates.length).toBeLessThan(n);

    await using other = new Session(engine);
    const stored = await other.scalars(select(Sample).orderBy(Sample.c.id)).all();
    const plain = ({ id, ...rest }: object & { id: number }) => [id, rest];
    const found = stored.map((s) =>
      plain({ ...Object.fromEntries(Object.keys(values(0)).map((k) => [k, s[k as keyof Sample]])), id: s.id }),
    );
    expect(found).toEqual(stored.map((s) => [s.id, values(s.id > n ? s.id : s.id + 7000)]));
  });

  it("keys of several columns, of text and beyond 2^53 lead to their own rows, in few statements", async () => {
    const n = 230;
    const first = 9007199254740992n;
    await using session = new Session(engine);
    const pairs = Array.from(
      { length: n },
      (_, i) => new Pair({ left: pick(["a", "b ", "'\\", "é?"], i), right: first + BigInt(i), value: 0, other: "x" }),
    );
    const fars = Array.from({ length: n }, (_, i) => new Far({ id: first + BigInt(i), name: "-" }));
    session.add(...pairs, ...fars);
    await session.commit();
    for (const [i, pair] of pairs.entries()) {
      await session.refresh(pair);
      pair.value = i + 1;
      pair.other = i % 2 === 0 ? null : `other ${i}`;
    }
    for (const [i, far] of (await session.scalars(select(Far).orderBy(Far.c.id)).all()).entries())
      far.name = `far ${i}`;
    updates.length = 0;
    await session.commit();
    expect(updates.length).toBeLessThan(20);
    await using conn = await engine.connect();
    const stored = await conn.execute(select(Pair.c.right, Pair.c.value, Pair.c.other).orderBy(Pair.c.right)).all();
    expect(stored.map((r) => [r.right, r.value, r.other])).toEqual(
      pairs.map((_, i) => [first + BigInt(i), i + 1, i % 2 === 0 ? null : `other ${i}`]),
    );
    const names = await conn.execute(select(Far.c.id, Far.c.name).orderBy(Far.c.id)).all();
    expect(names.map((r) => [r.id, r.name])).toEqual(fars.map((_, i) => [first + BigInt(i), `far ${i}`]));
  });

  it("a row that is gone is noticed among those that are there", async () => {
    await using session = new Session(engine, { expireOnCommit: false });
    const fars = Array.from({ length: 120 }, (_, i) => new Far({ id: BigInt(i + 1), name: "here" }));
    session.add(...fars);
    await session.commit();
    await using conn = await engine.connect();
    await conn.execute(deleteFrom(Far).where(Far.c.id.eq(77n)));
    await conn.commit();
    for (const far of fars) far.name = `there ${far.id}`;
    await expect(session.flush()).rejects.toThrow(StaleDataError);
  });
});

const Own = declarativeBase();
class Native extends Own("Native", {
  id: integer().primaryKey(),
  bits: mysql.bit(12).nullable(),
  tags: mysql.set("x", "y", "z").nullable(),
  size: mysql.enumeration("1", "2", "big").nullable(),
  count: mysql.unsigned("bigint").nullable(),
  year: mysql.year().nullable(),
}) {}
describeEachDatabase(
  "bulk updates of MySQL's own types",
  (target) => {
    it("keep their values", async () => {
      const engine = createEngine(await target.url());
      await Own.metadata.createAll(engine);
      const made = (i: number) => ({
        bits: i % 4 === 0 ? null : (i % 4096).toString(2).padStart(12, "0"),
        tags: i % 5 === 0 ? null : ([["x", "z"], [], ["y"]] as ("x" | "y" | "z")[][])[i % 3]!,
        size: i % 6 === 0 ? null : (["1", "2", "big"] as const)[i % 3]!,
        count: i % 7 === 0 ? null : 18446744073709551000n + BigInt(i % 100),
        year: i % 3 === 0 ? null : 1950 + (i % 100),
      });
      await using session = new Session(engine);
      session.add(...Array.from({ length: 150 }, (_, i) => new Native({ id: i + 1, ...made(i) })));
      await session.commit();
      const all = await session.scalars(select(Native).orderBy(Native.c.id)).all();
      for (const one of all) Object.assign(one, made(one.id * 3 + 1));
      await session.commit();
      await using other = new Session(engine);
      const stored = await other.scalars(select(Native).orderBy(Native.c.id)).all();
      expect(stored.map(({ bits, tags, size, count, year }) => ({ bits, tags, size, count, year }))).toEqual(
        stored.map(({ id }) => made(id * 3 + 1)),
      );
      await engine.dispose();
    });
  },
  { only: ["mariadb"] },
);
