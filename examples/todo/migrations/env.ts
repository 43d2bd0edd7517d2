/**
 * Migration environment: runs on every command that touches a database.
 */
import type { EnvironmentInput, EnvironmentSettings } from "@athanor/migrate";

export default async function environment(input: EnvironmentInput): Promise<EnvironmentSettings> {
  // Inside the app, its own database and models.
  if (input.injected !== undefined) return input.injected;
  return {
    // The database to migrate. A URL given on the command line wins.
    url: input.url ?? process.env.DATABASE_URL ?? "sqlite:///instance/todo.db",
    metadata: (await import("../models.js")).db.metadata,
  };
}
