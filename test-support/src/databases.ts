// The one list of databases that behaviour tests run on. Environment:
//   ATHANOR_PG_URL, ATHANOR_MYSQL_URL  servers to use instead of the local ones; a server that ATHANOR_MYSQL_URL leads to
//                                      is "mariadb" or "mysql" as it says itself
//   ATHANOR_MYSQL8_URL                 a MySQL (8 or newer, not MariaDB) beside MariaDB, instead of 127.0.0.1:3307
//   ATHANOR_REQUIRE_MYSQL=1            MySQL belongs to the run and must be there
//   ATHANOR_PG18=1                     PostgreSQL 18 from npm instead of the local server
//   ATHANOR_SQLITE_DRIVER=node         SQLite through node:sqlite (Node 22.16 and newer) instead of better-sqlite3
//   ATHANOR_DATABASES=sqlite,mariadb   only these
// MySQL takes as long as MariaDB and PostgreSQL together, so it joins only when one of these names it;
// test-support/scripts/mysql.sh starts one.
import { type Capability, capabilitiesOf, type DatabaseName } from "./capabilities.js";
import { type FreshDatabase, findServers, type Server } from "./servers.js";

/** One database to test on. Everything `url()` made is dropped by `dispose()`. */
export interface Target {
  readonly name: DatabaseName;
  /** Whose SQL it speaks: MariaDB's is MySQL's, PGlite's is PostgreSQL's. */
  readonly family: "sqlite" | "postgresql" | "mysql";
  readonly capabilities: ReadonlySet<Capability>;
  /** Why there is no server, when there is none; then `url()` rejects. */
  readonly missing?: string;
  /** Makes a fresh, empty database and gives its URL. */
  url(): Promise<string>;
  /** Starts what takes long; `url()` does it too when this was not called. */
  start(): Promise<void>;
  /** Drops every database made here and stops a server started for them. */
  dispose(): Promise<void>;
}

let servers: Promise<Server[]> | undefined;

/**
 * The targets of this run in a fixed order, also those whose server is missing (see `Target.missing`).
 *
 * @example
 * for (const target of await databases()) {
 *   if (target.missing) continue;
 *   const engine = createEngine(await target.url());
 *   …
 *   await target.dispose();
 * }
 */
export async function databases(): Promise<Target[]> {
  const wanted = process.env.ATHANOR_DATABASES?.split(",").map((name) => name.trim());
  servers ??= findServers(wanted?.includes("mysql") ?? process.env.ATHANOR_REQUIRE_MYSQL === "1");
  const found = await servers;
  const unknown = wanted?.filter((name) => !found.some((server) => server.name === name)) ?? [];
  if (unknown.length > 0) {
    const known = found.map((server) => server.name).join(", ");
    throw new Error(`ATHANOR_DATABASES names ${unknown.join(", ")}; known: ${known}`);
  }
  return found.filter((server) => wanted?.includes(server.name) ?? true).map(target);
}

const families = {
  sqlite: "sqlite",
  postgresql: "postgresql",
  pglite: "postgresql",
  mariadb: "mysql",
  mysql: "mysql",
} as const;

// Several targets share one server; the last one to let go stops it.
const users = new Map<Server, number>();

function target(server: Server): Target {
  const made: FreshDatabase[] = [];
  let started: Promise<void> | undefined;
  const start = () => {
    if (started === undefined) {
      users.set(server, (users.get(server) ?? 0) + 1);
      started = server.start();
    }
    return started;
  };
  return {
    name: server.name,
    family: families[server.name],
    capabilities: capabilitiesOf(server.name),
    ...(server.missing === undefined ? {} : { missing: server.missing }),
    start,
    url: async () => {
      await start();
      const fresh = await server.create();
      made.push(fresh);
      return fresh.url;
    },
    dispose: async () => {
      if (started === undefined) return;
      started = undefined;
      const results = await Promise.allSettled(made.splice(0).map((database) => database.drop()));
      const left = (users.get(server) ?? 1) - 1;
      users.set(server, left);
      if (left === 0) await server.stop();
      const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
      if (errors.length > 0)
        throw new AggregateError(errors, `could not drop ${errors.length} ${server.name} database(s)`);
    },
  };
}
