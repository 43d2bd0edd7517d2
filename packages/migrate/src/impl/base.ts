/**
 * How operations become DDL where ALTER TABLE can do everything, and how a run is begun, locked and ended. One subclass
 * per family of databases says what it does otherwise. Source: Alembic `DefaultImpl`.
 */
import {
  AddColumn,
  AddConstraint,
  AddEnumValue,
  AlterColumnDefault,
  AlterColumnIdentity,
  AlterColumnNullable,
  AlterColumnType,
  ArrayType,
  type Connection,
  CreateIndex,
  CreateSequence,
  CreateStoredObject,
  CreateTable,
  CreateType,
  DatabaseError,
  DdlText,
  type Dialect,
  DropColumn,
  DropConstraint,
  DropIndex,
  DropSequence,
  DropStoredObject,
  DropTable,
  DropType,
  type Element,
  EnumType,
  type Index,
  inspect,
  type NamedTable,
  type ReflectedColumn,
  RenameColumn,
  RenameTable,
  SetColumnComment,
  SetTableComment,
  type SqlType,
  StatementTimeoutError,
  type StoredObject,
  sql,
  type Table,
  type TableColumn,
  TableIndex,
} from "@athanor/core";
import { OperationError } from "../errors.js";
import type {
  AddColumnOp,
  AddConstraintOp,
  AddEnumValueOp,
  AlterColumnOp,
  AlterEnumOp,
  CreateEnumOp,
  CreateIndexOp,
  CreateObjectOp,
  CreateSequenceOp,
  CreateTableOp,
  DropColumnOp,
  DropConstraintOp,
  DropEnumOp,
  DropIndexOp,
  DropObjectOp,
  DropSequenceOp,
  DropTableOp,
  ExecuteOp,
  MigrateOp,
  ModifyTableOps,
  RenameTableOp,
  ReplaceObjectOp,
  TableCommentOp,
} from "../ops/index.js";
import { sketchTable, typeChecks } from "../ops/schema.js";
import type { ColumnPlace } from "./column-order.js";
import type { BatchSettings, OperationHost } from "./host.js";
import type { LockRequest, SessionRules, Timeouts } from "./lock.js";
import { conditionOf } from "./reflected.js";
import { sameTypeText, withSamePrecision } from "./same-type.js";

/** Operations this file runs, by kind. */
interface OpByKind {
  createTable: CreateTableOp;
  dropTable: DropTableOp;
  renameTable: RenameTableOp;
  tableComment: TableCommentOp;
  addColumn: AddColumnOp;
  dropColumn: DropColumnOp;
  alterColumn: AlterColumnOp;
  createIndex: CreateIndexOp;
  dropIndex: DropIndexOp;
  addConstraint: AddConstraintOp;
  dropConstraint: DropConstraintOp;
  execute: ExecuteOp;
  createEnum: CreateEnumOp;
  dropEnum: DropEnumOp;
  addEnumValue: AddEnumValueOp;
  alterEnum: AlterEnumOp;
  modifyTable: ModifyTableOps;
  createSequence: CreateSequenceOp;
  dropSequence: DropSequenceOp;
  createObject: CreateObjectOp;
  dropObject: DropObjectOp;
  replaceObject: ReplaceObjectOp;
  note: MigrateOp;
}
type Handlers = { readonly [K in keyof OpByKind]: (op: OpByKind[K], host: OperationHost) => Promise<void> };

/** Databases whose ALTER TABLE behaves alike. */
export type DatabaseFamily = "postgresql" | "mysql" | "sqlite" | "other";

