/** Querying and loading: the public functions, with their types laid over the run time. */
import type {
  AnyExpr,
  AnyModel,
  AnyTable,
  ColumnLike,
  ColumnReference,
  Condition,
  Executable,
  NameOf,
  Result,
} from "@athanor/core";
import { ArgumentError, originColumn, type Typed } from "@athanor/core";
import { mappersOfTable } from "../mapping/mapper.js";
import type {
  ContainsSettings,
  DeferSettings,
  JoinedSettings,
  LimitSettings,
  Load,
  Loader,
  QuietLoader,
  RaiseSettings,
  SelectinSettings,
} from "../typing/loading.js";
import type { Alias, Polymorphic } from "../typing/model.js";
import type { Arguments, BundleOf, Params, Query } from "../typing/query.js";
import type { RelationPath } from "../typing/relationships.js";
import { parentCriterion } from "./attributes.js";
import { Bundle } from "./bundle.js";
import { EntityItem, makeAliased } from "./entity.js";
import { columnOption, loaders, loadOf } from "./options.js";
import { makePolymorphic, type PolymorphicSettings } from "./polymorphic.js";
import { PreparedStatement } from "./prepare.js";
import type { HasSession } from "./query.js";
import { addQueryHook, type QueryHooks } from "./query-hooks.js";
import { mappedSource } from "./source.js";

/** Not constructible, otherwise the model itself under another name; or read from a subquery with its columns. */
export function aliased<M extends AnyTable, N extends string = `anonymous ${NameOf<M>}`>(
  model: M,
  name?: N | AnyTable,
): Alias<N, M> {
  return makeAliased(model, name) as unknown as Alias<N, M>;
}
/**
 * Several columns under one name of a row.
 *
 * @example const rows = await session.execute(select(bundle("who", User.c.id, User.c.name), Post.c.title)); rows[0].who.name
 * @throws ArgumentError for expressions without a name, and names that come twice
 */
export function bundle<N extends string, A extends readonly AnyExpr[]>(name: N, ...columns: A): BundleOf<N, A> {
  return new Bundle(name, columns) as unknown as BundleOf<N, A>;
}
/**
 * Rows that belong to an object by a relationship: `select(Post).where(withParent(user, User.c.posts))`. For another
 * entity in the statement aim the relationship: `User.c.posts.ofType(alias)`.
 *
 * @throws ArgumentError for an object of another class, or one whose key is not known yet
 */
export function withParent<S extends string>(
  entity: object,
  relationship: RelationPath<string, unknown, string, S>,
): Condition {
  return parentCriterion(entity, relationship) as unknown as Condition;
}
/**
 * A base class with the columns of subclasses in one statement; each stands under its name: `wp.Engineer.c.language`.
 * `"*"` takes all.
 *
 * @example
 * const wp = withPolymorphic(Person, [Engineer, Manager]);
 * select(wp).where(or(wp.Engineer.c.language.eq("java"), wp.Manager.c.level.gt(3)))
 * @throws ArgumentError for a class that is no subclass, or a concrete one
 */
export function withPolymorphic<M extends AnyModel, S extends readonly AnyModel[]>(
  base: M,
  classes: readonly [...S] | "*",
  settings?: PolymorphicSettings,
): Polymorphic<M, S> {
  return makePolymorphic(base, classes, settings) as unknown as Polymorphic<M, S>;
}
/** With a LEFT OUTER JOIN in the same statement; a LIMIT still counts entities. */
export const joinedLoad = loaders.joinedLoad as unknown as Loader<JoinedSettings>;
/**
 * With one more statement per relationship: `… WHERE key IN (…)`.
 *
 * @example selectinLoad(User.c.posts, { limitPerParent: 3, orderBy: Post.c.id.desc() })   // the last three of each user
 * @example selectinLoad(Node.c.children, { recursionDepth: -1 })                           // the whole tree
 */
export const selectinLoad = loaders.selectinLoad as unknown as Loader<SelectinSettings>;
/** The results of SQLAlchemy's subqueryload; the statement is that of `selectinLoad`. */
export const subqueryLoad = loaders.subqueryLoad as unknown as Loader<SelectinSettings>;
export const immediateLoad = loaders.immediateLoad as unknown as Loader<SelectinSettings>;
/** From columns the statement selects by a join of its own: `.join(Post.c.author).options(containsEager(Post.c.author))`. */
export const containsEager = loaders.containsEager as unknown as Loader<ContainsSettings>;
/**
 * Leaves types alone: what was promised loaded stays promised, and reading the rest throws at run time. A flush still
 * loads what it needs.
 *
 * @example select(User).options(selectinLoad(User.c.posts), raiseLoad("*"))   // posts, and nothing by accident
 */
