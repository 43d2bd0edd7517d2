/** A small app on a SQLite file of its own, for the tests beside this file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// biome-ignore lint/correctness/noUnusedImports: lets declarations name the return type of blog()
import type { state } from "@athanor/core";
import { integer, string } from "@athanor/core";
import { manyToOne, oneToMany } from "@athanor/orm";
import { type App, createApp, Database, type DatabaseOptions } from "@athanor/web";
import { afterAll } from "vitest";

const cleanups: (() => unknown)[] = [];
afterAll(async () => {
  for (const clean of cleanups.reverse()) await clean();
});

/** A folder that is gone after the tests. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "athanor-web-"));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Keeps what is logged as an error instead of printing it. */
export function collectingLogger() {
  const errors: unknown[][] = [];
  const nothing = () => {};
  return {
    errors,
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (...args: unknown[]) => void errors.push(args),
  };
}

export function makeApp(config: object = {}): App {
  const root = folder();
  return createApp({ root, logger: collectingLogger(), config: { DATABASE_URL: "sqlite:///app.db", ...config } });
}

/** Users with posts. */
export async function blog(config: object = {}, options: DatabaseOptions<abstract new () => {}> = {}) {
  const app = makeApp(config);
  const db = new Database(app, options);
  cleanups.push(() => db.dispose());
  class User extends db.Model("User", {
    id: integer().primaryKey(),
    name: string(64).unique(),
    get posts() {
      return oneToMany(Post, { backPopulates: "author" });
    },
  }) {}
  class Post extends db.Model("Post", {
    id: integer().primaryKey(),
    title: string(80),
    userId: integer().references("user.id").nullable(),
    get author() {
      return manyToOne(User, { backPopulates: "posts" });
    },
  }) {}
  await db.createAll();
  return { app, db, User, Post, client: app.testClient() };
}
