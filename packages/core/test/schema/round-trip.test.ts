// What is created is what is reflected, on every database: types, defaults, checks, indexes, comments, foreign keys.
// And what was reflected can be created again: the second reflection equals the first.
import { describeEachDatabase } from "@athanor/test-support";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Connection } from "../../src/engine/connection.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { inspect } from "../../src/reflection/inspector.js";
import type { ReflectedTable } from "../../src/reflection/types.js";
import * as types from "../../src/schema/columns.js";
import { createTable } from "../../src/schema/create-table.js";
import type { ColumnDefinition } from "../../src/schema/definition.js";
import { MetaData } from "../../src/schema/metadata.js";
import type { Table, TableColumn } from "../../src/schema/table.js";
import { check, foreignKey, index, type TableArgument, unique } from "../../src/schema/table-constraints.js";
import { callFunction } from "../../src/sql/functions.js";
import { IdentifierElement, sql } from "../../src/sql/text.js";

const col = (t: Table, key: string) => t.column(key) as TableColumn;
const byName = <T extends { readonly name: string | undefined }>(list: readonly T[], name: string) =>
  list.find((x) => x.name === name) as T;

describeEachDatabase(
  "create, reflect, compare",
  (target) => {
    let engine: Engine;
    const can = (what: Parameters<typeof target.capabilities.has>[0]) => target.capabilities.has(what);
    beforeAll(async () => {
      engine = createEngine(await target.url());
    });
    afterAll(() => engine.dispose());

    async function reflected(connection: Connection): Promise<readonly ReflectedTable[]> {
      return inspect(connection).tables();
    }
    /** Creates, reflects and drops; then creates what was reflected, reflects again and drops. */
    async function twice(metadata: MetaData): Promise<readonly ReflectedTable[]> {
      await metadata.createAll(engine);
      const copy = new MetaData();
      const first = await engine.begin(async (connection) => {
        await copy.reflect(connection);
        return reflected(connection);
      });
      await metadata.dropAll(engine);
      await copy.createAll(engine);
      const second = await engine.begin(reflected);
      await copy.dropAll(engine);
      expect(await engine.begin((c) => inspect(c).tableNames())).toEqual([]);
      // Texts of statements may differ in parentheses, and MariaDB names its own indexes as it likes.
      const plain = (tables: readonly ReflectedTable[]) =>
        tables.map((t) => ({
          ...t,
          source: undefined,
          columns: t.columns.map((c) => ({ ...c, type: c.type.toString() })),
          indexes: t.indexes
            .filter((i) => i.impliedByForeignKey === undefined)
            .map((i) => ({ ...i, source: undefined })),
        }));
      expect(plain(second)).toEqual(plain(first));
      return first;
    }

    it("every type", async () => {
      const metadata = new MetaData();
      const columns: Record<string, ColumnDefinition> = {
        id: types.integer().primaryKey(),
        small: types.smallInteger(),
        big: types.bigInteger(),
        double: types.double(),
        money: types.numeric(10, 2),
        flag: types.boolean(),
        name: types.string(40),
        body: types.text(),
        at: types.dateTime(),
        day: types.date(),
        clock: types.time(),
        bytes: types.binary(),
        doc: types.json(),
      };
      if (can("nativeUuid")) columns.key = types.uuid();
      if (can("arrays")) columns.list = types.array(types.string(20));
      if (can("nativeEnum")) columns.mood = types.enumeration(["good", "it's bad"], { name: "mood", native: true });
      if (can("timestampWithTimeZone")) columns.instant = types.dateTime({ timezone: true });
      createTable("everything", columns, { metadata });
      const [table] = (await twice(metadata)) as [ReflectedTable];
      for (const column of table.columns) {
        const wanted = (columns[column.name] as ColumnDefinition).fields.type;
        // MySQL's enumerations have no name.
        if (wanted.kind === "enum") expect(column.type).toMatchObject({ values: ["good", "it's bad"], native: true });
        else expect(`${column.name} ${column.type}`).toBe(`${column.name} ${wanted}`);
        expect(column.nullable).toBe(false);
      }
      expect(table.primaryKey?.columns).toEqual(["id"]);
      expect(table.columns[0]?.autoincrement).toBe(true);
    });

    it("defaults, computed columns and comments", async () => {
      const metadata = new MetaData();
      createTable(
        "settings",
        {
          id: types.integer().primaryKey(),
          quoted: types.string(40).serverDefault("'it''s'").comment("it's a comment"),
          number: types.integer().serverDefault("-7"),
          none: types.string(10).nullable(),
          now: types.dateTime().serverDefault(sql.raw("CURRENT_TIMESTAMP")),
          doubled: types.integer().nullable().computed("number * 2", { persisted: true }),
        },
        { metadata, comment: "the table's comment" },
      );
      const [table] = (await twice(metadata)) as [ReflectedTable];
      const default_ = (name: string) => byName(table.columns, name).default;
      expect(default_("quoted")).toMatch(/^'it''s'(::character varying)?$/);
      expect(default_("number")).toMatch(/^'?-7'?(::integer)?$/);
      expect(default_("none")).toBeUndefined();
      expect(default_("now")).toMatch(/^CURRENT_TIMESTAMP/);
      const { computed } = byName(table.columns, "doubled");
      expect(computed?.sql.replaceAll("`", "").replaceAll('"', "")).toBe("number * 2");
      expect(computed?.persisted).toBe(true);
      expect(table.comment).toBe(can("comments") ? "the table's comment" : undefined);
      expect(byName(table.columns, "quoted").comment).toBe(can("comments") ? "it's a comment" : undefined);
    });

    it("keys, checks and foreign keys with their options", async () => {
      const metadata = new MetaData();
      // InnoDB wants the columns referred to at the front of an index, in their order.
      const ownerKey = target.family === "mysql" ? ["a", "b"] : ["b", "a"];
      createTable("owner", { a: types.integer(), b: types.integer() }, { metadata, primaryKey: ownerKey });
      createTable(
        "Odd Name",
        {
          id: types.integer().primaryKey(),
          select: types.integer().named("select").unique("uq_select"),
          ownerA: types.integer().nullable(),
          ownerB: types.integer().nullable(),
          self: types.integer().nullable().references("Odd Name.id", { onDelete: "SET NULL" }),
          price: types.integer().check("price > 0", "ck_positive"),
        },
        {
          metadata,
          constraints: (t) => [
            unique("uq_two", col(t, "price"), col(t, "self")),
            check("price < 1000 AND price <> 13", "ck_limit"),
            foreignKey([col(t, "ownerA"), col(t, "ownerB")], ["owner.a", "owner.b"], {
              name: "fk_owner",
              onDelete: "CASCADE",
              ...(can("deferrableConstraints") && { deferrable: true, initially: "DEFERRED" }),
            }),
          ],
        },
      );
      const tables = await twice(metadata);
      const odd = byName(tables, "Odd Name");
      const keys = [...odd.foreignKeys].sort((x, y) => x.columns.length - y.columns.length);
      expect(keys[0]).toMatchObject({
        columns: ["self"],
        referredTable: "Odd Name",
        referredColumns: ["id"],
        onDelete: "SET NULL",
        onUpdate: undefined,
      });
      expect(keys[1]).toMatchObject({
        name: "fk_owner",
        columns: ["owner_a", "owner_b"],
        referredTable: "owner",
        referredColumns: ["a", "b"],
        onDelete: "CASCADE",
      });
      if (can("deferrableConstraints")) expect(keys[1]).toMatchObject({ deferrable: true, initially: "DEFERRED" });
      expect(byName(odd.uniqueConstraints, "uq_two").columns).toEqual(["price", "self"]);
      expect(byName(odd.uniqueConstraints, "uq_select").columns).toEqual(["select"]);
      expect(byName(odd.checks, "ck_positive").sql.replace(/[`"()]/g, "")).toBe("price > 0");
      expect(byName(odd.checks, "ck_limit")).toBeDefined();
      expect(byName(tables, "owner").primaryKey?.columns).toEqual(ownerKey);
    });

    it("indexes: unique, descending, partial, over expressions", async () => {
      const metadata = new MetaData();
      createTable(
        "posts",
        {
          id: types.integer().primaryKey(),
          title: types.string(40).index().unique(),
          views: types.integer().index(),
          at: types.dateTime(),
        },
        {
          metadata,
          constraints: (t): readonly TableArgument[] => [
            index("ix_two", col(t, "views").desc(), col(t, "at")),
            ...(can("partialIndexes") ? [index("ix_partial", col(t, "at")).where(col(t, "views").gt(5))] : []),
            ...(can("expressionIndexes")
              ? [index("ix_lower", callFunction("lower", [col(t, "title")]), col(t, "views").add(1).desc()).unique()]
              : []),
          ],
        },
      );
      const [table] = (await twice(metadata)) as [ReflectedTable];
      expect(byName(table.indexes, "ix_posts_title")).toMatchObject({ unique: true, parts: [{ column: "title" }] });
      expect(byName(table.indexes, "ix_posts_views")).toMatchObject({ unique: false, parts: [{ column: "views" }] });
      const two = byName(table.indexes, "ix_two").parts;
      expect(two.map((p) => [p.column, p.descending])).toEqual([
        ["views", true],
        ["at", false],
      ]);
      if (can("partialIndexes")) expect(byName(table.indexes, "ix_partial").where).toBe("views > 5");
      if (can("expressionIndexes")) {
        const { parts, unique: isUnique } = byName(table.indexes, "ix_lower");
        expect(isUnique).toBe(true);
        expect(parts[0]?.column).toBeUndefined();
        expect(parts[0]?.sql).toMatch(/^lower\(/);
        expect(parts[1]).toMatchObject({ column: undefined, descending: true });
      }
      // One unique index and no constraint beside it; MySQL cannot tell the two apart.
      if (target.family !== "mysql") expect(table.uniqueConstraints).toEqual([]);
    });

    it("tables that refer to each other are created and dropped, with and without names", async () => {
      for (const name of ["fk_a_b", undefined]) {
        const metadata = new MetaData();
        const reference = name === undefined ? {} : { name };
        createTable(
          "a",
          { id: types.integer().primaryKey(), b: types.integer().nullable().references("b.id", reference) },
          { metadata },
        );
        createTable(
          "b",
          { id: types.integer().primaryKey(), a: types.integer().nullable().references("a.id") },
          { metadata },
        );
        await metadata.createAll(engine);
        await metadata.createAll(engine);
        const tables = await engine.begin(reflected);
        expect(tables.map((t) => t.foreignKeys[0]?.referredTable)).toEqual(["b", "a"]);
        await engine.begin(async (c) => {
          await c.execute(sql`INSERT INTO a (id) VALUES (1)`);
          await c.execute(sql`INSERT INTO b (id, a) VALUES (1, 1)`);
          await c.execute(sql`UPDATE a SET b = 1`);
        });
        await metadata.dropAll(engine);
        await metadata.dropAll(engine);
        expect(await engine.begin((c) => inspect(c).tableNames())).toEqual([]);
      }
    });

    it("random schemas", async () => {
      const names = ["name", "Order", "a b", "qty", "überschrift", "user_id", "x;y", "group"];
      const type = fc.constantFrom<() => ColumnDefinition>(
        () => types.integer(),
        () => types.bigInteger(),
        () => types.string(20),
        () => types.numeric(8, 3),
        () => types.boolean(),
        () => types.date(),
        () => types.dateTime(),
      );
      const column = fc.record({
        type,
        nullable: fc.boolean(),
        unique: fc.boolean(),
        index: fc.boolean(),
        check: fc.boolean(),
      });
      const table = fc.record({
        columns: fc
          .uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 5 })
          .chain((chosen) => fc.tuple(...chosen.map((name) => column.map((c) => ({ name, ...c }))))),
        refersTo: fc.option(fc.nat(3)),
        action: fc.constantFrom("CASCADE", "SET NULL", undefined),
        pair: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(table, { minLength: 1, maxLength: 4 }), async (tables) => {
          const metadata = new MetaData();
          tables.forEach((t, n) => {
            const props: Record<string, ColumnDefinition> = { id: types.integer().primaryKey() };
            for (const c of t.columns) {
              let d = c.type().named(c.name).nullable(c.nullable);
              if (c.unique) d = d.unique();
              if (c.index) d = d.index();
              props[c.name] = d;
            }
            const to = t.refersTo === null ? undefined : t.refersTo % tables.length;
            if (to !== undefined) {
              props.parent = types
                .integer()
                .nullable()
                .references(`t${to}.id`, { ...(t.action && { onDelete: t.action }), name: `fk_${n}` });
            }
            createTable(`t${n}`, props, {
              metadata,
              constraints: (x) => [
                ...(t.pair && t.columns.length > 1
                  ? [unique(`uq_${n}`, col(x, t.columns[0]?.name as string), col(x, t.columns[1]?.name as string))]
                  : []),
                ...t.columns
                  .filter((c) => c.check)
                  .map((c) =>
                    check(
                      sql`${new IdentifierElement([c.name])} IS NOT NULL OR 1 = 1`,
                      `ck_${n}_${names.indexOf(c.name)}`,
                    ),
                  ),
              ],
            });
          });
          const found = await twice(metadata);
          expect(found.map((t) => t.name)).toEqual([...metadata.tables.keys()].sort());
          for (const t of found) {
            const model = metadata.table(t.name);
            expect(t.columns.map((c) => [c.name, c.nullable, c.type.toString()])).toEqual(
              model.columns.map((c) => [c.columnName, c.nullable, c.type.toString()]),
            );
            const uniques = model.constraints
              .filter((c) => c.kind === "unique")
              .map((c) => c.columns.map((x) => x.columnName).join());
            const indexes = model.indexes.map((i) => i.name).sort();
            // MariaDB reports every unique index as a constraint too.
            if (target.family !== "mysql")
              expect(t.uniqueConstraints.map((u) => u.columns.join()).sort()).toEqual(uniques.sort());
            expect(
              t.indexes
                .filter(
                  (i) =>
                    i.impliedByForeignKey === undefined &&
                    !(i.duplicatesConstraint !== undefined && !indexes.includes(i.name)),
                )
                .map((i) => i.name)
                .sort(),
            ).toEqual(indexes);
            expect(t.checks.map((c) => c.name).sort()).toEqual(
              model.constraints
                .filter((c) => c.kind === "check")
                .map((c) => c.name)
                .sort(),
            );
          }
        }),
        { numRuns: target.name === "sqlite" ? 60 : 8, endOnFailure: true },
      );
    }, 120_000);
  },
  { smoke: true },
);
