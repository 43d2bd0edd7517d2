/**
 * What a statement loads at each entity: its options merged with the mapping's defaults, as a tree of relationships. The
 * tree travels with the rows, so that later loads follow it too. Source: SQLAlchemy "Relationship Loader API".
 */
import { Element, type Expression, type KeyWriter, OP } from "@athanor/core";
import { walkRestrictions } from "../extensions/loader-criteria.js";
import type { Restriction } from "../extensions/restrict.js";
import type { MappedColumn, Mapper, RelationshipProperty } from "../mapping/mapper.js";
import type { EntitySource } from "./source.js";
import { UserDefinedOption } from "./user-options.js";

export type Strategy =
  | "joined"
  | "selectin"
  | "subquery"
  | "immediate"
  | "lazy"
  | "raise"
  | "noload"
  | "contains"
  | "default";
const CODES: { readonly [S in Strategy]: number } = {
  joined: 1,
  selectin: 2,
  subquery: 3,
  immediate: 4,
  lazy: 5,
  raise: 6,
  noload: 7,
  contains: 8,
  default: 9,
};

/** How one relationship is loaded. */
export interface LoadHow {
  readonly strategy: Strategy;
  /** Aimed at an alias (containsEager) or a subclass. */
  readonly target: EntitySource | undefined;
  readonly criteria: readonly Expression[];
  readonly innerJoin: boolean | undefined;
  /** Further levels of the same relationship below the first; Infinity: as deep as there are rows. */
  readonly recursionDepth: number;
  /** At most so many members for each owner. */
  readonly limitPerParent: number | undefined;
  /** Instead of the order of the mapping. */
  readonly order: readonly Element[];
  /** Owners per statement. */
  readonly chunkSize: number | undefined;
  /** raise: only where a statement would be sent. */
  readonly sqlOnly: boolean;
}
export const PLAIN: Omit<LoadHow, "strategy"> = {
  target: undefined,
  criteria: [],
  innerJoin: undefined,
  recursionDepth: 0,
  limitPerParent: undefined,
  order: [],
  chunkSize: undefined,
  sqlOnly: false,
};
/** Says nothing beyond the strategy: it does not take the place of one that does. */
function isPlain(how: LoadHow): boolean {
  return (
    how.criteria.length === 0 &&
    how.target === undefined &&
    how.innerJoin === undefined &&
    how.recursionDepth === 0 &&
    how.limitPerParent === undefined &&
    how.order.length === 0 &&
    how.chunkSize === undefined &&
    !how.sqlOnly
  );
}
export function walkHow(how: LoadHow, key: KeyWriter): void {
  key.id(CODES[how.strategy] + (how.innerJoin === undefined ? 0 : how.innerJoin ? 20 : 40) + (how.sqlOnly ? 80 : 0));
  key.id(how.target === undefined ? 0 : how.target.mapper.id);
  how.target?.from.walk(key);
  key.id(how.recursionDepth === Number.POSITIVE_INFINITY ? -1 : how.recursionDepth);
  key.id(how.limitPerParent ?? -1);
  key.id(how.chunkSize ?? -1);
  key.id(how.criteria.length);
  for (const c of how.criteria) c.walk(key);
  key.id(how.order.length);
  for (const o of how.order) o.walk(key);
}

/** What `"*"` says: for all relationships that nothing else names. */
export interface Wildcard {
  readonly strategy: Strategy;
  readonly sqlOnly: boolean;
}
export function walkWildcard(wildcard: Wildcard | undefined, key: KeyWriter): void {
  key.id(wildcard === undefined ? 0 : CODES[wildcard.strategy] + (wildcard.sqlOnly ? 80 : 0));
}

/** An attribute filled by an expression of the query. */
export interface ExpressionLoad {
  readonly attribute: MappedColumn;
  readonly expression: Expression;
}
/** Column options at the end of a path. */
export interface ColumnLoads {
  readonly only: readonly MappedColumn[] | undefined;
  readonly defer: readonly MappedColumn[];
  readonly undefer: readonly MappedColumn[];
  readonly undeferGroups: readonly string[];
  /** `defer("*")` and `undefer("*")`. */
  readonly all: "defer" | "undefer" | undefined;
  /** Columns whose later load is an error; "rest": all that are not loaded. */
  readonly raising: readonly MappedColumn[] | "rest";
}
export const NO_COLUMNS: ColumnLoads = {
  only: undefined,
  defer: [],
  undefer: [],
  undeferGroups: [],
  all: undefined,
  raising: [],
};
/** Whether a column comes with its row, by what the options say. */
export function wantsColumn({ only, defer, undefer, undeferGroups, all }: ColumnLoads, a: MappedColumn): boolean {
  if (undefer.includes(a) || (a.deferredGroup !== undefined && undeferGroups.includes(a.deferredGroup))) return true;
  if (defer.includes(a)) return false;
  if (only !== undefined) return only.includes(a);
  return all === undefined ? !a.deferred : all === "undefer";
}
export function mergeColumns(mine: ColumnLoads, more: ColumnLoads): ColumnLoads {
  if (more === NO_COLUMNS) return mine;
  return {
    only: more.only === undefined ? mine.only : [...(mine.only ?? []), ...more.only],
    defer: [...mine.defer, ...more.defer],
    undefer: [...mine.undefer, ...more.undefer],
    undeferGroups: [...mine.undeferGroups, ...more.undeferGroups],
    all: more.all ?? mine.all,
    raising: mine.raising === "rest" || more.raising === "rest" ? "rest" : [...mine.raising, ...more.raising],
  };
}
export function walkColumns({ only, defer, undefer, undeferGroups, all, raising }: ColumnLoads, key: KeyWriter): void {
  key.id(
    (only === undefined ? 0 : 1) + (all === undefined ? 0 : all === "defer" ? 2 : 4) + (raising === "rest" ? 8 : 0),
  );
  for (const list of [only ?? [], defer, undefer, raising === "rest" ? [] : raising]) {
    key.id(list.length);
    for (const c of list) key.id(c.index);
  }
  key.id(undeferGroups.length);
  for (const g of undeferGroups) key.text(g);
}

