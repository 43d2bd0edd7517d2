/** Columns of a table that is on both sides: added, removed, renamed, changed. */
import {
  type ColumnDefinition,
  EnumType,
  type ReflectedColumn,
  type ReflectedTable,
  type Table,
  type TableColumn,
} from "@athanor/core";
import { AddColumnOp, AlterColumnOp, type ColumnChanges, DropColumnOp, type MigrateOp } from "../ops/index.js";
import { type CompareScope, qualified, servesForeignKey, tableLike } from "./scope.js";

export interface ColumnDifferences {
  readonly added: readonly MigrateOp[];
  readonly altered: readonly MigrateOp[];
  readonly removed: readonly MigrateOp[];
  /** Columns whose single-column keys were written beside them. */
  readonly inline: ReadonlySet<string>;
  /** New names by old ones. */
  readonly renamed: ReadonlyMap<string, string>;
}

/**
 * A definition for ADD COLUMN. Indexes come as operations of their own; a foreign key of the column alone stays with it,
 * unless an index serves the key: then the key must be able to go before the index.
 */
function definitionOf(column: TableColumn): ColumnDefinition {
  const { fields } = column;
  const isServed = servesForeignKey(column);
  const definition = (column.table.parts.columns[column.position] as (typeof column.table.parts.columns)[number])
    .definition;
  return definition.with({
    type: column.type,
    columnName: column.columnName,
    index: false,
    references: isServed ? undefined : fields.references,
    unique: fields.index !== false ? false : fields.unique,
    primaryKey: false,
    nullable: column.nullable,
  });
}

export async function compareColumns(
  scope: CompareScope,
  model: Table,
  reflected: ReflectedTable,
): Promise<ColumnDifferences> {
  const name = qualified(model.schema, model.tableName);
  const place = { schema: model.schema };
  const found = new Map(reflected.columns.map((c) => [c.name, c]));
  const wanted = new Map(model.columns.map((c) => [c.columnName, c]));
  const includes = (column: string, isReflected: boolean, object: TableColumn | ReflectedColumn) =>
    scope.includes({
      kind: "column",
      name: column,
      table: model.tableName,
      schema: model.schema,
      reflected: isReflected,
      object,
    });

  const added: MigrateOp[] = [];
  const altered: MigrateOp[] = [];
  const removed: MigrateOp[] = [];
  const inline = new Set<string>();
  const renamed = new Map<string, string>();
  const told = new Map<string, string>();
  for (const rename of scope.options.renames ?? []) {
    const [from, to] = rename.split(":");
    const dot = from?.lastIndexOf(".") ?? -1;
    if (to !== undefined && from !== undefined && dot > 0 && from.slice(0, dot) === name)
      told.set(to, from.slice(dot + 1));
  }
  for (const column of model.columns) {
    let old = column.fields.renamedFrom ?? told.get(column.columnName);
    const ask = scope.options.askRename;
    if (
      old === undefined &&
      ask !== undefined &&
      !found.has(column.columnName) &&
      includes(column.columnName, false, column)
    ) {
      const lost = [...found.keys()].filter((c) => !wanted.has(c) && !renamed.has(c));
      if (lost.length > 0) old = await ask({ table: name, column: column.columnName }, lost);
    }
    if (old === undefined || found.has(column.columnName) || !found.has(old) || wanted.has(old)) continue;
    renamed.set(old, column.columnName);
    scope.detected(`renamed column '${name}.${old}' to '${column.columnName}'`);
    const existing = existingOf(found.get(old) as ReflectedColumn);
    altered.push(new AlterColumnOp(model.tableName, old, { newName: column.columnName }, existing, place));
  }
  const oldOf = new Map([...renamed].map(([from, to]) => [to, from]));
  for (const column of model.columns) {
    const { columnName } = column;
    const there = found.get(columnName) ?? found.get(oldOf.get(columnName) ?? "");
    if (there !== undefined || !includes(columnName, false, column)) continue;
    scope.detected(`added column '${name}.${columnName}'`);
    const definition = definitionOf(column);
    if (definition.fields.references !== undefined || definition.fields.unique !== false) inline.add(columnName);
    added.push(new AddColumnOp(model.tableName, { name: columnName, definition }, place));
  }
  for (const column of model.columns) {
    const there = found.get(column.columnName) ?? found.get(oldOf.get(column.columnName) ?? "");
    if (there === undefined || !includes(column.columnName, false, column)) continue;
    if (computedDiffers(scope, column, there) && isFree(column, reflected)) {
      // What is computed can be computed anew: nothing is lost.
      scope.detected(`changed computed expression of column '${name}.${column.columnName}'`);
      const original = tableLike(reflected).columns.find((c) => c.columnName === there.name);
      altered.push(
        new DropColumnOp(model.tableName, column.columnName, {
          ...place,
          original: original === undefined ? undefined : definitionOf(original),
        }),
        new AddColumnOp(model.tableName, { name: column.columnName, definition: definitionOf(column) }, place),
      );
      continue;
    }
    const changes = await compareColumn(scope, name, column, there);
    if (changes !== undefined)
      altered.push(new AlterColumnOp(model.tableName, column.columnName, changes, existingOf(there), place));
  }
  const like = tableLike(reflected);
  for (const column of reflected.columns) {
    if (wanted.has(column.name) || renamed.has(column.name) || !includes(column.name, true, column)) continue;
    scope.detected(`removed column '${name}.${column.name}'`);
    const original = like.columns.find((c) => c.columnName === column.name);
    removed.push(
      new DropColumnOp(model.tableName, column.name, {
        ...place,
        original: original === undefined ? undefined : definitionOf(original),
      }),
    );
  }
  return { added, altered, removed, inline, renamed };
}

