/** Two delete-orphan parents: what an orphan is, now and by the legacy flag. SQLAlchemy: test_cascade, OrphanCriterionTest. */
import { integer } from "@athanor/core";
import { declarativeBase, inspect, manyToOne, oneToMany, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording } from "../session/support.js";

function models(legacyIsOrphan: boolean) {
  const Base = declarativeBase();
  class Core extends Base(
    "Core",
    {
      id: integer().primaryKey(),
      oneId: integer().nullable().references("one.id"),
      twoId: integer().nullable().references("two.id"),
      get one() {
        return manyToOne(One, { backPopulates: "cores" });
      },
      get two() {
        return manyToOne(Two, { backPopulates: "cores" });
      },
    },
    { legacyIsOrphan },
  ) {}
  class One extends Base("One", {
    id: integer().primaryKey(),
    get cores() {
      return oneToMany(Core, { cascade: "all, delete-orphan", backPopulates: "one" });
    },
  }) {}
  class Two extends Base("Two", {
    id: integer().primaryKey(),
    get cores() {
      return oneToMany(Core, { cascade: "all, delete-orphan", backPopulates: "two" });
    },
  }) {}
  return { Base, Core, One, Two };
}

for (const legacy of [false, true]) {
  const { Base, Core, One, Two } = models(legacy);
  describeEachDatabase(`15: with two delete-orphan parents, ${legacy ? "legacy" : "current"} rule`, (target) => {
    const db = recording(target, Base.metadata);
    /** The object after it lost these parents (null) or never had any (undefined), flushed. */
    const after = async (given: { persistent: boolean; one: boolean; two: boolean; events?: boolean }) => {
      await using session = new Session(db.engine);
      const core = new Core();
      const { events = true } = given;
      if (events || given.one) new One({ cores: [core] });
      if (events || given.two) new Two({ cores: [core] });
      if (given.persistent) {
        session.add(core);
        await session.flush();
      }
      if (events && !given.one) core.one = null;
      if (events && !given.two) core.two = null;
      session.add(core);
      await session.flush();
      return inspect(core).state;
    };
    // Persistent orphans are deleted, pending ones are left out.
    const [deleted, left] = ["deleted", "transient"];

    it("persistent with both, with one, with none", async () => {
      expect(await after({ persistent: true, one: true, two: true })).toBe("persistent");
      expect(await after({ persistent: true, one: true, two: false })).toBe(legacy ? "persistent" : deleted);
      expect(await after({ persistent: true, one: false, two: false })).toBe(deleted);
    });
    it("new with both, with one, with none", async () => {
      expect(await after({ persistent: false, one: true, two: true })).toBe("persistent");
      expect(await after({ persistent: false, one: true, two: false })).toBe(legacy ? "persistent" : left);
      expect(await after({ persistent: false, one: false, two: false })).toBe(left);
    });
    it("never had any: no orphan once it has a row, and a new one is written all the same", async () => {
      expect(await after({ persistent: true, one: false, two: false, events: false })).toBe("persistent");
      expect(await after({ persistent: false, one: false, two: false, events: false })).toBe("persistent");
    });
  });
}
