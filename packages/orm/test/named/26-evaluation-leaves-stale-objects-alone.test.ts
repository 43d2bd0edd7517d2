/**
 * 26: an UPDATE by criteria brings loaded objects in step and sends nothing for those that are stale or lack what it asks.
 * After SQLAlchemy orm/dml UpdateDeleteTest.test_evaluate_dont_refresh_expired_objects.
 *
 * An object whose name is not known and asked for by the criterion becomes stale as a whole; SQLAlchemy takes it for one
 * that was met and computes its new age, which is wrong where the row was not.
 */
import { insert, integer, string } from "@athanor/core";
import { declarativeBase, inspect, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { setUp } from "../query/blog.js";

const Base = declarativeBase();
class User extends Base(
  "User",
  { id: integer().primaryKey(), name: string(20), age: integer() },
  { tableName: "users" },
) {}

describeEachDatabase("26: evaluation leaves stale objects alone", (target) => {
  const at = setUp(target, Base.metadata, async (engine) => {
    await engine.begin(async (connection) => {
      for (const [id, name, age] of [
        [1, "john", 25],
        [2, "jack", 47],
        [3, "jill", 29],
        [4, "jane", 37],
      ] as const)
        await connection.execute(insert(User).values({ id, name, age }));
    });
  });
  for (const janesAge of [true, false])
    for (const filtered of [true, false])
      it(`${janesAge ? "age and name" : "name"} of jane expired, ${filtered ? "with" : "without"} a criterion on it`, async () => {
        await using session = new Session(at.engine);
        const [john, jack, jill, jane] = (await session.query(User).orderBy(User.c.id).all()) as [
          User,
          User,
          User,
          User,
        ];
        session.expire(john);
        session.expire(jill);
        session.expire(jane, janesAge ? ["name", "age"] : ["name"]);
        at.ran.clear();
        const query = filtered ? session.query(User).filter(User.c.name.isNotNull()) : session.query(User);
        await query.update({ age: User.c.age.add(10) }, { synchronizeSession: "evaluate" });
        // One UPDATE, nothing before or behind it.
        expect(at.ran.work).toHaveLength(1);
        expect(at.ran.last).toMatch(
          filtered
            ? /^UPDATE users SET age = .*age \+ .* WHERE users\.name IS NOT NULL$/
            : /^UPDATE users SET age = .*age \+ \S+$/,
        );
        expect(at.ran.numbers).toEqual([[10]]);
        at.ran.clear();
        // Loaded: in step without a statement. Stale: still stale.
        expect(jack.age).toBe(57);
        expect([inspect(john).expired, inspect(jill).expired]).toEqual([true, true]);
        // Her age is known, and no criterion asks for what is not known: it follows.
        const follows = !janesAge && !filtered;
        if (follows) expect(jane.age).toBe(47);
        else if (janesAge) expect(inspect(jane).unloaded.has("age")).toBe(true);
        if (filtered) expect(inspect(jane).expired).toBe(true);
        expect(at.ran.work).toEqual([]);
        const stale = follows ? [john, jill] : [john, jill, jane];
        for (const one of stale) await session.refresh(one);
        expect([john.age, jack.age, jill.age, jane.age]).toEqual([35, 57, 39, 47]);
        expect(at.ran.kinds).toEqual(stale.map(() => "SELECT users"));
        await session.rollback();
      });
});
