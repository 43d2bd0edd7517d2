/** The life cycle of an object, as the course tells it: transient, pending, persistent, deleted, detached; and back by rollback. */
import { createEngine, type Engine, integer, select, string } from "@athanor/core";
import { declarativeBase, inspect, manyToOne, oneToMany, Session, wasDeleted } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";

const Base = declarativeBase();
class Owner extends Base("Owner", {
  id: integer().primaryKey(),
  name: string(40).unique(),
  get pets() {
    return oneToMany(Pet, { backPopulates: "owner" });
  },
}) {}
class Pet extends Base("Pet", {
  id: integer().primaryKey(),
  name: string(40),
  ownerId: integer().nullable().references("owner.id"),
  get owner() {
    return manyToOne(Owner, { backPopulates: "pets" });
  },
}) {}

describeEachDatabase("the life cycle of an object", (target) => {
  let engine: Engine;
  let sql: string[];
  beforeAll(async () => {
    engine = createEngine(await target.url());
    engine.on("statement", (event) => sql.push(event.sql.split(/\s+/).slice(0, 3).join(" ")));
  });
  afterAll(() => engine.dispose());
  beforeEach(async () => {
    sql = [];
    await Base.metadata.dropAll(engine);
    await Base.metadata.createAll(engine);
    sql.length = 0;
  });

  it("goes from transient over pending to persistent, and gets its key", async () => {
    await using session = new Session(engine);
    const owner = new Owner({ name: "amy" });
    expect(inspect(owner).state).toBe("transient");
    expect(owner.id).toBeNull();
    session.add(owner);
    expect(inspect(owner).state).toBe("pending");
    expect([...session.new]).toEqual([owner]);
    await session.flush();
    expect(inspect(owner).state).toBe("persistent");
    expect(owner.id).toBe(1);
    expect(await session.get(Owner, 1)).toBe(owner);
    await session.commit();
    expect(inspect(owner).expired).toBe(true);
    expect(owner.name).toBe("amy");
    expect(sql.filter((s) => s.startsWith("INSERT"))).toHaveLength(1);
  });

  it("new objects keep what they were given when they are rolled back: added again, all of it is written", async () => {
    await using session = new Session(engine);
    for (const begin of [() => Promise.resolve(session), () => session.beginNested()]) {
      const transaction = await begin();
      const owner = new Owner({ name: "amy", pets: [new Pet({ name: "one" })] });
      session.add(owner);
      await session.flush();
      owner.name = "eve";
      owner.pets.push(new Pet({ name: "two" }));
      await session.flush();
      owner.pets.push(new Pet({ name: "three" }));
      owner.name = "eva";
      await transaction.rollback();
      const pets = await owner.pets;
      expect([inspect(owner).state, owner.name, pets.length, session.new.size]).toEqual(["transient", "eva", 3, 0]);
      session.add(owner);
      await session.commit();
      expect(
        await session.scalars(select(Pet.c.name).where(Pet.c.ownerId.eq(owner.id)).orderBy(Pet.c.id)).all(),
      ).toEqual(["one", "two", "three"]);
      expect(await session.scalars(select(Owner.c.name)).all()).toEqual(["eva"]);
      await session.delete(owner);
      for (const pet of pets) await session.delete(pet);
      await session.commit();
    }
  });

  it("objects that were expunged are out of reach for a rollback", async () => {
    await using session = new Session(engine);
    session.add(new Owner({ name: "amy" }), new Owner({ name: "bob" }));
    await session.commit();
    const [amy, bob] = await session.scalars(select(Owner).orderBy(Owner.c.id)).all();
    if (amy === undefined || bob === undefined) throw new Error("no rows");
    await session.delete(amy);
    bob.name = "changed";
    await session.beginNested();
    await session.flush();
    session.expunge(amy);
    session.expunge(bob);
    const fresh = new Owner({ name: "fresh" });
    session.add(fresh);
    await session.flush();
    session.expunge(fresh);
    expect([amy, bob, fresh].map((o) => inspect(o).state)).toEqual(["detached", "detached", "detached"]);
    await session.rollback();
    expect([amy, bob, fresh].map((o) => inspect(o).state)).toEqual(["detached", "detached", "transient"]);
    expect([bob.name, wasDeleted(amy), session.identityMap.length]).toEqual(["changed", true, 0]);
    const again = await session.get(Owner, amy.id);
    expect(again !== amy && again?.name).toBe("amy");
    expect(() => session.add(amy)).toThrow(/was deleted/);
  });

  it("is deleted by the flush, detached by the commit", async () => {
    await using session = new Session(engine);
    const owner = new Owner({ name: "amy" });
    session.add(owner);
    await session.commit();
    await session.delete(owner);
    expect([...session.deleted]).toEqual([owner]);
    expect(inspect(owner).state).toBe("persistent");
    await session.flush();
    expect(inspect(owner).state).toBe("deleted");
    await session.commit();
    expect(inspect(owner).state).toBe("detached");
    expect(await session.get(Owner, 1)).toBeNull();
  });

  it("comes back by rollback: deleted ones persistent, new ones transient with their key", async () => {
    await using session = new Session(engine);
    const amy = new Owner({ name: "amy" });
    session.add(amy);
    await session.commit();
    const bob = new Owner({ name: "bob" });
    session.add(bob);
    amy.name = "ann";
    await session.delete(amy);
    await session.flush();
    await session.rollback();
    expect(inspect(amy).state).toBe("persistent");
    expect(amy.name).toBe("amy");
    expect(inspect(bob).state).toBe("transient");
    expect(bob.id).toBe(2);
    expect(session.contains(bob)).toBe(false);
    expect((await session.scalars(select(Owner))).map((o) => o.name)).toEqual(["amy"]);
  });

  it("keeps both sides of a relationship in step before any flush", async () => {
    await using session = new Session(engine);
    const amy = new Owner({ name: "amy" });
    const rex = new Pet({ name: "rex", owner: amy });
    expect(await amy.pets).toEqual([rex]);
    session.add(amy);
    expect(inspect(rex).state).toBe("pending");
    await session.commit();
    expect(rex.ownerId).toBe(amy.id);
    const bob = new Owner({ name: "bob" });
    session.add(bob);
    bob.pets.push(rex);
    expect(await rex.owner).toBe(bob);
    expect(await amy.pets).toEqual([]);
    sql.length = 0;
    await session.commit();
    expect(sql).toEqual(
      ["BEGIN", "INSERT INTO owner", "UPDATE pet SET", "COMMIT"].map((s) => expect.stringContaining(s)),
    );
    expect(rex.ownerId).toBe(bob.id);
  });
});
