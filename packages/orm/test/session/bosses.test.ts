/**
 * SQLAlchemy's oldest whole-ORM benchmark (`test/perf/orm2010.py`): bosses and grunts in joined inheritance, written once
 * and read in five rounds. Its counts, not its times: what is sent must not grow with the number of objects.
 */
import { createEngine, type Engine, float, integer, select, string } from "@athanor/core";
import { declarativeBase, manyToOne, oneToMany, Session, selectinLoad } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";

const Base = declarativeBase();
class Employee extends Base(
  "Employee",
  {
    id: integer().primaryKey(),
    name: string(100),
    get kind() {
      return string(20).subclasses(Boss, Grunt);
    },
  },
  { polymorphicOn: "kind", identity: "employee" },
) {}
class Boss extends Employee.subclass(
  "Boss",
  {
    golfAverage: float(),
    get grunts() {
      return oneToMany(Grunt, { backPopulates: "employer", foreignKeys: "employerId" });
    },
  },
  { tableName: "boss", identity: "boss" },
) {}
class Grunt extends Employee.subclass(
  "Grunt",
  {
    savings: float(),
    employerId: integer().references("boss.id"),
    get employer() {
      return manyToOne(Boss, { backPopulates: "grunts", foreignKeys: "employerId" });
    },
  },
  { tableName: "grunt", identity: "grunt" },
) {}
const BOSSES = 20;
const GRUNTS = 400;

describeEachDatabase("bosses and grunts", (target) => {
  let engine: Engine;
  const sent: string[] = [];
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await Base.metadata.createAll(engine);
    engine.on("statement", ({ sql }) => {
      if (!/^(BEGIN|COMMIT|ROLLBACK)/.test(sql)) sent.push(sql);
    });
  });
  afterAll(() => engine.dispose());

  it("writes all of them in a few statements and reads them in two a round", async () => {
    await using writing = new Session(engine);
    const bosses = Array.from({ length: BOSSES }, (_, i) => new Boss({ name: `boss ${i}`, golfAverage: 40 + i }));
    const grunts = Array.from(
      { length: GRUNTS },
      (_, i) => new Grunt({ name: `grunt ${i}`, savings: 100 * i, employer: bosses[i % BOSSES] as Boss }),
    );
    writing.addAll(bosses);
    // The grunts come in through their bosses, as in the original.
    expect(writing.contains(grunts[0] as Grunt)).toBe(true);
    await writing.commit();
    const writes = sent.splice(0);
    expect(writes.length).toBeLessThan((BOSSES + GRUNTS) / 10);

    let report: string | undefined;
    for (let round = 0; round < 5; round++) {
      await using reading = new Session(engine);
      const found = await reading.scalars(select(Boss).options(selectinLoad(Boss.c.grunts)).orderBy(Boss.c.id)).all();
      const lines = found.map((boss) => {
        const savings = boss.grunts.map((grunt) => grunt.savings).sort((a, b) => a - b);
        return `${boss.name} ${boss.golfAverage} ${savings.join(",")}`;
      });
      report ??= lines.join("\n");
      expect(lines.join("\n")).toBe(report);
      expect(sent.splice(0).length).toBe(2);
      // As lazy attributes: the first one loads for all bosses of the round.
      await using lazy = new Session(engine);
      let total = 0;
      for (const boss of await lazy.scalars(select(Boss)).all())
        for (const grunt of await boss.grunts) total += grunt.savings;
      expect(total).toBe((100 * GRUNTS * (GRUNTS - 1)) / 2);
      expect(sent.splice(0).length).toBe(2);
    }
    expect(report?.split("\n")[3]).toBe(
      `boss 3 43 ${Array.from({ length: GRUNTS / BOSSES }, (_, k) => 100 * (3 + k * BOSSES)).join(",")}`,
    );
  });
});
