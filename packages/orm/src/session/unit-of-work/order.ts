/**
 * The order of a flush: mappers by dependency, and, where mappers depend on each other in a circle or on themselves,
 * their objects one by one in waves. Source: SQLAlchemy "unitofwork", per-state actions for cycles only.
 */
import { CircularDependencyError, sortGraph, type Table } from "@athanor/core";
import { describeInstance } from "../../mapping/collection.js";
import { type MappedColumn, type Mapper, mapperOfInstance } from "../../mapping/mapper.js";
import { type Managed, UNLOADED } from "../../mapping/state.js";
import { committedValue } from "./values.js";

/** Hierarchies that are written together. */
export interface OrderGroup {
  readonly roots: readonly Mapper[];
  /** Its objects may depend on one another. */
  readonly cyclic: boolean;
}

function tablesOf(root: Mapper): ReadonlySet<Table> {
  return new Set([...root.selfAndDescendants()].flatMap((m) => m.tables));
}
/** Hierarchies whose rows must exist before those of `root`. */
function dependencies(root: Mapper, all: readonly Mapper[]): Set<Mapper> {
  const found = new Set<Mapper>();
  const postponed = new Set<unknown>();
  for (const mapper of root.selfAndDescendants()) {
    for (const r of mapper.relationships) {
      if (r.viewOnly) continue;
      if (r.postUpdate && r.direction === "manyToOne")
        for (const p of r.syncPairs) for (const c of p.local.columns) postponed.add(c);
      else if (r.direction === "manyToOne") found.add(r.target.root);
    }
  }
  for (const other of all) {
    for (const mapper of other.selfAndDescendants()) {
      for (const r of mapper.relationships) {
        if (r.viewOnly || r.direction !== "oneToMany" || r.target.root !== root) continue;
        if (r.postUpdate) for (const p of r.syncPairs) for (const c of p.remote.columns) postponed.add(c);
        else found.add(other);
      }
    }
  }
  // Foreign keys without a relationship count as well.
  const byTable = new Map<Table, Mapper>();
  for (const other of all) for (const t of tablesOf(other)) byTable.set(t, other);
  for (const table of tablesOf(root)) {
    for (const constraint of table.constraints) {
      if (constraint.kind !== "foreignKey" || constraint.columns.some((c) => postponed.has(c))) continue;
      const other = byTable.get(constraint.referredTable as Table);
      if (other === undefined) continue;
      if (
        other !== root ||
        ![...root.selfAndDescendants()].some((m) => joinsOwnBase(m, table, constraint.referredTable as Table))
      )
        found.add(other);
    }
  }
  return found;
}
function joinsOwnBase(mapper: Mapper, table: Table, referred: Table): boolean {
  return mapper.table === table && mapper.tables.length > 1 && mapper.tables.includes(referred) && referred !== table;
}

const orders = new Map<string, readonly OrderGroup[]>();
/** Groups in the order in which rows are inserted; deletes go backwards. Kept per set of hierarchies. */
export function orderOf(roots: ReadonlySet<Mapper>): readonly OrderGroup[] {
  const items = [...roots].sort((a, b) => a.id - b.id);
  const key = items.map((m) => m.id).join();
  let found = orders.get(key);
  if (found === undefined) {
    const needs = new Map(items.map((root) => [root, dependencies(root, items)]));
    const { order, cycles } = sortGraph(items, (root) => needs.get(root) as Set<Mapper>);
    const groups: OrderGroup[] = [];
    const done = new Set<Mapper>();
    for (const root of order) {
      if (done.has(root)) continue;
      const cycle = cycles.find((c) => c.includes(root));
      const members = cycle ?? [root];
      for (const m of members) done.add(m);
      groups.push({ roots: members, cyclic: cycle !== undefined || (needs.get(root) as Set<Mapper>).has(root) });
    }
    found = groups;
    if (orders.size > 1000) orders.clear();
    orders.set(key, found);
  }
  return found;
}

/**
 * Objects in waves: each one after those it needs.
 *
 * @throws CircularDependencyError when rows need one another
 */
export function waves(items: readonly Managed[], needs: ReadonlyMap<Managed, ReadonlySet<Managed>>): Managed[][] {
  const out: Managed[][] = [];
  const done = new Set<Managed>();
  const members = new Set(items);
  let left = [...items];
  while (left.length > 0) {
    const wave = left.filter((i) => {
      for (const n of needs.get(i) ?? []) if (n !== i && members.has(n) && !done.has(n)) return false;
      return true;
    });
    if (wave.length === 0) {
      const names = left.slice(0, 4).map(describeInstance).join(", ");
      throw new CircularDependencyError(
        `${names}${left.length > 4 ? " …" : ""} refer to each other in a circle, so none can be written first. Mark one of the relationships { postUpdate: true }: its foreign key is then set by a second UPDATE.`,
        "orm.circular-dependency",
      );
    }
    for (const i of wave) done.add(i);
    if (wave.length === left.length) left = [];
    else left = left.filter((i) => !done.has(i));
    out.push(wave);
  }
  return out;
}

/** A row goes before those it refers to, by the keys that are in the database. */
export function deleteNeeds(items: readonly Managed[]): Map<Managed, Set<Managed>> {
  const byKeyText = new Map<string, Managed>();
  const text = (table: Table, values: readonly unknown[]) =>
    `${table.id}:${values.map((v) => (v instanceof Date ? v.getTime() : String(v))).join("\u0000")}`;
  const referred = new Map<Table, Set<string>>();
  const read = (i: Managed, m: Mapper, columns: readonly { readonly key: string }[]): unknown[] | undefined => {
    const values = columns.map((c) => {
      const attribute = m.attributeOf(c as never) as MappedColumn | undefined;
      return attribute === undefined ? UNLOADED : committedValue(i, attribute);
    });
    return values.some((v) => v === UNLOADED || v === null || v === undefined) ? undefined : values;
  };
  const constraints = new Map<
    Table,
    { columns: readonly { key: string }[]; target: Table; referred: readonly { key: string }[] }[]
  >();
  for (const item of items) {
    for (const table of mapperOfInstance(item).tables) {
      if (constraints.has(table)) continue;
      constraints.set(
        table,
        table.constraints.flatMap((c) =>
          c.kind === "foreignKey"
            ? [{ columns: c.columns, target: c.referredTable as Table, referred: c.referredColumns }]
            : [],
        ),
      );
    }
  }
  for (const list of constraints.values())
    for (const c of list)
      referred.set(c.target, (referred.get(c.target) ?? new Set()).add(c.referred.map((x) => x.key).join()));
  for (const item of items) {
    const m = mapperOfInstance(item);
    for (const table of m.tables) {
      for (const keys of referred.get(table) ?? []) {
        const values = read(
          item,
          m,
          keys.split(",").map((k) => table.column(k)),
        );
        if (values !== undefined) byKeyText.set(`${keys}|${text(table, values)}`, item);
      }
    }
  }
  const needs = new Map<Managed, Set<Managed>>();
  for (const item of items) {
    const m = mapperOfInstance(item);
    for (const table of m.tables) {
      for (const c of constraints.get(table) ?? []) {
        const values = read(item, m, c.columns);
        if (values === undefined) continue;
        const parent = byKeyText.get(`${c.referred.map((x) => x.key).join()}|${text(c.target, values)}`);
        if (parent === undefined || parent === item) continue;
        const set = needs.get(parent);
        if (set === undefined) needs.set(parent, new Set([item]));
        else set.add(item);
      }
    }
  }
  return needs;
}
