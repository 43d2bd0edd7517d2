/** Which address a request really came for: forwarded headers count only for the hops you vouch for (Werkzeug: ProxyFix). */
import { SecurityError } from "../errors/http-error.js";

/** How many proxies set each header; 0, the default, ignores it. */
export interface ProxyHops {
  /** X-Forwarded-For */
  readonly for?: number;
  /** X-Forwarded-Proto */
  readonly proto?: number;
  /** X-Forwarded-Host */
  readonly host?: number;
  /** X-Forwarded-Port */
  readonly port?: number;
  /** X-Forwarded-Prefix */
  readonly prefix?: number;
}

/** The address as the outermost trusted proxy saw it. */
export interface SeenAddress {
  readonly url: URL;
  readonly remoteAddr: string | undefined;
  readonly scriptRoot: string;
}

/** The entry that the n-th proxy from our side wrote. */
function hop(headers: Headers, name: string, n: number | undefined): string | undefined {
  if (n === undefined || n <= 0) return undefined;
  const values = (headers.get(name) ?? "")
    .split(",")
    .map((v) => v.trim())
    .filter((v) => v !== "");
  return values.length >= n ? values[values.length - n] : undefined;
}

export function seenAddress(raw: Request, peer: string | undefined, hops: ProxyHops | undefined): SeenAddress {
  const url = new URL(raw.url);
  if (hops === undefined) return { url, remoteAddr: peer, scriptRoot: "" };
  const proto = hop(raw.headers, "x-forwarded-proto", hops.proto);
  const host = hop(raw.headers, "x-forwarded-host", hops.host);
  const port = hop(raw.headers, "x-forwarded-port", hops.port);
  const prefix = hop(raw.headers, "x-forwarded-prefix", hops.prefix) ?? "";
  if (proto === "http" || proto === "https") {
    // Changing the protocol would keep port 80 as an explicit one, so the default port is dropped first.
    url.protocol = `${proto}:`;
  }
  if (host !== undefined && /^[A-Za-z0-9._\-[\]:]+$/.test(host)) {
    url.port = "";
    url.host = host;
  }
  if (port !== undefined && /^\d{1,5}$/.test(port)) url.port = port;
  const scriptRoot = /^\/[^\s"<>\\]*$/.test(prefix) && !prefix.startsWith("//") ? prefix.replace(/\/+$/, "") : "";
  return { url, remoteAddr: hop(raw.headers, "x-forwarded-for", hops.for) ?? peer, scriptRoot };
}

/**
 * Refuses a host outside the list; an entry that starts with "." takes every subdomain too.
 *
 * @throws SecurityError 400
 */
export function checkHost(host: string, trusted: readonly string[] | null): void {
  if (trusted === null || trusted.length === 0) return;
  const name = host.replace(/:\d+$/, "").toLowerCase();
  for (const entry of trusted) {
    const wanted = entry.toLowerCase().replace(/:\d+$/, "");
    if (wanted.startsWith(".") ? name === wanted.slice(1) || name.endsWith(wanted) : name === wanted) return;
  }
  throw new SecurityError({ description: "This server does not answer for that host." });
}
