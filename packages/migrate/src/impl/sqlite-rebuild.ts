/**
 * A table of SQLite copied into a new form under the old name: columns, keys, checks, indexes and triggers that were not
 * to change are kept as the database has them. The caller has foreign keys off and a transaction open.
 * Source: sqlite.org "ALTER TABLE", section 7.
 */
import {
  buildTable,
  type ColumnDefinition,
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
  type ReflectedTable,
  RenameTable,
  sql,
  type Table,
} from "@athanor/core";
import { OperationError } from "../errors.js";
import { AddColumnOp, AddConstraintOp, AlterColumnOp, DropColumnOp, type DropConstraintOp } from "../ops/index.js";
import { conventionalNames, homeTable, OpenMetaData, sketchTable, typeChecks } from "../ops/schema.js";
import { ColumnOrder } from "./column-order.js";
import { noColumn, targetsOf } from "./definitions.js";
import type { BatchSettings, OperationHost } from "./host.js";
import { mentions } from "./mentions.js";
import { conditionOf, type Inline, reflectedColumn, reflectedTable, withConstraint } from "./reflected.js";

type Change = AddColumnOp | DropColumnOp | AlterColumnOp | AddConstraintOp | DropConstraintOp;
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
  readonly #order: ColumnOrder;
  readonly #settings: BatchSettings;

  private constructor(host: OperationHost, inline: Inline, found: ReflectedTable, settings: BatchSettings) {
    this.#host = host;
    this.#inline = inline;
    this.#found = found;
    this.#now = found;
    this.#settings = settings;
    this.#copied = new Set(found.columns.filter((c) => c.computed === undefined).map((c) => c.name));
    this.#order = new ColumnOrder(found.columns.map((c) => c.name));
    for (const { name, definition } of settings.reflectColumns ?? []) this.#restate(name, definition);
    const { tableOptions, tableArguments } = settings;
    if (tableOptions !== undefined) {
      const sqlite = { ...(this.#now.options.sqlite as object | undefined), ...(tableOptions.sqlite as object) };
      this.#set({ options: { ...this.#now.options, ...tableOptions, sqlite } });
    }
    if (tableArguments !== undefined && tableArguments.length > 0) {
      const columns = found.columns.map((c) => c.name);
      const home = homeTable(found.name, columns, tableArguments, { convention: this.#convention });
      for (const constraint of home.constraints) this.#addConstraint(constraint);
      for (const index of home.indexes) this.#newIndexes.push(new CreateIndex(index));
    }
  }
  /** @throws NoSuchTableError */
  static async start(
    table: NamedTable,
    host: OperationHost,
    inline: Inline,
    settings: BatchSettings = {},
  ): Promise<Rebuild> {
    const { copyFrom } = settings;
    const found =
      copyFrom === undefined
        ? await inspect(host.connection).table(table.tableName, { schema: table.schema })
        : reflectedTable(host.dialect, inline, copyFrom);
    return new Rebuild(host, inline, found, settings);
  }
  get #convention() {
    return this.#settings.namingConvention ?? this.#host.namingConvention;
  }
  /** Says of a column that is there what reflection cannot see. */
  #restate(name: string, definition: ColumnDefinition): void {
    if (!this.#has(name)) {
      throw noColumn(
        { tableName: this.#found.name, columnName: name },
        this.#now.columns.map((c) => c.name),
      );
    }
    const said = reflectedColumn(this.#host.dialect, this.#inline, name, definition);
    this.#set({ columns: this.#now.columns.map((c) => (c.name === name ? said : c)) });
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
      convention: this.#convention,
    });
    const type = table.columns[0]?.type ?? op.definition.fields.type;
    const made = reflectedColumn(this.#host.dialect, this.#inline, columnName, op.definition.with({ type }));
    this.#order.add(columnName, op.place);
    this.#set({ columns: [...this.#now.columns, made] });
    for (const constraint of table.constraints) this.#addConstraint(constraint);
    for (const index of table.indexes) this.#newIndexes.push(new CreateIndex(index));
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
      checks: now.checks.filter((c) => !namesColumn(c.sql, name)),
      indexes: now.indexes.filter(
        (i) => !i.parts.some((p) => p.column === name || namesColumn(p.sql, name)) && !namesColumn(i.where ?? "", name),
      ),
    });
    this.#copied.delete(name);
    this.#casts.delete(name);
    this.#order.drop(name);
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
    if (changes.type !== undefined) {
      // The check of the old type goes with it, the one of the new type comes.
      const checks = (type: typeof changes.type) =>
        typeChecks(op.tableName, op.columnName, type, this.#convention).map((c) => ({
          name: c.name ?? undefined,
          constraint: c,
          text: this.#condition(c.sql),
        }));
      for (const { name, text } of op.existing.type === undefined ? [] : checks(op.existing.type)) {
        const isIt = (c: { readonly name: string | undefined; readonly sql: string }) =>
          name === undefined ? c.name === undefined && sameText(c.sql, text ?? "") : c.name === name;
        this.#set({ checks: this.#now.checks.filter((c) => !isIt(c)) });
      }
      for (const { constraint } of checks(changes.type)) this.#addConstraint(constraint);
    }
  }
  #condition(condition: string | Element): string | undefined {
    return conditionOf(this.#host.dialect, this.#inline, condition);
  }
  #addConstraint(constraint: Constraint): void {
    this.#now = withConstraint(this.#now, constraint, (condition) => this.#condition(condition));
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
      // What has no name there is known by the name the convention would have given it.
      if (op.name !== null && conventionalNames(now, c, op.constraintKind, this.#convention).includes(op.name))
        return true;
      if (columns !== undefined) return c.columns?.join() === columns;
      const text = op.condition ?? (original?.kind === "check" ? this.#condition(original.sql) : undefined);
      return text !== undefined && c.sql !== undefined && sameText(c.sql, text);
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
    this.#order.reorder(this.#settings.partialReordering ?? []);
    const temporary = this.#table(`${TEMPORARY}${found.name}`);
    await host.run(new CreateTable(temporary));
    try {
      await this.#copyRows(temporary);
    } catch (error) {
      // The old table is as it was; the half made one goes.
      await host.run(new DropTable(temporary));
      throw error;
    }
    const sequence = await this.#sequence();
    await host.run(new DropTable({ tableName: found.name, schema: found.schema }));
    // With the old behaviour RENAME leaves views, triggers and foreign keys of others alone: they name the final table.
    await host.run(new DdlText("PRAGMA legacy_alter_table = ON"));
    try {
      await host.run(new RenameTable(temporary, found.name));
    } finally {
      await host.run(new DdlText("PRAGMA legacy_alter_table = OFF"));
    }
    if (sequence !== undefined) {
      const table = sql.raw(`${this.#prefix}sqlite_sequence`);
      await host.run(sql`UPDATE ${table} SET seq = ${sequence} WHERE name = ${found.name}` as unknown as Element);
    }
    for (const index of this.#now.indexes) if (index.source !== undefined) await host.run(this.#again(index.source));
    for (const index of this.#newIndexes) await host.run(index);
    for (const trigger of found.triggers) await host.run(this.#again(trigger.source));
  }
  /** `schema.` of an attached file. */
  get #prefix(): string {
    const { schema } = this.#found;
    return schema === undefined ? "" : `${this.#host.dialect.quote(schema)}.`;
  }
  /** What sqlite_master keeps names no schema. */
  #again(source: string): DdlText {
    const words = /^\s*CREATE\s+(?:UNIQUE\s+)?(?:INDEX|TRIGGER)\s+(?:IF\s+NOT\s+EXISTS\s+)?/i.exec(source)?.[0];
    if (this.#prefix === "" || words === undefined) return new DdlText(source);
    return new DdlText(words + this.#prefix + source.slice(words.length));
  }
  async #copyRows(temporary: Table): Promise<void> {
    const names = temporary.columns
      .map((c) => c.columnName)
      .filter((n) => this.#copied.has(n) && !this.#now.columns.some((c) => c.name === n && c.computed !== undefined));
    if (names.length === 0) return;
    const quote = (name: string) => this.#host.dialect.quote(name);
    const values = names.map((n) => (this.#casts.has(n) ? `CAST(${quote(n)} AS ${this.#casts.get(n)})` : quote(n)));
    const into = `${this.#prefix}${quote(temporary.tableName)}`;
    const from = `${this.#prefix}${quote(this.#found.name)}`;
    await this.#host.run(
      new DdlText(`INSERT INTO ${into} (${names.map(quote).join(", ")}) SELECT ${values.join(", ")} FROM ${from}`),
    );
  }
  #table(name: string): Table {
    const now = this.#now;
    const metadata = new OpenMetaData().expect(targetsOf(now.foreignKeys));
    // Only the first column type counts for AUTOINCREMENT, so a key that is gone takes the word with it.
    const options = now.primaryKey === undefined ? {} : now.options;
    const columns = this.#order.names.flatMap((n) => now.columns.filter((c) => c.name === n));
    const parts = partsFromReflection({ ...now, name, columns, options, indexes: [] }, metadata, { exactTypes: true });
    return buildTable(parts);
  }
  /** The highest key ever given out, for AUTOINCREMENT; a script has to do without. */
  async #sequence(): Promise<unknown> {
    const { offline } = this.#host;
    const { autoincrement } = (this.#found.options.sqlite ?? {}) as { readonly autoincrement?: boolean };
    if (!autoincrement || offline) return undefined;
    const table = sql.raw(`${this.#prefix}sqlite_sequence`);
    const [row] = await this.#host.connection.execute(sql`SELECT seq FROM ${table} WHERE name = ${this.#found.name}`);
    return row?.[0];
  }
}

/** Blanks and case outside of strings weigh nothing. */
function sameText(a: string, b: string): boolean {
  const plain = (text: string) =>
    text.replaceAll(/'(?:[^']|'')*'|[\s"`[\]]+|[^'\s"`[\]]+/g, (m) =>
      m.startsWith("'") ? m : m.replaceAll(/[\s"`[\]]+/g, "").toLowerCase(),
    );
  return plain(a) === plain(b);
}
/** The column's name occurs in the text as a word. */
function namesColumn(text: string, name: string): boolean {
  return mentions(text.replaceAll(/'(?:[^']|'')*'/g, "''"), name);
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
