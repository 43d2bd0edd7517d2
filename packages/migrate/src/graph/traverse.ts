/**
 * Which revisions a command is about: the sets to upgrade, to downgrade, to list. None of them is a slice of a path:
 * independent bases and cousin branches stay where they are. Source: Alembic "Working with Branches".
 */
import { RevisionError, RevisionRangeError } from "../errors.js";
import type { RevisionMap } from "./map.js";
import { newestFirst } from "./order.js";
import { ancestorsOf, descendantsOf, lineageOf } from "./reach.js";
import { downgradeTarget, type Position, parseRelative, upgradeTargets, walk } from "./relative.js";
import { filterForLineage, type RevisionSpec, resolveAll, resolveBranch, resolveRows } from "./resolve.js";
import { Revision } from "./revision.js";

/** Refuses targets of which one is already below another. */
function assertNoOverlap(targets: readonly Revision[]): void {
  if (targets.length < 2) return;
  const below = ancestorsOf(targets.flatMap((r) => r.links.effectiveParents));
  const swallowed = targets.filter((r) => below.has(r));
  if (swallowed.length === 0) return;
  const upper = targets.find((r) => r !== swallowed[0] && ancestorsOf([r]).has(swallowed[0]!))!;
  const all = ancestorsOf([upper]);
  const overlapped = targets.filter((r) => r !== upper && all.has(r));
  throw new RevisionError(
    "migrate.overlap",
    `Requested revision ${upper} overlaps with other requested revisions ${overlapped.join(", ")}`,
    { hint: `${upper} already contains ${overlapped.join(", ")}; name only ${upper}.` },
  );
}

/**
 * Revisions to apply, in order, to bring a database with these rows to the target: what the target needs, less what
 * is there. Nothing when it is all there.
 * @throws RevisionError `migrate.overlap`; errors of identifiers
 * @example selectUpgrade(map, ["8938cfaeed68"], "head")
 */
export function selectUpgrade(map: RevisionMap, rows: readonly string[], target: RevisionSpec): Revision[] {
  const targets = upgradeTargets(map, rows, target ?? null);
  assertNoOverlap(targets);
  const applied = ancestorsOf(resolveRows(map, rows));
  const needed = new Set([...ancestorsOf(targets)].filter((r) => !applied.has(r)));
  return newestFirst(needed).reverse();
}

export interface DowngradeOptions {
  /** Undo the target itself too. */
  readonly inclusive?: boolean | undefined;
  /** Undo also the applied branches that have nothing to do with the target. */
  readonly implicitBase?: boolean | undefined;
}

/**
 * Revisions to undo, in order: of what is applied, the children of the target with all that descends from or depends
 * on them. `base` takes every root; a label narrows the children or roots to its branch.
 * @throws RevisionRangeError `migrate.bad-downgrade` when the target is not applied
 * @example selectDowngrade(map, rows, "-1"); selectDowngrade(map, rows, "shop@base")
 */
export function selectDowngrade(
  map: RevisionMap,
  rows: readonly string[],
  target: string | null,
  options: DowngradeOptions = {},
): Revision[] {
  const { branch, target: position } = downgradeTarget(map, rows, target);
  const applied = ancestorsOf(resolveRows(map, rows));
  let roots: readonly Revision[];
  if (position === "base") roots = map.bases;
  else if (options.inclusive) roots = [position];
  else roots = position.links.children;

  if (branch !== undefined && roots.length > 1) {
    const lineage = lineageOf([branch], { dependencies: false });
    roots = roots.filter((root) => lineage.has(root));
    if (roots.length === 0) {
      throw new RevisionRangeError("migrate.bad-downgrade", "Not a valid downgrade target from current heads", {
        hint: `Nothing above ${position} belongs to the branch of ${branch}.`,
      });
    }
  }
  if (position !== "base" && !applied.has(position)) {
    throw new RevisionRangeError(
      "migrate.bad-downgrade",
      `Destination ${target} is not a valid downgrade target from current head(s)`,
      { hint: `${position} is not applied; the database is at ${rows.length === 0 ? "base" : rows.join(", ")}.` },
    );
  }
  const undone = new Set([...descendantsOf(roots)].filter((r) => applied.has(r)));
  if (options.implicitBase) {
    const kept = ancestorsOf(roots);
    for (const revision of applied) if (!kept.has(revision)) undone.add(revision);
  }
  return newestFirst(undone);
}

export interface RangeOptions {
  /** The newer end; default `heads`. */
  readonly upper?: RevisionSpec;
  /** The older end; default the base. */
  readonly lower?: RevisionSpec;
  /** List the older end too (default true). */
  readonly inclusive?: boolean | undefined;
  /** Also list what does not descend from the older end but is needed by the newer one. */
  readonly implicitBase?: boolean | undefined;
  /** Let a relative end stop at the end of the line (default true). */
  readonly clamp?: boolean | undefined;
  /** Rows of the version table, for `current`. */
  readonly current?: readonly string[] | undefined;
}

/**
 * Revisions between two identifiers, newest first. Either end may be relative to the other (`-3` below the upper one,
 * `+2` above the lower one).
 * @throws RevisionRangeError `migrate.bad-range` when the lower end is not below the upper one
 * @example selectRange(map, { lower: "-3", upper: "current", current: rows })
 */
