/**
 * One hierarchy over four tables, read through whichever selectable: the plain class, its subclasses joined, under
 * aliases, or only some of them. The objects are the same; what differs is the number of statements.
 * SQLAlchemy: inheritance/test_polymorphic_rel, whose base class runs over five mappings.
 */
import { exists, func, integer, select, string } from "@athanor/core";
import {
  aliased,
  declarativeBase,
  joinedLoad,
  manyToOne,
  oneToMany,
  Session,
  selectinLoad,
  withPolymorphic,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { setUp } from "../query/blog.js";

/** What queries of the base read along, by the mapping; `statements`: what loading everybody once costs. */
type Load = { readonly polymorphicLoad?: "inline" | "selectin" };
interface Mapping {
  readonly title: string;
  readonly person?: { readonly withPolymorphic?: "*" };
  readonly engineer?: Load;
  readonly manager?: Load;
  readonly boss?: Load;
  readonly statements: number;
}
const inline: Load = { polymorphicLoad: "inline" };
const MAPPINGS: readonly Mapping[] = [
  { title: "classes by statements of their own", statements: 4 },
  { title: "all classes inline", person: { withPolymorphic: "*" }, statements: 1 },
  { title: "one class inline", engineer: inline, statements: 3 },
  { title: "the lowest class inline, with the one between", boss: inline, statements: 2 },
  {
    title: "all inline but one",
    person: { withPolymorphic: "*" },
    engineer: { polymorphicLoad: "selectin" },
    statements: 2,
  },
];
function mapped(mapping: Mapping) {
  const Base = declarativeBase();
  class Company extends Base("Company", {
    companyId: integer().primaryKey(),
    name: string(50),
    get employees() {
      return oneToMany(Person, { backPopulates: "company", orderBy: "personId" });
    },
  }) {}
  class Person extends Base(
    "Person",
    {
      personId: integer().primaryKey(),
      companyId: integer().nullable().references("company.company_id"),
      name: string(50),
      get type() {
        return string(30).subclasses(Engineer, Manager, Boss);
      },
      get company() {
        return manyToOne(Company, { backPopulates: "employees" });
      },
      get paperwork() {
        return oneToMany(Paperwork, { orderBy: "paperworkId" });
      },
    },
    { polymorphicOn: "type", identity: "person", tableName: "people", ...mapping.person },
  ) {}
  class Engineer extends Person.subclass(
    "Engineer",
    {
      status: string(30),
      primaryLanguage: string(50),
      get machines() {
        return oneToMany(Machine, { orderBy: "machineId" });
      },
    },
    { identity: "engineer", tableName: "engineers", ...mapping.engineer },
  ) {}
  class Manager extends Person.subclass(
    "Manager",
    { status: string(30), managerName: string(50) },
    { identity: "manager", tableName: "managers", ...mapping.manager },
  ) {}
  class Boss extends Manager.subclass(
    "Boss",
    { golfSwing: string(30) },
    { identity: "boss", tableName: "boss", ...mapping.boss },
  ) {}
  class Machine extends Base("Machine", {
    machineId: integer().primaryKey(),
    name: string(50),
    engineerId: integer().nullable().references("engineers.person_id"),
  }) {}
  class Paperwork extends Base("Paperwork", {
    paperworkId: integer().primaryKey(),
    description: string(50),
    personId: integer().nullable().references("people.person_id"),
  }) {}
  return { Base, Company, Person, Engineer, Manager, Boss, Machine, Paperwork };
}
type Models = ReturnType<typeof mapped>;

const CAST = [
  ["Engineer", "dilbert", "regular engineer", "java"],
  ["Engineer", "wally", "regular engineer", "c++"],
  ["Boss", "pointy haired boss", "da boss", "pointy", "fore"],
  ["Manager", "dogbert", "regular manager", "dogbert"],
  ["Engineer", "vlad", "elbonian engineer", "cobol"],
];
/** Everything an object shows of itself, whichever class it is of. */
const shown = (p: unknown): unknown[] => {
  const o = p as InstanceType<Models["Boss"]> & InstanceType<Models["Engineer"]> & { constructor: { name: string } };
  return [o.constructor.name, o.name, o.status, o.primaryLanguage, o.managerName, o.golfSwing].filter(
    (v) => v !== undefined,
  );
};
type Named = { readonly name: string };
const namesOf = (list: Iterable<unknown>) => [...list].map((p) => (p as Named).name);

for (const mapping of MAPPINGS)
  describeEachDatabase(`24: a hierarchy read through any selectable, ${mapping.title}`, (target) => {
    const { Base, Company, Person, Engineer, Manager, Boss, Machine, Paperwork } = mapped(mapping);
    type Company = InstanceType<typeof Company>;
    type Engineer = InstanceType<typeof Engineer>;
    /** How the hierarchy is read; `statements`: what loading everybody once costs. */
    const SELECTABLES = [
      { title: "the class itself", of: () => Person, statements: mapping.statements },
      { title: "some subclasses", of: () => withPolymorphic(Person, [Engineer]), statements: 3 },
      { title: "all subclasses", of: () => withPolymorphic(Person, "*"), statements: 1 },
      {
        title: "all, under aliases",
        of: () => withPolymorphic(Person, "*", { aliased: true, name: "pjoin" }),
        statements: 1,
      },
      {
        title: "all, flat and unnamed",
        of: () => withPolymorphic(Person, [Engineer, Manager, Boss], { flat: true }),
        statements: 1,
      },
    ] as const;

    const at = setUp(target, Base.metadata, async (engine) => {
      await using session = new Session(engine);
      const paper = (...titles: string[]) => titles.map((description) => new Paperwork({ description }));
      const machines = (...titles: string[]) => titles.map((name) => new Machine({ name }));
      const mega = new Company({ companyId: 1, name: "MegaCorp, Inc." });
      const elbonia = new Company({ companyId: 2, name: "Elbonia, Inc." });
      const people = [
        new Engineer({
          personId: 1,
          name: "dilbert",
          primaryLanguage: "java",
          status: "regular engineer",
          company: mega,
          paperwork: paper("tps report #1", "tps report #2"),
          machines: machines("IBM ThinkPad", "IPhone"),
        }),
        new Engineer({
          personId: 2,
          name: "wally",
          primaryLanguage: "c++",
          status: "regular engineer",
          company: mega,
          paperwork: paper("tps report #3", "tps report #4"),
          machines: machines("Commodore 64"),
        }),
        new Boss({
          personId: 3,
          name: "pointy haired boss",
          golfSwing: "fore",
          managerName: "pointy",
          status: "da boss",
          company: mega,
          paperwork: paper("review #1"),
        }),
        new Manager({
          personId: 4,
          name: "dogbert",
          managerName: "dogbert",
          status: "regular manager",
          company: mega,
          paperwork: paper("review #2", "review #3"),
        }),
        new Engineer({
          personId: 5,
          name: "vlad",
          primaryLanguage: "cobol",
          status: "elbonian engineer",
          company: elbonia,
          paperwork: paper("elbonian missive #3"),
          machines: machines("Commodore 64", "IBM 3270"),
        }),
      ];
      session.addAll([mega, elbonia]);
      for (const p of people) {
        session.add(p);
        await session.flush();
      }
      await session.commit();
    });

    for (const { title, of, statements } of SELECTABLES) {
      const read = async <T>(work: (session: Session, who: typeof Person) => Promise<T>): Promise<T> => {
        await using session = new Session(at.engine);
        at.ran.clear();
        return await work(session, of() as unknown as typeof Person);
      };
      it(`${title}: everybody, whole, in ${statements} statements`, async () => {
        await read(async (session, who) => {
          const all = await session.scalars(select(who).orderBy(who.c.personId)).all();
          expect(all.map(shown)).toEqual(CAST);
          expect(at.ran.work).toHaveLength(statements);
          at.ran.clear();
          // Known by now: nothing more is read for them.
          await session.scalars(select(who)).all();
          expect(at.ran.work).toHaveLength(1);
        });
      });
      it(`${title}: limits, with machines joined`, async () => {
        await read(async (session, who) => {
          const engineer = (who as unknown as { Engineer?: typeof Engineer }).Engineer ?? Engineer;
          const some = await session
            .scalars(
              select(who)
                .orderBy(who.c.personId)
                .options(joinedLoad(engineer.c.machines) as never)
                .limit(2)
                .offset(1),
            )
            .all();
          expect(some.map(shown)).toEqual(CAST.slice(1, 3));
          const machines = await (some[0] as unknown as Engineer).machines;
          expect(namesOf(machines)).toEqual(["Commodore 64"]);
        });
        await read(async (session, who) => {
          const engineer = (who as unknown as { Engineer?: typeof Engineer }).Engineer ?? Engineer;
          const all = await session
            .scalars(
              select(who)
                .orderBy(who.c.personId)
                .options(selectinLoad(engineer.c.machines) as never),
            )
            .all();
          at.ran.clear();
          const owned = await Promise.all(
            all
              .filter((p) => p instanceof Engineer)
              .map(async (e) => namesOf(await (e as unknown as Engineer).machines)),
          );
          expect(owned).toEqual([["IBM ThinkPad", "IPhone"], ["Commodore 64"], ["Commodore 64", "IBM 3270"]]);
          expect(at.ran.work).toEqual([]);
        });
      });
      it(`${title}: joins and criteria over base and subclasses`, async () => {
        await read(async (session, who) => {
          const paper = (pattern: string) =>
            session.scalars(
              select(who)
                .join(who.c.paperwork)
                .where(Paperwork.c.description.like(pattern))
                .orderBy(who.c.personId)
                .distinct(),
            );
          expect(namesOf(await paper("%review%"))).toEqual(["pointy haired boss", "dogbert"]);
          expect(namesOf(await paper("%#2%"))).toEqual(["dilbert", "dogbert"]);
          const pa = aliased(Paperwork, "pa");
          const through = select(who)
            .join(who.c.paperwork.ofType(pa))
            .where(who.c.name.like("%dog%"), pa.c.description.like("%#2%"));
          expect(namesOf(await session.scalars(through))).toEqual(["dogbert"]);
          const reviewed = who.c.paperwork.any(Paperwork.c.description.eq("review #2"));
          expect(namesOf(await session.scalars(select(who).where(reviewed)))).toEqual(["dogbert"]);
        });
        await read(async (session, who) => {
          const { Engineer: engineer } = who as unknown as { Engineer?: typeof Engineer };
          if (engineer === undefined) return;
          const java = await session.scalars(select(who).where(engineer.c.primaryLanguage.eq("java"))).all();
          expect(java.map(shown)).toEqual(CAST.slice(0, 1));
          expect(at.ran.work).toHaveLength(1);
          const old = engineer.c.machines.any(Machine.c.name.eq("Commodore 64"));
          expect(namesOf(await session.scalars(select(who).where(old).orderBy(who.c.personId)))).toEqual([
            "wally",
            "vlad",
          ]);
        });
      });
    }

    it("one identity whichever class asks, and subclasses alone", async () => {
      await using session = new Session(at.engine);
      const dilbert = await session.get(Person, 1);
      expect(shown(dilbert)).toEqual(CAST[0]);
      expect(await session.get(Engineer, 1)).toBe(dilbert);
      expect(shown(await session.get(Manager, 3))).toEqual(CAST[2]);
      expect(namesOf(await session.scalars(select(Engineer).orderBy(Engineer.c.personId)))).toEqual([
        "dilbert",
        "wally",
        "vlad",
      ]);
      expect(namesOf(await session.scalars(select(Manager).where(Manager.c.personId.eq(3))))).toEqual([
        "pointy haired boss",
      ]);
      expect(await session.scalars(select(Manager.c.name).selectFrom(Manager).orderBy(Manager.c.name)).all()).toEqual([
        "dogbert",
        "pointy haired boss",
      ]);
      const wanted = select(Engineer.c.personId).cte("wanted");
      const twice = select(Engineer)
        .where(exists(select(wanted.c.personId).where(wanted.c.personId.eq(Engineer.c.personId))))
        .orderBy(Engineer.c.personId);
      expect(namesOf(await session.scalars(twice))).toEqual(["dilbert", "wally", "vlad"]);
    });
    it("relationships to the hierarchy: lazily, by ofType, twice under aliases", async () => {
      await using session = new Session(at.engine);
      const companies = (await session.scalars(select(Company).orderBy(Company.c.companyId)).all()) as Company[];
      at.ran.clear();
      const staff = await Promise.all(companies.map(async (c) => [...(await c.employees)].map(shown)));
      expect(staff).toEqual([CAST.slice(0, 4), CAST.slice(4)]);
      expect(at.ran.work).toHaveLength(mapping.statements);
      session.expungeAll();
      at.ran.clear();
      const [mega] = await session.scalars(
        select(Company)
          .where(Company.c.companyId.eq(1))
          .options(joinedLoad(Company.c.employees.ofType(withPolymorphic(Person, "*", { aliased: true })))),
      );
      expect(mega!.employees.map(shown)).toEqual(CAST.slice(0, 4));
      expect(at.ran.work).toHaveLength(1);
      const java = select(Company)
        .join(Company.c.employees.ofType(Engineer))
        .where(Engineer.c.primaryLanguage.eq("java"));
      expect(namesOf(await session.scalars(java))).toEqual(["MegaCorp, Inc."]);
      const ibm = select(Company)
        .join(Company.c.employees.ofType(Engineer))
        .join(Engineer.c.machines)
        .where(Machine.c.name.like("IBM 3%"));
      expect(namesOf(await session.scalars(ibm))).toEqual(["Elbonia, Inc."]);
      const [a, b] = [aliased(Person, "a"), aliased(Person, "b")];
      const pairs = select(Company, a, b)
        .join(Company.c.employees.ofType(a))
        .join(b, b.c.companyId.eq(Company.c.companyId))
        .where(a.c.name.eq("dilbert"), b.c.name.eq("wally"));
      expect((await session.execute(pairs)).map((r) => [r[0].name, shown(r[1]), shown(r[2])])).toEqual([
        ["MegaCorp, Inc.", CAST[0], CAST[1]],
      ]);
      const wally = Company.c.employees.any(Person.c.name.eq("wally"));
      const both = select(Company).join(Company.c.employees.ofType(a)).where(a.c.name.eq("dilbert"), wally);
      expect(namesOf(await session.scalars(both))).toEqual(["MegaCorp, Inc."]);
      expect(await session.scalar(select(func.count()).selectFrom(Engineer))).toBe(3);
    });
    it("what is no subclass is refused", () => {
      expect(() => withPolymorphic(Person, [Paperwork])).toThrow(/Paperwork is no subclass/);
      expect(() => withPolymorphic(Engineer, [Boss])).toThrow(/Boss is no subclass of it\. Known: none/);
      expect(() => withPolymorphic(Engineer, [Person])).toThrow(/Person is no subclass/);
    });
    it("stale objects are read whole again", async () => {
      await using session = new Session(at.engine);
      const wp = withPolymorphic(Person, "*");
      const all = await session.scalars(select(wp).orderBy(wp.c.personId)).all();
      for (const p of all) session.expire(p);
      at.ran.clear();
      await session.scalars(select(wp)).all();
      expect(at.ran.work).toHaveLength(1);
      expect(all.map(shown)).toEqual(CAST);
    });
  });
