/** MySQL and MariaDB: DDL commits by itself, a column is restated as a whole, locks go by name. */
import { createHash } from "node:crypto";
import {
  AlterColumnDefault,
  buildTable,
  ColumnDefinition,
  type Connection,
  DatabaseError,
  DdlText,
  type Dialect,
  DropConstraint,
  type Element,
  IndexBuilder,
  inspect,
  ModifyColumn,
  type NamedTable,
  partsFromReflection,
  type SqlType,
  sql,
  type TableColumn,
} from "@athanor/core";
import { writtenExpression } from "@athanor/core/dialects";
import { OperationError } from "../errors.js";
import type { AddColumnOp, AlterColumnOp, DropColumnOp, DropIndexOp, MigrateOp } from "../ops/index.js";
import { OpenMetaData, sketchTable } from "../ops/schema.js";
import { DialectImpl } from "./base.js";
import { noColumn, targetsOf, withChanges } from "./definitions.js";
import type { OperationHost } from "./host.js";
import { type LockRequest, lockLost, lockTimeout, noSchema, type Timeouts } from "./lock.js";

/** The column or the index is there already; there is no such column, key or check. */
const NOTHING_TO_DO = new Set(["1060", "1061", "1091", "3821", "3940"]);

export class MysqlImpl extends DialectImpl {
  override readonly family = "mysql";
  override readonly restatesColumns = true;
  #locked: string | undefined;

  override async open(connection: Connection, lock: LockRequest | undefined): Promise<void> {
    if (lock === undefined || !this.dialect.capabilities.advisoryLocks) return;
    // Lock names are the server's, not the database's, and at most 64 characters.
    const [name] = await connection.execute(
      sql`SELECT CONCAT('athanor_', LEFT(SHA2(CONCAT(DATABASE(), ':', ${lock.table}), 256), 40))`,
    );
    const key = String(name?.[0]);
    const [row] = await connection.execute(sql`SELECT GET_LOCK(${key}, ${Math.max(0, lock.timeout / 1000)})`);
    if (Number(row?.[0]) !== 1) throw lockTimeout(lock);
    this.#locked = key;
  }
  override async close(connection: Connection): Promise<string | undefined> {
    const key = this.#locked;
    this.#locked = undefined;
    if (key === undefined) return undefined;
    const [row] = await connection.execute(sql`SELECT RELEASE_LOCK(${key})`);
    return Number(row?.[0]) === 1 ? undefined : lockLost();
  }

