/**
 * Long because all parts of a plan add to one list of columns.
 *
 * ORM compilation of a SELECT: entities become columns, eager joins are added, a LIMIT over joined collections is
 * wrapped. The plan is cached by the statement's structure. Source: SQLAlchemy "Joined Eager Loading", "The Zen of
 * Joined Eager Loading".
 */
import {
  ArgumentError,
  ColumnReference,
  type Compiled,
  conjunction,
  converter,
  type Dialect,
  Element,
  type Expression,
  type FromClause,
  ItemElement,
  Join,
  type JoinSpec,
  Label,
  OrderingElement,
  operators,
  referencedFroms,
  type SelectItem,
  SelectStatement,
  SubqueryClause,
  type TableColumn,
  viewedJoins,
  withEntityRows,
} from "@athanor/core";
import { restrictionsIn } from "../extensions/loader-criteria.js";
import { type Restriction, restrictSelect } from "../extensions/restrict.js";
import type { ExpressionAttribute } from "../mapping/column-property.js";
import type { MappedColumn, Mapper, RelationshipProperty } from "../mapping/mapper.js";
import { moveCriteria, relationSteps } from "./attributes.js";
import { Bundle, keysOf } from "./bundle.js";
import { EntityItem } from "./entity.js";
import { inlineAlias, withInline } from "./inline.js";
import { CarriedOptions, type LoadBranch, LoadTree, type Strategy, type Wildcard, wantsColumn } from "./load-tree.js";
import { Load, LoadEverywhere, NoEagerLoads } from "./options.js";
import { PolymorphicSource, wholeTarget } from "./polymorphic.js";
import { EntitySource, freshTarget, mappedSource, sourcesOver, targetSourceOf, UnionSource } from "./source.js";
import { UserDefinedOption } from "./user-options.js";

/** How one entity is read off a row. */
export interface EntityPlan {
  readonly index: number;
  readonly mapper: Mapper;
  readonly tree: LoadTree;
  /** The classes on the way here. */
  readonly above: readonly Mapper[];
  /** Position of the first column. */
  readonly offset: number;
  readonly columns: readonly { readonly attribute: MappedColumn; readonly at: number }[];
  /** The columns are the mapper's undeferred ones in order: the constructor can read them itself. */
  readonly standard: boolean;
  /** All undeferred columns of the mapper are read. */
  readonly complete: boolean;
  /** Expressions read with the row. */
  readonly extras: readonly { readonly attribute: ExpressionAttribute; readonly at: number }[];
  /** By subclass: its own columns, where the statement joins its tables. */
  readonly bySubclass: ReadonlyMap<Mapper, EntityPlan["columns"]> | undefined;
  readonly keyAt: readonly number[];
  /** -1: every row is of `mapper`. */
  readonly discriminatorAt: number;
  readonly joined: readonly JoinedPlan[];
  /** Relationships loaded by statements of their own once the rows are read. */
  readonly after: readonly RelationshipProperty[];
  /** Relationships read as empty. */
  readonly empty: readonly RelationshipProperty[];
}
export interface JoinedPlan {
  readonly index: number;
  readonly property: RelationshipProperty;
  readonly entity: EntityPlan;
}
export type ItemPlan = { readonly name: string } & (
  | { readonly entity: EntityPlan; readonly at: -1; readonly keys: undefined }
  | { readonly entity: undefined; readonly at: number; readonly keys: undefined }
  | {
      readonly entity: undefined;
      readonly at: number;
      readonly keys: readonly string[];
      /** An object even where all of it is null. */
      readonly always: boolean;
    }
);
export interface OrmPlan {
  readonly compiled: Compiled;
  readonly items: readonly ItemPlan[];
  readonly entities: readonly EntityPlan[];
  readonly joinedCount: number;
  /** Joined collections repeat rows: each combination of items is given once. */
  readonly unique: boolean;
  /** One plain entity per row, all different. */
  readonly distinctEntities: boolean;
  readonly names: readonly string[];
  /** Something is loaded by statements of its own afterwards. */
  readonly followed: boolean;
  /** Makes database values the program's, in place. */
  readonly convert: ((row: unknown[]) => void) | undefined;
  /** Options carry criteria, whose values differ from one execution to the next. */
  readonly criteria: boolean;
}

