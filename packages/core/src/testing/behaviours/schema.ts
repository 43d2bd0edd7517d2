/** DDL, and reading back what it made. */
import {
  AddColumn,
  AddConstraint,
  boolean,
  type Column,
  type Connection,
  type Constraint,
  CreateView,
  check,
  DropColumn,
  DropConstraint,
  DropView,
  foreignKey,
  func,
  IntegrityError,
  index,
  insert,
  inspect,
  integer,
  MetaData,
  numeric,
  type ReflectedTable,
  RenameColumn,
  select,
  sql,
  string,
  type TableColumn,
  table,
  tableOf,
  text,
  unique,
} from "../../index.js";
import { type BehaviourGroup, behaviour, plain } from "../behaviour.js";

const library = (comments: boolean) => (metadata: MetaData) => {
  const said = <T, F extends string>(column: Column<T, F>, comment: string) =>
    comments ? column.comment(comment) : column;
  const shelf = table(
    "suite_shelf",
    { room: integer(), letter: string(5), note: text().nullable() },
    { metadata, primaryKey: ["room", "letter"], ...(comments ? { comment: "where books stand" } : {}) },
  );
  const book = table(
    "suite_book",
    {
      id: integer().primaryKey(),
      title: said(string(80), "as printed; it's quoted"),
      isbn: string(20).nullable(),
      pages: integer().serverDefault("0"),
      price: numeric(8, 2).nullable(),
      lent: boolean().nullable(),
      room: integer().nullable(),
      letter: string(5).nullable(),
      sequelOf: integer().nullable(),
    },
    {
      metadata,
      constraints: (t) => [
        unique("uq_suite_book_isbn", t.isbn),
        index("ix_suite_book_title", t.title),
        index("ix_suite_book_place", t.letter, t.room).unique(),
        check("pages >= 0", "ck_suite_book_pages"),
        foreignKey([t.room, t.letter], ["suite_shelf.room", "suite_shelf.letter"], {
          name: "fk_suite_book_shelf",
          onDelete: "CASCADE",
        }),
        foreignKey([t.sequelOf], ["suite_book.id"], { name: "fk_suite_book_sequel" }),
      ],
    },
  );
  return { shelf, book };
};
const byName = (tables: readonly ReflectedTable[], name: string): ReflectedTable =>
  tables.find((t) => t.name === name) as ReflectedTable;
/** What a second reflection must find again; texts of statements may differ in spelling. */
const facts = (tables: readonly ReflectedTable[]) =>
  tables.map((t) => ({
    ...t,
    source: undefined,
    columns: t.columns.map((c) => ({ ...c, type: c.type.toString() })),
    indexes: t.indexes.filter((i) => i.impliedByForeignKey === undefined).map((i) => ({ ...i, source: undefined })),
  }));
const mine = async (connection: Connection) =>
  (await inspect(connection).tables()).filter((t) => t.name.startsWith("suite_"));

