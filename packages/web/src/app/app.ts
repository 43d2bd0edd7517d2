/** The application: collects routes and hooks, then answers requests inside one scope each (Flask: Flask). */
import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Hono, type Context as HonoContext, type MiddlewareHandler } from "hono";
import { type Config, type ConfigSource, createConfig } from "../config/config.js";
import { WebError } from "../errors/web-error.js";
import { AppRequest } from "../http/request.js";
import type { UploadedFile } from "../http/upload.js";
import { Renderer } from "../rendering/renderer.js";
import type { Converter } from "../routing/converter.js";
import type { Rule } from "../routing/rule.js";
import { UrlMap } from "../routing/url-map.js";
import { currentScope, type EndCallback, Scope, slotKey } from "../scope/scope.js";
import { type ProxyHops, seenAddress } from "../security/proxy.js";
import { secretKeys } from "../session/cookie-session.js";
import type { Secret } from "../session/signer.js";
import type { Environment } from "../templates/index.js";
import { type ClientOptions, TestClient } from "../testing/client.js";
import type { Application, UrlValues } from "./application.js";
import { type Blueprint, joinRule, mountings, type RegisterOptions } from "./blueprint.js";
import { Context, findContext, installContext } from "./context.js";
import { type Dispatchable, dispatch, middlewareError, routeRequest, teardownHooks } from "./dispatch.js";
import { type HookSet, mergeHooks } from "./hooks.js";
import { type Logger, stderrLogger } from "./logger.js";
import { type RunningServer, type RunOptions, runServer } from "./run.js";
import { type RouteRecord, Scaffold } from "./scaffold.js";
import { staticRoute } from "./static-route.js";
import { type TemplateFunction, TemplateRegistry } from "./template-registry.js";
import { buildUrl } from "./url-for.js";

export interface AppOptions {
  /** Shown in messages; default: the name of the app's folder or file. */
  readonly name?: string;
  /** The app's folder; default: the module's, else the working directory. */
  readonly root?: string;
  /** Mapping, object or class with UPPERCASE members. */
  readonly config?: ConfigSource;
  readonly templateFolder?: string;
  /** null: no static files. Default "static", used when it exists. */
  readonly staticFolder?: string | null;
  /** Default "/static". */
  readonly staticUrlPath?: string;
  /** For files the app makes (a SQLite database); default "instance" in the app's folder. */
  readonly instancePath?: string;
  readonly logger?: Logger;
}

type Env = { Bindings: Record<string, unknown> };
type Middleware = MiddlewareHandler;

/** Gives the shell names and values. */
export type ShellContext = () => Record<string, unknown> | Promise<Record<string, unknown>>;

const UNHANDLED = slotKey<{ error: unknown }>("unhandled error");

/** X collects the types of custom converters. Made by `createApp`. */
export class App<X = {}> extends Scaffold<X> implements Dispatchable {
  readonly name: string;
  readonly rootPath: string;
  readonly instancePath: string;
  readonly templateFolder: string;
  readonly staticFolder: string | null;
  readonly staticUrlPath: string;
  readonly config: Config;
  logger: Logger;
  readonly extensions = new Map<string, unknown>();
  readonly map = new UrlMap();
  readonly blueprints = new Map<string, Blueprint>();
  readonly blueprintHooks = new Map<string, HookSet>();
  /** Filters, tests and globals for templates. */
  readonly templates = new TemplateRegistry();
  readonly #shell: ShellContext[] = [];
  readonly #renderer = new Renderer(this);
  readonly #routes = new Map<Rule, RouteRecord>();
  readonly #middleware: (readonly [string, Middleware])[] = [];
  readonly #ends: EndCallback[] = [];
  readonly #starts: (() => unknown)[] = [];
  #hops: ProxyHops | undefined;
  #frozen = false;
  #started: Promise<void> | undefined;
  #hono: Hono<Env> | undefined;

