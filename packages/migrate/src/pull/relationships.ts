/** Relationships from foreign keys, both ways: names, kinds, and what has to be said where several keys compete. */
import type { ReflectedForeignKey, ReflectedTable } from "@athanor/core";
import { camelCase, pascalCase, pluralOf, singularOf, withoutKeySuffix, wordsOf } from "./names.js";
import { fullName, type PulledTable } from "./plan.js";

export interface PulledRelationship {
  readonly owner: PulledTable;
  readonly property: string;
  readonly kind: "manyToOne" | "oneToMany" | "oneToOne" | "manyToMany";
  readonly target: PulledTable;
  readonly backPopulates: string;
  /** The reference may be null. */
  readonly nullable: boolean;
  readonly secondary?: PulledTable;
  readonly foreignKeys?: readonly string[];
  readonly remoteSide?: readonly string[];
}

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((x) => b.includes(x));
/** No two rows have these columns in common: then the other side is one object, not a collection. */
function isUnique(table: ReflectedTable, columns: readonly string[]): boolean {
  return (
    (table.primaryKey !== undefined && same(table.primaryKey.columns, columns)) ||
    table.uniqueConstraints.some((u) => same(u.columns, columns)) ||
    table.indexes.some(
      (i) =>
        i.unique &&
        i.where === undefined &&
        i.parts.every((p) => p.column !== undefined) &&
        same(
          i.parts.map((p) => p.column as string),
          columns,
        ),
    )
  );
}
const words = (table: PulledTable) => wordsOf(table.reflected.name);
const propertiesOf = (table: PulledTable, columns: readonly string[]) =>
  columns.map((c) => table.properties.get(c) as string);

export function planRelationships(tables: readonly PulledTable[]): PulledRelationship[] {
  const byName = new Map(tables.map((t) => [fullName(t.reflected.schema, t.reflected.name), t]));
  const targetOf = (k: ReflectedForeignKey) => byName.get(fullName(k.referredSchema, k.referredTable)) as PulledTable;
  const found: PulledRelationship[] = [];
  // References take their names before collections: they are named after the model's own columns.
  const collections: (() => void)[] = [];
  for (const owner of tables) {
    if (owner.kind === "bare") continue;
    if (owner.kind === "link") {
      collections.push(() => linked(owner));
      continue;
    }
    for (const key of owner.keys) {
      const target = targetOf(key);
      if (target.kind === "model") reference(owner, target, key);
    }
  }
  for (const collect of collections) collect();
  return found;

  function reference(owner: PulledTable, target: PulledTable, key: ReflectedForeignKey): void {
    const own = propertiesOf(owner, key.columns);
    // A key whose every column is its own target leads each row to itself.
    if (owner === target && same(key.columns, key.referredColumns)) return;
    const siblings = owner.keys.filter((k) => targetOf(k) === target);
    const backward = target.keys.some((k) => targetOf(k) === owner);
    const columnWords = wordsOf(key.columns[0] as string);
    const stem = key.columns.length === 1 ? withoutKeySuffix(columnWords) : undefined;
    const one = camelCase(singularOf(words(target)));
    const byColumn = camelCase([...columnWords, ...singularOf(words(target))]);
    const candidates =
      stem !== undefined
        ? [camelCase(stem), one, byColumn]
        : siblings.length > 1 || owner === target
          ? [byColumn]
          : [one, byColumn];
    const property = owner.taken.take(...candidates);
    const single = isUnique(owner.reflected, key.columns);
    const nullable = key.columns.some((c) => owner.reflected.columns.find((x) => x.name === c)?.nullable ?? true);
    const several = siblings.length > 1 || (single && backward);
    collections.push(() => {
      const base = single ? singularOf(words(owner)) : pluralOf(words(owner));
      const by = camelCase([...base, "by", ...wordsOf(property)]);
      const reverse = target.taken.take(...(siblings.length > 1 ? [by] : [camelCase(base), by]));
      const foreignKeys = several ? { foreignKeys: own } : {};
      const self = owner === target;
      const remote = propertiesOf(target, key.referredColumns);
      found.push({
        owner,
        property,
        kind: single ? "oneToOne" : "manyToOne",
        target,
        backPopulates: reverse,
        nullable,
        ...foreignKeys,
        ...(self ? { remoteSide: remote } : {}),
      });
      found.push({
        owner: target,
        property: reverse,
        kind: single ? "oneToOne" : "oneToMany",
        target: owner,
        backPopulates: property,
        nullable: true,
        ...foreignKeys,
        ...(self ? { remoteSide: own } : {}),
      });
    });
  }
  function linked(link: PulledTable): void {
    const [left, right] = link.keys as [ReflectedForeignKey, ReflectedForeignKey];
    const [a, b] = [targetOf(left), targetOf(right)];
    const self = a === b;
    const ends = (t: PulledTable) =>
      t.keys
        .map((k) => targetOf(k).name)
        .sort()
        .join();
    const others = tables.filter((t) => t.kind === "link" && t !== link && ends(t) === ends(link));
    const nameOn = (owner: PulledTable, target: PulledTable, key: ReflectedForeignKey) => {
      const many = camelCase(pluralOf(words(target)));
      const through = camelCase([...pluralOf(words(target)), "by", ...words(link)]);
      const stem = withoutKeySuffix(wordsOf(key.columns[0] as string)) ?? wordsOf(key.columns[0] as string);
      return owner.taken.take(
        ...(self
          ? [camelCase(pluralOf(stem)), `${many}By${pascalCase(stem)}`]
          : others.length > 0
            ? [through]
            : [many, through]),
      );
    };
    const toB = nameOn(a, b, right);
    const toA = nameOn(b, a, left);
    const remote = (key: ReflectedForeignKey) => (self ? { remoteSide: propertiesOf(link, key.columns) } : {});
    found.push({
      owner: a,
      property: toB,
      kind: "manyToMany",
      target: b,
      backPopulates: toA,
      nullable: true,
      secondary: link,
      ...remote(right),
    });
    found.push({
      owner: b,
      property: toA,
      kind: "manyToMany",
      target: a,
      backPopulates: toB,
      nullable: true,
      secondary: link,
      ...remote(left),
    });
  }
}
