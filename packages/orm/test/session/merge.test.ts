/** `merge()` and what it changes: equal values are no change, whatever the session knew before. Oracle: SQLAlchemy. */
import { binary, dateTime, integer, json, select, string, table } from "@athanor/core";
import { declarativeBase, manyToMany, manyToOne, oneToMany, oneToOne, Session, selectinLoad } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { beforeEach, expect, it } from "vitest";
import { recording, taken } from "./support.js";

const Base = declarativeBase();
class Author extends Base("Author", {
  id: integer().primaryKey(),
  name: string(40),
  born: dateTime().nullable(),
  notes: json<{ tags: string[] }>().nullable(),
  photo: binary().nullable(),
  get books() {
    return oneToMany(Book, { backPopulates: "author", cascade: "all, delete-orphan", orderBy: "id" });
  },
  get desk() {
    return oneToOne(Desk, { backPopulates: "author", cascade: "all" });
  },
}) {}
class Book extends Base("Book", {
  id: integer().primaryKey(),
  title: string(40),
  authorId: integer().nullable().references("author.id"),
  get author() {
    return manyToOne(Author, { backPopulates: "books" });
  },
  get topics() {
    return manyToMany(Topic, { secondary: bookTopics, backPopulates: "books", orderBy: "id" });
  },
}) {}
class Desk extends Base("Desk", {
  id: integer().primaryKey(),
  authorId: integer().nullable().references("author.id"),
  get author() {
    return oneToOne(Author, { backPopulates: "desk" });
  },
}) {}
class Topic extends Base("Topic", {
  id: integer().primaryKey(),
  label: string(20),
  get books() {
    return manyToMany(Book, { secondary: bookTopics, backPopulates: "topics" });
  },
}) {}
const bookTopics = table(
  "book_topics",
  { bookId: integer().references("book.id"), topicId: integer().references("topic.id") },
  { primaryKey: ["bookId", "topicId"], metadata: Base.metadata },
);

describeEachDatabase("merge", (target) => {
  const db = recording(target, Base.metadata);
  const everything = select(Author).options(
    selectinLoad(Author.c.books).selectinLoad(Book.c.topics),
    selectinLoad(Author.c.desk),
  );
  let loose: Author;
  beforeEach(async () => {
    await using session = new Session(db.engine);
    const topic = new Topic({ label: "t" });
    session.add(
      new Author({
        name: "amy",
        born: new Date(Date.UTC(2000, 1, 2)),
        notes: { tags: ["a", "b"] },
        photo: new Uint8Array([1, 2, 3]),
        books: [new Book({ title: "one", topics: [topic] }), new Book({ title: "two", topics: [topic] })],
        desk: new Desk({}),
      }),
    );
    await session.commit();
    session.expungeAll();
    loose = (await session.scalars(everything).one()) as unknown as Author;
  });

  for (const [what, prepare] of [
    ["a session that has nothing of it", async () => {}],
    ["a session that has its columns", async (s) => void (await s.scalars(select(Author)).all())],
    ["a session that has all of it", async (s) => void (await s.scalars(everything).all())],
    [
      "a session that has all of it, stale after a commit",
      async (s) => {
        await s.scalars(everything).all();
        await s.commit();
      },
    ],
  ] as [string, (session: Session) => Promise<void>][])
    it(`of an unchanged graph into ${what} changes nothing`, async () => {
      await using session = new Session(db.engine);
      await prepare(session);
      taken(db);
      const merged = await session.merge(loose);
      expect(merged).not.toBe(loose);
      expect((await merged.books).map((b) => b.title)).toEqual(["one", "two"]);
      for (const one of session.identityMap)
        expect([String(one), session.isModified(one)]).toEqual([String(one), false]);
      await session.flush();
      expect(taken(db).filter((s) => !/^SELECT/.test(s))).toEqual([]);
      expect(session.dirty.size).toBe(0);
    });
  it("writes what differs, and that alone", async () => {
    await using session = new Session(db.engine);
    const mine = (await session.scalars(everything).one()) as unknown as Author;
    loose.notes = { tags: ["a", "c"] };
    (await loose.books)[1]!.title = "2";
    const merged = await session.merge(loose);
    expect(merged).toBe(mine);
    const [one, two] = await mine.books;
    expect([mine, one, two].map((x) => session.isModified(x as object))).toEqual([true, false, true]);
    taken(db);
    await session.flush();
    expect(taken(db).sort()).toEqual(["UPDATE author", "UPDATE book"]);
  });
  it("the other side of what is merged keeps its members: only the given object speaks", async () => {
    await using session = new Session(db.engine);
    const topic = new Topic({ label: "kept" });
    const author = new Author({ name: "amy", books: [1, 2].map((n) => new Book({ title: `b${n}`, topics: [topic] })) });
    session.add(author);
    await session.commit();
    const [one, two] = [...(await author.books)] as [Book, Book];
    // The parts of what is given know it on their other side, and nobody else of the rows there.
    await session.merge(new Book({ id: one.id, author: new Author({ id: author.id }) }));
    await session.merge(new Book({ id: one.id, topics: [new Topic({ id: topic.id })] }));
    await session.commit();
    session.expungeAll();
    const again = (await session.get(Author, author.id)) as Author;
    expect([...(await again.books)].map((b) => b.id)).toEqual([one.id, two.id]);
    const kept = (await session.get(Topic, topic.id)) as Topic;
    expect([...(await kept.books)].map((b) => b.id).sort()).toEqual([one.id, two.id]);
  });
  it("of an object whose row is gone meanwhile makes a new one", async () => {
    await using session = new Session(db.engine);
    const topic = await session.scalars(select(Topic)).one();
    await session.commit();
    {
      await using other = new Session(db.engine);
      await other.delete(await other.scalars(everything).one());
      await other.commit();
      await other.delete(await other.scalars(select(Topic)).one());
      await other.commit();
    }
    const again = await session.merge(new Topic({ id: topic.id, label: "again" }));
    expect(again).not.toBe(topic);
    await session.commit();
    expect((await session.scalars(select(Topic)).all()).map((t) => t.label)).toEqual(["again"]);
  });
  it("isModified: what is set back is no change; what has no row is one", async () => {
    await using session = new Session(db.engine);
    const amy = await session.scalars(everything).one();
    amy.name = "x";
    expect(session.isModified(amy)).toBe(true);
    amy.name = "amy";
    amy.born = new Date(Date.UTC(2000, 1, 2));
    const [first] = amy.books;
    amy.books.pop();
    expect(session.isModified(amy)).toBe(true);
    amy.books.replace([...amy.books, (await session.get(Book, 2)) as Book] as never);
    expect([session.isModified(amy), session.dirty.has(amy)]).toEqual([false, true]);
    (first as unknown as Book).author = null;
    expect([session.isModified(amy), session.isModified(first as object)]).toEqual([true, true]);
    (first as unknown as Book).author = amy as unknown as Author;
    expect([session.isModified(amy), session.isModified(first as object)]).toEqual([false, false]);
    const made = new Topic({ label: "x" });
    session.add(made);
    expect([session.isModified(made), session.isModified(new Topic())]).toEqual([true, false]);
    await session.rollback();
  });
});
