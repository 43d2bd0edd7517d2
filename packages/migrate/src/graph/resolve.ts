/**
 * From what a user types to revisions: `head`, `heads`, `base`, `current`, ids, unique prefixes, `label@…`. Relative
 * forms (`+1`, `rev-2`) are in relative.ts.
 */
import { MultipleHeadsError, ResolutionError, RevisionError } from "../errors.js";
import type { RevisionMap } from "./map.js";
import { exactMatch, matchOne } from "./prefix.js";
import { lineageOf, type ReachOptions } from "./reach.js";
import type { Revision } from "./revision.js";

/** One identifier, several, or null for the base. */
export type RevisionSpec = string | readonly string[] | null | undefined;

export interface ResolveOptions {
  /** Rows of the version table, for the symbol `current`. */
  readonly current?: readonly string[] | undefined;
}

interface Parsed {
  readonly branch: string | undefined;
  readonly symbol: string;
}

/** Splits `label@symbol`. @throws RevisionError `migrate.not-a-string` for what a driver gave as bytes */
function parse(identifier: unknown): Parsed {
  if (typeof identifier !== "string") {
    throw new RevisionError(
      "migrate.not-a-string",
      `revision identifier ${shown(identifier)} is not a string; ensure database driver settings are correct`,
    );
  }
  const at = identifier.indexOf("@");
  return at < 0
    ? { branch: undefined, symbol: identifier }
    : { branch: identifier.slice(0, at), symbol: identifier.slice(at + 1) };
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `b'${Buffer.from(value).toString("latin1")}'`;
  return Array.isArray(value) ? `(${value.map(shown).join(", ")})` : String(value);
}

/** The revisions sharing a line of descent with a branch name (label, id or prefix). */
function lineageOfBranch(map: RevisionMap, branch: string): ReadonlySet<Revision> {
  return lineageOf([resolveBranch(map, branch)], { dependencies: false });
}

/**
 * The revision that stands for a branch: the one that declares the label, or any revision used as a branch name.
 * @throws ResolutionError `migrate.no-such-branch`
 */
export function resolveBranch(map: RevisionMap, branch: string): Revision {
  const exact = map.byLabel.get(branch) ?? exactMatch(map, branch);
  if (exact !== undefined) return exact;
  try {
    return matchOne(map, branch);
  } catch (cause) {
    throw new ResolutionError("migrate.no-such-branch", branch, `No such branch: '${branch}'`, {
      cause,
      hint: cause instanceof ResolutionError ? cause.hint : undefined,
    });
  }
}

/**
 * The revisions an identifier stands for; none for the base and for `head` of an empty directory. A list is resolved
 * item by item and duplicates collapse.
 * @throws ResolutionError when nothing, or more than one revision, answers to an identifier
 * @example resolveAll(map, "heads"); resolveAll(map, ["ae10", "shop@head"])
 */
export function resolveAll(map: RevisionMap, spec: RevisionSpec, options: ResolveOptions = {}): Revision[] {
  if (spec === null || spec === undefined) return [];
  if (Array.isArray(spec)) {
    return [...new Set((spec as readonly string[]).flatMap((one) => resolveAll(map, one, options)))];
  }
  const identifier = spec as string;
  const { branch, symbol } = parse(identifier);
  switch (symbol) {
    case "base":
      if (branch !== undefined) resolveBranch(map, branch);
      return [];
    case "heads":
      if (branch === undefined) return [...map.realHeads];
      return headsOf(map, branch);
    case "head": {
      const heads = branch === undefined ? map.heads : headsOf(map, branch);
      if (heads.length > 1) throw new MultipleHeadsError(identifier, ids(heads));
      return [...heads];
    }
    case "current": {
      if (options.current === undefined) {
        throw new ResolutionError(
          "migrate.no-current",
          identifier,
          `'${identifier}' needs a database to read the current revisions from`,
        );
      }
      const rows = resolveRows(map, options.current);
      return branch === undefined ? rows : rows.filter((row) => lineageOfBranch(map, branch).has(row));
    }
    default:
      return [revisionFor(map, identifier, symbol, branch)];
  }
}

function headsOf(map: RevisionMap, branch: string): Revision[] {
  const lineage = lineageOfBranch(map, branch);
  return map.heads.filter((head) => lineage.has(head));
}

function revisionFor(map: RevisionMap, identifier: string, symbol: string, branch: string | undefined): Revision {
  if (branch === undefined) return matchOne(map, symbol);
  const lineage = lineageOfBranch(map, branch);
  const revision = matchOne(map, symbol, { among: lineage });
  if (!lineage.has(revision)) {
    throw new ResolutionError(
      "migrate.not-in-branch",
      identifier,
      `Revision ${revision.revision} is not a member of branch '${branch}'`,
    );
  }
  return revision;
}

/**
 * The one revision an identifier stands for; null is the base.
 * @throws MultipleHeadsError, ResolutionError
 */
export function resolveOne(map: RevisionMap, identifier: RevisionSpec, options: ResolveOptions = {}): Revision | null {
  const found = resolveAll(map, identifier, options);
  if (found.length > 1) throw new MultipleHeadsError(String(identifier), ids(found));
  return found[0] ?? null;
}

/**
 * The revisions of version rows. Rows hold whole ids: a prefix in the table is an error, not a guess.
 * @throws ResolutionError `migrate.revision-not-found` for an id no file has; RevisionError for values not strings
 */
export function resolveRows(map: RevisionMap, rows: readonly string[]): Revision[] {
  const found = rows.map((row) => {
    parse(row);
    const revision = map.get(row);
    if (revision !== undefined) return revision;
    const squashed = map.replacedBy(row);
    if (squashed !== undefined) {
      throw new ResolutionError(
        "migrate.half-squashed",
        row,
        `The database is at '${row}', which is in the middle of what the squashed revision ${squashed} replaces`,
        {
          hint: `Upgrade it to '${squashed.replaces.at(-1)}' with the version of the program that still has the old files, then go on with this one.`,
        },
      );
    }
    throw new ResolutionError("migrate.revision-not-found", row, `Can't locate revision identified by '${row}'`, {
      hint:
        "The database was migrated with a revision file that is not in this directory. Restore the file, or set the " +
        "rows anew with 'stamp --purge <revision>'.",
    });
  });
  return [...new Set(found)];
}

/**
 * Those targets that share a line of descent with what the identifier names. Of `label@symbol` both the label and the
 * symbol count; `base` alone lets everything pass.
 */
export function filterForLineage(
  map: RevisionMap,
  targets: readonly Revision[],
  against: RevisionSpec,
  options: ReachOptions = {},
): Revision[] {
  const shares = resolveAll(map, against);
  if (typeof against === "string") {
    const { branch } = parse(against);
    if (branch !== undefined) shares.push(resolveBranch(map, branch));
  }
  if (shares.length === 0) return [...targets];
  const lineage = lineageOf(shares, { dependencies: options.dependencies ?? false });
  return targets.filter((target) => lineage.has(target));
}

export function ids(revisions: Iterable<Revision>): string[] {
  return Array.from(revisions, (r) => r.revision);
}
