import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine } from "../../src/engine/engine.js";
import { OperationalError } from "../../src/errors/errors.js";
import { text } from "../../src/sql/text.js";

describe("SQLite", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "athanor-sqlite-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, query = "") => createEngine(`sqlite:///${join(folder, name)}${query}`);

  it("in memory has one connection, and says so when it is in use", async () => {
    const engine = createEngine("sqlite://", { poolTimeout: 0.05 });
    await engine.begin((conn) => conn.executeScript("create table t (a)"));
    await using conn = await engine.connect();
    expect(await conn.execDriverSql("select * from t")).toEqual([]);
    await expect(engine.connect()).rejects.toThrow(/single connection/);
  });
  it("answers a hot statement without a promise of its own", async () => {
    const engine = createEngine("sqlite://");
    await using conn = await engine.connect();
    await conn.execDriverSql("select 1");
    expect(conn.send("select 1", [], { prepare: true, returnsRows: true, exactIntegers: false })).not.toBeInstanceOf(
      Promise,
    );
    await conn.close();
    const again = engine.open();
    expect(again).not.toBeInstanceOf(Promise);
    await (await again).close();
  });
  it("puts DDL, reads and savepoints into the transaction", async () => {
    await using engine = file("ddl.db");
    {
      await using conn = await engine.connect();
      await conn.execDriverSql("select 1");
      await conn.beginNested(() => conn.executeScript("create table t (a)"));
    }
    await using conn = await engine.connect();
    expect(await conn.execDriverSql("select name from sqlite_master")).toEqual([]);
  });
  it("uses WAL for files, foreign keys everywhere, and another journal on request", async () => {
    await using engine = file("wal.db");
    await using conn = await engine.connect();
    expect(await conn.execDriverSql("pragma journal_mode").scalar()).toBe("wal");
    expect(await conn.execDriverSql("pragma foreign_keys").scalar()).toBe(1);
    await using other = file("delete.db", "?journal_mode=delete&foreign_keys=off");
    await using plain = await other.connect();
    expect(await plain.execDriverSql("pragma journal_mode").scalar()).toBe("delete");
    expect(await plain.execDriverSql("pragma foreign_keys").scalar()).toBe(0);
  });
  it("waits for a lock without blocking the event loop", async () => {
    await using engine = file("busy.db");
    await engine.begin((conn) => conn.executeScript("create table t (a)"));
    const writer = await engine.connect();
    await writer.execDriverSql("insert into t values (1)");
    let ticks = 0;
    const clock = setInterval(() => ticks++, 5);
    setTimeout(() => void writer.commit().then(() => writer.close()), 120);
    await engine.begin((conn) => conn.execDriverSql("insert into t values (2)"));
    clearInterval(clock);
    expect(ticks).toBeGreaterThan(10);
    await using conn = await engine.connect();
    expect(await conn.execDriverSql("select a from t").scalars().all()).toEqual([1, 2]);
  });
  it("gives up after `timeout` with an error worth another try", async () => {
    await using engine = file("timeout.db", "?timeout=0.05");
    await engine.begin((conn) => conn.executeScript("create table t (a)"));
    await using writer = await engine.connect();
    await writer.execDriverSql("insert into t values (1)");
    const error = await engine
      .begin((conn) => conn.execDriverSql("insert into t values (2)"))
      .catch((e: unknown) => e as OperationalError);
    expect(error).toBeInstanceOf(OperationalError);
    expect(error).toMatchObject({ isRetryable: true, driverCode: "SQLITE_BUSY" });
    await writer.close();
  });
  it("tells a stale snapshot at once; a retried transaction then succeeds", async () => {
    await using engine = file("snapshot.db");
    await engine.begin((conn) => conn.executeScript("create table t (a); insert into t values (0)"));
    const attempts = await Promise.all(
      [1, 2, 3].map(async () => {
        let n = 0;
        await engine.runTransaction(
          async (conn, attempt) => {
            n = attempt;
            const a = (await conn.execDriverSql("select a from t").scalar()) as number;
            await new Promise((r) => setTimeout(r, 5));
            await conn.execDriverSql("update t set a = ?", [a + 1]);
          },
          { retries: 20 },
        );
        return n;
      }),
    );
    expect(Math.max(...attempts)).toBeGreaterThan(1);
    await using conn = await engine.connect();
    expect(await conn.execDriverSql("select a from t").scalar()).toBe(3);
  });
  it("binds whole numbers as integers and reads large ones exactly", async () => {
    const engine = createEngine("sqlite://");
    await using conn = await engine.connect();
    const row = await conn
      .execDriverSql("select typeof(?), 5 / ?, typeof(?), ?, typeof(?)", [1, 2, 1.5, 9007199254740993n, true])
      .one();
    expect([...row]).toEqual(["integer", 2, "real", 9007199254740993n, "integer"]);
    await expect(conn.execDriverSql("select ?", [undefined]).all()).rejects.toThrow(/undefined is no SQL value/);
  });
  it("reads only where the URL says so", async () => {
    await using engine = file("ro.db");
    await engine.begin((conn) => conn.executeScript("create table t (a)"));
    await using reader = file("ro.db", "?mode=ro");
    await expect(reader.begin((conn) => conn.execDriverSql("insert into t values (1)"))).rejects.toThrow(
      OperationalError,
    );
    await using conn = await engine.connect();
    await conn.begin({ readOnly: true });
    await expect(conn.execDriverSql("insert into t values (1)").all()).rejects.toThrow(OperationalError);
    await conn.rollback();
    await conn.execDriverSql("insert into t values (1)");
    await conn.commit();
  });
  it("names a file that is missing, a folder that is missing and a file that is none", async () => {
    await expect(file("none.db", "?mode=rw").connect()).rejects.toThrow(/does not exist/);
    await expect(createEngine(`sqlite:///${folder}/no/such/x.db`).connect()).rejects.toThrow(OperationalError);
    expect(() => createEngine("sqlite://app.db")).toThrow(/three slashes/);
  });
  it("refuses what follows an error that ended the transaction: it would be saved", async () => {
    await using engine = createEngine("sqlite://");
    await using conn = await engine.connect();
    await conn.executeScript("create table t (id integer primary key)");
    await conn.commit();
    await conn.execDriverSql("insert into t values (1)");
    await expect(conn.execDriverSql("insert or rollback into t values (1)").rowCount()).rejects.toThrow(/UNIQUE/);
    const undone = /already rolled this transaction back/;
    await expect(conn.execDriverSql("insert into t values (2)").rowCount()).rejects.toThrow(undone);
    await expect(conn.execute(text("insert into t values (3)")).rowCount()).rejects.toThrow(undone);
    await expect(conn.executeScript("insert into t values (4)")).rejects.toThrow(undone);
    await expect(conn.execDriverSql("insert into t values (?)", [[5], [6]]).rowCount()).rejects.toThrow(undone);
    await expect(conn.commit()).rejects.toThrow(undone);
    await conn.rollback();
    expect(await conn.execDriverSql("select id from t").all()).toEqual([]);
  });
  it("knows REGEXP", async () => {
    await using conn = await createEngine("sqlite://").connect();
    expect(await conn.execDriverSql("select 'abc' regexp '^a.c$'").scalar()).toBe(1);
  });
  it("initializes once however many connect first, and again when that failed", async () => {
    await using engine = file("init.db");
    let count = 0;
    const { dialect } = engine;
    const real = dialect.initialize.bind(dialect);
    dialect.initialize = async (connection) => {
      count++;
      await new Promise((r) => setTimeout(r, 5));
      if (count === 1) throw new Error("not yet");
      return real(connection);
    };
    await expect(engine.connect()).rejects.toThrow(/not yet/);
    const connections = await Promise.all([engine.connect(), engine.connect(), engine.connect()]);
    expect(count).toBe(2);
    expect(engine.info?.serverVersion).toMatch(/^3\./);
    for (const conn of connections) await conn.close();
  });
  it("keeps its word about pooled state: logging shows age and cuts long values", async () => {
    const lines: string[] = [];
    const engine = createEngine("sqlite://", { echo: (line) => void lines.push(line), loggingName: "db" });
    await engine.begin((conn) => conn.execDriverSql("select ?, ?", ["x".repeat(500), null]));
    expect(lines).toEqual([
      "[db] BEGIN",
      "[db] select ?, ?",
      expect.stringMatching(/^\[db\] \[driver sql\] \["x+… \(502 characters\), null\]$/),
      "[db] COMMIT",
    ]);
  });
});
