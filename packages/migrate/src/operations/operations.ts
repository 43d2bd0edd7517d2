/**
 * `op`: what `upgrade(op)` and `downgrade(op)` are given. Every method runs when it is called, one after the other, also
 * without `await`; the run waits for all of them. Source: Alembic "Operation Reference".
 */
import {
  type ColumnLike,
  type Connection,
  type ConventionalName,
  conv,
  type Dialect,
  Element,
  EnumType,
  type GivenName,
  IndexBuilder,
  insert,
  literal,
  literalColumn,
  type NamedTable,
  type ReferenceOptions,
  Sequence,
  type SequenceOptions,
  type SqlText,
  type StoredObject,
  type Table,
  type TableArgument,
  TableCheck,
  TableExclude,
  TableForeignKey,
  TableIndex,
  TablePrimaryKey,
  TableUnique,
  type UniqueOptions,
} from "@athanor/core";
import { OperationError } from "../errors.js";
import type { BatchSettings, DialectImpl, OperationHost } from "../impl/index.js";
import {
  AddColumnOp,
  AddConstraintOp,
  AddEnumValueOp,
  AlterEnumOp,
  CreateEnumOp,
  CreateIndexOp,
  CreateSequenceOp,
  CreateTableOp,
  DropColumnOp,
  DropConstraintOp,
  DropEnumOp,
  DropIndexOp,
  DropSequenceOp,
  DropTableOp,
  ExecuteOp,
  type MigrateOp,
  RenameTableOp,
  TableCommentOp,
} from "../ops/index.js";
import { namedColumn, sketchTable } from "../ops/schema.js";
import {
  type AlterColumnOptions,
  alterColumnOp,
  type ConstraintType,
  type CreateIndexOptions,
  checkOn,
  type DropIndexOptions,
  droppedName,
  type ExcludeConstraintOptions,
  type ExcludedPart,
  excludeOn,
  foreignKeyOn,
  type IndexColumn,
  type InSchema,
  indexOn,
  known,
  type NamedColumn,
  primaryKeyOn,
  uniqueOn,
} from "./arguments.js";
import { BatchOperations } from "./batch.js";
import { createObject, dropObject, type FindObject, type ReplaceOptions, replaceObject } from "./objects.js";
import { ownOperation } from "./own.js";

export interface CreateTableOptions extends InSchema {
  readonly ifNotExists?: boolean | undefined;
  readonly comment?: string | undefined;
  /** `{ sqlite: { strict: true }, mysql: { engine: "InnoDB" } }`. */
  readonly dialectOptions?: { readonly [dialect: string]: { readonly [option: string]: unknown } } | undefined;
}
export interface BatchOptions extends InSchema, Omit<BatchSettings, "reflectColumns"> {
  /** Columns as they are to be taken instead of as they are found: `[boolean("flag")]`. */
  readonly reflectColumns?: readonly NamedColumn[] | undefined;
}
type TableItem = NamedColumn | TableArgument;

const VIEWS = ["view", "materializedView"] as const;
const FUNCTIONS = ["function", "procedure"] as const;
const TRIGGERS = ["trigger"] as const;
const TABLE_OPTIONS = [
  "schema",
  "ifNotExists",
  "comment",
  "dialectOptions",
] as const satisfies readonly (keyof CreateTableOptions)[];
const COMMENT_OPTIONS = ["schema", "existingComment"] as const;

/** What `upgrade(op)` is given. Directives of one's own join it through `registerOperation`. */
export class Operations {
  protected readonly host: OperationHost;
  protected readonly impl: DialectImpl;
  #tail: Promise<unknown> = Promise.resolve();
  #failed = false;
  #failure: unknown;
  #ended = false;

  readonly #find: FindObject | undefined;

  /** Made by a `MigrationContext`; `find` looks up what earlier revisions export. */
  constructor(host: OperationHost, impl: DialectImpl, find?: FindObject) {
    this.host = host;
    this.impl = impl;
    this.#find = find;
  }

