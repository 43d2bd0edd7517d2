/**
 * PostgreSQL behind PgBouncer in transaction mode: each transaction may meet another server connection, so nothing may hang on
 * one. `?prepare=false` in the URL sends statements without names. Runs where the program pgbouncer is installed. Rules: H6, U14.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createEngine, type Engine, insert, integer, MetaData, select, sql, string, table } from "../../src/index.js";

const PROGRAM = ["pgbouncer", "/usr/sbin/pgbouncer"].find((p) => spawnSync(p, ["--version"]).status === 0);
if (PROGRAM === undefined)
  console.error("pgbouncer is not installed: its tests are skipped (apt-get install pgbouncer).");

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

describeEachDatabase(
  "behind PgBouncer",
  (target) => {
    const run = it.skipIf(PROGRAM === undefined);
    const metadata = new MetaData();
    const notes = table("notes", { id: integer().primaryKey(), body: string(40), n: integer() }, { metadata });
    let bouncer: ChildProcess | undefined;
    let folder: string | undefined;
    let engine: Engine;
    let direct: Engine;
    let address: (query: string) => string;
    beforeAll(async () => {
      const url = new URL(await target.url());
      direct = createEngine(url.href);
      await metadata.createAll(direct);
      if (PROGRAM === undefined) return;
      folder = mkdtempSync(join(tmpdir(), "athanor-pgbouncer-"));
      chmodSync(folder, 0o777);
      const port = await freePort();
      const user = decodeURIComponent(url.username) || "postgres";
      const settings = [
        "[databases]",
        `* = host=${url.searchParams.get("host") ?? (url.hostname || "127.0.0.1")} port=${url.port || 5432} user=${user}${url.password ? ` password=${decodeURIComponent(url.password)}` : ""}`,
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        `listen_port = ${port}`,
        "unix_socket_dir =",
        "auth_type = any",
        "pool_mode = transaction",
        "default_pool_size = 2",
        "max_client_conn = 100",
        "ignore_startup_parameters = extra_float_digits,options",
      ].join("\n");
      const file = join(folder, "pgbouncer.ini");
      writeFileSync(file, `${settings}\n`, { mode: 0o644 });
      // It refuses to run as root.
      const as = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
      bouncer = spawn(PROGRAM, [...as, file], { stdio: "ignore" });
      address = (query) => `postgresql://${encodeURIComponent(user)}@127.0.0.1:${port}${url.pathname}${query}`;
      engine = createEngine(address("?prepare=false"), { poolSize: 20 });
      for (let attempt = 0; ; attempt++) {
        try {
          await engine.begin((conn) => conn.execute(sql`select 1`));
          break;
        } catch (error) {
          if (attempt > 100) throw error;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    });
    afterAll(async () => {
      await engine?.dispose();
      await direct.dispose();
      bouncer?.kill("SIGKILL");
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    });
    run("twenty connections on two of the server's: every transaction sees its own rows", async () => {
      await engine.begin((conn) => conn.execute(sql`truncate notes`));
      const servers = new Set<unknown>();
      await Promise.all(
        Array.from({ length: 60 }, (_, n) =>
          engine.begin(async (conn) => {
            servers.add(await conn.execute(sql`select pg_backend_pid()`).scalar());
            const key = await conn.execute(insert(notes).values({ body: `b${n}`, n })).insertedPrimaryKey();
            const row = await conn
              .execute(select(notes.c.body, notes.c.n).where(notes.c.id.eq(key.id as number)))
              .one();
            expect([...row]).toEqual([`b${n}`, n]);
          }),
        ),
      );
      expect(servers.size).toBeLessThanOrEqual(2);
      await engine.begin(async (conn) =>
        expect(
          await conn
            .execute(
              select(notes.c.n)
                .where(notes.c.n.in([1, 2, 3]))
                .orderBy(notes.c.n),
            )
            .scalars()
            .all(),
        ).toEqual([1, 2, 3]),
      );
    });
    run("one statement again and again on other server connections, over DDL in between", async () => {
      const again = select(notes.c.body).where(notes.c.n.eq(1));
      for (let i = 0; i < 6; i++) {
        await Promise.all([1, 2, 3].map(() => engine.begin((conn) => conn.execute(again).all())));
        await engine.begin((conn) =>
          conn.execDriverSql(`alter table notes ${i % 2 ? "drop" : "add"} column extra${i % 2 ? "" : " integer"}`),
        );
      }
      expect(await engine.begin((conn) => conn.execute(again).all())).toHaveLength(1);
    });
    run("bulk inserts, streams and savepoints stay within their transaction", async () => {
      await engine.begin(async (conn) => {
        await conn.execute(sql`truncate notes`);
        const rows = Array.from({ length: 1500 }, (_, n) => ({ body: `r${n}`, n }));
        const back = await conn
          .execute(insert(notes).values(rows).returning(notes.c.n).sortByParameterOrder())
          .scalars()
          .all();
        expect(back).toEqual(rows.map((r) => r.n));
        let seen = 0;
        for await (const _ of conn.execute(select(notes.c.n).executionOptions({ yieldPer: 100 }))) seen++;
        expect(seen).toBe(1500);
        await conn
          .beginNested(async () => {
            await conn.execute(sql`delete from notes`);
            throw new Error("undo");
          })
          .catch(() => {});
        expect(await conn.execute(sql`select count(*)::int from notes`).scalar()).toBe(1500);
      });
    });
    run("with named statements the pooler's clients meet names that are not there: hence the option", async () => {
      const named = createEngine(address(""), { poolSize: 20 });
      const statement = (n: number) => select(notes.c.n).where(notes.c.n.eq(n)).limit(1);
      const results = await Promise.allSettled(
        Array.from({ length: 80 }, (_, n) => named.begin((conn) => conn.execute(statement(n % 7)).all())),
      );
      for (let i = 0; i < 10; i++)
        results.push(
          ...(await Promise.allSettled(
            Array.from({ length: 20 }, (_, n) => named.begin((conn) => conn.execute(statement(n)).all())),
          )),
        );
      const errors = results
        .filter((r) => r.status === "rejected")
        .map((r) => (r as PromiseRejectedResult).reason as Error);
      // PgBouncer 1.21 and later follow names itself (max_prepared_statements): then all go through.
      const [, minor = "0"] =
        /PgBouncer 1\.(\d+)/.exec(String(spawnSync(PROGRAM as string, ["--version"]).stdout)) ?? [];
      if (Number(minor) < 21) expect(errors.length).toBeGreaterThan(0);
      for (const error of errors) expect(String(error)).toMatch(/prepared statement/);
      const rows = results.flatMap((r) =>
        r.status === "fulfilled" ? [(r as PromiseFulfilledResult<readonly unknown[]>).value] : [],
      );
      expect(rows.length + errors.length).toBe(280);
      await named.dispose();
    });
  },
  { requires: ["arrays"] },
);
