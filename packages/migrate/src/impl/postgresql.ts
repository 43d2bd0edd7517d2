/** PostgreSQL: one transaction for everything, an advisory lock around it. */
import { createHash } from "node:crypto";
import {
  AlterColumnDefault,
  type Connection,
  DatabaseError,
  EnumType,
  inspect,
  type NamedTable,
  type ReflectedColumn,
  type SqlType,
  sql,
} from "@athanor/core";
import { AlterColumnOp, type AlterEnumOp } from "../ops/index.js";
import { DialectImpl } from "./base.js";
import type { OperationHost } from "./host.js";
import { type LockRequest, lockLost, lockTimeout, noSchema, type SessionRules, type Timeouts } from "./lock.js";
import { alterEnum } from "./postgresql-enum.js";

export class PostgresqlImpl extends DialectImpl {
  override readonly family = "postgresql";
  #locked: bigint | undefined;

  override async open(connection: Connection, lock: LockRequest | undefined): Promise<void> {
    if (lock?.scope !== "session" || !this.dialect.capabilities.advisoryLocks) return;
    const key = lockKey(lock.table);
    await obtain(lock, () => connection.execute(sql`SELECT pg_try_advisory_lock(${key})`));
    this.#locked = key;
  }
  /** Behind a pooler only the transaction is sure to be ours: lock and limits are set in it, and go with it. */
  override async begin(connection: Connection, { lock, timeouts }: SessionRules): Promise<void> {
    await connection.executeScript("BEGIN");
    if (lock?.scope !== "transaction") return;
    for (const text of this.limitText(timeouts, true)) await connection.executeScript(text);
    if (!this.dialect.capabilities.advisoryLocks) return;
    const key = lockKey(lock.table);
    try {
      await obtain(lock, () => connection.execute(sql`SELECT pg_try_advisory_xact_lock(${key})`));
    } catch (error) {
      await connection.executeScript("ROLLBACK");
      throw error;
    }
  }
  override readonly canPrepare = true;
  override readonly limits = ["lock", "statement"] as const;
  protected override readonly lockCodes = ["55P03"];
  override limitText({ lock, statement }: Timeouts, local: boolean): readonly string[] {
    const set = local ? "SET LOCAL" : "SET";
    return [
      ...(lock === undefined ? [] : [`${set} lock_timeout = ${lock}`]),
      ...(statement === undefined ? [] : [`${set} statement_timeout = ${statement}`]),
    ];
  }
  override async limit(connection: Connection, timeouts: Timeouts): Promise<() => Promise<void>> {
    const texts = this.limitText(timeouts, false);
    if (texts.length === 0) return async () => {};
    const [before] = await connection.execute(
      sql`SELECT current_setting('lock_timeout'), current_setting('statement_timeout')`,
    );
    const [lock, statement] = [String(before?.[0]), String(before?.[1])];
    for (const text of texts) await connection.executeScript(text);
    return async () => {
      await connection.execute(
        sql`SELECT set_config('lock_timeout', ${lock}, false), set_config('statement_timeout', ${statement}, false)`,
      );
    };
  }
  override async enterSchema(connection: Connection, schema: string): Promise<() => Promise<void>> {
    const found = await inspect(connection).schemas();
    if (!found.includes(schema)) throw noSchema(schema, found);
    const [row] = await connection.execute(sql`SELECT current_setting('search_path')`);
    const before = String(row?.[0]);
    await connection.executeScript(this.enterSchemaText(schema));
    return async () => {
      await connection.execute(sql`SELECT set_config('search_path', ${before}, false)`);
    };
  }
  override async close(connection: Connection): Promise<string | undefined> {
    const key = this.#locked;
    this.#locked = undefined;
    if (key === undefined) return undefined;
    const [row] = await connection.execute(sql`SELECT pg_advisory_unlock(${key})`);
    return row?.[0] === true ? undefined : lockLost();
  }

