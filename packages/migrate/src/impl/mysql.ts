/** MySQL and MariaDB: DDL commits by itself, a column is restated as a whole, locks go by name. */
import {
  AlterColumnDefault,
  buildTable,
  type ColumnDefinition,
  type Connection,
  DatabaseType,
  type Element,
  inspect,
  ModifyColumn,
  partsFromReflection,
  sql,
} from "@athanor/core";
import { OperationError } from "../errors.js";
import type { AlterColumnOp, ColumnChanges } from "../ops/index.js";
import { OpenMetaData, sketchTable } from "../ops/schema.js";
import { DialectImpl, type LockRequest } from "./base.js";
import type { OperationHost } from "./host.js";
import { lockTimeout } from "./postgresql.js";

export class MysqlImpl extends DialectImpl {
  #locked: string | undefined;

  override async open(connection: Connection, lock: LockRequest | undefined): Promise<void> {
    if (lock === undefined || !this.dialect.capabilities.advisoryLocks) return;
    // Lock names are the server's, not the database's, and at most 64 characters.
    const [name] = await connection.execute(sql`SELECT CONCAT('athanor_', LEFT(SHA1(CONCAT(DATABASE(), ':', ${lock.table})), 40))`);
    const key = String(name?.[0]);
    const [row] = await connection.execute(sql`SELECT GET_LOCK(${key}, ${Math.max(0, lock.timeout / 1000)})`);
    if (Number(row?.[0]) !== 1) throw lockTimeout(lock);
    this.#locked = key;
  }
  override async close(connection: Connection): Promise<void> {
    const key = this.#locked;
    this.#locked = undefined;
    if (key !== undefined) await connection.execute(sql`SELECT RELEASE_LOCK(${key})`);
  }

  protected override async alterColumn(op: AlterColumnOp, host: OperationHost): Promise<void> {
    const { changes, columnName } = op;
    const others = Object.entries(changes).filter(([key, value]) => value !== undefined && key !== "serverDefault");
    if (others.length === 0) {
      if (changes.serverDefault !== undefined) await host.run(new AlterColumnDefault(op, columnName, changes.serverDefault));
      return;
    }
    const column = host.offline ? this.#stated(op, host) : await this.#looked(op, host);
    await host.run(new ModifyColumn(op, columnName, column));
  }
  /** The column as it is, with the changes. */
  async #looked(op: AlterColumnOp, host: OperationHost) {
    const found = await inspect(host.connection).table(op.tableName, { schema: op.schema });
    const parts = partsFromReflection(found, new OpenMetaData(host.namingConvention).expect(targetsOf(found.foreignKeys)), { exactTypes: true });
    const at = parts.columns.findIndex((c) => c.columnName === op.columnName);
    const column = parts.columns[at];
    if (column === undefined) throw noColumn(op, found.columns.map((c) => c.name));
    const name = op.changes.newName ?? op.columnName;
    const changed = { key: op.columnName, columnName: name, definition: withChanges(column.definition, op.changes) };
    // Constraints and indexes are not restated, so only the keys that AUTO_INCREMENT needs come along.
    const table = buildTable({ ...parts, columns: parts.columns.map((c, i) => (i === at ? changed : c)) });
    return table.columns[at] as NonNullable<(typeof table.columns)[number]>;
  }
  /** Offline nothing can be looked up: what is not said would be lost. */
  #stated(op: AlterColumnOp, host: OperationHost) {
    const type = op.changes.type ?? op.existing.type;
    if (type === undefined) {
      throw new OperationError("migrate.existing-type", "All MySQL CHANGE/MODIFY COLUMN operations require the existing type.", {
        hint: `alterColumn("${op.tableName}", "${op.columnName}", { …, existingType: …, existingNullable: … }); online it is looked up.`,
      });
    }
    const name = op.changes.newName ?? op.columnName;
    const base = blank(name, type);
    const table = sketchTable(op.tableName, [{ name, definition: withChanges(withChanges(base, op.existing), op.changes) }], [], {
      schema: op.schema,
      convention: host.namingConvention,
    });
    return table.columns[0] as NonNullable<(typeof table.columns)[number]>;
  }

  protected override readonly typeSynonyms: readonly ReadonlySet<string>[] = [
    new Set(["numeric", "decimal"]),
    new Set(["bool", "boolean", "tinyint"]),
    new Set(["json", "longtext"]),
    new Set(["integer", "int"]),
    new Set(["double", "double precision"]),
  ];
  override normalDefault(text: string): string {
    const bare = super.normalDefault(text).replace(/^'([-\d.]+)'$/, "$1");
    return /^(now|current_timestamp|localtimestamp)(\(\))?$/i.test(bare) ? "CURRENT_TIMESTAMP" : bare;
  }
}

import { ColumnDefinition as Definition, type SqlType } from "@athanor/core";
import { didYouMean } from "@athanor/core";

function blank(name: string, type: SqlType): ColumnDefinition {
  return Definition.of(type, name).with({ nullable: true });
}
/** A definition with the changes of an ALTER. */
export function withChanges(definition: ColumnDefinition, changes: ColumnChanges): ColumnDefinition {
  let made = definition;
  if (changes.nullable !== undefined) made = made.with({ nullable: changes.nullable });
  if (changes.type !== undefined) made = made.with({ type: changes.type });
  if (changes.serverDefault !== undefined) made = made.with({ serverDefault: changes.serverDefault ?? undefined });
  if (changes.comment !== undefined) made = made.with({ comment: changes.comment ?? undefined });
  if (changes.identity !== undefined) made = made.with({ identity: changes.identity ?? undefined });
  return made;
}
export function noColumn(op: { readonly tableName: string; readonly columnName: string }, known: readonly string[]): OperationError {
  return new OperationError(
    "migrate.no-column",
    `Table '${op.tableName}' has no column '${op.columnName}'.${didYouMean(op.columnName, known)}`,
  );
}
export function targetsOf(
  keys: readonly { readonly referredSchema: string | undefined; readonly referredTable: string; readonly referredColumns: readonly string[] }[],
): string[] {
  return keys.flatMap((k) => {
    const table = k.referredSchema === undefined ? k.referredTable : `${k.referredSchema}.${k.referredTable}`;
    return k.referredColumns.map((c) => `${table}.${c}`);
  });
}
export type { DatabaseType, Element };
