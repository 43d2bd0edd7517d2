/**
 * The unit of work against a model, second graph: a hierarchy in two tables, owners that delete what they lose, parts
 * of parts, labels; with expire, refresh, merge and expunge among the changes. The tables must always hold what the
 * model says, and the objects must show it.
 */
import { type Connection, type Engine, integer, select, string, table } from "@athanor/core";
import { declarativeBase, inspect, manyToMany, manyToOne, oneToMany } from "@athanor/orm";
import { expect } from "vitest";
import { type Command, describeModel, ModelRun } from "./model-run.js";

const Base = declarativeBase();
class Owner extends Base("Owner", {
  id: integer().primaryKey(),
  label: string(20),
  get assets() {
    return oneToMany(Asset, { backPopulates: "owner", cascade: "all, delete-orphan" });
  },
}) {}
const assetLabels = table(
  "asset_labels",
  { assetId: integer().references("asset.id"), labelId: integer().references("label.id") },
  { primaryKey: ["assetId", "labelId"], metadata: Base.metadata },
);
class Asset extends Base(
  "Asset",
  {
    id: integer().primaryKey(),
    kind: string(10),
    label: string(20),
    note: string(20).nullable(),
    ownerId: integer().nullable().references("owner.id"),
    parentId: integer().nullable().references("asset.id"),
    get owner() {
      return manyToOne(Owner, { backPopulates: "assets" });
    },
    get parent() {
      return manyToOne(Asset, { backPopulates: "parts", remoteSide: "id" });
    },
    get parts() {
      return oneToMany(Asset, { backPopulates: "parent" });
    },
    get labels() {
      return manyToMany(Label, { secondary: assetLabels, backPopulates: "assets" });
    },
  },
  { polymorphicOn: "kind", identity: "asset" },
) {}
class Car extends Asset.subclass("Car", { doors: integer().nullable() }, { identity: "car", tableName: "car" }) {
  static {
    this.register();
  }
}
class Boat extends Asset.subclass("Boat", { sails: integer().nullable() }, { identity: "boat" }) {
  static {
    this.register();
  }
}
class Label extends Base("Label", {
  id: integer().primaryKey(),
  label: string(20),
  get assets() {
    return manyToMany(Asset, { secondary: assetLabels, backPopulates: "labels" });
  },
}) {}

type Kind = "asset" | "car" | "boat";
interface AssetRow {
  readonly kind: Kind;
  note: string | null;
  extra: number | null;
  owner: string | null;
  parent: string | null;
  /** Its owner lost it: the next flush deletes it. */
  lost: boolean;
  readonly labels: Set<string>;
}
interface Model {
  owners: Set<string>;
  labels: Set<string>;
  assets: Map<string, AssetRow>;
}
const empty = (): Model => ({ owners: new Set(), labels: new Set(), assets: new Map() });
const copy = (m: Model): Model => ({
  owners: new Set(m.owners),
  labels: new Set(m.labels),
  assets: new Map([...m.assets].map(([k, a]) => [k, { ...a, labels: new Set(a.labels) }])),
});

const STEPS = {
  addOwner: 2,
  addAsset: 6,
  addLabel: 2,
  setOwner: 4,
  pushAsset: 4,
  loseByCollection: 2,
  loseByReference: 2,
  setParent: 3,
  pushPart: 2,
  clearParent: 2,
  attachLabel: 3,
  labelBack: 2,
  detachLabel: 3,
  note: 4,
  extra: 4,
  expire: 2,
  expireSome: 2,
  expireAll: 1,
  refresh: 2,
  mergeCopy: 2,
  expungeAndAdd: 2,
  expungeAndMerge: 1,
  deleteOwner: 1,
  deleteAsset: 2,
  deleteLabel: 1,
  read: 5,
  all: 2,
} as const;
type Step = keyof typeof STEPS;
const sorted = (values: Iterable<string>) => [...values].sort();

