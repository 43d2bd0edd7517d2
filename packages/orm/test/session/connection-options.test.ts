/**
 * Execution options that connections work by: schemas under other names, limits. Of a session they hold for all it sends,
 * of a statement for that and its eager loads. Oracle: SQLAlchemy "Translation of Schema Names", `execution_options`.
 */
import {
  createEngine,
  deleteFrom,
  type Engine,
  insert,
  integer,
  StatementAbortedError,
  select,
  string,
  table,
  update,
} from "@athanor/core";
import {
  declarativeBase,
  type Entity,
  inspect,
  manyToMany,
  manyToOne,
  oneToMany,
  Session,
  selectinLoad,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";

const Base = declarativeBase();
const links = table(
  "link",
  {
    postId: integer().primaryKey().references("tenant.post.id"),
    tagId: integer().primaryKey().references("tenant.tag.id"),
  },
  { metadata: Base.metadata, schema: "tenant" },
);
class User extends Base(
  "User",
  {
    id: integer().primaryKey(),
    name: string(40),
    age: integer().nullable(),
    get posts() {
      return oneToMany(Post, { backPopulates: "author", cascade: "all, delete-orphan" });
    },
  },
  { schema: "tenant" },
) {}
class Post extends Base(
  "Post",
  {
    id: integer().primaryKey(),
    title: string(40),
    userId: integer().nullable().references("tenant.user.id"),
    get author() {
      return manyToOne(User, { backPopulates: "posts" });
    },
    get tags() {
      return manyToMany(Tag, { secondary: links });
    },
  },
  { schema: "tenant" },
) {}
class Tag extends Base("Tag", { id: integer().primaryKey(), name: string(40) }, { schema: "tenant" }) {}

/** There is no schema "tenant"; under the map its tables are those of the default schema. */
const map = { schemaTranslateMap: { tenant: "" } };

describeEachDatabase("execution options of sessions and of their statements", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url(), { poolSize: 2, maxOverflow: 0 });
    await using connection = await engine.connect({ executionOptions: map });
    await Base.metadata.createAll(connection);
    await connection.commit();
  });
  afterAll(() => engine.dispose());
  beforeEach(async () => {
    await using session = new Session(engine, { executionOptions: map });
    for (const what of [links, Post, Tag, User]) await session.execute(deleteFrom(what as typeof links));
    session.add(new User({ name: "amy", posts: [new Post({ title: "one", tags: [new Tag({ name: "new" })] })] }));
    await session.commit();
  });

  const sessions = {
    "of a session": () => new Session(engine, { executionOptions: map }),
    "of an engine": () => new Session(engine.withOptions({ executionOptions: map })),
  };
  for (const [whose, make] of Object.entries(sessions))
    it(`${whose}: flushes, loads and bulk statements go to the schemas of the map`, async () => {
      await using session = make();
      // Enough rows for the ways of writing many.
      for (let i = 0; i < 6; i++)
        session.add(
          new User({
            name: `u${i}`,
            posts: [new Post({ title: "a", tags: [new Tag({ name: "t" })] }), new Post({ title: "b" })],
          }),
        );
      await session.commit();
      const users = await session.scalars(select(User).orderBy(User.c.id).options(selectinLoad(User.c.posts))).all();
      expect(users.map((u) => u.posts.length)).toEqual([1, 2, 2, 2, 2, 2, 2]);
      for (const user of users) user.age = 7;
      await session.flush();
      (users[0] as Entity<typeof User>).age = 8;
      await session.flush();
      const [post] = [...(users[1] as (typeof users)[number]).posts];
      const tags = await (post as Entity<typeof Post>).tags;
      expect(tags.length).toBe(1);
      tags.remove(tags[0] as Entity<typeof Tag>);
      await session.flush();
      const keys = users.map((u) => ({ id: u.id, age: 9 }));
      expect(await session.execute(update(User), keys).rowCount()).toBe(7);
      expect(await session.execute(update(User).set({ age: 10 }).where(User.c.name.eq("amy"))).rowCount()).toBe(1);
      expect(await session.execute(insert(User), [{ name: "x" }, { name: "y" }]).rowCount()).toBe(2);
      expect((await session.upsert(User, [{ id: (users[0] as (typeof users)[number]).id, name: "z" }]))[0]?.age).toBe(
        10,
      );
      expect(await session.query(User).filter(User.c.age.eq(9)).count()).toBe(6);
      let streamed = 0;
      for await (const user of session.scalars(select(User).executionOptions({ yieldPer: 3 })))
        streamed += user.id && 1;
      expect(streamed).toBe(9);
      for (const user of users) await session.delete(user);
      await session.commit();
      expect(await session.query(Post).count()).toBe(0);
    });

  it("of a statement: its eager loads, its stream and the methods of a query too", async () => {
    await using session = new Session(engine);
    const loaded = select(User).options(selectinLoad(User.c.posts).selectinLoad(Post.c.tags)).executionOptions(map);
    const [amy] = await session.scalars(loaded).all();
    expect(amy?.posts[0]?.tags[0]?.name).toBe("new");
    const query = session.query(User).executionOptions(map);
    expect([await query.count(), await query.exists(), (await query.get(amy?.id as number)) === amy]).toEqual([
      1,
      true,
      true,
    ]);
    expect(await query.populateExisting().get(amy?.id as number)).toBe(amy);
    expect(await query.filter(User.c.name.eq("amy")).update({ age: 3 })).toBe(1);
    expect(amy?.age).toBe(3);
    session.expungeAll();
    for await (const user of session.scalars(loaded.executionOptions({ yieldPer: 2 })))
      expect(user.posts.map((p) => p.title)).toEqual(["one"]);
    // And nothing stays in force behind it.
    await expect(session.scalars(select(User)).all()).rejects.toThrow(/tenant/);
  });

  it("of a session on a connection of others leave it as it was", async () => {
    await using connection = await engine.connect();
    {
      await using session = new Session(connection, { executionOptions: map });
      expect((await session.scalars(select(User.c.name)).all()).length).toBe(1);
    }
    await expect(connection.execute(select(User.c.name)).all()).rejects.toThrow(/tenant/);
  });

  it("a signal that has fired stops a statement before it is sent, and a flush; objects are as before", async () => {
    const abort = new AbortController();
    await using session = new Session(engine, { executionOptions: { ...map, signal: abort.signal } });
    const amy = await session.scalars(select(User)).one();
    amy.name = "eve";
    (amy.posts as unknown) = [new Post({ title: "two" })];
    abort.abort(new Error("client went away"));
    await expect(session.flush()).rejects.toThrow(StatementAbortedError);
    await session.rollback();
    expect([amy.name, inspect(amy).state, session.new.size]).toEqual(["amy", "persistent", 0]);
    const refused = await session
      .scalars(select(User))
      .all()
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StatementAbortedError);
    expect(((refused as Error).cause as Error).message).toBe("client went away");
    await session.close();
    await using other = new Session(engine, { executionOptions: map });
    expect(await other.scalars(select(Post.c.title)).all()).toEqual(["one"]);
    const stopped = select(User).executionOptions({ signal: AbortSignal.abort() });
    await expect(other.scalars(stopped).all()).rejects.toThrow(StatementAbortedError);
    expect(engine.pool.status().checkedOut).toBe(1);
    expect(await other.scalars(select(User.c.name)).all()).toEqual(["amy"]);
  });
});

