/**
 * Two relationships that write one column: whichever is flushed last wins, so it is said when they are configured.
 * Source: SQLAlchemy "relationship X will copy column Q to column P, which conflicts with relationship(s) Y".
 */
import type { TableColumn } from "@athanor/core";
import type { MappedColumn, Mapper, RelationshipProperty } from "./mapper.js";

interface Writer {
  readonly property: RelationshipProperty;
  readonly from: string;
}
const writers = new WeakMap<TableColumn, Writer[]>();

const name = (mapper: Mapper, attribute: MappedColumn) => `${mapper}.${attribute.key}`;
function* written(property: RelationshipProperty): Generator<{ readonly from: string; readonly to: TableColumn }> {
  const { parent, target, secondary } = property;
  if (secondary !== undefined) {
    for (const p of secondary.localPairs) yield { from: name(parent, p.mapped), to: p.column };
    for (const p of secondary.remotePairs) yield { from: name(target, p.mapped), to: p.column };
  } else if (property.direction === "manyToOne")
    for (const p of property.syncPairs) yield { from: name(target, p.remote), to: p.local.column };
  else for (const p of property.syncPairs) yield { from: name(parent, p.local), to: p.remote.column };
}
/** Classes of one hierarchy that no row is both of. */
function siblings(a: Mapper, b: Mapper): boolean {
  return a.root === b.root && !a.isA(b) && !b.isA(a);
}
function conflict(one: RelationshipProperty, other: RelationshipProperty): boolean {
  if (one.backPopulates === other || other.backPopulates === one) return false;
  if (one.overlaps.has(other.key) || other.overlaps.has(one.key)) return false;
  for (const a of [one.parent, one.target])
    for (const b of [other.parent, other.target]) if (siblings(a, b)) return false;
  return one.key !== other.key || one.parent.root !== other.parent.root;
}
/** Warns of each conflict of this relationship with those configured before it. */
export function warnOfOverlaps(property: RelationshipProperty): void {
  if (property.viewOnly) return;
  const told = new Set<RelationshipProperty>();
  for (const { from, to } of written(property)) {
    const known = writers.get(to) ?? [];
    const others = known.filter((w) => !told.has(w.property) && conflict(property, w.property));
    for (const w of others) told.add(w.property);
    writers.set(to, [...known, { property, from }]);
    if (others.length === 0) continue;
    const list = others.map((w) => `${w.property} (copies ${w.from} to ${to})`).join(", ");
    const keys = others.map((w) => w.property.key).join(",");
    process.emitWarning(
      `${property} will copy column ${from} to column ${to}, which conflicts with ${list}. If both describe one link, tie them with backPopulates; if one only reads, make it { viewOnly: true }; if their keys overlap in part, mark the column each one writes with foreign() in a primaryJoin. If it is meant, say { overlaps: "${keys}" } on ${property}.`,
      { code: "ATHANOR_OVERLAP" },
    );
  }
}
