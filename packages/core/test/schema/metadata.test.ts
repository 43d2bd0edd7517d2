// Registration, late foreign keys, names by convention, copies, and what is said when something cannot be right.
import { describe, expect, it } from "vitest";
import { dialectNamed } from "../../src/dialects/registry.js";
import { buildTable } from "../../src/schema/build-table.js";
import * as types from "../../src/schema/columns.js";
import { columnParts, createTable } from "../../src/schema/create-table.js";
import { AddConstraint, CreateTable, type DdlElement, DropConstraint } from "../../src/schema/ddl.js";
import type { ColumnDefinition } from "../../src/schema/definition.js";
import { MetaData } from "../../src/schema/metadata.js";
import {
  conv,
  type NamingConvention,
  RECOMMENDED_NAMING_CONVENTION,
  snakeCaseNaming,
  truncatedName,
} from "../../src/schema/naming.js";
import { cyclePath, sortGraph, topologicalSort } from "../../src/schema/sort.js";
import type { TableColumn } from "../../src/schema/table.js";
import { check, index, primaryKeyConstraint, unique } from "../../src/schema/table-constraints.js";

const { integer, string } = types;
const print = (dialect: string, element: DdlElement) =>
  dialectNamed(dialect).createDdlCompiler().statements(element)[0];
const names = (metadata: MetaData, table: string) => metadata.table(table).constraints.map((c) => c.name);

/** What SQLAlchemy 1.4.46 makes of uq_table_with_a_long_name_a_rather_long_column_name_of_a_table_indeed on PostgreSQL. */
const ORACLE = "uq_table_with_a_long_name_a_rather_long_column_name_of__3d67";

describe("a MetaData", () => {
  it("names columns by its strategy and keeps declaration order", () => {
    const metadata = new MetaData();
    const t = createTable(
      "line",
      { id: integer().primaryKey(), ownerId: integer(), SKU: string(9).named("SKU") },
      { metadata },
    );
    expect(t.columns.map((c) => c.columnName)).toEqual(["id", "owner_id", "SKU"]);
    expect(new MetaData({ naming: { column: (p) => p.toUpperCase(), table: (n) => n } }).naming.column("a")).toBe("A");
  });
  it("builds announced tables when they are needed, in the order they were announced", () => {
    const metadata = new MetaData();
    const built: string[] = [];
    const announce = (name: string, props: Record<string, ColumnDefinition>) =>
      metadata.register(name, () => {
        built.push(name);
        return buildTable({ name, columns: columnParts(props, snakeCaseNaming, name), metadata });
      });
    announce("post", { id: integer().primaryKey(), userId: integer().references("user.id") });
    announce("user", { id: integer().primaryKey(), bestPost: integer().nullable().references("post.id") });
    expect(built).toEqual([]);
    expect([...metadata.tables.keys()]).toEqual(["post", "user"]);
    metadata.configure();
    const key = metadata.table("post").columns[1]?.foreignKeys[0];
    expect(key?.column).toBe(metadata.table("user").columns[0]);
    expect(metadata.cycles.map((c) => c.map(String))).toEqual([["post", "user"]]);
  });
  it("refuses a second table of one name, naming both", () => {
    const metadata = new MetaData();
    createTable("cars", { id: integer() }, { metadata });
    expect(() => createTable("cars", { id: integer() }, { metadata })).toThrow(
      /'cars' is declared twice.*table\("cars"\).*table\("cars"\)/,
    );
    expect(() => metadata.register("cars", () => metadata.table("cars"), "class Car")).toThrow(
      /by table\("cars"\) and by class Car/,
    );
  });
  it("finds what a foreign key meant", () => {
    const metadata = new MetaData();
    createTable("owners", { ownerId: integer().primaryKey() }, { metadata });
    createTable("cars", { a: integer().references("owner.owner_id") }, { metadata });
    expect(() => metadata.configure()).toThrow(/cars\.a.*no table 'owner'\. Did you mean 'owners'\?/);
    metadata.remove(metadata.table("cars"));
    createTable("cars", { a: integer().references("owners.ownerid") }, { metadata });
    expect(() => metadata.configure()).toThrow(/no column 'ownerid'\. Did you mean 'owner_id'\?/);
  });
  it("gives a column with nothing but a foreign key the type it refers to, through chains", () => {
    const metadata = new MetaData();
    createTable("c", { id: types.column().references("b.id").primaryKey() }, { metadata });
    createTable("b", { id: types.column().references("a.code").primaryKey() }, { metadata });
    createTable("a", { code: string(7).primaryKey() }, { metadata });
    expect(String(metadata.table("c").columns[0]?.type)).toBe("string(7)");
    expect(print("sqlite", new CreateTable(metadata.table("c")))).toContain("id VARCHAR(7) NOT NULL");
  });
  it("copies its tables, and their foreign keys resolve in the copy", () => {
    const metadata = new MetaData();
    createTable("a", { id: integer().primaryKey() }, { metadata });
    createTable(
      "b",
      { id: integer().primaryKey().references("a.id") },
      { metadata, constraints: (t) => [index("ix_b", t.column("id"))] },
    );
    const copy = new MetaData();
    metadata.toMetaData(copy);
    const b = copy.table("b");
    expect(b).not.toBe(metadata.table("b"));
    expect((b.columns[0] as TableColumn).foreignKeys[0]?.column.table).toBe(copy.table("a"));
    expect(print("postgresql", new CreateTable(b))).toBe(print("postgresql", new CreateTable(metadata.table("b"))));
    for (const elsewhere of [new MetaData({ schema: "archive" }), new MetaData()]) {
      metadata.toMetaData(elsewhere, { schema: "archive" });
      expect(print("postgresql", new CreateTable(elsewhere.table("archive.b")))).toContain("REFERENCES archive.a (id)");
    }
  });
  it("says which option or definition is wrong", () => {
    expect(() =>
      createTable("t", { id: integer() }, { metadata: new MetaData(), primarykey: ["id"] } as never),
    ).toThrow(/Did you mean 'primaryKey'/);
    expect(() => createTable("t", { id: 3 }, { metadata: new MetaData() })).toThrow(/'id' is no column definition/);
    expect(() => createTable("t", { userId: integer() }, { metadata: new MetaData(), primaryKey: ["user"] })).toThrow(
      /primaryKey names 'user'/,
    );
    const metadata = new MetaData();
    expect(() => createTable("t", { a: integer() }, { metadata, constraints: () => [unique("u", "b")] })).toThrow(
      /names 'b', which is no column/,
    );
    expect(() => types.string(0)).toThrow(/from 1/);
    expect(() => types.enumeration("a", "a")).toThrow(/twice/);
    const strict = createTable("s", { a: integer() }, { metadata, dialectOptions: { sqlite: { strickt: true } } });
    expect(() => print("sqlite", new CreateTable(strict))).toThrow(/no option 'strickt'\. Did you mean 'strict'/);
  });
});

