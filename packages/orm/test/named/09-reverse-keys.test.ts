/** Two objects exchange parts of their keys in one flush, there and back. After SQLAlchemy's `ReversePKsTest.test_reverse`. */
import { integer, string } from "@athanor/core";
import { declarativeBase, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { sent, told } from "./support.js";

const Base = declarativeBase();
class Page extends Base(
  "Page",
  { code: integer(), status: integer(), name: string(50) },
  { primaryKey: ["code", "status"] },
) {}
const [PUBLISHED, EDITABLE, ARCHIVED] = [1, 2, 3] as const;

describeEachDatabase("named test 9: keys that change hands", (target) => {
  const db = told(target, Base.metadata);
  it("are followed by the identity map", async () => {
    await using session = new Session(db.engine);
    const published = new Page({ code: 1, status: PUBLISHED, name: "a" });
    session.add(published);
    await session.commit();
    const editable = new Page({ code: 1, status: EDITABLE, name: "a" });
    session.add(editable);
    await session.commit();
    db.sent();
    const text = "UPDATE page SET status = ? WHERE page.code = ? AND page.status = ?";

    published.status = ARCHIVED;
    editable.status = PUBLISHED;
    await session.commit();
    expect(db.sent()).toEqual([sent(text, [ARCHIVED, 1, PUBLISHED], [PUBLISHED, 1, EDITABLE])]);
    expect(await session.get(Page, [1, PUBLISHED])).toBe(editable);
    expect(await session.get(Page, [1, ARCHIVED])).toBe(published);

    published.status = PUBLISHED;
    editable.status = EDITABLE;
    await session.commit();
    // The other way round: the one that makes room goes first.
    expect(db.sent()).toEqual([sent(text, [EDITABLE, 1, PUBLISHED], [PUBLISHED, 1, ARCHIVED])]);
    expect(await session.get(Page, [1, PUBLISHED])).toBe(published);
    expect(await session.get(Page, [1, EDITABLE])).toBe(editable);
    expect(await session.get(Page, [1, ARCHIVED])).toBeNull();
  });
});
