/** joinedLoad: everything in one statement, whatever LIMIT, DISTINCT and ORDER BY say. */
import { func, select } from "@athanor/core";
import { aliased, joinedLoad, Session, selectinLoad } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { Base, Comment, names, Post, Profile, seedBlog, setUp, Tag, titles, Writer } from "./blog.js";

describeEachDatabase("joinedLoad", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);

  it("brings a to-one in one statement: INNER for a NOT NULL key, LEFT OUTER for a nullable one", async () => {
    await using session = new Session(at.engine);
    const posts = await session
      .scalars(select(Post).options(joinedLoad(Post.c.author), joinedLoad(Post.c.editor)).orderBy(Post.c.id))
      .all();
    expect(posts.map((p) => [p.title, p.author.name, p.editor?.name ?? null])).toEqual([
      ["a1", "amy", null],
      ["a2", "amy", "bob"],
      ["b1", "bob", "amy"],
      ["c1", "cid", null],
      ["a3", "amy", "bob"],
    ]);
    expect(posts[0]!.author).toBe(posts[2]!.editor);
    expect(at.ran.work).toHaveLength(1);
    expect(at.ran.last).toMatch(/FROM post (INNER )?JOIN writer AS \w+ ON/);
    expect(at.ran.last).toMatch(/LEFT (OUTER )?JOIN writer AS \w+ ON/);
  });
  it("brings a collection, each owner once, empty ones empty", async () => {
    await using session = new Session(at.engine);
    const writers = await session
      .scalars(select(Writer).options(joinedLoad(Writer.c.posts)).orderBy(Writer.c.name.desc()))
      .all();
    expect(writers.map((w) => [w.name, titles(w.posts)])).toEqual([
      ["dan", []],
      ["cid", ["c1"]],
      ["bob", ["b1"]],
      ["amy", ["a1", "a2", "a3"]],
    ]);
    expect(at.ran.work).toHaveLength(1);
  });
  it("nests: collection, reference, collection", async () => {
    await using session = new Session(at.engine);
    const writers = await session
      .scalars(
        select(Writer)
          .options(
            joinedLoad(Writer.c.posts)
              .joinedLoad(Post.c.comments)
              .joinedLoad(Comment.c.by)
              .joinedLoad(Writer.c.profile),
          )
          .orderBy(Writer.c.id),
      )
      .all();
    expect(
      writers.map((w) => w.posts.map((p) => p.comments.map((c) => [c.words, c.by?.name, c.by?.profile?.motto]))),
    ).toEqual([
      [
        [
          ["one", "bob", "down"],
          ["two", "cid", undefined],
        ],
        [["four", undefined, undefined]],
        [],
      ],
      [[["three", "amy", "up"]]],
      [[]],
      [],
    ]);
    expect(at.ran.work).toHaveLength(1);
  });
  it("does not make an outer join inner again below it", async () => {
    await using session = new Session(at.engine);
    // Comment.post is NOT NULL, but what stands to its left may be missing.
    const tags = await session
      .scalars(select(Post).options(joinedLoad(Post.c.comments).joinedLoad(Comment.c.post)).orderBy(Post.c.id))
      .all();
    expect(tags.map((p) => p.comments.length)).toEqual([2, 1, 1, 0, 0]);
  });
  it("counts entities under LIMIT and OFFSET, with the ORDER BY inside and outside", async () => {
    await using session = new Session(at.engine);
    const page = await session
      .scalars(select(Writer).options(joinedLoad(Writer.c.posts)).orderBy(Writer.c.name.desc()).limit(2).offset(2))
      .all();
    expect(page.map((w) => [w.name, titles(w.posts)])).toEqual([
      ["bob", ["b1"]],
      ["amy", ["a1", "a2", "a3"]],
    ]);
    expect(at.ran.work).toHaveLength(1);
    expect(at.ran.last).toMatch(/FROM \(SELECT .*ORDER BY .*DESC.*\) AS \w+ LEFT (OUTER )?JOIN post/);
    expect(at.ran.last.match(/ORDER BY/g)).toHaveLength(2);
  });
  it("orders a limited page by an expression and by a joined column that are not selected", async () => {
    await using session = new Session(at.engine);
    const boss = aliased(Writer, "boss");
    const page = await session
      .scalars(
        select(Writer)
          .join(Writer.c.boss.ofType(boss))
          .options(joinedLoad(Writer.c.posts))
          .orderBy(boss.c.name.desc(), func.lower(Writer.c.name).desc())
          .limit(2),
      )
      .all();
    expect(page.map((w) => [w.name, titles(w.posts)])).toEqual([
      ["dan", []],
      ["cid", ["c1"]],
    ]);
  });
  it("does not wrap a limit over references only", async () => {
    await using session = new Session(at.engine);
    const posts = await session
      .scalars(select(Post).options(joinedLoad(Post.c.author)).orderBy(Post.c.id).limit(2))
      .all();
    expect(posts.map((p) => p.author.name)).toEqual(["amy", "amy"]);
    expect(at.ran.last).not.toMatch(/FROM \(SELECT/);
  });
  it("wraps for a collection below a reference", async () => {
    await using session = new Session(at.engine);
    const posts = await session
      .scalars(select(Post).options(joinedLoad(Post.c.author).joinedLoad(Writer.c.posts)).orderBy(Post.c.id).limit(2))
      .all();
    expect(posts.map((p) => titles(p.author.posts))).toEqual([
      ["a1", "a2", "a3"],
      ["a1", "a2", "a3"],
    ]);
    expect(at.ran.work).toHaveLength(1);
  });
  it("keeps DISTINCT about the entities", async () => {
    await using session = new Session(at.engine);
    const writers = await session
      .scalars(
        select(Writer)
          .distinct()
          .join(Writer.c.posts)
          .where(Post.c.score.gt(4))
          .options(joinedLoad(Writer.c.posts))
          .orderBy(Writer.c.id),
      )
      .all();
    expect(writers.map((w) => [w.name, titles(w.posts)])).toEqual([
      ["amy", ["a1", "a2", "a3"]],
      ["bob", ["b1"]],
    ]);
  });
  it("is invisible to WHERE: a join of one's own filters, the collection stays whole", async () => {
    await using session = new Session(at.engine);
    const [amy] = await session.scalars(
      select(Writer).join(Writer.c.posts).where(Post.c.title.eq("a2")).options(joinedLoad(Writer.c.posts)),
    );
    expect(titles(amy!.posts)).toEqual(["a1", "a2", "a3"]);
  });
  it("loads two collections at once without doubling either", async () => {
    await using session = new Session(at.engine);
    const posts = await session
      .scalars(select(Post).options(joinedLoad(Post.c.comments), joinedLoad(Post.c.tags)).orderBy(Post.c.id).limit(3))
      .all();
    expect(posts.map((p) => [p.comments.map((c) => c.words), names(p.tags)])).toEqual([
      [
        ["one", "two"],
        ["red", "blue"],
      ],
      [["four"], ["red"]],
      [["three"], ["green"]],
    ]);
    expect(at.ran.work).toHaveLength(1);
  });
  it("crosses a secondary table, and back", async () => {
    await using session = new Session(at.engine);
    const tags = await session
      .scalars(select(Tag).options(joinedLoad(Tag.c.posts).joinedLoad(Post.c.tags)).orderBy(Tag.c.id))
      .all();
    expect(tags.map((t) => t.posts.map((p) => [p.title, names(p.tags)]))).toEqual([
      [
        ["a1", ["red", "blue"]],
        ["a2", ["red"]],
      ],
      [["a1", ["red", "blue"]]],
      [["b1", ["green"]]],
    ]);
    expect(at.ran.work).toHaveLength(1);
  });
  it("goes down a self-reference as deep as it is told", async () => {
    await using session = new Session(at.engine);
    const [amy] = await session.scalars(
      select(Writer).where(Writer.c.id.eq(1)).options(joinedLoad(Writer.c.team).joinedLoad(Writer.c.team)),
    );
    expect(amy!.team.map((w) => [w.name, names(w.team)])).toEqual([
      ["bob", ["dan"]],
      ["cid", []],
    ]);
    expect(at.ran.work).toHaveLength(1);
    const dan = amy!.team[0]!.team[0]!;
    expect(await dan.team).toEqual([]);
    expect(at.ran.work).toHaveLength(2);
  });
  it("mixes with selectinLoad, either way round", async () => {
    await using session = new Session(at.engine);
    const writers = await session
      .scalars(
        select(Writer)
          .options(joinedLoad(Writer.c.posts).selectinLoad(Post.c.comments).joinedLoad(Comment.c.by))
          .orderBy(Writer.c.id),
      )
      .all();
    expect(writers[0]!.posts[0]!.comments.map((c) => c.by?.name)).toEqual(["bob", "cid"]);
    expect(at.ran.kinds).toEqual(["SELECT writer", "SELECT comment"]);
    at.ran.clear();
    await using other = new Session(at.engine);
    const again = await other
      .scalars(select(Writer).options(selectinLoad(Writer.c.posts).joinedLoad(Post.c.comments)).orderBy(Writer.c.id))
      .all();
    expect(again[0]!.posts.map((p) => p.comments.length)).toEqual([2, 1, 0]);
    expect(at.ran.kinds).toEqual(["SELECT writer", "SELECT post"]);
  });
  it("starts at each of several entities", async () => {
    await using session = new Session(at.engine);
    const rows = await session.execute(
      select(Writer, Post)
        .join(Writer.c.posts)
        .options(joinedLoad(Writer.c.profile), joinedLoad(Post.c.comments))
        .orderBy(Post.c.id),
    );
    expect(rows.map((r) => [r.Writer.name, r.Writer.profile?.motto, r.Post.title, r[1].comments.length])).toEqual([
      ["amy", "up", "a1", 2],
      ["amy", "up", "a2", 1],
      ["bob", "down", "b1", 1],
      ["cid", undefined, "c1", 0],
      ["amy", "up", "a3", 0],
    ]);
    expect(at.ran.work).toHaveLength(1);
  });
  it("loads from an alias", async () => {
    await using session = new Session(at.engine);
    const w = aliased(Writer, "w");
    const found = await session.scalars(select(w).where(w.c.name.eq("amy")).options(joinedLoad(w.c.posts))).all();
    expect(titles(found[0]!.posts)).toEqual(["a1", "a2", "a3"]);
    expect(at.ran.work).toHaveLength(1);
  });
  it("takes criteria with and(): the collection holds only those, and a flush takes none for removed", async () => {
    await using session = new Session(at.engine);
    const writers = await session
      .scalars(
        select(Writer)
          .options(joinedLoad(Writer.c.posts.and(Post.c.score.gt(6))))
          .orderBy(Writer.c.id),
      )
      .all();
    expect(writers.map((w) => titles(w.posts))).toEqual([["a3"], ["b1"], [], []]);
    writers[0]!.posts[0]!.title = "A3";
    at.ran.clear();
    await session.flush();
    expect(at.ran.kinds).toEqual(["UPDATE post"]);
  });
  it("innerJoin leaves out owners without the other side, as it says", async () => {
    await using session = new Session(at.engine);
    const posts = await session
      .scalars(
        select(Post).options(
          (joinedLoad as (r: unknown, s: object) => ReturnType<typeof joinedLoad>)(Post.c.editor, {
            innerJoin: true,
          }) as never,
        ),
      )
      .all();
    expect(posts).toHaveLength(3);
  });
  it("brings a column along: rows with joined collections are given once each", async () => {
    await using session = new Session(at.engine);
    const rows = await session.execute(
      select(Writer, Writer.c.name.as("n")).options(joinedLoad(Writer.c.posts)).orderBy(Writer.c.id),
    );
    expect(rows.map((r) => [r.n, r.Writer.posts.length])).toEqual([
      ["amy", 3],
      ["bob", 1],
      ["cid", 1],
      ["dan", 0],
    ]);
  });
  it("keeps rows apart by all their items, also when only the first is asked for", async () => {
    await using session = new Session(at.engine);
    const statement = select(Writer.c.bossId, Writer).options(joinedLoad(Writer.c.posts)).orderBy(Writer.c.id);
    expect(await session.scalars(statement).all()).toEqual([null, 1, 1, 2]);
  });
  it("first() and one() count entities", async () => {
    await using session = new Session(at.engine);
    const one = await session
      .scalars(select(Writer).where(Writer.c.id.eq(1)).options(joinedLoad(Writer.c.posts)))
      .one();
    expect(one.posts).toHaveLength(3);
    const first = await session.query(Writer).options(joinedLoad(Writer.c.posts)).orderBy(Writer.c.id).first();
    expect(first!.posts).toHaveLength(3);
  });
  it("reads a one-to-one from either side without wrapping a limit", async () => {
    await using session = new Session(at.engine);
    const writers = await session
      .scalars(select(Writer).options(joinedLoad(Writer.c.profile)).orderBy(Writer.c.id).limit(3))
      .all();
    expect(writers.map((w) => w.profile?.motto)).toEqual(["up", "down", undefined]);
    expect(at.ran.last).not.toMatch(/FROM \(SELECT/);
    const profiles = await session
      .scalars(select(Profile).options(joinedLoad(Profile.c.writer)).orderBy(Profile.c.id))
      .all();
    expect(profiles.map((p) => p.writer.name)).toEqual(["amy", "bob"]);
  });
  it("fills what is missing on an object the session has", async () => {
    await using session = new Session(at.engine);
    const amy = (await session.get(Writer, 1))!;
    await session.scalars(select(Writer).options(joinedLoad(Writer.c.posts))).all();
    at.ran.clear();
    expect(titles(await amy.posts)).toEqual(["a1", "a2", "a3"]);
    expect(at.ran.work).toEqual([]);
  });
  it("counts through Query.count without the eager joins", async () => {
    await using session = new Session(at.engine);
    expect(await session.query(Writer).options(joinedLoad(Writer.c.posts)).count()).toBe(4);
    expect(at.ran.last).not.toMatch(/JOIN/);
  });
});
