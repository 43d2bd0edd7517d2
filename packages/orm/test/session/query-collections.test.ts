/** `lazy: "dynamic"` and `lazy: "writeOnly"`: pending owners, deletions, replacement, counts, what is a member. Oracle: SQLAlchemy. */
import { and, foreignKey, integer, MultipleResultsFound, select, string, table } from "@athanor/core";
import { declarativeBase, inspect, joinedLoad, manyToMany, manyToOne, oneToMany, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording, taken } from "./support.js";

const Base = declarativeBase();
class Account extends Base("Account", {
  id: integer().primaryKey(),
  name: string(20),
  get moves() {
    return oneToMany(Move, { lazy: "dynamic", backPopulates: "account", cascade: "all, delete-orphan", orderBy: "id" });
  },
  get events() {
    return oneToMany(Happening, { lazy: "writeOnly", passiveDeletes: true });
  },
  /** Some of them only. */
  get loud() {
    return oneToMany(Happening, {
      lazy: "writeOnly",
      viewOnly: true,
      primaryJoin: (e, own) => and(e.accountId.eq(own.id), e.text.eq("loud")),
    });
  },
  get cards() {
    return oneToMany(GoldCard, { lazy: "dynamic", orderBy: "id" });
  },
  get wallets() {
    return oneToMany(Wallet, { lazy: "dynamic", orderBy: "id" });
  },
  get rooms() {
    return manyToMany(Room, { secondary: accountRoom, lazy: "writeOnly" });
  },
}) {}
class Move extends Base("Move", {
  id: integer().primaryKey(),
  text: string(20),
  accountId: integer().nullable().references("account.id"),
  get account() {
    return manyToOne(Account, { backPopulates: "moves" });
  },
}) {}
class Happening extends Base("Happening", {
  id: integer().primaryKey(),
  text: string(20),
  accountId: integer().nullable().references("account.id", { onDelete: "CASCADE" }),
}) {}
class Card extends Base(
  "Card",
  {
    id: integer().primaryKey(),
    get kind() {
      return string(10).subclasses(GoldCard);
    },
    accountId: integer().nullable().references("account.id"),
  },
  { polymorphicOn: "kind", identity: "card" },
) {}
class GoldCard extends Card.subclass(
  "GoldCard",
  { carat: integer().nullable() },
  { identity: "gold", tableName: "gold_card" },
) {}
class Purse extends Base(
  "Purse",
  {
    id: integer().primaryKey(),
    get kind() {
      return string(10).subclasses(Wallet);
    },
    accountId: integer().nullable().references("account.id"),
  },
  { polymorphicOn: "kind", identity: "purse" },
) {}
class Wallet extends Purse.subclass("Wallet", {}, { identity: "wallet" }) {}
class Room extends Base(
  "Room",
  { house: integer(), no: integer(), name: string(20).nullable() },
  { primaryKey: ["house", "no"] },
) {}
const accountRoom = table(
  "account_room",
  { accountId: integer().references("account.id"), house: integer(), no: integer() },
  {
    primaryKey: ["accountId", "house", "no"],
    metadata: Base.metadata,
    constraints: () => [foreignKey(["house", "no"], ["room.house", "room.no"])],
  },
);
class Strict extends Base("Strict", {
  id: integer().primaryKey(),
  get parts() {
    return oneToMany(Part, { lazy: "writeOnly" });
  },
}) {}
class Part extends Base("Part", {
  id: integer().primaryKey(),
  strictId: integer().nullable().references("strict.id"),
}) {}

