/** Loader options beyond the plain strategies: wildcards, limits per owner, depth, groups, refusals, criteria. */
import { foreignKey, insert, integer, select, string, text, update } from "@athanor/core";
import {
  declarativeBase,
  defer,
  immediateLoad,
  joinedLoad,
  lazyLoad,
  load,
  loadOnly,
  manyToOne,
  NotLoadedError,
  noLoad,
  oneToMany,
  raiseLoad,
  Session,
  selectinLoad,
  subqueryLoad,
  undefer,
  withLoaderCriteria,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { describe, expect, it } from "vitest";
import { Base, Comment, Post, seedBlog, setUp, Tag, titles, Writer } from "./blog.js";

const writers = select(Writer).orderBy(Writer.c.id);
const ids = (list: Iterable<{ readonly id: number }>): number[] => [...list].map((x) => x.id);

describeEachDatabase("a limit for each owner", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);
  const posts = async (options: object, how = selectinLoad) => {
    const session = new Session(at.engine);
    const all = await session.scalars(writers.options(how(Writer.c.posts, options))).all();
    await session.close();
    return all.map((w) => ids(w.posts));
  };

  it("takes the first members of each, in one statement for all", async () => {
    expect(await posts({ limitPerParent: 2 })).toEqual([[1, 2], [3], [4], []]);
    expect(at.ran.kinds).toHaveLength(2);
    expect(at.ran.last).toMatch(/row_number\(\) OVER \(PARTITION BY \w+\.author_id ORDER BY/i);
  });
  it("by an order of one's own, with the key deciding between equals", async () => {
    expect(await posts({ limitPerParent: 2, orderBy: Post.c.id.desc() })).toEqual([[5, 2], [3], [4], []]);
    expect(await posts({ limitPerParent: 1, orderBy: [Post.c.authorId] })).toEqual([[1], [3], [4], []]);
    expect(await posts({ limitPerParent: 0 })).toEqual([[], [], [], []]);
    expect(await posts({ orderBy: Post.c.id.desc() })).toEqual([[5, 2, 1], [3], [4], []]);
    expect(await posts({ limitPerParent: 1 }, subqueryLoad)).toEqual([[1], [3], [4], []]);
    expect(await posts({ limitPerParent: 1 }, immediateLoad)).toEqual([[1], [3], [4], []]);
  });
  it("counts what the criteria leave", async () => {
    await using session = new Session(at.engine);
    const found = await session
      .scalars(writers.options(selectinLoad(Writer.c.posts.and(Post.c.id.gt(1)), { limitPerParent: 1 })))
      .all();
    expect(found.map((w) => ids(w.posts))).toEqual([[2], [3], [4], []]);
    session.expungeAll();
    const restricted = writers.options(
      selectinLoad(Writer.c.posts, { limitPerParent: 1 }),
      withLoaderCriteria(Post, (c) => c.id.gt(2)),
    );
    expect((await session.scalars(restricted).all()).map((w) => ids(w.posts))).toEqual([[5], [3], [4], []]);
  });
  it("shares one text for all limits", async () => {
    await posts({ limitPerParent: 1 });
    const first = at.ran.last;
    await posts({ limitPerParent: 3 });
    expect(at.ran.last).toBe(first);
  });
  it("for many-to-many, and for what is loaded below", async () => {
    await using session = new Session(at.engine);
    const found = await session
      .scalars(
        select(Post)
          .orderBy(Post.c.id)
          .options(
            selectinLoad(Post.c.tags, { limitPerParent: 1, orderBy: Tag.c.id.desc() }).selectinLoad(Tag.c.posts, {
              limitPerParent: 1,
            }),
          ),
      )
      .all();
    expect(found.map((p) => ids(p.tags))).toEqual([[2], [1], [3], [], []]);
    expect(ids(found[1]!.tags[0]!.posts)).toEqual([1]);
    expect(at.ran.kinds).toHaveLength(3);
  });
  it("for a lazy load too", async () => {
    await using session = new Session(at.engine);
    const all = await session
      .scalars(writers.options(lazyLoad(Writer.c.posts, { limitPerParent: 1, orderBy: Post.c.id.desc() })))
      .all();
    expect(ids(await all[0]!.posts)).toEqual([5]);
    expect(ids(await all[1]!.posts)).toEqual([3]);
    expect(at.ran.kinds).toHaveLength(2);
  });
  it("leaves the absent rows alone when the collection changes", async () => {
    await using session = new Session(at.engine);
    const amy = (await session.scalars(writers.options(selectinLoad(Writer.c.posts, { limitPerParent: 1 }))).first())!;
    amy.posts.push(new Post({ id: 90, title: "new" }));
    await session.flush();
    expect(await session.scalar(select(Post.c.authorId).where(Post.c.id.eq(5)))).toBe(1);
    await session.rollback();
  });
  it("is refused where it means nothing", () => {
    const bad =
      (...args: unknown[]) =>
      () =>
        (selectinLoad as (...a: unknown[]) => unknown)(...args);
    expect(bad(Post.c.author, { limitPerParent: 1 })).toThrow(/collections/);
    expect(bad(Writer.c.posts, { limitPerParent: 1.5 })).toThrow(/whole number/);
    expect(bad(Writer.c.posts, { limitPerPArent: 1 })).toThrow(/limitPerParent/);
    expect(bad(Writer.c.posts, { recursionDepth: 1 })).toThrow(/leads to Post/);
    expect(() => joinedLoad(Writer.c.posts, { limitPerParent: 1 } as never)).toThrow(/selectinLoad/);
  });
});

