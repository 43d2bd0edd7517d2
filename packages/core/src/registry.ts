/**
 * Where packages above the core say what their things are in statements. They merge into these interfaces:
 *
 * ```ts
 * declare module "@athanor/core/registry" { interface RowItems<X, N, L> { entity: … } }
 * ```
 *
 * A lookup in an interface costs the compiler less than a chain of conditional types, and keeps imports downward.
 */

import type { AnyTable } from "./typing/faces.js";

/** What a selected thing `X` is in a row, beside expressions and core tables. `N`: outer-joined names; `L`: what is loaded. */
// biome-ignore lint/correctness/noUnusedVariables: the parameters are for those who merge into it
export interface RowItems<X extends AnyTable, N, L> {
  readonly [kind: string]: unknown;
}
/** Class attributes of relationships by cardinality. `K`: key, `T`: target, `S`: strategy, `N`: owner's name. */
// biome-ignore lint/correctness/noUnusedVariables: the parameters are for those who merge into it
export interface RelationAttributes<K extends string, T, S extends string, N extends string> {
  readonly [kind: string]: unknown;
}
