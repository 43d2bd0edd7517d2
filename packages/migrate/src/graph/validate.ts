/**
 * Refuses revisions that do not form a graph without loops. Each error names the culprit and nothing else; every check
 * is iterative.
 */
import { CycleError, type CycleKind, RevisionError } from "../errors.js";
import type { Revision } from "./revision.js";

/** "'id'" or "'id' (path)". */
function named(revision: Revision): string {
  return revision.path === undefined ? `'${revision.revision}'` : `'${revision.revision}' (${revision.path})`;
}

/** Index by id. @throws RevisionError `migrate.duplicate-id` naming both files */
export function indexById(revisions: Iterable<Revision>): Map<string, Revision> {
  const byId = new Map<string, Revision>();
  for (const revision of revisions) {
    const other = byId.get(revision.revision);
    if (other !== undefined) {
      const where = [other.path, revision.path].filter((path) => path !== undefined).join(" and ");
      throw new RevisionError(
        "migrate.duplicate-id",
        `Revision ${revision.revision} is present more than once${where === "" ? "" : `: in ${where}`}`,
        { hint: "Give one of the two files another id, and let its children point to the new id." },
      );
    }
    byId.set(revision.revision, revision);
  }
  return byId;
}

/** Index by label. @throws RevisionError `migrate.duplicate-label` */
export function indexByLabel(byId: ReadonlyMap<string, Revision>): Map<string, Revision> {
  const byLabel = new Map<string, Revision>();
  for (const revision of byId.values()) {
    for (const label of revision.ownLabels) {
      const other = byLabel.get(label) ?? byId.get(label);
      if (other !== undefined) {
        throw new RevisionError(
          "migrate.duplicate-label",
          `Branch name '${label}' in revision ${revision.revision} already used by revision ${other.revision}`,
          { hint: `Rename the label in ${revision.path ?? revision.revision}.` },
        );
      }
      byLabel.set(label, revision);
    }
  }
  return byLabel;
}

/**
 * Index of what squashed revisions stand for: the last replaced id is the squashed revision itself, under its old name.
 * @throws RevisionError `migrate.replaced-present`, `migrate.replaced-twice`
 */
export function indexOfReplaced(byId: ReadonlyMap<string, Revision>): {
  readonly aliases: Map<string, Revision>;
  readonly replaced: Map<string, Revision>;
} {
  const aliases = new Map<string, Revision>();
  const replaced = new Map<string, Revision>();
  for (const revision of byId.values()) {
    for (const id of revision.replaces) {
      const present = byId.get(id);
      if (present !== undefined) {
        throw new RevisionError(
          "migrate.replaced-present",
          `${named(present)} is replaced by ${named(revision)}, but its file is still there`,
          {
            hint: "Delete the old file, or take its id out of replaces.",
          },
        );
      }
      const other = replaced.get(id);
      if (other !== undefined) {
        throw new RevisionError(
          "migrate.replaced-twice",
          `Revision '${id}' is replaced by ${named(other)} and by ${named(revision)}`,
          {
            hint: "Take it out of one of the two replaces lists.",
          },
        );
      }
      replaced.set(id, revision);
    }
    const last = revision.replaces.at(-1);
    if (last !== undefined) aliases.set(last, revision);
  }
  return { aliases, replaced };
}

/** @throws RevisionError `migrate.missing-parent` naming the file that points nowhere */
export function assertParentsExist(
  byId: ReadonlyMap<string, Revision>,
  aliases: ReadonlyMap<string, Revision> = new Map(),
): void {
  for (const revision of byId.values()) {
    for (const parent of revision.downRevisions) {
      if (!byId.has(parent) && !aliases.has(parent)) {
        throw new RevisionError(
          "migrate.missing-parent",
          `Revision '${parent}' referenced from ${named(revision)} is not present`,
          { hint: "Restore the missing file, or correct downRevision in the file that names it." },
        );
      }
    }
  }
}

type Below = (revision: Revision) => readonly Revision[];

/** @throws CycleError with exactly the revisions of one loop */
export function assertNoCycle(revisions: readonly Revision[], parents: Below, dependencies: Below): void {
  for (const revision of revisions) {
    if (parents(revision).includes(revision)) throw cycle("Self-loop", [revision]);
  }
  for (const revision of revisions) {
    if (dependencies(revision).includes(revision)) throw cycle("Dependency self-loop", [revision]);
  }
  const plain = findLoop(revisions, parents);
  if (plain !== undefined) throw cycle("Cycle", plain);
  const mixed = findLoop(revisions, (r) => [...parents(r), ...dependencies(r)]);
  if (mixed !== undefined) throw cycle("Dependency cycle", mixed);
}

function cycle(kind: CycleKind, loop: readonly Revision[]): CycleError {
  return new CycleError(
    kind,
    loop.map((r) => r.revision),
    loop.flatMap((r) => (r.path === undefined ? [] : [r.path])),
  );
}

/**
 * Takes away whatever can be reached in order from the bottom. A node that stays always has a parent that stays, so
 * walking down from any of them must come back to a node already passed: from there on it is the loop.
 */
function findLoop(revisions: readonly Revision[], below: Below): Revision[] | undefined {
  const open = new Map<Revision, number>();
  const above = new Map<Revision, Revision[]>();
  const ready: Revision[] = [];
  for (const revision of revisions) {
    const parents = new Set(below(revision));
    open.set(revision, parents.size);
    if (parents.size === 0) ready.push(revision);
    for (const parent of parents) {
      const children = above.get(parent);
      if (children === undefined) above.set(parent, [revision]);
      else children.push(revision);
    }
  }
  for (let revision = ready.pop(); revision !== undefined; revision = ready.pop()) {
    open.delete(revision);
    for (const child of above.get(revision) ?? []) {
      const left = open.get(child)! - 1;
      open.set(child, left);
      if (left === 0) ready.push(child);
    }
  }
  const first = revisions.find((r) => open.has(r));
  if (first === undefined) return undefined;

  const passed = new Map<Revision, number>();
  const way: Revision[] = [];
  let at = first;
  while (!passed.has(at)) {
    passed.set(at, way.length);
    way.push(at);
    at = below(at).find((parent) => open.has(parent))!;
  }
  // The way leads down; told upwards, beginning with the file that was loaded first.
  const loop = way.slice(passed.get(at)).reverse();
  const order = new Map(revisions.map((r, i) => [r, i]));
  const start = loop.reduce((best, r, i) => (order.get(r)! < order.get(loop[best]!)! ? i : best), 0);
  return [...loop.slice(start), ...loop.slice(0, start)];
}
