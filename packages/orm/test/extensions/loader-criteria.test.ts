/** Criteria that go with every read of a model: as an option, and as a session's rule. */
import { boolean, deleteFrom, integer, select, string, update } from "@athanor/core";
import {
  aliased,
  declarativeBase,
  immediateLoad,
  joinedLoad,
  manyToOne,
  oneToMany,
  Session,
  selectinLoad,
  subqueryLoad,
  withLoaderCriteria,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { beforeEach, expect, it } from "vitest";
import { recording } from "../session/support.js";

const Base = declarativeBase();
class Account extends Base("Account", {
  id: integer().primaryKey(),
  name: string(20),
  gone: boolean().default(false),
  get notes() {
    return oneToMany(Note, { backPopulates: "account", orderBy: "id" });
  },
}) {}
class Note extends Base("Note", {
  id: integer().primaryKey(),
  text: string(20),
  tenant: integer().default(1),
  gone: boolean().default(false),
  accountId: integer().references("account.id"),
  get account() {
    return manyToOne(Account, { backPopulates: "notes", nullable: false });
  },
}) {}
class Animal extends Base(
  "Animal",
  { id: integer().primaryKey(), kind: string(10), legs: integer() },
  { polymorphicOn: "kind", identity: "animal" },
) {}
class Bird extends Animal.subclass("Bird", {}, { identity: "bird" }) {}

const present = withLoaderCriteria([Note], (c) => c.gone.eq(false));

describeEachDatabase("loader criteria", (target) => {
  const db = recording(target, Base.metadata);
  beforeEach(async () => {
    await using session = new Session(db.engine);
    const notes = (n: number, ...gone: boolean[]) =>
      gone.map((g, i) => new Note({ text: `${n}${i}`, gone: g, tenant: i + 1 }));
    const amy = new Account({ name: "amy" });
    amy.notes.push(...notes(1, false, true, false));
    const bob = new Account({ name: "bob" });
    bob.notes.push(...notes(2, true));
    session.add(amy, bob);
    await session.commit();
  });
  const texts = (list: Iterable<{ readonly text: string }>) => [...list].map((n) => n.text);

  it("restrict entities, columns, aliases and nested queries", async () => {
    await using session = new Session(db.engine);
    const all = async (s: unknown) => (await session.scalars(s as never).all()) as unknown[];
    expect(texts(await session.scalars(select(Note).options(present).orderBy(Note.c.id)).all())).toEqual(["10", "12"]);
    expect(await all(select(Note.c.text).options(present).orderBy(Note.c.id))).toEqual(["10", "12"]);
    const other = aliased(Note, "other");
    expect(texts(await session.scalars(select(other).options(present).orderBy(other.c.id)).all())).toEqual([
      "10",
      "12",
    ]);
    expect(await all(select(Account.c.name).where(Account.c.notes.any()).options(present))).toEqual(["amy"]);
    expect(
      await all(
        select(Account.c.name)
          .where(Account.c.id.in(select(Note.c.accountId)))
          .options(present),
      ),
    ).toEqual(["amy"]);
    const sub = select(Note.c.text, Note.c.accountId).subquery("s");
    expect(await all(select(sub.c.text).options(present).orderBy(sub.c.text))).toEqual(["10", "12"]);
  });
  it("go into ON of joins, also of those that infer their ON", async () => {
    await using session = new Session(db.engine);
    const pairs = async (s: unknown) => ((await session.execute(s as never).all()) as unknown[][]).map((r) => [...r]);
    const by = [Account.c.id, Note.c.id] as const;
    const wanted = [
      ["amy", "10"],
      ["amy", "12"],
      ["bob", null],
    ];
    expect(
      await pairs(
        select(Account.c.name, Note.c.text)
          .outerJoin(Account.c.notes)
          .orderBy(...by)
          .options(present),
      ),
    ).toEqual(wanted);
    expect(
      await pairs(
        select(Account.c.name, Note.c.text)
          .selectFrom(Account)
          .outerJoin(Note)
          .orderBy(...by)
          .options(present),
      ),
    ).toEqual(wanted);
    expect(
      await pairs(
        select(Account.c.name, Note.c.text)
          .selectFrom(Account)
          .join(Note)
          .orderBy(...by)
          .options(present),
      ),
    ).toEqual(wanted.slice(0, 2));
  });
  it("follow eager loads and the lazy loads after them", async () => {
    await using session = new Session(db.engine);
    for (const load of [joinedLoad(Account.c.notes), selectinLoad(Account.c.notes)]) {
      const accounts = await session
        .scalars(select(Account).options(load, present).orderBy(Account.c.id).limit(5))
        .all();
      expect(accounts.map((a) => texts(a.notes))).toEqual([["10", "12"], []]);
      session.expungeAll();
    }
    const lazy = await session.scalars(select(Account).options(present).orderBy(Account.c.id)).all();
    expect(await Promise.all(lazy.map(async (a) => texts(await a.notes)))).toEqual([["10", "12"], []]);
    session.expungeAll();
    const hidden = withLoaderCriteria(Account, (c) => c.name.ne("amy"));
    const notes = await session
      .scalars(select(Note).options(joinedLoad(Note.c.account), hidden).orderBy(Note.c.id))
      .all();
    expect(notes.map((n) => (n.account as Account | null)?.name ?? null)).toEqual([null, null, null, "bob"]);
  });
  it("take the values of each execution", async () => {
    await using session = new Session(db.engine);
    for (const tenant of [1, 2, 3]) {
      const own = withLoaderCriteria(Note, (c) => c.tenant.eq(tenant));
      const [amy] = await session
        .scalars(select(Account).options(selectinLoad(Account.c.notes), own).where(Account.c.name.eq("amy")))
        .all();
      expect(texts((amy as { notes: Note[] }).notes)).toEqual([`1${tenant - 1}`]);
      session.expungeAll();
      const [lazy] = await session.scalars(select(Account).options(own).where(Account.c.name.eq("amy"))).all();
      expect(texts(await (lazy as Account).notes)).toEqual([`1${tenant - 1}`]);
      session.expungeAll();
    }
  });
  it("as a session's rule hold for get, Query, UPDATE and DELETE, not for refresh", async () => {
    let tenant = 1;
    await using session = new Session(db.engine, {
      executionOptions: { loaderCriteria: [withLoaderCriteria(Note, (c) => c.tenant.eq(tenant))] },
    });
    const [first, second] = [await session.get(Note, 1), await session.get(Note, 2)];
    expect([first?.text, second]).toEqual(["10", null]);
    tenant = 2;
    expect(await session.query(Note).count()).toBe(1);
    expect((await session.get(Note, 2))?.text).toBe("11");
    await session.refresh(first as Note);
    session.expire(first as Note);
    expect(await session.get(Note, 1)).toBe(first);
    const everything = select(Note.c.id).executionOptions({ loaderCriteria: false });
    expect((await session.scalars(everything).all()).length).toBe(4);
    await session.execute(update(Note).set({ text: "mine" }));
    expect(await session.execute(deleteFrom(Note).where(Note.c.id.gt(2))).rowCount()).toBe(0);
    await session.commit();
    await using plain = new Session(db.engine);
    expect(await plain.scalars(select(Note.c.text).orderBy(Note.c.id)).all()).toEqual(["10", "mine", "12", "20"]);
    expect(await plain.query(Note).options(present).count()).toBe(2);
    expect(await plain.query(Note).options(present).delete()).toBe(2);
    expect(await plain.query(Note).count()).toBe(2);
    await plain.rollback();
    const fresh = new Account({ name: "new" });
    session.add(fresh);
    await session.flush();
    expect([...(await fresh.notes)]).toEqual([]);
    await session.rollback();
  });
  it("of a class that shares its table leave the others alone", async () => {
    await using session = new Session(db.engine);
    session.addAll([new Animal({ legs: 4 }), new Bird({ legs: 2 }), new Bird({ legs: 1 })]);
    await session.commit();
    session.expungeAll();
    const whole = withLoaderCriteria(Bird, (c) => c.legs.eq(2));
    const legs = async (m: typeof Animal) =>
      (await session.scalars(select(m).options(whole)).all()).map((a) => a.legs).sort();
    expect(await legs(Animal)).toEqual([2, 4]);
    expect(await legs(Bird as unknown as typeof Animal)).toEqual([2]);
    expect(() => withLoaderCriteria({} as typeof Note, () => Note.c.gone.eq(false))).toThrow(/a model, or an array/);
  });
  it("hold for what a statement loads with its rows, also where the session has the object already", async () => {
    await using session = new Session(db.engine);
    const [amy] = await session.scalars(select(Account).orderBy(Account.c.id)).all();
    const nobody = withLoaderCriteria(Account, (c) => c.name.ne("amy"));
    for (const loads of [selectinLoad, subqueryLoad, immediateLoad, joinedLoad] as const) {
      const [note] = await session
        .scalars(
          select(Note)
            .where(Note.c.accountId.eq(amy!.id))
            .options((loads as typeof selectinLoad)(Note.c.account), nobody),
        )
        .all();
      expect(note!.account).toBeNull();
      session.expunge(note!);
    }
  });
});
