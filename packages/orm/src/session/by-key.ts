/** `get()` of sessions and of queries: an object by its key, from the identity map or else from the database. */
import type { MaybePromise } from "@athanor/core";
import type { CanonicalKey } from "../mapping/identity-key.js";
import { type Mapper, mapperOfInstance } from "../mapping/mapper.js";
import { type Managed, PERSISTENT, STALE } from "../mapping/state.js";
import { loadByKey } from "../query/loads.js";
import type { ByKeyOptions, SessionInternals } from "./internals.js";
import type { Shards } from "./sharding.js";

/** The whole session. */
export interface ByKeyHost extends SessionInternals {
  readonly options: { readonly shards: Shards | undefined };
}

/** Runs in the session's turn. */
export function getByKey(
  session: ByKeyHost,
  mapper: Mapper,
  values: readonly unknown[],
  options: ByKeyOptions,
): MaybePromise<Managed | null> {
  const key = mapper.identityKey(values);
  if (key === undefined) return null;
  const { shards } = session.options;
  const plain = !options.populateExisting && !options.withForUpdate && (options.options?.length ?? 0) === 0;
  if (shards !== undefined && options.identityToken === undefined)
    return getSharded(session, shards, mapper, values, key, options, plain);
  const at = options.identityToken === undefined ? session : session.at(options.identityToken);
  const known = at.identity.get(mapper, key);
  if (known !== undefined && plain && (known.$$f & STALE) === 0) return fitting(known, mapper);
  // Nothing is awaited that is there: SQLite answers at once.
  const flushing = session.autoflush();
  // No function is made here that would keep the arguments: each would cost every lookup its memory.
  const found =
    flushing === undefined ? loadByKey(at, mapper, values, options) : afterFlush(flushing, at, mapper, values, options);
  if (known === undefined || !plain) return found;
  return found instanceof Promise
    ? unlessGoneLater(session, mapper, known, found)
    : unlessGone(session, mapper, known, found);
}
async function afterFlush(
  flushing: Promise<void>,
  at: SessionInternals,
  mapper: Mapper,
  values: readonly unknown[],
  options: ByKeyOptions,
): Promise<Managed | null> {
  await flushing;
  return loadByKey(at, mapper, values, options);
}
async function unlessGoneLater(
  session: ByKeyHost,
  mapper: Mapper,
  known: Managed,
  loading: Promise<Managed | null>,
): Promise<Managed | null> {
  return unlessGone(session, mapper, known, await loading);
}
/** Where the row is gone, the object stands for nothing any more. */
function unlessGone(session: ByKeyHost, mapper: Mapper, known: Managed, found: Managed | null): Managed | null {
  if (found === null && mapperOfInstance(known).isA(mapper)) session.removed(known);
  return found;
}
/** Where the key may be, one shard after another; what the session has comes first. */
async function getSharded(
  session: ByKeyHost,
  shards: Shards,
  mapper: Mapper,
  values: readonly unknown[],
  key: CanonicalKey,
  options: ByKeyOptions,
  plain: boolean,
): Promise<Managed | null> {
  const places = shards.forKey(mapper, values).map((id) => session.at(id));
  for (const { identity } of plain ? places : []) {
    const known = identity.get(mapper, key);
    if (known !== undefined && (known.$$f & STALE) === 0) return fitting(known, mapper);
  }
  await session.autoflush();
  for (const at of places) {
    const known = at.identity.get(mapper, key);
    const found = await loadByKey(at, mapper, values, options);
    if (found !== null) return found;
    if (known !== undefined && plain) session.removed(known);
  }
  return null;
}
/** One of another class of the hierarchy is not meant, nor one that a flush has deleted. */
function fitting(known: Managed, mapper: Mapper): Managed | null {
  return mapperOfInstance(known).isA(mapper) && (known.$$f & PERSISTENT) !== 0 ? known : null;
}