export class DialectImpl {
  readonly family: DatabaseFamily = "other";
  /** Whatever changes of a column, all of it is said anew: a script has to know the rest. */
  readonly restatesColumns: boolean = false;
  readonly dialect: Dialect;
  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }
  /** DDL is undone by ROLLBACK. */
  get transactionalDdl(): boolean {
    return this.dialect.capabilities.transactionalDdl;
  }

  // ---- a run

  /** Before the transaction: a lock that is not the transaction itself. @throws LockError */
  async open(_connection: Connection, _lock: LockRequest | undefined): Promise<void> {}
  /** Undoes `open`; also after a failure. Gives what went wrong with the lock meanwhile, for the log. */
  async close(_connection: Connection): Promise<string | undefined> {
    return undefined;
  }
  /** Sets how long statements may wait and take; gives what puts the session back. */
  async limit(_connection: Connection, _timeouts: Timeouts): Promise<() => Promise<void>> {
    return async () => {};
  }
  /** The same as text: for scripts, and for one transaction (`local`). Nothing where the database has no such limit. */
  limitText(_timeouts: Timeouts, _local: boolean): readonly string[] {
    return [];
  }
  /** Which of the limits there are. */
  readonly limits: readonly (keyof Timeouts)[] = [];
  /** Which limit a statement ran into. */
  limitOf(error: unknown): keyof Timeouts | undefined {
    if (error instanceof StatementTimeoutError) return "statement";
    return error instanceof DatabaseError && this.lockCodes.includes(error.driverCode ?? "") ? "lock" : undefined;
  }
  /** The driver's codes for a lock that was waited for in vain. */
  protected readonly lockCodes: readonly string[] = [];
  /**
   * Makes a schema the default one of the session, and gives what goes back.
   * @throws OperationError where it does not exist, or the database has no schemas
   */
  async enterSchema(_connection: Connection, schema: string): Promise<() => Promise<void>> {
    throw new OperationError(
      "migrate.no-schemas",
      `Tenant '${schema}' cannot be a schema: ${this.dialect.name} has none`,
      { hint: "Give every tenant a database of its own: tenants: [{ name, url }]." },
    );
  }
  /** What makes a schema the default one in a script. */
  enterSchemaText(schema: string): string {
    return `SET search_path TO ${this.dialect.quote(schema)}`;
  }
  async begin(connection: Connection, _rules: SessionRules): Promise<void> {
    await connection.executeScript("BEGIN");
  }
  async commit(connection: Connection): Promise<void> {
    await connection.executeScript("COMMIT");
  }
  async rollback(connection: Connection): Promise<void> {
    await connection.executeScript("ROLLBACK");
  }
  /** Two-phase commit, where `canPrepare`; on the run's own connection, whose transactions are begun by statement. */
  readonly canPrepare: boolean = false;
  async prepare(connection: Connection, name: string): Promise<void> {
    await connection.executeScript(`PREPARE TRANSACTION '${name}'`);
  }
  async commitPrepared(connection: Connection, name: string): Promise<void> {
    await connection.executeScript(`COMMIT PREPARED '${name}'`);
  }
  async rollbackPrepared(connection: Connection, name: string): Promise<void> {
    await connection.executeScript(`ROLLBACK PREPARED '${name}'`);
  }
  /** What only a look at the data can tell before COMMIT. @throws OperationError */
  async beforeCommit(_connection: Connection): Promise<void> {}
  /** Words of the offline script. */
  readonly beginText: string = "BEGIN";
  readonly commitText: string = "COMMIT";

  // ---- half done revisions, where DDL commits by itself

  /** `schemaMark` works: half done revisions can be taken up. */
  readonly keepsJournal: boolean = false;
  /** A text that changes when DDL on the table (or, without one, anywhere in the schema) is carried out. */
  async schemaMark(_connection: Connection, _table: NamedTable | undefined): Promise<string> {
    throw new OperationError("migrate.no-journal", `${this.dialect.name} keeps no journal of statements`);
  }
  /** The operation is one statement, so it is done when the statement is. */
  isOneStatement(_op: MigrateOp): boolean {
    return false;
  }
  /** The lock of `open` is held over several transactions. */
  locksWholeRun(lock: LockRequest | undefined): boolean {
    return lock?.scope === "session";
  }

  // ---- operations

  /** Runs one operation. @throws OperationError, CompileError, DatabaseError */
  async apply(op: MigrateOp, host: OperationHost): Promise<void> {
    const handler = (
      this.handlers as { readonly [kind: string]: ((op: never, host: OperationHost) => Promise<void>) | undefined }
    )[op.kind];
    if (handler === undefined) {
      throw new OperationError(
        "migrate.unknown-operation",
        `There is no implementation of the operation '${op.kind}'`,
        {
          hint: "Register one with registerOperation().",
        },
      );
    }
    await handler(op as never, host);
  }
  /** Several operations on one table; where ALTER TABLE falls short, one rebuild does them all. */
  async applyBatch(
    _table: NamedTable,
    ops: readonly MigrateOp[],
    host: OperationHost,
    settings: BatchSettings,
  ): Promise<void> {
    if (settings.recreate === "always") {
      throw new OperationError(
        "migrate.recreate",
        `recreate: "always" is not needed on ${this.dialect.name}, where ALTER TABLE does it in place`,
        {
          hint: 'Leave it out, or say "auto".',
        },
      );
    }
    if ((settings.partialReordering?.length ?? 0) > 0) throw this.noPlaces("partialReordering");
    for (const op of ops) await host.operation(op, () => this.apply(op, host));
  }

  /** Columns stand where they were made. */
  protected noPlaces(what: string): OperationError {
    return new OperationError("migrate.place", `${this.dialect.name} cannot say where a column stands (${what})`, {
      hint: "The order of columns matters to nobody who names them; a table that must have another one is made anew by hand.",
    });
  }
  protected readonly handlers: Handlers = {
    createTable: (op, host) => this.createTable(op, host),
    dropTable: (op, host) => host.run(new DropTable(op, { ifExists: op.ifExists })),
    renameTable: (op, host) => host.run(new RenameTable(op, op.to)),
    tableComment: (op, host) => host.run(new SetTableComment(op, op.comment)),
    addColumn: (op, host) => this.addColumn(op, host),
    dropColumn: (op, host) => this.dropColumn(op, host),
    alterColumn: (op, host) => this.alterColumn(op, host),
    createIndex: (op, host) => this.createIndex(op.index, op.ifNotExists, host),
    dropIndex: (op, host) => this.dropIndex(op, host),
    addConstraint: (op, host) => this.addConstraint(op, host),
    dropConstraint: (op, host) => this.dropConstraint(op, host),
    execute: (op, host) => host.run(typeof op.statement === "string" ? rawSql(op.statement) : op.statement),
    createEnum: (op, host) => this.createType(op.type, op.schema, host),
    dropEnum: async (op, host) => {
      host.knownTypes.delete(op.type.name ?? "");
      await host.run(new DropType(op.type, op.schema, { ifExists: true }));
    },
    addEnumValue: async (op, host) => {
      if (!this.hasNamedEnums()) return;
      await host.run(new AddEnumValue({ name: op.name, schema: op.schema }, op.value, op.place));
    },
    alterEnum: (op, host) => this.alterEnum(op, host),
    modifyTable: (op, host) => this.applyBatch(op, op.ops, host, {}),
    createSequence: (op, host) => host.run(new CreateSequence(op.sequence)),
    dropSequence: (op, host) => host.run(new DropSequence(op.sequence, { ifExists: op.ifExists })),
    createObject: (op, host) => host.run(new CreateStoredObject(op.object)),
    dropObject: (op, host) => host.run(new DropStoredObject(op.object, { ifExists: op.ifExists })),
    replaceObject: async (op, host) => {
      await host.run(new DropStoredObject(op.existing, { ifExists: true }));
      await host.run(new CreateStoredObject(op.object));
    },
    note: async () => {},
  };

  protected async createTable(op: CreateTableOp, host: OperationHost): Promise<void> {
    for (const column of op.table.columns) await this.createTypeOf(column.type, op.table.schema, host);
    await host.run(new CreateTable(op.table, { ifNotExists: op.ifNotExists, without: op.without }));
    for (const index of op.table.indexes) await this.createIndex(index, op.ifNotExists, host);
  }
  protected createIndex(index: Index, ifNotExists: boolean, host: OperationHost): Promise<void> {
    return this.runIf(ifNotExists, host, (asked) => new CreateIndex(index, { ifNotExists: asked }));
  }
  /** Runs DDL that says IF EXISTS or IF NOT EXISTS where that is `asked` for. */
  protected runIf(asked: boolean, host: OperationHost, make: (asked: boolean) => Element): Promise<void> {
    return host.run(make(asked));
  }
  /** The table of one column that an added column is rendered from, with the constraints it asks for. */
  protected addedColumnTable(op: AddColumnOp, host: OperationHost): Table {
    return sketchTable(op.tableName, [{ name: op.columnName, definition: op.definition }], [], {
      isPart: true,
      schema: op.schema,
      convention: host.namingConvention,
    });
  }
  protected async addColumn(op: AddColumnOp, host: OperationHost): Promise<void> {
    const table = this.addedColumnTable(op, host);
    const [column] = table.columns;
    if (column === undefined) return;
    if (op.place !== undefined) this.checkPlace(op.place);
    await this.createTypeOf(column.type, op.schema, host);
    const place = await this.placeOf(op, host);
    await this.runIf(op.ifNotExists, host, (ifNotExists) => new AddColumn(op, column, { ifNotExists, ...place }));
    for (const constraint of table.constraints) {
      // Checks of the column stand beside it; the check of its type may be one the database does without.
      if (constraint.kind === "check" && constraint.column !== undefined) continue;
      if (constraint.kind === "check" && this.conditionOf(constraint.sql) === undefined) continue;
      await host.run(new AddConstraint(op, constraint));
    }
    for (const index of table.indexes) await host.run(new CreateIndex(index));
  }
  /** @throws OperationError where a column stands at the end */
  protected checkPlace(place: ColumnPlace): void {
    throw this.noPlaces(place.before === undefined ? "insertAfter" : "insertBefore");
  }
  /** The column a new one comes after; null for none, undefined for the last. */
  protected async placeOf(_op: AddColumnOp, _host: OperationHost): Promise<{ readonly after?: string | null }> {
    return {};
  }
  protected async dropColumn(op: DropColumnOp, host: OperationHost): Promise<void> {
    await this.runIf(op.ifExists, host, (ifExists) => new DropColumn(op, op.columnName, { ifExists }));
  }
  protected async alterColumn(op: AlterColumnOp, host: OperationHost): Promise<void> {
    const { changes, columnName } = op;
    if (changes.type !== undefined) {
      await this.createTypeOf(changes.type, op.schema, host);
      await this.dropTypeChecks(op, host);
      await host.run(new AlterColumnType(op, columnName, changes.type, { using: op.using }));
      await this.addTypeChecks(op, host, columnName);
    } else if (op.using !== undefined) {
      throw new OperationError(
        "migrate.using",
        `alterColumn("${op.tableName}", "${columnName}"): 'using' goes with 'type'`,
      );
    }
    if (changes.nullable !== undefined) await host.run(new AlterColumnNullable(op, columnName, changes.nullable));
    if (changes.serverDefault !== undefined)
      await host.run(new AlterColumnDefault(op, columnName, changes.serverDefault));
    if (changes.identity !== undefined) {
      const had = await this.#hadIdentity(op, host);
      await host.run(new AlterColumnIdentity(op, columnName, changes.identity, had));
    }
    if (changes.comment !== undefined) await host.run(new SetColumnComment(op, columnName, changes.comment));
    if (changes.newName !== undefined && changes.newName !== columnName) {
      await host.run(new RenameColumn(op, columnName, changes.newName));
    }
  }
  /** Whether the identity is changed or added: as told, or as it is found. */
  async #hadIdentity(op: AlterColumnOp, host: OperationHost): Promise<boolean> {
    const { identity } = op.existing;
    if (identity !== undefined || host.offline || op.changes.identity === null) return Boolean(identity);
    const columns = await inspect(host.connection).columns(op.tableName, { schema: op.schema });
    return columns.find((c) => c.name === op.columnName)?.identity !== undefined;
  }
  /** The checks of a type that is left behind. */
  protected async dropTypeChecks(op: AlterColumnOp, host: OperationHost): Promise<void> {
    const { type } = op.existing;
    if (type === undefined || op.changes.type === undefined) return;
    for (const check of typeChecks(op.tableName, op.columnName, type, host.namingConvention)) {
      const text = this.conditionOf(check.sql);
      if (text === undefined) continue;
      const name = check.name ?? (host.offline ? undefined : await this.#nameOfTypeCheck(op, text, host));
      if (name === undefined) continue;
      await host.run(new DropConstraint(op, { kind: "check", name, nameIsGenerated: check.nameIsGenerated }));
    }
  }
  /** The check the database named by itself: the one that lists the same values of the column. */
  async #nameOfTypeCheck(op: AlterColumnOp, text: string, host: OperationHost): Promise<string | undefined> {
    const checks = await inspect(host.connection).checkConstraints(op.tableName, { schema: op.schema });
    return checks.find((c) => this.isCheck(c.sql, text))?.name;
  }
  /** The check is this one, maybe put in other words: `x IN ('a')` comes back as `x = ANY (ARRAY['a'])`. */
  isCheck(found: string, text: string): boolean {
    if (this.sameExpression(found, text)) return true;
    const list = /^(\S+) IN \(('.*')\)$/s.exec(text);
    if (list === null) return false;
    const values = (of: string) => [...of.matchAll(/'(?:[^']|'')*'/g)].map((m) => m[0]).join();
    const name = (list[1] as string).replaceAll(/["`]/g, "").toLowerCase();
    return isList(found, name) && values(found) === values(text);
  }
  protected async addTypeChecks(op: AlterColumnOp, host: OperationHost, column: string): Promise<void> {
    const { type } = op.changes;
    if (type === undefined) return;
    for (const check of typeChecks(op.tableName, column, type, host.namingConvention)) {
      if (this.conditionOf(check.sql) !== undefined) await host.run(new AddConstraint(op, check));
    }
  }
  protected conditionOf(condition: string | Element): string | undefined {
    return conditionOf(this.dialect, (value) => this.inlineSql(value), condition);
  }
  protected async dropIndex(op: DropIndexOp, host: OperationHost): Promise<void> {
    const { concurrently } = op;
    await this.runIf(op.ifExists, host, (ifExists) => new DropIndex(droppedIndex(op), { ifExists, concurrently }));
  }
  protected async addConstraint(op: AddConstraintOp, host: OperationHost): Promise<void> {
    await host.run(new AddConstraint(op.table, op.constraint));
  }
  protected async dropConstraint(op: DropConstraintOp, host: OperationHost): Promise<void> {
    const name = op.name ?? (await this.nameOfConstraint(op, host));
    const dropped = { kind: op.constraintKind, name, nameIsGenerated: op.nameIsGenerated };
    await this.runIf(op.ifExists, host, (ifExists) => new DropConstraint(op.table, dropped, { ifExists }));
  }
  /** The name the database gave to a constraint that was created without one. */
  protected async nameOfConstraint(op: DropConstraintOp, host: OperationHost): Promise<string | null> {
    const { original, table } = op;
    if (host.offline || (original === undefined && op.columns === undefined && op.condition === undefined)) return null;
    const found = await inspect(host.connection).table(table.tableName, { schema: table.schema });
    if (op.constraintKind === "primaryKey") return found.primaryKey?.name ?? null;
    if (op.constraintKind === "check") {
      const text = op.condition ?? (original?.kind === "check" ? this.conditionOf(original.sql) : undefined);
      return found.checks.find((c) => text !== undefined && this.isCheck(c.sql, text))?.name ?? null;
    }
    const columns = (op.columns ?? []).join();
    const list = op.constraintKind === "unique" ? found.uniqueConstraints : found.foreignKeys;
    return list.find((c) => c.columns.join() === columns)?.name ?? null;
  }

  // ---- enumerations

  /** Where enumerations belong to columns, the columns change (`alterColumn`). */
  protected async alterEnum(_op: AlterEnumOp, _host: OperationHost): Promise<void> {}

  /** Enumerations are types of the database's own, made before they are used. */
  hasNamedEnums(): boolean {
    const probe = new EnumType(["x"], { name: "x", native: true });
    return this.dialect.createDdlCompiler().statements(new CreateType(probe)).length > 0;
  }
  #innermost(given: SqlType): SqlType {
    let type = this.dialect.plainType(given);
    while (type instanceof ArrayType) type = this.dialect.plainType(type.element);
    return type;
  }
  protected async createTypeOf(given: SqlType, schema: string | undefined, host: OperationHost): Promise<void> {
    const type = this.#innermost(given);
    if (type instanceof EnumType && type.native) await this.createType(type, schema, host);
  }
  protected async createType(type: EnumType, schema: string | undefined, host: OperationHost): Promise<void> {
    const { name } = type;
    if (name === undefined || !this.hasNamedEnums() || host.knownTypes.has(name)) return;
    if (!host.offline) {
      const existing = await inspect(host.connection).enums({ schema });
      for (const e of existing) host.knownTypes.add(e.name);
      if (host.knownTypes.has(name)) return;
    }
    host.knownTypes.add(name);
    await host.run(new CreateType(type, schema));
  }

  /** SQL of a default as this database would be given it; null for none. */
  protected sqlOf(value: string | Element): string {
    if (typeof value === "string") return value;
    // The DDL compiler renders fragments with their values in the text; a comparison needs the same.
    const compiler = this.dialect.createCompiler(new Map(), { literalBinds: true, unqualified: true } as {
      literalBinds: true;
    });
    return (compiler as unknown as { renderInline(element: Element): string }).renderInline(value);
  }
  inlineSql(value: string | Element): string {
    return this.sqlOf(value);
  }

  // ---- comparison, for autogenerate

  /** A default as text that can be compared with another. */
  normalDefault(text: string): string {
    let bare = text.trim();
    while (/^\(.*\)$/s.test(bare) && balanced(bare.slice(1, -1))) bare = bare.slice(1, -1).trim();
    return bare.replace(/^(current_timestamp|current_date|current_time|null|true|false)(\(\))?$/i, (w) =>
      w.toUpperCase().replace("()", ""),
    );
  }
  /** Last word where the texts differ: the database may know better. */
  async sameDefault(_connection: Connection, model: string, reflected: string, _type: SqlType): Promise<boolean> {
    return this.normalDefault(model) === this.normalDefault(reflected);
  }
  /** Words that mean the same type. */
  protected readonly typeSynonyms: readonly ReadonlySet<string>[] = [new Set(["numeric", "decimal"])];
  /** True when a column of the reflected type would do for the model's. */
  sameType(reflected: SqlType, model: SqlType): boolean {
    let [found, wanted] = [this.dialect.plainType(reflected), this.dialect.plainType(model)];
    if (found instanceof ArrayType && wanted instanceof ArrayType)
      [found, wanted] = [this.#innermost(found), this.#innermost(wanted)];
    const precise = withSamePrecision(found, wanted);
    if (precise !== undefined) return this.typeText(precise[0]) === this.typeText(precise[1]);
    return sameTypeText(this.typeText(found), this.typeText(wanted), this.typeSynonyms);
  }
  /** The same with what the database makes of the column's place in its table. */
  sameColumnType(reflected: ReflectedColumn, model: TableColumn): boolean {
    return (
      reflected.databaseType.toLowerCase() === this.typeText(model.type) || this.sameType(reflected.type, model.type)
    );
  }
  /** The type as the log shows it. */
  shownType(type: SqlType): string {
    return type instanceof EnumType && type.native && type.name !== undefined ? type.name : this.dialect.ddlType(type);
  }
  /** Two spellings of one expression; parentheses, blanks, quotes and case weigh nothing. */
  sameExpression(a: string, b: string): boolean {
    return normalExpression(a) === normalExpression(b);
  }
  /** The text of a check comes back as it was written. */
  readonly keepsText: boolean = false;
  /**
   * The condition of a check as this database would give it back; undefined where texts come back as they were written,
   * or where it cannot be found out; null for one that the table as it is cannot have.
   */
  async givenBack(_connection: Connection, _table: NamedTable, _text: string): Promise<string | null | undefined> {
    return undefined;
  }
  /** A view, function or trigger as this database would give it back; undefined where that cannot be found out. */
  async storedBack(connection: Connection, object: StoredObject): Promise<StoredObject<string> | undefined> {
    if (!this.transactionalDdl) return this.#probe(connection, object);
    if (connection.isolationLevel !== "AUTOCOMMIT") return undefined;
    await connection.executeScript("BEGIN");
    try {
      return await this.#probe(connection, object);
    } finally {
      await connection.executeScript("ROLLBACK");
    }
  }
  async #probe(connection: Connection, object: StoredObject): Promise<StoredObject<string> | undefined> {
    const probe = object.renamed("athanor_probe");
    try {
      await connection.execute(new CreateStoredObject(probe));
    } catch (error) {
      // It may need what is still to be made.
      if (error instanceof DatabaseError) return undefined;
      throw error;
    }
    const objects = await inspect(connection).storedObjects({ schema: object.schema });
    if (!this.transactionalDdl) await connection.execute(new DropStoredObject(probe, { ifExists: true }));
    return objects.find((o) => o.kind === probe.kind && o.name === probe.name);
  }
  /** What a foreign key does anyway, under another word. */
  isDefaultAction(_action: string): boolean {
    return false;
  }
  typeText(type: SqlType): string {
    return this.dialect.ddlType(type).toLowerCase();
  }
}

