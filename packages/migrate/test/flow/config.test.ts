/** Settings beyond the defaults: hooks, what templates are given, the editor, options of the context, recipes. */
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect, integer, MetaData, sql, string, table } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, describe, expect, it } from "vitest";
import {
  command,
  defaultRevisionTemplate,
  MigrationContext,
  type MigrationStep,
  Revision,
  RevisionMap,
  registerPostWriteHook,
  ScriptDirectory,
  upgradeSteps,
  words,
} from "../../src/index.js";
import { type Project, project } from "./project.js";

let p: Project;
afterEach(() => p?.dispose());
const first = async () => [...(await p.versions()).values()][0] ?? "";

describe("post-write hooks", () => {
  it("are programs, executables of packages, scripts, registered functions and functions", async () => {
    p = await project("sqlite://");
    const bin = join(p.root, "node_modules", ".bin");
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, "stamp-it"), '#!/bin/sh\necho "// $1" >> "$2"\n');
    await chmod(join(bin, "stamp-it"), 0o755);
    const script = join(p.root, "append.mjs");
    await writeFile(
      script,
      'import { appendFileSync } from "node:fs"; appendFileSync(process.argv[3], `// ${process.argv[2]}\\n`);\n',
    );
    const seen: unknown[] = [];
    registerPostWriteHook(
      "note",
      (path, revision, options) => void seen.push([path.endsWith(".ts"), revision.revision, options]),
    );
    registerPostWriteHook("broken", () => {
      throw new Error("no ink");
    });
    const postWriteHooks = [
      { bin: "stamp-it", args: '"by a package"', cwd: join(p.root, "migrations") },
      { module: script, args: "'by a script' REVISION_SCRIPT_FILENAME" },
      { command: "sh", args: ["-c", 'echo "// by the system" >> "$1"', "sh"] },
      { use: "note", options: { width: 80 } },
      { use: "broken" },
      (path: string) => void seen.push(path.endsWith(".ts")),
    ];
    await command.revision({ ...p.config, postWriteHooks }, { revId: "aaaa" });
    expect(await first()).toMatch(/\/\/ by a package\n\/\/ by a script\n\/\/ by the system\n$/);
    expect(seen).toEqual([[true, "aaaa", { width: 80 }], true]);
    expect(p.logged).toEqual([
      "WARNI [athanor.script] Post-write hook 'broken' failed: no ink. The file stays as written.",
    ]);
  });
  it("nobody knows are refused before a file is written", async () => {
    p = await project("sqlite://");
    registerPostWriteHook("note", () => {});
    const revision = (hook: object) => command.revision({ ...p.config, postWriteHooks: [hook as never] });
    await expect(revision({ use: "nota" })).rejects.toMatchObject({
      code: "migrate.hook",
      hint: expect.stringContaining("Did you mean 'note'?"),
    });
    await expect(revision({ comand: "x" })).rejects.toMatchObject({
      code: "migrate.hook",
      hint: expect.stringContaining("Did you mean 'command'?"),
    });
    await expect(revision({ bin: "x", use: "note" })).rejects.toMatchObject({ code: "migrate.hook" });
    expect((await p.versions()).size).toBe(0);
  });
  it("take arguments as a shell would part them", () => {
    // Python's shlex.split gives the same.
    expect(words(`a "b c" 'd "e' f\\ g "h\\"i" j"k l"m ''`)).toEqual(["a", "b c", 'd "e', "f g", 'h"i', "jk lm", ""]);
    expect(words("  ")).toEqual([]);
  });
});

describe("new files", () => {
  it("are given templateArgs, of the configuration and of the env file", async () => {
    p = await project("sqlite://");
    const template: typeof defaultRevisionTemplate = (context) =>
      `${defaultRevisionTemplate(context)}// ${JSON.stringify(context.extra)}\n`;
    p.config = { ...p.config, scripts: { template }, templateArgs: { team: "blue", from: "config" } };
    await command.revision(p.config, { revId: "aaaa" });
    expect(await first()).toContain('// {"team":"blue","from":"config"}\n');
    await writeFile(
      join(p.directory, "env.ts"),
      'export default () => ({ url: "sqlite://", templateArgs: { from: "env" } });\n',
    );
    await command.revision({ ...p.config, revisionEnvironment: true }, { revId: "bbbb" });
    expect([...(await p.versions()).values()][1]).toContain('// {"team":"blue","from":"env"}\n');
  });
});

