/** AbortSignal and timeouts: the statement is stopped on the server, and no busy connection goes back to the pool. */

import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DriverConnection } from "../../src/dialects/driver.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { Deadline, withinLimits } from "../../src/engine/limits.js";
import { ArgumentError, isRetryable } from "../../src/errors/errors.js";
import { StatementAbortedError, StatementTimeoutError } from "../../src/errors/stopped.js";
import { text } from "../../src/sql/text.js";

const sleeping = {
  postgresql: "select pg_sleep(20)",
  mariadb: "select sleep(20) as s",
  mysql: "select sleep(20) as s",
} as const;
const heavy = {
  postgresql: "select count(*) from generate_series(1, 1000000000)",
  mariadb: "select count(*) from seq_1_to_1000000000 where md5(seq) = 'x'",
  mysql: `with recursive n as (select 1 as i union all select i + 1 from n where i < 1000) select count(*) from n as a, n as b, n as c where sha2(concat(a.i, b.i, c.i), 256) = 'x'`,
} as const;
const streamed = {
  postgresql: "select n, pg_sleep(0.01) from generate_series(1, 100000) n",
  mariadb: "select seq, sleep(0.01), repeat('x', 9000) from seq_1_to_100000",
  mysql:
    "with recursive n as (select 1 as i union all select i + 1 from n where i < 1000) select a.i, sleep(0.01), repeat('x', 9000) from n as a, n as b",
} as const;
// In this test's own database: other files sleep on the same server.
const running = {
  postgresql:
    "select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(20)%' and pid <> pg_backend_pid() and datname = current_database()",
  mariadb:
    "select count(*) from information_schema.processlist where info like 'select sleep(20)%' and db = database()",
  mysql: "select count(*) from performance_schema.processlist where info like 'select sleep(20)%' and db = database()",
} as const;

