// The schema of the benchmark as models.
import { integer, string } from "@athanor/core";
import { declarativeBase, manyToMany, manyToOne, oneToMany } from "@athanor/orm";
import { postTag } from "./tables.js";

const db = declarativeBase();

export class Customer extends db.Model("Customer", {
  id: integer().primaryKey(),
  name: string(64),
  description: string(128),
}) {}

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
