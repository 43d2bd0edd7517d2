/** What entities and relationships are in statements: merged into the core's type registries. */
import type { AnyTable, BelowOf, NameOf } from "@athanor/core";
import type { Entity } from "./entities.js";
import type { LoadedOr } from "./loading.js";
import type { ManyAttribute, OneAttribute } from "./relationships.js";

declare module "@athanor/core/registry" {
  interface RowItems<X extends AnyTable, N, L> {
    readonly entity: LoadedOr<Entity<X>, BelowOf<L, NameOf<X>>>;
  }
  interface RelationAttributes<K extends string, T, S extends string, N extends string> {
    readonly many: ManyAttribute<K, T, S, N>;
    readonly one: OneAttribute<K, T, S, N>;
    readonly maybe: OneAttribute<K, T, S, N>;
  }
}
