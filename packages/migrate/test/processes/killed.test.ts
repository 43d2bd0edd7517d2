/**
 * `kill -9` at random points of an upgrade. Where DDL is transactional the version row tells the truth about the schema;
 * on MariaDB the tool says which step is half done, and goes on there. ATHANOR_ROUNDS says how often.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { createEngine, type Engine, inspect, sql } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";
import { command } from "../../src/index.js";
import { bundleWorker, type RevisionsProject, revisions } from "./processes.js";

const rounds = Number(process.env.ATHANOR_ROUNDS ?? 5);
const ids = ["k001", "k002", "k003", "k004", "k005"];
let worker: string;
let project: RevisionsProject;

beforeAll(async () => {
  worker = await bundleWorker();
  project = await revisions();
  for (const [i, id] of ids.entries()) {
    const n = i + 1;
    await project.put(
      id,
      ids[i - 1] ?? null,
      `await op.createTable("t${n}", core.integer("id").primaryKey(), core.string("name", 40).nullable());
       await op.execute("INSERT INTO t${n} (id, name) VALUES (1, 'one')");
       await op.addColumn("t${n}", core.integer("amount").nullable());
       await op.execute("UPDATE t${n} SET amount = COALESCE(amount, 0) + 1");
       await op.alterColumn("t${n}", "amount", { nullable: false });
       await op.createIndex("ix_t${n}_name", "t${n}", ["name"]);
       await op.execute("UPDATE t${n} SET amount = amount + 10");
       await op.alterColumn("t${n}", "name", { newName: "title" });`,
    );
  }
}, 60_000);
afterAll(async () => {
  await project?.dispose();
  await rm(worker, { force: true });
});

const ended = (child: ChildProcess) =>
  new Promise<{ code: number | null; log: string }>((resolve) => {
    let log = "";
    child.stderr?.on("data", (d) => {
      log += String(d);
    });
    child.once("close", (code) => resolve({ code, log }));
  });
/** Tables made by the revisions, in order: those that are whole, and those of which something is there. */
async function found(engine: Engine): Promise<{ rows: string[]; whole: string[]; begun: string[] }> {
  await using c = await engine.connect();
  const names = await inspect(c).tableNames();
  const rows = names.includes("athanor_version")
    ? [...(await c.execute(sql`SELECT version_num FROM athanor_version`))].map((r) => String(r[0]))
    : [];
  const [whole, begun]: [string[], string[]] = [[], []];
  for (const [i, id] of ids.entries()) {
    if (!names.includes(`t${i + 1}`)) continue;
    begun.push(id);
    const table = await inspect(c).table(`t${i + 1}`);
    if (!table.columns.some((x) => x.name === "title" && !x.nullable === false)) continue;
    const values = await c.execute(sql`SELECT amount FROM ${sql.raw(`t${i + 1}`)}`);
    expect([...values].map((r) => Number(r[0]))).toEqual([11]);
    whole.push(id);
  }
  return { rows, whole, begun };
}

describeEachDatabase(
  "an upgrade that is killed",
  (target) => {
    it("leaves a version row that is true, and is finished by the next one", async () => {
      // How long a run takes from its first line on says where to strike; those that end before are not counted.
      const start = (url: string, mode: string) => {
        const child = spawn(process.execPath, [worker, url, project.directory, mode]);
        const first = new Promise<void>((resolve) => {
          child.stderr.once("data", () => resolve());
          child.once("close", () => resolve());
        });
        return { child, end: ended(child), first };
      };
      const unhurt = start(await target.url(), "per");
      await unhurt.first;
      const begin = performance.now();
      const { code, log } = await unhurt.end;
      expect(code, log).toBe(0);
      let window = performance.now() - begin;
      let [struck, halfDone, round] = [0, 0, 0];
      for (; struck < rounds && round < rounds * 4; round++) {
        // Databases of many rounds would take longer to drop than a hook may.
        if (round % 20 === 19) await target.dispose();
        const url = await target.url();
        const mode = round % 2 === 0 ? "per" : "one";
        const { child, end, first } = start(url, mode);
        await first;
        const timer = setTimeout(() => child.kill("SIGKILL"), Math.random() * window);
        const { code } = await end;
        clearTimeout(timer);
        if (code === null) struck += 1;
        else window *= 0.95;
        const engine = createEngine(url);
        const log: string[] = [];
        const config = { engine, directory: project.directory, stdout: () => {}, log: (l: string) => void log.push(l) };
        try {
          if (target.capabilities.has("transactionalDdl")) {
            const state = await found(engine);
            const applied = state.rows.length === 0 ? [] : ids.slice(0, ids.indexOf(state.rows[0] as string) + 1);
            expect(state.whole).toEqual(applied);
            expect(state.begun).toEqual(applied);
          } else {
            await command.current(config);
            const told = log.filter((l) => l.includes("is half done"));
            const state = await found(engine);
            const applied = state.rows.length === 0 ? [] : ids.slice(0, ids.indexOf(state.rows[0] as string) + 1);
            // What is begun and has no row is what the tool names.
            const open = state.begun.filter((id) => !applied.includes(id));
            expect(open.length).toBeLessThanOrEqual(1);
            for (const id of open) expect(told.join()).toContain(`revision ${id} is half done`);
            if (told.length > 0) halfDone += 1;
          }
          (globalThis as { core?: unknown }).core = await import("@athanor/core");
          await command.upgrade(config);
          const state = await found(engine);
          expect(state.rows).toEqual([ids.at(-1)]);
          expect(state.whole).toEqual(ids);
        } finally {
          await engine.dispose();
        }
      }
      process.stderr.write(
        `${target.name}: ${round} runs, ${struck} killed before their end${halfDone > 0 ? `, ${halfDone} left a revision half done` : ""}\n`,
      );
      expect(struck).toBe(rounds);
    }, 1_800_000);
  },
  { requires: ["concurrentConnections"] },
);
