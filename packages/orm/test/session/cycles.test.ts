/** Where mappers depend on each other in a circle, only those are written object by object. Oracle: SQLAlchemy unit of work. */
import { integer, string } from "@athanor/core";
import { declarativeBase, manyToOne, oneToMany, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { told } from "../named/support.js";

const Base = declarativeBase();
class Root extends Base("Root", { id: integer().primaryKey(), name: string(10) }) {}
class Left extends Base("Left", {
  id: integer().primaryKey(),
  rootId: integer().references("root.id"),
  rightId: integer().nullable().references("right.id", { useAlter: true, name: "fk_left_right" }),
  get root() {
    return manyToOne(Root);
  },
  get right() {
    return manyToOne(Right, { foreignKeys: "rightId" });
  },
  get ends() {
    return oneToMany(End, { backPopulates: "left" });
  },
}) {}
class Right extends Base("Right", {
  id: integer().primaryKey(),
  leftId: integer().nullable().references("left.id"),
  get left() {
    return manyToOne(Left, { foreignKeys: "leftId" });
  },
}) {}
class End extends Base("End", {
  id: integer().primaryKey(),
  leftId: integer().references("left.id"),
  get left() {
    return manyToOne(Left, { backPopulates: "ends" });
  },
}) {}

describeEachDatabase("a circle of mappers", (target) => {
  const db = told(target, Base.metadata);
  it("is split into objects; what stands around it goes in groups", async () => {
    await using session = new Session(db.engine);
    const roots = [1, 2].map((n) => new Root({ name: `r${n}` }));
    const first = new Right();
    const a = new Left({ root: roots[0] as Root, right: first, ends: [new End(), new End()] });
    const second = new Right({ left: a });
    const b = new Left({ root: roots[1] as Root, right: second, ends: [new End(), new End()] });
    session.addAll([b, a, second, first, ...roots]);
    await session.flush();
    expect(db.writes()).toEqual([
      "INSERT root(name)",
      "INSERT right(left_id)",
      "INSERT left(root_id, right_id)",
      "INSERT right(left_id)",
      "INSERT left(root_id, right_id)",
      "INSERT end(left_id)",
    ]);
    expect([a.rightId, second.leftId, b.rightId, first.leftId]).toEqual([first.id, a.id, second.id, null]);
    for (const x of [a, b, first, second, ...roots, ...(await a.ends), ...(await b.ends)]) await session.delete(x);
    await session.flush();
    expect(db.writes()).toEqual([
      "DELETE end",
      "DELETE left",
      "DELETE right",
      "DELETE left",
      "DELETE right",
      "DELETE root",
    ]);
    await session.commit();
  });
});
