/** Loader options aimed at a subclass: the whole relationship is loaded, with that class's columns. SQLAlchemy agrees. */
import { integer, select, string } from "@athanor/core";
import {
  declarativeBase,
  immediateLoad,
  joinedLoad,
  lazyLoad,
  manyToOne,
  oneToMany,
  Session,
  selectinLoad,
  subqueryLoad,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { setUp } from "./blog.js";

const Base = declarativeBase();
class Firm extends Base("Firm", {
  id: integer().primaryKey(),
  get staff() {
    return oneToMany(Staff, { backPopulates: "firm", cascade: "all, delete-orphan", orderBy: "id" });
  },
}) {}
class Staff extends Base(
  "Staff",
  {
    id: integer().primaryKey(),
    get kind() {
      return string(10).subclasses(Coder, Chief);
    },
    name: string(20),
    firmId: integer().references("firm.id"),
    get firm() {
      return manyToOne(Firm, { backPopulates: "staff", nullable: false });
    },
    get memos() {
      return oneToMany(Memo, { backPopulates: "by", orderBy: "id" });
    },
  },
  { polymorphicOn: "kind", identity: "staff" },
) {}
class Coder extends Staff.subclass(
  "Coder",
  {
    lang: string(10),
    get tools() {
      return oneToMany(Tool, { orderBy: "id" });
    },
  },
  { identity: "coder", tableName: "coder" },
) {}
class Chief extends Staff.subclass("Chief", { level: integer() }, { identity: "chief", tableName: "chief" }) {}
class Tool extends Base("Tool", {
  id: integer().primaryKey(),
  label: string(20),
  coderId: integer().references("coder.id"),
}) {}
class Memo extends Base("Memo", {
  id: integer().primaryKey(),
  words: string(20),
  byId: integer().references("staff.id"),
  get by() {
    return manyToOne(Staff, { backPopulates: "memos", nullable: false });
  },
}) {}

describeEachDatabase("a loader option aimed at a subclass", (target) => {
  const db = setUp(target, Base.metadata, async (engine) => {
    await using session = new Session(engine);
    const ann = new Coder({ name: "ann", lang: "ts", tools: [new Tool({ label: "hammer" })] });
    const bea = new Chief({ name: "bea", level: 2 });
    session.add(new Firm({ staff: [bea, ann, new Coder({ name: "cyd", lang: "c" })] }));
    session.add(new Memo({ words: "by ann", by: ann }), new Memo({ words: "by bea", by: bea }));
    await session.commit();
  });
  const told = (staff: readonly object[]) =>
    staff
      .map((one) => (one instanceof Coder ? `${one.name} ${one.lang}` : (one as Staff).name))
      .sort((a, b) => a.localeCompare(b));

  it("loads the members of other classes too, so that a collection is never silently a part of itself", async () => {
    for (const load of [selectinLoad, joinedLoad]) {
      await using session = new Session(db.engine);
      const firm = await session
        .scalars(select(Firm).options(load(Firm.c.staff.ofType(Coder)).selectinLoad(Coder.c.tools)))
        .one();
      expect(told(firm.staff)).toEqual(["ann ts", "bea", "cyd c"]);
      db.ran.clear();
      const ann = [...firm.staff].find((one) => one.name === "ann") as unknown as Coder;
      expect((await ann.tools).map((t) => t.label)).toEqual(["hammer"]);
      expect(db.ran.work).toEqual([]);
    }
  });
  it("reads the subclass's columns in the same statement", async () => {
    await using session = new Session(db.engine);
    await session.scalars(select(Firm).options(selectinLoad(Firm.c.staff.ofType(Coder)))).all();
    expect(db.ran.work[1]).toMatch(/coder\.lang.* FROM staff LEFT (OUTER )?JOIN coder/);
  });
  it("goes together with an option for the whole relationship", async () => {
    await using session = new Session(db.engine);
    const firm = await session
      .scalars(
        select(Firm).options(
          selectinLoad(Firm.c.staff).selectinLoad(Staff.c.memos),
          selectinLoad(Firm.c.staff.ofType(Coder)).selectinLoad(Coder.c.tools),
        ),
      )
      .one();
    expect(told(firm.staff)).toEqual(["ann ts", "bea", "cyd c"]);
    expect(firm.staff.map((one) => one.memos.length)).toEqual(
      [...firm.staff].map((one) => (one.name === "cyd" ? 0 : 1)),
    );
  });
  it("does not take a reference to an object of another class for none", async () => {
    const by = Memo.c.by.ofType(Coder);
    for (const load of [selectinLoad(by), joinedLoad(by), lazyLoad(by)]) {
      await using session = new Session(db.engine);
      const memos = await session.scalars(select(Memo).options(load).orderBy(Memo.c.id)).all();
      expect(told(await Promise.all(memos.map((m) => m.by)))).toEqual(["ann ts", "bea"]);
    }
  });
  it("is narrowed by criteria, and only by them", async () => {
    for (const load of [selectinLoad, joinedLoad]) {
      await using session = new Session(db.engine);
      const firm = await session
        .scalars(select(Firm).options(load(Firm.c.staff.ofType(Coder).and(Coder.c.lang.eq("ts")))))
        .one();
      expect(told(firm.staff)).toEqual(["ann ts"]);
    }
  });
  it("is limited for each owner after the criteria and in the order of the subclass", async () => {
    await using made = new Session(db.engine);
    made.add(
      new Firm({
        staff: [
          new Coder({ name: "dan", lang: "ts" }),
          new Chief({ name: "eve", level: 1 }),
          new Coder({ name: "fay", lang: "ts" }),
          new Coder({ name: "gus", lang: "ada" }),
        ],
      }),
    );
    await made.flush();
    const staffOf = async (option: ReturnType<typeof selectinLoad>) => {
      made.expungeAll();
      db.ran.clear();
      const firms = await made
        .scalars(
          select(Firm)
            .options(option as never)
            .orderBy(Firm.c.id),
        )
        .all();
      // The ranking reads staff and coder alone: no table stands beside them unjoined.
      expect(db.ran.work[1]).toMatch(/row_number\(\).* FROM staff AS \w+ LEFT (OUTER )?JOIN coder AS \w+ ON/);
      return firms.map((f) => told((f as unknown as { staff: object[] }).staff));
    };
    const coders = Firm.c.staff.ofType(Coder);
    const ts = coders.and(Coder.c.lang.eq("ts"));
    for (const load of [selectinLoad, subqueryLoad, immediateLoad]) {
      expect(await staffOf(load(ts, { limitPerParent: 1 }))).toEqual([["ann ts"], ["dan ts"]]);
      expect(await staffOf(load(ts, { limitPerParent: 1, orderBy: Coder.c.id.desc() }))).toEqual([
        ["ann ts"],
        ["fay ts"],
      ]);
      expect(await staffOf(load(coders, { limitPerParent: 2, orderBy: [Coder.c.lang, Coder.c.id] }))).toEqual(
        // NULL, of members of other classes, comes where the database puts it.
        db.engine.dialect.capabilities.nullsSort === "last"
          ? [
              ["ann ts", "cyd c"],
              ["dan ts", "gus ada"],
            ]
          : [
              ["bea", "cyd c"],
              ["eve", "gus ada"],
            ],
      );
    }
    await made.rollback();
  });
});