/** An entity read through the columns of a wrapping subquery. */
class WrappedSource extends EntitySource {
  readonly #map: ReadonlyMap<TableColumn, ColumnReference>;
  constructor(inner: EntitySource, from: FromClause, map: ReadonlyMap<TableColumn, ColumnReference>) {
    super(inner.mapper, from, new Map(), inner.name, true);
    this.#map = map;
  }
  override find(column: TableColumn): ColumnReference | undefined {
    return this.#map.get(column);
  }
  override hasTable(): boolean {
    return true;
  }
  override expression(attribute: ExpressionAttribute): Expression {
    return this.expressions.get(attribute) ?? super.expression(attribute);
  }
  override get discriminator(): Expression | undefined {
    const told = this.mapper.inheritance?.expression;
    return (told === undefined ? undefined : this.expressions.get(told)) ?? super.discriminator;
  }
  /** Those the inner statement computes. */
  readonly expressions = new Map<ExpressionAttribute, Expression>();
}

/** Whether the ORM has anything to do with a statement. */
export function concernsEntities(statement: SelectStatement): boolean {
  if (statement.optionList.length > 0) return true;
  for (const item of statement.selected) {
    if (
      item instanceof EntityItem ||
      item instanceof Bundle ||
      (item instanceof ColumnReference && sourcesOver(item.from).length > 0)
    )
      return true;
  }
  return false;
}

export function planSelect(statement: SelectStatement, dialect: Dialect, binds: ReadonlyMap<object, number>): OrmPlan {
  return new Planner(statement).plan(dialect, binds);
}

/** Columns an entity reads, by what the options say; the key always comes along. What a subquery lacks stays unloaded. */
function attributesToLoad(source: EntitySource, tree: LoadTree): readonly MappedColumn[] {
  const { mapper } = source;
  return mapper.attributes.filter((a) => {
    if (source.find(a.column) === undefined) return mapper.primaryKey.includes(a);
    if (mapper.primaryKey.includes(a) || a === mapper.inheritance?.discriminator || a === mapper.versionColumn)
      return true;
    return wantsColumn(tree.columns, a);
  });
}

/** Options by the entity they start at. */
export function optionTrees(statement: SelectStatement): Map<EntityItem, LoadTree> {
  const trees = new Map<EntityItem, LoadTree>();
  for (const item of statement.selected) if (item instanceof EntityItem) trees.set(item, new LoadTree());
  let everywhere: Wildcard | undefined;
  for (const option of statement.optionList) {
    if (option instanceof CarriedOptions) {
      const first = [...trees.keys()][0];
      if (first !== undefined) trees.set(first, option.tree);
      continue;
    }
    if (option instanceof LoadEverywhere) {
      everywhere = option.wildcard;
      continue;
    }
    if (!(option instanceof Load)) continue;
    const { root } = option;
    let used = false;
    for (const [item, tree] of trees) {
      const { source } = item;
      const same =
        root.isAlias || source.isAlias
          ? root.from === source.from
          : root.mapper.isA(source.mapper) || source.mapper.isA(root.mapper);
      if (!same) continue;
      tree.add(option);
      used = true;
    }
    if (!used) {
      const selected = [...trees.keys()].map((i) => i.source.name).join(", ") || "no entity";
      throw new ArgumentError(
        `options(): '${option}' starts at ${root.name}, but the statement selects ${selected}.`,
        "orm.loader-root",
      );
    }
  }
  const restrictions = restrictionsIn(statement.optionList);
  const mine = statement.optionList.filter(
    (o): o is UserDefinedOption => o instanceof UserDefinedOption && o.propagateToLoaders,
  );
  for (const tree of trees.values()) {
    tree.restrict(restrictions).carry(mine);
    if (everywhere !== undefined) tree.spread(everywhere);
    if (statement.optionList.some((o) => o instanceof NoEagerLoads)) tree.eager = false;
  }
  return trees;
}
/** Criteria of the statement's own options, and those it carries on for an earlier one. */
function restrictionsOf(statement: SelectStatement): readonly Restriction[] {
  if (statement.optionList.length === 0) return [];
  const carried = statement.optionList.flatMap((o) => (o instanceof CarriedOptions ? o.tree.restrictions : []));
  return [...carried, ...restrictionsIn(statement.optionList)];
}

