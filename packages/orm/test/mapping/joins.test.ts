/** Joins of relationships written by hand, relationships to aliases, columns two relationships write. Oracle: SQLAlchemy. */
import { and, func, integer, or, select, string, table } from "@athanor/core";
import {
  aliased,
  declarativeBase,
  foreign,
  join,
  joinedLoad,
  manyToMany,
  manyToOne,
  mapperOf,
  oneToMany,
  oneToOne,
  remote,
  Session,
  selectinLoad,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, beforeEach, expect, it } from "vitest";
import { recording, taken } from "../session/support.js";

const Base = declarativeBase();
class Folder extends Base(
  "Folder",
  {
    tenantId: integer(),
    id: integer(),
    name: string(20),
    parentId: integer().nullable(),
    /** Same tenant, its own key: only parentId is written. */
    get parent() {
      return manyToOne(Folder, {
        primaryJoin: (f, own) => and(f.tenantId.eq(own.tenantId), remote(f.id).eq(foreign(own.parentId))),
        backPopulates: "children",
      });
    },
    get children() {
      return oneToMany(Folder, {
        primaryJoin: (f, own) => and(f.tenantId.eq(own.tenantId), foreign(f.parentId).eq(own.id)),
        backPopulates: "parent",
        orderBy: "id",
      });
    },
  },
  { primaryKey: ["tenantId", "id"] },
) {}
class Path extends Base("Path", {
  id: integer().primaryKey(),
  path: string(40),
  label: string(20).nullable(),
  get descendants() {
    return oneToMany(Path, {
      primaryJoin: (p, own) => remote(foreign(p.path)).like(own.path.concat("/%")),
      viewOnly: true,
      orderBy: "path",
    });
  },
  /** Whatever is spelled alike. */
  get namesakes() {
    return oneToMany(Path, {
      primaryJoin: (p, own) => and(func.lower(foreign(p.label)).eq(func.lower(own.label)), p.id.ne(own.id)),
      viewOnly: true,
      orderBy: "id",
    });
  },
}) {}
class Trade extends Base("Trade", {
  id: integer().primaryKey(),
  buyerId: integer().references("dealer.id"),
  sellerId: integer().references("dealer.id"),
  price: integer(),
}) {}
class Dealer extends Base("Dealer", {
  id: integer().primaryKey(),
  get trades() {
    return oneToMany(Trade, {
      primaryJoin: (t, own) => or(t.buyerId.eq(own.id), t.sellerId.eq(own.id)),
      viewOnly: true,
      orderBy: "id",
    });
  },
  get dear() {
    return oneToMany(Trade, {
      primaryJoin: (t, own) => and(t.buyerId.eq(own.id), t.price.gt(10)),
      viewOnly: true,
    });
  },
  get topTrades() {
    return oneToMany(Trade, { alias: () => topTrade, viewOnly: true, foreignKeys: "sellerId", orderBy: "id" });
  },
}) {}
// A → B → D ← C: the way from A to C is a join of two tables.
class A extends Base("A", {
  id: integer().primaryKey(),
  bId: integer().nullable().references("b.id"),
  get cs() {
    return manyToMany(C, {
      secondary: join(B, D, D.c.bId.eq(B.c.id)),
      primaryJoin: (_, own) => own.bId.eq(B.c.id),
      secondaryJoin: (c) => c.dId.eq(D.c.id),
      viewOnly: true,
      orderBy: "id",
    });
  },
}) {}
class B extends Base("B", { id: integer().primaryKey() }) {}
class C extends Base("C", { id: integer().primaryKey(), dId: integer().nullable().references("d.id") }) {}
class D extends Base("D", { id: integer().primaryKey(), bId: integer().nullable().references("b.id") }) {}
const follow = table(
  "follow",
  { from: integer(), to: integer() },
  { primaryKey: ["from", "to"], metadata: Base.metadata },
);
class Member extends Base("Member", {
  id: integer().primaryKey(),
  /** The secondary table has no foreign keys at all. */
  get follows() {
    return manyToMany(Member, {
      secondary: follow,
      primaryJoin: (f, own) => own.id.eq(f.from),
      secondaryJoin: (m, f) => m.id.eq(f.to),
      backPopulates: "followers",
      orderBy: "id",
    });
  },
  get followers() {
    return manyToMany(Member, {
      secondary: follow,
      primaryJoin: (f, own) => own.id.eq(f.to),
      secondaryJoin: (m, f) => m.id.eq(f.from),
      backPopulates: "follows",
      orderBy: "id",
    });
  },
}) {}
const ranked = select(
  Trade.c.id,
  Trade.c.buyerId,
  Trade.c.sellerId,
  Trade.c.price,
  func.rowNumber().over({ partitionBy: Trade.c.sellerId, orderBy: Trade.c.price.desc() }).as("place"),
).subquery("ranked");
const topTrade = aliased(Trade, select(ranked).where(ranked.c.place.lt(3)).subquery("top"));

