// What each database knows that others do not, read from hand-written DDL; and the parts of reflection all share.
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseCreateIndex, parseCreateTable } from "../../src/dialects/sqlite/reflection-parse.js";
import type { Connection } from "../../src/engine/connection.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { type Inspector, inspect } from "../../src/reflection/inspector.js";
import { partsFromReflection } from "../../src/reflection/parts.js";
import type { SchemaConnection } from "../../src/schema/bind.js";
import { buildTable } from "../../src/schema/build-table.js";
import * as types from "../../src/schema/columns.js";
import { createTable } from "../../src/schema/create-table.js";
import { CreateIndex, CreateTable, ddl, Sequence } from "../../src/schema/ddl.js";
import { MetaData } from "../../src/schema/metadata.js";
import { sql } from "../../src/sql/text.js";

type Names = Parameters<typeof describeEachDatabase>[2];
function onDatabase(
  title: string,
  options: Names,
  body: (
    run: (...statements: string[]) => Promise<Inspector>,
    connection: () => Connection,
    engine: () => Engine,
  ) => void,
) {
  describeEachDatabase(
    title,
    (target) => {
      let engine: Engine;
      let connection: Connection;
      beforeEach(async () => {
        engine = createEngine(await target.url());
        connection = await engine.connect();
      });
      afterEach(async () => {
        await connection.close();
        await engine.dispose();
      });
      const run = async (...statements: string[]) => {
        for (const s of statements) await connection.execute(sql.raw(s));
        return inspect(connection);
      };
      body(
        run,
        () => connection,
        () => engine,
      );
    },
    options,
  );
}

