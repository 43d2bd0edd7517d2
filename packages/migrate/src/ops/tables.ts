/** CREATE, DROP and RENAME TABLE, and the comment of a table. */
import type { Constraint, Table } from "@athanor/core";
import { MigrateOp } from "./op.js";

export class CreateTableOp extends MigrateOp {
  readonly kind = "createTable";
  readonly table: Table;
  readonly ifNotExists: boolean;
  /** Foreign keys that come later, since their tables refer to each other. */
  readonly without: ReadonlySet<Constraint>;
  constructor(
    table: Table,
    options: { readonly ifNotExists?: boolean | undefined; readonly without?: ReadonlySet<Constraint> } = {},
  ) {
    super();
    this.table = table;
    this.ifNotExists = options.ifNotExists ?? false;
    this.without = options.without ?? new Set();
  }
  reverse(): DropTableOp {
    const { tableName, schema } = this.table;
    return new DropTableOp(tableName, {
      schema,
      original: this.table,
      ifExists: this.ifNotExists,
      without: this.without,
    });
  }
}

export class DropTableOp extends MigrateOp {
  readonly kind = "dropTable";
  readonly tableName: string;
  readonly schema: string | undefined;
  readonly ifExists: boolean;
  /** What it was: needed to reverse. */
  readonly original: Table | undefined;
  readonly without: ReadonlySet<Constraint>;
  constructor(
    tableName: string,
    options: {
      readonly schema?: string | undefined;
      readonly ifExists?: boolean | undefined;
      readonly original?: Table | undefined;
      readonly without?: ReadonlySet<Constraint>;
    } = {},
  ) {
    super();
    this.tableName = tableName;
    this.schema = options.schema;
    this.ifExists = options.ifExists ?? false;
    this.original = options.original;
    this.without = options.without ?? new Set();
  }
  reverse(): CreateTableOp {
    if (this.original === undefined)
      throw this.irreversible(`dropTable("${this.tableName}")`, "Write createTable() by hand.");
    return new CreateTableOp(this.original, { ifNotExists: this.ifExists, without: this.without });
  }
}

export class RenameTableOp extends MigrateOp {
  readonly kind = "renameTable";
  readonly tableName: string;
  readonly to: string;
  readonly schema: string | undefined;
  constructor(tableName: string, to: string, schema?: string) {
    super();
    this.tableName = tableName;
    this.to = to;
    this.schema = schema;
  }
  reverse(): RenameTableOp {
    return new RenameTableOp(this.to, this.tableName, this.schema);
  }
}

/** `null` drops the comment. */
export class TableCommentOp extends MigrateOp {
  readonly kind = "tableComment";
  readonly tableName: string;
  readonly schema: string | undefined;
  readonly comment: string | null;
  readonly existing: string | null | undefined;
  constructor(tableName: string, comment: string | null, existing?: string | null, schema?: string) {
    super();
    this.tableName = tableName;
    this.comment = comment;
    this.existing = existing;
    this.schema = schema;
  }
  reverse(): TableCommentOp {
    if (this.existing === undefined && this.comment === null) {
      throw this.irreversible(`dropTableComment("${this.tableName}")`, "Say what it was: { existingComment: … }.");
    }
    return new TableCommentOp(this.tableName, this.existing ?? null, this.comment, this.schema);
  }
}
