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
