/** What apps and blueprints share: routes, hooks, error handlers (Flask: Scaffold). */

import {
  type CommandHandler,
  type CommandOptions,
  type CommandSettings,
  Commands,
  type CommandValues,
} from "../commands/command.js";
import { HTTPError } from "../errors/http-error.js";
import { WebError } from "../errors/web-error.js";
import type { RouteArgs } from "../routing/route-args.js";
import type { Context } from "./context.js";
import {
  type AfterRequest,
  type BeforeRequest,
  type ContextProcessor,
  type ErrorClass,
  type ErrorHandler,
  type HookSet,
  newHookSet,
  type TeardownRequest,
  type UrlDefaults,
  type ValuePreprocessor,
} from "./hooks.js";

/** A view: gets the context, returns the answer. */
export type Handler<A = Readonly<Record<string, unknown>>> = (this: void, c: Context<A>) => unknown;

export interface RouteOptions {
  /** Default ["GET"]; HEAD comes with GET, OPTIONS always. */
  readonly methods?: readonly string[];
  /** Endpoint, when the function's name will not do. */
  readonly name?: string;
  /** false: "/a/" also answers at "/a" and the reverse, without a redirect. */
  readonly strictSlashes?: boolean;
  /** Arguments with fixed values, for several rules on one endpoint. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** false: OPTIONS is left to you. */
  readonly automaticOptions?: boolean;
  /** Answers at this part in front of SERVER_NAME only; may hold arguments, which are in `c.args`. */
  readonly subdomain?: string;
}

/** Shortcuts such as `get` fix the method. */
export type MethodRouteOptions = Omit<RouteOptions, "methods">;

/** A route before it is bound to an app. */
export interface RouteRecord {
  readonly rule: string;
  readonly methods: ReadonlySet<string>;
  readonly endpoint: string;
  readonly handler: Handler<never>;
  readonly strictSlashes: boolean;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly automaticOptions: boolean;
  readonly subdomain?: string | undefined;
}

function endpointName(handler: Function, options: RouteOptions, rule: string): string {
  const name = options.name ?? handler.name.replace(/^bound /, "");
  if (name === "" || name === "anonymous") {
    throw new WebError(
      "endpoint",
      `The handler of '${rule}' has no name, and the endpoint is called after it. Write \`async function index(c) { ... }\`, or give one: app.get("${rule}", { name: "index" }, (c) => ...).`,
    );
  }
  if (name.includes("."))
    throw new WebError(
      "endpoint",
      `The endpoint '${name}' of '${rule}' must not contain a dot: dots separate blueprints.`,
    );
  return name;
}

/** Everything that can be registered on both. X collects custom converter types. */
export abstract class Scaffold<X = {}> {
  readonly hooks: HookSet = newHookSet();
  /** Commands of its own for `athanor`. */
  readonly commands = new Commands();

  /** Throws when it is too late to register. */
  protected abstract assertOpen(what: string): void;
  protected abstract addRoute(route: RouteRecord): void;

  /**
   * Binds a rule to a handler.
   *
   * @throws WebError "endpoint" without a name or with a taken one, "route" for a malformed rule, "setup-finished" after the first request
   * @example app.route("/todo", { methods: ["GET", "POST"] }, async function todo(c) { ... });
   */
  route<const S extends string>(rule: S, handler: Handler<RouteArgs<S, X>>): this;
  route<const S extends string>(rule: S, options: RouteOptions, handler: Handler<RouteArgs<S, X>>): this;
  route(rule: string, first: RouteOptions | Handler<never>, second?: Handler<never>): this {
    const options = typeof first === "function" ? {} : first;
    const handler = typeof first === "function" ? first : second;
    this.assertOpen(`route '${rule}'`);
    if (typeof handler !== "function")
      throw new WebError("route", `The rule '${rule}' needs a function as its handler.`);
    if ("method" in options)
      throw new WebError(
        "route",
        `The rule '${rule}' has the option 'method'. Did you mean 'methods', as in { methods: ["POST"] }?`,
      );
    if (typeof options.methods === "string")
      throw new WebError(
        "route",
        `The methods of '${rule}' must be a list: { methods: ["${String(options.methods)}"] }.`,
      );
    const methods = new Set((options.methods ?? ["GET"]).map((m) => m.toUpperCase()));
    if (methods.size === 0) throw new WebError("route", `The rule '${rule}' has an empty list of methods.`);
    if (methods.has("GET")) methods.add("HEAD");
    const automaticOptions = options.automaticOptions ?? !methods.has("OPTIONS");
    if (automaticOptions) methods.add("OPTIONS");
    this.addRoute({
      rule,
      methods,
      endpoint: endpointName(handler, options, rule),
      handler,
      strictSlashes: options.strictSlashes ?? true,
      defaults: options.defaults ?? {},
      automaticOptions,
      subdomain: options.subdomain,
    });
    return this;
  }

