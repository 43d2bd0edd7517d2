/** Loader options, and the type of an entity some of whose relationships are loaded. */
import type { AnyTable, Below, LoadFace, NameOf, state } from "@athanor/core";
import type { Collection, element, Loadable, RelationPath } from "./relationships.js";

type Name<T> = T extends AnyTable ? NameOf<T> : never;
/** `R`: the entity the path starts at; `P`: the path; `T`: where it stands; `B`: what hangs below the end. */
export interface Load<out R extends string, out P extends readonly string[], out T, out B = {}>
  extends LoadFace<R, P, T, B> {
  /** One level deeper, as in SQLAlchemy; several at one level go through `options`. */
  joinedLoad<K extends string, T2>(relationship: RelationPath<K, T2, Loadable, Name<T>>): Load<R, [...P, K], T2>;
  selectinLoad<K extends string, T2>(relationship: RelationPath<K, T2, Loadable, Name<T>>): Load<R, [...P, K], T2>;
  subqueryLoad<K extends string, T2>(relationship: RelationPath<K, T2, Loadable, Name<T>>): Load<R, [...P, K], T2>;
  containsEager<K extends string, T2>(relationship: RelationPath<K, T2, Loadable, Name<T>>): Load<R, [...P, K], T2>;
  options<L extends readonly LoadFace<Name<T>, readonly string[], any, any>[]>(
    ...loads: L
  ): Load<R, P, T, B & Below<L[number]>>;
}
/** A path that promises nothing to the types: what hangs below `raiseLoad`, `lazyLoad` or `noLoad`. */
export interface QuietLoad<out R extends string, out T> extends LoadFace<R, [], T> {
  joinedLoad<T2>(relationship: RelationPath<string, T2, Loadable, Name<T>>): QuietLoad<R, T2>;
  selectinLoad<T2>(relationship: RelationPath<string, T2, Loadable, Name<T>>): QuietLoad<R, T2>;
  subqueryLoad<T2>(relationship: RelationPath<string, T2, Loadable, Name<T>>): QuietLoad<R, T2>;
}
export type Loader = <K extends string, T, S extends string>(
  relationship: RelationPath<K, T, Loadable, S>,
) => Load<S, [K], T>;

/** An entity with these relationships loaded: `Loaded<User, { posts: { comments: {} } }>`. It is still a User. */
export type Loaded<E, P> = { [K in keyof P & keyof E]: LoadedAttribute<E[K], P[K]> } & E;
/** The entity itself where nothing is loaded: shorter in editors. */
export type LoadedOr<E, P> = keyof P extends never ? E : Loaded<E, P>;
type LoadedAttribute<V, B> = V extends { readonly [element]: infer X }
  ? Collection<LoadedOr<X, B>>
  : V extends { readonly [state]: string }
    ? never
    : V extends object
      ? LoadedOr<V, B>
      : V;
