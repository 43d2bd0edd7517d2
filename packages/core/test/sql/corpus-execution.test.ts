/** The corpus runs: every statement on every database that has the feature, with equal results. */
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CompileError, createEngine, DatabaseError, type Engine, insert, select, sql } from "../../src/index.js";
import { statements } from "./corpus/statements.js";
import { items, metadata, odd, orders, tags, users, userTags } from "./corpus/tables.js";

/** What a statement gave: rows in an order of our own, the tables it changed, or the class of the error. */
type Outcome = { readonly rows?: readonly string[]; readonly error?: string };
const outcomes = new Map<string, Map<string, Outcome>>();

/** Statements whose results cannot agree, and why. */
const DIFFERS: { readonly [id: string]: string } = {
  "func.now": "the clock",
  "func.current.date": "the clock",
  "func.random": "chance",
  "func.unknown": "no database has it",
  "func.package": "no database has it",
  "select.suffix": "MariaDB reads the comment, the others too: nothing to compare",
  collate: "collations have other names everywhere",
  "collate.order": "collations have other names everywhere",
  "op.custom": "|| is OR on MariaDB",
  "json.index": "MariaDB takes an object for a list of one",
  "over.agg": "PostgreSQL asks for a GROUP BY",
  tablefunc: "generate_series is not compiled into SQLite here",
  "over.lead": "MariaDB's LEAD takes no default",
  "cast.int": "PostgreSQL refuses text that is no number, the others make it 0",
  "cast.bigint": "as cast.int",
  "cast.smallint": "as cast.int",
  "cast.numeric": "as cast.int",
  "cast.double": "as cast.int",
  "cast.date": "as cast.int",
  "cast.time": "as cast.int",
  "cast.arith": "as cast.int",
  "cast.where": "as cast.int",
  coerce: "the text is read as a number here, and is none",
  "coerce.arith": "as cast.int",
  "text.colon": "a backslash in a string escapes on MariaDB",
  "func.strings": "without ORDER BY the order is the database's",
  "upsert.partial": "PostgreSQL also infers the whole unique index, and MariaDB any",
  "insert.prefix": "OR IGNORE and IGNORE are the databases' own words",
  "array.agg": "PostgreSQL alone has it",
  "column.valued": "as tablefunc",
  "tablefunc.typed": "PostgreSQL alone has records",
  text: "the driver names the types of raw SQL",
};

function shown(value: unknown): unknown {
  if (typeof value === "bigint") return shown(Number(value));
  if (typeof value === "number") return Math.round(value * 1e4) / 1e4;
  if (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)) return shown(Number(value));
  if (value instanceof Date) return value.toISOString();
  return value;
}

