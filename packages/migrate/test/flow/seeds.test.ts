/** The whole flow of the course notes: init, migrate, upgrade, edit the model, migrate, upgrade, downgrade. */
import { boolean, dateTime, integer, MetaData, sql, string, table } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, expect, it } from "vitest";
import { command } from "../../src/index.js";
import { type Project, project } from "./project.js";

let p: Project | undefined;
afterEach(async () => {
  await p?.dispose();
  p = undefined;
});
const first = () => {
  const metadata = new MetaData();
  table("todo", { id: integer().primaryKey(), description: string(80) }, { metadata });
  return metadata;
};
const second = () => {
  const metadata = new MetaData();
  table("todo", { id: integer().primaryKey(), description: string(80), completed: boolean() }, { metadata });
  return metadata;
};

describeEachDatabase("the todo app of the notes", (target) => {
  it("migrates, upgrades, and downgrades", async () => {
    p = await project(await target.url(), first());
    const one = await command.migrate(p.config);
    expect(one?.path).toMatch(/\/[0-9a-f]{12}_\.ts$/);
    const { implName } = p.engine.dialect;
    const ddl = p.engine.dialect.capabilities.transactionalDdl ? "transactional" : "non-transactional";
    expect(p.logged).toEqual([
      `INFO  [athanor.runtime.migration] Context impl ${implName}.`,
      `INFO  [athanor.runtime.migration] Will assume ${ddl} DDL.`,
      "INFO  [athanor.autogenerate.compare] Detected added table 'todo'",
    ]);
    expect(p.printed.join("")).toBe(`  Generating ${one?.path} ...  done\n`);

    p.logged.length = 0;
    await command.upgrade(p.config);
    expect(p.logged.at(-1)).toBe(
      `INFO  [athanor.runtime.migration] Running upgrade  -> ${one?.revision}, empty message`,
    );
    await p.engine.begin(async (c) => {
      await c.execute(sql`INSERT INTO todo (description) VALUES ('one'), ('two')`);
    });

    p.config = { ...p.config, metadata: second() };
    p.logged.length = 0;
    const two = await command.migrate(p.config, { message: "completed" });
    expect(p.logged).toContain("INFO  [athanor.autogenerate.compare] Detected added column 'todo.completed'");
    if (target.name === "postgresql") {
      expect(p.logged).toContain(
        "INFO  [athanor.ddl.postgresql] Detected sequence named 'todo_id_seq' as owned by integer column 'todo(id)', assuming SERIAL and omitting",
      );
    }
    const text = (await p.versions()).get(`${two?.revision}_completed.ts`) ?? "";
    expect(text).toContain('await op.addColumn("todo", boolean("completed").nullable());');
    expect(text).toContain('await op.alterColumn("todo", "completed", { nullable: false');
    // The course's edit: fill the rows that are there.
    await p.put(
      `${two?.revision}_completed.ts`,
      text.replace(
        / {2}\/\/ await op\.execute.*/,
        '  await op.execute("UPDATE todo SET completed = false WHERE completed IS NULL");',
      ),
    );
    await command.upgrade(p.config);
    expect(p.logged.at(-1)).toBe(
      `INFO  [athanor.runtime.migration] Running upgrade ${one?.revision} -> ${two?.revision}, completed`,
    );
    await using c = await p.engine.connect();
    const rows = await c.execute(sql`SELECT id, description, completed FROM todo ORDER BY id`);
    expect(rows.map((r) => [r[0], r[1], Boolean(r[2])].map(String))).toEqual([
      ["1", "one", "false"],
      ["2", "two", "false"],
    ]);
    await expect(c.execute(sql`INSERT INTO todo (description) VALUES ('three')`).all()).rejects.toMatchObject({
      kind: "not-null",
    });
    await c.close();

    p.logged.length = 0;
    expect(await command.migrate(p.config)).toBeNull();
    expect(p.logged.at(-1)).toBe("INFO  [athanor.autogenerate] No changes in schema detected.");
    await command.downgrade(p.config);
    p.printed.length = 0;
    await command.current(p.config);
    expect(p.printed).toEqual([`${one?.revision}\n`]);
    p.printed.length = 0;
    await command.history(p.config);
    expect(p.printed).toEqual([
      `${one?.revision} -> ${two?.revision} (head), completed\n`,
      `<base> -> ${one?.revision}, empty message\n`,
    ]);
    await command.downgrade(p.config, "base");
    await using again = await p.engine.connect();
    await expect(again.execute(sql`SELECT * FROM todo`).all()).rejects.toThrow();
  });
});