describe("index() and unique() on a column", () => {
  it("together are one unique index, alone an index and a constraint", () => {
    const t = createTable(
      "user",
      { a: string(9).index().unique(), b: string(9).index(), c: string(9).unique() },
      { metadata: new MetaData() },
    );
    expect(t.indexes.map((i) => [i.name, i.unique])).toEqual([
      ["ix_user_a", true],
      ["ix_user_b", false],
    ]);
    expect(t.constraints.map((c) => c.kind)).toEqual(["unique"]);
  });
});

describe("a naming convention", () => {
  it("leaves given names alone, except where it asks for them", () => {
    const metadata = new MetaData({ namingConvention: RECOMMENDED_NAMING_CONVENTION });
    createTable(
      "t",
      { id: integer().primaryKey(), a: integer().unique("given"), b: integer().unique() },
      {
        metadata,
        constraints: (t) => [
          check("a > 0", "foo"),
          check("b > 0", conv("ck_t_bar")),
          check("1 = 1", null),
          unique("uq2", t.column("a"), t.column("b")),
        ],
      },
    );
    expect(names(metadata, "t")).toEqual(["pk_t", "ck_t_foo", "ck_t_bar", null, "uq2", "given", "uq_t_b"]);
  });
  it("wants a name where it holds %(constraint_name)s", () => {
    const metadata = new MetaData({ namingConvention: RECOMMENDED_NAMING_CONVENTION });
    const t = createTable("t", { id: integer() }, { metadata, constraints: () => [check("id > 0")] });
    expect(() => t.constraints[0]?.name).toThrow(/needs a name of its own/);
  });
  it.each([
    ["%(table_name)s_%(column_0_name)s", "t_user_id"],
    ["%(column_0N_name)s", "user_idlabel"],
    ["%(column_0_N_name)s", "user_id_label"],
    ["%(column_1_key)s", "label"],
    ["%(column_0_key)s", "userId"],
    ["%(column_0_N_label)s", "t_user_id_t_label"],
    ["%(mine)s", "2 columns"],
  ])("knows %s", (template, expected) => {
    const convention: NamingConvention = { uq: template, mine: (c) => `${c.columns.length} columns` };
    const t = createTable(
      "t",
      { userId: integer(), label: integer() },
      {
        metadata: new MetaData({ namingConvention: convention }),
        constraints: (x) => [unique(x.column("userId"), x.column("label"))],
      },
    );
    expect(t.constraints[0]?.name).toBe(expected);
  });
  it("names foreign keys by their target and refuses unknown tokens", () => {
    const metadata = new MetaData({
      namingConvention: { fk: "%(referred_table_name)s_%(referred_column_0_name)s", pk: "%(tabel_name)s" },
    });
    const t = createTable("t", { a: integer().references("s.u.id") }, { metadata });
    expect(t.constraints[0]?.name).toBe("u_id");
    const u = createTable("u", { a: integer().primaryKey() }, { metadata });
    expect(() => u.constraints[0]?.name).toThrow(/no token\. Did you mean 'table_name'/);
  });
  it("cuts what is too long, the same way for create and drop, and refuses long names that were given", () => {
    const metadata = new MetaData({ namingConvention: RECOMMENDED_NAMING_CONVENTION });
    const long = "a_rather_long_column_name_of_a_table_indeed";
    const t = createTable("table_with_a_long_name", { [long]: integer().unique() }, { metadata });
    const constraint = t.constraints[0];
    if (constraint === undefined) throw new Error("no constraint");
    const [, created] =
      /CONSTRAINT (\S+) UNIQUE/.exec(print("postgresql", new AddConstraint(t, constraint)) ?? "") ?? [];
    const [, dropped] = /CONSTRAINT (\S+)$/.exec(print("postgresql", new DropConstraint(t, constraint)) ?? "") ?? [];
    expect(created).toBe(dropped);
    expect(created).toBe(ORACLE);
    const name = truncatedName("x".repeat(80), 63);
    expect(name).toHaveLength(60);
    expect(name).toBe(truncatedName("x".repeat(80), 63));
    expect(name).not.toBe(truncatedName(`${"x".repeat(79)}y`, 63));
    const given = createTable("u", { a: integer().unique("y".repeat(64)) }, { metadata });
    expect(() => print("postgresql", new CreateTable(given))).toThrow(/longer than the 63 characters/);
    expect(print("sqlite", new CreateTable(given))).toContain("y".repeat(64));
  });
  it("names Boolean and Enum checks, and leaves them out where the database has the type", () => {
    const metadata = new MetaData({ namingConvention: RECOMMENDED_NAMING_CONVENTION });
    const t = createTable(
      "t",
      {
        flag: types.boolean({ createConstraint: true, constraintName: "flag" }),
        kind: types.enumeration(["a", "it's"], { createConstraint: true }),
        plain: types.boolean(),
      },
      { metadata },
    );
    expect(print("sqlite", new CreateTable(t))).toContain(
      "CONSTRAINT ck_t_flag CHECK (flag IN (0, 1)), \n\tCHECK (kind IN ('a', 'it''s'))",
    );
    expect(print("postgresql", new CreateTable(t))).not.toContain("flag IN");
    expect(print("postgresql", new CreateTable(t))).toContain("CHECK (kind IN ('a', 'it''s'))");
  });
  it("names the primary key that is given as a constraint", () => {
    const t = createTable(
      "t",
      { a: integer(), b: integer() },
      {
        metadata: new MetaData(),
        constraints: (x) => [primaryKeyConstraint("the_key", x.column("b"), x.column("a"))],
      },
    );
    expect(t.primaryKey.map((c) => c.key)).toEqual(["b", "a"]);
    expect(print("postgresql", new CreateTable(t))).toContain("CONSTRAINT the_key PRIMARY KEY (b, a)");
    expect(print("postgresql", new CreateTable(t))).toContain("a INTEGER NOT NULL");
  });
});

