import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blueprint, createApp, flash, g, render, renderStream, renderString } from "../src/index.js";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const root = mkdtempSync(join(tmpdir(), "athanor-render-"));
function file(name: string, text: string): void {
  mkdirSync(join(root, name, ".."), { recursive: true });
  writeFileSync(join(root, name), text);
}
file("templates/index.html", "<ul>{% for d in data %}<li>{{ d.description }}</li>{% endfor %}</ul>");
file("templates/shared.html", "app's");
file("admin/shared.html", "blueprint's");
file("admin/desk.html", "desk of {{ who }} {% include 'shared.html' %}");
file(
  "templates/page.html",
  "{{ url_for('show', id=3, page=2) }}|{{ urlFor('show', {'id': 4}) }}|{{ request.path }}|{{ request.args.get('q') }}|{{ request.endpoint }}|{{ session.user }}|{{ session.get('none', 'nobody') }}|{{ 'yes' if 'user' in session else 'no' }}|{{ g.x }}|{{ config.MY_KEY }}",
);
file(
  "templates/flash.html",
  "{% for category, message in get_flashed_messages(with_categories=true) %}{{ category }}:{{ message }};{% endfor %}{% for m in get_flashed_messages(category_filter=['b']) %}{{ m }}{% endfor %}",
);
file("templates/macros.html", "{% macro m() %}[{{ request }}{{ url_for('show', id=1) }}]{% endmacro %}");
file("templates/uses.html", "{% from 'macros.html' import m %}{{ m() }}");

function make() {
  const app = createApp({ root, logger: quiet, config: { SECRET_KEY: "k", TESTING: true, MY_KEY: "cfg" } });
  app.get("/show/<int:id>", function show(c) {
    return String(c.args.id);
  });
  return app;
}

test("render escapes, awaits, and answers as HTML", async () => {
  const app = make();
  app.get("/", function index() {
    return render("index.html", { data: Promise.resolve([{ description: "<Todo 1>" }, { description: "Todo 2" }]) });
  });
  app.errorHandler(404, () => [renderString("nothing at {{ request.path }}"), 404]);
  const client = app.testClient();
  const page = await client.get("/");
  expect([page.text, page.headers.get("content-type")]).toEqual([
    "<ul><li>&lt;Todo 1&gt;</li><li>Todo 2</li></ul>",
    "text/html; charset=utf-8",
  ]);
  const missing = await client.get("/none");
  expect([missing.status, missing.text]).toEqual([404, "nothing at /none"]);
});

test("Flask's globals are there: url_for, request, session, g, config", async () => {
  const app = make();
  app.get("/page", function page() {
    g().x = "gx";
    return render("page.html");
  });
  const client = app.testClient();
  await client.session((s) => s.set("user", "<ann>"));
  expect((await client.get("/page?q=1")).text).toBe(
    "/show/3?page=2|/show/4|/page|1|page|&lt;ann&gt;|nobody|yes|gx|cfg",
  );
});

test("flashed messages show in templates, and a page that ignores the session does not vary", async () => {
  const app = make();
  app.get("/flash", function flashes() {
    flash("one", "a");
    flash("two", "b");
    return "";
  });
  app.get("/show-flash", function showFlash() {
    return render("flash.html");
  });
  app.get("/plain", function plain() {
    return render("index.html", { data: [] });
  });
  const client = app.testClient();
  await client.get("/flash");
  expect((await client.get("/show-flash")).text).toBe("a:one;b:two;two");
  expect((await client.get("/plain")).headers.get("vary")).toBe(null);
});

test("context processors: the app's, the blueprint's, and what the handler passes wins", async () => {
  const app = make();
  app.contextProcessor(() => ({ who: "app", site: "S" }));
  const admin = blueprint("admin", { root, templateFolder: "admin" });
  admin.contextProcessor(async () => ({ who: "blueprint" }));
  admin.get("/desk", function desk() {
    return render("desk.html");
  });
  admin.get("/mine", function mine() {
    return renderString("{{ who }} {{ site }}", { who: "handler" });
  });
  app.registerBlueprint(admin);
  const client = app.testClient();
  expect((await client.get("/desk")).text).toBe("desk of blueprint app&#39;s".replace("&#39;", "'"));
  expect((await client.get("/mine")).text).toBe("handler S");
});

test("filters, tests and globals of the app and of blueprints", async () => {
  const app = make();
  app
    .templateFilter("shout", (s: string) => `${s}!`)
    .templateTest("odd_one", (n: number) => n === 3)
    .templateGlobal("year", () => 2024);
  const bp = blueprint("bp");
  bp.appTemplateFilter("whisper", (s: string) => `(${s})`);
  app.registerBlueprint(bp);
  await app.context(async () => {
    expect(await renderString("{{ 'a'|shout|whisper }} {{ 'yes' if 3 is odd_one else 'no' }} {{ year() }}")).toBe(
      "(a!) yes 2024",
    );
  });
});

test("imported templates see the globals but not the request", async () => {
  const app = make();
  await app.testRequestContext("/", async () => {
    expect(await render("uses.html")).toBe("[/show/1]");
  });
});

test("a missing template names where it was looked for", async () => {
  const app = make();
  await app.context(async () => {
    await expect(render("indx.html")).rejects.toThrow(/indx\.html/);
    await expect(render("../secret.html")).rejects.toThrow(/secret/);
  });
});

test("a template can be streamed", async () => {
  const app = make();
  app.get("/", function index() {
    return renderStream("index.html", { data: [{ description: "a" }] });
  });
  expect((await app.testClient().get("/")).text).toBe("<ul><li>a</li></ul>");
});
