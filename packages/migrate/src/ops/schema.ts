/**
 * Tables made for one operation: they hold the columns and constraints the operation is about, and stand-ins for the
 * tables that foreign keys name, since a migration must never need the models.
 */
import {
  buildTable,
  ColumnDefinition,
  type Constraint,
  DEFAULT_NAMING_CONVENTION,
  type MetaDataFace,
  type NamingConvention,
  NULL_TYPE,
  type ReflectedTable,
  type SqlType,
  type Table,
  type TableArgument,
  TableCheck,
  TableForeignKey,
  TablePrimaryKey,
  TableUnique,
  TypeCheck,
} from "@athanor/core";
import { OperationError } from "../errors.js";

/** A MetaData that knows every table: the one asked for is made up, with whatever columns are asked of it. */
export class OpenMetaData implements MetaDataFace {
  readonly schema = undefined;
  readonly namingConvention: NamingConvention;
  readonly tableNames: readonly string[] = [];
  readonly #columns = new Map<string, Set<string>>();
  constructor(convention?: NamingConvention) {
    this.namingConvention = { ...DEFAULT_NAMING_CONVENTION, ...convention };
  }
  /** Says before a foreign key is resolved which columns its target has. */
  expect(targets: Iterable<string>): this {
    for (const target of targets) {
      const dot = target.lastIndexOf(".");
      const table = target.slice(0, dot);
      const columns = this.#columns.get(table) ?? new Set<string>();
      this.#columns.set(table, columns.add(target.slice(dot + 1)));
    }
    return this;
  }
  findTable(fullName: string): Table {
    const dot = fullName.lastIndexOf(".");
    return buildTable({
      name: fullName.slice(dot + 1),
      schema: dot < 0 ? undefined : fullName.slice(0, dot),
      columns: [...(this.#columns.get(fullName) ?? [])].map(untypedColumn),
    });
  }
}

function untypedColumn(name: string): { key: string; columnName: string; definition: ColumnDefinition } {
  return { key: name, columnName: name, definition: ColumnDefinition.of(NULL_TYPE, name) };
}

/** A column definition with its name. @throws OperationError for what is none, or has no name */
export function namedColumn(
  value: unknown,
  where: string,
): { readonly name: string; readonly definition: ColumnDefinition } {
  if (!(value instanceof ColumnDefinition)) {
    throw new OperationError("migrate.column", `${where}: a column such as boolean("completed").nullable() is needed`);
  }
  const name = value.fields.columnName;
  if (name === undefined) {
    throw new OperationError("migrate.column-name", `${where}: the column has no name`, {
      hint: 'Give the name first: integer("id"), string("name", 64).',
    });
  }
  return { name, definition: value };
}

export interface SketchOptions {
  readonly schema?: string | undefined;
  readonly convention?: NamingConvention | undefined;
  readonly comment?: string | undefined;
  /** The table has more columns than are said: a foreign key to the table itself may name them. */
  readonly isPart?: boolean | undefined;
  readonly dialectOptions?: { readonly [dialect: string]: { readonly [option: string]: unknown } } | undefined;
}

/** A table of exactly these columns and constraints, registered nowhere. */
export function sketchTable(
  name: string,
  columns: readonly { readonly name: string; readonly definition: ColumnDefinition }[],
  given: readonly TableArgument[] | ((table: Table) => readonly TableArgument[]),
  options: SketchOptions = {},
): Table {
  const constraints = typeof given === "function" ? [] : given;
  const targets = [
    ...columns.flatMap(({ definition }) =>
      definition.fields.references === undefined ? [] : [definition.fields.references.target],
    ),
    ...constraints.flatMap((item) => (item instanceof TableForeignKey ? item.targets : [])),
  ];
  const metadata = new OpenMetaData(options.convention).expect(targets);
  const own = `${options.schema === undefined ? name : `${options.schema}.${name}`}.`;
  const others = options.isPart
    ? targets.filter((t) => t.startsWith(own) && !t.slice(own.length).includes(".")).map((t) => t.slice(own.length))
    : [];
  const unsaid = [...new Set(others)].filter((c) => !columns.some((x) => x.name === c));
  return buildTable({
    name,
    schema: options.schema,
    columns: [
      ...columns.map(({ name: key, definition }) => ({ key, columnName: key, definition })),
      ...unsaid.map(untypedColumn),
    ],
    constraints: typeof given === "function" ? given : () => given,
    comment: options.comment,
    dialectOptions: options.dialectOptions,
    metadata,
  });
}
/** A table that is only a name and the names of some columns: the home of a constraint or an index. */
export function homeTable(
  name: string,
  columns: readonly string[],
  constraints: readonly TableArgument[] | ((table: Table) => readonly TableArgument[]),
  options: SketchOptions = {},
): Table {
  const distinct = [...new Set(columns)].map((c) => ({ name: c, definition: ColumnDefinition.of(NULL_TYPE, c) }));
  return sketchTable(name, distinct, constraints, { ...options, isPart: true });
}
/** The check a type asks for where the database does not have the type; none for most types. */
export function typeChecks(
  table: string,
  column: string,
  type: SqlType,
  convention: NamingConvention | undefined,
): TableCheck[] {
  const made = sketchTable(table, [{ name: column, definition: ColumnDefinition.of(type, column) }], [], {
    convention,
  });
  return made.constraints.filter((c): c is TableCheck => c instanceof TableCheck && c.sql instanceof TypeCheck);
}
/** The names a convention would give to a constraint that has none. */
export function conventionalNames(
  table: ReflectedTable,
  found: { readonly name?: string | undefined; readonly columns?: readonly string[]; readonly sql?: string },
  kind: Constraint["kind"],
  convention: NamingConvention | undefined,
): string[] {
  if (found.name !== undefined || convention === undefined || kind === "check" || kind === "exclude") return [];
  const columns = found.columns ?? [];
  const item =
    kind === "primaryKey"
      ? new TablePrimaryKey(undefined, columns)
      : kind === "unique"
        ? new TableUnique(undefined, columns)
        : foreignKeyLike(table, columns);
  const name = homeTable(table.name, columns, [item], { convention }).constraints[0]?.name;
  return typeof name === "string" ? [name] : [];
}
function foreignKeyLike(table: ReflectedTable, columns: readonly string[]): TableForeignKey {
  const key = table.foreignKeys.find((k) => k.columns.join() === columns.join());
  const target = key?.referredSchema === undefined ? key?.referredTable : `${key.referredSchema}.${key.referredTable}`;
  return new TableForeignKey(
    undefined,
    columns,
    (key?.referredColumns ?? []).map((c) => `${target}.${c}`),
  );
}
