/** Helpers of models: ordered collections, tracked documents, value objects, hybrids. */
import {
  type Columns,
  func,
  insert,
  integer,
  json,
  type PropsOf,
  select,
  serialized,
  string,
  update,
} from "@athanor/core";
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
  trackType,
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
const Tracked = declarativeBase(undefined, { metadata: Base.metadata });
trackType(Tracked, json());
class Bag extends Tracked("Bag", {
  id: integer().primaryKey(),
  meta: json<Meta>(),
  tags: serialized<Set<string>>(),
  marks: serialized<Map<string, { n: number }>>(),
}) {}
trackType(Tracked, serialized());

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
class Span {
  readonly from: Point;
  readonly to: Point | null;
  constructor(from: Point, to: Point | null) {
    this.from = from;
    this.to = to;
  }
}
const span = composite({
  columns: [start, end],
  make: (from: Point, to: Point | null) => new Span(from, to),
  parts: (s) => [s.from, s.to],
  isNull: ([x1, y1]) => x1 === null || y1 === null,
});
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
  static readonly updateExpressions = {
    width: (w: number) => ({ x2: Line.c.x1.add(w) }),
    start: (at: Point | null) => start.changes(at),
  };
  /** Of rows in lists, which say all they need. */
  static readonly bulkValues = {
    length: (n: number, row: { readonly [key: string]: unknown }) => ({ x2: (row.x1 as number) + n }),
  };
  get half() {
    return this.width / 2;
  }
  static widthOf({ c }: { readonly c: Columns<string, PropsOf<typeof Line>> }) {
    return c.x2.sub(c.x1);
  }
}

