/**
 * Loader options: which relationships and columns a statement brings, and how. Options are elements, so they take part
 * in the statement's structure. Source: SQLAlchemy "Relationship Loader API", "Column Loading Options".
 */
import {
  ArgumentError,
  ColumnReference,
  Element,
  type Expression,
  type KeyWriter,
  OP,
  originColumn,
} from "@athanor/core";
import { walkRestrictions } from "../extensions/loader-criteria.js";
import type { Restriction } from "../extensions/restrict.js";
import type { MappedColumn, Mapper, RelationshipProperty } from "../mapping/mapper.js";
import { RelationAttribute } from "./attributes.js";

import type { EntitySource } from "./source.js";

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
export interface LoadSettings {
  /** joinedLoad: INNER JOIN instead of LEFT OUTER JOIN. */
  readonly innerJoin?: boolean | undefined;
  /** containsEager: the alias whose columns the statement selects by a join of its own. */
  readonly alias?: unknown;
}

/** One step of a path. */
export interface LoadStep {
  readonly property: RelationshipProperty;
  readonly strategy: Strategy;
  /** Aimed at an alias (containsEager) or a subclass. */
  readonly target: EntitySource | undefined;
  readonly criteria: readonly Expression[];
  readonly innerJoin: boolean | undefined;
}
/** Column options at the end of a path. */
export interface ColumnLoads {
  readonly only: readonly MappedColumn[] | undefined;
  readonly defer: readonly MappedColumn[];
  readonly undefer: readonly MappedColumn[];
  readonly undeferGroups: readonly string[];
}
const NO_COLUMNS: ColumnLoads = { only: undefined, defer: [], undefer: [], undeferGroups: [] };

export class Load extends Element {
  readonly kind = "loaderOption";
  /** The entity the path starts at. */
  readonly root: EntitySource;
  readonly path: readonly LoadStep[];
  readonly children: readonly Load[];
  readonly columns: ColumnLoads;
  constructor(
    root: EntitySource,
    path: readonly LoadStep[],
    children: readonly Load[] = [],
    columns: ColumnLoads = NO_COLUMNS,
  ) {
    super();
    this.root = root;
    this.path = path;
    this.children = children;
    this.columns = columns;
  }
  walk(key: KeyWriter): void {
    key.id(OP.option);
    key.id(this.root.mapper.id);
    if (this.root.isAlias) this.root.from.walk(key);
    key.id(this.path.length);
    for (const step of this.path) {
      key.id(step.property.id);
      key.id(CODES[step.strategy] + (step.innerJoin ? 20 : 0));
      key.id(step.target === undefined ? 0 : 1);
      if (step.target !== undefined) {
        key.id(step.target.mapper.id);
        step.target.from.walk(key);
      }
      key.id(step.criteria.length);
      for (const c of step.criteria) c.walk(key);
    }
    const { only, defer, undefer, undeferGroups } = this.columns;
    key.id(only === undefined ? -1 : only.length);
    for (const c of only ?? []) key.id(c.index);
    key.id(defer.length);
    for (const c of defer) key.id(c.index);
    key.id(undefer.length);
    for (const c of undefer) key.id(c.index);
    key.id(undeferGroups.length);
    for (const g of undeferGroups) key.text(g);
    key.id(this.children.length);
    for (const child of this.children) child.walk(key);
  }
  joinedLoad(attribute: unknown, settings?: LoadSettings): Load {
    return this.#deeper("joined", attribute, settings);
  }
  selectinLoad(attribute: unknown): Load {
    return this.#deeper("selectin", attribute);
  }
  subqueryLoad(attribute: unknown): Load {
    return this.#deeper("subquery", attribute);
  }
  immediateLoad(attribute: unknown): Load {
    return this.#deeper("immediate", attribute);
  }
  lazyLoad(attribute: unknown): Load {
    return this.#deeper("lazy", attribute);
  }
  raiseLoad(attribute: unknown): Load {
    return this.#deeper("raise", attribute);
  }
  noLoad(attribute: unknown): Load {
    return this.#deeper("noload", attribute);
  }
  containsEager(attribute: unknown, settings?: LoadSettings): Load {
    return this.#deeper("contains", attribute, settings);
  }
  defaultLoad(attribute: unknown): Load {
    return this.#deeper("default", attribute);
  }
  /** Several options below the end of this path. */
  options(...loads: unknown[]): Load {
    const end = this.end;
    const children = loads.map((load) => {
      if (!(load instanceof Load))
        throw new ArgumentError("options(): loader options such as joinedLoad(Post.c.author) are needed.");
      if (!end.isA(load.root.mapper) && !load.root.mapper.isA(end)) {
        throw new ArgumentError(
          `options(): '${load}' starts at ${load.root.mapper}, but the path so far ends at ${end}.`,
          "orm.loader-path",
        );
      }
      return load;
    });
    return new Load(this.root, this.path, [...this.children, ...children], this.columns);
  }
  loadOnly(...columns: unknown[]): Load {
    const only = columns.map((c) => mappedColumn(c, this.end, "loadOnly"));
    return new Load(this.root, this.path, this.children, { ...this.columns, only });
  }
  defer(...columns: unknown[]): Load {
    const defer = columns.map((c) => mappedColumn(c, this.end, "defer"));
    return new Load(this.root, this.path, this.children, { ...this.columns, defer: [...this.columns.defer, ...defer] });
  }
  undefer(...columns: unknown[]): Load {
    const undefer = columns.map((c) => mappedColumn(c, this.end, "undefer"));
    return new Load(this.root, this.path, this.children, {
      ...this.columns,
      undefer: [...this.columns.undefer, ...undefer],
    });
  }
  undeferGroup(group: string): Load {
    return new Load(this.root, this.path, this.children, {
      ...this.columns,
      undeferGroups: [...this.columns.undeferGroups, group],
    });
  }
  /** The entity the path ends at. */
  get end(): Mapper {
    const last = this.path.at(-1);
    return last === undefined ? this.root.mapper : (last.target?.mapper ?? last.property.target);
  }
  #deeper(strategy: Strategy, attribute: unknown, settings: LoadSettings = {}): Load {
    const step = stepOf(strategy, attribute, settings);
    const end = this.end;
    if (!end.isA(step.property.parent) && !step.property.parent.isA(end)) {
      throw new ArgumentError(`${strategy}Load(${step.property}): the path so far ends at ${end}.`, "orm.loader-path");
    }
    return new Load(this.root, [...this.path, step]);
  }
  override toString(): string {
    return [this.root.name, ...this.path.map((s) => s.property.key)].join(".");
  }
}

