/** What the other side added meets the rows that are loaded later, without a flush. SQLAlchemy: M2MCollectionMoveTest. */
import { func, integer, select, string, table } from "@athanor/core";
import { declarativeBase, inspect, manyToMany, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording, taken } from "../session/support.js";

const Base = declarativeBase();
const itemKeywords = table(
  "item_keywords",
  { itemId: integer().references("items.id"), keywordId: integer().references("keywords.id") },
  { primaryKey: ["itemId", "keywordId"], metadata: Base.metadata },
);
class Item extends Base(
  "Item",
  {
    id: integer().primaryKey(),
    description: string(30),
    get keywords() {
      return manyToMany(Keyword, { secondary: itemKeywords, backPopulates: "items", orderBy: "id" });
    },
  },
  { tableName: "items" },
) {}
class Keyword extends Base(
  "Keyword",
  {
    id: integer().primaryKey(),
    name: string(30),
    get items() {
      return manyToMany(Item, { secondary: itemKeywords, backPopulates: "keywords", orderBy: "id" });
    },
  },
  { tableName: "keywords" },
) {}

describeEachDatabase("17: queued appends of the other side", (target) => {
  const db = recording(target, Base.metadata);
  const open = () => new Session(db.engine, { autoflush: false });
  const setUp = async (session: Session) => {
    const [k1, k2] = [new Keyword({ name: "k1" }), new Keyword({ name: "k2" })];
    const i1 = new Item({ description: "i1", keywords: [k1] });
    session.add(i1, k2);
    await session.commit();
    await session.refresh(i1);
    await session.refresh(k1);
    await session.refresh(k2);
    taken(db);
    return { k1, k2, i1 };
  };

  it("combine with what is loaded from the database, and nothing is flushed", async () => {
    await using session = open();
    const { k1, k2, i1 } = await setUp(session);
    k2.items.push(i1);
    // Queued: the collection itself is not loaded.
    expect(inspect(i1).unloaded.has("keywords")).toBe(true);
    expect(inspect(i1).history("keywords").added).toEqual([k2]);
    expect([...(await i1.keywords)]).toEqual([k1, k2]);
    // What was queued is in the collection now, and queued no more.
    expect(inspect(i1).unloaded.has("keywords")).toBe(false);
    expect(taken(db)).toEqual([]);
    expect(await session.scalar(select(func.count()).selectFrom(itemKeywords))).toBe(1);
    await session.commit();
    expect(taken(db)).toEqual(["INSERT item_keywords"]);
    expect(await session.scalar(select(func.count()).selectFrom(itemKeywords))).toBe(2);
  });
  it("an addition taken back is none, nor is a removal put back", async () => {
    await using session = open();
    const { k1, i1 } = await setUp(session);
    const fresh = new Keyword({ name: "k3" });
    fresh.items.push(i1);
    fresh.items.remove(i1);
    expect([...(await i1.keywords)]).toEqual([k1]);
    await session.refresh(i1);
    await k1.items;
    (await k1.items).remove(i1);
    (await k1.items).push(i1);
    expect([...(await i1.keywords)]).toEqual([k1]);
    await session.commit();
    expect(taken(db)).toEqual([]);
  });
  it("a member added that is there already is there once", async () => {
    await using session = open();
    const { k1, i1 } = await setUp(session);
    k1.items.push(i1);
    expect([...(await i1.keywords)]).toEqual([k1]);
    await session.commit();
    expect(taken(db)).toEqual([]);
    expect([...(await k1.items)]).toEqual([i1]);
  });
  it("replacing gives and takes on the other sides", () => {
    const [k1, k2, k3] = ["k1", "k2", "k3"].map((name) => new Keyword({ name })) as [Keyword, Keyword, Keyword];
    const i1 = new Item({ description: "i1", keywords: [k1, k2] });
    const i2 = new Item({ description: "i2", keywords: [k3] });
    i1.keywords.replace([k2, k3]);
    const items = (k: Keyword) => [...(k.items as unknown as Item[])];
    expect([items(k1), items(k2), items(k3)]).toEqual([[], [i1], [i2, i1]]);
  });
});
