/** `Migrate`: ties `athanor db …` to an app and its database. Source: Flask-Migrate "API", class `Migrate`. */
import { resolve } from "node:path";
import type { Engine } from "@athanor/core";
import type { DatabaseConfig, MigrateConfig } from "@athanor/migrate";
import type { App } from "../app/app.js";
import { DATABASE_EXTENSION, Database } from "./database.js";
import { DatabaseSetupError } from "./errors.js";

/** Settings of the migrations, except the database and the tables, which come from the app. */
export type MigrateOptions = Omit<MigrateConfig, "databases" | "engine" | "environment" | "metadata" | "url">;
/** Changes the settings of a command before it runs. */
export type ConfigureMigrate = (config: MigrateConfig) => MigrateConfig;

/** Where a Migrate is found in `app.extensions`. */
export const MIGRATE_EXTENSION = "migrate";

/** The databases of an app and their tables; all are looked up when a command needs them. */
function ofDatabase(app: App, db: Database): MigrateConfig {
  const metadata = (key: string | null) => () => {
    // Declarations are read once, all together: a mistake in one is told before any file is written.
    void db.models;
    return db.bind(key);
  };
  // A Database may serve several apps: the scope says which one is meant.
  const engine = (key: string | null) => () => app.context(() => db.engines.get(key) as Engine);
  const one = (key: string | null): DatabaseConfig => ({ engine: engine(key), metadata: metadata(key) });
  const keys = db.bindKeys(app);
  if (keys.length === 1 && keys[0] === null) return one(null);
  if (keys.includes(null) && keys.includes(DEFAULT_DATABASE)) {
    throw new DatabaseSetupError(
      "database.bind",
      `Among the databases of migrations '${DEFAULT_DATABASE}' is the name of DATABASE_URL: give the bind '${DEFAULT_DATABASE}' another key.`,
    );
  }
  return { databases: Object.fromEntries(keys.map((key) => [key ?? DEFAULT_DATABASE, one(key)])) };
}
/** What the default database is called among several. */
const DEFAULT_DATABASE = "default";

/**
 * Makes `athanor db init`, `migrate`, `upgrade` and the others work on an app's database.
 *
 * @example
 * const db = new Database(app);
 * new Migrate(app, db);                                    // in the folder "migrations"
 * new Migrate(app, db, { directory: "db/migrations" });
 */
export class Migrate {
  readonly #options: MigrateOptions;
  readonly #configure: ConfigureMigrate[] = [];
  readonly #db: Database | undefined;

  /** @throws DatabaseSetupError when the app has no Database, or a Migrate already */
  constructor(app?: App | null, db?: Database<never> | Database, options: MigrateOptions = {}) {
    this.#options = options;
    // Which base class the models have does not matter here.
    this.#db = db as Database | undefined;
    if (app !== undefined && app !== null) this.initApp(app);
  }

  /** For app factories: registers with an app whose Database is registered. @throws DatabaseSetupError */
  initApp(app: App, db?: Database): this {
    const used = db ?? this.#db ?? app.extensions.get(DATABASE_EXTENSION);
    if (!(used instanceof Database)) {
      throw new DatabaseSetupError(
        "database.not-registered",
        `Migrate: the app '${app.name}' has no Database. Write new Migrate(app, db), after \`const db = new Database(app)\` or db.initApp(app).`,
      );
    }
    const other = app.extensions.get(MIGRATE_EXTENSION);
    if (other !== undefined)
      throw new DatabaseSetupError("database.second-instance", `The app '${app.name}' has a Migrate already.`);
    app.extensions.set(MIGRATE_EXTENSION, this);
    return this;
  }

  /** Registers a change to the settings, run before each command in the order of registration. */
  configure(fn: ConfigureMigrate): this {
    this.#configure.push(fn);
    return this;
  }

  /** What the commands of `@athanor/migrate` take, for an app. */
  config(app: App): MigrateConfig {
    const db = this.#db ?? app.extensions.get(DATABASE_EXTENSION);
    const base: MigrateConfig = { directory: "migrations", ...this.#options, ...ofDatabase(app, db as Database) };
    const config = this.#configure.reduce((given, change) => change(given), base);
    return { ...config, directory: besideApp(app, config.directory) };
  }
}

/** The settings of an app's migrations: those of its Migrate, else the defaults on its Database; undefined without either. */
export function migrateConfigOf(app: App): MigrateConfig | undefined {
  const migrate = app.extensions.get(MIGRATE_EXTENSION);
  if (migrate instanceof Migrate) return migrate.config(app);
  const db = app.extensions.get(DATABASE_EXTENSION);
  return db instanceof Database ? { directory: besideApp(app, "migrations"), ...ofDatabase(app, db) } : undefined;
}
/** Like templates and the instance folder, a relative directory is the app's, wherever the command was started. */
function besideApp(app: App, directory: string | undefined): string {
  return resolve(app.rootPath, directory ?? "migrations");
}
