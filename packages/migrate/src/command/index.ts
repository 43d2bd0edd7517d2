/** Every command as a function: `command.upgrade(config, "head")`. */
export { check, current, downgrade, ensureVersion, type RunOptions, stamp, upgrade } from "./database.js";
export { findEditor } from "./editor.js";
export { namedEnvironment } from "./environments.js";
export { erd } from "./erd.js";
export { type LintCommandOptions, lint } from "./lint.js";
export {
  branches,
  edit,
  type HistoryOptions,
  heads,
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
export { type SquashOptions, squash } from "./squash.js";