onDatabase("SQLite", { only: ["sqlite"] }, (run, connection, engine) => {
  it("reads AUTOINCREMENT, STRICT, WITHOUT ROWID, collations, generated columns and unnamed constraints", async () => {
    const inspector = await run(
      `create table p (
         a integer primary key autoincrement, -- a comment, with a comma
         b text collate nocase constraint nn not null default (datetime('now')) constraint "the unique" unique,
         g int generated always as (a + 1) stored, v as (a || ')'),
         constraint "c,k" check (b <> 'x)''--'), check (a > 0) ) strict`.replace("v as (a || ')'),", ""),
      `create table [odd "name"] (x int, y int, z references p on delete set null on update cascade deferrable initially deferred,
         \`w w\` varchar(20) unique, v as (x || ')'), primary key (y, x), constraint fk2 foreign key (y) references p (a) match full) without rowid`,
      `create unique index ix1 on [odd "name"] ("w w" desc, lower("w w" || ',('), "w w" collate nocase asc) where "w w" is not null and y > 3`,
      `create view v as select a from p`,
      `create trigger t1 after insert on p begin select 1; end`,
    );
    const p = await inspector.table("p");
    expect(p.options).toEqual({ sqlite: { autoincrement: true, strict: true } });
    expect(p.columns.map((c) => [c.name, c.default, c.collation, c.computed, c.nullable])).toEqual([
      ["a", undefined, undefined, undefined, false],
      ["b", "datetime('now')", "nocase", undefined, false],
      ["g", undefined, undefined, { sql: "a + 1", persisted: true }, true],
    ]);
    expect(p.uniqueConstraints.map((u) => [u.name, u.columns])).toEqual([["the unique", ["b"]]]);
    expect(p.checks.map((c) => [c.name, c.sql])).toEqual([
      ["c,k", "b <> 'x)''--'"],
      [undefined, "a > 0"],
    ]);
    expect(p.triggers.map((t) => t.name)).toEqual(["t1"]);
    const odd = await inspector.table('odd "name"');
    expect(odd.options).toEqual({ sqlite: { withoutRowid: true } });
    expect(odd.primaryKey?.columns).toEqual(["y", "x"]);
    expect(odd.columns.find((c) => c.name === "v")?.computed).toEqual({ sql: "x || ')'", persisted: false });
    expect(odd.foreignKeys).toMatchObject([
      {
        name: undefined,
        columns: ["z"],
        referredTable: "p",
        referredColumns: ["a"],
        onDelete: "SET NULL",
        onUpdate: "CASCADE",
        deferrable: true,
        initially: "DEFERRED",
      },
      { name: "fk2", columns: ["y"], referredTable: "p", referredColumns: ["a"], match: "FULL" },
    ]);
    const [index] = odd.indexes;
    expect(index?.parts.map((x) => [x.column, x.sql, x.descending])).toEqual([
      ["w w", "w w", true],
      [undefined, `lower("w w" || ',(')`, false],
      [undefined, '"w w" collate nocase', false],
    ]);
    expect(index?.where).toBe('"w w" is not null and y > 3');
    expect((await inspector.views()).map((x) => x.definition)).toEqual([
      expect.stringMatching(/^create view v as select a from p$/i),
    ]);
    expect((await inspector.columns("v")).map((c) => c.name)).toEqual(["a"]);
  });
  it("builds an exact copy, the spelling of types included", async () => {
    const source =
      'CREATE TABLE t (\n\ta INT UNSIGNED NOT NULL, \n\tb , \n\tc DECIMAL(5) COLLATE RTRIM DEFAULT 1.5, \n\tPRIMARY KEY (a), \n\tCONSTRAINT "Ck" CHECK (a > 0)\n)';
    const inspector = await run(source);
    const copy = buildTable(partsFromReflection(await inspector.table("t"), undefined, { exactTypes: true }));
    const [text] = connection().dialect.createDdlCompiler().statements(new CreateTable(copy));
    expect(text?.replace("b, ", "b , ")).toBe(source);
  });
  it("copies what becomes of conflicts, and defaults in the wrong quotes", async () => {
    const inspector = await run(
      `create table k (a text default "it's ""x""", b int not null on conflict ignore default 5, c int constraint nn not null unique on conflict replace, d int primary key on conflict rollback, constraint u unique (a, b) on conflict fail)`,
      "create table pair (a int, b int, primary key (a, b) on conflict replace)",
    );
    const k = await inspector.table("k");
    expect(k.columns[0]?.default).toBe(`'it''s "x"'`);
    expect(k.uniqueConstraints.map((u) => u.name).sort()).toEqual(["u", undefined]);
    const again = async (name: string) => {
      const copy = buildTable(partsFromReflection(await inspector.table(name), undefined, { exactTypes: true }));
      return connection().dialect.createDdlCompiler().statements(new CreateTable(copy))[0];
    };
    const text = await again("k");
    for (const part of [
      "b INT DEFAULT 5 NOT NULL ON CONFLICT IGNORE",
      "UNIQUE (c) ON CONFLICT REPLACE",
      "PRIMARY KEY (d) ON CONFLICT ROLLBACK",
      "CONSTRAINT u UNIQUE (a, b) ON CONFLICT FAIL",
    ])
      expect(text).toContain(part);
    expect(await again("pair")).toContain("PRIMARY KEY (a, b) ON CONFLICT REPLACE");
  });
  it("finds nothing in a schema that is not there", async () => {
    const inspector = inspect(connection());
    expect(await inspector.hasTable("p", { schema: "nowhere" })).toBe(false);
    expect(await inspector.tableNames({ schema: "nowhere" })).toEqual([]);
    await run("create temporary table passing (a int)");
    expect(await inspect(connection()).hasTable("passing", { schema: "temp" })).toBe(true);
  });
  it("looks into attached databases", async () => {
    await connection().rollback();
    const memory = createEngine(engine().url.set({ database: undefined }));
    const c = await memory.connect({ isolationLevel: "AUTOCOMMIT" });
    await c.execute(sql.raw("attach ':memory:' as other"));
    const metadata = new MetaData({ schema: "other" });
    createTable(
      "t",
      { id: types.integer().primaryKey(), up: types.integer().nullable().references("t.id").index() },
      { metadata },
    );
    await metadata.createAll(c);
    const inspector = inspect(c);
    expect(await inspector.tableNames()).toEqual([]);
    expect(await inspector.schemas()).toEqual(["main", "other"]);
    const table = await inspector.table("t", { schema: "other" });
    expect(table.foreignKeys).toMatchObject([{ referredSchema: "other", referredTable: "t" }]);
    expect(table.indexes.map((i) => i.name)).toEqual(["ix_other_t_up"]);
    const copy = new MetaData();
    await copy.reflect(c, { schema: "other" });
    copy.configure();
    expect(copy.tableNames).toEqual(["other.t"]);
    await c.close();
    await memory.dispose();
  });
});

