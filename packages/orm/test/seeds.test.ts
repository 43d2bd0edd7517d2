/**
 * The ORM samples of the course notes that no example application runs: people and teams, drivers and vehicles, products
 * with a CHECK, a model with a constructor of its own, and the object life cycle with a rollback from every stage.
 * (examples/hello, todo, microblog-models and ponies run the others.)
 */
import { boolean, check, createEngine, type Engine, float, integer, select, sql, string } from "@athanor/core";
import { declarativeBase, inspect, joinedLoad, manyToOne, oneToMany, Session, sessionmaker } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

const Base = declarativeBase();
class Team extends Base("Team", { id: integer().primaryKey(), name: string(40) }) {}
class Person extends Base(
  "Person",
  { id: integer().primaryKey(), name: string(40), teamId: integer().nullable().references("team.id") },
  { tableName: "persons" },
) {
  override toString() {
    return `<Person ${this.id}, name: ${this.name}>`;
  }
}
class Driver extends Base(
  "Driver",
  {
    id: integer().primaryKey(),
    name: string(40).unique(),
    get vehicles() {
      return oneToMany(Vehicle, { backPopulates: "driver" });
    },
  },
  { tableName: "drivers" },
) {}
class Vehicle extends Base(
  "Vehicle",
  {
    id: integer().primaryKey(),
    make: string(40),
    driverId: integer().references("drivers.id"),
    get driver() {
      return manyToOne(Driver, { backPopulates: "vehicles", nullable: false });
    },
  },
  { tableName: "vehicles" },
) {}
class Product extends Base(
  "Product",
  { id: integer().primaryKey(), category: string(20), price: float() },
  { constraints: (c) => [check(c.price.gt(0))] },
) {}
class Task extends Base("Task", {
  id: integer().primaryKey(),
  title: string(40),
  completed: boolean().default(false),
}) {}
/** `def __init__(self, name=None, email=None)` */
class Member extends Base(
  "Member",
  { id: integer().primaryKey(), name: string(50).unique().nullable(), email: string(120).unique().nullable() },
  { tableName: "Users" },
) {
  constructor(name: string | null = null, email: string | null = null) {
    super({ name, email });
  }
  override toString() {
    return `<User '${this.name}'>`;
  }
}

const built: string[] = [];
class Truck extends Base(
  "Truck",
  { id: integer().primaryKey(), kind: string(10), name: string(20), slug: string(20) },
  { polymorphicOn: "kind", identity: "truck" },
) {
  constructor(values: { id?: number; name: string }) {
    built.push(values.name);
    super({ ...values, slug: values.name.toUpperCase() });
  }
}
class Lorry extends Truck.subclass("Lorry", {}, { identity: "lorry" }) {}
class Hauler extends Truck.subclass("Hauler", { axles: integer() }, { identity: "hauler", tableName: "hauler" }) {
  constructor(name: string) {
    super({ name: name.trim() });
    this.axles = 5;
  }
}