  constructor(options: AppOptions = {}) {
    super();
    this.rootPath = options.root ?? process.cwd();
    this.name = options.name ?? (this.rootPath.split(/[\\/]/).filter(Boolean).at(-1) || "app");
    const inRoot = (folder: string) => (isAbsolute(folder) ? folder : join(this.rootPath, folder));
    this.instancePath = inRoot(options.instancePath ?? "instance");
    this.templateFolder = inRoot(options.templateFolder ?? "templates");
    this.config = createConfig(this.rootPath);
    if (options.config !== undefined) this.config.fromObject(options.config);
    this.logger = options.logger ?? stderrLogger(this.name, () => this.debug, () => currentScope()?.openedFor ?? "");
    const folder = options.staticFolder === null ? null : inRoot(options.staticFolder ?? "static");
    this.staticFolder = folder !== null && (options.staticFolder !== undefined || existsSync(folder)) ? folder : null;
    this.staticUrlPath = options.staticUrlPath ?? "/static";
    if (this.staticFolder !== null) this.addRoute(staticRoute(this.staticUrlPath, "static", this.staticFolder));
  }

  get debug(): boolean {
    return this.config.DEBUG === true;
  }
  set debug(on: boolean) {
    this.config.DEBUG = on;
  }
  get testing(): boolean {
    return this.config.TESTING === true;
  }
  set testing(on: boolean) {
    this.config.TESTING = on;
  }

