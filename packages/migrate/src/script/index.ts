/** Revision files and the directory that holds them. */
export { type GenerateRequest, mergeMessage, ScriptDirectory, type ScriptDirectoryOptions } from "./directory.js";
export {
  type DatabaseSettings,
  type EnvironmentFile,
  type EnvironmentInput,
  type EnvironmentSettings,
  environmentFileText,
  readmeText,
  type TenantConfig,
  type Tenants,
} from "./environment-file.js";
export {
  loadModule,
  loadRevisionModule,
  type ModuleLoader,
  type RevisionFunctions,
  type RevisionModule,
  readRevisionFile,
  readRevisionText,
} from "./file.js";
export { type DatabaseScope, type RunnableRevision, runnable } from "./functions.js";
export { type MadeHere, madeInGeneratedParts } from "./generated.js";
export { assertHooks, type PostWriteFunction, type PostWriteHook, registerPostWriteHook, runHooks } from "./hooks.js";
export { type InitOptions, type InitResult, initDirectory } from "./init.js";
export { indented, wrapped } from "./layout.js";
export { findRevisionFiles } from "./locations.js";
export {
  dateText,
  defaultFileTemplate,
  type FileNameParts,
  fileNameOf,
  newRevisionId,
  slugOf,
  type WallClock,
  wallClock,
} from "./names.js";
export { type HeaderConstants, type HeaderValue, leadingComment, scanHeader } from "./scanner.js";
export { type Print, status } from "./status.js";
export {
  type DatabaseBodies,
  defaultRevisionTemplate,
  generatedBegin,
  generatedEnd,
  type ImportNeed,
  type RevisionTemplate,
  type RevisionTemplateContext,
} from "./template.js";
export { words } from "./words.js";
export { writeNewFile } from "./write.js";
