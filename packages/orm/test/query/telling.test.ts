/**
 * The most telling cases of SQLAlchemy's own suite for this side, told anew (`core-orm.md`, section 2, numbers 17 to 24
 * and 27; number 26 is in `dml.test.ts`).
 */
import { insert, integer, select, string } from "@athanor/core";
import {
  aliased,
  containsEager,
  declarativeBase,
  immediateLoad,
  joinedLoad,
  lazyLoad,
  loadOnly,
  manyToOne,
  oneToMany,
  Session,
  selectinLoad,
  subqueryLoad,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { Base, Comment, names, Post, seedBlog, setUp, Tag, titles, Writer } from "./blog.js";

describeEachDatabase("telling cases of loading", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);

  it("17: a pending member of a many-to-many merges with rows loaded later, without a flush", async () => {
    await using session = new Session(at.engine, { autoflush: false });
    const post = (await session.get(Post, 1))!;
    const tag = new Tag({ id: 50, name: "new" });
    session.add(tag);
    tag.posts.push(post);
    at.ran.clear();
    expect(names(await post.tags)).toEqual(["red", "blue", "new"]);
    expect(at.ran.kinds).toHaveLength(1);
    await session.flush();
    expect(at.ran.kinds.slice(1)).toEqual(["INSERT tag", "INSERT post_tag"]);
    await session.refresh(post, ["tags"]);
    expect(names(await post.tags)).toEqual(["red", "blue", "new"]);
  });
  it("18: two joined collections under LIMIT and OFFSET, ordered by another join", async () => {
    await using session = new Session(at.engine);
    const posts = await session
      .scalars(
        select(Post)
          .join(Post.c.author)
          .options(joinedLoad(Post.c.comments), joinedLoad(Post.c.tags))
          .orderBy(Writer.c.name.desc(), Post.c.id)
          .limit(3)
          .offset(1),
      )
      .all();
    expect(posts.map((p) => [p.title, p.comments.map((c) => c.words), names(p.tags)])).toEqual([
      ["b1", ["three"], ["green"]],
      ["a1", ["one", "two"], ["red", "blue"]],
      ["a2", ["four"], ["red"]],
    ]);
    expect(at.ran.work).toHaveLength(1);
  });
  it("19: an outer join holds what would be inner joins below it, for two relationships side by side", async () => {
    await using session = new Session(at.engine);
    const writers = await session
      .scalars(
        select(Writer)
          .options(
            joinedLoad(Writer.c.posts).options(
              joinedLoad(Post.c.author),
              joinedLoad(Post.c.comments).joinedLoad(Comment.c.post),
            ),
          )
          .orderBy(Writer.c.id),
      )
      .all();
    expect(writers.map((w) => w.posts.map((p) => [p.author.name, p.comments.map((c) => c.post.title)]))).toEqual([
      [
        ["amy", ["a1", "a1"]],
        ["amy", ["a2"]],
        ["amy", []],
      ],
      [["bob", ["b1"]]],
      [["cid", []]],
      [],
    ]);
    expect(at.ran.work).toHaveLength(1);
  });
  it("20: one row reached by two paths fills the deeper attribute, in any order of rows", async () => {
    for (const direction of ["asc", "desc"] as const) {
      await using session = new Session(at.engine);
      const [boss, peer] = [aliased(Writer, "boss"), aliased(Writer, "peer")];
      const rows = await session.execute(
        select(boss, peer)
          .join(peer, peer.c.bossId.eq(boss.c.id))
          .options(joinedLoad(boss.c.posts), joinedLoad(peer.c.profile))
          .orderBy(peer.c.id[direction]()),
      );
      at.ran.clear();
      const bob = (await session.get(Writer, 2))!;
      expect(titles(await bob.posts)).toEqual(["b1"]);
      expect((await bob.profile)?.motto).toBe("down");
      expect(at.ran.work).toEqual([]);
      expect(rows).toHaveLength(3);
    }
  });
  it("21: select-in of a reference whose foreign key was left out still finds it", async () => {
    await using session = new Session(at.engine);
    const posts = await session
      .scalars(select(Post).options(loadOnly(Post.c.title), selectinLoad(Post.c.author)).orderBy(Post.c.id))
      .all();
    expect(posts.map((p) => (p as unknown as { author: Writer }).author.name)).toEqual([
      "amy",
      "amy",
      "bob",
      "cid",
      "amy",
    ]);
    expect(at.ran.work).toHaveLength(2);
  });
  it("22: a chain is loaded as deep as it is, by two texts", async () => {
    await using session = new Session(at.engine);
    await session.execute(
      insert(Writer).values(
        Array.from({ length: 185 }, (_, i) => ({ id: 1000 + i, name: `w${i}`, bossId: i === 0 ? null : 999 + i })),
      ),
    );
    at.ran.clear();
    let [at_] = await session.scalars(select(Writer).where(Writer.c.id.eq(1000)));
    let depth = 0;
    for (let next = (await at_!.team)[0]; next !== undefined; next = (await next.team)[0]) {
      at_ = next;
      depth++;
    }
    expect([depth, at_!.name]).toEqual([184, "w184"]);
    expect(at.ran.work).toHaveLength(186);
    expect(new Set(at.ran.work).size).toBe(2);
  });
  it("23: the same options with other values, by every strategy, cached or not", async () => {
    const expected = {
      0: [["a1", "a3"], ["b1"], ["c1"], []],
      4: [["a1", "a3"], ["b1"], [], []],
      8: [["a3"], [], [], []],
    };
    const load = async (least: number, how: (least: number) => unknown): Promise<string[][]> => {
      await using session = new Session(at.engine);
      const writers = (await session
        .scalars(
          select(Writer)
            .options(how(least) as never)
            .orderBy(Writer.c.id),
        )
        .all()) as Writer[];
      const out: string[][] = [];
      for (const w of writers) out.push(titles(await w.posts));
      return out;
    };
    for (const how of [joinedLoad, selectinLoad, subqueryLoad, immediateLoad, lazyLoad]) {
      for (const least of [0, 4, 8, 4, 0] as const) {
        expect(
          await load(least, (n) => (how as typeof joinedLoad)(Writer.c.posts.and(Post.c.score.gt(n)))),
          `${how.name} ${least}`,
        ).toEqual(expected[least]);
      }
    }
  });
  it("23 below other options, and through containsEager", async () => {
    for (const least of [0, 8, 4]) {
      await using session = new Session(at.engine);
      const comments = (await session
        .scalars(
          select(Comment)
            .join(Comment.c.post)
            .options(
              containsEager(Comment.c.post)
                .joinedLoad(Post.c.author)
                .selectinLoad(Writer.c.posts.and(Post.c.score.gt(least))),
            )
            .orderBy(Comment.c.id),
        )
        .all()) as unknown as { post: { author: { posts: Post[] } } }[];
      expect(comments[0]!.post.author.posts.map((p) => p.score)).toEqual([5, 9].filter((s) => s > least));
      await using other = new Session(at.engine);
      const posts = (await other
        .scalars(
          select(Post)
            .options(selectinLoad(Post.c.author).selectinLoad(Writer.c.posts.and(Post.c.score.gt(least))))
            .orderBy(Post.c.id),
        )
        .all()) as unknown as { author: { posts: Post[] } }[];
      expect(posts[0]!.author.posts.map((p) => p.score)).toEqual([5, 9].filter((s) => s > least));
    }
  });
  it("27: rows of different keys come back as aligned entities", async () => {
    await using session = new Session(at.engine);
    const rows = [
      { id: 101, name: "n1", email: "e1", bossId: 1 },
      { id: 102, name: "n2", email: "e2", bossId: 1 },
      { id: 103, name: "n3", bossId: 2 },
      { id: 104, name: "n4" },
      { id: 105, name: "n5", email: "e5", bossId: 3 },
      { id: 106, name: "n6", bossId: 1, email: "e6" },
    ];
    const made = (await session
      .scalars((insert(Writer) as unknown as { returning(m: typeof Writer): never }).returning(Writer), rows as never)
      .all()) as unknown as Writer[];
    expect(made.map((w) => [w.id, w.name, w.email, w.bossId])).toEqual([
      [101, "n1", "e1", 1],
      [102, "n2", "e2", 1],
      [103, "n3", null, 2],
      [104, "n4", null, null],
      [105, "n5", "e5", 3],
      [106, "n6", "e6", 1],
    ]);
    // Four runs of equal keys.
    expect(at.ran.kinds).toEqual(["INSERT writer", "INSERT writer", "INSERT writer", "INSERT writer"]);
    expect(await session.get(Writer, 104)).toBe(made[3]);
  });
});

