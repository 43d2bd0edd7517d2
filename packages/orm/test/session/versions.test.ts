/** Versions of rows and confirmed deletions: generators of one's own, versions the database makes. Oracle: SQLAlchemy `test_versioning`. */
import { createEngine, deleteFrom, type Engine, integer, select, string, update } from "@athanor/core";
import { declarativeBase, manyToOne, oneToMany, Session, StaleDataError } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { recording, taken } from "./support.js";

const Base = declarativeBase();
class Uuid extends Base(
  "Uuid",
  { id: integer().primaryKey(), value: string(20), version: string(40) },
  { versionIdColumn: "version", versionIdGenerator: () => crypto.randomUUID() },
) {}
class Told extends Base(
  "Told",
  { id: integer().primaryKey(), value: string(20), version: integer() },
  { versionIdColumn: "version", versionIdGenerator: false },
) {}
class Counted extends Base(
  "Counted",
  { id: integer().primaryKey(), value: string(20), version: integer() },
  { versionIdColumn: "version" },
) {}
class Loose extends Base(
  "Loose",
  { id: integer().primaryKey(), value: string(20), version: integer() },
  { versionIdColumn: "version", confirmDeletedRows: false },
) {}
/** Its favourite is set by a second UPDATE. */
class Player extends Base(
  "Player",
  {
    id: integer().primaryKey(),
    name: string(20),
    favouriteId: integer().nullable().references("ball.id"),
    version: integer(),
    get favourite() {
      return manyToOne(Ball, { foreignKeys: "favouriteId", postUpdate: true });
    },
    get balls() {
      return oneToMany(Ball, { foreignKeys: "playerId", backPopulates: "player" });
    },
  },
  { versionIdColumn: "version" },
) {}
class Ball extends Base("Ball", {
  id: integer().primaryKey(),
  playerId: integer().nullable().references("player.id"),
  get player() {
    return manyToOne(Player, { foreignKeys: "playerId", backPopulates: "balls" });
  },
}) {}
class Plain extends Base("Plain", { id: integer().primaryKey() }) {}
class Staff extends Base(
  "Staff",
  {
    id: integer().primaryKey(),
    get kind() {
      return string(10).subclasses(Boss);
    },
    name: string(20),
    version: integer(),
  },
  { polymorphicOn: "kind", identity: "staff", versionIdColumn: "version" },
) {}
class Boss extends Staff.subclass("Boss", { level: integer() }, { identity: "boss", tableName: "boss" }) {}
const ServerBase = declarativeBase();
class Counter extends ServerBase(
  "Counter",
  { id: integer().primaryKey(), value: string(20), version: integer().serverDefault("1") },
  { versionIdColumn: "version", versionIdGenerator: false },
) {}