function stepOf(strategy: Strategy, attribute: unknown, settings: LoadSettings): LoadStep {
  if (!(attribute instanceof RelationAttribute)) {
    const what = attribute instanceof ColumnReference ? `the column '${attribute.key}'` : String(attribute);
    throw new ArgumentError(
      `${strategy}Load(): a relationship such as User.c.posts is needed, not ${what}.`,
      "orm.loader-argument",
    );
  }
  const { property } = attribute;
  if (property.lazy === "dynamic" || property.lazy === "writeOnly") {
    throw new ArgumentError(
      `${property} is mapped with lazy: "${property.lazy}": it is a query, not a collection to load.`,
      "orm.loader-argument",
    );
  }
  let target = attribute.targetSource;
  if (settings.alias !== undefined) {
    const aliased = settings.alias as { readonly source?: EntitySource };
    if (aliased.source === undefined) throw new ArgumentError("containsEager(): alias is what aliased(Model) gave.");
    target = aliased.source;
  }
  return { property, strategy, target, criteria: attribute.extra, innerJoin: settings.innerJoin };
}
function begin(strategy: Strategy, attribute: unknown, settings: LoadSettings = {}): Load {
  const step = stepOf(strategy, attribute, settings);
  return new Load((attribute as RelationAttribute).source, [step]);
}
function mappedColumn(column: unknown, mapper: Mapper, where: string): MappedColumn {
  const origin = column instanceof ColumnReference ? originColumn(column) : undefined;
  const found = origin === undefined ? undefined : mapper.attributeOf(origin);
  if (found === undefined)
    throw new ArgumentError(
      `${where}(): a column of ${mapper} such as ${mapper}.c.${mapper.attributes[0]?.key ?? "id"} is needed.`,
    );
  return found;
}

// ---- the run time of the public functions

export const loaders = {
  joinedLoad: (attribute: unknown, settings?: LoadSettings) => begin("joined", attribute, settings),
  selectinLoad: (attribute: unknown) => begin("selectin", attribute),
  subqueryLoad: (attribute: unknown) => begin("subquery", attribute),
  immediateLoad: (attribute: unknown) => begin("immediate", attribute),
  lazyLoad: (attribute: unknown) => begin("lazy", attribute),
  raiseLoad: (attribute: unknown) => begin("raise", attribute),
  noLoad: (attribute: unknown) => begin("noload", attribute),
  containsEager: (attribute: unknown, settings?: LoadSettings) => begin("contains", attribute, settings),
  defaultLoad: (attribute: unknown) => begin("default", attribute),
} as const;

