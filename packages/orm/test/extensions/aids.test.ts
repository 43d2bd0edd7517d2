/** Aids for development: reports that name the program's line, what objects show of themselves, factories, soft deletion. */
import { inspect as nodeInspect } from "node:util";
import { boolean, dateTime, integer, select, sql, string, text } from "@athanor/core";
import {
  declarativeBase,
  factory,
  manyToOne,
  oneToMany,
  type QueryReport,
  reportQueries,
  Session,
  selectinLoad,
  softDelete,
  toPlain,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { setUp } from "../query/blog.js";

const Base = declarativeBase();
class Author extends Base("Author", {
  id: integer().primaryKey(),
  name: string(40),
  bio: text().nullable().deferred(),
  deletedAt: dateTime().nullable(),
  get books() {
    return oneToMany(Book, { backPopulates: "author", cascade: "all, delete-orphan", orderBy: "id" });
  },
  get fans() {
    return oneToMany(Fan, { backPopulates: "author", cascade: "all", orderBy: "id" });
  },
}) {}
class Book extends Base("Book", {
  id: integer().primaryKey(),
  title: string(40),
  deletedAt: dateTime().nullable(),
  authorId: integer().references("author.id"),
  get author() {
    return manyToOne(Author, { backPopulates: "books", nullable: false });
  },
}) {}
class Fan extends Base("Fan", {
  id: integer().primaryKey(),
  authorId: integer().references("author.id"),
  get author() {
    return manyToOne(Author, { backPopulates: "fans", nullable: false });
  },
}) {}
class Flagged extends Base("Flagged", {
  id: integer().primaryKey(),
  gone: boolean().default(false),
}) {}
const authors = factory(Author, { name: (n) => `author ${n}`, bio: "long" });
const books = factory(Book, { title: (n) => `book ${n}`, author: authors });
const soft = softDelete([Author, Book], { column: "deletedAt" });
const flags = softDelete(Flagged, { column: "gone" });

describeEachDatabase("development aids", (target) => {
  const at = setUp(target, Base.metadata, async () => {});
  const filled = async (session: Session) => {
    for (let i = 0; i < 6; i++)
      await authors.with({ books: books.with({ author: undefined as never }).times(2) }).create(session);
    session.expungeAll();
  };

  it("a report names the line that read the attribute, or gave the statement", async () => {
    await using session = new Session(at.engine);
    await filled(session);
    await session.commit();
    const reports: QueryReport[] = [];
    const stop = reportQueries(session, {
      slowMs: Number.POSITIVE_INFINITY,
      repeated: 3,
      report: (r) => void reports.push(r),
    });
    async function loopOverAuthors(): Promise<void> {
      const ids = await session.scalars(select(Author.c.id)).all();
      for (const id of ids) {
        const author = await session.scalars(select(Author).where(Author.c.id.eq(id))).one();
        await author.books;
      }
    }
    await loopOverAuthors();
    stop();
    expect(reports.map((r) => r.kind)).toEqual(["repeated", "repeated"]);
    for (const report of reports) expect(report.where).toMatch(/loopOverAuthors.*aids\.test\.ts:\d+/);
    const [query, lazy] = reports.map((r) => Number(/:(\d+):\d+\)?$/.exec(r.where!)![1]));
    // The attribute stands on the line below.
    expect(lazy! - query!).toBe(1);
    reports.length = 0;
    await loopOverAuthors();
    expect(reports).toEqual([]);
    await session.rollback();
  });
  it("a slow statement names its line too", async () => {
    await using session = new Session(at.engine);
    const reports: QueryReport[] = [];
    const stop = reportQueries(at.engine, { slowMs: 0, report: (r) => void reports.push(r) });
    async function slowPage(): Promise<void> {
      await session.execute(sql`select 1`);
    }
    await slowPage();
    stop();
    expect(reports[0]!.where).toMatch(/slowPage/);
  });
  it("objects show what is loaded, load nothing, and end in cycles", async () => {
    await using session = new Session(at.engine);
    await filled(session);
    const [author] = await session
      .scalars(select(Author).orderBy(Author.c.id).options(selectinLoad(Author.c.books)))
      .all();
    at.ran.clear();
    const json = JSON.parse(JSON.stringify(author)) as Record<string, unknown>;
    expect(json).toEqual({ id: author!.id, name: author!.name, deletedAt: null });
    expect(JSON.parse(JSON.stringify({ list: [author, author] }))).toEqual({ list: [json, json] });
    const plain = toPlain(author!, { relationships: true });
    expect(plain).toMatchObject({ name: author!.name, books: [{ title: expect.any(String) }, {}] });
    expect(JSON.stringify(plain)).not.toMatch(/fans|bio/);
    const shown = nodeInspect(author, { depth: 5 });
    expect(shown).toMatch(/Author .*name: 'author/s);
    expect(shown).toMatch(/bio: \[not loaded\]/);
    expect(shown).toMatch(/fans: \[not loaded\]/);
    expect(nodeInspect(author!.books, { depth: 5 })).toMatch(/Book/);
    expect(String(author)).toMatch(/Author/);
    expect(at.ran.work).toEqual([]);
    await session.rollback();
  });
  it("factories: functions of the number, references, collections, what is given is not made", async () => {
    await using session = new Session(at.engine);
    const first = books.build();
    expect(first.title).toMatch(/^book \d+$/);
    expect((first.author as Author).name).toMatch(/^author \d+$/);
    const mine = authors.build({ name: "mine" });
    const before = Number(/\d+/.exec(authors.build().name)![0]);
    const book = await books.create(session, { author: mine });
    expect(book.author).toBe(mine);
    // The author that was given kept the factory from making one.
    expect(authors.build().name).toBe(`author ${before + 1}`);
    const prolific = authors.with({ name: "prolific", books: books.with({ author: undefined as never }).times(3) });
    const made = await prolific.create(session);
    expect((made.books as unknown as Book[]).map((b) => b.author)).toEqual([made, made, made]);
    expect(await session.query(Book).filter(Book.c.authorId.eq(made.id)).count()).toBe(3);
    expect(books.buildMany(2, (n) => ({ title: `t${n}` })).map((b) => b.title)).toEqual(["t1", "t2"]);
    const counted = factory(Fan, (n) => ({ id: n }));
    expect([counted.build().id, counted.with({ author: authors }).build().author instanceof Author]).toEqual([1, true]);
    expect(() => factory(Book, { titel: "x" } as never)).toThrow(/'title'/);
    await session.rollback();
  });
});

describeEachDatabase("soft deletion", (target) => {
  const at = setUp(target, Base.metadata, async () => {});
  const options = { executionOptions: { loaderCriteria: [soft.criteria] } };
  const stored = async (session: Session) =>
    (await session
      .execute(sql`select (select count(*) from author), (select count(*) from book), (select count(*) from fan)`)
      .one()) as readonly unknown[];

  it("a delete becomes an UPDATE, along the cascade to what is marked too", async () => {
    await using session = new Session(at.engine, options);
    const author = new Author({
      name: "a",
      books: [new Book({ title: "x" }), new Book({ title: "y" })],
      fans: [new Fan({})],
    });
    session.add(author);
    await session.flush();
    at.ran.clear();
    await session.delete(author);
    expect(soft.isDeleted(author)).toBe(true);
    await session.flush();
    expect(at.ran.work.every((s) => /^(UPDATE|SELECT)/.test(s))).toBe(true);
    expect(at.ran.work.filter((s) => /^UPDATE (author|book) SET deleted_at/.test(s)).length).toBeGreaterThanOrEqual(2);
    // The rows are all there: the fan, which cannot be marked, hangs on one of them.
    expect([...(await stored(session))].map(Number)).toEqual([1, 2, 1]);
    expect(await session.query(Author).count()).toBe(0);
    expect(await session.scalars(select(Book)).all()).toEqual([]);
    expect(session.contains(author)).toBe(true);
    soft.restore(author);
    await session.flush();
    expect(await session.query(Author).count()).toBe(1);
    expect(soft.isDeleted(author)).toBe(false);
    await session.rollback();
  });
  it("purge deletes for good; deleteFrom() always does", async () => {
    await using session = new Session(at.engine, options);
    const [a, b] = [new Author({ name: "a", books: [new Book({ title: "x" })] }), new Author({ name: "b" })];
    session.add(a, b);
    await session.flush();
    await soft.purge(session, b);
    await session.flush();
    expect([...(await stored(session))].map(Number)).toEqual([1, 1, 0]);
    expect(session.contains(b)).toBe(false);
    await session.query(Book).delete();
    expect([...(await stored(session))].map(Number)).toEqual([1, 0, 0]);
    await session.rollback();
  });
  it("a commit keeps the mark, a rollback takes it back", async () => {
    await using session = new Session(at.engine, options);
    const author = new Author({ name: "kept" });
    session.add(author);
    await session.commit();
    await session.delete(author);
    await session.flush();
    await session.rollback();
    await session.refresh(author);
    expect(soft.isDeleted(author)).toBe(false);
    await session.delete(author);
    await session.commit();
    await using other = new Session(at.engine, options);
    expect(await other.query(Author).filterBy({ name: "kept" }).count()).toBe(0);
    await using plain = new Session(at.engine);
    expect((await plain.query(Author).filterBy({ name: "kept" }).one()).deletedAt).toBeInstanceOf(Date);
  });
  it("a boolean as the mark; what cannot be a mark is refused", async () => {
    await using session = new Session(at.engine, { executionOptions: { loaderCriteria: [flags.criteria] } });
    const one = new Flagged({ id: 1 });
    session.add(one);
    await session.flush();
    await session.delete(one);
    await session.flush();
    expect(one.gone).toBe(true);
    expect(await session.query(Flagged).count()).toBe(0);
    expect(() => softDelete(Book, { column: "title" })).toThrow(/nullable/);
    expect(() => softDelete(Book, { column: "deletedAtt" as never })).toThrow(/'deletedAt'/);
    expect(() => soft.restore(one)).not.toThrow();
    expect(() => soft.restore(new Fan({}))).toThrow(/softDelete/);
    await session.rollback();
  });
});
