/**
 * `foreign()` and `remote()` inside a `primaryJoin`: which column a relationship writes, and which side a column is on.
 * They hand back what they are given; only while a mapper is configured somebody takes notes.
 * Source: SQLAlchemy "Creating Custom Foreign Conditions".
 */
import { ArgumentError } from "@athanor/core";

export interface JoinNotes {
  readonly foreign: Set<unknown>;
  readonly remote: Set<unknown>;
}
let notes: JoinNotes | undefined;

/** Runs `write` and gives what it marked. */
export function takingNotes<T>(write: () => T): { readonly made: T; readonly notes: JoinNotes } {
  const outer = notes;
  const mine: JoinNotes = { foreign: new Set(), remote: new Set() };
  notes = mine;
  try {
    return { made: write(), notes: mine };
  } finally {
    notes = outer;
  }
}
function marked<C>(column: C, kind: keyof JoinNotes): C {
  if (typeof column !== "object" || column === null)
    throw new ArgumentError(`${kind}(): a column of the primaryJoin's arguments is needed.`, "orm.join-annotation");
  notes?.[kind].add(column);
  return column;
}
/**
 * Marks the column a relationship writes. Where any column of a join is marked, foreign keys of the tables say nothing
 * more: so two relationships over overlapping composite keys each write their own column.
 *
 * @example
 * get folder() { return manyToOne(Folder, { primaryJoin: (f, own) => and(f.tenantId.eq(own.tenantId), f.id.eq(foreign(own.folderId))) }); }
 */
export function foreign<C>(column: C): C {
  return marked(column, "foreign");
}
/** Marks a column of the target: the first argument of a `primaryJoin` is that side already, so this only says it aloud. */
export function remote<C>(column: C): C {
  return marked(column, "remote");
}