/** Both are computed, by other expressions or stored otherwise. */
function computedDiffers(scope: CompareScope, model: TableColumn, there: ReflectedColumn): boolean {
  const [mine, theirs] = [model.fields.computed, there.computed];
  if (mine === undefined || theirs === undefined) return false;
  return !scope.impl.sameExpression(scope.impl.inlineSql(mine.sql), theirs.sql);
}
/** No index, key or other table goes when the column goes. */
function isFree(column: TableColumn, reflected: ReflectedTable): boolean {
  const name = column.columnName;
  return (
    !reflected.indexes.some((i) => i.parts.some((p) => p.column === name || p.sql.includes(name))) &&
    !reflected.uniqueConstraints.some((u) => u.columns.includes(name)) &&
    !reflected.foreignKeys.some((k) => k.columns.includes(name)) &&
    !(reflected.primaryKey?.columns.includes(name) ?? false) &&
    !reflected.checks.some((c) => c.sql.includes(name))
  );
}

function existingOf(column: ReflectedColumn): Omit<ColumnChanges, "newName"> {
  return {
    type: column.type,
    nullable: column.nullable,
    serverDefault: column.default ?? null,
    comment: column.comment ?? null,
    identity: column.identity ?? null,
  };
}

async function compareColumn(
  scope: CompareScope,
  table: string,
  model: TableColumn,
  there: ReflectedColumn,
): Promise<ColumnChanges | undefined> {
  const changes: { -readonly [K in keyof ColumnChanges]: ColumnChanges[K] } = {};
  const at = `'${table}.${model.columnName}'`;
  const { fields } = model;
  const automatic =
    fields.identity !== undefined ||
    there.identity !== undefined ||
    there.autoincrement ||
    there.ownedSequence !== undefined;

  if (model.nullable !== there.nullable && fields.computed === undefined) {
    if (there.identity !== undefined || fields.identity !== undefined)
      scope.note(`Ignoring nullable change on identity column ${at}`);
    else {
      changes.nullable = model.nullable;
      scope.detected(`${model.nullable ? "NULL" : "NOT NULL"} on column ${at}`);
    }
  }
  if (typeDiffers(scope, model, there, at)) {
    changes.type = model.type;
    scope.detected(
      `type change from ${scope.impl.shownType(there.type)} to ${scope.impl.shownType(model.type)} on ${at}`,
    );
  }
  if (fields.computed !== undefined || there.computed !== undefined) {
    const [mine, theirs] = [fields.computed, there.computed];
    if (
      mine === undefined ||
      theirs === undefined ||
      !scope.impl.sameExpression(scope.impl.inlineSql(mine.sql), theirs.sql)
    ) {
      scope.warn(`Computed default on ${at} cannot be modified`);
    }
  } else if (
    !automatic &&
    (restatesDefault(scope, model, there, changes) || (await defaultDiffers(scope, model, there)))
  ) {
    changes.serverDefault = fields.serverDefault ?? null;
    scope.detected(`server default on column ${at}`);
  }
  const comments = scope.dialect.capabilities.comments && scope.plugins.has("athanor.comments");
  if (comments && (fields.comment ?? "") !== (there.comment ?? "")) {
    changes.comment = fields.comment ?? null;
    scope.detected(`column comment ${at}`);
  }
  return Object.keys(changes).length === 0 ? undefined : changes;
}

