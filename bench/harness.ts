// Runs the contestants of one workload in turns, each in its own process, and compares what they return.
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Templates } from "./seed.js";
import type { Job, Reply, Request } from "./worker.js";
import type { DatabaseName } from "./workloads/contestant.js";
import type { Workload } from "./workloads/index.js";

export interface Result {
  workload: string;
  database: DatabaseName;
  contestant: string;
  medianMs: number | null;
  /** The first run of the process: nothing compiled, no statement cached, no connection open. */
  coldMs: number | null;
  /** Median over the raw driver's median of the same run; null where there is no raw contestant or no result. */
  ratio: number | null;
  minMs: number | null;
  maxMs: number | null;
  microsPerUnit: number | null;
  peakMb: number | null;
  /** Why there is no figure. */
  failure?: string;
}

export interface Settings {
  runs: number;
  warmups: number;
  scale: number;
  /** The processor the workers share with the server, if any. */
  cpu?: number;
  /** Other projects take part too. */
  peers: boolean;
}

class Worker {
  readonly times: number[] = [];
  cold: number | null = null;
  failure: string | undefined;
  absent = false;
  peakMb: number | null = null;
  #child: ChildProcess;

  constructor(job: Job, cpu: number | undefined) {
    const script = join(import.meta.dirname, "dist", "worker.js");
    const pin = cpu === undefined ? undefined : ["-c", String(cpu), process.execPath];
    this.#child = fork(script, [JSON.stringify(job)], {
      execPath: pin ? "taskset" : process.execPath,
      // With taskset as the program, node's path and flags are arguments of it.
      execArgv: [...(pin ?? []), "--expose-gc"],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
  }

  #reply(): Promise<Reply> {
    return new Promise((resolve) => {
      const done = (reply: Reply) => {
        this.#child.off("message", onMessage).off("exit", onExit);
        resolve(reply);
      };
      const onMessage = (message: unknown) => done(message as Reply);
      const onExit = (code: number | null) => done({ type: "failed", why: `the process ended with ${code}` });
      this.#child.once("message", onMessage).once("exit", onExit);
    });
  }

  async start(): Promise<void> {
    const reply = await this.#reply();
    if (reply.type === "absent") this.absent = true;
    else if (reply.type === "failed") this.#fail(reply.why);
  }

  async run(round: number, counted: boolean, check: boolean): Promise<string | undefined> {
    if (this.failure !== undefined || this.absent) return undefined;
    const answer = this.#reply();
    this.#child.send({ type: "run", round, check } satisfies Request);
    const reply = await answer;
    if (reply.type !== "ran") {
      this.#fail(reply.type === "failed" ? reply.why : reply.type);
      return undefined;
    }
    this.cold ??= reply.ms;
    if (counted) this.times.push(reply.ms);
    return reply.checksum;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    if (this.failure !== undefined || this.absent) {
      this.#child.kill();
      return;
    }
    const answer = this.#reply();
    this.#child.send({ type: "stop" } satisfies Request);
    const reply = await answer;
    if (reply.type === "stopped") this.peakMb = reply.peakMb;
    else this.#fail(reply.type === "failed" ? reply.why : reply.type);
  }

  #fail(why: string) {
    this.failure ??= why;
    this.#child.kill();
  }

  disagree(expected: string, actual: string) {
    this.failure ??= `another result than raw: ${actual} instead of ${expected}`;
  }
}

export async function compete(
  workload: Workload,
  database: DatabaseName,
  templates: Templates,
  settings: Settings,
): Promise<Result[]> {
  const { runs, warmups, scale, cpu } = settings;
  const contestants: Job["contestant"][] = settings.peers ? ["raw", "athanor", "mikro"] : ["raw", "athanor"];
  const copies = await Promise.all(contestants.map(() => templates.copy(workload.data)));
  const workers = contestants.map(
    (contestant, i) => new Worker({ workload: workload.name, database, contestant, url: copies[i]!.url, scale }, cpu),
  );
  await Promise.all(workers.map((worker) => worker.start()));
  for (let round = 0; round < warmups + runs; round++) {
    // The first and the last run are checked; checking each would cost more than the runs.
    const check = round === 0 || round === warmups + runs - 1;
    let expected: string | undefined;
    for (const worker of workers) {
      const checksum = await worker.run(round, round >= warmups, check);
      expected ??= checksum;
      if (checksum !== undefined && checksum !== expected) worker.disagree(expected!, checksum);
    }
  }
  for (const worker of workers) await worker.stop();
  await Promise.all(copies.map((copy) => copy.drop()));

  const medians = workers.map((worker) => (worker.failure === undefined ? median(worker.times) : null));
  const units = workload.units * scale;
  return workers.flatMap((worker, i) => {
    if (worker.absent) return [];
    const medianMs = medians[i]!;
    const result: Result = {
      workload: workload.name,
      database,
      contestant: contestants[i]!,
      medianMs,
      coldMs: medianMs === null ? null : worker.cold,
      ratio: medianMs !== null && typeof medians[0] === "number" && !workers[0]!.absent ? medianMs / medians[0] : null,
      minMs: medianMs === null ? null : Math.min(...worker.times),
      maxMs: medianMs === null ? null : Math.max(...worker.times),
      microsPerUnit: medianMs === null ? null : (medianMs * 1000) / units,
      peakMb: worker.peakMb,
    };
    return [worker.failure === undefined ? result : { ...result, failure: worker.failure }];
  });
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
