/**
 * SQLite: what ALTER TABLE cannot do is a rebuild; the transaction is the lock. Foreign keys are not enforced during a
 * run, since dropping the old copy of a table would delete the rows that refer to it; they are checked before COMMIT.
 * Source: sqlite.org "ALTER TABLE", section "Making Other Kinds Of Table Schema Changes".
 */
import {
  AddColumn,
  type Connection,
  CreateIndex,
  inspect,
  isRetryable,
  type NamedTable,
  type ReflectedColumn,
  RenameColumn,
  sql,
  type TableColumn,
} from "@athanor/core";
import { OperationError } from "../errors.js";
import {
  AddColumnOp,
  AddConstraintOp,
  AlterColumnOp,
  DropColumnOp,
  DropConstraintOp,
  type MigrateOp,
} from "../ops/index.js";
import { typeChecks } from "../ops/schema.js";
import { DialectImpl } from "./base.js";
import type { BatchSettings, OperationHost } from "./host.js";
import { lockTimeout, type SessionRules, type Timeouts } from "./lock.js";
import { Rebuild } from "./sqlite-rebuild.js";

type TableOp = AddColumnOp | DropColumnOp | AlterColumnOp | AddConstraintOp | DropConstraintOp;
const changesTable = (op: MigrateOp): op is TableOp =>
  op instanceof AddColumnOp ||
  op instanceof DropColumnOp ||
  op instanceof AlterColumnOp ||
  op instanceof AddConstraintOp ||
  op instanceof DropConstraintOp;

export class SqliteImpl extends DialectImpl {
  override readonly family = "sqlite";
  override readonly keepsText = true;
  #foreignKeys = false;
  /** Rows that already refer to nothing when the run begins. */
  #orphans = new Set<string>();

