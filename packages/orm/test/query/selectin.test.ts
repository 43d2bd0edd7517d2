/** selectinLoad and its kin: one more statement per relationship, by keys. */
import { insert, integer, select, string, table } from "@athanor/core";
import {
  declarativeBase,
  immediateLoad,
  manyToMany,
  manyToOne,
  noLoad,
  oneToMany,
  Session,
  selectinLoad,
  subqueryLoad,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { Base, Comment, names, Post, seedBlog, setUp, Tag, titles, Writer } from "./blog.js";

describeEachDatabase("selectinLoad", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);

  it("loads collections by the owners' keys without a join; empty ones are set", async () => {
    await using session = new Session(at.engine);
    const writers = await session
      .scalars(select(Writer).options(selectinLoad(Writer.c.posts)).orderBy(Writer.c.id))
      .all();
    expect(writers.map((w) => titles(w.posts))).toEqual([["a1", "a2", "a3"], ["b1"], ["c1"], []]);
    expect(at.ran.kinds).toEqual(["SELECT writer", "SELECT post"]);
    expect(at.ran.last).not.toMatch(/JOIN/);
    expect(at.ran.last).toMatch(/ORDER BY/);
  });
  it("selects the foreign key once", async () => {
    await using session = new Session(at.engine);
    await session.scalars(select(Writer).options(selectinLoad(Writer.c.posts))).all();
    const columns = (/SELECT (.*?) FROM post/.exec(at.ran.last) as RegExpExecArray)[1] as string;
    expect(columns.match(/author_id/g)).toHaveLength(1);
  });
  it("loads references by the foreign keys on the owners, leaving out what the session has", async () => {
    await using session = new Session(at.engine);
    await session.get(Writer, 1);
    at.ran.clear();
    const posts = await session.scalars(select(Post).options(selectinLoad(Post.c.author)).orderBy(Post.c.id)).all();
    expect(posts.map((p) => p.author.name)).toEqual(["amy", "amy", "bob", "cid", "amy"]);
    expect(at.ran.kinds).toEqual(["SELECT post", "SELECT writer"]);
    at.ran.clear();
    await session.scalars(select(Post).options(selectinLoad(Post.c.editor))).all();
    expect(at.ran.kinds).toEqual(["SELECT post"]);
  });
  it("loads through a secondary table", async () => {
    await using session = new Session(at.engine);
    const posts = await session.scalars(select(Post).options(selectinLoad(Post.c.tags)).orderBy(Post.c.id)).all();
    expect(posts.map((p) => names(p.tags))).toEqual([["red", "blue"], ["red"], ["green"], [], []]);
    expect(at.ran.work).toHaveLength(2);
    expect(posts[0]!.tags[0]).toBe(posts[1]!.tags[0]);
  });
  it("nests and branches", async () => {
    await using session = new Session(at.engine);
    const writers = await session
      .scalars(
        select(Writer)
          .options(
            selectinLoad(Writer.c.posts).options(
              selectinLoad(Post.c.comments).selectinLoad(Comment.c.by),
              selectinLoad(Post.c.tags),
            ),
          )
          .orderBy(Writer.c.id),
      )
      .all();
    expect(writers[0]!.posts[0]!.comments.map((c) => c.by?.name)).toEqual(["bob", "cid"]);
    expect(writers[0]!.posts.map((p) => names(p.tags))).toEqual([["red", "blue"], ["red"], []]);
    expect(at.ran.kinds.slice(0, 3)).toEqual(["SELECT writer", "SELECT post", "SELECT comment"]);
    expect(at.ran.work).toHaveLength(4);
  });
  it("goes down a self-reference", async () => {
    await using session = new Session(at.engine);
    const [amy] = await session.scalars(
      select(Writer).where(Writer.c.id.eq(1)).options(selectinLoad(Writer.c.team).selectinLoad(Writer.c.team)),
    );
    expect(amy!.team.map((w) => [w.name, names(w.team)])).toEqual([
      ["bob", ["dan"]],
      ["cid", []],
    ]);
    expect(at.ran.work).toHaveLength(3);
  });
  it("takes criteria with and(), and two sessions with other values share the plan", async () => {
    for (const [least, expected] of [
      [6, [["a3"], ["b1"], [], []]],
      [2, [["a1", "a3"], ["b1"], [], []]],
    ] as const) {
      await using session = new Session(at.engine);
      const writers = await session
        .scalars(
          select(Writer)
            .options(selectinLoad(Writer.c.posts.and(Post.c.score.gt(least))))
            .orderBy(Writer.c.id),
        )
        .all();
      expect(writers.map((w) => titles(w.posts))).toEqual(expected);
    }
  });
  it("fetches nothing more when there are no owners", async () => {
    await using session = new Session(at.engine);
    expect(
      await session
        .scalars(
          select(Writer).where(Writer.c.id.lt(0)).options(selectinLoad(Writer.c.posts).selectinLoad(Post.c.tags)),
        )
        .all(),
    ).toEqual([]);
    expect(at.ran.work).toHaveLength(1);
  });
  it("leaves a loaded collection with its changes alone", async () => {
    await using session = new Session(at.engine, { autoflush: false });
    const bob = (await session.get(Writer, 2))!;
    (await bob.posts).push(new Post({ title: "mine" }));
    const writers = await session
      .scalars(select(Writer).options(selectinLoad(Writer.c.posts)).orderBy(Writer.c.id))
      .all();
    expect(titles(writers[1]!.posts)).toEqual(["b1", "mine"]);
  });
  it("subqueryLoad and immediateLoad give the same", async () => {
    for (const load of [subqueryLoad, immediateLoad]) {
      await using session = new Session(at.engine);
      at.ran.clear();
      const writers = await session
        .scalars(select(Writer).options(load(Writer.c.posts)).orderBy(Writer.c.id).limit(2))
        .all();
      expect(writers.map((w) => titles(w.posts))).toEqual([["a1", "a2", "a3"], ["b1"]]);
      expect(at.ran.work).toHaveLength(2);
    }
  });
  it("noLoad reads as empty and asks nothing", async () => {
    await using session = new Session(at.engine);
    const [amy] = await session.scalars(
      select(Writer).where(Writer.c.id.eq(1)).options(noLoad(Writer.c.posts), noLoad(Writer.c.profile)),
    );
    expect(await amy!.posts).toEqual([]);
    expect(await amy!.profile).toBeNull();
    expect(at.ran.work).toHaveLength(1);
  });
  it("sees a tag's posts and their other tags as the same objects", async () => {
    await using session = new Session(at.engine);
    const tags = await session
      .scalars(select(Tag).options(selectinLoad(Tag.c.posts).selectinLoad(Post.c.tags)).orderBy(Tag.c.id))
      .all();
    expect(tags[0]!.posts[0]!.tags[0]).toBe(tags[0]);
    expect(names(tags[1]!.posts[0]!.tags)).toEqual(["red", "blue"]);
  });
});

