/** Lazy loads whose own rows bring stale owners up to date: what those were given before is not forgotten. */
import { integer, string } from "@athanor/core";
import { declarativeBase, manyToOne, oneToMany, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording } from "./support.js";

const Base = declarativeBase();
class Asset extends Base("Asset", {
  id: integer().primaryKey(),
  note: string(20).nullable(),
  parentId: integer().nullable().references("asset.id"),
  get parent() {
    return manyToOne(Asset, { backPopulates: "parts", remoteSide: "id" });
  },
  get parts() {
    return oneToMany(Asset, { backPopulates: "parent" });
  },
}) {}
describeEachDatabase("a stale object read as the reference of another one", (target) => {
  const db = recording(target, Base.metadata);
  it("keeps the reference it was given itself", async () => {
    await using session = new Session(db.engine);
    const [a1, a2] = [new Asset({}), new Asset({})];
    session.add(a1, a2);
    a1.parts.push(a2);
    await session.commit();
    expect(await session.merge(new Asset({ id: a2.id, note: "n" }))).toBe(a2);
    await session.flush();
    // One statement for both: its row is a1, which is stale and has no parent.
    expect((await a1.parts).length).toBe(1);
    expect(await a1.parent).toBeNull();
  });
});