  get dialect(): Dialect {
    return this.host.dialect;
  }
  /** The run writes a script: nothing can be read from a database. */
  get isOffline(): boolean {
    return this.host.offline;
  }
  /**
   * The connection the migration runs on, for queries. @throws OperationError `migrate.offline` in a script
   */
  getBind(): Connection {
    return this.host.connection;
  }
  /** Marks a name as finished: a naming convention leaves it alone. */
  f(name: string): ConventionalName {
    return conv(name);
  }
  /** Runs an operation that was built as data. */
  invoke(op: MigrateOp): Promise<void> {
    const own = ownOperation(op.kind);
    if (own !== undefined) return this.enqueue(() => own(op as never, this.#inside()));
    return this.enqueue(() => this.host.operation(op, () => this.impl.apply(op, this.host)));
  }
  /** The same operations for the inside of one that is running: they do not wait for it. */
  #inside(): Operations {
    return new Operations(this.host, this.impl, this.#find);
  }
  protected enqueue(work: () => Promise<void>): Promise<void> {
    if (this.#ended) {
      return Promise.reject(
        new OperationError("migrate.too-late", "An operation was called after the migration had ended", {
          hint: "Return or await every promise in upgrade() and downgrade().",
        }),
      );
    }
    const done = this.#tail.then(() => {
      // What comes after a failure must not run, even where nobody awaited it.
      if (this.#failed) throw this.#failure;
      return work();
    });
    this.#tail = done.catch((error: unknown) => {
      if (!this.#failed) this.#failure = error;
      this.#failed = true;
    });
    return done;
  }
  /** Waits for everything asked for, and takes nothing more. @throws the first error, awaited or not */
  async finish(): Promise<void> {
    for (let seen: unknown; seen !== this.#tail; ) {
      seen = this.#tail;
      await this.#tail;
    }
    this.#ended = true;
    if (this.#failed) throw this.#failure;
  }
  protected get home() {
    return { convention: this.host.namingConvention };
  }

  // ---- tables

  /**
   * CREATE TABLE, with the indexes its columns ask for. Options may come last.
   *
   * @returns the table, for `bulkInsert`
   * @example await op.createTable("todo", integer("id").primaryKey(), string("title", 80), unique("uq_title", "title"));
   */
  async createTable(name: string, ...items: readonly (TableItem | CreateTableOptions)[]): Promise<Table> {
    const { columns, constraints, options } = tableItems(name, items);
    const table = sketchTable(name, columns, constraints, {
      schema: options.schema,
      comment: options.comment,
      dialectOptions: options.dialectOptions,
      convention: this.host.namingConvention,
    });
    await this.invoke(new CreateTableOp(table, { ifNotExists: options.ifNotExists }));
    return table;
  }
  dropTable(name: string, options: InSchema & { readonly ifExists?: boolean } = {}): Promise<void> {
    return this.invoke(new DropTableOp(name, known(options, ["schema", "ifExists"], `dropTable("${name}")`)));
  }
  renameTable(name: string, to: string, options: InSchema = {}): Promise<void> {
    const { schema } = known(options, ["schema"], `renameTable("${name}")`);
    return this.invoke(new RenameTableOp(name, to, schema));
  }
  createTableComment(
    table: string,
    comment: string,
    options: InSchema & { readonly existingComment?: string | null } = {},
  ): Promise<void> {
    const { existingComment, schema } = known(options, COMMENT_OPTIONS, `createTableComment("${table}")`);
    return this.invoke(new TableCommentOp(table, comment, existingComment, schema));
  }
  dropTableComment(
    table: string,
    options: InSchema & { readonly existingComment?: string | null } = {},
  ): Promise<void> {
    const { existingComment, schema } = known(options, COMMENT_OPTIONS, `dropTableComment("${table}")`);
    return this.invoke(new TableCommentOp(table, null, existingComment, schema));
  }
  /** `null` drops the comment. */
  setColumnComment(table: string, column: string, comment: string | null, options: InSchema = {}): Promise<void> {
    const { schema } = known(options, ["schema"], `setColumnComment("${table}", "${column}")`);
    return this.invoke(alterColumnOp(table, column, { comment, schema }));
  }

  // ---- columns

  /**
   * @example await op.addColumn("todo", boolean("completed").nullable());
   */
  addColumn(
    table: string,
    column: NamedColumn,
    options: InSchema & { readonly ifNotExists?: boolean } = {},
  ): Promise<void> {
    const where = `addColumn("${table}")`;
    const checked = known(options, ["schema", "ifNotExists"], where);
    return this.invoke(new AddColumnOp(table, namedColumn(column, where), checked));
  }
  dropColumn(table: string, column: string, options: InSchema & { readonly ifExists?: boolean } = {}): Promise<void> {
    const checked = known(options, ["schema", "ifExists"], `dropColumn("${table}", "${column}")`);
    return this.invoke(new DropColumnOp(table, column, checked));
  }
  /**
   * Changes what is said, leaves the rest; on every database, SQLite included, where the table is rebuilt.
   *
   * @example await op.alterColumn("todo", "completed", { nullable: false });
   */
  alterColumn(table: string, column: string, options: AlterColumnOptions): Promise<void> {
    return this.invoke(alterColumnOp(table, column, options));
  }
  renameColumn(table: string, column: string, to: string, options: InSchema = {}): Promise<void> {
    const { schema } = known(options, ["schema"], `renameColumn("${table}", "${column}")`);
    return this.invoke(alterColumnOp(table, column, { newName: to, schema }));
  }

  // ---- indexes and constraints; null as a name asks the naming convention for one

  /** @example await op.createIndex("ix_user_email", "user", ["email"], { unique: true }); */
  createIndex(
    name: GivenName,
    table: string,
    columns: readonly IndexColumn[],
    options: CreateIndexOptions = {},
  ): Promise<void> {
    const made = indexOn(name, table, columns, options, { ...this.home, schema: options.schema });
    return this.invoke(new CreateIndexOp(made, { ifNotExists: options.ifNotExists }));
  }
  dropIndex(name: string | ConventionalName, options: DropIndexOptions = {}): Promise<void> {
    known(options, ["schema", "table", "ifExists", "concurrently"], `dropIndex("${name}")`);
    const table: NamedTable | undefined =
      options.table === undefined ? undefined : { tableName: options.table, schema: options.schema };
    return this.invoke(new DropIndexOp(String(name), { ...options, table }));
  }
  createPrimaryKey(name: GivenName, table: string, columns: readonly string[], options: InSchema = {}): Promise<void> {
    const { schema } = known(options, ["schema"], `createPrimaryKey("${name}")`);
    return this.#add(table, primaryKeyOn(name, table, columns, { ...this.home, schema }), { schema });
  }
  createUniqueConstraint(
    name: GivenName,
    table: string,
    columns: readonly string[],
    options: InSchema & UniqueOptions = {},
  ): Promise<void> {
    const { schema, ...rest } = options;
    return this.#add(table, uniqueOn(name ?? undefined, table, columns, rest, { ...this.home, schema }), { schema });
  }
  createCheckConstraint(
    name: GivenName,
    table: string,
    condition: string | SqlText,
    options: InSchema = {},
  ): Promise<void> {
    const { schema } = known(options, ["schema"], `createCheckConstraint("${name}")`);
    return this.#add(table, checkOn(name ?? undefined, table, condition, { ...this.home, schema }), { schema });
  }
  /** @example await op.createForeignKey("fk_post_user", "post", "user", ["user_id"], ["id"], { onDelete: "CASCADE" }); */
  createForeignKey(
    name: GivenName,
    table: string,
    referred: string,
    columns: readonly string[],
    referredColumns: readonly string[],
    options: InSchema & { readonly referredSchema?: string } & ReferenceOptions = {},
  ): Promise<void> {
    const { schema, ...reference } = options;
    const key = foreignKeyOn(name ?? undefined, table, referred, columns, referredColumns, reference, {
      ...this.home,
      schema,
    });
    return this.#add(table, key, { schema });
  }
  /** @example await op.createExcludeConstraint("no_overlap", "booking", [["room", "="], ["during", "&&"]]); // PostgreSQL */
  createExcludeConstraint(
    name: GivenName,
    table: string,
    parts: readonly ExcludedPart[],
    options: InSchema & ExcludeConstraintOptions = {},
  ): Promise<void> {
    const { schema, ...rest } = options;
    return this.#add(table, excludeOn(name ?? undefined, table, parts, rest, { ...this.home, schema }), { schema });
  }
  #add(table: string, constraint: AddConstraintOp["constraint"], options: InSchema): Promise<void> {
    return this.invoke(new AddConstraintOp({ tableName: table, schema: options.schema }, constraint));
  }
  /**
   * One that has no known name is found by its columns, a check by its condition:
   * `dropConstraint(null, "post", "foreignKey", { columns: ["user_id"] })`.
   */
  dropConstraint(
    name: GivenName,
    table: string,
    type: ConstraintType,
    options: InSchema & {
      readonly ifExists?: boolean;
      readonly columns?: readonly string[];
      readonly condition?: string;
    } = {},
  ): Promise<void> {
    known(options, ["schema", "ifExists", "columns", "condition"], `dropConstraint("${name}")`);
    const plain = droppedName(name, type, { tableName: table, schema: options.schema }, this.host.namingConvention);
    return this.invoke(
      new DropConstraintOp({ tableName: table, schema: options.schema }, plain.name, type, {
        ifExists: options.ifExists,
        columns: options.columns,
        condition: options.condition,
        nameIsGenerated: plain.generated,
      }),
    );
  }

