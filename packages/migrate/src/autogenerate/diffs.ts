/** Differences as tuples, for tests that look for one. Source: Alembic `compare_metadata`. */
import type { Constraint, Index, MetaData, Table } from "@athanor/core";
import {
  AddColumnOp,
  AddConstraintOp,
  AlterColumnOp,
  type ColumnChanges,
  CreateIndexOp,
  CreateTableOp,
  DropColumnOp,
  DropConstraintOp,
  DropIndexOp,
  DropTableOp,
  flattened,
  groupByTable,
  labelOf,
  type MigrateOp,
  MigrationScript,
  ScriptOps,
  TableCommentOp,
} from "../ops/index.js";
import type { MigrationContext } from "../runtime/index.js";
import type { CompareOptions } from "./options.js";
import { produceMigrations } from "./produce.js";

type Place = readonly [schema: string | null, table: string];
/** The first word says what follows; `["operation", label, op]` is everything else. */
export type Diff =
  | readonly ["add_table" | "remove_table", Table | string]
  | readonly ["add_column" | "remove_column", ...Place, column: string]
  | readonly [
      "modify_nullable" | "modify_type" | "modify_default" | "modify_comment" | "modify_identity" | "modify_name",
      ...Place,
      column: string,
      before: unknown,
      after: unknown,
    ]
  | readonly ["add_index" | "remove_index", Index | string]
  | readonly ["add_constraint" | "remove_constraint" | "add_fk" | "remove_fk", Constraint | string]
  | readonly ["add_table_comment" | "remove_table_comment", ...Place, before: string | null, after: string | null]
  | readonly ["operation", label: string, op: MigrateOp];

const MODIFIED = {
  nullable: "modify_nullable",
  type: "modify_type",
  serverDefault: "modify_default",
  comment: "modify_comment",
  identity: "modify_identity",
} as const;

/** @example asDiffs(ops) // [["add_column", null, "todo", "completed"]] */
export function asDiffs(ops: readonly MigrateOp[]): Diff[] {
  return flattened(ops).flatMap((op): Diff[] => {
    if (op instanceof CreateTableOp) return [["add_table", op.table]];
    if (op instanceof DropTableOp) return [["remove_table", op.original ?? op.tableName]];
    if (op instanceof AddColumnOp) return [["add_column", op.schema ?? null, op.tableName, op.columnName]];
    if (op instanceof DropColumnOp) return [["remove_column", op.schema ?? null, op.tableName, op.columnName]];
    if (op instanceof CreateIndexOp) return [["add_index", op.index]];
    if (op instanceof DropIndexOp) return [["remove_index", op.original ?? op.name]];
    if (op instanceof AddConstraintOp)
      return [[op.constraint.kind === "foreignKey" ? "add_fk" : "add_constraint", op.constraint]];
    if (op instanceof DropConstraintOp) {
      const word = op.constraintKind === "foreignKey" ? "remove_fk" : "remove_constraint";
      return [[word, op.original ?? op.name ?? labelOf(op)]];
    }
    if (op instanceof TableCommentOp) {
      const word = op.comment === null ? "remove_table_comment" : "add_table_comment";
      return [[word, op.schema ?? null, op.tableName, op.existing ?? null, op.comment]];
    }
    if (op instanceof AlterColumnOp) return modified(op);
    return [["operation", labelOf(op), op]];
  });
}
function modified(op: AlterColumnOp): Diff[] {
  const { changes, existing } = op;
  const at = [op.schema ?? null, op.tableName, op.columnName] as const;
  const made = (Object.keys(MODIFIED) as (keyof typeof MODIFIED & keyof ColumnChanges)[]).flatMap((key): Diff[] =>
    changes[key] === undefined ? [] : [[MODIFIED[key], ...at, existing[key], changes[key]]],
  );
  return changes.newName === undefined ? made : [["modify_name", ...at, op.columnName, changes.newName], ...made];
}

/**
 * The differences between a database and models, as tuples; empty when there is none.
 *
 * @example expect(await compareMetadata(context, [metadata])).toEqual([]);
 * @throws CommandError when two metadata declare one table
 */
export async function compareMetadata(
  context: MigrationContext,
  metadata: readonly MetaData[],
  options: CompareOptions = {},
): Promise<Diff[]> {
  return asDiffs(await produceMigrations(context, metadata, options));
}
/** The same as a script: upgrade and downgrade, in groups by table. */
export async function produceScript(
  context: MigrationContext,
  metadata: readonly MetaData[],
  options: CompareOptions = {},
): Promise<MigrationScript> {
  return new MigrationScript(new ScriptOps(groupByTable(await produceMigrations(context, metadata, options))));
}
