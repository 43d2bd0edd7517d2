/** Association proxies: lists, references, maps, chains, and their SQL side. */
import { integer, select, string } from "@athanor/core";
import {
  association,
  associationMap,
  associationProxy,
  declarativeBase,
  manyToOne,
  oneToMany,
  oneToOne,
  Session,
  selectinLoad,
  setAssociation,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording, taken } from "../session/support.js";

const Base = declarativeBase();
class Person extends Base("Person", {
  id: integer().primaryKey(),
  name: string(40),
  get labels() {
    return oneToMany(Label, { backPopulates: "person", cascade: "all, delete-orphan", orderBy: "id" });
  },
  get letters() {
    return oneToMany(Label, { lazy: "dynamic", viewOnly: true });
  },
  get profile() {
    return oneToOne(Profile, { backPopulates: "person" });
  },
}) {
  get words() {
    return associationProxy(this, Person.c.labels, "word", { create: (word: string) => new Label({ word }) });
  }
  get notes() {
    return associationProxy(this, Person.c.letters as never, "word" as never);
  }
  get subjects() {
    return associationProxy(this, Person.c.labels, "subject");
  }
  get topics() {
    return associationProxy(this, Person.c.labels, "topic");
  }
  get ranks() {
    return associationMap(this, Person.c.labels, {
      key: "word",
      value: "rank",
      create: (word, rank) => new Label({ word, rank }),
    });
  }
  get motto() {
    return associationProxy(this, Person.c.profile, "motto") as string | null;
  }
  set motto(value: string | null) {
    setAssociation(this, Person.c.profile, "motto", value, { create: (motto: string) => new Profile({ motto }) });
  }
  static get words() {
    return association(Person.c.labels, "word");
  }
  static get topics() {
    return association(Person.c.labels, "topic");
  }
  static get motto() {
    return association(Person.c.profile, "motto");
  }
}
class Label extends Base("Label", {
  id: integer().primaryKey(),
  word: string(40),
  rank: integer().nullable(),
  personId: integer().references("person.id"),
  subjectId: integer().nullable().references("subject.id"),
  get person() {
    return manyToOne(Person, { backPopulates: "labels" });
  },
  get subject() {
    return manyToOne(Subject);
  },
}) {
  get topic() {
    return associationProxy(this, Label.c.subject, "title");
  }
  static get topic() {
    return association(Label.c.subject, "title");
  }
}
class Subject extends Base("Subject", { id: integer().primaryKey(), title: string(40) }) {}
class Profile extends Base("Profile", {
  id: integer().primaryKey(),
  motto: string(40).nullable(),
  personId: integer().nullable().references("person.id"),
  get person() {
    return manyToOne(Person, { backPopulates: "profile" });
  },
}) {}

