/**
 * Joins written by hand: `primaryJoin`, `secondaryJoin`, `foreign()`. What is a plain list of equalities behaves like a
 * foreign key afterwards; anything else (OR, comparisons, functions) is asked of the database each time.
 * Source: SQLAlchemy "Specifying Alternate Join Conditions", "Composite Secondary Joins".
 */
import {
  Alias,
  Binary,
  BooleanList,
  ColumnReference,
  criterion,
  DerivedColumn,
  didYouMean,
  type Expression,
  type FromClause,
  operators,
  originColumn,
  Table,
  type TableColumn,
} from "@athanor/core";
import { MappingError } from "../errors.js";
import { type JoinNotes, takingNotes } from "./join-annotations.js";
import type { ColumnPair, MappedColumn, Mapper, RelationshipProperty, SecondaryPair } from "./mapper.js";

type Columns = { readonly [key: string]: Expression };
const list = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

/** Columns of a mapper under aliases of their own, so that the two sides of a self-reference can be told apart. */
function aliasedColumns(mapper: Mapper): Columns {
  const aliases = mapper.tables.map((t) => new Alias(t));
  const columns: Record<string, Expression> = Object.create(null);
  for (const a of mapper.attributes)
    columns[a.key] = (aliases[mapper.tables.indexOf(a.column.table)] as Alias).column(a.column.key);
  return columns;
}
function plainColumns(mapper: Mapper): Columns {
  const columns: Record<string, Expression> = Object.create(null);
  for (const a of mapper.attributes) columns[a.key] = a.column;
  return columns;
}
/** While configuring, a column that does not exist is told by name. */
function checked(columns: Columns, where: string): Columns {
  return new Proxy(columns, {
    get(target, key) {
      if (typeof key === "symbol" || key in target) return Reflect.get(target, key) as unknown;
      throw new MappingError(
        `${where}: there is no column '${key}' to join by.${didYouMean(key, Object.keys(target))}`,
        "orm.join-column",
      );
    },
  });
}
/** The equalities of a condition, and whether it is nothing but these. */
function equalitiesOf(
  condition: Expression,
  pair: (a: ColumnReference, b: ColumnReference) => boolean,
): { readonly pure: boolean } {
  let pure = true;
  const visit = (e: Expression): void => {
    if (e instanceof BooleanList && e.oper === operators.and) {
      e.items.forEach(visit);
      return;
    }
    if (
      e instanceof Binary &&
      e.oper === operators.eq &&
      e.left instanceof ColumnReference &&
      e.right instanceof ColumnReference &&
      pair(e.left, e.right)
    )
      return;
    pure = false;
  };
  visit(condition);
  return { pure };
}

/** `primaryJoin: (target, owner) => …`: pairs are the equalities inside it that lead from one side to the other. */
export function customJoin(property: RelationshipProperty): void {
  const { definition, parent, target } = property;
  const write = definition.settings.primaryJoin as (t: unknown, o: unknown) => unknown;
  const targetColumns = aliasedColumns(target);
  const ownerColumns = plainColumns(parent);
  const { made, notes } = takingNotes(() =>
    criterion(write(checked(targetColumns, `${property}, ${target}`), checked(ownerColumns, `${property}, ${parent}`))),
  );
  for (const column of notes.remote) {
    if (!Object.values(targetColumns).includes(column as Expression))
      throw new MappingError(
        `${property}: remote() marks columns of ${target}, the first argument of primaryJoin; ${String(column)} is none.`,
        "orm.remote-side",
      );
  }
  const equalities: (ColumnPair & { readonly localForeign: boolean; readonly remoteForeign: boolean })[] = [];
  const isForeign = foreignTest(property, notes);
  const { pure } = equalitiesOf(made, (left, right) => {
    const [remote, local] = left instanceof DerivedColumn ? [left, right] : [right, left];
    if (!(remote instanceof DerivedColumn) || local instanceof DerivedColumn) return false;
    const l = parent.attributeOf(local as TableColumn);
    const r = target.attributeOf(remote.origin as TableColumn);
    if (l === undefined || r === undefined) return false;
    equalities.push({ local: l, remote: r, localForeign: isForeign(l, local), remoteForeign: isForeign(r, remote) });
    return true;
  });
  const asMany = equalities.filter((p) => p.localForeign);
  const asOne = equalities.filter((p) => p.remoteForeign);
  const { kind } = definition;
  const direction = kind === "oneToMany" || kind === "manyToOne" ? kind : asMany.length > 0 ? "manyToOne" : "oneToMany";
  const written = direction === "manyToOne" ? asMany : asOne;
  if (written.length === 0 && !property.viewOnly) {
    throw new MappingError(
      `${property}: primaryJoin compares no foreign key of ${direction === "manyToOne" ? parent : target} with the other side by '='; mark it with foreign(), name it with { foreignKeys: … }, or make the relationship { viewOnly: true }.`,
      "orm.no-foreign-key",
    );
  }
  property.direction = direction;
  const pairs = equalities.map(({ local, remote }): ColumnPair => ({ local, remote }));
  property.pairs = pairs;
  property.syncPairs = pairs.filter((_, i) => written.includes(equalities[i] as (typeof equalities)[number]));
  // Nothing but equalities: as good as a foreign key.
  if (pure && pairs.length > 0) return;
  property.primaryJoin = (owner, targets) => criterion(write(targets, owner));
}
function foreignTest(
  property: RelationshipProperty,
  notes: JoinNotes,
): (a: MappedColumn, column: ColumnReference) => boolean {
  const named = list(property.definition.settings.foreignKeys);
  if (notes.foreign.size > 0) return (_, column) => notes.foreign.has(column);
  if (named.length > 0) return (a) => named.includes(a.key);
  return (a) => a.column.foreignKeys.length > 0;
}

