/** The hard cases of SQLAlchemy's own suite for the unit of work, told anew (core-orm.md, "30 hardest and most telling"). */
import { func, integer, literal, select, string, table } from "@athanor/core";
import { declarativeBase, inspect, manyToMany, manyToOne, oneToMany, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording, taken } from "./support.js";

const Base = declarativeBase();
const links = table(
  "links",
  { leftId: integer().references("knot.id"), rightId: integer().references("knot.id") },
  { primaryKey: ["leftId", "rightId"], metadata: Base.metadata },
);
class Knot extends Base("Knot", {
  id: integer().primaryKey(),
  name: string(20).nullable(),
  parentId: integer().nullable().references("knot.id"),
  favouriteId: integer().nullable().references("knot.id"),
  get children() {
    return oneToMany(Knot, { backPopulates: "parent", foreignKeys: "parentId" });
  },
  get parent() {
    return manyToOne(Knot, { backPopulates: "children", foreignKeys: "parentId" });
  },
  get favourite() {
    return manyToOne(Knot, { foreignKeys: "favouriteId" });
  },
  get rights() {
    return manyToMany(Knot, { secondary: links, remoteSide: "rightId", backPopulates: "lefts" });
  },
  get lefts() {
    return manyToMany(Knot, { secondary: links, remoteSide: "leftId", backPopulates: "rights" });
  },
}) {}
class Sale extends Base(
  "Sale",
  { code: integer(), status: integer(), note: string(20).nullable() },
  { primaryKey: ["code", "status"] },
) {}
class Thing extends Base("Thing", {
  id: integer().primaryKey(),
  data: string(30).nullable(),
  stamp: string(30).serverDefault("'db'"),
}) {}
class Main extends Base("Main", {
  id: integer().primaryKey(),
  aId: integer().nullable().references("part.id", { useAlter: true, name: "fk_main_a" }),
  bId: integer().nullable().references("part.id", { useAlter: true, name: "fk_main_b" }),
  cId: integer().nullable().references("part.id", { useAlter: true, name: "fk_main_c" }),
  get a() {
    return manyToOne(Part, { foreignKeys: "aId", postUpdate: true });
  },
  get b() {
    return manyToOne(Part, { foreignKeys: "bId", postUpdate: true });
  },
  get c() {
    return manyToOne(Part, { foreignKeys: "cId", postUpdate: true });
  },
  get parts() {
    return oneToMany(Part, { foreignKeys: "mainId", backPopulates: "main" });
  },
}) {}
class Part extends Base("Part", {
  id: integer().primaryKey(),
  mainId: integer().nullable().references("main.id"),
  get main() {
    return manyToOne(Main, { foreignKeys: "mainId", backPopulates: "parts" });
  },
}) {}
class Crew extends Base("Crew", {
  id: integer().primaryKey(),
  get sailors() {
    return oneToMany(Sailor, { backPopulates: "crew", cascade: "all, delete-orphan" });
  },
}) {}
class Ship extends Base("Ship", {
  id: integer().primaryKey(),
  get sailors() {
    return oneToMany(Sailor, { backPopulates: "ship", cascade: "all, delete-orphan" });
  },
}) {}
class Sailor extends Base("Sailor", {
  id: integer().primaryKey(),
  crewId: integer().nullable().references("crew.id"),
  shipId: integer().nullable().references("ship.id"),
  get crew() {
    return manyToOne(Crew, { backPopulates: "sailors" });
  },
  get ship() {
    return manyToOne(Ship, { backPopulates: "sailors" });
  },
}) {}

class Log extends Base("Log", {
  id: integer().primaryKey(),
  get pages() {
    return oneToMany(Page, { lazy: "dynamic" });
  },
}) {}
class Page extends Base("Page", { id: integer().primaryKey(), logId: integer().nullable().references("log.id") }) {}

