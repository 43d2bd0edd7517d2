/** Hierarchies on read: classes by discriminator, subclass columns, queries for a subclass. */
import { insert, integer, select, sql, string } from "@athanor/core";
import { aliased, declarativeBase, joinedLoad, manyToOne, oneToMany, Session, selectinLoad } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { names, setUp } from "./blog.js";

const Single = declarativeBase();
class Firm extends Single("Firm", {
  id: integer().primaryKey(),
  name: string(20),
  get staff() {
    return oneToMany(Person, { backPopulates: "firm", orderBy: "id" });
  },
}) {}
class Person extends Single(
  "Person",
  {
    id: integer().primaryKey(),
    get kind() {
      return string(20).subclasses(Boss, Coder);
    },
    name: string(20),
    firmId: integer().nullable().references("firm.id"),
    get firm() {
      return manyToOne(Firm, { backPopulates: "staff" });
    },
  },
  { polymorphicOn: "kind", identity: "person" },
) {
  greet() {
    return `I am ${this.name}`;
  }
}
class Boss extends Person.subclass("Boss", { level: integer().nullable() }, { identity: "boss" }) {
  override greet() {
    return `boss ${this.name}, level ${this.level}`;
  }
}
class Coder extends Person.subclass(
  "Coder",
  {
    language: string(20).nullable(),
    mentorId: integer().nullable().references("person.id"),
    get mentor() {
      return manyToOne(Person, { foreignKeys: "mentorId", remoteSide: "id" });
    },
  },
  { identity: "coder" },
) {}

describeEachDatabase("single-table inheritance on read", (target) => {
  const at = setUp(target, Single.metadata, async (engine) => {
    await engine.begin(async (connection) => {
      await connection.execute(
        insert(Firm).values([
          { id: 1, name: "acme" },
          { id: 2, name: "void" },
        ]),
      );
      const rows = [
        { id: 1, kind: "person", name: "pia", firmId: 1 },
        { id: 2, kind: "boss", name: "bea", level: 3, firmId: 1 },
        { id: 3, kind: "coder", name: "cy", language: "ts", mentorId: 1, firmId: 1 },
        { id: 4, kind: "coder", name: "di", language: "py", mentorId: 2, firmId: null },
      ];
      for (const { id, kind, name, level, language, mentorId, firmId } of rows as { [k: string]: unknown }[]) {
        await connection.execute(
          sql`insert into person (id, kind, name, level, language, mentor_id, firm_id) values (${id}, ${kind}, ${name}, ${level ?? null}, ${language ?? null}, ${mentorId ?? null}, ${firmId ?? null})`,
        );
      }
    });
  });

  it("gives each row its class, with its own columns, in at most one statement per class more", async () => {
    await using session = new Session(at.engine);
    const people = await session.scalars(select(Person).orderBy(Person.c.id)).all();
    expect(people.map((p) => p.constructor)).toEqual([Person, Boss, Coder, Coder]);
    expect(people.map((p) => p.greet())).toEqual(["I am pia", "boss bea, level 3", "I am cy", "I am di"]);
    expect((people as unknown as Coder[]).slice(2).map((p) => p.language)).toEqual(["ts", "py"]);
    expect(at.ran.work.length).toBeLessThanOrEqual(3);
  });
  it("a query for a subclass reads its rows only", async () => {
    await using session = new Session(at.engine);
    expect(names(await session.scalars(select(Coder).orderBy(Coder.c.id)))).toEqual(["cy", "di"]);
    expect(at.ran.work).toHaveLength(1);
    expect(await session.query(Boss).count()).toBe(1);
    expect(await session.get(Boss, 3)).toBeNull();
    expect((await session.get(Boss, 2))?.level).toBe(3);
    const c = aliased(Coder, "c");
    expect(names(await session.scalars(select(c).where(c.c.language.eq("py"))))).toEqual(["di"]);
  });
  it("a key looked up under the base is the same object under the subclass", async () => {
    await using session = new Session(at.engine);
    const person = await session.get(Person, 2);
    at.ran.clear();
    expect(await session.get(Boss, 2)).toBe(person);
    expect(await session.get(Coder, 2)).toBeNull();
    expect(at.ran.work).toEqual([]);
  });
  it("loads hierarchies through relationships, by joinedLoad, selectinLoad and lazily", async () => {
    for (const how of [joinedLoad, selectinLoad, undefined]) {
      await using session = new Session(at.engine);
      at.ran.clear();
      const statement = select(Firm).orderBy(Firm.c.id);
      const firms = (await session
        .scalars(how === undefined ? statement : statement.options(how(Firm.c.staff)))
        .all()) as Firm[];
      const staff = await Promise.all(firms.map((f) => f.staff));
      expect(staff.map((list) => list.map((p) => p.greet()))).toEqual([
        ["I am pia", "boss bea, level 3", "I am cy"],
        [],
      ]);
      expect(at.ran.work.length).toBeLessThanOrEqual(4);
    }
  });
  it("loads a relationship of the subclass for all of its rows at once", async () => {
    await using session = new Session(at.engine);
    const people = await session.scalars(select(Person).orderBy(Person.c.id)).all();
    at.ran.clear();
    const coders = people.filter((p): p is Coder & (typeof people)[number] => p instanceof Coder);
    expect(await Promise.all(coders.map(async (c) => (await c.mentor)?.name))).toEqual(["pia", "bea"]);
    expect(at.ran.work).toEqual([]);
  });
  it("joins to a subclass by ofType, which brings its criterion", async () => {
    await using session = new Session(at.engine);
    const rows = await session.execute(select(Firm.c.name, Coder.c.name.as("c")).join(Firm.c.staff.ofType(Coder)));
    expect(rows.map((r) => [...r])).toEqual([["acme", "cy"]]);
    expect(names(await session.scalars(select(Firm).where(Firm.c.staff.ofType(Boss).any(Boss.c.level.gt(2)))))).toEqual(
      ["acme"],
    );
  });
  it("names a discriminator nobody stands for", async () => {
    await using session = new Session(at.engine);
    await session.execute(sql`insert into person (id, kind, name) values (${9}, ${"alien"}, ${"zed"})`);
    await expect(session.scalars(select(Person)).all()).rejects.toThrow(/"alien".*person, boss, coder/);
  });
  it("updates and deletes by a query of the subclass touch its rows only", async () => {
    await using session = new Session(at.engine);
    const people = await session.scalars(select(Person).orderBy(Person.c.id)).all();
    expect(await session.query(Coder).update({ language: "rust" })).toBe(2);
    expect((people as unknown as Coder[]).slice(2).map((c) => c.language)).toEqual(["rust", "rust"]);
    expect(await session.query(Coder).filter(Coder.c.id.eq(4)).delete()).toBe(1);
    expect(people.map((p) => session.contains(p))).toEqual([true, true, true, false]);
  });
});

