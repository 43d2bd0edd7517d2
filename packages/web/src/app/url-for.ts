/** Builds URLs from endpoints, inside and outside requests (Flask: url_for). */
import type { Config } from "../config/config.js";
import { WebError } from "../errors/web-error.js";
import type { UrlMap } from "../routing/url-map.js";
import type { UrlValues } from "./application.js";
import type { Context } from "./context.js";
import type { UrlDefaults } from "./hooks.js";

export interface UrlSite {
  readonly map: UrlMap;
  readonly config: Config;
  readonly context: Context | undefined;
  defaultsFor(endpoint: string): readonly UrlDefaults[];
}

function isBelow(host: string | null, server: string | null): boolean {
  return host !== null && server !== null && (host === server || host.endsWith(`.${server}`));
}

function query(rest: Readonly<Record<string, unknown>>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(rest)) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (one !== undefined && one !== null)
        params.append(key, one instanceof Date ? one.toISOString() : String(one as string | number));
    }
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

/**
 * @throws WebError "build-url" for an unknown endpoint or missing values, listing the candidates
 */
export function buildUrl(site: UrlSite, endpoint: string, values: UrlValues = {}): string {
  const { _external, _anchor, _scheme, _method, ...given } = values;
  const { context, config } = site;
  let name = endpoint;
  if (endpoint.startsWith(".")) {
    if (context === undefined)
      throw new WebError(
        "build-url",
        `The relative endpoint '${endpoint}' needs a request, to know the current blueprint. Use the full name.`,
      );
    name = context.blueprint === null ? endpoint.slice(1) : context.blueprint + endpoint;
  }
  const all: Record<string, unknown> = { ...given };
  for (const fn of site.defaultsFor(name)) fn(name, all);
  const { path, rest, rule, subdomain } = site.map.build(name, all, _method);
  const root = (context?.request.scriptRoot ?? config.APPLICATION_ROOT).replace(/\/+$/, "");
  const local = `${root}${path}${query(rest)}${_anchor === undefined ? "" : `#${encodeURIComponent(_anchor)}`}`;
  const here = context?.request.host ?? config.SERVER_NAME;
  // With subdomains in play the host follows from the rule, not from where the request came in.
  const own = rule.subdomain === undefined ? config.SERVER_NAME : `${subdomain}.${config.SERVER_NAME}`;
  const host = site.map.hasSubdomains && isBelow(here, config.SERVER_NAME) ? own : here;
  if (!(_external ?? (context === undefined || _scheme !== undefined || host !== here))) return local;
  if (host === null) {
    throw new WebError(
      "build-url",
      `urlFor("${endpoint}") outside a request needs the configuration key SERVER_NAME (such as "example.com") to know the host, or { _external: false } for the path alone.`,
    );
  }
  const scheme = _scheme ?? context?.request.scheme ?? config.PREFERRED_URL_SCHEME;
  return scheme === "" ? `//${host}${local}` : `${scheme}://${host}${local}`;
}
