/** `import … from "athanor"`: both floors and the migrations under one name. */
import * as core from "@athanor/core";
import * as orm from "@athanor/orm";
import * as athanor from "athanor";
import { createEngine, declarativeBase, inspect, integer, MetaData, migrate, Session, string } from "athanor";
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
