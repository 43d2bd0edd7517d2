/** UPDATE, DELETE and INSERT of models: which objects of the session follow, and how. */
import { deleteFrom, func, insert, select, update } from "@athanor/core";
import { inspect, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { Base, Comment, Post, seedBlog, setUp, Tag, Writer } from "./blog.js";

describeEachDatabase("ORM-enabled DML", (target) => {
  const at = setUp(target, Base.metadata, seedBlog);
  const posts = (session: Session) => session.scalars(select(Post).orderBy(Post.c.id)).all();

  it("evaluates simple criteria in memory: one statement", async () => {
    await using session = new Session(at.engine);
    const all = await posts(session);
    at.ran.clear();
    await session.execute(update(Post).set({ title: "T" }).where(Post.c.score.gt(4), Post.c.authorId.eq(1)));
    expect(all.map((p) => p.title)).toEqual(["T", "a2", "b1", "c1", "T"]);
    expect(at.ran.kinds).toEqual(["UPDATE post"]);
    expect(session.dirty.size).toBe(0);
  });
  it("knows three-valued logic, IN lists, OR, NOT and NULL", async () => {
    await using session = new Session(at.engine);
    const all = await posts(session);
    const touched = async (...where: unknown[]) => {
      for (const p of all) await session.refresh(p);
      at.ran.clear();
      await session.execute(
        update(Post)
          .set({ title: "T" })
          .where(...(where as never[])),
      );
      const statements = at.ran.work.length;
      const inMemory = all.filter((p) => p.title === "T").map((p) => p.id);
      const stored = (await session
        .scalars(select(Post.c.id).where(Post.c.title.eq("T")).orderBy(Post.c.id))
        .all()) as number[];
      expect(inMemory).toEqual(stored);
      for (const p of all)
        await session.execute(
          update(Post)
            .set({ title: `t${p.id}` })
            .where(Post.c.id.eq(p.id)),
        );
      return [stored, statements];
    };
    expect(await touched(Post.c.score.gt(4).not())).toEqual([[4], 1]);
    expect(await touched(Post.c.score.isNull())).toEqual([[2], 1]);
    expect(await touched(Post.c.id.in([1, 2, 9]))).toEqual([[1, 2], 1]);
    expect(await touched(Post.c.id.in([1, 2]).not())).toEqual([[3, 4, 5], 1]);
    expect(await touched(Post.c.score.eq(5).or(Post.c.editorId.eq(1)))).toEqual([[1, 3], 1]);
    expect(await touched(Post.c.score.between(5, 8))).toEqual([[1, 3], expect.any(Number)]);
    expect(await touched(Post.c.title.like("t%"))).toEqual([[1, 2, 3, 4, 5], 2]);
    expect(await touched(func.lower(Post.c.title).eq("t1"))).toEqual([[1], 2]);
    expect(await touched(Post.c.author.has(Writer.c.name.eq("bob")))).toEqual([[3], 2]);
    expect(await touched()).toEqual([[1, 2, 3, 4, 5], 1]);
  });
  it("computes the new value where it can, else forgets it", async () => {
    await using session = new Session(at.engine);
    const all = await posts(session);
    await session.execute(
      update(Post)
        .set({ score: Post.c.score.add(1) })
        .where(Post.c.id.lt(4)),
    );
    expect(all.map((p) => p.score)).toEqual([6, null, 8, 1, 9]);
    await session.execute(
      update(Post)
        .set({ title: func.upper(Post.c.title) })
        .where(Post.c.id.eq(1)),
    );
    await session.scalars(select(Post).where(Post.c.id.eq(1))).all();
    expect(all[0]!.title).toBe("A1");
    await session.execute(update(Post).set({ score: null }));
    expect(all.every((p) => p.score === null)).toBe(true);
  });
  it("does not guess what an assignment sees of the others", async () => {
    await using session = new Session(at.engine);
    const post = (await session.get(Post, 3))!;
    // An assignment that reads another one's column depends on the database: it is read again, not guessed.
    // 7 before and after: the foreign key holds either way.
    await session.execute(
      update(Post)
        .set({ score: Post.c.authorId.add(5), editorId: Post.c.score.sub(5) })
        .where(Post.c.id.eq(3)),
    );
    expect(post.score).toBe(7);
    expect(() => post.editorId).toThrow(/not loaded/);
    await session.refresh(post, ["editorId"]);
    expect(post.editorId).toBe(2);
  });
  it("does not take for unequal what a collation may take for equal", async () => {
    await using session = new Session(at.engine);
    const all = await posts(session);
    const hit = await session.execute(update(Post).set({ score: 77 }).where(Post.c.title.eq("A1"))).rowCount();
    expect(all.filter((p) => p.score === 77)).toHaveLength(hit);
  });
  it("a change that the statement overtakes is not written again", async () => {
    await using session = new Session(at.engine, { autoflush: false });
    const post = (await session.get(Post, 1))!;
    post.title = "mine";
    post.score = 1;
    await session.execute(update(Post).set({ title: "theirs" }).where(Post.c.id.eq(1)));
    expect([post.title, post.score]).toEqual(["theirs", 1]);
    at.ran.clear();
    await session.flush();
    expect(at.ran.last).toMatch(/UPDATE post SET score = \S+ WHERE/);
  });
  it("does not ask for stale objects: they stay stale", async () => {
    await using session = new Session(at.engine);
    const all = await posts(session);
    session.expire(all[0]!);
    at.ran.clear();
    await session.execute(update(Post).set({ title: "T" }).where(Post.c.score.gt(4)));
    expect(at.ran.kinds).toEqual(["UPDATE post"]);
    expect(inspect(all[0]!).expired).toBe(true);
    expect(all.slice(1).map((p) => p.title)).toEqual(["a2", "T", "c1", "T"]);
    await session.refresh(all[0]!);
    expect(all[0]!.title).toBe("T");
  });
  it("fetch reads the keys first; false leaves objects alone", async () => {
    await using session = new Session(at.engine);
    const all = await posts(session);
    at.ran.clear();
    await session.execute(
      update(Post).set({ title: "F" }).where(Post.c.score.gt(6)).executionOptions({ synchronizeSession: "fetch" }),
    );
    expect(at.ran.kinds).toEqual(["SELECT post", "UPDATE post"]);
    expect(all.map((p) => p.title)).toEqual(["a1", "a2", "F", "c1", "F"]);
    at.ran.clear();
    await session.execute(update(Post).set({ title: "N" }).executionOptions({ synchronizeSession: false }));
    expect(at.ran.kinds).toEqual(["UPDATE post"]);
    expect(all[0]!.title).toBe("a1");
  });
  it("evaluate refuses what memory cannot tell", async () => {
    await using session = new Session(at.engine);
    await posts(session);
    await expect(
      session.execute(
        update(Post)
          .set({ title: "x" })
          .where(func.lower(Post.c.title).eq("a1"))
          .executionOptions({ synchronizeSession: "evaluate" }),
      ),
    ).rejects.toThrow(/evaluate/);
    await expect(
      session.execute(update(Post).set({ title: "x" }).executionOptions({ synchronizeSession: "fech" })),
    ).rejects.toThrow(/fetch/);
  });
  it("flushes first, so pending changes count", async () => {
    await using session = new Session(at.engine);
    const post = (await session.get(Post, 1))!;
    post.score = 50;
    await session.execute(update(Post).set({ title: "high" }).where(Post.c.score.gt(40)));
    expect(post.title).toBe("high");
    expect(at.ran.kinds.slice(-2)).toEqual(["UPDATE post", "UPDATE post"]);
  });
  it("a deleted row's object leaves the session", async () => {
    await using session = new Session(at.engine);
    const all = await session.scalars(select(Comment).orderBy(Comment.c.id)).all();
    at.ran.clear();
    await session.execute(deleteFrom(Comment).where(Comment.c.postId.eq(1)));
    expect(at.ran.kinds).toEqual(["DELETE comment"]);
    expect(all.map((c) => session.contains(c))).toEqual([false, false, true, true]);
    await session.rollback();
    expect(all.map((c) => session.contains(c))).toEqual([true, true, true, true]);
  });
  it.skipIf(!target.capabilities.has("insertReturning"))(
    "insert gives entities that belong to the session, in the order of the values",
    async () => {
      await using session = new Session(at.engine);
      const made = await session
        .scalars(
          insert(Tag)
            .values([
              { id: 11, name: "k" },
              { id: 12, name: "l" },
              { id: 13, name: "m" },
            ])
            .returning(Tag),
        )
        .all();
      expect(made.map((t) => [t.id, t.name])).toEqual([
        [11, "k"],
        [12, "l"],
        [13, "m"],
      ]);
      at.ran.clear();
      expect(await session.get(Tag, 12)).toBe(made[1]);
      expect(at.ran.work).toEqual([]);
      made[0]!.name = "kk";
      await session.flush();
      expect(at.ran.kinds).toEqual(["UPDATE tag"]);
      const [row] = await session.execute(
        insert(Tag).values({ id: 14, name: "n" }).returning(Tag, Tag.c.name.as("label")),
      );
      expect([row![0].id, row!.label]).toEqual([14, "n"]);
    },
  );
  if (target.capabilities.has("updateReturning")) {
    it("update and delete give entities too, with their new values", async () => {
      await using session = new Session(at.engine);
      const post = (await session.get(Post, 1))!;
      const changed = await session
        .scalars(update(Post).set({ title: "R" }).where(Post.c.id.lt(3)).returning(Post))
        .all();
      expect(changed.map((p) => p.title)).toEqual(["R", "R"]);
      expect(changed.find((p) => p.id === 1)).toBe(post);
      const ids = await session
        .scalars(deleteFrom(Comment).where(Comment.c.postId.eq(1)).returning(Comment.c.id))
        .all();
      expect([...ids].sort()).toEqual([1, 2]);
    });
  }
  it("tells the number of rows", async () => {
    await using session = new Session(at.engine);
    expect(await session.execute(update(Post).set({ title: "x" }).where(Post.c.authorId.eq(1))).rowCount()).toBe(3);
    expect(await session.execute(deleteFrom(Comment)).rowCount()).toBe(4);
  });
});
