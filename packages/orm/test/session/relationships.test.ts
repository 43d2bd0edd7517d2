/** Relationships in the unit of work: what the database does itself, keys by hand, rows about themselves, changed keys. */
import { type AnyTable, foreignKey, func, IntegrityError, integer, select, string, table } from "@athanor/core";
import {
  declarativeBase,
  inspect,
  joinedLoad,
  manyToMany,
  manyToOne,
  NotLoadedError,
  oneToMany,
  Session,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording, taken } from "./support.js";

const Base = declarativeBase();
class Shelf extends Base("Shelf", {
  id: integer().primaryKey(),
  /** The database deletes. */
  get books() {
    return oneToMany(Book, { cascade: "all, delete-orphan", passiveDeletes: true, backPopulates: "shelf" });
  },
  /** Nothing is done about them at all. */
  get maps() {
    return oneToMany(Chart, { passiveDeletes: "all" });
  },
  get pins() {
    return oneToMany(Pin);
  },
  get bolts() {
    return oneToMany(Bolt);
  },
}) {}
class Book extends Base("Book", {
  id: integer().primaryKey(),
  shelfId: integer().references("shelf.id", { onDelete: "CASCADE" }),
  get shelf() {
    return manyToOne(Shelf, { backPopulates: "books" });
  },
}) {}
class Chart extends Base("Chart", {
  id: integer().primaryKey(),
  shelfId: integer().nullable().references("shelf.id", { onDelete: "SET NULL" }),
}) {}
class Pin extends Base("Pin", { id: integer().primaryKey(), shelfId: integer().nullable().references("shelf.id") }) {}
class Bolt extends Base("Bolt", { id: integer().primaryKey(), shelfId: integer().references("shelf.id") }) {}
class Knot extends Base("Knot", {
  id: integer().primaryKey(),
  parentId: integer().nullable().references("knot.id"),
  get parent() {
    return manyToOne(Knot, { remoteSide: "id", backPopulates: "children" });
  },
  get children() {
    return oneToMany(Knot, { backPopulates: "parent", orderBy: "id" });
  },
}) {}
class City extends Base("City", {
  id: integer().primaryKey(),
  name: string(20),
  get homes() {
    return oneToMany(Home, { backPopulates: "city" });
  },
  get seen() {
    return oneToMany(Home, { viewOnly: true, orderBy: "id" });
  },
  get signs() {
    return manyToMany(Sign, { secondary: citySign, viewOnly: true });
  },
}) {}
class Home extends Base("Home", {
  id: integer().primaryKey(),
  cityId: integer().nullable().references("city.id"),
  get city() {
    return manyToOne(City, { backPopulates: "homes", loadOnPending: true, activeHistory: true });
  },
}) {}
class Sign extends Base("Sign", { id: integer().primaryKey() }) {}
const citySign = table(
  "city_sign",
  { cityId: integer().references("city.id"), signId: integer().references("sign.id") },
  { primaryKey: ["cityId", "signId"], metadata: Base.metadata },
);
class Deep extends Base("Deep", {
  id: integer().primaryKey(),
  upId: integer().nullable().references("deep.id"),
  get down() {
    return oneToMany(Deep, { lazy: "joined", joinDepth: 2, orderBy: "id" });
  },
}) {}
class Deeper extends Base("Deeper", {
  id: integer().primaryKey(),
  upId: integer().nullable().references("deeper.id"),
  get down() {
    return oneToMany(Deeper, { lazy: "selectin", joinDepth: 2, orderBy: "id" });
  },
}) {}

