/**
 * Finds what joins a relationship: direction, column pairs, secondary table, the other side. Source: SQLAlchemy
 * "Configuring how Relationship Joins", whose inference it follows; what is ambiguous names the way out.
 */
import {
  type ColumnFace,
  didYouMean,
  type Expression,
  type ForeignKeyConstraint,
  FromClause,
  fromClause,
  Join,
  Table,
  type TableColumn,
} from "@athanor/core";
import { MappingError } from "../errors.js";
import { customJoin, customSecondary } from "./custom-join.js";
import type { ColumnPair, MappedColumn, Mapper, RelationshipProperty, SecondaryPair } from "./mapper.js";

const list = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

/** A composite or single foreign key between two mappers, as pairs of mapped columns. */
interface Link {
  readonly holder: Mapper;
  readonly pairs: readonly { readonly from: MappedColumn; readonly to: MappedColumn }[];
}
function linksBetween(holder: Mapper, target: Mapper): Link[] {
  const found: Link[] = [];
  for (const table of holder.tables) {
    for (const constraint of table.constraints) {
      if (constraint.kind !== "foreignKey") continue;
      if (!target.tables.includes(constraint.referredTable as Table)) continue;
      const pairs = pairsOf(constraint, holder, target);
      // The key of a joined subclass, which leads to its own base, is no relationship.
      if (pairs === undefined || (holder.isA(target) && holder !== target && pairs.every((p) => p.from === p.to)))
        continue;
      if (pairs.every((p) => p.from === p.to)) continue;
      found.push({ holder, pairs });
    }
  }
  return found;
}
function pairsOf(constraint: ForeignKeyConstraint, holder: Mapper, target: Mapper): Link["pairs"] | undefined {
  const pairs: { from: MappedColumn; to: MappedColumn }[] = [];
  for (let i = 0; i < constraint.columns.length; i++) {
    const from = holder.attributeOf(constraint.columns[i] as ColumnFace as TableColumn);
    const to = target.attributeOf(constraint.referredColumns[i] as ColumnFace as TableColumn);
    if (from === undefined || to === undefined) return undefined;
    pairs.push({ from, to });
  }
  return pairs;
}

export function resolveJoin(property: RelationshipProperty): void {
  const { definition, parent } = property;
  if (definition.settings.primaryJoin !== undefined && definition.settings.secondary === undefined)
    customJoin(property);
  else if (definition.kind === "manyToMany" || definition.settings.secondary !== undefined) secondaryJoin(property);
  else keyJoin(property);
  if (property.alias !== undefined && !property.viewOnly) {
    throw new MappingError(
      `${property}: a relationship to an alias only reads; say { viewOnly: true }, and write through one to ${property.target}.`,
      "orm.alias-target",
    );
  }
  if (property.direction === "manyToOne") {
    const pk = property.target.primaryKey;
    property.usesGet =
      property.primaryJoin === undefined &&
      property.alias === undefined &&
      pk.length === property.pairs.length &&
      pk.every((a) => property.pairs.some((p) => p.remote === a));
    checkNullable(property);
  }
  const { cascade } = property;
  if (cascade.deleteOrphan && property.direction !== "oneToMany" && definition.settings.singleParent !== true) {
    throw new MappingError(
      `${property}: delete-orphan on a ${property.direction} relationship means that a ${property.target} has one ${parent} at most: say so with { singleParent: true }, or put the cascade on the other side.`,
      "orm.single-parent",
    );
  }
  property.orderBy = orderingOf(property);
}

