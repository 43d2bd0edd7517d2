/** Settings by name: `-n staging`. Source: Alembic "Run Multiple Alembic Environments from one .ini file". */
import { didYouMean } from "@athanor/core";
import { CommandError } from "../errors.js";
import type { MigrateConfig } from "./config.js";

/**
 * The configuration with the settings of one of its `environments` over its own.
 *
 * @throws CommandError `migrate.no-environment`
 * @example namedEnvironment({ url: "sqlite:///app.db", environments: { live: { url: "postgresql://…" } } }, "live")
 */
export function namedEnvironment(config: MigrateConfig, name: string | undefined): MigrateConfig {
  const { environments, ...base } = config;
  if (name === undefined) return base;
  const chosen = environments?.[name];
  if (chosen === undefined) {
    const known = Object.keys(environments ?? {});
    throw new CommandError("migrate.no-environment", `There is no environment '${name}' in the configuration`, {
      hint:
        known.length === 0
          ? "Add it: environments: { staging: { url: … } }."
          : `${didYouMean(name, known)} There is ${known.join(", ")}.`.trim(),
    });
  }
  // Whatever says which database is replaced as a whole.
  const { url, engine, databases, ...others } = base;
  const places = chosen.url ?? chosen.engine ?? chosen.databases;
  return places === undefined ? { ...base, ...chosen } : { ...others, ...chosen };
}
