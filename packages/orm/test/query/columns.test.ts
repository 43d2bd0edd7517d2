/** Which columns a query brings; what is left out loads on await, for all siblings at once. */
import { select } from "@athanor/core";
import { defer, loadOnly, NotLoadedError, Session, selectinLoad, undefer } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { Base, Post, seedBlog, setUp, Writer } from "./blog.js";

type WithColumns = { loadOnly(...c: unknown[]): never; defer(...c: unknown[]): never; undefer(...c: unknown[]): never };

describeEachDatabase("column loading", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);

  it("leaves out deferred columns and loads them for all siblings in one statement", async () => {
    await using session = new Session(at.engine);
    const posts = await session.scalars(select(Post).orderBy(Post.c.id)).all();
    expect(at.ran.last).not.toMatch(/body/);
    expect(await Promise.all(posts.map((p) => p.body))).toEqual(["body 1", "body 2", "body 3", "body 4", "body 5"]);
    expect(at.ran.work).toHaveLength(2);
    expect(at.ran.last).not.toMatch(/title/);
    expect(posts[0]!.body).toBe("body 1");
  });
  it("undefer brings them, also below a path", async () => {
    await using session = new Session(at.engine);
    const [post] = await session.scalars(select(Post).options(undefer(Post.c.body)).orderBy(Post.c.id));
    expect(post!.body).toBe("body 1");
    const writers = await session
      .scalars(
        select(Writer)
          .options((selectinLoad(Writer.c.posts) as unknown as WithColumns).undefer(Post.c.body))
          .orderBy(Writer.c.id),
      )
      .all();
    expect((writers[1] as unknown as { posts: Post[] }).posts[0]!.body).toBe("body 3");
    expect(at.ran.work).toHaveLength(3);
  });
  it("defer leaves more out; the key stays", async () => {
    await using session = new Session(at.engine);
    const [amy] = await session.scalars(
      select(Writer).options(defer(Writer.c.name, Writer.c.email)).where(Writer.c.id.eq(1)),
    );
    expect(at.ran.last).not.toMatch(/email/);
    expect(amy!.id).toBe(1);
    // To the types it is a string, so it cannot be awaited: it says how to load it.
    expect(() => amy!.name).toThrow(NotLoadedError);
    await session.refresh(amy!, ["name", "email"]);
    expect([amy!.name, amy!.email]).toEqual(["amy", "amy@x"]);
    expect(at.ran.work).toHaveLength(2);
  });
  it("loadOnly brings these and the key", async () => {
    await using session = new Session(at.engine);
    const posts = await session.scalars(select(Post).options(loadOnly(Post.c.title)).orderBy(Post.c.id)).all();
    expect(at.ran.last).toMatch(/SELECT post\.id( AS \w+)?, post\.title( AS \w+)? FROM post/);
    expect(posts.map((p) => p.title)).toEqual(["a1", "a2", "b1", "c1", "a3"]);
    expect(() => posts[0]!.score).toThrow(/Post\.score of <Post 1> is not loaded/);
  });
  it("loadOnly below a path of its own statement keeps the foreign key that routes the rows", async () => {
    await using session = new Session(at.engine);
    const writers = await session
      .scalars(
        select(Writer)
          .options((selectinLoad(Writer.c.posts) as unknown as WithColumns).loadOnly(Post.c.title))
          .orderBy(Writer.c.id),
      )
      .all();
    expect(writers.map((w) => (w as unknown as { posts: Post[] }).posts.map((p) => p.title))).toEqual([
      ["a1", "a2", "a3"],
      ["b1"],
      ["c1"],
      [],
    ]);
    expect(at.ran.work).toHaveLength(2);
    expect(at.ran.last).not.toMatch(/score/);
  });
  it("fills what another query left out on the same object", async () => {
    await using session = new Session(at.engine);
    const [partly] = await session.scalars(select(Post).options(loadOnly(Post.c.title)).where(Post.c.id.eq(1)));
    const [whole] = await session.scalars(select(Post).where(Post.c.id.eq(1)));
    expect(whole).toBe(partly);
    expect(partly!.score).toBe(5);
    expect(at.ran.work).toHaveLength(2);
  });
  it("writing a deferred column does not read it", async () => {
    await using session = new Session(at.engine);
    const post = (await session.get(Post, 1))!;
    at.ran.clear();
    (post as { body: unknown }).body = "other";
    await session.flush();
    expect(at.ran.kinds).toEqual(["UPDATE post"]);
    expect(post.body).toBe("other");
  });
  it("a reference whose foreign key was left out is found by a join, for all siblings", async () => {
    await using session = new Session(at.engine);
    const posts = await session.scalars(select(Post).options(loadOnly(Post.c.title)).orderBy(Post.c.id)).all();
    expect((await posts[0]!.author).name).toBe("amy");
    expect((await posts[2]!.author).name).toBe("bob");
    expect(at.ran.kinds).toEqual(["SELECT post", "SELECT post"]);
    expect(at.ran.last).toMatch(/FROM post AS \w+ (INNER )?JOIN writer/);
  });
});
