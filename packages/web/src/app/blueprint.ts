/** Blueprints: a part of an app that can be mounted under a prefix, more than once, and inside another (Flask: Blueprint). */
import { isAbsolute, join } from "node:path";
import { WebError } from "../errors/web-error.js";
import type {
  AfterRequest,
  BeforeRequest,
  ContextProcessor,
  ErrorClass,
  ErrorHandler,
  HookSet,
  TeardownRequest,
} from "./hooks.js";
import { newHookSet } from "./hooks.js";
import { type RouteRecord, Scaffold } from "./scaffold.js";
import { type TemplateFunction, TemplateRegistry } from "./template-registry.js";

export interface BlueprintOptions {
  readonly urlPrefix?: string;
  /** Folder that relative template and static folders start from; pass `import.meta.dirname` or `import.meta`. */
  readonly root?: string | ImportMeta;
  readonly templateFolder?: string;
  readonly staticFolder?: string;
  /** Default "/static", below the prefix. */
  readonly staticUrlPath?: string;
  /** Its routes answer at this part before SERVER_NAME: "api" for api.example.com. May hold arguments: "<tenant>". */
  readonly subdomain?: string;
  /** Name of the group of its commands; null: they stand at the top. Default: the blueprint's name. */
  readonly commandGroup?: string | null;
}

export interface RegisterOptions {
  /** Replaces the blueprint's own prefix. */
  readonly urlPrefix?: string;
  /** Another name, so that it can be registered twice. */
  readonly name?: string;
  /** Replaces the blueprint's own. */
  readonly subdomain?: string;
  readonly commandGroup?: string | null;
}

/** Made by `blueprint()`. */
export class Blueprint<X = {}> extends Scaffold<X> {
  readonly name: string;
  readonly urlPrefix: string | undefined;
  readonly subdomain: string | undefined;
  readonly commandGroup: string | null | undefined;
  readonly templateFolder: string | undefined;
  readonly staticFolder: string | undefined;
  readonly staticUrlPath: string;
  readonly routes: RouteRecord[] = [];
  readonly children: { readonly blueprint: Blueprint; readonly options: RegisterOptions }[] = [];
  /** Hooks for the whole app, not only for this blueprint. */
  readonly appHooks: HookSet = newHookSet();
  readonly additions = new TemplateRegistry();
  #registered = false;

  constructor(name: string, options: BlueprintOptions = {}) {
    super();
    if (name === "" || name.includes("."))
      throw new WebError(
        "blueprint",
        `The blueprint name '${name}' must not be empty or contain a dot: dots separate nested names.`,
      );
    if (options.urlPrefix !== undefined && !options.urlPrefix.startsWith("/"))
      throw new WebError(
        "blueprint",
        `The prefix '${options.urlPrefix}' of blueprint '${name}' must start with a slash.`,
      );
    this.name = name;
    this.urlPrefix = options.urlPrefix;
    this.subdomain = options.subdomain;
    this.commandGroup = options.commandGroup;
    const root = typeof options.root === "string" ? options.root : (options.root?.dirname ?? process.cwd());
    const locate = (folder: string | undefined) =>
      folder === undefined || isAbsolute(folder) ? folder : join(root, folder);
    this.templateFolder = locate(options.templateFolder);
    this.staticFolder = locate(options.staticFolder);
    this.staticUrlPath = options.staticUrlPath ?? "/static";
  }

