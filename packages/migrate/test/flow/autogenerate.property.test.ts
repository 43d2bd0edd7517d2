/** Any schema A, any schema B: migrating from A to B leaves nothing to do, and going back leaves A. */

import * as core from "@athanor/core";
import {
  boolean,
  check,
  createEngine,
  enumeration,
  integer,
  index as ix,
  MetaData,
  numeric,
  sql,
  string,
  table,
  text,
  unique,
} from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  describeDifferences,
  type MigrateOp,
  MigrationContext,
  produceMigrations,
  renderOps,
  reversed,
} from "../../src/index.js";

const NAMES = ["a", "b", "c", "d", "order", "Mixed Case"];
const ENUMS = { enum1: ["1", "x"], enum2: ["x", "1", "it's"], enum3: ["1"] } as const;
const others = {
  nullable: fc.boolean(),
  hasDefault: fc.boolean(),
  /** Another value as the default. */
  otherDefault: fc.boolean(),
  index: fc.constantFrom("none", "none", "plain", "desc", "unique"),
  unique: fc.boolean(),
  refers: fc.boolean(),
  check: fc.boolean(),
  comment: fc.constantFrom(undefined, undefined, "it's", "a `comment`"),
  /** An index and a unique constraint over this column and the first one. */
  pair: fc.boolean(),
};
const column = fc.record({
  type: fc.constantFrom("integer", "string10", "string20", "text", "boolean", "numeric"),
  ...others,
});
/** Enumerations become other ones, and text. */
const mood = fc.record({ type: fc.constantFrom("enum1", "enum2", "enum3", "string20"), ...others });
type ColumnType = "integer" | "string10" | "string20" | "text" | "boolean" | "numeric" | keyof typeof ENUMS;
type ColumnSpec = Omit<typeof column extends fc.Arbitrary<infer T> ? T : never, "type"> & { type: ColumnType };
type SchemaSpec = Record<string, Record<string, ColumnSpec>>;
const columns: fc.Arbitrary<Record<string, ColumnSpec>> = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...NAMES), column, { maxKeys: 4, noNullPrototype: true }),
    fc.option(mood, { nil: undefined }),
  )
  .map(([given, own]) => (own === undefined ? given : { ...given, mood: own }));
const schema: fc.Arbitrary<SchemaSpec> = fc.dictionary(fc.constantFrom("t1", "t2", "t3"), columns, {
  maxKeys: 3,
  noNullPrototype: true,
});
/** Columns that are told to have another name now: one per table that is on both sides. */
function renamesOf(
  a: SchemaSpec,
  b: SchemaSpec,
): { readonly table: string; readonly from: string; readonly to: string }[] {
  return Object.keys(a).flatMap((table) => {
    const [before, after] = [a[table] ?? {}, b[table]];
    if (after === undefined) return [];
    const from = Object.keys(before).find((c) => c !== "mood" && after[c] === undefined);
    const to = Object.keys(after).find((c) => c !== "mood" && before[c] === undefined);
    return from === undefined || to === undefined ? [] : [{ table, from, to }];
  });
}

/** What a filled table can take: where NULL is not allowed there is a default, since only people know another value. */
const fillable = schema.map((spec) =>
  Object.fromEntries(
    Object.entries(spec).map(([name, columns]) => [
      name,
      Object.fromEntries(
        Object.entries(columns).map(([key, c]) => [key, { ...c, hasDefault: c.hasDefault || !c.nullable }]),
      ),
    ]),
  ),
);

const enumOf = (type: keyof typeof ENUMS) => (name: string, table: string) =>
  enumeration([...ENUMS[type]], { native: true, name: `mood_${table}` }).named(name) as never;
const make: Record<ColumnType, (name: string, table: string) => ReturnType<typeof integer>> = {
  enum1: enumOf("enum1"),
  enum2: enumOf("enum2"),
  enum3: enumOf("enum3"),
  integer: (n) => integer(n),
  string10: (n) => string(n, 10) as never,
  string20: (n) => string(n, 20) as never,
  text: (n) => text(n) as never,
  boolean: (n) => boolean(n) as never,
  numeric: (n) => numeric(n, 8, 2) as never,
};
function defaultOf({ type, otherDefault }: ColumnSpec): string {
  if (type === "boolean") return otherDefault ? "false" : "true";
  if (type === "integer" || type === "numeric") return otherDefault ? "7" : "3";
  if (type in ENUMS) return "'1'";
  return otherDefault ? "'it''s'" : "'x'";
}
function metadataOf(spec: SchemaSpec): MetaData {
  const metadata = new MetaData();
  for (const [name, columns] of Object.entries(spec)) {
    const props: Record<string, unknown> = { id: integer("id").primaryKey() };
    for (const [key, c] of Object.entries(columns)) {
      let made = make[c.type](key, name) as unknown as {
        comment(text: string): typeof made;
        nullable(): typeof made;
        serverDefault(sql: string): typeof made;
        references(t: string): typeof made;
      };
      if (c.nullable) made = made.nullable();
      if (c.hasDefault) made = made.serverDefault(defaultOf(c));
      if (c.comment !== undefined) made = made.comment(c.comment);
      if (c.refers && c.type === "integer" && c.nullable && !c.hasDefault) {
        const [first] = Object.keys(spec);
        if (first !== undefined) made = made.references(`${first}.id`);
      }
      props[key] = made;
    }
    table(name, props as never, {
      metadata,
      constraints: (t) =>
        Object.entries(columns).flatMap(([key, c]) => {
          const own = (t as never)[key] as ReturnType<typeof integer> & {
            desc(): never;
            gt(n: number): never;
            ne(s: string): never;
          };
          const isKeyable = c.type !== "text";
          const [first] = Object.keys(columns);
          const other =
            first !== undefined && first !== key && columns[first]?.type !== "text"
              ? ((t as never)[first] as never)
              : undefined;
          const made = ix(`ix_${name}_${key}`, (c.index === "desc" ? own.desc() : own) as never);
          const isNumber = c.type === "integer" || c.type === "numeric";
          return [
            ...(c.index !== "none" && isKeyable ? [c.index === "unique" ? made.unique() : made] : []),
            ...(c.unique && isKeyable ? [unique(`uq_${name}_${key}`, own as never)] : []),
            ...(c.pair && isKeyable && other !== undefined
              ? [
                  ix(`ix_pair_${name}_${key}`, other, own as never),
                  unique(`uq_pair_${name}_${key}`, own as never, other),
                ]
              : []),
            ...(c.check && isNumber ? [check(own.gt(0), `ck_${name}_${key}`)] : []),
            ...(c.check && /^(string|text)/.test(c.type) ? [check(own.ne(""), `ck_${name}_${key}`)] : []),
          ];
        }),
    });
  }
  return metadata;
}

