/** What a driver refuses becomes an error of ours, with its kind. */
import {
  check,
  DatabaseError,
  deleteFrom,
  IntegrityError,
  insert,
  integer,
  type MetaData,
  NotSupportedError,
  OperationalError,
  ProgrammingError,
  select,
  sql,
  string,
  table,
  unique,
} from "../../index.js";
import { type BehaviourGroup, behaviour } from "../behaviour.js";

const family = (metadata: MetaData) => {
  const parent = table(
    "suite_parent",
    { id: integer().primaryKey().autoincrement(false), name: string(20), age: integer() },
    {
      metadata,
      constraints: (t) => [unique("uq_suite_parent_name", t.name), check("age >= 0", "ck_suite_parent_age")],
    },
  );
  const child = table(
    "suite_child",
    {
      id: integer().primaryKey().autoincrement(false),
      parentId: integer().references("suite_parent.id", { name: "fk_suite_child_parent" }),
    },
    { metadata },
  );
  return { parent, child };
};

export const errors: BehaviourGroup = {
  title: "errors",
  behaviours: [
    behaviour("a duplicate primary key and a duplicate unique value", [], async ({ assert, failure, withTables }) => {
      await withTables(family, async (connection, { parent }) => {
        for (const row of [
          { id: 1, name: "other", age: 1 },
          { id: 2, name: "it's", age: 1 },
        ]) {
          await connection.execute(insert(parent).values({ id: 1, name: "it's", age: 1 }));
          const error = await failure(connection.execute(insert(parent).values(row)));
          assert.ok(error instanceof IntegrityError, String(error));
          assert.equal((error as IntegrityError).kind, "unique");
          assert.ok((error as IntegrityError).statement?.includes("suite_parent"), "the statement is told");
          assert.ok((error as IntegrityError).cause !== undefined, "the driver's error is the cause");
          await connection.rollback();
        }
      });
    }),
    behaviour("null where there must be a value", [], async ({ assert, failure, withTables }) => {
      await withTables(family, async (connection, { parent }) => {
        const error = await failure(connection.execute(insert(parent).values({ id: 1, name: null as never, age: 1 })));
        assert.ok(error instanceof IntegrityError, String(error));
        assert.equal((error as IntegrityError).kind, "not-null");
      });
    }),
    behaviour(
      "a foreign key that leads nowhere, and a row that is still referred to",
      ["foreignKeys"],
      async ({ assert, failure, withTables }) => {
        await withTables(family, async (connection, { parent, child }) => {
          const dangling = await failure(connection.execute(insert(child).values({ id: 1, parentId: 404 })));
          assert.equal((dangling as IntegrityError).kind, "foreign-key", String(dangling));
          await connection.rollback();
          await connection.execute(insert(parent).values({ id: 1, name: "a", age: 1 }));
          await connection.execute(insert(child).values({ id: 1, parentId: 1 }));
          const used = await failure(connection.execute(deleteFrom(parent)));
          assert.equal((used as IntegrityError).kind, "foreign-key", String(used));
        });
      },
    ),
    behaviour("a check that fails", ["checkConstraints"], async ({ assert, failure, withTables }) => {
      await withTables(family, async (connection, { parent }) => {
        const error = await failure(connection.execute(insert(parent).values({ id: 1, name: "a", age: -1 })));
        assert.ok(error instanceof IntegrityError, String(error));
        assert.equal((error as IntegrityError).kind, "check");
        assert.ok(
          (error as IntegrityError).constraint === undefined ||
            (error as IntegrityError).constraint === "ck_suite_parent_age",
          "the name is told rightly where it is told",
        );
      });
    }),
    behaviour("unknown tables and columns, and wrong syntax", [], async ({ assert, engine, failure }) => {
      for (const text of ["select * from suite_missing", "selec 1", "select suite_missing from (select 1 as a) x"]) {
        const connection = await engine.connect();
        try {
          const error = await failure(connection.execute(sql.text(text)));
          const kind =
            error instanceof ProgrammingError ||
            error instanceof OperationalError ||
            error instanceof NotSupportedError;
          assert.ok(kind, `${text}: ${String(error)}`);
          assert.equal((error as DatabaseError).connectionInvalidated, false);
          assert.equal((error as DatabaseError).isRetryable, false);
        } finally {
          await connection.close();
        }
      }
    }),
    behaviour("an error leaves the connection usable after a rollback", [], async ({ assert, failure, withTables }) => {
      await withTables(family, async (connection, { parent }) => {
        assert.ok((await failure(connection.execute(sql`select * from suite_missing`))) instanceof DatabaseError);
        await connection.rollback();
        await connection.execute(insert(parent).values({ id: 1, name: "a", age: 1 }));
        await connection.commit();
        assert.deepEqual(await connection.scalars(select(parent.c.id)).all(), [1]);
      });
    }),
    behaviour("a failed batch leaves nothing behind once rolled back", [], async ({ assert, failure, withTables }) => {
      await withTables(family, async (connection, { parent }) => {
        const rows = [1, 2, 3, 2].map((id, i) => ({ id, name: `n${i}`, age: 1 }));
        assert.ok((await failure(connection.execute(insert(parent), rows))) instanceof IntegrityError);
        await connection.rollback();
        assert.deepEqual(await connection.scalars(select(parent.c.id)).all(), []);
      });
    }),
  ],
};
