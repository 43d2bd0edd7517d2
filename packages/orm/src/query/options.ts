/**
 * Loader options: which relationships and columns a statement brings, and how. Options are elements, so they take part
 * in the statement's structure. Source: SQLAlchemy "Relationship Loader API", "Column Loading Options".
 */
import {
  ArgumentError,
  ColumnReference,
  didYouMean,
  Element,
  type KeyWriter,
  OP,
  operand,
  originColumn,
  type TableColumn,
} from "@athanor/core";
import type { MappedColumn, Mapper, RelationshipProperty } from "../mapping/mapper.js";
import { RelationAttribute } from "./attributes.js";
import { entityElementOf, expressionAttributeOf } from "./entity.js";
import {
  type ColumnLoads,
  type ExpressionLoad,
  type LoadHow,
  type LoadOption,
  mergeColumns,
  NO_COLUMNS,
  PLAIN,
  type Strategy,
  type Wildcard,
  walkColumns,
  walkExpressions,
  walkHow,
  walkWildcard,
} from "./load-tree.js";
import type { EntitySource } from "./source.js";

export interface LoadSettings {
  /** joinedLoad: INNER JOIN instead of LEFT OUTER JOIN. */
  readonly innerJoin?: boolean | undefined;
  /** containsEager: the alias whose columns the statement selects by a join of its own. */
  readonly alias?: unknown;
  /** How many further levels of a self-referential relationship come along; -1 or Infinity: all. */
  readonly recursionDepth?: number | undefined;
  /** At most so many members for each owner, the first ones by `orderBy` or the order of the mapping. */
  readonly limitPerParent?: number | undefined;
  readonly orderBy?: unknown;
  /** Owners per statement; 500 unless said otherwise. */
  readonly chunkSize?: number | undefined;
  /** raiseLoad: a reference that the session has already may be read. */
  readonly sqlOnly?: boolean | undefined;
}
/** The settings each strategy takes. */
const SETTINGS: { readonly [S in Strategy]: readonly (keyof LoadSettings)[] } = {
  joined: ["innerJoin"],
  selectin: ["recursionDepth", "limitPerParent", "orderBy", "chunkSize"],
  subquery: ["recursionDepth", "limitPerParent", "orderBy", "chunkSize"],
  immediate: ["recursionDepth", "limitPerParent", "orderBy", "chunkSize"],
  lazy: ["limitPerParent", "orderBy"],
  raise: ["sqlOnly"],
  noload: [],
  contains: ["alias"],
  default: [],
};

/** One step of a path. */
export interface LoadStep extends LoadHow {
  readonly property: RelationshipProperty;
}
interface LoadParts {
  readonly path?: readonly LoadStep[];
  readonly children?: readonly Load[];
  readonly columns?: ColumnLoads;
  readonly wildcard?: Wildcard | undefined;
  readonly expressions?: readonly ExpressionLoad[];
}
const NO_PARTS: LoadParts = {};

