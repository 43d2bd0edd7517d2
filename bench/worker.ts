// One process per contestant and workload: another contestant's garbage, shapes and caches cannot touch its figures.
// The parent asks for one run at a time and takes turns between contestants.
import type { Contestant, DatabaseName, Factory } from "./workloads/contestant.js";

export interface Job {
  workload: string;
  database: DatabaseName;
  contestant: "raw" | "athanor" | "mikro";
  url: string;
  scale: number;
}

export type Request = { type: "run"; round: number; check: boolean } | { type: "stop" };
export type Reply =
  | { type: "ready" }
  | { type: "absent"; why: string }
  | { type: "ran"; ms: number; checksum?: string }
  | { type: "stopped"; peakMb: number }
  | { type: "failed"; why: string };

const job = JSON.parse(process.argv[2]!) as Job;
const send = (reply: Reply) => process.send!(reply);

async function factory(): Promise<Factory | undefined> {
  if (job.contestant === "mikro") return job.database === "mariadb" ? undefined : peers();
  if (job.contestant === "athanor") return (await import("./athanor/index.js")).athanor[job.workload]?.();
  return (await raw[job.database]()).raw[job.workload];
}
const raw = {
  sqlite: () => import("./raw/sqlite.js"),
  postgresql: () => import("./raw/postgresql.js"),
  mariadb: () => import("./raw/mysql.js"),
};

/** Other projects' packages stand outside the workspaces, and so does what imports them; see `peers/package.json`. */
async function peers(): Promise<Factory | undefined> {
  const [data, customers, { sizes }] = await Promise.all([
    import("./workloads/data.js"),
    import("./athanor/customers.js"),
    import("./workloads/index.js"),
  ]);
  const module = new URL("../peers/mikro.js", import.meta.url).href;
  const { mikro } = (await import(module)) as Peer;
  return mikro(data, customers, sizes)[job.workload];
}
interface Peer {
  mikro(data: unknown, customers: unknown, sizes: unknown): { readonly [workload: string]: Factory };
}

async function once(contestant: Contestant, round: number, check: boolean): Promise<Reply> {
  await contestant.before?.(round);
  globalThis.gc?.();
  const begun = process.hrtime.bigint();
  const pending = contestant.run(round);
  const result = pending instanceof Promise ? await pending : pending;
  const ms = Number(process.hrtime.bigint() - begun) / 1e6;
  return check ? { type: "ran", ms, checksum: await contestant.check(result, round) } : { type: "ran", ms };
}

const explain = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));

try {
  const contestant = await (await factory())?.(job);
  if (contestant === undefined) {
    send({ type: "absent", why: "no such contestant" });
  } else {
    process.on("message", async (request: Request) => {
      try {
        if (request.type === "run") send(await once(contestant, request.round, request.check));
        else {
          await contestant.close();
          send({ type: "stopped", peakMb: process.resourceUsage().maxRSS / 1024 });
          process.disconnect();
        }
      } catch (error) {
        send({ type: "failed", why: explain(error) });
      }
    });
    send({ type: "ready" });
  }
} catch (error) {
  send({ type: "failed", why: explain(error) });
}
