/** Differences between models and database, as operations and as source. */
export {
  type Comparator,
  type ComparatorLevel,
  type Compared,
  registerComparator,
  unregisterComparator,
} from "./comparators.js";

export { describeDifferences } from "./differences.js";
export { asDiffs, compareMetadata, type Diff, produceScript } from "./diffs.js";
export type { ComparedObject, CompareOptions, ObjectKind } from "./options.js";
export { produceMigrations } from "./produce.js";
export { type RenderedOps, type RenderOptions, registerRenderer, renderOps } from "./render.js";
export { type RenderItem, SourceWriter } from "./render-types.js";
export { Rewriter } from "./rewriter.js";
