/** Querying and loading: the public functions, with their types laid over the run time. */
import type { AnyModel, AnyTable, ColumnLike, ColumnReference, Executable, NameOf, Result } from "@athanor/core";
import { ArgumentError, originColumn, type Typed } from "@athanor/core";
import { mappersOfTable } from "../mapping/mapper.js";
import type { Load, Loader, QuietLoad } from "../typing/loading.js";
import type { Alias } from "../typing/model.js";
import type { Arguments, Params } from "../typing/query.js";
import type { RelationPath } from "../typing/relationships.js";
import { makeAliased } from "./entity.js";
import { columnOption, loaders } from "./options.js";
import { PreparedStatement } from "./prepare.js";
import type { HasSession } from "./query.js";
import { mappedSource } from "./source.js";

/** Not constructible, otherwise the model itself under another name; or read from a subquery with its columns. */
export function aliased<M extends AnyTable, N extends string = `anonymous ${NameOf<M>}`>(
  model: M,
  name?: N | AnyTable,
): Alias<N, M> {
  return makeAliased(model, name) as unknown as Alias<N, M>;
}
/** With a LEFT OUTER JOIN in the same statement; a LIMIT still counts entities. */
export const joinedLoad = loaders.joinedLoad as unknown as Loader;
/** With one more statement per relationship: `… WHERE key IN (…)`. */
export const selectinLoad = loaders.selectinLoad as unknown as Loader;
/** The results of SQLAlchemy's subqueryload; the statement is that of `selectinLoad`. */
export const subqueryLoad = loaders.subqueryLoad as unknown as Loader;
export const immediateLoad = loaders.immediateLoad as unknown as Loader;
/** From columns the statement selects by a join of its own: `.join(Post.c.author).options(containsEager(Post.c.author))`. */
export const containsEager = loaders.containsEager as unknown as Loader;
// biome-ignore lint/suspicious/noExplicitAny: any key, any strategy
type Untyped = <T, S extends string>(relationship: RelationPath<any, T, any, S>) => QuietLoad<S, T>;
/** Leaves types alone: what was promised loaded stays promised, and reading the rest throws at run time. */
export const raiseLoad = loaders.raiseLoad as unknown as Untyped;
/** Back to loading on `await`, where the mapping says otherwise. */
export const lazyLoad = loaders.lazyLoad as unknown as Untyped;
/** Reads as empty. */
export const noLoad = loaders.noLoad as unknown as Untyped;
export const defaultLoad = loaders.defaultLoad as unknown as Untyped;

type ColumnOption = <S extends string>(...columns: Typed<unknown, string, S>[]) => Load<S, [], never>;
const sourceOfColumn = (column: ColumnReference) => {
  const origin = originColumn(column);
  const [mapper] = origin === undefined ? [] : mappersOfTable(origin.table);
  return mapper === undefined ? undefined : mappedSource(mapper);
};
/** Only these columns (and the key); the others load on `await`. */
export const loadOnly = ((...columns: unknown[]) =>
  columnOption("loadOnly", sourceOfColumn, columns)) as unknown as ColumnOption;
export const defer = ((...columns: unknown[]) =>
  columnOption("defer", sourceOfColumn, columns)) as unknown as ColumnOption;
export const undefer = ((...columns: unknown[]) =>
  columnOption("undefer", sourceOfColumn, columns)) as unknown as ColumnOption;

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
export { type HasSession, keyValues, NotFoundError, sessionQuery, setSessionResolver } from "./query.js";
export type { AnyModel, ColumnLike };