export const raiseLoad = loaders.raiseLoad as unknown as QuietLoader<RaiseSettings>;
/** Back to loading on `await`, where the mapping says otherwise. */
export const lazyLoad = loaders.lazyLoad as unknown as QuietLoader<LimitSettings>;
/** Reads as empty. */
export const noLoad = loaders.noLoad as unknown as QuietLoader<{}>;
export const defaultLoad = loaders.defaultLoad as unknown as QuietLoader<{}>;
/**
 * Options for an entity itself: `load(User).raiseLoad("*")`, `load(User).undeferGroup("long")`. SQLAlchemy's `Load(User)`.
 *
 * @throws ArgumentError for what is no model
 */
export const load = loadOf as unknown as <M extends AnyTable>(model: M) => Load<NameOf<M>, [], M>;

type ColumnOption<Settings> = <S extends string>(
  ...columns: readonly Typed<unknown, string, S>[] | readonly [...Typed<unknown, string, S>[], Settings]
) => Load<S, [], never>;
const sourceOfColumn = (column: ColumnReference) => {
  // A column that a subclass adds, or sees as its own.
  const viewer = column.viewer;
  if (viewer instanceof EntityItem) return viewer.source;
  const origin = originColumn(column);
  const [mapper] = origin === undefined ? [] : mappersOfTable(origin.table);
  return mapper === undefined ? undefined : mappedSource(mapper);
};
/**
 * Only these columns (and the key). The others are not to be read: those that are mapped as deferred load on `await`
 * (not with `{ raise: true }`), the rest with `await session.refresh(object, ["name"])`.
 */
export const loadOnly = ((...columns: unknown[]) =>
  columnOption("loadOnly", sourceOfColumn, columns)) as unknown as ColumnOption<DeferSettings>;
export const defer = ((...columns: unknown[]) =>
  columnOption("defer", sourceOfColumn, columns)) as unknown as ColumnOption<DeferSettings>;
/**
 * Fills a `queryExpression()` attribute, or another than the mapped expression, for this query.
 *
 * @example select(User).options(withExpression(User.c.score, User.c.a.add(User.c.b)))
 */
export const withExpression = ((attribute: unknown, expression: unknown) =>
  columnOption("withExpression", sourceOfColumn, [attribute, expression])) as unknown as <S extends string>(
  attribute: Typed<unknown, string, S>,
  expression: AnyExpr,
) => Load<S, [], never>;
export const undefer = ((...columns: unknown[]) =>
  columnOption("undefer", sourceOfColumn, columns)) as unknown as ColumnOption<never>;

/** What a hook may answer with: the Query it got, changed. */
type AnyQuery = Query<AnyModel, {}>;
/**
 * Listens to every Query before it is sent; an answer takes its place. SQLAlchemy's `before_compile`, `before_compile_update`
 * and `before_compile_delete`. Gives the function that stops it. For selects too, use the session's `doOrmExecute`.
 *
 * @example
 * onQuery("beforeCompile", ({ query }) =>
 *   query.columnDescriptions[0]?.entity === User ? query.enableAssertions(false).filter(User.c.deleted.eq(false)) : undefined);
 * @throws ArgumentError for a name there is none of
 */
export function onQuery(
  name: "beforeCompile" | "beforeCompileDelete",
  listener: (event: { readonly query: AnyQuery }) => AnyQuery | undefined,
): () => void;
export function onQuery(
  name: "beforeCompileUpdate",
  listener: (event: {
    readonly query: AnyQuery;
    readonly values: { readonly [key: string]: unknown };
  }) => AnyQuery | undefined,
): () => void;
export function onQuery(name: keyof QueryHooks, listener: (event: never) => unknown): () => void {
  return addQueryHook(name, listener);
}

export interface Prepared<P, R, V> {
  execute(on: HasSession | object, values: Arguments<P>): Result<R>;
  scalars(on: HasSession | object, values: Arguments<P>): Result<V>;
}
/**
 * A statement built once, with declared parameters: their values are checked and converted like columns.
 *
 * @example
 * const byAge = prepare({ min: integer() }, (p) => select(User).where(User.c.age.gt(p.min)));
 * await byAge.scalars(session, { min: 18 });
 */
export function prepare<P, R, V>(params: P, build: (params: Params<P>) => Executable<R, V>): Prepared<P, R, V> {
  if (typeof build !== "function")
    throw new ArgumentError("prepare(): the second argument builds the statement from the parameters.");
  return new PreparedStatement(
    params as { readonly [name: string]: unknown },
    build as (p: never) => unknown,
  ) as unknown as Prepared<P, R, V>;
}
export {
  DynamicCollection as DynamicCollectionObject,
  WriteOnlyCollection as WriteOnlyCollectionObject,
} from "./dynamic.js";
export {
  executeStatement,
  loadByKey,
  loadColumn,
  loadRelationship,
  peekReference,
  refreshInstances,
} from "./execute.js";
export { join, outerJoin } from "./from-joins.js";
export { keyValues } from "./key-values.js";
export type { PolymorphicSettings } from "./polymorphic.js";
export { type HasSession, NotFoundError, sessionQuery, setSessionResolver } from "./query.js";
export { tablesOf } from "./run-plan.js";
export { setShardId, UserDefinedOption } from "./user-options.js";
export type { AnyModel, ColumnLike };
