// The app's two migrations on every database: rows that were there before the second one stay, and get a value.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command, type MigrateConfig } from "@athanor/migrate";
import { describeEachDatabase } from "@athanor/test-support";
import { migrateConfigOf } from "@athanor/web";
import { createEngine, type Engine, inspect, sql } from "athanor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeApp } from "../app.js";

describeEachDatabase("todo's migrations", (target) => {
  let engine: Engine;
  let config: MigrateConfig;
  const log: string[] = [];
  const printed: string[] = [];
  const impl = {
    sqlite: "SQLiteImpl",
    postgresql: "PostgresqlImpl",
    pglite: "PostgresqlImpl",
    mariadb: "MariaDBImpl",
    mysql: "MySQLImpl",
  };
  const preamble = [
    `INFO  [athanor.runtime.migration] Context impl ${impl[target.name]}.`,
    `INFO  [athanor.runtime.migration] Will assume ${target.capabilities.has("transactionalDdl") ? "" : "non-"}transactional DDL.`,
  ];
  const taken = () => log.splice(0);

  beforeAll(async () => {
    const url = await target.url();
    const app = makeApp({ SECRET_KEY: "a key for the tests only", DATABASE_URL: url });
    engine = createEngine(url);
    config = {
      ...migrateConfigOf(app),
      directory: join(app.rootPath, "migrations"),
      log: (line) => void log.push(line),
      stdout: (text) => void printed.push(text),
    };
  });
  afterAll(() => engine?.dispose());

  const rows = (columns: string) =>
    engine.begin((connection) => connection.execute(sql`select ${sql.raw(columns)} from todo order by id`).all());
  const reflected = async () => {
    await using connection = await engine.connect();
    const found = inspect(connection);
    if (!(await found.hasTable("todo"))) return null;
    return (await found.columns("todo")).map(({ name, nullable }) => `${name}${nullable ? "?" : ""}`);
  };

  it("creates the table with the first", async () => {
    await command.upgrade(config, "8938cfaeed68");
    expect(taken()).toEqual([
      ...preamble,
      "INFO  [athanor.runtime.migration] Running upgrade  -> 8938cfaeed68, empty message",
    ]);
    expect(await reflected()).toEqual(["id", "description"]);
  });

  it("adds completed NOT NULL to a table with rows", async () => {
    await engine.begin(async (connection) => {
      for (const description of ["todo 1", "todo 2"]) {
        await connection.execute(sql`insert into todo (description) values (${description})`);
      }
    });
    await command.upgrade(config);
    expect(taken()).toEqual([
      ...preamble,
      "INFO  [athanor.runtime.migration] Running upgrade 8938cfaeed68 -> 3966764ac5bd, empty message",
    ]);
    expect(await reflected()).toEqual(["id", "description", "completed"]);
    const kept = await rows("description, completed");
    expect(kept.map((row) => [row[0], Boolean(row[1])])).toEqual([
      ["todo 1", false],
      ["todo 2", false],
    ]);
    const incomplete = engine.begin((connection) =>
      connection.execute(sql`insert into todo (description, completed) values ('x', null)`),
    );
    await expect(incomplete).rejects.toMatchObject({ name: "IntegrityError" });
  });

  it("finds nothing more to do", async () => {
    await command.upgrade(config);
    expect(taken()).toEqual(preamble);
    printed.length = 0;
    await command.check(config);
    await command.current(config);
    await command.history(config);
    expect(printed.join("")).toBe(
      "No new upgrade operations detected.\n" +
        "3966764ac5bd (head)\n" +
        "8938cfaeed68 -> 3966764ac5bd (head), empty message\n<base> -> 8938cfaeed68, empty message\n",
    );
    taken();
  });

  describe("a third that fails midway", () => {
    let copy: string;
    beforeAll(() => {
      // Inside the app's folder, so that its imports are found; git ignores "instance".
      const inside = join(config.directory ?? "", "../instance");
      mkdirSync(inside, { recursive: true });
      copy = mkdtempSync(join(inside, "broken-"));
      cpSync(config.directory ?? "", copy, { recursive: true });
      writeFileSync(
        join(copy, "versions", "ffffffffffff_.ts"),
        `export const revision = "ffffffffffff", downRevision = "3966764ac5bd";
import { integer } from "@athanor/core";
export async function upgrade(op) {
  await op.addColumn("todo", integer("priority").nullable());
  await op.execute("insert into nowhere values (1)");
}
export async function downgrade(op) { await op.dropColumn("todo", "priority"); }
`,
      );
    });
    afterAll(() => rmSync(copy, { recursive: true, force: true }));

    it("leaves the version, and where the database can, the schema as they were", async () => {
      await expect(command.upgrade({ ...config, directory: copy })).rejects.toThrow(/ffffffffffff[\s\S]*nowhere/);
      printed.length = 0;
      await command.current(config);
      expect(printed.join("")).toBe("3966764ac5bd (head)\n");
      const columns = await reflected();
      if (target.capabilities.has("transactionalDdl")) expect(columns).toEqual(["id", "description", "completed"]);
      else {
        // What MariaDB had carried out is undone by hand; stamping tells the tool so.
        await engine.begin((connection) => connection.execute(sql`alter table todo drop column priority`));
        await command.stamp(config, "3966764ac5bd");
      }
      expect(await rows("id")).toHaveLength(2);
      taken();
    });
  });

  it("goes back, keeping the rows, and to nothing", async () => {
    await command.downgrade(config);
    expect(taken()).toEqual([
      ...preamble,
      "INFO  [athanor.runtime.migration] Running downgrade 3966764ac5bd -> 8938cfaeed68, empty message",
    ]);
    expect(await reflected()).toEqual(["id", "description"]);
    expect((await rows("description")).map((row) => row[0])).toEqual(["todo 1", "todo 2"]);
    await command.downgrade(config, "base");
    expect(taken().at(-1)).toBe("INFO  [athanor.runtime.migration] Running downgrade 8938cfaeed68 -> , empty message");
    expect(await reflected()).toBeNull();
  });
});
