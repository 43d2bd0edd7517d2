/** What entities and relationships are in statements: merged into the core's type registries. */
import type { AnyTable, BelowOf, NameOf } from "@athanor/core";
import type { Entity } from "./entities.js";
import type { LoadedOr } from "./loading.js";
import type { ManyAttribute, OneAttribute } from "./relationships.js";

declare module "@athanor/core/registry" {
  interface RowItems<X, N, L> {
    // biome-ignore format: one conditional
    readonly entity: X extends AnyTable ? LoadedOr<Entity<X>, BelowOf<L, NameOf<X>>> : never;
  }
  interface RelationAttributes<K extends string, T, S extends string, N extends string> {
    readonly many: ManyAttribute<K, T, S, N>;
    readonly one: OneAttribute<K, T, S, N>;
    readonly maybe: OneAttribute<K, T, S, N>;
  }
}
