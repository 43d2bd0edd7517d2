/**
 * Sessions over several databases: shards (choosers, identity tokens, setShardId), tenants with equal keys in one
 * session, engines by model, reads from a replica. Oracle: SQLAlchemy "Horizontal Sharding", `get_bind`.
 */
import {
  createEngine,
  deleteFrom,
  type Engine,
  func,
  insert,
  integer,
  select,
  string,
  table,
  update,
} from "@athanor/core";
import {
  declarativeBase,
  inspect,
  manyToMany,
  manyToOne,
  oneToMany,
  Session,
  type SessionOptions,
  selectinLoad,
  setShardId,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";

const Base = declarativeBase();
class Place extends Base("Place", {
  id: integer().primaryKey(),
  city: string(20),
  continent: string(20),
  get reports() {
    return oneToMany(Report, { backPopulates: "place", cascade: "all, delete-orphan" });
  },
  get tags() {
    return manyToMany(Tag, { secondary: placeTags, backPopulates: "places" });
  },
}) {}
class Report extends Base("Report", {
  id: integer().primaryKey(),
  degrees: integer(),
  placeId: integer().nullable().references("place.id"),
  get place() {
    return manyToOne(Place, { backPopulates: "reports" });
  },
}) {}
const placeTags = table(
  "place_tags",
  { placeId: integer().references("place.id"), tagId: integer().references("tag.id") },
  { primaryKey: ["placeId", "tagId"], metadata: Base.metadata },
);
class Tag extends Base("Tag", {
  id: integer().primaryKey(),
  continent: string(20),
  get places() {
    return manyToMany(Place, { secondary: placeTags, backPopulates: "tags" });
  },
}) {}
const LogBase = declarativeBase();
class Log extends LogBase("Log", { id: integer().primaryKey(), text: string(40) }) {}

describeEachDatabase("a session over several databases", (target) => {
  const engines: Record<string, Engine> = {};
  const sent: string[] = [];
  beforeAll(async () => {
    for (const name of ["asia", "europe"]) {
      const engine = createEngine(await target.url());
      engines[name] = engine;
      engine.on("statement", ({ sql }) => {
        const verb = /^(SELECT|INSERT|UPDATE|DELETE)/.exec(sql.trim())?.[1];
        if (verb !== undefined) sent.push(`${name} ${verb}`);
      });
    }
  });
  afterAll(async () => {
    for (const engine of Object.values(engines)) await engine.dispose();
  });
  beforeEach(async () => {
    for (const engine of Object.values(engines)) {
      for (const { metadata } of [Base, LogBase]) {
        await metadata.dropAll(engine);
        await metadata.createAll(engine);
      }
    }
    sent.length = 0;
  });
  const taken = () => sent.splice(0).filter((s, i, all) => s !== all[i - 1]);

  const continentOf = (instance: object | undefined): string =>
    instance instanceof Report
      ? continentOf(inspect(instance).history("place").added[0] as object)
      : ((instance as Place | Tag | undefined)?.continent ?? "europe");
  const sharding: SessionOptions["sharding"] = {
    get shards() {
      return { asia: engines["asia"] as Engine, europe: engines["europe"] as Engine };
    },
    shardChooser: (_mapper, instance) => continentOf(instance),
    identityChooser: () => ["asia", "europe"],
  };
  const open = (more: Partial<NonNullable<SessionOptions["sharding"]>> = {}) =>
    new Session({
      sharding: {
        ...sharding,
        shards: { asia: engines["asia"] as Engine, europe: engines["europe"] as Engine },
        ...more,
      } as never,
    });
  async function weather(): Promise<void> {
    await using session = open();
    for (const [city, continent] of [
      ["tokyo", "asia"],
      ["paris", "europe"],
      ["rome", "europe"],
    ] as const) {
      const tag = new Tag({ continent });
      session.add(new Place({ city, continent, reports: [new Report({ degrees: city.length })], tags: [tag] }));
    }
    await session.commit();
    sent.length = 0;
  }

  it("new objects go where the chooser says, with what belongs to them; equal keys of two shards are two objects", async () => {
    await using session = open();
    const tokyo = new Place({ city: "tokyo", continent: "asia", reports: [new Report({ degrees: 5 })] });
    const paris = new Place({ city: "paris", continent: "europe", reports: [new Report({ degrees: 6 })] });
    session.add(tokyo, paris);
    await session.commit();
    expect([tokyo.id, paris.id]).toEqual([1, 1]);
    expect([inspect(tokyo).identityToken, inspect(paris).identityToken]).toEqual(["asia", "europe"]);
    expect(await session.get(Place, 1, { identityToken: "asia" })).toBe(tokyo);
    expect(await session.get(Place, 1, { identityToken: "europe" })).toBe(paris);
    for (const name of ["asia", "europe"]) {
      await using conn = await (engines[name] as Engine).connect();
      expect(await conn.scalars(select(Place.c.continent)).all()).toEqual([name]);
      expect(await conn.scalar(select(func.count()).selectFrom(Report))).toBe(1);
    }
  });
  it("connections, upserts and merges are of one shard: the named one, the chooser's, or that of the object", async () => {
    await weather();
    await using session = open({
      shardChooser: (_mapper, instance, statement) =>
        statement === undefined ? continentOf(instance) : String(statement).includes("UPDATE") ? "asia" : "europe",
    });
    await expect(session.connection(Place)).rejects.toThrow(/several shards \(asia, europe\).*shardId: "asia"/);
    const connection = await session.connection(null, { shardId: "asia" });
    expect(await connection.scalars(select(Place.c.city)).all()).toEqual(["tokyo"]);
    const [known] = await session.upsert(Place, { id: 1, city: "osaka", continent: "asia" }, { shardId: "asia" });
    const [chosen] = await session.upsert(Place, [{ id: 1, city: "lyon", continent: "europe" }]);
    expect([known, chosen].map((p) => [inspect(p as Place).identityToken, p?.city])).toEqual([
      ["asia", "osaka"],
      ["europe", "lyon"],
    ]);
    await session.commit();
    await using other = open();
    for (const place of [known, chosen] as Place[]) {
      session.expunge(place);
      const merged = await other.merge(place);
      expect([inspect(merged).identityToken, merged.city]).toEqual([inspect(place).identityToken, place.city]);
    }
    // Without a place of its own: where the key is found.
    const found = await other.merge(new Place({ id: 2, city: "turin", continent: "europe" }));
    expect(inspect(found).identityToken).toBe("europe");
    await other.commit();
    expect((await other.scalars(select(Place.c.city).orderBy(Place.c.city)).all()).sort()).toEqual([
      "lyon",
      "osaka",
      "turin",
    ]);
  });
  it("statements run on all shards, or where the chooser, an option or the listener says; loads follow", async () => {
    await weather();
    await using session = open({
      executeChooser: (state) =>
        state.executionOptions["only"] === undefined ? ["asia", "europe"] : [String(state.executionOptions["only"])],
    });
    const places = await session.scalars(select(Place)).all();
    expect(places.map((p) => p.city)).toEqual(["tokyo", "paris", "rome"]);
    expect(taken()).toEqual(["asia SELECT", "europe SELECT"]);
    // Lazy loads: one statement per shard the siblings are on, and only where they are.
    expect((await (places[1] as Place).reports).map((r) => r.degrees)).toEqual([5]);
    expect(taken()).toEqual(["europe SELECT"]);
    expect(inspect(places[2] as Place).unloaded.has("reports")).toBe(false);
    expect((await (places[0] as Place).reports).map((r) => r.degrees)).toEqual([5]);
    expect(taken()).toEqual(["asia SELECT"]);
    expect(await (await (places[0] as Place).reports)[0]?.place).toBe(places[0]);
    session.expungeAll();
    const asian = await session.scalars(select(Place).options(setShardId("asia"), selectinLoad(Place.c.reports))).all();
    expect(asian.map((p) => [p.city, p.reports.length])).toEqual([["tokyo", 1]]);
    expect(taken()).toEqual(["asia SELECT"]);
    await (asian[0] as Place).tags;
    expect(taken()).toEqual(["asia SELECT"]);
    expect((await session.scalars(select(Place.c.city).executionOptions({ only: "europe" })).all()).length).toBe(2);
    expect(taken()).toEqual(["europe SELECT"]);
    session.on("doOrmExecute", (state) => state.invokeStatement(undefined, { shardId: "asia" }));
    expect(await session.scalar(select(func.count()).selectFrom(Place))).toBe(1);
    expect(taken()).toEqual(["asia SELECT"]);
  });
  it("get() asks where the key may be, what it has comes first; refresh goes home", async () => {
    await weather();
    await using session = open({ identityChooser: () => ["europe", "asia"] });
    const paris = await session.get(Place, 1);
    expect(paris?.city).toBe("paris");
    expect(taken()).toEqual(["europe SELECT"]);
    expect(await session.get(Place, 1)).toBe(paris);
    expect(taken()).toEqual([]);
    const tokyo = (await session.get(Place, 1, { identityToken: "asia" })) as Place;
    expect(tokyo.city).toBe("tokyo");
    taken();
    await session.refresh(tokyo);
    expect(taken()).toEqual(["asia SELECT"]);
    expect(await session.get(Place, 77)).toBeNull();
    expect(taken()).toEqual(["europe SELECT", "asia SELECT"]);
  });
  it("updates, deletes and rows of secondary tables go where their objects are", async () => {
    await weather();
    await using session = open();
    const places = await session.scalars(select(Place).options(selectinLoad(Place.c.tags))).all();
    const [tokyo, paris] = places as unknown as [Place, Place];
    taken();
    tokyo.city = "kyoto";
    await session.flush();
    expect(taken()).toEqual(["asia UPDATE"]);
    (await paris.tags).pop();
    await session.flush();
    expect(taken()).toEqual(["europe DELETE"]);
    await session.delete(tokyo);
    await session.commit();
    expect(taken().filter((s) => !s.endsWith("SELECT"))).toEqual(["asia DELETE"]);
    const counts = async (name: string) => {
      await using conn = await (engines[name] as Engine).connect();
      const count = (t: Parameters<typeof select>[0]) => conn.scalar(select(func.count()).selectFrom(t as never));
      return [await count(Place as never), await count(Report as never), await count(placeTags as never)];
    };
    expect(await counts("asia")).toEqual([0, 0, 0]);
    expect(await counts("europe")).toEqual([2, 2, 1]);
    await session.refresh(paris);
    const touched = await session.execute(update(Place).set({ city: "x" })).rowCount();
    expect([touched, paris.city]).toEqual([2, "x"]);
    await session.execute(insert(Place).values({ city: "oslo", continent: "europe" }));
    expect(await session.execute(deleteFrom(Report)).rowCount()).toBe(2);
    await session.rollback();
  });
  it("a list of rows by primary key is of all shards: each has some of them", async () => {
    await using session = open();
    session.add(new Place({ id: 1, city: "tokyo", continent: "asia" }));
    session.add(new Place({ id: 2, city: "rome", continent: "europe" }));
    await session.commit();
    const rows = [
      { id: 1, city: "kyoto" },
      { id: 2, city: "milan" },
    ];
    expect(await session.execute(update(Place), rows).rowCount()).toBe(2);
    expect((await session.scalars(select(Place.c.city)).all()).sort()).toEqual(["kyoto", "milan"]);
  });
  it("a rollback concerns every shard", async () => {
    await using session = open();
    session.add(new Place({ city: "tokyo", continent: "asia" }), new Place({ city: "rome", continent: "europe" }));
    await session.flush();
    expect(await session.scalars(select(Place)).all()).toHaveLength(2);
    await session.rollback();
    expect(await session.scalars(select(Place)).all()).toHaveLength(0);
    expect(() => open({ shards: {} as never })).toThrow(/at least one/);
    await expect(session.scalars(select(Place).options(setShardId("mars"))).all()).rejects.toThrow(
      /no shard "mars"; known: asia, europe/,
    );
  });

  it("tenants: equal keys of two places live side by side in one session", async () => {
    await weather();
    await using session = new Session({ getBind: (_m, _s, { flushing: _f }) => engines["europe"] as Engine });
    const ofA = await session
      .scalars(select(Place).where(Place.c.id.eq(1)).executionOptions({ identityToken: "a" }))
      .one();
    const ofB = await session
      .scalars(select(Place).where(Place.c.id.eq(1)).executionOptions({ identityToken: "b" }))
      .one();
    const plain = await session.get(Place, 1);
    expect(new Set([ofA, ofB, plain]).size).toBe(3);
    expect([inspect(ofA).identityToken, inspect(ofB).identityToken, inspect(plain as Place).identityToken]).toEqual([
      "a",
      "b",
      undefined,
    ]);
    expect(await session.get(Place, 1, { identityToken: "a" })).toBe(ofA);
    const report = (await ofA.reports)[0] as Report;
    expect(inspect(report).identityToken).toBe("a");
    expect(await report.place).toBe(ofA);
    ofA.city = "changed";
    await session.commit();
    expect(session.identityMap).toHaveLength(4);
    await session.refresh(ofB);
    expect(ofB.city).toBe("changed");
  });
  it("engines by base, model and table, and reads from a replica", async () => {
    const { asia, europe } = engines as { asia: Engine; europe: Engine };
    await using session = new Session({
      bind: europe,
      binds: [
        [LogBase, asia],
        [placeTags, asia],
      ],
    });
    session.add(new Log({ text: "x" }), new Place({ city: "rome", continent: "europe" }));
    await session.flush();
    expect(taken().sort()).toEqual(["asia INSERT", "europe INSERT"]);
    await session.scalars(select(Log)).all();
    await session.execute(select(placeTags)).all();
    expect(taken()).toEqual(["asia SELECT"]);
    await session.commit();
    await using byModel = new Session({
      binds: [
        [Log, europe],
        [LogBase, asia],
      ],
    });
    expect(await byModel.scalar(select(func.count()).selectFrom(Log))).toBe(0);
    await expect(byModel.scalars(select(Place)).all()).rejects.toThrow(/no engine for Place/);
    expect(() => new Session({ binds: [[{}, asia]] as never })).toThrow(
      /each entry is \[model, base or table, engine\]/,
    );
    taken();
    await using routed = new Session({
      getBind: (_mapper, statement, { flushing }) =>
        flushing || (statement !== undefined && /^(UPDATE|DELETE|INSERT)/.test(String(statement))) ? europe : asia,
    });
    routed.add(new Log({ text: "y" }));
    await routed.flush();
    await routed.scalars(select(Log)).all();
    await routed.execute(
      update(Log).set({ text: "z" }).where(Log.c.id.gt(0)).executionOptions({ synchronizeSession: false }),
    );
    expect(taken()).toEqual(["europe INSERT", "asia SELECT", "europe UPDATE"]);
    await routed.rollback();
  });
});
