/** The public functions that declare models, with their types laid over the run time. */
import { type AnyModel, ArgumentError, type ColumnLike, MetaData } from "@athanor/core";
import type { ColumnProperty, Instance, Mapped, Synonym } from "../typing/entities.js";
import type { DiscriminatedBy, MixinClass, ModelFactory } from "../typing/model.js";
import type {
  Collection,
  KeyedBy,
  Loadable,
  ManyStrategy,
  ManyToManyOptions,
  OneOptions,
  RelationshipOptions,
  ToMany,
  ToManyAs,
  ToMaybe,
  ToOne,
} from "../typing/relationships.js";
import { Collection as RuntimeCollection } from "./collection.js";
import { CollectionKey } from "./collection-kinds.js";
import { ColumnPropertyDefinition, type ColumnPropertySettings, DiscriminatedByExpression } from "./column-property.js";
import { type Declaration, declarationOf } from "./declaration.js";
import { defaultBase, makeBase, makeMixin } from "./declarative.js";
import type { Registry } from "./registry.js";
import { RelationshipDefinition, type RelationshipKind, type RelationshipSettings } from "./relationship.js";
import { SynonymDefinition } from "./synonym.js";

/**
 * Declares a model: a class to extend, with the columns and relationships of the literal. Relationships are getters.
 *
 * @example
 * class User extends Model("User", {
 *   id: integer().primaryKey(),
 *   name: string(64).unique(),
 *   get posts() { return oneToMany(Post, { backPopulates: "author" }); },
 * }) {}
 * @throws ArgumentError for a wrong option, name or definition; what spans several models is checked at first use
 */
export const Model = defaultBase as unknown as ModelFactory<Mapped, {}> & ModelBase;

/** What a factory of models carries. */
export interface ModelBase {
  /** The tables of its models. */
  readonly metadata: MetaData;
  /** Its models by name. */
  readonly registry: Pick<Registry, "configure" | "names" | "on">;
}
/**
 * A project's own base: its methods and statics on every model. Models of one base share a registry and a MetaData.
 *
 * @example
 * abstract class Base { describe() { return this.constructor.name; } }
 * const AppModel = declarativeBase(Base);
 * class Order extends AppModel("Order", { id: integer().primaryKey() }) {}
 */
export function declarativeBase<B extends abstract new () => object = abstract new () => {}>(
  base?: B,
  options: { readonly metadata?: MetaData } = {},
): ModelFactory<Mapped & Instance<B>, Omit<B, "prototype">> & ModelBase {
  return makeBase(base, options.metadata ?? new MetaData()) as never;
}
/** Columns (and, by extending it, methods) that several models share: `{ mixins: [SoftDelete] }`. */
export function Mixin<P>(props: P): MixinClass<P> {
  return makeMixin(props as object) as unknown as MixinClass<P>;
}

/**
 * An attribute that is an SQL expression over the columns of its row; read with every load, or `{ deferred: true }`.
 * Read only; what a loaded object holds is refreshed like any column. Its subqueries are over the owner's row; one over the
 * owner's own table selects from an alias, and needs its return type written, which TypeScript would find circular:
 * `(c): unknown => { const other = aliased(Node); return select(…)…; }`.
 *
 * @param type the type of its value
 * @example
 * class User extends Model("User", {
 *   first: string(40), last: string(40),
 *   fullName: columnProperty(string(), (c) => c.first.concat(" ").concat(c.last)),
 *   postCount: columnProperty(integer(), (c) => select(func.count(Post.c.id)).where(Post.c.userId.eq(c.id)).scalar()),
 * }) {}
 * @throws ArgumentError at the first query, for what is no expression and for a subquery of the owner's own table
 */
export function columnProperty<T, F extends string>(
  type: ColumnLike<T, F>,
  // biome-ignore lint/suspicious/noExplicitAny: the columns of this very model, whose type would be circular
  expression: (columns: any) => unknown,
  settings: ColumnPropertySettings = {},
): ColumnProperty<T, F> {
  return new ColumnPropertyDefinition(type, expression, settings) as unknown as ColumnProperty<T, F>;
}
/** An attribute that a query fills: `select(User).options(withExpression(User.c.score, …))`; null where none does. */
export function queryExpression<T, F extends string>(type: ColumnLike<T, F>): ColumnProperty<T | null, F> {
  return new ColumnPropertyDefinition(type, undefined, {}) as unknown as ColumnProperty<T | null, F>;
}

/**
 * Constraints and indexes of a model's table, over its typed columns. Unlike the option `constraints` it never stands in
 * the way of inference: two models that lead to each other may both have it.
 *
 * @example
 * class Post extends Model("Post", { id: integer().primaryKey(), slug: string(80), get author() { return manyToOne(User); } }) {
 *   static { tableConstraints(this, (c) => [index("ix_post_slug", c.slug), check(c.slug.ne(""))]); }
 * }
 * @throws ArgumentError for what is no model, and where the table is built already
 */