/** `loadOnly(User.c.name)`, `defer(User.c.bio)`, `undefer(User.c.bio)`: for the entity the first column belongs to. */
export function columnOption(
  kind: "loadOnly" | "defer" | "undefer",
  roots: (column: ColumnReference) => EntitySource | undefined,
  columns: readonly unknown[],
): Load {
  const [first] = columns;
  const root = first instanceof ColumnReference ? roots(first) : undefined;
  if (root === undefined) throw new ArgumentError(`${kind}(): columns of a model such as User.c.name are needed.`);
  return new Load(root, [])[kind](...columns);
}

// ---- the tree of a statement

/** What is loaded at one entity: merged from all options and the mapping's defaults. */
export class LoadTree {
  readonly relations = new Map<RelationshipProperty, LoadBranch>();
  columns: ColumnLoads = NO_COLUMNS;
  /** Criteria that every statement below carries on. */
  restrictions: readonly Restriction[] = [];

  /** Adds one option, from its position on. */
  add(load: Load, at = 0): void {
    const step = load.path[at];
    if (step === undefined) {
      const { only, defer, undefer, undeferGroups } = load.columns;
      const mine = this.columns;
      this.columns = {
        only: only === undefined ? mine.only : [...(mine.only ?? []), ...only],
        defer: [...mine.defer, ...defer],
        undefer: [...mine.undefer, ...undefer],
        undeferGroups: [...mine.undeferGroups, ...undeferGroups],
      };
      for (const child of load.children) this.add(child);
      return;
    }
    let branch = this.relations.get(step.property);
    if (
      branch === undefined ||
      (step.strategy !== "default" &&
        (branch.strategy !== step.strategy || step.criteria.length > 0 || step.target !== undefined))
    ) {
      const strategy =
        step.strategy === "default" ? (branch?.strategy ?? mappedStrategy(step.property)) : step.strategy;
      branch = {
        strategy,
        target: step.target,
        criteria: step.criteria,
        innerJoin: step.innerJoin,
        below: branch?.below ?? new LoadTree(),
      };
      this.relations.set(step.property, branch);
    }
    branch.below.add(load, at + 1);
  }
  /** How a relationship of the mapper is loaded here. */
  strategyOf(property: RelationshipProperty): Strategy {
    return this.relations.get(property)?.strategy ?? mappedStrategy(property);
  }
  /** What is loaded at the end of a relationship. */
  below(property: RelationshipProperty): LoadTree {
    const branch = this.relations.get(property);
    return branch === undefined ? new LoadTree().restrict(this.restrictions) : branch.below;
  }
  /** Adds criteria here and all the way down. */
  restrict(restrictions: readonly Restriction[]): this {
    if (restrictions.length === 0) return this;
    this.restrictions = [...this.restrictions, ...restrictions];
    for (const branch of this.relations.values()) branch.below.restrict(restrictions);
    return this;
  }
  get isEmpty(): boolean {
    return this.relations.size === 0 && this.columns === NO_COLUMNS && this.restrictions.length === 0;
  }
  /** Somewhere in it are criteria: a tree kept with a plan has the values of its first execution. */
  get hasCriteria(): boolean {
    if (this.restrictions.length > 0) return true;
    for (const branch of this.relations.values())
      if (branch.criteria.length > 0 || branch.below.hasCriteria) return true;
    return false;
  }
}
export interface LoadBranch {
  readonly strategy: Strategy;
  readonly target: EntitySource | undefined;
  readonly criteria: readonly Expression[];
  readonly innerJoin: boolean | undefined;
  readonly below: LoadTree;
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
  readonly loads: readonly Load[];
  constructor(tree: LoadTree) {
    super();
    this.tree = tree;
    this.loads = [];
  }
  walk(key: KeyWriter): void {
    // Once: what is below carries the same ones on.
    walkRestrictions(this.tree.restrictions, key);
    walkTree(this.tree, key);
  }
}
function walkTree(tree: LoadTree, key: KeyWriter): void {
  key.id(OP.option);
  key.id(tree.relations.size);
  for (const [property, branch] of tree.relations) {
    key.id(property.id);
    key.id(CODES[branch.strategy] + (branch.innerJoin ? 20 : 0));
    key.id(branch.target?.mapper.id ?? 0);
    branch.target?.from.walk(key);
    key.id(branch.criteria.length);
    for (const c of branch.criteria) c.walk(key);
    walkTree(branch.below, key);
  }
  const { only, defer, undefer, undeferGroups } = tree.columns;
  key.id(only === undefined ? -1 : only.length);
  for (const list of [only ?? [], defer, undefer]) {
    key.id(list.length);
    for (const c of list) key.id(c.index);
  }
  key.id(undeferGroups.length);
  for (const g of undeferGroups) key.text(g);
}
