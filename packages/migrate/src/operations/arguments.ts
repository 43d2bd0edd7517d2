/** From what a migration writes to operations: names, columns, options. Shared by `op` and by batches. */
import {
  ColumnDefinition,
  type ColumnLike,
  type Constraint,
  conventionalName,
  Element,
  type GivenName,
  type IdentityOptions,
  type Index,
  type IndexBuilder,
  index,
  type NamingConvention,
  OrderingElement,
  type ReferenceOptions,
  requireKnownOptions,
  type SqlText,
  type SqlType,
  type Table,
  TableCheck,
  TableExclude,
  TableForeignKey,
  type TableIndex,
  TablePrimaryKey,
  TableUnique,
  TextClause,
  type UniqueOptions,
} from "@athanor/core";
import { OperationError } from "../errors.js";
import { AlterColumnOp, type ColumnChanges } from "../ops/index.js";
import { homeTable } from "../ops/schema.js";

/** A column with its name: `boolean("completed").nullable()`. */
export type NamedColumn = ColumnLike<unknown, string> | ColumnDefinition;

export interface InSchema {
  readonly schema?: string | undefined;
}
export interface AlterColumnOptions extends InSchema {
  readonly nullable?: boolean | undefined;
  /** `string(120)`. */
  readonly type?: NamedColumn | undefined;
  /** SQL as written: `"0"`, `"'draft'"`; null drops it. */
  readonly serverDefault?: string | SqlText | null | undefined;
  readonly comment?: string | null | undefined;
  readonly identity?: IdentityOptions | null | undefined;
  readonly newName?: string | undefined;
  /** How old values become new ones: PostgreSQL's USING, SQL as written. */
  readonly using?: string | undefined;
  /** What the column was, for offline scripts on databases that restate columns. Online it is looked up. */
  readonly existingType?: NamedColumn | undefined;
  readonly existingNullable?: boolean | undefined;
  readonly existingServerDefault?: string | SqlText | null | undefined;
  readonly existingComment?: string | null | undefined;
  readonly existingIdentity?: IdentityOptions | null | undefined;
}
export interface CreateIndexOptions extends InSchema {
  readonly unique?: boolean | undefined;
  /** Condition of a partial index, SQL as written. */
  readonly where?: string | SqlText | undefined;
  readonly ifNotExists?: boolean | undefined;
  /** `{ postgresql: { using: "gin", concurrently: true } }`, `{ mysql: { length: { body: 20 } } }`. */
  readonly dialectOptions?: { readonly [dialect: string]: { readonly [option: string]: unknown } } | undefined;
}
export interface DropIndexOptions extends InSchema {
  /** Needed by MySQL. */
  readonly table?: string | undefined;
  readonly ifExists?: boolean | undefined;
  readonly concurrently?: boolean | undefined;
}
/** A column or an expression with an order. */
export type OrderedColumn = ({ readonly column: string } | { readonly sql: string }) & {
  readonly order?: "ASC" | "DESC" | undefined;
  readonly nulls?: "FIRST" | "LAST" | undefined;
};
/** A column's name, an expression, or either with an order: `{ column: "price", order: "DESC" }`. */
export type IndexColumn = string | SqlText | OrderedColumn;
export type ConstraintType = "foreignKey" | "unique" | "check" | "primaryKey" | "exclude";
/** A column or an expression, and the operator that must not hold: `["room", "="]`. */
export type ExcludedPart = readonly [what: string | SqlText, operator: string];
export interface ExcludeConstraintOptions {
  /** The kind of index. Default "gist". */
  readonly using?: string | undefined;
  /** Only rows for which this holds, SQL as written. */
  readonly where?: string | SqlText | undefined;
  readonly deferrable?: boolean | undefined;
  readonly initially?: "DEFERRED" | "IMMEDIATE" | undefined;
}

/** The options themselves. @throws ArgumentError for one that is not among `names`: in silence it would be lost */
export function known<T extends object>(options: T, names: readonly (keyof T & string)[], where: string): T {
  requireKnownOptions(options, names, where, "migrate.option");
  return options;
}
export function typeOf(column: NamedColumn | undefined, where: string): SqlType | undefined {
  if (column === undefined) return undefined;
  if (column instanceof ColumnDefinition) return column.fields.type;
  throw new OperationError("migrate.type", `${where}: a type such as string(120) is needed`);
}
/** The node behind a typed fragment; strings stay as they are. */
export function sqlOf(value: string | SqlText | null | undefined, where: string): string | Element | null | undefined {
  if (value === null || value === undefined || typeof value === "string") return value;
  if (value instanceof Element) return value;
  throw new OperationError("migrate.sql", `${where}: SQL as a string or as sql\`…\` is needed`);
}

const ALTER_OPTIONS = [
  "schema",
  "nullable",
  "type",
  "serverDefault",
  "comment",
  "identity",
  "newName",
  "using",
  "existingType",
  "existingNullable",
  "existingServerDefault",
  "existingComment",
  "existingIdentity",
] as const satisfies readonly (keyof AlterColumnOptions)[];
/** The operation behind `op.alterColumn`. */
export function alterColumnOp(table: string, column: string, options: AlterColumnOptions): AlterColumnOp {
  const where = `alterColumn("${table}", "${column}")`;
  known(options, ALTER_OPTIONS, where);
  const changes: ColumnChanges = {
    nullable: options.nullable,
    type: typeOf(options.type, where),
    serverDefault: sqlOf(options.serverDefault, where),
    comment: options.comment,
    identity: options.identity,
    newName: options.newName,
  };
  if (Object.values(changes).every((v) => v === undefined)) {
    throw new OperationError("migrate.no-change", `${where} says nothing to change`, {
      hint: "Give nullable, type, serverDefault, comment, identity or newName.",
    });
  }
  const existing = {
    nullable: options.existingNullable,
    type: typeOf(options.existingType, where),
    serverDefault: sqlOf(options.existingServerDefault, where),
    comment: options.existingComment,
    identity: options.existingIdentity,
  };
  return new AlterColumnOp(table, column, changes, existing, { schema: options.schema, using: options.using });
}