/** 24: the same hierarchy, mapped to one table or to several, gives the same objects. */
for (const tables of ["one", "several"] as const) {
  const Zoo = declarativeBase();
  class Keeper extends Zoo("Keeper", {
    id: integer().primaryKey(),
    get animals() {
      return oneToMany(Animal, { backPopulates: "keeper", orderBy: "id" });
    },
  }) {}
  class Animal extends Zoo(
    "Animal",
    {
      id: integer().primaryKey(),
      get kind() {
        return string(10).subclasses(Cat, Fish);
      },
      name: string(10),
      keeperId: integer().nullable().references("keeper.id"),
      get keeper() {
        return manyToOne(Keeper, { backPopulates: "animals" });
      },
    },
    { polymorphicOn: "kind", identity: "animal" },
  ) {}
  class Cat extends Animal.subclass(
    "Cat",
    { lives: integer().nullable() },
    tables === "one" ? { identity: "cat" } : { identity: "cat", tableName: "cat" },
  ) {}
  class Fish extends Animal.subclass(
    "Fish",
    { depth: integer().nullable() },
    tables === "one" ? { identity: "fish" } : { identity: "fish", tableName: "fish" },
  ) {}

  describeEachDatabase(`24: a hierarchy in ${tables}`, (target) => {
    const at = setUp(target, Zoo.metadata, async (engine) => {
      await using session = new Session(engine);
      const keeper = new Keeper({ id: 1 });
      session.add(
        keeper,
        new Animal({ id: 1, name: "a", keeper }),
        new Cat({ id: 2, name: "c", lives: 9, keeper }),
        new Fish({ id: 3, name: "f", depth: 4, keeper }),
        new Cat({ id: 4, name: "d", lives: 7 }),
      );
      await session.commit();
    });
    const tell = (list: readonly Animal[]) =>
      list.map((a) =>
        `${a.constructor.name} ${a.name} ${(a as unknown as Cat).lives ?? ""}${(a as unknown as Fish).depth ?? ""}`.trim(),
      );
    const all = ["Animal a", "Cat c 9", "Fish f 4", "Cat d 7"];

    it("base, subclass, key, criteria, relationships, aliases", async () => {
      await using session = new Session(at.engine);
      expect(tell(await session.scalars(select(Animal).orderBy(Animal.c.id)))).toEqual(all);
      await using second = new Session(at.engine);
      expect(tell(await second.scalars(select(Cat).where(Cat.c.lives.gt(8), Cat.c.name.ne("x"))))).toEqual(["Cat c 9"]);
      expect(tell([(await second.get(Animal, 3)) as unknown as Animal])).toEqual(["Fish f 4"]);
      for (const how of [joinedLoad, selectinLoad]) {
        await using third = new Session(at.engine);
        const [keeper] = await third.scalars(select(Keeper).options(how(Keeper.c.animals)));
        expect(tell(keeper!.animals as unknown as Animal[])).toEqual(all.slice(0, 3));
      }
      const rows = await second.execute(select(Keeper, Cat).join(Keeper.c.animals.ofType(Cat)));
      expect(rows.map((r) => [r.Keeper.id, r.Cat.lives])).toEqual([[1, 9]]);
      const cat = aliased(Cat, "other");
      expect(
        (await second.execute(select(cat.c.name, cat.c.lives).where(cat.c.lives.eq(7)))).map((r) => [...r]),
      ).toEqual([["d", 7]]);
      expect(await second.query(Cat).count()).toBe(2);
      const filled = await second
        .scalars(
          select(Keeper)
            .join(Keeper.c.animals.ofType(Cat))
            .options(containsEager(Keeper.c.animals.ofType(Cat))),
        )
        .all();
      expect(tell((filled[0] as unknown as { animals: Animal[] }).animals)).toEqual(["Cat c 9"]);
    });
  });
}
