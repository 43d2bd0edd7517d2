/** Upsert under its portable spelling. */
import { IntegrityError, insert, integer, type MetaData, select, string, table, unique } from "../../index.js";
import { type BehaviourGroup, behaviour, plain } from "../behaviour.js";

const stock = (metadata: MetaData) =>
  table(
    "suite_stock",
    { id: integer().primaryKey().autoincrement(false), code: string(10), amount: integer() },
    {
      metadata,
      constraints: (t) => [unique("uq_suite_stock_code", t.code)],
    },
  );

export const upserts: BehaviourGroup = {
  title: "upsert",
  behaviours: [
    behaviour("onConflictDoNothing leaves the row that is there", [], async ({ assert, withTables }) => {
      await withTables(stock, async (connection, t) => {
        await connection.execute(insert(t).values({ id: 1, code: "a", amount: 5 }));
        await connection.execute(
          insert(t)
            .values([
              { id: 1, code: "a", amount: 9 },
              { id: 2, code: "b", amount: 2 },
            ])
            .onConflictDoNothing(),
        );
        assert.deepEqual(plain(await connection.execute(select(t.c.id, t.c.amount).orderBy(t.c.id))), [
          [1, 5],
          [2, 2],
        ]);
      });
    }),
    behaviour(
      "onConflictDoUpdate changes the row that is there, with what could not be inserted",
      [],
      async ({ assert, withTables }) => {
        await withTables(stock, async (connection, t) => {
          await connection.execute(insert(t).values({ id: 1, code: "a", amount: 5 }));
          const upsert = insert(t)
            .values([
              { id: 1, code: "a", amount: 10 },
              { id: 2, code: "b", amount: 2 },
            ])
            .onConflictDoUpdate({ target: ["id"], set: (excluded) => ({ amount: t.c.amount.add(excluded.amount) }) });
          await connection.execute(upsert);
          assert.deepEqual(plain(await connection.execute(select(t.c.id, t.c.amount).orderBy(t.c.id))), [
            [1, 15],
            [2, 2],
          ]);
        });
      },
    ),
    behaviour(
      "a violation of another key than the target stays an error",
      ["conflictTarget"],
      async ({ assert, failure, withTables }) => {
        await withTables(stock, async (connection, t) => {
          await connection.execute(insert(t).values({ id: 1, code: "a", amount: 5 }));
          await connection.commit();
          const other = insert(t)
            .values({ id: 2, code: "a", amount: 1 })
            .onConflictDoUpdate({ target: ["id"], set: { amount: 0 } });
          assert.ok((await failure(connection.execute(other))) instanceof IntegrityError);
        });
      },
    ),
    behaviour("a condition on the update", ["conflictTarget"], async ({ assert, withTables }) => {
      await withTables(stock, async (connection, t) => {
        await connection.execute(
          insert(t).values([
            { id: 1, code: "a", amount: 5 },
            { id: 2, code: "b", amount: 50 },
          ]),
        );
        const upsert = insert(t)
          .values([
            { id: 1, code: "a", amount: 0 },
            { id: 2, code: "b", amount: 0 },
          ])
          .onConflictDoUpdate({ target: ["id"], set: { amount: 1 }, where: t.c.amount.gt(10) });
        await connection.execute(upsert);
        assert.deepEqual(await connection.scalars(select(t.c.amount).orderBy(t.c.id)).all(), [5, 1]);
      });
    }),
  ],
};