class Run extends ModelRun<Model, Step> {
  owners = new Map<string, Owner>();
  labels = new Map<string, Label>();
  assets = new Map<string, Asset>();
  constructor(engine: Engine) {
    super(engine, empty());
  }
  override copy(model: Model): Model {
    return copy(model);
  }
  #row(label: string): AssetRow {
    return this.now.assets.get(label) as AssetRow;
  }
  #isAbove(candidate: string, of: string): boolean {
    for (let at: string | null = of; at !== null; at = this.now.assets.get(at)?.parent ?? null)
      if (at === candidate) return true;
    return false;
  }
  override flushed(): void {
    for (const [label, row] of [...this.now.assets]) if (row.lost) this.#gone(label);
  }
  #gone(label: string): void {
    this.now.assets.delete(label);
    this.assets.delete(label);
    for (const row of this.now.assets.values()) if (row.parent === label) row.parent = null;
  }
  #setExtra(object: Asset, row: AssetRow, value: number): void {
    if (object instanceof Car) object.doors = value;
    else if (object instanceof Boat) object.sails = value;
    else return;
    row.extra = value;
  }
  override async step({ do: what, a, b }: Command<Step>): Promise<void> {
    // Steps that need what others have written begin with a flush, which also decides about what was lost.
    if (/^(expire|refresh|merge|expunge|read|all)/.test(what)) await this.flush();
    const { now, session } = this;
    const owner = this.at(this.owners, a);
    const label = this.at(this.labels, a);
    const asset = this.at(this.assets, b);
    const other = this.at(this.assets, a);
    const name = this.name(what);
    switch (what) {
      case "addOwner": {
        const made = new Owner({ label: name });
        session.add(made);
        this.owners.set(name, made);
        now.owners.add(name);
        return;
      }
      case "addLabel": {
        const made = new Label({ label: name });
        session.add(made);
        this.labels.set(name, made);
        now.labels.add(name);
        return;
      }
      case "addAsset": {
        const kind = (["asset", "car", "boat"] as const)[a % 3] as Kind;
        const made =
          kind === "car"
            ? new Car({ label: name, doors: b })
            : kind === "boat"
              ? new Boat({ label: name, sails: b })
              : new Asset({ label: name });
        const to = b % 2 === 0 ? owner : undefined;
        if (to === undefined) session.add(made);
        else if (b % 4 === 0) to[1].assets.push(made);
        else {
          made.owner = to[1];
          session.add(made);
        }
        this.assets.set(name, made);
        now.assets.set(name, {
          kind,
          note: null,
          extra: kind === "asset" ? null : b,
          owner: to?.[0] ?? null,
          parent: null,
          lost: false,
          labels: new Set(),
        });
        return;
      }
      case "setOwner":
      case "pushAsset": {
        if (owner === undefined || asset === undefined) return;
        const row = this.#row(asset[0]);
        if (row.owner === owner[0]) return;
        if (what === "setOwner") asset[1].owner = owner[1];
        else owner[1].assets.push(asset[1]);
        row.owner = owner[0];
        row.lost = false;
        return;
      }
      case "loseByCollection":
      case "loseByReference": {
        if (asset === undefined) return;
        // A pending one would leave the session at once, and come back with whatever still refers to it.
        if (!inspect(asset[1]).persistent) await this.flush();
        const row = this.now.assets.get(asset[0]);
        if (row === undefined || row.owner === null) return;
        const from = this.owners.get(row.owner) as Owner;
        if (what === "loseByCollection") from.assets.remove(asset[1]);
        else asset[1].owner = null;
        row.owner = null;
        row.lost = true;
        return;
      }
      case "setParent":
      case "pushPart": {
        if (asset === undefined || other === undefined || this.#isAbove(asset[0], other[0])) return;
        if (this.#row(asset[0]).parent === other[0] || this.#row(asset[0]).lost || this.#row(other[0]).lost) return;
        if (what === "setParent") asset[1].parent = other[1];
        else other[1].parts.push(asset[1]);
        this.#row(asset[0]).parent = other[0];
        return;
      }
      case "clearParent":
        if (asset === undefined) return;
        asset[1].parent = null;
        this.#row(asset[0]).parent = null;
        return;
      case "attachLabel":
      case "labelBack": {
        if (asset === undefined || label === undefined || this.#row(asset[0]).labels.has(label[0])) return;
        if (what === "attachLabel") asset[1].labels.push(label[1]);
        else label[1].assets.push(asset[1]);
        this.#row(asset[0]).labels.add(label[0]);
        return;
      }
      case "detachLabel": {
        if (asset === undefined || label === undefined || !this.#row(asset[0]).labels.has(label[0])) return;
        if ((a + b) % 2 === 0) asset[1].labels.remove(label[1]);
        else label[1].assets.remove(asset[1]);
        this.#row(asset[0]).labels.delete(label[0]);
        return;
      }
      case "note":
        if (asset === undefined) return;
        asset[1].note = a === 0 ? null : name;
        this.#row(asset[0]).note = a === 0 ? null : name;
        return;
      case "extra":
        if (asset !== undefined) this.#setExtra(asset[1], this.#row(asset[0]), a);
        return;
      case "expire":
        if (asset !== undefined) session.expire(asset[1]);
        if (owner !== undefined && b % 2 === 0) session.expire(owner[1]);
        return;
      case "expireSome":
        if (asset !== undefined) session.expire(asset[1], b % 2 === 0 ? ["labels", "parts"] : ["owner", "parent"]);
        if (owner !== undefined) session.expire(owner[1], ["assets"]);
        return;
      case "expireAll":
        session.expireAll();
        return;
      case "refresh":
        if (asset === undefined) return;
        await session.refresh(asset[1]);
        this.#shows(asset[0], asset[1]);
        return;
      case "mergeCopy": {
        if (asset === undefined) return;
        const row = this.#row(asset[0]);
        const { id } = asset[1];
        const given =
          row.kind === "car"
            ? new Car({ id, note: name, doors: a })
            : row.kind === "boat"
              ? new Boat({ id, note: name, sails: a })
              : new Asset({ id, note: name });
        expect(await session.merge(given)).toBe(asset[1]);
        row.note = name;
        if (row.kind !== "asset") row.extra = a;
        return;
      }
      case "expungeAndAdd": {
        if (asset === undefined) return;
        session.expunge(asset[1]);
        expect(inspect(asset[1]).state).toBe("detached");
        asset[1].note = name;
        session.add(asset[1]);
        this.#row(asset[0]).note = name;
        return;
      }
      case "expungeAndMerge": {
        if (asset === undefined) return;
        session.expunge(asset[1]);
        asset[1].note = name;
        const merged = await session.merge(asset[1]);
        expect(merged).not.toBe(asset[1]);
        this.#row(asset[0]).note = name;
        this.assets.set(asset[0], merged);
        await this.flush();
        // Others may still refer to the one that left.
        session.expireAll();
        return;
      }
      case "deleteOwner": {
        if (owner === undefined) return;
        // A pending member would leave the session with its owner, and what refers to it keep the row it had.
        const pending = [...now.assets].some(
          ([l, row]) => row.owner === owner[0] && inspect(this.assets.get(l) as Asset).pending,
        );
        if (inspect(owner[1]).pending || pending) await this.flush();
        await session.delete(owner[1]);
        this.owners.delete(owner[0]);
        now.owners.delete(owner[0]);
        for (const [l, row] of [...now.assets]) if (row.owner === owner[0]) this.#gone(l);
        return;
      }
      case "deleteAsset":
        if (asset === undefined) return;
        if (!inspect(asset[1]).persistent) await this.flush();
        if (!this.assets.has(asset[0])) return;
        await session.delete(asset[1]);
        this.#gone(asset[0]);
        return;
      case "deleteLabel":
        if (label === undefined) return;
        if (inspect(label[1]).pending) await this.flush();
        await session.delete(label[1]);
        this.labels.delete(label[0]);
        now.labels.delete(label[0]);
        for (const row of now.assets.values()) row.labels.delete(label[0]);
        return;
      case "read":
        await this.#read(owner, asset, label);
        return;
      case "all": {
        const found = await session.scalars(select(Asset)).all();
        expect(sorted(found.map((x) => x.label))).toEqual(sorted(now.assets.keys()));
        for (const x of found) this.#shows(x.label, x);
        return;
      }
    }
  }
  #shows(label: string, object: Asset): void {
    const row = this.#row(label);
    expect(object.note).toBe(row.note);
    expect(object.kind).toBe(row.kind);
    const extra = object instanceof Car ? object.doors : object instanceof Boat ? object.sails : null;
    expect(extra).toBe(row.extra);
  }
  /** Collections as they are in memory, or as they load. What a flush deleted stays in them until the commit. */
  async #read(
    owner: [string, Owner] | undefined,
    asset: [string, Asset] | undefined,
    label: [string, Label] | undefined,
  ): Promise<void> {
    const names = (members: readonly (Asset | Label)[]) =>
      sorted(members.filter((m) => inspect(m).persistent && !this.session.deleted.has(m)).map((m) => m.label));
    const { assets } = this.now;
    const having = (test: (row: AssetRow) => boolean) =>
      sorted([...assets].filter(([, row]) => test(row)).map(([l]) => l));
    if (owner !== undefined) expect(names(await owner[1].assets)).toEqual(having((row) => row.owner === owner[0]));
    if (label !== undefined) expect(names(await label[1].assets)).toEqual(having((row) => row.labels.has(label[0])));
    if (asset === undefined) return;
    const row = this.#row(asset[0]);
    expect(names(await asset[1].labels)).toEqual(sorted(row.labels));
    expect(names(await asset[1].parts)).toEqual(having((r) => r.parent === asset[0]));
    for (const [object, expected] of [
      [await asset[1].owner, row.owner],
      [await asset[1].parent, row.parent],
    ] as const) {
      // A deleted object may still be referred to in memory until the commit.
      if (object !== null && !inspect(object).persistent) continue;
      if (object !== null && this.session.deleted.has(object)) continue;
      expect(object?.label ?? null).toBe(expected);
    }
  }
  override async reload(): Promise<void> {
    const { session } = this;
    this.owners = new Map((await session.scalars(select(Owner).orderBy(Owner.c.id))).map((x) => [x.label, x]));
    this.labels = new Map((await session.scalars(select(Label).orderBy(Label.c.id))).map((x) => [x.label, x]));
    this.assets = new Map((await session.scalars(select(Asset).orderBy(Asset.c.id))).map((x) => [x.label, x]));
  }
  override async compare(connection: Connection): Promise<void> {
    const { now } = this;
    const rows = async (sql: string) => (await connection.execDriverSql(sql).all()) as unknown as unknown[][];
    const owners = await rows("select label from owner");
    expect(sorted(owners.map((r) => String(r[0])))).toEqual(sorted(now.owners));
    const labels = await rows("select label from label");
    expect(sorted(labels.map((r) => String(r[0])))).toEqual(sorted(now.labels));
    const assets = await rows(
      `select a.label, a.kind, a.note, car.doors, a.sails, o.label, p.label, car.id is not null
       from asset a left join car on car.id = a.id left join owner o on o.id = a.owner_id left join asset p on p.id = a.parent_id`,
    );
    const text = (v: unknown) => (v === null ? "-" : String(v));
    expect(
      sorted(
        assets.map(
          ([l, kind, note, doors, sails, o, p, car]) =>
            `${l} ${kind} ${text(note)} ${text(doors ?? sails)} of ${text(o)} in ${text(p)} ${Number(car) ? "car" : ""}`,
        ),
      ),
    ).toEqual(
      sorted(
        [...now.assets].map(
          ([l, r]) =>
            `${l} ${r.kind} ${text(r.note)} ${text(r.extra)} of ${text(r.owner)} in ${text(r.parent)} ${r.kind === "car" ? "car" : ""}`,
        ),
      ),
    );
    const pairs = await rows(
      "select a.label, l.label from asset_labels x join asset a on a.id = x.asset_id join label l on l.id = x.label_id",
    );
    expect(sorted(pairs.map(([x, y]) => `${x}+${y}`))).toEqual(
      sorted([...now.assets].flatMap(([l, r]) => [...r.labels].map((t) => `${l}+${t}`))),
    );
  }
}

describeModel("a hierarchy with owners, orphans, parts and labels", {
  metadata: Base.metadata,
  steps: STEPS,
  runs: [100, 15],
  start: (engine) => new Run(engine),
  clean: [
    "delete from asset_labels",
    "delete from car",
    "update asset set parent_id = null",
    "delete from asset",
    "delete from owner",
    "delete from label",
  ],
});
