/** Cookie header in, Set-Cookie header out (RFC 6265). */
import { WebError } from "../errors/web-error.js";

/** Attributes of a cookie. */
export interface CookieOptions {
  /** Seconds. */
  readonly maxAge?: number;
  readonly expires?: Date;
  /** Default "/". */
  readonly path?: string;
  readonly domain?: string;
  readonly secure?: boolean;
  readonly httpOnly?: boolean;
  readonly sameSite?: "Lax" | "Strict" | "None";
  readonly partitioned?: boolean;
}

/** Reads a Cookie header; of equal names the first wins. Values are percent-decoded where that is possible. */
export function parseCookies(header: string | null): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of (header ?? "").split(";")) {
    const eq = pair.indexOf("=");
    if (eq === -1) continue;
    const name = pair.slice(0, eq).trim();
    let value = pair.slice(eq + 1).trim();
    if (value.length >= 2 && value.startsWith('"') && value.endsWith('"')) value = value.slice(1, -1);
    if (name === "" || cookies.has(name)) continue;
    try {
      cookies.set(name, value.includes("%") ? decodeURIComponent(value) : value);
    } catch {
      cookies.set(name, value);
    }
  }
  return cookies;
}

/** Writes a Set-Cookie value. */
export function serializeCookie(name: string, value: string, options: CookieOptions = {}): string {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) throw new WebError("session", `'${name}' cannot name a cookie.`);
  for (const part of [options.path, options.domain]) {
    if (part !== undefined && /[;\r\n]/.test(part))
      throw new WebError("session", `'${part}' cannot be part of the cookie '${name}'.`);
  }
  let text = `${name}=${encodeURIComponent(value)}`;
  if (options.domain) text += `; Domain=${options.domain}`;
  if (options.expires !== undefined) text += `; Expires=${options.expires.toUTCString()}`;
  if (options.maxAge !== undefined) text += `; Max-Age=${Math.trunc(options.maxAge)}`;
  if (options.secure) text += "; Secure";
  if (options.httpOnly) text += "; HttpOnly";
  text += `; Path=${options.path ?? "/"}`;
  if (options.sameSite !== undefined) text += `; SameSite=${options.sameSite}`;
  if (options.partitioned) text += "; Partitioned";
  return text;
}
