/** What transactions promise: isolation levels by their effects, retries that end, savepoints, AUTOCOMMIT, two phases. */
import { describeEachDatabase, startEmbeddedPostgres } from "@athanor/test-support";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { enumeration, integer, string } from "../../src/api/columns.js";
import { select } from "../../src/api/statements.js";
import { table } from "../../src/api/tables.js";
import type { Connection } from "../../src/engine/connection.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { InvalidRequestError, isRetryable, OperationalError } from "../../src/errors/errors.js";
import { StatementAbortedError } from "../../src/errors/stopped.js";
import { inspect } from "../../src/reflection/inspector.js";
import { MetaData } from "../../src/schema/metadata.js";
import { text } from "../../src/sql/text.js";

/** A point that several tasks reach together. */
function meeting(size: number): () => Promise<void> {
  let here = 0;
  let open = () => {};
  const all = new Promise<void>((resolve) => {
    open = resolve;
  });
  return async () => {
    if (++here === size) open();
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 2000))]);
  };
}

describeEachDatabase(
  "transactions side by side",
  (target) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = createEngine(await target.url());
      await engine.begin((conn) =>
        conn.executeScript("create table doctor (id integer primary key, oncall integer not null)"),
      );
    });
    beforeEach(() =>
      engine.begin(async (conn) => {
        await conn.execDriverSql("delete from doctor");
        await conn.execDriverSql("insert into doctor values (1, 1), (2, 1)");
      }),
    );
    afterEach(() => expect(engine.pool.status().checkedOut).toBe(0));
    afterAll(() => engine.dispose());
    const onCall = async (conn: Connection) =>
      Number(await conn.execDriverSql("select count(*) from doctor where oncall = 1").scalar());
    const leave = (conn: Connection, id: number) => conn.execDriverSql(`update doctor set oncall = 0 where id = ${id}`);

    it("let write skew through at REPEATABLE READ, and never at SERIALIZABLE with retries", async () => {
      const both = async (isolationLevel: "REPEATABLE READ" | "SERIALIZABLE") => {
        const meet = meeting(2);
        const attempts = [0, 0];
        await Promise.all(
          [1, 2].map((id, i) =>
            engine.runTransaction(
              async (conn, attempt) => {
                attempts[i] = attempt;
                const others = await onCall(conn);
                if (attempt === 1) await meet();
                if (others > 1) await leave(conn, id);
              },
              { isolationLevel, retries: 8 },
            ),
          ),
        );
        return { left: await engine.begin(onCall), attempts };
      };
      expect((await both("REPEATABLE READ")).left).toBe(0);
      await engine.begin((conn) => conn.execDriverSql("update doctor set oncall = 1"));
      const safe = await both("SERIALIZABLE");
      expect(safe.left).toBe(1);
      expect(Math.max(...safe.attempts)).toBeGreaterThan(1);
    });
    it("that deadlock are run again, and both finish", async () => {
      const meet = meeting(2);
      const attempts: number[] = [];
      const swap = (first: number, second: number) =>
        engine.runTransaction(
          async (conn, attempt) => {
            attempts.push(attempt);
            await conn.execDriverSql(`update doctor set oncall = oncall + 1 where id = ${first}`);
            if (attempt === 1) await meet();
            await conn.execDriverSql(`update doctor set oncall = oncall + 10 where id = ${second}`);
          },
          { retries: 5 },
        );
      await Promise.all([swap(1, 2), swap(2, 1)]);
      expect(Math.max(...attempts)).toBeGreaterThan(1);
      const rows = await engine.begin((conn) => conn.execDriverSql("select oncall from doctor order by id").all());
      expect(rows.map((r) => r[0])).toEqual([12, 12]);
    });
    it("give up after the retries allowed, and at once on other errors", async () => {
      let runs = 0;
      const always = engine.runTransaction(
        () => {
          runs++;
          throw new OperationalError("try again", { retryable: true });
        },
        { retries: 2, backoff: () => 1 },
      );
      await expect(always).rejects.toThrow("try again");
      expect(runs).toBe(3);
      const once = engine.runTransaction(async (conn) => {
        runs++;
        await conn.execDriverSql("select nonsense from nowhere");
      });
      await expect(once).rejects.toSatisfy((e) => !isRetryable(e));
      expect(runs).toBe(4);
    });
    it("refuse a number of retries or a pause that is none", async () => {
      const failing = () => {
        throw new OperationalError("try again", { retryable: true });
      };
      for (const retries of [Number.NaN, -1, "2" as never])
        await expect(engine.runTransaction(failing, { retries })).rejects.toThrow(/retries is a number from 0/);
      for (const pause of [Number.NaN, -1, Number.POSITIVE_INFINITY])
        await expect(engine.runTransaction(failing, { backoff: () => pause })).rejects.toThrow(
          /backoff gives a number/,
        );
    });
    it("stop waiting for the next attempt when their signal says so", async () => {
      const abort = new AbortController();
      const started = performance.now();
      const running = engine.runTransaction(
        () => {
          setTimeout(() => abort.abort(), 10);
          throw new OperationalError("try again", { retryable: true });
        },
        { signal: abort.signal, backoff: () => 60_000 },
      );
      await expect(running).rejects.toThrow(StatementAbortedError);
      expect(performance.now() - started).toBeLessThan(30_000);
    });
    it("that the server rolled back as a whole refuse what follows, though nobody looked at the error", async () => {
      if (target.name === "postgresql") return;
      await using one = await engine.connect();
      await using two = await engine.connect();
      const change = (conn: Connection, id: number) =>
        conn.execDriverSql(`update doctor set oncall = oncall + 100 where id = ${id}`).rowCount();
      await engine.begin((conn) => conn.execDriverSql("update doctor set oncall = 0").rowCount());
      await change(one, 1);
      // The one with less to undo is chosen.
      const numbers = "with recursive n as (select 1 as i union all select i + 1 from n where i < 50)";
      await two
        .execDriverSql(`create temporary table heavier as ${numbers} select a.i from n as a, n as b limit 2000`)
        .rowCount();
      await change(two, 2);
      for (let i = 0; i < 20; i++) await change(two, 2);
      const waiting = change(two, 1);
      const victim = one.beginNested(() => change(one, 2)).catch(() => {});
      await victim;
      await expect(change(one, 1)).rejects.toSatisfy((e) => isRetryable(e) && /already rolled this/.test(String(e)));
      await expect(one.commit()).rejects.toThrow(/already rolled this transaction back/);
      await one.rollback();
      await waiting;
      await two.rollback();
      expect(await one.execDriverSql("select max(oncall) from doctor").scalar()).toBe(0);
      await change(one, 1);
      await one.commit();
    });
    it("see what their level lets them see", async () => {
      for (const [level, sees] of [
        ["READ COMMITTED", 1],
        ["REPEATABLE READ", 2],
      ] as const) {
        await engine.begin((conn) => conn.execDriverSql("update doctor set oncall = 1"));
        await using reader = await engine.connect({ isolationLevel: level });
        expect(await onCall(reader)).toBe(2);
        await engine.begin((conn) => leave(conn, 1));
        expect(await onCall(reader)).toBe(sees);
        await reader.commit();
        expect(await onCall(reader)).toBe(1);
      }
      await engine.begin((conn) => expect(conn.setIsolationLevel("SERIALIZABLE")).rejects.toThrow(InvalidRequestError));
      // A level is for one connection's use: the next user of the physical one has the default again.
      const single = createEngine(await target.url(), { poolSize: 1, maxOverflow: 0 });
      const shown =
        target.name === "postgresql"
          ? "select current_setting('transaction_isolation')"
          : target.name === "mysql"
            ? "select @@session.transaction_isolation"
            : "select @@session.tx_isolation";
      const standard = await single.begin((conn) => conn.execDriverSql(shown).scalar());
      await single.begin((conn) => conn.execDriverSql("select 1"), { isolationLevel: "SERIALIZABLE" });
      expect(await single.begin((conn) => conn.execDriverSql(shown).scalar())).toBe(standard);
      await single.dispose();
    });
    it("that only read refuse to write", async () => {
      const refused = await engine.begin((conn) => leave(conn, 1), { readOnly: true }).catch((e: unknown) => e);
      expect((refused as Error).message).toMatch(/read.only/i);
      // It will refuse again.
      expect(isRetryable(refused)).toBe(false);
      expect(await engine.begin(onCall)).toBe(2);
    });
  },
  { only: ["postgresql", "mariadb", "mysql"] },
);