  /** The lock is the transaction. */
  override locksWholeRun(): boolean {
    return false;
  }
  override readonly limits = ["lock"] as const;
  protected override readonly lockCodes = ["SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED"];
  override limitText({ lock }: Timeouts): readonly string[] {
    return lock === undefined ? [] : [`PRAGMA busy_timeout = ${lock}`];
  }
  override async limit(connection: Connection, timeouts: Timeouts): Promise<() => Promise<void>> {
    const [text] = this.limitText(timeouts);
    if (text === undefined) return async () => {};
    const [row] = await connection.execute(sql`PRAGMA busy_timeout`);
    await connection.executeScript(text);
    return () => connection.executeScript(`PRAGMA busy_timeout = ${Number(row?.[0])}`);
  }
  override async open(connection: Connection): Promise<void> {
    const [row] = await connection.execute(sql`PRAGMA foreign_keys`);
    this.#foreignKeys = Number(row?.[0]) === 1;
    if (!this.#foreignKeys) return;
    await connection.executeScript("PRAGMA foreign_keys = OFF");
    this.#orphans = new Set((await orphansOf(connection)).map((o) => o.key));
  }
  override async close(connection: Connection): Promise<undefined> {
    if (this.#foreignKeys) await connection.executeScript("PRAGMA foreign_keys = ON");
    this.#foreignKeys = false;
  }
  override async begin(connection: Connection, { lock }: SessionRules): Promise<void> {
    const until = performance.now() + (lock?.timeout ?? 0);
    for (;;) {
      try {
        await connection.executeScript("BEGIN IMMEDIATE");
        return;
      } catch (error) {
        // The driver has waited its own time already.
        if (!isRetryable(error)) throw error;
        if (lock === undefined || performance.now() >= until) throw lock === undefined ? error : lockTimeout(lock);
      }
    }
  }
  override async beforeCommit(connection: Connection): Promise<void> {
    if (!this.#foreignKeys) return;
    const made = (await orphansOf(connection)).filter((o) => !this.#orphans.has(o.key));
    const [first] = made;
    if (first === undefined) return;
    throw new OperationError(
      "migrate.foreign-key-check",
      `${made.length} row(s) would refer to rows that do not exist, for example in '${first.table}' to '${first.parent}'`,
      {
        hint: "Foreign keys do not cascade while SQLite is migrated: delete or update the referring rows in the migration first.",
      },
    );
  }

  override async apply(op: MigrateOp, host: OperationHost): Promise<void> {
    if (!changesTable(op)) return super.apply(op, host);
    await this.applyBatch({ tableName: op.tableName, schema: op.schema }, [op], host, { recreate: "auto" });
  }
  override async applyBatch(
    table: NamedTable,
    ops: readonly MigrateOp[],
    host: OperationHost,
    settings: BatchSettings,
  ): Promise<void> {
    const recreate = settings.recreate ?? "auto";
    if (host.offline && settings.copyFrom === undefined) {
      for (const op of ops) await this.#direct(op, host);
      return;
    }
    const isNew = [settings.partialReordering, settings.tableArguments].some((list) => (list?.length ?? 0) > 0);
    const always = recreate === "always" || isNew || settings.tableOptions !== undefined;
    if (always && recreate === "never") throw needsRebuild("the order, arguments and options of a table", table);
    let rebuild = always ? await this.#start(table, host, settings) : undefined;
    /** What `copyFrom` and the like say is so until the table has been made anew once. */
    let said: BatchSettings | undefined = settings;
    const again = () => {
      if (said === undefined && host.offline) throw twice(table);
      return this.#start(table, host, said ?? { namingConvention: settings.namingConvention });
    };
    const flush = async () => {
      if (rebuild === undefined) return;
      await rebuild.run();
      rebuild = undefined;
      said = undefined;
    };
    for (const op of ops) {
      // A rename keeps triggers, views and checks in step by itself.
      if (op instanceof AlterColumnOp && op.changes.newName !== undefined && op.changes.newName !== op.columnName) {
        await flush();
        await host.run(new RenameColumn(table, op.columnName, op.changes.newName));
        const { newName, ...rest } = op.changes;
        if (Object.values(rest).every((v) => v === undefined)) continue;
        rebuild = await again();
        rebuild.apply(new AlterColumnOp(op.tableName, newName, rest, op.existing, { schema: op.schema }));
      } else if (!changesTable(op)) {
        await flush();
        await super.apply(op, host);
      } else if (rebuild === undefined && (await this.#inPlace(op, host))) {
        await this.#direct(op, host);
      } else if (onlyComment(op)) {
        // SQLite keeps no comments.
      } else {
        if (recreate === "never") throw needsRebuild(`'${op.kind}'`, table);
        rebuild ??= await again();
        rebuild.apply(op);
      }
    }
    await rebuild?.run();
  }
  async #start(table: NamedTable, host: OperationHost, settings: BatchSettings): Promise<Rebuild> {
    if (!host.ownsTransaction) await this.#assertSafe(table, host.connection);
    return Rebuild.start(table, host, (value) => this.inlineSql(value), settings);
  }
  /** Inside somebody else's transaction enforcement cannot be turned off: then nobody may refer to the table. */
  async #assertSafe(table: NamedTable, connection: Connection): Promise<void> {
    const [row] = await connection.execute(sql`PRAGMA foreign_keys`);
    if (Number(row?.[0]) !== 1) return;
    const referring = (await inspect(connection).tables({ schema: table.schema })).filter((t) =>
      t.foreignKeys.some((k) => k.referredTable.toLowerCase() === table.tableName.toLowerCase()),
    );
    if (referring.length === 0) return;
    throw new OperationError(
      "migrate.rebuild-in-transaction",
      `Table '${table.tableName}' must be rebuilt, but foreign keys of ${referring.map((t) => `'${t.name}'`).join(", ")} are enforced and a transaction is open`,
      {
        hint: "SQLite can stop enforcing them only outside a transaction: run 'PRAGMA foreign_keys = OFF' before it begins, or let the command make its own connection.",
      },
    );
  }
  /** A key that numbers itself is INTEGER whatever the model says; STRICT tables know a few types only. */
  override sameColumnType(reflected: ReflectedColumn, model: TableColumn): boolean {
    if (reflected.autoincrement && model.table.autoincrementColumn === model) return true;
    if ((model.table.dialectOptions.sqlite as { readonly strict?: boolean } | undefined)?.strict) return true;
    return super.sameColumnType(reflected, model);
  }

  /** ALTER TABLE … ADD COLUMN will do. */
  async #inPlace(op: TableOp, host: OperationHost): Promise<boolean> {
    if (!(op instanceof AddColumnOp) || op.ifNotExists || op.place !== undefined) return false;
    const { primaryKey, unique, index, nullable, serverDefault, computed, references } = op.definition.fields;
    if (primaryKey || (unique !== false && index === false)) return false;
    const checks = typeChecks(op.tableName, op.columnName, op.definition.fields.type, host.namingConvention);
    if (checks.some((c) => this.conditionOf(c.sql) !== undefined)) return false;
    if (computed !== undefined) return computed.persisted !== true;
    if (!nullable && serverDefault === undefined) return false;
    if (references !== undefined && serverDefault !== undefined) return false;
    if (serverDefault === undefined) return true;
    const text = this.inlineSql(serverDefault).trim();
    if (/^(null)$/i.test(text)) return nullable;
    if (/^([+-]?[\d.]+(e[+-]?\d+)?|'(?:[^']|'')*'|x'[\da-f]*'|true|false)$/i.test(text)) return true;
    return host.offline;
  }
  /** As ALTER TABLE, or with the compiler's own error. */
  async #direct(op: MigrateOp, host: OperationHost): Promise<void> {
    if (!(op instanceof AddColumnOp)) {
      await super.apply(op, host);
      return;
    }
    if (host.offline && !(await this.#inPlace(op, host))) {
      throw new OperationError(
        "migrate.needs-rebuild",
        `SQLite cannot add the column '${op.columnName}' to '${op.tableName}' in place, and a script cannot look at the table`,
        { hint: "Write op.batchAlterTable(…, { copyFrom: table(…) }), which says what the table is." },
      );
    }
    const table = this.addedColumnTable(op, host);
    const [column] = table.columns;
    if (column === undefined) return;
    await host.run(new AddColumn(op, column, { inlineReferences: true }));
    for (const index of table.indexes) await host.run(new CreateIndex(index));
  }
}

function needsRebuild(what: string, table: NamedTable): OperationError {
  return new OperationError(
    "migrate.needs-rebuild",
    `SQLite cannot do ${what} on '${table.tableName}' without a rebuild`,
    { hint: 'Leave out recreate: "never".' },
  );
}
function twice(table: NamedTable): OperationError {
  return new OperationError(
    "migrate.copy-from",
    `'${table.tableName}' would have to be made anew twice, but copyFrom says only what it is before the first time`,
    { hint: "Write two batches, each with a copyFrom of its own." },
  );
}
function onlyComment(op: TableOp): boolean {
  if (!(op instanceof AlterColumnOp)) return false;
  const { comment, ...rest } = op.changes;
  return comment !== undefined && Object.values(rest).every((v) => v === undefined);
}
async function orphansOf(
  connection: Connection,
): Promise<{ readonly key: string; readonly table: string; readonly parent: string }[]> {
  const rows = await connection.execute(sql`PRAGMA foreign_key_check`);
  return rows.map((r) => ({
    key: [r[0], r[1], r[2], r[3]].map(String).join("\u0000"),
    table: String(r[0]),
    parent: String(r[2]),
  }));
}