/** Runs the operations as the file would: as source. */
async function runSource(context: MigrationContext, ops: readonly MigrateOp[]): Promise<void> {
  const { text: body, imports } = renderOps(ops, { dialect: context.dialect });
  const names = imports.flatMap((i) => i.names);
  const op = context.operations();
  // The transaction is the test's to end and to begin anew.
  op.autocommitBlock = async (block) => {
    await context.impl.commit(context.connection);
    await block();
    await context.impl.begin(context.connection, { timeouts: {} });
  };
  const work = new Function("op", ...names, `return (async () => {${body}\n})();`);
  await work(op, ...names.map((n) => (core as unknown as Record<string, unknown>)[n]));
  await op.finish();
}

describeEachDatabase("autogenerate, as source, from any schema to any other and back", (target) => {
  it.each([
    ["nothing to do", false],
    ["the rows, where a column survives", true],
  ])(
    "leaves %s",
    async (_, withRows) => {
      const engine = createEngine(await target.url());
      const connection = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
      const context = MigrationContext.online(connection);
      const compare = (spec: SchemaSpec, renames: readonly string[] = []) =>
        produceMigrations(context, [metadataOf(spec)], { renames });
      const run = async (ops: readonly MigrateOp[]) => {
        // Foreign keys off and a transaction, as a run has them.
        await context.impl.open(connection, undefined);
        await context.impl.begin(connection, { timeouts: {} });
        try {
          await runSource(context, ops);
          await context.impl.beforeCommit(connection);
          await context.impl.commit(connection);
        } catch (error) {
          await context.impl.rollback(connection);
          throw error;
        } finally {
          await context.impl.close(connection);
        }
      };
      // One row per table, and every value is a one: no key is doubled, and every type can become every other.
      const fill = async (spec: SchemaSpec) => {
        const quote = (name: string) => connection.dialect.quote(name);
        for (const [name, columns] of Object.entries(spec)) {
          const entries = Object.entries(columns);
          const one = (c: ColumnSpec) =>
            c.type === "boolean" ? "true" : /^(string|text|enum)/.test(c.type) ? "'1'" : "1";
          await connection.executeScript(
            `INSERT INTO ${quote(name)} (${["id", ...entries.map(([k]) => k)].map(quote).join(", ")}) VALUES (${["1", ...entries.map(([, c]) => one(c))].join(", ")})`,
          );
        }
      };
      const survives = async (a: SchemaSpec, b: SchemaSpec, now: ReadonlyMap<string, string> = new Map()) => {
        const quote = (name: string) => connection.dialect.quote(name);
        for (const [name, columns] of Object.entries(a)) {
          const others = b[name];
          if (others === undefined) continue;
          const kept = Object.keys(columns).flatMap(
            (c) => now.get(`${name}.${c}`) ?? (others[c] === undefined ? [] : [c]),
          );
          const rows = await connection.execute(
            sql`SELECT ${sql.raw(["id", ...kept].map(quote).join(", "))} FROM ${sql.raw(quote(name))}`,
          );
          expect([...rows].map((r) => [...r].map((v) => v === true || v === "true" || Number(v) === 1))).toEqual([
            ["id", ...kept].map(() => true),
          ]);
        }
      };
      const kinds = async (spec: SchemaSpec) => describeDifferences(await compare(spec));
      try {
        await fc.assert(
          fc.asyncProperty(withRows ? fillable : schema, withRows ? fillable : schema, async (a, b) => {
            // A key cannot refer to rows that went with their table.
            const refers = (spec: SchemaSpec) =>
              Object.values(spec).some((t) => Object.values(t).some((c) => c.refers));
            const isKept = (one: SchemaSpec, other: SchemaSpec) => !refers(one) || (Object.keys(one)[0] ?? "") in other;
            fc.pre(!withRows || (isKept(a, b) && isKept(b, a)));
            await run(await compare({}));
            await run(await compare(a));
            expect(await kinds(a)).toEqual([]);
            if (withRows) await fill(a);
            const renames = renamesOf(a, b);
            const there = await compare(
              b,
              renames.map((r) => `${r.table}.${r.from}:${r.to}`),
            );
            const back = reversed(there);
            await run(there);
            expect(await kinds(b)).toEqual([]);
            if (withRows) await survives(a, b, new Map(renames.map((r) => [`${r.table}.${r.from}`, r.to])));
            await run(back);
            expect(await kinds(a)).toEqual([]);
            if (withRows) await survives(a, b);
          }),
          { numRuns: Number(process.env.ATHANOR_RUNS ?? (target.name === "sqlite" ? 60 : 12)) },
        );
      } finally {
        await connection.close();
        await engine.dispose();
      }
    },
    240_000,
  );
});
