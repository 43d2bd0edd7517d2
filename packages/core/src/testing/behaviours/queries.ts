/** Selects: filters, joins, subqueries, CTEs, set operations, windows, empty and long lists. */
import {
  alias,
  and,
  type Connection,
  type Criterion,
  cast,
  exists,
  func,
  insert,
  integer,
  type MetaData,
  not,
  null_,
  or,
  select,
  string,
  table,
  when,
} from "../../index.js";
import { type BehaviourGroup, behaviour, plain } from "../behaviour.js";

const shop = (metadata: MetaData) => {
  const maker = table(
    "suite_maker",
    { id: integer().primaryKey().autoincrement(false), name: string(40), bossId: integer().nullable() },
    { metadata },
  );
  const car = table(
    "suite_car",
    {
      id: integer().primaryKey().autoincrement(false),
      makerId: integer().nullable(),
      model: string(40),
      price: integer().nullable(),
    },
    { metadata },
  );
  return { maker, car };
};
type Shop = ReturnType<typeof shop>;
/** Makers 1, 2, 3 (3 has no cars), boss of 2 and 3 is 1; cars 10 to 14, the last without a maker, 13 without a price. */
async function fill(connection: Connection, { maker, car }: Shop): Promise<void> {
  await connection.execute(insert(maker), [
    { id: 1, name: "Ada", bossId: null },
    { id: 2, name: "Bob", bossId: 1 },
    { id: 3, name: "Cyd", bossId: 2 },
  ]);
  await connection.execute(insert(car), [
    { id: 10, makerId: 1, model: "alpha", price: 100 },
    { id: 11, makerId: 1, model: "beta", price: 300 },
    { id: 12, makerId: 2, model: "gamma 50%", price: 200 },
    { id: 13, makerId: 2, model: "delta_x", price: null },
    { id: 14, makerId: null, model: "Alpha", price: 100 },
  ]);
}
const filled =
  (work: (connection: Connection, shop: Shop, ids: (query: unknown) => Promise<unknown[]>) => Promise<void>) =>
  async (connection: Connection, tables: Shop) => {
    await fill(connection, tables);
    // Any query over the shop; its first column is what is looked at.
    await work(connection, tables, (query) => connection.scalars(query as never).all());
  };

