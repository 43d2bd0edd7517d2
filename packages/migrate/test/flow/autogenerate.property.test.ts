/** Any schema A, any schema B: migrating from A to B leaves nothing to do, and going back leaves A. */

import * as core from "@athanor/core";
import {
  boolean,
  createEngine,
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
const column = fc.record({
  type: fc.constantFrom("integer", "string10", "string20", "text", "boolean", "numeric"),
  nullable: fc.boolean(),
  hasDefault: fc.boolean(),
  index: fc.boolean(),
  unique: fc.boolean(),
  refers: fc.boolean(),
});
type ColumnSpec = typeof column extends fc.Arbitrary<infer T> ? T : never;
const schema = fc.dictionary(
  fc.constantFrom("t1", "t2", "t3"),
  fc.dictionary(fc.constantFrom(...NAMES), column, { maxKeys: 4, noNullPrototype: true }),
  {
    maxKeys: 3,
    noNullPrototype: true,
  },
);
type SchemaSpec = Record<string, Record<string, ColumnSpec>>;

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

const make: Record<ColumnSpec["type"], (name: string) => ReturnType<typeof integer>> = {
  integer: (n) => integer(n),
  string10: (n) => string(n, 10) as never,
  string20: (n) => string(n, 20) as never,
  text: (n) => text(n) as never,
  boolean: (n) => boolean(n) as never,
  numeric: (n) => numeric(n, 8, 2) as never,
};
function metadataOf(spec: SchemaSpec): MetaData {
  const metadata = new MetaData();
  for (const [name, columns] of Object.entries(spec)) {
    const props: Record<string, unknown> = { id: integer("id").primaryKey() };
    for (const [key, c] of Object.entries(columns)) {
      let made = make[c.type](key) as unknown as {
        nullable(): typeof made;
        serverDefault(sql: string): typeof made;
        references(t: string): typeof made;
      };
      if (c.nullable) made = made.nullable();
      if (c.hasDefault)
        made = made.serverDefault(
          c.type === "integer" || c.type === "numeric" ? "3" : c.type === "boolean" ? "true" : "'x'",
        );
      if (c.refers && c.type === "integer" && c.nullable && !c.hasDefault) {
        const [first] = Object.keys(spec);
        if (first !== undefined) made = made.references(`${first}.id`);
      }
      props[key] = made;
    }
    table(name, props as never, {
      metadata,
      constraints: (t) =>
        Object.entries(columns).flatMap(([key, c]) => [
          ...(c.index && c.type !== "text" ? [ix(`ix_${name}_${key}`, (t as never)[key])] : []),
          ...(c.unique && c.type !== "text" ? [unique(`uq_${name}_${key}`, (t as never)[key])] : []),
        ]),
    });
  }
  return metadata;
}

/** Runs the operations as the file would: as source. */
async function runSource(context: MigrationContext, ops: readonly MigrateOp[]): Promise<void> {
  const { text: body, imports } = renderOps(ops, { dialect: context.dialect });
  const names = imports.flatMap((i) => i.names);
  const op = context.operations();
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
      const compare = (spec: SchemaSpec) => produceMigrations(context, [metadataOf(spec)]);
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
          const one = (c: ColumnSpec) => (c.type === "boolean" ? "true" : /^(string|text)/.test(c.type) ? "'1'" : "1");
          await connection.executeScript(
            `INSERT INTO ${quote(name)} (${["id", ...entries.map(([k]) => k)].map(quote).join(", ")}) VALUES (${["1", ...entries.map(([, c]) => one(c))].join(", ")})`,
          );
        }
      };
      const survives = async (a: SchemaSpec, b: SchemaSpec) => {
        const quote = (name: string) => connection.dialect.quote(name);
        for (const [name, columns] of Object.entries(a)) {
          const others = b[name];
          if (others === undefined) continue;
          const kept = Object.keys(columns).filter((c) => others[c] !== undefined);
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
            const there = await compare(b);
            const back = reversed(there);
            await run(there);
            expect(await kinds(b)).toEqual([]);
            if (withRows) await survives(a, b);
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
