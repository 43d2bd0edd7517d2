/** Tables in dependency order, and the foreign keys that have to wait. Source: SQLAlchemy `sort_tables_and_constraints`. */
import type { Constraint, ForeignKeyConstraint } from "./constraint.js";
import { sortGraph } from "./sort.js";
import type { Table } from "./table.js";

export interface SortedTables {
  readonly order: readonly Table[];
  readonly cycles: readonly (readonly Table[])[];
  /** Foreign keys to be added when all tables exist: those inside a cycle, and those marked `useAlter`. */
  readonly late: ReadonlySet<ForeignKeyConstraint>;
}

export function foreignKeysOf(table: Table): readonly ForeignKeyConstraint[] {
  return table.constraints.filter((c: Constraint): c is ForeignKeyConstraint => c.kind === "foreignKey");
}

/** Names of tables that this one is a part or an heir of, whatever database says so. */
function parentNames({ dialectOptions }: Table): readonly string[] {
  return Object.values(dialectOptions)
    .flatMap(({ inherits, partitionOf }) => [inherits, partitionOf].flat())
    .filter((name) => name !== undefined)
    .map(String);
}

/** Sorts what is given, keeping the given order among tables that do not depend on one another. */
export function sortTables(tables: readonly Table[]): SortedTables {
  const late = new Set<ForeignKeyConstraint>();
  const byName = new Map(tables.map((t) => [t.fullName, t]));
  const parents = (table: Table): Table[] =>
    parentNames(table).flatMap((name) => byName.get(name) ?? byName.get(`${table.schema}.${name}`) ?? []);
  const referred = (table: Table, onlyNow: boolean): Table[] => [
    ...parents(table),
    ...foreignKeysOf(table).flatMap((key) => {
      if (key.options.useAlter) late.add(key);
      return key.options.useAlter || (onlyNow && late.has(key)) ? [] : [key.referredTable as Table];
    }),
  ];
  const first = sortGraph(tables, (t) => referred(t, false));
  if (first.cycles.length === 0) return { order: first.order, cycles: [], late };
  for (const cycle of first.cycles) {
    const members = new Set<Table>(cycle);
    for (const table of cycle) {
      for (const key of foreignKeysOf(table)) {
        const target = key.referredTable as Table;
        if (target !== table && members.has(target)) late.add(key);
      }
    }
  }
  return { order: sortGraph(tables, (t) => referred(t, true)).order, cycles: first.cycles, late };
}
