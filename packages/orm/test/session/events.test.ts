/** Hooks in the order of their work, and what assignments cannot tell. */
import { integer, json, string } from "@athanor/core";
import { declarativeBase, flagModified, inspect, makeTransient, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording } from "./support.js";

const Base = declarativeBase();
class Note extends Base("Note", {
  id: integer().primaryKey(),
  text: string(40),
  slug: string(40).nullable(),
  meta: json<{ tags: string[] }>().nullable(),
}) {}

describeEachDatabase("hooks of a session", (target) => {
  const db = recording(target, Base.metadata);

  it("run around the life of an object, and may set columns of the row at hand", async () => {
    await using session = new Session(db.engine);
    const told: string[] = [];
    const names = [
      "beforeAttach",
      "transientToPending",
      "beforeCommit",
      "beforeFlush",
      "afterBegin",
      "beforeInsert",
      "afterInsert",
      "beforeUpdate",
      "afterUpdate",
      "beforeDelete",
      "afterDelete",
      "pendingToPersistent",
      "persistentToDeleted",
      "afterFlush",
      "deletedToDetached",
      "afterCommit",
      "afterRollback",
    ] as const;
    for (const name of names) session.on(name, () => void told.push(name));
    session.on("beforeInsert", ({ instance }) => {
      (instance as Note).slug = (instance as Note).text.toLowerCase();
    });
    const note = new Note({ text: "Hello" });
    session.add(note);
    await session.commit();
    expect(told.splice(0)).toEqual([
      "beforeAttach",
      "transientToPending",
      "beforeCommit",
      "beforeFlush",
      "afterBegin",
      "beforeInsert",
      "afterInsert",
      "afterFlush",
      "pendingToPersistent",
      "afterCommit",
    ]);
    expect(note.slug).toBe("hello");
    note.text = "Other";
    await session.flush();
    expect(told.splice(0)).toEqual(["beforeFlush", "afterBegin", "beforeUpdate", "afterUpdate", "afterFlush"]);
    await session.delete(note);
    await session.commit();
    expect(told.splice(0)).toEqual([
      "beforeCommit",
      "beforeFlush",
      "beforeDelete",
      "afterDelete",
      "afterFlush",
      "persistentToDeleted",
      "deletedToDetached",
      "afterCommit",
    ]);
    expect(() => session.on("beforeComit" as "beforeCommit", () => {})).toThrow(/Did you mean 'beforeCommit'/);
  });
  it("a document changed in place is written when it is said so", async () => {
    await using session = new Session(db.engine);
    const note = new Note({ text: "a", meta: { tags: [] } });
    session.add(note);
    await session.commit();
    await session.refresh(note);
    note.meta?.tags.push("x");
    await session.flush();
    flagModified(note, "meta");
    await session.commit();
    await session.refresh(note);
    expect(note.meta).toEqual({ tags: ["x"] });
    makeTransient(note);
    expect(inspect(note).state).toBe("transient");
  });
});
