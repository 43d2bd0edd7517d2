// ALTER, DROP and the rest as text. Expected texts are Alembic's (offline mode, 1.8) where it has the operation, and
// each database's manual elsewhere.
import { describe, expect, it } from "vitest";
import { dialectNamed } from "../../src/dialects/registry.js";
import { buildTable } from "../../src/schema/build-table.js";
import * as types from "../../src/schema/columns.js";
import * as d from "../../src/schema/ddl.js";
import type { TableParts } from "../../src/schema/table.js";
import {
  check,
  foreignKey,
  index,
  primaryKeyConstraint,
  type TableArgument,
  unique,
} from "../../src/schema/table-constraints.js";
import { callFunction } from "../../src/sql/functions.js";
import { BIG_INTEGER, EnumType, STRING } from "../../src/types/sql-type.js";

const t = { tableName: "t" };
const SQLITE_NO = /batch mode/;
const MYSQL_RESTATES = /restating the whole column/;
const definitions = {
  c: types.string("c", 9).serverDefault("'x'").comment("hm"),
  a: types.integer(),
  b: types.text("b"),
};
const parts = (
  constraints?: (t: import("../../src/schema/table.js").Table) => readonly TableArgument[],
  more: Partial<TableParts> = {},
) =>
  buildTable({
    name: "t",
    columns: Object.entries(definitions).map(([key, definition]) => ({ key, columnName: key, definition })),
    constraints,
    ...more,
  });
const table = parts();
const other = buildTable({
  name: "o",
  schema: "s2",
  columns: [{ key: "id", columnName: "id", definition: types.integer() }],
});
const found = { schema: undefined, namingConvention: {}, findTable: () => other, tableNames: [] };
const column = (key: string) => table.columns.find((c) => c.key === key) as (typeof table.columns)[number];
const constraintOf = (...args: Parameters<typeof parts>) => {
  const made = parts(...args).constraints[0];
  if (made === undefined) throw new Error("no constraint");
  return made;
};
const indexOf = (build: (x: typeof table) => TableArgument) => {
  const made = parts((x) => [build(x)]).indexes[0];
  if (made === undefined) throw new Error("no index");
  return made;
};
const named = (kind: "foreignKey" | "unique" | "primaryKey" | "check") => ({ kind, name: "x" });

