import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dialectNamed } from "../../src/dialects/registry.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { DataError, IntegrityError, isRetryable, OperationalError, ProgrammingError } from "../../src/errors/errors.js";

describeEachDatabase(
  "an error of the database",
  (target) => {
    let engine: Engine;
    let url: string;
    beforeAll(async () => {
      url = await target.url();
      engine = createEngine(url);
      await engine.begin(async (conn) => {
        await conn.executeScript(`
          create table parent (id integer primary key, email varchar(50) not null, age integer, constraint uq_parent_email unique (email),
            constraint ck_parent_age check (age > 0));
          create table child (id integer primary key, parent_id integer, constraint fk_child_parent foreign key (parent_id) references parent (id));
          insert into parent values (1, 'a', 5);`);
      });
    });
    afterAll(() => engine.dispose());
    const fail = async (sql: string, params: readonly unknown[] = []): Promise<unknown> => {
      await using conn = await engine.connect();
      return conn.execDriverSql(sql, params).then(
        () => undefined,
        (error: unknown) => error,
      );
    };
    it("says which constraint was violated, on every driver alike", async () => {
      const unique = await fail("insert into parent values (2, 'a', 1)");
      expect(unique).toBeInstanceOf(IntegrityError);
      expect(unique).toMatchObject({
        kind: "unique",
        code: "database.integrity.unique",
        statement: "insert into parent values (2, 'a', 1)",
      });
      if (target.name === "sqlite") expect(unique).toMatchObject({ table: "parent", columns: ["email"] });
      else expect(unique).toMatchObject({ constraint: "uq_parent_email" });
      const empty = await fail("insert into parent values (3, null, 1)");
      expect(empty).toMatchObject({ kind: "not-null", columns: ["email"] });
      expect(await fail("insert into parent (id) values (4)")).toMatchObject({ kind: "not-null", columns: ["email"] });
      const foreign = await fail("insert into child values (1, 99)");
      expect(foreign).toMatchObject({ kind: "foreign-key" });
      if (target.name !== "sqlite")
        expect(foreign).toMatchObject({ constraint: "fk_child_parent", columns: ["parent_id"], table: "child" });
      expect(await fail("insert into parent values (5, 'x', -1)")).toMatchObject({
        kind: "check",
        constraint: "ck_parent_age",
      });
      expect(await fail("insert into parent values (1, 'y', 1)")).toMatchObject({ kind: "unique" });
    });
    it("names constraint and columns by what the server says, not by what the values say", async () => {
      const hostile = "insert into parent values (8, 'x'' for key ''parent.age', 1)";
      await using conn = await engine.connect();
      await conn.execDriverSql(hostile);
      const again = await conn.execDriverSql(hostile.replace("8", "9")).then(
        () => undefined,
        (error: unknown) => error as IntegrityError,
      );
      if (target.family === "mysql") expect(again).toMatchObject({ constraint: "uq_parent_email" });
      else expect(again?.columns).toEqual(["email"]);
      await conn.rollback();
      // The columns are those of the table that is named with them.
      await conn.executeScript("insert into parent values (8, 'b', 1); insert into child values (8, 8)");
      const kept = await conn.execDriverSql("delete from parent where id = 8").then(
        () => undefined,
        (error: unknown) => error as IntegrityError,
      );
      expect(kept).toMatchObject({ kind: "foreign-key" });
      if (target.family === "postgresql")
        expect(kept).toMatchObject({ table: "child", constraint: "fk_child_parent", columns: [] });
      await conn.rollback();
      if (target.family !== "postgresql") return;
      await conn.executeScript(
        'create table odd ("a, b" int, "c)=(" int, t text, unique ("a, b", "c)=(")); create unique index ix_odd on odd (lower(t), "a, b")',
      );
      await conn.commit();
      await conn.close();
      const twice = async (values: string) => {
        const error = await fail(`insert into odd values ${values}, ${values}`);
        return (error as IntegrityError).columns;
      };
      expect(await twice("(1, 2, null)")).toEqual(["a, b", "c)=("]);
      expect(await twice("(1, null, 'x')")).toEqual([]);
    });
    it("is a ProgrammingError for wrong SQL and carries the driver's error", async () => {
      const p = engine.dialect.placeholder(1);
      expect(
        await fail(`select * from parent where age = ${p} or age = ${engine.dialect.placeholder(2)}`, [1]),
      ).toMatchObject({
        name: "ProgrammingError",
        connectionInvalidated: false,
      });
      for (const sql of ["selec 1", "select nothing from parent", "select * from nowhere"]) {
        const error = await fail(sql);
        expect(error).toBeInstanceOf(ProgrammingError);
        expect((error as Error).cause).toBeInstanceOf(Error);
        expect((error as Error).message).toContain(`[SQL: ${sql}]`);
      }
    });
    it("is a ProgrammingError for more values than places, and for fewer", async () => {
      const one = `select id from parent where age = ${engine.dialect.placeholder(1)}`;
      for (const values of [
        [5, 6],
        [[5], [5, 6]],
      ])
        expect(await fail(one, values)).toMatchObject({ name: "ProgrammingError", connectionInvalidated: false });
      expect(await fail("select id from parent", [1])).toMatchObject({ name: "ProgrammingError" });
      expect(await fail(`${one} or id = ${engine.dialect.placeholder(2)}`, [5])).toMatchObject({
        name: "ProgrammingError",
      });
      await using conn = await engine.connect();
      const streamed = async () => {
        for await (const row of conn.execDriverSql(one, [5, 6])) expect(row).toBeUndefined();
      };
      await expect(streamed()).rejects.toMatchObject({ name: "ProgrammingError" });
      await conn.rollback();
      expect(await conn.execDriverSql(one, [5]).scalar()).toBe(1);
    });
    it("is a DataError for a value that does not fit", async () => {
      if (target.name === "sqlite") return;
      expect(await fail(`insert into parent values (6, '${"x".repeat(60)}', 1)`)).toBeInstanceOf(DataError);
    });
    it("hides parameters where asked to", async () => {
      const quiet = createEngine(engine.url, { hideParameters: true });
      if (target.name === "pglite") return;
      await using conn = await quiet.connect();
      const p = engine.dialect.placeholder(1);
      const error = await conn.execDriverSql(`select * from nowhere where x = ${p}`, ["secret"]).then(
        () => undefined,
        (e: unknown) => e as ProgrammingError,
      );
      expect(error?.message).toContain("1 parameters hidden");
      expect(error?.parameters).toBeUndefined();
      await conn.close();
      await quiet.dispose();
    });
    it("while connecting is one sentence without the password", async () => {
      if (target.name !== "postgresql" && target.family !== "mysql") return;
      const wrong = [
        engine.url.set({ username: "nobody_here", password: "hunter2" }),
        engine.url.set({ database: "no_such_database_x" }),
        engine.url.set({ port: 1 }),
        engine.url.set({ host: "no-such-host.invalid" }),
      ];
      for (const other of wrong) {
        const broken = createEngine(other);
        const error = await broken.connect().then(
          () => undefined,
          (e: unknown) => e as OperationalError,
        );
        // A server may trust everybody.
        if (error === undefined) continue;
        expect(error).toBeInstanceOf(OperationalError);
        expect(error.message).not.toContain("hunter2");
        expect(error.message.split("\n")).toHaveLength(1);
        expect(broken.pool.status().checkedOut).toBe(0);
      }
    });
    it("knows two transactions that deadlocked as worth another try", async () => {
      if (!target.capabilities.has("rowLocks")) return;
      await engine.begin(async (conn) => {
        await conn.execDriverSql("insert into parent values (11, 'p', 1)");
        await conn.execDriverSql("insert into parent values (12, 'q', 1)");
      });
      let holding = 0;
      let bothHold: () => void = () => {};
      const both = new Promise<void>((resolve) => {
        bothHold = resolve;
      });
      const crossing = async (first: number, second: number) => {
        let attempts = 0;
        await engine.runTransaction(async (conn, attempt) => {
          attempts = attempt;
          await conn.execDriverSql(`update parent set age = age + 1 where id = ${first}`);
          if (++holding === 2) bothHold();
          await both;
          await conn.execDriverSql(`update parent set age = age + 1 where id = ${second}`);
        });
        return attempts;
      };
      const attempts = await Promise.all([crossing(11, 12), crossing(12, 11)]);
      expect(Math.max(...attempts)).toBeGreaterThan(1);
      await using conn = await engine.connect();
      expect(await conn.execDriverSql("select age from parent where id in (11, 12)").scalars().all()).toEqual([3, 3]);
    });
    it("of a prepared statement that outlived its table does not reach the user", async () => {
      await using conn = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
      await using other = target.capabilities.has("concurrentConnections")
        ? await engine.connect({ isolationLevel: "AUTOCOMMIT" })
        : undefined;
      const changer = other ?? conn;
      await changer.executeScript("create table changing (a integer)");
      const read = async () => (await conn.execDriverSql("select * from changing")).length;
      expect(await read()).toBe(0);
      await changer.executeScript("alter table changing add b integer; insert into changing values (1, 2)");
      const rows = await conn.execDriverSql("select * from changing").mappings().all();
      expect(rows).toEqual([{ a: 1, b: 2 }]);
    });
    it("a COMMIT that saves nothing is an error", async () => {
      if (target.capabilities.has("transactionSurvivesError")) return;
      await using conn = await engine.connect();
      await conn.execDriverSql("nonsense").catch(() => {});
      await expect(conn.execDriverSql("select 1").all()).rejects.toMatchObject({ code: "database.internal" });
      await expect(conn.commit()).rejects.toThrow(/had failed/);
      await conn.rollback();
      expect(await conn.execDriverSql("select 1 as x").scalar()).toBe(1);
    });
  },
  { smoke: true },
);

describe("a missing driver", () => {
  it("is an error with the command that installs it", async () => {
    const { importDriver } = await import("../../src/dialects/options.js");
    await expect(importDriver("not-installed-here", "PostgreSQL")).rejects.toMatchObject({
      code: "driver.missing",
      message: expect.stringContaining("npm install not-installed-here"),
    });
  });
});

describe("MySQL's numbers for a lost connection", () => {
  for (const errno of [1053, 1927, 2006, 2013, 2014, 2045, 2055, 4031]) {
    for (const name of ["mysql", "mariadb"]) {
      it(`${errno} takes the connection out of service on ${name}`, () => {
        const given = Object.assign(new Error("gone"), { errno, code: "ER_ANY", sqlMessage: "gone" });
        const error = dialectNamed(name).classify(given, { cause: given });
        expect(error).toBeInstanceOf(OperationalError);
        expect([error.connectionInvalidated, isRetryable(error)]).toEqual([true, true]);
      });
    }
  }
});
