/** Ten processes upgrade one database at once: each migration runs once. ATHANOR_ROUNDS says how often. */
import { type ChildProcess, fork } from "node:child_process";
import { rm } from "node:fs/promises";
import { createEngine, sql } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleWorker, type RevisionsProject, revisions } from "./processes.js";

const PROCESSES = 10;
const rounds = Number(process.env.ATHANOR_ROUNDS ?? 2);
let worker: string;
let workers: ChildProcess[];
let project: RevisionsProject;
const ids = ["a001", "a002", "a003", "a004", "a005", "a006"];

interface Answer {
  readonly log?: readonly string[];
  readonly error?: string;
}
const next = (child: ChildProcess) =>
  new Promise<Answer & { ready?: boolean }>((resolve) => child.once("message", (m) => resolve(m as Answer)));

beforeAll(async () => {
  worker = await bundleWorker();
  project = await revisions();
  for (const [i, id] of ids.entries()) {
    await project.put(
      id,
      ids[i - 1] ?? null,
      i === 0
        ? `await op.createTable("ran", core.string("revision", 10));
           await op.execute("INSERT INTO ran VALUES ('${id}')");`
        : `await op.createTable("t_${id}", core.integer("n"));
           await op.addColumn("t_${id}", core.integer("m").nullable());
           await op.execute("INSERT INTO ran VALUES ('${id}')");`,
    );
  }
  workers = Array.from({ length: PROCESSES }, () => fork(worker, { stdio: ["ignore", "ignore", "inherit", "ipc"] }));
  await Promise.all(workers.map(next));
}, 120_000);
afterAll(async () => {
  for (const child of workers ?? []) child.kill();
  await project?.dispose();
  await rm(worker, { force: true });
});

describeEachDatabase(
  `${PROCESSES} processes upgrade at once`,
  (target) => {
    it.each([false, true])(
      "each migration ran once (a transaction per migration: %s)",
      async (perMigration) => {
        for (let round = 0; round < Math.ceil(rounds / 2); round++) {
          if (round % 20 === 19) await target.dispose();
          const url = await target.url();
          const answers = workers.map(next);
          for (const child of workers) child.send({ url, directory: project.directory, perMigration });
          const all = await Promise.all(answers);
          expect(all.flatMap((a) => a.error ?? [])).toEqual([]);
          const ran = all.flatMap((a) => a.log ?? []).filter((l) => l.includes("Running upgrade"));
          expect(ran).toHaveLength(ids.length);
          const engine = createEngine(url);
          try {
            await using c = await engine.connect();
            const rows = await c.execute(sql`SELECT revision FROM ran ORDER BY revision`);
            expect([...rows].map((r) => r[0])).toEqual(ids);
            const at = await c.execute(sql`SELECT version_num FROM athanor_version`);
            expect([...at].map((r) => r[0])).toEqual([ids.at(-1)]);
          } finally {
            await engine.dispose();
          }
        }
      },
      600_000,
    );
  },
  { requires: ["concurrentConnections"] },
);