describeEachDatabase(
  "limits",
  (target) => {
    const name = target.name as "postgresql" | "mariadb" | "mysql";
    let engine: Engine;
    beforeAll(async () => {
      engine = createEngine(await target.url(), { poolSize: 2, maxOverflow: 0 });
      await engine.begin((conn) => conn.executeScript("create table t (id integer primary key)"));
    });
    afterEach(() => expect(engine.pool.status().checkedOut).toBe(0));
    afterAll(() => engine.dispose());
    const count = async () =>
      Number(await engine.begin((conn) => conn.execDriverSql("select count(*) from t").scalar()));
    const stillRunning = async () => Number(await engine.begin((conn) => conn.execDriverSql(running[name]).scalar()));

    it("stop a sleeping statement on the server when the signal fires", async () => {
      const begun = performance.now();
      const abort = new AbortController();
      const why = new Error("client went away");
      setTimeout(() => abort.abort(why), 60);
      const error = await engine
        .begin((conn) => conn.execute(text(sleeping[name]), {}, { signal: abort.signal }).all())
        .catch((e: unknown) => e);
      expect(error).toBeInstanceOf(StatementAbortedError);
      expect((error as StatementAbortedError).cause).toBe(why);
      expect((error as StatementAbortedError).code).toBe("statement.aborted");
      expect(isRetryable(error)).toBe(false);
      expect(performance.now() - begun).toBeLessThan(5000);
      expect(await stillRunning()).toBe(0);
    });
    it("stop a busy statement when its time is up, and leave the connection usable", async () => {
      const begun = performance.now();
      await using conn = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
      await expect(conn.execute(text(heavy[name]), {}, { timeout: 80 }).all()).rejects.toThrow(StatementTimeoutError);
      expect(performance.now() - begun).toBeLessThan(8000);
      expect(Number(await conn.execDriverSql("select 1 as a").scalar())).toBe(1);
    });
    it("end the wait of a statement that others are before, which then never runs", async () => {
      const last = new AbortController();
      const whole = new AbortController();
      await engine
        .begin(async (conn) => {
          const abort = new AbortController();
          const begun = performance.now();
          const slow = conn.execute(text(sleeping[name]), {}, { signal: last.signal }).all();
          slow.catch(() => {});
          const queued = conn.execute(text("insert into t (id) values (77)"), {}, { signal: abort.signal }).rowCount();
          setTimeout(() => abort.abort(), 50);
          await expect(queued).rejects.toThrow(StatementAbortedError);
          expect(performance.now() - begun).toBeLessThan(5000);
          expect(conn.inTransaction).toBe(true);
          last.abort();
          await expect(slow).rejects.toThrow(StatementAbortedError);
        })
        .catch(() => {});
      expect(await count()).toBe(0);
      // The signal of the transaction too.
      const ended = engine.begin(
        (conn) => {
          conn
            .execute(text(sleeping[name]))
            .all()
            .catch(() => {});
          return conn.execute(text("insert into t (id) values (78)")).rowCount();
        },
        { signal: whole.signal },
      );
      setTimeout(() => whole.abort(), 50);
      await expect(ended).rejects.toThrow(StatementAbortedError);
      expect(await count()).toBe(0);
    });
    it("inside a savepoint cost only the savepoint", async () => {
      await using conn = await engine.connect();
      await conn.execDriverSql("insert into t values (1)");
      const failed = conn.beginNested(() => conn.execute(text(heavy[name]), {}, { timeout: 60 }).all());
      await expect(failed).rejects.toThrow(StatementTimeoutError);
      await conn.execDriverSql("insert into t values (2)");
      await conn.commit();
      expect(await count()).toBe(2);
    });
    it("of a transaction stop it as a whole", async () => {
      await engine.begin((conn) => conn.execDriverSql("delete from t"));
      const abort = new AbortController();
      const failed = engine.begin(
        async (conn) => {
          await conn.execDriverSql("insert into t values (10)");
          setTimeout(() => abort.abort(), 40);
          await conn.execDriverSql(sleeping[name]);
        },
        { signal: abort.signal },
      );
      await expect(failed).rejects.toThrow(StatementAbortedError);
      const late = engine.begin(
        async (conn) => {
          await conn.execDriverSql("insert into t values (11)");
          await new Promise((resolve) => setTimeout(resolve, 60));
        },
        { timeout: 20 },
      );
      await expect(late).rejects.toThrow(StatementTimeoutError);
      const after = engine.begin(
        async (conn) => {
          await new Promise((resolve) => setTimeout(resolve, 40));
          await conn.execDriverSql("insert into t values (12)");
        },
        { timeout: 20 },
      );
      await expect(after).rejects.toThrow(/longer than the 20 ms/);
      expect(await count()).toBe(0);
    });
    it("already reached send nothing", async () => {
      const sent: string[] = [];
      const off = engine.on("afterExecute", ({ sql }) => void sent.push(sql));
      await using conn = await engine.connect();
      await expect(
        conn.execDriverSql("insert into t values (20)", [], { signal: AbortSignal.abort() }),
      ).rejects.toThrow(StatementAbortedError);
      await expect(engine.begin(() => 1, { signal: AbortSignal.abort() })).rejects.toThrow(StatementAbortedError);
      off();
      expect(sent).toEqual([]);
      await conn.commit();
      expect(await count()).toBe(0);
    });
    it("come from statement, connection and engine, the nearest first", async () => {
      const slow = engine.withOptions({ executionOptions: { timeout: 50 } });
      await expect(slow.begin((conn) => conn.execDriverSql(sleeping[name]))).rejects.toThrow(/50 ms/);
      const statement = text(sleeping[name]).executionOptions({ timeout: 30 });
      await expect(slow.begin((conn) => conn.execute(statement).all())).rejects.toThrow(/30 ms/);
      const conn = await slow.connect({ executionOptions: { timeout: 40 } });
      await expect(conn.execDriverSql(sleeping[name])).rejects.toThrow(/40 ms/);
      await conn.close();
    });
    it("stop a stream between and within its chunks", async () => {
      const abort = new AbortController();
      const rows = streamed[name];
      let seen = 0;
      const read = async () => {
        await using conn = await engine.connect();
        for await (const _ of conn.execute(text(rows), {}, { signal: abort.signal }).partitions(5))
          if (++seen === 2) setTimeout(() => abort.abort(), 20);
      };
      await expect(read()).rejects.toThrow(StatementAbortedError);
      expect(seen).toBeLessThan(20);
    });
    it("stop a stream while nobody reads, and leave the connection to the next statement", async () => {
      const rows =
        name === "postgresql"
          ? "select n from generate_series(1, 10000) n"
          : "with recursive n as (select 1 as i union all select i + 1 from n where i < 100) select a.i, repeat('x', 900) from n as a, n as b";
      await using conn = await engine.connect();
      for (const leave of [true, false]) {
        const abort = new AbortController();
        const read = async () => {
          for await (const _ of conn.execute(text(rows), {}, { signal: abort.signal }).partitions(5)) {
            abort.abort();
            if (leave) break;
          }
        };
        if (leave) await read();
        else await expect(read()).rejects.toThrow(StatementAbortedError);
        expect(Number(await conn.execDriverSql("select 9").scalar())).toBe(9);
      }
    });
    it("of a cursor hold while it makes room for another statement, and its reader learns of it", async () => {
      await using conn = await engine.connect();
      const begun = performance.now();
      const read = async () => {
        for await (const _ of conn.execute(text(streamed[name]), {}, { timeout: 200 }).partitions(5))
          await conn
            .execDriverSql("select 1")
            .all()
            .catch(() => {});
      };
      await expect(read()).rejects.toThrow(StatementTimeoutError);
      expect(performance.now() - begun).toBeLessThan(8000);
    });
    it("end the wait for a connection", async () => {
      await using one = await engine.connect();
      await using two = await engine.connect();
      const abort = new AbortController();
      const waiting = engine.begin(() => 1, { signal: abort.signal });
      setTimeout(() => abort.abort(), 20);
      await expect(waiting).rejects.toThrow(StatementAbortedError);
      expect(engine.pool.status().waiting).toBe(0);
      expect(one.isClosed || two.isClosed).toBe(false);
    });
    it("of the server say so with the same error", async () => {
      const limited = createEngine(
        `${engine.url.toString().replace("***", engine.url.password ?? "")}${engine.url.toString().includes("?") ? "&" : "?"}statement_timeout=100`,
      );
      try {
        const sql = name === "postgresql" ? "select pg_sleep(5)" : heavy[name];
        await expect(limited.begin((conn) => conn.execDriverSql(sql))).rejects.toThrow(StatementTimeoutError);
      } finally {
        await limited.dispose();
      }
    });
    it("under load lose no connection and no result", async () => {
      const tasks = Array.from({ length: 40 }, async (_, i) => {
        const abort = new AbortController();
        const aborts = i % 2 === 0;
        if (aborts) setTimeout(() => abort.abort(), 5 + (i % 7) * 9);
        return engine.begin(
          async (conn) => {
            if (aborts) await conn.execDriverSql(sleeping[name]);
            return Number(await conn.execDriverSql(`select ${i} as i`).scalar());
          },
          { signal: abort.signal },
        );
      });
      const settled = await Promise.allSettled(tasks);
      settled.forEach((outcome, i) => {
        if (i % 2 === 0)
          expect(outcome).toMatchObject({ status: "rejected", reason: expect.any(StatementAbortedError) });
        else expect(outcome).toEqual({ status: "fulfilled", value: i });
      });
      expect(await stillRunning()).toBe(0);
    });
  },
  { only: ["postgresql", "mariadb", "mysql"] },
);

