/** One request from routing to answer, in Flask's order of hooks and error handlers (Flask: full_dispatch_request). */
import { debugPage, errorPage } from "../errors/error-page.js";
import { HTTPError, InternalServerError, MethodNotAllowed, NotFound } from "../errors/http-error.js";
import { WebError } from "../errors/web-error.js";
import { toResponse } from "../http/return-value.js";
import { NoMatch } from "../routing/converter.js";
import type { UrlMap } from "../routing/url-map.js";
import { checkHost } from "../security/proxy.js";
import { saveSession } from "../session/cookie-session.js";
import type { Application } from "./application.js";
import type { Context } from "./context.js";
import { findErrorHandler, type HookSet } from "./hooks.js";
import type { RouteRecord } from "./scaffold.js";
import type { Signals } from "./signals.js";

/** What dispatching needs of the app. */
export interface Dispatchable extends Application {
  readonly map: UrlMap;
  /** Hooks of the app and, by full name, of each blueprint. */
  readonly hooks: HookSet;
  readonly blueprintHooks: ReadonlyMap<string, HookSet>;
  readonly signals: Signals;
  routeOf(rule: object): RouteRecord | undefined;
}

/** The path is right but for a slash: a 308 that no error handler sees. */
class RequestRedirect extends HTTPError {
  constructor(location: string) {
    super(308, { response: new Response(null, { status: 308, headers: { Location: location } }) });
  }
}

/** What stands before SERVER_NAME; a host that is not below it counts as the bare one. */
function subdomainOf(app: Dispatchable, host: string): string {
  const { SERVER_NAME: server } = app.config;
  if (!app.map.hasSubdomains || server === null) return "";
  const end = `.${server.toLowerCase()}`;
  const name = host.toLowerCase();
  return name.endsWith(end) ? name.slice(0, -end.length) : "";
}

/** Finds the route and fills the context; failure is kept, to be thrown after the beforeRequest hooks. */
export function routeRequest(app: Dispatchable, c: Context): RouteRecord | undefined {
  const { request } = c;
  const found = app.map.match(request.method, request.path, subdomainOf(app, request.host));
  switch (found.kind) {
    case "found": {
      c.args = found.args;
      c.endpoint = found.rule.endpoint;
      c.rule = found.rule.rule;
      request.endpoint = c.endpoint;
      request.blueprint = c.blueprint;
      request.viewArgs = c.args;
      return app.routeOf(found.rule);
    }
    case "redirect":
      c.routingError = new RequestRedirect(
        `${request.scriptRoot}${found.path}${request.queryString === "" ? "" : `?${request.queryString}`}`,
      );
      return undefined;
    case "wrong-method":
      c.routingError = new MethodNotAllowed(found.allowed);
      return undefined;
    case "none":
      c.routingError = new NotFound();
      return undefined;
  }
}

/** Hook sets from the innermost blueprint out to the app. */
export function hookSets(app: Dispatchable, c: Context): HookSet[] {
  const own = c.blueprints.map((name) => app.blueprintHooks.get(name)).filter((set) => set !== undefined);
  return [...own, app.hooks];
}

/** Teardown hooks in the order they run: innermost blueprint first, each list backwards. */
export function teardownHooks(app: Dispatchable, c: Context): ((error: unknown) => unknown)[] {
  const hooks = hookSets(app, c).flatMap((set) =>
    set.teardown.toReversed().map((fn) => (error: unknown) => fn(error, c)),
  );
  if (app.signals.has("requestTearingDown"))
    hooks.push((error) => app.signals.send("requestTearingDown", { context: c, error }));
  return hooks;
}

/** Awaits what asynchronous converters gave; one that refuses turns the match into 404. */
async function settleArgs(c: Context): Promise<void> {
  const args = c.args as Record<string, unknown>;
  for (const [name, value] of Object.entries(args)) {
    if (!(value instanceof Promise)) continue;
    try {
      args[name] = await value;
    } catch (error) {
      c.routingError = error instanceof NoMatch ? new NotFound({ cause: error }) : error;
      return;
    }
  }
}

async function view(app: Dispatchable, c: Context, route: RouteRecord | undefined): Promise<unknown> {
  await settleArgs(c);
  const outward = hookSets(app, c);
  const inward = outward.toReversed();
  for (const set of inward) for (const fn of set.valuePreprocessors) fn(c.endpoint, c.args as Record<string, unknown>);
  for (const set of inward) {
    for (const fn of set.before) {
      const early = await fn(c);
      if (early !== undefined && early !== null) return early;
    }
  }
  if (c.routingError !== null) throw c.routingError;
  if (route === undefined) throw new NotFound();
  if (c.request.method === "OPTIONS" && route.automaticOptions) {
    return new Response(null, { status: 200, headers: { Allow: allowedMethods(app, c).join(", ") } });
  }
  // The route's handler was typed against its own rule, whose arguments are what the matcher produced.
  return (route.handler as (c: Context) => unknown)(c);
}

/** Every method that some rule for this path takes. */
function allowedMethods(app: Dispatchable, c: Context): string[] {
  const probe = app.map.match(" ", c.request.path, subdomainOf(app, c.request.host));
  return probe.kind === "wrong-method"
    ? [...probe.allowed]
    : [...(app.map.rulesFor(c.endpoint ?? "")[0]?.methods ?? [])].sort();
}