describeEachDatabase(
  "a transaction's edges",
  (target) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = createEngine(await target.url());
      await engine.begin((conn) => conn.executeScript("create table t (id integer primary key)"));
    });
    beforeEach(() => engine.begin((conn) => conn.execDriverSql("delete from t")));
    afterEach(() => expect(engine.pool.status().checkedOut).toBe(0));
    afterAll(() => engine.dispose());
    const add = (conn: Connection, id: number) => conn.execDriverSql(`insert into t values (${id})`);
    const ids = (conn: Connection) => conn.execDriverSql("select id from t order by id").scalars().all();

    it("AUTOCOMMIT sends no BEGIN; commit and rollback change nothing", async () => {
      const log: string[] = [];
      const off = engine.on("statement", ({ sql }) => void log.push(sql));
      await using conn = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
      await add(conn, 1);
      await conn.rollback();
      await conn.begin(() => add(conn, 2));
      await expect(
        conn.begin(async () => {
          await add(conn, 3);
          throw new Error("too late");
        }),
      ).rejects.toThrow("too late");
      expect(await ids(conn)).toEqual([1, 2, 3]);
      off();
      expect(log.filter((sql) => /^(begin|commit|rollback)/i.test(sql))).toEqual([]);
    });
    it("AUTOCOMMIT refuses what it would leave out in silence", async () => {
      await using conn = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
      for (const options of [{ isolationLevel: "SERIALIZABLE" }, { readOnly: true }] as const)
        await expect(conn.begin(options)).rejects.toMatchObject({ code: "isolation.autocommit" });
      await expect(conn.beginNested()).rejects.toMatchObject({ code: "isolation.autocommit" });
      await conn.commit();
      await conn.setIsolationLevel("SERIALIZABLE");
      await conn.beginNested(() => add(conn, 1).all());
      await conn.rollback();
      expect(await ids(conn)).toEqual([]);
    });
    it("a transaction that raw SQL began under AUTOCOMMIT is not handed to the next borrower", async () => {
      const ways = [
        async (conn: Connection) => void (await conn.execDriverSql("begin")),
        async (conn: Connection) => void (await conn.execute(text("BEGIN"))),
        (conn: Connection) => conn.executeScript("begin; insert into t values (1)"),
      ];
      for (const begin of ways) {
        const conn = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
        const physical = conn.driverConnection;
        await begin(conn);
        await add(conn, 2);
        // It may have savepoints.
        await conn.beginNested(() => add(conn, 3).all());
        await conn.close();
        await using next = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
        expect(next.driverConnection).toBe(physical);
        expect(await ids(next)).toEqual([]);
      }
    });
    it("an inner savepoint ends with the one around it", async () => {
      await using conn = await engine.connect();
      await add(conn, 1);
      const outer = await conn.beginNested();
      await add(conn, 2);
      const inner = await conn.beginNested();
      await add(conn, 3);
      await outer.rollback();
      expect([outer.isActive, inner.isActive, conn.inNestedTransaction]).toEqual([false, false, false]);
      await expect(inner.commit()).rejects.toThrow(/already ended/);
      await inner.rollback();
      expect(await ids(conn)).toEqual([1]);
      const again = await conn.beginNested();
      await add(conn, 4);
      await again.commit();
      await expect(again.commit()).rejects.toThrow(InvalidRequestError);
      await conn.commit();
      expect(await ids(conn)).toEqual([1, 4]);
    });
    it("a savepoint block whose savepoint is gone does not hide the error", async () => {
      await using conn = await engine.connect();
      await add(conn, 1);
      const failed = conn.beginNested(async () => {
        await conn.rollback();
        throw new Error("the real one");
      });
      await expect(failed).rejects.toThrow("the real one");
      expect(await ids(conn)).toEqual([]);
    });
    it("a savepoint that a listener refuses is not left behind without a handle", async () => {
      await using conn = await engine.connect();
      await add(conn, 1);
      const outer = await conn.beginNested();
      const log: string[] = [];
      const off = [
        engine.on("statement", ({ sql }) => void log.push(sql)),
        engine.on("savepoint", () => {
          throw new Error("not now");
        }),
      ];
      await expect(conn.beginNested()).rejects.toThrow("not now");
      for (const end of off) end();
      expect(log).toEqual(["SAVEPOINT athanor_savepoint_2", "RELEASE SAVEPOINT athanor_savepoint_2"]);
      expect(conn.getNestedTransaction()).toBe(outer);
      await add(conn, 2);
      await outer.rollback();
      await conn.commit();
      expect(await ids(conn)).toEqual([1]);
    });
    it("a failed statement inside a savepoint leaves what came before", async () => {
      await engine.begin(async (conn) => {
        await add(conn, 1);
        await expect(conn.beginNested(() => add(conn, 1))).rejects.toThrow();
        await add(conn, 2);
      });
      await using conn = await engine.connect();
      expect(await ids(conn)).toEqual([1, 2]);
    });
    it("yieldPer is the statement's, then the connection's, then the engine's", async () => {
      await engine.begin(async (conn) => {
        for (let id = 1; id <= 10; id++) await add(conn, id);
      });
      const sizes = async (conn: Connection, statement = text("select id from t order by id")) => {
        const found: number[] = [];
        for await (const part of conn.execute(statement).partitions()) found.push(part.length);
        return found;
      };
      const four = engine.withOptions({ executionOptions: { yieldPer: 4, mine: "engine", other: 1 } });
      await using plain = await four.connect();
      expect(await sizes(plain)).toEqual([4, 4, 2]);
      await plain.close();
      await using conn = await four.connect({ executionOptions: { yieldPer: 5, mine: "connection" } });
      expect(conn.executionOptions).toEqual({ yieldPer: 5, mine: "connection", other: 1 });
      expect(await sizes(conn)).toEqual([5, 5]);
      expect(await sizes(conn, text("select id from t order by id").executionOptions({ yieldPer: 7 }))).toEqual([7, 3]);
      const some: number[] = [];
      for await (const row of conn.execute(text("select id from t order by id"))) {
        some.push(row[0] as number);
        if (some.length === 3) break;
      }
      expect(some).toEqual([1, 2, 3]);
      expect(await ids(conn)).toHaveLength(10);
    });
  },
  { smoke: true },
);