describeEachDatabase("wildcards and refusals", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);

  it("raiseLoad('*') refuses what no option names, at every depth", async () => {
    await using session = new Session(at.engine);
    const [amy] = await session.scalars(writers.options(selectinLoad(Writer.c.posts), raiseLoad("*"))).all();
    expect(titles(amy!.posts)).toEqual(["a1", "a2", "a3"]);
    await expect(amy!.team).rejects.toThrow(NotLoadedError);
    await expect(amy!.posts[0]!.comments).rejects.toThrow(/Post\.comments.*raise/);
    // A lazy load of one who came with it carries the refusal on.
    const bob = (await session
      .scalars(writers.where(Writer.c.id.eq(2)).options(lazyLoad(Writer.c.posts), raiseLoad("*")))
      .one())!;
    session.expunge(bob);
    await using other = new Session(at.engine);
    const again = await other.scalars(writers.options(lazyLoad(Writer.c.posts), raiseLoad("*"))).all();
    const [post] = await again[1]!.posts;
    await expect(post!.comments).rejects.toThrow(NotLoadedError);
  });
  it("load(Model).raiseLoad('*') refuses at that entity alone", async () => {
    await using session = new Session(at.engine);
    const [amy] = await session
      .scalars(writers.options(load(Writer).raiseLoad("*"), selectinLoad(Writer.c.posts)))
      .all();
    await expect(amy!.team).rejects.toThrow(NotLoadedError);
    expect(await amy!.posts[0]!.comments).toHaveLength(2);
  });
  it("in the middle of a path", async () => {
    await using session = new Session(at.engine);
    const [amy] = await session.scalars(writers.options(selectinLoad(Writer.c.posts).raiseLoad("*"))).all();
    await expect(amy!.posts[0]!.comments).rejects.toThrow(NotLoadedError);
    expect(await amy!.team).toHaveLength(2);
  });
  it("sqlOnly lets through what the session has", async () => {
    await using session = new Session(at.engine);
    await session.scalars(writers).all();
    const [post] = await session.scalars(select(Post).options(raiseLoad("*", { sqlOnly: true }))).all();
    at.ran.clear();
    expect(await post!.author).toBe(await session.get(Writer, 1));
    expect(at.ran.work).toEqual([]);
    await expect(post!.comments).rejects.toThrow(NotLoadedError);
    session.expungeAll();
    const again = await session.scalars(select(Post).options(raiseLoad(Post.c.author, { sqlOnly: true }))).first();
    await expect(Promise.resolve(again!.author)).rejects.toThrow(NotLoadedError);
  });
  it("a flush loads what it needs all the same", async () => {
    await using session = new Session(at.engine);
    const dan = (await session.scalars(writers.where(Writer.c.id.eq(4)).options(raiseLoad("*"))).one())!;
    await session.delete(dan);
    await session.flush();
    expect(await session.scalar(select(Writer.c.id).where(Writer.c.id.eq(4)))).toBeNull();
    await session.rollback();
  });
  it("selectinLoad and noLoad as wildcards of other strategies", async () => {
    await using session = new Session(at.engine);
    const [amy] = await session.scalars(writers.options(noLoad("*"))).all();
    expect(amy!.posts as unknown).toEqual([]);
    expect(amy!.boss as unknown).toBeNull();
    expect(at.ran.kinds).toHaveLength(1);
  });
  it("refuses '*' where a relationship is needed", () => {
    expect(() => (load(Writer) as unknown as { defaultLoad(x: string): void }).defaultLoad("*")).toThrow(
      /name the relationship/,
    );
  });
});

