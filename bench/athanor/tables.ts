// The schema of the benchmark for the workloads that need no mapping.
import { integer, string, table } from "@athanor/core";

export const customers = table("customer", {
  id: integer().primaryKey(),
  name: string(64),
  description: string(128),
});

export const users = table("user", { id: integer().primaryKey(), name: string(64) });

export const posts = table("post", {
  id: integer().primaryKey(),
  title: string(128),
  userId: integer().references("user.id"),
});

export const tags = table("tag", { id: integer().primaryKey(), name: string(64) });

export const postTag = table("post_tag", {
  postId: integer().primaryKey().references("post.id"),
  tagId: integer().primaryKey().references("tag.id"),
});
