// The course's terminal session with `athanor db`, in a copy of the app that starts without migrations and without
// `completed`: every command as a process of its own, its lines compared with the course's.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeEachDatabase } from "@athanor/test-support";
import { createEngine, sql } from "athanor";
import { afterAll, beforeAll, expect, it } from "vitest";

const here = dirname(fileURLToPath(import.meta.url));
const command = join(here, "../../../packages/athanor/bin/athanor.js");

describeEachDatabase("todo's transcript", (target) => {
  let folder: string;
  let url: string;
  const models = () => join(folder, "models.ts");
  const versions = () =>
    readdirSync(join(folder, "migrations/versions")).map((file) => join(folder, "migrations/versions", file));

  beforeAll(async () => {
    url = await target.url();
    // Inside the app's folder, so that its packages are found; git ignores "instance".
    const inside = join(here, "../instance");
    mkdirSync(inside, { recursive: true });
    folder = mkdtempSync(join(inside, "transcript-"));
    for (const file of ["app.ts", "config.ts", "forms.ts", "templates", "static"])
      symlinkSync(join(here, "..", file), join(folder, file));
    const text = readFileSync(join(here, "../models.ts"), "utf8");
    const without = text.replace(/^ {2}completed: .*\n/m, "").replace(/, completed: this\.completed/, "");
    writeFileSync(models(), without);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What the command prints, results and progress, with the folder's name taken out. */
  function athanor(...args: string[]): Promise<{ code: number; lines: string[] }> {
    const sources = process.env["ATHANOR_BUILT"] === "1" ? [] : ["--conditions=@athanor/source", "--import", "tsx"];
    const node = [...sources, "--preserve-symlinks", command, ...args];
    const env = { ...process.env, DATABASE_URL: url, SECRET_KEY: "a key for the tests only" };
    return new Promise((resolve) => {
      execFile(process.execPath, node, { cwd: folder, env }, (error, stdout, stderr) => {
        const text = `${stderr}${stdout}`.replaceAll(folder, "…").replace(/[0-9a-f]{12}_/g, "<id>_");
        resolve({
          code: error === null ? 0 : Number(error.code),
          lines: text.split("\n").filter((line) => line !== ""),
        });
      });
    });
  }
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
  const ok = (...lines: string[]) => ({ code: 0, lines });

  it("init, migrate, upgrade", { timeout: 120_000 }, async () => {
    expect(await athanor("db", "init")).toEqual(
      ok(
        "  Creating directory …/migrations ...  done",
        "  Creating directory …/migrations/versions ...  done",
        "  Generating …/migrations/README ...  done",
        "  Generating …/migrations/env.ts ...  done",
        "  Please edit configuration/connection/logging settings in '…/migrations/env.ts' before proceeding.",
      ),
    );
    expect(await athanor("db", "migrate")).toEqual(
      ok(
        ...preamble,
        "INFO  [athanor.autogenerate.compare] Detected added table 'todo'",
        "  Generating …/migrations/versions/<id>_.ts ...  done",
      ),
    );
    const [first = ""] = versions();
    const id = /([0-9a-f]{12})_\.ts$/.exec(first)?.[1];
    expect(await athanor("db", "upgrade")).toEqual(
      ok(...preamble, `INFO  [athanor.runtime.migration] Running upgrade  -> ${id}, empty message`),
    );
  });

  it("a column more, in a table with rows", { timeout: 120_000 }, async () => {
    await using engine = createEngine(url);
    await engine.begin((connection) =>
      connection.execute(sql`insert into todo (description) values ('todo 1'), ('todo 2')`),
    );
    writeFileSync(models(), readFileSync(join(here, "../models.ts"), "utf8"));
    const sequence =
      "INFO  [athanor.ddl.postgresql] Detected sequence named 'todo_id_seq' as owned by integer column 'todo(id)', assuming SERIAL and omitting";
    expect(await athanor("db", "migrate")).toEqual(
      ok(
        ...preamble,
        ...(target.name === "postgresql" ? [sequence] : []),
        "INFO  [athanor.autogenerate.compare] Detected added column 'todo.completed'",
        "  Generating …/migrations/versions/<id>_.ts ...  done",
      ),
    );
    const file = versions().find((path) => readFileSync(path, "utf8").includes("addColumn")) ?? "";
    const [, id] = /([0-9a-f]{12})_\.ts$/.exec(file) ?? [];
    // What the course writes by hand is in the file already: the model's default is the value for the rows that exist.
    const steps = readFileSync(file, "utf8").match(/op\.\w+\(|UPDATE .*NULL/g);
    expect(steps).toEqual([
      "op.addColumn(",
      "op.execute(",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the generated file
      "UPDATE todo SET completed = ${false} WHERE completed IS NULL",
      "op.alterColumn(",
      "op.dropColumn(",
    ]);
    const upgraded = await athanor("db", "upgrade");
    expect(upgraded.lines.at(-1)).toMatch(new RegExp(`Running upgrade [0-9a-f]{12} -> ${id}, empty message$`));
    expect(upgraded.code).toBe(0);
    const rows = await engine.begin((connection) =>
      connection.execute(sql`select description, completed from todo order by id`).all(),
    );
    expect(rows.map((row) => [row[0], Boolean(row[1])])).toEqual([
      ["todo 1", false],
      ["todo 2", false],
    ]);
    expect(await athanor("db", "check")).toMatchObject({ code: 0 });
    const down = await athanor("db", "downgrade");
    expect(down.lines.at(-1)).toMatch(new RegExp(`Running downgrade ${id} -> [0-9a-f]{12}, empty message$`));
  });

  it("an unknown revision is one sentence, and nothing changes", { timeout: 60_000 }, async () => {
    const { code, lines } = await athanor("db", "upgrade", "deadbeef");
    expect(code).not.toBe(0);
    expect(lines.slice(2)).toEqual(["FAILED: Can't locate revision identified by 'deadbeef'"]);
  });
});
