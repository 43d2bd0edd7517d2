/**
 * 23: loader criteria whose function reads other values each time, over five strategies, with plans cached or made anew.
 * After SQLAlchemy orm/test_relationship_criteria TemporalFixtureTest.test_same_relatinship_load_different_range.
 */
import { dateTime, integer, select } from "@athanor/core";
import {
  declarativeBase,
  joinedLoad,
  lazyLoad,
  oneToMany,
  SESSION,
  Session,
  selectinLoad,
  subqueryLoad,
  withLoaderCriteria,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { setUp } from "../query/blog.js";

const Base = declarativeBase();
const temporal = { timestamp: dateTime().default(() => new Date()) };
class Parent extends Base(
  "Parent",
  {
    id: integer().primaryKey(),
    get children() {
      return oneToMany(Child, { orderBy: "id" });
    },
  },
  { mixins: [temporal] },
) {}
class Child extends Base(
  "Child",
  { id: integer().primaryKey(), parentId: integer().references("parent.id") },
  { mixins: [temporal] },
) {}
const october = (day: number, hour = 12) => new Date(Date.UTC(2009, 9, day, hour));
const temporalRange = (from: Date, to: Date) =>
  withLoaderCriteria([Parent, Child] as never, (c: { timestamp: typeof Parent.c.timestamp }) =>
    c.timestamp.between(from, to),
  );

describeEachDatabase("23: same options, other values", (target) => {
  const at = setUp(target, Base.metadata, async (_engine) => {
    await using session = new Session(at.engine);
    const children = [15, 17, 20, 12, 17].map((day, i) => new Child({ id: i + 1, timestamp: october(day) }));
    session.add(
      new Parent({ id: 1, timestamp: october(15), children: children.slice(0, 3) }),
      new Parent({ id: 2, timestamp: october(17), children: children.slice(3) }),
    );
    await session.commit();
  });
  const strategies = { none: undefined, lazyLoad, joinedLoad, subqueryLoad, selectinLoad };
  for (const cached of [true, false])
    for (const name of Object.keys(strategies) as (keyof typeof strategies)[])
      it(`${name}, ${cached ? "cached" : "planned anew"}`, async () => {
        const forget = () => {
          // Every statement is planned and compiled for itself.
          at.engine.cache.clear();
          planCache.clear();
        };
        const planCache = new Session(at.engine)[SESSION].planCache(at.engine);
        const stop = cached ? undefined : at.engine.on("statement", forget);
        try {
          await using session = new Session(at.engine);
          const loader = strategies[name];
          const options = loader === undefined ? [] : [(loader as typeof selectinLoad)(Parent.c.children)];
          const parent = async (day: number) =>
            (await session.scalars(select(Parent).where(Parent.c.timestamp.eq(october(day)))).one())!;
          const p1 = await parent(15);
          const [c1, c2] = await p1.children;
          const p2 = await parent(17);
          const c5 = (await p2.children)[1];
          const found = await session
            .scalars(
              select(Parent)
                .executionOptions({ populateExisting: true })
                .options(temporalRange(october(16), october(18)), ...options),
            )
            .all();
          expect(found).toEqual([p2]);
          expect([...(await (found[0]!.children as unknown as Promise<Child[]>))]).toEqual([c5]);
          const again = await session
            .scalars(
              select(Parent)
                .executionOptions({ populateExisting: true })
                .join(Parent.c.children)
                .where(Child.c.id.eq(c2!.id))
                .options(temporalRange(october(15, 11), october(18)), ...options),
            )
            .all();
          expect(again).toEqual([p1]);
          expect([...(await (again[0]!.children as unknown as Promise<Child[]>))]).toEqual([c1, c2]);
        } finally {
          stop?.();
        }
      });
});
