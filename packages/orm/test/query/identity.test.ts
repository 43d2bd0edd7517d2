/** One row, one object: what a query overwrites, what it leaves, and reading anew. */
import { select, sql } from "@athanor/core";
import { inspect, joinedLoad, loadOnly, ObjectDeletedError, Session, selectinLoad } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { Base, Post, seedBlog, setUp, titles, Writer } from "./blog.js";

describeEachDatabase("objects that are there already", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);
  /** A change the session's objects do not know of. */
  const behind = (session: Session, name: string, id: number) =>
    session.execute(sql`update writer set name = ${name} where id = ${id}`);

  it("a later query gives the same object and overwrites nothing", async () => {
    await using session = new Session(at.engine, { autoflush: false });
    const amy = (await session.get(Writer, 1))!;
    const bob = (await session.get(Writer, 2))!;
    amy.name = "mine";
    await behind(session, "theirs", 2);
    const all = await session.scalars(select(Writer).orderBy(Writer.c.id)).all();
    expect(all[0]).toBe(amy);
    expect([amy.name, bob.name]).toEqual(["mine", "bob"]);
    // A column by itself is what the database says.
    expect(await session.scalar(select(Writer.c.name).where(Writer.c.id.eq(2)))).toBe("theirs");
  });
  it("stale objects take the next row, but not over a change", async () => {
    await using session = new Session(at.engine, { autoflush: false });
    const [amy, bob] = [(await session.get(Writer, 1))!, (await session.get(Writer, 2))!];
    await amy.posts;
    await behind(session, "anew", 1);
    await behind(session, "bnew", 2);
    session.expire(amy);
    session.expire(bob);
    bob.name = "mine";
    expect(amy.name).toBe("amy");
    at.ran.clear();
    await session.scalars(select(Writer)).all();
    expect([amy.name, bob.name, bob.bossId]).toEqual(["anew", "mine", 1]);
    expect(inspect(amy).expired).toBe(false);
    expect(at.ran.work).toHaveLength(1);
    at.ran.clear();
    await amy.posts;
    expect(at.ran.kinds).toEqual(["SELECT post"]);
  });
  it("everything is stale after a commit, readable, and renewed by what is read next", async () => {
    const session = new Session(at.engine);
    const amy = (await session.get(Writer, 1))!;
    await amy.posts;
    await session.commit();
    expect(amy.name).toBe("amy");
    await behind(session, "other", 1);
    expect(await session.get(Writer, 1)).toBe(amy);
    expect(amy.name).toBe("other");
    await session.rollback();
    await session.get(Writer, 1);
    expect(amy.name).toBe("amy");
    await session.close();
  });
  it("a row of some columns leaves the rest stale, and readable", async () => {
    await using session = new Session(at.engine);
    const amy = (await session.get(Writer, 1))!;
    await session.execute(sql`update writer set name = ${"n"}, email = ${"e"} where id = ${1}`);
    session.expire(amy);
    await session.scalars(select(Writer).options(loadOnly(Writer.c.name))).all();
    expect([amy.name, amy.email, inspect(amy).expired]).toEqual(["n", "amy@x", true]);
    await session.scalars(select(Writer)).all();
    expect([amy.email, inspect(amy).expired]).toEqual(["e", false]);
  });
  it("a deferred column of a stale object is read again", async () => {
    await using session = new Session(at.engine);
    const post = (await session.get(Post, 1))!;
    expect(await post.body).toBe("body 1");
    await session.execute(sql`update post set body = ${"new"} where id = ${1}`);
    session.expire(post);
    expect(await session.get(Post, 1)).toBe(post);
    expect(await post.body).toBe("new");
  });
  it("populateExisting overwrites, changes and collections too", async () => {
    await using session = new Session(at.engine, { autoflush: false });
    const amy = (await session.get(Writer, 1))!;
    amy.name = "mine";
    (await amy.posts).pop();
    await behind(session, "theirs", 1);
    await session.scalars(select(Writer).executionOptions({ populateExisting: true })).all();
    expect(amy.name).toBe("theirs");
    expect(session.isModified(amy)).toBe(false);
    expect(titles(await amy.posts)).toEqual(["a1", "a2", "a3"]);
  });
  it("populateExisting with joinedLoad replaces the collection", async () => {
    await using session = new Session(at.engine);
    const amy = (await session.get(Writer, 1))!;
    const before = await amy.posts;
    await session.execute(sql`update post set author_id = ${2} where id = ${1}`);
    await session
      .scalars(select(Writer).options(joinedLoad(Writer.c.posts)).executionOptions({ populateExisting: true }))
      .all();
    expect(titles(await amy.posts)).toEqual(["a2", "a3"]);
    expect(before).not.toBe(await amy.posts);
    await session.execute(sql`update post set author_id = ${1} where id = ${1}`);
    await session
      .scalars(select(Writer).options(selectinLoad(Writer.c.posts)).executionOptions({ populateExisting: true }))
      .all();
    expect(titles(await amy.posts)).toEqual(["a1", "a2", "a3"]);
  });
  it("refresh reads all columns, or some, or a relationship", async () => {
    await using session = new Session(at.engine);
    const amy = (await session.get(Writer, 1))!;
    await amy.posts;
    await session.execute(sql`update writer set name = ${"n"}, email = ${"e"} where id = ${1}`);
    await session.refresh(amy, ["name"]);
    expect([amy.name, amy.email]).toEqual(["n", "amy@x"]);
    await session.refresh(amy);
    expect([amy.name, amy.email]).toEqual(["n", "e"]);
    await session.execute(sql`delete from comment where post_id = ${2}`);
    await session.execute(sql`delete from post_tag where post_id = ${2}`);
    await session.execute(sql`delete from post where id = ${2}`);
    await session.refresh(amy, ["posts"]);
    at.ran.clear();
    expect(titles(await amy.posts)).toEqual(["a1", "a3"]);
    expect(at.ran.work).toEqual([]);
  });
  it("refresh discards the change of what it reads", async () => {
    await using session = new Session(at.engine, { autoflush: false });
    const amy = (await session.get(Writer, 1))!;
    amy.name = "x";
    amy.email = "y";
    await session.refresh(amy, ["name"]);
    expect([amy.name, amy.email]).toEqual(["amy", "y"]);
    at.ran.clear();
    await session.flush();
    expect(at.ran.last).toMatch(/UPDATE writer SET email = \S+ WHERE/);
    expect(await session.scalar(select(Writer.c.name).where(Writer.c.id.eq(1)))).toBe("amy");
    amy.name = "z";
    await session.refresh(amy);
    expect(amy.name).toBe("amy");
    expect(session.isModified(amy)).toBe(false);
  });
  it("refresh of a row that is gone says so; get gives null", async () => {
    await using session = new Session(at.engine);
    const dan = (await session.get(Writer, 4))!;
    await session.execute(sql`delete from writer where id = ${4}`);
    await expect(session.refresh(dan)).rejects.toThrow(ObjectDeletedError);
    session.expire(dan);
    expect(await session.get(Writer, 4)).toBeNull();
  });
  it("expire of named attributes loads them with the next query", async () => {
    await using session = new Session(at.engine);
    const amy = (await session.get(Writer, 1))!;
    await amy.posts;
    await behind(session, "q", 1);
    session.expire(amy, ["name", "posts"]);
    await session.scalars(select(Writer)).all();
    expect(amy.name).toBe("q");
    at.ran.clear();
    await amy.posts;
    expect(at.ran.work).toHaveLength(1);
  });
  it("get answers from the identity map without SQL, by any spelling of the key", async () => {
    await using session = new Session(at.engine);
    const amy = await session.get(Writer, 1);
    at.ran.clear();
    expect(await session.get(Writer, 1)).toBe(amy);
    expect(await session.get(Writer, 1n as never)).toBe(amy);
    expect(await session.get(Writer, "1" as never)).toBe(amy);
    expect(await session.get(Writer, { id: 1 } as never)).toBe(amy);
    expect(at.ran.work).toEqual([]);
    expect(await session.get(Writer, 77)).toBeNull();
    expect(at.ran.work).toHaveLength(1);
    await expect(session.get(Writer, [1, 2] as never)).rejects.toThrow(/id/);
    await expect(session.get(Writer, undefined as never)).rejects.toThrow(/undefined/);
  });
  it("get with options goes to the database and fills what is missing", async () => {
    await using session = new Session(at.engine);
    const amy = (await session.get(Writer, 1))!;
    at.ran.clear();
    const loaded = await session.get(Writer, 1, { options: [joinedLoad(Writer.c.posts)] });
    expect(loaded).toBe(amy);
    expect(titles(loaded!.posts)).toEqual(["a1", "a2", "a3"]);
    expect(at.ran.work).toHaveLength(1);
  });
  it("refresh locks the row where it is told to", async () => {
    await using session = new Session(at.engine);
    const amy = (await session.get(Writer, 1))!;
    const locks = target.capabilities.has("rowLocks");
    at.ran.clear();
    await session.refresh(amy, undefined, { withForUpdate: true });
    await session.refresh(amy, ["name"], { withForUpdate: { read: true } });
    expect(at.ran.work.map((sql) => /FOR (UPDATE|SHARE)|LOCK IN SHARE MODE/.test(sql))).toEqual([locks, locks]);
    await expect(session.refresh(amy, ["posts"], { withForUpdate: true })).rejects.toThrow(/name one of its columns/);
    expect(() => session.refresh(amy, undefined, { forUpdate: true } as never)).toThrow(/forUpdate/);
  });
  it("get with populateExisting or withForUpdate emits SQL and refreshes", async () => {
    await using session = new Session(at.engine);
    const amy = (await session.get(Writer, 1))!;
    await behind(session, "locked", 1);
    at.ran.clear();
    expect(await session.get(Writer, 1, { withForUpdate: true })).toBe(amy);
    expect(amy.name).toBe("locked");
    expect(at.ran.work).toHaveLength(1);
    if (target.capabilities.has("rowLocks")) expect(at.ran.last).toMatch(/FOR UPDATE/);
    await behind(session, "again", 1);
    await session.get(Writer, 1, { populateExisting: true });
    expect(amy.name).toBe("again");
  });
  it("finds rows of an appended load by key afterwards", async () => {
    await using session = new Session(at.engine);
    const posts = await session.scalars(select(Post)).all();
    at.ran.clear();
    expect(await session.get(Post, 3)).toBe(posts.find((p) => p.id === 3));
    expect(at.ran.work).toEqual([]);
    const again = await session.scalars(select(Post)).all();
    expect(new Set([...posts, ...again]).size).toBe(5);
  });
  it("a where clause that brings another table into FROM repeats rows and still makes one object each", async () => {
    await using session = new Session(at.engine);
    const found = await session.scalars(select(Writer).where(Post.c.authorId.eq(Writer.c.id)).orderBy(Post.c.id)).all();
    expect(found).toHaveLength(5);
    expect(new Set(found).size).toBe(3);
    expect(await session.get(Writer, 1)).toBe(found[0]);
  });
});
