/**
 * Relative identifiers: `+2`, `-1`, `ae10+3`, `label@-1`, `head-1`, `base+2`. A walk follows `downRevision` only, must
 * never have to choose, and must land exactly. Source: Alembic "Relative Migration Identifiers".
 */
import { RevisionError } from "../errors.js";
import type { RevisionMap } from "./map.js";
import { ancestorsOf, lineageOf, tipsOf } from "./reach.js";
import { filterForLineage, resolveAll, resolveBranch, resolveOne, resolveRows } from "./resolve.js";
import type { Revision } from "./revision.js";

export interface RelativeIdentifier {
  readonly branch: string | undefined;
  /** What is counted from; undefined counts from the current rows. */
  readonly symbol: string | undefined;
  readonly steps: number;
  /** The number as written, sign included. */
  readonly written: string;
}

/** Where a walk ends: a revision, or the point below all of them. */
export type Position = Revision | "base";

const relativePattern = /^(?:(.+?)@)?([^@:+-]+)?([+-]\d+)$/u;

/** Takes a relative identifier apart; undefined when the text is not one. */
export function parseRelative(identifier: unknown): RelativeIdentifier | undefined {
  const match = typeof identifier === "string" ? relativePattern.exec(identifier) : null;
  if (match === null) return undefined;
  return { branch: match[1], symbol: match[2], steps: Number(match[3]), written: match[3]! };
}

function wrongCount(relative: RelativeIdentifier): RevisionError {
  return new RevisionError(
    "migrate.relative-count",
    `Relative revision ${relative.written} didn't produce ${Math.abs(relative.steps)} migrations`,
  );
}

function walkedTooFar(relative: RelativeIdentifier): RevisionError {
  return new RevisionError("migrate.walked-too-far", "Walked too far", {
    hint: `There are fewer than ${Math.abs(relative.steps)} revisions in that direction from '${relative.symbol}'.`,
  });
}

export interface WalkOptions {
  /** Which side to take at a fork, going up. */
  readonly branch?: string | undefined;
  /** Stop at the end of the line instead of failing (history). */
  readonly clamp?: boolean | undefined;
}

/**
 * Goes `steps` up (positive) or down; undefined when the line ends before.
 * @throws RevisionError `migrate.ambiguous-walk`
 */
export function walk(
  map: RevisionMap,
  start: Position,
  steps: number,
  options: WalkOptions = {},
): Position | undefined {
  const lineage =
    options.branch === undefined ? undefined : lineageOf([resolveBranch(map, options.branch)], { dependencies: false });
  let at = start;
  for (let left = Math.abs(steps); left > 0; left--) {
    let next: readonly Position[];
    if (steps > 0) {
      const above = at === "base" ? map.bases : at.links.children;
      next = lineage === undefined ? above : above.filter((r) => lineage.has(r));
    } else if (at === "base") {
      next = [];
    } else {
      next = at.isBase ? ["base"] : at.links.parents;
    }
    if (next.length === 0) return options.clamp ? at : undefined;
    if (next.length > 1) {
      throw new RevisionError("migrate.ambiguous-walk", "Ambiguous walk", {
        hint: `From ${at} there are ${next.length} ways ${steps > 0 ? "up" : "down"}: ${next.join(", ")}. Name the target, or the branch: label@${steps > 0 ? "+" : "-"}1.`,
      });
    }
    at = next[0]!;
  }
  return at;
}

function startOf(map: RevisionMap, relative: RelativeIdentifier, rows: readonly string[]): Position {
  const identifier = relative.branch === undefined ? relative.symbol : `${relative.branch}@${relative.symbol}`;
  return resolveOne(map, identifier, { current: rows }) ?? "base";
}

function fromNamed(
  map: RevisionMap,
  relative: RelativeIdentifier,
  rows: readonly string[],
  clamp: boolean | undefined,
): Position {
  const end = walk(map, startOf(map, relative, rows), relative.steps, { branch: relative.branch, clamp });
  if (end === undefined) throw walkedTooFar(relative);
  return end;
}

function ambiguousUpgrade(): RevisionError {
  return new RevisionError("migrate.ambiguous-upgrade", "Ambiguous upgrade from multiple current revisions", {
    hint: "Name the branch to go up on: label@+1.",
  });
}