  protected assertOpen(what: string): void {
    if (this.#registered)
      throw new WebError(
        "blueprint",
        `The blueprint '${this.name}' is already registered, so its ${what} would be lost. Move this line above app.registerBlueprint().`,
      );
  }
  protected addRoute(route: RouteRecord): void {
    this.routes.push(route);
  }

  /** Called by the app; afterwards nothing can be added. */
  seal(): void {
    this.#registered = true;
  }

  /** Puts another blueprint inside this one; names and prefixes are joined. */
  registerBlueprint(blueprint: Blueprint<never> | Blueprint, options: RegisterOptions = {}): this {
    this.assertOpen(`nested blueprint '${blueprint.name}'`);
    if ((blueprint as unknown) === this)
      throw new WebError("blueprint", `The blueprint '${this.name}' cannot be registered inside itself.`);
    this.children.push({ blueprint: blueprint as Blueprint, options });
    return this;
  }

  beforeAppRequest(fn: BeforeRequest): this {
    this.assertOpen("beforeAppRequest");
    this.appHooks.before.push(fn);
    return this;
  }
  afterAppRequest(fn: AfterRequest): this {
    this.assertOpen("afterAppRequest");
    this.appHooks.after.push(fn);
    return this;
  }
  teardownAppRequest(fn: TeardownRequest): this {
    this.assertOpen("teardownAppRequest");
    this.appHooks.teardown.push(fn);
    return this;
  }
  appContextProcessor(fn: ContextProcessor): this {
    this.assertOpen("appContextProcessor");
    this.appHooks.contextProcessors.push(fn);
    return this;
  }
  /** Answers errors of the whole app, also those of routing. */
  appErrorHandler<E>(key: number | ErrorClass<E>, handler: ErrorHandler<E>): this {
    this.assertOpen("appErrorHandler");
    const holder = new Holder(this.appHooks);
    if (typeof key === "number") holder.errorHandler(key, handler as ErrorHandler<unknown>);
    else holder.errorHandler(key, handler);
    return this;
  }
  appTemplateFilter(name: string, fn: TemplateFunction): this {
    this.assertOpen("appTemplateFilter");
    this.additions.filters.set(name, fn);
    return this;
  }
  appTemplateTest(name: string, fn: TemplateFunction): this {
    this.assertOpen("appTemplateTest");
    this.additions.tests.set(name, fn);
    return this;
  }
  appTemplateGlobal(name: string, value: unknown): this {
    this.assertOpen("appTemplateGlobal");
    this.additions.globals.set(name, value);
    return this;
  }
}

/** Lends Scaffold's errorHandler to another hook set. */
class Holder extends Scaffold {
  override readonly hooks: HookSet;
  constructor(hooks: HookSet) {
    super();
    this.hooks = hooks;
  }
  protected assertOpen(): void {}
  protected addRoute(): void {}
}

/**
 * Makes a blueprint.
 *
 * @example
 * export const admin = blueprint("admin", { urlPrefix: "/admin" });
 * admin.get("/", function index(c) { return "the desk"; });   // endpoint "admin.index"
 * app.registerBlueprint(admin);
 */
export function blueprint<X = {}>(name: string, options?: BlueprintOptions): Blueprint<X> {
  return new Blueprint<X>(name, options);
}

/** "/a/" and "/b" give "/a/b"; "" keeps the prefix as it is. */
export function joinRule(prefix: string, rule: string): string {
  if (prefix === "") return rule;
  return rule === "" ? prefix : `${prefix.replace(/\/+$/, "")}/${rule.replace(/^\/+/, "")}`;
}

/** A nested subdomain stands in front of its parent's: "v2" in "api" is v2.api. */
function joinHost(own: string | undefined, parent: string | undefined): string | undefined {
  return own === undefined || parent === undefined ? (own ?? parent) : `${own}.${parent}`;
}

/** One mounted blueprint with everything resolved. */
export interface Mounted {
  readonly name: string;
  readonly prefix: string;
  readonly subdomain: string | undefined;
  readonly commandGroup: string | null;
  readonly blueprint: Blueprint;
}

/** A blueprint and its children, outermost first, with their full names and prefixes. */
export function mountings(blueprint: Blueprint, options: RegisterOptions, parent?: Mounted): Mounted[] {
  const own = options.name ?? blueprint.name;
  if (own.includes("."))
    throw new WebError("blueprint", `The name '${own}' for blueprint '${blueprint.name}' must not contain a dot.`);
  const mounted: Mounted = {
    name: parent === undefined ? own : `${parent.name}.${own}`,
    prefix: joinRule(parent?.prefix ?? "", options.urlPrefix ?? blueprint.urlPrefix ?? ""),
    subdomain: joinHost(options.subdomain ?? blueprint.subdomain, parent?.subdomain),
    commandGroup:
      options.commandGroup !== undefined
        ? options.commandGroup
        : blueprint.commandGroup !== undefined
          ? blueprint.commandGroup
          : own,
    blueprint,
  };
  return [mounted, ...blueprint.children.flatMap((child) => mountings(child.blueprint, child.options, mounted))];
}