async function respond(app: Dispatchable, c: Context, returned: unknown): Promise<Response> {
  // [render("404.html"), 404]: the body of such a pair may still be on its way.
  const value =
    Array.isArray(returned) && returned[0] instanceof Promise
      ? [await returned[0], ...(returned as unknown[]).slice(1)]
      : returned;
  const who = c.endpoint === null ? "the answer to this request" : `the handler of the endpoint '${c.endpoint}'`;
  return toResponse(value, {
    what: `${who[0]!.toUpperCase()}${who.slice(1)}`,
    scope: c.scope,
    onStreamError: (error) => app.logger.error("A streamed answer broke off:", error),
    onLongStream: (text) => app.logger.warn(text),
  });
}

/** An HTTP error as our own class: Hono middleware throws its HTTPException, which only shares the shape. */
function asHttpError(error: unknown): HTTPError | undefined {
  if (error instanceof HTTPError) return error;
  if (
    error instanceof Error &&
    "getResponse" in error &&
    typeof error.getResponse === "function" &&
    "status" in error &&
    typeof error.status === "number"
  ) {
    const made = (error as { getResponse(): Response }).getResponse();
    return new HTTPError(error.status, { cause: error, response: made });
  }
  return undefined;
}

/** @throws whatever no handler takes, which then is an unhandled error */
async function userError(app: Dispatchable, c: Context, error: unknown): Promise<Response> {
  const http = asHttpError(error);
  if (http !== undefined) {
    if (http.status < 400 || http.response !== undefined) return errorPage(http, c.request.raw, app.debug);
    const handler = findErrorHandler(http, http.status, hookSets(app, c));
    return handler === undefined
      ? errorPage(http, c.request.raw, app.debug)
      : await respond(app, c, await handler(http, c));
  }
  const handler = findErrorHandler(error, null, hookSets(app, c));
  if (handler === undefined) throw error;
  return await respond(app, c, await handler(error, c));
}

/** afterRequest hooks and the session; a body that a hook replaced is cancelled, so that its scope is let go. */
async function processResponse(app: Dispatchable, c: Context, response: Response): Promise<Response> {
  let current = response;
  const swap = (next: Response | undefined | void) => {
    if (next === undefined) return;
    if (!(next instanceof Response))
      throw new WebError(
        "return-value",
        `An afterRequest hook returned ${typeof next}; it must return the Response, or nothing to keep it.`,
      );
    if (current.body !== null && next.body !== current.body && !current.body.locked)
      void current.body.cancel().catch(() => undefined);
    current = mutable(next);
  };
  for (const fn of c.afterThis) swap(await fn(current));
  for (const set of hookSets(app, c)) for (const fn of set.after.toReversed()) swap(await fn(current, c));
  const session = c.openedSession;
  if (session !== undefined) {
    saveSession(app.config, session, c.request.isSecure, current.headers, (text) => app.logger.warn(text));
  }
  await app.signals.send("requestFinished", { context: c, response: current });
  return current;
}

function mutable(response: Response): Response {
  try {
    response.headers.delete("x-athanor-probe");
    return response;
  } catch {
    return new Response(response.body, response);
  }
}

/** What came of a request. */
export interface Outcome {
  readonly response: Response;
  /** The error that nobody handled, or null; teardowns get it. */
  readonly unhandled: unknown;
}

/**
 * Unhandled: recorded, then answered by the handler for 500, else by a plain page.
 *
 * @throws the error itself when exceptions propagate (TESTING, PROPAGATE_EXCEPTIONS)
 */
export async function unhandledError(app: Dispatchable, c: Context, error: unknown): Promise<Outcome> {
  await app.signals.send("gotRequestException", { context: c, error });
  if (app.config.PROPAGATE_EXCEPTIONS ?? app.testing) throw error;
  app.logger.error(`Unhandled error on ${c.request.method} ${c.request.path}:`, error);
  if (app.debug) return { response: debugPage(error, c.request.raw), unhandled: error };
  const server = new InternalServerError(error);
  const handler = findErrorHandler(server, 500, hookSets(app, c));
  let response = errorPage(server, c.request.raw, app.debug);
  try {
    if (handler !== undefined) response = await respond(app, c, await handler(server, c));
    response = await processResponse(app, c, response);
  } catch (second) {
    app.logger.error("The error handler or an afterRequest hook failed too:", second);
  }
  return { response, unhandled: error };
}

/** Answers a request whose context is installed. */
export async function dispatch(app: Dispatchable, c: Context, route: RouteRecord | undefined): Promise<Outcome> {
  try {
    let response: Response;
    try {
      checkHost(c.request.host, app.config.TRUSTED_HOSTS);
      await app.signals.send("requestStarted", { context: c });
      response = await respond(app, c, await view(app, c, route));
    } catch (error) {
      response = await userError(app, c, error);
    }
    response = await processResponse(app, c, response);
    if (c.request.method === "HEAD" && response.body !== null) {
      // Nobody will read the body: cancelling it lets a streaming scope go.
      await response.body.cancel().catch(() => undefined);
      response = new Response(null, response);
    }
    return { response, unhandled: null };
  } catch (error) {
    return unhandledError(app, c, error);
  }
}

/** For errors thrown by Hono middleware, outside our own dispatching. */
export async function middlewareError(app: Dispatchable, c: Context, error: unknown): Promise<Outcome> {
  try {
    return { response: await processResponse(app, c, await userError(app, c, error)), unhandled: null };
  } catch (second) {
    return unhandledError(app, c, second);
  }
}
