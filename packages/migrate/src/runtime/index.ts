/** Running migrations. */
export {
  type LoadRevision,
  MigrationContext,
  type MigrationContextOptions,
  type StepPlan,
  type VersionApplyEvent,
} from "./context.js";
export { type LogWriter, MigrationLog } from "./log.js";
export { DEFAULT_VERSION_TABLE, VERSION_ID_LENGTH, VersionTable, type VersionTableOptions } from "./version-table.js";
