/**
 * Which databases a command is about: one, several with revisions in common ("binds"), or tenants that all get the same
 * revisions. Source: Alembic "multidb" template and cookbook "Rudimental Schema-Level Multi Tenancy", Flask-Migrate
 * `--multidb`.
 */
import type { Engine, MetaData } from "@athanor/core";
import { didYouMean } from "@athanor/core";
import { CommandError } from "../errors.js";
import type { VersionTableOptions } from "../runtime/index.js";
import type { Tenants } from "../script/index.js";

type Later<T> = T | (() => T | Promise<T>);

/** One database: where it is, what belongs into it, and who shares it. */
export interface DatabaseConfig {
  readonly url?: string | undefined;
  /** An engine of the program's own; it is not disposed of. A function is asked when a command needs it. */
  readonly engine?: Later<Engine> | undefined;
  readonly metadata?: Later<MetaData | readonly MetaData[]> | undefined;
  readonly versionTable?: VersionTableOptions | undefined;
  readonly tenants?: Tenants | undefined;
}
/** What a command is narrowed to: `--database`, `--tenant`. */
export interface Only {
  readonly databases?: readonly string[] | undefined;
  readonly tenants?: readonly string[] | undefined;
}

/** @throws CommandError when a name is not among them */
export function narrowed<T>(
  all: readonly T[],
  names: readonly string[] | undefined,
  nameOf: (one: T) => string,
  what: "database" | "tenant",
): readonly T[] {
  if (names === undefined || names.length === 0) return all;
  const known = all.map(nameOf);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new CommandError(`migrate.no-${what}`, `There is no ${what} '${unknown}'`, {
      hint:
        known.length === 0
          ? `The configuration names no ${what}s: add '${what}s' to it.`
          : `${didYouMean(unknown, known)} There is ${known.slice(0, 20).join(", ")}.`.trim(),
    });
  }
  return all.filter((one) => names.includes(nameOf(one)));
}
