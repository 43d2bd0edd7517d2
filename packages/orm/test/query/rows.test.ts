/** Rows of entities and columns, joins, aliases, subqueries, and relationships in criteria. */
import { and, exists, func, integer, literal, or, select, sql } from "@athanor/core";
import { aliased, joinedLoad, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { Base, Comment, names, Post, postTag, seedBlog, setUp, Tag, titles, Writer } from "./blog.js";

describeEachDatabase("rows, joins and criteria", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);

  it("mixes entities and columns, read by position and by name", async () => {
    await using session = new Session(at.engine);
    const rows = await session.execute(
      select(Writer, func.count(Post.c.id).as("n"))
        .join(Writer.c.posts)
        .groupBy(Writer.c.id, Writer.c.name, Writer.c.email, Writer.c.bossId)
        .orderBy(Writer.c.id),
    );
    expect(rows.map((r) => [r[0].name, r[1], r.Writer.name, Number(r.n)])).toEqual([
      ["amy", 3, "amy", 3],
      ["bob", 1, "bob", 1],
      ["cid", 1, "cid", 1],
    ]);
    const [first] = rows;
    const [writer, n] = first!;
    expect([writer.id, n]).toEqual([1, 3]);
  });
  it("gives null for an entity an outer join did not find", async () => {
    await using session = new Session(at.engine);
    const rows = await session.execute(
      select(Writer.c.name, Post, Post.c.title.as("t"))
        .outerJoin(Writer.c.posts)
        .where(Writer.c.id.gt(2))
        .orderBy(Writer.c.id),
    );
    expect(rows.map((r) => [r.name, r.Post?.title ?? null, r.t])).toEqual([
      ["cid", "c1", "c1"],
      ["dan", null, null],
    ]);
  });
  it("joins several levels and filters on any of them", async () => {
    await using session = new Session(at.engine);
    const found = await session
      .scalars(select(Writer).join(Writer.c.posts).join(Post.c.comments).where(Comment.c.words.eq("four")))
      .all();
    expect(names(found)).toEqual(["amy"]);
  });
  it("joins through a secondary table", async () => {
    await using session = new Session(at.engine);
    const found = await session
      .scalars(select(Post).join(Post.c.tags).where(Tag.c.name.eq("red")).orderBy(Post.c.id))
      .all();
    expect(titles(found)).toEqual(["a1", "a2"]);
  });
  it("gives an entity once per row of a plain join: rows are not made unique behind one's back", async () => {
    await using session = new Session(at.engine);
    const found = await session.scalars(select(Writer).join(Writer.c.posts).where(Writer.c.id.eq(1))).all();
    expect(names(found)).toEqual(["amy", "amy", "amy"]);
    expect(
      await session
        .scalars(select(Writer).join(Writer.c.posts).where(Writer.c.id.eq(1)))
        .unique()
        .all(),
    ).toHaveLength(1);
  });
  it("joins a self-reference by an alias, and says so without one", async () => {
    await using session = new Session(at.engine);
    const boss = aliased(Writer, "boss");
    const rows = await session.execute(
      select(Writer.c.name, boss.c.name.as("b")).outerJoin(Writer.c.boss.ofType(boss)).orderBy(Writer.c.id),
    );
    expect(rows.map((r) => [r.name, r.b])).toEqual([
      ["amy", null],
      ["bob", "amy"],
      ["cid", "amy"],
      ["dan", "bob"],
    ]);
    expect(() => select(Writer).join(Writer.c.boss)).toThrow(/aliased/);
  });
  it("selects aliases whole, two of one model apart", async () => {
    await using session = new Session(at.engine);
    const [a, b] = [aliased(Writer, "a"), aliased(Writer, "b")];
    const rows = await session.execute(select(a, b).join(b, b.c.bossId.eq(a.c.id)).orderBy(a.c.id, b.c.id));
    expect(rows.map((r) => [r.a.name, r.b.name])).toEqual([
      ["amy", "bob"],
      ["amy", "cid"],
      ["bob", "dan"],
    ]);
    expect(rows[0]!.b).toBe(rows[2]!.a);
  });
  it("joins from an alias' relationship", async () => {
    await using session = new Session(at.engine);
    const w = aliased(Writer, "w");
    const rows = await session.execute(select(w.c.name, Post.c.title).join(w.c.posts).where(w.c.name.eq("bob")));
    expect(rows.map((r) => [...r])).toEqual([["bob", "b1"]]);
  });
  it("unnamed aliases get names of their own", async () => {
    await using session = new Session(at.engine);
    const [x, y] = [aliased(Writer), aliased(Writer)];
    const rows = await session.execute(
      select(x.c.name, y.c.name.as("other")).join(y, y.c.bossId.eq(x.c.id)).orderBy(y.c.id),
    );
    expect(rows.map((r) => [r[0], r.other])).toEqual([
      ["amy", "bob"],
      ["amy", "cid"],
      ["bob", "dan"],
    ]);
  });
  it("adds criteria to a join with and()", async () => {
    await using session = new Session(at.engine);
    const rows = await session.execute(
      select(Writer.c.name, Post.c.title)
        .outerJoin(Writer.c.posts.and(Post.c.score.gt(6)))
        .orderBy(Writer.c.id),
    );
    expect(rows.map((r) => [...r])).toEqual([
      ["amy", "a3"],
      ["bob", "b1"],
      ["cid", null],
      ["dan", null],
    ]);
  });
  it("reads entities from a subquery and from a CTE", async () => {
    await using session = new Session(at.engine);
    const sub = select(Writer).where(Writer.c.id.gt(1)).orderBy(Writer.c.id).limit(2).subquery("some");
    const found = await session.scalars(select(aliased(Writer, sub)).orderBy(sub.c.id.desc())).all();
    expect(names(found)).toEqual(["cid", "bob"]);
    expect(found[0]).toBe(await session.get(Writer, 3));
    const top = select(Writer).where(Writer.c.id.eq(2)).cte("top");
    const w = aliased(Writer, top);
    expect(names(await session.scalars(select(w).where(w.c.name.eq("bob"))))).toEqual(["bob"]);
    const joined = await session.execute(select(Post.c.title, w).join(w, w.c.id.eq(Post.c.authorId)));
    expect(joined.map((r) => [r[0], (r[1] as Writer).name])).toEqual([["b1", "bob"]]);
  });
  it("loads eagerly from an entity over a subquery", async () => {
    await using session = new Session(at.engine);
    const w = aliased(Writer, select(Writer).where(Writer.c.id.lt(3)).subquery("few"));
    const found = await session.scalars(select(w).options(joinedLoad(w.c.posts)).orderBy(w.c.id)).all();
    expect(found.map((x) => titles(x.posts))).toEqual([["a1", "a2", "a3"], ["b1"]]);
  });

  const ids = async (session: Session, criterion: unknown): Promise<number[]> =>
    (await session
      .scalars(
        select(Writer.c.id)
          .where(criterion as never)
          .orderBy(Writer.c.id),
      )
      .all()) as number[];
  it("any, has and their negations", async () => {
    await using session = new Session(at.engine);
    expect(await ids(session, Writer.c.posts.any())).toEqual([1, 2, 3]);
    expect(await ids(session, Writer.c.posts.any(Post.c.score.gt(6)))).toEqual([1, 2]);
    expect(await ids(session, Writer.c.posts.any(Post.c.score.gt(6)).not())).toEqual([3, 4]);
    expect(await ids(session, Writer.c.posts.any(Post.c.comments.any(Comment.c.by.has(Writer.c.id.eq(1)))))).toEqual([
      2,
    ]);
    const posts = await session.scalars(select(Post).where(Post.c.author.has(Writer.c.name.eq("bob")))).all();
    expect(titles(posts)).toEqual(["b1"]);
    expect(titles(await session.scalars(select(Post).where(Post.c.editor.has().not()).orderBy(Post.c.id)))).toEqual([
      "a1",
      "c1",
    ]);
  });
  it("any and has over a self-reference mean the other row", async () => {
    await using session = new Session(at.engine);
    expect(await ids(session, Writer.c.team.any())).toEqual([1, 2]);
    expect(await ids(session, Writer.c.team.any(Writer.c.name.eq("dan")))).toEqual([2]);
    expect(await ids(session, Writer.c.boss.has(Writer.c.name.eq("amy")))).toEqual([2, 3]);
    const chief = aliased(Writer, "chief");
    expect(await ids(session, Writer.c.boss.ofType(chief).has(chief.c.name.eq("bob")))).toEqual([4]);
  });
  it("any and contains over a secondary table", async () => {
    await using session = new Session(at.engine);
    const red = (await session.get(Tag, 1))!;
    const of = async (criterion: unknown) =>
      titles(
        await session.scalars(
          select(Post)
            .where(criterion as never)
            .orderBy(Post.c.id),
        ),
      );
    expect(await of(Post.c.tags.any(Tag.c.name.eq("red")))).toEqual(["a1", "a2"]);
    expect(await of(Post.c.tags.contains(red))).toEqual(["a1", "a2"]);
    expect(await of(Post.c.tags.contains(red).not())).toEqual(["b1", "c1", "a3"]);
    expect(await of(Post.c.tags.any().not())).toEqual(["c1", "a3"]);
  });
  it("contains over a one-to-many", async () => {
    await using session = new Session(at.engine);
    const post = (await session.get(Post, 3))!;
    expect(await ids(session, Writer.c.posts.contains(post))).toEqual([2]);
    expect(await ids(session, Writer.c.posts.contains(post).not())).toEqual([1, 3, 4]);
  });
  it("eq and ne of references, null included", async () => {
    await using session = new Session(at.engine);
    const [amy, bob] = [(await session.get(Writer, 1))!, (await session.get(Writer, 2))!];
    expect(await ids(session, Writer.c.boss.eq(amy))).toEqual([2, 3]);
    // Whoever has no boss has another boss than amy, as far as the question goes.
    expect(await ids(session, Writer.c.boss.ne(amy))).toEqual([1, 4]);
    expect(await ids(session, Writer.c.boss.eq(null))).toEqual([1]);
    expect(await ids(session, Writer.c.boss.ne(null))).toEqual([2, 3, 4]);
    expect(titles(await session.scalars(select(Post).where(Post.c.editor.ne(bob)).orderBy(Post.c.id)))).toEqual([
      "a1",
      "b1",
      "c1",
    ]);
    // One-to-one from the side without the key.
    expect(await ids(session, Writer.c.profile.eq(null))).toEqual([3, 4]);
    expect(await ids(session, Writer.c.profile.ne(null))).toEqual([1, 2]);
  });
  it("refuses an object of another model, and one without a key", async () => {
    await using session = new Session(at.engine);
    const tag = (await session.get(Tag, 1))!;
    expect(() => Writer.c.boss.eq(tag as never)).toThrow(/Writer/);
    expect(() => Writer.c.boss.eq(new Writer({ name: "new" }))).toThrow(/flush/);
    expect(() => (Writer.c.posts as unknown as { has(): unknown }).has()).toThrow(/any/);
    expect(() => (Writer.c.boss as unknown as { any(): unknown }).any()).toThrow(/has/);
  });
  it("correlates subqueries of one's own", async () => {
    await using session = new Session(at.engine);
    const count = select(func.count(Post.c.id)).where(Post.c.authorId.eq(Writer.c.id)).scalar();
    const rows = await session.execute(select(Writer, count.as("n")).orderBy(Writer.c.id));
    expect(rows.map((r) => [r.Writer.name, Number(r.n)])).toEqual([
      ["amy", 3],
      ["bob", 1],
      ["cid", 1],
      ["dan", 0],
    ]);
    expect(
      await ids(session, exists(select(Post.c.id).where(Post.c.authorId.eq(Writer.c.id), Post.c.score.gt(8)))),
    ).toEqual([1]);
    expect(await ids(session, Writer.c.id.in(select(Post.c.editorId).where(Post.c.editorId.isNotNull())))).toEqual([
      1, 2,
    ]);
  });
  it("executes core statements and raw SQL", async () => {
    await using session = new Session(at.engine);
    const rows = await session.execute(select(postTag.c.tagId).where(postTag.c.postId.eq(1)).orderBy(postTag.c.tagId));
    expect(rows.map((r) => r.tagId)).toEqual([1, 2]);
    const raw = await session.execute(sql`select name from writer where id = ${2}`);
    expect(raw.map((r) => (r as unknown as { name: string }).name)).toEqual(["bob"]);
    expect(await session.scalar(sql`select count(*) from post` as never).then(Number)).toBe(5);
  });
  it("scalars of expressions; scalar; first; one; mappings", async () => {
    await using session = new Session(at.engine);
    expect(await session.scalars(select(Writer.c.name).orderBy(Writer.c.id)).all()).toEqual([
      "amy",
      "bob",
      "cid",
      "dan",
    ]);
    expect(await session.scalar(select(func.max(Post.c.score)))).toBe(9);
    expect(await session.scalars(select(literal(3, integer()).as("three"))).first()).toBe(3);
    expect((await session.execute(select(Writer).where(Writer.c.id.eq(2))).one())[0].name).toBe("bob");
    await expect(session.scalars(select(Writer)).one()).rejects.toThrow(/4|several|more/i);
    expect(await session.scalars(select(Writer).where(Writer.c.id.eq(99))).oneOrNone()).toBeNull();
    const [mapped] = await session.execute(select(Writer.c.id, Writer.c.name).where(Writer.c.id.eq(1))).mappings();
    expect(mapped).toEqual({ id: 1, name: "amy" });
    const [withEntity] = await session
      .execute(select(Writer, Writer.c.name.as("n")).where(Writer.c.id.eq(1)))
      .mappings();
    expect([(withEntity!.Writer as Writer).id, withEntity!.n]).toEqual([1, "amy"]);
  });
  it("two columns of one name stay apart by label and position", async () => {
    await using session = new Session(at.engine);
    const [row] = await session.execute(
      select(Writer.c.id, Post.c.id.as("pid"), Post.c.title).join(Writer.c.posts).where(Post.c.id.eq(3)),
    );
    expect([...row!]).toEqual([2, 3, "b1"]);
    expect(row!.pid).toBe(3);
  });
  it("a statement is reusable and untouched by what is built on it", async () => {
    await using session = new Session(at.engine);
    const base = select(Writer).where(Writer.c.id.gt(1));
    const more = base.where(Writer.c.id.lt(4)).limit(1);
    expect(names(await session.scalars(base.orderBy(Writer.c.id)))).toEqual(["bob", "cid", "dan"]);
    expect(await session.scalars(more).all()).toHaveLength(1);
    expect(names(await session.scalars(base.orderBy(Writer.c.id)))).toEqual(["bob", "cid", "dan"]);
  });
  it("and, or over relationships and columns", async () => {
    await using session = new Session(at.engine);
    expect(
      await ids(session, or(and(Writer.c.posts.any(), Writer.c.bossId.isNull()), Writer.c.name.eq("dan"))),
    ).toEqual([1, 4]);
  });
  it("options that start elsewhere are refused with both names", async () => {
    await using session = new Session(at.engine);
    await expect(session.scalars(select(Tag).options(joinedLoad(Post.c.author) as never)).all()).rejects.toThrow(
      /Post.*Tag/,
    );
  });
});
