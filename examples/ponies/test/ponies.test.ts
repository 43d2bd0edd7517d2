// Owners, ponies and handlers on every database: the course's relationships, then the pages over them.

import { describeEachDatabase } from "@athanor/test-support";
import { type Engine, joinedLoad, Session, select, sql } from "athanor";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeApp } from "../app.js";
import { db, Handler, Owner, Pony, ponyHandlers } from "../models.js";
import { addSamples } from "../samples.js";

const tokenIn = (page: string) => /name="csrf_token"[^>]* value="([\w-]+)"/.exec(page)?.[1] ?? "";

describeEachDatabase(
  "ponies",
  (target) => {
    let app: ReturnType<typeof makeApp>;
    let engine: Engine;
    /** Statements sent since the last `beforeEach`. */
    const statements: string[] = [];
    beforeAll(async () => {
      const url = await target.url();
      app = makeApp({ SECRET_KEY: "a key for the tests only", DATABASE_URL: url });
      await app.context(() => {
        engine = db.engine;
        return db.createAll();
      });
      engine.on("beforeExecute", ({ sql }) => void statements.push(sql));
    });
    beforeEach(async () => {
      await app.context(async () => {
        await db.session.execute(sql`delete from pony_handlers`);
        for (const model of [Pony, Handler, Owner]) await db.session.query(model).delete();
        await db.session.commit();
        await addSamples();
      });
      statements.length = 0;
    });
    afterAll(() => engine.dispose());

    describe("models", () => {
      it("fills both sides before anything is saved, and ids on commit", async () => {
        await using session = new Session(engine);
        const you = new Owner({ firstName: "You", lastName: "There", email: "you@example.com" });
        const pony = new Pony({ name: "Star", birthYear: 2020, breed: "any", owner: you });
        expect([you.id, pony.id]).toEqual([null, null]);
        expect((await you.ponies).map((one) => one.name)).toEqual(["Star"]);
        const second = new Pony({ name: "Moon" });
        you.ponies.push(second);
        expect(await second.owner).toBe(you);
        session.add(you);
        await session.commit();
        expect([typeof you.id, typeof pony.id, pony.ownerId]).toEqual(["number", "number", you.id]);
        // An update is an assignment; the database learns of it on commit.
        pony.birthYear = 2019;
        await session.commit();
        await using other = new Session(engine);
        expect((await other.get(Pony, pony.id))?.birthYear).toBe(2019);
      });

      it("deletes orphans, and an owner with all ponies and their pairs", async () => {
        await app.context(async () => {
          const anna = await Owner.query().filterBy({ firstName: "Anna" }).one();
          const luna = (await anna.ponies).find((pony) => pony.name === "Luna");
          if (luna !== undefined) anna.ponies.remove(luna);
          await db.session.commit();
          expect(await Pony.query().filterBy({ name: "Luna" }).first()).toBeNull();
          await db.session.delete(anna);
          await db.session.commit();
          expect((await Pony.query().all()).map((pony) => pony.name)).toEqual(["Rocket"]);
          expect(await db.session.execute(select(ponyHandlers.c.ponyId)).all()).toEqual([]);
          expect(await Handler.query().count()).toBe(2);
        });
      });

      it("knows handlers from both sides", async () => {
        await app.context(async () => {
          const kim = await Handler.query().filterBy({ employeeId: "E-1" }).one();
          expect((await kim.ponies).map((pony) => pony.name).sort()).toEqual(["Luna", "Misty"]);
          const rocket = await Pony.query().filterBy({ name: "Rocket" }).one();
          rocket.handlers.push(kim);
          expect((await kim.ponies).includes(rocket)).toBe(true);
          await db.session.commit();
          const fit = Handler.query().filter(Handler.c.ponies.any(Pony.c.name.eq("Rocket")));
          expect((await fit.all()).map((handler) => handler.fullName)).toEqual(["Kim Fox"]);
        });
      });

      it("loops lazily with one query for all siblings, eagerly with one query in all", async () => {
        await app.context(async () => {
          const seen: string[] = [];
          for (const owner of await Owner.query().orderBy(Owner.c.id).all()) {
            for (const pony of await owner.ponies) seen.push(`${owner.firstName} ${pony.name}`);
          }
          expect(seen.sort()).toEqual(["Anna Luna", "Anna Misty", "Ben Rocket"]);
          expect(statements.filter((statement) => /^select/i.test(statement))).toHaveLength(2);
        });
        statements.length = 0;
        await app.context(async () => {
          const owners = await Owner.query().options(joinedLoad(Owner.c.ponies)).orderBy(Owner.c.id).all();
          expect(owners.map((owner) => owner.ponies.length)).toEqual([2, 1]);
          expect(statements.filter((statement) => /^select/i.test(statement))).toHaveLength(1);
        });
      });

      it("prints its query and asks it in the course's ways", async () => {
        await app.context(async () => {
          const query = Owner.query().join(Owner.c.ponies).filter(Pony.c.breed.eq("Hirzai"));
          expect(String(query)).toMatch(/join ponies on owners\.id = ponies\.owner_id/i);
          expect((await query.orderBy(Owner.c.id).all()).map((owner) => owner.firstName)).toEqual(["Anna", "Ben"]);
          expect(await Pony.query().count()).toBe(3);
          expect(await Pony.query().filterBy({ name: "Nobody" }).oneOrNone()).toBeNull();
          await expect(Pony.query().filterBy({ name: "Nobody" }).one()).rejects.toMatchObject({
            name: "NoResultFound",
          });
          await expect(Pony.query().one()).rejects.toMatchObject({ name: "MultipleResultsFound" });
          const years = await Pony.query().orderBy(Pony.c.birthYear.desc()).all();
          expect(years.map((pony) => pony.birthYear)).toEqual([2019, 2015, 2011]);
        });
      });
    });

    describe("pages", () => {
      it("lists owners with their ponies, loaded while the template runs", async () => {
        const page = await app.testClient().get("/");
        expect(page.status).toBe(200);
        expect(page.text.replace(/\s+/g, " ")).toMatch(/Anna Lee.*Misty.*Luna.*Ben Ray.*Rocket/);
        expect(page.text).toContain("Last pony you looked at: none yet");
        expect(statements.filter((statement) => /^select/i.test(statement))).toHaveLength(2);
      });

      it("remembers the last pony in the browser's session", async () => {
        const client = app.testClient();
        const id = await app.context(async () => (await Pony.query().filterBy({ name: "Misty" }).one()).id);
        const page = await client.get(`/ponies/${id}`);
        expect(page.text).toContain("<h1>Misty</h1>");
        expect(page.text.replace(/\s+/g, " ")).toContain("Owner: Anna Lee");
        expect((await client.get("/")).text).toContain("Last pony you looked at: Misty");
        expect((await app.testClient().get("/")).text).toContain("none yet");
        expect((await client.get("/ponies/999999")).status).toBe(404);
        expect((await client.get("/ponies/misty")).status).toBe(404);
      });

      it("creates a pony by form, with owner and handlers chosen from the database", async () => {
        const client = app.testClient();
        const form = await client.get("/ponies/new");
        expect(form.text).toContain(">Anna Lee</option>");
        const [owner, lou] = await app.context(async () => [
          await Owner.query().filterBy({ firstName: "Ben" }).one(),
          await Handler.query().filterBy({ employeeId: "E-2" }).one(),
        ]);
        const fields = {
          csrf_token: tokenIn(form.text),
          name: "<i>Comet</i>",
          birthYear: "2021",
          breed: "",
          ownerId: owner.id,
          handlerIds: [lou.id],
        };
        const page = await client.post("/ponies/new", { form: fields, followRedirects: true });
        expect(page.text).toContain("<h1>&lt;i&gt;Comet&lt;/i&gt;</h1>");
        expect(page.text).toContain("Lou Hay");
        expect((await client.get("/ponies/")).text.replace(/\s+/g, " ")).toContain(
          "&lt;i&gt;Comet&lt;/i&gt;</a> of Ben Ray, with Lou Hay",
        );
        const bad = await client.post("/ponies/new", { form: { ...fields, name: "", birthYear: "x", ownerId: 0 } });
        expect(bad.text).toContain("This field is required.");
        expect(bad.text).toContain("Not a valid integer value.");
        expect(bad.text).toContain("Not a valid choice.");
        expect((await client.post("/ponies/new", { form: { name: "No token" } })).status).toBe(400);
        expect(await app.context(() => Pony.query().count())).toBe(4);
      });

      it("sells a pony, and finds owners by breed", async () => {
        const client = app.testClient();
        expect((await client.get("/owners/of/Hirzai")).json).toEqual(["Anna Lee", "Ben Ray"]);
        const id = await app.context(async () => (await Pony.query().filterBy({ name: "Rocket" }).one()).id);
        const token = tokenIn((await client.get(`/ponies/${id}`)).text);
        const done = await client.post(`/ponies/${id}/delete`, { form: { csrf_token: token } });
        expect([done.status, done.location]).toEqual([303, "http://localhost/ponies/"]);
        expect((await client.get("/owners/of/Hirzai")).json).toEqual(["Anna Lee"]);
      });
    });
  },
  { smoke: true },
);