describe("the editor", () => {
  it("is the one of $VISUAL, of $EDITOR, or the first usual one that is installed", async () => {
    p = await project("sqlite://");
    const bin = async (...names: string[]) => {
      const folder = join(p.root, names.join("-"));
      await mkdir(folder);
      for (const name of names) {
        await writeFile(join(folder, name), "#!/bin/sh\n");
        await chmod(join(folder, name), 0o755);
      }
      return folder;
    };
    expect(await command.findEditor({ VISUAL: "code --wait", EDITOR: "vi" })).toEqual(["code", "--wait"]);
    expect(await command.findEditor({ VISUAL: " ", EDITOR: '"/opt/my editor/run" -n' })).toEqual([
      "/opt/my editor/run",
      "-n",
    ]);
    const both = await bin("vim", "nano");
    expect(await command.findEditor({ PATH: `/nowhere:${both}` })).toEqual([join(both, "nano")]);
    await expect(command.findEditor({ PATH: both }, false)).rejects.toMatchObject({
      code: "migrate.no-editor",
      hint: expect.stringContaining("no terminal"),
    });
    expect(await command.findEditor({ PATH: both, EDITOR: "code --wait" }, false)).toEqual(["code", "--wait"]);
    const code = await bin("code");
    expect(await command.findEditor({ PATH: code })).toEqual([join(code, "code"), "--wait"]);
    await writeFile(join(code, "vim"), "not a program");
    expect((await command.findEditor({ PATH: code }))[0]).toBe(join(code, "code"));
    await expect(command.findEditor({ PATH: "/nowhere" })).rejects.toMatchObject({ code: "migrate.no-editor" });
  });
});

