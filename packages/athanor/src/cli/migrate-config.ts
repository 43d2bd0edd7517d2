/** Which database and which tables `athanor db …` works on: athanor.config.ts, else the app, else migrations/env.ts. */
import { existsSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import type { MigrateConfig } from "@athanor/migrate";
import { CommandError } from "./errors.js";
import { importFile } from "./modules.js";
import type { Project } from "./project.js";

const CONFIG_FILES = ["ts", "mts", "js", "mjs"].map((e) => `athanor.config.${e}`);

/** Options that every `db` command takes. */
export interface DbOptions {
  readonly directory?: string;
  readonly config?: string;
  readonly url?: string;
  readonly x: Readonly<Record<string, string>>;
  readonly quiet?: boolean;
}

async function readConfigFile(path: string): Promise<MigrateConfig> {
  const module = await importFile(path);
  const exported = module.default;
  const value: unknown = typeof exported === "function" ? await (exported as () => unknown)() : exported;
  if (typeof value !== "object" || value === null) {
    throw new CommandError(
      "cli.database",
      `'${path}' must export its settings as default: export default { url: "sqlite:///app.db", metadata: db.metadata };`,
    );
  }
  const config = value as MigrateConfig;
  const { directory } = config;
  return directory === undefined || isAbsolute(directory)
    ? config
    : { ...config, directory: resolve(dirname(path), directory) };
}

function configFile(project: Project, given: string | undefined): string | undefined {
  if (given === undefined) return CONFIG_FILES.map((name) => project.path(name)).find((path) => existsSync(path));
  const path = project.path(given);
  if (!existsSync(path)) throw new CommandError("cli.argument", `The file of --config, '${path}', does not exist.`);
  return path;
}

/**
 * Runs a command with its settings, inside a scope of the app where there is one.
 *
 * @throws CommandError, and what the command throws
 */
export async function withMigrateConfig(
  project: Project,
  options: DbOptions,
  work: (config: MigrateConfig) => Promise<unknown>,
): Promise<void> {
  const directory =
    options.directory ?? process.env.ATHANOR_DB_DIRECTORY ?? process.env.FLASK_DB_DIRECTORY ?? undefined;
  const run = async (base: MigrateConfig) => {
    await work({
      ...base,
      // --url is stronger than the app's engine.
      ...(options.url === undefined ? {} : { url: options.url, engine: undefined }),
      directory: project.path(directory ?? base.directory ?? "migrations"),
      load: base.load ?? importFile,
      x: { ...base.x, ...options.x },
      ...(options.quiet === true ? { quiet: true } : {}),
    });
  };
  const file = configFile(project, options.config);
  if (file !== undefined) return run(await readConfigFile(file));
  if (!(await project.hasApp())) return run({});
  const web = await project.web("db");
  const app = await project.app("db");
  await app.context(async () => {
    const config = web.migrateConfigOf(app);
    if (config === undefined && project.target !== undefined) {
      throw new CommandError(
        "cli.database",
        `The app '${app.name}' has no database: add \`const db = new Database(app); new Migrate(app, db);\`, or describe the database in athanor.config.ts.`,
      );
    }
    await run(config ?? {});
  });
}
