/** The rest of SQLAlchemy's Query: set operations, hooks, sessions, streams, hints, descriptions. */
import { exists, func, select, sql } from "@athanor/core";
import { joinedLoad, onQuery, Session, selectinLoad } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { Base, Comment, names, Post, Profile, seedBlog, setUp, Tag, titles, Writer } from "./blog.js";

describeEachDatabase("Query methods", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);
  const writers = (session: Session) => session.query(Writer);
  const ids = (list: readonly { readonly id: number }[]) => list.map((x) => x.id);

  it("union, intersect, except: the entity is read from the set, what follows is over it", async () => {
    await using session = new Session(at.engine);
    const low = writers(session).filter(Writer.c.id.lt(3));
    const odd = writers(session).filter(Writer.c.id.in([1, 3]));
    expect(ids(await low.union(odd).orderBy(Writer.c.id).all())).toEqual([1, 2, 3]);
    expect(await low.unionAll(odd).count()).toBe(4);
    expect(ids(await low.unionAll(odd).orderBy(Writer.c.id).all())).toEqual([1, 2, 3]);
    expect(ids(await low.intersect(odd).all())).toEqual([1]);
    expect(ids(await low.except(odd).all())).toEqual([2]);
    const both = low.union(odd).filter(Writer.c.name.ne("bob")).orderBy(Writer.c.id.desc());
    expect(names(await both.all())).toEqual(["cid", "amy"]);
    expect(await both.count()).toBe(2);
    expect(await both.exists()).toBe(true);
    expect(names(await both.limit(1).all())).toEqual(["cid"]);
    const third = low.union(odd).union(writers(session).filter(Writer.c.id.eq(4)));
    expect(ids(await third.orderBy(Writer.c.id).all())).toEqual([1, 2, 3, 4]);
    expect(() => low.union(session.query(Post) as never)).toThrow(/queries of Writer/);
  });
  it("joins and loader options over a union", async () => {
    await using session = new Session(at.engine);
    const set = writers(session)
      .filter(Writer.c.id.eq(1))
      .union(writers(session).filter(Writer.c.id.eq(2)));
    const found = await set.join(Writer.c.posts).filter(Post.c.score.gt(6)).orderBy(Post.c.id).all();
    expect(names(found)).toEqual(["bob", "amy"]);
    expect(names(await set.filterBy({ name: "bob" }).all())).toEqual(["bob"]);
    for (const how of [joinedLoad, selectinLoad]) {
      session.expungeAll();
      const loaded = await set
        .options((how as typeof joinedLoad)(Writer.c.posts))
        .orderBy(Writer.c.id)
        .all();
      expect(loaded.map((w) => titles(w.posts))).toEqual([["a1", "a2", "a3"], ["b1"]]);
    }
  });
  it("enableEagerloads(false) leaves relationships to lazy loads", async () => {
    await using session = new Session(at.engine);
    const [amy] = await writers(session)
      .options(joinedLoad(Writer.c.posts))
      .enableEagerloads(false)
      .orderBy(Writer.c.id)
      .all();
    expect(at.ran.last).not.toMatch(/JOIN/);
    expect(await (amy!.posts as unknown as Promise<Post[]>)).toHaveLength(3);
    session.expungeAll();
    at.ran.clear();
    await writers(session).options(selectinLoad(Writer.c.posts)).enableEagerloads(false).enableEagerloads(true).all();
    expect(at.ran.work).toHaveLength(2);
  });
  it("hooks see every query before it is sent, and may answer with another", async () => {
    await using session = new Session(at.engine);
    const seen: string[] = [];
    const stops = [
      onQuery("beforeCompile", ({ query }) => {
        const [what] = query.columnDescriptions;
        seen.push(what!.name);
        return what!.entity === Writer ? query.enableAssertions(false).filter(Writer.c.id.gt(1)) : undefined;
      }),
      onQuery("beforeCompileUpdate", ({ query, values }) => {
        seen.push(Object.keys(values).join());
        return query.filter(Writer.c.id.ne(3)) as never;
      }),
      onQuery("beforeCompileDelete", ({ query }) => query.filter(Comment.c.id.lt(3)) as never),
    ];
    try {
      expect(ids(await writers(session).orderBy(Writer.c.id).all())).toEqual([2, 3, 4]);
      expect((await writers(session).orderBy(Writer.c.id).first())!.id).toBe(2);
      expect(ids(await writers(session).orderBy(Writer.c.id).limit(2).all())).toEqual([2, 3]);
      expect(await writers(session).count()).toBe(3);
      expect(await writers(session).filter(Writer.c.id.eq(1)).exists()).toBe(false);
      expect(await session.query(Post).count()).toBe(5);
      expect(await writers(session).update({ email: "e" })).toBe(3);
      expect(await session.query(Comment).delete()).toBe(2);
      expect(seen).toEqual(["Writer", "Writer", "Writer", "Writer", "Writer", "Post", "email"]);
    } finally {
      for (const stop of stops) stop();
    }
    expect(await writers(session).count()).toBe(4);
    expect(() => onQuery("beforeCompil" as never, () => undefined)).toThrow(/beforeCompile/);
    await session.rollback();
  });
  it("fromStatement, params, autoflush", async () => {
    await using session = new Session(at.engine);
    expect(names(await writers(session).fromStatement(sql`select * from writer order by id desc`).all())).toEqual([
      "dan",
      "cid",
      "bob",
      "amy",
    ]);
    const named = writers(session)
      .filter(sql.text("writer.id > :least") as never)
      .orderBy(Writer.c.id);
    expect(ids(await named.params({ least: 2 }).all())).toEqual([3, 4]);
    expect(ids(await named.params({ least: 3 }).all())).toEqual([4]);
    session.add(new Tag({ id: 70, name: "new" }));
    expect(await session.query(Tag).autoflush(false).all()).toHaveLength(3);
    expect(await session.query(Tag).all()).toHaveLength(4);
    await session.rollback();
  });
  it("yieldPer streams, withSession changes sides, withTransformation wraps", async () => {
    await using session = new Session(at.engine);
    await using other = new Session(at.engine);
    const seen: number[] = [];
    for await (const w of writers(session).options(selectinLoad(Writer.c.posts)).orderBy(Writer.c.id).yieldPer(3))
      seen.push(w.posts.length);
    expect(seen).toEqual([3, 1, 1, 0]);
    expect(at.ran.kinds.filter((k) => k === "SELECT post")).toHaveLength(2);
    const [there] = await writers(session).withSession(other).orderBy(Writer.c.id).all();
    expect([session.contains(there!), other.contains(there!)]).toEqual([false, true]);
    const first = writers(session)
      .orderBy(Writer.c.id)
      .withTransformation((q) => q.limit(1));
    expect(names(await first.all())).toEqual(["amy"]);
    expect(() => writers(session).yieldPer(0)).toThrow(/whole number/);
  });
  it("selectFrom, correlate, asExists, cte, subquery, scalar subqueries", async () => {
    await using session = new Session(at.engine);
    expect(
      names(await writers(session).selectFrom(Profile).join(Profile.c.writer).filter(Profile.c.motto.eq("down")).all()),
    ).toEqual(["bob"]);
    const busy = session.query(Comment).filter(Comment.c.postId.eq(Post.c.id)).correlate(Post);
    expect(titles(await session.query(Post).filter(busy.asExists()).orderBy(Post.c.id).all())).toEqual([
      "a1",
      "a2",
      "b1",
    ]);
    const few = writers(session).filter(Writer.c.id.lt(3)).cte("few");
    expect((await session.execute(select(func.count()).selectFrom(few))).map((r) => r[0])).toEqual([2]);
    const top = session
      .query(Post)
      .filter(Post.c.authorId.eq(Writer.c.id))
      .withEntities(func.max(Post.c.score))
      .correlate(Writer)
      .scalar();
    const rows = await session.execute(select(Writer.c.name, top.as("best")).orderBy(Writer.c.id));
    expect(rows.map((r) => [...r])).toEqual([
      ["amy", 9],
      ["bob", 7],
      ["cid", 1],
      ["dan", null],
    ]);
    expect(await session.scalar(select(exists(select(Tag).where(Tag.c.name.eq("red")))))).toBeTruthy();
  });
  it("addColumns and addEntity widen the row", async () => {
    await using session = new Session(at.engine);
    const rows = await session.execute(
      writers(session).join(Writer.c.posts).filter(Post.c.score.gt(6)).orderBy(Post.c.id).addColumns(Post.c.title),
    );
    expect(rows.map((r) => [r[0].name, r.title])).toEqual([
      ["bob", "b1"],
      ["amy", "a3"],
    ]);
    const pairs = await session.execute(writers(session).join(Writer.c.posts).filter(Post.c.id.eq(3)).addEntity(Post));
    expect(pairs.map((r) => [r.Writer.name, r.Post.title])).toEqual([["bob", "b1"]]);
  });
  it("tells what it is", async () => {
    await using session = new Session(at.engine);
    const q = writers(session).filter(Writer.c.id.eq(1), Writer.c.name.eq("amy"));
    expect(q.columnDescriptions).toEqual([{ name: "Writer", entity: Writer, aliased: false }]);
    expect(q.isSingleEntity).toBe(true);
    expect(String(select(Tag.c.id).where(q.whereClause!))).toMatch(/writer\.id = .* AND writer\.name = /);
    expect(writers(session).whereClause).toBeUndefined();
    expect(q.executionOptions({ a: 1 }).executionOptionsSet).toEqual({ a: 1 });
    expect(String(q.prefixWith(sql`/* a */`).suffixWith(sql`/* b */`))).toMatch(/^SELECT \/\* a \*\/ .*\/\* b \*\/$/s);
    expect(String(q.statement)).toBe(String(q));
  });
});
