/** Hierarchies in the unit of work: rows over several tables, several classes in one table, tables of their own. */
import { func, integer, select, string } from "@athanor/core";
import { declarativeBase, inspect, manyToOne, oneToMany, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording, taken } from "./support.js";

const Base = declarativeBase();
class Company extends Base("Company", {
  id: integer().primaryKey(),
  name: string(40),
  get employees() {
    return oneToMany(Employee, { backPopulates: "company" });
  },
}) {}
class Employee extends Base(
  "Employee",
  {
    id: integer().primaryKey(),
    get kind() {
      return string(20).subclasses(Manager, Engineer);
    },
    name: string(40),
    companyId: integer().nullable().references("company.id"),
    get company() {
      return manyToOne(Company, { backPopulates: "employees" });
    },
  },
  { polymorphicOn: "kind", identity: "employee" },
) {
  greet() {
    return `I am ${this.name}`;
  }
}
class Manager extends Employee.subclass(
  "Manager",
  { level: integer().default(1) },
  { identity: "manager", tableName: "manager" },
) {
  lead() {
    return `${this.greet()}, level ${this.level}`;
  }
}
class Engineer extends Employee.subclass(
  "Engineer",
  { language: string(20).nullable() },
  { identity: "engineer", tableName: "engineer" },
) {}
class Shape extends Base(
  "Shape",
  {
    id: integer().primaryKey(),
    get type() {
      return string(20).subclasses(Circle, Square);
    },
    label: string(20).nullable(),
  },
  { polymorphicOn: "type", identity: "shape" },
) {}
class Circle extends Shape.subclass("Circle", { radius: integer() }, { identity: "circle" }) {}
class Square extends Shape.subclass("Square", { side: integer() }, { identity: "square" }) {}
class Doc extends Base(
  "Doc",
  { id: integer().primaryKey(), title: string(40), version: integer() },
  { versionIdColumn: "version" },
) {}
class Book extends Doc.subclass("Book", { pages: integer() }, { tableName: "book" }) {}
class Asset extends Base("Asset", { id: integer().primaryKey(), name: string(20) }) {}
class Machine extends Asset.subclass("Machine", { watts: integer() }, { concrete: true }) {}

describeEachDatabase("a hierarchy", (target) => {
  const db = recording(target, Base.metadata);
  const open = () => new Session(db.engine);

  it("joined: INSERT base tables first, UPDATE only the tables that changed, DELETE from the leaves", async () => {
    await using session = open();
    const company = new Company({
      name: "c",
      employees: [new Manager({ name: "m", level: 3 }), new Engineer({ name: "e" }), new Employee({ name: "x" })],
    });
    session.add(company);
    await session.commit();
    expect(taken(db)).toEqual(["INSERT company", "INSERT employee", "INSERT manager", "INSERT engineer"]);
    await session.close();
    await using second = open();
    const all = await second.scalars(select(Employee).orderBy(Employee.c.id)).all();
    expect(all.map((e) => e.constructor.name)).toEqual(["Manager", "Engineer", "Employee"]);
    const manager = all[0] as Manager;
    expect(manager.lead()).toBe("I am m, level 3");
    taken(db);
    manager.level = 4;
    await second.flush();
    expect(taken(db)).toEqual(["UPDATE manager"]);
    manager.name = "mm";
    manager.level = 5;
    await second.flush();
    expect(taken(db)).toEqual(["UPDATE employee", "UPDATE manager"]);
    for (const e of all) await second.delete(e);
    await second.commit();
    expect(taken(db).sort()).toEqual(["DELETE employee", "DELETE engineer", "DELETE manager"]);
    expect(await second.scalar(select(func.count()).selectFrom(Employee))).toBe(0);
  });
  it("joined: one identity per row, whichever class asks", async () => {
    await using session = open();
    const m = new Manager({ name: "m" });
    session.add(m);
    await session.flush();
    expect(m.level).toBe(1);
    expect(await session.get(Employee, m.id)).toBe(m);
    expect(await session.get(Manager, m.id)).toBe(m);
    expect(await session.get(Engineer, m.id)).toBeNull();
    await session.rollback();
    expect(inspect(m).state).toBe("transient");
    expect(await session.get(Employee, m.id)).toBeNull();
  });
  it("joined: the version counts when only the subclass's table changes", async () => {
    await using session = open();
    const book = new Book({ title: "t", pages: 1 });
    session.add(book);
    await session.commit();
    book.pages = 2;
    await session.commit();
    expect(book.version).toBe(2);
    await session.delete(book);
    await session.commit();
    expect(await session.scalar(select(func.count()).selectFrom(Doc))).toBe(0);
  });
  it("single table: the discriminator is written and read", async () => {
    await using session = open();
    session.addAll([new Circle({ radius: 2 }), new Square({ side: 3, label: "s" }), new Shape()]);
    await session.commit();
    expect(taken(db)).toEqual(["INSERT shape"]);
    session.expungeAll();
    const shapes = await session.scalars(select(Shape).orderBy(Shape.c.id)).all();
    expect(shapes.map((s) => [s.constructor.name, s.type])).toEqual([
      ["Circle", "circle"],
      ["Square", "square"],
      ["Shape", "shape"],
    ]);
    expect((await session.scalars(select(Circle)).all()).map((c) => c.radius)).toEqual([2]);
    expect(new Circle({ radius: 1 }).type).toBe("circle");
  });
  it("concrete: a table of its own with all columns", async () => {
    await using session = open();
    session.addAll([new Asset({ name: "a" }), new Machine({ name: "m", watts: 5 })]);
    await session.commit();
    expect(taken(db).sort()).toEqual(["INSERT asset", "INSERT machine"]);
    expect((await session.scalars(select(Machine)).all()).map((m) => [m.name, m.watts])).toEqual([["m", 5]]);
    expect(await session.scalars(select(Asset)).all()).toHaveLength(1);
  });
});
