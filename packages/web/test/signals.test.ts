/** Who watches an app hears of every step, once, in order; and the logger that ships. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp, currentScope, flash, render, renderStream, renderString } from "@athanor/web";
import { afterAll, expect, test, vi } from "vitest";

const nothing = () => {};
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const root = mkdtempSync(join(tmpdir(), "athanor-signals-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

// Expected: the order of Flask's signals in full_dispatch_request.
test("a request is told from its start to its end, a failing one with its error; a listener can stop", async () => {
  const app = createApp({ logger: quiet });
  const told: unknown[] = [];
  app.beforeRequest(() => void told.push("hook before"));
  app.teardownRequest(() => void told.push("hook teardown"));
  const stops = [
    app.on("requestStarted", async ({ context }) => {
      await Promise.resolve();
      told.push(`started ${context.endpoint}`);
    }),
    app.on("requestFinished", ({ response }) => void told.push(`finished ${response.status}`)),
    app.on("gotRequestException", ({ error }) => void told.push(`exception ${String(error)}`)),
    app.on("requestTearingDown", ({ error }) => void told.push(`tearing down ${String(error)}`)),
    app.on("scopeTearingDown", ({ scope, error }) => {
      if (scope.openedFor.startsWith("GET")) told.push(`scope ${scope.state} ${String(error)}`);
    }),
  ];
  app.get("/", function index() {
    told.push("handler");
    return "x";
  });
  app.get("/bad", function bad() {
    throw new TypeError("broken");
  });
  const client = app.testClient();
  await client.get("/");
  expect(told.splice(0)).toEqual([
    "started index",
    "hook before",
    "handler",
    "finished 200",
    "hook teardown",
    "tearing down null",
    "scope open null",
  ]);
  await client.get("/bad");
  expect(told.splice(0)).toEqual([
    "started bad",
    "hook before",
    "exception TypeError: broken",
    "finished 500",
    "hook teardown",
    "tearing down TypeError: broken",
    "scope open TypeError: broken",
  ]);
  // Handled: no exception is told, as nobody has to know.
  expect((await client.get("/none")).status).toBe(404);
  expect(told.splice(0)).not.toContainEqual(expect.stringMatching(/^exception/));
  for (const stop of stops) stop();
  await client.get("/");
  expect(told).toEqual(["hook before", "handler", "hook teardown"]);
  expect(() => app.on("requestStart" as "requestStarted", nothing)).toThrow(/Did you mean 'requestStarted'/);
});

test("templates and flashed messages are told with their values", async () => {
  writeFileSync(join(root, "todo.html"), "{{ n }} {% for x in [1, 2] %}{{ x }}{% endfor %}");
  const told: unknown[] = [];
  // A folder named templates is the default; here the files lie in the root itself.
  const app = createApp({ root, templateFolder: root, logger: quiet, config: { SECRET_KEY: "k".repeat(32) } });
  app.contextProcessor(() => ({ shared: true }));
  app.on("beforeRenderTemplate", ({ template }) => void told.push(["before", template]));
  app.on("templateRendered", ({ template, values }) => void told.push([template, values.n, values.shared]));
  app.on("messageFlashed", ({ message, category }) => void told.push([category, message]));
  app.get("/", async function index() {
    flash("Saved", "info");
    return (await render("todo.html", { n: 3 })) + (await renderString("{{ n }}", { n: 4 }));
  });
  app.get("/stream", { name: "stream" }, () => renderStream("todo.html", { n: 5 }));
  const client = app.testClient();
  await client.get("/");
  expect(told.splice(0)).toEqual([
    ["info", "Saved"],
    ["before", "todo.html"],
    ["todo.html", 3, true],
    ["before", null],
    [null, 4, true],
  ]);
  expect((await client.get("/stream")).text).toBe("5 12");
  expect(told.splice(0)).toEqual([
    ["before", "todo.html"],
    ["todo.html", 5, true],
  ]);
});

test("the logger writes one line per message to stderr, DEBUG in debug only, with the request and its id", async () => {
  const lines: string[] = [];
  const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    const app = createApp({ name: "shop" });
    const ids: string[] = [];
    app.get("/buy", function buy() {
      ids.push(currentScope()!.id);
      app.logger.warn("low on %s", "tea");
      app.logger.debug("details");
      return "x";
    });
    const client = app.testClient();
    await client.get("/buy");
    app.debug = true;
    await client.get("/buy");
    app.logger.info("outside");
    expect(lines).toEqual([
      expect.stringMatching(`^\\[\\d{4}-[\\dT:.-]+Z\\] WARNING in shop \\(GET /buy #${ids[0]}\\): low on tea\\n$`),
      expect.stringMatching(`WARNING in shop \\(GET /buy #${ids[1]}\\): low on tea\\n$`),
      expect.stringMatching(`DEBUG in shop \\(GET /buy #${ids[1]}\\): details\\n$`),
      expect.stringMatching(/INFO in shop: outside\n$/),
    ]);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}$/);
    expect(ids[0]).not.toBe(ids[1]);
  } finally {
    write.mockRestore();
  }
});
