/**
 * Execution options that are the connection's business: limits, schemas, log lines. A session puts those of its own in
 * force on every connection it works with, those of a statement while that statement and its eager loads run.
 */
import type { ExecutionOptions } from "@athanor/core";

const NAMES = ["signal", "timeout", "schemaTranslateMap", "loggingToken", "insertmanyvaluesPageSize"];

/** Those among the options; undefined when there are none. */
export function connectionOptionsIn(options: ExecutionOptions | undefined): ExecutionOptions | undefined {
  if (options === undefined) return undefined;
  let found: { [name: string]: unknown } | undefined;
  for (const name of NAMES) {
    if (options[name] === undefined) continue;
    found ??= {};
    found[name] = options[name];
  }
  return found;
}