function keyJoin(property: RelationshipProperty): void {
  const { definition, parent, target } = property;
  const { kind, settings } = definition;
  const own = linksBetween(parent, target);
  const theirs = linksBetween(target, parent);
  const selfReferential = parent.tables.some((t) => target.tables.includes(t));
  let direction: "oneToMany" | "manyToOne";
  if (kind === "manyToOne") direction = "manyToOne";
  else if (kind === "oneToMany") direction = "oneToMany";
  else if (selfReferential)
    direction =
      settings.remoteSide === undefined ||
      own.some((l) => l.pairs.some((p) => list(settings.remoteSide).includes(p.to.key)))
        ? "manyToOne"
        : "oneToMany";
  else if (own.length > 0 && theirs.length > 0) {
    const wanted = list(settings.foreignKeys);
    const mine = own.some((l) => l.pairs.some((p) => wanted.includes(p.from.key)));
    if (wanted.length === 0) {
      throw new MappingError(
        `${property}: ${parent} and ${target} refer to each other; say which key it is with { foreignKeys: "${own[0]?.pairs[0]?.from.key}" } or "${theirs[0]?.pairs[0]?.from.key}".`,
        "orm.ambiguous-foreign-keys",
      );
    }
    direction = mine ? "manyToOne" : "oneToMany";
  } else direction = own.length > 0 ? "manyToOne" : "oneToMany";

  const candidates = direction === "manyToOne" ? own : theirs;
  const link = choose(property, candidates, direction);
  property.direction = direction;
  property.pairs = link.pairs.map(
    (p): ColumnPair => (direction === "manyToOne" ? { local: p.from, remote: p.to } : { local: p.to, remote: p.from }),
  );
  property.syncPairs = property.pairs;
  const remote = list(settings.remoteSide);
  if (remote.length > 0 && !property.pairs.every((p) => remote.includes(p.remote.key))) {
    const right = property.pairs.map((p) => `"${p.remote.key}"`).join(", ");
    throw new MappingError(
      `${property}: the remote side of a ${direction} is ${right}, not '${remote.join(", ")}'. Did you mean ${direction === "manyToOne" ? "oneToMany" : "manyToOne"}()?`,
      "orm.remote-side",
    );
  }
}
function choose(
  property: RelationshipProperty,
  candidates: readonly Link[],
  direction: "oneToMany" | "manyToOne",
): Link {
  const { definition, parent, target } = property;
  const [holder, referred] = direction === "manyToOne" ? [parent, target] : [target, parent];
  let wanted = list(definition.settings.foreignKeys);
  if (wanted.length === 0) {
    // The other side may have said it.
    const other = definition.settings.backPopulates;
    const reverse = other === undefined ? undefined : target.relationship(other);
    if (reverse !== undefined) wanted = list(reverse.definition.settings.foreignKeys);
  }
  if (candidates.length === 0) {
    const opposite = direction === "manyToOne" ? linksBetween(target, parent) : linksBetween(parent, target);
    if (opposite.length > 0) {
      const pair = opposite[0]?.pairs[0];
      throw new MappingError(
        `${property}: the foreign key '${pair?.from.key}' is on ${opposite[0]?.holder}, so this side is a ${direction === "manyToOne" ? "oneToMany or oneToOne" : "manyToOne"}, not a ${definition.kind}.`,
        "orm.direction",
      );
    }
    const key = `${referred.name.charAt(0).toLowerCase()}${referred.name.slice(1)}Id`;
    throw new MappingError(
      `${property}: no foreign key leads from ${holder} to ${referred}. Give ${holder} a column such as ${key}: integer().references("${referred.table.fullName}.${referred.primaryKey[0]?.column.columnName}"), or the relationship a primaryJoin.`,
      "orm.no-foreign-key",
    );
  }
  if (wanted.length > 0) {
    for (const key of wanted) {
      if (holder.attribute(key) === undefined) {
        throw new MappingError(
          `${property}: foreignKeys names '${key}', which is no column of ${holder}.${didYouMean(
            key,
            holder.attributes.map((a) => a.key),
          )}`,
          "orm.foreign-keys",
        );
      }
    }
    const fitting = candidates.filter((l) => l.pairs.every((p) => wanted.includes(p.from.key)));
    if (fitting.length === 1) return fitting[0] as Link;
    if (fitting.length === 0) {
      const known = candidates.map((l) => l.pairs.map((p) => p.from.key).join(" + "));
      throw new MappingError(
        `${property}: '${wanted.join(", ")}' is no foreign key from ${holder} to ${referred}; there is ${known.join(", ")}.`,
        "orm.foreign-keys",
      );
    }
    return fitting[0] as Link;
  }
  if (candidates.length === 1) return candidates[0] as Link;
  const distinct = candidates.map((l) => l.pairs.map((p) => p.from.key));
  const fixes = distinct.map(
    (keys) => `{ foreignKeys: ${keys.length === 1 ? JSON.stringify(keys[0]) : JSON.stringify(keys)} }`,
  );
  throw new MappingError(
    `${property}: several foreign keys lead from ${holder} to ${referred}; say which one with ${fixes.join(" or ")}.`,
    "orm.ambiguous-foreign-keys",
  );
}