describeEachDatabase(
  "schemaTranslateMap",
  (target) => {
    it("moves one compiled statement between tenants", async () => {
      const engine = createEngine(await target.url());
      try {
        const people = table("people", { id: integer().primaryKey(), name: string(20) }, { schema: "per_tenant" });
        await engine.begin(async (conn) => {
          for (const tenant of ["one", "two"]) {
            await conn.executeScript(
              `create schema ${tenant}; create table ${tenant}.people (id integer primary key, name varchar(20)); insert into ${tenant}.people values (1, '${tenant}')`,
            );
          }
        });
        const ask = select(people.c.name);
        const seen: unknown[] = [];
        for (const tenant of ["one", "two", "one"]) {
          const of = engine.withOptions({ executionOptions: { schemaTranslateMap: { per_tenant: tenant } } });
          seen.push(await of.begin((conn) => conn.execute(ask).scalar()));
        }
        expect(seen).toEqual(["one", "two", "one"]);
        const nearest = ask.executionOptions({ schemaTranslateMap: { per_tenant: "two" } });
        const far = engine.withOptions({ executionOptions: { schemaTranslateMap: { per_tenant: "one" } } });
        expect(await far.begin((conn) => conn.execute(nearest).scalar())).toBe("two");
        expect(engine.cache.misses).toBe(1);
      } finally {
        await engine.dispose();
      }
    });
    it('holds for creating, dropping and looking, the default schema under the name ""', async () => {
      const engine = createEngine(await target.url());
      try {
        const metadata = new MetaData();
        const color = enumeration(["red", "blue"], { name: "color", native: true });
        table(
          "owners",
          { id: integer().primaryKey(), color, name: string(20).index() },
          { schema: "tenant", metadata },
        );
        table(
          "pets",
          { id: integer().primaryKey(), ownerId: integer().references("tenant.owners.id", { name: "fk_owner" }) },
          { metadata },
        );
        const schemaTranslateMap = { tenant: "acme", "": "shared" };
        const acme = engine.withOptions({ executionOptions: { schemaTranslateMap } });
        await engine.begin((conn) => conn.executeScript("create schema acme; create schema shared"));
        const created: string[] = [];
        engine.on("statement", ({ sql }) => void (/^CREATE/.test(sql) && created.push(sql.split(" (")[0] as string)));
        await metadata.createAll(acme);
        await metadata.createAll(acme);
        expect(created).toEqual([
          "CREATE TYPE acme.color AS ENUM",
          "CREATE TABLE acme.owners",
          "CREATE INDEX ix_tenant_owners_name ON acme.owners",
          "CREATE TABLE shared.pets",
        ]);
        await using conn = await acme.connect();
        expect(await inspect(conn).tableNames({ schema: "tenant" })).toEqual(["owners"]);
        expect(await inspect(conn).tableNames()).toEqual(["pets"]);
        expect((await inspect(conn).foreignKeys("pets"))[0]).toMatchObject({ referredTable: "owners" });
        await conn.rollback();
        await metadata.dropAll(acme);
        expect(await inspect(conn).tableNames({ schema: "tenant" })).toEqual([]);
        expect(await inspect(conn).enums({ schema: "tenant" })).toEqual([]);
      } finally {
        await engine.dispose();
      }
    });
  },
  { only: ["postgresql"], smoke: false },
);

