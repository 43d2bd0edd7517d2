/** Lists of rows, upserts, and hierarchies over several tables in ORM-enabled INSERT, UPDATE and DELETE. */
import {
  ArgumentError,
  createEngine,
  deleteFrom,
  func,
  InvalidRequestError,
  insert,
  integer,
  select,
  string,
  update,
} from "@athanor/core";
import { declarativeBase, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { setUp } from "./blog.js";

const Base = declarativeBase();
class User extends Base("User", {
  id: integer().primaryKey(),
  email: string(40).unique(),
  name: string(40).nullable(),
  visits: integer().serverDefault("0"),
}) {}
class Staff extends Base(
  "Staff",
  {
    id: integer().primaryKey(),
    get kind() {
      return string(20).subclasses(Boss, Coder);
    },
    name: string(40),
    pay: integer().nullable(),
  },
  { polymorphicOn: "kind", identity: "staff" },
) {}
class Boss extends Staff.subclass("Boss", { level: integer().nullable() }, { identity: "boss", tableName: "boss" }) {}
class Coder extends Staff.subclass("Coder", { language: string(20).nullable() }, { identity: "coder" }) {}

const email = (n: number) => ({ email: `u${n}@x` });

describeEachDatabase("lists of rows", (target) => {
  const at = setUp(target, Base.metadata, async (engine) => {
    await using connection = await engine.connect();
    for (const n of [1, 2, 3, 4]) await connection.execute(insert(User).values({ id: n, ...email(n), name: `n${n}` }));
    await connection.commit();
  });
  const rows = (session: Session) =>
    session.execute(select(User.c.id, User.c.name, User.c.visits).orderBy(User.c.id)).all();

  it("insert without RETURNING splits into runs of equal keys too", async () => {
    await using session = new Session(at.engine);
    const list = [
      { id: 11, ...email(11), name: "a" },
      { id: 12, ...email(12), name: func.lower("B" as never) },
      { id: 13, ...email(13) },
      { ...email(14), id: 14, name: "d" },
    ];
    expect(await session.execute(insert(User), list).rowCount()).toBe(4);
    expect(at.ran.kinds).toEqual(["INSERT user", "INSERT user", "INSERT user"]);
    expect((await rows(session)).slice(4).map((r) => [...r])).toEqual([
      [11, "a", 0],
      [12, "b", 0],
      [13, null, 0],
      [14, "d", 0],
    ]);
    expect(await session.bulkInsertMappings(User, [{ id: 15, ...email(15) }])).toBe(1);
    expect(await session.bulkInsertMappings(User, [])).toBe(0);
  });
  it("renderNulls: false leaves null to the defaults of the database", async () => {
    await using session = new Session(at.engine);
    const list = [
      { id: 21, ...email(21), visits: null },
      { id: 22, ...email(22), visits: 7 },
    ];
    await session.execute(insert(User).executionOptions({ renderNulls: false }), list as never);
    expect((await rows(session)).slice(-2).map((r) => r[2])).toEqual([0, 7]);
  });
  it("dmlStrategy: raw leaves the objects alone, names and shapes are checked", async () => {
    await using session = new Session(at.engine);
    const one = (await session.get(User, 1))!;
    await session.execute(
      update(User).set({ name: "raw" }).where(User.c.id.eq(1)).executionOptions({ dmlStrategy: "raw" }),
    );
    expect(one.name).toBe("n1");
    expect(await session.scalar(select(User.c.name).where(User.c.id.eq(1)))).toBe("raw");
    const run = (dmlStrategy: string, list?: object[]) =>
      session.execute(insert(User).executionOptions({ dmlStrategy }), list as never).all();
    await expect(run("bulk")).rejects.toThrow(/list of rows/);
    await expect(run("orm", [{ id: 31, ...email(31) }])).rejects.toThrow(/values\(\)/);
    await expect(run("bulc", [])).rejects.toThrow(/'bulk'/);
    await run("bulk", [{ id: 31, ...email(31) }]);
    await run("raw", [{ id: 32, ...email(32) }]);
    expect(await session.scalar(select(func.count()).selectFrom(User))).toBe(6);
  });
  it("update by primary key: one text per shape, objects follow", async () => {
    await using session = new Session(at.engine);
    const users = await session.scalars(select(User).orderBy(User.c.id)).all();
    at.ran.clear();
    const matched = await session
      .execute(update(User), [
        { id: 1, name: "one" },
        { id: 2, name: "two" },
        { id: 3, visits: 5 },
        { id: 4, visits: func.abs(-6 as never) },
      ])
      .rowCount();
    expect(matched).toBe(4);
    expect(new Set(at.ran.work).size).toBe(3);
    expect(users.map((u) => u.name)).toEqual(["one", "two", "n3", "n4"]);
    expect(users[2]!.visits).toBe(5);
    expect(session.dirty.size).toBe(0);
    expect((await rows(session)).map((r) => [...r])).toEqual([
      [1, "one", 0],
      [2, "two", 0],
      [3, "n3", 5],
      [4, "n4", 6],
    ]);
    expect(await session.bulkUpdateMappings(User, [{ id: 1, name: "again" }])).toBe(1);
    expect(users[0]!.name).toBe("again");
  });
  it("leaves objects alone when told so, and stale ones always", async () => {
    await using session = new Session(at.engine);
    const [one, two] = await session.scalars(select(User).orderBy(User.c.id)).all();
    await session.execute(update(User).executionOptions({ synchronizeSession: false }), [{ id: 1, name: "x" }]);
    expect(one!.name).toBe("n1");
    session.expire(two!);
    at.ran.clear();
    await session.execute(update(User), [{ id: 2, name: "x" }]);
    expect(at.ran.work).toHaveLength(1);
    await session.scalars(select(User)).all();
    expect(two!.name).toBe("x");
  });
  it("a row that is not there is told of, as a flush tells of it", async () => {
    await using session = new Session(at.engine);
    const rows = [
      { id: 1, name: "there" },
      { id: 999, name: "gone" },
    ];
    await expect(session.execute(update(User), rows).all()).rejects.toThrow(/1 of 2 rows were matched in 'user'/);
    await session.rollback();
  });
  it("says what a row lacks", async () => {
    await using session = new Session(at.engine);
    const run = (statement: unknown, list: object[]) => session.execute(statement as never, list as never).all();
    await expect(run(update(User), [{ id: 1, name: "x" }, { name: "y" }])).rejects.toThrow(/row 1 has no 'id'/);
    await expect(run(update(User), [{ id: 1, nmae: "x" }])).rejects.toThrow(/'name'/);
    await expect(run(update(User), [{ id: 1, name: undefined }])).rejects.toThrow(/undefined/);
    await expect(run(update(User).where(User.c.id.gt(1)), [{ id: 1, name: "x" }])).rejects.toThrow(InvalidRequestError);
    await expect(run(insert(User), [{ id: 1, nmae: "x" }])).rejects.toThrow(/name/);
  });
});

describeEachDatabase("upserts", (target) => {
  const at = setUp(target, Base.metadata, async (engine) => {
    await using connection = await engine.connect();
    for (const n of [1, 2]) await connection.execute(insert(User).values({ ...email(n), name: `n${n}`, visits: 3 }));
    await connection.commit();
  });

  it("give the session's objects, read anew, in the order of the rows", async () => {
    await using session = new Session(at.engine);
    const two = (await session.get(User, 2))!;
    at.ran.clear();
    const made = await session.upsert(
      User,
      [
        { ...email(7), name: "new" },
        { ...email(2), name: "changed" },
      ],
      { target: ["email"] },
    );
    expect(made.map((u) => [u.email, u.name, u.visits])).toEqual([
      ["u7@x", "new", 0],
      ["u2@x", "changed", 3],
    ]);
    expect(made[1]).toBe(two);
    expect(two.name).toBe("changed");
    expect(session.contains(made[0]!)).toBe(true);
    expect(at.ran.work).toHaveLength(target.capabilities.has("insertReturning") ? 1 : 2);
  });
  it("of chosen columns, or of none", async () => {
    await using session = new Session(at.engine);
    const [one] = await session.upsert(
      User,
      { ...email(1), name: "x", visits: 9 },
      { target: ["email"], set: ["visits"] },
    );
    expect([one!.id, one!.name, one!.visits]).toEqual([1, "n1", 9]);
    const [same, fresh] = await session.upsert(User, [email(1), email(8)], { target: ["email"] });
    expect(same).toBe(one);
    expect(fresh!.name).toBeNull();
  });
  it("are taken back by a rollback: of the transaction, and of a savepoint", async () => {
    await using session = new Session(at.engine);
    const [one, two] = [(await session.get(User, 1))!, (await session.get(User, 2))!];
    const write = (name: string) =>
      session.upsert(
        User,
        [
          { ...email(2), name },
          { ...email(7), name },
        ],
        { target: ["email"] },
      );
    const nested = await session.beginNested();
    const [, seven] = await write("inner");
    expect([two.name, seven!.name]).toEqual(["inner", "inner"]);
    await nested.rollback();
    expect([one.name, two.name]).toEqual(["n1", "n2"]);
    const { id } = seven!;
    await expect(session.refresh(seven!)).rejects.toThrow(/its row is gone/);
    expect(await session.get(User, id)).toBeNull();
    // A change of one's own before it, and one after it, go back with it.
    two.name = "mine";
    await write("outer");
    two.visits = 99;
    await session.rollback();
    expect([two.name, two.visits]).toEqual(["n2", 3]);
    expect(session.isModified(two)).toBe(false);
    expect((await session.scalars(select(User).orderBy(User.c.id)).all()).map((u) => u.name)).toEqual(["n1", "n2"]);
    expect((await write("again"))[0]).toBe(two);
    await session.rollback();
    expect(two.name).toBe("n2");
  });
  it("by the primary key, and for the same row twice", async () => {
    await using session = new Session(at.engine);
    const [a, b] = [
      ...(await session.upsert(User, { id: 2, ...email(2), name: "a" })),
      ...(await session.upsert(User, { id: 2, ...email(2), name: "b" })),
    ];
    expect(a).toBe(b);
    expect(a!.name).toBe("b");
    await expect(session.upsert(User, { ...email(1) })).rejects.toThrow(/'id'/);
    await expect(session.upsert(Boss as never, { id: 1, name: "x" } as never)).rejects.toThrow(/several tables/);
  });
  it("where the database returns no rows, as on MySQL, they are read by the target", async () => {
    const engine = createEngine(await target.url());
    const { capabilities } = engine.dialect;
    Object.defineProperty(engine.dialect, "capabilities", {
      value: { ...capabilities, returning: { ...capabilities.returning, insert: false } },
    });
    await Base.metadata.createAll(engine);
    await engine.begin(async (connection) => {
      for (const n of [1, 2]) await connection.execute(insert(User).values({ ...email(n), name: `n${n}` }));
    });
    const sent: string[] = [];
    engine.on("statement", ({ sql }) => void sent.push(sql.replace(/["`]/g, "")));
    {
      await using session = new Session(engine);
      const two = (await session.get(User, 2))!;
      sent.length = 0;
      const made = await session.upsert(
        User,
        [
          { ...email(2), name: "changed" },
          { ...email(9), name: "new" },
        ],
        { target: ["email"] },
      );
      expect(made.map((u) => u.name)).toEqual(["changed", "new"]);
      expect(made[0]).toBe(two);
      expect(sent.filter((s) => /^(INSERT|SELECT)/.test(s)).map((s) => s.split(" ")[0])).toEqual(["INSERT", "SELECT"]);
      expect(sent.join()).not.toMatch(/RETURNING/);
    }
    await engine.dispose();
  });
  it("as a statement, with populateExisting where the database returns rows", async () => {
    if (!target.capabilities.has("insertReturning")) return;
    await using session = new Session(at.engine);
    const two = (await session.get(User, 2))!;
    const statement = insert(User)
      .values([{ id: 2, ...email(2), name: "x" }])
      .onConflictDoUpdate({ target: ["id"], set: (excluded) => ({ name: excluded.name }) })
      .returning(User);
    await session.scalars(statement).all();
    expect(two.name).toBe("n2");
    const [found] = await session.scalars(statement.executionOptions({ populateExisting: true })).all();
    expect(found).toBe(two);
    expect(two.name).toBe("x");
  });
});

describeEachDatabase("a hierarchy over several tables", (target) => {
  const at = setUp(target, Base.metadata, async (engine) => {
    await using session = new Session(engine);
    // Keys are the database's: 1, 2, 3, 4.
    for (const one of [
      new Staff({ name: "sam", pay: 1 }),
      new Boss({ name: "bea", pay: 5, level: 1 }),
      new Boss({ name: "bob", pay: 6, level: 2 }),
      new Coder({ name: "cy", pay: 3, language: "c" }),
    ]) {
      session.add(one);
      await session.flush();
    }
    await session.commit();
  });
  const all = async (session: Session) =>
    (await session.execute(select(Staff.c.id, Staff.c.name, Staff.c.pay).orderBy(Staff.c.id)).all()).map((r) => [...r]);
  const levels = async (session: Session) =>
    (await session.execute(select(Boss.c.id, Boss.c.level).orderBy(Boss.c.id)).all()).map((r) => [...r]);

  it("inserts a list of a joined subclass, base rows first, and gives the objects", async () => {
    await using session = new Session(at.engine);
    const list = [
      { name: "x", level: 7 },
      { name: "y", pay: 2, level: 8 },
    ];
    const made = await session.scalars(insert(Boss).returning(Boss), list as never).all();
    expect(made.map((b) => [b.constructor.name, b.name, b.pay, b.level, b.kind])).toEqual([
      ["Boss", "x", null, 7, "boss"],
      ["Boss", "y", 2, 8, "boss"],
    ]);
    expect(await session.get(Boss, made[0]!.id)).toBe(made[0]);
    expect(new Set(at.ran.kinds.filter((k) => k.startsWith("INSERT")))).toEqual(
      new Set(["INSERT staff", "INSERT boss"]),
    );
    await session.flush();
    await session.execute(insert(Boss), [{ id: 90, name: "z", level: 9 }] as never);
    await session.execute(insert(Boss).values({ id: 91, name: "w", level: 10 } as never));
    expect((await levels(session)).slice(-2)).toEqual([
      [90, 9],
      [91, 10],
    ]);
    const columns = await session.execute(insert(Boss).returning(Boss.c.name, Boss.c.level), [
      { name: "q", level: 4 },
    ] as never);
    expect(columns.map((r) => [...r])).toEqual([["q", 4]]);
    await expect(session.execute(insert(Boss), [{ nmae: "x" }] as never).all()).rejects.toThrow(/'name'/);
  });
  it("inserts a single-table subclass with its discriminator", async () => {
    await using session = new Session(at.engine);
    await session.execute(insert(Coder), [{ id: 50, name: "c", language: "go" }] as never);
    await session.execute(insert(Coder).values({ id: 51, name: "d", language: "ts" } as never));
    expect((await session.scalars(select(Coder).orderBy(Coder.c.id))).map((c) => c.language)).toEqual([
      "c",
      "go",
      "ts",
    ]);
  });
  it("updates columns of one table chosen by those of another, in one statement", async () => {
    await using session = new Session(at.engine);
    const staff = await session.scalars(select(Staff).orderBy(Staff.c.id)).all();
    at.ran.clear();
    expect(await session.execute(update(Boss).set({ pay: 100 }).where(Boss.c.level.gt(1))).rowCount()).toBe(1);
    expect(at.ran.kinds).toEqual(["UPDATE staff"]);
    expect(staff.map((s) => s.pay)).toEqual([1, 5, 100, 3]);
    expect(await session.execute(update(Boss).set({ level: 9 }).where(Boss.c.name.eq("bea"))).rowCount()).toBe(1);
    expect(await levels(session)).toEqual([
      [2, 9],
      [3, 2],
    ]);
    expect((staff[1] as unknown as Boss).level).toBe(9);
    // Only rows of the class, whatever other rows would fit.
    expect(await session.execute(update(Boss).set({ pay: 0 }).where(Boss.c.pay.gt(0))).rowCount()).toBe(2);
    expect((await all(session)).map((r) => r[2])).toEqual([1, 0, 0, 3]);
    await session.rollback();
  });
  it("updates several tables by keys read before", async () => {
    await using session = new Session(at.engine);
    const bosses = await session.scalars(select(Boss).orderBy(Boss.c.id)).all();
    at.ran.clear();
    const statement = update(Boss)
      .set({ pay: Boss.c.pay.add(1), level: 0 })
      .where(Boss.c.pay.gt(5), Boss.c.level.gt(0));
    expect(await session.execute(statement).rowCount()).toBe(1);
    expect(at.ran.kinds).toEqual(["SELECT staff", "UPDATE staff", "UPDATE boss"]);
    expect(bosses.map((b) => [b.pay, b.level])).toEqual([
      [5, 1],
      [7, 0],
    ]);
    expect(await levels(session)).toEqual([
      [2, 1],
      [3, 0],
    ]);
    await session.rollback();
  });
  it("returns the objects it changed", async () => {
    await using session = new Session(at.engine);
    const changed = await session.scalars(update(Boss).set({ pay: 8 }).where(Boss.c.level.eq(2)).returning(Boss)).all();
    expect(changed.map((b) => [b.name, b.pay])).toEqual([["bob", 8]]);
    const gone = await session.execute(deleteFrom(Boss).where(Boss.c.level.eq(2)).returning(Boss.c.name)).all();
    expect(gone.map((r) => r[0])).toEqual(["bob"]);
    await session.rollback();
  });
  it("updates by primary key, table by table", async () => {
    await using session = new Session(at.engine);
    const bosses = await session.scalars(select(Boss).orderBy(Boss.c.id)).all();
    at.ran.clear();
    await session.execute(update(Boss), [
      { id: 2, name: "B", level: 5 },
      { id: 3, name: "C", level: 6 },
    ] as never);
    expect(new Set(at.ran.kinds)).toEqual(new Set(["UPDATE staff", "UPDATE boss"]));
    expect(bosses.map((b) => [b.name, b.level])).toEqual([
      ["B", 5],
      ["C", 6],
    ]);
    expect(await levels(session)).toEqual([
      [2, 5],
      [3, 6],
    ]);
    await session.rollback();
  });
  it("deletes the rows of all tables, those of subclasses first; objects leave", async () => {
    await using session = new Session(at.engine);
    const staff = await session.scalars(select(Staff).orderBy(Staff.c.id)).all();
    at.ran.clear();
    expect(await session.execute(deleteFrom(Boss).where(Boss.c.pay.gt(5))).rowCount()).toBe(1);
    expect(at.ran.kinds).toEqual(["SELECT staff", "DELETE boss", "DELETE staff"]);
    expect(staff.map((s) => session.contains(s))).toEqual([true, true, false, true]);
    expect(await session.execute(deleteFrom(Staff).where(Staff.c.id.gt(1))).rowCount()).toBe(2);
    expect(await all(session)).toEqual([[1, "sam", 1]]);
    expect(await levels(session)).toEqual([]);
    await session.rollback();
    expect(await all(session)).toHaveLength(4);
  });
  it("by Query, too, and by single-table subclass", async () => {
    await using session = new Session(at.engine);
    expect(await session.query(Boss).filter(Boss.c.level.eq(1)).update({ name: "q" })).toBe(1);
    expect(await session.query(Boss).filter(Boss.c.name.eq("q")).delete()).toBe(1);
    expect(await session.execute(update(Coder).set({ name: "coder" })).rowCount()).toBe(1);
    expect((await all(session)).map((r) => r[1])).toEqual(["sam", "bob", "coder"]);
    expect(await session.execute(deleteFrom(Coder)).rowCount()).toBe(1);
    await session.rollback();
  });
  it("synchronizeSession: evaluate, fetch, false", async () => {
    for (const way of ["auto", "evaluate", "fetch", false] as const) {
      await using session = new Session(at.engine);
      const bosses = await session.scalars(select(Boss).orderBy(Boss.c.id)).all();
      await session.execute(
        update(Boss).set({ name: "n" }).where(Boss.c.level.gt(1)).executionOptions({ synchronizeSession: way }),
      );
      expect(
        bosses.map((b) => b.name),
        String(way),
      ).toEqual(["bea", way === false ? "bob" : "n"]);
      await session.rollback();
    }
  });
  it("outside of a session it says so", async () => {
    await using connection = await at.engine.connect();
    await expect(connection.execute(update(Boss).set({ level: 1 })).all()).rejects.toThrow(/session\.execute/);
    await expect(connection.execute(deleteFrom(Boss)).all()).rejects.toThrow(ArgumentError);
    expect(() => String(insert(Boss).values({ name: "x", level: 1 } as never))).toThrow(/'staff', 'boss'/);
  });
});
