/** The question about renames, and commands of the terminal that had no test. */
import { spawnSync } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { inspect, integer, MetaData, string, table } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { Command } from "commander";
import { afterEach, expect, it } from "vitest";
import { renameQuestion } from "../../src/cli/ask.js";
import { buildDbCommand, command } from "../../src/index.js";
import { type Project, project } from "./project.js";

let p: Project;
afterEach(() => p?.dispose());

function terminal(isTTY = true) {
  const [input, output] = [Object.assign(new PassThrough(), { isTTY }), Object.assign(new PassThrough(), { isTTY })];
  return { input, output, shown: () => String(output.read() ?? "") };
}

it("asks on a terminal only; an empty answer, nonsense and the end of input mean: new", async () => {
  expect(renameQuestion(terminal(false), {})).toBeUndefined();
  expect(renameQuestion(terminal(), { CI: "true" })).toBeUndefined();
  for (const [answer, wanted] of [
    ["1\n", "done"],
    ["2\n", "over"],
    ["\n", undefined],
    ["0\n", undefined],
    ["9\n", undefined],
    ["what\n", undefined],
    [null, undefined],
  ] as const) {
    const t = terminal();
    const asked = renameQuestion(t, {})?.({ table: "todo", column: "completed" }, ["done", "over"]);
    if (answer === null) t.input.end();
    else t.input.write(answer);
    expect(await asked).toBe(wanted);
    expect(t.shown()).toContain("renamed from 'done'");
  }
});

it("--rename on the command line; a wrong one is told", async () => {
  const models = (column: string) => {
    const metadata = new MetaData();
    table("t", { id: integer().primaryKey(), [column]: string(20) }, { metadata });
    return metadata;
  };
  p = await project("sqlite://", models("title"));
  await command.migrate(p.config);
  await command.upgrade(p.config);
  const errors: string[] = [];
  const db = async (...args: string[]) => {
    const program = new Command("athanor").exitOverride();
    buildDbCommand(
      program,
      { ...p.config, metadata: models("heading") },
      { exit: (c) => void errors.push(String(c)), stderr: (t) => void errors.push(t) },
    );
    await program.parseAsync(["db", ...args], { from: "user" });
  };
  await db("migrate", "--rename", "heading");
  expect(errors.join("")).toContain("FAILED: --rename 'heading' is not old:new");
  errors.length = 0;
  await db("migrate", "--no-input", "--rename", "t.title:heading", "--rev-id", "bbbb");
  expect(errors).toEqual([]);
  expect([...(await p.versions())].find(([n]) => n.startsWith("bbbb"))?.[1]).toContain('newName: "heading"');
});

it("list-templates names what init takes; edit opens the file of the revision", async () => {
  p = await project("sqlite://");
  command.listTemplates(p.config);
  expect(p.printed.splice(0).join("")).toBe(
    [
      "Available templates:",
      "",
      "generic - Revision files and environment in TypeScript.",
      "javascript - The same in JavaScript.",
      "multidb - Several databases: every revision has a function for each of them.",
      "multidb-javascript - The same in JavaScript.",
      "",
      "Templates are used via the 'init' command, e.g.:",
      "",
      "  athanor db init --template generic",
      "",
    ].join("\n"),
  );
  await expect(
    command.init({ ...p.config, directory: join(p.root, "other") }, { template: "nope" }),
  ).rejects.toMatchObject({ code: "migrate.no-template" });
  await p.revision("aaaa", null, "");
  const editor = join(p.root, "editor.sh");
  await writeFile(editor, '#!/bin/sh\nprintf "// edited\\n" >> "$2"\n');
  await chmod(editor, 0o755);
  expect(spawnSync("true").status).toBe(0);
  const before = process.env.VISUAL;
  try {
    process.env.VISUAL = `${editor} --wait`;
    await command.edit(p.config, "head");
    expect(await readFile(join(p.directory, "versions", "aaaa_.ts"), "utf8")).toMatch(/\/\/ edited\n$/);
    await expect(command.edit(p.config)).rejects.toMatchObject({
      code: "migrate.no-revision",
      message: "No current revisions",
    });
    process.env.VISUAL = "false";
    await expect(command.edit(p.config, "aaaa")).rejects.toMatchObject({ code: "migrate.editor" });
  } finally {
    if (before === undefined) delete process.env.VISUAL;
    else process.env.VISUAL = before;
  }
});

describeEachDatabase("ensure-version", (target) => {
  it("creates the version table and nothing else, once; --sql writes it", async () => {
    p = await project(await target.url());
    await command.ensureVersion(p.config);
    await command.ensureVersion(p.config);
    await using c = await p.engine.connect();
    expect(await inspect(c).tableNames()).toEqual(["athanor_version"]);
    await command.ensureVersion(p.config, { sql: true });
    expect(p.printed.join("")).toMatch(/^CREATE TABLE athanor_version \(/);
  });
});
