import { expect, test } from "vitest";
import { blueprint, createApp, NotFound, routesTable, urlFor } from "../src/index.js";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

test("prefixes and names compose, also nested and twice under other names; relative endpoints", async () => {
  const app = createApp({ logger: quiet });
  const posts = blueprint("posts", { urlPrefix: "/posts" });
  posts.get("/", function index(c) {
    return [c.endpoint, c.blueprints, urlFor(".show", { id: 2 })];
  });
  posts.get("/<int:id>", function show(c) {
    return { id: c.args.id };
  });
  const blog = blueprint("blog", { urlPrefix: "/blog" });
  blog.registerBlueprint(posts);
  app.registerBlueprint(blog);
  app.registerBlueprint(posts, { name: "news", urlPrefix: "/news" });
  const client = app.testClient();
  expect((await client.get("/blog/posts/")).json).toEqual([
    "blog.posts.index",
    ["blog.posts", "blog"],
    "/blog/posts/2",
  ]);
  expect((await client.get("/news/")).json).toEqual(["news.index", ["news"], "/news/2"]);
  expect(routesTable(app).map((r) => `${r.endpoint} ${r.methods.join()} ${r.rule}`)).toEqual([
    "blog.posts.index GET /blog/posts/",
    "blog.posts.show GET /blog/posts/<int:id>",
    "news.index GET /news/",
    "news.show GET /news/<int:id>",
  ]);
});

test("hooks: app before blueprint before nested; after in reverse", async () => {
  const app = createApp({ logger: quiet });
  const log: string[] = [];
  const outer = blueprint("outer");
  const inner = blueprint("inner");
  for (const [name, where] of [
    ["app", app],
    ["outer", outer],
    ["inner", inner],
  ] as const) {
    where.beforeRequest(() => void log.push(`before ${name}`));
    where.afterRequest(() => void log.push(`after ${name}`));
    where.teardownRequest(() => void log.push(`teardown ${name}`));
  }
  inner.get("/x", function x() {
    return "x";
  });
  outer.beforeAppRequest(() => void log.push("before app, from outer"));
  outer.registerBlueprint(inner);
  app.registerBlueprint(outer);
  await app.testClient().get("/x");
  expect(log).toEqual([
    "before app",
    "before app, from outer",
    "before outer",
    "before inner",
    "after inner",
    "after outer",
    "after app",
    "teardown inner",
    "teardown outer",
    "teardown app",
  ]);
  log.length = 0;
  await app.testClient().get("/none");
  expect(log).toEqual(["before app", "before app, from outer", "after app", "teardown app"]);
});

test("a blueprint's 404 handler sees its own aborts, never routing's", async () => {
  const app = createApp({ logger: quiet });
  const shop = blueprint("shop", { urlPrefix: "/shop" });
  shop.errorHandler(404, () => ["shop 404", 404]);
  shop.get("/<int:id>", function item() {
    throw new NotFound();
  });
  shop.appErrorHandler(418, () => ["tea", 418]);
  app.registerBlueprint(shop);
  app.errorHandler(404, () => ["app 404", 404]);
  const client = app.testClient();
  expect((await client.get("/shop/1")).text).toBe("shop 404");
  expect((await client.get("/shop/none")).text).toBe("app 404");
});

test("mistakes are named: dots, doubles, too late", () => {
  const app = createApp();
  const a = blueprint("a");
  expect(() => blueprint("a.b")).toThrow(/dot/);
  app.registerBlueprint(a);
  expect(() => app.registerBlueprint(a)).toThrow(/taken by the same blueprint/);
  expect(() => a.get("/late", function late() {})).toThrow(/already registered/);
});

test("url defaults and value preprocessors", async () => {
  const app = createApp({ logger: quiet });
  app.urlValuePreprocessor((_endpoint, args) => {
    args.lang = String(args.lang).toUpperCase();
  });
  app.urlDefaults((endpoint, values) => {
    if (endpoint === "page" && !("lang" in values)) values.lang = "de";
  });
  app.get("/<lang>/page", function page(c) {
    return [c.args.lang, urlFor("page")];
  });
  expect((await app.testClient().get("/fr/page")).json).toEqual(["FR", "/de/page"]);
});
