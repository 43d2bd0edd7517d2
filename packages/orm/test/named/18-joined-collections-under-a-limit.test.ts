/**
 * 18: two joined collections under LIMIT, OFFSET and the order of another join keep parents, members and order.
 * After SQLAlchemy orm/test_eager_relations EagerTest.test_limit_3.
 */
import { insert, integer, select, string, table } from "@athanor/core";
import { declarativeBase, manyToMany, oneToMany, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { setUp } from "../query/blog.js";

const Base = declarativeBase();
class Person extends Base("Person", {
  id: integer().primaryKey(),
  name: string(20),
  get addresses() {
    return oneToMany(Address, { lazy: "joined", orderBy: "id" });
  },
  get orders() {
    return oneToMany(Order, { lazy: "joined", orderBy: "id" });
  },
}) {}
class Address extends Base("Address", {
  id: integer().primaryKey(),
  personId: integer().references("person.id"),
  email: string(30),
}) {}
class Order extends Base(
  "Order",
  {
    id: integer().primaryKey(),
    personId: integer().references("person.id"),
    get items() {
      return manyToMany(Item, { secondary: orderItem, lazy: "joined", orderBy: "id" });
    },
  },
  { tableName: "orders" },
) {}
class Item extends Base("Item", { id: integer().primaryKey(), description: string(20) }) {}
const orderItem = table(
  "order_item",
  { orderId: integer().references("orders.id"), itemId: integer().references("item.id") },
  { primaryKey: ["orderId", "itemId"], metadata: Base.metadata },
);

describeEachDatabase("18: joined collections under a limit", (target) => {
  const at = setUp(target, Base.metadata, async (engine) => {
    await engine.begin(async (connection) => {
      for (const [id, name] of [
        [7, "jack"],
        [8, "ed"],
        [9, "fred"],
        [10, "chuck"],
      ] as const)
        await connection.execute(insert(Person).values({ id, name }));
      const addresses = [
        [1, 7, "jack@bean"],
        [2, 8, "ed@wood"],
        [3, 8, "ed@bettyboop"],
        [4, 8, "ed@lala"],
        [5, 9, "fred@fred"],
      ] as const;
      for (const [id, personId, email] of addresses)
        await connection.execute(insert(Address).values({ id, personId, email }));
      for (const [id, personId] of [
        [1, 7],
        [2, 9],
        [3, 7],
        [4, 9],
        [5, 7],
      ] as const)
        await connection.execute(insert(Order).values({ id, personId }));
      for (let id = 1; id <= 5; id++) await connection.execute(insert(Item).values({ id, description: `item ${id}` }));
      const pairs = [
        [1, 1],
        [1, 2],
        [1, 3],
        [2, 1],
        [2, 2],
        [2, 3],
        [3, 3],
        [3, 4],
        [3, 5],
        [4, 1],
        [4, 5],
        [5, 5],
      ] as const;
      await connection.execute(insert(orderItem).values(pairs.map(([orderId, itemId]) => ({ orderId, itemId }))));
    });
  });
  const tell = (people: readonly Person[]) =>
    people.map((p) => [p.id, p.addresses.map((a) => a.id), p.orders.map((o) => [o.id, o.items.map((i) => i.id)])]);
  const fred = [
    9,
    [5],
    [
      [2, [1, 2, 3]],
      [4, [1, 5]],
    ],
  ];
  const jack = [
    7,
    [1],
    [
      [1, [1, 2, 3]],
      [3, [3, 4, 5]],
      [5, [5]],
    ],
  ];

  it("keeps the order of the inner query and counts its rows", async () => {
    await using session = new Session(at.engine);
    // Joined rows: 9, 9, 7, 7, 7; the second and the third are asked for.
    const found = await session
      .query(Person)
      .join(Person.c.orders)
      .orderBy(Order.c.personId.desc())
      .limit(2)
      .offset(1)
      .all();
    expect(tell(found)).toEqual([fred, jack]);
    expect(at.ran.work).toHaveLength(1);
    expect(at.ran.last).toMatch(/FROM \(SELECT .*ORDER BY orders\.person_id DESC.*\) AS \w+ LEFT (OUTER )?JOIN/);
    expect(at.ran.last).toMatch(/ORDER BY \w+\.\w+ DESC, \w+\.id/);
  });
  it("the order of a joined collection is that of the parents", async () => {
    await using session = new Session(at.engine);
    const found = await session
      .query(Person)
      .join(Person.c.addresses)
      .orderBy(Address.c.email.desc())
      .limit(1)
      .offset(0)
      .all();
    expect(tell(found)).toEqual([jack]);
  });
  it("with other criteria beside the limit", async () => {
    await using session = new Session(at.engine);
    const found = await session
      .query(Person)
      .join(Person.c.addresses)
      .filter(Address.c.email.like("%ed%"))
      .orderBy(Address.c.email, Person.c.id)
      .limit(1)
      .offset(2)
      .all();
    expect(tell(found)).toEqual([[8, [2, 3, 4], []]]);
    expect(
      await session.query(Person).join(Person.c.orders).orderBy(Order.c.personId.desc()).limit(2).offset(1).count(),
    ).toBe(2);
  });
  it("without a limit nothing is wrapped", async () => {
    await using session = new Session(at.engine);
    const found = await session
      .scalars(
        select(Person)
          .where(Person.c.id.in([7, 9]))
          .orderBy(Person.c.id.desc()),
      )
      .all();
    expect(tell(found)).toEqual([fred, jack]);
    expect(at.ran.last).not.toMatch(/\(SELECT/);
  });
});