const Shop = declarativeBase();
class Cart extends Shop(
  "Cart",
  {
    region: string(10),
    no: integer(),
    get lines() {
      return oneToMany(Line, { backPopulates: "cart", orderBy: "id" });
    },
    get marks() {
      return manyToMany(Mark, { secondary: cartMark, orderBy: "id" });
    },
  },
  { primaryKey: ["region", "no"] },
) {}
class Line extends Shop(
  "Line",
  {
    id: integer().primaryKey(),
    region: string(10).nullable(),
    no: integer().nullable(),
    get cart() {
      return manyToOne(Cart, { backPopulates: "lines" });
    },
  },
  { constraints: (c) => [foreignKey([c.region, c.no], ["cart.region", "cart.no"])] },
) {}
class Mark extends Shop("Mark", { id: integer().primaryKey() }) {}
const cartMark = table(
  "cart_mark",
  { region: string(10), no: integer(), markId: integer().references("mark.id") },
  {
    primaryKey: ["region", "no", "markId"],
    metadata: Shop.metadata,
    constraints: (c) => [foreignKey([c.region, c.no], ["cart.region", "cart.no"])],
  },
);
class Owner extends Shop("Owner", {
  id: integer().primaryKey(),
  get things() {
    return oneToMany(Thing, { backPopulates: "owner", orderBy: "id" });
  },
}) {}
class Thing extends Shop("Thing", {
  id: integer().primaryKey(),
  ownerId: integer().references("owner.id"),
  get owner() {
    return manyToOne(Owner, { backPopulates: "things", nullable: false });
  },
}) {}

