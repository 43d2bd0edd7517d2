/** Configuration: UPPERCASE keys from objects, classes, files and the environment (Flask: Configuration Handling). */

import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { nearest } from "@athanor/core";
import type { BuiltinConfig, ConfigValues } from "../augment.js";
import { WebError } from "../errors/web-error.js";

/** The defaults of every new app. */
export const defaultConfig: Readonly<BuiltinConfig> = Object.freeze({
  DEBUG: false,
  TESTING: false,
  PROPAGATE_EXCEPTIONS: null,
  SECRET_KEY: null,
  SECRET_KEY_FALLBACKS: Object.freeze([]),
  PERMANENT_SESSION_LIFETIME: 31 * 24 * 3600,
  SESSION_REFRESH_EACH_REQUEST: true,
  SESSION_COOKIE_NAME: "session",
  SESSION_COOKIE_DOMAIN: null,
  SESSION_COOKIE_PATH: null,
  SESSION_COOKIE_HTTPONLY: true,
  SESSION_COOKIE_SECURE: null,
  SESSION_COOKIE_SAMESITE: "Lax",
  SESSION_COOKIE_PARTITIONED: false,
  SESSION_COOKIE_HOST_PREFIX: false,
  SESSION_ENCRYPT: false,
  MAX_CONTENT_LENGTH: null,
  MAX_FORM_MEMORY_SIZE: 500_000,
  MAX_FORM_PARTS: 1000,
  SERVER_NAME: null,
  APPLICATION_ROOT: "/",
  PREFERRED_URL_SCHEME: "http",
  TRUSTED_HOSTS: null,
  SEND_FILE_MAX_AGE_DEFAULT: null,
  TEMPLATES_AUTO_RELOAD: null,
});

/** A class, an instance of one, or a plain object with UPPERCASE members. */
export type ConfigSource = object | (abstract new () => object);

const UPPER = /^[A-Z][A-Z0-9_]*$/;

class ConfigStore {
  readonly #root: string;
  readonly #known = new Set<string>(Object.keys(defaultConfig));

  constructor(root: string, values: object = defaultConfig) {
    this.#root = root;
    this.fromMapping(values);
  }

  /**
   * Takes the UPPERCASE members of an object or of a class: getters are read, inherited members count, and of a class
   * both static members and instance fields.
   *
   * @example app.config.fromObject(class Config { SECRET_KEY = process.env.SECRET_KEY ?? "dev" });
   */
  fromObject(source: ConfigSource): this {
    const layers: object[] = [];
    const collect = (from: object | null, stop: object) => {
      const chain: object[] = [];
      for (let at: object | null = from; at !== null && at !== stop; at = Object.getPrototypeOf(at) as object | null)
        chain.push(at);
      return chain.reverse();
    };
    if (typeof source === "function") {
      layers.push(...collect(source, Function.prototype));
      this.#take(layers, source);
      const instance = Reflect.construct(source as new () => object, []) as object;
      return this.#take(collect(instance, Object.prototype), instance);
    }
    return this.#take(collect(source, Object.prototype), source);
  }