/** A loader option, as a tree sees it: `options.ts` has the class. */
export interface LoadOption {
  readonly path: readonly (LoadHow & { readonly property: RelationshipProperty })[];
  readonly children: readonly LoadOption[];
  readonly columns: ColumnLoads;
  readonly wildcard: Wildcard | undefined;
  readonly expressions: readonly ExpressionLoad[];
}
export interface LoadBranch extends LoadHow {
  readonly below: LoadTree;
}

/** What is loaded at one entity: merged from all options and the mapping's defaults. */
export class LoadTree {
  readonly relations = new Map<RelationshipProperty, LoadBranch>();
  columns: ColumnLoads = NO_COLUMNS;
  expressions: readonly ExpressionLoad[] = [];
  /** For the other relationships of this entity. */
  wildcard: Wildcard | undefined = undefined;
  /** For the other relationships here and everywhere below. */
  everywhere: Wildcard | undefined = undefined;
  /** False: relationships wait to be asked for. */
  eager = true;
  /** Criteria that every statement below carries on. */
  restrictions: readonly Restriction[] = [];
  /** Options of the program's own that every load below carries on. */
  userOptions: readonly UserDefinedOption[] = NO_USER_OPTIONS;
  /** How often relationships with a `joinDepth` were followed on the way here. */
  readonly depths = new Map<RelationshipProperty, number>();