describe("parsing stored statements", () => {
  it("is not misled by keywords as names, comments and strings", () => {
    const parsed = parseCreateTable(`CREATE TABLE "check" (
      "primary" TEXT DEFAULT 'unique (a)' /* , "x" INT CHECK (1) */, [unique] NUMERIC (10 , 2) DEFAULT -1.5 CHECK ([unique] > -2),
      plain DEFAULT (1 + (2)) NOT NULL ON CONFLICT IGNORE REFERENCES o ON DELETE NO ACTION NOT DEFERRABLE,
      CONSTRAINT u UNIQUE ("primary" COLLATE NOCASE DESC, plain) ON CONFLICT REPLACE
      CONSTRAINT "after" CHECK (plain IN (')', '('))
    )`);
    expect([...(parsed?.columns.keys() ?? [])]).toEqual(["primary", "unique", "plain"]);
    expect(parsed?.uniques).toEqual([{ name: "u", columns: ["primary", "plain"], onConflict: "REPLACE" }]);
    expect(parsed?.columns.get("plain")?.notNullConflict).toBe("IGNORE");
    expect(parsed?.checks.map((c) => [c.name, c.sql, c.column])).toEqual([
      [undefined, "[unique] > -2", "unique"],
      ["after", "plain IN (')', '(')", undefined],
    ]);
    expect(parsed?.foreignKeys).toMatchObject([{ columns: ["plain"], referredTable: "o", deferrable: false }]);
    expect(parseCreateTable("CREATE VIRTUAL TABLE t USING fts5(a, b)")).toBeUndefined();
    expect(parseCreateIndex('CREATE INDEX i ON t (a, b+1 DESC, "desc")').parts.map((p) => p.sql)).toEqual([
      "a",
      "b+1",
      '"desc"',
    ]);
  });
});

onDatabase("PostgreSQL", { only: ["postgresql", "pglite"] }, (run, connection) => {
  it("reads identities, sequences, types, schemas and views", async () => {
    const inspector = await run(
      "create schema other",
      "create type other.mood as enum ('ok', 'it''s')",
      "create sequence free start 7 increment 2",
      "create domain positive as integer check (value > 0)",
      `create table other.o (a int generated always as identity (start 5 increment 3), m other.mood default 'ok', ms other.mood[], primary key (a))`,
      `create table t (id bigserial primary key, o int references other.o match full on update cascade, ip inet, p positive, c text collate "C", ch char(3), ts timestamp(3) with time zone, v varchar[], self bigint references t deferrable)`,
      "create view seen as select id from t",
      "create materialized view kept as select 1 as one",
      "comment on table t is 'hello'",
    );
    const t = await inspector.table("t");
    expect(t.columns.map((c) => [c.name, String(c.type), c.databaseType])).toEqual([
      ["id", "bigInteger(bigint)", "bigint"],
      ["o", "integer", "integer"],
      ["ip", "postgresql.inet[INET]", "inet"],
      ["p", "positive", "positive"],
      ["c", "text", "text"],
      ["ch", "CHAR(3)", "character(3)"],
      ["ts", "dateTime(tz,3)", "timestamp(3) with time zone"],
      ["v", expect.stringMatching(/^array/), "character varying[]"],
      ["self", "bigInteger(bigint)", "bigint"],
    ]);
    expect(t.columns[0]).toMatchObject({ autoincrement: true, ownedSequence: "t_id_seq" });
    expect(t.columns[4]?.collation).toBe("C");
    expect(t.comment).toBe("hello");
    expect(t.foreignKeys).toMatchObject([
      { referredSchema: "other", referredTable: "o", referredColumns: ["a"], onUpdate: "CASCADE", match: "FULL" },
      { referredSchema: undefined, referredTable: "t", deferrable: true, initially: undefined },
    ]);
    const o = await inspector.table("o", { schema: "other" });
    expect(o.columns[0]?.identity).toEqual({ always: true, start: 5, increment: 3 });
    expect(o.columns[1]?.type).toMatchObject({ values: ["ok", "it's"], name: "mood" });
    expect(await inspector.enums({ schema: "other" })).toEqual([
      { name: "mood", schema: "other", values: ["ok", "it's"] },
    ]);
    expect(await inspector.sequences()).toEqual([
      { name: "free", schema: undefined, start: 7n, increment: 2n, ownedBy: undefined },
      { name: "t_id_seq", schema: undefined, start: 1n, increment: 1n, ownedBy: "t.id" },
    ]);
    expect((await inspector.views()).map((v) => [v.name, v.materialized])).toEqual([
      ["kept", true],
      ["seen", false],
    ]);
    expect(await inspector.schemas()).toEqual(["other", "public"]);
    const metadata = new MetaData();
    await metadata.reflect(connection(), { only: ["t"] });
    metadata.configure();
    expect(metadata.tableNames).toEqual(["t", "other.o"]);
  });
  it("reads everything about indexes", async () => {
    const inspector = await run(
      "create table t (a int, b text, c int, d jsonb)",
      "create index i1 on t using gin (d jsonb_path_ops) with (fastupdate = off)",
      "create unique index i2 on t (a desc nulls last, b text_pattern_ops) include (c) where c > 5",
      "create index i3 on t (lower(b) text_pattern_ops, (a + c) desc)",
      "alter table t add constraint x exclude using btree (c with =)",
    );
    const indexes = new Map((await inspector.indexes("t")).map((i) => [i.name, i]));
    expect(indexes.get("i1")?.dialectOptions).toEqual({
      postgresql: { using: "gin", ops: { d: "jsonb_path_ops" }, with: { fastupdate: "off" } },
    });
    expect(indexes.get("i2")).toMatchObject({
      unique: true,
      parts: [
        { column: "a", descending: true, nulls: "LAST" },
        { column: "b", descending: false },
      ],
      where: "c > 5",
      dialectOptions: { postgresql: { include: ["c"], ops: { b: "text_pattern_ops" } } },
    });
    expect(indexes.get("i3")?.parts.map((p) => [p.column, p.sql, p.descending])).toEqual([
      [undefined, "lower(b) text_pattern_ops", false],
      [undefined, "(a + c)", true],
    ]);
    expect(indexes.get("x")?.duplicatesConstraint).toBe("x");
  });
  it("copies collations of indexes, INCLUDE, NOT VALID and NO INHERIT of constraints, and numbers beside the key", async () => {
    const inspector = await run(
      `create table k (id serial primary key, n bigserial, "Na me" text, b int, c int, constraint u unique (b) include (c))`,
      "alter table k add constraint pos check (b > 0) not valid",
      "alter table k add constraint own check (c > 0) no inherit not valid",
      "alter table k add constraint up foreign key (c) references k (id) not valid",
      `create index by_name on k ("Na me" collate "C" text_pattern_ops desc, lower("Na me") collate "POSIX")`,
    );
    const copy = buildTable(partsFromReflection(await inspector.table("k"), undefined));
    const ddl = connection().dialect.createDdlCompiler();
    const [text] = ddl.statements(new CreateTable(copy));
    for (const part of [
      "n BIGSERIAL NOT NULL",
      "CONSTRAINT u UNIQUE (b) INCLUDE (c)",
      "CONSTRAINT pos CHECK (b > 0) NOT VALID",
      "CONSTRAINT own CHECK (c > 0) NO INHERIT NOT VALID",
      "CONSTRAINT up FOREIGN KEY(c) REFERENCES k (id) NOT VALID",
    ])
      expect(text).toContain(part);
    expect(copy.indexes.flatMap((i) => ddl.statements(new CreateIndex(i)))).toEqual([
      `CREATE INDEX by_name ON k ("Na me" COLLATE "C" text_pattern_ops DESC, lower("Na me") COLLATE "POSIX")`,
    ]);
  });
});

