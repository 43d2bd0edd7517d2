/**
 * A table of SQLite copied into a new form under the old name: columns, keys, checks, indexes and triggers that were not
 * to change are kept as the database has them. The caller has foreign keys off and a transaction open.
 * Source: sqlite.org "ALTER TABLE", section 7.
 */
import {
  buildTable,
  type ColumnDefinition,
  type Connection,
  type Constraint,
  CreateIndex,
  CreateTable,
  DdlText,
  DropTable,
  didYouMean,
  type Element,
  inspect,
  type NamedTable,
  partsFromReflection,
  type ReflectedCheck,
  type ReflectedColumn,
  type ReflectedForeignKey,
  type ReflectedTable,
  type ReflectedUnique,
  RenameTable,
  sql,
  type Table,
} from "@athanor/core";
import { OperationError } from "../errors.js";
import { AddColumnOp, AddConstraintOp, AlterColumnOp, DropColumnOp, type DropConstraintOp } from "../ops/index.js";
import { OpenMetaData, sketchTable } from "../ops/schema.js";
import { noColumn, targetsOf } from "./definitions.js";
import type { OperationHost } from "./host.js";

type Change = AddColumnOp | DropColumnOp | AlterColumnOp | AddConstraintOp | DropConstraintOp;
type Inline = (value: string | Element) => string;
const TEMPORARY = "_athanor_tmp_";

export class Rebuild {
  readonly #host: OperationHost;
  readonly #inline: Inline;
  readonly #found: ReflectedTable;
  #now: ReflectedTable;
  /** Columns whose old values are copied. */
  readonly #copied: Set<string>;
  /** Columns whose values are cast on the way, with the type. */
  readonly #casts = new Map<string, string>();
  /** Indexes added on the way. */
  readonly #newIndexes: CreateIndex[] = [];

  private constructor(host: OperationHost, inline: Inline, found: ReflectedTable) {
    this.#host = host;
    this.#inline = inline;
    this.#found = found;
    this.#now = found;
    this.#copied = new Set(found.columns.filter((c) => c.computed === undefined).map((c) => c.name));
  }
  /** @throws NoSuchTableError */
  static async start(table: NamedTable, host: OperationHost, inline: Inline): Promise<Rebuild> {
    const found = await inspect(host.connection).table(table.tableName, { schema: table.schema });
    return new Rebuild(host, inline, found);
  }

