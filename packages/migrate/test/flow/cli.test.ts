/**
 * Listings, identifiers and options of the command line. What is printed for the graph below was printed by Alembic 1.8
 * for the same graph (its blocks aside, which call effective heads heads, and its children, which come in any order).
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, inspect, integer, MetaData, table } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { Command, CommanderError } from "commander";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildDbCommand, command, type MigrateConfig } from "../../src/index.js";
import { loadTs } from "./project.js";

let root: string;
let errors: string[];
let codes: number[];
let help: string;
let config: MigrateConfig;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "athanor-cli-"));
  config = { directory: join(root, "migrations"), url: `sqlite:///${join(root, "app.db")}`, load: loadTs };
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function db(...args: string[]): Promise<string> {
  const out: string[] = [];
  [errors, codes, help] = [[], [], ""];
  const program = new Command("athanor").exitOverride();
  const writers = {
    writeOut: (text: string) => {
      help += text;
    },
    writeErr: (text: string) => void errors.push(text),
  };
  program.configureOutput(writers);
  const made = {
    ...config,
    stdout: (text: string) => void out.push(text),
    log: (line: string) => void errors.push(`${line}\n`),
  };
  const built = buildDbCommand(program, made, {
    exit: (code) => void codes.push(code),
    stderr: (text) => void errors.push(text),
  }) as unknown as Command;
  for (const c of [built, ...built.commands]) c.exitOverride().configureOutput(writers);
  try {
    await program.parseAsync(["db", ...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) codes.push(error.exitCode);
  }
  return out.join("");
}
const failed = () => errors.filter((e) => e.startsWith("FAILED")).join("");

async function graph(): Promise<void> {
  await db("init");
  const revision = (message: string, id: string, ...rest: string[]) =>
    db("revision", "-m", message, "--rev-id", id, ...rest);
  await revision("create owners", "aaaa1111");
  await revision("left", "bbbb1111", "--branch-label", "shop");
  await revision("right", "bbbb2222", "--head", "aaaa1111", "--splice");
  await db("merge", "-m", "join", "--rev-id", "cccc1111", "bbbb1111", "bbbb2");
  await revision("trail", "dddd1111", "--head", "base", "--branch-label", "audit");
  await revision("more trail", "dddd2222", "--head", "audit@head");
  await revision("uses the trail", "eeee1111", "--head", "cccc", "--depends-on", "dddd2");
}

describe("listings", () => {
  beforeEach(graph);
  it("heads: of versions, and with dependencies resolved", async () => {
    expect((await db("heads")).split("\n").filter(Boolean).sort()).toEqual([
      "dddd2222 (audit) (effective head)",
      "eeee1111 (shop) (head)",
    ]);
    expect(await db("heads", "--resolve-dependencies")).toBe("eeee1111 (shop) (head)\n");
    const verbose = await db("heads", "-v");
    expect(verbose).toContain(
      "Rev: eeee1111 (head)\nParent: cccc1111\nAlso depends on: dddd2222\nBranch names: shop\nPath: ",
    );
    expect(verbose).toContain("Rev: dddd2222 (effective head)\nParent: dddd1111\nBranch names: audit\nPath: ");
    expect((JSON.parse(await db("heads", "--json", "--resolve-dependencies")) as object[]).length).toBe(1);
  });
  it("branches: children in the order of their ids", async () => {
    expect(await db("branches")).toBe(
      "aaaa1111 (branchpoint), create owners\n         -> bbbb1111 (shop), left\n         -> bbbb2222, right\n",
    );
    expect(await db("branches", "-v")).toMatch(
      /^Rev: aaaa1111 \(branchpoint\)\nParent: <base>\nBranches into: bbbb1111, bbbb2222\nPath: .*\n\n {4}create owners\n[\s\S]* {9}-> bbbb1111 \(shop\), left\n {9}-> bbbb2222, right\n$/,
    );
    expect(JSON.parse(await db("branches", "--json"))).toMatchObject([{ revision: "aaaa1111", isBranchPoint: true }]);
  });
  it("history: whole, of ranges, of a branch with what it needs, verbose, with the current revision", async () => {
    const all = [
      "cccc1111 (dddd2222) -> eeee1111 (shop) (head), uses the trail",
      "bbbb1111, bbbb2222 -> cccc1111 (shop) (mergepoint), join",
      "aaaa1111 -> bbbb1111 (shop), left",
      "aaaa1111 -> bbbb2222, right",
      "dddd1111 -> dddd2222 (audit) (effective head), more trail",
      "<base> -> dddd1111 (audit), trail",
      "<base> -> aaaa1111 (branchpoint), create owners",
    ];
    const lines = async (...args: string[]) => (await db("history", ...args)).split("\n").filter(Boolean);
    expect((await lines()).sort()).toEqual([...all].sort());
    expect((await lines("-r", ":shop@head")).sort()).toEqual([...all].sort());
    expect(await lines("-r", "bbbb1111:")).toEqual([all[0], all[1], all[2]]);
    await db("upgrade", "audit@head");
    expect(await lines("-r", "current:", "-i")).toContain(
      "dddd1111 -> dddd2222 (audit) (effective head) (current), more trail",
    );
    const verbose = await db("history", "-v", "-r", "cccc1111:cccc1111");
    expect(verbose).toMatch(
      /^Rev: cccc1111 \(mergepoint\)\nMerges: bbbb1111, bbbb2222\nBranch names: shop\nPath: .*cccc1111_join\.ts\n\n {4}join\n\n {4}Revision ID: cccc1111\n {4}Revises: bbbb1111, bbbb2222\n {4}Create Date: /,
    );
    await db("history", "-r", "aaaa");
    expect([failed(), codes]).toEqual([
      expect.stringContaining("History range requires [start]:[end], [start]:, or :[end]"),
      [255],
    ]);
  });
  it("show: merges, dependencies, labels, symbols, partial ids, lists", async () => {
    expect(await db("show", "cccc")).toMatch(
      /^Rev: cccc1111 \(mergepoint\)\nMerges: bbbb1111, bbbb2222\nBranch names: shop\n/,
    );
    expect(await db("show", "shop@head")).toMatch(
      /^Rev: eeee1111 \(head\)\nParent: cccc1111\nAlso depends on: dddd2222\nBranch names: shop\n/,
    );
    await db("upgrade", "dddd1111");
    expect(await db("show", "current")).toMatch(/^Rev: dddd1111\nParent: <base>\nBranch names: audit\n/);
    expect(JSON.parse(await db("show", "aaaa", "--json"))).toMatchObject([{ revision: "aaaa1111", downRevision: [] }]);
    await db("show", "bbbb");
    expect(failed()).toContain("Multiple revisions start with 'bbbb': 'bbbb1111', 'bbbb2222'");
  });
  it("current: effective heads, the masked URL, and heads that are real", async () => {
    await db("upgrade", "audit@head");
    expect(await db("current")).toBe("dddd2222 (effective head)\n");
    await db("current", "--check-heads");
    expect([codes, failed()]).toEqual([[255], expect.stringContaining("Database is not on all head revisions")]);
    await db("upgrade", "heads");
    expect((await db("current")).split("\n").filter(Boolean).sort()).toEqual([
      "dddd2222 (effective head)",
      "eeee1111 (head)",
    ]);
    // Alembic fails here for ever: dddd2222 has no row of its own.
    await db("current", "-c");
    expect(codes).toEqual([]);
    expect(await db("current", "-v")).toMatch(/^Current revision\(s\) for sqlite:\/\/\/.*app\.db:\nRev: /);
  });
  it("merge takes labels, partial ids and lists; names what it merged; refuses what is no head", async () => {
    await db("merge", "shop@head", "audit@head", "--rev-id", "ffff1111");
    expect(await db("show", "ffff")).toMatch(
      /^Rev: ffff1111 \(head\) \(mergepoint\)\nMerges: eeee1111, dddd2222\n[\s\S]*eeee1111[\s\S]*dddd2222/,
    );
    await db("merge", "shop", "audit", "-m", "x");
    expect(failed()).toContain("Revision bbbb1111 is not a head revision; please specify --splice");
    await db("merge", "ffff", "ffff1111");
    expect(failed()).toContain("There is nothing to merge");
    const made = JSON.parse(
      (await db("merge", "aaaa", "dddd1111", "--splice", "--rev-id", "abcd1111", "--branch-label", "odd", "--json"))
        .split("\n")
        .slice(1)
        .join("\n"),
    ) as object;
    expect(made).toMatchObject({
      revision: "abcd1111",
      downRevision: ["aaaa1111", "dddd1111"],
      branchLabels: ["audit", "odd"],
    });
  });
});

describe("options", () => {
  it("--tag and -x reach the env file, also for scripts", async () => {
    await db("init");
    await db("revision", "--rev-id", "aaaa1111");
    await writeFile(
      join(root, "migrations", "env.ts"),
      "export default (input) => { globalThis.seen = { tag: input.tag, x: input.x, offline: input.offline }; return { url: input.url }; };\n",
    );
    const seen = () => (globalThis as { seen?: unknown }).seen;
    for (const args of [["upgrade"], ["downgrade", "base"], ["stamp", "head"], ["ensure-version"]]) {
      await db(...args, "--tag", "nightly", "-x", "a=1", "-x", "flag", "-x", "b=c=d");
      expect([args[0], seen()]).toEqual([
        args[0],
        { tag: "nightly", x: { a: "1", flag: "", b: "c=d" }, offline: false },
      ]);
    }
    await db("upgrade", "--sql", "--tag", "nightly");
    expect(seen()).toEqual({ tag: "nightly", x: {}, offline: true });
    await db("downgrade", "head:base", "--sql", "--tag", "t2");
    expect(seen()).toMatchObject({ tag: "t2", offline: true });
  });

  it("-n chooses an environment of the configuration", async () => {
    const staging = `sqlite:///${join(root, "staging.db")}`;
    config = { ...config, environments: { staging: { url: staging }, other: { directory: join(root, "elsewhere") } } };
    await db("init");
    await db("revision", "--rev-id", "aaaa1111");
    await db("upgrade", "-n", "staging");
    const engine = createEngine(staging);
    await using c = await engine.connect();
    expect(await inspect(c).tableNames()).toContain("athanor_version");
    await c.close();
    await engine.dispose();
    expect(await db("current")).toBe("");
    expect(await db("current", "-n", "staging")).toBe("aaaa1111 (head)\n");
    await db("heads", "--name", "other");
    expect(failed()).toContain(`Path doesn't exist: ${join(root, "elsewhere")}.  Please use the 'init' command`);
    await db("heads", "-n", "stagin");
    expect([codes, errors.join("")]).toEqual([[255], expect.stringContaining("Did you mean 'staging'?")]);
  });

  it("revision: what does not make any sense is refused", async () => {
    await db("init");
    await db("revision", "--sql");
    expect([codes, failed()]).toEqual([[255], expect.stringContaining("Using --sql with the revision command")]);
    await db("revision", "--sql", "--autogenerate");
    expect(failed()).toContain("Using --sql with --autogenerate does not make any sense");
    const made = (await db("revision", "-m", "one", "--rev-id", "aaaa1111", "--json")).split("\n").slice(1).join("\n");
    expect(JSON.parse(made)).toMatchObject({ revision: "aaaa1111", message: "one", isHead: true });
  });

  it("limits are read from the command line; a wrong one is told before anything is done", async () => {
    await db("init");
    await db("revision", "--rev-id", "aaaa1111");
    await db("upgrade", "--lock-timeout", "soon");
    expect([codes, errors.join("")]).toEqual([
      [255],
      expect.stringMatching(/lockTimeout: 'soon' is no length of time[\s\S]*5s/),
    ]);
    await db("upgrade", "--lock-timeout", "5s", "--statement-timeout", "1min", "--lock-wait", "10s", "--no-lock");
    expect(codes).toEqual([]);
    expect(errors.join("")).toContain("sqlite has no statement timeout");
  });

  it("--version, help, wrong usage", async () => {
    await db("--version");
    expect(help).toMatch(/^\d+\.\d+\.\d+\n$/);
    await db("--help");
    // The course notes print this list.
    for (const name of [
      "branches",
      "current",
      "downgrade",
      "edit",
      "heads",
      "history",
      "init",
      "merge",
      "migrate",
      "revision",
      "show",
      "stamp",
      "upgrade",
    ])
      expect(help).toMatch(new RegExp(`^ {2}${name}(?=[ |]).* {2,}[A-Z]`, "m"));
    expect(help).toMatch(/^Usage: athanor db /);
    await db("upgrade", "--help");
    expect(help).toMatch(
      /--sql[\s\S]*--tag <tag>[\s\S]*--lock-timeout <duration>[\s\S]*--statement-timeout <duration>/,
    );
    await db("nonsense");
    expect(codes).toEqual([1]);
  });

  it("init keeps what is there already", async () => {
    const directory = join(root, "migrations");
    await db("init");
    await rm(join(directory, "env.ts"));
    await writeFile(join(directory, "README"), "my own\n");
    expect(await db("init")).toBe(
      [
        `  File ${join(directory, "README")} already exists, skipping`,
        `  Generating ${join(directory, "env.ts")} ...  done`,
        `  Please edit configuration/connection/logging settings in '${join(directory, "env.ts")}' before proceeding.`,
        "",
      ].join("\n"),
    );
    expect(await readFile(join(directory, "README"), "utf8")).toBe("my own\n");
    await db("revision", "--rev-id", "aaaa1111");
    await db("init");
    expect(failed()).toContain(`Directory ${directory} already exists and is not empty`);
    await db("init", "-t", "genric");
    expect(errors.join("")).toContain("Did you mean 'generic'?");
  });

  it("list-templates and init for machines", async () => {
    expect((JSON.parse(await db("list-templates", "--json")) as { name: string }[]).map((t) => t.name)).toContain(
      "multidb",
    );
    expect(JSON.parse(await db("init", "--json"))).toMatchObject({ directory: join(root, "migrations") });
  });
});

describeEachDatabase("reading commands", (target) => {
  it("create nothing; the version table stays after base", async () => {
    const metadata = new MetaData();
    table("t", { id: integer().primaryKey() }, { metadata });
    const url = await target.url();
    config = { ...config, url, metadata };
    await db("init");
    const tables = async () => {
      const engine = createEngine(url);
      await using c = await engine.connect();
      const names = await inspect(c).tableNames();
      await c.close();
      await engine.dispose();
      return names;
    };
    for (const args of [
      ["current"],
      ["current", "-v"],
      ["history", "-i"],
      ["check"],
      ["migrate", "--rev-id", "aaaa1111"],
      ["show", "current"],
      ["lint"],
      ["heads"],
      ["upgrade", "base"],
    ]) {
      await db(...args);
      expect([args, await tables()]).toEqual([args, []]);
    }
    await rm(join(root, "migrations", "versions", "aaaa1111_.ts"));
    await db("revision", "--rev-id", "cccc1111");
    await db("upgrade");
    await db("downgrade", "base");
    expect([codes, errors.join("")]).toEqual([[], expect.stringContaining("Running downgrade cccc1111 -> ")]);
    expect(await tables()).toContain("athanor_version");
  });
  it("mask the password", async () => {
    // A server that trusts the machine takes any password.
    const url =
      target.name === "postgresql"
        ? (await target.url()).replace(/\/\/(\w+)(:[^@]*)?@/, "//$1:geheim@")
        : await target.url();
    config = { ...config, url };
    await db("init");
    const text = await db("current", "-v");
    expect(text).toMatch(
      target.name === "postgresql"
        ? /^Current revision\(s\) for postgresql:\/\/\w+:\*\*\*@/
        : /^Current revision\(s\) for .+:\n$/,
    );
    expect(text + errors.join("")).not.toContain("geheim");
  });
});
