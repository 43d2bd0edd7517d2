/**
 * Changes made before a savepoint, flushed with it, survive its rollback, collections included; what came inside is gone.
 * After SQLAlchemy's `SavepointTest.test_savepoint_rollback_collections`.
 */
import { integer, select, string } from "@athanor/core";
import { declarativeBase, inspect, manyToOne, oneToMany, Session, selectinLoad } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { told } from "./support.js";

const Base = declarativeBase();
class User extends Base(
  "User",
  {
    id: integer().primaryKey(),
    name: string(50),
    get addresses() {
      return oneToMany(Address, { cascade: "all, delete-orphan", orderBy: "id", backPopulates: "user" });
    },
  },
  { tableName: "users" },
) {}
class Address extends Base("Address", {
  id: integer().primaryKey(),
  email: string(50),
  userId: integer().nullable().references("users.id"),
  get user() {
    return manyToOne(User, { backPopulates: "addresses" });
  },
}) {}

describeEachDatabase("named test 12: a savepoint rolled back", (target) => {
  const db = told(target, Base.metadata);
  it("leaves what came before it", async () => {
    await using session = new Session(db.engine);
    const state = async () =>
      (await session.scalars(select(User).orderBy(User.c.id).options(selectinLoad(User.c.addresses))).all()).map(
        (u) => [u.name, u.addresses.map((a) => a.email)],
      );
    const u1 = new User({ name: "ed", addresses: [new Address({ email: "foo" })] });
    session.add(u1);
    await session.commit();
    u1.name = "edward";
    u1.addresses.push(new Address({ email: "bar" }));
    const nested = await session.beginNested();
    const u2 = new User({ name: "jack", addresses: [new Address({ email: "bat" })] });
    session.add(u2);
    expect(await state()).toEqual([
      ["edward", ["foo", "bar"]],
      ["jack", ["bat"]],
    ]);
    await nested.rollback();
    expect(inspect(u2).state).toBe("transient");
    expect(await state()).toEqual([["edward", ["foo", "bar"]]]);
    await session.commit();
    expect(await state()).toEqual([["edward", ["foo", "bar"]]]);
  });
});
