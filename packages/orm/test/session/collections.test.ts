/** Collections of other kinds than arrays, what is seen of changes, and collections that are only written. */
import { func, integer, select, string, table } from "@athanor/core";
import {
  attributeKeyed,
  CollectionBase,
  declarativeBase,
  inspect,
  keyedBy,
  manyToMany,
  manyToOne,
  oneToMany,
  Session,
  selectinLoad,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording, taken } from "./support.js";

const Base = declarativeBase();
class Roster extends CollectionBase<{ readonly name: string }> {
  names() {
    return this.map((m) => m.name).sort();
  }
}
class Team extends Base("Team", {
  id: integer().primaryKey(),
  get byName() {
    return oneToMany(Player, {
      collection: attributeKeyed("name"),
      backPopulates: "team",
      cascade: "all, delete-orphan",
    });
  },
  get byMotto() {
    return oneToMany(Motto, { collection: attributeKeyed("text") });
  },
  get fans() {
    return oneToMany(Fan, { collection: "set", lazy: "selectin", cascade: "all, delete-orphan" });
  },
  get staff() {
    return oneToMany(Coach, { collection: Roster, orderBy: "id" });
  },
  get byLength() {
    return oneToMany(Coach, { collection: keyedBy((c: { readonly name: string }) => c.name.length), viewOnly: true });
  },
  get log() {
    return oneToMany(Entry, { lazy: "writeOnly", passiveDeletes: true, cascade: "all, delete-orphan" });
  },
  get tags() {
    return manyToMany(Tag, { secondary: teamTag, lazy: "writeOnly" });
  },
}) {}
class Motto extends Base("Motto", {
  id: integer().primaryKey(),
  text: string(20).deferred(),
  teamId: integer().references("team.id"),
}) {}
class Player extends Base("Player", {
  id: integer().primaryKey(),
  name: string(20),
  teamId: integer().references("team.id"),
  get team() {
    return manyToOne(Team, { backPopulates: "byName" });
  },
}) {}
class Fan extends Base("Fan", { id: integer().primaryKey(), teamId: integer().references("team.id") }) {}
class Coach extends Base("Coach", {
  id: integer().primaryKey(),
  name: string(20),
  teamId: integer().nullable().references("team.id"),
}) {}
class Entry extends Base("Entry", {
  id: integer().primaryKey(),
  text: string(20),
  teamId: integer().references("team.id", { onDelete: "CASCADE" }),
}) {}
class Tag extends Base("Tag", { id: integer().primaryKey(), name: string(20) }) {}
const teamTag = table(
  "team_tag",
  { teamId: integer().references("team.id"), tagId: integer().references("tag.id") },
  { primaryKey: ["teamId", "tagId"], metadata: Base.metadata },
);

