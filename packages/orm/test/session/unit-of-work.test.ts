/** What a flush writes, and in which order: net changes, cascades, orphans, cycles, row switches. Oracle: SQLAlchemy. */
import {
  CircularDependencyError,
  dateTime,
  func,
  IntegrityError,
  integer,
  PendingRollbackError,
  select,
  string,
  table,
} from "@athanor/core";
import {
  declarativeBase,
  inspect,
  manyToMany,
  manyToOne,
  oneToMany,
  oneToOne,
  Session,
  StaleDataError,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording, taken } from "./support.js";

const Base = declarativeBase();
class User extends Base("User", {
  id: integer().primaryKey(),
  name: string(40),
  nick: string(40).nullable(),
  get addresses() {
    return oneToMany(Address, { backPopulates: "user", cascade: "all, delete-orphan" });
  },
  get orders() {
    return oneToMany(Order, { backPopulates: "user" });
  },
  get profile() {
    return oneToOne(Profile, { backPopulates: "user", cascade: "all, delete-orphan" });
  },
}) {}
class Address extends Base("Address", {
  id: integer().primaryKey(),
  email: string(40).unique(),
  userId: integer().nullable().references("user.id"),
  get user() {
    return manyToOne(User, { backPopulates: "addresses" });
  },
}) {}
class Profile extends Base("Profile", {
  id: integer().primaryKey(),
  bio: string(40),
  userId: integer().nullable().references("user.id"),
  get user() {
    return oneToOne(User, { backPopulates: "profile" });
  },
}) {}
const orderTags = table(
  "order_tags",
  { orderId: integer().references("orders.id"), tagId: integer().references("tag.id") },
  { primaryKey: ["orderId", "tagId"], metadata: Base.metadata },
);
class Order extends Base(
  "Order",
  {
    id: integer().primaryKey(),
    title: string(40).default("untitled"),
    changed: integer().default(0).onUpdate(7),
    userId: integer().nullable().references("user.id"),
    get user() {
      return manyToOne(User, { backPopulates: "orders" });
    },
    get tags() {
      return manyToMany(Tag, { secondary: orderTags, backPopulates: "orders" });
    },
  },
  { tableName: "orders" },
) {}
class Tag extends Base("Tag", {
  id: integer().primaryKey(),
  name: string(40),
  get orders() {
    return manyToMany(Order, { secondary: orderTags, backPopulates: "tags" });
  },
}) {}
class Leaf extends Base("Leaf", {
  id: integer().primaryKey(),
  name: string(40),
  parentId: integer().nullable().references("leaf.id"),
  get children() {
    return oneToMany(Leaf, { backPopulates: "parent", cascade: "all" });
  },
  get parent() {
    return manyToOne(Leaf, { backPopulates: "children", remoteSide: "id" });
  },
}) {}
class Person extends Base("Person", {
  id: integer().primaryKey(),
  favouriteId: integer().nullable().references("ball.id", { useAlter: true, name: "fk_person_favourite" }),
  get favourite() {
    return manyToOne(Ball, { foreignKeys: "favouriteId", postUpdate: true });
  },
  get balls() {
    return oneToMany(Ball, { backPopulates: "person", foreignKeys: "personId", cascade: "all" });
  },
}) {}
class Ball extends Base("Ball", {
  id: integer().primaryKey(),
  personId: integer().nullable().references("person.id"),
  get person() {
    return manyToOne(Person, { backPopulates: "balls", foreignKeys: "personId" });
  },
}) {}
class Counter extends Base(
  "Counter",
  { id: integer().primaryKey(), n: integer(), version: integer() },
  { versionIdColumn: "version" },
) {}
class Country extends Base("Country", {
  code: string(2).primaryKey(),
  name: string(40),
  note: string(40).nullable(),
}) {}

