/** The public statement constructors, with their types laid over the nodes. */
export * from "./froms.js";

import { ArgumentError } from "../errors/errors.js";
import { DeleteStatement, InsertStatement, UpdateStatement } from "../sql/dml.js";
import { SelectStatement, selectItem } from "../sql/select.js";
import type { Delete, Insert, Update } from "../typing/dml.js";
import type { AnyTable } from "../typing/faces.js";
import type { Select, Selectable } from "../typing/select.js";

/**
 * A SELECT of columns, expressions, tables or entities.
 *
 * @example select(User.c.id, func.count().as("n")).join(User.c.posts).groupBy(User.c.id)
 */
export function select<A extends readonly Selectable[]>(...what: A): Select<A> {
  if (what.length === 0) throw new ArgumentError("select(): name at least one column, table or model.");
  return new SelectStatement(what.map(selectItem)) as unknown as Select<A>;
}
/** `insert(User).values([{ … }, { … }])`. */
export function insert<M extends AnyTable>(into: M): Insert<M> {
  return new InsertStatement(into) as unknown as Insert<M>;
}
/** `update(Post).set({ score: Post.c.score.add(1) }).where(…)`. */
export function update<M extends AnyTable>(table: M): Update<M> {
  return new UpdateStatement(table) as unknown as Update<M>;
}
/** `deleteFrom(Post).where(…)`. */
export function deleteFrom<M extends AnyTable>(table: M): Delete {
  return new DeleteStatement(table) as unknown as Delete;
}
