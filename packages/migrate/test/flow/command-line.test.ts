/** `db …` on a commander program, with the env file that init writes. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, expect, it } from "vitest";
import { buildDbCommand, type MigrateConfig } from "../../src/index.js";
import { loadTs } from "./project.js";

let root: string;
let out: string[];
let errors: string[];
let codes: number[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "athanor-cli-"));
  [out, errors, codes] = [[], [], []];
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function db(...args: string[]): Promise<string> {
  [out, errors, codes] = [[], [], []];
  const program = new Command("athanor").exitOverride();
  const config: MigrateConfig = {
    directory: join(root, "migrations"),
    url: `sqlite:///${join(root, "app.db")}`,
    load: loadTs,
    stdout: (text) => void out.push(text),
    log: (line) => void errors.push(`${line}\n`),
  };
  buildDbCommand(program, config, { exit: (code) => void codes.push(code), stderr: (text) => void errors.push(text) });
  await program.parseAsync(["db", ...args], { from: "user" });
  return out.join("");
}

it("init, revision, upgrade, current, history, downgrade", async () => {
  const directory = join(root, "migrations");
  expect(await db("init")).toBe(
    [
      `  Creating directory ${directory} ...  done`,
      `  Creating directory ${join(directory, "versions")} ...  done`,
      `  Generating ${join(directory, "README")} ...  done`,
      `  Generating ${join(directory, "env.ts")} ...  done`,
      `  Please edit configuration/connection/logging settings in '${join(directory, "env.ts")}' before proceeding.`,
      "",
    ].join("\n"),
  );
  await db("revision", "-m", "create owners", "--rev-id", "aaaa1111");
  await db("revision", "-m", "add ponies", "--rev-id", "bbbb2222");
  await db("upgrade");
  expect(errors.join("")).toBe(
    "INFO  [athanor.runtime.migration] Context impl SQLiteImpl.\n" +
      "INFO  [athanor.runtime.migration] Will assume transactional DDL.\n" +
      "INFO  [athanor.runtime.migration] Running upgrade  -> aaaa1111, create owners\n" +
      "INFO  [athanor.runtime.migration] Running upgrade aaaa1111 -> bbbb2222, add ponies\n",
  );
  expect(await db("current")).toBe("bbbb2222 (head)\n");
  expect(await db("history")).toBe("aaaa1111 -> bbbb2222 (head), add ponies\n<base> -> aaaa1111, create owners\n");
  expect(await db("heads")).toBe("bbbb2222 (head)\n");
  expect(await db("show", "aaaa")).toContain("Rev: aaaa1111\nParent: <base>\nPath: ");
  await db("downgrade", "-1");
  expect(await db("current")).toBe("aaaa1111\n");
  await db("downgrade", "base");
  expect(await db("current")).toBe("");
  expect(await db("upgrade", "head", "--sql")).toContain(
    "INSERT INTO athanor_version (version_num) VALUES ('aaaa1111');",
  );
  await db("stamp", "head");
  expect(await db("current", "-c")).toBe("bbbb2222 (head)\n");
  expect(codes).toEqual([]);
});

it("two heads: the seeds' message, code 255, and merge", async () => {
  await db("init");
  await db("revision", "-m", "one", "--rev-id", "aaaa1111");
  await db("revision", "-m", "left", "--rev-id", "bbbb1111");
  await db("revision", "-m", "right", "--rev-id", "bbbb2222", "--head", "aaaa1111", "--splice");
  await db("upgrade");
  expect(errors.join("")).toContain(
    "FAILED: Multiple head revisions are present for given argument 'head'; please specify a specific target revision, '<branchname>@head' to narrow to a specific head, or 'heads' for all heads\n",
  );
  expect(codes).toEqual([255]);
  expect(await db("branches")).toBe(
    "aaaa1111 (branchpoint), one\n         -> bbbb1111 (head), left\n         -> bbbb2222 (head), right\n",
  );
  await db("merge", "heads", "-m", "join", "--rev-id", "cccc1111");
  await db("upgrade");
  expect(codes).toEqual([]);
  expect(await db("current")).toBe("cccc1111 (head)\n");
});

it("-x reaches the env file; an unexpected error has its trace and code 1", async () => {
  await db("init");
  await writeFile(
    join(root, "migrations", "env.ts"),
    'export default (input) => { if (input.x.boom === "") throw new TypeError("boom"); return { url: input.url }; };\n',
  );
  await db("current", "-x", "boom");
  expect(codes).toEqual([1]);
  expect(errors.join("")).toContain("TypeError: boom");
  await db("current", "-x", "other=1");
  expect(codes).toEqual([]);
  await db("downgrade", "--sqll");
  // Wrong usage, as for any other command.
  expect(errors.join("")).toContain("has no option '--sqll'");
  expect(codes).toEqual([2]);
  await db("upgrade", "nope");
  expect(errors.join("")).toContain("FAILED: Can't locate revision identified by 'nope'");
  expect(codes).toEqual([255]);
  await db("migrate");
  expect(errors.join("")).toContain("does not provide a MetaData object");
  expect(await readFile(join(root, "migrations", "README"), "utf8")).toContain("athanor db migrate");
});
