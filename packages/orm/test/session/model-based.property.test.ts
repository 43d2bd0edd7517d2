/**
 * The unit of work against a model: random programs of add, change, move, delete, flush, commit and rollback over
 * one-to-many, many-to-many and self-referential relationships; the tables must always hold what the model says.
 */
import { createEngine, type Engine, integer, select, string, table } from "@athanor/core";
import {
  declarativeBase,
  inspect,
  manyToMany,
  manyToOne,
  oneToMany,
  Session,
  type SessionTransaction,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";

const Base = declarativeBase();
class Author extends Base("Author", {
  id: integer().primaryKey(),
  label: string(20),
  get books() {
    return oneToMany(Book, { backPopulates: "author" });
  },
}) {}
const bookTags = table(
  "book_tags",
  { bookId: integer().references("book.id"), tagId: integer().references("tag.id") },
  { primaryKey: ["bookId", "tagId"], metadata: Base.metadata },
);
class Book extends Base("Book", {
  id: integer().primaryKey(),
  label: string(20),
  authorId: integer().nullable().references("author.id"),
  get author() {
    return manyToOne(Author, { backPopulates: "books" });
  },
  get tags() {
    return manyToMany(Tag, { secondary: bookTags, backPopulates: "books" });
  },
}) {}
class Tag extends Base("Tag", {
  id: integer().primaryKey(),
  label: string(20),
  get books() {
    return manyToMany(Book, { secondary: bookTags, backPopulates: "tags" });
  },
}) {}
class Leaf extends Base("Leaf", {
  id: integer().primaryKey(),
  label: string(20),
  parentId: integer().nullable().references("leaf.id"),
  get parent() {
    return manyToOne(Leaf, { backPopulates: "children", remoteSide: "id" });
  },
  get children() {
    return oneToMany(Leaf, { backPopulates: "parent" });
  },
}) {}

/** What the tables should hold, by label. */
interface Model {
  authors: Set<string>;
  books: Map<string, { author: string | null; tags: Set<string> }>;
  tags: Set<string>;
  leaves: Map<string, string | null>;
}
const empty = (): Model => ({ authors: new Set(), books: new Map(), tags: new Set(), leaves: new Map() });
const copy = (m: Model): Model => ({
  authors: new Set(m.authors),
  books: new Map([...m.books].map(([k, b]) => [k, { author: b.author, tags: new Set(b.tags) }])),
  tags: new Set(m.tags),
  leaves: new Map(m.leaves),
});

const pick = fc.nat(7);
const command = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("addAuthor" as const), a: pick, b: pick }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("addBook" as const), a: pick, b: pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("addTag" as const), a: pick, b: pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("addLeaf" as const), a: pick, b: pick }) },
  {
    weight: 18,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "setAuthor" as const,
        "clearAuthor" as const,
        "pushBook" as const,
        "removeBook" as const,
        "replaceBooks" as const,
        "tag" as const,
        "tagBack" as const,
        "untag" as const,
        "moveLeaf" as const,
        "uprootLeaf" as const,
        "rename" as const,
        "readBooks" as const,
        "readTags" as const,
        "readAuthor" as const,
      ),
      a: pick,
      b: pick,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("deleteAuthor" as const, "deleteBook" as const, "deleteTag" as const, "deleteLeaf" as const),
      a: pick,
      b: pick,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "savepoint" as const,
        "release" as const,
        "undo" as const,
        "flush" as const,
        "commit" as const,
        "rollback" as const,
        "reopen" as const,
        "query" as const,
      ),
      a: pick,
      b: pick,
    }),
  },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

