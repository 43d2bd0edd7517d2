/** containsEager over joins of one's own; `lazy` in the mapping; options that override it. */
import { insert, integer, select, string } from "@athanor/core";
import {
  aliased,
  containsEager,
  declarativeBase,
  joinedLoad,
  lazyLoad,
  manyToOne,
  NotLoadedError,
  oneToMany,
  Session,
  selectinLoad,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { Base, Comment, names, Post, seedBlog, setUp, titles, Writer } from "./blog.js";

type Aliasing = (relationship: unknown, settings: { alias: unknown }) => ReturnType<typeof containsEager>;

describeEachDatabase("containsEager", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);

  it("fills a reference from the statement's own join", async () => {
    await using session = new Session(at.engine);
    const posts = await session
      .scalars(
        select(Post)
          .join(Post.c.author)
          .where(Writer.c.name.ne("amy"))
          .options(containsEager(Post.c.author))
          .orderBy(Post.c.id),
      )
      .all();
    expect(posts.map((p) => [p.title, p.author.name])).toEqual([
      ["b1", "bob"],
      ["c1", "cid"],
    ]);
    expect(at.ran.work).toHaveLength(1);
    expect(at.ran.last.match(/JOIN/g)).toHaveLength(1);
  });
  it("fills a collection with the rows the join found", async () => {
    await using session = new Session(at.engine);
    const writers = await session
      .scalars(
        select(Writer)
          .outerJoin(Writer.c.posts)
          .options(containsEager(Writer.c.posts))
          .where(Post.c.score.gt(4).or(Post.c.id.isNull()))
          .orderBy(Writer.c.id, Post.c.id),
      )
      .all();
    expect(writers.map((w) => [w.name, titles(w.posts)])).toEqual([
      ["amy", ["a1", "a3"]],
      ["bob", ["b1"]],
      ["dan", []],
    ]);
    expect(at.ran.work).toHaveLength(1);
  });
  it("reads from an alias, by ofType or by alias", async () => {
    const p = aliased(Post, "p");
    await using session = new Session(at.engine);
    const writers = await session
      .scalars(
        select(Writer)
          .join(Writer.c.posts.ofType(p))
          .options(containsEager(Writer.c.posts.ofType(p)))
          .where(p.c.score.gt(6))
          .orderBy(Writer.c.id),
      )
      .all();
    expect(writers.map((w) => titles(w.posts))).toEqual([["a3"], ["b1"]]);
    await using other = new Session(at.engine);
    const again = await other
      .scalars(
        select(Writer)
          .join(p, p.c.authorId.eq(Writer.c.id))
          .options((containsEager as unknown as Aliasing)(Writer.c.posts, { alias: p }) as never)
          .where(p.c.score.gt(6))
          .orderBy(Writer.c.id),
      )
      .all();
    expect(again.map((w) => titles((w as unknown as { posts: Post[] }).posts))).toEqual([["a3"], ["b1"]]);
    expect(at.ran.work).toHaveLength(2);
  });
  it("goes on below: another join, or another statement", async () => {
    await using session = new Session(at.engine);
    const comments = await session
      .scalars(
        select(Comment)
          .join(Comment.c.post)
          .join(Post.c.author)
          .options(containsEager(Comment.c.post).containsEager(Post.c.author).selectinLoad(Writer.c.posts))
          .orderBy(Comment.c.id),
      )
      .all();
    expect(comments.map((c) => [c.words, c.post.title, c.post.author.name, c.post.author.posts.length])).toEqual([
      ["one", "a1", "amy", 3],
      ["two", "a1", "amy", 3],
      ["three", "b1", "bob", 1],
      ["four", "a2", "amy", 3],
    ]);
    expect(at.ran.kinds).toEqual(["SELECT comment", "SELECT post"]);
  });
  it("routes rows by path: one row reached in two ways fills both", async () => {
    await using session = new Session(at.engine);
    const [a, e] = [aliased(Writer, "a"), aliased(Writer, "e")];
    const posts = await session
      .scalars(
        select(Post)
          .join(Post.c.author.ofType(a))
          .join(Post.c.editor.ofType(e))
          .options(containsEager(Post.c.author.ofType(a)), containsEager(Post.c.editor.ofType(e)))
          .orderBy(Post.c.id),
      )
      .all();
    expect(posts.map((p) => [p.author.name, p.editor?.name])).toEqual([
      ["amy", "bob"],
      ["bob", "amy"],
      ["amy", "bob"],
    ]);
    expect(at.ran.work).toHaveLength(1);
    expect(posts[0]!.author).toBe(posts[1]!.editor);
  });
  it("the same row by two paths with deeper options on one of them", async () => {
    for (const direction of ["asc", "desc"] as const) {
      await using session = new Session(at.engine);
      const posts = await session
        .scalars(
          select(Post)
            .where(Post.c.editorId.isNotNull())
            .options(joinedLoad(Post.c.author), joinedLoad(Post.c.editor).joinedLoad(Writer.c.profile))
            .orderBy(Post.c.id[direction]()),
        )
        .all();
      at.ran.clear();
      for (const p of posts) expect(p.editor?.profile?.motto).toBe(p.editor?.name === "bob" ? "down" : "up");
      expect(at.ran.work).toEqual([]);
    }
  });
});