class Owner extends Base("Owner", {
  id: integer().primaryKey(),
  get badge() {
    return oneToOne(Badge, { orderBy: "id" });
  },
}) {}
class Badge extends Base("Badge", { id: integer().primaryKey(), ownerId: integer().references("owner.id") }) {}

let warnings: string[];
const hear = (warning: Error & { code?: string }) => void warnings.push(`${warning.code}: ${warning.message}`);
const heard = async () => {
  await new Promise((done) => setImmediate(done));
  return warnings.splice(0);
};
beforeEach(() => {
  warnings = [];
  process.on("warning", hear);
});
afterEach(() => process.off("warning", hear));

describeEachDatabase("joins by hand", (target) => {
  const db = recording(target, Base.metadata);
  const open = () => new Session(db.engine);

  it("foreign() isolates the column written, and equalities behave like a key", async () => {
    await using session = open();
    const root = new Folder({ tenantId: 7, id: 1, name: "root" });
    root.children.push(new Folder({ tenantId: 7, id: 2, name: "sub" }));
    session.add(root, new Folder({ tenantId: 8, id: 2, name: "other tenant", parentId: 1 }));
    await session.commit();
    const sub = (await session.get(Folder, [7, 2])) as Folder;
    expect([sub.tenantId, sub.parentId]).toEqual([7, 1]);
    sub.parent = null;
    await session.commit();
    expect([sub.tenantId, sub.parentId]).toEqual([7, null]);
    sub.parent = root;
    await session.commit();
    session.expungeAll();
    for (const how of [joinedLoad, selectinLoad]) {
      const [found] = await session.scalars(
        select(Folder).where(Folder.c.name.eq("root")).options(how(Folder.c.children)),
      );
      expect(found!.children.map((f) => f.name)).toEqual(["sub"]);
      session.expungeAll();
    }
    expect(mapperOf(Folder).relationship("parent")?.usesGet).toBe(true);
  });
  it("comparisons, functions and OR read through, by every way of loading", async () => {
    await using session = open();
    session.addAll([
      new Path({ id: 1, path: "/a", label: "X" }),
      new Path({ id: 2, path: "/a/b", label: "x" }),
      new Path({ id: 3, path: "/a/b/c" }),
      new Path({ id: 4, path: "/ab", label: "X" }),
    ]);
    await session.commit();
    session.expungeAll();
    const ways = [
      select(Path).options(joinedLoad(Path.c.descendants), joinedLoad(Path.c.namesakes)),
      select(Path).options(selectinLoad(Path.c.descendants), selectinLoad(Path.c.namesakes)),
      select(Path),
    ];
    for (const way of ways) {
      const paths = (await session.scalars(way.orderBy(Path.c.id)).all()) as Path[];
      const below = await Promise.all(paths.map(async (p) => [...(await p.descendants)].map((d) => d.path)));
      expect(below).toEqual([["/a/b", "/a/b/c"], ["/a/b/c"], [], []]);
      const alike = await Promise.all(paths.map(async (p) => [...(await p.namesakes)].map((d) => d.id)));
      expect(alike).toEqual([[2, 4], [1, 4], [], [1, 2]]);
      session.expungeAll();
    }
    const child = aliased(Path, "child");
    const pairs = await session.execute(
      select(Path.c.id, child.c.id.as("child")).join(Path.c.descendants.ofType(child)).orderBy(Path.c.id, child.c.id),
    );
    expect(pairs.map((r) => [...r])).toEqual([
      [1, 2],
      [1, 3],
      [2, 3],
    ]);
    expect(await session.scalars(select(Path.c.id).where(Path.c.descendants.any())).all()).toEqual([1, 2]);
  });
  it("viewOnly relationships over OR and extra criteria; an alias gives the first two of each", async () => {
    await using session = open();
    session.addAll([new Dealer({ id: 1 }), new Dealer({ id: 2 })]);
    await session.flush();
    session.addAll([
      new Trade({ id: 1, buyerId: 1, sellerId: 2, price: 5 }),
      new Trade({ id: 2, buyerId: 2, sellerId: 1, price: 50 }),
      new Trade({ id: 3, buyerId: 1, sellerId: 2, price: 20 }),
      new Trade({ id: 4, buyerId: 2, sellerId: 2, price: 7 }),
    ]);
    await session.commit();
    session.expungeAll();
    const ids = (list: Iterable<{ readonly id: number }>) => [...list].map((t) => t.id);
    for (const how of [joinedLoad, selectinLoad]) {
      const dealers = await session
        .scalars(
          select(Dealer)
            .options(how(Dealer.c.trades))
            .options(how(Dealer.c.dear))
            .options(how(Dealer.c.topTrades))
            .orderBy(Dealer.c.id),
        )
        .all();
      expect(dealers.map((d) => [ids(d.trades), ids(d.dear), ids(d.topTrades)])).toEqual([
        [[1, 2, 3], [3], [2]],
        [[1, 2, 3, 4], [2], [3, 4]],
      ]);
      session.expungeAll();
    }
    const dealer = (await session.get(Dealer, 2)) as Dealer;
    expect(ids(await dealer.topTrades)).toEqual([3, 4]);
    expect(
      await session.scalars(select(Dealer.c.id).where(Dealer.c.topTrades.any(topTrade.c.price.lt(10)))).all(),
    ).toEqual([2]);
  });
  it("contains(), eq() and ne() ask for all that a join by hand says", async () => {
    await using session = open();
    session.addAll([new Dealer({ id: 1 }), new Dealer({ id: 2 })]);
    await session.flush();
    const [cheap, dear] = [
      new Trade({ id: 1, buyerId: 1, sellerId: 2, price: 5 }),
      new Trade({ id: 2, buyerId: 2, sellerId: 1, price: 50 }),
    ];
    session.addAll([cheap, dear]);
    await session.commit();
    const ids = (criterion: ReturnType<typeof Dealer.c.dear.contains>) =>
      session.scalars(select(Dealer.c.id).where(criterion).orderBy(Dealer.c.id)).all();
    expect(await ids(Dealer.c.dear.contains(cheap))).toEqual([]);
    expect(await ids(Dealer.c.dear.contains(dear))).toEqual([2]);
    expect(await ids(Dealer.c.trades.contains(cheap))).toEqual([1, 2]);
    session.addAll([new B({ id: 1 }), new B({ id: 2 })]);
    await session.flush();
    session.add(new D({ id: 1, bId: 1 }));
    await session.flush();
    const c = new C({ id: 1, dId: 1 });
    session.addAll([c, new A({ id: 1, bId: 1 }), new A({ id: 2, bId: 2 })]);
    await session.flush();
    expect(await session.scalars(select(A.c.id).where(A.c.cs.contains(c))).all()).toEqual([1]);
    const badge = new Badge({ id: 1, ownerId: 7 });
    session.addAll([new Owner({ id: 7 }), new Owner({ id: 8 })]);
    await session.flush();
    session.add(badge);
    await session.flush();
    const owners = (criterion: ReturnType<typeof Owner.c.badge.eq>) =>
      session.scalars(select(Owner.c.id).where(criterion).orderBy(Owner.c.id)).all();
    expect([await owners(Owner.c.badge.eq(badge)), await owners(Owner.c.badge.ne(badge))]).toEqual([[7], [8]]);
  });
  it("a secondary that is a join of tables", async () => {
    await using session = open();
    session.add(new B({ id: 1 }), new B({ id: 2 }));
    await session.flush();
    session.addAll([new D({ id: 1, bId: 1 }), new D({ id: 2, bId: 1 })]);
    await session.flush();
    session.addAll([
      new C({ id: 1, dId: 1 }),
      new C({ id: 2, dId: 2 }),
      new C({ id: 3 }),
      new A({ id: 1, bId: 1 }),
      new A({ id: 2, bId: 2 }),
    ]);
    await session.commit();
    session.expungeAll();
    for (const way of [select(A).options(joinedLoad(A.c.cs)), select(A).options(selectinLoad(A.c.cs)), select(A)]) {
      const as = (await session.scalars(way.orderBy(A.c.id)).all()) as A[];
      expect(await Promise.all(as.map(async (a) => [...(await a.cs)].map((c) => c.id)))).toEqual([[1, 2], []]);
      session.expungeAll();
    }
    expect(await session.scalars(select(A.c.id).where(A.c.cs.any(C.c.id.eq(2)))).all()).toEqual([1]);
  });
  it("a secondary table without foreign keys is written and read by its joins", async () => {
    await using session = open();
    const [one, two, three] = [new Member({ id: 1 }), new Member({ id: 2 }), new Member({ id: 3 })] as const;
    one.follows.push(two, three);
    two.follows.push(three);
    session.addAll([one, two, three]);
    await session.commit();
    expect(taken(db)).toEqual(["INSERT member", "INSERT follow"]);
    session.expungeAll();
    const again = await session
      .scalars(select(Member).options(selectinLoad(Member.c.followers)).orderBy(Member.c.id))
      .all();
    expect(again.map((m) => m.followers.map((f) => f.id))).toEqual([[], [1], [1, 2]]);
    again[2]!.followers.remove(again[0]!);
    await session.commit();
    expect(taken(db)).toEqual(["DELETE follow"]);
  });
  it("one object where several rows are found: a warning, and the first", async () => {
    await using session = open();
    session.add(new Owner({ id: 1 }));
    await session.flush();
    session.addAll([new Badge({ id: 1, ownerId: 1 }), new Badge({ id: 2, ownerId: 1 })]);
    await session.commit();
    for (const way of [
      select(Owner),
      select(Owner).options(selectinLoad(Owner.c.badge)),
      select(Owner).options(joinedLoad(Owner.c.badge)),
    ]) {
      session.expungeAll();
      warnings.length = 0;
      const owner = (await session.scalars(way).first()) as Owner;
      expect((await owner.badge)?.id).toBe(1);
      expect(await heard()).toEqual([
        expect.stringMatching(/ATHANOR_MANY_ROWS: Owner\.badge of <Owner 1> is one object, but several rows of Badge/),
      ]);
    }
  });
});

