/** `athanor`: the core and the ORM under one name, migrations as `migrate`. The command is in `athanor/cli`. */
export * from "@athanor/core";
// Two names that both floors use. Of `Alias`, models mean the type; the core's class is for compilers.
export { Alias as AliasClause } from "@athanor/core";
export * as migrate from "@athanor/migrate";
export type { Alias } from "@athanor/orm";
export * from "@athanor/orm";
export { inspect } from "./inspect.js";