export class Load extends Element implements LoadOption {
  readonly kind = "loaderOption";
  /** The entity the path starts at. */
  readonly root: EntitySource;
  readonly path: readonly LoadStep[];
  readonly children: readonly Load[];
  readonly columns: ColumnLoads;
  readonly wildcard: Wildcard | undefined;
  readonly expressions: readonly ExpressionLoad[];
  constructor(root: EntitySource, parts: LoadParts = NO_PARTS) {
    super();
    this.root = root;
    this.path = parts.path ?? [];
    this.children = parts.children ?? [];
    this.columns = parts.columns ?? NO_COLUMNS;
    this.wildcard = parts.wildcard;
    this.expressions = parts.expressions ?? [];
  }
  #with(parts: LoadParts): Load {
    return new Load(this.root, { ...this, ...parts });
  }
  walk(key: KeyWriter): void {
    key.id(OP.option);
    key.id(this.root.mapper.id);
    if (this.root.isAlias) this.root.from.walk(key);
    key.id(this.path.length);
    for (const step of this.path) {
      key.id(step.property.id);
      walkHow(step, key);
    }
    walkColumns(this.columns, key);
    walkWildcard(this.wildcard, key);
    walkExpressions(this.expressions, key);
    key.id(this.children.length);
    for (const child of this.children) child.walk(key);
  }
  joinedLoad(attribute: unknown, settings?: LoadSettings): Load {
    return this.#deeper("joined", attribute, settings);
  }
  selectinLoad(attribute: unknown, settings?: LoadSettings): Load {
    return this.#deeper("selectin", attribute, settings);
  }
  subqueryLoad(attribute: unknown, settings?: LoadSettings): Load {
    return this.#deeper("subquery", attribute, settings);
  }
  immediateLoad(attribute: unknown, settings?: LoadSettings): Load {
    return this.#deeper("immediate", attribute, settings);
  }
  lazyLoad(attribute: unknown, settings?: LoadSettings): Load {
    return this.#deeper("lazy", attribute, settings);
  }
  raiseLoad(attribute: unknown, settings?: LoadSettings): Load {
    return this.#deeper("raise", attribute, settings);
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
    return this.#with({ children: [...this.children, ...children] });
  }
  loadOnly(...given: unknown[]): Load {
    const { columns, raise } = columnsOf("loadOnly", given, this.end);
    return this.#columns({ only: columns, raising: raise ? "rest" : [] });
  }
  /** Columns, or `"*"` for all but the key. */
  defer(...given: unknown[]): Load {
    if (given[0] === "*") return this.#columns({ all: "defer", raising: isRaise(given[1]) ? "rest" : [] });
    const { columns, raise } = columnsOf("defer", given, this.end);
    return this.#columns({ defer: columns, raising: raise ? columns : [] });
  }
  undefer(...given: unknown[]): Load {
    if (given[0] === "*") return this.#columns({ all: "undefer" });
    return this.#columns({ undefer: columnsOf("undefer", given, this.end).columns });
  }
  undeferGroup(group: string): Load {
    const { attributes, expressions } = this.end;
    const known = new Set([...attributes, ...expressions].flatMap((a) => a.deferredGroup ?? []));
    if (!known.has(group))
      throw new ArgumentError(
        `undeferGroup(): ${this.end} has no deferred group '${group}'.${didYouMean(group, [...known])}`,
        "orm.unknown-group",
      );
    return this.#columns({ undeferGroups: [group] });
  }
  /** Fills an attribute that is mapped as a query expression with an expression of this query. */
  withExpression(attribute: unknown, expression: unknown): Load {
    const [column] = columnsOf("withExpression", [attribute], this.end).columns;
    if (expressionAttributeOf(attribute) === undefined)
      throw new ArgumentError(
        `withExpression(): ${this.end}.${column?.key} is a column; an attribute mapped as queryExpression() or columnProperty() is needed.`,
        "orm.with-expression",
      );
    return this.#with({
      expressions: [...this.expressions, { attribute: column as MappedColumn, expression: operand(expression) }],
    });
  }
  #columns(more: Partial<ColumnLoads>): Load {
    return this.#with({ columns: mergeColumns(this.columns, { ...NO_COLUMNS, ...more }) });
  }
  /** The same path from another source of the entity. */
  rootedAt(root: EntitySource): Load {
    return new Load(root, this);
  }
  /** The entity the path ends at. */
  get end(): Mapper {
    const last = this.path.at(-1);
    return last === undefined ? this.root.mapper : (last.target?.mapper ?? last.property.target);
  }
  #deeper(strategy: Strategy, attribute: unknown, settings: LoadSettings = {}): Load {
    if (attribute === "*") return this.#with({ wildcard: wildcardOf(strategy, settings) });
    const step = stepOf(strategy, attribute, settings);
    const end = this.end;
    if (!end.isA(step.property.parent) && !step.property.parent.isA(end)) {
      throw new ArgumentError(
        `${nameOf(strategy)}(${step.property}): the path so far ends at ${end}.`,
        "orm.loader-path",
      );
    }
    return new Load(this.root, { path: [...this.path, step] });
  }
  override toString(): string {
    return [this.root.name, ...this.path.map((s) => s.property.key)].join(".");
  }
}

/** `raiseLoad("*")`: for every relationship of the statement that no other option names, at every depth. */
export class LoadEverywhere extends Element {
  readonly kind = "loaderWildcard";
  readonly wildcard: Wildcard;
  constructor(wildcard: Wildcard) {
    super();
    this.wildcard = wildcard;
  }
  walk(key: KeyWriter): void {
    key.id(OP.option);
    walkWildcard(this.wildcard, key);
  }
}

/** Nothing is loaded along: what `enableEagerloads(false)` of a Query says. */
export class NoEagerLoads extends Element {
  readonly kind = "noEagerLoads";
  walk(key: KeyWriter): void {
    key.id(OP.option);
    key.id(-8);
  }
}

