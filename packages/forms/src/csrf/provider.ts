/** Binds tokens to a request of @athanor/web: configuration, session, one token per request. */
import { FormError } from "../errors.js";
import type { CsrfProvider } from "../types.js";
import type { Context } from "../web.js";
import { generateCsrf, type TokenSettings, validateCsrf } from "./token.js";

/** Configuration keys, with their defaults. Source: Flask-WTF, "Configuration". */
export interface CsrfConfig {
  /** False switches everything off, for tests. Default true. */
  WTF_CSRF_ENABLED: boolean;
  /** False: `CSRFProtect` checks only where `protect()` is called. Default true. */
  WTF_CSRF_CHECK_DEFAULT: boolean;
  WTF_CSRF_METHODS: readonly string[];
  /** Name of the hidden field and of the secret in the session. Default "csrf_token". */
  WTF_CSRF_FIELD_NAME: string;
  WTF_CSRF_HEADERS: readonly string[];
  /** Seconds a token lives; null: as long as the session. Default 3600. */
  WTF_CSRF_TIME_LIMIT: number | null;
  /** False switches the origin check off. Default true. */
  WTF_CSRF_SSL_STRICT: boolean;
  /** Other origins whose pages may post here, as "https://app.example.com". Default none. */
  WTF_CSRF_TRUSTED_ORIGINS: readonly string[];
  /** Signs tokens in place of SECRET_KEY. */
  WTF_CSRF_SECRET_KEY: string | Uint8Array | null;
}

export const csrfDefaults: Readonly<CsrfConfig> = Object.freeze({
  WTF_CSRF_ENABLED: true,
  WTF_CSRF_CHECK_DEFAULT: true,
  WTF_CSRF_METHODS: Object.freeze(["POST", "PUT", "PATCH", "DELETE"]),
  WTF_CSRF_FIELD_NAME: "csrf_token",
  WTF_CSRF_HEADERS: Object.freeze(["X-CSRFToken", "X-CSRF-Token"]),
  WTF_CSRF_TIME_LIMIT: 3600,
  WTF_CSRF_SSL_STRICT: true,
  WTF_CSRF_TRUSTED_ORIGINS: Object.freeze([]),
  WTF_CSRF_SECRET_KEY: null,
});

/** The CSRF settings of an app, defaults filled in. */
export function csrfConfig(config: Readonly<Record<string, unknown>>): CsrfConfig {
  const merged: Record<string, unknown> = { ...csrfDefaults };
  for (const key of Object.keys(csrfDefaults)) if (config[key] !== undefined) merged[key] = config[key];
  return merged as unknown as CsrfConfig;
}

/** A request's token, remembered, and whether `CSRFProtect` has checked the request already. */
export interface RequestCsrf extends CsrfProvider {
  readonly config: CsrfConfig;
  passed: boolean;
  /** New secret, so that tokens from before a login are worth nothing. */
  rotate(): void;
}

const perRequest = new WeakMap<Context, RequestCsrf>();

/** The CSRF state of a request, null while WTF_CSRF_ENABLED is false. */
export function requestCsrf(context: Context): RequestCsrf | null {
  const known = perRequest.get(context);
  if (known !== undefined) return known;
  const config = csrfConfig(context.app.config);
  if (!config.WTF_CSRF_ENABLED) return null;
  const made = bindCsrf(context, config);
  perRequest.set(context, made);
  return made;
}

function bindCsrf(context: Context, config: CsrfConfig): RequestCsrf {
  let current: { readonly token: string; readonly secret: unknown } | null = null;
  const settings = (): TokenSettings => ({
    keys: signingKeys(context, config),
    fieldName: config.WTF_CSRF_FIELD_NAME,
    timeLimit: config.WTF_CSRF_TIME_LIMIT,
  });
  return {
    config,
    fieldName: config.WTF_CSRF_FIELD_NAME,
    passed: false,
    token() {
      // A login that emptied the session in between has taken the secret with it.
      if (current === null || current.secret !== context.session.get(config.WTF_CSRF_FIELD_NAME)) {
        const token = generateCsrf(context.session, settings());
        current = { token, secret: context.session.get(config.WTF_CSRF_FIELD_NAME) };
      }
      return current.token;
    },
    check(token) {
      return this.passed ? null : validateCsrf(token ?? headerToken(context, config), context.session, settings());
    },
    rotate() {
      context.session.set(config.WTF_CSRF_FIELD_NAME, null);
      current = null;
    },
  };
}

/** The token that scripts send in a header. */
export function headerToken(context: Context, config: CsrfConfig): string | null {
  for (const header of config.WTF_CSRF_HEADERS) {
    const value = context.request.headers.get(header);
    if (value !== null && value !== "") return value;
  }
  return null;
}

function signingKeys(context: Context, config: CsrfConfig): readonly (string | Uint8Array)[] {
  const { SECRET_KEY, SECRET_KEY_FALLBACKS } = context.app.config;
  const own = config.WTF_CSRF_SECRET_KEY;
  const keys = [own ?? SECRET_KEY, ...(own === null ? (SECRET_KEY_FALLBACKS ?? []) : [])];
  const usable = keys.filter((key): key is string | Uint8Array => key !== null && key !== undefined && key.length > 0);
  if (usable.length > 0) return usable;
  throw new FormError(
    "forms.csrf-config",
    "CSRF protection needs a secret key: set SECRET_KEY (or WTF_CSRF_SECRET_KEY) in the app's configuration. In tests, WTF_CSRF_ENABLED = false switches CSRF off.",
  );
}
