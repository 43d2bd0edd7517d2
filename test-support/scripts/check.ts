// Shows that every target hands out fresh databases that answer, and that nothing of them stays: no package needed.
// Run: npm run check --workspace @athanor/test-support
import { existsSync } from "node:fs";
import { PGlite } from "@electric-sql/pglite";
import Sqlite from "better-sqlite3";
import mysql from "mysql2/promise";
import pg from "pg";
import { databases, type Target } from "../src/databases.js";

const mysqlVersion = async (url: string): Promise<string> => {
  const connection = await mysql.createConnection(url.replace(/^mariadb:/, "mysql:"));
  await connection.query("create table fresh (id integer)");
  const [rows] = await connection.query("select version() as v");
  await connection.end();
  return (rows as { v: string }[])[0]!.v;
};
const versions: Record<Target["name"], (url: string) => Promise<string>> = {
  sqlite: async (url) => {
    const db = new Sqlite(url.slice("sqlite:///".length));
    db.exec("create table fresh (id integer)");
    const version = db.prepare("select sqlite_version()").pluck().get();
    db.close();
    return String(version);
  },
  postgresql: async (url) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query("create table fresh (id integer)");
    const { rows } = await client.query("select version() as v");
    await client.end();
    return rows[0].v;
  },
  mariadb: mysqlVersion,
  mysql: mysqlVersion,
  pglite: async () => {
    const db = new PGlite();
    const { rows } = await db.query<{ v: string }>("select version() as v");
    await db.close();
    return rows[0]!.v;
  },
};

let failed = false;
for (const target of await databases()) {
  if (target.missing !== undefined) {
    console.log(`${target.name}: missing (${target.missing})`);
    failed = true;
    continue;
  }
  const begun = performance.now();
  const urls = [await target.url(), await target.url()];
  for (const url of urls) console.log(`${target.name}: ${url}: ${await versions[target.name](url)}`);
  await target.dispose();
  const stays = await Promise.all(
    urls.map((url) =>
      target.name === "pglite"
        ? false
        : target.name === "sqlite"
          ? existsSync(url.slice("sqlite:///".length))
          : answers(target, url),
    ),
  );
  if (stays.some(Boolean)) failed = true;
  console.log(
    `${target.name}: ${stays.some(Boolean) ? "NOT dropped" : "dropped"}, ${Math.round(performance.now() - begun)} ms`,
  );
}
process.exitCode = failed ? 1 : 0;

async function answers(target: Target, url: string): Promise<boolean> {
  return versions[target.name](url).then(
    () => true,
    () => false,
  );
}
