/**
 * Version rows. The table holds one row per real head of what is applied; each step says which rows it deletes, updates
 * and inserts. A revision that is applied only because others need it has no row, and gets one back when the last of
 * them goes. Source: Alembic `HeadMaintainer`.
 */
import { RevisionError } from "../errors.js";
import type { RevisionMap } from "./map.js";
import { ancestorsOf, lineageOf } from "./reach.js";
import { ids, type RevisionSpec, resolveAll, resolveBranch, resolveRows } from "./resolve.js";
import type { Revision } from "./revision.js";
import { selectDowngrade, selectUpgrade } from "./traverse.js";

/** Changes to the version table, to be done in the order delete, update, insert. Each must match exactly one row. */
export interface RowChanges {
  readonly delete: readonly string[];
  readonly update: readonly (readonly [from: string, to: string])[];
  readonly insert: readonly string[];
}

/** One step of a run. */
export interface MigrationStep {
  readonly kind: "upgrade" | "downgrade" | "stamp";
  /** Whether the step goes up; a stamp may do either. */
  readonly isUpgrade: boolean;
  /** The revision whose function runs; null for a stamp. */
  readonly revision: Revision | null;
  /** Ids before and after by `downRevision`, as printed in "Running upgrade a -> b". */
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** The same with dependencies, for `onVersionApply`. */
  readonly source: readonly string[];
  readonly destination: readonly string[];
  readonly changes: RowChanges;
  /** Rows after the step. */
  readonly rows: readonly string[];
}

/** Text of a step as it is logged: `upgrade 8938cfaeed68 -> 3966764ac5bd, completed`. */
export function describeStep(step: MigrationStep): string {
  const name = step.kind === "stamp" ? "stamp_revision" : step.kind;
  const ends = `${name} ${step.from.join(", ")} -> ${step.to.join(", ")}`;
  return step.revision === null || step.revision.doc === "" ? ends : `${ends}, ${step.revision.doc}`;
}

function changesBetween(gone: readonly string[], come: readonly string[]): RowChanges {
  // As many updates as pair up; the last of each list, the first ones are deleted or inserted.
  const pairs = Math.min(gone.length, come.length);
  const keptGone = gone.slice(gone.length - pairs);
  const keptCome = come.slice(come.length - pairs);
  return {
    delete: gone.slice(0, gone.length - pairs),
    update: keptGone.map((from, i) => [from, keptCome[i]!] as const),
    insert: come.slice(0, come.length - pairs),
  };
}

/**
 * Follows the rows of a version table through a run without touching a database.
 * @throws ResolutionError for a row no revision file has
 * @example const rows = new VersionRows(map, ["a"]); rows.upgrade(map.get("b")!).update // [["a", "b"]]
 */
export class VersionRows {
  readonly #map: RevisionMap;
  readonly #rows: Set<string>;
  /** What the rows imply. */
  readonly #applied: Set<Revision>;

  constructor(map: RevisionMap, rows: readonly string[]) {
    this.#map = map;
    this.#applied = ancestorsOf(resolveRows(map, rows));
    this.#rows = new Set(rows);
  }

