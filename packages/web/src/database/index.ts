/** The database side of an app: `Database`, the request's session, pages, migrations. */
export {
  type BindChoice,
  DATABASE_EXTENSION,
  Database,
  type DatabaseOptions,
  type Or404Options,
  type SessionClass,
} from "./database.js";
export { type DatabaseSetupCode, DatabaseSetupError, NoSessionError, SessionClosedError } from "./errors.js";
export type { DatabaseVariables, HonoOptions } from "./hosts.js";
export { type ConfigureMigrate, MIGRATE_EXTENSION, Migrate, type MigrateOptions, migrateConfigOf } from "./migrate.js";
export type { BindOption, DatabaseModel, ModelBaseClass } from "./models.js";
export type { DatabaseEventName, DatabaseEvents, ModelChange, ModelsEvent } from "./modifications.js";
export { type PageWindow, pageNumbers } from "./page-numbers.js";
export { type PageSource, type PaginateOptions, Pagination } from "./pagination.js";
export type { RecordedQuery } from "./recording.js";
export type { ScopedSession } from "./session-scope.js";
export type { BindOptions, Binds } from "./settings.js";
