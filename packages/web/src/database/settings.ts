/**
 * What the configuration says about databases: URLs and engine options per bind, by Athanor's keys or by those of
 * Flask-SQLAlchemy. Source: Flask-SQLAlchemy "Configuration".
 */
import { didYouMean, type Echo, type EngineOptions, makeUrl, nearest, Url } from "@athanor/core";
import type { Config } from "../config/config.js";
import { DatabaseSetupError } from "./errors.js";

declare module "../augment.js" {
  interface ConfigValues {
    /** Of the default database; SQLALCHEMY_DATABASE_URI is the same. */
    DATABASE_URL?: string | Url;
    SQLALCHEMY_DATABASE_URI?: string | Url;
    /** For the default engine only; stronger than the constructor's. */
    DATABASE_ENGINE_OPTIONS?: BindOptions;
    SQLALCHEMY_ENGINE_OPTIONS?: BindOptions;
    /** Further databases by key. */
    DATABASE_BINDS?: Binds;
    SQLALCHEMY_BINDS?: Binds;
    /** Print statements and what the pool does, where the engine's own options do not say otherwise. */
    DATABASE_ECHO?: Echo;
    SQLALCHEMY_ECHO?: Echo;
    /** Keep the statements of each scope for `db.getRecordedQueries()`. Default false. */
    DATABASE_RECORD_QUERIES?: boolean;
    SQLALCHEMY_RECORD_QUERIES?: boolean;
    /** Tell `db.on("modelsCommitted", …)` what each transaction changed. Default false. */
    DATABASE_TRACK_MODIFICATIONS?: boolean;
    SQLALCHEMY_TRACK_MODIFICATIONS?: boolean;
  }
}

/** Engine options that may also carry the URL. */
export interface BindOptions extends EngineOptions {
  readonly url?: string | Url;
}
/** A URL, or a URL with engine options, by bind key. */
export type Binds = { readonly [key: string]: string | Url | BindOptions };

/** One engine to be made. */
export interface BindSettings {
  readonly url: Url;
  readonly options: EngineOptions;
}
export interface DatabaseSettings {
  /** By bind key; null is the default database. */
  readonly binds: ReadonlyMap<string | null, BindSettings>;
  readonly recordQueries: boolean;
  readonly trackModifications: boolean;
}

const NAMES = {
  url: ["DATABASE_URL", "SQLALCHEMY_DATABASE_URI"],
  engineOptions: ["DATABASE_ENGINE_OPTIONS", "SQLALCHEMY_ENGINE_OPTIONS"],
  binds: ["DATABASE_BINDS", "SQLALCHEMY_BINDS"],
  echo: ["DATABASE_ECHO", "SQLALCHEMY_ECHO"],
  recordQueries: ["DATABASE_RECORD_QUERIES", "SQLALCHEMY_RECORD_QUERIES"],
  trackModifications: ["DATABASE_TRACK_MODIFICATIONS", "SQLALCHEMY_TRACK_MODIFICATIONS"],
} as const;

/** Every key this module reads. */
export const CONFIG_KEYS: readonly string[] = Object.values(NAMES).flat();

function shown(value: unknown): string {
  if (typeof value === "string") return /:\/\//.test(value) ? String(makeUrl(value)) : JSON.stringify(value);
  return String(value);
}

/** The value of either name. @throws DatabaseSetupError when both are set and differ */
function either(config: Config, [ours, theirs]: readonly [string, string]): unknown {
  const a: unknown = config[ours];
  const b: unknown = config[theirs];
  if (a === undefined || a === null) return b ?? undefined;
  if (b !== undefined && b !== null && b !== a && shown(a) !== shown(b))
    throw new DatabaseSetupError(
      "database.config",
      `${ours} and ${theirs} are both set, to different values. Keep one.`,
    );
  return a;
}

