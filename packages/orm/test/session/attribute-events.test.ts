/** Listeners of attributes and of models: what they are told, what their answers do, what propagates. Oracle: SQLAlchemy. */
import { integer, json, select, string, table } from "@athanor/core";
import {
  declarativeBase,
  flagModified,
  listen,
  manyToMany,
  manyToOne,
  NotLoadedError,
  oneToMany,
  Session,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, describe, expect, it } from "vitest";
import { recording } from "./support.js";

const Base = declarativeBase();
class User extends Base(
  "User",
  {
    id: integer().primaryKey(),
    kind: string(10),
    email: string(40).nullable(),
    bio: string(40).nullable().deferred(),
    data: json<{ n: number }>().nullable(),
    get posts() {
      return oneToMany(Post, { backPopulates: "author" });
    },
    get tags() {
      return manyToMany(Tag, { secondary: userTags, backPopulates: "users" });
    },
  },
  { polymorphicOn: "kind", identity: "user" },
) {}
class Admin extends User.subclass("Admin", { level: integer().nullable() }, { identity: "admin" }) {
  static {
    this.register();
  }
}
class Post extends Base("Post", {
  id: integer().primaryKey(),
  title: string(40),
  authorId: integer().nullable().references("user.id"),
  get author() {
    return manyToOne(User, { backPopulates: "posts" });
  },
}) {}
const userTags = table(
  "user_tags",
  { userId: integer().references("user.id"), tagId: integer().references("tag.id") },
  { primaryKey: ["userId", "tagId"], metadata: Base.metadata },
);
class Tag extends Base("Tag", {
  id: integer().primaryKey(),
  get users() {
    return manyToMany(User, { secondary: userTags, backPopulates: "tags" });
  },
}) {}

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

describe("listeners of columns", () => {
  it("set: told the old value, in constructors too; answers chain with retval", () => {
    const told: unknown[] = [];
    stops.push(
      listen(User, "email", "set", ({ value }) => String(value).trim(), { retval: true }),
      listen(User, "email", "set", ({ value }) => String(value).toLowerCase(), { retval: true }),
      listen(User, "email", "set", ({ value, old, key }) => void told.push([key, value, old])),
    );
    const user = new User({ email: " A@X " });
    expect(user.email).toBe("a@x");
    user.email = "B@X";
    expect(user.email).toBe("b@x");
    // Also where nothing changes, as in SQLAlchemy.
    user.email = "b@x";
    expect(told).toEqual([
      ["email", "a@x", undefined],
      ["email", "b@x", "a@x"],
      ["email", "b@x", "b@x"],
    ]);
  });
  it("belong to their class; propagate reaches subclasses; insert comes first, once comes once", () => {
    const told: string[] = [];
    stops.push(
      listen(User, "email", "set", () => void told.push("own")),
      listen(User, "email", "set", () => void told.push("below"), { propagate: true }),
      listen(Admin, "email", "set", () => void told.push("admin")),
      listen(User, "email", "set", () => void told.push("first"), { propagate: true, insert: true }),
      listen(User, "email", "set", () => void told.push("once"), { propagate: true, once: true }),
    );
    const admin = new Admin({ email: "x" });
    expect(told.splice(0)).toEqual(["first", "below", "admin", "once"]);
    admin.email = "y";
    expect(told.splice(0)).toEqual(["first", "below", "admin"]);
    new User().email = "z";
    expect(told.splice(0)).toEqual(["first", "own", "below"]);
    for (const stop of stops.splice(0)) stop();
    admin.email = "w";
    expect(told).toEqual([]);
  });
  it("initScalar gives a new object its value at the first read", () => {
    let n = 0;
    stops.push(listen(User, "email", "initScalar", () => `made ${++n}`, { retval: true }));
    const user = new User();
    expect([user.email, user.email]).toEqual(["made 1", "made 1"]);
    expect(new User({ email: null }).email).toBeNull();
    expect(n).toBe(1);
  });
  it("modified is told by flagModified()", () => {
    const told: string[] = [];
    stops.push(listen(User, "data", "modified", ({ key }) => void told.push(key)));
    const user = new User({ data: { n: 1 } });
    flagModified(user, "data");
    expect(told).toEqual(["data"]);
  });
  it("mistakes are named", () => {
    expect(() => listen(User, "emial" as "email", "set", () => {})).toThrow(
      /no attribute 'emial'.*Did you mean 'email'/,
    );
    expect(() => listen(User, "email", "append", () => {})).toThrow(/User\.email has no event 'append'.*Known: set/);
    expect(() => listen(User, "posts", "set", () => {})).toThrow(/User\.posts has no event 'set'.*bulkReplace/);
    expect(() => listen(User, "laod" as "load", () => {})).toThrow(/Did you mean 'load'/);
    expect(() => listen({} as typeof User, "load", () => {})).toThrow(/the first argument is a model/);
  });
});

