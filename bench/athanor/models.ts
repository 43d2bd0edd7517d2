// The schema of the benchmark, declared as a user would.
import { integer, string, table } from "@athanor/core";
import { declarativeBase, manyToMany, manyToOne, oneToMany } from "@athanor/orm";

const db = declarativeBase();

export class Customer extends db.Model("Customer", {
  id: integer().primaryKey(),
  name: string(64),
  description: string(128),
}) {}

export const postTag = table("post_tag", {
  postId: integer().primaryKey().references("post.id"),
  tagId: integer().primaryKey().references("tag.id"),
});

export class User extends db.Model("User", {
  id: integer().primaryKey(),
  name: string(64),
  get posts() {
    return oneToMany(Post, { backPopulates: "author" });
  },
}) {}

export class Post extends db.Model("Post", {
  id: integer().primaryKey(),
  title: string(128),
  userId: integer().references("user.id"),
  get author() {
    return manyToOne(User, { backPopulates: "posts" });
  },
  get tags() {
    return manyToMany(Tag, { secondary: postTag });
  },
}) {}

export class Tag extends db.Model("Tag", {
  id: integer().primaryKey(),
  name: string(64),
}) {}
