/** Random expressions: their text is well formed, their value the same on every database, and values never become SQL. */
import { databases } from "@athanor/test-support";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  binary,
  bindStatement,
  boolean,
  type Compiled,
  cast,
  createEngine,
  date,
  dateTime,
  dialectNamed,
  double,
  type Engine,
  func,
  integer,
  json,
  literal,
  not,
  StatementCache,
  select,
  string,
  values,
  when,
} from "../../src/index.js";

/** Trees are built by name, which the types rightly refuse. */
// biome-ignore lint/suspicious/noExplicitAny: see above
type Untyped = any;

// ---- trees over three-valued integers and booleans, with their value worked out by us

type Num = { readonly text: () => Untyped; readonly value: number | null };
type Bool = { readonly text: () => Untyped; readonly value: boolean | null };
const lift =
  <A, B>(f: (a: A, b: A) => B) =>
  (a: A | null, b: A | null): B | null =>
    a === null || b === null ? null : f(a, b);
const { num } = fc.letrec<{ num: Num; bool: Bool }>((tie) => {
  const n = tie("num") as fc.Arbitrary<Num>,
    b = tie("bool") as fc.Arbitrary<Bool>;
  const leaf: fc.Arbitrary<Num> = fc
    .option(fc.integer({ min: -9, max: 9 }), { freq: 5 })
    .map((value) => ({ value, text: () => cast(literal(value, integer()) as Untyped, integer()) }));
  const arithmetic = (name: string, f: (x: number, y: number) => number | null) =>
    fc.tuple(n, n).map(([x, y]): Num => ({ value: lift(f)(x.value, y.value), text: () => x.text()[name](y.text()) }));
  const compare = (name: string, f: (x: number, y: number) => boolean) =>
    fc.tuple(n, n).map(([x, y]): Bool => ({ value: lift(f)(x.value, y.value), text: () => x.text()[name](y.text()) }));
  return {
    num: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      arithmetic("add", (x, y) => x + y),
      arithmetic("sub", (x, y) => x - y),
      arithmetic("mul", (x, y) => x * y),
      // A zero divisor is an error on PostgreSQL and NULL elsewhere: nullif() makes it NULL everywhere.
      fc.tuple(n, n).map(
        ([x, y]): Num => ({
          value: lift((p: number, q: number) => (q === 0 ? null : (p % q) + 0))(x.value, y.value),
          text: () => x.text().mod(func.nullif(y.text(), 0)),
        }),
      ),
      n.map((x): Num => ({ value: x.value === null ? null : 0 - x.value, text: () => x.text().neg() })),
      fc.tuple(b, n, n).map(
        ([c, x, y]): Num => ({
          value: c.value === true ? x.value : y.value,
          text: () => when(c.text(), x.text()).else(y.text()),
        }),
      ),
      fc
        .tuple(n, n)
        .map(([x, y]): Num => ({ value: x.value ?? y.value, text: () => func.coalesce(x.text(), y.text()) })),
    ),
    bool: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      compare("eq", (x, y) => x === y),
      compare("ne", (x, y) => x !== y),
      compare("lt", (x, y) => x < y),
      compare("ge", (x, y) => x >= y),
      fc.tuple(b, b).map(
        ([x, y]): Bool => ({
          value: x.value === false || y.value === false ? false : x.value === null || y.value === null ? null : true,
          text: () => x.text().and(y.text()),
        }),
      ),
      fc.tuple(b, b).map(
        ([x, y]): Bool => ({
          value: x.value === true || y.value === true ? true : x.value === null || y.value === null ? null : false,
          text: () => x.text().or(y.text()),
        }),
      ),
      b.map((x): Bool => ({ value: x.value === null ? null : !x.value, text: () => not(x.text()) })),
      n.map((x): Bool => ({ value: x.value === null, text: () => x.text().isNull() })),
      b.map((x): Bool => ({ value: x.value === null, text: () => x.text().isNull() })),
      b.map((x): Bool => ({ value: x.value !== null, text: () => x.text().isNotNull() })),
      fc.tuple(b, b).map(
        ([x, y]): Bool => ({
          value: lift((p: boolean, q: boolean) => p === q)(x.value, y.value),
          text: () => x.text().eq(y.text()),
        }),
      ),
      fc
        .tuple(n, n)
        .map(([x, y]): Bool => ({ value: x.value === y.value, text: () => x.text().isNotDistinctFrom(y.text()) })),
      fc.tuple(n, n, n).map(([x, y, z]): Bool => {
        const low = lift((p: number, q: number) => p >= q)(x.value, y.value),
          high = lift((p: number, q: number) => p <= q)(x.value, z.value);
        return {
          value: low === false || high === false ? false : low === null || high === null ? null : true,
          text: () => x.text().between(y.text(), z.text()),
        };
      }),
      fc
        .tuple(n, fc.array(fc.option(fc.integer({ min: -5, max: 5 }), { freq: 6 }), { maxLength: 4 }), fc.boolean())
        .map(([x, list, negated]): Bool => {
          const found =
            list.length === 0
              ? false
              : x.value === null
                ? null
                : list.includes(x.value)
                  ? true
                  : list.includes(null)
                    ? null
                    : false;
          return {
            value: found === null ? null : found !== negated,
            text: () => (negated ? x.text().notIn(list) : x.text().in(list)),
          };
        }),
    ),
  };
});
const bool = fc.letrec<{ b: Bool }>(() => ({
  b: num.map((x): Bool => ({ value: x.value === null ? null : x.value > 0, text: () => x.text().gt(0) })),
})).b;

