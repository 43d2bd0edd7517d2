/** MySQL and MariaDB: DDL commits by itself, a column is restated as a whole, locks go by name. */
import {
  AlterColumnDefault,
  buildTable,
  ColumnDefinition,
  type Connection,
  DropConstraint,
  inspect,
  ModifyColumn,
  partsFromReflection,
  type SqlType,
  sql,
  type TableColumn,
} from "@athanor/core";
import { OperationError } from "../errors.js";
import type { AlterColumnOp, DropColumnOp } from "../ops/index.js";
import { OpenMetaData, sketchTable } from "../ops/schema.js";
import { DialectImpl } from "./base.js";
import { noColumn, targetsOf, withChanges } from "./definitions.js";
import type { OperationHost } from "./host.js";
import { type LockRequest, lockTimeout } from "./lock.js";

export class MysqlImpl extends DialectImpl {
  #locked: string | undefined;

  override async open(connection: Connection, lock: LockRequest | undefined): Promise<void> {
    if (lock === undefined || !this.dialect.capabilities.advisoryLocks) return;
    // Lock names are the server's, not the database's, and at most 64 characters.
    const [name] = await connection.execute(
      sql`SELECT CONCAT('athanor_', LEFT(SHA1(CONCAT(DATABASE(), ':', ${lock.table})), 40))`,
    );
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
      if (changes.serverDefault !== undefined)
        await host.run(new AlterColumnDefault(op, columnName, changes.serverDefault));
      return;
    }
    const column = host.offline ? this.#stated(op, host) : await this.#looked(op, host);
    await host.run(new ModifyColumn(op, columnName, column));
  }
  /** The column as it is, with the changes. */
  async #looked(op: AlterColumnOp, host: OperationHost): Promise<TableColumn> {
    const found = await inspect(host.connection).table(op.tableName, { schema: op.schema });
    const parts = partsFromReflection(
      found,
      new OpenMetaData(host.namingConvention).expect(targetsOf(found.foreignKeys)),
      { exactTypes: true },
    );
    const at = parts.columns.findIndex((c) => c.columnName === op.columnName);
    const column = parts.columns[at];
    if (column === undefined)
      throw noColumn(
        op,
        found.columns.map((c) => c.name),
      );
    const name = op.changes.newName ?? op.columnName;
    const changed = { key: op.columnName, columnName: name, definition: withChanges(column.definition, op.changes) };
    // Constraints and indexes are not restated, so only the keys that AUTO_INCREMENT needs come along.
    const table = buildTable({ ...parts, columns: parts.columns.map((c, i) => (i === at ? changed : c)) });
    return table.columns[at] as TableColumn;
  }
  /** Offline nothing can be looked up: what is not said would be lost. */
  #stated(op: AlterColumnOp, host: OperationHost): TableColumn {
    const type = op.changes.type ?? op.existing.type;
    if (type === undefined) {
      throw new OperationError(
        "migrate.existing-type",
        "All MySQL CHANGE/MODIFY COLUMN operations require the existing type.",
        {
          hint: `alterColumn("${op.tableName}", "${op.columnName}", { …, existingType: …, existingNullable: … }); online it is looked up.`,
        },
      );
    }
    const name = op.changes.newName ?? op.columnName;
    const base = blank(name, type);
    const table = sketchTable(
      op.tableName,
      [{ name, definition: withChanges(withChanges(base, op.existing), op.changes) }],
      [],
      {
        schema: op.schema,
        convention: host.namingConvention,
      },
    );
    return table.columns[0] as TableColumn;
  }

  /** A column cannot go while a foreign key stands on it. */
  protected override async dropColumn(op: DropColumnOp, host: OperationHost): Promise<void> {
    if (!host.offline) {
      const found = await inspect(host.connection).table(op.tableName, { schema: op.schema });
      for (const key of found.foreignKeys.filter((k) => k.columns.includes(op.columnName))) {
        await host.run(new DropConstraint(op, { kind: "foreignKey", name: key.name }));
      }
    }
    await super.dropColumn(op, host);
  }
  override isDefaultAction(action: string): boolean {
    return action === "RESTRICT";
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
    if (/^(now|current_timestamp|localtime|localtimestamp)(\(\d*\))?$/i.test(bare)) return "CURRENT_TIMESTAMP";
    // Booleans are numbers here, and DECIMAL shows its zeros.
    if (/^(true|false)$/i.test(bare)) return bare.toLowerCase() === "true" ? "1" : "0";
    return /^[+-]?\d+\.\d*$/.test(bare) ? bare.replace(/\.?0*$/, "") : bare;
  }
}

function blank(name: string, type: SqlType): ColumnDefinition {
  return ColumnDefinition.of(type, name).with({ nullable: true });
}
