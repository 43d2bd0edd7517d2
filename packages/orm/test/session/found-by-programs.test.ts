/** What the random programs of `model-based` and `model-graph` found, each told once. */
import { integer, select, string, table } from "@athanor/core";
import { declarativeBase, inspect, manyToMany, manyToOne, oneToMany, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording } from "./support.js";

const Base = declarativeBase();
class Owner extends Base("Owner", {
  id: integer().primaryKey(),
  get assets() {
    return oneToMany(Asset, { backPopulates: "owner", cascade: "all, delete-orphan" });
  },
}) {}
const assetLabels = table(
  "asset_labels",
  { assetId: integer().references("asset.id"), labelId: integer().references("label.id") },
  { primaryKey: ["assetId", "labelId"], metadata: Base.metadata },
);
class Asset extends Base("Asset", {
  id: integer().primaryKey(),
  name: string(20).nullable(),
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
}) {}
class Label extends Base("Label", {
  id: integer().primaryKey(),
  get assets() {
    return manyToMany(Asset, { secondary: assetLabels, backPopulates: "labels" });
  },
}) {}

describeEachDatabase("found by random programs", (target) => {
  const db = recording(target, Base.metadata);

  // SQLAlchemy 2.1 loses the object here, with a warning.
  for (const how of ["reference", "collection"] as const)
    it(`a pending object that moves to another owner by its ${how} stays in the session`, async () => {
      await using session = new Session(db.engine);
      const asset = new Asset({ name: "a" });
      const [first, second] = [new Owner({ assets: [asset] }), new Owner()];
      session.add(first, second);
      if (how === "reference") asset.owner = second;
      else second.assets.push(asset);
      expect(inspect(asset).state).toBe("pending");
      await session.commit();
      expect(asset.ownerId).toBe(second.id);
      expect(await first.assets).toEqual([]);
    });
  it("merge() leaves out what this session has deleted, and refuses it as such", async () => {
    await using session = new Session(db.engine);
    const label = new Label();
    const asset = new Asset({ labels: [label] });
    session.add(asset);
    await session.flush();
    await session.delete(label);
    await session.flush();
    session.expunge(asset);
    asset.name = "merged";
    const merged = await session.merge(asset);
    await session.commit();
    expect(merged.name).toBe("merged");
    expect(await merged.labels).toEqual([]);
    expect(await session.execute(select(assetLabels.c.labelId)).all()).toEqual([]);
    const gone = new Asset();
    session.add(gone);
    await session.flush();
    await session.delete(gone);
    await session.flush();
    await expect(session.merge(gone)).rejects.toThrow(/this session has deleted it/);
  });
  it("a new part of something that is deleted in the same flush has no parent", async () => {
    await using session = new Session(db.engine);
    session.add(new Asset({ name: "whole" }));
    await session.commit();
    session.expungeAll();
    const whole = await session.scalars(select(Asset)).one();
    const part = new Asset({ name: "part" });
    whole.parts.push(part);
    await session.delete(whole);
    await session.commit();
    expect(part.parentId).toBeNull();
    expect((await session.scalars(select(Asset)).all()).map((a) => a.name)).toEqual(["part"]);
  });
  for (const flushed of [false, true])
    it(`what a new owner lost is no orphan after a rollback${flushed ? " of the flush" : ""}`, async () => {
      await using session = new Session(db.engine);
      const asset = new Asset({ name: "a" });
      session.add(asset);
      await session.commit();
      const owner = new Owner();
      session.add(owner);
      owner.assets.push(asset);
      asset.owner = null;
      if (flushed) await session.flush();
      await session.rollback();
      asset.name = "still there";
      await session.commit();
      expect((await session.scalars(select(Asset)).all()).map((a) => a.name)).toEqual(["still there"]);
    });
});
