/**
 * A session over several engines commits all or nothing: every connection promises before any commits. Oracle: SQLAlchemy
 * "Enabling Two-Phase Commit".
 */
import { createEngine, type Engine, func, integer, select, string } from "@athanor/core";
import { declarativeBase, inspect, Session } from "@athanor/orm";
import { describeEachDatabase, startEmbeddedPostgres } from "@athanor/test-support";
import { describe, expect, it } from "vitest";

const Here = declarativeBase();
class Account extends Here("Account", { id: integer().primaryKey(), owner: string(20) }) {}
const There = declarativeBase();
class Entry extends There("Entry", { id: integer().primaryKey(), text: string(20) }) {}

async function shows(here: Engine, there: Engine): Promise<void> {
  await Here.metadata.createAll(here);
  await There.metadata.createAll(there);
  const sent: string[] = [];
  for (const [name, engine] of [
    ["here", here],
    ["there", there],
  ] as const)
    engine.on("statement", ({ sql }) => {
      const found = /^\s*(BEGIN|INSERT|PREPARE TRANSACTION|COMMIT PREPARED|ROLLBACK PREPARED|COMMIT|ROLLBACK)\b/.exec(
        sql,
      );
      if (found !== null) sent.push(`${name} ${found[1]}`);
    });
  const taken = () => sent.splice(0).filter((s) => !s.endsWith("BEGIN"));
  const make = (twoPhase = true) => new Session({ bind: here, binds: [[There, there]], twoPhase });
  const counts = async () => {
    await using session = make(false);
    return [
      Number(await session.scalar(select(func.count()).selectFrom(Account))),
      Number(await session.scalar(select(func.count()).selectFrom(Entry))),
    ];
  };
  {
    await using session = make();
    session.add(new Account({ owner: "amy" }), new Entry({ text: "opened" }));
    sent.length = 0;
    await session.commit();
    expect(taken()).toEqual([
      "here INSERT",
      "there INSERT",
      "here PREPARE TRANSACTION",
      "there PREPARE TRANSACTION",
      "here COMMIT PREPARED",
      "there COMMIT PREPARED",
    ]);
    expect(await counts()).toEqual([1, 1]);
    // prepare() by hand: then only the end can follow.
    const account = new Account({ owner: "bob" });
    session.add(account, new Entry({ text: "opened" }));
    await session.prepare();
    await expect(session.connection().then((c) => c.execDriverSql("select 1").all())).rejects.toThrow(/prepared/);
    await session.rollback();
    expect(inspect(account).state).toBe("transient");
    expect(await counts()).toEqual([1, 1]);
  }
  {
    // One server cannot promise: nothing is committed anywhere.
    await using session = make();
    session.add(new Account({ owner: "eve" }), new Entry({ text: "opened" }));
    await session.flush();
    const second = await session.connection(Entry);
    await second.getTransaction()?.prepare();
    sent.length = 0;
    await expect(session.commit()).rejects.toThrow(/prepared/);
    expect(taken()).toEqual(["here PREPARE TRANSACTION", "here ROLLBACK PREPARED", "there ROLLBACK PREPARED"]);
    expect(await counts()).toEqual([1, 1]);
    session.add(new Account({ owner: "ida" }), new Entry({ text: "opened" }));
    await session.commit();
    expect(await counts()).toEqual([2, 2]);
  }
  {
    // Savepoints work inside.
    await using session = make();
    session.add(new Account({ owner: "kept" }));
    await session
      .beginNested(async () => {
        session.add(new Entry({ text: "lost" }));
        await session.flush();
        throw new Error("stop");
      })
      .catch(() => undefined);
    await session.commit();
    expect(await counts()).toEqual([3, 2]);
  }
  {
    await using session = make(false);
    await expect(session.prepare()).rejects.toThrow(/twoPhase: true/);
  }
  await using connection = await here.connect();
  expect(await connection.recoverTwoPhase()).toEqual([]);
}

describe("two-phase commit over two engines [embedded PostgreSQL]", () => {
  it("commits all or nothing", { timeout: 120_000 }, async () => {
    const server = await startEmbeddedPostgres();
    try {
      await using here = createEngine(server.url);
      {
        await using connection = await here.connect({ isolationLevel: "AUTOCOMMIT" });
        await connection.execDriverSql("create database there");
      }
      await using there = createEngine(server.url.replace(/\/[^/?]*(\?|$)/, "/there$1"));
      await shows(here, there);
    } finally {
      await server.stop();
    }
  });
});
describeEachDatabase(
  "two-phase commit over two engines",
  (target) => {
    it("commits all or nothing", { timeout: 60_000 }, async () => {
      await using here = createEngine(await target.url());
      await using there = createEngine(await target.url());
      await shows(here, there);
    });
  },
  { only: ["mariadb", "mysql"] },
);
describeEachDatabase(
  "two-phase commit where there is none",
  (target) => {
    it("is refused before anything is written", async () => {
      await using engine = createEngine(await target.url());
      await Here.metadata.createAll(engine);
      await using session = new Session(engine, { twoPhase: true });
      session.add(new Account({ owner: "amy" }));
      await expect(session.commit()).rejects.toThrow(/two-phase/);
    });
    it("engines commit one after the other; a failure of the second is told", async () => {
      await using here = createEngine(await target.url());
      await using there = createEngine(await target.url());
      await Here.metadata.createAll(here);
      await There.metadata.createAll(there);
      await using session = new Session({ bind: here, binds: [[There, there]] });
      session.add(new Account({ owner: "amy" }), new Entry({ text: "x" }));
      await session.flush();
      (await session.connection(Entry)).invalidate();
      await expect(session.commit()).rejects.toThrow();
      await session.rollback();
      expect(await session.scalar(select(func.count()).selectFrom(Entry))).toBe(0);
    });
  },
  { only: ["sqlite"] },
);