describeEachDatabase("the corpus", (target) => {
  let engine: Engine;
  const mine = new Map<string, Outcome>();
  beforeAll(async () => {
    outcomes.set(target.name, mine);
    engine = createEngine(await target.url());
    await metadata.createAll(engine);
    await engine.begin(async (conn) => {
      const day = (n: number) => new Date(Date.UTC(2024, n, n + 2, n + 3, n + 4, n + 5));
      const prefs = { theme: "dark", size: 2.5, on: true, a: [{ b: 1 }, { b: 2 }], 'it\'s "q"': "x" };
      const person = (name: string, more: object) => ({
        name,
        email: null as string | null,
        age: 0,
        active: true as boolean | null,
        score: 1.5 as number | null,
        balance: "10.50",
        created: day(1),
        birthday: "1990-02-03",
        bossId: null,
        prefs,
        ...more,
      });
      // Bosses come later: some foreign keys point forward.
      const rows = [
        person("ann", { email: "ann@x.org", age: 31 }),
        person("bob", { email: "b", age: 5, active: false, score: 2.25, created: day(3) }),
        person("cid", { age: 7, active: null, score: null }),
        person("dora", { email: "dora", age: 44, balance: "0.25", prefs: { ...prefs, theme: "light" } }),
        person("eve", { email: "none", age: 2, created: day(7), birthday: null }),
        person("x", { age: 63, active: false }),
      ];
      await conn.execute(insert(users).values(rows));
      for (const [id, boss] of [
        [2, 3],
        [3, 5],
        [4, 3],
        [6, 4],
      ])
        await conn.execute(sql`update users set boss_id = ${boss} where id = ${id}`);
      await conn.execute(
        insert(orders).values(
          [1, 1, 2, 4, null, 4].map((userId, n) => ({
            userId,
            status: n % 2 ? "paid" : "new",
            total: `${n}.75`,
            qty: n + 1,
            placed: day(n),
          })),
        ),
      );
      await conn.execute(
        insert(items).values(
          [1, 2, 2, 3, 5].map((orderId, n) => ({ orderId, sku: `s${n}`, price: n * 2, note: n === 2 ? null : "n" })),
        ),
      );
      await conn.execute(
        insert(tags).values([
          { name: "red", uses: 7 },
          { name: "x", uses: 3 },
          { name: "blue", uses: null },
        ]),
      );
      await conn.execute(
        insert(userTags).values([
          { userId: 1, tagId: 1 },
          { userId: 1, tagId: 2 },
          { userId: 4, tagId: 1 },
        ]),
      );
      await conn.execute(
        insert(odd).values([
          { select: "x", mixed: 2, percent: 2, colon: 3, quote: 4 },
          { select: "z", mixed: 0, percent: 1, colon: 1, quote: 1 },
        ]),
      );
      if (target.capabilities.has("partialIndexes"))
        await conn.execDriverSql("create unique index tags_big on tags (name) where uses > 5");
    });
  });
  afterAll(() => engine.dispose());

  for (const [id, make] of statements) {
    it(id, async () => {
      const statement = make() as never;
      await using conn = await engine.connect();
      try {
        const inserting = /^(insert|upsert)/.test(id);
        const result = await conn.execute<never>(statement);
        const row = (r: readonly unknown[]) => JSON.stringify([...r].slice(inserting ? 1 : 0).map(shown));
        const rows = result.map((r: unknown) => row(r as readonly unknown[])).sort();
        if (/^(insert|upsert|update|delete|cte\.(insert|update|delete))/.test(id)) {
          // Keys of new rows depend on what was tried before.
          for (const state of [
            select(tags.c.name, tags.c.uses),
            select(orders.c.id, orders.c.status, orders.c.qty),
            select(items.c.id, items.c.price),
            select(users.c.id, users.c.active),
            select(odd.c.select, odd.c.mixed),
          ]) {
            rows.push(
              ...(await conn.execute(state as never).all())
                .map((r: unknown) => row(["", ...(r as unknown[])].slice(inserting ? 0 : 1)))
                .sort(),
            );
          }
        }
        mine.set(id, { rows });
      } catch (error) {
        if (error instanceof CompileError) return;
        if (!(error instanceof DatabaseError)) throw error;
        mine.set(id, { error: `${error.constructor.name}: ${error.message.split("\n")[0]}` });
      } finally {
        await conn.rollback();
      }
    });
  }
});

describe("the corpus across databases", () => {
  it.each([...statements.keys()].filter((id) => !(id in DIFFERS)))("%s", (id) => {
    const given = [...outcomes].flatMap(([name, of]) => (of.has(id) ? [[name, of.get(id) as Outcome] as const] : []));
    const [first, ...others] = given;
    for (const [name, outcome] of others) {
      const picture = (o: Outcome | undefined) => o?.rows ?? o?.error?.split(":")[0];
      expect(picture(outcome), `${name} and ${first?.[0]}`).toEqual(picture(first?.[1]));
    }
    // An error everywhere has to be one about the data.
    for (const [name, outcome] of given)
      if (outcome.error !== undefined) expect(outcome.error, name).toMatch(/^IntegrityError/);
  });
});
