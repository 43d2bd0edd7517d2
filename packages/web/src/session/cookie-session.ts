/** Opens the session from its cookie and saves it back (Flask: SecureCookieSessionInterface, with safer flags). */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import type { Config } from "../config/config.js";
import { WebError } from "../errors/web-error.js";
import { type CookieOptions, serializeCookie } from "../http/cookies.js";
import { Session } from "./session.js";
import { packPayload, type Secret, TimedSigner, unpackPayload } from "./signer.js";
import { loadTagged } from "./tagged-json.js";

const SALT = "athanor.session";
const NO_KEY =
  "The session cannot be written because SECRET_KEY is not set. Set it in the configuration to a long random text that nobody else knows, for example: node -e \"console.log(require('crypto').randomBytes(32).toString('hex'))\"";
/** Browsers drop cookies beyond this many bytes, silently. */
const COOKIE_LIMIT = 4093;

/** The keys that verify, newest first; empty when SECRET_KEY is not set. */
export function secretKeys(config: Config): Secret[] {
  const { SECRET_KEY: key, SECRET_KEY_FALLBACKS: older } = config;
  return key === null || key === undefined || key.length === 0 ? [] : [key, ...(older ?? [])];
}

export function sessionCookieName(config: Config): string {
  return config.SESSION_COOKIE_HOST_PREFIX ? `__Host-${config.SESSION_COOKIE_NAME}` : config.SESSION_COOKIE_NAME;
}

function encryptionKey(secret: Secret): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", "athanor.session.encrypt", 32));
}
function encrypt(text: string, secret: Secret): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", encryptionKey(secret), iv);
  const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64url");
}
function decrypt(text: string, secrets: readonly Secret[]): string {
  const bytes = Buffer.from(text, "base64url");
  for (const secret of secrets) {
    try {
      const decipher = createDecipheriv("aes-256-gcm", encryptionKey(secret), bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
    } catch {
      // Sealed with another key; the next one may open it.
    }
  }
  throw new WebError("signature", "The session was not encrypted with any of the known keys.");
}

/** Never fails because of what the browser sent: a bad cookie is an empty session. */
export function openSession(config: Config, cookies: ReadonlyMap<string, string>): Session {
  const keys = secretKeys(config);
  if (keys.length === 0) return new Session(null, NO_KEY);
  const cookie = cookies.get(sessionCookieName(config));
  if (cookie === undefined) return new Session(null);
  try {
    const { value } = new TimedSigner(keys, { salt: SALT }).unsign(cookie, {
      maxAge: config.PERMANENT_SESSION_LIFETIME,
    });
    const data = loadTagged(config.SESSION_ENCRYPT ? decrypt(value, keys) : unpackPayload(value));
    return typeof data === "object" && data !== null && !Array.isArray(data)
      ? new Session(data as Record<string, unknown>)
      : new Session(null);
  } catch {
    return new Session(null);
  }
}

/** The signed text for a session, also used by the test client. */
export function sealSession(config: Config, session: Session): string {
  const keys = secretKeys(config);
  const [first] = keys;
  if (first === undefined) throw new WebError("no-secret-key", NO_KEY);
  const text = session.serialize();
  return new TimedSigner(keys, { salt: SALT }).sign(config.SESSION_ENCRYPT ? encrypt(text, first) : packPayload(text));
}

function flags(config: Config, isSecure: boolean): CookieOptions {
  const pinned = config.SESSION_COOKIE_HOST_PREFIX;
  const domain = pinned ? null : config.SESSION_COOKIE_DOMAIN;
  return {
    path: pinned ? "/" : (config.SESSION_COOKIE_PATH ?? config.APPLICATION_ROOT),
    httpOnly: config.SESSION_COOKIE_HTTPONLY,
    secure: pinned || (config.SESSION_COOKIE_SECURE ?? isSecure),
    partitioned: config.SESSION_COOKIE_PARTITIONED,
    ...(config.SESSION_COOKIE_SAMESITE === null ? {} : { sameSite: config.SESSION_COOKIE_SAMESITE }),
    ...(domain === null ? {} : { domain }),
  };
}

/** Adds Vary and, when needed, Set-Cookie to the answer. `warn` hears of a cookie that is too large. */
export function saveSession(
  config: Config,
  session: Session,
  isSecure: boolean,
  headers: Headers,
  warn: (text: string) => void,
): void {
  if (!session.accessed) return;
  const vary = (headers.get("vary") ?? "").split(",").map((v) => v.trim().toLowerCase());
  if (!vary.includes("cookie") && !vary.includes("*")) headers.append("Vary", "Cookie");
  const modified = session.modified;
  const name = sessionCookieName(config);
  if (session.isEmpty) {
    if (modified)
      headers.append(
        "Set-Cookie",
        serializeCookie(name, "", { ...flags(config, isSecure), expires: new Date(0), maxAge: 0 }),
      );
    return;
  }
  if (!modified && !(session.permanent && config.SESSION_REFRESH_EACH_REQUEST)) return;
  const life = config.PERMANENT_SESSION_LIFETIME;
  const cookie = serializeCookie(name, sealSession(config, session), {
    ...flags(config, isSecure),
    ...(session.permanent ? { expires: new Date(Date.now() + life * 1000), maxAge: life } : {}),
  });
  if (Buffer.byteLength(cookie) > COOKIE_LIMIT)
    warn(
      `The session cookie '${name}' has ${Buffer.byteLength(cookie)} bytes; browsers ignore cookies above ${COOKIE_LIMIT}. Store less: keys instead of objects.`,
    );
  headers.append("Set-Cookie", cookie);
}
