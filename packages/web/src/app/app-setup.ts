/** The set-up half of an app: configuration, routes, blueprints, hooks, templates, URLs. `App` adds the serving half. */
import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { ListenOptions } from "@athanor/core";
import type { MiddlewareHandler } from "hono";
import { type Config, type ConfigSource, createConfig } from "../config/config.js";
import { WebError } from "../errors/web-error.js";
import { type HeldStream, streamWithContext } from "../http/stream.js";
import { Renderer } from "../rendering/renderer.js";
import type { Rule } from "../routing/rule.js";
import { UrlMap } from "../routing/url-map.js";
import { currentScope, type EndCallback, type Scope } from "../scope/scope.js";
import type { ProxyHops } from "../security/proxy.js";
import { secretKeys } from "../session/cookie-session.js";
import type { Secret } from "../session/signer.js";
import type { Environment } from "../templates/index.js";
import type { Application, UrlValues } from "./application.js";
import { type Blueprint, joinRule, mountings, type RegisterOptions } from "./blueprint.js";
import { findContext } from "./context.js";
import type { Dispatchable } from "./dispatch.js";
import { type HookSet, mergeHooks } from "./hooks.js";
import { type Logger, stderrLogger } from "./logger.js";
import { type Handler, type RouteRecord, Scaffold } from "./scaffold.js";
import { type AppEventName, type AppEvents, Signals } from "./signals.js";
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

type Middleware = MiddlewareHandler;

/** Gives the shell names and values. */
export type ShellContext = () => Record<string, unknown> | Promise<Record<string, unknown>>;

/** Everything that happens before the first request. X collects the types of custom converters. */
export abstract class AppSetup<X = {}> extends Scaffold<X> implements Dispatchable {
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
  /** Who watches; see `on`. */
  readonly signals = new Signals();
  readonly #shellContexts: ShellContext[] = [];
  readonly #renderer = new Renderer(this);
  protected readonly routeRecords = new Map<Rule, RouteRecord>();
  protected readonly honoMiddleware: (readonly [string, Middleware])[] = [];
  protected readonly endCallbacks: EndCallback[] = [];
  protected readonly startHooks: (() => unknown)[] = [];
  protected proxyHops: ProxyHops | undefined;
  protected frozen = false;

  constructor(options: AppOptions = {}) {
    super();
    this.rootPath = options.root ?? process.cwd();
    this.name = options.name ?? (this.rootPath.split(/[\\/]/).filter(Boolean).at(-1) || "app");
    const inRoot = (folder: string) => (isAbsolute(folder) ? folder : join(this.rootPath, folder));
    this.instancePath = inRoot(options.instancePath ?? "instance");
    this.templateFolder = inRoot(options.templateFolder ?? "templates");
    this.config = createConfig(this.rootPath);
    if (options.config !== undefined) this.config.fromObject(options.config);
    this.logger =
      options.logger ??
      stderrLogger(
        this.name,
        () => this.debug,
        () => {
          const scope = currentScope();
          return scope === undefined ? "" : `${scope.openedFor} #${scope.id}`;
        },
      );
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
    if (this.frozen)
      throw new WebError(
        "setup-finished",
        `The ${what} comes too late: the app has already answered a request. Do all set-up before the first one.`,
      );
  }

  protected addRoute(route: RouteRecord): void {
    const [taken] = this.map.rulesFor(route.endpoint);
    if (taken !== undefined && this.routeRecords.get(taken)?.handler !== route.handler) {
      throw new WebError(
        "endpoint",
        `The endpoint '${route.endpoint}' is already used by '${taken.rule}', with another function. Rename one, or give '${route.rule}' its own: { name: "..." }.`,
      );
    }
    this.routeRecords.set(this.map.add(route), route);
  }

  routeOf(rule: object): RouteRecord | undefined {
    // Only the matcher calls this, with the rules it was given.
    return this.routeRecords.get(rule as Rule);
  }

  /** The function behind an endpoint, for extensions that mark or exempt handlers. */
  handlerOf(endpoint: string): Handler<never> | undefined {
    const [rule] = this.map.rulesFor(endpoint);
    return rule === undefined ? undefined : this.routeRecords.get(rule)?.handler;
  }

