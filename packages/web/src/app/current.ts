/** Free functions that act on the running app. */
import type { RouteRegistry } from "../augment.js";
import { NoContextError, WebError } from "../errors/web-error.js";
import { safeNextFrom } from "../http/redirect.js";
import type { HeldStream } from "../http/stream.js";
import type { RouteArgs } from "../routing/route-args.js";
import { currentScope } from "../scope/scope.js";
import { App } from "./app.js";
import type { UrlValues } from "./application.js";
import { currentContext } from "./context.js";

/**
 * The app whose scope is running.
 *
 * @throws NoContextError outside any scope
 */
export function currentApp(): App {
  const owner = currentScope()?.owner;
  if (owner === undefined) throw new NoContextError("currentApp()");
  if (!(owner instanceof App)) throw new WebError("no-context", "The running scope does not belong to an app.");
  return owner;
}

/** Values for an endpoint: checked when it is in the registry, free otherwise. */
export type ValuesFor<E extends string> = E extends keyof RouteRegistry
  ? RouteArgs<RouteRegistry[E] & string> & UrlValues
  : UrlValues;

/** Values may be left out when the rule needs none. */
export type UrlArguments<E extends string> = {} extends ValuesFor<E> ? [values?: ValuesFor<E>] : [values: ValuesFor<E>];

/**
 * The URL of an endpoint of the running app; values that the rule does not use become the query string.
 *
 * @throws WebError "build-url"
 * @example urlFor("blog.show", { id: 1, page: 2 }) // "/blog/1?page=2"
 */
export function urlFor<E extends string>(
  endpoint: E | (keyof RouteRegistry & string),
  ...[values]: UrlArguments<E>
): string {
  return currentApp().urlFor(endpoint, values);
}

/**
 * Where to go after login: the target if it stays on this site, else the fallback.
 *
 * @example return redirect(safeNext(c.request.args.get("next"), urlFor("index")));
 */
export function safeNext(target: string | null | undefined, fallback = "/"): string {
  return safeNextFrom(target, currentContext().request.url, fallback);
}

/**
 * Renders a template of the running app (Flask: render_template).
 *
 * @example return render("index.html", { data: await Todo.query().all() });
 */
export function render(name: string | readonly string[], context?: Record<string, unknown>): Promise<string> {
  return currentApp().render(name, context);
}

/** Renders template text with everything the running app adds (Flask: render_template_string). */
export function renderString(source: string, context?: Record<string, unknown>): Promise<string> {
  return currentApp().renderString(source, context);
}

/** Renders piece by piece (Flask: stream_template). */
export function renderStream(name: string | readonly string[], context?: Record<string, unknown>): HeldStream {
  return currentApp().renderStream(name, context);
}