describeEachDatabase("a context", (target) => {
  it("tells onVersionApply direction, source and destination of each step", async () => {
    p = await project(await target.url());
    await p.revision("aaaa", null, "");
    await p.revision("b1b1", "aaaa", "");
    await p.revision("b2b2", "aaaa", "");
    await p.put(
      "cccc_.ts",
      'export const revision = "cccc", downRevision = ["b1b1", "b2b2"];\nexport const upgrade = () => {}; export const downgrade = () => {};\n',
    );
    await p.put(
      "dddd_.ts",
      'export const revision = "dddd", downRevision = null, dependsOn = ["aaaa"];\nexport const upgrade = () => {}; export const downgrade = () => {};\n',
    );
    const seen: unknown[] = [];
    const config = {
      ...p.config,
      onVersionApply: async ({
        step,
        heads,
        connection,
      }: {
        step: MigrationStep;
        heads: readonly string[];
        connection: unknown;
      }) => {
        seen.push([step.kind, step.isUpgrade, [...step.source], [...step.destination], [...heads].sort()]);
        expect(connection).toBeDefined();
      },
    };
    await command.upgrade(config, "cccc");
    await command.upgrade(config, "dddd");
    await command.downgrade(config, "dddd@base");
    await command.downgrade(config, "b1b1");
    await command.stamp(config, "b2b2");
    expect(seen).toEqual([
      ["upgrade", true, [], ["aaaa"], ["aaaa"]],
      ["upgrade", true, ["aaaa"], ["b2b2"], ["b2b2"]],
      ["upgrade", true, ["aaaa"], ["b1b1"], ["b1b1", "b2b2"]],
      ["upgrade", true, ["b1b1", "b2b2"], ["cccc"], ["cccc"]],
      // A base that depends on another revision stands on it, though it has no parent.
      ["upgrade", true, ["aaaa"], ["dddd"], ["cccc", "dddd"]],
      ["downgrade", false, ["dddd"], ["aaaa"], ["cccc"]],
      ["downgrade", false, ["cccc"], ["b1b1", "b2b2"], ["b1b1", "b2b2"]],
      // b2b2 is there already: nothing to stamp.
    ]);
    seen.length = 0;
    await command.stamp(config, "cccc");
    expect(seen).toEqual([["stamp", true, ["b1b1", "b2b2"], ["cccc"], ["cccc"]]]);
  });

  it("what onVersionApply throws undoes the step, and its writes belong to the step", async () => {
    p = await project(await target.url());
    await p.engine.begin((c) => c.executeScript("CREATE TABLE audit (revision VARCHAR(32))"));
    await p.revision("aaaa", null, "");
    await p.revision("bbbb", "aaaa", "");
    const config = {
      ...p.config,
      transactionPerMigration: true,
      onVersionApply: async ({
        heads,
        connection,
      }: {
        heads: readonly string[];
        connection: { execute(s: unknown): Promise<unknown> } | undefined;
      }) => {
        await connection?.execute(sql`INSERT INTO audit VALUES (${heads[0]})`);
        if (heads[0] === "bbbb") throw new Error("the auditor is away");
      },
    };
    await expect(command.upgrade(config as never)).rejects.toThrow("the auditor is away");
    await using c = await p.engine.connect();
    expect([...(await c.execute(sql`SELECT revision FROM audit`))].map((r) => r[0])).toEqual(["aaaa"]);
    expect(await MigrationContext.online(c).currentHeads()).toEqual(["aaaa"]);
  });

  it("transactionalDdl may be said otherwise: the log says so, and each revision is committed for itself", async () => {
    p = await project(await target.url());
    await p.revision("aaaa", null, 'await op.createTable("t", core.integer("n"));');
    await p.revision("bbbb", "aaaa", 'await op.execute("SELECT nothing FROM nowhere");');
    await expect(command.upgrade({ ...p.config, transactionalDdl: false })).rejects.toMatchObject({ done: ["aaaa"] });
    expect(p.logged).toContain("INFO  [athanor.runtime.migration] Will assume non-transactional DDL.");
    p.printed.length = 0;
    await command.current(p.config);
    expect(p.printed).toEqual(["aaaa\n"]);
  });

  it("a migration that leaves a transaction of its own open fails, one transaction or many", async () => {
    p = await project(await target.url());
    for (const transactionPerMigration of [false, true]) {
      for (const open of ["await op.getBind().begin();", "await op.getBind().beginNested();"]) {
        await p.revision("aaaa", null, open);
        await p.revision("bbbb", "aaaa", 'await op.createTable("never", core.integer("n"));');
        await expect(command.upgrade({ ...p.config, transactionPerMigration })).rejects.toMatchObject({
          code: "migrate.failed",
          revision: "aaaa",
        });
        await using c = await p.engine.connect();
        expect(await inspect(c).tableNames()).not.toContain("never");
        expect(await MigrationContext.online(c).currentHeads()).toEqual([]);
      }
    }
  });

  it("an autocommit block under the caller's transaction says whose it is", async () => {
    p = await project(await target.url());
    const map = new RevisionMap([new Revision({ revision: "aaaa" })]);
    await using c = await p.engine.connect();
    await MigrationContext.online(c).ensureVersionTable();
    await c.begin();
    const load = async () => ({
      upgrade: (op: { autocommitBlock(work: () => void): Promise<void> }) => op.autocommitBlock(() => {}),
    });
    await expect(
      MigrationContext.online(c).run((rows) => upgradeSteps(map, rows, "head"), load as never),
    ).rejects.toMatchObject({
      cause: {
        code: "migrate.autocommit",
        message:
          "autocommitBlock() must end the transaction, but the transaction belongs to the caller of the migration",
      },
    });
    await c.rollback();
  });

  it("after an autocommit block the isolation level is as before, and so is the session", async () => {
    p = await project(await target.url());
    await p.revision(
      "aaaa",
      null,
      `globalThis.levels = [op.getBind().isolationLevel];
       await op.autocommitBlock(async () => { levels.push(op.getBind().isolationLevel); });
       levels.push(op.getBind().isolationLevel);`,
    );
    const before = await (async () => {
      await using c = await p.engine.connect();
      return c.isolationLevel;
    })();
    await command.upgrade(p.config);
    const { levels } = globalThis as unknown as { levels: string[] };
    expect(new Set(levels).size).toBe(1);
    await using c = await p.engine.connect();
    expect(c.isolationLevel).toBe(before);
    // What is done now can be taken back: the connection is in no mode of the run's.
    await c.executeScript("CREATE TABLE after_run (n INTEGER)");
    await c.commit();
    await c.execute(sql`INSERT INTO after_run VALUES (1)`);
    await c.rollback();
    expect(Number((await c.execute(sql`SELECT count(*) FROM after_run`).one())[0])).toBe(0);
  });

  it("has one current revision, or says that there are several", async () => {
    p = await project(await target.url());
    await p.revision("aaaa", null, "");
    await p.revision("bbbb", null, "");
    await command.upgrade(p.config, "heads");
    await using c = await p.engine.connect();
    const context = MigrationContext.online(c);
    expect([...(await context.currentHeads())].sort()).toEqual(["aaaa", "bbbb"]);
    await expect(context.currentRevision()).rejects.toMatchObject({
      code: "migrate.several-heads",
      message: "Version table 'athanor_version' has more than one head present; please use currentHeads()",
    });
  });

  it("holds ids of 32 characters; a longer one is refused before a file is written, or when a file has it", async () => {
    p = await project(await target.url());
    const [fits, long] = ["f".repeat(32), "x".repeat(33)];
    await command.revision(p.config, { revId: fits });
    await expect(command.revision(p.config, { revId: long })).rejects.toMatchObject({ code: "migrate.long-id" });
    expect((await p.versions()).size).toBe(1);
    await p.revision(fits, null, "");
    await command.upgrade(p.config);
    await using c = await p.engine.connect();
    expect(await MigrationContext.online(c).currentRevision()).toBe(fits);
    await c.close();
    await p.put(
      "long_.ts",
      `export const revision = "${long}", downRevision = "${fits}";\nexport const upgrade = () => {};\n`,
    );
    await expect(command.upgrade(p.config)).rejects.toMatchObject({
      code: "migrate.long-id",
      hint: expect.stringContaining("long_.ts"),
    });
  });
});

