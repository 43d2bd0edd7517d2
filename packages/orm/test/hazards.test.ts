/** What JavaScript itself puts in the way of an ORM: class fields, thenables, hidden I/O, import order. */
import { createEngine, type Engine, integer, select, string, text } from "@athanor/core";
import {
  association,
  associationProxy,
  declarativeBase,
  manyToOne,
  NotLoadedError,
  oneToMany,
  Session,
  toPlain,
} from "@athanor/orm";
import ts from "typescript-5.9";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

const Base = declarativeBase();
class Author extends Base("Author", {
  id: integer().primaryKey(),
  name: string(20),
  bio: text().nullable().deferred(),
  get books() {
    return oneToMany(Book, { backPopulates: "author", cascade: "all" });
  },
  get drafts() {
    return oneToMany(Book, { lazy: "dynamic", viewOnly: true });
  },
}) {
  get titles() {
    return associationProxy(this, Author.c.books, "title", { create: (title: string) => new Book({ title }) });
  }
  static get titles() {
    return association(Author.c.books, "title");
  }
}
class Book extends Base("Book", {
  id: integer().primaryKey(),
  title: string(20),
  state: string(10).serverDefault("'new'"),
  authorId: integer().nullable().references("author.id"),
  get author() {
    return manyToOne(Author, { backPopulates: "books" });
  },
}) {}

let engine: Engine;
beforeAll(async () => {
  engine = createEngine("sqlite:///:memory:");
  await Base.metadata.createAll(engine);
  await using session = new Session(engine);
  session.add(new Author({ id: 1, name: "amy", bio: "long", books: [new Book({ id: 1, title: "a" })] }));
  await session.commit();
});
afterAll(() => engine.dispose());
const isThenable = (value: unknown) => typeof (value as { readonly then?: unknown } | null)?.then === "function";

it("copies and comparisons see the values of an object, and nothing of its session", async () => {
  await using one = new Session(engine);
  await using other = new Session(engine);
  const made = new Author({ name: "copied" });
  one.add(made);
  await one.commit();
  one.expunge(made);
  const author = (await one.get(Author, made.id)) as Author;
  await one.rollback();
  const twin = (await other.get(Author, made.id)) as Author;
  await other.rollback();
  expect(Object.keys(author).filter((key) => key.startsWith("$$"))).toEqual([]);
  expect(Object.getOwnPropertySymbols(author)).toEqual([]);
  // Of two sessions: equal by what they hold.
  expect(twin).not.toBe(author);
  expect(twin).toEqual(author);
  twin.name = "changed";
  expect(twin).not.toEqual(author);
  expect(author).toMatchObject({ name: "copied" });
  expect(JSON.parse(JSON.stringify(author))).toEqual({ id: author.id, name: "copied" });
  expect(structuredClone(toPlain(author))).toEqual({ id: author.id, name: "copied" });
});
it("T2: objects and loaded collections pass through await and async functions unchanged", async () => {
  await using session = new Session(engine);
  const author = (await session.get(Author, 1))!;
  expect(isThenable(author)).toBe(false);
  expect(await author).toBe(author);
  expect(await (async () => author)()).toBe(author);
  const books = await author.books;
  expect(isThenable(books)).toBe(false);
  expect(await (async () => books)()).toBe(books);
  expect(await Promise.all([author, books])).toEqual([author, books]);
  expect(author.books).toBe(books);
  // A statement is no promise either: returning one does not run it.
  expect(isThenable(select(Author))).toBe(false);
});

it("T4: nothing reads the database without an await; what would have to throws or is awaitable", async () => {
  await using session = new Session(engine);
  const sent: string[] = [];
  engine.on("statement", ({ sql }) => sent.push(sql));
  const author = (await session.get(Author, 1))!;
  sent.length = 0;
  // Reading each of these sends nothing; awaiting it does.
  const hidden: [what: string, read: () => unknown][] = [
    ["lazy collection", () => author.books],
    ["deferred column", () => author.bio],
    ["association proxy", () => author.titles],
  ];
  for (const [what, read] of hidden) {
    session.expunge(author);
    session.add(author);
    const value = read();
    expect([what, isThenable(value), sent.length]).toEqual([what, true, 0]);
  }
  // Not awaitable, and refused before anything is sent.
  expect(isThenable(author.drafts)).toBe(false);
  expect(() => (author.books as unknown as unknown[]).length).toThrow(NotLoadedError);
  // Expired values stay readable; the refresh is asked for.
  session.expire(author);
  expect(author.name).toBe("amy");
  expect(sent).toEqual([]);
  await session.refresh(author);
  expect(sent.length).toBeGreaterThan(0);
  sent.length = 0;
  // Setting a reference whose old value is not loaded, and adding to an unloaded collection: memory only.
  const book = (await session.get(Book, 1))!;
  sent.length = 0;
  book.author = null;
  author.books.push(new Book({ title: "b" }));
  author.titles.push("c");
  expect(sent).toEqual([]);
  // Autoflush in reads, cascades of delete, merge and the server's defaults are steps of methods that are awaited.
  const steps = [
    session.scalars(select(Book)).all(),
    session.merge(new Author({ id: 1, name: "amy" })),
    session.delete(author),
    session.flush(),
  ];
  for (const step of steps) expect(isThenable(step)).toBe(true);
  await Promise.all(steps);
  await session.rollback();
  expect(await session.scalars(select(Author.c.id).where(Author.titles.contains("a"))).all()).toEqual([1]);
});

