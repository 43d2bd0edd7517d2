/** What subclasses add is loaded by a query of the base as their mapping and its options say: relationships and columns. */
import { insert, integer, select, sql, string } from "@athanor/core";
import {
  columnProperty,
  declarativeBase,
  defer,
  inspect,
  joinedLoad,
  load,
  loadOnly,
  manyToOne,
  oneToMany,
  Session,
  selectinLoad,
  undefer,
  withPolymorphic,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { setUp } from "./blog.js";

const Base = declarativeBase();
class Firm extends Base("Firm", {
  id: integer().primaryKey(),
  get staff() {
    return oneToMany(Staff, { backPopulates: "firm", orderBy: "id" });
  },
}) {}
class Staff extends Base(
  "Staff",
  {
    id: integer().primaryKey(),
    get kind() {
      return string(10).subclasses(Coder, Chief, Clerk);
    },
    name: string(20),
    firmId: integer().references("firm.id"),
    chiefId: integer().nullable().references("chief.id"),
    get chief() {
      return manyToOne(Chief, { backPopulates: "reports" });
    },
    get firm() {
      return manyToOne(Firm, { backPopulates: "staff", nullable: false });
    },
  },
  { polymorphicOn: "kind", identity: "staff" },
) {}
class Coder extends Staff.subclass(
  "Coder",
  {
    lang: string(10),
    bio: string(10).deferred(),
    get tools() {
      return oneToMany(Tool, { orderBy: "id", lazy: "selectin" });
    },
  },
  { identity: "coder", tableName: "coder" },
) {}
class Chief extends Staff.subclass(
  "Chief",
  {
    level: integer(),
    grade: columnProperty(integer(), (c) => c.level.mul(10)),
    secret: columnProperty(integer(), (c) => c.level.mul(100), { deferred: true }),
    get reports() {
      return oneToMany(Staff, { backPopulates: "chief", orderBy: "id" });
    },
    carId: integer().nullable().references("car.id"),
    get car() {
      return manyToOne(Car, { lazy: "joined" });
    },
    get desk() {
      return manyToOne(Car, { foreignKeys: "carId", viewOnly: true });
    },
  },
  { identity: "chief", tableName: "chief" },
) {}
class Clerk extends Staff.subclass(
  "Clerk",
  { memo: string(10).nullable(), note: string(10).nullable().deferred() },
  { identity: "clerk" },
) {}
class Tool extends Base("Tool", {
  id: integer().primaryKey(),
  label: string(20),
  coderId: integer().references("coder.id"),
}) {}
class Shed extends Base("Shed", {
  id: integer().primaryKey(),
  get boxes() {
    return oneToMany(Box, { lazy: "joined" });
  },
}) {}
class Box extends Base("Box", { id: integer().primaryKey(), shedId: integer().references("shed.id") }) {}
class Car extends Base("Car", { id: integer().primaryKey(), plate: string(20) }) {}

describeEachDatabase("what subclasses add", (target) => {
  const db = setUp(target, Base.metadata, async (engine) => {
    await using session = new Session(engine);
    const firm = new Firm({ id: 1 });
    session.add(firm, new Car({ id: 1, plate: "x" }));
    await session.flush();
    const tools = ["hammer", "saw"].map((label, i) => new Tool({ id: i + 1, label }));
    for (const one of [
      new Coder({ id: 1, name: "ann", lang: "ts", bio: "b", firm, tools }),
      new Chief({ id: 2, name: "bea", level: 2, carId: 1, firm }),
      new Clerk({ id: 3, name: "cyd", memo: "m", note: "n", firm, chiefId: 2 }),
    ]) {
      session.add(one);
      await session.flush();
    }
    await session.commit();
  });
  const told = (staff: readonly object[]) =>
    staff.map((one) => {
      if (one instanceof Coder) return one.tools.map((t) => t.label).join();
      return one instanceof Chief ? one.car?.plate : (one as Staff).name;
    });
  const all = ["hammer,saw", "x", "cyd"];
  const base = select(Staff).orderBy(Staff.c.id);
  const unloaded = (staff: readonly object[]) =>
    staff.map((one) =>
      [...inspect(one).unloaded]
        .filter((key) => mapperKeys.has(key))
        .sort()
        .join(),
    );
  const mapperKeys = new Set(["name", "firmId", "grade", "lang", "bio", "level", "carId", "memo", "note"]);

  it("relationships that their mapping loads at once are there, whichever way the objects come", async () => {
    const ways: ((session: Session) => Promise<readonly object[]>)[] = [
      (s) => s.scalars(base).all(),
      (s) => s.scalars(base.limit(3)).all(),
      async (s) => [await s.get(Staff, 1), await s.get(Staff, 2), await s.get(Staff, 3)] as object[],
      async (s) => (await s.scalars(select(Firm).options(selectinLoad(Firm.c.staff))).one()).staff,
      async (s) => (await s.scalars(select(Firm).options(joinedLoad(Firm.c.staff))).one()).staff,
      async (s) => await (await s.scalars(select(Firm)).one()).staff,
      (s) => s.scalars(select(withPolymorphic(Staff, "*")).orderBy(Staff.c.id)).all() as Promise<readonly object[]>,
      async (s) => {
        const found: object[] = [];
        for await (const one of s.scalars(base.executionOptions({ yieldPer: 1 }))) found.push(one);
        return found;
      },
    ];
    for (const way of ways) {
      await using session = new Session(db.engine);
      expect(told(await way(session))).toEqual(all);
    }
  });
  it("column properties of a subclass are there, in the statement that reads its columns", async () => {
    for (const query of [base, select(withPolymorphic(Staff, "*")).orderBy(Staff.c.id)]) {
      await using session = new Session(db.engine);
      const staff = (await session.scalars(query as typeof base).all()) as readonly object[];
      const chief = staff[1] as Chief;
      expect(Number(chief.grade)).toBe(20);
      expect([...inspect(chief).unloaded].filter((key) => key === "grade" || key === "secret")).toEqual(["secret"]);
      expect(Number(await chief.secret)).toBe(200);
    }
  });
  it("any() of a subclass that shares its base table with the owner does not mean the owner's own row", async () => {
    await using session = new Session(db.engine);
    const names = (criterion: ReturnType<typeof Chief.c.reports.any>) =>
      session.scalars(select(Chief.c.name).where(criterion)).all();
    expect(await names(Chief.c.reports.ofType(Clerk).any(Clerk.c.memo.eq("m")))).toEqual(["bea"]);
    expect(await names(Chief.c.reports.ofType(Clerk).any(Clerk.c.id.eq(Chief.c.id.add(1))))).toEqual(["bea"]);
    expect(await names(Chief.c.reports.ofType(Coder).any())).toEqual([]);
    expect(() => Chief.c.reports.ofType(withPolymorphic(Staff, [Coder])).any()).toThrow(/aliased: true/);
  });
  it("one statement for each relationship, and none for classes that were not met", async () => {
    await using session = new Session(db.engine);
    await session.scalars(base).all();
    expect(db.ran.kinds).toEqual([
      "SELECT staff",
      "SELECT staff",
      "SELECT staff",
      "SELECT staff",
      "SELECT tool",
      "SELECT car",
    ]);
    db.ran.clear();
    session.expungeAll();
    await session.scalars(base.where(Staff.c.id.eq(3))).all();
    expect(db.ran.kinds).toEqual(["SELECT staff", "SELECT staff"]);
  });
  it("a joinedLoad() of a subclass's relationship is loaded, not forgotten", async () => {
    await using session = new Session(db.engine);
    const staff = await session.scalars(base.options(joinedLoad(Chief.c.desk) as never)).all();
    db.ran.clear();
    expect((await (staff[1] as Chief).desk)?.plate).toBe("x");
    expect(db.ran.work).toEqual([]);
  });
  it("column options speak of subclasses' columns", async () => {
    await using session = new Session(db.engine);
    const lacking = async (...options: readonly unknown[]) => {
      session.expungeAll();
      return unloaded(await session.scalars(base.options(...(options as never[]))).all());
    };
    expect(await lacking()).toEqual(["bio", "", "note"]);
    expect(await lacking(defer(Coder.c.lang))).toEqual(["bio,lang", "", "note"]);
    expect(await lacking(load(Coder).defer(Coder.c.lang))).toEqual(["bio,lang", "", "note"]);
    expect(await lacking(undefer(Coder.c.bio), undefer(Clerk.c.note))).toEqual(["", "", ""]);
    expect(await lacking(loadOnly(Staff.c.name, Coder.c.lang as never))).toEqual([
      "bio,firmId",
      "carId,firmId,grade,level",
      "firmId,memo,note",
    ]);
    session.expungeAll();
    const whole = withPolymorphic(Staff, "*");
    const found = await session
      .scalars(
        select(whole)
          .options(undefer(Coder.c.bio) as never)
          .orderBy(whole.c.id),
      )
      .all();
    expect(unloaded(found as readonly object[])).toEqual(["", "", "note"]);
    expect(() => loadOnly(Staff.c.name, Tool.c.label as never)).toThrow(/a column of Staff/);
  });
  it("rows of a statement in text, and of RETURNING, have what the mapping loads at once", async () => {
    await using session = new Session(db.engine);
    const [chief] = await session.scalars(
      select(Chief).fromStatement(
        sql`select staff.id, staff.kind, staff.name, staff.firm_id, level, car_id from staff join chief on chief.id = staff.id`,
      ),
    );
    expect(chief!.car?.plate).toBe("x");
    if (!db.engine.dialect.capabilities.returning.insert) return;
    const [shed] = await session.scalars(
      insert(Shed)
        .values([{ id: 1 }])
        .returning(Shed),
    );
    expect(shed!.boxes.length).toBe(0);
    await session.rollback();
  });
});
