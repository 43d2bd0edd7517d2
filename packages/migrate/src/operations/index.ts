/** The operations object migrations are written with. */
export type {
  AlterColumnOptions,
  ConstraintType,
  CreateIndexOptions,
  DropIndexOptions,
  IndexColumn,
  NamedColumn,
  OrderedColumn,
} from "./arguments.js";
export {
  BatchOperations,
  type BatchOptions,
  type CreateTableOptions,
  Operations,
  registerOperation,
} from "./operations.js";
