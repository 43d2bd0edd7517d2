/** How revisions are shown: one line for `history`, `heads` and `current`, a block for `show`. */
import type { Revision } from "./revision.js";

export interface FormatOptions {
  /** Begin with "parents (dependencies) -> ". */
  readonly parents?: boolean | undefined;
  readonly labels?: boolean | undefined;
  readonly doc?: boolean | undefined;
  /** "(head)" and "(effective head)"; default true. */
  readonly heads?: boolean | undefined;
  /** "(branchpoint)" and "(mergepoint)"; default true. */
  readonly tree?: boolean | undefined;
  /** Ids marked "(current)". */
  readonly current?: ReadonlySet<string> | undefined;
}

const comma = (items: readonly unknown[]): string => items.join(", ");

function parentsOf(revision: Revision): string {
  return revision.isBase ? "<base>" : comma(revision.downRevisions);
}

/**
 * @example formatRevision(r, { parents: true, doc: true }) // "a1 -> b1 (head), add column"
 */
export function formatRevision(revision: Revision, options: FormatOptions = {}): string {
  let text = revision.revision;
  if (options.parents) {
    const needs = revision.dependsOn.length > 0 ? ` (${comma(revision.dependsOn)})` : "";
    text = `${parentsOf(revision)}${needs} -> ${text}`;
  }
  if (options.labels && revision.links.labels.length > 0) text += ` (${comma(revision.links.labels)})`;
  if (options.heads ?? true) {
    if (revision.isRealHead) text += " (head)";
    else if (revision.isEffectiveHead) text += " (effective head)";
  }
  if (options.current?.has(revision.revision)) text += " (current)";
  if (options.tree ?? true) {
    if (revision.isBranchPoint) text += " (branchpoint)";
    if (revision.isMergePoint) text += " (mergepoint)";
  }
  return options.doc ? `${text}, ${revision.doc}` : text;
}

/** The block of `show` and of every `-v` listing, ending in a line break. */
export function formatRevisionBlock(revision: Revision, current?: ReadonlySet<string>): string {
  const lines = [`Rev: ${formatRevision(revision, { current })}`];
  lines.push(`${revision.isMergePoint ? "Merges" : "Parent"}: ${parentsOf(revision)}`);
  if (revision.dependsOn.length > 0) lines.push(`Also depends on: ${comma(revision.dependsOn)}`);
  if (revision.isBranchPoint) lines.push(`Branches into: ${comma([...revision.links.children].map(String).sort())}`);
  if (revision.links.labels.length > 0) lines.push(`Branch names: ${comma(revision.links.labels)}`);
  if (revision.path !== undefined) lines.push(`Path: ${revision.path}`);
  lines.push("", ...revision.longDoc.split("\n").map((line) => (line === "" ? "" : `    ${line}`)));
  return `${lines.join("\n")}\n`;
}

/** A revision as data: what `--json` prints. */
export interface RevisionData {
  readonly revision: string;
  readonly downRevision: readonly string[];
  readonly dependsOn: readonly string[];
  readonly branchLabels: readonly string[];
  readonly message: string;
  readonly createDate: string | null;
  readonly path: string | null;
  readonly isHead: boolean;
  readonly isBranchPoint: boolean;
  readonly isMergePoint: boolean;
  /** Where rows were read: whether a row says so. */
  readonly isCurrent?: boolean;
}
export function revisionData(revision: Revision, current?: ReadonlySet<string>): RevisionData {
  return {
    revision: revision.revision,
    downRevision: revision.downRevisions,
    dependsOn: revision.dependsOn,
    branchLabels: revision.links.labels,
    message: revision.doc,
    createDate: revision.createDate ?? null,
    path: revision.path ?? null,
    isHead: revision.isHead,
    isBranchPoint: revision.isBranchPoint,
    isMergePoint: revision.isMergePoint,
    ...(current === undefined ? {} : { isCurrent: current.has(revision.revision) }),
  };
}
