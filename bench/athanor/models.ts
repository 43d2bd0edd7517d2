// The schema of the benchmark as models.
import { integer, string } from "@athanor/core";
import { declarativeBase, manyToMany, manyToOne, oneToMany } from "@athanor/orm";
import { metadata, postTag } from "./tables.js";

const Model = declarativeBase(undefined, { metadata });

export class Customer extends Model("Customer", {
  id: integer().primaryKey(),
  name: string(64),
  description: string(128),
}) {}

export class User extends Model("User", {
  id: integer().primaryKey(),
  name: string(64),
  get posts() {
    return oneToMany(Post, { backPopulates: "author" });
  },
}) {}

export class Post extends Model("Post", {
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

export class Tag extends Model("Tag", {
  id: integer().primaryKey(),
  name: string(64),
}) {}
