/** The recipes of docs/recipes.md as they stand there: soft deletion by a mixin's column, tenancy by the request. */
import { dateTime, integer, select, string, table } from "@athanor/core";
import {
  declarativeBase,
  joinedLoad,
  Mixin,
  manyToMany,
  prepare,
  Session,
  sessionmaker,
  withLoaderCriteria,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { recording } from "../session/support.js";

const Base = declarativeBase();
const softDelete = Mixin({ deletedAt: dateTime().nullable() });
class Note extends Base(
  "Note",
  {
    id: integer().primaryKey(),
    text: string(20),
    tenantId: integer().nullable(),
    get tags() {
      return manyToMany(Tag, { secondary: noteTag, backPopulates: "notes", orderBy: "id" });
    },
  },
  { mixins: [softDelete] },
) {}
class Tag extends Base(
  "Tag",
  {
    id: integer().primaryKey(),
    name: string(20),
    get notes() {
      return manyToMany(Note, { secondary: noteTag, backPopulates: "tags", orderBy: "id" });
    },
  },
  { mixins: [softDelete] },
) {}
const noteTag = table(
  "note_tag",
  { noteId: integer().references("note.id"), tagId: integer().references("tag.id") },
  { primaryKey: ["noteId", "tagId"], metadata: Base.metadata },
);

describeEachDatabase("recipes", (target) => {
  const db = recording(target, Base.metadata);

  it("soft deletion: a session that never sees what is marked, unless asked to", async () => {
    const newSession = sessionmaker({
      bind: db.engine,
      executionOptions: { loaderCriteria: [withLoaderCriteria([Note, Tag], (c) => c.deletedAt.isNull())] },
    });
    await newSession.begin(async (session) => {
      const tags = ["red", "blue"].map((name) => new Tag({ name }));
      for (const text of ["a", "b"]) {
        const note = new Note({ text });
        note.tags.push(...tags);
        session.add(note);
      }
      await session.flush();
      (tags[0] as Tag).deletedAt = new Date();
    });
    await using session = newSession();
    const eager = await session
      .scalars(select(Note).options(joinedLoad(Note.c.tags)).orderBy(Note.c.id).limit(1))
      .all();
    expect(eager.map((n) => n.tags.map((t) => t.name))).toEqual([["blue"]]);
    session.expungeAll();
    const lazy = await session.scalars(select(Note).orderBy(Note.c.id)).all();
    expect((await Promise.all(lazy.map((n) => n.tags))).map((l) => l.map((t) => t.name))).toEqual([["blue"], ["blue"]]);
    expect(await session.query(Tag).count()).toBe(1);
    expect(await session.query(Tag).get(1)).toBeNull();
    const byName = prepare({ name: string(20) }, (p) => select(Tag.c.id).where(Tag.c.name.eq(p.name)));
    expect(await byName.scalars(session, { name: "red" }).all()).toEqual([]);
    const cte = select(Tag.c.name).cte("names");
    expect(await session.scalars(select(cte.c.name)).all()).toEqual(["blue"]);
    const both = select(Tag.c.name).unionAll(select(Tag.c.name));
    expect(await session.scalars(both).all()).toEqual(["blue", "blue"]);
    const streamed: string[] = [];
    for await (const tag of session.scalars(select(Tag))) streamed.push(tag.name);
    expect(streamed).toEqual(["blue"]);
    const all = select(Tag.c.name).orderBy(Tag.c.id).executionOptions({ loaderCriteria: false });
    expect(await session.scalars(all).all()).toEqual(["red", "blue"]);
  });
  it("tenancy: the function runs anew for each statement, new rows get their tenant", async () => {
    let tenant = 1;
    const ofTenant = withLoaderCriteria(Note, (c) => c.tenantId.eq(tenant));
    for (tenant of [1, 2]) {
      await using session = new Session(db.engine, { executionOptions: { loaderCriteria: [ofTenant] } });
      session.on("beforeInsert", ({ instance }) => {
        if (instance instanceof Note) instance.tenantId = tenant;
      });
      session.add(new Note({ text: `of ${tenant}` }));
      await session.commit();
      expect(await session.scalars(select(Note.c.text)).all()).toEqual([`of ${tenant}`]);
      expect(await session.query(Note).update({ text: `mine ${tenant}` })).toBe(1);
      await session.commit();
    }
    await using session = new Session(db.engine);
    expect(await session.scalars(select(Note.c.text).orderBy(Note.c.id)).all()).toEqual(["mine 1", "mine 2"]);
  });
});
