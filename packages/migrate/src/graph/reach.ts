/**
 * Everything above or below a set of revisions. Iterative, so that the depth of a history does not matter.
 */
import type { Revision } from "./revision.js";

export interface ReachOptions {
  /** Follow `dependsOn` as well as `downRevision` (default true). */
  readonly dependencies?: boolean;
}

function reach(from: Iterable<Revision>, next: (revision: Revision) => readonly Revision[]): Set<Revision> {
  const seen = new Set(from);
  const todo = [...seen];
  for (let revision = todo.pop(); revision !== undefined; revision = todo.pop()) {
    for (const other of next(revision)) {
      if (!seen.has(other)) {
        seen.add(other);
        todo.push(other);
      }
    }
  }
  return seen;
}

/** The revisions themselves and all that must be applied before them. */
export function ancestorsOf(revisions: Iterable<Revision>, options: ReachOptions = {}): Set<Revision> {
  return options.dependencies === false
    ? reach(revisions, (r) => r.links.parents)
    : reach(revisions, (r) => r.links.effectiveParents);
}

/** The revisions themselves and all that stand on them. */
export function descendantsOf(revisions: Iterable<Revision>, options: ReachOptions = {}): Set<Revision> {
  return options.dependencies === false
    ? reach(revisions, (r) => r.links.children)
    : reach(revisions, (r) => r.links.allChildren);
}

/** Ancestors and descendants together: the revisions that share a line of descent with one of the given. */
export function lineageOf(revisions: Iterable<Revision>, options: ReachOptions = {}): Set<Revision> {
  const start = [...revisions];
  const lineage = ancestorsOf(start, options);
  for (const revision of descendantsOf(start, options)) lineage.add(revision);
  return lineage;
}

/** Those of the set that no other member stands on, by load order: the tips. */
export function tipsOf(set: ReadonlySet<Revision>, options: ReachOptions = {}): Revision[] {
  const tips = [...set].filter((revision) => {
    const above = options.dependencies === false ? revision.links.children : revision.links.allChildren;
    return !above.some((child) => set.has(child));
  });
  return tips.sort((a, b) => a.links.position - b.links.position);
}
