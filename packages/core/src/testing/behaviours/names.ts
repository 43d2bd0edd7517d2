/** Hostile names and values: nothing of them is ever read as SQL. */
import {
  AthanorError,
  type Column,
  foreignKey,
  func,
  index,
  insert,
  inspect,
  integer,
  MetaData,
  select,
  sql,
  string,
  type TextExpr,
  table,
  update,
} from "../../index.js";
import { type BehaviourGroup, behaviour, plain } from "../behaviour.js";

const hostileNames = [
  "select",
  "order",
  "Mixed Case",
  'say "hi"',
  "it's",
  "back`tick",
  "semi;colon",
  "dash--dash",
  "/* comment */",
  "per%cent",
  "100%s",
  "question?",
  "colon:name",
  "$1",
  "{curly}",
  "(paren)",
  "[bracket]",
  "back\\slash",
  "grüße",
  "名前",
];
const hostileValues = [
  "'; drop table suite_victim; --",
  "' or '1'='1",
  "\\'; drop table suite_victim; --",
  '" or ""="',
  "` or 1=1",
  "%s %d %(x)s",
  "? ?? $1 :name @x",
  "/* */ -- #",
  "\u0001\u001f",
  "\u2028\u2029\ufeff",
  "ʼ’＇",
  "\ud83d\ude00",
];

