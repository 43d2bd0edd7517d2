/**
 * A row switch overwrites the foreign key of the replaced row with a null that was set after the attribute was read
 * while it held nothing. After SQLAlchemy's `RowswitchM2OTest.test_set_none_w_get_replaces_m2o`.
 */
import { integer, select } from "@athanor/core";
import { declarativeBase, manyToOne, oneToMany, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { sent, told } from "./support.js";

const Base = declarativeBase();
class A extends Base("A", {
  id: integer().primaryKey(),
  get bs() {
    return oneToMany(B, { cascade: "all, delete-orphan" });
  },
}) {}
class C extends Base("C", { id: integer().primaryKey() }) {}
class B extends Base("B", {
  id: integer().primaryKey(),
  aId: integer().nullable().references("a.id"),
  cId: integer().nullable().references("c.id"),
  get c() {
    return manyToOne(C);
  },
}) {}

describeEachDatabase("named test 3: a row switch with a reference set to null", (target) => {
  const db = told(target, Base.metadata);
  for (const how of ["read and set", "set", "not touched"] as const)
    it(how, async () => {
      await using session = new Session(db.engine);
      session.add(new A({ id: 1, bs: [new B({ id: 1, c: new C({ id: 1 }) })] }));
      await session.commit();
      const a = await session.scalars(select(A)).one();
      const b = new B({ id: 1 });
      if (how === "read and set") expect(await b.c).toBeNull();
      if (how !== "not touched") b.c = null;
      a.bs.replace([b]);
      db.sent();
      await session.commit();
      // What nobody set belongs to the row as it was, as in SQLAlchemy (`test_set_none_replaces_m2o` and its neighbours).
      const kept = how === "not touched";
      expect(db.sent()).toEqual(kept ? [] : [sent("UPDATE b SET c_id = ? WHERE b.id = ?", [null, 1])]);
      expect(await session.scalar(select(B.c.cId))).toBe(kept ? 1 : null);
      const [only] = await a.bs;
      expect(only).toBe(b);
      if (kept) await session.refresh(b);
      expect([b.cId, (await b.c)?.id]).toEqual(kept ? [1, 1] : [null, undefined]);
    });
});
