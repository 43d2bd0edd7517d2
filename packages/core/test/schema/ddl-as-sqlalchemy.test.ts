// Sixty random schemas, and the DDL SQLAlchemy prints for them on three databases: ours is the same text.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { dialectNamed } from "../../src/dialects/registry.js";
import { bigInteger, date, integer, numeric, smallInteger, string, text } from "../../src/schema/columns.js";
import { createTable } from "../../src/schema/create-table.js";
import { CreateIndex, CreateTable, DropIndex, DropTable } from "../../src/schema/ddl.js";
import { MetaData } from "../../src/schema/metadata.js";
import { type NamingConvention, RECOMMENDED_NAMING_CONVENTION } from "../../src/schema/naming.js";
import type { Table, TableColumn } from "../../src/schema/table.js";
import { check, foreignKey, index, unique } from "../../src/schema/table-constraints.js";

interface ColumnSpec {
  name: string;
  type: "integer" | "smallInteger" | "bigInteger" | "string" | "numeric" | "text" | "date";
  nullable: boolean;
  length?: number;
  args?: number[];
  unique?: boolean;
  index?: boolean;
  default?: string;
  comment?: string;
  check?: { sql: string; name: string };
}
interface TableSpec {
  name: string;
  columns: ColumnSpec[];
  primaryKey: string[];
  uniques: { name: string | null; columns: string[] }[];
  checks: { name: string; sql: string }[];
  foreignKeys: {
    name: string | null;
    columns: string[];
    table: string;
    targets: string[];
    onDelete: "CASCADE" | "SET NULL" | null;
    onUpdate: "RESTRICT" | null;
  }[];
  indexes: { name: string; columns: string[]; desc: boolean; unique: boolean }[];
  comment?: string;
}
interface Case {
  spec: { convention: boolean; tables: TableSpec[] };
  expected: Record<"sqlite" | "postgresql" | "mysql", string[]>;
  sorted: string[];
}
const cases: Case[] = JSON.parse(readFileSync(new URL("fixtures/sqlalchemy-ddl.json", import.meta.url), "utf8"));

const FACTORIES = { integer, smallInteger, bigInteger, string, numeric, text, date };
function definition(spec: ColumnSpec) {
  const args = spec.type === "string" ? [spec.length] : spec.type === "numeric" ? (spec.args as number[]) : [];
  let d = FACTORIES[spec.type](...args)
    .named(spec.name)
    .nullable(spec.nullable);
  if (spec.unique) d = d.unique();
  if (spec.index) d = d.index();
  if (spec.default !== undefined) d = d.serverDefault(spec.default);
  if (spec.comment !== undefined) d = d.comment(spec.comment);
  if (spec.check !== undefined) d = d.check(spec.check.sql, spec.check.name);
  return d;
}
function build(spec: Case["spec"]): MetaData {
  const convention: NamingConvention = spec.convention ? RECOMMENDED_NAMING_CONVENTION : {};
  const metadata = new MetaData({ namingConvention: convention });
  for (const t of spec.tables) {
    const column = (table: Table, name: string) => table.column(name) as TableColumn;
    createTable(t.name, Object.fromEntries(t.columns.map((c) => [c.name, definition(c)])), {
      metadata,
      primaryKey: t.primaryKey,
      ...(t.comment === undefined ? {} : { comment: t.comment }),
      constraints: (table) => [
        ...t.uniques.map((u) => unique(u.name ?? undefined, ...u.columns.map((c) => column(table, c)))),
        ...t.checks.map((c) => check(c.sql, c.name)),
        ...t.foreignKeys.map((k) =>
          foreignKey(
            k.columns.map((c) => column(table, c)),
            k.targets.map((c) => `${k.table}.${c}`),
            {
              ...(k.name !== null && { name: k.name }),
              ...(k.onDelete !== null && { onDelete: k.onDelete }),
              ...(k.onUpdate !== null && { onUpdate: k.onUpdate }),
            },
          ),
        ),
        ...t.indexes.map((i) => {
          const [first, ...rest] = i.columns.map((c) => column(table, c)) as [TableColumn, ...TableColumn[]];
          return index(i.name, i.desc ? first.desc() : first, ...rest).unique(i.unique);
        }),
      ],
    });
  }
  return metadata;
}
/** Where ours is meant to differ: the key of one whole number is a rowid, whatever its size. */
function rowids(text: string, table: Table): string {
  const auto = table.autoincrementColumn;
  if (auto === undefined) return text;
  return text.replace(/\b(?:BIGINT|SMALLINT) NOT NULL/, (whole, at: number) =>
    text
      .slice(0, at)
      .trimEnd()
      .endsWith(`(\n\t${quoted(auto.columnName)}`)
      ? "INTEGER NOT NULL"
      : whole,
  );
}
const quoted = (name: string) => dialectNamed("sqlite").quote(name);

for (const dialectName of ["sqlite", "postgresql", "mysql"] as const) {
  describe(`DDL on ${dialectName} reads as SQLAlchemy's`, () => {
    cases.forEach((c, n) => {
      it(`schema ${n}`, () => {
        const dialect = dialectNamed(dialectName);
        const print = (element: CreateTable | CreateIndex | DropIndex | DropTable) =>
          dialect.createDdlCompiler().statements(element)[0] as string;
        const metadata = build(c.spec);
        const expected = [...c.expected[dialectName]];
        for (const table of metadata.tables.values()) {
          const wanted = expected.shift() as string;
          expect(print(new CreateTable(table))).toBe(dialectName === "sqlite" ? rowids(wanted, table) : wanted);
          for (const i of [...table.indexes].sort((a, b) => ((a.name as string) < (b.name as string) ? -1 : 1))) {
            expect(print(new CreateIndex(i))).toBe(expected.shift());
            expect(print(new DropIndex(i))).toBe(expected.shift());
          }
          expect(print(new DropTable(table))).toBe(expected.shift());
        }
      });
    });
  });
}
describe("the order of tables", () => {
  it.each(cases.map((c, n) => [n, c] as const))("is SQLAlchemy's (schema %i)", (_, c) => {
    expect(build(c.spec).sortedTables.map((t) => t.tableName)).toEqual(c.sorted);
  });
});
