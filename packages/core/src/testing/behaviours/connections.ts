/** Connections and transactions: autobegin, commit and rollback, savepoints, autocommit. */
import { type Connection, func, insert, integer, literal, type MetaData, select, string, table } from "../../index.js";
import { type BehaviourGroup, behaviour } from "../behaviour.js";

const things = (metadata: MetaData) =>
  table("suite_thing", { id: integer().primaryKey().autoincrement(false), name: string(40) }, { metadata });
type Things = ReturnType<typeof things>;
const count = (connection: Connection, t: Things) => connection.scalar(select(func.count()).selectFrom(t));

class Deliberate extends Error {}

export const connections: BehaviourGroup = {
  title: "connections and transactions",
  behaviours: [
    behaviour("a statement begins a transaction by itself, commit ends it", [], async ({ assert, withTables }) => {
      await withTables(things, async (connection, t) => {
        assert.equal(connection.inTransaction, false);
        await connection.execute(insert(t).values({ id: 1, name: "a" }));
        assert.equal(connection.inTransaction, true);
        await connection.commit();
        assert.equal(connection.inTransaction, false);
        await connection.rollback();
        assert.equal(await count(connection, t), 1);
      });
    }),
    behaviour("rollback undoes what was not committed", [], async ({ assert, withTables }) => {
      await withTables(things, async (connection, t) => {
        await connection.execute(insert(t).values({ id: 1, name: "a" }));
        await connection.rollback();
        assert.equal(await count(connection, t), 0);
      });
    }),
    behaviour("closing a connection rolls back", [], async ({ assert, engine, withTables }) => {
      await withTables(things, async (connection, t) => {
        await connection.execute(insert(t).values({ id: 1, name: "a" }));
        await connection.close();
        assert.equal(await engine.begin((next) => count(next, t)), 0);
      });
    }),
    behaviour(
      "engine.begin commits, and rolls back when the block throws",
      [],
      async ({ assert, engine, failure, withTables }) => {
        await withTables(things, async (connection, t) => {
          await connection.close();
          await engine.begin((c) => c.execute(insert(t).values({ id: 1, name: "a" })));
          const error = await failure(
            engine.begin(async (c) => {
              await c.execute(insert(t).values({ id: 2, name: "b" }));
              throw new Deliberate("stop");
            }),
          );
          assert.ok(error instanceof Deliberate, "the block's own error comes out");
          assert.equal(await engine.begin((c) => count(c, t)), 1);
        });
      },
    ),
    behaviour("a savepoint is undone alone", ["savepoints"], async ({ assert, failure, withTables }) => {
      await withTables(things, async (connection, t) => {
        await connection.execute(insert(t).values({ id: 1, name: "kept" }));
        const error = await failure(
          connection.beginNested(async () => {
            await connection.execute(insert(t).values({ id: 2, name: "undone" }));
            throw new Deliberate("stop");
          }),
        );
        assert.ok(error instanceof Deliberate);
        await connection.beginNested(() => connection.execute(insert(t).values({ id: 3, name: "kept too" })));
        await connection.commit();
        assert.deepEqual(await connection.scalars(select(t.c.id).orderBy(t.c.id)).all(), [1, 3]);
      });
    }),
    behaviour("savepoints nest", ["savepoints"], async ({ assert, withTables }) => {
      await withTables(things, async (connection, t) => {
        const outer = await connection.beginNested();
        await connection.execute(insert(t).values({ id: 1, name: "outer" }));
        const inner = await connection.beginNested();
        await connection.execute(insert(t).values({ id: 2, name: "inner" }));
        await inner.commit();
        await connection.execute(insert(t).values({ id: 3, name: "outer" }));
        await outer.rollback();
        await connection.execute(insert(t).values({ id: 4, name: "root" }));
        await connection.commit();
        assert.deepEqual(await connection.scalars(select(t.c.id)).all(), [4]);
      });
    }),
    behaviour(
      "a transaction outlives the error a savepoint caught",
      ["savepoints"],
      async ({ assert, failure, withTables }) => {
        await withTables(things, async (connection, t) => {
          await connection.execute(insert(t).values({ id: 1, name: "a" }));
          await failure(connection.beginNested(() => connection.execute(insert(t).values({ id: 1, name: "again" }))));
          await connection.execute(insert(t).values({ id: 2, name: "b" }));
          await connection.commit();
          assert.equal(await count(connection, t), 2);
        });
      },
    ),
    behaviour(
      "a transaction survives an error",
      ["transactionSurvivesError"],
      async ({ assert, failure, withTables }) => {
        await withTables(things, async (connection, t) => {
          await connection.execute(insert(t).values({ id: 1, name: "a" }));
          await failure(connection.execute(insert(t).values({ id: 1, name: "again" })));
          await connection.commit();
          assert.equal(await count(connection, t), 1);
        });
      },
    ),
    behaviour(
      "other connections see a change after the commit",
      ["concurrentConnections"],
      async ({ assert, engine, withTables }) => {
        await withTables(things, async (connection, t) => {
          const other = await engine.connect();
          try {
            await connection.execute(insert(t).values({ id: 1, name: "a" }));
            assert.equal(await count(other, t), 0);
            await other.rollback();
            await connection.commit();
            assert.equal(await count(other, t), 1);
          } finally {
            await other.close();
          }
        });
      },
    ),
    behaviour("AUTOCOMMIT needs no commit", [], async ({ assert, engine, withTables }) => {
      await withTables(things, async (connection, t) => {
        await connection.close();
        const auto = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
        await auto.execute(insert(t).values({ id: 1, name: "a" }));
        await auto.close();
        assert.equal(await engine.begin((c) => count(c, t)), 1);
      });
    }),
    behaviour("every isolation level the dialect names is taken", [], async ({ assert, engine }) => {
      for (const level of engine.dialect.capabilities.isolationLevels) {
        // The capability's list is the dialect's own word for what the option takes.
        const connection = await engine.connect({ isolationLevel: level as "SERIALIZABLE" });
        try {
          assert.equal(await connection.scalar(select(literal(1, integer()).as("one"))), 1, level);
        } finally {
          await connection.close();
        }
      }
    }),
    behaviour("a connection goes back to the pool clean", [], async ({ assert, engine, withTables }) => {
      await withTables(things, async (connection, t) => {
        await connection.execute(insert(t).values({ id: 1, name: "a" }));
        await connection.close();
        for (let i = 0; i < 5; i++) {
          const next = await engine.connect();
          assert.equal(next.inTransaction, false);
          assert.equal(await count(next, t), 0);
          await next.close();
        }
      });
    }),
    behaviour(
      "DDL rolls back with its transaction",
      ["transactionalDdl"],
      async ({ assert, engine, failure, withTables }) => {
        await withTables(things, async (connection, _t, metadata) => {
          await connection.close();
          await failure(
            engine.begin(async (c) => {
              await metadata.dropAll(c);
              throw new Deliberate("stop");
            }),
          );
          assert.equal(await engine.begin((c) => count(c, metadata.table("suite_thing") as unknown as Things)), 0);
        });
      },
    ),
  ],
};