const Mapped = declarativeBase();
class Band extends Mapped("Band", {
  id: integer().primaryKey(),
  name: string(20),
  get joined() {
    return oneToMany(Song, { lazy: "joined", viewOnly: true, orderBy: "id" });
  },
  get selected() {
    return oneToMany(Song, { lazy: "selectin", viewOnly: true, orderBy: "id" });
  },
  get strict() {
    return oneToMany(Song, { lazy: "raise", viewOnly: true, orderBy: "id" });
  },
  get empty() {
    return oneToMany(Song, { lazy: "noload", viewOnly: true });
  },
  get feed() {
    return oneToMany(Song, { lazy: "dynamic", backPopulates: "band", orderBy: "id" });
  },
  get archive() {
    return oneToMany(Song, { lazy: "writeOnly", viewOnly: true });
  },
}) {}
class Song extends Mapped("Song", {
  id: integer().primaryKey(),
  name: string(20),
  bandId: integer().nullable().references("band.id"),
  get band() {
    return manyToOne(Band, { backPopulates: "feed" });
  },
  get label() {
    return manyToOne(Band, { lazy: "joined", viewOnly: true, foreignKeys: "bandId" });
  },
}) {}

describeEachDatabase("lazy in the mapping", (target) => {
  const at = setUp(target, Mapped.metadata, async (engine) => {
    await engine.begin(async (connection) => {
      await connection.execute(
        insert(Band).values([
          { id: 1, name: "x" },
          { id: 2, name: "y" },
        ]),
      );
      await connection.execute(
        insert(Song).values([
          { id: 1, name: "s1", bandId: 1 },
          { id: 2, name: "s2", bandId: 1 },
          { id: 3, name: "s3", bandId: null },
        ]),
      );
    });
  });

  it("joined and selectin load with every query, once each, not round in circles", async () => {
    await using session = new Session(at.engine);
    const bands = await session.scalars(select(Band).orderBy(Band.c.id)).all();
    expect(bands.map((b) => [names(b.joined), names(b.selected), names(b.empty)])).toEqual([
      [["s1", "s2"], ["s1", "s2"], []],
      [[], [], []],
    ]);
    expect(at.ran.kinds[0]).toBe("SELECT band");
    expect(at.ran.work).toHaveLength(2);
  });
  it("counts bands under a limit although the mapping joins a collection", async () => {
    await using session = new Session(at.engine);
    const bands = await session.scalars(select(Band).orderBy(Band.c.id).limit(1)).all();
    expect(bands.map((b) => names(b.joined))).toEqual([["s1", "s2"]]);
  });
  it("get() brings them too", async () => {
    await using session = new Session(at.engine);
    const band = (await session.get(Band, 1))!;
    expect([band.joined.length, band.selected.length]).toEqual([2, 2]);
  });
  it("a joined reference of the mapping comes along", async () => {
    await using session = new Session(at.engine);
    const songs = await session.scalars(select(Song).orderBy(Song.c.id)).all();
    expect(songs.map((s) => s.label?.name ?? null)).toEqual(["x", "x", null]);
  });
  it("raise refuses, until an option loads it", async () => {
    await using session = new Session(at.engine);
    const [band] = await session.scalars(select(Band).where(Band.c.id.eq(1)));
    await expect(async () => await (band!.strict as unknown as Promise<unknown>)).rejects.toThrow(NotLoadedError);
    const [loaded] = await session.scalars(select(Band).where(Band.c.id.eq(1)).options(selectinLoad(Band.c.strict)));
    expect(names(loaded!.strict)).toEqual(["s1", "s2"]);
  });
  it("an option overrides the mapping", async () => {
    await using session = new Session(at.engine);
    const bands = await session
      .scalars(select(Band).options(lazyLoad(Band.c.joined), lazyLoad(Band.c.selected)).orderBy(Band.c.id))
      .all();
    expect(at.ran.work).toHaveLength(1);
    expect(names((await (bands[0]!.joined as unknown as Promise<Song[]>)) as Song[])).toEqual(["s1", "s2"]);
    const again = await session.scalars(select(Band).options(joinedLoad(Band.c.empty)).orderBy(Band.c.id)).all();
    expect(again).toHaveLength(2);
  });
  it("dynamic is a query: filter, order, count, slices; append and remove", async () => {
    await using session = new Session(at.engine);
    const band = (await session.get(Band, 1))!;
    const feed = band.feed as unknown as {
      all(): Promise<Song[]>;
      count(): Promise<number>;
      first(): Promise<Song | null>;
      filter(...c: unknown[]): typeof feed;
      filterBy(v: object): typeof feed;
      orderBy(...c: unknown[]): typeof feed;
      limit(n: number): typeof feed;
      offset(n: number): typeof feed;
      push(...s: Song[]): number;
      remove(...s: Song[]): void;
    } & AsyncIterable<Song>;
    at.ran.clear();
    expect(names(await feed.all())).toEqual(["s1", "s2"]);
    expect(await feed.count()).toBe(2);
    expect(names(await feed.filter(Song.c.name.eq("s2")).all())).toEqual(["s2"]);
    expect(names(await feed.filterBy({ name: "s1" }).all())).toEqual(["s1"]);
    expect((await feed.limit(1).offset(1).first())?.name).toBe("s2");
    expect(at.ran.work).toHaveLength(5);
    feed.push(new Song({ id: 50, name: "s50" }));
    const seen: string[] = [];
    for await (const song of feed) seen.push(song.name);
    expect(seen).toEqual(["s1", "s2", "s50"]);
    const second = (await session.get(Song, 2))!;
    feed.remove(second);
    expect(names(await feed.all())).toEqual(["s1", "s50"]);
    expect(second.bandId).toBeNull();
    expect(() => feed.filterBy({ nam: "x" })).toThrow(/name/);
  });
  it("writeOnly selects, and nothing else", async () => {
    await using session = new Session(at.engine);
    const band = (await session.get(Band, 1))!;
    const rows = await session.scalars(band.archive.select().orderBy(Song.c.id)).all();
    expect(names(rows as Song[])).toEqual(["s1", "s2"]);
    expect((band.archive as unknown as { then?: unknown }).then).toBeUndefined();
  });
});