function asUrl(value: unknown, key: string): Url {
  if (value instanceof Url) return value;
  if (typeof value === "string") {
    try {
      return makeUrl(value);
    } catch (cause) {
      throw new DatabaseSetupError("database.config", `${key}: ${(cause as Error).message}`, { cause });
    }
  }
  throw new DatabaseSetupError(
    "database.config",
    `${key} must be a URL as text, such as "sqlite:///app.db", or a Url object; it is ${value === null ? "null" : typeof value}.`,
  );
}

function asOptions(value: unknown, key: string): BindOptions {
  if (value === undefined) return {};
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Url)) return value;
  throw new DatabaseSetupError(
    "database.config",
    `${key} must be an object with engine options, such as { poolSize: 10 }.`,
  );
}

/** Keys of the configuration that look like one of ours misspelt. */
function slips(config: Config): string {
  const known = new Set(CONFIG_KEYS);
  const found = Object.keys(config).flatMap((key) => {
    if (known.has(key) || !/DATABASE|SQLALCHEMY/.test(key)) return [];
    const meant = nearest(key, CONFIG_KEYS);
    return meant === undefined ? [] : [`The configuration has '${key}'. Did you mean '${meant}'?`];
  });
  return found.length === 0 ? "" : ` ${found.join(" ")}`;
}

/**
 * Reads the configuration. Strength, weakest first: the constructor's engine options, the entry in DATABASE_BINDS,
 * DATABASE_ENGINE_OPTIONS (default database only), DATABASE_URL; DATABASE_ECHO where no option says `echo`.
 *
 * @throws DatabaseSetupError when no database is named, or a value has the wrong form
 */
export function readSettings(config: Config, given: EngineOptions): DatabaseSettings {
  const raw = new Map<string | null, BindOptions>();
  const url = either(config, NAMES.url);
  const main = {
    ...given,
    ...asOptions(either(config, NAMES.engineOptions), "DATABASE_ENGINE_OPTIONS"),
    ...(url === undefined ? {} : { url: url as string }),
  };
  if ("url" in main) raw.set(null, main);
  for (const [key, value] of Object.entries(asOptions(either(config, NAMES.binds), "DATABASE_BINDS"))) {
    const bind: unknown = value;
    const options =
      typeof bind === "string" || bind instanceof Url ? { url: bind } : asOptions(bind, `DATABASE_BINDS.${key}`);
    raw.set(key, { ...given, ...options });
  }
  if (raw.size === 0) {
    throw new DatabaseSetupError(
      "database.url-missing",
      `No database is configured: set app.config.DATABASE_URL (or SQLALCHEMY_DATABASE_URI), or DATABASE_BINDS, before the Database sees the app. If the line that sets it comes after \`new Database(app)\` or \`db.initApp(app)\`, move it up.${slips(config)}`,
    );
  }
  const echo = either(config, NAMES.echo) as Echo | undefined;
  const binds = new Map<string | null, BindSettings>();
  for (const [key, { url: address, ...options }] of raw) {
    const name = key === null ? "DATABASE_URL" : `DATABASE_BINDS.${key}`;
    if (address === undefined) {
      throw new DatabaseSetupError(
        "database.config",
        `${name} has no 'url'.${didYouMean("url", Object.keys(options))} Write { url: "…", … }.`,
      );
    }
    binds.set(key, {
      url: asUrl(address, name),
      options: echo === undefined ? options : { echo, echoPool: echo === "debug" ? true : echo, ...options },
    });
  }
  return {
    binds,
    recordQueries: either(config, NAMES.recordQueries) === true,
    trackModifications: either(config, NAMES.trackModifications) === true,
  };
}

/** Our keys and their values, to notice that one was changed after `initApp` had read them. */
export function configSnapshot(config: Config): ReadonlyMap<string, unknown> {
  return new Map(CONFIG_KEYS.map((key) => [key, config[key] as unknown]));
}
/** The first of our keys whose value is not the remembered one. */
export function changedKey(config: Config, before: ReadonlyMap<string, unknown>): string | undefined {
  return CONFIG_KEYS.find((key) => config[key] !== before.get(key));
}