describeEachDatabase("versions", (target) => {
  const db = recording(target, Base.metadata);

  it("rows in lists say which version they know, and go on to the next; objects follow", async () => {
    await using session = new Session(db.engine);
    const [bea, bob] = [new Boss({ id: 1, name: "bea", level: 1 }), new Boss({ id: 2, name: "bob", level: 1 })];
    session.add(bea, bob, new Uuid({ id: 1, value: "a" }));
    await session.commit();
    const rows = () =>
      session.execute(select(Boss.c.id, Boss.c.name, Boss.c.level, Boss.c.version).orderBy(Boss.c.id)).all();
    await session.refresh(bea);
    taken(db);
    await session.execute(update(Boss), [
      { id: 1, level: 5, version: 1 },
      { id: 2, level: 6, version: 1 },
    ]);
    // The version is the base's, so that its table is written, too.
    expect(taken(db)).toEqual(["UPDATE staff", "UPDATE boss"]);
    expect(await session.bulkUpdateMappings(Staff, [{ id: 2, name: "rob", version: 2 }])).toBe(1);
    expect(await session.execute(update(Staff), [{ id: 2, version: 3 }]).rowCount()).toBe(1);
    expect(taken(db)).toEqual(["UPDATE staff"]);
    expect(await rows()).toEqual([
      [1, "bea", 5, 2],
      [2, "rob", 6, 4],
    ]);
    expect([bea.level, bea.version]).toEqual([5, 2]);
    bea.name = "B";
    await session.flush();
    expect(bea.version).toBe(3);
    const sum = Boss.c.level.add(1) as never;
    await session.execute(update(Boss), [{ id: 1, level: sum, name: "C", version: 3 }]);
    expect((await rows())[0]).toEqual([1, "C", 6, 4]);
    const { version } = await session.getOne(Uuid, 1);
    await session.execute(update(Uuid), [{ id: 1, value: "b", version }]);
    const again = (await session.getOne(Uuid, 1)).version;
    expect(again).toMatch(/^[0-9a-f-]{36}$/);
    expect(again).not.toBe(version);
    await session.commit();
    for (const stale of [
      [{ id: 1, level: 9, version: 3 }],
      [
        { id: 1, level: 9, version: 4 },
        { id: 2, level: 9, version: 3 },
      ],
      [{ id: 1, level: sum, version: 3 }],
      [{ id: 3, level: 9, version: 1 }],
    ]) {
      await expect(session.execute(update(Boss), stale).all()).rejects.toThrow(StaleDataError);
      await session.rollback();
    }
    await expect(session.execute(update(Boss), [{ id: 1, level: 9 }]).all()).rejects.toThrow(/row 0 has no 'version'/);
    expect((await rows()).map((r) => r.level)).toEqual([6, 6]);
  });

  it("a generator of one's own makes every version, also by a row switch and a delete", async () => {
    await using session = new Session(db.engine);
    const one = new Uuid({ id: 1, value: "a" });
    session.add(one);
    await session.flush();
    const first = one.version;
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    one.value = "b";
    await session.commit();
    expect(one.version).not.toBe(first);
    const second = one.version;
    await session.refresh(one);
    await session.delete(one);
    const again = new Uuid({ id: 1, value: "c" });
    session.add(again);
    taken(db);
    await session.commit();
    expect(taken(db)).toEqual(["UPDATE uuid"]);
    expect(again.version).not.toBe(second);
    await (await session.connection()).execute(update(Uuid).set({ version: "other" }));
    await session.delete(again);
    await expect(session.flush()).rejects.toThrow(StaleDataError);
    await session.rollback();
  });
  it("a row switch goes on counting", async () => {
    await using session = new Session(db.engine);
    const old = new Counted({ id: 1, value: "a" });
    session.add(old);
    await session.commit();
    old.value = "b";
    await session.commit();
    await session.refresh(old);
    await session.delete(old);
    const fresh = new Counted({ id: 1, value: "c" });
    session.add(fresh);
    await session.commit();
    expect(fresh.version).toBe(3);
    // UPDATE by criteria does not count.
    await session.execute(update(Counted).set({ value: "d" }));
    expect(await session.scalar(select(Counted.c.version))).toBe(3);
  });
  it("postUpdate: the second UPDATE of a flush counts on from the first and repeats nothing of it", async () => {
    await using session = new Session(db.engine);
    const sent: string[] = [];
    const stop = db.engine.on("statement", ({ sql }) => {
      const set = /^UPDATE .?player.? SET (.*) WHERE/.exec(sql)?.[1];
      if (set !== undefined)
        sent.push(
          set
            .split(", ")
            .map((part) => part.split(" ")[0]?.replace(/[`"]/g, ""))
            .join(" "),
        );
    });
    const player = new Player({ name: "a" });
    const [one, two] = [new Ball({ player }), new Ball({ player })];
    player.favourite = one;
    session.add(player, one, two);
    await session.flush();
    // The second half of an INSERT, as in SQLAlchemy's `test_m2o_post_update_not_assoc_w_insert`.
    expect(player.version).toBe(1);
    player.favourite = two;
    player.name = "b";
    await session.commit();
    stop();
    expect(player.version).toBe(3);
    expect(sent).toEqual(["favourite_id", "name version", "favourite_id version"]);
    await session.refresh(player);
    expect([player.name, player.favouriteId, player.version]).toEqual(["b", two.id, 3]);
    await player.balls;
    player.name = "c";
    await session.delete(two);
    await session.delete(player);
    await session.commit();
    expect(await session.scalars(select(Ball.c.playerId)).all()).toEqual([null]);
  });
  it("versionIdGenerator: false: the program counts, and is held to it", async () => {
    await using session = new Session(db.engine);
    const told = new Told({ value: "a", version: 10 });
    session.add(told);
    await session.commit();
    told.value = "b";
    told.version = 11;
    await session.commit();
    told.value = "not counted";
    await session.commit();
    expect(told.version).toBe(11);
    await session.refresh(told);
    await (await session.connection()).execute(update(Told).set({ version: 20 }));
    told.value = "c";
    told.version = 12;
    await expect(session.flush()).rejects.toThrow(/matched 0 of 1/);
    await session.rollback();
  });
  it("a DELETE that meets fewer rows: an error with a version, a warning without, silence where asked for", async () => {
    const warned: string[] = [];
    const listen = (warning: Error & { readonly code?: string }) => void warned.push(`${warning.code}`);
    process.on("warning", listen);
    try {
      await using session = new Session(db.engine);
      const [counted, loose, plain] = [new Counted({ value: "a" }), new Loose({ value: "a" }), new Plain()];
      session.add(counted, loose, plain);
      await session.commit();
      await session.refresh(counted);
      const connection = await session.connection();
      for (const model of [Counted, Loose, Plain]) await connection.execute(deleteFrom(model));
      await session.delete(loose);
      await session.flush();
      await new Promise((done) => setImmediate(done));
      expect(warned).toEqual([]);
      await session.delete(plain);
      await session.flush();
      await new Promise((done) => setImmediate(done));
      expect(warned).toEqual(["ATHANOR_STALE_DELETE"]);
      await session.delete(counted);
      await expect(session.flush()).rejects.toThrow(/DELETE of <Counted 1> from 'counted' matched 0 of 1/);
      await session.rollback();
    } finally {
      process.off("warning", listen);
    }
  });
});

// A counter that the database keeps, by what each one has for it.
const triggers: Record<string, readonly string[]> = {
  sqlite: [
    "create trigger bump after update on counter when new.version = old.version begin update counter set version = old.version + 1 where id = new.id; end",
  ],
  postgresql: [
    "create function bump() returns trigger language plpgsql as $$ begin new.version = old.version + 1; return new; end $$",
    "create trigger bump before update on counter for each row execute function bump()",
  ],
  mysql: ["create trigger bump before update on counter for each row set new.version = old.version + 1"],
};
describeEachDatabase("a version the database makes", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await ServerBase.metadata.createAll(engine);
    await using connection = await engine.connect();
    for (const sql of triggers[target.family] ?? []) await connection.executeScript(sql);
    await connection.commit();
  });
  afterAll(() => engine.dispose());
  beforeEach(async () => {
    await using connection = await engine.connect();
    await connection.execute(deleteFrom(Counter));
    await connection.commit();
  });
  it("is known after every flush, for many rows in one statement, and guards the next one", async () => {
    await using session = new Session(engine);
    const all = ["a", "b", "c"].map((value) => new Counter({ value }));
    session.addAll(all);
    await session.commit();
    expect(all.map((c) => c.version)).toEqual([1, 1, 1]);
    let reads = 0;
    const stop = engine.on("statement", ({ sql }) => {
      if (/^SELECT/.test(sql)) reads++;
    });
    for (const c of all) c.value += "!";
    await session.flush();
    stop();
    expect(all.map((c) => c.version)).toEqual([2, 2, 2]);
    expect(reads).toBe(1);
    (all[0] as Counter).value = "again";
    await session.commit();
    expect((all[0] as Counter).version).toBe(3);
    const first = all[0] as Counter;
    await session.refresh(first);
    await (await session.connection()).execute(
      update(Counter).set({ value: "by another" }).where(Counter.c.id.eq(first.id)),
    );
    first.value = "late";
    await expect(session.flush()).rejects.toThrow(StaleDataError);
    await session.rollback();
  });
  it("goes on with rows in lists, and objects learn of it", async () => {
    await using session = new Session(engine);
    const counter = new Counter({ value: "a" });
    session.add(counter);
    await session.commit();
    await session.refresh(counter);
    const { id } = counter;
    await session.execute(update(Counter), [{ id, value: "b", version: 1 }]);
    expect([counter.value, counter.version]).toEqual(["b", 2]);
    await expect(session.execute(update(Counter), [{ id, value: "c", version: 1 }]).all()).rejects.toThrow(
      StaleDataError,
    );
    counter.value = "d";
    await session.commit();
    expect(counter.version).toBe(3);
  });
});
