import { html as honoHtml } from "hono/html";
import { expect, test } from "vitest";
import {
  type App,
  abort,
  createApp,
  currentApp,
  currentContext,
  currentScope,
  g,
  HTTPError,
  InternalServerError,
  json,
  NoContextError,
  NotFound,
  redirect,
  slotKey,
  streamWithContext,
} from "../src/index.js";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

test("what a handler may return", async () => {
  const app = createApp({ logger: quiet });
  app.get("/text", function text() {
    return "<b>hi</b>";
  });
  app.get("/object", function object() {
    return { bytes: Buffer.from("hi"), a: 1n, when: new Date(0), set: new Set([1]), map: new Map([["k", 1]]) };
  });
  app.get("/list", function list() {
    return [1, 200];
  });
  app.get("/triple", function triple() {
    return [{ ok: true }, 201, { "X-A": "b" }];
  });
  app.get("/response", function response() {
    return new Response("r", { status: 202 });
  });
  app.get("/markup", function markup() {
    return honoHtml`<i>${"<"}</i>`;
  });
  app.get("/chunks", async function* chunks() {
    yield "a";
    yield "b";
  });
  app.get("/nothing", function nothing() {});
  app.get("/number", function number() {
    return 404;
  });
  app.get("/empty", function empty() {
    return ["", 204];
  });
  app.get("/promise", function promise() {
    return { user: Promise.resolve(1) };
  });
  const client = app.testClient();
  const text = await client.get("/text");
  expect([text.text, text.headers.get("content-type")]).toEqual(["<b>hi</b>", "text/html; charset=utf-8"]);
  expect((await client.get("/object")).json).toEqual({
    bytes: "aGk=",
    a: 1,
    when: "1970-01-01T00:00:00.000Z",
    set: [1],
    map: { k: 1 },
  });
  expect((await client.get("/list")).json).toEqual([1, 200]);
  const triple = await client.get("/triple");
  expect([triple.status, triple.json, triple.headers.get("x-a")]).toEqual([201, { ok: true }, "b"]);
  expect((await client.get("/response")).status).toBe(202);
  expect((await client.get("/markup")).text).toBe("<i>&lt;</i>");
  expect((await client.get("/chunks")).text).toBe("ab");
  expect((await client.get("/empty")).status).toBe(204);
  app.config.TESTING = true;
  await expect(client.get("/nothing")).rejects.toThrow(/endpoint 'nothing' returned undefined/);
  await expect(client.get("/number")).rejects.toThrow(/returned a number \(404\)/);
  await expect(client.get("/promise")).rejects.toThrow(/'user' is a promise/);
});

test("the hooks run in Flask's order, and after and teardown run whatever happens", async () => {
  const app = createApp({ logger: quiet });
  const log: string[] = [];
  app.beforeRequest((c) => {
    log.push("before 1");
    if (c.request.args.has("stop")) return "stopped";
    return undefined;
  });
  app.beforeRequest(() => void log.push("before 2"));
  app.afterRequest(() => void log.push("after 1"));
  app.afterRequest((response) => {
    log.push(`after 2: ${response.status}`);
    response.headers.set("X-After", "yes");
    return response;
  });
  app.teardownRequest((error) => void log.push(`teardown ${error instanceof Error ? error.message : error}`));
  app.get("/", function index(c) {
    log.push("view");
    c.afterThisRequest(() => void log.push("after this"));
    return "ok";
  });
  app.get("/boom", function boom() {
    throw new Error("boom");
  });
  const client = app.testClient();
  const run = async (path: string) => {
    log.length = 0;
    const answer = await client.get(path);
    return [answer.status, answer.headers.get("x-after"), ...log];
  };
  expect(await run("/")).toEqual([
    200,
    "yes",
    "before 1",
    "before 2",
    "view",
    "after this",
    "after 2: 200",
    "after 1",
    "teardown null",
  ]);
  expect(await run("/?stop")).toEqual([200, "yes", "before 1", "after 2: 200", "after 1", "teardown null"]);
  expect(await run("/none")).toEqual([404, "yes", "before 1", "before 2", "after 2: 404", "after 1", "teardown null"]);
  expect(await run("/boom")).toEqual([500, "yes", "before 1", "before 2", "after 2: 500", "after 1", "teardown boom"]);
});

