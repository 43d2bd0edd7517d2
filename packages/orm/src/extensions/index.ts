/** What stands on mapping, session and queries: helpers for models, recipes made first-class, tools for tests. */
export * from "./association.js";
export * from "./association-map.js";
export * from "./association-set.js";
export { Composite, type CompositeColumns, type CompositePart, type CompositeParts, composite } from "./composite.js";
export { Indexed, type IndexedSettings, indexed } from "./indexed.js";
export { withLoaderCriteria } from "./loader-criteria.js";
export { type OrderingOptions, orderingList, reorder } from "./ordering-list.js";
export { type SoftDeleteOptions, type SoftDeletes, softDelete } from "./soft-delete.js";
export {
  type QueryReport,
  type ReportOptions,
  reportQueries,
  StatementCounter,
  statementCounter,
} from "./statements.js";
export { Factory, factory, type Makes, type Recipe, type RecipeTable, withRollback } from "./testing.js";
export { trackJson, trackType, unwrap } from "./tracked-json.js";
export { type ValidatesOptions, type ValidationInfo, validates } from "./validates.js";
