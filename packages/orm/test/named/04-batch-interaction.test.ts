/**
 * Eleven objects of one class, with and without a key, an SQL expression, a server default: six groups of INSERT, in the
 * order in which the objects were added. After SQLAlchemy's `BatchInsertsTest.test_batch_interaction`.
 */
import { func, integer, literal, select, string } from "@athanor/core";
import { declarativeBase, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { told } from "./support.js";

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
    const sent: string[] = [];
    const stop = db.engine.on("statement", ({ sql, params, sets }) => {
      if (!/INSERT INTO/.test(sql)) return;
      const values = (sets ?? [params]).flat(3).map(String).join(" ");
      sent.push([...values.matchAll(/\bt\d+\b/gi)].join(" ").toLowerCase());
    });
    session.addAll(all);
    await session.flush();
    stop();
    expect(db.writes()).toEqual([
      "INSERT t(data)",
      "INSERT t(id, data)",
      // The expression goes alone, between the rows before and after it: one text for the three groups.
      "INSERT t(id, data, def)",
      "INSERT t(id, data)",
    ]);
    // A group may be several statements where a database does not say in which order it returns rows.
    const groups = ["t1 t2", "t3 t4 t5", "t6", "t7 t8", "t9 t10", "t11"];
    for (const one of sent) expect(groups.filter((group) => group.includes(one)).length, one).toBeGreaterThan(0);
    expect(sent.join(" ")).toBe(groups.join(" "));
    expect(sent.length).toBeGreaterThanOrEqual(groups.length);
    await session.commit();
    session.expungeAll();
    const rows = await session.scalars(select(T).orderBy(T.c.id)).all();
    expect(rows.map((t) => [t.id, t.data, t.def])).toEqual(
      all.map((t, i) => [i + 1, `t${i + 1}`, i === 8 ? "def2" : i === 9 ? "def3" : "def1"]),
    );
    expect(all.map((t) => t.id)).toEqual(rows.map((t) => t.id));
  });
});
