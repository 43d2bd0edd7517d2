/** Keeps cookies between the test client's requests, by domain and path as a browser does. */
import { parseCookies } from "../http/cookies.js";

export interface StoredCookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly hostOnly: boolean;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: string | undefined;
  /** Milliseconds since 1970, or undefined for a session cookie. */
  readonly expires: number | undefined;
}

export class CookieJar {
  readonly #cookies = new Map<string, StoredCookie>();

  /** Takes in one Set-Cookie header. */
  receive(header: string, url: URL): void {
    const [pair = "", ...attributes] = header.split(";");
    const eq = pair.indexOf("=");
    const name = pair.slice(0, eq).trim();
    const found = new Map(
      attributes.map((a) => {
        const at = a.indexOf("=");
        return at === -1 ? [a.trim().toLowerCase(), ""] : [a.slice(0, at).trim().toLowerCase(), a.slice(at + 1).trim()];
      }),
    );
    const domain = found.get("domain")?.replace(/^\./, "").toLowerCase();
    const maxAge = found.get("max-age");
    const expires = found.get("expires");
    const cookie: StoredCookie = {
      name,
      value: parseCookies(pair).get(name) ?? "",
      domain: domain === undefined || domain === "" ? url.hostname : domain,
      hostOnly: domain === undefined || domain === "",
      path: found.get("path") || "/",
      secure: found.has("secure"),
      httpOnly: found.has("httponly"),
      sameSite: found.get("samesite"),
      expires:
        maxAge !== undefined
          ? Date.now() + Number(maxAge) * 1000
          : expires !== undefined
            ? Date.parse(expires)
            : undefined,
    };
    const key = `${cookie.domain};${cookie.path};${name}`;
    if (cookie.expires !== undefined && cookie.expires <= Date.now()) this.#cookies.delete(key);
    else this.#cookies.set(key, cookie);
  }

  #matching(url: URL): StoredCookie[] {
    return [...this.#cookies.values()]
      .filter((c) => {
        const host = c.hostOnly
          ? url.hostname === c.domain
          : url.hostname === c.domain || url.hostname.endsWith(`.${c.domain}`);
        const path = url.pathname === c.path || url.pathname.startsWith(c.path.endsWith("/") ? c.path : `${c.path}/`);
        return (
          host &&
          path &&
          (!c.secure || url.protocol === "https:") &&
          (c.expires === undefined || c.expires > Date.now())
        );
      })
      .sort((a, b) => b.path.length - a.path.length);
  }

  /** The Cookie header for an address, or null. */
  header(url: URL): string | null {
    const cookies = this.#matching(url);
    return cookies.length === 0 ? null : cookies.map((c) => `${c.name}=${encodeURIComponent(c.value)}`).join("; ");
  }

  get(name: string, url: URL): StoredCookie | undefined {
    return this.#matching(url).find((c) => c.name === name);
  }
  set(name: string, value: string, url: URL): void {
    this.receive(`${name}=${encodeURIComponent(value)}`, url);
  }
  delete(name: string, url: URL): void {
    for (const [key, c] of this.#cookies)
      if (c.name === name && this.#matching(url).includes(c)) this.#cookies.delete(key);
  }
  clear(): void {
    this.#cookies.clear();
  }
}
