/**
 * Derives the links of all revisions at once: parents and dependencies as nodes, children, levels, dependencies that
 * are already implied, and how labels spread. Nothing is written to the nodes here, so a bad graph leaves no trace.
 */
import { RevisionError } from "../errors.js";
import { exactMatch, matchOne, type NameIndex } from "./prefix.js";
import type { Revision, RevisionLinks } from "./revision.js";
import { assertNoCycle, assertParentsExist, indexById, indexByLabel, indexOfReplaced } from "./validate.js";

export interface DerivedGraph extends NameIndex {
  readonly links: ReadonlyMap<Revision, RevisionLinks>;
  readonly aliases: ReadonlyMap<string, Revision>;
  /** Every replaced id, with the revision that stands for it. */
  readonly replaced: ReadonlyMap<string, Revision>;
}

interface Draft {
  position: number;
  level: number;
  parents: Revision[];
  dependencies: Revision[];
  effectiveParents: Revision[];
  children: Revision[];
  allChildren: Revision[];
  labels: string[];
}

/** @throws RevisionError, CycleError, ResolutionError when the declarations do not fit together */
export function deriveGraph(declared: Iterable<Revision>): DerivedGraph {
  const byId = indexById(declared);
  const byLabel = indexByLabel(byId);
  const { aliases, replaced } = indexOfReplaced(byId);
  assertParentsExist(byId, aliases);
  const index: NameIndex = { byId, byLabel, aliases };
  const revisions = [...byId.values()];

  const drafts = new Map<Revision, Draft>();
  revisions.forEach((revision, position) => {
    drafts.set(revision, {
      position,
      level: 0,
      parents: revision.downRevisions.map((id) => (byId.get(id) ?? aliases.get(id))!),
      dependencies: [...new Set(revision.dependsOn.map((text) => dependency(index, revision, text)))],
      effectiveParents: [],
      children: [],
      allChildren: [],
      labels: [],
    });
  });
  const draftOf = (revision: Revision): Draft => drafts.get(revision)!;
  assertNoCycle(
    revisions,
    (r) => draftOf(r).parents,
    (r) => draftOf(r).dependencies,
  );

  for (const revision of revisions) {
    const { parents, dependencies } = draftOf(revision);
    for (const parent of parents) draftOf(parent).children.push(revision);
    for (const below of new Set([...parents, ...dependencies])) draftOf(below).allChildren.push(revision);
  }
  setLevels(revisions, draftOf);
  for (const revision of revisions) draftOf(revision).effectiveParents = effectiveParents(revision, draftOf);
  spreadLabels(revisions, draftOf);
  return { byId, byLabel, aliases, replaced, links: drafts };
}

function dependency(index: NameIndex, revision: Revision, text: string): Revision {
  try {
    return exactMatch(index, text) ?? matchOne(index, text);
  } catch (cause) {
    const where = revision.path === undefined ? "" : ` (${revision.path})`;
    throw new RevisionError(
      "migrate.missing-dependency",
      `Revision '${revision.revision}'${where} depends on '${text}', which names no single revision`,
      { cause, hint: cause instanceof Error ? cause.message : undefined },
    );
  }
}

type DraftOf = (revision: Revision) => Draft;

function setLevels(revisions: readonly Revision[], draftOf: DraftOf): void {
  const open = new Map(revisions.map((r) => [r, new Set([...draftOf(r).parents, ...draftOf(r).dependencies]).size]));
  const ready = revisions.filter((r) => open.get(r) === 0);
  for (let revision = ready.pop(); revision !== undefined; revision = ready.pop()) {
    const draft = draftOf(revision);
    for (const child of draft.allChildren) {
      const childDraft = draftOf(child);
      childDraft.level = Math.max(childDraft.level, draft.level + 1);
      const left = open.get(child)! - 1;
      open.set(child, left);
      if (left === 0) ready.push(child);
    }
  }
}

/** Leaves out each dependency that a parent or another dependency already brings along. */
function effectiveParents(revision: Revision, draftOf: DraftOf): Revision[] {
  const { parents, dependencies } = draftOf(revision);
  const extra = new Set(dependencies.filter((d) => !parents.includes(d)));
  if (extra.size === 0) return parents;

  let lowest = Number.POSITIVE_INFINITY;
  for (const one of extra) lowest = Math.min(lowest, draftOf(one).level);
  const seen = new Set<Revision>([...parents, ...extra]);
  const todo = [...seen];
  for (let at = todo.pop(); at !== undefined && extra.size > 0; at = todo.pop()) {
    const draft = draftOf(at);
    // What lies as low as the lowest candidate cannot lead to any candidate.
    if (draft.level <= lowest) continue;
    for (const below of [...draft.parents, ...draft.dependencies]) {
      extra.delete(below);
      if (!seen.has(below)) {
        seen.add(below);
        todo.push(below);
      }
    }
  }
  return [...parents, ...dependencies.filter((d) => extra.has(d))];
}

/** A label covers all that follows, and what leads to it as far as the line has neither fork nor merge. */
function spreadLabels(revisions: readonly Revision[], draftOf: DraftOf): void {
  for (const revision of revisions) {
    if (revision.ownLabels.length === 0) continue;
    const covered = new Set<Revision>([revision]);
    const todo = [revision];
    for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
      for (const child of draftOf(at).children) {
        if (!covered.has(child)) {
          covered.add(child);
          todo.push(child);
        }
      }
    }
    let at: Revision | undefined = revision;
    while (at !== undefined && draftOf(at).allChildren.length <= 1 && draftOf(at).parents.length <= 1) {
      covered.add(at);
      at = draftOf(at).parents[0];
    }
    for (const one of covered) draftOf(one).labels.push(...revision.ownLabels);
  }
  for (const revision of revisions) draftOf(revision).labels.sort();
}
