/** Concrete hierarchies read as a whole: a class per row out of several tables, by one UNION. */
import { deleteFrom, func, insert, integer, select, sql, string, text, update } from "@athanor/core";
import {
  aliased,
  declarativeBase,
  inspect,
  joinedLoad,
  manyToOne,
  oneToMany,
  Session,
  selectinLoad,
  withPolymorphic,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { describe, expect, it } from "vitest";
import { setUp } from "./blog.js";

const Base = declarativeBase();
class Firm extends Base("Firm", {
  id: integer().primaryKey(),
  name: string(20),
  get staff() {
    return oneToMany(Employee, { backPopulates: "firm", orderBy: "name", cascade: "all, delete-orphan" });
  },
}) {}
class Employee extends Base(
  "Employee",
  {
    id: integer().primaryKey(),
    get kind() {
      return string(20).subclasses(Manager, Engineer);
    },
    name: string(20),
    firmId: integer().nullable().references("firm.id"),
    get firm() {
      return manyToOne(Firm, { backPopulates: "staff" });
    },
  },
  { polymorphicOn: "kind", identity: "employee", concrete: true },
) {
  greet() {
    return `I am ${this.name}`;
  }
}
class Manager extends Employee.subclass("Manager", { level: integer() }, { identity: "manager" }) {
  override greet() {
    return `${super.greet()}, level ${this.level}`;
  }
}
class Engineer extends Employee.subclass(
  "Engineer",
  { language: string(20).nullable(), notes: text().nullable().deferred() },
  { identity: "engineer" },
) {}

const Forms = declarativeBase();
class Form extends Forms(
  "Form",
  {
    a: integer(),
    b: integer(),
    get type() {
      return string(10).subclasses(Letter, Registered, Parcel);
    },
    to: string(20).named("receiver"),
  },
  { polymorphicOn: "type", concrete: true, abstract: true, primaryKey: ["a", "b"] },
) {}
class Letter extends Form.subclass("Letter", { pages: integer() }, { identity: "letter" }) {}
class Registered extends Letter.subclass(
  "Registered",
  { code: string(10), to: string(20) },
  { identity: "registered", tableName: "registered_letter" },
) {}
class Parcel extends Form.subclass("Parcel", { grams: integer() }, { identity: "parcel" }) {}

const plain = (statement: unknown) => String(statement).replace(/\s+/g, " ");
const UNION =
  "(SELECT employee.id, employee.name, employee.firm_id, CAST(NULL AS INTEGER) AS level, CAST(NULL AS VARCHAR(20)) AS language, CAST(NULL AS TEXT) AS notes, CAST(? AS VARCHAR(20)) AS kind FROM employee" +
  " UNION ALL SELECT manager.id, manager.name, manager.firm_id, manager.level, CAST(NULL AS VARCHAR(20)) AS language, CAST(NULL AS TEXT) AS notes, CAST(? AS VARCHAR(20)) AS kind FROM manager" +
  " UNION ALL SELECT engineer.id, engineer.name, engineer.firm_id, CAST(NULL AS INTEGER) AS level, engineer.language, engineer.notes, CAST(? AS VARCHAR(20)) AS kind FROM engineer)";

describe("the SQL of a concrete hierarchy", () => {
  it.each<[string, () => unknown, string]>([
    [
      "a base",
      () => select(Employee.c.name, Employee.c.kind),
      `SELECT employee_union.name, employee_union.kind AS kind FROM ${UNION} AS employee_union`,
    ],
    [
      "criteria",
      () => select(Employee.c.name).where(Employee.c.kind.eq("manager")),
      `SELECT employee_union.name FROM ${UNION} AS employee_union WHERE employee_union.kind = ?`,
    ],
    ["a leaf", () => select(Manager.c.name, Manager.c.level), "SELECT manager.name, manager.level FROM manager"],
    [
      "what a leaf is",
      () => select(Manager.c.kind),
      "SELECT CASE WHEN manager.id IS NOT NULL THEN ? END AS kind FROM manager",
    ],
    ["an alias", () => select(aliased(Employee, "e").c.name), `SELECT e.name FROM ${UNION} AS e`],
    [
      "a count",
      () => select(func.count()).selectFrom(Employee),
      `SELECT count(*) AS count_1 FROM ${UNION} AS employee_union`,
    ],
    [
      "a join to it",
      () => select(Firm.c.name).join(Firm.c.staff),
      `SELECT firm.name FROM firm JOIN ${UNION} AS employee_union ON firm.id = employee_union.firm_id`,
    ],
    [
      "a join to one class",
      () => select(Firm.c.name).join(Firm.c.staff.ofType(Manager)),
      "SELECT firm.name FROM firm JOIN manager ON firm.id = manager.firm_id",
    ],
    [
      "any()",
      () => select(Firm.c.name).where(Firm.c.staff.ofType(Manager).any(Manager.c.level.gt(1))),
      "SELECT firm.name FROM firm WHERE EXISTS (SELECT 1 FROM manager WHERE firm.id = manager.firm_id AND manager.level > ?)",
    ],
    ["an INSERT", () => insert(Employee).values({ name: "x" }), "INSERT INTO employee (name) VALUES (?)"],
    [
      "an abstract base, a class in the middle that is read with those below it",
      () => select(Letter.c.to, Letter.c.pages),
      "SELECT letter_union.receiver, letter_union.pages FROM (SELECT letter.a, letter.b, letter.receiver, letter.pages, CAST(NULL AS VARCHAR(10)) AS code, CAST(? AS VARCHAR(10)) AS type FROM letter" +
        ' UNION ALL SELECT registered_letter.a, registered_letter.b, registered_letter."to" AS receiver, registered_letter.pages, registered_letter.code, CAST(? AS VARCHAR(10)) AS type FROM registered_letter) AS letter_union',
    ],
  ])("%s", (_, made, expected) => {
    expect(plain(made())).toBe(expected);
  });
  it("creates the tables of the classes with rows, without the discriminator", () => {
    expect(Forms.metadata.sortedTables.map((t) => [t.fullName, t.columns.map((c) => c.columnName)])).toEqual([
      ["letter", ["a", "b", "receiver", "pages"]],
      ["parcel", ["a", "b", "receiver", "grams"]],
      ["registered_letter", ["a", "b", "to", "pages", "code"]],
    ]);
    expect(new Manager({ name: "m" }).kind).toBe("manager");
    expect(JSON.parse(JSON.stringify(new Manager({ name: "m" })))).toMatchObject({ kind: "manager", name: "m" });
  });
});

describeEachDatabase("a concrete hierarchy", (target) => {
  const at = setUp(target, Base.metadata, async (engine) => {
    await using session = new Session(engine);
    const firm = new Firm({ id: 1, name: "acme" });
    session.add(
      firm,
      new Firm({ id: 2, name: "void" }),
      new Employee({ id: 1, name: "pia", firm }),
      new Manager({ id: 1, name: "bea", level: 3, firm }),
      new Engineer({ id: 1, name: "cy", language: "ts", notes: "long", firm }),
      new Engineer({ id: 2, name: "di" }),
    );
    await session.commit();
  });
  it("gives each row its class with its columns, in one statement", async () => {
    await using session = new Session(at.engine);
    const all = await session.scalars(select(Employee).orderBy(Employee.c.name)).all();
    expect(all.map((e) => [e.constructor, e.id, e.kind, e.greet()])).toEqual([
      [Manager, 1, "manager", "I am bea, level 3"],
      [Engineer, 1, "engineer", "I am cy"],
      [Engineer, 2, "engineer", "I am di"],
      [Employee, 1, "employee", "I am pia"],
    ]);
    const languages = all.flatMap((e) => (e.kind === "engineer" ? [e.language] : []));
    expect(languages).toEqual(["ts", null]);
    expect(at.ran.work).toHaveLength(1);
    // Equal keys of two classes are two objects.
    expect(await session.get(Manager, 1)).toBe(all[0]);
    expect(await session.get(Engineer, 1)).toBe(all[1]);
    expect(at.ran.work).toHaveLength(1);
    expect(await (all[1] as Engineer).notes).toBe("long");
    const again = await session.scalars(select(Employee).where(Employee.c.kind.eq("engineer"))).all();
    expect(new Set(again)).toEqual(new Set([all[1], all[2]]));
  });
  it("counts, filters, limits and aliases all rows", async () => {
    await using session = new Session(at.engine);
    expect(Number(await session.scalar(select(func.count()).selectFrom(Employee)))).toBe(4);
    expect(await session.query(Employee).filterBy({ name: "bea" }).count()).toBe(1);
    const e = aliased(Employee, "e");
    const names = await session.scalars(select(e).where(e.c.name.gt("c")).orderBy(e.c.name).limit(2)).all();
    expect(names.map((n) => [n.constructor, n.name])).toEqual([
      [Engineer, "cy"],
      [Engineer, "di"],
    ]);
    const kinds = await session
      .execute(select(Employee.c.kind, func.count()).groupBy(Employee.c.kind).orderBy(Employee.c.kind))
      .all();
    expect(kinds.map((r) => [r[0], Number(r[1])])).toEqual([
      ["employee", 1],
      ["engineer", 2],
      ["manager", 1],
    ]);
  });
  it("reads columns of subclasses through withPolymorphic", async () => {
    await using session = new Session(at.engine);
    for (const settings of [{}, { aliased: true }, { name: "p" }]) {
      const p = withPolymorphic(Employee, [Manager, Engineer], settings);
      const found = await session
        .scalars(
          select(p)
            .where(p.Manager.c.level.gt(2).or(p.Engineer.c.language.eq("ts")))
            .orderBy(p.c.name),
        )
        .all();
      expect(found.map((f) => f.name)).toEqual(["bea", "cy"]);
    }
  });
  it("loads a relationship to the base: lazily, by select-in, joined, limited", async () => {
    for (const how of [undefined, selectinLoad, joinedLoad]) {
      await using session = new Session(at.engine);
      at.ran.clear();
      const statement = select(Firm).orderBy(Firm.c.id).limit(5);
      const firms = (await session
        .scalars(how === undefined ? statement : statement.options(how(Firm.c.staff)))
        .all()) as Firm[];
      const staff = await Promise.all(firms.map((f) => f.staff));
      expect(staff.map((list) => list.map((p) => p.greet()))).toEqual([
        ["I am bea, level 3", "I am cy", "I am pia"],
        [],
      ]);
      expect(at.ran.work).toHaveLength(how === joinedLoad ? 1 : 2);
      // The other side is there: nothing is read for it.
      expect((await Promise.all(staff[0]!.map((s) => s.firm))).every((f) => f === firms[0])).toBe(true);
      expect(at.ran.work).toHaveLength(how === joinedLoad ? 1 : 2);
    }
  });
  it("loads references of all classes with the base, joined and by siblings", async () => {
    for (const options of [[joinedLoad(Employee.c.firm)], [selectinLoad(Employee.c.firm)], []]) {
      await using session = new Session(at.engine);
      const all = await session
        .scalars(
          select(Employee)
            .options(...options)
            .orderBy(Employee.c.name),
        )
        .all();
      expect((await Promise.all(all.map((e) => (e as Employee).firm))).map((f) => f?.name)).toEqual([
        "acme",
        "acme",
        undefined,
        "acme",
      ]);
    }
  });
  it("flushes each object into its own table, whichever side was set", async () => {
    await using session = new Session(at.engine);
    const [acme, empty] = await session
      .scalars(select(Firm).options(selectinLoad(Firm.c.staff)).orderBy(Firm.c.id))
      .all();
    const manager = acme!.staff.find((s) => s.kind === "manager") as Manager;
    at.ran.clear();
    manager.level = 4;
    empty!.staff.push(manager, new Engineer({ id: 7, name: "el" }));
    expect(await manager.firm).toBe(empty);
    expect(acme!.staff).toHaveLength(2);
    await session.flush();
    expect(
      at.ran.work
        .map((w) =>
          w
            .split(" ")
            .slice(0, w.startsWith("U") ? 2 : 3)
            .join(" "),
        )
        .sort(),
    ).toEqual(["INSERT INTO engineer", "UPDATE manager"]);
    session.expungeAll();
    const found = await session.scalars(select(Employee).where(Employee.c.firmId.eq(2)).orderBy(Employee.c.name)).all();
    expect(found.map((f) => [f.constructor, f.name])).toEqual([
      [Manager, "bea"],
      [Engineer, "el"],
    ]);
    expect((found[0] as unknown as Manager).level).toBe(4);
    (found[0] as unknown as Manager).firm = null;
    await session.flush();
    expect(
      Number(await session.scalar(select(func.count()).selectFrom(Employee).where(Employee.c.firmId.isNull()))),
    ).toBe(2);
  });
  it("deletes members of every class with their owner", async () => {
    await using session = new Session(at.engine);
    await session.delete((await session.get(Firm, 1))!);
    await session.flush();
    const left = await session.scalars(select(Employee)).all();
    expect(left.map((l) => l.name)).toEqual(["di"]);
  });
  it("gets and refreshes an object of the base from its own table", async () => {
    await using session = new Session(at.engine);
    const pia = (await session.scalars(select(Employee).where(Employee.c.kind.eq("employee"))).one()) as Employee;
    expect(await session.get(Employee, 1)).toBe(pia);
    await session.execute(sql`update employee set name = ${"pi"} where id = ${1}`);
    await session.execute(sql`update manager set name = ${"be"} where id = ${1}`);
    session.expire(pia);
    at.ran.clear();
    await session.refresh(pia);
    expect(pia.name).toBe("pi");
    expect(at.ran.work[0]).not.toContain("UNION");
    const bea = (await session.get(Manager, 1))!;
    expect(bea.name).toBe("be");
    session.expire(bea);
    await session.scalars(select(Employee).where(Employee.c.name.eq("be"))).all();
    expect(inspect(bea).expired).toBe(false);
    // Only an engineer has this key.
    expect((await session.get(Employee, 2))?.constructor).toBe(Engineer);
    expect(await session.get(Employee, 99)).toBeNull();
  });
  it("refuses a key of several classes, bulk writes of the base, and a discriminator that is set", async () => {
    await using session = new Session(at.engine);
    await session.delete((await session.get(Employee, 2))!);
    await session.flush();
    expect(() => update(Employee)).toThrow(/read from the tables of several classes/);
    expect(() => deleteFrom(Employee)).toThrow(/read from the tables of several classes/);
    expect(await session.query(Manager).update({ level: 9 })).toBe(1);
    expect(() => new Manager({ kind: "x" })).toThrow(/kind.*read only/);
    await session.execute(insert(Employee).values({ id: 5, name: "ed" }));
    await session.execute(insert(Manager), [{ id: 5, name: "mo", level: 1 }]);
    await expect(session.get(Employee, 5)).rejects.toThrow(
      /Several classes have a row with this key: Employee, Manager/,
    );
  });
});

describeEachDatabase("a concrete hierarchy with an abstract base", (target) => {
  const at = setUp(target, Forms.metadata, async (engine) => {
    await using session = new Session(engine);
    session.add(
      new Letter({ a: 1, b: 1, to: "amy", pages: 2 }),
      new Registered({ a: 1, b: 1, to: "ben", pages: 3, code: "r1" }),
      new Parcel({ a: 1, b: 2, to: "cat", grams: 500 }),
    );
    await session.commit();
  });
  it("reads all classes, those below one in the middle, and none of its own", async () => {
    await using session = new Session(at.engine);
    const all = await session.scalars(select(Form).orderBy(Form.c.to)).all();
    expect(all.map((f) => [f.constructor, f.to])).toEqual([
      [Letter, "amy"],
      [Registered, "ben"],
      [Parcel, "cat"],
    ]);
    expect((all[1] as Registered).code).toBe("r1");
    expect(at.ran.work).toHaveLength(1);
    const letters = await session.scalars(select(Letter).orderBy(Letter.c.to.desc())).all();
    expect(letters).toEqual([all[1], all[0]]);
    expect((await session.get(Form, [1, 2]))?.constructor).toBe(Parcel);
    (all[1] as Registered).code = "r2";
    (all[1] as Registered).to = "bo";
    await session.flush();
    session.expungeAll();
    expect((await session.get(Registered, [1, 1]))?.code).toBe("r2");
    expect((await session.scalars(select(Form).where(Form.c.to.eq("bo"))).one()).constructor).toBe(Registered);
  });
  it("has no objects", async () => {
    await using session = new Session(at.engine);
    session.add(new Form({ a: 9, b: 9, to: "x" }));
    await expect(session.flush()).rejects.toThrow(/Form is abstract and has no table/);
    expect(() => insert(Form)).toThrow(/a table or model is needed/);
  });
});
