/**
 * Hooks of the Query object: they see every Query before it is sent and may answer with another one.
 * Source: SQLAlchemy "Query Events".
 */
import { ArgumentError, didYouMean } from "@athanor/core";

/** `query`: the Query; its model is `query.columnDescriptions[0].entity`. An answer takes its place. */
export interface QueryHooks {
  /** Before `all()`, `first()`, `one()`, `count()`, `exists()`, iteration. */
  beforeCompile: (event: { readonly query: never }) => unknown;
  beforeCompileUpdate: (event: {
    readonly query: never;
    readonly values: { readonly [key: string]: unknown };
  }) => unknown;
  beforeCompileDelete: (event: { readonly query: never }) => unknown;
}
const NAMES: readonly (keyof QueryHooks)[] = ["beforeCompile", "beforeCompileUpdate", "beforeCompileDelete"];
const listeners = new Map<keyof QueryHooks, readonly ((event: never) => unknown)[]>();

/**
 * Listens for all Query objects; gives the function that stops it. A hook that filters a limited query calls
 * `query.enableAssertions(false)` first.
 *
 * @throws ArgumentError for a name there is none of
 */
export function addQueryHook(name: keyof QueryHooks, listener: (event: never) => unknown): () => void {
  if (!NAMES.includes(name))
    throw new ArgumentError(
      `onQuery(): there is no event '${String(name)}'.${didYouMean(String(name), NAMES)}`,
      "event.unknown",
    );
  listeners.set(name, [...(listeners.get(name) ?? []), listener]);
  return () => {
    listeners.set(
      name,
      (listeners.get(name) ?? []).filter((l) => l !== listener),
    );
  };
}
/** The query after all hooks; each sees what the one before it gave. */
export function throughHooks<Q>(name: keyof QueryHooks, query: Q, more: object = {}): Q {
  let current = query;
  for (const listener of listeners.get(name) ?? [])
    current = ((listener as (event: object) => unknown)({ query: current, ...more }) as Q | undefined) ?? current;
  return current;
}
export function hasHooks(name: keyof QueryHooks): boolean {
  return (listeners.get(name)?.length ?? 0) > 0;
}
