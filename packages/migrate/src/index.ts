/** `@athanor/migrate`: operations, revision graph, autogenerate, upgrade and downgrade. */
export * from "./autogenerate/index.js";
export { buildDbCommand, type CommandLike, type DbCommandOptions, runCommand } from "./cli/index.js";
export { CommandEnvironment, type MigrateConfig, type MigrationSettings } from "./command/config.js";
export type { DatabaseConfig, Only } from "./command/databases.js";
export type { ListOptions, RevisionOptions, RunOptions } from "./command/index.js";
export * as command from "./command/index.js";
export { MigrationTarget } from "./command/target.js";
export * from "./erd/index.js";
export * from "./errors.js";
export * from "./graph/index.js";
export {
  DialectImpl,
  type LockRequest,
  type OperationHost,
  registerImpl,
  type SessionRules,
  type Timeouts,
} from "./impl/index.js";
export * from "./lint/index.js";
export { Migrate } from "./migrate.js";
export * from "./operations/index.js";
export * from "./ops/index.js";
export * from "./pull/index.js";
export * from "./runtime/index.js";
export * from "./script/index.js";
