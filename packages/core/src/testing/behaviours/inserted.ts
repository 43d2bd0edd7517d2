/** What an INSERT made: keys, defaults, and rows in the order of their values under a shuffled RETURNING. */
import {
  dateTime,
  func,
  insert,
  insertSentinel,
  integer,
  literal,
  type MetaData,
  select,
  sql,
  string,
  table,
} from "../../index.js";
import { type BehaviourGroup, behaviour, plain } from "../behaviour.js";
import { shuffleReturning } from "../shuffle.js";

const counted = (metadata: MetaData) =>
  table(
    "suite_counted",
    { id: integer().primaryKey(), n: integer(), state: string(10).serverDefault("'new'") },
    { metadata },
  );
const marked = (metadata: MetaData) =>
  table("suite_marked", { id: integer().primaryKey(), n: integer(), mark: insertSentinel() }, { metadata });
const numbers = Array.from({ length: 60 }, (_, i) => (i * 37) % 60);

export const inserted: BehaviourGroup = {
  title: "inserted rows",
  behaviours: [
    behaviour("the key of one row is known", [], async ({ assert, withTables }) => {
      await withTables(counted, async (connection, t) => {
        const key = await connection.execute(insert(t).values({ n: 1 })).insertedPrimaryKey();
        assert.deepEqual(plain(await connection.execute(select(t.c.id))), [[key.id]]);
        assert.deepEqual(
          [...(await connection.execute(insert(t).values({ id: 77, n: 2 })).insertedPrimaryKey())],
          [77],
        );
      });
    }),
    behaviour("keys of many rows belong to their rows", [], async ({ assert, withTables }) => {
      await withTables(counted, async (connection, t) => {
        const keys = await connection.execute(insert(t).values(numbers.map((n) => ({ n })))).insertedPrimaryKeyRows();
        const stored = new Map(plain(await connection.execute(select(t.c.n, t.c.id))) as [number, number][]);
        assert.deepEqual(
          keys.map((k) => k.id),
          numbers.map((n) => stored.get(n)),
        );
      });
    }),
    behaviour("defaults of the database come back", ["insertReturning"], async ({ assert, withTables }) => {
      await withTables(counted, async (connection, t) => {
        const made = await connection.execute(insert(t).values({ n: 1 }).returnDefaults(t.c.state)).returnedDefaults();
        assert.equal(made.state, "new");
      });
    }),
    behaviour(
      "rows come in the order of their values, whatever RETURNING does",
      ["insertReturning"],
      async ({ engine, assert, withTables }) => {
        for (const make of [counted, marked]) {
          await withTables(make as typeof counted, async (connection, t) => {
            const stop = shuffleReturning(engine);
            try {
              const statement = insert(t)
                .values(numbers.map((n) => ({ n })))
                .returning(t.c.n)
                .sortByParameterOrder();
              assert.deepEqual(
                plain(await connection.execute(statement)),
                numbers.map((n) => [n]),
              );
            } finally {
              stop();
            }
          });
        }
      },
    ),
    behaviour("a page is one statement", [], async ({ engine, assert, withTables }) => {
      await withTables(counted, async (connection, t) => {
        let sent = 0;
        const stop = engine.on("statement", ({ sql: text }) => {
          if (/^INSERT/.test(text)) sent++;
        });
        const rows = [1, 2, 3, 4, 5].map((n) => ({ n }));
        await connection.execute(insert(t).values(rows).executionOptions({ insertmanyvaluesPageSize: 2 }));
        stop();
        assert.equal(sent, 3);
      });
    }),
    behaviour("dates move by intervals and differ by them", [], async ({ engine, assert }) => {
      await using connection = await engine.connect();
      const day = (n: number) => literal(new Date(Date.UTC(2024, 1, n, 12)), dateTime());
      const [row] = await connection.execute(
        select(day(28).add("P2DT1H").as("a"), day(3).diff(day(1)).as("b"), day(1).sub("P1D").as("c")),
      );
      assert.deepEqual(
        [...(row as never as unknown[])],
        [new Date(Date.UTC(2024, 2, 1, 13)), "P2D", new Date(Date.UTC(2024, 0, 31, 12))],
      );
    }),
    behaviour("a name a row has twice is an error to read", [], async ({ engine, assert }) => {
      await using connection = await engine.connect();
      const [row] = await connection.execute(sql`select 1 as x, 2 as x`);
      let message = "";
      try {
        void (row as never as { x: unknown }).x;
      } catch (error) {
        message = String(error);
      }
      assert.ok(message.includes("'x'"));
      assert.equal(Number(await connection.execute(select(func.abs(literal(-3, integer())))).scalar()), 3);
    }),
  ],
};