describeEachDatabase("hard cases", (target) => {
  const db = recording(target, Base.metadata);
  const open = () => new Session(db.engine);

  it("a self-referential many-to-many and many-to-one in one flush, written and deleted", async () => {
    await using session = open();
    const [one, two, three, four, five] = [1, 2, 3, 4, 5].map((n) => new Knot({ name: `n${n}` })) as [
      Knot,
      Knot,
      Knot,
      Knot,
      Knot,
    ];
    one.children.push(two);
    one.rights.push(two, three, four);
    two.rights.push(five);
    three.favourite = five;
    five.favourite = two;
    four.parent = two;
    session.addAll([one, two, three, four, five]);
    await session.commit();
    expect([two.parentId, four.parentId, three.favouriteId, five.favouriteId]).toEqual([
      one.id,
      two.id,
      five.id,
      two.id,
    ]);
    expect(await session.scalar(select(func.count()).selectFrom(links))).toBe(4);
    taken(db);
    for (const n of [one, two, three, four, five]) await session.delete(n);
    await session.commit();
    expect(taken(db)).toEqual(["DELETE links", "DELETE knot"]);
    expect(await session.scalar(select(func.count()).selectFrom(Knot))).toBe(0);
  });
  it("a row switch inside a self-cycle", async () => {
    await using session = open();
    const [parent, child] = [new Knot({ id: 1, name: "parent" }), new Knot({ id: 2, name: "child" })];
    parent.children.push(child);
    session.add(parent);
    await session.commit();
    const grandchild = new Knot({ id: 3, name: "g" });
    (await parent.children).remove(child);
    await session.delete(child);
    const again = new Knot({ id: 2, name: "again", children: [grandchild] });
    parent.children.push(again);
    session.add(parent);
    await session.commit();
    expect((await session.scalars(select(Knot).orderBy(Knot.c.id))).map((k) => [k.id, k.name, k.parentId])).toEqual([
      [1, "parent", null],
      [2, "again", 1],
      [3, "g", 2],
    ]);
  });
  it("null set after reading an unset reference still overwrites the replaced row's key", async () => {
    await using session = open();
    session.addAll([new Knot({ id: 1 }), new Knot({ id: 2, parentId: 1 })]);
    await session.commit();
    const old = (await session.get(Knot, 2)) as Knot;
    await session.delete(old);
    const fresh = new Knot({ id: 2 });
    expect(await fresh.parent).toBeNull();
    fresh.parent = null;
    session.add(fresh);
    await session.commit();
    expect(await session.scalar(select(Knot.c.parentId).where(Knot.c.id.eq(2)))).toBeNull();
  });
  it("mixed rows go in runs of one shape, in order", async () => {
    await using session = open();
    session.addAll([
      new Thing({ data: "t1" }),
      new Thing({ data: "t2" }),
      new Thing({ id: 33, data: "t3" }),
      new Thing({ id: 34, data: "t4" }),
      new Thing({ id: 35, data: func.lower(literal("T5", string())) as never }),
      new Thing({ id: 36, data: "t6", stamp: "mine" }),
      new Thing({ id: 37, data: "t7", stamp: "mine" }),
      new Thing({ id: 38 }),
    ]);
    await session.flush();
    const statements = db.writes.splice(0).length;
    expect(statements).toBeGreaterThanOrEqual(5);
    await session.commit();
    session.expungeAll();
    const rows = await session.scalars(select(Thing).orderBy(Thing.c.data)).all();
    expect(rows.map((t) => [t.data, t.stamp])).toEqual(
      expect.arrayContaining([
        ["t1", "db"],
        ["t5", "db"],
        ["t7", "mine"],
        [null, "db"],
      ]),
    );
    expect(rows).toHaveLength(8);
  });
  it("several postUpdate columns of a row are one UPDATE, set and cleared", async () => {
    await using session = open();
    const parts = [new Part(), new Part(), new Part()] as const;
    const main = new Main({ parts: [...parts], a: parts[0], b: parts[1], c: parts[2] });
    session.add(main);
    await session.flush();
    expect(db.writes.splice(0).filter((w) => w === "UPDATE main")).toHaveLength(1);
    expect([main.aId, main.bId, main.cId]).toEqual(parts.map((p) => p.id));
    main.a = main.b = main.c = null;
    await session.flush();
    expect(db.writes.splice(0)).toEqual(["UPDATE main"]);
    await session.commit();
  });
  it("composite keys change hands in one flush, and the identity map follows", async () => {
    await using session = open();
    const [published, editable] = [new Sale({ code: 1, status: 1 }), new Sale({ code: 1, status: 2 })];
    session.addAll([published, editable]);
    await session.commit();
    published.status = 3;
    editable.status = 1;
    await session.flush();
    expect(await session.get(Sale, [1, 1])).toBe(editable);
    expect(await session.get(Sale, [1, 3])).toBe(published);
    await session.rollback();
    expect([published.status, editable.status]).toEqual([1, 2]);
    expect(await session.get(Sale, [1, 1])).toBe(published);
    expect(await session.get(Sale, [1, 2])).toBe(editable);
  });
  it("a key renamed twice over deleted objects; rollback gives all three their keys back", async () => {
    await using session = open();
    const [one, two, three] = [1, 2, 3].map((n) => new Sale({ code: n, status: 0 })) as [Sale, Sale, Sale];
    session.addAll([one, two, three]);
    await session.commit();
    await session.delete(two);
    await session.flush();
    one.code = 2;
    await session.flush();
    await session.delete(three);
    await session.flush();
    one.code = 3;
    await session.flush();
    expect(await session.get(Sale, [3, 0])).toBe(one);
    await session.rollback();
    for (const [n, sale] of [one, two, three].entries()) {
      expect(await session.get(Sale, [n + 1, 0])).toBe(sale);
      expect(sale.code).toBe(n + 1);
      expect(inspect(sale).state).toBe("persistent");
    }
  });
  it("collections that are queries take members of new and of persistent owners", async () => {
    await using session = open();
    const [first, second] = [new Page(), new Page()];
    const log = new Log({ pages: [first] });
    session.add(log);
    expect(inspect(first).state).toBe("pending");
    await session.commit();
    log.pages.push(second);
    log.pages.remove(first);
    await session.commit();
    expect([first.logId, second.logId]).toEqual([null, log.id]);
    expect(await log.pages.all()).toEqual([second]);
  });
  it("with two delete-orphan parents, losing one makes an orphan", async () => {
    await using session = open();
    const sailor = new Sailor();
    const [crew, ship] = [new Crew({ sailors: [sailor] }), new Ship({ sailors: [sailor] })];
    session.addAll([crew, ship]);
    await session.commit();
    (await ship.sailors).remove(sailor);
    await session.commit();
    expect(inspect(sailor).state).toBe("detached");
    expect(await crew.sailors).toEqual([]);
  });
});
