/** Looking through migrations before they run. */
export { type LintFinding, type LintOptions, lintRevision, lintRules } from "./lint.js";
export { type RecordedOp, type Recording, recordOps } from "./record.js";
export type { LintLevel, LintPlace, LintRule } from "./rule.js";