describeEachDatabase("recipes", (target) => {
  const models = () => {
    const metadata = new MetaData();
    table("t", { id: integer().primaryKey(), name: string(20).nullable() }, { metadata });
    return metadata;
  };
  it("build from scratch: createAll, stamp head, and nothing is left to do", async () => {
    const metadata = models();
    p = await project(await target.url(), metadata);
    await p.revision("aaaa", null, 'await op.createTable("t", core.integer("id").primaryKey());');
    await p.revision("bbbb", "aaaa", 'await op.addColumn("t", core.string("name", 20).nullable());');
    await metadata.createAll(p.engine);
    await command.stamp(p.config);
    await command.check(p.config);
    await command.upgrade(p.config);
    expect(p.logged.filter((l) => l.includes("Running upgrade"))).toEqual([]);
  });
  it("prune: the oldest file goes, the next one begins the line, databases beyond it do not notice", async () => {
    p = await project(await target.url());
    await p.revision("aaaa", null, "");
    await p.revision("bbbb", "aaaa", "");
    await p.revision("cccc", "bbbb", "");
    await command.upgrade(p.config, "bbbb");
    await p.put("aaaa_.ts", "");
    const { unlink } = await import("node:fs/promises");
    await unlink(join(p.directory, "versions", "aaaa_.ts"));
    await p.revision("bbbb", null, "");
    await command.upgrade(p.config);
    p.printed.length = 0;
    await command.history(p.config);
    expect(p.printed.join("")).toBe("bbbb -> cccc (head), cccc\n<base> -> bbbb, bbbb\n");
  });
  it("at the start of a program: is the database at the heads, and is there one head only", async () => {
    p = await project(await target.url());
    await p.revision("aaaa", null, "");
    const scripts = await ScriptDirectory.open({ directory: p.directory, load: p.config.load });
    const atHeads = async () => {
      await using c = await p.engine.connect();
      const rows = await MigrationContext.online(c).currentHeads();
      return (
        new Set(rows).size === scripts.map.realHeads.length &&
        scripts.map.realHeads.every((h) => rows.includes(h.revision))
      );
    };
    expect(await atHeads()).toBe(false);
    await command.upgrade(p.config);
    expect(await atHeads()).toBe(true);
    expect(scripts.map.heads).toHaveLength(1);
  });
  it("operations by hand, as in a test or a REPL", async () => {
    p = await project(await target.url());
    await using c = await p.engine.connect();
    await c.begin();
    const op = MigrationContext.online(c).operations();
    const t = await op.createTable("t", integer("id").primaryKey(), string("name", 20).nullable());
    await op.addColumn("t", integer("amount").nullable());
    await op.bulkInsert(t, [{ id: 1, name: "one" }]);
    expect(Number((await c.execute(sql`SELECT count(*) FROM t WHERE name = 'one'`).one())[0])).toBe(1);
    await c.rollback();
    const left = await inspect(c).tableNames();
    expect(left.includes("t")).toBe(!target.capabilities.has("transactionalDdl"));
  });
  it("tells what an empty comparison may mean", async () => {
    p = await project(await target.url(), new MetaData());
    await command.migrate(p.config);
    expect(p.logged.slice(-2)).toEqual([
      "INFO  [athanor.autogenerate] No changes in schema detected.",
      "WARNI [athanor.autogenerate] The metadata has no tables: is the file with the models imported in the env file?",
    ]);
    const metadata = models();
    await metadata.createAll(p.engine);
    expect(await command.migrate({ ...p.config, metadata })).toBeNull();
    expect(p.logged.at(-1)).toMatch(
      /^WARNI .*The database has all tables already, and there is no revision yet: were they made by createAll\(\)\?.*stamp head/,
    );
    // Once there are revisions, nothing is meant by it.
    await command.revision(p.config);
    await command.stamp(p.config);
    await command.migrate({ ...p.config, metadata });
    expect(p.logged.at(-1)).toBe("INFO  [athanor.autogenerate] No changes in schema detected.");
    expect(await readFile(join(p.directory, "README"), "utf8")).toContain("athanor db migrate");
  });
});