test("error handlers: by code, by class, nearest first; 500 gets the original; the returned status counts", async () => {
  class Shop extends Error {}
  class SoldOut extends Shop {}
  class NoPony extends NotFound {}
  const app = createApp({ logger: quiet });
  app.errorHandler(404, (e) => [`code:${e.status}`, 404]);
  app.errorHandler(NoPony, () => "no pony");
  app.errorHandler(Shop, (e) => [`shop:${e.constructor.name}`, 409]);
  app.errorHandler(HTTPError, (e) => [`http:${e.status}`, e.status]);
  app.errorHandler(500, (e) => [
    `500:${e instanceof InternalServerError && e.original instanceof Error ? e.original.message : ""}`,
    500,
  ]);
  const throwing = (name: string, make: () => unknown) =>
    app.get(`/${name}`, { name }, () => {
      throw make();
    });
  throwing("pony", () => new NoPony());
  throwing("sold", () => new SoldOut());
  throwing("teapot", () => new HTTPError(418));
  throwing("other", () => new TypeError("oops"));
  throwing("nonerror", () => "just text");
  app.get("/abort", function aborts() {
    abort(json({ mine: true }, 403));
  });
  const client = app.testClient();
  const get = async (path: string) => {
    const r = await client.get(path);
    return [r.status, r.text];
  };
  expect(await get("/missing")).toEqual([404, "code:404"]);
  expect(await get("/pony")).toEqual([200, "no pony"]);
  expect(await get("/sold")).toEqual([409, "shop:SoldOut"]);
  expect(await get("/teapot")).toEqual([418, "http:418"]);
  expect(await get("/other")).toEqual([500, "500:oops"]);
  expect((await get("/nonerror"))[0]).toBe(500);
  expect(await get("/abort")).toEqual([403, '{"mine":true}']);
});

test("default error pages are HTML, or JSON when Accept prefers it, and escape the description", async () => {
  const app = createApp();
  app.get("/", function index() {
    abort(404, { description: "<script>x</script>" });
  });
  const client = app.testClient();
  expect((await client.get("/", { headers: { Accept: "text/html,*/*;q=0.8" } })).text).toContain(
    "&lt;script&gt;x&lt;/script&gt;",
  );
  const asJson = await client.get("/", { headers: { Accept: "application/json" } });
  expect(asJson.json).toEqual({ code: 404, name: "Not Found", description: "<script>x</script>" });
});

test("TESTING lets errors out, after the teardowns; debug shows a page that hides secrets", async () => {
  const seen: unknown[] = [];
  const app = createApp({ logger: quiet });
  app.teardownRequest((e) => void seen.push(e));
  app.get("/", function index() {
    throw new Error("inner");
  });
  app.testing = true;
  await expect(app.testClient().get("/")).rejects.toThrow("inner");
  expect(seen).toHaveLength(1);
  app.testing = false;
  app.debug = true;
  const page = await app.testClient().get("/", { headers: { Authorization: "Bearer abc123", "X-Plain": "<shown>" } });
  expect(page.status).toBe(500);
  expect(page.text).toContain("inner");
  expect(page.text).not.toContain("abc123");
  expect(page.text).toContain("&lt;shown&gt;");
});

