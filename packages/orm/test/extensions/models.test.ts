/** Helpers of models: ordered collections, tracked documents, value objects, hybrids. */
import { type Columns, integer, json, type PropsOf, select, string } from "@athanor/core";
import {
  aliased,
  composite,
  declarativeBase,
  inspect,
  manyToOne,
  oneToMany,
  orderingList,
  reorder,
  Session,
  selectinLoad,
  trackJson,
  unwrap,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording, taken } from "../session/support.js";

const Base = declarativeBase();
class Slide extends Base("Slide", {
  id: integer().primaryKey(),
  title: string(40),
  get bullets() {
    return oneToMany(Bullet, { backPopulates: "slide", cascade: "all, delete-orphan", orderBy: "position" });
  },
}) {
  static {
    orderingList(this, "bullets", "position", { start: 1 });
  }
}
class Bullet extends Base("Bullet", {
  id: integer().primaryKey(),
  text: string(40),
  position: integer().nullable(),
  slideId: integer().nullable().references("slide.id"),
  get slide() {
    return manyToOne(Slide, { backPopulates: "bullets" });
  },
}) {}

interface Meta {
  tags: string[];
  deep?: { list: { n: number }[] };
  gone?: boolean;
}
class Doc extends Base("Doc", {
  id: integer().primaryKey(),
  meta: json<Meta>().nullable(),
  other: integer().nullable(),
}) {
  static {
    trackJson(this, "meta");
  }
}

class Point {
  readonly x: number;
  readonly y: number;
  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
}
const point = <const K extends string>(...columns: K[]) =>
  composite({ columns, make: (x: number, y: number) => new Point(x, y), parts: (p) => [p.x, p.y] });
const start = point("x1", "y1");
const end = point("x2", "y2");
class Line extends Base("Line", {
  id: integer().primaryKey(),
  x1: integer().nullable(),
  y1: integer().nullable(),
  x2: integer().nullable(),
  y2: integer().nullable(),
}) {
  get start() {
    return start.get(this);
  }
  set start(p: Point | null) {
    start.set(this, p);
  }
  get end() {
    return end.get(this);
  }
  set end(p: Point | null) {
    end.set(this, p);
  }
  /** A hybrid: the same sum on the object, on the class and on an alias. */
  get width() {
    return (this.x2 ?? 0) - (this.x1 ?? 0);
  }
  set width(w: number) {
    this.x2 = (this.x1 ?? 0) + w;
  }
  static get width() {
    return Line.widthOf(Line);
  }
  static widthOf({ c }: { readonly c: Columns<string, PropsOf<typeof Line>> }) {
    return c.x2.sub(c.x1);
  }
}

