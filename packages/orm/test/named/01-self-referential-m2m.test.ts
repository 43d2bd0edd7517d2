/**
 * A self-referential many-to-many and a many-to-one in one flush; deletions take the secondary rows once, then the nodes
 * in waves. After SQLAlchemy's `SingleCycleM2MTest.test_many_to_many_one`.
 *
 * SQLAlchemy selects the parents of a deleted node and deletes pair by pair; here the rows of all deleted nodes go by their
 * keys, one statement for each side, and nothing is read.
 */
import { integer, select, string, table } from "@athanor/core";
import { declarativeBase, manyToMany, manyToOne, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { sent, told } from "./support.js";

const Base = declarativeBase();
const edges = table(
  "edges",
  { leftId: integer().references("node.id"), rightId: integer().references("node.id") },
  { primaryKey: ["leftId", "rightId"], metadata: Base.metadata },
);
class Node extends Base("Node", {
  id: integer().primaryKey(),
  data: string(20),
  favoriteId: integer().nullable().references("node.id"),
  get children() {
    return manyToMany(Node, { secondary: edges, remoteSide: "rightId", backPopulates: "parents" });
  },
  get parents() {
    return manyToMany(Node, { secondary: edges, remoteSide: "leftId", backPopulates: "children" });
  },
  get favorite() {
    return manyToOne(Node, { foreignKeys: "favoriteId", remoteSide: "id" });
  },
}) {}

describeEachDatabase("named test 1: a graph of nodes", (target) => {
  const db = told(target, Base.metadata);
  it("is written whole and taken down in waves", async () => {
    await using session = new Session(db.engine, { autoflush: false });
    const [n1, n2, n3, n4, n5] = [1, 2, 3, 4, 5].map((n) => new Node({ data: `n${n}` })) as [
      Node,
      Node,
      Node,
      Node,
      Node,
    ];
    n4.favorite = n3;
    n1.favorite = n5;
    n5.favorite = n2;
    n1.children.push(n2, n3, n4);
    n2.children.push(n3, n5);
    n3.children.push(n5, n4);
    session.addAll([n1, n2, n3, n4, n5]);
    await session.flush();
    const pairs = async () =>
      (await session.execute(select(edges.c.leftId, edges.c.rightId))).map(([l, r]) => `${l}-${r}`).sort();
    const linked: [Node, Node][] = [
      [n1, n2],
      [n1, n3],
      [n1, n4],
      [n2, n3],
      [n2, n5],
      [n3, n5],
      [n3, n4],
    ];
    expect(await pairs()).toEqual(linked.map(([l, r]) => `${l.id}-${r.id}`).sort());
    expect([n4.favoriteId, n1.favoriteId, n5.favoriteId]).toEqual([n3.id, n5.id, n2.id]);

    db.sent();
    db.reads();
    await session.delete(n1);
    await session.flush();
    expect(db.sent()).toEqual([
      sent("DELETE FROM edges WHERE edges.left_id = ?", [n1.id]),
      sent("DELETE FROM edges WHERE edges.right_id = ?", [n1.id]),
      sent("DELETE FROM node WHERE node.id = ?", [n1.id]),
    ]);
    expect(db.reads()).toBe(0);
    expect(await pairs()).toEqual(
      linked
        .filter(([l]) => l !== n1)
        .map(([l, r]) => `${l.id}-${r.id}`)
        .sort(),
    );

    db.reads();
    for (const n of [n2, n3, n4, n5]) await session.delete(n);
    await session.flush();
    const ids = (...nodes: Node[]) => nodes.map((n) => n.id).sort();
    expect(db.sent()).toEqual([
      sent("DELETE FROM edges WHERE edges.left_id IN (?, ?, ?, ?)", ids(n2, n3, n4, n5)),
      sent("DELETE FROM edges WHERE edges.right_id IN (?, ?, ?, ?)", ids(n2, n3, n4, n5)),
      // Those who have a favourite go before it.
      sent("DELETE FROM node WHERE node.id IN (?, ?)", ids(n4, n5)),
      sent("DELETE FROM node WHERE node.id IN (?, ?)", ids(n2, n3)),
    ]);
    expect(db.reads()).toBe(0);
    expect(await pairs()).toEqual([]);
    await session.commit();
  });
});
