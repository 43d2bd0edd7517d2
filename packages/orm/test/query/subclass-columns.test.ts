/** Columns reached through a subclass mean its rows: criteria and joins as SQLAlchemy 1.4 writes them. */
import { exists, func, insert, integer, select, string, update } from "@athanor/core";
import { aliased, bundle, declarativeBase, joinedLoad, loadOnly, manyToOne, outerJoin, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { describe, expect, it } from "vitest";
import { setUp } from "./blog.js";

const Base = declarativeBase();
class Task extends Base("Task", {
  id: integer().primaryKey(),
  title: string(20),
  personId: integer().nullable().references("person.id"),
  get person() {
    return manyToOne(Person, {});
  },
}) {}
class Person extends Base(
  "Person",
  {
    id: integer().primaryKey(),
    get kind() {
      return string(20).subclasses(Coder, Lead, Driver);
    },
    name: string(20),
  },
  { polymorphicOn: "kind", identity: "person" },
) {}
class Coder extends Person.subclass("Coder", { language: string(20).nullable() }, { identity: "coder" }) {}
class Lead extends Coder.subclass("Lead", { level: integer().nullable() }, { identity: "lead" }) {}
class Driver extends Person.subclass("Driver", { badge: string(20) }, { identity: "driver", tableName: "driver" }) {}
class Pilot extends Driver.subclass("Pilot", { wings: integer().nullable() }, { identity: "pilot" }) {
  static {
    this.register();
  }
}
class Hangar extends Base("Hangar", { id: integer().primaryKey(), city: string(20) }) {}

const text = (statement: unknown) => String(statement).replace(/\s+/g, " ");
const CODER = "person.kind IN (?, ?)";
const everybody = () => select(Person).subquery("s");

describe("SQL of columns reached through a subclass", () => {
  it.each<[string, () => unknown, string]>([
    ["a column", () => select(Coder.c.name), `SELECT person.name FROM person WHERE ${CODER}`],
    [
      "two classes",
      () => select(Person.c.name, Coder.c.language),
      `SELECT person.name, person.language FROM person WHERE ${CODER}`,
    ],
    [
      "the base",
      () => select(Person.c.name).where(Coder.c.language.eq("ts")),
      "SELECT person.name FROM person WHERE person.language = ?",
    ],
    ["a count", () => select(func.count(Coder.c.id)), `SELECT count(person.id) AS count_1 FROM person WHERE ${CODER}`],
    [
      "selectFrom",
      () => select(func.count()).selectFrom(Coder),
      `SELECT count(*) AS count_1 FROM person WHERE ${CODER}`,
    ],
    [
      "once",
      () => select(Coder.c.name, Coder.c.id).selectFrom(Coder),
      `SELECT person.name, person.id FROM person WHERE ${CODER}`,
    ],
    [
      "an expression",
      () => select(func.upper(Coder.c.name).as("n")),
      `SELECT upper(person.name) AS n FROM person WHERE ${CODER}`,
    ],
    [
      "a join",
      () => select(Task.c.title).join(Coder, Coder.c.id.eq(Task.c.personId)),
      `SELECT task.title FROM task JOIN person ON person.id = task.person_id AND ${CODER}`,
    ],
    [
      "an outer join",
      () => select(Task.c.title, Coder.c.name).selectFrom(Task).outerJoin(Coder, Coder.c.id.eq(Task.c.personId)),
      `SELECT task.title, person.name FROM task LEFT OUTER JOIN person ON person.id = task.person_id AND ${CODER}`,
    ],
    [
      "a join by the foreign key",
      () => select(Task.c.title).join(Coder),
      `SELECT task.title FROM task JOIN person ON person.id = task.person_id AND ${CODER}`,
    ],
    [
      "the base joined",
      () => select(Coder.c.name).selectFrom(Task).join(Task.c.person),
      `SELECT person.name FROM task JOIN person ON task.person_id = person.id WHERE ${CODER}`,
    ],
    [
      "joins from it",
      () => select(Coder.c.name, Task.c.title).joinFrom(Coder, Task),
      `SELECT person.name, task.title FROM person JOIN task ON person.id = task.person_id WHERE ${CODER}`,
    ],
    [
      "a clause",
      () => select(Task.c.title).selectFrom(outerJoin(Task, Coder)),
      `SELECT task.title FROM task LEFT OUTER JOIN person ON person.id = task.person_id AND ${CODER}`,
    ],
    [
      "a clause with the class on its left",
      () => select(Task.c.title).selectFrom(outerJoin(Coder, Task)),
      `SELECT task.title FROM person LEFT OUTER JOIN task ON person.id = task.person_id WHERE ${CODER}`,
    ],
    [
      "such a clause and the class itself",
      () => select(Coder.c.name, Task.c.title).selectFrom(outerJoin(Coder, Task)),
      `SELECT person.name, task.title FROM person LEFT OUTER JOIN task ON person.id = task.person_id WHERE ${CODER}`,
    ],
    [
      "such a clause on the right of another",
      () => select(Hangar.c.city).selectFrom(outerJoin(Hangar, outerJoin(Coder, Task), Hangar.c.id.eq(Coder.c.id))),
      `SELECT hangar.city FROM hangar LEFT OUTER JOIN (person LEFT OUTER JOIN task ON person.id = task.person_id) ON hangar.id = person.id AND ${CODER}`,
    ],
    [
      "such a clause joined to",
      () => select(Hangar.c.city).join(outerJoin(Coder, Task), Hangar.c.id.eq(Coder.c.id)),
      `SELECT hangar.city FROM hangar JOIN (person LEFT OUTER JOIN task ON person.id = task.person_id) ON hangar.id = person.id AND ${CODER}`,
    ],
    [
      "an alias over a subquery",
      () => select(aliased(Coder, everybody()).c.name),
      "SELECT s.name FROM (SELECT person.id, person.kind, person.name FROM person) AS s WHERE s.kind IN (?, ?)",
    ],
    [
      "an entity over a subquery",
      () => select(aliased(Lead, everybody())),
      "SELECT s.id, s.kind, s.name FROM (SELECT person.id, person.kind, person.name FROM person) AS s WHERE s.kind IN (?)",
    ],
    [
      "a clause of an alias over a subquery",
      () => {
        const coder = aliased(Coder, everybody());
        return select(Task.c.title).selectFrom(outerJoin(coder, Task, coder.c.id.eq(Task.c.personId)));
      },
      "SELECT task.title FROM (SELECT person.id, person.kind, person.name FROM person) AS s LEFT OUTER JOIN task ON s.id = task.person_id WHERE s.kind IN (?, ?)",
    ],
    [
      "an outer join of an alias over a subquery",
      () => {
        const coder = aliased(Coder, everybody());
        return select(Task.c.title, coder.c.name).outerJoin(coder, coder.c.id.eq(Task.c.personId));
      },
      "SELECT task.title, s.name FROM task LEFT OUTER JOIN (SELECT person.id, person.kind, person.name FROM person) AS s ON s.id = task.person_id AND s.kind IN (?, ?)",
    ],
    [
      "IN",
      () => select(Task.c.title).where(Task.c.personId.in(select(Coder.c.id))),
      `SELECT task.title FROM task WHERE task.person_id IN (SELECT person.id FROM person WHERE ${CODER})`,
    ],
    [
      "EXISTS",
      () => select(Task.c.title).where(exists(select(Coder.c.id).where(Coder.c.id.eq(Task.c.personId)))),
      `SELECT task.title FROM task WHERE EXISTS (SELECT person.id FROM person WHERE person.id = task.person_id AND ${CODER})`,
    ],
    [
      "UNION",
      () => select(Coder.c.name).union(select(Person.c.name)),
      `SELECT person.name FROM person WHERE ${CODER} UNION SELECT person.name FROM person`,
    ],
    [
      "a subquery",
      () => select(select(Coder.c.name).subquery("s")),
      `SELECT s.name FROM (SELECT person.name FROM person WHERE ${CODER}) AS s`,
    ],
    ["an alias", () => select(aliased(Coder, "c").c.name), "SELECT c.name FROM person AS c WHERE c.kind IN (?, ?)"],
    [
      "joined: the base's column",
      () => select(Driver.c.name),
      "SELECT person.name FROM person JOIN driver ON person.id = driver.id",
    ],
    [
      "joined: the key",
      () => select(func.count(Driver.c.id)),
      "SELECT count(person.id) AS count_1 FROM person JOIN driver ON person.id = driver.id",
    ],
    ["joined: its own alone", () => select(Driver.c.badge), "SELECT driver.badge FROM driver"],
    [
      "joined: with the base",
      () => select(Person.c.id, Driver.c.name),
      "SELECT person.id, person.name FROM person JOIN driver ON person.id = driver.id",
    ],
    [
      "joined: in a subquery",
      () => select(Task.c.title).where(Task.c.personId.in(select(Driver.c.id))),
      "SELECT task.title FROM task WHERE task.person_id IN (SELECT person.id FROM person JOIN driver ON person.id = driver.id)",
    ],
    [
      "joined: nested criteria",
      () => select(select(Driver.c.badge).where(Driver.c.name.eq("d")).subquery("s")),
      "SELECT s.badge FROM (SELECT driver.badge FROM person JOIN driver ON person.id = driver.id WHERE person.name = ?) AS s",
    ],
    [
      "joined: joined by hand",
      () => select(Task.c.title, Driver.c.name).selectFrom(Task).outerJoin(Driver, Driver.c.id.eq(Task.c.personId)),
      "SELECT task.title, person.name FROM task LEFT OUTER JOIN (person JOIN driver ON person.id = driver.id) ON person.id = task.person_id",
    ],
    [
      "joined: an alias",
      () => select(aliased(Driver, "d").c.name),
      "SELECT d_person.name FROM person AS d_person JOIN driver AS d ON d_person.id = d.id",
    ],
    [
      "single below joined",
      () => select(Pilot.c.wings),
      "SELECT driver.wings FROM person JOIN driver ON person.id = driver.id WHERE person.kind IN (?)",
    ],
  ])("%s", (_, made, sql) => {
    expect(text(made())).toBe(sql);
  });
  it("leaves the subquery behind an alias to its other readers, and needs the discriminator in it", () => {
    const sub = everybody();
    aliased(Coder, sub).c.name;
    expect(text(select(sub.c.name))).not.toContain("WHERE");
    expect(text(select(aliased(Person, sub).c.name))).not.toContain("WHERE");
    expect(() => aliased(Coder, select(Person.c.id, Person.c.name).subquery("s"))).toThrow(
      /'s' has no column 'kind', which tells the rows of Coder .* select it in the subquery/,
    );
  });
  it("tells statements apart in the cache by the class, not by the column", () => {
    const both = [select(Coder.c.name), select(Person.c.name), select(Lead.c.name), select(Coder.c.name)].map(text);
    expect(new Set(both).size).toBe(3);
    expect(both[3]).toBe(both[0]);
  });
  it("is the column itself wherever rows do not matter", () => {
    expect(text(insert(Coder).values({ kind: "coder", name: "x" }).returning(Coder.c.id))).toContain("RETURNING id");
    expect(text(update(Person).set({ name: Coder.c.name }).where(Coder.c.id.eq(1)))).toBe(
      "UPDATE person SET name = person.name WHERE person.id = ?",
    );
    expect(Coder.c.name).toBe(Coder.c.name);
    expect((Coder.c.name as unknown as { type: unknown }).type).toBe(
      (Person.c.name as unknown as { type: unknown }).type,
    );
  });
});

describeEachDatabase("columns reached through a subclass", (target) => {
  const at = setUp(target, Base.metadata, async (engine) => {
    await using session = new Session(engine);
    session.add(
      new Person({ id: 1, name: "pia" }),
      new Coder({ id: 2, name: "cy", language: "ts" }),
      new Lead({ id: 3, name: "li", language: "py", level: 2 }),
      new Driver({ id: 4, name: "di", badge: "b4" }),
      new Pilot({ id: 5, name: "po", badge: "b5", wings: 2 }),
      new Task({ id: 1, title: "one", personId: 1 }),
      new Task({ id: 2, title: "two", personId: 2 }),
      new Task({ id: 3, title: "three", personId: 5 }),
      new Hangar({ id: 1, city: "Bern" }),
    );
    await session.commit();
  });

  it("reads, counts and joins the rows of the class", async () => {
    await using session = new Session(at.engine);
    const by = Coder.c.id;
    expect(await session.scalars(select(Coder.c.name).orderBy(by)).all()).toEqual(["cy", "li"]);
    expect(await session.scalars(select(Coder.c.name).where(Coder.c.language.eq("py"))).all()).toEqual(["li"]);
    expect(await session.scalars(select(Lead.c.name)).all()).toEqual(["li"]);
    expect(Number(await session.scalar(select(func.count(Coder.c.id))))).toBe(2);
    expect(Number(await session.scalar(select(func.count()).selectFrom(Coder)))).toBe(2);
    expect(Number(await session.scalar(select(func.count()).selectFrom(Driver)))).toBe(2);
    expect(Number(await session.scalar(select(func.count(Driver.c.name))))).toBe(2);
    expect(await session.scalars(select(Pilot.c.name)).all()).toEqual(["po"]);
    const outer = select(Task.c.title, Coder.c.name).selectFrom(Task).outerJoin(Coder, Coder.c.id.eq(Task.c.personId));
    expect((await session.execute(outer.orderBy(Task.c.id)).all()).map((r) => [...r])).toEqual([
      ["one", null],
      ["two", "cy"],
      ["three", null],
    ]);
    const within = select(Task.c.title).where(Task.c.personId.in(select(Driver.c.id)));
    expect(await session.scalars(within).all()).toEqual(["three"]);
  });
  it("reads its rows on the left of an outer join and through a subquery", async () => {
    await using session = new Session(at.engine);
    const left = select(Coder.c.name, Task.c.title).selectFrom(outerJoin(Coder, Task)).orderBy(Coder.c.id);
    expect((await session.execute(left).all()).map((r) => [...r])).toEqual([
      ["cy", "two"],
      ["li", null],
    ]);
    expect(await session.scalars(select(Task.c.title).selectFrom(outerJoin(Coder, Task))).all()).toHaveLength(2);
    const sub = everybody();
    const [coder, lead] = [aliased(Coder, sub), aliased(Lead, sub)];
    expect(await session.scalars(select(coder.c.name).orderBy(coder.c.id)).all()).toEqual(["cy", "li"]);
    expect(await session.scalars(select(lead.c.name)).all()).toEqual(["li"]);
    expect((await session.scalars(select(lead)).all()).map((l) => l.constructor)).toEqual([Lead]);
    expect(await session.scalars(select(sub.c.name).orderBy(sub.c.id)).all()).toHaveLength(5);
  });
  it("does the same on a connection, through aliases, bundles and beside entities", async () => {
    await using session = new Session(at.engine);
    await using connection = await at.engine.connect();
    expect((await connection.execute(select(Lead.c.name)).all()).map((r) => r.name)).toEqual(["li"]);
    const c = aliased(Coder, "c");
    expect(await session.scalars(select(c.c.name).orderBy(c.c.id)).all()).toEqual(["cy", "li"]);
    const d = aliased(Driver, "d");
    expect(await session.scalars(select(d.c.name).orderBy(d.c.id)).all()).toEqual(["di", "po"]);
    const pairs = await session.execute(select(Lead.c.name, c.c.name.as("of")).where(c.c.id.lt(Lead.c.id))).all();
    expect(pairs.map((r) => [...r])).toEqual([["li", "cy"]]);
    const b = bundle("b", Lead.c.name);
    expect((await session.execute(select(b)).all()).map((r) => r.b.name)).toEqual(["li"]);
    const beside = await session.execute(select(Person, Lead.c.name)).all();
    expect(beside.map((r) => [r.Person.constructor, r.name])).toEqual([[Lead, "li"]]);
    const joined = await session.scalars(select(Lead).selectFrom(Task).join(Task.c.person)).all();
    expect(joined).toEqual([]);
  });
  it("finds values of a row by either class's column, and loads columns named by the subclass", async () => {
    await using session = new Session(at.engine);
    await using connection = await at.engine.connect();
    const read = () => connection.execute(select(Lead.c.level, Lead.c.name));
    expect(await read().scalars(Lead.c.name).all()).toEqual(["li"]);
    expect(await read().scalars(Person.c.name).all()).toEqual(["li"]);
    const [lead] = await session.scalars(select(Lead).options(loadOnly(Lead.c.name))).all();
    expect(lead!.name).toBe("li");
    const [task] = await session.scalars(select(Task).options(joinedLoad(Task.c.person)).where(Task.c.id.eq(2))).all();
    expect((await task!.person)?.name).toBe("cy");
  });
  it("exists() of a query asks for rows of its class", async () => {
    await using session = new Session(at.engine);
    await session.query(Lead).delete();
    expect(await session.query(Lead).exists()).toBe(false);
    expect(await session.query(Coder).exists()).toBe(true);
    const names = await session.execute(session.query(Coder).withEntities(Person.c.name)).all();
    expect(names.map((r) => r.name)).toEqual(["cy"]);
  });
  it("a criterion of the program's that looks the same is not taken for the class's own", async () => {
    await using session = new Session(at.engine);
    const kinds = (list: string[]) => select(Coder.c.name).where(Person.c.kind.in(list)).orderBy(Person.c.id);
    expect(await session.scalars(select(Coder.c.name).selectFrom(Coder).orderBy(Person.c.id)).all()).toEqual([
      "cy",
      "li",
    ]);
    expect(await session.scalars(kinds(["person", "lead"])).all()).toEqual(["li"]);
  });
  it("evaluates criteria over them in memory", async () => {
    await using session = new Session(at.engine);
    const coders = await session.scalars(select(Coder).orderBy(Coder.c.id)).all();
    await session.execute(update(Coder).set({ language: "go" }).where(Coder.c.name.eq("cy")));
    expect(coders.map((c) => c.language)).toEqual(["go", "py"]);
  });
});
