/** Attributes that are SQL expressions: with every row, deferred, correlated, or filled by one query. Oracle: SQLAlchemy. */
import { func, integer, literal, select, string } from "@athanor/core";
import {
  aliased,
  columnProperty,
  declarativeBase,
  inspect,
  joinedLoad,
  manyToOne,
  NotLoadedError,
  oneToMany,
  queryExpression,
  Session,
  selectinLoad,
  undefer,
  withExpression,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording } from "../session/support.js";

const Base = declarativeBase();
class User extends Base("User", {
  id: integer().primaryKey(),
  first: string(20),
  last: string(20),
  fullName: columnProperty(string(), (c) => c.first.concat(" ").concat(c.last)),
  posts: columnProperty(integer(), (c) => select(func.count(Post.c.id)).where(Post.c.userId.eq(c.id)).scalar()),
  shout: columnProperty(string(), (c) => func.upper(c.last), { deferred: true }),
  whisper: columnProperty(string(), (c) => func.lower(c.last), { group: "spoken" }),
  score: queryExpression(integer()),
  get entries() {
    return oneToMany(Post, { backPopulates: "user", orderBy: "id" });
  },
}) {}
class Post extends Base("Post", {
  id: integer().primaryKey(),
  title: string(20),
  userId: integer().references("user.id"),
  get user() {
    return manyToOne(User, { backPopulates: "entries" });
  },
}) {}