export function tableConstraints<M extends AnyModel & { readonly c: unknown }>(
  model: M,
  make: (columns: M["c"]) => readonly unknown[],
): void {
  const declaration = declarationOf(model);
  if (declaration === undefined)
    throw new ArgumentError("tableConstraints(): the first argument is a model class.", "orm.no-model");
  if (declaration.hasNoTable || declaration.settings.table !== undefined)
    throw new ArgumentError(
      `tableConstraints(${declaration}): there is no table of its own to add them to${declaration.hasNoTable ? "" : "; give them to the table it is mapped to"}.`,
      "orm.no-table",
    );
  let owner: Declaration | undefined = declaration;
  while (owner.strategy === "single") owner = owner.parent as Declaration;
  if (owner.table !== undefined)
    throw new ArgumentError(
      `tableConstraints(${declaration}): the table is built already; call it in a static block of the class.`,
      "orm.too-late",
    );
  declaration.constraints.push(make as (columns: never) => readonly unknown[]);
}

/**
 * A discriminator that is an SQL expression over the columns of a row, for `polymorphicOn`. `key`: the attribute that has
 * its value, a getter that lists the subclasses; without it no attribute tells the class. The expression is read and
 * never written: an object is what its columns make it.
 *
 * @example
 * { polymorphicOn: discriminatedBy("kind", (c) => caseOf(func.substr(c.code, 1, 1)).when("B", "boss").else("person")) }
 */
export function discriminatedBy<const K extends string>(
  key: K,
  // biome-ignore lint/suspicious/noExplicitAny: the columns of this very model, whose type would be circular
  expression: (columns: any) => unknown,
): DiscriminatedBy<K>;
// biome-ignore lint/suspicious/noExplicitAny: as above
export function discriminatedBy(expression: (columns: any) => unknown): DiscriminatedBy<never>;
export function discriminatedBy(key: unknown, expression?: unknown): never {
  const [name, write] = typeof key === "function" ? [undefined, key] : [key, expression];
  if (typeof write !== "function" || (name !== undefined && typeof name !== "string"))
    throw new ArgumentError(
      "discriminatedBy() takes the attribute's key, if there is one, and a function such as (c) => func.substr(c.code, 1, 1).",
      "orm.discriminator",
    );
  return new DiscriminatedByExpression(name, write as (columns: never) => unknown) as never;
}

/**
 * Another name for a column: reads and writes it on objects, stands for it in criteria.
 *
 * @example class User extends Model("User", { id: integer().primaryKey(), email: string(80), login: synonym(string(80), "email") }) {}
 */
export function synonym<T, F extends string>(type: ColumnLike<T, F>, column: string): Synonym<T, F> {
  void type;
  return new SynonymDefinition(column) as unknown as Synonym<T, F>;
}

function define(kind: RelationshipKind, target: unknown, options: unknown): never {
  return new RelationshipDefinition(kind, target, (options ?? {}) as RelationshipSettings) as never;
}
/** A collection; the foreign key is on the target. @throws ArgumentError for a wrong option */
export function oneToMany<T, const L extends ManyStrategy = "select">(
  target: T,
  options?: RelationshipOptions<T, L>,
): ToMany<T, L>;
export function oneToMany<T, const C, const L extends Loadable = "select">(
  target: T,
  options: RelationshipOptions<T, L> & { readonly collection: C },
): ToManyAs<T, L, C>;
export function oneToMany(target: unknown, options?: unknown): never {
  return define("oneToMany", target, options);
}
/** Members found by an attribute: `oneToMany(Note, { collection: attributeKeyed("title") })`. */
export function attributeKeyed<const K extends string>(attribute: K): KeyedBy<K> {
  return new CollectionKey(attribute) as unknown as KeyedBy<K>;
}
/** Members found by what a function says of them: `keyedBy((note: Note) => note.title.length)`. */
export function keyedBy<M, K>(key: (member: M) => K): KeyedBy<(member: never) => K> {
  return new CollectionKey(key as (member: never) => unknown) as unknown as KeyedBy<(member: never) => K>;
}
/** The base of collection classes of one's own: `class Roster extends CollectionBase { names() { … } }`. */
export const CollectionBase = RuntimeCollection as unknown as new <T extends object = object>() => Collection<T>;
/** A collection through a table of pairs, `{ secondary: userTags }`. */
export function manyToMany<T, const L extends ManyStrategy = "select">(
  target: T,
  options: ManyToManyOptions<T, L>,
): ToMany<T, L> {
  return define("manyToMany", target, options);
}
/** A reference; the foreign key is on this side. `nullable: false` says that it is never null. */
export function manyToOne<T, const L extends Loadable = "select">(
  target: T,
  options: OneOptions<T, L, false> & { readonly nullable: false },
): ToOne<T, L>;
export function manyToOne<T, const L extends Loadable = "select">(
  target: T,
  options?: OneOptions<T, L, true>,
): ToMaybe<T, L>;
export function manyToOne(target: unknown, options?: unknown): never {
  return define("manyToOne", target, options);
}
/** One object on either side; the foreign key is wherever it is declared. */
export function oneToOne<T, const L extends Loadable = "select">(
  target: T,
  options: OneOptions<T, L, false> & { readonly nullable: false },
): ToOne<T, L>;
export function oneToOne<T, const L extends Loadable = "select">(
  target: T,
  options?: OneOptions<T, L, true>,
): ToMaybe<T, L>;
export function oneToOne(target: unknown, options?: unknown): never {
  return define("oneToOne", target, options);
}
