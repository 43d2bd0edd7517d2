/** Checks that are compared by name only, as Alembic does, and names that a convention must leave alone. */
import { check, inspect, integer, MetaData, table } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, expect, it } from "vitest";
import { command } from "../../src/index.js";
import { type Project, project } from "./project.js";

let p: Project;
afterEach(() => p?.dispose());
const namingConvention = { ck: "ck_%(table_name)s_%(constraint_name)s" };
const models = (checks: Readonly<Record<string, string>>) => {
  const metadata = new MetaData({ namingConvention });
  table(
    "t",
    { id: integer().primaryKey(), n: integer() },
    { metadata, constraints: () => Object.entries(checks).map(([name, text]) => check(text, name)) },
  );
  return metadata;
};

describeEachDatabase("checks by name", (target) => {
  it("another condition under one name is no change where it is not asked for; another name is", async () => {
    p = await project(await target.url(), models({ low: "n > 5" }));
    await command.migrate(p.config, { revId: "aaaa" });
    await command.upgrade(p.config);
    const byName = { ...p.config, compareChecks: false };
    await command.check({ ...byName, metadata: models({ low: "n > 10" }) });
    await expect(command.check({ ...p.config, metadata: models({ low: "n > 10" }) })).rejects.toMatchObject({
      code: "migrate.differences",
    });
    await expect(command.check({ ...byName, metadata: models({ lower: "n > 5" }) })).rejects.toMatchObject({
      differences: [expect.stringContaining("ck_t_low"), expect.stringContaining("ck_t_lower")],
    });
  });

  it("op.f() names are taken as they are, others go through the convention, when a check is made and when it goes", async () => {
    p = await project(await target.url(), models({}));
    const checkNames = async () => {
      await using c = await p.engine.connect();
      return (await inspect(c).table("t")).checks.map((k) => k.name).sort();
    };
    await p.revision(
      "aaaa",
      null,
      `await op.createTable("t", core.integer("id").primaryKey(), core.integer("n"));
       await op.createCheckConstraint(op.f("ck_t_low"), "t", "n > 5");
       await op.createCheckConstraint("high", "t", "n < 50");`,
    );
    await p.revision("bbbb", "aaaa", 'await op.dropConstraint(op.f("ck_t_low"), "t", "check");');
    await p.revision("cccc", "bbbb", 'await op.dropConstraint("high", "t", "check");');
    await command.upgrade(p.config, "aaaa");
    expect(await checkNames()).toEqual(["ck_t_high", "ck_t_low"]);
    await command.upgrade(p.config, "bbbb");
    expect(await checkNames()).toEqual(["ck_t_high"]);
    await command.upgrade(p.config, "cccc");
    expect(await checkNames()).toEqual([]);
  });
});