/** Every foreign key from the secondary table to one of a mapper's tables. */
function secondaryLinks(secondary: Table, mapper: Mapper): SecondaryPair[][] {
  const found: SecondaryPair[][] = [];
  for (const constraint of secondary.constraints) {
    if (constraint.kind !== "foreignKey" || !mapper.tables.includes(constraint.referredTable as Table)) continue;
    const pairs = constraint.columns.map((c, i): SecondaryPair | undefined => {
      const mapped = mapper.attributeOf(constraint.referredColumns[i] as ColumnFace as TableColumn);
      return mapped === undefined ? undefined : { mapped, column: c as TableColumn };
    });
    if (pairs.every((p) => p !== undefined)) found.push(pairs as SecondaryPair[]);
  }
  return found;
}
function secondaryJoin(property: RelationshipProperty): void {
  const { definition, parent, target } = property;
  const { settings } = definition;
  const given = settings.secondary as { readonly [fromClause]?: unknown } | undefined;
  const table = given instanceof FromClause ? given : given?.[fromClause];
  const byHand = settings.primaryJoin !== undefined || settings.secondaryJoin !== undefined;
  if (table instanceof Join && byHand) {
    customSecondary(property, table, { left: undefined, right: undefined });
    return;
  }
  if (!(table instanceof Table)) {
    throw new MappingError(
      `${property}: manyToMany() needs { secondary: table }, the table between ${parent} and ${target}.`,
      "orm.secondary",
    );
  }
  for (const constraint of table.constraints) if (constraint.kind === "foreignKey") void constraint.referredColumns;
  const toParent = secondaryLinks(table, parent);
  const toTarget = secondaryLinks(table, target);
  if (byHand) {
    const whole = settings.primaryJoin !== undefined && settings.secondaryJoin !== undefined;
    if (whole || (toParent.length <= 1 && toTarget.length <= 1)) {
      customSecondary(property, table, { left: toParent[0], right: toTarget[0] });
      return;
    }
  }
  const remote = list(settings.remoteSide);
  const foreign = list(settings.foreignKeys);
  const names = (pairs: readonly SecondaryPair[]) => pairs.map((p) => p.column.key);
  let right = toTarget;
  let left = toParent;
  if (remote.length > 0) {
    right = right.filter((l) => names(l).every((n) => remote.includes(n)));
    left = left.filter((l) => !right.some((r) => r[0]?.column === l[0]?.column));
  } else if (foreign.length > 0) {
    left = left.filter((l) => names(l).every((n) => foreign.includes(n)));
    right = right.filter((r) => !left.some((l) => r[0]?.column === l[0]?.column));
  } else {
    const other = settings.backPopulates === undefined ? undefined : target.relationship(settings.backPopulates);
    const theirRemote = list(other?.definition.settings.remoteSide);
    if (theirRemote.length > 0 && other !== undefined) {
      left = left.filter((l) => names(l).every((n) => theirRemote.includes(n)));
      right = right.filter((r) => !left.some((l) => r[0]?.column === l[0]?.column));
    }
  }
  if (left.length === 0 || right.length === 0) {
    const missing = left.length === 0 ? parent : target;
    throw new MappingError(
      `${property}: the secondary table '${table.fullName}' has no foreign key to ${missing}; give it a column with references("${missing.table.fullName}.${missing.primaryKey[0]?.column.columnName}").`,
      "orm.no-foreign-key",
    );
  }
  if (left.length > 1 || right.length > 1) {
    const keys = toTarget.map((l) => names(l).join(" + "));
    throw new MappingError(
      `${property}: the secondary table '${table.fullName}' refers to ${target} more than once; say which column leads to the members with ${keys.map((k) => `{ remoteSide: "${k}" }`).join(" or ")}.`,
      "orm.ambiguous-foreign-keys",
    );
  }
  property.direction = "manyToMany";
  property.secondary = {
    table,
    from: table,
    localPairs: left[0] as SecondaryPair[],
    remotePairs: right[0] as SecondaryPair[],
    toSecondary: undefined,
    toTarget: undefined,
  };
}

