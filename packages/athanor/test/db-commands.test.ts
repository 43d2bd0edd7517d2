/** `athanor db …` as a user runs it: the course's flow on every database, and projects without a web app. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, test } from "vitest";
import { APP, project } from "./project.js";

const revisions = (path: string) => readdirSync(join(path, "migrations", "versions")).sort();

// The course notes' session: todo table, then a column that existing rows lack.
describeEachDatabase("init, migrate, upgrade, a hand-edited NOT NULL column, downgrade", (target) => {
  test("says what it does, and the data is there", async () => {
    const { run, write, path } = project({
      "app.ts": APP,
      "rows.ts": `import { app, db, Todo } from "./app.js";
await db.run(async () => {
  if (await Todo.query().count() === 0) for (const n of [1, 2]) db.session.add(new Todo({ description: "todo " + n }));
  await db.session.commit();
  for (const t of await Todo.query().orderBy(Todo.c.id).all()) console.log(JSON.stringify({ ...t.toJSON() }));
});
await db.dispose();
export { app };`,
    });
    const env = { DATABASE_URL: await target.url() };
    const db = async (...args: string[]) => {
      const outcome = await run(["db", ...args], { env });
      expect(outcome, `${args.join(" ")}: ${outcome.stderr}`).toMatchObject({ code: 0 });
      return outcome;
    };
    // Importing a module is enough to run it, which is all that is wanted here.
    const rows = async () =>
      (await run(["--app", "rows.ts", "routes"], { env })).stdout
        .match(/^\{.*\}$/gm)
        ?.map((l) => JSON.parse(l) as object);

    const { stdout: made } = await db("init");
    expect(made).toMatch(
      /Creating directory .*migrations \.\.\. {2}done\n.*versions \.\.\. {2}done\n.*README.*done\n.*env\.ts.*done\n.*Please edit/,
    );
    const first = await db("migrate", "-m", "todo table");
    expect(first.stderr).toMatch(/Detected added table 'todo'/);
    expect(first.stdout).toMatch(/Generating .*_todo_table\.ts \.\.\. {2}done/);
    const upgraded = await db("upgrade");
    expect(upgraded.stderr).toMatch(/Running upgrade {2}-> [0-9a-f]{12}, todo table/);
    expect(await rows()).toEqual([
      { id: 1, description: "todo 1" },
      { id: 2, description: "todo 2" },
    ]);

    write({ "app.ts": APP.replace("description: string(100)", "description: string(100), completed: boolean()") });
    const check = await run(["db", "check"], { env });
    expect([check.code, check.stderr]).toEqual([255, expect.stringMatching(/FAILED: New upgrade operations detected/)]);
    const second = await db("migrate");
    expect(second.stderr).toMatch(/Detected added column 'todo\.completed'/);
    const name = /([0-9a-f]{12}_)\.ts/.exec(second.stdout)![0]!;
    const file = join(path, "migrations", "versions", name);
    const text = readFileSync(file, "utf8");
    const at = text.indexOf("{", text.indexOf("function upgrade"));
    writeFileSync(
      file,
      `${text.slice(0, at)}{
  await op.addColumn("todo", boolean("completed").nullable());
  await op.execute("UPDATE todo SET completed = false WHERE completed IS NULL");
  await op.alterColumn("todo", "completed", { nullable: false });
}
${text.slice(text.indexOf("export async function downgrade"))}`,
    );
    await db("upgrade");
    expect(await rows()).toEqual([
      { id: 1, description: "todo 1", completed: false },
      { id: 2, description: "todo 2", completed: false },
    ]);
    // What a command says of the database at hand, the tests of @athanor/migrate show on each; here is how it is run.
    if (target.name !== "sqlite") {
      expect((await db("downgrade", "base")).stderr).toMatch(/Running downgrade [0-9a-f]{12} -> , todo table/);
      return;
    }
    expect((await db("check")).stdout).toBe("No new upgrade operations detected.\n");
    const id = name.slice(0, 12);
    expect((await db("current")).stdout).toBe(`${id} (head)\n`);
    expect((await db("history")).stdout.split("\n")[0]).toMatch(
      new RegExp(`^[0-9a-f]{12} -> ${id} \\(head\\), empty message$`),
    );

    expect((await db("downgrade")).stderr).toMatch(new RegExp(`Running downgrade ${id} -> [0-9a-f]{12}`));
    expect((await db("downgrade", "-1")).stderr).toMatch(/Running downgrade [0-9a-f]{12} -> , todo table/);
    expect((await db("current")).stdout).toBe("");
    expect((await db("upgrade", "+1")).stderr).toMatch(/Running upgrade/);
    expect((await db("stamp", "head")).code).toBe(0);
    expect((await db("current", "--check-heads")).stdout).toBe(`${id} (head)\n`);
  }, 120_000);
});

test("a user's mistake is one FAILED line with 255, wrong usage 2, a broken app its own stack with 1", async () => {
  const { run } = project({ "app.ts": APP });
  const early = await run(["db", "upgrade"]);
  expect([early.code, early.stderr]).toEqual([
    255,
    expect.stringMatching(/^FAILED: Path doesn't exist: .*migrations\. {2}Please use the 'init' command/),
  ]);
  expect(early.stderr).not.toMatch(/^\s+at /m);
  expect((await run(["db", "init", "-q"])).code).toBe(0);
  const unknown = await run(["db", "downgrade", "nosuch"]);
  expect([unknown.code, unknown.stderr]).toEqual([
    255,
    expect.stringMatching(/FAILED: Can't locate revision identified by 'nosuch'\n$/),
  ]);
  expect((await run(["db", "nosuch"])).code).toBe(2);
  const down = await run(["db", "current"], { env: { DATABASE_URL: "postgresql://postgres:geheim@127.0.0.1:1/none" } });
  expect([down.code, down.stderr.includes("geheim"), /^FAILED: /m.test(down.stderr)]).toEqual([255, false, true]);
  const raised = await run(["db", "show", "nosuch", "--raiseerr"]);
  expect([raised.code, raised.stderr]).toEqual([1, expect.stringMatching(/nosuch[\s\S]*^\s+at /m)]);

  const broken = await project({ "app.ts": 'throw new RangeError("my own");' }).run(["db", "current"]);
  expect([broken.code, broken.stderr]).toEqual([1, expect.stringMatching(/RangeError: my own\n\s+at .*app\.ts/)]);
  const bare = await project({
    "app.ts": 'import { createApp } from "@athanor/web"; export const app = createApp(import.meta);',
  }).run(["db", "current"]);
  expect([bare.code, bare.stderr]).toEqual([
    255,
    expect.stringMatching(/^FAILED: The app .* has no database: add .*new Database\(app\).*new Migrate\(app, db\)/),
  ]);
});

test("--sql prints a script and connects to nothing", async () => {
  const { run } = project({ "app.ts": APP });
  await run(["db", "init", "-q"]);
  await run(["db", "migrate", "-m", "todo"]);
  const { code, stdout } = await run(["db", "upgrade", "--sql"], {
    env: { DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none" },
  });
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/CREATE TABLE todo[\s\S]*SERIAL[\s\S]*INSERT INTO athanor_version/),
  ]);
});

test("without a web app: athanor.config.ts names the database and the tables", async () => {
  const { run, path } = project({
    "models.ts": `import { Model, integer, string } from "athanor";
export class Pony extends Model("Pony", { id: integer().primaryKey(), name: string(50) }) {}`,
    "athanor.config.ts": `import { Pony } from "./models.js";
import { tableOf } from "athanor";
export default { url: "sqlite:///ponies.db", directory: "db/migrations", metadata: tableOf(Pony).metadata };`,
  });
  expect((await run(["db", "init"])).code).toBe(0);
  const made = await run(["db", "migrate", "-m", "ponies"]);
  expect([made.code, made.stderr]).toEqual([0, expect.stringMatching(/Detected added table 'pony'/)]);
  expect((await run(["db", "upgrade"])).code).toBe(0);
  expect(existsSync(join(path, "ponies.db"))).toBe(true);
  expect((await run(["db", "history"])).stdout).toMatch(/^<base> -> [0-9a-f]{12} \(head\), ponies\n$/);
  // --url and --directory are stronger than the file.
  const other = await run(["db", "upgrade", "-d", "db/migrations"], {});
  expect(other.code).toBe(0);
  expect((await run(["db", "--url", "sqlite:///other.db", "upgrade"])).stderr).toMatch(/Running upgrade/);
  expect(existsSync(join(path, "other.db"))).toBe(true);
  const wrong = await run(["db", "--config", "nosuch.ts", "current"]);
  expect([wrong.code, wrong.stderr]).toEqual([
    255,
    expect.stringMatching(/^FAILED: The file of --config, .*nosuch\.ts', does not exist/),
  ]);
});

test("without a web app and without a configuration: migrations/env.ts answers, and reads DATABASE_URL from .env", async () => {
  const { run, path } = project({ ".env": "DATABASE_URL=sqlite:///from-env.db\n" });
  expect((await run(["db", "init"])).code).toBe(0);
  expect((await run(["db", "revision", "-m", "first"])).code).toBe(0);
  expect(revisions(path)).toEqual([expect.stringMatching(/^[0-9a-f]{12}_first\.ts$/)]);
  expect((await run(["db", "upgrade"])).stderr).toMatch(/Running upgrade {2}-> [0-9a-f]{12}, first/);
  expect(existsSync(join(path, "from-env.db"))).toBe(true);
});

test("heads that part are told how to be joined; merge joins them", async () => {
  const { run } = project({ "app.ts": APP });
  await run(["db", "init", "-q"]);
  await run(["db", "revision", "-m", "base", "--rev-id", "aaaa"]);
  await run(["db", "revision", "-m", "one", "--rev-id", "bbbb"]);
  await run(["db", "revision", "-m", "two", "--rev-id", "cccc", "--head", "aaaa", "--splice"]);
  const several = await run(["db", "upgrade"]);
  expect([several.code, several.stderr]).toEqual([
    255,
    expect.stringMatching(/FAILED: Multiple head revisions are present[\s\S]*merge heads/),
  ]);
  expect((await run(["db", "heads"])).stdout.trim().split("\n").sort()).toEqual(["bbbb (head)", "cccc (head)"]);
  expect((await run(["db", "branches"])).stdout).toMatch(/aaaa \(branchpoint\)/);
  expect((await run(["db", "merge", "heads", "--rev-id", "dddd"])).code).toBe(0);
  expect((await run(["db", "upgrade"])).code).toBe(0);
  expect((await run(["db", "current"])).stdout).toBe("dddd (head)\n");
});

test("variables name the directory and the configuration; -n chooses an environment, --database one of several", async () => {
  const { run, path } = project({
    "settings/database.ts": `export default {
  url: "sqlite:///main.db",
  environments: {
    staging: { url: "sqlite:///staging.db" },
    several: { databases: { main: { url: "sqlite:///one.db" }, users: { url: "sqlite:///two.db" } } },
  },
};`,
  });
  const env = { ATHANOR_CONFIG: "settings/database.ts", FLASK_DB_DIRECTORY: "db/changes" };
  const db = async (...args: string[]) => {
    const outcome = await run(["db", ...args], { env });
    expect(outcome, `${args.join(" ")}: ${outcome.stderr}`).toMatchObject({ code: 0 });
    return outcome;
  };
  await db("init", "-q");
  expect(existsSync(join(path, "db/changes/versions"))).toBe(true);
  await db("revision", "-m", "first", "--rev-id", "aaaa");
  await db("upgrade", "-n", "staging");
  expect([existsSync(join(path, "staging.db")), existsSync(join(path, "main.db"))]).toEqual([true, false]);
  await db("upgrade", "-n", "several", "--database", "users");
  expect((await db("current", "-n", "several")).stdout).toBe(
    "Current revision(s) for database main:\nCurrent revision(s) for database users:\naaaa (head)\n",
  );
  expect((await db("upgrade", "-n", "several", "--json")).stdout).toMatch(/^\{\n {2}"databases": \[\n[\s\S]*"main"/);
  const url = await run(["db", "--url", "sqlite:///x.db", "upgrade", "-n", "several"], { env });
  expect([url.code, url.stderr]).toEqual([255, expect.stringMatching(/^FAILED: --url goes with one database/)]);
  const wrong = await run(["db", "current"], { env: { ...env, ATHANOR_CONFIG: "nosuch.ts" } });
  expect([wrong.code, wrong.stderr]).toEqual([
    255,
    expect.stringMatching(/^FAILED: The file of ATHANOR_CONFIG, .*nosuch\.ts', does not exist/),
  ]);
  const { stdout, code } = await run(["db", "--version"]);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
}, 60_000);
