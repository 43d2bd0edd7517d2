/** All built-in filters by name. Source: Jinja, "List of Builtin Filters". */
import type { AnyFilter } from "./context.js";
import { htmlFilters } from "./filters/html.js";
import { sequenceFilters } from "./filters/sequence.js";
import { textFilters } from "./filters/text.js";

const all: Record<string, AnyFilter> = { ...textFilters, ...sequenceFilters, ...htmlFilters };

/** The 54 filters; short names share the function of the long one. */
export const builtinFilters: Readonly<Record<string, AnyFilter>> = {
  ...all,
  count: all.length as AnyFilter,
  d: all.default as AnyFilter,
  e: all.escape as AnyFilter,
};
