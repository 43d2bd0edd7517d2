/** Ways to run statements: prepared ones, streams, many at a time. */
import { func, IntegrityError, insert, integer, select, sql, string } from "@athanor/core";
import { joinedLoad, prepare, Session, selectinLoad } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { Base, names, Post, seedBlog, setUp, titles, Writer } from "./blog.js";

describeEachDatabase("running statements", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);
  const byId = prepare({ id: integer() }, (p) => select(Writer).where(Writer.c.id.eq(p.id)));
  const rowById = prepare({ id: integer(), name: string() }, (p) =>
    select(Writer.c.id, Writer.c.name)
      .where(Writer.c.id.eq(p.id).or(Writer.c.name.eq(p.name)))
      .orderBy(Writer.c.id),
  );

  it("prepares once, executes often: on a session and on a connection", async () => {
    await using session = new Session(at.engine);
    for (const [id, name] of [
      [1, "amy"],
      [2, "bob"],
      [1, "amy"],
    ] as const)
      expect((await byId.scalars(session, { id }).one()).name).toBe(name);
    expect((await byId.execute(session, { id: 3 }).one())[0].name).toBe("cid");
    await using connection = await at.engine.connect();
    expect((await rowById.execute(connection, { id: 1, name: "dan" })).map((r) => [...r])).toEqual([
      [1, "amy"],
      [4, "dan"],
    ]);
    expect(await rowById.scalars(connection, { id: 2, name: "-" }).all()).toEqual([2]);
    expect((await rowById.execute(session, { id: 2, name: "cid" })).map((r) => r.name)).toEqual(["bob", "cid"]);
  });
  it("checks the names of prepared values", async () => {
    await using session = new Session(at.engine);
    expect(() => byId.execute(session, {} as never)).toThrow(/'id'/);
    expect(() => byId.execute(session, { id: 1, di: 2 } as never)).toThrow(/'di'.*id/s);
    expect(() => byId.execute({}, { id: 1 })).toThrow(/session or a connection/);
  });
  it("prepared statements take loader options", async () => {
    const whole = prepare({ id: integer() }, (p) =>
      select(Writer).where(Writer.c.id.eq(p.id)).options(joinedLoad(Writer.c.posts), selectinLoad(Writer.c.team)),
    );
    for (const [id, expected] of [
      [1, [3, 2]],
      [2, [1, 1]],
    ] as const) {
      await using session = new Session(at.engine);
      const writer = await whole.scalars(session, { id }).one();
      expect([writer.posts.length, writer.team.length]).toEqual(expected);
    }
  });
  it("streams in chunks, each with what its options load", async () => {
    await using session = new Session(at.engine);
    const seen: [string, number][] = [];
    for await (const post of session.scalars(
      select(Post).options(selectinLoad(Post.c.comments)).orderBy(Post.c.id).executionOptions({ yieldPer: 2 }),
    )) {
      seen.push([post.title, post.comments.length]);
    }
    expect(seen).toEqual([
      ["a1", 2],
      ["a2", 1],
      ["b1", 1],
      ["c1", 0],
      ["a3", 0],
    ]);
    expect(at.ran.kinds.filter((k) => k === "SELECT comment")).toHaveLength(3);
  });
  it("streams rows of entities and columns by name", async () => {
    await using session = new Session(at.engine);
    const seen: unknown[] = [];
    for await (const row of session.execute(select(Writer, Post.c.title).join(Writer.c.posts).orderBy(Post.c.id)))
      seen.push([row.Writer.name, row.title]);
    expect(seen).toHaveLength(5);
    expect(seen[0]).toEqual(["amy", "a1"]);
  });
  it("reads joined collections whole although it streams", async () => {
    await using session = new Session(at.engine);
    const seen: unknown[] = [];
    for await (const writer of session.scalars(
      select(Writer).options(joinedLoad(Writer.c.posts)).orderBy(Writer.c.id).executionOptions({ yieldPer: 1 }),
    ))
      seen.push(titles(writer.posts));
    expect(seen).toEqual([["a1", "a2", "a3"], ["b1"], ["c1"], []]);
  });
  it("closing midway frees the connection for the next statement", async () => {
    await using session = new Session(at.engine);
    for await (const post of session.scalars(select(Post).orderBy(Post.c.id).executionOptions({ yieldPer: 1 }))) {
      expect(post.title).toBe("a1");
      break;
    }
    expect(names(await session.scalars(select(Writer).orderBy(Writer.c.id)))).toHaveLength(4);
    await session.commit();
  });
  it("queues what is asked at once", async () => {
    await using session = new Session(at.engine);
    const [writers, posts, amy, count] = await Promise.all([
      session.scalars(select(Writer)).all(),
      session.scalars(select(Post)).all(),
      session.get(Writer, 1),
      session.query(Writer).count(),
    ]);
    expect([writers.length, posts.length, count]).toEqual([4, 5, 4]);
    expect(writers).toContain(amy);
  });
  it("an error in a statement leaves the session usable after rollback", async () => {
    await using session = new Session(at.engine);
    const wrong = select(Writer).where(Writer.c.id.eq(1)).orderBy(Post.c.id);
    await session
      .scalars(wrong)
      .all()
      .catch(() => undefined);
    await session.rollback();
    expect((await session.get(Writer, 1))?.name).toBe("amy");
  });
  it("refuses plain strings and what is no statement", async () => {
    await using session = new Session(at.engine);
    expect(() => session.execute("select 1" as never)).toThrow(/sql`/);
    expect(() => session.execute(null as never)).toThrow(/null/);
  });
  it("the same statement compiles once", async () => {
    const cache = [] as number[];
    for (let i = 1; i <= 3; i++) {
      await using session = new Session(at.engine);
      await session
        .scalars(
          select(Writer)
            .where(Writer.c.id.in(Array.from({ length: i }, (_, n) => n + 1)))
            .options(selectinLoad(Writer.c.posts)),
        )
        .all();
      cache.push(new Set(at.ran.work).size);
    }
    expect(at.ran.work).toHaveLength(6);
  });
  it("a statement that failed and that nobody awaited fails the commit or the block", async () => {
    await using session = new Session(at.engine);
    const bad = () => insert(Writer).values({ id: 1, name: "twin", email: null });
    const count = () => session.scalar(select(func.count()).selectFrom(Writer));
    const before = await count();
    await session.rollback();
    let id = 50;
    const fine = () => session.execute(insert(Writer).values({ id: id++, name: "new", email: null })).rowCount();
    await fine();
    session.execute(bad());
    await expect(session.commit()).rejects.toThrow(IntegrityError);
    expect(await count()).toBe(before);
    await session.rollback();
    // So does one value of it, whose promise is no unhandled rejection either: this test would fail with one.
    await fine();
    void session.scalar(select(sql`nothing_of_this_name`));
    await expect(session.commit()).rejects.toThrow(/nothing_of_this_name/);
    expect(await count()).toBe(before);
    const caught = await session.scalar(select(sql`nothing_of_this_name`)).catch(() => "caught");
    expect(caught).toBe("caught");
    await session.rollback();
    expect(await Promise.all([count(), count().finally(() => undefined)])).toEqual([before, before]);
    await session.rollback();
    const begun = session.begin(async () => {
      await fine();
      session.execute(bad());
    });
    await expect(begun).rejects.toThrow(IntegrityError);
    const nested = session.beginNested(async () => {
      session.execute(bad());
    });
    await expect(nested).rejects.toThrow(IntegrityError);
    await session
      .beginNested(async () => {
        session.execute(bad());
        throw new Error("stop");
      })
      .catch(() => undefined);
    // What was asked for, by now at the latest, is the program's own business.
    await session
      .beginNested(async () => {
        const late = session.execute(bad());
        await session.scalar(select(Writer.c.id)).catch(() => undefined);
        await late.all().catch(() => undefined);
        throw new Error("stop");
      })
      .catch(() => undefined);
    await fine();
    await session.commit();
    expect(await count()).toBe(Number(before) + 1);
  });
});