function nameOf(strategy: Strategy): string {
  return strategy === "contains" ? "containsEager" : strategy === "noload" ? "noLoad" : `${strategy}Load`;
}
function wildcardOf(strategy: Strategy, settings: LoadSettings): Wildcard {
  if (strategy === "contains" || strategy === "default")
    throw new ArgumentError(`${nameOf(strategy)}("*"): name the relationship.`, "orm.loader-argument");
  checkSettings(strategy, settings, ["sqlOnly"]);
  return { strategy, sqlOnly: settings.sqlOnly ?? false };
}
function checkSettings(strategy: Strategy, settings: LoadSettings, within?: readonly string[]): void {
  const known = SETTINGS[strategy].filter((s) => within === undefined || within.includes(s));
  for (const key of Object.keys(settings)) {
    if (known.includes(key as keyof LoadSettings)) continue;
    const hint =
      key === "limitPerParent" || key === "recursionDepth" || key === "orderBy"
        ? " selectinLoad() takes it."
        : didYouMean(key, known);
    throw new ArgumentError(`${nameOf(strategy)}(): there is no setting '${key}'.${hint}`, "orm.loader-setting");
  }
}
function stepOf(strategy: Strategy, attribute: unknown, settings: LoadSettings): LoadStep {
  if (!(attribute instanceof RelationAttribute)) {
    const what = attribute instanceof ColumnReference ? `the column '${attribute.key}'` : String(attribute);
    throw new ArgumentError(
      `${nameOf(strategy)}(): a relationship such as User.c.posts is needed, not ${what}.`,
      "orm.loader-argument",
    );
  }
  const { property } = attribute;
  if (property.isQuery) {
    throw new ArgumentError(
      `${property} is mapped with lazy: "${property.lazy}": it is a query, not a collection to load.`,
      "orm.loader-argument",
    );
  }
  checkSettings(strategy, settings);
  let target = attribute.targetSource;
  if (settings.alias !== undefined) {
    const aliased = settings.alias as { readonly source?: EntitySource };
    if (aliased.source === undefined) throw new ArgumentError("containsEager(): alias is what aliased(Model) gave.");
    target = aliased.source;
  }
  return {
    ...PLAIN,
    property,
    strategy,
    target,
    criteria: attribute.extra,
    innerJoin: settings.innerJoin,
    recursionDepth: depthOf(settings.recursionDepth, property, strategy),
    limitPerParent: countOf("limitPerParent", settings.limitPerParent, property, 0),
    order: orderOf(settings.orderBy, property),
    chunkSize: countOf("chunkSize", settings.chunkSize, property, 1),
    sqlOnly: settings.sqlOnly ?? false,
  };
}
function depthOf(depth: number | undefined, property: RelationshipProperty, strategy: Strategy): number {
  if (depth === undefined) return 0;
  if (depth !== -1 && depth !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(depth) && depth > 0))
    throw new ArgumentError(
      `${nameOf(strategy)}(${property}): recursionDepth is a whole number above 0, or -1 for all levels, not ${String(depth)}.`,
      "orm.loader-setting",
    );
  if (!property.target.isA(property.parent) && !property.parent.isA(property.target))
    throw new ArgumentError(
      `${nameOf(strategy)}(${property}): recursionDepth is for relationships from a class to itself; this one leads to ${property.target}.`,
      "orm.loader-setting",
    );
  return depth === -1 ? Number.POSITIVE_INFINITY : depth;
}
function countOf(name: string, n: number | undefined, property: RelationshipProperty, least: number) {
  if (n === undefined) return undefined;
  if (!Number.isSafeInteger(n) || n < least)
    throw new ArgumentError(
      `Loading ${property}: ${name} is a whole number from ${least} on, not ${String(n)}.`,
      "orm.loader-setting",
    );
  if (name === "limitPerParent" && !property.uselist)
    throw new ArgumentError(`Loading ${property}: limitPerParent is for collections.`, "orm.loader-setting");
  return n;
}
function orderOf(orderBy: unknown, property: RelationshipProperty): readonly Element[] {
  if (orderBy === undefined) return [];
  const list = Array.isArray(orderBy) ? orderBy : [orderBy];
  for (const by of list)
    if (!(by instanceof Element))
      throw new ArgumentError(
        `Loading ${property}: orderBy takes columns of ${property.target} such as ${property.target}.c.id.desc().`,
        "orm.loader-setting",
      );
  return list;
}
function begin(strategy: Strategy, attribute: unknown, settings: LoadSettings = {}): Load | LoadEverywhere {
  if (attribute === "*") return new LoadEverywhere(wildcardOf(strategy, settings));
  const step = stepOf(strategy, attribute, settings);
  return new Load((attribute as RelationAttribute).source, { path: [step] });
}
function isRaise(value: unknown): value is { readonly raise: boolean } {
  return (
    typeof value === "object" && value !== null && !(value instanceof Element) && "raise" in value && !!value.raise
  );
}
/** The columns given, and the settings that may stand behind them. */
function columnsOf(
  where: string,
  given: readonly unknown[],
  mapper: Mapper,
): { readonly columns: readonly MappedColumn[]; readonly raise: boolean } {
  const last = given.at(-1);
  const settings = typeof last === "object" && last !== null && !(last instanceof Element) ? last : undefined;
  const list = settings === undefined ? given : given.slice(0, -1);
  for (const key of Object.keys(settings ?? {}))
    if (key !== "raise")
      throw new ArgumentError(`${where}(): there is no setting '${key}'.${didYouMean(key, ["raise"])}`);
  return { columns: list.map((c) => mappedColumn(c, mapper, where)), raise: isRaise(settings) };
}
/** An attribute of the class, or one that a subclass adds. */
function attributeOfAny(mapper: Mapper, column: TableColumn): MappedColumn | undefined {
  for (const m of mapper.selfAndDescendants()) {
    const found = m.attributeOf(column);
    if (found !== undefined) return found;
  }
  return undefined;
}
function mappedColumn(column: unknown, mapper: Mapper, where: string): MappedColumn {
  const expression = expressionAttributeOf(column)?.attribute;
  // Told apart by identity wherever columns and expressions stand in one list.
  if (expression !== undefined && mapper.expressions.includes(expression)) return expression as unknown as MappedColumn;
  const origin = column instanceof ColumnReference ? originColumn(column) : undefined;
  const found = origin === undefined ? undefined : attributeOfAny(mapper, origin);
  if (found === undefined)
    throw new ArgumentError(
      `${where}(): a column of ${mapper} such as ${mapper}.c.${mapper.attributes[0]?.key ?? "id"} is needed.`,
    );
  return found;
}

