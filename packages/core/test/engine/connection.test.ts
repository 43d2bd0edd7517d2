import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { Connection } from "../../src/engine/connection.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import {
  InvalidRequestError,
  MultipleResultsFound,
  NoResultFound,
  OperationalError,
  PendingRollbackError,
  ResourceClosedError,
} from "../../src/errors/errors.js";

describeEachDatabase(
  "a connection",
  (target) => {
    let engine: Engine;
    let url: string;
    let log: string[];
    beforeAll(async () => {
      url = await target.url();
      engine = createEngine(url);
      await using conn = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
      await conn.executeScript("create table t (id integer primary key, name varchar(50))");
      engine.on("statement", ({ sql }) => void log.push(sql.split(" ").slice(0, 2).join(" ")));
    });
    beforeEach(async () => {
      log = [];
      await engine.begin((conn) => conn.execDriverSql("delete from t"));
      log = [];
    });
    afterEach(() => expect(engine.pool.status().checkedOut).toBe(0));
    afterAll(() => engine.dispose());
    const insert = (conn: Connection, id: number) =>
      conn.execDriverSql(`insert into t (id, name) values (${id}, 'n${id}')`);
    const ids = async (conn?: Connection) => {
      if (conn !== undefined)
        return (await conn.execDriverSql<{ id: number }>("select id from t order by id")).map((r) => r.id);
      await using own = await engine.connect();
      return (await own.execDriverSql<{ id: number }>("select id from t order by id")).map((r) => r.id);
    };

    it("begins with the first statement and rolls back when left without commit", async () => {
      {
        await using conn = await engine.connect();
        expect(conn.inTransaction).toBe(false);
        await insert(conn, 1);
        expect(conn.inTransaction).toBe(true);
        await expect(conn.begin()).rejects.toThrow(InvalidRequestError);
        expect(await ids(conn)).toEqual([1]);
      }
      expect(log).toEqual(["BEGIN", "insert into", "select id", "ROLLBACK"]);
      expect(await ids()).toEqual([]);
    });
    it("commits as it goes", async () => {
      await using conn = await engine.connect();
      await insert(conn, 1);
      await conn.commit();
      await insert(conn, 2);
      await conn.rollback();
      await insert(conn, 3);
      await conn.commit();
      await conn.close();
      expect(await ids()).toEqual([1, 3]);
      expect(log).not.toContain("ROLLBACK ROLLBACK");
    });
    it("engine.begin() commits, or rolls back on a throw and passes the error on", async () => {
      expect(await engine.begin((conn) => insert(conn, 1).rowCount())).toBe(1);
      const failure = new Error("mine");
      await expect(
        engine.begin(async (conn) => {
          await insert(conn, 2);
          throw failure;
        }),
      ).rejects.toBe(failure);
      expect(await ids()).toEqual([1]);
    });
    it("a begin() block that ended its transaction may run nothing more", async () => {
      await expect(
        engine.begin(async (conn) => {
          await insert(conn, 1);
          await conn.rollback();
          await insert(conn, 2);
        }),
      ).rejects.toThrow(/has ended/);
      expect(await ids()).toEqual([]);
    });
    it("a handle rolls back when its block is left", async () => {
      await using conn = await engine.connect();
      {
        await using tx = await conn.begin();
        await insert(conn, 1);
        expect(tx.isActive).toBe(true);
      }
      expect(conn.inTransaction).toBe(false);
      const tx = await conn.begin();
      await insert(conn, 2);
      await tx.commit();
      await expect(tx.commit()).rejects.toThrow(/already ended/);
      await tx.rollback();
      await conn.close();
      expect(await ids()).toEqual([2]);
    });
    it("undoes a savepoint alone", async () => {
      await engine.begin(async (conn) => {
        await insert(conn, 1);
        await expect(
          conn.beginNested(async () => {
            await insert(conn, 2);
            await insert(conn, 2);
          }),
        ).rejects.toMatchObject({ code: "database.integrity.unique" });
        await conn.beginNested(() => insert(conn, 3).all());
        expect(conn.inNestedTransaction).toBe(false);
      });
      expect(await ids()).toEqual([1, 3]);
    });
    it("an outer rollback ends the handles inside, which then do nothing", async () => {
      await using conn = await engine.connect();
      const outer = await conn.beginNested();
      const inner = await conn.beginNested();
      await insert(conn, 1);
      await outer.rollback();
      expect([outer.isActive, inner.isActive, conn.inTransaction]).toEqual([false, false, true]);
      await inner.rollback();
      await expect(inner.commit()).rejects.toThrow(/already ended/);
      const failure = new Error("first");
      await expect(
        conn.beginNested(async () => {
          await conn.rollback();
          throw failure;
        }),
      ).rejects.toBe(failure);
    });
    it("queues statements asked for at once, in order", async () => {
      await using conn = await engine.connect();
      const seen = await Promise.all([
        insert(conn, 1).rowCount(),
        ids(conn),
        insert(conn, 2).rowCount(),
        ids(conn),
        insert(conn, 3).rowCount(),
        ids(conn),
      ]);
      expect(seen).toEqual([1, [1], 1, [1, 2], 1, [1, 2, 3]]);
    });
    it("runs a forgotten statement before what is asked for next", async () => {
      const conn = await engine.connect();
      insert(conn, 1);
      await conn.commit();
      insert(conn, 2);
      await conn.close();
      expect(await ids()).toEqual([1]);
      await engine.begin((c) => void insert(c, 5));
      expect(await ids()).toEqual([1, 5]);
    });
    it("refuses work after close", async () => {
      const conn = await engine.connect();
      await conn.close();
      await conn.close();
      await expect(ids(conn)).rejects.toThrow(ResourceClosedError);
      await expect(conn.begin()).rejects.toThrow(ResourceClosedError);
    });
    it("keeps the isolation level to itself and fixed inside a transaction", async () => {
      await using conn = await engine.connect({ isolationLevel: "SERIALIZABLE" });
      await ids(conn);
      await expect(conn.setIsolationLevel("SERIALIZABLE")).rejects.toThrow(/inside a transaction/);
      await conn.commit();
      await expect(conn.setIsolationLevel("SNAPSHOT" as never)).rejects.toThrow(/no isolation level/);
      await conn.setIsolationLevel("AUTOCOMMIT");
      log = [];
      await insert(conn, 1);
      await conn.rollback();
      await conn.close();
      expect(log).toEqual(["insert into"]);
      expect(await ids()).toEqual([1]);
    });
    it("tells zero, one and many rows apart", async () => {
      await engine.begin(async (conn) => {
        const none = () => conn.execDriverSql("select * from t where id < 0");
        const all = () => conn.execDriverSql<[number, string]>("select id, name from t order by id");
        await insert(conn, 1);
        await insert(conn, 2);
        await expect(none().one()).rejects.toThrow(NoResultFound);
        await expect(all().one()).rejects.toThrow(MultipleResultsFound);
        await expect(all().oneOrNone()).rejects.toThrow(MultipleResultsFound);
        expect(await none().oneOrNone()).toBeNull();
        expect(await none().first()).toBeNull();
        expect(await none().scalar()).toBeNull();
        expect([...((await all().first()) ?? [])]).toEqual([1, "n1"]);
        expect(await all().scalar()).toBe(1);
        expect(await all().scalars(1).all()).toEqual(["n1", "n2"]);
        expect(await all().scalars("name").first()).toBe("n1");
        expect(await all().mappings().all()).toEqual([
          { id: 1, name: "n1" },
          { id: 2, name: "n2" },
        ]);
        expect(await all().keys()).toEqual(["id", "name"]);
        expect(await conn.execDriverSql("select 1 as a from t").unique().all()).toHaveLength(1);
        await expect(conn.execDriverSql("delete from t where id = 1").one()).rejects.toThrow(ResourceClosedError);
        expect(await conn.execDriverSql("update t set name = 'n2' where id = 2").rowCount()).toBe(1);
        const twice = all();
        expect(await twice.first()).toEqual(await twice.one());
        expect(await twice.all()).toEqual(await twice);
      });
    });
    it("streams, and lets other statements run meanwhile", async () => {
      await engine.begin(async (conn) => {
        await conn.execDriverSql(
          `insert into t (id, name) values ${Array.from({ length: 1200 }, (_, i) => `(${i}, 'x')`).join(", ")}`,
        );
        let n = 0;
        for await (const row of conn.execDriverSql<{ id: number }>("select id from t order by id")) {
          expect(row.id).toBe(n++);
          if (n === 10) await insert(conn, 5000);
        }
        expect(n).toBe(1200);
        const sizes: number[] = [];
        for await (const rows of conn.execDriverSql("select id from t").partitions(500)) sizes.push(rows.length);
        expect(sizes).toEqual([500, 500, 201]);
        for await (const _ of conn.execDriverSql("select id from t")) break;
        expect(await conn.execDriverSql("select count(*) as n from t").scalar()).toBe(
          target.name === "sqlite" ? 1201 : 1201n,
        );
        const result = conn.execDriverSql("select id from t");
        for await (const _ of result) break;
        await expect(result.all()).rejects.toThrow(/already streamed/);
      });
      await using conn = await engine.connect();
      const wrong = conn.execDriverSql("select * from nothing_here");
      await expect(
        (async () => {
          for await (const _ of wrong);
        })(),
      ).rejects.toMatchObject({ code: "database.programming" });
    });
    it("gives the error of a forgotten result to whoever listens for unhandled rejections", async () => {
      const listeners = process.listeners("unhandledRejection");
      process.removeAllListeners("unhandledRejection");
      const seen = new Promise<unknown>((resolve) => process.once("unhandledRejection", resolve));
      const conn = await engine.connect();
      conn.execDriverSql("select * from nothing_here");
      expect(await seen).toMatchObject({ code: "database.programming", statement: "select * from nothing_here" });
      for (const listener of listeners) process.on("unhandledRejection", listener);
      await conn.close();
    });
    it("runs one statement for many parameter sets", async () => {
      const [a, b] = target.name === "postgresql" || target.name === "pglite" ? ["$1", "$2"] : ["?", "?"];
      await engine.begin(async (conn) => {
        const result = conn.execDriverSql(`insert into t (id, name) values (${a}, ${b})`, [
          [1, "a"],
          [2, null],
          [3, "c"],
        ]);
        expect(await result.rowCount()).toBe(3);
      });
      expect(await ids()).toEqual([1, 2, 3]);
    });
    it("takes numbers for LIMIT and the like", async () => {
      const p = engine.dialect.placeholder(1);
      await using conn = await engine.connect();
      await insert(conn, 1);
      await insert(conn, 2);
      expect(await conn.execDriverSql(`select id from t order by id limit ${p}`, [1]).scalars().all()).toEqual([1]);
    });
    it("keeps hot statements prepared and lets go of the oldest", async () => {
      await using conn = await engine.connect();
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 250; i++) expect(await conn.execDriverSql(`select ${i} as x`).scalar()).toBe(i);
      }
    });
    it("retries a transaction as long as the database says it may help", async () => {
      let attempts = 0;
      const busy = new OperationalError("again", { retryable: true });
      const run = (failures: number, from = 0) =>
        engine.runTransaction(
          async (conn, attempt) => {
            attempts = attempt;
            await insert(conn, from + attempt);
            if (attempt <= failures) throw busy;
          },
          { retries: 2, backoff: () => 0 },
        );
      await run(2);
      expect(await ids()).toEqual([3]);
      await expect(run(5, 10)).rejects.toBe(busy);
      expect(attempts).toBe(3);
    });
    it("siblings share the pool, and their own statements reach the parent's listeners", async () => {
      const lines: string[] = [];
      const loud = engine.withOptions({ echo: (line) => void lines.push(line), isolationLevel: "AUTOCOMMIT" });
      await using conn = await loud.connect();
      await insert(conn, 1);
      expect(lines).toEqual(["insert into t (id, name) values (1, 'n1')", "[driver sql] []"]);
      expect(log).toEqual(["insert into"]);
      expect(loud.pool).toBe(engine.pool);
    });
    it("lets a listener change what is sent and what is thrown", async () => {
      const off = [
        engine.on("beforeExecute", ({ sql, params }) => ({ sql: sql.replace("thing", "t"), params })),
        engine.on("error", ({ error }) => new Error(`wrapped ${error.code}`)),
      ];
      await using conn = await engine.connect();
      expect(await conn.execDriverSql("select * from thing")).toEqual([]);
      await expect(conn.execDriverSql("nonsense").all()).rejects.toThrow("wrapped database.programming");
      for (const stop of off) stop();
    });
  },
  { smoke: true },
);

