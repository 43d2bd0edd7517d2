// The ToDo app in a real browser, served on a real port, on every database.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { command } from "@athanor/migrate";
import { describeEachDatabase } from "@athanor/test-support";
import { migrateConfigOf, type RunningServer } from "@athanor/web";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeApp } from "../app.js";
import { db, Todo } from "../models.js";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
args.push("--disable-component-update", "--disable-sync");
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

if (existsSync(executablePath)) inBrowser();
else {
  const why = `no browser at ${executablePath}: apt-get install -y chromium, or set CHROMIUM`;
  process.stderr.write(`SKIPPED examples/todo in the browser: ${why}\n`);
  describe.skipIf(process.env.ATHANOR_REQUIRE_ALL !== "1")(`todo in a browser [SKIPPED: ${why}]`, () => {
    it("needs a browser", () => expect.fail(why));
  });
}

function inBrowser() {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args });
  });
  afterAll(() => browser?.close());

  describeEachDatabase("todo in a browser", (target) => {
    let app: ReturnType<typeof makeApp>;
    let server: RunningServer | undefined;
    let context: BrowserContext;
    let page: Page;
    /** Dialogs and script errors: there must be none. */
    let surprises: string[];
    /** Objects that parallel requests loaded. */
    const seen: (Todo | null)[] = [];
    let arrive: () => Promise<void>;

    beforeAll(async () => {
      app = makeApp({ SECRET_KEY: "a key for the tests only", DATABASE_URL: await target.url() });
      app.logger = quiet;
      app.post("/ghost", async function ghost() {
        db.session.add(new Todo({ description: "ghost" }));
        await db.session.flush();
        throw new Error("after add, before commit");
      });
      app.get("/parallel/<int:id>", async function parallel(c) {
        const todo = await Todo.query().get(c.args.id);
        await arrive();
        seen.push(todo);
        return `${todo?.description}`;
      });
      await command.upgrade({ ...migrateConfigOf(app), directory: join(app.rootPath, "migrations"), log: () => {} });
      server = await app.run({ port: 0 });
    });
    afterAll(async () => {
      await server?.close();
      await app?.context(() => db.engine.dispose());
    });
    beforeEach(async () => {
      await app.context(async () => {
        await Todo.query().delete();
        await db.session.commit();
      });
      context = await browser.newContext({ baseURL: server?.url ?? "" });
      page = await context.newPage();
      surprises = [];
      page.on("dialog", (dialog) => {
        surprises.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on("pageerror", (error) => void surprises.push(`error: ${error.message}`));
      await page.goto("/");
    });
    afterEach(async () => {
      await context.close();
      expect(surprises).toEqual([]);
    });

    const shown = () => page.locator(".todo .description").allTextContents();
    const stored = () =>
      app.context(async () =>
        (await Todo.query().orderBy(Todo.c.id).all()).map(({ description, completed }) => ({ description, completed })),
      );
    async function addByForm(description: string) {
      await page.getByPlaceholder("What is to be done?").fill(description);
      await Promise.all([page.waitForURL("/"), page.getByRole("button", { name: "Add", exact: true }).click()]);
      await page.getByText(description, { exact: true }).waitFor();
    }
    async function addByFetch(description: string) {
      await page.getByPlaceholder("What is to be done?").fill(description);
      await page.getByRole("button", { name: "Add quietly" }).click();
      await page.getByText(description, { exact: true }).waitFor();
    }

    it("creates by form, by Enter and by fetch", async () => {
      expect(await page.locator(".empty").isVisible()).toBe(true);
      await addByForm("by form");
      await page.getByPlaceholder("What is to be done?").fill("by Enter");
      await page.keyboard.press("Enter");
      await page.getByText("by Enter", { exact: true }).waitFor();
      // A mark on the page: fetch must not reload it.
      await page.evaluate("window.mark = 1");
      await addByFetch("by fetch");
      expect(await page.evaluate("window.mark")).toBe(1);
      expect(await page.locator(".empty").isVisible()).toBe(false);
      expect(await shown()).toEqual(["by form", "by Enter", "by fetch"]);
      await page.reload();
      expect(await shown()).toEqual(["by form", "by Enter", "by fetch"]);
      expect((await stored()).map((todo) => todo.description)).toEqual(["by form", "by Enter", "by fetch"]);
    });

    it("toggles, and remembers after a reload", async () => {
      await addByFetch("tea");
      const box = page.getByRole("checkbox");
      const answered = () => page.waitForResponse((response) => response.url().endsWith("/set-completed"));
      await Promise.all([answered(), box.check()]);
      expect(await stored()).toEqual([{ description: "tea", completed: true }]);
      await page.reload();
      expect(await box.isChecked()).toBe(true);
      await Promise.all([answered(), box.uncheck()]);
      expect(await stored()).toEqual([{ description: "tea", completed: false }]);
    });

    it("deletes", async () => {
      await addByForm("one");
      await addByFetch("two");
      await page.locator(".todo", { hasText: "one" }).getByRole("button", { name: "Delete" }).click();
      await page.locator(".todo", { hasText: "one" }).waitFor({ state: "detached" });
      expect(await shown()).toEqual(["two"]);
      await page.reload();
      expect(await shown()).toEqual(["two"]);
    });

    it("shows markup as text, added either way", async () => {
      const nasty = ["<script>alert(1)</script>", '"><img src=x onerror=alert(2)>'] as const;
      await addByForm(nasty[0]);
      await addByFetch(nasty[1]);
      expect(await shown()).toEqual([...nasty]);
      await page.reload();
      expect(await shown()).toEqual([...nasty]);
      expect(await page.locator(".todo script, .todo img").count()).toBe(0);
    });

    it("says what is wrong, without and with a reload", async () => {
      await page.getByRole("button", { name: "Add quietly" }).click();
      await page.getByText("This field is required.").waitFor();
      await page.getByPlaceholder("What is to be done?").fill("   ");
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await page.waitForURL("/todo/create");
      expect(await page.locator("#error").textContent()).toContain("This field is required.");
      expect(await stored()).toEqual([]);
    });

    it("refuses a POST without token, and one that another site's page sends", async () => {
      const without = await page.evaluate(async () => {
        const json = {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: '{"description":"forged"}',
        };
        const form = { method: "POST", body: new URLSearchParams({ description: "forged" }) };
        return [(await fetch("/todos/create", json)).status, (await fetch("/todo/create", form)).status];
      });
      expect(without).toEqual([400, 400]);
      const other = await context.newPage();
      await other.setContent(
        `<form method="post" action="${server?.url}/todo/create"><input name="description" value="forged"><button>win</button></form>`,
      );
      const [answer] = await Promise.all([
        other.waitForResponse((response) => response.url().endsWith("/todo/create")),
        other.getByRole("button", { name: "win" }).click(),
      ]);
      expect(answer.status()).toBe(400);
      expect(await stored()).toEqual([]);
    });

    it("leaves no row after a 500, and goes on", async () => {
      const status = await page.evaluate(async () => {
        const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
        return (await fetch("/ghost", { method: "POST", headers: { "X-CSRFToken": token } })).status;
      });
      expect(status).toBe(500);
      expect(await stored()).toEqual([]);
      await addByForm("still here");
      expect(await stored()).toEqual([{ description: "still here", completed: false }]);
    });

    it("shares no object between two requests at the same time", async () => {
      await addByFetch("shared row");
      const id = await page.locator(".todo").getAttribute("data-id");
      arrive = twoAtOnce();
      seen.length = 0;
      // Two contexts: one browser profile would send the same URL one after the other.
      const stranger = await browser.newContext({ baseURL: server?.url ?? "" });
      const texts = await Promise.all([
        context.request.get(`/parallel/${id}`).then((response) => response.text()),
        stranger.request.get(`${server?.url}/parallel/${id}`).then((response) => response.text()),
      ]);
      await stranger.close();
      expect(texts).toEqual(["shared row", "shared row"]);
      expect(seen).toHaveLength(2);
      expect(seen[0]).toBeInstanceOf(Todo);
      expect(seen[0]).not.toBe(seen[1]);
    });
  });
}

function twoAtOnce(): () => Promise<void> {
  let waiting = 0;
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    if (++waiting === 2) open();
    return opened;
  };
}
