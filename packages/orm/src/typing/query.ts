/** The Query of `User.query()`, prepared statements, and what session methods give. */
import type {
  AnyExpr,
  AnyModel,
  AnyTable,
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

export interface Query<M extends AnyModel, L = {}> {
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
  getOr404(id: Identity<M>): Promise<LoadedOr<Entity<M>, L>>;
  firstOr404(): Promise<LoadedOr<Entity<M>, L>>;
  oneOr404(): Promise<LoadedOr<Entity<M>, L>>;
  count(): Promise<number>;
  exists(): Promise<boolean>;
  update(values: { readonly [key: string]: unknown }): Promise<number>;
  delete(): Promise<number>;
  toString(): string;
}

/** Named parameters: declared as column types, so their values are also converted like columns. */
export type Params<P> = {
  readonly [K in keyof P]: P[K] extends ColumnLike<infer T, infer F> ? Families<T, never, never>[F & Family] : never;
};
export type Arguments<P> = { readonly [K in keyof P]: P[K] extends ColumnLike<infer T, any> ? T : never };