  /** Ids in the table now. */
  get rows(): readonly string[] {
    return [...this.#rows];
  }

  /** Whether a revision is applied, with a row or without. */
  isApplied(revision: Revision): boolean {
    return this.#applied.has(revision);
  }

  /**
   * The revision has been applied: rows of what it stands on go, its own comes.
   * @throws RevisionError `migrate.broken-order` when it already is, or when something it stands on is missing
   */
  upgrade(revision: Revision): RowChanges {
    const below = revision.links.effectiveParents;
    if (this.#applied.has(revision) || !below.every((r) => this.#applied.has(r)))
      throw this.#outOfOrder("apply", revision);
    const gone = ids(below).filter((id) => this.#rows.has(id));
    this.#applied.add(revision);
    return this.#change(gone, [revision.revision]);
  }

  /**
   * The revision has been undone: its row goes, and each revision below it that nothing applied stands on any more
   * gets a row.
   * @throws RevisionError `migrate.broken-order` when it has no row
   */
  downgrade(revision: Revision): RowChanges {
    if (!this.#rows.has(revision.revision)) throw this.#outOfOrder("undo", revision);
    this.#applied.delete(revision);
    const come = revision.links.effectiveParents.filter(
      (below) => !this.#rows.has(below.revision) && !below.links.allChildren.some((child) => this.#applied.has(child)),
    );
    return this.#change([revision.revision], ids(come));
  }

  /**
   * Sets a row without running anything: the rows in `gone` give way to `come` (null: to nothing).
   */
  stamp(gone: readonly string[], come: Revision | null): RowChanges {
    const changes = this.#change(gone, come === null || this.#rows.has(come.revision) ? [] : [come.revision]);
    this.#applied.clear();
    for (const revision of ancestorsOf(resolveRows(this.#map, this.rows))) this.#applied.add(revision);
    return changes;
  }

  #change(gone: readonly string[], come: readonly string[]): RowChanges {
    for (const id of gone) this.#rows.delete(id);
    for (const id of come) this.#rows.add(id);
    return changesBetween(gone, come);
  }

  #outOfOrder(verb: string, revision: Revision): RevisionError {
    return new RevisionError(
      "migrate.broken-order",
      `Can't ${verb} ${revision} while the version rows are ${this.rows.join(", ") || "empty"}`,
      { hint: "The rows do not fit the revision files; set them with 'stamp'." },
    );
  }
}

/**
 * Steps that bring a database with these rows to the target.
 * @param rows ids read from the version table; for offline scripts, the ids of the starting revision
 * @example upgradeSteps(map, [], "head").map(describeStep)
 */
export function upgradeSteps(map: RevisionMap, rows: readonly string[], target: RevisionSpec): MigrationStep[] {
  const state = new VersionRows(map, rows);
  return selectUpgrade(map, rows, target).map((revision) => ({
    kind: "upgrade",
    isUpgrade: true,
    revision,
    from: ids(revision.links.parents),
    to: [revision.revision],
    source: ids(revision.links.effectiveParents),
    destination: [revision.revision],
    changes: state.upgrade(revision),
    rows: state.rows,
  }));
}

/** Steps that take a database with these rows back to the target. */
export function downgradeSteps(map: RevisionMap, rows: readonly string[], target: string | null): MigrationStep[] {
  const state = new VersionRows(map, rows);
  return selectDowngrade(map, rows, target).map((revision) => ({
    kind: "downgrade",
    isUpgrade: false,
    revision,
    from: [revision.revision],
    to: ids(revision.links.parents),
    source: [revision.revision],
    destination: ids(revision.links.effectiveParents),
    changes: state.downgrade(revision),
    rows: state.rows,
  }));
}

/**
 * The fewest steps that make the rows say the target without running anything, one per target that is not there yet
 * (`base`: one per row that goes). Rows on no common line with the targets stay.
 * @throws RevisionError `migrate.overlap` when one target contains another
 * @example stampSteps(map, rows, "heads"); stampSteps(map, rows, "shop@base")
 */
export function stampSteps(map: RevisionMap, rows: readonly string[], target: RevisionSpec): MigrationStep[] {
  const specs = target === null || target === undefined || target.length === 0 ? ["base"] : [target].flat();
  const wanted = specs.flatMap((spec) => {
    const found: (Revision | null)[] = resolveAll(map, spec, { current: rows });
    return (found.length > 0 ? found : [null]).map((revision) => ({ spec, revision }));
  });
  const targets = wanted.flatMap(({ revision }) => (revision === null ? [] : [revision]));
  for (const one of targets) {
    const lower = targets.filter((other) => other !== one && ancestorsOf([one]).has(other));
    if (lower.length > 0) {
      throw new RevisionError(
        "migrate.overlap",
        `Requested revision ${one} overlaps with other requested revisions ${lower.join(", ")}`,
      );
    }
  }
  const keep = new Set(ids(targets));
  const state = new VersionRows(map, rows);
  const steps: MigrationStep[] = [];
  const stamp = (gone: readonly string[], come: Revision | null): void => {
    const to = come === null ? [] : [come.revision];
    const isUpgrade = come !== null && !state.isApplied(come);
    const changes = state.stamp(gone, come);
    const ends = { from: gone, to, source: gone, destination: to };
    steps.push({ kind: "stamp", isUpgrade, revision: null, ...ends, changes, rows: state.rows });
  };
  for (const { spec, revision } of wanted) {
    const related = relatedTo(map, spec, revision);
    const gone = state.rows.filter((id) => !keep.has(id) && (related === undefined || related.has(map.get(id)!)));
    if (revision === null) for (const id of gone) stamp([id], null);
    else if (gone.length > 0 || !state.rows.includes(revision.revision)) stamp(gone, revision);
  }
  return steps;
}

/** What a stamp target may take rows from: its line, with dependencies, and that of its label; undefined is all. */
function relatedTo(map: RevisionMap, spec: string, revision: Revision | null): ReadonlySet<Revision> | undefined {
  const at = spec.indexOf("@");
  const anchors = at > 0 ? [resolveBranch(map, spec.slice(0, at))] : [];
  if (revision !== null) anchors.push(revision);
  return anchors.length === 0 ? undefined : lineageOf(anchors);
}
