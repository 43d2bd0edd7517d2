/** PostgreSQL: one transaction for everything, an advisory lock around it. */
import { createHash } from "node:crypto";
import { type Connection, DatabaseError, type SqlType, sql } from "@athanor/core";
import { DialectImpl } from "./base.js";
import { type LockRequest, lockTimeout } from "./lock.js";

export class PostgresqlImpl extends DialectImpl {
  #locked: bigint | undefined;

  override async open(connection: Connection, lock: LockRequest | undefined): Promise<void> {
    if (lock === undefined || !this.dialect.capabilities.advisoryLocks) return;
    const key = lockKey(lock.table);
    const until = performance.now() + lock.timeout;
    for (let pause = 20; ; pause = Math.min(pause * 2, 500)) {
      const [row] = await connection.execute(sql`SELECT pg_try_advisory_lock(${key})`);
      if (row?.[0] === true) break;
      if (performance.now() >= until) throw lockTimeout(lock);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    this.#locked = key;
  }
  override async close(connection: Connection): Promise<void> {
    const key = this.#locked;
    this.#locked = undefined;
    if (key !== undefined) await connection.execute(sql`SELECT pg_advisory_unlock(${key})`);
  }

  protected override readonly typeSynonyms: readonly ReadonlySet<string>[] = [
    new Set(["numeric", "decimal"]),
    new Set(["float", "double precision"]),
    new Set(["varchar", "character varying"]),
    new Set(["timestamp", "timestamp without time zone"]),
    new Set(["time", "time without time zone"]),
  ];
  override normalDefault(text: string): string {
    // 'draft'::character varying: the cast is the server's own addition.
    return super.normalDefault(text.trim().replace(/::[a-z_ ]+(\(\d+(,\s*\d+)?\))?(\[\])?$/i, ""));
  }
  override async sameDefault(connection: Connection, model: string, reflected: string, type: SqlType): Promise<boolean> {
    if (await super.sameDefault(connection, model, reflected, type)) return true;
    if (/^\(?\s*nextval\(/i.test(reflected)) return false;
    try {
      // Two spellings of one value: ask the server, in the column's own type.
      const cast = sql.raw(`CAST((${model}) AS ${this.dialect.ddlType(type)}) = CAST((${reflected}) AS ${this.dialect.ddlType(type)})`);
      const [row] = await connection.execute(sql`SELECT ${cast}`);
      return row?.[0] === true;
    } catch (error) {
      if (error instanceof DatabaseError) return false;
      throw error;
    }
  }
}

/** A 63-bit number of a name: advisory locks have numbers. */
function lockKey(name: string): bigint {
  return createHash("sha256").update(`athanor:${name}`).digest().readBigInt64BE(0) >> 1n;
}