  /** Adds one change to what the table is to become. @throws OperationError */
  apply(op: Change): void {
    if (op instanceof AddColumnOp) this.#addColumn(op);
    else if (op instanceof DropColumnOp) this.#dropColumn(op);
    else if (op instanceof AlterColumnOp) this.#alterColumn(op);
    else if (op instanceof AddConstraintOp) this.#addConstraint(op.constraint);
    else this.#dropConstraint(op);
  }
  #set(changes: Partial<ReflectedTable>): void {
    this.#now = { ...this.#now, ...changes };
  }
  #has(name: string): boolean {
    return this.#now.columns.some((c) => c.name === name);
  }

  #addColumn(op: AddColumnOp): void {
    const { columnName } = op;
    if (this.#has(columnName)) {
      if (op.ifNotExists) return;
      throw new OperationError("migrate.column-exists", `Table '${op.tableName}' already has a column '${columnName}'`);
    }
    const table = sketchTable(op.tableName, [{ name: columnName, definition: op.definition }], [], {
      isPart: true,
      schema: op.schema,
      convention: this.#host.namingConvention,
    });
    const type = table.columns[0]?.type ?? op.definition.fields.type;
    this.#set({ columns: [...this.#now.columns, this.#reflectedColumn(columnName, op.definition.with({ type }))] });
    for (const constraint of table.constraints) this.#addConstraint(constraint);
    for (const index of table.indexes) this.#newIndexes.push(new CreateIndex(index));
  }
  #reflectedColumn(name: string, definition: ColumnDefinition): ReflectedColumn {
    const { fields } = definition;
    return {
      name,
      type: fields.type,
      databaseType: this.#host.dialect.ddlType(fields.type),
      nullable: fields.nullable && !fields.primaryKey,
      default: fields.serverDefault === undefined ? undefined : this.#inline(fields.serverDefault),
      autoincrement: false,
      ownedSequence: undefined,
      identity: undefined,
      computed:
        fields.computed === undefined
          ? undefined
          : { sql: this.#inline(fields.computed.sql), persisted: fields.computed.persisted ?? false },
      onUpdate: undefined,
      collation: undefined,
      comment: undefined,
    };
  }
  #dropColumn(op: DropColumnOp): void {
    const { columnName: name } = op;
    if (!this.#has(name)) {
      if (op.ifExists) return;
      throw noColumn(
        op,
        this.#now.columns.map((c) => c.name),
      );
    }
    const now = this.#now;
    const without = <T extends { readonly columns: readonly string[] }>(list: readonly T[]) =>
      list.filter((x) => !x.columns.includes(name));
    this.#set({
      columns: now.columns.filter((c) => c.name !== name),
      primaryKey: now.primaryKey?.columns.includes(name) ? undefined : now.primaryKey,
      uniqueConstraints: without(now.uniqueConstraints),
      foreignKeys: without(now.foreignKeys),
      checks: now.checks.filter((c) => !mentions(c.sql, name)),
      indexes: now.indexes.filter(
        (i) => !i.parts.some((p) => p.column === name || mentions(p.sql, name)) && !mentions(i.where ?? "", name),
      ),
    });
    this.#copied.delete(name);
    this.#casts.delete(name);
  }
  #alterColumn(op: AlterColumnOp): void {
    const { changes } = op;
    const old = this.#now.columns.find((c) => c.name === op.columnName);
    if (old === undefined)
      throw noColumn(
        op,
        this.#now.columns.map((c) => c.name),
      );
    let column = old;
    if (changes.nullable !== undefined) column = { ...column, nullable: changes.nullable };
    if (changes.serverDefault !== undefined) {
      column = { ...column, default: changes.serverDefault === null ? undefined : this.#inline(changes.serverDefault) };
    }
    if (changes.type !== undefined) {
      const databaseType = this.#host.dialect.ddlType(changes.type);
      // Where the affinity stays, SQLite stores the same values.
      if (affinity(databaseType) !== affinity(column.databaseType) && changes.type.kind !== "json")
        this.#casts.set(column.name, databaseType);
      column = { ...column, type: changes.type, databaseType };
    }
    this.#set({ columns: this.#now.columns.map((c) => (c === old ? column : c)) });
  }
  #addConstraint(constraint: Constraint): void {
    const now = this.#now;
    const name = constraint.name ?? undefined;
    switch (constraint.kind) {
      case "primaryKey":
        this.#set({ primaryKey: { name, columns: constraint.columns.map((c) => c.columnName) } });
        return;
      case "unique": {
        const made: ReflectedUnique = {
          name,
          columns: constraint.columns.map((c) => c.columnName),
          duplicatesIndex: undefined,
          nullsNotDistinct: false,
          deferrable: undefined,
          initially: undefined,
        };
        this.#set({ uniqueConstraints: [...now.uniqueConstraints, made] });
        return;
      }
      case "check": {
        const made: ReflectedCheck = { name, sql: this.#inline(constraint.sql), impliedByType: false };
        this.#set({ checks: [...now.checks, made] });
        return;
      }
      case "foreignKey": {
        const { onDelete, onUpdate, deferrable, initially, match } = constraint.options;
        const made: ReflectedForeignKey = {
          name,
          columns: constraint.columns.map((c) => c.columnName),
          referredSchema: undefined,
          referredTable: constraint.referredTable.tableName,
          referredColumns: constraint.targets.map((t) => t.slice(t.lastIndexOf(".") + 1)),
          onDelete,
          onUpdate,
          deferrable,
          initially,
          match,
        };
        this.#set({ foreignKeys: [...now.foreignKeys, made] });
      }
    }
  }
  #dropConstraint(op: DropConstraintOp): void {
    const now = this.#now;
    const { original } = op;
    const columns = op.columns?.join();
    const matches = (c: {
      readonly name?: string | undefined;
      readonly columns?: readonly string[];
      readonly sql?: string;
    }): boolean => {
      if (op.name !== null && c.name !== undefined) return c.name === op.name;
      if (columns !== undefined) return c.columns?.join() === columns;
      return original?.kind === "check" && c.sql === this.#inline(original.sql);
    };
    const missing = (names: readonly (string | undefined)[]): OperationError => {
      const known = names.filter((n) => n !== undefined);
      return new OperationError(
        "migrate.no-constraint",
        `Table '${op.tableName}' has no ${op.constraintKind} constraint '${op.name}'.${didYouMean(op.name ?? "", known)}`,
        known.length === 0 ? { hint: "Constraints that were created without a name cannot be dropped by name." } : {},
      );
    };
    switch (op.constraintKind) {
      case "primaryKey":
        if (now.primaryKey === undefined && !op.ifExists) throw missing([]);
        this.#set({ primaryKey: undefined });
        return;
      case "unique": {
        const left = now.uniqueConstraints.filter((c) => !matches(c));
        if (left.length === now.uniqueConstraints.length && !op.ifExists)
          throw missing(now.uniqueConstraints.map((c) => c.name));
        this.#set({ uniqueConstraints: left });
        return;
      }
      case "foreignKey": {
        const left = now.foreignKeys.filter((c) => !matches(c));
        if (left.length === now.foreignKeys.length && !op.ifExists) throw missing(now.foreignKeys.map((c) => c.name));
        this.#set({ foreignKeys: left });
        return;
      }
      case "check": {
        const left = now.checks.filter((c) => !matches(c));
        if (left.length === now.checks.length && !op.ifExists) throw missing(now.checks.map((c) => c.name));
        this.#set({ checks: left });
      }
    }
  }

  /** Makes the new table, moves the rows, and gives it the old name. */
  async run(): Promise<void> {
    const host = this.#host;
    const found = this.#found;
    const temporary = this.#table(`${TEMPORARY}${found.name}`);
    await host.run(new CreateTable(temporary));
    const names = this.#now.columns
      .filter((c) => this.#copied.has(c.name) && c.computed === undefined)
      .map((c) => c.name);
    if (names.length > 0) {
      const quote = (name: string) => host.dialect.quote(name);
      const values = names.map((n) => (this.#casts.has(n) ? `CAST(${quote(n)} AS ${this.#casts.get(n)})` : quote(n)));
      await host.run(
        new DdlText(
          `INSERT INTO ${quote(temporary.tableName)} (${names.map(quote).join(", ")}) SELECT ${values.join(", ")} FROM ${quote(found.name)}`,
        ),
      );
    }
    const sequence = await this.#sequence(host.connection);
    await host.run(new DropTable({ tableName: found.name }));
    // With the old behaviour RENAME leaves views, triggers and foreign keys of others alone: they name the final table.
    await host.run(new DdlText("PRAGMA legacy_alter_table = ON"));
    try {
      await host.run(new RenameTable(temporary, found.name));
    } finally {
      await host.run(new DdlText("PRAGMA legacy_alter_table = OFF"));
    }
    if (sequence !== undefined) {
      await host.connection.execute(sql`UPDATE sqlite_sequence SET seq = ${sequence} WHERE name = ${found.name}`);
    }
    for (const index of this.#now.indexes) if (index.source !== undefined) await host.run(new DdlText(index.source));
    for (const index of this.#newIndexes) await host.run(index);
    for (const trigger of found.triggers) await host.run(new DdlText(trigger.source));
  }
  #table(name: string): Table {
    const now = this.#now;
    const metadata = new OpenMetaData().expect(targetsOf(now.foreignKeys));
    // Only the first column type counts for AUTOINCREMENT, so a key that is gone takes the word with it.
    const options = now.primaryKey === undefined ? {} : now.options;
    const parts = partsFromReflection({ ...now, name, schema: undefined, options, indexes: [] }, metadata, {
      exactTypes: true,
    });
    return buildTable(parts);
  }
  /** The highest key ever given out, for AUTOINCREMENT. */
  async #sequence(connection: Connection): Promise<unknown> {
    if (!(this.#found.options.sqlite as { readonly autoincrement?: boolean } | undefined)?.autoincrement)
      return undefined;
    const [row] = await connection.execute(sql`SELECT seq FROM sqlite_sequence WHERE name = ${this.#found.name}`);
    return row?.[0];
  }
}

/** The column's name occurs in the text as a word. */
function mentions(text: string, name: string): boolean {
  const bare = text.replaceAll(/'(?:[^']|'')*'/g, "''");
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}_$])${escaped}(?![\\p{L}\\p{N}_$])`, "iu").test(bare);
}
/** Source: sqlite.org "Datatypes In SQLite", determination of column affinity. */
function affinity(type: string): string {
  const t = type.toUpperCase();
  if (t.includes("INT")) return "INTEGER";
  if (/CHAR|CLOB|TEXT/.test(t)) return "TEXT";
  if (t === "" || t.includes("BLOB")) return "BLOB";
  if (/REAL|FLOA|DOUB/.test(t)) return "REAL";
  return "NUMERIC";
}