const Own = declarativeBase();
class Strict extends Own("Strict", {
  id: integer().primaryKey(),
  name: string(20),
  summary: text().nullable().deferred("long"),
  body: text().nullable().deferred("long"),
  notes: text().nullable().deferred(),
  get parts() {
    return oneToMany(Part, { backPopulates: "whole", lazy: "raise", orderBy: "id" });
  },
}) {}
class Part extends Own("Part", {
  id: integer().primaryKey(),
  wholeId: integer().nullable().references("strict.id"),
  get whole() {
    return manyToOne(Strict, { backPopulates: "parts", lazy: "raise" });
  },
}) {}

describeEachDatabase("columns and mapped refusals", (target) => {
  const at = setUp(target, Own.metadata, async (engine) => {
    await using connection = await engine.connect();
    const row = { summary: "s", body: "b", notes: "n" };
    await connection.execute(
      insert(Strict).values([
        { id: 1, name: "one", ...row },
        { id: 2, name: "two", ...row },
      ]),
    );
    await connection.execute(
      insert(Part).values([
        { id: 1, wholeId: 1 },
        { id: 2, wholeId: 1 },
      ]),
    );
    await connection.commit();
  });
  const all = select(Strict).orderBy(Strict.c.id);

  it("undeferGroup brings the columns of one group", async () => {
    await using session = new Session(at.engine);
    const [one] = await session.scalars(all.options(load(Strict).undeferGroup("long"))).all();
    at.ran.clear();
    expect([await one!.summary, await one!.body]).toEqual(["s", "b"]);
    expect(at.ran.work).toEqual([]);
    expect(await one!.notes).toBe("n");
    expect(at.ran.work).toHaveLength(1);
    expect(() => load(Strict).undeferGroup("lnog")).toThrow(/'long'/);
  });
  it("awaiting one column of a group brings the others with it, for siblings too", async () => {
    await using session = new Session(at.engine);
    const strict = await session.scalars(all).all();
    at.ran.clear();
    expect(await strict[0]!.summary).toBe("s");
    expect([strict[0]!.body as unknown, (strict.at(-1)!.body as unknown) instanceof Promise]).toEqual(["b", false]);
    expect(at.ran.work).toHaveLength(1);
    session.expungeAll();
    const [one] = await session.scalars(all.options(defer(Strict.c.body, { raise: true }))).all();
    expect(await one!.summary).toBe("s");
    await expect(async () => await one!.body).rejects.toThrow(/Strict.body of <Strict 1> is not loaded/);
  });
  it("'*' for all columns; the key always comes along", async () => {
    await using session = new Session(at.engine);
    await session.scalars(all.options(load(Strict).undefer("*"))).all();
    expect(at.ran.last).toMatch(/summary.*body.*notes/);
    session.expungeAll();
    const [one] = await session.scalars(all.options(load(Strict).defer("*").undefer(Strict.c.name))).all();
    expect(at.ran.last).toMatch(/^SELECT strict\.id, strict\.name FROM/);
    expect([one!.id, one!.name]).toEqual([1, "one"]);
  });
  it("raise: a deferred column that may not be awaited later", async () => {
    await using session = new Session(at.engine);
    const [one] = await session.scalars(all.options(defer(Strict.c.notes, { raise: true }))).all();
    at.ran.clear();
    await expect(Promise.resolve(one!.notes)).rejects.toThrow(/Strict\.notes.*raise/);
    expect(at.ran.work).toEqual([]);
    expect(await one!.body).toBe("b");
    await session.refresh(one!, ["notes"]);
    expect(await one!.notes).toBe("n");
    session.expungeAll();
    const [two] = await session.scalars(all.options(loadOnly(Strict.c.name, { raise: true }))).all();
    await expect(Promise.resolve(two!.summary)).rejects.toThrow(NotLoadedError);
    expect(() => defer(Strict.c.notes, { rasie: true } as never)).toThrow(/'raise'/);
  });
  it("lazyLoad opens what the mapping refuses", async () => {
    await using session = new Session(at.engine);
    const [shut] = await session.scalars(all).all();
    await expect(shut!.parts as unknown as Promise<unknown>).rejects.toThrow(NotLoadedError);
    session.expungeAll();
    const [open] = await session.scalars(all.options(lazyLoad(Strict.c.parts))).all();
    expect(ids((await (open!.parts as unknown as Promise<Part[]>)) as Part[])).toEqual([1, 2]);
  });
  it("options hold for a refresh too", async () => {
    await using session = new Session(at.engine);
    const [one] = await session
      .scalars(all.options(load(Strict).undeferGroup("long"), selectinLoad(Strict.c.parts)))
      .all();
    await session.execute(
      update(Strict).set({ body: "changed" }).where(Strict.c.id.eq(1)).executionOptions({ synchronizeSession: false }),
    );
    at.ran.clear();
    await session.refresh(one!);
    expect(at.ran.work).toHaveLength(2);
    expect(at.ran.work[0]).toMatch(/summary.*body/);
    expect([await one!.body, ids(one!.parts)]).toEqual(["changed", [1, 2]]);
    expect(at.ran.work).toHaveLength(2);
    await session.rollback();
  });
});

