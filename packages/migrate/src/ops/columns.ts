/** ADD, DROP and ALTER COLUMN. */
import type { ColumnDefinition, Element, IdentityOptions, SqlType } from "@athanor/core";
import { MigrateOp } from "./op.js";

interface Place {
  readonly schema?: string | undefined;
}

export class AddColumnOp extends MigrateOp {
  readonly kind = "addColumn";
  readonly tableName: string;
  readonly schema: string | undefined;
  readonly columnName: string;
  readonly definition: ColumnDefinition;
  readonly ifNotExists: boolean;
  /** Beside which column it is to stand, where the table is made anew or the database knows places. */
  readonly place: { readonly before?: string | undefined; readonly after?: string | undefined } | undefined;
  constructor(
    tableName: string,
    column: { readonly name: string; readonly definition: ColumnDefinition },
    options: Place & { readonly ifNotExists?: boolean | undefined; readonly place?: AddColumnOp["place"] } = {},
  ) {
    super();
    this.place = options.place;
    this.tableName = tableName;
    this.columnName = column.name;
    this.definition = column.definition;
    this.schema = options.schema;
    this.ifNotExists = options.ifNotExists ?? false;
  }
  reverse(): DropColumnOp {
    return new DropColumnOp(this.tableName, this.columnName, { schema: this.schema, original: this.definition });
  }
}

export class DropColumnOp extends MigrateOp {
  readonly kind = "dropColumn";
  readonly tableName: string;
  readonly schema: string | undefined;
  readonly columnName: string;
  readonly ifExists: boolean;
  readonly original: ColumnDefinition | undefined;
  constructor(
    tableName: string,
    columnName: string,
    options: Place & { readonly ifExists?: boolean | undefined; readonly original?: ColumnDefinition | undefined } = {},
  ) {
    super();
    this.tableName = tableName;
    this.columnName = columnName;
    this.schema = options.schema;
    this.ifExists = options.ifExists ?? false;
    this.original = options.original;
  }
  reverse(): AddColumnOp {
    if (this.original === undefined) {
      throw this.irreversible(`dropColumn("${this.tableName}", "${this.columnName}")`, "Write addColumn() by hand.");
    }
    return new AddColumnOp(
      this.tableName,
      { name: this.columnName, definition: this.original },
      { schema: this.schema },
    );
  }
}

/** What a column is to become; what is undefined stays. `null` drops a default, a comment, an identity. */
export interface ColumnChanges {
  readonly nullable?: boolean | undefined;
  readonly type?: SqlType | undefined;
  readonly serverDefault?: string | Element | null | undefined;
  readonly comment?: string | null | undefined;
  readonly identity?: IdentityOptions | null | undefined;
  readonly newName?: string | undefined;
}
export class AlterColumnOp extends MigrateOp {
  readonly kind = "alterColumn";
  readonly tableName: string;
  readonly schema: string | undefined;
  readonly columnName: string;
  readonly changes: ColumnChanges;
  /** What it was: for reversal, and for databases that restate columns when nothing can be looked up (offline). */
  readonly existing: Omit<ColumnChanges, "newName">;
  /** How old values become new ones (PostgreSQL's USING). */
  readonly using: string | undefined;
  constructor(
    tableName: string,
    columnName: string,
    changes: ColumnChanges,
    existing: Omit<ColumnChanges, "newName"> = {},
    options: Place & { readonly using?: string | undefined } = {},
  ) {
    super();
    this.tableName = tableName;
    this.columnName = columnName;
    this.changes = changes;
    this.existing = existing;
    this.schema = options.schema;
    this.using = options.using;
  }
  reverse(): AlterColumnOp {
    const { changes, existing } = this;
    for (const key of ["nullable", "type", "serverDefault", "comment", "identity"] as const) {
      if (changes[key] !== undefined && existing[key] === undefined) {
        const word = `existing${key[0]?.toUpperCase()}${key.slice(1)}`;
        throw this.irreversible(
          `alterColumn("${this.tableName}", "${this.columnName}")`,
          `Say what it was: { ${word}: … }.`,
        );
      }
    }
    const back: { -readonly [K in keyof ColumnChanges]: ColumnChanges[K] } = {};
    if (changes.nullable !== undefined) back.nullable = existing.nullable;
    if (changes.type !== undefined) back.type = existing.type;
    if (changes.serverDefault !== undefined) back.serverDefault = existing.serverDefault;
    if (changes.comment !== undefined) back.comment = existing.comment;
    if (changes.identity !== undefined) back.identity = existing.identity;
    if (changes.newName !== undefined) back.newName = this.columnName;
    const { newName, ...now } = changes;
    const before = { ...existing, ...defined(now) };
    return new AlterColumnOp(this.tableName, newName ?? this.columnName, back, before, { schema: this.schema });
  }
}
function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Partial<T>;
}