export function selectRange(map: RevisionMap, options: RangeOptions = {}): Revision[] {
  const upperSpec = options.upper === undefined ? "heads" : options.upper;
  const lowerSpec = options.lower ?? "base";
  const clamp = options.clamp ?? true;
  const { current } = options;

  const lowerRelative = parseRelative(lowerSpec);
  const upperRelative = parseRelative(upperSpec);
  let lowerEnds: Position[];
  let targets: Revision[];
  if (lowerRelative !== undefined && lowerRelative.symbol === undefined) {
    targets =
      upperRelative === undefined
        ? resolveAll(map, upperSpec, { current })
        : upgradeTargets(map, [], upperSpec ?? null, { clamp });
    lowerEnds = belowEach(map, targets, lowerSpec as string, clamp);
  } else {
    lowerEnds =
      lowerRelative === undefined
        ? resolveAll(map, lowerSpec, { current })
        : asPositions(upgradeTargets(map, current ?? [], lowerSpec as string, { clamp }));
    const below = lowerEnds.flatMap((r) => (r === "base" ? [] : [r.revision]));
    targets =
      upperRelative === undefined
        ? resolveAll(map, upperSpec, { current })
        : upgradeTargets(map, below, upperSpec ?? null, { clamp });
  }
  // `label@base:` and `label@rev:` list the branch only.
  const branch =
    typeof lowerSpec === "string" && lowerSpec.includes("@") ? lowerSpec.slice(0, lowerSpec.indexOf("@")) : "";
  if (branch !== "") targets = ofBranch(map, targets, branch);

  assertNoOverlap(targets);
  const lower = lowerEnds.filter((r) => r !== "base");
  assertNoOverlap(lower);
  const required = ancestorsOf(targets);
  if (!options.implicitBase && lower.some((r) => !required.has(r))) throw badRange(upperSpec, lowerSpec);

  const covered = ancestorsOf(lower);
  const wanted = new Set([...required].filter((r) => !covered.has(r)));
  if (options.inclusive ?? true) for (const revision of lower) wanted.add(revision);
  if (!options.implicitBase && lower.length > 0 && lower.length === lowerEnds.length) {
    const above = descendantsOf(lower, { dependencies: false });
    for (const revision of [...wanted]) if (!above.has(revision)) wanted.delete(revision);
  }
  return newestFirst(wanted);
}

function asPositions(revisions: readonly Revision[]): Position[] {
  return revisions.length === 0 ? ["base"] : [...revisions];
}

/** Counts down from every target (of the label's branch, if there is one). */
function belowEach(map: RevisionMap, targets: readonly Revision[], lower: string, clamp: boolean): Position[] {
  const relative = parseRelative(lower)!;
  const from = relative.branch === undefined ? targets : ofBranch(map, targets, relative.branch);
  const ends = from.map((start) => walk(map, start, -Math.abs(relative.steps), { clamp }));
  if (ends.includes(undefined) || relative.steps > 0) {
    throw new RevisionError(
      "migrate.relative-count",
      `Relative revision ${relative.written} didn't produce ${Math.abs(relative.steps)} migrations`,
    );
  }
  // The furthest ends count: what is listed for one target must not be cut short by another.
  if (ends.includes("base")) return ["base"];
  const lowest = new Set(ends.filter((end) => end instanceof Revision));
  return [...lowest].filter((end) => ![...lowest].some((other) => other !== end && ancestorsOf([end]).has(other)));
}

function ofBranch(map: RevisionMap, targets: readonly Revision[], branch: string): Revision[] {
  const labelled = targets.filter((r) => r.links.labels.includes(branch));
  if (map.byLabel.has(branch)) return labelled;
  resolveBranch(map, branch);
  return filterForLineage(map, targets, branch, { dependencies: true });
}

function badRange(upper: RevisionSpec, lower: RevisionSpec): RevisionRangeError {
  const show = (spec: RevisionSpec) => (Array.isArray(spec) ? spec.join(", ") : (spec ?? "base"));
  return new RevisionRangeError(
    "migrate.bad-range",
    `Requested range ${show(lower)}:${show(upper)} does not refer to ancestor/descendant revisions along the same branch`,
  );
}

/**
 * Splits `a:b`, `a:`, `:b`; undefined when there is no colon.
 * @throws RevisionError `migrate.bad-range` for more than one colon
 */
export function splitRange(
  text: string,
): { readonly lower: string | undefined; readonly upper: string | undefined } | undefined {
  const parts = text.trim().split(":");
  if (parts.length === 1) return undefined;
  if (parts.length > 2)
    throw new RevisionError("migrate.bad-range", `A range has one colon, not ${parts.length - 1}: '${text}'`);
  return { lower: parts[0] || undefined, upper: parts[1] || undefined };
}

/**
 * What `history -r` lists, newest first. `current` and relative ends count from the rows.
 * @throws RevisionError `migrate.bad-range`
 * @example historyRange(map, "-3:current", rows)
 */
export function historyRange(map: RevisionMap, range?: string, current?: readonly string[]): Revision[] {
  if (range === undefined) return selectRange(map);
  const ends = splitRange(range);
  if (ends === undefined) {
    throw new RevisionError("migrate.bad-range", "History range requires [start]:[end], [start]:, or :[end]");
  }
  return selectRange(map, { lower: ends.lower ?? "base", upper: ends.upper ?? "heads", current });
}

/**
 * The revisions the rows stand for as branch tips: the rows and the implied tips of other branches (`current`).
 */
export function currentTips(map: RevisionMap, rows: readonly string[]): Revision[] {
  const applied = ancestorsOf(resolveRows(map, rows));
  return [...applied]
    .filter((r) => !r.links.children.some((child) => applied.has(child)))
    .sort((a, b) => a.links.position - b.links.position);
}