describeEachDatabase("the course's samples", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
  });
  afterAll(() => engine.dispose());
  beforeEach(async () => {
    await Base.metadata.dropAll(engine);
    await Base.metadata.createAll(engine);
  });

  it("filters, counts, gets, deletes in bulk and chains", async () => {
    await using session = new Session(engine);
    const udacity = new Team({ name: "Udacity" });
    session.add(udacity);
    await session.flush();
    session.addAll(["Bob", "Amy", "Cid", "Anne"].map((name) => new Person({ name, teamId: udacity.id })));
    await session.commit();
    const people = session.query(Person);
    expect((await people.filterBy({ name: "Amy" }).all()).map(String)).toEqual(["<Person 2, name: Amy>"]);
    expect(await people.all()).toHaveLength(4);
    expect(await people.count()).toBe(4);
    expect(await people.filter(Person.c.name.eq("Amy")).count()).toBe(1);
    expect((await people.get(1))?.name).toBe("Bob");
    // Criteria over two models, in one filter or in two.
    const both = people.filter(Person.c.name.eq("Amy"), Team.c.name.eq("Udacity"), Person.c.teamId.eq(Team.c.id));
    expect((await both.all()).map(String)).toEqual(["<Person 2, name: Amy>"]);
    const chained = people.join(Team).filter(Person.c.name.eq("Amy")).filter(Team.c.name.eq("Udacity"));
    expect((await chained.first())?.id).toBe(2);
    const a = await people.filter(Person.c.name.like("A%")).orderBy(Person.c.id).all();
    expect(a.map(String)).toEqual(["<Person 2, name: Amy>", "<Person 4, name: Anne>"]);
    expect((await people.orderBy(Person.c.name).all()).map((p) => p.name)).toEqual(["Amy", "Anne", "Bob", "Cid"]);
    expect((await people.orderBy(Person.c.name.desc()).limit(2).all()).map((p) => p.name)).toEqual(["Cid", "Bob"]);
    session.addAll([new Task({ title: "a", completed: true }), new Task({ title: "b" })]);
    expect(await session.query(Task).filterBy({ completed: true }).count()).toBe(1);
    expect(await session.query(Task).filterBy({ completed: true }).delete()).toBe(1);
    expect((await session.query(Task).all()).map((t) => t.title)).toEqual(["b"]);
  });

  it("joins the vehicles by name, and a CHECK refuses a price of nothing", async () => {
    const SessionFactory = sessionmaker(engine);
    await using session = SessionFactory();
    session.add(new Driver({ name: "ann", vehicles: [new Vehicle({ make: "Fiat" }), new Vehicle({ make: "Opel" })] }));
    session.add(new Driver({ name: "ben", vehicles: [new Vehicle({ make: "Saab" })] }));
    await session.commit();
    const found = await session.query(Driver).join("vehicles").filterBy({ driverId: 1 }).all();
    expect(found.map((d) => d.name)).toEqual(["ann"]);
    for await (const driver of session.query(Driver).orderBy(Driver.c.id))
      expect((await driver.vehicles).map((v) => v.make).sort()).toEqual(driver.id === 1 ? ["Fiat", "Opel"] : ["Saab"]);
    const eager = await session.query(Driver).options(joinedLoad(Driver.c.vehicles)).orderBy(Driver.c.id).all();
    expect(eager.map((d) => d.vehicles.length)).toEqual([2, 1]);
    session.add(new Product({ category: "Misc", price: 0 }));
    await expect(session.commit()).rejects.toMatchObject({ name: "IntegrityError" });
    await session.rollback();
    session.add(new Product({ category: "Misc", price: 0.5 }));
    await session.commit();
    expect(await session.query(Product).filterBy({ category: "Misc" }).delete()).toBe(1);
  });

  it("reads rows by name from SQL of one's own, and a model may have its own constructor and table name", async () => {
    await using session = new Session(engine);
    session.addAll([new Member("admin", "admin@localhost"), new Member()]);
    await session.commit();
    expect((await session.query(Member).orderBy(Member.c.id).all()).map(String)).toEqual([
      "<User 'admin'>",
      "<User 'null'>",
    ]);
    session.expungeAll();
    expect((await session.query(Member).filterBy({ name: "admin" }).one()).email).toBe("admin@localhost");
    await session.commit();
    session.add(new Driver({ name: "ann", vehicles: [new Vehicle({ make: "Fiat" })] }));
    await session.commit();
    await using connection = await engine.connect();
    const seen: string[] = [];
    const rows = connection.execute(sql`SELECT d.name, v.make FROM drivers d JOIN vehicles v ON (d.id = v.driver_id)`);
    for (const row of await rows.mappings()) seen.push(`${String(row.name)} drives ${String(row.make)}`);
    expect(seen).toEqual(["ann drives Fiat"]);
  });

  it("a constructor with parameters of its own is the program's: it runs for no row, in no class of a hierarchy", async () => {
    await using session = new Session(engine);
    session.addAll([new Truck({ name: "fiat" }), new Lorry({ name: "opel" }), new Hauler(" saab ")]);
    await session.commit();
    session.expungeAll();
    // Once per class it is tried out whether the constructor hands rows on.
    await session.scalars(select(Truck)).all();
    session.expungeAll();
    built.length = 0;
    const rows = await session.scalars(select(Truck).orderBy(Truck.c.id)).all();
    expect(rows.map((t) => [t.constructor, t.id, t.name, t.slug, inspect(t).state])).toEqual([
      [Truck, 1, "fiat", "FIAT", "persistent"],
      [Lorry, 2, "opel", "OPEL", "persistent"],
      [Hauler, 3, "saab", "SAAB", "persistent"],
    ]);
    expect((rows[2] as Hauler).axles).toBe(5);
    expect(built).toEqual([]);
    (rows[2] as Hauler).axles = 6;
    await session.flush();
    expect(await session.scalar(select(Hauler.c.axles))).toBe(6);
    const outside = new Truck({ id: 77, name: "copy" });
    built.length = 0;
    const merged = await session.merge(outside);
    expect([merged.name, merged.slug, inspect(merged).state, built]).toEqual(["copy", "COPY", "pending", []]);
  });

  it("try, except, finally: a failed commit is rolled back and the session goes on", async () => {
    const session = new Session(engine, { expireOnCommit: false });
    session.add(new Driver({ name: "ann" }));
    await session.commit();
    let failed = false;
    try {
      session.add(new Driver({ name: "ann" }));
      await session.commit();
    } catch {
      await session.rollback();
      failed = true;
    } finally {
      await session.close();
    }
    expect(failed).toBe(true);
    await using next = new Session(engine);
    expect(await next.query(Driver).count()).toBe(1);
  });

  describe("a rollback from every stage of an object's life", () => {
    const begun = async () => {
      const session = new Session(engine);
      session.add(new Driver({ id: 1, name: "old" }));
      await session.commit();
      return { session, old: (await session.get(Driver, 1)) as Driver };
    };
    it("transient: nothing happens to it", async () => {
      await using session = new Session(engine);
      const ann = new Driver({ name: "ann" });
      await session.rollback();
      expect([inspect(ann).state, ann.name]).toEqual(["transient", "ann"]);
    });
    it("pending: transient again, nothing was written, and it can be added again", async () => {
      await using session = new Session(engine);
      const ann = new Driver({ name: "ann" });
      session.add(ann);
      await session.rollback();
      expect([inspect(ann).state, ann.name, ann.id, session.new.size]).toEqual(["transient", "ann", null, 0]);
      session.add(ann);
      await session.commit();
      expect(await session.query(Driver).count()).toBe(1);
    });
    it("flushed: transient again, with the key it had; the row is gone; a query had flushed it", async () => {
      await using session = new Session(engine);
      const ann = new Driver({ name: "ann" });
      session.add(ann);
      expect(await session.query(Driver).count()).toBe(1);
      expect(inspect(ann).state).toBe("persistent");
      await session.rollback();
      expect(inspect(ann).state).toBe("transient");
      expect(await session.query(Driver).count()).toBe(0);
      session.add(ann);
      await session.commit();
      expect(await session.scalar(select(Driver.c.name))).toBe("ann");
    });
    it("changed: the value of the last commit", async () => {
      const { session, old } = await begun();
      old.name = "unflushed";
      await session.rollback();
      expect([old.name, inspect(old).modified]).toEqual(["old", false]);
      old.name = "flushed";
      await session.flush();
      old.name = "and again";
      await session.rollback();
      expect([old.name, inspect(old).state, inspect(old).modified]).toEqual(["old", "persistent", false]);
      await session.close();
    });
    it("committed: what is committed stays", async () => {
      const { session, old } = await begun();
      old.name = "new";
      await session.commit();
      await session.rollback();
      await session.refresh(old);
      expect([old.name, inspect(old).state]).toEqual(["new", "persistent"]);
      await session.close();
    });
    it("marked for deletion, or deleted: persistent again", async () => {
      const { session, old } = await begun();
      await session.delete(old);
      await session.rollback();
      expect([inspect(old).state, session.deleted.size]).toEqual(["persistent", 0]);
      await session.delete(old);
      await session.flush();
      expect(inspect(old).state).toBe("deleted");
      await session.rollback();
      expect(inspect(old).state).toBe("persistent");
      expect(await session.get(Driver, 1)).toBe(old);
      await session.close();
    });
    it("detached: it stays detached, and its change is written by the session it is added to", async () => {
      const { session, old } = await begun();
      session.expunge(old);
      old.name = "elsewhere";
      await session.rollback();
      expect([inspect(old).state, old.name]).toEqual(["detached", "elsewhere"]);
      await using other = new Session(engine);
      other.add(old);
      await other.rollback();
      expect(inspect(old).state).toBe("persistent");
      await session.close();
    });
  });
});