describeEachDatabase(
  "a schema per tenant",
  (target) => {
    it("several in one session are shards of one engine", async () => {
      await using engine = createEngine(await target.url());
      const of = (tenant: string) => engine.withOptions({ executionOptions: { schemaTranslateMap: { tenant } } });
      const tenants = { acme: of("acme"), blue: of("blue") };
      for (const name of ["acme", "blue"] as const) {
        await engine.begin((c) => c.executeScript(`create schema ${name}`));
        await using connection = await tenants[name].connect();
        await Base.metadata.createAll(connection);
        await connection.commit();
      }
      await using session = new Session({
        sharding: {
          shards: tenants,
          shardChooser: (_mapper, instance) => (instance instanceof User ? instance.name : "blue"),
          identityChooser: () => ["acme", "blue"],
        },
      });
      session.add(new User({ name: "acme" }), new User({ name: "blue" }));
      await session.commit();
      const [acme, blue] = await session.scalars(select(User).orderBy(User.c.name)).all();
      expect([acme?.id, blue?.id, inspect(blue as User).identityToken]).toEqual([1, 1, "blue"]);
      (await (blue as Entity<typeof User>).posts).push(new Post({ title: "of blue" }));
      await session.commit();
      expect(await session.get(User, 1, { identityToken: "blue" })).toBe(blue);
      await using own = new Session(tenants.blue);
      expect((await own.scalars(select(Post).options(selectinLoad(Post.c.author))).one()).author?.name).toBe("blue");
    });
  },
  { requires: ["schemas"] },
);
describeEachDatabase(
  "a signal in the middle of work",
  (target) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = createEngine(await target.url(), { poolSize: 2, maxOverflow: 0 });
      await using connection = await engine.connect({ executionOptions: map });
      await Base.metadata.createAll(connection);
      await connection.commit();
    });
    afterAll(() => engine.dispose());

    it("stops a flush and a load that wait for others: the session rolls back and goes on", async () => {
      await using holder = new Session(engine, { executionOptions: map });
      holder.add(new User({ name: "amy", posts: [new Post({ title: "one" })] }));
      await holder.commit();
      const held = await holder.scalars(select(User).options(selectinLoad(User.c.posts))).one();
      held.age = 1;
      await holder.flush();

      const abort = new AbortController();
      await using session = new Session(engine, { executionOptions: { ...map, signal: abort.signal } });
      const amy = await session.scalars(select(User).options(selectinLoad(User.c.posts))).one();
      amy.age = 2;
      const post = new Post({ title: "two" });
      amy.posts.push(post);
      setTimeout(() => abort.abort(), 80);
      await expect(session.flush()).rejects.toThrow(StatementAbortedError);
      expect([inspect(post).state, amy.age, amy.posts.map((p) => p.title)]).toEqual(["transient", null, ["one"]]);
      await session.rollback();
      await session.close();

      await using other = new Session(engine, { executionOptions: map });
      const again = await other.scalars(select(User)).one();
      const load = new AbortController();
      setTimeout(() => load.abort(), 80);
      const locked = select(User).withForUpdate().executionOptions({ signal: load.signal, populateExisting: true });
      await expect(other.scalars(locked).all()).rejects.toThrow(StatementAbortedError);
      expect([again.age, again.name, inspect(again).state]).toEqual([null, "amy", "persistent"]);
      await holder.commit();
      await other.rollback();
      expect((await other.scalars(locked.executionOptions({ signal: undefined })).one()).age).toBe(1);
      await other.rollback();
      expect(engine.pool.status().checkedOut).toBe(0);
    });
  },
  { requires: ["rowLocks"] },
);
