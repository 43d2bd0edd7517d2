import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { createEngine, OperationalError } from "../../src/index.js";

describeEachDatabase("an error thrown by a listener", (target) => {
  it("reaches the caller as it is, and costs nothing but the statement", async () => {
    await using engine = createEngine(await target.url());
    for (const event of ["beforeExecute", "afterExecute"] as const) {
      const failure = new Error("not today");
      const stop = engine.on(event, () => {
        throw failure;
      });
      await using conn = await engine.connect();
      await expect(conn.execDriverSql("select 1").all()).rejects.toBe(failure);
      stop();
      expect(Number(await conn.execDriverSql("select 1").scalar())).toBe(1);
      expect(conn.isInvalidated).toBe(false);
    }
    expect(engine.pool.status().checkedOut).toBe(0);
  });
});

describeEachDatabase(
  "a lost connection that a listener finds",
  (target) => {
    it("is taken out of service as if the statement had found it", async () => {
      await using engine = createEngine(await target.url());
      await using conn = await engine.connect();
      await conn.execDriverSql("select 1");
      const lost = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" });
      const stop = engine.on("beforeExecute", () => {
        throw lost;
      });
      await expect(conn.execDriverSql("select 1").all()).rejects.toMatchObject({
        constructor: OperationalError,
        connectionInvalidated: true,
        cause: lost,
      });
      stop();
      expect(conn.isInvalidated).toBe(true);
      await conn.rollback();
      expect(await conn.execDriverSql("select 1").all()).toHaveLength(1);
    });
  },
  { only: ["postgresql", "mariadb", "mysql"] },
);

describeEachDatabase(
  "the isolation level of a Connection",
  (target) => {
    it("holds for its next physical connection too, and for no other Connection", async () => {
      await using engine = createEngine(await target.url());
      await using conn = await engine.connect({ isolationLevel: "SERIALIZABLE" });
      const level = "show transaction_isolation";
      expect(await conn.execDriverSql(level).scalar()).toBe("serializable");
      conn.invalidate();
      await conn.rollback();
      expect(await conn.execDriverSql(level).scalar()).toBe("serializable");
      await conn.close();
      await using other = await engine.connect();
      expect(await other.execDriverSql(level).scalar()).toBe("read committed");
    });
  },
  { only: ["postgresql"] },
);
