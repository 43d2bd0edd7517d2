import { integer, string } from "@athanor/core";
import { Model, manyToMany, oneToMany, oneToOne } from "@athanor/orm";
import { Post, Profile } from "./post.js";
import { Tag, userTags } from "./tag.js";

export class User extends Model("User", {
  id: integer().primaryKey(),
  username: string(64).unique().index(),
  email: string(120).nullable(),
  get posts() { return oneToMany(Post, { backPopulates: "author", cascade: "all, delete-orphan" }); },
  get profile() { return oneToOne(Profile, { backPopulates: "user" }); },
  get tags() { return manyToMany(Tag, { secondary: userTags, backPopulates: "users" }); },
  get archive() { return oneToMany(Post, { lazy: "writeOnly" }); },
  get feed() { return oneToMany(Post, { lazy: "dynamic" }); },
  get strict() { return oneToMany(Post, { lazy: "raise" }); },
}) {
  #visits = 0;
  draft = false;
  visit() { return ++this.#visits; }
  get shout() { return this.username.toUpperCase(); }
  override toString() { return `<User ${this.username}>`; }
  toJSON() { return { id: this.id, username: this.username }; }
  static byName(name: string) { return this.query().filterBy({ username: name }); }
}
