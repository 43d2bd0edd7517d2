/** The Query of `User.query()`, prepared statements, and what session methods give. */
import type {
  AnyExpr,
  AnyModel,
  AnyTable,
  Changes,
  ColumnLike,
  Criterion,
  Families,
  Family,
  Joinable,
  LoadFace,
  NameOf,
  Ordering,
  Paths,
  PropsOf,
  Row,
  row,
  Select,
  Selectable,
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

export interface Query<M extends AnyModel, L = {}> extends AsyncIterable<LoadedOr<Entity<M>, L>> {
  readonly [row]: Row<readonly [M], never, { [_ in NameOf<M>]: L }>;
  readonly [scalar]: LoadedOr<Entity<M>, L>;
  filter(...criteria: Criterion[]): this;
  where(...criteria: Criterion[]): this;
  filterBy(values: Matching<M>): this;
  join(target: Joinable, on?: Criterion): this;
  outerJoin(target: Joinable, on?: Criterion): this;
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
  ): Query<M, L & RootPaths<M, P[number]>>;
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