interface Home extends InSchema {
  readonly convention: NamingConvention | undefined;
}
function part(given: IndexColumn, table: Table): Parameters<typeof index>[1] {
  if (typeof given === "string") return given;
  if (given instanceof Element) return given as unknown as Parameters<typeof index>[1];
  const { order, nulls } = given as OrderedColumn;
  const inner =
    "column" in given
      ? table.column(given.column)
      : new TextClause([(given as { readonly sql: string }).sql], []).asScalar();
  return order === undefined && nulls === undefined ? inner : new OrderingElement(inner, order, nulls);
}
const INDEX_OPTIONS = [
  "schema",
  "unique",
  "where",
  "ifNotExists",
  "dialectOptions",
] as const satisfies readonly (keyof CreateIndexOptions)[];
/** An index on a table of which only the columns' names are known. */
export function indexOn(
  name: GivenName,
  table: string,
  columns: readonly IndexColumn[],
  options: CreateIndexOptions,
  home: Home,
): Index {
  known(options, INDEX_OPTIONS, `createIndex("${name}", "${table}")`);
  if (columns.length === 0)
    throw new OperationError("migrate.no-columns", `createIndex("${name}", "${table}"): no columns were given`);
  const where = sqlOf(options.where, "createIndex()");
  const names = columns.flatMap((c) =>
    typeof c === "string" ? [c] : !(c instanceof Element) && "column" in c ? [c.column] : [],
  );
  const made = homeTable(
    table,
    names,
    (t) => {
      let builder: IndexBuilder = index(name, ...columns.map((c) => part(c, t))).unique(options.unique ?? false);
      if (where !== undefined && where !== null) builder = builder.where(where);
      for (const [dialect, own] of Object.entries(options.dialectOptions ?? {})) builder = builder.with(dialect, own);
      return [builder];
    },
    home,
  );
  return made.indexes[0] as TableIndex;
}
function only(table: Table): Constraint {
  return table.constraints[0] as Constraint;
}
const DEFERRING = ["deferrable", "initially"] as const;
const UNIQUE_OPTIONS = ["nullsNotDistinct", ...DEFERRING] as const satisfies readonly (keyof UniqueOptions)[];
const EXCLUDE_OPTIONS = ["using", "where", ...DEFERRING] as const satisfies readonly (keyof ExcludeConstraintOptions)[];
export function uniqueOn(
  name: GivenName,
  table: string,
  columns: readonly string[],
  options: UniqueOptions,
  home: Home,
): Constraint {
  known(options, UNIQUE_OPTIONS, `createUniqueConstraint("${name}")`);
  return only(homeTable(table, columns, [new TableUnique(name, columns, options)], home));
}
export function primaryKeyOn(name: GivenName, table: string, columns: readonly string[], home: Home): Constraint {
  return only(homeTable(table, columns, [new TablePrimaryKey(name, columns)], home));
}
export function checkOn(name: GivenName, table: string, condition: string | SqlText, home: Home): Constraint {
  const sql = sqlOf(condition, "createCheckConstraint()");
  return only(homeTable(table, ["x"], [new TableCheck(name, sql as string | Element)], home));
}
export function foreignKeyOn(
  name: GivenName,
  table: string,
  referred: string,
  columns: readonly string[],
  referredColumns: readonly string[],
  options: ReferenceOptions & { readonly referredSchema?: string | undefined },
  home: Home,
): Constraint {
  const { referredSchema, ...reference } = options;
  const target = referredSchema === undefined ? referred : `${referredSchema}.${referred}`;
  const key = new TableForeignKey(
    name,
    columns,
    referredColumns.map((c) => `${target}.${c}`),
    reference,
  );
  return only(homeTable(table, columns, [key], home));
}
export function excludeOn(
  name: GivenName,
  table: string,
  parts: readonly ExcludedPart[],
  options: ExcludeConstraintOptions,
  home: Home,
): Constraint {
  known(options, EXCLUDE_OPTIONS, `createExcludeConstraint("${name}")`);
  const where = sqlOf(options.where, "createExcludeConstraint()") ?? undefined;
  const columns = parts.flatMap(([what]) => (typeof what === "string" ? [what] : []));
  const { using, deferrable, initially } = options;
  const made = new TableExclude(name, parts as never, { using, where, deferrable, initially });
  return only(homeTable(table, columns, [made], home));
}
const CONVENTION_KINDS = { primaryKey: "pk", unique: "uq", check: "ck", foreignKey: "fk", exclude: "ex" } as const;
/**
 * The name a constraint goes by in the database: as `op.f` gives it, or as a convention that holds
 * `%(constraint_name)s` makes it, the same way as when the constraint was created.
 */
export function droppedName(
  name: GivenName,
  type: ConstraintType,
  table: { readonly tableName: string; readonly schema?: string | undefined },
  convention: NamingConvention | undefined,
): { readonly name: string | null; readonly generated: boolean } {
  if (name === null || name === undefined) return { name: null, generated: false };
  const made = conventionalName(CONVENTION_KINDS[type], name, { table, columns: [] }, convention ?? {});
  return { name: made.name ?? null, generated: made.generated };
}
