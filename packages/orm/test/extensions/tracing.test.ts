/** Diagnostics channels: connects, statements, transactions and flushes, with OpenTelemetry's names; nothing while nobody listens. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createEngine, type Engine, insert, integer, select, sql, string } from "@athanor/core";
import { declarativeBase, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";

const Base = declarativeBase();
class Thing extends Base("Thing", { id: integer().primaryKey(), name: string(20).unique() }) {}

type Told = { readonly channel: string; readonly trace: { readonly [name: string]: unknown } };
/** Subscribes while a block runs; traces as they were when they were told. */
async function listening(block: () => Promise<unknown>, ...kinds: string[]): Promise<readonly Told[]> {
  const told: Told[] = [];
  const stops = kinds.flatMap((kind) =>
    ["start", "end", "error"].map((step) => {
      const name = `athanor:${kind}:${step}`;
      const listener = (trace: unknown) =>
        void told.push({ channel: `${kind}:${step}`, trace: { ...(trace as object) } });
      subscribe(name, listener);
      return () => unsubscribe(name, listener);
    }),
  );
  try {
    await block();
  } finally {
    for (const stop of stops) stop();
  }
  return told;
}

describeEachDatabase("diagnostics channels", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await Base.metadata.createAll(engine);
  });
  afterAll(() => engine.dispose());
  const system = () => engine.dialect.name;
  const channels = (told: readonly Told[]) => told.map((t) => t.channel);

  it("a connect, with the server's address", async () => {
    const fresh = createEngine(engine.url);
    const told = await listening(async () => {
      await using connection = await fresh.connect();
      await connection.execute(sql`select 1`);
    }, "connect");
    await fresh.dispose();
    expect(channels(told)).toEqual(["connect:start", "connect:end"]);
    expect(told[1]!.trace).toMatchObject({
      "db.system.name": system(),
      "server.address": engine.url.host,
      "db.namespace": engine.url.database,
      milliseconds: expect.any(Number),
    });
  });
  it("a statement: text, operation, rows; no parameter values", async () => {
    await using session = new Session(engine);
    await session.execute(insert(Thing), [
      { id: 1, name: "secret-a" },
      { id: 2, name: "secret-b" },
    ]);
    const told = await listening(
      () => session.scalars(select(Thing).where(Thing.c.name.ne("secret-x"))).all(),
      "query",
    );
    expect(channels(told)).toEqual(["query:start", "query:end"]);
    expect(told[0]!.trace).toMatchObject({ "db.system.name": system(), "db.operation.name": "SELECT" });
    expect(String(told[0]!.trace["db.query.text"])).toMatch(/^SELECT .*FROM .?thing/);
    expect(told[0]!.trace).not.toHaveProperty("milliseconds");
    expect(told[1]!.trace).toMatchObject({ "db.response.returned_rows": 2, milliseconds: expect.any(Number) });
    expect(JSON.stringify(told.map((t) => ({ ...t.trace, connection: 0 })))).not.toMatch(/secret/);
    await session.rollback();
  });
  it("many parameter sets are one batch; a failure says its type", async () => {
    await using session = new Session(engine);
    session.add(new Thing({ id: 1, name: "a" }), new Thing({ id: 2, name: "b" }));
    await session.flush();
    for (const thing of await session.scalars(select(Thing)).all()) thing.name = `${thing.name}!`;
    const told = await listening(() => session.flush(), "query", "flush");
    expect(channels(told)[0]).toBe("flush:start");
    expect(channels(told).at(-1)).toBe("flush:end");
    expect(told[0]!.trace).toMatchObject({ "athanor.flush.dirty": 2, "athanor.flush.new": 0, session });
    const failed = await listening(
      async () => {
        session.add(new Thing({ id: 3, name: "a!" }));
        await expect(session.flush()).rejects.toThrow();
        await session.rollback();
      },
      "query",
      "flush",
    );
    const error = failed.find((t) => t.channel === "query:error")!;
    expect(error.trace["error.type"]).toEqual(expect.any(String));
    expect(error.trace["error"]).toBeInstanceOf(Error);
    expect(channels(failed)).toContain("flush:error");
    expect(channels(failed).filter((c) => c === "query:start").length).toBe(
      channels(failed).filter((c) => c === "query:end" || c === "query:error").length,
    );
  });
  it("a transaction from BEGIN to its end, with the outcome", async () => {
    const told = await listening(async () => {
      await engine.begin((connection) => connection.execute(insert(Thing).values({ id: 50, name: "fifty" })));
      await engine
        .begin(async (connection) => {
          await connection.execute(insert(Thing).values({ id: 51, name: "fiftyone" }));
          throw new RangeError("no");
        })
        .catch(() => undefined);
    }, "transaction");
    expect(told.map((t) => [t.channel, t.trace["outcome"]])).toEqual([
      ["transaction:start", undefined],
      ["transaction:end", "commit"],
      ["transaction:start", undefined],
      ["transaction:end", "rollback"],
    ]);
  });
  it("a stream is one operation from its first row to its last", async () => {
    await using connection = await engine.connect();
    const told = await listening(async () => {
      for await (const _ of connection.execute(select(Thing.c.id)));
    }, "query");
    expect(channels(told)).toEqual(["query:start", "query:end"]);
  });
  it("start and end carry one object: a subscriber finds its span again", async () => {
    const spans = new Map<object, string>();
    const opened = (trace: unknown) => void spans.set(trace as object, "open");
    const closed = (trace: unknown) =>
      void spans.set(trace as object, spans.get(trace as object) === "open" ? "closed" : "lost");
    subscribe("athanor:query:start", opened);
    subscribe("athanor:query:end", closed);
    await using session = new Session(engine);
    await Promise.all([session.scalars(select(Thing)).all(), session.scalars(select(Thing.c.id)).all()]);
    unsubscribe("athanor:query:start", opened);
    unsubscribe("athanor:query:end", closed);
    expect([...spans.values()]).toEqual(["closed", "closed"]);
    await session.scalars(select(Thing)).all();
    expect(spans.size).toBe(2);
  });
});
