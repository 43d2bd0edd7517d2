/** Indexes and constraints of tables that exist. */
import type { Constraint, Index, NamedTable } from "@athanor/core";
import { MigrateOp } from "./op.js";

export class CreateIndexOp extends MigrateOp {
  readonly kind = "createIndex";
  /** Attached to a table: its own, or one made for it. */
  readonly index: Index;
  readonly ifNotExists: boolean;
  constructor(index: Index, options: { readonly ifNotExists?: boolean | undefined } = {}) {
    super();
    this.index = index;
    this.ifNotExists = options.ifNotExists ?? false;
  }
  get tableName(): string {
    return this.index.table.tableName;
  }
  get schema(): string | undefined {
    return this.index.table.schema;
  }
  reverse(): DropIndexOp {
    const { index } = this;
    return new DropIndexOp(index.name ?? "", { table: index.table, original: index, ifExists: this.ifNotExists });
  }
}

export class DropIndexOp extends MigrateOp {
  readonly kind = "dropIndex";
  readonly name: string;
  readonly table: NamedTable | undefined;
  readonly ifExists: boolean;
  readonly concurrently: boolean;
  readonly original: Index | undefined;
  constructor(
    name: string,
    options: {
      readonly table?: NamedTable | undefined;
      readonly ifExists?: boolean | undefined;
      readonly concurrently?: boolean | undefined;
      readonly original?: Index | undefined;
    } = {},
  ) {
    super();
    this.name = name;
    this.table = options.table;
    this.ifExists = options.ifExists ?? false;
    this.concurrently = options.concurrently ?? false;
    this.original = options.original;
  }
  get tableName(): string | undefined {
    return this.table?.tableName;
  }
  get schema(): string | undefined {
    return this.table?.schema;
  }
  reverse(): CreateIndexOp {
    if (this.original === undefined)
      throw this.irreversible(`dropIndex("${this.name}")`, "Write createIndex() by hand.");
    return new CreateIndexOp(this.original, { ifNotExists: this.ifExists });
  }
}

export class AddConstraintOp extends MigrateOp {
  readonly kind = "addConstraint";
  readonly table: NamedTable;
  readonly constraint: Constraint;
  /** The condition of a check without a name, to find it by. */
  readonly condition: string | undefined;
  constructor(table: NamedTable, constraint: Constraint, condition?: string) {
    super();
    this.table = table;
    this.constraint = constraint;
    this.condition = condition;
  }
  get tableName(): string {
    return this.table.tableName;
  }
  get schema(): string | undefined {
    return this.table.schema;
  }
  reverse(): DropConstraintOp {
    return new DropConstraintOp(this.table, this.constraint.name ?? null, this.constraint.kind, {
      original: this.constraint,
      condition: this.condition,
    });
  }
}

export class DropConstraintOp extends MigrateOp {
  readonly kind = "dropConstraint";
  readonly table: NamedTable;
  readonly name: string | null;
  readonly constraintKind: Constraint["kind"];
  readonly nameIsGenerated: boolean;
  readonly ifExists: boolean;
  readonly original: Constraint | undefined;
  /** Columns of a unique constraint or foreign key: they find one that has no known name. */
  readonly columns: readonly string[] | undefined;
  /** The condition of a check that has no known name. */
  readonly condition: string | undefined;
  constructor(
    table: NamedTable,
    name: string | null,
    constraintKind: Constraint["kind"],
    options: {
      readonly ifExists?: boolean | undefined;
      readonly nameIsGenerated?: boolean | undefined;
      readonly original?: Constraint | undefined;
      readonly columns?: readonly string[] | undefined;
      readonly condition?: string | undefined;
    } = {},
  ) {
    super();
    const { original } = options;
    this.condition = options.condition;
    this.columns =
      options.columns ??
      (original === undefined || original.kind === "check" || original.kind === "exclude"
        ? undefined
        : original.columns.map((c) => c.columnName));
    this.table = table;
    this.name = name;
    this.constraintKind = constraintKind;
    this.ifExists = options.ifExists ?? false;
    this.nameIsGenerated = options.nameIsGenerated ?? options.original?.nameIsGenerated ?? false;
    this.original = options.original;
  }
  get tableName(): string {
    return this.table.tableName;
  }
  get schema(): string | undefined {
    return this.table.schema;
  }
  reverse(): AddConstraintOp {
    if (this.original === undefined) {
      throw this.irreversible(`dropConstraint("${this.name}", "${this.tableName}")`, "Write the create…() by hand.");
    }
    return new AddConstraintOp(this.table, this.original, this.condition);
  }
}