  // ---- enumerations

  /** An enumeration as a type of the database's own; nothing where there are none. Made by itself when a column needs it. */
  createEnum(name: string, values: readonly string[], options: InSchema = {}): Promise<void> {
    const { schema } = known(options, ["schema"], `createEnum("${name}")`);
    return this.invoke(new CreateEnumOp(new EnumType(values, { name, native: true }), schema));
  }
  dropEnum(name: string, options: InSchema = {}): Promise<void> {
    const { schema } = known(options, ["schema"], `dropEnum("${name}")`);
    return this.invoke(new DropEnumOp(new EnumType([], { name, native: true }), schema));
  }
  addEnumValue(
    name: string,
    value: string,
    options: InSchema & { readonly before?: string; readonly after?: string } = {},
  ): Promise<void> {
    const { schema, ...place } = known(options, ["schema", "before", "after"], `addEnumValue("${name}")`);
    return this.invoke(new AddEnumValueOp(name, value, place, schema));
  }

  /**
   * Gives an enumeration other values: `renames` keep the rows that have them, `replace` says what rows with a value that
   * goes have afterwards. Columns, defaults and rows are moved; nothing where enumerations belong to columns.
   *
   * @example await op.alterEnum("mood", ["unhappy", "glad"], { renames: { sad: "unhappy" }, replace: { bored: "unhappy" } });
   * @throws OperationError `migrate.enum-value-used`
   */
  alterEnum(
    name: string,
    values: readonly string[],
    options: ConstructorParameters<typeof AlterEnumOp>[2] = {},
  ): Promise<void> {
    return this.invoke(new AlterEnumOp(name, values, options));
  }

