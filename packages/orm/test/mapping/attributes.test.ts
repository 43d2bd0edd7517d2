/** Attributes that are more than columns: synonyms, validators, elements of documents, sets, configuration events. */
import { integer, json, select, string } from "@athanor/core";
import {
  aliased,
  associationSet,
  declarativeBase,
  indexed,
  manyToOne,
  mapperOf,
  NotLoadedError,
  oneToMany,
  oneToOne,
  Session,
  setAssociation,
  synonym,
  validates,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording, taken } from "../session/support.js";

const Base = declarativeBase();
const seen: string[] = [];
interface Settings {
  ui?: { theme: string };
  tags?: string[];
}
const theme = indexed<string, "settings">("settings", ["ui", "theme"], { default: "light" });
const firstTag = indexed<string, "settings">("settings", ["tags", 0]);
class User extends Base("User", {
  id: integer().primaryKey(),
  email: string(40),
  login: synonym(string(40), "email"),
  settings: json<Settings>().nullable(),
  get posts() {
    return oneToMany(Post, { backPopulates: "user", cascade: "all, delete-orphan" });
  },
  get card() {
    return oneToOne(Card, { backPopulates: "user", cascade: "all, delete-orphan" });
  },
}) {
  static {
    validates(this, ["email"], (value) => {
      if (!String(value).includes("@")) throw new Error(`'${String(value)}' is no address`);
      return String(value).toLowerCase();
    });
    validates(
      this,
      ["posts"],
      (value, { isRemove }) => {
        const { title } = value as Post;
        if (title === "bad") throw new Error("no bad posts");
        seen.push(`${isRemove ? "-" : "+"}${title}`);
      },
      { includeRemoves: true },
    );
  }
  get theme() {
    return theme.get(this);
  }
  set theme(value: string) {
    theme.set(this, value);
  }
  get titles() {
    return associationSet(this, User.c.posts, "title", { create: (title: string) => new Post({ title }) });
  }
  setNumber(value: string | null) {
    setAssociation(this, User.c.card, "number", value, {
      create: (number: string) => new Card({ number }),
      cascadeScalarDeletes: true,
    });
  }
}
class Post extends Base("Post", {
  id: integer().primaryKey(),
  title: string(20),
  userId: integer().references("user.id"),
  get user() {
    return manyToOne(User, { backPopulates: "posts" });
  },
}) {}
class Card extends Base("Card", {
  id: integer().primaryKey(),
  number: string(20),
  userId: integer().references("user.id"),
  get user() {
    return oneToOne(User, { backPopulates: "card" });
  },
}) {}
class Item extends Base("Item", {
  id: integer().primaryKey(),
  price: integer(),
  double: integer().nullable().computed("price * 2", { persisted: true }),
  state: string(10).serverDefault("'new'"),
}) {}
class Offer extends Base(
  "Offer",
  {
    id: integer().primaryKey(),
    price: integer(),
    double: integer().nullable().computed("price * 2", { persisted: true }),
    state: string(10).serverDefault("'new'"),
  },
  { eagerDefaults: true },
) {}