// ---- the run time of the public functions

export const loaders = {
  joinedLoad: (attribute: unknown, settings?: LoadSettings) => begin("joined", attribute, settings),
  selectinLoad: (attribute: unknown, settings?: LoadSettings) => begin("selectin", attribute, settings),
  subqueryLoad: (attribute: unknown, settings?: LoadSettings) => begin("subquery", attribute, settings),
  immediateLoad: (attribute: unknown, settings?: LoadSettings) => begin("immediate", attribute, settings),
  lazyLoad: (attribute: unknown, settings?: LoadSettings) => begin("lazy", attribute, settings),
  raiseLoad: (attribute: unknown, settings?: LoadSettings) => begin("raise", attribute, settings),
  noLoad: (attribute: unknown) => begin("noload", attribute),
  containsEager: (attribute: unknown, settings?: LoadSettings) => begin("contains", attribute, settings),
  defaultLoad: (attribute: unknown) => begin("default", attribute),
} as const;

/** `load(User)`: options for the entity itself, or for an alias of it. */
export function loadOf(model: unknown): Load {
  const element = entityElementOf(model);
  if (element === undefined) throw new ArgumentError("load(): a model, or an alias of one, is needed.");
  return new Load(element.source);
}

/** `loadOnly(User.c.name)`, `defer(User.c.bio)`, `undefer(User.c.bio)`: for the entity the first column belongs to. */
export function columnOption(
  kind: "loadOnly" | "defer" | "undefer" | "withExpression",
  roots: (column: ColumnReference) => EntitySource | undefined,
  columns: readonly unknown[],
): Load {
  const [first] = columns;
  const root = expressionAttributeOf(first)?.source ?? (first instanceof ColumnReference ? roots(first) : undefined);
  if (root === undefined)
    throw new ArgumentError(
      first === "*"
        ? `${kind}("*"): say of which entity: load(User).${kind}("*").`
        : `${kind}(): columns of a model such as User.c.name are needed.`,
    );
  const load = new Load(root);
  return kind === "withExpression" ? load.withExpression(columns[0], columns[1]) : load[kind](...columns);
}
