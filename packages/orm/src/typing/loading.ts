/** Loader options, and the type of an entity some of whose relationships are loaded. */
import type { AnyExpr, AnyTable, Below, LoadFace, NameOf, Ordering, state, Typed } from "@athanor/core";
import type { Collection, element, Loadable, RelationPath } from "./relationships.js";

type Name<T> = T extends AnyTable ? NameOf<T> : never;
export interface JoinedSettings {
  /** INNER JOIN instead of LEFT OUTER JOIN. */
  readonly innerJoin?: boolean;
}
export interface ContainsSettings {
  /** The alias whose columns the statement selects. */
  readonly alias?: AnyTable;
}
type Order = AnyExpr | Ordering;
export interface LimitSettings {
  /** At most so many members for each owner: the first ones by `orderBy`, or by the order of the mapping. */
  readonly limitPerParent?: number;
  readonly orderBy?: Order | readonly Order[];
}
export interface SelectinSettings extends LimitSettings {
  /** How many further levels of a relationship from a class to itself come along; -1: all. */
  readonly recursionDepth?: number;
  /** Owners per statement. Default 500. */
  readonly chunkSize?: number;
}
export interface RaiseSettings {
  /** Reading what the session has already is allowed. */
  readonly sqlOnly?: boolean;
}
/** `raise`: awaiting one of the columns later is an error. */
export interface DeferSettings {
  readonly raise?: boolean;
}
type Column<S extends string> = Typed<unknown, string, S>;
type Columns1<S extends string> = readonly Column<S>[] | readonly [...Column<S>[], DeferSettings];
type Somewhere<T, T2> = RelationPath<string, T2, string, Name<T>>;
/** `R`: the entity the path starts at; `P`: the path; `T`: where it stands; `B`: what hangs below the end. */
export interface Load<out R extends string, out P extends readonly string[], out T, out B = {}>
  extends LoadFace<R, P, T, B> {
  /** One level deeper, as in SQLAlchemy; several at one level go through `options`. */
  joinedLoad<K extends string, T2>(
    relationship: RelationPath<K, T2, Loadable, Name<T>>,
    settings?: JoinedSettings,
  ): Load<R, [...P, K], T2>;
  selectinLoad<K extends string, T2>(
    relationship: RelationPath<K, T2, Loadable, Name<T>>,
    settings?: SelectinSettings,
  ): Load<R, [...P, K], T2>;
  subqueryLoad<K extends string, T2>(
    relationship: RelationPath<K, T2, Loadable, Name<T>>,
    settings?: SelectinSettings,
  ): Load<R, [...P, K], T2>;
  immediateLoad<K extends string, T2>(
    relationship: RelationPath<K, T2, Loadable, Name<T>>,
    settings?: SelectinSettings,
  ): Load<R, [...P, K], T2>;
  containsEager<K extends string, T2>(
    relationship: RelationPath<K, T2, Loadable, Name<T>>,
    settings?: ContainsSettings,
  ): Load<R, [...P, K], T2>;
  /** What is not loaded here may not be awaited; `"*"`: all that nothing else names at this entity. */
  raiseLoad(relationship: Somewhere<T, unknown> | "*", settings?: RaiseSettings): this;
  lazyLoad(relationship: Somewhere<T, unknown> | "*", settings?: LimitSettings): this;
  noLoad(relationship: Somewhere<T, unknown> | "*"): this;
  options<L extends readonly LoadFace<Name<T>, readonly string[], any, any>[]>(
    ...loads: L
  ): Load<R, P, T, B & Below<L[number]>>;
  loadOnly(...columns: Columns1<Name<T>>): this;
  defer(...columns: Columns1<Name<T>> | readonly ["*", DeferSettings?]): this;
  undefer(...columns: readonly Column<Name<T>>[] | readonly ["*"]): this;
  undeferGroup(group: string): this;
  withExpression(attribute: Column<Name<T>>, expression: AnyExpr): this;
}
/** A path that promises nothing to the types: what hangs below `raiseLoad`, `lazyLoad` or `noLoad`. */
export interface QuietLoad<out R extends string, out T> extends LoadFace<R, [], T> {
  joinedLoad<T2>(
    relationship: RelationPath<string, T2, Loadable, Name<T>>,
    settings?: JoinedSettings,
  ): QuietLoad<R, T2>;
  selectinLoad<T2>(
    relationship: RelationPath<string, T2, Loadable, Name<T>>,
    settings?: SelectinSettings,
  ): QuietLoad<R, T2>;
  subqueryLoad<T2>(
    relationship: RelationPath<string, T2, Loadable, Name<T>>,
    settings?: SelectinSettings,
  ): QuietLoad<R, T2>;
}
export type Loader<Settings> = <K extends string, T, S extends string>(
  relationship: RelationPath<K, T, Loadable, S>,
  settings?: Settings,
) => Load<S, [K], T>;
/** For one relationship, or with `"*"` for all that no other option names, at every depth. */
export interface QuietLoader<Settings> {
  (relationship: "*", settings?: Settings): LoadFace<never, [], never>;
  <T, S extends string>(relationship: RelationPath<any, T, any, S>, settings?: Settings): QuietLoad<S, T>;
}

/** An entity with these relationships loaded: `Loaded<User, { posts: { comments: {} } }>`. It is still a User. */
export type Loaded<E, P> = { [K in keyof P & keyof E]: LoadedAttribute<E[K], P[K]> } & E;
/** The entity itself where nothing is loaded: shorter in editors. */
export type LoadedOr<E, P> = keyof P extends never ? E : Loaded<E, P>;
// What may be added, the collection as it was declared says: `never` here leaves that to it.
type LoadedAttribute<V, B> = V extends { readonly [element]: infer X }
  ? Collection<LoadedOr<X, B>, never>
  : V extends { readonly [state]: string }
    ? never
    : V extends object
      ? LoadedOr<V, B>
      : V;
