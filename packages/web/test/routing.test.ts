import { expect, test } from "vitest";
import { createApp, currentScope, NoMatch } from "../src/index.js";
import { UrlMap } from "../src/routing/url-map.js";

function mapOf(...rules: string[]): UrlMap {
  const map = new UrlMap();
  for (const rule of rules)
    map.add({ rule, endpoint: rule, methods: new Set(["GET", "HEAD", "OPTIONS"]), strictSlashes: true, defaults: {} });
  return map;
}
function find(map: UrlMap, path: string): unknown {
  const found = map.match("GET", path);
  return found.kind === "found"
    ? [found.rule.rule, { ...found.args }]
    : found.kind === "redirect"
      ? ["->", found.path]
      : found.kind;
}

test("a static rule wins over a variable one, numbers over text, text over paths, in any order of registration", () => {
  const map = mapOf("/u/<path:p>", "/u/<name>", "/u/<int:id>", "/u/me");
  expect(find(map, "/u/me")).toEqual(["/u/me", {}]);
  expect(find(map, "/u/12")).toEqual(["/u/<int:id>", { id: 12 }]);
  expect(find(map, "/u/x1")).toEqual(["/u/<name>", { name: "x1" }]);
  expect(find(map, "/u/a/b")).toEqual(["/u/<path:p>", { p: "a/b" }]);
});

test("int takes digits only, and nothing above 2^53", () => {
  const map = mapOf("/i/<int:id>");
  for (const bad of ["-1", "1.0", "1e3", "0x10", "9007199254740993", "", " 1"])
    expect(find(map, `/i/${bad}`), bad).toBe("none");
  expect(find(map, "/i/9007199254740991")).toEqual(["/i/<int:id>", { id: 9007199254740991 }]);
  const ranged = mapOf("/i/<int(min=2, max=9):id>", "/i/<rest>");
  expect(find(ranged, "/i/9")).toEqual(["/i/<int(min=2, max=9):id>", { id: 9 }]);
  expect(find(ranged, "/i/10")).toEqual(["/i/<rest>", { rest: "10" }]);
  expect(find(mapOf("/i/<int(signed=True):id>"), "/i/-4")).toEqual(["/i/<int(signed=True):id>", { id: -4 }]);
  expect(find(mapOf("/y/<int(fixed_digits=4):year>"), "/y/0099")).toEqual([
    "/y/<int(fixed_digits=4):year>",
    { year: 99 },
  ]);
});

test("slashes: a branch is redirected to, a leaf is not, doubled ones are merged", () => {
  const map = mapOf("/a/", "/b", "/p/<path:rest>/", "/");
  expect(find(map, "/a")).toEqual(["->", "/a/"]);
  expect(find(map, "/b/")).toBe("none");
  expect(find(mapOf("/x/b"), "/x//b")).toEqual(["->", "/x/b"]);
  expect(find(map, "//b")).toEqual(["/b", {}]);
  expect(find(map, "//p/x")).toEqual(["->", "/p/x/"]);
  expect(find(map, "/p/x/y")).toEqual(["->", "/p/x/y/"]);
  expect(find(map, "/p/x/y/")).toEqual(["/p/<path:rest>/", { rest: "x/y" }]);
});

test("an escaped slash stays inside its segment", () => {
  const map = mapOf("/t/<name>", "/t/<a>/<b>");
  expect(find(map, "/t/x%2Fy")).toEqual(["/t/<name>", { name: "x/y" }]);
  expect(map.build("/t/<name>", { name: "x/y" }).path).toBe("/t/x%2Fy");
  expect(find(map, "/t/caf%C3%A9%20%")).toEqual(["/t/<name>", { name: "caf%C3%A9%20%" }]);
  expect(find(map, "/t/caf%C3%A9%20")).toEqual(["/t/<name>", { name: "café " }]);
});

test("malformed rules say what is wrong", () => {
  expect(() => mapOf("/x/<itn:id>")).toThrow(/unknown converter 'itn'\. Did you mean 'int'/);
  expect(() => mapOf("x")).toThrow(/start with a slash/);
  expect(() => mapOf("/<a>/<a>")).toThrow(/twice/);
  expect(() => mapOf("/<int:>")).toThrow(/malformed/);
  expect(() => mapOf("/<int(mn=1):a>")).toThrow(/no option 'mn'/);
});

