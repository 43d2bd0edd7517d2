/**
 * Partial identifiers: any beginning of a revision id or branch label, as long as only one revision answers to it.
 */
import { didYouMean } from "@athanor/core";
import { ResolutionError } from "../errors.js";
import type { Revision } from "./revision.js";

/** Names shorter than this are only found whole, so that labels like `a` do not swallow every prefix. */
const shortestCandidate = 4;

export interface NameIndex {
  readonly byId: ReadonlyMap<string, Revision>;
  readonly byLabel: ReadonlyMap<string, Revision>;
  /** Last ids of what squashed revisions replace. */
  readonly aliases?: ReadonlyMap<string, Revision> | undefined;
}

/** The revision with exactly this id or label. */
export function exactMatch(index: NameIndex, name: string): Revision | undefined {
  return index.byId.get(name) ?? index.byLabel.get(name) ?? index.aliases?.get(name);
}

/** Every revision whose id or label begins with the text, with the name that did. */
export function prefixMatches(index: NameIndex, prefix: string): Map<Revision, string> {
  const found = new Map<Revision, string>();
  if (prefix === "") return found;
  for (const names of [index.byId, index.byLabel]) {
    for (const [name, revision] of names) {
      if (name.length >= shortestCandidate && name.startsWith(prefix) && !found.has(revision))
        found.set(revision, name);
    }
  }
  return found;
}

/**
 * One revision by id, label or unique prefix; `among` narrows what a prefix may mean.
 * @throws ResolutionError `migrate.revision-not-found`, `migrate.revision-ambiguous`
 */
export function matchOne(
  index: NameIndex,
  text: string,
  options: { readonly among?: ReadonlySet<Revision> } = {},
): Revision {
  const exact = exactMatch(index, text);
  if (exact !== undefined) return exact;
  let found = [...prefixMatches(index, text)];
  if (options.among !== undefined) found = found.filter(([revision]) => options.among!.has(revision));
  if (found.length === 0) throw notFound(index, text);
  if (found.length > 1) {
    const names = found.slice(0, 3).map(([, name]) => `'${name}'`);
    throw new ResolutionError(
      "migrate.revision-ambiguous",
      text,
      `Multiple revisions start with '${text}': ${names.join(", ")}...`,
      { hint: "Type more of the identifier, or narrow it to a branch: label@prefix." },
    );
  }
  return found[0]![0];
}

/** The error for an identifier that nothing answers to. */
export function notFound(index: NameIndex, text: string): ResolutionError {
  const short =
    text.length < shortestCandidate
      ? "; please ensure at least four characters are present for partial revision identifier matches"
      : "";
  return new ResolutionError(
    "migrate.revision-not-found",
    text,
    `Can't locate revision identified by '${text}'${short}`,
    { hint: didYouMean(text, [...index.byId.keys(), ...index.byLabel.keys()]).trim() || undefined },
  );
}
