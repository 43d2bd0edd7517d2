/** Tables, columns and constraints as reflection would report them: what a rebuild starts from and works on. */
import type {
  ColumnDefinition,
  Constraint,
  Element,
  Index,
  ReflectedCheck,
  ReflectedColumn,
  ReflectedForeignKey,
  ReflectedTable,
  ReflectedUnique,
  Table,
} from "@athanor/core";
import { CreateIndex, type Dialect, TypeCheck } from "@athanor/core";

/** SQL text of a fragment. */
export type Inline = (value: string | Element) => string;

export function reflectedColumn(
  dialect: Dialect,
  inline: Inline,
  name: string,
  definition: ColumnDefinition,
): ReflectedColumn {
  const { fields } = definition;
  return {
    name,
    type: fields.type,
    databaseType: dialect.ddlType(fields.type),
    nullable: fields.nullable && !fields.primaryKey,
    default: fields.serverDefault === undefined ? undefined : inline(fields.serverDefault),
    autoincrement: false,
    ownedSequence: undefined,
    identity: undefined,
    computed:
      fields.computed === undefined
        ? undefined
        : { sql: inline(fields.computed.sql), persisted: fields.computed.persisted ?? false },
    onUpdate: undefined,
    collation: fields.collation,
    comment: undefined,
  };
}

/** The condition of a check as text; undefined where the type needs none here. */
export function conditionOf(dialect: Dialect, inline: Inline, sql: string | Element): string | undefined {
  if (!(sql instanceof TypeCheck)) return inline(sql);
  const { nativeBoolean, nativeEnum } = dialect.capabilities;
  if (sql.of === "boolean" ? nativeBoolean : sql.native && nativeEnum) return undefined;
  const values = sql.values === undefined ? ["0", "1"] : sql.values.map((v) => dialect.stringLiteral(v));
  return `${dialect.quote(sql.column.columnName)} IN (${values.join(", ")})`;
}

/** The table with one more constraint. */
export function withConstraint(
  table: ReflectedTable,
  constraint: Constraint,
  condition: (sql: string | Element) => string | undefined,
): ReflectedTable {
  const name = constraint.name ?? undefined;
  switch (constraint.kind) {
    case "primaryKey":
      return { ...table, primaryKey: { name, columns: constraint.columns.map((c) => c.columnName) } };
    case "unique": {
      const made: ReflectedUnique = {
        name,
        columns: constraint.columns.map((c) => c.columnName),
        duplicatesIndex: undefined,
        nullsNotDistinct: false,
        deferrable: undefined,
        initially: undefined,
      };
      return { ...table, uniqueConstraints: [...table.uniqueConstraints, made] };
    }
    case "check": {
      const text = condition(constraint.sql);
      if (text === undefined) return table;
      const made: ReflectedCheck = { name, sql: text, impliedByType: false };
      return { ...table, checks: [...table.checks, made] };
    }
    // Only PostgreSQL has them, which never needs a table made anew.
    case "exclude":
      return table;
    case "foreignKey": {
      const { onDelete, onUpdate, deferrable, initially, match } = constraint.options;
      const made: ReflectedForeignKey = {
        name,
        columns: constraint.columns.map((c) => c.columnName),
        referredSchema: undefined,
        referredTable: constraint.referredTable.tableName,
        referredColumns: constraint.targets.map((t) => t.slice(t.lastIndexOf(".") + 1)),
        onDelete,
        onUpdate,
        deferrable,
        initially,
        match,
      };
      return { ...table, foreignKeys: [...table.foreignKeys, made] };
    }
  }
}

/** A declared table as the database would report it after CREATE TABLE: for scripts, where nothing can be looked up. */
export function reflectedTable(dialect: Dialect, inline: Inline, table: Table): ReflectedTable {
  const source = (index: Index) => dialect.createDdlCompiler().statements(new CreateIndex(index))[0];
  let made: ReflectedTable = {
    name: table.tableName,
    schema: table.schema,
    isView: false,
    columns: table.columns.map((c) => ({
      ...reflectedColumn(dialect, inline, c.columnName, columnDefinition(table, c.position)),
      nullable: c.nullable,
    })),
    primaryKey: undefined,
    foreignKeys: [],
    uniqueConstraints: [],
    checks: [],
    indexes: table.indexes.map((index) => ({
      name: index.name ?? "",
      unique: index.unique,
      parts: index.expressions.map((e) => {
        const column = "columnName" in e ? String(e.columnName) : undefined;
        return { column, sql: column ?? inline(e), descending: false, nulls: undefined };
      }),
      where: index.where === undefined ? undefined : inline(index.where),
      duplicatesConstraint: undefined,
      impliedByForeignKey: undefined,
      nullsNotDistinct: false,
      dialectOptions: index.dialectOptions,
      source: source(index),
    })),
    comment: table.comment,
    options: table.dialectOptions,
    triggers: [],
    source: undefined,
  };
  for (const constraint of table.constraints) {
    made = withConstraint(made, constraint, (sql) => conditionOf(dialect, inline, sql));
  }
  return made;
}
function columnDefinition(table: Table, position: number): ColumnDefinition {
  return (table.parts.columns[position] as (typeof table.parts.columns)[number]).definition;
}