class Run {
  readonly engine: Engine;
  session: Session;
  now = empty();
  saved = empty();
  readonly savepoints: { readonly model: Model; readonly handle: SessionTransaction }[] = [];
  readonly objects = {
    authors: new Map<string, Author>(),
    books: new Map<string, Book>(),
    tags: new Map<string, Tag>(),
    leaves: new Map<string, Leaf>(),
  };
  #n = 0;
  constructor(engine: Engine) {
    this.engine = engine;
    this.session = new Session(engine);
  }
  #at<T>(map: Map<string, T>, i: number): [string, T] | undefined {
    const all = [...map];
    return all.length === 0 ? undefined : all[i % all.length];
  }
  #ancestor(of: string, candidate: string): boolean {
    for (let at: string | null = of; at !== null; at = this.now.leaves.get(at) ?? null)
      if (at === candidate) return true;
    return false;
  }
  async step({ do: what, a, b }: Command): Promise<void> {
    const { objects: o, now, session } = this;
    const author = this.#at(o.authors, a);
    const book = this.#at(o.books, b);
    const tag = this.#at(o.tags, a);
    const leaf = this.#at(o.leaves, a);
    const other = this.#at(o.leaves, b);
    const label = `${what.slice(3, 4)}${++this.#n}`;
    const row = (l: string) => now.books.get(l) as { author: string | null; tags: Set<string> };
    switch (what) {
      case "addAuthor": {
        const made = new Author({ label });
        session.add(made);
        o.authors.set(label, made);
        now.authors.add(label);
        break;
      }
      case "addBook": {
        const owner = a % 2 === 0 ? author : undefined;
        const made = new Book({ label, ...(owner === undefined ? {} : { author: owner[1] }) });
        session.add(made);
        o.books.set(label, made);
        now.books.set(label, { author: owner?.[0] ?? null, tags: new Set() });
        break;
      }
      case "addTag": {
        const made = new Tag({ label });
        session.add(made);
        o.tags.set(label, made);
        now.tags.add(label);
        break;
      }
      case "addLeaf": {
        const made = new Leaf({ label });
        if (a % 3 !== 0 && other !== undefined) other[1].children.push(made);
        else session.add(made);
        o.leaves.set(label, made);
        now.leaves.set(label, a % 3 !== 0 && other !== undefined ? other[0] : null);
        break;
      }
      case "setAuthor":
        if (!author || !book) return;
        book[1].author = author[1];
        row(book[0]).author = author[0];
        break;
      case "clearAuthor":
        if (!book) return;
        book[1].author = null;
        row(book[0]).author = null;
        break;
      case "pushBook":
        if (!author || !book || row(book[0]).author === author[0]) return;
        author[1].books.push(book[1]);
        row(book[0]).author = author[0];
        break;
      case "removeBook":
        if (!author || !book || row(book[0]).author !== author[0]) return;
        author[1].books.remove(book[1]);
        row(book[0]).author = null;
        break;
      case "replaceBooks": {
        if (!author || !book) return;
        const wanted = new Map([...o.books].filter((_, i) => (i + a + b) % 3 === 0));
        author[1].books.replace(wanted.values());
        for (const [l, r] of now.books) {
          if (wanted.has(l)) r.author = author[0];
          else if (r.author === author[0]) r.author = null;
        }
        break;
      }
      case "tag":
        if (!tag || !book || row(book[0]).tags.has(tag[0])) return;
        book[1].tags.push(tag[1]);
        row(book[0]).tags.add(tag[0]);
        break;
      case "tagBack":
        if (!tag || !book || row(book[0]).tags.has(tag[0])) return;
        tag[1].books.push(book[1]);
        row(book[0]).tags.add(tag[0]);
        break;
      case "untag":
        if (!tag || !book || !row(book[0]).tags.has(tag[0])) return;
        (a + b) % 2 === 0 ? book[1].tags.remove(tag[1]) : tag[1].books.remove(book[1]);
        row(book[0]).tags.delete(tag[0]);
        break;
      case "moveLeaf":
        if (!leaf || !other || this.#ancestor(other[0], leaf[0])) return;
        leaf[1].parent = other[1];
        now.leaves.set(leaf[0], other[0]);
        break;
      case "uprootLeaf":
        if (!leaf) return;
        leaf[1].parent = null;
        now.leaves.set(leaf[0], null);
        break;
      case "rename": {
        if (!author) return;
        const { books } = now;
        author[1].label = label;
        o.authors.delete(author[0]);
        o.authors.set(label, author[1]);
        now.authors.delete(author[0]);
        now.authors.add(label);
        for (const r of books.values()) if (r.author === author[0]) r.author = label;
        break;
      }
      case "readBooks": {
        if (!author) return;
        // What a flush deleted stays in loaded collections until the commit, as in SQLAlchemy.
        const got = (await author[1].books)
          .filter((x) => inspect(x).state !== "deleted")
          .map((x) => x.label)
          .sort();
        expect(got).toEqual(
          [...now.books]
            .filter(([, r]) => r.author === author[0])
            .map(([l]) => l)
            .sort(),
        );
        break;
      }
      case "readTags": {
        if (!book) return;
        expect(
          (await book[1].tags)
            .filter((x) => inspect(x).state !== "deleted")
            .map((x) => x.label)
            .sort(),
        ).toEqual([...row(book[0]).tags].sort());
        break;
      }
      case "readAuthor": {
        if (!book) return;
        const got = await book[1].author;
        // An object deleted meanwhile may still be referred to in memory, as in SQLAlchemy.
        if (got !== null && ["deleted", "detached"].includes(inspect(got).state)) return;
        expect(got?.label ?? null).toBe(row(book[0]).author);
        break;
      }
      case "deleteAuthor":
        if (!author) return;
        await this.#remove(author[1]);
        o.authors.delete(author[0]);
        now.authors.delete(author[0]);
        for (const r of now.books.values()) if (r.author === author[0]) r.author = null;
        break;
      case "deleteBook":
        if (!book) return;
        await this.#remove(book[1]);
        o.books.delete(book[0]);
        now.books.delete(book[0]);
        break;
      case "deleteTag":
        if (!tag) return;
        await this.#remove(tag[1]);
        o.tags.delete(tag[0]);
        now.tags.delete(tag[0]);
        for (const r of now.books.values()) r.tags.delete(tag[0]);
        break;
      case "deleteLeaf":
        if (!leaf) return;
        await this.#remove(leaf[1]);
        o.leaves.delete(leaf[0]);
        now.leaves.delete(leaf[0]);
        for (const [l, p] of now.leaves) if (p === leaf[0]) now.leaves.set(l, null);
        break;
      case "savepoint":
        if (this.savepoints.length < 3) {
          const handle = await session.beginNested();
          this.savepoints.push({ model: copy(now), handle });
        }
        break;
      case "release":
        await this.savepoints.pop()?.handle.commit();
        break;
      case "undo": {
        const last = this.savepoints.pop();
        if (last === undefined) return;
        await last.handle.rollback();
        this.now = last.model;
        await this.#reload();
        break;
      }
      case "flush":
        await session.flush();
        break;
      case "commit":
        await session.commit();
        this.saved = copy(now);
        this.savepoints.length = 0;
        break;
      case "rollback":
        this.savepoints.length = 0;
        await session.rollback();
        this.now = copy(this.saved);
        await this.#reload();
        break;
      case "reopen":
        await session.commit();
        this.saved = copy(now);
        this.savepoints.length = 0;
        await session.close();
        this.session = new Session(this.engine);
        await this.#reload();
        break;
      case "query":
        break;
    }
    if (["undo", "release", "flush", "commit", "rollback", "reopen", "query"].includes(what)) await this.check();
  }
  /** Flushed first, so that only persistent objects are deleted and children are known. */
  async #remove(object: object): Promise<void> {
    await this.session.flush();
    await this.session.delete(object);
    await this.session.flush();
  }
  async #reload(): Promise<void> {
    const { session, objects: o } = this;
    o.authors = new Map((await session.scalars(select(Author).orderBy(Author.c.id))).map((x) => [x.label, x]));
    o.books = new Map((await session.scalars(select(Book).orderBy(Book.c.id))).map((x) => [x.label, x]));
    o.tags = new Map((await session.scalars(select(Tag).orderBy(Tag.c.id))).map((x) => [x.label, x]));
    o.leaves = new Map((await session.scalars(select(Leaf).orderBy(Leaf.c.id))).map((x) => [x.label, x]));
  }
  /** The tables, through the session's own connection and plain columns. */
  async check(): Promise<void> {
    const { session, now } = this;
    await session.flush();
    const connection = await session.connection();
    const tables = Base.metadata;
    const rows = async (name: string) =>
      (await connection.execute(select(tables.table(name) as never))).map(
        (r) => (r as unknown as Record<string, Record<string, unknown>>)[name] as Record<string, unknown>,
      );
    const authors = await rows("author");
    const books = await rows("book");
    const tags = await rows("tag");
    const leaves = await rows("leaf");
    const pairs = await rows("book_tags");
    const name = (list: Record<string, unknown>[], id: unknown) =>
      id === null ? null : list.find((x) => x["id"] === id)?.["label"];
    expect(authors.map((x) => x["label"]).sort()).toEqual([...now.authors].sort());
    expect(tags.map((x) => x["label"]).sort()).toEqual([...now.tags].sort());
    expect(books.map((x) => `${x["label"]} by ${name(authors, x["authorId"])}`).sort()).toEqual(
      [...now.books].map(([l, r]) => `${l} by ${r.author}`).sort(),
    );
    expect(leaves.map((x) => `${x["label"]} under ${name(leaves, x["parentId"])}`).sort()).toEqual(
      [...now.leaves].map(([l, p]) => `${l} under ${p}`).sort(),
    );
    expect(pairs.map((x) => `${name(books, x["bookId"])}+${name(tags, x["tagId"])}`).sort()).toEqual(
      [...now.books].flatMap(([l, r]) => [...r.tags].map((t) => `${l}+${t}`)).sort(),
    );
  }
}

describeEachDatabase("a random program leaves the tables its model says", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await Base.metadata.createAll(engine);
  });
  afterAll(() => engine.dispose());
  it("over one-to-many, many-to-many and self-referential relationships", { timeout: 3_600_000 }, async () => {
    const seed = Number(process.env["ATHANOR_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
    const numRuns = Number(process.env["ATHANOR_RUNS"] ?? (target.name === "sqlite" ? 150 : 25));
    console.log(`model-based unit of work on ${target.name}: ATHANOR_SEED=${seed}, ${numRuns} runs`);
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40, size: "max" }), async (commands) => {
        await Base.metadata.dropAll(engine);
        await Base.metadata.createAll(engine);
        const run = new Run(engine);
        try {
          for (const c of commands) await run.step(c);
          await run.step({ do: "commit", a: 0, b: 0 });
        } finally {
          await run.session.close();
        }
      }),
      { seed, numRuns, endOnFailure: false },
    );
  });
});
