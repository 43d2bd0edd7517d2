/** What SQLAlchemy's test_reconnect and test_waiters_handled hold, said of this pool: number 29 of the named tests. */
import { describeEachDatabase } from "@athanor/test-support";
import { describe, expect, it } from "vitest";
import type { DriverConnection } from "../../src/dialects/driver.js";
import { Pool } from "../../src/engine/pool.js";
import { createEngine, OperationalError } from "../../src/index.js";

describe("callers in line", () => {
  for (const timeout of [undefined, 30]) {
    for (const maxOverflow of [0, -1, 3]) {
      it(`are served after all connections were invalidated (timeout ${timeout}, overflow ${maxOverflow})`, async () => {
        let open = 0;
        const pool = new Pool(
          async () => {
            open++;
            return {
              alive: true,
              rollback() {},
              close: () => open--,
              terminate: () => open--,
            } as unknown as DriverConnection;
          },
          { size: 2, maxOverflow, timeout },
        );
        const [first, second] = [await pool.acquire(), await pool.acquire()];
        const served = [1, 2].map(async () => {
          const lease = await pool.acquire();
          await new Promise((r) => setTimeout(r, 5));
          await pool.release(lease, true);
        });
        await new Promise((r) => setTimeout(r, 5));
        pool.invalidate(first);
        pool.invalidate(second);
        await pool.dispose();
        await Promise.all(served);
        expect(pool.status()).toMatchObject({ checkedOut: 0, waiting: 0 });
        expect(open).toBe(pool.status().idle);
      });
      it(`are served when one of two was invalidated and the other stays out (timeout ${timeout}, overflow ${maxOverflow})`, async () => {
        const make = async () =>
          ({ alive: true, rollback() {}, close() {}, terminate() {} }) as unknown as DriverConnection;
        const pool = new Pool(make, { size: 2, maxOverflow, timeout });
        const [kept, lost] = [await pool.acquire(), await pool.acquire()];
        let served = 0;
        const waiters = [1, 2].map(async () => {
          const lease = await pool.acquire();
          served++;
          await new Promise((r) => setTimeout(r, 5));
          await pool.release(lease, true);
        });
        await new Promise((r) => setTimeout(r, 5));
        expect(served).toBe(maxOverflow === 0 ? 0 : 2);
        pool.invalidate(lost);
        await pool.release(lost, true);
        await Promise.all(waiters);
        expect(served).toBe(2);
        await pool.release(kept, true);
        expect(pool.status()).toMatchObject({ checkedOut: 0, waiting: 0 });
        await pool.dispose();
      });
    }
  }
});

describeEachDatabase(
  "after a disconnect",
  (target) => {
    it("the connection that met it is closed at once, an idle one at its own next checkout", async () => {
      await using engine = createEngine(await target.url());
      const closed: unknown[] = [];
      const opened: unknown[] = [];
      engine.on("connect", ({ connection }) => void opened.push(connection.raw));
      engine.on("close", ({ connection }) => void closed.push(connection.raw));
      const failing = await engine.connect();
      const idle = await engine.connect();
      await idle.close();
      const transaction = await failing.begin();
      await failing.execDriverSql("select 1");
      await using killer = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
      expect(killer.driverConnection).toBe(opened[1]);
      const own = target.name === "postgresql" ? "select pg_backend_pid()" : "select connection_id()";
      const id = await failing.execDriverSql(own).scalar();
      await killer.execDriverSql(target.name === "postgresql" ? `select pg_terminate_backend(${id})` : `kill ${id}`);
      await expect(failing.execDriverSql("select 1").all()).rejects.toMatchObject({
        constructor: OperationalError,
        connectionInvalidated: true,
      });
      expect(failing.isInvalidated).toBe(true);
      expect(transaction.isActive).toBe(true);
      expect(closed).toEqual([opened[0]]);
      // In use: it is replaced when it comes back, not before.
      await killer.execDriverSql("select 1");
      await killer.close();
      expect(closed).toEqual([opened[0], opened[1]]);
      await transaction.rollback();
      expect(await failing.execDriverSql("select 1").all()).toHaveLength(1);
      expect(failing.driverConnection).toBe(opened[2]);
      expect(failing.isInvalidated).toBe(false);
      await failing.close();
      expect(engine.pool.status()).toMatchObject({ checkedOut: 0, idle: 1 });
      expect(closed).toHaveLength(2);
    });
  },
  { only: ["postgresql", "mariadb", "mysql"] },
);

describeEachDatabase(
  "a socket that has closed unnoticed",
  (target) => {
    it("is a lost connection to the next statement, and replaced", async () => {
      await using engine = createEngine(await target.url());
      await using conn = await engine.connect();
      await conn.execDriverSql("select 1").all();
      const { connection } = conn.driverConnection as unknown as { connection: { stream: { destroy(): void } } };
      connection.stream.destroy();
      await expect(conn.execDriverSql("select 1").all()).rejects.toMatchObject({
        constructor: OperationalError,
        connectionInvalidated: true,
      });
      await conn.rollback();
      expect(await conn.execDriverSql("select 1").all()).toHaveLength(1);
    });
  },
  { only: ["postgresql"] },
);
describeEachDatabase(
  "after a disconnect, with a connection that lies idle meanwhile",
  (target) => {
    it("it is closed when it is asked for, not before", async () => {
      const url = await target.url();
      await using engine = createEngine(url);
      await using elsewhere = createEngine(url);
      const closed: unknown[] = [];
      const opened: unknown[] = [];
      engine.on("connect", ({ connection }) => void opened.push(connection.raw));
      engine.on("close", ({ connection }) => void closed.push(connection.raw));
      const failing = await engine.connect();
      await failing.execDriverSql("select 1").all();
      await (await engine.connect()).close();
      expect(opened).toHaveLength(2);
      await using killer = await elsewhere.connect({ isolationLevel: "AUTOCOMMIT" });
      const own = target.name === "postgresql" ? "select pg_backend_pid()" : "select connection_id()";
      const id = await failing.execDriverSql(own).scalar();
      await killer.execDriverSql(target.name === "postgresql" ? `select pg_terminate_backend(${id})` : `kill ${id}`);
      await expect(failing.execDriverSql("select 1").all()).rejects.toThrow(OperationalError);
      expect([failing.isClosed, failing.isInvalidated]).toEqual([false, true]);
      await failing.close();
      expect(closed).toEqual([opened[0]]);
      const next = await engine.connect();
      expect(closed).toEqual([opened[0], opened[1]]);
      expect(opened).toHaveLength(3);
      await next.execDriverSql("select 1").all();
      await next.close();
      expect(closed).toHaveLength(2);
    });
  },
  { only: ["postgresql", "mariadb", "mysql"] },
);
