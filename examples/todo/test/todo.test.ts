// The ToDo app over HTTP, without a socket, on every database.
import { join } from "node:path";
import { command } from "@athanor/migrate";
import { describeEachDatabase } from "@athanor/test-support";
import { migrateConfigOf, type TestClient } from "@athanor/web";
import type { Engine } from "athanor";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeApp } from "../app.js";
import { db, Todo } from "../models.js";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const tokenIn = (page: string) => /<meta name="csrf-token" content="([\w-]+)"/.exec(page)?.[1] ?? "";

describeEachDatabase("todo", (target) => {
  let app: ReturnType<typeof makeApp>;
  let engine: Engine | undefined;
  let client: TestClient;
  let token: string;
  /** Set by a test that wants the database to fail on INSERT. */
  let broken = false;
  /** What parallel requests saw. */
  const seen: { session: unknown; todo: Todo | null }[] = [];
  /** Opens when two requests wait at it. */
  let barrier: { arrive(): Promise<void> };

  beforeAll(async () => {
    app = makeApp({ SECRET_KEY: "a key for the tests only", DATABASE_URL: await target.url() });
    app.logger = quiet;
    app.post("/ghost", async function ghost() {
      db.session.add(new Todo({ description: "ghost" }));
      await db.session.flush();
      expect(await Todo.query().filterBy({ description: "ghost" }).count()).toBe(1);
      throw new Error("after add, before commit");
    });
    app.get("/parallel/<int:id>", async function parallel(c) {
      const todo = await Todo.query().get(c.args.id);
      await barrier.arrive();
      seen.push({ session: db.session(), todo });
      return `${todo?.description}`;
    });
    const config = migrateConfigOf(app);
    if (config === undefined) throw new Error("the app has no migrations");
    await command.upgrade({ ...config, directory: join(app.rootPath, "migrations"), log: () => {} });
    engine = await app.context(() => db.engine);
    engine.on("beforeExecute", ({ sql }) => {
      if (broken && /^insert into todo/i.test(sql)) throw new Error("the disk is full");
    });
  });
  afterAll(() => engine?.dispose());

  beforeEach(async () => {
    broken = false;
    await app.context(async () => {
      await Todo.query().delete();
      db.session.add(new Todo({ description: "todo 1" }));
      await db.session.commit();
    });
    client = app.testClient();
    token = tokenIn((await client.get("/")).text);
  });

  const all = () =>
    app.context(async () => (await Todo.query().orderBy(Todo.c.id).all()).map((todo) => todo.description));
  const only = () => app.context(() => Todo.query().one());
  const fetching = () => ({ headers: { "X-CSRFToken": token } });

  describe("the page", () => {
    it("lists what there is", async () => {
      const page = await client.get("/");
      expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
      expect(page.text).toContain('<span class="description">todo 1</span>');
      expect((await client.get("/static/todo.css")).status).toBe(200);
      expect((await client.get("/static/todo.js")).headers.get("content-type")).toMatch(/javascript/);
    });
    it("shows a script as text", async () => {
      await client.post("/todo/create", { form: { csrf_token: token, description: "<script>alert(1)</script>" } });
      const page = await client.get("/");
      expect(page.text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
      expect(page.text).not.toContain("<script>alert");
    });
  });

  describe("POST /todo/create", () => {
    it("saves and goes back to the list", async () => {
      const answer = await client.post("/todo/create", { form: { csrf_token: token, description: "tea & cake" } });
      expect([answer.status, answer.location]).toEqual([303, "http://localhost/"]);
      expect((await client.get("/")).text).toContain("tea &amp; cake");
      expect(await all()).toEqual(["todo 1", "tea & cake"]);
    });
    it("says what is wrong and keeps what was typed", async () => {
      const empty = await client.post("/todo/create", { form: { csrf_token: token, description: "  " } });
      expect([empty.status, empty.text.includes("This field is required.")]).toEqual([400, true]);
      const long = "x".repeat(201);
      const answer = await client.post("/todo/create", { form: { csrf_token: token, description: long } });
      expect([answer.status, answer.text.includes(`value="${long}"`)]).toEqual([400, true]);
      expect(await all()).toEqual(["todo 1"]);
    });
    it("is refused without a token, with a stranger's, and after tampering", async () => {
      const stranger = tokenIn((await app.testClient().get("/")).text);
      for (const csrf_token of ["", stranger, `${token}x`]) {
        const answer = await client.post("/todo/create", { form: { csrf_token, description: "forged" } });
        expect(answer.status).toBe(400);
      }
      expect(await all()).toEqual(["todo 1"]);
    });
    it("answers 500 when the database fails, and the next request works", async () => {
      broken = true;
      const form = { csrf_token: token, description: "lost" };
      expect((await client.post("/todo/create", { form })).status).toBe(500);
      expect(await all()).toEqual(["todo 1"]);
      broken = false;
      expect((await client.post("/todo/create", { form })).status).toBe(303);
      expect(await all()).toEqual(["todo 1", "lost"]);
    });
  });

  describe("the script's calls", () => {
    it("POST /todos/create takes JSON and answers the todo", async () => {
      const answer = await client.post("/todos/create", { ...fetching(), json: { description: "by fetch" } });
      expect([answer.status, answer.json]).toEqual([
        200,
        { id: expect.any(Number), description: "by fetch", completed: false },
      ]);
      expect(await all()).toEqual(["todo 1", "by fetch"]);
    });
    it("refuses JSON without token, without description, and what is no JSON", async () => {
      expect((await client.post("/todos/create", { json: { description: "forged" } })).status).toBe(400);
      const empty = await client.post("/todos/create", { ...fetching(), json: {} });
      expect([empty.status, empty.json]).toEqual([400, { errors: ["This field is required."] }]);
      const headers = { ...fetching().headers, "Content-Type": "application/json" };
      expect((await client.post("/todos/create", { headers, body: "{" })).status).toBe(400);
      expect(await all()).toEqual(["todo 1"]);
    });
    it("sets completed on and off", async () => {
      const { id } = await only();
      const on = await client.post(`/todos/${id}/set-completed`, { ...fetching(), json: { completed: true } });
      expect(on.json).toEqual({ id, description: "todo 1", completed: true });
      expect((await client.get("/")).text).toMatch(/class="completed" checked/);
      expect((await only()).completed).toBe(true);
      await client.post(`/todos/${id}/set-completed`, { ...fetching(), json: { completed: false } });
      expect((await only()).completed).toBe(false);
      expect((await client.post("/todos/0/set-completed", { ...fetching(), json: { completed: true } })).status).toBe(
        404,
      );
      expect((await client.post(`/todos/${id}/set-completed`, { json: { completed: true } })).status).toBe(400);
    });
    it("deletes", async () => {
      const { id } = await only();
      expect((await client.delete(`/todos/${id}`)).status).toBe(400);
      expect((await client.delete(`/todos/${id}`, fetching())).status).toBe(204);
      expect((await client.delete(`/todos/${id}`, fetching())).status).toBe(404);
      expect(await all()).toEqual([]);
    });
  });

  describe("one session per request", () => {
    it("leaves no row when a handler fails after add", async () => {
      expect((await client.post("/ghost", fetching())).status).toBe(500);
      expect(await all()).toEqual(["todo 1"]);
    });
    it("shares no object between two requests at the same time", async () => {
      const { id } = await only();
      barrier = twoAtOnce();
      seen.length = 0;
      const [a, b] = await Promise.all([client.get(`/parallel/${id}`), client.get(`/parallel/${id}`)]);
      expect([a.text, b.text]).toEqual(["todo 1", "todo 1"]);
      const [first, second] = seen;
      expect(first?.todo).toBeInstanceOf(Todo);
      expect(first?.todo).not.toBe(second?.todo);
      expect(first?.session).not.toBe(second?.session);
    });
  });
});

function twoAtOnce() {
  let waiting = 0;
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    arrive() {
      if (++waiting === 2) open();
      return opened;
    },
  };
}
