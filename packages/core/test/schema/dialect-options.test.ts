// Options of tables and indexes that only one database has, on that database: partitions, inheritance, storage, engines.
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import {
  Connection,
  CreateTable,
  createEngine,
  type Engine,
  index,
  insert,
  inspect,
  integer,
  MetaData,
  select,
  sql,
  string,
  table,
  tableOf,
  text,
} from "../../src/index.js";

const statements = (engine: Engine, t: unknown) =>
  engine.dialect.createDdlCompiler().statements(new CreateTable(tableOf(t as never)));
async function with_(url: string, work: (engine: Engine) => Promise<void>): Promise<void> {
  const engine = createEngine(url);
  try {
    await work(engine);
  } finally {
    await engine.dispose();
  }
}

describeEachDatabase(
  "PostgreSQL's table and index options",
  (target) => {
    it("partitions, inherits, tunes, and reads it back", async () => {
      await with_(await target.url(), async (engine) => {
        const metadata = new MetaData();
        const parted = table(
          "parted",
          { id: integer(), at: integer() },
          { metadata, dialectOptions: { postgresql: { partitionBy: "RANGE (at)" } } },
        );
        table("base", { id: integer() }, { metadata, dialectOptions: { postgresql: { with: { fillfactor: 70 } } } });
        table(
          "child",
          { more: text() },
          { metadata, dialectOptions: { postgresql: { inherits: "base", tablespace: "pg_default" } } },
        );
        table(
          "fast",
          { id: integer() },
          { metadata, dialectOptions: { postgresql: { unlogged: true, using: "heap" } } },
        );
        await metadata.createAll(engine);
        await engine.begin(async (c) => {
          await c.executeScript(
            "create table parted_1 partition of parted for values from (0) to (10); create temporary table kept (id int)",
          );
          await c.execute(insert(parted).values({ id: 1, at: 5 }));
          expect((await c.execDriverSql("select id from only parted_1").one())[0]).toBe(1);
          const tables = new Map((await inspect(c).tables()).map((t) => [t.name, t.options]));
          expect(tables.get("parted")).toEqual({ postgresql: { partitionBy: "RANGE (at)" } });
          expect(tables.get("base")).toEqual({ postgresql: { with: { fillfactor: "70" } } });
          expect(tables.get("child")).toEqual({ postgresql: { inherits: ["base"] } });
          expect(tables.get("fast")).toEqual({ postgresql: { unlogged: true } });
          expect(tables.get("parted_1")).toEqual({
            postgresql: { partitionOf: "parted", bound: "FOR VALUES FROM (0) TO (10)" },
          });
        });
        const again = new MetaData();
        await again.reflect(engine);
        const made = (name: string) => statements(engine, again.table(name))[0];
        expect(made("parted_1")).toBe("CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10)");
        expect(made("child")).toMatch(/INHERITS \( base \)$/);
      });
    });
    it("makes parents before their parts and heirs, and drops them after", async () => {
      await with_(await target.url(), async (engine) => {
        const metadata = new MetaData();
        const of = (name: string, options: object, columns: object = { id: integer(), at: integer() }) =>
          table(name, columns as { id: never }, { metadata, dialectOptions: { postgresql: { ...options } } });
        // Each before what it stands on, in the order of declaration and of names.
        of("a_leaf", { partitionOf: "b_half", bound: "FOR VALUES FROM (0) TO (5)" });
        of("b_half", { partitionOf: "c_whole", bound: "FOR VALUES FROM (0) TO (10)", partitionBy: "RANGE (at)" });
        of("c_whole", { partitionBy: "RANGE (at)" });
        of("d_heir", { inherits: ["e_one", "f_two"] }, { own: integer() });
        of("e_one", {}, { id: integer().primaryKey().autoincrement(false), two: integer().references("f_two.id") });
        of(
          "f_two",
          {},
          {
            id: integer().primaryKey().autoincrement(false),
            one: integer().references("e_one.id", { name: "fk_one" }),
          },
        );
        const order = metadata.tables.size;
        await metadata.createAll(engine);
        await engine.begin(async (c) => {
          await c.executeScript(
            "insert into c_whole values (1, 3); insert into d_heir (own, id, two, one) values (1, 2, 3, 4)",
          );
          expect((await c.execDriverSql("select count(*) from only a_leaf").one())[0]).toBeOneOf([1, 1n]);
          expect((await c.execDriverSql("select count(*) from f_two").one())[0]).toBeOneOf([1, 1n]);
          expect(await inspect(c).tableNames()).toHaveLength(order);
        });
        await metadata.dropAll(engine);
        await engine.begin(async (c) => expect(await inspect(c).tableNames()).toEqual([]));
      });
    });
    it("keeps or empties temporary tables at COMMIT", async () => {
      await with_(await target.url(), async (engine) => {
        const t = table(
          "scratch",
          { id: integer() },
          { metadata: new MetaData(), dialectOptions: { postgresql: { temporary: true, onCommit: "delete_rows" } } },
        );
        const connection = await engine.connect();
        expect(connection).toBeInstanceOf(Connection);
        await connection.execute(new CreateTable(tableOf(t)));
        await connection.execute(insert(t).values({ id: 1 }));
        expect(await connection.execute(select(t.c.id)).all()).toHaveLength(1);
        await connection.commit();
        expect(await connection.execute(select(t.c.id)).all()).toHaveLength(0);
        await connection.close();
      });
    });
    it("makes indexes of every kind, and reads them back", async () => {
      await with_(await target.url(), async (engine) => {
        const metadata = new MetaData();
        table(
          "t",
          { id: integer().primaryKey(), a: text(), b: integer() },
          {
            metadata,
            constraints: (c) => [
              index("i_ops", c.a).with("postgresql", { ops: { a: "text_pattern_ops" }, include: ["b"] }),
              index("i_brin", c.b).with("postgresql", { using: "brin", with: { pages_per_range: 16 } }),
              index("i_one", c.b).unique().with("postgresql", { nullsNotDistinct: true, tablespace: "pg_default" }),
            ],
          },
        );
        await metadata.createAll(engine);
        const found = new Map(
          (await engine.begin((c) => inspect(c).indexes("t"))).map((i) => [i.name, i.dialectOptions]),
        );
        expect(Object.fromEntries(found)).toEqual({
          i_ops: { postgresql: { ops: { a: "text_pattern_ops" }, include: ["b"] } },
          i_brin: { postgresql: { using: "brin", with: { pages_per_range: "16" } } },
          i_one: { postgresql: { nullsNotDistinct: true } },
        });
      });
    });
  },
  { only: ["postgresql"] },
);

