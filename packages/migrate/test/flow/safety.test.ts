/** Limits of a run: locks, timeouts, files without a transaction, revisions that cannot be undone, signs of life. */
import { createEngine, inspect, sql } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, describe, expect, it } from "vitest";
import { command, LockError, MigrationContext, milliseconds } from "../../src/index.js";
import { type Project, project } from "./project.js";

let p: Project;
afterEach(() => p?.dispose());
const file = (id: string, down: string | null, constants: string, rest: string) =>
  p.put(
    `${id}_.ts`,
    `import * as core from "@athanor/core";\nvoid core;\nexport const revision = "${id}", downRevision = ${JSON.stringify(down)};\n${constants}\n${rest}\n`,
  );
const tables = async () => {
  await using c = await p.engine.connect();
  return (await inspect(c).tableNames()).filter((n) => !n.startsWith("athanor_")).sort();
};

describeEachDatabase(
  "a statement that waits for a lock",
  (target) => {
    it("gives up after lockTimeout, says so, and the session is as before", async () => {
      p = await project(await target.url());
      await p.engine.begin((c) => c.executeScript("CREATE TABLE t (n INTEGER)"));
      await p.revision("aaaa", null, 'await op.addColumn("t", core.integer("m").nullable());');
      // Of one connection, so that the next borrower sees what the run has left.
      const engine = createEngine(await target.url(), { poolSize: 1, maxOverflow: 0 });
      const own = { ...p.config, engine };
      const setting = async () => {
        await using c = await engine.connect();
        const names =
          target.family === "mysql"
            ? `@@lock_wait_timeout, @@${target.name === "mysql" ? "max_execution_time" : "max_statement_time"}`
            : "current_setting('lock_timeout'), current_setting('statement_timeout')";
        return [...((await c.execute(sql`SELECT ${sql.raw(names)}`).one()) as Iterable<unknown>)].map(String);
      };
      try {
        await engine.begin((c) => c.executeScript("CREATE TABLE t (n INTEGER)"));
        const before = await setting();
        const other = createEngine(engine.url);
        const holder = await other.connect();
        await holder.begin();
        await holder.execute(sql`SELECT * FROM t`);
        try {
          const begun = performance.now();
          await expect(command.upgrade({ ...own, lockTimeout: "1s", statementTimeout: "1min" })).rejects.toMatchObject({
            code: "migrate.failed",
            hint: expect.stringMatching(/longer than it may wait \(1 s\)[\s\S]*--lock-timeout/),
          });
          expect(performance.now() - begun).toBeLessThan(20_000);
        } finally {
          await holder.rollback();
          await holder.close();
          await other.dispose();
        }
        expect(await setting()).toEqual(before);
        await command.upgrade({ ...own, lockTimeout: "1s" });
        expect(await setting()).toEqual(before);
      } finally {
        await engine.dispose();
      }
    });

    it("takes no longer than statementTimeout", async () => {
      p = await project(await target.url());
      const slow: Record<string, string> = {
        postgresql: "SELECT pg_sleep(20)",
        mariadb: "SELECT SLEEP(20)",
        // A SLEEP that is cut short is no error here.
        mysql:
          "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT COUNT(*) FROM n AS a, n AS b, n AS c WHERE SHA2(CONCAT(a.i, b.i, c.i), 256) = 'x'",
      };
      await p.revision("aaaa", null, `await op.execute("${slow[target.name]}");`);
      await expect(command.upgrade({ ...p.config, statementTimeout: 300 })).rejects.toMatchObject({
        hint: expect.stringMatching(/took longer than it may \(300 ms\)[\s\S]*--statement-timeout/),
      });
    });
  },
  { requires: ["concurrentWriters"] },
);

