/** Column definitions with changes, and what they need from what the database reports. */
import { type ColumnDefinition, didYouMean } from "@athanor/core";
import { OperationError } from "../errors.js";
import type { ColumnChanges } from "../ops/index.js";

/** A definition with the changes of an ALTER. */
export function withChanges(definition: ColumnDefinition, changes: ColumnChanges): ColumnDefinition {
  let made = definition;
  if (changes.nullable !== undefined) made = made.with({ nullable: changes.nullable });
  if (changes.type !== undefined) made = made.with({ type: changes.type });
  if (changes.serverDefault !== undefined) made = made.with({ serverDefault: changes.serverDefault ?? undefined });
  if (changes.comment !== undefined) made = made.with({ comment: changes.comment ?? undefined });
  if (changes.identity !== undefined) made = made.with({ identity: changes.identity ?? undefined });
  return made;
}
export function noColumn(
  op: { readonly tableName: string; readonly columnName: string },
  known: readonly string[],
): OperationError {
  return new OperationError(
    "migrate.no-column",
    `Table '${op.tableName}' has no column '${op.columnName}'.${didYouMean(op.columnName, known)}`,
  );
}
/** `schema.table.column` of everything that foreign keys refer to. */
export function targetsOf(
  keys: readonly {
    readonly referredSchema: string | undefined;
    readonly referredTable: string;
    readonly referredColumns: readonly string[];
  }[],
): string[] {
  return keys.flatMap((k) => {
    const table = k.referredSchema === undefined ? k.referredTable : `${k.referredSchema}.${k.referredTable}`;
    return k.referredColumns.map((c) => `${table}.${c}`);
  });
}
