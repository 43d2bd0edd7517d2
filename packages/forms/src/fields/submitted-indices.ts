/**
 * Which list entries were submitted: the numbers in names like `tags-0` and `people-3-name`. One pass over the names
 * serves all lists of a form, so that lists inside lists cannot be made to scan a hostile body again and again.
 */
import type { FormInput } from "../types.js";

type Index = ReadonlyMap<string, ReadonlySet<number>>;
const indices = new WeakMap<FormInput, Map<string, Index>>();

/** The entries of a list in ascending order; numbers that are not written plainly are not counted. */
export function submittedIndices(input: FormInput, name: string, separator: string): number[] {
  let bySeparator = indices.get(input);
  if (bySeparator === undefined) indices.set(input, (bySeparator = new Map()));
  let index = bySeparator.get(separator);
  if (index === undefined) bySeparator.set(separator, (index = readIndex(input, separator)));
  return [...(index.get(name) ?? [])].sort((a, b) => a - b);
}

function readIndex(input: FormInput, separator: string): Index {
  const index = new Map<string, Set<number>>();
  // Nine digits stay exact and are far beyond any page; "007" or "1e3" would name a field that does not exist.
  const plainNumber = /(?:0|[1-9]\d{0,8})(?!\w)/y;
  for (const key of input.keys()) {
    for (let at = key.indexOf(separator); at >= 0; at = key.indexOf(separator, at + 1)) {
      plainNumber.lastIndex = at + separator.length;
      const match = plainNumber.exec(key);
      if (match === null) continue;
      const list = key.slice(0, at);
      const known = index.get(list);
      if (known === undefined) index.set(list, new Set([Number(match[0])]));
      else known.add(Number(match[0]));
    }
  }
  return index;
}
