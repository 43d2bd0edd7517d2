/**
 * Three postUpdate columns of a row are one UPDATE, when they are set and when they are cleared.
 * After SQLAlchemy's `PostUpdateBatchingTest.test_one`.
 */
import { integer, string } from "@athanor/core";
import { declarativeBase, manyToOne, oneToMany, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { sent, told } from "./support.js";

const Base = declarativeBase();
class Parent extends Base("Parent", {
  id: integer().primaryKey(),
  name: string(50),
  c1Id: integer().nullable().references("child1.id", { useAlter: true, name: "c1" }),
  c2Id: integer().nullable().references("child2.id", { useAlter: true, name: "c2" }),
  c3Id: integer().nullable().references("child3.id", { useAlter: true, name: "c3" }),
  get c1s() {
    return oneToMany(Child1);
  },
  get c2s() {
    return oneToMany(Child2);
  },
  get c3s() {
    return oneToMany(Child3);
  },
  get c1() {
    return manyToOne(Child1, { foreignKeys: "c1Id", postUpdate: true });
  },
  get c2() {
    return manyToOne(Child2, { foreignKeys: "c2Id", postUpdate: true });
  },
  get c3() {
    return manyToOne(Child3, { foreignKeys: "c3Id", postUpdate: true });
  },
}) {}
const child = () => ({
  id: integer().primaryKey(),
  name: string(50),
  parentId: integer().references("parent.id"),
});
class Child1 extends Base("Child1", child(), { tableName: "child1" }) {}
class Child2 extends Base("Child2", child(), { tableName: "child2" }) {}
class Child3 extends Base("Child3", child(), { tableName: "child3" }) {}

describeEachDatabase("named test 7: several postUpdate columns", (target) => {
  const db = told(target, Base.metadata);
  it("are one UPDATE", async () => {
    await using session = new Session(db.engine);
    const three = <C>(make: (name: string) => C) => [make("c1"), make("c2"), make("c3")] as const;
    const c1 = three((name) => new Child1({ name }));
    const c2 = three((name) => new Child2({ name }));
    const c3 = three((name) => new Child3({ name }));
    const parent = new Parent({ name: "p1", c1s: [...c1], c2s: [...c2], c3s: [...c3] });
    session.add(parent);
    await session.flush();
    db.sent();
    const text = "UPDATE parent SET c1_id = ?, c2_id = ?, c3_id = ? WHERE parent.id = ?";
    parent.c1 = c1[1];
    parent.c2 = c2[2];
    parent.c3 = c3[0];
    await session.flush();
    expect(db.sent()).toEqual([sent(text, [c1[1].id, c2[2].id, c3[0].id, parent.id])]);
    expect([parent.c1Id, parent.c2Id, parent.c3Id]).toEqual([c1[1].id, c2[2].id, c3[0].id]);
    parent.c1 = parent.c2 = parent.c3 = null;
    await session.flush();
    expect(db.sent()).toEqual([sent(text, [null, null, null, parent.id])]);
    await session.commit();
    await session.refresh(parent);
    expect([parent.c1Id, parent.c2Id, parent.c3Id]).toEqual([null, null, null]);
  });
});