  /**
   * A type of another family needs to be told how: an explicit cast. Within a family the server's own rules hold, which
   * refuse to lose digits or characters.
   */
  protected override async alterColumn(op: AlterColumnOp, host: OperationHost): Promise<void> {
    const { type } = op.changes;
    if (type === undefined) return super.alterColumn(op, host);
    if (op.using !== undefined) {
      // A default that is about to change need not fit the new type.
      if (op.changes.serverDefault !== undefined) await host.run(new AlterColumnDefault(op, op.columnName, null));
      return super.alterColumn(op, host);
    }
    const found = host.offline ? undefined : await this.#column(op, host);
    const was = host.offline ? op.existing.type : found?.type;
    const isNamed = was !== undefined && [was, type].some((t) => t instanceof EnumType && t.native);
    if (was === undefined || (was.family === type.family && !isNamed)) return super.alterColumn(op, host);
    const name = this.dialect.quote(op.columnName);
    const target = this.shownType(type);
    const using = conversion(name, was, type, target);
    // The old default stands in the way of the new type: it goes, and comes back converted unless there is a new one.
    const old = host.offline ? op.existing.serverDefault : found?.default;
    const { serverDefault, ...others } = op.changes;
    const place = { schema: op.schema };
    if (old !== undefined && old !== null) await host.run(new AlterColumnDefault(op, op.columnName, null));
    await super.alterColumn(
      new AlterColumnOp(op.tableName, op.columnName, others, op.existing, { ...place, using }),
      host,
    );
    const next =
      serverDefault === undefined && typeof old === "string"
        ? ((isNamed ? literalOf(old) : undefined) ?? conversion(`(${old})`, was, type, target))
        : serverDefault;
    if (next !== undefined && next !== null) {
      await host.run(new AlterColumnDefault(op, op.changes.newName ?? op.columnName, next));
    }
  }
  async #column(op: AlterColumnOp, host: OperationHost): Promise<ReflectedColumn | undefined> {
    const columns = await inspect(host.connection).columns(op.tableName, { schema: op.schema });
    return columns.find((c) => c.name === op.columnName);
  }

  protected override alterEnum(op: AlterEnumOp, host: OperationHost): Promise<void> {
    return alterEnum(op, host);
  }
  /** A copy of the table that lives for this question only is given the check, and asked for it. */
  override async givenBack(
    connection: Connection,
    table: NamedTable,
    text: string,
  ): Promise<string | null | undefined> {
    const name = this.dialect.quote(table.tableName);
    const full = table.schema === undefined ? name : `${this.dialect.quote(table.schema)}.${name}`;
    const change = `ALTER TABLE pg_temp.athanor_probe ADD CONSTRAINT athanor_probe_ck CHECK (${text})`;
    const own = connection.isolationLevel === "AUTOCOMMIT";
    if (!own) return undefined;
    await connection.executeScript("BEGIN");
    try {
      await connection.executeScript(`CREATE TEMPORARY TABLE athanor_probe (LIKE ${full}) ON COMMIT DROP`);
    } catch (error) {
      await connection.executeScript("ROLLBACK");
      if (error instanceof DatabaseError) return undefined;
      throw error;
    }
    try {
      await connection.executeScript(change);
      const [row] = await connection.execute(
        sql`SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'athanor_probe_ck' AND conrelid = 'pg_temp.athanor_probe'::regclass`,
      );
      return /^CHECK \((.*)\)$/s.exec(String(row?.[0]))?.[1];
    } catch (error) {
      if (error instanceof DatabaseError) return null;
      throw error;
    } finally {
      await connection.executeScript("ROLLBACK");
    }
  }

  protected override readonly typeSynonyms: readonly ReadonlySet<string>[] = [
    new Set(["numeric", "decimal"]),
    new Set(["float", "double precision"]),
    new Set(["varchar", "character varying"]),
    new Set(["char", "character"]),
    new Set(["timestamp", "timestamp without time zone"]),
    new Set(["time", "time without time zone"]),
  ];
  override normalDefault(text: string): string {
    // 'draft'::character varying: the cast is the server's own addition.
    return super.normalDefault(text.trim().replace(/::[a-z_ ]+(\(\d+(,\s*\d+)?\))?(\[\])?$/i, ""));
  }
  override async sameDefault(
    connection: Connection,
    model: string,
    reflected: string,
    type: SqlType,
  ): Promise<boolean> {
    if (await super.sameDefault(connection, model, reflected, type)) return true;
    if (/^\(?\s*nextval\(/i.test(reflected)) return false;
    try {
      // Two spellings of one value: ask the server, in the column's own type.
      const cast = sql.raw(
        `CAST((${model}) AS ${this.dialect.ddlType(type)}) = CAST((${reflected}) AS ${this.dialect.ddlType(type)})`,
      );
      const [row] = await connection.execute(sql`SELECT ${cast}`);
      return row?.[0] === true;
    } catch (error) {
      if (error instanceof DatabaseError) return false;
      throw error;
    }
  }
}

/** `'sad'` of `'sad'::mood`, which would hold on to the type. */
function literalOf(text: string): string | undefined {
  return /^\(?('(?:[^']|'')*')::/.exec(text)?.[1];
}
/** Between numbers and booleans the server has few casts of its own. */
function conversion(value: string, from: SqlType, to: SqlType, target: string): string {
  if (from.family === "number" && to.family === "boolean") return `(${value} <> 0)`;
  if (from.family === "boolean" && to.family === "number") return `${value}::integer::${target}`;
  return `${value}::${target}`;
}
/** Asks until the lock is given. @throws LockError */
async function obtain(lock: LockRequest, ask: () => PromiseLike<Iterable<ArrayLike<unknown>>>): Promise<void> {
  const until = performance.now() + lock.timeout;
  for (let pause = 20; ; pause = Math.min(pause * 2, 500)) {
    const [row] = await ask();
    if (row?.[0] === true) return;
    if (performance.now() >= until) throw lockTimeout(lock);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
/** A 63-bit number of a name: advisory locks have numbers. */
function lockKey(name: string): bigint {
  return createHash("sha256").update(`athanor:${name}`).digest().readBigInt64BE(0) >> 1n;
}
