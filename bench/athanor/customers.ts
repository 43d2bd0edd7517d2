// What the contestants share around the clock: emptying the table and reading back, by the raw drivers.
import { emptyMysql, openMysql, storedMysql } from "../raw/mysql.js";
import { emptyPostgres, openPostgres, storedPostgres } from "../raw/postgresql.js";
import { emptySqlite, openSqlite, storedSqlite } from "../raw/sqlite.js";
import type { Context, DatabaseName } from "../workloads/contestant.js";
import type { CustomerLike } from "../workloads/data.js";

interface Reach {
  empty(url: string): Promise<void>;
  stored(url: string): Promise<Map<number, CustomerLike>>;
}

const reach: Record<DatabaseName, Reach> = {
  sqlite: by(
    async (url) => openSqlite(url),
    async (db) => void db.close(),
    emptySqlite,
    storedSqlite,
  ),
  postgresql: by(openPostgres, (client) => client.end(), emptyPostgres, storedPostgres),
  mariadb: by(openMysql, (client) => client.end(), emptyMysql, storedMysql),
};

function by<Client>(
  open: (url: string) => Promise<Client>,
  close: (client: Client) => Promise<void>,
  empty: (client: Client) => Promise<void> | void,
  stored: (client: Client) => Promise<Map<number, CustomerLike>> | Map<number, CustomerLike>,
): Reach {
  const within = async <T>(url: string, work: (client: Client) => Promise<T> | T): Promise<T> => {
    const client = await open(url);
    try {
      return await work(client);
    } finally {
      await close(client);
    }
  };
  return { empty: (url) => within(url, empty), stored: (url) => within(url, stored) };
}

export const emptyCustomers = ({ database, url }: Context): Promise<void> => reach[database].empty(url);
export const storedCustomers = ({ database, url }: Context): Promise<Map<number, CustomerLike>> =>
  reach[database].stored(url);