describeEachDatabase(
  "a transaction that the server ended by itself",
  (target) => {
    it("is begun again in front of what follows, so that this can be rolled back", async () => {
      await using engine = createEngine(await target.url());
      await using conn = await engine.connect();
      await conn.execDriverSql("create table kept (id integer primary key) engine=innodb");
      const count = () =>
        engine.begin(async (c) => Number(await c.execDriverSql("select count(*) from kept").scalar()));
      // DDL saves what came before it, and nothing that comes after.
      await conn.execDriverSql("insert into kept values (1)");
      await conn.execDriverSql("create table other (id integer)");
      await conn.execDriverSql("insert into kept values (2)");
      await conn.execDriverSql("insert into kept values (3)");
      await conn.rollback();
      expect(await count()).toBe(1);
      // DDL that fails saves too; an ordinary error does not.
      await conn.execDriverSql("insert into kept values (4)");
      await expect(conn.execDriverSql("insert into kept values (4)").all()).rejects.toThrow(/Duplicate/);
      await conn.execDriverSql("insert into kept values (5)");
      await conn.rollback();
      expect(await count()).toBe(1);
      await conn.execDriverSql("insert into kept values (6)");
      await expect(conn.execDriverSql("create table other (id integer)").all()).rejects.toThrow(/exists/);
      await conn.execDriverSql("insert into kept values (7)");
      await conn.rollback();
      expect(await count()).toBe(2);
      // A script may do either.
      await conn.executeScript(
        "insert into kept values (8); create table third (id integer); insert into kept values (9)",
      );
      await conn.execDriverSql("insert into kept values (10)");
      await conn.rollback();
      expect(await count()).toBe(4);
    });
  },
  { only: ["mariadb", "mysql"] },
);

