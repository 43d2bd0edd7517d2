/** On PostgreSQL, BEGIN waits while a transaction has only read once, and nobody can tell but by the clock. */
import { describeEachDatabase } from "@athanor/test-support";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { integer, string } from "../../src/api/columns.js";
import { alias, and, cast, func, or, sql } from "../../src/api/expressions.js";
import { insert, select, update } from "../../src/api/statements.js";
import { table } from "../../src/api/tables.js";
import { PostgresqlDialect } from "../../src/dialects/postgresql/dialect.js";
import type { Connection } from "../../src/engine/connection.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { ProgrammingError } from "../../src/errors/errors.js";
import { MetaData } from "../../src/schema/metadata.js";

const metadata = new MetaData();
const things = table("things", { id: integer().primaryKey(), name: string(40) }, { metadata });
const notes = table("notes", { id: integer().primaryKey(), thingId: integer("thing_id") }, { metadata });
const { id, name } = things.c;
const byId = (n: number) => select(id, name).where(id.eq(n));

describe("a plain read", () => {
  const readsOf = (statement: unknown) => {
    const { dialect } = createEngine("postgresql://nobody@nowhere/nothing");
    expect(dialect).toBeInstanceOf(PostgresqlDialect);
    return dialect.createCompiler(new Map()).compile(statement as never).hint.reads;
  };
  const other = alias(things, "other");
  it("reads columns of tables, compares them with parameters and each other, orders and limits", () => {
    expect(readsOf(byId(1))).toEqual(["things"]);
    expect(readsOf(select(things).where(or(id.in([1, 2]), and(name.like("a%"), id.between(1, 5)))))).toEqual([
      "things",
    ]);
    expect(readsOf(select(name.as("n")).distinct().orderBy(id.desc()).limit(3).offset(1))).toEqual(["things"]);
    expect(readsOf(select(id, notes.c.id.as("note")).join(notes, notes.c.thingId.eq(id)))).toEqual(["notes", "things"]);
    expect(readsOf(select(other.c.id).where(other.c.name.isNotNull()))).toEqual(["things"]);
  });
  it.each([
    ["a function", select(func.lower(name))],
    ["a function in a criterion", select(id).where(func.length(name).gt(3))],
    ["a function behind a join", select(id).join(notes, func.abs(notes.c.thingId).eq(id))],
    ["the time of the transaction", select(id).where(name.eq(cast(func.now(), string())))],
    ["a lock", byId(1).withForUpdate()],
    ["SQL of one's own", sql`select 1`],
    ["SQL of one's own in a criterion", select(id).where(sql`advance()` as never)],
    ["an operator of one's own", select(id).where(name.op("@@@", "x") as never)],
    ["words behind the statement", byId(1).suffixWith(sql`for share`)],
    ["a subquery", select(select(id).subquery("s").c.id)],
    ["a CTE", select(select(id).cte("s").c.id)],
    ["a union", byId(1).union(byId(2))],
    ["no table", select(func.now())],
    ["a change", update(things).set({ name: "x" }).returning(id)],
  ])("is not what holds %s", (_, statement) => {
    expect(readsOf(statement)).toBeUndefined();
  });
});

