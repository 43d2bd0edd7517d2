/** Single-table siblings that share a column, and what counts of one of them see. */
import { func, integer, select, string } from "@athanor/core";
import { declarativeBase, mapperOf, oneToMany, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording } from "../session/support.js";

const Base = declarativeBase();
class Firm extends Base("Firm", {
  id: integer().primaryKey(),
  get staff() {
    return oneToMany(Person, {});
  },
}) {}
class Person extends Base(
  "Person",
  {
    id: integer().primaryKey(),
    get kind() {
      return string(20).subclasses(Boss, Coder);
    },
    firmId: integer().nullable().references("firm.id"),
  },
  { polymorphicOn: "kind", identity: "person" },
) {}
class Boss extends Person.subclass(
  "Boss",
  { since: string(10).nullable(), level: integer().nullable() },
  { identity: "boss" },
) {}
class Coder extends Person.subclass("Coder", { since: string(10).nullable() }, { identity: "coder" }) {}

describeEachDatabase("single-table siblings", (target) => {
  const db = recording(target, Base.metadata);

  it("share a column of one name and type; counts and joins see one class alone", async () => {
    expect(mapperOf(Person).table.columns.map((c) => c.key)).toEqual(["id", "kind", "firmId", "since", "level"]);
    await using session = new Session(db.engine);
    session.add(
      new Firm({
        id: 1,
        staff: [new Boss({ id: 1, since: "2001" }), new Coder({ id: 2, since: "2002" }), new Person({ id: 3 })],
      }),
    );
    await session.commit();
    session.expungeAll();
    const all = await session.scalars(select(Person).orderBy(Person.c.id)).all();
    expect(all.map((p) => (p as unknown as Coder).since)).toEqual(["2001", "2002", undefined]);
    expect(await session.query(Coder).count()).toBe(1);
    expect(await session.query(Coder).filter(Coder.c.since.gt("2001")).exists()).toBe(true);
    const rows = select(Firm.c.id, func.count(Coder.c.id).as("n")).join(Firm.c.staff.ofType(Coder)).groupBy(Firm.c.id);
    expect((await session.execute(rows).all()).map((r) => [r.id, Number(r.n)])).toEqual([[1, 1]]);
    expect(await session.scalar(select(func.count()).selectFrom(select(Coder).subquery()))).toBe(1);
  });
});
it("but not of another type", () => {
  const Fresh = declarativeBase();
  const Top = Fresh(
    "Top",
    { id: integer().primaryKey(), kind: string(5) },
    { polymorphicOn: "kind" },
  ) as unknown as typeof Person;
  Top.subclass("One", { x: integer().nullable() }, { identity: "1" });
  Top.subclass("Two", { x: string(9).nullable() }, { identity: "2" });
  expect(() => mapperOf(Top)).toThrow(/Two\.x: another class of the table has a column 'x' of another type/);
});
