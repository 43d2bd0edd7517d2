/** From reflected data to what a table is built of. Names of columns are property keys too: nothing is renamed. */
import type { MetaDataFace } from "../schema/constraint.js";
import { DatabaseType } from "../schema/database-type.js";
import { ColumnDefinition, type ReferenceOptions } from "../schema/definition.js";
import { conv } from "../schema/naming.js";
import type { Table, TableParts } from "../schema/table.js";
import {
  IndexBuilder,
  type TableArgument,
  TableCheck,
  TableExclude,
  TableForeignKey,
  TableIndex,
  TablePrimaryKey,
  TableUnique,
} from "../schema/table-constraints.js";
import type { Element } from "../sql/element.js";
import { Expression, Ordering } from "../sql/expression.js";
import { IndexedSql } from "../sql/functions.js";
import { sql } from "../sql/text.js";
import type {
  ReflectedColumn,
  ReflectedForeignKey,
  ReflectedIndex,
  ReflectedOptions,
  ReflectedTable,
} from "./types.js";

/** A reflected column, maybe under another key in the program. */
export interface ColumnToBuild extends ReflectedColumn {
  readonly key?: string | undefined;
  readonly info?: { readonly [name: string]: unknown } | undefined;
}
export interface PartsOptions {
  /** Types by the database's own spelling instead of ours: for a rebuild that must change nothing else. */
  readonly exactTypes?: boolean | undefined;
}
function definition(column: ReflectedColumn, options: PartsOptions): ColumnDefinition {
  const type = options.exactTypes ? new DatabaseType(column.databaseType, column.type.family) : column.type;
  return ColumnDefinition.of(type, column.name).with({
    nullable: column.nullable,
    serverDefault: column.ownedSequence === undefined ? column.default : undefined,
    computed: column.computed,
    identity: column.identity,
    autoincrement: column.autoincrement,
    serverOnUpdate: column.onUpdate,
    collation: column.collation,
    comment: column.comment,
    dialectOptions: column.dialectOptions,
  });
}
/** A name of the database's is final: no convention touches it. `null`: it has none, and none is made up. */
function nameOf(name: string | undefined) {
  return name === undefined ? null : conv(name);
}
function reference(key: ReflectedForeignKey): ReferenceOptions {
  return {
    ...(key.onDelete === undefined ? {} : { onDelete: key.onDelete }),
    ...(key.onUpdate === undefined ? {} : { onUpdate: key.onUpdate }),
    ...(key.deferrable === undefined ? {} : { deferrable: key.deferrable }),
    ...(key.initially === undefined ? {} : { initially: key.initially }),
    ...(key.match === undefined ? {} : { match: key.match }),
  };
}
/** With the options of the database it was read from. */
function withOptions<C extends TableUnique | TablePrimaryKey | TableForeignKey | TableCheck>(
  item: C,
  { dialectOptions = {} }: ReflectedOptions,
): C {
  for (const [dialect, options] of Object.entries(dialectOptions)) item.with(dialect, options);
  return item;
}
function indexOf(index: ReflectedIndex, table: Table): IndexBuilder {
  const expressions = index.parts.map((part): Element => {
    const written = part.column === undefined ? sql.raw(part.sql) : table.column(part.column);
    if (!part.descending && part.nulls === undefined) return written;
    return new Ordering(
      // As it was written: an operator class or a collation must stand bare.
      written instanceof Expression ? written : new IndexedSql(part.sql),
      part.descending ? "DESC" : undefined,
      part.nulls,
    );
  });
  return new IndexBuilder(
    new TableIndex(conv(index.name), expressions, {
      unique: index.unique,
      where: index.where === undefined ? undefined : sql.raw(index.where),
      dialectOptions: index.dialectOptions,
    }),
  );
}

/**
 * The parts of a table like the reflected one. Indexes that only serve a constraint are left out, as are those the
 * server made for a foreign key and checks it made for a type.
 */
export function partsFromReflection(
  reflected: ReflectedTable,
  metadata: MetaDataFace | undefined,
  options: PartsOptions = {},
): TableParts {
  return {
    name: reflected.name,
    schema: reflected.schema,
    columns: reflected.columns.map((c: ColumnToBuild) => ({
      key: c.key ?? c.name,
      columnName: c.name,
      definition: definition(c, options).info(c.info ?? {}),
    })),
    comment: reflected.comment,
    dialectOptions: reflected.options,
    metadata,
    constraints: (table): readonly TableArgument[] => {
      const items: TableArgument[] = [];
      const { primaryKey } = reflected;
      if (primaryKey !== undefined)
        items.push(withOptions(new TablePrimaryKey(nameOf(primaryKey.name), primaryKey.columns), primaryKey));
      for (const u of reflected.uniqueConstraints) {
        const { nullsNotDistinct, deferrable, initially } = u;
        items.push(
          withOptions(new TableUnique(nameOf(u.name), u.columns, { nullsNotDistinct, deferrable, initially }), u),
        );
      }
      for (const x of reflected.excludes ?? [])
        items.push(
          new TableExclude(
            nameOf(x.name),
            x.elements.map((e) => [e.column ?? sql.raw(e.sql), e.operator]),
            { using: x.using, where: x.where, deferrable: x.deferrable, initially: x.initially },
          ),
        );
      for (const k of reflected.foreignKeys) {
        const target = k.referredSchema === undefined ? k.referredTable : `${k.referredSchema}.${k.referredTable}`;
        items.push(
          withOptions(
            new TableForeignKey(
              nameOf(k.name),
              k.columns,
              k.referredColumns.map((c) => `${target}.${c}`),
              reference(k),
            ),
            k,
          ),
        );
      }
      for (const c of reflected.checks) {
        if (!c.impliedByType) items.push(withOptions(new TableCheck(nameOf(c.name), c.sql), c));
      }
      for (const i of reflected.indexes) {
        if (i.duplicatesConstraint === undefined && i.impliedByForeignKey === undefined) items.push(indexOf(i, table));
      }
      return items;
    },
  };
}
