/**
 * In a self-referential cycle a node is deleted and another one with its key added: the row stays and changes hands.
 * After SQLAlchemy's `SingleCycleTest.test_cycle_rowswitch`.
 */
import { integer, select, string } from "@athanor/core";
import { declarativeBase, inspect, oneToMany, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { sent, told } from "./support.js";

const Base = declarativeBase();
class Node extends Base("Node", {
  id: integer().primaryKey(),
  data: string(20),
  parentId: integer().nullable().references("node.id"),
  get children() {
    return oneToMany(Node);
  },
}) {}

describeEachDatabase("named test 2: a row switch inside a cycle", (target) => {
  const db = told(target, Base.metadata);
  it("is an UPDATE", async () => {
    await using session = new Session(db.engine);
    const [n2, n3] = [new Node({ data: "n2", children: [] }), new Node({ data: "n3", children: [] })];
    const n1 = new Node({ data: "n1", children: [n2] });
    session.add(n1);
    await session.flush();
    db.sent();
    await session.delete(n2);
    n3.id = n2.id;
    n1.children.push(n3);
    await session.flush();
    expect(db.sent()).toEqual([sent("UPDATE node SET data = ? WHERE node.id = ?", ["n3", n3.id])]);
    await session.commit();
    expect(inspect(n2).state).toBe("detached");
    expect(await session.get(Node, n3.id)).toBe(n3);
    const rows = await session.execute(select(Node.c.data, Node.c.parentId).orderBy(Node.c.id));
    expect(rows.map((r) => [...r])).toEqual([
      ["n1", null],
      ["n3", n1.id],
    ]);
  });
});