  override readonly limits: readonly (keyof Timeouts)[] = ["lock", "statement"];
  protected override readonly lockCodes = ["ER_LOCK_WAIT_TIMEOUT", "1205"];
  /** MySQL limits only statements that read, in milliseconds; MariaDB all of them, in seconds. */
  #statementLimit(ms: number): readonly [name: string, value: string] {
    return this.#isMariadb ? ["max_statement_time", String(ms / 1000)] : ["max_execution_time", String(ms)];
  }
  #limitValues({ lock, statement }: Timeouts): readonly (readonly [name: string, value: string])[] {
    // Both are whole seconds: one for the table's definition, one for its rows.
    const seconds = String(Math.max(1, Math.ceil((lock ?? 0) / 1000)));
    return [
      ...(lock === undefined
        ? []
        : ([
            ["lock_wait_timeout", seconds],
            ["innodb_lock_wait_timeout", seconds],
          ] as const)),
      ...(statement === undefined ? [] : [this.#statementLimit(statement)]),
    ];
  }
  override limitText(timeouts: Timeouts): readonly string[] {
    return this.#limitValues(timeouts).map(([name, value]) => `SET SESSION ${name} = ${value}`);
  }
  override async limit(connection: Connection, timeouts: Timeouts): Promise<() => Promise<void>> {
    const values = this.#limitValues(timeouts);
    if (values.length === 0) return async () => {};
    const [before] = await connection.execute(
      sql`SELECT ${sql.raw(values.map(([name]) => `@@SESSION.${name}`).join(", "))}`,
    );
    const old = values.map(([name], i) => `SET SESSION ${name} = ${Number(before?.[i])}`);
    for (const text of this.limitText(timeouts)) await connection.executeScript(text);
    return async () => {
      for (const text of old) await connection.executeScript(text);
    };
  }
  override enterSchemaText(schema: string): string {
    return `USE ${this.dialect.quote(schema)}`;
  }
  override async enterSchema(connection: Connection, schema: string): Promise<() => Promise<void>> {
    const found = await inspect(connection).schemas();
    if (!found.includes(schema)) throw noSchema(schema, found);
    const [row] = await connection.execute(sql`SELECT DATABASE()`);
    const before = row?.[0];
    await connection.executeScript(this.enterSchemaText(schema));
    return async () => {
      if (before !== null) await connection.executeScript(this.enterSchemaText(String(before)));
    };
  }

  override readonly keepsJournal = true;
  override async schemaMark(connection: Connection, table: NamedTable | undefined): Promise<string> {
    const parts = table === undefined ? await schemaText(connection) : await tableText(connection, this.dialect, table);
    return createHash("sha256").update(parts).digest("hex");
  }
  override async givenBack(
    connection: Connection,
    table: NamedTable,
    text: string,
  ): Promise<string | null | undefined> {
    const name = this.dialect.quote(table.tableName);
    const full = table.schema === undefined ? name : `${this.dialect.quote(table.schema)}.${name}`;
    // Temporary tables neither commit what is open nor outlive the connection.
    try {
      await connection.executeScript(`CREATE TEMPORARY TABLE athanor_probe LIKE ${full}`);
    } catch (error) {
      if (error instanceof DatabaseError) return undefined;
      throw error;
    }
    try {
      await connection.executeScript(`ALTER TABLE athanor_probe ADD CONSTRAINT athanor_probe_ck CHECK (${text})`);
      const [row] = await connection.execute(sql`SHOW CREATE TABLE athanor_probe`);
      const shown = /CONSTRAINT `athanor_probe_ck` CHECK \((.*)\)(?: \/\*.*)?,?$/m.exec(String(row?.[1]))?.[1];
      return shown === undefined || this.#isMariadb ? shown : writtenExpression(shown);
    } catch (error) {
      if (error instanceof DatabaseError) return null;
      throw error;
    } finally {
      await connection.executeScript("DROP TEMPORARY TABLE athanor_probe");
    }
  }
  /** A mysql: URL may lead to either; only MariaDB has DELETE … RETURNING. */
  get #isMariadb(): boolean {
    return this.dialect.capabilities.returning.delete;
  }
  /** MySQL has these words for whole tables only: the statement runs, and may say that there is nothing to do. */
  protected override async runIf(
    asked: boolean,
    host: OperationHost,
    make: (asked: boolean) => Element,
  ): Promise<void> {
    if (!asked || this.#isMariadb || host.offline) return super.runIf(asked, host, make);
    try {
      await host.run(make(false));
    } catch (error) {
      if (!(error instanceof DatabaseError) || !NOTHING_TO_DO.has(error.driverCode ?? "")) throw error;
    }
  }
  override isOneStatement(op: MigrateOp): boolean {
    return op.kind === "alterColumn" || op.kind === "renameTable" || op.kind === "dropTable" || op.kind === "dropIndex";
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
    await this.dropTypeChecks(op, host);
    await host.run(new ModifyColumn(op, columnName, column));
    await this.addTypeChecks(op, host, column.columnName);
  }
  /** Columns can stand anywhere: FIRST and AFTER. */
  protected override checkPlace(): void {}
  protected override async placeOf(op: AddColumnOp, host: OperationHost): Promise<{ readonly after?: string | null }> {
    const { place } = op;
    if (place?.before === undefined) return place?.after === undefined ? {} : { after: place.after };
    // There is no word for "before": it is after the one in front of it.
    const names = (await inspect(host.connection).columns(op.tableName, { schema: op.schema })).map((c) => c.name);
    const at = names.indexOf(place.before);
    if (at < 0) throw noColumn({ tableName: op.tableName, columnName: place.before }, names);
    return { after: names[at - 1] ?? null };
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
    // Nothing but the column is restated. Without the indexes AUTO_INCREMENT waits for none of them: they are there.
    const table = buildTable({
      ...parts,
      columns: parts.columns.map((c, i) => (i === at ? changed : c)),
      constraints: (t) => parts.constraints?.(t).filter((item) => !(item instanceof IndexBuilder)) ?? [],
    });
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

  /** An index that a foreign key stands on leaves the one behind that the server would have made for the key. */
  protected override async dropIndex(op: DropIndexOp, host: OperationHost): Promise<void> {
    const { table } = op;
    if (table !== undefined && !host.offline) {
      const found = await inspect(host.connection).table(table.tableName, { schema: table.schema });
      const leads = (parts: readonly (string | undefined)[], columns: readonly string[]) =>
        columns.every((c, i) => parts[i] === c);
      const lists = new Map<string, readonly (string | undefined)[]>([["", found.primaryKey?.columns ?? []]]);
      for (const i of found.indexes)
        lists.set(
          i.name,
          i.parts.map((p) => p.column),
        );
      const own = lists.get(op.name);
      lists.delete(op.name);
      for (const key of own === undefined ? [] : found.foreignKeys.filter((k) => leads(own, k.columns))) {
        if (key.name === undefined || [...lists.values()].some((parts) => leads(parts, key.columns))) continue;
        const columns = key.columns.map((c) => this.dialect.quote(c)).join(", ");
        const name = this.dialect.quote(table.tableName);
        const full = table.schema === undefined ? name : `${this.dialect.quote(table.schema)}.${name}`;
        await host.run(new DdlText(`CREATE INDEX ${this.dialect.quote(key.name)} ON ${full} (${columns})`));
      }
    }
    await super.dropIndex(op, host);
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
    // A quote inside of a string is doubled by us and escaped by the server.
    const plain = super
      .normalDefault(text)
      .replace(/^'(.*)'$/s, (_, inner: string) => `'${inner.replaceAll(/\\(['\\])|''/g, (m) => m[1] as string)}'`);
    const bare = plain.replace(/^'([-\d.]+)'$/, "$1");
    if (/^(now|current_timestamp|localtime|localtimestamp)(\(\d*\))?$/i.test(bare)) return "CURRENT_TIMESTAMP";
    // Booleans are numbers here, and DECIMAL shows its zeros.
    if (/^(true|false)$/i.test(bare)) return bare.toLowerCase() === "true" ? "1" : "0";
    return /^[+-]?\d+\.\d*$/.test(bare) ? bare.replace(/\.?0*$/, "") : bare;
  }
}

/** CREATE TABLE as the server shows it, without the counter; "" for no table. */
async function tableText(connection: Connection, dialect: Dialect, table: NamedTable): Promise<string> {
  const name = dialect.quote(table.tableName);
  const full = table.schema === undefined ? name : `${dialect.quote(table.schema)}.${name}`;
  try {
    const [row] = await connection.execute(sql`SHOW CREATE TABLE ${sql.raw(full)}`);
    return String(row?.[1]).replace(/ AUTO_INCREMENT=\d+/, "");
  } catch (error) {
    if (error instanceof DatabaseError && /doesn't exist/i.test(error.message)) return "";
    throw error;
  }
}
/** What SQL that was written by hand may change. */
async function schemaText(connection: Connection): Promise<string> {
  const here = "table_schema = DATABASE()";
  const queries = [
    `SELECT table_name, table_type, engine, table_collation, table_comment FROM information_schema.tables WHERE ${here} ORDER BY 1`,
    `SELECT table_name, ordinal_position, column_name, column_type, column_default, is_nullable, extra, column_comment, collation_name, generation_expression FROM information_schema.columns WHERE ${here} ORDER BY 1, 2`,
    `SELECT table_name, index_name, seq_in_index, column_name, non_unique, sub_part FROM information_schema.statistics WHERE ${here} ORDER BY 1, 2, 3`,
    `SELECT table_name, constraint_name, constraint_type FROM information_schema.table_constraints WHERE ${here} ORDER BY 1, 2, 3`,
    `SELECT constraint_name, table_name, unique_constraint_name, referenced_table_name, update_rule, delete_rule FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE() ORDER BY 1, 2`,
    `SELECT constraint_name, check_clause FROM information_schema.check_constraints WHERE constraint_schema = DATABASE() ORDER BY 1, 2`,
    `SELECT table_name, view_definition FROM information_schema.views WHERE ${here} ORDER BY 1`,
    `SELECT routine_name, routine_type, routine_definition FROM information_schema.routines WHERE routine_schema = DATABASE() ORDER BY 1, 2`,
    `SELECT trigger_name, event_object_table, action_timing, event_manipulation, action_statement FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY 1`,
  ];
  const found: unknown[] = [];
  for (const query of queries) {
    const rows = await connection.execute(sql`${sql.raw(query)}`);
    found.push([...rows].map((r) => [...r].map(String)));
  }
  return JSON.stringify(found);
}

function blank(name: string, type: SqlType): ColumnDefinition {
  return ColumnDefinition.of(type, name).with({ nullable: true });
}

/** Told apart by what the server can do. */
export class MariadbImpl extends MysqlImpl {}