test("the scope lives until the handler's promise settles; every teardown runs; errors are collected", async () => {
  const errors: unknown[] = [];
  const app = createApp({ logger: { ...quiet, error: (...args: unknown[]) => void errors.push(args.at(-1)) } });
  const KEY = slotKey<{ closed: boolean }>("thing");
  const log: string[] = [];
  app.scope.onEnd(() => void log.push("app end"));
  app.get("/", async function index(c) {
    const thing = c.scope.slot(KEY, (scope) => {
      scope.onEnd(() => void log.push("first registered"));
      scope.onEnd(() => {
        log.push("failing");
        throw new Error("teardown broke");
      });
      return { closed: false };
    });
    await new Promise((r) => setTimeout(r, 5));
    expect(c.scope.slot(KEY, () => ({ closed: true }))).toBe(thing);
    expect(currentContext()).toBe(c);
    expect(currentApp()).toBe(app);
    g().user = "ann";
    expect(c.g.user).toBe("ann");
    setTimeout(() => late.push(tryLate()), 20);
    const tryLate = () => {
      try {
        c.scope.slot(slotKey("late"), () => 1);
        return "created";
      } catch (e) {
        return (e as Error).message;
      }
    };
    return "x";
  });
  const late: string[] = [];
  expect((await app.testClient().get("/")).text).toBe("x");
  expect(log).toEqual(["failing", "first registered", "app end"]);
  expect(errors).toEqual([new Error("teardown broke")]);
  await new Promise((r) => setTimeout(r, 40));
  expect(late[0]).toMatch(/'late' was used after its scope had ended.*GET \//s);
});

test("an error in a handler reaches the scope's end although Hono's next() does not throw", async () => {
  const app = createApp({ logger: quiet });
  const seen: unknown[] = [];
  let inMiddleware: unknown;
  app.scope.onEnd((error) => void seen.push(error));
  app.use(async (hc, next) => {
    await next();
    inMiddleware = hc.error;
    hc.header("X-Middleware", "ran");
  });
  app.get("/", function index() {
    throw new Error("work failed");
  });
  const answer = await app.testClient().get("/");
  expect([answer.status, answer.headers.get("x-middleware")]).toEqual([500, "ran"]);
  expect(seen).toEqual([new Error("work failed")]);
  expect(inMiddleware).toEqual(new Error("work failed"));
});

test("a stream pulled after the scope ended says so; streamWithContext keeps it open", async () => {
  const app = createApp({ logger: quiet });
  const KEY = slotKey<string>("db session");
  const log: string[] = [];
  app.scope.onEnd(() => void log.push("end"));
  async function* rows() {
    log.push("row");
    yield currentContext().scope.slot(KEY, () => "session");
    await new Promise((r) => setTimeout(r, 5));
    log.push("row");
    yield "!";
  }
  app.get("/held", function held() {
    return streamWithContext(rows());
  });
  app.get("/loose", function loose() {
    return rows();
  });
  app.afterRequest((_response, c) => {
    if (c.request.args.has("throw")) throw new Error("hook failed");
    return c.request.args.get("replace") === "hook" ? new Response("other") : undefined;
  });
  app.use(async (hc, next) => {
    await next();
    if (hc.req.query("replace") === "middleware") hc.res = new Response("other");
  });
  const client = app.testClient();
  expect((await client.get("/held")).text).toBe("session!");
  expect(log).toEqual(["row", "row", "end"]);
  log.length = 0;
  await expect(client.get("/loose")).rejects.toThrow(/used after its scope had ended/);
  expect(log).toEqual(["end", "row"]);
  for (const drop of [
    () => client.head("/held"),
    () => client.get("/held?replace=hook"),
    () => client.get("/held?replace=middleware"),
    () => client.get("/held?throw=1"),
  ]) {
    log.length = 0;
    await drop();
    expect(log).toEqual(["end"]);
  }
});

test("app.context gives commands a scope and reports failing teardowns", async () => {
  const app = createApp({ logger: quiet });
  const ran: unknown[] = [];
  app.scope.onEnd((e) => void ran.push(e));
  expect(await app.context(() => currentApp().name.length > 0)).toBe(true);
  await expect(app.context(async () => Promise.reject(new Error("job")))).rejects.toThrow("job");
  expect(ran).toEqual([null, new Error("job")]);
  app.scope.onEnd(() => {
    throw new Error("stuck");
  });
  await expect(app.context(() => 1)).rejects.toThrow(AggregateError);
  expect(() => currentApp()).toThrow(/app\.context/);
});

test("parallel requests do not share scopes", async () => {
  const app = createApp();
  app.get("/<int:n>", async function slow(c) {
    g().n = c.args.n;
    await new Promise((r) => setTimeout(r, 10 - c.args.n));
    return { n: g().n, path: currentContext().request.path };
  });
  const client = app.testClient();
  const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => client.get(`/${n}`)));
  expect(answers.map((a) => a.json)).toEqual([1, 2, 3, 4, 5].map((n) => ({ n, path: `/${n}` })));
});

test("onStart runs once, before the first request; redirects are 303 and the client follows them", async () => {
  const app = createApp();
  let starts = 0;
  app.onStart(async () => {
    await Promise.resolve();
    starts++;
  });
  app.get("/", function index() {
    return `started ${starts}`;
  });
  app.post("/make", function make() {
    return redirect(app.urlFor("index"));
  });
  const client = app.testClient();
  const [a, b] = await Promise.all([client.get("/"), client.get("/")]);
  expect([a.text, b.text]).toEqual(["started 1", "started 1"]);
  expect((await client.post("/make", { form: { a: "b" } })).status).toBe(303);
  const page = await client.post("/make", { form: { a: "b" }, followRedirects: true });
  expect([page.text, page.history.length]).toEqual(["started 1", 1]);
});

