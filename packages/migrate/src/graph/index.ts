/** The revision graph: pure data and rules, no file and no database. */

export { graphLines, graphMermaid, graphSvg } from "./draw.js";
export { type FormatOptions, formatRevision, formatRevisionBlock, type RevisionData, revisionData } from "./format.js";
export { deriveGraph } from "./links.js";
export { RevisionMap } from "./map.js";
export { newestFirst } from "./order.js";
export { ancestorsOf, descendantsOf, lineageOf, type ReachOptions, tipsOf } from "./reach.js";
export {
  type DowngradeTarget,
  downgradeTarget,
  type Position,
  parseRelative,
  type RelativeIdentifier,
  upgradeTargets,
  walk,
} from "./relative.js";
export {
  filterForLineage,
  ids,
  type ResolveOptions,
  type RevisionSpec,
  resolveAll,
  resolveBranch,
  resolveOne,
  resolveRows,
} from "./resolve.js";
export {
  assertBranchLabel,
  assertRevisionId,
  Revision,
  type RevisionDeclaration,
  type RevisionLinks,
} from "./revision.js";
export {
  describeStep,
  downgradeSteps,
  type MigrationStep,
  type RowChanges,
  stampSteps,
  upgradeSteps,
  VersionRows,
} from "./steps.js";
export {
  currentTips,
  type DowngradeOptions,
  historyRange,
  type RangeOptions,
  selectDowngrade,
  selectRange,
  selectUpgrade,
  splitRange,
} from "./traverse.js";