describeEachDatabase("relationships in the unit of work", (target) => {
  const db = recording(target, Base.metadata);
  const open = () => new Session(db.engine);
  const count = (session: Session, model: AnyTable) => session.scalar(select(func.count()).selectFrom(model));

  it("passiveDeletes: only loaded children are deleted by name, the database does the rest", async () => {
    await using session = open();
    session.add(new Shelf({ id: 1, books: [new Book({ id: 1 }), new Book({ id: 2 })] }));
    await session.commit();
    session.expungeAll();
    taken(db);
    await session.delete((await session.get(Shelf, 1))!);
    await session.commit();
    expect(taken(db)).toEqual(["DELETE shelf"]);
    expect(await count(session, Book)).toBe(0);
    session.add(new Shelf({ id: 2, books: [new Book({ id: 3 })] }));
    await session.commit();
    const shelf = (await session.get(Shelf, 2))!;
    await shelf.books;
    taken(db);
    await session.delete(shelf);
    await session.commit();
    expect(taken(db)).toEqual(["DELETE book", "DELETE shelf"]);
  });
  it('passiveDeletes "all": the foreign keys of loaded children are not touched either', async () => {
    await using session = open();
    const chart = new Chart({ id: 1 });
    const shelf = new Shelf({ id: 1, maps: [chart] });
    session.add(shelf);
    await session.commit();
    await shelf.maps;
    taken(db);
    await session.delete(shelf);
    await session.commit();
    expect(taken(db)).toEqual(["DELETE shelf"]);
    await session.refresh(chart);
    expect(chart.shelfId).toBeNull();
  });
  it("without a cascade the children's keys become NULL, unloaded children included; NOT NULL refuses", async () => {
    await using session = open();
    session.add(new Shelf({ id: 1, pins: [new Pin({ id: 1 }), new Pin({ id: 2 })] }));
    session.add(new Shelf({ id: 2, bolts: [new Bolt({ id: 1 })] }));
    await session.commit();
    session.expungeAll();
    taken(db);
    await session.delete((await session.get(Shelf, 1))!);
    await session.commit();
    expect(taken(db)).toEqual(["UPDATE pin", "DELETE shelf"]);
    expect(await session.scalars(select(Pin.c.shelfId)).all()).toEqual([null, null]);
    await session.delete((await session.get(Shelf, 2))!);
    await expect(session.commit()).rejects.toThrow(IntegrityError);
    await session.rollback();
    expect(await count(session, Shelf)).toBe(1);
    const bolt = (await session.get(Bolt, 1))!;
    expect(bolt.shelfId).toBe(2);
  });
  it("an object wins over a key by hand; a key alone leaves the loaded relationship until it is read anew", async () => {
    await using session = open();
    const [one, two] = [new Shelf({ id: 1 }), new Shelf({ id: 2 })];
    session.addAll([one, two]);
    const book = new Book({ id: 1, shelfId: 2, shelf: one });
    session.add(book);
    await session.flush();
    expect(book.shelfId).toBe(1);
    book.shelf = two;
    book.shelfId = 1;
    await session.commit();
    expect(book.shelfId).toBe(2);
    await session.refresh(book);
    expect(await book.shelf).toBe(two);
    book.shelfId = 1;
    await session.flush();
    expect(await book.shelf).toBe(two);
    session.expire(book);
    await session.refresh(book);
    expect(await book.shelf).toBe(one);
    // Nothing said about the object: the key counts.
    session.add(new Book({ id: 2, shelfId: 2 }));
    await session.commit();
    expect((await (await session.get(Book, 2))!.shelf)!.id).toBe(2);
  });
  it("a row that refers to itself gets its key by a second UPDATE, and lets go before it is deleted", async () => {
    await using session = open();
    const knot = new Knot();
    knot.parent = knot;
    session.add(knot);
    await session.flush();
    expect(taken(db)).toEqual(["INSERT knot", "UPDATE knot"]);
    expect(await session.scalar(select(Knot.c.parentId))).toBe(knot.id);
    const given = new Knot({ id: 50 });
    given.parent = given;
    session.add(given);
    await session.commit();
    expect(taken(db)).toEqual(["INSERT knot"]);
    expect(given.parentId).toBe(50);
    session.expungeAll();
    for (const k of await session.scalars(select(Knot)).all()) await session.delete(k);
    taken(db);
    await session.commit();
    expect(taken(db)).toEqual(["UPDATE knot", "DELETE knot"]);
    expect(await count(session, Knot)).toBe(0);
  });
  it("viewOnly relationships write nothing and see nothing until they are read anew", async () => {
    await using session = open();
    const city = new City({ id: 1, name: "c" });
    session.add(city, new Sign({ id: 1 }));
    await session.commit();
    taken(db);
    const home = new Home({ id: 1 });
    (await city.seen).push(home);
    (await city.signs).push((await session.get(Sign, 1))!);
    expect(inspect(home).state).toBe("transient");
    await session.commit();
    expect(taken(db)).toEqual([]);
    await session.refresh(city, ["seen"]);
    home.city = city;
    session.add(home);
    await session.flush();
    expect((await city.homes).length).toBe(1);
    expect((await city.seen).length).toBe(0);
    session.expire(city);
    await session.refresh(city);
    expect([...(await city.seen)]).toEqual([home]);
  });
  it("loadOnPending finds by a key given by hand; activeHistory refuses to guess the old value", async () => {
    await using session = open();
    const city = new City({ id: 1, name: "c" });
    session.add(city, new City({ id: 2, name: "d" }));
    await session.commit();
    const home = new Home({ id: 1, cityId: 1 });
    expect(await home.city).toBeNull();
    await using early = new Session(db.engine, { autoflush: false });
    const newHome = new Home({ id: 1, cityId: 1 });
    early.add(newHome);
    taken(db);
    expect((await newHome.city)?.id).toBe(1);
    expect(taken(db)).toEqual([]);
    expect(inspect(newHome).state).toBe("pending");
    await early.commit();
    session.expungeAll();
    const again = (await session.get(Home, 1))!;
    const other = (await session.get(City, 2))!;
    expect(() => {
      again.city = other;
    }).toThrow(NotLoadedError);
    await again.city;
    again.city = other;
    expect(inspect(again).history("city").deleted).toMatchObject([{ id: 1 }]);
    await session.commit();
    expect(again.cityId).toBe(2);
  });
  it("joinDepth: eager loading of trees goes that deep, by joins and by selects", async () => {
    await using session = open();
    for (const Model of [Deep, Deeper]) {
      for (let id = 1; id <= 4; id++) {
        session.add(new Model({ id, upId: id === 1 ? null : id - 1 }) as Deep);
        await session.flush();
      }
      await session.commit();
      session.expungeAll();
      const statements: string[] = [];
      const off = db.engine.on("statement", ({ sql }) => /^SELECT/.test(sql) && statements.push(sql)) as unknown as
        | (() => void)
        | undefined;
      const root = (await session.scalars(select(Model).where(Model.c.id.eq(1))).one()) as Deep;
      expect(statements).toHaveLength(Model === Deep ? 1 : 3);
      const third = root.down[0]!.down[0]!;
      expect(third.id).toBe(3);
      expect(inspect(third).unloaded.has("down")).toBe(true);
      statements.length = 0;
      expect((await (third.down as unknown as Promise<Deep[]>)).map((d) => d.id)).toEqual([4]);
      off?.();
    }
  });
});