const Joined = declarativeBase();
class Shop extends Joined("Shop", {
  id: integer().primaryKey(),
  get goods() {
    return oneToMany(Item, { backPopulates: "shop", orderBy: "id" });
  },
}) {}
class Item extends Joined(
  "Item",
  {
    id: integer().primaryKey(),
    get type() {
      return string(20).subclasses(Book, Disc);
    },
    name: string(20),
    shopId: integer().nullable().references("shop.id"),
    get shop() {
      return manyToOne(Shop, { backPopulates: "goods" });
    },
  },
  { polymorphicOn: "type", identity: "item" },
) {}
class Book extends Item.subclass("Book", { pages: integer() }, { identity: "book", tableName: "book" }) {}
class Disc extends Item.subclass("Disc", { tracks: integer() }, { identity: "disc", tableName: "disc" }) {}
class Box extends Disc.subclass("Box", { discs: integer() }, { identity: "box", tableName: "box" }) {
  static {
    this.register();
  }
}

describeEachDatabase("joined-table inheritance on read", (target) => {
  const at = setUp(target, Joined.metadata, async (engine) => {
    await using session = new Session(engine);
    const shop = new Shop({ id: 1 });
    session.add(
      shop,
      new Item({ id: 1, name: "i", shop }),
      new Book({ id: 2, name: "b", pages: 100, shop }),
      new Disc({ id: 3, name: "d", tracks: 9, shop }),
      new Box({ id: 4, name: "x", tracks: 20, discs: 2, shop }),
      new Book({ id: 5, name: "c", pages: 7 }),
    );
    await session.commit();
  });

  it("reads the base and each class's own tables in one statement per class", async () => {
    await using session = new Session(at.engine);
    const items = await session.scalars(select(Item).orderBy(Item.c.id)).all();
    expect(items.map((i) => i.constructor)).toEqual([Item, Book, Disc, Box, Book]);
    expect(
      items.map((i) =>
        [(i as unknown as Book).pages, (i as unknown as Disc).tracks, (i as unknown as Box).discs].filter(
          (v) => v !== undefined,
        ),
      ),
    ).toEqual([[], [100], [9], [20, 2], [7]]);
    expect(at.ran.work).toHaveLength(4);
    at.ran.clear();
    await session.scalars(select(Item)).all();
    expect(at.ran.work).toHaveLength(1);
  });
  it("a query for a subclass joins its tables and finds those below it", async () => {
    await using session = new Session(at.engine);
    const books = await session.scalars(select(Book).where(Book.c.pages.gt(10), Book.c.name.eq("b"))).all();
    expect(books.map((b) => [b.name, b.pages])).toEqual([["b", 100]]);
    expect(at.ran.work).toHaveLength(1);
    const discs = await session.scalars(select(Disc).orderBy(Disc.c.tracks.desc())).all();
    expect(discs.map((d) => [d.constructor, d.tracks])).toEqual([
      [Box, 20],
      [Disc, 9],
    ]);
    expect((discs[0] as Box).discs).toBe(2);
    expect(await session.query(Disc).count()).toBe(2);
  });
  it("get by subclass and by base", async () => {
    await using session = new Session(at.engine);
    const box = await session.get(Item, 4);
    expect(box).toBeInstanceOf(Box);
    expect((box as unknown as Box).discs).toBe(2);
    at.ran.clear();
    expect(await session.get(Box, 4)).toBe(box);
    expect(at.ran.work).toEqual([]);
    expect(await session.get(Book, 4)).toBeNull();
    expect((await session.get(Book, 5))?.pages).toBe(7);
  });
  it("loads through relationships", async () => {
    for (const how of [joinedLoad, selectinLoad]) {
      await using session = new Session(at.engine);
      const [shop] = await session.scalars(select(Shop).options(how(Shop.c.goods)));
      expect(shop!.goods.map((g) => g.constructor)).toEqual([Item, Book, Disc, Box]);
      expect((shop!.goods[3] as unknown as Box).discs).toBe(2);
    }
  });
  it("loads a reference on a subclass query, joined", async () => {
    await using session = new Session(at.engine);
    const books = await session.scalars(select(Book).options(joinedLoad(Book.c.shop)).orderBy(Book.c.id)).all();
    expect(books.map((b) => (b as unknown as { shop: Shop | null }).shop?.id)).toEqual([1, undefined]);
    expect(at.ran.work).toHaveLength(1);
  });
  it("takes aliases of a subclass, twice in one statement", async () => {
    await using session = new Session(at.engine);
    const [a, b] = [aliased(Book, "a"), aliased(Book, "b")];
    const rows = await session.execute(select(a, b).join(b, b.c.pages.lt(a.c.pages)));
    expect(rows.map((r) => [r.a.name, r.b.name])).toEqual([["b", "c"]]);
  });
  it("joins a hierarchy that only columns speak of", async () => {
    await using session = new Session(at.engine);
    const rows = await session.execute(select(Book.c.name, Book.c.pages).orderBy(Book.c.pages));
    expect(rows.map((r) => [...r])).toEqual([
      ["c", 7],
      ["b", 100],
    ]);
    expect(await session.scalars(select(Box.c.name).where(Box.c.discs.gt(1))).all()).toEqual(["x"]);
    expect(await session.scalars(select(Book.c.pages).where(Book.c.name.eq("b"))).all()).toEqual([100]);
  });
  it("restricts any() to a subclass without catching the outer base table", async () => {
    await using session = new Session(at.engine);
    const shops = await session.scalars(select(Shop).where(Shop.c.goods.ofType(Book).any(Book.c.pages.gt(50)))).all();
    expect(shops).toHaveLength(1);
    expect(
      await session.scalars(select(Shop).where(Shop.c.goods.ofType(Book).any(Book.c.pages.gt(500)))).all(),
    ).toHaveLength(0);
    const rows = await session.execute(select(Shop.c.id, Book.c.pages).join(Shop.c.goods.ofType(Book)));
    expect(rows.map((r) => [...r])).toEqual([[1, 100]]);
  });
  it("limits with a joined collection count shops", async () => {
    await using session = new Session(at.engine);
    const shops = await session.scalars(select(Shop).options(joinedLoad(Shop.c.goods)).limit(1)).all();
    expect(shops[0]!.goods).toHaveLength(4);
  });
  it("refreshes a subclass object whole", async () => {
    await using session = new Session(at.engine);
    const box = (await session.get(Box, 4))!;
    await session.execute(sql`update box set discs = ${3} where id = ${4}`);
    await session.execute(sql`update item set name = ${"y"} where id = ${4}`);
    session.expire(box);
    await session.scalars(select(Item)).all();
    await session.refresh(box);
    expect([box.name, box.tracks, box.discs]).toEqual(["y", 20, 3]);
  });
  it("a base query renews the subclass columns of a stale object", async () => {
    await using session = new Session(at.engine);
    const box = (await session.get(Box, 4))!;
    await session.execute(sql`update box set discs = ${3} where id = ${4}`);
    session.expire(box);
    await session.scalars(select(Item)).all();
    expect(box.discs).toBe(3);
  });
});
