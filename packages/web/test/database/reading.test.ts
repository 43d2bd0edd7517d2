/** 404 helpers, pages, recorded queries. */
import { execFileSync, spawnSync } from "node:child_process";
import { desc, select } from "@athanor/core";
import { NotFound, Pagination, pageNumbers } from "@athanor/web";
import { expect, test } from "vitest";
import { blog } from "./app.js";

async function filled(posts: number, config: object = {}) {
  const made = await blog(config);
  const { db, User, Post } = made;
  await db.run(async () => {
    const user = new User({ name: "amy" });
    for (let n = 1; n <= posts; n++) user.posts.push(new Post({ title: `post ${n}` }));
    db.session.add(user);
    await db.session.commit();
  });
  return made;
}

test("getOr404 and its sisters answer 404, on db and on the query, through the app's own 404 handler", async () => {
  const { app, db, User, Post, client } = await filled(2);
  app.get("/user/<int:id>", async function user(c) {
    return (await User.query().getOr404(c.args.id)).name;
  });
  app.get("/db/<int:id>", async function dbUser(c) {
    return (await db.getOr404(User, c.args.id, { description: "No <such> user." })).name;
  });
  app.get("/first", async function first() {
    return (await User.query().filterBy({ name: "nobody" }).firstOr404()).name;
  });
  app.get("/one", async function one() {
    return (await db.oneOr404(select(Post))).title;
  });
  app.get("/query-one", async function queryOne() {
    return (await Post.query().oneOr404()).title;
  });
  app.get("/db-first", async function dbFirst() {
    return (await db.firstOr404(select(Post).orderBy(desc(Post.c.id)))).title;
  });
  expect((await client.get("/user/1")).text).toBe("amy");
  expect((await client.get("/db/1")).text).toBe("amy");
  expect((await client.get("/db-first")).text).toBe("post 2");
  const page = await client.get("/db/99");
  expect([page.status, page.text.includes("No &lt;such&gt; user.")]).toEqual([404, true]);
  for (const path of ["/user/99", "/first", "/one", "/query-one"]) {
    const answer = await client.get(path);
    expect([path, answer.status, /Not Found/.test(answer.text)]).toEqual([path, 404, true]);
    // Which table was asked is nobody's business.
    expect(answer.text).not.toMatch(/User|Post/);
  }
});

test("a 404 of the query reaches the handler for 404, of the blueprint or the app", async () => {
  const { app, User, client } = await blog();
  app.errorHandler(404, (error) => [`mine: ${error.status} ${error.description.length > 0}`, 404]);
  app.get("/user/<int:id>", async function user(c) {
    return (await User.query().getOr404(c.args.id)).name;
  });
  const answer = await client.get("/user/7");
  expect([answer.status, answer.text]).toEqual([404, "mine: 404 true"]);
});

test("a page of a select and of a query, with page and size from the query string", async () => {
  const { app, db, Post, client } = await filled(45);
  app.get("/select", async function bySelect() {
    const page = await db.paginate(select(Post).orderBy(Post.c.id));
    return { titles: [...page].map((p) => p.title), total: page.total, pages: page.pages };
  });
  app.get("/query", async function byQuery() {
    const page = await db.paginate(Post.query().orderBy(Post.c.id), { perPage: 10 });
    return {
      first: page.first,
      last: page.last,
      hasPrev: page.hasPrev,
      hasNext: page.hasNext,
      prev: page.prevNum,
      next: page.nextNum,
      numbers: [...page.iterPages()],
      length: page.length,
    };
  });
  expect((await client.get("/select")).json).toMatchObject({ total: 45, pages: 3 });
  expect((await client.get("/select?page=5&per_page=10")).json).toMatchObject({
    titles: ["post 41", "post 42", "post 43", "post 44", "post 45"],
    pages: 5,
  });
  expect((await client.get("/query?page=5")).json).toEqual({
    first: 41,
    last: 45,
    hasPrev: true,
    hasNext: false,
    prev: 4,
    next: null,
    numbers: [1, 2, 3, 4, 5],
    length: 5,
  });
  for (const query of ["page=6", "page=0", "page=-1", "page=x", "page=1.5", "perPage=0", "page=99999999999999999999"])
    expect([query, (await client.get(`/select?${query}`)).status]).toEqual([query, 404]);
});

test("the visitor cannot ask for more than maxPerPage; errorOut: false repairs", async () => {
  const { app, db, Post } = await filled(120);
  await app.testRequestContext("/?perPage=500", async () => {
    expect((await db.paginate(Post.query())).items).toHaveLength(100);
    expect((await db.paginate(Post.query(), { maxPerPage: null })).items).toHaveLength(120);
    expect((await db.paginate(Post.query(), { perPage: 7 })).perPage).toBe(7);
  });
  await app.testRequestContext("/?page=abc&perPage=-3", async () => {
    await expect(db.paginate(Post.query())).rejects.toThrow(NotFound);
    const page = await db.paginate(Post.query(), { errorOut: false });
    expect([page.page, page.perPage]).toEqual([1, 20]);
  });
  await db.run(async () => {
    const beyond = await db.paginate(Post.query(), { page: 50, errorOut: false });
    expect([beyond.items.length, beyond.first, beyond.last, beyond.total, beyond.hasNext]).toEqual([
      0,
      0,
      0,
      120,
      false,
    ]);
  });
});