function checkNullable(property: RelationshipProperty): void {
  if (property.definition.settings.nullable !== false) return;
  const loose = property.syncPairs.find((p) => p.local.column.nullable);
  if (loose === undefined) return;
  throw new MappingError(
    `${property} says { nullable: false }, but its foreign key ${property.parent}.${loose.local.key} is nullable: leave out .nullable() there, or the promise here.`,
    "orm.nullable",
  );
}

function orderingOf(property: RelationshipProperty): RelationshipProperty["orderBy"] {
  const given = property.definition.settings.orderBy;
  if (given === undefined) return () => [];
  if (typeof given === "function") {
    return (columns) => {
      const made = (given as (c: unknown) => unknown)(columns);
      return (Array.isArray(made) ? made : [made]) as never;
    };
  }
  const keys = Array.isArray(given) ? (given as string[]) : [given as string];
  for (const key of keys) {
    if (typeof key !== "string" || property.target.attribute(key) === undefined) {
      throw new MappingError(
        `${property}: orderBy names '${String(key)}', which is no column of ${property.target}.${didYouMean(
          String(key),
          property.target.attributes.map((a) => a.key),
        )}`,
        "orm.order-by",
      );
    }
  }
  return (columns) => keys.map((key) => columns[key] as Expression);
}

/** Ties the two sides together; only now are all directions known. */
export function linkReverse(property: RelationshipProperty): void {
  const { backPopulates } = property.definition.settings;
  if (backPopulates === undefined) return;
  const { target, parent } = property;
  const reverse = target.relationship(backPopulates);
  if (reverse === undefined) {
    if (target.attribute(backPopulates) !== undefined) {
      throw new MappingError(
        `${property}: backPopulates names ${target}.${backPopulates}, which is a column, not a relationship.`,
        "orm.back-populates",
      );
    }
    throw new MappingError(
      `${property}: backPopulates names '${backPopulates}', which ${target} has not.${didYouMean(
        backPopulates,
        target.relationships.map((r) => r.key),
      )}`,
      "orm.back-populates",
    );
  }
  if (!reverse.target.isA(parent) && !parent.isA(reverse.target)) {
    throw new MappingError(
      `${property}: backPopulates names ${reverse}, which leads to ${reverse.target}, not back to ${parent}.`,
      "orm.back-populates",
    );
  }
  const answer = reverse.definition.settings.backPopulates;
  if (answer !== undefined && answer !== property.key) {
    throw new MappingError(
      `${property} says backPopulates: "${backPopulates}", but ${reverse} says "${answer}".`,
      "orm.back-populates",
    );
  }
  if (property.direction === reverse.direction && property.direction !== "manyToMany") {
    throw new MappingError(
      `${property} and ${reverse} are both ${property.direction}: one side of the pair has to be the ${property.direction === "oneToMany" ? "manyToOne" : "oneToMany"}.`,
      "orm.back-populates",
    );
  }
  if (property.direction === "manyToMany" && property.secondary?.table !== reverse.secondary?.table) {
    throw new MappingError(`${property} and ${reverse} go through different secondary tables.`, "orm.back-populates");
  }
  if (property.viewOnly || reverse.viewOnly) return;
  property.backPopulates = reverse;
  if (answer === undefined && reverse.backPopulates === undefined) reverse.backPopulates = property;
}