describe("scripts and SQLite", () => {
  it("write the limits at their beginning", async () => {
    const start = async (url: string) => {
      p = await project(url);
      await p.revision("aaaa", null, 'await op.execute("A");');
      await command.upgrade({ ...p.config, lockTimeout: "5s", statementTimeout: "1min" }, "head", { sql: true });
      const found = p.printed.join("").split("\n\n").slice(0, 3);
      await p.dispose();
      return found;
    };
    expect(await start("postgresql://nobody@127.0.0.1:1/none")).toEqual([
      "SET lock_timeout = 5000;",
      "SET statement_timeout = 60000;",
      "BEGIN;",
    ]);
    expect(await start("mariadb://nobody@127.0.0.1:1/none")).toEqual([
      "SET SESSION lock_wait_timeout = 5;",
      "SET SESSION innodb_lock_wait_timeout = 5;",
      "SET SESSION max_statement_time = 60;",
    ]);
    expect(await start("mysql://nobody@127.0.0.1:1/none")).toContain("SET SESSION max_execution_time = 60000;");
    expect((await start("sqlite://"))[0]).toBe("PRAGMA busy_timeout = 5000;");
  });
  it("SQLite waits as long as it is told, then as long as before; a limit it lacks is told", async () => {
    p = await project("sqlite://");
    await p.revision(
      "aaaa",
      null,
      "const [row] = await op.getBind().execute(core.sql`PRAGMA busy_timeout`); globalThis.busy = row[0];",
    );
    const of = async () => {
      await using c = await p.engine.connect();
      return Number((await c.execute(sql`PRAGMA busy_timeout`).one())[0]);
    };
    const before = await of();
    await command.upgrade({ ...p.config, lockTimeout: before + 1234, statementTimeout: "1s" });
    expect(Number((globalThis as { busy?: unknown }).busy)).toBe(before + 1234);
    expect(await of()).toBe(before);
    expect(p.logged.join("\n")).toContain("sqlite has no statement timeout: none is set.");
  });
  it("lengths of time", () => {
    expect([500, "500ms", "5s", "1.5 min", "2h"].map((d) => milliseconds(d, "x"))).toEqual([
      500, 500, 5000, 90_000, 7_200_000,
    ]);
    for (const wrong of ["", "5 parsecs", "-1s", Number.NaN, "1e999s"])
      expect(() => milliseconds(wrong, "--lock-timeout")).toThrow(/--lock-timeout: '.*' is no length of time/);
  });
});