test("prev and next count nothing again and keep the limits; count: false asks for one row more instead", async () => {
  const { db, Post } = await filled(5, { DATABASE_RECORD_QUERIES: true });
  const statements = () => db.getRecordedQueries().map((q) => q.statement.toLowerCase());
  await db.run(async () => {
    const first = await db.paginate(select(Post).orderBy(Post.c.id), { perPage: 2, maxPerPage: 150 });
    expect(statements()).toHaveLength(2);
    const second = await first.next();
    expect(statements()).toHaveLength(3);
    expect([second.page, second.total, second.maxPerPage, second.items.map((p) => p.title)]).toEqual([
      2,
      5,
      150,
      ["post 3", "post 4"],
    ]);
    expect((await second.prev()).items).toEqual(first.items);
    await expect(first.prev()).rejects.toThrow(NotFound);
    // The counting statement leaves the order out.
    expect(statements().filter((s) => s.includes("count("))[0]).not.toContain("order by");
  });
  await db.run(async () => {
    const uncounted = await db.paginate(Post.query().orderBy(Post.c.id), { perPage: 2, count: false });
    expect([uncounted.total, uncounted.hasNext, uncounted.items.length, uncounted.pages]).toEqual([null, true, 2, 0]);
    const last = await (await uncounted.next()).next();
    expect([last.hasNext, last.items.length]).toEqual([false, 1]);
    expect(statements().some((s) => s.includes("count("))).toBe(false);
  });
});

test("an empty page one is a page", async () => {
  const { db, Post } = await blog();
  const page = await db.run(() => db.paginate(Post.query()));
  expect(page).toBeInstanceOf(Pagination);
  expect([page.total, page.pages, page.first, page.last, page.hasNext, [...page.iterPages()]]).toEqual([
    0,
    0,
    0,
    0,
    false,
    [],
  ]);
});

const python = "/usr/bin/python3";
const hasOracle = spawnSync(python, ["-c", "import flask_sqlalchemy.pagination"]).status === 0;

test("seven of twenty pages, as Flask-SQLAlchemy documents it", () => {
  expect([...pageNumbers(7, 20)]).toEqual([1, 2, null, 5, 6, 7, 8, 9, 10, 11, null, 19, 20]);
});

// Oracle: Flask-SQLAlchemy itself (apt install python3-flask-sqlalchemy).
test.skipIf(!hasOracle)("page numbers are those of Flask-SQLAlchemy", () => {
  const windows = [
    {},
    { leftEdge: 0, rightEdge: 0 },
    { leftEdge: 1, leftCurrent: 0, rightCurrent: 0, rightEdge: 1 },
    { leftCurrent: 9 },
    { leftEdge: 5, rightEdge: 7 },
  ];
  const cases = windows.flatMap((w) =>
    [0, 1, 2, 5, 12, 30].flatMap((pages) =>
      Array.from({ length: Math.max(pages, 1) }, (_, i) => ({ w, pages, page: i + 1 })),
    ),
  );
  const script = `
import json, sys
from flask_sqlalchemy.pagination import Pagination
names = dict(leftEdge="left_edge", leftCurrent="left_current", rightCurrent="right_current", rightEdge="right_edge")
out = []
for case in json.load(sys.stdin):
    p = Pagination.__new__(Pagination)
    p.page, p.per_page, p.total = case["page"], 1, case["pages"]
    out.append(list(p.iter_pages(**{names[k]: v for k, v in case["w"].items()})))
print(json.dumps(out))`;
  const answer = execFileSync(python, ["-c", script], { input: JSON.stringify(cases), encoding: "utf8" });
  const expected = JSON.parse(answer) as (number | null)[][];
  for (const [i, { w, pages, page }] of cases.entries()) {
    const numbers = [...pageNumbers(page, pages, w)];
    expect({ w, pages, page, numbers }).toEqual({ w, pages, page, numbers: expected[i] });
  }
});

test("recorded queries: statement, parameters, times and the line of the app; off unless asked for", async () => {
  const { app, db, User, client } = await filled(1, { SQLALCHEMY_RECORD_QUERIES: true });
  app.get("/", async function index() {
    await User.query().filterBy({ name: "amy" }).first();
    await db.session.get(User, 99);
    return db.getRecordedQueries().map((q) => ({ ...q, parameters: [...q.parameters] }));
  });
  const recorded = (await client.get("/")).json as {
    statement: string;
    parameters: unknown[];
    startTime: number;
    endTime: number;
    duration: number;
    location: string;
  }[];
  expect(recorded).toHaveLength(2);
  expect(recorded[0]?.statement).toMatch(/select .* from user/is);
  expect(recorded[0]?.parameters).toContain("amy");
  for (const q of recorded) {
    expect(q.endTime - q.startTime).toBeCloseTo(q.duration, 1);
    expect(Math.abs(Date.now() - q.endTime)).toBeLessThan(20_000);
    expect(q.location).toMatch(/reading\.test\.ts:\d+:\d+ .*index/);
  }
  const off = await filled(1);
  await off.db.run(async () => {
    await off.User.query().all();
    expect(off.db.getRecordedQueries()).toEqual([]);
  });
});
