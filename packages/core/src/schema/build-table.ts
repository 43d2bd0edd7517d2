/**
 * Finishing tables: the constraints and indexes that columns ask for, and those given beside them.
 * Source: SQLAlchemy "Schema Definition Language", the order of constraints in CREATE TABLE included.
 */
import { ArgumentError } from "../errors/errors.js";
import { EnumType } from "../types/sql-type.js";
import { storedType } from "../types/wrapping.js";
import { typeCheckOf } from "./columns.js";
import type { Constraint, ForeignKey, Index } from "./constraint.js";
import { Table, type TableColumn, type TableParts } from "./table.js";
import {
  IndexBuilder,
  type TableArgument,
  TableCheck,
  TableExclude,
  TableForeignKey,
  TableIndex,
  TablePrimaryKey,
  TableUnique,
  TypeCheck,
} from "./table-constraints.js";

/** A finished table, in no MetaData's list yet. `MetaData.add` or `register` puts it there. */
export function buildTable(parts: TableParts): Table {
  if (typeof parts.name !== "string" || parts.name === "") throw new ArgumentError("A table needs a name.");
  const table = new Table(parts);
  finishTable(table, parts.constraints?.(table) ?? []);
  return table;
}

/** The same table with other parts: columns it has already stay, constraints and indexes are made anew. */
export function rebuildTable(table: Table, parts: TableParts): Table {
  table.become(parts);
  finishTable(table, parts.constraints?.(table) ?? []);
  return table;
}

/** Fills constraints, indexes and foreign keys of a table from its columns and from what it was given beside them. */
function finishTable(table: Table, given: readonly TableArgument[]): void {
  const items = given.map((item) => (item instanceof IndexBuilder ? item.index : item));
  type Plain = TableUnique | TableCheck | TableForeignKey | TableExclude;
  const ofColumns: Plain[] = [];
  const ofTable: Plain[] = [];
  const indexes: TableIndex[] = [];
  for (const column of table.columns) {
    const { index, unique, references, checks } = column.fields;
    if (index !== false) {
      const name = typeof index === "string" ? index : typeof unique === "string" ? unique : undefined;
      indexes.push(new TableIndex(name, [column], { unique: unique !== false }));
    } else if (unique !== false) ofColumns.push(new TableUnique(unique === true ? undefined : unique, [column]));
    if (references !== undefined) {
      ofColumns.push(new TableForeignKey(references.options.name, [column], [references.target], references.options));
    }
    for (const c of checks) ofColumns.push(new TableCheck(c.name, c.sql, column));
    const typeCheck = checkOfType(column);
    if (typeCheck !== undefined) ofColumns.push(typeCheck);
  }
  let primaryKey: TablePrimaryKey | undefined;
  for (const item of items) {
    if (item instanceof TableIndex) indexes.push(item);
    else if (item instanceof TablePrimaryKey) {
      if (primaryKey !== undefined) throw new ArgumentError(`Table '${table.fullName}' has two primary keys.`);
      primaryKey = item;
    } else if (
      item instanceof TableUnique ||
      item instanceof TableCheck ||
      item instanceof TableForeignKey ||
      item instanceof TableExclude
    ) {
      ofTable.push(item);
    } else {
      throw new ArgumentError(
        `Table '${table.fullName}': constraints are made by index(), unique(), check(), foreignKey() and primaryKeyConstraint().`,
      );
    }
  }
  const constraints = [...ofTable, ...ofColumns];
  for (const item of [...constraints, ...indexes]) item.attach(table);
  if (primaryKey !== undefined) {
    primaryKey.attach(table);
    table.setPrimaryKey(primaryKey.columns as readonly TableColumn[]);
  } else if (table.primaryKey.length > 0) {
    primaryKey = new TablePrimaryKey(undefined, table.primaryKey);
    primaryKey.attach(table);
  }
  table.constraints = [...(primaryKey === undefined ? [] : [primaryKey]), ...constraints] satisfies Constraint[];
  table.indexes = indexes satisfies Index[];

  const byColumn = new Map<unknown, ForeignKey[]>();
  for (const constraint of constraints) {
    if (!(constraint instanceof TableForeignKey)) continue;
    for (const key of constraint.foreignKeys()) {
      const list = byColumn.get(key.parent);
      if (list === undefined) byColumn.set(key.parent, [key]);
      else list.push(key);
    }
  }
  for (const column of table.columns) column.foreignKeys = byColumn.get(column) ?? [];
}

function checkOfType(column: TableColumn): TableCheck | undefined {
  const type = storedType(column.fields.type);
  const wanted = typeCheckOf(type);
  if (wanted === undefined) return undefined;
  const [values, native] = type instanceof EnumType ? [type.values, type.native] : [undefined, false];
  return new TableCheck(wanted.name, new TypeCheck(column, wanted.of, values, native));
}