onDatabase("MySQL and MariaDB", { only: ["mariadb", "mysql"] }, (run, connection) => {
  it("takes an index over prefixes for no constraint over columns", async () => {
    const inspector = await run("create table k (a varchar(9), b text, unique u (a, b(5)), unique whole (a))");
    const k = await inspector.table("k");
    expect(k.uniqueConstraints.map((u) => u.name)).toEqual(["whole"]);
    const copy = buildTable(partsFromReflection(k, undefined));
    const ddl = connection().dialect.createDdlCompiler();
    expect(copy.indexes.flatMap((i) => ddl.statements(new CreateIndex(i)))).toEqual([
      "CREATE UNIQUE INDEX u ON k (a, b(5))",
    ]);
  });
  it("copies numbers beside the key, whichever key they lead", async () => {
    for (const key of ["unique u (n)", "key k (n, w)", "unique u (n), key k (n)"]) {
      const inspector = await run(
        `create table k (id varchar(9) primary key, n int not null auto_increment, w int, ${key})`,
      );
      const k = await inspector.table("k");
      const copy = new MetaData();
      await copy.reflect(connection());
      await run("drop table k");
      await copy.createAll(connection());
      const again = await run("insert into k (id, w) values ('a', 1), ('b', 1)");
      expect((await again.table("k")).columns.map((c) => [c.name, c.autoincrement, c.nullable])).toEqual(
        k.columns.map((c) => [c.name, c.name === "n", c.nullable]),
      );
      expect(await connection().execDriverSql("select n from k order by id").scalars().all()).toEqual([1, 2]);
      await run("drop table k");
    }
  });
  it("reads its types, clocks, JSON and what it adds by itself", async () => {
    const mariadb = connection().dialect.capabilities.sequences;
    const text = mariadb ? "'x'" : "('x')";
    const inspector = await run(
      "create table o (id int unsigned auto_increment primary key) comment 'it''s'",
      `create table t (flag tinyint(1), tiny tinyint, big bigint unsigned, kind enum('a','it''s'), tags set('x','y'), doc json, at timestamp not null default current_timestamp on update current_timestamp, fine datetime(3) default current_timestamp(3), y year, body mediumtext collate utf8mb4_bin default ${text}, price decimal(8,3) check (price > 0), o int unsigned, o2 int unsigned, key mine (o2), key prefix (body(10)), fulltext key words (body), constraint fk foreign key (o) references o (id) on delete cascade, constraint fk2 foreign key (o2) references o (id), unique (tiny))`,
    );
    const t = await inspector.table("t");
    const column = (name: string) => t.columns.find((c) => c.name === name);
    expect(t.columns.map((c) => [c.name, String(c.type)])).toEqual([
      ["flag", "boolean"],
      ["tiny", "TINYINT"],
      ["big", "mysql.unsignedBig[BIGINT UNSIGNED]"],
      ["kind", 'enum([null,true,"a","it\'s"])'],
      ["tags", 'mysql.set[["x","y"]]'],
      ["doc", "json"],
      ["at", "TIMESTAMP"],
      ["fine", "dateTime(3)"],
      ["y", "mysql.year[YEAR]"],
      ["body", "MEDIUMTEXT"],
      ["price", "numeric(8,3,string)"],
      ["o", "mysql.unsigned[INT UNSIGNED]"],
      ["o2", "mysql.unsigned[INT UNSIGNED]"],
    ]);
    expect(column("at")).toMatchObject({
      default: "CURRENT_TIMESTAMP",
      onUpdate: "CURRENT_TIMESTAMP",
      nullable: false,
    });
    expect(column("fine")?.default).toBe("CURRENT_TIMESTAMP(3)");
    expect(column("body")).toMatchObject({ collation: "utf8mb4_bin", default: "'x'" });
    expect(column("flag")?.default).toBeUndefined();
    expect(t.checks.map((c) => [c.name, c.sql, c.impliedByType])).toEqual(
      mariadb
        ? [
            [undefined, "json_valid(`doc`)", true],
            [undefined, "`price` > 0", false],
          ]
        : [["t_chk_1", "`price` > 0", false]],
    );
    expect(
      t.indexes.map((i) => [i.name, i.unique, i.duplicatesConstraint, i.impliedByForeignKey, i.dialectOptions]),
    ).toEqual([
      ["fk", false, undefined, "fk", {}],
      ["mine", false, undefined, undefined, {}],
      ["prefix", false, undefined, undefined, { mysql: { length: { body: 10 } } }],
      ["tiny", true, "tiny", undefined, {}],
      ["words", false, undefined, undefined, { mysql: { prefix: "FULLTEXT" } }],
    ]);
    expect((await inspector.table("o")).comment).toBe("it's");
    expect(await inspector.tableOptions("o")).toMatchObject({ mysql: { engine: "InnoDB" } });
    const copy = new MetaData();
    await copy.reflect(connection());
    expect(
      connection()
        .dialect.createDdlCompiler()
        .statements(new CreateTable(copy.table("t")))[0],
    ).toContain("at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP");
  });
});

