/** INSERT, UPDATE, upsert, RETURNING. */
import { deleteFrom, func, insert, select, update } from "@athanor/core";
import { type Session } from "@athanor/orm";
import { Post } from "./models/post.js";
import { User } from "./models/user.js";
import { userTags } from "./models/tag.js";
import { Order, OrderLine } from "./models/order.js";

export async function dml(session: Session) {
  insert(User).values([{ username: "x" }, { username: "y", email: null }]);
  insert(Order).values({ createdAt: new Date() }); // mixin columns
  insert(userTags).values({ userId: 1, tagId: 2 });
  // @ts-expect-error title and userId are required
  insert(Post).values({});
  // @ts-expect-error part of a composite key is never generated
  insert(OrderLine).values({ orderId: 1, sku: "a", price: "1.50" });
  // @ts-expect-error no such column
  insert(User).values({ username: "x", usernme: "y" });
  // @ts-expect-error relationships are no columns
  insert(User).values({ username: "x", posts: [] });
  // @ts-expect-error undefined is not null
  insert(User).values({ username: "x", email: undefined });

  const [r] = await session.execute(insert(User).values({ username: func.lower(User.c.username) }).returning(User.c.id, User.c.email));
  const id: number = r!.id; const email: string | null = r![1];
  const [u] = await session.scalars(insert(User).values({ username: "x" }).returning(User));
  u!.shout;

  insert(User).values({ username: "x" }).onConflictDoUpdate({ target: ["username"], set: (excluded) => ({ email: excluded.email }), where: User.c.id.gt(3) }).returning(User.c.id);
  insert(User).values({ username: "x" }).onConflictDoNothing();
  // @ts-expect-error no such column
  insert(User).values({ username: "x" }).onConflictDoNothing({ target: ["usernme"] });
  insert(User).fromSelect(["username", "email"], select(User.c.username, User.c.email));
  // @ts-expect-error a number into a text column
  insert(User).fromSelect(["username"], select(User.c.id));

  update(Post).set({ score: Post.c.score.add(1), title: Post.c.title.concat("!"), timestamp: func.now() }).where(Post.c.id.eq(1)).returning(Post.c.score);
  // @ts-expect-error another type
  update(Post).set({ score: Post.c.title });
  // @ts-expect-error no such column
  update(Post).set({ scor: 1 });
  deleteFrom(Post).where(Post.c.author.has(User.c.username.eq("x")));
  // @ts-expect-error without RETURNING there are no rows
  (await session.execute(deleteFrom(Post)))[0]!.id;
  return [id, email];
}
