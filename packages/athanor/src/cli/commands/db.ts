/** `athanor db …`: the commands of `@athanor/migrate` on the project's database. */
import { buildDbCommand, type CommandLike } from "@athanor/migrate";
import type { Command } from "commander";
import { type DbOptions, migrateConfig } from "../migrate-config.js";
import type { Project } from "../project.js";

export function dbCommand(program: Command, project: () => Project, exit: (code: number) => void): void {
  // `CommandLike` says in its own words what commander's overloads say in theirs; both are the same object.
  const made = buildDbCommand(
    program as unknown as CommandLike,
    ({ directory, name }) =>
      migrateConfig(project(), {
        ...db.opts<DbOptions>(),
        ...(directory === undefined ? {} : { directory }),
        ...(name === undefined ? {} : { name }),
      }),
    { exit },
  );
  const db = made as unknown as Command;
  db.option("--config <file>", "settings instead of athanor.config.ts")
    .option("--url <url>", "database to use instead of the configured one")
    .option("-q, --quiet", "no progress lines");
}