  /** Adds Hono middleware, for all paths or those of a Hono pattern. It runs outside the hooks, inside the scope. */
  use(...middleware: Middleware[]): this;
  use(path: string, ...middleware: Middleware[]): this;
  use(first: string | Middleware, ...rest: Middleware[]): this {
    this.assertOpen("middleware");
    const path = typeof first === "string" ? first : "*";
    for (const mw of typeof first === "string" ? rest : [first, ...rest]) this.honoMiddleware.push([path, mw]);
    return this;
  }

  /** Mounts a blueprint; its nested ones come along. */
  registerBlueprint(blueprint: Blueprint<never> | Blueprint, options: RegisterOptions = {}): this {
    this.assertOpen(`blueprint '${blueprint.name}'`);
    const mounted = mountings(blueprint as Blueprint, options);
    for (const { name, blueprint: bp } of mounted) {
      const other = this.blueprints.get(name);
      if (other !== undefined) {
        throw new WebError(
          "blueprint",
          `The blueprint name '${name}' is taken${other === bp ? " by the same blueprint" : ""}. Register it under another: registerBlueprint(${bp.name}, { name: "..." }).`,
        );
      }
    }
    for (const { name, prefix, subdomain, commandGroup, blueprint: bp } of mounted) {
      const first = ![...this.blueprints.values()].includes(bp);
      bp.seal();
      this.blueprints.set(name, bp);
      this.blueprintHooks.set(name, bp.hooks);
      if (first) mergeHooks(this.hooks, bp.appHooks);
      for (const route of bp.routes) {
        const rule = joinRule(prefix, route.rule);
        this.addRoute({
          ...route,
          rule,
          endpoint: `${name}.${route.endpoint}`,
          subdomain: route.subdomain ?? subdomain,
        });
      }
      this.commands.adopt(bp.commands, commandGroup);
      if (bp.staticFolder !== undefined)
        this.addRoute(staticRoute(joinRule(prefix, bp.staticUrlPath), `${name}.static`, bp.staticFolder));
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
    this.#shellContexts.push(fn);
    return this;
  }
  /** Everything the shell starts with: the app, `g`, and what the providers gave; later ones win. */
  async makeShellContext(): Promise<Record<string, unknown>> {
    const names: Record<string, unknown> = { app: this };
    for (const fn of this.#shellContexts) {
      for (const [name, value] of Object.entries(await fn())) {
        if (name in names && names[name] !== value)
          this.logger.warn(`The shell name '${name}' is given twice; the later one counts.`);
        names[name] = value;
      }
    }
    return names;
  }

  /**
   * Watches what the app does. Gives the function that stops it.
   *
   * @example const stop = app.on("templateRendered", ({ template, values }) => { seen.push([template, values]); });
   */
  on<K extends AppEventName>(name: K, listener: AppEvents[K], options?: ListenOptions): () => void {
    return this.signals.on(name, listener, options);
  }

  /** Runs once per process, awaited before the first request is answered. */
  onStart(fn: () => unknown): this {
    this.assertOpen("onStart");
    this.startHooks.push(fn);
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
      this.endCallbacks.push(fn);
    },
  };

  /** Believes forwarded headers, for as many proxies as you say (Werkzeug: ProxyFix). */
  proxyFix(hops: ProxyHops = { for: 1, proto: 1 }): this {
    this.assertOpen("proxyFix");
    this.proxyHops = hops;
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

  protected warnAboutConfig(): void {
    const { SECRET_KEY: key } = this.config;
    if (key !== null && key !== undefined && key.length < 16 && !this.debug && !this.testing) {
      this.logger.warn(
        "SECRET_KEY is short enough to be guessed; whoever knows it can forge sessions. Use 32 random bytes, kept out of the source code.",
      );
    }
    for (const { key, meant } of this.config.nearMisses())
      this.logger.warn(`The configuration key '${key}' is not known. Did you mean '${meant}'?`);
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
  /** Renders piece by piece; returned from a handler, it keeps the scope open until the last piece. */
  renderStream(name: string | readonly string[], context?: Record<string, unknown>): HeldStream {
    return streamWithContext(this.#renderer.stream(name, context));
  }
}
