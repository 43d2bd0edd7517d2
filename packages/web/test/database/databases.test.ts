/** The life of a request's session on every database. */
import { dialectFor, integer, string } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { type App, Database } from "@athanor/web";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { makeApp } from "./app.js";

describeEachDatabase(
  "requests",
  (target) => {
    const db = new Database();
    class Note extends db.Model("Note", { id: integer().primaryKey(), text: string(50).unique() }) {}
    let app: App;
    beforeAll(async () => {
      app = makeApp({ DATABASE_URL: await target.url() });
      db.initApp(app);
      await db.createAll();
      app.post("/add/<text>", async function add(c) {
        const note = new Note({ text: c.args.text });
        db.session.add(note);
        await db.session.commit();
        return { id: typeof note.id, text: note.text };
      });
      app.post("/fail", async function fail() {
        db.session.add(new Note({ text: "lost" }));
        await db.session.flush();
        throw new Error("after add");
      });
      app.post("/forget", function forget() {
        db.session.add(new Note({ text: "forgotten" }));
        void db.session.flush();
        return "x";
      });
      app.post("/twice/<text>", async function twice(c) {
        db.session.add(new Note({ text: c.args.text }));
        try {
          await db.session.commit();
        } catch {
          await db.session.rollback();
        }
        return { count: await Note.query().count() };
      });
      app.get("/note/<int:id>", async function note(c) {
        return (await Note.query().getOr404(c.args.id)).text;
      });
    });
    afterAll(() => db.dispose());
    beforeEach(() =>
      app.context(async () => {
        await Note.query().delete();
        await db.session.commit();
      }),
    );

    test("committed work stays, and only that", async () => {
      const client = app.testClient();
      expect((await client.post("/add/kept")).json).toEqual({ id: "number", text: "kept" });
      expect((await client.post("/fail")).status).toBe(500);
      expect((await client.post("/forget")).text).toBe("x");
      expect((await client.post("/twice/kept")).json).toEqual({ count: 1 });
      expect((await client.get("/note/999999")).status).toBe(404);
      expect(await app.context(async () => (await Note.query().all()).map((n) => n.text))).toEqual(["kept"]);
      expect(db.engine.pool.status().checkedOut).toBe(0);
    });

    test("a server's connections are replaced after two hours; embedded ones stay", async () => {
      let opened = 0;
      const stop = db.engine.pool.events.on("connect", () => void opened++);
      const use = () => app.context(() => Note.query().count());
      await use();
      const before = opened;
      await use();
      expect(opened).toBe(before);
      const { now } = performance;
      const later = vi.spyOn(performance, "now").mockImplementation(() => now.call(performance) + 7_201_000);
      try {
        await use();
      } finally {
        later.mockRestore();
        stop();
      }
      expect(opened).toBe(before + ("singleConnection" in dialectFor(db.engine.url) ? 0 : 1));
    });

    test("requests side by side each have their own transaction", async () => {
      const client = app.testClient();
      const texts = Array.from({ length: 8 }, (_, i) => `n${i}`);
      const answers = await Promise.all(texts.map((t) => client.post(`/add/${t}`)));
      expect(answers.map((a) => a.status)).toEqual(texts.map(() => 200));
      const page = await app.context(() => db.paginate(Note.query().orderBy(Note.c.text), { perPage: 3, page: 3 }));
      expect([page.items.map((n) => n.text), page.total]).toEqual([["n6", "n7"], 8]);
      expect(db.engine.pool.status().checkedOut).toBe(0);
    });
  },
  { smoke: true },
);
