/**
 * Parent and child, whose key holds the parent's, are deleted and made anew with the same keys: one UPDATE of the one
 * column that differs. After SQLAlchemy's `CascadeToFKPKTest.test_rowswitch_doesntfire`.
 */
import { select, string } from "@athanor/core";
import { declarativeBase, manyToOne, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { sent, told } from "./support.js";

const Base = declarativeBase();
class User extends Base(
  "User",
  { username: string(50).primaryKey(), test: string(50).nullable() },
  { tableName: "users" },
) {}
class Address extends Base(
  "Address",
  {
    username: string(50).references("users.username", { onUpdate: "CASCADE" }),
    email: string(50),
    etc: string(50).nullable(),
    get user() {
      return manyToOne(User);
    },
  },
  { primaryKey: ["username", "email"], tableName: "addresses" },
) {}

describeEachDatabase("named test 8: a row switch of parent and child", (target) => {
  const db = told(target, Base.metadata);
  it("updates the one column that differs", async () => {
    await using session = new Session(db.engine);
    const u1 = new User({ username: "ed" });
    const a1 = new Address({ user: u1, email: "ed@host1" });
    session.add(u1, a1);
    await session.flush();
    db.sent();
    await session.delete(u1);
    await session.delete(a1);
    const u2 = new User({ username: "ed" });
    const a2 = new Address({ user: u2, email: "ed@host1", etc: "foo" });
    session.add(u2, a2);
    await session.flush();
    expect(db.sent()).toEqual([
      sent("UPDATE addresses SET etc = ? WHERE addresses.username = ? AND addresses.email = ?", [
        "foo",
        "ed",
        "ed@host1",
      ]),
    ]);
    await session.commit();
    const row = await session.execute(select(Address.c.username, Address.c.email, Address.c.etc)).one();
    expect([...row]).toEqual(["ed", "ed@host1", "foo"]);
  });
});
