/** How a model's table looks: the order of its columns, constraints over typed columns. */
import { type AnyTable, check, type FromClause, index, integer, select, string, table, unique } from "@athanor/core";
import { declarativeBase, manyToOne, mapperOf, oneToMany, Session, tableConstraints } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { describe, expect, it } from "vitest";
import { recording, taken } from "../session/support.js";

const Base = declarativeBase();
const keyed = { id: integer().primaryKey().sortOrder(-1) };
const stamped = { madeBy: string(20).default("me").sortOrder(10), changedBy: string(20).nullable() };
class Author extends Base(
  "Author",
  {
    name: string(20),
    born: integer().nullable(),
    get books() {
      return oneToMany(Book, { backPopulates: "author" });
    },
  },
  { mixins: [keyed, stamped] },
) {
  static {
    tableConstraints(this, (c) => [index("ix_author_name", c.name), check(c.born.gt(0))]);
  }
}
class Book extends Base(
  "Book",
  {
    id: integer().primaryKey(),
    slug: string(20),
    authorId: integer().nullable().references("author.id"),
    get author() {
      return manyToOne(Author, { backPopulates: "books" });
    },
    get kind() {
      return string(10).subclasses(Novel);
    },
  },
  { polymorphicOn: "kind", identity: "book" },
) {
  static {
    tableConstraints(this, (c) => [unique("uq_book_slug", c.slug, c.authorId)]);
  }
}
class Novel extends Book.subclass("Novel", { pages: integer().nullable() }, { identity: "novel" }) {
  static {
    tableConstraints(this, (c) => [index("ix_novel_pages", c.pages)]);
  }
}

const mapperOrder = (from: FromClause & AnyTable) =>
  String(select(from))
    .match(/t\.\w/g)
    ?.map((c) => c.slice(2));

describe("the table of a model", () => {
  it("has the columns of mixins where sortOrder says", () => {
    expect(mapperOf(Author).table.columns.map((c) => c.key)).toEqual(["id", "name", "born", "changedBy", "madeBy"]);
    const t = table("t", { b: integer().sortOrder(1), a: integer(), c: integer().sortOrder(-5) });
    expect(mapperOrder(t as never)).toEqual(["c", "a", "b"]);
    expect(() => integer().sortOrder(Number.NaN)).toThrow(/sortOrder\(\): a number is needed, not NaN/);
  });
  it("has constraints over typed columns, of two models that lead to each other", () => {
    const names = (model: typeof Author | typeof Book) => {
      const { indexes, constraints } = mapperOf(model).table;
      return [...indexes.map((i) => i.name), ...constraints.map((c) => c.kind)].sort();
    };
    expect(names(Author)).toEqual(["check", "ix_author_name", "primaryKey"]);
    expect(names(Book)).toEqual(["foreignKey", "ix_novel_pages", "primaryKey", "unique"]);
  });
  it("refuses constraints that come too late, or for what has no table", () => {
    void mapperOf(Author).table;
    expect(() => tableConstraints(Author, (c) => [unique(c.name)])).toThrow(/Author.*built already.*static block/);
    expect(() => tableConstraints(Novel, (c) => [unique(c.pages)])).toThrow(/built already/);
    expect(() => tableConstraints({ c: 1 } as never, () => [])).toThrow(/a model class/);
    const Fresh = declarativeBase();
    const mapped = Fresh(
      "Mapped",
      { id: integer().primaryKey() },
      { table: table("ready", { id: integer().primaryKey() }) },
    );
    expect(() => tableConstraints(mapped, () => [])).toThrow(/give them to the table it is mapped to/);
  });
  it("shares a column that classes of one table define alike, and says in what they differ", () => {
    const differ = (make: () => readonly [object, object]) => {
      const Fresh = declarativeBase();
      const Top = Fresh(
        "Top",
        { id: integer().primaryKey(), kind: string(5) },
        { polymorphicOn: "kind" },
      ) as unknown as {
        subclass(name: string, props: object, options: object): unknown;
      };
      const [one, two] = make();
      Top.subclass("One", one, { identity: "1" });
      Top.subclass("Two", two, { identity: "2" });
      return () => mapperOf(Top).table.columns.map((c) => c.key);
    };
    const level = integer().default(1).index();
    expect(differ(() => [{ level }, { level }])()).toEqual(["id", "kind", "level"]);
    expect(differ(() => [{ x: integer() }, { x: integer().nullable() }])()).toEqual(["id", "kind", "x"]);
    expect(differ(() => [{ x: integer().default(1) }, { x: integer().default(2) }])).toThrow(
      /Two\.x: another class of the table has a column 'x' of another default/,
    );
    expect(differ(() => [{ x: integer().index() }, { x: integer() }])).toThrow(/of another index/);
    expect(differ(() => [{ x: integer() }, { x: integer().named("y") }])).toThrow(/of another name/);
    expect(differ(() => [{ x: integer().references("top.id") }, { x: integer() }])).toThrow(/of another foreign key/);
    expect(differ(() => [{ x: integer() }, { y: integer().named("x") }])).toThrow(/two columns named 'x'/);
  });
});
describeEachDatabase("a table whose columns stand elsewhere than they are written", (target) => {
  const db = recording(target, Base.metadata);
  it("is written and read by name", async () => {
    await using session = new Session(db.engine);
    const author = new Author({
      name: "amy",
      born: 1900,
      books: [new Book({ slug: "a" }), new Novel({ slug: "b", pages: 3 })],
    });
    session.add(author);
    await session.commit();
    expect(author.madeBy).toBe("me");
    author.changedBy = "you";
    author.born = 1901;
    taken(db);
    await session.commit();
    expect(taken(db)).toEqual(["UPDATE author"]);
    session.expungeAll();
    const again = await session.scalars(select(Author)).one();
    expect(JSON.parse(JSON.stringify(again))).toEqual({
      id: author.id,
      name: "amy",
      born: 1901,
      changedBy: "you",
      madeBy: "me",
    });
    await expect(session.execute(select(Author).where(Author.c.born.lt(0))).all()).resolves.toEqual([]);
    session.add(new Author({ name: "bad", born: -1 }));
    await expect(session.flush()).rejects.toThrow();
  });
  it("takes a ready table's columns in any order", async () => {
    const Own = declarativeBase();
    const people = table(
      "ready_people",
      { id: integer().primaryKey(), a: string(5), b: string(5) },
      { metadata: Own.metadata },
    );
    class Mapped extends Own("Mapped", { b: string(5), a: string(5), id: integer().primaryKey() }, { table: people }) {}
    await Own.metadata.createAll(db.engine);
    await using session = new Session(db.engine);
    session.add(new Mapped({ id: 1, a: "a", b: "b" }));
    await session.commit();
    session.expungeAll();
    const one = await session.scalars(select(Mapped)).one();
    expect([one.id, one.a, one.b]).toEqual([1, "a", "b"]);
    one.b = "B";
    await session.commit();
    await session.refresh(one);
    expect([one.a, one.b]).toEqual(["a", "B"]);
  });
});
