// Makes the two template databases (empty tables, full tables) that every contestant gets a copy of.
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import mysql from "mysql2/promise";
import pg from "pg";
import { customerDescription, customerName, scaled, tagsOfPost } from "./workloads/data.js";
import { sizes } from "./workloads/index.js";

export interface Templates {
  /** A fresh copy of a template, as a URL, and its removal. */
  copy(data: "empty" | "full"): Promise<{ url: string; drop(): Promise<void> }>;
  drop(): Promise<void>;
}

type Table = { name: string; columns: string[]; types: string[]; rows: unknown[][] };

function tables(scale: number): Table[] {
  const times = <T>(n: number, make: (i: number) => T) => Array.from({ length: n }, (_, i) => make(i));
  const [users, tags] = [scaled(sizes.users, scale), sizes.tags];
  const posts = users * sizes.postsPerUser;
  return [
    {
      name: "customer",
      columns: ["name", "description"],
      types: ["varchar", "varchar"],
      rows: times(scaled(sizes.customers, scale), (i) => [customerName(i), customerDescription(i)]),
    },
    { name: '"user"', columns: ["name"], types: ["varchar"], rows: times(users, (i) => [`user ${i + 1}`]) },
    {
      name: "post",
      columns: ["title", "user_id"],
      types: ["varchar", "integer"],
      rows: times(posts, (i) => [`title of post ${i + 1}`, (i % users) + 1]),
    },
    { name: "tag", columns: ["name"], types: ["varchar"], rows: times(tags, (i) => [`tag ${i + 1}`]) },
    {
      name: "post_tag",
      columns: ["post_id", "tag_id"],
      types: ["integer", "integer"],
      rows: times(posts, (i) => tagsOfPost(i + 1, tags).map((tag) => [i + 1, tag])).flat(),
    },
  ];
}

const schema = (key: string) => `
  create table customer (id ${key}, name varchar(64) not null, description varchar(128) not null);
  create table "user" (id ${key}, name varchar(64) not null);
  create table post (id ${key}, title varchar(128) not null, user_id integer not null references "user" (id));
  create index post_user on post (user_id);
  create table tag (id ${key}, name varchar(64) not null);
  create table post_tag (post_id integer not null references post (id), tag_id integer not null references tag (id),
    primary key (post_id, tag_id));`;

export function sqliteTemplates(scale: number): Templates {
  const folder = mkdtempSync(join(process.platform === "linux" ? "/dev/shm" : tmpdir(), "athanor-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const data of ["empty", "full"] as const) {
    const db = new Sqlite(join(folder, `${data}.db`));
    db.pragma("journal_mode = WAL");
    db.exec(schema("integer primary key"));
    if (data === "full") {
      for (const { name, columns, rows } of tables(scale)) {
        const insert = db.prepare(
          `insert into ${name} (${columns.join(", ")}) values (${columns.map(() => "?").join(", ")})`,
        );
        db.transaction(() => {
          for (const row of rows) insert.run(row);
        })();
      }
      db.exec("analyze");
    }
    db.pragma("wal_checkpoint(truncate)");
    db.close();
  }
  let copies = 0;
  return {
    copy: async (data) => {
      const path = join(folder, `copy${++copies}.db`);
      copyFileSync(join(folder, `${data}.db`), path);
      const drop = async () => {
        for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
      };
      return { url: `sqlite:///${path}`, drop };
    },
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** `maintenance` is the URL of a database on a server where databases may be created. */
export async function postgresTemplates(maintenance: string, scale: number): Promise<Templates> {
  const prefix = `athanor_bench_${process.pid}`;
  const at = (name: string) => {
    const url = new URL(maintenance);
    url.pathname = `/${name}`;
    return url.href;
  };
  const run = async <T>(url: string, work: (client: pg.Client) => Promise<T>) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return work(client).finally(() => client.end());
  };
  const drop = async (name: string) =>
    void (await run(maintenance, (client) => client.query(`drop database if exists ${name} with (force)`)));
  for (const data of ["empty", "full"]) {
    await run(maintenance, (client) => client.query(`create database ${prefix}_${data} template template0`));
    await run(at(`${prefix}_${data}`), async (client) => {
      await client.query(schema("serial primary key"));
      if (data === "empty") return;
      for (const { name, columns, types, rows } of tables(scale)) {
        const arrays = types.map((type, i) => `$${i + 1}::${type}[]`).join(", ");
        const values = columns.map((_, i) => rows.map((row) => row[i]));
        await client.query(`insert into ${name} (${columns.join(", ")}) select * from unnest(${arrays})`, values);
      }
      await client.query("vacuum analyze");
    });
  }
  let copies = 0;
  return {
    copy: async (data) => {
      const name = `${prefix}_copy${++copies}`;
      await run(maintenance, (client) => client.query(`create database ${name} template ${prefix}_${data}`));
      return { url: at(name), drop: () => drop(name) };
    },
    drop: async () => {
      for (const data of ["empty", "full"]) await drop(`${prefix}_${data}`);
    },
  };
}

/** `server`: where databases may be created, on MariaDB or MySQL. */
export async function mysqlTemplates(server: string, scale: number): Promise<Templates> {
  const prefix = `athanor_bench_${process.pid}`;
  const at = (name: string) => {
    const url = new URL(server);
    url.pathname = `/${name}`;
    return url.href;
  };
  const { hostname, port, username, password } = new URL(server);
  const run = async (work: (connection: mysql.Connection) => Promise<void>) => {
    const connection = await mysql.createConnection({
      host: hostname,
      port: Number(port || 3306),
      user: username,
      password: decodeURIComponent(password),
      multipleStatements: true,
    });
    // The schema quotes names as the standard says.
    await connection.query("set sql_mode = concat(@@sql_mode, ',ANSI_QUOTES')");
    await work(connection).finally(() => connection.end());
  };
  const drop = (name: string) => run(async (connection) => void (await connection.query(`drop database ${name}`)));
  const filled = tables(scale);
  const make = async (connection: mysql.Connection, name: string) => {
    await connection.query(`create database ${name} character set utf8mb4`);
    await connection.query(`use ${name}`);
    await connection.query(schema("integer auto_increment primary key"));
  };
  await run(async (connection) => {
    await make(connection, `${prefix}_full`);
    for (const { name, columns, rows } of filled) {
      for (let i = 0; i < rows.length; i += 1000)
        await connection.query(`insert into ${name} (${columns.join(", ")}) values ?`, [rows.slice(i, i + 1000)]);
    }
  });
  let copies = 0;
  return {
    copy: async (data) => {
      const name = `${prefix}_copy${++copies}`;
      await run(async (connection) => {
        await make(connection, name);
        if (data === "empty") return;
        for (const table of filled)
          await connection.query(`insert into ${table.name} select * from ${prefix}_full.${table.name}`);
        await connection.query(`analyze table ${filled.map((table) => table.name).join(", ")}`);
      });
      return { url: at(name), drop: () => drop(name) };
    },
    drop: () => drop(`${prefix}_full`),
  };
}