/** The tree of each entity of a plan, made from the options of one execution: their criteria hold its values. */
export function treesOf(plan: OrmPlan, statement: SelectStatement): readonly LoadTree[] {
  const trees: LoadTree[] = plan.entities.map((e) => e.tree);
  const visit = (entity: EntityPlan, tree: LoadTree): void => {
    trees[entity.index] = tree;
    for (const joined of entity.joined) visit(joined.entity, tree.below(joined.property));
  };
  const roots = optionTrees(statement);
  plan.items.forEach(({ entity }, i) => {
    if (entity !== undefined) visit(entity, roots.get(statement.selected[i] as EntityItem) as LoadTree);
  });
  return trees;
}

class Planner {
  readonly #statement: SelectStatement;
  readonly #restrictions: readonly Restriction[];
  readonly #columns: Expression[] = [];
  readonly #entities: EntityPlan[] = [];
  readonly #joins: JoinSpec[] = [];
  readonly #orderings: OrderingElement[] = [];
  #joinedCount = 0;
  #collections = false;

  constructor(statement: SelectStatement) {
    this.#statement = withInline(statement);
    this.#restrictions = restrictionsOf(statement);
  }
  plan(dialect: Dialect, binds: ReadonlyMap<object, number>): OrmPlan {
    const statement = this.#statement;
    const trees = optionTrees(statement);
    const limited =
      statement.limitValue !== undefined || statement.offsetValue !== undefined || statement.distinctValue !== false;
    const wrap = limited && [...trees].some(([item, tree]) => joinsCollection(item.mapper, tree, [], item.source));
    const final = wrap ? this.#wrapped(trees) : this.#plain(trees);
    const restricted =
      this.#restrictions.length === 0 ? final.statement : restrictSelect(final.statement, this.#restrictions, !wrap);
    const compiled = dialect.createCompiler(binds).compile(restricted);
    const [first, ...others] = statement.selected;
    const distinctEntities =
      first instanceof EntityItem &&
      this.#entities.length === 1 &&
      this.#joins.length === 0 &&
      !wrap &&
      statement.joins.length === 0 &&
      statement.froms.length === 0 &&
      first.mapper.inheritance === undefined &&
      !first.source.isAlias &&
      readsOnly([...others, ...statement.criteria, ...statement.orderByList], first.mapper);
    return {
      compiled,
      items: final.items,
      entities: this.#entities,
      joinedCount: this.#joinedCount,
      unique: this.#collections,
      distinctEntities,
      names: final.items.map((i) => i.name),
      followed: followed(this.#entities),
      convert: converterOf(compiled),
      criteria: [...trees.values()].some((t) => t.hasCriteria),
    };
  }

  /** FROM and WHERE with what entities ask for: the tables of a hierarchy joined, only rows of a single-table subclass. */
  #frame(): { readonly froms: readonly FromClause[]; readonly criteria: readonly Expression[] } {
    const statement = this.#statement;
    const froms: FromClause[] = [...statement.froms];
    for (const item of statement.selected) {
      if (!(item instanceof EntityItem)) continue;
      const { source } = item;
      if (statement.joins.some((j) => j.target === source.from)) continue;
      if (source.from.leaves.length > 1 && !froms.includes(source.from)) froms.push(source.from);
    }
    froms.push(...this.#hierarchies(froms));
    for (const from of viewedJoins(statement))
      if (!froms.some((f) => f.leaves.length > 1 && from.leaves.some((leaf) => f.leaves.includes(leaf))))
        froms.push(from);
    return { froms, criteria: withEntityRows(statement) };
  }
  /** Joins of hierarchies that only columns speak of: `select(Book.c.name, Book.c.pages)`. */
  #hierarchies(froms: readonly FromClause[]): readonly FromClause[] {
    const statement = this.#statement;
    const read = new Set<FromClause>();
    for (const part of [...statement.selected, ...statement.criteria, ...statement.orderByList])
      if (!(part instanceof EntityItem)) referencedFroms(part, read);
    const candidates = new Set([...read].flatMap((leaf) => sourcesOver(leaf)));
    if (candidates.size === 0) return [];
    const standing = new Set<FromClause>([...froms, ...statement.joins.map((j) => j.target)].flatMap((f) => f.leaves));
    const added: FromClause[] = [];
    for (const { from, mapper } of [...candidates].sort((a, b) => b.from.leaves.length - a.from.leaves.length)) {
      const { leaves } = from;
      const own = leaves[mapper.tables.length - 1] as FromClause;
      if (!read.has(own) || !leaves.some((l) => l !== own && read.has(l)) || leaves.some((l) => standing.has(l)))
        continue;
      added.push(from);
      for (const leaf of leaves) standing.add(leaf);
    }
    return added;
  }

