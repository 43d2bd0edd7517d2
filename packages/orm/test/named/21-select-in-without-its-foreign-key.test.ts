/**
 * 21: select-in of a many-to-one reads by the foreign key alone; where that was left out it falls back to one join.
 * After SQLAlchemy orm/test_selectin_relations M2OWDegradeTest.
 */
import { insert, integer } from "@athanor/core";
import { declarativeBase, defer, manyToOne, Session, selectinLoad } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { setUp } from "../query/blog.js";

const Base = declarativeBase();
class A extends Base("A", {
  id: integer().primaryKey(),
  bId: integer().nullable().references("b.id"),
  get b() {
    return manyToOne(B, {});
  },
  q: integer().nullable(),
}) {}
class B extends Base("B", { id: integer().primaryKey(), x: integer(), y: integer() }) {}

describeEachDatabase("21: select-in without its foreign key", (target) => {
  const at = setUp(target, Base.metadata, async (engine) => {
    await engine.begin(async (connection) => {
      await connection.execute(
        insert(B).values([
          { id: 1, x: 5, y: 9 },
          { id: 2, x: 10, y: 8 },
        ]),
      );
      const rows = [
        [1, 1],
        [2, 2],
        [3, 2],
        [4, null],
        [5, 1],
      ] as const;
      await connection.execute(insert(A).values(rows.map(([id, bId]) => ({ id, bId }))));
    });
  });
  const tell = (list: readonly { readonly id: number; readonly b: B | null }[]) =>
    list.map(({ id, b }) => [id, b && [b.id, b.x, b.y]]);
  const some = [
    [1, [1, 5, 9]],
    [3, [2, 10, 8]],
  ];
  const every = [
    [1, [1, 5, 9]],
    [2, [2, 10, 8]],
    [3, [2, 10, 8]],
    [4, null],
    [5, [1, 5, 9]],
  ];

  it("by key: the parent is not in the second statement", async () => {
    await using session = new Session(at.engine);
    const found = await session
      .query(A)
      .filter(A.c.id.in([1, 3]))
      .options(selectinLoad(A.c.b))
      .orderBy(A.c.id)
      .all();
    expect(tell(found)).toEqual(some);
    expect(at.ran.work).toHaveLength(2);
    expect(at.ran.work[0]).toMatch(/^SELECT a\.id, a\.b_id, a\.q FROM a WHERE a\.id IN .* ORDER BY a\.id$/);
    expect(at.ran.work[1]).toMatch(/^SELECT b\.id, b\.x, b\.y FROM b WHERE b\.id /);
    expect(at.ran.numbers).toEqual([
      [1, 3],
      [1, 2],
    ]);
  });
  it("deferred: one statement that joins the parent, no read of the keys before it", async () => {
    await using session = new Session(at.engine);
    const found = await session
      .query(A)
      .filter(A.c.id.in([1, 3]))
      .options(defer(A.c.bId), selectinLoad(A.c.b))
      .orderBy(A.c.id)
      .all();
    expect(tell(found)).toEqual(some);
    expect(at.ran.work).toHaveLength(2);
    expect(at.ran.work[0]).toMatch(/^SELECT a\.id, a\.q FROM a WHERE a\.id IN .* ORDER BY a\.id$/);
    expect(at.ran.work[1]).toMatch(
      /^SELECT b\.id, b\.x, b\.y, a_1\.id AS id_1 FROM a AS a_1 (INNER )?JOIN b ON a_1\.b_id = b\.id WHERE a_1\.id /,
    );
    expect(at.ran.numbers).toEqual([
      [1, 3],
      [1, 3],
    ]);
  });
  it("all rows, the one that refers to nothing too", async () => {
    await using session = new Session(at.engine);
    expect(tell(await session.query(A).options(selectinLoad(A.c.b)).orderBy(A.c.id).all())).toEqual(every);
    session.expungeAll();
    at.ran.clear();
    expect(tell(await session.query(A).options(defer(A.c.bId), selectinLoad(A.c.b)).orderBy(A.c.id).all())).toEqual(
      every,
    );
    expect(at.ran.work).toHaveLength(2);
    expect(at.ran.numbers).toEqual([[], [1, 2, 3, 4, 5]]);
  });
});
