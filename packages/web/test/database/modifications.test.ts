/** What a committed transaction is told to have changed. Expected: Flask-SQLAlchemy's track_modifications, cited where we differ. */
import type { ModelsEvent } from "@athanor/web";
import { expect, test } from "vitest";
import { blog, collectingLogger } from "./app.js";

const ON = { DATABASE_TRACK_MODIFICATIONS: true };

async function watched(config: object = ON) {
  const made = await blog(config);
  const told: unknown[] = [];
  const note = (when: string) => (event: ModelsEvent) => {
    expect(event.app).toBe(made.app);
    told.push([when, ...event.changes.map(({ model, operation }) => [operation, (model as { name?: string }).name])]);
  };
  made.db.on("beforeModelsCommitted", note("before"));
  const stop = made.db.on("modelsCommitted", note("after"));
  return { ...made, told, stop };
}

test("insert, update and delete are told before and after the commit, each object once", async () => {
  const { db, User, told } = await watched();
  await db.run(async () => {
    const user = new User({ name: "amy" });
    db.session.add(user);
    await db.session.flush();
    // Flask-SQLAlchemy tells both, since an object with an identity has another key there.
    user.name = "ann";
    await db.session.commit();
    expect(told.splice(0)).toEqual([
      ["before", ["insert", "ann"]],
      ["after", ["insert", "ann"]],
    ]);
    user.name = "bea";
    await db.session.commit();
    expect(told.splice(0)).toEqual([
      ["before", ["update", "bea"]],
      ["after", ["update", "bea"]],
    ]);
    // Set back: nothing is written, nothing is told. After a commit the session does not know the row until it is read.
    await db.session.refresh(user);
    user.name = "cat";
    user.name = "bea";
    await db.session.commit();
    expect(told.splice(0)).toEqual([]);
    user.name = "dan";
    await db.session.flush();
    await db.session.delete(user);
    await db.session.commit();
    expect(told.splice(0)).toEqual([
      ["before", ["delete", "dan"]],
      ["after", ["delete", "dan"]],
    ]);
    const brief = new User({ name: "brief" });
    db.session.add(brief);
    await db.session.flush();
    await db.session.delete(brief);
    await db.session.commit();
    expect(told).toEqual([]);
  });
});

test("a rollback forgets, of a savepoint only what it held; closing without a commit forgets too", async () => {
  const { db, User, told } = await watched();
  await db.run(async () => {
    db.session.add(new User({ name: "lost" }));
    await db.session.flush();
    await db.session.rollback();
    db.session.add(new User({ name: "kept" }));
    await db.session.flush();
    const savepoint = await db.session.beginNested();
    db.session.add(new User({ name: "undone" }));
    await db.session.flush();
    await savepoint.rollback();
    const inner = await db.session.beginNested();
    db.session.add(new User({ name: "released" }));
    await inner.commit();
    expect(told).toEqual([]);
    await db.session.commit();
  });
  expect(told.splice(0)).toEqual([
    ["before", ["insert", "kept"], ["insert", "released"]],
    ["after", ["insert", "kept"], ["insert", "released"]],
  ]);
  await db
    .run(async () => {
      const session = db.session();
      session.add(new User({ name: "closed" }));
      await session.flush();
      await session.close();
      session.add(new User({ name: "later" }));
      await session.commit();
    })
    .catch((error: unknown) => expect(String(error)).toMatch(/closed/));
  expect(JSON.stringify(told)).not.toContain('"closed"');
});

test("a listener that throws before the commit leaves it undone; what it changes is committed and told", async () => {
  const { db, User, told } = await watched();
  let once = true;
  db.on("beforeModelsCommitted", ({ changes }) => {
    if (!once) return;
    once = false;
    (changes[0]!.model as { name: string }).name = "changed";
  });
  await db.run(async () => {
    db.session.add(new User({ name: "amy" }));
    await db.session.commit();
    expect((await User.query().one()).name).toBe("changed");
  });
  expect(told.splice(0)).toEqual([
    ["before", ["insert", "amy"]],
    ["after", ["insert", "changed"]],
  ]);
  const stop = db.on("beforeModelsCommitted", () => {
    throw new Error("index is down");
  });
  await db.run(async () => {
    db.session.add(new User({ name: "bob" }));
    await expect(db.session.commit()).rejects.toThrow("index is down");
  });
  stop();
  expect(told.filter((entry) => (entry as unknown[])[0] === "after")).toEqual([]);
  expect(await db.run(() => User.query().count())).toBe(1);
});

test("off by default, and then a listener is warned about at start", async () => {
  const { app, db, User, told } = await watched({});
  const warnings: string[] = [];
  app.logger = { ...collectingLogger(), warn: (text: unknown) => void warnings.push(String(text)) };
  await app.start();
  await db.run(async () => {
    db.session.add(new User({ name: "amy" }));
    await db.session.commit();
  });
  expect(told).toEqual([]);
  expect(warnings).toEqual([expect.stringMatching(/DATABASE_TRACK_MODIFICATIONS is off/)]);
  expect(() => db.on("modelCommitted" as "modelsCommitted", () => {})).toThrow(/Did you mean 'modelsCommitted'/);
});
