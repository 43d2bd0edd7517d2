/** A column as source: `integer().references("artist.id").nullable().index("ix_album_artist")`. */
import type { ReflectedColumn, ReflectedForeignKey, ReflectedIndex, ReflectedUnique } from "@athanor/core";
import { snakeCaseNaming } from "@athanor/core";
import { fullName, type PulledTable } from "./plan.js";
import type { WriterScope } from "./scope.js";
import { lineComment, literal, more, objectOf, propertyKey, quoted } from "./source.js";
import { otherSpelling, writeType } from "./types.js";

/** What a column says itself, so that the list of constraints need not. */
export interface ColumnItems {
  readonly key: ReflectedForeignKey | undefined;
  readonly unique: ReflectedUnique | undefined;
  readonly index: ReflectedIndex | undefined;
}

export function referenceOptions(key: ReflectedForeignKey): string {
  return objectOf([
    ["name", key.name === undefined ? undefined : quoted(key.name)],
    ["onDelete", key.onDelete === undefined ? undefined : quoted(key.onDelete)],
    ["onUpdate", key.onUpdate === undefined ? undefined : quoted(key.onUpdate)],
    ["deferrable", key.deferrable === undefined ? undefined : String(key.deferrable)],
    ["initially", key.initially === undefined ? undefined : quoted(key.initially)],
    ["match", key.match === undefined ? undefined : quoted(key.match)],
  ]);
}
export function targetOf(key: ReflectedForeignKey, at: number): string {
  return `${fullName(key.referredSchema, key.referredTable)}.${key.referredColumns[at]}`;
}
const WHOLE = new Set(["integer", "smallInteger", "bigInteger"]);

/** Who makes the value: our own choice is right for a lone whole-number key, all else has to be said. */
function generation(table: PulledTable, column: ReflectedColumn, hasKey: boolean): string {
  const key = table.reflected.primaryKey?.columns ?? [];
  const { identity } = column;
  if (identity !== undefined) {
    const options = objectOf([
      ["always", identity.always ? "true" : undefined],
      ["start", identity.start === 1 ? undefined : String(identity.start)],
      ["increment", identity.increment === 1 ? undefined : String(identity.increment)],
    ]);
    return `.identity(${options})`;
  }
  if (!key.includes(column.name)) return "";
  const byDefault =
    key.length === 1 &&
    WHOLE.has(column.type.kind) &&
    !hasKey &&
    (column.default === undefined || column.ownedSequence !== undefined);
  if (column.autoincrement === byDefault) return "";
  return `.autoincrement(${column.autoincrement ? "" : "false"})`;
}

export function writeColumn(
  scope: WriterScope,
  table: PulledTable,
  column: ReflectedColumn,
  items: ColumnItems,
): string[] {
  const { imports } = scope;
  const at = `${table.reflected.name}.${column.name}`;
  const property = table.properties.get(column.name) as string;
  const primaryKey = table.reflected.primaryKey?.columns ?? [];
  const type = writeType(imports, column.type, column.databaseType);
  let source = type.source;
  const notes: string[] = [];
  if (snakeCaseNaming.column(property) !== column.name) source += `.named(${quoted(column.name)})`;
  if (items.key !== undefined)
    source += `.references(${quoted(targetOf(items.key, 0))}${more(referenceOptions(items.key))})`;
  if (primaryKey.length === 1 && primaryKey[0] === column.name) source += ".primaryKey()";
  else if (column.nullable && !primaryKey.includes(column.name)) source += ".nullable()";
  source += generation(
    table,
    column,
    table.reflected.foreignKeys.some((k) => k.columns.includes(column.name)),
  );
  if (column.computed !== undefined)
    source += `.computed(${quoted(column.computed.sql)}, { persisted: ${column.computed.persisted} })`;
  const serial = column.ownedSequence !== undefined && primaryKey.includes(column.name);
  if (column.default !== undefined && column.computed === undefined && !serial)
    source += `.serverDefault(${quoted(column.default)})`;
  if (column.ownedSequence !== undefined && !serial) {
    notes.push(`The sequence '${column.ownedSequence}' behind this default is not created with the table.`);
  }
  if (
    column.autoincrement &&
    column.identity === undefined &&
    !primaryKey.includes(column.name) &&
    column.ownedSequence === undefined
  ) {
    notes.push("The database numbers this column, which is not in the primary key; a model cannot say so.");
  }
  if (column.onUpdate !== undefined) source += `.serverOnUpdate(${quoted(column.onUpdate)})`;
  if (items.index?.unique) source += ".unique()";
  if (items.unique !== undefined)
    source += `.unique(${items.unique.name === undefined ? "" : quoted(items.unique.name)})`;
  if (items.index !== undefined) {
    const usual =
      table.reflected.schema === undefined && items.index.name === `ix_${table.reflected.name}_${column.name}`;
    source += `.index(${usual ? "" : quoted(items.index.name)})`;
  }
  if (column.comment !== undefined) source += `.comment(${literal(column.comment)})`;
  if (column.collation !== undefined) {
    imports.core("ColumnDefinition");
    scope.needsCollated = true;
    source = `collated(${source}, ${quoted(column.collation)})`;
  }
  if (source.includes("databaseType<")) scope.needsDatabaseType = true;
  if (type.opaque)
    notes.push(`Athanor has no type for '${column.databaseType}': values come as the driver gives them.`);
  for (const note of notes) scope.warn(`${at}: ${note}`);
  const other = otherSpelling(column, scope.dialect);
  if (other !== undefined) scope.spelled(other, at);
  const tail = other === undefined ? "" : ` ${lineComment(other)}`;
  return [...notes.map((n) => lineComment(`WARNING: ${n}`)), `${propertyKey(property)}: ${source},${tail}`];
}