describeEachDatabase("a flush", (target) => {
  const db = recording(target, Base.metadata);
  const open = () => new Session(db.engine);

  it("writes parents before children and gives the keys to the right objects", async () => {
    await using session = open();
    const users = Array.from(
      { length: 30 },
      (_, i) =>
        new User({ name: `u${i}`, addresses: [new Address({ email: `a${i}` }), new Address({ email: `b${i}` })] }),
    );
    session.addAll(users);
    await session.commit();
    expect(taken(db)).toEqual(["INSERT user", "INSERT address"]);
    const rows = await session.execute(
      select(User.c.name, Address.c.email).join(User.c.addresses).orderBy(Address.c.id),
    );
    expect(rows).toHaveLength(60);
    for (const [name, email] of rows) expect(email.slice(1)).toBe(name.slice(1));
  });
  it("updates only what really changed", async () => {
    await using session = open();
    const user = new User({ name: "amy" });
    session.add(user);
    await session.commit();
    await session.refresh(user);
    taken(db);
    user.name = "bob";
    user.name = "amy";
    expect(session.dirty.has(user)).toBe(true);
    await session.flush();
    expect(taken(db)).toEqual([]);
    user.nick = "x";
    await session.flush();
    expect(taken(db)).toEqual(["UPDATE user"]);
    await session.commit();
    // On a stale object the row may differ by now: an assignment always writes.
    user.nick = "x";
    await session.flush();
    expect(taken(db)).toEqual(["UPDATE user"]);
  });
  it("applies defaults, onUpdate and SQL expressions", async () => {
    await using session = open();
    const order = new Order();
    session.add(order);
    await session.flush();
    expect([order.title, order.changed, order.userId]).toEqual(["untitled", 0, null]);
    order.title = func.upper(Order.c.title) as never;
    await session.flush();
    await session.refresh(order);
    expect([order.title, order.changed]).toEqual(["UNTITLED", 7]);
  });
  it("sets the children's keys to NULL when a parent goes, and deletes what cascades", async () => {
    await using session = open();
    const user = new User({ name: "amy", addresses: [new Address({ email: "a" })], orders: [new Order()] });
    const order = (await user.orders)[0] as Order;
    session.add(user);
    await session.commit();
    await session.close();
    await using second = open();
    const again = (await second.get(User, 1)) as User;
    taken(db);
    await second.delete(again);
    expect(second.deleted.size).toBe(2);
    await second.commit();
    expect(taken(db)).toEqual(["UPDATE orders", "DELETE address", "DELETE user"]);
    expect((await second.get(Order, order.id))?.userId).toBeNull();
  });
  it("deletes an orphan, keeps one that moved, leaves out a pending one", async () => {
    await using session = open();
    const [amy, bob] = [new User({ name: "amy" }), new User({ name: "bob" })];
    const [one, two] = [new Address({ email: "1" }), new Address({ email: "2" })];
    amy.addresses.push(one, two);
    session.add(amy, bob);
    await session.commit();
    taken(db);
    const pending = new Address({ email: "3" });
    amy.addresses.push(pending);
    expect(inspect(pending).state).toBe("pending");
    amy.addresses.remove(pending);
    expect(inspect(pending).state).toBe("transient");
    amy.addresses.remove(one);
    bob.addresses.push(two);
    await session.commit();
    expect(taken(db)).toEqual(["UPDATE address", "DELETE address"]);
    expect(inspect(one).state).toBe("detached");
    expect(two.userId).toBe(bob.id);
    // Never given to anybody: inserted all the same.
    session.add(new Address({ email: "4" }));
    await session.commit();
    expect(await session.scalar(select(func.count()).selectFrom(Address))).toBe(2);
  });
  it("deletes the old object of a one-to-one that was replaced without being loaded", async () => {
    {
      await using session = open();
      session.add(new User({ name: "amy", profile: new Profile({ bio: "old" }) }));
      await session.commit();
    }
    await using session = open();
    const user = (await session.get(User, 1)) as User;
    user.profile = new Profile({ bio: "new" });
    await session.commit();
    expect((await session.scalars(select(Profile))).map((p) => p.bio)).toEqual(["new"]);
  });
  it("a child that moved before its old parent is deleted survives", async () => {
    await using session = open();
    const [amy, bob] = [new User({ name: "amy", profile: new Profile({ bio: "x" }) }), new User({ name: "bob" })];
    session.add(amy, bob);
    await session.commit();
    const profile = (await amy.profile) as Profile;
    bob.profile = profile;
    await session.delete(amy);
    await session.commit();
    expect(profile.userId).toBe(bob.id);
    expect(inspect(profile).state).toBe("persistent");
  });
  it("keeps rows of a secondary table, once for both sides", async () => {
    await using session = open();
    const [red, blue] = [new Tag({ name: "red" }), new Tag({ name: "blue" })];
    const order = new Order({ tags: [red] });
    blue.orders.push(order);
    session.add(order);
    await session.commit();
    expect(taken(db)).toEqual(["INSERT orders", "INSERT tag", "INSERT order_tags"]);
    (await order.tags).remove(red);
    await session.commit();
    expect(taken(db)).toEqual(["DELETE order_tags"]);
    await session.delete(blue);
    await session.commit();
    expect(taken(db)).toEqual(["DELETE order_tags", "DELETE tag"]);
    expect(await order.tags).toEqual([]);
  });
  it("what an earlier flush deleted may leave a collection that still has it", async () => {
    await using session = open();
    for (const way of ["replace", "remove"] as const) {
      const [order, tag] = [new Order({}), new Tag({ name: way })];
      order.tags.push(tag);
      session.add(order);
      await session.commit();
      const tags = await order.tags;
      await session.delete(tag);
      await session.flush();
      if (way === "remove") tags.remove(tag);
      else order.tags.replace([]);
      await session.commit();
      expect([...(await order.tags)]).toEqual([]);
    }
  });
  it("a secondary row that is gone already is stale data", async () => {
    await using session = open();
    const order = new Order({ tags: [new Tag({ name: "red" })] });
    session.add(order);
    await session.commit();
    await (await session.connection()).execute((await import("@athanor/core")).deleteFrom(orderTags) as never);
    (await order.tags).pop();
    await expect(session.flush()).rejects.toThrow(StaleDataError);
    await session.rollback();
  });
  it("writes a tree parent first and deletes it children first", async () => {
    await using session = open();
    const root = new Leaf({ name: "root" });
    const child = new Leaf({ name: "child", parent: root });
    const grandchild = new Leaf({ name: "grandchild", parent: child });
    session.add(grandchild);
    await session.commit();
    expect([grandchild.parentId, child.parentId, root.parentId]).toEqual([child.id, root.id, null]);
    taken(db);
    await session.delete(root);
    expect(session.deleted.size).toBe(3);
    await session.commit();
    expect(taken(db)).toEqual(["DELETE leaf"]);
    expect(await session.scalar(select(func.count()).selectFrom(Leaf))).toBe(0);
  });
  it("refuses rows that need each other, and names postUpdate", async () => {
    await using session = open();
    const [a, b] = [new Leaf({ name: "a" }), new Leaf({ name: "b" })];
    a.parent = b;
    b.parent = a;
    session.add(a);
    const failure = await session.flush().catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(CircularDependencyError);
    expect(String(failure)).toMatch(/postUpdate/);
    await session.rollback();
  });
  it("postUpdate: INSERT both, UPDATE the favourite; UPDATE to NULL before the DELETEs", async () => {
    await using session = open();
    const [ball, other] = [new Ball(), new Ball()];
    const person = new Person({ balls: [ball, other], favourite: ball });
    session.add(person);
    await session.commit();
    expect(taken(db)).toEqual(["INSERT person", "INSERT ball", "UPDATE person"]);
    expect(person.favouriteId).toBe(ball.id);
    await session.delete(person);
    await session.commit();
    expect(taken(db)).toEqual(["UPDATE person", "DELETE ball", "DELETE person"]);
  });
  it("a new object with the key of a deleted one becomes one UPDATE of the one column", async () => {
    await using session = open();
    session.add(new Country({ code: "at", name: "Austria", note: "alps" }));
    await session.commit();
    const old = (await session.get(Country, "at")) as Country;
    taken(db);
    await session.delete(old);
    const fresh = new Country({ code: "at", name: "Österreich", note: "alps" });
    session.add(fresh);
    await session.commit();
    expect(taken(db)).toEqual(["UPDATE country"]);
    expect(await session.get(Country, "at")).toBe(fresh);
    expect(inspect(old).state).toBe("detached");
  });
  it("follows a changed primary key, and takes it back on rollback", async () => {
    await using session = open();
    const country = new Country({ code: "at", name: "Austria" });
    session.add(country);
    await session.commit();
    country.code = "oe";
    await session.flush();
    expect(await session.get(Country, "oe")).toBe(country);
    await session.rollback();
    expect(country.code).toBe("at");
    expect(await session.get(Country, "at")).toBe(country);
    expect(await session.get(Country, "oe")).toBeNull();
  });
  it("counts versions and finds out when somebody else was faster", async () => {
    await using session = open();
    const counter = new Counter({ n: 1 });
    session.add(counter);
    await session.commit();
    expect(counter.version).toBe(1);
    counter.n = 2;
    await session.commit();
    expect(counter.version).toBe(2);
    await session.refresh(counter);
    const { update } = await import("@athanor/core");
    await (await session.connection()).execute(update(Counter).set({ version: 9 }) as never);
    counter.n = 3;
    await expect(session.commit()).rejects.toThrow(/matched 0 of 1/);
    await session.rollback();
    expect([counter.n, counter.version]).toEqual([2, 2]);
  });
  it("after a failure asks for rollback(), after which everything works again", async () => {
    await using session = open();
    session.add(new User({ name: "amy", addresses: [new Address({ email: "same" })] }));
    await session.commit();
    const twin = new Address({ email: "same" });
    session.add(twin);
    await expect(session.flush()).rejects.toThrow(IntegrityError);
    await expect(session.scalars(select(User)).all()).rejects.toThrow(PendingRollbackError);
    await expect(session.commit()).rejects.toThrow(PendingRollbackError);
    await session.rollback();
    expect(inspect(twin).state).toBe("transient");
    expect(await session.scalars(select(User)).all()).toHaveLength(1);
  });
  it("in a savepoint loses only the savepoint", async () => {
    await using session = open();
    const amy = new User({ name: "amy", addresses: [new Address({ email: "same" })] });
    session.add(amy);
    const kept = new User({ name: "kept" });
    session.add(kept);
    const failure = await session
      .beginNested(async () => {
        session.add(new Address({ email: "same" }));
      })
      .catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(IntegrityError);
    await session.beginNested(async () => {
      session.add(new User({ name: "inner" }));
    });
    await expect(
      session.beginNested(async () => {
        session.add(new User({ name: "lost" }));
        amy.name = "changed";
        (await amy.addresses).push(new Address({ email: "lost" }));
        await session.flush();
        throw new Error("stop");
      }),
    ).rejects.toThrow("stop");
    expect(amy.name).toBe("amy");
    expect((await amy.addresses).map((a) => a.email)).toEqual(["same"]);
    await session.commit();
    expect((await session.scalars(select(User).orderBy(User.c.name))).map((u) => u.name)).toEqual([
      "amy",
      "inner",
      "kept",
    ]);
  });
  it("does not cascade backwards: a child assigned to a persistent parent stays out", async () => {
    await using session = open();
    const user = new User({ name: "amy" });
    session.add(user);
    await session.commit();
    const order = new Order({ user });
    expect(session.contains(order)).toBe(false);
    (await user.orders).push(new Order({ title: "in" }));
    expect(session.new.size).toBe(1);
    session.add(order);
    await session.commit();
    expect(await session.scalar(select(func.count()).selectFrom(Order))).toBe(2);
  });
  it("queues changes on collections that are not loaded and merges them", async () => {
    {
      await using session = open();
      session.add(new User({ name: "amy", orders: [new Order({ title: "1" }), new Order({ title: "2" })] }));
      await session.commit();
    }
    await using session = open();
    const user = (await session.get(User, 1)) as User;
    const first = (await session.get(Order, 1)) as Order;
    user.orders.push(new Order({ title: "3" }));
    user.orders.remove(first);
    expect(await first.user).toBeNull();
    expect(inspect(user).unloaded.has("orders")).toBe(true);
    const titles = await session.noAutoflush(async () => (await user.orders).map((o) => o.title));
    expect(titles).toEqual(["2", "3"]);
    user.orders.replace([first]);
    await session.commit();
    expect((await session.scalars(select(Order).where(Order.c.userId.isNotNull()))).map((o) => o.title)).toEqual(["1"]);
  });
  it("merges what comes from elsewhere, only attributes that were set", async () => {
    await using session = open();
    session.add(new User({ name: "amy", nick: "a", addresses: [new Address({ email: "x" })] }));
    await session.commit();
    const mine = (await session.get(User, 1)) as User;
    const merged = await session.merge(
      new User({ id: 1, name: "bob", addresses: [new Address({ id: 1, email: "y" }), new Address({ email: "z" })] }),
    );
    expect(merged).toBe(mine);
    expect([merged.name, merged.nick]).toEqual(["bob", "a"]);
    await session.commit();
    expect((await session.scalars(select(Address).orderBy(Address.c.id))).map((a) => a.email)).toEqual(["y", "z"]);
    const fresh = await session.merge(new User({ name: "new" }));
    expect(inspect(fresh).state).toBe("pending");
  });
  it("guards against objects of other sessions, transient deletes and late use", async () => {
    await using session = open();
    const other = open();
    const user = new User({ name: "amy" });
    session.add(user);
    expect(() => other.add(user)).toThrow(/belongs to another session/);
    await expect(session.delete(new User({ name: "x" }))).rejects.toThrow(/only persistent objects/);
    await expect(session.refresh(user)).rejects.toThrow(/no row yet/);
    expect(() => session.add({} as object)).toThrow(/a mapped object is needed/);
    session.expunge(user);
    expect(inspect(user).state).toBe("transient");
    await other.close();
    expect(() => other.scalars(select(User))).toThrow(/closed/);
    await expect(other.get(User, 1)).rejects.toThrow(/closed/);
    expect(() => new Session(db.engine, { autoflsh: true } as never)).toThrow(/Did you mean 'autoflush'/);
  });
  it("runs Promise.all over one session in turn, and autoflushes", async () => {
    await using session = open();
    session.add(new User({ name: "amy" }), new User({ name: "bob" }));
    const [users, n] = await Promise.all([
      session.scalars(select(User).orderBy(User.c.id)).all(),
      session.scalar(select(func.count()).selectFrom(User)),
    ]);
    expect(users.map((u) => u.name)).toEqual(["amy", "bob"]);
    expect(n).toBe(2);
    const all = await Promise.all(users.map((u) => u.orders));
    expect(all).toEqual([[], []]);
  });
  it("beforeFlush may add objects; a hook that never stops is stopped", async () => {
    await using session = open();
    let times = 0;
    const off = session.on("beforeFlush", async () => {
      if (times++ === 0)
        session.add(new User({ name: `hook ${await session.scalar(select(func.count()).selectFrom(User))}` }));
    });
    session.add(new User({ name: "amy" }));
    await session.commit();
    expect((await session.scalars(select(User).orderBy(User.c.name))).map((u) => u.name)).toEqual(["amy", "hook 0"]);
    off();
    session.on("afterFlush", () => session.add(new User({ name: "again" })));
    session.add(new User({ name: "x" }));
    await expect(session.commit()).rejects.toThrow(/Over 100 flushes/);
    await session.rollback();
  });
});
void dateTime;