describeEachDatabase("attributes that are more than columns", (target) => {
  const db = recording(target, Base.metadata);
  const open = () => new Session(db.engine);

  it("eagerDefaults: what the database makes is there after the flush, on every database", async () => {
    await using session = open();
    const offers = [1, 2, 3].map((id) => new Offer({ id, price: id }));
    session.addAll(offers);
    await session.flush();
    expect(offers.map((o) => [o.double, o.state])).toEqual([
      [2, "new"],
      [4, "new"],
      [6, "new"],
    ]);
    let reads = 0;
    const stop = db.engine.on("statement", ({ sql }) => void (reads += /^SELECT/.test(sql) ? 1 : 0));
    for (const o of offers) o.price *= 10;
    await session.flush();
    stop();
    expect(offers.map((o) => o.double)).toEqual([20, 40, 60]);
    expect(reads).toBeLessThanOrEqual(1);
    expect(session.dirty.size).toBe(0);
    await session.commit();
  });
  it("a synonym reads, writes and compares like its column, through aliases too", async () => {
    await using session = open();
    const user = new User({ id: 1, login: "Amy@X" });
    expect([user.email, user.login]).toEqual(["amy@x", "amy@x"]);
    user.login = "B@x";
    session.add(user);
    await session.commit();
    expect(await session.scalars(select(User).where(User.c.login.eq("b@x"))).all()).toEqual([user]);
    const u = aliased(User, "u");
    expect(await session.scalars(select(u.c.id).where(u.c.login.like("b%"))).all()).toEqual([1]);
    expect(await session.query(User).filterBy({ login: "b@x" }).count()).toBe(1);
    const Fresh = declarativeBase();
    expect(() =>
      mapperOf(Fresh("Bad", { id: integer().primaryKey(), other: synonym(string(), "nmae"), name: string() })),
    ).toThrow(/synonym\(\) names 'nmae'.*Did you mean 'name'/);
  });
  it("validators see values where they are set, from either side of a relationship, and not what is loaded", async () => {
    await using session = open();
    seen.length = 0;
    expect(() => new User({ email: "nobody" })).toThrow("'nobody' is no address");
    const user = new User({ id: 1, email: "A@x" });
    expect(() => {
      user.email = "gone";
    }).toThrow("no address");
    expect(user.email).toBe("a@x");
    expect(() => user.posts.push(new Post({ title: "bad" }))).toThrow("no bad posts");
    expect((user.posts as unknown as Post[]).length).toBe(0);
    user.posts.push(new Post({ title: "one" }));
    new Post({ title: "two", user });
    expect(() => new Post({ title: "bad", user })).toThrow("no bad posts");
    user.posts.remove((user.posts as unknown as Post[])[0]!);
    expect(seen).toEqual(["+one", "+two", "-one"]);
    session.add(user);
    await session.commit();
    session.expungeAll();
    seen.length = 0;
    const again = (await session.get(User, 1))!;
    await again.posts;
    expect(seen).toEqual([]);
    const Fresh = declarativeBase();
    const Plain = Fresh("Plain", { id: integer().primaryKey(), name: string() });
    expect(() => validates(Plain, ["nmae" as never], (v) => v)).toThrow(/Did you mean 'name'/);
  });
  it("an element of a document is an attribute, and a path in SQL", async () => {
    await using session = open();
    session.addAll([
      new User({ id: 1, email: "a@x", settings: { ui: { theme: "dark" }, tags: ["t"] } }),
      new User({ id: 2, email: "b@x", settings: null }),
    ]);
    await session.commit();
    const [one, two] = [(await session.get(User, 1))!, (await session.get(User, 2))!];
    expect([one.theme, two.theme, firstTag.get(one)]).toEqual(["dark", "light", "t"]);
    expect(() => firstTag.get(two)).toThrow(/'settings' has no element tags\.0/);
    two.theme = "blue";
    firstTag.set(one, "u");
    taken(db);
    await session.commit();
    expect(taken(db)).toEqual(["UPDATE user"]);
    await session.refresh(one);
    await session.refresh(two);
    expect([one.settings, two.settings]).toEqual([{ ui: { theme: "dark" }, tags: ["u"] }, { ui: { theme: "blue" } }]);
    const dark = select(User.c.id).where(
      User.c.settings
        .get("ui")
        .get("theme" as never)
        .asText()
        .eq("dark"),
    );
    expect(await session.scalars(dark).all()).toEqual([1]);
    const path = theme.on(User as never) as unknown as { asText(): { eq(x: string): never } };
    expect(await session.scalars(select(User.c.id).where(path.asText().eq("blue"))).all()).toEqual([2]);
  });
  it("values behind a relationship as a set; null takes the object in between away where it is said", async () => {
    await using session = open();
    const user = new User({ id: 1, email: "a@x" });
    session.add(user);
    const titles = await user.titles;
    titles.add("x").add("y").add("x");
    expect([titles.size, titles.has("y"), titles.delete("y"), titles.delete("z")]).toEqual([2, true, true, false]);
    user.setNumber("7");
    await session.commit();
    session.expungeAll();
    const again = (await session.get(User, 1))!;
    expect([...(await again.titles)]).toEqual(["x"]);
    await again.card;
    again.setNumber("8");
    expect(((await again.card) as Card).number).toBe("8");
    taken(db);
    again.setNumber(null);
    await session.commit();
    expect(taken(db)).toEqual(["DELETE card"]);
  });
  it("what the database computes is known after an INSERT and unknown after an UPDATE until it is read", async () => {
    await using session = open();
    const item = new Item({ id: 1, price: 4 });
    session.add(item);
    await session.flush();
    const first = db.engine.dialect.capabilities.returning.insert;
    if (first) expect([item.double, item.state]).toEqual([8, "new"]);
    else {
      expect(() => item.double).toThrow(NotLoadedError);
      await session.refresh(item);
      expect([item.double, item.state]).toEqual([8, "new"]);
    }
    item.price = 5;
    await session.flush();
    expect(() => item.double).toThrow(/Item\.double of <Item 1> is not loaded/);
    await session.refresh(item, ["double"]);
    expect(item.double).toBe(10);
    expect(item.state).toBe("new");
    await session.commit();
  });
});

it("configuration tells once of each model, and may add more", () => {
  const Fresh = declarativeBase();
  const told: string[] = [];
  Fresh.registry.on("instrumentClass", ({ name }) => told.push(`class ${name}`));
  const off = Fresh.registry.on("beforeConfigured", () => {
    told.push("before");
    if (!Fresh.registry.names.includes("Late")) Fresh("Late", { id: integer().primaryKey() });
  });
  Fresh.registry.on("mapperConfigured", ({ mapper, model }) => told.push(`${mapper}=${model.name}`));
  Fresh.registry.on("afterConfigured", () => told.push("after"));
  class Early extends Fresh("Early", { id: integer().primaryKey() }) {}
  expect(told).toEqual(["class Early"]);
  mapperOf(Early);
  mapperOf(Early);
  Fresh.registry.configure();
  expect(told).toEqual(["class Early", "before", "class Late", "Early=Early", "Late=Late", "after"]);
  off();
  expect(() => Fresh.registry.on("mapperConfigred" as never, (() => 0) as never)).toThrow(
    /Did you mean 'mapperConfigured'/,
  );
});