function typeDiffers(scope: CompareScope, model: TableColumn, there: ReflectedColumn, at: string): boolean {
  const { compareType = true } = scope.options;
  if (compareType === false || !scope.plugins.has("athanor.types")) return false;
  if (typeof compareType === "function") {
    const answer = compareType(there, model);
    if (answer !== undefined) return answer;
  }
  const [mine, theirs] = [scope.dialect.plainType(model.type), scope.dialect.plainType(there.type)];
  if (theirs.kind === "null") {
    scope.note(`Couldn't determine database type for column ${at}`);
    return false;
  }
  if (mine.kind === "null") {
    scope.note(`Column ${at} has no type within the model; can't compare`);
    return false;
  }
  if (mine instanceof EnumType && theirs instanceof EnumType) {
    // Values of a named type are compared with the type.
    if (theirs.native && theirs.name !== undefined && mine.native) return mine.name !== theirs.name;
    return mine.values.join("\u0000") !== theirs.values.join("\u0000");
  }
  return !scope.impl.sameColumnType(there, model);
}

/**
 * With a type of another family the old default becomes what its conversion gives, from which the way back would not
 * find the old text: the new one is said.
 */
function restatesDefault(
  scope: CompareScope,
  model: TableColumn,
  there: ReflectedColumn,
  changes: ColumnChanges,
): boolean {
  const { serverDefault } = model.fields;
  if (scope.options.compareServerDefault === false || serverDefault === undefined || there.default === undefined)
    return false;
  if (changes.type === undefined || there.type.family === changes.type.family) return false;
  const { impl } = scope;
  return impl.normalDefault(impl.inlineSql(serverDefault)) !== impl.normalDefault(there.default);
}

async function defaultDiffers(scope: CompareScope, model: TableColumn, there: ReflectedColumn): Promise<boolean> {
  const { compareServerDefault = true } = scope.options;
  if (compareServerDefault === false || !scope.plugins.has("athanor.defaults")) return false;
  if (typeof compareServerDefault === "function") {
    const answer = compareServerDefault(there, model);
    if (answer !== undefined) return answer;
  }
  const mine = model.fields.serverDefault;
  const theirs = there.default;
  const none = (text: string | undefined) => text === undefined || /^\(?null\)?(::.*)?$/i.test(text.trim());
  const text = mine === undefined ? undefined : scope.impl.inlineSql(mine);
  if (none(text) || none(theirs)) return none(text) !== none(theirs);
  return !(await scope.impl.sameDefault(scope.connection, text as string, theirs as string, model.type));
}