describeEachDatabase("the microblog of the notes", (target) => {
  it("names each index in the log, and follows the model from migration to migration", async () => {
    const users = (metadata: MetaData) =>
      table(
        "user",
        {
          id: integer().primaryKey(),
          username: string(64).nullable().index().unique(),
          email: string(120).nullable().index().unique(),
          passwordHash: string(128).nullable(),
        },
        { metadata },
      );
    const one = new MetaData();
    users(one);
    p = await project(await target.url(), one);
    const first_ = await command.migrate(p.config, { message: "users table" });
    expect(first_?.path).toContain(`${first_?.revision}_users_table.ts`);
    expect(p.logged.slice(2)).toEqual([
      "INFO  [athanor.autogenerate.compare] Detected added table 'user'",
      "INFO  [athanor.autogenerate.compare] Detected added index 'ix_user_email' on '['email']'",
      "INFO  [athanor.autogenerate.compare] Detected added index 'ix_user_username' on '['username']'",
    ]);
    await command.upgrade(p.config);
    const two = new MetaData();
    users(two);
    table(
      "post",
      {
        id: integer().primaryKey(),
        body: string(140).nullable(),
        timestamp: dateTime().nullable().index(),
        userId: integer().nullable().references("user.id"),
      },
      { metadata: two },
    );
    p.config = { ...p.config, metadata: two };
    p.logged.length = 0;
    await command.migrate(p.config, { message: "posts table" });
    expect(p.logged.filter((l) => l.includes("compare"))).toEqual([
      "INFO  [athanor.autogenerate.compare] Detected added table 'post'",
      "INFO  [athanor.autogenerate.compare] Detected added index 'ix_post_timestamp' on '['timestamp']'",
    ]);
    await command.upgrade(p.config);
    await command.check(p.config);
    expect(p.printed.at(-1)).toBe("No new upgrade operations detected.\n");
    await command.downgrade(p.config, first_?.revision);
    await command.downgrade(p.config, "base");
  });
});

describeEachDatabase(
  "schemas",
  (target) => {
    it("the default one may be spelled; others are compared where the models name them", async () => {
      const metadata = new MetaData();
      table("a", { id: integer().primaryKey() }, { metadata, schema: "public" });
      table(
        "b",
        { id: integer().primaryKey(), aId: integer().references("public.a.id").index() },
        { metadata, schema: "app" },
      );
      table("c", { id: integer().primaryKey(), bId: integer().references("app.b.id") }, { metadata });
      p = await project(await target.url(), metadata);
      await p.engine.begin(async (c) => {
        await c.executeScript("CREATE SCHEMA app; CREATE SCHEMA other; CREATE TABLE other.x (id integer)");
      });
      await command.migrate(p.config);
      await command.upgrade(p.config);
      p.logged.length = 0;
      expect(await command.migrate(p.config)).toBeNull();
      p.logged.length = 0;
      await expect(command.check({ ...p.config, includeSchemas: true })).rejects.toMatchObject({
        code: "migrate.differences",
        differences: ["dropTable other.x"],
      });
      await command.downgrade(p.config);
      await using c = await p.engine.connect();
      expect(
        (
          await c.execute(
            sql`SELECT table_schema FROM information_schema.tables WHERE table_schema IN ('app', 'public') AND table_name NOT LIKE 'athanor_version%'`,
          )
        ).length,
      ).toBe(0);
    });
  },
  { only: ["postgresql"] },
);
