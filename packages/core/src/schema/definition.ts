/**
 * Column definitions: what `integer().primaryKey()` builds. A definition knows nothing of a table yet; every method
 * gives a new definition, so one may be shared by mixins. Source: SQLAlchemy "Column and mapped_column".
 */
import { ArgumentError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import { Element } from "../sql/element.js";
import { Expression } from "../sql/expression.js";
import type { TextClause } from "../sql/text.js";
import type { SqlType } from "../types/sql-type.js";
import { VariantType } from "../types/wrapping.js";
import { checkReferenceOptions, type ReferenceAction, type ReferenceOptions } from "./reference-options.js";
import { NextValue, Sequence } from "./sequence.js";

export type { ReferenceAction, ReferenceOptions };
/** A value, a function called once per row, or an SQL expression. */
export type DefaultSource =
  | { readonly value: unknown }
  | { readonly call: (row: never) => unknown }
  | { readonly expression: Expression };
export interface IdentityOptions {
  readonly always?: boolean;
  readonly start?: number;
  readonly increment?: number;
}

export interface ColumnFields {
  readonly type: SqlType;
  readonly columnName: string | undefined;
  readonly primaryKey: boolean;
  readonly nullable: boolean;
  readonly unique: boolean | string;
  readonly index: boolean | string;
  readonly default: DefaultSource | undefined;
  readonly onUpdate: DefaultSource | undefined;
  /** SQL text or an SQL element. */
  readonly serverDefault: string | Element | undefined;
  readonly serverOnUpdate: string | Element | undefined;
  readonly computed: { readonly sql: string | Element; readonly persisted: boolean | undefined } | undefined;
  readonly identity: IdentityOptions | undefined;
  readonly autoincrement: boolean | "auto";
  readonly references: { readonly target: string; readonly options: ReferenceOptions } | undefined;
  readonly checks: readonly { readonly sql: string | Element; readonly name: string | undefined }[];
  readonly comment: string | undefined;
  /** How text is compared and ordered, by the database's own name for it. */
  readonly collation?: string | undefined;
  readonly deferred: boolean;
  readonly deferredGroup: string | undefined;
  readonly info: { readonly [key: string]: unknown };
  /** The discriminator's classes, kept for the ORM. */
  readonly subclasses: readonly unknown[] | undefined;
  readonly renamedFrom: string | undefined;
  /** How rows of an INSERT are told apart by this column when they come back; see `insertSentinel()`. */
  readonly sentinel?: "given" | "monotonic" | undefined;
  /** For the reader of the program; nothing is stored. */
  readonly doc?: string | undefined;
  /** Where it stands among the columns of its table; 0, the default, as they are written. */
  readonly sortOrder?: number | undefined;
  /** The database has it without being told: it is read, and never created. */
  readonly system?: boolean | undefined;
  /** `{ sqlite: { onConflictNotNull: "IGNORE" } }`. */
  readonly dialectOptions?: { readonly [dialect: string]: { readonly [option: string]: unknown } } | undefined;
}

function source(value: unknown): DefaultSource {
  if (value === undefined)
    throw new ArgumentError("default(): undefined is no default; pass null for SQL NULL.", "argument.undefined");
  if (value instanceof Sequence) return { expression: new NextValue(value) };
  if (value instanceof Expression) return { expression: value };
  // Raw SQL without a type: the column has one.
  if (value instanceof Element && "asScalar" in value) return { expression: (value as TextClause).asScalar() };
  if (typeof value === "function") return { call: value as (row: never) => unknown };
  return { value };
}

export class ColumnDefinition {
  readonly fields: ColumnFields;
  constructor(fields: ColumnFields) {
    this.fields = fields;
  }
  /** A definition of a type with nothing else said. */
  static of(type: SqlType, columnName?: string): ColumnDefinition {
    return new ColumnDefinition({
      type,
      columnName,
      primaryKey: false,
      nullable: false,
      unique: false,
      index: false,
      default: undefined,
      onUpdate: undefined,
      serverDefault: undefined,
      serverOnUpdate: undefined,
      computed: undefined,
      identity: undefined,
      autoincrement: "auto",
      references: undefined,
      checks: [],
      comment: undefined,
      deferred: false,
      deferredGroup: undefined,
      info: {},
      subclasses: undefined,
      renamedFrom: undefined,
    });
  }
  with(changes: Partial<ColumnFields>): ColumnDefinition {
    return new ColumnDefinition({ ...this.fields, ...changes });
  }
  /** Another type on the named databases: `text().withVariant(string(500), "mysql", "mariadb")`. */
  withVariant(type: ColumnDefinition, ...dialects: readonly string[]): ColumnDefinition {
    if (!(type instanceof ColumnDefinition) || dialects.length === 0)
      throw new ArgumentError(
        'withVariant(): a type and the names of dialects are needed: withVariant(text(), "mysql").',
      );
    const own = this.fields.type;
    const base = own instanceof VariantType ? own.base : own;
    const variants = new Map(own instanceof VariantType ? own.variants : []);
    for (const name of dialects) {
      if (variants.has(name)) throw new ArgumentError(`withVariant(): there is a variant for '${name}' already.`);
      variants.set(name, type.fields.type);
    }
    return this.with({ type: new VariantType(base, variants) });
  }
  /** The whole primary key; a composite one is the table's `primaryKey` option. */
  primaryKey(): ColumnDefinition {
    return this.with({ primaryKey: true, nullable: false });
  }
  nullable(yes = true): ColumnDefinition {
    return this.with({ nullable: yes });
  }
  notNull(): ColumnDefinition {
    return this.with({ nullable: false });
  }
  /** A UNIQUE constraint; together with `index()` one unique index. */
  unique(name?: string): ColumnDefinition {
    return this.with({ unique: name ?? true });
  }
  index(name?: string): ColumnDefinition {
    return this.with({ index: name ?? true });
  }
  /** The column's name in the database where it is not the naming strategy's. */
  named(column: string): ColumnDefinition {
    return this.with({ columnName: column });
  }
  default(value: unknown): ColumnDefinition {
    return this.with({ default: source(value) });
  }
  /** Text is SQL as written: `"0"`, `"CURRENT_TIMESTAMP"`, `"'draft'"`. */
  serverDefault(sql: string | Element): ColumnDefinition {
    return this.with({ serverDefault: sql });
  }
  onUpdate(value: unknown): ColumnDefinition {
    return this.with({ onUpdate: source(value) });
  }
  serverOnUpdate(sql: string | Element): ColumnDefinition {
    return this.with({ serverOnUpdate: sql });
  }
  computed(sql: string | Element, options: { persisted?: boolean } = {}): ColumnDefinition {
    requireKnownOptions(options, ["persisted"], "computed()", "column.option");
    return this.with({ computed: { sql, persisted: options.persisted } });
  }
  identity(options: IdentityOptions = {}): ColumnDefinition {
    requireKnownOptions(options, ["always", "start", "increment"], "identity()", "column.option");
    return this.with({ identity: options });
  }
  autoincrement(yes = true): ColumnDefinition {
    return this.with({ autoincrement: yes });
  }
  /** `"user.id"`: table and column by their names in the database; checked when the tables are configured. */
  references(target: string, options: ReferenceOptions = {}): ColumnDefinition {
    if (typeof target !== "string" || target.split(".").length < 2) {
      throw new ArgumentError(`references(): "table.column" is needed, not ${JSON.stringify(target)}.`);
    }
    checkReferenceOptions(options, `references("${target}")`);
    return this.with({ references: { target, options } });
  }
  check(sql: string | Element, name?: string): ColumnDefinition {
    return this.with({ checks: [...this.fields.checks, { sql, name }] });
  }
  sortOrder(place: number): ColumnDefinition {
    if (!Number.isFinite(place))
      throw new ArgumentError(`sortOrder(): a number is needed, not ${String(place)}.`, "column.sort-order");
    return this.with({ sortOrder: place });
  }
  comment(text: string): ColumnDefinition {
    return this.with({ comment: text });
  }
  /** A word to the reader of the program; the database's own comment is `comment()`. */
  doc(text: string): ColumnDefinition {
    return this.with({ doc: text });
  }
  /** A column that is there without being created, as `xmin` on PostgreSQL and `rowid` on SQLite. */
  system(): ColumnDefinition {
    return this.with({ system: true });
  }
  /** Options of one dialect: `.dialect("sqlite", { onConflictNotNull: "IGNORE" })`. */
  dialect(name: string, options: { readonly [option: string]: unknown }): ColumnDefinition {
    const before = this.fields.dialectOptions ?? {};
    return this.with({ dialectOptions: { ...before, [name]: { ...before[name], ...options } } });
  }
  /** `"NOCASE"` (SQLite), `"de_DE"` (PostgreSQL), `"utf8mb4_bin"` (MySQL). */
  collate(name: string): ColumnDefinition {
    return this.with({ collation: name });
  }
  /** Not selected until asked for. */
  deferred(group?: string): ColumnDefinition {
    return this.with({ deferred: true, deferredGroup: group });
  }
  info(info: { readonly [key: string]: unknown }): ColumnDefinition {
    return this.with({ info: { ...this.fields.info, ...info } });
  }
  subclasses(...classes: unknown[]): ColumnDefinition {
    return this.with({ subclasses: classes });
  }
  subclassTypes(): ColumnDefinition {
    return this.with({ subclasses: [] });
  }
  /**
   * Rows of one INSERT may be told apart by this column when they come back in an order of the database's: its values are
   * unique among them. Without a value in a row a number is written. `monotonic`: the server makes the values, each greater
   * than the one before (`uuidv7()`).
   */
  insertSentinel(options: { readonly monotonic?: boolean } = {}): ColumnDefinition {
    requireKnownOptions(options, ["monotonic"], "insertSentinel()", "column.option");
    return this.with({ sentinel: options.monotonic ? "monotonic" : "given" });
  }
  /** Tells autogenerate that this column had another name. */
  renamedFrom(column: string): ColumnDefinition {
    return this.with({ renamedFrom: column });
  }
}
