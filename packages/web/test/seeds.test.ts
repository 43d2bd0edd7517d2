/** The web samples of the course notes (seeds 000 and 001), written in TypeScript and run. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { abort, blueprint, createApp, html, jsonify, redirect, render, urlFor } from "../src/index.js";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const root = mkdtempSync(join(tmpdir(), "athanor-seeds-"));
for (const folder of ["templates", "static/styles"]) mkdirSync(join(root, folder), { recursive: true });
writeFileSync(
  join(root, "templates/index.html"),
  "<html>\n    <head>\n        <title>ToDo App</title>\n    </head>\n    <body>\n        <ul>\n            <!-- data from code -->\n            {% for d in data %}\n            <li>{{ d.description }}</li>\n            {% endfor %}\n        </ul>\n        {% include 'nav.html' %}\n    </body>\n</html>",
);
writeFileSync(join(root, "templates/nav.html"), "<a href=\"{{ url_for('index') }}\">{{ sitename }}</a>");
writeFileSync(join(root, "static/styles/main.css"), "h1 { color: teal }");

test("createApp(import.meta) takes the folder of the module", () => {
  const app = createApp(import.meta);
  expect(app.rootPath).toBe(dirname(fileURLToPath(import.meta.url)));
  expect(app.templateFolder).toBe(join(app.rootPath, "templates"));
});

test("seed 000: a list from a template, a form that creates and redirects, JSON from fetch, abort(500)", async () => {
  const app = createApp({ root, logger: quiet });
  const todos = [1, 2, 3].map((i) => ({ description: `Todo ${i}` }));
  app.get("/", function index() {
    return render("index.html", { data: todos, sitename: "My Sample" });
  });
  app.post("/todo/create", async function create(c) {
    todos.push({ description: (await c.request.form()).get("todo", "") });
    return redirect(urlFor("index"));
  });
  app.post("/my/request", async function mine(c) {
    const { description } = JSON.parse(await c.request.text()) as { description?: string };
    if (description === undefined) abort(500);
    return jsonify({ description });
  });
  app.get("/hello", function hello(c) {
    return `hello ${c.request.args.get("foo", "my default")}!`;
  });
  const client = app.testClient();
  const page = await client.post("/todo/create", { form: { todo: "<tea>" }, followRedirects: true });
  expect(page.text).toContain("<li>Todo 3</li>");
  expect(page.text).toContain("<li>&lt;tea&gt;</li>");
  expect(page.text).toContain('<a href="/">My Sample</a>');
  expect((await client.post("/my/request", { json: { description: "x" } })).json).toEqual({ description: "x" });
  expect((await client.post("/my/request", { json: {} })).status).toBe(500);
  expect((await client.get("/hello")).text).toBe("hello my default!");
});

test("seed 001: config class, routes with parameters, hooks, static files, a blueprint, sessions", async () => {
  class Config {
    SECRET_KEY = process.env.SECRET_KEY_OF_THIS_TEST ?? "dev";
    SOME_CONFIG_VARIABLE = "Some value";
  }
  const app = createApp({ root, logger: quiet });
  app.config.fromObject(Config);
  const log: string[] = [];
  app.beforeRequest(() => void log.push("before_request is running"));
  app.afterRequest((response) => {
    log.push("after_request is running");
    return response;
  });
  app.onStart(() => void log.push("before_first_request happens once"));
  app.get("/", function index() {
    return `<h1>${String(app.config.SOME_CONFIG_VARIABLE)}</h1>`;
  });
  app.get("/item/<id>", function itemByName(c) {
    return html`<h1>Item ${c.args.id}</h1>`;
  });
  app.get("/item/<int:id>", function item(c) {
    return html`<h1>Number ${c.args.id + 1}</h1>`;
  });
  const admin = blueprint("admin", { urlPrefix: "/admin" });
  admin.route("/", { methods: ["GET", "POST"] }, function desk(c) {
    c.session.set("key", c.request.method);
    return urlFor(".desk");
  });
  app.registerBlueprint(admin);
  app.get("/session", function readSession(c) {
    return [c.session.get("key", "none"), c.session.pop("key", "gone"), c.session.get("key", "none")];
  });
  const client = app.testClient();
  expect((await client.get("/")).text).toBe("<h1>Some value</h1>");
  expect((await client.get("/item/<b>")).text).toBe("<h1>Item &lt;b&gt;</h1>");
  expect((await client.get("/item/41")).text).toBe("<h1>Number 42</h1>");
  expect((await client.get("/static/styles/main.css")).text).toBe("h1 { color: teal }");
  expect((await client.post("/admin/")).text).toBe("/admin/");
  expect((await client.get("/session")).json).toEqual(["POST", "POST", "none"]);
  expect(log.filter((line) => line.includes("once"))).toHaveLength(1);
  expect(log.slice(0, 3)).toEqual([
    "before_first_request happens once",
    "before_request is running",
    "after_request is running",
  ]);
  await app.testRequestContext("/", () => {
    expect(urlFor("static", { filename: "styles/main.css" })).toBe("/static/styles/main.css");
  });
});