describeEachDatabase("collections that are queries", (target) => {
  const db = recording(target, Base.metadata);
  const open = () => new Session(db.engine);
  const texts = (list: readonly { readonly text: string }[]) => list.map((m) => m.text);

  it("a query of a new owner's members sees what its own autoflush wrote", async () => {
    await using session = open();
    const account = new Account({ name: "a" });
    account.moves.push(new Move({ text: "1" }), new Move({ text: "2" }));
    session.add(account);
    expect(texts(await account.moves.all())).toEqual(["1", "2"]);
    const late = new Account({ name: "b" });
    late.events.add(new Happening({ text: "x" }));
    session.add(late);
    const members = late.events.select().where(Happening.c.text.ne("y")).orderBy(Happening.c.id);
    expect(texts(await session.scalars(members).all())).toEqual(["x"]);
    // @ts-expect-error they are objects of Happening
    expect(((await session.scalars(members).one()).wrong as unknown) ?? null).toBeNull();
    await using quiet = new Session(db.engine, { autoflush: false });
    const unknown = new Account({ name: "c" });
    quiet.add(unknown);
    await expect(unknown.moves.all()).rejects.toThrow(
      /Account.moves of <Account new>: its 'id' is not known yet; flush/,
    );
  });
  it("a deletion reads the members and leaves a query behind, whatever becomes of it", async () => {
    await using session = open();
    const [one, other] = [new Account({ name: "a" }), new Account({ name: "b" })];
    one.moves.push(new Move({ text: "1" }), new Move({ text: "2" }));
    other.moves.push(new Move({ text: "3" }));
    session.add(one, other);
    await session.commit();
    session.expungeAll();
    const [again, sibling] = (await session.scalars(select(Account).orderBy(Account.c.id)).all()) as [Account, Account];
    taken(db);
    await session.delete(again);
    expect(await again.moves.count()).toBe(0);
    expect(taken(db)).toEqual(["DELETE account_room", "DELETE move", "DELETE account"]);
    expect(texts(await sibling.moves.all())).toEqual(["3"]);
    await session.rollback();
    expect(texts(await again.moves.all())).toEqual(["1", "2"]);
    await session.delete(again);
    await session.commit();
    expect(await session.scalars(select(Move.c.text)).all()).toEqual(["3"]);
  });
  it("an assignment replaces the members, and it is a query still", async () => {
    await using session = open();
    const account = new Account({ name: "a" });
    const [first, second] = [new Move({ text: "1" }), new Move({ text: "2" })];
    account.moves.push(first, second);
    session.add(account);
    await session.commit();
    (account as { moves: unknown }).moves = [second, new Move({ text: "3" })];
    expect(texts(await account.moves.all())).toEqual(["2", "3"]);
    expect(inspect(first).state).toBe("deleted");
    await session.rollback();
    expect(texts(await account.moves.all())).toEqual(["1", "2"]);
    await session.refresh(account, ["moves"]);
    expect(await account.moves.filter(Move.c.text.eq("2")).count()).toBe(1);
  });
  it("takes loader options, asks for the one member, and goes on as a statement", async () => {
    await using session = open();
    const account = new Account({ name: "a" });
    account.moves.push(new Move({ text: "1" }), new Move({ text: "2" }));
    session.add(account);
    await session.commit();
    session.expungeAll();
    const again = (await session.get(Account, account.id))!;
    const loud = again.moves.options(joinedLoad(Move.c.account)).filterBy({ text: "2" });
    expect([(await loud.one()).text, (await loud.filterBy({ text: "1" }).oneOrNone()) === null]).toEqual(["2", true]);
    await expect(again.moves.one()).rejects.toThrow(MultipleResultsFound);
    const joined = again.moves.select().join(Move.c.account).where(Account.c.name.eq("a")).limit(1);
    expect(texts(await session.scalars(joined).all())).toEqual(["1"]);
  });
  it("members of a subclass are counted once each, and a limit counts", async () => {
    await using session = open();
    const [account, other] = [new Account({ name: "a" }), new Account({ name: "b" })];
    account.cards.push(new GoldCard({ carat: 1 }), new GoldCard({ carat: 2 }), new GoldCard({ carat: 3 }));
    other.cards.push(new GoldCard({ carat: 4 }));
    account.wallets.push(new Wallet(), new Wallet());
    session.add(account, other);
    await session.flush();
    session.add(new Purse({ accountId: account.id }));
    expect(await account.cards.count()).toBe(3);
    expect(await account.cards.filter(GoldCard.c.carat.gt(1)).limit(1).count()).toBe(1);
    expect([await account.wallets.count(), (await account.wallets.all()).length]).toEqual([2, 2]);
  });
  it("UPDATE and DELETE of members mean those that the relationship means", async () => {
    await using session = open();
    const account = new Account({ name: "a" });
    account.events.add(new Happening({ text: "loud" }), new Happening({ text: "soft" }));
    const rooms = [1, 2, 3].map((no) => new Room({ house: 1, no }));
    account.rooms.add(rooms[0]!, rooms[1]!);
    session.add(account, ...rooms);
    await session.commit();
    await session.execute(account.loud.delete());
    expect(await session.scalars(select(Happening.c.text)).all()).toEqual(["soft"]);
    expect(() => account.loud.insert([{ text: "x" }])).toThrow(/viewOnly/);
    await session.scalars(select(Room)).all();
    await session.execute(account.rooms.update({ name: "mine" }));
    expect(await session.scalars(select(Room.c.no).where(Room.c.name.eq("mine")).orderBy(Room.c.no)).all()).toEqual([
      1, 2,
    ]);
    expect(rooms.map((r) => r.name)).toEqual(["mine", "mine", null]);
  });
  it("merge() brings what was added: the members of a dynamic one, more members of a write-only one", async () => {
    await using session = open();
    const given = (moves: readonly Move[], ...events: Happening[]) => {
      const account = new Account({ id: 1, name: "a" });
      account.moves.push(...moves);
      account.events.add(...events);
      return account;
    };
    await session.merge(given([new Move({ text: "x" })], new Happening({ text: "1" })));
    await session.commit();
    const merged = await session.merge(
      given([new Move({ id: 1, text: "y" }), new Move({ text: "z" })], new Happening({ text: "2" })),
    );
    await session.commit();
    expect(texts(await merged.moves.all())).toEqual(["y", "z"]);
    expect(texts(await session.scalars(merged.events.select().orderBy(Happening.c.id)).all())).toEqual(["1", "2"]);
    await session.merge(given([new Move({ text: "w" })]));
    await session.merge(new Account({ id: 1, name: "b" }));
    await session.commit();
    expect(texts(await merged.moves.all())).toEqual(["w"]);
  });
  it("write only: what would have to load the members is refused, with the way out", async () => {
    await using session = open();
    const strict = new Strict({ id: 1 });
    strict.parts.add(new Part({ id: 1 }));
    session.add(strict);
    await session.commit();
    await session.delete(strict);
    await expect(session.commit()).rejects.toThrow(/Strict.parts of <Strict 1> is write only.*passiveDeletes: true/);
    await session.rollback();
    (strict as { parts: unknown }).parts = [new Part({ id: 2 })];
    await expect(session.commit()).rejects.toThrow(/use add\(\) and remove\(\) instead of replacing/);
    await session.rollback();
    expect(await session.scalars(select(Part.c.strictId)).all()).toEqual([1]);
  });
});
