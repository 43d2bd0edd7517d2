/** Relationships: getters in the literal, so that the compiler and the run time both resolve them late. */
import type {
  AnyExpr,
  AnyTable,
  Awaitable,
  attribute,
  Condition,
  Criterion,
  Definition,
  FromClause,
  initial,
  NeedsAwait,
  Ordering,
  PropsOf,
  state,
  TableOf,
} from "@athanor/core";
import type { Entity, Instance } from "./entities.js";

/** What every collection can do without being loaded. */
export declare const element: unique symbol;
export interface Many<out T> {
  readonly [element]: T;
  push(...items: T[]): number;
  remove(...items: T[]): void;
  /** Instead of assigning an array. */
  replace(items: Iterable<T>): void;
}
/** Loaded: an array. */
export interface Collection<out T> extends Array<T>, Many<T> {
  push(...items: T[]): number;
}
/** Maybe not loaded: `await` it. */
export interface LazyCollection<out T> extends Awaitable<Collection<T>>, Many<T> {}
/** `lazy: "raise"`: unreadable until a loader option names it. */
export interface MustLoadCollection<out T> extends Many<T> {
  readonly [state]: "add joinedLoad() or selectinLoad(): mapped with lazy: raise";
}
export interface MustLoad {
  readonly [state]: "add joinedLoad() or selectinLoad(): mapped with lazy: raise";
}
/** `lazy: "dynamic"`: a query over the collection; never loaded as a whole. */
export interface DynamicCollection<T> extends AsyncIterable<T> {
  readonly [state]: "a query, not a collection";
  filter(...criteria: Criterion[]): DynamicCollection<T>;
  filterBy(values: { readonly [key: string]: unknown }): DynamicCollection<T>;
  orderBy(...by: (AnyExpr | Ordering)[]): DynamicCollection<T>;
  limit(n: number): DynamicCollection<T>;
  offset(n: number): DynamicCollection<T>;
  all(): Promise<T[]>;
  first(): Promise<T | null>;
  count(): Promise<number>;
  push(...items: T[]): number;
  remove(...items: T[]): void;
}
export interface WriteOnlyCollection<T> {
  readonly [state]: "write only: select() what you need";
  add(...items: T[]): void;
  remove(...items: T[]): void;
  select(): { readonly writeOnly: T };
}
/** How each strategy reads on an instance. A lookup by name costs the compiler less than a chain of conditions. */
interface ManyBy<T> {
  select: LazyCollection<T>;
  joined: Collection<T>;
  selectin: Collection<T>;
  subquery: Collection<T>;
  noload: Collection<T>;
  raise: MustLoadCollection<T>;
  dynamic: DynamicCollection<T>;
  writeOnly: WriteOnlyCollection<T>;
}
interface OneBy<T> {
  select: T | NeedsAwait<T>;
  joined: T;
  selectin: T;
  subquery: T;
  noload: T;
  raise: T | MustLoad;
}
/** Spelt out, so that errors print the names. */
export type Loadable = "select" | "joined" | "selectin" | "subquery" | "noload" | "raise";
export type ManyStrategy = Loadable | "dynamic" | "writeOnly";

/** `C`: "many", "one" (never null) or "maybe". */
export interface Relationship<T, C extends string, L extends string> extends Definition<unknown, unknown> {
  readonly target: T;
  readonly cardinality: C;
  readonly lazy: L;
}
export interface ToMany<T, L extends ManyStrategy> extends Relationship<T, "many", L> {
  readonly [attribute]: ManyBy<EntityOf<T>>[L];
  /** Any object of the class, whatever a query would say of its discriminator. */
  readonly [initial]: readonly InstanceOf<T>[];
}
export interface ToOne<T, L extends Loadable> extends Relationship<T, "one", L> {
  readonly [attribute]: OneBy<EntityOf<T>>[L];
  readonly [initial]: InstanceOf<T>;
}
export interface ToMaybe<T, L extends Loadable> extends Relationship<T, "maybe", L> {
  readonly [attribute]: OneBy<EntityOf<T> | null>[L];
  readonly [initial]: InstanceOf<T> | null;
}
type EntityOf<T> = T extends AnyTable ? Entity<T> : never;
type InstanceOf<T> = T extends AnyTable ? Instance<T> : never;
type Keys<T> = T extends AnyTable ? keyof PropsOf<T> & string : never;
type Columns1<T> = T extends { readonly c: infer C } ? C : never;

