/** Autogenerate: after upgrade nothing is left to do, and downgrade brings back what was. */
import {
  array,
  bigInteger,
  binary,
  boolean,
  check,
  date,
  dateTime,
  double,
  enumeration,
  float,
  foreignKey,
  index,
  inspect,
  integer,
  json,
  MetaData,
  numeric,
  RECOMMENDED_NAMING_CONVENTION,
  smallInteger,
  string,
  table,
  text,
  time,
  unique,
  uuid,
} from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, describe, expect, it } from "vitest";
import { command, DifferenceError } from "../../src/index.js";
import { type Project, project } from "./project.js";

let p: Project;
afterEach(() => p?.dispose());
const detected = () => p.logged.flatMap((l) => /autogenerate.compare\] Detected (.*)/.exec(l)?.[1] ?? []);

describeEachDatabase("autogenerate", (target) => {
  const native = target.capabilities.has("nativeEnum") && target.family !== "mysql";
  const types = (metadata: MetaData) => {
    table(
      "kinds",
      {
        id: bigInteger().primaryKey(),
        a: integer().serverDefault("7"),
        b: smallInteger().nullable(),
        c: bigInteger().nullable(),
        d: float().nullable(),
        e: double().nullable(),
        f: numeric(10, 2).serverDefault("0"),
        g: boolean().nullable(),
        h: string(40).serverDefault("'it''s'").index(),
        i: text().nullable(),
        j: uuid().nullable(),
        k: dateTime().serverDefault("CURRENT_TIMESTAMP"),
        l: dateTime({ timezone: true }).nullable(),
        m: date().nullable(),
        n: time().nullable(),
        o: binary().nullable(),
        p: json().nullable(),
        q: array(integer()).nullable(),
        r: enumeration(["x", "y"], native ? { name: "kind_r", native: true } : {}).nullable(),
        total: integer().computed("a * 2", { persisted: true }),
      },
      { metadata },
    );
  };
  const shop = (metadata: MetaData) => {
    table(
      "owner",
      {
        id: integer().primaryKey(),
        name: string(40).unique(),
        favourite: integer().nullable().references("item.id", { name: "fk_owner_item", onDelete: "SET NULL" }),
      },
      { metadata },
    );
    table(
      "item",
      {
        id: integer().primaryKey(),
        ownerId: integer().references("owner.id", { onDelete: "CASCADE" }).index(),
        sku: string(20),
        price: integer(),
      },
      {
        metadata,
        comment: "things",
        constraints: (t) => [
          unique("uq_item_sku", t.sku, t.ownerId),
          check("price > 0", "ck_item_price"),
          index("ix_item_price", t.price.desc(), t.sku).unique(),
        ],
      },
    );
    table(
      "line",
      { orderId: integer(), lineNo: integer(), itemId: integer() },
      {
        metadata,
        primaryKey: ["orderId", "lineNo"],
        constraints: (t) => [foreignKey([t.itemId], ["item.id"])],
      },
    );
  };

  it("is empty after upgrade for every type, key and index; downgrade leaves nothing", async () => {
    const metadata = new MetaData();
    types(metadata);
    shop(metadata);
    p = await project(await target.url(), metadata);
    const made = await command.migrate(p.config, { message: "all" });
    await command.upgrade(p.config);
    p.logged.length = 0;
    const again = await command.migrate(p.config);
    expect(detected()).toEqual([]);
    expect(again).toBeNull();
    await command.check(p.config);
    await command.downgrade(p.config, "base");
    await using c = await p.engine.connect();
    expect((await inspect(c).tableNames()).filter((n) => !n.startsWith("athanor_version"))).toEqual([]);
    expect(await inspect(c).enums()).toEqual([]);
    expect(made).not.toBeNull();
  });

  it("with a naming convention the names are finished", async () => {
    const metadata = new MetaData({ namingConvention: RECOMMENDED_NAMING_CONVENTION });
    table(
      "owner",
      { id: integer().primaryKey(), name: string(40).unique(), n: integer() },
      { metadata, constraints: () => [check("n > 0", "positive")] },
    );
    table("item", { id: integer().primaryKey(), ownerId: integer().references("owner.id") }, { metadata });
    p = await project(await target.url(), metadata);
    await command.migrate(p.config);
    const [[, source]] = [...(await p.versions())] as [[string, string]];
    expect(source).toContain('check("n > 0", op.f("ck_owner_positive"))');
    await command.upgrade(p.config);
    await using c = await p.engine.connect();
    expect((await inspect(c).checkConstraints("owner")).map((x) => x.name)).toEqual(["ck_owner_positive"]);
    await c.close();
    p.logged.length = 0;
    expect(await command.migrate(p.config)).toBeNull();
    expect(detected()).toEqual([]);
  });

  it("finds every kind of change, applies it, and takes it back", async () => {
    const before = new MetaData();
    table("owner", { id: integer().primaryKey(), name: string(40) }, { metadata: before });
    table(
      "old",
      { id: integer().primaryKey(), ownerId: integer().references("owner.id").index() },
      { metadata: before },
    );
    table(
      "item",
      {
        id: integer().primaryKey(),
        a: string(20),
        b: integer().nullable(),
        gone: string(5).nullable().index(),
        was: integer().nullable(),
      },
      {
        metadata: before,
        constraints: (t) => [index("ix_a", t.a), unique("uq_a", t.a)],
      },
    );
    const after = new MetaData();
    table("owner", { id: integer().primaryKey(), name: string(60) }, { metadata: after });
    table("fresh", { id: integer().primaryKey() }, { metadata: after });
    table(
      "item",
      {
        id: integer().primaryKey(),
        a: string(20).nullable(),
        b: integer().serverDefault("3").nullable(),
        ownerId: integer().nullable().references("owner.id"),
        freshId: integer().nullable().references("fresh.id", { name: "fk_item_fresh" }),
        now: integer().nullable().renamedFrom("was"),
        needed: integer().default(4),
        flag: boolean().serverDefault("false").index(),
      },
      {
        metadata: after,
        constraints: (t) => [index("ix_a", t.a, t.b), unique("uq_b", t.b)],
      },
    );
    p = await project(await target.url(), before);
    await command.migrate(p.config);
    await command.upgrade(p.config);
    await p.engine.begin(async (c) => {
      await c.executeScript("INSERT INTO owner (id, name) VALUES (1, 'o')");
      await c.executeScript("INSERT INTO item (id, a, b, was) VALUES (1, 'x', 1, 9)");
    });
    p.config = { ...p.config, metadata: after };
    p.logged.length = 0;
    await expect(command.check(p.config)).rejects.toBeInstanceOf(DifferenceError);
    p.logged.length = 0;
    await command.migrate(p.config, { message: "changes" });
    expect(detected().sort()).toEqual(
      [
        "NULL on column 'item.a'",
        "added column 'item.flag'",
        "added column 'item.fresh_id'",
        "added column 'item.needed'",
        "added column 'item.owner_id'",
        "added foreign key (fresh_id)(id) on table item",
        "added foreign key (owner_id)(id) on table item",
        "added index 'ix_item_flag' on '['flag']'",
        "added table 'fresh'",
        "added unique constraint 'uq_b' on '['b']'",
        "changed index 'ix_a' on 'item': expressions ['a'] to ['a', 'b']",
        "removed column 'item.gone'",
        "removed index 'ix_item_gone' on 'item'",
        "removed table 'old'",
        "removed unique constraint 'uq_a' on 'item'",
        "renamed column 'item.was' to 'now'",
        "server default on column 'item.b'",
        "type change from VARCHAR(40) to VARCHAR(60) on 'owner.name'",
      ].sort(),
    );
    await command.upgrade(p.config);
    p.logged.length = 0;
    await command.migrate(p.config, { message: "left over" });
    expect(detected()).toEqual([]);
    await using c = await p.engine.connect();
    const item = await inspect(c).table("item");
    expect(item.columns.find((x) => x.name === "needed")?.nullable).toBe(false);
    await c.close();
    p.config = { ...p.config, metadata: before };
    await command.downgrade(p.config);
    p.logged.length = 0;
    // What came back is what was.
    await command.stamp(p.config, "head");
    await command.migrate(p.config, { message: "must be none" });
    expect(detected()).toEqual([]);
  });
});

describe("filters", () => {
  it("includeObject and processRevisionDirectives leave things alone", async () => {
    const metadata = new MetaData();
    table("mine", { id: integer().primaryKey() }, { metadata });
    table("yours", { id: integer().primaryKey() }, { metadata });
    p = await project("sqlite:///:memory:", metadata, { includeObject: (o) => o.table !== "yours" });
    await command.migrate(p.config);
    expect(detected()).toEqual(["added table 'mine'"]);
    await using c = await p.engine.connect();
    void c;
  });
});
