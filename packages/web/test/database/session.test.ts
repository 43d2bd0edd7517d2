/** One session per scope: what it shares, what it refuses, how it ends. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { func, integer, select } from "@athanor/core";
import { inspect, Session } from "@athanor/orm";
import { currentScope, Database, NoSessionError, SessionClosedError, streamWithContext } from "@athanor/web";
import { expect, test, vi } from "vitest";
import { blog, collectingLogger, makeApp } from "./app.js";

test("a request adds, commits and reads; the session is one object inside the request and another in the next", async () => {
  const { app, db, User, client } = await blog();
  const seen: Session[] = [];
  app.post("/users/<name>", async function create(c) {
    const user = new User({ name: c.args.name });
    db.session.add(user);
    await db.session.commit();
    seen.push(db.session());
    expect(db.session()).toBe(db.session());
    return { id: user.id, name: user.name };
  });
  app.get("/", async function index() {
    seen.push(db.session());
    return (await User.query().orderBy(User.c.name).all()).map((u) => u.name);
  });
  expect((await client.post("/users/bob")).json).toEqual({ id: 1, name: "bob" });
  expect((await client.post("/users/amy")).json).toEqual({ id: 2, name: "amy" });
  expect((await client.get("/")).json).toEqual(["amy", "bob"]);
  expect(new Set(seen).size).toBe(3);
  expect(seen.every((s) => s.isClosed)).toBe(true);
});

test("a 500 after add leaves no row, and nothing is committed for anybody", async () => {
  const { app, db, User, client } = await blog();
  app.post("/fail", async function fail() {
    db.session.add(new User({ name: "lost" }));
    await db.session.flush();
    throw new Error("after add");
  });
  app.post("/forgot-commit", async function forgot() {
    db.session.add(new User({ name: "uncommitted" }));
    await db.session.flush();
    return "fine";
  });
  expect((await client.post("/fail")).status).toBe(500);
  expect((await client.post("/forgot-commit")).status).toBe(200);
  expect(await db.run(() => User.query().count())).toBe(0);
});

test("the error handler still has the session; it must roll back a failed flush first", async () => {
  const { app, db, User, client } = await blog();
  app.errorHandler(500, async () => {
    await db.session.rollback();
    return [`${await User.query().count()} users`, 500];
  });
  app.post("/twice", async function twice() {
    db.session.add(new User({ name: "same" }), new User({ name: "same" }));
    await db.session.commit();
    return "never";
  });
  const answer = await client.post("/twice");
  expect([answer.status, answer.text]).toEqual([500, "0 users"]);
});

test("parallel requests share no session and no object", async () => {
  const { app, db, User, client } = await blog();
  await db.run(async () => {
    db.session.add(new User({ name: "amy" }));
    await db.session.commit();
  });
  const users: object[] = [];
  let waiting = 0;
  let go = () => {};
  const both = new Promise<void>((resolve) => (go = resolve));
  app.get("/<int:n>", async function one(c) {
    const user = await User.query().getOr404(1);
    users.push(user);
    if (++waiting === 2) go();
    await both;
    user.name = `name ${c.args.n}`;
    expect(await User.query().getOr404(1)).toBe(user);
    return user.name;
  });
  const answers = await Promise.all([client.get("/1"), client.get("/2")]);
  expect(answers.map((a) => a.text)).toEqual(["name 1", "name 2"]);
  expect(users[0]).not.toBe(users[1]);
  expect(users.every((u) => inspect(u).detached)).toBe(true);
  expect(await db.run(async () => (await User.query().getOr404(1)).name)).toBe("amy");
});

test("a forgotten await is waited for, then rolled back; the connection comes home", async () => {
  const { app, db, User, client } = await blog();
  let late: Promise<unknown> = Promise.resolve();
  app.get("/", function index() {
    db.session.add(new User({ name: "half" }));
    // Nobody waits for the flush.
    void db.session.flush();
    const session = db.session();
    late = new Promise((resolve) => setTimeout(resolve, 30)).then(() => session.scalars(select(User)).all());
    late.catch(() => {});
    return "gone";
  });
  expect((await client.get("/")).text).toBe("gone");
  await expect(late).rejects.toThrow(/session is closed/i);
  expect(db.engine.pool.status().checkedOut).toBe(0);
  expect(await db.run(() => User.query().count())).toBe(0);
});

test("a nested context has a session of its own, closed when it ends", async () => {
  const { app, db, User, client } = await blog();
  app.get("/", async function index() {
    const outer = db.session();
    let inner: Session | undefined;
    await app.context(async () => {
      inner = db.session();
      db.session.add(new User({ name: "from inside" }));
      await db.session.commit();
    });
    expect(db.session()).toBe(outer);
    return { own: inner !== outer, closed: inner?.isClosed, count: await User.query().count() };
  });
  expect((await client.get("/")).json).toEqual({ own: true, closed: true, count: 1 });
});

test("an error in one teardown does not keep the session from being closed", async () => {
  const { app, db, User, client } = await blog();
  const logger = collectingLogger();
  app.logger = logger;
  const order: string[] = [];
  let session: Session | undefined;
  app.scope.onEnd(() => {
    // The scope of the start hooks has no session.
    if (session !== undefined) order.push(`app teardown, session closed: ${session.isClosed}`);
  });
  app.teardownRequest(async () => {
    // Hooks run before the session ends: they may still ask.
    order.push(`hook sees ${await User.query().count()} users`);
    throw new Error("hook broke");
  });
  app.get("/", async function index() {
    session = db.session();
    currentScope()?.onEnd(() => {
      throw new Error("scope teardown broke");
    });
    await User.query().count();
    return "x";
  });
  expect((await client.get("/")).text).toBe("x");
  expect(order).toEqual(["hook sees 0 users", "app teardown, session closed: true"]);
  expect(logger.errors.map(([, e]) => (e as Error).message)).toEqual(["hook broke", "scope teardown broke"]);
  expect(db.engine.pool.status().checkedOut).toBe(0);
});

test("a page that never touches the database opens no connection and makes no file", async () => {
  const app = makeApp();
  const db = new Database(app);
  app.get("/static-page", function page() {
    expect(db.session.has()).toBe(false);
    return "x";
  });
  expect((await app.testClient().get("/static-page")).text).toBe("x");
  expect(existsSync(join(app.instancePath, "app.db"))).toBe(false);
});

test("outside a scope the error names both ways out, and db.run is one of them", async () => {
  const { db, User } = await blog();
  expect(() => db.session.add(new User({ name: "x" }))).toThrow(NoSessionError);
  expect(() => db.session()).toThrow(/await db\.run\(.*await app\.context\(/s);
  await expect(async () => User.query().all()).rejects.toThrow(/await db\.run/);
  expect(await db.run(() => User.query().all())).toEqual([]);
});

test("after its scope db.session says where the scope was opened", async () => {
  const { app, db, client } = await blog();
  let late: unknown;
  let finished = () => {};
  const done = new Promise<void>((resolve) => (finished = resolve));
  app.get("/late", async function page() {
    db.session();
    setTimeout(() => {
      try {
        db.session();
      } catch (error) {
        late = error;
      }
      finished();
    }, 20);
    return "x";
  });
  await client.get("/late");
  await done;
  expect(late).toBeInstanceOf(SessionClosedError);
  expect(String(late)).toMatch(/db\.session.*GET \/late/s);
});

test("a stream that keeps the scope open keeps its session", async () => {
  const { app, db, User, client } = await blog();
  await db.run(async () => {
    db.session.addAll(["a", "b"].map((name) => new User({ name })));
    await db.session.commit();
  });
  app.get("/", function names() {
    return streamWithContext(
      (async function* () {
        for (const user of await User.query().orderBy(User.c.id).all()) yield `${user.name};`;
      })(),
    );
  });
  expect((await client.get("/")).text).toBe("a;b;");
  expect(db.engine.pool.status().checkedOut).toBe(0);
});

test("a stream that keeps its scope for long is warned about once, a short one never", async () => {
  const { app, client } = await blog();
  const warnings: string[] = [];
  app.logger = { ...collectingLogger(), warn: (text: unknown) => void warnings.push(String(text)) };
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    app.get("/<int:seconds>", function ticks(c) {
      return streamWithContext(
        (async function* () {
          yield "a";
          vi.advanceTimersByTime(c.args.seconds * 1000);
          yield "b";
        })(),
      );
    });
    expect((await client.get("/29")).text).toBe("ab");
    expect((await client.get("/90")).text).toBe("ab");
    vi.advanceTimersByTime(90_000);
  } finally {
    vi.useRealTimers();
  }
  expect(warnings).toEqual([expect.stringMatching(/^The stream of GET \/90 has kept its scope open for 30 seconds/)]);
});

test("close() and remove() end the session early; the next use makes another", async () => {
  const { db, User } = await blog();
  await db.run(async () => {
    const first = db.session();
    db.session.add(new User({ name: "x" }));
    await db.session.close();
    expect(first.isClosed).toBe(true);
    expect(db.session()).not.toBe(first);
    expect(await User.query().count()).toBe(0);
    await db.session.remove();
    expect(db.session.has()).toBe(false);
  });
});

test("values stay readable after commit, and session options reach every session", async () => {
  const { db, User } = await blog({}, { sessionOptions: { expireOnCommit: false } });
  class Marked extends Session {
    readonly mark = "mine";
  }
  await db.run(async () => {
    const user = new User({ name: "amy" });
    db.session.add(user);
    await db.session.commit();
    expect([user.id, user.name, inspect(user).expired]).toEqual([1, "amy", false]);
  });
  const app = makeApp();
  const other = new Database(app, { sessionOptions: { class: Marked, autoflush: false } });
  await other.run(() => expect((other.session() as Marked).mark).toBe("mine"));
  await other.dispose();
});

test("sessionOptions.scope tells sessions apart by a value; they end with the scope that used them, else with remove()", async () => {
  let tenant: string | undefined = "a";
  const { db, User } = await blog({}, { sessionOptions: { scope: () => tenant } });
  await db.run(async () => {
    const first = db.session();
    await db.run(() => expect(db.session()).toBe(first));
    // The inner scope has used it, so it has ended it.
    expect(first.isClosed).toBe(true);
    const again = db.session();
    tenant = "b";
    const other = db.session();
    expect(other).not.toBe(again);
    tenant = "a";
    expect(db.session()).toBe(again);
    db.session.add(new User({ name: "uncommitted" }));
  });
  expect(db.session.has()).toBe(false);
  // Without a scope the value alone counts, and the only app is meant.
  const loose = db.session();
  expect(await User.query().count()).toBe(0);
  expect(db.session()).toBe(loose);
  await db.session.remove();
  expect([loose.isClosed, db.session.has()]).toEqual([true, false]);
  tenant = undefined;
  expect(() => db.session()).toThrow(/scope function .*gave undefined/);
});

// FS18: functions over queries are what a query class is in Python: they go with every query, whoever made it.
test("a query takes steps of one's own, whether it comes from the model, the session or a relationship", async () => {
  const { db, User, Post } = await blog();
  type Posts = ReturnType<typeof Post.query>;
  const titled = (begin: string) => (posts: Posts) => posts.filter(Post.c.title.like(`${begin}%`)).orderBy(Post.c.id);
  await db.run(async () => {
    const user = new User({ name: "amy" });
    user.posts.push(new Post({ title: "a1" }), new Post({ title: "b1" }));
    db.session.add(user, new Post({ title: "a2" }));
    await db.session.flush();
    const whole = Post.query();
    const titles = async (posts: Posts) => (await posts.all()).map((p) => p.title);
    expect(await titles(whole.withTransformation(titled("a")))).toEqual(["a1", "a2"]);
    expect(await titles(db.session.query(Post).withTransformation(titled("b")))).toEqual(["b1"]);
    expect(await titles(whole.withParent(user, User.c.posts).withTransformation(titled("a")))).toEqual(["a1"]);
    // Steps make new queries.
    expect(await whole.count()).toBe(3);
  });
});

test("db.session is a Session for instanceof, spreads its methods, and is no promise", async () => {
  const { db, User } = await blog();
  expect(db.session).toBeInstanceOf(Session);
  expect(await Promise.resolve(db.session)).toBe(db.session);
  expect(String(Object.prototype.toString.call(db.session))).toBe("[object ScopedSession]");
  await db.run(async () => {
    db.session.add(new User({ name: "amy" }));
    expect(await db.session.scalar(select(func.count()).selectFrom(User))).toBe(1);
    expect([...db.session.identityMap]).toHaveLength(1);
    expect(await db.session.get(User, 1)).toBe(await User.query().get(1));
  });
});

test("db.session.on() listens on every session, made before or after", async () => {
  const { db, User } = await blog();
  const log: string[] = [];
  const stop = db.session.on("afterCommit", () => void log.push("commit"));
  const add = (name: string) =>
    db.run(async () => {
      db.session.add(new User({ name }));
      await db.session.commit();
    });
  await add("a");
  await db.run(async () => {
    db.session();
    const stopInner = db.session.on("beforeFlush", () => void log.push("flush"));
    db.session.add(new User({ name: "b" }));
    await db.session.commit();
    stopInner();
  });
  stop();
  await add("c");
  expect(log).toEqual(["commit", "flush", "commit"]);
});

test("db.transactional commits, rolls back on a throw and on a 5xx answer, and keeps the handler's name", async () => {
  const { app, db, User, client } = await blog();
  const add = (name: string) => db.session.add(new User({ name }));
  app.post(
    "/ok",
    db.transactional(async function ok() {
      add("ok");
      return "made";
    }),
  );
  app.post(
    "/throws",
    db.transactional(async function throws() {
      add("thrown");
      await db.session.flush();
      throw new Error("no");
    }),
  );
  app.post(
    "/answers",
    db.transactional(function answers() {
      add("answered");
      return ["sorry", 503];
    }),
  );
  app.post(
    "/times/<int:n>",
    db.transactional(async function times(c) {
      // The route's arguments are typed through the wrapper.
      const { n }: { n: number } = c.args;
      for (let i = 0; i < n; i++) add(`time ${i}`);
      return { n };
    }),
  );
  app.get(
    "/untouched",
    db.transactional(function untouched() {
      return "x";
    }),
  );
  expect(app.urlFor("throws", { _external: false })).toBe("/throws");
  expect((await client.post("/ok")).text).toBe("made");
  expect((await client.post("/throws")).status).toBe(500);
  expect((await client.post("/answers")).status).toBe(503);
  expect((await client.get("/untouched")).text).toBe("x");
  expect(await db.run(async () => (await User.query().all()).map((u) => u.name))).toEqual(["ok"]);
  expect((await client.post("/times/2")).json).toEqual({ n: 2 });
  expect(await db.run(() => User.query().count())).toBe(3);
});

test("lazy relationships load inside the request; Promise.all over one session is safe", async () => {
  const { app, db, User, Post, client } = await blog();
  await db.run(async () => {
    for (const name of ["a", "b", "c"]) {
      const user = new User({ name });
      user.posts.push(new Post({ title: `${name}1` }), new Post({ title: `${name}2` }));
      db.session.add(user);
    }
    await db.session.commit();
  });
  app.get("/", async function index() {
    const users = await User.query().orderBy(User.c.id).all();
    return Promise.all(users.map(async (u) => (await u.posts).map((p) => p.title)));
  });
  expect((await client.get("/")).json).toEqual([
    ["a1", "a2"],
    ["b1", "b2"],
    ["c1", "c2"],
  ]);
});

test("several apps may share one Database; each has its own engine, and outside a scope the choice is asked for", async () => {
  const db = new Database();
  class Note extends db.Model("Note", { id: integer().primaryKey() }) {}
  const [one, two] = [makeApp(), makeApp()];
  db.initApp(one);
  db.initApp(two);
  for (const app of [one, two]) await app.context(() => db.createAll());
  await one.context(async () => {
    db.session.add(new Note({}));
    await db.session.commit();
  });
  expect(await one.context(() => Note.query().count())).toBe(1);
  expect(await two.context(() => Note.query().count())).toBe(0);
  expect(() => db.engine).toThrow(/app\.context/);
  await db.dispose();
});
