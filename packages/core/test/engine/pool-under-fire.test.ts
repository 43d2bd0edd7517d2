/**
 * The pool while everything goes wrong at once: far more tasks than connections, connections killed, the server
 * restarting, tasks given up. Nothing may be lost, doubled, left behind or reported as done that is not.
 */
import { describeEachDatabase, startEmbeddedPostgres } from "@athanor/test-support";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Connection } from "../../src/engine/connection.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { DatabaseError, PoolTimeoutError } from "../../src/errors/errors.js";
import { StatementAbortedError } from "../../src/errors/stopped.js";

const TASKS = 200;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeAll(() => void process.on("unhandledRejection", note));
afterAll(() => void process.off("unhandledRejection", note));
afterEach(async () => {
  await pause(20);
  expect(unhandled).toEqual([]);
});

/** Watches that no physical connection serves two tasks at a time. */
function watcher() {
  const inUse = new Set<unknown>();
  let doubled = 0;
  return {
    get doubled() {
      return doubled;
    },
    async hold<T>(conn: Connection, work: () => Promise<T>): Promise<T> {
      const physical = conn.driverConnection;
      if (inUse.has(physical)) doubled++;
      inUse.add(physical);
      try {
        return await work();
      } finally {
        inUse.delete(physical);
      }
    },
  };
}
type Outcome = "done" | "failed" | "commit unknown";

/** Inserts its number; what it says about it must be true. */
async function task(engine: Engine, id: number, watch: ReturnType<typeof watcher>, table = "fire"): Promise<Outcome> {
  let committing = false;
  try {
    await engine.begin(async (conn) => {
      await watch.hold(conn, async () => {
        const [row] = await conn.execDriverSql(`select ${id} as id`).all();
        // An answer meant for somebody else would be another number.
        expect(Number(row?.[0])).toBe(id);
        await conn.execDriverSql(`insert into ${table} values (${id})`);
        if (id % 3 === 0) await pause(id % 5);
        expect(Number(await conn.execDriverSql(`select count(*) from ${table} where id = ${id}`).scalar())).toBe(1);
      });
      committing = true;
    });
    return "done";
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    return committing ? "commit unknown" : "failed";
  }
}
async function agree(engine: Engine, outcomes: readonly Outcome[], table = "fire"): Promise<void> {
  const rows = await engine.begin((conn) => conn.execDriverSql(`select id from ${table}`).scalars().all());
  const there = new Set(rows.map(Number));
  expect(rows).toHaveLength(there.size);
  outcomes.forEach((outcome, id) => {
    if (outcome === "done") expect(there.has(id), `task ${id} said it was done`).toBe(true);
    if (outcome === "failed") expect(there.has(id), `task ${id} said it had failed`).toBe(false);
  });
}
function atRest(engine: Engine, most: number): void {
  const { checkedOut, idle, waiting } = engine.pool.status();
  expect({ checkedOut, waiting }).toEqual({ checkedOut: 0, waiting: 0 });
  expect(idle).toBeLessThanOrEqual(most);
}