describe("leading column names, for migrations", () => {
  it.each([
    [types.boolean("completed"), "completed", "boolean"],
    [types.string("name", 64), "name", "string(64)"],
    [types.numeric("price", 10, 2), "price", "numeric(10,2,string)"],
    [types.numeric(10, 2, { mode: "number" }), undefined, "numeric(10,2,number)"],
    [types.bigInteger("n", { mode: "number" }), "n", "bigInteger(number)"],
    [types.enumeration("kind", ["a", "b"]), "kind", 'enum([null,false,"a","b"])'],
    [types.enumeration("a", "b"), undefined, 'enum([null,false,"a","b"])'],
    [types.enumeration({ A: "a", B: "b" }, { name: "k", native: true }), undefined, 'enum(["k",true,"a","b"])'],
    [types.dateTime("at", { timezone: true }), "at", "dateTime(tz)"],
  ])("%#", (definition, name, type) => {
    expect(definition.fields.columnName).toBe(name);
    expect(String(definition.fields.type)).toBe(type);
  });
});

describe("sorting", () => {
  const graph = (edges: Record<string, string[]>) => (x: string) => edges[x] ?? [];
  it("keeps the given order among equals and puts dependencies first", () => {
    expect(topologicalSort(["c", "b", "a", "d"], graph({ c: ["a"] }))).toEqual(["b", "a", "d", "c"]);
  });
  it("reports cycles as evidence and sorts the rest around them", () => {
    const depends = graph({ a: ["b"], b: ["c"], c: ["a", "z"], d: ["a"] });
    const { order, cycles } = sortGraph(["d", "a", "b", "c", "z"], depends);
    expect(cycles).toEqual([["a", "b", "c"]]);
    expect(order).toEqual(["z", "a", "b", "c", "d"]);
    expect(cyclePath(["a", "b", "c"], depends)).toEqual(["a", "b", "c", "a"]);
    expect(() => topologicalSort(["a", "b", "c"], depends)).toThrow("a -> b -> c -> a");
  });
  it("takes long chains and many items", () => {
    const items = Array.from({ length: 50_000 }, (_, i) => i);
    expect(topologicalSort(items, (i) => (i + 1 < items.length ? [i + 1] : []))[0]).toBe(49_999);
    expect(sortGraph(items, (i) => [(i + 1) % items.length]).cycles[0]).toHaveLength(50_000);
  });
});
