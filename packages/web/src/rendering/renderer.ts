/** Connects the template engine to an app: folders, Flask's globals, context processors (Flask: Templates). */
import type { UrlValues } from "../app/application.js";
import type { Blueprint } from "../app/blueprint.js";
import { type Context, findContext, g } from "../app/context.js";
import type { ContextProcessor, HookSet } from "../app/hooks.js";
import type { Signals } from "../app/signals.js";
import type { TemplateRegistry } from "../app/template-registry.js";
import type { Config } from "../config/config.js";
import { currentScope } from "../scope/scope.js";
import { getFlashedMessages } from "../session/flash.js";
import { acceptsKwargs, Environment, FolderLoader, type Loader, type TemplateSource } from "../templates/index.js";
import { SessionView } from "./views.js";

/** What rendering needs of an app. */
export interface Renderable {
  readonly config: Config;
  readonly debug: boolean;
  readonly templateFolder: string;
  readonly blueprints: ReadonlyMap<string, Blueprint>;
  readonly blueprintHooks: ReadonlyMap<string, HookSet>;
  readonly hooks: HookSet;
  readonly templates: TemplateRegistry;
  readonly signals: Signals;
  urlFor(endpoint: string, values?: UrlValues): string;
}

/** The app's templates win over those of blueprints; blueprints come in the order they were registered. */
class AppLoader implements Loader {
  readonly #app: Renderable;
  #inner: FolderLoader | undefined;
  #count = -1;

  constructor(app: Renderable) {
    this.#app = app;
  }

  get #folders(): FolderLoader {
    const { blueprints, templateFolder } = this.#app;
    if (this.#inner === undefined || this.#count !== blueprints.size) {
      const more = [...blueprints.values()].map((b) => b.templateFolder).filter((folder) => folder !== undefined);
      this.#inner = new FolderLoader([...new Set([templateFolder, ...more])]);
      this.#count = blueprints.size;
    }
    return this.#inner;
  }
  load(name: string): Promise<TemplateSource | undefined> {
    return this.#folders.load(name);
  }
  searched(name: string): string[] {
    return this.#folders.searched(name);
  }
  list(): Promise<string[]> {
    return this.#folders.list();
  }
}

function nameOf(name: string | readonly string[]): string | null {
  return typeof name === "string" ? name : (name[0] ?? null);
}

type Kwargs = Readonly<Record<string, unknown>>;

/** Both spellings: with_categories as in Flask, withCategories as in TypeScript. */
function flashedForTemplates(...given: unknown[]): unknown[] {
  const kwargs = (given.pop() ?? {}) as Kwargs;
  const withCategories = Boolean(given[0] ?? kwargs.with_categories ?? kwargs.withCategories ?? false);
  const filter = given[1] ?? kwargs.category_filter ?? kwargs.categoryFilter;
  const options = Array.isArray(filter) ? { categoryFilter: filter.map(String) } : {};
  return withCategories ? getFlashedMessages({ ...options, withCategories: true }) : getFlashedMessages(options);
}
Object.defineProperty(flashedForTemplates, acceptsKwargs, { value: true });

export class Renderer {
  readonly #app: Renderable;
  #environment: Environment | undefined;

  constructor(app: Renderable) {
    this.#app = app;
  }

  get environment(): Environment {
    if (this.#environment === undefined) {
      const app = this.#app;
      const urlFor = (endpoint: string, values?: UrlValues) => app.urlFor(endpoint, values);
      this.#environment = new Environment({
        loader: new AppLoader(app),
        autoReload: app.config.TEMPLATES_AUTO_RELOAD ?? app.debug,
        globals: {
          url_for: urlFor,
          urlFor,
          get_flashed_messages: flashedForTemplates,
          getFlashedMessages: flashedForTemplates,
          config: app.config,
        },
      });
    }
    const environment = this.#environment;
    // Registered at any time before the first request, so they are brought over on each use; there are few.
    for (const [name, fn] of this.#app.templates.filters) environment.filters.set(name, fn);
    for (const [name, fn] of this.#app.templates.tests) environment.tests.set(name, fn);
    for (const [name, value] of this.#app.templates.globals) environment.globals.set(name, value);
    return environment;
  }

  /** Processors of the app, then of the request's blueprints from outside in; what the handler passed wins over all. */
  async #context(given: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const c: Context | undefined = findContext();
    const context: Record<string, unknown> = {};
    if (currentScope() !== undefined) context.g = g();
    if (c !== undefined) {
      context.request = c.request;
      context.session = new SessionView(() => c.session);
    }
    const own = (c?.blueprints ?? []).toReversed().map((name) => this.#app.blueprintHooks.get(name));
    const processors: ContextProcessor[] = [this.#app.hooks, ...own].flatMap((set) => set?.contextProcessors ?? []);
    for (const fn of processors) Object.assign(context, await fn());
    return Object.assign(context, given);
  }

  async #watched(
    template: string | null,
    given: Readonly<Record<string, unknown>>,
    render: (values: Record<string, unknown>) => Promise<string>,
  ): Promise<string> {
    const values = await this.#context(given);
    const { signals } = this.#app;
    await signals.send("beforeRenderTemplate", { template, values });
    const text = await render(values);
    await signals.send("templateRendered", { template, values });
    return text;
  }

  async render(name: string | readonly string[], given: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return this.#watched(nameOf(name), given, (values) => this.environment.render(name, values));
  }
  async renderString(source: string, given: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return this.#watched(null, given, (values) => this.environment.renderString(source, values));
  }
  async *stream(
    name: string | readonly string[],
    given: Readonly<Record<string, unknown>> = {},
  ): AsyncGenerator<string, void, undefined> {
    const values = await this.#context(given);
    const event = { template: nameOf(name), values };
    await this.#app.signals.send("beforeRenderTemplate", event);
    yield* this.environment.stream(name, values);
    await this.#app.signals.send("templateRendered", event);
  }
}
