import { integer, string, table } from "@athanor/core";
import { Model, manyToMany } from "@athanor/orm";
import { User } from "./user.js";

export const userTags = table("user_tags", {
  userId: integer().references("user.id"),
  tagId: integer().references("tag.id"),
}, { primaryKey: ["userId", "tagId"] });

export class Tag extends Model("Tag", {
  id: integer().primaryKey(),
  name: string(),
  get users() { return manyToMany(User, { secondary: userTags, backPopulates: "tags" }); },
}) {}
