/**
 * The node of the revision graph: what one revision file declares, plus the links a `RevisionMap` derives from all of
 * them. Source: Alembic "Working with Branches".
 */
import { RevisionError } from "../errors.js";

/** What a revision file says about itself. Lists may be given as a single string. */
export interface RevisionDeclaration {
  readonly revision: string;
  readonly downRevision?: string | readonly string[] | null | undefined;
  readonly branchLabels?: string | readonly string[] | null | undefined;
  /** Revisions of one line that this one stands for, oldest first; their files are gone. */
  readonly replaces?: string | readonly string[] | null | undefined;
  /** Full ids, unique prefixes or branch labels. */
  readonly dependsOn?: string | readonly string[] | null | undefined;
  /** The whole text of the file's leading comment; its first paragraph is the message. */
  readonly doc?: string | undefined;
  readonly createDate?: string | undefined;
  /** Where it was read from; named in errors. */
  readonly path?: string | undefined;
}

/** What the map knows about a node once all revisions are present. Lists follow the load order of the files. */
export interface RevisionLinks {
  /** Place in load order, from 0. */
  readonly position: number;
  /** Longest way down to a revision that needs nothing, from 0; every ancestor's level is smaller. */
  readonly level: number;
  /** `downRevision` as nodes. */
  readonly parents: readonly Revision[];
  /** `dependsOn` as nodes, as declared. */
  readonly dependencies: readonly Revision[];
  /** Parents, then those dependencies that no other link already implies. */
  readonly effectiveParents: readonly Revision[];
  /** Revisions whose `downRevision` names this one. */
  readonly children: readonly Revision[];
  /** Children and those that depend on this one. */
  readonly allChildren: readonly Revision[];
  /** Own labels and those that reach here along the branch, sorted. */
  readonly labels: readonly string[];
}

const unlinked: RevisionLinks = {
  position: -1,
  level: 0,
  parents: [],
  dependencies: [],
  effectiveParents: [],
  children: [],
  allChildren: [],
  labels: [],
};

const illegalCharacters = ["+", "-", ":", "@"];
const symbols = new Set(["head", "heads", "base", "current"]);

/**
 * Refuses an id that could not be told from the identifier syntax (`label@rev`, `rev-1`, `a:b`) or from a symbol.
 * @throws RevisionError `migrate.illegal-id`
 */
export function assertRevisionId(id: string): void {
  assertIdentifier(id, "revision identifier", "migrate.illegal-id");
}

/** The same rule for branch labels. @throws RevisionError `migrate.illegal-label` */
export function assertBranchLabel(label: string): void {
  assertIdentifier(label, "branch label", "migrate.illegal-label");
}

function assertIdentifier(text: string, what: string, code: string): void {
  const found = illegalCharacters.filter((c) => text.includes(c)).sort();
  if (found.length > 0) {
    throw new RevisionError(code, `Character(s) '${found.join(", ")}' not allowed in ${what} '${text}'`, {
      hint: "These characters have a meaning where revisions are named: label@rev, rev+1, rev-1, from:to.",
    });
  }
  if (symbols.has(text)) {
    throw new RevisionError(
      code,
      `'${text}' cannot be a ${what}: the word stands for something else on the command line`,
    );
  }
  if (text === "" || /\s|[,'"`/\\]/u.test(text)) {
    throw new RevisionError(
      code,
      `A ${what} must be one word without blanks, commas, quotes or slashes, not '${text}'`,
    );
  }
}

function list(value: string | readonly string[] | null | undefined): readonly string[] {
  if (value === null || value === undefined) return [];
  return typeof value === "string" ? [value] : [...new Set(value)];
}

/**
 * One revision. Create it with what the file declares and hand it to a `RevisionMap`, which fills `links`.
 * @throws RevisionError when the id or a label cannot be used
 * @example new Revision({ revision: "3966764ac5bd", downRevision: "8938cfaeed68", doc: "completed" })
 */
export class Revision {
  readonly revision: string;
  /** Declared parents; empty for a base, several for a merge. */
  readonly downRevisions: readonly string[];
  /** Declared dependencies as written: ids, prefixes or labels. */
  readonly dependsOn: readonly string[];
  /** Labels declared by this very file. */
  readonly ownLabels: readonly string[];
  /** Revisions this one stands for, oldest first: a database at the last of them is at this one. */
  readonly replaces: readonly string[];
  readonly longDoc: string;
  readonly createDate: string | undefined;
  readonly path: string | undefined;
  #links: RevisionLinks = unlinked;

  constructor(declaration: RevisionDeclaration) {
    assertRevisionId(declaration.revision);
    this.revision = declaration.revision;
    this.downRevisions = list(declaration.downRevision);
    this.dependsOn = list(declaration.dependsOn);
    this.ownLabels = list(declaration.branchLabels);
    for (const label of this.ownLabels) assertBranchLabel(label);
    this.replaces = list(declaration.replaces);
    this.longDoc = (declaration.doc ?? "").trim();
    this.createDate = declaration.createDate;
    this.path = declaration.path;
  }

  /** Derived links; before a map holds the revision they are all empty. */
  get links(): RevisionLinks {
    return this.#links;
  }

  /** Called by the map that owns the revision. @internal */
  setLinks(links: RevisionLinks): void {
    this.#links = links;
  }

  /** First paragraph of the leading comment: the message. */
  get doc(): string {
    return this.longDoc.split(/\n\s*\n/u)[0]!.trim();
  }

  /** No other revision continues from here by `downRevision`. */
  get isHead(): boolean {
    return this.#links.children.length === 0;
  }

  /** Nothing continues from here and nothing depends on it: it gets a row in the version table. */
  get isRealHead(): boolean {
    return this.#links.allChildren.length === 0;
  }

  /** A head by `downRevision` that another revision depends on. */
  get isEffectiveHead(): boolean {
    return this.isHead && !this.isRealHead;
  }

  get isBase(): boolean {
    return this.downRevisions.length === 0;
  }

  /** A base that depends on nothing either. */
  get isRealBase(): boolean {
    return this.isBase && this.dependsOn.length === 0;
  }

  get isBranchPoint(): boolean {
    return this.#links.children.length > 1;
  }

  get isMergePoint(): boolean {
    return this.downRevisions.length > 1;
  }

  toString(): string {
    return this.revision;
  }
}
