/** Instances in types: what a model's objects are, and what identifies one. */
import type {
  AnyTable,
  ColumnLike,
  Definition,
  NameOf,
  PolymorphicColumn,
  PropsOf,
  state,
  TableOf,
} from "@athanor/core";

/** The base of every entity. The marker lets the compiler drop "not loaded yet" once something is loaded. */
export interface Mapped {
  readonly [state]?: undefined;
}
/** A read-only attribute that is an SQL expression. */
export interface ColumnProperty<out T, out F extends string>
  extends ColumnLike<T, F | "readonly" | "null">,
    Definition<T, never> {}
/** Another name of a column: no column of its own. */
export interface Synonym<out T, out F extends string>
  extends ColumnLike<T, F | "readonly" | "null">,
    Definition<T, T> {}
export type Attributes<P> = { -readonly [K in keyof P]: P[K] extends Definition<infer A, any> ? A : never };
export type Initial<P> = { [K in keyof P]?: P[K] extends Definition<any, infer I> ? I : never };
export type Instance<M> = M extends abstract new (...args: any) => infer I ? I : never;

/** What a query gives for a model: the instance, or the union of a hierarchy that lists its subclasses. */
export type Entity<M extends AnyTable> = [M["$"]["options"]["polymorphicOn"]] extends [never]
  ? Instance<M>
  : Polymorphic<M, M["$"]["options"]["polymorphicOn"]>;
type Polymorphic<M extends AnyTable, K extends PropertyKey> =
  PropsOf<M>[K] extends PolymorphicColumn<any, any, infer S>
    ? Identified<M, K> | Descendant<S[number], NameOf<M>, K>
    : Instance<M>;
/** Only here is the discriminator a literal: on the classes it stays wide, or subclasses could not extend each other. */
type Identified<M extends AnyTable, K extends PropertyKey> = [M["$"]["options"]["identity"]] extends [never]
  ? never
  : Instance<M> & { readonly [_ in K]: M["$"]["options"]["identity"] };
type Descendant<S, N extends string, K extends PropertyKey> = S extends AnyTable
  ? N extends S["$"]["options"]["lineage"]
    ? Identified<S, K>
    : never
  : never;

/** Not constructible, otherwise the model itself under another name. */
export type Alias<N extends string, M extends AnyTable> = TableOf<N, PropsOf<M>, M["$"]["options"]> &
  (abstract new (
    ...args: any
  ) => Instance<M>);

type KeyColumn<P> = {
  [K in keyof P]: P[K] extends ColumnLike<any, infer F> ? ("key" extends F ? K : never) : never;
}[keyof P];
type ColumnType<D> = D extends ColumnLike<infer T, any> ? T : never;
type KeyNames<M extends AnyTable> = M["$"]["options"]["primaryKey"];
type CompositeKey<M extends AnyTable, K extends readonly unknown[]> =
  | { readonly [I in keyof K]: ColumnType<PropsOf<M>[K[I] & keyof PropsOf<M>]> }
  | { readonly [X in K[number] & string]: ColumnType<PropsOf<M>[X]> };
/** What `get` takes: the key's value; for a composite key a tuple in declared order, or an object. */
export type Identity<M extends AnyTable> =
  KeyNames<M> extends readonly [any, ...any[]]
    ? CompositeKey<M, KeyNames<M>>
    : ColumnType<PropsOf<M>[KeyColumn<PropsOf<M>>]>;
