/** Rows that are marked instead of deleted. Source: the recipe of SQLAlchemy around `with_loader_criteria`, made first-class. */
import {
  type AnyModel,
  ArgumentError,
  type ColumnReference,
  didYouMean,
  InvalidRequestError,
  type LoadFace,
  type PropsOf,
} from "@athanor/core";
import { mapperOf } from "../mapping/declarative.js";
import { type Mapper, mapperOfInstance } from "../mapping/mapper.js";
import { setSoftDeletion, softDeletionOf, writeMark } from "../mapping/soft-deletion.js";
import { type Managed, managed, PERSISTENT } from "../mapping/state.js";
import { objectSession, type Session } from "../session/session.js";
import { LoaderCriteria } from "./loader-criteria.js";

export interface SoftDeleteOptions<K> {
  /** A column that may be null and holds the time of the deletion, or a boolean. */
  readonly column: K;
  /** The mark: a value or a function. Default: now, or true for a boolean. */
  readonly mark?: unknown;
}
/** What `softDelete()` gives. */
export interface SoftDeletes {
  /** Leaves marked rows out of all reads; for `executionOptions.loaderCriteria` of a session, or one statement's options. */
  readonly criteria: LoadFace<never, [], never>;
  /** Takes the mark off; written by the next flush. */
  restore(entity: object): void;
  /** Deletes the row for good, at the next flush. */
  purge(session: Session, entity: object): Promise<void>;
  isDeleted(entity: object): boolean;
}

/**
 * From now on `session.delete()` of these models sets a mark, and the flush writes an UPDATE. The deletion goes on along
 * the delete cascade to objects of such models; others stay as their owner's row does. `deleteFrom()` and `Query.delete()`
 * delete rows as always. Members that a collection with delete-orphan loses are deleted for good.
 *
 * @example
 * const soft = softDelete([User, Post], { column: "deletedAt" });
 * const session = new Session(engine, { executionOptions: { loaderCriteria: [soft.criteria] } });
 * await session.delete(post);            // UPDATE post SET deleted_at = …
 * soft.restore(post);                    // and back
 * await soft.purge(session, post);       // DELETE FROM post
 * @throws ArgumentError for a column that is missing, or neither a boolean nor nullable
 */
export function softDelete<M extends AnyModel>(
  models: M | readonly M[],
  options: SoftDeleteOptions<keyof PropsOf<M> & string>,
): SoftDeletes {
  const list = (Array.isArray(models) ? models : [models]) as readonly M[];
  const { column } = options;
  const mappers = list.map((model) => mapperOf(model));
  for (const mapper of mappers) declare(mapper, column, options);
  const boolean = mappers.some((m) => m.attribute(column)?.column.type.kind === "boolean");
  const criteria = new LoaderCriteria(list, ((c: { readonly [key: string]: ColumnReference }) => {
    const mark = c[column] as ColumnReference;
    return boolean ? mark.eq(false) : mark.isNull();
  }) as never);
  return {
    criteria: criteria as never,
    restore(entity) {
      const { instance, soft } = softOf(entity, "restore");
      writeMark(instance, soft, soft.alive);
    },
    async purge(session, entity) {
      const { instance, soft } = softOf(entity, "purge");
      if (objectSession(entity) !== session || (instance.$$f & PERSISTENT) === 0)
        throw new InvalidRequestError("purge(): the object is not in this session.", "session.not-here");
      soft.purged.add(instance);
      await session.delete(entity);
    },
    isDeleted(entity) {
      const { instance, soft } = softOf(entity, "isDeleted");
      return instance[soft.attribute.slot] !== soft.alive;
    },
  };
}
function declare(mapper: Mapper, column: string, options: { readonly mark?: unknown }): void {
  const attribute = mapper.attribute(column);
  if (attribute === undefined)
    throw new ArgumentError(
      `softDelete(): ${mapper} has no column '${column}'.${didYouMean(
        column,
        mapper.attributes.map((a) => a.key),
      )}`,
      "orm.unknown-attribute",
    );
  const boolean = attribute.column.type.kind === "boolean";
  if (!boolean && !attribute.column.nullable)
    throw new ArgumentError(
      `softDelete(): ${mapper}.${column} has to be nullable (null: not deleted), or a boolean.`,
      "orm.soft-delete",
    );
  const given = options.mark ?? (boolean ? true : () => new Date());
  setSoftDeletion(mapper, {
    attribute,
    mark: typeof given === "function" ? (given as () => unknown) : () => given,
    alive: boolean ? false : null,
    purged: new WeakSet(),
  });
}
function softOf(entity: unknown, method: string) {
  const instance: Managed | undefined = managed(entity);
  const soft = instance === undefined ? undefined : softDeletionOf(mapperOfInstance(instance));
  if (instance === undefined || soft === undefined)
    throw new ArgumentError(`${method}(): an object of a model given to softDelete() is needed.`, "orm.soft-delete");
  return { instance, soft };
}
