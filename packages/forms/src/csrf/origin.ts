/**
 * The second layer: does the browser say that the request comes from this very site? `Sec-Fetch-Site` is asked first,
 * then `Origin`, then `Referer`; compared are scheme, host and port as the trusted proxies report them.
 */

/** What is looked at. */
export interface OriginFace {
  readonly headers: { get(name: string): string | null };
  /** Scheme, host and port of the site, as "https://example.com". */
  readonly origin: string;
  readonly isSecure: boolean;
}

/** Why the origin was refused; also message ids for translation. */
export const originReasons = {
  otherSite: "The request comes from another site.",
  otherOrigin: "The origin does not match the host.",
  noReferrer: "The referrer header is missing.",
  otherReferrer: "The referrer does not match the host.",
} as const;

/**
 * Null when the request may pass, else the reason. Without any of the headers, http passes and https does not.
 *
 * @param trusted other origins whose pages may post here
 */
export function checkOrigin(request: OriginFace, trusted: readonly string[] = []): string | null {
  const site = request.headers.get("sec-fetch-site");
  if (site === "same-origin" || site === "none") return null;
  const origin = request.headers.get("origin");
  const friendly = (url: string): boolean => {
    const from = originOf(url);
    return from !== null && (from === originOf(request.origin) || trusted.some((other) => originOf(other) === from));
  };
  if (origin !== null) {
    if (!friendly(origin)) return originReasons.otherOrigin;
    // A friendly origin may be a sibling site that is trusted by name.
    return null;
  }
  if (site !== null) return originReasons.otherSite;
  const referrer = request.headers.get("referer");
  if (referrer === null || referrer === "") return request.isSecure ? originReasons.noReferrer : null;
  return friendly(referrer) ? null : originReasons.otherReferrer;
}

function originOf(url: string): string | null {
  try {
    const { origin } = new URL(url);
    return origin === "null" ? null : origin;
  } catch {
    return null;
  }
}
