// Users and what they post: one user, many posts.

import { Database } from "@athanor/web";
import { dateTime, integer, manyToOne, oneToMany, string } from "athanor";

export const db = new Database();

export class User extends db.Model("User", {
  id: integer().primaryKey(),
  username: string(64).unique().index(),
  email: string(120).nullable().unique().index(),
  passwordHash: string(128).nullable(),
  // "dynamic": not a list but a query over it, for users with more posts than one wants to load.
  get posts() {
    return oneToMany(Post, { backPopulates: "author", lazy: "dynamic" });
  },
}) {
  override toString() {
    return `<User ${this.username}>`;
  }
}

export class Post extends db.Model("Post", {
  id: integer().primaryKey(),
  body: string(140),
  // A function, not its result: asked once for each row.
  timestamp: dateTime()
    .index()
    .default(() => new Date()),
  userId: integer().nullable().references("user.id"),
  get author() {
    return manyToOne(User, { backPopulates: "posts" });
  },
}) {
  override toString() {
    return `<Post ${this.body}>`;
  }
}