function balanced(sql: string): boolean {
  let depth = 0;
  for (const c of sql.replace(/'(?:[^']|'')*'/g, "")) {
    if (c === "(") depth++;
    if (c === ")" && --depth < 0) return false;
  }
  return depth === 0;
}

const targets = (await databases()).filter((t) => t.missing === undefined && t.name !== "pglite");
describe("random expressions", () => {
  const engines: { name: string; engine: Engine }[] = [];
  beforeAll(async () => {
    for (const target of targets) engines.push({ name: target.name, engine: createEngine(await target.url()) });
  });
  afterAll(async () => {
    for (const { engine } of engines) await engine.dispose();
    for (const target of targets) await target.dispose();
  });
  it("have balanced parentheses and the value arithmetic with nulls gives, on every database", async () => {
    const connections = await Promise.all(
      engines.map(async ({ name, engine }) => ({ name, conn: await engine.connect() })),
    );
    await fc
      .assert(
        fc.asyncProperty(
          fc.array(num, { minLength: 1, maxLength: 4 }),
          fc.array(bool, { maxLength: 2 }),
          async (numbers, conditions) => {
            fc.pre(numbers.every((x) => x.value === null || Math.abs(x.value) < 2 ** 31));
            const statement = () =>
              select(...numbers.map((x, i) => x.text().as(`n${i}`)), ...conditions.map((c, i) => c.text().as(`b${i}`)));
            for (const { name, conn } of connections) {
              expect(balanced(statement().compile(name).sql)).toBe(true);
              const row: Untyped = await conn.execute(statement() as Untyped).one();
              const got = [...row].map((v, i) => (v === null ? null : i < numbers.length ? Number(v) + 0 : Boolean(v)));
              expect(got, `${name}: ${statement().compile(name)}`).toEqual([
                ...numbers.map((x) => (x.value === null ? null : x.value + 0)),
                ...conditions.map((c) => c.value),
              ]);
            }
          },
        ),
        { numRuns: 150, endOnFailure: false },
      )
      .finally(async () => {
        for (const { conn } of connections) await conn.close();
      });
  }, 60_000);
});

describe("values of any kind", () => {
  const VALUES: readonly (readonly [() => Untyped, fc.Arbitrary<Untyped>])[] = [
    [string, fc.string({ unit: "binary" })],
    [integer, fc.integer()],
    [double, fc.double({ noNaN: true, noDefaultInfinity: true })],
    [boolean, fc.boolean()],
    [dateTime, fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })],
    [
      date,
      fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((d) => d.toISOString().slice(0, 10)),
    ],
    [binary, fc.uint8Array()],
    [json, fc.jsonValue().filter((v) => v !== null)],
  ];
  it.each(["sqlite", "postgresql", "mysql"])("never change the text [%s]", (name) => {
    const dialect = dialectNamed(name);
    for (const [type, arbitrary] of VALUES) {
      const cache = new StatementCache<Compiled>();
      const texts = new Set<string>();
      fc.assert(
        fc.property(arbitrary, arbitrary, (a, b) => {
          const v = values({ x: type() } as Untyped, [{ x: a }], "v") as Untyped;
          const c = literal(a, type()) as Untyped;
          const statement = select(c.as("a"), v.c.x.as("b"))
            .where(v.c.x.eq(literal(b, type())), v.c.x.in([b]))
            .limit(1);
          const { value: compiled, params } = cache.lookup(statement as Untyped, (binds) =>
            dialect.createCompiler(binds).compile(statement as Untyped),
          );
          texts.add((bindStatement(compiled, params)[0] as { sql: string }).sql);
        }),
        { numRuns: 60 },
      );
      expect([...texts].length, type.name).toBe(1);
      expect(cache.size).toBe(1);
    }
  });
  it.each(["sqlite", "postgresql", "mysql"])("written as literals keep to their quotes [%s]", (name) => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }).filter((s) => !s.includes("\0")),
        (text) => {
          const { sql } = select(literal(text, string()).as("a"), literal("end", string()).as("z")).compile(name, {
            literalBinds: true,
          });
          const quoted =
            name === "sqlite"
              ? /^SELECT '((?:[^']|'')*)' AS a, 'end' AS z$/su
              : /^SELECT E?'((?:[^'\\]|''|\\.)*)' AS a, 'end' AS z$/su;
          const inside = quoted.exec(sql)?.[1];
          expect(inside, sql).toBeDefined();
          const back = (inside as string).replaceAll("''", "'");
          expect(
            name === "sqlite" || (name === "postgresql" && !sql.startsWith("SELECT E"))
              ? back
              : back.replace(/\\(.)/gsu, "$1"),
          ).toBe(text);
        },
      ),
      { numRuns: 500 },
    );
  });
});
