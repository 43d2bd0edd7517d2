/**
 * A hook that adds an object after every flush runs into the limit of flushes in one commit.
 * After SQLAlchemy's `SessionTransactionTest.test_continue_flushing_guard`.
 */
import { func, InvalidRequestError, integer, select, string } from "@athanor/core";
import { declarativeBase, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { told } from "./support.js";

const Base = declarativeBase();
class User extends Base("User", { id: integer().primaryKey(), name: string(50) }, { tableName: "users" }) {}

describeEachDatabase("named test 13: a hook that never stops", (target) => {
  const db = told(target, Base.metadata);
  it("is stopped after 100 flushes, and rolled back", async () => {
    await using session = new Session(db.engine);
    let flushes = 0;
    session.on("afterFlushPostexec", () => {
      flushes++;
      session.add(new User({ name: "x" }));
    });
    session.add(new User({ name: "x" }));
    const failure: unknown = await session.commit().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InvalidRequestError);
    expect(String(failure)).toMatch(/Over 100 flushes/);
    expect(flushes).toBe(100);
    await session.rollback();
    expect(await session.noAutoflush(() => session.scalar(select(func.count()).selectFrom(User)))).toBe(0);
  });
});