test("the wrong method gives 405 with Allow, OPTIONS answers by itself, HEAD comes with GET", async () => {
  const app = createApp();
  app.get("/x", function x() {
    return "body";
  });
  app.post("/x", function makeX() {
    return "made";
  });
  const client = app.testClient();
  const wrong = await client.delete("/x");
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, POST"]);
  const options = await client.options("/x");
  expect([options.status, options.headers.get("allow"), options.text]).toEqual([200, "GET, HEAD, OPTIONS, POST", ""]);
  const head = await client.head("/x");
  expect([head.status, head.text]).toEqual([200, ""]);
  expect((await client.post("/x")).text).toBe("made");
});

test("a redirect for a slash is 308 and keeps the query", async () => {
  const app = createApp();
  app.get("/a/", function a() {
    return "a";
  });
  const answer = await app.testClient().get("/a?x=1");
  expect([answer.status, answer.headers.get("location")]).toEqual([308, "/a/?x=1"]);
});

test("custom converters parse, refuse and format", async () => {
  const app = createApp().converter("date", {
    parse(text: string) {
      const date = new Date(`${text}T00:00:00Z`);
      if (Number.isNaN(date.getTime())) throw new Error("no date");
      return date;
    },
    format: (date: Date) => date.toISOString().slice(0, 10),
  });
  app.get("/day/<date:on>", function day(c) {
    return [c.args.on.getUTCFullYear(), app.urlFor("day", { on: c.args.on })];
  });
  const client = app.testClient();
  expect((await client.get("/day/2024-05-06")).json).toEqual([2024, "/day/2024-05-06"]);
  expect((await client.get("/day/soon")).status).toBe(404);
});

test("a converter may load asynchronously inside the scope, and refuse", async () => {
  const app = createApp().converter("pony", {
    async parse(text: string) {
      expect(currentScope()?.state).toBe("open");
      await Promise.resolve();
      if (text !== "1") throw new NoMatch();
      return { id: 1, name: "Twilight" };
    },
    format: (pony: { id: number }) => String(pony.id),
  });
  app.get("/pony/<pony:pony>", function show(c) {
    return c.args.pony.name;
  });
  const client = app.testClient();
  expect((await client.get("/pony/1")).text).toBe("Twilight");
  expect((await client.get("/pony/2")).status).toBe(404);
  expect((await client.options("/pony/2")).status).toBe(404);
});

test("urlFor: query, lists, anchors, external, missing values with candidates, near names", async () => {
  const app = createApp();
  app.get("/blog/<int:id>", function show() {
    return "";
  });
  app.get("/pick/<any(a, b):part>", function pick() {
    return "";
  });
  await app.testRequestContext("https://shop.example:8443/", async (c) => {
    expect(c.urlFor("show", { id: 1, page: 2, tag: ["x", "y z"], none: null })).toBe("/blog/1?page=2&tag=x&tag=y+z");
    expect(c.urlFor("show", { id: 1, _anchor: "end of", _external: true })).toBe(
      "https://shop.example:8443/blog/1#end%20of",
    );
    expect(c.urlFor("show", { id: 1, _scheme: "http" })).toBe("http://shop.example:8443/blog/1");
    expect(() => c.urlFor("show", { page: 1 })).toThrow(/Candidates: \/blog\/<int:id> \('id' is missing\)/);
    expect(() => c.urlFor("shwo")).toThrow(/Did you mean 'show'/);
    expect(() => c.urlFor("pick", { part: "c" })).toThrow(/must be one of 'a', 'b'/);
    expect(() => c.urlFor("show", { id: "1; DROP" })).toThrow(/must be an integer/);
  });
  await app.context(async () => {
    expect(() => app.urlFor("show", { id: 1 })).toThrow(/SERVER_NAME/);
    expect(app.urlFor("show", { id: 1, _external: false })).toBe("/blog/1");
    app.config.SERVER_NAME = "example.com";
    expect(app.urlFor("show", { id: 1 })).toBe("http://example.com/blog/1");
  });
});

test("endpoints need a name, and one function each", () => {
  const app = createApp();
  expect(() => app.get("/", () => "x")).toThrow(/has no name/);
  app.get("/", { name: "home" }, () => "x");
  expect(() => app.get("/other", { name: "home" }, () => "y")).toThrow(/already used by '\/'/);
  const shared = function shared() {
    return "s";
  };
  app.get("/s", shared).get("/t", shared);
  // @ts-expect-error the option is called methods
  expect(() => app.route("/m", { method: ["POST"] }, function m() {})).toThrow(/Did you mean 'methods'/);
});

test("a route added after the first request is refused", async () => {
  const app = createApp();
  await app.testClient().get("/");
  expect(() => app.get("/late", function late() {})).toThrow(/comes too late/);
});
