/**
 * The unit of work against a model, first graph: one-to-many, many-to-many and self-referential relationships without
 * cascades of deletion; objects are added, changed, moved, replaced, merged, expired and deleted.
 */
import { type Connection, type Engine, integer, select, string, table } from "@athanor/core";
import { declarativeBase, inspect, manyToMany, manyToOne, oneToMany } from "@athanor/orm";
import { expect } from "vitest";
import { type Command, describeModel, ModelRun } from "./model-run.js";

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

const STEPS = {
  addAuthor: 3,
  addBook: 4,
  addTag: 2,
  addLeaf: 3,
  setAuthor: 1,
  clearAuthor: 1,
  pushBook: 1,
  removeBook: 1,
  replaceBooks: 1,
  tag: 2,
  tagBack: 1,
  untag: 1,
  moveLeaf: 2,
  pushLeaf: 1,
  uprootLeaf: 1,
  rename: 1,
  readBooks: 1,
  readTags: 1,
  readAuthor: 1,
  expire: 2,
  expireAll: 1,
  mergeBook: 1,
  mergeTags: 1,
  deleteAuthor: 1,
  deleteBook: 1,
  deleteTag: 1,
  deleteLeaf: 1,
} as const;
type Step = keyof typeof STEPS;

class Run extends ModelRun<Model, Step> {
  readonly objects = {
    authors: new Map<string, Author>(),
    books: new Map<string, Book>(),
    tags: new Map<string, Tag>(),
    leaves: new Map<string, Leaf>(),
  };
  constructor(engine: Engine) {
    super(engine, empty());
  }
  override copy(model: Model): Model {
    return copy(model);
  }
  #ancestor(of: string, candidate: string): boolean {
    for (let at: string | null = of; at !== null; at = this.now.leaves.get(at) ?? null)
      if (at === candidate) return true;
    return false;
  }
  override async step({ do: what, a, b }: Command<Step>): Promise<void> {
    // Unwritten changes would be lost with what is expired, and overwritten by what is merged.
    if (/^(expire|merge)/.test(what)) await this.flush();
    const { objects: o, now, session } = this;
    const author = this.at(o.authors, a);
    const book = this.at(o.books, b);
    const tag = this.at(o.tags, a);
    const leaf = this.at(o.leaves, a);
    const other = this.at(o.leaves, b);
    const label = this.name(what.slice(3));
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
      case "pushLeaf":
        if (!leaf || !other || this.#ancestor(other[0], leaf[0]) || now.leaves.get(leaf[0]) === other[0]) return;
        other[1].children.push(leaf[1]);
        now.leaves.set(leaf[0], other[0]);
        break;
      case "expire":
        if (author && b % 2 === 0) session.expire(author[1], a % 2 === 0 ? ["books"] : undefined);
        if (book) session.expire(book[1], b % 3 === 0 ? ["author", "tags"] : undefined);
        if (leaf && b % 2 === 1) session.expire(leaf[1]);
        break;
      case "expireAll":
        session.expireAll();
        break;
      case "mergeBook": {
        if (!author || !book) return;
        const given = new Book({
          id: book[1].id,
          label: book[0],
          author: new Author({ id: author[1].id, label: author[0] }),
        });
        expect(await session.merge(given)).toBe(book[1]);
        row(book[0]).author = author[0];
        break;
      }
      case "mergeTags": {
        if (!book) return;
        const wanted = [...o.tags].filter((_, i) => (i + a) % 2 === 0);
        const tags = wanted.map(([l, t]) => new Tag({ id: t.id, label: l }));
        expect(await session.merge(new Book({ id: book[1].id, label: book[0], tags }))).toBe(book[1]);
        row(book[0]).tags = new Set(wanted.map(([l]) => l));
        break;
      }
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
    }
  }
  /** Flushed first, so that only persistent objects are deleted and children are known. */
  async #remove(object: object): Promise<void> {
    await this.session.flush();
    await this.session.delete(object);
    await this.session.flush();
  }
  override async reload(): Promise<void> {
    const { session, objects: o } = this;
    o.authors = new Map((await session.scalars(select(Author).orderBy(Author.c.id))).map((x) => [x.label, x]));
    o.books = new Map((await session.scalars(select(Book).orderBy(Book.c.id))).map((x) => [x.label, x]));
    o.tags = new Map((await session.scalars(select(Tag).orderBy(Tag.c.id))).map((x) => [x.label, x]));
    o.leaves = new Map((await session.scalars(select(Leaf).orderBy(Leaf.c.id))).map((x) => [x.label, x]));
  }
  override async compare(connection: Connection): Promise<void> {
    const { now } = this;
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

describeModel("one-to-many, many-to-many and self-referential relationships", {
  metadata: Base.metadata,
  steps: STEPS,
  runs: [150, 25],
  start: (engine) => new Run(engine),
  clean: [
    "delete from book_tags",
    "delete from book",
    "delete from author",
    "delete from tag",
    "update leaf set parent_id = null",
    "delete from leaf",
  ],
});
