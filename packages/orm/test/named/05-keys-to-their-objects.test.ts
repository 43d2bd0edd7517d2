/**
 * 169 results over 13 data, each with a row that refers to both: no generated key may go to another object, whatever
 * kind of key it is. After SQLAlchemy's `TryToFoolInsertManyValuesTest.test_original_use_case`.
 */
import { bigInteger, func, integer, select, uuid } from "@athanor/core";
import { declarativeBase, manyToOne, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { told } from "./support.js";

const N = 13;
const kinds = {
  integer: () => integer().primaryKey(),
  bigInteger: () => bigInteger().primaryKey(),
  "key of the program": () =>
    uuid()
      .primaryKey()
      .default(() => crypto.randomUUID()),
} as const;

for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
  const Base = declarativeBase();
  class Datum extends Base("Datum", { datumId: integer().primaryKey() }) {}
  class Result extends Base("Result", {
    resultId: kinds[kind]() as ReturnType<(typeof kinds)["integer"]>,
    lftDatumId: integer().nullable().references("datum.datum_id"),
    get lftDatum() {
      return manyToOne(Datum);
    },
  }) {}
  const foreign = { integer: integer(), bigInteger: bigInteger(), "key of the program": uuid() }[kind];
  class ResultDatum extends Base(
    "ResultDatum",
    {
      resultId: (foreign as ReturnType<typeof integer>).references("result.result_id"),
      lftDatumId: integer().nullable().references("datum.datum_id"),
      get lftDatum() {
        return manyToOne(Datum);
      },
      get result() {
        return manyToOne(Result);
      },
    },
    { primaryKey: ["resultId"] },
  ) {}

  describeEachDatabase(`named test 5: generated keys, ${kind}`, (target) => {
    const db = told(target, Base.metadata);
    it("belong to their objects", async () => {
      await using session = new Session(db.engine);
      const data = Array.from({ length: N }, () => new Datum());
      session.addAll(data);
      await session.flush();
      const at = (n: number) => data[n % N] as Datum;
      const results = Array.from({ length: N * N }, (_, n) => new Result({ lftDatum: at(n) }));
      session.addAll(results);
      session.addAll(results.map((result, n) => new ResultDatum({ lftDatum: at(n), result })));
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
  });
}
