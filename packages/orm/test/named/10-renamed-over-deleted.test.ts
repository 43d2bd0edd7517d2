/**
 * A key renamed twice over those of deleted objects; rollback gives all three identities back.
 * After SQLAlchemy's `NaturalPKRollbackTest.test_multiple_key_replaced_by_update`.
 */
import { string } from "@athanor/core";
import { declarativeBase, inspect, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { sent, told } from "./support.js";

const Base = declarativeBase();
class User extends Base("User", { name: string(50).primaryKey() }, { tableName: "users" }) {}

describeEachDatabase("named test 10: a natural key renamed over deleted ones", (target) => {
  const db = told(target, Base.metadata);
  it("comes back with the others", async () => {
    await using session = new Session(db.engine);
    const [u1, u2, u3] = ["u1", "u2", "u3"].map((name) => new User({ name })) as [User, User, User];
    session.addAll([u1, u2, u3]);
    await session.commit();
    db.sent();
    await session.delete(u1);
    await session.delete(u2);
    await session.flush();
    u3.name = "u1";
    await session.flush();
    u3.name = "u2";
    await session.flush();
    expect(db.sent()).toEqual([
      sent("DELETE FROM users WHERE users.name IN (?, ?)", ["u1", "u2"]),
      sent("UPDATE users SET name = ? WHERE users.name = ?", ["u1", "u3"]),
      sent("UPDATE users SET name = ? WHERE users.name = ?", ["u2", "u1"]),
    ]);
    await session.rollback();
    db.reads();
    const known = new Map(session.identityMap.map((user) => [String(inspect(user).identity), user]));
    expect(known).toEqual(
      new Map([
        ["u1", u1],
        ["u2", u2],
        ["u3", u3],
      ]),
    );
    expect(db.reads()).toBe(0);
    for (const [name, user] of known) {
      expect(session.contains(user)).toBe(true);
      expect(inspect(user).state).toBe("persistent");
      expect(await session.get(User, name)).toBe(user);
      expect((user as User).name).toBe(name);
    }
  });
});
