/** What a newcomer types wrong: the message names the culprit and the way out, and nothing is silently ignored. */
import { createEngine, func, insert, integer, select, string, update } from "@athanor/core";
import { declarativeBase, inspect, manyToOne, oneToMany, Session } from "@athanor/orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const Base = declarativeBase();
class Writer extends Base("Writer", {
  id: integer().primaryKey(),
  name: string(20),
  get poems() {
    return oneToMany(Poem, { backPopulates: "writer", cascade: "all, delete-orphan" });
  },
}) {}
class Poem extends Base("Poem", {
  id: integer().primaryKey(),
  title: string(20),
  writerId: integer().nullable().references("writer.id"),
  get writer() {
    return manyToOne(Writer, { backPopulates: "poems" });
  },
}) {}
class Verse extends Base(
  "Verse",
  { poemId: integer().references("poem.id"), place: integer() },
  { primaryKey: ["poemId", "place"] },
) {}

describe("misuse of a session", () => {
  const engine = createEngine("sqlite://");
  beforeAll(async () => {
    await Base.metadata.createAll(engine);
    await using session = new Session(engine);
    session.add(new Writer({ name: "amy", poems: [new Poem({ title: "sun" })] }));
    await session.commit();
  });
  afterAll(() => engine.dispose());

  it("says what stands where an object belongs", async () => {
    await using session = new Session(engine);
    const wrong = (value: unknown) => () => session.add(value as object);
    expect(wrong({ name: "x" })).toThrow("add(): a mapped object is needed, not a plain object.");
    expect(wrong(Writer)).toThrow("not the class Writer.");
    expect(wrong(session.get(Writer, 1))).toThrow("not a promise (await it).");
    expect(wrong([new Writer()])).toThrow("not an array. Use addAll() for several.");
    expect(() => session.addAll(new Writer() as never)).toThrow(
      "addAll(): a list of mapped objects is needed, not a Writer. Use add() for one.",
    );
    const poem = new Poem({ title: "rain" });
    expect(() => Object.assign(poem, { writer: session.get(Writer, 1) })).toThrow(
      "Poem.writer takes objects of Writer, but a promise (await it) was given.",
    );
    expect(() => Object.assign(poem, { writer: 1 })).toThrow("but the number 1 was given.");
    expect(() => Object.assign(poem, { writer: undefined })).toThrow("Poem.writer = undefined: give null for none.");
  });
  it("refuses options, keys and attributes it does not know", async () => {
    await using session = new Session(engine);
    const get = (id: unknown, options?: object) => session.get(Writer, id as number, options as {});
    await expect(get(1, { popluateExisting: true })).rejects.toThrow("Did you mean 'populateExisting'?");
    await expect(get({ ID: 1 })).rejects.toThrow(
      "the key of Writer is { id }, but { ID } was given. Did you mean 'id'?",
    );
    await expect(session.get(Verse, [1, undefined as unknown as number])).rejects.toThrow(
      "get(): 'place' of the key of Verse is undefined.",
    );
    const amy = await session.getOne(Writer, 1);
    await expect(session.refresh(amy, "name" as never)).rejects.toThrow(
      'a list, such as ["name"], not the string "name"',
    );
    expect(() => session.expire(amy, "name" as never)).toThrow('a list, such as ["name"]');
    await expect(session.upsert(Writer, [{ id: 1, name: "x" }], { target: ["nmae" as "name"] })).rejects.toThrow(
      "Did you mean 'name'?",
    );
  });
  it("says what stands where a value, a column or a criterion belongs in a statement", async () => {
    await using session = new Session(engine);
    const amy = await session.getOne(Writer, 1);
    const { id } = Writer.c;
    const object =
      /<Writer 1>, an object of Writer, cannot stand for a value: give one of its attributes, as in Writer\.c/;
    const promise = session.get(Writer, 1);
    const anything = (value: unknown) => value as never;
    expect(() => select(anything(amy))).toThrow(
      "select(): <Writer 1>, an object of Writer, cannot be selected: select its class, select(Writer).",
    );
    expect(() => select(id, anything(promise))).toThrow("select(): A promise cannot be selected: await it first.");
    expect(() => select(anything(() => id))).toThrow(/A function cannot be selected: call it/);
    for (const wrong of [
      () => id.eq(anything(amy)),
      () => id.in([1, anything(amy)]),
      () => id.between(1, anything(amy)),
      () => id.add(anything(amy)),
      () => func.lower(anything(amy)),
      () => insert(Poem).values({ title: "x", writerId: anything(amy) }),
      () => insert(Poem).values([{ title: "x" }, { title: anything(amy) }]),
      () => update(Poem).set({ writerId: anything(amy) }),
      () => select(Writer).where(anything(amy)),
      () => select(Writer).orderBy(anything(amy)),
      () => select(Writer).filterBy(anything({ id: amy })),
    ])
      expect(wrong).toThrow(object);
    expect(() => insert(Poem).values({ title: "x", writerId: anything(amy) })).toThrow(
      /^insert\(\): 'writerId' in row 0: /,
    );
    expect(() => id.eq(anything(promise))).toThrow("A promise cannot stand for a value: await it first.");
    expect(() => id.in([anything(promise)])).toThrow("in(): A promise");
    expect(() => id.eq(anything(Writer))).toThrow(
      "The class Writer cannot stand for a value: name one of its columns, Writer.c.",
    );
    expect(() => id.eq(anything(Math.max))).toThrow("The function max cannot stand for a value: call it.");
    expect(() => id.eq(anything(Symbol("x")))).toThrow("Symbol(x) cannot stand for a value");
    expect(() => select(Writer).where(anything(Writer))).toThrow(
      /A criterion is an expression .*: The class Writer cannot/,
    );
    expect(() => insert(Poem).values({ title: anything(Symbol("x")) })).toThrow(/'title' in row 0: Symbol\(x\)/);
    await expect(session.get(Writer, anything(amy))).rejects.toThrow(object);
    await expect(session.execute(insert(Poem), [{ title: anything(amy) }] as never)).rejects.toThrow(object);
    await promise;
  });
  it("is not made of a promise, a URL or nothing", () => {
    for (const [wrong, told] of [
      [undefined, "not undefined"],
      ["sqlite://", 'not the string "sqlite://"'],
      [Promise.resolve(engine), "not a promise (await it)"],
    ] as const)
      expect(() => new Session(wrong as never)).toThrow(told);
  });
});

