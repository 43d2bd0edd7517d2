/** The Query of `User.query()`, prepared statements, and what session methods give. */
import type {
  AnyBundle,
  AnyExpr,
  AnyModel,
  AnyTable,
  bundled,
  Changes,
  ColumnLike,
  Condition,
  Criterion,
  Families,
  Family,
  Joinable,
  LoadFace,
  Meta,
  NameOf,
  name,
  Ordering,
  Paths,
  PropsOf,
  Result,
  Row,
  Rows,
  row,
  Select,
  Selectable,
  SqlText,
  SubqueryOf,
  scalar,
} from "@athanor/core";
import type { Entity, Identity, Initial } from "./entities.js";
import type { LoadedOr } from "./loading.js";

/** An entity with what a list of loader options brings. */
export type LoadedRoot<M extends AnyTable, P> =
  Paths<P> extends infer L ? LoadedOr<Entity<M>, L[NameOf<M> & keyof L]> : never;
/** Filled from the props, not from the class: methods and getters are no criteria. */
export type Matching<M extends AnyTable> = Initial<PropsOf<M>>;
type RootPaths<M extends AnyTable, P> = Paths<P> extends infer L ? L[NameOf<M> & keyof L] : never;

/** What `filterBy()` speaks of once `X` is joined. */
type Joined<X> = X extends AnyTable ? X : X extends { readonly target: infer T extends AnyTable } ? T : AnyTable;

