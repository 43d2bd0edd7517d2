/** Which database and which tables `athanor db …` works on: athanor.config.ts, else the app, else migrations/env.ts. */
import { existsSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { command, type MigrateConfig } from "@athanor/migrate";
import { CommandError } from "./errors.js";
import { importFile } from "./modules.js";
import type { Project } from "./project.js";

const CONFIG_FILES = ["ts", "mts", "js", "mjs"].map((e) => `athanor.config.${e}`);

/** Options of the command line that choose the database. */
export interface DbOptions {
  readonly directory?: string;
  readonly config?: string;
  readonly url?: string;
  readonly quiet?: boolean;
  /** One of the configuration's environments. */
  readonly name?: string;
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
  const named = given ?? process.env.ATHANOR_CONFIG;
  if (named === undefined || named === "")
    return CONFIG_FILES.map((name) => project.path(name)).find((path) => existsSync(path));
  const path = project.path(named);
  const source = given === undefined ? "ATHANOR_CONFIG" : "--config";
  if (!existsSync(path)) throw new CommandError("cli.argument", `The file of ${source}, '${path}', does not exist.`);
  return path;
}

/** @throws CommandError when the app that was named has no database */
async function baseConfig(project: Project, given: string | undefined): Promise<MigrateConfig> {
  const file = configFile(project, given);
  if (file !== undefined) return readConfigFile(file);
  if (!(await project.hasApp())) return {};
  const web = await project.web("db");
  const app = await project.app("db");
  const config = web.migrateConfigOf(app);
  if (config !== undefined) return config;
  throw new CommandError(
    "cli.database",
    `The app '${app.name}' has no database: add \`const db = new Database(app); new Migrate(app, db);\`, or describe the database in athanor.config.ts.`,
  );
}

/**
 * The settings of a `db` command.
 *
 * @throws CommandError; what the app's module or the configuration file throws
 */
export async function migrateConfig(project: Project, options: DbOptions): Promise<MigrateConfig> {
  const base = command.namedEnvironment(await baseConfig(project, options.config), options.name);
  if (options.url !== undefined && base.databases !== undefined) {
    throw new CommandError(
      "cli.argument",
      "--url goes with one database, and the configuration names several: give each its url there, and choose with --database.",
    );
  }
  const url = options.url ?? (base.engine === undefined ? base.url : undefined);
  const directory = options.directory ?? process.env.ATHANOR_DB_DIRECTORY ?? process.env.FLASK_DB_DIRECTORY;
  return {
    ...base,
    // As an engine, a URL is stronger than what the env file answers; --url is stronger than the app's engine, too.
    ...(url === undefined ? {} : { engine: () => project.engine(url) }),
    directory: project.path(directory ?? base.directory ?? "migrations"),
    load: base.load ?? importFile,
    ...(options.quiet === true ? { quiet: true } : {}),
  };
}