  #plain(trees: ReadonlyMap<EntityItem, LoadTree>): { statement: SelectStatement; items: ItemPlan[] } {
    const statement = this.#statement;
    const { froms, criteria } = this.#frame();
    const items = statement.selected.map((item) => this.#item(item, trees, (i) => i.source));
    const final = statement.with({
      selected: this.#columns,
      froms,
      criteria,
      joins: [...statement.joins, ...this.#joins],
      orderByList: [...statement.orderByList, ...this.#orderings],
      optionList: [],
    });
    return { statement: final, items };
  }

  /** `SELECT … FROM (the statement with its LIMIT) LEFT JOIN …`: a limit counts entities, not joined rows. */
  #wrapped(trees: ReadonlyMap<EntityItem, LoadTree>): { statement: SelectStatement; items: ItemPlan[] } {
    const statement = this.#statement;
    const inner: Expression[] = [];
    const places = new Map<EntityItem, Map<TableColumn, number>>();
    const computed: { readonly item: EntityItem; readonly attribute: ExpressionAttribute; readonly at: number }[] = [];
    const { froms, criteria } = this.#frame();
    for (const item of statement.selected) {
      if (!(item instanceof EntityItem)) {
        if (item instanceof ItemElement) inner.push(...item.itemColumns);
        else inner.push(item);
        continue;
      }
      const map = new Map<TableColumn, number>();
      const { source, mapper } = item;
      const wanted = new Set<MappedColumn>([
        ...attributesToLoad(source, trees.get(item) as LoadTree),
        ...joinColumns(mapper),
      ]);
      for (const a of wanted) {
        map.set(a.column, inner.length);
        inner.push(source.column(a));
      }
      places.set(item, map);
      for (const e of mapper.expressions) {
        if (e.isQuery || e.deferred) continue;
        computed.push({ item, attribute: e, at: inner.length });
        inner.push(new Label(source.expression(e), `_${e.key}`));
      }
      const { inheritance } = mapper;
      const told = inheritance?.expression;
      if (told !== undefined && source.discriminator !== undefined && !computed.some((c) => c.attribute === told)) {
        computed.push({ item, attribute: told, at: inner.length });
        inner.push(new Label(source.discriminator, `_${told.key}`));
      }
    }
    const ordered = statement.orderByList.map((o) => {
      const at = inner.indexOf(o.expression);
      if (at >= 0) return { at, o };
      inner.push(o.expression);
      return { at: inner.length - 1, o };
    });
    const unrestricted = statement.with({ selected: inner, froms, criteria, optionList: [] });
    const limited = this.#restrictions.length === 0 ? unrestricted : restrictSelect(unrestricted, this.#restrictions);
    const sub = new SubqueryClause(limited, undefined);
    const outer = (at: number): ColumnReference => sub.columns[at] as ColumnReference;
    const sources = new Map<EntityItem, WrappedSource>();
    for (const [item, map] of places) {
      sources.set(
        item,
        new WrappedSource(item.source, sub, new Map([...map].map(([column, at]) => [column, outer(at)]))),
      );
    }
    for (const { item, attribute, at } of computed)
      (sources.get(item) as WrappedSource).expressions.set(attribute, outer(at));
    let position = 0;
    const items = statement.selected.map((item) => {
      if (item instanceof EntityItem) {
        position += (places.get(item) as Map<TableColumn, number>).size;
        position += computed.filter((c) => c.item === item).length;
        return this.#item(item, trees, (i) => sources.get(i) as EntitySource);
      }
      const width = item instanceof ItemElement ? item.itemColumns.length : 1;
      const at = this.#columns.length;
      for (let i = 0; i < width; i++) this.#columns.push(outer(position + i));
      position += width;
      return item instanceof ItemElement
        ? ({ name: item.itemName, entity: undefined, at, ...keysOf(item) } as const)
        : ({ name: item.name ?? `column_${at + 1}`, entity: undefined, at, keys: undefined } as const);
    });
    let final = new SelectStatement(this.#columns).selectFrom(sub);
    const by = [
      ...ordered.map(({ at, o }) => new OrderingElement(outer(at), o.direction, o.nulls)),
      ...this.#orderings,
    ];
    final = final.with({ joins: this.#joins, orderByList: by, executionOptionsValue: statement.executionOptionsValue });
    return { statement: final, items };
  }

  #item(
    item: SelectItem,
    trees: ReadonlyMap<EntityItem, LoadTree>,
    sourceOf: (item: EntityItem) => EntitySource,
  ): ItemPlan {
    if (item instanceof EntityItem) {
      const entity = this.#entity(sourceOf(item), trees.get(item) as LoadTree, [], false);
      return { name: item.itemName, entity, at: -1, keys: undefined };
    }
    const at = this.#columns.length;
    if (item instanceof ItemElement) {
      this.#columns.push(...item.itemColumns);
      return { name: item.itemName, entity: undefined, at, ...keysOf(item) };
    }
    const name = item.name ?? `column_${at + 1}`;
    // A column that an entity has brought already is read from there.
    const there = item instanceof ColumnReference ? this.#columns.indexOf(item.plain) : -1;
    if (there >= 0) return { name, entity: undefined, at: there, keys: undefined };
    this.#columns.push(item);
    return { name, entity: undefined, at, keys: undefined };
  }

  /** Adds an entity's columns, then those of what is joined to it. `outer`: it may be missing in a row. */
  #entity(source: EntitySource, tree: LoadTree, above: readonly Mapper[], outer: boolean, nest = -1): EntityPlan {
    const { mapper } = source;
    const offset = this.#columns.length;
    const wanted = attributesToLoad(source, tree);
    const columns = wanted.map((attribute, i) => ({ attribute, at: offset + i }));
    for (const a of wanted) this.#columns.push(source.column(a));
    const undeferred = mapper.attributes.filter((a) => !a.deferred);
    const place = (a: MappedColumn) => (columns.find((c) => c.attribute === a) as { at: number }).at;
    const joined: JoinedPlan[] = [];
    const after: RelationshipProperty[] = [];
    const empty: RelationshipProperty[] = [];
    const extras = this.#extras(source, tree);
    const plan: { -readonly [K in keyof EntityPlan]: EntityPlan[K] } = {
      index: this.#entities.length,
      mapper,
      tree,
      above,
      offset,
      columns,
      standard: wanted.length === undeferred.length && wanted.every((a, i) => a === undeferred[i]),
      complete: undeferred.every((a) => wanted.includes(a)),
      extras,
      bySubclass:
        source instanceof PolymorphicSource
          ? this.#subclasses(source, source.subs, tree)
          : source instanceof UnionSource
            ? this.#subclasses(source, source.from.classes, tree)
            : undefined,
      keyAt: mapper.primaryKey.map(place),
      discriminatorAt: this.#discriminatorAt(source, columns, extras),
      joined,
      after,
      empty,
    };
    this.#entities.push(plan);
    for (const property of relationshipsOf(mapper, tree)) {
      const branch = tree.relations.get(property);
      const strategy = tree.strategyOf(property);
      // Keys of two classes may be equal, so only what stands in the row itself is joined to a union.
      const joins = !(source.mapper.isUnion && property.direction !== "manyToOne");
      if (
        strategy === "joined" &&
        joins &&
        !tree.stopsAt(property, above) &&
        property.parent.tables.every((t) => source.hasTable(t))
      ) {
        joined.push(this.#joined(source, property, branch, tree.below(property), [...above, mapper], outer, nest));
      } else if (strategy === "contains") {
        const target = branch?.target ?? targetSourceOf(property);
        const index = this.#joinedCount++;
        if (property.uselist) this.#collections = true;
        joined.push({
          index,
          property,
          entity: this.#entity(target, (branch as LoadBranch).below, [...above, mapper], true),
        });
      } else if ((loadsAfter(strategy) || (strategy === "joined" && !joins)) && !tree.stopsAt(property, above)) {
        after.push(property);
      } else if (strategy === "noload") empty.push(property);
    }
    return plan;
  }
  /** Where the class of a row is read; -1: every row is of the mapper. */
  #discriminatorAt(source: EntitySource, columns: EntityPlan["columns"], extras: EntityPlan["extras"]): number {
    const { inheritance } = source.mapper;
    const there =
      columns.find((c) => c.attribute === inheritance?.discriminator) ??
      extras.find((e) => e.attribute === inheritance?.expression);
    const { discriminator } = source;
    if (discriminator === undefined) return -1;
    if (there !== undefined) return there.at;
    this.#columns.push(discriminator);
    return this.#columns.length - 1;
  }
  /** Expressions of the mapping, and those the query gives. */
  #extras(source: EntitySource, tree: LoadTree): EntityPlan["extras"] {
    const { mapper } = source;
    if (mapper.expressions.length === 0) return NO_EXTRAS;
    const { only, defer, undefer, undeferGroups, all } = tree.columns as ExpressionLoads;
    return mapper.expressions.flatMap((attribute) => {
      const given = tree.expressions.find((e) => (e.attribute as unknown) === attribute)?.expression;
      const asked =
        undefer.includes(attribute) ||
        (attribute.deferredGroup !== undefined && undeferGroups.includes(attribute.deferredGroup)) ||
        (only === undefined ? (all === undefined ? !attribute.deferred : all === "undefer") : only.includes(attribute));
      if (given === undefined && (attribute.isQuery || !asked || defer.includes(attribute))) return [];
      const at = this.#columns.length;
      this.#columns.push(
        given === undefined
          ? source.expression(attribute)
          : (moveCriteria([given], mappedSource(mapper), source)[0] as Expression),
      );
      return [{ attribute, at }];
    });
  }
  /** The columns subclasses add, and by class where they stand. */
  #subclasses(
    source: EntitySource,
    subs: readonly Mapper[],
    tree: LoadTree,
  ): ReadonlyMap<Mapper, EntityPlan["columns"]> {
    const places = new Map<MappedColumn["column"], number>();
    const isUnion = source instanceof UnionSource;
    for (const mapper of subs) {
      for (const a of mapper.attributes) {
        const known = isUnion ? source.mapper.attribute(a.key) : source.mapper.attributeOf(a.column);
        if (!wantsColumn(tree.columns, a) || known !== undefined || places.has(a.column)) continue;
        const column = source.tableColumn(a.column);
        const there = isUnion ? this.#columns.indexOf(column) : -1;
        places.set(a.column, there < 0 ? this.#columns.length : there);
        if (there < 0) this.#columns.push(column);
      }
    }
    return new Map(
      [...source.mapper.selfAndDescendants()].map((mapper) => [
        mapper,
        mapper.attributes.flatMap((attribute) => {
          const at = places.get(attribute.column);
          return at === undefined ? [] : [{ attribute, at }];
        }),
      ]),
    );
  }
  #joined(
    owner: EntitySource,
    property: RelationshipProperty,
    branch: LoadBranch | undefined,
    below: LoadTree,
    above: readonly Mapper[],
    outer: boolean,
    nest: number,
  ): JoinedPlan {
    const target = freshOf(property, branch?.target);
    const steps = relationSteps(property, owner, target, true);
    const extra = moveCriteria(branch?.criteria ?? [], branch?.target ?? targetSourceOf(property), target);
    const own = target.criterion === undefined ? [] : [target.criterion];
    const certain =
      property.direction === "manyToOne" &&
      property.pairs.every((p) => !p.local.column.nullable) &&
      !this.#restrictions.some((r) => target.hasTable(r.table)) &&
      extra.length === 0 &&
      own.length === 0;
    const asked = branch?.innerJoin ?? property.definition.settings.innerJoin;
    const inner = (asked ?? certain) && !outer;
    const kind = inner ? "inner" : "left";
    // The owner may be a join of tables: attach to the leaf whose column the condition reads.
    const anchor = owner.column(
      (property.secondary?.localPairs[0]?.mapped ??
        property.pairs[0]?.local ??
        owner.mapper.primaryKey[0]) as MappedColumn,
    ).from;
    const on = conjunction(operators.and, [steps.toTarget, ...own, ...extra]);
    if (asked === true && outer && nest >= 0) {
      // Below an outer join: inside of its right side, so that rows of the left one stay.
      const spec = this.#joins[nest] as JoinSpec;
      const right =
        steps.secondary === undefined
          ? spec.target
          : new Join(spec.target, steps.secondary, steps.toSecondary as Expression, "inner");
      this.#joins[nest] = { ...spec, target: new Join(right, target.from, on, "inner") };
    } else if (steps.secondary === undefined) this.#joins.push({ target: target.from, on, kind, source: anchor });
    else {
      this.#joins.push({ target: steps.secondary, on: steps.toSecondary as Expression, kind, source: anchor });
      this.#joins.push({ target: target.from, on, kind, source: steps.secondary.leaves[0] as FromClause });
    }
    if (property.uselist) this.#collections = true;
    for (const by of property.orderBy(target.columns))
      this.#orderings.push(by instanceof OrderingElement ? by : new OrderingElement(by as Expression, undefined));
    const index = this.#joinedCount++;
    const deeper = asked === true && outer && nest >= 0 ? nest : this.#joins.length - 1;
    return { index, property, entity: this.#entity(target, below, above, !inner || outer, deeper) };
  }
}