/** `F`: what was joined last, or the model. */
export interface Query<M extends AnyModel, L = {}, F extends AnyTable = M>
  extends AsyncIterable<LoadedOr<Entity<M>, L>> {
  readonly [row]: Row<readonly [M], never, { [_ in NameOf<M>]: L }>;
  readonly [scalar]: LoadedOr<Entity<M>, L>;
  filter(...criteria: Criterion[]): this;
  where(...criteria: Criterion[]): this;
  /** Equality by attribute name, of what was joined last; of the model before any join. */
  filterBy(values: Matching<F>): this;
  /** A relationship (by attribute or by name), a model, a subquery. */
  join<K extends keyof PropsOf<M> & string>(name: K, on?: Criterion): Query<M, L, Joined<PropsOf<M>[K]>>;
  join<X extends Joinable>(target: X, on?: Criterion): Query<M, L, Joined<X>>;
  outerJoin<K extends keyof PropsOf<M> & string>(name: K, on?: Criterion): Query<M, L, Joined<PropsOf<M>[K]>>;
  outerJoin<X extends Joinable>(target: X, on?: Criterion): Query<M, L, Joined<X>>;
  groupBy(...by: AnyExpr[]): this;
  having(...criteria: Criterion[]): this;
  distinct(...on: AnyExpr[]): this;
  orderBy(...by: (AnyExpr | Ordering | null)[]): this;
  limit(n: number | null): this;
  offset(n: number | null): this;
  slice(from: number, to: number): this;
  withForUpdate(options?: { read?: boolean; nowait?: boolean; skipLocked?: boolean; of?: AnyTable }): this;
  executionOptions(options: { readonly [name: string]: unknown }): this;
  options<P extends readonly LoadFace<NameOf<M>, readonly string[], any, any>[]>(
    ...loads: P
  ): Query<M, L & RootPaths<M, P[number]>, F>;
  all(): Promise<LoadedOr<Entity<M>, L>[]>;
  first(): Promise<LoadedOr<Entity<M>, L> | null>;
  one(): Promise<LoadedOr<Entity<M>, L>>;
  oneOrNone(): Promise<LoadedOr<Entity<M>, L> | null>;
  get(id: Identity<M>): Promise<LoadedOr<Entity<M>, L> | null>;
  /** @throws NotFoundError, which the web layer turns into a 404 page with the description */
  getOr404(id: Identity<M>, options?: { readonly description?: string }): Promise<LoadedOr<Entity<M>, L>>;
  firstOr404(options?: { readonly description?: string }): Promise<LoadedOr<Entity<M>, L>>;
  /** 404 for none and for several. */
  oneOr404(options?: { readonly description?: string }): Promise<LoadedOr<Entity<M>, L>>;
  populateExisting(): this;
  /** `false`: without the flush that comes before a query. */
  autoflush(flushes: boolean): this;
  /** Rows per chunk: iterating streams then. */
  yieldPer(rows: number): this;
  /** `false`: relationships wait to be asked for; what the types of loader options promise does not hold then. */
  enableEagerloads(enabled: boolean): this;
  /** `false`: filters and orderings may follow a limit. */
  enableAssertions(enabled: boolean): this;
  params(values: { readonly [name: string]: unknown }): this;
  correlate(...from: (AnyTable | null)[]): this;
  selectFrom(...from: AnyTable[]): this;
  prefixWith(words: SqlText, options?: { readonly dialect?: string }): this;
  suffixWith(words: SqlText, options?: { readonly dialect?: string }): this;
  withHint(table: AnyTable, words: SqlText, options?: { readonly dialect?: string }): this;
  /** Only what belongs to an object by a relationship of its class. */
  withParent(entity: object, relationship: Joinable): this;
  withSession(session: object): this;
  withTransformation<Q>(change: (query: this) => Q): Q;
  /** Rows of both, as a set; what follows is over the union. */
  union(...others: Query<M, any, any>[]): this;
  unionAll(...others: Query<M, any, any>[]): this;
  intersect(...others: Query<M, any, any>[]): this;
  intersectAll(...others: Query<M, any, any>[]): this;
  except(...others: Query<M, any, any>[]): this;
  exceptAll(...others: Query<M, any, any>[]): this;
  /** The objects of another statement: SQL text, a select, or one with RETURNING. */
  fromStatement(source: Rows<readonly unknown[]>): Result<LoadedOr<Entity<M>, L>>;
  addColumns<A extends readonly Selectable[]>(...what: A): Select<[M, ...A], never, { [_ in NameOf<M>]: L }>;
  addEntity<X extends AnyTable>(model: X): Select<[M, X], never, { [_ in NameOf<M>]: L }>;
  /** EXISTS over the query, for the criteria of another one. */
  asExists(): Condition;
  subquery<Q extends string = "anonymous subquery">(name?: Q): SubqueryOf<[M], never, Q>;
  cte<Q extends string>(
    name: Q,
    options?: { recursive?: boolean; nesting?: boolean; materialized?: boolean },
  ): SubqueryOf<[M], never, Q>;
  scalar(): Promise<LoadedOr<Entity<M>, L> | null>;
  readonly statement: Select<[M], never, { [_ in NameOf<M>]: L }>;
  readonly columnDescriptions: readonly {
    readonly name: string;
    readonly entity: unknown;
    readonly aliased: boolean;
  }[];
  readonly isSingleEntity: boolean;
  readonly whereClause: Condition | undefined;
  readonly executionOptionsSet: { readonly [name: string]: unknown };
  /** Other columns with the same FROM and WHERE, for `session.execute()`. */
  withEntities<A extends readonly Selectable[]>(...what: A): Select<A>;
  count(): Promise<number>;
  exists(): Promise<boolean>;
  /** UPDATE of all rows that fit; objects in the session follow. */
  update(
    values: Changes<M>,
    options?: { readonly synchronizeSession?: "auto" | "evaluate" | "fetch" | false },
  ): Promise<number>;
  /** DELETE of all rows that fit; objects in the session follow. */
  delete(options?: { readonly synchronizeSession?: "auto" | "evaluate" | "fetch" | false }): Promise<number>;
  toString(): string;
}

/** Named parameters: declared as column types, so their values are also converted like columns. */
export type Params<P> = {
  readonly [K in keyof P]: P[K] extends ColumnLike<infer T, infer F> ? Families<T, never, never>[F & Family] : never;
};
export type Arguments<P> = { readonly [K in keyof P]: P[K] extends ColumnLike<infer T, any> ? T : never };

/** Several columns under one name of a row: what `bundle()` gives. */
export interface BundleOf<N extends string, A extends readonly AnyExpr[]> extends AnyBundle {
  readonly $: Meta<N, {}, {}>;
  readonly [bundled]: { readonly [X in A[number] as X[typeof name]]: X };
  readonly c: { readonly [X in A[number] as X[typeof name]]: X };
}
