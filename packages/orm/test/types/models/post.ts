import { array, bigInteger, boolean, custom, dateTime, enumeration, integer, json, numeric, string, text, TypeDecorator } from "@athanor/core";
import { Model, manyToOne, oneToMany, oneToOne } from "@athanor/orm";
import { User } from "./user.js";

export class Money {
  readonly cents: number;
  constructor(cents: number) { this.cents = cents; }
}
export class MoneyType extends TypeDecorator<Money, number> {
  override readonly impl = integer();
  override toDatabase(value: Money) { return value.cents; }
  override fromDatabase(value: number) { return new Money(value); }
}
export const Status = { Draft: "draft", Published: "published" } as const;

export class Post extends Model("Post", {
  id: integer().primaryKey(),
  title: string(80),
  body: text().deferred(),
  status: enumeration(Status).default("draft"),
  visibility: enumeration("public", "private").default("public"),
  score: integer().nullable(),
  views: bigInteger().default(0n),
  price: numeric(10, 2).nullable(),
  fee: custom(MoneyType).nullable(),
  pinned: boolean().default(false),
  meta: json<{ lang: string; keywords?: string[] }>().nullable(),
  labels: array(string()).default(() => []),
  timestamp: dateTime().default(() => new Date()),
  userId: integer().references("user.id"),
  get author() { return manyToOne(User, { backPopulates: "posts", nullable: false }); },
  get editor() { return manyToOne(User); },
  get comments() { return oneToMany(Comment, { backPopulates: "post" }); },
}) {}

export class Comment extends Model("Comment", {
  id: integer().primaryKey(),
  text: string(),
  postId: integer().references("post.id"),
  get post() { return manyToOne(Post, { lazy: "joined", nullable: false, backPopulates: "comments" }); },
  get replyTo() { return manyToOne(Comment, { remoteSide: "id" }); },
}) {}

export class Profile extends Model("Profile", {
  id: integer().references("user.id").primaryKey(),
  bio: text().nullable(),
  get user() { return oneToOne(User, { nullable: false, backPopulates: "profile" }); },
}) {}
