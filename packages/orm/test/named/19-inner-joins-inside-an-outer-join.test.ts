/**
 * 19: an outer join whose right side holds the inner joins of two relationships side by side.
 * After SQLAlchemy orm/test_eager_relations NestedInnerjoinTestIssue11965.
 */
import { integer, select } from "@athanor/core";
import { declarativeBase, manyToOne, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { setUp } from "../query/blog.js";

const Base = declarativeBase();
class Source extends Base("Source", { id: integer().primaryKey() }) {}
class Day extends Base("Day", { id: integer().primaryKey() }) {}
class Run extends Base("Run", {
  id: integer().primaryKey(),
  sourceId: integer().references("source.id"),
  get source() {
    return manyToOne(Source, { lazy: "joined", innerJoin: true });
  },
  dayId: integer().references("day.id"),
  get day() {
    return manyToOne(Day, { lazy: "joined", innerJoin: true });
  },
}) {}
class Event extends Base("Event", {
  id: integer().primaryKey(),
  runId: integer().references("run.id"),
  get run() {
    return manyToOne(Run, { lazy: "joined", innerJoin: true });
  },
}) {}
class Room extends Base("Room", {
  id: integer().primaryKey(),
  eventId: integer().nullable().references("event.id"),
  get event() {
    return manyToOne(Event, { lazy: "joined" });
  },
}) {}

describeEachDatabase("19: inner joins inside an outer join", (target) => {
  const at = setUp(target, Base.metadata, async (engine) => {
    await using session = new Session(engine);
    const run = new Run({ id: 1, source: new Source({ id: 11 }), day: new Day({ id: 12 }) });
    session.add(new Room({ id: 1, event: new Event({ id: 5, run }) }), new Room({ id: 2 }));
    await session.commit();
  });

  it("SQL", async () => {
    await using session = new Session(at.engine);
    await session.scalars(select(Room)).all();
    expect(at.ran.last.replace(/INNER JOIN/g, "JOIN").replace(/LEFT OUTER JOIN/g, "LEFT JOIN")).toMatch(
      new RegExp(
        "^SELECT room\\.id, room\\.event_id, event_1\\.id AS id_1, event_1\\.run_id, run_1\\.id AS id_2, run_1\\.source_id, " +
          "run_1\\.day_id, source_1\\.id AS id_3, day_1\\.id AS id_4 " +
          "FROM room LEFT JOIN " +
          "\\(\\(*event AS event_1 JOIN run AS run_1 ON event_1\\.run_id = run_1\\.id\\)* " +
          "JOIN source AS source_1 ON run_1\\.source_id = source_1\\.id\\)* " +
          "JOIN day AS day_1 ON run_1\\.day_id = day_1\\.id\\) " +
          "ON room\\.event_id = event_1\\.id$",
      ),
    );
  });
  it("a round trip: both relationships are there, and the room without an event", async () => {
    await using session = new Session(at.engine);
    const rooms = await session.scalars(select(Room).orderBy(Room.c.id)).all();
    expect(rooms.map((r) => r.id)).toEqual([1, 2]);
    const { run } = rooms[0]!.event!;
    expect([run?.day?.id, run?.source?.id]).toEqual([12, 11]);
    expect(rooms[1]!.event).toBeNull();
    expect(at.ran.work).toHaveLength(1);
  });
});
