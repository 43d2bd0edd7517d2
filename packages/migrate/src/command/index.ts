/** Every command as a function: `command.upgrade(config, "head")`. */
export { check, current, downgrade, ensureVersion, type RunOptions, stamp, upgrade } from "./database.js";
export { erd } from "./erd.js";
export { type LintCommandOptions, lint } from "./lint.js";
export { type SquashOptions, squash } from "./squash.js";
export {
  branches,
  edit,
  heads,
  type HistoryOptions,
  history,
  init,
  type ListOptions,
  listTemplates,
  merge,
  migrate,
  type RevisionOptions,
  revision,
  show,
} from "./revisions.js";
