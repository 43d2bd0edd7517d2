/** What the database makes for many new rows comes with one INSERT, and belongs to the row it was made for. */
import { bigInteger, integer, string } from "@athanor/core";
import { declarativeBase, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { told } from "../named/support.js";

const Base = declarativeBase();
const BIG = 9007199254740993n;
class Made extends Base("Made", {
  id: integer().primaryKey(),
  name: string(20),
  big: bigInteger().serverDefault(String(BIG)),
}) {}
class Keyed extends Base(
  "Keyed",
  { a: integer(), b: string(20), made: string(20).serverDefault("'made'"), big: bigInteger().serverDefault("7") },
  { primaryKey: ["a", "b"] },
) {}
class Named extends Base("Named", { name: string(20).primaryKey(), made: string(20).serverDefault("'made'") }) {}

describeEachDatabase(
  "values the database makes for many rows",
  (target) => {
    const db = told(target, Base.metadata);
    it("with a key it makes too", async () => {
      await using session = new Session(db.engine);
      const all = Array.from({ length: 450 }, (_, i) => new Made({ name: `n${i}` }));
      session.addAll(all);
      await session.flush();
      expect(db.sent().length).toBeLessThanOrEqual(3);
      expect(all.map((o) => o.id)).toEqual(all.map((_, i) => i + 1));
      expect(new Set(all.map((o) => o.big))).toEqual(new Set([BIG]));
      await session.commit();
      expect(await session.scalars(session.query(Made).filter(Made.c.name.eq("n449")).statement).one()).toBe(all[449]);
      await session.refresh(all[300] as Made);
      expect(all[300]?.name).toBe("n300");
    });
    it("with keys of the program", async () => {
      await using session = new Session(db.engine);
      const keyed = Array.from(
        { length: 30 },
        (_, i) => new Keyed({ a: i % 3, b: `b ${i}`, ...(i < 20 ? {} : { big: BigInt(i) }) }),
      );
      const named = ["z", "ä", "A-1", "0"].map((name) => new Named({ name }));
      session.addAll([...keyed, ...named]);
      await session.flush();
      expect(db.sent().map(([text, ...rows]) => [text, rows.length])).toEqual([
        ["INSERT INTO keyed (a, b)", 20],
        ["INSERT INTO keyed (a, b, big)", 10],
        ["INSERT INTO named (name)", 4],
      ]);
      expect(keyed.map((k) => [k.made, k.big])).toEqual(keyed.map((_, i) => ["made", i < 20 ? 7n : BigInt(i)]));
      expect(named.map((n) => n.made)).toEqual(["made", "made", "made", "made"]);
      await session.commit();
    });
  },
  { requires: ["insertReturning"] },
);
