/** One of the most telling cases of SQLAlchemy's own suite, told anew; the others are in `test/named`. */
import { integer, select, string } from "@athanor/core";
import {
  aliased,
  containsEager,
  declarativeBase,
  joinedLoad,
  manyToOne,
  oneToMany,
  Session,
  selectinLoad,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { setUp } from "./blog.js";

/** 24: the same hierarchy, mapped to one table or to several, gives the same objects. */
for (const tables of ["one", "several"] as const) {
  const Zoo = declarativeBase();
  class Keeper extends Zoo("Keeper", {
    id: integer().primaryKey(),
    get animals() {
      return oneToMany(Animal, { backPopulates: "keeper", orderBy: "id" });
    },
  }) {}
  class Animal extends Zoo(
    "Animal",
    {
      id: integer().primaryKey(),
      get kind() {
        return string(10).subclasses(Cat, Fish);
      },
      name: string(10),
      keeperId: integer().nullable().references("keeper.id"),
      get keeper() {
        return manyToOne(Keeper, { backPopulates: "animals" });
      },
    },
    { polymorphicOn: "kind", identity: "animal" },
  ) {}
  class Cat extends Animal.subclass(
    "Cat",
    { lives: integer().nullable() },
    tables === "one" ? { identity: "cat" } : { identity: "cat", tableName: "cat" },
  ) {}
  class Fish extends Animal.subclass(
    "Fish",
    { depth: integer().nullable() },
    tables === "one" ? { identity: "fish" } : { identity: "fish", tableName: "fish" },
  ) {}

  describeEachDatabase(`24: a hierarchy in ${tables}`, (target) => {
    const at = setUp(target, Zoo.metadata, async (engine) => {
      await using session = new Session(engine);
      const keeper = new Keeper({ id: 1 });
      session.add(
        keeper,
        new Animal({ id: 1, name: "a", keeper }),
        new Cat({ id: 2, name: "c", lives: 9, keeper }),
        new Fish({ id: 3, name: "f", depth: 4, keeper }),
        new Cat({ id: 4, name: "d", lives: 7 }),
      );
      await session.commit();
    });
    const tell = (list: readonly Animal[]) =>
      list.map((a) =>
        `${a.constructor.name} ${a.name} ${(a as unknown as Cat).lives ?? ""}${(a as unknown as Fish).depth ?? ""}`.trim(),
      );
    const all = ["Animal a", "Cat c 9", "Fish f 4", "Cat d 7"];

    it("base, subclass, key, criteria, relationships, aliases", async () => {
      await using session = new Session(at.engine);
      expect(tell(await session.scalars(select(Animal).orderBy(Animal.c.id)))).toEqual(all);
      await using second = new Session(at.engine);
      expect(tell(await second.scalars(select(Cat).where(Cat.c.lives.gt(8), Cat.c.name.ne("x"))))).toEqual(["Cat c 9"]);
      expect(tell([(await second.get(Animal, 3)) as unknown as Animal])).toEqual(["Fish f 4"]);
      for (const how of [joinedLoad, selectinLoad]) {
        await using third = new Session(at.engine);
        const [keeper] = await third.scalars(select(Keeper).options(how(Keeper.c.animals)));
        expect(tell(keeper!.animals as unknown as Animal[])).toEqual(all.slice(0, 3));
      }
      const rows = await second.execute(select(Keeper, Cat).join(Keeper.c.animals.ofType(Cat)));
      expect(rows.map((r) => [r.Keeper.id, r.Cat.lives])).toEqual([[1, 9]]);
      const cat = aliased(Cat, "other");
      expect(
        (await second.execute(select(cat.c.name, cat.c.lives).where(cat.c.lives.eq(7)))).map((r) => [...r]),
      ).toEqual([["d", 7]]);
      expect(await second.query(Cat).count()).toBe(2);
      const filled = await second
        .scalars(
          select(Keeper)
            .join(Keeper.c.animals.ofType(Cat))
            .options(containsEager(Keeper.c.animals.ofType(Cat))),
        )
        .all();
      expect(tell((filled[0] as unknown as { animals: Animal[] }).animals)).toEqual(["Cat c 9"]);
    });
  });
}
