// What the contestants share around the clock: emptying the table and reading back, by the raw drivers.
import { openPostgres, storedPostgres } from "../raw/postgresql.js";
import { openSqlite, storedSqlite } from "../raw/sqlite.js";
import type { Context } from "../workloads/contestant.js";
import type { CustomerLike } from "../workloads/data.js";

export async function emptyCustomers({ database, url }: Context): Promise<void> {
  if (database === "sqlite") {
    const db = openSqlite(url);
    db.exec("delete from customer");
    db.pragma("wal_checkpoint(truncate)");
    db.close();
    return;
  }
  const client = await openPostgres(url);
  await client.query("truncate customer restart identity");
  await client.end();
}

export async function storedCustomers({ database, url }: Context): Promise<Map<number, CustomerLike>> {
  if (database === "sqlite") {
    const db = openSqlite(url);
    const stored = storedSqlite(db);
    db.close();
    return stored;
  }
  const client = await openPostgres(url);
  const stored = await storedPostgres(client);
  await client.end();
  return stored;
}