/** One model in TypeScript with class fields, compiled and evaluated. */
function compiled(source: string, useDefineForClassFields: boolean): (...args: unknown[]) => unknown {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, useDefineForClassFields },
  });
  return new Function("Model", "integer", "string", `${outputText}\nreturn Thing;`) as never;
}
for (const define of [true, false]) {
  it(`T1: class fields, useDefineForClassFields: ${define}`, async () => {
    const Fresh = declarativeBase();
    const make = (source: string, base = Fresh) =>
      compiled(source, define)(base, integer, string) as unknown as new (
        values?: object,
      ) => {
        id: number;
        name: string;
        visits: number;
        bump(): number;
      };
    const Thing = make(`class Thing extends Model("Thing", { id: integer().primaryKey(), name: string(20) }) {
      declare name: string;
      visits = 7;
      #secret = 1;
      bump() { return ++this.#secret; }
    }`);
    const own = createEngine("sqlite:///:memory:");
    await Fresh.metadata.createAll(own);
    await using session = new Session(own);
    session.add(new Thing({ id: 1, name: "n" }));
    await session.commit();
    session.expungeAll();
    const [again] = (await session.scalars(select(Thing as never)).all()) as InstanceType<typeof Thing>[];
    expect([again!.name, again!.visits, again!.bump(), session.dirty.size]).toEqual(["n", 7, 2, 0]);
    // A field that takes a mapped name: refused, in either dress.
    const Other = declarativeBase();
    const Bad = make(
      `class Thing extends Model("Thing", { id: integer().primaryKey(), name: string(20) }) { name = "x"; }`,
      Other,
    );
    session.expungeAll();
    const use = async () => {
      session.add(new Bad({ id: 2 }));
      await session.flush();
      session.expungeAll();
      await session.scalars(select(Bad as never)).all();
    };
    await expect(use()).rejects.toThrow(
      define ? /class field 'name' that hides the mapped attribute/ : /constructor writes 'name' when a row is loaded/,
    );
    await session.rollback();
    await own.dispose();
  });
}

it("T10: modules that import each other configure in any order", async () => {
  const modules = {
    artist: () => import("./types/fixtures/cyclic/artist.js"),
    song: () => import("./types/fixtures/cyclic/song.js"),
    sleeve: () => import("./types/fixtures/cyclic/sleeve.js"),
  };
  type Name = keyof typeof modules;
  const orders: Name[][] = [
    ["artist", "song", "sleeve"],
    ["artist", "sleeve", "song"],
    ["song", "artist", "sleeve"],
    ["song", "sleeve", "artist"],
    ["sleeve", "artist", "song"],
    ["sleeve", "song", "artist"],
  ];
  for (const order of orders) {
    vi.resetModules();
    for (const name of order) await modules[name]();
    const [{ Artist }, { Song }, { Sleeve }, fresh] = await Promise.all([
      modules.artist(),
      modules.song(),
      modules.sleeve(),
      import("@athanor/orm"),
    ]);
    const ends = [Artist, Song, Sleeve].map((model) =>
      fresh.mapperOf(model).relationships.map((r) => `${r}>${r.target}:${r.backPopulates?.key}`),
    );
    expect(ends).toEqual([
      ["Artist.songs>Song:artists", "Artist.sleeves>Sleeve:artist"],
      ["Song.artists>Artist:songs", "Song.sleeve>Sleeve:songs"],
      ["Sleeve.artist>Artist:sleeves", "Sleeve.songs>Song:sleeve"],
    ]);
  }
});