export interface RelationshipOptions<T, L> {
  /** Checked against the target's attributes; that it names a relationship is checked when mappers are configured. */
  readonly backPopulates?: Keys<T>;
  readonly lazy?: L;
  /** `"save-update, merge"` unless said otherwise; `"all, delete-orphan"` for parts that live and die with their owner. */
  readonly cascade?: string;
  /**
   * ON by hand, over the columns of both sides. Untyped: the columns' types would need this very model's. Names that do
   * not exist are refused when the mappers are configured.
   */
  readonly primaryJoin?: (target: any, owner: any) => Criterion;
  /** Keys of the foreign key's columns, where several lead to the target. */
  readonly foreignKeys?: string | readonly string[];
  readonly remoteSide?: string | readonly string[];
  readonly orderBy?: Keys<T> | ((target: Columns1<T>) => unknown);
  readonly viewOnly?: boolean;
  readonly passiveDeletes?: boolean | "all";
  readonly passiveUpdates?: boolean;
  /** Set by a second UPDATE after the INSERT: for rows that refer to each other. */
  readonly postUpdate?: boolean;
  readonly singleParent?: boolean;
  /** Keys of relationships that write the same columns on purpose: silences the warning about it. */
  readonly overlaps?: string;
  /** Loads for pending objects too, by the foreign key they hold. */
  readonly loadOnPending?: boolean;
  /** The old value has to be known: setting the relationship before it is loaded throws. */
  readonly activeHistory?: boolean;
  /** Reads the target from an alias of it, mostly one over a subquery: `() => topPosts`. Only with `viewOnly`. */
  readonly alias?: () => AnyTable;
  readonly innerJoin?: boolean;
  readonly joinDepth?: number;
  readonly info?: { readonly [key: string]: unknown };
}
/** `nullable: false` promises a NOT NULL foreign key (checked when mappers are configured). */
export interface OneOptions<T, L, Z> extends RelationshipOptions<T, L> {
  readonly nullable?: Z;
}
export interface ManyToManyOptions<T, L> extends Omit<RelationshipOptions<T, L>, "primaryJoin"> {
  /** The table between; with joins by hand and `viewOnly` also a join of several. */
  readonly secondary: TableOf<string, any, any> | AnyTable | FromClause;
  /** ON between owner and secondary, where foreign keys do not say it. */
  readonly primaryJoin?: (secondary: any, owner: any) => Criterion;
  /** ON between target and secondary. */
  readonly secondaryJoin?: (target: any, secondary: any) => Criterion;
}

// ---- as class attributes: `User.c.posts`

/** The face that joins and loaders ask for: again no methods. */
export interface RelationPath<out K extends string, out T, out L extends string, out S extends string> {
  readonly key: K;
  readonly target: T;
  readonly lazy: L;
  readonly owner: S;
}
export interface RelationAttribute<out K extends string, out T, out L extends string, out S extends string>
  extends RelationPath<K, T, L, S> {
  /** The same relationship, aimed at an alias or a subclass. */
  ofType<A extends AnyTable>(target: A): RelationAttribute<K, A, L, S>;
  and(...criteria: Criterion[]): this;
}
export interface ManyAttribute<out K extends string, out T, out L extends string, out S extends string>
  extends RelationAttribute<K, T, L, S> {
  ofType<A extends AnyTable>(target: A): ManyAttribute<K, A, L, S>;
  any(...criteria: Criterion[]): Condition;
  contains(entity: Instance<T>): Condition;
}
export interface OneAttribute<out K extends string, out T, out L extends string, out S extends string>
  extends RelationAttribute<K, T, L, S> {
  ofType<A extends AnyTable>(target: A): OneAttribute<K, A, L, S>;
  has(...criteria: Criterion[]): Condition;
  eq(entity: Instance<T> | null): Condition;
  ne(entity: Instance<T> | null): Condition;
}