/**
 * Revisions an upgrade is asked to reach, absolute or relative to the rows.
 * @throws RevisionError when a relative target cannot be reached exactly
 */
export function upgradeTargets(
  map: RevisionMap,
  rows: readonly string[],
  target: string | readonly string[] | null,
  options: { readonly clamp?: boolean | undefined } = {},
): Revision[] {
  const relative = parseRelative(target);
  if (relative === undefined) return resolveAll(map, target, { current: rows });
  let end: Position | undefined;
  if (relative.symbol !== undefined) {
    end = fromNamed(map, relative, rows, options.clamp);
  } else {
    if (relative.steps < 0) throw wrongCount(relative);
    const start = upgradeStart(map, rows, relative.branch);
    end = walk(map, start, relative.steps, { branch: relative.branch, clamp: options.clamp });
    if (end === undefined) throw wrongCount(relative);
  }
  return end === "base" ? [] : [end];
}

/** The row to count up from; on a branch without a row, its furthest applied revision, or else the base. */
function upgradeStart(map: RevisionMap, rows: readonly string[], branch: string | undefined): Position {
  let starts = resolveRows(map, rows);
  if (branch !== undefined) {
    const current = starts;
    starts = filterForLineage(map, current, branch);
    if (starts.length === 0) starts = tipsOf(new Set(filterForLineage(map, [...ancestorsOf(current)], branch)));
  }
  if (starts.length > 1) throw ambiguousUpgrade();
  return starts[0] ?? "base";
}

/** What a downgrade is asked to go back to. */
export interface DowngradeTarget {
  /** Narrows which children of the target (or which bases) are undone. */
  readonly branch: Revision | undefined;
  readonly target: Position;
}

/**
 * Reads a downgrade target: `base`, an id, `label@rev`, `-N`, `label@-N`, `rev+N`, `rev-N`.
 * @throws RevisionError; `-N` with several rows is refused, since any of them could be meant
 */
export function downgradeTarget(
  map: RevisionMap,
  rows: readonly string[],
  target: string | null,
  options: { readonly clamp?: boolean | undefined } = {},
): DowngradeTarget {
  const relative = parseRelative(target);
  if (relative === undefined) {
    const at = typeof target === "string" ? target.indexOf("@") : -1;
    return {
      branch: at > 0 ? resolveBranch(map, target!.slice(0, at)) : undefined,
      target: resolveOne(map, target, { current: rows }) ?? "base",
    };
  }
  if (relative.symbol !== undefined) {
    return {
      branch: relative.branch === undefined ? undefined : resolveBranch(map, relative.branch),
      target: fromNamed(map, relative, rows, options.clamp),
    };
  }
  if (relative.steps > 0) throw wrongCount(relative);
  const start = downgradeStart(map, rows, relative);
  const end = walk(map, start, relative.steps, { clamp: options.clamp });
  if (end === undefined) throw wrongCount(relative);
  return { branch: start, target: end };
}

function downgradeStart(map: RevisionMap, rows: readonly string[], relative: RelativeIdentifier): Revision {
  const current = resolveRows(map, rows);
  const { branch } = relative;
  if (branch === undefined) {
    if (current.length === 0) throw wrongCount(relative);
    if (current.length > 1) throw ambiguousDowngrade(relative, current);
    return current[0]!;
  }
  let starts = filterForLineage(map, current, branch);
  if (starts.length === 0) {
    // The branch may be applied only because something else depends on it: then its tip counts.
    const tips = tipsOf(ancestorsOf(current), { dependencies: false });
    starts = filterForLineage(map, tips, branch);
  }
  if (starts.length === 0) throw wrongCount(relative);
  if (starts.length > 1) throw ambiguousDowngrade(relative, starts);
  return starts[0]!;
}

function ambiguousDowngrade(relative: RelativeIdentifier, starts: readonly Revision[]): RevisionError {
  return new RevisionError(
    "migrate.ambiguous-downgrade",
    `Ambiguous downgrade from multiple current revisions: ${starts.join(", ")}`,
    {
      hint: `Say which one to undo: ${starts.map((r) => `${r}@${relative.written}`).join(" or ")}, or name the target revision.`,
    },
  );
}
