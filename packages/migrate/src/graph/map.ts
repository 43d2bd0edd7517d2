/**
 * The revision map: all revisions of a script directory as one graph. Pure data, no file or database is touched.
 * Source: Alembic "Working with Branches", `alembic.script.revision`.
 */
import { type DerivedGraph, deriveGraph } from "./links.js";
import type { NameIndex } from "./prefix.js";
import type { Revision } from "./revision.js";

/**
 * Holds the revisions in load order and answers for heads and bases. Identifiers are resolved by `resolveAll` and
 * `resolveOne`, ways through the graph by `selectUpgrade`, `selectDowngrade` and `selectRange`.
 *
 * A *head* has no child by `downRevision`; a *real head* has no dependent either. Version rows follow the real heads.
 *
 * @throws RevisionError for duplicate ids or labels and missing parents; CycleError for loops
 * @example new RevisionMap([new Revision({ revision: "a" }), new Revision({ revision: "b", downRevision: "a" })]).heads
 */
export class RevisionMap implements NameIndex {
  #graph: DerivedGraph;
  #all: readonly Revision[] = [];
  #heads: readonly Revision[] = [];
  #realHeads: readonly Revision[] = [];
  #bases: readonly Revision[] = [];
  #realBases: readonly Revision[] = [];

  constructor(revisions: Iterable<Revision>) {
    this.#graph = this.#adopt(deriveGraph(revisions));
  }

  /**
   * Adds one revision, for a run that writes several files. Links, labels and dependencies of the others follow.
   * A revision that does not fit is refused and leaves the map as it was.
   */
  add(revision: Revision): void {
    this.#graph = this.#adopt(deriveGraph([...this.#all, revision]));
  }

  #adopt(graph: DerivedGraph): DerivedGraph {
    for (const [revision, links] of graph.links) revision.setLinks(links);
    this.#all = [...graph.byId.values()];
    this.#heads = this.#all.filter((r) => r.isHead);
    this.#realHeads = this.#all.filter((r) => r.isRealHead);
    this.#bases = this.#all.filter((r) => r.isBase);
    this.#realBases = this.#all.filter((r) => r.isRealBase);
    return graph;
  }

  /** Ids in load order. */
  get byId(): ReadonlyMap<string, Revision> {
    return this.#graph.byId;
  }

  /** Labels with the revision that declares them. */
  get byLabel(): ReadonlyMap<string, Revision> {
    return this.#graph.byLabel;
  }

  get size(): number {
    return this.#all.length;
  }

  /** All revisions in load order. */
  get all(): readonly Revision[] {
    return this.#all;
  }

  /** Revisions without a child by `downRevision`. */
  get heads(): readonly Revision[] {
    return this.#heads;
  }

  /** Revisions that nothing follows and nothing depends on: the rows of a fully upgraded database. */
  get realHeads(): readonly Revision[] {
    return this.#realHeads;
  }

  /** Revisions without `downRevision`. */
  get bases(): readonly Revision[] {
    return this.#bases;
  }

  /** Bases that depend on nothing. */
  get realBases(): readonly Revision[] {
    return this.#realBases;
  }

  /** Revisions with more than one child. */
  get branchPoints(): readonly Revision[] {
    return this.#all.filter((r) => r.isBranchPoint);
  }

  /** Puts one revision in the place of several: a squash. */
  replace(gone: ReadonlySet<Revision>, revision: Revision): void {
    this.#graph = this.#adopt(deriveGraph([...this.#all.filter((r) => !gone.has(r)), revision]));
  }

  get aliases(): ReadonlyMap<string, Revision> {
    return this.#graph.aliases;
  }
  /** The squashed revision that an id without a file has gone into. */
  replacedBy(id: string): Revision | undefined {
    return this.#graph.replaced.get(id);
  }

  /** The revision with exactly this id, which may be the last of those a squash replaced. */
  get(id: string): Revision | undefined {
    return this.#graph.byId.get(id) ?? this.#graph.aliases.get(id);
  }

  has(id: string): boolean {
    return this.#graph.byId.has(id);
  }
}
