/**
 * 20: the same row reached by two paths of a statement, of which only one goes deeper, fills the deeper attribute.
 * After SQLAlchemy orm/test_eager_relations EntityViaMultiplePathTestOne.test_multi_path_load.
 */
import { integer } from "@athanor/core";
import { aliased, containsEager, declarativeBase, inspect, manyToOne, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { setUp } from "../query/blog.js";

const Base = declarativeBase();
class A extends Base("A", {
  id: integer().primaryKey(),
  bId: integer().nullable().references("b.id"),
  cId: integer().nullable().references("c.id"),
  get b() {
    return manyToOne(B, {});
  },
  get c() {
    return manyToOne(C, {});
  },
}) {}
class B extends Base("B", {
  id: integer().primaryKey(),
  cId: integer().nullable().references("c.id"),
  get c() {
    return manyToOne(C, {});
  },
}) {}
class C extends Base("C", {
  id: integer().primaryKey(),
  dId: integer().nullable().references("d.id"),
  get d() {
    return manyToOne(D, {});
  },
}) {}
class D extends Base("D", { id: integer().primaryKey() }) {}

describeEachDatabase("20: one row by two paths", (target) => {
  const at = setUp(target, Base.metadata, async (engine) => {
    await using session = new Session(engine);
    const c = new C({ id: 3, d: new D({ id: 4 }) });
    session.add(new A({ id: 1, b: new B({ id: 2, c }), c }));
    await session.commit();
  });
  const [first, second] = [aliased(C, "c_first"), aliased(C, "c_second")];

  for (const deepFirst of [true, false])
    it(`the deeper path ${deepFirst ? "before" : "after"} the other one`, async () => {
      await using session = new Session(at.engine);
      const deep = containsEager(A.c.b).containsEager(B.c.c, { alias: first }).containsEager(C.c.d);
      const flat = containsEager(A.c.c, { alias: second });
      const query = session
        .query(A)
        .join(A.c.b)
        .join(B.c.c.ofType(first))
        .join(D, first.c.dId.eq(D.c.id))
        .join(A.c.c.ofType(second));
      const [a] = await (deepFirst ? query.options(deep, flat) : query.options(flat, deep)).all();
      at.ran.clear();
      const c = a!.c as unknown as C;
      expect(c).toBe((a!.b as unknown as { c: C }).c);
      expect(inspect(c).unloaded).not.toContain("d");
      expect((c.d as unknown as D).id).toBe(4);
      expect(at.ran.work).toEqual([]);
    });
  for (const deepFirst of [true, false])
    it(`by ofType, the deeper path ${deepFirst ? "before" : "after"}`, async () => {
      await using session = new Session(at.engine);
      const deep = containsEager(A.c.b)
        .containsEager(B.c.c.ofType(first))
        .containsEager(first.c.d as never);
      const flat = containsEager(A.c.c.ofType(second));
      const query = session
        .query(A)
        .join(A.c.b)
        .join(B.c.c.ofType(first))
        .join(first.c.d as never)
        .join(A.c.c.ofType(second));
      const [a] = await (deepFirst ? query.options(deep as never, flat) : query.options(flat, deep as never)).all();
      at.ran.clear();
      expect(((a!.c as unknown as C).d as unknown as D).id).toBe(4);
      expect(at.ran.work).toEqual([]);
    });
});
