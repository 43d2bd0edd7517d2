/** Classes told apart by an SQL expression instead of a column: with an attribute that has it, and without one. */
import { caseOf, func, insert, integer, select, sql, string } from "@athanor/core";
import {
  aliased,
  declarativeBase,
  discriminatedBy,
  joinedLoad,
  manyToOne,
  oneToMany,
  Session,
  selectinLoad,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { describe, expect, it } from "vitest";
import { setUp } from "./blog.js";

const Base = declarativeBase();
class Team extends Base("Team", {
  id: integer().primaryKey(),
  get people() {
    return oneToMany(Person, { backPopulates: "team", orderBy: "id" });
  },
}) {}
class Person extends Base(
  "Person",
  {
    id: integer().primaryKey(),
    code: string(20),
    teamId: integer().nullable().references("team.id"),
    get kind() {
      return string(20).subclasses(Boss, Coder);
    },
    get team() {
      return manyToOne(Team, { backPopulates: "people" });
    },
  },
  {
    polymorphicOn: discriminatedBy("kind", (c) =>
      caseOf(func.substr(c.code, 1, 1))
        .when("B", "boss")
        .when("C", "coder")
        .when("X", "alien")
        .else("person"),
    ),
    identity: "person",
  },
) {}
class Boss extends Person.subclass("Boss", { level: integer().nullable() }, { identity: "boss" }) {}
class Coder extends Person.subclass("Coder", { language: string(20).nullable() }, { identity: "coder" }) {}

const Joined = declarativeBase();
class Item extends Joined(
  "Item",
  { id: integer().primaryKey(), isbn: string(20) },
  { polymorphicOn: discriminatedBy((c) => func.substr(c.isbn, 1, 1)), identity: "i" },
) {}
class Book extends Item.subclass("Book", { pages: integer() }, { identity: "b", tableName: "book" }) {
  static {
    this.register();
  }
}

const plain = (statement: unknown) => String(statement).replace(/\s+/g, " ");
const KIND = "CASE substr(person.code, ?, ?) WHEN ? THEN ? WHEN ? THEN ? WHEN ? THEN ? ELSE ? END";

describe("the SQL of a discriminator that is an expression", () => {
  it.each<[string, () => unknown, string]>([
    ["its attribute", () => select(Person.c.kind), `SELECT ${KIND} AS kind FROM person`],
    ["a subclass", () => select(Coder.c.language), `SELECT person.language FROM person WHERE ${KIND} IN (?)`],
    [
      "a subclass joined",
      () => select(Team.c.id).join(Team.c.people.ofType(Boss)),
      `SELECT team.id FROM team JOIN person ON team.id = person.team_id AND ${KIND} IN (?)`,
    ],
    [
      "an alias",
      () => select(aliased(Boss, "b").c.level),
      `SELECT b.level FROM person AS b WHERE ${KIND.replaceAll("person.", "b.")} IN (?)`,
    ],
    ["an INSERT", () => insert(Coder).values({ code: "C-1" }), "INSERT INTO person (code) VALUES (?)"],
  ])("%s", (_, made, expected) => {
    expect(plain(made())).toBe(expected);
  });
  it("is no column of the table, and cannot be set", () => {
    expect(Base.metadata.sortedTables.at(-1)?.columns.map((c) => c.columnName)).toEqual([
      "id",
      "code",
      "team_id",
      "level",
      "language",
    ]);
    expect(() => new Coder({ kind: "coder" })).toThrow(/Coder.kind is an SQL expression and read only/);
    expect(new Coder({ code: "C-9" }).kind).toBe("coder");
  });
});

describeEachDatabase("a discriminator that is an expression", (target) => {
  const at = setUp(target, Base.metadata, async (engine) => {
    await using session = new Session(engine);
    const team = new Team({ id: 1 });
    session.add(
      new Person({ id: 1, code: "P-1", team }),
      new Boss({ id: 2, code: "B-1", level: 3, team }),
      new Coder({ id: 3, code: "C-1", language: "ts", team }),
    );
    await session.commit();
  });
  it("gives each row its class, and a subclass its rows", async () => {
    await using session = new Session(at.engine);
    const people = await session.scalars(select(Person).orderBy(Person.c.id)).all();
    expect(people.map((p) => [p.constructor, p.kind])).toEqual([
      [Person, "person"],
      [Boss, "boss"],
      [Coder, "coder"],
    ]);
    expect(people.flatMap((p) => (p.kind === "coder" ? [p.language] : []))).toEqual(["ts"]);
    session.expungeAll();
    const [coder] = await session.scalars(select(Coder)).all();
    expect([coder!.kind, coder!.language]).toEqual(["coder", "ts"]);
    expect(await session.get(Boss, 3)).toBeNull();
    expect((await session.get(Person, 2))?.constructor).toBe(Boss);
    expect(await session.query(Coder).count()).toBe(1);
    expect(await session.scalars(select(Person.c.id).where(Person.c.kind.eq("boss"))).all()).toEqual([2]);
  });
  it("loads through relationships, under a limit, and through a subquery", async () => {
    for (const how of [joinedLoad, selectinLoad]) {
      await using session = new Session(at.engine);
      const [team] = await session.scalars(select(Team).options(how(Team.c.people)).limit(1)).all();
      expect(team!.people.map((p) => p.constructor)).toEqual([Person, Boss, Coder]);
    }
    await using session = new Session(at.engine);
    const statement = select(Person).options(joinedLoad(Person.c.team)).orderBy(Person.c.id).limit(2);
    expect((await session.scalars(statement).all()).map((p) => p.constructor)).toEqual([Person, Boss]);
    const sub = aliased(Person, select(Person).where(Person.c.id.gt(1)).subquery("s"));
    session.expungeAll();
    expect((await session.scalars(select(sub).orderBy(sub.c.id)).all()).map((p) => p.constructor)).toEqual([
      Boss,
      Coder,
    ]);
  });
  it("follows the columns that are written", async () => {
    await using session = new Session(at.engine);
    const coder = (await session.get(Coder, 3))!;
    expect(await session.query(Coder).update({ language: "rust" })).toBe(1);
    expect(coder.language).toBe("rust");
    session.expungeAll();
    await session.execute(sql`update person set code = ${"B-9"} where id = ${3}`);
    expect((await session.get(Person, 3))?.constructor).toBe(Boss);
    expect(await session.query(Coder).delete()).toBe(0);
    expect(await session.query(Boss).delete()).toBe(2);
  });
  it("names a value nobody stands for, and a statement that does not say it", async () => {
    await using session = new Session(at.engine);
    await session.execute(insert(Person).values({ id: 9, code: "X-1" }));
    await expect(session.scalars(select(Person)).all()).rejects.toThrow(/"alien".*person, boss, coder/);
    const bare = select(Person.c.id, Person.c.code);
    await expect(session.scalars(select(Person).fromStatement(bare)).all()).rejects.toThrow(/column 'kind'/);
    const told = select(Person.c.id, Person.c.code, Person.c.teamId, Person.c.kind).where(Person.c.id.eq(2));
    expect((await session.scalars(select(Person).fromStatement(told)).all()).map((p) => p.constructor)).toEqual([Boss]);
  });
  it("tells the objects of RETURNING", async () => {
    if (!at.engine.dialect.capabilities.returning.insert) return;
    await using session = new Session(at.engine);
    const made = await session
      .scalars(
        insert(Person)
          .values([
            { id: 11, code: "C-2" },
            { id: 12, code: "B-2" },
          ])
          .returning(Person),
      )
      .all();
    expect(made.map((p) => [p.constructor, p.code])).toEqual([
      [Coder, "C-2"],
      [Boss, "B-2"],
    ]);
  });
});
describeEachDatabase("a discriminator without an attribute", (target) => {
  const at = setUp(target, Joined.metadata, async (engine) => {
    await using session = new Session(engine);
    session.add(new Item({ id: 1, isbn: "i1" }), new Book({ id: 2, isbn: "b2", pages: 7 }));
    await session.commit();
  });
  it("gives joined classes by a function of a column", async () => {
    await using session = new Session(at.engine);
    const items = await session.scalars(select(Item).orderBy(Item.c.id)).all();
    expect(items.map((i) => [i.constructor, i.isbn])).toEqual([
      [Item, "i1"],
      [Book, "b2"],
    ]);
    expect((items[1] as Book).pages).toBe(7);
    session.expungeAll();
    expect((await session.scalars(select(Book)).all()).map((b) => b.pages)).toEqual([7]);
    const book = (await session.get(Item, 2)) as Book;
    expect(book).toBeInstanceOf(Book);
    await session.refresh(book);
    expect([book.isbn, book.pages]).toEqual(["b2", 7]);
  });
  it("names what no class stands for", async () => {
    await using session = new Session(at.engine);
    await session.execute(sql`insert into item (id, isbn) values (${3}, ${"z3"})`);
    await expect(session.scalars(select(Item)).all()).rejects.toThrow(/discriminator "z".*i, b/);
  });
});
