/** `polymorphicLoad: "inline"` and `withPolymorphic: "*"` of a mapping: when subclasses come with the base, and when not. */
import { integer, select, string } from "@athanor/core";
import { aliased, declarativeBase, joinedLoad, manyToOne, oneToMany, Session, selectinLoad } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { setUp } from "./blog.js";

const Base = declarativeBase();
class Firm extends Base("Firm", {
  id: integer().primaryKey(),
  get staff() {
    return oneToMany(Person, { backPopulates: "firm", orderBy: "id" });
  },
}) {}
class Person extends Base(
  "Person",
  {
    id: integer().primaryKey(),
    kind: string(20),
    name: string(20),
    firmId: integer().nullable().references("firm.id"),
    get firm() {
      return manyToOne(Firm, { backPopulates: "staff" });
    },
  },
  { polymorphicOn: "kind", identity: "person" },
) {}
class Coder extends Person.subclass(
  "Coder",
  { language: string(20).nullable() },
  { identity: "coder", tableName: "coder", polymorphicLoad: "inline" },
) {}
class Lead extends Coder.subclass("Lead", { level: integer().nullable() }, { identity: "lead" }) {}
class Boss extends Person.subclass(
  "Boss",
  { grade: integer().nullable() },
  { identity: "boss", polymorphicLoad: "inline" },
) {}

describeEachDatabase("inline subclasses", (target) => {
  const at = setUp(target, Base.metadata, async (engine) => {
    await using session = new Session(engine);
    const firm = new Firm({ id: 1 });
    session.addAll([
      new Person({ id: 1, name: "pat", firm }),
      new Coder({ id: 2, name: "cody", language: "ts", firm }),
      new Lead({ id: 3, name: "lea", language: "c", level: 4, firm }),
      new Boss({ id: 4, name: "bo", grade: 9, firm }),
    ]);
    await session.commit();
  });
  const shown = (p: Person) => {
    const { language, level, grade } = p as Coder & Lead & Boss;
    return [p.constructor.name, p.name, language, level, grade].filter((v) => v !== undefined);
  };
  const ALL = [
    ["Person", "pat"],
    ["Coder", "cody", "ts"],
    ["Lead", "lea", "c", 4],
    ["Boss", "bo", 9],
  ];
  const people = select(Person).orderBy(Person.c.id);
  const plain = (sql: string | undefined) => sql?.replaceAll(/["`]/g, "");

  it("come in the statement of the base, others by one of their own", async () => {
    await using session = new Session(at.engine);
    expect((await session.scalars(people).all()).map(shown)).toEqual(ALL);
    const [first, second, ...more] = at.ran.work.map(plain);
    expect(first).toMatch(
      /^SELECT person\.id, person\.kind, person\.name, person\.firm_id, coder\.language, person\.grade FROM person LEFT OUTER JOIN coder ON person\.id = coder\.id ORDER BY person\.id$/,
    );
    // Lead says nothing, so its columns come as without the option.
    expect(second).toMatch(/^SELECT .*\blevel\b.* FROM /);
    expect(more).toEqual([]);
  });
  it("by key, refreshed, limited, filtered, with collections joined, and from a collection", async () => {
    await using session = new Session(at.engine);
    const coder = (await session.get(Person, 2)) as Coder;
    expect(shown(coder)).toEqual(ALL[1]);
    expect(at.ran.work).toHaveLength(1);
    await session.refresh(coder);
    expect(coder.language).toBe("ts");
    session.expungeAll();
    at.ran.clear();
    const some = people.where(Person.c.name.like("%o%")).limit(2);
    expect((await session.scalars(some).all()).map(shown)).toEqual([ALL[1], ALL[3]]);
    expect(at.ran.work).toHaveLength(1);
    session.expungeAll();
    at.ran.clear();
    const [joined] = await session.scalars(select(Firm).options(joinedLoad(Firm.c.staff)).limit(1)).all();
    expect((joined!.staff as Person[]).map(shown)).toEqual(ALL);
    expect(at.ran.work).toHaveLength(2);
    expect(plain(at.ran.work[0])).toContain("coder_1.language");
    session.expungeAll();
    at.ran.clear();
    const [firm] = await session.scalars(select(Firm).options(selectinLoad(Firm.c.staff))).all();
    expect((firm!.staff as Person[]).map(shown)).toEqual(ALL);
    expect(at.ran.work).toHaveLength(3);
  });
  it("stay out of a statement that says itself where the tables stand", async () => {
    await using session = new Session(at.engine);
    const read = async (statement: object) => {
      session.expungeAll();
      return (await session.scalars(statement as typeof people).all()).map(shown);
    };
    expect(await read(people.where(Coder.c.language.isNotNull()))).toEqual(ALL.slice(1, 3));
    expect(await read(people.where(Coder.c.language.isNull()))).toEqual([]);
    expect(await read(select(Person).selectFrom(Firm).join(Firm.c.staff).orderBy(Person.c.id))).toEqual(ALL);
    const other = aliased(Person, "other");
    expect(await read(select(other).orderBy(other.c.id))).toEqual(ALL);
    expect(await read(people.join(Person.c.firm).where(Firm.c.id.eq(1)))).toEqual(ALL);
    expect(
      await session.execute(select(Person, Coder.c.language).where(Coder.c.id.eq(Person.c.id))).all(),
    ).toHaveLength(2);
  });
  it("are refused where they mean nothing", () => {
    const Other = declarativeBase();
    const base = (options: object) =>
      Other("Animal", { id: integer().primaryKey(), kind: string(10) }, {
        polymorphicOn: "kind",
        identity: "animal",
        ...options,
      } as never);
    expect(() => inspectable(base({ polymorphicLoad: "inline" }))).toThrow(/Animal is none.*withPolymorphic: "\*"/);
    const Again = declarativeBase();
    class Root extends Again(
      "Root",
      { id: integer().primaryKey(), kind: string(10) },
      {
        polymorphicOn: "kind",
        identity: "root",
      },
    ) {}
    class Leaf extends Root.subclass("Leaf", {}, { identity: "leaf", polymorphicLoad: "inlin" as never }) {}
    expect(() => select(Leaf).compile()).toThrow(/polymorphicLoad is "inline" or "selectin", not "inlin"/);
  });
});
/** Uses a class for the first time, so that it is mapped. */
function inspectable(model: unknown): unknown {
  return select(class extends (model as typeof Person) {} as typeof Person).compile();
}
