/**
 * The version check also guards the UPDATE of a postUpdate relationship.
 * After SQLAlchemy's `VersionOnPostUpdateTest.test_o2m_post_update_version_assert`, and its neighbours.
 */
import { integer, update } from "@athanor/core";
import { declarativeBase, manyToOne, oneToMany, Session, StaleDataError } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { sent, told } from "./support.js";

const Base = declarativeBase();
class Node extends Base(
  "Node",
  {
    id: integer().primaryKey(),
    versionId: integer(),
    parentId: integer().nullable().references("node.id"),
    get related() {
      return oneToMany(Node, { postUpdate: true, backPopulates: "parent" });
    },
    get parent() {
      return manyToOne(Node, { postUpdate: true, backPopulates: "related", remoteSide: "id" });
    },
  },
  { versionIdColumn: "versionId" },
) {}

describeEachDatabase("named test 25: a version over a postUpdate", (target) => {
  const db = told(target, Base.metadata);
  const text = "UPDATE node SET parent_id = ?, version_id = ? WHERE node.id = ? AND node.version_id = ?";
  for (const side of ["oneToMany", "manyToOne"] as const) {
    it(`${side}: counts once per UPDATE`, async () => {
      await using session = new Session(db.engine);
      const [n1, n2] = [new Node({ id: 1 }), new Node({ id: 2 })];
      session.add(n1, n2);
      await session.flush();
      db.sent();
      if (side === "oneToMany") n1.related.push(n2);
      else n2.parent = n1;
      await session.flush();
      expect(db.sent()).toEqual([sent(text, [1, 2, 2, 1])]);
      expect([n1.versionId, n2.versionId, n2.parentId]).toEqual([1, 2, 1]);
      n2.parent = null;
      await session.flush();
      expect(db.sent()).toEqual([sent(text, [null, 3, 2, 2])]);
      expect([n1.versionId, n2.versionId, n2.parentId]).toEqual([1, 3, null]);
      await session.commit();
    });
    it(`${side}: does not count what belongs to an INSERT`, async () => {
      await using session = new Session(db.engine);
      const [n1, n2] = [new Node({ id: 1 }), new Node({ id: 2 })];
      if (side === "oneToMany") n1.related.push(n2);
      else n2.parent = n1;
      session.add(n1, n2);
      await session.flush();
      expect(db.writes()).toEqual(["INSERT node(id, version_id, parent_id)", "UPDATE node(parent_id)"]);
      expect([n1.versionId, n2.versionId, n2.parentId]).toEqual([1, 1, 1]);
    });
    it(`${side}: finds out that somebody was faster`, async () => {
      await using session = new Session(db.engine);
      const [n1, n2] = [new Node({ id: 1 }), new Node({ id: 2 })];
      session.add(n1, n2);
      await session.flush();
      if (side === "oneToMany") n1.related.push(n2);
      else n2.parent = n1;
      const other = await session.noAutoflush(() => session.connection(Node));
      await other.execute(update(Node).set({ versionId: 3 }).where(Node.c.id.eq(2)));
      const failure: unknown = await session.flush().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StaleDataError);
      expect(String(failure)).toMatch(/UPDATE of .*'node' matched 0 of 1/);
      await session.rollback();
    });
  }
});