describeEachDatabase(
  "a transaction that begins with a plain read",
  (target) => {
    let url: string;
    let engine: Engine;
    let watcher: pg.Client;
    let conn: Connection;
    beforeAll(async () => {
      url = await target.url();
      watcher = new pg.Client(url);
      await watcher.connect();
      await watcher.query("create table things (id integer primary key, name varchar(40))");
      await watcher.query("create table notes (id serial primary key, thing_id integer)");
      await watcher.query("insert into things select i, 'thing ' || i from generate_series(1, 5) i");
    });
    afterAll(() => watcher.end());
    beforeEach(async () => {
      engine = createEngine(url);
      conn = await engine.connect();
      // By the second transaction the connection knows its server.
      await conn.execute(byId(1)).all();
      await conn.rollback();
    });
    afterEach(async () => {
      await conn.close();
      await engine.dispose();
    });
    /** What the server thinks the connection is in. */
    const stateOf = async (connection = conn): Promise<string> => {
      const { processID } = connection.driverConnection as { processID: number };
      const { rows } = await watcher.query("select state from pg_stat_activity where pid = $1", [processID]);
      return rows[0].state;
    };
    const outside = "idle";
    const inside = "idle in transaction";

    it("has begun for everybody but the server", async () => {
      const seen: string[] = [];
      engine.on("begin", () => seen.push("begin"));
      engine.on("statement", ({ sql }) => seen.push(sql.split(" ")[0] as string));
      expect(await conn.execute(byId(2)).all()).toEqual([[2, "thing 2"]]);
      expect(conn.inTransaction).toBe(true);
      expect(await stateOf()).toBe(outside);
      await expect(conn.begin()).rejects.toThrow("already in a transaction");
      await conn.rollback();
      expect(seen).toEqual(["BEGIN", "begin", "SELECT", "ROLLBACK"]);
      expect(conn.inTransaction).toBe(false);
    });
    it("sends nothing more when it ends there", async () => {
      const sent: unknown[] = [];
      const client = conn.driverConnection as pg.Client;
      const query = client.query.bind(client) as (...args: unknown[]) => unknown;
      client.query = ((...args: unknown[]) => {
        sent.push(typeof args[0] === "string" ? args[0] : "statement");
        return query(...args);
      }) as never;
      await conn.execute(byId(2)).all();
      await conn.commit();
      await conn.execute(byId(2)).all();
      await conn.rollback();
      expect(sent).toEqual(["statement", "statement"]);
      await conn.execute(byId(2)).all();
      await conn.execute(byId(3)).all();
      await conn.rollback();
      expect(sent.slice(2)).toEqual(["statement", "BEGIN", "statement", "ROLLBACK"]);
    });
    it("begins on the server with the second statement, whatever that is", async () => {
      for (const second of [
        () => conn.execute(byId(3)).all(),
        () => conn.execute(sql`select 1`).all(),
        () => conn.execDriverSql("select 1").all(),
        () => conn.executeScript("select 1"),
        () => conn.beginNested(),
        async () => {
          for await (const _ of conn.execute(select(things).executionOptions({ yieldPer: 1 }))) break;
        },
      ]) {
        await conn.execute(byId(2)).all();
        await second();
        expect(await stateOf()).toBe(inside);
        await conn.rollback();
        expect(await stateOf()).toBe(outside);
      }
    });
    it("undoes what it wrote after the read, also back to a savepoint", async () => {
      await conn.execute(byId(2)).all();
      await conn.execute(update(things).set({ name: "changed" }).where(id.eq(2)));
      const savepoint = await conn.beginNested();
      await conn.execute(insert(things).values({ id: 100, name: "new" }));
      await savepoint.rollback();
      expect((await conn.execute(select(id).where(id.eq(100))).all()).length).toBe(0);
      await conn.rollback();
      expect(await conn.execute(byId(2)).all()).toEqual([[2, "thing 2"]]);
    });
    it("is of no use after an error in the read, until it is rolled back", async () => {
      const wrong = table("nowhere", { id: integer().primaryKey() });
      await expect(conn.execute(select(wrong.c.id)).all()).rejects.toThrow(ProgrammingError);
      // What makes it so is on its way; nobody waits for it.
      await expect.poll(() => stateOf()).toBe("idle in transaction (aborted)");
      await expect(conn.execute(byId(1)).all()).rejects.toThrow("An earlier statement of this transaction failed");
      await conn.rollback();
      expect(await conn.execute(byId(1)).all()).toEqual([[1, "thing 1"]]);
    });
    it("sees each moment at READ COMMITTED, as with BEGIN", async () => {
      await conn.execute(byId(4)).all();
      await watcher.query("update things set name = 'meanwhile' where id = 4");
      expect(await conn.execute(byId(4)).all()).toEqual([[4, "meanwhile"]]);
      await watcher.query("update things set name = 'thing 4' where id = 4");
    });
    it("has its BEGIN at once at the levels above, however they were chosen", async () => {
      for (const isolationLevel of ["REPEATABLE READ", "SERIALIZABLE"] as const) {
        await using own = await engine.connect({ isolationLevel });
        await own.execute(byId(4)).all();
        expect(await stateOf(own)).toBe(inside);
        await watcher.query("update things set name = 'meanwhile' where id = 4");
        expect(await own.execute(byId(4)).all()).toEqual([[4, "thing 4"]]);
        await watcher.query("update things set name = 'thing 4' where id = 4");
      }
      await conn.begin({ isolationLevel: "REPEATABLE READ" });
      await conn.execute(byId(4)).all();
      expect(await stateOf()).toBe(inside);
      await conn.rollback();
      // By the connection's own default, set in SQL …
      await conn.execute(sql`set session characteristics as transaction isolation level repeatable read`);
      await conn.commit();
      await conn.execute(byId(4)).all();
      expect(await stateOf()).toBe(inside);
      // … or by a listener, through any door …
      const listening = createEngine(url);
      listening.on("connect", ({ connection }) =>
        (connection.raw as pg.Client).query("set default_transaction_isolation = 'serializable'"),
      );
      // … or by the server's settings for the user, the database or the session.
      const configured = createEngine(`${url}?options=-c%20default_transaction_isolation%3Dserializable`);
      for (const made of [listening, configured]) {
        await using first = await made.connect();
        for (let i = 0; i < 3; i++) {
          await first.execute(byId(4)).all();
          expect(await stateOf(first)).toBe(inside);
          await first.rollback();
        }
      }
      await listening.dispose();
      await configured.dispose();
    });
    it("has its BEGIN at once when begun as read only, deferrable or in two phases", async () => {
      for (const options of [{ readOnly: true }, { deferrable: true }, { twoPhase: true }]) {
        await conn.begin(options);
        await conn.execute(byId(4)).all();
        expect(await stateOf()).toBe(inside);
        await conn.rollback();
      }
    });
    it("has none at AUTOCOMMIT", async () => {
      await using own = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
      await own.execute(byId(4)).all();
      await own.execute(byId(4)).all();
      expect(await stateOf(own)).toBe(outside);
    });
    it("has its BEGIN at once where reading writes: a view that calls a function, a table with row policies", async () => {
      await watcher.query(`
        create function noted(n integer) returns integer language sql volatile as
          $$ insert into notes (thing_id) values (n) returning thing_id $$;
        create view noted_things as select noted(id) as id, name from things;
        create table guarded (id integer primary key, name varchar(40));
        alter table guarded enable row level security;`);
      const fresh = createEngine(url);
      for (const of of ["noted_things", "guarded"]) {
        const seen = table(of, { id: integer().primaryKey(), name: string(40) });
        await using own = await fresh.connect();
        await own.execute(byId(1)).all();
        await own.rollback();
        await own.execute(select(seen.c.id)).all();
        expect(await stateOf(own)).toBe(inside);
        await own.rollback();
      }
      expect((await watcher.query("select count(*)::int as n from notes")).rows).toEqual([{ n: 0 }]);
      // A view that this engine makes, it knows of.
      expect(await conn.execute(byId(1)).all()).toEqual([[1, "thing 1"]]);
      await conn.execute(sql`create view late_things as select noted(id) as id from things`);
      await conn.commit();
      await conn.execute(select(table("late_things", { id: integer() }).c.id)).all();
      await conn.rollback();
      expect((await watcher.query("select count(*)::int as n from notes")).rows).toEqual([{ n: 0 }]);
      await fresh.dispose();
    });
    it("gives a clean connection back to the pool", async () => {
      await conn.execute(byId(2)).all();
      await conn.close();
      conn = await engine.connect();
      await conn.execute(update(things).set({ name: "kept" }).where(id.eq(5)));
      await conn.commit();
      expect((await watcher.query("select name from things where id = 5")).rows).toEqual([{ name: "kept" }]);
    });
  },
  { only: ["postgresql"] },
);
