/** `doOrmExecute`: statements of a session looked at, changed, answered from elsewhere. Oracle: SQLAlchemy `do_orm_execute`. */
import { func, integer, select, string, update } from "@athanor/core";
import {
  declarativeBase,
  manyToOne,
  type OrmExecuteState,
  oneToMany,
  Session,
  selectinLoad,
  statementCounter,
  UserDefinedOption,
  withLoaderCriteria,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { beforeEach, expect, it } from "vitest";
import { recording } from "./support.js";

const Base = declarativeBase();
class User extends Base("User", {
  id: integer().primaryKey(),
  name: string(20),
  bio: string(20).nullable().deferred(),
  get posts() {
    return oneToMany(Post, { backPopulates: "author" });
  },
}) {}
class Post extends Base("Post", {
  id: integer().primaryKey(),
  title: string(20),
  hidden: integer(),
  authorId: integer().references("user.id"),
  get author() {
    return manyToOne(User, { backPopulates: "posts" });
  },
}) {}
class Cached extends UserDefinedOption<string> {}

describeEachDatabase("doOrmExecute", (target) => {
  const db = recording(target, Base.metadata);
  beforeEach(async () => {
    await using session = new Session(db.engine);
    session.add(
      new User({ name: "amy", posts: [new Post({ title: "a1", hidden: 0 }), new Post({ title: "a2", hidden: 1 })] }),
      new User({ name: "bob", posts: [new Post({ title: "b1", hidden: 0 })] }),
    );
    await session.commit();
  });

  it("sees every statement and what it is for", async () => {
    await using session = new Session(db.engine);
    const seen: string[] = [];
    session.on("doOrmExecute", (state) => {
      const kind = state.isSelect ? "select" : state.isUpdate ? "update" : state.isInsert ? "insert" : "other";
      const what = state.isRelationshipLoad
        ? `relationship ${state.relationship}`
        : state.isColumnLoad
          ? "column"
          : "own";
      seen.push(`${kind} ${what} ${state.bindMapper ?? "-"} ${state.lazyLoadedFrom.length}`);
    });
    const users = await session.scalars(select(User).orderBy(User.c.id)).all();
    await (users[0] as User).posts;
    await (users[0] as User).bio;
    await session.refresh(users[0] as User);
    await session.get(User, 2);
    session.expungeAll();
    await session.get(User, 2);
    await session.scalars(select(User).options(selectinLoad(User.c.posts))).all();
    await session.execute(select(func.count()).selectFrom(Post)).all();
    await session.execute(update(Post).set({ hidden: 0 }).where(Post.c.id.eq(99)));
    expect(seen).toEqual([
      "select own User 0",
      "select relationship User.posts Post 2",
      "select column User 2",
      "select column User 1",
      "select own User 0",
      "select own User 0",
      "select relationship User.posts Post 2",
      "select own Post 0",
      "update own Post 0",
    ]);
  });
  it("adds criteria, and changes the statement or its options", async () => {
    await using session = new Session(db.engine);
    session.on("doOrmExecute", (state) => {
      if (state.isSelect && !state.isColumnLoad && !state.isRelationshipLoad)
        state.options(withLoaderCriteria(Post, (c) => c.hidden.eq(0)));
    });
    const amy = await session.scalars(select(User).where(User.c.name.eq("amy"))).one();
    // The criterion goes with the lazy load that follows.
    expect((await amy.posts).map((p) => p.title)).toEqual(["a1"]);
    expect((await session.scalars(select(Post.c.title).orderBy(Post.c.id)).all()).map(String)).toEqual(["a1", "b1"]);
    const other = new Session(db.engine);
    other.on("doOrmExecute", (state) => {
      state.statement = select(User).where(User.c.name.eq("bob"));
    });
    expect((await other.scalars(select(User)).all()).map((u) => u.name)).toEqual(["bob"]);
    await other.close();
  });
  it("answers from elsewhere, or runs the statement itself, as often as it likes", async () => {
    await using session = new Session(db.engine);
    const kept = new Map<string, readonly (readonly unknown[])[]>();
    let asked = 0;
    session.on("doOrmExecute", async (state: OrmExecuteState) => {
      const option = state.userDefinedOptions.find((o) => o instanceof Cached);
      if (option === undefined) return undefined;
      asked++;
      const rows = kept.get(option.payload) ?? ((await state.invokeStatement().all()) as never);
      kept.set(option.payload, rows);
      return state.result(rows, ["id", "name"]);
    });
    const rows = () =>
      session.execute(select(User.c.id, User.c.name).orderBy(User.c.id).options(new Cached("names"))).all();
    using counter = statementCounter(db.engine);
    const first = await rows();
    const second = await rows();
    expect(counter.count).toBe(1);
    expect(second).toEqual(first);
    expect(first.map((r) => r[1])).toEqual(["amy", "bob"]);
    expect(asked).toBe(2);
    await rows();
    expect(counter.count).toBe(1);

    const twice = new Session(db.engine);
    twice.on("doOrmExecute", async (state) => {
      const both = [...(await state.invokeStatement().all()), ...(await state.invokeStatement().all())];
      return state.result(both as never);
    });
    expect((await twice.scalars(select(User)).all()).map((u) => u.name)).toEqual(["amy", "bob", "amy", "bob"]);
    await twice.close();
  });
  it("options of the program's own go with lazy loads, unless they say otherwise; values are those of each execution", async () => {
    await using session = new Session(db.engine);
    const seen: string[] = [];
    session.on("doOrmExecute", (state) => {
      for (const o of state.userDefinedOptions)
        seen.push(`${state.isRelationshipLoad ? "lazy " : ""}${String(o.payload)}`);
    });
    class Here extends UserDefinedOption<string> {
      override readonly propagateToLoaders = false;
    }
    for (const value of ["one", "two"]) {
      const users = await session.scalars(select(User).options(new Cached(value), new Here("here"))).all();
      await (users[0] as User).posts;
      expect(seen.splice(0)).toEqual([value, "here", `lazy ${value}`]);
      session.expungeAll();
    }
  });
  it("listeners are asked in order; each sees what the one before made of it", async () => {
    await using session = new Session(db.engine);
    const seen: string[] = [];
    session.on("doOrmExecute", async (state) => {
      seen.push("first");
      return state.invokeStatement(select(User).where(User.c.id.eq(1)));
    });
    session.on("doOrmExecute", (state) => {
      seen.push(`second ${/WHERE/.test(String(state.statement))}`);
    });
    expect(await session.scalars(select(User)).all()).toHaveLength(1);
    expect(seen).toEqual(["first", "second true"]);
    session.on("doOrmExecute", () => 7);
    await expect(session.scalars(select(User)).all()).rejects.toThrow(/answers with state\.invokeStatement/);
  });
});