class Sheet extends Base("Sheet", {
  id: integer().primaryKey(),
  x1: integer(),
  y1: integer().deferred(),
}) {}

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
    one.bullets.reverse();
    reorder(one, "bullets");
    await session.rollback();
    expect(one.bullets.map((b) => [b.text, b.position])).toEqual([
      ["b", 1],
      ["c", 2],
      ["n", 3],
      ["z", 4],
    ]);
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
  it("the numbers of a loaded one are right before any flush, whoever changes it", async () => {
    await using session = new Session(db.engine);
    const fresh = new Slide({ title: "n" });
    fresh.bullets.push(new Bullet({ text: "x" }), new Bullet({ text: "y" }));
    const numbers = (of: { readonly bullets: unknown }) => (of.bullets as Bullet[]).map((b) => [b.text, b.position]);
    expect(numbers(fresh)).toEqual([
      ["x", 1],
      ["y", 2],
    ]);
    const one = await slide(session);
    session.add(fresh);
    const [a, b] = [...one.bullets] as unknown as [Bullet, Bullet];
    one.bullets.remove(a);
    expect(numbers(one)).toEqual([
      ["b", 1],
      ["c", 2],
    ]);
    b.slide = fresh;
    expect([numbers(one), numbers(fresh)]).toEqual([
      [["c", 1]],
      [
        ["x", 1],
        ["y", 2],
        ["b", 3],
      ],
    ]);
    one.bullets.unshift(a);
    expect(numbers(one)).toEqual([
      ["a", 1],
      ["c", 2],
    ]);
    await session.rollback();
    expect(numbers(one)).toEqual([
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]);
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

  it("a document made of parts of one is noticed when these change, and none is shared with another object", async () => {
    await using session = new Session(db.engine);
    const made = async () => {
      const doc = new Doc({ meta: { tags: ["a"], deep: { list: [{ n: 1 }] } } });
      session.add(doc);
      await session.commit();
      await session.refresh(doc);
      return doc;
    };
    const doc = await made();
    const before = doc.meta as Meta;
    doc.meta = { ...before };
    doc.meta.deep!.list[0]!.n = 7;
    await session.commit();
    await session.refresh(doc);
    expect(doc.meta?.deep?.list).toEqual([{ n: 7 }]);
    doc.meta!.deep!.list = doc.meta!.deep!.list.filter((one) => one.n === 7);
    doc.meta!.deep!.list[0]!.n = 8;
    await session.commit();
    await session.refresh(doc);
    expect(doc.meta?.deep?.list).toEqual([{ n: 8 }]);
    const other = await made();
    const fresh = new Doc({ meta: { tags: doc.meta!.tags } });
    other.meta = doc.meta;
    session.add(fresh);
    fresh.meta!.tags.push("fresh");
    other.meta!.deep!.list.length = 0;
    expect(doc.meta).toEqual({ tags: ["a"], deep: { list: [{ n: 8 }] } });
    expect(session.isModified(doc)).toBe(false);
    await session.commit();
    for (const one of [fresh, other]) await session.refresh(one);
    expect([fresh.meta, other.meta]).toEqual([{ tags: ["a", "fresh"] }, { tags: ["a"], deep: { list: [] } }]);
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
  it("a value object with a part that is deferred waits for it, and none is written by half", async () => {
    await using session = new Session(db.engine);
    session.add(new Line({ x1: 1, y1: 2, x2: 3, y2: 4 }));
    await session.commit();
    session.expungeAll();
    const line = await session.scalars(select(Line)).one();
    session.expungeAll();
    expect(() => start.set(line, { x: 7 } as Point)).toThrow(/the part 'y1' for <Line 1> is undefined/);
    expect(line.x1).toBe(1);
    session.add(new Sheet({ x1: 1, y1: 2 }));
    await session.commit();
    session.expungeAll();
    const sheet = await session.scalars(select(Sheet)).one();
    expect(() => start.get(sheet)).toThrow(/part 'y1' of <Sheet 1> is not loaded yet: await object.y1/);
    expect(() => sheet.x1 + (sheet.y1 as never as number)).toThrow(/Sheet.y1 of <Sheet 1> is deferred and not loaded/);
    await sheet.y1;
    expect(start.get(sheet)).toEqual(new Point(1, 2));
  });
  it("a value object may have value objects for parts", async () => {
    await using session = new Session(db.engine);
    const line = new Line({});
    expect(span.get(line)).toBeNull();
    span.set(line, new Span(new Point(1, 2), null));
    session.addAll([line, new Line({ x1: 1, y1: 2, x2: 3, y2: 4 })]);
    await session.commit();
    session.expungeAll();
    const [open, closed] = await session.scalars(select(Line).orderBy(Line.c.id)).all();
    expect(span.get(open!)).toEqual(new Span(new Point(1, 2), null));
    expect(span.get(closed!)).toEqual(new Span(new Point(1, 2), new Point(3, 4)));
    expect(span.get(closed!)).toBe(span.get(closed!));
    const fits = select(Line.c.id).where(span.on(Line).eq(new Span(new Point(1, 2), new Point(3, 4))));
    expect(await session.scalars(fits).all()).toEqual([2]);
    const openEnd = select(Line.c.id).where(span.on(Line).eq(new Span(new Point(1, 2), null)));
    expect(await session.scalars(openEnd).all()).toEqual([1]);
    expect(span.keys).toEqual(["x1", "y1", "x2", "y2"]);
    expect(() => composite({ columns: [start], make: () => 1, parts: () => [] }).toParts(1)).toThrow(
      /parts\(\) gave 0/,
    );
  });
  it("an UPDATE by criteria sets hybrids and value objects through their columns", async () => {
    await using session = new Session(db.engine);
    const lines = [new Line({ x1: 1, x2: 2 }), new Line({ x1: 5, x2: 9 })];
    session.addAll(lines);
    await session.commit();
    await session.scalars(select(Line)).all();
    taken(db);
    await session.execute(update(Line).set({ width: 7 }).where(Line.width.gt(1)));
    expect(taken(db)).toEqual(["UPDATE line"]);
    expect(await session.scalars(select(Line.c.x2).orderBy(Line.c.id)).all()).toEqual([2, 12]);
    expect(lines[1]!.width).toBe(7);
    await session
      .query(Line)
      .filter(Line.c.id.eq(1))
      .update({ start: new Point(8, 9), x2: 13 });
    expect(lines[0]!.start).toEqual(new Point(8, 9));
    expect(await session.scalar(select(Line.c.x2).where(Line.c.id.eq(1)))).toBe(13);
    await session.execute(update(Line).set(end.changes(new Point(0, 1))));
    expect(lines.map((l) => end.get(l))).toEqual([new Point(0, 1), new Point(0, 1)]);
    expect(String(update(Line).orderedValues(["y1", 4], ["width", 2])).replace(/\s+/g, " ")).toBe(
      "UPDATE line SET y1 = ?, x2 = line.x1 + ?",
    );
    expect(String(update(Line).set({ width: 7, y1: 1 })).replace(/\s+/g, " ")).toBe(
      "UPDATE line SET x2 = line.x1 + ?, y1 = ?",
    );
    // @ts-expect-error the type of the hybrid's value
    update(Line).set({ width: "wide" });
    // @ts-expect-error no such attribute
    expect(() => update(Line).set({ widht: 1 })).toThrow(/no column 'widht'/);
    // @ts-expect-error a hybrid of which nothing says what an UPDATE sets
    expect(() => update(Line).set({ half: 1 })).toThrow(/Line.half is no column.*updateExpressions = \{ half/);
    expect(() => update(Line).set({ width: 7, x2: 1 })).toThrow(/'x2' has two values/);
    expect(() => update(Line).set({ width: undefined as never })).toThrow(/'width' is undefined/);
  });
  it("rows of a list are inserted and updated by hybrids", async () => {
    await using session = new Session(db.engine);
    await session.execute(insert(Line), [
      { x1: 1, length: 4 },
      { x1: 2, x2: 3 },
      { x1: 5, length: 1 },
    ]);
    const lines = await session.scalars(select(Line).orderBy(Line.c.id)).all();
    expect(lines.map((l) => [l.x1, l.x2])).toEqual([
      [1, 5],
      [2, 3],
      [5, 6],
    ]);
    taken(db);
    await session.execute(update(Line), [
      { id: lines[0]!.id, x1: 10, length: 1 },
      { id: lines[2]!.id, x1: 20, length: 2 },
    ]);
    expect(taken(db)).toEqual(["UPDATE line"]);
    expect(lines.map((l) => [l.x1, l.x2])).toEqual([
      [10, 11],
      [2, 3],
      [20, 22],
    ]);
    expect(await session.scalars(select(Line.c.x2).orderBy(Line.c.id)).all()).toEqual([11, 3, 22]);
    await session.execute(
      insert(Line).values([
        { x1: 7, length: 3 },
        { x1: 8, x2: 9 },
      ]),
    );
    expect(await session.scalars(select(Line.c.x2).where(Line.c.x1.gt(6), Line.c.x1.lt(9))).all()).toEqual([10, 9]);
    if (target.capabilities.has("insertReturning"))
      expect((await session.scalars(insert(Line).values({ x1: 7, length: 4 }).returning(Line)).one()).x2).toBe(11);
    // @ts-expect-error a number
    insert(Line).values({ x1: 7, length: "long" });
    // @ts-expect-error no such attribute
    expect(() => insert(Line).values({ x1: 7, lenght: 3 })).toThrow(/no column 'lenght'/);
    await expect(session.execute(insert(Line), [{ x1: 1, width: 3 }])).rejects.toThrow(
      /Line.width is no column.*bulkValues/,
    );
    await expect(session.execute(insert(Line), [{ x1: 1, x2: 1, length: 3 }])).rejects.toThrow(/'x2' has two values/);
  });
  it("sets and maps inside a tracked value are watched; a type is tracked in all models of a base", async () => {
    await using session = new Session(db.engine);
    const bag = new Bag({ tags: new Set(["a"]), marks: new Map([["a", { n: 1 }]]), meta: { tags: ["x"] } });
    session.add(bag);
    await session.commit();
    await session.refresh(bag);
    taken(db);
    expect(bag.tags.has("a") && [...bag.tags, bag.tags.size]).toEqual(["a", 1]);
    expect(bag.marks.get("a")).toBe(bag.marks.get("a"));
    bag.tags.add("a").delete("never");
    expect(session.dirty.size).toBe(0);
    bag.tags.add("b").add("c").delete("a");
    expect(session.isModified(bag)).toBe(true);
    await session.flush();
    expect(taken(db)).toEqual(["UPDATE bag"]);
    bag.tags.add("z");
    bag.tags.delete("z");
    await session.flush();
    expect(taken(db)).toEqual([]);
    bag.marks.get("a")!.n = 2;
    bag.marks.set("b", { n: 3 });
    bag.meta.tags!.push("y");
    await session.commit();
    session.expungeAll();
    const again = await session.scalars(select(Bag)).one();
    expect([...again.tags]).toEqual(["b", "c"]);
    expect([...again.marks]).toEqual([
      ["a", { n: 2 }],
      ["b", { n: 3 }],
    ]);
    expect([...again.marks.values()].map((m) => m.n)).toEqual([2, 3]);
    expect(again.meta).toEqual({ tags: ["x", "y"] });
    again.tags.clear();
    await session.rollback();
    await session.refresh(again);
    expect([...again.tags]).toEqual(["b", "c"]);
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
    // The getter makes its parameters anew each time; they are one expression all the same.
    const margin = () => Line.width.add(1);
    const counts = await session.execute(select(margin(), func.count()).groupBy(margin()).orderBy(margin())).all();
    expect(counts.map((r) => [...r])).toEqual([
      [2, 1],
      [5, 1],
      [10, 1],
    ]);
    expect(await session.scalars(select(margin()).distinct().orderBy(margin().desc())).all()).toEqual([10, 5, 2]);
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