describeEachDatabase("association proxies", (target) => {
  const db = recording(target, Base.metadata);
  const amy = async () => {
    await using session = new Session(db.engine);
    const person = new Person({ name: "amy" });
    person.words.push("red", "blue");
    session.add(person);
    await session.commit();
  };

  it("push and remove make and drop the objects in between, live in both directions", async () => {
    await amy();
    await using session = new Session(db.engine);
    const person = await session.scalars(select(Person)).one();
    const words = await person.words;
    expect([...words]).toEqual(["red", "blue"]);
    (await person.labels).push(new Label({ word: "green" }));
    expect(words.toArray()).toEqual(["red", "blue", "green"]);
    words.remove("red");
    words.push("black");
    expect(words.length).toBe(3);
    expect((await person.labels).map((l) => l.word)).toEqual(["blue", "green", "black"]);
    taken(db);
    await session.commit();
    expect(taken(db)).toEqual(["INSERT label", "DELETE label"]);
    expect(() => words.remove("none")).toThrow(/no Label in Person.labels has word none/);
    const [kept] = await person.labels;
    words.replace(["blue", "white"]);
    expect((await person.labels)[0]).toBe(kept);
    await session.commit();
    expect(JSON.stringify({ words })).toBe('{"words":["blue","white"]}');
  });
  it("values may be added while nothing is loaded", async () => {
    await amy();
    await using session = new Session(db.engine);
    const person = await session.scalars(select(Person)).one();
    person.words.push("late");
    expect(() => person.words.remove("red")).toThrow(/Await it first/);
    await session.commit();
    await session.refresh(person);
    expect([...(await person.words)]).toEqual(["red", "blue", "late"]);
    expect(() => person.subjects.push(new Subject({ title: "x" }))).toThrow(/makes no objects/);
  });
  it("proxies of proxies load level by level, one statement each", async () => {
    await using session = new Session(db.engine);
    const subjects = ["sea", "sky"].map((title) => new Subject({ title }));
    for (const name of ["a", "b"]) {
      const person = new Person({ name });
      person.labels.push(...subjects.map((subject, i) => new Label({ word: `${name}${i}`, subject })));
      session.add(person);
    }
    await session.commit();
    session.expungeAll();
    let count = 0;
    const stop = db.engine.on("statement", ({ sql }) => void (/^SELECT/.test(sql) && count++));
    const people = await session.scalars(select(Person).orderBy(Person.c.id)).all();
    const topics = await Promise.all(people.map(async (p) => [...(await p.topics)]));
    expect(topics).toEqual([
      ["sea", "sky"],
      ["sea", "sky"],
    ]);
    expect(count).toBe(3);
    stop();
    const found = await session.scalars(select(Person).where(Person.topics.contains("sky")).orderBy(Person.c.id)).all();
    expect(found).toEqual(people);
  });
  it("a collection that is a query is told to be asked", () => {
    expect(() => new Person({ name: "x" }).notes).toThrow(/Person.letters is mapped with lazy: "dynamic".*withParent/);
  });
  it("scalars read and write through a reference", async () => {
    await amy();
    await using session = new Session(db.engine);
    const person = await session.scalars(select(Person).options(selectinLoad(Person.c.profile))).one();
    expect(person.motto).toBeNull();
    person.motto = "onwards";
    await session.commit();
    expect(await session.scalars(select(Person.c.name).where(Person.motto.eq("onwards"))).all()).toEqual(["amy"]);
    person.motto = null;
    await session.commit();
    expect(await session.scalars(select(Profile.c.motto)).all()).toEqual([null]);
  });
  it("null in criteria finds who has no object in between, too; ne() asks for another value", async () => {
    await using session = new Session(db.engine);
    session.addAll([
      new Person({ name: "none" }),
      new Person({ name: "null", profile: new Profile({ motto: null }) }),
      new Person({ name: "some", profile: new Profile({ motto: "x" }) }),
    ]);
    await session.flush();
    const named = (criterion: ReturnType<typeof Person.motto.eq>) =>
      session.scalars(select(Person.c.name).where(criterion).orderBy(Person.c.name)).all();
    expect(await named(Person.motto.eq(null))).toEqual(["none", "null"]);
    expect(await named(Person.motto.eq("x"))).toEqual(["some"]);
    expect(await named(Person.motto.ne("y"))).toEqual(["some"]);
    expect(await named(Person.motto.ne(null))).toEqual(["some"]);
    expect(await named(Person.motto.has(Profile.c.motto.isNull()))).toEqual(["null"]);
  });
  it("criteria ask for a member with the value", async () => {
    await amy();
    await using session = new Session(db.engine);
    expect(await session.scalars(select(Person.c.name).where(Person.words.contains("red"))).all()).toEqual(["amy"]);
    expect(await session.scalars(select(Person.c.name).where(Person.words.contains("pink"))).all()).toEqual([]);
    expect(() => association(Person.c.labels, "wort" as "word")).toThrow(/Did you mean 'word'/);
  });
  it("a collection reads as a map", async () => {
    await amy();
    await using session = new Session(db.engine);
    const person = await session.scalars(select(Person)).one();
    const ranks = await person.ranks;
    ranks.set("red", 1).set("new", 7);
    expect(ranks.delete("blue")).toBe(true);
    await session.commit();
    await session.refresh(person);
    expect((await person.ranks).toJSON()).toEqual({ red: 1, new: 7 });
    expect((await person.ranks).get("new")).toBe(7);
  });
});
