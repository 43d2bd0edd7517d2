import { describeEachDatabase } from "@athanor/test-support";
import mysql from "mysql2/promise";
import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import {
  ArgumentError,
  alias,
  CreateTable,
  createEngine,
  createMockEngine,
  createPoolFromUrl,
  Engine,
  engineFromConfig,
  insert,
  integer,
  json,
  MetaData,
  select,
  sql,
  string,
  table,
  tableOf,
  Url,
  unique,
} from "../../src/index.js";

describe("engineFromConfig", () => {
  it("reads options written as text, in either spelling, and leaves other settings alone", () => {
    const engine = engineFromConfig(
      {
        DATABASE_URL: "postgresql://ann@localhost/shop",
        DATABASE_POOL_SIZE: "7",
        database_maxOverflow: 2,
        DATABASE_POOL_PRE_PING: "yes",
        DATABASE_ISOLATION_LEVEL: "repeatable_read",
        DATABASE_ECHO: undefined,
        PATH: "/bin",
      },
      "DATABASE_",
    );
    expect(String(engine.url)).toBe("postgresql://ann@localhost/shop");
    expect([engine.pool.size, engine.pool.maxOverflow]).toEqual([7, 2]);
    expect(engineFromConfig({ "database.url": "sqlite://" }, undefined, { statementCacheSize: 3 }).dialect.name).toBe(
      "sqlite",
    );
  });
  it("names what it cannot read", () => {
    const from = (config: { [name: string]: string }) => () =>
      engineFromConfig({ "db.url": "sqlite://", ...config }, "db.");
    expect(from({ "db.pool_sise": "5" })).toThrow(/'db.pool_sise'.*Did you mean 'poolSize'/);
    expect(from({ "db.pool_size": "many" })).toThrow(/'db.pool_size' is a number, not 'many'/);
    expect(from({ "db.echo": "loud" })).toThrow(/true or false, not 'loud'/);
    expect(() => engineFromConfig({}, "db.")).toThrow(ArgumentError);
  });
});

