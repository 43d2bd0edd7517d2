/** Running migrations. */
export { ChecksumTable } from "./checksums.js";
export {
  type LoadRevision,
  MigrationContext,
  type MigrationContextOptions,
  type RunSettings,
  type StepPlan,
  type VersionApplyEvent,
} from "./context.js";
export { type Duration, milliseconds } from "./duration.js";
export { describeHalfDone, type HalfDone, StepJournal } from "./journal.js";
export { type LogWriter, MigrationLog } from "./log.js";
export type { PendingTransaction } from "./transaction.js";
export { DEFAULT_VERSION_TABLE, VERSION_ID_LENGTH, VersionTable, type VersionTableOptions } from "./version-table.js";
