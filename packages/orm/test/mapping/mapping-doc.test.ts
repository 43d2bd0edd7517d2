/** The examples of docs/mapping.md: each block of that page stands in this file, so that it compiles and runs. */
import { readFileSync } from "node:fs";
import { and, caseOf, check, func, integer, json, select, string, table, unique, update } from "@athanor/core";
import {
  attributeKeyed,
  columnProperty,
  declarativeBase,
  discriminatedBy,
  foreign,
  manyToOne,
  oneToMany,
  remote,
  Session,
  tableConstraints,
  trackType,
  validates,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording } from "../session/support.js";

const Model = declarativeBase();
trackType(Model, json());

class Album extends Model("Album", {
  id: integer().primaryKey(),
  title: string(40),
  extra: json<{ tags: string[] }>().nullable(),
  get tracks() {
    return oneToMany(Track, { collection: attributeKeyed("name"), lazy: "selectin" });
  },
  trackCount: columnProperty(integer(), (c) => select(func.count(Track.c.id)).where(Track.c.albumId.eq(c.id)).scalar()),
}) {}
class Track extends Model("Track", {
  id: integer().primaryKey(),
  name: string(40),
  from: integer(),
  to: integer(),
  albumId: integer().nullable().references("album.id"),
}) {
  static {
    validates(this, ["name"], (value) => {
      if (value === "") throw new Error("a track needs a name");
      return value;
    });
  }
  get seconds() {
    return this.to - this.from;
  }
  static get seconds() {
    return Track.c.to.sub(Track.c.from);
  }
  static readonly updateExpressions = {
    seconds: (n: number) => ({ to: Track.c.from.add(n) }),
  };
}

class Member extends Model("Member", { id: integer().primaryKey(), name: string(40), slug: string(40) }) {
  constructor(name: string) {
    super({ name, slug: name.toLowerCase() });
  }
}

class Folder extends Model("Folder", {
  id: integer().primaryKey(),
  tenant: integer(),
  parentId: integer().nullable(),
  get parent() {
    return manyToOne(Folder, {
      primaryJoin: (f, own) => and(f.tenant.eq(own.tenant), remote(f.id).eq(foreign(own.parentId))),
    });
  },
}) {}

const people = table(
  "people",
  { id: integer().primaryKey(), name: string(40), secret: string(40).nullable() },
  { metadata: Model.metadata },
);
class Contact extends Model(
  "Contact",
  { id: integer().primaryKey(), name: string(40) },
  { table: people, excludeProperties: ["secret"] },
) {}

class Person extends Model(
  "Person",
  {
    id: integer().primaryKey(),
    get kind() {
      return string(20).subclasses(Coder, Manager);
    },
    name: string(40),
  },
  { polymorphicOn: "kind", identity: "person" },
) {}
class Coder extends Person.subclass("Coder", { language: string(20).nullable() }, { identity: "coder" }) {}
class Manager extends Person.subclass("Manager", { level: integer() }, { identity: "manager", tableName: "manager" }) {}

class Offer extends Model(
  "Offer",
  { id: integer().primaryKey(), state: string(10).serverDefault("'new'") },
  { eagerDefaults: true },
) {}

class Paper extends Model(
  "Paper",
  {
    id: integer().primaryKey(),
    code: string(20),
    get kind() {
      return string(10).subclasses(Memo);
    },
  },
  {
    polymorphicOn: discriminatedBy("kind", (c) =>
      caseOf(func.substr(c.code, 1, 1))
        .when("M", "memo")
        .else("paper"),
    ),
    identity: "paper",
  },
) {}
class Memo extends Paper.subclass("Memo", { lines: integer().nullable() }, { identity: "memo" }) {}

class Payment extends Model(
  "Payment",
  {
    id: integer().primaryKey(),
    amount: integer(),
    get kind() {
      return string(10).subclasses(Card, Cash);
    },
  },
  { polymorphicOn: "kind", concrete: true, abstract: true },
) {}
class Card extends Payment.subclass("Card", { digits: string(4) }, { identity: "card" }) {}
class Cash extends Payment.subclass("Cash", { currency: string(3) }, { identity: "cash" }) {}

class Shelf extends Model("Shelf", {
  id: integer().primaryKey(),
  room: string(20),
  place: integer(),
}) {
  static {
    tableConstraints(this, (c) => [unique("uq_shelf", c.room, c.place), check(c.place.gt(0))]);
  }
}

it("the page shows what stands here", () => {
  const squeezed = (text: string) => text.replace(/\s+/g, "");
  const here = squeezed(readFileSync(new URL(import.meta.url), "utf8"));
  const page = readFileSync(new URL("../../../../docs/mapping.md", import.meta.url), "utf8");
  const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map((m) => m[1] as string);
  expect(blocks.length).toBeGreaterThan(5);
  for (const block of blocks) expect(here, block).toContain(squeezed(block));
});

describeEachDatabase("docs/mapping.md", (target) => {
  const db = recording(target, Model.metadata);
  it("does what it says", async () => {
    await using session = new Session(db.engine);
    const first = new Track({ id: 1, name: "one", from: 0, to: 60, albumId: 1 });
    session.add(new Album({ id: 1, title: "a", extra: { tags: [] } }));
    await session.flush();
    session.addAll([
      first,
      new Folder({ id: 1, tenant: 1 }),
      new Folder({ id: 2, tenant: 1, parentId: 1 }),
      new Contact({ id: 1, name: "cy" }),
      new Coder({ id: 1, name: "co", language: "ts" }),
      new Manager({ id: 2, name: "ma", level: 3 }),
      new Paper({ id: 1, code: "P1" }),
      new Memo({ id: 2, code: "M1", lines: 3 }),
      new Card({ id: 1, amount: 5, digits: "1234" }),
      new Cash({ id: 1, amount: 7, currency: "EUR" }),
      new Shelf({ id: 1, room: "a", place: 1 }),
    ]);
    const offer = new Offer({ id: 1 });
    session.add(offer);
    await session.flush();
    expect(offer.state).toBe("new");
    await session.commit();
    session.expungeAll();

    const album = await session.scalars(select(Album)).one();
    expect([album.tracks.get("one")?.seconds, album.trackCount]).toEqual([60, 1]);
    album.extra?.tags.push("live");
    await session.execute(update(Track).set({ seconds: 90 }));
    expect(await session.scalars(select(Track.seconds)).all()).toEqual([90]);
    await session.commit();
    await session.refresh(album);
    expect(album.extra).toEqual({ tags: ["live"] });
    expect(() => new Track({ name: "" })).toThrow("needs a name");
    expect((await (await session.get(Folder, 2))?.parent)?.id).toBe(1);
    expect((await session.get(Contact, 1))?.name).toBe("cy");
    expect(await session.scalars(select(Coder.c.name)).all()).toEqual(["co"]);
    expect(await session.scalars(select(Manager.c.name)).all()).toEqual(["ma"]);
    const papers = await session.scalars(select(Paper).orderBy(Paper.c.id)).all();
    expect(papers.map((p) => (p.kind === "memo" ? p.lines : p.kind))).toEqual(["paper", 3]);
    const payments = await session.scalars(select(Payment).orderBy(Payment.c.amount)).all();
    expect(payments.map((p) => (p.kind === "card" ? p.digits : p.currency))).toEqual(["1234", "EUR"]);
    await expect(session.get(Payment, 1)).rejects.toThrow(/Card, Cash/);
    session.add(new Shelf({ id: 2, room: "a", place: 1 }));
    await expect(session.flush()).rejects.toThrow();
  });
});
