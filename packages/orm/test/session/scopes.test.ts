/** How sessions are made and ended: factories, scoped sessions, autobegin, closing all, objects that come and go. */
import { AsyncLocalStorage } from "node:async_hooks";
import { createEngine, func, IntegrityError, integer, NoResultFound, select, string } from "@athanor/core";
import {
  closeAllSessions,
  declarativeBase,
  inspect,
  makeTransient,
  makeTransientToDetached,
  manyToOne,
  objectSession,
  oneToMany,
  Session,
  scopedSession,
  sessionmaker,
  wasDeleted,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording, taken } from "./support.js";

const Base = declarativeBase();
class Owner extends Base("Owner", {
  id: integer().primaryKey(),
  name: string(20).unique(),
  get pets() {
    return oneToMany(Pet, { backPopulates: "owner", cascade: "all" });
  },
}) {}
class Pet extends Base("Pet", {
  id: integer().primaryKey(),
  name: string(20).nullable(),
  ownerId: integer().nullable().references("owner.id"),
  get owner() {
    return manyToOne(Owner, { backPopulates: "pets" });
  },
}) {}

describeEachDatabase("sessions", (target) => {
  const db = recording(target, Base.metadata);

  it("a scoped session is one per scope, found by models, and ends with it", async () => {
    const scoped = scopedSession(sessionmaker({ bind: db.engine }), { models: [Base] });
    expect(() => scoped.new).toThrow(/No scope is running/);
    const seen: Session[] = [];
    const names = await Promise.all(
      ["amy", "bob"].map((name) =>
        scoped.run(async () => {
          expect(scoped.has()).toBe(false);
          scoped.add(new Owner({ name }));
          expect(scoped()).toBe(scoped());
          seen.push(scoped());
          await scoped.flush();
          const found = (await Owner.query().all()).map((o) => o.name);
          if (name === "amy") await scoped.commit();
          return found;
        }),
      ),
    );
    expect(names[0]).toContain("amy");
    expect(seen[0]).not.toBe(seen[1]);
    expect(seen.map((s) => s.isClosed)).toEqual([true, true]);
    let late: Promise<unknown> | undefined;
    await scoped.run(async () => {
      expect((await Owner.query().all()).map((o) => o.name)).toEqual(["amy"]);
      late = new Promise((done) => setTimeout(done, 5)).then(() => scoped.scalars(select(Owner)).all());
      late.catch(() => undefined);
    });
    await expect(late).rejects.toThrow(/The scope this code belongs to has ended/);
  });
  it("a scope function tells scopes apart; remove() ends one; options come first; listeners hear all", async () => {
    const tenant = new AsyncLocalStorage<string | object | undefined>();
    const scoped = scopedSession(sessionmaker({ bind: db.engine }), { scope: () => tenant.getStore() });
    const told: string[] = [];
    const stop = scoped.on("beforeCommit", () => void told.push("commit"));
    const first = tenant.run("a", () => scoped({ expireOnCommit: false }));
    expect(tenant.run("a", () => scoped())).toBe(first);
    expect(tenant.run("b", () => scoped())).not.toBe(first);
    expect(() => tenant.run("a", () => scoped({ autoflush: false }))).toThrow(/has its session already/);
    const request = {};
    const ofRequest = tenant.run(request, () => scoped());
    expect(tenant.run(request, () => scoped())).toBe(ofRequest);
    expect(() => scoped.new).toThrow(/scope function of this scoped session gave undefined/);
    await first.commit();
    await ofRequest.commit();
    expect(told).toEqual(["commit", "commit"]);
    stop();
    await tenant.run("a", () => scoped.remove());
    expect(first.isClosed).toBe(true);
    expect(tenant.run("a", () => scoped.has())).toBe(false);
    expect(tenant.run("a", () => scoped())).not.toBe(first);
    await closeAllSessions();
    expect(ofRequest.isClosed).toBe(true);
  });
  it("a factory is configured late, and makes sessions of a class", async () => {
    class Mine extends Session {
      readonly mine = true;
    }
    const make = sessionmaker({ class: Mine });
    await expect(make().scalars(select(Owner)).all()).rejects.toThrow(/no engine for Owner/);
    make.configure({ bind: db.engine, info: { from: "factory" } });
    await using session = make();
    expect([session.mine, session.info.get("from"), make.options.bind]).toEqual([true, "factory", db.engine]);
  });
  it("autobegin: false: nothing happens outside of begin()", async () => {
    await using session = new Session(db.engine, { autobegin: false });
    await expect(session.scalars(select(Owner)).all()).rejects.toThrow(/call begin\(\)/);
    expect(() => session.add(new Owner({ name: "a" }))).toThrow(/autobegin: false/);
    await session.begin(async () => {
      session.add(new Owner({ name: "a" }));
    });
    await expect(session.commit()).rejects.toThrow(/call begin\(\)/);
    const transaction = await session.begin();
    expect(await session.scalars(select(Owner)).all()).toHaveLength(1);
    await transaction.rollback();
    await expect(session.get(Owner, 1, { populateExisting: true })).rejects.toThrow(/call begin\(\)/);
  });
  it("closeAllSessions() ends what was forgotten; invalidate() ends the connections too", async () => {
    const [one, two] = [new Session(db.engine), new Session(db.engine)];
    const owner = new Owner({ name: "a" });
    one.add(owner);
    await one.flush();
    // A session that its constructor refused is none to be closed.
    expect(() => new Session({ autoFlush: true } as never)).toThrow(/autoflush/);
    await closeAllSessions();
    expect([one.isClosed, two.isClosed, inspect(owner).state]).toEqual([true, true, "detached"]);
    expect(objectSession(owner)).toBeNull();
    const engine = createEngine(db.engine.url);
    const bad = new Session(engine);
    const driver = (await bad.connection()).driverConnection;
    await bad.invalidate();
    await using next = new Session(engine);
    const connection = await next.connection();
    await connection.execDriverSql("select 1").all();
    // Compared here: a closed database of node:sqlite cannot be shown in a message.
    expect(connection.driverConnection === driver).toBe(false);
    await next.close();
    await engine.dispose();
  });
  it("expunge cascades along 'all'; addAll, mergeAll and deleteAll take several", async () => {
    await using session = new Session(db.engine);
    const [amy, bob] = [new Owner({ name: "amy", pets: [new Pet()] }), new Owner({ name: "bob" })];
    session.addAll([amy, bob]);
    await session.commit();
    const [pet] = await amy.pets;
    session.expunge(amy);
    expect([amy, pet as Pet].map((x) => inspect(x).state)).toEqual(["detached", "detached"]);
    expect(session.contains(bob)).toBe(true);
    amy.name = "ann";
    const [ann, new1] = await session.mergeAll([amy, new Owner({ name: "eve" })]);
    expect([ann?.name, inspect(new1 as Owner).state]).toEqual(["ann", "pending"]);
    await session.commit();
    await session.deleteAll([ann as Owner, bob]);
    await session.commit();
    expect((await session.scalars(select(Owner)).all()).map((o) => o.name)).toEqual(["eve"]);
    expect(await session.scalar(select(func.count()).selectFrom(Pet))).toBe(0);
  });
  it("an error of an autoflush says where it came from", async () => {
    await using session = new Session(db.engine);
    session.add(new Owner({ name: "same" }));
    await session.commit();
    session.add(new Owner({ name: "same" }));
    const failure: unknown = await session
      .scalars(select(Pet))
      .all()
      .catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(IntegrityError);
    expect(String(failure)).toMatch(/raised by the autoflush.*noAutoflush/);
    await session.rollback();
    session.add(new Owner({ name: "same" }));
    const explicit: unknown = await session.flush().catch((e: unknown) => e);
    expect(String(explicit)).not.toMatch(/autoflush/);
    await session.rollback();
  });
  it("delete and add with one unique value collide, since inserts come before deletes; a flush between helps", async () => {
    await using session = new Session(db.engine);
    const old = new Owner({ name: "same" });
    session.add(old);
    await session.commit();
    await session.delete(old);
    session.add(new Owner({ name: "same" }));
    await expect(session.flush()).rejects.toThrow(IntegrityError);
    await session.rollback();
    await session.delete(old);
    await session.flush();
    session.add(new Owner({ name: "same" }));
    await session.commit();
    expect(await session.scalar(select(func.count()).selectFrom(Owner))).toBe(1);
  });
  it("a savepoint rolled back leaves alone what was not touched in it", async () => {
    await using session = new Session(db.engine);
    const [amy, bob] = [new Owner({ name: "amy" }), new Owner({ name: "bob" })];
    session.add(amy, bob);
    await session.commit();
    await session.scalars(select(Owner)).all();
    const nested = await session.beginNested();
    amy.name = "ann";
    await session.flush();
    await nested.rollback();
    expect([inspect(amy).expired, inspect(bob).expired, amy.name]).toEqual([true, false, "amy"]);
  });
  it("getOne(); merge() without loading takes the given state for the row's", async () => {
    await using session = new Session(db.engine);
    session.add(new Owner({ name: "amy" }));
    await session.commit();
    await expect(session.getOne(Owner, 99)).rejects.toThrow(NoResultFound);
    session.expungeAll();
    const detached = await (async () => {
      await using other = new Session(db.engine);
      return other.getOne(Owner, 1);
    })();
    const selects: string[] = [];
    const stop = db.engine.on("statement", ({ sql }) => void selects.push(sql));
    const merged = await session.merge(detached, { load: false });
    expect([merged.name, selects, session.dirty.size]).toEqual(["amy", [], 0]);
    stop();
    expect(await session.get(Owner, 1)).toBe(merged);
    detached.name = "changed";
    session.expungeAll();
    await expect(session.merge(detached, { load: false })).rejects.toThrow(/it has changes/);
    await expect(session.merge(new Owner({ name: "x" }), { load: false })).rejects.toThrow(/has no key/);
  });
  it("makeTransient, makeTransientToDetached, wasDeleted", async () => {
    await using session = new Session(db.engine);
    const owner = new Owner({ name: "amy" });
    session.add(owner);
    await session.commit();
    expect(wasDeleted(owner)).toBe(false);
    await session.delete(owner);
    expect(wasDeleted(owner)).toBe(false);
    await session.flush();
    expect(wasDeleted(owner)).toBe(true);
    await session.rollback();
    expect(wasDeleted(owner)).toBe(false);
    await session.delete(owner);
    await session.commit();
    expect([inspect(owner).state, wasDeleted(owner)]).toEqual(["detached", true]);
    expect(() => session.add(owner)).toThrow(/makeTransient\(\)/);
    makeTransient(owner);
    expect([inspect(owner).state, wasDeleted(owner)]).toEqual(["transient", false]);
    session.add(owner);
    await session.commit();
    session.expungeAll();
    const stand = new Owner({ id: owner.id });
    makeTransientToDetached(stand);
    expect(inspect(stand).state).toBe("detached");
    session.add(stand);
    taken(db);
    await session.refresh(stand);
    expect(stand.name).toBe("amy");
    stand.name = "ann";
    await session.commit();
    expect(taken(db)).toEqual(["UPDATE owner"]);
    expect(() => makeTransientToDetached(stand)).toThrow(/it is not new/);
    expect(() => makeTransientToDetached(new Owner())).toThrow(/no key/);
  });
  it("two sessions of one row: each has an object of its own, and the states are those of the course", async () => {
    // transient → pending → flushed → committed → detached; and rollback from each.
    const states: string[] = [];
    const make = sessionmaker({ bind: db.engine });
    const owner = new Owner({ name: "amy" });
    const note = () => void states.push(inspect(owner).state);
    note();
    {
      await using session = make();
      session.add(owner);
      note();
      await session.rollback();
      note();
      session.add(owner);
      await session.flush();
      note();
      await session.rollback();
      note();
      session.add(owner);
      await session.commit();
      note();
      await session.rollback();
      note();
      await session.delete(owner);
      note();
      await session.rollback();
      note();
      await session.delete(owner);
      await session.flush();
      note();
      await session.rollback();
      note();
    }
    note();
    expect(states).toEqual([
      "transient",
      "pending",
      "transient",
      "persistent",
      "transient",
      "persistent",
      "persistent",
      "persistent",
      "persistent",
      "deleted",
      "persistent",
      "detached",
    ]);
    await using first = make();
    await using second = make();
    expect(await first.getOne(Owner, owner.id)).not.toBe(await second.getOne(Owner, owner.id));
  });
});
