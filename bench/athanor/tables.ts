// The schema of the benchmark for the workloads that need no mapping.
import { integer, MetaData, string, table } from "@athanor/core";

/** The models have tables of these names too: theirs stand in another MetaData, which knows the link table. */
export const metadata = new MetaData();

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

export const postTag = table(
  "post_tag",
  {
    postId: integer().references("post.id"),
    tagId: integer().references("tag.id"),
  },
  { primaryKey: ["postId", "tagId"], metadata },
);
