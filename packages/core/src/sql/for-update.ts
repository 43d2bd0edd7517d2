/** FOR UPDATE and FOR SHARE: which rows of a SELECT are locked, and what happens when others hold them. */
import { requireKnownOptions } from "../errors/known-options.js";
import { type FromClause, requireFrom } from "./from.js";

export interface ForUpdate {
  readonly read: boolean;
  readonly keyShare: boolean;
  readonly nowait: boolean;
  readonly skipLocked: boolean;
  readonly of: readonly FromClause[];
}
export interface ForUpdateOptions {
  readonly read?: boolean;
  readonly keyShare?: boolean;
  readonly nowait?: boolean;
  readonly skipLocked?: boolean;
  readonly of?: unknown;
}
const OPTIONS = [
  "read",
  "keyShare",
  "nowait",
  "skipLocked",
  "of",
] as const satisfies readonly (keyof ForUpdateOptions)[];

/** @throws ArgumentError for an unknown option, or for something in `of` that is no table */
export function forUpdateOf(options: ForUpdateOptions): ForUpdate {
  requireKnownOptions(options, OPTIONS, "withForUpdate()", "select.option");
  const { read = false, keyShare = false, nowait = false, skipLocked = false, of = [] } = options;
  const tables = (Array.isArray(of) ? of : [of]).map((f) => requireFrom(f, "withForUpdate()"));
  return { read, keyShare, nowait, skipLocked, of: tables };
}
