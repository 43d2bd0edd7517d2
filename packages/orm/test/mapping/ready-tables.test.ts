/** Models over what is there already: tables, views, subqueries; parts of them; several classes over one. */
import { func, integer, select, sql, string, table } from "@athanor/core";
import { aliased, declarativeBase, join, manyToOne, mapperOf, oneToMany, Session, selectinLoad } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, beforeEach, expect, it } from "vitest";
import { recording, taken } from "../session/support.js";

const Base = declarativeBase();
const people = table(
  "people",
  {
    id: integer().primaryKey(),
    name: string(20),
    secret: string(20).nullable(),
    bossId: integer().nullable().references("people.id"),
  },
  { metadata: Base.metadata },
);
const notes = table(
  "notes",
  { id: integer().primaryKey(), text: string(20), personId: integer().references("people.id") },
  { metadata: Base.metadata },
);
class Person extends Base(
  "Person",
  {
    id: integer().primaryKey(),
    name: string(20),
    bossId: integer().nullable(),
    get notes() {
      return oneToMany(Note, { backPopulates: "person", orderBy: "id" });
    },
  },
  { table: people, excludeProperties: ["secret"] },
) {}
class Note extends Base(
  "Note",
  {
    id: integer().primaryKey(),
    text: string(20),
    personId: integer(),
    get person() {
      return manyToOne(Person, { backPopulates: "notes" });
    },
  },
  { table: notes },
) {}
/** A second class over the same table: only the name. */
class NameTag extends Base(
  "NameTag",
  { id: integer().primaryKey(), name: string(20) },
  { table: people, includeProperties: ["name"] },
) {}
/** A view has no key of its own. */
const personView = table("person_view", { id: integer(), name: string(20) }, { metadata: declarativeBase().metadata });
class Viewed extends Base(
  "Viewed",
  { id: integer(), name: string(20) },
  { table: personView, primaryKey: ["id"], confirmDeletedRows: false },
) {}
const counted = select(people.c.id.as("id"), people.c.name.as("name"), func.count(notes.c.id).as("noteCount"))
  .selectFrom(people)
  .outerJoin(notes, notes.c.personId.eq(people.c.id))
  .groupBy(people.c.id, people.c.name)
  .subquery("counted");
class Counted extends Base(
  "Counted",
  { id: integer(), name: string(20), noteCount: integer() },
  { table: counted, primaryKey: ["id"] },
) {}
const pairs = select(
  people.c.id.as("personId"),
  notes.c.id.as("noteId"),
  people.c.name.as("name"),
  notes.c.text.as("text"),
)
  .selectFrom(join(people, notes, notes.c.personId.eq(people.c.id)))
  .subquery();
class Pair extends Base(
  "Pair",
  { personId: integer(), noteId: integer(), name: string(20), text: string(20) },
  { table: pairs, primaryKey: ["personId", "noteId"] },
) {}

let warnings: string[];
const hear = (warning: Error & { code?: string }) => void warnings.push(String(warning.code));
beforeEach(() => {
  warnings = [];
  process.on("warning", hear);
});
afterEach(() => process.off("warning", hear));

describeEachDatabase("models over ready tables", (target) => {
  const db = recording(target, Base.metadata);
  const seeded = async () => {
    const session = new Session(db.engine);
    session.add(
      new Person({ id: 1, name: "amy", notes: [new Note({ id: 1, text: "x" }), new Note({ id: 2, text: "y" })] }),
    );
    session.add(new Person({ id: 2, name: "bob" }));
    await session.commit();
    session.expungeAll();
    taken(db);
    return session;
  };

  it("a table made by table() is mapped with relationships, without the columns left out", async () => {
    await using session = await seeded();
    const amy = await session
      .scalars(select(Person).where(Person.c.id.eq(1)).options(selectinLoad(Person.c.notes)))
      .one();
    expect(amy.notes.map((n) => n.text)).toEqual(["x", "y"]);
    expect(mapperOf(Person).keys).toEqual(["id", "name", "bossId", "notes"]);
    expect("secret" in amy).toBe(false);
    amy.name = "ann";
    await session.commit();
    expect(taken(db)).toEqual(["UPDATE people"]);
  });
  it("two classes over one table are two objects of one row", async () => {
    await using session = await seeded();
    const tag = (await session.get(NameTag, 1))!;
    const amy = (await session.get(Person, 1))!;
    expect(tag).not.toBe(amy);
    tag.name = "tag";
    await session.commit();
    await session.refresh(amy);
    expect(amy.name).toBe("tag");
    expect(mapperOf(NameTag).keys).toEqual(["id", "name"]);
  });
  it("a view is read by the key the class names", async () => {
    await using session = await seeded();
    await session.execute(sql`create view person_view as select id, name from people`);
    await session.commit();
    try {
      expect((await session.get(Viewed, [2]))?.name).toBe("bob");
      const all = await session.scalars(select(Viewed).orderBy(Viewed.c.name)).all();
      expect(all.map((v) => v.name)).toEqual(["amy", "bob"]);
      await session.rollback();
    } finally {
      await session.execute(sql`drop view person_view`);
      await session.commit();
    }
  });
  it("a subquery, an aggregate or a join, is a read-only model", async () => {
    await using session = await seeded();
    const rows = await session.scalars(select(Counted).where(Counted.c.noteCount.lt(9)).orderBy(Counted.c.id)).all();
    expect(rows.map((r) => [r.name, Number(r.noteCount)])).toEqual([
      ["amy", 2],
      ["bob", 0],
    ]);
    expect(await session.get(Counted, [1])).toBe(rows[0]);
    const other = aliased(Counted, "other");
    const less = select(Counted, other).join(other, other.c.noteCount.lt(Counted.c.noteCount));
    expect((await session.execute(less)).map((r) => [r[0].name, r[1].name])).toEqual([["amy", "bob"]]);
    expect(
      (await session.scalars(select(Pair).orderBy(Pair.c.noteId)).all()).map((p) => `${p.name}:${p.text}`),
    ).toEqual(["amy:x", "amy:y"]);
    rows[0]!.name = "changed";
    await expect(session.flush()).rejects.toThrow(/Counted is read from a subquery, so nothing can be written/);
    await session.rollback();
  });
  it("confirmDeletedRows: a row that is gone already is told, or not", async () => {
    await using session = await seeded();
    const bob = (await session.get(Person, 2))!;
    await session.execute(sql`delete from people where id = 2`);
    await session.delete(bob);
    await session.flush();
    await new Promise((done) => setImmediate(done));
    expect(warnings).toEqual(["ATHANOR_STALE_DELETE"]);
    await session.rollback();
    const Quiet = declarativeBase();
    class Still extends Quiet(
      "Still",
      { id: integer().primaryKey(), name: string(20) },
      { table: people, includeProperties: ["name"], confirmDeletedRows: false },
    ) {}
    const still = (await session.get(Still, 2))!;
    await session.execute(sql`delete from people where id = 2`);
    await session.delete(still);
    await session.flush();
    await new Promise((done) => setImmediate(done));
    expect(warnings).toEqual(["ATHANOR_STALE_DELETE"]);
    await session.rollback();
  });
});

it("a table or subquery without a key has to be given one", () => {
  const Fresh = declarativeBase();
  const bare = table("bare", { a: integer() }, { metadata: Fresh.metadata });
  expect(() => mapperOf(Fresh("Bare", { a: integer() }, { table: bare }))).toThrow(
    /'bare' has none; say which columns/,
  );
  expect(() => declarativeBase()("Sub", { a: integer() }, { table: select(bare.c.a).subquery() })).toThrow(
    /read from a subquery, which has no primary key/,
  );
});
