/** `import … from "athanor"`: both floors and the migrations under one name. */
import * as core from "@athanor/core";
import * as orm from "@athanor/orm";
import * as athanor from "athanor";
import {
  aliased,
  createEngine,
  declarativeBase,
  inspect,
  integer,
  MetaData,
  manyToOne,
  migrate,
  oneToMany,
  Session,
  string,
  table,
} from "athanor";
import { expect, test } from "vitest";

test("every name of the core and the ORM is there, and is the same object", () => {
  // `inspect` is for both; the core's `Alias` stands beside the ORM's type of this name.
  for (const [name, value] of [...Object.entries(core), ...Object.entries(orm)]) {
    if (name === "inspect" || name === "Alias") continue;
    expect([name, (athanor as Record<string, unknown>)[name] === value]).toEqual([name, true]);
  }
  expect(athanor.AliasClause).toBe(core.Alias);
  expect(typeof migrate.command.upgrade).toBe("function");
});

test("inspect() tells the schema of a connection and the state of an object", async () => {
  const metadata = new MetaData();
  const Own = declarativeBase(undefined, { metadata });
  class Pony extends Own("UmbrellaPony", { id: integer().primaryKey(), name: string(20) }) {}
  await using engine = createEngine("sqlite://");
  await metadata.createAll(engine);
  await using session = new Session(engine);
  const pony = new Pony({ name: "Rainbow" });
  expect(inspect(pony).state).toBe("transient");
  session.add(pony);
  await session.commit();
  expect(inspect(pony).state).toBe("persistent");
  await using connection = await engine.connect();
  expect(await inspect(connection).hasTable("umbrella_pony")).toBe(true);
});

test("inspect() tells of models, aliases, attributes and tables", () => {
  const Own = declarativeBase();
  class Animal extends Own(
    "InspectedAnimal",
    {
      id: integer().primaryKey(),
      kind: string(10),
      ownerId: integer().nullable().references("inspected_owner.id"),
      get owner() {
        return manyToOne(Owner, { backPopulates: "animals" });
      },
    },
    { polymorphicOn: "kind", identity: "animal" },
  ) {}
  class Dog extends Animal.subclass("InspectedDog", { breed: string(10).nullable() }, { identity: "dog" }) {
    static {
      this.register();
    }
  }
  class Owner extends Own("InspectedOwner", {
    id: integer().primaryKey(),
    get animals() {
      return oneToMany(Animal, { backPopulates: "owner" });
    },
  }) {}
  const dog = inspect(Dog);
  expect([dog.name, dog.isAlias, dog.inherits?.name]).toEqual(["InspectedDog", false, "InspectedAnimal"]);
  expect(dog.keys).toEqual(["id", "kind", "ownerId", "breed", "owner"]);
  expect(dog.primaryKey.map((c) => c.key)).toEqual(["id"]);
  const boss = inspect(aliased(Owner, "boss"));
  expect([boss.name, boss.isAlias, boss.mapper]).toEqual(["boss", true, inspect(Owner).mapper]);
  expect(boss.relationships.map(String)).toEqual(["InspectedOwner.animals"]);
  const animals = inspect(Owner.c.animals);
  expect([animals.key, animals.parent.name, animals.relationship?.direction]).toEqual([
    "animals",
    "InspectedOwner",
    "oneToMany",
  ]);
  const owner = inspect(Animal.c.ownerId);
  expect([owner.key, owner.parent.name]).toEqual(["ownerId", "InspectedAnimal"]);
  expect(owner.column).toBe(inspect(Animal).columns.find((c) => c.key === "ownerId"));
  const plain = table("inspected_plain", { id: integer().primaryKey() }, { metadata: new MetaData() });
  expect(inspect(plain).fullName).toBe("inspected_plain");
  expect(() => inspect({})).toThrow(/an object, a model, an alias, a table or an attribute/);
});
