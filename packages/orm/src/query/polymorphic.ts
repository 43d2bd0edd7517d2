/**
 * A base class with columns of its subclasses in one statement: `withPolymorphic(Person, [Engineer])`.
 * Source: SQLAlchemy "Using with_polymorphic()".
 */
import {
  Alias,
  ArgumentError,
  conjunction,
  type FromClause,
  Join,
  operators,
  type Table,
  type TableColumn,
} from "@athanor/core";
import type { Mapper } from "../mapping/mapper.js";
import { AliasedEntity, entityElementOf } from "./entity.js";
import { aliasedSource, EntitySource, mappedSource, UnionSource } from "./source.js";

/** A base read together with the tables of some of its subclasses. */
export class PolymorphicSource extends EntitySource {
  /** The subclasses whose columns are read, those between them and the base included. */
  readonly subs: readonly Mapper[];
  readonly leaves: ReadonlyMap<Table, FromClause>;
  constructor(base: Mapper, subs: readonly Mapper[], name: string | undefined, isAlias: boolean) {
    const leaves = new Map<Table, FromClause>();
    for (const mapper of [base, ...subs])
      for (const table of mapper.tables)
        if (!leaves.has(table)) {
          const alias = name === undefined || table === base.table ? name : `${name}_${table.tableName}`;
          leaves.set(table, isAlias ? new Alias(table, alias) : table);
        }
    super(base, joined(base, subs, leaves), leaves, name ?? base.name, isAlias, false);
    this.subs = subs;
    this.leaves = leaves;
  }
}
/**
 * What a loader reads for `ofType(Engineer)`: all objects of the relationship, with the columns of that subclass; a
 * collection that silently lacked its other members would be taken for the whole. Undefined where nothing is to be added:
 * no subclass, an alias, which stands for what it says, or one with a table of its own.
 */
export function wholeTarget(base: Mapper, aimed: EntitySource | undefined): PolymorphicSource | undefined {
  if (aimed === undefined || aimed instanceof PolymorphicSource || aimed.isAlias) return undefined;
  const chain: Mapper[] = [];
  for (let m: Mapper | undefined = aimed.mapper; m !== base; m = m.inheritance?.base) {
    if (m === undefined || m.inheritance?.strategy === "concrete") return undefined;
    chain.unshift(m);
  }
  return chain.length === 0 ? undefined : new PolymorphicSource(base, chain, undefined, false);
}
function joined(base: Mapper, subs: readonly Mapper[], leaves: ReadonlyMap<Table, FromClause>): FromClause {
  let from: FromClause | undefined;
  const seen = new Set<Table>();
  for (const mapper of [base, ...subs]) {
    mapper.tables.forEach((table, i) => {
      if (seen.has(table)) return;
      seen.add(table);
      const right = leaves.get(table) as FromClause;
      if (from === undefined) {
        from = right;
        return;
      }
      const above = mapper.tables[i - 1] as Table;
      const left = leaves.get(above) as FromClause;
      const at = (leaf: FromClause, column: TableColumn) => (leaf === column.table ? column : leaf.column(column.key));
      const on = table.primaryKey.map((pk, n) => at(left, above.primaryKey[n] as TableColumn).eq(at(right, pk)));
      from = new Join(from, right, conjunction(operators.and, on), base.tables.includes(table) ? "inner" : "left");
    });
  }
  return from as FromClause;
}

export interface PolymorphicSettings {
  /** Under aliases, so that the same tables may stand in the statement again. */
  readonly aliased?: boolean;
  /** The same: here an aliased hierarchy is always a flat join of aliases. */
  readonly flat?: boolean;
  /** The name in rows; implies `aliased`. */
  readonly name?: string;
}
/** The run time of `withPolymorphic()`. */
export class PolymorphicEntity extends AliasedEntity {
  constructor(
    source: PolymorphicSource | UnionSource,
    subs: readonly Mapper[],
    meta: { readonly props: unknown; readonly options: unknown },
  ) {
    super(source, meta);
    for (const mapper of subs) {
      const face = (mapper.model as unknown as { readonly $: { readonly props: unknown; readonly options: unknown } })
        .$;
      const part =
        source instanceof UnionSource
          ? new UnionSource(mapper, mapper.name, source.isAlias, source.from)
          : new EntitySource(mapper, source.from, source.leaves, mapper.name, source.isAlias, false);
      Object.defineProperty(this, mapper.name, { value: new AliasedEntity(part, face), enumerable: true });
    }
  }
}
export function makePolymorphic(
  model: unknown,
  classes: unknown,
  settings: PolymorphicSettings = {},
): PolymorphicEntity {
  const base = entityElementOf(model)?.mapper;
  if (base === undefined)
    throw new ArgumentError("withPolymorphic(): the first argument is a model.", "orm.polymorphic");
  const all = [...base.selfAndDescendants()].slice(1);
  const wanted = new Set<Mapper>();
  if (classes === "*") for (const m of all) wanted.add(m);
  else if (Array.isArray(classes)) {
    for (const one of classes) {
      const mapper = entityElementOf(one)?.mapper;
      if (mapper === undefined || !mapper.isA(base))
        throw new ArgumentError(
          `withPolymorphic(${base}): ${mapper ?? String(one)} is no subclass of it. Known: ${all.join(", ") || "none"}.`,
          "orm.polymorphic",
        );
      for (let m: Mapper | undefined = mapper; m !== undefined && m !== base; m = m.inheritance?.base) wanted.add(m);
    }
  } else
    throw new ArgumentError(
      'withPolymorphic(): the second argument is a list of subclasses, or "*".',
      "orm.polymorphic",
    );
  const subs = all.filter((m) => wanted.has(m));
  const isAlias = settings.aliased === true || settings.flat === true || settings.name !== undefined;
  const face = (base.model as unknown as { readonly $: { readonly props: unknown; readonly options: unknown } }).$;
  // What a query of such a class reads has the columns of all of them anyway.
  if (base.isUnion) {
    const union = (isAlias ? aliasedSource(base, settings.name) : mappedSource(base)) as UnionSource;
    return new PolymorphicEntity(union, subs, face);
  }
  for (const m of subs)
    if (m.inheritance?.strategy === "concrete")
      throw new ArgumentError(
        `withPolymorphic(${base}): ${m} has a table of its own with all columns, so nothing joins it to ${base}.`,
        "orm.polymorphic",
      );
  return new PolymorphicEntity(new PolymorphicSource(base, subs, settings.name, isAlias), subs, face);
}
