/** Rows of other statements as entities, bundles, parents as criteria, unions as entities. */
import { deleteFrom, func, insert, select, sql, update } from "@athanor/core";
import { aliased, bundle, containsEager, joinedLoad, Session, selectinLoad, withParent } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { Base, Comment, names, Post, seedBlog, setUp, Tag, titles, Writer } from "./blog.js";

describeEachDatabase("fromStatement", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);

  it("SQL text: columns by name, in any order; what is missing stays unloaded", async () => {
    await using session = new Session(at.engine);
    const text = sql`select name, id from writer where id < ${3} order by id desc`;
    const found = await session.scalars(select(Writer).fromStatement(text)).all();
    expect(names(found)).toEqual(["bob", "amy"]);
    expect(() => found[0]!.email).toThrow(/not loaded/);
    expect(found[1]).toBe(await session.get(Writer, 1));
    expect(await found[1]!.posts).toHaveLength(3);
  });
  it("SQL text with parameters by name, and with columns told", async () => {
    await using session = new Session(at.engine);
    const text = sql.text("select id, boss_id, name, email from writer where boss_id = :boss order by id");
    const found = await session.scalars(select(Writer).fromStatement(text), { boss: 1 }).all();
    expect(found.map((w) => [w.name, w.bossId])).toEqual([
      ["bob", 1],
      ["cid", 1],
    ]);
    const again = await session.scalars(select(Writer).fromStatement(text), { boss: 2 }).all();
    expect(names(again)).toEqual(["dan"]);
  });
  it("a select of one's own, with other entities, columns and loader options", async () => {
    await using session = new Session(at.engine);
    const inner = select(Writer, Post).join(Writer.c.posts).where(Post.c.score.gt(4)).orderBy(Post.c.id);
    const rows = await session.execute(select(Writer, Post).fromStatement(inner)).all();
    expect(rows.map((r) => [r.Writer.name, r.Post.title])).toEqual([
      ["amy", "a1"],
      ["bob", "b1"],
      ["amy", "a3"],
    ]);
    session.expungeAll();
    at.ran.clear();
    const loaded = await session
      .scalars(select(Writer).fromStatement(inner).options(containsEager(Writer.c.posts).selectinLoad(Post.c.comments)))
      .all();
    expect(loaded.map((w) => w.posts.map((p) => [p.title, p.comments.length]))).toEqual([
      [
        ["a1", 2],
        ["a3", 0],
      ],
      [["b1", 1]],
    ]);
    expect(at.ran.work).toHaveLength(2);
  });
  it("a union, an alias, a grouped column", async () => {
    await using session = new Session(at.engine);
    const union = select(Writer)
      .where(Writer.c.id.eq(1))
      .unionAll(select(Writer).where(Writer.c.id.eq(4)));
    expect(names(await session.scalars(select(Writer).fromStatement(union)).all())).toEqual(["amy", "dan"]);
    const boss = aliased(Writer, "boss");
    const pairs = select(Writer, boss).join(boss, Writer.c.bossId.eq(boss.c.id)).orderBy(Writer.c.id);
    const rows = await session.execute(select(Writer, boss).fromStatement(pairs)).all();
    expect(rows.map((r) => [r[0].name, r[1].name])).toEqual([
      ["bob", "amy"],
      ["cid", "amy"],
      ["dan", "bob"],
    ]);
    const counted = select(Post.c.authorId, func.count(Post.c.id).as("n"))
      .groupBy(Post.c.authorId)
      .orderBy(Post.c.authorId);
    const counts = await session.execute(select(Post.c.authorId).fromStatement(counted)).all();
    expect(counts.map((r) => [...r])).toEqual([[1], [2], [3]]);
  });
  it("INSERT, UPDATE and DELETE with RETURNING", async () => {
    if (!target.capabilities.has("insertReturning")) return;
    await using session = new Session(at.engine);
    const made = await session
      .scalars(
        select(Tag)
          .fromStatement(
            insert(Tag)
              .values([{ id: 7, name: "new" }])
              .returning(Tag),
          )
          .options(selectinLoad(Tag.c.posts)),
      )
      .all();
    expect(made.map((t) => [t.name, t.posts.length])).toEqual([["new", 0]]);
    if (target.capabilities.has("updateReturning")) {
      const changed = select(Tag).fromStatement(update(Tag).set({ name: "x" }).where(Tag.c.id.eq(7)).returning(Tag));
      const [tag] = await session.scalars(changed.executionOptions({ populateExisting: true })).all();
      expect([tag === made[0], tag!.name]).toEqual([true, "x"]);
    }
    const gone = select(Tag.c.name).fromStatement(deleteFrom(Tag).where(Tag.c.id.eq(7)).returning(Tag.c.name));
    expect((await session.execute(gone).all()).length).toBe(1);
    await session.rollback();
  });
  it("says what is missing", async () => {
    await using session = new Session(at.engine);
    const run = (source: unknown) => session.scalars(select(Writer).fromStatement(source as never)).all();
    await expect(run(sql`select name from writer`)).rejects.toThrow(/no column 'id'/);
    await expect(run(insert(Tag).values({ id: 9, name: "n" }))).rejects.toThrow(/returning/);
    expect(() => select(Writer).fromStatement("select 1" as never)).toThrow(/sql`/);
    await expect(
      session.execute(select(Writer.c.email).fromStatement(sql`select id from writer`)).all(),
    ).rejects.toThrow(/'email'/);
  });
  it("a connection gives the rows as they are", async () => {
    await using connection = await at.engine.connect();
    const rows = await connection
      .execute(select(Tag.c.name).fromStatement(sql`select name from tag order by id`) as never)
      .all();
    expect(rows.map((r) => (r as readonly unknown[])[0])).toEqual(["red", "blue", "green"]);
  });
});

describeEachDatabase("bundles, parents and unions", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);

  it("a bundle is one object of a row, beside entities and columns", async () => {
    await using session = new Session(at.engine);
    const who = bundle("who", Writer.c.id, Writer.c.name.as("called"));
    const rows = await session
      .execute(
        select(who, Post.c.title, Post).join(Post, Post.c.authorId.eq(Writer.c.id)).where(who.c.called.eq("bob")),
      )
      .all();
    expect(rows.map((r) => [r.who, r[0].called, r.title, r.Post.id])).toEqual([
      [{ id: 2, called: "bob" }, "bob", "b1", 3],
    ]);
    expect(await session.scalars(select(bundle("b", Tag.c.name)).orderBy(Tag.c.id)).all()).toEqual([
      { name: "red" },
      { name: "blue" },
      { name: "green" },
    ]);
  });
  it("under an outer join its values may be null, the object is there", async () => {
    await using session = new Session(at.engine);
    const rows = await session
      .execute(
        select(Writer.c.name, bundle("post", Post.c.id, Post.c.title))
          .outerJoin(Writer.c.posts)
          .where(Writer.c.id.gt(2))
          .orderBy(Writer.c.id),
      )
      .all();
    expect(rows.map((r) => [r[0], r.post.id])).toEqual([
      ["cid", 4],
      ["dan", null],
    ]);
  });
  it("refuses what has no name or comes twice", () => {
    expect(() => bundle("b", Writer.c.id, Post.c.id)).toThrow(/two columns are named 'id'/);
    expect(() => bundle("b", Writer.c.id.add(1) as never)).toThrow(/as\(\)/);
    expect(() => bundle("b", Writer as never)).toThrow(/entities beside/);
    expect(() => (bundle as (...a: unknown[]) => unknown)("b")).toThrow(/columns are needed/);
  });
  it("withParent: what belongs to an object, by every kind of relationship", async () => {
    await using session = new Session(at.engine);
    const amy = (await session.get(Writer, 1))!;
    const post = (await session.get(Post, 1))!;
    at.ran.clear();
    const own = select(Post).where(withParent(amy, Writer.c.posts), Post.c.score.gt(5));
    expect(titles(await session.scalars(own).all())).toEqual(["a3"]);
    expect(at.ran.last).not.toMatch(/JOIN|EXISTS/);
    expect(names(await session.scalars(select(Writer).where(withParent(post, Post.c.author))).all())).toEqual(["amy"]);
    expect(
      names(await session.scalars(select(Tag).where(withParent(post, Post.c.tags)).orderBy(Tag.c.id)).all()),
    ).toEqual(["red", "blue"]);
    expect(
      names(await session.scalars(select(Writer).where(withParent(amy, Writer.c.team)).orderBy(Writer.c.id)).all()),
    ).toEqual(["bob", "cid"]);
    const other = aliased(Post, "other");
    const titled = select(other.c.title)
      .where(withParent(amy, Writer.c.posts.ofType(other)))
      .orderBy(other.c.id);
    expect((await session.execute(titled).all()).map((r) => r[0])).toEqual(["a1", "a2", "a3"]);
    expect(titles(await session.query(Post).withParent(amy, Writer.c.posts).orderBy(Post.c.id).all())).toEqual([
      "a1",
      "a2",
      "a3",
    ]);
    expect(() => withParent(new Writer({ name: "x" }), Writer.c.posts)).toThrow(/flush/);
    expect(() => withParent(post, Writer.c.posts)).toThrow(/object of Writer/);
  });
  it("joins by a relationship take criteria of their own", async () => {
    await using session = new Session(at.engine);
    const rows = await session
      .execute(
        select(Writer.c.name, Post.c.title)
          .outerJoin(Writer.c.posts.and(Post.c.score.gt(6)))
          .orderBy(Writer.c.id, Post.c.id),
      )
      .all();
    expect(rows.map((r) => [...r])).toEqual([
      ["amy", "a3"],
      ["bob", "b1"],
      ["cid", null],
      ["dan", null],
    ]);
    expect(at.ran.last).toMatch(/ON .* AND .*score/);
  });
  it("entities over a union, and text as a column", async () => {
    await using session = new Session(at.engine);
    const union = select(Writer)
      .where(Writer.c.id.lt(2))
      .union(select(Writer).where(Writer.c.id.gt(3)))
      .subquery("u");
    const either = aliased(Writer, union);
    const found = await session.scalars(select(either).options(joinedLoad(either.c.posts)).orderBy(either.c.id)).all();
    expect(found.map((w) => [w.name, w.posts.length])).toEqual([
      ["amy", 3],
      ["dan", 0],
    ]);
    const rows = await session
      .execute(select(Comment.c.id, sql`upper(words)`).where(Comment.c.id.eq(1)) as never)
      .all();
    expect([...(rows[0] as unknown as unknown[])]).toEqual([1, "ONE"]);
  });
});
