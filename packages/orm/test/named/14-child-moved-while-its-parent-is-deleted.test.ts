/** A child that moves to a new parent while the old one is deleted lives on. SQLAlchemy: test_cascade, O2MConflictTest. */
import { integer, select } from "@athanor/core";
import { declarativeBase, inspect, manyToOne, oneToOne, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording, taken } from "../session/support.js";

const Base = declarativeBase();
class Parent extends Base("Parent", {
  id: integer().primaryKey(),
  get child() {
    return oneToOne(Child, { cascade: "all, delete-orphan", backPopulates: "parent" });
  },
}) {}
class Child extends Base("Child", {
  id: integer().primaryKey(),
  parentId: integer().references("parent.id"),
  get parent() {
    return manyToOne(Parent, { backPopulates: "child" });
  },
}) {}

describeEachDatabase("14: a one-to-one child is given to another parent", (target) => {
  const db = recording(target, Base.metadata);

  for (const deleteOld of [true, false]) {
    it(deleteOld ? "while the old parent is deleted" : "while the old parent stays", async () => {
      await using session = new Session(db.engine, { autoflush: false });
      const [first, second, child] = [new Parent(), new Parent(), new Child()];
      first.child = child;
      session.addAll([first, child]);
      await session.flush();
      taken(db);
      if (deleteOld) await session.delete(first);
      second.child = child;
      session.add(second);
      await session.flush();
      expect(taken(db)).toEqual(["INSERT parent", "UPDATE child", ...(deleteOld ? ["DELETE parent"] : [])]);
      expect(await session.scalars(select(Child).where(Child.c.parentId.eq(second.id))).all()).toEqual([child]);
      expect(child.parentId).toBe(second.id);
      expect(inspect(child).state).toBe("persistent");
      await session.commit();
      expect(await session.scalars(select(Parent.c.id)).all()).toHaveLength(deleteOld ? 1 : 2);
    });
  }
});