describeEachDatabase("kinds of collections", (target) => {
  const db = recording(target, Base.metadata);
  const open = () => new Session(db.engine);

  it("keyed by an attribute: the key is taken when a member comes, a second one replaces the first", async () => {
    await using session = open();
    const team = new Team({ id: 1 });
    session.add(team);
    const players = await team.byName;
    const [amy, bob] = [new Player({ name: "amy" }), new Player({ name: "bob" })];
    players.push(amy, bob);
    expect([players.get("amy"), players.get("zoe"), players.has("bob"), players.length]).toEqual([
      amy,
      undefined,
      true,
      2,
    ]);
    await session.commit();
    amy.name = "ann";
    expect([players.get("amy"), players.get("ann")]).toEqual([amy, undefined]);
    const other = new Player({ name: "bob" });
    players.push(other);
    await session.commit();
    expect(await session.scalars(select(Player.c.name).orderBy(Player.c.name)).all()).toEqual(["ann", "bob"]);
    expect(bob.team).toBeNull();
    session.expungeAll();
    const [again] = await session.scalars(select(Team));
    const read = await again!.byName;
    expect([...read.keyed().keys()].sort()).toEqual(["ann", "bob"]);
    new Player({ name: "cid", team: again! });
    expect(read.get("cid")?.name).toBe("cid");
    expect([read.delete("cid"), read.delete("cid"), read.delete("bob")]).toEqual([true, false, true]);
    await session.commit();
    expect(await session.scalar(select(func.count()).selectFrom(Player))).toBe(1);
  });
  it("a key that is deferred is asked for instead of lost", async () => {
    await using session = open();
    const team = new Team({ id: 1 });
    team.byMotto.push(new Motto({ text: "win" }));
    session.add(team);
    await session.commit();
    session.expungeAll();
    const again = (await session.get(Team, 1))!;
    await expect(async () => await again.byMotto).rejects.toThrow(
      /attributeKeyed\("text"\): 'text' of <Motto 1> is deferred/,
    );
    session.expungeAll();
    const loaded = await session
      .scalars(select(Team).options(selectinLoad(Team.c.byMotto).undefer(Motto.c.text)))
      .one();
    expect((await loaded.byMotto).get("win")?.id).toBe(1);
  });
  it("a set has its members once; a class of one's own has its methods in every state; a function makes keys", async () => {
    await using session = open();
    const team = new Team({ id: 1 });
    const fan = new Fan();
    expect(team.fans.add(fan).add(fan).length).toBe(1);
    expect([team.fans.has(fan), team.fans.delete(fan), team.fans.delete(fan)]).toEqual([true, true, false]);
    team.fans.push(fan, fan);
    const staff = await team.staff;
    expect(staff).toBeInstanceOf(Roster);
    staff.push(new Coach({ name: "zed" }), new Coach({ name: "al" }));
    expect(staff.names()).toEqual(["al", "zed"]);
    session.add(team);
    await session.commit();
    session.expungeAll();
    const [again] = await session.scalars(select(Team).options(selectinLoad(Team.c.staff)));
    expect((await again!.staff).names()).toEqual(["al", "zed"]);
    expect(again!.fans.length).toBe(1);
    expect((await again!.byLength).get(3)?.name).toBe("zed");
    expect(() => Base.registry && oneToMany(Fan, { collection: "bag" } as never)).not.toThrow();
  });
  it("sets and keys hold whichever way a member comes: unshift, splice, replace, the other side", async () => {
    await using session = open();
    const team = new Team({ id: 1 });
    const player = (name: string) => new Player({ name });
    const [fan, guest] = [new Fan(), new Fan()];
    team.fans.replace([fan, fan, guest]);
    team.fans.unshift(guest, fan);
    team.fans.splice(0, 0, fan);
    expect([...team.fans]).toEqual([fan, guest]);
    team.fans.splice(0, 1, guest, fan);
    expect([...team.fans]).toEqual([fan, guest]);
    session.add(team);
    const players = await team.byName;
    const names = () => players.map((p) => p.name).join();
    players.push(player("a"), player("b"), player("c"));
    await session.commit();
    players.unshift(player("b"));
    expect(names()).toBe("b,a,c");
    players.splice(2, 1, player("b"), player("d"));
    expect(names()).toBe("a,b,d");
    const moved = players[2]!;
    players.splice(2, 1, moved);
    expect(players.get("d")).toBe(moved);
    const last = player("a");
    session.add(last);
    last.team = team;
    expect([names(), players.get("a") === last]).toEqual(["b,d,a", true]);
    players.replace([player("x"), last, player("x")]);
    expect(names()).toBe("a,x");
    await session.commit();
    expect(await session.scalars(select(Player.c.name).orderBy(Player.c.name)).all()).toEqual(["a", "x"]);
    // What has no name yet takes nobody's place, and is found once it has one.
    const [one, two] = [new Player({ team }), new Player({ team })];
    expect(players.length).toBe(4);
    Object.assign(one, { name: "one" });
    Object.assign(two, { name: "two" });
    expect([players.get("one"), players.get("two")]).toEqual([one, two]);
    await session.commit();
    // @ts-expect-error `length` is read only
    expect(() => (Object.freeze(players).length = 0)).toThrow();
  });
  it("a key that is taken is taken over in a collection that is not loaded, too: by the flush or the load", async () => {
    await using session = open();
    const player = (name: string) => new Player({ name });
    const seed = new Team({ id: 1 });
    seed.byName.push(player("a"), player("b"));
    session.add(seed);
    await session.commit();
    const rows = () => session.execute(select(Player.c.id, Player.c.name).orderBy(Player.c.id)).all();
    const anew = async () => {
      session.expungeAll();
      return session.getOne(Team, 1);
    };
    let team = await anew();
    const [first, second] = [player("a"), player("a")];
    team.byName.push(first);
    team.byName.push(player("c"), second);
    await session.commit();
    expect((await rows()).map((r) => r.name)).toEqual(["b", "c", "a"]);
    expect(second.team).toBe(team);
    expect(inspect(first).transient).toBe(true);
    // Loaded before the flush.
    team = await anew();
    await session.noAutoflush(async () => {
      const late = player("b");
      team.byName.push(late);
      const players = await team.byName;
      expect(players.get("b")).toBe(late);
      expect(players.length).toBe(3);
    });
    await session.commit();
    expect((await rows()).map((r) => r.name)).toEqual(["c", "a", "b"]);
    // Taken back: who had the place has it again.
    team = await anew();
    team.byName.push(player("c"));
    await session.flush();
    await session.rollback();
    expect((await rows()).map((r) => r.name)).toEqual(["c", "a", "b"]);
    expect((await team.byName).map((p) => p.name).sort()).toEqual(["a", "b", "c"]);
    // Pushed and taken out again, pushed though it is there.
    team = await anew();
    const gone = player("c");
    team.byName.push(gone);
    team.byName.remove(gone);
    const there = (await session.scalars(select(Player).where(Player.c.name.eq("a"))).one()) as Player;
    team.byName.push(there);
    await session.commit();
    expect((await rows()).map((r) => r.name)).toEqual(["c", "a", "b"]);
  });
  it("what a deleted owner had lost before may have another one until the flush; orphans are told of as deleted", async () => {
    await using session = open();
    const [team, other] = [new Team({ id: 1 }), new Team({ id: 2 })];
    const [moved, lost, kept] = ["moved", "lost", "kept"].map((name) => new Player({ name })) as [
      Player,
      Player,
      Player,
    ];
    team.byName.replace([moved, lost]);
    other.byName.push(kept);
    session.addAll([team, other]);
    await session.commit();
    const told: unknown[] = [];
    session.on("persistentToDeleted", ({ instance }) => void told.push(instance));
    (await team.byName).replace([]);
    await session.delete(team);
    moved.team = other;
    await session.flush();
    expect(new Set(told.splice(0))).toEqual(new Set([team, lost]));
    (await other.byName).remove(kept);
    await session.commit();
    expect(told).toEqual([kept]);
    expect(await session.execute(select(Player.c.name, Player.c.teamId)).all()).toEqual([["moved", 2]]);
  });
  it("a delete cascade sees what is not written yet: rows that refer by the key alone", async () => {
    await using session = open();
    const [team, other] = [new Team({ id: 1 }), new Team({ id: 2 })];
    other.byName.push(new Player({ name: "moved" }));
    session.addAll([team, other]);
    await session.commit();
    session.expungeAll();
    const moved = await session.scalars(select(Player)).one();
    const all = await session.scalars(select(Team).orderBy(Team.c.id)).all();
    moved.teamId = 1;
    session.add(new Player({ name: "new", teamId: 1 }));
    taken(db);
    await session.delete(all[0]!);
    await session.delete(all[1]!);
    await session.commit();
    // One flush before the first load; the deletions stay together.
    expect(taken(db)).toEqual(["UPDATE player", "INSERT player", "DELETE team_tag", "DELETE player", "DELETE team"]);
    expect(await session.scalars(select(Player.c.name)).all()).toEqual([]);
    const kept = new Team({ id: 3 });
    session.add(kept);
    await session.commit();
    session.add(new Player({ name: "new", teamId: 3 }));
    await session.noAutoflush(() => session.delete(kept));
    expect(session.new.size).toBe(1);
    await session.rollback();
  });
  it("an object put in by an index is refused at the flush instead of lost", async () => {
    await using session = open();
    const team = new Team({ id: 1 });
    session.add(team);
    const staff = await team.staff;
    staff.push(new Coach({ name: "a" }), new Coach({ name: "b" }));
    await session.commit();
    await session.refresh(team);
    const members = await team.staff;
    members.push(new Coach({ name: "c" }));
    // @ts-expect-error an index is read only
    members[0] = new Coach({ name: "lost" });
    await expect(session.flush()).rejects.toThrow(
      /Team\.staff of <Team 1> holds an object that was put in by an index/,
    );
    await session.rollback();
  });
  it("a write-only collection inserts, updates and deletes by statements, and its parent goes without loading", async () => {
    await using session = open();
    const [team, other] = [new Team({ id: 1 }), new Team({ id: 2 })];
    session.addAll([team, other]);
    await session.commit();
    taken(db);
    await session.execute(team.log.insert([{ text: "a" }, { text: "b" }, { text: "c" }]));
    await session.execute(other.log.insert([{ text: "a" }]));
    expect(taken(db)).toEqual(["INSERT entry"]);
    await session.execute(team.log.update({ text: "z" }, Entry.c.text.eq("a")));
    await session.execute(team.log.delete(Entry.c.text.eq("b")));
    const texts = () =>
      session.execute(select(Entry.c.teamId, Entry.c.text).orderBy(Entry.c.teamId, Entry.c.text)).all();
    expect((await texts()).map((r) => [...r])).toEqual([
      [1, "c"],
      [1, "z"],
      [2, "a"],
    ]);
    expect((await session.scalars(team.log.select()).all()).length).toBe(2);
    const tag = new Tag({ id: 1, name: "t" });
    session.add(tag, new Tag({ id: 2, name: "u" }));
    team.tags.add(tag);
    await session.flush();
    await session.execute(team.tags.update({ name: "mine" }));
    expect(await session.scalars(select(Tag.c.name).orderBy(Tag.c.id)).all()).toEqual(["mine", "u"]);
    expect(() => team.tags.insert([{ name: "x" }])).toThrow(/many-to-many need rows between/);
    await session.commit();
    taken(db);
    await session.delete(other);
    await session.commit();
    expect(taken(db)).toEqual(["DELETE team_tag", "DELETE team"]);
    expect(await session.scalar(select(func.count()).selectFrom(Entry))).toBe(2);
  });
});