describeEachDatabase("helpers of models", (target) => {
  const db = recording(target, Base.metadata);
  const slide = async (session: Session) => {
    const made = new Slide({ title: "s" });
    made.bullets.push(...["a", "b", "c"].map((text) => new Bullet({ text })));
    session.add(made);
    await session.commit();
    session.expungeAll();
    taken(db);
    return session.scalars(select(Slide).options(selectinLoad(Slide.c.bullets))).one();
  };
  const rows = async (session: Session) =>
    (await session.execute(select(Bullet.c.text, Bullet.c.position).orderBy(Bullet.c.position, Bullet.c.id)).all()).map(
      (r) => [...r],
    );

  it("an ordered collection is numbered on push, splice, remove and replace", async () => {
    await using session = new Session(db.engine);
    const one = await slide(session);
    expect(await rows(session)).toEqual([
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]);
    one.bullets.splice(1, 0, new Bullet({ text: "n" }));
    await session.flush();
    expect(await rows(session)).toEqual([
      ["a", 1],
      ["n", 2],
      ["b", 3],
      ["c", 4],
    ]);
    one.bullets.remove(one.bullets[0] as Bullet);
    one.bullets.push(new Bullet({ text: "z" }));
    await session.commit();
    expect(await rows(session)).toEqual([
      ["n", 1],
      ["b", 2],
      ["c", 3],
      ["z", 4],
    ]);
    one.bullets.replace([...one.bullets].toReversed());
    await session.commit();
    expect(await rows(session)).toEqual([
      ["z", 1],
      ["c", 2],
      ["b", 3],
      ["n", 4],
    ]);
    one.bullets.sort((x, y) => x.text.localeCompare(y.text));
    reorder(one, "bullets");
    await session.commit();
    expect((await rows(session)).map(([text]) => text)).toEqual(["b", "c", "n", "z"]);
    taken(db);
    await session.commit();
    expect(taken(db)).toEqual([]);
  });
  it("what is pushed to one that is not loaded comes last", async () => {
    await using session = new Session(db.engine);
    await slide(session);
    session.expungeAll();
    const one = await session.scalars(select(Slide)).one();
    one.bullets.push(new Bullet({ text: "last" }));
    await session.commit();
    expect((await rows(session)).at(-1)).toEqual(["last", 4]);
  });
  it("names that do not exist are told at the first flush", async () => {
    const Other = declarativeBase();
    class Shelf extends Other("Shelf", { id: integer().primaryKey() }) {
      static {
        orderingList(this, "id", "position");
      }
    }
    await using session = new Session(db.engine);
    session.add(new Shelf());
    await expect(session.flush()).rejects.toThrow(/'id' is no collection/);
    await session.rollback();
  });

  it("a document changed in place, however deep, is written and rolled back", async () => {
    await using session = new Session(db.engine);
    const doc = new Doc({ meta: { tags: [], deep: { list: [{ n: 1 }] } } });
    session.add(doc);
    doc.meta?.tags.push("before");
    await session.commit();
    await session.refresh(doc);
    taken(db);
    expect(session.dirty.size).toBe(0);
    expect(doc.meta?.tags).toBe(doc.meta?.tags);
    doc.meta?.deep?.list.push({ n: 2 });
    (doc.meta?.deep?.list[0] as { n: number }).n = 9;
    expect([...session.dirty]).toEqual([doc]);
    expect(inspect(doc).history("meta").deleted).toEqual([{ tags: ["before"], deep: { list: [{ n: 1 }] } }]);
    await session.commit();
    expect(taken(db)).toEqual(["UPDATE doc"]);
    await session.refresh(doc);
    expect(doc.meta).toEqual({ tags: ["before"], deep: { list: [{ n: 9 }, { n: 2 }] } });
    delete (doc.meta as Meta).deep;
    await session.rollback();
    expect(doc.meta?.deep?.list.length).toBe(2);
    await session.refresh(doc);
    doc.meta?.tags.push("x");
    doc.meta?.tags.pop();
    taken(db);
    await session.commit();
    expect(taken(db)).toEqual([]);
  });
  it("a document that was replaced or belongs to another object changes nothing here", async () => {
    await using session = new Session(db.engine);
    const doc = new Doc({ meta: { tags: ["old"] } });
    session.add(doc);
    await session.commit();
    await session.refresh(doc);
    const old = doc.meta as Meta;
    doc.meta = { tags: ["new"] };
    await session.commit();
    await session.refresh(doc);
    old.tags.push("lost");
    expect(session.dirty.size).toBe(0);
    const copy = new Doc({ meta: structuredClone(unwrap(doc.meta)) });
    copy.meta?.tags.push("copy");
    expect(doc.meta).toEqual({ tags: ["new"] });
    expect(JSON.stringify(doc)).toContain('"meta":{"tags":["new"]}');
    doc.other = 1;
    expect(session.dirty.size).toBe(1);
  });

  it("a value object reads, writes and is compared as one", async () => {
    await using session = new Session(db.engine);
    const line = new Line({ x1: 1, y1: 2 });
    line.end = new Point(5, 6);
    session.addAll([line, new Line({ x1: 1, y1: 3, x2: 0, y2: 0 }), new Line({})]);
    await session.commit();
    await session.refresh(line);
    expect(line.start).toEqual(new Point(1, 2));
    expect(line.start).toBe(line.start);
    taken(db);
    line.end = new Point(5, 6);
    await session.flush();
    expect(taken(db)).toEqual([]);
    line.start = new Point(0, 2);
    await session.flush();
    expect(inspect(line).history("x1").unchanged).toEqual([0]);
    const ids = (criterion: ReturnType<ReturnType<typeof start.on>["eq"]>) =>
      session.scalars(select(Line.c.id).where(criterion).orderBy(Line.c.id)).all();
    expect(await ids(start.on(Line).eq(new Point(0, 2)))).toEqual([1]);
    expect(await ids(start.on(Line).ne(new Point(0, 2)))).toEqual([2, 3]);
    expect(await ids(start.on(Line).eq(null))).toEqual([3]);
    expect(await ids(start.on(Line).in([new Point(0, 2), new Point(1, 3)]))).toEqual([1, 2]);
    const other = aliased(Line, "other");
    const found = await session.scalars(select(other).where(end.on(other).eq(new Point(5, 6)))).all();
    expect(found).toEqual([line]);
    const empty = (await session.get(Line, 3)) as Line;
    expect(empty.start).toBeNull();
    empty.start = null;
    expect(inspect(empty).modified).toBe(false);
  });
  it("a hybrid is a getter beside a static getter, good for aliases too", async () => {
    await using session = new Session(db.engine);
    const lines = [4, 1, 9].map((w) => {
      const line = new Line({ x1: 1 });
      line.width = w;
      return line;
    });
    session.addAll(lines);
    await session.commit();
    const wide = await session.scalars(select(Line).where(Line.width.gt(2)).orderBy(Line.width.desc())).all();
    expect(wide.map((l) => l.width)).toEqual([9, 4]);
    const other = aliased(Line, "other");
    const pairs = await session
      .execute(
        select(Line.width, Line.widthOf(other))
          .join(other, Line.width.lt(Line.widthOf(other)))
          .orderBy(Line.width, Line.widthOf(other)),
      )
      .all();
    expect(pairs.map((r) => [...r])).toEqual([
      [1, 4],
      [1, 9],
      [4, 9],
    ]);
    expect(() => start.get({})).toThrow(/a mapped object is needed/);
  });
});
