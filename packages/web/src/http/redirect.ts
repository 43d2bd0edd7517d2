/** Redirects, and the guard against being redirected elsewhere by a crafted `next`. */
import { WebError } from "../errors/web-error.js";

const REDIRECTS = new Set([300, 301, 302, 303, 305, 307, 308]);

/**
 * A redirect; 303 by default, so that POST, PUT and DELETE are followed by GET (Flask 3.2).
 *
 * @param location a path or URL; never pass a visitor's text without `safeNext`
 */
export function redirect(location: string, status = 303): Response {
  if (!REDIRECTS.has(status))
    throw new WebError("return-value", `redirect() takes a redirect status (301, 302, 303, 307, 308), not ${status}.`);
  // Header values are Latin-1: anything else is percent-encoded, line breaks vanish.
  const safe = location
    .replace(/[\r\n\t]/g, "")
    .replace(/[\uD800-\uDFFF]/gu, "\uFFFD")
    .replace(/[^\x21-\x7e]/gu, (ch) => encodeURIComponent(ch));
  return new Response(null, { status, headers: { Location: safe } });
}

/**
 * The target if it stays on this site, else the fallback. Refuses "//host", "/\host", "javascript:" and other origins.
 *
 * @param target usually `c.request.args.get("next")`
 * @param base the address of this request
 */
export function safeNextFrom(target: string | null | undefined, base: string | URL, fallback: string): string {
  if (target === null || target === undefined || target === "") return fallback;
  try {
    const origin = new URL(base);
    const url = new URL(target, origin);
    if (
      url.origin !== origin.origin ||
      (url.protocol !== "http:" && url.protocol !== "https:") ||
      url.username !== "" ||
      url.password !== ""
    )
      return fallback;
    return `${url.pathname.replace(/^\/{2,}/, "/")}${url.search}${url.hash}`;
  } catch {
    return fallback;
  }
}
