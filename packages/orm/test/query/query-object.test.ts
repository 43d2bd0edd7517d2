/** The Query of `session.query(Model)` and `Model.query()`. */
import { func, InvalidRequestError, MultipleResultsFound, NoResultFound, sql } from "@athanor/core";
import { joinedLoad, NotFoundError, Session, setSessionResolver } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { Base, names, Post, Profile, seedBlog, setUp, titles, Writer } from "./blog.js";

/** What the run time has beyond the types so far. */
interface More {
  getOr404(id: unknown, options?: { description?: string }): Promise<unknown>;
  scalar(): Promise<unknown>;
  withEntities(...items: unknown[]): never;
  subquery(name?: string): never;
  populateExisting(): { all(): Promise<Writer[]> };
  update(values: object, options?: object): Promise<number>;
  delete(options?: object): Promise<number>;
  join(name: string): Writers;
  outerJoin(name: string): Writers;
}
type Writers = ReturnType<typeof query>;
const query = (session: Session) => session.query(Writer);
const more = (q: unknown) => q as More;

describeEachDatabase("Query", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);

  it("all, first with LIMIT 1, one, oneOrNone, iteration", async () => {
    await using session = new Session(at.engine);
    const q = query(session).orderBy(Writer.c.id);
    expect(names(await q.all())).toEqual(["amy", "bob", "cid", "dan"]);
    expect((await q.first())?.name).toBe("amy");
    expect(at.ran.last).toMatch(/LIMIT/);
    expect((await q.filter(Writer.c.id.eq(2)).one()).name).toBe("bob");
    await expect(q.one()).rejects.toThrow(MultipleResultsFound);
    await expect(q.oneOrNone()).rejects.toThrow(MultipleResultsFound);
    await expect(q.filter(Writer.c.id.eq(99)).one()).rejects.toThrow(NoResultFound);
    expect(await q.filter(Writer.c.id.eq(99)).oneOrNone()).toBeNull();
    expect(await q.filter(Writer.c.id.eq(99)).first()).toBeNull();
    const seen: string[] = [];
    for await (const writer of q as unknown as AsyncIterable<Writer>) seen.push(writer.name);
    expect(seen).toHaveLength(4);
  });
  it("every step gives a new query", async () => {
    await using session = new Session(at.engine);
    const q = query(session).orderBy(Writer.c.id);
    q.filter(Writer.c.id.eq(1));
    expect(await q.all()).toHaveLength(4);
  });
  it("filter, where, filterBy; a misspelt key says what there is", async () => {
    await using session = new Session(at.engine);
    expect(names(await query(session).filterBy({ name: "bob" }).all())).toEqual(["bob"]);
    expect(names(await query(session).filterBy({ email: null }).orderBy(Writer.c.id).all())).toEqual(["bob", "cid"]);
    const amy = (await session.get(Writer, 1))!;
    expect(names(await query(session).filterBy({ boss: amy }).orderBy(Writer.c.id).all())).toEqual(["bob", "cid"]);
    expect(names(await query(session).where(Writer.c.id.gt(1), Writer.c.id.lt(3)).all())).toEqual(["bob"]);
    expect(() => query(session).filterBy({ nmae: "x" } as never)).toThrow(/name/);
  });
  it("limit, offset, slice, distinct, groupBy, having", async () => {
    await using session = new Session(at.engine);
    const q = query(session).orderBy(Writer.c.id);
    expect(names(await q.limit(2).all())).toEqual(["amy", "bob"]);
    expect(names(await q.limit(2).offset(1).all())).toEqual(["bob", "cid"]);
    expect(names(await q.slice(1, 3).all())).toEqual(["bob", "cid"]);
    expect(() => q.slice(3, 1)).toThrow(/slice/);
    expect(names(await query(session).join(Writer.c.posts).distinct().orderBy(Writer.c.id).all())).toEqual([
      "amy",
      "bob",
      "cid",
    ]);
    const busy = query(session)
      .join(Writer.c.posts)
      .groupBy(Writer.c.id, Writer.c.name, Writer.c.email, Writer.c.bossId)
      .having(func.count(Post.c.id).gt(1));
    expect(names(await busy.all())).toEqual(["amy"]);
  });
  it("refuses to filter or order what is limited already", async () => {
    await using session = new Session(at.engine);
    expect(() => query(session).limit(1).filter(Writer.c.id.eq(1))).toThrow(InvalidRequestError);
    expect(() => query(session).limit(1).orderBy(Writer.c.id)).toThrow(InvalidRequestError);
  });
  it("joins by relationship, by model and by name", async () => {
    await using session = new Session(at.engine);
    expect(names(await query(session).join(Writer.c.posts).filter(Post.c.title.eq("b1")).all())).toEqual(["bob"]);
    expect(names(await query(session).join(Profile).filter(Profile.c.motto.eq("up")).all())).toEqual(["amy"]);
    expect(names(await more(query(session)).join("posts").filter(Post.c.title.eq("c1")).all())).toEqual(["cid"]);
    expect(names(await more(query(session)).outerJoin("posts").filter(Post.c.id.isNull()).all())).toEqual(["dan"]);
    expect(() => more(query(session)).join("post")).toThrow(/posts/);
  });
  it("filterBy() speaks of what was joined last; each object is given once however often a join repeats its row", async () => {
    await using session = new Session(at.engine);
    const q = query(session);
    expect(names(await q.join("posts").filterBy({ title: "b1" }).all())).toEqual(["bob"]);
    expect(names(await q.join(Writer.c.posts).filterBy({ id: 3 }).all())).toEqual(["bob"]);
    expect(names(await q.filterBy({ name: "amy" }).outerJoin(Profile).filterBy({ motto: "up" }).all())).toEqual([
      "amy",
    ]);
    expect(() => q.join(Writer.c.posts).filterBy({ motto: "up" } as never)).toThrow(
      /Post, which was joined last.*'motto'/,
    );
    const busy = q.join(Writer.c.posts).filter(Writer.c.id.eq(1));
    expect(await busy.count()).toBe(3);
    expect(names(await busy.all())).toEqual(["amy"]);
    expect((await busy.one()).name).toBe("amy");
    const seen: string[] = [];
    for await (const writer of busy) seen.push(writer.name);
    expect(seen).toEqual(["amy"]);
    expect(names(await q.filter(Post.c.authorId.eq(Writer.c.id), Post.c.id.lt(3)).all())).toEqual(["amy"]);
    const twice = sql`select * from writer where id = 1 union all select * from writer where id = 1`;
    expect(names(await q.fromStatement(twice).all())).toEqual(["amy"]);
  });
  it("get: identity map, options, null; getOr404 and its kin have status 404", async () => {
    await using session = new Session(at.engine);
    const amy = await query(session).get(1);
    at.ran.clear();
    expect(await query(session).get(1)).toBe(amy);
    expect(at.ran.work).toEqual([]);
    const loaded = await query(session).options(joinedLoad(Writer.c.posts)).get(1);
    expect(titles(loaded!.posts)).toEqual(["a1", "a2", "a3"]);
    expect(await query(session).get(99)).toBeNull();
    expect(await query(session).get(null as never)).toBeNull();
    const missing = await query(session)
      .getOr404(99)
      .catch((e: unknown) => e);
    expect(missing).toBeInstanceOf(NotFoundError);
    expect(missing).toMatchObject({ status: 404, expose: true });
    expect(String(missing)).toMatch(/Writer.*99/);
    expect(
      await more(query(session))
        .getOr404(99, { description: "nobody" })
        .catch((e: NotFoundError) => e.description),
    ).toBe("nobody");
    await expect(query(session).filter(Writer.c.id.eq(99)).firstOr404()).rejects.toMatchObject({ status: 404 });
    await expect(query(session).oneOr404()).rejects.toMatchObject({ status: 404 });
    expect((await query(session).getOr404(2)).name).toBe("bob");
  });
  it("get asks for the key alone, and obeys populateExisting and withForUpdate", async () => {
    await using session = new Session(at.engine, { autoflush: false });
    const amy = (await query(session).get(1))!;
    await expect(query(session).filter(Writer.c.id.eq(2)).get(1)).rejects.toThrow(/by its key alone/);
    await expect(query(session).limit(1).get(1)).rejects.toThrow(/by its key alone/);
    await expect(query(session).join(Writer.c.posts).get(1)).rejects.toThrow(/by its key alone/);
    amy.name = "x";
    expect((await query(session).get(1))?.name).toBe("x");
    expect((await query(session).populateExisting().get(1))?.name).toBe("amy");
    at.ran.clear();
    expect(await query(session).withForUpdate().get(1)).toBe(amy);
    expect(at.ran.work.length).toBe(1);
  });
  it("count wraps the query: limits, distinct and joins count rows as they come", async () => {
    await using session = new Session(at.engine);
    expect(await query(session).count()).toBe(4);
    expect(await query(session).filter(Writer.c.id.gt(1)).count()).toBe(3);
    expect(await query(session).orderBy(Writer.c.id).limit(2).count()).toBe(2);
    expect(await query(session).join(Writer.c.posts).count()).toBe(5);
    expect(await query(session).join(Writer.c.posts).distinct().count()).toBe(3);
    expect(at.ran.last).toMatch(/FROM \(SELECT/);
  });
  it("exists, scalar, withEntities, subquery", async () => {
    await using session = new Session(at.engine);
    expect(await query(session).filter(Writer.c.id.eq(1)).exists()).toBe(true);
    expect(await query(session).filter(Writer.c.id.eq(99)).exists()).toBe(false);
    expect(await query(session).join(Writer.c.posts).filter(Post.c.score.gt(8)).exists()).toBe(true);
    const rows = (await session.execute(
      more(query(session).filter(Writer.c.id.lt(3)).orderBy(Writer.c.id)).withEntities(Writer.c.name),
    )) as unknown as [string][];
    expect(rows.map((r) => r[0])).toEqual(["amy", "bob"]);
    const sub = more(query(session).filter(Writer.c.id.lt(3))).subquery("s") as unknown as { c: { id: never } };
    expect(
      await session
        .query(Post)
        .join(sub as never, Post.c.authorId.eq(sub.c.id))
        .count(),
    ).toBe(4);
  });
  it("prints its SQL without a connection", async () => {
    const session = new Session(at.engine);
    const text = String(query(session).filter(Writer.c.name.like("a%")).orderBy(Writer.c.id));
    expect(text.replace(/\s+/g, " ")).toMatch(
      /SELECT .*name.* FROM writer WHERE writer\.name LIKE .* ORDER BY writer\.id/,
    );
    expect(at.ran.all).toEqual([]);
    await session.close();
  });
  it("update and delete change rows and the objects in the session", async () => {
    await using session = new Session(at.engine);
    const posts = await session.query(Post).orderBy(Post.c.id).all();
    expect(await session.query(Post).filter(Post.c.score.gt(6)).update({ score: 100 })).toBe(2);
    expect(posts.map((p) => p.score)).toEqual([5, null, 100, 1, 100]);
    expect(session.dirty.size).toBe(0);
    expect(await session.query(Post).filter(Post.c.id.eq(4)).delete()).toBe(1);
    expect(session.contains(posts[3]!)).toBe(false);
    expect(await session.get(Post, 4)).toBeNull();
    expect(() => session.query(Post).limit(1).delete()).toThrow(/limit/);
    expect(() => session.query(Post).join(Post.c.author).update({ score: 1 })).toThrow(/join/);
    expect(() => session.query(Post).selectFrom(Writer).update({ score: 1 })).toThrow(/selectFrom/);
    expect(() => session.query(Post).having(Post.c.id.gt(9)).delete()).toThrow(/having/);
  });
  it("populateExisting reads objects anew", async () => {
    await using session = new Session(at.engine, { autoflush: false });
    const amy = (await session.get(Writer, 1))!;
    amy.name = "x";
    await more(query(session)).populateExisting().all();
    expect(amy.name).toBe("amy");
  });
  it("Model.query() asks the base's resolver", async () => {
    await using session = new Session(at.engine);
    setSessionResolver(Base, () => session);
    expect(names(await Writer.query().filterBy({ name: "cid" }).all())).toEqual(["cid"]);
    expect((await Writer.query().getOr404(1)).name).toBe("amy");
  });
});
