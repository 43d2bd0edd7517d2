/**
 * Eleven objects of one class, with and without a key, an SQL expression, a server default: six groups of INSERT, in the
 * order in which the objects were added. After SQLAlchemy's `BatchInsertsTest.test_batch_interaction`.
 */
import { func, integer, literal, select, string } from "@athanor/core";
import { declarativeBase, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { sent, told } from "./support.js";

const Base = declarativeBase();
class T extends Base("T", {
  id: integer().primaryKey(),
  data: string(50),
  def: string(50).serverDefault("'def1'"),
}) {}

describeEachDatabase("named test 4: mixed inserts", (target) => {
  const db = told(target, Base.metadata);
  it("go in six ordered groups", async () => {
    await using session = new Session(db.engine);
    const all = [
      new T({ data: "t1" }),
      new T({ data: "t2" }),
      new T({ id: 3, data: "t3" }),
      new T({ id: 4, data: "t4" }),
      new T({ id: 5, data: "t5" }),
      new T({ id: 6, data: func.lower(literal("T6", string())) as never }),
      new T({ id: 7, data: "t7" }),
      new T({ id: 8, data: "t8" }),
      new T({ id: 9, data: "t9", def: "def2" }),
      new T({ id: 10, data: "t10", def: "def3" }),
      new T({ id: 11, data: "t11" }),
    ];
    session.addAll(all);
    await session.flush();
    expect(db.sent()).toEqual([
      sent("INSERT INTO t (data)", ["t1"], ["t2"]),
      sent("INSERT INTO t (id, data)", [3, "t3"], [4, "t4"], [5, "t5"]),
      sent("INSERT INTO t (id, data) VALUES (?, lower(?))", [6, "T6"]),
      sent("INSERT INTO t (id, data)", [7, "t7"], [8, "t8"]),
      sent("INSERT INTO t (id, data, def)", [9, "t9", "def2"], [10, "t10", "def3"]),
      sent("INSERT INTO t (id, data)", [11, "t11"]),
    ]);
    // What the database made came with the INSERT, where there is RETURNING.
    if (target.capabilities.has("insertReturning"))
      expect(all.map((t) => t.def)).toEqual(all.map((_, i) => (i === 8 ? "def2" : i === 9 ? "def3" : "def1")));
    await session.commit();
    session.expungeAll();
    const rows = await session.scalars(select(T).orderBy(T.c.id)).all();
    expect(rows.map((t) => [t.id, t.data, t.def])).toEqual(
      all.map((t, i) => [i + 1, `t${i + 1}`, i === 8 ? "def2" : i === 9 ? "def3" : "def1"]),
    );
    expect(all.map((t) => t.id)).toEqual(rows.map((t) => t.id));
  });
});