export const schema: BehaviourGroup = {
  title: "schema",
  behaviours: [
    behaviour("what is created exists, what is dropped does not", ["reflection"], async ({ assert, engine }) => {
      const metadata = new MetaData();
      library(false)(metadata);
      await metadata.createAll(engine);
      await metadata.createAll(engine);
      assert.deepEqual(
        await engine.begin(async (c) => (await inspect(c).tableNames()).filter((n) => n.startsWith("suite_")).sort()),
        ["suite_book", "suite_shelf"],
      );
      await metadata.dropAll(engine);
      await metadata.dropAll(engine);
      assert.equal(await engine.begin((c) => inspect(c).hasTable("suite_book")), false);
    }),
    behaviour(
      "columns, keys, defaults and nullability are read back",
      ["reflection"],
      async ({ assert, can, withTables }) => {
        await withTables(library(false), async (connection) => {
          const tables = await mine(connection);
          const book = byName(tables, "suite_book");
          assert.deepEqual(
            book.columns.map((c) => [c.name, c.nullable]),
            [
              ["id", false],
              ["title", false],
              ["isbn", true],
              ["pages", false],
              ["price", true],
              ["lent", true],
              ["room", true],
              ["letter", true],
              ["sequel_of", true],
            ],
          );
          assert.deepEqual(book.primaryKey?.columns, ["id"]);
          assert.deepEqual(byName(tables, "suite_shelf").primaryKey?.columns, ["room", "letter"]);
          assert.ok(
            /^\(?'?0'?\)?(::\w+)?$/.test(book.columns[3]?.default ?? ""),
            `a default of 0: ${book.columns[3]?.default}`,
          );
          assert.equal(book.columns[1]?.type.toString(), "string(80)");
          assert.equal(book.columns[4]?.type.toString(), "numeric(8,2,string)");
          if (can("foreignKeys")) {
            const key = book.foreignKeys.find((k) => k.columns.length === 2);
            assert.deepEqual(
              [key?.columns, key?.referredTable, key?.referredColumns, key?.onDelete],
              [["room", "letter"], "suite_shelf", ["room", "letter"], "CASCADE"],
            );
            assert.deepEqual(
              book.foreignKeys.filter((k) => k.columns.length === 1).map((k) => [k.columns, k.referredTable]),
              [[["sequel_of"], "suite_book"]],
            );
          }
        });
      },
    ),
    behaviour(
      "indexes, unique and check constraints are read back",
      ["reflection"],
      async ({ assert, can, withTables }) => {
        await withTables(library(false), async (connection) => {
          const book = byName(await mine(connection), "suite_book");
          // A unique index may be reported as a constraint too (MySQL knows no difference), but it is among the indexes.
          const shown = new Map(book.indexes.map((i) => [i.name, [i.unique, ...i.parts.map((p) => p.column)]]));
          assert.deepEqual(shown.get("ix_suite_book_title"), [false, "title"]);
          assert.deepEqual(shown.get("ix_suite_book_place"), [true, "letter", "room"]);
          const isbn = book.uniqueConstraints.find((u) => u.columns.join() === "isbn");
          assert.equal(isbn?.name, "uq_suite_book_isbn");
          if (can("checkConstraints")) {
            const pages = book.checks.find((c) => c.name === "ck_suite_book_pages");
            assert.ok(/pages.*>=.*0/.test(pages?.sql ?? ""), `the check's text: ${pages?.sql}`);
          }
        });
      },
    ),
    behaviour("comments are kept", ["reflection", "comments"], async ({ assert, withTables }) => {
      await withTables(library(true), async (connection) => {
        const tables = await mine(connection);
        assert.equal(byName(tables, "suite_shelf").comment, "where books stand");
        assert.equal(byName(tables, "suite_book").columns[1]?.comment, "as printed; it's quoted");
      });
    }),
    behaviour(
      "what was reflected can be created again and reads the same",
      ["reflection"],
      async ({ assert, can, engine }) => {
        const metadata = new MetaData();
        library(can("comments"))(metadata);
        await metadata.createAll(engine);
        const copy = new MetaData();
        const first = await engine.begin(async (connection) => {
          await copy.reflect(connection, { only: (name) => name.startsWith("suite_") });
          return mine(connection);
        });
        await metadata.dropAll(engine);
        await copy.createAll(engine);
        try {
          assert.deepEqual(facts(await engine.begin(mine)), facts(first));
        } finally {
          await copy.dropAll(engine);
        }
      },
    ),
    behaviour("reflected tables take statements", ["reflection"], async ({ assert, withTables }) => {
      await withTables(library(false), async (connection, { shelf }) => {
        await connection.execute(insert(shelf).values({ room: 1, letter: "A", note: "dusty" }));
        const copy = new MetaData();
        await copy.reflect(connection, { only: ["suite_shelf"] });
        const found = copy.table("suite_shelf");
        const rows = await connection.execute(select(found as never));
        assert.equal(rows.length, 1);
        assert.equal(found.columns.length, tableOf(shelf).columns.length);
      });
    }),
    behaviour(
      "tables that refer to each other are created and dropped",
      ["foreignKeys"],
      async ({ assert, withTables }) => {
        await withTables(
          (metadata) => {
            const hen = table(
              "suite_hen",
              { id: integer().primaryKey(), eggId: integer().nullable() },
              {
                metadata,
                constraints: (t) => [foreignKey([t.eggId], ["suite_egg.id"], { name: "fk_suite_hen_egg" })],
              },
            );
            const egg = table(
              "suite_egg",
              { id: integer().primaryKey(), henId: integer().nullable() },
              {
                metadata,
                constraints: (t) => [foreignKey([t.henId], ["suite_hen.id"], { name: "fk_suite_egg_hen" })],
              },
            );
            return { hen, egg };
          },
          async (connection, { hen, egg }) => {
            await connection.execute(insert(hen).values({ id: 1, eggId: null }));
            await connection.execute(insert(egg).values({ id: 1, henId: 1 }));
            await connection.commit();
            const pairs = await connection.execute(
              select(egg.c.id, hen.c.id.as("hen")).join(hen, hen.c.id.eq(egg.c.henId)),
            );
            assert.deepEqual(plain(pairs), [[1, 1]]);
          },
        );
      },
    ),
    behaviour("server defaults fill what an INSERT leaves out", [], async ({ assert, withTables }) => {
      await withTables(library(false), async (connection, { book }) => {
        await connection.execute(insert(book).values({ id: 1, title: "a" }));
        assert.equal(await connection.scalar(select(book.c.pages)), 0);
      });
    }),
    behaviour("an index over an expression is made", ["expressionIndexes"], async ({ assert, withTables }) => {
      await withTables(
        (metadata) =>
          table(
            "suite_word",
            { id: integer().primaryKey(), word: string(30) },
            {
              metadata,
              constraints: (t) => [index("ix_suite_word_lower", func.lower(t.word)).unique()],
            },
          ),
        async (connection, t) => {
          await connection.execute(insert(t).values({ id: 1, word: "Abc" }));
          let failed = false;
          await connection.execute(insert(t).values({ id: 2, word: "aBC" })).catch(() => {
            failed = true;
          });
          assert.ok(failed, "the index is unique whatever the case");
        },
      );
    }),
    behaviour("a partial index binds only its rows", ["partialIndexes"], async ({ assert, withTables }) => {
      await withTables(
        (metadata) =>
          table(
            "suite_seat",
            { id: integer().primaryKey(), seat: integer(), gone: integer() },
            {
              metadata,
              constraints: (t) => [index("ix_suite_seat", t.seat).unique().where("gone = 0")],
            },
          ),
        async (connection, t) => {
          await connection.execute(
            insert(t),
            [1, 2].map((id) => ({ id, seat: 1, gone: 1 })),
          );
          await connection.execute(insert(t).values({ id: 3, seat: 1, gone: 0 }));
          let failed = false;
          await connection.execute(insert(t).values({ id: 4, seat: 1, gone: 0 })).catch(() => {
            failed = true;
          });
          assert.ok(failed);
        },
      );
    }),
    behaviour("columns are added, renamed and dropped", ["reflection"], async ({ assert, engine, withTables }) => {
      await withTables(
        (metadata) => table("suite_grow", { id: integer().primaryKey(), old: string(10).nullable() }, { metadata }),
        async (connection, t) => {
          await connection.execute(insert(t).values({ id: 1, old: "kept" }));
          await connection.commit();
          const wider = table(
            "suite_grow",
            { id: integer().primaryKey(), extra: integer().serverDefault("5") },
            { metadata: new MetaData() },
          );
          const place = { tableName: "suite_grow", schema: undefined };
          await connection.execute(new AddColumn(place, tableOf(wider).columns[1] as TableColumn));
          await connection.execute(new RenameColumn(place, "old", "fresh"));
          await connection.commit();
          assert.deepEqual(
            (await inspect(connection).columns("suite_grow")).map((c) => c.name),
            ["id", "fresh", "extra"],
          );
          const renamed = table(
            "suite_grow",
            { id: integer().primaryKey(), fresh: string(10).nullable(), extra: integer() },
            { metadata: new MetaData() },
          );
          assert.deepEqual(plain(await connection.execute(select(renamed.c.fresh, renamed.c.extra))), [["kept", 5]]);
          await connection.commit();
          await connection.execute(new DropColumn(place, "extra"));
          await connection.execute(new RenameColumn(place, "fresh", "old"));
          await connection.commit();
          await connection.close();
          assert.deepEqual(
            await engine.begin(async (c) => (await inspect(c).columns("suite_grow")).map((x) => x.name)),
            ["id", "old"],
          );
        },
      );
    }),
    behaviour("constraints are added and dropped", ["alterTable"], async ({ assert, failure, withTables }) => {
      await withTables(
        (metadata) =>
          table("suite_bound", { id: integer().primaryKey().autoincrement(false), n: integer() }, { metadata }),
        async (connection, t) => {
          await connection.execute(insert(t).values({ id: 1, n: 1 }));
          await connection.commit();
          const bound = table(
            "suite_bound",
            { id: integer().primaryKey(), n: integer() },
            { metadata: new MetaData(), constraints: (c) => [unique("uq_suite_bound_n", c.n)] },
          );
          const place = { tableName: "suite_bound", schema: undefined };
          const constraint = tableOf(bound).constraints.find((c) => c.kind === "unique") as Constraint;
          await connection.execute(new AddConstraint(place, constraint));
          await connection.commit();
          assert.ok((await failure(connection.execute(insert(t).values({ id: 2, n: 1 })))) instanceof IntegrityError);
          await connection.rollback();
          await connection.execute(new DropConstraint(place, constraint));
          await connection.execute(insert(t).values({ id: 2, n: 1 }));
          await connection.commit();
          assert.equal(await connection.scalar(select(func.count()).selectFrom(t)), 2);
        },
      );
    }),
    behaviour("a view is created, read and dropped", ["views", "reflection"], async ({ assert, withTables }) => {
      await withTables(library(false), async (connection, { book }) => {
        await connection.execute(insert(book).values([1, 2].map((id) => ({ id, title: `t${id}`, pages: id * 100 }))));
        // The statement behind a view is a run-time node; its public face is typed otherwise.
        await connection.execute(
          new CreateView(
            "suite_long",
            select(book.c.title).where(book.c.pages.gt(150)) as unknown as CreateView["query"],
          ),
        );
        await connection.commit();
        try {
          assert.deepEqual(plain(await connection.execute(sql`select title from suite_long`)), [["t2"]]);
          assert.ok((await inspect(connection).viewNames()).includes("suite_long"));
        } finally {
          await connection.execute(new DropView("suite_long"));
          await connection.commit();
        }
      });
    }),
    behaviour("a computed column is computed", ["computedColumns"], async ({ assert, withTables }) => {
      await withTables(
        (metadata) =>
          table(
            "suite_square",
            {
              id: integer().primaryKey(),
              side: integer(),
              area: integer().computed("side * side", { persisted: true }),
            },
            { metadata },
          ),
        async (connection, t) => {
          await connection.execute(insert(t).values({ id: 1, side: 7 }));
          assert.equal(await connection.scalar(select(t.c.area)), 49);
        },
      );
    }),
  ],
};
