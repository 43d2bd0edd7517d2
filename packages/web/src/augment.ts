/**
 * The interfaces you extend to type your own app. They are re-exported with `export *`, because only then TypeScript
 * merges a `declare module "@athanor/web" { interface SessionData { userId: number } }` into them.
 */

/** What each built-in converter yields. Extend by declaration merging, or per app with `app.converter`. */
export interface Converters {
  string: string;
  default: string;
  int: number;
  float: number;
  path: string;
  uuid: string;
  any: string;
}

/** Values you keep for the length of one scope: `g().user`. Extend by declaration merging to type them. */
export interface Globals {
  [name: string]: unknown;
}

/** Keys of your session and their types; extend by declaration merging. */
export interface SessionData {
  [key: string]: unknown;
}

/** The keys that the app itself understands. */
export interface BuiltinConfig {
  DEBUG: boolean;
  TESTING: boolean;
  PROPAGATE_EXCEPTIONS: boolean | null;
  SECRET_KEY: string | Uint8Array | null;
  SECRET_KEY_FALLBACKS: readonly (string | Uint8Array)[];
  /** Seconds a permanent session lives, and the oldest signature that is accepted. Default 31 days. */
  PERMANENT_SESSION_LIFETIME: number;
  SESSION_REFRESH_EACH_REQUEST: boolean;
  SESSION_COOKIE_NAME: string;
  SESSION_COOKIE_DOMAIN: string | null;
  SESSION_COOKIE_PATH: string | null;
  SESSION_COOKIE_HTTPONLY: boolean;
  /** null: Secure exactly when the request came by https. */
  SESSION_COOKIE_SECURE: boolean | null;
  SESSION_COOKIE_SAMESITE: "Lax" | "Strict" | "None" | null;
  SESSION_COOKIE_PARTITIONED: boolean;
  /** Adds the `__Host-` prefix (forces Secure, Path=/ and no Domain). */
  SESSION_COOKIE_HOST_PREFIX: boolean;
  /** Encrypts the session (AES-256-GCM) besides signing it. */
  SESSION_ENCRYPT: boolean;
  /** Bytes of a whole body; null: no limit. */
  MAX_CONTENT_LENGTH: number | null;
  /** Bytes of the form fields that are not files. Default 500 kB. */
  MAX_FORM_MEMORY_SIZE: number | null;
  /** Number of form parts. Default 1000. */
  MAX_FORM_PARTS: number | null;
  SERVER_NAME: string | null;
  APPLICATION_ROOT: string;
  PREFERRED_URL_SCHEME: string;
  TRUSTED_HOSTS: readonly string[] | null;
  /** Seconds for Cache-Control of files; null: revalidate each time. */
  SEND_FILE_MAX_AGE_DEFAULT: number | null;
  TEMPLATES_AUTO_RELOAD: boolean | null;
}

/** All configuration keys and their types; extend by declaration merging for your own. */
export interface ConfigValues extends BuiltinConfig {
  [key: string]: unknown;
}

/**
 * Your endpoints and their rules, to have `urlFor` check the values; extend by declaration merging.
 *
 * @example declare module "@athanor/web" { interface RouteRegistry { "blog.show": "/blog/<int:id>" } }
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface RouteRegistry {}