describe("listeners of relationships", () => {
  const watch = () => {
    const told: string[] = [];
    const name = (x: unknown) =>
      x === null || x === undefined
        ? String(x)
        : (x as Post | User) instanceof Post
          ? (x as Post).title
          : ((x as User).email ?? "?");
    stops.push(
      listen(
        User,
        "posts",
        "append",
        ({ instance, value }) => void told.push(`append ${name(value)} to ${name(instance)}`),
      ),
      listen(
        User,
        "posts",
        "remove",
        ({ instance, value }) => void told.push(`remove ${name(value)} from ${name(instance)}`),
      ),
      listen(User, "posts", "bulkReplace", ({ values }) => void told.push(`replace by ${values.map(name).join("+")}`)),
      listen(
        Post,
        "author",
        "set",
        ({ instance, value, old }) => void told.push(`author of ${name(instance)}: ${name(old)} -> ${name(value)}`),
      ),
    );
    return told;
  };
  it("hear both sides of a change, moves included", async () => {
    const told = watch();
    const [amy, bob] = [new User({ email: "amy" }), new User({ email: "bob" })];
    const post = new Post({ title: "p" });
    amy.posts.push(post);
    expect(told.splice(0)).toEqual(["append p to amy", "author of p: undefined -> amy"]);
    post.author = bob;
    expect(told.splice(0)).toEqual(["author of p: amy -> bob", "append p to bob", "remove p from amy"]);
    (await bob.posts).pop();
    expect(told.splice(0)).toEqual(["remove p from bob", "author of p: bob -> null"]);
  });
  it("a replacement tells only what really joins and leaves", () => {
    const told = watch();
    const [one, two, three] = ["1", "2", "3"].map((title) => new Post({ title })) as [Post, Post, Post];
    const amy = new User({ email: "amy", posts: [one, two] });
    told.length = 0;
    amy.posts.replace([two, three]);
    expect(told.filter((t) => !t.startsWith("author"))).toEqual([
      "replace by 2+3",
      "append 3 to amy",
      "remove 1 from amy",
    ]);
  });
  it("answers take the place of what joins", async () => {
    const stand = new Post({ title: "stand-in" });
    stops.push(
      listen(User, "posts", "append", ({ value }) => ((value as Post).title === "bad" ? stand : value), {
        retval: true,
      }),
    );
    stops.push(listen(User, "posts", "bulkReplace", ({ values }) => values.slice(0, 1), { retval: true }));
    const user = new User();
    user.posts.push(new Post({ title: "bad" }), new Post({ title: "good" }));
    expect((await user.posts).map((p) => p.title)).toEqual(["stand-in", "good"]);
    expect(stand.author).toBe(user);
    user.posts.replace([new Post({ title: "a" }), new Post({ title: "b" })]);
    expect((await user.posts).map((p) => p.title)).toEqual(["a"]);
    stops.push(listen(User, "posts", "append", () => "no post", { retval: true }));
    expect(() => user.posts.push(new Post({ title: "c" }))).toThrow(/takes objects of Post/);
  });
});

describeEachDatabase("listeners of models and unloaded attributes", (target) => {
  const db = recording(target, Base.metadata);
  it("init, load, refresh, expire and rows, in whatever session", async () => {
    const told: string[] = [];
    for (const name of [
      "init",
      "load",
      "refresh",
      "expire",
      "beforeInsert",
      "afterInsert",
      "beforeUpdate",
      "afterUpdate",
      "beforeDelete",
      "afterDelete",
    ] as const)
      stops.push(listen(User, name, () => void told.push(name), { propagate: true }));
    stops.push(listen(Admin, "load", () => void told.push("load of an admin")));
    await using session = new Session(db.engine, { expireOnCommit: false });
    const user = new Admin({ email: "a" });
    session.add(user);
    await session.commit();
    expect(told.splice(0)).toEqual(["init", "beforeInsert", "afterInsert"]);
    session.expungeAll();
    const again = await session.scalars(select(User)).one();
    await session.scalars(select(User)).one();
    expect(told.splice(0)).toEqual(["load", "load of an admin"]);
    await session.refresh(again);
    await session.refresh(again, ["email"]);
    session.expire(again);
    expect(told.splice(0)).toEqual(["refresh", "refresh", "expire"]);
    again.email = "b";
    await session.flush();
    await session.delete(again);
    await session.commit();
    expect(told.splice(0)).toEqual(["beforeUpdate", "afterUpdate", "beforeDelete", "afterDelete"]);
    new Tag();
    expect(told).toEqual([]);
  });
  it("an unloaded collection tells of what joins; activeHistory refuses where the old value is not known", async () => {
    const told: string[] = [];
    {
      await using session = new Session(db.engine);
      session.add(new User({ email: "amy", bio: "long", posts: [new Post({ title: "p" })] }));
      await session.commit();
    }
    stops.push(
      listen(User, "posts", "append", ({ value }) => void told.push(`append ${(value as Post).title}`)),
      listen(User, "tags", "append", () => void told.push("append a tag")),
      listen(User, "posts", "remove", ({ value }) => void told.push(`remove ${(value as Post).title}`)),
      listen(User, "bio", "set", ({ old }) => void told.push(`bio was ${old}`), { activeHistory: true }),
    );
    await using session = new Session(db.engine);
    const user = await session.scalars(select(User)).one();
    user.posts.push(new Post({ title: "new" }));
    const tag = new Tag();
    session.add(tag);
    tag.users.push(user);
    user.posts.remove(await session.scalars(select(Post).where(Post.c.title.eq("p"))).one());
    expect(told.splice(0)).toEqual(["append new", "append a tag", "remove p"]);
    expect(() => {
      user.bio = "short";
    }).toThrow(NotLoadedError);
    await user.bio;
    user.bio = "short";
    expect(told).toEqual(["bio was long"]);
    await session.commit();
    expect((await session.scalars(select(Post).where(Post.c.authorId.isNotNull())).all()).map((p) => p.title)).toEqual([
      "new",
    ]);
  });
});
