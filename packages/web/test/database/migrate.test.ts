/** `Migrate` from a program: the app's engine and tables, without any file that says so. */
import { writeFileSync } from "node:fs";
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