onDatabase("MySQL", { only: ["mysql"] }, (run, connection) => {
  it("reads expressions as they were written, whatever they hold, and writes them again", async () => {
    const text = 'it\'s ü 日本 \\ "x"';
    const literal = connection().dialect.stringLiteral(text);
    const inspector = await run(
      `create table odd (id int primary key, \`grün\` varchar(40) default ${literal}, body text default (${literal}), doc json default ('[]'), same varchar(80) generated always as (concat(\`grün\`, ${literal})) stored, at datetime(3) default (now(3)), check (\`grün\` <> ${literal}), key k ((concat(\`grün\`, ${literal})), id))`,
    );
    const before = await inspector.table("odd");
    const of = (t: typeof before) => ({
      defaults: t.columns.map((c) => c.default),
      computed: t.columns.map((c) => c.computed?.sql),
      checks: t.checks.map((c) => c.sql),
      parts: t.indexes.flatMap((i) => i.parts.map((p) => p.sql)),
    });
    const spelled = `'it''s ü 日本 \\\\ "x"'`;
    expect(of(before).checks).toEqual([`\`grün\` <> ${spelled}`]);
    expect(of(before).computed[4]).toBe(`concat(\`grün\`,${spelled})`);
    expect(of(before).parts).toEqual([`concat(\`grün\`,${spelled})`, "id"]);
    expect(of(before).defaults.slice(2, 4)).toEqual([spelled, "'[]'"]);
    const copy = new MetaData();
    await copy.reflect(connection());
    await connection().executeScript("drop table odd");
    await copy.createAll(connection());
    await connection().execDriverSql("insert into odd (id, `grün`) values (1, 'other')");
    const row = await connection().execDriverSql("select `grün`, body, same, doc from odd").one();
    expect([...row]).toEqual(["other", text, `other${text}`, []]);
    expect(of(await inspect(connection()).table("odd"))).toEqual(of(before));
  });
});