describeEachDatabase("the lock", (target) => {
  const slow = 'await op.execute("INSERT INTO ran VALUES (1)"); await new Promise((r) => setTimeout(r, 30));';
  const start = async () => {
    p = await project(await target.url());
    await p.engine.begin((c) => c.executeScript("CREATE TABLE ran (n INTEGER)"));
    for (let i = 1; i <= 4; i++) await p.revision(`r00${i}`, i === 1 ? null : `r00${i - 1}`, slow);
  };
  const ran = async () => {
    await using c = await p.engine.connect();
    return Number((await c.execute(sql`SELECT count(*) FROM ran`).one())[0]);
  };
  it.each([false, true])(
    "of each transaction keeps runs apart as well (a transaction per migration: %s)",
    async (transactionPerMigration) => {
      await start();
      const config = { ...p.config, lock: "transaction" as const, transactionPerMigration };
      await Promise.all([1, 2, 3].map(() => command.upgrade(config)));
      expect(await ran()).toBe(4);
      await using c = await p.engine.connect();
      expect(await MigrationContext.online(c).currentHeads()).toEqual(["r004"]);
    },
  );
});
describeEachDatabase(
  "the lock",
  (target) => {
    it("can be left out: then nobody waits", async () => {
      p = await project(await target.url());
      await p.revision("aaaa", null, "");
      await command.upgrade(p.config);
      await p.revision("bbbb", "aaaa", "await new Promise((r) => setTimeout(r, 1500));");
      const slow = command.upgrade(p.config);
      await new Promise((r) => setTimeout(r, 400));
      await expect(command.upgrade({ ...p.config, lockWait: "100ms" }, "aaaa")).rejects.toBeInstanceOf(LockError);
      await command.upgrade({ ...p.config, lock: false, lockWait: "100ms" }, "aaaa");
      await slow;
    });
    it("that somebody took away meanwhile is told", async () => {
      p = await project(await target.url());
      // What a pooler does when it hands the session on.
      const release = target.family === "mysql" ? "SELECT RELEASE_ALL_LOCKS()" : "SELECT pg_advisory_unlock_all()";
      await p.revision("aaaa", null, `await op.execute("${release}");`);
      await command.upgrade(p.config);
      expect(p.logged.at(-1)).toMatch(/^WARNI .*The lock was not held by this session any more: a pooler/);
    });
    it("of each transaction is given up with it, and who may not wait is told about poolers", async () => {
      p = await project(await target.url());
      const config = { ...p.config, lock: "transaction" as const };
      await p.revision("aaaa", null, "");
      await p.revision(
        "bbbb",
        "aaaa",
        "await op.autocommitBlock(async () => { await new Promise((r) => setTimeout(r, 1500)); });",
      );
      const slow = command.upgrade(config);
      await new Promise((r) => setTimeout(r, 600));
      await using c = await p.engine.connect();
      if (target.name === "postgresql") {
        // Between transactions nothing is held that a pooler would hand to somebody else.
        const [row] = await c.execute(
          sql`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        );
        expect(Number(row?.[0])).toBe(0);
      }
      await c.close();
      await slow;
      await p.revision("cccc", "bbbb", "await new Promise((r) => setTimeout(r, 1500));");
      const again = command.upgrade(config);
      await new Promise((r) => setTimeout(r, 400));
      await expect(command.upgrade({ ...config, lockWait: 100 })).rejects.toMatchObject({
        code: "migrate.lock-timeout",
        hint: expect.stringContaining("pooler"),
      });
      await again;
    });
  },
  { requires: ["concurrentWriters"] },
);

describeEachDatabase("a file with transaction = false", (target) => {
  it("runs outside of a transaction; what came before it is committed, and what it did is told when it fails", async () => {
    p = await project(await target.url());
    await p.revision("aaaa", null, 'await op.createTable("t", core.integer("n"));');
    const concurrently =
      target.name === "postgresql" ? ", { dialectOptions: { postgresql: { concurrently: true } } }" : "";
    await file(
      "bbbb",
      "aaaa",
      "export const transaction = false;",
      `export async function upgrade(op: any) { await op.createIndex("ix_t", "t", ["n"]${concurrently}); }
       export async function downgrade(op: any) { await op.dropIndex("ix_t", { table: "t" }); }`,
    );
    await p.revision("cccc", "bbbb", 'await op.execute("SELECT nothing FROM nowhere");');
    await expect(command.upgrade(p.config)).rejects.toMatchObject({
      revision: "cccc",
      done: ["aaaa", "bbbb"],
      hint: expect.stringContaining("Done and kept: aaaa, bbbb."),
    });
    await using c = await p.engine.connect();
    expect((await inspect(c).indexes("t")).map((i) => i.name)).toEqual(["ix_t"]);
    await c.close();
    p.printed.length = 0;
    // The row goes with what cannot be taken back.
    await command.current(p.config);
    expect(p.printed.splice(0)).toEqual(["bbbb\n"]);
    if (!target.capabilities.has("transactionalDdl")) return;
    await command.downgrade(p.config, "aaaa");
    await p.revision("cccc", "bbbb", "");
    await file(
      "bbbb",
      "aaaa",
      "export const transaction = false;",
      `export async function upgrade(op: any) { await op.createTable("kept", core.integer("n")); await op.execute("SELECT nothing FROM nowhere"); }`,
    );
    await expect(command.upgrade(p.config)).rejects.toMatchObject({
      leftBehind: [expect.stringContaining("CREATE TABLE kept")],
      hint: expect.stringContaining("What ran outside a transaction stays of revision bbbb"),
    });
    expect(await tables()).toEqual(["kept", "t"]);
  });
  it("cannot run in a transaction of the caller's, and needs no block", async () => {
    p = await project(await target.url());
    await file(
      "aaaa",
      null,
      "export const transaction = false;",
      "export const upgrade = (op: any) => op.autocommitBlock(() => {});",
    );
    await expect(command.upgrade(p.config)).rejects.toMatchObject({ cause: { code: "migrate.autocommit" } });
    await file("aaaa", null, 'export const transaction = "no";', "export const upgrade = () => {};");
    await expect(command.upgrade(p.config)).rejects.toMatchObject({ code: "migrate.bad-header" });
  });
});
describe("a script", () => {
  it("frames such a file", async () => {
    p = await project("postgresql://nobody@127.0.0.1:1/none");
    await file(
      "aaaa",
      null,
      "export const transaction = false;",
      'export const upgrade = (op: any) => op.execute("A");',
    );
    await command.upgrade(p.config, "head", { sql: true });
    const lines = p.printed
      .join("")
      .split("\n\n")
      .filter((s) => /^(BEGIN|COMMIT|A|INSERT)/.test(s));
    expect(lines.map((s) => s.split(" ", 1)[0])).toEqual(["BEGIN;", "COMMIT;", "A;", "BEGIN;", "INSERT", "COMMIT;"]);
  });
});

describeEachDatabase("a run looks ahead", (target) => {
  it("and refuses before anything is done what cannot be undone or loaded", async () => {
    p = await project(await target.url());
    await p.revision("aaaa", null, 'await op.createTable("a", core.integer("n"));', 'await op.dropTable("a");');
    await file("bbbb", "aaaa", "", "export const upgrade = () => {};");
    await p.revision("cccc", "bbbb", 'await op.createTable("c", core.integer("n"));', 'await op.dropTable("c");');
    await command.upgrade(p.config);
    await expect(command.downgrade(p.config, "base")).rejects.toMatchObject({
      code: "migrate.no-downgrade",
      message: "Revision bbbb has no downgrade(): it cannot be undone",
    });
    expect(await tables()).toEqual(["a", "c"]);
    await file(
      "bbbb",
      "aaaa",
      'export const irreversible = "the passwords were hashed";',
      "export const upgrade = () => {}; export const downgrade = () => {};",
    );
    await expect(command.downgrade(p.config, "base")).rejects.toMatchObject({
      code: "migrate.irreversible",
      message: "Revision bbbb cannot be undone: the passwords were hashed",
    });
    await command.downgrade(p.config, "bbbb");
    expect(await tables()).toEqual(["a"]);
    await p.revision("cccc", "bbbb", 'await op.createTable("c", core.integer("n"));');
    await p.put("dddd_.ts", 'export const revision = "dddd", downRevision = "cccc";\nexport function upgrade( {\n');
    await expect(command.upgrade(p.config)).rejects.toMatchObject({ code: "migrate.load-failed" });
    expect(await tables()).toEqual(["a"]);
  });

  it("and tells that it lives", async () => {
    p = await project(await target.url());
    await p.revision("aaaa", null, "");
    await p.revision(
      "bbbb",
      "aaaa",
      'await op.execute("SELECT 1"); await new Promise((r) => setTimeout(r, 400)); await op.execute("SELECT 2");',
    );
    await command.upgrade({ ...p.config, progressInterval: 100 });
    expect(p.logged.join("\n")).toMatch(
      /Still running upgrade aaaa -> bbbb, bbbb \(2 of 2\): execute SELECT 1, since 0|Still running upgrade aaaa -> bbbb, bbbb \(2 of 2\): execute.*since \d+ ms/,
    );
    p.logged.length = 0;
    await command.downgrade({ ...p.config, progressInterval: 0 }, "base");
    expect(p.logged.join("\n")).not.toContain("Still");
  });
});