const Trees = declarativeBase();
class Node extends Trees("Node", {
  id: integer().primaryKey(),
  parentId: integer().nullable().references("node.id"),
  get parent() {
    return manyToOne(Node, { backPopulates: "children", remoteSide: "id" });
  },
  get children() {
    return oneToMany(Node, { backPopulates: "parent", orderBy: "id" });
  },
}) {}

describeEachDatabase("recursion", (target) => {
  // 1 → 2, 3; 2 → 4; 4 → 5; and a cycle 6 → 7 → 6.
  const at = setUp(target, Trees.metadata, async (engine) => {
    await using connection = await engine.connect();
    const rows = [
      [1, null],
      [2, 1],
      [3, 1],
      [4, 2],
      [5, 4],
      [6, null],
      [7, 6],
    ] as const;
    for (const [id, parentId] of rows) await connection.execute(insert(Node).values({ id, parentId }));
    await connection.execute(update(Node).set({ parentId: 7 }).where(Node.c.id.eq(6)));
    await connection.commit();
  });
  const from = (id: number, recursionDepth: number) =>
    select(Node).where(Node.c.id.eq(id)).options(selectinLoad(Node.c.children, { recursionDepth }));

  it("goes so many levels further, no deeper", async () => {
    await using session = new Session(at.engine);
    const root = (await session.scalars(from(1, 1)).one())!;
    expect(at.ran.work).toHaveLength(3);
    const four = (await (root.children[0]!.children as unknown as Promise<Node[]>))[0]!;
    expect(four.id).toBe(4);
    at.ran.clear();
    expect(ids(await four.children)).toEqual([5]);
    expect(at.ran.work).toHaveLength(1);
  });
  it("without end: as deep as there are rows, one statement per level", async () => {
    await using session = new Session(at.engine);
    const root = (await session.scalars(from(1, -1)).one())!;
    expect(at.ran.work).toHaveLength(5);
    expect(new Set(at.ran.work.slice(1)).size).toBe(1);
    const two = root.children[0]!;
    expect(ids((two as unknown as { children: Node[] }).children)).toEqual([4]);
  });
  it("ends in a cycle", async () => {
    await using session = new Session(at.engine);
    const six = (await session.scalars(from(6, -1)).one())!;
    const seven = six.children[0]!;
    expect((seven as unknown as { children: Node[] }).children[0]).toBe(six);
    expect(at.ran.work).toHaveLength(3);
  });
  it("refuses depths that are none", () => {
    for (const depth of [0, -2, 1.5, Number.NaN]) expect(() => from(1, depth)).toThrow(/recursionDepth/);
  });
});

