/** CSRF protection for a whole app: every POST, PUT, PATCH and DELETE needs a token. Source: Flask-WTF, "CSRF Protection". */
import { FormError } from "../errors.js";
import { type App, BadRequest, Blueprint, type Context, currentContext, findContext } from "../web.js";
import { checkOrigin } from "./origin.js";
import { csrfDefaults, headerToken, type RequestCsrf, requestCsrf } from "./provider.js";

/**
 * A request without a good token: 400, with the reason. Answer it yourself with
 * `app.errorHandler(CSRFError, (error) => render("csrf.html", { reason: error.reason }))`.
 */
export class CSRFError extends BadRequest {
  override readonly code = "forms.csrf";
  /** Such as "The CSRF token has expired." */
  readonly reason: string;

  constructor(reason: string) {
    super({ description: reason });
    this.reason = reason;
  }
}

type View = (...args: never[]) => unknown;
/** The part of an app that set-up needs; every `createApp()` has it. */
type ProtectedApp = Pick<
  App<never>,
  "config" | "extensions" | "blueprints" | "map" | "routeOf" | "beforeRequest" | "templateGlobal"
>;

/**
 * Checks the token of every changing request: the form field, a field that ends in its name (forms with a prefix), or
 * the header `X-CSRFToken`, which JSON needs too. Then it asks whether the browser names another site as the sender.
 * Templates get `csrf_token()`.
 *
 * ```ts
 * const csrf = new CSRFProtect(app);
 * app.post("/webhook", csrf.exempt(async function webhook(c) { ... }));
 * ```
 */
export class CSRFProtect {
  readonly #views = new WeakSet<object>();
  readonly #blueprints = new WeakSet<object>();
  readonly #endpoints = new Set<string>();

  constructor(app?: ProtectedApp) {
    if (app !== undefined) this.initApp(app);
  }

  /** @throws FormError `forms.csrf-config` when the app has a CSRFProtect already. */
  initApp(app: ProtectedApp): this {
    if (app.extensions.has("csrf"))
      throw new FormError("forms.csrf-config", "This app has a CSRFProtect already; use that one's exempt().");
    app.extensions.set("csrf", this);
    app.config.know(...Object.keys(csrfDefaults));
    app.templateGlobal("csrf_token", csrfToken);
    app.templateGlobal("csrfToken", csrfToken);
    app.beforeRequest(async (c) => {
      if (c.endpoint === null || c.routingError !== null) return;
      const state = requestCsrf(c);
      if (state === null || !state.config.WTF_CSRF_CHECK_DEFAULT || this.#isExempt(app, c)) return;
      await protectRequest(c, state);
    });
    return this;
  }

  /** Excludes a view, a blueprint with everything in it, or an endpoint by its name; gives it back. */
  exempt<V extends View | Blueprint | string>(view: V): V {
    const target: View | Blueprint | string = view;
    if (typeof target === "string") this.#endpoints.add(target);
    else if (target instanceof Blueprint) this.#blueprints.add(target);
    else this.#views.add(target);
    return view;
  }

  /**
   * Checks the running request now; for WTF_CSRF_CHECK_DEFAULT = false.
   *
   * @throws CSRFError
   */
  async protect(context: Context = currentContext()): Promise<void> {
    const state = requestCsrf(context);
    if (state !== null) await protectRequest(context, state);
  }

  #isExempt(app: ProtectedApp, c: Context): boolean {
    if (c.endpoint !== null && this.#endpoints.has(c.endpoint)) return true;
    for (const name of c.blueprints) {
      const blueprint = app.blueprints.get(name);
      if (blueprint !== undefined && this.#blueprints.has(blueprint)) return true;
    }
    const rules = c.endpoint === null ? [] : app.map.rulesFor(c.endpoint);
    return rules.some((rule) => {
      const handler: unknown = app.routeOf(rule)?.handler;
      return typeof handler === "function" && this.#views.has(handler);
    });
  }
}

/** The running request's token for templates and scripts; empty while CSRF is switched off. */
export function csrfToken(): string {
  return requestCsrf(currentContext())?.token() ?? "";
}

/** Makes all earlier tokens of this session worthless; call it when a user logs in. */
export function rotateCsrf(context: Context | undefined = findContext()): void {
  if (context !== undefined) requestCsrf(context)?.rotate();
}

async function protectRequest(c: Context, state: RequestCsrf): Promise<void> {
  const { config } = state;
  if (!config.WTF_CSRF_METHODS.some((method) => method.toUpperCase() === c.request.method)) return;
  const reason =
    state.check(await findToken(c, state)) ??
    (config.WTF_CSRF_SSL_STRICT ? checkOrigin(c.request, config.WTF_CSRF_TRUSTED_ORIGINS) : null);
  if (reason !== null) {
    c.app.logger.info(`CSRF: ${c.request.method} ${c.request.path} refused. ${reason}`);
    throw new CSRFError(reason);
  }
  state.passed = true;
}

async function findToken(c: Context, { config }: RequestCsrf): Promise<string | null> {
  const header = headerToken(c, config);
  if (header !== null) return header;
  const name = config.WTF_CSRF_FIELD_NAME;
  if (c.request.isJson) {
    const body = await c.request.json<unknown>({ silent: true });
    const value =
      typeof body === "object" && body !== null && Object.hasOwn(body, name)
        ? (body as Record<string, unknown>)[name]
        : null;
    return typeof value === "string" ? value : null;
  }
  const form = await c.request.form();
  const plain = form.get(name, "");
  if (plain !== "") return plain;
  for (const [key, value] of form) if (key.endsWith(name) && value !== "") return value;
  return null;
}