  createSequence(name: string, options: SequenceOptions = {}): Promise<void> {
    return this.invoke(new CreateSequenceOp(new Sequence(name, options)));
  }
  dropSequence(name: string, options: InSchema & { readonly ifExists?: boolean } = {}): Promise<void> {
    const { schema, ifExists } = known(options, ["schema", "ifExists"], `dropSequence("${name}")`);
    return this.invoke(new DropSequenceOp({ name, schema }, { ifExists }));
  }

  // ---- views, functions and triggers

  /** @example await op.createView(adults); // export const adults = view("adults", "SELECT …"); */
  createView(view: StoredObject): Promise<void> {
    return this.#object(() => createObject(view, VIEWS, "createView()"));
  }
  dropView(view: StoredObject, options: { readonly ifExists?: boolean } = {}): Promise<void> {
    return this.#object(() => dropObject(view, VIEWS, "dropView()", options));
  }
  /** @example await op.replaceView(adults, { replaces: "28af9800143f.adults" }); // downgrade: replaceWith */
  replaceView(view: StoredObject, options: ReplaceOptions = {}): Promise<void> {
    return this.#object(() => replaceObject(view, VIEWS, "replaceView()", options, this.#find));
  }
  /** Also a procedure. */
  createFunction(object: StoredObject): Promise<void> {
    return this.#object(() => createObject(object, FUNCTIONS, "createFunction()"));
  }
  dropFunction(object: StoredObject, options: { readonly ifExists?: boolean } = {}): Promise<void> {
    return this.#object(() => dropObject(object, FUNCTIONS, "dropFunction()", options));
  }
  replaceFunction(object: StoredObject, options: ReplaceOptions = {}): Promise<void> {
    return this.#object(() => replaceObject(object, FUNCTIONS, "replaceFunction()", options, this.#find));
  }
  createTrigger(trigger: StoredObject): Promise<void> {
    return this.#object(() => createObject(trigger, TRIGGERS, "createTrigger()"));
  }
  dropTrigger(trigger: StoredObject, options: { readonly ifExists?: boolean } = {}): Promise<void> {
    return this.#object(() => dropObject(trigger, TRIGGERS, "dropTrigger()", options));
  }
  replaceTrigger(trigger: StoredObject, options: ReplaceOptions = {}): Promise<void> {
    return this.#object(() => replaceObject(trigger, TRIGGERS, "replaceTrigger()", options, this.#find));
  }
  #object(make: () => MigrateOp | Promise<MigrateOp>): Promise<void> {
    return this.enqueue(async () => {
      const op = await make();
      await this.host.operation(op, () => this.impl.apply(op, this.host));
    });
  }

  // ---- data

  /**
   * A statement. A string is SQL as written; values belong into `` sql`…` ``, which binds them.
   *
   * @example await op.execute("UPDATE todo SET completed = false WHERE completed IS NULL");
   */
  execute(statement: string | SqlText | object): Promise<void> {
    if (typeof statement === "string" || statement instanceof Element) return this.invoke(new ExecuteOp(statement));
    const inner = (statement as { readonly [key: symbol]: unknown })[Symbol.for("athanor.innerStatement")];
    if (inner instanceof Element) return this.invoke(new ExecuteOp(inner));
    return Promise.reject(new OperationError("migrate.statement", "execute() takes SQL text or a statement"));
  }
  /** INSERT of many rows; keys are the names of columns. `multiInsert: false` writes one statement per row. */
  async bulkInsert(
    into: Table | object,
    rows: readonly { readonly [column: string]: unknown }[],
    options: { readonly multiInsert?: boolean } = {},
  ): Promise<void> {
    const table = into as Parameters<typeof insert>[0];
    const groups = options.multiInsert === false ? rows.map((row) => [row]) : rows.length === 0 ? [] : [rows];
    await Promise.all(groups.map((group) => this.execute(insert(table).values(group as never))));
  }
  /**
   * A value written into the statement's text instead of bound, for scripts that are read by people and for places where
   * a database takes no parameters.
   *
   * @example await op.execute(update(user).values({ name: op.inlineLiteral("nobody", string()) }));
   */
  inlineLiteral<T, F extends string>(value: T, as: ColumnLike<T, F>): ReturnType<typeof literalColumn<T, F>> {
    const bound = literal(value, as) as unknown;
    return literalColumn(this.impl.inlineSql(bound as Element), as);
  }

  // ---- transactions

  /**
   * Runs operations outside of a transaction: CREATE INDEX CONCURRENTLY, ALTER TYPE … ADD VALUE. Everything before it is
   * committed, earlier revisions of the run included, and a new transaction begins after it.
   *
   * @example
   * await op.autocommitBlock(async () => {
   *   await op.createIndex("ix_post_body", "post", ["body"], { dialectOptions: { postgresql: { concurrently: true } } });
   * });
   */
  async autocommitBlock(work: () => void | Promise<void>): Promise<void> {
    await this.enqueue(() => this.host.leaveTransaction());
    try {
      await work();
    } finally {
      await this.enqueue(() => this.host.enterTransaction());
    }
  }

  // ---- batches

  /**
   * Several changes to one table: plain ALTERs where the database can, one rebuild where it cannot.
   *
   * @example
   * await op.batchAlterTable("todo", (batch) => {
   *   batch.addColumn(string("note", 80).nullable());
   *   batch.alterColumn("title", { nullable: false });
   *   batch.dropColumn("done");
   * });
   */
  async batchAlterTable(
    table: string,
    work: (batch: BatchOperations) => void | Promise<void>,
    options: BatchOptions = {},
  ): Promise<void> {
    const { schema, reflectColumns, ...settings } = options;
    const { recreate = "auto" } = settings;
    if (!["auto", "always", "never"].includes(recreate)) {
      throw new OperationError(
        "migrate.recreate",
        `recreate is "auto", "always" or "never", not ${JSON.stringify(recreate)}`,
      );
    }
    const convention = options.namingConvention ?? this.host.namingConvention;
    const batch = new BatchOperations(table, schema, { convention });
    await work(batch);
    const ops = batch.take();
    const columns = reflectColumns?.map((c) => namedColumn(c, `batchAlterTable("${table}"): reflectColumns`));
    await this.enqueue(async () => {
      const run = (part: readonly MigrateOp[]) =>
        this.impl.applyBatch({ tableName: table, schema }, part, this.host, { ...settings, reflectColumns: columns });
      let part: MigrateOp[] = [];
      for (const op of ops) {
        const own = ownOperation(op.kind);
        if (own === undefined) part.push(op);
        else {
          if (part.length > 0) await run(part);
          part = [];
          await own(op, this.#inside());
        }
      }
      if (part.length > 0 || ops.length === 0) await run(part);
    });
  }
}

function tableItems(name: string, items: readonly unknown[]) {
  const columns: { readonly name: string; readonly definition: ReturnType<typeof namedColumn>["definition"] }[] = [];
  const constraints: TableArgument[] = [];
  let options: CreateTableOptions = {};
  items.forEach((item, i) => {
    if (isConstraint(item)) constraints.push(item);
    else if (i === items.length - 1 && isOptions(item)) options = known(item, TABLE_OPTIONS, `createTable("${name}")`);
    else columns.push(namedColumn(item, `createTable("${name}")`));
  });
  return { columns, constraints, options };
}
function isConstraint(item: unknown): item is TableArgument {
  return (
    item instanceof TableUnique ||
    item instanceof TablePrimaryKey ||
    item instanceof TableForeignKey ||
    item instanceof TableCheck ||
    item instanceof TableExclude ||
    item instanceof TableIndex ||
    item instanceof IndexBuilder
  );
}
function isOptions(item: unknown): item is CreateTableOptions {
  return typeof item === "object" && item !== null && Object.getPrototypeOf(item) === Object.prototype;
}
