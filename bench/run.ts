// The benchmark: Athanor against the raw driver on the workloads of the speed specification, ratios and ceilings.
// npm run bench -- [--only "W3"] [--database sqlite|postgresql|mariadb] [--runs 7] [--warmups 2] [--scale 1] [--json] [--check]
// --peers adds MikroORM (installed into bench/peers at the first time) and how many times faster Athanor is
// --heap instead: is the heap flat over a million statements? [--database sqlite|<url>]
// --json prints one array of results; --check also fails above a ceiling. A contestant that fails or returns another
// result than raw is a failure always.
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../test-support/src/embedded-postgres.js";
import { compete, type Result, type Settings } from "./harness.js";
import { mysqlTemplates, postgresTemplates, sqliteTemplates, type Templates } from "./seed.js";
import type { DatabaseName } from "./workloads/contestant.js";
import { type Workload, workloads } from "./workloads/index.js";

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    database: { type: "string", multiple: true },
    runs: { type: "string", default: "7" },
    warmups: { type: "string", default: "2" },
    scale: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    heap: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
  },
});
const progress = (text: string) => process.stderr.write(text);

if (options.heap) {
  const where = (options.database ?? []).flatMap((database) => ["--database", database]);
  const script = join(import.meta.dirname, "heap.ts");
  const { status } = spawnSync(process.execPath, ["--expose-gc", "--import", "tsx", script, ...where], {
    stdio: "inherit",
  });
  process.exit(status ?? 1);
}
const chosen = workloads.filter(
  ({ name }) => !options.only || options.only.some((part) => name.toLowerCase().startsWith(part.toLowerCase())),
);
if (chosen.length === 0) fail(`--only matches none of: ${workloads.map(({ name }) => name).join(", ")}`);
const settings: Settings = {
  runs: number("runs"),
  warmups: number("warmups"),
  scale: number("scale"),
  peers: options.peers,
};
const databases = (options.database ?? ["sqlite", "postgresql", "mariadb"]) as DatabaseName[];

if (options.peers) installPeers();
compileWorkers();
const results: Result[] = [];
for (const database of databases) {
  if (database === "sqlite") await measure(database, sqliteTemplates(settings.scale), settings);
  else if (database === "postgresql") await onPostgres();
  else if (database === "mariadb") await onMysql();
  else fail(`--database ${database} is not one of sqlite, postgresql, mariadb`);
}

if (options.json) console.log(JSON.stringify(results, null, 2));
else printTable();
if (options.peers && !options.json) printFactors();
const failures = results.filter((result) => result.failure !== undefined);
const reasons = new Map<string, string[]>();
for (const { workload, database, contestant, failure } of failures) {
  const who = `${workload} on ${database}, ${contestant}`;
  reasons.set(failure!, [...(reasons.get(failure!) ?? []), who]);
}
for (const [reason, who] of reasons) progress(`\n${who.join("; ")}:\n  ${reason}\n`);
const above = options.check && results.some((result) => verdict(result) === "above");
if (failures.length > 0 || above) process.exitCode = 1;

async function measure(database: DatabaseName, templates: Templates, with_: Settings): Promise<void> {
  for (const workload of chosen) {
    progress(`${database}: ${workload.name} …`);
    const begun = performance.now();
    results.push(...(await compete(workload, database, templates, with_)));
    progress(` ${((performance.now() - begun) / 1000).toFixed(1)} s\n`);
  }
  await templates.drop();
}

/** A server of our own, without fsync, on one processor with the client: over two, a key select varies threefold. */
async function onPostgres(): Promise<void> {
  const given = process.env.ATHANOR_PG_URL;
  if (given) {
    await measure("postgresql", await postgresTemplates(given, settings.scale), settings);
    return;
  }
  const local = ["18", "17", "16", "15"]
    .map((version) => `/usr/lib/postgresql/${version}`)
    .find((home) => existsSync(`${home}/bin/initdb`));
  const cpu = spawnSync("taskset", ["--version"]).status === 0 ? cpus().length - 1 : undefined;
  const pin = cpu === undefined ? {} : { cpu };
  let server: EmbeddedPostgres | undefined;
  try {
    server = await startEmbeddedPostgres({
      ...(local ? { home: local } : {}),
      ...pin,
      settings: { shared_buffers: "256MB" },
    });
    await measure("postgresql", await postgresTemplates(server.url, settings.scale), { ...settings, ...pin });
  } finally {
    await server?.stop();
  }
}

