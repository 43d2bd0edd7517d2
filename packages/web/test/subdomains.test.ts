/** Routes that answer at one part in front of SERVER_NAME. Expected: Flask with subdomain_matching. */
import { blueprint, createApp, urlFor } from "@athanor/web";
import { expect, test } from "vitest";

const nothing = () => {};
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };

test("a blueprint answers at its subdomain only, with arguments from it, and urlFor names the host", async () => {
  const app = createApp({ logger: quiet, config: { SERVER_NAME: "example.com" } });
  app.get("/", function index() {
    return [urlFor("index"), urlFor("api.list"), urlFor("site.home", { tenant: "acme" })];
  });
  const api = blueprint("api", { subdomain: "api" });
  api.get("/", function list() {
    return [urlFor(".list"), urlFor("index", { page: 2 })];
  });
  api.post("/", function make() {
    return "made";
  });
  const inner = blueprint("v2", { subdomain: "v2" });
  inner.get("/", function here() {
    return "v2";
  });
  api.registerBlueprint(inner);
  const site = blueprint("site", { subdomain: "<tenant>" });
  site.get("/home", function home(c) {
    return `home of ${(c.args as { tenant?: string }).tenant}`;
  });
  app.registerBlueprint(api).registerBlueprint(site);
  const at = (host: string) => app.testClient({ baseUrl: `http://${host}` });
  expect((await at("example.com").get("/")).json).toEqual([
    "/",
    "http://api.example.com/",
    "http://acme.example.com/home",
  ]);
  expect((await at("api.example.com").get("/")).json).toEqual(["/", "http://example.com/?page=2"]);
  expect((await at("API.example.com").options("/")).headers.get("allow")).toBe("GET, HEAD, OPTIONS, POST");
  expect((await at("v2.api.example.com").get("/")).text).toBe("v2");
  expect((await at("acme.example.com").get("/home")).text).toBe("home of acme");
  // A fixed name wins over a pattern; a pattern may take several parts, as in Werkzeug.
  expect((await at("api.example.com").get("/home")).text).toBe("home of api");
  expect((await at("a.b.example.com").get("/home")).text).toBe("home of a.b");
  expect((await at("acme.example.com").get("/")).status).toBe(404);
  expect((await at("example.com").get("/home")).status).toBe(404);
  // Elsewhere, as in development, only what has no subdomain answers.
  expect((await at("127.0.0.1").get("/")).status).toBe(200);
  expect((await at("127.0.0.1").get("/home")).status).toBe(404);
});

test("SERVER_NAME is asked for at start; an argument cannot be in both parts", async () => {
  const app = createApp({ logger: quiet });
  app.get("/", { subdomain: "api", name: "index" }, () => "x");
  await expect(app.start()).rejects.toThrow(/SERVER_NAME/);
  expect(() => createApp({ logger: quiet }).get("/<a>", { subdomain: "<a>", name: "x" }, () => "x")).toThrow(
    /both have 'a'/,
  );
});
