/**
 * Keys, defaults and order of inserted rows. RETURNING is shuffled on purpose: every row gets what belongs to it, or an error;
 * never another row's. Rules: core-orm.md C14, G6, G7, G8, G9, T8, T12; its named test `IMVSentinelTest`.
 */
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  bigInteger,
  binary,
  CreateTable,
  createEngine,
  custom,
  dateTime,
  deleteFrom,
  type Engine,
  func,
  InternalError,
  InvalidRequestError,
  insert,
  insertSentinel,
  integer,
  literal,
  MetaData,
  numeric,
  select,
  sql,
  string,
  TypeDecorator,
  table,
  uuid,
} from "../../src/index.js";
import { shuffleReturning } from "../../src/testing/index.js";

const COUNT = 150;
const uuidOf = (n: number) => `00000000-0000-4000-8000-${(n * 7919).toString(16).padStart(12, "0")}`;

class Lowered extends TypeDecorator<string, string> {
  override readonly impl = string(40);
  override toDatabase(value: string) {
    return value.toLowerCase();
  }
  override fromDatabase(value: string) {
    return value;
  }
}

describeEachDatabase("rows in the order of their values, whatever RETURNING does", (target) => {
  const metadata = new MetaData();
  const value = () => integer();
  const auto = table("auto", { id: integer().primaryKey(), n: value() }, { metadata });
  const big = table("big", { id: bigInteger().primaryKey(), n: value() }, { metadata });
  const given = table("given", { id: integer().primaryKey().autoincrement(false), n: value() }, { metadata });
  const made = table(
    "made",
    {
      id: uuid()
        .primaryKey()
        .default(
          (() => {
            let k = 0;
            return () => uuidOf(++k);
          })(),
        ),
      n: value(),
    },
    { metadata },
  );
  const pair = table("pair", { a: integer(), b: string(20), n: value() }, { metadata, primaryKey: ["a", "b"] });
  const exact = table("exact", { id: numeric(20, 4).primaryKey(), n: value() }, { metadata });
  const moment = table("moment", { id: dateTime().primaryKey(), n: value() }, { metadata });
  const bytes = table("bytes", { id: binary(8).primaryKey(), n: value() }, { metadata });
  const server = table(
    "server",
    {
      id: string(36)
        .primaryKey()
        .serverDefault(
          sql.raw(
            target.name === "postgresql"
              ? "gen_random_uuid()"
              : target.family === "mysql"
                ? "(uuid())"
                : "(lower(hex(randomblob(16))))",
          ),
        ),
      n: value(),
    },
    { metadata },
  );
  const marked = table(
    "marked",
    {
      id: string(36)
        .primaryKey()
        .serverDefault(
          sql.raw(
            target.name === "postgresql"
              ? "gen_random_uuid()"
              : target.family === "mysql"
                ? "(uuid())"
                : "(lower(hex(randomblob(16))))",
          ),
        ),
      n: value(),
      mark: insertSentinel(),
    },
    { metadata },
  );
  const own = table("own", { id: integer().primaryKey(), n: value(), code: string(20).insertSentinel() }, { metadata });
  const lowered = table("lowered", { id: custom(Lowered).primaryKey(), n: value() }, { metadata });
  let engine: Engine;
  let log: string[] = [];
  let sent: string[] = [];
  beforeAll(async () => {
    engine = createEngine(await target.url(), { echo: (line) => void log.push(line) });
    await metadata.createAll(engine);
    shuffleReturning(engine);
    engine.on("statement", ({ sql: text }) => void sent.push(text));
  });
  beforeEach(() => {
    log = [];
    sent = [];
  });
  afterAll(() => engine.dispose());
  const withReturning = it.skipIf(!target.capabilities.has("insertReturning"));
  const numbers = Array.from({ length: COUNT }, (_, i) => (i * 37) % COUNT);
  const inserts = () => sent.filter((s) => s.startsWith("INSERT"));
  const warnings = () => log.filter((l) => l.includes("Warning") && l.includes("row by row"));
  const oneByOne = () => expect(inserts()).toHaveLength(COUNT);
  const batched = () => expect(inserts()).toHaveLength(target.name === "sqlite" ? 2 : 1);

  /** Inserts and checks: the numbers come back as given, and each key is that of its row in the table. */
  async function check(of: unknown, rows: readonly { readonly [key: string]: unknown }[]): Promise<void> {
    const t = of as typeof auto;
    await using conn = await engine.connect();
    const back = await conn
      .execute(
        insert(t)
          .values(rows as never)
          .returning(t.c.id, t.c.n)
          .sortByParameterOrder(),
      )
      .all();
    expect(back.map((r) => r.n)).toEqual(rows.map((r) => r.n));
    sent = sent.filter((s) => s.startsWith("INSERT"));
    const stored = new Map((await conn.execute(select(t.c.id, t.c.n)).all()).map((r) => [r.n, r.id]));
    expect(stored.size).toBe(rows.length);
    expect(back.map((r) => r.id)).toEqual(rows.map((r) => stored.get(r.n as number)));
    await conn.rollback();
  }
  withReturning("without it rows come in any order", async () => {
    await using conn = await engine.connect();
    const back = await conn
      .execute(
        insert(auto)
          .values(numbers.map((n) => ({ n })))
          .returning(auto.c.n),
      )
      .all();
    expect(back.map((r) => r.n)).not.toEqual(numbers);
    expect(back.map((r) => r.n).sort((a, b) => a - b)).toEqual([...numbers].sort((a, b) => a - b));
    await conn.rollback();
  });
  withReturning("a key the database counts", async () => {
    await check(
      auto,
      numbers.map((n) => ({ n })),
    );
    if (target.name === "sqlite") oneByOne();
    else batched();
    expect(warnings()).toEqual([]);
    if (target.name === "postgresql")
      expect(inserts()[0]).toMatch(/SELECT p\.p0 FROM \(VALUES .*ORDER BY p\.n RETURNING/);
  });
  withReturning("a 64-bit key the database counts", () =>
    check(
      big as never,
      numbers.map((n) => ({ n })),
    ),
  );
  withReturning("keys given", async () => {
    await check(
      given,
      numbers.map((n) => ({ id: 100_000 - n, n })),
    );
    batched();
  });
  withReturning("keys made on the client, each once", async () => {
    await check(
      made as never,
      numbers.map((n) => ({ n })),
    );
    batched();
  });
  withReturning("keys of several columns", async () => {
    await using conn = await engine.connect();
    const rows = numbers.map((n) => ({ a: n % 10, b: `b${n}`, n }));
    const back = await conn
      .execute(insert(pair).values(rows).returning(pair.c.b, pair.c.n).sortByParameterOrder())
      .all();
    expect(back.map((r) => [r.b, r.n])).toEqual(rows.map((r) => [r.b, r.n]));
    batched();
    await conn.rollback();
  });
  withReturning("exact decimals, moments and bytes are compared by value", async () => {
    await check(
      exact as never,
      numbers
        .map((n) => ({ id: `${n}.50`, n }))
        .map((r) => ({ ...r, id: target.name === "sqlite" ? `${r.n}.5` : `${r.n}.5000` })),
    );
    await using conn = await engine.connect();
    const moments = numbers.map((n) => ({ id: new Date(1.7e12 + n * 1000), n }));
    const byMoment = await conn
      .execute(insert(moment).values(moments).returning(moment.c.id, moment.c.n).sortByParameterOrder())
      .all();
    expect(byMoment.map((r) => r.n)).toEqual(numbers);
    const blobs = numbers.map((n) => ({ id: new Uint8Array([1, n, 255 - n, 0]), n }));
    const byBytes = await conn.execute(insert(bytes).values(blobs).returning(bytes.c.n).sortByParameterOrder()).all();
    expect(byBytes.map((r) => r.n)).toEqual(numbers);
    await conn.rollback();
  });
  withReturning("keys the server makes in no order: row by row, and the log says why", async () => {
    await check(
      server as never,
      numbers.map((n) => ({ n })),
    );
    oneByOne();
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toMatch(/'server'.*insertSentinel/);
  });
  withReturning("the same beside a sentinel column: one statement a page", async () => {
    await check(
      marked as never,
      numbers.map((n) => ({ n })),
    );
    batched();
    expect(warnings()).toEqual([]);
  });
  withReturning("a column of the program's own as the sentinel", async () => {
    await check(
      own as never,
      numbers.map((n) => ({ n, code: `c${n}` })),
    );
    batched();
  });
  withReturning("a sentinel that nobody gives a value is refused by name, and nothing is written", async () => {
    await using conn = await engine.connect();
    const empty = table(
      "empty_mark",
      { id: integer().primaryKey(), n: value(), mark: uuid().nullable().insertSentinel() },
      { metadata: new MetaData() },
    );
    const statement = insert(empty)
      .values([{ n: 1 }, { n: 2 }])
      .returning(empty.c.id)
      .sortByParameterOrder();
    await expect(conn.execute(statement).all()).rejects.toThrow(/'mark' is marked .* no value.*default\(\)/);
    expect(inserts()).toEqual([]);
  });
  withReturning("a value met twice in the sentinel is an error, not a guess", async () => {
    await using conn = await engine.connect();
    const rows = numbers.map((n, i) => ({ n, code: i < 2 ? "same" : `c${n}` }));
    const statement = insert(own)
      .values(rows as never)
      .returning(own.c.id)
      .sortByParameterOrder();
    await expect(conn.execute(statement).all()).rejects.toThrow(InternalError);
    await expect(conn.execute(statement).all()).rejects.toThrow(/"same".*'code'.*twice|'code'/);
    await conn.rollback();
  });
  withReturning("a sentinel that the type changes is an error", async () => {
    await using conn = await engine.connect();
    const rows = numbers.map((n) => ({ id: `KEY${n}`, n }));
    await expect(
      conn.execute(insert(lowered).values(rows).returning(lowered.c.n).sortByParameterOrder()).all(),
    ).rejects.toThrow(/'id'.*did not come back/);
    // Without order nothing has to be told apart.
    const some = await conn
      .execute(
        insert(lowered)
          .values([
            { id: "A", n: 1 },
            { id: "B", n: 2 },
          ])
          .returning(lowered.c.n),
      )
      .all();
    expect(some.map((r) => r.n).sort()).toEqual([1, 2]);
    await conn.rollback();
  });
  withReturning("a sentinel that a trigger changes is an error", async () => {
    await using conn = await engine.connect();
    if (target.name === "sqlite") return; // its triggers run behind the row: RETURNING gives what was written
    if (target.name === "postgresql") {
      await conn.execDriverSql(
        "create function bend() returns trigger language plpgsql as 'begin new.id = new.id + 1; return new; end'",
      );
      await conn.execDriverSql("create trigger bent before insert on given for each row execute function bend()");
    } else await conn.execDriverSql("create trigger bent before insert on given for each row set new.id = new.id + 1");
    if (target.family === "mysql") await conn.commit();
    const rows = numbers.slice(0, 20).map((n) => ({ id: n * 5 + 1, n }));
    await expect(
      conn.execute(insert(given).values(rows).returning(given.c.n).sortByParameterOrder()).all(),
    ).rejects.toThrow(InternalError);
    await conn.rollback();
    if (target.family === "mysql") await conn.execDriverSql("drop trigger bent");
  });
  withReturning("SQL in a row, and an upsert, go row by row", async () => {
    await using conn = await engine.connect();
    const rows = [1, 2, 3].map((n) => ({ n: literal(n, integer()).add(10) }));
    const back = await conn.execute(insert(auto).values(rows).returning(auto.c.n).sortByParameterOrder()).all();
    expect(back.map((r) => r.n)).toEqual([11, 12, 13]);
    expect(inserts()).toHaveLength(3);
    sent = [];
    const put = insert(given)
      .values([3, 1, 2].map((n) => ({ id: n, n })))
      .onConflictDoUpdate({ target: ["id"], set: (e) => ({ n: e.n }) });
    expect((await conn.execute(put.returning(given.c.n).sortByParameterOrder()).all()).map((r) => r.n)).toEqual([
      3, 1, 2,
    ]);
    expect(inserts()).toHaveLength(3);
    await conn.rollback();
  });
  withReturning("several pages, each its own statement and event, keep the order across them", async () => {
    await using conn = await engine.connect();
    const rows = Array.from({ length: 2500 }, (_, i) => ({ id: 5000 - i, n: i }));
    const statement = insert(given).values(rows).returning(given.c.n).sortByParameterOrder();
    const back = await conn.execute(statement).all();
    expect(back.map((r) => r.n)).toEqual(rows.map((r) => r.n));
    const pages = inserts().map((s) => (s.match(/\(\$?\d*\?*(::\w+)?,/g) ?? []).length);
    expect(inserts().length).toBe(Math.ceil(2500 / (target.name === "sqlite" ? 100 : 1000)));
    expect(pages.length).toBe(inserts().length);
    await conn.rollback();
    sent = [];
    await conn.execute(statement.executionOptions({ insertmanyvaluesPageSize: 700 })).all();
    expect(inserts()).toHaveLength(4);
    await expect(conn.execute(statement.executionOptions({ insertmanyvaluesPageSize: 0 })).all()).rejects.toThrow(
      /page-?size|whole number/i,
    );
    await conn.rollback();
  });
  it("a page never has more parameters than the server takes", async () => {
    const wide = table(
      `wide_${target.name}`,
      Object.fromEntries(
        Array.from({ length: 90 }, (_, i) => [
          i === 0 ? "id" : `c${i}`,
          i === 0 ? integer().primaryKey() : integer().nullable(),
        ]),
      ) as { id: typeof integer extends () => infer C ? C : never },
      { metadata: new MetaData() },
    );
    await using conn = await engine.connect();
    const most: number[] = [];
    const off = engine.on("statement", ({ sql: text, params }) => {
      if (text.startsWith("INSERT")) most.push(params.length);
    });
    await conn.execute(new CreateTable(wide as never) as never);
    const row = Object.fromEntries(Array.from({ length: 90 }, (_, i) => [i === 0 ? "id" : `c${i}`, i]));
    await conn.execute(
      insert(wide as never).values(Array.from({ length: 1500 }, (_, i) => ({ ...row, id: i + 1 })) as never),
    );
    off();
    expect(Math.max(...most)).toBeLessThanOrEqual(engine.dialect.capabilities.maxParameters);
    expect(most.reduce((a, b) => a + b, 0)).toBe(1500 * 90);
    await conn.rollback();
    await conn.execDriverSql(`drop table if exists wide_${target.name}`);
    await conn.commit();
  });

  describe("what an INSERT made", () => {
    it("the key of one row: counted, given, made on the client", async () => {
      await using conn = await engine.connect();
      const key = await conn.execute(insert(auto).values({ n: 1 })).insertedPrimaryKey();
      expect([key.id, key[0]]).toEqual([await conn.execute(select(func.max(auto.c.id))).scalar(), key.id]);
      expect([...(await conn.execute(insert(given).values({ id: 7, n: 1 })).insertedPrimaryKey())]).toEqual([7]);
      const client = await conn.execute(insert(made).values({ n: 4 })).insertedPrimaryKey();
      expect(client.id).toBe(await conn.execute(select(made.c.id).where(made.c.n.eq(4))).scalar());
      expect([...(await conn.execute(insert(pair).values({ a: 1, b: "x", n: 1 })).insertedPrimaryKey())]).toEqual([
        1,
        "x",
      ]);
      const fromServer = conn.execute(insert(server).values({ n: 4 }));
      if (target.capabilities.has("insertReturning"))
        expect((await fromServer.insertedPrimaryKey()).id).toBe(
          await conn.execute(select(server.c.id).where(server.c.n.eq(4))).scalar(),
        );
      else expect(await fromServer.insertedPrimaryKeyRows()).toEqual([]);
      await conn.rollback();
    });
    it("keys of many rows, each its own", async () => {
      await using conn = await engine.connect();
      const result = conn.execute(insert(auto).values(numbers.map((n) => ({ n }))));
      const keys = await result.insertedPrimaryKeyRows();
      const stored = new Map((await conn.execute(select(auto.c.id, auto.c.n)).all()).map((r) => [r.n, r.id]));
      expect(keys.map((k) => k.id)).toEqual(numbers.map((n) => stored.get(n)));
      if (target.name !== "sqlite") batched();
      await expect(result.insertedPrimaryKey()).rejects.toThrow(/insertedPrimaryKeyRows/);
      await conn.rollback();
    });
    it("keys of many rows while others insert, too", async () => {
      if (!target.capabilities.has("concurrentWriters")) return;
      const writer = async (w: number) => {
        await using conn = await engine.connect();
        const given: [number, number][] = [];
        for (let round = 0; round < 5; round++) {
          const rows = numbers.map((n) => ({ n: (w * 5 + round) * COUNT + n }));
          const keys = await conn.execute(insert(auto).values(rows)).insertedPrimaryKeyRows();
          rows.forEach((row, i) => void given.push([row.n, keys[i]?.id as number]));
        }
        await conn.commit();
        return given;
      };
      const all = (await Promise.all([0, 1, 2, 3, 4].map(writer))).flat();
      await using conn = await engine.connect();
      const stored = new Map((await conn.execute(select(auto.c.n, auto.c.id)).all()).map((r) => [r.n, r.id]));
      expect(all.map(([n]) => stored.get(n))).toEqual(all.map(([, id]) => id));
      await conn.execute(deleteFrom(auto));
      await conn.commit();
    });
    it("by parameters of execute(), too", async () => {
      await using conn = await engine.connect();
      const keys = await conn
        .execute(insert(given), [
          { id: 3, n: 1 },
          { id: 2, n: 2 },
        ])
        .insertedPrimaryKeyRows();
      expect(keys.map((k) => k.id)).toEqual([3, 2]);
      await conn.rollback();
    });
    it("defaults, those of the server and those of the client", async () => {
      const metadata2 = new MetaData();
      const notes = table(
        `notes_${target.name}`,
        {
          id: integer().primaryKey(),
          body: string(20),
          state: string(10).serverDefault(sql.raw("'new'")),
          made: integer().default(() => 42),
          twice: integer().nullable(),
        },
        { metadata: metadata2 },
      );
      await metadata2.createAll(engine);
      await using conn = await engine.connect();
      const one = conn.execute(insert(notes).values({ body: "a" }).returnDefaults());
      const got = await one.returnedDefaults();
      expect([got.state, typeof got.id]).toEqual(["new", "number"]);
      expect([await one.prefetchColumns(), await one.postfetchColumns()]).toEqual([["made"], []]);
      expect(await one.lastInsertedParams()).toEqual([{ body: "a", made: 42 }]);
      expect((await one.insertedPrimaryKey()).id).toBe(got.id);
      const named = await conn
        .execute(
          insert(notes)
            .values([{ body: "b" }, { body: "c" }])
            .returnDefaults(notes.c.state),
        )
        .returnedDefaultsRows();
      expect(named.map((r) => [...r])).toEqual([["new"], ["new"]]);
      const given2 = await conn
        .execute(insert(notes).values({ body: "d", state: "old" }).returnDefaults())
        .returnedDefaults();
      expect(Object.keys((given2 as never as { toObject(): object }).toObject())).toEqual(["id"]);
      await expect(conn.execute(insert(notes).values({ body: "e" })).returnedDefaults()).rejects.toThrow(
        InvalidRequestError,
      );
      expect(() => insert(notes).values({ body: "x" }).returning(notes.c.id)).not.toThrow();
      await conn.rollback();
      await metadata2.dropAll(engine);
    });
    it("nothing to ask after the fact, of a query, or inline", async () => {
      await using conn = await engine.connect();
      const result = conn.execute(insert(auto).values({ n: 1 }));
      await result;
      await expect(result.insertedPrimaryKey()).rejects.toThrow(/before it is awaited/);
      await expect(conn.execute(insert(auto).values({ n: 1 }).inline()).insertedPrimaryKey()).rejects.toThrow(/inline/);
      await expect(
        conn.execute(insert(auto).fromSelect(["n"], select(literal(1, integer()).as("n")))).insertedPrimaryKey(),
      ).rejects.toThrow(InvalidRequestError);
      await expect(conn.execute(select(auto.c.id)).insertedPrimaryKey()).rejects.toThrow(InvalidRequestError);
      const nothing = insert(auto).values([{ n: 1 }, { n: 2 }]) as never as {
        sortByParameterOrder(): typeof unordered;
      };
      const unordered = insert(auto).values({ n: 1 });
      await expect(conn.execute(nothing.sortByParameterOrder()).all()).rejects.toThrow(/say what to return/);
      await conn.rollback();
    });
    it("keys made by an expression are known beforehand where nothing gives them back", async () => {
      const metadata3 = new MetaData();
      const counted = table(
        `counted_${target.name}`,
        { id: integer().primaryKey().autoincrement(false).default(sql`(select 41 + 1)`.as(integer())), n: integer() },
        { metadata: metadata3 },
      );
      await metadata3.createAll(engine);
      await using conn = await engine.connect();
      expect((await conn.execute(insert(counted).values({ n: 1 })).insertedPrimaryKey()).id).toBe(42);
      expect(inserts()).toHaveLength(1);
      await conn.rollback();
      // A server without RETURNING: the expression runs first, and its value is what is written.
      sent = [];
      const capabilities = {
        ...engine.dialect.capabilities,
        returning: { insert: false, update: false, delete: false },
      };
      Object.defineProperty(engine.dialect, "capabilities", { value: capabilities, configurable: true });
      try {
        expect((await conn.execute(insert(counted).values({ n: 2 })).insertedPrimaryKey()).id).toBe(42);
        expect(sent.filter((s) => !/^(BEGIN|ROLLBACK|COMMIT)/.test(s)).map((s) => s.slice(0, 6))).toEqual([
          "SELECT",
          "INSERT",
        ]);
        if (target.name !== "postgresql") {
          const keys = await conn.execute(insert(auto).values([{ n: 1 }, { n: 2 }])).insertedPrimaryKeyRows();
          const stored = (await conn.execute(select(auto.c.id).orderBy(auto.c.n)).all()).map((r) => r.id);
          expect(keys.map((k) => k.id)).toEqual(stored);
        }
      } finally {
        if (target.name === "sqlite")
          Object.defineProperty(engine.dialect, "capabilities", {
            value: { ...capabilities, returning: { insert: true, update: true, delete: true } },
            configurable: true,
          });
        else delete (engine.dialect as { capabilities?: unknown }).capabilities;
      }
      await conn.rollback();
      await metadata3.dropAll(engine);
    });
  });
});

describeEachDatabase(
  "server functions whose values ascend",
  (target) => {
    it("tell rows apart by their order, and are found out when they do not", async () => {
      const engine = createEngine(await target.url());
      const metadata = new MetaData();
      await using conn = await engine.connect();
      await conn.execDriverSql("create sequence ticks");
      await conn.execDriverSql(
        "create function tick() returns text language sql as $$ select lpad(to_hex(nextval('ticks')), 12, '0') $$",
      );
      const rows = table(
        "rows_of",
        {
          id: string(12).primaryKey().serverDefault(sql.raw("tick()")).insertSentinel({ monotonic: true }),
          n: integer(),
        },
        { metadata },
      );
      const same = table(
        "same_of",
        {
          id: integer().primaryKey(),
          mark: integer().serverDefault("7").insertSentinel({ monotonic: true }),
          n: integer(),
        },
        { metadata },
      );
      await metadata.createAll(conn as never);
      shuffleReturning(engine);
      const numbers = Array.from({ length: COUNT }, (_, i) => (i * 37) % COUNT);
      const back = await conn
        .execute(
          insert(rows)
            .values(numbers.map((n) => ({ n })))
            .returning(rows.c.n)
            .sortByParameterOrder(),
        )
        .all();
      expect(back.map((r) => r.n)).toEqual(numbers);
      await expect(
        conn
          .execute(
            insert(same)
              .values(numbers.map((n) => ({ n })))
              .returning(same.c.n)
              .sortByParameterOrder(),
          )
          .all(),
      ).rejects.toThrow(/came back twice/);
      if (Number.parseInt(engine.info?.serverVersion ?? "0", 10) >= 18) {
        await conn.rollback();
        const seven = table(
          "seven",
          {
            id: uuid().primaryKey().serverDefault(sql.raw("uuidv7()")).insertSentinel({ monotonic: true }),
            n: integer(),
          },
          { metadata: new MetaData() },
        );
        await conn.execDriverSql("create table seven (id uuid primary key default uuidv7(), n integer)");
        const keys = await conn.execute(insert(seven).values(numbers.map((n) => ({ n })))).insertedPrimaryKeyRows();
        const stored = new Map((await conn.execute(select(seven.c.n, seven.c.id)).all()).map((r) => [r.n, r.id]));
        expect(keys.map((k) => k.id)).toEqual(numbers.map((n) => stored.get(n)));
      }
      await conn.rollback();
      await engine.dispose();
    });
    it("a trigger that leaves rows out is an error, and so is an enumeration no problem", async () => {
      const engine = createEngine(await target.url());
      await using conn = await engine.connect();
      const skipped = table("skipped", { id: integer().primaryKey(), n: integer() }, { metadata: new MetaData() });
      await conn.execDriverSql("create table skipped (id serial primary key, n integer)");
      await conn.execDriverSql(
        "create function skip() returns trigger language plpgsql as 'begin if new.n = 2 then return null; end if; return new; end'",
      );
      await conn.execDriverSql("create trigger skips before insert on skipped for each row execute function skip()");
      const statement = insert(skipped)
        .values([1, 2, 3].map((n) => ({ n })))
        .returning(skipped.c.id)
        .sortByParameterOrder();
      await expect(conn.execute(statement).all()).rejects.toThrow(/3 rows.*gave 2 back/);
      await conn.rollback();
      await engine.dispose();
    });
  },
  { requires: ["arrays"] },
);