const Keys = declarativeBase();
class Nation extends Keys("Nation", {
  code: string(10).primaryKey(),
  name: string(20),
  get towns() {
    return oneToMany(Town, { backPopulates: "nation" });
  },
}) {}
class Town extends Keys(
  "Town",
  {
    nationCode: string(10).references("nation.code", { onUpdate: "CASCADE" }),
    name: string(20),
    get nation() {
      return manyToOne(Nation, { backPopulates: "towns" });
    },
    get streets() {
      return oneToMany(Street, { backPopulates: "town" });
    },
  },
  { primaryKey: ["nationCode", "name"] },
) {}
class Street extends Keys(
  "Street",
  {
    id: integer().primaryKey(),
    nationCode: string(10),
    townName: string(20),
    get town() {
      return manyToOne(Town, { backPopulates: "streets" });
    },
  },
  {
    constraints: () => [
      foreignKey(["nationCode", "townName"], ["town.nation_code", "town.name"], { onUpdate: "CASCADE" }),
    ],
  },
) {}
class Ambassador extends Keys("Ambassador", {
  id: integer().primaryKey(),
  nationCode: string(10).nullable().references("nation.code", { onUpdate: "CASCADE" }),
  get nation() {
    return manyToOne(Nation);
  },
}) {}

describeEachDatabase("changed keys that the database follows", (target) => {
  const db = recording(target, Keys.metadata);
  const open = () => new Session(db.engine);

  it("ON UPDATE CASCADE: one UPDATE, loaded objects and their identity follow, rollback brings all back", async () => {
    await using session = open();
    const nation = new Nation({ code: "old", name: "n" });
    const town = new Town({ name: "t", nation });
    const street = new Street({ id: 1, town });
    const ambassador = new Ambassador({ id: 1, nation });
    session.add(street, ambassador);
    await session.commit();
    for (const o of [nation, town, street, ambassador]) await session.refresh(o);
    await nation.towns;
    await town.streets;
    await ambassador.nation;
    taken(db);
    nation.code = "new";
    await session.flush();
    expect(taken(db)).toEqual(["UPDATE nation"]);
    expect([town.nationCode, street.nationCode, ambassador.nationCode]).toEqual(["new", "new", "new"]);
    expect(await session.get(Town, ["new", "t"])).toBe(town);
    expect(await session.get(Nation, "new")).toBe(nation);
    await session.flush();
    expect(taken(db)).toEqual([]);
    await session.rollback();
    expect([nation.code, town.nationCode, street.nationCode, ambassador.nationCode]).toEqual([
      "old",
      "old",
      "old",
      "old",
    ]);
    expect(await session.get(Town, ["old", "t"])).toBe(town);
    nation.code = "new";
    await session.commit();
    session.expungeAll();
    expect((await session.scalars(select(Street).options(joinedLoad(Street.c.town))).one()).nationCode).toBe("new");
  });
});