const Composite = declarativeBase();
class Place extends Composite(
  "Place",
  {
    country: integer(),
    city: integer(),
    get visits() {
      return oneToMany(Visit, { backPopulates: "place" });
    },
  },
  { primaryKey: ["country", "city"] },
) {}
class Visit extends Composite(
  "Visit",
  {
    id: integer().primaryKey(),
    country: integer().nullable(),
    city: integer().nullable(),
    get place() {
      return manyToOne(Place, { backPopulates: "visits" });
    },
  },
  { constraints: (c) => [foreignKey([c.country, c.city], ["place.country", "place.city"])] },
) {}

describeEachDatabase("composite keys that are partly null", (target) => {
  const at = setUp(target, Composite.metadata, async (engine) => {
    await using connection = await engine.connect();
    await connection.execute(
      insert(Place).values([
        { country: 1, city: 1 },
        { country: 1, city: 2 },
      ]),
    );
    await connection.execute(
      insert(Visit).values([
        { id: 1, country: 1, city: null },
        { id: 2, country: null, city: 2 },
        { id: 3, country: null, city: null },
        { id: 4, country: 1, city: 2 },
      ]),
    );
    await connection.commit();
  });
  const visits = select(Visit).orderBy(Visit.c.id);

  it("refer to nothing, without a statement", async () => {
    await using session = new Session(at.engine);
    const some = await session.scalars(visits.where(Visit.c.id.lt(4))).all();
    at.ran.clear();
    for (const visit of some) expect(await visit.place).toBeNull();
    expect(at.ran.work).toEqual([]);
  });
  it("in eager loads too", async () => {
    for (const how of [selectinLoad, joinedLoad, subqueryLoad] as const) {
      await using session = new Session(at.engine);
      const all = await session.scalars(visits.options((how as typeof selectinLoad)(Visit.c.place))).all();
      expect(all.map((v) => v.place?.city ?? null)).toEqual([null, null, null, 2]);
    }
  });
  it("both ways by tuples", async () => {
    await using session = new Session(at.engine);
    const places = await session
      .scalars(select(Place).orderBy(Place.c.city).options(selectinLoad(Place.c.visits)))
      .all();
    expect(places.map((p) => ids(p.visits))).toEqual([[], [4]]);
    expect(at.ran.work).toHaveLength(2);
  });
});

describeEachDatabase("criteria on a load", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);
  const load1 = {
    joined: joinedLoad,
    selectin: selectinLoad,
    subquery: subqueryLoad,
    immediate: immediateLoad,
    lazy: lazyLoad as unknown as typeof selectinLoad,
  };
  describe.each(Object.keys(load1) as (keyof typeof load1)[])("%s", (name) => {
    it("filters the members; values are those of each execution", async () => {
      for (const least of [4, 6, 8]) {
        await using session = new Session(at.engine);
        const all = await session
          .scalars(writers.options((load1[name] as typeof selectinLoad)(Writer.c.posts.and(Post.c.score.gt(least)))))
          .all();
        const found = [];
        for (const w of all) found.push(ids((await (w.posts as unknown)) as Post[]));
        const expected = { 4: [[1, 5], [3], [], []], 6: [[5], [3], [], []], 8: [[5], [], [], []] }[least];
        expect(found).toEqual(expected);
      }
    });
    it("below another one", async () => {
      await using session = new Session(at.engine);
      const how = load1[name] as typeof selectinLoad;
      const posts = await session
        .scalars(
          select(Post)
            .orderBy(Post.c.id)
            .options(joinedLoad(Post.c.author).options(how(Writer.c.posts.and(Post.c.id.lt(3))))),
        )
        .all();
      expect(ids((await (posts[2]!.author.posts as unknown)) as Post[])).toEqual([]);
      expect(ids((await (posts[0]!.author.posts as unknown)) as Post[])).toEqual([1, 2]);
    });
  });
  it("of a refused or empty relationship are no obstacle", async () => {
    await using session = new Session(at.engine);
    const [amy] = await session.scalars(writers.options(raiseLoad(Writer.c.posts.and(Post.c.id.lt(3))))).all();
    await expect(amy!.posts).rejects.toThrow(NotLoadedError);
    session.expungeAll();
    const [again] = await session.scalars(writers.options(noLoad(Writer.c.posts.and(Post.c.id.lt(3))))).all();
    expect(again!.posts as unknown).toEqual([]);
  });
});