describe("a mock engine", () => {
  it("hands over the DDL of a schema and the statements of a transaction, without a database", async () => {
    const metadata = new MetaData();
    const owners = table("owners", { id: integer().primaryKey(), name: string(20).index() }, { metadata });
    const script: string[] = [];
    const engine = createMockEngine("postgresql://", (text) => void script.push(text));
    await metadata.createAll(engine, { checkFirst: false });
    expect(script).toEqual([
      expect.stringMatching(/^CREATE TABLE owners \(\s*id SERIAL NOT NULL/),
      "CREATE INDEX ix_owners_name ON owners (name)",
    ]);
    script.length = 0;
    await engine.begin((conn) => conn.execute(insert(owners).values({ name: "Ann" })));
    expect(script).toEqual([expect.stringMatching(/^INSERT INTO owners \(name\) VALUES \(\$1/)]);
    const answering = createMockEngine("sqlite://", () => ({ rows: [[7, "Ann"]] }));
    await using conn = await answering.connect();
    expect((await conn.execute(select(owners.c.id, owners.c.name)).one()).name).toBe("Ann");
    await answering.dispose();
    expect(await answering.begin((c) => c.execute(select(owners.c.id)).scalar())).toBe(7);
  });
});

describe("plugins", () => {
  it("change URL and options one after the other, and see the engine first", async () => {
    const seen: string[] = [];
    const engine = createEngine("sqlite:///nowhere/at/all.db", {
      plugins: [
        {
          configure: (url) => ({ url: url.set({ database: undefined }) }),
          created: (e) => void seen.push(String(e.url)),
        },
        { configure: (url, options) => void seen.push(`${url} ${options.statementCacheSize}`) },
        {
          configure: (_, options) => ({ options: { ...options, statementCacheSize: 2 } }),
          created: (e) => void e.on("statement", ({ sql: text }) => void seen.push(text)),
        },
      ],
    });
    await using conn = await engine.connect();
    await conn.execute(sql`select 1`);
    expect(seen).toEqual(["sqlite:// undefined", "sqlite://", "BEGIN", "select 1"]);
    const bad = { configure: () => ({ options: { ekho: true } as never }) };
    expect(() => createEngine("sqlite://", { plugins: [bad] })).toThrow(/Did you mean 'echo'/);
    await conn.close();
    await engine.dispose();
  });
});

describe("listeners of all engines", () => {
  const stops: (() => void)[] = [];
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });
  it("hear those made before and after, siblings included, until they stop", async () => {
    const before = createEngine("sqlite://");
    const lines: string[] = [];
    stops.push(Engine.on("statement", ({ sql: text }) => void lines.push(text)));
    stops.push(Engine.on("connect", () => void lines.push("connect")));
    const after = createEngine("sqlite://");
    await before.begin((conn) => conn.execute(sql`select 1`));
    await after.withOptions({ loggingName: "x" }).begin((conn) => conn.execute(sql`select 2`));
    expect(lines).toEqual(["connect", "BEGIN", "select 1", "COMMIT", "connect", "BEGIN", "select 2", "COMMIT"]);
    for (const stop of stops.splice(0)) stop();
    await before.begin((conn) => conn.execute(sql`select 3`));
    expect(lines).toHaveLength(8);
    expect(() => Engine.on("statment" as "statement", () => {})).toThrow(/Did you mean 'statement'/);
    await before.dispose();
    await after.dispose();
  });
  it("change a statement one after the other, and may be asked after", async () => {
    const engine = createEngine("sqlite://");
    const add = (text: string) => (event: { readonly sql: string; readonly params: readonly unknown[] }) => ({
      sql: `${event.sql} ${text}`,
      params: event.params,
    });
    const first = add("/* a */");
    engine.on("beforeExecute", first);
    engine.on("beforeExecute", add("/* b */"));
    engine.on("beforeExecute", add("-- first"), { insert: true, once: true });
    expect(engine.listens("beforeExecute", first)).toBe(true);
    const lines: string[] = [];
    engine.on("statement", ({ sql: text }) => void lines.push(text));
    await engine.begin(async (conn) => {
      await conn.execDriverSql("select 1\n");
      await conn.execDriverSql("select 2");
    });
    expect(lines).toEqual(["BEGIN", "select 1\n -- first /* a */ /* b */", "select 2 /* a */ /* b */", "COMMIT"]);
    engine.off("beforeExecute", first);
    expect(engine.listens("beforeExecute", first)).toBe(false);
    await engine.dispose();
  });
});

describe("what is logged", () => {
  it("carries the names of engine and connection, and the age of the compiled text", async () => {
    const lines: string[] = [];
    const engine = createEngine("sqlite://", { echo: (line) => void lines.push(line), loggingName: "web" });
    const t = table("sqlite_master", { name: string(20) });
    for (const token of ["job 1", "job 2"]) {
      await using conn = await engine.connect({ executionOptions: { loggingToken: token } });
      await conn.execute(select(t.c.name));
    }
    expect(lines).toEqual([
      "[web] [job 1] BEGIN",
      expect.stringMatching(/^\[web\] \[job 1\] SELECT/),
      expect.stringMatching(/^\[web\] \[job 1\] \[generated in \d\.\d{5}s\] \[\]$/),
      "[web] [job 1] ROLLBACK",
      "[web] [job 2] BEGIN",
      expect.stringMatching(/^\[web\] \[job 2\] SELECT/),
      expect.stringMatching(/^\[web\] \[job 2\] \[cached since [\d.e-]+s ago\] \[\]$/),
      "[web] [job 2] ROLLBACK",
    ]);
    await engine.dispose();
  });
  it("includes the pool when asked", async () => {
    const lines: string[] = [];
    const engine = createEngine("sqlite://", { echoPool: (line) => void lines.push(line) });
    await engine.begin((conn) => conn.execute(sql`select 1`));
    expect(lines).toEqual([
      "Pool: firstConnect, 1 in use, 0 idle",
      "Pool: connect, 1 in use, 0 idle",
      "Pool: checkout, 1 in use, 0 idle",
      "Pool: reset, 1 in use, 0 idle",
      "Pool: checkin, 1 in use, 0 idle",
    ]);
    await engine.dispose();
  });
});

