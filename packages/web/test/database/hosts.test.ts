/** The database under other frameworks: Hono, node:http, functions as Next and Workers take them. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Session } from "@athanor/orm";
import type { DatabaseVariables } from "@athanor/web";
import { Hono } from "hono";
import { expect, expectTypeOf, test } from "vitest";
import { blog } from "./app.js";

test("db.handler gives a function its own scope, ended with its promise; name, arguments and errors stay", async () => {
  const { db, User } = await blog();
  const sessions: Session[] = [];
  const GET = db.handler(async function GET(request: Request, greeting: string) {
    sessions.push(db.session());
    db.session.add(new User({ name: new URL(request.url).pathname.slice(1) }));
    await db.session.flush();
    if (request.method === "POST") await db.session.commit();
    if (request.method === "PUT") throw new TypeError("broken");
    return `${greeting} ${await User.query().count()}`;
  });
  expectTypeOf(GET).toEqualTypeOf<(request: Request, greeting: string) => Promise<string>>();
  const ask = (method: string, name: string) => GET(new Request(`http://x/${name}`, { method }), "hello");
  expect(GET.name).toBe("GET");
  expect(await ask("POST", "kept")).toBe("hello 1");
  expect(await ask("GET", "forgotten")).toBe("hello 2");
  await expect(ask("PUT", "lost")).rejects.toThrow("broken");
  expect(await db.run(() => User.query().count())).toBe(1);
  expect(new Set(sessions).size).toBe(3);
  expect(sessions.every((s) => s.isClosed)).toBe(true);
});

// What an Express or Fastify handler is: the client may be gone long before the handler is through.
test("a client that hangs up does not take the session away from a handler that still runs", async () => {
  const { db, User } = await blog();
  let started = () => {};
  const begun = new Promise<void>((resolve) => (started = resolve));
  let finished: (outcome: unknown) => void = () => {};
  const outcome = new Promise<unknown>((resolve) => (finished = resolve));
  const closed = { value: false };
  const server = createServer(
    db.handler(async (req: IncomingMessage, res: ServerResponse) => {
      res.on("close", () => (closed.value = true));
      started();
      while (!closed.value) await new Promise((resolve) => setTimeout(resolve, 5));
      try {
        db.session.add(new User({ name: "after the abort" }));
        await db.session.commit();
        finished(await User.query().count());
      } catch (error) {
        finished(error);
      }
      res.end(req.url);
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const abort = new AbortController();
  const answer = fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { signal: abort.signal });
  await begun;
  abort.abort();
  await expect(answer).rejects.toThrow(/abort/i);
  expect(await outcome).toBe(1);
  await new Promise((resolve) => server.close(resolve));
  expect(db.engine.pool.status().checkedOut).toBe(0);
});

test("db.hono() puts a session into c.var, and an error Hono swallows rolls back", async () => {
  const { app, db, User } = await blog();
  const ended: unknown[] = [];
  app.scope.onEnd((error) => void ended.push(error));
  const hono = new Hono<{ Variables: DatabaseVariables }>();
  hono.use("/plain/*", db.hono());
  hono.use("/auto/*", db.hono({ transactional: true }));
  hono.onError((error, c) => c.text(error.message, 500));
  hono.post("/:kind/add/:name", async (c) => {
    expectTypeOf(c.var.session).toEqualTypeOf<Session>();
    expect(c.var.session).toBe(db.session());
    c.var.session.add(new User({ name: c.req.param("name") }));
    await c.var.session.flush();
    return c.text(`${await User.query().count()}`);
  });
  hono.post("/:kind/fail", async (c) => {
    c.var.session.add(new User({ name: "lost" }));
    await c.var.session.flush();
    throw new TypeError("broken");
  });
  hono.post("/:kind/sorry", async (c) => {
    c.var.session.add(new User({ name: "sorry" }));
    return c.text("sorry", 503);
  });
  const post = async (path: string) => {
    const answer = await hono.request(path, { method: "POST" });
    return [answer.status, await answer.text()];
  };
  const names = () => db.run(async () => (await User.query().orderBy(User.c.id).all()).map((u) => u.name));
  expect(await post("/plain/add/a")).toEqual([200, "1"]);
  expect(await names()).toEqual([]);
  ended.length = 0;
  expect(await post("/auto/add/b")).toEqual([200, "1"]);
  expect(await post("/auto/fail")).toEqual([500, "broken"]);
  expect(await post("/auto/sorry")).toEqual([503, "sorry"]);
  expect(ended).toEqual([null, new TypeError("broken"), null]);
  expect(await names()).toEqual(["b"]);
  // The whole app in one scope per request: what a Worker exports.
  const bare = new Hono().post("/:name", async (c) => {
    db.session.add(new User({ name: c.req.param("name") }));
    await db.session.commit();
    return c.text("made");
  });
  const fetcher = db.handler((request: Request) => bare.fetch(request));
  expect(await (await fetcher(new Request("http://x/c", { method: "POST" }))).text()).toBe("made");
  expect(await names()).toEqual(["b", "c"]);
});