describeEachDatabase("one statement per level", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);

  it("Promise.all over a lazy collection is one statement", async () => {
    await using session = new Session(at.engine);
    const all = await session.scalars(writers).all();
    at.ran.clear();
    const posts = await Promise.all(all.map((w) => w.posts));
    expect(posts.map(ids)).toEqual([[1, 2, 5], [3], [4], []]);
    expect(at.ran.kinds).toEqual(["SELECT post"]);
  });
  it("nested loops with awaits: one statement per relationship", async () => {
    await using session = new Session(at.engine);
    let words = 0;
    for (const writer of await session.scalars(writers).all())
      for (const post of await writer.posts) {
        for (const comment of await post.comments) words += (await comment.by)?.name.length ?? 0;
        for (const tag of await post.tags) words += tag.name.length;
      }
    expect(words).toBe(9 + 3 + 4 + 3 + 5);
    // The authors of comments are in the session already.
    expect(at.ran.kinds).toEqual(["SELECT writer", "SELECT post", "SELECT comment", "SELECT post_tag"]);
  });
  it("in parallel at every level", async () => {
    await using session = new Session(at.engine);
    const all = await session.scalars(writers).all();
    await Promise.all(
      all.map(async (w) =>
        Promise.all((await w.posts).map(async (p) => [await p.comments, await p.tags, await p.editor])),
      ),
    );
    expect(at.ran.kinds.slice(1).sort()).toEqual(["SELECT comment", "SELECT post", "SELECT post_tag"]);
  });
});

describeEachDatabase("chunks, streams and populateExisting", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);

  it("chunkSize says how many owners a statement serves", async () => {
    await using session = new Session(at.engine);
    const all = await session.scalars(writers.options(selectinLoad(Writer.c.posts, { chunkSize: 3 }))).all();
    expect(at.ran.kinds).toEqual(["SELECT writer", "SELECT post", "SELECT post"]);
    expect(all.map((w) => ids(w.posts))).toEqual([[1, 2, 5], [3], [4], []]);
  });
  it("a stream loads below each chunk of yieldPer rows", async () => {
    await using session = new Session(at.engine);
    const seen: number[][] = [];
    const statement = writers.options(selectinLoad(Writer.c.posts)).executionOptions({ yieldPer: 2 });
    for await (const w of session.scalars(statement)) seen.push(ids(w.posts));
    expect(seen).toEqual([[1, 2, 5], [3], [4], []]);
    expect(at.ran.kinds.filter((k) => k === "SELECT post")).toHaveLength(2);
  });
  it("populateExisting reaches what is loaded below", async () => {
    await using session = new Session(at.engine);
    const [amy] = await session.scalars(writers.options(selectinLoad(Writer.c.posts))).all();
    const post = amy!.posts[0]!;
    await session.execute(
      update(Post).set({ title: "fresh" }).where(Post.c.id.eq(1)).executionOptions({ synchronizeSession: false }),
    );
    expect(post.title).toBe("a1");
    for (const how of [selectinLoad, joinedLoad]) {
      post.title = "mine";
      await session.noAutoflush(() =>
        session
          .scalars(
            writers.options((how as typeof selectinLoad)(Writer.c.posts)).executionOptions({ populateExisting: true }),
          )
          .all(),
      );
      expect(post.title).toBe("fresh");
      expect(session.dirty.size).toBe(0);
    }
    await session.rollback();
  });
  it("without it a loaded attribute stays", async () => {
    await using session = new Session(at.engine);
    const [comment] = await session.scalars(select(Comment).options(undefer(Comment.c.words))).all();
    comment!.words = "mine";
    await session.noAutoflush(() => session.scalars(select(Comment)).all());
    expect(comment!.words).toBe("mine");
  });
});