test("the seam an extension needs: a lazy session per scope, closed at its end, a new one in each scope", async () => {
  class Extension {
    readonly #key = slotKey<{ id: number; open: boolean }>("db.session");
    opened = 0;
    readonly log: string[] = [];
    initApp(app: App) {
      app.extensions.set("db", this);
      app.scope.onEnd((error) => void this.log.push(`scope end ${error instanceof Error ? error.message : error}`));
    }
    get session() {
      const scope = currentScope();
      if (scope === undefined) throw new NoContextError("db.session");
      return scope.slot(this.#key, () => {
        const session = { id: ++this.opened, open: true };
        scope.onEnd(async (error) => {
          await Promise.resolve();
          session.open = false;
          this.log.push(`close ${session.id} ${error === null ? "ok" : "rolled back"}`);
        });
        return session;
      });
    }
  }
  const db = new Extension();
  const app = createApp({ logger: quiet });
  db.initApp(app);
  app.teardownRequest(() => void db.log.push(`teardown sees ${db.session.open}`));
  app.errorHandler(500, () => [`error page, session ${db.session.open}`, 500]);
  app.get("/", async function index() {
    const { id } = db.session;
    const inner = await app.context(() => db.session.id);
    return { same: db.session.id === id, nestedIsNew: inner !== id };
  });
  app.get("/fail", function fail() {
    db.session;
    throw new Error("after add");
  });
  const client = app.testClient();
  expect((await client.get("/")).json).toEqual({ same: true, nestedIsNew: true });
  expect(db.log).toEqual(["close 2 ok", "scope end null", "teardown sees true", "close 1 ok", "scope end null"]);
  db.log.length = 0;
  expect((await client.get("/fail")).text).toBe("error page, session true");
  expect(db.log).toEqual(["teardown sees true", "close 3 rolled back", "scope end after add"]);
  expect(() => db.session).toThrow(/await app\.context/);
});

// FL12: JSON.stringify would give {} for both.
test("a Map is an object in an answer, a Set a list; a key that is no text is refused", async () => {
  const app = createApp({ logger: quiet, config: { TESTING: true } });
  app.get("/", function index() {
    return {
      map: new Map<string | number, unknown>([
        ["a", new Set([1, 2])],
        [3, new Map()],
      ]),
      set: new Set(["x"]),
    };
  });
  app.get("/bare", function bare() {
    return json(new Set([1]));
  });
  app.get("/bad", function bad() {
    return { map: new Map([[{}, 1]]) };
  });
  const client = app.testClient();
  expect((await client.get("/")).json).toEqual({ map: { a: [1, 2], 3: {} }, set: ["x"] });
  expect((await client.get("/bare")).json).toEqual([1]);
  await expect(client.get("/bad")).rejects.toThrow(/Map at 'map' has a key that is neither text nor number/);
});

test("testRequestContext is like being inside a request: route, arguments, g, teardown; nothing is answered", async () => {
  const app = createApp({ logger: quiet, config: { SERVER_NAME: "example.com", PREFERRED_URL_SCHEME: "https" } });
  const ended: unknown[] = [];
  let called = false;
  app.teardownRequest((error) => void ended.push(error));
  app.get("/item/<int:id>", function item() {
    called = true;
    return "x";
  });
  const seen = await app.testRequestContext("/item/3?page=2", async (c) => {
    g().user = "amy";
    await Promise.resolve();
    expect(currentContext()).toBe(c);
    expect(currentApp()).toBe(app);
    return [c.args, c.endpoint, c.request.args.get("page"), c.request.url, g().user, c.urlFor("item", { id: 4 })];
  });
  expect(seen).toEqual([{ id: 3 }, "item", "2", "https://example.com/item/3?page=2", "amy", "/item/4"]);
  const posted = app.testRequestContext("/none", { method: "POST", body: "{}" }, (c) => {
    expect([c.request.method, c.routingError]).toEqual(["POST", expect.any(NotFound)]);
    throw new TypeError("inside");
  });
  await expect(posted).rejects.toThrow("inside");
  expect([ended, called]).toEqual([[null, new TypeError("inside")], false]);
  expect(() => app.testRequestContext("/", {} as never)).toThrow(/needs a function/);
});

test("the test client looks into a request before its teardown, and waits for that", async () => {
  const app = createApp({ logger: quiet });
  const order: string[] = [];
  app.teardownRequest(async () => {
    await Promise.resolve();
    order.push("teardown");
  });
  app.get("/<name>", function index(c) {
    g().who = c.args.name;
    return "hello";
  });
  app.get("/bad", function bad() {
    throw new TypeError("broken");
  });
  const client = app.testClient();
  const seen = await client.inspect("/amy", async ({ context, response }) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    order.push("look");
    expect(currentContext()).toBe(context);
    return [context.endpoint, g().who, context.scope.state, response.text];
  });
  expect(seen).toEqual(["index", "amy", "open", "hello"]);
  expect(order).toEqual(["look", "teardown"]);
  // What the look throws comes through, and the request still ends.
  await expect(client.inspect("/amy", () => expect(1).toBe(2))).rejects.toThrow(/expected 1 to be 2/);
  app.testing = true;
  await expect(client.inspect("/bad", () => {})).rejects.toThrow("broken");
  expect(order).toEqual(["look", "teardown", "teardown", "teardown"]);
  // An ordinary request is held by nobody.
  await client.get("/bob");
  expect(order).toHaveLength(5);
});
