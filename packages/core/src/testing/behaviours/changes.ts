/** INSERT, UPDATE and DELETE: generated keys, batches in order, RETURNING where there is one. */
import {
  boolean,
  type Connection,
  deleteFrom,
  exists,
  func,
  insert,
  integer,
  type MetaData,
  select,
  string,
  table,
  tableOf,
  update,
} from "../../index.js";
import { type BehaviourGroup, behaviour, plain } from "../behaviour.js";

const items = (metadata: MetaData) => {
  const item = table(
    "suite_item",
    {
      id: integer().primaryKey(),
      name: string(40),
      rank: integer().default(() => 7),
      done: boolean().default(false),
      kind: string(10).serverDefault("'new'"),
    },
    { metadata },
  );
  const price = table("suite_price", { name: string(40).primaryKey(), rank: integer() }, { metadata });
  return { item, price };
};
type Items = ReturnType<typeof items>;
const three = [{ name: "a" }, { name: "b" }, { name: "c" }];
const all = async (connection: Connection, { item }: Items) =>
  plain(await connection.execute(select(item.c.name, item.c.rank).orderBy(item.c.id)));

export const changes: BehaviourGroup = {
  title: "insert, update, delete",
  behaviours: [
    behaviour("a generated key comes back", ["generatedKeys"], async ({ assert, can, withTables }) => {
      await withTables(items, async (connection, { item }) => {
        const ids: unknown[] = [];
        for (const row of three) {
          if (can("insertReturning"))
            ids.push(await connection.execute(insert(item).values(row).returning(item.c.id)).scalarOne());
          else ids.push(Number(await connection.execute(insert(item).values(row)).lastInsertId()));
        }
        assert.deepEqual(await connection.scalars(select(item.c.id).orderBy(item.c.id)).all(), ids);
        assert.equal(new Set(ids).size, 3);
      });
    }),
    behaviour("defaults are called once per row", [], async ({ assert, withTables }) => {
      await withTables(
        (metadata) => {
          let calls = 0;
          return table(
            "suite_call",
            {
              id: integer().primaryKey().autoincrement(false),
              n: integer().default(() => ++calls),
              m: integer()
                .onUpdate(() => 99)
                .default(0),
            },
            { metadata },
          );
        },
        async (connection, t) => {
          await connection.execute(insert(t), [{ id: 1 }, { id: 2 }]);
          await connection.execute(insert(t).values({ id: 3, n: 50 }));
          assert.deepEqual(plain(await connection.execute(select(t.c.n, t.c.m).orderBy(t.c.id))), [
            [1, 0],
            [2, 0],
            [50, 0],
          ]);
          await connection.execute(update(t).set({ n: 0 }).where(t.c.id.eq(1)));
          assert.deepEqual(await connection.scalars(select(t.c.m).orderBy(t.c.id)).all(), [99, 0, 0]);
        },
      );
    }),
    behaviour(
      "server defaults and the program's defaults stand beside each other",
      [],
      async ({ assert, withTables }) => {
        await withTables(items, async (connection, { item }) => {
          await connection.execute(insert(item).values({ name: "a" }));
          await connection.execute(insert(item).values({ name: "b", rank: 1, done: true, kind: "old" }));
          const rows = await connection.execute(
            select(item.c.name, item.c.rank, item.c.done, item.c.kind).orderBy(item.c.name),
          );
          assert.deepEqual(plain(rows), [
            ["a", 7, false, "new"],
            ["b", 1, true, "old"],
          ]);
        });
      },
    ),
    behaviour("many rows in one statement", [], async ({ assert, withTables }) => {
      await withTables(items, async (connection, tables) => {
        assert.equal(await connection.execute(insert(tables.item).values(three)).rowCount(), 3);
        assert.equal((await all(connection, tables)).length, 3);
      });
    }),
    behaviour(
      "a batch of rows arrives complete, in order of its keys",
      ["generatedKeys"],
      async ({ assert, withTables }) => {
        await withTables(items, async (connection, { item }) => {
          const rows = Array.from({ length: 2500 }, (_, i) => ({ name: `n${i}`, rank: i }));
          await connection.execute(insert(item), rows);
          assert.equal(await connection.scalar(select(func.count()).selectFrom(item)), rows.length);
          assert.deepEqual(
            await connection.scalars(select(item.c.rank).orderBy(item.c.rank)).all(),
            rows.map((r) => r.rank),
          );
          assert.equal(await connection.scalar(select(func.count(item.c.id).distinct()).selectFrom(item)), rows.length);
        });
      },
    ),
    behaviour(
      "a batch with RETURNING gives each row its own key",
      ["insertReturning"],
      async ({ assert, withTables }) => {
        await withTables(items, async (connection, { item }) => {
          const rows = Array.from({ length: 700 }, (_, i) => ({ name: `n${i}`, rank: 1000 - i }));
          const back = await connection.execute(insert(item).returning(item.c.id, item.c.name), rows);
          assert.equal(back.length, rows.length);
          // Which row has which key is the database's to say; that the pairs belong together is checked here.
          const stored = new Map(plain(await connection.execute(select(item.c.id, item.c.name))) as [number, string][]);
          for (const { id, name } of back) assert.equal(stored.get(id), name);
          assert.deepEqual(
            back.map((r) => r.name),
            rows.map((r) => r.name),
            "in the order of the rows given",
          );
        });
      },
    ),
    behaviour(
      "INSERT … RETURNING gives what the database made",
      ["insertReturning"],
      async ({ assert, withTables }) => {
        await withTables(items, async (connection, { item }) => {
          const row = await connection
            .execute(insert(item).values({ name: "a" }).returning(item.c.id, item.c.kind, item.c.rank))
            .one();
          assert.deepEqual([typeof row.id, row.kind, row.rank], ["number", "new", 7]);
        });
      },
    ),
    behaviour("INSERT from a query", [], async ({ assert, withTables }) => {
      await withTables(items, async (connection, { item, price }) => {
        await connection.execute(
          insert(item).values([
            { name: "a", rank: 1 },
            { name: "b", rank: 2 },
          ]),
        );
        await connection.execute(
          insert(price).fromSelect(["name", "rank"], select(item.c.name, item.c.rank.add(10)).where(item.c.rank.gt(1))),
        );
        assert.deepEqual(plain(await connection.execute(select(price.c.name, price.c.rank))), [["b", 12]]);
      });
    }),
    behaviour(
      "UPDATE counts the rows it matched, and computes from the old ones",
      [],
      async ({ assert, withTables }) => {
        await withTables(items, async (connection, tables) => {
          const { item } = tables;
          await connection.execute(insert(item).values(three.map((r, i) => ({ ...r, rank: i }))));
          assert.equal(
            await connection
              .execute(
                update(item)
                  .set({ rank: item.c.rank.add(10) })
                  .where(item.c.rank.ge(1)),
              )
              .rowCount(),
            2,
          );
          assert.equal(
            await connection.execute(update(item).set({ rank: 5 }).where(item.c.name.eq("zzz"))).rowCount(),
            0,
          );
          // Rows whose values stay the same are matched all the same.
          assert.equal(
            await connection.execute(update(item).set({ rank: 0 }).where(item.c.name.eq("a"))).rowCount(),
            1,
          );
          assert.deepEqual(await all(connection, tables), [
            ["a", 0],
            ["b", 11],
            ["c", 12],
          ]);
        });
      },
    ),
    behaviour("UPDATE … RETURNING", ["updateReturning"], async ({ assert, withTables }) => {
      await withTables(items, async (connection, { item }) => {
        await connection.execute(insert(item).values(three));
        const rows = await connection.execute(
          update(item).set({ rank: 1 }).where(item.c.name.ne("b")).returning(item.c.name, item.c.rank),
        );
        assert.deepEqual(plain(rows).sort(), [
          ["a", 1],
          ["c", 1],
        ]);
      });
    }),
    behaviour("UPDATE with values of another table", [], async ({ assert, can, withTables }) => {
      await withTables(items, async (connection, tables) => {
        const { item, price } = tables;
        await connection.execute(insert(item).values(three));
        await connection.execute(
          insert(price).values([
            { name: "a", rank: 100 },
            { name: "c", rank: 300 },
          ]),
        );
        const theirs = select(price.c.rank).where(price.c.name.eq(item.c.name)).scalar();
        const has = exists(select(price.c.rank).where(price.c.name.eq(item.c.name)));
        await connection.execute(
          update(item)
            .set({ rank: theirs as never })
            .where(has),
        );
        assert.deepEqual(await all(connection, tables), [
          ["a", 100],
          ["b", 7],
          ["c", 300],
        ]);
        if (!can("multiTableUpdate")) return;
        await connection.execute(
          update(item)
            .set({ rank: price.c.rank.add(1) })
            .where(item.c.name.eq(price.c.name)),
        );
        assert.deepEqual(await all(connection, tables), [
          ["a", 101],
          ["b", 7],
          ["c", 301],
        ]);
      });
    }),
    behaviour("DELETE counts its rows", [], async ({ assert, withTables }) => {
      await withTables(items, async (connection, tables) => {
        await connection.execute(insert(tables.item).values(three));
        assert.equal(
          await connection.execute(deleteFrom(tables.item).where(tables.item.c.name.in(["a", "c", "x"]))).rowCount(),
          2,
        );
        assert.deepEqual(await all(connection, tables), [["b", 7]]);
        assert.equal(await connection.execute(deleteFrom(tables.item)).rowCount(), 1);
      });
    }),
    behaviour("DELETE … RETURNING", ["deleteReturning"], async ({ assert, withTables }) => {
      await withTables(items, async (connection, { item }) => {
        await connection.execute(insert(item).values(three));
        const gone = await connection.execute(deleteFrom(item).where(item.c.name.eq("b")).returning(item.c.name));
        assert.deepEqual(plain(gone), [["b"]]);
      });
    }),
    behaviour("a CTE in front of UPDATE", ["cteInDml"], async ({ assert, withTables }) => {
      await withTables(items, async (connection, tables) => {
        const { item } = tables;
        await connection.execute(insert(item).values(three.map((r, i) => ({ ...r, rank: i }))));
        const low = select(item.c.id).where(item.c.rank.lt(2)).cte("low");
        await connection.execute(
          update(item)
            .set({ rank: 50 })
            .where(item.c.id.in(select(low.c.id))),
        );
        assert.deepEqual(await all(connection, tables), [
          ["a", 50],
          ["b", 50],
          ["c", 2],
        ]);
      });
    }),
    behaviour("DML in a CTE", ["dmlInCte"], async ({ assert, withTables }) => {
      await withTables(items, async (connection, { item }) => {
        await connection.execute(insert(item).values(three));
        const gone = deleteFrom(item).where(item.c.name.eq("a")).returning(item.c.name).cte("gone");
        assert.deepEqual(await connection.scalars(select(gone.c.name)).all(), ["a"]);
        assert.equal(await connection.scalar(select(func.count()).selectFrom(item)), 2);
      });
    }),
    behaviour("a row of defaults alone", [], async ({ assert, withTables }) => {
      await withTables(
        (metadata) => table("suite_empty", { id: integer().primaryKey(), note: string(10).nullable() }, { metadata }),
        async (connection, t) => {
          await connection.execute(insert(t).values({}));
          await connection.execute(insert(t).values({}));
          assert.equal(await connection.scalar(select(func.count()).selectFrom(t)), 2);
          assert.ok(tableOf(t).autoincrementColumn !== undefined);
        },
      );
    }),
    behaviour(
      "undefined is refused everywhere, and never means no filter",
      [],
      async ({ assert, failure, withTables }) => {
        await withTables(items, async (connection, tables) => {
          const { item } = tables;
          await connection.execute(insert(item).values(three));
          const attempts = [
            () => connection.execute(deleteFrom(item).where(item.c.name.eq(undefined as never))),
            () =>
              connection.execute(
                update(item)
                  .set({ rank: 0 })
                  .where(item.c.name.in([undefined as never])),
              ),
            () => connection.execute(insert(item).values({ name: undefined as never })),
          ];
          for (const attempt of attempts) {
            const error = await failure((async () => attempt())());
            assert.ok(error instanceof Error && "code" in error, String(error));
          }
          assert.equal((await all(connection, tables)).length, 3);
        });
      },
    ),
  ],
};
