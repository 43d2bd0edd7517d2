/** Transactions of a session: scopes, savepoints, sessions that join a transaction begun outside, sessionmaker. */
import { func, integer, select, string, update } from "@athanor/core";
import {
  declarativeBase,
  inspect,
  manyToOne,
  NotLoadedError,
  objectSession,
  oneToMany,
  Session,
  sessionmaker,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording, taken } from "./support.js";

const Base = declarativeBase();
class Item extends Base("Item", {
  id: integer().primaryKey(),
  name: string(40),
  body: string(40).nullable().deferred(),
  boxId: integer().nullable().references("box.id"),
  get box() {
    return manyToOne(Box, { backPopulates: "items" });
  },
}) {}
class Box extends Base("Box", {
  id: integer().primaryKey(),
  get items() {
    return oneToMany(Item, { backPopulates: "box" });
  },
}) {}
class Line extends Base(
  "Line",
  { orderId: integer(), no: integer(), text: string(20) },
  { primaryKey: ["orderId", "no"] },
) {}

describeEachDatabase("a transaction of a session", (target) => {
  const db = recording(target, Base.metadata);
  const count = async () => {
    await using session = new Session(db.engine);
    return session.scalar(select(func.count()).selectFrom(Item));
  };

  it("begin(block) commits, or rolls back when it throws; begin() twice is refused", async () => {
    await using session = new Session(db.engine);
    await session.begin(async () => {
      session.add(new Item({ name: "a" }));
    });
    await expect(
      session.begin(async () => {
        session.add(new Item({ name: "b" }));
        await session.flush();
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    await session.scalars(select(Item));
    await expect(session.begin()).rejects.toThrow(/has begun/);
    await session.rollback();
    expect(await count()).toBe(1);
  });
  it("await using rolls back what was not committed; sessionmaker gives both", async () => {
    const make = sessionmaker({ bind: db.engine, expireOnCommit: false });
    {
      await using session = make();
      session.add(new Item({ name: "lost" }));
      await session.flush();
    }
    expect(await count()).toBe(0);
    const item = new Item({ name: "kept" });
    await make.begin(async (session) => {
      session.add(item);
      expect(objectSession(item)).toBe(session);
    });
    expect(await count()).toBe(1);
    expect(inspect(item)).toMatchObject({ state: "detached", expired: false });
  });
  it("joins a transaction begun outside, and leaves nothing behind: the fixture of tests", async () => {
    const connection = await db.engine.connect();
    const outer = await connection.begin();
    await using session = new Session(connection, { joinTransactionMode: "createSavepoint" });
    session.addAll([new Item({ name: "a" }), new Item({ name: "b" })]);
    await session.commit();
    session.add(new Item({ name: "c" }));
    await session.rollback();
    expect(await session.scalar(select(func.count()).selectFrom(Item))).toBe(2);
    await session.commit();
    await session.close();
    await outer.rollback();
    await connection.close();
    expect(await count()).toBe(0);
  });
  it("nested handles know when they have ended", async () => {
    await using session = new Session(db.engine);
    const outer = await session.beginNested();
    session.add(new Item({ name: "outer" }));
    const inner = await session.beginNested();
    session.add(new Item({ name: "inner" }));
    await outer.rollback();
    expect([outer.isActive, inner.isActive, session.inTransaction]).toEqual([false, false, true]);
    await expect(inner.commit()).rejects.toThrow(/already ended/);
    expect(await session.scalar(select(func.count()).selectFrom(Item))).toBe(0);
    const last = await session.beginNested();
    session.add(new Item({ name: "kept" }));
    expect(session.inNestedTransaction).toBe(true);
    await session.commit();
    expect(last.isActive).toBe(false);
    expect(await count()).toBe(1);
  });
  it("composite keys, given by the program", async () => {
    await using session = new Session(db.engine);
    session.addAll([new Line({ orderId: 1, no: 1, text: "a" }), new Line({ orderId: 1, no: 2, text: "b" })]);
    await session.commit();
    const line = await session.get(Line, [1, 2]);
    expect(await session.get(Line, { orderId: 1, no: 2 })).toBe(line);
    if (line) line.text = "c";
    await session.delete((await session.get(Line, [1, 1])) as Line);
    await session.commit();
    expect((await session.scalars(select(Line)).all()).map((l) => l.text)).toEqual(["c"]);
    await expect(
      (async () => {
        session.add(new Line({ orderId: 1, text: "x" }));
        await session.flush();
      })(),
    ).rejects.toThrow(/'no' has no value/);
    await session.rollback();
  });
  it("expire() and refresh(): values stay readable, relationships load anew, what was never loaded says how", async () => {
    await using session = new Session(db.engine);
    const box = new Box({ items: [new Item({ name: "a", body: "long" })] });
    session.add(box);
    await session.commit();
    const [item] = (await box.items) as unknown as [Item];
    session.expire(item);
    expect(item.name).toBe("a");
    expect(inspect(item)).toMatchObject({ expired: true });
    await session.refresh(item, ["name"]);
    session.expire(box, ["items"]);
    taken(db);
    expect(await box.items).toEqual([item]);
    session.expire(item, ["name"]);
    expect(() => item.name).toThrow(NotLoadedError);
    expect(() => item.name).toThrow(/Item\.name of <Item 1> is not loaded.*undefer.*refresh/s);
    session.expungeAll();
    const again = (await session.get(Item, 1)) as Item;
    expect(await again.body).toBe("long");
    expect(again.body).toBe("long");
    session.expungeAll();
    await expect(async () => (await again.box)?.id).rejects.toThrow(/detached/);
  });
  it("a rollback gives objects back what an UPDATE by criteria, or by keys, had changed in them", async () => {
    await using session = new Session(db.engine);
    const [a, b] = [new Item({ name: "a" }), new Item({ name: "b" })];
    session.add(a, b);
    await session.commit();
    const names = () => [a.name, b.name];
    const renamed = (name: string) => update(Item).set({ name });
    await session.scalars(select(Item)).all();

    await session.execute(renamed("one").where(Item.c.name.eq("a")));
    const savepoint = await session.beginNested();
    await session.execute(renamed("two"));
    expect(names()).toEqual(["two", "two"]);
    await savepoint.rollback();
    expect(names()).toEqual(["one", "b"]);
    await session.scalars(select(Item)).all();
    await session.execute(update(Item), [{ id: b.id, name: "three" }]);
    await session.beginNested(() => session.execute(renamed("four").where(Item.c.id.eq(b.id))).rowCount());
    expect(names()).toEqual(["one", "four"]);
    await session.rollback();
    expect(names()).toEqual(["a", "b"]);
    await session.flush();
    expect(await session.scalars(select(Item.c.name).orderBy(Item.c.id)).all()).toEqual(["a", "b"]);
  });
});