onDatabase("every database", {}, (run, connection, engine) => {
  it("answers names, absence and mistakes", async () => {
    const inspector = await run(
      "create table cars (id integer primary key)",
      "create view old_cars as select id from cars",
    );
    expect(await inspector.tableNames()).toEqual(["cars"]);
    expect(await inspector.viewNames()).toEqual(["old_cars"]);
    expect(await inspector.hasTable("cars")).toBe(true);
    expect(await inspector.hasTable("old_cars")).toBe(true);
    expect(await inspector.hasTable("car")).toBe(false);
    expect(await inspector.hasColumn("cars", "id")).toBe(true);
    await expect(inspector.columns("car")).rejects.toThrow(/no table or view 'car'\. Did you mean 'cars'\?/);
    const metadata = new MetaData();
    await expect(metadata.reflect(connection(), { only: ["crs"] })).rejects.toThrow(/Did you mean 'cars'/);
    const tables = await metadata.reflect(connection(), { views: true, only: (name) => name.includes("cars") });
    expect(tables.map(String).sort()).toEqual(["cars", "old_cars"]);
    expect(await metadata.reflect(connection())).toEqual([]);
    await run("drop view old_cars", "drop table cars");
  });
  it("takes as many queries for ten tables as for one", async () => {
    let count = 0;
    const counting: SchemaConnection = {
      dialect: connection().dialect,
      execute: (statement) => {
        count++;
        return connection().execute(statement);
      },
    };
    const queries = async (tables: number) => {
      const metadata = new MetaData();
      for (let n = 0; n < tables; n++) {
        createTable(
          `t${n}`,
          {
            id: types.integer().primaryKey(),
            name: types.string(9).index(),
            up: types.integer().nullable().references("t0.id"),
          },
          { metadata },
        );
      }
      await metadata.createAll(connection());
      count = 0;
      expect(await inspect(counting).tables()).toHaveLength(tables);
      const used = count;
      await metadata.dropAll(connection());
      return used;
    };
    expect(await queries(10)).toBe(await queries(1));
  });
  it("runs listeners around creation, types and sequences included", async () => {
    const metadata = new MetaData();
    const table = createTable(
      "t",
      { id: types.integer().primaryKey(), mood: types.enumeration(["a", "b"], { name: "mood", native: true }) },
      { metadata },
    );
    metadata.addSequence(new Sequence("numbers", { start: 3 }));
    const log: string[] = [];
    metadata.on("beforeCreate", (_, tables) => log.push(`before ${tables.map(String)}`));
    metadata.on("afterCreate", (_, tables) => log.push(`after ${tables.map(String)}`));
    metadata.on("afterCreate", ddl("INSERT INTO t VALUES (1, 'a')"), { table });
    metadata.on(
      "afterCreate",
      ddl("SELECT nonsense FROM nowhere").executeIf(() => false),
    );
    await metadata.createAll(engine());
    await metadata.createAll(engine());
    expect(log).toEqual(["before t", "after t", "before ", "after "]);
    const [row] = await connection().execute(sql`SELECT mood FROM t`);
    expect((row as readonly unknown[])[0]).toBe("a");
    await connection().rollback();
    await metadata.dropAll(engine());
    await metadata.dropAll(engine());
    const inspector = inspect(connection());
    expect([await inspector.tableNames(), await inspector.enums(), await inspector.sequences()]).toEqual([[], [], []]);
  });
});