/** The type package for the oldest supported Node does not know node:sqlite. */
async function nodeDatabase(path: string): Promise<unknown> {
  const name = "node:sqlite";
  const { DatabaseSync } = (await import(name)) as { readonly DatabaseSync: new (path: string) => object };
  return new DatabaseSync(path);
}
describeEachDatabase("connections made by the program", (target) => {
  it("are used as those Athanor opens, from its settings", async () => {
    const url = Url.parse(await target.url());
    let made = 0;
    const open: { readonly [dialect: string]: (settings: never) => unknown } = {
      sqlite: async ({ path, ...settings }: { path: string; readonly: boolean }) => {
        if (url.driver === "node") return await nodeDatabase(path);
        const { default: Database } = await import("better-sqlite3");
        return new Database(path, settings);
      },
      postgresql: async (settings: pg.ClientConfig) => {
        const client = new pg.Client(settings);
        await client.connect();
        await client.query("set datestyle to german");
        return client;
      },
      mysql: (settings: mysql.ConnectionOptions) => mysql.createConnection(settings),
      mariadb: (settings: mysql.ConnectionOptions) => mysql.createConnection(settings),
    };
    const engine = createEngine(url, {
      creator: (settings) => {
        made++;
        return open[url.dialect]?.(settings as never);
      },
    });
    try {
      await engine.begin(async (conn) => {
        await conn.execDriverSql("create table made (n bigint, d date)");
        await conn.execDriverSql("insert into made values (9007199254740993, '2026-11-29')");
        const row = await conn.execDriverSql<{ n: bigint; d: string }>("select n, d from made").one();
        expect([row.n, row.d]).toEqual([9007199254740993n, "2026-11-29"]);
      });
      expect(made).toBe(1);
    } finally {
      await engine.dispose();
    }
  });
  it("are lent by a pool of raw ones, given back clean, and may leave it", async () => {
    const engine = createEngine(await target.url());
    try {
      await engine.begin((conn) => conn.execDriverSql("create table r (n integer)"));
      {
        await using raw = await engine.rawConnection();
        expect(raw.isValid).toBe(true);
        await raw.connection.begin({});
        const hint = { prepare: false, returnsRows: false, exactIntegers: false };
        await raw.connection.execute("insert into r values (1)", [], hint);
        raw.info.set("seen", 1);
        raw.recordInfo.set("place", 1);
      }
      expect(engine.pool.status()).toMatchObject({ checkedOut: 0, idle: 1 });
      const again = await engine.rawConnection();
      expect([again.info.get("seen"), again.recordInfo.get("place")]).toEqual([1, 1]);
      again.detach();
      expect(engine.pool.status().checkedOut).toBe(0);
      await again.close();
      expect(again.isValid).toBe(false);
      expect(() => again.driverConnection).toThrow(/given back/);
      await using conn = await engine.connect();
      expect(Number(await conn.execDriverSql("select count(*) from r").scalar())).toBe(0);
      const pool = createPoolFromUrl(engine.url, { poolSize: 1 });
      const lease = await pool.acquire();
      expect(lease.connection.alive).toBe(true);
      await pool.release(lease, true);
      await pool.dispose();
    } finally {
      await engine.dispose();
    }
  });
  it("detached from its pool, a Connection goes on and is closed with it", async () => {
    const engine = createEngine(await target.url(), { poolSize: 1, maxOverflow: 0, poolTimeout: 5 });
    try {
      const closed: string[] = [];
      engine.on("closeDetached", () => void closed.push("closed"));
      const conn = await engine.connect();
      await conn.detach();
      await conn.execDriverSql("create table kept (n integer)");
      await conn.commit();
      expect(Number(await engine.begin((c) => c.execDriverSql("select count(*) from kept").scalar()))).toBe(0);
      await conn.close();
      expect(closed).toEqual(["closed"]);
      expect(engine.pool.status()).toMatchObject({ checkedOut: 0, idle: 1 });
    } finally {
      await engine.dispose();
    }
  });
});

