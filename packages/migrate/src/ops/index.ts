/** Operations as reversible data. */
export { AddColumnOp, AlterColumnOp, type ColumnChanges, DropColumnOp } from "./columns.js";
export { AddConstraintOp, CreateIndexOp, DropConstraintOp, DropIndexOp } from "./constraints.js";
export { AddEnumValueOp, AlterEnumOp, CreateEnumOp, DropEnumOp, type EnumColumn, ExecuteOp, NoteOp } from "./data.js";
export { labelOf } from "./label.js";
export { CreateObjectOp, CreateSequenceOp, DropObjectOp, DropSequenceOp, ReplaceObjectOp } from "./objects.js";
export { MigrateOp, reversed } from "./op.js";
export { CreateTableOp, DropTableOp, RenameTableOp, TableCommentOp } from "./tables.js";
export { flattened, groupByTable, MigrationScript, ModifyTableOps, ScriptOps } from "./tree.js";