/** What another program sends to leave a prepared transaction behind. */
function foreign(dialect: string, xid: string): readonly string[] {
  const insert = "insert into phases values (9)";
  if (dialect === "postgresql") return ["begin", insert, `prepare transaction '${xid.replaceAll("'", "''")}'`];
  const [first, second, format] = xid.split(",");
  const named = `'${first}','${second}',${format}`;
  return [`xa start ${named}`, insert, `xa end ${named}`, `xa prepare ${named}`];
}
/** MariaDB gives a transaction to others only once it has seen that the connection which prepared it is gone. */
async function ended(end: () => Promise<void>): Promise<void> {
  const outcome = () =>
    end().then(
      () => "ended",
      (error: unknown) => String(error),
    );
  await expect.poll(outcome, { timeout: 5000 }).toBe("ended");
}
describe("two-phase commit", () => {
  async function shows(engine: Engine): Promise<void> {
    await engine.begin((conn) =>
      conn.executeScript("drop table if exists phases; create table phases (id integer primary key)"),
    );
    const ids = () => engine.begin((conn) => conn.execDriverSql("select id from phases order by id").scalars().all());
    // The server may be shared, and names belong to all of it.
    const left = (n: number) => `left.${process.pid}:${n}`;
    const recovered = async () =>
      (await conn.recoverTwoPhase()).filter((xid) => xid.includes(String(process.pid))).sort();
    const told: string[] = [];
    engine.on("beginTwoPhase", ({ xid }) => void told.push(`begin ${xid}`));
    engine.on("prepareTwoPhase", ({ xid }) => void told.push(`prepare ${xid}`));
    engine.on("commitTwoPhase", ({ xid, prepared }) => void told.push(`commit ${xid} ${prepared}`));
    engine.on("rollbackTwoPhase", ({ xid, prepared }) => void told.push(`rollback ${xid} ${prepared}`));
    await using conn = await engine.connect();
    // Prepared and committed by the same connection.
    const first = await conn.begin({ twoPhase: true });
    await conn.execDriverSql("insert into phases values (1)");
    expect(first.xid).toMatch(/^athanor_/);
    await first.prepare();
    await expect(conn.execDriverSql("select 1").all()).rejects.toThrow(/prepared/);
    await first.commit();
    expect(await ids()).toEqual([1]);
    // Rolled back after the first phase, and before it.
    const second = await conn.begin({ twoPhase: true });
    await conn.execDriverSql("insert into phases values (2)");
    await second.prepare();
    await second.rollback();
    const third = await conn.begin({ twoPhase: "plain" });
    await conn.execDriverSql("insert into phases values (3)");
    await third.rollback();
    const fourth = await conn.begin({ twoPhase: "one.phase" });
    await conn.execDriverSql("insert into phases values (4)");
    await fourth.commit();
    expect(await ids()).toEqual([1, 4]);
    expect(told).toEqual([
      ...["begin", "prepare"].map((step) => `${step} ${first.xid}`),
      `commit ${first.xid} true`,
      ...["begin", "prepare"].map((step) => `${step} ${second.xid}`),
      `rollback ${second.xid} true`,
      "begin plain",
      "rollback plain false",
      "begin one.phase",
      "commit one.phase false",
    ]);
    told.length = 0;
    // Left by a connection that died between the phases.
    for (const n of [5, 6]) {
      const lost = await engine.connect();
      const transaction = await lost.begin({ twoPhase: left(n) });
      await lost.execDriverSql(`insert into phases values (${n})`);
      await transaction.prepare();
      lost.invalidate();
      await lost.close().catch(() => {});
    }
    await expect.poll(recovered, { timeout: 5000 }).toEqual([left(5), left(6)]);
    await ended(() => conn.commitPrepared(left(5)));
    await ended(() => conn.rollbackPrepared(left(6)));
    expect(await recovered()).toEqual([]);
    expect(await ids()).toEqual([1, 4, 5]);
    expect(told.slice(-2)).toEqual([`commit ${left(5)} true`, `rollback ${left(6)} true`]);
    // A connection left with a prepared transaction takes it along.
    {
      await using careless = await engine.connect();
      const transaction = await careless.begin({ twoPhase: true });
      await careless.execDriverSql("insert into phases values (7)");
      await transaction.prepare();
    }
    expect(await recovered()).toEqual([]);
    await expect(conn.begin({ twoPhase: "it's" })).rejects.toThrow(/letters, digits/);
    // Losing the connection after the first phase loses nothing, and nobody is told to do it again.
    {
      const lost = await engine.connect();
      const transaction = await lost.begin({ twoPhase: left(8) });
      await lost.execDriverSql("insert into phases values (8)");
      await transaction.prepare();
      lost.invalidate();
      await expect(transaction.commit()).rejects.toThrow(new RegExp(`not lost with it.*'${left(8)}'`));
      await lost.rollback();
      await lost.close();
      await expect.poll(recovered, { timeout: 5000 }).toEqual([left(8)]);
      await ended(() => conn.commitPrepared(left(8)));
      expect(await ids()).toEqual([1, 4, 5, 8]);
    }
    // Other programs have names of their own kinds.
    {
      const xid = conn.dialect.name === "postgresql" ? `${process.pid}_/it's=+\\_x` : `${process.pid}_/=+,x,9`;
      for (const end of [(name: string) => conn.rollbackPrepared(name), (name: string) => conn.commitPrepared(name)]) {
        const other = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
        for (const sql of foreign(conn.dialect.name, xid)) await other.execDriverSql(sql);
        other.invalidate();
        await other.close();
        expect(await recovered()).toEqual([xid]);
        await ended(() => end(xid));
        expect(await recovered()).toEqual([]);
      }
      expect(await ids()).toEqual([1, 4, 5, 8, 9]);
    }
    await expect(conn.commitPrepared("")).rejects.toMatchObject({ name: "ArgumentError" });
    const plain = await conn.begin();
    await expect(plain.prepare()).rejects.toThrow(/twoPhase: true/);
    await plain.rollback();
    await expect(conn.commitPrepared("nobody")).rejects.toThrow();
  }
  it("works on PostgreSQL, also across lost connections", async () => {
    const server = await startEmbeddedPostgres();
    try {
      await using engine = createEngine(server.url);
      await shows(engine);
    } finally {
      await server.stop();
    }
  });
  it("is refused where there is none", async () => {
    await using engine = createEngine("sqlite://");
    await expect(engine.begin(() => 1, { twoPhase: true })).rejects.toThrow(/two-phase/);
  });
  describeEachDatabase(
    "XA",
    (target) => {
      it("works on MySQL and MariaDB", async () => {
        await using engine = createEngine(await target.url());
        await engine.begin((conn) => conn.executeScript("drop table if exists phases"));
        await shows(engine);
      });
    },
    { only: ["mariadb", "mysql"] },
  );
});
