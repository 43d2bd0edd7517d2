/** Engines from settings written as text: a configuration file, the environment. Source: SQLAlchemy `engine_from_config`. */
import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError } from "../errors/errors.js";
import { createEngine, type Engine, type EngineOptions } from "./engine.js";
import type { Pool } from "./pool.js";
import type { Url } from "./url.js";

type Read = (text: string, name: string) => unknown;
const asNumber: Read = (text, name) => {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new ArgumentError(`The setting '${name}' is a number, not '${text}'.`, "engine.setting");
};
const asBoolean: Read = (text, name) => {
  if (/^(1|true|on|yes|y|t)$/i.test(text)) return true;
  if (/^(0|false|off|no|n|f)$/i.test(text)) return false;
  throw new ArgumentError(`The setting '${name}' is true or false, not '${text}'.`, "engine.setting");
};
const asText: Read = (text) => text;
/** The options that can be written as text. */
const SETTINGS: { readonly [K in keyof EngineOptions]?: Read } = {
  poolClass: asText,
  poolSize: asNumber,
  maxOverflow: asNumber,
  poolTimeout: asNumber,
  poolRecycle: asNumber,
  poolPrePing: asBoolean,
  poolUseLifo: asBoolean,
  poolResetOnReturn: asText,
  echo: (text, name) => (text === "debug" ? text : asBoolean(text, name)),
  echoPool: asBoolean,
  hideParameters: asBoolean,
  loggingName: asText,
  isolationLevel: (text) => text.replaceAll("_", " ").toUpperCase(),
  statementCacheSize: asNumber,
  labelLength: asNumber,
  maxIdentifierLength: asNumber,
};

/**
 * An engine from settings with a common prefix; values may be text. Names may be written as in code or in snake case,
 * in any letter case: `poolSize`, `pool_size`, `DATABASE_POOL_SIZE` with the prefix `DATABASE_`. Settings without the
 * prefix are left alone.
 *
 * @throws ArgumentError for a missing URL, an unknown setting, a value that cannot be read
 * @example engineFromConfig(process.env, "DATABASE_")        // DATABASE_URL, DATABASE_POOL_SIZE, DATABASE_ECHO
 */
export function engineFromConfig(
  config: { readonly [name: string]: unknown },
  prefix = "database.",
  more: EngineOptions = {},
): Engine {
  let url: string | undefined;
  const options: { [name: string]: unknown } = {};
  const names = Object.keys(SETTINGS);
  for (const [key, value] of Object.entries(config)) {
    if (value === undefined || !key.toLowerCase().startsWith(prefix.toLowerCase())) continue;
    const plain = key.slice(prefix.length).replaceAll("_", "").toLowerCase();
    if (plain === "url") {
      url = String(value);
      continue;
    }
    const name = names.find((n) => n.toLowerCase() === plain);
    if (name === undefined) {
      throw new ArgumentError(
        `There is no engine setting '${key}'.${didYouMean(key.slice(prefix.length), names)} Known: url, ${names.join(", ")}.`,
        "engine.setting",
      );
    }
    const read = SETTINGS[name as keyof EngineOptions] as Read;
    options[name] = typeof value === "string" ? read(value.trim(), key) : value;
  }
  if (url === undefined) throw new ArgumentError(`The settings hold no '${prefix}url'.`, "engine.setting");
  return createEngine(url, { ...options, ...more });
}

/** The pool alone, of raw driver connections: for code that needs neither statements nor transactions. */
export function createPoolFromUrl(url: string | Url, options: EngineOptions = {}): Pool {
  return createEngine(url, options).pool;
}
