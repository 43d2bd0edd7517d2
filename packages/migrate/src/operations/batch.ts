/** Changes to one table, collected. Source: Alembic "Running Batch Migrations", `BatchOperations`. */
import {
  type ConventionalName,
  conv,
  type GivenName,
  type NamedTable,
  type NamingConvention,
  type ReferenceOptions,
  type SqlText,
  type UniqueOptions,
} from "@athanor/core";
import { OperationError } from "../errors.js";
import {
  AddColumnOp,
  AddConstraintOp,
  CreateIndexOp,
  DropColumnOp,
  DropConstraintOp,
  DropIndexOp,
  type MigrateOp,
  TableCommentOp,
} from "../ops/index.js";
import { namedColumn } from "../ops/schema.js";
import {
  type AlterColumnOptions,
  alterColumnOp,
  type ConstraintType,
  type CreateIndexOptions,
  checkOn,
  droppedName,
  type ExcludeConstraintOptions,
  type ExcludedPart,
  excludeOn,
  foreignKeyOn,
  type IndexColumn,
  indexOn,
  known,
  type NamedColumn,
  primaryKeyOn,
  uniqueOn,
} from "./arguments.js";

/** Where a new column stands; the last place unless said. PostgreSQL knows no other. */
export interface ColumnPlaceOptions {
  readonly insertBefore?: string | undefined;
  readonly insertAfter?: string | undefined;
}
/** Changes to one table, collected: the methods of `op` without the table's name. */
export class BatchOperations {
  readonly #table: string;
  readonly #schema: string | undefined;
  readonly #home: { readonly convention: NamingConvention | undefined; readonly schema: string | undefined };
  #ops: MigrateOp[] = [];
  constructor(table: string, schema: string | undefined, home: { readonly convention: NamingConvention | undefined }) {
    this.#table = table;
    this.#schema = schema;
    this.#home = { ...home, schema };
  }
  get #named(): NamedTable {
    return { tableName: this.#table, schema: this.#schema };
  }
  get table(): { name: string; schema: string | undefined } {
    return { name: this.#table, schema: this.#schema };
  }
  /** One more operation, built as data. */
  push(op: MigrateOp): void {
    this.#ops.push(op);
  }
  take(): readonly MigrateOp[] {
    return this.#ops.splice(0);
  }
  addColumn(column: NamedColumn, options: ColumnPlaceOptions & { readonly ifNotExists?: boolean } = {}): void {
    known(options, ["insertBefore", "insertAfter", "ifNotExists"], "batch.addColumn()");
    const { insertBefore: before, insertAfter: after, ifNotExists } = options;
    if (before !== undefined && after !== undefined)
      throw new OperationError("migrate.place", "batch.addColumn(): insertBefore and insertAfter exclude each other");
    const place = before === undefined && after === undefined ? undefined : { before, after };
    const named = namedColumn(column, "batch.addColumn()");
    this.#ops.push(new AddColumnOp(this.#table, named, { schema: this.#schema, place, ifNotExists }));
  }
  dropColumn(column: string, options: { readonly ifExists?: boolean } = {}): void {
    const { ifExists } = known(options, ["ifExists"], `batch.dropColumn("${column}")`);
    this.#ops.push(new DropColumnOp(this.#table, column, { schema: this.#schema, ifExists }));
  }
  renameColumn(column: string, to: string): void {
    this.alterColumn(column, { newName: to });
  }
  createTableComment(comment: string, options: { readonly existingComment?: string | null } = {}): void {
    this.#ops.push(new TableCommentOp(this.#table, comment, options.existingComment, this.#schema));
  }
  dropTableComment(options: { readonly existingComment?: string | null } = {}): void {
    this.#ops.push(new TableCommentOp(this.#table, null, options.existingComment, this.#schema));
  }
  /** Marks a name as finished: a naming convention leaves it alone. */
  f(name: string): ConventionalName {
    return conv(name);
  }
  alterColumn(column: string, options: Omit<AlterColumnOptions, "schema">): void {
    this.#ops.push(alterColumnOp(this.#table, column, { ...options, schema: this.#schema }));
  }
  createIndex(
    name: GivenName,
    columns: readonly IndexColumn[],
    options: Omit<CreateIndexOptions, "schema"> = {},
  ): void {
    this.#ops.push(
      new CreateIndexOp(indexOn(name, this.#table, columns, options, this.#home), { ifNotExists: options.ifNotExists }),
    );
  }
  dropIndex(name: string | ConventionalName, options: { readonly ifExists?: boolean } = {}): void {
    const { ifExists } = known(options, ["ifExists"], `batch.dropIndex("${name}")`);
    this.#ops.push(new DropIndexOp(String(name), { table: this.#named, ifExists }));
  }
  createPrimaryKey(name: GivenName, columns: readonly string[]): void {
    this.#ops.push(new AddConstraintOp(this.#named, primaryKeyOn(name, this.#table, columns, this.#home)));
  }
  createUniqueConstraint(name: GivenName, columns: readonly string[], options: UniqueOptions = {}): void {
    this.#ops.push(
      new AddConstraintOp(this.#named, uniqueOn(name ?? undefined, this.#table, columns, options, this.#home)),
    );
  }
  createCheckConstraint(name: GivenName, condition: string | SqlText): void {
    this.#ops.push(new AddConstraintOp(this.#named, checkOn(name ?? undefined, this.#table, condition, this.#home)));
  }
  createForeignKey(
    name: GivenName,
    referred: string,
    columns: readonly string[],
    referredColumns: readonly string[],
    options: ReferenceOptions & { readonly referredSchema?: string } = {},
  ): void {
    const key = foreignKeyOn(name ?? undefined, this.#table, referred, columns, referredColumns, options, this.#home);
    this.#ops.push(new AddConstraintOp(this.#named, key));
  }
  createExcludeConstraint(
    name: GivenName,
    parts: readonly ExcludedPart[],
    options: ExcludeConstraintOptions = {},
  ): void {
    this.#ops.push(
      new AddConstraintOp(this.#named, excludeOn(name ?? undefined, this.#table, parts, options, this.#home)),
    );
  }
  /** One that has no known name is found by its columns: `dropConstraint(null, "unique", { columns: ["email"] })`. */
  dropConstraint(
    name: GivenName,
    type: ConstraintType,
    options: { readonly ifExists?: boolean; readonly columns?: readonly string[]; readonly condition?: string } = {},
  ): void {
    known(options, ["ifExists", "columns", "condition"], `batch.dropConstraint("${name}")`);
    const plain = droppedName(name, type, this.#named, this.#home.convention);
    this.#ops.push(
      new DropConstraintOp(this.#named, plain.name, type, { nameIsGenerated: plain.generated, ...options }),
    );
  }
}
