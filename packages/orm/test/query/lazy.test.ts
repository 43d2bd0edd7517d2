/** Lazy loading: one statement per level for all siblings, nothing for what the session has. */
import { select } from "@athanor/core";
import { joinedLoad, lazyLoad, NotLoadedError, raiseLoad, Session, selectinLoad } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { Base, type Comment, names, Post, seedBlog, setUp, Tag, titles, Writer } from "./blog.js";

describeEachDatabase("lazy loading", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);

  it("loads a collection of all siblings with the first await, in Promise.all", async () => {
    await using session = new Session(at.engine);
    const writers = await session.scalars(select(Writer).orderBy(Writer.c.id)).all();
    const posts = await Promise.all(writers.map((w) => w.posts));
    expect(posts.map(titles)).toEqual([["a1", "a2", "a3"], ["b1"], ["c1"], []]);
    expect(at.ran.kinds).toEqual(["SELECT writer", "SELECT post"]);
  });

  it("takes one statement per level in nested loops", async () => {
    await using session = new Session(at.engine);
    const seen: string[] = [];
    for (const writer of await session.scalars(select(Writer).orderBy(Writer.c.id))) {
      for (const post of await writer.posts) {
        for (const comment of await post.comments)
          seen.push(`${writer.name} ${post.title} ${comment.words} ${(await comment.by)?.name ?? "-"}`);
        for (const tag of await post.tags) seen.push(`${post.title} ${tag.name}`);
      }
    }
    expect(seen).toEqual([
      "amy a1 one bob",
      "amy a1 two cid",
      "a1 red",
      "a1 blue",
      "amy a2 four -",
      "a2 red",
      "bob b1 three amy",
      "b1 green",
    ]);
    // Writers are in the session already: comment.by costs nothing.
    expect(at.ran.kinds).toEqual([
      "SELECT writer",
      "SELECT post",
      "SELECT comment",
      expect.stringMatching(/^SELECT (tag|post_tag)/),
    ]);
  });

  it("goes on in one statement per level when levels are awaited by Promise.all", async () => {
    await using session = new Session(at.engine);
    const writers = await session.scalars(select(Writer)).all();
    const words = await Promise.all(
      writers.map(async (w) => Promise.all((await w.posts).map(async (p) => (await p.comments).map((c) => c.words)))),
    );
    expect(words.flat(2).sort()).toEqual(["four", "one", "three", "two"]);
    expect(at.ran.kinds).toEqual(["SELECT writer", "SELECT post", "SELECT comment"]);
  });

  it("finds a many-to-one in the identity map without SQL, and the missing ones in one statement", async () => {
    await using session = new Session(at.engine);
    const amy = await session.get(Writer, 1);
    at.ran.clear();
    const posts = await session.scalars(select(Post).orderBy(Post.c.id)).all();
    expect(await posts[0]?.author).toBe(amy);
    expect(at.ran.kinds).toHaveLength(2);
    for (const p of posts) expect((await p.author).id).toBe(p.authorId);
    expect(await posts[1]?.editor).toBe(await posts[2]?.author);
    expect(at.ran.kinds).toEqual(["SELECT post", "SELECT writer"]);
  });

  it("knows that a null reference needs no SQL", async () => {
    await using session = new Session(at.engine);
    const post = await session.get(Post, 1);
    at.ran.clear();
    expect(await post?.editor).toBeNull();
    expect(at.ran.work).toEqual([]);
  });

  it("loads the other side of one-to-one", async () => {
    await using session = new Session(at.engine);
    const writers = await session.scalars(select(Writer).orderBy(Writer.c.id)).all();
    const mottos: (string | undefined)[] = [];
    for (const w of writers) mottos.push((await w.profile)?.motto);
    expect(mottos).toEqual(["up", "down", undefined, undefined]);
    expect(at.ran.kinds).toEqual(["SELECT writer", "SELECT profile"]);
  });

  it("sets the reverse of a one-to-many with the collection", async () => {
    await using session = new Session(at.engine);
    const [amy] = await session.scalars(select(Writer).where(Writer.c.id.eq(1)));
    const posts = await amy!.posts;
    at.ran.clear();
    for (const post of posts) expect(await post.author).toBe(amy);
    expect(at.ran.work).toEqual([]);
  });

  it("walks a self-referential tree one level at a time", async () => {
    await using session = new Session(at.engine);
    const [amy] = await session.scalars(select(Writer).where(Writer.c.bossId.isNull()));
    const walk = async (w: Writer): Promise<string> =>
      `${w.name}(${(await Promise.all((await w.team).map(walk))).join(" ")})`;
    expect(await walk(amy!)).toBe("amy(bob(dan()) cid())");
    expect(at.ran.kinds).toEqual(["SELECT writer", "SELECT writer", "SELECT writer", "SELECT writer"]);
  });

  it("carries the options below to a later lazy load", async () => {
    await using session = new Session(at.engine);
    const writers = await session
      .scalars(select(Writer).options(lazyLoad(Writer.c.posts).selectinLoad(Post.c.comments)))
      .all();
    expect(at.ran.kinds).toEqual(["SELECT writer"]);
    const posts = await writers.find((w) => w.id === 1)!.posts;
    expect(at.ran.kinds).toEqual(["SELECT writer", "SELECT post", "SELECT comment"]);
    expect((posts[0] as unknown as { comments: Comment[] }).comments.map((c) => c.words)).toEqual(["one", "two"]);
  });

  it("refuses under raiseLoad, naming the way out; a column is still read", async () => {
    await using session = new Session(at.engine);
    const [amy] = await session.scalars(select(Writer).where(Writer.c.id.eq(1)).options(raiseLoad(Writer.c.posts)));
    await expect(amy!.posts).rejects.toThrow(NotLoadedError);
    await expect(amy!.posts).rejects.toThrow(/selectinLoad|joinedLoad/);
    expect(at.ran.kinds).toEqual(["SELECT writer"]);
    expect(amy!.name).toBe("amy");
  });

  it("flushes before it loads", async () => {
    await using session = new Session(at.engine);
    const bob = (await session.get(Writer, 2))!;
    session.add(new Post({ id: 100, title: "new", authorId: 2 }));
    expect(titles(await bob.posts)).toEqual(["b1", "new"]);
  });

  it("merges what was pushed before the load", async () => {
    await using session = new Session(at.engine, { autoflush: false });
    const bob = (await session.get(Writer, 2))!;
    bob.posts.push(new Post({ title: "pushed" }));
    expect(titles(await bob.posts)).toEqual(["b1", "pushed"]);
  });

  it("loads only for siblings that still lack it", async () => {
    await using session = new Session(at.engine);
    const posts = await session
      .scalars(
        select(Post)
          .where(Post.c.id.in([1, 3]))
          .options(selectinLoad(Post.c.tags))
          .orderBy(Post.c.id),
      )
      .all();
    const more = await session.scalars(select(Post).orderBy(Post.c.id)).all();
    at.ran.clear();
    expect(names(await more[1]!.tags)).toEqual(["red"]);
    expect(at.ran.kinds).toHaveLength(1);
    expect(names(posts[0]!.tags)).toEqual(["red", "blue"]);
    expect(names(await more[3]!.tags)).toEqual([]);
    expect(at.ran.kinds).toHaveLength(1);
  });

  it("keeps batches of joined members together", async () => {
    await using session = new Session(at.engine);
    const tags = await session.scalars(select(Tag).orderBy(Tag.c.id).options(joinedLoad(Tag.c.posts))).all();
    at.ran.clear();
    const authors: string[] = [];
    for (const tag of tags) for (const post of tag.posts) authors.push((await post.author).name);
    expect(authors).toEqual(["amy", "amy", "amy", "bob"]);
    expect(at.ran.kinds).toEqual(["SELECT writer"]);
  });
});