  protected assertOpen(what: string): void {
    if (this.#frozen) throw new WebError("setup-finished", `The ${what} comes too late: the app has already answered a request. Do all set-up before the first one.`);
  }

  protected addRoute(route: RouteRecord): void {
    const [taken] = this.map.rulesFor(route.endpoint);
    if (taken !== undefined && this.#routes.get(taken)?.handler !== route.handler) {
      throw new WebError("endpoint", `The endpoint '${route.endpoint}' is already used by '${taken.rule}', with another function. Rename one, or give '${route.rule}' its own: { name: "..." }.`);
    }
    this.#routes.set(this.map.add(route), route);
  }

  routeOf(rule: object): RouteRecord | undefined {
    // Only the matcher calls this, with the rules it was given.
    return this.#routes.get(rule as Rule);
  }

  /**
   * Adds a converter for the rules that follow; give the result a name to keep its types.
   *
   * @example const app = createApp().converter("date", { parse: (s) => new Date(s), format: (d) => d.toISOString() });
   */
  converter<N extends string, T>(name: N, converter: Converter<T> | ((...options: never[]) => Converter<T>)): App<X & { [_ in N]: T }> {
    this.assertOpen(`converter '${name}'`);
    this.map.addConverter(name, converter);
    // The same object; only its type learns the new name.
    return this as unknown as App<X & { [_ in N]: T }>;
  }

  /** Adds Hono middleware, for all paths or those of a Hono pattern. It runs outside the hooks, inside the scope. */
  use(...middleware: Middleware[]): this;
  use(path: string, ...middleware: Middleware[]): this;
  use(first: string | Middleware, ...rest: Middleware[]): this {
    this.assertOpen("middleware");
    const path = typeof first === "string" ? first : "*";
    for (const mw of typeof first === "string" ? rest : [first, ...rest]) this.#middleware.push([path, mw]);
    return this;
  }

  /** Mounts a blueprint; its nested ones come along. */
  registerBlueprint(blueprint: Blueprint<never> | Blueprint, options: RegisterOptions = {}): this {
    this.assertOpen(`blueprint '${blueprint.name}'`);
    const mounted = mountings(blueprint as Blueprint, options);
    for (const { name, blueprint: bp } of mounted) {
      const other = this.blueprints.get(name);
      if (other !== undefined) {
        throw new WebError("blueprint", `The blueprint name '${name}' is taken${other === bp ? " by the same blueprint" : ""}. Register it under another: registerBlueprint(${bp.name}, { name: "..." }).`);
      }
    }
    for (const { name, prefix, blueprint: bp } of mounted) {
      const first = ![...this.blueprints.values()].includes(bp);
      bp.seal();
      this.blueprints.set(name, bp);
      this.blueprintHooks.set(name, bp.hooks);
      if (first) mergeHooks(this.hooks, bp.appHooks);
      for (const route of bp.routes) {
        const rule = joinRule(prefix, route.rule);
        this.addRoute({ ...route, rule, endpoint: `${name}.${route.endpoint}` });
      }
      if (bp.staticFolder !== undefined) this.addRoute(staticRoute(joinRule(prefix, bp.staticUrlPath), `${name}.static`, bp.staticFolder));
      this.templates.adopt(bp.additions);
    }
    return this;
  }

  /** Adds a filter: {{ name|shout }}. The name defaults to the function's. */
  templateFilter(name: string, fn: TemplateFunction): this {
    this.assertOpen(`template filter '${name}'`);
    this.templates.filters.set(name, fn);
    return this;
  }
  /** Adds a test: {% if n is prime %}. */
  templateTest(name: string, fn: TemplateFunction): this {
    this.assertOpen(`template test '${name}'`);
    this.templates.tests.set(name, fn);
    return this;
  }
  /** Adds a value or function to every template, imported ones included. */
  templateGlobal(name: string, value: unknown): this {
    this.assertOpen(`template global '${name}'`);
    this.templates.globals.set(name, value);
    return this;
  }

  /** Adds names to `athanor shell`. */
  shellContext(fn: ShellContext): this {
    this.assertOpen("shellContext");
    this.#shell.push(fn);
    return this;
  }
  /** Everything the shell starts with: the app, `g`, and what the providers gave; later ones win. */
  async makeShellContext(): Promise<Record<string, unknown>> {
    const names: Record<string, unknown> = { app: this };
    for (const fn of this.#shell) {
      for (const [name, value] of Object.entries(await fn())) {
        if (name in names && names[name] !== value) this.logger.warn(`The shell name '${name}' is given twice; the later one counts.`);
        names[name] = value;
      }
    }
    return names;
  }

  /**
   * Listens on a port (Flask: app.run).
   *
   * @throws WebError "port-in-use"
   * @example await app.run({ port: 3000, debug: true });
   */
  async run(options: RunOptions = {}): Promise<RunningServer> {
    const running = await runServer(this, options);
    process.stderr.write(` * Serving '${this.name}' on ${running.url}${this.debug ? " (debug)" : ""} - stop with Ctrl+C\n`);
    return running;
  }

  /** Runs once per process, awaited before the first request is answered. */
  onStart(fn: () => unknown): this {
    this.assertOpen("onStart");
    this.#starts.push(fn);
    return this;
  }

  /** Scopes of this app: the running one, and teardowns for all of them. */
  readonly scope = {
    /** The running scope of this app, or undefined. */
    current: (): Scope | undefined => {
      const scope = currentScope();
      return scope?.owner === this ? scope : undefined;
    },
    /** Registers a teardown for every scope of this app: requests, commands, tests. */
    onEnd: (fn: EndCallback): void => {
      this.#ends.push(fn);
    },
  };

  /** Believes forwarded headers, for as many proxies as you say (Werkzeug: ProxyFix). */
  proxyFix(hops: ProxyHops = { for: 1, proto: 1 }): this {
    this.assertOpen("proxyFix");
    this.#hops = hops;
    return this;
  }

  /** Keys for signing, newest first; empty without SECRET_KEY. */
  secretKeys(): Secret[] {
    return secretKeys(this.config);
  }

  urlFor(endpoint: string, values: UrlValues = {}): string {
    const context = findContext();
    return buildUrl(
      {
        map: this.map,
        config: this.config,
        context: context?.app === (this as Application) ? context : undefined,
        defaultsFor: (name) => {
          const parts = name.split(".").slice(0, -1);
          const own = parts.map((_, i) => this.blueprintHooks.get(parts.slice(0, i + 1).join(".")));
          return [this.hooks, ...own].flatMap((set) => set?.urlDefaults ?? []);
        },
      },
      endpoint,
      values,
    );
  }

  /** Ends set-up and runs the onStart hooks, once. The first request does it by itself. */
  start(): Promise<void> {
    this.#frozen = true;
    return (this.#started ??= this.#starts.length === 0 ? this.#warnings() : this.#runStarts());
  }

  async #runStarts(): Promise<void> {
    await this.#warnings();
    for (const fn of this.#starts) await this.context(async () => fn());
  }

  async #warnings(): Promise<void> {
    for (const { key, meant } of this.config.nearMisses()) this.logger.warn(`The configuration key '${key}' is not known. Did you mean '${meant}'?`);
  }

  #chain(): Hono<Env> {
    if (this.#hono !== undefined) return this.#hono;
    const hono = new Hono<Env>();
    hono.use("*", (hc, next) => {
      const c = this.#contextOf();
      c.hono = hc as unknown as HonoContext;
      return next();
    });
    for (const [path, mw] of this.#middleware) hono.use(path, mw as MiddlewareHandler<Env>);
    hono.all("*", async (hc) => {
      const c = this.#contextOf();
      // Middleware may have put another request in place (method override, for example).
      const current = hc.req.raw === c.request.raw ? c : this.#makeContext(c.scope, hc.req.raw, hc.env, hc as unknown as HonoContext);
      const outcome = await dispatch(this, current, routeRequest(this, current));
      return this.#settle(current, outcome.response, outcome.unhandled, hc as unknown as HonoContext);
    });
    hono.onError(async (error, hc) => {
      const c = this.#contextOf();
      const pending = c.scope.peek(UNHANDLED);
      // Thrown by our own dispatching, on purpose: let it out.
      if (pending?.error === error) throw error;
      try {
        const outcome = await middlewareError(this, c, error);
        return this.#settle(c, outcome.response, outcome.unhandled, hc as unknown as HonoContext);
      } catch (thrown) {
        c.scope.setSlot(UNHANDLED, { error: thrown });
        throw thrown;
      }
    });
    return (this.#hono = hono);
  }

  #settle(c: Context, response: Response, unhandled: unknown, hc: HonoContext): Response {
    if (unhandled !== null) {
      c.scope.setSlot(UNHANDLED, { error: unhandled });
      // Middleware that looks at c.error after next() must see the failure, though it has been answered.
      hc.error = unhandled instanceof Error ? unhandled : new WebError("return-value", `A value that is no Error was thrown: ${String(unhandled)}`, { cause: unhandled });
    }
    return response;
  }

  #contextOf(): Context {
    const c = findContext();
    if (c === undefined || c.app !== (this as Application)) throw new WebError("no-context", "A middleware left the request's async context, so the app cannot find its scope. Call next() inside the middleware's own async flow.");
    return c;
  }

  #makeContext(scope: Scope, raw: Request, env: unknown, hono?: HonoContext): Context {
    const seen = seenAddress(raw, peerOf(env), this.#hops);
    const { config } = this;
    const request = new AppRequest({
      raw,
      ...seen,
      limits: () => ({ contentLength: config.MAX_CONTENT_LENGTH, formMemory: config.MAX_FORM_MEMORY_SIZE, formParts: config.MAX_FORM_PARTS }),
      keepFile: (file: UploadedFile) => scope.onEnd(() => file.discard()),
      readElsewhere: async () => {
        const inHono = c.hono;
        if (inHono === undefined) throw new WebError("body-consumed", "The request body was read before the app saw it. Pass on a clone: new Request(request.clone()).");
        return inHono.req.arrayBuffer();
      },
    });
    const c: Context = new Context(this, scope, request, {});
    c.hono = hono;
    installContext(c);
    return c;
  }

  /**
   * Answers one request. A web-standard fetch handler: works under Node, Bun, Deno, Workers and in tests.
   *
   * The scope opens here, around everything Hono does, because an error never comes out of Hono's `await next()`.
   */
  readonly fetch = (raw: Request, env?: unknown, executionContext?: unknown): Promise<Response> => {
    const scope = new Scope(this, `${raw.method} ${new URL(raw.url).pathname}`);
    return scope.run(() => this.#serve(scope, raw, env, executionContext));
  };

  async #serve(scope: Scope, raw: Request, env: unknown, executionContext: unknown): Promise<Response> {
    await this.start();
    const c = this.#makeContext(scope, raw, env);
    for (const fn of this.#ends) scope.onEnd(fn);
    let response: Response | undefined;
    let thrown: { readonly error: unknown } | undefined;
    try {
      // Hono's parameter types name its own environments; at run time both are passed through untouched.
      response = await this.#chain().fetch(raw, (env ?? {}) as Env["Bindings"], executionContext as never);
    } catch (error) {
      thrown = { error };
    }
    const error = thrown === undefined ? (scope.peek(UNHANDLED)?.error ?? null) : thrown.error;
    const finish = async () => {
      const latest = findContextOf(scope) ?? c;
      const errors = await scope.end(error, teardownHooks(this, latest));
      for (const failure of errors) this.logger.error(`A teardown of ${scope.openedFor} failed:`, failure);
      return errors;
    };
    if (scope.held && thrown === undefined) void scope.whenReleased().then(finish);
    else await finish();
    if (thrown !== undefined) throw thrown.error;
    return response as Response;
  }

  /**
   * Runs `fn` inside a scope of its own, for commands, jobs and tests.
   *
   * @throws what `fn` throws; else an AggregateError of the teardowns that failed
   * @example await app.context(async () => { db.session.add(user); await db.session.commit(); });
   */
  context<T>(fn: () => T | Promise<T>): Promise<T> {
    const scope = new Scope(this, "app.context()");
    for (const end of this.#ends) scope.onEnd(end);
    return scope.run(() => this.#inside(scope, fn, () => []));
  }

  async #inside<T>(scope: Scope, fn: () => T | Promise<T>, before: () => EndCallback[]): Promise<T> {
    let result: T;
    try {
      result = await fn();
    } catch (error) {
      for (const failure of await scope.end(error, before())) this.logger.error(`A teardown of ${scope.openedFor} failed:`, failure);
      throw error;
    }
    await scope.whenReleased();
    const errors = await scope.end(null, before());
    for (const failure of errors) this.logger.error(`A teardown of ${scope.openedFor} failed:`, failure);
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} teardown(s) of ${scope.openedFor} failed.`);
    return result;
  }

  /**
   * Runs `fn` as if inside a request, without calling its handler (Flask: test_request_context).
   *
   * @example await app.testRequestContext("/?page=2", (c) => { c.request.args.get("page"); });
   */
  testRequestContext<T>(path: string, fn: (c: Context) => T | Promise<T>): Promise<T>;
  testRequestContext<T>(path: string, init: RequestInit, fn: (c: Context) => T | Promise<T>): Promise<T>;
  testRequestContext<T>(path: string, first: RequestInit | ((c: Context) => T | Promise<T>), second?: (c: Context) => T | Promise<T>): Promise<T> {
    const fn = typeof first === "function" ? first : second;
    if (fn === undefined) throw new WebError("test-client", "testRequestContext() needs a function as its last argument.");
    const base = this.config.SERVER_NAME === null ? "http://localhost" : `${this.config.PREFERRED_URL_SCHEME}://${this.config.SERVER_NAME}`;
    const raw = new Request(new URL(path, base), typeof first === "function" ? {} : first);
    const scope = new Scope(this, `testRequestContext("${path}")`);
    for (const end of this.#ends) scope.onEnd(end);
    return scope.run(() => {
      const c = this.#makeContext(scope, raw, undefined);
      routeRequest(this, c);
      return this.#inside(scope, () => fn(c), () => teardownHooks(this, c));
    });
  }

  /** A client that sends requests straight to the app. */
  testClient(options?: ClientOptions): TestClient {
    return new TestClient(this, options);
  }

  /** The template environment, for settings beyond the ones above. */
  get environment(): Environment {
    return this.#renderer.environment;
  }

  /**
   * Renders a template file, the app's folder first, then those of blueprints.
   *
   * @throws TemplateNotFound and the other template errors
   */
  render(name: string | readonly string[], context?: Record<string, unknown>): Promise<string> {
    return this.#renderer.render(name, context);
  }
  /** Renders template text; it is escaped like HTML. */
  renderString(source: string, context?: Record<string, unknown>): Promise<string> {
    return this.#renderer.renderString(source, context);
  }
  /** Renders piece by piece; return it from a handler, wrapped in `streamWithContext` if it loads from the database. */
  renderStream(name: string | readonly string[], context?: Record<string, unknown>): AsyncGenerator<string, void, undefined> {
    return this.#renderer.stream(name, context);
  }
}

function findContextOf(scope: Scope): Context | undefined {
  return scope.run(findContext);
}

/** The socket's address, where the server hands it over (@hono/node-server does). */
function peerOf(env: unknown): string | undefined {
  const incoming = (env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming;
  return incoming?.socket?.remoteAddress;
}

function isImportMeta(value: ImportMeta | AppOptions): value is ImportMeta {
  return "url" in value && typeof value.url === "string";
}

/**
 * Makes an app.
 *
 * @param meta `import.meta` of your module: its folder is where templates, static files and the instance folder are
 * @example const app = createApp(import.meta, { config: { SECRET_KEY: process.env.SECRET_KEY } });
 */
export function createApp(meta?: ImportMeta | AppOptions, options?: AppOptions): App {
  if (meta === undefined) return new App(options);
  if (!isImportMeta(meta)) return new App({ ...meta, ...options });
  const root = options?.root ?? (meta.url.startsWith("file:") ? fileURLToPath(new URL(".", meta.url)).replace(/[\\/]$/, "") : process.cwd());
  return new App({ ...options, root });
}