  #take(layers: readonly object[], receiver: object): this {
    for (const layer of layers) {
      for (const key of Object.getOwnPropertyNames(layer)) {
        if (UPPER.test(key)) this.#set(key, Reflect.get(receiver, key) as unknown);
      }
    }
    return this;
  }

  #set(key: string, value: unknown): void {
    Object.defineProperty(this, key, { value, writable: true, enumerable: true, configurable: true });
  }

  /** Takes the UPPERCASE keys of a plain mapping. */
  fromMapping(mapping: object): this {
    for (const [key, value] of Object.entries(mapping) as [string, unknown][])
      if (UPPER.test(key)) this.#set(key, value);
    return this;
  }

  /**
   * Reads a file and takes its UPPERCASE keys; a relative name starts at the app's folder.
   *
   * @param load turns the text into an object; default JSON.parse
   * @param options silent: a missing file is no error
   */
  fromFile(
    filename: string,
    load: (text: string) => unknown = JSON.parse,
    options: { readonly silent?: boolean } = {},
  ): this {
    const path = isAbsolute(filename) ? filename : join(this.#root, filename);
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (cause) {
      if (options.silent === true) return this;
      throw new WebError(
        "config",
        `The configuration file '${path}' cannot be read. Check the name, or pass { silent: true } if it may be missing.`,
        { cause },
      );
    }
    let value: unknown;
    try {
      value = load(text);
    } catch (cause) {
      throw new WebError("config", `The configuration file '${path}' cannot be parsed: ${String(cause)}`, { cause });
    }
    if (typeof value !== "object" || value === null)
      throw new WebError("config", `The configuration file '${path}' must hold an object.`);
    return this.fromMapping(value as Record<string, unknown>);
  }

  /**
   * Takes environment variables "PREFIX_KEY". Values are JSON if they parse, else text; "__" reaches into objects, so
   * PREFIX_MAIL__HOST sets MAIL.HOST.
   */
  fromPrefixedEnv(
    prefix = "ATHANOR",
    options: {
      readonly env?: Readonly<Record<string, string | undefined>>;
      readonly load?: (text: string) => unknown;
    } = {},
  ): this {
    const env = options.env ?? process.env;
    const load = options.load ?? JSON.parse;
    for (const name of Object.keys(env).sort()) {
      const raw = env[name];
      if (raw === undefined || !name.startsWith(`${prefix}_`)) continue;
      let value: unknown = raw;
      try {
        value = load(raw);
      } catch {
        // Not JSON: it stays text.
      }
      const [first = "", ...path] = name.slice(prefix.length + 1).split("__");
      const last = path.pop();
      if (last === undefined) {
        if (UPPER.test(first)) this.#set(first, value);
        continue;
      }
      if (!UPPER.test(first) || [first, ...path, last].includes("__proto__")) continue;
      const existing: unknown = Reflect.get(this, first);
      const top: Record<string, unknown> = isPlain(existing) ? { ...existing } : {};
      let at = top;
      for (const step of path) {
        const next = Object.hasOwn(at, step) ? at[step] : undefined;
        at = at[step] = isPlain(next) ? { ...next } : {};
      }
      at[last] = value;
      this.#set(first, top);
    }
    return this;
  }

  /** Reads the file that an environment variable names (Flask: from_envvar). */
  fromEnvvar(
    variable: string,
    options: { readonly silent?: boolean; readonly load?: (text: string) => unknown } = {},
  ): this {
    const path = process.env[variable];
    if (path === undefined || path === "") {
      if (options.silent === true) return this;
      throw new WebError(
        "config",
        `The environment variable '${variable}' is not set; it should name a configuration file.`,
      );
    }
    return this.fromFile(path, options.load, options);
  }

  /** Members that start with a prefix, without it and in lower case: MAIL_HOST -> { host }. */
  getNamespace(
    prefix: string,
    options: { readonly lowercase?: boolean; readonly trim?: boolean } = {},
  ): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(this)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => {
          const short = options.trim === false ? key : key.slice(prefix.length);
          return [options.lowercase === false ? short : short.toLowerCase(), value as unknown];
        }),
    );
  }

  /** Announces keys that an extension understands, for near-miss warnings. */
  know(...keys: string[]): void {
    for (const key of keys) this.#known.add(key);
  }

  /** Keys that look like misspelt known ones, with what was probably meant. */
  nearMisses(): { readonly key: string; readonly meant: string }[] {
    const found: { key: string; meant: string }[] = [];
    for (const key of Object.keys(this)) {
      if (this.#known.has(key) || key.length < 5) continue;
      const meant = nearest(key, this.#known);
      if (meant !== undefined) found.push({ key, meant });
    }
    return found;
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The configuration of an app: `app.config.SECRET_KEY`, `app.config["MAIL_HOST"]`. */
export type Config = ConfigStore & ConfigValues;

/** Makes a configuration with the defaults. */
export function createConfig(root: string): Config {
  // The constructor defines every key of ConfigValues on the instance, which the compiler cannot see.
  return new ConfigStore(root) as Config;
}
