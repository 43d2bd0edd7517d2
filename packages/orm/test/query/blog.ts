/** The models and rows the query tests share, and a record of the statements that ran. */
import { createEngine, type Engine, insert, integer, string, table, text } from "@athanor/core";
import { declarativeBase, manyToMany, manyToOne, oneToMany, oneToOne } from "@athanor/orm";
import type { Target } from "@athanor/test-support";
import { afterAll, beforeAll, beforeEach } from "vitest";

export const Base = declarativeBase();

export class Writer extends Base("Writer", {
  id: integer().primaryKey(),
  name: string(40),
  email: string(80).nullable(),
  bio: text().nullable().deferred(),
  bossId: integer().nullable().references("writer.id"),
  get boss() {
    return manyToOne(Writer, { backPopulates: "team", remoteSide: "id" });
  },
  get team() {
    return oneToMany(Writer, { backPopulates: "boss", orderBy: "id" });
  },
  get posts() {
    return oneToMany(Post, { backPopulates: "author", foreignKeys: "authorId", orderBy: "id" });
  },
  get profile() {
    return oneToOne(Profile, { backPopulates: "writer" });
  },
}) {}
export class Post extends Base("Post", {
  id: integer().primaryKey(),
  title: string(40),
  score: integer().nullable(),
  body: text().nullable().deferred(),
  authorId: integer().references("writer.id"),
  editorId: integer().nullable().references("writer.id"),
  get author() {
    return manyToOne(Writer, { backPopulates: "posts", foreignKeys: "authorId", nullable: false });
  },
  get editor() {
    return manyToOne(Writer, { foreignKeys: "editorId" });
  },
  get comments() {
    return oneToMany(Comment, { backPopulates: "post", orderBy: "id" });
  },
  get tags() {
    return manyToMany(Tag, { secondary: postTag, backPopulates: "posts", orderBy: "id" });
  },
}) {}
export class Comment extends Base("Comment", {
  id: integer().primaryKey(),
  words: string(40),
  postId: integer().references("post.id"),
  byId: integer().nullable().references("writer.id"),
  get post() {
    return manyToOne(Post, { backPopulates: "comments", nullable: false });
  },
  get by() {
    return manyToOne(Writer, {});
  },
}) {}
export class Tag extends Base("Tag", {
  id: integer().primaryKey(),
  name: string(40),
  get posts() {
    return manyToMany(Post, { secondary: postTag, backPopulates: "tags", orderBy: "id" });
  },
}) {}
export class Profile extends Base("Profile", {
  id: integer().primaryKey().references("writer.id"),
  motto: string(40),
  get writer() {
    return oneToOne(Writer, { backPopulates: "profile", nullable: false });
  },
}) {}
export const postTag = table(
  "post_tag",
  { postId: integer().references("post.id"), tagId: integer().references("tag.id") },
  { primaryKey: ["postId", "tagId"], metadata: Base.metadata },
);

/** Four writers, five posts, four comments, three tags. Dan has written nothing. */
export async function seedBlog(engine: Engine): Promise<void> {
  await engine.begin(async (connection) => {
    const writers = [
      { id: 1, name: "amy", email: "amy@x", bio: "long amy", bossId: null },
      { id: 2, name: "bob", email: null, bio: "long bob", bossId: 1 },
      { id: 3, name: "cid", email: null, bio: null, bossId: 1 },
      { id: 4, name: "dan", email: "dan@x", bio: "long dan", bossId: 2 },
    ];
    for (const writer of writers) await connection.execute(insert(Writer).values(writer));
    await connection.execute(
      insert(Post).values([
        { id: 1, title: "a1", score: 5, body: "body 1", authorId: 1, editorId: null },
        { id: 2, title: "a2", score: null, body: "body 2", authorId: 1, editorId: 2 },
        { id: 3, title: "b1", score: 7, body: "body 3", authorId: 2, editorId: 1 },
        { id: 4, title: "c1", score: 1, body: "body 4", authorId: 3, editorId: null },
        { id: 5, title: "a3", score: 9, body: "body 5", authorId: 1, editorId: 2 },
      ]),
    );
    await connection.execute(
      insert(Comment).values([
        { id: 1, words: "one", postId: 1, byId: 2 },
        { id: 2, words: "two", postId: 1, byId: 3 },
        { id: 3, words: "three", postId: 3, byId: 1 },
        { id: 4, words: "four", postId: 2, byId: null },
      ]),
    );
    await connection.execute(
      insert(Tag).values([
        { id: 1, name: "red" },
        { id: 2, name: "blue" },
        { id: 3, name: "green" },
      ]),
    );
    await connection.execute(
      insert(postTag).values([
        { postId: 1, tagId: 1 },
        { postId: 1, tagId: 2 },
        { postId: 2, tagId: 1 },
        { postId: 3, tagId: 3 },
      ]),
    );
    await connection.execute(
      insert(Profile).values([
        { id: 1, motto: "up" },
        { id: 2, motto: "down" },
      ]),
    );
  });
}

/** What ran: whole statements without quotes and line breaks. */
export class Statements {
  readonly all: string[] = [];
  readonly params: (readonly unknown[])[] = [];
  clear(): void {
    this.all.length = this.params.length = 0;
  }
  /** Without BEGIN, COMMIT and their like. */
  get work(): readonly string[] {
    return this.all.filter((s) => /^(SELECT|INSERT|UPDATE|DELETE|WITH)/.test(s));
  }
  /** The whole numbers among the parameters of `work`, also of those that stand in lists. */
  get numbers(): readonly (readonly number[])[] {
    const found = (params: unknown) => (String(params).match(/\d+/g) ?? []).map(Number);
    return this.all.flatMap((s, i) => (this.work.includes(s) ? [found(this.params[i])] : []));
  }
  get last(): string {
    return this.work.at(-1) ?? "";
  }
  /** `SELECT post`: the verb and the table it is about. */
  get kinds(): readonly string[] {
    return this.work.map((s) => {
      const verb = s.split(" ")[0] as string;
      const found = /(?:FROM|INTO|UPDATE)\s+(?:\(SELECT .*? FROM )?(\w+)/.exec(s);
      return `${verb} ${found?.[1] ?? "?"}`;
    });
  }
}
export interface Place {
  readonly engine: Engine;
  readonly ran: Statements;
}
/** A database per suite with tables and rows; tests work in sessions that roll back. */
export function setUp(
  target: Target,
  metadata: { createAll(engine: Engine): Promise<unknown> },
  seed: (engine: Engine) => Promise<void>,
): Place {
  const ran = new Statements();
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await metadata.createAll(engine);
    await seed(engine);
    engine.on("statement", (event) => {
      ran.all.push(event.sql.replace(/["`]/g, "").replace(/\s+/g, " ").trim());
      ran.params.push(event.params);
    });
  });
  afterAll(() => engine?.dispose());
  beforeEach(() => ran.clear());
  return {
    get engine() {
      return engine as Engine;
    },
    ran,
  };
}
/** Names of a list, for short expectations. */
export const names = (list: Iterable<{ readonly name: string } | null>): (string | undefined)[] =>
  [...list].map((x) => x?.name);
export const titles = (list: Iterable<{ readonly title: string }>): string[] => [...list].map((x) => x.title);
