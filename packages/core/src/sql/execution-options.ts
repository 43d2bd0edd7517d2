/**
 * Options of execution are an open set: programs add their own, for their listeners to read. So a strange name is no error,
 * but one that is nearly a known one is: it is a slip that would change nothing, in silence.
 */
import { nearest } from "../errors/did-you-mean.js";
import { ArgumentError } from "../errors/errors.js";

const known = new Set<string>([
  "yieldPer",
  "maxRowBuffer",
  "schemaTranslateMap",
  "insertmanyvaluesPageSize",
  "timeout",
  "signal",
  "loggingToken",
]);
/** For packages that read options of their own. */
export function declareExecutionOptions(...names: readonly string[]): void {
  for (const name of names) known.add(name);
}
/** Names of the program's own; checked once, for statements are built in loops. */
const strange = new Set<string>();

const COUNTS = ["yieldPer", "maxRowBuffer"] as const;
/** @throws ArgumentError for anything but a whole number of rows from 1 */
export function requireCount(given: unknown, what: string): void {
  if (typeof given !== "number" || !Number.isSafeInteger(given) || given < 1)
    throw new ArgumentError(`${what}: a whole number of rows from 1 is needed, not ${String(given)}.`, "option.count");
}

/** The options themselves. @throws ArgumentError for a name that is nearly one of the known ones */
export function checkedExecutionOptions<O extends { readonly [name: string]: unknown }>(
  options: O,
  where = "executionOptions()",
): O {
  for (const name of COUNTS) {
    if (options[name] !== undefined) requireCount(options[name], `${where}: ${name}`);
  }
  for (const name in options) {
    if (known.has(name) || strange.has(name)) continue;
    const meant = /[.:]/.test(name) ? undefined : nearest(name, known);
    if (meant !== undefined)
      throw new ArgumentError(
        `${where}: there is no execution option '${name}'. Did you mean '${meant}'? An option of your own with such a name takes a prefix: 'my.${name}'.`,
        "option.unknown",
      );
    if (strange.size < 1000) strange.add(name);
  }
  return options;
}
