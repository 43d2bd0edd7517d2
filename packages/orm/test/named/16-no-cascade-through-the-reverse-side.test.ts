/** Assigning on one side drags nothing into the session where the other side's cascade is off. SQLAlchemy: NoSaveCascadeBackrefTest. */
import { integer, table } from "@athanor/core";
import { declarativeBase, manyToMany, manyToOne, oneToMany, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording, taken } from "../session/support.js";

const Base = declarativeBase();
class User extends Base("User", {
  id: integer().primaryKey(),
  get orders() {
    return oneToMany(Order, { backPopulates: "user" });
  },
}) {}
class Order extends Base(
  "Order",
  {
    id: integer().primaryKey(),
    userId: integer().nullable().references("user.id"),
    get user() {
      return manyToOne(User, { backPopulates: "orders", cascade: "none" });
    },
  },
  { tableName: "orders" },
) {}
class Author extends Base("Author", {
  id: integer().primaryKey(),
  get posts() {
    return oneToMany(Post, { backPopulates: "author", cascade: "none" });
  },
}) {}
class Post extends Base("Post", {
  id: integer().primaryKey(),
  authorId: integer().nullable().references("author.id"),
  get author() {
    return manyToOne(Author, { backPopulates: "posts" });
  },
}) {}
const itemKeyword = table(
  "item_keyword",
  { itemId: integer().references("item.id"), keywordId: integer().references("keyword.id") },
  { primaryKey: ["itemId", "keywordId"], metadata: Base.metadata },
);
class Item extends Base("Item", {
  id: integer().primaryKey(),
  get keywords() {
    return manyToMany(Keyword, { secondary: itemKeyword, backPopulates: "items", cascade: "none" });
  },
}) {}
class Keyword extends Base("Keyword", {
  id: integer().primaryKey(),
  get items() {
    return manyToMany(Item, { secondary: itemKeyword, backPopulates: "keywords" });
  },
}) {}

describeEachDatabase("16: no save-update through the reverse side", (target) => {
  const db = recording(target, Base.metadata);
  const session = () => new Session(db.engine, { autoflush: false });

  it("one-to-many forward, many-to-one without cascade", async () => {
    await using one = session();
    const order = new Order();
    one.add(order);
    const user = new User({ orders: [order] });
    expect([one.contains(user), one.contains(order)]).toEqual([false, true]);
    await using two = session();
    const again = new Order();
    const owner = new User({ orders: [again] });
    two.add(again);
    expect([two.contains(owner), two.contains(again)]).toEqual([false, true]);
  });
  it("many-to-one forward, one-to-many without cascade", async () => {
    await using one = session();
    const author = new Author();
    one.add(author);
    const post = new Post();
    post.author = author;
    expect([one.contains(post), one.contains(author)]).toEqual([false, true]);
    await using two = session();
    const other = new Author();
    const draft = new Post();
    draft.author = other;
    two.add(other);
    expect([two.contains(draft), two.contains(other)]).toEqual([false, true]);
    // The row of what stayed outside is not written, and nothing is written about it.
    await two.flush();
    expect(taken(db)).toEqual(["INSERT author"]);
  });
  it("many-to-many without cascade on the forward side", async () => {
    await using one = session();
    const [item, keyword] = [new Item(), new Keyword()];
    one.add(item);
    item.keywords.push(keyword);
    expect([one.contains(item), one.contains(keyword)]).toEqual([true, false]);
    await using two = session();
    const [thing, word] = [new Item(), new Keyword()];
    two.add(thing);
    word.items.push(thing);
    expect([two.contains(thing), two.contains(word)]).toEqual([true, false]);
  });
});