const overlapping = (change: { readonly kids?: object; readonly owner?: object }) => {
  const Fresh = declarativeBase();
  class Parent extends Fresh("Parent", {
    id: integer().primaryKey(),
    get kids() {
      return oneToMany(Kid, change.kids ?? {});
    },
  }) {}
  class Kid extends Fresh("Kid", {
    id: integer().primaryKey(),
    parentId: integer().nullable().references("parent.id"),
    get owner() {
      return manyToOne(Parent, change.owner ?? {});
    },
  }) {}
  mapperOf(Parent);
  return Kid;
};
it("two relationships that write one column are told, with the ways out; each of them silences it", async () => {
  overlapping({});
  const [text, ...more] = await heard();
  expect(more).toEqual([]);
  expect(text).toMatch(
    /ATHANOR_OVERLAP: Kid\.owner will copy column Parent\.id to column kid\.parent_id, which conflicts with Parent\.kids.*backPopulates.*viewOnly: true.*foreign\(\).*overlaps: "kids"/,
  );
  overlapping({ kids: { backPopulates: "owner" }, owner: { backPopulates: "kids" } });
  overlapping({ owner: { viewOnly: true } });
  overlapping({ owner: { overlaps: "kids" } });
  overlapping({ kids: { overlaps: "owner, other" } });
  expect(await heard()).toEqual([]);
});
it("composite tenant keys that share a column: warned of, and foreign() on its own columns ends it", async () => {
  const tenant = (isolated: boolean) => {
    const Fresh = declarativeBase();
    const Article = Fresh("Article", { magId: integer(), id: integer() }, { primaryKey: ["magId", "id"] });
    const Writer = Fresh("Writer", { magId: integer(), id: integer() }, { primaryKey: ["magId", "id"] });
    const joinOn =
      (key: string) =>
      (t: { magId: { eq(x: unknown): never }; id: { eq(x: unknown): never } }, own: Record<string, never>) =>
        and(t.magId.eq(own["magId"]), t.id.eq(isolated ? foreign(own[key]) : own[key]));
    const keys = isolated ? {} : { foreignKeys: ["magId", "articleId", "writerId"] };
    const Note = Fresh("Note", {
      id: integer().primaryKey(),
      magId: integer(),
      articleId: integer(),
      writerId: integer(),
      get article() {
        return manyToOne(Article, { ...keys, primaryJoin: joinOn("articleId") as never });
      },
      get writer() {
        return manyToOne(Writer, { ...keys, primaryJoin: joinOn("writerId") as never });
      },
    });
    mapperOf(Note);
  };
  tenant(false);
  expect(await heard()).toEqual([
    expect.stringMatching(/Note\.writer will copy column Writer\.magId to column note\.mag_id.*Note\.article/),
  ]);
  tenant(true);
  expect(await heard()).toEqual([]);
});
it("what cannot be: backref, writing through an alias or a comparison, remote() on the wrong side", () => {
  expect(() => oneToMany(Trade, { backref: "dealer" } as never)).toThrow(/backPopulates/);
  const refuses = (options: object, message: RegExp) => {
    const Fresh = declarativeBase();
    class Parent extends Fresh("Parent", {
      id: integer().primaryKey(),
      get kids() {
        return oneToMany(Kid, options as never);
      },
    }) {}
    class Kid extends Fresh("Kid", { id: integer().primaryKey(), parentId: integer().references("parent.id") }) {}
    expect(() => mapperOf(Parent)).toThrow(message);
  };
  type Two = {
    readonly id: { lt(x: unknown): never; eq(x: unknown): never };
    readonly parentId: { eq(x: unknown): never };
  };
  refuses({ alias: () => topTrade }, /relationship to an alias only reads/);
  refuses({ primaryJoin: (k: Two, own: Two) => own.id.lt(k.parentId) }, /no foreign key of Kid.*viewOnly: true/);
  refuses({ primaryJoin: (k: Two, own: Two) => remote(own.id).eq(k.parentId) }, /remote\(\) marks columns of Kid/);
});
