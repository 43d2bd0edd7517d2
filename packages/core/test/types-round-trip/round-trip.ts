/** Sends values of one type through everything that carries them, and compares what comes back. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect } from "vitest";
import { integer } from "../../src/api/columns.js";
import { insert, select } from "../../src/api/statements.js";
import { table, tableOf } from "../../src/api/tables.js";
import type { Engine } from "../../src/engine/engine.js";
import { CreateTable } from "../../src/schema/ddl.js";
import type { ColumnDefinition } from "../../src/schema/definition.js";
import { MetaData } from "../../src/schema/metadata.js";

export interface Case {
  readonly name: string;
  readonly column: () => unknown;
  readonly edges: readonly unknown[];
  readonly arbitrary?: fc.Arbitrary<unknown>;
  /** What a value reads as, where that is another spelling of it. */
  readonly reads?: (value: unknown) => unknown;
  /** Raw SQL reads it the same. */
  readonly raw?: boolean;
  /** Written as a literal into SQL text too. Default: yes. */
  readonly literal?: boolean;
}
let count = 0;
let ids = 0;

/** Bytes by their class, length and digest: megabytes compared element by element take seconds. */
const digest = (value: unknown): unknown =>
  value instanceof Uint8Array && value.length > 1000
    ? `${value.constructor.name} ${value.length} ${createHash("sha256").update(value).digest("hex")}`
    : value;
function expectSame(found: readonly unknown[], expected: readonly unknown[]): void {
  expect(found.map(digest)).toEqual(expected.map(digest));
}

export async function roundTrip(engine: Engine, of: Case): Promise<void> {
  const name = `trip_${++count}`;
  const definition = (of.column() as ColumnDefinition).nullable();
  const things = table(
    name,
    { id: integer().primaryKey(), v: definition as never },
    { metadata: new MetaData() },
  ) as never as {
    readonly c: { readonly id: never; readonly v: never };
  };
  const own = tableOf(things as never);
  await engine.begin((conn) => conn.execute(new CreateTable(own)));
  const { type } = definition.fields;
  const reads = of.reads ?? ((value: unknown) => value);
  const all = async (values: readonly unknown[]): Promise<void> => {
    const expected = values.map((v) => (v === null ? null : reads(v)));
    await engine.begin(async (conn) => {
      const first = ids + 1;
      const rows = values.map((v) => ({ id: ++ids, v }));
      await conn.execute(insert(things as never).values(rows as never));
      const id = things.c.id as unknown as { ge(n: number): never; eq(n: number): never };
      const read = select(things.c.v).where(id.ge(first)).orderBy(things.c.id);
      // Three times: the first as text, then prepared, then in the driver's fastest form.
      for (let i = 0; i < 3; i++)
        expectSame(
          (await conn.execute(read as never).all()).map((r) => r[0]),
          expected,
        );
      if (of.raw !== false) {
        const raw = await conn.execDriverSql(`select v from ${name} where id >= ${first} order by id`).all();
        expectSame(
          raw.map((r) => r[0]),
          expected,
        );
      }
      if (engine.dialect.capabilities.returning.insert) {
        const returning = insert(things as never)
          .values({ id: ++ids, v: values[0] } as never)
          .returning(things.c.v);
        expectSame([((await conn.execute(returning as never).one()) as readonly unknown[])[0]], [expected[0]]);
      }
      if (of.literal !== false) {
        const from = ids + 1;
        for (const v of values)
          await conn.executeScript(`insert into ${name} (id, v) values (${++ids}, ${engine.dialect.literal(v, type)})`);
        const literals = select(things.c.v).where(id.ge(from)).orderBy(things.c.id);
        expectSame(
          (await conn.execute(literals as never).all()).map((r) => r[0]),
          expected,
        );
      }
    });
  };
  await all([...of.edges, null]);
  if (of.arbitrary !== undefined) {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(of.arbitrary, { nil: null, freq: 20 }), { minLength: 1, maxLength: 12 }),
        all,
      ),
      { numRuns: 12, endOnFailure: true },
    );
  }
}
