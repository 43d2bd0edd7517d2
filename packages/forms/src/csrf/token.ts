/**
 * CSRF tokens: a random secret in the session, signed with the time under its own salt, masked anew for every response
 * so that compression cannot leak it (BREACH). Source: Flask-WTF, "CSRF Protection"; OWASP CSRF cheat sheet.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { TimedSigner } from "../web.js";

/** The session as CSRF needs it. */
export interface SessionFace {
  get(key: string): unknown;
  set(key: string, value: unknown): unknown;
}

/** Where secrets come from and how long a token lives. */
export interface TokenSettings {
  /** The first key signs, all verify. */
  readonly keys: readonly (string | Uint8Array)[];
  /** Key of the secret in the session. */
  readonly fieldName: string;
  /** Seconds; null: as long as the session. */
  readonly timeLimit: number | null;
}

/** Why a token was refused; these are also message ids for translation. */
export const csrfReasons = {
  missing: "The CSRF token is missing.",
  sessionMissing: "The CSRF session token is missing.",
  expired: "The CSRF token has expired.",
  invalid: "The CSRF token is invalid.",
  mismatch: "The CSRF tokens do not match.",
} as const;

const salt = "wtf-csrf-token";

/** A fresh token for the session, which gets a secret if it has none. */
export function generateCsrf(session: SessionFace, settings: TokenSettings): string {
  let secret = session.get(settings.fieldName);
  if (typeof secret !== "string" || !/^[\w-]{32,}$/.test(secret)) {
    secret = randomBytes(24).toString("base64url");
    session.set(settings.fieldName, secret);
  }
  return mask(new TimedSigner(settings.keys, { salt }).sign(secret as string));
}

/** Null when the token belongs to the session and is young enough, else the reason. */
export function validateCsrf(token: string | null, session: SessionFace, settings: TokenSettings): string | null {
  if (token === null || token === "") return csrfReasons.missing;
  const secret = session.get(settings.fieldName);
  if (typeof secret !== "string") return csrfReasons.sessionMissing;
  const signed = unmask(token);
  if (signed === null) return csrfReasons.invalid;
  let value: string;
  try {
    ({ value } = new TimedSigner(settings.keys, { salt }).unsign(signed, { maxAge: settings.timeLimit }));
  } catch (error) {
    const { reason, code } = error as { reason?: unknown; code?: unknown };
    if (reason === "expired") return csrfReasons.expired;
    if (reason !== undefined || code === "signature") return csrfReasons.invalid;
    throw error;
  }
  const given = Buffer.from(value);
  const expected = Buffer.from(secret);
  return given.length === expected.length && timingSafeEqual(given, expected) ? null : csrfReasons.mismatch;
}

function mask(text: string): string {
  const plain = Buffer.from(text);
  const pad = randomBytes(plain.length);
  return Buffer.concat([pad, xor(plain, pad)]).toString("base64url");
}

function unmask(token: string): string | null {
  if (!/^[\w-]{8,2048}$/.test(token)) return null;
  const bytes = Buffer.from(token, "base64url");
  if (bytes.length % 2 === 1) return null;
  const half = bytes.length / 2;
  return xor(bytes.subarray(half), bytes.subarray(0, half)).toString("latin1");
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((byte, index) => byte ^ b[index]!));
}
