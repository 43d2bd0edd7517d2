/**
 * 169 results over 13 data, each with a row that refers to both: no generated key may go to another object, whatever
 * kind of key and of sentinel there is. After SQLAlchemy's `TryToFoolInsertManyValuesTest.test_original_use_case`.
 *
 * Its sequences are left out: a sequence is no object of its own here. Its warning about smaller batches, too: a flush
 * tells rows apart by their keys and asks for no sentinel; `packages/core/test/sql/insert-order.test.ts` has the warning.
 */
import { bigInteger, type ColumnDefinition, func, insertSentinel, integer, select, string, uuid } from "@athanor/core";
import { declarativeBase, manyToOne, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { told } from "./support.js";

const N = 13;
const kinds = {
  integer: () => integer().primaryKey(),
  bigInteger: () => bigInteger().primaryKey(),
  identity: () => integer().identity().primaryKey(),
  "key of the program": () =>
    uuid()
      .primaryKey()
      .default(() => crypto.randomUUID()),
} as const;
/** What rows are told apart by beside their keys; `given`: the program sets it. */
const sentinels: { readonly [name: string]: { readonly column?: () => ColumnDefinition; readonly given?: true } } = {
  none: {},
  "a column for it": { column: () => insertSentinel() as never },
  "an explicit UUID": { column: () => uuid().insertSentinel() as never, given: true },
  "a UUID by default": {
    column: () =>
      uuid()
        .default(() => crypto.randomUUID())
        .insertSentinel() as never,
  },
  "a UUID as text by default": {
    column: () =>
      string(36)
        .default(() => crypto.randomUUID())
        .insertSentinel() as never,
  },
};

for (const kind of Object.keys(kinds) as (keyof typeof kinds)[])
  for (const [name, { column, given }] of Object.entries(sentinels)) {
    const Base = declarativeBase();
    const mark = () => (column === undefined ? {} : { mark: column() }) as unknown as { mark: ReturnType<typeof uuid> };
    class Datum extends Base("Datum", { datumId: integer().primaryKey() }) {}
    class Result extends Base("Result", {
      resultId: kinds[kind]() as ReturnType<(typeof kinds)["integer"]>,
      lftDatumId: integer().nullable().references("datum.datum_id"),
      get lftDatum() {
        return manyToOne(Datum);
      },
      ...mark(),
    }) {}
    const foreign = { integer: integer(), bigInteger: bigInteger(), identity: integer(), "key of the program": uuid() };
    class ResultDatum extends Base(
      "ResultDatum",
      {
        resultId: (foreign[kind] as ReturnType<typeof integer>).references("result.result_id"),
        lftDatumId: integer().nullable().references("datum.datum_id"),
        get lftDatum() {
          return manyToOne(Datum);
        },
        get result() {
          return manyToOne(Result);
        },
        ...mark(),
      },
      { primaryKey: ["resultId"] },
    ) {}

    describeEachDatabase(
      `named test 5: generated keys, ${kind}, sentinel: ${name}`,
      (target) => {
        const db = told(target, Base.metadata);
        it("belong to their objects", async () => {
          await using session = new Session(db.engine);
          const data = Array.from({ length: N }, () => new Datum());
          session.addAll(data);
          await session.flush();
          const at = (n: number) => data[n % N] as Datum;
          const own = () => (given ? { mark: crypto.randomUUID() } : {}) as { mark: string };
          const results = Array.from({ length: N * N }, (_, n) => new Result({ lftDatum: at(n), ...own() }));
          session.addAll(results);
          session.addAll(results.map((result, n) => new ResultDatum({ lftDatum: at(n), result, ...own() })));
          await session.flush();
          const bad = select(func.count())
            .selectFrom(ResultDatum)
            .join(Result, ResultDatum.c.resultId.eq(Result.c.resultId))
            .where(Result.c.lftDatumId.ne(ResultDatum.c.lftDatumId));
          expect(await session.scalar(bad)).toBe(0);
          expect(await session.scalar(select(func.count()).selectFrom(ResultDatum))).toBe(N * N);
          expect(new Set(results.map((r) => r.resultId)).size).toBe(N * N);
          await session.commit();
        });
      },
      kind === "identity" ? { only: ["postgresql"] } : {},
    );
  }
