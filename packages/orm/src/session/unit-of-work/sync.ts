/** Foreign keys that follow objects: which child gets its key from which parent. Source: SQLAlchemy "orm.sync". */

import { FlushError } from "../../errors.js";
import { describeInstance } from "../../mapping/collection.js";
import type { ColumnPair, MappedColumn, RelationshipProperty } from "../../mapping/mapper.js";
import { type Managed, UNLOADED } from "../../mapping/state.js";
import { assignColumn } from "./values.js";

export interface Sync {
  readonly property: RelationshipProperty;
  /** Columns of the child and of the parent. */
  readonly pairs: readonly { readonly child: MappedColumn; readonly parent: MappedColumn }[];
  /** null: the key becomes NULL. */
  readonly parent: Managed | null;
}

const memo = new WeakMap<readonly ColumnPair[], Sync["pairs"]>();
function childPairs(property: RelationshipProperty): Sync["pairs"] {
  let found = memo.get(property.syncPairs);
  if (found === undefined) {
    found = property.syncPairs.map((p) =>
      property.direction === "manyToOne" ? { child: p.local, parent: p.remote } : { child: p.remote, parent: p.local },
    );
    memo.set(property.syncPairs, found);
  }
  return found;
}

export class SyncPlan {
  readonly byChild = new Map<Managed, Sync[]>();
  /** Done after all rows exist. */
  readonly postponed = new Map<Managed, Sync[]>();

  /** An object wins over nothing, whichever side says it. */
  add(child: Managed, property: RelationshipProperty, parent: Managed | null): void {
    const map = property.postUpdate ? this.postponed : this.byChild;
    const sync: Sync = { property, pairs: childPairs(property), parent };
    const list = map.get(child);
    if (list === undefined) {
      map.set(child, [sync]);
      return;
    }
    const first = sync.pairs[0]?.child;
    const at = list.findIndex((s) => s.pairs[0]?.child === first);
    if (at < 0) list.push(sync);
    else if (parent !== null) list[at] = sync;
  }
  /** Done by an UPDATE after all rows exist. */
  postpone(child: Managed, sync: Sync): void {
    const list = this.postponed.get(child);
    if (list === undefined) this.postponed.set(child, [sync]);
    else list.push(sync);
  }
}

/** Copies the parent's key into the child. */
export function applySync(child: Managed, sync: Sync): void {
  for (const pair of sync.pairs) {
    if (sync.parent === null) {
      // Part of the child's own key cannot become NULL: the row cannot live without its owner.
      if (pair.child.column.primaryKey) {
        throw new FlushError(
          `${describeInstance(child)} lost its ${sync.property}, but '${pair.child.key}' is part of its primary key and cannot become NULL. Delete the object, or let the relationship cascade "all, delete-orphan".`,
          "orm.key-to-null",
        );
      }
      assignColumn(child, pair.child, null);
      continue;
    }
    const value = sync.parent[pair.parent.slot];
    if (value === UNLOADED || value === undefined) continue;
    assignColumn(child, pair.child, value);
  }
}