describeEachDatabase(
  "MariaDB's table and index options",
  (target) => {
    it("chooses engine, characters, row format and partitions, and indexes words", async () => {
      await with_(await target.url(), async (engine) => {
        const metadata = new MetaData();
        const t = table(
          "t",
          { id: integer().primaryKey().autoincrement(), body: string(200), raw: string(50) },
          {
            metadata,
            dialectOptions: {
              mysql: { engine: "InnoDB", charset: "utf8mb4", collate: "utf8mb4_bin", rowFormat: "DYNAMIC" },
            },
            constraints: (c) => [
              index("i_words", c.body).with("mysql", { prefix: "FULLTEXT" }),
              index("i_part", c.raw).with("mysql", { length: { raw: 10 }, using: "BTREE" }),
            ],
          },
        );
        table(
          "parted",
          { id: integer().primaryKey().autoincrement(false) },
          { metadata, dialectOptions: { mysql: { partitionBy: "HASH(id)", partitions: 4 } } },
        );
        await metadata.createAll(engine);
        await engine.begin(async (c) => {
          await c.execute(
            insert(t).values([
              { body: "the quick brown fox", raw: "a" },
              { body: "lazy dogs", raw: "b" },
            ]),
          );
        });
        await engine.begin(async (c) => {
          const found = select(t.c.raw).where(t.c.body.match("quick"));
          expect((await c.execute(found).all()).map((r) => r[0])).toEqual(["a"]);
          const [locked] = await c.execute(select(t.c.id).where(t.c.raw.eq("b")).withForUpdate({ read: true })).all();
          expect(locked?.[0]).toBe(2);
          const parts = sql`SELECT count(*) FROM information_schema.partitions WHERE table_schema = DATABASE() AND table_name = 'parted'`;
          expect(Number((await c.execute(parts).one())[0])).toBe(4);
          const there = await inspect(c).table("t");
          expect(there.options).toMatchObject({ mysql: { engine: "InnoDB", collate: "utf8mb4_bin" } });
          expect(there.indexes.map((i) => [i.name, i.dialectOptions])).toEqual([
            ["i_part", { mysql: { length: { raw: 10 } } }],
            ["i_words", { mysql: { prefix: "FULLTEXT" } }],
          ]);
          expect((await inspect(c).table("parted")).options).toMatchObject({
            mysql: { partitionBy: "HASH (`id`)", partitions: 4 },
          });
        });
      });
    });
  },
  { only: ["mariadb", "mysql"] },
);