describeEachDatabase(
  "200 tasks on 5 connections",
  (target) => {
    let engine: Engine;
    let killer: Engine;
    beforeAll(async () => {
      const url = await target.url();
      engine = createEngine(url, { poolSize: 5, maxOverflow: 0 });
      killer = createEngine(url, { isolationLevel: "AUTOCOMMIT" });
      await engine.begin((conn) => conn.executeScript("create table fire (id integer primary key)"));
    });
    afterAll(() => Promise.all([engine.dispose(), killer.dispose()]));
    const empty = () => engine.begin((conn) => conn.execDriverSql("delete from fire"));
    const pids = () =>
      killer.begin(async (conn) => {
        const sql =
          target.name === "postgresql"
            ? "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            : "select id from information_schema.processlist where db = database() and id <> connection_id()";
        return (await conn.execDriverSql(sql).scalars().all()).map(Number);
      });
    const kill = (pid: number) =>
      killer
        .begin((conn) =>
          conn.execDriverSql(target.name === "postgresql" ? `select pg_terminate_backend(${pid})` : `kill ${pid}`),
        )
        .catch(() => {});

    it("all finish, each on a connection of its own", async () => {
      await empty();
      const watch = watcher();
      const outcomes = await Promise.all(Array.from({ length: TASKS }, (_, id) => task(engine, id, watch)));
      expect(outcomes.every((o) => o === "done")).toBe(true);
      expect(watch.doubled).toBe(0);
      await agree(engine, outcomes);
      atRest(engine, 5);
    });
    it("while connections are killed: what is said to be done is done", async () => {
      await empty();
      const watch = watcher();
      let over = false;
      const firing = (async () => {
        while (!over) {
          for (const pid of (await pids()).slice(0, 2)) await kill(pid);
          await pause(4);
        }
      })();
      const outcomes = await Promise.all(Array.from({ length: TASKS }, (_, id) => task(engine, id, watch)));
      over = true;
      await firing;
      expect(watch.doubled).toBe(0);
      expect(outcomes).toContain("failed");
      expect(outcomes).toContain("done");
      await agree(engine, outcomes);
      atRest(engine, 5);
    });
    it("while connections are killed: with retries all get there", async () => {
      await empty();
      let over = false;
      const firing = (async () => {
        // Not for ever: on a slow machine every attempt would be hit.
        for (let i = 0; !over && i < 80; i++) {
          const all = await pids();
          const pid = all[i % Math.max(1, all.length)];
          if (pid !== undefined) await kill(pid);
          await pause(15);
        }
      })();
      await Promise.all(
        Array.from({ length: TASKS }, (_, id) =>
          engine.runTransaction(
            async (conn) => {
              if (Number(await conn.execDriverSql(`select count(*) from fire where id = ${id}`).scalar()) === 0)
                await conn.execDriverSql(`insert into fire values (${id})`);
            },
            { retries: 30, backoff: () => 5 },
          ),
        ),
      ).finally(() => {
        over = true;
        return firing;
      });
      expect(Number(await engine.begin((conn) => conn.execDriverSql("select count(*) from fire").scalar()))).toBe(
        TASKS,
      );
      atRest(engine, 5);
    });
    it("given up at any moment leave nothing behind", async () => {
      await empty();
      const watch = watcher();
      const results = await Promise.all(
        Array.from({ length: TASKS }, async (_, id): Promise<Outcome> => {
          const abort = new AbortController();
          if (id % 2 === 0) setTimeout(() => abort.abort(), (id * 7) % 60);
          let committing = false;
          try {
            await engine.begin(
              (conn) =>
                watch.hold(conn, async () => {
                  await conn.execDriverSql(`insert into fire values (${id})`);
                  if (id % 4 === 0)
                    await conn.execDriverSql(
                      target.name === "postgresql" ? "select pg_sleep(0.02)" : "select sleep(0.02)",
                    );
                  committing = true;
                }),
              { signal: abort.signal },
            );
            return "done";
          } catch (error) {
            expect(error).toBeInstanceOf(StatementAbortedError);
            return committing ? "commit unknown" : "failed";
          }
        }),
      );
      expect(results.filter((r) => r !== "done").length).toBeGreaterThan(0);
      expect(watch.doubled).toBe(0);
      await agree(engine, results);
      atRest(engine, 5);
    });
    it("that wait too long are told so, and only those", async () => {
      const small = createEngine(engine.url, { poolSize: 1, maxOverflow: 0, poolTimeout: 0.05 });
      try {
        const holder = await small.connect();
        const waiting = await Promise.allSettled(Array.from({ length: 20 }, () => small.connect()));
        expect(waiting.every((w) => w.status === "rejected" && w.reason instanceof PoolTimeoutError)).toBe(true);
        const next = small.connect();
        await holder.close();
        await (await next).close();
        atRest(small, 1);
      } finally {
        await small.dispose();
      }
    });
    it("find a pool that replaced what an idle kill took", async () => {
      await Promise.all(Array.from({ length: 5 }, () => engine.begin((conn) => conn.execDriverSql("select 1"))));
      for (const pid of await pids()) await kill(pid);
      await pause(30);
      const watch = watcher();
      await empty().catch(() => empty());
      const outcomes = await Promise.all(Array.from({ length: 20 }, (_, id) => task(engine, id, watch)));
      expect(outcomes.every((o) => o === "done")).toBe(true);
    });
  },
  { only: ["postgresql", "mariadb", "mysql"] },
);

describe("a server that restarts", () => {
  it("costs the transactions under way, and nothing else", { timeout: 60_000 }, async () => {
    // A commit must survive the crash of a process.
    const server = await startEmbeddedPostgres({ settings: { synchronous_commit: "on" } });
    const engine = createEngine(server.url, { poolSize: 5, maxOverflow: 0 });
    try {
      await engine.begin((conn) =>
        conn.executeScript("create table fire (id integer primary key); create table again (id integer primary key)"),
      );
      const watch = watcher();
      // A server process that dies makes the server drop everybody and recover.
      const crash = async () => {
        await pause(25);
        const pid = Number(await engine.begin((conn) => conn.execDriverSql("select pg_backend_pid()").scalar()));
        process.kill(pid, "SIGKILL");
      };
      const [outcomes] = await Promise.all([
        Promise.all(
          Array.from({ length: TASKS }, async (_, id) => {
            await pause(id % 50);
            return task(engine, id, watch);
          }),
        ),
        crash(),
      ]);
      expect(outcomes).toContain("failed");
      expect(watch.doubled).toBe(0);
      const up = await engine.runTransaction((conn) => conn.execDriverSql("select 1 as up").scalar(), {
        retries: 40,
        backoff: () => 100,
      });
      expect(up).toBe(1);
      await agree(engine, outcomes);
      const [, written] = await Promise.all([
        crash(),
        Promise.all(
          Array.from({ length: TASKS }, (_, id) =>
            engine.runTransaction(
              (conn) => conn.execDriverSql(`insert into again values (${id}) on conflict do nothing`).rowCount(),
              { retries: 60, backoff: () => 60 },
            ),
          ),
        ),
      ]);
      expect(written).toHaveLength(TASKS);
      const count = await engine.runTransaction((conn) => conn.execDriverSql("select count(*) from again").scalar(), {
        retries: 40,
        backoff: () => 100,
      });
      expect(count).toBe(BigInt(TASKS));
      atRest(engine, 5);
    } finally {
      await engine.dispose();
      // A server that never came up (another took its port meanwhile) does not answer to stop() either.
      await Promise.race([server.stop(), pause(10_000)]);
    }
  });
});
