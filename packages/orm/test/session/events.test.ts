/** Hooks in the order of their work, and what assignments cannot tell. */
import { deleteFrom, integer, json, select, string, update } from "@athanor/core";
import { declarativeBase, flagModified, inspect, makeTransient, Session, sessionmaker } from "@athanor/orm";
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

  const names = [
    "afterTransactionCreate",
    "beforeAttach",
    "afterAttach",
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
    "afterFlush",
    "pendingToPersistent",
    "pendingToTransient",
    "persistentToDeleted",
    "persistentToTransient",
    "persistentToDetached",
    "detachedToPersistent",
    "deletedToDetached",
    "deletedToPersistent",
    "loadedAsPersistent",
    "afterFlushPostexec",
    "afterCommit",
    "afterRollback",
    "afterSoftRollback",
    "afterTransactionEnd",
    "afterBulkUpdate",
    "afterBulkDelete",
  ] as const;
  /** A session that tells what it does. */
  function telling(): { session: Session; told: string[] } {
    const session = new Session(db.engine);
    const told: string[] = [];
    for (const name of names) session.on(name, () => void told.push(name));
    return { session, told };
  }

  // The order is what SQLAlchemy 2.1 tells for the same steps (there the transaction begins with add(), here with the flush).
  it("run around the life of an object, and may set columns of the row at hand", async () => {
    const { session, told } = telling();
    session.on("beforeInsert", ({ instance }) => {
      (instance as Note).slug = (instance as Note).text.toLowerCase();
    });
    const note = new Note({ text: "Hello" });
    session.add(note);
    await session.commit();
    expect(told.splice(0)).toEqual([
      "beforeAttach",
      "afterAttach",
      "transientToPending",
      "beforeCommit",
      "beforeFlush",
      "afterTransactionCreate",
      "afterBegin",
      "beforeInsert",
      "afterInsert",
      "afterFlush",
      "pendingToPersistent",
      "afterFlushPostexec",
      "afterCommit",
      "afterTransactionEnd",
    ]);
    expect(note.slug).toBe("hello");
    note.text = "Other";
    await session.flush();
    expect(told.splice(0)).toEqual([
      "beforeFlush",
      "afterTransactionCreate",
      "afterBegin",
      "beforeUpdate",
      "afterUpdate",
      "afterFlush",
      "afterFlushPostexec",
    ]);
    await session.delete(note);
    await session.commit();
    expect(told.splice(0)).toEqual([
      "beforeCommit",
      "beforeFlush",
      "beforeDelete",
      "afterDelete",
      "afterFlush",
      "persistentToDeleted",
      "afterFlushPostexec",
      "deletedToDetached",
      "afterCommit",
      "afterTransactionEnd",
    ]);
    expect(() => session.on("beforeComit" as "beforeCommit", () => {})).toThrow(/Did you mean 'beforeCommit'/);
    await session.close();
  });
  it("tell of states, savepoints and rollbacks", async () => {
    const { session, told } = telling();
    const kept = new Note({ text: "kept" });
    session.add(kept);
    await session.commit();
    told.length = 0;
    await session
      .beginNested(async () => {
        session.add(new Note({ text: "inner" }));
        await session.flush();
        throw new Error("stop");
      })
      .catch(() => undefined);
    expect(told.splice(0).filter((t) => /Rollback|Transaction|Transient/.test(t))).toEqual([
      "afterTransactionCreate",
      "afterTransactionCreate",
      "persistentToTransient",
      "afterSoftRollback",
      "afterTransactionEnd",
    ]);
    await session.delete(kept);
    session.add(new Note({ text: "lost" }));
    await session.flush();
    session.add(new Note({ text: "never" }));
    told.length = 0;
    await session.rollback();
    expect(told.splice(0)).toEqual([
      "pendingToTransient",
      "persistentToTransient",
      "deletedToPersistent",
      "afterRollback",
      "afterSoftRollback",
      "afterTransactionEnd",
    ]);
    session.expunge(kept);
    session.add(kept);
    expect(told.splice(0)).toEqual(["persistentToDetached", "beforeAttach", "afterAttach", "detachedToPersistent"]);
    session.expungeAll();
    await session.scalars(select(Note)).all();
    expect(told.splice(0)).toEqual([
      "persistentToDetached",
      "afterTransactionCreate",
      "afterBegin",
      "loadedAsPersistent",
    ]);
    await session.execute(update(Note).set({ text: "x" }));
    await session.execute(deleteFrom(Note));
    expect(told.splice(0)).toEqual(["afterBulkUpdate", "afterBulkDelete"]);
    await session.close();
  });
  it("afterFlush still sees what was new, changed and deleted, with its history", async () => {
    await using session = new Session(db.engine);
    const [changed, gone] = [new Note({ text: "a" }), new Note({ text: "b" })];
    session.add(changed, gone);
    await session.commit();
    await session.refresh(changed);
    const seen: unknown[] = [];
    session.on("afterFlush", () => {
      seen.push([...session.new], [...session.dirty], [...session.deleted], inspect(changed).history("text"));
    });
    session.on("afterFlushPostexec", () => {
      seen.push(session.new.size + session.dirty.size + session.deleted.size, inspect(changed).modified);
    });
    const fresh = new Note({ text: "c" });
    session.add(fresh);
    changed.text = "A";
    await session.delete(gone);
    await session.flush();
    expect(seen).toEqual([[fresh], [changed], [gone], { added: ["A"], unchanged: [], deleted: ["a"] }, 0, false]);
  });
  it("a change of another object inside a hook of a row is not lost, as it is in SQLAlchemy", async () => {
    await using session = new Session(db.engine);
    const [first, second] = [new Note({ text: "first" }), new Note({ text: "second" })];
    session.add(first, second);
    await session.commit();
    let hooked = 0;
    session.on("afterUpdate", ({ instance }) => {
      if (instance === second && hooked++ === 0) first.slug = "set by the other";
    });
    first.text = "first, changed";
    second.text = "second, changed";
    await session.commit();
    await session.refresh(first);
    expect([first.text, first.slug]).toEqual(["first, changed", "set by the other"]);
  });
  it("of a class and of a factory hear every session of theirs", async () => {
    const told: string[] = [];
    class Audited extends Session {}
    const make = sessionmaker({ bind: db.engine, class: Audited });
    const stops = [
      Session.on("beforeCommit", () => void told.push("all")),
      Audited.on("beforeCommit", () => void told.push("class")),
      make.on("beforeCommit", () => void told.push("factory")),
    ];
    await using session = make();
    expect(session).toBeInstanceOf(Audited);
    session.on("beforeCommit", () => void told.push("session"), { once: true });
    await session.commit();
    expect(told.splice(0)).toEqual(["all", "class", "factory", "session"]);
    await using plain = new Session(db.engine);
    await plain.commit();
    expect(told.splice(0)).toEqual(["all"]);
    for (const stop of stops) stop();
    await session.commit();
    expect(told).toEqual([]);
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
  it("beforeFlush that throws leaves the transaction as it is; it cannot flush itself", async () => {
    await using session = new Session(db.engine);
    session.add(new Note({ text: "first" }));
    await session.flush();
    let stop = session.on("beforeFlush", () => {
      throw new Error("not yet");
    });
    session.add(new Note({ text: "second" }));
    await expect(session.flush()).rejects.toThrow("not yet");
    stop();
    stop = session.on("beforeFlush", () => session.flush());
    await expect(session.flush()).rejects.toThrow(/its hooks cannot flush/);
    stop();
    await session.commit();
    expect(await session.scalars(select(Note.c.text).orderBy(Note.c.id)).all()).toEqual(["first", "second"]);
  });
});