describe("an object marked for deletion", () => {
  const engine = createEngine("sqlite://");
  beforeAll(() => Base.metadata.createAll(engine));
  afterAll(() => engine.dispose());

  it("stays marked when a new object that refers to it is added; add() of itself takes it back", async () => {
    await using session = new Session(engine);
    const bob = new Writer({ name: "bob", poems: [new Poem({ title: "old" })] });
    session.add(bob);
    await session.commit();
    await bob.poems;
    await session.delete(bob);
    session.add(new Poem({ title: "late", writer: bob }));
    expect(session.deleted.has(bob)).toBe(true);
    await session.flush();
    expect(await session.scalar(select(func.count(Writer.c.id)))).toBe(0);
    await session.rollback();

    await session.delete(bob);
    session.add(bob);
    expect(session.deleted.size).toBe(0);
    await session.flush();
    expect(await session.scalar(select(func.count(Poem.c.id)))).toBe(1);
  });

  it("stays marked when an object of the session is made to refer to it; an owner that takes it in spares it", async () => {
    await using session = new Session(engine, { autoflush: false });
    const [ann, poem, other] = [new Writer({ name: "ann" }), new Poem({ title: "free" }), new Poem({ title: "taken" })];
    session.addAll([ann, poem, other]);
    await session.flush();
    await session.delete(ann);
    poem.writer = ann;
    expect(session.deleted.has(ann)).toBe(true);
    poem.writer = null;
    await session.delete(other);
    const eve = new Writer({ name: "eve" });
    session.add(eve);
    eve.poems.push(other);
    expect([...session.deleted]).toEqual([ann]);
    await session.flush();
    expect([inspect(ann).state, inspect(other).state, other.writerId === eve.id]).toEqual([
      "deleted",
      "persistent",
      true,
    ]);
    await session.rollback();
  });
});
