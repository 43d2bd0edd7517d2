/** Differences between models and database, as operations and as source. */
export { describeDifferences } from "./differences.js";
export type { ComparedObject, CompareOptions, ObjectKind } from "./options.js";
export { produceMigrations } from "./produce.js";
export { type RenderedOps, type RenderOptions, registerRenderer, renderOps } from "./render.js";
export { SourceWriter } from "./render-types.js";
export { Rewriter } from "./rewriter.js";