const Active = declarativeBase();
const tagged = table(
  "tagged",
  {
    groupCode: string(10).references("group.code", { deferrable: true, initially: "DEFERRED" }),
    labelId: integer().references("label.id"),
  },
  { primaryKey: ["groupCode", "labelId"], metadata: Active.metadata },
);
class Group extends Active("Group", {
  code: string(10).primaryKey(),
  get members() {
    return oneToMany(Person, { backPopulates: "group", passiveUpdates: false, orderBy: "id" });
  },
  get labels() {
    return manyToMany(Label, { secondary: tagged, passiveUpdates: false });
  },
}) {}
class Person extends Active("Person", {
  id: integer().primaryKey(),
  groupCode: string(10).nullable().references("group.code", { deferrable: true, initially: "DEFERRED" }),
  get group() {
    return manyToOne(Group, { backPopulates: "members" });
  },
}) {}
class Label extends Active("Label", { id: integer().primaryKey() }) {}
class Guest extends Active("Guest", {
  id: integer().primaryKey(),
  groupCode: string(10).nullable().references("group.code", { deferrable: true, initially: "DEFERRED" }),
  get group() {
    return manyToOne(Group, { passiveUpdates: false });
  },
}) {}

describeEachDatabase(
  "changed keys that the flush follows",
  (target) => {
    const db = recording(target, Active.metadata);

    it("passiveUpdates: false loads who refers to the key and updates the rows", async () => {
      await using session = new Session(db.engine);
      const group = new Group({
        code: "a",
        members: [new Person({ id: 1 }), new Person({ id: 2 })],
        labels: [new Label({ id: 1 })],
      });
      const guest = new Guest({ id: 1, group });
      session.add(group, guest);
      await session.commit();
      session.expungeAll();
      const again = (await session.get(Group, "a"))!;
      const visitor = (await session.get(Guest, 1))!;
      await visitor.group;
      taken(db);
      again.code = "b";
      await session.commit();
      expect(taken(db).sort()).toEqual(["UPDATE group", "UPDATE guest", "UPDATE person", "UPDATE tagged"]);
      expect(await session.scalars(select(Person.c.groupCode)).all()).toEqual(["b", "b"]);
      expect(await session.scalars(select(Guest.c.groupCode)).all()).toEqual(["b"]);
      expect(await session.scalars(select(tagged.c.groupCode)).all()).toEqual(["b"]);
    });
  },
  { requires: ["deferrableConstraints"] },
);
