/**
 * The order in which revisions are undone (its reverse: applied). One branch is followed down as long as nothing still
 * to come stands on the next revision; then the first branch that does is taken up. Load order of the files decides
 * where the graph leaves a choice, so the same files always give the same order.
 */
import type { Revision } from "./revision.js";

/**
 * Newest first: every revision comes after all in the set that stand on it.
 * @example newestFirst(descendantsOf([root]))
 */
export function newestFirst(wanted: ReadonlySet<Revision>): Revision[] {
  const members = between(wanted);
  // How many of those standing on a revision have not been given out yet.
  const pending = new Map<Revision, number>();
  for (const revision of members) {
    pending.set(
      revision,
      revision.links.allChildren.reduce((count, child) => count + (effectiveIn(child, revision, members) ? 1 : 0), 0),
    );
  }
  const heads = [...members].filter((r) => pending.get(r) === 0).sort((a, b) => a.links.position - b.links.position);
  const isPending = new Set(heads);
  const done = new Set<Revision>();
  const settled = new Map<Revision, number>();
  const order: Revision[] = [];
  let index = 0;

  while (heads.length > 0) {
    const candidate = heads[index]!;
    if (pending.get(candidate)! > 0) {
      index = firstAbove(candidate, heads, isPending, done, members, settled);
      continue;
    }
    done.add(candidate);
    isPending.delete(candidate);
    if (wanted.has(candidate)) order.push(candidate);
    const next: Revision[] = [];
    for (const below of candidate.links.effectiveParents) {
      if (!members.has(below)) continue;
      pending.set(below, pending.get(below)! - 1);
      if (!isPending.has(below) && !next.includes(below)) next.push(below);
    }
    if (next.length === 0) {
      heads.splice(index, 1);
      index = Math.max(index - 1, 0);
    } else {
      heads[index] = next[0]!;
      for (const one of next.slice(1)) heads.push(one);
      for (const one of next) isPending.add(one);
    }
  }
  return order;
}

function effectiveIn(child: Revision, revision: Revision, members: ReadonlySet<Revision>): boolean {
  return members.has(child) && child.links.effectiveParents.includes(revision);
}

/** The wanted revisions and whatever lies on a way from one of them to another. */
function between(wanted: ReadonlySet<Revision>): ReadonlySet<Revision> {
  const members = new Set(wanted);
  let lowest = Number.POSITIVE_INFINITY;
  for (const revision of wanted) lowest = Math.min(lowest, revision.links.level);
  // Outside revisions right below wanted ones, followed down while a wanted one may still come.
  const gaps = new Set<Revision>();
  for (const revision of wanted) {
    for (const below of revision.links.effectiveParents) if (!wanted.has(below)) gaps.add(below);
  }
  const todo = [...gaps];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    if (at.links.level <= lowest) continue;
    for (const below of at.links.effectiveParents) {
      if (!wanted.has(below) && !gaps.has(below)) {
        gaps.add(below);
        todo.push(below);
      }
    }
  }
  // Of these, keep those that lead to a wanted one: ascending by level, a node knows its parents' answer.
  for (const gap of [...gaps].sort((a, b) => a.links.level - b.links.level)) {
    if (gap.links.effectiveParents.some((below) => members.has(below))) members.add(gap);
  }
  return members;
}

/** The first pending head that stands on the candidate. */
function firstAbove(
  candidate: Revision,
  heads: readonly Revision[],
  isPending: ReadonlySet<Revision>,
  done: ReadonlySet<Revision>,
  members: ReadonlySet<Revision>,
  settled: Map<Revision, number>,
): number {
  // Meeting the very first head settles it; that spares a wide fork from looking at all its branches each time.
  const earliest = heads[0] === candidate ? heads[1] : heads[0];
  const above = new Set<Revision>();
  const found = new Set<Revision>();
  const todo = [candidate];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    const children = at.links.allChildren;
    // What is done stays done: the children before this place need not be looked at again.
    let from = settled.get(at) ?? 0;
    for (let child = children[from]; child !== undefined; child = children[++from])
      if (!done.has(child) && members.has(child)) break;
    settled.set(at, from);
    for (let i = from; i < children.length; i++) {
      const child = children[i] as Revision;
      if (above.has(child) || done.has(child) || !members.has(child)) continue;
      above.add(child);
      todo.push(child);
      if (child === earliest) return heads.indexOf(child);
      if (isPending.has(child)) found.add(child);
    }
  }
  return heads.findIndex((head) => found.has(head));
}