import { foreignKey } from "@athanor/core";

describeEachDatabase("selectinLoad by composite keys and in chunks", (target) => {
  const at = setUp(target, Shop.metadata, async (engine) => {
    await engine.begin(async (connection) => {
      await connection.execute(
        insert(Cart).values([
          { region: "eu", no: 1 },
          { region: "eu", no: 2 },
          { region: "us", no: 1 },
        ]),
      );
      await connection.execute(
        insert(Line).values([
          { id: 1, region: "eu", no: 1 },
          { id: 2, region: "us", no: 1 },
          { id: 3, region: "eu", no: 1 },
          { id: 4, region: "eu", no: null },
          { id: 5, region: null, no: null },
        ]),
      );
      await connection.execute(insert(Mark).values([{ id: 1 }, { id: 2 }]));
      await connection.execute(
        insert(cartMark).values([
          { region: "eu", no: 1, markId: 1 },
          { region: "eu", no: 1, markId: 2 },
          { region: "us", no: 1, markId: 2 },
        ]),
      );
      await connection.execute(insert(Owner).values(Array.from({ length: 1200 }, (_, i) => ({ id: i + 1 }))));
      await connection.execute(
        insert(Thing).values(Array.from({ length: 2400 }, (_, i) => ({ id: i + 1, ownerId: Math.floor(i / 2) + 1 }))),
      );
    });
  });

  it("reads collections, references and secondary tables of composite keys", async () => {
    await using session = new Session(at.engine);
    const carts = await session
      .scalars(
        select(Cart).options(selectinLoad(Cart.c.lines), selectinLoad(Cart.c.marks)).orderBy(Cart.c.region, Cart.c.no),
      )
      .all();
    expect(carts.map((c) => [c.region, c.no, c.lines.map((l) => l.id), c.marks.map((m) => m.id)])).toEqual([
      ["eu", 1, [1, 3], [1, 2]],
      ["eu", 2, [], []],
      ["us", 1, [2], [2]],
    ]);
    expect(at.ran.work).toHaveLength(3);
    await using other = new Session(at.engine);
    at.ran.clear();
    const lines = await other.scalars(select(Line).options(selectinLoad(Line.c.cart)).orderBy(Line.c.id)).all();
    // A key with a null part refers to nothing.
    expect(lines.map((l) => (l.cart === null ? null : `${l.cart.region} ${l.cart.no}`))).toEqual([
      "eu 1",
      "us 1",
      "eu 1",
      null,
      null,
    ]);
    expect(at.ran.work).toHaveLength(2);
  });
  it("lazy loads them the same way", async () => {
    await using session = new Session(at.engine);
    const carts = await session.scalars(select(Cart).orderBy(Cart.c.region, Cart.c.no)).all();
    const all = await Promise.all(carts.map(async (c) => (await c.lines).map((l) => l.id)));
    expect(all).toEqual([[1, 3], [], [2]]);
    expect(at.ran.work).toHaveLength(2);
  });
  it("asks for 1,200 owners in chunks of 500", async () => {
    await using session = new Session(at.engine);
    const owners = await session.scalars(select(Owner).options(selectinLoad(Owner.c.things)).orderBy(Owner.c.id)).all();
    expect(owners).toHaveLength(1200);
    expect(
      owners.every((o) => o.things.length === 2 && o.things[0]!.id === o.id * 2 - 1 && o.things[1]!.id === o.id * 2),
    ).toBe(true);
    expect(at.ran.kinds).toEqual(["SELECT owner", "SELECT thing", "SELECT thing", "SELECT thing"]);
    // Two full chunks and a rest: at most two texts, however the dialect writes a list.
    expect(new Set(at.ran.work.slice(1)).size).toBeLessThanOrEqual(2);
  });
  it("asks for 1,200 references of 2,400 objects in chunks of keys", async () => {
    await using session = new Session(at.engine);
    const things = await session.scalars(select(Thing).options(selectinLoad(Thing.c.owner))).all();
    expect(things.every((t) => t.owner.id === t.ownerId)).toBe(true);
    expect(at.ran.work.length).toBeLessThanOrEqual(6);
  });
});