describeEachDatabase(
  "a lost connection",
  (target) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = createEngine(await target.url());
      await engine.begin((conn) => conn.executeScript("create table t (id integer primary key)"));
    });
    afterAll(() => engine.dispose());
    const kill = async (victim: Connection) => {
      await using other = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
      if (target.name === "postgresql") {
        const { processID } = victim.driverConnection as { processID: number };
        await other.execDriverSql(`select pg_terminate_backend(${processID})`);
      } else {
        const { threadId } = victim.driverConnection as { threadId: number };
        await other.execDriverSql(`kill ${threadId}`);
      }
    };
    it("inside a transaction asks for rollback(), after which all works again", async () => {
      await using conn = await engine.connect();
      await conn.execDriverSql("insert into t values (1)");
      await kill(conn);
      const error = await conn.execDriverSql("select 1").then(
        () => undefined,
        (e: unknown) => e,
      );
      expect(error).toBeInstanceOf(OperationalError);
      expect(error).toMatchObject({ connectionInvalidated: true, isRetryable: true });
      expect(conn.isInvalidated).toBe(true);
      await expect(conn.execDriverSql("select 1").all()).rejects.toThrow(PendingRollbackError);
      await expect(conn.commit()).rejects.toThrow(PendingRollbackError);
      await conn.rollback();
      expect(await conn.execDriverSql("select id from t").all()).toEqual([]);
    });
    it("is replaced before a checkout when pinged", async () => {
      const pinging = createEngine(engine.url, { poolPrePing: true, poolSize: 1 });
      const conn = await pinging.connect();
      await conn.execDriverSql("select 1");
      await conn.rollback();
      await kill(conn);
      await conn.close();
      await new Promise((r) => setTimeout(r, 20));
      await using again = await pinging.connect();
      expect(await again.execDriverSql("select 1 as x").scalar()).toBe(1);
      await again.close();
      await pinging.dispose();
    });
    it("a failed COMMIT asks for rollback() too", async () => {
      if (!target.capabilities.has("deferrableConstraints")) return;
      await engine.begin((conn) =>
        conn.executeScript(
          "create table c (id integer primary key, up integer references c (id) deferrable initially deferred)",
        ),
      );
      await using conn = await engine.connect();
      await conn.execDriverSql("insert into c values (1, 99)");
      await expect(conn.commit()).rejects.toMatchObject({ code: "database.integrity.foreign-key" });
      expect(conn.isInvalidated).toBe(false);
      await expect(conn.execDriverSql("select 1").all()).rejects.toThrow(PendingRollbackError);
      await conn.rollback();
      expect(await conn.execDriverSql("select id from c").all()).toEqual([]);
    });
    it("cancels a running statement", async () => {
      await using conn = await engine.connect();
      await conn.execDriverSql("select 1");
      const slow = conn
        .execDriverSql(
          target.name === "postgresql"
            ? "select pg_sleep(20)"
            : "select count(*) from information_schema.columns a, information_schema.columns b, information_schema.columns c",
        )
        .all();
      setTimeout(() => void conn.cancel(), 50);
      await expect(slow).rejects.toThrow(OperationalError);
    });
  },
  { only: ["postgresql", "mariadb", "mysql"] },
);
