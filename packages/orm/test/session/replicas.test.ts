/**
 * Read replicas: reads go there until the session writes. The replica here is a second database with rows of its own, so
 * that each answer tells where it came from.
 */
import {
  CreateSequence,
  createEngine,
  type Engine,
  func,
  insert,
  integer,
  Sequence,
  select,
  sql,
  string,
  update,
} from "@athanor/core";
import { declarativeBase, manyToOne, oneToMany, Session, selectinLoad, sessionmaker } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";

const Base = declarativeBase();
class Author extends Base("Author", {
  id: integer().primaryKey(),
  name: string(20),
  get books() {
    return oneToMany(Book, { backPopulates: "author" });
  },
}) {}
class Book extends Base("Book", {
  id: integer().primaryKey(),
  title: string(20),
  authorId: integer().references("author.id"),
  get author() {
    return manyToOne(Author, { backPopulates: "books" });
  },
}) {}

describeEachDatabase("read replicas", (target) => {
  let primary: Engine;
  let replica: Engine;
  beforeAll(async () => {
    primary = createEngine(await target.url());
    replica = createEngine(await target.url());
  });
  afterAll(async () => {
    await primary.dispose();
    await replica.dispose();
  });
  beforeEach(async () => {
    for (const [engine, name] of [
      [primary, "primary"],
      [replica, "replica"],
    ] as const) {
      await Base.metadata.dropAll(engine);
      await Base.metadata.createAll(engine);
      await engine.begin(async (connection) => {
        await connection.execute(insert(Author).values({ id: 1, name }));
        await connection.execute(insert(Book).values({ id: 1, title: `of ${name}`, authorId: 1 }));
      });
    }
  });
  const make = (executionOptions = {}) => new Session({ bind: primary, replicas: [replica], executionOptions });
  const names = select(Author.c.name);

  it("serves queries, get, loads of relationships, counts and iteration", async () => {
    await using session = make();
    const author = await session.get(Author, 1);
    expect(author?.name).toBe("replica");
    expect((await author?.books)?.[0]?.title).toBe("of replica");
    session.expungeAll();
    const [loaded] = await session.scalars(select(Author).options(selectinLoad(Author.c.books))).all();
    expect(loaded?.books[0]?.title).toBe("of replica");
    expect(await session.scalar(select(func.max(Book.c.title)))).toBe("of replica");
    for await (const [name] of session.execute(names.executionOptions({ yieldPer: 1 }))) expect(name).toBe("replica");
    expect((await session.query(Author).one()).name).toBe("replica");
    await session.refresh(loaded as Author);
    expect(loaded?.name).toBe("replica");
  });
  it("is left with the first flush, for the transaction and after its commit, until reset()", async () => {
    await using session = make();
    const author = (await session.get(Author, 1)) as Author;
    author.name = "changed";
    expect(await session.scalars(names).all()).toEqual(["changed"]);
    expect((await session.scalars(select(Book)).one()).title).toBe("of primary");
    await session.commit();
    expect(await session.scalars(names).all()).toEqual(["changed"]);
    await session.reset();
    expect(await session.scalars(names).all()).toEqual(["replica"]);
    await using other = make();
    expect(await other.scalars(names).all()).toEqual(["replica"]);
    await replica.begin(async (connection) => {
      expect(await connection.execute(names).scalars().all()).toEqual(["replica"]);
    });
  });
  it("is left with DML, text, a lock, and the connection itself", async () => {
    const uses: ((session: Session) => PromiseLike<unknown>)[] = [
      (s) => s.execute(update(Author).set({ name: "primary" }).where(Author.c.id.eq(1))),
      (s) => s.execute(sql`select 1 as one`).all(),
      (s) => s.connection(),
    ];
    if (target.capabilities.has("rowLocks")) {
      uses.push((s) => s.execute(names.withForUpdate()).all());
      uses.push((s) => s.get(Author, 1, { withForUpdate: true }));
    }
    if (target.capabilities.has("sequences")) {
      const numbers = new Sequence("numbers");
      await primary.begin((connection) => connection.execute(new CreateSequence(numbers)));
      uses.push((s) => s.scalar(select(numbers.nextValue())));
    }
    for (const use of uses) {
      await using session = make();
      expect(await session.scalars(names).all()).toEqual(["replica"]);
      await use(session);
      expect(await session.scalars(names).all(), String(use)).toEqual(["primary"]);
    }
  });
  it("is chosen or refused by the option of a statement or a session", async () => {
    await using session = make();
    expect(await session.scalars(names.executionOptions({ replica: false })).all()).toEqual(["primary"]);
    expect(await session.scalars(names).all()).toEqual(["replica"]);
    const text = sql`select name from author`.executionOptions({ replica: true });
    expect(await session.execute(text).all()).toEqual([["replica"]]);
    expect(await session.scalars(names).all()).toEqual(["replica"]);
    await session.execute(update(Author).set({ name: "written" }).where(Author.c.id.eq(1)));
    expect(await session.scalars(names.executionOptions({ replica: true })).all()).toEqual(["replica"]);
    await session.rollback();
    await using never = make({ replica: false });
    expect(await never.scalars(names).all()).toEqual(["primary"]);
    await using always = make({ replica: true });
    await always.execute(update(Author).set({ name: "written" }).where(Author.c.id.eq(1)));
    expect(await always.scalars(names).all()).toEqual(["replica"]);
    await always.commit();
    await never.rollback();
    expect(await never.scalars(names).all()).toEqual(["written"]);
  });
  it("stays the same for one session, and all of them are used", async () => {
    const second = createEngine(replica.url);
    try {
      const counts = [0, 0];
      for (const [i, engine] of [replica, second].entries())
        engine.on("statement", () => {
          counts[i] = (counts[i] as number) + 1;
        });
      const Sessions = sessionmaker({ bind: primary, replicas: [replica, second] });
      for (let i = 0; i < 40; i++) {
        await using session = Sessions();
        const before = [...counts];
        await session.scalars(names).all();
        await session.scalars(names).all();
        await session.commit();
        await session.scalars(names).all();
        expect([0, 1].filter((at) => counts[at] !== before[at])).toHaveLength(1);
      }
      expect(counts.every((n) => n > 0)).toBe(true);
    } finally {
      await second.dispose();
    }
  });
  it("may be given for each of several engines", async () => {
    const session = new Session({
      binds: [[Author, primary]],
      bind: replica,
      replicas: new Map([[primary, [replica]]]),
    });
    expect(
      await session
        .scalars(select(Author))
        .all()
        .then((all) => all[0]?.name),
    ).toBe("replica");
    await session.close();
  });
  it("refuses what cannot be", () => {
    expect(() => new Session({ replicas: [replica] })).toThrow(/needs an engine as its bind/);
    expect(() => new Session({ bind: primary, replicas: ["x"] as never })).toThrow(/each is an engine/);
    const other = createEngine(target.name === "sqlite" ? "postgresql://nowhere/x" : "sqlite://");
    expect(() => new Session({ bind: primary, replicas: [other] })).toThrow(
      /a replica of a \w+ engine cannot be one of/,
    );
    expect(() => new Session({ bind: primary, replicas: [replica], twoPhase: true })).toThrow(/cannot prepare/);
  });
});