type Expected = string | string[] | RegExp;
const cases: [string, d.DdlElement, { sqlite: Expected; postgresql: Expected; mysql: Expected; mariadb?: Expected }][] =
  [
    [
      "add column",
      new d.AddColumn(t, column("c")),
      {
        sqlite: "ALTER TABLE t ADD COLUMN c VARCHAR(9) DEFAULT 'x' NOT NULL",
        postgresql: ["ALTER TABLE t ADD COLUMN c VARCHAR(9) DEFAULT 'x' NOT NULL", "COMMENT ON COLUMN t.c IS 'hm'"],
        mysql: "ALTER TABLE t ADD COLUMN c VARCHAR(9) NOT NULL COMMENT 'hm' DEFAULT 'x'",
      },
    ],
    [
      "drop column",
      new d.DropColumn(t, "C"),
      {
        sqlite: 'ALTER TABLE t DROP COLUMN "C"',
        postgresql: 'ALTER TABLE t DROP COLUMN "C"',
        mysql: "ALTER TABLE t DROP COLUMN `C`",
      },
    ],
    [
      "not null",
      new d.AlterColumnNullable(t, "c", false),
      {
        sqlite: SQLITE_NO,
        postgresql: "ALTER TABLE t ALTER COLUMN c SET NOT NULL",
        mysql: MYSQL_RESTATES,
      },
    ],
    [
      "type",
      new d.AlterColumnType(t, "c", BIG_INTEGER, { using: "c::bigint" }),
      {
        sqlite: SQLITE_NO,
        postgresql: "ALTER TABLE t ALTER COLUMN c TYPE BIGINT USING c::bigint",
        mysql: MYSQL_RESTATES,
      },
    ],
    [
      "default",
      new d.AlterColumnDefault(t, "c", "7"),
      {
        sqlite: SQLITE_NO,
        postgresql: "ALTER TABLE t ALTER COLUMN c SET DEFAULT 7",
        mysql: "ALTER TABLE t ALTER COLUMN c SET DEFAULT 7",
      },
    ],
    [
      "no default",
      new d.AlterColumnDefault(t, "c", null),
      {
        sqlite: SQLITE_NO,
        postgresql: "ALTER TABLE t ALTER COLUMN c DROP DEFAULT",
        mysql: "ALTER TABLE t ALTER COLUMN c DROP DEFAULT",
      },
    ],
    [
      "rename column",
      new d.RenameColumn(t, "c", "d e"),
      {
        sqlite: 'ALTER TABLE t RENAME COLUMN c TO "d e"',
        postgresql: 'ALTER TABLE t RENAME c TO "d e"',
        mysql: "ALTER TABLE t RENAME COLUMN c TO `d e`",
      },
    ],
    [
      "modify column",
      new d.ModifyColumn(t, "old", column("a")),
      {
        sqlite: /no restatement/,
        postgresql: /no restatement/,
        mysql: "ALTER TABLE t CHANGE old a INTEGER NOT NULL",
      },
    ],
    [
      "rename table",
      new d.RenameTable({ tableName: "t", schema: "s" }, "u"),
      {
        sqlite: "ALTER TABLE s.t RENAME TO u",
        postgresql: "ALTER TABLE s.t RENAME TO u",
        mysql: "ALTER TABLE s.t RENAME TO s.u",
      },
    ],
    [
      "table comment",
      new d.SetTableComment(t, "it's"),
      {
        sqlite: [],
        postgresql: "COMMENT ON TABLE t IS 'it''s'",
        mysql: "ALTER TABLE t COMMENT 'it''s'",
      },
    ],
    [
      "drop foreign key",
      new d.DropConstraint(t, named("foreignKey")),
      {
        sqlite: SQLITE_NO,
        postgresql: "ALTER TABLE t DROP CONSTRAINT x",
        mysql: "ALTER TABLE t DROP FOREIGN KEY x",
      },
    ],
    [
      "drop unique",
      new d.DropConstraint(t, named("unique")),
      {
        sqlite: SQLITE_NO,
        postgresql: "ALTER TABLE t DROP CONSTRAINT x",
        mysql: "ALTER TABLE t DROP INDEX x",
      },
    ],
    [
      "drop primary key",
      new d.DropConstraint(t, named("primaryKey")),
      {
        sqlite: SQLITE_NO,
        postgresql: "ALTER TABLE t DROP CONSTRAINT x",
        mysql: "ALTER TABLE t DROP PRIMARY KEY",
      },
    ],
    [
      "drop check",
      new d.DropConstraint(t, named("check")),
      {
        sqlite: SQLITE_NO,
        postgresql: "ALTER TABLE t DROP CONSTRAINT x",
        mysql: "ALTER TABLE t DROP CHECK x",
        mariadb: "ALTER TABLE t DROP CONSTRAINT x",
      },
    ],
    [
      "drop what has no name",
      new d.DropConstraint(t, { kind: "unique", name: undefined }),
      {
        sqlite: SQLITE_NO,
        postgresql: /has no name/,
        mysql: /has no name/,
      },
    ],
    [
      "foreign key between schemas",
      new d.AddConstraint(
        { tableName: "t", schema: "s" },
        constraintOf((x) => [foreignKey([x.column("a")], ["s2.o.id"], { name: "fk", onDelete: "CASCADE" })], {
          metadata: found,
        }),
      ),
      {
        sqlite: SQLITE_NO,
        postgresql: "ALTER TABLE s.t ADD CONSTRAINT fk FOREIGN KEY(a) REFERENCES s2.o (id) ON DELETE CASCADE",
        mysql: "ALTER TABLE s.t ADD CONSTRAINT fk FOREIGN KEY(a) REFERENCES s2.o (id) ON DELETE CASCADE",
      },
    ],
    [
      "primary key",
      new d.AddConstraint(
        t,
        constraintOf((x) => [primaryKeyConstraint("pk", x.column("c"), x.column("a"))]),
      ),
      {
        sqlite: SQLITE_NO,
        postgresql: "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (c, a)",
        mysql: "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (c, a)",
      },
    ],
    [
      "check",
      new d.AddConstraint(
        t,
        constraintOf((x) => [check(x.column("a").gt(3), "positive")]),
      ),
      {
        sqlite: SQLITE_NO,
        postgresql: "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 3)",
        mysql: "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 3)",
      },
    ],
    [
      "equal nulls",
      new d.AddConstraint(
        t,
        constraintOf((x) => [unique("u", x.column("a")).withNullsNotDistinct()]),
      ),
      {
        sqlite: SQLITE_NO,
        postgresql: "ALTER TABLE t ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a)",
        mysql: /no UNIQUE NULLS NOT DISTINCT/,
      },
    ],
    [
      "drop index",
      new d.DropIndex({ name: "ix", table: t }),
      {
        sqlite: "DROP INDEX ix",
        postgresql: "DROP INDEX ix",
        mysql: "DROP INDEX ix ON t",
      },
    ],
    [
      "drop index concurrently",
      new d.DropIndex({ name: "ix" }, { ifExists: true, concurrently: true }),
      {
        sqlite: "DROP INDEX IF EXISTS ix",
        postgresql: "DROP INDEX CONCURRENTLY IF EXISTS ix",
        mysql: /needs the table/,
      },
    ],
    [
      "index with options",
      new d.CreateIndex(
        indexOf((x) =>
          index("ix", x.column("a"), callFunction("lower", [x.column("b")]))
            .with("postgresql", {
              using: "gin",
              include: ["c"],
              ops: { a: "int4_ops" },
              with: { fastupdate: "off" },
              concurrently: true,
            })
            .with("mysql", { length: { a: 4 }, prefix: "FULLTEXT" }),
        ),
      ),
      {
        sqlite: "CREATE INDEX ix ON t (a, lower(b))",
        postgresql:
          "CREATE INDEX CONCURRENTLY ix ON t USING gin (a int4_ops, lower(b)) INCLUDE (c) WITH (fastupdate = off)",
        mysql: "CREATE FULLTEXT INDEX ix ON t (a(4), (lower(b)))",
      },
    ],
    [
      "partial index",
      new d.CreateIndex(indexOf((x) => index("ix", x.column("a").desc()).where(x.column("b").eq("it's")))),
      {
        sqlite: "CREATE INDEX ix ON t (a DESC) WHERE b = 'it''s'",
        postgresql: "CREATE INDEX ix ON t (a DESC) WHERE b = 'it''s'",
        mysql: /no partial indexes/,
      },
    ],
    [
      "nulls in an index",
      new d.CreateIndex(
        indexOf((x) => index("ix", x.column("a").desc().nullsLast() as never)),
        { ifNotExists: true },
      ),
      {
        sqlite: /NULLS FIRST or NULLS LAST/,
        postgresql: "CREATE INDEX IF NOT EXISTS ix ON t (a DESC NULLS LAST)",
        mysql: /NULLS FIRST or NULLS LAST/,
      },
    ],
    [
      "identity",
      new d.AlterColumnIdentity(t, "c", { always: true, start: 3 }),
      {
        sqlite: /no identity/,
        postgresql: "ALTER TABLE t ALTER COLUMN c ADD GENERATED ALWAYS AS IDENTITY (START WITH 3)",
        mysql: /no identity/,
      },
    ],
    [
      "identity changed",
      new d.AlterColumnIdentity(t, "c", { always: false, increment: 2 }, true),
      {
        sqlite: /no identity/,
        postgresql: "ALTER TABLE t ALTER COLUMN c SET GENERATED BY DEFAULT SET INCREMENT BY 2",
        mysql: /no identity/,
      },
    ],
    [
      "enumeration",
      new d.CreateType(new EnumType(["a", "it's"], { name: "Mood", native: true }), "s"),
      {
        sqlite: [],
        postgresql: `CREATE TYPE s."Mood" AS ENUM ('a', 'it''s')`,
        mysql: [],
      },
    ],
    [
      "enumeration's new value",
      new d.AddEnumValue({ name: "mood" }, "b", { after: "a" }),
      {
        sqlite: /no enumerations/,
        postgresql: "ALTER TYPE mood ADD VALUE 'b' AFTER 'a'",
        mysql: /no enumerations/,
      },
    ],
    [
      "sequence",
      new d.CreateSequence(new d.Sequence("s", { start: 5, increment: 10n, cycle: true })),
      {
        sqlite: /no sequences/,
        postgresql: "CREATE SEQUENCE s START WITH 5 INCREMENT BY 10 CYCLE",
        mysql: /no sequences/,
        mariadb: "CREATE SEQUENCE s START WITH 5 INCREMENT BY 10 CYCLE",
      },
    ],
    [
      "schema",
      new d.CreateSchema("s x", { ifNotExists: true }),
      {
        sqlite: /ATTACH/,
        postgresql: 'CREATE SCHEMA IF NOT EXISTS "s x"',
        mysql: "CREATE SCHEMA IF NOT EXISTS `s x`",
      },
    ],
    [
      "view",
      new d.CreateView("v", "SELECT 1", { orReplace: true, columns: ["one"] }),
      {
        sqlite: /Drop the view first/,
        postgresql: "CREATE OR REPLACE VIEW v (one) AS SELECT 1",
        mysql: "CREATE OR REPLACE VIEW v (one) AS SELECT 1",
      },
    ],
    [
      "materialized view",
      new d.DropView("v", { materialized: true, ifExists: true }),
      {
        sqlite: /no materialized/,
        postgresql: "DROP MATERIALIZED VIEW IF EXISTS v",
        mysql: /no materialized/,
      },
    ],
    [
      "text for some databases",
      d.ddl("CREATE EXTENSION citext").executeIf(["nativeArray", "schemas"]),
      {
        sqlite: [],
        postgresql: "CREATE EXTENSION citext",
        mysql: [],
      },
    ],
    [
      "string without a length",
      new d.CreateTable(
        buildTable({ name: "t", columns: [{ key: "s", columnName: "s", definition: types.column(STRING as never) }] }),
      ),
      {
        sqlite: "CREATE TABLE t (\n\ts VARCHAR NOT NULL\n)",
        postgresql: "CREATE TABLE t (\n\ts VARCHAR NOT NULL\n)",
        mysql: /needs a length for VARCHAR.*'t\.s'/,
      },
    ],
    [
      "a word that is no action",
      new d.AddConstraint(
        t,
        constraintOf(
          (x) => [foreignKey([x.column("a")], ["s2.o.id"], { onDelete: "CASCADE; DROP TABLE t" as never })],
          { metadata: found },
        ),
      ),
      {
        sqlite: SQLITE_NO,
        postgresql: /is not one of CASCADE/,
        mysql: /is not one of CASCADE/,
      },
    ],
  ];
describe.each(["sqlite", "postgresql", "mysql", "mariadb"] as const)("%s", (name) => {
  it.each(cases)("%s", (_, element, expected) => {
    const wanted = name === "mariadb" ? (expected.mariadb ?? expected.mysql) : expected[name];
    const print = () => dialectNamed(name).createDdlCompiler().statements(element);
    if (wanted instanceof RegExp) expect(print).toThrow(wanted);
    else expect(print()).toEqual([wanted].flat());
  });
});