/** The server that is there, as it is set up: what it takes to reach the disk and another processor is in the figures. */
async function onMysql(): Promise<void> {
  const url = process.env.ATHANOR_MYSQL_URL ?? "mariadb://root@127.0.0.1:3306/";
  let templates: Templates;
  try {
    templates = await mysqlTemplates(url, settings.scale);
  } catch (error) {
    if (options.database !== undefined) throw error;
    progress(
      `mariadb: left out, there is no server (${(error as Error).message}); ATHANOR_MYSQL_URL says where one is.\n`,
    );
    return;
  }
  await measure("mariadb", templates, settings);
}

/** The workers run as plain JavaScript on the packages' builds, as users do; a loader would put its own code into them. */
function compileWorkers(): void {
  const require = createRequire(import.meta.url);
  const root = join(import.meta.dirname, "..");
  const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
  const build = (...args: string[]) => spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  const built = build("scripts/build.mjs");
  if (built.status !== 0)
    progress(`The packages do not build; Athanor's figures may be of an old build.\n${built.stdout.slice(0, 2000)}\n`);
  const compiled = build(tsc, "-p", join(import.meta.dirname, "tsconfig.json"));
  if (compiled.status !== 0) progress(`${compiled.stdout.slice(0, 2000)}\n`);
}

function installPeers(): void {
  const folder = join(import.meta.dirname, "peers");
  if (existsSync(join(folder, "node_modules"))) return;
  progress("installing bench/peers …\n");
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--prefix", folder], { stdio: ["ignore", 2, 2] });
  if (status !== 0) fail("bench/peers could not be installed.");
  // All contestants use the one of the workspace: two copies of SQLite in a process break each other's file locks.
  rmSync(join(folder, "node_modules", "better-sqlite3"), { recursive: true });
}

/** Time of each other project over Athanor's: above 1, Athanor is faster. */
function printFactors(): void {
  for (const { workload, database, contestant, medianMs } of results) {
    if (contestant === "raw" || contestant === "athanor" || medianMs === null) continue;
    const own = results.find(
      (r) => r.workload === workload && r.database === database && r.contestant === "athanor",
    )?.medianMs;
    if (own)
      console.log(`${workload} on ${database}: ${contestant} takes ${(medianMs / own).toFixed(1)} times as long`);
  }
}

function verdict({ workload: name, database, contestant, ratio, microsPerUnit }: Result): "above" | "within" | "" {
  const workload = chosen.find((candidate) => candidate.name === name) as Workload;
  if (contestant !== "athanor") return "";
  if (workload.ceilingMicros !== undefined && microsPerUnit !== null) {
    return microsPerUnit > workload.ceilingMicros ? "above" : "within";
  }
  const ceiling = workload.ceiling?.[database];
  if (ceiling === undefined || ratio === null) return "";
  return ratio > ceiling ? "above" : "within";
}

function printTable(): void {
  const header = [
    "workload",
    "database",
    "contestant",
    "median ms",
    "min",
    "max",
    "cold",
    "µs each",
    "ratio",
    "ceiling",
    "peak MB",
    "",
  ];
  const figure = (value: number | null, digits: number) => (value === null ? "-" : value.toFixed(digits));
  const lines = results.map((result) => {
    const workload = chosen.find(({ name }) => name === result.workload) as Workload;
    const micros = workload.ceilingMicros;
    const ceiling = micros === undefined ? workload.ceiling?.[result.database]?.toFixed(2) : `${micros} µs`;
    return [
      result.workload,
      result.database,
      result.contestant,
      figure(result.medianMs, 1),
      figure(result.minMs, 1),
      figure(result.maxMs, 1),
      figure(result.coldMs, 1),
      figure(result.microsPerUnit, 2),
      figure(result.ratio, 2),
      result.contestant === "athanor" ? (ceiling ?? "") : "",
      figure(result.peakMb, 0),
      result.failure ? "FAILED" : verdict(result) === "above" ? "above" : "",
    ];
  });
  const widths = header.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]!.length)));
  const print = (cells: string[]) =>
    console.log(
      cells
        .map((cell, i) => (i < 3 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join("  ")
        .trimEnd(),
    );
  print(header);
  for (const line of lines) print(line);
}

function number(name: "runs" | "warmups" | "scale"): number {
  const value = Number(options[name]);
  if (!(value >= 0) || (name === "runs" && value < 1))
    fail(`--${name} ${options[name]} is not a number that makes sense`);
  return value;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