  /** Adds one option, from its position on. */
  add(load: LoadOption, at = 0): void {
    const step = load.path[at];
    if (step === undefined) {
      this.columns = mergeColumns(this.columns, load.columns);
      this.wildcard = load.wildcard ?? this.wildcard;
      if (load.expressions.length > 0) this.expressions = [...this.expressions, ...load.expressions];
      for (const child of load.children) this.add(child);
      return;
    }
    const { property, ...how } = step;
    let branch = this.relations.get(property);
    const says = how.strategy !== "default" && (branch?.strategy !== how.strategy || !isPlain(how));
    if (branch === undefined || says) {
      branch = { ...how, below: branch?.below ?? new LoadTree() };
      this.relations.set(property, branch);
    }
    branch.below.add(load, at + 1);
  }
  /** How a relationship of the mapper is loaded here. */
  strategyOf(property: RelationshipProperty): Strategy {
    const strategy = this.#said(property);
    return this.eager || strategy === "raise" || strategy === "noload" || strategy === "contains" ? strategy : "lazy";
  }
  #said(property: RelationshipProperty): Strategy {
    const named = this.relations.get(property)?.strategy;
    if (named !== undefined && named !== "default") return named;
    if (property.isQuery) return "lazy";
    const { joinDepth } = property.definition.settings;
    if (joinDepth !== undefined && (this.depths.get(property) ?? 0) >= joinDepth) return "lazy";
    return this.wildcard?.strategy ?? this.everywhere?.strategy ?? mappedStrategy(property);
  }
  /** A load is refused: always, where it needs a statement, or not at all. */
  refuses(property: RelationshipProperty): "always" | "sql" | undefined {
    if (this.strategyOf(property) !== "raise") return undefined;
    const branch = this.relations.get(property);
    const by = branch !== undefined && branch.strategy !== "default" ? branch : (this.wildcard ?? this.everywhere);
    return by?.sqlOnly === true ? "sql" : "always";
  }
  /** What is loaded at the end of a relationship. */
  below(property: RelationshipProperty): LoadTree {
    const branch = this.relations.get(property);
    if (branch !== undefined) return branch.below;
    const made = new LoadTree().restrict(this.restrictions).carry(this.userOptions);
    made.everywhere = this.everywhere;
    if (property.definition.settings.joinDepth !== undefined) {
      for (const [known, depth] of this.depths) made.depths.set(known, depth);
      made.depths.set(property, (this.depths.get(property) ?? 0) + 1);
    }
    return made;
  }
  /** Whether the mapping's own eager loading stops before `property`, because it leads back to where it came from. */
  stopsAt(property: RelationshipProperty, above: readonly Mapper[]): boolean {
    return (
      !this.relations.has(property) &&
      property.definition.settings.joinDepth === undefined &&
      above.includes(property.target)
    );
  }
  /** What is to be done for a relationship, named by an option or not. */
  branch(property: RelationshipProperty): LoadBranch {
    return (
      this.relations.get(property) ?? { ...PLAIN, strategy: this.strategyOf(property), below: this.below(property) }
    );
  }
  /** Adds criteria here and all the way down. */
  restrict(restrictions: readonly Restriction[]): this {
    if (restrictions.length === 0) return this;
    this.restrictions = [...this.restrictions, ...restrictions];
    for (const branch of this.relations.values()) branch.below.restrict(restrictions);
    return this;
  }
  /** Adds options of the program's own here and all the way down. */
  carry(options: readonly UserDefinedOption[]): this {
    if (options.length === 0) return this;
    this.userOptions = [...this.userOptions, ...options];
    for (const branch of this.relations.values()) branch.below.carry(options);
    return this;
  }
  /** Sets what holds for relationships that nothing names, here and all the way down. */
  spread(everywhere: Wildcard): this {
    this.everywhere = everywhere;
    for (const branch of this.relations.values()) branch.below.spread(everywhere);
    return this;
  }
  /**
   * The same for reading the objects anew: without what came from joins of the statement's own. Undefined where criteria
   * hold for the whole statement: a refresh reads a row whatever they say.
   */
  forRefresh(): LoadTree | undefined {
    if (this.restrictions.length > 0) return undefined;
    const tree = new LoadTree();
    tree.columns = this.columns;
    tree.wildcard = this.wildcard;
    tree.everywhere = this.everywhere;
    tree.userOptions = this.userOptions;
    for (const [property, depth] of this.depths) tree.depths.set(property, depth);
    for (const [property, branch] of this.relations) {
      const below = branch.strategy === "contains" ? undefined : branch.below.forRefresh();
      if (below !== undefined) tree.relations.set(property, { ...branch, below });
    }
    return tree;
  }
  get isEmpty(): boolean {
    return (
      this.relations.size === 0 &&
      this.columns === NO_COLUMNS &&
      this.restrictions.length === 0 &&
      this.userOptions.length === 0 &&
      this.wildcard === undefined &&
      this.everywhere === undefined &&
      this.expressions.length === 0 &&
      this.depths.size === 0
    );
  }
  /** Somewhere in it are criteria: a tree kept with a plan has the values of its first execution. */
  get hasCriteria(): boolean {
    if (this.restrictions.length > 0 || this.userOptions.length > 0) return true;
    for (const branch of this.relations.values())
      if (branch.criteria.length > 0 || branch.order.length > 0 || branch.below.hasCriteria) return true;
    return false;
  }
}
/** `lazy` of the mapping as a strategy. */
export function mappedStrategy(property: RelationshipProperty): Strategy {
  switch (property.lazy) {
    case "joined":
    case "selectin":
    case "subquery":
    case "immediate":
    case "noload":
    case "raise":
      return property.lazy;
    default:
      return "lazy";
  }
}

/** Options carried from a loaded relationship to the statement that loads what is below it. */
export class CarriedOptions extends Element {
  readonly kind = "carriedOptions";
  readonly tree: LoadTree;
  constructor(tree: LoadTree) {
    super();
    this.tree = tree;
  }
  walk(key: KeyWriter): void {
    key.id(this.tree.userOptions.length);
    // Once: what is below carries the same ones on.
    walkRestrictions(this.tree.restrictions, key);
    walkWildcard(this.tree.everywhere, key);
    walkTree(this.tree, key);
  }
}
const NO_USER_OPTIONS: readonly UserDefinedOption[] = [];
/** Options of the program's own: given to the statement, or carried from the one that brought the objects. */
export function userOptionsIn(statement: Element): readonly UserDefinedOption[] {
  const options = (statement as { readonly optionList?: readonly Element[] }).optionList;
  if (options === undefined || options.length === 0) return NO_USER_OPTIONS;
  return options.flatMap((o) =>
    o instanceof UserDefinedOption ? [o] : o instanceof CarriedOptions ? o.tree.userOptions : NO_USER_OPTIONS,
  );
}
function walkTree(tree: LoadTree, key: KeyWriter): void {
  key.id(OP.option);
  key.id(tree.relations.size);
  for (const [property, branch] of tree.relations) {
    key.id(property.id);
    walkHow(branch, key);
    walkTree(branch.below, key);
  }
  walkWildcard(tree.wildcard, key);
  walkColumns(tree.columns, key);
  walkExpressions(tree.expressions, key);
  key.id(tree.depths.size);
  for (const [property, depth] of tree.depths) {
    key.id(property.id);
    key.id(depth);
  }
}
export function walkExpressions(expressions: readonly ExpressionLoad[], key: KeyWriter): void {
  key.id(expressions.length);
  for (const { attribute, expression } of expressions) {
    key.id(attribute.index);
    expression.walk(key);
  }
}