describeEachDatabase("column properties", (target) => {
  const db = recording(target, Base.metadata);
  const seeded = async () => {
    const session = new Session(db.engine);
    session.add(
      new User({
        id: 1,
        first: "amy",
        last: "Ace",
        entries: [new Post({ id: 1, title: "a" }), new Post({ id: 2, title: "b" })],
      }),
      new User({ id: 2, first: "bob", last: "Bee" }),
    );
    await session.commit();
    session.expungeAll();
    return session;
  };

  it("come with every row, also through joins, aliases, limits and criteria", async () => {
    await using session = await seeded();
    const users = await session.scalars(select(User).orderBy(User.c.fullName.desc())).all();
    expect(users.map((u) => [u.fullName, Number(u.posts)])).toEqual([
      ["bob Bee", 0],
      ["amy Ace", 2],
    ]);
    session.expungeAll();
    for (const how of [joinedLoad, selectinLoad]) {
      const [post] = await session.scalars(select(Post).where(Post.c.id.eq(2)).options(how(Post.c.user)));
      expect([post!.user!.fullName, Number(post!.user!.posts)]).toEqual(["amy Ace", 2]);
      session.expungeAll();
    }
    const [first] = await session.scalars(
      select(User).options(joinedLoad(User.c.entries)).where(User.c.posts.gt(0)).orderBy(User.c.id).limit(1),
    );
    expect([first!.fullName, first!.entries.length]).toEqual(["amy Ace", 2]);
    session.expungeAll();
    const u = aliased(User, "u");
    const row = await session.execute(select(u, u.c.fullName.as("label")).where(u.c.fullName.like("b%"))).first();
    expect([row!.u.fullName, row!.label]).toEqual(["bob Bee", "bob Bee"]);
    expect(await session.scalars(select(User.c.fullName).orderBy(User.c.id)).all()).toEqual(["amy Ace", "bob Bee"]);
  });
  it("a subquery is over the owner's row, even where the statement selects from its tables itself", async () => {
    await using session = await seeded();
    session.add(new User({ id: 3, first: "cid", last: "Cee", entries: [new Post({ id: 3, title: "c" })] }));
    await session.commit();
    session.expungeAll();
    const rows = await session
      .execute(select(User.c.id, User.c.posts, Post.c.id.as("post")).join(User.c.entries).orderBy(Post.c.id))
      .all();
    expect(rows.map((r) => [r[0], Number(r[1]), r[2]])).toEqual([
      [1, 2, 1],
      [1, 2, 2],
      [3, 1, 3],
    ]);
    for (const how of [joinedLoad, selectinLoad]) {
      const posts = await session.scalars(select(Post).options(how(Post.c.user)).orderBy(Post.c.id)).all();
      expect(posts.map((p) => Number(p.user!.posts))).toEqual([2, 2, 1]);
      session.expungeAll();
    }
    const u = aliased(User, "u");
    const busy = select(u).join(u.c.entries).where(u.c.posts.gt(1)).orderBy(u.c.id).distinct();
    expect((await session.scalars(busy).all()).map((found) => [found.id, Number(found.posts)])).toEqual([[1, 2]]);
  });
  it("a subquery over the owner's own table needs an alias, and says so", async () => {
    const Other = declarativeBase();
    class Node extends Other("Node", {
      id: integer().primaryKey(),
      upId: integer().nullable().references("node.id"),
      below: columnProperty(integer(), (c): unknown =>
        select(func.count(Node.c.id)).where(Node.c.upId.eq(c.id)).scalar(),
      ),
      known: columnProperty(integer(), (c): unknown => {
        const other = aliased(Node);
        return select(func.count(other.c.id)).where(other.c.upId.eq(c.id)).scalar();
      }),
    }) {}
    expect(() => String(select(Node.c.below))).toThrow(/Node.below: its subquery reads the owner's own table.*aliased/);
    expect(String(select(Node.c.id, Node.c.known)).replace(/\s+/g, " ")).toMatch(
      /FROM node AS node_1 WHERE node_1.up_id = node.id\) AS known FROM node$/,
    );
  });
  it("deferred ones are awaited or asked for, singly and by group", async () => {
    await using session = await seeded();
    const amy = (await session.get(User, 1))!;
    expect(inspect(amy).unloaded.has("shout")).toBe(true);
    expect(await amy.shout).toBe("ACE");
    expect(amy.shout).toBe("ACE");
    session.expungeAll();
    const [again] = await session.scalars(select(User).options(undefer(User.c.shout)).where(User.c.id.eq(1)));
    expect([again!.shout, again!.fullName]).toEqual(["ACE", "amy Ace"]);
    expect(await again!.whisper).toBe("ace");
  });
  it("are read only, unknown to new objects until read, and follow a refresh, not a change", async () => {
    await using session = await seeded();
    expect(() => new User({ fullName: "x" } as never)).toThrow(/User\.fullName is an SQL expression and read only/);
    const carl = new User({ id: 3, first: "carl", last: "Cox" });
    expect(carl.fullName).toBeNull();
    session.add(carl);
    await session.flush();
    expect(() => carl.fullName).toThrow(NotLoadedError);
    await session.refresh(carl, ["fullName"]);
    expect(carl.fullName).toBe("carl Cox");
    carl.last = "Dee";
    await session.flush();
    expect(carl.fullName).toBe("carl Cox");
    await session.scalars(select(User)).all();
    expect(carl.fullName).toBe("carl Cox");
    await session.scalars(select(User).executionOptions({ populateExisting: true })).all();
    expect(carl.fullName).toBe("carl Dee");
    await session.rollback();
  });
  it("a query expression is null unless the query fills it, and loaded objects keep theirs", async () => {
    await using session = await seeded();
    const plain = await session.scalars(select(User).orderBy(User.c.id)).all();
    expect(plain.map((u) => u.score)).toEqual([null, null]);
    const filled = (n: number) =>
      select(User)
        .options(withExpression(User.c.score, User.c.id.mul(n).add(literal(1, integer()))))
        .orderBy(User.c.id);
    session.expungeAll();
    expect((await session.scalars(filled(10)).all()).map((u) => u.score)).toEqual([11, 21]);
    expect((await session.scalars(filled(20)).all()).map((u) => u.score)).toEqual([11, 21]);
    const renewed = filled(20).executionOptions({ populateExisting: true });
    expect((await session.scalars(renewed).all()).map((u) => u.score)).toEqual([21, 41]);
    expect(() => withExpression(User.c.first as never, User.c.id)).toThrow(/User\.first is a column/);
  });
});
