// User and Post on every database: what seed 003 types into its shell.

import { describeEachDatabase } from "@athanor/test-support";
import { inspect, select } from "athanor";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeApp } from "../app.js";
import { db, Post, User } from "../models.js";

describeEachDatabase(
  "microblog models",
  (target) => {
    let app: ReturnType<typeof makeApp>;
    beforeAll(async () => {
      app = makeApp({ SECRET_KEY: "a key for the tests only", DATABASE_URL: await target.url() });
      await app.context(() => db.createAll());
    });
    afterAll(() => app.context(() => db.engine.dispose()));

    it("has the tables and indexes the course's migration detects", async () => {
      await app.context(async () => {
        await using connection = await db.engine.connect();
        const found = inspect(connection);
        expect([...(await found.tableNames())].sort()).toEqual(["post", "user"]);
        expect((await found.columns("user")).map((column) => column.name)).toEqual([
          "id",
          "username",
          "email",
          "password_hash",
        ]);
        const names = (await found.indexes("user")).map((index) => index.name).sort();
        expect(names).toEqual(["ix_user_email", "ix_user_username"]);
        expect((await found.indexes("post")).map((index) => index.name)).toContain("ix_post_timestamp");
        expect((await found.foreignKeys("post")).map((key) => key.referredTable)).toEqual(["user"]);
      });
    });

    it("adds users, and finds them by query and by key", async () => {
      await app.context(async () => {
        const susan = new User({ username: "susan", email: "susan@example.com" });
        expect(String(susan)).toBe("<User susan>");
        db.session.add(susan);
        await db.session.commit();
        db.session.add(new User({ username: "john", email: "john@example.com" }));
        await db.session.commit();
        expect((await User.query().orderBy(User.c.id).all()).map(String)).toEqual(["<User susan>", "<User john>"]);
        expect(await User.query().get(1)).toBe(susan);
      });
    });

    it("refuses a second susan, and the session goes on after rollback", async () => {
      await app.context(async () => {
        db.session.add(new User({ username: "susan" }));
        await expect(db.session.commit()).rejects.toMatchObject({ name: "IntegrityError" });
        await db.session.rollback();
        expect(await User.query().count()).toBe(2);
      });
    });

    it("gives a post its author and its time, and asks a user for their posts", async () => {
      const before = Date.now();
      await app.context(async () => {
        const susan = await User.query().filterBy({ username: "susan" }).one();
        db.session.add(new Post({ body: "my first post!", author: susan }));
        db.session.add(new Post({ body: "my second post!", author: susan }));
        await db.session.commit();
      });
      await app.context(async () => {
        const susan = await User.query().filterBy({ username: "susan" }).one();
        expect((await susan.posts.all()).map(String).sort()).toEqual([
          "<Post my first post!>",
          "<Post my second post!>",
        ]);
        const [second] = await susan.posts.filter(Post.c.body.like("%second%")).all();
        expect(await second?.author).toBe(susan);
        expect(second?.userId).toBe(susan.id);
        // Whole seconds: MariaDB's DATETIME keeps no more.
        expect(Math.abs((second?.timestamp.getTime() ?? 0) - before)).toBeLessThan(30_000);
        const john = await User.query().filterBy({ username: "john" }).one();
        expect(await john.posts.all()).toEqual([]);
        expect(await john.posts.count()).toBe(0);
        const authors = select(User.c.username).join(User.c.posts).distinct();
        expect(await db.session.scalars(authors).all()).toEqual(["susan"]);
      });
    });

    it("deletes every user, then every post, in one commit", async () => {
      await app.context(async () => {
        for (const user of await User.query().all()) await db.session.delete(user);
        // This query flushes: the users are gone, and their posts have no author any more.
        const posts = await Post.query().all();
        expect(posts.map((post) => post.userId)).toEqual([null, null]);
        for (const post of posts) await db.session.delete(post);
        await db.session.commit();
        expect([await User.query().count(), await Post.query().count()]).toEqual([0, 0]);
      });
    });

    it("starts a shell that knows db, User and Post", async () => {
      expect(await app.makeShellContext()).toMatchObject({ app, db, User, Post });
    });
  },
  { smoke: true },
);