export const NO_EXTRAS: EntityPlan["extras"] = [];
/** Column options hold expressions beside columns, by identity. */
type ExpressionLoads = { readonly [K in "only"]: readonly unknown[] | undefined } & {
  readonly [K in "defer" | "undefer"]: readonly unknown[];
} & { readonly undeferGroups: readonly string[]; readonly all: "defer" | "undefer" | undefined };
/** The target of a join nobody else sees, with the subclasses the option asked for. */
function freshOf(property: RelationshipProperty, aimed: EntitySource | undefined): EntitySource {
  if (property.target.isUnion && aimed?.isAlias !== true) return freshTarget(property);
  const whole = aimed instanceof PolymorphicSource ? aimed : wholeTarget(property.target, aimed);
  if (whole !== undefined) return new PolymorphicSource(whole.mapper, whole.subs, undefined, true);
  const inline = aimed === undefined && property.alias === undefined ? inlineAlias(property.target) : undefined;
  return inline ?? freshTarget(property, aimed?.mapper);
}
export function followed(entities: readonly EntityPlan[]): boolean {
  return entities.some((e) => e.after.length > 0 || e.discriminatorAt >= 0);
}
export function converterOf({ columns }: Compiled): ((row: unknown[]) => void) | undefined {
  return columns === undefined ? undefined : converter(columns);
}
export function loadsAfter(strategy: Strategy): boolean {
  return strategy === "selectin" || strategy === "subquery" || strategy === "immediate";
}
/** A mapper's relationships, and those of subclasses that an option names. */
export function relationshipsOf(mapper: Mapper, tree: LoadTree): readonly RelationshipProperty[] {
  if (tree.relations.size === 0) return mapper.relationships;
  const all = new Set<RelationshipProperty>(mapper.relationships);
  for (const property of tree.relations.keys()) all.add(property);
  return [...all];
}
function joinsCollection(mapper: Mapper, tree: LoadTree, above: readonly Mapper[], source?: EntitySource): boolean {
  return relationshipsOf(mapper, tree).some((property) => {
    if (tree.strategyOf(property) !== "joined" || tree.stopsAt(property, above)) return false;
    // Of a subclass whose table is not there: it is loaded afterwards.
    if (source !== undefined && !property.parent.tables.every((t) => source.hasTable(t))) return false;
    return property.uselist || joinsCollection(property.target, tree.below(property), [...above, mapper]);
  });
}
/** Columns that joins to an entity's relationships read on its side. */
function joinColumns(mapper: Mapper): readonly MappedColumn[] {
  return mapper.relationships.flatMap(
    (r) => r.secondary?.localPairs.map((p) => p.mapped) ?? r.pairs.map((p) => p.local),
  );
}
/** Criteria that could bring a second table into FROM make rows repeat. */
export function readsOnly(criteria: readonly Element[], mapper: Mapper): boolean {
  const ok = (node: Element): boolean => {
    if (node instanceof ColumnReference) return mapper.tables.includes(node.from as never);
    if (node.kind === "exists" || node.kind === "scalarSubquery") return true;
    return Object.values(node).every((v) =>
      v instanceof Element ? ok(v) : Array.isArray(v) ? v.every((x) => !(x instanceof Element) || ok(x)) : true,
    );
  };
  return criteria.every(ok);
}
