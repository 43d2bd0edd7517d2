/** The operations object migrations are written with. */
export type {
  AlterColumnOptions,
  ConstraintType,
  CreateIndexOptions,
  DropIndexOptions,
  ExcludeConstraintOptions,
  ExcludedPart,
  IndexColumn,
  NamedColumn,
  OrderedColumn,
} from "./arguments.js";
export { BatchOperations, type ColumnPlaceOptions } from "./batch.js";
export type { FindObject, ReplaceOptions } from "./objects.js";
export { type BatchOptions, type CreateTableOptions, Operations } from "./operations.js";
export { type OwnDirective, registerOperation } from "./register.js";