describeEachDatabase(
  "limits where a statement cannot be interrupted",
  (target) => {
    it("end waiting for a lock, and refuse what has not begun", async () => {
      const url = await target.url();
      await using engine = createEngine(url);
      await engine.begin((conn) => conn.executeScript("create table t (id integer primary key)"));
      if (target.name === "sqlite") {
        await using holder = await engine.connect();
        await holder.execDriverSql("insert into t values (1)");
        const begun = performance.now();
        await expect(
          engine.begin((conn) => conn.execDriverSql("insert into t values (2)"), { timeout: 50 }),
        ).rejects.toThrow(StatementTimeoutError);
        expect(performance.now() - begun).toBeLessThan(2000);
      }
      await expect(
        engine.begin((conn) => conn.execDriverSql("select 1"), { signal: AbortSignal.abort() }),
      ).rejects.toThrow(StatementAbortedError);
      expect(Number(await engine.begin((conn) => conn.execDriverSql("select count(*) from t").scalar()))).toBe(0);
      expect(engine.pool.status().checkedOut).toBe(0);
    });
  },
  { only: ["sqlite", "pglite"] },
);

describe("a deadline", () => {
  it("takes the nearest of several limits", () => {
    const outer = Deadline.of(undefined, { timeout: 10_000 });
    const inner = Deadline.of(outer, { timeout: 0 });
    expect(outer?.reached).toBeUndefined();
    expect(inner?.reached).toEqual({ signal: undefined, timeout: 0 });
    expect(Deadline.of(undefined, {})).toBeUndefined();
    expect(() => Deadline.of(undefined, { timeout: -1 })).toThrow(ArgumentError);
    expect(() => Deadline.of(undefined, { signal: {} as never })).toThrow(/AbortSignal/);
  });
});

it("a request to stop that came before the statement did is repeated, and the connection given up", async () => {
  let requests = 0;
  let fail: (error: Error) => void = () => {};
  const running = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const driver = {
    cancel: async () => {
      if (++requests === 2) fail(new Error("canceled"));
      return true;
    },
  } as unknown as DriverConnection;
  const lost: unknown[] = [];
  const host = { confirmed: () => true, lose: (error: unknown) => void lost.push(error) };
  const deadline = Deadline.of(undefined, { timeout: 5 }) as Deadline;
  await expect(withinLimits(driver, deadline, running, host, {})).rejects.toThrow(StatementTimeoutError);
  expect(requests).toBe(2);
  expect(lost).toHaveLength(1);
});
