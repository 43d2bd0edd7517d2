// The hello app on every database, and the seed's session in the shell: get, add, commit, close.
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";
import { db, makeApp, Person } from "../app.js";

describeEachDatabase(
  "hello",
  (target) => {
    let app: ReturnType<typeof makeApp>;
    beforeAll(async () => {
      app = makeApp(await target.url());
      await app.context(() => db.createAll());
    });
    afterAll(() => app.context(() => db.engine.dispose()));

    it("greets the world, then John, whoever he is", async () => {
      const client = app.testClient();
      expect((await client.get("/")).text).toBe("hello World!");
      await app.context(async () => {
        const john = new Person({ name: "John" });
        db.session.add(john);
        await db.session.commit();
        expect(String(john)).toBe("<Person 1, name: John>");
        expect(String(await Person.query().first())).toBe("<Person 1, name: John>");
      });
      const page = await client.get("/");
      expect(page.text).toBe("hello John!");
      expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
      await app.context(async () => {
        const john = await Person.query().firstOr404();
        john.name = "<b>John</b>";
        await db.session.commit();
      });
      expect((await client.get("/")).text).toBe("hello &lt;b&gt;John&lt;/b&gt;!");
    });

    it("finds people as the course does", async () => {
      await app.context(async () => {
        db.session.addAll(["Amy", "Anne", "Bob"].map((name) => new Person({ name })));
        await db.session.commit();
        expect((await Person.query().filterBy({ name: "Amy" }).all()).map(String)).toEqual(["<Person 2, name: Amy>"]);
        const a = await Person.query().filter(Person.c.name.like("A%")).orderBy(Person.c.id).all();
        expect(a.map(String)).toEqual(["<Person 2, name: Amy>", "<Person 3, name: Anne>"]);
        expect(await Person.query().count()).toBe(4);
        expect((await Person.query().get(4))?.name).toBe("Bob");
        expect(await Person.query().filterBy({ name: "Bob" }).delete()).toBe(1);
        expect(await db.session.query(Person).filter(Person.c.name.eq("Bob")).first()).toBeNull();
        await db.session.commit();
      });
    });
  },
  { smoke: true },
);