  get<const S extends string>(rule: S, handler: Handler<RouteArgs<S, X>>): this;
  get<const S extends string>(rule: S, options: MethodRouteOptions, handler: Handler<RouteArgs<S, X>>): this;
  get(rule: string, first: MethodRouteOptions | Handler<never>, second?: Handler<never>): this {
    return this.#shortcut("GET", rule, first, second);
  }
  post<const S extends string>(rule: S, handler: Handler<RouteArgs<S, X>>): this;
  post<const S extends string>(rule: S, options: MethodRouteOptions, handler: Handler<RouteArgs<S, X>>): this;
  post(rule: string, first: MethodRouteOptions | Handler<never>, second?: Handler<never>): this {
    return this.#shortcut("POST", rule, first, second);
  }
  put<const S extends string>(rule: S, handler: Handler<RouteArgs<S, X>>): this;
  put<const S extends string>(rule: S, options: MethodRouteOptions, handler: Handler<RouteArgs<S, X>>): this;
  put(rule: string, first: MethodRouteOptions | Handler<never>, second?: Handler<never>): this {
    return this.#shortcut("PUT", rule, first, second);
  }
  patch<const S extends string>(rule: S, handler: Handler<RouteArgs<S, X>>): this;
  patch<const S extends string>(rule: S, options: MethodRouteOptions, handler: Handler<RouteArgs<S, X>>): this;
  patch(rule: string, first: MethodRouteOptions | Handler<never>, second?: Handler<never>): this {
    return this.#shortcut("PATCH", rule, first, second);
  }
  delete<const S extends string>(rule: S, handler: Handler<RouteArgs<S, X>>): this;
  delete<const S extends string>(rule: S, options: MethodRouteOptions, handler: Handler<RouteArgs<S, X>>): this;
  delete(rule: string, first: MethodRouteOptions | Handler<never>, second?: Handler<never>): this {
    return this.#shortcut("DELETE", rule, first, second);
  }

  #shortcut(method: string, rule: string, first: MethodRouteOptions | Handler<never>, second?: Handler<never>): this {
    const options = typeof first === "function" ? {} : first;
    if ("methods" in options)
      throw new WebError(
        "route",
        `app.${method.toLowerCase()}("${rule}") fixes its method; for several use app.route("${rule}", { methods: [...] }, ...).`,
      );
    // The public overloads tie the handler to the rule; here both are plain values.
    return this.route(
      rule,
      { ...options, methods: [method] },
      (typeof first === "function" ? first : second) as Handler<RouteArgs<string, X>>,
    );
  }

  /**
   * Adds a command: `athanor seed 10 --fast`. It runs in a scope of its own, with `db.session`; the commands of a
   * blueprint are a group of its name.
   *
   * @throws WebError "command"
   * @example app.command("seed <count>", { options: { fast: { type: "boolean" } } }, async ({ count, fast }, { print }) => { … });
   */
  command<const S extends string>(words: S, handler: CommandHandler<CommandValues<S, {}>>): this;
  command<const S extends string, const O extends CommandOptions = {}>(
    words: S,
    settings: CommandSettings<O>,
    handler: CommandHandler<CommandValues<S, O>>,
  ): this;
  command(words: string, first: CommandSettings | CommandHandler<never>, second?: CommandHandler<never>): this {
    this.assertOpen(`command '${words}'`);
    const handler = typeof first === "function" ? first : second;
    // The overloads tie the handler to the words; here both are plain values.
    this.commands.add(words, typeof first === "function" ? {} : first, handler as CommandHandler<unknown>);
    return this;
  }

  /** Runs before the handler; the first that returns something answers in its place. */
  beforeRequest(fn: BeforeRequest): this {
    return this.#hook("beforeRequest", this.hooks.before, fn);
  }
  /** Runs on every answer, error pages included, in reverse order of registration. */
  afterRequest(fn: AfterRequest): this {
    return this.#hook("afterRequest", this.hooks.after, fn);
  }
  /** Runs at the end of every request, whatever happened, with the unhandled error or null. */
  teardownRequest(fn: TeardownRequest): this {
    return this.#hook("teardownRequest", this.hooks.teardown, fn);
  }
  /** Adds values to every template that this app or blueprint renders. */
  contextProcessor(fn: ContextProcessor): this {
    return this.#hook("contextProcessor", this.hooks.contextProcessors, fn);
  }
  /** Reads or changes route arguments before the beforeRequest hooks. */
  urlValuePreprocessor(fn: ValuePreprocessor): this {
    return this.#hook("urlValuePreprocessor", this.hooks.valuePreprocessors, fn);
  }
  /** Adds default values to urlFor. */
  urlDefaults(fn: UrlDefaults): this {
    return this.#hook("urlDefaults", this.hooks.urlDefaults, fn);
  }

  #hook<F>(what: string, list: F[], fn: F): this {
    this.assertOpen(what);
    list.push(fn);
    return this;
  }

  /**
   * Answers errors of a status or a class.
   *
   * @example app.errorHandler(404, (error) => [render("404.html"), 404]);
   */
  errorHandler<E>(cls: ErrorClass<E>, handler: ErrorHandler<E>): this;
  errorHandler(status: number, handler: ErrorHandler<HTTPError>): this;
  errorHandler(key: number | ErrorClass, handler: ErrorHandler<never>): this {
    this.assertOpen("errorHandler");
    const { code, cls } = typeof key === "number" ? statusKey(key) : classKey(key);
    const classes = this.hooks.errors.get(code) ?? new Map<ErrorClass, ErrorHandler<unknown>>();
    // The lookup only ever passes instances of `cls` to it.
    classes.set(cls, handler as ErrorHandler<unknown>);
    this.hooks.errors.set(code, classes);
    return this;
  }
}

function statusKey(status: number): { code: number; cls: ErrorClass } {
  if (!Number.isInteger(status) || status < 400 || status > 599)
    throw new WebError("route", `errorHandler() takes an error status (400 to 599) or a class, not ${status}.`);
  // Under the base class, so that your own subclass with this status is met too.
  return { code: status, cls: HTTPError };
}

function classKey(cls: ErrorClass): { code: number | null; cls: ErrorClass } {
  if (typeof cls !== "function")
    throw new WebError("route", "errorHandler() takes a status or an error class, not an instance.");
  const status: unknown = cls.prototype instanceof HTTPError ? (cls as unknown as typeof HTTPError).status : undefined;
  return { code: typeof status === "number" ? status : null, cls };
}
