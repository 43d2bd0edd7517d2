import { basicAuth } from "hono/basic-auth";
import { bodyLimit } from "hono/body-limit";
import { compress } from "hono/compress";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { methodOverride } from "hono/method-override";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { expect, test } from "vitest";
import { createApp, currentContext, InternalServerError } from "../src/index.js";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

test("Hono's own middleware plugs in, and its refusals go through our error handling", async () => {
  const app = createApp({ logger: quiet });
  app.use(cors(), secureHeaders(), requestId());
  app.use("/private/*", basicAuth({ username: "u", password: "p" }));
  app.use("/limited", bodyLimit({ maxSize: 5 }));
  app.afterRequest((response) => void response.headers.set("X-After", "1"));
  app.get("/", function index(c) {
    return { id: typeof c.get("requestId") };
  });
  app.get("/private/x", function secret() {
    return "secret";
  });
  app.post("/limited", async function limited(c) {
    return c.request.text();
  });
  const client = app.testClient();
  const home = await client.get("/", { headers: { Origin: "http://o.example" } });
  expect([
    home.json,
    home.headers.get("access-control-allow-origin"),
    home.headers.get("x-frame-options"),
    home.headers.get("x-after"),
  ]).toEqual([{ id: "string" }, "*", "SAMEORIGIN", "1"]);
  const refused = await client.get("/private/x");
  expect([refused.status, refused.headers.get("www-authenticate"), refused.headers.get("x-after")]).toEqual([
    401,
    'Basic realm="Secure Area"',
    "1",
  ]);
  expect((await client.get("/private/x", { headers: { Authorization: `Basic ${btoa("u:p")}` } })).text).toBe("secret");
  expect((await client.post("/limited", { body: "1234" })).text).toBe("1234");
  expect((await client.post("/limited", { body: "123456" })).status).toBe(413);
});

test("a compressed answer still reads as one, and a typed middleware can set variables", async () => {
  const app = createApp({ logger: quiet });
  app.use(compress());
  app.use(
    createMiddleware<{ Variables: { user: string } }>(async (hc, next) => {
      hc.set("user", `ann at ${currentContext().request.path}`);
      await next();
    }),
  );
  app.get("/", function index(c) {
    return `${String(c.get("user"))} ${"x".repeat(5000)}`;
  });
  const answer = await app.testClient().get("/", { headers: { "Accept-Encoding": "gzip" } });
  expect(answer.headers.get("content-encoding")).toBe("gzip");
  const text = await new Response(
    new Blob([Buffer.from(answer.bytes)]).stream().pipeThrough(new DecompressionStream("gzip")),
  ).text();
  expect(text.startsWith("ann at / xxx")).toBe(true);
});

test("a middleware that exchanges the request is honoured", async () => {
  const app = createApp({ logger: quiet });
  // The override middleware needs an app to send the changed request to.
  app.use((hc, next) => methodOverride({ app: { fetch: app.fetch } as never })(hc, next));
  app.delete("/item", async function remove(c) {
    return `deleted ${(await c.request.form()).get("id")}`;
  });
  const answer = await app.testClient().post("/item", { form: { _method: "DELETE", id: "3" } });
  expect(answer.text).toBe("deleted 3");
});

test("errors thrown by middleware reach error handlers; in TESTING they come out", async () => {
  const app = createApp({ logger: quiet });
  class Broken extends Error {}
  app.use(async (hc, next) => {
    if (hc.req.query("fail") === "known") throw new Broken("known");
    if (hc.req.query("fail") === "unknown") throw new Error("unknown");
    await next();
  });
  app.errorHandler(Broken, (e) => [`handled ${e.message}`, 503]);
  app.get("/", function index() {
    return "fine";
  });
  const client = app.testClient();
  expect((await client.get("/")).text).toBe("fine");
  const known = await client.get("/?fail=known");
  expect([known.status, known.text]).toEqual([503, "handled known"]);
  expect((await client.get("/?fail=unknown")).status).toBe(500);
  app.testing = true;
  await expect(client.get("/?fail=unknown")).rejects.toThrow("unknown");
});

test("an error in an afterRequest hook is unhandled: handlers see InternalServerError, as in Flask", async () => {
  const app = createApp({ logger: quiet });
  const seen: unknown[] = [];
  app.errorHandler(Error, (e) => [
    `${e.name}: ${e instanceof InternalServerError && e.original instanceof Error ? e.original.message : ""}`,
    500,
  ]);
  app.afterRequest(() => {
    throw new Error("hook");
  });
  app.teardownRequest((e) => void seen.push(e));
  app.get("/", function index() {
    return "x";
  });
  const answer = await app.testClient().get("/");
  expect([answer.status, answer.text]).toEqual([500, "InternalServerError: hook"]);
  app.testing = true;
  await expect(app.testClient().get("/")).rejects.toThrow("hook");
  expect(seen).toEqual([new Error("hook"), new Error("hook")]);
});