export const queries: BehaviourGroup = {
  title: "queries",
  behaviours: [
    behaviour("comparisons and null", [], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (_c, { car }, ids) => {
          const where = (...criteria: Criterion[]) =>
            ids(
              select(car.c.id)
                .where(...criteria)
                .orderBy(car.c.id),
            );
          assert.deepEqual(await where(car.c.price.gt(100), car.c.price.le(300)), [11, 12]);
          assert.deepEqual(await where(car.c.price.ne(100)), [11, 12]);
          assert.deepEqual(await where(car.c.price.isNull()), [13]);
          assert.deepEqual(await where(car.c.price.eq(null as never)), [13]);
          assert.deepEqual(await where(car.c.makerId.isNotNull()), [10, 11, 12, 13]);
          assert.deepEqual(await where(car.c.price.between(100, 200)), [10, 12, 14]);
          assert.deepEqual(
            await where(or(car.c.price.eq(300), and(car.c.makerId.eq(2), car.c.price.isNull()))),
            [11, 13],
          );
          assert.deepEqual(await where(not(or(car.c.id.eq(10), car.c.id.eq(11)))), [12, 13, 14]);
        }),
      );
    }),
    behaviour("IS DISTINCT FROM takes null for a value", ["isDistinctFrom"], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (_c, { car }, ids) => {
          assert.deepEqual(
            await ids(select(car.c.id).where(car.c.price.isDistinctFrom(100)).orderBy(car.c.id)),
            [11, 12, 13],
          );
          assert.deepEqual(await ids(select(car.c.id).where(car.c.price.isNotDistinctFrom(null))), [13]);
        }),
      );
    }),
    behaviour("IN takes lists of any length, empty ones too", [], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (connection, { car }, ids) => {
          const by = select(car.c.id).orderBy(car.c.id);
          assert.deepEqual(await ids(by.where(car.c.id.in([12, 10]))), [10, 12]);
          assert.deepEqual(await ids(by.where(car.c.id.in([]))), []);
          assert.deepEqual(await ids(by.where(car.c.id.notIn([]))), [10, 11, 12, 13, 14]);
          assert.deepEqual(await ids(by.where(car.c.price.notIn([]))), [10, 11, 12, 13, 14]);
          assert.deepEqual(await ids(by.where(car.c.id.notIn([10, 11]))), [12, 13, 14]);
          // As long as the dialect says that a list may be.
          const length = Math.min(3000, connection.dialect.capabilities.maxParameters);
          const many = Array.from({ length }, (_, i) => i - Math.min(1000, length - 15));
          assert.deepEqual(await ids(by.where(car.c.id.in(many))), [10, 11, 12, 13, 14]);
          assert.deepEqual(
            await ids(by.where(car.c.model.in(["alpha", "no' such"]))).then((x) => x.includes(10)),
            true,
          );
          // The same statement with lists of other lengths: no length is kept from an earlier run.
          for (const list of [[10], [10, 11], [], [10, 11, 12], [14]])
            assert.deepEqual(await ids(by.where(car.c.id.in(list))), list);
        }),
      );
    }),
    behaviour("IN over a query", [], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (_c, { car, maker }, ids) => {
          const cheap = select(car.c.makerId).where(car.c.price.eq(100), car.c.makerId.isNotNull());
          assert.deepEqual(await ids(select(maker.c.name).where(maker.c.id.in(cheap as never))), ["Ada"]);
          assert.deepEqual(
            await ids(
              select(maker.c.name)
                .where(maker.c.id.notIn(cheap as never))
                .orderBy(maker.c.id),
            ),
            ["Bob", "Cyd"],
          );
        }),
      );
    }),
    behaviour(
      "LIKE and its helpers take special characters literally when told",
      [],
      async ({ assert, withTables }) => {
        await withTables(
          shop,
          filled(async (_c, { car }, ids) => {
            const by = select(car.c.id).orderBy(car.c.id);
            assert.deepEqual(
              await ids(by.where(car.c.model.like("%a%"))),
              await ids(by.where(car.c.model.contains("a"))),
            );
            assert.deepEqual(await ids(by.where(car.c.model.endsWith("0%", { autoescape: true }))), [12]);
            assert.deepEqual(await ids(by.where(car.c.model.contains("_", { autoescape: true }))), [13]);
            assert.deepEqual(await ids(by.where(car.c.model.startsWith("gam"))), [12]);
            assert.deepEqual(await ids(by.where(car.c.model.ilike("ALPHA"))), [10, 14]);
          }),
        );
      },
    ),
    behaviour("strings compare by case", ["caseSensitiveEquality"], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (_c, { car }, ids) => {
          assert.deepEqual(await ids(select(car.c.id).where(car.c.model.eq("alpha"))), [10]);
        }),
      );
    }),
    behaviour("order, limit, offset, distinct", [], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (_c, { car }, ids) => {
          assert.deepEqual(
            await ids(select(car.c.id).orderBy(car.c.price.desc(), car.c.id).where(car.c.price.isNotNull())),
            [11, 12, 10, 14],
          );
          assert.deepEqual(await ids(select(car.c.id).orderBy(car.c.id).limit(2).offset(1)), [11, 12]);
          assert.deepEqual(await ids(select(car.c.id).orderBy(car.c.id).offset(3)), [13, 14]);
          assert.deepEqual(await ids(select(car.c.id).limit(0)), []);
          assert.deepEqual(
            await ids(select(car.c.price).distinct().where(car.c.price.isNotNull()).orderBy(car.c.price)),
            [100, 200, 300],
          );
        }),
      );
    }),
    behaviour("NULLS FIRST and NULLS LAST", ["nullsOrdering"], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (_c, { car }, ids) => {
          assert.equal((await ids(select(car.c.id).orderBy(car.c.price.asc().nullsFirst(), car.c.id)))[0], 13);
          assert.equal((await ids(select(car.c.id).orderBy(car.c.price.desc().nullsLast(), car.c.id)))[4], 13);
        }),
      );
    }),
    behaviour("inner and left joins", [], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (connection, { car, maker }) => {
          const inner = select(maker.c.name, car.c.model).join(car, car.c.makerId.eq(maker.c.id)).orderBy(car.c.id);
          assert.deepEqual(plain(await connection.execute(inner)), [
            ["Ada", "alpha"],
            ["Ada", "beta"],
            ["Bob", "gamma 50%"],
            ["Bob", "delta_x"],
          ]);
          const left = select(maker.c.name, car.c.id)
            .outerJoin(car, car.c.makerId.eq(maker.c.id))
            .orderBy(maker.c.id, car.c.id);
          assert.deepEqual(plain(await connection.execute(left)), [
            ["Ada", 10],
            ["Ada", 11],
            ["Bob", 12],
            ["Bob", 13],
            ["Cyd", null],
          ]);
        }),
      );
    }),
    behaviour("a table joins itself under another name", [], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (connection, { maker }) => {
          const boss = alias(maker, "boss");
          const query = select(maker.c.name, boss.c.name.as("boss"))
            .outerJoin(boss, boss.c.id.eq(maker.c.bossId))
            .orderBy(maker.c.id);
          assert.deepEqual(plain(await connection.execute(query)), [
            ["Ada", null],
            ["Bob", "Ada"],
            ["Cyd", "Bob"],
          ]);
        }),
      );
    }),
    behaviour("FULL JOIN keeps both sides", ["fullJoin"], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (connection, { car, maker }) => {
          const full = await connection.execute(
            select(maker.c.name, car.c.id).fullJoin(car, car.c.makerId.eq(maker.c.id)),
          );
          assert.equal(full.length, 6);
          assert.ok(full.some((r) => r.name === null && r.id === 14));
          assert.ok(full.some((r) => r.name === "Cyd" && r.id === null));
        }),
      );
    }),
    behaviour("grouping and having", [], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (connection, { car }) => {
          const query = select(
            car.c.makerId,
            func.count().as("n"),
            func.sum(car.c.price).as("total"),
            func.min(car.c.price).as("least"),
          )
            .where(car.c.makerId.isNotNull())
            .groupBy(car.c.makerId)
            .orderBy(car.c.makerId);
          assert.deepEqual(
            plain(await connection.execute(query)).map((r) => r.map(Number)),
            [
              [1, 2, 400, 100],
              [2, 2, 200, 200],
            ],
          );
          const rich = await connection.execute(query.having(func.sum(car.c.price).gt(300)));
          assert.deepEqual(
            rich.map((r) => r.makerId ?? r[0]),
            [1],
          );
          const empty = await connection.execute(select(func.count(), func.max(car.c.price)).where(car.c.id.lt(0)));
          assert.deepEqual(plain(empty), [[0, null]]);
        }),
      );
    }),
    behaviour("subqueries in FROM, WHERE and the select list", [], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (connection, { car, maker }, ids) => {
          const counts = select(car.c.makerId.as("owner"), func.count().as("n"))
            .groupBy(car.c.makerId)
            .subquery("counts");
          const joined = select(maker.c.name, counts.c.n)
            .join(counts, counts.c.owner.eq(maker.c.id))
            .orderBy(maker.c.id);
          assert.deepEqual(plain(await connection.execute(joined)), [
            ["Ada", 2],
            ["Bob", 2],
          ]);
          const has = exists(select(car.c.id).where(car.c.makerId.eq(maker.c.id)));
          assert.deepEqual(await ids(select(maker.c.id).where(has).orderBy(maker.c.id)), [1, 2]);
          assert.deepEqual(await ids(select(maker.c.id).where(not(has))), [3]);
          const number = select(func.count()).selectFrom(car).where(car.c.makerId.eq(maker.c.id)).scalar();
          const rows = await connection.execute(select(maker.c.id, number.as("cars")).orderBy(maker.c.id));
          assert.deepEqual(plain(rows), [
            [1, 2],
            [2, 2],
            [3, 0],
          ]);
        }),
      );
    }),
    behaviour("a common table expression", [], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (connection, { car, maker }) => {
          const dear = select(car.c.makerId, car.c.price).where(car.c.price.ge(200)).cte("dear");
          const query = select(maker.c.name, dear.c.price)
            .join(dear, dear.c.makerId.eq(maker.c.id))
            .orderBy(maker.c.id);
          assert.deepEqual(plain(await connection.execute(query)), [
            ["Ada", 300],
            ["Bob", 200],
          ]);
        }),
      );
    }),
    behaviour("a recursive common table expression walks a tree", ["recursiveCte"], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (_c, { maker }, ids) => {
          const line = select(maker.c.id, maker.c.bossId).where(maker.c.id.eq(3)).cte("line", { recursive: true });
          const up = alias(maker, "up");
          const whole = line.unionAll(select(up.c.id, up.c.bossId).join(line, line.c.bossId.eq(up.c.id)));
          assert.deepEqual(await ids(select(whole.c.id).orderBy(whole.c.id)), [1, 2, 3]);
        }),
      );
    }),
    behaviour("UNION, also of members that are cut and ordered", [], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (_c, { car }, ids) => {
          const least = select(car.c.id).orderBy(car.c.id).limit(1);
          const most = select(car.c.id).orderBy(car.c.id.desc()).limit(1);
          assert.deepEqual((await ids(least.union(most))).sort(), [10, 14]);
          const one = select(car.c.id).where(car.c.id.eq(10));
          assert.deepEqual(await ids(one.union(one)), [10]);
          assert.deepEqual(await ids(one.unionAll(one)), [10, 10]);
          assert.deepEqual(
            await ids(
              one
                .unionAll(select(car.c.id).where(car.c.id.gt(12)))
                .orderBy(car.c.id.desc())
                .limit(2),
            ),
            [14, 13],
          );
        }),
      );
    }),
    behaviour("INTERSECT and EXCEPT", ["intersectExcept"], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (_c, { car }, ids) => {
          const low = select(car.c.id).where(car.c.id.le(12));
          const high = select(car.c.id).where(car.c.id.ge(12));
          assert.deepEqual(await ids(low.intersect(high)), [12]);
          assert.deepEqual((await ids(low.except(high))).sort(), [10, 11]);
        }),
      );
    }),
    behaviour("window functions and frames", ["windowFunctions"], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (connection, { car }) => {
          const query = select(
            car.c.id,
            func.rowNumber().over({ orderBy: car.c.id.desc() }).as("place"),
            func.rank().over({ partitionBy: car.c.makerId, orderBy: car.c.id }).as("rank"),
            func
              .sum(car.c.id)
              .over({ orderBy: car.c.id, rows: [-1, 0] })
              .as("pair"),
            func.lag(car.c.id).over({ orderBy: car.c.id }).as("before"),
          ).orderBy(car.c.id);
          assert.deepEqual(
            plain(await connection.execute(query)).map((r) => r.map((v) => (v === null ? null : Number(v)))),
            [
              [10, 5, 1, 10, null],
              [11, 4, 2, 21, 10],
              [12, 3, 1, 23, 11],
              [13, 2, 2, 25, 12],
              [14, 1, 1, 27, 13],
            ],
          );
        }),
      );
    }),
    behaviour("CASE, CAST, COALESCE and arithmetic", [], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (connection, { car }) => {
          const size = when(car.c.price.gt(150), "dear").when(car.c.price.isNotNull(), "cheap").else("unknown");
          const query = select(
            size.as("size"),
            func.coalesce(car.c.price, 0).as("price"),
            cast(car.c.id, string(10)).as("text"),
            car.c.id.mul(2).add(1).as("odd"),
          )
            .where(car.c.id.ge(12))
            .orderBy(car.c.id);
          assert.deepEqual(plain(await connection.execute(query)), [
            ["dear", 200, "12", 25],
            ["unknown", 0, "13", 27],
            ["cheap", 100, "14", 29],
          ]);
          const strings = select(
            func.lower(car.c.model),
            func.upper(car.c.model),
            func.length(car.c.model),
            car.c.model.concat("!"),
          ).where(car.c.id.eq(14));
          assert.deepEqual(plain(await connection.execute(strings)), [["alpha", "ALPHA", 5, "Alpha!"]]);
          assert.equal(await connection.scalar(select(null_)), null);
        }),
      );
    }),
    behaviour("a lateral subquery sees the tables before it", ["lateral"], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (connection, { car, maker }) => {
          const top = select(car.c.model)
            .where(car.c.makerId.eq(maker.c.id))
            .orderBy(car.c.id.desc())
            .limit(1)
            .lateral("top");
          const query = select(maker.c.name, top.c.model).join(top, maker.c.id.eq(maker.c.id)).orderBy(maker.c.id);
          assert.deepEqual(plain(await connection.execute(query)), [
            ["Ada", "beta"],
            ["Bob", "delta_x"],
          ]);
        }),
      );
    }),
    behaviour("FOR UPDATE locks what is read", ["rowLocks"], async ({ assert, withTables }) => {
      await withTables(
        shop,
        filled(async (_c, { car }, ids) => {
          assert.deepEqual(await ids(select(car.c.id).where(car.c.id.eq(10)).withForUpdate()), [10]);
        }),
      );
    }),
  ],
};
