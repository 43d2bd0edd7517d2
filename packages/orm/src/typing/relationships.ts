/** Relationships: getters in the literal, so that the compiler and the run time both resolve them late. */
import type {
  AnyExpr,
  AnyLoad,
  AnyTable,
  Awaitable,
  attribute,
  Condition,
  Criterion,
  Definition,
  Executable,
  FromClause,
  initial,
  Joinable,
  NeedsAwait,
  Ordering,
  PropsOf,
  state,
  TableOf,
} from "@athanor/core";
import type { Entity, Instance } from "./entities.js";

/** What every collection can do without being loaded. */
export declare const element: unique symbol;
/**
 * `T`: what is read; `W`: what may be added. They differ for hierarchies only: a query tells the classes apart by their
 * discriminators, `new Manager()` has none yet.
 */
export interface Many<out T, in W = T> {
  readonly [element]: T;
  push(...items: W[]): number;
  remove(...items: W[]): void;
  /** Instead of assigning an array. */
  replace(items: Iterable<W>): void;
}
/** Loaded: an array. Members are changed by its methods: an assignment to an index or to `length` is seen by nobody. */
export interface Collection<out T, in W = T> extends Array<T> {
  readonly [index: number]: T;
  readonly length: number;
  // The members of Many, written out: one base type less costs the compiler a tenth less per loaded path.
  readonly [element]: T;
  push(...items: T[]): number;
  push(...items: W[]): number;
  remove(...items: W[]): void;
  replace(items: Iterable<W>): void;
}
/** Maybe not loaded: `await` it. */
export interface LazyCollection<out T, in W = T> extends Awaitable<Collection<T, W>> {
  readonly [element]: T;
  push(...items: W[]): number;
  remove(...items: W[]): void;
  replace(items: Iterable<W>): void;
}
/** `collection: "set"`: members are there once each. */
export interface SetCollection<out T, in W = T> extends Collection<T, W> {
  has(member: W): boolean;
  add(member: W): this;
  /** Whether it was there. */
  delete(member: W): boolean;
}
/** `collection: attributeKeyed("name")`: members are found by a key, which is taken when they are added or loaded. */
export interface KeyedCollection<K, out T, in W = T> extends Collection<T, W> {
  get(key: K): T | undefined;
  has(key: K): boolean;
  /** Whether there was one. */
  delete(key: K): boolean;
  /** Key and member, in order. */
  keyed(): Map<K, T>;
}
/** How members are kept, beside the plain array. */
export interface KeyedBy<out K> {
  readonly keyedBy: K;
}
type KindOf<C, T, W> = C extends "set"
  ? SetCollection<T, W>
  : C extends KeyedBy<infer K>
    ? KeyedCollection<K extends keyof T ? T[K] : K extends (member: never) => infer R ? R : unknown, T, W>
    : C extends abstract new (
          ...args: any
        ) => infer I
      ? I & Collection<T, W>
      : Collection<T, W>;
interface ManyAs<T, W, X> {
  select: Awaitable<X> & Many<T, W>;
  joined: X;
  selectin: X;
  subquery: X;
  noload: X;
  raise: MustLoadCollection<T, W>;
}
/** A collection of a kind of its own. */
export interface ToManyAs<T, L extends Loadable, C> extends Relationship<T, "many", L> {
  readonly [attribute]: ManyAs<EntityOf<T>, InstanceOf<T>, KindOf<C, EntityOf<T>, InstanceOf<T>>>[L];
  readonly [initial]: readonly InstanceOf<T>[];
}
/** `lazy: "raise"`: unreadable until a loader option names it. */
export interface MustLoadCollection<out T, in W = T> extends Many<T, W> {
  readonly [state]: "add joinedLoad() or selectinLoad(): mapped with lazy: raise";
}
export interface MustLoad {
  readonly [state]: "add joinedLoad() or selectinLoad(): mapped with lazy: raise";
}
/** A select of the members of one owner, to go on with: `session.scalars(team.log.select().where(…))`. */
export interface MemberSelect<out T> extends Executable<readonly [T], T> {
  where(...criteria: Criterion[]): this;
  filterBy(values: { readonly [key: string]: unknown }): this;
  join(target: Joinable, on?: Criterion): this;
  outerJoin(target: Joinable, on?: Criterion): this;
  orderBy(...by: (AnyExpr | Ordering)[]): this;
  limit(n: number): this;
  offset(n: number): this;
  distinct(): this;
  options(...loads: AnyLoad[]): this;
  executionOptions(options: { readonly [name: string]: unknown }): this;
}
/** `lazy: "dynamic"`: a query over the collection; never loaded as a whole. */
export interface DynamicCollection<T, in W = T> extends AsyncIterable<T> {
  readonly [state]: "a query, not a collection";
  filter(...criteria: Criterion[]): DynamicCollection<T, W>;
  filterBy(values: { readonly [key: string]: unknown }): DynamicCollection<T, W>;
  orderBy(...by: (AnyExpr | Ordering)[]): DynamicCollection<T, W>;
  limit(n: number): DynamicCollection<T, W>;
  offset(n: number): DynamicCollection<T, W>;
  /** Loader options for the members. */
  options(...loads: AnyLoad[]): DynamicCollection<T, W>;
  /** The same as a statement. */
  select(): MemberSelect<T>;
  all(): Promise<T[]>;
  first(): Promise<T | null>;
  /** @throws NoResultFound, MultipleResultsFound */
  one(): Promise<T>;
  /** @throws MultipleResultsFound */
  oneOrNone(): Promise<T | null>;
  count(): Promise<number>;
  push(...items: W[]): number;
  remove(...items: W[]): void;
}
export interface WriteOnlyCollection<T, in W = T> {
  readonly [state]: "write only: select() what you need";
  add(...items: W[]): void;
  remove(...items: W[]): void;
  select(): MemberSelect<T>;
  /** Rows by column key; the foreign key is added. Of a one-to-many only. */
  insert(rows: readonly { readonly [key: string]: unknown }[]): Executable<never, never>;
  /** UPDATE of the members that fit. */
  update(values: { readonly [key: string]: unknown }, ...criteria: Criterion[]): Executable<never, never>;
  /** DELETE of the members that fit. */
  delete(...criteria: Criterion[]): Executable<never, never>;
}
/** How each strategy reads on an instance. A lookup by name costs the compiler less than a chain of conditions. */
interface ManyBy<T, W> {
  select: LazyCollection<T, W>;
  joined: Collection<T, W>;
  selectin: Collection<T, W>;
  subquery: Collection<T, W>;
  noload: Collection<T, W>;
  raise: MustLoadCollection<T, W>;
  dynamic: DynamicCollection<T, W>;
  writeOnly: WriteOnlyCollection<T, W>;
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
  readonly [attribute]: ManyBy<EntityOf<T>, InstanceOf<T>>[L];
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
  /**
   * The same relationship, aimed at an alias or a subclass. Joins, `any()` and `has()` then see only that class; a loader
   * option still loads every member, with the columns of the subclass, as in SQLAlchemy.
   */
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
