/** Models in types: one literal in, every other type read off it lazily. */
import type {
  AnyModel,
  AnyTable,
  Columns,
  FromClause,
  NameOf,
  NoOptions,
  Options,
  PropsOf,
  TableOf,
  TableOptions,
} from "@athanor/core";
import type { Alias, Attributes, Initial, Instance, Mapped } from "./entities.js";
import type { Query } from "./query.js";

/** For generic functions: any model that has at least these columns. */
export type ModelWith<P> = AnyModel & { readonly c: Columns<string, P> } & (abstract new (
    ...args: any
  ) => Attributes<P>);

export interface ModelClass<N extends string, P, O, Base> extends TableOf<N, P, O> {
  new (init?: Initial<P>): Base & Attributes<P>;
  /** A method with a `this` type: a static getter would lose the subclass. */
  query<M extends AnyModel>(this: M): Query<M>;
  /** `static { this.register(); }`: makes a subclass known before its first use. */
  register(this: AnyModel): void;
  subclass<M extends AnyModel, N2 extends string, P2, const I extends string = never>(
    this: M,
    name: N2,
    props: P2,
    options?: SubclassOptions<I>,
  ): ModelClass<N2, PropsOf<M> & P2, Inherited<M, I>, Instance<M>> &
    Omit<M, keyof ModelClass<any, any, any, any> | "prototype">;
}
/** A `tableName` (or a primary key of its own) makes it joined, `concrete` a table of its own with all columns; else single-table. */
export interface SubclassOptions<I> {
  readonly identity?: I;
  readonly tableName?: string;
  readonly concrete?: boolean;
  readonly abstract?: boolean;
  /**
   * How queries of a class above read what this one adds: "inline", in the same statement, with its table joined; default
   * "selectin", by one statement for the objects of this class.
   */
  readonly polymorphicLoad?: "inline" | "selectin";
  /** As of a base: queries of this class read all classes below it in the same statement. */
  readonly withPolymorphic?: "*";
}
type Inherited<M extends AnyTable, I> = Options<
  M["$"]["options"]["primaryKey"],
  M["$"]["options"]["polymorphicOn"],
  I,
  NameOf<M> | M["$"]["options"]["lineage"]
>;

type Intersect<U> = (U extends any ? (k: U) => void : never) extends (k: infer I) => void ? I : never;
/** A mixin: columns as a plain object, or a class with methods made by `Mixin({...})`. */
export interface MixinClass<P> {
  new (): Mapped & Attributes<P>;
  readonly $mixin: P;
}
type MixinProps<X> = X extends { readonly $mixin: infer P } ? P : X;
type MixinMembers<X> = X extends abstract new (...args: any) => infer I ? I : {};

export interface ModelOptions<N extends string, P, PK, MX, ON, I> extends TableOptions<PK> {
  readonly mixins?: MX;
  /**
   * Key of the discriminator; or an SQL expression that tells the class of a row, which is read and never written:
   * `discriminatedBy("kind", (c) => caseOf(…))`, without a name where no attribute has it.
   */
  readonly polymorphicOn?: (ON & keyof P) | DiscriminatedBy<ON & keyof P>;
  /**
   * With `polymorphicOn`: every class below has a table of its own with all its columns, and a query of a base reads the
   * tables of all of them. The discriminator is no column then. With `abstract` the class has no table itself.
   */
  readonly concrete?: boolean;
  /** Value of the discriminator in rows of this very class. */
  readonly identity?: I;
  readonly abstract?: boolean;
  /** Queries of this class read all classes below it in the same statement. Default: one more statement per class met. */
  readonly withPolymorphic?: "*";
  /** The column that counts versions: an UPDATE or DELETE of a row that somebody else changed is a StaleDataError. */
  readonly versionIdColumn?: keyof P;
  /**
   * Makes the next version, from null for a new row; `(v) => crypto.randomUUID()`. false: the database does (a trigger,
   * `serverOnUpdate`), or the program; it is read after every UPDATE. Default: counts from 1.
   */
  readonly versionIdGenerator?: ((current: unknown) => unknown) | false;
  /** With several `delete-orphan` parents: an orphan only once it has lost all of them. Default: any of them. */
  readonly legacyIsOrphan?: boolean;
  /**
   * Maps something that is there already: a table made by `table()`, a view, or, read only, a subquery. Its columns become
   * attributes; those named in the literal too are typed. What has no key of its own needs `primaryKey`.
   */
  readonly table?: AnyTable | FromClause;
  /** Of a ready `table`: only these columns, besides the key; or all but those. */
  readonly includeProperties?: readonly string[];
  readonly excludeProperties?: readonly string[];
  /** false: a DELETE that finds its row gone says nothing. */
  readonly confirmDeletedRows?: boolean;
  /**
   * What the database makes (server defaults, computed columns) is read with the flush also where no RETURNING brings it,
   * by one SELECT per class. Default: such an attribute is awaited.
   */
  readonly eagerDefaults?: true;
  /**
   * `() => [index("ix_name", "name"), unique("a", "b")]`. With the columns as parameter, `(c) => [index("ix_name", c.name)]`,
   * only one of two models that lead to each other can be inferred: `tableConstraints()` in a static block always can.
   */
  readonly constraints?: (columns: Columns<N, P>) => readonly unknown[];
}
/** An expression as discriminator; `K` is the attribute that has its value. */
export interface DiscriminatedBy<out K> {
  readonly key: K | undefined;
}
/** `More`: options besides the ORM's own, of a factory that knows some. */
export interface ModelFactory<Base, Statics, More = unknown> {
  <N extends string, P>(name: N, props: P): ModelClass<N, P, NoOptions, Base> & Statics;
  <
    N extends string,
    P,
    const PK extends readonly (keyof P & string)[] = [],
    const MX extends readonly object[] = [],
    const ON extends string = never,
    const I extends string = never,
  >(
    name: N,
    props: P,
    options: ModelOptions<N, P, PK, MX, ON, I> & More,
  ): [] extends MX
    ? ModelClass<N, P, Options<PK, ON, I>, Base> & Statics
    : ModelClass<
        N,
        P & Intersect<MixinProps<MX[number]>>,
        Options<PK, ON, I>,
        Base & Intersect<MixinMembers<MX[number]>>
      > &
        Statics;
}
/** What `withPolymorphic()` gives: the base, and each class by its name. */
export type Polymorphic<M extends AnyModel, S extends readonly AnyModel[]> = Alias<NameOf<M>, M> & {
  readonly [X in S[number] as NameOf<X>]: Alias<NameOf<X>, X>;
};
export type { Alias } from "./entities.js";