/** The condition is that a column has one of some strings. */
export function isList(condition: string, column: string): boolean {
  const bare = condition
    .replaceAll(/'(?:[^']|'')*'/g, "'")
    .replaceAll(/::[a-z_ ]+(?:\(\d+\))?(?:\[\])?|[\s()"`]+/giu, "")
    .toLowerCase();
  const plain = column.replaceAll(/[\s"`]+/g, "").toLowerCase();
  return (
    bare === `${plain}='` ||
    [`${plain}in'`, `${plain}=any'`, `${plain}=anyarray['`].some(
      (head) => bare.startsWith(head) && /^[',\]]*$/.test(bare.slice(head.length)),
    )
  );
}
function normalExpression(text: string): string {
  return text
    .replaceAll(/'(?:[^']|'')*'|::[a-z_ ]+(?:\(\d+\))?|[\s()"`]+/giu, (m) => (m.startsWith("'") ? m : ""))
    .replaceAll(/'(?:[^']|'')*'|[^']+/gu, (m) => (m.startsWith("'") ? m : m.toLowerCase()));
}
function balanced(text: string): boolean {
  let depth = 0;
  for (const c of text) {
    if (c === "(") depth++;
    else if (c === ")" && --depth < 0) return false;
  }
  return depth === 0;
}
export function rawSql(text: string): Element {
  return sql.raw(text) as unknown as Element;
}
export function ddlText(text: string): Element {
  return new DdlText(text);
}
/** What DROP INDEX needs of an index known by name, or by its original. */
export function droppedIndex(op: DropIndexOp): DropIndex["index"] {
  const { original } = op;
  if (original instanceof TableIndex) return original;
  return { name: op.name, ...(op.table === undefined ? {} : { table: op.table }) };
}
