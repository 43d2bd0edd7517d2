/**
 * A session in a transaction that was begun outside: 4 modes × what the session does × what it found.
 * After SQLAlchemy's `SessionTransactionTest.test_join_transaction_modes`.
 */
import { createEngine, type Engine, integer, type Savepoint, select, type Transaction } from "@athanor/core";
import { declarativeBase, type JoinTransactionMode, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";

const Base = declarativeBase();
class Coin extends Base("Coin", { id: integer().primaryKey() }) {}

const modes: readonly (JoinTransactionMode | undefined)[] = [
  undefined,
  "conditionalSavepoint",
  "createSavepoint",
  "controlFully",
  "rollbackOnly",
];
const operations = ["commit", "close", "rollback", "nothing"] as const;
const outside = ["none", "transaction", "savepoint"] as const;

/** Which handle outside has ended, as the documentation of the modes says. */
function ends(mode: JoinTransactionMode, operation: (typeof operations)[number], at: "transaction" | "savepoint") {
  const effective = mode === "conditionalSavepoint" ? (at === "savepoint" ? "createSavepoint" : "rollbackOnly") : mode;
  if (operation === "nothing" || effective === "createSavepoint") return false;
  return effective === "controlFully" || operation === "rollback";
}

describeEachDatabase("joining a transaction begun outside", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await Base.metadata.createAll(engine);
  });
  afterAll(() => engine.dispose());

  for (const mode of modes)
    for (const operation of operations)
      for (const found of outside)
        it(`${mode ?? "default"}, ${operation}, ${found}`, async () => {
          await using connection = await engine.connect();
          const transaction: Transaction | null = found === "none" ? null : await connection.begin();
          const savepoint: Savepoint | null = found === "savepoint" ? await connection.beginNested() : null;
          const session = new Session(connection, mode === undefined ? {} : { joinTransactionMode: mode });
          session.add(new Coin());
          await session.flush();
          if (operation !== "nothing") await session[operation]();

          const joined = mode ?? "conditionalSavepoint";
          if (transaction === null) {
            expect(connection.inTransaction).toBe(operation === "nothing");
          } else if (savepoint === null) {
            expect(transaction.isActive).toBe(!ends(joined, operation, "transaction"));
            expect(connection.getTransaction() === transaction).toBe(transaction.isActive);
          } else {
            expect(transaction.isActive).toBe(true);
            expect(connection.getTransaction()).toBe(transaction);
            expect(savepoint.isActive).toBe(!ends(joined, operation, "savepoint"));
            // A session that made a savepoint of its own stands below the one it found.
            const own = operation === "nothing" && (joined === "createSavepoint" || joined === "conditionalSavepoint");
            expect(connection.getNestedTransaction() === savepoint).toBe(savepoint.isActive && !own);
            if (own) {
              // Once it is closed, the one outside is the innermost again.
              await session.close();
              expect(savepoint.isActive).toBe(true);
              expect(connection.getNestedTransaction()).toBe(savepoint);
            }
          }
          await session.close();
          await savepoint?.rollback();
          await transaction?.rollback();
          const kept =
            operation === "commit" && (found === "none" || (found === "transaction" && joined === "controlFully"));
          const rows = await connection.execute(select(Coin.c.id)).all();
          expect(rows.length).toBe(kept ? 1 : 0);
          await connection.execDriverSql("delete from coin");
          await connection.commit();
        });
});
