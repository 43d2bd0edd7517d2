/** Reading results: shapes, one and none, streams, the values of several executions. */
import {
  bindParam,
  func,
  insert,
  integer,
  type MetaData,
  MultipleResultsFound,
  NoResultFound,
  select,
  sql,
  string,
  table,
} from "../../index.js";
import { type BehaviourGroup, behaviour, plain } from "../behaviour.js";

const numbers = (metadata: MetaData) =>
  table("suite_number", { id: integer().primaryKey().autoincrement(false), word: string(40).nullable() }, { metadata });
const words = ["one", "two", "three", null];
const four = words.map((word, i) => ({ id: i + 1, word }));

export const results: BehaviourGroup = {
  title: "results",
  behaviours: [
    behaviour("rows read by position and by name", [], async ({ assert, withTables }) => {
      await withTables(numbers, async (connection, t) => {
        await connection.execute(insert(t).values(four));
        const rows = await connection.execute(select(t.c.id, t.c.word.as("text")).orderBy(t.c.id));
        assert.deepEqual(
          plain(rows),
          four.map((r) => [r.id, r.word]),
        );
        assert.deepEqual(
          rows.map((r) => r.text),
          words,
        );
        const result = connection.execute(select(t.c.id, t.c.word));
        assert.deepEqual(await result.keys(), ["id", "word"]);
      });
    }),
    behaviour("one, oneOrNone, first, scalar", [], async ({ assert, failure, withTables }) => {
      await withTables(numbers, async (connection, t) => {
        await connection.execute(insert(t).values(four));
        const by = (id: number) => connection.execute(select(t.c.word).where(t.c.id.ge(id)).orderBy(t.c.id));
        assert.equal((await by(1).first())?.word, "one");
        assert.equal(await by(5).first(), null);
        assert.equal(await by(5).oneOrNone(), null);
        assert.equal((await by(4).one()).word, null);
        assert.ok((await failure(by(5).one())) instanceof NoResultFound);
        assert.ok((await failure(by(1).one())) instanceof MultipleResultsFound);
        assert.equal(await connection.scalar(select(func.count()).selectFrom(t)), 4);
        assert.deepEqual(await connection.scalars(select(t.c.word).orderBy(t.c.id)).all(), words);
        assert.deepEqual(
          await by(1).mappings().all(),
          words.map((word) => ({ word })),
        );
      });
    }),
    behaviour("a statement without rows gives an empty list and a count", [], async ({ assert, withTables }) => {
      await withTables(numbers, async (connection, t) => {
        const result = connection.execute(insert(t).values({ id: 1, word: "a" }));
        assert.deepEqual(await result, []);
        assert.equal(
          await connection.execute(sql`update suite_number set word = ${"b"} where id > ${0}`).rowCount(),
          1,
        );
      });
    }),
    behaviour("streaming gives every row once, in order, in small portions", [], async ({ assert, withTables }) => {
      await withTables(numbers, async (connection, t) => {
        const many = Array.from({ length: 1000 }, (_, i) => ({ id: i, word: `w${i}` }));
        await connection.execute(insert(t), many);
        const query = select(t.c.id).orderBy(t.c.id).executionOptions({ yieldPer: 64 });
        const seen: number[] = [];
        for await (const row of connection.execute(query)) seen.push(row.id);
        assert.deepEqual(
          seen,
          many.map((r) => r.id),
        );
        const sizes: number[] = [];
        for await (const part of connection.execute(query).partitions(300)) sizes.push(part.length);
        assert.deepEqual(sizes, [300, 300, 300, 100]);
      });
    }),
    behaviour("a stream left early leaves the connection usable", [], async ({ assert, withTables }) => {
      await withTables(numbers, async (connection, t) => {
        await connection.execute(
          insert(t),
          Array.from({ length: 500 }, (_, i) => ({ id: i, word: null })),
        );
        for await (const row of connection.execute(select(t.c.id).orderBy(t.c.id).executionOptions({ yieldPer: 10 }))) {
          if (row.id === 15) break;
        }
        assert.equal(await connection.scalar(select(func.count()).selectFrom(t)), 500);
        await connection.commit();
      });
    }),
    behaviour("statements asked for together run one after the other", [], async ({ assert, withTables }) => {
      await withTables(numbers, async (connection, t) => {
        await connection.execute(insert(t).values(four));
        const found = await Promise.all(
          [1, 2, 3, 4].map((id) => connection.scalar(select(t.c.word).where(t.c.id.eq(id)))),
        );
        assert.deepEqual(found, words);
      });
    }),
    behaviour("one statement runs again with other values", [], async ({ assert, withTables }) => {
      await withTables(numbers, async (connection, t) => {
        await connection.execute(insert(t).values(four));
        const byId = select(t.c.word).where(t.c.id.eq(bindParam("wanted", integer())));
        for (const { id, word } of four) assert.equal(await connection.scalar(byId, { wanted: id }), word);
      });
    }),
    behaviour("raw SQL binds its values", [], async ({ assert, withTables }) => {
      await withTables(numbers, async (connection, t) => {
        await connection.execute(insert(t).values(four));
        const word = "two' or '1' = '1";
        assert.deepEqual(await connection.execute(sql`select id from suite_number where word = ${word}`), []);
        const rows = await connection.execute(sql`select id, word from suite_number where word = ${"two"}`);
        assert.deepEqual(plain(rows), [[2, "two"]]);
        const texts = await connection.execute(
          sql.text("select id from suite_number where id > :least order by id").bindParams({ least: 2 }),
        );
        assert.deepEqual(plain(texts), [[3], [4]]);
      });
    }),
  ],
};