/**
 * `secondary` with a join of one's own on either side, or a secondary that is itself a join: `primaryJoin: (secondary,
 * owner) => …`, `secondaryJoin: (target, secondary) => …`.
 */
export function customSecondary(
  property: RelationshipProperty,
  from: FromClause,
  links: { readonly left: readonly SecondaryPair[] | undefined; readonly right: readonly SecondaryPair[] | undefined },
): void {
  const { parent, target, definition } = property;
  const { primaryJoin, secondaryJoin } = definition.settings as {
    readonly primaryJoin?: (secondary: unknown, owner: unknown) => unknown;
    readonly secondaryJoin?: (target: unknown, secondary: unknown) => unknown;
  };
  const table = from instanceof Table ? from : undefined;
  const side = (mapper: Mapper, write: (other: Columns) => unknown): { pairs: SecondaryPair[]; pure: boolean } => {
    const { made } = takingNotes(() => criterion(write(checked(aliasedColumns(mapper), `${property}, ${mapper}`))));
    const pairs: SecondaryPair[] = [];
    const { pure } = equalitiesOf(made, (left, right) => {
      const [mine, theirs] = left instanceof DerivedColumn ? [left, right] : [right, left];
      const mapped = mine instanceof DerivedColumn ? mapper.attributeOf(mine.origin as TableColumn) : undefined;
      if (mapped === undefined || originColumn(theirs)?.table !== table) return false;
      pairs.push({ mapped, column: theirs as TableColumn });
      return true;
    });
    return { pairs, pure: pure && pairs.length > 0 };
  };
  const where = `${property}, its secondary`;
  const near =
    primaryJoin === undefined ? undefined : side(parent, (owner) => primaryJoin(checked(from.c, where), owner));
  const far =
    secondaryJoin === undefined ? undefined : side(target, (targets) => secondaryJoin(targets, checked(from.c, where)));
  const simple = table !== undefined && (near?.pure ?? true) && (far?.pure ?? true);
  if (!simple && !property.viewOnly) {
    throw new MappingError(
      `${property}: its joins through '${from.fromName ?? "a join"}' are more than equalities with columns of one table, so nothing can be written through it; make the relationship { viewOnly: true }.`,
      "orm.secondary",
    );
  }
  property.direction = "manyToMany";
  property.secondary = {
    table: table as Table,
    from,
    localPairs: near?.pairs ?? links.left ?? [],
    remotePairs: far?.pairs ?? links.right ?? [],
    toSecondary: near === undefined || simple ? undefined : (owner) => criterion(primaryJoin?.(from.c, owner)),
    toTarget: far === undefined || simple ? undefined : (targets) => criterion(secondaryJoin?.(targets, from.c)),
  };
}
