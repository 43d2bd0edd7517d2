/** What types of one's own mean to the unit of work: equality, null against nothing, hooks that see null. */
import { custom, integer, json, serialized, string, TypeDecorator } from "@athanor/core";
import { declarativeBase, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording, taken } from "./support.js";

class Insensitive extends TypeDecorator<string, string> {
  override readonly impl = string(20);
  override compareValues(a: string | null, b: string | null) {
    return a?.toLowerCase() === b?.toLowerCase();
  }
}
class Dashed extends TypeDecorator<string, string> {
  override readonly impl = string(20);
  override processBindParam(value: string | null) {
    return value ?? "-";
  }
  override processResultValue(value: string | null) {
    return value === "-" ? null : value;
  }
}
const Base = declarativeBase();
class Doc extends Base("Doc", {
  id: integer().primaryKey(),
  name: custom(Insensitive).nullable(),
  dash: custom(Dashed).nullable(),
  blob: serialized<Map<string, number>>().nullable(),
  score: integer().nullable().default(5),
  placed: integer().nullable().serverDefault("7"),
  body: json<unknown>({ nullAs: "json" }).nullable(),
}) {}

describeEachDatabase("types of one's own in a flush", (target) => {
  const db = recording(target, Base.metadata);
  it("writes only what the type calls different", async () => {
    const session = new Session(db.engine);
    const doc = new Doc({ name: "Ada", blob: new Map([["a", 1]]) });
    session.add(doc);
    await session.flush();
    taken(db);
    doc.name = "ADA";
    doc.blob = new Map([["a", 1]]);
    await session.flush();
    expect(taken(db)).toEqual([]);
    doc.blob = new Map([["a", 2]]);
    await session.flush();
    expect(taken(db)).toEqual(["UPDATE doc"]);
    await session.commit();
    await session.refresh(doc);
    expect([doc.name, doc.blob]).toEqual(["Ada", new Map([["a", 2]])]);
    await session.close();
  });
  // SQLAlchemy needs evaluates_none() for this: there None and "not set" are one word.
  it("tells null from nothing where a default or a document's null stands in wait", async () => {
    const { engine } = db;
    const session = new Session(engine);
    session.addAll([
      new Doc({ id: 1 }),
      new Doc({ id: 2, score: null, placed: null, body: null, dash: null }),
      new Doc({ id: 3, score: 1, placed: 1, body: { a: 1 }, dash: "x" }),
    ]);
    await session.commit();
    const rows = await engine.begin((c) =>
      c.execDriverSql("select score, placed, body is null, dash from doc order by id").all(),
    );
    const flag = (v: unknown) => v === true || v === 1 || v === 1n;
    expect(rows.map((r) => [r[0], r[1], flag(r[2]), r[3]])).toEqual([
      [5, 7, true, "-"],
      [null, null, false, "-"],
      [1, 1, false, "x"],
    ]);
    await session.close();
  });
});
