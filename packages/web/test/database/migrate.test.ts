/** `Migrate` from a program: the app's engine and tables, without any file that says so. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { integer } from "@athanor/core";
import { command } from "@athanor/migrate";
import { Database, DatabaseSetupError, Migrate, migrateConfigOf } from "@athanor/web";
import { expect, test } from "vitest";
import { folder, makeApp } from "./app.js";

test("the commands take the app's database and models; configure() changes the settings", async () => {
  const app = makeApp();
  const db = new Database(app);
  class Note extends db.Model("Note", { id: integer().primaryKey() }) {}
  const directory = join(folder(), "migrations");
  const lines: string[] = [];
  new Migrate(app, db, { directory, scripts: { language: "js" } }).configure((config) => ({
    ...config,
    quiet: true,
    log: (line) => void lines.push(line),
    stdout: (text) => void lines.push(text),
  }));
  const config = migrateConfigOf(app)!;
  await command.init(config, { language: "js" });
  await expect(command.check(config)).rejects.toThrow(/note/);
  writeFileSync(
    join(directory, "versions", "aaaa_notes.js"),
    `/** notes */
export const revision = "aaaa", downRevision = null;
export const upgrade = (op) => op.execute("CREATE TABLE note (id INTEGER NOT NULL PRIMARY KEY)");`,
  );
  await command.upgrade(config);
  expect(lines.join("\n")).toMatch(/Detected added table 'note'[\s\S]*Running upgrade {2}-> aaaa, notes/);
  expect(await db.run(() => Note.query().count())).toBe(0);
  await command.check(config);
  expect(lines.at(-1)).toBe("No new upgrade operations detected.\n");
  await db.dispose();
});

test("an app without a Database, and a second Migrate, are told so; a Database alone is enough for the defaults", () => {
  const app = makeApp();
  expect(() => new Migrate(app)).toThrow(/has no Database.*new Migrate\(app, db\)/);
  expect(migrateConfigOf(app)).toBeUndefined();
  const db = new Database(app);
  expect(migrateConfigOf(app)).toMatchObject({ directory: join(app.rootPath, "migrations") });
  const migrate = new Migrate();
  migrate.initApp(app, db);
  expect(() => new Migrate(app, db)).toThrow(DatabaseSetupError);
});

test("binds are migrated together: one file with a function for each, a version table in each database", async () => {
  const root = folder();
  const app = makeApp({
    DATABASE_URL: `sqlite:///${join(root, "main.db")}`,
    DATABASE_BINDS: { users: `sqlite:///${join(root, "users.db")}` },
  });
  const db = new Database(app);
  class Note extends db.Model("Note", { id: integer().primaryKey() }) {}
  class Account extends db.Model("Account", { id: integer().primaryKey() }, { bind: "users" }) {}
  const directory = join(root, "migrations");
  const logged: string[] = [];
  const printed: string[] = [];
  new Migrate(app, db, {
    directory,
    scripts: { language: "js" },
    log: (line) => void logged.push(line),
    stdout: (text) => void printed.push(text),
  });
  const config = migrateConfigOf(app)!;
  await command.init(config, { language: "js" });
  await command.migrate(config, { message: "first", revId: "aaaa" });
  const text = readFileSync(join(directory, "versions", "aaaa_first.js"), "utf8");
  expect(text).toMatch(
    /upgrade = \{\n {2}async default\(op\) \{[\s\S]*"note"[\s\S]*async users\(op\) \{[\s\S]*"account"/,
  );
  // Where revisions are loaded from, the packages are not: what the file would do is said without imports.
  writeFileSync(
    join(directory, "versions", "aaaa_first.js"),
    `export const revision = "aaaa", downRevision = null;
export const upgrade = {
  default: (op) => op.execute("CREATE TABLE note (id INTEGER NOT NULL PRIMARY KEY)"),
  users: (op) => op.execute("CREATE TABLE account (id INTEGER NOT NULL PRIMARY KEY)"),
};
export const downgrade = { default: (op) => op.dropTable("note"), users: (op) => op.dropTable("account") };`,
  );
  await command.upgrade(config);
  await command.check(config);
  expect(await db.run(async () => [await Note.query().count(), await Account.query().count()])).toEqual([0, 0]);
  printed.length = 0;
  await command.current(config);
  expect(printed).toEqual([
    "Current revision(s) for database default:\n",
    "aaaa (head)\n",
    "Current revision(s) for database users:\n",
    "aaaa (head)\n",
  ]);
  await command.downgrade({ ...config, only: { databases: ["users"] } });
  await expect(command.check(config)).rejects.toThrow("Target database is not up to date.");
  expect(logged.join("\n")).toContain("Migrating database users");
  await db.dispose();
});

test("a bind that is called like the default database is told", () => {
  const app = makeApp({ DATABASE_URL: "sqlite://", DATABASE_BINDS: { default: "sqlite://" } });
  const db = new Database(app);
  expect(() => migrateConfigOf(app)).toThrow(/give the bind 'default' another key/);
  expect(db.bindKeys(app)).toEqual([null, "default"]);
});
