// The recipe of docs/dialects.md, followed: a dialect of a third party is registered, reached by URL, and proves itself
// with the suite; under vitest here, and under node:test in a process of its own.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  CompileError,
  createEngine,
  InvalidRequestError,
  insert,
  integer,
  MetaData,
  registerDialect,
  select,
  string,
  table,
} from "../../src/index.js";
import { behaviour, behaviourGroups, dialectSuite, suiteCapabilities } from "../../src/testing/index.js";
import { MemoDialect } from "./memo-dialect.js";

let folder = "";
beforeAll(async () => {
  registerDialect("memo", () => new MemoDialect());
  folder = await mkdtemp(join(tmpdir(), "athanor-memo-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

dialectSuite(
  { describe, it, beforeAll, afterAll },
  {
    title: "the memo dialect, with a file",
    createEngine: () => createEngine(`memo:///${join(folder, "suite.db")}`),
    more: [
      {
        title: "memo's own",
        behaviours: [
          behaviour("quotes every name with backticks", [], async ({ assert, engine }) => {
            const t = table("plain", { id: integer().primaryKey() }, { metadata: new MetaData() });
            assert.equal(select(t.c.id).compile(engine.dialect).sql, "SELECT `plain`.`id` FROM `plain`");
          }),
        ],
      },
    ],
  },
);
dialectSuite(
  { describe, it, beforeAll, afterAll },
  {
    title: "the memo dialect, in memory",
    createEngine: () => createEngine("memo://"),
    capabilities: { concurrentConnections: false },
  },
);

describe("the suite itself", () => {
  it("reads capabilities from the dialect, and what a dialect cannot do is refused aloud", async () => {
    const dialect = new MemoDialect();
    expect(suiteCapabilities(dialect).insertReturning).toBe(false);
    expect(suiteCapabilities(dialect, { partialIndexes: false }).partialIndexes).toBe(false);
    const t = table("plain", { id: integer().primaryKey(), name: string(5) }, { metadata: new MetaData() });
    expect(() => insert(t).values({ name: "a" }).returning(t.c.id).compile(dialect)).toThrow(CompileError);
  });
  it("refuses a capability and a known failure that do not exist, with a hint", () => {
    const runner = { describe: () => {}, it: () => {}, beforeAll: () => {}, afterAll: () => {} };
    expect(() => suiteCapabilities(new MemoDialect(), { partialIndex: true } as never)).toThrow(
      /did you mean 'partialIndexes'/i,
    );
    expect(() =>
      dialectSuite(runner, { createEngine: () => createEngine("memo://"), known: { "no such": "" } }),
    ).toThrow(InvalidRequestError);
  });
  it("names each behaviour once", () => {
    const names = behaviourGroups.flatMap((g) => g.behaviours.map((b) => `${g.title}: ${b.name}`));
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(100);
  });
  it("fails where a dialect lies about what it can do", async () => {
    // A runner that collects: the suite is told that the database has a lateral join, which it has not.
    const failures: string[] = [];
    const tests: { name: string; body: (t: object) => Promise<void> }[] = [];
    const hooks: (() => Promise<void>)[] = [];
    const ends: (() => Promise<void>)[] = [];
    dialectSuite(
      {
        describe: (_, body) => body(),
        it: (name, body) => tests.push({ name, body }),
        beforeAll: (work) => hooks.push(work),
        afterAll: (work) => ends.push(work),
      },
      { createEngine: () => createEngine("memo://"), capabilities: { lateral: true, concurrentConnections: false } },
    );
    for (const hook of hooks) await hook();
    for (const { name, body } of tests.filter(
      (t) => t.name.includes("lateral") || t.name.startsWith("one, oneOrNone"),
    )) {
      await body({}).catch(() => failures.push(name));
    }
    for (const end of ends) await end();
    expect(failures).toEqual(["a lateral subquery sees the tables before it"]);
  });
  it("runs under node:test as well", async () => {
    const file = join(import.meta.dirname, "node-test.ts");
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--conditions=@athanor/source", "--import", "tsx", "--test", "--test-reporter=tap", file],
      {
        cwd: join(import.meta.dirname, "../../../.."),
        timeout: 110_000,
        maxBuffer: 50_000_000,
        env: { ...process.env, NODE_TEST_CONTEXT: undefined, VITEST: undefined },
      },
    ).catch((error: { stdout: string }) => error);
    const figure = (what: string) => Number(new RegExp(`^# ${what} (\\d+)`, "m").exec(stdout)?.[1]);
    expect(
      figure("fail"),
      stdout
        .split("\n")
        .filter((l) => l.includes("not ok"))
        .join("\n"),
    ).toBe(0);
    expect(figure("pass")).toBeGreaterThan(90);
    expect(figure("skipped")).toBeGreaterThan(3);
  }, 120_000);
});