describeEachDatabase("options for texts", (target) => {
  it("documents have the engine's text form, unless their type has one of its own", async () => {
    const engine = createEngine(await target.url(), {
      jsonSerializer: (value) => JSON.stringify({ wrapped: value }),
      jsonDeserializer: (text) => ({ read: (JSON.parse(text) as { wrapped: unknown }).wrapped }),
    });
    const docs = table(
      "docs",
      {
        id: integer().primaryKey(),
        doc: json<unknown>().nullable(),
        own: json<unknown>({ serializer: JSON.stringify, deserializer: (t) => JSON.parse(t) as unknown }).nullable(),
      },
      { metadata: new MetaData() },
    );
    try {
      await engine.begin(async (conn) => {
        await conn.execute(new CreateTable(tableOf(docs)));
        await conn.execute(
          insert(docs).values([
            { id: 1, doc: [1, "\u{1f701}"], own: [2] },
            { id: 2, doc: null, own: null },
          ]),
        );
        // Prepared and in the driver's fastest form, too.
        for (let i = 0; i < 3; i++) {
          const rows = await conn.execute(select(docs.c.doc, docs.c.own).orderBy(docs.c.id)).all();
          expect(rows.map((r) => [r[0], r[1]])).toEqual([
            [{ read: [1, "\u{1f701}"] }, [2]],
            [null, null],
          ]);
        }
        const text = engine.dialect.literal([3], tableOf(docs).columns[1]?.type as never);
        expect(text).toContain('{"wrapped":[3]}');
      });
      await using other = createEngine("sqlite://");
      expect(other.dialect.literal([3], tableOf(docs).columns[1]?.type as never)).toBe("'[3]'");
    } finally {
      await engine.dispose();
    }
  });
  it("made-up names and labels are no longer than told, and rows answer to the whole name", async () => {
    const url = await target.url();
    expect(() => createEngine(url, { labelLength: 3 })).toThrow(/labelLength is a whole number from 12/);
    expect(() => createEngine(url, { labelLength: 40, maxIdentifierLength: 30 })).toThrow(/at most 30/);
    const engine = engineFromConfig({
      "database.url": url,
      "database.label_length": "20",
      "database.max_identifier_length": 30,
    });
    try {
      const things = table("things_of_a_long_name", { id: integer().primaryKey() }, { metadata: new MetaData() });
      const [a, b] = [alias(things), alias(things)];
      const long = "a_label_that_is_longer_than_thirty";
      const sent: string[] = [];
      engine.on("statement", (e) => void sent.push(e.sql));
      const statement = select(a.c.id.as(long), b.c.id.as(`${long}_too`)).join(b, b.c.id.gt(a.c.id));
      await engine.begin(async (conn) => {
        await conn.execute(new CreateTable(tableOf(things)));
        await conn.execute(insert(things).values([{ id: 1 }, { id: 2 }]));
        for (let i = 0; i < 3; i++)
          expect(await conn.execute(statement).mappings().all()).toEqual([{ [long]: 1, [`${long}_too`]: 2 }]);
      });
      const names = [...(sent.find((s) => s.startsWith("SELECT"))?.matchAll(/AS (\w+)/g) ?? [])].map((m) => m[1]);
      expect(names.map((l) => l?.length)).toEqual([30, 30, 20, 20]);
      expect(new Set(names).size).toBe(4);
    } finally {
      await engine.dispose();
    }
    const strict = createEngine(url, { maxIdentifierLength: 30 });
    const named = table(
      "t",
      { id: integer() },
      { metadata: new MetaData(), constraints: (t) => [unique(`u_${"x".repeat(30)}`, t.id)] },
    );
    expect(() => strict.dialect.createDdlCompiler().statements(new CreateTable(tableOf(named)))).toThrow(
      /longer than the 30 characters/,
    );
    await strict.dispose();
  });
});

describeEachDatabase(
  "a stored procedure with several result sets",
  (target) => {
    it("is called through the driver's own connection", async () => {
      const engine = createEngine(await target.url());
      try {
        await engine.begin((conn) =>
          conn.execDriverSql("create procedure two() begin select '1' as a; select '2' as b, '3' as c; end"),
        );
        await using raw = await engine.rawConnection();
        const driver = raw.driverConnection as import("mysql2").Connection;
        const [sets] = await driver.promise().query<mysql.RowDataPacket[][]>("call two()");
        expect(sets.slice(0, 2)).toEqual([[{ a: "1" }], [{ b: "2", c: "3" }]]);
      } finally {
        await engine.dispose();
      }
    });
  },
  { only: ["mariadb", "mysql"] },
);
