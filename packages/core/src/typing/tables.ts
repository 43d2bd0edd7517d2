/** Tables in types: one literal in, every other type read off it lazily. */
import type { RelationAttributes } from "../registry.js";
import type { NamingStrategy } from "../schema/naming.js";
import type { Omissible, PolymorphicColumn } from "./columns.js";
import type { Families, Operand } from "./expressions.js";
import type { AnyTable, ColumnLike, Family, Meta } from "./faces.js";

export type AnyModel = AnyTable & (abstract new (...args: any) => any);

export type NameOf<M extends AnyTable> = M["$"]["name"];
export type PropsOf<M extends AnyTable> = M["$"]["props"];

/** What types depend on; `[]` and `never` mean "not said". */
export interface Options<PK, ON, I, LN = never> {
  readonly primaryKey: PK;
  readonly polymorphicOn: ON;
  readonly identity: I;
  readonly lineage: LN;
}
export type NoOptions = Options<[], never, never>;

/** The names a loader path may start at. */
export type RootName<M extends AnyTable> = [M["$"]["options"]["polymorphicOn"]] extends [never]
  ? NameOf<M>
  : PropsOf<M>[M["$"]["options"]["polymorphicOn"]] extends PolymorphicColumn<any, any, infer S>
    ? NameOf<M> | NameOf<Extract<S[number], AnyTable>>
    : NameOf<M>;

/** The face of a relationship in a literal. `C`: "many", "one" (never null) or "maybe". */
export interface RelationshipLike<T, C extends string, L extends string> {
  readonly target: T;
  readonly cardinality: C;
  readonly lazy: L;
}
/** The face of a relationship attribute that joins ask for: no methods. */
export interface AnyRelation {
  readonly key: string;
  readonly owner: string;
  readonly target: unknown;
}
export type TargetName<X> = X extends { readonly target: { readonly $: { readonly name: infer N extends string } } }
  ? N
  : X extends AnyTable
    ? NameOf<X>
    : never;

/** `User.c`, `cars.c`. */
export type Columns<N extends string, P> = { readonly [K in keyof P]: ClassAttribute<N, K & string, P[K]> };
type ClassAttribute<N extends string, K extends string, D> =
  D extends ColumnLike<infer T, infer F>
    ? Families<T, K, N>[F & Family]
    : D extends RelationshipLike<infer T, infer C, infer L>
      ? RelationAttributes<K, T, L, N>[C]
      : never;

export interface TableOf<N extends string, P, O = NoOptions> {
  readonly $: Meta<N, P, O>;
  readonly c: Columns<N, P>;
}
export interface TableOptions<PK> {
  readonly primaryKey?: PK;
  readonly tableName?: string;
  /** null: none, even where the MetaData has one. */
  readonly schema?: string | null;
  readonly comment?: string;
  readonly naming?: NamingStrategy;
  /** `{ sqlite: { strict: true }, mysql: { engine: "InnoDB" } }`. */
  readonly dialectOptions?: { readonly [dialect: string]: { readonly [option: string]: unknown } };
}

type Value<D> = D extends ColumnLike<infer T, any> ? Operand<T> : never;
/** A row for INSERT: what has no default and may not be null is required; relationships are no columns. */
export type NewRow<M extends AnyTable> = InsertRow<PropsOf<M>>;
type InsertRow<P> = {
  [K in keyof P as P[K] extends ColumnLike<any, infer F>
    ? [F & (Omissible | "readonly")] extends [never]
      ? K
      : never
    : never]: Value<P[K]>;
} & {
  [K in keyof P as P[K] extends ColumnLike<any, infer F>
    ? [F & Omissible] extends [never]
      ? never
      : K
    : never]?: Value<P[K]>;
};
/** What `values()` takes: a row, or what the class's `bulkValues` make one of. */
export type NewValues<M extends AnyTable> = NewRow<M> | OwnRow<M>;
type OwnRow<M extends AnyTable> = M extends { readonly bulkValues: infer U }
  ? BulkRow<InsertRow<PropsOf<M>>, U>
  : never;
/** Columns that `bulkValues` can give need not be given. */
type BulkRow<R, U> = Omit<R, Filled<U>> & Partial<Pick<R, Filled<U> & keyof R>> & OwnKeys<U>;
type Filled<U> = { [K in keyof U]: U[K] extends (...args: never) => infer V ? keyof V : never }[keyof U];
type OwnKeys<U> = { [K in keyof U]?: U[K] extends (value: infer V, ...rest: never) => unknown ? V : never };
/** SET of an UPDATE: values or expressions. */
export type Changes<M extends AnyTable> = SetClause<PropsOf<M>> & OwnChanges<M>;
/** Attributes of the class's own, as its `updateExpressions` say which columns are set for them. */
type OwnChanges<M> = M extends { readonly updateExpressions: infer U } ? OwnKeys<U> : unknown;
type SetClause<P> = {
  [K in keyof P as P[K] extends ColumnLike<any, infer F> ? ("readonly" extends F ? never : K) : never]?: Value<P[K]>;
};
/** The columns of a row, as plain values. */
export type ColumnValues<P> = {
  [K in keyof P as P[K] extends ColumnLike<any, any> ? K : never]: P[K] extends ColumnLike<infer T, any> ? T : never;
};