export const names: BehaviourGroup = {
  title: "names and values",
  behaviours: [
    behaviour("any name can be a table's", ["reflection"], async ({ assert, withTables }) => {
      for (const hostile of hostileNames) {
        // Databases on some file systems have no names that differ in case or hold slashes.
        if (/[/\\]/.test(hostile)) continue;
        const name = `suite ${hostile}`;
        await withTables(
          (metadata) =>
            table("suite_odd", { id: integer().primaryKey().autoincrement(false) }, {
              metadata,
              tableName: name,
            } as never),
          async (connection, t) => {
            await connection.execute(insert(t).values({ id: 1 }));
            assert.deepEqual(await connection.scalars(select(t.c.id)).all(), [1], name);
            const found = (await inspect(connection).tableNames()).some((n) => n.toLowerCase() === name.toLowerCase());
            assert.ok(found, `${name} is read back`);
          },
        );
      }
    }),
    behaviour("any name can be a column's", ["reflection"], async ({ assert, withTables }) => {
      const columns: Record<string, Column<string, "text">> = {};
      hostileNames.forEach((name, i) => {
        columns[`c${i}`] = string(20).named(name);
      });
      await withTables(
        (metadata) =>
          table("suite_columns", { id: integer().primaryKey().autoincrement(false), ...columns }, { metadata }),
        async (connection, t) => {
          const row = Object.fromEntries(hostileNames.map((_, i) => [`c${i}`, `v${i}`]));
          await connection.execute(insert(t).values({ id: 1, ...row } as never));
          await connection.execute(insert(t), [{ id: 2, ...row } as never, { id: 3, ...row } as never]);
          for (let i = 0; i < hostileNames.length; i++) {
            // The keys are made above, so the types do not know them.
            const column = (t.c as unknown as Record<string, TextExpr<string>>)[`c${i}`] as TextExpr<string>;
            assert.deepEqual(
              await connection
                .scalars(
                  select(t.c.id)
                    .where(column.eq(`v${i}`))
                    .orderBy(column, t.c.id),
                )
                .all(),
              [1, 2, 3],
              hostileNames[i] as string,
            );
            await connection.execute(
              update(t)
                .set({ [`c${i}`]: "x" } as never)
                .where(t.c.id.eq(1)),
            );
            const labelled = await connection.execute(select(column.as(hostileNames[i] as string)).where(t.c.id.eq(1)));
            assert.equal((labelled[0] as unknown as Record<string, unknown>)[hostileNames[i] as string], "x");
          }
          const reflected = await inspect(connection).columns("suite_columns");
          assert.deepEqual(
            reflected.map((c) => c.name),
            ["id", ...hostileNames],
          );
        },
      );
    }),
    behaviour("aliases, subqueries and CTEs may have any name", [], async ({ assert, withTables }) => {
      await withTables(
        (metadata) => table("suite_plain", { id: integer().primaryKey().autoincrement(false) }, { metadata }),
        async (connection, t) => {
          await connection.execute(insert(t).values({ id: 1 }));
          for (const name of hostileNames) {
            const inner = select(t.c.id).subquery(name);
            assert.deepEqual(await connection.scalars(select(inner.c.id)).all(), [1], name);
            const cte = select(t.c.id).cte(name);
            assert.deepEqual(await connection.scalars(select(cte.c.id)).all(), [1], name);
          }
        },
      );
    }),
    behaviour("constraints and indexes may have any name", ["reflection"], async ({ assert, engine }) => {
      const metadata = new MetaData();
      table("suite_first", { id: integer().primaryKey() }, { metadata });
      table(
        "suite_second",
        { id: integer().primaryKey(), firstId: integer() },
        {
          metadata,
          constraints: (t) => [
            index('ix "odd" it\'s %', t.firstId),
            foreignKey([t.firstId], ["suite_first.id"], { name: 'fk `odd` "it\'s" %' }),
          ],
        },
      );
      await metadata.createAll(engine);
      try {
        const indexes = await engine.begin((c) => inspect(c).indexes("suite_second"));
        assert.ok(
          indexes.some((i) => i.name === 'ix "odd" it\'s %'),
          indexes.map((i) => i.name).join(),
        );
      } finally {
        await metadata.dropAll(engine);
      }
    }),
    behaviour("values are values, whatever they hold", [], async ({ assert, withTables }) => {
      await withTables(
        (metadata) =>
          table("suite_victim", { id: integer().primaryKey().autoincrement(false), v: string(100) }, { metadata }),
        async (connection, t) => {
          await connection.execute(
            insert(t),
            hostileValues.map((v, id) => ({ id, v })),
          );
          assert.deepEqual(await connection.scalars(select(t.c.v).orderBy(t.c.id)).all(), hostileValues);
          for (const [id, v] of hostileValues.entries()) {
            assert.deepEqual(await connection.scalars(select(t.c.id).where(t.c.v.eq(v))).all(), [id], v);
            assert.deepEqual(
              plain(await connection.execute(sql`select id from suite_victim where v = ${v}`)),
              [[id]],
              v,
            );
            assert.deepEqual(await connection.scalars(select(t.c.id).where(t.c.v.in([v, "nothing"]))).all(), [id], v);
            // Contained in itself, with every pattern character taken literally.
            const found = await connection.scalars(select(t.c.id).where(t.c.v.contains(v, { autoescape: true }))).all();
            assert.ok(found.includes(id), `contains ${v}`);
          }
          assert.equal(await connection.scalar(select(func.count()).selectFrom(t)), hostileValues.length);
        },
      );
    }),
    behaviour("values written into the text are quoted", [], async ({ assert, withTables }) => {
      await withTables(
        (metadata) =>
          table("suite_victim", { id: integer().primaryKey().autoincrement(false), v: string(100) }, { metadata }),
        async (connection, t) => {
          for (const [id, v] of hostileValues.entries()) {
            const { sql: text } = select(t.c.id)
              .where(t.c.v.eq(v), t.c.id.ne(id))
              .compile(connection.dialect, { literalBinds: true });
            // `execDriverSql` sends the text as it stands: a value that escaped its quotes would be an error, or worse.
            assert.deepEqual(await connection.execDriverSql(text), [], v);
          }
          assert.equal(await connection.scalar(select(func.count()).selectFrom(t)), 0);
        },
      );
    }),
    behaviour(
      "a value with NUL in it is refused or kept, never read as something else",
      [],
      async ({ assert, engine }) => {
        const t = table("suite_victim", { id: integer().primaryKey(), v: string(100) }, { metadata: new MetaData() });
        for (const v of ["a\0b", "\0:public\0", "\0", "\u0001x\u0001"]) {
          let text: string;
          try {
            text = select(t.c.id).where(t.c.v.eq(v)).compile(engine.dialect, { literalBinds: true }).sql;
          } catch (error) {
            assert.ok(error instanceof AthanorError, String(error));
            continue;
          }
          assert.ok(text.includes(v), `the text holds the value as it is: ${JSON.stringify(text)}`);
        }
      },
    ),
  ],
};
